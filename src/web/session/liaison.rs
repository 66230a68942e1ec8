//! Liaisons who are signed in. A session is short: an hour without a click, twelve hours in all.

use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

use super::store;
use super::{NewSession, Realm, Row, extracted};
use crate::base::scope::Scope;
use crate::book::audit_log::Actor;
use crate::book::liaison::Liaison;
use crate::book::office::{self, Office};
use crate::error::AppResult;
use crate::plumbing::config::Config;
use crate::plumbing::db::Db;
use crate::plumbing::schema::liaison;

/// The cookie that carries the token.
pub const COOKIE: &str = "zhuxue_l";
/// Minutes without a click after which a session ends.
pub const IDLE_MINUTES: i64 = 60;
/// Hours after which a session ends in any case.
pub const MOST_HOURS: i64 = 12;

/// The liaison at the other end, as an extractor.
#[derive(Clone, Debug)]
pub struct LiaisonIn {
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
    pub fn by(&self) -> Actor {
        Actor::program(&self.account.called(), &self.office.code)
    }
}

extracted!(LiaisonIn, LiaisonForm);

impl Realm for LiaisonIn {
    const NAME: &'static str = store::LIAISON;
    const COOKIE: &'static str = COOKIE;

    fn idle(_: &Config) -> Duration {
        Duration::minutes(IDLE_MINUTES)
    }

    fn load(db: &mut Db, row: &Row, _: NaiveDateTime) -> AppResult<Option<LiaisonIn>> {
        let account: Option<Liaison> = liaison::table
            .filter(liaison::office_code.eq(&row.office_code))
            .filter(liaison::id.eq(row.subject_id))
            .filter(liaison::active.eq(true))
            .select(Liaison::as_select())
            .first(db)
            .optional()?;
        let Some(account) = account else { return Ok(None) };
        let office = office::find(db, &row.office_code)?;
        let scope = Scope::of(&office.code);
        let (csrf, session) = (row.csrf.clone(), row.token_hash.clone());
        Ok(Some(LiaisonIn { account, scope, office, csrf, session }))
    }

    fn hash(&self) -> &[u8] {
        &self.session
    }
}

/// Signs a liaison in.
pub fn begin(db: &mut Db, one: &Liaison, new: &NewSession, now: NaiveDateTime) -> AppResult<()> {
    let whose = (one.office_code.as_str(), one.id.into(), None);
    store::begin(db, whose, new, (now, Duration::hours(MOST_HOURS)))
}
