//! What a family promises: by which day, how much.

use chrono::{Days, NaiveDate};

use crate::base::dates::in_words;
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

/// What is wrong with a promised sum; `most` is all that can be owed, when that is known.
pub fn sum_fault(fen: Option<Fen>, most: Option<Fen>) -> Option<&'static str> {
    match fen.filter(|fen| fen.is_positive()) {
        None => Some("金额请写成 1200 或 1200.50 这样"),
        Some(fen) if most.is_some_and(|most| fen > most) => Some("比全部欠款还多，请核对金额"),
        Some(_) => None,
    }
}
