//! 阿里云短信服务: `SendSms` and `QuerySendDetails` of version 2017-05-25, signed as documented
//! (ACS3-HMAC-SHA256). Our number goes along as OutId and comes back with every receipt; it does
//! not keep the vendor from sending a repeat.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use ureq::http::Request;

use super::SmsConfig;
use super::expression::{Reply, json_text};
use super::http::ask_for;
use crate::base::dates::local;
use crate::base::hex::hex;
use crate::plumbing::gateway::{Answer, Fault, Gateway, Outcome, Outgoing, SentMessage};
use crate::plumbing::outbox::Delivery;

const VERSION: &str = "2017-05-25";

pub struct Aliyun {
    client: ureq::Agent,
    endpoint: String,
    host: String,
    key: String,
    secret: String,
    repeat_same_id: bool,
}

impl Aliyun {
    /// With the AccessKey of the configuration.
    ///
    /// # Errors
    /// One line: which key is wrong and what was expected.
    pub fn new(sms: &SmsConfig) -> Result<Aliyun, String> {
        let endpoint = sms.endpoint.trim_end_matches('/').to_owned();
        let host = endpoint
            .split_once("://")
            .map(|(_, host)| host.to_owned())
            .filter(|host| !host.is_empty() && !host.contains('/'))
            .ok_or_else(|| format!("sms.endpoint: expected https://HOST, found {endpoint:?}"))?;
        Ok(Aliyun {
            client: super::client(sms)?,
            endpoint,
            host,
            key: sms.user.clone(),
            secret: sms.password.clone(),
            repeat_same_id: sms.repeat_same_id,
        })
    }

    fn call(
        &self,
        action: &str,
        query: &BTreeMap<&str, String>,
        now: DateTime<Utc>,
    ) -> Result<Reply, Outcome> {
        let broken = |e: String| Outcome::Down(Fault::Nonsense, e);
        let mut nonce = [0_u8; 16];
        getrandom::fill(&mut nonce).map_err(|e| broken(e.to_string()))?;
        let signed = Signing {
            host: &self.host,
            action,
            version: VERSION,
            date: now.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            nonce: hex(&nonce),
        };
        let query = canonical(query);
        let authorization =
            signed.authorization(&query, &self.key, &self.secret).map_err(broken)?;
        let mut request = Request::builder()
            .method("POST")
            .uri(format!("{}/?{query}", self.endpoint))
            .header("Authorization", authorization);
        for (name, value) in signed.headers() {
            if name != "host" {
                request = request.header(name, value);
            }
        }
        let request = request.body(Vec::new()).map_err(|e| broken(e.to_string()))?;
        ask_for(&self.client, request)
    }
}

/// What is signed beside the query.
struct Signing<'a> {
    host: &'a str,
    action: &'a str,
    version: &'a str,
    date: String,
    nonce: String,
}

impl Signing<'_> {
    /// In the order of their names, as they are signed.
    fn headers(&self) -> [(&'static str, String); 6] {
        [
            ("host", self.host.to_owned()),
            ("x-acs-action", self.action.to_owned()),
            ("x-acs-content-sha256", hex(&Sha256::digest(b""))),
            ("x-acs-date", self.date.clone()),
            ("x-acs-signature-nonce", self.nonce.clone()),
            ("x-acs-version", self.version.to_owned()),
        ]
    }

    fn authorization(&self, query: &str, key: &str, secret: &str) -> Result<String, String> {
        let headers = self.headers();
        let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let lines: String =
            headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
        let body = hex(&Sha256::digest(b""));
        let request = format!("POST\n/\n{query}\n{lines}\n{names}\n{body}");
        let to_sign = format!("ACS3-HMAC-SHA256\n{}", hex(&Sha256::digest(request.as_bytes())));
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
            .map_err(|e| format!("sms.password: {e}"))?;
        mac.update(to_sign.as_bytes());
        let signature = hex(&mac.finalize().into_bytes());
        Ok(format!("ACS3-HMAC-SHA256 Credential={key},SignedHeaders={names},Signature={signature}"))
    }
}

/// The query in the order of its names, everything but letters, digits and `-_.~` as `%XX`.
fn canonical(query: &BTreeMap<&str, String>) -> String {
    let all: Vec<String> = query
        .iter()
        .map(|(name, value)| {
            format!("{}={}", super::http::percent(name), super::http::percent(value))
        })
        .collect();
    all.join("&")
}

/// Sorts an answer by the documented codes.
fn sort(reply: &Reply) -> Outcome {
    let json = reply.json.as_ref();
    let code = json_text(json, "/Code").unwrap_or_default();
    let message = json_text(json, "/Message").unwrap_or_else(|| reply.in_short());
    let short: String = format!("{code} {message}").chars().take(160).collect();
    match code.as_str() {
        "OK" => Outcome::Taken(json_text(json, "/BizId").unwrap_or_default()),
        "" => Outcome::Unknown(Fault::Nonsense, reply.in_short()),
        "isv.MOBILE_NUMBER_ILLEGAL" => Outcome::Refused {
            why: format!("短信网关：号码无效（{short}）"),
            dead: true,
        },
        "isv.BUSINESS_LIMIT_CONTROL" | "isv.DAY_LIMIT_CONTROL" | "isp.SYSTEM_ERROR" => {
            Outcome::Later(format!("短信网关暂不接收（{short}）"))
        }
        "isv.OUT_OF_SERVICE"
        | "isv.AMOUNT_NOT_ENOUGH"
        | "isv.ACCOUNT_NOT_EXISTS"
        | "isv.ACCOUNT_ABNORMAL"
        | "isv.PRODUCT_UN_SUBSCRIPT"
        | "isv.PRODUCT_UNSUBSCRIBE"
        | "isp.RAM_PERMISSION_DENY"
        | "SignatureDoesNotMatch"
        | "SignatureNonceUsed"
        | "IncompleteSignature" => Outcome::Down(Fault::Account, short),
        _ if code.starts_with("InvalidAccessKey") || code.starts_with("Forbidden") => {
            Outcome::Down(Fault::Account, short)
        }
        _ if code.starts_with("Throttling") => Outcome::Down(Fault::Unreachable, short),
        _ if code.starts_with("isv.") => {
            Outcome::Refused { why: format!("短信网关拒收（{short}）"), dead: false }
        }
        _ if reply.status >= 500 => Outcome::Unknown(Fault::Nonsense, short),
        _ => Outcome::Later(format!("短信网关暂不接收（{short}）")),
    }
}

impl Gateway for Aliyun {
    fn name(&self) -> &'static str {
        "aliyun"
    }

    fn send(&self, out: &Outgoing) -> Outcome {
        if out.template_id.is_empty() {
            let why = "没有配置这类短信的阿里云模板编号（sms.templates）".to_owned();
            return Outcome::Refused { why, dead: false };
        }
        let query = BTreeMap::from([
            ("PhoneNumbers", out.to.clone()),
            ("SignName", out.signature.clone()),
            ("TemplateCode", out.template_id.clone()),
            ("TemplateParam", out.params.to_string()),
            ("OutId", out.id.to_string()),
        ]);
        match self.call("SendSms", &query, out.now) {
            Ok(reply) => sort(&reply),
            Err(outcome) => outcome,
        }
    }

    fn repeat_is_harmless(&self) -> bool {
        self.repeat_same_id
    }

    fn can_be_asked(&self) -> bool {
        true
    }

    fn ask(&self, sent: &SentMessage) -> Result<Option<Answer>, String> {
        let mut query = BTreeMap::from([
            ("PhoneNumber", sent.to.clone()),
            ("SendDate", sent.sent_on.format("%Y%m%d").to_string()),
            ("PageSize", "50".to_owned()),
            ("CurrentPage", "1".to_owned()),
        ]);
        if !sent.reference.is_empty() {
            query.insert("BizId", sent.reference.clone());
        }
        let reply =
            self.call("QuerySendDetails", &query, sent.now).map_err(|o| format!("{o:?}"))?;
        let json = reply.json.as_ref();
        if json_text(json, "/Code").as_deref() != Some("OK") {
            return Err(reply.in_short());
        }
        let list = json.and_then(|json| json.pointer("/SmsSendDetailDTOs/SmsSendDetailDTO"));
        let all = list.and_then(serde_json::Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let id = sent.id.to_string();
        let mine = all.iter().find(|one| json_text(Some(one), "/OutId").as_deref() == Some(&id));
        Ok(mine.and_then(|one| answer(one, sent)))
    }
}

/// `SendStatus`: 1 waits for the receipt, 2 failed, 3 arrived.
fn answer(one: &serde_json::Value, sent: &SentMessage) -> Option<Answer> {
    let code = json_text(Some(one), "/ErrCode").unwrap_or_default();
    let delivery = match json_text(Some(one), "/SendStatus")?.as_str() {
        "1" => Delivery::Sent,
        "2" => Delivery::Failed,
        "3" => Delivery::Delivered,
        _ => return None,
    };
    let dead = delivery == Delivery::Failed && code.contains("MOBILE_NOT");
    let shown = local(sent.now.naive_utc());
    let at = json_text(Some(one), "/ReceiveDate")
        .and_then(|text| chrono::NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S").ok())
        // Told in Chinese time; kept in UTC. One from the future is not believed.
        .filter(|at| *at <= shown)
        .map(|at| at - chrono::Duration::hours(8));
    Some(Answer {
        id: Some(sent.id),
        reference: sent.reference.clone(),
        delivery,
        dead,
        why: code,
        at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vendor's own example of its documentation of the signature (fixed parameters).
    #[test]
    fn the_documented_example_is_signed_as_documented() {
        let signing = Signing {
            host: "ecs.cn-shanghai.aliyuncs.com",
            action: "RunInstances",
            version: "2014-05-26",
            date: "2023-10-26T10:22:32Z".to_owned(),
            nonce: "3156853299f313e23d1673dc12e1703d".to_owned(),
        };
        let query = BTreeMap::from([
            ("RegionId", "cn-shanghai".to_owned()),
            ("ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd".to_owned()),
        ]);
        let signed = signing
            .authorization(&canonical(&query), "YourAccessKeyId", "YourAccessKeySecret")
            .unwrap();
        let (_, signature) = signed.split_once("Signature=").unwrap();
        assert_eq!(signature, "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0");
        assert!(signed.contains("SignedHeaders=host;x-acs-action;x-acs-content-sha256;"));
    }

    #[test]
    fn answers_are_sorted() {
        let sort = |text: &str| sort(&Reply::new(200, text.to_owned()));
        assert_eq!(
            sort("{\"Code\":\"OK\",\"BizId\":\"9006^0\"}"),
            Outcome::Taken("9006^0".to_owned())
        );
        let code = |code: &str| sort(&format!("{{\"Code\":\"{code}\",\"Message\":\"x\"}}"));
        assert!(matches!(code("isv.MOBILE_NUMBER_ILLEGAL"), Outcome::Refused { dead: true, .. }));
        assert!(matches!(code("isv.AMOUNT_NOT_ENOUGH"), Outcome::Down(Fault::Account, _)));
        assert!(matches!(code("InvalidAccessKeyId.NotFound"), Outcome::Down(Fault::Account, _)));
        assert!(matches!(code("isv.BUSINESS_LIMIT_CONTROL"), Outcome::Later(_)));
        assert!(matches!(code("isv.SMS_TEMPLATE_ILLEGAL"), Outcome::Refused { dead: false, .. }));
        assert!(matches!(sort("<html>"), Outcome::Unknown(Fault::Nonsense, _)));
    }

    #[test]
    fn an_answer_about_a_message_is_read() {
        let sent = SentMessage {
            id: 42,
            reference: "9006^0".to_owned(),
            to: "13800002741".to_owned(),
            sent_on: "2026-12-10".parse().unwrap(),
            now: "2026-12-10T05:00:00Z".parse().unwrap(),
        };
        let one = serde_json::json!({"SendStatus": 3, "ErrCode": "DELIVERED", "OutId": "42",
            "ReceiveDate": "2026-12-10 10:00:03"});
        let read = answer(&one, &sent).unwrap();
        assert_eq!(read.delivery, Delivery::Delivered);
        assert_eq!(read.at, Some("2026-12-10T02:00:03".parse().unwrap()));
    }
}
