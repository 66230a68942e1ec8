//! Not about loans: databases, files, the web server, secrets, configuration.

pub mod db;
pub mod schema;
pub mod bulk;
pub mod crypto;
pub mod config;
pub mod templates;
pub mod url;
pub mod sheet;
pub mod meta;
pub mod assets;
pub mod session;
pub mod password;
pub mod guard;
pub mod logs;
pub mod http;
pub mod metrics;
pub mod gateway;
pub mod mail;
pub mod sms;
pub mod timetable;
pub mod backup;
pub mod outbox;
