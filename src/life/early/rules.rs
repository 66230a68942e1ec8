//! What may be requested, and what a bank's answer may say (rules.md 5.2). Pure.

use chrono::NaiveDate;

use crate::base::dates::in_words;
use crate::base::ids::text_enum;
use crate::base::money::Fen;
use crate::book::early_repayment::Needed;
use crate::book::file::Contract;
use crate::book::policy::Step;
use crate::error::FieldError;

text_enum! {
    State {
        Open = "open", "待扣款";
        Answered = "answered", "结果待复核";
        Paid = "paid", "已扣款";
        Unpaid = "unpaid", "没有扣成";
        Lapsed = "lapsed", "没有收到扣款结果";
        Withdrawn = "withdrawn", "已撤回";
    }
}

text_enum! {
    Requester {
        Student = "student", "借款学生";
        CoBorrower = "co_borrower", "共同借款人";
    }
}

text_enum! {
    /// Where it was requested.
    Source {
        Desk = "desk", "柜台";
        Phone = "phone", "手机页面";
    }
}

text_enum! {
    /// What the bank says.
    Outcome {
        Debited = "debited", "扣成了";
        NotDebited = "not_debited", "没有扣成";
    }
}

/// The bank's answer as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub outcome: Outcome,
    /// The day of the debit.
    pub on: Option<NaiveDate>,
    /// All that was debited.
    pub amount: Option<Fen>,
    /// Why nothing was debited.
    pub reason: String,
}

fn yuan(amount: Fen) -> String {
    amount.to_page_text().trim_end_matches(".00").to_owned()
}

/// Why a contract cannot be repaid early at all, in a sentence.
pub fn refusal(of: &Contract, today: NaiveDate) -> Option<String> {
    let number = &of.loan.contract_no;
    if of.is_undisbursed() {
        return Some(format!("合同 {number} 还没有放款，不用提前还"));
    }
    if let Some(on) = of.statement.position.settled_on {
        return Some(format!("合同 {number} {}已经还清", in_words(on, today)));
    }
    of.bank_settled_on.map(|on| {
        format!("银行{}的名单说合同 {number} 已经还清，先和银行核对", in_words(on, today))
    })
}

/// What is wrong with a part, `whole` being what the whole contract would take.
pub fn check_part(part: Fen, step: &Step, whole: &Needed) -> Option<FieldError> {
    let most = whole.not_due;
    let message = if !step.fits(part) {
        let (minimum, step) = (yuan(step.minimum), yuan(step.step));
        format!("一次至少还 {minimum} 元，而且是 {step} 元的整数倍")
    } else if part == most {
        format!("{} 元正好是剩下的全部本金，请把金额空着，选全部还清", yuan(part))
    } else if part > most {
        let most = most.to_page_text();
        format!("这份合同只剩本金 {most} 元没有到期，要全部还清就把金额空着")
    } else {
        return None;
    };
    Some(FieldError { field: "amount".to_owned(), message })
}

/// Whether the bank's answer can be of this request.
pub fn check_answer(
    answer: &Answer,
    (requested_on, today): (NaiveDate, NaiveDate),
    principal: Fen,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut say = |field: &str, message: String| {
        errors.push(FieldError { field: field.to_owned(), message });
    };
    if answer.outcome == Outcome::NotDebited {
        if answer.reason.is_empty() {
            say("bank_reason", "请写银行说的原因，例如：余额不足".to_owned());
        }
        if answer.amount.is_some() || answer.on.is_some() {
            say("outcome", "没有扣成就不填日期和金额；扣了一部分的，先和银行核对".to_owned());
        }
        return errors;
    }
    match answer.on {
        None => say("on", "请填银行扣款的日期".to_owned()),
        Some(on) if on > today => say("on", "扣款日期不能晚于今天".to_owned()),
        Some(on) if on < requested_on => {
            let requested_on = in_words(requested_on, today);
            say("on", format!("扣款日期早于申请的日子（{requested_on}）"));
        }
        Some(_) => {}
    }
    match answer.amount {
        None => say("amount", "请填银行一共扣了多少".to_owned()),
        Some(amount) if amount < principal => {
            let (amount, principal) = (amount.to_page_text(), principal.to_page_text());
            say(
                "amount",
                format!("扣了 ¥{amount}，申请还的本金是 ¥{principal}，对不上，先和银行核对"),
            );
        }
        Some(_) => {}
    }
    errors
}

/// What whoever confirms the answer looks at.
pub fn exceptions(
    answer: &Answer,
    (settles_on, today): (NaiveDate, NaiveDate),
    needed: Fen,
) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(amount) = answer.amount.filter(|amount| *amount != needed) {
        let [amount, needed] = [amount, needed].map(Fen::to_page_text);
        found.push(format!("银行扣了 ¥{amount}，我们算的是 ¥{needed}，不一样"));
    }
    // The debit runs after 24:00 of the settling day (rules.md 5.2).
    let usual = [Some(settles_on), settles_on.succ_opt()];
    if let Some(on) = answer.on.filter(|on| !usual.contains(&Some(*on))) {
        let [on, settles_on] = [on, settles_on].map(|day| in_words(day, today));
        found.push(format!("银行扣款是{on}，申请的扣款日是{settles_on}"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dates::day_in;

    fn whole() -> Needed {
        Needed { not_due: Fen::from_yuan(12_000), ..Needed::default() }
    }

    #[test]
    fn a_part_is_large_enough_in_steps_and_leaves_something() {
        let step = Step { minimum: Fen::from_yuan(500), step: Fen::from_yuan(100) };
        for (yuan, says) in [
            (400, "一次至少还 500 元，而且是 100 元的整数倍"),
            (550, "一次至少还 500 元，而且是 100 元的整数倍"),
            (12_000, "12,000 元正好是剩下的全部本金，请把金额空着，选全部还清"),
            (12_100, "这份合同只剩本金 12,000.00 元没有到期，要全部还清就把金额空着"),
        ] {
            let error = check_part(Fen::from_yuan(yuan), &step, &whole()).unwrap();
            assert_eq!(error.message, says, "{yuan}");
        }
        for yuan in [500, 5_000, 11_900] {
            assert_eq!(check_part(Fen::from_yuan(yuan), &step, &whole()), None, "{yuan}");
        }
    }

    fn answer(outcome: Outcome, on: Option<NaiveDate>, yuan: i64, reason: &str) -> Answer {
        let amount = (yuan > 0).then(|| Fen::from_yuan(yuan));
        Answer { outcome, on, amount, reason: reason.to_owned() }
    }

    #[test]
    fn an_answer_that_cannot_be_of_the_request_is_said() {
        let (requested_on, today) = (day_in(2026, 11, 10), day_in(2027, 1, 4));
        let on = Some(day_in(2026, 12, 20));
        for (of, fields) in [
            (answer(Outcome::Debited, on, 5_100, ""), vec![]),
            (answer(Outcome::Debited, None, 0, ""), vec!["on", "amount"]),
            (answer(Outcome::Debited, Some(day_in(2027, 1, 5)), 5_100, ""), vec!["on"]),
            (answer(Outcome::Debited, Some(day_in(2026, 11, 9)), 5_100, ""), vec!["on"]),
            (answer(Outcome::Debited, on, 4_999, ""), vec!["amount"]),
            (answer(Outcome::NotDebited, None, 0, "余额不足"), vec![]),
            (answer(Outcome::NotDebited, None, 0, ""), vec!["bank_reason"]),
            (answer(Outcome::NotDebited, on, 100, "余额不足"), vec!["outcome"]),
        ] {
            let errors = check_answer(&of, (requested_on, today), Fen::from_yuan(5_000));
            let found: Vec<&str> = errors.iter().map(|one| one.field.as_str()).collect();
            assert_eq!(found, fields, "{of:?}");
        }
    }

    #[test]
    fn whoever_confirms_sees_another_sum_and_another_day() {
        let days = (day_in(2026, 12, 20), day_in(2027, 1, 4));
        let of = |day, yuan| {
            let on = Some(day_in(2026, 12, day));
            exceptions(&answer(Outcome::Debited, on, yuan, ""), days, Fen::from_yuan(5_100)).len()
        };
        assert_eq!([of(20, 5_100), of(21, 5_100), of(22, 5_100), of(22, 5_101)], [0, 0, 1, 2]);
    }
}
