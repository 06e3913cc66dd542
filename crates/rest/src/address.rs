//! Where a request comes from, when proxies stand in between (C11).

use std::net::IpAddr;

use actix_web::http::header::{HeaderMap, HeaderName};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The caller's address: the peer's, or behind a trusted peer the rightmost untrusted one of `X-Forwarded-For`.
pub fn caller(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[IpNet]) -> Option<IpAddr> {
    let peer = peer?.to_canonical();
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(&peer) {
        return Some(peer);
    }
    // A line that is no text has hops all the same: to skip it would let a caller hide behind what came before.
    let lines: Vec<_> = headers.get_all(FORWARDED_FOR).map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    let forwarded: Vec<&str> = lines.iter().flat_map(|text| text.split(',')).collect();
    let mut nearest = peer;
    for hop in forwarded.iter().rev() {
        let Ok(address) = hop.trim().parse::<IpAddr>() else { return Some(nearest) };
        nearest = address.to_canonical();
        if !is_trusted(&nearest) {
            return Some(nearest);
        }
    }
    Some(nearest)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn seen(peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_str(value).unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        caller(Some(peer.parse().unwrap()), &headers, &trusted).unwrap().to_string()
    }

    #[test]
    fn c11_an_untrusted_peer_speaks_only_for_itself() {
        assert_eq!(seen("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
    }

    #[test]
    fn c11_the_rightmost_untrusted_address_counts() {
        assert_eq!(seen("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.0.0.7"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["1.1.1.1", "198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("::ffff:10.0.0.1", &["2001:db8::1"]), "2001:db8::1");
    }

    #[test]
    fn c11_a_line_with_foreign_bytes_hides_nobody() {
        let mut headers = HeaderMap::new();
        headers.append(FORWARDED_FOR, HeaderValue::from_static("203.0.113.7"));
        headers.append(FORWARDED_FOR, HeaderValue::from_bytes(b"caf\xe9, 198.51.100.1").unwrap());
        let found = caller(Some([10, 0, 0, 1].into()), &headers, &["10.0.0.0/8".parse().unwrap()]);
        assert_eq!(found, Some([198, 51, 100, 1].into()));
    }

    #[test]
    fn c11_a_forged_hop_ends_the_search() {
        assert_eq!(seen("10.0.0.1", &["198.51.100.1, unknown, 10.0.0.7"]), "10.0.0.7");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
    }
}
