//! Invitations: by mail alone, once, for 72 hours, and never the way into somebody's account (I1, I10).

use std::sync::Arc;

use chrono::Duration;
use identity::Identity;
use identity::model::callers::Callers;
use identity::model::live_keys::LiveKeys;
use identity::model::name::DisplayName;
use identity::model::password::{Password, PasswordAttempt, PasswordHash};
use identity::model::seen::Seen;
use identity::model::session::Secret;
use identity::ports::{HashingFailed, PasswordHasher};
use identity::usecase::accept_invitation::{AcceptInvitation, AcceptInvitationError, accept_invitation};
use kernel::{Origin, unheard};
use serde_json::{Value, json};

use crate::both;
use crate::support::{Answer, Caller, Sql, TestApp, at_once, text};

const INVITATIONS: &str = "/api/v1/invitations";
const ACCEPT: &str = "/api/v1/invitations/accept";
const PASSWORD: &str = "três tigres e um trigal";

async fn company_of(caller: &Caller) -> uuid::Uuid {
    text(&caller.get("/api/v1/auth/me").await.expect(200)["company_id"]).parse().unwrap()
}

/// Invites as this admin; the invitation and the token of its mail.
async fn invited(app: &TestApp, admin: &Caller, offer: Value) -> (Value, String) {
    let invitation = admin.post(INVITATIONS, &offer).await.expect(201);
    (invitation, app.mailed_token(company_of(admin).await).await)
}

fn offer(email: &str) -> Value {
    json!({ "email": email, "role": "nurse" })
}

async fn accept(caller: &Caller, token: &str) -> Answer {
    caller.post(ACCEPT, &json!({ "token": token, "name": "Nova Pessoa", "password": PASSWORD })).await
}

async fn founded(app: &TestApp, email: &str) -> Caller {
    let ask = json!({ "company_name": "Outra Casa", "name": "Fundadora", "email": email, "password": PASSWORD });
    let session = app.anonymous().post("/api/v1/auth/sign-up", &ask).await.expect(201);
    Caller { token: Some(text(&session["access_token"])), ..app.anonymous() }
}

/// Hashes like the application, and runs a statement meanwhile.
struct Meanwhile {
    hasher: Arc<dyn PasswordHasher>,
    sql: Sql,
    statement: String,
}

impl Meanwhile {
    async fn within(app: &TestApp, statement: String) -> Identity {
        let of = &app.app.identity;
        let hasher = of.passwords.clone();
        Identity {
            db: of.db.clone(),
            clock: of.clock.clone(),
            ids: of.ids.clone(),
            random: of.random.clone(),
            passwords: Arc::new(Self { hasher, sql: app.sql().await, statement }),
            openid: of.openid.clone(),
            return_origins: of.return_origins.clone(),
            keyring: of.keyring.clone(),
            issuer: of.issuer.clone(),
            keys: LiveKeys::default(),
            callers: Callers::default(),
            seen: Seen::default(),
        }
    }
}

#[async_trait::async_trait]
impl PasswordHasher for Meanwhile {
    async fn hash(&self, password: Password) -> Result<PasswordHash, HashingFailed> {
        assert_eq!(self.sql.run(&self.statement).await, Ok(1));
        self.hasher.hash(password).await
    }

    async fn verify(
        &self,
        attempt: PasswordAttempt,
        hash: PasswordHash,
    ) -> Result<(bool, PasswordAttempt), HashingFailed> {
        self.hasher.verify(attempt, hash).await
    }
}

both! {
    async fn i10_somebody_new_joins_by_the_mailed_link(app) {
        let admin = app.admin().await;
        let clinic = text(&admin.get("/api/v1/clinics").await.expect(200)["items"][0]["id"]);
        let offer = json!({ "email": "Nova@Example.com", "role": "nurse", "clinic_ids": [clinic, clinic] });
        let answer = admin.post(INVITATIONS, &offer).await;
        let (location, shown) = (answer.header("location").unwrap().to_owned(), answer.text());
        let invitation = answer.expect(201);
        assert_eq!(location, format!("{INVITATIONS}/{}", text(&invitation["id"])));
        assert_eq!((&invitation["email"], &invitation["clinic_ids"]), (&json!("nova@example.com"), &json!([clinic])));
        let token = app.mailed_token(company_of(&admin).await).await;
        let listed = admin.get(INVITATIONS).await.text();
        assert!(!shown.contains(&token) && !listed.contains(&token), "the token is in an answer");
        let user = accept(&app.anonymous(), &token).await.expect(201);
        assert_eq!((&user["role"], &user["company_name"], &user["email_verified"]), (&json!("nurse"), &json!("Clínica Aurora"), &json!(true)));
        let ask = json!({ "email": "nova@example.com", "password": PASSWORD });
        let session = app.anonymous().post("/api/v1/auth/sign-in", &ask).await.expect(200);
        assert_eq!((&session["user"]["id"], &session["user"]["clinics"][0]["id"]), (&user["id"], &json!(clinic)));
        let known = admin.get(&format!("{INVITATIONS}?status=accepted")).await.expect(200);
        assert_eq!((&known["items"][0]["user_id"], &known["items"][0]["id"]), (&user["id"], &invitation["id"]));
        assert_eq!(admin.get(&format!("{INVITATIONS}?status=pending")).await.expect(200)["items"], json!([]));
    }

    async fn i10_the_mail_says_who_invites_where_in_the_companys_language(app) {
        let admin = app.admin().await;
        admin.patch("/api/v1/settings", "*", &json!({ "locale": "fr" })).await.expect(200);
        let (_, token) = invited(app, &admin, offer("nova@example.com")).await;
        let company = kernel::ids::TenantId::from_uuid(company_of(&admin).await);
        let mails = app.app.database.caught_mails(company).await.unwrap();
        let mail = mails.last().unwrap();
        assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("nova@example.com", "Invitation de Clínica Aurora"));
        assert!(mail.text.contains(&format!("/accept-invitation#token={token}")), "{}", mail.text);
    }

    async fn i10_an_invitation_works_once(app) {
        let admin = app.admin().await;
        let (_, token) = invited(app, &admin, offer("nova@example.com")).await;
        accept(&app.anonymous(), &token).await.expect(201);
        let before = app.entries().await;
        accept(&app.anonymous(), &token).await.refused(422, "identity.link_invalid");
        let nova = app.signed_in("nova@example.com", PASSWORD).await;
        accept(&nova, &token).await.refused(422, "identity.link_invalid");
        for garbage in ["", "x", &"A".repeat(43), &"A".repeat(44)] {
            accept(&app.anonymous(), garbage).await.refused(422, "identity.link_invalid");
        }
        assert_eq!(app.entries().await, before + 1, "the sign-in alone");
    }

    async fn i10_accepted_many_times_at_once_it_is_accepted_once(app) {
        let admin = app.admin().await;
        let (_, token) = invited(app, &admin, offer("nova@example.com")).await;
        let asks = (0..5).map(|_| {
            let (caller, token) = (app.anonymous(), token.clone());
            async move { accept(&caller, &token).await }
        });
        let answers = at_once(asks).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1, "{answers:?}");
        assert!(answers.iter().all(|answer| [201, 401, 422].contains(&answer.status)), "{answers:?}");
        let joined = "SELECT count(*) FROM membership m JOIN account a ON a.id = m.account_id WHERE a.email = 'nova@example.com'";
        assert_eq!(app.sql().await.number(joined).await, 1);
    }

    async fn i10_an_invitation_stands_for_72_hours(app) {
        let admin = app.admin().await;
        let (_, early) = invited(app, &admin, offer("early@example.com")).await;
        let (_, late) = invited(app, &admin, offer("late@example.com")).await;
        app.clock.advance(Duration::hours(72) - Duration::seconds(1));
        accept(&app.anonymous(), &early).await.expect(201);
        app.clock.advance(Duration::seconds(1));
        accept(&app.anonymous(), &late).await.refused(422, "identity.link_invalid");
        let admin = app.admin().await;
        let expired = admin.get(&format!("{INVITATIONS}?status=expired")).await.expect(200);
        assert_eq!(expired["items"][0]["email"], "late@example.com");
        let (_, again) = invited(app, &admin, offer("late@example.com")).await;
        accept(&app.anonymous(), &again).await.expect(201);
    }

    async fn i10_an_invitation_is_taken_back_for_good(app) {
        let admin = app.admin().await;
        let (invitation, token) = invited(app, &admin, offer("nova@example.com")).await;
        let path = format!("{INVITATIONS}/{}", text(&invitation["id"]));
        app.other_admin().await.delete(&path).await.refused(404, "not_found");
        admin.delete(&path).await.expect(204);
        let entries = app.entries().await;
        admin.delete(&path).await.expect(204);
        accept(&app.anonymous(), &token).await.refused(422, "identity.link_invalid");
        assert_eq!(app.entries().await, entries);
        let (invitation, token) = invited(app, &admin, offer("nova@example.com")).await;
        accept(&app.anonymous(), &token).await.expect(201);
        admin.delete(&format!("{INVITATIONS}/{}", text(&invitation["id"]))).await.refused(409, "identity.invitation_accepted");
    }

    async fn i10_a_newer_invitation_takes_the_place_of_the_older(app) {
        let admin = app.admin().await;
        let (_, first) = invited(app, &admin, offer("nova@example.com")).await;
        let (_, second) = invited(app, &admin, json!({ "email": "nova@example.com", "role": "doctor" })).await;
        accept(&app.anonymous(), &first).await.refused(422, "identity.link_invalid");
        assert_eq!(accept(&app.anonymous(), &second).await.expect(201)["role"], "doctor");
    }

    async fn i10_of_invitations_side_by_side_one_is_open(app) {
        let admin = app.admin().await;
        let asks = (0..4).map(|_| {
            let admin = admin.clone();
            async move { admin.post(INVITATIONS, &offer("nova@example.com")).await }
        });
        let answers = at_once(asks).await;
        assert!(answers.iter().any(|answer| answer.status == 201), "{answers:?}");
        assert!(answers.iter().all(|answer| [201, 503].contains(&answer.status)), "{answers:?}");
        let open = admin.get(&format!("{INVITATIONS}?status=pending&include=total")).await.expect(200);
        assert_eq!(open["total"], 1);
    }

    async fn i10_who_has_an_account_accepts_signed_in_with_it(app) {
        let admin = app.admin().await;
        let owner = founded(app, "dona@casa.example").await;
        let (_, token) = invited(app, &admin, offer("dona@casa.example")).await;
        let before = app.entries().await;
        accept(&app.anonymous(), &token).await.refused(401, "sign_in_first");
        accept(&app.receptionist().await, &token).await.refused(401, "sign_in_first");
        accept(&app.other_admin().await, &token).await.refused(401, "sign_in_first");
        let mut stranger = app.anonymous();
        stranger.token = Some("not-a-token".to_owned());
        accept(&stranger, &token).await.refused(401, "unauthenticated");
        assert_eq!(app.entries().await, before + 2, "two sign-ins");
        let ask = json!({ "token": token, "password": "outra senha bem longa" });
        let user = owner.post(ACCEPT, &ask).await.expect(201);
        assert_eq!((&user["company_name"], &user["role"], &user["email_verified"]), (&json!("Clínica Aurora"), &json!("nurse"), &json!(true)));
        let ask = json!({ "email": "dona@casa.example", "password": PASSWORD, "company_id": user["company_id"] });
        let session = app.anonymous().post("/api/v1/auth/sign-in", &ask).await.expect(200);
        assert_eq!(session["companies"].as_array().unwrap().len(), 2);
        let wrong = json!({ "email": "dona@casa.example", "password": "outra senha bem longa" });
        app.anonymous().post("/api/v1/auth/sign-in", &wrong).await.refused(401, "identity.invalid_credentials");
    }

    async fn i10_who_is_signed_in_as_another_may_accept_for_a_new_address(app) {
        let admin = app.admin().await;
        let (_, token) = invited(app, &admin, offer("nova@example.com")).await;
        let user = accept(&app.other_admin().await, &token).await.expect(201);
        assert_eq!(user["email"], "nova@example.com");
    }

    async fn i10_somebody_new_needs_a_name_and_a_good_password(app) {
        let admin = app.admin().await;
        let (_, token) = invited(app, &admin, offer("nova@example.com")).await;
        let nobody = app.anonymous();
        let faults = nobody.post(ACCEPT, &json!({ "token": token })).await.faults();
        assert_eq!(faults, ["/name", "/password"].map(|pointer| (pointer.to_owned(), "required".to_owned())));
        let weak = json!({ "token": token, "name": "Nova", "password": "password1234" });
        assert_eq!(nobody.post(ACCEPT, &weak).await.faults()[0].0, "/password");
        let more = json!({ "token": token, "name": "Nova", "password": PASSWORD, "role": "admin", "company_id": "x", "email": "y" });
        let mut pointers: Vec<String> = nobody.post(ACCEPT, &more).await.faults().into_iter().map(|(pointer, _)| pointer).collect();
        pointers.sort();
        assert_eq!(pointers, ["/company_id", "/email", "/role"]);
        accept(&nobody, &token).await.expect(201);
    }

    async fn i1_who_has_not_verified_the_address_invites_nobody(app) {
        let owner = founded(app, "dona@casa.example").await;
        owner.post(INVITATIONS, &offer("nova@example.com")).await.refused(403, "identity.email_not_verified");
        let token = app.mailed_token(company_of(&owner).await).await;
        app.anonymous().post("/api/v1/auth/email/verify", &json!({ "token": token })).await.expect(204);
        owner.post(INVITATIONS, &offer("nova@example.com")).await.expect(201);
    }

    async fn a_member_is_not_invited_again(app) {
        let admin = app.admin().await;
        let before = app.entries().await;
        admin.post(INVITATIONS, &offer("Nurse@Aurora.example")).await.refused(409, "identity.already_member");
        let nurse = text(&app.member("nurse").await.get("/api/v1/auth/me").await.expect(200)["id"]);
        admin.post(&format!("/api/v1/users/{nurse}/deactivate"), &json!({})).await.expect(200);
        admin.post(INVITATIONS, &offer("nurse@aurora.example")).await.refused(409, "identity.already_member");
        assert_eq!(app.entries().await, before + 2, "a sign-in and the deactivation");
    }

    async fn i10_what_an_invitation_names_is_the_companys(app) {
        let (admin, other) = (app.admin().await, app.other_admin().await);
        let first = async |path: &str| text(&other.get(path).await.expect(200)["items"][0]["id"]);
        let mut ask = offer("nova@example.com");
        ask["clinic_ids"] = json!([first("/api/v1/clinics").await]);
        ask["practitioner_id"] = json!(first("/api/v1/practitioners").await);
        ask["patient_id"] = json!(first("/api/v1/patients").await);
        let faults = admin.post(INVITATIONS, &ask).await.faults();
        let expected = ["/clinic_ids/0", "/practitioner_id", "/patient_id"];
        assert_eq!(faults, expected.map(|pointer| (pointer.to_owned(), "unknown_reference".to_owned())));
        for (field, value) in [("role", json!("boss")), ("email", json!("x")), ("token", json!("x")), ("invited_by", json!("x")), ("clinic_ids", json!([]))] {
            let mut ask = offer("nova@example.com");
            ask[field] = value;
            assert_eq!(admin.post(INVITATIONS, &ask).await.faults()[0].0, format!("/{field}"));
        }
    }

    async fn i10_who_may_not_invite_any_more_has_invited_nobody(app) {
        let admin = app.admin().await;
        let supervisor = text(&app.member("supervisor").await.get("/api/v1/auth/me").await.expect(200)["id"]);
        let path = format!("/api/v1/users/{supervisor}");
        admin.patch(&path, "*", &json!({ "role": "admin" })).await.expect(200);
        let (_, token) = invited(app, &app.member("supervisor").await, json!({ "email": "cmplice@example.com", "role": "admin" })).await;
        admin.post(&format!("{path}/deactivate"), &json!({})).await.expect(200);
        accept(&app.anonymous(), &token).await.refused(422, "identity.link_invalid");
        admin.post(&format!("{path}/activate"), &json!({})).await.expect(200);
        admin.patch(&path, "*", &json!({ "role": "supervisor" })).await.expect(200);
        accept(&app.anonymous(), &token).await.refused(422, "identity.link_invalid");
    }

    async fn i10_who_may_not_invite_any_more_while_it_is_accepted_has_invited_nobody(app) {
        let admin = app.admin().await;
        let (invitation, token) = invited(app, &admin, offer("nova@example.com")).await;
        let end = format!("UPDATE membership SET status = 'inactive' WHERE id = {}", app.sql().await.id(&text(&invitation["invited_by"])));
        let env = Meanwhile::within(app, end).await;
        let ask = AcceptInvitation {
            secret: Secret::parse(&token).unwrap(),
            name: DisplayName::parse("Nova").ok(),
            password: Password::parse(PASSWORD.to_owned()).ok(),
            caller: None,
        };
        let refused = accept_invitation(&env, &Origin::default(), ask, unheard).await.unwrap_err();
        assert!(matches!(refused, AcceptInvitationError::Invalid), "{refused:?}");
        let joined = "SELECT count(*) FROM account WHERE email = 'nova@example.com'";
        assert_eq!(app.sql().await.number(joined).await, 0);
    }

    async fn i10_an_invitation_to_a_clinic_that_is_gone_is_not_valid_any_more(app) {
        let admin = app.admin().await;
        let ask = json!({ "name": "Sala Nova", "country": "BR", "time_zone": "America/Sao_Paulo", "locale": "pt-BR" });
        let clinic = text(&admin.post("/api/v1/clinics", &ask).await.expect(201)["id"]);
        let place = json!({ "email": "nova@example.com", "role": "nurse", "clinic_ids": [clinic] });
        let (_, token) = invited(app, &admin, place).await;
        let sql = app.sql().await;
        assert_eq!(sql.run(&format!("DELETE FROM clinic WHERE id = {}", sql.id(&clinic))).await, Ok(1));
        accept(&app.anonymous(), &token).await.refused(422, "identity.link_invalid");
    }

    async fn i11_the_address_of_an_invitation_is_sealed_with_the_account_that_has_it(app) {
        let (admin, sql) = (app.admin().await, app.sql().await);
        let keys = |email: &str| {
            format!("SELECT count(*) FROM data_key k JOIN account a ON a.id = k.subject_id WHERE a.email = '{email}'")
        };
        founded(app, "dona@casa.example").await;
        let before = sql.number(&keys("dona@casa.example")).await;
        invited(app, &admin, offer("dona@casa.example")).await;
        assert_eq!(sql.number(&keys("dona@casa.example")).await, before + 1);
        let (invitation, token) = invited(app, &admin, offer("nova@example.com")).await;
        let user = accept(&app.anonymous(), &token).await.expect(201);
        assert_eq!(user["account_id"], invitation["id"]);
        assert_eq!(sql.number(&keys("nova@example.com")).await, 1);
    }

    async fn i10_no_invitation_names_what_another_company_has(app) {
        let (admin, sql) = (app.admin().await, app.sql().await);
        let (invitation, _) = invited(app, &admin, offer("nova@example.com")).await;
        let other = app.other_admin().await;
        for (column, list) in [("practitioner_id", "/api/v1/practitioners"), ("patient_id", "/api/v1/patients")] {
            let theirs = text(&other.get(list).await.expect(200)["items"][0]["id"]);
            let ours = text(&admin.get(list).await.expect(200)["items"][0]["id"]);
            let naming = |id: &str| {
                let (row, id) = (sql.id(&text(&invitation["id"])), sql.id(id));
                format!("UPDATE invitation SET {column} = {id} WHERE id = {row}")
            };
            assert!(sql.run(&naming(&theirs)).await.is_err(), "{column}");
            assert_eq!(sql.run(&naming(&ours)).await, Ok(1), "{column}");
        }
    }

    async fn i10_invitations_of_another_company_are_not_there(app) {
        let (admin, other) = (app.admin().await, app.other_admin().await);
        let (invitation, token) = invited(app, &other, offer("nova@example.com")).await;
        admin.delete(&format!("{INVITATIONS}/{}", text(&invitation["id"]))).await.refused(404, "not_found");
        assert_eq!(admin.get(INVITATIONS).await.expect(200)["items"], json!([]));
        let user = accept(&app.anonymous(), &token).await.expect(201);
        assert_ne!(user["company_id"], json!(company_of(&admin).await.to_string()));
        let found = admin.get("/api/v1/users?email=nova%40example.com").await.expect(200);
        assert_eq!(found["items"], json!([]));
    }
}
