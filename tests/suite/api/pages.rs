//! The pages that mailed links lead to, and what the documentation page says of mails.

use reqwest::Method;

use crate::both;
use crate::support::{Kind, TestApp, TestDatabase};

const PAGES: [&str; 3] = ["/verify-email", "/reset-password", "/accept-invitation"];

both! {
    async fn i10_the_link_of_a_mail_leads_to_a_page_of_this_server(app) {
        let ask = serde_json::json!({
            "company_name": "Correio", "name": "Carta", "email": "carta@correio.example",
            "password": "três tigres e um trigal", "locale": "fr"
        });
        let session = app.anonymous().post("/api/v1/auth/sign-up", &ask).await.expect(201);
        let company: uuid::Uuid = session["user"]["company_id"].as_str().unwrap().parse().unwrap();
        let token = app.mailed_token(company).await;
        let mails = app.app.database.caught_mails(kernel::ids::TenantId::from_uuid(company)).await.unwrap();
        let mail = mails.last().unwrap();
        assert_eq!(mail.subject, "Confirmez votre adresse e-mail");
        assert!(mail.text.contains(&format!("http://127.0.0.1:8080/verify-email#token={token}")), "{mail:?}");
        assert!(mail.html.contains("<html lang=\"fr\">") && mail.html.contains(&token));
        app.anonymous().post("/api/v1/auth/email/verify", &serde_json::json!({ "token": token })).await.expect(204);
    }
}

#[test]
fn c12_the_pages_speak_the_readers_language_under_a_strict_policy() {
    crate::support::run(Kind::Sqlite, async |app| {
        for (path, (asked, tag)) in
            PAGES.iter().flat_map(|path| [("pt", "pt-BR"), ("fr", "fr"), ("en", "en")].map(|tag| (path, tag)))
        {
            let page = app.anonymous().send(Method::GET, path, None, &[("accept-language", asked)]).await;
            assert_eq!((page.status, page.header("content-language")), (200, Some(tag)), "{path}");
            let policy = page.header("content-security-policy").unwrap();
            assert!(policy.contains("script-src 'self';") && !policy.contains("unsafe"), "{policy}");
            assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
            assert_eq!(page.header("cache-control"), Some("no-store"));
        }
        for (file, media) in [("page.js", "text/javascript; charset=utf-8"), ("page.css", "text/css; charset=utf-8")] {
            let answer = app.anonymous().get(&format!("/pages/{file}")).await;
            assert_eq!((answer.status, answer.header("content-type")), (200, Some(media)));
        }
        app.anonymous().get("/pages/other.js").await.refused(404, "not_found");
    });
}

#[test]
fn c1_the_pages_are_anothers_where_app_url_says_so() {
    crate::support::run(Kind::Sqlite, async |app| {
        let (_other, caller, server) = app.second_node_with(&[("APP_URL", "https://app.example")]).await;
        for path in PAGES {
            caller.get(path).await.refused(404, "not_found");
        }
        server.stop(false).await;
    });
}

#[test]
fn the_documentation_page_says_where_mails_stay() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let app = TestApp::start(Kind::Sqlite).await;
        let note = "Mails stay in the database";
        let page = app.anonymous().get("/docs/").await;
        assert_eq!(page.text().contains(note), app.database().settings().development, "{}", page.text());
        let sending = [("SMTP_URL", "smtp://127.0.0.1:2525"), ("MAIL_FROM", "a@b.example")];
        let sending = TestApp::serve_with(Kind::Sqlite, TestDatabase::copy_of_world(Kind::Sqlite), &sending).await;
        assert!(!sending.anonymous().get("/docs/").await.text().contains(note));
    });
}
