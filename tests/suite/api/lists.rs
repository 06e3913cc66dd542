//! Every list is paged in the same way (C4).

use std::collections::BTreeSet;

use serde_json::Value;

use crate::authz::{Exception, Ids, Line, find, is_sorted, lines};
use crate::both;
use crate::support::{Caller, TestApp};

/// Answers with `items` that have no pages.
const NO_PAGES: &[Exception] = &[
    ("explain_slot", "an item for each practitioner"),
    ("list_oidc_providers", "three at most"),
    ("list_roles", "sixteen, always all"),
    ("list_slots", "slots are asked for by time, and change while one turns pages"),
    ("read_appointment_history", "a few acts on one appointment"),
];

#[test]
fn the_exceptions_are_sorted_and_have_reasons() {
    is_sorted(NO_PAGES);
}

/// The lists of the API, each as a valid request.
async fn lists(app: &TestApp) -> (Caller, Vec<Line>) {
    let ids = Ids::of_demo(app).await;
    let admin = app.admin().await;
    let mut lists = Vec::new();
    for line in lines(&ids).into_iter().filter(|line| !line.is_mutation() && line.path.starts_with("/api/")) {
        let answer = line.send(&admin).await;
        let is_list = answer.header("content-type") == Some("application/json") && answer.json()["items"].is_array();
        assert!(is_list || !find(NO_PAGES, line.id()), "{line:?} is no list");
        if is_list && !find(NO_PAGES, line.id()) {
            lists.push(line);
        }
    }
    assert!(lists.len() >= 5, "{lists:?}");
    (admin, lists)
}

fn asking(line: &Line, more: &[(&'static str, &str)]) -> Line {
    let mut line = line.clone();
    line.query.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    line
}

async fn page(caller: &Caller, line: &Line, more: &[(&'static str, &str)]) -> Value {
    asking(line, more).send(caller).await.expect(200)
}

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(ToString::to_string).collect()
}

/// All items by cursor, at most so many a page.
async fn turned(caller: &Caller, line: &Line, limit: &str) -> Vec<String> {
    let (mut all, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut more = vec![("limit", limit)];
        more.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let page = page(caller, line, &more).await;
        assert!(ids(&page).len() <= limit.parse::<usize>().unwrap(), "{line:?}");
        all.extend(ids(&page));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return all,
        }
    }
}

both! {
    async fn c4_every_list_answers_items_and_a_cursor(app) {
        let (admin, lists) = lists(app).await;
        for line in &lists {
            let answer = page(&admin, line, &[]).await;
            let fields: BTreeSet<&str> = answer.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(fields, BTreeSet::from(["items", "next_cursor", "total"]), "{line:?}");
            assert_eq!(answer["total"], Value::Null, "{line:?}: nobody asked for it");
            assert!(ids(&answer).len() <= 50, "{line:?}: 50 is the default");
        }
    }

    async fn c4_every_list_has_the_same_bounds(app) {
        let (admin, lists) = lists(app).await;
        for line in &lists {
            for (name, bad, code) in [
                ("limit", "0", "out_of_range"),
                ("limit", "201", "out_of_range"),
                ("limit", "many", "wrong_type"),
                ("page", "0", "out_of_range"),
                ("include", "everything", "unknown_value"),
                ("cursor", "nonsense", "invalid_cursor"),
            ] {
                let faults = asking(line, &[(name, bad)]).send(&admin).await.faults();
                assert_eq!(faults, [(name.to_owned(), code.to_owned())], "{line:?} {name}={bad}");
            }
            asking(line, &[("limit", "200")]).send(&admin).await.expect(200);
        }
    }

    async fn c4_pages_follow_each_other_without_gap_or_repeat(app) {
        let (admin, lists) = lists(app).await;
        let mut turned_over = 0;
        for line in &lists {
            let whole = turned(&admin, line, "200").await;
            let unique: BTreeSet<&String> = whole.iter().collect();
            assert_eq!(unique.len(), whole.len(), "{line:?} repeats itself");
            let limit = if whole.len() > 40 { "37" } else { "1" };
            assert_eq!(turned(&admin, line, limit).await, whole, "{line:?} by {limit}");
            if whole.len() > 1 {
                let second = page(&admin, line, &[("limit", "1"), ("page", "2")]).await;
                assert_eq!(ids(&second), whole[1..2], "{line:?} page 2");
                turned_over += 1;
            }
            let far = page(&admin, line, &[("page", "100000")]).await;
            assert_eq!((ids(&far).len(), &far["next_cursor"]), (0, &Value::Null), "{line:?}");
        }
        assert!(turned_over >= 4, "{turned_over} lists have two items");
    }

    async fn c4_the_total_is_told_when_it_is_asked_for(app) {
        let (admin, lists) = lists(app).await;
        for line in &lists {
            let count = turned(&admin, line, "200").await.len();
            let answer = page(&admin, line, &[("limit", "1"), ("include", "total")]).await;
            assert_eq!(answer["total"], count, "{line:?}");
        }
    }
}
