//! Which money goes to which contract, and what cannot be. Pure.

use chrono::{Datelike, NaiveDate};

use crate::base::ids::text_enum;
use crate::base::money::Fen;
use crate::book::file::Contract;
use crate::book::policy::DeferralRule;
use crate::book::statement::{EventKind, RowKind};

text_enum! {
    Channel {
        Alipay = "alipay", "支付宝";
        Bank = "bank", "银行转账";
        Card = "card", "银联POS";
        Cash = "cash", "现金";
        Other = "other", "其他";
    }
}

/// What is open of a due day of a contract.
struct Open {
    due_on: NaiveDate,
    signed_on: NaiveDate,
    /// Index of the contract.
    at: usize,
    amount: Fen,
}

fn open(contracts: &[Contract]) -> Vec<Open> {
    let mut all = Vec::new();
    for (at, one) in contracts.iter().enumerate() {
        let mut there = one.statement.position.unapplied;
        for row in one.statement.instalments.iter().filter(|row| row.kind == RowKind::DueDay) {
            let used = there.min(row.open());
            there -= used;
            let amount = row.open() - used;
            if amount.is_positive() {
                let signed_on = one.loan.signed_on;
                all.push(Open { due_on: row.due_on, signed_on, at, amount });
            }
        }
    }
    all.sort_by_key(|one| (one.due_on, one.signed_on, one.at));
    all
}

/// What paying everything by the plan would still take.
pub fn all_that_is_open(contracts: &[Contract]) -> Fen {
    open(contracts).iter().map(|one| one.amount).sum()
}

/// Shares money out: to the due day that comes first, over all contracts, and on one day to the
/// contract that was signed first. By index of the contract; shares of nothing are left out.
pub fn shares(contracts: &[Contract], amount: Fen) -> Vec<(usize, Fen)> {
    let (mut shares, mut left) = (vec![Fen::ZERO; contracts.len()], amount);
    for one in open(contracts) {
        let part = left.min(one.amount);
        left -= part;
        if let Some(share) = shares.get_mut(one.at) {
            *share += part;
        }
    }
    shares.into_iter().enumerate().filter(|(_, share)| share.is_positive()).collect()
}

/// Money as typed: the day it came, how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub on: NaiveDate,
    pub amount: Fen,
    pub channel: Channel,
}

/// Why money cannot be taken for these contracts, at which field; nothing when it can.
pub fn refusal(
    contracts: &[Contract],
    payment: &Payment,
    today: NaiveDate,
) -> Option<(&'static str, String)> {
    let Payment { on, amount, .. } = *payment;
    if on > today {
        return Some(("on", "还款日期不能晚于今天，还没有到的钱不能先记".to_owned()));
    }
    if contracts.is_empty() {
        return Some(("contract", "已经全部还清，不能再记还款".to_owned()));
    }
    let paid_out = contracts
        .iter()
        .flat_map(Contract::standing_events)
        .filter_map(|event| matches!(event.kind, EventKind::Disbursed { .. }).then_some(event.on));
    match paid_out.min() {
        None => return Some(("contract", "这份合同的钱还没有发放，不能记还款".to_owned())),
        Some(first) if on < first => {
            return Some(("on", format!("{on} 早于发放日期 {first}，请核对日期")));
        }
        Some(_) => {}
    }
    let most = all_that_is_open(contracts);
    if amount > most {
        let most = most.to_page_text();
        let why = format!("照计划全部还完只要 ¥{most}，请核对金额；要提前还清请办提前还款");
        return Some(("amount", why));
    }
    None
}

/// Until when the deferral of the principal of a year may be asked for.
///
/// # Errors
/// In one sentence: there is none, or it is too late.
pub fn deferral(
    rule: &DeferralRule,
    (due_on, until): (NaiveDate, NaiveDate),
    today: NaiveDate,
) -> Result<(), String> {
    let year = due_on.year();
    if !rule.allowed {
        return Err(format!("{year} 年没有本金延期的政策，不能办；有了通知以后再来"));
    }
    if today > until {
        let days = rule.request_working_days_before_due;
        return Err(format!(
            "{year} 年的延期最晚 {until} 申请（还款日前 {days} 个工作日），已经过了"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// rules.md 3.6: on the borrower's request, three working days before the due day.
    #[test]
    fn a_deferral_needs_a_rule_and_comes_in_time() {
        let rule =
            DeferralRule { allowed: true, years_moved: 1, request_working_days_before_due: 3 };
        let days = (d("2025-12-20"), d("2025-12-17"));
        assert_eq!(deferral(&rule, days, d("2025-12-17")), Ok(()));
        let late = deferral(&rule, days, d("2025-12-18")).unwrap_err();
        assert_eq!(late, "2025 年的延期最晚 2025-12-17 申请（还款日前 3 个工作日），已经过了");
        let none = DeferralRule { allowed: false, ..rule };
        assert!(deferral(&none, days, d("2025-06-01")).unwrap_err().contains("没有本金延期的政策"));
    }
}
