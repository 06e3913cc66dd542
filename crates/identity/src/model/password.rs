//! Passwords: what is accepted, and how a hash says that it is out of date.

use thiserror::Error;
use zeroize::Zeroizing;

use super::redacted::redacted_debug;

/// Memory of one Argon2id hash in KiB (19 MiB).
pub const MEMORY_KIB: u32 = 19_456;
/// Passes over the memory.
pub const PASSES: u32 = 2;
/// Lanes.
pub const LANES: u32 = 1;

const PRESENT: &str = "$argon2id$v=19$m=19456,t=2,p=1$";
const UNKNOWN: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const COMMON: &str = include_str!("common_passwords.txt");

/// A new password: 12 to 128 characters, none of the common ones.
pub struct Password(Zeroizing<String>);

/// What somebody typed as a password; of any length, because only the hash decides.
pub struct PasswordAttempt(Zeroizing<String>);

/// An Argon2 hash in PHC notation, with its salt and parameters.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

redacted_debug!(Password, PasswordAttempt, PasswordHash);

/// Why a password is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WeakPassword {
    /// Fewer than 12 characters.
    #[error("the password is too short")]
    TooShort,
    /// More than 128 characters.
    #[error("the password is too long")]
    TooLong,
    /// One that everybody tries first.
    #[error("the password is too common")]
    Common,
}

impl WeakPassword {
    /// The stable code of the fault.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooShort => "identity.password_too_short",
            Self::TooLong => "identity.password_too_long",
            Self::Common => "identity.password_too_common",
        }
    }
}

impl Password {
    /// The fewest characters.
    pub const SHORTEST: usize = 12;
    /// The most characters.
    pub const LONGEST: usize = 128;

    /// Accepts a password as typed; spaces count.
    pub fn parse(raw: String) -> Result<Self, WeakPassword> {
        let raw = Zeroizing::new(raw);
        match raw.chars().count() {
            ..Self::SHORTEST => Err(WeakPassword::TooShort),
            length if length > Self::LONGEST => Err(WeakPassword::TooLong),
            _ if is_common(&raw) => Err(WeakPassword::Common),
            _ => Ok(Self(raw)),
        }
    }

    /// The characters, for the hash function alone.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The same text as an attempt to sign in.
    pub fn as_attempt(&self) -> PasswordAttempt {
        PasswordAttempt(self.0.clone())
    }
}

impl PasswordAttempt {
    /// Takes what was typed.
    pub fn new(raw: String) -> Self {
        Self(Zeroizing::new(raw))
    }

    /// The characters, for the hash function alone.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The attempt as a password to hash anew, after it proved right; old ones may be shorter than new ones must be.
    pub fn proven(self) -> Password {
        Password(self.0)
    }
}

impl PasswordHash {
    /// A hash as the hasher made it or as it was stored.
    pub fn from_stored(phc: String) -> Self {
        Self(phc)
    }

    /// A hash of nothing, to be verified in place of an unknown account's: the same work, and never right.
    pub fn of_nobody() -> Self {
        Self(UNKNOWN.to_owned())
    }

    /// PHC notation.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when it was made with other parameters than today's.
    pub fn is_outdated(&self) -> bool {
        !self.0.starts_with(PRESENT)
    }
}

/// A listed word with digits and marks around it, or a short pattern repeated, or a run of neighbours.
fn is_common(password: &str) -> bool {
    let lower = Zeroizing::new(password.to_lowercase());
    let word = lower.trim_matches(|c: char| !c.is_alphabetic());
    let listed = |text: &str| COMMON.lines().any(|line| line == text);
    listed(&lower) || listed(word) || is_repetition(&lower) || is_run(&lower)
}

fn is_repetition(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    (1..=4).any(|period| chars.iter().zip(chars.iter().skip(period)).all(|(a, b)| a == b))
}

fn is_run(text: &str) -> bool {
    let step = |a: char, b: char| i64::from(u32::from(b)) - i64::from(u32::from(a));
    let pairs = || text.chars().zip(text.chars().skip(1));
    let wraps = |a, b| matches!((a, b), ('9', '0') | ('0', '9') | ('z', 'a') | ('a', 'z'));
    [1, -1].into_iter().any(|way| pairs().all(|(a, b)| step(a, b) == way || wraps(a, b)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(raw: &str) -> Result<(), WeakPassword> {
        Password::parse(raw.to_owned()).map(|_| ())
    }

    #[test]
    fn i2_a_password_has_12_to_128_characters() {
        assert_eq!(read("três-Tigres"), Err(WeakPassword::TooShort));
        assert_eq!(read("três-Tigres!"), Ok(()));
        assert_eq!(read(&"tigre é ágil ".repeat(10).chars().take(128).collect::<String>()), Ok(()));
        assert_eq!(read(&"tigre é ágil ".repeat(10).chars().take(129).collect::<String>()), Err(WeakPassword::TooLong));
    }

    #[test]
    fn i2_common_passwords_are_refused() {
        for raw in [
            "password1234",
            "PASSWORD!2026",
            "123456789012",
            "987654321098",
            "aaaaaaaaaaaa",
            "abcabcabcabc",
            "abcdefghijkl",
            "qwertyuiop123",
            "corinthians1910",
            "motdepasse2024",
            "senha123senha",
        ] {
            assert_eq!(read(raw), Err(WeakPassword::Common), "{raw}");
        }
        assert_eq!(read("Salus-demo-2026"), Ok(()));
        assert_eq!(read("correct horse battery"), Ok(()));
    }

    #[test]
    fn i2_a_hash_of_other_parameters_is_outdated() {
        let of = |text: &str| PasswordHash::from_stored(text.to_owned());
        assert!(of("$argon2id$v=19$m=4096,t=3,p=1$c2FsdHNhbHQ$aGFzaA").is_outdated());
        assert!(of("$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA").is_outdated());
        assert!(!PasswordHash::of_nobody().is_outdated());
        assert_eq!(PRESENT, format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$"));
    }

    #[test]
    fn secrets_are_not_printed() {
        assert_eq!(format!("{:?}", PasswordAttempt::new("três-Tigres!".to_owned())), "PasswordAttempt(..)");
        assert_eq!(format!("{:?}", PasswordHash::of_nobody()), "PasswordHash(..)");
    }

    proptest! {
        #[test]
        fn a_listed_word_stays_common_with_digits_behind_it(line in 0..1_000_usize, digits in "[0-9!]{12}") {
            let words: Vec<_> = COMMON.lines().filter(|l| l.chars().all(char::is_alphabetic)).collect();
            let word = words[line % words.len()];
            let padded = format!("{word}{digits}");
            prop_assert!(is_common(&padded));
        }
    }
}
