//! `Idempotency-Key` (C10), asked of every operation that honours it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::authz::{Exception, Ids, Line, find, is_sorted, lines};
use crate::both;
use crate::support::{Answer, Caller, Office, TestApp};

/// Repeatable operations whose repeat is not a replay.
const NO_REPLAY: &[Exception] = &[("sign_out", "ends the session, so that a repeat has no credentials")];

/// Operations that find nothing to do unless another came before.
const NOTHING_TO_DO: &[Exception] = &[("restore_patient", "the record is archived by an operation that is no POST")];

/// `POST`s of signed-in callers that are done anew each time.
const ANEW: &[Exception] = &[
    ("begin_totp", "answers with a secret"),
    ("change_password", "asks for a secret"),
    ("confirm_totp", "answers with a secret"),
    ("create_api_key", "answers with a secret"),
    ("found_company", "belongs to no one company"),
    ("match_patient", "changes nothing"),
    ("send_verification", "leads to a secret"),
    ("switch_company", "answers with a secret"),
];

#[test]
fn the_exceptions_are_sorted_and_have_reasons() {
    is_sorted(NO_REPLAY);
    is_sorted(ANEW);
}

async fn repeatable(app: &TestApp) -> (Caller, Vec<Line>) {
    let mut lines = lines(&Ids::of_demo(app).await);
    lines.retain(|line| line.entry.is_repeatable() && !find(NO_REPLAY, line.id()));
    assert!(lines.len() >= 6, "{lines:?}");
    (app.admin().await, lines)
}

async fn keyed(line: &Line, caller: &Caller, key: &str) -> Answer {
    line.send_with(caller, &[("idempotency-key", key)]).await
}

/// Another valid request of the same operation; none when it takes no body.
fn altered(line: &Line) -> Option<Line> {
    let mut other = line.clone();
    let body = other.body.as_mut()?;
    let (word, value) = match line.entry.path() {
        path if path.ends_with("/cancel") || path.ends_with("/appointments") => ("reason", "Outra coisa"),
        path if path.ends_with("/exceptions") => ("note", "Outra coisa"),
        path if path.ends_with("/invitations") => ("role", "driver"),
        path if path.ends_with("/links") => ("kind", "guardian"),
        path if path.ends_with("/merge") => ("source_id", "00000000-0000-7000-8000-000000000000"),
        _ => ("name", "Outra coisa"),
    };
    body[word] = Value::from(value);
    Some(other)
}

both! {
    async fn c10_only_posts_of_signed_in_callers_are_repeatable(app) {
        let of_session: BTreeSet<&str> = rest::operations()
            .iter()
            .filter(|entry| entry.method().as_str() == "POST" && entry.access().needs_session())
            .map(rest::Entry::id)
            .filter(|id| !find(ANEW, id))
            .collect();
        let repeatable: BTreeSet<&str> =
            rest::operations().iter().filter(|entry| entry.is_repeatable()).map(rest::Entry::id).collect();
        assert_eq!(repeatable, of_session);
        // A public operation answers anew.
        let ask = serde_json::json!({ "email": api::demo::address_of("nurse"), "password": api::demo::PASSWORD });
        let anonymous = app.anonymous();
        let (one, other) = (
            anonymous.post_once("/api/v1/auth/sign-in", "k", &ask).await,
            anonymous.post_once("/api/v1/auth/sign-in", "k", &ask).await,
        );
        assert_eq!(other.header("idempotency-replayed"), None);
        assert_ne!(one.expect(200)["refresh_token"], other.expect(200)["refresh_token"]);
    }

    async fn c10_what_sends_a_message_needs_a_key(app) {
        let (admin, lines) = repeatable(app).await;
        let keyed: Vec<&Line> = lines.iter().filter(|line| line.entry.is_keyed()).collect();
        let all: Vec<&rest::Entry> = rest::operations().iter().filter(|entry| entry.is_keyed()).collect();
        assert!(all.len() == keyed.len() && all.iter().all(|entry| entry.is_repeatable()), "{all:?}");
        assert_eq!(keyed.iter().map(|line| line.id()).collect::<Vec<_>>(), ["create_invitation", "replay_job"]);
        let before = app.entries().await;
        for line in keyed {
            let answer = admin.send(line.method(), &line.url(), line.body.as_ref(), &[]).await;
            answer.refused(428, "idempotency_key_required");
        }
        assert_eq!(app.entries().await, before);
    }

    async fn c10_a_repeat_is_answered_with_the_same_bytes_and_does_nothing(app) {
        let (admin, lines) = repeatable(app).await;
        let sql = app.sql().await;
        for line in &lines {
            let first = keyed(line, &admin, "the-same-key").await;
            assert_eq!(first.status, line.status, "{line:?}: {}", first.text());
            assert_eq!(first.header("idempotency-replayed"), None, "{line:?}");
            let before = sql.number("SELECT count(*) FROM journal_entry").await;
            for _ in 0..2 {
                let again = keyed(line, &admin, "the-same-key").await;
                assert_eq!(again.header("idempotency-replayed"), Some("true"), "{line:?}: {}", again.text());
                assert_eq!((again.status, &again.bytes), (first.status, &first.bytes), "{line:?}");
                for header in ["etag", "location", "content-type"] {
                    assert_eq!(again.header(header), first.header(header), "{line:?}");
                }
            }
            assert_eq!(sql.number("SELECT count(*) FROM journal_entry").await, before, "{line:?} did it again");
        }
    }

    async fn c10_a_key_with_another_body_is_refused(app) {
        let (admin, lines) = repeatable(app).await;
        for line in &lines {
            let done = keyed(line, &admin, "a-key").await;
            assert_eq!(done.status, line.status, "{line:?}: {}", done.text());
            if let Some(other) = altered(line) {
                keyed(&other, &admin, "a-key").await.refused(422, "idempotency_key_reused");
            }
        }
    }

    async fn c10_a_key_belongs_to_its_caller(app) {
        let (admin, lines) = repeatable(app).await;
        let line = lines.iter().find(|line| line.id() == "create_patient").unwrap();
        let one = keyed(line, &admin, "a-key").await.expect(201);
        let other = keyed(line, &app.receptionist().await, "a-key").await.expect(201);
        assert_ne!(one["id"], other["id"]);
    }

    async fn c10_a_refusal_is_not_kept(app) {
        let (admin, lines) = repeatable(app).await;
        for line in lines.iter().filter(|line| line.body.is_some()) {
            let refused = admin.post_once(&line.path, "a-key", &serde_json::json!({ "nonsense": 1 })).await;
            assert_eq!(refused.status, 422, "{line:?}");
            let done = keyed(line, &admin, "a-key").await;
            assert_eq!(done.status, line.status, "{line:?}: {}", done.text());
        }
    }

    async fn c10_side_by_side_it_is_done_once(app) {
        let (admin, lines) = repeatable(app).await;
        let sql = app.sql().await;
        for line in &lines {
            let before = sql.number("SELECT count(*) FROM journal_entry").await;
            let (one, two, three) =
                tokio::join!(keyed(line, &admin, "at-once"), keyed(line, &admin, "at-once"), keyed(line, &admin, "at-once"));
            let (done, waiting): (Vec<Answer>, Vec<Answer>) =
                [one, two, three].into_iter().partition(|answer| answer.status == line.status);
            assert!(!done.is_empty(), "{line:?}: {}", waiting[0].text());
            assert!(done.iter().all(|answer| answer.bytes == done[0].bytes), "{line:?}");
            for answer in waiting {
                assert!(answer.header("retry-after").is_some(), "{line:?}: {}", answer.text());
                answer.refused(409, "request_in_progress");
            }
            let left = sql.number("SELECT count(*) FROM journal_entry").await - before;
            let wanted = i64::from(!find(NOTHING_TO_DO, line.id()));
            assert_eq!(left, wanted, "{line:?} was done {left} times");
        }
    }

    async fn c10_a_bad_key_is_malformed(app) {
        let (admin, lines) = repeatable(app).await;
        let before = app.entries().await;
        for line in &lines {
            for key in ["", "two words", &"k".repeat(256)] {
                keyed(line, &admin, key).await.refused(400, "malformed_idempotency_key");
            }
        }
        assert_eq!(app.entries().await, before);
    }

    async fn c10_an_act_without_effect_is_replayed_as_well(app) {
        let office = Office::open(app).await;
        let booked = office.book(&office.patient("Repetida").await, "2027-03-15T12:00:00Z").await.expect(201);
        let confirm = format!("/api/v1/appointments/{}/confirm", booked["id"].as_str().unwrap());
        let nothing = serde_json::json!({});
        office.staff.post(&confirm, &nothing).await.expect(200);
        let first = office.staff.post_once(&confirm, "again", &nothing).await;
        assert_eq!((first.status, first.header("idempotency-replayed")), (200, None), "{}", first.text());
        office.step(&booked, "cancel", &nothing).await.expect(200);
        let entries = app.entries().await;
        let second = office.staff.post_once(&confirm, "again", &nothing).await;
        assert_eq!((second.status, second.header("idempotency-replayed")), (200, Some("true")), "{}", second.text());
        assert_eq!(second.bytes, first.bytes);
        assert_eq!(app.entries().await, entries);
    }

    async fn a7_c10_a_booking_with_anyone_is_replayed_when_nobody_is_left(app) {
        let office = Office::open(app).await;
        let mut ask = office.booking(&office.patient("Qualquer").await, "2027-03-15T12:00:00Z");
        ask.as_object_mut().unwrap().remove("practitioner_id");
        let first = office.staff.post_once("/api/v1/appointments", "anyone", &ask).await;
        let second = office.staff.post_once("/api/v1/appointments", "anyone", &ask).await;
        assert_eq!((second.status, second.header("idempotency-replayed")), (201, Some("true")), "{}", second.text());
        assert_eq!(second.bytes, first.bytes);
    }
}
