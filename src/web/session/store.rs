//! Sessions of every realm. The only file that writes the table `session`.

use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

use super::NewSession;
use crate::base::ids::{FileId, LiaisonId, PersonId, StaffId};
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::session;

/// The realms, as the table names them.
pub(super) const STAFF: &str = "staff";
pub(super) const BORROWER: &str = "borrower";
pub(super) const LIAISON: &str = "liaison";

/// A session that was not ended, as stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = session)]
pub struct Row {
    /// SHA-256 of the token.
    pub token_hash: Vec<u8>,
    /// The office in which they signed in.
    pub office_code: String,
    /// Who, of the table that the realm names.
    pub subject_id: i64,
    /// The file that a borrower looks at; none while they have to choose.
    pub file_id: Option<FileId>,
    /// What every form must bring back.
    pub csrf: String,
    /// Last click, to the minute.
    pub seen_at: NaiveDateTime,
    /// When it ends in any case.
    pub expires_at: NaiveDateTime,
}

#[derive(Clone, Copy, Debug)]
pub struct Whose {
    realm: &'static str,
    id: i64,
}

impl From<StaffId> for Whose {
    fn from(id: StaffId) -> Whose {
        Whose { realm: STAFF, id: id.get() }
    }
}

impl From<PersonId> for Whose {
    fn from(id: PersonId) -> Whose {
        Whose { realm: BORROWER, id: id.get() }
    }
}

impl From<LiaisonId> for Whose {
    fn from(id: LiaisonId) -> Whose {
        Whose { realm: LIAISON, id: id.get() }
    }
}

/// The session of this token, unless it was ended by hand.
pub(super) fn find(db: &mut Db, realm: &str, hash: &[u8]) -> AppResult<Option<Row>> {
    Ok(session::table
        .filter(session::token_hash.eq(hash))
        .filter(session::realm.eq(realm))
        .filter(session::revoked_at.is_null())
        .select(Row::as_select())
        .first(db)
        .optional()?)
}

/// When a session of this realm was ended by hand, and until when it would have lasted; none when
/// there is no such session.
pub(super) fn end_of(
    db: &mut Db,
    realm: &str,
    hash: &[u8],
) -> AppResult<Option<(Option<NaiveDateTime>, NaiveDateTime)>> {
    Ok(session::table
        .filter(session::token_hash.eq(hash))
        .filter(session::realm.eq(realm))
        .select((session::revoked_at, session::expires_at))
        .first(db)
        .optional()?)
}

pub(super) fn seen(db: &mut Db, hash: &[u8], now: NaiveDateTime) -> AppResult<()> {
    diesel::update(session::table.find(hash)).set(session::seen_at.eq(now)).execute(db)?;
    Ok(())
}

/// Begins a session that ends after `most` in any case.
pub(super) fn begin(
    db: &mut Db,
    (office_code, whose, file_id): (&str, Whose, Option<FileId>),
    new: &NewSession,
    (now, most): (NaiveDateTime, Duration),
) -> AppResult<()> {
    diesel::insert_into(session::table)
        .values((
            session::token_hash.eq(new.hash()),
            session::realm.eq(whose.realm),
            session::office_code.eq(office_code),
            session::subject_id.eq(whose.id),
            session::file_id.eq(file_id),
            session::csrf.eq(new.csrf()),
            session::created_at.eq(now),
            session::seen_at.eq(now),
            session::expires_at.eq(now + most),
            session::address.eq(&new.address),
            session::agent.eq(&new.agent),
        ))
        .execute(db)?;
    Ok(())
}

/// The same browser, somebody else or another file from now on.
pub(super) fn redirect(
    db: &mut Db,
    hash: &[u8],
    (office_code, whose, file_id): (&str, Whose, Option<FileId>),
) -> AppResult<()> {
    diesel::update(session::table.find(hash).filter(session::realm.eq(whose.realm)))
        .set((
            session::office_code.eq(office_code),
            session::subject_id.eq(whose.id),
            session::file_id.eq(file_id),
        ))
        .execute(db)?;
    Ok(())
}

/// A session as its owner or an administrator sees it.
#[derive(Clone, Debug, Queryable)]
pub struct Session {
    /// SHA-256 of the token.
    pub hash: Vec<u8>,
    /// When the person signed in.
    pub created_at: NaiveDateTime,
    /// Last click, to the minute.
    pub seen_at: NaiveDateTime,
    pub address: String,
    pub agent: String,
}

/// The living sessions of one person, newest first; `idle` as their realm has it.
pub fn living(
    db: &mut Db,
    whose: impl Into<Whose>,
    idle: Duration,
    now: NaiveDateTime,
) -> AppResult<Vec<Session>> {
    let whose = whose.into();
    Ok(session::table
        .filter(session::realm.eq(whose.realm))
        .filter(session::subject_id.eq(whose.id))
        .filter(session::revoked_at.is_null())
        .filter(session::expires_at.gt(now))
        .filter(session::seen_at.gt(now - idle))
        .order(session::created_at.desc())
        .select((
            session::token_hash,
            session::created_at,
            session::seen_at,
            session::address,
            session::agent,
        ))
        .load(db)?)
}

/// The names of all sessions of one person that were not ended by hand.
pub(super) fn hashes(db: &mut Db, whose: Whose) -> AppResult<Vec<Vec<u8>>> {
    Ok(session::table
        .filter(session::realm.eq(whose.realm))
        .filter(session::subject_id.eq(whose.id))
        .filter(session::revoked_at.is_null())
        .select(session::token_hash)
        .load(db)?)
}

/// Ends one session of one person. The number ended is 0 or 1.
pub fn end(
    db: &mut Db,
    whose: impl Into<Whose>,
    hash: &[u8],
    now: NaiveDateTime,
) -> AppResult<usize> {
    let whose = whose.into();
    Ok(diesel::update(
        session::table
            .find(hash)
            .filter(session::realm.eq(whose.realm))
            .filter(session::subject_id.eq(whose.id))
            .filter(session::revoked_at.is_null()),
    )
    .set(session::revoked_at.eq(now))
    .execute(db)?)
}

/// Ends the session of this browser, whosever it was. The number ended is 0 or 1.
pub fn revoke(db: &mut Db, hash: &[u8], now: NaiveDateTime) -> AppResult<usize> {
    Ok(diesel::update(session::table.find(hash).filter(session::revoked_at.is_null()))
        .set(session::revoked_at.eq(now))
        .execute(db)?)
}

/// Ends every session of one person, but the one with the hash `but`.
pub fn end_all(
    db: &mut Db,
    whose: impl Into<Whose>,
    but: Option<&[u8]>,
    now: NaiveDateTime,
) -> AppResult<usize> {
    let whose = whose.into();
    Ok(diesel::update(
        session::table
            .filter(session::realm.eq(whose.realm))
            .filter(session::subject_id.eq(whose.id))
            .filter(session::token_hash.ne(but.unwrap_or_default()))
            .filter(session::revoked_at.is_null()),
    )
    .set(session::revoked_at.eq(now))
    .execute(db)?)
}

/// Removes sessions that ended, by hand or by time, before an instant.
pub fn forget_ended(db: &mut Db, before: NaiveDateTime) -> AppResult<usize> {
    Ok(diesel::delete(session::table.filter(session::expires_at.lt(before).or(
        session::revoked_at.is_not_null().and(session::revoked_at.assume_not_null().lt(before)),
    )))
    .execute(db)?)
}
