//! What a contact says about the number that was used, and how taking the contact back puts the
//! number as it was. `contact_record` calls it in the write that keeps or takes back a record.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::point::{self, Tried};
use super::record::{Channel, Outcome, Record};
use crate::base::scope::Scope;
use crate::book::person::{self, PhoneState};
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;

/// What was known of a number before a contact.
#[derive(Debug, Serialize, Deserialize)]
struct Before {
    tried: String,
    tried_on: Option<NaiveDate>,
    /// Of a number of student or co-borrower; the rest of the tree has no such state.
    state: Option<String>,
}

/// What a contact says about the number; none when it says nothing. That a number is dead or
/// somebody else's is believed whichever way it was learned; the rest only of a call.
pub const fn tried(record: &Record) -> Option<Tried> {
    match (record.outcome, record.channel) {
        (Outcome::BadNumber, _) => Some(Tried::Dead),
        (Outcome::WrongPerson, _) => Some(Tried::WrongPerson),
        (Outcome::NoAnswer, Channel::Call) => Some(Tried::NoAnswer),
        (Outcome::Refused, Channel::Call) => Some(Tried::Refused),
        (Outcome::MovedAway, Channel::Call) => None,
        (_, Channel::Call) => Some(Tried::Works),
        _ => None,
    }
}

/// What is known of the number of a record now, as its column keeps it; empty when the record says
/// nothing about a number.
pub(super) fn before(db: &mut Db, record: &Record) -> AppResult<String> {
    if tried(record).is_none() {
        return Ok(String::new());
    }
    let scope = Scope::of(&record.office_code);
    let known = match (record.phone_id, record.point_id) {
        (Some(id), _) => {
            let (state, tried, tried_on) = person::known_of_phone(db, &scope, id)?;
            Before {
                tried: tried.as_text().to_owned(),
                tried_on,
                state: Some(state.as_text().to_owned()),
            }
        }
        (None, Some(id)) => {
            let point = point::find(db, &scope, id)?;
            Before {
                tried: point.tried.as_text().to_owned(),
                tried_on: point.tried_on,
                state: None,
            }
        }
        (None, None) => return Ok(String::new()),
    };
    serde_json::to_string(&known).map_err(AppError::broken)
}

/// Notes what a contact says about its number.
pub(super) fn used(db: &mut Db, record: &Record) -> AppResult<()> {
    let Some(tried) = tried(record) else { return Ok(()) };
    let scope = Scope::of(&record.office_code);
    if let Some(id) = record.phone_id {
        person::set_phone_tried(db, &scope, id, (tried, record.on_day))?;
    } else if let Some(id) = record.point_id {
        point::set_tried(db, &scope, id, (tried, Some(record.on_day)))?;
    }
    Ok(())
}

/// The number as it was before the contact, unless another contact has said something since.
pub(super) fn unused(db: &mut Db, record: &Record) -> AppResult<()> {
    let Some(own_result) = tried(record).filter(|_| !record.number_before.is_empty()) else {
        return Ok(());
    };
    let scope = Scope::of(&record.office_code);
    let was: Before = serde_json::from_str(&record.number_before).map_err(AppError::broken)?;
    let tried = Tried::from_text(&was.tried).unwrap_or(Tried::Never);
    if let Some(id) = record.phone_id {
        let (state, now, on) = person::known_of_phone(db, &scope, id)?;
        if (now, on) == (own_result, Some(record.on_day)) {
            let state = was.state.as_deref().and_then(PhoneState::from_text).unwrap_or(state);
            person::put_phone_back(db, &scope, id, (state, tried, was.tried_on))?;
        }
    } else if let Some(id) = record.point_id {
        let point = point::find(db, &scope, id)?;
        if (point.tried, point.tried_on) == (own_result, Some(record.on_day)) {
            point::set_tried(db, &scope, id, (tried, was.tried_on))?;
        }
    }
    Ok(())
}
