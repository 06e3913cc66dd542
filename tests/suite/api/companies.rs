//! One account in several companies: signing in, founding, switching; nothing of one shows in the other (I1, I6).

use identity::model::email::Email;
use identity::model::membership::Credentials;
use identity::model::name::DisplayName;
use identity::model::password::Password;
use identity::model::place::Locale;
use identity::model::role::Role;
use identity::permission::UsersManage;
use identity::usecase::enrol_member::{EnrolMember, enrol_member};
use kernel::ids::TenantId;
use kernel::{Clock as _, Origin, Permit, unheard};
use serde_json::{Value, json};

use crate::both;
use crate::support::{Answer, Authenticator, Caller, MARKER, TestApp, text};

const ME: &str = "/api/v1/auth/me";
const EMAIL: &str = "doctor@aurora.example";
const PASSWORD: &str = api::demo::PASSWORD;

fn bearer(app: &TestApp, session: &Value) -> Caller {
    Caller { token: Some(text(&session["access_token"])), ..app.anonymous() }
}

async fn sign_in(app: &TestApp, company: Option<&str>) -> Answer {
    let ask = json!({ "email": EMAIL, "password": PASSWORD, "company_id": company });
    app.anonymous().post("/api/v1/auth/sign-in", &ask).await
}

async fn switch(caller: &Caller, company: &str) -> Answer {
    caller.post("/api/v1/auth/switch-company", &json!({ "company_id": company })).await
}

async fn company_of(caller: &Caller) -> String {
    text(&caller.get(ME).await.expect(200)["company_id"])
}

/// Makes the doctor of Clínica Aurora a doctor of the other company too; both companies.
async fn in_two_companies(app: &TestApp) -> (String, String) {
    let (one, other) = (company_of(&app.admin().await).await, company_of(&app.other_admin().await).await);
    let tenant = TenantId::from_uuid(other.parse().unwrap());
    let permit = Permit::<UsersManage>::system(tenant, "test", Origin::default());
    let ask = EnrolMember {
        email: Email::parse(EMAIL).unwrap(),
        name: DisplayName::parse(&format!("Dr. {MARKER}")).unwrap(),
        password: Password::parse("another password of another company".to_owned()).unwrap(),
        locale: Locale::PtBr,
        role: Role::Receptionist,
        practitioner: None,
        patient: None,
        clinics: Vec::new(),
        credentials: Credentials::default(),
    };
    let _ = enrol_member(&app.app.identity, &permit, ask, unheard).await.unwrap();
    (one, other)
}

/// What somebody sees of a company, in one text.
async fn sight(caller: &Caller) -> String {
    let mut seen = String::new();
    for path in [
        ME,
        "/api/v1/auth/sessions",
        "/api/v1/clinics",
        "/api/v1/patients?limit=200",
        "/api/v1/practitioners",
        "/api/v1/services",
    ] {
        seen.push_str(&caller.get(path).await.expect(200).to_string());
    }
    seen
}

both! {
    async fn i1_one_doctor_in_two_companies_signs_in_chooses_and_switches(app) {
        let (one, other) = in_two_companies(app).await;
        let refused = sign_in(app, None).await.refused(422, "identity.company_required");
        let told: Vec<String> = refused["companies"].as_array().unwrap().iter().map(|company| text(&company["id"])).collect();
        assert_eq!(told, [one.clone(), other.clone()]);
        let here = sign_in(app, Some(&one)).await.expect(200);
        assert_eq!(here["companies"].as_array().unwrap().len(), 2);
        let caller = bearer(app, &here);
        assert!(!sight(&caller).await.contains(MARKER), "the other company shows in this one");
        let patient = text(&caller.get("/api/v1/patients?limit=1").await.expect(200)["items"][0]["id"]);

        let there = switch(&caller, &other).await.expect(200);
        let user = &there["user"];
        assert_eq!((text(&user["company_id"]), text(&user["role"])), (other.clone(), "receptionist".to_owned()));
        let elsewhere = bearer(app, &there);
        let seen = sight(&elsewhere).await;
        assert!(seen.contains(MARKER) && !seen.contains("Aurora\""), "this company shows in the other");
        assert_eq!(elsewhere.get("/api/v1/auth/sessions").await.expect(200)["items"].as_array().unwrap().len(), 1);
        elsewhere.get(&format!("/api/v1/patients/{patient}")).await.refused(404, "not_found");

        // The session has changed: what it was before is over.
        caller.get(ME).await.refused(401, "unauthenticated");
        let token = json!({ "refresh_token": here["refresh_token"] });
        app.anonymous().post("/api/v1/auth/refresh", &token).await.refused(401, "identity.refresh_token_invalid");
        let renewed = json!({ "refresh_token": there["refresh_token"] });
        let renewed = app.anonymous().post("/api/v1/auth/refresh", &renewed).await.expect(200);
        assert_eq!(text(&renewed["user"]["company_id"]), other);
        let back = switch(&bearer(app, &renewed), &one).await.expect(200);
        assert_eq!(company_of(&bearer(app, &back)).await, one);
    }

    async fn i11_a_failed_sign_in_stands_in_the_journal_of_the_company_it_was_for(app) {
        let (one, other) = in_two_companies(app).await;
        let sql = app.sql().await;
        let told = async |company: &str| {
            let of = "SELECT count(*) FROM journal_entry WHERE system_reason IN ('failed sign-in', 'wrong second factor')";
            sql.number(&format!("{of} AND tenant_id = {}", sql.id(company))).await
        };
        let wrong = async |company: Option<&str>| {
            let ask = json!({ "email": EMAIL, "password": "not the password", "company_id": company });
            app.anonymous().post("/api/v1/auth/sign-in", &ask).await.refused(401, "identity.invalid_credentials");
        };
        wrong(Some(&other)).await;
        assert_eq!((told(&one).await, told(&other).await), (0, 1));
        wrong(Some(&one)).await;
        wrong(None).await;
        assert_eq!((told(&one).await, told(&other).await), (2, 1));

        let here = bearer(app, &sign_in(app, Some(&one)).await.expect(200));
        let (phone, _) = Authenticator::enrolled(&here, app.clock.now()).await;
        let ask = json!({ "email": EMAIL, "password": PASSWORD, "company_id": other, "totp_code": phone.wrong(app.clock.now()) });
        app.anonymous().post("/api/v1/auth/sign-in", &ask).await.refused(401, "identity.totp_code_wrong");
        assert_eq!((told(&one).await, told(&other).await), (2, 2));

        let of = format!("account_id = (SELECT id FROM account WHERE email = '{EMAIL}')");
        let leave = async |company: &str| {
            let left = format!("UPDATE membership SET status = 'inactive' WHERE {of} AND tenant_id = {}", sql.id(company));
            assert_eq!(sql.run(&left).await, Ok(1));
        };
        leave(&one).await;
        wrong(None).await;
        assert_eq!((told(&one).await, told(&other).await), (2, 3));
        leave(&other).await;
        wrong(None).await;
        assert_eq!((told(&one).await, told(&other).await), (2, 3));
    }

    async fn i11_each_company_reads_of_its_own_side_of_a_switch_alone(app) {
        let (one, other) = in_two_companies(app).await;
        let here = sign_in(app, Some(&one)).await.expect(200);
        let sql = app.sql().await;
        let acts = |company: &str| {
            format!("SELECT count(*) FROM journal_entry WHERE act = 'auth:switch_company' AND tenant_id = {}", sql.id(company))
        };
        switch(&bearer(app, &here), &other).await.expect(200);
        assert_eq!((sql.number(&acts(&one)).await, sql.number(&acts(&other)).await), (1, 1));
        let ended = "SELECT count(*) FROM session WHERE ending = 'switched'";
        assert_eq!(sql.number(ended).await, 1);
    }

    async fn i6_a_changed_password_ends_the_sessions_of_every_company(app) {
        let (one, other) = in_two_companies(app).await;
        let (here, there) = (sign_in(app, Some(&one)).await.expect(200), sign_in(app, Some(&other)).await.expect(200));
        bearer(app, &there).get(ME).await.expect(200);
        let before = app.entries().await;
        let ask = json!({ "current_password": PASSWORD, "new_password": "quatro tigres e um trigal" });
        bearer(app, &here).post("/api/v1/auth/password/change", &ask).await.expect(204);
        bearer(app, &there).get(ME).await.refused(401, "unauthenticated");
        bearer(app, &here).get(ME).await.expect(200);
        assert_eq!(app.entries().await, before + 2, "one entry for each company that it touched");
        let sql = app.sql().await;
        let told = format!("SELECT count(*) FROM journal_entry WHERE act = 'auth:end_sessions' AND tenant_id = {}", sql.id(&other));
        assert_eq!(sql.number(&told).await, 1);
    }

    async fn i1_one_may_not_switch_to_where_one_has_no_place(app) {
        let (one, other) = in_two_companies(app).await;
        let session = sign_in(app, Some(&one)).await.expect(200);
        let caller = bearer(app, &session);
        let before = app.entries().await;
        let stranger = app.member("nurse").await;
        for unknown in [other.as_str(), "01920000-0000-7000-8000-000000000004"] {
            let faults = switch(&stranger, unknown).await.faults();
            assert_eq!(faults, [("/company_id".to_owned(), "unknown_reference".to_owned())]);
        }
        let inactive = format!(
            "UPDATE membership SET status = 'inactive' WHERE tenant_id = {} AND role = 'receptionist'",
            app.sql().await.id(&other)
        );
        app.sql().await.run(&inactive).await.unwrap();
        switch(&caller, &other).await.refused(403, "identity.not_a_member");
        caller.get(ME).await.expect(200);
        assert_eq!(app.entries().await, before + 1, "the nurse's sign-in alone");
    }

    async fn i7_a_companys_policy_is_checked_on_the_way_in(app) {
        let (one, other) = in_two_companies(app).await;
        let session = sign_in(app, Some(&one)).await.expect(200);
        let policy = json!({ "totp_required_roles": ["receptionist"] });
        app.other_admin().await.patch("/api/v1/settings", "*", &policy).await.expect(200);
        let there = bearer(app, &switch(&bearer(app, &session), &other).await.expect(200));
        let held = there.get("/api/v1/patients").await;
        assert_eq!(held.status, 403, "{}", held.text());
        there.get(ME).await.expect(200);
        // The way back is open: nothing is asked of doctors there.
        let back = switch(&there, &one).await.expect(200);
        bearer(app, &back).get("/api/v1/patients").await.expect(200);
    }

    async fn i1_an_account_founds_a_further_company(app) {
        let doctor = app.member("doctor").await;
        let one = company_of(&doctor).await;
        let sql = app.sql().await;
        let entries = |company: &str| format!("SELECT count(*) FROM journal_entry WHERE tenant_id = {}", sql.id(company));
        let (here, before) = (sql.number(&entries(&one)).await, app.entries().await);
        let ask = json!({ "company_name": "Cabinet Souza", "country": "FR" });
        let founded = doctor.post("/api/v1/companies", &ask).await;
        assert_eq!(founded.header("location"), Some("/api/v1/company"));
        let founded = founded.expect(201);
        assert_eq!((&founded["name"], &founded["role"], &founded["active"]), (&json!("Cabinet Souza"), &json!("admin"), &json!(true)));
        assert_eq!((sql.number(&entries(&one)).await, app.entries().await), (here, before + 1), "one's employer reads nothing of it");
        let there = switch(&doctor, &text(&founded["id"])).await.expect(200);
        let (user, admin) = (&there["user"], bearer(app, &there));
        assert_eq!((&user["role"], &user["permissions"]["company"]["manage"]), (&json!("admin"), &json!(true)));
        let clinics = admin.get("/api/v1/clinics").await.expect(200);
        assert_eq!((clinics["items"].as_array().unwrap().len(), &clinics["items"][0]["time_zone"]), (1, &json!("Europe/Paris")));
        assert_eq!(admin.get("/api/v1/patients").await.expect(200)["items"], json!([]));
        let events = format!("SELECT count(*) FROM event WHERE kind = 'identity.company_founded' AND tenant_id = {}", sql.id(&text(&founded["id"])));
        assert_eq!(sql.number(&events).await, 1);
    }
}
