//! Hex digits: random ones for tokens, and the hash by which a token is kept.

use sha2::{Digest, Sha256};

use crate::error::{AppError, AppResult};

/// SHA-256 of a token.
pub fn hash_of(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// `bytes` random bytes as hex digits.
pub fn random_hex(bytes: usize) -> AppResult<String> {
    let mut raw = vec![0_u8; bytes];
    getrandom::fill(&mut raw).map_err(|e| AppError::broken(format!("no randomness: {e}")))?;
    Ok(hex(&raw))
}

/// Bytes as hex digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
