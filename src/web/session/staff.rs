//! Staff who are signed in.

use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

use super::store;
use super::{NewSession, Realm, Row, SEEN_EVERY_S, extracted};
use crate::app::App;
use crate::base::dates::local;
use crate::base::ids::StaffId;
use crate::base::scope::Scope;
use crate::book::act::Act;
use crate::book::audit_log::Actor;
use crate::book::office::Office;
use crate::book::payments_known::{self, BankData};
use crate::book::staff::{Right, Role};
use crate::error::{AppError, AppResult};
use crate::plumbing::config::Config;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{office, staff};

/// The cookie that carries the session's token.
pub const COOKIE: &str = "zhuxue";

/// The person at the other end, as an extractor: a handler that takes one is only run for
/// somebody who is signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub staff_id: StaffId,
    /// The name they signed in with.
    pub login: String,
    /// The name pages show.
    pub name: String,
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
    /// When it ends in any case.
    pub expires_at: NaiveDateTime,
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

    /// One write in their name; see [`Act`].
    pub async fn act<T, F>(&self, app: &App, name: &'static str, body: F) -> AppResult<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Act<'_>) -> AppResult<T> + Send + 'static,
    {
        app.act((self.by(), self.scope.clone()), name, body).await
    }

    /// How long the session lasts without a further click. Clicks are noted to the minute, so it
    /// may be over a minute early.
    pub fn ends_in_s(&self, app: &App) -> i64 {
        let idle = SignedIn::idle(&app.config) - Duration::seconds(SEEN_EVERY_S);
        idle.min(self.expires_at - app.clock.now_at()).num_seconds().max(0)
    }

    /// In whose name history is written.
    pub fn by(&self) -> Actor {
        Actor {
            staff_id: Some(self.staff_id),
            name: self.name.clone(),
            office_code: self.office.code.clone(),
        }
    }
}

extracted!(SignedIn);

impl Realm for SignedIn {
    const NAME: &'static str = store::STAFF;
    const COOKIE: &'static str = COOKIE;

    fn idle(config: &Config) -> Duration {
        Duration::hours(i64::from(config.session_idle_hours))
    }

    fn load(db: &mut Db, row: &Row, now: NaiveDateTime) -> AppResult<Option<SignedIn>> {
        let found: Option<(StaffId, String, String, Role, Office)> = staff::table
            .inner_join(office::table)
            .filter(staff::id.eq(row.subject_id))
            .filter(staff::active.eq(true))
            .select((staff::id, staff::login, staff::name, staff::role, Office::as_select()))
            .first(db)
            .optional()?;
        let Some((staff_id, login, name, role, office)) = found else { return Ok(None) };
        let scope = Scope::of(&office.code);
        let bank_data = payments_known::bank_data(db, &scope, local(now).date())?;
        Ok(Some(SignedIn {
            staff_id,
            login,
            name,
            role,
            scope,
            office,
            bank_data,
            csrf: row.csrf.clone(),
            session: row.token_hash.clone(),
            expires_at: row.expires_at,
        }))
    }

    fn hash(&self) -> &[u8] {
        &self.session
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
    let office: String = staff::table.find(staff_id).select(staff::office_code).first(db)?;
    let most = Duration::hours(i64::from(config.session_hours));
    store::begin(db, (&office, staff_id.into(), None), new, (now, most))
}

/// The names of all sessions of one person that were not ended by hand.
pub fn hashes(db: &mut Db, staff_id: StaffId) -> AppResult<Vec<Vec<u8>>> {
    store::hashes(db, staff_id.into())
}
