//! What sends a message out of the building: one small trait for text messages and e-mail, and
//! what is kept about a gateway while the program runs: how fast it may be used, and whether it
//! is down.

use serde_json::Value;

use crate::plumbing::outbox::Receipt;

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
        /// Why.
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

    /// Tries once.
    fn send(&self, out: &Outgoing) -> Outcome;

    /// True when the same message given twice is not received twice, or visibly is one: what was
    /// under way when the program died is then sent again.
    fn repeat_is_harmless(&self) -> bool;

    /// Asks for the receipt of a message that was sent; None: nothing is known yet, or this
    /// gateway cannot be asked. `to` is the number in full.
    fn ask(&self, asked: &Asked) -> Result<Option<Receipt>, String> {
        let _ = asked;
        Ok(None)
    }

    /// True when [`Gateway::ask`] can find something.
    fn can_be_asked(&self) -> bool {
        false
    }
}

/// A sent message whose receipt is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Our number.
    pub id: i64,
    /// The gateway's number.
    pub reference: String,
    /// The number in full.
    pub to: String,
    /// The day it was sent, in Asia/Shanghai.
    pub sent_on: chrono::NaiveDate,
    /// Now, for the receipt.
    pub now: chrono::NaiveDateTime,
}
