//! The cached result of the statement, for lists and reports. Writes tables `loan_position` and
//! `file_position`; both can be thrown away and rebuilt at will (`zhuxue verify --repair`).
//!
//! Refreshed in the transaction that appends an event, and by `jobs/close_day.rs` on the day a
//! position changes by itself (`changes_on`). Nothing else stores a balance.

mod check;
mod sums;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::base::ids::{FileId, LoanId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::events::EventRow;
use crate::book::facts::{self, LoanFacts};
use crate::book::loan::Loan;
use crate::book::payments_known::{self, Known};
use crate::book::statement::{
    self, AsOf, Event, EventKind, RateTables, Stage, Statement, StatementError,
};
use crate::book::uncomputable::{self, Tried};
use crate::book::warning;
use crate::book::{bank, policy_book};
use crate::error::{AppError, AppResult};
use crate::plumbing::any_of::AnyOfMethods as _;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::{Database, Db};
use crate::plumbing::schema::{file_position, loan_position};
use crate::{remove_rows, upsert_rows};

pub use sums::sum;

/// Loans refreshed in one write: enough to be cheap, few enough to keep nobody waiting.
const AT_ONCE: i64 = 1_000;

/// What of the dated rules a position depends on.
#[derive(Clone, Debug)]
pub struct Basis {
    /// LPR, benchmark and margins.
    pub rates: Arc<RateTables>,
    /// Years whose interest the state pays (2022-2025; rules.md 3.6).
    pub waiver_years: Arc<[i32]>,
    /// Arrears of a file below this are nobody's case.
    pub smallest_arrears: Fen,
    /// How many later values had been entered by hand when this was made.
    pub version: i64,
}

/// How a loan stands, as stored. Money in fen.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = loan_position, treat_none_as_default_value = false)]
pub struct LoanPosition {
    pub loan_id: LoanId,
    /// Whose data this is.
    pub office_code: String,
    pub file_id: FileId,
    /// The day it was computed for; it holds until `changes_on`.
    pub as_of: NaiveDate,
    /// `undisbursed`, `in_study`, `grace`, `repaying`, `settled`.
    pub stage: String,
    /// Paid out so far.
    pub disbursed_fen: Fen,
    /// Principal not repaid, due or not.
    pub outstanding_fen: Fen,
    /// Principal past its due day.
    pub overdue_principal_fen: Fen,
    /// Interest past its due day.
    pub overdue_interest_fen: Fen,
    /// Penalty interest not paid.
    pub penalty_fen: Fen,
    /// The oldest due day of which something is overdue.
    pub oldest_unpaid_due_on: Option<NaiveDate>,
    /// The next due day.
    pub next_due_on: Option<NaiveDate>,
    /// What it will ask for.
    pub next_due_fen: Fen,
    /// Money paid that nothing asked for yet.
    pub unapplied_fen: Fen,
    /// Compensation or relief beyond the debt.
    pub surplus_fen: Fen,
    /// The day the debt was gone.
    pub settled_on: Option<NaiveDate>,
    /// The next day on which this can change by itself.
    pub changes_on: Option<NaiveDate>,
    /// Open of due days of which the bank's result is not known yet.
    pub awaiting_fen: Fen,
    /// The oldest of them.
    pub awaiting_on: Option<NaiveDate>,
    /// The last day of which all payments were known; nothing when none was.
    pub known_until: Option<NaiveDate>,
    /// The day of the bank's list that says that nothing is owed, while our books say otherwise:
    /// nothing is asked for then, and the difference waits for a person.
    pub bank_settled_on: Option<NaiveDate>,
}

/// The sums of a file's positions, as stored. Money in fen.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = file_position, treat_none_as_default_value = false)]
pub struct FilePosition {
    pub file_id: FileId,
    /// Whose data this is.
    pub office_code: String,
    /// The day it was computed for.
    pub as_of: NaiveDate,
    /// The furthest stage of the loans that are not settled; `settled` when all are.
    pub stage: String,
    pub loans: i32,
    /// School year of the first contract.
    pub first_year: i32,
    /// Paid out so far.
    pub disbursed_fen: Fen,
    pub outstanding_fen: Fen,
    /// Principal past its due day.
    pub overdue_principal_fen: Fen,
    /// Interest past its due day.
    pub overdue_interest_fen: Fen,
    /// Penalty interest not paid.
    pub penalty_fen: Fen,
    /// The oldest due day of which something is overdue.
    pub oldest_unpaid_due_on: Option<NaiveDate>,
    /// The next due day of any contract.
    pub next_due_on: Option<NaiveDate>,
    /// What that day will ask for, over all contracts.
    pub next_due_fen: Fen,
    /// Money paid that nothing asked for yet.
    pub unapplied_fen: Fen,
    /// The day the last debt was gone.
    pub settled_on: Option<NaiveDate>,
    /// Open of due days of which the bank's result is not known yet.
    pub awaiting_fen: Fen,
    /// The oldest of them.
    pub awaiting_on: Option<NaiveDate>,
}

impl FilePosition {
    /// Overdue principal, interest and penalty together: what settles the arrears today.
    pub fn overdue_fen(&self) -> Fen {
        self.overdue_principal_fen + self.overdue_interest_fen + self.penalty_fen
    }

    /// More than this nobody can owe: all principal, and what is past due.
    pub fn most_fen(&self) -> Fen {
        self.outstanding_fen + self.overdue_fen()
    }
}

/// The life of a stored loan as the statement takes it: its own events, and the waiver years of
/// the policy (rules.md 3.6: automatic, so no row records it). One of its own for a year wins.
pub fn life(rows: &[EventRow], basis: &Basis) -> AppResult<Vec<Event>> {
    let own = rows.iter().map(EventRow::event).collect::<AppResult<Vec<Event>>>()?;
    Ok(with_waivers(own, basis))
}

/// A life with the waiver years of the policy it does not tell itself.
pub fn with_waivers(mut events: Vec<Event>, basis: &Basis) -> Vec<Event> {
    let own = events.len();
    for &year in basis.waiver_years.iter() {
        let is_known = events.iter().take(own).any(|event| facts::is_waiver_of(event, year));
        if !is_known {
            events.push(Event::of_year(-i64::from(year), year, EventKind::InterestWaived));
        }
    }
    events
}

/// The statement of a stored loan.
pub fn statement_of(
    loan: &Loan,
    rows: &[EventRow],
    basis: &Basis,
    as_of: impl Into<AsOf>,
) -> AppResult<Statement> {
    statement::statement(&loan.terms()?, &life(rows, basis)?, &basis.rates, as_of)
        .map_err(|e| contradiction(&loan.contract_no, &e))
}

/// The position of a stored loan on a day, ready to be kept. `lender`: how far its payments are
/// known, and the day of its list that says that nothing is owed.
pub fn compute(
    loan: &Loan,
    rows: &[EventRow],
    basis: &Basis,
    lender: (&Known, Option<NaiveDate>),
    as_of: NaiveDate,
) -> AppResult<LoanPosition> {
    computed(&LoanFacts::from(loan), life(rows, basis)?, basis, lender, as_of)
}

/// The same from the columns that matter; `events` with the waiver years.
fn computed(
    loan: &LoanFacts,
    events: Vec<Event>,
    basis: &Basis,
    (known, bank_settled_on): (&Known, Option<NaiveDate>),
    as_of: NaiveDate,
) -> AppResult<LoanPosition> {
    let terms = loan.terms()?;
    let days = known.as_of(&loan.office_code, &loan.product, as_of);
    // Going ahead without the bank holds for a day.
    let ahead = known.ahead(&loan.office_code, &loan.product, as_of).is_some();
    let tomorrow = as_of.succ_opt().filter(|_| ahead);
    let position = statement::position(&terms, &events, &basis.rates, days)
        .map_err(|e| contradiction(&terms.contract_no, &e))?;
    let later = statement::next_effective_on(&events, as_of);
    let changes_on = [position.changes_on, later, tomorrow].into_iter().flatten().min();
    let overdue = position.overdue_principal + position.overdue_interest + position.penalty;
    let reversed =
        |id| events.iter().any(|e| matches!(e.kind, EventKind::Reversed { of } if of == id));
    let disbursed_fen = events
        .iter()
        .filter(|e| e.on <= as_of && !reversed(e.id))
        .filter_map(|e| match e.kind {
            EventKind::Disbursed { amount } => Some(amount),
            _ => None,
        })
        .sum();
    let computed = LoanPosition {
        loan_id: loan.id,
        office_code: loan.office_code.clone(),
        file_id: loan.file_id,
        as_of,
        stage: position.stage.as_text().to_owned(),
        disbursed_fen,
        outstanding_fen: position.principal_outstanding,
        overdue_principal_fen: position.overdue_principal,
        overdue_interest_fen: position.overdue_interest,
        penalty_fen: position.penalty,
        // A due day that is today asks, it is not late.
        oldest_unpaid_due_on: position
            .oldest_unpaid_due_on
            .filter(|day| *day < as_of && overdue.is_positive()),
        next_due_on: position.next_due_on,
        next_due_fen: position.next_due_amount,
        unapplied_fen: position.unapplied,
        surplus_fen: position.surplus,
        settled_on: position.settled_on,
        changes_on,
        awaiting_fen: position.awaiting,
        awaiting_on: position.awaiting_on,
        known_until: Some(days.known())
            .filter(|day| *day > NaiveDate::MIN)
            .filter(|_| !matches!(position.stage, Stage::Undisbursed | Stage::Settled)),
        bank_settled_on: None,
    };
    let owes = position.settled_on.is_none() && position.stage != Stage::Undisbursed;
    Ok(match bank_settled_on.filter(|_| owes) {
        Some(_) => LoanPosition { bank_settled_on, ..asks_nothing(computed) },
        None => computed,
    })
}

/// While the bank says that nothing is owed, nobody is asked for anything.
fn asks_nothing(position: LoanPosition) -> LoanPosition {
    LoanPosition {
        overdue_principal_fen: Fen::ZERO,
        overdue_interest_fen: Fen::ZERO,
        penalty_fen: Fen::ZERO,
        oldest_unpaid_due_on: None,
        next_due_on: None,
        next_due_fen: Fen::ZERO,
        awaiting_fen: Fen::ZERO,
        awaiting_on: None,
        ..position
    }
}

fn contradiction(contract_no: &str, error: &StatementError) -> AppError {
    AppError::refused(format!("合同 {contract_no} 的账目算不出来，请核对合同和还款记录（{error}）"))
}

/// Computes anew and stores the positions of these loans and of their files, as of `today`.
/// Called in the write that appended an event; refused when that makes a loan contradict itself.
/// One that did so before is left as it is, and named on the workbench.
pub fn refresh(
    db: &mut Db,
    scope: &Scope,
    basis: &Basis,
    loans: &[LoanId],
    today: NaiveDate,
) -> AppResult<()> {
    refreshed(db, scope, basis, loans, (today, false))
}

/// The same; `skip`: a loan that contradicts itself is named and passed over.
fn refreshed(
    db: &mut Db,
    scope: &Scope,
    basis: &Basis,
    loans: &[LoanId],
    (today, skip): (NaiveDate, bool),
) -> AppResult<()> {
    let rows = facts::loans(db, scope, loans)?;
    let ids: Vec<LoanId> = rows.iter().map(|loan| loan.id).collect();
    let mut life = facts::events(db, scope, &ids)?;
    let known = uncomputable::known(db, scope)?;
    let mut fresh = HashMap::with_capacity(rows.len());
    let payments = payments_known::load(db, scope)?;
    let settled = bank::settled(db, scope, &ids)?;
    let mut tried = Vec::with_capacity(rows.len());
    for loan in &rows {
        let own = life.take(loan.id).map(|own| with_waivers(own, basis));
        let (file, contract_no) = (loan.file_id, loan.contract_no.as_str());
        let lender = (&payments, settled.get(&loan.id).copied());
        let position = own.and_then(|own| computed(loan, own, basis, lender, today));
        let why = match position.and_then(check::loan) {
            Ok(position) => fresh.insert(loan.id, position).and(None),
            Err(why) if skip || known.contains(contract_no) => Some(why),
            Err(why) => return Err(why),
        };
        tried.push(Tried { loan: loan.id, file, contract_no, why });
    }
    let failed = uncomputable::warn(db, scope, &known, tried, today)?;
    // Another instance has newer rules: what was computed here is done again by those.
    if policy_book::version(db)? != basis.version {
        fresh.values_mut().for_each(|position| position.changes_on = Some(today));
    }
    postpone(db, scope, &failed, today)?;
    let files: BTreeSet<FileId> = rows.iter().map(|loan| loan.file_id).collect();
    let files: Vec<FileId> = files.into_iter().collect();
    let sums = sums_of(db, scope, &files, &fresh, (basis, today), (&known, skip))?;
    store_loans(db, fresh.into_values().collect())?;
    store_files(db, &sums)
}

/// Has everything that was not settled before `from` computed anew by the next [`refresh_due`]: the
/// rules, or what is known of payments, have changed.
pub fn outdate(db: &mut Db, scope: &Scope, from: NaiveDate, today: NaiveDate) -> AppResult<usize> {
    let open = loan_position::settled_on.is_null().or(loan_position::settled_on.ge(from));
    Ok(diesel::update(
        loan_position::table.filter(scope.holds(loan_position::office_code)).filter(open),
    )
    .set(loan_position::changes_on.eq(today))
    .execute(db)?)
}

/// Tried again tomorrow, so that the night comes to its end.
fn postpone(db: &mut Db, scope: &Scope, loans: &[LoanId], today: NaiveDate) -> AppResult<()> {
    for chunk in loans.chunks(BINDS_MAX) {
        diesel::update(
            loan_position::table
                .filter(scope.holds(loan_position::office_code))
                .filter(loan_position::loan_id.eq_any(chunk)),
        )
        .set(loan_position::changes_on.eq(today.succ_opt()))
        .execute(db)?;
    }
    Ok(())
}

/// Is there a position that can have changed by `today`?
pub fn is_any_due(db: &mut Db, scope: &Scope, today: NaiveDate) -> AppResult<bool> {
    Ok(diesel::select(diesel::dsl::exists(
        loan_position::table
            .filter(scope.holds(loan_position::office_code))
            .filter(loan_position::changes_on.le(today)),
    ))
    .get_result(db)?)
}

/// The files that have something past its due day.
pub fn overdue_files(db: &mut Db, scope: &Scope) -> AppResult<Vec<FileId>> {
    Ok(file_position::table
        .filter(scope.holds(file_position::office_code))
        .filter(file_position::oldest_unpaid_due_on.is_not_null())
        .select(file_position::file_id)
        .load(db)?)
}

/// One batch of the nightly refresh: at most `batch` loans whose position can have changed by
/// `today`. Returns how many it did; 0 means all positions are right for `today`. The contracts
/// of a file come together, so that its sums are made once; some thousand a batch is quickest.
pub fn refresh_due(
    db: &mut Db,
    scope: &Scope,
    basis: &Basis,
    today: NaiveDate,
    batch: i64,
) -> AppResult<usize> {
    let due: Vec<LoanId> = loan_position::table
        .filter(scope.holds(loan_position::office_code))
        .filter(loan_position::changes_on.le(today))
        .order((loan_position::changes_on, loan_position::file_id))
        .limit(batch)
        .select(loan_position::loan_id)
        .load(db)?;
    if !due.is_empty() {
        refreshed(db, scope, basis, &due, (today, true))?;
    }
    Ok(due.len())
}

/// All batches of [`refresh_due`], each in a write of its own; what a stop leaves undone is done by
/// the night. `newest_basis` is asked before each: another instance may have newer rules by now.
pub fn catch_up(
    db: &Database,
    scope: &Scope,
    today: NaiveDate,
    newest_basis: impl Fn() -> AppResult<Basis>,
) -> AppResult<usize> {
    let mut all = 0;
    loop {
        let basis = newest_basis()?;
        match db.write("positions", |db| refresh_due(db, scope, &basis, today, AT_ONCE))? {
            0 => return Ok(all),
            done => all += done,
        }
    }
}

fn store_loans(db: &mut Db, mut rows: Vec<LoanPosition>) -> AppResult<()> {
    use diesel::upsert::excluded;
    // In the order of the table: neighbours on a page are written together.
    rows.sort_unstable_by_key(|row| row.loan_id);
    upsert_rows!(
        db,
        loan_position::table,
        21,
        rows,
        key = loan_position::loan_id,
        set = (
            loan_position::file_id.eq(excluded(loan_position::file_id)),
            loan_position::as_of.eq(excluded(loan_position::as_of)),
            loan_position::stage.eq(excluded(loan_position::stage)),
            loan_position::disbursed_fen.eq(excluded(loan_position::disbursed_fen)),
            loan_position::outstanding_fen.eq(excluded(loan_position::outstanding_fen)),
            loan_position::overdue_principal_fen.eq(excluded(loan_position::overdue_principal_fen)),
            loan_position::overdue_interest_fen.eq(excluded(loan_position::overdue_interest_fen)),
            loan_position::penalty_fen.eq(excluded(loan_position::penalty_fen)),
            loan_position::oldest_unpaid_due_on.eq(excluded(loan_position::oldest_unpaid_due_on)),
            loan_position::next_due_on.eq(excluded(loan_position::next_due_on)),
            loan_position::next_due_fen.eq(excluded(loan_position::next_due_fen)),
            loan_position::unapplied_fen.eq(excluded(loan_position::unapplied_fen)),
            loan_position::surplus_fen.eq(excluded(loan_position::surplus_fen)),
            loan_position::settled_on.eq(excluded(loan_position::settled_on)),
            loan_position::changes_on.eq(excluded(loan_position::changes_on)),
            loan_position::awaiting_fen.eq(excluded(loan_position::awaiting_fen)),
            loan_position::awaiting_on.eq(excluded(loan_position::awaiting_on)),
            loan_position::known_until.eq(excluded(loan_position::known_until)),
            loan_position::bank_settled_on.eq(excluded(loan_position::bank_settled_on)),
        )
    )?;
    Ok(())
}

/// The sums of these files, of the `fresh` positions and the stored ones of their other loans.
/// `skip`: a file that contradicts itself is named on the workbench and passed over; `known` are
/// named there already.
fn sums_of(
    db: &mut Db,
    scope: &Scope,
    files: &[FileId],
    fresh: &HashMap<LoanId, LoanPosition>,
    (basis, today): (&Basis, NaiveDate),
    (known, skip): (&HashSet<String>, bool),
) -> AppResult<Vec<FilePosition>> {
    let siblings = facts::siblings(db, scope, files)?;
    let others: Vec<LoanId> =
        siblings.iter().map(|one| one.loan_id).filter(|id| !fresh.contains_key(id)).collect();
    let stored = of_loans(db, scope, &others)?;
    let mut parts: BTreeMap<FileId, (i32, Vec<&LoanPosition>)> = BTreeMap::new();
    for one in &siblings {
        let (first_year, own) = parts.entry(one.file_id).or_insert((one.loan_year, Vec::new()));
        *first_year = one.loan_year.min(*first_year);
        own.extend(fresh.get(&one.loan_id).or_else(|| stored.get(&one.loan_id)));
    }
    let mut sums = Vec::with_capacity(parts.len());
    for (file, (first_year, own)) in parts.into_iter().filter(|(_, (_, own))| !own.is_empty()) {
        let sum = sum(file, first_year, &own, (basis, today));
        let sum = check::file(sum, &own, basis.smallest_arrears);
        let sum =
            if skip { uncomputable::file(db, scope, (file, sum), today)? } else { Some(sum?) };
        if sum.is_some() && known.contains(&uncomputable::key_of(file)) {
            warning::clear(db, scope.own(), uncomputable::WARNING, &uncomputable::key_of(file))?;
        }
        sums.extend(sum);
    }
    Ok(sums)
}

fn store_files(db: &mut Db, rows: &[FilePosition]) -> AppResult<()> {
    use diesel::upsert::excluded;
    upsert_rows!(
        db,
        file_position::table,
        18,
        rows,
        key = file_position::file_id,
        set = (
            file_position::as_of.eq(excluded(file_position::as_of)),
            file_position::stage.eq(excluded(file_position::stage)),
            file_position::loans.eq(excluded(file_position::loans)),
            file_position::first_year.eq(excluded(file_position::first_year)),
            file_position::disbursed_fen.eq(excluded(file_position::disbursed_fen)),
            file_position::outstanding_fen.eq(excluded(file_position::outstanding_fen)),
            file_position::overdue_principal_fen.eq(excluded(file_position::overdue_principal_fen)),
            file_position::overdue_interest_fen.eq(excluded(file_position::overdue_interest_fen)),
            file_position::penalty_fen.eq(excluded(file_position::penalty_fen)),
            file_position::oldest_unpaid_due_on.eq(excluded(file_position::oldest_unpaid_due_on)),
            file_position::next_due_on.eq(excluded(file_position::next_due_on)),
            file_position::next_due_fen.eq(excluded(file_position::next_due_fen)),
            file_position::unapplied_fen.eq(excluded(file_position::unapplied_fen)),
            file_position::settled_on.eq(excluded(file_position::settled_on)),
            file_position::awaiting_fen.eq(excluded(file_position::awaiting_fen)),
            file_position::awaiting_on.eq(excluded(file_position::awaiting_on)),
        )
    )?;
    Ok(())
}

/// The stored positions of these loans, by loan.
pub fn of_loans(
    db: &mut Db,
    scope: &Scope,
    loans: &[LoanId],
) -> AppResult<HashMap<LoanId, LoanPosition>> {
    let mut found = HashMap::with_capacity(loans.len());
    for chunk in loans.chunks(BINDS_MAX) {
        let rows = loan_position::table
            .filter(scope.holds(loan_position::office_code))
            .filter(loan_position::loan_id.any_of(chunk))
            .select(LoanPosition::as_select())
            .load(db)?;
        found.extend(rows.into_iter().map(|row| (row.loan_id, row)));
    }
    Ok(found)
}

/// Whether a stored stage says that money was booked.
pub fn is_paid_out(stage: &str) -> bool {
    stage != Stage::Undisbursed.as_text()
}

/// Whether money was booked on a contract.
pub fn was_paid_out(db: &mut Db, scope: &Scope, loan: LoanId) -> AppResult<bool> {
    let position = of_loans(db, scope, &[loan])?;
    Ok(position.get(&loan).is_some_and(|now| is_paid_out(&now.stage)))
}

/// The stored sums of one file, if it has any loan.
pub fn of_file(db: &mut Db, scope: &Scope, file: FileId) -> AppResult<Option<FilePosition>> {
    Ok(file_position::table
        .filter(scope.holds(file_position::office_code))
        .filter(file_position::file_id.eq(file))
        .select(FilePosition::as_select())
        .first(db)
        .optional()?)
}

/// Takes the positions of contracts and files away that are taken away themselves.
pub fn remove(db: &mut Db, scope: &Scope, loans: &[LoanId], files: &[FileId]) -> AppResult<()> {
    remove_rows!(
        db,
        loan_position::table,
        loan_position::loan_id,
        loan_position::office_code,
        scope,
        loans
    )?;
    Ok(remove_rows!(
        db,
        file_position::table,
        file_position::file_id,
        file_position::office_code,
        scope,
        files
    )?)
}
