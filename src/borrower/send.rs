//! The message with a one-time code. `book::notice` composes it, `plumbing::outbox` keeps and
//! sends it.

use chrono::{Duration, NaiveDateTime};

use super::code;
use crate::app::App;
use crate::book::dates;
use crate::book::notice::{self, Fields, Reason, To};
use crate::book::office::Office;
use crate::book::person::Phone;
use crate::error::AppResult;
use crate::plumbing::outbox::{Channel, Message};

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
