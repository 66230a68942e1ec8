//! Sums of one contract or of many, and the part of a contract that fell due in one year.

use crate::base::money::Fen;

/// Sums over contracts. Money in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Principal due up to the day.
    pub due_principal: Fen,
    /// What of it was paid.
    pub paid_principal: Fen,
    /// What of it is past its due day and open.
    pub late_principal: Fen,
    /// The same of a person whose late principal is more than a few fen: what makes a default.
    pub default_principal: Fen,
    /// Interest due up to the day.
    pub due_interest: Fen,
    /// What of it was paid.
    pub paid_interest: Fen,
    /// Contracts with something due.
    pub due_contracts: i64,
    /// Of these, the contracts with nothing open.
    pub paid_contracts: i64,
    /// Principal collected in the year.
    pub got_principal: Fen,
    /// Interest collected in the year.
    pub got_interest: Fen,
    /// Penalty interest collected in the year.
    pub got_penalty: Fen,
}

impl Sums {
    pub fn add(&mut self, other: &Sums) {
        self.due_principal += other.due_principal;
        self.paid_principal += other.paid_principal;
        self.late_principal += other.late_principal;
        self.default_principal += other.default_principal;
        self.due_interest += other.due_interest;
        self.paid_interest += other.paid_interest;
        self.due_contracts += other.due_contracts;
        self.paid_contracts += other.paid_contracts;
        self.got_principal += other.got_principal;
        self.got_interest += other.got_interest;
        self.got_penalty += other.got_penalty;
    }

    /// Counts the contract these sums are of.
    pub fn counted(mut self) -> Sums {
        let due = self.due_principal + self.due_interest;
        let open = due - self.paid_principal - self.paid_interest;
        self.due_contracts = i64::from(due.is_positive());
        self.paid_contracts = i64::from(due.is_positive() && !open.is_positive());
        self
    }
}

/// What of a contract fell due in a year. Many are in memory, so each amount takes four bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DueYear {
    pub year: i32,
    /// Due, paid and late principal, due and paid interest; in fen.
    fen: [u32; 5],
}

impl DueYear {
    /// Nothing for an amount that no contract comes to: less than zero, or above 40 million yuan.
    pub fn new(year: i32, of: &Sums) -> Option<DueYear> {
        let Sums { due_principal, paid_principal, late_principal, .. } = *of;
        let all =
            [due_principal, paid_principal, late_principal, of.due_interest, of.paid_interest];
        let mut fen = [0; 5];
        for (small, whole) in fen.iter_mut().zip(all) {
            *small = u32::try_from(whole.get()).ok()?;
        }
        Some(DueYear { year, fen })
    }

    /// As sums of one contract, of somebody who is in default or not.
    pub fn sums(&self, is_default: bool) -> Sums {
        let [due_principal, paid_principal, late_principal, due_interest, paid_interest] =
            self.fen.map(|fen| Fen::new(fen.into()));
        Sums {
            due_principal,
            paid_principal,
            late_principal,
            default_principal: if is_default { late_principal } else { Fen::ZERO },
            due_interest,
            paid_interest,
            ..Sums::default()
        }
        .counted()
    }
}
