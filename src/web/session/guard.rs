//! Slows down guessing: waits that grow with every wrong password or code, per login or identity
//! number and per address.
//! The only file that writes the table `sign_in_guard`, so a restart forgets nothing.
//!
//! An attempt is counted *before* the password is looked at, in the write that checks the wait:
//! a hundred attempts at once are a hundred attempts. Success takes its own attempt back. A login
//! nobody has is counted like any other. Subjects are kept as hashes: now and then somebody types
//! a password into the wrong field.

use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

use crate::base::hex::{hash_of, hex};
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::sign_in_guard;

/// Wrong passwords of one login before the first wait.
const FREE_PER_LOGIN: i32 = 5;
/// Wrong passwords from one address before the first wait: a whole office may share one.
const FREE_PER_ADDRESS: i32 = 30;
/// Wrong codes of one borrower before the first wait.
const FREE_PER_BORROWER: i32 = 5;
/// Codes asked for, or typed wrongly, from one address before the first wait: the phones of a
/// mobile network share few addresses.
const FREE_PER_NETWORK: i32 = 60;
/// Codes of sheets typed wrongly at one address before the first wait: nobody needs many.
const FREE_PER_SHEET: i32 = 10;
/// The first wait; each further attempt doubles it.
const WAIT_MIN: i64 = 1;
/// The longest wait. Not longer: anybody who knows a login could keep its owner out.
const WAIT_MAX: i64 = 30;
/// Failures older than this are forgotten.
const FORGET_AFTER_H: i64 = 24;

/// Whom an attempt counts against.
#[derive(Clone, Debug)]
pub struct Subjects {
    login: (String, i32),
    address: (String, i32),
}

fn short(text: &str) -> String {
    hex(hash_of(text).get(..16).unwrap_or_default())
}

impl Subjects {
    /// The login as typed and the sender's address.
    pub fn new(login: &str, address: &str) -> Subjects {
        Subjects {
            login: (format!("login:{}", short(login)), FREE_PER_LOGIN),
            address: (format!("address:{}", short(address)), FREE_PER_ADDRESS),
        }
    }

    /// A borrower's one-time code: `kind` keeps asking for one apart from typing one.
    pub fn borrower(kind: &str, id_index: &[u8], address: &str) -> Subjects {
        Subjects {
            login: (format!("{kind}:{}", short(&hex(id_index))), FREE_PER_BORROWER),
            address: (format!("{kind} from:{}", short(address)), FREE_PER_NETWORK),
        }
    }

    /// Something anybody may ask, such as whether a message is ours.
    pub fn anybody(kind: &str, address: &str) -> Subjects {
        let own = format!("{kind}:{}", short(address));
        Subjects {
            login: (own, FREE_PER_ADDRESS),
            address: (format!("{kind} from:{}", short(address)), FREE_PER_NETWORK),
        }
    }

    /// The code on a sheet, typed at an address.
    pub fn sheet(address: &str) -> Subjects {
        let own = format!("sheet:{}", short(address));
        Subjects {
            login: (own, FREE_PER_SHEET),
            address: (format!("sheet from:{}", short(address)), FREE_PER_ADDRESS),
        }
    }

    fn both(&self) -> [(&str, i32); 2] {
        [(&self.login.0, self.login.1), (&self.address.0, self.address.1)]
    }
}

/// May an attempt be made now?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Yes; it is counted already. True: the next one will have to wait.
    Counted {
        /// This was the last one before a wait.
        last: bool,
    },
    /// No; not before this instant.
    Wait {
        /// When the next attempt may be made.
        until: NaiveDateTime,
    },
}

/// How long to wait after this many failures, `free` of which cost nothing.
fn wait_after(failures: i32, free: i32) -> Option<Duration> {
    let over = failures.checked_sub(free)?;
    let doublings = u32::try_from(over).ok()?;
    let minutes = WAIT_MIN.checked_shl(doublings).filter(|m| *m > 0 && doublings < 16);
    Some(Duration::minutes(minutes.unwrap_or(WAIT_MAX).min(WAIT_MAX)))
}

/// Removes attempts that are too old to count.
pub fn forget_old(db: &mut Db, now: NaiveDateTime) -> AppResult<usize> {
    let old = now - Duration::hours(FORGET_AFTER_H);
    Ok(diesel::delete(sign_in_guard::table.filter(sign_in_guard::updated_at.lt(old)))
        .execute(db)?)
}

/// Counts an attempt, or says how long to wait.
pub fn attempt(db: &mut Db, subjects: &Subjects, now: NaiveDateTime) -> AppResult<Attempt> {
    forget_old(db, now)?;
    let mut counts = [0_i32; 2];
    for (count, (subject, _)) in counts.iter_mut().zip(subjects.both()) {
        let row: Option<(i32, Option<NaiveDateTime>)> = sign_in_guard::table
            .find(subject)
            .select((sign_in_guard::failures, sign_in_guard::locked_until))
            .first(db)
            .optional()?;
        if let Some((failures, locked_until)) = row {
            if let Some(until) = locked_until.filter(|until| *until > now) {
                return Ok(Attempt::Wait { until });
            }
            *count = failures;
        }
    }
    let mut last = false;
    for (count, (subject, free)) in counts.iter().zip(subjects.both()) {
        let failures = count.saturating_add(1);
        let until = wait_after(failures, free).map(|wait| now + wait);
        last |= until.is_some();
        upsert(db, subject, failures, until, now)?;
    }
    Ok(Attempt::Counted { last })
}

/// The password was right: the login starts anew, and the address gets its attempt back (only
/// that one: a right password of one's own must not wipe out guesses at others').
pub fn succeeded(db: &mut Db, subjects: &Subjects, now: NaiveDateTime) -> AppResult<()> {
    diesel::delete(sign_in_guard::table.find(&subjects.login.0)).execute(db)?;
    let failures: Option<i32> = sign_in_guard::table
        .find(&subjects.address.0)
        .select(sign_in_guard::failures)
        .first(db)
        .optional()?;
    if let Some(failures) = failures {
        upsert(db, &subjects.address.0, (failures - 1).max(0), None, now)?;
    }
    Ok(())
}

fn upsert(
    db: &mut Db,
    subject: &str,
    failures: i32,
    locked_until: Option<NaiveDateTime>,
    now: NaiveDateTime,
) -> AppResult<()> {
    let values = (
        sign_in_guard::failures.eq(failures),
        sign_in_guard::locked_until.eq(locked_until),
        sign_in_guard::updated_at.eq(now),
    );
    if diesel::update(sign_in_guard::table.find(subject)).set(values).execute(db)? == 0 {
        diesel::insert_into(sign_in_guard::table)
            .values((
                sign_in_guard::subject.eq(subject),
                sign_in_guard::failures.eq(failures),
                sign_in_guard::locked_until.eq(locked_until),
                sign_in_guard::updated_at.eq(now),
            ))
            .execute(db)?;
    }
    Ok(())
}

/// `3 分钟` or `40 秒`: how long from `now` until then, rounded up.
pub fn wait_in_words(until: NaiveDateTime, now: NaiveDateTime) -> String {
    let seconds = (until - now).num_seconds().max(1);
    if seconds < 60 { format!("{seconds} 秒") } else { format!("{} 分钟", (seconds + 59) / 60) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_half_an_hour() {
        let minutes: Vec<Option<i64>> =
            (1..=14).map(|n| wait_after(n, 5).map(|w| w.num_minutes())).collect();
        let expected = [
            None,
            None,
            None,
            None,
            Some(1),
            Some(2),
            Some(4),
            Some(8),
            Some(16),
            Some(30),
            Some(30),
            Some(30),
            Some(30),
            Some(30),
        ];
        assert_eq!(minutes, expected);
        assert_eq!(wait_after(i32::MAX, 5), Some(Duration::minutes(30)));
    }
}
