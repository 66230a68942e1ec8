//! Is a message still wanted when it leaves?

use std::collections::HashMap;

use chrono::NaiveDateTime;

use crate::app::App;
use crate::book::office::Scope;
use crate::book::person;
use crate::error::AppResult;
use crate::plumbing::crypto::Field;
use crate::plumbing::db::Db;
use crate::plumbing::outbox::{Channel, Message};

/// What the last look before sending says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Send it.
    Send {
        /// The number or address in full.
        to: String,
        /// The text, without the signature.
        text: String,
        /// Subject line of an e-mail.
        title: String,
        /// The same as HTML, for e-mail.
        html: Option<String>,
    },
    /// Not wanted any more; why.
    Cancel(String),
    /// Not before this instant.
    NotBefore(NaiveDateTime),
}

/// Looks at claimed messages once more.
pub fn still_wanted(
    app: &App,
    db: &mut Db,
    messages: &[Message],
    _now: NaiveDateTime,
) -> AppResult<HashMap<i64, Verdict>> {
    let mut verdicts = HashMap::new();
    for message in messages {
        let scope = Scope::of(&message.office_code);
        let to = match (message.channel, message.phone_id, message.person_id) {
            (Channel::Sms, Some(phone), _) => {
                person::open_phone(&app.sealer, &person::find_phone(db, &scope, phone)?)?
            }
            (Channel::Email, _, Some(id)) => person::find(db, &scope, id)?.email,
            _ => {
                verdicts.insert(message.id, Verdict::Cancel("没有号码".to_owned()));
                continue;
            }
        };
        let text = app.sealer.open_text(Field::Message, &message.text_sealed)?;
        let title = message.title.clone();
        verdicts.insert(message.id, Verdict::Send { to, text, title, html: None });
    }
    Ok(verdicts)
}
