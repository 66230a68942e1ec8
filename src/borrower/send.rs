//! The message with a one-time code. `book::notice` composes it, `plumbing::outbox` keeps and
//! sends it.

use chrono::{Duration, NaiveDateTime};

use super::code;
use crate::app::App;
use crate::base::dates;
use crate::base::ids::{PersonId, PhoneId};
use crate::book::notice::{self, Fields, Reason, To};
use crate::book::office::Office;
use crate::book::person::{Phone, PhoneState};
use crate::error::AppResult;
use crate::plumbing::outbox::{Channel, Message};

/// The same work for nobody; the result is thrown away.
pub fn nobodys(
    app: &App,
    office_code: &str,
    digits: &str,
    now: NaiveDateTime,
) -> AppResult<Message> {
    let office = Office {
        code: office_code.to_owned(),
        name: String::new(),
        letters: String::new(),
        phone: String::new(),
        address: String::new(),
        created_at: now,
        amounts_on_papers_by: String::new(),
    };
    let phone = Phone {
        id: PhoneId::new(0),
        office_code: office_code.to_owned(),
        person_id: PersonId::new(0),
        phone_sealed: Vec::new(),
        phone_index: Vec::new(),
        phone_mask: String::new(),
        state: PhoneState::OnFile,
        source: String::new(),
        recorded_at: now,
    };
    code_message(app, &office, &phone, digits, now)
}

/// The message that carries `digits` to `phone`, ready for `outbox::add`; of no use once the code
/// is not good any more.
pub fn code_message(
    app: &App,
    office: &Office,
    phone: &Phone,
    digits: &str,
    now: NaiveDateTime,
) -> AppResult<Message> {
    let to = To {
        file_id: None,
        person_id: phone.person_id,
        channel: Channel::Sms,
        phone: Some(phone),
        email: "",
        subject_key: format!("code/{}", app.next_id()),
        planned_on: dates::day_of(now.and_utc()),
        expires_at: Some(now + Duration::minutes(code::GOOD_FOR_MINUTES)),
    };
    let fields = Fields::default()
        .text("sign_in_code", digits)
        .text("minutes", code::GOOD_FOR_MINUTES.to_string());
    notice::compose(app, office, Reason::SignInCode, &to, &fields)
}
