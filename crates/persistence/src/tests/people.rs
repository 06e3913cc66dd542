//! Identity's use cases on a database: sign-up to sign-out, the theft alarm, back-off, and what each leaves behind.

use std::net::IpAddr;
use std::sync::Mutex;

use async_trait::async_trait;
use chrono::Duration;
use identity::Identity;
use identity::model::access_token::Issuer;
use identity::model::clinic::ClinicRegister;
use identity::model::email::Email;
use identity::model::membership::{Credentials, Membership};
use identity::model::name::{DisplayName, PlaceName};
use identity::model::oidc::{Handshake, Person, Provider};
use identity::model::password::{Password, PasswordAttempt, PasswordHash};
use identity::model::place::{Country, Locale, TimeZone};
use identity::model::role::Role;
use identity::model::session::Secret;
use identity::permission::{self, CompanyManage, CompanyRead, UsersManage};
use identity::ports::{HashingFailed, IdentityDb, OpenId, OpenIdFailed, PasswordHasher, Randomness};
use identity::usecase::add_clinic::{AddClinic, add_clinic};
use identity::usecase::authenticate::{AuthenticateError, authenticate};
use identity::usecase::enrol_member::{EnrolError, EnrolMember, enrol_member};
use identity::usecase::list_clinics::list_clinics;
use identity::usecase::me::me;
use identity::usecase::refresh::{RefreshError, refresh};
use identity::usecase::send_mail::SendMail;
use identity::usecase::sign_in::{SignIn, SignInError, sign_in};
use identity::usecase::sign_out::sign_out;
use identity::usecase::sign_up::{AddressProof, Founder, SignUp, SignUpError, sign_up};
use identity::usecase::signed_in::SignedIn;
use identity::usecase::signing_keys;
use identity::usecase::verify_email::{VerifyEmailError, verify_email};
use kernel::jobs::{JobHandler, JobQueue};
use kernel::{Clock, PageAsk, Reach, Refusal, Session, unheard};
use zeroize::Zeroizing;

use super::*;

mod late;

const RIGHT: &str = "três tigres tristes";
const TODAY: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

/// Fast, and it keeps what it was asked to compare with.
#[derive(Default)]
struct PlainHasher(Mutex<Vec<String>>);

#[async_trait]
impl PasswordHasher for PlainHasher {
    async fn hash(&self, password: Password) -> Result<PasswordHash, HashingFailed> {
        Ok(PasswordHash::from_stored(format!("{TODAY}{}", password.expose())))
    }

    async fn verify(
        &self,
        attempt: PasswordAttempt,
        hash: PasswordHash,
    ) -> Result<(bool, PasswordAttempt), HashingFailed> {
        self.0.lock().unwrap().push(hash.as_str().to_owned());
        Ok((hash.as_str().rsplit('$').next() == Some(attempt.expose()), attempt))
    }
}

struct Bytes;

impl Randomness for Bytes {
    #[expect(clippy::disallowed_methods, reason = "a test may be random")]
    fn secret(&self) -> Zeroizing<[u8; 32]> {
        let (a, b) = (Uuid::new_v4(), Uuid::new_v4());
        Zeroizing::new([*a.as_bytes(), *b.as_bytes()].concat().try_into().unwrap())
    }
}

struct NoProvider;

#[async_trait]
impl OpenId for NoProvider {
    fn providers(&self) -> Vec<Provider> {
        Vec::new()
    }

    async fn address(&self, _: Provider, _: &Handshake) -> Result<String, OpenIdFailed> {
        Err(OpenIdFailed::Unavailable)
    }

    async fn person(&self, _: Provider, _: &str, _: &Handshake) -> Result<Person, OpenIdFailed> {
        Err(OpenIdFailed::Unavailable)
    }
}

struct World {
    own: Own,
    env: Identity,
    hasher: Arc<PlainHasher>,
}

impl World {
    async fn new() -> Self {
        let own = Own::new().await;
        let hasher = Arc::new(PlainHasher::default());
        let env = env(&own, hasher.clone());
        signing_keys::ready(&env).await.unwrap();
        Self { own, env, hasher }
    }

    async fn founded(email: &str) -> (Self, SignedIn) {
        let world = Self::new().await;
        let founder = sign_up(&world.env, &origin(), founding(email), unheard).await.unwrap().into_value();
        (world, founder)
    }

    async fn sign_in(&self, email: &str, password: &str) -> Result<SignedIn, SignInError> {
        let ask = SignIn {
            email: address(email),
            password: PasswordAttempt::new(password.to_owned()),
            company: None,
            code: None,
        };
        sign_in(&self.env, &origin(), ask, unheard).await.map(Committed::into_value)
    }

    async fn refresh(&self, token: &Secret) -> Result<SignedIn, RefreshError> {
        refresh(&self.env, &origin(), token, unheard).await.map(Committed::into_value)
    }

    async fn enrol(&self, of: &SignedIn, email: &str, role: Role) -> Result<Membership, EnrolError> {
        let permit = Permit::<UsersManage>::system(of.profile.company.id, "test", origin());
        enrol_member(&self.env, &permit, enrolment(email, role), unheard).await.map(Committed::into_value)
    }

    async fn session(&self, of: &SignedIn) -> Session {
        Session::new(authenticate(&self.env, of.access_token.expose()).await.unwrap(), origin())
    }

    async fn entries(&self, act: &str) -> i64 {
        number(&self.own.db, &format!("SELECT count(*) FROM journal_entry WHERE act = '{act}'")).await
    }

    fn advance(&self, step: Duration) {
        self.own.clock.advance(step);
    }
}

fn env(own: &Own, hasher: Arc<PlainHasher>) -> Identity {
    Identity {
        db: Arc::new(own.db.clone()),
        clock: own.clock.clone(),
        ids: Arc::new(SystemIds),
        random: Arc::new(Bytes),
        passwords: hasher,
        openid: Arc::new(NoProvider),
        return_origins: Vec::new(),
        keyring: Arc::new(own.db.keys().clone()),
        issuer: Issuer { iss: "https://clinic.example".to_owned(), aud: "salus".to_owned() },
        keys: identity::model::live_keys::LiveKeys::default(),
        callers: identity::model::callers::Callers::default(),
        seen: identity::model::seen::Seen::default(),
    }
}

fn origin() -> Origin {
    Origin { ip: Some(IpAddr::from([192, 0, 2, 7])), user_agent: Some("test".to_owned()), request_id: None }
}

fn address(text: &str) -> Email {
    Email::parse(text).unwrap()
}

fn founding(email: &str) -> SignUp {
    let founder = Founder {
        company_name: PlaceName::parse("Clínica Aurora").unwrap(),
        name: DisplayName::parse("Ana Souza").unwrap(),
        email: address(email),
        country: Country::BRAZIL,
        time_zone: Country::BRAZIL.usual_time_zone(),
        locale: Locale::PtBr,
        proof: AddressProof::ByMail,
    };
    SignUp { founder, password: Password::parse(RIGHT.to_owned()).unwrap() }
}

fn enrolment(email: &str, role: Role) -> EnrolMember {
    EnrolMember {
        email: address(email),
        name: DisplayName::parse("Rita").unwrap(),
        password: Password::parse(RIGHT.to_owned()).unwrap(),
        locale: Locale::PtBr,
        role,
        practitioner: None,
        patient: None,
        clinics: Vec::new(),
        credentials: Credentials::default(),
    }
}

#[tokio::test]
async fn i1_sign_up_makes_company_clinic_and_admin_at_once() {
    let (world, founder) = World::founded("ana@aurora.example").await;
    let profile = &founder.profile;
    assert_eq!(profile.membership.role, Role::Admin);
    assert_eq!(profile.clinics.len(), 1);
    assert_eq!(profile.clinics[0].time_zone.as_str(), "America/Sao_Paulo");
    assert_eq!(profile.account.email_verified_at, None);
    for table in ["company", "clinic", "account", "membership", "session", "refresh_token", "signed_token", "job"] {
        assert_eq!(number(&world.own.db, &format!("SELECT count(*) FROM {table}")).await, 1, "{table}");
    }
    assert_eq!(number(&world.own.db, "SELECT count(*) FROM journal_entry").await, 1);
    assert_eq!(number(&world.own.db, "SELECT count(*) FROM event WHERE kind = 'identity.company_founded'").await, 1);
    let own = world.session(&founder).await.own_permit().unwrap();
    assert_eq!(&me(&world.env, &own, None).await.unwrap().profile, profile);
}

#[tokio::test]
async fn i1_a_taken_address_is_told_and_nothing_is_left_behind() {
    let (world, _) = World::founded("ana@aurora.example").await;
    let again = sign_up(&world.env, &origin(), founding("ANA@aurora.example"), unheard).await;
    let error = again.unwrap_err();
    assert!(matches!(error, SignUpError::EmailTaken), "{error:?}");
    assert_eq!(error.code(), "email_taken");
    assert_eq!(number(&world.own.db, "SELECT count(*) FROM company").await, 1);
    assert_eq!(number(&world.own.db, "SELECT count(*) FROM journal_entry").await, 1);
}

#[tokio::test]
async fn i1_the_mailed_link_verifies_the_address_once() {
    let (world, founder) = World::founded("ana@aurora.example").await;
    let mailer: Arc<Database> = Arc::new(world.own.db.clone());
    let handler = SendMail { mailer, app_url: "https://clinic.example".to_owned() };
    let jobs = world.own.db.lease("worker", 10).await.unwrap();
    handler.run(&jobs[0]).await.unwrap();
    handler.run(&jobs[0]).await.unwrap();
    let mails = world.own.db.caught_mails(founder.profile.company.id).await.unwrap();
    assert_eq!(mails.len(), 1, "a job that runs twice sends once");
    assert_eq!(mails[0].to, "ana@aurora.example");
    let token = mails[0].text.split("token=").nth(1).unwrap().split_whitespace().next().unwrap();
    let secret = Secret::parse(token).unwrap();
    let _ = verify_email(&world.env, &origin(), &secret, unheard).await.unwrap();
    let again = verify_email(&world.env, &origin(), &secret, unheard).await;
    assert!(matches!(again, Err(VerifyEmailError::Invalid)));
    let view = world.own.db.view_across_tenants("test").await.unwrap();
    let account = view.account_by_email(&address("ana@aurora.example")).await.unwrap().unwrap();
    assert_eq!(account.email_verified_at, Some(noon()));
    assert_eq!(world.entries("auth:verify_email").await, 1);
}

#[tokio::test]
async fn i2_unknown_address_and_wrong_password_answer_alike_after_the_same_work() {
    let (world, _) = World::founded("ana@aurora.example").await;
    let wrong = world.sign_in("ana@aurora.example", "errada").await.unwrap_err();
    let unknown = world.sign_in("bia@aurora.example", "errada").await.unwrap_err();
    assert_eq!((wrong.kind(), wrong.code(), wrong.details()), (unknown.kind(), unknown.code(), unknown.details()));
    assert_eq!(wrong.code(), "identity.invalid_credentials");
    let compared = world.hasher.0.lock().unwrap().clone();
    assert_eq!(compared, [format!("{TODAY}{RIGHT}"), PasswordHash::of_nobody().as_str().to_owned()]);
    assert_eq!(number(&world.own.db, "SELECT count(*) FROM sign_in_failure").await, 3);
    assert_eq!(world.entries("auth:sign_in_failed").await, 1, "nobody has no journal");
}

#[tokio::test]
async fn i2_a_locked_account_is_told_only_after_the_right_password() {
    let (world, _) = World::founded("ana@aurora.example").await;
    for _ in 0..6 {
        let refused = world.sign_in("ana@aurora.example", "errada").await.unwrap_err();
        assert_eq!(refused.code(), "identity.invalid_credentials");
    }
    let locked = world.sign_in("ana@aurora.example", RIGHT).await.unwrap_err();
    assert!(matches!(locked, SignInError::AccountLocked { retry_after: 3 }), "{locked:?}");
    world.advance(Duration::seconds(3));
    world.sign_in("ana@aurora.example", RIGHT).await.unwrap();
    world.sign_in("ana@aurora.example", "errada").await.unwrap_err();
    world.sign_in("ana@aurora.example", RIGHT).await.expect("a success forgets the failures before it");
}

#[tokio::test]
async fn i2_a_network_is_held_off_before_any_hashing() {
    let (world, _) = World::founded("ana@aurora.example").await;
    for n in 0..50 {
        world.sign_in(&format!("nobody{n}@aurora.example"), "errada").await.unwrap_err();
    }
    let refused = world.sign_in("ana@aurora.example", RIGHT).await.unwrap_err();
    assert_eq!(refused.code(), "identity.network_locked");
    assert_eq!(world.hasher.0.lock().unwrap().len(), 50);
}

#[tokio::test]
async fn i2_an_outdated_hash_is_renewed_on_sign_in() {
    let (world, _) = World::founded("ana@aurora.example").await;
    let older = format!("$argon2id$v=19$m=4096,t=3,p=1${RIGHT}");
    world.own.tamper(&format!("UPDATE account SET password_hash = '{older}'")).await;
    world.sign_in("ana@aurora.example", RIGHT).await.unwrap();
    let view = world.own.db.view_across_tenants("test").await.unwrap();
    let account = view.account_by_email(&address("ana@aurora.example")).await.unwrap().unwrap();
    assert!(!account.password.unwrap().is_outdated());
}

#[tokio::test]
async fn i4_each_use_rotates_and_a_late_reuse_ends_the_family() {
    let (world, founder) = World::founded("ana@aurora.example").await;
    let second = world.refresh(&founder.refresh_token).await.unwrap();
    assert_ne!(second.refresh_token, founder.refresh_token);
    world.advance(Duration::seconds(10));
    let third = world.refresh(&second.refresh_token).await.unwrap();
    let alarm = world.refresh(&founder.refresh_token).await.unwrap_err();
    assert_eq!(alarm.code(), "identity.refresh_token_reused");
    let over = world.refresh(&third.refresh_token).await.unwrap_err();
    assert_eq!(over.code(), "identity.refresh_token_invalid");
    assert_eq!((world.entries("auth:refresh").await, world.entries("auth:refresh_reused").await), (2, 1));
    let caller = authenticate(&world.env, founder.access_token.expose()).await;
    assert!(matches!(caller, Err(AuthenticateError::Over)), "{caller:?}");
}

#[tokio::test]
async fn i4_two_refreshes_side_by_side_get_the_same_successor() {
    let (world, founder) = World::founded("ana@aurora.example").await;
    let (one, two) = tokio::join!(world.refresh(&founder.refresh_token), world.refresh(&founder.refresh_token));
    assert_eq!(one.unwrap().refresh_token, two.unwrap().refresh_token);
    world.advance(Duration::seconds(9));
    let three = world.refresh(&founder.refresh_token).await.unwrap();
    assert_eq!(world.entries("auth:refresh").await, 1);
    world.advance(Duration::seconds(1));
    world.refresh(&three.refresh_token).await.unwrap();
    world.own.db.forget_spent_secrets().await.unwrap();
    assert_eq!(number(&world.own.db, "SELECT count(*) FROM refresh_token WHERE successor IS NOT NULL").await, 1);
}

#[tokio::test]
async fn i4_a_sealed_successor_is_kept_for_the_grace_alone() {
    let (world, founder) = World::founded("ana@aurora.example").await;
    world.refresh(&founder.refresh_token).await.unwrap();
    world.sign_in("ana@aurora.example", "errada").await.unwrap_err();
    world.advance(Duration::seconds(9));
    assert_eq!(world.own.db.forget_spent_secrets().await.unwrap(), 0);
    world.refresh(&founder.refresh_token).await.unwrap();
    world.advance(Duration::seconds(1));
    assert_eq!(world.own.db.forget_spent_secrets().await.unwrap(), 1);
    world.advance(Duration::hours(1));
    assert_eq!(world.own.db.forget_spent_secrets().await.unwrap(), 2, "the account's failure and the network's");
    assert_eq!(world.refresh(&founder.refresh_token).await.unwrap_err().code(), "identity.refresh_token_reused");
}

#[tokio::test]
async fn i4_an_unknown_token_is_refused() {
    let (world, _) = World::founded("ana@aurora.example").await;
    let refused = world.refresh(&Secret::new([9; 32])).await.unwrap_err();
    assert_eq!(refused.code(), "identity.refresh_token_invalid");
}

#[tokio::test]
async fn i6_sign_out_really_ends_the_session_and_nothing_else() {
    let (world, founder) = World::founded("ana@aurora.example").await;
    let other = world.sign_in("ana@aurora.example", RIGHT).await.unwrap();
    let session = world.session(&founder).await;
    let _ = sign_out(&world.env, &session.own_permit().unwrap(), unheard).await.unwrap();
    let _ = sign_out(&world.env, &session.own_permit().unwrap(), unheard).await.unwrap();
    assert!(matches!(authenticate(&world.env, founder.access_token.expose()).await, Err(AuthenticateError::Over)));
    assert!(world.refresh(&founder.refresh_token).await.is_err());
    assert!(authenticate(&world.env, other.access_token.expose()).await.is_ok());
    assert_eq!(world.entries("auth:sign_out").await, 1, "the second had no effect");
}

#[tokio::test]
async fn i6_a_role_change_or_deactivation_applies_within_a_minute() {
    let (world, founder) = World::founded("ana@aurora.example").await;
    world.enrol(&founder, "rita@aurora.example", Role::Receptionist).await.unwrap();
    let rita = world.sign_in("rita@aurora.example", RIGHT).await.unwrap();
    assert_eq!(world.session(&rita).await.principal().role, "receptionist");
    world.own.tamper("UPDATE membership SET role = 'analyst' WHERE role = 'receptionist'").await;
    world.advance(Duration::seconds(60));
    let session = world.session(&rita).await;
    assert_eq!(session.principal().grants.reach("patients:read"), None);
    world.own.tamper("UPDATE membership SET status = 'inactive' WHERE role = 'analyst'").await;
    world.advance(Duration::seconds(60));
    assert!(matches!(authenticate(&world.env, rita.access_token.expose()).await, Err(AuthenticateError::Over)));
    assert!(world.refresh(&rita.refresh_token).await.is_err());
    assert_eq!(world.sign_in("rita@aurora.example", RIGHT).await.unwrap_err().code(), "identity.not_a_member");
}

#[tokio::test]
async fn i3_a_token_of_another_node_is_known_although_its_key_is_new() {
    let (world, _) = World::founded("ana@aurora.example").await;
    let other = env(&world.own, Arc::new(PlainHasher::default()));
    world.advance(Duration::days(91));
    signing_keys::ready(&other).await.unwrap();
    world.advance(Duration::seconds(60)); // from then on it signs
    let ask = SignIn {
        email: address("ana@aurora.example"),
        password: PasswordAttempt::new(RIGHT.to_owned()),
        company: None,
        code: None,
    };
    let there = sign_in(&other, &origin(), ask, unheard).await.unwrap().into_value();
    // Many at once: one of them reads the key, and the others wait for it.
    let token = there.access_token.expose();
    let known = [(); 4].map(|()| authenticate(&world.env, token));
    let [a, b, c, d] = known;
    let (a, b, c, d) = tokio::join!(a, b, c, d);
    assert!([a, b, c, d].iter().all(Result::is_ok));
    assert_eq!(world.env.keys.set().public().len(), 2);
}

#[tokio::test]
async fn i3_nodes_that_start_at_once_agree_on_one_key() {
    let own = Own::new().await;
    let (one, two) = (env(&own, Arc::default()), env(&own, Arc::default()));
    let (a, b) = tokio::join!(signing_keys::ready(&one), signing_keys::ready(&two));
    assert!(a.is_ok() && b.is_ok());
    assert_eq!(one.keys.set().public(), two.keys.set().public());
    assert_eq!(number(&own.db, "SELECT count(*) FROM signing_key").await, 1);
}

#[tokio::test]
async fn a_person_works_in_several_companies() {
    let (world, aurora) = World::founded("ana@aurora.example").await;
    let luz = sign_up(&world.env, &origin(), founding("bia@luz.example"), unheard).await.unwrap().into_value();
    world.enrol(&aurora, "rita@aurora.example", Role::Doctor).await.unwrap();
    world.enrol(&luz, "rita@aurora.example", Role::Nurse).await.unwrap();
    let twice = world.enrol(&luz, "rita@aurora.example", Role::Nurse).await;
    assert!(matches!(twice, Err(EnrolError::AlreadyMember)), "{twice:?}");

    let refused = world.sign_in("rita@aurora.example", RIGHT).await.unwrap_err();
    assert_eq!(refused.code(), "identity.company_required");
    assert_eq!(refused.details()["companies"].as_array().unwrap().len(), 2);
    let ask = SignIn {
        email: address("rita@aurora.example"),
        password: PasswordAttempt::new(RIGHT.to_owned()),
        company: Some(luz.profile.company.id),
        code: None,
    };
    let there = sign_in(&world.env, &origin(), ask, unheard).await.unwrap().into_value();
    assert_eq!((there.profile.membership.role, there.profile.companies.len()), (Role::Nurse, 2));
}

#[tokio::test]
async fn a_member_is_bound_to_practitioner_and_clinics() {
    let (world, founder) = World::founded("ana@aurora.example").await;
    let company = founder.profile.company.id;
    let permit = Permit::<CompanyManage>::system(company, "test", origin());
    let ask = AddClinic {
        name: PlaceName::parse("Aurora Paris").unwrap(),
        country: Country::FRANCE,
        time_zone: TimeZone::parse("Europe/Paris").unwrap(),
        locale: Locale::Fr,
        register: ClinicRegister::default(),
    };
    let paris = add_clinic(&world.env, &permit, ask, unheard).await.unwrap().into_value();
    let practitioner = kernel::ids::PractitionerId::from_uuid(Uuid::from_u128(5));
    let ask = EnrolMember {
        practitioner: Some(practitioner),
        clinics: vec![paris.id],
        ..enrolment("helio@aurora.example", Role::Hairdresser)
    };
    let permit = Permit::<UsersManage>::system(company, "test", origin());
    let _ = enrol_member(&world.env, &permit, ask, unheard).await.unwrap();
    let helio = world.sign_in("helio@aurora.example", RIGHT).await.unwrap();
    assert_eq!(helio.profile.clinics, std::slice::from_ref(&paris));
    let session = world.session(&helio).await;
    assert_eq!(session.principal().grants.reach("patients:read"), Some(Reach::Agenda(practitioner)));

    let permit = session.permit::<CompanyRead>().unwrap();
    let page = list_clinics(&world.env, &permit, &PageAsk::first(1)).await.unwrap();
    assert_eq!(page.items, founder.profile.clinics);
    let after = PageAsk { start: kernel::Start::After(page.next.unwrap().key().unwrap()), ..PageAsk::first(1) };
    let page = list_clinics(&world.env, &permit, &after).await.unwrap();
    assert_eq!((page.items, page.next), (vec![paris], None));
}

#[tokio::test]
async fn a_clinic_of_another_company_is_unknown() {
    let (world, aurora) = World::founded("ana@aurora.example").await;
    let luz = sign_up(&world.env, &origin(), founding("bia@luz.example"), unheard).await.unwrap().into_value();
    let permit = Permit::<UsersManage>::system(aurora.profile.company.id, "test", origin());
    let theirs = vec![luz.profile.clinics[0].id];
    let ask = EnrolMember { clinics: theirs, ..enrolment("rita@aurora.example", Role::Doctor) };
    let refused = enrol_member(&world.env, &permit, ask, unheard).await.unwrap_err();
    assert_eq!((refused.code(), refused.faults()[0].pointer.as_str()), ("unknown_reference", "/clinic_ids"));
    assert_eq!(number(&world.own.db, "SELECT count(*) FROM account").await, 2);
}

#[tokio::test]
async fn i3_another_companys_claims_open_nothing_here() {
    let (world, aurora) = World::founded("ana@aurora.example").await;
    let luz = sign_up(&world.env, &origin(), founding("bia@luz.example"), unheard).await.unwrap().into_value();
    let now = world.own.clock.now();
    let keys = world.env.keys.set();
    let theirs = world.env.issuer.read(aurora.access_token.expose(), &keys, now).unwrap();
    let mixed = identity::model::access_token::Claims { cid: luz.profile.company.id, ..theirs };
    let token = world.env.issuer.sign(&mixed, &keys).unwrap();
    assert!(matches!(authenticate(&world.env, &token).await, Err(AuthenticateError::Over)));
    let permit = Permit::<permission::ReadMe>::system(luz.profile.company.id, "test", origin());
    assert!(me(&world.env, &permit, None).await.is_err());
}
