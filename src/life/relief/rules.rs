//! Who may be helped, with how much, and what comes after what (rules.md 10.5). Pure.

use chrono::{Datelike, NaiveDate};

use crate::base::dates::in_words;
use crate::base::ids::text_enum;
use crate::base::money::Fen;
use crate::book::file::Contract;
use crate::book::policy::ReliefClass;
use crate::book::statement::EventKind;
use crate::error::FieldError;

text_enum! {
    State {
        Open = "open", "收材料";
        Submitted = "submitted", "县级待复核";
        Passed = "passed", "县级同意，待公示";
        Public = "public", "公示中";
        Cleared = "cleared", "公示期满，待报市";
        City = "city", "已报市级";
        Province = "province", "市级同意，已报省级";
        Granted = "granted", "省级同意，待拨款";
        Paying = "paying", "拨款待复核";
        Paid = "paid", "已救助";
        Refused = "refused", "不同意";
        Withdrawn = "withdrawn", "已撤回";
    }
}

impl State {
    pub const fn is_final(self) -> bool {
        matches!(self, State::Paid | State::Refused | State::Withdrawn)
    }

    /// Scans are added until the city has it.
    pub const fn takes_papers(self) -> bool {
        matches!(self, State::Open | State::Submitted | State::Passed | State::Public)
            || matches!(self, State::Cleared)
    }

    /// Before money has been entered, and not while a second person looks at it.
    pub const fn can_withdraw(self) -> bool {
        matches!(self, State::Open | State::Passed | State::Cleared | State::City)
            || matches!(self, State::Province | State::Granted)
    }
}

text_enum! {
    Applicant {
        Student = "student", "借款学生";
        CoBorrower = "co_borrower", "共同借款人";
        Relative = "relative", "亲属代办";
    }
}

/// An application as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New {
    pub class: String,
    pub applicant: Applicant,
    pub applicant_name: String,
    pub happened_on: NaiveDate,
    /// What the family has paid itself after insurance in the year; of an illness.
    pub cost: Option<Fen>,
    pub note: String,
}

/// Compensation of a service member as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compensation {
    pub contract_nos: String,
    pub granted: Fen,
    pub paid_on: Option<NaiveDate>,
    pub requested: Fen,
}

impl Compensation {
    fn is_granted(&self) -> bool {
        self.granted.is_positive() || self.paid_on.is_some()
    }

    /// Of this contract; one that names none may be of any.
    fn is_of(&self, contract_no: &str) -> bool {
        let names = self.contract_nos.trim();
        names.is_empty()
            || names.split(['、', ',', '，', ';', '；', ' ']).any(|one| one == contract_no)
    }
}

/// Everything wrong with an application, each at its field.
pub fn check(new: &New, class: &ReliefClass, today: NaiveDate) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut wrong = |field: &str, message: String| {
        errors.push(FieldError { field: field.to_owned(), message });
    };
    if new.happened_on > today {
        wrong("happened_on", "发生日期不能晚于今天".to_owned());
    }
    if class.code == "death" && new.applicant == Applicant::Student {
        wrong("applicant", format!("{}的，由共同借款人或者亲属来申请", class.name));
    }
    let is_of_these_years = (today.year() - 1..=today.year()).contains(&new.happened_on.year());
    if class.threshold.is_some() && !is_of_these_years {
        wrong("happened_on", format!("{}救助看当年的花费，请填今年或者去年的日期", class.name));
    }
    if class.same_year && new.happened_on.year() != today.year() {
        let (name, year) = (&class.name, new.happened_on.year());
        wrong("happened_on", format!("{name}要在发生的当年申请，{year} 年的现在不能再申请"));
    }
    match (class.threshold, new.cost) {
        (Some(_), None) => {
            wrong("cost", "请填医保报销以后、当年自己付的医药费".to_owned());
        }
        (Some(_), Some(cost)) if cost < Fen::ZERO => {
            wrong("cost", "当年自己付的医药费不能小于 0".to_owned());
        }
        (Some(from), Some(cost)) if cost <= from => {
            let (cost, from) = (cost.to_page_text(), from.to_page_text());
            wrong(
                "cost",
                format!("当年自付 ¥{cost}，没有超过 ¥{from}，不符合{}的条件", class.name),
            );
        }
        _ => {}
    }
    errors
}

/// Why the fund may not pay for a contract, in a sentence; nothing when it may.
pub fn refusal(of: &Contract, others: &[Compensation], today: NaiveDate) -> Option<String> {
    let number = &of.loan.contract_no;
    if of.is_undisbursed() {
        return Some(format!("合同 {number} 还没有放款，没有可以救助的"));
    }
    if let Some(on) = of.statement.position.settled_on {
        return Some(format!("合同 {number} {}已经还清，没有可以救助的", in_words(on, today)));
    }
    if let Some(on) = of.bank_settled_on {
        let on = in_words(on, today);
        return Some(format!("银行{on}的名单说合同 {number} 已经还清，先和银行核对"));
    }
    for event in of.standing_events() {
        match event.kind {
            EventKind::Compensated { amount } => {
                let (on, amount) = (in_words(event.on, today), amount.to_page_text());
                return Some(format!(
                    "合同 {number} {on}已经代偿 ¥{amount}，有了代偿的不能再申请救助"
                ));
            }
            EventKind::Relieved { .. } if event.on.year() == today.year() => {
                let on = in_words(event.on, today);
                return Some(format!("合同 {number} 今年已经救助过（{on}），一年只能救助一次"));
            }
            _ => {}
        }
    }
    let granted = others.iter().find(|one| one.is_granted() && one.is_of(number))?;
    Some(match granted.contract_nos.trim().is_empty() {
        true => format!(
            "已经批准服兵役代偿，名单没有写是哪份合同：先核对清楚，合同 {number} 再申请救助"
        ),
        false => format!("合同 {number} 已经批准服兵役代偿，有了代偿的不能再申请救助"),
    })
}

/// What a second person should look at: compensation that is requested for and not decided.
pub fn exceptions(others: &[Compensation]) -> Vec<String> {
    let is_open = |one: &&Compensation| one.requested.is_positive() && !one.is_granted();
    let open = others.iter().filter(is_open);
    open.map(|one| format!("申请过服兵役代偿 ¥{}，还没有结果", one.requested.to_page_text()))
        .collect()
}

/// What falls due of a contract in the year of a day and is not paid, late payments of that year
/// included (classes that are not helped at once, rules.md 10.5).
pub fn due_in_year(of: &Contract, today: NaiveDate) -> Fen {
    let rows = of.statement.instalments.iter();
    let open: Fen =
        rows.filter(|row| row.due_on.year() == today.year()).map(|row| row.open().or_zero()).sum();
    (open - of.statement.position.unapplied).or_zero()
}

/// The papers that are missing, each a sentence.
pub fn missing(class: &ReliefClass, has: impl Fn(&str) -> bool) -> Vec<String> {
    let missing = class.papers.iter().filter(|paper| !has(&paper.key));
    missing.map(|paper| format!("缺证明材料：{}", paper.name)).collect()
}

/// What the fund pays for a contract, against what the contract takes on that day.
pub fn check_paid(number: &str, paid: Fen, owed: Fen, on: NaiveDate) -> Option<String> {
    if !paid.is_positive() {
        return Some(format!("合同 {number} 的救助金额要大于零"));
    }
    (paid > owed).then(|| {
        let (paid, owed) = (paid.to_page_text(), owed.to_page_text());
        format!("合同 {number} 到 {on} 全部还清只要 ¥{owed}，不能拨 ¥{paid}，请和省级核对金额")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dates::day_in;
    use crate::book::policy::Policy;

    fn class(code: &str) -> ReliefClass {
        let policy = Policy::embedded().unwrap();
        let classes = &policy.relief_classes.on(day_in(2026, 10, 31)).classes;
        classes.iter().find(|class| class.code == code).unwrap().clone()
    }

    fn new(happened_on: NaiveDate, cost: Option<i64>) -> New {
        New {
            class: String::new(),
            applicant: Applicant::Student,
            applicant_name: "甲".to_owned(),
            happened_on,
            cost: cost.map(Fen::from_yuan),
            note: String::new(),
        }
    }

    fn said(code: &str, on: (i32, u32, u32), cost: Option<i64>) -> Vec<String> {
        let on = day_in(on.0, on.1, on.2);
        let wrong = check(&new(on, cost), &class(code), day_in(2026, 10, 31));
        wrong.into_iter().map(|error| error.message).collect()
    }

    /// rules.md 10.5: disaster in the same year; rules-more.md 3.6: own cost above 12,000 yuan.
    #[test]
    fn a_disaster_is_of_this_year_and_an_illness_costs_more_than_the_threshold() {
        assert!(said("disaster", (2026, 7, 1), None).is_empty());
        assert_eq!(said("disaster", (2025, 12, 31), None).len(), 1);
        assert!(said("illness", (2025, 12, 31), Some(12_001)).is_empty());
        let wrong = said("illness", (2026, 1, 1), Some(12_000));
        assert!(wrong[0].contains("没有超过 ¥12,000.00"), "{wrong:?}");
        assert!(said("illness", (2026, 1, 1), None)[0].contains("医药费"));
        assert!(said("death", (2026, 11, 1), None)[0].contains("不能晚于今天"));
    }

    #[test]
    fn each_missing_paper_is_a_sentence() {
        let class = class("illness");
        let has = |key: &str| key == "proof" || key == "id";
        let missing = missing(&class, has);
        assert_eq!(missing.len(), 2);
        assert!(missing.iter().all(|one| one.starts_with("缺证明材料：")));
    }

    #[test]
    fn compensation_without_a_contract_may_be_of_any_and_one_that_is_open_is_only_said() {
        let open = Compensation { requested: Fen::from_yuan(100), ..Compensation::default() };
        assert_eq!(exceptions(std::slice::from_ref(&open)).len(), 1);
        let granted = Compensation { granted: Fen::from_yuan(100), ..open };
        assert!(exceptions(std::slice::from_ref(&granted)).is_empty());
        assert!(granted.is_granted() && granted.is_of("A1"));
        let named = Compensation { contract_nos: "A1、A2".to_owned(), ..granted };
        assert!(named.is_of("A2") && !named.is_of("A"));
    }

    #[test]
    fn no_more_is_paid_than_a_contract_takes() {
        let yuan = Fen::from_yuan;
        let on = day_in(2026, 12, 1);
        assert_eq!(check_paid("A", yuan(10), yuan(10), on), None);
        assert!(check_paid("A", yuan(11), yuan(10), on).is_some());
        assert!(check_paid("A", Fen::ZERO, yuan(10), on).is_some());
    }
}
