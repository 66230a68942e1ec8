//! Day by day through the life: interest accrues, due days ask, money is used, the plan is cut.
//!
//! It jumps from one day on which something happens to the next; between two of them the
//! interest of every stretch with one principal, rate and payer is principal x rate x days,
//! kept exact. Rounding happens on settlement days only (loan-maths section 2).
//!
//! Decided here where loan-maths leaves two readings:
//! * Every 12-20 settles each payer's part, also before the first interest due day: interest of
//!   the days between two subsidies falls due on the next 12-20.
//! * A bank's plan (`plan_set`) outlives a disbursement; a prepayment, compensation, relief or
//!   a change of the subsidy end cuts the derived plan in its place.
//! * Unapplied money is used on due days only, not by the interest that a compensation left due.

use chrono::{Datelike, NaiveDate};

use super::life::{Act, Life};
use super::output::{Payer, PenaltySpan, PrincipalBasis, RowKind, Span, StatePaid, Totals};
use super::owed::{Owed, half_up};
use super::plan::Plan;
use super::rates::december_before;
use super::terms::Pricing;
use crate::base::dates::{day_in, days_between};
use crate::base::money::Fen;
use crate::base::rate::RatePpm;

/// Who brings the money.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Giver {
    Borrower,
    Compensation,
    Relief,
}

/// Everything known while walking. Amounts in fen, `*_acc` exact numerators.
pub(super) struct Walk<'a> {
    pub life: &'a Life<'a>,
    /// Spans are kept for explanations (statement), or not (position).
    detail: bool,
    /// Interest has accrued through the end of this day.
    pub at: NaiveDate,
    pub not_due: i64,
    pub owed: Vec<Owed>,
    /// Rows before this one are fully paid.
    pub first_open: usize,
    /// Unpaid principal of all rows.
    pub overdue_principal: i64,
    pub unapplied: i64,
    pub surplus: i64,
    pub settled_on: Option<NaiveDate>,
    pub totals: Totals,
    pub state_paid: Vec<StatePaid>,
    pub spans: Vec<Span>,
    pub penalty_spans: Vec<PenaltySpan>,
    /// From which day on a switch made a difference.
    pub switches_used: Vec<(NaiveDate, &'static str)>,
    pub plan: Plan,
    state_acc: i128,
    own_acc: i128,
    own_days: i64,
    state_days: i64,
    span_start: usize,
    rate: i64,
    rate_until: NaiveDate,
    state_pays: bool,
    payer_until: NaiveDate,
    pub projecting: bool,
    /// Row of today's early settlement, if there is one.
    pub early_row: Option<usize>,
    /// Interest and penalty numerators are per these.
    interest_den: i128,
    pub penalty_den: i128,
}

impl<'a> Walk<'a> {
    pub fn new(life: &'a Life<'a>, detail: bool) -> Self {
        let interest_den = i128::from(life.terms.day_count.year_days()) * 1_000_000;
        let rows = if detail { 32 } else { 16 };
        Walk {
            life,
            detail,
            at: life.acts.first().and_then(|act| act.0.pred_opt()).unwrap_or(life.as_of),
            not_due: 0,
            owed: Vec::with_capacity(rows),
            first_open: 0,
            overdue_principal: 0,
            unapplied: 0,
            surplus: 0,
            settled_on: None,
            totals: Totals::default(),
            state_paid: Vec::with_capacity(if detail { 16 } else { 0 }),
            spans: Vec::with_capacity(if detail { 48 } else { 0 }),
            penalty_spans: Vec::new(),
            switches_used: Vec::new(),
            plan: Plan::new(life.first_principal_year, 0, false),
            state_acc: 0,
            own_acc: 0,
            own_days: 0,
            state_days: 0,
            span_start: 0,
            rate: 0,
            rate_until: NaiveDate::MIN,
            state_pays: false,
            payer_until: NaiveDate::MIN,
            projecting: false,
            early_row: None,
            interest_den,
            penalty_den: interest_den * 1_000_000,
        }
    }

    /// Lives through everything up to the end of `as_of`.
    pub fn live(&mut self) {
        let life = self.life;
        let mut acts = life.acts.iter().peekable();
        let mut due = self.next_due_day(self.at);
        loop {
            let next_act = acts.peek().map(|act| act.0);
            let Some(day) = earliest(next_act, due).filter(|day| *day <= life.as_of) else { break };
            self.accrue(day);
            let is_due = due == Some(day);
            while let Some((_, act)) = acts.next_if(|act| act.0 == day && is_before_due(&act.1)) {
                self.act(day, *act);
            }
            if is_due {
                self.due_day(day);
                due = self.next_due_day(day);
            }
            while let Some((_, act)) = acts.next_if(|act| act.0 == day) {
                self.act(day, *act);
            }
            self.end_day(day);
        }
        if self.not_due > 0 || self.overdue_principal > 0 {
            self.accrue(life.as_of);
        }
        self.at = life.as_of;
    }

    /// From here on only a projection: the rate in force, nothing paid, nothing penalised.
    pub fn project(&mut self) {
        self.projecting = true;
        self.rate = self.rate_in_force().map_or(0, i64::from);
        self.rate_until = NaiveDate::MAX;
    }

    /// Projects one due day and says what it will ask for.
    pub fn project_due_day(&mut self, day: NaiveDate) -> i64 {
        self.accrue(day);
        let rows = self.owed.len();
        self.due_day(day);
        self.owed.get(rows).map_or(0, |owed| owed.interest + owed.principal)
    }

    /// The rate charged for the days after today, without a re-pricing to come.
    pub fn rate_in_force(&self) -> Option<i32> {
        let life = self.life;
        let set = life.rate_sets.last().map(|set| set.1.get());
        match (set, life.terms.pricing) {
            (Some(rate), _) => Some(rate),
            (None, Pricing::Fixed(rate)) => Some(rate.get()),
            (None, Pricing::Floating) => {
                life.first_disbursed_on.map(|first| self.floating(first, life.as_of.max(first)).0)
            }
        }
    }

    /// True when no bank's rate and no fixed rate stands between the contract and 12-21.
    pub fn is_repriced(&self) -> bool {
        self.life.terms.pricing == Pricing::Floating && self.life.rate_sets.is_empty()
    }

    fn floating(&self, first: NaiveDate, day: NaiveDate) -> (i32, NaiveDate) {
        let signed_on = self.life.terms.signed_on;
        let year = december_before(day);
        let rate = if day_in(year, 12, 21) <= first {
            self.life.rates.priced(signed_on, first)
        } else {
            self.life.rates.priced_in_december(signed_on, year)
        };
        (rate.get(), day_in(year + 1, 12, 20))
    }

    /// Loads rate and payer of a day, and how long each stays.
    fn look_up(&mut self, day: NaiveDate) {
        if day > self.payer_until {
            (self.state_pays, self.payer_until) = self.life.state_pays_on(day);
        }
        if day <= self.rate_until {
            return;
        }
        let sets = &self.life.rate_sets;
        let after = sets.partition_point(|set| set.0 < day);
        let next_set = sets.get(after).map_or(NaiveDate::MAX, |set| set.0);
        let (rate, until) = match (after.checked_sub(1).and_then(|at| sets.get(at)), self.life) {
            (Some(set), _) => (set.1.get(), NaiveDate::MAX),
            (None, life) => match (life.terms.pricing, life.first_disbursed_on) {
                (Pricing::Fixed(rate), _) => (rate.get(), NaiveDate::MAX),
                (Pricing::Floating, Some(first)) => self.floating(first, day),
                (Pricing::Floating, None) => (0, NaiveDate::MAX),
            },
        };
        self.rate = i64::from(rate);
        self.rate_until = until.min(next_set);
    }

    /// Charges every day after `self.at` up to `to`.
    fn accrue(&mut self, to: NaiveDate) {
        if self.not_due == 0 && (self.overdue_principal == 0 || self.projecting) {
            self.at = self.at.max(to);
            return;
        }
        while self.at < to {
            let Some(day) = self.at.succ_opt() else { return };
            self.look_up(day);
            let mut until = to.min(self.rate_until).min(self.payer_until);
            let penalty_until = self.life.penalty_until;
            let penal = self.overdue_principal > 0 && !self.projecting && day <= penalty_until;
            if penal {
                until = until.min(day_in(day.year(), 12, 31)).min(penalty_until);
            }
            let days = days_between(self.at, until);
            if self.not_due > 0 {
                self.charge(day, days);
            }
            if penal {
                self.penalise(day, days);
            }
            self.at = until;
        }
    }

    fn charge(&mut self, day: NaiveDate, days: i64) {
        let amount = i128::from(self.not_due) * i128::from(self.rate * days);
        if self.state_pays {
            self.state_acc += amount;
            self.state_days += days;
        } else {
            self.own_acc += amount;
            self.own_days += days;
        }
        if !self.detail {
            return;
        }
        let payer = if self.state_pays { Payer::Subsidy } else { Payer::Borrower };
        let (principal, rate) = (Fen::new(self.not_due), rate_of(self.rate));
        let same = |span: &&mut Span| {
            span.principal == principal && span.rate == rate && span.payer == payer
        };
        let open = self.spans.len() > self.span_start;
        match self.spans.last_mut().filter(|_| open).filter(same) {
            Some(span) => span.days += days,
            None => self.spans.push(Span { first_day: day, days, principal, rate, payer }),
        }
    }

    fn penalise(&mut self, day: NaiveDate, days: i64) {
        let waived = self.life.waived.has(day.year());
        let rate = i128::from(self.rate * days) * i128::from(self.life.terms.penalty_ppm);
        let (at, charged) = (self.first_open, rate_of(self.rate));
        for (row, owed) in self.owed.iter_mut().enumerate().skip(at) {
            let open = owed.open_principal();
            if open <= 0 {
                continue;
            }
            let amount = i128::from(open) * rate;
            if waived {
                owed.state_penalty_run += amount;
            } else {
                owed.penalty_run += amount;
            }
            if !self.detail || amount == 0 {
                continue;
            }
            let principal = Fen::new(open);
            let known = self.penalty_spans.iter_mut().rev().find(|span| span.row == row);
            match known {
                Some(span)
                    if span.principal == principal
                        && span.rate == charged
                        && span.waived == waived =>
                {
                    span.days += days;
                }
                _ => self.penalty_spans.push(PenaltySpan {
                    row,
                    first_day: day,
                    days,
                    principal,
                    rate: charged,
                    waived,
                }),
            }
        }
    }

    /// Notes that a named switch decided something on a day.
    pub(super) fn used(&mut self, day: NaiveDate, switch: &'static str) {
        if self.detail && !self.switches_used.iter().any(|used| used.1 == switch) {
            self.switches_used.push((day, switch));
        }
    }

    fn act(&mut self, day: NaiveDate, act: Act) {
        match act {
            Act::SubsidyChanged => {
                self.plan.first_year = self.life.first_principal_year;
                self.plan.of_bank = false;
                self.plan.cut_other = true;
            }
            Act::Plan(equal, first_year) => {
                self.plan = Plan::new(first_year, equal, true);
            }
            Act::Disburse(amount) => {
                self.not_due += amount;
                self.totals.disbursed += Fen::new(amount);
                self.plan.cut_other |= !self.plan.of_bank;
            }
            Act::Pay(amount) => {
                self.totals.money_paid += Fen::new(amount);
                let used = self.pay(day, amount, Giver::Borrower);
                self.unapplied += amount - used;
            }
            Act::Compensate(amount) => self.grant(day, amount, Giver::Compensation),
            Act::Relieve(amount) => self.grant(day, amount, Giver::Relief),
            Act::Prepay(principal) => self.prepay(day, principal),
        }
    }

    /// Settles all interest accrued, each payer's part by that payer, and opens a row for it.
    /// Principal is asked for by the caller.
    pub(super) fn post_day(&mut self, day: NaiveDate, kind: RowKind) -> Owed {
        let waived_year = self.life.waived.has(day.year());
        let own = half_up(self.own_acc, self.interest_den);
        let all = if waived_year { self.state_acc + self.own_acc } else { self.state_acc };
        let state = half_up(all, self.interest_den);
        let (interest, waived) = if waived_year { (0, own) } else { (own, 0) };
        if state > 0 && !self.projecting {
            if self.detail {
                let (interest, waived) = (Fen::new(state), Fen::new(waived));
                self.state_paid.push(StatePaid { settled_on: day, interest, waived });
            }
            self.totals.state_interest += Fen::new(state);
            self.totals.waived_interest += Fen::new(waived);
        }
        if waived > 0 && self.detail {
            let start = self.span_start;
            for span in self.spans.iter_mut().skip(start) {
                if span.payer == Payer::Borrower {
                    span.payer = Payer::Waiver;
                }
            }
        }
        let row = Owed {
            due_on: day,
            kind,
            days: if self.own_days > 0 { self.own_days } else { self.state_days },
            rate: self.rate,
            interest,
            principal: 0,
            basis: PrincipalBasis::Nothing,
            paid_interest: 0,
            paid_principal: 0,
            paid_penalty: 0,
            waived,
            subsidised: state - waived,
            balance_after: self.not_due,
            settled_on: None,
            spans: (self.span_start, self.spans.len()),
            penalty_done: 0,
            penalty_run: 0,
            state_penalty_done: 0,
            state_penalty_run: 0,
        };
        if !self.projecting {
            self.totals.borrower_interest += Fen::new(interest);
        }
        (self.state_acc, self.own_acc, self.own_days, self.state_days) = (0, 0, 0, 0);
        self.span_start = self.spans.len();
        row
    }
}

fn rate_of(ppm: i64) -> RatePpm {
    RatePpm::new(i32::try_from(ppm).unwrap_or(i32::MAX))
}

fn earliest(a: Option<NaiveDate>, b: Option<NaiveDate>) -> Option<NaiveDate> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// Steps 2 and 3 of a day come before its due day.
fn is_before_due(act: &Act) -> bool {
    matches!(act, Act::SubsidyChanged | Act::Plan(..) | Act::Disburse(_))
}
