//! The message with a one-time code. Composes it; `plumbing::outbox` keeps and sends it.

use chrono::{Duration, NaiveDateTime};

use super::code;
use crate::app::App;
use crate::book::dates;
use crate::book::office::Office;
use crate::book::person::Phone;
use crate::error::AppResult;
use crate::plumbing::crypto::Field;
use crate::plumbing::outbox::{Channel, Message, State};

/// The reason of these messages in the table `message`.
pub const REASON: &str = "sign_in_code";

/// The message that carries `code` to `phone`, ready for `outbox::add`.
pub fn code_message(
    app: &App,
    office: &Office,
    phone: &Phone,
    code: &str,
    now: NaiveDateTime,
) -> AppResult<Message> {
    let id = app.next_id();
    let check_code = format!("{:06}", code::new_code()?);
    let text = format!(
        "验证码 {code}，{} 分钟内有效，用于查看您的助学贷款。我们不会向您要验证码，不要告诉任何人。\
         核对码 {check_code}，{} {}",
        code::GOOD_FOR_MINUTES,
        office.name,
        office.phone
    );
    let length = text.encode_utf16().count();
    let parts = if length <= 70 { 1 } else { length.div_ceil(67) };
    Ok(Message {
        id,
        office_code: office.code.clone(),
        subject: format!("code/{id}"),
        reason: REASON.to_owned(),
        planned_on: dates::day_of(now.and_utc()),
        file_id: None,
        person_id: Some(phone.person_id),
        phone_id: Some(phone.id),
        channel: Channel::Sms,
        to_mask: phone.phone_mask.clone(),
        title: String::new(),
        text_sealed: app.sealer.seal(Field::Message, text.as_bytes())?,
        vendor_fields: String::new(),
        parts: i32::try_from(parts).unwrap_or(i32::MAX),
        check_code,
        urgent: true,
        state: State::Waiting,
        not_before: now,
        expires_at: Some(now + Duration::minutes(code::GOOD_FOR_MINUTES)),
        attempts: 0,
        leased_by: String::new(),
        leased_until: None,
        gateway: String::new(),
        gateway_ref: String::new(),
        problem: String::new(),
        created_at: now,
        updated_at: now,
        sent_at: None,
        delivered_at: None,
    })
}
