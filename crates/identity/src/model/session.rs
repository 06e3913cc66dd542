//! Sessions and their refresh tokens: rotation, the grace of ten seconds, and the theft alarm.

use chrono::{DateTime, Duration, Utc};
use kernel::Facts;
use kernel::ids::{AccountId, MembershipId, RefreshTokenId, SessionId, TenantId};
use kernel::seal::{CannotOpen, Keyring, Place};
use kernel::{Hold, Origin};
use sha2::{Digest, Sha256};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::redacted::redacted_debug;

/// How long a refresh token may be used.
pub const REFRESH_LIFE: Duration = Duration::days(7);
/// How long a session, and so its family of refresh tokens, lives at most.
pub const FAMILY_LIFE: Duration = Duration::days(30);
/// How long a spent token still gets its successor, for two refreshes that ran side by side.
pub const GRACE: Duration = Duration::seconds(10);

/// 256 random bits that only their holder has.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<[u8; 32]>);

redacted_debug!(Secret);

/// Why a session ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Its holder signed out.
    SignedOut,
    /// A spent refresh token came back.
    Reused,
    /// Its holder ended it from another session.
    Revoked,
    /// The password was changed, or set anew.
    PasswordChanged,
    /// Its holder went on in another company.
    Switched,
    /// Its membership was put out of use.
    Deactivated,
    /// A second factor was turned on, which it never proved.
    FactorConfirmed,
    /// It was not used for as long as its company allows.
    Idle,
}

/// A membership signed in on one device: the family of its refresh tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceSession {
    /// Its id.
    pub id: SessionId,
    /// The company.
    pub tenant: TenantId,
    /// The membership.
    pub membership: MembershipId,
    /// The account behind it.
    pub account: AccountId,
    /// From where it was opened.
    pub ip: Option<std::net::IpAddr>,
    /// With which program.
    pub user_agent: Option<String>,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When its tokens were renewed last.
    pub last_seen_at: DateTime<Utc>,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
    /// What its holder must do before its permissions count.
    pub hold: Option<Hold>,
    /// When a second factor was proved in it, or in the one that it was switched from.
    pub factor_proved_at: Option<DateTime<Utc>>,
    /// When and why it ended.
    pub ended: Option<(DateTime<Utc>, Ending)>,
    /// Counts changes from 1.
    pub version: i64,
}

/// One refresh token; only its hash is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// Its id.
    pub id: RefreshTokenId,
    /// The company.
    pub tenant: TenantId,
    /// The session it renews.
    pub session: SessionId,
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ceases to work.
    pub expires_at: DateTime<Utc>,
    /// When it was spent.
    pub used_at: Option<DateTime<Utc>>,
    /// Its successor, sealed under a key that only the holder of this token can derive; kept for the grace.
    pub successor: Option<Vec<u8>>,
}

/// What a presented refresh token leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Renewal {
    /// It is spent now and gets a successor.
    Rotate,
    /// It was spent a moment ago: the same successor again.
    Repeat(Vec<u8>),
    /// It was spent before: somebody else has it, and the family ends.
    Reused,
    /// It, or its session, is over.
    Over,
}

impl Secret {
    /// A secret from fresh random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads the text form: 43 characters of base64url; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Self::new)
    }

    /// The text form, for its holder alone.
    pub fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.as_slice())
    }

    /// What is stored in its place.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_slice()).into()
    }

    /// Seals the successor of the token `of` so that only this secret, that token's own, opens it.
    pub fn seal_successor(&self, of: &RefreshToken, successor: &Self) -> Result<Vec<u8>, CannotOpen> {
        Keyring::single(*self.0).seal(of.successor_place(), successor.0.as_slice())
    }

    /// Opens the sealed successor of the token `of`.
    pub fn open_successor(&self, of: &RefreshToken, sealed: &[u8]) -> Result<Self, CannotOpen> {
        let plain = Keyring::single(*self.0).open(of.successor_place(), sealed)?;
        plain.as_slice().try_into().ok().map(Self::new).ok_or(CannotOpen)
    }
}

impl Ending {
    /// All endings.
    pub const ALL: [Self; 8] = [
        Self::SignedOut,
        Self::Reused,
        Self::Revoked,
        Self::PasswordChanged,
        Self::Switched,
        Self::Deactivated,
        Self::FactorConfirmed,
        Self::Idle,
    ];

    /// `signed_out`, `reused`, `revoked`, `password_changed`, `switched`, `deactivated`, `factor_confirmed` or `idle`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Reused => "reused",
            Self::Revoked => "revoked",
            Self::PasswordChanged => "password_changed",
            Self::Switched => "switched",
            Self::Deactivated => "deactivated",
            Self::FactorConfirmed => "factor_confirmed",
            Self::Idle => "idle",
        }
    }

    /// The ending of exactly this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ending| ending.name() == name)
    }
}

impl DeviceSession {
    /// Opens a session of a membership.
    pub fn open(
        id: SessionId,
        tenant: TenantId,
        (membership, account): (MembershipId, AccountId),
        origin: &Origin,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            tenant,
            membership,
            account,
            ip: origin.ip,
            user_agent: origin.user_agent.clone(),
            created_at: now,
            last_seen_at: now,
            expires_at: now + FAMILY_LIFE,
            hold: None,
            factor_proved_at: None,
            ended: None,
            version: 1,
        }
    }

    /// True while it may be used.
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.ended.is_none() && now < self.expires_at
    }

    /// True when it was not used for as long as its company allows (I6); `None` allows any time.
    pub fn is_idle(&self, allowed: Option<Duration>, now: DateTime<Utc>) -> bool {
        allowed.is_some_and(|allowed| self.last_seen_at + allowed <= now)
    }

    /// The session with a later sign of life, which is no change that anybody waits for: the version stays.
    #[must_use]
    pub fn seen_at(self, at: Option<DateTime<Utc>>) -> Self {
        Self { last_seen_at: at.map_or(self.last_seen_at, |at| at.max(self.last_seen_at)), ..self }
    }

    /// A refresh token of this session: it lives [`REFRESH_LIFE`], and no longer than its family.
    pub fn token(&self, id: RefreshTokenId, secret: &Secret, now: DateTime<Utc>) -> RefreshToken {
        RefreshToken {
            id,
            tenant: self.tenant,
            session: self.id,
            hash: secret.hash(),
            created_at: now,
            expires_at: self.expires_at.min(now + REFRESH_LIFE),
            used_at: None,
            successor: None,
        }
    }

    /// The session after its tokens were renewed from `origin`.
    #[must_use]
    pub fn seen(self, origin: &Origin, now: DateTime<Utc>) -> Self {
        let user_agent = origin.user_agent.clone().or(self.user_agent);
        Self { last_seen_at: now, ip: origin.ip.or(self.ip), user_agent, version: self.version + 1, ..self }
    }

    /// The session under this hold, or free of one.
    #[must_use]
    pub fn under(self, hold: Option<Hold>) -> Self {
        Self { hold, ..self }
    }

    /// The session in which a second factor was proved at this time, if one was.
    #[must_use]
    pub fn proved(self, at: Option<DateTime<Utc>>) -> Self {
        Self { factor_proved_at: at, ..self }
    }

    /// The session free of its hold by the second factor that was proved in it now, one version on.
    #[must_use]
    pub fn freed(self, now: DateTime<Utc>) -> Self {
        Self { hold: None, factor_proved_at: Some(now), version: self.version + 1, ..self }
    }

    /// The session ended; the first ending stays.
    #[must_use]
    pub fn ended(self, ending: Ending, now: DateTime<Utc>) -> Self {
        match self.ended {
            Some(_) => self,
            None => Self { ended: Some((now, ending)), version: self.version + 1, ..self },
        }
    }

    /// The fields as the journal sees them.
    pub fn facts(&self) -> Facts {
        Facts::new()
            .open("membership_id", self.membership)
            .open("last_seen_at", self.last_seen_at)
            .open("expires_at", self.expires_at)
            .open("held", self.hold.is_some())
            .open("factor_proved_at", self.factor_proved_at)
            .open("ended_at", self.ended.map(|(at, _)| at))
            .open("ending", self.ended.map(|(_, ending)| ending.name()))
            .personal("ip", self.ip)
            .personal("user_agent", &self.user_agent)
            .about(self.account)
    }
}

impl RefreshToken {
    /// What presenting this token at `now` leads to.
    pub fn renewal(&self, session: &DeviceSession, now: DateTime<Utc>) -> Renewal {
        if !session.is_live(now) {
            return Renewal::Over;
        }
        match (self.used_at, &self.successor) {
            (Some(used), Some(sealed)) if now < used + GRACE => Renewal::Repeat(sealed.clone()),
            (Some(_), _) => Renewal::Reused,
            (None, _) if now < self.expires_at => Renewal::Rotate,
            (None, _) => Renewal::Over,
        }
    }

    /// The token spent, with its successor sealed for the grace.
    #[must_use]
    pub fn spent(self, successor: Vec<u8>, now: DateTime<Utc>) -> Self {
        Self { used_at: Some(now), successor: Some(successor), ..self }
    }

    fn successor_place(&self) -> Place<'static> {
        Place {
            tenant: self.tenant.uuid(),
            purpose: "refresh successor",
            column: "refresh_token.successor",
            row: self.id.uuid(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::seconds(seconds)
    }

    fn session() -> DeviceSession {
        let ids = (MembershipId::from_uuid(Uuid::from_u128(3)), AccountId::from_uuid(Uuid::from_u128(4)));
        let (id, tenant) = (SessionId::from_uuid(Uuid::from_u128(1)), TenantId::from_uuid(Uuid::from_u128(2)));
        DeviceSession::open(id, tenant, ids, &Origin::default(), at(0))
    }

    fn token(made: i64) -> (RefreshToken, Secret) {
        let secret = Secret::new([7; 32]);
        (session().token(RefreshTokenId::from_uuid(Uuid::from_u128(9)), &secret, at(made)), secret)
    }

    #[test]
    fn i4_a_refresh_token_is_256_bits_of_which_the_hash_is_stored() {
        let (token, secret) = token(0);
        assert_eq!(secret.expose().len(), 43);
        assert_eq!(Secret::parse(&secret.expose()), Some(secret.clone()));
        assert_eq!(token.hash, <[u8; 32]>::from(Sha256::digest([7; 32])));
        assert!(!format!("{token:?}{secret:?}").contains(&secret.expose()));
        for text in ["", "AAAA", "%", &"A".repeat(44)] {
            assert_eq!(Secret::parse(text), None, "{text}");
        }
    }

    #[test]
    fn i4_a_token_lives_seven_days_and_its_family_thirty() {
        let day = 86_400;
        let (first, _) = token(0);
        assert_eq!(first.renewal(&session(), at(7 * day - 1)), Renewal::Rotate);
        assert_eq!(first.renewal(&session(), at(7 * day)), Renewal::Over);
        let (last, _) = token(29 * day);
        assert_eq!(last.expires_at, at(30 * day));
        assert_eq!(last.renewal(&session(), at(30 * day)), Renewal::Over);
    }

    #[test]
    fn i4_within_ten_seconds_the_same_successor_then_the_alarm() {
        let (token, secret) = token(0);
        let sealed = secret.seal_successor(&token, &Secret::new([8; 32])).unwrap();
        let spent = token.spent(sealed.clone(), at(100));
        assert_eq!(spent.renewal(&session(), at(100)), Renewal::Repeat(sealed.clone()));
        assert_eq!(spent.renewal(&session(), at(109)), Renewal::Repeat(sealed.clone()));
        assert_eq!(spent.renewal(&session(), at(110)), Renewal::Reused);
        assert_eq!(secret.open_successor(&spent, &sealed), Ok(Secret::new([8; 32])));
    }

    #[test]
    fn i4_only_the_predecessor_opens_its_successor() {
        let (token, secret) = token(0);
        let sealed = secret.seal_successor(&token, &Secret::new([8; 32])).unwrap();
        assert_eq!(Secret::new([6; 32]).open_successor(&token, &sealed), Err(CannotOpen));
        let other = RefreshToken { id: RefreshTokenId::from_uuid(Uuid::from_u128(10)), ..token };
        assert_eq!(secret.open_successor(&other, &sealed), Err(CannotOpen));
    }

    #[test]
    fn i6_an_ended_session_renews_nothing() {
        let (token, _) = token(0);
        let ended = session().ended(Ending::SignedOut, at(5));
        assert_eq!(token.renewal(&ended, at(6)), Renewal::Over);
        assert_eq!(ended.clone().ended(Ending::Reused, at(9)), ended);
    }

    #[test]
    fn i6_a_session_is_idle_after_the_companys_time_without_use() {
        let half_an_hour = Some(Duration::minutes(30));
        let idle = |session: &DeviceSession, second| session.is_idle(half_an_hour, at(second));
        assert_eq!([1_799, 1_800].map(|second| idle(&session(), second)), [false, true]);
        let later = session().seen_at(Some(at(600)));
        assert_eq!([2_399, 2_400].map(|second| idle(&later, second)), [false, true]);
        assert_eq!(
            (later.version, later.clone().seen_at(Some(at(5))), later.clone().seen_at(None)),
            (1, later.clone(), later)
        );
        assert!(!session().is_idle(None, at(1_000_000_000)));
    }

    #[test]
    fn endings_are_read_by_the_name_they_are_written_by() {
        for ending in Ending::ALL {
            assert_eq!(Ending::parse(ending.name()), Some(ending));
        }
        assert_eq!(Ending::parse("forgotten"), None);
    }

    proptest! {
        #[test]
        fn i4_a_spent_token_never_rotates_again(used in 0..3_000_000_i64, later in 0..3_000_000_i64) {
            let (token, _) = token(0);
            let spent = token.spent(vec![1], at(used));
            prop_assert_ne!(spent.renewal(&session(), at(used + later)), Renewal::Rotate);
        }
    }
}
