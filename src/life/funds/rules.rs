//! What an entry may say. Pure.

use chrono::{Datelike, NaiveDate};

use crate::base::ids::text_enum;
use crate::base::money::Fen;
use crate::book::statement::Product;
use crate::book::university::Authority;
use crate::error::FieldError;

text_enum! {
    Kind {
        Subsidy = "subsidy", "贴息拨付";
        Fund = "fund", "风险补偿金拨付";
        Loss = "loss", "风险损失";
        Reward = "reward", "奖励拨付";
        Use = "use", "奖励支出";
    }
}

text_enum! {
    State {
        Submitted = "submitted", "待复核";
        Returned = "returned", "退回补正";
        Refused = "refused", "不同意";
        Approved = "approved", "已登记";
        Withdrawn = "withdrawn", "已撤回";
    }
}

/// An entry as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New {
    pub kind: Kind,
    /// First year of the school year; of a subsidy the year of the settlement day.
    pub year: i32,
    pub settled_on: Option<NaiveDate>,
    pub authority: Option<Authority>,
    pub product: Option<Product>,
    /// What a reward was spent on.
    pub purpose: String,
    pub on: NaiveDate,
    pub amount: Fen,
    pub document: String,
    pub note: String,
}

impl New {
    /// `2026年12月20日结息，中央高校`; `2026 学年`.
    pub fn about(&self) -> String {
        about(self.kind, self.year, (self.settled_on, self.authority), &self.purpose)
    }
}

/// Why an entry does not go with those that stand, at its field; each stands with its amount.
/// `same`: of its kind and year; `rewards` and `uses` of the whole county.
pub fn beside(new: &New, same: Fen, (rewards, uses): (Fen, Fen)) -> Option<FieldError> {
    let left = rewards - uses;
    let message = if new.kind == Kind::Use && new.amount > left {
        format!("已登记的奖励还剩 ¥{}，支出不能超过它", left.to_page_text())
    } else if same + new.amount < Fen::ZERO {
        format!("这一种现在登记了 ¥{}，不能冲减得更多", same.to_page_text())
    } else {
        return None;
    };
    Some(FieldError { field: "amount".to_owned(), message })
}

/// What an entry is for, in words.
pub fn about(
    kind: Kind,
    year: i32,
    (settled_on, authority): (Option<NaiveDate>, Option<Authority>),
    purpose: &str,
) -> String {
    match (kind, settled_on) {
        (Kind::Subsidy, Some(on)) => {
            let whose = authority.map_or("", Authority::in_words);
            format!("{on} 结息，{whose}")
        }
        (Kind::Use, _) => format!("{year} 学年，{purpose}"),
        _ => format!("{year} 学年"),
    }
}

/// Everything that is wrong with an entry, each at its field. `uses` is what a reward may be spent
/// on in that year.
pub fn check(new: &New, uses: &[String], today: NaiveDate) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut wrong = |field: &str, message: &str| {
        errors.push(FieldError { field: field.to_owned(), message: message.to_owned() });
    };
    if new.on.year() < 2007 {
        wrong("on", "日期请写 2007 年以后的，生源地贷款从那一年开始");
    }
    if new.on > today {
        wrong("on", "日期不能晚于今天，还没有到的钱不能先登记");
    }
    // No loss at all is a figure, too; nothing else of nothing is entered.
    if new.amount.is_zero() && new.kind != Kind::Loss {
        wrong("amount", "金额要填；只有核定没有损失的，损失填 0");
    }
    if new.amount < Fen::ZERO && new.note.is_empty() {
        wrong("note", "负数是冲减以前的一笔，请写清楚冲减哪一笔、为什么");
    }
    match new.kind {
        Kind::Subsidy => {
            if new.settled_on.is_some_and(|on| on > today) {
                wrong("settled_on", "这个结息日还没有到，不会有贴息拨付");
            }
            if new.settled_on.is_none() {
                wrong("settled_on", "请填拨的是哪个结息日的贴息，例如 2026-12-20");
            }
            if new.authority.is_none() {
                wrong("authority", "请选是哪一类高校的贴息");
            }
            if new.settled_on.is_some_and(|on| new.on < on) {
                wrong("on", "到账日期早于结息日，请核对这两个日期");
            }
            match new.product {
                None => wrong("product", "请选是哪种贷款的贴息"),
                Some(Product::Local) => wrong("product", "县自办贷款不计利息，没有贴息"),
                Some(Product::Cdb) => {}
            }
        }
        Kind::Use if uses.is_empty() => {
            wrong("purpose", "这个学年没有奖励资金的用途规定，不能登记支出");
        }
        Kind::Use if !uses.contains(&new.purpose) => {
            wrong("purpose", "请从规定的用途里选一项");
        }
        _ => {}
    }
    if new.kind != Kind::Subsidy && !(2007..=today.year()).contains(&new.year) {
        wrong("year", "学年请填开始的那一年，从 2007 到今年");
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dates::day_in;

    fn new(kind: Kind) -> New {
        New {
            kind,
            year: 2025,
            settled_on: None,
            authority: None,
            product: None,
            purpose: String::new(),
            on: day_in(2026, 1, 10),
            amount: Fen::from_yuan(100),
            document: "川财教〔2026〕1号".to_owned(),
            note: String::new(),
        }
    }

    fn fields(new: &New) -> Vec<String> {
        let uses = ["宣传".to_owned()];
        let wrong = check(new, &uses, day_in(2026, 10, 31));
        wrong.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn nothing_is_spent_that_was_not_given_and_no_more_taken_back_than_stands() {
        let yuan = Fen::from_yuan;
        let wrong = |new: &New, same, of| beside(new, same, of).map(|error| error.message);
        let spent = New { purpose: "宣传".into(), ..new(Kind::Use) };
        let left = wrong(&spent, yuan(0), (yuan(150), yuan(100))).unwrap();
        assert!(left.contains("还剩 ¥50.00"), "{left}");
        assert_eq!(wrong(&spent, yuan(0), (yuan(200), yuan(100))), None);
        let back = New { amount: yuan(-5), ..new(Kind::Fund) };
        assert!(wrong(&back, yuan(4), (yuan(0), yuan(0))).is_some());
        assert_eq!(wrong(&back, yuan(5), (yuan(0), yuan(0))), None);
    }

    #[test]
    fn each_thing_that_is_wrong_is_said_at_its_field() {
        assert_eq!(fields(&new(Kind::Fund)), [""; 0]);
        assert_eq!(fields(&new(Kind::Subsidy)), ["settled_on", "authority", "product"]);
        let subsidy = New {
            settled_on: Some(day_in(2025, 12, 20)),
            authority: Some(Authority::Central),
            product: Some(Product::Cdb),
            ..new(Kind::Subsidy)
        };
        assert_eq!(fields(&subsidy), [""; 0]);
        let late = New { settled_on: Some(day_in(2026, 12, 20)), ..subsidy };
        assert_eq!(fields(&late), ["settled_on", "on"]);
        let own = New { product: Some(Product::Local), ..late };
        assert_eq!(fields(&own), ["settled_on", "on", "product"]);
        assert_eq!(fields(&new(Kind::Use)), ["purpose"]);
        assert_eq!(fields(&New { purpose: "宣传".into(), ..new(Kind::Use) }), [""; 0]);
        let zero = |kind| New { amount: Fen::ZERO, ..new(kind) };
        assert_eq!(fields(&zero(Kind::Loss)), [""; 0]);
        assert_eq!(fields(&zero(Kind::Reward)), ["amount"]);
        let back = New { amount: Fen::from_yuan(-5), ..new(Kind::Fund) };
        assert_eq!(fields(&back), ["note"]);
        let ahead = New { on: day_in(2026, 11, 1), year: 2027, ..new(Kind::Fund) };
        assert_eq!(fields(&ahead), ["on", "year"]);
    }
}
