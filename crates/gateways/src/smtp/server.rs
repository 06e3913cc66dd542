//! Which SMTP server, and how it is spoken to.

use std::fmt;
use std::net::IpAddr;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::{AsyncSmtpTransportBuilder, Error};
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use thiserror::Error;
use url::{Host, Url};

/// An SMTP server with the way to it, read from its URL.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpServer {
    host: String,
    port: u16,
    encryption: Encryption,
    credentials: Option<(String, String)>,
}

/// A text that names no SMTP server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be smtp(s)://[USER:PASSWORD@]HOST[:PORT], smtp:// with ?tls=opportunistic or without")]
pub struct InvalidServer;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encryption {
    /// TLS from the first byte.
    Wrapped,
    /// STARTTLS, or nothing is sent.
    Required,
    /// STARTTLS where the server offers it.
    Offered,
}

impl SmtpServer {
    /// Reads `smtps://` (TLS from the start, port 465) or `smtp://` (STARTTLS, port 587). STARTTLS is required unless the
    /// host is this machine or the URL says `?tls=opportunistic`. User and password are percent-encoded.
    pub fn parse(text: &str) -> Result<Self, InvalidServer> {
        let url = Url::parse(text).or(Err(InvalidServer))?;
        let plain = matches!(url.path(), "" | "/") && url.fragment().is_none();
        let host = url.host_str().filter(|host| plain && !host.is_empty()).ok_or(InvalidServer)?.to_owned();
        let (encryption, usual) = match (url.scheme(), url.query()) {
            ("smtps", None) => (Encryption::Wrapped, 465),
            ("smtp", Some("tls=opportunistic")) => (Encryption::Offered, 587),
            ("smtp", None) if is_here(&url) => (Encryption::Offered, 587),
            ("smtp", None | Some("tls=required")) => (Encryption::Required, 587),
            _ => return Err(InvalidServer),
        };
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            (user, Some(password)) if !user.is_empty() => Some((decoded(user)?, decoded(password)?)),
            _ => return Err(InvalidServer),
        };
        Ok(Self { host, port: url.port().unwrap_or(usual), encryption, credentials })
    }

    /// The builder of a transport to this server.
    pub(super) fn transport(&self) -> Result<AsyncSmtpTransportBuilder, Error> {
        let parameters = TlsParameters::new_rustls(self.host.clone())?;
        let tls = match self.encryption {
            Encryption::Wrapped => Tls::Wrapper(parameters),
            Encryption::Required => Tls::Required(parameters),
            Encryption::Offered => Tls::Opportunistic(parameters),
        };
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&self.host).port(self.port).tls(tls);
        Ok(match &self.credentials {
            Some((user, password)) => builder.credentials(Credentials::new(user.clone(), password.clone())),
            None => builder,
        })
    }
}

impl fmt::Debug for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpServer")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("encryption", &self.encryption)
            .finish_non_exhaustive()
    }
}

fn is_here(url: &Url) -> bool {
    // The host of a scheme that browsers do not know stays a text.
    let address = url.host_str().map(|host| host.trim_matches(['[', ']']).parse::<IpAddr>());
    match (url.host(), address) {
        (_, Some(Ok(address))) => address.is_loopback(),
        (Some(Host::Domain(name)), _) => name.eq_ignore_ascii_case("localhost"),
        _ => false,
    }
}

fn decoded(text: &str) -> Result<String, InvalidServer> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' { digit(rest.next())? << 4 | digit(rest.next())? } else { byte });
    }
    String::from_utf8(bytes).or(Err(InvalidServer))
}

fn digit(byte: Option<u8>) -> Result<u8, InvalidServer> {
    let value = byte.and_then(|byte| char::from(byte).to_digit(16)).ok_or(InvalidServer)?;
    u8::try_from(value).or(Err(InvalidServer))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(text: &str) -> (String, u16, Encryption) {
        let server = SmtpServer::parse(text).unwrap();
        (server.host, server.port, server.encryption)
    }

    #[test]
    fn the_scheme_decides_how_it_is_encrypted() {
        assert_eq!(way("smtps://mail.example"), ("mail.example".to_owned(), 465, Encryption::Wrapped));
        assert_eq!(way("smtp://mail.example/"), ("mail.example".to_owned(), 587, Encryption::Required));
        assert_eq!(way("smtp://mail.example:25?tls=required").2, Encryption::Required);
        assert_eq!(way("smtp://mailbox:1025?tls=opportunistic").2, Encryption::Offered);
        for here in ["smtp://127.0.0.1:2525", "smtp://localhost", "smtp://[::1]:25"] {
            assert_eq!(way(here).2, Encryption::Offered, "{here}");
        }
        assert_eq!(way("smtp://127.0.0.1.example").2, Encryption::Required);
    }

    #[test]
    fn what_is_no_server_is_refused() {
        for bad in [
            "mail.example",
            "http://mail.example",
            "smtp://",
            "smtps://mail.example?tls=opportunistic",
            "smtp://mail.example?tls=none",
            "smtp://mail.example/path",
            "smtp://user@mail.example",
            "smtp://user:a%zz@mail.example",
        ] {
            assert_eq!(SmtpServer::parse(bad), Err(InvalidServer), "{bad}");
        }
    }

    #[test]
    fn credentials_are_decoded_and_never_printed() {
        let server = SmtpServer::parse("smtps://ana%40clinic.example:p%3Ass%C3%A9@mail.example").unwrap();
        assert_eq!(server.credentials, Some(("ana@clinic.example".to_owned(), "p:ssé".to_owned())));
        assert!(!format!("{server:?}").contains("clinic"));
    }
}
