//! The figures of the workbench: counts and sums by index, no loan file is opened for them.

use chrono::{Datelike, NaiveDate, NaiveDateTime};
use diesel::dsl::{count_star, exists, not, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::app::App;
use crate::base::dates::day_in;
use crate::base::ids::ImportId;
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::bank_difference;
use crate::book::importing;
use crate::book::warning::{self, Warning};
use crate::error::AppResult;
use crate::imports::ask::{self, Awaiting};
use crate::plumbing::db::Db;
use crate::plumbing::revision::{Answers, Revision};
use crate::plumbing::schema::{
    file_position, graduation, import_job, loan, loan_file, loan_position, person,
};
use crate::web::waiting::{self, Waiting};

/// How many townships and imports the cards show.
const SHOWN: i64 = 6;

/// Arrears of one township.
#[derive(Clone, Debug, Queryable)]
pub struct Township {
    pub name: String,
    pub people: i64,
    pub sum: Fen,
}

/// An import, as the card shows it.
#[derive(Clone, Debug, Queryable)]
pub struct Import {
    pub id: ImportId,
    pub file_name: String,
    /// Where it is: `checked`, `posted` ...
    pub state: String,
    pub rows_total: i32,
    pub rows_done: i32,
    /// Rows that were refused.
    pub refused_rows: i32,
    /// When it was uploaded.
    pub created_at: NaiveDateTime,
    /// When it was undone.
    pub undone_at: Option<NaiveDateTime>,
}

/// Everything the workbench knows.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// People by stage of their file.
    pub by_stage: Vec<(String, i64)>,
    pub outstanding: Fen,
    /// Arrears: people and sum.
    pub overdue: (i64, Fen),
    /// What awaits the bank.
    pub awaiting: Option<Awaiting>,
    /// Arrears of people who are repaying principal.
    pub overdue_repaying: i64,
    /// The townships with the largest arrears.
    pub townships: Vec<Township>,
    /// The next due day: people and sum.
    pub next_due: Option<(NaiveDate, i64, Fen)>,
    /// Contracts without money and receipt.
    pub no_receipt: i64,
    /// Contracts with a receipt that wait for money.
    pub no_money: i64,
    /// People who graduated this year without a confirmation.
    pub unconfirmed: i64,
    /// Files settled this year.
    pub settled_this_year: i64,
    /// Contracts of which figures differ from the bank's, and nobody has looked into it.
    pub differences: i64,
    /// What waits, whoever it is for.
    pub waiting: Vec<Waiting>,
    /// What the program itself has to say: deadlines, and what is not in order.
    pub warnings: Vec<Warning>,
    pub imports: Vec<Import>,
    /// A large import is being posted: the figures are those of before.
    pub is_importing: bool,
}

#[derive(Debug, Default)]
struct Known(Answers<(Vec<String>, NaiveDate), Facts>);

/// Reads it all in one snapshot; what is counted over many rows is kept until the next change by
/// anybody, for the page is opened often.
pub fn load(app: &App, db: &mut Db, scope: &Scope) -> AppResult<Facts> {
    let (revision, patience) = (Revision::of(db)?, importing::patience(db, scope)?);
    let key = (scope.codes().to_vec(), app.clock.today());
    let known = app.shared.get::<Known>();
    let facts = known.0.get((db, &revision, patience), key, |db| count(app, db, scope))?;
    let is_importing = patience.is_some();
    Ok(Facts { imports: imports(db, scope)?, is_importing, ..facts })
}

fn count(app: &App, db: &mut Db, scope: &Scope) -> AppResult<Facts> {
    let today = app.clock.today();
    let by_stage: Vec<(String, i64)> = file_position::table
        .filter(scope.holds(file_position::office_code))
        .group_by(file_position::stage)
        .select((file_position::stage, count_star()))
        .load(db)?;
    let outstanding = file_position::table
        .filter(scope.holds(file_position::office_code))
        .select(sql::<BigInt>("CAST(COALESCE(SUM(outstanding_fen), 0) AS BIGINT)"))
        .first(db)?;
    Ok(Facts {
        by_stage,
        outstanding,
        overdue: overdue(db, scope)?,
        awaiting: ask::awaiting(db, scope)?,
        overdue_repaying: file_position::table
            .filter(scope.holds(file_position::office_code))
            .filter(file_position::oldest_unpaid_due_on.is_not_null())
            .filter(file_position::stage.eq("repaying"))
            .count()
            .get_result(db)?,
        townships: townships(db, scope)?,
        next_due: next_due(db, scope)?,
        no_receipt: waiting_contracts(db, scope, false)?,
        no_money: waiting_contracts(db, scope, true)?,
        unconfirmed: unconfirmed(db, scope, today)?,
        settled_this_year: file_position::table
            .filter(scope.holds(file_position::office_code))
            .filter(file_position::settled_on.ge(day_in(today.year(), 1, 1)))
            .count()
            .get_result(db)?,
        differences: bank_difference::open_contracts(db, scope)?,
        waiting: waiting::all(app, db, scope)?,
        warnings: warning::of_offices(db, scope)?,
        imports: Vec::new(),
        is_importing: false,
    })
}

pub const ARREARS: &str = "CAST(COALESCE(SUM(file_position.overdue_principal_fen + \
                       file_position.overdue_interest_fen + file_position.penalty_fen), 0) \
                       AS BIGINT)";

fn overdue(db: &mut Db, scope: &Scope) -> AppResult<(i64, Fen)> {
    Ok(file_position::table
        .filter(scope.holds(file_position::office_code))
        .filter(file_position::oldest_unpaid_due_on.is_not_null())
        .select((count_star(), sql::<BigInt>(ARREARS)))
        .first(db)?)
}

fn townships(db: &mut Db, scope: &Scope) -> AppResult<Vec<Township>> {
    Ok(loan_file::table
        .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
        .inner_join(file_position::table.on(file_position::file_id.eq(loan_file::id)))
        .filter(scope.holds(file_position::office_code))
        .filter(file_position::oldest_unpaid_due_on.is_not_null())
        .group_by(person::township)
        .order((sql::<BigInt>(ARREARS).desc(), person::township))
        .limit(SHOWN)
        .select((person::township, count_star(), sql::<BigInt>(ARREARS)))
        .load(db)?)
}

fn next_due(db: &mut Db, scope: &Scope) -> AppResult<Option<(NaiveDate, i64, Fen)>> {
    let day: Option<NaiveDate> = file_position::table
        .filter(scope.holds(file_position::office_code))
        .filter(file_position::next_due_fen.gt(0))
        .select(diesel::dsl::min(file_position::next_due_on))
        .first(db)?;
    let Some(day) = day else { return Ok(None) };
    let (people, sum): (i64, Fen) = file_position::table
        .filter(scope.holds(file_position::office_code))
        .filter(file_position::next_due_on.eq(day))
        .filter(file_position::next_due_fen.gt(0))
        .select((count_star(), sql::<BigInt>("CAST(COALESCE(SUM(next_due_fen), 0) AS BIGINT)")))
        .first(db)?;
    Ok(Some((day, people, sum)))
}

fn waiting_contracts(db: &mut Db, scope: &Scope, with_receipt: bool) -> AppResult<i64> {
    let waiting = loan_position::table
        .inner_join(loan::table)
        .filter(scope.holds(loan_position::office_code))
        .filter(loan_position::stage.eq("undisbursed"));
    Ok(if with_receipt {
        waiting.filter(loan::receipt_on.is_not_null()).count().get_result(db)?
    } else {
        waiting.filter(loan::receipt_on.is_null()).count().get_result(db)?
    })
}

fn unconfirmed(db: &mut Db, scope: &Scope, today: NaiveDate) -> AppResult<i64> {
    let begins_on = day_in(today.year(), 1, 1);
    // One of an earlier year was confirmed by somebody who then went on studying.
    let of_the_year =
        graduation::confirmed_on.ge(begins_on).or(graduation::graduated_on.ge(begins_on));
    let confirmed = graduation::table
        .filter(graduation::file_id.eq(loan_file::id))
        .filter(graduation::confirmed_on.is_not_null())
        .filter(of_the_year)
        .select(graduation::id);
    Ok(loan_file::table
        .filter(scope.holds(loan_file::office_code))
        .filter(loan_file::graduates_on.between(begins_on, today))
        .filter(not(exists(confirmed)))
        .count()
        .get_result(db)?)
}

fn imports(db: &mut Db, scope: &Scope) -> AppResult<Vec<Import>> {
    Ok(import_job::table
        .filter(scope.holds(import_job::office_code))
        .filter(import_job::state.ne("dropped"))
        .order(import_job::id.desc())
        .limit(SHOWN)
        .select((
            import_job::id,
            import_job::file_name,
            import_job::state,
            import_job::rows_total,
            import_job::rows_done,
            import_job::refused_rows,
            import_job::created_at,
            import_job::undone_at,
        ))
        .load(db)?)
}
