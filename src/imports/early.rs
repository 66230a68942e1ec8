//! Early repayments have no due day of their own: sheets write the day on which one was paid in
//! both columns. So when the bank changes that day the line comes under another due day, and a
//! list as a whole tells that it is the same money: it has as many early repayments of that
//! principal as before. Never asked of a list that is only a part.

use super::plan::Plan;
use crate::book::bank::{BankFigure, Tells};
use crate::imports::layout::words::RepaymentKind;

/// True for money that was repaid early.
pub(super) fn is_early(figure: &BankFigure) -> bool {
    figure.kind == RepaymentKind::Early.to_chinese() && figure.paid_principal_fen.is_positive()
}

impl Plan<'_> {
    /// The early repayments of a contract as known, but for the due day of `line`.
    fn other_early(&self, line: &BankFigure) -> Vec<BankFigure> {
        let all = self.facts.repayments.values().flatten();
        all.filter(|one| one.loan_id == line.loan_id && one.due_on != line.due_on && is_early(one))
            .cloned()
            .collect()
    }

    /// The day of newer whole lists that have as many early repayments of this principal as the
    /// list at hand: there it is, on another day.
    pub(super) fn moved_since(
        &self,
        contract_no: &str,
        line: &BankFigure,
    ) -> Option<chrono::NaiveDate> {
        if !is_early(line) {
            return None;
        }
        let all = self.facts.repayments.values().flatten().filter(|one| {
            one.loan_id == line.loan_id
                && is_early(one)
                && one.paid_principal_fen == line.paid_principal_fen
                && one.tells == Tells::List
                && one.as_of > line.as_of
        });
        let days: Vec<chrono::NaiveDate> = all.map(|one| one.as_of).collect();
        let own = self.set.list.early(contract_no, line.paid_principal_fen);
        days.iter().max().copied().filter(|_| days.len() >= own)
    }

    /// Takes away early repayments that a whole list has on another day now.
    pub(super) fn withdraw_moved(&mut self, contract_no: &str, fresh: &BankFigure, line: u32) {
        if fresh.tells != Tells::List || !is_early(fresh) {
            return;
        }
        for mut gone in self.other_early(fresh) {
            let Some(due_on) = gone.due_on else { continue };
            if gone.as_of > fresh.as_of || self.set.list.names(contract_no, &gone) {
                continue;
            }
            let key = (gone.loan_id, due_on);
            let mut figures = self.facts.repayments.get(&key).cloned().unwrap_or_default();
            figures.retain(|one| one.id != gone.id);
            self.take_away(&mut gone, line);
            self.store_repayments(key, figures);
        }
    }
}
