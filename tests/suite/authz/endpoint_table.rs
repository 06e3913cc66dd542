//! Every operation of the routes table once with a valid request: refused without credentials, blind to another company,
//! and with the permission done, each change with one entry in the journal.

use std::collections::BTreeSet;

use serde_json::Value;

use super::exceptions::{Exception, find, is_sorted};
use super::ids::Ids;
use super::table::{DISCLOSURES, Line, READING_POSTS, TWO_ENTRIES, lines};
use crate::both;

/// Operations that need credentials of another kind than a session.
const OPERATOR: &[Exception] = &[("show_metrics", "for the operator, whose token these tests do not set")];

/// Operations that answer another company's id in the query with something else than an empty list.
const NO_LIST: &[Exception] = &[("explain_slot", "says of each practitioner that nothing can be booked")];

#[test]
fn the_table_names_every_operation_once() {
    let named: Vec<&str> = lines(&Ids::default()).iter().map(Line::id).collect();
    let unique: BTreeSet<&str> = named.iter().copied().collect();
    let routes: BTreeSet<&str> = rest::operations().iter().map(rest::Entry::id).collect();
    assert_eq!(unique, routes);
    assert_eq!(named.len(), routes.len(), "an operation is named twice");
}

#[test]
fn the_exceptions_are_sorted_and_have_reasons() {
    is_sorted(OPERATOR);
    is_sorted(NO_LIST);
    is_sorted(TWO_ENTRIES);
    is_sorted(DISCLOSURES);
    is_sorted(READING_POSTS);
}

/// Where two JSON values differ first.
fn difference(one: &Value, other: &Value, at: &str) -> Option<String> {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.iter().find_map(|(name, value)| difference(value, &other[name], &format!("{at}/{name}")))
        }
        (Value::Array(one), Value::Array(other)) => {
            one.iter().zip(other).enumerate().find_map(|(n, (a, b))| difference(a, b, &format!("{at}/{n}")))
        }
        _ => (one != other).then(|| at.to_owned()),
    }
}

/// Asserts that a request with another company's id in it was answered as one with an unknown id.
fn is_blind(own: &Line, foreign: &Line, answer: crate::support::Answer) {
    if own.path != foreign.path {
        answer.refused(404, "not_found");
    } else if let (Some(own), Some(body)) = (&own.body, &foreign.body)
        && own != body
    {
        let pointer = difference(own, body, "").unwrap();
        let problem = answer.refused(422, "unknown_reference");
        // A list may be told as a whole.
        let told = problem["errors"][0]["pointer"].as_str().unwrap().to_owned();
        assert!(
            told == pointer || pointer.strip_prefix(&told).is_some_and(|rest| rest.starts_with('/')),
            "{problem:#}"
        );
        assert_eq!(problem["errors"][0]["code"], "unknown_reference");
    } else if find(NO_LIST, own.id()) {
        let explained = answer.expect(200);
        let mut items = explained["items"].as_array().unwrap().iter();
        assert!(items.all(|item| item["bookable"] == false), "{explained:#}");
    } else {
        let page = answer.expect(200);
        assert_eq!(page["items"].as_array().map(Vec::len), Some(0), "{foreign:?}: {page:#}");
    }
}

both! {
    async fn without_credentials_only_public_operations_answer(app) {
        let ids = Ids::of_demo(app).await;
        let before = app.entries().await;
        let (anonymous, mut stranger) = (app.anonymous(), app.anonymous());
        stranger.token = Some("not-a-token".to_owned());
        for line in lines(&ids).iter().filter(|line| line.entry.access() != rest::access::Access::Public) {
            for caller in [&anonymous, &stranger] {
                let refused = line.send(caller).await;
                let challenge = refused.header("www-authenticate").unwrap_or_default().to_owned();
                assert!(challenge.starts_with("Bearer"), "{line:?}: {challenge}");
                refused.refused(401, "unauthenticated");
            }
        }
        assert_eq!(app.entries().await, before, "a refused request left an entry");
    }

    async fn with_the_permission_each_change_leaves_one_entry_and_no_read_does(app) {
        let ids = Ids::of_demo(app).await;
        let (admin, sql) = (app.admin().await, app.sql().await);
        for line in lines(&ids) {
            let count = "SELECT count(*) FROM journal_entry";
            let before = sql.number(count).await;
            let answer = line.send(&admin).await;
            assert_eq!(answer.status, line.status, "{line:?}: {}", answer.text());
            let left = sql.number(count).await - before;
            assert_eq!(left, line.entries(), "entries of {line:?}");
        }
    }

    async fn another_companys_ids_are_unknown_in_path_body_and_query(app) {
        let (own, other) = (Ids::of_demo(app).await, Ids::of_other(app).await);
        let (admin, before) = (app.admin().await, app.entries().await);
        let mut tried = BTreeSet::new();
        for (name, mixed) in own.with_each_of(&other) {
            for (line, foreign) in lines(&own).iter().zip(lines(&mixed)) {
                if line.url() == foreign.url() && line.body == foreign.body {
                    continue;
                }
                is_blind(line, &foreign, foreign.send(&admin).await);
                tried.insert((name, line.id()));
            }
        }
        assert!(tried.len() > 20, "{tried:?}");
        assert_eq!(app.entries().await, before, "a refused request left an entry");
    }
}
