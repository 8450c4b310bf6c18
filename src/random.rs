//! Numbers nobody outside can foresee, for boundaries and for the sandbox's ids; not for keys that guard anything.

use std::hash::{BuildHasher, RandomState};

/// 128 bits: the standard library seeds the keys of its hashes from the operating system.
pub(crate) fn draw() -> u128 {
    let half = || u128::from(RandomState::new().hash_one(()));
    half() << 64 | half()
}
