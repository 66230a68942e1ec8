//! SQL of this stage: the table `early_repayment`. No decisions.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};

use super::rules::{Requester, Source, State};
use crate::base::ids::{FileId, LoanId, RowId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::schema::early_repayment;

/// One request as stored.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = early_repayment,
    treat_none_as_default_value = false,
    treat_none_as_null = true
)]
pub struct EarlyRepayment {
    pub id: RowId,
    /// Whose data this is.
    pub office_code: String,
    pub file_id: FileId,
    pub loan_id: LoanId,
    pub state: State,
    /// Part of the principal; none: the whole contract.
    pub part_fen: Option<Fen>,
    pub requester: Requester,
    pub source: Source,
    pub requested_on: NaiveDate,
    pub settles_on: NaiveDate,
    /// What the settling day takes, as it was computed when it was requested.
    pub needed_fen: Fen,
    /// When the list with it went to the bank.
    pub sent_on: Option<NaiveDate>,
    /// What the bank says; none while nobody knows.
    pub is_debited: Option<bool>,
    pub debited_on: Option<NaiveDate>,
    pub debited_fen: Option<Fen>,
    /// Why it was withdrawn, lapsed, or its result went back.
    pub reason: String,
    pub staff_name: String,
    pub updated_at: NaiveDateTime,
    pub decided_by: String,
    pub version: i32,
}

impl EarlyRepayment {
    /// `全部还清`, `5,000 元`.
    pub fn what(&self) -> String {
        match self.part_fen {
            Some(part) => format!("{} 元", part.to_page_text().trim_end_matches(".00")),
            None => "全部还清".to_owned(),
        }
    }
}

/// One request, or NotFound.
pub fn find(db: &mut Db, scope: &Scope, id: RowId) -> AppResult<EarlyRepayment> {
    Ok(early_repayment::table
        .filter(scope.holds(early_repayment::office_code))
        .filter(early_repayment::id.eq(id))
        .select(EarlyRepayment::as_select())
        .get_result(db)?)
}

/// The requests of a file that have no result yet, oldest first.
pub fn open_of_file(db: &mut Db, scope: &Scope, file: FileId) -> AppResult<Vec<EarlyRepayment>> {
    Ok(early_repayment::table
        .filter(scope.holds(early_repayment::office_code))
        .filter(early_repayment::file_id.eq(file))
        .filter(early_repayment::state.eq_any([State::Open, State::Answered]))
        .order(early_repayment::id)
        .select(EarlyRepayment::as_select())
        .load(db)?)
}

/// Those that wait for the bank and settle on or before a day, oldest first.
pub fn open_until(db: &mut Db, scope: &Scope, until: NaiveDate) -> AppResult<Vec<EarlyRepayment>> {
    Ok(early_repayment::table
        .filter(scope.holds(early_repayment::office_code))
        .filter(early_repayment::state.eq(State::Open))
        .filter(early_repayment::settles_on.le(until))
        .order((early_repayment::settles_on, early_repayment::id))
        .select(EarlyRepayment::as_select())
        .load(db)?)
}

/// Of each settling day: how many wait for the bank, and how many of these are on no list.
pub fn by_day(db: &mut Db, scope: &Scope) -> AppResult<Vec<(NaiveDate, i64, i64)>> {
    let of = early_repayment::table
        .filter(scope.holds(early_repayment::office_code))
        .filter(early_repayment::state.eq(State::Open))
        .group_by((early_repayment::settles_on, early_repayment::sent_on))
        .order(early_repayment::settles_on)
        .select((early_repayment::settles_on, early_repayment::sent_on, diesel::dsl::count_star()));
    let mut days: Vec<(NaiveDate, i64, i64)> = Vec::new();
    for (on, sent_on, count) in of.load::<(NaiveDate, Option<NaiveDate>, i64)>(db)? {
        let unsent = if sent_on.is_none() { count } else { 0 };
        match days.last_mut().filter(|day| day.0 == on) {
            Some(day) => (day.1, day.2) = (day.1 + count, day.2 + unsent),
            None => days.push((on, count, unsent)),
        }
    }
    Ok(days)
}

/// Those of a settling day that are on no list yet.
pub fn unsent_on(db: &mut Db, scope: &Scope, day: NaiveDate) -> AppResult<Vec<EarlyRepayment>> {
    Ok(early_repayment::table
        .filter(scope.holds(early_repayment::office_code))
        .filter(early_repayment::state.eq(State::Open))
        .filter(early_repayment::settles_on.eq(day))
        .filter(early_repayment::sent_on.is_null())
        .order(early_repayment::id)
        .select(EarlyRepayment::as_select())
        .load(db)?)
}

/// How many wait for a list, settling on or before a day; and for the bank's answer, settled before
/// today; and have come back from whoever was to confirm it.
pub fn counts(
    db: &mut Db,
    scope: &Scope,
    (today, until): (NaiveDate, NaiveDate),
) -> AppResult<(i64, i64, i64)> {
    let open = || {
        early_repayment::table
            .filter(scope.holds(early_repayment::office_code))
            .filter(early_repayment::state.eq(State::Open))
    };
    let to_come = open().filter(early_repayment::settles_on.ge(today));
    let unsent = to_come
        .filter(early_repayment::settles_on.le(until))
        .filter(early_repayment::sent_on.is_null())
        .count()
        .get_result(db)?;
    let past = || open().filter(early_repayment::settles_on.lt(today));
    let no_result = past().count().get_result(db)?;
    let returned = past().filter(early_repayment::is_debited.is_not_null());
    Ok((unsent, no_result, returned.count().get_result(db)?))
}

/// Adds one. Somebody else who was first makes the write run again, which then sees theirs.
pub fn add(db: &mut Db, row: &EarlyRepayment) -> AppResult<()> {
    match diesel::insert_into(early_repayment::table).values(row).execute(db) {
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            Err(AppError::Conflict("another request for this contract came first".to_owned()))
        }
        other => Ok(other.map(|_| ())?),
    }
}

pub fn replace(db: &mut Db, row: &EarlyRepayment) -> AppResult<()> {
    diesel::update(early_repayment::table.filter(early_repayment::id.eq(row.id)))
        .set(row)
        .execute(db)?;
    Ok(())
}
