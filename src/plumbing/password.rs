//! Passwords: argon2id hashes (46 MiB, one pass, one lane: about 55 ms), made and checked outside
//! of the workers and a few at a time, so that a wave of sign-ins cannot take all memory.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::error::{AppError, AppResult};

const MEMORY_KIB: u32 = 46 * 1024;

/// How many hashes are worked on at one time: two take 92 MiB for a moment.
const AT_ONCE: usize = 2;

/// Fewest characters of a password.
pub const LENGTH_MIN: usize = 10;

/// Most bytes of a password, so that nobody has us hash a novel.
const BYTES_MAX: usize = 256;

/// A hash that no password opens, checked when the login is unknown, so that the answer takes
/// as long as for a known one.
const NOBODY: &str = "$argon2id$v=19$m=47104,t=1,p=1$emh1eHVlLW5vYm9keS0wMQ$\
                      AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The same in every installation, or two would not come to the same key.
const SHARED_SALT: &[u8] = b"zhuxue partner 1";

/// Passwords that are tried first by everybody. Compared in lower case.
const COMMON: [&str; 24] = [
    "1234567890",
    "0123456789",
    "12345678910",
    "123456789a",
    "a123456789",
    "1111111111",
    "0000000000",
    "8888888888",
    "6666666666",
    "1234512345",
    "1122334455",
    "qwertyuiop",
    "1qaz2wsx3edc",
    "qwer123456",
    "asdf123456",
    "abc1234567",
    "abcd123456",
    "password123",
    "password1234",
    "p@ssw0rd123",
    "admin12345",
    "administrator",
    "zhuxue1234",
    "zhuxue123456",
];

/// The gate before the hashing.
#[derive(Debug)]
pub struct Passwords {
    gate: Semaphore,
}

impl Default for Passwords {
    fn default() -> Self {
        Passwords { gate: Semaphore::new(AT_ONCE) }
    }
}

impl Passwords {
    /// True when `password` is the one of `hash`; with no hash it takes as long and is false.
    pub async fn matches(&self, password: String, hash: Option<String>) -> AppResult<bool> {
        self.run(move || Ok(matches(&password, hash.as_deref()))).await
    }

    /// The hash of a new password, as PHC text.
    pub async fn hash(&self, password: String) -> AppResult<String> {
        self.run(move || hash(&password)).await
    }

    /// The key of a phrase that two installations share: equal phrases, equal 32 bytes.
    pub async fn shared_key(&self, phrase: String) -> AppResult<Vec<u8>> {
        self.run(move || {
            let mut key = vec![0_u8; 32];
            let made = argon2()?.hash_password_into(phrase.as_bytes(), SHARED_SALT, &mut key);
            made.map_err(AppError::broken)?;
            Ok(key)
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> AppResult<T> + Send + 'static,
    ) -> AppResult<T> {
        let _one_of_few =
            self.gate.acquire().await.map_err(|e| AppError::TooBusy(e.to_string()))?;
        actix_web::web::block(work).await.map_err(AppError::broken)?
    }
}

fn argon2() -> AppResult<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, 1, 1, None).map_err(AppError::broken)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The hash of a new password, on this thread (command line, demo).
pub fn hash(password: &str) -> AppResult<String> {
    Ok(argon2()?.hash_password(password.as_bytes()).map_err(AppError::broken)?.to_string())
}

fn matches(password: &str, hash: Option<&str>) -> bool {
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODY)) else { return false };
    let Ok(argon2) = argon2() else { return false };
    password.len() <= BYTES_MAX
        && argon2.verify_password(password.as_bytes(), &parsed).is_ok()
        && hash.is_some()
}

/// Why a new password cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weak {
    /// Fewer characters than [`LENGTH_MIN`].
    Short,
    /// More bytes than we hash.
    Long,
    /// It is, or holds, the login or the name.
    Own,
    /// On the list of common ones, or one character repeated.
    Common,
}

impl Weak {
    /// What to do about it.
    pub const fn in_words(self) -> &'static str {
        match self {
            Weak::Short => "密码至少 10 个字符，可以用一句好记的话",
            Weak::Long => "密码太长，请控制在 80 个汉字以内",
            Weak::Own => "密码里不要带登录名或姓名，请换一个",
            Weak::Common => "这个密码太常见，很容易被猜到，请换一个",
        }
    }
}

/// May `password` be the password of somebody with this login and name? Length is what counts;
/// no rule about kinds of characters, which only makes people write passwords down.
pub fn check(password: &str, login: &str, name: &str) -> Result<(), Weak> {
    if password.chars().count() < LENGTH_MIN {
        return Err(Weak::Short);
    }
    if password.len() > BYTES_MAX {
        return Err(Weak::Long);
    }
    let lower = password.to_lowercase();
    let mut distinct: Vec<char> = lower.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    if COMMON.contains(&lower.as_str()) || distinct.len() < 4 {
        return Err(Weak::Common);
    }
    let login = login.to_lowercase();
    let without = if login.is_empty() { lower.clone() } else { lower.replace(&login, "") };
    let without = if name.is_empty() { without } else { without.replace(name, "") };
    // A login with "123" behind it is no password; a long sentence that mentions it is.
    if without.chars().count() < LENGTH_MIN && without != lower {
        return Err(Weak::Own);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_opens_its_own_hash_only() {
        let stored = hash("春风又绿江南岸2026").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=47104,t=1,p=1$"), "{stored}");
        assert!(matches("春风又绿江南岸2026", Some(&stored)));
        assert!(!matches("春风又绿江南岸2027", Some(&stored)));
        assert!(!matches("春风又绿江南岸2026", None));
        assert!(PasswordHash::new(NOBODY).is_ok(), "the hash of nobody must take its time");
    }

    #[test]
    fn weak_passwords_are_told_why() {
        let check = |password| check(password, "wei.qy", "韦清越");
        assert_eq!(check("short"), Err(Weak::Short));
        assert_eq!(check("1234567890"), Err(Weak::Common));
        assert_eq!(check("aaaaaaaaaaaa"), Err(Weak::Common));
        assert_eq!(check("Wei.qy12345"), Err(Weak::Own));
        assert_eq!(check("韦清越20260912"), Err(Weak::Own));
        assert_eq!(check("十月的天气很好很好"), Err(Weak::Short));
        assert_eq!(check("十月的天气真是很好很好"), Ok(()));
        assert_eq!(check("correct horse wei.qy battery"), Ok(()));
        assert_eq!(check(&"长".repeat(200)), Err(Weak::Long));
    }
}
