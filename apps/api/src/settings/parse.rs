//! How the texts of single settings are read. Each refusal says what would be right.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::Uri;
use gateways::smtp::Sender;
use ipnet::IpNet;

use super::source::Secret;

/// Which database the URL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseKind {
    /// An embedded file.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

/// A URL of one of the two databases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    kind: DatabaseKind,
    url: Secret,
}

impl DatabaseUrl {
    /// Reads `sqlite://PATH`, `postgres://…` or `postgresql://…`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let kind = match text.split_once(':') {
            Some(("sqlite", path)) if !path.trim_start_matches('/').is_empty() => DatabaseKind::Sqlite,
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => DatabaseKind::Postgres,
            _ => return Err("must be sqlite://PATH or postgres://ROLE@HOST/DATABASE".to_owned()),
        };
        Ok(Self { kind, url: Secret::new(text) })
    }

    /// Which database.
    pub fn kind(&self) -> DatabaseKind {
        self.kind
    }

    /// The URL itself, which may hold a password.
    pub fn url(&self) -> &str {
        self.url.expose()
    }

    /// The path of an SQLite file; `None` for PostgreSQL and for a database in memory.
    pub fn file(&self) -> Option<&str> {
        let path = self.url().strip_prefix("sqlite:")?;
        let path = path.strip_prefix("//").unwrap_or(path);
        let path = path.split('?').next().unwrap_or(path);
        (path != ":memory:").then_some(path)
    }
}

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|error| format!("must be an address and a port, such as 127.0.0.1:8080: {error}"))
}

/// An address as browsers write it: scheme and host in small letters, and no port that goes without saying.
pub(super) fn web_url(text: &str) -> Result<String, String> {
    let uri = web_uri(text)?;
    let scheme = uri.scheme_str().unwrap_or_default().to_ascii_lowercase();
    let usual = if scheme == "https" { 443 } else { 80 };
    let port = uri.port_u16().filter(|port| *port != usual).map(|port| format!(":{port}")).unwrap_or_default();
    let host = uri.host().unwrap_or_default().to_ascii_lowercase();
    Ok(format!("{scheme}://{host}{port}{}", uri.path()).trim_end_matches('/').to_owned())
}

/// The same address as it was written, for what is compared letter by letter.
pub(super) fn web_url_as_written(text: &str) -> Result<String, String> {
    web_uri(text).map(|_uri| text.trim_end_matches('/').to_owned())
}

fn web_uri(text: &str) -> Result<Uri, String> {
    const FORM: &str = "must be http(s)://host[:port][/path]";
    let uri: Uri = text.parse().map_err(|error| format!("{FORM}: {error}"))?;
    let authority = uri.authority().map(actix_web::http::uri::Authority::as_str).unwrap_or_default();
    let port = uri.host().filter(|host| !host.is_empty()).and_then(|host| authority.strip_prefix(host));
    let has_host = port.is_some_and(|port| port.is_empty() || uri.port_u16().is_some());
    // The parser drops a fragment without a word.
    let plain = has_host && !text.contains(['?', '#']);
    match uri.scheme_str() {
        Some("http" | "https") if plain => Ok(uri),
        _ => Err(FORM.to_owned()),
    }
}

/// True for a URL whose host is this machine.
pub(super) fn is_loopback_url(text: &str) -> bool {
    let uri = text.parse::<Uri>().ok();
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

pub(super) fn origins(text: &str) -> Result<Vec<String>, String> {
    list(text, |item| {
        let url = web_url(item).ok().filter(|url| url.matches('/').count() == 2);
        url.ok_or_else(|| format!("`{item}` is no origin such as https://app.example"))
    })
}

pub(super) fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    list(text, |item| {
        let network = item.parse().ok().or_else(|| item.parse::<IpAddr>().ok().map(IpNet::from));
        network.ok_or_else(|| format!("`{item}` is no network such as 10.0.0.0/8"))
    })
}

pub(super) fn sender(text: &str) -> Result<Sender, String> {
    Sender::parse(text).map_err(|error| error.to_string())
}

/// A URL of one of these schemes.
pub(super) fn url_of(text: &str, schemes: &[&str]) -> Result<Secret, String> {
    match text.split_once("://") {
        Some((scheme, rest)) if schemes.contains(&scheme) && !rest.is_empty() => Ok(Secret::new(text)),
        _ => Err(format!("must begin with {}://", schemes.join(":// or "))),
    }
}

pub(super) fn metrics_token(text: &str) -> Result<Secret, String> {
    if text.chars().count() < 16 { Err("must have 16 characters or more".to_owned()) } else { Ok(Secret::new(text)) }
}

/// One of a few words.
pub(super) fn word<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    found.ok_or_else(|| format!("must be {}", words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(" or ")))
}

fn list<T>(text: &str, item: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    text.split(',').map(str::trim).filter(|text| !text.is_empty()).map(item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_url_names_its_kind_and_file() {
        let sqlite = DatabaseUrl::parse("sqlite://data/salus.db?mode=rwc").unwrap();
        assert_eq!((sqlite.kind(), sqlite.file()), (DatabaseKind::Sqlite, Some("data/salus.db")));
        assert_eq!(DatabaseUrl::parse("sqlite:///var/s.db").unwrap().file(), Some("/var/s.db"));
        assert_eq!(DatabaseUrl::parse("sqlite::memory:").unwrap().file(), None);
        assert_eq!(DatabaseUrl::parse("postgresql://a@b/c").unwrap().kind(), DatabaseKind::Postgres);
        for bad in ["mysql://a/b", "postgres", "sqlite://", "data/salus.db"] {
            assert!(DatabaseUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn c11_networks_are_cidrs_or_single_addresses() {
        let networks = networks("10.0.0.0/8, ::1").unwrap();
        assert_eq!(networks.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.0/8", "::1/128"]);
        assert!(super::networks("10.0.0.0/33").unwrap_err().contains("10.0.0.0/33"));
    }

    #[test]
    fn an_address_of_ours_has_no_fragment_query_or_name_and_is_written_as_browsers_do() {
        for (text, written) in [
            ("HTTPS://App.Example:443/Clinic/", "https://app.example/Clinic"),
            ("http://a.example:80", "http://a.example"),
            ("https://a.example:80", "https://a.example:80"),
            ("http://[::1]:8080/", "http://[::1]:8080"),
        ] {
            assert_eq!(web_url(text).as_deref(), Ok(written));
        }
        for bad in [
            "https://app.example/#/",
            "https://app.example#x",
            "https://app.example/?x",
            "https://u@app.example",
            "https://app.example:99999",
            "https://:443",
            "/app",
        ] {
            assert!(web_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn c12_an_origin_is_compared_as_browsers_send_it() {
        assert_eq!(
            origins("HTTPS://A.Example:443, http://b.example:80/").unwrap(),
            ["https://a.example", "http://b.example"]
        );
        assert!(origins("https://a.example/#x").is_err());
    }

    #[test]
    fn c12_an_origin_has_no_path_and_is_never_a_star() {
        assert_eq!(origins("https://a.example,http://localhost:5173").unwrap().len(), 2);
        for bad in ["*", "https://a.example/app", "a.example", "ftp://a.example", "https://u@a.example"] {
            assert!(origins(bad).is_err(), "{bad}");
        }
    }
}
