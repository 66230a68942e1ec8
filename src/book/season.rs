//! 年度开办: whether an office takes new applications of a school year, from which day to which.
//! Writes the table `season`.
//!
//! A year without a row in which applications exist counts as opened: they were taken before this
//! table was there, and a county that upgrades in mid-season is not locked out of its own counter.
//! In a new county nobody can begin one before the year is opened, so the two cannot be confused.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};

use crate::base::ids::{RowId, text_enum};
use crate::book::policy::Policy;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{loan_application, season};

text_enum! {
    State {
        Open = "open", "已开办";
        Closed = "closed", "已关闭";
    }
}

/// The opening of one year, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = season, treat_none_as_default_value = false)]
pub struct Season {
    pub id: RowId,
    pub office_code: String,
    /// First year of the school year.
    pub year: i32,
    pub state: State,
    pub opens_on: NaiveDate,
    pub closes_on: NaiveDate,
    /// Who opened, changed or closed it last.
    pub by_name: String,
    pub changed_at: NaiveDateTime,
    /// Why it was closed.
    pub reason: String,
    pub version: i32,
}

/// How a year stands in an office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    NotOpened,
    /// Applications were taken before openings were written down.
    UnderWay,
    Set(Season),
}

impl Standing {
    /// Why no new application of the year begins; drafts in work go on.
    pub fn refusal(&self, year: i32) -> Option<String> {
        match self {
            Standing::NotOpened => Some(format!(
                "{year} 学年还没有开办，不能开始新的申请。请主任到“年度开办”里核对清单并开办"
            )),
            Standing::Set(one) if one.state == State::Closed => Some(format!(
                "{year} 学年的受理已经关闭：{}。要再受理，请主任到“年度开办”里重新开办",
                one.reason
            )),
            Standing::UnderWay | Standing::Set(_) => None,
        }
    }

    /// First and last day of counter work: what the director set, else the policy's.
    pub fn window(&self, policy: &Policy, office: &str, year: i32) -> (NaiveDate, NaiveDate) {
        match self {
            Standing::Set(one) => (one.opens_on, one.closes_on),
            _ => policy.application_window(office, year),
        }
    }

    /// 0: nothing is written yet.
    pub fn version(&self) -> i32 {
        if let Standing::Set(one) = self { one.version } else { 0 }
    }
}

pub fn standing(db: &mut Db, office: &str, year: i32) -> AppResult<Standing> {
    let found = season::table
        .filter(season::office_code.eq(office))
        .filter(season::year.eq(year))
        .select(Season::as_select())
        .get_result(db)
        .optional()?;
    if let Some(found) = found {
        return Ok(Standing::Set(found));
    }
    let begun = loan_application::table
        .filter(loan_application::office_code.eq(office))
        .filter(loan_application::loan_year.eq(year))
        .select(loan_application::id)
        .first::<RowId>(db)
        .optional()?;
    Ok(if begun.is_some() { Standing::UnderWay } else { Standing::NotOpened })
}

/// Keeps a year; `row.version` is the version it was changed from, 0 for the first time.
///
/// # Errors
/// [`AppError::Changed`] when somebody saved first.
pub fn keep(db: &mut Db, row: &Season) -> AppResult<()> {
    let made = Season { version: row.version + 1, ..row.clone() };
    if row.version == 0 {
        return match diesel::insert_into(season::table).values(&made).execute(db) {
            Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
                Err(AppError::Conflict("somebody else opened this year first".to_owned()))
            }
            other => Ok(other.map(|_| ())?),
        };
    }
    let seen = season::table.filter(season::id.eq(row.id)).filter(season::version.eq(row.version));
    match diesel::update(seen).set(&made).execute(db)? {
        0 => Err(AppError::Changed),
        _ => Ok(()),
    }
}
