//! Any vendor with a web address: what is sent is a template, what comes back is read by
//! expressions, all in the configuration. `docs/messages.md` shows Kannel and a Chinese vendor.

use std::collections::BTreeMap;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use ureq::http::{Method, Request};

use super::SmsConfig;
use super::expression::{Expression, Reply};
use super::receipts::ReceiptConfig;
use crate::plumbing::gateway::{Answer, Fault, Gateway, Outcome, Outgoing, Sender, SentMessage};

/// `[sms.http]` of the configuration.
#[derive(Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpConfig {
    /// Where to send; a template like `body`.
    pub url: String,
    /// GET or POST; empty: POST when there is a body.
    pub method: String,
    /// Further headers; their values are templates.
    pub headers: BTreeMap<String, String>,
    /// What to send; a template.
    pub body: String,
    /// Its Content-Type; empty: a form, or JSON when the body begins with a brace.
    pub content_type: String,
    /// In which characters body and `urlencode` write: `utf-8` (also when empty), `gbk`,
    /// `gb18030`.
    pub charset: String,
    /// When the message was taken.
    pub success: String,
    /// The vendor's number of the message.
    #[serde(rename = "ref")]
    pub reference: String,
    /// The code that says why not.
    pub code: String,
    /// Codes with which a message is refused for good.
    pub permanent_codes: Vec<String>,
    /// Codes that say that the number does not exist.
    pub number_codes: Vec<String>,
    /// Codes of a wrong password, an empty account, a locked address.
    pub account_codes: Vec<String>,
    /// Codes that say "not now"; any other code is nonsense when these are given.
    pub later_codes: Vec<String>,
    /// Where to ask for the receipt of one message; a template. Read by `[sms.receipts]`.
    pub query_url: String,
    /// What to send with it; empty: GET.
    pub query_body: String,
}

impl HttpConfig {
    /// Tells what cannot be used.
    pub fn check(&self, mistakes: &mut Vec<String>) {
        if self.url.is_empty() {
            mistakes.push("sms.http.url: expected the address of the gateway".to_owned());
        }
        for (key, text) in [
            ("sms.http.success", &self.success),
            ("sms.http.ref", &self.reference),
            ("sms.http.code", &self.code),
        ] {
            if let Err(why) = Expression::parse(text) {
                mistakes.push(format!("{key}: {why}"));
            }
        }
        if !["", "GET", "POST"].contains(&self.method.as_str()) {
            mistakes
                .push(format!("sms.http.method: expected GET or POST, found {:?}", self.method));
        }
        if let Err(why) = charset(&self.charset) {
            mistakes.push(why);
        }
        match self.environment() {
            Err(why) => mistakes.push(why),
            Ok(environment) => self.check_templates(&environment, mistakes),
        }
    }

    /// Fills every template in once: a name that there is not must not be found when sending.
    fn check_templates(&self, environment: &Environment<'static>, mistakes: &mut Vec<String>) {
        let sample = minijinja::context! {
            phone => "13800002741", text => "【x】x", id => "1", signature => "x",
            template_id => "x", params => minijinja::context! {}, user => "x", password => "x",
            receipt_url => "http://127.0.0.1/", ref => "1", day => "20261220",
        };
        // Which fields a text has depends on the message.
        let fixed = environment.templates().filter(|(_, one)| !one.source().contains("params."));
        for (name, template) in fixed {
            match template.render(&sample) {
                Err(e) => mistakes.push(format!("sms.http.{name}: {e}")),
                Ok(url) if name == "url" => {
                    if !url.starts_with("http://") && !url.starts_with("https://") {
                        mistakes.push(
                            "sms.http.url: expected an address that begins with http:// or https://"
                                .to_owned(),
                        );
                    }
                }
                Ok(_) => {}
            }
        }
    }

    /// The templates, compiled; a name that is not filled in is found when one is rendered.
    fn environment(&self) -> Result<Environment<'static>, String> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        let encoding = charset(&self.charset)?;
        environment.add_filter("urlencode", move |text: String| url_encoded(&text, encoding));
        environment.add_filter("ucs2", |text: String| ucs2(&text));
        let mut add = |key: String, text: &str| {
            environment
                .add_template_owned(key.clone(), text.to_owned())
                .map_err(|e| format!("sms.http.{key}: {e}"))
        };
        add("url".to_owned(), &self.url)?;
        add("body".to_owned(), &self.body)?;
        add("query_url".to_owned(), &self.query_url)?;
        add("query_body".to_owned(), &self.query_body)?;
        for (name, value) in &self.headers {
            add(format!("headers.{name}"), value)?;
        }
        Ok(environment)
    }
}

fn charset(name: &str) -> Result<&'static encoding_rs::Encoding, String> {
    match name {
        "" => Ok(encoding_rs::UTF_8),
        name => encoding_rs::Encoding::for_label(name.as_bytes()).ok_or_else(|| {
            format!("sms.http.charset: expected utf-8, gbk or gb18030, found {name:?}")
        }),
    }
}

/// Everything but letters, digits and `-_.~` as `%XX`.
fn url_encoded(text: &str, encoding: &'static encoding_rs::Encoding) -> String {
    use std::fmt::Write as _;
    let (bytes, _, _) = encoding.encode(text);
    let mut encoded = String::with_capacity(bytes.len() * 3);
    for byte in bytes.iter() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(byte) {
            encoded.push(char::from(*byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// The same in UTF-8.
pub(super) fn percent(text: &str) -> String {
    url_encoded(text, encoding_rs::UTF_8)
}

/// UTF-16, big end first, in hexadecimal: what some gateways call UCS-2.
fn ucs2(text: &str) -> String {
    text.encode_utf16().map(|unit| format!("{unit:04X}")).collect()
}

pub struct HttpGateway {
    config: HttpConfig,
    receipts: ReceiptConfig,
    environment: Environment<'static>,
    client: ureq::Agent,
    success: Expression,
    reference: Expression,
    code: Expression,
    user: String,
    password: String,
    receipt_url: String,
    repeat_same_id: bool,
}

impl HttpGateway {
    /// As the configuration describes the vendor.
    ///
    /// # Errors
    /// One line: which key is wrong and what was expected.
    pub fn new(sms: &SmsConfig, sender: Sender<'_>) -> Result<HttpGateway, String> {
        let http = sms.http.clone();
        let parse = |key: &str, text: &str| {
            Expression::parse(text).map_err(|why| format!("sms.http.{key}: {why}"))
        };
        let base = sender.public_url.trim_end_matches('/');
        let receipt_url = match sms.receipt_token.as_str() {
            "" => String::new(),
            token => format!("{base}/gateways/sms/receipts?token={token}"),
        };
        Ok(HttpGateway {
            environment: http.environment()?,
            client: super::client(sms)?,
            success: parse("success", &http.success)?,
            reference: parse("ref", &http.reference)?,
            code: parse("code", &http.code)?,
            user: sms.user.clone(),
            password: sms.password.clone(),
            receipt_url,
            repeat_same_id: sms.repeat_same_id,
            receipts: sms.receipts.clone(),
            config: http,
        })
    }

    fn rendered(&self, name: &str, fields: &Value) -> Result<String, String> {
        self.environment
            .get_template(name)
            .and_then(|template| template.render(fields))
            .map_err(|e| format!("sms.http.{name}: {e}"))
    }

    /// The request, rendered. An error is one of the configuration.
    fn request(&self, url: &str, body: &str, fields: &Value) -> Result<Request<Vec<u8>>, String> {
        let url = self.rendered(url, fields)?;
        let body = self.rendered(body, fields)?;
        let method = match self.config.method.as_str() {
            "GET" => Method::GET,
            "POST" => Method::POST,
            _ if body.is_empty() => Method::GET,
            _ => Method::POST,
        };
        let mut request = Request::builder().method(method).uri(url.trim());
        if !body.is_empty() {
            let kind = match self.config.content_type.as_str() {
                "" if body.trim_start().starts_with('{') => "application/json",
                "" => "application/x-www-form-urlencoded",
                kind => kind,
            };
            request = request.header("Content-Type", kind);
        }
        for name in self.config.headers.keys() {
            request = request.header(name, self.rendered(&format!("headers.{name}"), fields)?);
        }
        let (bytes, _, _) = charset(&self.config.charset)?.encode(&body);
        request.body(bytes.into_owned()).map_err(|e| format!("sms.http.url: {e}"))
    }

    fn sort(&self, reply: &Reply) -> Outcome {
        if self.success.holds(reply) {
            return Outcome::Taken(self.reference.value(reply).unwrap_or_default());
        }
        let short = reply.in_short();
        let code = self.code.value(reply).unwrap_or_default();
        let has = |codes: &[String]| !code.is_empty() && codes.contains(&code);
        if has(&self.config.number_codes) {
            return Outcome::Refused {
                why: format!("短信网关：号码无效（{short}）"), dead: true
            };
        }
        if has(&self.config.permanent_codes) {
            return Outcome::Refused {
                why: format!("短信网关拒收（{short}）"), dead: false
            };
        }
        if has(&self.config.account_codes) {
            return Outcome::Down(Fault::Account, short);
        }
        let listed = !self.config.later_codes.is_empty();
        if has(&self.config.later_codes) || (!code.is_empty() && !listed) {
            return Outcome::Later(format!("短信网关暂不接收（{short}）"));
        }
        match reply.status {
            401 | 403 => Outcome::Down(Fault::Account, short),
            404 | 405 | 410 => Outcome::Down(Fault::Nonsense, short),
            429 | 503 => Outcome::Down(Fault::Unreachable, short),
            400..=499 => Outcome::Later(format!("短信网关暂不接收（{short}）")),
            // Whoever answers this may have passed the message on before something broke.
            _ => Outcome::Unknown(Fault::Nonsense, short),
        }
    }
}

/// Asks, and reads the answer. The error says whether the request can have arrived.
pub(super) fn ask_for(client: &ureq::Agent, request: Request<Vec<u8>>) -> Result<Reply, Outcome> {
    let mut response = client.run(request).map_err(|error| no_answer(&error))?;
    let status = response.status().as_u16();
    let text = response.body_mut().read_to_string().map_err(|error| no_answer(&error))?;
    Ok(Reply::new(status, text))
}

/// Nothing came back: was the message out?
fn no_answer(error: &ureq::Error) -> Outcome {
    use std::io::ErrorKind;
    let problem = error.to_string();
    match error {
        ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::RequireHttpsOnly(_) => {
            Outcome::Down(Fault::Nonsense, problem)
        }
        ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::ConnectProxyFailed(_)
        | ureq::Error::Tls(_)
        | ureq::Error::Rustls(_)
        | ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => {
            Outcome::Down(Fault::Unreachable, problem)
        }
        ureq::Error::Io(io)
            if matches!(
                io.kind(),
                ErrorKind::ConnectionRefused
                    | ErrorKind::HostUnreachable
                    | ErrorKind::NetworkUnreachable
                    | ErrorKind::NetworkDown
                    | ErrorKind::AddrNotAvailable
                    | ErrorKind::NotFound
            ) =>
        {
            Outcome::Down(Fault::Unreachable, problem)
        }
        ureq::Error::Protocol(_) => Outcome::Unknown(Fault::Nonsense, problem),
        _ => Outcome::Unknown(Fault::Unreachable, problem),
    }
}

impl Gateway for HttpGateway {
    fn name(&self) -> &'static str {
        "http"
    }

    fn send(&self, out: &Outgoing) -> Outcome {
        let fields = context! {
            id => out.id.to_string(),
            phone => out.to.clone(),
            text => out.text.clone(),
            signature => out.signature.clone(),
            template_id => out.template_id.clone(),
            params => Value::from(Serde(out.params.clone())),
            user => self.user.clone(),
            password => self.password.clone(),
            receipt_url => self.receipt_url.clone(),
        };
        match self.request("url", "body", &fields) {
            Err(why) => Outcome::Down(Fault::Nonsense, why),
            Ok(request) => match ask_for(&self.client, request) {
                Ok(reply) => self.sort(&reply),
                Err(outcome) => outcome,
            },
        }
    }

    fn repeat_is_harmless(&self) -> bool {
        self.repeat_same_id
    }

    fn can_be_asked(&self) -> bool {
        !self.config.query_url.is_empty()
    }

    fn gives_receipts(&self) -> bool {
        self.can_be_asked() || !self.receipt_url.is_empty()
    }

    fn ask(&self, message: &SentMessage) -> Result<Option<Answer>, String> {
        let fields = context! {
            id => message.id.to_string(),
            ref => message.reference.clone(),
            phone => message.to.clone(),
            day => message.sent_on.format("%Y%m%d").to_string(),
            user => self.user.clone(),
            password => self.password.clone(),
        };
        let request = self.request("query_url", "query_body", &fields)?;
        let reply = ask_for(&self.client, request).map_err(|outcome| match outcome {
            Outcome::Down(_, problem) | Outcome::Unknown(_, problem) => problem,
            other => format!("{other:?}"),
        })?;
        let Some(json) = &reply.json else { return Err(reply.in_short()) };
        let all = super::receipts::read(&self.receipts, json, &BTreeMap::new());
        // An answer to a question about one message need not repeat its number.
        Ok(all.into_iter().next().map(|mut answer| {
            answer.id = answer.id.or(Some(message.id));
            answer
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway(change: impl FnOnce(&mut HttpConfig)) -> HttpGateway {
        let mut sms = SmsConfig { gateway: "http".to_owned(), ..SmsConfig::default() };
        sms.http.url = "http://127.0.0.1:1/".to_owned();
        sms.receipt_token = "0123456789abcdef".to_owned();
        change(&mut sms.http);
        let sender =
            Sender { data_dir: std::path::Path::new(""), public_url: "http://127.0.0.1:8080" };
        HttpGateway::new(&sms, sender).unwrap()
    }

    #[test]
    fn answers_are_sorted() {
        let gateway = gateway(|http| {
            http.success = "json:/code == 0".to_owned();
            http.reference = "json:/sid".to_owned();
            http.code = "json:/code".to_owned();
            http.permanent_codes = vec!["33".to_owned()];
            http.number_codes = vec!["2".to_owned()];
            http.account_codes = vec!["1".to_owned()];
        });
        let sort = |status, text: &str| gateway.sort(&Reply::new(status, text.to_owned()));
        assert_eq!(sort(200, "{\"code\":0,\"sid\":7}"), Outcome::Taken("7".to_owned()));
        assert!(matches!(sort(200, "{\"code\":2}"), Outcome::Refused { dead: true, .. }));
        assert!(matches!(sort(200, "{\"code\":33}"), Outcome::Refused { dead: false, .. }));
        assert!(matches!(sort(200, "{\"code\":1}"), Outcome::Down(Fault::Account, _)));
        assert!(matches!(sort(200, "{\"code\":9}"), Outcome::Later(_)));
        assert!(matches!(sort(200, "<html>"), Outcome::Unknown(Fault::Nonsense, _)));
        assert!(matches!(sort(502, "bad gateway"), Outcome::Unknown(..)));
        assert!(matches!(sort(403, "no"), Outcome::Down(Fault::Account, _)));
        assert!(matches!(sort(503, "busy"), Outcome::Down(Fault::Unreachable, _)));
    }

    #[test]
    fn a_request_is_rendered_as_the_vendor_wants_it() {
        let gateway = gateway(|http| {
            http.url = "http://h/send?to={{ phone }}&dlr={{ receipt_url|urlencode }}".to_owned();
            http.body = "{\"text\": {{ text|tojson }}, \"hex\": \"{{ text|ucs2 }}\"}".to_owned();
            http.headers.insert("X-Id".to_owned(), "{{ id }}".to_owned());
        });
        let fields = context! {
            id => "7",
            phone => "13800002741",
            text => "\"𪚥\"",
            receipt_url => gateway.receipt_url.clone(),
        };
        let request = gateway.request("url", "body", &fields).unwrap();
        assert_eq!(request.method(), "POST");
        assert!(request.uri().to_string().contains("to=13800002741&dlr=http%3A%2F%2F127"));
        assert_eq!(request.headers()["X-Id"], "7");
        assert_eq!(request.headers()["Content-Type"], "application/json");
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(body["text"], "\"𪚥\"");
        assert_eq!(body["hex"], "0022D869DEA50022");
    }

    #[test]
    fn an_older_vendor_gets_its_own_characters() {
        let gateway = gateway(|http| {
            http.charset = "gbk".to_owned();
            http.body = "content={{ text|urlencode }}".to_owned();
        });
        let request = gateway.request("url", "body", &context! { text => "助学" }).unwrap();
        assert_eq!(request.body(), b"content=%D6%FA%D1%A7");
    }

    #[test]
    fn a_gateway_that_is_not_there_has_not_taken_anything() {
        let gateway = gateway(|_| ());
        let out = Outgoing {
            id: 7,
            to: "13800002741".to_owned(),
            title: String::new(),
            text: "好".to_owned(),
            html: None,
            from_name: String::new(),
            signature: String::new(),
            template_id: String::new(),
            params: serde_json::Value::Null,
            now: chrono::DateTime::UNIX_EPOCH,
        };
        let outcome = gateway.send(&out);
        assert!(matches!(outcome, Outcome::Down(Fault::Unreachable, _)), "{outcome:?}");
    }

    #[test]
    fn mistakes_in_the_configuration_are_told() {
        let mut mistakes = Vec::new();
        let config = HttpConfig {
            body: "{{ phone ".to_owned(),
            success: "code = 0".to_owned(),
            method: "PUT".to_owned(),
            ..HttpConfig::default()
        };
        config.check(&mut mistakes);
        assert_eq!(mistakes.len(), 4, "{mistakes:?}");
    }
}
