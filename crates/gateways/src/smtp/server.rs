//! Which SMTP server, and how it is spoken to.

use std::fmt;
use std::net::IpAddr;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::TlsParameters;
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
pub(super) enum Encryption {
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
        let host = url.host_str().filter(|host| plain && !host.is_empty()).ok_or(InvalidServer)?;
        // A URL writes the address of IPv6 in brackets; whoever connects to it does not.
        let host = host.trim_matches(['[', ']']).to_owned();
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

    /// Host and port to connect to.
    pub(super) fn address(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// How it is spoken to.
    pub(super) fn encryption(&self) -> Encryption {
        self.encryption
    }

    /// What TLS with it goes by.
    pub(super) fn tls(&self) -> Result<TlsParameters, Error> {
        TlsParameters::new_rustls(self.host.clone())
    }

    /// Who we are to it, where it wants to know.
    pub(super) fn credentials(&self) -> Option<Credentials> {
        let (user, password) = self.credentials.as_ref()?;
        Some(Credentials::new(user.clone(), password.clone()))
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
    fn i10_an_address_of_ipv6_is_connected_to_without_its_brackets() {
        assert_eq!(SmtpServer::parse("smtp://[::1]:25").unwrap().address(), ("::1", 25));
        assert!(SmtpServer::parse("smtps://[2001:db8::7]").unwrap().tls().is_ok());
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
