//! Work that was given up: seen, and tried again.

use kernel::ids::TenantId;
use serde_json::json;
use uuid::Uuid;

use crate::both;
use crate::support::{ADDRESSEE, Caller, TestApp, text};

async fn company(caller: &Caller) -> Uuid {
    text(&caller.get("/api/v1/auth/me").await.expect(200)["company_id"]).parse().unwrap()
}

async fn mails(app: &TestApp, company: Uuid) -> usize {
    let mails = app.app.database.caught_mails(TenantId::from_uuid(company)).await.unwrap();
    mails.iter().filter(|mail| mail.to == ADDRESSEE).count()
}

both! {
    async fn a_dead_letter_is_seen_without_what_is_in_it_and_tried_again(app) {
        let admin = app.admin().await;
        let company = company(&admin).await;
        let job = app.dead_letter(company).await;
        let answer = admin.get("/api/v1/jobs/dead?include=total").await;
        assert!(!answer.text().contains(ADDRESSEE));
        let page = answer.expect(200);
        let dead = &page["items"][0];
        assert_eq!((&page["total"], &dead["id"]), (&json!(1), &json!(job)));
        assert_eq!((&dead["kind"], &dead["status"], &dead["tries"]), (&json!("identity.mail"), &json!("dead"), &json!(1)));
        assert!(dead["reason"].is_string());
        let (path, before) = (format!("/api/v1/jobs/{job}/replay"), app.entries().await);
        let again = admin.post_once(&path, "again", &json!({})).await;
        assert_eq!(again.status, 202, "{}", again.text());
        let told = again.json();
        assert_eq!((&told["status"], &told["tries"], &told["reason"]), (&json!("waiting"), &json!(0), &json!(null)));
        assert_eq!(app.entries().await, before + 1);
        admin.post(&path, &json!({})).await.refused(409, "identity.job_not_dead");
        assert_eq!(admin.post_once(&path, "again", &json!({})).await.expect(202), told);
        assert_eq!(admin.get("/api/v1/jobs/dead").await.expect(200)["items"], json!([]));
        app.settle().await;
        assert_eq!(mails(app, company).await, 1);
        admin.post(&path, &json!({})).await.refused(404, "not_found");
        assert_eq!(app.entries().await, before + 1);
    }

    async fn a_dead_letter_is_its_companys_and_its_administrators(app) {
        let (admin, other) = (app.admin().await, app.other_admin().await);
        let job = app.dead_letter(company(&admin).await).await;
        let path = format!("/api/v1/jobs/{job}/replay");
        assert_eq!(other.get("/api/v1/jobs/dead").await.expect(200)["items"], json!([]));
        other.post(&path, &json!({})).await.refused(404, "not_found");
        for role in ["supervisor", "receptionist"] {
            app.member(role).await.post(&path, &json!({})).await.refused(403, "forbidden");
            app.member(role).await.get("/api/v1/jobs/dead").await.refused(403, "forbidden");
        }
        assert_eq!(admin.get("/api/v1/jobs/dead").await.expect(200)["items"][0]["status"], "dead");
    }
}
