//! One-time codes. The only file that writes the table `borrower_code`.
//!
//! A code is six digits, good for five minutes and five tries, and only in the browser that asked
//! for it: what is kept is the SHA-256 of the browser's own token together with the code, so the
//! table alone does not tell a code even to somebody who tries all million of them. Somebody we
//! do not know gets a row as well, one that no code opens: what follows is the same for all.

use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use subtle::ConstantTimeEq as _;

use crate::base::hex::{hash_of, random_hex};
use crate::base::ids::PersonId;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::schema::borrower_code;

/// How long a code is good for.
pub const GOOD_FOR_MINUTES: i64 = 5;
/// Tries of one code.
pub const TRIES: i32 = 5;

/// Six random digits, none more likely than another.
pub fn new_code() -> AppResult<String> {
    loop {
        let mut raw = [0_u8; 4];
        getrandom::fill(&mut raw).map_err(|e| AppError::broken(format!("no randomness: {e}")))?;
        let number = u32::from_le_bytes(raw);
        // 4294 million: the largest multiple of a million that fits.
        if number < 4_294_000_000 {
            return Ok(format!("{:06}", number % 1_000_000));
        }
    }
}

/// What the browser gets in its cookie.
pub fn new_request() -> AppResult<String> {
    random_hex(32)
}

/// A code to be kept.
#[derive(Clone, Debug)]
pub struct NewCode {
    pub id: i64,
    /// The office of the person; any one for somebody we do not know.
    pub office_code: String,
    /// Whom it signs in.
    pub person_id: Option<PersonId>,
    /// Blind index of the identity number that was typed.
    pub subject: Vec<u8>,
    /// The token of the browser.
    pub request: String,
    pub code: String,
}

fn hash_of_code(request: &str, code: &str) -> Vec<u8> {
    hash_of(&format!("{request} {code}"))
}

/// Keeps a code. One asked for before in another browser goes on working there: a stranger who
/// asks again and again must not take away the one that its owner is about to type.
pub fn add(db: &mut Db, new: &NewCode, now: NaiveDateTime) -> AppResult<()> {
    diesel::insert_into(borrower_code::table)
        .values((
            borrower_code::id.eq(new.id),
            borrower_code::office_code.eq(&new.office_code),
            borrower_code::person_id.eq(new.person_id),
            borrower_code::subject.eq(&new.subject),
            borrower_code::request_hash.eq(hash_of(&new.request)),
            borrower_code::code_hash.eq(hash_of_code(&new.request, &new.code)),
            borrower_code::created_at.eq(now),
            borrower_code::expires_at.eq(now + Duration::minutes(GOOD_FOR_MINUTES)),
            borrower_code::tries.eq(0),
        ))
        .execute(db)?;
    Ok(())
}

/// What became of a typed code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// It is the one; it works only once.
    Right {
        /// Whom it signs in.
        person_id: PersonId,
        office_code: String,
    },
    /// It is not; so many tries are left.
    Wrong {
        /// Tries left, at least one.
        left: i32,
    },
    /// Too old, used, tried too often, or never asked for.
    Gone,
}

/// Whose code the browser's token asked for; nothing when there is none.
pub fn subject_of(db: &mut Db, request: &str) -> AppResult<Option<Vec<u8>>> {
    Ok(borrower_code::table
        .filter(borrower_code::request_hash.eq(hash_of(request)))
        .select(borrower_code::subject)
        .first(db)
        .optional()?)
}

/// Tries a code that was typed in the browser with this token.
pub fn try_code(db: &mut Db, request: &str, typed: &str, now: NaiveDateTime) -> AppResult<Typed> {
    type Row = (i64, String, Option<PersonId>, Vec<u8>, i32);
    let row: Option<Row> = borrower_code::table
        .filter(borrower_code::request_hash.eq(hash_of(request)))
        .filter(borrower_code::used_at.is_null())
        .filter(borrower_code::expires_at.gt(now))
        .filter(borrower_code::tries.lt(TRIES))
        .select((
            borrower_code::id,
            borrower_code::office_code,
            borrower_code::person_id,
            borrower_code::code_hash,
            borrower_code::tries,
        ))
        .first(db)
        .optional()?;
    let Some((id, office_code, person_id, hash, tries)) = row else { return Ok(Typed::Gone) };
    let same = bool::from(hash.ct_eq(&hash_of_code(request, typed)));
    if let Some(person_id) = person_id.filter(|_| same) {
        diesel::update(borrower_code::table.find(id))
            .set(borrower_code::used_at.eq(now))
            .execute(db)?;
        return Ok(Typed::Right { person_id, office_code });
    }
    diesel::update(borrower_code::table.find(id))
        .set(borrower_code::tries.eq(tries + 1))
        .execute(db)?;
    let left = TRIES - tries - 1;
    Ok(if left > 0 { Typed::Wrong { left } } else { Typed::Gone })
}

/// Takes away codes asked for before an instant; for the job that tidies up. Those of the last
/// day and night are still counted.
pub fn retire(db: &mut Db, before: NaiveDateTime) -> AppResult<usize> {
    Ok(diesel::delete(borrower_code::table.filter(borrower_code::created_at.lt(before)))
        .execute(db)?)
}
