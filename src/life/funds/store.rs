//! SQL of this stage: the table `fund_entry`. No decisions.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use super::rules::{Kind, State};
use crate::base::ids::RowId;
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::fund_entry;

/// One entry as stored.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = fund_entry,
    treat_none_as_default_value = false,
    treat_none_as_null = true
)]
pub struct FundEntry {
    pub id: RowId,
    pub office_code: String,
    pub kind: Kind,
    pub year: i32,
    pub settled_on: Option<NaiveDate>,
    /// Text of an `Authority`; of a subsidy only.
    pub authority: String,
    /// Text of a `Product`; of a subsidy only.
    pub product: String,
    pub purpose: String,
    pub on_day: NaiveDate,
    /// Below zero: takes back part of an earlier one.
    pub amount_fen: Fen,
    pub document: String,
    pub note: String,
    pub state: State,
    pub reason: String,
    pub staff_name: String,
    pub updated_at: NaiveDateTime,
    pub decided_by: String,
    pub version: i32,
}

/// One entry, or NotFound.
pub fn find(db: &mut Db, scope: &Scope, id: RowId) -> AppResult<FundEntry> {
    Ok(fund_entry::table
        .filter(scope.holds(fund_entry::office_code))
        .filter(fund_entry::id.eq(id))
        .select(FundEntry::as_select())
        .get_result(db)?)
}

/// Those of these kinds that count, oldest first.
pub fn approved(db: &mut Db, scope: &Scope, kinds: &[Kind]) -> AppResult<Vec<FundEntry>> {
    Ok(fund_entry::table
        .filter(scope.holds(fund_entry::office_code))
        .filter(fund_entry::state.eq(State::Approved))
        .filter(fund_entry::kind.eq_any(kinds))
        .order(fund_entry::id)
        .select(FundEntry::as_select())
        .load(db)?)
}

/// How many with this document and amount wait or count already.
pub fn alike(db: &mut Db, scope: &Scope, of: &FundEntry) -> AppResult<i64> {
    Ok(fund_entry::table
        .filter(scope.holds(fund_entry::office_code))
        .filter(fund_entry::kind.eq(of.kind))
        .filter(fund_entry::document.eq(&of.document))
        .filter(fund_entry::amount_fen.eq(of.amount_fen))
        .filter(fund_entry::state.eq_any([State::Submitted, State::Approved]))
        .count()
        .get_result(db)?)
}

pub fn add(db: &mut Db, row: &FundEntry) -> AppResult<()> {
    diesel::insert_into(fund_entry::table).values(row).execute(db)?;
    Ok(())
}

pub fn replace(db: &mut Db, row: &FundEntry) -> AppResult<()> {
    diesel::update(fund_entry::table.filter(fund_entry::id.eq(row.id))).set(row).execute(db)?;
    Ok(())
}
