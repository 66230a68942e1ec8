//! The invariants of loan-maths section 7, for tests and for whoever stores a statement.

use super::output::Statement;
use crate::base::money::Fen;

impl Statement {
    /// The first invariant that does not hold, in words for a log; `None` when all is well.
    /// A statement with one is never stored.
    pub fn broken_invariant(&self) -> Option<&'static str> {
        let (position, totals) = (&self.position, &self.totals);
        let sum = |amounts: &[Fen]| amounts.iter().copied().sum::<Fen>();
        let repaid = sum(&[
            totals.principal_by_borrower,
            totals.principal_by_compensation,
            totals.principal_by_relief,
        ]);
        let (mut due_principal, mut due_interest, mut open_interest) =
            (Fen::ZERO, Fen::ZERO, Fen::ZERO);
        let mut least = Fen::ZERO;
        for row in &self.instalments {
            due_principal += row.principal;
            if row.due_on <= self.as_of {
                due_interest += row.interest;
                open_interest += row.interest - row.paid_interest;
            }
            least = [
                row.interest - row.paid_interest,
                row.principal - row.paid_principal,
                row.penalty - row.paid_penalty,
                row.paid_interest,
                row.paid_principal,
                row.paid_penalty,
                row.waived,
                row.subsidised,
                row.balance_after,
            ]
            .into_iter()
            .fold(least, Fen::min);
        }
        least = least.min(position.unapplied).min(position.surplus).min(position.next_due_amount);
        let money_in = sum(&[totals.money_paid, totals.money_granted, totals.money_prepaid]);
        let money_used = sum(&[repaid, totals.interest_paid, totals.penalty_paid]);
        let by_state: Fen = self.state_paid.iter().map(|paid| paid.interest).sum();
        let rules = [
            (least >= Fen::ZERO, "no amount is negative"),
            (
                totals.disbursed == position.principal_outstanding + repaid,
                "principal disbursed = outstanding + repaid by each payer",
            ),
            (due_principal == totals.disbursed, "the instalments sum to the principal"),
            (due_interest == totals.borrower_interest, "interest due = the rows' interest"),
            (
                totals.borrower_interest == totals.interest_paid + open_interest,
                "interest charged = paid + unpaid",
            ),
            (by_state == totals.state_interest, "the state's interest = its settlements"),
            (
                money_in == money_used + position.unapplied + position.surplus,
                "money received = money used + unapplied + surplus",
            ),
        ];
        rules.into_iter().find(|rule| !rule.0).map(|rule| rule.1)
    }
}
