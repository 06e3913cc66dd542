//! Failures of the database that another try gets past, made on purpose (B3): the whole unit of work is repeated, and who
//! still cannot be served is told to come back.

use crate::support::{Answer, Kind, Office, TestApp, run};

const NINE: &str = "2027-03-15T12:00:00Z";
const PATH: &str = "/api/v1/appointments";

/// Appointments of the office, their events, what they keep busy, and all entries of the journal.
async fn traces(app: &TestApp, office: &Office) -> [i64; 4] {
    let sql = app.sql().await;
    let own = format!("SELECT id FROM appointment WHERE service_id = {}", sql.id(&office.service));
    [
        sql.number(&format!("SELECT count(*) FROM ({own}) q")).await,
        sql.number(&format!("SELECT count(*) FROM event WHERE aggregate_id IN ({own})")).await,
        sql.number(&format!("SELECT count(*) FROM busy WHERE appointment_id IN ({own})")).await,
        app.entries().await,
    ]
}

/// Asserts that somebody was told to come back.
fn told_to_come_back(answer: Answer) {
    let after = answer.header("retry-after").expect("when to come back").parse::<u32>().unwrap();
    assert!((1..=60).contains(&after), "{after} s");
    answer.refused(503, "busy");
}

#[cfg(feature = "postgres")]
mod postgres {
    use super::*;
    use crate::authz::{Ids, lines};
    use crate::support::at_once;

    /// Where in a unit of work the database fails.
    const PLACES: [&str; 3] = [
        "TRIGGER unlucky BEFORE INSERT ON appointment FOR EACH ROW",
        "TRIGGER unlucky BEFORE INSERT ON journal_entry FOR EACH ROW",
        // At COMMIT itself.
        "CONSTRAINT TRIGGER unlucky AFTER INSERT ON appointment DEFERRABLE INITIALLY DEFERRED FOR EACH ROW",
    ];

    /// From now on the first `times` passes at this place fail with this SQLSTATE. A sequence counts them, which no
    /// rollback turns back.
    async fn unlucky(app: &TestApp, place: &str, state: &str, times: u32) {
        let sql = app.sql().await;
        for statement in [
            "DROP TRIGGER IF EXISTS unlucky ON appointment".to_owned(),
            "DROP TRIGGER IF EXISTS unlucky ON journal_entry".to_owned(),
            "DROP SEQUENCE IF EXISTS passes".to_owned(),
            "CREATE SEQUENCE passes".to_owned(),
            format!(
                "CREATE OR REPLACE FUNCTION unlucky() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN \
                 IF nextval('public.passes') <= {times} THEN RAISE EXCEPTION 'on purpose' USING ERRCODE = '{state}'; END IF; \
                 RETURN NEW; END $$"
            ),
            format!("CREATE {place} EXECUTE FUNCTION unlucky()"),
        ] {
            sql.run(&statement).await.unwrap();
        }
    }

    /// The same anew at the place chosen last.
    async fn unlucky_again(app: &TestApp) {
        app.sql().await.run("ALTER SEQUENCE passes RESTART").await.unwrap();
    }

    async fn passes(app: &TestApp) -> i64 {
        app.sql().await.number("SELECT last_value FROM passes").await
    }

    #[test]
    fn b3_a_serialization_failure_or_deadlock_repeats_the_whole_unit() {
        run(Kind::Postgres, async |app| {
            let office = Office::open(app).await;
            for (number, (place, state)) in
                PLACES.iter().flat_map(|place| [(place, "40001"), (place, "40P01")]).enumerate()
            {
                let (patient, key) = (office.patient("Insistente").await, format!("k-{number}"));
                let before = traces(app, &office).await;
                unlucky(app, place, state, 2).await;
                let ask = office.booking(&patient, &format!("2027-03-15T{:02}:00:00Z", 8 + number));
                let booked = office.staff.post_once(PATH, &key, &ask).await;
                assert_eq!(booked.status, 201, "{place} {state}: {}", booked.text());
                assert_eq!(passes(app).await, 3, "{place} {state}");
                let [appointments, events, busy, entries] = before;
                assert_eq!(traces(app, &office).await, [appointments + 1, events + 1, busy + 2, entries + 1]);
                let again = office.staff.post_once(PATH, &key, &ask).await;
                assert_eq!((again.header("idempotency-replayed"), &again.bytes), (Some("true"), &booked.bytes));
            }
        });
    }

    /// A read that leaves an entry is a change too.
    #[test]
    fn b3_every_change_is_repeated_as_a_whole_and_leaves_its_entry_once() {
        run(Kind::Postgres, async |app| {
            let ids = Ids::of_demo(app).await;
            let admin = app.admin().await;
            unlucky(app, PLACES[1], "40001", 1).await;
            for line in lines(&ids).iter().filter(|line| line.entries() > 0) {
                unlucky_again(app).await;
                let before = app.entries().await;
                let answer = line.send(&admin).await;
                assert_eq!(answer.status, line.status, "{line:?}: {}", answer.text());
                assert_eq!(app.entries().await - before, line.entries(), "entries of {line:?}");
                assert_eq!(passes(app).await, 1 + line.entries(), "{line:?} failed once and was repeated");
            }
        });
    }

    #[test]
    fn b3_after_three_tries_the_caller_is_told_to_come_back_and_nothing_is_left() {
        run(Kind::Postgres, async |app| {
            let office = Office::open(app).await;
            let patient = office.patient("Azarada").await;
            for (place, state) in PLACES.iter().flat_map(|place| [(place, "40001"), (place, "40P01")]) {
                let before = traces(app, &office).await;
                unlucky(app, place, state, 9).await;
                told_to_come_back(office.staff.post_once(PATH, "k", &office.booking(&patient, NINE)).await);
                assert_eq!(passes(app).await, 3, "{place} {state}");
                assert_eq!(traces(app, &office).await, before, "{place} {state}");
            }
            app.sql().await.run("DROP FUNCTION unlucky CASCADE").await.unwrap();
            let booked = office.staff.post_once(PATH, "k", &office.booking(&patient, NINE)).await;
            assert_eq!((booked.status, booked.header("idempotency-replayed")), (201, None), "the key is free again");
        });
    }

    #[test]
    fn b3_transactions_that_deadlock_for_real_are_both_done() {
        run(Kind::Postgres, async |app| {
            let office = Office::open(app).await;
            let patients = office.patients(2).await;
            let sql = app.sql().await;
            // Each of two bookings locks one of two rows and then wants the other's: PostgreSQL ends one of them.
            for statement in [
                "CREATE TABLE cross_lock (id int PRIMARY KEY)".to_owned(),
                "INSERT INTO cross_lock VALUES (1), (2)".to_owned(),
                "CREATE SEQUENCE passes".to_owned(),
                "CREATE SEQUENCE locked".to_owned(),
                "CREATE FUNCTION cross_lock() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ \
                 DECLARE pass bigint := nextval('public.passes'); BEGIN \
                 PERFORM FROM public.cross_lock WHERE id = 1 + pass % 2 FOR UPDATE; PERFORM nextval('public.locked'); \
                 WHILE pass <= 2 AND (SELECT last_value FROM public.locked) < 2 LOOP NULL; END LOOP; \
                 PERFORM FROM public.cross_lock WHERE id = 2 - pass % 2 FOR UPDATE; RETURN NEW; END $$"
                    .to_owned(),
                "CREATE TRIGGER cross_lock BEFORE INSERT ON appointment FOR EACH ROW EXECUTE FUNCTION cross_lock()"
                    .to_owned(),
            ] {
                sql.run(&statement).await.unwrap();
            }
            let other = office.practitioner("Dra. Outra").await;
            let practitioners = [office.practitioner.clone(), other];
            let asks = patients.iter().zip(practitioners).map(|(patient, practitioner)| {
                let mut ask = office.booking(patient, NINE);
                ask["practitioner_id"] = practitioner.into();
                let staff = office.staff.clone();
                async move { staff.post(PATH, &ask).await }
            });
            for answer in at_once(asks).await {
                answer.expect(201);
            }
            assert_eq!(sql.number("SELECT last_value FROM passes").await, 3, "one of them went through it twice");
            assert_eq!(traces(app, &office).await[..3], [2, 2, 4]);
        });
    }
}

mod sqlite {
    use sea_orm::sqlx::{self, Connection, SqliteConnection};

    use super::*;

    /// Another process that writes and does not come to an end.
    async fn writer(app: &TestApp) -> SqliteConnection {
        let mut other = SqliteConnection::connect(&app.database().settings().url).await.unwrap();
        sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
        other
    }

    #[test]
    fn b3_a_file_that_another_process_writes_is_waited_for() {
        run(Kind::Sqlite, async |app| {
            let office = Office::open(app).await;
            let patient = office.patient("Paciente").await;
            let mut other = writer(app).await;
            let booking = tokio::spawn({
                let (staff, ask) = (office.staff.clone(), office.booking(&patient, NINE));
                async move { staff.post(PATH, &ask).await }
            });
            while !app.app.state.metrics().render().contains("salus_http_requests_in_flight 1") {
                tokio::task::yield_now().await;
            }
            sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
            booking.await.unwrap().expect(201);
            assert_eq!(traces(app, &office).await[..3], [1, 1, 2]);
        });
    }

    /// Takes as long as three tries wait for the file.
    #[test]
    fn b3_a_file_that_another_process_keeps_tells_the_caller_to_come_back() {
        run(Kind::Sqlite, async |app| {
            let office = Office::open(app).await;
            let patient = office.patient("Azarada").await;
            let before = traces(app, &office).await;
            let mut other = writer(app).await;
            told_to_come_back(office.staff.post_once(PATH, "k", &office.booking(&patient, NINE)).await);
            assert_eq!(traces(app, &office).await, before);
            sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
            let booked = office.staff.post_once(PATH, "k", &office.booking(&patient, NINE)).await;
            assert_eq!((booked.status, booked.header("idempotency-replayed")), (201, None), "the key is free again");
        });
    }
}
