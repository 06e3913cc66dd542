//! A lean HTTP/1.1 client over one connection that stays open: what it costs is taken from the server it measures.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Outcome;

const HEAD_END: &[u8] = b"\r\n\r\n";

/// An open connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What a request is made of.
#[derive(Debug, Clone, Copy, Default)]
pub struct Request<'a> {
    /// `GET /api/v1/…`
    pub line: &'a str,
    /// Bearer token.
    pub token: &'a str,
    /// `Idempotency-Key`.
    pub key: &'a str,
    /// `If-Match`.
    pub version: &'a str,
    /// `X-Forwarded-For`.
    pub from: &'a str,
    /// JSON.
    pub body: &'a str,
}

impl Request<'_> {
    /// The bytes to send.
    pub fn render(&self) -> Vec<u8> {
        let mut text = format!("{} HTTP/1.1\r\nHost: 127.0.0.1\r\n", self.line);
        let token = if self.token.is_empty() { String::new() } else { format!("Bearer {}", self.token) };
        let headers = [
            ("Authorization", token.as_str()),
            ("Idempotency-Key", self.key),
            ("If-Match", self.version),
            ("X-Forwarded-For", self.from),
        ];
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            text.extend([name, ": ", value, "\r\n"]);
        }
        if !self.body.is_empty() {
            let length = self.body.len().to_string();
            text.extend(["Content-Type: application/json\r\nContent-Length: ", &length, "\r\n"]);
        }
        text.extend(["\r\n", self.body]);
        text.into_bytes()
    }
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 * 1024) })
    }

    /// Sends a request and reads the whole answer: its status and its body.
    pub async fn ask(&mut self, request: &[u8]) -> Outcome<(u16, &[u8])> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            if let Some(end) = self.buffer.windows(HEAD_END.len()).position(|window| window == HEAD_END) {
                break end;
            }
            self.fill().await?;
        };
        let (status, length) = read_head(self.buffer.get(..head).unwrap_or_default())?;
        let body = head + HEAD_END.len();
        while self.buffer.len() < body + length {
            self.fill().await?;
        }
        Ok((status, self.buffer.get(body..body + length).unwrap_or_default()))
    }

    /// Asks for JSON that has to be given.
    pub async fn demand(&mut self, request: &Request<'_>) -> Outcome<Value> {
        let (status, body) = self.ask(&request.render()).await?;
        if (200..300).contains(&status) {
            Ok(serde_json::from_slice(body)?)
        } else {
            Err(format!("{}: {status} {}", request.line, String::from_utf8_lossy(body)).into())
        }
    }

    async fn fill(&mut self) -> Outcome<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 { Err("the server hung up".into()) } else { Ok(()) }
    }
}

/// Status and length of the body. The server says the length of everything that is asked for here.
fn read_head(head: &[u8]) -> Outcome<(u16, usize)> {
    let head = std::str::from_utf8(head)?;
    let status: u16 = head.split(' ').nth(1).ok_or("no status")?.parse()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim())
    });
    match length {
        Some(length) => Ok((status, length.parse()?)),
        None if status == 204 => Ok((status, 0)),
        None => Err("an answer without Content-Length".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_carries_what_it_was_given_and_nothing_else() {
        let bare = Request { line: "GET /a", ..Request::default() }.render();
        assert_eq!(String::from_utf8(bare).unwrap(), "GET /a HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        let full = Request { line: "POST /a", token: "t", key: "k", version: "*", from: "f", body: "{}" }.render();
        assert_eq!(
            String::from_utf8(full).unwrap(),
            "POST /a HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer t\r\nIdempotency-Key: k\r\nIf-Match: *\r\nX-Forwarded-For: f\r\n\
             Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
        );
    }

    #[test]
    fn a_head_tells_status_and_length() {
        assert_eq!(read_head(b"HTTP/1.1 200 OK\r\ncontent-LENGTH: 12").unwrap(), (200, 12));
        assert_eq!(read_head(b"HTTP/1.1 204 No Content").unwrap(), (204, 0));
        assert!(read_head(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked").is_err());
    }
}
