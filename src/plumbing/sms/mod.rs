//! Text messages: one small trait, three gateways.

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

/// How many SMS a whole text (with its signature) is charged as: one up to 70 characters (UTF-16
/// units), else 67 each.
pub fn parts(text: &str) -> i32 {
    let units = text.encode_utf16().count();
    if units <= 70 { 1 } else { i32::try_from(units.div_ceil(67)).unwrap_or(i32::MAX) }
}
