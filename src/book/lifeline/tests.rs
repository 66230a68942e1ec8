//! The life of the mock-up (覃思远), and the variants of the kit page.

use super::*;

fn d(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Four disbursements, graduated 2019, three years of grace, the instalment of 2025 open.
fn qin() -> Life {
    let mut balances = Vec::new();
    let mut marks = vec![
        Mark { on: d("2015-04-10"), what: Happening::Paper("预申请") },
        Mark { on: d("2015-06-02"), what: Happening::Paper("认定") },
        Mark { on: d("2015-07-20"), what: Happening::Paper("签约") },
        Mark { on: d("2015-09-25"), what: Happening::Paper("回执") },
    ];
    let mut owed = 0;
    for (year, yuan) in [(2015, 6_500), (2016, 6_500), (2017, 8_000), (2018, 8_000)] {
        let on = crate::base::dates::day_in(year, 11, 15);
        owed += yuan;
        balances.push((on, Fen::from_yuan(owed)));
        marks.push(Mark { on, what: Happening::PaidOut(Fen::from_yuan(yuan)) });
    }
    for year in 2019..=2021 {
        let on = crate::base::dates::day_in(year, 12, 20);
        marks.push(Mark { on, what: Happening::Interest(Due::Done) });
    }
    let each = Fen::from_yuan(owed).share(11);
    let mut left = Fen::from_yuan(owed);
    for year in 2022..=2032 {
        let on = if year == 2032 { d("2032-09-20") } else { d(&format!("{year}-12-20")) };
        let due = match year {
            ..=2024 => Due::Done,
            2025 => Due::Late,
            2026 => Due::Next,
            _ => Due::Planned,
        };
        marks.push(Mark { on, what: Happening::Principal(due) });
        if year != 2025 {
            left = (left - each).or_zero();
            balances.push((on, if year == 2032 { Fen::ZERO } else { left }));
        }
    }
    Life {
        today: d("2026-08-06"),
        began_on: d("2015-03-01"),
        study_from: d("2015-10-01"),
        grace_from: d("2019-07-01"),
        repay_from: d("2022-09-01"),
        ends_on: d("2032-09-20"),
        settled_on: None,
        balances,
        marks,
    }
}

#[test]
fn phases_have_their_shares_and_time_is_to_scale_within_them() {
    let scale = Scale::new(&[
        d("2015-03-01"),
        d("2015-10-01"),
        d("2019-07-01"),
        d("2022-09-01"),
        d("2032-09-20"),
    ]);
    assert_eq!(scale.x(d("2014-01-01")), 0);
    assert_eq!(scale.x(d("2015-10-01")), 17_000);
    assert_eq!(scale.x(d("2019-07-01")), 40_000);
    assert_eq!(scale.x(d("2022-09-01")), 57_000);
    assert_eq!(scale::percent(scale.x(d("2022-12-20"))), "58.213%");
    assert_eq!(scale::percent(scale.x(d("2026-08-06"))), "72.827%");
    assert_eq!(scale.x(d("2032-09-20")), 97_500);
    assert_eq!(scale.x(d("2040-01-01")), 98_900);
}

#[test]
fn a_life_without_grace_or_with_its_days_in_disorder_is_still_drawn() {
    let day = d("2024-09-01");
    let scale = Scale::new(&[day, day, d("2023-01-01"), day, d("2025-09-20")]);
    assert_eq!(scale.x(d("2024-08-31")), 0);
    assert_eq!(scale.x(day), 57_000);
    let same = Scale::new(&[day; 5]);
    assert_eq!(same.x(day), 97_500);
}

#[test]
fn the_ribbon_is_34_at_most_and_never_under_3() {
    let line = draw(&qin());
    assert!(line.past.starts_with("M0 17 L0 15.50 L177.56 15.50"), "{}", line.past);
    assert!(line.past.contains(" L361.69 0 L582.13 0 "), "{}", line.past);
    assert!(line.past.ends_with('Z'));
    assert!(line.future.starts_with("M728.27 17"), "{}", line.future);
    assert!(line.future.contains("L975 "), "{}", line.future);
    assert!(!line.past.contains('-') && !line.future.contains('-'));
}

#[test]
fn words_below_the_line_do_not_touch_and_the_overdue_ones_stay() {
    let line = draw(&qin());
    let words: Vec<String> =
        line.below.iter().map(|b| format!("{} {}", b.first, b.second)).collect();
    assert_eq!(
        words.join("|"),
        "预申请 15.04|认定 15.06|签约 15.07|回执 15.09|+6,500 2015|+6,500 2016|+8,000 2017|\
         +8,000 2018|按期付息 3 次 |2022 |2023 |2024 |2025 逾期|2026 下一次|27 |28 |29 |30 |31 |32 "
    );
    assert_eq!(line.nodes.iter().filter(|n| n.class == "late").count(), 1);
    assert_eq!(line.nodes.iter().filter(|n| n.tick).count(), 3);
}

#[test]
fn the_title_tells_the_life_to_somebody_who_does_not_see_it() {
    assert_eq!(
        draw(&qin()).title(),
        "2015 年申请并签约，2015 至 2018 年发放 4 次共 29,000 元，2019 年毕业，\
         2022 年起每年还本付息，1 期到期未还，下一次应还 2026 年 12 月 20 日，2032 年 9 月结清"
    );
}

#[test]
fn somebody_who_studies_has_a_short_past_and_a_long_soft_future() {
    let mut life = qin();
    life.today = d("2017-03-01");
    life.marks.retain(|mark| mark.on <= life.today);
    let line = draw(&life);
    assert_eq!(line.here, 1);
    assert!(line.past.len() < line.future.len());
    assert_eq!(line.now.words, "今天 3月1日");
    assert!(line.sentence.contains("利息由国家承担"));
}

#[test]
fn compensation_drops_in_steps_and_early_settlement_ends_early() {
    let mut life = qin();
    life.balances.truncate(4);
    life.balances.push((d("2020-06-01"), Fen::from_yuan(14_500)));
    life.balances.push((d("2021-06-01"), Fen::ZERO));
    life.marks.retain(|mark| mark.on < d("2020-01-01"));
    life.marks.push(Mark { on: d("2020-06-01"), what: Happening::Early("代偿") });
    life.settled_on = Some(d("2021-06-01"));
    life.today = d("2022-01-01");
    let line = draw(&life);
    assert_eq!(line.here, 4);
    assert_eq!(line.future, "");
    assert!(line.end.is_some());
    assert!(line.below.iter().any(|b| b.first == "代偿" && b.second == "20.06"));
    assert!(line.below.iter().any(|b| b.first == "结清" && b.second == "21.06"));
    assert!(line.title().ends_with("2021 年 6 月已结清"));
}

#[test]
fn the_flag_leans_inwards_at_both_ends() {
    assert_eq!(now(d("2026-01-01"), 0).left, -8);
    assert_eq!(now(d("2026-01-01"), 50_000).left, -43);
    assert_eq!(now(d("2026-01-01"), 98_900).left, -78);
}
