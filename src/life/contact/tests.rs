//! Tests of the rules.

use super::rules::*;
use crate::base::ids::{FileId, StaffId};
use crate::book::contact::record::{Channel, Outcome, Party};
use crate::book::contact::task::{Assignee, AssigneeKind, Reason};
use crate::book::policy::Policy;
use chrono::NaiveDate;

fn d(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn family(n: i64, township: &str) -> Family {
    Family {
        file_id: FileId::new(n),
        file_no: format!("LZ2020-{n:04}"),
        township: township.to_owned(),
        village: "新村".to_owned(),
        school: "一中".to_owned(),
        subsidy_ends_on: Some(d("2024-08-31")),
        signed_on: Some(d("2020-08-20")),
        confirmed_on: Some(d("2025-03-01")),
    }
}

#[test]
fn who_enters_repayment_comes_first_and_before_spring_festival() {
    let policy = Policy::embedded().unwrap();
    let plan = policy.contact_plan.on(d("2026-01-01"));
    let mut one = family(1, "宝林镇");
    assert_eq!(reason(&one, 2026, plan), Reason::Repaying);
    one.confirmed_on = None;
    assert_eq!(reason(&one, 2026, plan), Reason::Unconfirmed);
    one.subsidy_ends_on = Some(d("2027-08-31"));
    assert_eq!(reason(&one, 2026, plan), Reason::EntersRepayment);
    one.subsidy_ends_on = Some(d("2029-08-31"));
    one.signed_on = Some(d("2025-08-20"));
    assert_eq!(reason(&one, 2026, plan), Reason::Studying);
    let calendar = policy.calendar();
    let part = part_of_year(Reason::EntersRepayment, 2026, plan, calendar);
    assert_eq!(part, (d("2026-01-04"), d("2026-02-14")), "the holidays begin on 02-15");
    let unknown = part_of_year(Reason::EntersRepayment, 2040, plan, calendar);
    assert_eq!(unknown, (d("2040-01-04"), d("2040-01-31")));
}

#[test]
fn what_has_gone_by_is_planned_for_the_next_weeks_of_the_same_year() {
    let policy = Policy::embedded().unwrap();
    let plan = policy.contact_plan.on(d("2026-01-01"));
    let part = (d("2026-01-04"), d("2026-02-14"));
    let from = |reason, day: &str| part_from(part, d(day), (reason, plan));
    let (first, studying) = (Reason::EntersRepayment, Reason::Studying);
    assert_eq!(from(first, "2026-02-01"), (d("2026-02-01"), d("2026-02-14")));
    assert_eq!(from(first, "2026-10-31"), (d("2026-10-31"), d("2026-11-10")));
    assert_eq!(from(studying, "2026-10-31"), (d("2026-10-31"), d("2026-11-30")));
    assert_eq!(from(studying, "2026-12-20"), (d("2026-12-20"), d("2026-12-31")));
    let days = spread(4, (d("2026-10-31"), d("2026-11-03")), policy.calendar());
    assert_eq!(days, ["2026-11-02", "2026-11-02", "2026-11-03", "2026-11-03"].map(d));
}

#[test]
fn a_township_stays_with_one_clerk_and_the_load_is_even() {
    let clerks = vec![(StaffId::new(1), "甲".to_owned()), (StaffId::new(2), "乙".to_owned())];
    let mut families: Vec<Family> = (0..6).map(|n| family(n, "大镇")).collect();
    families.extend((6..9).map(|n| family(n, "中镇")));
    families.extend((9..11).map(|n| family(n, "小镇")));
    let shared = share_out(&families, &Share::Clerks(clerks.clone(), Default::default()));
    let of = |township: &str| {
        let mut names: Vec<&str> = families
            .iter()
            .zip(&shared)
            .filter(|(family, _)| family.township == township)
            .map(|(_, to)| to.name.as_str())
            .collect();
        names.dedup();
        names.join("+")
    };
    assert_eq!((of("大镇"), of("中镇"), of("小镇")), ("甲".into(), "乙".into(), "乙".into()));
    let school = Assignee { kind: AssigneeKind::School, staff_id: None, name: "一中".to_owned() };
    let taken = [("大镇".to_owned(), school.clone())].into();
    let shared = share_out(&families, &Share::Clerks(clerks, taken));
    assert_eq!(shared[0], school);
    assert_eq!(share_out(&families, &Share::Villages)[0].name, "大镇新村");
}

#[test]
fn nobody_is_lost_before_the_tries_of_the_rule() {
    let policy = Policy::embedded().unwrap();
    let (rule, today) = (policy.lost_rule.on(d("2026-10-31")), d("2026-10-31"));
    let one = |day: &str, channel, party, outcome| Try {
        on_day: d(day),
        channel,
        party,
        outcome,
        university: false,
    };
    use {Channel as C, Outcome as O, Party as P};
    let mut all = vec![
        one("2026-08-01", C::Call, P::Student, O::Reached),
        one("2026-10-01", C::Call, P::Student, O::NoAnswer),
        one("2026-10-05", C::Call, P::Family, O::BadNumber),
        one("2026-10-09", C::Call, P::Village, O::LeftWord),
    ];
    let open: Vec<String> =
        wants(&all, rule, today).into_iter().filter(|w| !w.met).map(|w| w.words).collect();
    assert_eq!(open, ["一共试过 4 次（现在 3 次）", "用过 2 种方式（现在 1 种）"]);
    all.push(one("2026-10-20", C::Visit, P::Village, O::MovedAway));
    assert!(wants(&all, rule, today).iter().all(|want| want.met));
    all.push(one("2026-10-21", C::Call, P::Student, O::Reached));
    assert!(wants(&all, rule, today).iter().any(|want| !want.met), "reached: it begins anew");
    assert_eq!(search_steps(&all)[3].asked_on, Some(d("2026-10-20")));
}
