//! The memory of password hashing, kept for the next hash instead of being asked of the system each time.

use std::sync::{Arc, Mutex, PoisonError};

use argon2::Block;
use zeroize::Zeroize as _;

/// Buffers of equal size; as many exist as were ever in use at once, whatever the allocator does with freed memory.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    idle: Arc<Mutex<Vec<Vec<Block>>>>,
    length: usize,
}

/// A buffer of zeros, for one hash: wiped and put back when dropped. What a hash leaves in its memory leads back to the
/// first block, from which a password could be guessed without the memory's price.
pub(crate) struct Blocks {
    blocks: Vec<Block>,
    pool: Pool,
}

impl Pool {
    /// A pool of buffers of `length` blocks.
    pub(crate) fn new(length: usize) -> Self {
        Self { idle: Arc::default(), length }
    }

    /// A buffer of at least `length` blocks; one longer than the pool's is not kept.
    pub(crate) fn take(&self, length: usize) -> Blocks {
        let kept = if length <= self.length { self.with_idle(Vec::pop) } else { None };
        let blocks = kept.unwrap_or_else(|| vec![Block::new(); length.max(self.length)]);
        Blocks { blocks, pool: self.clone() }
    }

    fn with_idle<T>(&self, change: impl FnOnce(&mut Vec<Vec<Block>>) -> T) -> T {
        change(&mut self.idle.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Blocks {
    /// The memory.
    pub(crate) fn as_mut(&mut self) -> &mut [Block] {
        &mut self.blocks
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        self.blocks.iter_mut().zeroize();
        if self.blocks.len() == self.pool.length {
            let blocks = std::mem::take(&mut self.blocks);
            self.pool.with_idle(|idle| idle.push(blocks));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(pool: &Pool) -> usize {
        pool.with_idle(|idle| idle.len())
    }

    #[test]
    fn i2_a_buffer_comes_back_wiped_and_is_used_again() {
        let pool = Pool::new(3);
        let mut first = pool.take(3);
        let place = first.as_mut().as_ptr();
        first.as_mut()[2].as_mut()[127] = 7;
        drop(first);
        assert_eq!(kept(&pool), 1);
        let mut again = pool.take(2);
        assert_eq!((again.as_mut().as_ptr(), again.as_mut().len(), kept(&pool)), (place, 3, 0));
        assert!(again.as_mut().iter().all(|block| block.as_ref().iter().all(|word| *word == 0)));
    }

    #[test]
    fn i2_only_as_many_are_kept_as_were_in_use_at_once_and_longer_ones_never() {
        let pool = Pool::new(2);
        for _ in 0..5 {
            drop((pool.take(2), pool.take(2)));
        }
        drop(pool.take(9));
        assert_eq!(kept(&pool), 2);
    }
}
