//! What families ask about a sum that is explained: why a year has 360 days, and why one contract
//! ends later than another. A sentence each.

use std::collections::BTreeSet;

use chrono::{Datelike as _, NaiveDate};

use super::Contract;
use crate::book::policy::Policy;

/// Why these lines divide by 360; nothing when none does.
pub fn of_360<'a>(mut lines: impl Iterator<Item = &'a String>) -> Option<String> {
    let divides = lines.any(|line| line.contains("÷ 360"));
    divides.then(|| "÷ 360：利率按年，银行按一年 360 天折算成每天的利率".to_owned())
}

/// Why these contracts do not all end on one day; nothing when they do.
pub fn of_ends(contracts: &[Contract], policy: &Policy) -> Option<String> {
    let days: BTreeSet<NaiveDate> = contracts.iter().map(|one| one.loan.final_due_on).collect();
    let of_contract = |contract: &Contract| {
        let loan = &contract.loan;
        let (year, rule) = (loan.signed_on.year(), policy.term_rule(loan.signed_on));
        let term = loan.term_years.unwrap_or(loan.final_due_on.year() - year);
        let study = term - rule.added_years;
        let why = match study {
            _ if term == rule.max_years => format!("最长 {term} 年"),
            1.. => format!("还要读的 {study} 年加 {} 年", rule.added_years),
            _ => format!("{term} 年"),
        };
        format!("{year} 年签订的是{why}，到 {}", loan.final_due_on)
    };
    let words: Vec<String> = contracts.iter().map(of_contract).collect();
    let words = words.join("；");
    (days.len() > 1).then(|| format!("各合同到期日不同，期限按签订那天的规定：{words}"))
}
