//! Which kinds of message a person wants, and how. Until messages have a home of their own, the
//! only file that writes the table `message_wish`. No row: the default.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::book::ids::PersonId;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::message_wish;

/// The kinds that can be chosen: as kept, as pages say it, what they are.
pub const KINDS: [(&str, &str, &str); 3] = [
    ("due", "到期提醒", "还款日之前告诉您日子和金额"),
    ("overdue", "逾期提醒", "到期没还上时告诉您"),
    ("season", "办事提醒", "续贷、毕业确认、提前还款等时间"),
];

/// What is wanted of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// By text message.
    pub sms: bool,
    /// By e-mail.
    pub email: bool,
}

impl Default for Wish {
    fn default() -> Self {
        Wish { sms: true, email: true }
    }
}

/// The wishes of a person, by kind.
pub fn of(db: &mut Db, person_id: PersonId) -> AppResult<HashMap<String, Wish>> {
    let rows: Vec<(String, bool, bool)> = message_wish::table
        .filter(message_wish::person_id.eq(person_id))
        .select((message_wish::kind, message_wish::sms, message_wish::email))
        .load(db)?;
    Ok(rows.into_iter().map(|(kind, sms, email)| (kind, Wish { sms, email })).collect())
}

/// Keeps a wish.
pub fn keep(
    db: &mut Db,
    (office_code, person_id): (&str, PersonId),
    kind: &str,
    wish: Wish,
    now: NaiveDateTime,
) -> AppResult<()> {
    let values = (
        message_wish::sms.eq(wish.sms),
        message_wish::email.eq(wish.email),
        message_wish::updated_at.eq(now),
    );
    let changed =
        diesel::update(message_wish::table.find((person_id, kind))).set(values).execute(db)?;
    if changed == 0 {
        diesel::insert_into(message_wish::table)
            .values((
                message_wish::person_id.eq(person_id),
                message_wish::kind.eq(kind),
                message_wish::office_code.eq(office_code),
                values,
            ))
            .execute(db)?;
    }
    Ok(())
}
