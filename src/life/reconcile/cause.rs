//! Why the bank's figures of a contract differ from ours: what a bank may have done otherwise is
//! tried out, one thing at a time, and what makes every figure equal to the fen is named. Pure. A
//! cause is a hint for the person who asks the bank; nothing is taken over by itself.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, NaiveDate};

use super::compare::{Difference, compare};
use crate::base::dates::day_in;
use crate::base::ids::EventId;
use crate::base::money::Fen;
use crate::base::rate::RatePpm;
use crate::book::bank::BankFigure;
use crate::book::bank_difference::Cause;
use crate::book::events::{EventRow, Origin};
use crate::book::loan::{Loan, switches_from_text, switches_to_text};
use crate::book::position::{Basis, statement_of};
use crate::book::statement::{
    Allocation, Event, EventKind, Instalment, Position, Recut, SelfPayStarts, Statement, Switches,
};

/// A figure that differs by as little is rounded otherwise.
const ROUNDING: i64 = 2;
/// A payment that was booked so many days late waited for a working day.
const WAITS_MOST: i64 = 10;
/// How far a subsidy end or the first principal year may be from ours.
const YEARS_OFF: i32 = 8;
/// Distinct equal amounts of the bank's rows that are tried.
const AMOUNTS_MOST: usize = 3;

/// One contract as both sides see it.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    pub loan: &'a Loan,
    pub events: &'a [EventRow],
    pub figures: &'a [BankFigure],
    pub basis: &'a Basis,
    /// The day up to which the bank's repayments are on record.
    pub until: Option<NaiveDate>,
}

/// What makes all figures equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub cause: Cause,
    /// What the bank did otherwise, as pages say it.
    pub words: String,
    /// What is recorded when the bank's word is taken; nothing where a person has to find out more.
    pub remedy: Option<(NaiveDate, EventKind)>,
}

/// The contract as it would be, if that were the cause.
struct Guess {
    found: Found,
    loan: Option<Loan>,
    basis: Option<Basis>,
    without: Vec<EventId>,
    with: Vec<(NaiveDate, EventKind)>,
}

impl Guess {
    fn new(cause: Cause, words: impl Into<String>) -> Guess {
        Guess {
            found: Found { cause, words: words.into(), remedy: None },
            loan: None,
            basis: None,
            without: Vec::new(),
            with: Vec::new(),
        }
    }

    /// It is an event that we do not have, and that can be recorded.
    fn event(mut self, on: NaiveDate, kind: EventKind) -> Guess {
        self.with.push((on, kind));
        self.found.remedy = Some((on, kind));
        self
    }

    /// Events that show what would come out, but are not what happened.
    fn supposing(mut self, events: impl IntoIterator<Item = (NaiveDate, EventKind)>) -> Guess {
        self.with.extend(events);
        self
    }

    fn without(mut self, events: impl IntoIterator<Item = EventId>) -> Guess {
        self.without.extend(events);
        self
    }

    fn loan(mut self, loan: Loan) -> Guess {
        self.loan = Some(loan);
        self
    }

    /// True when nothing differs then. A life that contradicts itself explains nothing.
    fn explains(&self, case: &Case<'_>) -> bool {
        let loan = self.loan.as_ref().unwrap_or(case.loan);
        let basis = self.basis.as_ref().unwrap_or(case.basis);
        let mut rows: Vec<EventRow> = case.events.to_vec();
        rows.retain(|row| !self.without.contains(&row.id));
        rows.retain(|row| row.reverses_id.is_none_or(|of| !self.without.contains(&of)));
        let last = case.events.iter().map(|row| row.id.get()).max().unwrap_or_default();
        for (at, (on, kind)) in (1..).zip(&self.with) {
            let id = EventId::new(last.saturating_add(at));
            let event = Event { id, on: *on, recorded_at: None, kind: *kind };
            let (office, at) = (&loan.office_code, loan.updated_at);
            rows.push(EventRow::new(office, loan.id, &event, at, Origin::default()));
        }
        let compared = compare(loan, &rows, case.figures, basis, case.until);
        compared.is_ok_and(|differences| differences.is_empty())
    }
}

/// What makes the differences of a contract go away; nothing when no single cause does.
pub fn explain(case: &Case<'_>, differences: &[Difference]) -> Option<Found> {
    let first = differences.first()?;
    let is_rounding = |one: &Difference| (one.bank - one.ours).get().abs() <= ROUNDING;
    if differences.iter().all(is_rounding) {
        let words = "每处只差一两分，是四舍五入的不同".to_owned();
        return Some(Found { cause: Cause::Rounding, words, remedy: None });
    }
    let since = differences.iter().map(|one| one.on_day).min().unwrap_or(first.on_day);
    let last = differences.iter().map(|one| one.on_day).max().unwrap_or(since);
    let ours = statement_of(case.loan, case.events, case.basis, last).ok()?;
    let trial = Trial { case, ours: &ours, since, last };
    // What is rarer or can be bent to fit more comes later.
    let guesses = [
        trial.terms(),
        trial.waivers(),
        trial.deferrals(),
        trial.working_days(),
        trial.own_money(),
        trial.rate_days(),
        trial.subsidy_ends(),
        trial.plans(),
        trial.rates(),
        trial.missing_money(),
    ];
    let mut guesses = guesses.into_iter().flatten();
    guesses.find(|guess| guess.explains(case)).map(|guess| guess.found)
}

struct Trial<'a> {
    case: &'a Case<'a>,
    /// Our statement on the last day that differs.
    ours: &'a Statement,
    /// The first and the last day of what differs.
    since: NaiveDate,
    last: NaiveDate,
}

impl Trial<'_> {
    fn loan(&self) -> &Loan {
        self.case.loan
    }

    /// The contract with other switches.
    fn switched(&self, change: impl FnOnce(&mut Switches)) -> Option<Loan> {
        let mut switches = switches_from_text(&self.loan().switches)?;
        change(&mut switches);
        Some(Loan { switches: switches_to_text(&switches), ..self.loan().clone() })
    }

    /// The bank reads the contract otherwise: days, order of payment, penalty.
    fn terms(&self) -> Vec<Guess> {
        let Some(now) = switches_from_text(&self.loan().switches) else { return Vec::new() };
        let mut found = Vec::new();
        let (starts, words) = match now.self_pay_starts {
            SelfPayStarts::SubsidyEnd => (
                SelfPayStarts::NextDay,
                "贴息截止的当天，银行算作国家贴息（110 天，本系统 111 天）",
            ),
            SelfPayStarts::NextDay => {
                (SelfPayStarts::SubsidyEnd, "贴息截止的当天，银行算作自付（111 天，本系统 110 天）")
            }
        };
        let mut switch = |cause, words: &str, loan: Option<Loan>| {
            found.extend(loan.map(|loan| Guess::new(cause, words).loan(loan)));
        };
        switch(Cause::Days, words, self.switched(|s| s.self_pay_starts = starts));
        let recut = match now.recut_after_prepayment {
            Recut::Spread => Recut::FromTheEnd,
            Recut::FromTheEnd => Recut::Spread,
        };
        let words = "提前还款以后，银行重排计划的办法不同（摊到以后各期，或者只减最后几期）";
        switch(Cause::Plan, words, self.switched(|s| s.recut_after_prepayment = recut));
        for order in [
            Allocation::PenaltyInterestPrincipal,
            Allocation::InterestPrincipalPenalty,
            Allocation::PrincipalInterestPenalty,
        ] {
            let words = "钱不够的一期，银行冲抵罚息、利息、本金的先后不同";
            switch(Cause::Order, words, self.switched(|s| s.allocation = order));
        }
        let year =
            |day_count: &str| Loan { day_count: day_count.to_owned(), ..self.loan().clone() };
        let other = if self.loan().day_count == "act_365" { "act_360" } else { "act_365" };
        switch(Cause::Days, "银行一年按另一个天数计息（360 或 365）", Some(year(other)));
        for penalty_percent in [100, 130, 150] {
            let words = format!("银行的罚息按合同利率的 {penalty_percent}% 计");
            let loan = Loan { penalty_percent, ..self.loan().clone() };
            switch(Cause::Penalty, &words, Some(loan));
        }
        found
    }

    /// The years in which something differs.
    fn years(&self) -> std::ops::RangeInclusive<i32> {
        self.since.year()..=self.last.year()
    }

    fn waivers(&self) -> Vec<Guess> {
        let guess = |year: i32| {
            let own = self.of_year("interest_waived", year);
            let is_rule = self.case.basis.waiver_years.contains(&year);
            if !is_rule && own.is_empty() {
                let words = format!("银行免除了 {year} 年的利息");
                return Guess::new(Cause::Waiver, words)
                    .event(day_in(year, 1, 1), EventKind::InterestWaived);
            }
            let words = format!("银行没有免除 {year} 年的利息");
            let others = self.case.basis.waiver_years.iter().copied().filter(|one| *one != year);
            let basis = Basis { waiver_years: others.collect(), ..self.case.basis.clone() };
            Guess { basis: Some(basis), ..Guess::new(Cause::Waiver, words).without(own) }
        };
        self.years().map(guess).collect()
    }

    fn of_year(&self, kind: &str, year: i32) -> Vec<EventId> {
        let rows = self.case.events.iter();
        rows.filter(|row| row.kind == kind && row.year == Some(year)).map(|row| row.id).collect()
    }

    fn deferrals(&self) -> Vec<Guess> {
        // What a year defers is first seen in that year, at the latest in the one after.
        let years = (self.since.year() - 1)..=self.last.year();
        let guess = |year: i32| {
            let own = self.of_year("principal_deferred", year);
            if own.is_empty() {
                let words = format!("银行把 {year} 年的本金延期了一年");
                return Guess::new(Cause::Deferral, words)
                    .event(day_in(year, 1, 1), EventKind::PrincipalDeferred);
            }
            Guess::new(Cause::Deferral, format!("银行没有延期 {year} 年的本金")).without(own)
        };
        years.map(guess).collect()
    }

    /// Money that came a few days after its due day, and that the bank takes for punctual.
    fn working_days(&self) -> Vec<Guess> {
        let mut late: Vec<(EventId, NaiveDate, EventKind)> = Vec::new();
        for figure in self.case.figures {
            let (Some(due_on), Some(event)) = (figure.due_on, figure.event_id) else { continue };
            let Some(row) = self.case.events.iter().find(|row| row.id == event) else { continue };
            let waited = (row.effective_on - due_on).num_days();
            if row.kind == "paid" && (1..=WAITS_MOST).contains(&waited) {
                let amount = row.amount_fen.unwrap_or_default();
                late.push((row.id, due_on, EventKind::Paid { amount }));
            }
        }
        if late.is_empty() {
            return Vec::new();
        }
        let words = "还款日遇上节假日，银行顺延到下一个工作日，没有算逾期";
        let guess = Guess::new(Cause::NextWorkingDay, words)
            .without(late.iter().map(|(id, _, _)| *id))
            .supposing(late.iter().map(|(_, due_on, kind)| (*due_on, *kind)));
        vec![guess]
    }

    /// Money that we have and no row of the bank stands for.
    fn own_money(&self) -> Vec<Guess> {
        let undone: Vec<EventId> =
            self.case.events.iter().filter_map(|row| row.reverses_id).collect();
        let of_bank = |id: EventId| self.case.figures.iter().any(|one| one.event_id == Some(id));
        let is_money = |row: &&EventRow| {
            let money = ["paid", "prepaid", "compensated", "relieved"];
            money.contains(&row.kind.as_str()) && !undone.contains(&row.id) && !of_bank(row.id)
        };
        let guess = |row: &EventRow| {
            let on = row.effective_on;
            let words = match row.amount_fen {
                Some(fen) => format!("本系统记的 {on} 一笔 ¥{}，银行没有", fen.to_page_text()),
                None => format!("本系统记的 {on} 全部提前还清，银行没有"),
            };
            let mut guess = Guess::new(Cause::Payment, words).without([row.id]);
            guess.found.remedy = Some((on, EventKind::Reversed { of: row.id }));
            guess
        };
        self.case.events.iter().filter(is_money).map(guess).collect()
    }

    /// First and last year of the contract's life so far.
    fn life(&self) -> std::ops::RangeInclusive<i32> {
        self.loan().signed_on.year()..=self.last.year()
    }

    /// The yearly rate taken on another day than 12-21, or from another day on.
    fn rate_days(&self) -> Vec<Guess> {
        if self.loan().fixed_rate_ppm.is_some() {
            return Vec::new();
        }
        let (rates, signed_on) = (&self.case.basis.rates, self.loan().signed_on);
        let yearly = |month_day: (u32, u32), rate: &dyn Fn(i32) -> RatePpm| {
            let (month, day) = month_day;
            let set = |year| {
                let rate = rate(year);
                (day_in(year, month, day), EventKind::RateSet { rate })
            };
            self.life().map(set).collect::<Vec<_>>()
        };
        let ours = |year| rates.priced_in_december(signed_on, year);
        let lpr_of = |year, month, day| {
            rates.lpr().on(day_in(year, month, day)).less(rates.margin(day_in(year, 12, 21)))
        };
        let mut found = vec![
            Guess::new(Cause::RateDay, "银行从次年 1 月 1 日起用新利率，本系统从 12 月 21 日起")
                .supposing(yearly((12, 31), &ours)),
            Guess::new(Cause::RateDay, "银行 12 月 21 日定价时没有用 12 月公布的 LPR")
                .supposing(yearly((12, 20), &|year| lpr_of(year, 12, 1))),
            Guess::new(Cause::RateDay, "银行用了 12 月 21 日以后公布的 LPR")
                .supposing(yearly((12, 20), &|year| lpr_of(year + 1, 1, 31))),
        ];
        let margins: BTreeSet<RatePpm> =
            self.life().map(|year| rates.margin(day_in(year, 12, 21))).collect();
        for margin in margins {
            let words = format!("银行一直按 LPR 减 {} 个百分点", margin.to_percent_text());
            let rate = |year| rates.lpr().on(day_in(year, 12, 21)).less(margin);
            found.push(Guess::new(Cause::Rate, words).supposing(yearly((12, 20), &rate)));
        }
        let benchmark = rates.benchmark().on(signed_on);
        let words = format!("银行没有换成 LPR，还是 {}%", benchmark.to_percent_text());
        let set = EventKind::RateSet { rate: benchmark };
        found.push(Guess::new(Cause::Rate, words).event(signed_on, set));
        found
    }

    fn subsidy_ends(&self) -> Vec<Guess> {
        let end = self.ours.position.subsidy_ends_on;
        // Later than what moved it before, or that would move it back.
        let moved =
            self.case.events.iter().filter(|row| {
                matches!(row.kind.as_str(), "subsidy_end_moved" | "study_ended_early")
            });
        let before = moved.map(|row| row.effective_on).max().unwrap_or(self.loan().signed_on);
        let on = before.checked_add_days(Days::new(1)).unwrap_or(before);
        let mut found = Vec::new();
        for off in (0..=YEARS_OFF).flat_map(|off| [off, -off]) {
            for (month, day) in [(end.month(), end.day()), (8, 31), (7, 31), (6, 30)] {
                let to = day_in(end.year() + off, month, day);
                if to != end && to < self.loan().final_due_on && to > self.loan().signed_on {
                    let words = format!("银行的贴息截止日是 {to}，本系统是 {end}");
                    let kind = EventKind::SubsidyEndMoved { to, from: None };
                    found.push(Guess::new(Cause::SubsidyEnd, words).event(on, kind));
                }
            }
        }
        found
    }

    fn plans(&self) -> Vec<Guess> {
        let of_plan = |figure: &&BankFigure| {
            figure.due_on.is_some_and(|on| on >= self.since)
                && figure.due_principal_fen.is_positive()
        };
        let mut rows: Vec<&BankFigure> = self.case.figures.iter().filter(of_plan).collect();
        rows.sort_by_key(|row| row.due_on);
        let mut amounts: Vec<Fen> = rows.iter().map(|row| row.due_principal_fen).collect();
        amounts.dedup();
        amounts.truncate(AMOUNTS_MOST);
        let first = self.ours.position.first_principal_on.year();
        let paid_out = self.case.events.iter().filter(|row| row.kind == "disbursed");
        let start = paid_out.map(|row| row.effective_on).max().unwrap_or(self.loan().signed_on);
        let after_last_due = self.since.with_day(1).unwrap_or(self.since);
        let mut found = Vec::new();
        for on in [start, after_last_due] {
            for &equal_amount in &amounts {
                for off in (0..=YEARS_OFF).flat_map(|off| [off, -off]) {
                    let first_year = first + off;
                    let words = format!(
                        "银行的还款计划：{first_year} 年开始还本金，每期 ¥{}",
                        equal_amount.to_page_text()
                    );
                    let kind = EventKind::PlanSet { equal_amount, first_year };
                    found.push(Guess::new(Cause::Plan, words).event(on, kind));
                }
            }
        }
        found
    }

    /// The rate that the bank's interest of the first due day that differs comes to.
    fn rates(&self) -> Vec<Guess> {
        let mut found = Vec::new();
        let rows = self.case.figures.iter().filter(|row| {
            row.sheet == "repayments" && row.due_on.is_some_and(|on| on >= self.since)
        });
        for row in rows {
            let Some(due_on) = row.due_on else { continue };
            let own = self.ours.instalments.iter().find(|one| one.due_on == due_on);
            let Some(own) = own.filter(|own| own.interest != row.due_interest_fen) else {
                continue;
            };
            let Some(rate) = implied(own, row.due_interest_fen) else { continue };
            // From the day on which the rate of this due day was priced.
            let on = day_in(due_on.year() - 1, 12, 20).max(self.loan().signed_on);
            let percent = rate.to_percent_text();
            let words = format!("银行从 {on} 起的利率是 {percent}%");
            let set = EventKind::RateSet { rate };
            found.push(Guess::new(Cause::Rate, words).event(on, set));
            let rates = &self.case.basis.rates;
            let back = rates.priced_in_december(self.loan().signed_on, due_on.year());
            let words = format!("{due_on} 这一期，银行的利率是 {percent}%，以后又一样");
            let back = EventKind::RateSet { rate: back };
            found.push(Guess::new(Cause::Rate, words).supposing([(on, set), (due_on, back)]));
            break;
        }
        found
    }

    /// Money that the bank has and we do not.
    fn missing_money(&self) -> Vec<Guess> {
        let mut found = Vec::new();
        for figure in self.case.figures.iter().filter(|figure| figure.as_of >= self.since) {
            let on = figure.as_of;
            let Ok(ours) = statement_of(self.loan(), self.case.events, self.case.basis, on) else {
                continue;
            };
            let position = &ours.position;
            let of_bank =
                figure.overdue_principal_fen + figure.overdue_interest_fen + figure.penalty_fen;
            let less = overdue(position) - of_bank;
            if figure.sheet == "overdue" && less.is_positive() {
                let words =
                    format!("银行少 ¥{} 逾期，可能收了一笔还款还没有导入", less.to_page_text());
                let paid = EventKind::Paid { amount: less };
                found.push(Guess::new(Cause::Payment, words).supposing([(on, paid)]));
            }
            let Some(balance) = figure.balance_fen else { continue };
            let less = position.principal_outstanding - balance;
            if less.is_positive() {
                let fen = less.to_page_text();
                let words = format!("银行的余额少 ¥{fen}，可能收了一笔还款还没有导入");
                let principal = Some(less).filter(|_| balance.is_positive());
                let prepaid = EventKind::Prepaid { principal };
                found.push(Guess::new(Cause::Payment, words).supposing([(on, prepaid)]));
            }
        }
        found
    }
}

fn overdue(position: &Position) -> Fen {
    position.overdue_principal + position.overdue_interest + position.penalty
}

/// The rate, to a hundredth of a percent, at which an instalment's interest comes to the bank's.
fn implied(own: &Instalment, bank: Fen) -> Option<RatePpm> {
    let (rate, interest) = (i64::from(own.rate.get()), own.interest.get());
    if interest <= 0 || bank.get() <= 0 {
        return None;
    }
    let hundredths = (rate.checked_mul(bank.get())? * 2 / interest + 100) / 200;
    i32::try_from(hundredths * 100).ok().map(RatePpm::new)
}
