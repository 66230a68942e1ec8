//! The second half of the walk: what a due day asks for, and what each kind of money does.

use chrono::NaiveDate;

use super::output::{PrincipalBasis, RowKind};
use super::owed::Parts;
use super::walk::{Giver, Walk};
use crate::base::money::Fen;

impl Walk<'_> {
    /// Step 4 of a due day: settle, ask, use unapplied money.
    pub(super) fn due_day(&mut self, day: NaiveDate) {
        let mut row = self.post_day(day, RowKind::DueDay);
        (row.principal, row.basis) = self.ask_principal(day);
        self.not_due -= row.principal;
        row.balance_after = self.not_due;
        let in_subsidy = day < self.life.first_interest_on;
        let shown = row.interest > 0
            || row.principal > 0
            || row.waived > 0
            || (!in_subsidy && row.subsidised > 0);
        if shown {
            if !self.projecting {
                self.overdue_principal += row.principal;
                row.settled_on = (!row.is_open(self.penalty_den)).then_some(day);
            }
            self.owed.push(row);
        }
        if !self.projecting && self.unapplied > 0 {
            let used = self.pay(day, self.unapplied, Giver::Borrower);
            self.unapplied -= used;
        }
    }

    /// Pays what is due, oldest first, and says how much of the money it took.
    pub(super) fn pay(&mut self, day: NaiveDate, money: i64, giver: Giver) -> i64 {
        let (order, den) = (self.life.terms.switches.allocation, self.penalty_den);
        let mut left = money;
        for at in self.first_open..self.owed.len() {
            if left <= 0 {
                break;
            }
            let Some(owed) = self.owed.get_mut(at) else { break };
            let due_on = owed.due_on;
            let paid = owed.pay(left, order, den);
            let partly = owed.is_open(den) && paid.sum() > 0;
            if owed.settled_on.is_none() && !owed.is_open(den) {
                owed.settled_on = Some(day);
            }
            left -= paid.sum();
            if partly {
                self.used(due_on, "allocation");
            }
            self.book(paid, giver);
            self.overdue_principal -= paid.principal;
        }
        money - left
    }

    fn book(&mut self, paid: Parts, giver: Giver) {
        let principal = Fen::new(paid.principal);
        match giver {
            Giver::Borrower => self.totals.principal_by_borrower += principal,
            Giver::Compensation => self.totals.principal_by_compensation += principal,
            Giver::Relief => self.totals.principal_by_relief += principal,
        }
        self.totals.interest_paid += Fen::new(paid.interest);
        self.totals.penalty_paid += Fen::new(paid.penalty);
    }

    /// The row of today's early settlement; opened, with all interest accrued, when there is none.
    fn early_row(&mut self, day: NaiveDate) -> usize {
        if let Some(row) = self.early_row {
            return row;
        }
        let row = self.post_day(day, RowKind::EarlySettlement);
        self.owed.push(row);
        let at = self.owed.len() - 1;
        self.early_row = Some(at);
        at
    }

    /// Principal not yet due that is repaid today.
    fn repay_early(&mut self, day: NaiveDate, at: usize, amount: i64, giver: Giver) {
        self.not_due -= amount;
        self.plan.cut_early |= amount > 0;
        let (not_due, den) = (self.not_due, self.penalty_den);
        if let Some(row) = self.owed.get_mut(at) {
            row.principal += amount;
            if amount > 0 {
                row.basis = PrincipalBasis::Early;
            }
            row.paid_principal += amount;
            row.balance_after = not_due;
            row.settled_on = if row.is_open(den) { None } else { Some(day) };
        }
        self.book(Parts { principal: amount, ..Parts::default() }, giver);
    }

    /// Compensation or relief: what is due, then the interest accrued, then principal; what is
    /// left belongs to the student.
    pub(super) fn grant(&mut self, day: NaiveDate, amount: i64, giver: Giver) {
        self.totals.money_granted += Fen::new(amount);
        let at = self.early_row(day);
        let left = amount - self.pay(day, amount, giver);
        let principal = left.min(self.not_due);
        self.repay_early(day, at, principal, giver);
        self.surplus += left - principal;
    }

    /// The bank has settled it: all that is due, the interest accrued and the principal named
    /// count as paid.
    pub(super) fn prepay(&mut self, day: NaiveDate, named: Option<i64>) {
        let at = self.early_row(day);
        let settled = self.pay(day, i64::MAX, Giver::Borrower);
        let principal = named.unwrap_or(i64::MAX).min(self.not_due);
        self.repay_early(day, at, principal, Giver::Borrower);
        self.totals.money_prepaid += Fen::new(settled + principal);
    }

    /// Step 9: cut the plan anew where needed, and see whether the debt is gone.
    pub(super) fn end_day(&mut self, day: NaiveDate) {
        self.drop_empty_early_row();
        if self.plan.cut_early || self.plan.cut_other {
            self.cut(day);
        }
        let den = self.penalty_den;
        while self.owed.get(self.first_open).is_some_and(|owed| !owed.is_open(den)) {
            self.first_open += 1;
        }
        let open = self.owed.iter().skip(self.first_open).any(|owed| owed.is_open(den));
        if self.not_due > 0 || open || !self.totals.disbursed.is_positive() {
            self.settled_on = None;
        } else if self.settled_on.is_none() {
            self.settled_on = Some(day);
        }
    }

    /// An early settlement that found nothing to settle leaves no row.
    fn drop_empty_early_row(&mut self) {
        let Some(at) = self.early_row.take() else { return };
        let empty = self.owed.get(at).is_some_and(|row| {
            row.interest == 0 && row.principal == 0 && row.waived == 0 && row.subsidised == 0
        });
        if empty && at + 1 == self.owed.len() {
            self.owed.pop();
        }
    }
}
