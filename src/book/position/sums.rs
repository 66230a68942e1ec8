//! The sums of a file out of the positions of its loans. Pure.

use chrono::NaiveDate;

use super::{Basis, FilePosition, LoanPosition};
use crate::base::ids::FileId;
use crate::base::money::Fen;
use crate::book::statement::Stage;

/// The sums of one file's loans. `parts` is not empty. Arrears too small to go after
/// ([`Basis::smallest_arrears`]) are a sum, not a late due day.
pub fn sum(
    file_id: FileId,
    first_year: i32,
    parts: &[&LoanPosition],
    (basis, today): (&Basis, NaiveDate),
) -> FilePosition {
    let total =
        |figure: fn(&LoanPosition) -> Fen| parts.iter().map(|part| figure(part)).sum::<Fen>();
    let next_due_on = parts.iter().filter_map(|p| p.next_due_on).min();
    let open = parts.iter().any(|p| p.settled_on.is_none());
    let late = total(|p| p.overdue_principal_fen + p.overdue_interest_fen + p.penalty_fen);
    let oldest = parts.iter().filter_map(|p| p.oldest_unpaid_due_on).min();
    FilePosition {
        file_id,
        office_code: parts.first().map(|p| p.office_code.clone()).unwrap_or_default(),
        as_of: today,
        stage: furthest_stage(parts).as_text().to_owned(),
        loans: i32::try_from(parts.len()).unwrap_or(i32::MAX),
        first_year,
        disbursed_fen: total(|p| p.disbursed_fen),
        outstanding_fen: total(|p| p.outstanding_fen),
        overdue_principal_fen: total(|p| p.overdue_principal_fen),
        overdue_interest_fen: total(|p| p.overdue_interest_fen),
        penalty_fen: total(|p| p.penalty_fen),
        oldest_unpaid_due_on: oldest.filter(|_| late >= basis.smallest_arrears),
        next_due_on,
        next_due_fen: parts
            .iter()
            .filter(|p| p.next_due_on == next_due_on)
            .map(|p| p.next_due_fen)
            .sum(),
        unapplied_fen: total(|p| p.unapplied_fen),
        settled_on: if open { None } else { parts.iter().filter_map(|p| p.settled_on).max() },
        awaiting_fen: total(|p| p.awaiting_fen),
        awaiting_on: parts.iter().filter_map(|p| p.awaiting_on).min(),
    }
}

/// The furthest stage of the loans that are not settled; settled when all are.
fn furthest_stage(parts: &[&LoanPosition]) -> Stage {
    parts
        .iter()
        .filter_map(|p| Stage::from_text(&p.stage))
        .filter(|stage| *stage != Stage::Settled)
        .max()
        .unwrap_or(Stage::Settled)
}
