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
