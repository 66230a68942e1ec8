//! One configuration: a TOML file, then the environment over it (`ZHUXUE_` + the key in
//! capitals). Read in one place, all mistakes told at once, secrets never printed.
//! `zhuxue.example.toml` shows every key with its default; a test parses it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::base::language::cause;
use crate::localized;
use crate::plumbing::attached::folder;
use crate::plumbing::backup::BackupConfig;
use crate::plumbing::crypto::Suite;
use crate::plumbing::mail::MailConfig;
use crate::plumbing::message_settings::MessageConfig;
use crate::plumbing::sms::SmsConfig;

/// Tables of the file; `ZHUXUE_MAIL_PASSWORD` sets `password` of `[mail]`.
const SECTIONS: [&str; 4] = ["messages", "mail", "sms", "backup"];

/// Everything a county can set. See `zhuxue.example.toml`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Folder of the database, the keys and what the program keeps beside them.
    pub data_dir: PathBuf,
    /// `sqlite:PATH` or `postgres://...`; empty means SQLite in `data_dir`.
    pub database_url: String,
    /// How many database connections at most.
    pub database_connections: u32,
    /// Address and port to listen on.
    pub listen: String,
    /// How people reach the program, such as `https://zhuxue.county.example`. Decides on
    /// `Secure` cookies.
    pub public_url: String,
    /// Allows plain http on an address that is not loopback (a closed county network). Logged
    /// loudly at every start.
    pub allow_plain_http: bool,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub proxies: Vec<String>,
    /// Open connections in all, and of one address that is no proxy.
    pub connections: usize,
    pub connections_per_address: usize,
    /// Seconds within which a form has arrived as a whole.
    pub body_timeout_s: u32,
    /// Worker threads of the web server.
    pub workers: usize,
    /// Key file of the sealed fields; empty means `keys.toml` in `data_dir`.
    pub key_file: PathBuf,
    /// Algorithms of a new key file: `sm` or `aes`.
    pub sealing: Suite,
    /// Folder of scanned papers, of all instances the same; empty means `attachments` in
    /// `data_dir`.
    pub attachment_dir: PathBuf,
    /// Folder with the county's own `policies/*.toml` that add to the built-in rules.
    pub policy_dir: Option<PathBuf>,
    /// Folder with the county's own templates; a file there wins over the built-in one.
    pub template_dir: Option<PathBuf>,
    /// Hours without a click after which a browser is signed out.
    pub session_idle_hours: u32,
    /// Hours after which a browser is signed out in any case.
    pub session_hours: u32,
    /// Largest upload in megabytes.
    pub upload_mb: usize,
    /// How many lines of a sheet are decided and written together.
    pub import_lines: usize,
    /// Seconds after which another may take over an import whose holder says nothing any more.
    pub import_lease_s: u32,
    /// What the log tells: `error`, `warn`, `info`, `debug`, or a filter per module.
    pub log: String,
    /// Log lines as JSON instead of text.
    pub log_json: bool,
    /// Reads `/metrics` without a sign-in from these addresses only.
    pub metrics_from: Vec<String>,
    /// Times of jobs, by their name.
    pub jobs: BTreeMap<String, JobConfig>,
    /// Copies of the database.
    pub backup: BackupConfig,
    /// What borrowers are told, and when.
    pub messages: MessageConfig,
    pub mail: MailConfig,
    pub sms: SmsConfig,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            data_dir: "zhuxue-data".into(),
            database_url: String::new(),
            database_connections: 8,
            listen: "127.0.0.1:8080".to_owned(),
            public_url: "http://127.0.0.1:8080".to_owned(),
            allow_plain_http: false,
            proxies: vec!["127.0.0.1".to_owned(), "::1".to_owned()],
            connections: 800,
            connections_per_address: 300,
            body_timeout_s: 30,
            workers: 2,
            key_file: PathBuf::new(),
            sealing: Suite::Sm,
            attachment_dir: PathBuf::new(),
            policy_dir: None,
            template_dir: None,
            session_idle_hours: 4,
            session_hours: 12,
            upload_mb: 64,
            import_lines: 400,
            import_lease_s: 15,
            log: "info".to_owned(),
            log_json: false,
            metrics_from: vec!["127.0.0.1".to_owned(), "::1".to_owned()],
            jobs: BTreeMap::new(),
            backup: BackupConfig::default(),
            messages: MessageConfig::default(),
            mail: MailConfig::default(),
            sms: SmsConfig::default(),
        }
    }
}

impl fmt::Debug for Config {
    /// Never the database URL: it may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("data_dir", &self.data_dir)
            .field("listen", &self.listen)
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

/// What the configuration can set for one job: `[jobs.send_due_reminders]`.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JobConfig {
    /// Another time than the job's own.
    pub cron: Option<String>,
    /// Switched off for every office of this installation.
    pub off: bool,
}

/// What else is wrong in a text of this name: what only those above know (the names of jobs).
pub type Check = fn(&str, &str) -> Vec<String>;

/// The configuration cannot be used; every mistake on a line of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadConfig(pub Vec<String>);

impl fmt::Display for BadConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for BadConfig {}

impl Config {
    /// Reads `file` (or `zhuxue.toml` when it is there), then `environment` over it.
    pub fn read(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
        check: Check,
    ) -> Result<Config, BadConfig> {
        let fallback = Path::new("zhuxue.toml");
        let chosen = file.or_else(|| fallback.exists().then_some(fallback));
        let text = match chosen {
            None => String::new(),
            Some(path) => std::fs::read_to_string(path).map_err(|e| {
                BadConfig(vec![localized!(
                    "{}：读不出来（{e}）",
                    "{}: cannot be read ({e})",
                    path.display(),
                    e = cause(&e)
                )])
            })?,
        };
        let name = chosen.map_or_else(String::new, |p| p.display().to_string());
        Config::from_texts(&name, &text, environment, check)
    }

    /// The same from texts; `name` is the file's, for messages.
    pub fn from_texts(
        name: &str,
        text: &str,
        environment: impl Iterator<Item = (String, String)>,
        check: Check,
    ) -> Result<Config, BadConfig> {
        let mut table: toml::Table = text
            .parse()
            .map_err(|e: toml::de::Error| BadConfig(vec![format!("{name}: {}", one_line(&e))]))?;
        let mut mistakes = check(name, text);
        if !mistakes.is_empty() {
            return Err(BadConfig(mistakes));
        }
        for (variable, value) in environment {
            let Some(key) = variable.strip_prefix("ZHUXUE_") else { continue };
            let key = key.to_lowercase();
            let parsed = match as_toml(&value) {
                Some(parsed) if !is_text_key(&key) => parsed,
                _ => toml::Value::String(value),
            };
            let within = SECTIONS.iter().find_map(|section| {
                let rest = key.strip_prefix(section)?.strip_prefix('_')?;
                Some((*section, rest.to_owned()))
            });
            let (place, key) = match within {
                None => (&mut table, key),
                Some((section, key)) => {
                    let empty = toml::Value::Table(toml::Table::new());
                    match table.entry(section).or_insert(empty) {
                        toml::Value::Table(own) => (own, key),
                        _ => continue,
                    }
                }
            };
            place.insert(key, parsed);
        }
        let is_named = table.contains_key("public_url");
        let config: Config = match table.try_into() {
            Ok(config) if is_named => config,
            Ok(config) => Config { public_url: config.own_url(), ..config },
            Err(e) => {
                return Err(BadConfig(vec![localized!(
                    "配置 {name}：{}",
                    "configuration {name}: {}",
                    one_line(&e)
                )]));
            }
        };
        config.check(&mut mistakes);
        if mistakes.is_empty() { Ok(config) } else { Err(BadConfig(mistakes)) }
    }

    /// Where the program is found when nobody says otherwise: where it listens.
    fn own_url(&self) -> String {
        match self.listen.parse::<std::net::SocketAddr>() {
            Ok(address) if address.ip().is_unspecified() => {
                format!("http://127.0.0.1:{}", address.port())
            }
            _ => format!("http://{}", self.listen),
        }
    }

    /// Nobody but this machine can open the address that papers and messages carry.
    pub fn is_local(&self) -> bool {
        let host = self.public_url.split("://").nth(1).unwrap_or_default();
        ["127.0.0.1", "localhost", "[::1]"].iter().any(|local| host.starts_with(local))
    }

    fn check(&self, mistakes: &mut Vec<String>) {
        let listen: Option<std::net::SocketAddr> = self.listen.parse().ok();
        match listen {
            None => mistakes.push(localized!(
                "listen：应为 地址:端口，例如 127.0.0.1:8080，现在是 {:?}",
                "listen: expected address:port such as 127.0.0.1:8080, found {:?}",
                self.listen
            )),
            Some(address) if !address.ip().is_loopback() => {
                if self.public_url.starts_with("http://") && !self.allow_plain_http {
                    mistakes.push(localized!(
                        "public_url：http 只能在本机使用；请在前面放带证书的反向代理并写 https \
                         地址；只在内网使用时可设 allow_plain_http = true",
                        "public_url: plain http is for this machine only; put a proxy with a \
                         certificate in front and set an https address, or, on a closed network, \
                         set allow_plain_http = true"
                    ));
                }
            }
            Some(_) => {}
        }
        if !self.public_url.starts_with("http://") && !self.public_url.starts_with("https://") {
            mistakes.push(localized!(
                "public_url：应为 http:// 或 https:// 开头的网址，现在是 {:?}",
                "public_url: expected http:// or https:// and a name, found {:?}",
                self.public_url
            ));
        }
        for (key, value) in [
            ("database_connections", u64::from(self.database_connections)),
            ("session_idle_hours", u64::from(self.session_idle_hours)),
            ("session_hours", u64::from(self.session_hours)),
            ("upload_mb", u64::try_from(self.upload_mb).unwrap_or(u64::MAX)),
            ("import_lines", u64::try_from(self.import_lines).unwrap_or(u64::MAX)),
            ("import_lease_s", u64::from(self.import_lease_s)),
            ("connections", u64::try_from(self.connections).unwrap_or(u64::MAX)),
            (
                "connections_per_address",
                u64::try_from(self.connections_per_address).unwrap_or(u64::MAX),
            ),
            ("body_timeout_s", u64::from(self.body_timeout_s)),
            ("workers", u64::try_from(self.workers).unwrap_or(u64::MAX)),
            ("backup.keep", u64::try_from(self.backup.keep).unwrap_or(u64::MAX)),
        ] {
            if value == 0 || value > 10_000 {
                mistakes.push(localized!(
                    "{key}：应为 1 到 10000，现在是 {value}",
                    "{key}: expected 1 to 10000, found {value}"
                ));
            }
        }
        if let Some(odd) = self.proxies.iter().find(|one| one.parse::<IpAddr>().is_err()) {
            mistakes.push(localized!(
                "proxies：应为 IP 地址，例如 10.0.0.5，现在是 {odd:?}",
                "proxies: expected addresses such as 10.0.0.5, found {odd:?}"
            ));
        }
        mistakes.extend(self.messages.mistakes());
        if !self.database_url.is_empty()
            && let Err(mistake) = crate::plumbing::db::Address::parse(&self.database_url)
        {
            mistakes.push(mistake);
        }
        self.mail.check(mistakes);
        self.sms.check(mistakes);
    }

    /// The database URL, with the default filled in.
    pub fn database(&self) -> String {
        if self.database_url.is_empty() {
            format!("sqlite:{}", self.data_dir.join("zhuxue.db").display())
        } else {
            self.database_url.clone()
        }
    }

    /// The key file, with the default filled in.
    pub fn keys(&self) -> PathBuf {
        if self.key_file.as_os_str().is_empty() {
            self.data_dir.join("keys.toml")
        } else {
            self.key_file.clone()
        }
    }

    /// Where scanned papers are kept.
    pub fn attachments(&self) -> PathBuf {
        let own = &self.attachment_dir;
        if own.as_os_str().is_empty() { self.data_dir.join(folder::NAME) } else { own.clone() }
    }

    /// The county's own templates, with the default filled in. The folder need not exist.
    pub fn templates(&self) -> PathBuf {
        self.template_dir.clone().unwrap_or_else(|| self.data_dir.join("templates"))
    }

    /// Where copies of the database are kept.
    pub fn backups(&self) -> PathBuf {
        let own = &self.backup.folder;
        if own.as_os_str().is_empty() { self.data_dir.join("backups") } else { own.clone() }
    }

    /// True when cookies must be `Secure`.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

/// Keys whose value is text whatever it looks like.
fn is_text_key(key: &str) -> bool {
    matches!(key, "data_dir" | "database_url" | "listen" | "public_url" | "key_file" | "log")
        || ["password", "user", "secret", "signature", "phone", "token", "host"]
            .iter()
            .any(|w| key.ends_with(w))
}

/// A number, a boolean or a list, as TOML writes it.
fn as_toml(value: &str) -> Option<toml::Value> {
    let table: toml::Table = format!("v = {value}").parse().ok()?;
    table.get("v").cloned()
}

fn one_line(error: &toml::de::Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none(_: &str, _: &str) -> Vec<String> {
        Vec::new()
    }

    fn env(pairs: &[(&str, &str)]) -> std::vec::IntoIter<(String, String)> {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect::<Vec<_>>()
            .into_iter()
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let text = "listen = \"127.0.0.1:9000\"\nupload_mb = 10\n";
        let config =
            Config::from_texts("t", text, env(&[("ZHUXUE_UPLOAD_MB", "20"), ("HOME", "x")]), none)
                .unwrap();
        assert_eq!(config.upload_mb, 20);
        assert_eq!(config.listen, "127.0.0.1:9000");
    }

    #[test]
    fn the_address_that_is_printed_is_the_one_listened_on() {
        let url = |listen: &str, named: &[(&str, &str)]| {
            let all = [&[("ZHUXUE_LISTEN", listen)], named].concat();
            Config::from_texts("t", "allow_plain_http = true", env(&all), none).unwrap().public_url
        };
        assert_eq!(url("127.0.0.1:9000", &[]), "http://127.0.0.1:9000");
        assert_eq!(url("0.0.0.0:9000", &[]), "http://127.0.0.1:9000");
        let named = [("ZHUXUE_PUBLIC_URL", "https://a.example")];
        assert_eq!(url("127.0.0.1:9000", &named), "https://a.example");
        let nothing = Config::from_texts("t", "", env(&[]), none).unwrap();
        assert_eq!(nothing.public_url, Config::default().public_url);
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let text = "listen = \"8080\"\nworkers = 0\npublic_url = \"x\"\ndatabase_url = \"a.db\"";
        let BadConfig(mistakes) = Config::from_texts("t", text, env(&[]), none).unwrap_err();
        assert_eq!(mistakes.len(), 4, "{mistakes:?}");
    }

    #[test]
    fn an_unknown_key_and_plain_http_for_everybody_are_refused() {
        assert!(Config::from_texts("t", "lissten = \"x\"", env(&[]), none).is_err());
        let open = "listen = \"0.0.0.0:80\"\npublic_url = \"http://a.example\"";
        assert!(Config::from_texts("t", open, env(&[]), none).is_err());
        assert!(
            Config::from_texts("t", &format!("{open}\nallow_plain_http = true"), env(&[]), none)
                .is_ok()
        );
    }

    #[test]
    fn the_example_shows_every_key_with_its_default() {
        let example = include_str!("../../zhuxue.example.toml");
        let uncommented: String = example
            .lines()
            .filter_map(|l| {
                l.strip_prefix("# ").filter(|l| l.contains(" = ") || l.starts_with('[')).or(Some(l))
            })
            .filter(|l| !l.starts_with('#'))
            .map(|l| format!("{l}\n"))
            .collect();
        let shown = Config::from_texts("example", &uncommented, env(&[]), none).unwrap();
        assert_eq!(shown.workers, Config::default().workers);
        assert_eq!(shown.messages, MessageConfig::default());
        let keys: toml::Table = uncommented.parse().unwrap();
        let messages = keys.get("messages").and_then(|own| own.as_table()).unwrap();
        assert_eq!(messages.len(), 11, "a key of [messages] is missing: {messages:?}");
        assert_eq!(keys.len(), 29, "a key is missing in zhuxue.example.toml: {keys:?}");

        let count = |path: &[&str]| {
            let start = toml::Value::Table(keys.clone());
            path.iter().fold(start, |at, key| at[key].clone()).as_table().unwrap().len()
        };
        assert_eq!((count(&["mail"]), count(&["sms"])), (16, 19), "see MailConfig, SmsConfig");
        assert_eq!((count(&["sms", "http"]), count(&["sms", "receipts"])), (15, 10));
        let (mail, sms) = (MailConfig::default(), SmsConfig::default());
        assert_eq!((shown.mail.line(), shown.sms.line()), (mail.line(), sms.line()));
        assert_eq!(shown.sms.endpoint, sms.endpoint);
        assert_eq!(shown.sms.receipts.delivered, sms.receipts.delivered);
    }
}
