//! Borrowers and co-borrowers who are signed in. A session is short: half an hour without a click,
//! half a day in all; phones are shared and lost.

use chrono::{Duration, NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use super::store;
use super::{NewSession, Realm, Row, extracted};
use crate::base::dates::local;
use crate::base::ids::{FileId, PersonId};
use crate::base::scope::Scope;
use crate::book::office::{self, Office};
use crate::book::payments_known;
use crate::error::AppResult;
use crate::plumbing::config::Config;
use crate::plumbing::db::Db;
use crate::plumbing::schema::person;

/// The cookie that carries the token.
pub const COOKIE: &str = "zhuxue_m";
/// Minutes without a click after which a session ends.
pub const IDLE_MINUTES: i64 = 30;
/// Hours after which a session ends in any case.
pub const MOST_HOURS: i64 = 12;

/// The borrower or co-borrower at the other end, as an extractor.
#[derive(Clone, Debug)]
pub struct BorrowerIn {
    pub person_id: PersonId,
    pub name: String,
    /// The office whose rows they see, and only their own of these.
    pub scope: Scope,
    /// The same with its name and telephone.
    pub office: Office,
    /// The file they look at; none while they have to choose.
    pub file_id: Option<FileId>,
    /// How far the bank's data go.
    pub known_until: Option<NaiveDate>,
    /// What every form of this session must bring back.
    pub csrf: String,
    /// SHA-256 of the token: names the session, opens nothing.
    pub session: Vec<u8>,
}

extracted!(BorrowerIn, BorrowerForm);

impl Realm for BorrowerIn {
    const NAME: &'static str = store::BORROWER;
    const COOKIE: &'static str = COOKIE;

    fn idle(_: &Config) -> Duration {
        Duration::minutes(IDLE_MINUTES)
    }

    fn load(db: &mut Db, row: &Row, now: NaiveDateTime) -> AppResult<Option<BorrowerIn>> {
        let found: Option<(PersonId, String)> = person::table
            .filter(person::office_code.eq(&row.office_code))
            .filter(person::id.eq(row.subject_id))
            .select((person::id, person::name))
            .first(db)
            .optional()?;
        let Some((person_id, name)) = found else { return Ok(None) };
        let office = office::find(db, &row.office_code)?;
        let scope = Scope::of(&office.code);
        let known_until = payments_known::bank_data(db, &scope, local(now).date())?.until;
        Ok(Some(BorrowerIn {
            person_id,
            name,
            scope,
            office,
            file_id: row.file_id,
            known_until,
            csrf: row.csrf.clone(),
            session: row.token_hash.clone(),
        }))
    }

    fn hash(&self) -> &[u8] {
        &self.session
    }
}

/// Signs a person in; `file_id` is the one file there is, or nothing.
pub fn begin(
    db: &mut Db,
    (office_code, person_id): (&str, PersonId),
    file_id: Option<FileId>,
    new: &NewSession,
    now: NaiveDateTime,
) -> AppResult<()> {
    let whose = (office_code, person_id.into(), file_id);
    store::begin(db, whose, new, (now, Duration::hours(MOST_HOURS)))
}

/// Looks at another file from now on, or is the same person in another office. The caller has seen
/// that it is theirs, or that it is the same.
pub fn move_to(
    db: &mut Db,
    hash: &[u8],
    (office_code, person_id): (&str, PersonId),
    file_id: Option<FileId>,
) -> AppResult<()> {
    store::redirect(db, hash, (office_code, person_id.into(), file_id))
}
