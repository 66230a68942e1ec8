//! What one day asked for, what was paid of it, and the penalty it bears.

use chrono::NaiveDate;

use super::output::{PrincipalBasis, RowKind};
use super::terms::{Allocation, Part};

/// A row in the making. Amounts in fen; `*_run` are exact numerators not yet rounded.
#[derive(Clone, Debug)]
pub(super) struct Owed {
    pub due_on: NaiveDate,
    pub kind: RowKind,
    pub days: i64,
    pub rate: i64,
    pub interest: i64,
    pub principal: i64,
    pub basis: PrincipalBasis,
    pub paid_interest: i64,
    pub paid_principal: i64,
    pub paid_penalty: i64,
    pub waived: i64,
    pub subsidised: i64,
    pub balance_after: i64,
    pub settled_on: Option<NaiveDate>,
    pub spans: (usize, usize),
    /// Borrower's penalty rounded at earlier changes of the overdue principal, and since then.
    pub penalty_done: i64,
    pub penalty_run: i128,
    /// The state's penalty (waived years), in the same way.
    pub state_penalty_done: i64,
    pub state_penalty_run: i128,
}

/// Divides, half-up. `den` is positive, `num` not negative.
pub(super) fn half_up(num: i128, den: i128) -> i64 {
    if num == 0 {
        return 0;
    }
    let doubled = num * 2 + den;
    // 64 bits are enough for every real loan and ten times faster to divide.
    match (u64::try_from(doubled), u64::try_from(den * 2)) {
        (Ok(doubled), Ok(den)) => i64::try_from(doubled / den).unwrap_or(i64::MAX),
        _ => i64::try_from(doubled / (den * 2)).unwrap_or(i64::MAX),
    }
}

impl Owed {
    /// Principal asked for and not paid.
    pub fn open_principal(&self) -> i64 {
        self.principal - self.paid_principal
    }

    /// Interest asked for and not paid.
    pub fn open_interest(&self) -> i64 {
        self.interest - self.paid_interest
    }

    /// Penalty up to the day accrued to.
    pub fn penalty(&self, den: i128) -> i64 {
        self.penalty_done + half_up(self.penalty_run, den)
    }

    /// Penalty of waived years up to the day accrued to.
    pub fn state_penalty(&self, den: i128) -> i64 {
        self.state_penalty_done + half_up(self.state_penalty_run, den)
    }

    pub fn open_penalty(&self, den: i128) -> i64 {
        self.penalty(den) - self.paid_penalty
    }

    /// True when something is to be paid.
    pub fn is_open(&self, den: i128) -> bool {
        self.open_principal() > 0 || self.open_interest() > 0 || self.open_penalty(den) > 0
    }

    /// Pays up to `money` of it in the order given and says how much of each part was paid.
    pub fn pay(&mut self, money: i64, order: Allocation, den: i128) -> Parts {
        let mut paid = Parts::default();
        let mut left = money;
        for part in order.order() {
            let open = match part {
                Part::Penalty => self.open_penalty(den),
                Part::Interest => self.open_interest(),
                Part::Principal => self.open_principal(),
            };
            let now = open.min(left).max(0);
            left -= now;
            match part {
                Part::Penalty => {
                    self.paid_penalty += now;
                    paid.penalty = now;
                }
                Part::Interest => {
                    self.paid_interest += now;
                    paid.interest = now;
                }
                Part::Principal => {
                    self.pay_principal(now, den);
                    paid.principal = now;
                }
            }
        }
        paid
    }

    /// The overdue principal changes: what its penalty came to so far is rounded for good.
    fn pay_principal(&mut self, now: i64, den: i128) {
        if now == 0 {
            return;
        }
        self.penalty_done = self.penalty(den);
        self.penalty_run = 0;
        self.state_penalty_done = self.state_penalty(den);
        self.state_penalty_run = 0;
        self.paid_principal += now;
    }
}

/// Money by what it paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    pub penalty: i64,
    pub interest: i64,
    pub principal: i64,
}

impl Parts {
    pub fn sum(self) -> i64 {
        self.penalty + self.interest + self.principal
    }
}
