//! Two companies: nothing of one is in any answer to the other.

#[cfg(feature = "postgres")]
mod postgres_walls;

use std::collections::BTreeMap;

use crate::authz::{Ids, Line, lines};
use crate::both;
use crate::support::{Answer, Caller, MARKER};

/// Asserts that an answer tells nothing of the other company.
fn tells_nothing(line: &Line, answer: &Answer, secrets: &[String]) {
    for secret in secrets {
        assert!(!answer.text().contains(secret), "{line:?} tells {secret}: {}", answer.text());
    }
    let headers = format!("{:?}", answer.headers);
    assert!(!headers.contains(MARKER), "{line:?}: {headers}");
}

/// How many answers to each operation hold the marker.
async fn told(caller: &Caller, ids: &Ids) -> BTreeMap<&'static str, bool> {
    let mut found = BTreeMap::new();
    for line in lines(ids) {
        let answer = line.send(caller).await;
        found.insert(line.id(), answer.text().contains(MARKER));
    }
    found
}

both! {
    async fn no_answer_holds_anything_of_the_other_company(app) {
        let (own, other) = (Ids::of_demo(app).await, Ids::of_other(app).await);
        let mut mixes = other_in_each_place(&own, &other);
        mixes.push(own.clone());
        let secrets = [MARKER.to_owned()];
        for ids in &mixes {
            // Signing out is the last line, so every round signs in.
            let admin = app.admin().await;
            for line in lines(ids) {
                let answer = line.send(&admin).await;
                tells_nothing(&line, &answer, &secrets);
                assert!(answer.status < 500, "{line:?}: {}", answer.text());
            }
        }
    }

    async fn the_other_company_finds_its_own(app) {
        let ids = Ids::of_other(app).await;
        let found = told(&app.other_admin().await, &ids).await;
        for operation in ["get_me", "list_clinics", "read_patient", "list_services", "list_practitioners"] {
            assert_eq!(found.get(operation), Some(&true), "the marker is not in {operation}: {found:?}");
        }
    }

    async fn searches_and_lists_end_at_the_company(app) {
        let other = Ids::of_other(app).await;
        let admin = app.admin().await;
        let ids = [&other.clinic, &other.service, &other.practitioner, &other.patient, &other.appointment, &other.exception, &other.user, &other.invitation];
        let lists = [
            format!("/api/v1/patients?search={MARKER}"),
            "/api/v1/patients?limit=200&include=total".to_owned(),
            "/api/v1/clinics".to_owned(),
            "/api/v1/users?limit=200&include=total".to_owned(),
            format!("/api/v1/users?email={}", "admin@outra.example"),
            "/api/v1/invitations?limit=200&include=total".to_owned(),
            "/api/v1/services?limit=200".to_owned(),
            "/api/v1/practitioners?limit=200".to_owned(),
            "/api/v1/appointments?from=2027-01-01T00:00:00Z&to=2027-12-31T00:00:00Z&limit=200".to_owned(),
        ];
        for path in lists {
            let answer = admin.get(&path).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            for secret in ids.iter().map(|id| id.as_str()).chain([MARKER]) {
                assert!(!answer.text().contains(secret), "{path} tells {secret}");
            }
        }
        // The same person's number may stand in both companies.
        let cpf = serde_json::json!({ "name": "Ana", "identifiers": [{ "kind": "cpf", "value": "529.982.247-25" }] });
        app.other_admin().await.post("/api/v1/patients", &cpf).await.expect(201);
        admin.post("/api/v1/patients", &cpf).await.expect(201);
    }

    async fn one_key_in_two_companies_is_two_keys(app) {
        let body = serde_json::json!({ "name": "Repetida" });
        let own = app.admin().await.post_once("/api/v1/patients", "same-key", &body).await;
        let other = app.other_admin().await.post_once("/api/v1/patients", "same-key", &body).await;
        assert_ne!(own.expect(201)["id"], other.expect(201)["id"]);
    }
}

fn other_in_each_place(own: &Ids, other: &Ids) -> Vec<Ids> {
    own.with_each_of(other).into_iter().map(|(_, ids)| ids).collect()
}
