//! What several nodes share (I6, C11), and whose bucket a request is taken from behind proxies.

#[cfg(feature = "postgres")]
mod redis;

use reqwest::Method;

use crate::support::{Kind, TestApp, TestDatabase};

async fn limited(more: &[(&str, &str)]) -> TestApp {
    TestApp::serve_with(Kind::Sqlite, TestDatabase::copy_of_world(Kind::Sqlite), more).await
}

/// The status of a request that says it comes from elsewhere.
async fn from(app: &TestApp, forwarded: &str) -> u16 {
    let header = [("x-forwarded-for", forwarded)];
    app.anonymous().send(Method::GET, "/nowhere", None, &header).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn c11_a_forged_forwarded_for_buys_no_bucket_of_its_own() {
    let app = limited(&[("RATE_LIMITS", "anonymous=3/h")]).await;
    let mut seen = Vec::new();
    for n in 0..4 {
        seen.push(from(&app, &format!("198.51.100.{n}")).await);
    }
    assert_eq!(seen, [404, 404, 404, 429], "nobody is trusted");
    let app = limited(&[("RATE_LIMITS", "anonymous=3/h"), ("TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    let mut seen = Vec::new();
    for n in 0..4 {
        seen.push(from(&app, &format!("203.0.113.{n}, 198.51.100.7")).await);
    }
    assert_eq!(seen, [404, 404, 404, 429], "what a caller wrote before the proxy did does not count");
    assert_eq!(from(&app, "198.51.100.8").await, 404, "another caller behind the proxy");
}
