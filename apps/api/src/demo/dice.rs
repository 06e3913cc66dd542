//! Repeatable randomness: the same seed throws the same demo company on every machine.

/// `SplitMix64` (Steele, Lea, Flood 2014): small, and good enough to look random.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number from 0 to `sides - 1`; 0 when there are no sides.
    pub(super) fn below(&mut self, sides: u32) -> u32 {
        let high = self.next() >> 32;
        u32::try_from((high * u64::from(sides)) >> 32).unwrap_or(0)
    }

    /// A number from `first` to `last`, both included.
    pub(super) fn between(&mut self, first: u32, last: u32) -> u32 {
        first + self.below(last.saturating_sub(first) + 1)
    }

    /// One item of a list; the type's default when it is empty.
    pub(super) fn pick<T: Copy + Default>(&mut self, of: &[T]) -> T {
        let place = self.below(u32::try_from(of.len()).unwrap_or(u32::MAX));
        usize::try_from(place).ok().and_then(|place| of.get(place)).copied().unwrap_or_default()
    }

    /// True that often in a hundred throws.
    pub(super) fn percent(&mut self, chance: u32) -> bool {
        self.below(100) < chance
    }

    /// So many decimal digits, the first of which may be 0.
    pub(super) fn digits(&mut self, count: usize) -> Vec<u32> {
        std::iter::repeat_with(|| self.below(10)).take(count).collect()
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_the_published_one() {
        let mut dice = Dice::new(1_234_567);
        assert_eq!(dice.next(), 6_457_827_717_110_365_317);
        assert_eq!(dice.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn throws_stay_in_range_and_reach_both_ends() {
        let mut dice = Dice::new(7);
        let throws: std::collections::BTreeSet<u32> = (0..500).map(|_| dice.between(3, 6)).collect();
        assert_eq!(throws.into_iter().collect::<Vec<_>>(), [3, 4, 5, 6]);
        assert_eq!(dice.below(0), 0);
        assert_eq!(dice.pick::<u32>(&[]), 0);
    }
}
