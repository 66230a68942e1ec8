//! Who is signed in. The only file that writes the table `staff_session`.
//!
//! The browser holds 256 random bits in the cookie `zhuxue`; the database holds their SHA-256, so
//! a stolen backup signs nobody in. A session is a row of our own table that we can end, list and
//! read together with the person and the office in one query; a session library with a
//! server-side store would bring a key-value blob and a second query, so there is none.

pub mod borrower;
pub mod guard;
pub mod liaison;

use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use futures_util::future::LocalBoxFuture;

use crate::app::App;
use crate::base::dates::local;
use crate::base::hex::{hash_of, random_hex};
use crate::base::ids::StaffId;
use crate::base::scope::Scope;
use crate::book::history::By;
use crate::book::office::Office;
use crate::book::payments_known::{self, BankData};
use crate::book::staff::{Right, Role};
use crate::error::{AppError, AppResult};
use crate::plumbing::config::Config;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{office, staff, staff_session};

/// The cookie that carries the session's token.
pub const COOKIE: &str = "zhuxue";

/// `seen_at` is written at most this often, so that a page is read-only nearly always.
const SEEN_EVERY_S: i64 = 60;

/// The person at the other end, as an extractor: a handler that takes one is only run for
/// somebody who is signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub staff_id: StaffId,
    /// The name they signed in with.
    pub login: String,
    /// The name pages show.
    pub name: String,
    /// What they are.
    pub role: Role,
    /// The offices whose rows they see.
    pub scope: Scope,
    /// The office they work for.
    pub office: Office,
    /// How far the bank's data go.
    pub bank_data: BankData,
    /// What every form of this session must bring back.
    pub csrf: String,
    /// SHA-256 of the token: names the session, opens nothing.
    pub session: Vec<u8>,
}

impl SignedIn {
    /// Goes on only when this person's role has the right.
    pub fn needs(&self, right: Right) -> AppResult<()> {
        if self.role.may(right) { Ok(()) } else { Err(AppError::Forbidden) }
    }

    /// True when this person's role has the right.
    pub fn may(&self, right: Right) -> bool {
        self.role.may(right)
    }

    /// In whose name history is written.
    pub fn by(&self) -> By {
        By {
            staff_id: Some(self.staff_id),
            name: self.name.clone(),
            office_code: self.office.code.clone(),
        }
    }

    /// The person already found for this request; asks no database.
    pub fn found(req: &HttpRequest) -> Option<SignedIn> {
        req.extensions().get::<SignedIn>().cloned()
    }
}

impl FromRequest for SignedIn {
    type Error = AppError;
    type Future = LocalBoxFuture<'static, AppResult<SignedIn>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move { signed_in(&req).await })
    }
}

/// Who sends this request: from the request's own memory, or by one query.
pub async fn signed_in(req: &HttpRequest) -> AppResult<SignedIn> {
    if let Some(me) = SignedIn::found(req) {
        return Ok(me);
    }
    let app = req
        .app_data::<web::Data<App>>()
        .ok_or_else(|| AppError::broken("no App in the server"))?
        .clone();
    let token = req.cookie(COOKIE).ok_or(AppError::NotSignedIn)?;
    let hash = hash_of(token.value());
    let now = app.clock.now_at();
    let idle = Duration::hours(i64::from(app.config.session_idle_hours));
    let (me, seen_at) = app.read(move |db| find(db, &hash, now, idle)).await?;
    if now - seen_at >= Duration::seconds(SEEN_EVERY_S) {
        let hash = me.session.clone();
        // Not being able to note the minute must not take the page away.
        if let Err(error) = app.write("session seen", move |db| seen(db, &hash, now)).await {
            tracing::warn!(%error, "the time of a session could not be noted");
        }
    }
    req.extensions_mut().insert(me.clone());
    Ok(me)
}

fn find(
    db: &mut Db,
    hash: &[u8],
    now: NaiveDateTime,
    idle: Duration,
) -> AppResult<(SignedIn, NaiveDateTime)> {
    type Row = (StaffId, String, String, Role, Office, String, NaiveDateTime, NaiveDateTime);
    let row: Option<Row> = staff_session::table
        .inner_join(staff::table.inner_join(office::table))
        .filter(staff_session::token_hash.eq(hash))
        .filter(staff_session::revoked_at.is_null())
        .filter(staff::active.eq(true))
        .select((
            staff::id,
            staff::login,
            staff::name,
            staff::role,
            Office::as_select(),
            staff_session::csrf,
            staff_session::seen_at,
            staff_session::expires_at,
        ))
        .get_result(db)
        .optional()?;
    let Some((staff_id, login, name, role, office, csrf, seen_at, expires_at)) = row else {
        return Err(AppError::NotSignedIn);
    };
    if now >= expires_at || now - seen_at >= idle {
        return Err(AppError::NotSignedIn);
    }
    let scope = Scope::of(&office.code);
    let session = hash.to_vec();
    let bank_data = payments_known::bank_data(db, &scope, local(now).date())?;
    Ok((SignedIn { staff_id, login, name, role, scope, office, bank_data, csrf, session }, seen_at))
}

fn seen(db: &mut Db, hash: &[u8], now: NaiveDateTime) -> AppResult<()> {
    diesel::update(staff_session::table.find(hash))
        .set(staff_session::seen_at.eq(now))
        .execute(db)?;
    Ok(())
}

/// What a new session of staff, a borrower or a liaison is made of. The token is known only here
/// and in the browser.
#[derive(Clone, Debug)]
pub struct NewSession {
    token: String,
    csrf: String,
    /// The sender's address, for the person's own list of sessions.
    pub address: String,
    /// The browser as it calls itself, shortened.
    pub agent: String,
}

impl NewSession {
    /// Random token and form token; call it outside of a write, so that a retry keeps them.
    pub fn new(address: String, agent: &str) -> AppResult<NewSession> {
        Ok(NewSession {
            token: random_hex(32)?,
            csrf: random_hex(16)?,
            address,
            agent: agent.chars().take(160).collect(),
        })
    }

    /// What the forms of this session must bring back.
    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    /// What the database keeps of the token.
    pub fn hash(&self) -> Vec<u8> {
        hash_of(&self.token)
    }

    /// The cookie to send to staff.
    pub fn cookie(&self, config: &Config) -> Cookie<'static> {
        self.cookie_named(COOKIE, config)
    }

    /// The cookie of another realm.
    pub fn cookie_named(&self, name: &'static str, config: &Config) -> Cookie<'static> {
        cookie(name, self.token.clone(), config)
    }
}

/// Signs `staff_id` in.
pub fn begin(
    db: &mut Db,
    config: &Config,
    staff_id: StaffId,
    new: &NewSession,
    now: NaiveDateTime,
) -> AppResult<()> {
    let expires_at = now + Duration::hours(i64::from(config.session_hours));
    diesel::insert_into(staff_session::table)
        .values((
            staff_session::token_hash.eq(hash_of(&new.token)),
            staff_session::staff_id.eq(staff_id),
            staff_session::csrf.eq(&new.csrf),
            staff_session::created_at.eq(now),
            staff_session::seen_at.eq(now),
            staff_session::expires_at.eq(expires_at),
            staff_session::address.eq(&new.address),
            staff_session::agent.eq(&new.agent),
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
    /// From which address.
    pub address: String,
    /// With which browser.
    pub agent: String,
}

/// The living sessions of one person, newest first.
pub fn of_staff(
    db: &mut Db,
    config: &Config,
    staff_id: StaffId,
    now: NaiveDateTime,
) -> AppResult<Vec<Session>> {
    let idle = Duration::hours(i64::from(config.session_idle_hours));
    Ok(staff_session::table
        .filter(staff_session::staff_id.eq(staff_id))
        .filter(staff_session::revoked_at.is_null())
        .filter(staff_session::expires_at.gt(now))
        .filter(staff_session::seen_at.gt(now - idle))
        .order(staff_session::created_at.desc())
        .select((
            staff_session::token_hash,
            staff_session::created_at,
            staff_session::seen_at,
            staff_session::address,
            staff_session::agent,
        ))
        .load(db)?)
}

/// The names of all sessions of one person that were not ended by hand.
pub fn of_staff_hashes(db: &mut Db, staff_id: StaffId) -> AppResult<Vec<Vec<u8>>> {
    Ok(staff_session::table
        .filter(staff_session::staff_id.eq(staff_id))
        .filter(staff_session::revoked_at.is_null())
        .select(staff_session::token_hash)
        .load(db)?)
}

/// Ends one session of one person. The number ended is 0 or 1.
pub fn end(db: &mut Db, staff_id: StaffId, hash: &[u8], now: NaiveDateTime) -> AppResult<usize> {
    Ok(diesel::update(
        staff_session::table
            .find(hash)
            .filter(staff_session::staff_id.eq(staff_id))
            .filter(staff_session::revoked_at.is_null()),
    )
    .set(staff_session::revoked_at.eq(now))
    .execute(db)?)
}

/// Ends every session of one person, but the one with the hash `but`.
pub fn end_all(
    db: &mut Db,
    staff_id: StaffId,
    but: Option<&[u8]>,
    now: NaiveDateTime,
) -> AppResult<usize> {
    Ok(diesel::update(
        staff_session::table
            .filter(staff_session::staff_id.eq(staff_id))
            .filter(staff_session::token_hash.ne(but.unwrap_or_default()))
            .filter(staff_session::revoked_at.is_null()),
    )
    .set(staff_session::revoked_at.eq(now))
    .execute(db)?)
}

/// Removes sessions that ended, by hand or by time, before an instant.
pub fn forget_ended(db: &mut Db, before: NaiveDateTime) -> AppResult<usize> {
    Ok(diesel::delete(
        staff_session::table.filter(
            staff_session::expires_at.lt(before).or(staff_session::revoked_at
                .is_not_null()
                .and(staff_session::revoked_at.assume_not_null().lt(before))),
        ),
    )
    .execute(db)?)
}

/// A cookie of ours: not for scripts, not for other sites, over https only when we are.
pub fn cookie(name: &'static str, value: String, config: &Config) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(config.is_https())
        .finish()
}
