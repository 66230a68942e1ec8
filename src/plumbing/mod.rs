//! Not about loans: databases, files, the web server, secrets, configuration.

pub mod any_of;
pub mod blocking;
pub mod db;
pub mod schema;
pub mod bulk;
mod slow;
pub mod restore;
pub mod restored;
pub mod revision;

pub mod crypto;
pub mod config;
pub mod state;
pub mod message_settings;
pub mod bell;
pub mod templates;
pub mod sheet;
pub mod meta;
pub mod assets;
pub mod password;
pub mod picture;
pub mod attached;
pub mod logs;
pub mod metrics;
pub mod gateway;
pub mod mail;
pub mod sms;
pub mod backup;
pub mod outbox;
