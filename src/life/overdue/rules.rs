//! What a contact leads to, which steps are allowed and suggested, who comes first. Pure: decides
//! from the case as it stands and the dated rule; a person does the rest.

use chrono::{Datelike, Days, NaiveDate};

use super::kinds::{HoldReason, NextStep, Stage, State, StepKind};
use super::store::Case;
use crate::base::dates::{day_in, days_between, in_words};
use crate::base::money::Fen;
use crate::book::contact::record::{Channel, Outcome, Party};
use crate::book::policy::{LadderRule, LadderStage, VISIT};

/// What came of a contact, as far as the case is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactResult {
    /// The day it happened.
    pub on_day: NaiveDate,
    pub outcome: Outcome,
    pub channel: Channel,
    pub party: Party,
    /// Who brought the answer on a sheet.
    pub carrier: Option<Party>,
    /// The day on which they promise to pay.
    pub promised_on: Option<NaiveDate>,
    pub promised_fen: Option<Fen>,
    /// When to look again, when somebody named a day.
    pub next_on: Option<NaiveDate>,
    /// In somebody's own words.
    pub note: String,
}

/// The road of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FollowUp {
    /// A day was agreed on.
    Promise,
    /// Off the ladder, to another stage of a loan's life.
    Park(HoldReason),
    Talked,
    /// Another number is needed.
    Number,
    Try,
}

/// Where a result leads.
pub const fn road(outcome: Outcome) -> FollowUp {
    match outcome {
        Outcome::Promised => FollowUp::Promise,
        Outcome::Hardship => FollowUp::Park(HoldReason::Hardship),
        Outcome::InService => FollowUp::Park(HoldReason::InService),
        Outcome::Studying => FollowUp::Park(HoldReason::Studying),
        Outcome::Dispute => FollowUp::Park(HoldReason::Dispute),
        Outcome::SaysPaid => FollowUp::Park(HoldReason::SaysPaid),
        Outcome::Died => FollowUp::Park(HoldReason::Died),
        Outcome::Reached => FollowUp::Talked,
        Outcome::BadNumber | Outcome::WrongPerson => FollowUp::Number,
        Outcome::NoAnswer | Outcome::Refused | Outcome::MovedAway | Outcome::LeftWord => {
            FollowUp::Try
        }
    }
}

/// A day so many days later.
pub fn later(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap_or(day)
}

fn of(rule: &LadderRule, stage: Stage) -> Option<&LadderStage> {
    rule.stage(stage.as_text())
}

/// The day of the first step in a stage that is entered today.
pub fn first_on(stage: Stage, rule: &LadderRule, today: NaiveDate) -> NaiveDate {
    later(today, of(rule, stage).map_or(0, |stage| stage.first_after_days))
}

/// For how many days a case is off the ladder when nobody names a day.
pub fn park_days(why: HoldReason, rule: &LadderRule) -> u64 {
    match why {
        HoldReason::Hardship => rule.park_days.hardship,
        HoldReason::InService => rule.park_days.in_service,
        HoldReason::Studying => rule.park_days.studying,
        HoldReason::Dispute => rule.park_days.dispute,
        HoldReason::Died => rule.park_days.died,
        HoldReason::SaysPaid | HoldReason::Nothing => rule.park_days.says_paid,
    }
}

/// What is wrong with the day of the next step after such a result.
pub fn next_fault(
    day: NaiveDate,
    outcome: Outcome,
    today: NaiveDate,
    rule: &LadderRule,
) -> Option<String> {
    if day < today {
        return Some("下一步的日子不能在今天以前".to_owned());
    }
    let furthest = match road(outcome) {
        FollowUp::Park(_) => rule.parked_days_most,
        _ => rule.next_days_most,
    };
    let furthest = later(today, furthest);
    (day > furthest).then(|| format!("太远了，最晚到 {furthest}"))
}

/// What is wrong with the last day of a pause.
pub fn until_fault(day: Option<NaiveDate>, today: NaiveDate, rule: &LadderRule) -> Option<String> {
    let Some(day) = day else { return Some("请填写到哪一天".to_owned()) };
    if day <= today {
        return Some("请填今天以后的日子".to_owned());
    }
    let last = later(today, rule.pause_days_most);
    (day > last).then(|| format!("最晚到 {}，到期再看", in_words(last, today)))
}

/// Takes a case off the ladder.
pub fn hold(case: &Case, why: HoldReason, until: NaiveDate, reason: &str) -> Case {
    Case {
        state: State::Parked,
        parked_for: why,
        parked_reason: reason.to_owned(),
        until_on: Some(until),
        next_step: why.step(),
        next_on: until,
        promised_on: None,
        promised_fen: None,
        ..case.clone()
    }
}

/// Is this a try of the case's stage? Somebody who rang the student has not asked the village, and
/// what happened before the stage began belongs to another.
pub fn counts(case: &Case, result: &ContactResult, rule: &LadderRule) -> bool {
    let with = of(rule, case.stage).map(|stage| stage.tried_with.as_slice()).unwrap_or_default();
    let is_there = |text: &str| with.iter().any(|one| one == text);
    let is_with = is_there(result.party.as_text())
        || result.carrier.is_some_and(|carrier| is_there(carrier.as_text()))
        || (result.channel == Channel::Visit && is_there(VISIT));
    is_with && result.on_day >= case.stage_since
}

/// The case after a contact, and how its log calls it.
pub fn after_contact(
    case: &Case,
    result: &ContactResult,
    rule: &LadderRule,
    today: NaiveDate,
) -> (Case, StepKind) {
    let wait = of(rule, case.stage).map_or(3, |stage| stage.again_after_days);
    let mut next = case.clone();
    next.tries += i32::from(counts(case, result, rule));
    next.reached |= result.outcome.is_reached();
    match road(result.outcome) {
        // A paper can come back after the day that was named on it: nothing was broken since we
        // know of it, so somebody looks whether the money came.
        FollowUp::Promise if result.promised_on.is_some_and(|day| day < today) => {
            let mut next = on_ladder(next);
            next.next_step = NextStep::LookAgain;
            next.next_on = result.next_on.unwrap_or(today);
            (next, StepKind::NextSet)
        }
        FollowUp::Promise => {
            let day = result.promised_on.unwrap_or(today);
            next.promised_on = Some(day);
            next.promised_fen = result.promised_fen;
            next.next_step = NextStep::PromiseDue;
            // Not out of sight for longer than the promise lasts.
            let after = later(day, 1);
            next.next_on = result.next_on.map_or(after, |on| on.min(after));
            (on_ladder(next), StepKind::Promised)
        }
        FollowUp::Park(why) => {
            let until = result.next_on.unwrap_or_else(|| later(today, park_days(why, rule)));
            let reason = if result.note.is_empty() { why.in_words() } else { &result.note };
            (hold(&next, why, until, reason), StepKind::Parked)
        }
        // Who is paused or off the ladder stays so: a try changes nothing about the reason.
        _ if case.state != State::Open => (next, StepKind::NextSet),
        FollowUp::Talked => {
            next.next_step = NextStep::KeepTouch;
            next.next_on = result.next_on.unwrap_or_else(|| later(today, wait));
            (next, StepKind::NextSet)
        }
        FollowUp::Number => {
            next.next_step = NextStep::FindNumber;
            next.next_on = result.next_on.unwrap_or_else(|| later(today, 1));
            (next, StepKind::NextSet)
        }
        FollowUp::Try => {
            next.next_step = NextStep::Again;
            next.next_on = result.next_on.unwrap_or_else(|| later(today, wait));
            (next, StepKind::NextSet)
        }
    }
}

fn on_ladder(case: Case) -> Case {
    Case {
        state: State::Open,
        parked_for: HoldReason::Nothing,
        parked_reason: String::new(),
        until_on: None,
        ..case
    }
}

/// Back on the ladder, to be looked at today.
pub fn back(case: &Case, today: NaiveDate) -> Case {
    Case { next_step: NextStep::LookAgain, next_on: today, ..on_ladder(case.clone()) }
}

/// The stages that this case can go up to without the director: the next one, and those behind
/// stages that may be passed over.
pub fn above(case: &Case, rule: &LadderRule) -> Vec<Stage> {
    let mut found = Vec::new();
    let mut at = case.stage;
    while let Some(next) = at.above() {
        let Some(data) = of(rule, next) else { break };
        if data.director {
            break;
        }
        found.push(next);
        if !data.may_skip {
            break;
        }
        at = next;
    }
    found
}

pub fn below(case: &Case) -> Vec<Stage> {
    Stage::ALL.iter().copied().filter(|stage| stage.place() < case.stage.place()).collect()
}

/// Is the stage above one that the director allows?
pub fn is_next_directors(case: &Case, rule: &LadderRule) -> bool {
    let mut at = case.stage;
    while let Some(next) = at.above() {
        match of(rule, next) {
            Some(data) if data.director => return true,
            Some(data) if data.may_skip => at = next,
            _ => return false,
        }
    }
    false
}

/// Why a case cannot move on now; none when it can.
pub fn move_fault(case: &Case, to: Stage, rule: &LadderRule) -> Option<String> {
    let refusal = |words: &str| Some(words.to_owned());
    if case.state != State::Open {
        return refusal("这一户现在不在跟进中，先恢复跟进再转阶段");
    }
    if to.place() < case.stage.place() {
        return None;
    }
    if to == case.stage {
        return refusal("已经在这一阶段了");
    }
    if of(rule, to).is_some_and(|data| data.director) {
        return refusal("请派出所协助要先请示主任，请用“请示主任”");
    }
    if !above(case, rule).contains(&to) {
        return refusal("要一步一步来，请选相邻的下一阶段");
    }
    too_early(case, rule)
}

/// Nobody moves on from a stage in which nothing was tried.
pub fn too_early(case: &Case, rule: &LadderRule) -> Option<String> {
    let least = of(rule, case.stage).map_or(0, |stage| stage.least_tries);
    let whom = case.stage.whom();
    (case.tries < least).then(|| match case.tries {
        0 => format!("这一阶段还没有联系过{whom}，联系 {least} 次以后再转"),
        n => format!("这一阶段联系过{whom} {n} 次，满 {least} 次再转"),
    })
}

/// How a case stands beside the yardstick of its stage: what the rule calls enough before the next
/// one. It forbids nothing; going up earlier is said to whoever decides, and kept with the step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Yardstick {
    /// Neither the tries nor the days are reached.
    pub is_early: bool,
    /// What is enough: `联系 3 次或停留 10 天`.
    pub enough: String,
    /// How it stands: `联系本人 2 次，停留 7 天`.
    pub stands: String,
}

/// The yardstick of the case's stage; none in the last one.
pub fn yardstick(case: &Case, rule: &LadderRule, today: NaiveDate) -> Option<Yardstick> {
    case.stage.above()?;
    let data = of(rule, case.stage)?;
    let days = days_between(case.stage_since, today);
    Some(Yardstick {
        is_early: case.tries < data.up_after_tries && days < data.up_after_days,
        enough: format!("联系 {} 次或停留 {} 天", data.up_after_tries, data.up_after_days),
        stands: format!("联系{} {} 次，停留 {days} 天", case.stage.whom(), case.tries),
    })
}

/// A reason to go up as the log keeps it: that it is early is said with it.
pub fn reason_to_go_up(case: &Case, rule: &LadderRule, today: NaiveDate, reason: &str) -> String {
    match yardstick(case, rule, today).filter(|one| one.is_early) {
        Some(one) => format!("{reason}（早于标准：{}；标准是{}）", one.stands, one.enough),
        None => reason.to_owned(),
    }
}

/// The case in another stage.
pub fn moved(case: &Case, to: Stage, rule: &LadderRule, today: NaiveDate) -> Case {
    Case {
        stage: to,
        stage_since: today,
        tries: 0,
        next_step: to.first_step(),
        next_on: first_on(to, rule, today),
        ..case.clone()
    }
}

/// What the rule suggests, in words; a person decides.
pub fn suggestion(case: &Case, rule: &LadderRule, today: NaiveDate) -> Option<String> {
    if case.state != State::Open || case.promised_on.is_some_and(|day| day >= today) {
        return None;
    }
    let data = of(rule, case.stage)?;
    let days = days_between(case.stage_since, today);
    let next = case.stage.above()?;
    let to = match of(rule, next) {
        Some(above) if above.director => format!("请示主任，{}", next.first_step().in_words()),
        _ => format!("转到“{}”", next.in_words()),
    };
    if case.tries >= data.up_after_tries {
        Some(format!("这一阶段已联系{} {} 次，可以考虑{to}", case.stage.whom(), case.tries))
    } else if days >= data.up_after_days && case.tries >= data.least_tries {
        Some(format!("在这一阶段已 {days} 天，可以考虑{to}"))
    } else {
        None
    }
}

/// What the order "who first" is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct First {
    pub overdue: Fen,
    /// Days in the stage.
    pub days: i64,
    pub broken: i32,
    /// In the first year of repayment.
    pub first_year: bool,
    /// Somebody was spoken with.
    pub reached: bool,
    /// Contacts were confirmed within a year.
    pub confirmed: bool,
}

/// Is this the first year of repayment of somebody who graduated then? Until the second due day.
pub fn is_first_year(graduates_on: Option<NaiveDate>, today: NaiveDate) -> bool {
    graduates_on.is_some_and(|on| today <= day_in(on.year() + 1, 12, 20))
}

/// Points and each reason with its points, in words.
pub fn first(facts: &First, rule: &LadderRule) -> (i64, Vec<String>) {
    let w = &rule.weights;
    let thousands = facts.overdue.get() / 100_000;
    let parts = [
        ((thousands * w.per_thousand_yuan).clamp(0, w.amount_most), "欠款金额"),
        ((facts.days / 10 * w.per_ten_days_in_stage).clamp(0, w.days_most), "停留时间"),
        (
            (i64::from(facts.broken) * w.per_broken_promise).clamp(0, w.broken_most),
            "约定过没有还上",
        ),
        (if facts.first_year { w.first_repayment_year } else { 0 }, "头一年还款"),
        (if facts.reached { w.reached_before } else { 0 }, "以前联系上过"),
        (if facts.confirmed { w.contact_confirmed } else { 0 }, "联系方式核对过"),
    ];
    let total = parts.iter().map(|(points, _)| points).sum();
    let why = parts
        .iter()
        .filter(|(points, _)| *points != 0)
        .map(|(points, words)| format!("{words} {points}"))
        .collect();
    (total, why)
}
