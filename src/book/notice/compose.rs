//! Makes the row of a message: text, check code, masked receiver, when it may go.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

use super::fields::Fields;
use super::reason::Reason;
use super::{allowed_from, text};
use crate::base::dates;
use crate::base::hex::hex;
use crate::base::ids::{FileId, PersonId};
use crate::base::phone_number;
use crate::base::scope::Scope;
use crate::book::office::Office;
use crate::book::parts::Parts;
use crate::book::person::Phone;
use crate::book::setting;
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::{Field, from_hex};
use crate::plumbing::db::Db;
use crate::plumbing::outbox::{Channel, Message, State};

/// The setting by which every message of an office waits until somebody releases it.
const HOLD: &str = "messages.hold";

/// How the subject of a test begins.
const TEST: &str = "test/";

/// Where a test goes; nothing when that does not open.
pub(super) fn test_address(app: &Parts, message: &Message) -> Option<String> {
    let sealed = from_hex(message.subject.strip_prefix(TEST)?)?;
    app.sealer.open_text(Field::Contact, &sealed).ok()
}

/// To whom a message goes, about what, and for which day.
#[derive(Clone, Debug)]
pub struct To<'a> {
    /// The loan file it is about.
    pub file_id: Option<FileId>,
    pub person_id: PersonId,
    pub channel: Channel,
    /// The number, for an SMS.
    pub phone: Option<&'a Phone>,
    /// The address, for an e-mail.
    pub email: &'a str,
    /// With reason and day unique in the office: see [`To::subject`].
    pub subject_key: String,
    /// The day it is for, not before which it goes.
    pub planned_on: NaiveDate,
    /// Of no use after.
    pub expires_at: Option<NaiveDateTime>,
}

impl To<'_> {
    /// `file/123/person/456/sms/2026-12-20`; `about` may be empty.
    pub fn subject(file: FileId, person: PersonId, channel: Channel, about: &str) -> String {
        let end = if about.is_empty() { String::new() } else { format!("/{about}") };
        format!("file/{file}/person/{person}/{}{end}", channel.as_text())
    }
}

/// Makes messages of one office; for many at once, since it asks for the setting only once.
pub struct Composer<'a> {
    app: &'a Parts,
    office: &'a Office,
    held: bool,
    now: NaiveDateTime,
    /// From when a message may go that is ready now.
    open_at: NaiveDateTime,
}

impl<'a> Composer<'a> {
    /// For messages of this office, as it has set them.
    pub fn new(app: &'a Parts, office: &'a Office) -> AppResult<Composer<'a>> {
        let scope = Scope::of(&office.code);
        let held = app.db.read(|db| is_held(app, db, &scope))?;
        Ok(Composer::with(app, office, held))
    }

    /// The same when the setting is known.
    pub fn with(app: &'a Parts, office: &'a Office, held: bool) -> Composer<'a> {
        let now = app.clock.now_at();
        let open_at = allowed_from(app.policy().calendar(), &app.config.messages, now);
        Composer { app, office, held, now, open_at }
    }

    /// The row of one message.
    ///
    /// # Errors
    /// `Broken` when the template does not render or nothing is there to send to.
    pub fn message(&self, reason: Reason, to: &To<'_>, fields: &Fields) -> AppResult<Message> {
        let check_code = new_check_code()?;
        let text = text::render(self.app, self.office, reason, fields, &check_code)?;
        let (to_mask, phone_id, parts, title) = match (to.channel, to.phone) {
            (Channel::Sms, Some(phone)) => {
                let parts = text::parts(self.app, self.office, &text);
                (phone.phone_mask.clone(), Some(phone.id), parts, String::new())
            }
            (Channel::Email, _) if !to.email.is_empty() => {
                (mask_email(to.email), None, 0, text::title(self.office, reason))
            }
            _ => return Err(AppError::broken("a message without a number or address")),
        };
        let urgent = reason.is_urgent();
        Ok(Message {
            id: self.app.next_id(),
            office_code: self.office.code.clone(),
            subject: to.subject_key.clone(),
            reason: reason.as_text().to_owned(),
            planned_on: to.planned_on,
            file_id: to.file_id,
            person_id: Some(to.person_id),
            phone_id,
            channel: to.channel,
            to_mask,
            title,
            text_sealed: self.app.sealer.seal(Field::Message, text.as_bytes())?,
            vendor_fields: self.vendor_fields(reason, to.channel, fields, &check_code)?,
            parts,
            check_code,
            urgent,
            state: if self.held && !urgent { State::Held } else { State::Waiting },
            not_before: self.not_before(urgent, to.planned_on),
            expires_at: to.expires_at,
            attempts: 0,
            leased_by: String::new(),
            leased_until: None,
            gateway: String::new(),
            gateway_ref: String::new(),
            problem: String::new(),
            created_at: self.now,
            updated_at: self.now,
            sent_at: None,
            delivered_at: None,
        })
    }

    /// A test of a gateway, of use for an hour. It is about no file and nobody in one: where it
    /// goes stands in its subject, sealed.
    ///
    /// # Errors
    /// As [`Composer::message`].
    pub fn test(&self, channel: Channel, address: &str, name: &str) -> AppResult<Message> {
        let reason = Reason::GatewayTest;
        let fields = Fields::to(name);
        let sealed = hex(&self.app.sealer.seal(Field::Contact, address.as_bytes())?);
        let to = To {
            file_id: None,
            person_id: PersonId::new(0),
            channel: Channel::Email,
            phone: None,
            email: address,
            subject_key: format!("{TEST}{sealed}"),
            planned_on: self.app.clock.today(),
            expires_at: Some(self.now + TimeDelta::hours(1)),
        };
        let message = Message { person_id: None, ..self.message(reason, &to, &fields)? };
        if channel == Channel::Email {
            return Ok(message);
        }
        let text = text::render(self.app, self.office, reason, &fields, &message.check_code)?;
        Ok(Message {
            channel,
            to_mask: phone_number::mask(address),
            title: String::new(),
            parts: text::parts(self.app, self.office, &text),
            vendor_fields: self.vendor_fields(reason, channel, &fields, &message.check_code)?,
            ..message
        })
    }

    /// The fields for a vendor that makes the text itself from an approved template: sealed like
    /// the text, since they say the same. Empty where no vendor asks for them.
    fn vendor_fields(
        &self,
        reason: Reason,
        channel: Channel,
        fields: &Fields,
        check_code: &str,
    ) -> AppResult<String> {
        let has_template = !self.app.config.sms.template_of(reason.as_text()).is_empty();
        if channel != Channel::Sms || !has_template {
            return Ok(String::new());
        }
        let params = text::params(self.office, fields, check_code)?;
        Ok(hex(&self.app.sealer.seal(Field::Message, params.to_string().as_bytes())?))
    }

    fn not_before(&self, urgent: bool, planned_on: NaiveDate) -> NaiveDateTime {
        if urgent {
            return self.now;
        }
        let day_begins = dates::starts_at(planned_on);
        if day_begins <= self.now {
            return self.open_at;
        }
        allowed_from(self.app.policy().calendar(), &self.app.config.messages, day_begins)
    }
}

/// The row of one message; the caller adds it with `outbox::add` in the write of its cause.
///
/// # Errors
/// As [`Composer::message`].
pub fn compose(
    app: &Parts,
    office: &Office,
    reason: Reason,
    to: &To<'_>,
    fields: &Fields,
) -> AppResult<Message> {
    let composer = if reason.is_urgent() {
        Composer::with(app, office, false)
    } else {
        Composer::new(app, office)?
    };
    composer.message(reason, to, fields)
}

/// Whether the messages of an office wait until somebody releases them.
pub fn is_held(app: &Parts, db: &mut Db, scope: &Scope) -> AppResult<bool> {
    let set = setting::get(db, scope, HOLD)?;
    Ok(set.map_or(app.config.messages.hold, |value| value == "yes"))
}

/// Sets whether the messages of an office wait. Those written already stay as they are.
pub fn set_held(db: &mut Db, scope: &Scope, held: bool) -> AppResult<()> {
    setting::set(db, scope, HOLD, if held { "yes" } else { "no" })
}

/// A new check code: six letters by which a receiver can ask whether a message is ours.
pub fn new_check_code() -> AppResult<String> {
    let mut code = String::with_capacity(6);
    let mut random = [0_u8; 16];
    while code.len() < 6 {
        getrandom::fill(&mut random).map_err(AppError::broken)?;
        // 248 is the largest multiple of 31 in a byte: every letter is as likely as any other.
        for byte in random.iter().filter(|byte| **byte < 248) {
            let letter = text::CODE_LETTERS.get(usize::from(*byte) % text::CODE_LETTERS.len());
            if code.len() < 6 {
                code.extend(letter.map(|letter| char::from(*letter)));
            }
        }
    }
    Ok(code)
}

/// `z***@qq.com`.
fn mask_email(address: &str) -> String {
    let (name, host) = address.split_once('@').unwrap_or((address, ""));
    let first = name.chars().next().map(String::from).unwrap_or_default();
    format!("{first}***@{host}")
}
