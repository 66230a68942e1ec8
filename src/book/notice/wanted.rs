//! Asked at the moment of sending: is this message still wanted, and is what it says still true?

use std::collections::HashMap;

use chrono::NaiveDateTime;

use crate::app::App;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::outbox::Message;

/// What is to be done with a message whose time has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Send this, which may differ from what was written (an amount, a number).
    Send {
        /// The number in full, or the address.
        to: String,
        /// The text without the signature.
        text: String,
        /// Subject line of an e-mail.
        title: String,
        /// The page of an e-mail.
        html: Option<String>,
    },
    /// Not wanted any more; why, a Chinese sentence.
    Cancel(String),
    /// Not now: a night or a holiday.
    NotBefore(NaiveDateTime),
}

/// What is to be done with these messages, by identity.
pub fn still_wanted(
    _app: &App,
    _db: &mut Db,
    _messages: &[Message],
    _now: NaiveDateTime,
) -> AppResult<HashMap<i64, Verdict>> {
    Ok(HashMap::new())
}
