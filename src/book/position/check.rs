//! What must hold of a position before it is stored, in release builds too: a figure that cannot be
//! is an error of ours, never a line of somebody's list. Pure.

use super::{FilePosition, LoanPosition};
use crate::base::money::Fen;
use crate::error::{AppError, AppResult};

/// The position as it came.
///
/// # Errors
/// `Broken`, with the rule that does not hold.
pub(super) fn loan(one: LoanPosition) -> AppResult<LoanPosition> {
    let late = one.overdue_principal_fen + one.overdue_interest_fen + one.penalty_fen;
    let least = [
        one.disbursed_fen,
        one.outstanding_fen,
        one.overdue_principal_fen,
        one.overdue_interest_fen,
        one.penalty_fen,
        one.next_due_fen,
        one.unapplied_fen,
        one.surplus_fen,
        one.awaiting_fen,
    ];
    let rules = [
        (least.into_iter().all(|fen| fen >= Fen::ZERO), "no amount is negative"),
        (one.overdue_principal_fen <= one.outstanding_fen, "overdue principal is outstanding"),
        (
            one.oldest_unpaid_due_on.is_some() == late.is_positive(),
            "there is an oldest unpaid due day when something is overdue, and only then",
        ),
        (
            one.oldest_unpaid_due_on.is_none_or(|day| day < one.as_of),
            "a due day is overdue from the day after it",
        ),
    ];
    let whose = || format!("position of loan {}", one.loan_id);
    whole(&rules, whose).map(|()| one)
}

/// The position as it came. `smallest_arrears`: below them a file has no late due day.
///
/// # Errors
/// `Broken`, with the rule that does not hold.
pub(super) fn file(
    one: FilePosition,
    parts: &[&LoanPosition],
    smallest_arrears: Fen,
) -> AppResult<FilePosition> {
    let late = one.overdue_fen();
    let least = [
        one.disbursed_fen,
        one.outstanding_fen,
        one.overdue_principal_fen,
        one.overdue_interest_fen,
        one.penalty_fen,
        one.next_due_fen,
        one.unapplied_fen,
        one.awaiting_fen,
    ];
    let rules = [
        (least.into_iter().all(|fen| fen >= Fen::ZERO), "no amount is negative"),
        (one.overdue_principal_fen <= one.outstanding_fen, "overdue principal is outstanding"),
        (
            one.oldest_unpaid_due_on.is_some() == (late.is_positive() && late >= smallest_arrears),
            "there is an oldest unpaid due day when the arrears are worth a case, and only then",
        ),
        (
            parts.iter().all(|part| part.office_code == one.office_code),
            "its loans are of one office",
        ),
    ];
    let whose = || format!("position of file {}", one.file_id);
    whole(&rules, whose).map(|()| one)
}

fn whole(rules: &[(bool, &str)], whose: impl FnOnce() -> String) -> AppResult<()> {
    match rules.iter().find(|(holds, _)| !holds) {
        None => Ok(()),
        Some((_, rule)) => Err(AppError::broken(format!("{}: not so: {rule}", whose()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::{FileId, LoanId};
    use crate::book::policy::Policy;
    use crate::book::position::{Basis, sum};
    use chrono::NaiveDate;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// 2,000 of 8,000 yuan are late.
    fn late() -> LoanPosition {
        LoanPosition {
            loan_id: LoanId::new(1),
            office_code: "512022".to_owned(),
            file_id: FileId::new(2),
            as_of: day("2026-12-21"),
            stage: "repaying".to_owned(),
            disbursed_fen: Fen::from_yuan(8_000),
            outstanding_fen: Fen::from_yuan(6_000),
            overdue_principal_fen: Fen::from_yuan(2_000),
            overdue_interest_fen: Fen::from_yuan(100),
            penalty_fen: Fen::ZERO,
            oldest_unpaid_due_on: Some(day("2026-12-20")),
            next_due_on: None,
            next_due_fen: Fen::ZERO,
            unapplied_fen: Fen::ZERO,
            surplus_fen: Fen::ZERO,
            settled_on: None,
            changes_on: None,
            awaiting_fen: Fen::ZERO,
            awaiting_on: None,
            known_until: None,
            bank_settled_on: None,
        }
    }

    fn file(parts: &[&LoanPosition]) -> FilePosition {
        let basis = Basis {
            rates: Policy::embedded().unwrap().rates(),
            waiver_years: [].into(),
            smallest_arrears: Fen::new(100),
            version: 0,
        };
        sum(FileId::new(2), 2020, parts, (&basis, day("2026-12-21")))
    }

    fn says<T: std::fmt::Debug>(answer: AppResult<T>, rule: &str) {
        let text = answer.unwrap_err().to_string();
        assert!(text.ends_with(&format!("not so: {rule}")), "{text}");
    }

    #[test]
    fn a_loan_that_cannot_be_is_not_stored() {
        let less = Fen::new(-1);
        let check = |change: fn(&mut LoanPosition)| {
            let mut one = late();
            change(&mut one);
            loan(one)
        };
        assert_eq!(check(|_| ()).unwrap(), late());
        let more = check(|one| one.overdue_principal_fen = Fen::new(600_001));
        says(more, "overdue principal is outstanding");
        let day = "there is an oldest unpaid due day when something is overdue, and only then";
        says(check(|one| one.oldest_unpaid_due_on = None), day);
        let none = |one: &mut LoanPosition| {
            (one.overdue_principal_fen, one.overdue_interest_fen) = Default::default();
        };
        says(check(none), day);
        let today = check(|one| one.oldest_unpaid_due_on = Some(one.as_of));
        says(today, "a due day is overdue from the day after it");
        says(loan(LoanPosition { penalty_fen: less, ..late() }), "no amount is negative");
        says(loan(LoanPosition { outstanding_fen: less, ..late() }), "no amount is negative");
    }

    #[test]
    fn a_file_that_cannot_be_is_not_stored() {
        let (one, least) = (late(), Fen::new(100));
        let check = |change: fn(&mut FilePosition)| {
            let mut sum = file(&[&one]);
            change(&mut sum);
            super::file(sum, &[&one], least)
        };
        assert_eq!(check(|_| ()).unwrap(), file(&[&one]));
        says(check(|sum| sum.unapplied_fen = Fen::new(-1)), "no amount is negative");
        let more = "overdue principal is outstanding";
        says(check(|sum| sum.outstanding_fen = Fen::ZERO), more);
        let day =
            "there is an oldest unpaid due day when the arrears are worth a case, and only then";
        says(check(|sum| sum.oldest_unpaid_due_on = None), day);
        let one_fen = |sum: &mut FilePosition| {
            (sum.overdue_principal_fen, sum.overdue_interest_fen) = (Fen::new(99), Fen::ZERO);
        };
        says(check(one_fen), day);
        let elsewhere = LoanPosition { office_code: "512021".to_owned(), ..late() };
        let both = [&one, &elsewhere];
        says(super::file(file(&both), &both, least), "its loans are of one office");
    }
}
