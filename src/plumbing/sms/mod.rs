//! Text messages: the signature, the parts a text is charged as, and the gateways `http` (any
//! vendor, described in the configuration), `aliyun` and `spool`.

mod aliyun;
mod expression;
mod http;
mod receipts;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use crate::plumbing::gateway::spool::Spool;
use crate::plumbing::gateway::{Gateway, LineConfig, Outcome, Outgoing, Sender};

pub use http::HttpConfig;
pub use receipts::{ReceiptConfig, read as read_receipts};

/// `[sms]` of the configuration.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmsConfig {
    /// `off`, `spool` (files in data_dir/spool/sms), `http` or `aliyun`.
    pub gateway: String,
    /// The signature that stands first, in 【】; empty: the name of the office.
    pub signature: String,
    /// Account at the vendor (`aliyun`: the AccessKey id).
    pub user: String,
    /// Its password or secret; better as ZHUXUE_SMS_PASSWORD.
    pub password: String,
    /// Messages a second; 0: as fast as it goes.
    pub per_second: u32,
    /// Messages under way at once.
    pub in_flight: u32,
    /// Messages claimed at once; fewer by a gateway that does not recognise a repeat.
    pub batch: u32,
    /// Seconds to wait for the gateway.
    pub timeout_s: u32,
    /// How long a claimed message is left to the instance that sends it.
    pub lease_s: u32,
    /// Tries before a message is given up.
    pub tries: u32,
    /// The gateway recognises our number and does not send the same message twice: then what
    /// was under way when the program died is sent again instead of becoming unsure.
    pub repeat_same_id: bool,
    /// A proxy on the way to the gateway, such as `http://10.0.0.1:3128`.
    pub proxy: String,
    /// A certificate (PEM) to trust instead of the built-in ones.
    pub ca_file: String,
    /// The secret in the address to which the vendor sends receipts; empty: none are taken.
    pub receipt_token: String,
    /// After so many days without a receipt a message gets a note; 0: never.
    pub receipt_days: u32,
    /// The approved template of each reason, where the vendor wants one.
    pub templates: BTreeMap<String, String>,
    /// A vendor described by this file.
    pub http: HttpConfig,
    /// How the vendor's receipts are read.
    pub receipts: ReceiptConfig,
    /// The address of the `aliyun` gateway.
    pub endpoint: String,
}

impl Default for SmsConfig {
    fn default() -> Self {
        SmsConfig {
            gateway: "off".to_owned(),
            signature: String::new(),
            user: String::new(),
            password: String::new(),
            per_second: 10,
            in_flight: 4,
            batch: 500,
            timeout_s: 15,
            lease_s: 120,
            tries: 8,
            repeat_same_id: false,
            proxy: String::new(),
            ca_file: String::new(),
            receipt_token: String::new(),
            receipt_days: 3,
            templates: BTreeMap::new(),
            http: HttpConfig::default(),
            receipts: ReceiptConfig::default(),
            endpoint: "https://dysmsapi.aliyuncs.com".to_owned(),
        }
    }
}

/// Shortest secret in the address of receipts.
const TOKEN_MIN: usize = 16;

impl SmsConfig {
    /// Tells what cannot be used.
    pub fn check(&self, mistakes: &mut Vec<String>) {
        if !["off", "spool", "http", "aliyun"].contains(&self.gateway.as_str()) {
            mistakes.push(format!(
                "sms.gateway: expected off, spool, http or aliyun, found {:?}",
                self.gateway
            ));
        }
        for (key, value) in [
            ("sms.in_flight", self.in_flight),
            ("sms.batch", self.batch),
            ("sms.timeout_s", self.timeout_s),
            ("sms.lease_s", self.lease_s),
            ("sms.tries", self.tries),
        ] {
            if !(1..=3_600).contains(&value) {
                mistakes.push(format!("{key}: expected 1 to 3600, found {value}"));
            }
        }
        if !self.receipt_token.is_empty() && self.receipt_token.len() < TOKEN_MIN {
            mistakes.push(format!("sms.receipt_token: expected at least {TOKEN_MIN} characters"));
        }
        if self.gateway == "http" {
            self.http.check(mistakes);
        }
        if self.gateway == "aliyun" && (self.user.is_empty() || self.password.is_empty()) {
            mistakes
                .push("sms.user, sms.password: expected the AccessKey id and secret".to_owned());
        }
    }

    /// How the gateway may be used. A folder is never slowed down.
    pub fn line(&self) -> LineConfig {
        LineConfig {
            per_second: if self.gateway == "spool" { 0 } else { self.per_second },
            in_flight: usize::try_from(self.in_flight).unwrap_or(1).max(1),
            batch: usize::try_from(self.batch).unwrap_or(1).max(1),
            lease_s: self.lease_s,
            tries: self.tries,
        }
    }

    /// The approved template of a reason; empty: none.
    pub fn template_of(&self, reason: &str) -> &str {
        self.templates.get(reason).map_or("", String::as_str)
    }
}

/// The gateway that the configuration names.
///
/// # Errors
/// One line: which key is wrong and what was expected.
pub fn gateway(sms: &SmsConfig, sender: Sender<'_>) -> Result<Option<Box<dyn Gateway>>, String> {
    Ok(match sms.gateway.as_str() {
        "spool" => Some(Box::new(SmsSpool(Spool::new(sender.data_dir.join("spool/sms"))))),
        "http" => Some(Box::new(http::HttpGateway::new(sms, sender)?)),
        "aliyun" => Some(Box::new(aliyun::Aliyun::new(sms)?)),
        _ => None,
    })
}

/// The client by which a gateway is asked. A connection is never used twice: one that the other
/// side has just closed would leave a message of which nobody knows whether it was taken.
fn client(sms: &SmsConfig) -> Result<ureq::Agent, String> {
    let mut builder = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_idle_connections(0)
        .timeout_global(Some(Duration::from_secs(u64::from(sms.timeout_s))))
        .user_agent("zhuxue");
    let proxy = match sms.proxy.as_str() {
        "" => None,
        proxy => Some(ureq::Proxy::new(proxy).map_err(|e| format!("sms.proxy: {proxy}: {e}"))?),
    };
    builder = builder.proxy(proxy);
    if !sms.ca_file.is_empty() {
        let file = &sms.ca_file;
        let pem =
            std::fs::read(file).map_err(|e| format!("sms.ca_file {file}: cannot be read ({e})"))?;
        let certificate = ureq::tls::Certificate::from_pem(&pem)
            .map_err(|e| format!("sms.ca_file {file}: expected a PEM certificate ({e})"))?;
        let roots = ureq::tls::RootCerts::new_with_certs(&[certificate]);
        builder = builder.tls_config(ureq::tls::TlsConfig::builder().root_certs(roots).build());
    }
    Ok(builder.build().new_agent())
}

struct SmsSpool(Spool);

impl Gateway for SmsSpool {
    fn name(&self) -> &'static str {
        "spool"
    }

    fn send(&self, out: &Outgoing) -> Outcome {
        let file = serde_json::json!({
            "id": out.id.to_string(),
            "phone": out.to,
            "text": out.text,
            "parts": parts(&out.text),
        });
        self.0.put(&format!("{}.json", out.id), format!("{file:#}\n").as_bytes())
    }

    fn repeat_is_harmless(&self) -> bool {
        true
    }
}

/// The signature of the office of this name, without its brackets.
pub fn signature<'a>(config: &'a SmsConfig, office: &'a str) -> &'a str {
    if config.signature.is_empty() { office } else { &config.signature }
}

/// The whole text as it leaves: signature first, in 【】.
pub fn signed(config: &SmsConfig, office: &str, text: &str) -> String {
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
        let office = "乐至县学生资助管理中心";
        let mut config = SmsConfig::default();
        assert_eq!(signed(&config, office, "好"), "【乐至县学生资助管理中心】好");
        config.signature = "乐至助学".to_owned();
        assert_eq!(signed(&config, office, "好"), "【乐至助学】好");
    }
}
