//! What comes out (loan-maths section 7): instalments, state-paid interest, position, totals.
//! Only numbers; texts are rendered from them when asked (`because.rs`).

use chrono::NaiveDate;

use super::terms::{Facts, words};
use crate::base::money::Fen;
use crate::base::rate::RatePpm;

words! {
    /// How an instalment stands on the day of the statement.
    InstalmentState {
        Paid = "paid",
        /// Some of it was paid on its due day, which is today; the rest is due.
        PartPaid = "part_paid",
        /// Open after its due day, whether or not part of it was paid.
        Overdue = "overdue",
        /// Open after its due day, and whether it was paid is not known yet.
        Awaiting = "awaiting",
        /// Its due day is today and nothing was paid.
        Due = "due",
        /// Its due day is still to come; a projection.
        Upcoming = "upcoming",
        /// The state paid all that the day would have asked for.
        Waived = "waived",
    }
}

words! {
    /// Where in its life a contract is.
    Stage {
        /// Nothing was paid out yet.
        Undisbursed = "undisbursed",
        /// Up to and including the subsidy end.
        InStudy = "in_study",
        /// From then until the first principal due day.
        Grace = "grace",
        /// From the first principal due day on.
        Repaying = "repaying",
        Settled = "settled",
    }
}

/// Why a row exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// A yearly due day or the final due day.
    DueDay,
    /// A day on which money was repaid early (prepaid, compensated, relieved).
    EarlySettlement,
}

/// Who pays a span of interest, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payer {
    Borrower,
    /// The state, because the borrower studies.
    Subsidy,
    /// The state, because the year's interest is waived.
    Waiver,
}

/// A stretch of days with one principal, one rate and one payer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub first_day: NaiveDate,
    pub days: i64,
    /// Principal that bore interest.
    pub principal: Fen,
    pub rate: RatePpm,
    pub payer: Payer,
}

/// A stretch of days on which one instalment's overdue principal bore penalty interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PenaltySpan {
    /// Index of the instalment.
    pub row: usize,
    pub first_day: NaiveDate,
    pub days: i64,
    pub principal: Fen,
    /// Contract rate, before the penalty multiplier.
    pub rate: RatePpm,
    /// True when the year is waived and the state bears it.
    pub waived: bool,
}

/// Where the principal of a row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrincipalBasis {
    Nothing,
    /// An equal part of what was not yet due when the plan was cut.
    Share {
        of: Fen,
        /// Into how many parts.
        parts: i64,
        /// Principal deferred to this day.
        carried: Fen,
    },
    /// The equal amount of the bank's own plan.
    BankPlan {
        equal: Fen,
        /// Principal deferred to this day.
        carried: Fen,
    },
    /// All that was left.
    Rest,
    Early,
    /// Would have been due, but was deferred to the next due day.
    Deferred(Fen),
}

/// One row: what a day asks for and what became of it. Money in fen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instalment {
    /// The due day or the day of the early settlement.
    pub due_on: NaiveDate,
    /// Due day or early settlement.
    pub kind: RowKind,
    /// Days of interest that the row is about (the borrower's; the state's if there are none).
    pub days: i64,
    /// Rate in force on that day.
    pub rate: RatePpm,
    /// Interest that the borrower owes (zero when the state pays).
    pub interest: Fen,
    /// Principal that falls due, or was repaid early.
    pub principal: Fen,
    /// Where that principal comes from.
    pub principal_basis: PrincipalBasis,
    /// Interest paid so far (by borrower, compensation or relief).
    pub paid_interest: Fen,
    /// Principal paid so far.
    pub paid_principal: Fen,
    /// Penalty interest up to the day of the statement.
    pub penalty: Fen,
    /// Penalty interest paid so far.
    pub paid_penalty: Fen,
    /// Interest of this row that a waiver year made the state's.
    pub waived: Fen,
    /// Interest settled on this day that the state pays because of study.
    pub subsidised: Fen,
    pub state: InstalmentState,
    /// Principal not yet due after that day.
    pub balance_after: Fen,
    /// The day on which nothing of it was open any more.
    pub settled_on: Option<NaiveDate>,
    /// Index in the statement, by which the penalty spans refer to it.
    pub(super) at: usize,
    pub(super) spans: (usize, usize),
}

impl Instalment {
    /// What this row shows as paid by the state. The waived interest; on a day without a single
    /// day of the borrower's (an early settlement during study) the subsidy of the days it
    /// settles. The subsidy of the months before a first instalment is in `state_paid` only, so
    /// that the figure is always explained by the row's own spans and equals the bank's 免除利息.
    pub fn paid_by_state(&self) -> Fen {
        if self.waived.is_zero() && self.interest.is_zero() { self.subsidised } else { self.waived }
    }

    /// What is still to be paid: interest, principal and penalty.
    pub fn open(&self) -> Fen {
        self.interest + self.principal + self.penalty
            - self.paid_interest
            - self.paid_principal
            - self.paid_penalty
    }
}

/// Interest that the state pays on a settlement day (subsidy and waiver together, rounded once).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatePaid {
    pub settled_on: NaiveDate,
    pub interest: Fen,
    /// The part of it that was the borrower's before a waiver; the rest is subsidy during study.
    pub waived: Fen,
}

impl StatePaid {
    /// 贴息: what the state pays because the borrower studies.
    pub fn subsidy(&self) -> Fen {
        self.interest - self.waived
    }
}

/// How a contract stands on a day. Money in fen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Principal not repaid, due or not.
    pub principal_outstanding: Fen,
    /// Principal whose due day is past and that was not paid.
    pub overdue_principal: Fen,
    /// Interest whose due day is past and that was not paid.
    pub overdue_interest: Fen,
    /// Penalty interest not paid.
    pub penalty: Fen,
    /// Open of due days of which the bank's result is not known yet: neither paid nor overdue.
    pub awaiting: Fen,
    /// The oldest of these due days.
    pub awaiting_on: Option<NaiveDate>,
    /// Principal and interest due today and not paid (due, not yet overdue).
    pub due_today: Fen,
    /// The oldest due day of which something is open (today's included; none that awaits the
    /// bank).
    pub oldest_unpaid_due_on: Option<NaiveDate>,
    /// Days from that day to the day of the position, as far as money is known.
    pub days_overdue: i64,
    /// The next due day after the day of the position.
    pub next_due_on: Option<NaiveDate>,
    /// What that day will ask for at the rate in force, before unapplied money.
    pub next_due_amount: Fen,
    /// Money paid that nothing asked for yet.
    pub unapplied: Fen,
    /// Compensation or relief beyond the debt, which belongs to the student.
    pub surplus: Fen,
    /// The day on which the whole debt was gone.
    pub settled_on: Option<NaiveDate>,
    /// The next day on which this position (apart from `days_overdue`) can change by itself.
    /// Never late, sometimes early: the daily growth of a penalty may round to nothing, and
    /// every re-pricing day counts. Events that take effect later are not looked at; see
    /// [`super::next_effective_on`].
    pub changes_on: Option<NaiveDate>,
    /// Where in its life the contract is.
    pub stage: Stage,
    /// The subsidy end after all events.
    pub subsidy_ends_on: NaiveDate,
    /// The first day on which principal falls due after all events.
    pub first_principal_on: NaiveDate,
    /// The yearly rate in force; `None` while there is no principal.
    pub rate: Option<RatePpm>,
}

/// Sums up to the day of the statement. Money in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub disbursed: Fen,
    /// Interest that fell due for the borrower.
    pub borrower_interest: Fen,
    /// Interest settled by the state, waivers included.
    pub state_interest: Fen,
    /// The part of it that was the borrower's before a waiver.
    pub waived_interest: Fen,
    /// Penalty interest charged to the borrower.
    pub penalty: Fen,
    /// Penalty interest of waived years.
    pub state_penalty: Fen,
    /// Principal repaid by borrower or co-borrower.
    pub principal_by_borrower: Fen,
    /// Principal repaid by compensation.
    pub principal_by_compensation: Fen,
    /// Principal repaid by relief.
    pub principal_by_relief: Fen,
    /// Interest paid, by whomever.
    pub interest_paid: Fen,
    /// Penalty interest paid, by whomever.
    pub penalty_paid: Fen,
    /// All money of `paid` events.
    pub money_paid: Fen,
    /// All money of `compensated` and `relieved` events.
    pub money_granted: Fen,
    /// What `prepaid` events settled: principal, interest and penalty.
    pub money_prepaid: Fen,
}

/// The whole life of one contract as of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub as_of: NaiveDate,
    /// The last day of which all payments are known; `as_of` when all are.
    pub known_until: NaiveDate,
    /// Past rows as they stand, then the projection.
    pub instalments: Vec<Instalment>,
    /// State-paid interest by settlement day, up to `as_of`.
    pub state_paid: Vec<StatePaid>,
    /// How the contract stands.
    pub position: Position,
    /// Sums up to `as_of`.
    pub totals: Totals,
    pub(super) spans: Vec<Span>,
    pub(super) penalty_spans: Vec<PenaltySpan>,
    pub(super) terms: Facts,
    pub(super) subsidy_ends_on: NaiveDate,
    /// From which day on a switch made a difference.
    pub(super) switches_used: Vec<(NaiveDate, &'static str)>,
}
