//! What sends a message out of the building: one small trait for text messages and e-mail, and
//! what is kept about a gateway while the program runs: how fast it may be used, and whether it
//! is down.

mod line;
pub mod spool;
mod ways;

use std::path::Path;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde_json::Value;

pub use line::{Line, LineConfig, Trouble};
pub use ways::Gateways;

use crate::plumbing::outbox::Delivery;

/// A message, whole, as a gateway gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Our number; a gateway that knows it recognises a repeat.
    pub id: i64,
    /// The number or address in full.
    pub to: String,
    /// Subject line of an e-mail.
    pub title: String,
    /// The whole text, signature first where the channel has one.
    pub text: String,
    /// The same as HTML, for e-mail.
    pub html: Option<String>,
    /// Who writes: the name of the office.
    pub from_name: String,
    /// The signature without its brackets.
    pub signature: String,
    /// The vendor's name of the approved template, where there is one.
    pub template_id: String,
    /// The fields of that template, a JSON object.
    pub params: Value,
    /// Now; some vendors sign it.
    pub now: DateTime<Utc>,
}

/// What is wrong with a gateway, so that the workbench can say what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Cannot be reached, or does not answer in time.
    Unreachable,
    /// Refuses our name or password, or the account is empty.
    Account,
    /// Answers, but not as agreed.
    Nonsense,
    /// The folder cannot be written.
    Folder,
    /// Refuses one message after the other.
    RefusesAll,
}

/// What became of one try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The gateway has it, under this number of its own (may be empty).
    Taken(String),
    /// Refused for good; never tried again. In a Chinese sentence why.
    Refused {
        why: String,
        /// The number or address does not exist.
        dead: bool,
    },
    /// Not now; this message is tried again later.
    Later(String),
    /// The gateway did not take it because it cannot be used at all.
    Down(Fault, String),
    /// It may have taken it: the connection broke after the message was out.
    Unknown(Fault, String),
}

/// A way out. `send` blocks; it is called from several threads at once.
pub trait Gateway: Send + Sync {
    /// Its name in the table of messages: `spool`, `smtp`, `http`, `aliyun`.
    fn name(&self) -> &'static str;

    fn send(&self, out: &Outgoing) -> Outcome;

    /// True when the same message given twice is not received twice, or visibly is one: what was
    /// under way when the program died is then sent again.
    fn repeat_is_harmless(&self) -> bool;

    /// Asks what became of a message that was sent. None: nothing is known yet, or this gateway
    /// cannot be asked.
    ///
    /// # Errors
    /// The gateway cannot be used; one sentence.
    fn ask(&self, message: &SentMessage) -> Result<Option<Answer>, String> {
        let _ = message;
        Ok(None)
    }

    /// True when [`Gateway::ask`] can find something.
    fn can_be_asked(&self) -> bool {
        false
    }

    /// True when receipts come by themselves or can be asked for.
    fn gives_receipts(&self) -> bool {
        self.can_be_asked()
    }
}

/// A sent message whose receipt is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentMessage {
    pub id: i64,
    /// The gateway's number; empty when it never told one.
    pub reference: String,
    /// The number in full.
    pub to: String,
    /// The day it was sent, in Asia/Shanghai.
    pub sent_on: NaiveDate,
    pub now: DateTime<Utc>,
}

/// What a receipt says, whichever way it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Our own number, when the gateway gives it back.
    pub id: Option<i64>,
    pub reference: String,
    /// What became of the message.
    pub delivery: Delivery,
    /// The number does not exist.
    pub dead: bool,
    /// Why it did not arrive, in the gateway's words.
    pub why: String,
    pub at: Option<NaiveDateTime>,
}

/// What a gateway has to know of the installation that it sends for.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// Messages that only go into a folder go below it.
    pub data_dir: &'a Path,
    /// The address at which people, and vendors with their receipts, reach us.
    pub public_url: &'a str,
}
