//! Entity tags and conditions (C9), asked of every operation that has or needs one.

use reqwest::Method;

use crate::authz::{Ids, Line, lines};
use crate::both;
use crate::support::{Caller, TestApp};

/// Reads that answer one versioned resource.
const VERSIONED: [&str; 10] = [
    "read_appointment",
    "read_availability",
    "read_clinic",
    "read_company",
    "read_import",
    "read_patient",
    "read_practitioner",
    "read_service",
    "read_settings",
    "read_user",
];

/// The profile changes without a version (C9).
const UNVERSIONED: &str = "update_me";

/// Transitions, which honour a condition without needing one.
const TRANSITIONS: [&str; 4] = ["activate_user", "cancel_appointment", "confirm_appointment", "deactivate_user"];

async fn table(app: &TestApp) -> (Caller, Vec<Line>) {
    (app.admin().await, lines(&Ids::of_demo(app).await))
}

/// The same request with this `If-Match`, or none.
async fn conditioned(line: &Line, caller: &Caller, condition: Option<&str>) -> crate::support::Answer {
    let headers: Vec<(&str, &str)> = condition.map(|tag| ("if-match", tag)).into_iter().collect();
    caller.send(line.method(), &line.url(), line.body.as_ref(), &headers).await
}

/// The read of what a change changes.
fn read_of<'a>(lines: &'a [Line], change: &Line) -> &'a Line {
    lines.iter().find(|line| line.method() == Method::GET && line.path == change.path).unwrap()
}

fn changes(lines: &[Line]) -> impl Iterator<Item = &Line> {
    let versioned = |line: &&Line| line.id() != UNVERSIONED;
    lines.iter().filter(|line| [Method::PATCH, Method::PUT].contains(&line.method())).filter(versioned)
}

both! {
    async fn c9_single_resources_carry_their_version(app) {
        let (admin, lines) = table(app).await;
        for id in VERSIONED {
            let line = lines.iter().find(|line| line.id() == id).unwrap_or_else(|| panic!("no {id}"));
            let answer = line.send(&admin).await;
            let tag = answer.header("etag").unwrap_or_else(|| panic!("{line:?} has no tag")).to_owned();
            let version = answer.expect(200)["version"].as_i64().unwrap();
            assert_eq!(tag, format!("\"{version}\""), "{line:?}");
            for known in [tag.clone(), format!("W/{tag}"), "*".to_owned(), format!("\"0\", {tag}")] {
                let unchanged = line.send_with(&admin, &[("if-none-match", &known)]).await;
                assert_eq!((unchanged.status, unchanged.bytes.len()), (304, 0), "{line:?} {known}");
                assert_eq!(unchanged.header("etag"), Some(tag.as_str()), "{line:?}");
            }
            assert_eq!(line.send_with(&admin, &[("if-none-match", "\"0\"")]).await.status, 200, "{line:?}");
        }
    }

    async fn c9_other_reads_have_no_version(app) {
        let (admin, lines) = table(app).await;
        for line in lines.iter().filter(|line| line.path.starts_with("/api/") && line.method() == Method::GET) {
            let answer = line.send(&admin).await;
            assert_eq!(answer.header("etag").is_some(), VERSIONED.contains(&line.id()), "{line:?}");
        }
    }

    async fn c9_a_change_needs_the_current_version(app) {
        let (admin, lines) = table(app).await;
        let mut changed = 0;
        for line in changes(&lines) {
            let before = app.entries().await;
            conditioned(line, &admin, None).await.refused(428, "precondition_required");
            conditioned(line, &admin, Some("\"999999\"")).await.refused(412, "stale");
            conditioned(line, &admin, Some("W/\"1\"")).await.refused(412, "stale");
            conditioned(line, &admin, Some("1")).await.refused(400, "malformed_condition");
            assert_eq!(app.entries().await, before, "{line:?} left an entry");
            let read = read_of(&lines, line).send(&admin).await;
            let tag = read.header("etag").unwrap().to_owned();
            let answer = conditioned(line, &admin, Some(&tag)).await;
            assert_eq!(answer.status, 200, "{line:?}: {}", answer.text());
            let next = answer.header("etag").unwrap().to_owned();
            assert_ne!(next, tag, "{line:?} kept its version");
            assert_eq!(read_of(&lines, line).send(&admin).await.header("etag"), Some(next.as_str()), "{line:?}");
            conditioned(line, &admin, Some(&tag)).await.refused(412, "stale");
            changed += 1;
        }
        assert_eq!(changed, 8);
    }

    async fn c9_a_star_fits_any_version(app) {
        let (admin, lines) = table(app).await;
        for line in changes(&lines) {
            assert_eq!(conditioned(line, &admin, Some("*")).await.status, 200, "{line:?}");
        }
    }

    async fn c9_of_two_changes_to_one_version_one_wins(app) {
        let (admin, lines) = table(app).await;
        for line in changes(&lines) {
            let tag = read_of(&lines, line).send(&admin).await.header("etag").unwrap().to_owned();
            let one = conditioned(line, &admin, Some(&tag));
            let other = conditioned(line, &admin, Some(&tag));
            let (one, other) = tokio::join!(one, other);
            let mut both = [one.status, other.status];
            both.sort_unstable();
            assert_eq!(both, [200, 412], "{line:?}");
        }
    }

    async fn c9_transitions_honour_a_condition_without_needing_one(app) {
        let (admin, lines) = table(app).await;
        let before = app.entries().await;
        for id in TRANSITIONS {
            let line = lines.iter().find(|line| line.id() == id).unwrap_or_else(|| panic!("no {id}"));
            conditioned(line, &admin, Some("\"999999\"")).await.refused(412, "stale");
            conditioned(line, &admin, Some("7")).await.refused(400, "malformed_condition");
        }
        assert_eq!(app.entries().await, before);
        for id in ["confirm_appointment", "cancel_appointment"] {
            let line = lines.iter().find(|line| line.id() == id).unwrap();
            let read = lines.iter().find(|line| line.id() == "read_appointment").unwrap();
            let tag = read.send(&admin).await.header("etag").unwrap().to_owned();
            let answer = conditioned(line, &admin, Some(&tag)).await;
            assert_ne!(answer.header("etag"), Some(tag.as_str()), "{line:?}");
            answer.expect(200);
        }
    }

    async fn c9_changes_of_whatever_version_is_there_never_find_theirs_stale(app) {
        let (admin, lines) = table(app).await;
        for line in changes(&lines) {
            let change = || conditioned(line, &admin, Some("*"));
            let (one, two, three) = tokio::join!(change(), change(), change());
            assert_eq!([one, two, three].map(|answer| answer.status), [200; 3], "{line:?}");
        }
    }
}
