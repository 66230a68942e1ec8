//! Who is signed in: staff, borrowers and liaisons, each a realm of its own with its own cookie.
//!
//! The browser holds 256 random bits in the cookie; the database holds their SHA-256, so a stolen
//! backup signs nobody in. A session is a row of our own table (`store.rs`) that we can end, list
//! and read together with the person; a session library with a server-side store would bring a
//! key-value blob, so there is none.

pub mod borrower;
pub mod device;
pub mod entry;
pub mod guard;
pub mod liaison;
pub mod staff;
mod store;

use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpMessage as _, HttpRequest, web};
use chrono::{Duration, NaiveDateTime};

use crate::app::App;
use crate::base::hex::{hash_of, random_hex};
use crate::error::{AppError, AppResult};
use crate::plumbing::config::Config;
use crate::plumbing::db::Db;

pub use staff::{COOKIE, SignedIn, begin};
pub use store::{Row, Session, Whose, end, end_all, forget_ended, living, revoke};

/// `seen_at` is written at most this often, so that a page is read-only nearly always.
const SEEN_EVERY_S: i64 = 60;

/// A kind of people who sign in: a cookie, how long a session lasts, who is at the other end.
pub trait Realm: Clone + 'static {
    /// As the table names it.
    const NAME: &'static str;
    /// The cookie that carries the token.
    const COOKIE: &'static str;

    /// Without a click for so long, a session is over.
    fn idle(config: &Config) -> Duration;

    /// Who is at the other end; nothing when they may not be any more.
    fn load(db: &mut Db, row: &Row, now: NaiveDateTime) -> AppResult<Option<Self>>;

    /// SHA-256 of the token: names the session, opens nothing.
    fn hash(&self) -> &[u8];
}

/// Who was already found for this request; asks no database.
pub fn found<R: Realm>(req: &HttpRequest) -> Option<R> {
    req.extensions().get::<R>().cloned()
}

/// Who sends this request: from the request's own memory, or from the database.
pub async fn signed_in<R: Realm + Send>(req: &HttpRequest) -> AppResult<R> {
    if let Some(me) = found::<R>(req) {
        return Ok(me);
    }
    let app = req
        .app_data::<web::Data<App>>()
        .ok_or_else(|| AppError::broken("no App in the server"))?
        .clone();
    let token = req.cookie(R::COOKIE).ok_or(AppError::NotSignedIn)?;
    let hash = hash_of(token.value());
    let (now, idle) = (app.clock.now_at(), R::idle(&app.config));
    let (me, seen_at): (R, NaiveDateTime) = app
        .read(move |db| {
            let row = store::find(db, R::NAME, &hash)?.ok_or(AppError::NotSignedIn)?;
            if now >= row.expires_at || now - row.seen_at >= idle {
                return Err(AppError::NotSignedIn);
            }
            let me = R::load(db, &row, now)?.ok_or(AppError::NotSignedIn)?;
            Ok((me, row.seen_at))
        })
        .await?;
    if now - seen_at >= Duration::seconds(SEEN_EVERY_S) {
        let hash = me.hash().to_vec();
        // Not being able to note the minute must not take the page away.
        let noted = app.write("session seen", move |db| store::seen(db, &hash, now)).await;
        if let Err(error) = noted {
            tracing::warn!(%error, "the time of a session could not be noted");
        }
    }
    req.extensions_mut().insert(me.clone());
    Ok(me)
}

/// Why a browser that was signed in is not any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Nobody clicked for as long as the realm allows.
    Idle,
    /// It had lasted as long as any session may.
    Lasted,
    /// By an administrator, a new password, or from the list of one's own sessions.
    ByHand,
}

/// Why the session of this browser is over.
pub async fn why_over<R: Realm>(app: &App, req: &HttpRequest) -> AppResult<Over> {
    let Some(token) = req.cookie(R::COOKIE) else { return Ok(Over::Idle) };
    let (hash, now) = (hash_of(token.value()), app.clock.now_at());
    let found = app.read(move |db| store::end_of(db, R::NAME, &hash)).await?;
    Ok(match found {
        Some((Some(_), _)) => Over::ByHand,
        Some((None, until)) if now >= until => Over::Lasted,
        _ => Over::Idle,
    })
}

/// Makes a realm's person an extractor: a handler that takes one is only run for somebody who is
/// signed in. `$form`: a urlencoded form of theirs, its `csrf` field checked.
macro_rules! extracted {
    ($me:ty $(, $form:ident)?) => {
        impl actix_web::FromRequest for $me {
            type Error = crate::error::AppError;
            type Future =
                futures_util::future::LocalBoxFuture<'static, crate::error::AppResult<$me>>;

            fn from_request(
                req: &actix_web::HttpRequest,
                _: &mut actix_web::dev::Payload,
            ) -> Self::Future {
                let req = req.clone();
                Box::pin(async move { crate::web::session::signed_in::<$me>(&req).await })
            }
        }
        $(
        /// A urlencoded form of theirs, its `csrf` field checked.
        #[derive(Debug)]
        pub struct $form<T>(pub T);

        impl<T: serde::de::DeserializeOwned + 'static> actix_web::FromRequest for $form<T> {
            type Error = crate::error::AppError;
            type Future =
                futures_util::future::LocalBoxFuture<'static, crate::error::AppResult<$form<T>>>;

            fn from_request(
                req: &actix_web::HttpRequest,
                payload: &mut actix_web::dev::Payload,
            ) -> Self::Future {
                use crate::web::body::{parse_checked, read_body};
                let body = actix_web::web::Bytes::from_request(req, payload);
                let req = req.clone();
                Box::pin(async move {
                    let me = crate::web::session::signed_in::<$me>(&req).await?;
                    Ok($form(parse_checked(&read_body(body.await)?, &me.csrf)?))
                })
            }
        }
        )?
    };
}
use extracted;

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

/// A cookie of ours: not for scripts, not for other sites, over https only when we are.
pub fn cookie(name: &'static str, value: String, config: &Config) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(config.is_https())
        .finish()
}
