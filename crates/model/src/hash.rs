//! Stable 128- and 64-bit hashes: the same on every machine and in every version (XXH3).

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// 64-bit hash of bytes.
#[must_use]
pub fn hash64(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}

/// 128-bit hash of bytes.
#[must_use]
pub fn hash128(bytes: &[u8]) -> u128 {
    xxh3_128(bytes)
}

/// The upper 80 bits of a hash as 16 characters of Crockford's base 32, lower case.
#[must_use]
pub fn base32(hash: u128) -> String {
    (0..16).map(|place| char::from(ALPHABET[(hash >> (123 - 5 * place)) as usize & 31])).collect()
}
