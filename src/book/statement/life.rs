//! Which events count on the day of the statement, and what they make of the terms.
//!
//! Decided here where loan-maths leaves two readings:
//! * A reversal counts from its own `on`, like every event ("a statement as of D uses nothing
//!   effective after D"). Whoever records one gives it the day of the event it undoes.
//! * Two of one kind for one day are refused among the events that nothing reverses; while a
//!   reversal is not yet effective, the one that stays wins.
//! * `from` of a moved subsidy end on or before the day after the old end leaves no gap.
//! * `study_ended_early` sets the end to the last day of its month even when that is later than
//!   the old end: whether it may be recorded then is for the desk to decide.

use chrono::{Datelike, NaiveDate};

use super::accept::{FIRST_YEAR, check_events, check_terms};
use super::as_of::AsOf;
use super::error::StatementError;
use super::event::{Event, EventKind};
use super::rates::RateTables;
use super::terms::{SelfPayStarts, Terms};
use crate::base::dates::last_of_month;
use crate::base::money::Fen;
use crate::base::rate::RatePpm;

/// Years as bits, from `FIRST_YEAR` on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Years(u128);

impl Years {
    fn add(&mut self, year: i32) {
        if let Ok(bit) = u32::try_from(year - FIRST_YEAR) {
            self.0 |= 1u128.checked_shl(bit).unwrap_or(0);
        }
    }

    /// True for a year that was added.
    pub fn has(self, year: i32) -> bool {
        u32::try_from(year - FIRST_YEAR)
            .is_ok_and(|bit| self.0 & 1u128.checked_shl(bit).unwrap_or(0) != 0)
    }
}

/// What one act of a day does to the money or the plan; declared in the order within a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Act {
    /// The subsidy end changed: only the plan is cut anew here, the terms hold for the whole life.
    SubsidyChanged,
    /// The bank's plan: equal amount in fen, first year.
    Plan(i64, i32),
    Disburse(i64),
    Pay(i64),
    Compensate(i64),
    Relieve(i64),
    /// Early repayment: principal in fen, or the whole.
    Prepay(Option<i64>),
}

impl Act {
    /// Money that comes in: up to its day the bank has told what happened to the contract.
    fn is_payment(&self) -> bool {
        matches!(self, Act::Pay(_) | Act::Compensate(_) | Act::Relieve(_) | Act::Prepay(_))
    }
}

/// Events and terms joined: everything the walk needs.
pub(super) struct Life<'a> {
    pub terms: &'a Terms,
    pub rates: &'a RateTables,
    pub as_of: NaiveDate,
    /// The last day of which all payments are known.
    pub known_until: NaiveDate,
    /// Penalty is charged up to this day: as far as money is known, for the whole contract or
    /// by a payment of its own.
    pub penalty_until: NaiveDate,
    /// By day, then by order within the day.
    pub acts: Vec<(NaiveDate, Act)>,
    /// Intervals of days (both included) whose interest the state pays, oldest first.
    pub state_pays: Vec<(NaiveDate, NaiveDate)>,
    pub subsidy_ends_on: NaiveDate,
    /// First 12-20 on or after the subsidy end.
    pub first_interest_on: NaiveDate,
    /// Year of the subsidy end + grace.
    pub first_principal_year: i32,
    pub first_disbursed_on: Option<NaiveDate>,
    /// Bank's rates: for the days after the day given.
    pub rate_sets: Vec<(NaiveDate, RatePpm)>,
    pub waived: Years,
    pub deferred: Years,
}

impl<'a> Life<'a> {
    /// Checks terms and events and keeps what is effective on or before `as_of`.
    pub fn new(
        terms: &'a Terms,
        events: &[Event],
        rates: &'a RateTables,
        days: AsOf,
    ) -> Result<Self, StatementError> {
        let as_of = days.day();
        check_terms(terms)?;
        let reversals = check_events(terms, events)?;
        let mut life = Life {
            terms,
            rates,
            as_of,
            known_until: days.known(),
            penalty_until: days.penalty(),
            acts: Vec::with_capacity(events.len()),
            state_pays: Vec::with_capacity(2),
            subsidy_ends_on: terms.subsidy_ends_on,
            first_interest_on: NaiveDate::MAX,
            first_principal_year: 0,
            first_disbursed_on: None,
            rate_sets: Vec::new(),
            waived: Years::default(),
            deferred: Years::default(),
        };
        life.state_pays.push((NaiveDate::MIN, life.last_state_day(terms.subsidy_ends_on)));
        let mut singles: Vec<Single> = Vec::new();
        for event in events {
            if event.on > as_of || reversals.undo(event.id, as_of) {
                continue;
            }
            match event.kind {
                EventKind::RateSet { .. }
                | EventKind::SubsidyEndMoved { .. }
                | EventKind::StudyEndedEarly
                | EventKind::PlanSet { .. } => singles.push(Single {
                    on: event.on,
                    order: order_in_day(&event.kind),
                    stays: !reversals.ever(event.id),
                    event: *event,
                }),
                _ => life.take(event),
            }
        }
        life.take_singles(singles);
        life.settle_dates();
        life.acts.sort_unstable();
        life.merge();
        let paid = life.acts.iter().rev().find(|(_, act)| act.is_payment());
        life.penalty_until = life.penalty_until.max(paid.map_or(NaiveDate::MIN, |act| act.0));
        Ok(life)
    }

    fn take(&mut self, event: &Event) {
        let act = match event.kind {
            EventKind::Disbursed { amount } => {
                let first = self.first_disbursed_on.map_or(event.on, |on| on.min(event.on));
                self.first_disbursed_on = Some(first);
                Act::Disburse(amount.get())
            }
            EventKind::Paid { amount } => Act::Pay(amount.get()),
            EventKind::Compensated { amount } => Act::Compensate(amount.get()),
            EventKind::Relieved { amount } => Act::Relieve(amount.get()),
            EventKind::Prepaid { principal } => Act::Prepay(principal.map(Fen::get)),
            EventKind::InterestWaived => return self.waived.add(event.on.year()),
            EventKind::PrincipalDeferred => return self.deferred.add(event.on.year()),
            _ => return,
        };
        self.acts.push((event.on, act));
    }

    /// Takes the events of which a day has at most one; of two on one day (possible while a
    /// reversal is not yet effective) the one that stays.
    fn take_singles(&mut self, mut singles: Vec<Single>) {
        if singles.is_empty() {
            return;
        }
        singles.sort_unstable_by_key(|one| (one.on, one.order, one.stays, one.event.id));
        singles.reverse();
        singles.dedup_by_key(|one| (one.on, one.order));
        for Single { on, event, .. } in singles.into_iter().rev() {
            match event.kind {
                EventKind::RateSet { rate } => self.rate_sets.push((on, rate)),
                EventKind::PlanSet { equal_amount, first_year } => {
                    self.acts.push((on, Act::Plan(equal_amount.get(), first_year)));
                }
                _ => {
                    self.amend(&event);
                    self.acts.push((on, Act::SubsidyChanged));
                }
            }
        }
    }

    /// The last day the state pays for a subsidy end (switch `self_pay_starts`).
    fn last_state_day(&self, end: NaiveDate) -> NaiveDate {
        match self.terms.switches.self_pay_starts {
            SelfPayStarts::SubsidyEnd => end,
            SelfPayStarts::NextDay => end.succ_opt().unwrap_or(end),
        }
    }

    /// Moves the subsidy end for the whole life, as if known from the start.
    fn amend(&mut self, event: &Event) {
        let (to, from) = match event.kind {
            EventKind::SubsidyEndMoved { to, from } => (to, from),
            _ => {
                let end = last_of_month(event.on.year(), event.on.month()).unwrap_or(event.on);
                (end, None)
            }
        };
        let last = self.last_state_day(to);
        let old = self.last_state_day(self.subsidy_ends_on);
        let next = old.succ_opt().unwrap_or(old);
        let start = from.map_or(next, |from| from.max(next));
        if last <= old {
            self.state_pays.retain(|pays| pays.0 <= last);
            if let Some(pays) = self.state_pays.last_mut() {
                pays.1 = pays.1.min(last);
            }
        } else if start == next && self.state_pays.last().is_some_and(|pays| pays.1 == old) {
            if let Some(pays) = self.state_pays.last_mut() {
                pays.1 = last;
            }
        } else if start <= last {
            self.state_pays.push((start, last));
        }
        self.subsidy_ends_on = to;
    }

    fn settle_dates(&mut self) {
        let end = self.subsidy_ends_on;
        let same_year = self.terms.due_day.in_year(end.year());
        self.first_interest_on =
            if same_year >= end { same_year } else { self.terms.due_day.in_year(end.year() + 1) };
        self.first_principal_year = end.year() + self.terms.grace_years;
    }

    /// Adds up money events of one kind and day (a whole prepayment beats a part).
    fn merge(&mut self) {
        self.acts.dedup_by(|later, earlier| {
            if later.0 != earlier.0 {
                return false;
            }
            match (&mut earlier.1, later.1) {
                (Act::Disburse(sum), Act::Disburse(more))
                | (Act::Pay(sum), Act::Pay(more))
                | (Act::Compensate(sum), Act::Compensate(more))
                | (Act::Relieve(sum), Act::Relieve(more))
                | (Act::Prepay(Some(sum)), Act::Prepay(Some(more))) => *sum += more,
                (Act::Prepay(sum), Act::Prepay(more)) => {
                    *sum = if sum.is_none() { None } else { more };
                }
                (Act::SubsidyChanged, Act::SubsidyChanged) => {}
                _ => return false,
            }
            true
        });
    }

    /// Who pays the interest of a day, and the last day for which that stays so.
    pub fn state_pays_on(&self, day: NaiveDate) -> (bool, NaiveDate) {
        for (from, until) in &self.state_pays {
            if day < *from {
                return (false, from.pred_opt().unwrap_or(*from));
            }
            if day <= *until {
                return (true, *until);
            }
        }
        (false, NaiveDate::MAX)
    }
}

/// An event of which a day can have one.
struct Single {
    on: NaiveDate,
    order: u8,
    stays: bool,
    event: Event,
}

fn order_in_day(kind: &EventKind) -> u8 {
    match kind {
        EventKind::RateSet { .. } => 0,
        EventKind::SubsidyEndMoved { .. } => 1,
        EventKind::StudyEndedEarly => 2,
        _ => 3,
    }
}
