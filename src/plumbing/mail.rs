//! E-mail by SMTP.

/// `[mail]` of the configuration.
#[derive(Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailConfig {
    /// `off`, `spool` (files in data_dir/spool/mail) or `smtp`.
    pub gateway: String,
}

impl Default for MailConfig {
    fn default() -> Self {
        MailConfig { gateway: "off".to_owned() }
    }
}
