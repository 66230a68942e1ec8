//! 正在等…: whom a file waits for, until when, and what happens then. One sentence, one button.
//!
//! Pure. The most urgent comes first: arrears, a receipt, a disbursement, the confirmation of
//! graduation, the next due day.

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use crate::base::dates::{days_between, in_words};
use crate::base::money::Fen;

/// What is known of a file, as far as waiting goes.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Arrears: sum, oldest due day, number of due days.
    pub overdue: Option<(Fen, NaiveDate, usize)>,
    /// The day the arrears are of: 今天, or as far as the bank's data go.
    pub as_known: String,
    /// Penalty interest of one more day.
    pub penalty_a_day: Fen,
    /// A due day of which the bank's result is not known yet, and what it asked for.
    pub awaiting: Option<(NaiveDate, Fen)>,
    /// The day of the bank's list that says that nothing is owed, against our books.
    pub bank_settled: Option<NaiveDate>,
    /// School years of contracts without money and without receipt.
    pub no_receipt: Vec<i32>,
    /// School years of contracts with a receipt and without money.
    pub no_money: Vec<i32>,
    pub university: String,
    /// Last day of the receipts of the latest of these years.
    pub receipts_until: Option<NaiveDate>,
    /// Graduated on, when the confirmation of it is missing.
    pub unconfirmed_since: Option<NaiveDate>,
    /// The day is a due day: the day, what of it is open, and what its interest says besides.
    pub due_today: Option<(NaiveDate, Fen, &'static str)>,
    /// The page is of a day that somebody has chosen.
    pub is_chosen_day: bool,
    /// The next due day: day, sum, principal of it.
    pub next: Option<(NaiveDate, Fen, Fen)>,
    /// Everything is repaid since.
    pub settled_on: Option<NaiveDate>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// `bad` for arrears, `ok` for settled, otherwise nothing.
    pub class: &'static str,
    /// Whom or what for.
    pub whom: String,
    /// The rest of the sentence.
    pub until: String,
    pub then: String,
    /// Which button: `visit`, `plan`, `contracts`, or none.
    pub button: &'static str,
}

fn how_long(today: NaiveDate, day: NaiveDate) -> String {
    match days_between(today, day) {
        0 => "就是今天".to_owned(),
        days if days > 0 => format!("还有 {days} 天"),
        days => format!("已过 {} 天", -days),
    }
}

/// The band of somebody with arrears: calm, with the sum, and whom to speak with.
fn arrears(
    (sum, since, times): (Fen, NaiveDate, usize),
    known: &Known,
    today: NaiveDate,
) -> Waiting {
    let (penalty_a_day, as_known) = (known.penalty_a_day, &known.as_known);
    let penalty = if penalty_a_day.is_positive() {
        format!("罚息每天约 ¥{}。", penalty_a_day.to_page_text())
    } else {
        String::new()
    };
    let more = match known.due_today {
        Some((_, sum, _)) => format!("当天又有一期到期，要还 ¥{}。", sum.to_page_text()),
        None => String::new(),
    };
    Waiting {
        class: "bad",
        whom: format!("有 {times} 期到期未还"),
        until: format!(
            "，{as_known}还清要 ¥{}。最早一期 {}到期，{}",
            sum.to_page_text(),
            in_words(since, today),
            how_long(today, since)
        ),
        then: format!(
            "{more}{penalty}先联系本人，再联系共同借款人；有困难、在服役、在读书，都可以依政策办理。"
        ),
        button: "visit",
    }
}

/// What a file waits for on a day; nothing while somebody studies and all money is out.
pub fn waiting(known: &Known, today: NaiveDate) -> Option<Waiting> {
    if let Some(day) = known.bank_settled {
        return settled_at_bank(day, today);
    }
    if let Some(overdue) = known.overdue {
        return Some(arrears(overdue, known, today));
    }
    bank(known, today)
        .or_else(|| due_day(known, today))
        .or_else(|| before_repayment(known, today))
        .or_else(|| repayment(known, today))
}

fn band(
    class: &'static str,
    whom: String,
    until: String,
    then: String,
    button: &'static str,
) -> Option<Waiting> {
    Some(Waiting { class, whom, until, then, button })
}

/// The bank says that nothing is owed, our books say otherwise.
fn settled_at_bank(day: NaiveDate, today: NaiveDate) -> Option<Waiting> {
    band(
        "",
        "银行说已经结清".to_owned(),
        format!("（{}的清单），本系统的账还没有结清", in_words(day, today)),
        "核对以前不提醒、不列为逾期。请看与银行核对里的差异。".to_owned(),
        "",
    )
}

/// What only the bank can tell: what became of a due day.
fn bank(known: &Known, today: NaiveDate) -> Option<Waiting> {
    let (on, sum) = known.awaiting?;
    band(
        "",
        format!("{}这一期待银行结果", in_words(on, today)),
        format!("，应还 ¥{}", sum.to_page_text()),
        "银行的还款明细还没有到，现在不知道还了没有，不算逾期，也不算罚息；收到后更新。".to_owned(),
        "plan",
    )
}

/// What falls due on the very day.
fn due_day(known: &Known, today: NaiveDate) -> Option<Waiting> {
    let (on, sum, assumed) = known.due_today?;
    let whom = if known.is_chosen_day { in_words(on, today) } else { "今天".to_owned() };
    let assumed = if assumed.is_empty() { String::new() } else { format!("利息{assumed}。") };
    band(
        "",
        format!("{whom}到期"),
        format!("，要还 ¥{}", sum.to_page_text()),
        format!("{assumed}当天 24 点前到账，就不算逾期。"),
        "plan",
    )
}

/// Receipt, money, graduation: what others have to do before anything falls due.
fn before_repayment(known: &Known, today: NaiveDate) -> Option<Waiting> {
    if let (Some(year), Some(until)) = (known.no_receipt.last(), known.receipts_until) {
        let late = until < today;
        return band(
            "",
            format!("正在等{}录入高校回执", or_university(&known.university)),
            format!("，{}前（{}）", in_words(until, today), how_long(today, until)),
            if late {
                format!("{year} 学年的回执截止日已过。请联系学校或学生，问清回执有没有录入。")
            } else {
                format!("没有回执，{year} 学年的贷款放不出去。请提醒学生把受理证明交给学校。")
            },
            "contracts",
        );
    }
    if let Some(year) = known.no_money.last() {
        return band(
            "",
            format!("正在等 {year} 学年放款"),
            "，一般在 11 月".to_owned(),
            "高校回执已录入。导入放款后的合同明细，这里就会更新。".to_owned(),
            "contracts",
        );
    }
    let since = known.unconfirmed_since?;
    band(
        "",
        "正在等毕业确认".to_owned(),
        format!("，{}毕业", in_words(since, today)),
        "毕业后要核对电话和住址。继续读书的，可以办理延期贴息。".to_owned(),
        "contracts",
    )
}

/// The next due day, or the end of all of them.
fn repayment(known: &Known, today: NaiveDate) -> Option<Waiting> {
    if let Some((on, sum, principal)) = known.next {
        let what = if principal.is_positive() {
            format!("其中本金 ¥{}，利息为预计。", principal.to_page_text())
        } else {
            "只还利息，金额为预计。".to_owned()
        };
        let window = if on.month() == 12 {
            "11月1日起可以存款，当天 24 点前到账。"
        } else {
            ""
        };
        return band(
            "",
            format!("下一次还款日 {}", in_words(on, today)),
            format!("（{}），要还 ¥{}", how_long(today, on), sum.to_page_text()),
            format!("{what}{window}"),
            "plan",
        );
    }
    let on = known.settled_on?;
    band(
        "ok",
        "已经全部结清".to_owned(),
        format!("，{}", in_words(on, today)),
        "结清证明在 1 月初以后可以开具。".to_owned(),
        "",
    )
}

fn or_university(name: &str) -> &str {
    if name.is_empty() { "高校" } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn text(known: &Known, today: &str) -> String {
        waiting(known, d(today)).map(|w| format!("{}{}。{}", w.whom, w.until, w.then)).unwrap()
    }

    #[test]
    fn arrears_come_before_everything() {
        let known = Known {
            overdue: Some((Fen::new(269_740), d("2025-12-20"), 1)),
            penalty_a_day: Fen::new(27),
            as_known: "今天".to_owned(),
            no_receipt: vec![2026],
            receipts_until: Some(d("2026-10-10")),
            ..Known::default()
        };
        let band = waiting(&known, d("2026-08-06")).unwrap();
        assert_eq!((band.class, band.button), ("bad", "visit"));
        assert_eq!(
            format!("{}{}", band.whom, band.until),
            "有 1 期到期未还，今天还清要 ¥2,697.40。最早一期 2025年12月20日到期，已过 229 天"
        );
    }

    #[test]
    fn a_receipt_is_awaited_until_its_last_day_and_missed_after_it() {
        let known = Known {
            no_receipt: vec![2026],
            university: "西岭师范学院".to_owned(),
            receipts_until: Some(d("2026-10-10")),
            ..Known::default()
        };
        assert!(
            text(&known, "2026-10-01")
                .starts_with("正在等西岭师范学院录入高校回执，10月10日前（还有 9 天）")
        );
        assert!(text(&known, "2026-10-31").contains("截止日已过"));
    }

    #[test]
    fn on_the_due_day_it_says_what_is_due_and_not_the_next_year() {
        let known = Known {
            due_today: Some((d("2026-12-20"), Fen::new(226_866), "")),
            next: Some((d("2027-09-20"), Fen::new(94_837), Fen::ZERO)),
            ..Known::default()
        };
        let due = "到期，要还 ¥2,268.66。当天 24 点前到账，就不算逾期。";
        assert_eq!(text(&known, "2026-12-20"), format!("今天{due}"));
        let known = Known { is_chosen_day: true, ..known };
        assert_eq!(text(&known, "2026-12-20"), format!("12月20日{due}"));
    }

    #[test]
    fn the_next_due_day_says_how_much_and_how_long() {
        let known = Known {
            next: Some((d("2026-12-20"), Fen::new(112_000), Fen::ZERO)),
            ..Known::default()
        };
        assert_eq!(
            text(&known, "2026-10-31"),
            "下一次还款日 12月20日（还有 50 天），要还 ¥1,120.00。只还利息，金额为预计。\
             11月1日起可以存款，当天 24 点前到账。"
        );
        assert_eq!(waiting(&Known::default(), d("2026-10-31")), None);
    }
}
