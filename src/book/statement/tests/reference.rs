//! The same life computed slowly: every day by itself, straight from the sentences of
//! loan-maths, sharing no code with the engine but the types of its input.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};

use super::*;

/// What a day asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub due_on: NaiveDate,
    pub early: bool,
    pub interest: i64,
    pub principal: i64,
    pub paid: [i64; 3],
    pub penalty: i64,
    pub state_penalty: i64,
    pub waived: i64,
    pub balance_after: i64,
    closed: [i64; 2],
    running: [i128; 2],
}

#[derive(Debug, Default)]
pub struct Slow {
    pub rows: Vec<Row>,
    pub state_paid: Vec<(NaiveDate, i64)>,
    pub not_due: i64,
    pub unapplied: i64,
    pub surplus: i64,
    pub settled_on: Option<NaiveDate>,
    pub next_due: Option<(NaiveDate, i64)>,
}

fn half_up(num: i128, den: i128) -> i64 {
    i64::try_from((num * 2 + den).div_euclid(den * 2)).unwrap()
}

struct World<'a> {
    terms: &'a Terms,
    rates: &'a RateTables,
    events: Vec<Event>,
    state_days: BTreeSet<NaiveDate>,
    subsidy_end: NaiveDate,
    as_of: NaiveDate,
}

fn days(from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    from.iter_days().take_while(move |day| *day <= to)
}

impl World<'_> {
    fn has(&self, kind: &EventKind, year: i32) -> bool {
        self.events.iter().any(|e| e.kind == *kind && e.on.year() == year)
    }

    fn on(&self, day: NaiveDate) -> impl Iterator<Item = EventKind> {
        self.events.iter().filter(move |e| e.on == day).map(|e| e.kind)
    }

    /// The rate charged for a day; days of the projection have the rate in force on `as_of`.
    fn rate(&self, day: NaiveDate) -> i64 {
        let known = day.min(self.as_of);
        let seen = |on: NaiveDate| if day > self.as_of { on <= known } else { on < known };
        let set = self
            .events
            .iter()
            .filter_map(|e| match e.kind {
                EventKind::RateSet { rate } if seen(e.on) => Some((e.on, rate)),
                _ => None,
            })
            .max();
        if let Some((_, rate)) = set {
            return i64::from(rate.get());
        }
        if let Pricing::Fixed(rate) = self.terms.pricing {
            return i64::from(rate.get());
        }
        let is_disbursed = |e: &&Event| matches!(e.kind, EventKind::Disbursed { .. });
        let first = self.events.iter().filter(is_disbursed).map(|e| e.on).min().unwrap();
        let december = (1990..=known.year()).map(|year| day_in(year, 12, 21));
        let pricing = december.filter(|day| *day <= known && *day > first).max().unwrap_or(first);
        let old = self.terms.signed_on < d("2020-01-01") && pricing < d("2020-12-21");
        let rate = if old {
            self.rates.benchmark().on(pricing)
        } else {
            self.rates.lpr().on(pricing).less(self.rates.margin(pricing))
        };
        i64::from(rate.get())
    }

    fn is_due_day(&self, day: NaiveDate) -> bool {
        day == self.terms.final_due_on
            || (day < self.terms.final_due_on && day == self.terms.due_day.in_year(day.year()))
    }
}

/// Which days the state pays, after all changes in the order of their `on`.
fn state_days(
    terms: &Terms,
    events: &[Event],
    last: NaiveDate,
) -> (BTreeSet<NaiveDate>, NaiveDate) {
    let shift = |end: NaiveDate| match terms.switches.self_pay_starts {
        SelfPayStarts::SubsidyEnd => end,
        SelfPayStarts::NextDay => end.succ_opt().unwrap(),
    };
    let mut end = terms.subsidy_ends_on;
    let mut paid: BTreeSet<NaiveDate> = days(d("1995-01-01"), shift(end)).collect();
    for day in days(d("1995-01-01"), last) {
        for early in [false, true] {
            for event in events.iter().filter(|e| e.on == day) {
                let (to, from) = match event.kind {
                    EventKind::SubsidyEndMoved { to, from } if !early => (to, from),
                    EventKind::StudyEndedEarly if early => {
                        let next = if day.month() == 12 {
                            day_in(day.year() + 1, 1, 1)
                        } else {
                            day_in(day.year(), day.month() + 1, 1)
                        };
                        (next.pred_opt().unwrap(), None)
                    }
                    _ => continue,
                };
                let start = from.unwrap_or(NaiveDate::MIN).max(shift(end).succ_opt().unwrap());
                paid.extend(days(start, shift(to)));
                paid.retain(|day| *day <= shift(to));
                end = to;
            }
        }
    }
    (paid, end)
}

/// Lives through every day up to `as_of`, then projects to the final due day.
pub fn slow(terms: &Terms, events: &[Event], rates: &RateTables, as_of: NaiveDate) -> Slow {
    let mut known: Vec<Event> = events.iter().filter(|e| e.on <= as_of).copied().collect();
    let undone: Vec<_> = known
        .iter()
        .filter_map(|e| match e.kind {
            EventKind::Reversed { of } => Some(of),
            _ => None,
        })
        .collect();
    known.retain(|e| !undone.contains(&e.id) && !matches!(e.kind, EventKind::Reversed { .. }));
    let mut slow = Slow::default();
    if !known.iter().any(|e| matches!(e.kind, EventKind::Disbursed { .. })) {
        for event in &known {
            match event.kind {
                EventKind::Paid { amount } => slow.unapplied += amount.get(),
                EventKind::Compensated { amount } | EventKind::Relieved { amount } => {
                    slow.surplus += amount.get();
                }
                _ => {}
            }
        }
        return slow;
    }
    let (state_days, subsidy_end) = state_days(terms, &known, as_of);
    let start = known.iter().map(|e| e.on).min().unwrap();
    let world = World { terms, rates, events: known, state_days, subsidy_end, as_of };
    let first_year = subsidy_end.year() + terms.grace_years;
    let mut life = Living::new(world, (first_year, 0));
    let end = as_of.max(terms.final_due_on);
    for day in days(start, end) {
        life.day(day);
    }
    for row in &mut life.slow.rows {
        row.penalty = row.closed[0] + half_up(row.running[0], life.penalty_den);
        row.state_penalty = row.closed[1] + half_up(row.running[1], life.penalty_den);
    }
    life.slow
}

/// All money of one kind in a day's events.
fn money_of(today: &[EventKind], name: &str) -> i64 {
    let money = |kind: &EventKind| match kind {
        EventKind::Disbursed { amount }
        | EventKind::Paid { amount }
        | EventKind::Compensated { amount }
        | EventKind::Relieved { amount }
        | EventKind::Prepaid { principal: Some(amount) } => amount.get(),
        _ => 0,
    };
    today.iter().filter(|kind| kind.name() == name).map(money).sum()
}

struct Living<'a> {
    world: World<'a>,
    slow: Slow,
    plan: (i32, i64),
    of_bank: bool,
    carried: i64,
    acc: BTreeMap<&'static str, i128>,
    frozen_not_due: Option<i64>,
    disbursed: bool,
    penalty_den: i128,
    interest_den: i128,
}

impl<'a> Living<'a> {
    fn new(world: World<'a>, plan: (i32, i64)) -> Self {
        let interest_den = i128::from(world.terms.day_count.year_days()) * 1_000_000;
        Living {
            world,
            slow: Slow::default(),
            plan,
            of_bank: false,
            carried: 0,
            acc: BTreeMap::new(),
            frozen_not_due: None,
            disbursed: false,
            penalty_den: interest_den * 1_000_000,
            interest_den,
        }
    }

    fn day(&mut self, day: NaiveDate) {
        let future = day > self.world.as_of;
        if future && self.frozen_not_due.is_none() {
            self.frozen_not_due = Some(self.slow.not_due);
        }
        self.accrue(day, future);
        let today: Vec<EventKind> = if future { Vec::new() } else { self.world.on(day).collect() };
        let cut = self.before_due(&today);
        if self.world.is_due_day(day) {
            self.due_day(day, future);
        }
        let cut_early = self.use_money(day, &today);
        if cut || (cut_early && self.world.terms.switches.recut_after_prepayment == Recut::Spread) {
            self.cut(day);
        }
        if !future {
            let debt = self.slow.not_due > 0 || self.slow.rows.iter().any(|row| self.open(row) > 0);
            self.slow.settled_on = match self.slow.settled_on {
                _ if debt || !self.disbursed => None,
                None => Some(day),
                known => known,
            };
        }
    }

    /// Steps 2 and 3 of the day; says whether the plan is to be cut anew.
    fn before_due(&mut self, today: &[EventKind]) -> bool {
        let mut cut = false;
        for kind in today {
            if matches!(kind, EventKind::SubsidyEndMoved { .. } | EventKind::StudyEndedEarly) {
                self.plan.0 = self.world.subsidy_end.year() + self.world.terms.grace_years;
                (self.of_bank, cut) = (false, true);
            }
        }
        for kind in today {
            if let EventKind::PlanSet { equal_amount, first_year } = kind {
                self.plan = (*first_year, equal_amount.get());
                (self.of_bank, self.carried, cut) = (true, 0, false);
            }
        }
        let disbursed = money_of(today, "disbursed");
        if disbursed > 0 {
            self.disbursed = true;
            self.slow.not_due += disbursed;
            cut |= !self.of_bank;
        }
        cut
    }

    /// Steps 5 to 8 of the day; says whether principal was repaid early.
    fn use_money(&mut self, day: NaiveDate, today: &[EventKind]) -> bool {
        self.slow.unapplied += self.pay(money_of(today, "paid"));
        let mut early: Option<usize> = None;
        let mut cut_early = false;
        for granted in [money_of(today, "compensated"), money_of(today, "relieved")] {
            if granted > 0 {
                let row = *early.get_or_insert_with(|| self.early_row(day));
                let left = self.pay(granted);
                let principal = left.min(self.slow.not_due);
                self.repay(row, principal);
                cut_early |= principal > 0;
                self.slow.surplus += left - principal;
            }
        }
        let prepays = today.iter().filter(|kind| kind.name() == "prepaid");
        if prepays.clone().next().is_some() {
            let row = *early.get_or_insert_with(|| self.early_row(day));
            self.pay(1_000_000_000_000_000);
            let whole = prepays.clone().any(|k| *k == EventKind::Prepaid { principal: None });
            let named = if whole { self.slow.not_due } else { money_of(today, "prepaid") };
            let principal = named.min(self.slow.not_due);
            self.repay(row, principal);
            cut_early |= principal > 0;
        }
        cut_early
    }

    fn accrue(&mut self, day: NaiveDate, future: bool) {
        if !self.disbursed {
            return;
        }
        let rate = i128::from(self.world.rate(day));
        let payer = if self.world.state_days.contains(&day) { "state" } else { "own" };
        *self.acc.entry(payer).or_default() += i128::from(self.slow.not_due) * rate;
        if future {
            return;
        }
        let waived = self.world.has(&EventKind::InterestWaived, day.year());
        let penalty = rate * i128::from(self.world.terms.penalty_ppm);
        for row in &mut self.slow.rows {
            let late = i128::from(row.principal - row.paid[2]);
            row.running[usize::from(waived)] += late * penalty;
        }
    }

    fn post_day(&mut self, day: NaiveDate, early: bool) -> Row {
        let own = self.acc.remove("own").unwrap_or(0);
        let mut state = self.acc.remove("state").unwrap_or(0);
        let waived = self.world.has(&EventKind::InterestWaived, day.year());
        if waived {
            state += own;
        }
        let paid = half_up(state, self.interest_den);
        if paid > 0 && day <= self.world.as_of {
            self.slow.state_paid.push((day, paid));
        }
        let own = half_up(own, self.interest_den);
        Row {
            due_on: day,
            early,
            interest: if waived { 0 } else { own },
            principal: 0,
            paid: [0; 3],
            penalty: 0,
            state_penalty: 0,
            waived: if waived { own } else { 0 },
            balance_after: 0,
            closed: [0; 2],
            running: [0; 2],
        }
    }

    fn due_day(&mut self, day: NaiveDate, future: bool) {
        let mut row = self.post_day(day, false);
        let last = self.world.terms.final_due_on;
        if day == last {
            row.principal = self.slow.not_due;
        } else if day.year() >= self.plan.0 && day.year() < last.year() {
            let due = (self.plan.1 + self.carried).min(self.slow.not_due);
            if self.world.has(&EventKind::PrincipalDeferred, day.year()) {
                self.carried = due;
            } else {
                row.principal = due;
                self.carried = 0;
            }
        }
        self.slow.not_due -= row.principal;
        row.balance_after = self.slow.not_due;
        let amount = row.interest + row.principal;
        let end = self.world.subsidy_end;
        let first = (end.year()..).map(|year| self.world.terms.due_day.in_year(year));
        let first = first.into_iter().find(|due| *due >= end).unwrap();
        if future {
            if self.frozen_not_due.unwrap() > 0
                && self.slow.next_due.is_none()
                && (day >= first || amount > 0)
            {
                self.slow.next_due = Some((day, amount));
            }
            row.paid = [0; 3];
        }
        self.slow.rows.push(row);
        if !future {
            self.slow.unapplied = self.pay(self.slow.unapplied);
        }
    }

    fn early_row(&mut self, day: NaiveDate) -> usize {
        let mut row = self.post_day(day, true);
        row.balance_after = self.slow.not_due;
        self.slow.rows.push(row);
        self.slow.rows.len() - 1
    }

    fn repay(&mut self, at: usize, principal: i64) {
        self.slow.not_due -= principal;
        let row = &mut self.slow.rows[at];
        row.principal += principal;
        row.paid[2] += principal;
        row.balance_after = self.slow.not_due;
    }

    fn open(&self, row: &Row) -> i64 {
        let penalty = row.closed[0] + half_up(row.running[0], self.penalty_den);
        penalty + row.interest + row.principal - row.paid.iter().sum::<i64>()
    }

    /// Pays what is due and returns what is left. Parts: penalty, interest, principal.
    fn pay(&mut self, mut money: i64) -> i64 {
        let order = match self.world.terms.switches.allocation {
            Allocation::PenaltyInterestPrincipal => [0, 1, 2],
            Allocation::InterestPrincipalPenalty => [1, 2, 0],
            Allocation::PrincipalInterestPenalty => [2, 1, 0],
        };
        for row in &mut self.slow.rows {
            for part in order {
                let penalty = row.closed[0] + half_up(row.running[0], self.penalty_den);
                let open = [penalty, row.interest, row.principal][part] - row.paid[part];
                let now = open.min(money);
                money -= now;
                row.paid[part] += now;
                if part == 2 && now > 0 {
                    for payer in [0, 1] {
                        row.closed[payer] += half_up(row.running[payer], self.penalty_den);
                        row.running[payer] = 0;
                    }
                }
            }
        }
        money
    }

    fn cut(&mut self, day: NaiveDate) {
        let last = self.world.terms.final_due_on;
        let to_come = days(day.succ_opt().unwrap(), last.max(day))
            .filter(|later| self.world.is_due_day(*later))
            .filter(|later| {
                *later == last || (later.year() >= self.plan.0 && later.year() < last.year())
            })
            .count();
        let count = i128::try_from(to_come.max(1)).unwrap();
        self.plan.1 = half_up(i128::from(self.slow.not_due), count);
        (self.of_bank, self.carried) = (false, 0);
    }
}
