//! What a family promises: by which day, how much.

use chrono::{Datelike as _, Days, NaiveDate};

use crate::base::choice::Choice;
use crate::base::dates::{in_words, last_of_month};
use crate::base::money::Fen;
use crate::book::policy::LadderRule;

/// What is wrong with a promised day; none when it can be taken.
pub fn day_fault(day: Option<NaiveDate>, today: NaiveDate, rule: &LadderRule) -> Option<String> {
    let Some(day) = day else { return Some("请填写约定的还款日".to_owned()) };
    if day < today {
        return Some("约定的还款日已经过去，请填今天或以后的日子".to_owned());
    }
    let most = Days::new(rule.promise_days_most);
    let last = today.checked_add_days(most).unwrap_or(today);
    (day > last).then(|| {
        format!("约定的还款日最晚到 {}；要更久，请选“有困难”一起想办法", in_words(last, today))
    })
}

/// Days that families name most, the soonest first, each once: in three days, Friday of next week,
/// the end of this month (of the next one, when that is less than a week away). No promise lies
/// more than `most` days ahead.
pub fn usual_days(today: NaiveDate, most: u64) -> Vec<Choice> {
    let after = |days: u64| today.checked_add_days(Days::new(days));
    let monday = u64::from(today.weekday().num_days_from_monday());
    let end = |day: NaiveDate| last_of_month(day.year(), day.month());
    let this = end(today).filter(|day| after(7).is_some_and(|week| *day >= week));
    let next = || Some(("下月底", end(end(today)?.succ_opt()?)?));
    let all = [
        after(3).map(|day| ("三天后", day)),
        after(11_u64.saturating_sub(monday)).map(|day| ("下周五", day)),
        this.map(|day| ("月底", day)).or_else(next),
    ];
    let mut days: Vec<_> = all.into_iter().flatten().collect();
    days.retain(|(_, day)| after(most).is_some_and(|last| *day <= last));
    days.sort_by_key(|(_, day)| *day);
    days.dedup_by_key(|(_, day)| *day);
    let choice = |(name, day)| Choice::new(day, format!("{name} {}", in_words(day, today)));
    days.into_iter().map(choice).collect()
}

/// What is wrong with a promised sum; `most` is all that can be owed, when that is known.
pub fn sum_fault(fen: Option<Fen>, most: Option<Fen>) -> Option<&'static str> {
    match fen.filter(|fen| fen.is_positive()) {
        None => Some("金额请写成 1200 或 1200.50 这样"),
        Some(fen) if most.is_some_and(|most| fen > most) => Some("比全部欠款还多，请核对金额"),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_days_come_in_their_order_and_once() {
        let of = |day: &str| -> Vec<String> {
            let texts = usual_days(day.parse().unwrap(), 31).into_iter();
            texts.map(|one| format!("{} {}", one.value, one.text)).collect()
        };
        assert_eq!(
            of("2026-12-08"),
            [
                "2026-12-11 三天后 12月11日",
                "2026-12-18 下周五 12月18日",
                "2026-12-31 月底 12月31日",
            ]
        );
        assert_eq!(
            of("2026-12-28"),
            ["2026-12-31 三天后 12月31日", "2027-01-08 下周五 2027年1月8日"],
            "the end of January is too far"
        );
    }
}
