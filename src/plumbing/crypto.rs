//! Sealed fields: identity numbers, telephone numbers and bank accounts at rest.
//!
//! A sealed value is `key id (1 byte) | nonce (12) | ciphertext and tag`; the byte in front lets
//! keys and algorithms change while old values stay readable. It is found again by a keyed blind
//! index (an HMAC of the normalised value), never by its plain text. Default is SM4-GCM (RFC 8998)
//! with HMAC-SM3, as county systems are examined for; AES-256-GCM with HMAC-SHA-256 can be chosen.
//! Keys come from a file with mode 600, never from the database.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use crate::base::language::cause;
use crate::localized;
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{Aead, KeyInit, Nonce, Payload};
use aes_gcm::{Aes256Gcm, AesGcm};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sm4::Sm4;

type Sm4Gcm = AesGcm<Sm4, U12>;

/// Which column a value belongs to: part of what is authenticated and indexed, so that a value
/// moved to another column does not open and equal texts of two columns do not share an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Identity numbers of people.
    IdNumber,
    Phone,
    /// Accounts at the settlement agent.
    Account,
    /// Texts of messages: they hold names, amounts and one-time codes.
    Message,
    /// Contacts that wait for a decision, e-mail addresses of borrowers.
    Contact,
    Upload,
    /// Codes of visit sheets and what came back on them.
    Sheet,
    /// What was typed of an application, as a whole.
    Application,
    /// What a family has written in an application for recognition.
    Hardship,
    /// Who objects to a published list, and what they say.
    Objection,
    /// Keys that another county's installation shares, and the mark by which we know our own lists.
    Partner,
    /// Keys for what a phone keeps while it is offline; nothing of the database.
    RoundPhone,
    /// Browsers in which somebody has signed in; nothing of the database.
    Device,
    /// What decides who signs in and what they may do.
    Rights,
    /// A text by which a wrong sealing key is noticed at start.
    KeyCheck,
}

impl Field {
    fn label(self) -> &'static [u8] {
        match self {
            Field::IdNumber => b"id-number",
            Field::Phone => b"phone",
            Field::Account => b"account",
            Field::Message => b"message",
            Field::Contact => b"contact",
            Field::Upload => b"upload",
            Field::Sheet => b"sheet",
            Field::Application => b"application",
            Field::Hardship => b"hardship",
            Field::Objection => b"objection",
            Field::Partner => b"partner",
            Field::RoundPhone => b"round-phone",
            Field::Device => b"device",
            Field::Rights => b"rights",
            Field::KeyCheck => b"key-check",
        }
    }
}

/// The algorithms a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Suite {
    /// SM4-GCM and HMAC-SM3.
    Sm,
    /// AES-256-GCM and HMAC-SHA-256.
    Aes,
}

#[derive(Clone, Serialize, Deserialize)]
struct KeyText {
    id: u8,
    suite: Suite,
    seal: String,
}

/// The key file: `current` seals, every key opens, one key makes the blind index.
#[derive(Clone, Serialize, Deserialize)]
struct KeyFile {
    current: u8,
    index_suite: Suite,
    index: String,
    keys: Vec<KeyText>,
}

#[derive(Clone)]
enum Opener {
    Sm(Box<Sm4Gcm>),
    Aes(Box<Aes256Gcm>),
}

/// Seals, opens and indexes. Holds the keys; never printed.
pub struct Sealer {
    current: u8,
    openers: Vec<(u8, Opener)>,
    index_suite: Suite,
    index_key: Vec<u8>,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(keys hidden)")
    }
}

/// A sealed value that does not open: a wrong key file, or a damaged row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoesNotOpen;

impl std::fmt::Display for DoesNotOpen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a sealed field does not open: the key file is not the one it was sealed with")
    }
}

impl std::error::Error for DoesNotOpen {}

impl From<DoesNotOpen> for crate::error::AppError {
    fn from(error: DoesNotOpen) -> Self {
        crate::error::AppError::broken(error)
    }
}

impl Sealer {
    /// Reads the key file, or makes one (mode 600) when there is none yet. The error is one line.
    pub fn from_file(path: &Path, suite: Suite) -> Result<Sealer, String> {
        let name = path.display();
        if !path.exists() {
            let text = new_key_file(suite)?;
            let mut options = fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(path).map_err(|e| {
                localized!(
                    "密钥文件 {name}：建不了（{e}）",
                    "key file {name}: cannot be made ({e})",
                    e = cause(&e)
                )
            })?;
            file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|e| {
                localized!(
                    "密钥文件 {name}：写不进去（{e}）",
                    "key file {name}: cannot be written ({e})",
                    e = cause(&e)
                )
            })?;
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(path)
                .map_err(|e| {
                    localized!(
                        "密钥文件 {name}：读不出来（{e}）",
                        "key file {name}: cannot be read ({e})",
                        e = cause(&e)
                    )
                })?
                .permissions()
                .mode();
            if mode & 0o077 != 0 {
                return Err(localized!(
                    "密钥文件 {name}：别人也能读，请运行 chmod 600 {name}",
                    "key file {name}: others may read it; run: chmod 600 {name}"
                ));
            }
        }
        let text = fs::read_to_string(path).map_err(|e| {
            localized!(
                "密钥文件 {name}：读不出来（{e}）",
                "key file {name}: cannot be read ({e})",
                e = cause(&e)
            )
        })?;
        Sealer::from_text(&text)
            .map_err(|e| localized!("密钥文件 {name}：{e}", "key file {name}: {e}"))
    }

    /// Fresh keys that live only in memory, for tests and benches.
    pub fn throw_away() -> Result<Sealer, String> {
        Sealer::from_text(&new_key_file(Suite::Sm)?)
    }

    fn from_text(text: &str) -> Result<Sealer, String> {
        let file: KeyFile = toml::from_str(text)
            .map_err(|e| localized!("不是密钥文件（{}）", "is not a key file ({})", e.message()))?;
        let mut openers = Vec::new();
        for key in &file.keys {
            let bytes = from_hex(&key.seal)
                .ok_or_else(|| localized!("密钥 {} 不是十六进制", "key {} is not hex", key.id))?;
            let opener = match key.suite {
                Suite::Sm => Sm4Gcm::new_from_slice(&bytes).map(|k| Opener::Sm(Box::new(k))),
                Suite::Aes => Aes256Gcm::new_from_slice(&bytes).map(|k| Opener::Aes(Box::new(k))),
            }
            .map_err(|_| localized!("密钥 {} 的长度不对", "key {} has the wrong length", key.id))?;
            openers.push((key.id, opener));
        }
        if !openers.iter().any(|(id, _)| *id == file.current) {
            return Err(localized!(
                "current = {} 没有对应的密钥",
                "current = {} names no key",
                file.current
            ));
        }
        let index_key =
            from_hex(&file.index).ok_or(localized!("index 不是十六进制", "index is not hex"))?;
        if index_key.len() < 16 {
            return Err(
                localized!("index 不足 16 字节", "index is shorter than 16 bytes").to_owned()
            );
        }
        Ok(Sealer { current: file.current, openers, index_suite: file.index_suite, index_key })
    }

    fn opener(&self, id: u8) -> Result<&Opener, DoesNotOpen> {
        self.openers.iter().find(|(key, _)| *key == id).map(|(_, o)| o).ok_or(DoesNotOpen)
    }

    /// The keys of the file, whether they seal or only open.
    pub fn key_ids(&self) -> Vec<u8> {
        self.openers.iter().map(|(id, _)| *id).collect()
    }

    /// Seals a value of `field`.
    pub fn seal(&self, field: Field, plain: &[u8]) -> Result<Vec<u8>, DoesNotOpen> {
        self.seal_with(self.current, field, plain)
    }

    /// The same by a key that need not be the current one.
    pub fn seal_with(&self, id: u8, field: Field, plain: &[u8]) -> Result<Vec<u8>, DoesNotOpen> {
        let mut nonce = [0_u8; 12];
        getrandom::fill(&mut nonce).map_err(|_| DoesNotOpen)?;
        let payload = Payload { msg: plain, aad: field.label() };
        let sealed = match self.opener(id)? {
            Opener::Sm(k) => k.encrypt(&Nonce::<Sm4Gcm>::from(nonce), payload),
            Opener::Aes(k) => k.encrypt(&Nonce::<Aes256Gcm>::from(nonce), payload),
        }
        .map_err(|_| DoesNotOpen)?;
        let mut out = Vec::with_capacity(13 + sealed.len());
        out.push(id);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    /// Opens a sealed value of `field`.
    pub fn open(&self, field: Field, sealed: &[u8]) -> Result<Vec<u8>, DoesNotOpen> {
        let (id, rest) = sealed.split_first().ok_or(DoesNotOpen)?;
        let (nonce, msg) = rest.split_first_chunk::<12>().ok_or(DoesNotOpen)?;
        let payload = Payload { msg, aad: field.label() };
        match self.opener(*id)? {
            Opener::Sm(k) => k.decrypt(&Nonce::<Sm4Gcm>::from(*nonce), payload),
            Opener::Aes(k) => k.decrypt(&Nonce::<Aes256Gcm>::from(*nonce), payload),
        }
        .map_err(|_| DoesNotOpen)
    }

    /// Opens a sealed text of `field`.
    pub fn open_text(&self, field: Field, sealed: &[u8]) -> Result<String, DoesNotOpen> {
        String::from_utf8(self.open(field, sealed)?).map_err(|_| DoesNotOpen)
    }

    /// The blind index of a normalised text of `field`: equal texts, equal 32 bytes; without the
    /// key nothing can be said about the text.
    pub fn index(&self, field: Field, text: &str) -> Vec<u8> {
        match self.index_suite {
            Suite::Sm => match Hmac::<sm3::Sm3>::new_from_slice(&self.index_key) {
                Ok(mac) => tag(mac, field, text),
                Err(_) => Vec::new(),
            },
            Suite::Aes => match Hmac::<sha2::Sha256>::new_from_slice(&self.index_key) {
                Ok(mac) => tag(mac, field, text),
                Err(_) => Vec::new(),
            },
        }
    }

    /// A short public fingerprint of the index key; kept in the database so that a wrong key
    /// file is noticed at start and not by an empty search.
    pub fn fingerprint(&self) -> String {
        to_hex(self.index(Field::Upload, "zhuxue key check").get(..8).unwrap_or_default())
    }
}

/// HMAC-SHA-256 under a key that two installations share; `purpose` keeps its uses apart.
pub fn shared_hash(key: &[u8], purpose: &str, text: &str) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<sha2::Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(purpose.as_bytes());
    mac.update(b"\0");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn tag<M: Mac>(mut mac: M, field: Field, text: &str) -> Vec<u8> {
    mac.update(field.label());
    mac.update(b"\0");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn new_key_file(suite: Suite) -> Result<String, String> {
    let seal = match suite {
        Suite::Sm => random_hex(16)?,
        Suite::Aes => random_hex(32)?,
    };
    let file = KeyFile {
        current: 1,
        index_suite: suite,
        index: random_hex(32)?,
        keys: vec![KeyText { id: 1, suite, seal }],
    };
    let body = toml::to_string(&file).map_err(|e| e.to_string())?;
    Ok(format!(
        "# Keys of the sealed fields. Without this file identity numbers, phones and accounts\n\
         # in the database cannot be read by anybody, us included. Keep a copy apart from the\n\
         # backups.\n\
         {body}"
    ))
}

/// `bytes` random bytes as lower-case hex, from the operating system.
pub fn random_hex(bytes: usize) -> Result<String, String> {
    let mut buffer = vec![0_u8; bytes];
    getrandom::fill(&mut buffer).map_err(|e| {
        localized!("系统没有给出随机数（{e}）", "no randomness from the system ({e})")
    })?;
    Ok(to_hex(&buffer))
}

pub fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// Bytes of lower- or upper-case hex, or nothing when it is not hex.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_and_only_in_its_own_column() {
        for suite in [Suite::Sm, Suite::Aes] {
            let sealer = Sealer::from_text(&new_key_file(suite).unwrap()).unwrap();
            let sealed = sealer.seal(Field::IdNumber, b"51209920080403125X").unwrap();
            assert_ne!(sealed, sealer.seal(Field::IdNumber, b"51209920080403125X").unwrap());
            assert_eq!(sealer.open(Field::IdNumber, &sealed).unwrap(), b"51209920080403125X");
            assert_eq!(sealer.open(Field::Phone, &sealed), Err(DoesNotOpen));
            let mut damaged = sealed.clone();
            damaged[20] ^= 1;
            assert_eq!(sealer.open(Field::IdNumber, &damaged), Err(DoesNotOpen));
            assert_eq!(sealer.open(Field::IdNumber, &[]), Err(DoesNotOpen));
        }
    }

    #[test]
    fn an_index_is_equal_for_equal_texts_of_one_column_only() {
        let a = Sealer::throw_away().unwrap();
        let b = Sealer::throw_away().unwrap();
        assert_eq!(a.index(Field::Phone, "16410994847"), a.index(Field::Phone, "16410994847"));
        assert_ne!(a.index(Field::Phone, "16410994847"), a.index(Field::IdNumber, "16410994847"));
        assert_ne!(a.index(Field::Phone, "16410994847"), b.index(Field::Phone, "16410994847"));
        assert_ne!(a.fingerprint(), b.fingerprint());
    }

    /// RFC 8998 appendix A.1: SM4-GCM test vector.
    #[test]
    fn sm4_gcm_is_the_one_of_rfc_8998() {
        let key = from_hex("0123456789abcdeffedcba9876543210").unwrap();
        let iv: [u8; 12] = from_hex("00001234567800000000abcd").unwrap().try_into().unwrap();
        let aad = from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2").unwrap();
        let msg = from_hex(
            "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd\
             eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa",
        )
        .unwrap();
        let cipher = Sm4Gcm::new_from_slice(&key).unwrap();
        let sealed =
            cipher.encrypt(&Nonce::<Sm4Gcm>::from(iv), Payload { msg: &msg, aad: &aad }).unwrap();
        assert_eq!(
            to_hex(&sealed),
            "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735\
             d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d\
             83de3541e4c2b58177e065a9bf7b62ec"
        );
    }
}
