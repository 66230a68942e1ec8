//! The events of a contract's life (loan-maths section 1): what happened, from when on, and when
//! it was written down. Append-only; a mistake is undone by [`EventKind::Reversed`].

use chrono::{NaiveDate, NaiveDateTime};

use crate::base::dates::day_in;
use crate::base::ids::EventId;
use crate::base::money::Fen;
use crate::base::rate::RatePpm;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// Money paid out; interest runs from this day.
    Disbursed {
        /// What was paid out.
        amount: Fen,
    },
    /// The state pays until the new day.
    SubsidyEndMoved {
        /// The new last day of the state's interest.
        to: NaiveDate,
        /// The first day on which it pays again, when there is a gap after the old end.
        from: Option<NaiveDate>,
    },
    /// Drop-out or expulsion; the subsidy ends with the month.
    StudyEndedEarly,
    /// A repayment by borrower or co-borrower.
    Paid { amount: Fen },
    /// An early repayment that the bank has settled.
    Prepaid {
        /// Principal repaid; `None`: the whole contract.
        principal: Option<Fen>,
    },
    /// Service-member or grass-roots money paid on the borrower's behalf.
    Compensated { amount: Fen },
    /// Repayment relief of the risk-compensation fund.
    Relieved { amount: Fen },
    /// The interest that falls due in the year of `on` is the state's.
    InterestWaived,
    /// The principal due in the year of `on` moves by a year.
    PrincipalDeferred,
    /// The bank's own plan.
    PlanSet {
        /// The equal amount N; the last amount is what remains.
        equal_amount: Fen,
        /// The year of the first principal.
        first_year: i32,
    },
    /// The bank's own rate, for the days after `on`.
    RateSet { rate: RatePpm },
    /// 提额 before disbursement: a record only.
    AmountRaised {
        /// The amount now approved.
        to: Fen,
    },
    /// Undoes one earlier event.
    Reversed { of: EventId },
}

impl EventKind {
    /// The names of all kinds, in the order of the table of loan-maths section 1.
    pub const NAMES: &'static [&'static str] = &[
        "disbursed",
        "subsidy_end_moved",
        "study_ended_early",
        "paid",
        "prepaid",
        "compensated",
        "relieved",
        "interest_waived",
        "principal_deferred",
        "plan_set",
        "rate_set",
        "amount_raised",
        "reversed",
    ];

    /// The name of this kind in files and databases.
    pub const fn name(&self) -> &'static str {
        match self {
            EventKind::Disbursed { .. } => "disbursed",
            EventKind::SubsidyEndMoved { .. } => "subsidy_end_moved",
            EventKind::StudyEndedEarly => "study_ended_early",
            EventKind::Paid { .. } => "paid",
            EventKind::Prepaid { .. } => "prepaid",
            EventKind::Compensated { .. } => "compensated",
            EventKind::Relieved { .. } => "relieved",
            EventKind::InterestWaived => "interest_waived",
            EventKind::PrincipalDeferred => "principal_deferred",
            EventKind::PlanSet { .. } => "plan_set",
            EventKind::RateSet { .. } => "rate_set",
            EventKind::AmountRaised { .. } => "amount_raised",
            EventKind::Reversed { .. } => "reversed",
        }
    }

    /// True for kinds that belong to a calendar year and take effect on its 01-01.
    pub const fn is_of_a_year(&self) -> bool {
        matches!(self, EventKind::InterestWaived | EventKind::PrincipalDeferred)
    }
}

/// One entry of the append-only list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Unique within the contract.
    pub id: EventId,
    /// The effective day; for kinds of a year its 01-01 (see [`Event::of_year`]).
    pub on: NaiveDate,
    /// When it was recorded (UTC); `None` counts as known from the start.
    pub recorded_at: Option<NaiveDateTime>,
    pub kind: EventKind,
}

impl Event {
    /// An event of a day, known from the start.
    pub const fn new(id: i64, on: NaiveDate, kind: EventKind) -> Self {
        Event { id: EventId::new(id), on, recorded_at: None, kind }
    }

    /// An event of a year: effective on its 01-01.
    pub fn of_year(id: i64, year: i32, kind: EventKind) -> Self {
        Event::new(id, day_in(year, 1, 1), kind)
    }

    /// The same event with its instant of recording.
    pub const fn recorded(mut self, at: NaiveDateTime) -> Self {
        self.recorded_at = Some(at);
        self
    }
}
