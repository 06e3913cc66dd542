//! What an operator sees of a node: durations, the database, the queue, and nothing of anybody (C15).

use api::metrics::Gauges;
use api::worker::stopping;
use serde_json::json;

use crate::both;
use crate::support::{MARKER, Office, TestApp};

fn exposition(app: &TestApp) -> String {
    app.app.state.metrics().render()
}

/// The value of the line that begins with this name and these labels, in whole numbers.
fn value(exposition: &str, line: &str) -> u64 {
    let found = exposition.lines().find_map(|known| known.strip_prefix(line)?.strip_prefix(' '));
    whole(found.unwrap_or_else(|| panic!("no {line} in\n{exposition}")))
}

fn whole(number: &str) -> u64 {
    number.strip_suffix(".0").unwrap_or(number).parse().unwrap()
}

/// How often the database was asked so.
fn asked(exposition: &str, statement: &str) -> u64 {
    value(exposition, &format!("salus_database_duration_seconds_count{{statement=\"{statement}\"}}"))
}

async fn sign_up(app: &TestApp) {
    let ask = json!({
        "company_name": "Medida", "name": "Medina", "email": "medina@medida.example", "password": "correct horse battery",
        "country": "BR", "time_zone": "America/Sao_Paulo", "locale": "pt-BR"
    });
    app.anonymous().post("/api/v1/auth/sign-up", &ask).await.expect(201);
}

both! {
    async fn c15_the_time_of_the_database_is_told_by_what_was_asked_of_it(app) {
        let office = Office::open(app).await;
        let patient = office.patient("Cronometrada").await;
        let before = exposition(app);
        office.book(&patient, "2027-03-15T12:00:00Z").await.expect(201);
        let after = exposition(app);
        for statement in ["begin", "commit"] {
            assert_eq!(asked(&after, statement), asked(&before, statement) + 1, "{statement}");
        }
        assert!(asked(&after, "query") > asked(&before, "query"));
        assert!(asked(&after, "execute") > asked(&before, "execute"));
        let booked = "salus_http_request_duration_seconds_count{method=\"POST\",route=\"/api/v1/appointments\",status=\"201\"}";
        assert_eq!(value(&after, booked), 1);
    }

    async fn c15_delivered_events_and_jobs_are_counted(app) {
        sign_up(app).await;
        let before = value(&exposition(app), "salus_events_delivered_total");
        app.settle().await;
        let after = exposition(app);
        assert!(value(&after, "salus_events_delivered_total") > before);
        let delivered: u64 = after
            .lines()
            .filter(|line| line.starts_with("salus_job_tries_total{") && line.contains("outcome=\"delivered\""))
            .map(|line| whole(line.rsplit(' ').next().unwrap()))
            .sum();
        assert!(delivered >= 1, "{after}");
    }

    async fn c15_depth_and_age_of_the_queue_are_told(app) {
        app.settle().await;
        sign_up(app).await;
        app.clock.advance(chrono::Duration::seconds(90));
        let gauges = Gauges::registered(app.app.state.metrics(), None);
        let (stopper, stop) = stopping();
        let told = async {
            while value(&exposition(app), "salus_queue_depth") == 0 {
                tokio::task::yield_now().await;
            }
            stopper.stop();
        };
        tokio::join!(gauges.follow(app.app.database.clone(), None, stop), told);
        let exposition = exposition(app);
        assert_eq!(value(&exposition, "salus_queue_age_seconds"), 90);
        assert!(value(&exposition, "salus_database_connections") >= 1);
    }

    async fn c15_a_queue_that_cannot_be_read_is_told_as_unknown(app) {
        let (node, _, server) = app.second_node().await;
        let gauges = Gauges::registered(node.state.metrics(), None);
        node.database.close().await;
        let (stopper, stop) = stopping();
        let told = async {
            let holds = async |text: &str| {
                while !node.state.metrics().render().contains(text) {
                    tokio::task::yield_now().await;
                }
            };
            holds("salus_queue_depth NaN").await;
            holds("salus_queue_age_seconds NaN").await;
            stopper.stop();
        };
        tokio::join!(gauges.follow(node.database.clone(), None, stop), told);
        server.stop(false).await;
    }

    async fn c15_no_label_names_a_company_or_a_person(app) {
        let office = Office::open(app).await;
        let patient = office.patient("Anônima").await;
        office.staff.get(&format!("/api/v1/patients/{patient}")).await.expect(200);
        office.staff.get(&format!("/api/v1/patients?search={MARKER}")).await.expect(200);
        app.settle().await;
        let exposition = exposition(app);
        for personal in [patient.as_str(), MARKER, "tenant", "company", "Anônima"] {
            assert!(!exposition.contains(&format!("=\"{personal}")) && !exposition.contains(&format!("{personal}=")), "{personal}");
        }
        assert!(exposition.contains("route=\"/api/v1/patients/{patient_id}\""));
    }
}
