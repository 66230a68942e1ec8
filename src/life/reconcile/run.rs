//! The last step of an import: the bank's figures held against ours, for every loan that has
//! any, and what may be the cause. Runs after money was posted; may run at any time and changes
//! nothing but the list of differences.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime};

use super::cause::{self, Case};
use super::compare::{Difference, compare};
use crate::app::App;
use crate::base::ids::{LoanId, RowId};
use crate::base::scope::Scope;
use crate::book::act::Act;
use crate::book::bank::{self, BankFigure};
use crate::book::bank_difference::{self, BankDifference, Cause};
use crate::book::events::{self, EventRow};
use crate::book::loan::{self, Loan};
use crate::book::payments_known::{self, Known};
use crate::book::position::Basis;
use crate::book::uncomputable::{self, Tried};
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;

/// How many loans are compared in one write.
const CHUNK: i64 = 500;

/// Contracts with what both sides say of them.
pub struct Sides {
    loans: Vec<Loan>,
    events: HashMap<LoanId, Vec<EventRow>>,
    figures: HashMap<LoanId, Vec<BankFigure>>,
    known: Known,
}

impl Sides {
    pub fn load(db: &mut Db, scope: &Scope, loans: &[LoanId]) -> AppResult<Sides> {
        let mut figures: HashMap<LoanId, Vec<BankFigure>> = HashMap::new();
        for figure in bank::figures_of(db, scope, loans)? {
            figures.entry(figure.loan_id).or_default().push(figure);
        }
        Ok(Sides {
            loans: loan::by_ids(db, scope, loans)?,
            events: events::of_loans(db, scope, loans)?,
            figures,
            known: payments_known::load(db, scope)?,
        })
    }

    pub fn cases<'a>(
        &'a self,
        basis: &'a Basis,
        today: NaiveDate,
    ) -> impl Iterator<Item = Case<'a>> {
        self.loans.iter().map(move |loan| Case {
            loan,
            events: self.events.get(&loan.id).map_or(&[], Vec::as_slice),
            figures: self.figures.get(&loan.id).map_or(&[], Vec::as_slice),
            basis,
            until: Some(self.known.as_of(&loan.office_code, &loan.product, today).known()),
        })
    }
}

/// The one contract, as both sides see it, with what differs.
///
/// # Errors
/// `NotFound` when there is no such contract in these offices; what cannot be computed.
pub fn one<T>(
    db: &mut Db,
    scope: &Scope,
    (loan, basis, today): (LoanId, &Basis, NaiveDate),
    body: impl FnOnce(&Case<'_>, &[Difference]) -> T,
) -> AppResult<T> {
    let sides = Sides::load(db, scope, &[loan])?;
    let case = sides.cases(basis, today).next().ok_or(AppError::NotFound)?;
    let differences = compare(case.loan, case.events, case.figures, basis, case.until)?;
    Ok(body(&case, &differences))
}

/// Compares every loan of the office that has figures of the bank. Returns how many figures
/// differ now.
pub fn run(app: &App, scope: &Scope, mut progress: impl FnMut(usize)) -> AppResult<usize> {
    let (now, today, basis) = (app.clock.now_at(), app.clock.today(), app.basis());
    let (mut after, mut differ) = (LoanId::new(0), 0);
    loop {
        let loans = app.db.read(|db| bank::loans_with_figures(db, scope, after, CHUNK))?;
        let Some(last) = loans.last().copied() else { return Ok(differ) };
        // Trying causes takes its time: nobody waits for it.
        let causes = app.db.read(|db| causes(db, scope, (&loans, &basis, today)))?;
        differ += app.db.write("compare with bank", |db| {
            let sides = Sides::load(db, scope, &loans)?;
            let known = uncomputable::known(db, scope)?;
            let (mut found, mut tried) = (Vec::new(), Vec::new());
            for case in sides.cases(&basis, today) {
                let compared = differences(&case);
                let why = match compared {
                    Ok(differences) => {
                        let cause = causes.get(&case.loan.id);
                        let cause = cause.filter(|(of, _)| *of == differences).map(|one| one.1);
                        found.extend(rows_of(&case, scope, (differences, cause), now));
                        None
                    }
                    Err(why) => Some(why),
                };
                let Loan { id, file_id, contract_no, .. } = case.loan;
                tried.push(Tried { loan: *id, file: *file_id, contract_no, why });
            }
            for row in &mut found {
                row.id = RowId::new(app.next_id());
            }
            // What cannot be computed keeps the differences that were found before.
            let failed = uncomputable::warn(db, scope, &known, tried, today)?;
            let compared: Vec<LoanId> =
                loans.iter().filter(|id| !failed.contains(id)).copied().collect();
            bank_difference::put(db, scope, &compared, &found)?;
            Ok(found.len())
        })?;
        progress(loans.len());
        after = last;
    }
}

/// Compares one contract anew, in the write that changed it.
pub fn recompare(act: &mut Act<'_>, loan: LoanId) -> AppResult<()> {
    let (basis, scope, now) = (act.parts.basis(), act.scope, act.now);
    let sides = Sides::load(act.db, scope, &[loan])?;
    let mut found = Vec::new();
    for case in sides.cases(&basis, act.today) {
        let differences = differences(&case)?;
        let cause = cause_of(&case, &differences);
        found.extend(rows_of(&case, scope, (differences, Some(cause)), now));
    }
    for row in &mut found {
        row.id = act.id();
    }
    bank_difference::put(act.db, scope, &[loan], &found)
}

fn differences(case: &Case<'_>) -> AppResult<Vec<Difference>> {
    compare(case.loan, case.events, case.figures, case.basis, case.until)
}

fn cause_of(case: &Case<'_>, differences: &[Difference]) -> Cause {
    cause::explain(case, differences).map_or(Cause::Unknown, |found| found.cause)
}

/// What differs about these contracts, and why, as far as one can be tried out.
fn causes(
    db: &mut Db,
    scope: &Scope,
    (loans, basis, today): (&[LoanId], &Basis, NaiveDate),
) -> AppResult<HashMap<LoanId, (Vec<Difference>, Cause)>> {
    let sides = Sides::load(db, scope, loans)?;
    let mut found = HashMap::new();
    for case in sides.cases(basis, today) {
        // What cannot be computed is named where it is compared.
        let differences = differences(&case).unwrap_or_default();
        if !differences.is_empty() {
            let cause = cause_of(&case, &differences);
            found.insert(case.loan.id, (differences, cause));
        }
    }
    Ok(found)
}

/// Each figure of a day once; without identities. `cause`: none when it was not tried.
fn rows_of(
    case: &Case<'_>,
    scope: &Scope,
    (differences, cause): (Vec<Difference>, Option<Cause>),
    found_at: NaiveDateTime,
) -> Vec<BankDifference> {
    let mut rows: Vec<BankDifference> = Vec::new();
    for difference in differences {
        let known = |row: &BankDifference| {
            row.figure == difference.figure && row.on_day == difference.on_day
        };
        if rows.iter().any(known) {
            continue;
        }
        let Some(figure) = case.figures.get(difference.row) else { continue };
        rows.push(BankDifference {
            id: RowId::new(0),
            office_code: scope.own().to_owned(),
            loan_id: case.loan.id,
            figure: difference.figure.to_owned(),
            on_day: difference.on_day,
            bank_fen: difference.bank,
            ours_fen: difference.ours,
            import_id: figure.import_id,
            found_at,
            cause,
        });
    }
    rows
}
