//! Random bytes.

use identity::ports::Randomness;
use zeroize::Zeroizing;

/// The generator of the process, seeded by the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn secret(&self) -> Zeroizing<[u8; 32]> {
        let mut secret = Zeroizing::new([0; 32]);
        rand::fill(secret.as_mut_slice());
        secret
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_secrets_are_alike() {
        assert_ne!(SystemRandomness.secret(), SystemRandomness.secret());
    }
}
