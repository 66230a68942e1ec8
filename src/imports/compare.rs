//! The last step of an import: the bank's figures held against ours, for every loan that has
//! any. Runs after money was posted; may run at any time and changes nothing but the list of
//! differences.

use std::collections::HashMap;

use chrono::NaiveDateTime;

use crate::app::App;
use crate::base::ids::{LoanId, RowId};
use crate::base::scope::Scope;
use crate::book::bank::{self, BankFigure};
use crate::book::bank_difference::{self, BankDifference};
use crate::book::uncomputable::{self, Tried};
use crate::book::{events, loan, payments_known, reconcile};
use crate::error::AppResult;

/// How many loans are compared in one write.
const CHUNK: i64 = 500;

/// Compares every loan of the office that has figures of the bank. Returns how many figures
/// differ now.
pub fn run(app: &App, scope: &Scope, mut progress: impl FnMut(usize)) -> AppResult<usize> {
    let (now, today, basis) = (app.clock.now_at(), app.clock.today(), app.basis());
    let payments = app.db.read(|db| payments_known::load(db, scope))?;
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
            let known = uncomputable::known(db, scope)?;
            let (mut found, mut tried) = (Vec::new(), Vec::new());
            for loan in &rows {
                let figures = figures.remove(&loan.id).unwrap_or_default();
                let events = life.remove(&loan.id).unwrap_or_default();
                let until = payments.as_of(&loan.office_code, &loan.product, today).known();
                let compared = reconcile::compare(loan, &events, &figures, &basis, Some(until));
                let why = match compared {
                    Ok(differences) => {
                        found.extend(rows_of(app, scope, loan.id, &figures, differences, now));
                        None
                    }
                    Err(why) => Some(why),
                };
                let (file, contract_no) = (loan.file_id, loan.contract_no.as_str());
                tried.push(Tried { loan: loan.id, file, contract_no, why });
            }
            // What cannot be computed keeps the differences that were found before.
            let failed = uncomputable::warn(db, scope, &known, tried, app.clock.today())?;
            let compared: Vec<LoanId> =
                loans.iter().filter(|id| !failed.contains(id)).copied().collect();
            bank_difference::put(db, scope, &compared, &found)?;
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
