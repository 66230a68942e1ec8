//! The plan (loan-maths section 3): due days, what each asks for, and cutting it anew.

use chrono::{Datelike, NaiveDate};

use super::output::PrincipalBasis;
use super::terms::Recut;
use super::walk::Walk;
use crate::base::money::Fen;

/// The plan in force: the equal amount and from which year on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub first_year: i32,
    pub equal: i64,
    /// What was divided into how many parts to make it.
    pub cut_from: (i64, i64),
    /// Principal deferred from earlier due days.
    pub carried: i64,
    /// True for the bank's own plan.
    pub of_bank: bool,
    /// To be cut at the end of the day: because of early money, or for another reason.
    pub cut_early: bool,
    pub cut_other: bool,
}

impl Plan {
    pub fn new(first_year: i32, equal: i64, of_bank: bool) -> Self {
        Plan {
            first_year,
            equal,
            cut_from: (0, 1),
            carried: 0,
            of_bank,
            cut_early: false,
            cut_other: false,
        }
    }

    /// The derived plan with a new equal amount.
    fn cut(&mut self, not_due: i64, parts: i64) {
        let equal = Fen::new(not_due).share(parts).get();
        *self = Plan::new(self.first_year, equal, false);
        self.cut_from = (not_due, parts);
    }

    /// Where a full equal part comes from.
    fn basis(&self) -> PrincipalBasis {
        let carried = Fen::new(self.carried);
        if self.of_bank {
            PrincipalBasis::BankPlan { equal: Fen::new(self.equal), carried }
        } else {
            let (of, parts) = self.cut_from;
            PrincipalBasis::Share { of: Fen::new(of), parts, carried }
        }
    }
}

impl Walk<'_> {
    /// The first 12-20 or final due day after a day.
    pub fn next_due_day(&self, day: NaiveDate) -> Option<NaiveDate> {
        let terms = self.life.terms;
        if day >= terms.final_due_on {
            return None;
        }
        let this_year = terms.due_day.in_year(day.year());
        let yearly =
            if this_year > day { this_year } else { terms.due_day.in_year(day.year() + 1) };
        Some(yearly.min(terms.final_due_on))
    }

    /// The first day on which principal falls due under the plan in force.
    pub fn first_principal_on(&self) -> NaiveDate {
        let terms = self.life.terms;
        if self.plan.first_year < terms.final_due_on.year() {
            terms.due_day.in_year(self.plan.first_year)
        } else {
            terms.final_due_on
        }
    }

    /// The principal that a due day asks for (loan-maths section 3).
    pub(super) fn ask_principal(&mut self, day: NaiveDate) -> (i64, PrincipalBasis) {
        let (year, last) = (day.year(), self.life.terms.final_due_on);
        if self.not_due == 0 || (day != last && year < self.plan.first_year) {
            return (0, PrincipalBasis::Nothing);
        }
        if day == last {
            return (self.not_due, PrincipalBasis::Rest);
        }
        if year >= last.year() {
            return (0, PrincipalBasis::Nothing);
        }
        let planned = self.plan.equal + self.plan.carried;
        let due = planned.min(self.not_due);
        if self.life.deferred.has(year) {
            self.plan.carried = due;
            return (0, PrincipalBasis::Deferred(Fen::new(due)));
        }
        let basis = if planned > self.not_due { PrincipalBasis::Rest } else { self.plan.basis() };
        self.plan.carried = 0;
        (due, basis)
    }

    /// N = principal not yet due / number of due days for principal still to come.
    pub(super) fn cut(&mut self, day: NaiveDate) {
        if self.plan.cut_early {
            self.used(day, "recut_after_prepayment");
        }
        let early_only = self.plan.cut_early && !self.plan.cut_other;
        (self.plan.cut_early, self.plan.cut_other) = (false, false);
        if early_only && self.life.terms.switches.recut_after_prepayment == Recut::FromTheEnd {
            return;
        }
        let terms = self.life.terms;
        let this_year = i32::from(terms.due_day.in_year(day.year()) <= day);
        let first = self.plan.first_year.max(day.year() + this_year);
        let yearly = (terms.final_due_on.year() - first).max(0);
        let count = i64::from(yearly) + i64::from(day < terms.final_due_on);
        self.plan.cut(self.not_due, count.max(1));
    }
}
