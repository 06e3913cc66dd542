//! Totals of patients (PT4): those of the list under the same filters, folded or not, within the caller's reach.

use serde_json::{Value, json};

use crate::both;
use crate::support::{Caller, TestApp, at_once, text};

const PATIENTS: &str = "/api/v1/patients";
const STATS: &str = "/api/v1/patients/stats";

async fn stats(caller: &Caller, filter: &str) -> Value {
    caller.get(&format!("{STATS}?{filter}")).await.expect(200)
}

/// How many patients the list has.
async fn listed(caller: &Caller, filter: &str) -> i64 {
    let page = caller.get(&format!("{PATIENTS}?limit=1&include=total&{filter}")).await.expect(200);
    page["total"].as_i64().unwrap()
}

async fn register(staff: &Caller, patient: &Value) -> String {
    text(&staff.post(PATIENTS, patient).await.expect(201)["id"])
}

async fn fold(app: &TestApp) {
    while app.app.database.fold_patient_statistics().await.unwrap() > 0 {}
}

/// How many have a value of a ranking.
fn with(stats: &Value, ranking: &str, value: &str) -> i64 {
    let values = stats[ranking]["values"].as_array().unwrap();
    values.iter().find(|one| one["value"] == value).map_or(0, |one| one["patients"].as_i64().unwrap())
}

fn sum(counts: &Value) -> i64 {
    counts.as_array().unwrap().iter().map(|one| one["patients"].as_i64().unwrap()).sum()
}

both! {
    async fn pt4_totals_are_those_of_the_list_folded_or_not(app) {
        let staff = app.receptionist().await;
        for is_folded in [false, true] {
            if is_folded {
                fold(app).await;
            }
            for filter in ["", "stage=active", "sex=female", "age_min=30&age_max=50", "search=silva", "birth_month=5"] {
                let (said, expected) = (stats(&staff, filter).await, listed(&staff, filter).await);
                assert_eq!(said["patients"].as_i64(), Some(expected), "{filter}");
                for parts in ["stages", "sexes", "ages"] {
                    assert_eq!(sum(&said[parts]), expected, "{parts} of {filter}");
                }
            }
        }
        let all = stats(&staff, "").await;
        let sql = app.sql().await;
        let company = sql.id(&text(&app.admin().await.get("/api/v1/auth/me").await.expect(200)["company_id"]));
        for stage in all["stages"].as_array().unwrap() {
            let count = format!("SELECT count(*) FROM patient WHERE tenant_id = {company} AND stage = '{}'", text(&stage["stage"]));
            assert_eq!(stage["patients"].as_i64(), Some(sql.number(&count).await), "{stage}");
        }
        assert!(all["patients"].as_i64().unwrap() > 100);
    }

    async fn pt4_a_registration_counts_at_once_and_once(app) {
        let staff = app.receptionist().await;
        let before = stats(&staff, "").await;
        let patient = json!({
            "name": "Ana Contada", "birth_date": "1997-03-12", "sex": "other", "tags": ["Contada", "contada 2"],
            "addresses": [{ "city": "Cidade Única" }, { "city": "CIDADE UNICA" }],
            "health_plans": [{ "operator": "Plano Único", "plan": "Ouro" }]
        });
        let id = register(&staff, &patient).await;
        for _ in 0..2 {
            let after = stats(&staff, "").await;
            let grown = |path: &str| after.pointer(path).unwrap().as_i64().unwrap() - before.pointer(path).unwrap().as_i64().unwrap();
            assert_eq!((grown("/patients"), grown("/sexes/2/patients"), grown("/ages/2/patients")), (1, 1, 1));
            assert_eq!((grown("/new_per_month/11/patients"), grown("/birthdays_this_week/days/4/patients")), (1, 1));
            assert_eq!((with(&after, "cities", "Cidade Única"), with(&after, "health_plans", "Plano Único")), (1, 1));
            assert_eq!((with(&after, "tags", "Contada"), with(&after, "tags", "contada 2")), (1, 1));
            assert_eq!(stats(&staff, "city=cidade+unica").await["patients"], 1);
            fold(app).await;
        }
        let change = json!({ "addresses": [], "tags": ["CONTADA"], "stage": "inactive", "birth_date": null });
        staff.patch(&format!("{PATIENTS}/{id}"), "*", &change).await.expect(200);
        let after = stats(&staff, "").await;
        assert_eq!((with(&after, "cities", "Cidade Única"), with(&after, "tags", "CONTADA"), with(&after, "tags", "contada 2")), (0, 1, 0));
        assert_eq!(after["birthdays_this_week"], before["birthdays_this_week"]);
        assert_eq!(stats(&staff, "stage=inactive&tag=contada").await["patients"], 1);
    }

    async fn pt4_no_shows_are_counted_among_appointments_that_were_due(app) {
        let (staff, sql) = (app.receptionist().await, app.sql().await);
        let before = stats(&staff, "").await["attendance"].clone();
        let company = sql.id(&text(&app.admin().await.get("/api/v1/auth/me").await.expect(200)["company_id"]));
        let some = |status: &str, many: u8| format!(
            "UPDATE appointment SET status = '{status}' WHERE tenant_id = {company} AND id IN (SELECT id FROM appointment \
             WHERE tenant_id = {company} AND status IN ('booked', 'confirmed') ORDER BY id LIMIT {many})"
        );
        assert_eq!(sql.run(&some("completed", 6)).await, Ok(6));
        assert_eq!(sql.run(&some("no_show", 2)).await, Ok(2));
        for _ in 0..2 {
            let after = stats(&staff, "").await["attendance"].clone();
            let grown = |of: &str| after[of].as_i64().unwrap() - before[of].as_i64().unwrap();
            assert_eq!((grown("completed"), grown("no_shows")), (6, 2));
            let (completed, missed) = (after["completed"].as_f64().unwrap(), after["no_shows"].as_f64().unwrap());
            assert!((after["no_show_rate"].as_f64().unwrap() - missed / (completed + missed)).abs() < 1e-9);
            // The same, counted patient by patient.
            assert_eq!(stats(&staff, "created_between=2020-01-01T00:00:00Z,2030-01-01T00:00:00Z").await["attendance"], after);
            fold(app).await;
        }
    }

    async fn pt4_who_reaches_less_counts_less(app) {
        fold(app).await;
        let company = stats(&app.receptionist().await, "").await["patients"].as_i64().unwrap();
        for role in ["hairdresser", "caregiver", "patient"] {
            let caller = app.member(role).await;
            let said = stats(&caller, "").await;
            assert_eq!(said["patients"].as_i64(), Some(listed(&caller, "").await), "{role}");
            assert!(said["patients"].as_i64().unwrap() < company, "{role}");
            assert_eq!(said["tags"].is_null(), role != "hairdresser", "{role}");
        }
        for role in ["caregiver", "patient"] {
            let refused = app.member(role).await.get(&format!("{STATS}?tag=vip")).await;
            refused.refused(403, "patients.hidden_field");
        }
        assert_eq!(stats(&app.other_admin().await, "").await["patients"], 1);
    }

    async fn pt4_weeks_and_months_are_those_of_the_company(app) {
        // Half past ten in the evening of 28 February in São Paulo is 1 March in UTC.
        app.clock.set("2027-03-01T01:30:00Z".parse().unwrap());
        let staff = app.receptionist().await;
        let before = stats(&staff, "").await;
        register(&staff, &json!({ "name": "Fim de Mês" })).await;
        for _ in 0..2 {
            let after = stats(&staff, "").await;
            assert_eq!((&after["today"], &after["time_zone"]), (&json!("2027-02-28"), &json!("America/Sao_Paulo")));
            let february = |stats: &Value| stats["new_per_month"][11].clone();
            assert_eq!(february(&after)["month"], "2027-02");
            assert_eq!(february(&after)["patients"].as_i64(), february(&before)["patients"].as_i64().map(|n| n + 1));
            assert_eq!(after["birthdays_this_week"]["from"], "2027-02-22");
            fold(app).await;
        }
        app.clock.set("2027-03-10T12:00:00Z".parse().unwrap());
        let later = stats(&app.receptionist().await, "").await;
        assert_eq!(later["new_per_month"][10]["month"], "2027-02");
    }

    async fn pt3_ages_are_those_of_the_company_also_around_midnight(app) {
        // It is the evening of 28 February in São Paulo, and 1 March in UTC: the fortieth birthday of the second is tomorrow.
        app.clock.set("2027-03-01T01:30:00Z".parse().unwrap());
        let staff = app.receptionist().await;
        for (name, born) in [("Quarenta Hoje", "1987-02-28"), ("Quarenta Amanhã", "1987-03-01")] {
            register(&staff, &json!({ "name": name, "birth_date": born, "sex": "other", "tags": ["meianoite"] })).await;
        }
        for (ages, expected) in [("age_min=40", 1), ("age_max=39", 1), ("age_min=39&age_max=39", 1), ("age_min=41", 0)] {
            let filter = format!("tag=meianoite&{ages}");
            assert_eq!(stats(&staff, &filter).await["patients"], expected, "{ages}");
            assert_eq!(listed(&staff, &filter).await, expected, "{ages}");
            let lines = app.admin().await.get(&format!("{PATIENTS}/export?format=jsonl&{filter}")).await.text();
            assert_eq!(i64::try_from(lines.lines().count()), Ok(expected), "{ages}");
        }
        let (grown, all) = (stats(&staff, "age_min=40").await, stats(&staff, "").await);
        let bands = |stats: &Value, from: usize| sum(&json!(&stats["ages"].as_array().unwrap()[from..10]));
        assert_eq!(bands(&grown, 0), grown["patients"].as_i64().unwrap());
        assert_eq!((bands(&grown, 4), bands(&grown, 4)), (bands(&all, 4), bands(&grown, 0)));
    }

    async fn pt4_totals_hold_while_many_register(app) {
        let staff = app.receptionist().await;
        let before = stats(&staff, "").await["patients"].as_i64().unwrap();
        let send = |staff: Caller, number: usize| async move {
            if number % 4 == 3 {
                staff.get(STATS).await
            } else {
                let ask = json!({ "name": format!("Simultânea {number}"), "allow_duplicate": true });
                staff.post(PATIENTS, &ask).await
            }
        };
        let (answers, ()) = tokio::join!(at_once((0..16).map(|number| send(staff.clone(), number))), fold(app));
        for answer in answers.into_iter().filter(|answer| answer.status != 201) {
            let said = answer.expect(200);
            assert_eq!(sum(&said["stages"]), sum(&said["ages"]), "all of it is as of one moment");
        }
        assert_eq!(stats(&staff, "").await["patients"].as_i64(), Some(before + 12));
    }

    async fn pt4_an_unknown_filter_is_refused(app) {
        let staff = app.receptionist().await;
        staff.get(&format!("{STATS}?sort=name")).await.refused(422, "invalid");
        staff.get(&format!("{STATS}?age_min=9&age_max=2")).await.refused(422, "invalid");
    }
}
