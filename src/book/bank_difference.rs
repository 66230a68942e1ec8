//! Where the bank's figures and ours differ, with both, and what somebody who looked into it found.
//! Writes table `bank_difference`.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use crate::base::ids::{ImportId, LoanId, RowId, StaffId, text_enum};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::act::Act;
use crate::error::AppResult;
use crate::plumbing::any_of::AnyOfMethods as _;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::bank_difference;
use crate::remove_rows;

text_enum! {
    /// What the bank may have done otherwise: a hint, until somebody has checked it.
    Cause {
        Rounding = "rounding", "四舍五入";
        Days = "days", "计息天数";
        RateDay = "rate_day", "利率从哪天起";
        Rate = "rate", "利率";
        Waiver = "waiver", "免息";
        Deferral = "deferral", "延期还本";
        Plan = "plan", "还款计划";
        SubsidyEnd = "subsidy_end", "贴息截止日";
        Order = "order", "冲抵先后";
        Penalty = "penalty", "罚息";
        NextWorkingDay = "next_working_day", "顺延到工作日";
        Payment = "payment", "一笔还款";
        Unknown = "unknown", "没有试出原因";
    }
}

/// A figure of the bank that is not ours.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = bank_difference, treat_none_as_default_value = false)]
pub struct BankDifference {
    pub id: RowId,
    /// Whose data this is.
    pub office_code: String,
    pub loan_id: LoanId,
    /// Which figure, in the words of the list: 应还利息, 贷款余额 ...
    pub figure: String,
    /// The day the figure is about.
    pub on_day: NaiveDate,
    /// The bank's, in fen.
    pub bank_fen: Fen,
    /// Ours by the events, in fen.
    pub ours_fen: Fen,
    /// The import that brought it.
    pub import_id: ImportId,
    /// When it was found.
    pub found_at: NaiveDateTime,
    /// What makes all figures of the contract equal; none: it was not tried.
    pub cause: Option<Cause>,
}

/// Who looked into a difference, and what it was then.
#[derive(Clone, Debug, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = bank_difference)]
struct Check {
    #[diesel(skip_update)]
    loan_id: LoanId,
    #[diesel(skip_update)]
    figure: String,
    #[diesel(skip_update)]
    bank_fen: Fen,
    #[diesel(skip_update)]
    ours_fen: Fen,
    checked_at: Option<NaiveDateTime>,
    checked_by: Option<StaffId>,
    checked_reason: String,
}

impl Check {
    fn is_of(&self, one: &BankDifference) -> bool {
        let figures = (one.loan_id, &one.figure, one.bank_fen, one.ours_fen);
        (self.loan_id, &self.figure, self.bank_fen, self.ours_fen) == figures
    }
}

/// How many figures differ, by the import that brought them.
pub fn count_of(db: &mut Db, scope: &Scope, import: ImportId) -> AppResult<i64> {
    Ok(bank_difference::table
        .filter(scope.holds(bank_difference::office_code))
        .filter(bank_difference::import_id.eq(import))
        .count()
        .get_result(db)?)
}

/// Replaces what is known to differ about these loans by `now_differ`. What was looked into stays
/// so while both figures are the same, whichever file or day they are of.
pub fn put(
    db: &mut Db,
    scope: &Scope,
    loans: &[LoanId],
    now_differ: &[BankDifference],
) -> AppResult<()> {
    // What differs just as before stays as it was found.
    let same = |one: &BankDifference, other: &BankDifference| {
        let mut copy = other.clone();
        (copy.id, copy.found_at) = (one.id, one.found_at);
        copy == *one
    };
    let known = of_loans(db, scope, loans)?;
    let is_known = |one: &BankDifference| known.iter().any(|other| same(one, other));
    let fresh: Vec<BankDifference> =
        now_differ.iter().filter(|one| !is_known(one)).cloned().collect();
    let gone = known.iter().filter(|one| !now_differ.iter().any(|other| same(one, other)));
    let gone: Vec<RowId> = gone.map(|one| one.id).collect();
    let checks: Vec<Check> = bank_difference::table
        .filter(bank_difference::id.eq_any(&gone))
        .filter(scope.holds(bank_difference::office_code))
        .filter(bank_difference::checked_at.is_not_null())
        .select(Check::as_select())
        .load(db)?;
    remove_rows!(
        db,
        bank_difference::table,
        bank_difference::id,
        bank_difference::office_code,
        scope,
        gone
    )?;
    crate::insert_rows!(db, bank_difference::table, 10, fresh)?;
    for one in &fresh {
        if let Some(check) = checks.iter().find(|check| check.is_of(one)) {
            diesel::update(bank_difference::table.find(one.id)).set(check).execute(db)?;
        }
    }
    Ok(())
}

/// Somebody has looked into what differs about a loan and says what they found.
pub fn check(act: &mut Act<'_>, loan: LoanId, reason: &str) -> AppResult<()> {
    let open = bank_difference::table
        .filter(act.scope.holds(bank_difference::office_code))
        .filter(bank_difference::loan_id.eq(loan))
        .filter(bank_difference::checked_at.is_null());
    diesel::update(open)
        .set((
            bank_difference::checked_at.eq(act.now),
            bank_difference::checked_by.eq(act.by.staff_id),
            bank_difference::checked_reason.eq(reason),
        ))
        .execute(act.db)?;
    Ok(())
}

/// What differs about a loan is to be looked into anew.
pub fn reopen(act: &mut Act<'_>, loan: LoanId) -> AppResult<()> {
    let of_loan = bank_difference::table
        .filter(act.scope.holds(bank_difference::office_code))
        .filter(bank_difference::loan_id.eq(loan));
    diesel::update(of_loan)
        .set((
            bank_difference::checked_at.eq(None::<NaiveDateTime>),
            bank_difference::checked_by.eq(None::<StaffId>),
            bank_difference::checked_reason.eq(""),
        ))
        .execute(act.db)?;
    Ok(())
}

/// Of how many contracts figures differ that nobody has looked into.
pub fn open_contracts(db: &mut Db, scope: &Scope) -> AppResult<i64> {
    Ok(bank_difference::table
        .filter(scope.holds(bank_difference::office_code))
        .filter(bank_difference::checked_at.is_null())
        .select(diesel::dsl::count(bank_difference::loan_id).aggregate_distinct())
        .get_result(db)?)
}

/// What differs about these loans that nobody has looked into.
pub fn open_of(db: &mut Db, scope: &Scope, loans: &[LoanId]) -> AppResult<Vec<(LoanId, String)>> {
    Ok(bank_difference::table
        .filter(scope.holds(bank_difference::office_code))
        .filter(bank_difference::loan_id.any_of(loans))
        .filter(bank_difference::checked_at.is_null())
        .order((bank_difference::loan_id, bank_difference::id))
        .select((bank_difference::loan_id, bank_difference::figure))
        .load(db)?)
}

/// What differs about these loans.
pub fn of_loans(db: &mut Db, scope: &Scope, loans: &[LoanId]) -> AppResult<Vec<BankDifference>> {
    let mut found = Vec::new();
    for chunk in loans.chunks(BINDS_MAX) {
        found.extend(
            bank_difference::table
                .filter(scope.holds(bank_difference::office_code))
                .filter(bank_difference::loan_id.any_of(chunk))
                .order((bank_difference::loan_id, bank_difference::on_day, bank_difference::id))
                .select(BankDifference::as_select())
                .load(db)?,
        );
    }
    Ok(found)
}
