//! E-mail: by SMTP, or as files in a folder.
//!
//! A letter carries the number of its message as Message-ID: the same one sent twice (the program
//! died between the server's yes and our note of it) is the same letter to every mail program.

use std::time::Duration;

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, SmtpTransport, Transport as _};

use crate::plumbing::gateway::spool::Spool;
use crate::plumbing::gateway::{Fault, Gateway, LineConfig, Outcome, Outgoing, Sender};

/// `[mail]` of the configuration.
#[derive(Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailConfig {
    /// `off`, `spool` (files in data_dir/spool/mail) or `smtp`.
    pub gateway: String,
    /// Name or address of the mail server.
    pub host: String,
    /// Its port; 0: the usual one for `security`.
    pub port: u16,
    /// `none`, `starttls` or `tls`.
    pub security: String,
    /// Name to sign in with; empty: no signing in.
    pub user: String,
    /// The password; better as ZHUXUE_MAIL_PASSWORD.
    pub password: String,
    /// The address letters come from; their name is the office's.
    pub from: String,
    /// Where answers go; empty: to `from`.
    pub reply_to: String,
    pub pool: u32,
    /// Seconds to wait for the server.
    pub timeout_s: u32,
    /// A certificate (PEM) to trust besides the built-in ones.
    pub ca_file: String,
    /// Letters a second; 0: as fast as it goes.
    pub per_second: u32,
    /// Letters under way at once.
    pub in_flight: u32,
    /// Letters claimed at once; fewer by a gateway that does not recognise a repeat.
    pub batch: u32,
    /// How long a claimed letter is left to the instance that sends it.
    pub lease_s: u32,
    /// Tries before a letter is given up.
    pub tries: u32,
}

impl Default for MailConfig {
    fn default() -> Self {
        MailConfig {
            gateway: "off".to_owned(),
            host: String::new(),
            port: 0,
            security: "starttls".to_owned(),
            user: String::new(),
            password: String::new(),
            from: String::new(),
            reply_to: String::new(),
            pool: 2,
            timeout_s: 30,
            ca_file: String::new(),
            per_second: 10,
            in_flight: 2,
            batch: 500,
            lease_s: 300,
            tries: 8,
        }
    }
}

impl MailConfig {
    /// Tells what cannot be used.
    pub fn check(&self, mistakes: &mut Vec<String>) {
        if !["off", "spool", "smtp"].contains(&self.gateway.as_str()) {
            mistakes.push(format!(
                "mail.gateway: expected off, spool or smtp, found {:?}",
                self.gateway
            ));
        }
        if !["none", "starttls", "tls"].contains(&self.security.as_str()) {
            mistakes.push(format!(
                "mail.security: expected none, starttls or tls, found {:?}",
                self.security
            ));
        }
        for (key, value) in [
            ("mail.pool", self.pool),
            ("mail.timeout_s", self.timeout_s),
            ("mail.in_flight", self.in_flight),
            ("mail.batch", self.batch),
            ("mail.lease_s", self.lease_s),
            ("mail.tries", self.tries),
        ] {
            if !(1..=3_600).contains(&value) {
                mistakes.push(format!("{key}: expected 1 to 3600, found {value}"));
            }
        }
        if self.gateway == "smtp" && self.host.is_empty() {
            mistakes.push("mail.host: expected the name of the mail server".to_owned());
        }
        let addresses = [
            ("mail.from", &self.from, self.gateway == "smtp"),
            ("mail.reply_to", &self.reply_to, false),
        ];
        for (key, value, needed) in addresses {
            if (needed || !value.is_empty()) && value.parse::<Address>().is_err() {
                mistakes.push(format!("{key}: expected an e-mail address, found {value:?}"));
            }
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

    fn letter(&self, out: &Outgoing) -> Result<lettre::Message, String> {
        let wrong = |e: lettre::address::AddressError| format!("地址无法使用（{e}）");
        let from: Address = match self.from.as_str() {
            "" => Address::new("zhuxue", "localhost").map_err(wrong)?,
            from => from.parse().map_err(wrong)?,
        };
        let domain = from.domain().to_owned();
        let to: Address = out.to.trim().parse().map_err(wrong)?;
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        let mut letter = lettre::Message::builder()
            .from(Mailbox::new(Some(out.from_name.clone()), from))
            .to(Mailbox::new(None, to))
            .subject(&out.title)
            .message_id(Some(format!("<{}@{domain}>", out.id)))
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()));
        if !self.reply_to.is_empty() {
            letter = letter.reply_to(Mailbox::new(None, self.reply_to.parse().map_err(wrong)?));
        }
        let made = match &out.html {
            None => letter.singlepart(SinglePart::plain(out.text.clone())),
            Some(html) => letter.multipart(
                MultiPart::alternative()
                    .singlepart(SinglePart::plain(out.text.clone()))
                    .singlepart(
                        SinglePart::builder().header(ContentType::TEXT_HTML).body(html.clone()),
                    ),
            ),
        };
        made.map_err(|e| format!("邮件无法生成（{e}）"))
    }
}

/// The gateway that the configuration names.
///
/// # Errors
/// One line: which key is wrong.
pub fn gateway(mail: &MailConfig, sender: Sender<'_>) -> Result<Option<Box<dyn Gateway>>, String> {
    let mail = mail.clone();
    match mail.gateway.as_str() {
        "spool" => {
            let spool = Spool::new(sender.data_dir.join("spool/mail"));
            Ok(Some(Box::new(MailSpool { mail, spool })))
        }
        "smtp" => Ok(Some(Box::new(Smtp { transport: transport(&mail)?, mail }))),
        _ => Ok(None),
    }
}

fn transport(mail: &MailConfig) -> Result<SmtpTransport, String> {
    let tls = || {
        let mut parameters = TlsParameters::builder(mail.host.clone());
        if !mail.ca_file.is_empty() {
            let file = &mail.ca_file;
            let pem = std::fs::read(file)
                .map_err(|e| format!("mail.ca_file {file}: cannot be read ({e})"))?;
            let certificate = Certificate::from_pem(&pem)
                .map_err(|e| format!("mail.ca_file {file}: expected a PEM certificate ({e})"))?;
            parameters = parameters.add_root_certificate(certificate);
        }
        parameters.build().map_err(|e| format!("mail: TLS cannot be used ({e})"))
    };
    let (tls, usual) = match mail.security.as_str() {
        "none" => (Tls::None, 25),
        "tls" => (Tls::Wrapper(tls()?), 465),
        _ => (Tls::Required(tls()?), 587),
    };
    let mut builder = SmtpTransport::builder_dangerous(mail.host.clone())
        .port(if mail.port == 0 { usual } else { mail.port })
        .tls(tls)
        .timeout(Some(Duration::from_secs(u64::from(mail.timeout_s))))
        .pool_config(PoolConfig::new().max_size(mail.pool.max(mail.in_flight)));
    if !mail.user.is_empty() {
        builder = builder.credentials(Credentials::new(mail.user.clone(), mail.password.clone()));
    }
    Ok(builder.build())
}

struct MailSpool {
    mail: MailConfig,
    spool: Spool,
}

impl Gateway for MailSpool {
    fn name(&self) -> &'static str {
        "spool"
    }

    fn send(&self, out: &Outgoing) -> Outcome {
        match self.mail.letter(out) {
            Ok(letter) => self.spool.put(&format!("{}.eml", out.id), &letter.formatted()),
            Err(why) => Outcome::Refused { why, dead: true },
        }
    }

    fn repeat_is_harmless(&self) -> bool {
        true
    }
}

struct Smtp {
    mail: MailConfig,
    transport: SmtpTransport,
}

impl Gateway for Smtp {
    fn name(&self) -> &'static str {
        "smtp"
    }

    fn send(&self, out: &Outgoing) -> Outcome {
        let letter = match self.mail.letter(out) {
            Ok(letter) => letter,
            Err(why) => return Outcome::Refused { why, dead: true },
        };
        match self.transport.send(&letter) {
            // The server's own words after 250, often the number of the letter in its queue.
            Ok(response) => Outcome::Taken(
                response.message().next().unwrap_or_default().chars().take(120).collect(),
            ),
            Err(error) => what_became(&error),
        }
    }

    fn repeat_is_harmless(&self) -> bool {
        true
    }
}

/// Sorts what the server, or the way to it, said.
fn what_became(error: &lettre::transport::smtp::Error) -> Outcome {
    let answer = words(error);
    let Some(status) = error.status() else {
        return if error.is_timeout() || error.is_transport_shutdown() {
            Outcome::Down(Fault::Unreachable, answer)
        } else if error.is_response() || error.is_client() {
            Outcome::Down(Fault::Nonsense, answer)
        } else {
            Outcome::Down(Fault::Unreachable, answer)
        };
    };
    sort(&status.to_string(), &answer)
}

/// By code and, where a server gives one, by the enhanced code (RFC 3463).
fn sort(code: &str, answer: &str) -> Outcome {
    let why = format!("邮件服务器退回（{answer}）");
    match code {
        "530" | "534" | "535" | "538" => Outcome::Down(Fault::Account, answer.to_owned()),
        "421" => Outcome::Down(Fault::Unreachable, answer.to_owned()),
        // Our own address or name is not welcome: that is not the receiver's fault.
        _ if code.starts_with('5') && (answer.contains("5.1.7") || answer.contains("5.1.8")) => {
            Outcome::Down(Fault::Account, answer.to_owned())
        }
        _ if code.starts_with('5') && answer.contains("5.7.") => {
            Outcome::Refused { why, dead: false }
        }
        "550" | "551" | "553" => Outcome::Refused { why, dead: true },
        _ if code.starts_with('5') => Outcome::Refused { why, dead: false },
        _ if code.starts_with('4') => Outcome::Later(format!("邮件服务器暂不接收（{answer}）")),
        _ => Outcome::Down(Fault::Nonsense, answer.to_owned()),
    }
}

/// The error with its causes, in one line.
fn words(error: &dyn std::error::Error) -> String {
    let mut answer = error.to_string();
    let mut cause = error.source();
    while let Some(one) = cause {
        let cause_text = one.to_string();
        if !answer.contains(&cause_text) {
            answer.push_str(": ");
            answer.push_str(&cause_text);
        }
        cause = one.source();
    }
    answer.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out() -> Outgoing {
        Outgoing {
            id: 4711,
            to: "xue@example.com".to_owned(),
            title: "还款提醒：𪚥先生，12月20日应还 1,204.40 元".to_owned(),
            text: "您好。\n本息合计 1,204.40 元。".to_owned(),
            html: Some("<p>您好。</p>".to_owned()),
            from_name: "乐至县学生资助管理中心".to_owned(),
            signature: String::new(),
            template_id: String::new(),
            params: serde_json::Value::Null,
            now: chrono::DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_letter_has_the_headers_it_needs() {
        let config = MailConfig { from: "zizhu@lezhi.example".to_owned(), ..MailConfig::default() };
        let text = String::from_utf8(config.letter(&out()).unwrap().formatted()).unwrap();
        assert!(text.contains("Message-ID: <4711@lezhi.example>"), "{text}");
        assert!(text.contains("Auto-Submitted: auto-generated"), "{text}");
        assert!(text.contains("Subject: =?utf-8?"), "{text}");
        assert!(text.contains("multipart/alternative"), "{text}");
        assert!(text.is_ascii(), "every header and part is encoded");
        let bad = Outgoing { to: "no address".to_owned(), ..out() };
        assert!(config.letter(&bad).is_err());
    }

    #[test]
    fn what_a_server_says_is_sorted() {
        let is_down = |code: &str, answer: &str| matches!(sort(code, answer), Outcome::Down(..));
        assert!(is_down("535", "5.7.8 authentication failed"));
        assert!(is_down("421", "closing"));
        assert!(is_down("550", "5.1.8 sender unknown"));
        assert!(matches!(sort("550", "no such user"), Outcome::Refused { dead: true, .. }));
        assert!(matches!(sort("554", "spam"), Outcome::Refused { dead: false, .. }));
        assert!(matches!(sort("550", "5.7.1 blocked"), Outcome::Refused { dead: false, .. }));
        assert!(matches!(sort("451", "greylisted"), Outcome::Later(_)));
    }

    #[test]
    fn mistakes_in_the_configuration_are_told() {
        let mut mistakes = Vec::new();
        let config = MailConfig {
            gateway: "smtp".to_owned(),
            security: "ssl".to_owned(),
            tries: 0,
            ..MailConfig::default()
        };
        config.check(&mut mistakes);
        assert_eq!(mistakes.len(), 4, "{mistakes:?}");
    }
}
