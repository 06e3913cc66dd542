//! Two nodes on one PostgreSQL database: an idempotency key is held for both of them (B4, C10).

use sea_orm::sqlx::{self, Connection, PgConnection};

use crate::support::{Answer, Caller, Kind, Office, TestApp, at_once, run};

const NINE: &str = "2027-03-15T12:00:00Z";
const PATH: &str = "/api/v1/appointments";

/// The same caller, at the other node.
fn at(node: &Caller, caller: &Caller) -> Caller {
    Caller { token: caller.token.clone(), ..node.clone() }
}

async fn appointments(app: &TestApp, office: &Office) -> i64 {
    let sql = app.sql().await;
    sql.number(&format!("SELECT count(*) FROM appointment WHERE service_id = {}", sql.id(&office.service))).await
}

fn replayed(answer: &Answer) -> bool {
    answer.header("idempotency-replayed") == Some("true")
}

#[test]
fn c10_a_key_that_another_node_holds_is_in_progress_and_replayed_by_either_afterwards() {
    run(Kind::Postgres, async |app| {
        let office = Office::open(app).await;
        let ask = office.booking(&office.patient("Duplicada").await, NINE);
        let (node, anonymous, server) = app.second_node().await;
        let there = at(&anonymous, &office.staff);
        there.get("/api/v1/auth/me").await.expect(200);
        // The first request takes its key, and then waits for a table.
        let mut owner = PgConnection::connect(&app.database().owner_url()).await.unwrap();
        sqlx::raw_sql("BEGIN; LOCK TABLE appointment IN ACCESS EXCLUSIVE MODE").execute(&mut owner).await.unwrap();
        let first = tokio::spawn({
            let (staff, ask) = (office.staff.clone(), ask.clone());
            async move { staff.post_once(PATH, "k", &ask).await }
        });
        let sql = app.sql().await;
        let waiting = "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database() \
                       WHERE NOT l.granted AND l.locktype = 'relation'";
        while sql.number(waiting).await == 0 {}
        let second = there.post_once(PATH, "k", &ask).await;
        assert!(second.header("retry-after").is_some_and(|after| after.parse::<u32>().is_ok()), "{second:?}");
        second.refused(409, "request_in_progress");
        sqlx::raw_sql("COMMIT").execute(&mut owner).await.unwrap();
        let first = first.await.unwrap();
        assert_eq!((first.status, replayed(&first)), (201, false), "{}", first.text());
        for caller in [&office.staff, &there] {
            let again = caller.post_once(PATH, "k", &ask).await;
            assert_eq!((again.status, replayed(&again), &again.bytes), (201, true, &first.bytes));
        }
        assert_eq!(appointments(app, &office).await, 1);
        drop(server.stop(false));
        node.database.close().await;
    });
}

#[test]
fn c10_of_many_requests_with_one_key_at_two_nodes_one_runs() {
    run(Kind::Postgres, async |app| {
        let office = Office::open(app).await;
        let ask = office.booking(&office.patient("Insistente").await, NINE);
        let (node, anonymous, server) = app.second_node().await;
        let callers = [office.staff.clone(), at(&anonymous, &office.staff)];
        let asks = callers.iter().cycle().take(16).map(|caller| {
            let (caller, ask) = (caller.clone(), ask.clone());
            async move { caller.post_once(PATH, "k", &ask).await }
        });
        let (done, waiting): (Vec<_>, Vec<_>) =
            at_once(asks).await.into_iter().partition(|answer| answer.status == 201);
        assert_eq!(done.iter().filter(|answer| !replayed(answer)).count(), 1);
        assert!(done.iter().all(|answer| answer.bytes == done[0].bytes));
        for answer in waiting {
            answer.refused(409, "request_in_progress");
        }
        assert_eq!(appointments(app, &office).await, 1);
        drop(server.stop(false));
        node.database.close().await;
    });
}
