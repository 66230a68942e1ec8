//! The rules of the ladder by themselves: what a result leads to, who may go up, who comes first.

use chrono::NaiveDate;
use proptest::prelude::*;

use super::kinds::{AskedFor, ClosedWhy, HoldReason, NextStep, Stage, State, StepKind};
use super::rules::{self, ContactResult, First};
use super::store::Case;
use crate::base::ids::{CaseId, FileId};
use crate::base::money::Fen;
use crate::book::contact::promise;
use crate::book::contact::record::{Channel, Outcome, Party};
use crate::book::policy::{LadderRule, Policy};

fn d(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

const TODAY: &str = "2026-12-28";

fn rule() -> LadderRule {
    Policy::embedded().unwrap().ladder.on(d(TODAY)).clone()
}

fn case(stage: Stage, tries: i32) -> Case {
    Case {
        id: CaseId::new(1),
        office_code: "512022".to_owned(),
        file_id: FileId::new(1),
        state: State::Open,
        stage,
        opened_on: d("2026-12-21"),
        stage_since: d("2026-12-21"),
        owner_id: None,
        next_step: stage.first_step(),
        next_on: d("2026-12-21"),
        tries,
        reached: false,
        promised_on: None,
        promised_fen: None,
        broken_promises: 0,
        last_record_id: None,
        parked_for: HoldReason::Nothing,
        parked_reason: String::new(),
        until_on: None,
        asked_for: AskedFor::Nothing,
        answer_for: None,
        asked_by: String::new(),
        asked_reason: String::new(),
        asked_at: None,
        notice_on: None,
        closed_on: None,
        closed_why: ClosedWhy::Nothing,
        weight: 0,
        version: 1,
    }
}

fn contact_result(outcome: Outcome) -> ContactResult {
    let promised_on = (outcome == Outcome::Promised).then(|| d("2027-01-10"));
    ContactResult {
        on_day: d(TODAY),
        outcome,
        channel: Channel::Call,
        party: Party::Student,
        carrier: None,
        promised_on,
        promised_fen: None,
        next_on: None,
        note: String::new(),
    }
}

#[test]
fn nobody_skips_a_stage_or_leaves_one_in_which_nothing_was_tried() {
    let rule = rule();
    let fault = |stage, tries, to| rules::move_fault(&case(stage, tries), to, &rule);
    let nothing = fault(Stage::Student, 0, Stage::CoBorrower).unwrap();
    assert_eq!(nothing, "这一阶段还没有联系过本人，联系 1 次以后再转");
    assert_eq!(fault(Stage::Student, 1, Stage::CoBorrower), None);
    assert!(fault(Stage::Student, 5, Stage::Village).unwrap().contains("相邻的下一阶段"));
    assert!(fault(Stage::Student, 5, Stage::Student).unwrap().contains("已经在这一阶段"));
    // The school can be passed over, for who went to none of the county's.
    assert_eq!(fault(Stage::CoBorrower, 1, Stage::Village), None);
    // The police station only by the director, from wherever.
    for stage in [Stage::Student, Stage::CoBorrower, Stage::School, Stage::Village] {
        assert!(fault(stage, 9, Stage::Police).unwrap().contains("先请示主任"), "{stage:?}");
    }
    // Down is always possible; not while it is off the ladder.
    assert_eq!(fault(Stage::Police, 0, Stage::Student), None);
    let on_hold = rules::hold(&case(Stage::School, 2), HoldReason::Hardship, d("2027-01-20"), "");
    assert!(rules::move_fault(&on_hold, Stage::Village, &rule).unwrap().contains("先恢复跟进"));
}

#[test]
fn the_rule_suggests_by_tries_or_days_and_keeps_quiet_over_a_promise() {
    let rule = rule();
    let hint = |case: &Case, day: &str| rules::suggestion(case, &rule, d(day));
    assert_eq!(hint(&case(Stage::Student, 2), TODAY), None);
    let third = hint(&case(Stage::Student, 3), TODAY).unwrap();
    assert_eq!(third, "这一阶段已联系本人 3 次，可以考虑转到“共同借款人”");
    assert_eq!(hint(&case(Stage::Student, 0), "2027-02-01"), None, "days alone are not enough");
    assert!(hint(&case(Stage::Student, 1), "2026-12-31").unwrap().contains("在这一阶段已 10 天"));
    let promised = Case { promised_on: Some(d("2027-01-10")), ..case(Stage::Student, 5) };
    assert_eq!(hint(&promised, TODAY), None);
    assert!(hint(&promised, "2027-01-11").is_some());
    assert!(hint(&case(Stage::Village, 9), "2027-03-01").unwrap().contains("请示主任"));
    assert_eq!(hint(&case(Stage::Police, 99), "2027-03-01"), None, "nothing is above");
}

#[test]
fn a_promise_heard_of_after_its_day_is_not_broken_and_none_hides_a_case() {
    let (rule, today) = (rule(), d(TODAY));
    let late =
        ContactResult { promised_on: Some(d("2026-12-01")), ..contact_result(Outcome::Promised) };
    let (after, _) = rules::after_contact(&case(Stage::Student, 0), &late, &rule, today);
    assert_eq!((after.promised_on, after.broken_promises), (None, 0));
    assert_eq!((after.next_step, after.next_on), (NextStep::LookAgain, today));
    let far = ContactResult { next_on: Some(d("2036-12-01")), ..contact_result(Outcome::Promised) };
    let (after, _) = rules::after_contact(&case(Stage::Student, 0), &far, &rule, today);
    assert_eq!(after.next_on, d("2027-01-11"), "the day after the promise");
}

#[test]
fn every_result_has_its_road() {
    let rule = rule();
    let roads = [
        (Outcome::Hardship, HoldReason::Hardship, NextStep::Relief, "2027-01-27"),
        (Outcome::InService, HoldReason::InService, NextStep::Service, "2027-02-26"),
        (Outcome::Studying, HoldReason::Studying, NextStep::Enrolment, "2027-01-27"),
        (Outcome::Dispute, HoldReason::Dispute, NextStep::Reconcile, "2027-01-11"),
        (Outcome::SaysPaid, HoldReason::SaysPaid, NextStep::Reconcile, "2027-01-02"),
        (Outcome::Died, HoldReason::Died, NextStep::Relief, "2027-01-27"),
    ];
    for (outcome, why, step, until) in roads {
        let (after, kind) = rules::after_contact(
            &case(Stage::Student, 0),
            &contact_result(outcome),
            &rule,
            d(TODAY),
        );
        assert_eq!((after.state, after.parked_for, kind), (State::Parked, why, StepKind::Parked));
        assert_eq!((after.next_step, after.until_on), (step, Some(d(until))), "{outcome:?}");
    }
    let (after, kind) = rules::after_contact(
        &case(Stage::Student, 0),
        &contact_result(Outcome::Promised),
        &rule,
        d(TODAY),
    );
    assert_eq!((kind, after.next_step), (StepKind::Promised, NextStep::PromiseDue));
    assert_eq!((after.promised_on, after.next_on), (Some(d("2027-01-10")), d("2027-01-11")));
    // A promise brings somebody back who was off the ladder.
    let on_hold = rules::hold(&case(Stage::School, 2), HoldReason::SaysPaid, d("2027-01-02"), "");
    let (after, _) =
        rules::after_contact(&on_hold, &contact_result(Outcome::Promised), &rule, d(TODAY));
    assert_eq!((after.state, after.parked_for), (State::Open, HoldReason::Nothing));
}

#[test]
fn days_in_the_past_or_too_far_are_said() {
    let rule = rule();
    let promise = |day: Option<&str>| promise::day_fault(day.map(d), d(TODAY), &rule);
    assert!(promise(None).unwrap().contains("请填写约定的还款日"));
    assert!(promise(Some("2026-12-27")).unwrap().contains("已经过去"));
    assert_eq!(promise(Some(TODAY)), None);
    assert_eq!(promise(Some("2027-02-11")), None);
    assert!(promise(Some("2027-02-12")).unwrap().contains("最晚到"));
    let until = |day: Option<&str>| rules::until_fault(day.map(d), d(TODAY), &rule);
    assert!(until(None).is_some() && until(Some(TODAY)).unwrap().contains("今天以后"));
    assert_eq!(until(Some("2027-03-28")), None);
    assert!(until(Some("2027-03-29")).unwrap().contains("最晚到"));
}

/// Issue 4: going up takes a try of the stage itself. Each line: who was asked in which way, and
/// the stages of which that is a try.
#[test]
fn only_who_is_asked_in_a_stage_counts_as_its_try() {
    let rule = rule();
    let table: [(Channel, Party, Option<Party>, &[Stage]); 9] = [
        (Channel::Call, Party::Student, None, &[Stage::Student]),
        (Channel::Call, Party::CoBorrower, None, &[Stage::CoBorrower]),
        (Channel::Call, Party::Family, None, &[]),
        (Channel::Call, Party::School, None, &[Stage::School]),
        (Channel::Chat, Party::Village, None, &[Stage::Village]),
        (Channel::Call, Party::Police, None, &[Stage::Police]),
        (Channel::Call, Party::Employer, None, &[]),
        // Nobody at home, but the village was there; a sheet says who brought it.
        (Channel::Visit, Party::Other, None, &[Stage::Village]),
        (Channel::Sheet, Party::Other, Some(Party::School), &[Stage::School]),
    ];
    for (channel, party, carrier, stages) in table {
        let last = ContactResult { channel, party, carrier, ..contact_result(Outcome::NoAnswer) };
        for stage in Stage::ALL.iter().copied() {
            let counts = stages.contains(&stage);
            let line = format!("{channel:?} {party:?} {carrier:?} in {stage:?}");
            assert_eq!(rules::counts(&case(stage, 1), &last, &rule), counts, "{line}");
            let (after, _) = rules::after_contact(&case(stage, 1), &last, &rule, d(TODAY));
            assert_eq!(after.tries, 1 + i32::from(counts), "{line}");
        }
    }
}

#[test]
fn what_happened_before_a_stage_is_no_try_of_it() {
    let rule = rule();
    let at = |day: &str| ContactResult { on_day: d(day), ..contact_result(Outcome::NoAnswer) };
    let tries =
        |day| rules::after_contact(&case(Stage::Student, 0), &at(day), &rule, d(TODAY)).0.tries;
    assert_eq!(tries("2026-12-20"), 0, "the day before the case was opened");
    assert_eq!(tries("2026-12-21"), 1);
}

/// `policies/ladder.toml`: village 2 tries or 30 days, student 3 tries or 10 days.
#[test]
fn going_up_early_is_said_with_the_reason() {
    let rule = rule();
    let stick = |stage, tries, day: &str| rules::yardstick(&case(stage, tries), &rule, d(day));
    let early = stick(Stage::Village, 1, TODAY).unwrap();
    assert!(early.is_early);
    assert_eq!(early.enough, "联系 2 次或停留 30 天");
    assert_eq!(early.stands, "联系村（社区） 1 次，停留 7 天");
    assert!(!stick(Stage::Village, 2, TODAY).unwrap().is_early, "two tries are enough");
    assert!(stick(Stage::Village, 0, "2027-01-19").unwrap().is_early, "29 days");
    assert!(!stick(Stage::Village, 0, "2027-01-20").unwrap().is_early, "30 days");
    assert_eq!(stick(Stage::Police, 0, TODAY), None, "nothing is above");
    let reason =
        |tries| rules::reason_to_go_up(&case(Stage::Student, tries), &rule, d(TODAY), "停机");
    assert_eq!(reason(3), "停机");
    assert_eq!(
        reason(1),
        "停机（早于标准：联系本人 1 次，停留 7 天；标准是联系 3 次或停留 10 天）"
    );
}

#[test]
fn a_next_step_and_a_promised_sum_have_limits() {
    let rule = rule();
    let next = |outcome, day: &str| rules::next_fault(d(day), outcome, d(TODAY), &rule);
    assert!(next(Outcome::NoAnswer, "2026-12-27").unwrap().contains("今天以前"));
    assert_eq!(next(Outcome::NoAnswer, TODAY), None);
    assert_eq!(next(Outcome::NoAnswer, "2027-12-29"), None);
    assert!(next(Outcome::NoAnswer, "2027-12-30").unwrap().contains("最晚到 2027-12-29"));
    assert_eq!(next(Outcome::InService, "2029-12-28"), None, "two years of service");
    let sum = |fen, most| promise::sum_fault(fen, most).unwrap_or_default();
    assert_eq!(sum(Some(Fen::new(100)), Some(Fen::new(100))), "");
    assert!(sum(Some(Fen::new(101)), Some(Fen::new(100))).contains("比全部欠款还多"));
    for wrong in [None, Some(Fen::new(0)), Some(Fen::new(-5))] {
        assert!(sum(wrong, None).contains("金额请写成"), "{wrong:?}");
    }
}

/// The weights of `policies/ladder.toml`, counted by hand.
#[test]
fn who_first_is_added_up_in_words() {
    let facts = First {
        overdue: Fen::new(359_999),
        days: 25,
        broken: 1,
        first_year: true,
        reached: true,
        confirmed: false,
    };
    let (points, why) = rules::first(&facts, &rule());
    assert_eq!(points, 6 + 6 + 10 + 15 + 8);
    let words =
        ["欠款金额 6", "停留时间 6", "约定过没有还上 10", "头一年还款 15", "以前联系上过 8"];
    assert_eq!(why, words);
    let most = First { overdue: Fen::new(99_999_999), days: 9_999, broken: 99, ..facts };
    assert_eq!(rules::first(&most, &rule()).0, 20 + 18 + 20 + 15 + 8);
}

proptest! {
    /// Whatever families say, in whichever order: a person moves the stage, never a result; the
    /// next step is never in the past; a case off the ladder has its reason and its day.
    #[test]
    fn results_never_move_the_stage(
        stage in proptest::sample::select(Stage::ALL),
        results in proptest::collection::vec(proptest::sample::select(Outcome::ALL), 1..12),
        days in proptest::collection::vec(0_u64..9, 12),
    ) {
        let rule = rule();
        let mut today = d(TODAY);
        let mut now = case(stage, 0);
        now.next_on = today;
        for (outcome, wait) in results.iter().zip(&days) {
            today = rules::later(today, *wait);
            let mut last = contact_result(*outcome);
            last.promised_on = last.promised_on.map(|_| rules::later(today, 5));
            let (after, _) = rules::after_contact(&now, &last, &rule, today);
            prop_assert_eq!(after.stage, stage);
            let counts = rules::counts(&now, &last, &rule);
            prop_assert_eq!(after.tries, now.tries + i32::from(counts));
            prop_assert!(!now.reached || after.reached);
            let off = after.state == State::Parked;
            prop_assert_eq!(off, after.parked_for != HoldReason::Nothing);
            prop_assert_eq!(off, after.until_on.is_some());
            prop_assert!(!off || after.promised_on.is_none());
            // A try changes nothing about a day that was set before.
            let same = after.next_on == now.next_on;
            prop_assert!(same || after.next_on >= today, "{} {}", after.next_on, today);
            now = after;
        }
    }
}

#[test]
fn no_two_parts_of_a_step_stand_without_something_between_them() {
    let stages = Some((Stage::School, Stage::Village));
    for kind in StepKind::ALL {
        let name = kind.in_words();
        assert_eq!(kind.sentence(None, ""), name);
        assert_eq!(kind.sentence(None, "无人接听"), format!("{name}：无人接听"));
        assert_eq!(kind.sentence(stages, ""), format!("{name}：学校 → 村委会"));
        let all = kind.sentence(stages, "电话多次无人接听");
        assert_eq!(all, format!("{name}：学校 → 村委会，电话多次无人接听"));
    }
}
