//! Which borrower or co-borrower is signed in. The only file that writes the table
//! `borrower_session`.
//!
//! As for staff, the browser holds 256 random bits and the database their SHA-256. A session is
//! short: half an hour without a click, half a day in all; phones are shared and lost.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use chrono::{Duration, NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::book::dates::local;
use crate::book::ids::{FileId, PersonId};
use crate::book::office::{Office, Scope};
use crate::book::payments_known;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::http::form::{parse_checked, read_body};
use crate::plumbing::schema::{borrower_session, office, person};
use crate::plumbing::session::{NewSession, hash_of};

/// The cookie that carries the token.
pub const COOKIE: &str = "zhuxue_m";
/// Minutes without a click after which a session ends.
pub const IDLE_MINUTES: i64 = 30;
/// Hours after which a session ends in any case.
pub const MOST_HOURS: i64 = 12;
/// `seen_at` is written at most this often, so that a page is read-only nearly always.
const SEEN_EVERY_S: i64 = 60;

/// The borrower or co-borrower at the other end, as an extractor.
#[derive(Clone, Debug)]
pub struct BorrowerIn {
    /// Who.
    pub person_id: PersonId,
    /// Their name.
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

impl FromRequest for BorrowerIn {
    type Error = AppError;
    type Future = LocalBoxFuture<'static, AppResult<BorrowerIn>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move { signed_in(&req).await })
    }
}

/// The borrower already found for this request; asks no database.
pub fn found(req: &HttpRequest) -> Option<BorrowerIn> {
    req.extensions().get::<BorrowerIn>().cloned()
}

/// Who sends this request: from the request's own memory, or by one query.
pub async fn signed_in(req: &HttpRequest) -> AppResult<BorrowerIn> {
    if let Some(me) = found(req) {
        return Ok(me);
    }
    let app = req
        .app_data::<web::Data<App>>()
        .ok_or_else(|| AppError::broken("no App in the server"))?
        .clone();
    let token = req.cookie(COOKIE).ok_or(AppError::NotSignedIn)?;
    let hash = hash_of(token.value());
    let now = app.clock.now_at();
    let (me, seen_at) = app.read(move |db| find(db, &hash, now)).await?;
    if now - seen_at >= Duration::seconds(SEEN_EVERY_S) {
        let hash = me.session.clone();
        // Not being able to note the minute must not take the page away.
        if let Err(error) = app.write("borrower seen", move |db| seen(db, &hash, now)).await {
            tracing::warn!(%error, "the time of a session could not be noted");
        }
    }
    req.extensions_mut().insert(me.clone());
    Ok(me)
}

fn find(db: &mut Db, hash: &[u8], now: NaiveDateTime) -> AppResult<(BorrowerIn, NaiveDateTime)> {
    type Row = (PersonId, String, Office, Option<FileId>, String, NaiveDateTime, NaiveDateTime);
    let row: Option<Row> = borrower_session::table
        .inner_join(office::table)
        .inner_join(person::table.on(person::id.eq(borrower_session::person_id)))
        .filter(borrower_session::token_hash.eq(hash))
        .filter(borrower_session::revoked_at.is_null())
        .select((
            person::id,
            person::name,
            Office::as_select(),
            borrower_session::file_id,
            borrower_session::csrf,
            borrower_session::seen_at,
            borrower_session::expires_at,
        ))
        .get_result(db)
        .optional()?;
    let (person_id, name, office, file_id, csrf, seen_at, expires_at) =
        row.ok_or(AppError::NotSignedIn)?;
    if now >= expires_at || now - seen_at >= Duration::minutes(IDLE_MINUTES) {
        return Err(AppError::NotSignedIn);
    }
    let scope = Scope::of(&office.code);
    let session = hash.to_vec();
    let known_until = payments_known::bank_data(db, &scope, local(now).date())?.until;
    let me = BorrowerIn { person_id, name, scope, office, file_id, known_until, csrf, session };
    Ok((me, seen_at))
}

fn seen(db: &mut Db, hash: &[u8], now: NaiveDateTime) -> AppResult<()> {
    diesel::update(borrower_session::table.find(hash))
        .set(borrower_session::seen_at.eq(now))
        .execute(db)?;
    Ok(())
}

/// Signs a person in; `file_id` is the one file there is, or nothing.
pub fn begin(
    db: &mut Db,
    (office_code, person_id): (&str, PersonId),
    file_id: Option<FileId>,
    new: &NewSession,
    now: NaiveDateTime,
) -> AppResult<()> {
    diesel::insert_into(borrower_session::table)
        .values((
            borrower_session::token_hash.eq(new.hash()),
            borrower_session::office_code.eq(office_code),
            borrower_session::person_id.eq(person_id),
            borrower_session::file_id.eq(file_id),
            borrower_session::csrf.eq(new.csrf()),
            borrower_session::created_at.eq(now),
            borrower_session::seen_at.eq(now),
            borrower_session::expires_at.eq(now + Duration::hours(MOST_HOURS)),
            borrower_session::address.eq(&new.address),
            borrower_session::agent.eq(&new.agent),
        ))
        .execute(db)?;
    Ok(())
}

/// Looks at another file from now on. The caller has seen that it is theirs.
pub fn look_at(db: &mut Db, hash: &[u8], file_id: FileId) -> AppResult<()> {
    diesel::update(borrower_session::table.find(hash))
        .set(borrower_session::file_id.eq(file_id))
        .execute(db)?;
    Ok(())
}

/// The same person in another office. The caller has seen that it is the same.
pub fn move_to(
    db: &mut Db,
    hash: &[u8],
    (office_code, person_id): (&str, PersonId),
    file_id: Option<FileId>,
) -> AppResult<()> {
    diesel::update(borrower_session::table.find(hash))
        .set((
            borrower_session::office_code.eq(office_code),
            borrower_session::person_id.eq(person_id),
            borrower_session::file_id.eq(file_id),
        ))
        .execute(db)?;
    Ok(())
}

/// A session as its owner sees it.
#[derive(Clone, Debug, Queryable)]
pub struct Session {
    /// SHA-256 of the token.
    pub hash: Vec<u8>,
    /// When the person signed in.
    pub created_at: NaiveDateTime,
    /// Last click, to the minute.
    pub seen_at: NaiveDateTime,
    /// With which browser.
    pub agent: String,
}

/// The living sessions of one person, newest first.
pub fn of_person(db: &mut Db, person_id: PersonId, now: NaiveDateTime) -> AppResult<Vec<Session>> {
    Ok(borrower_session::table
        .filter(borrower_session::person_id.eq(person_id))
        .filter(borrower_session::revoked_at.is_null())
        .filter(borrower_session::expires_at.gt(now))
        .filter(borrower_session::seen_at.gt(now - Duration::minutes(IDLE_MINUTES)))
        .order(borrower_session::created_at.desc())
        .select((
            borrower_session::token_hash,
            borrower_session::created_at,
            borrower_session::seen_at,
            borrower_session::agent,
        ))
        .load(db)?)
}

/// Ends one session. The number ended is 0 or 1.
pub fn end(db: &mut Db, hash: &[u8], now: NaiveDateTime) -> AppResult<usize> {
    Ok(diesel::update(
        borrower_session::table.find(hash).filter(borrower_session::revoked_at.is_null()),
    )
    .set(borrower_session::revoked_at.eq(now))
    .execute(db)?)
}

/// Ends every session of a person but the one with the hash `but`.
pub fn end_others(
    db: &mut Db,
    person_id: PersonId,
    but: &[u8],
    now: NaiveDateTime,
) -> AppResult<usize> {
    Ok(diesel::update(
        borrower_session::table
            .filter(borrower_session::person_id.eq(person_id))
            .filter(borrower_session::token_hash.ne(but))
            .filter(borrower_session::revoked_at.is_null()),
    )
    .set(borrower_session::revoked_at.eq(now))
    .execute(db)?)
}

/// Takes away sessions that ended before an instant; for the job that tidies up.
pub fn retire(db: &mut Db, before: NaiveDateTime) -> AppResult<usize> {
    Ok(diesel::delete(borrower_session::table.filter(borrower_session::expires_at.lt(before)))
        .execute(db)?)
}

/// A urlencoded form of a borrower, its `csrf` field checked.
#[derive(Debug)]
pub struct BorrowerForm<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for BorrowerForm<T> {
    type Error = AppError;
    type Future = LocalBoxFuture<'static, AppResult<BorrowerForm<T>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = web::Bytes::from_request(req, payload);
        let req = req.clone();
        Box::pin(async move {
            let me = signed_in(&req).await?;
            Ok(BorrowerForm(parse_checked(&read_body(body.await)?, &me.csrf)?))
        })
    }
}
