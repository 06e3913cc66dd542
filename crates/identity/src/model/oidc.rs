//! Signing in at an OpenID provider (I8): the way there, the way back, and the one-time code that becomes a session.

use chrono::{DateTime, Duration, Utc};
use kernel::Facts;
use kernel::ids::{AccountId, OidcFlowId, OidcGrantId, OidcLinkId};
use kernel::seal::{CannotOpen, Keyring, Place};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::email::Email;
use super::session::Secret;

/// How long a sign-in may take at the provider.
pub const FLOW_LIFE: Duration = Duration::minutes(10);
/// How long the one-time code works that the callback hands over in an address.
pub const CODE_LIFE: Duration = Duration::seconds(60);
/// How long a person has to answer what a code asked back: a password, a company.
pub const QUESTION_LIFE: Duration = Duration::minutes(10);
/// How many wrong passwords and codes of a second factor one question takes.
pub const MOST_WRONG_ANSWERS: i32 = 5;

/// A provider that people can sign in at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provider {
    /// Google.
    Google,
    /// Microsoft.
    Microsoft,
    /// Apple.
    Apple,
}

/// Where the browser goes back to: a page of an allowed origin, without query and fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnTo(String);

/// The address is not on the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAllowed;

/// A word of the page's own that comes back to it: 1 to 200 characters of `A-Z a-z 0-9 _ -`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppState(String);

/// What must come back with a sign-in: the nonce in the id token, the verifier's proof at the token endpoint (RFC 7636).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    /// What the provider brings back in the address.
    pub state: Secret,
    /// What the provider writes into the id token.
    pub nonce: Secret,
    /// What only we can show to redeem the code.
    pub verifier: Secret,
}

/// A sign-in that was begun; it ends with the first callback that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Its id.
    pub id: OidcFlowId,
    /// Where the person signs in.
    pub provider: Provider,
    /// SHA-256 of the state.
    pub state_hash: [u8; 32],
    /// SHA-256 of the cookie of the browser that began it.
    pub browser_hash: [u8; 32],
    /// Nonce and verifier, sealed.
    pub sealed: Vec<u8>,
    /// Where the browser goes afterwards.
    pub return_to: ReturnTo,
    /// What the page wants back.
    pub app_state: Option<AppState>,
    /// When it is too late to come back.
    pub expires_at: DateTime<Utc>,
}

/// Who a provider says that somebody is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The provider's issuer.
    pub issuer: String,
    /// The person's identifier there; never given to another.
    pub subject: String,
    /// The person's address, only if the provider has verified it.
    pub email: Option<Email>,
}

super::redacted::redacted_debug!(Person);

/// How far a grant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Its code went through an address bar and works once.
    Code,
    /// The code came back and a question was asked; the new code never stood in an address.
    Asked,
}

/// A person who proved who they are at a provider, waiting to become a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its id.
    pub id: OidcGrantId,
    /// Where the person signed in.
    pub provider: Provider,
    /// SHA-256 of the code.
    pub hash: [u8; 32],
    /// Who it is, sealed.
    pub sealed: Vec<u8>,
    /// SHA-256 of the cookie of the browser that the sign-in was begun and ended with.
    pub browser_hash: [u8; 32],
    /// What the page that began it knows it by.
    pub app_state: Option<AppState>,
    /// How far it is.
    pub stage: Stage,
    /// When the code ceases to work.
    pub expires_at: DateTime<Utc>,
}

/// What shows that a code came back to where its sign-in was begun, and was not handed to somebody else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Home {
    /// The cookie of the browser, where it comes along.
    pub browser: Option<Secret>,
    /// The page's own state, as the page kept it; for callers that hold no cookies.
    pub app_state: Option<AppState>,
}

/// An account's tie to a person at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its id.
    pub id: OidcLinkId,
    /// The account.
    pub account: AccountId,
    /// Where.
    pub provider: Provider,
    /// The provider's issuer.
    pub issuer: String,
    /// The person's identifier there.
    pub subject: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

impl Provider {
    /// All providers.
    pub const ALL: [Self; 3] = [Self::Google, Self::Microsoft, Self::Apple];

    /// `google`, `microsoft` or `apple`, as paths and settings write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Microsoft => "microsoft",
            Self::Apple => "apple",
        }
    }

    /// As a button writes it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Google => "Google",
            Self::Microsoft => "Microsoft",
            Self::Apple => "Apple",
        }
    }

    /// The provider of exactly this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.name() == name)
    }
}

impl ReturnTo {
    /// The most characters an address may have.
    pub const LONGEST: usize = 1_000;

    /// Reads an address below one of the allowed origins (`https://app.example`). Query and fragment are refused: they could
    /// hold a code of somebody else.
    pub fn parse(text: &str, origins: &[String]) -> Result<Self, NotAllowed> {
        let plain = text.len() <= Self::LONGEST
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/%[]+,;=@!$&'()*".contains(&byte));
        let below = |origin: &String| {
            let rest = text.strip_prefix(origin.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if plain && origins.iter().any(below) { Ok(Self(text.to_owned())) } else { Err(NotAllowed) }
    }

    /// An address as it was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address with this outcome: `code` or `error`, and the page's own state. None of the values needs escaping.
    fn with(&self, name: &str, value: &str, state: Option<&AppState>) -> String {
        let state = state.map(|state| format!("&state={}", state.0)).unwrap_or_default();
        format!("{}?{name}={value}{state}", self.0)
    }
}

impl AppState {
    /// The most characters it may have.
    pub const LONGEST: usize = 200;

    /// Reads a state of the page; `None` for anything that would need escaping.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=Self::LONGEST).contains(&text.len());
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        (fits && plain).then(|| Self(text.to_owned()))
    }

    /// A state as it was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Flow {
    /// Begins a sign-in of the browser that holds `browser`.
    pub fn begin(
        id: OidcFlowId,
        provider: Provider,
        (return_to, app_state): (ReturnTo, Option<AppState>),
        (handshake, browser): (&Handshake, &Secret),
        keyring: &Keyring,
        now: DateTime<Utc>,
    ) -> Result<Self, CannotOpen> {
        let plain = format!("{}.{}", handshake.nonce.expose(), handshake.verifier.expose());
        Ok(Self {
            id,
            provider,
            state_hash: handshake.state.hash(),
            browser_hash: browser.hash(),
            sealed: keyring.seal(flow_place(id), plain.as_bytes())?,
            return_to,
            app_state,
            expires_at: now + FLOW_LIFE,
        })
    }

    /// True for the browser that began it, at its provider, in time.
    pub fn is_of(&self, provider: Provider, browser: &Secret, now: DateTime<Utc>) -> bool {
        self.provider == provider && self.browser_hash == browser.hash() && now < self.expires_at
    }

    /// What must come back with it.
    pub fn handshake(&self, state: Secret, keyring: &Keyring) -> Result<Handshake, CannotOpen> {
        let plain = keyring.open(flow_place(self.id), &self.sealed)?;
        let text = std::str::from_utf8(&plain).ok().ok_or(CannotOpen)?;
        let (nonce, verifier) = text.split_once('.').ok_or(CannotOpen)?;
        let read = |text| Secret::parse(text).ok_or(CannotOpen);
        Ok(Handshake { state, nonce: read(nonce)?, verifier: read(verifier)? })
    }

    /// Where the browser goes with the one-time code.
    pub fn landing(&self, code: &Secret) -> String {
        self.return_to.with("code", &code.expose(), self.app_state.as_ref())
    }

    /// Where the browser goes when nobody signed in, and why.
    pub fn refusal(&self, code: &'static str) -> String {
        self.return_to.with("error", code, self.app_state.as_ref())
    }
}

impl Grant {
    /// A grant for the person behind a sign-in that came back, with its one-time code.
    pub fn of(
        id: OidcGrantId,
        flow: &Flow,
        person: &Person,
        code: &Secret,
        keyring: &Keyring,
        now: DateTime<Utc>,
    ) -> Result<Self, CannotOpen> {
        let plain = serde_json::to_vec(person).ok().ok_or(CannotOpen)?;
        let sealed = keyring.seal(grant_place(id), &plain)?;
        Ok(Self {
            id,
            provider: flow.provider,
            hash: code.hash(),
            sealed,
            browser_hash: flow.browser_hash,
            app_state: flow.app_state.clone(),
            stage: Stage::Code,
            expires_at: now + CODE_LIFE,
        })
    }

    /// True when the code came back to where its sign-in was begun: an address with somebody else's code signs nobody in. The
    /// browser's cookie decides where there is one, else the page's own state. The code of a question was given to nobody else.
    pub fn is_at(&self, home: &Home) -> bool {
        match (self.stage, &home.browser) {
            (Stage::Asked, _) => true,
            (Stage::Code, Some(browser)) => browser.hash() == self.browser_hash,
            (Stage::Code, None) => home.app_state.is_some() && home.app_state == self.app_state,
        }
    }

    /// Who it is for.
    pub fn person(&self, keyring: &Keyring) -> Result<Person, CannotOpen> {
        let plain = keyring.open(grant_place(self.id), &self.sealed)?;
        serde_json::from_slice(&plain).ok().ok_or(CannotOpen)
    }

    /// True while its code works.
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        now < self.expires_at
    }

    /// The grant after a question was asked: the code that stood in an address is spent, and another goes on.
    #[must_use]
    pub fn asked(self, next: &Secret, now: DateTime<Utc>) -> Self {
        Self { hash: next.hash(), stage: Stage::Asked, expires_at: now + QUESTION_LIFE, ..self }
    }
}

impl Stage {
    /// `code` or `asked`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Asked => "asked",
        }
    }

    /// The stage of exactly this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Code, Self::Asked].into_iter().find(|stage| stage.name() == name)
    }
}

impl Link {
    /// Ties an account to a person.
    pub fn of(id: OidcLinkId, account: AccountId, provider: Provider, person: Person, now: DateTime<Utc>) -> Self {
        let Person { issuer, subject, .. } = person;
        Self { id, account, provider, issuer, subject, created_at: now }
    }

    /// The fields as the journal sees them.
    pub fn facts(&self) -> Facts {
        Facts::new()
            .open("account_id", self.account)
            .open("provider", self.provider.name())
            .open("issuer", &self.issuer)
            .personal("subject", &self.subject)
            .about(self.account)
    }
}

const fn flow_place(id: OidcFlowId) -> Place<'static> {
    Place { tenant: Uuid::nil(), purpose: "oidc flow", column: "oidc_flow.sealed", row: id.uuid() }
}

const fn grant_place(id: OidcGrantId) -> Place<'static> {
    Place { tenant: Uuid::nil(), purpose: "oidc grant", column: "oidc_grant.sealed", row: id.uuid() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn origins() -> Vec<String> {
        vec!["https://app.example".to_owned(), "http://localhost:5173".to_owned()]
    }

    fn secret(byte: u8) -> Secret {
        Secret::new([byte; 32])
    }

    fn handshake() -> Handshake {
        Handshake { state: secret(1), nonce: secret(2), verifier: secret(3) }
    }

    fn flow(keyring: &Keyring) -> Flow {
        let id = OidcFlowId::from_uuid(Uuid::from_u128(1));
        let back = (ReturnTo::parse("https://app.example/back", &origins()).unwrap(), AppState::parse("abc"));
        Flow::begin(id, Provider::Google, back, (&handshake(), &secret(4)), keyring, DateTime::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn i8_only_pages_of_the_allowed_origins_are_returned_to() {
        for good in
            ["https://app.example", "https://app.example/", "https://app.example/a/b", "http://localhost:5173/x"]
        {
            assert!(ReturnTo::parse(good, &origins()).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/",
            "//evil.example",
            "https://evil.example/",
            "https://app.example.evil.example/",
            "https://app.example@evil.example/",
            "https://app.example:444/",
            "http://app.example/",
            "HTTPS://app.example/",
            "https://app.example\\@evil.example/",
            "https://app.example/\\evil",
            "https://app.example/?code=stolen",
            "https://app.example/#code=stolen",
            "https://app.example/a b",
            "https://app.example/\r\nSet-Cookie: a=b",
            "javascript:alert(1)",
            "http://localhost:51730/",
        ] {
            assert_eq!(ReturnTo::parse(bad, &origins()), Err(NotAllowed), "{bad}");
        }
        assert_eq!(ReturnTo::parse("https://app.example/", &[]), Err(NotAllowed));
    }

    #[test]
    fn i8_a_flow_is_of_one_browser_at_one_provider_for_ten_minutes() {
        let (keyring, _) = Keyring::generate();
        let flow = flow(&keyring);
        let late = DateTime::UNIX_EPOCH + FLOW_LIFE;
        assert!(flow.is_of(Provider::Google, &secret(4), late - Duration::seconds(1)));
        assert!(!flow.is_of(Provider::Google, &secret(4), late));
        assert!(!flow.is_of(Provider::Apple, &secret(4), DateTime::UNIX_EPOCH));
        assert!(!flow.is_of(Provider::Google, &secret(5), DateTime::UNIX_EPOCH));
        assert_eq!(flow.handshake(secret(1), &keyring), Ok(handshake()));
    }

    #[test]
    fn i12_what_is_sealed_opens_in_its_own_row_only() {
        let (keyring, _) = Keyring::generate();
        let moved = Flow { id: OidcFlowId::from_uuid(Uuid::from_u128(2)), ..flow(&keyring) };
        assert_eq!(moved.handshake(secret(1), &keyring), Err(CannotOpen));
    }

    #[test]
    fn i8_the_outcome_goes_back_with_the_pages_own_state() {
        let (keyring, _) = Keyring::generate();
        let flow = flow(&keyring);
        assert_eq!(
            flow.refusal("identity.oidc_denied"),
            "https://app.example/back?error=identity.oidc_denied&state=abc"
        );
        assert_eq!(flow.landing(&secret(9)), format!("https://app.example/back?code={}&state=abc", secret(9).expose()));
        for bad in ["", "a b", "a&b", "é", &"a".repeat(201)] {
            assert_eq!(AppState::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn i8_a_code_works_for_a_minute_and_a_question_changes_it() {
        let (keyring, _) = Keyring::generate();
        let person = Person {
            issuer: "https://id.example".to_owned(),
            subject: "1".to_owned(),
            email: Some(Email::parse("ana@aurora.example").unwrap()),
        };
        let id = OidcGrantId::from_uuid(Uuid::from_u128(1));
        let now = DateTime::UNIX_EPOCH;
        let grant = Grant::of(id, &flow(&keyring), &person, &secret(1), &keyring, now).unwrap();
        assert!(grant.is_open(now + Duration::seconds(59)) && !grant.is_open(now + Duration::seconds(60)));
        assert_eq!(grant.person(&keyring), Ok(person.clone()));
        let asked = grant.clone().asked(&secret(2), now);
        assert_eq!((asked.hash, asked.stage), (secret(2).hash(), Stage::Asked));
        let home =
            |browser: Option<u8>, state| Home { browser: browser.map(secret), app_state: AppState::parse(state) };
        for (home, is_home) in [
            (home(Some(4), ""), true),
            (home(Some(5), "abc"), false),
            (home(None, "abc"), true),
            (home(None, "abd"), false),
            (home(None, ""), false),
        ] {
            assert_eq!(grant.is_at(&home), is_home, "{home:?}");
            assert!(asked.is_at(&home));
        }
        assert!(!Grant { app_state: None, ..grant }.is_at(&Home::default()), "no state is none to know it by");
        assert!(asked.is_open(now + Duration::minutes(9)) && !asked.is_open(now + Duration::minutes(10)));
        assert_eq!(format!("{person:?}"), "Person(..)");
    }

    proptest! {
        #[test]
        fn i8_whatever_is_returned_to_stays_on_its_origin(text in "(https?://(app|evil)\\.example)?[a-z./?#@:\\\\%]{0,20}") {
            if let Ok(page) = ReturnTo::parse(&text, &origins()) {
                let landing = page.with("code", "x", None);
                prop_assert!(landing.starts_with("https://app.example/") || landing.starts_with("https://app.example?"));
                prop_assert_eq!(landing.matches('?').count(), 1);
            }
        }
    }
}
