//! Files that are sent as a form.

use reqwest::Method;

use super::answer::Answer;
use super::caller::Caller;

/// The media type of [`form`].
pub const FORM: &str = "multipart/form-data; boundary=between-the-parts";

/// A form of these texts and a file.
pub fn form(fields: &[(&str, &str)], file_name: &str, file: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, text) in fields {
        let head = format!("--between-the-parts\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
        body.extend_from_slice(head.as_bytes());
    }
    let head = format!(
        "--between-the-parts\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--between-the-parts--\r\n");
    body
}

impl Caller {
    /// Sends a file with these texts beside it.
    pub async fn upload(&self, path: &str, fields: &[(&str, &str)], file_name: &str, file: &[u8]) -> Answer {
        self.send_form(path, form(fields, file_name, file), &[]).await
    }

    /// Sends a form.
    pub async fn send_form(&self, path: &str, body: Vec<u8>, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.http.request(Method::POST, format!("{}{path}", self.base)).body(body);
        request = request.header("content-type", FORM);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::read(format!("POST {path}"), request.send().await.unwrap()).await
    }
}
