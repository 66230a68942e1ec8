//! The last step of an import: the bank's figures held against ours, for every loan that has
//! any. Runs after money was posted; may run at any time and changes nothing but the list of
//! differences.

use std::collections::HashMap;

use chrono::NaiveDateTime;

use crate::app::App;
use crate::book::bank::{self, BankDifference, BankFigure};
use crate::book::events;
use crate::book::ids::{LoanId, RowId};
use crate::book::loan;
use crate::book::office::Scope;
use crate::book::payments_known;
use crate::book::reconcile;
use crate::error::AppResult;

/// How many loans are compared in one write.
const CHUNK: i64 = 500;

/// Compares every loan of the office that has figures of the bank. Returns how many figures
/// differ now.
pub fn run(app: &App, scope: &Scope, mut progress: impl FnMut(usize)) -> AppResult<usize> {
    let (now, today) = (app.clock.now_at(), app.clock.today());
    let known = app.db.read(|db| payments_known::load(db, scope))?;
    let (mut after, mut differ) = (LoanId::new(0), 0);
    loop {
        let loans = app.db.read(|db| bank::loans_with_figures(db, scope, after, CHUNK))?;
        let Some(last) = loans.last().copied() else { return Ok(differ) };
        differ += app.db.write("compare with bank", |db| {
            let rows = loan::by_ids(db, scope, &loans)?;
            let mut life = events::of_loans(db, scope, &loans)?;
            let mut figures: HashMap<LoanId, Vec<BankFigure>> = HashMap::new();
            for figure in bank::figures_of(db, scope, &loans)? {
                figures.entry(figure.loan_id).or_default().push(figure);
            }
            let mut found = Vec::new();
            for loan in &rows {
                let figures = figures.remove(&loan.id).unwrap_or_default();
                let events = life.remove(&loan.id).unwrap_or_default();
                let known_until = known.as_of(&loan.office_code, &loan.product, today).known();
                let differences =
                    reconcile::compare(loan, &events, &figures, &app.basis(), Some(known_until))?;
                found.extend(rows_of(app, scope, loan.id, &figures, differences, now));
            }
            bank::put_differences(db, scope, &loans, &found)?;
            Ok(found.len())
        })?;
        progress(loans.len());
        after = last;
    }
}

fn rows_of(
    app: &App,
    scope: &Scope,
    loan_id: LoanId,
    figures: &[BankFigure],
    differences: Vec<reconcile::Difference>,
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
        let Some(figure) = figures.get(difference.row) else { continue };
        rows.push(BankDifference {
            id: RowId::new(app.next_id()),
            office_code: scope.own().to_owned(),
            loan_id,
            figure: difference.figure.to_owned(),
            on_day: difference.on_day,
            bank_fen: difference.bank,
            ours_fen: difference.ours,
            import_id: figure.import_id,
            found_at,
        });
    }
    rows
}
