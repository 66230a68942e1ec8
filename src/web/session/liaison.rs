//! Which liaison is signed in. The only file that writes the table `liaison_session`.
//!
//! As for staff and borrowers, the browser holds 256 random bits and the database their SHA-256.
//! A session is short: an hour without a click, twelve hours in all.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::base::hex::hash_of;
use crate::base::ids::LiaisonId;
use crate::base::scope::Scope;
use crate::book::history::By;
use crate::book::liaison::Liaison;
use crate::book::office::Office;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{liaison, liaison_session, office};
use crate::web::form::{parse_checked, read_body};
use crate::web::session::NewSession;

/// The cookie that carries the token.
pub const COOKIE: &str = "zhuxue_l";
/// Minutes without a click after which a session ends.
pub const IDLE_MINUTES: i64 = 60;
/// Hours after which a session ends in any case.
pub const MOST_HOURS: i64 = 12;
/// `seen_at` is written at most this often, so that a page is read-only nearly always.
const SEEN_EVERY_S: i64 = 60;

/// The liaison at the other end, as an extractor.
#[derive(Clone, Debug)]
pub struct LiaisonIn {
    /// Their account.
    pub account: Liaison,
    /// The office whose sheets they see, and of these only those of their own place.
    pub scope: Scope,
    /// The same with its name and telephone.
    pub office: Office,
    /// What every form of this session must bring back.
    pub csrf: String,
    /// SHA-256 of the token: names the session, opens nothing.
    pub session: Vec<u8>,
}

impl LiaisonIn {
    /// In whose name history is written.
    pub fn by(&self) -> By {
        By::program(&self.account.called(), &self.office.code)
    }
}

impl FromRequest for LiaisonIn {
    type Error = AppError;
    type Future = LocalBoxFuture<'static, AppResult<LiaisonIn>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move { signed_in(&req).await })
    }
}

/// Who sends this request: from the request's own memory, or by one query.
pub async fn signed_in(req: &HttpRequest) -> AppResult<LiaisonIn> {
    if let Some(me) = req.extensions().get::<LiaisonIn>().cloned() {
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
        if let Err(error) = app.write("liaison seen", move |db| seen(db, &hash, now)).await {
            tracing::warn!(%error, "the time of a session could not be noted");
        }
    }
    req.extensions_mut().insert(me.clone());
    Ok(me)
}

fn find(db: &mut Db, hash: &[u8], now: NaiveDateTime) -> AppResult<(LiaisonIn, NaiveDateTime)> {
    type Row = (Liaison, Office, String, NaiveDateTime, NaiveDateTime);
    let row: Option<Row> = liaison_session::table
        .inner_join(liaison::table)
        .inner_join(office::table.on(office::code.eq(liaison_session::office_code)))
        .filter(liaison_session::token_hash.eq(hash))
        .filter(liaison_session::revoked_at.is_null())
        .filter(liaison::active.eq(true))
        .select((
            Liaison::as_select(),
            Office::as_select(),
            liaison_session::csrf,
            liaison_session::seen_at,
            liaison_session::expires_at,
        ))
        .get_result(db)
        .optional()?;
    let (account, office, csrf, seen_at, expires_at) = row.ok_or(AppError::NotSignedIn)?;
    if now >= expires_at || now - seen_at >= Duration::minutes(IDLE_MINUTES) {
        return Err(AppError::NotSignedIn);
    }
    let scope = Scope::of(&office.code);
    Ok((LiaisonIn { account, scope, office, csrf, session: hash.to_vec() }, seen_at))
}

fn seen(db: &mut Db, hash: &[u8], now: NaiveDateTime) -> AppResult<()> {
    diesel::update(liaison_session::table.find(hash))
        .set(liaison_session::seen_at.eq(now))
        .execute(db)?;
    Ok(())
}

/// Signs a liaison in.
pub fn begin(db: &mut Db, one: &Liaison, new: &NewSession, now: NaiveDateTime) -> AppResult<()> {
    diesel::insert_into(liaison_session::table)
        .values((
            liaison_session::token_hash.eq(new.hash()),
            liaison_session::office_code.eq(&one.office_code),
            liaison_session::liaison_id.eq(one.id),
            liaison_session::csrf.eq(new.csrf()),
            liaison_session::created_at.eq(now),
            liaison_session::seen_at.eq(now),
            liaison_session::expires_at.eq(now + Duration::hours(MOST_HOURS)),
            liaison_session::address.eq(&new.address),
            liaison_session::agent.eq(&new.agent),
        ))
        .execute(db)?;
    Ok(())
}

/// Ends every session of a liaison but the one with the hash `but`.
pub fn end_all(
    db: &mut Db,
    id: LiaisonId,
    but: Option<&[u8]>,
    now: NaiveDateTime,
) -> AppResult<usize> {
    Ok(diesel::update(
        liaison_session::table
            .filter(liaison_session::liaison_id.eq(id))
            .filter(liaison_session::token_hash.ne(but.unwrap_or_default()))
            .filter(liaison_session::revoked_at.is_null()),
    )
    .set(liaison_session::revoked_at.eq(now))
    .execute(db)?)
}

/// Ends one session.
pub fn end(db: &mut Db, hash: &[u8], now: NaiveDateTime) -> AppResult<usize> {
    Ok(diesel::update(
        liaison_session::table.find(hash).filter(liaison_session::revoked_at.is_null()),
    )
    .set(liaison_session::revoked_at.eq(now))
    .execute(db)?)
}

/// Takes away sessions that ended before an instant; for the job that tidies up.
pub fn retire(db: &mut Db, before: NaiveDateTime) -> AppResult<usize> {
    Ok(diesel::delete(liaison_session::table.filter(liaison_session::expires_at.lt(before)))
        .execute(db)?)
}

/// A urlencoded form of a liaison, its `csrf` field checked.
#[derive(Debug)]
pub struct LiaisonForm<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for LiaisonForm<T> {
    type Error = AppError;
    type Future = LocalBoxFuture<'static, AppResult<LiaisonForm<T>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = web::Bytes::from_request(req, payload);
        let req = req.clone();
        Box::pin(async move {
            let me = signed_in(&req).await?;
            Ok(LiaisonForm(parse_checked(&read_body(body.await)?, &me.csrf)?))
        })
    }
}
