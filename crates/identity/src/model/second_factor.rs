//! The second factor: codes by time (RFC 6238) from a seed that an authenticator app keeps too, and codes for the day on which
//! the app is lost (I7).

use chrono::{DateTime, Utc};
use kernel::Facts;
use kernel::ids::{AccountId, TotpId};
use kernel::seal::{CannotOpen, Keyring, Place};
use sha2::{Digest, Sha256};
use totp_rs::{Algorithm, Builder, Secret as Base32};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::email::Email;
use super::redacted::redacted_debug;

/// Seconds for which one code stands.
pub const STEP: u64 = 30;
/// By how many steps a phone's clock may differ.
pub const SKEW: u16 = 1;
/// How many recovery codes an account gets.
pub const RECOVERY_CODES: usize = 10;
/// The longest text that is read as a code.
pub const LONGEST_CODE: usize = 40;

const DIGITS: u8 = 6;
const ISSUER: &str = "Salus";

/// 160 random bits (RFC 4226 §4, R6) that the account's app keeps too.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed(Zeroizing<[u8; 20]>);

/// What somebody typed as a second factor.
#[derive(Clone, PartialEq, Eq)]
pub enum FactorCode {
    /// Six digits of the app.
    Totp(String),
    /// A recovery code.
    Recovery(RecoveryCode),
    /// Neither; it is as wrong as any other.
    Unreadable,
}

/// 80 random bits that stand in for a code of the app, once.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode([u8; 10]);

redacted_debug!(Seed, FactorCode, RecoveryCode);

/// The second factor of an account: begun, and on once a code has proved that the app has the seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totp {
    /// Its id; a new beginning has a new one.
    pub id: TotpId,
    /// Whose it is; an account has one at most.
    pub account: AccountId,
    /// The seed, sealed.
    pub sealed: Vec<u8>,
    /// Since when it is on.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// The step of the last code that was accepted: neither it nor an earlier one is accepted again.
    pub last_step: Option<i64>,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// Counts changes from 1.
    pub version: i64,
}

impl Seed {
    /// A seed from fresh random bytes.
    pub fn new(random: &[u8; 32]) -> Self {
        let mut seed = Zeroizing::new([0; 20]);
        seed.iter_mut().zip(random).for_each(|(to, from)| *to = *from);
        Self(seed)
    }

    /// The seed as people type it into their app: base32 without padding.
    pub fn base32(&self) -> String {
        Base32::from(*self.0).to_base32()
    }

    /// The seed as apps read it from a QR code: an `otpauth` URI, which needs no escapes but in the address.
    pub fn uri(&self, email: &Email) -> String {
        let label = escaped(email.as_str());
        format!(
            "otpauth://totp/{ISSUER}:{label}?secret={}&issuer={ISSUER}&algorithm=SHA1&digits={DIGITS}&period={STEP}",
            self.base32()
        )
    }

    /// The step that a code of the app belongs to, within [`SKEW`] of now.
    fn step_of(&self, code: &str, now: DateTime<Utc>) -> Option<i64> {
        let totp = Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(DIGITS)
            .with_step_duration(STEP)
            .with_skew(SKEW)
            .with_secret(*self.0)
            .build();
        totp.ok()?.check(code, now.timestamp().try_into().ok()?)?.try_into().ok()
    }
}

impl FactorCode {
    /// Reads what was typed; spaces and hyphens do not count.
    pub fn read(text: &str) -> Self {
        let bare: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        if bare.len() == usize::from(DIGITS) && bare.bytes().all(|c| c.is_ascii_digit()) {
            return Self::Totp(bare);
        }
        RecoveryCode::parse(&bare).map_or(Self::Unreadable, Self::Recovery)
    }
}

impl RecoveryCode {
    /// A code from fresh random bytes.
    pub fn new(random: &[u8; 32]) -> Self {
        let mut code = [0; 10];
        code.iter_mut().zip(random).for_each(|(to, from)| *to = *from);
        Self(code)
    }

    /// The code in four groups of four letters and digits, for its holder alone.
    pub fn expose(&self) -> String {
        let letters: Vec<char> = Base32::from(self.0.to_vec()).to_base32().to_lowercase().chars().collect();
        letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
    }

    /// What is kept of it: SHA-256, bound to the account.
    pub fn hash(&self, account: AccountId) -> [u8; 32] {
        Sha256::new().chain_update("recovery code").chain_update(account.uuid()).chain_update(self.0).finalize().into()
    }

    fn parse(bare: &str) -> Option<Self> {
        let code = Base32::try_from_base32(bare.to_uppercase()).ok()?;
        code.as_bytes().try_into().ok().map(Self)
    }
}

impl Totp {
    /// Begins a second factor; it is not asked for before it is confirmed.
    pub fn begin(
        id: TotpId,
        account: AccountId,
        seed: &Seed,
        keyring: &Keyring,
        now: DateTime<Utc>,
    ) -> Result<Self, CannotOpen> {
        let sealed = keyring.seal(place(id), seed.0.as_slice())?;
        Ok(Self { id, account, sealed, confirmed_at: None, last_step: None, created_at: now, version: 1 })
    }

    /// Opens the seed; fails when the keyring does not hold the master key it was sealed under.
    pub fn seed(&self, keyring: &Keyring) -> Result<Seed, CannotOpen> {
        let plain = keyring.open(place(self.id), &self.sealed)?;
        <[u8; 20]>::try_from(plain.as_slice()).ok().map(|seed| Seed(Zeroizing::new(seed))).ok_or(CannotOpen)
    }

    /// True when sign-in asks for it.
    pub fn is_on(&self) -> bool {
        self.confirmed_at.is_some()
    }

    /// The second factor after a code of the app was spent; `None` when the code is wrong, or as old as one that was.
    pub fn spent(&self, code: &str, seed: &Seed, now: DateTime<Utc>) -> Option<Self> {
        let step = seed.step_of(code, now).filter(|step| self.last_step.is_none_or(|last| *step > last))?;
        Some(Self { last_step: Some(step), version: self.version + 1, ..self.clone() })
    }

    /// The second factor on from now.
    #[must_use]
    pub fn confirmed(self, now: DateTime<Utc>) -> Self {
        Self { confirmed_at: Some(now), ..self }
    }

    /// The fields as the journal sees them; never the seed.
    pub fn facts(&self) -> Facts {
        Facts::new().open("account_id", self.account).open("confirmed_at", self.confirmed_at)
    }
}

const fn place(id: TotpId) -> Place<'static> {
    Place { tenant: Uuid::nil(), purpose: "totp seed", column: "totp.sealed", row: id.uuid() }
}

/// Percent-encoding of all that is not unreserved (RFC 3986 §2.3).
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match char::from(byte) {
            c if c.is_ascii_alphanumeric() || "-._~".contains(c) => out.push(c),
            _ => out.extend(['%', digit(byte >> 4), digit(byte & 15)]),
        }
    }
    out
}

fn digit(nibble: u8) -> char {
    char::from_digit(nibble.into(), 16).unwrap_or('0').to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use chrono::Duration;
    use proptest::prelude::*;

    use super::*;

    /// The seed of RFC 6238, appendix B.
    fn seed() -> Seed {
        Seed(Zeroizing::new(*b"12345678901234567890"))
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::seconds(seconds)
    }

    fn account() -> AccountId {
        AccountId::from_uuid(Uuid::from_u128(7))
    }

    fn begun() -> (Totp, Keyring) {
        let (keyring, _) = Keyring::generate();
        (Totp::begin(TotpId::from_uuid(Uuid::from_u128(1)), account(), &seed(), &keyring, at(0)).unwrap(), keyring)
    }

    /// The last six digits of the vectors for SHA-1 in RFC 6238, appendix B.
    const VECTORS: [(i64, &str); 6] = [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ];

    #[test]
    fn i7_codes_are_those_of_rfc_6238() {
        for (seconds, code) in VECTORS {
            assert_eq!(seed().step_of(code, at(seconds)), Some(seconds / 30), "{seconds}");
            assert_eq!(seed().step_of(code, at(seconds + 90)), None, "{seconds}");
        }
    }

    #[test]
    fn i7_a_clock_may_differ_by_one_step_either_way() {
        let code = "287082"; // of the step that begins at second 30
        let known = |seconds| seed().step_of(code, at(seconds));
        assert_eq!([0, 29, 30, 59, 60, 89].map(known), [Some(1); 6]);
        assert_eq!([90, 120].map(known), [None; 2]);
    }

    #[test]
    fn i7_a_code_works_once_and_no_earlier_one_after_it() {
        let (totp, _) = begun();
        let spent = totp.spent("050471", &seed(), at(1_111_111_111)).unwrap();
        assert_eq!((spent.last_step, spent.version), (Some(37_037_037), 2));
        assert_eq!(spent.spent("050471", &seed(), at(1_111_111_111)), None);
        assert_eq!(spent.spent("081804", &seed(), at(1_111_111_111)), None, "the step before");
        assert_eq!(totp.spent("000000", &seed(), at(1_111_111_111)), None);
    }

    #[test]
    fn i7_it_is_on_once_confirmed() {
        let (totp, _) = begun();
        assert!(!totp.is_on() && totp.confirmed(at(5)).is_on());
    }

    #[test]
    fn i7_apps_read_the_seed_from_a_uri() {
        let email = Email::parse("ana+casa@aurora.example").unwrap();
        assert_eq!(seed().base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(
            seed().uri(&email),
            "otpauth://totp/Salus:ana%2Bcasa%40aurora.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Salus&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn i7_what_is_typed_is_read_with_spaces_and_hyphens() {
        let code = RecoveryCode::new(&[0xa5; 32]);
        let text = code.expose();
        assert_eq!((text.len(), text.matches('-').count()), (19, 3));
        for typed in [text.clone(), text.to_uppercase(), text.replace('-', ""), text.replace('-', " ")] {
            assert_eq!(FactorCode::read(&typed), FactorCode::Recovery(code.clone()), "{typed}");
        }
        assert_eq!(FactorCode::read("287 082"), FactorCode::Totp("287082".to_owned()));
        for typed in ["", "28708", "2870822", "28708a", "٢٨٧٠٨٢", "aaaa-aaaa-aaaa-aaa1", "aaaa-aaaa-aaaa"] {
            assert_eq!(FactorCode::read(typed), FactorCode::Unreadable, "{typed}");
        }
    }

    #[test]
    fn i7_of_a_recovery_code_the_hash_is_kept_bound_to_its_account() {
        let code = RecoveryCode::new(&[1; 32]);
        assert_ne!(code.hash(account()), code.hash(AccountId::from_uuid(Uuid::from_u128(8))));
        assert_ne!(code.hash(account()), RecoveryCode::new(&[2; 32]).hash(account()));
        let code_and_seed = format!("{code:?}{:?}{:?}", seed(), FactorCode::Recovery(code.clone()));
        assert!(!code_and_seed.contains(&code.expose()) && !code_and_seed.contains("1234567890"));
    }

    #[test]
    fn i12_a_seed_opens_in_its_own_row_only() {
        let (totp, keyring) = begun();
        assert_eq!(totp.seed(&keyring), Ok(seed()));
        let moved = Totp { id: TotpId::from_uuid(Uuid::from_u128(9)), ..totp.clone() };
        assert_eq!(moved.seed(&keyring), Err(CannotOpen));
        assert!(!totp.sealed.windows(8).any(|part| part == b"12345678"));
    }

    proptest! {
        #[test]
        fn i7_whatever_is_typed_is_read_or_not(text in ".{0,60}") {
            if let FactorCode::Totp(code) = FactorCode::read(&text) {
                prop_assert!(code.len() == 6);
            }
        }

        #[test]
        fn i7_a_spent_code_never_works_again(seconds in 60..4_000_000_000_i64, later in 0..200_i64) {
            let (totp, _) = begun();
            let step = Builder::new().with_secret(*seed().0).build().unwrap();
            let code = step.generate(seconds.try_into().unwrap()).to_string();
            let spent = totp.spent(&code, &seed(), at(seconds)).unwrap();
            prop_assert_eq!(spent.spent(&code, &seed(), at(seconds + later)), None);
        }
    }
}
