//! The bank's figures against ours, loan by loan. Pure: what differs comes out with both figures;
//! nothing is taken over and nothing is explained away.
//!
//! The bank's lists book money on the day it was paid, our statement uses it on the due day
//! (loan-maths 5). So a balance "after repayment" is compared on the later of the two days.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::base::money::Fen;
use crate::book::bank::{self, BankFigure};
use crate::book::events::EventRow;
use crate::book::loan::Loan;
use crate::book::position::{Basis, statement_of};
use crate::book::statement::Statement;
use crate::error::AppResult;

/// One figure that is not the same on both sides. Money in fen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which figure, in the words of the bank's list.
    pub figure: &'static str,
    /// The day the figure is about.
    pub on_day: NaiveDate,
    pub bank: Fen,
    pub ours: Fen,
    /// Index of the bank's row in what was given.
    pub row: usize,
}

/// Statements of one loan as of several days, each computed once.
struct AsOf<'a> {
    loan: &'a Loan,
    events: &'a [EventRow],
    basis: &'a Basis,
    known: BTreeMap<NaiveDate, Statement>,
}

impl AsOf<'_> {
    fn on(&mut self, day: NaiveDate) -> AppResult<&Statement> {
        if !self.known.contains_key(&day) {
            let fresh = statement_of(self.loan, self.events, self.basis, day)?;
            self.known.insert(day, fresh);
        }
        self.known.get(&day).ok_or(crate::error::AppError::NotFound)
    }
}

/// Compares every figure of the bank about one loan with our statement of it.
///
/// `payments_known_until`: the day up to which the bank's repayments are on record. A balance or
/// an overdue figure of a later day is not compared: it would differ by what we do not know yet.
pub fn compare(
    loan: &Loan,
    events: &[EventRow],
    figures: &[BankFigure],
    basis: &Basis,
    payments_known_until: Option<NaiveDate>,
) -> AppResult<Vec<Difference>> {
    let mut as_of = AsOf { loan, events, basis, known: BTreeMap::new() };
    let mut found = Vec::new();
    for (row, figure) in figures.iter().enumerate() {
        // That nothing is owed any more is heard whenever it is said.
        let known = payments_known_until.is_some_and(|until| figure.as_of <= until)
            || bank::says_settled(figure);
        match figure.sheet.as_str() {
            "contracts" if known => compare_balance(&mut as_of, figure, row, &mut found)?,
            "overdue" if known => compare_overdue(&mut as_of, figure, row, &mut found)?,
            "repayments" => compare_repayment(&mut as_of, figures, figure, row, &mut found)?,
            _ => {}
        }
    }
    Ok(found)
}

fn note(
    found: &mut Vec<Difference>,
    figure: &'static str,
    on_day: NaiveDate,
    bank: Fen,
    ours: Fen,
    row: usize,
) {
    if bank != ours {
        found.push(Difference { figure, on_day, bank, ours, row });
    }
}

fn compare_balance(
    as_of: &mut AsOf<'_>,
    figure: &BankFigure,
    row: usize,
    found: &mut Vec<Difference>,
) -> AppResult<()> {
    let nothing = bank::says_settled(figure).then_some(Fen::ZERO);
    let Some(bank) = figure.balance_fen.or(nothing) else { return Ok(()) };
    let position = &as_of.on(figure.as_of)?.position;
    note(found, "贷款余额", figure.as_of, bank, position.principal_outstanding, row);
    Ok(())
}

fn compare_overdue(
    as_of: &mut AsOf<'_>,
    figure: &BankFigure,
    row: usize,
    found: &mut Vec<Difference>,
) -> AppResult<()> {
    let position = &as_of.on(figure.as_of)?.position;
    let on = figure.as_of;
    note(found, "逾期本金", on, figure.overdue_principal_fen, position.overdue_principal, row);
    note(found, "逾期利息", on, figure.overdue_interest_fen, position.overdue_interest, row);
    note(found, "罚息", on, figure.penalty_fen, position.penalty, row);
    if let Some(bank) = figure.balance_fen {
        note(found, "逾期名单贷款余额", on, bank, position.principal_outstanding, row);
    }
    Ok(())
}

fn compare_repayment(
    as_of: &mut AsOf<'_>,
    figures: &[BankFigure],
    figure: &BankFigure,
    row: usize,
    found: &mut Vec<Difference>,
) -> AppResult<()> {
    let Some(due_on) = figure.due_on else { return Ok(()) };
    // Two rows of the bank for one due day (money in two parts) repeat what was due: the due
    // figures are compared once, by the first of them.
    let first = figures
        .iter()
        .position(|other| other.sheet == "repayments" && other.due_on == figure.due_on);
    let settled_on = |figure: &BankFigure| {
        figure.due_on.map(|due_on| figure.paid_on.map_or(due_on, |paid_on| paid_on.max(due_on)))
    };
    let settled = figure.paid_on.map_or(due_on, |paid_on| paid_on.max(due_on));
    // Of several payments that count from the same day only the last leaves what we have then.
    let of_instalment =
        |other: &&BankFigure| other.sheet == "repayments" && other.due_on == figure.due_on;
    let is_last = !figures
        .iter()
        .filter(of_instalment)
        .filter(|other| settled_on(other) == Some(settled))
        .any(|other| (other.paid_on, other.ordinal) > (figure.paid_on, figure.ordinal));
    let statement = as_of.on(settled)?;
    let of_day = statement.instalments.iter().filter(|i| i.due_on == due_on);
    let (mut principal, mut interest, mut waived, mut penalty) =
        (Fen::ZERO, Fen::ZERO, Fen::ZERO, Fen::ZERO);
    for instalment in of_day {
        principal += instalment.principal;
        interest += instalment.interest;
        waived += instalment.waived;
        penalty += instalment.paid_penalty;
    }
    let outstanding = statement.position.principal_outstanding;
    if first == Some(row) {
        note(found, "应还本金", due_on, figure.due_principal_fen, principal, row);
        note(found, "应还利息", due_on, figure.due_interest_fen, interest, row);
        note(found, "免除利息", due_on, figure.waived_fen, waived, row);
        let bank = figures.iter().filter(of_instalment).map(|other| other.paid_penalty_fen).sum();
        note(found, "实还罚息", due_on, bank, penalty, row);
    }
    if let Some(bank) = figure.balance_fen.filter(|_| is_last) {
        note(found, "还款后贷款余额", settled, bank, outstanding, row);
    }
    Ok(())
}
