//! Text messages: the signature, the parts a text is charged as, and the gateways `http` (any
//! vendor, described in the configuration), `aliyun` and `spool`.

use crate::book::office::Office;

/// `[sms]` of the configuration.
#[derive(Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmsConfig {
    /// `off`, `spool` (files in data_dir/spool/sms), `http` or `aliyun`.
    pub gateway: String,
    /// The signature that stands first, in 【】; empty: the name of the office.
    pub signature: String,
}

impl Default for SmsConfig {
    fn default() -> Self {
        SmsConfig { gateway: "off".to_owned(), signature: String::new() }
    }
}

/// The signature of an office, without its brackets.
pub fn signature<'a>(config: &'a SmsConfig, office: &'a Office) -> &'a str {
    if config.signature.is_empty() { &office.name } else { &config.signature }
}

/// The whole text as it leaves: signature first, in 【】.
pub fn signed(config: &SmsConfig, office: &Office, text: &str) -> String {
    format!("【{}】{text}", signature(config, office))
}

/// Largest text of one part, in UTF-16 units.
const ONE_PART: usize = 70;

/// Each of several parts carries a header that tells its place.
const EACH_OF_SEVERAL: usize = 67;

/// How many messages a whole text (signature and all) is charged as: one up to 70 UTF-16 units,
/// otherwise 67 each. A rare character outside of the basic plane counts as two and is never cut
/// in half, as phones and gateways have it.
pub fn parts(text: &str) -> i32 {
    let units: usize = text.chars().map(char::len_utf16).sum();
    if units <= ONE_PART {
        return 1;
    }
    let mut parts = 1;
    let mut used = 0;
    for letter in text.chars() {
        if used + letter.len_utf16() > EACH_OF_SEVERAL {
            parts += 1;
            used = 0;
        }
        used += letter.len_utf16();
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_70_or_67_units_each() {
        for (units, expected) in
            [(0, 1), (1, 1), (70, 1), (71, 2), (134, 2), (135, 3), (201, 3), (202, 4)]
        {
            assert_eq!(parts(&"助".repeat(units)), expected, "{units}");
        }
        assert_eq!(parts(&"𪚥".repeat(35)), 1, "two units each");
        assert_eq!(parts(&"𪚥".repeat(36)), 2);
        assert_eq!(parts(&"𪚥".repeat(67)), 3, "33 whole ones in a part, never half of one");
    }

    #[test]
    fn the_signature_stands_first() {
        let office = Office {
            code: "512022".to_owned(),
            name: "乐至县学生资助管理中心".to_owned(),
            letters: "LZ".to_owned(),
            phone: String::new(),
            address: String::new(),
            created_at: chrono::NaiveDateTime::default(),
        };
        let mut config = SmsConfig::default();
        assert_eq!(signed(&config, &office, "好"), "【乐至县学生资助管理中心】好");
        config.signature = "乐至助学".to_owned();
        assert_eq!(signed(&config, &office, "好"), "【乐至助学】好");
    }
}
