//! Random numbers for boundaries, pauses, names of temporary files and the ids of the sandbox; not for cryptographic
//! keys.

use std::hash::{BuildHasher, RandomState};

/// 128 random bits: the standard library seeds the keys of its hashes from the operating system.
pub(crate) fn draw() -> u128 {
    let half = || u128::from(RandomState::new().hash_one(()));
    half() << 64 | half()
}
