//! How a figure came about: principal, rate, days, base, payer, switch and document.
//!
//! Pure. The sums are the statement's own (`explain_zh`); here they get their place, the price
//! of the rate, and the document that says so.

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use super::{Contract, early_word, rule_notes};
use crate::base::dates::{day_in, days_between};
use crate::base::money::Fen;
use crate::base::rate::RatePpm;
use crate::book::policy::Policy;
use crate::book::statement::{EventKind, Instalment, InstalmentState, Pricing, RowKind, Statement};

/// One contract's part of a figure.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Part {
    /// The contract, or what else the part is about.
    pub name: String,
    /// The amounts of the part, in words: `本金 2,636.36`.
    pub amounts: Vec<String>,
    /// How they came about, a sentence each.
    pub lines: Vec<String>,
}

/// The working of a figure.
#[derive(Clone, Debug, Serialize)]
pub struct Why {
    pub title: String,
    pub parts: Vec<Part>,
    /// What the parts come to, a sentence each; the last one ends with the figure.
    pub sum: Vec<String>,
    pub notes: Vec<String>,
}

/// One of the four figures at the head of the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// What settles the arrears.
    Arrears,
    Penalty,
    Balance,
}

impl Figure {
    /// The figure a word of the address names.
    pub fn from_text(text: &str) -> Option<Figure> {
        match text {
            "arrears" => Some(Figure::Arrears),
            "penalty" => Some(Figure::Penalty),
            "balance" => Some(Figure::Balance),
            _ => None,
        }
    }
}

/// The working of one due day (or early settlement), over all contracts or one of them.
pub fn of_day(
    contracts: &[Contract],
    policy: &Policy,
    due_on: NaiveDate,
    contract_no: &str,
) -> Why {
    let mut notes: Vec<String> = Vec::new();
    let mut parts = Vec::new();
    let mut rows = Vec::new();
    for contract in contracts {
        if !contract_no.is_empty() && contract.loan.contract_no != contract_no {
            continue;
        }
        for row in contract.statement.instalments.iter().filter(|row| row.due_on == due_on) {
            parts.push(part(contracts, contract, row));
            rows.push(row);
            for note in row_notes(contract, row, policy) {
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
        }
    }
    notes.extend(rule_notes::of_360(lines(&parts)));
    if parts.len() > 1 {
        notes.extend(rule_notes::of_ends(contracts, policy));
    }
    Why { title: format!("{due_on} 这一期怎么算的"), parts, sum: sum_of_day(&rows), notes }
}

fn lines(parts: &[Part]) -> impl Iterator<Item = &String> {
    parts.iter().flat_map(|part| &part.lines)
}

/// `a + b = c`, or `c` alone; nothing when every term is nothing.
fn sum_line(name: &str, terms: impl Iterator<Item = Fen>) -> Option<String> {
    let terms: Vec<Fen> = terms.filter(|term| term.is_positive()).collect();
    let sum: Fen = terms.iter().copied().sum();
    let words: Vec<String> = terms.iter().map(|term| term.to_page_text()).collect();
    match words.len() {
        0 => None,
        1 => Some(format!("{name} {} 元", sum.to_page_text())),
        _ => Some(format!("{name} {} = {} 元", words.join(" + "), sum.to_page_text())),
    }
}

/// One kind of amount of a due day.
type Amount = fn(&Instalment) -> Fen;

/// What all contracts ask for on one day: principal, interest, penalty, and all of it.
fn sum_of_day(rows: &[&Instalment]) -> Vec<String> {
    let kinds: [(&str, Amount); 3] =
        [("本金", |row| row.principal), ("利息", |row| row.interest), ("罚息", |row| row.penalty)];
    let total = |of: Amount| rows.iter().map(|row| of(row)).sum::<Fen>();
    let totals = kinds.map(|(_, of)| total(of));
    let kinds_due = totals.iter().filter(|total| total.is_positive()).count();
    let mut lines: Vec<String> = Vec::new();
    if kinds_due == 1 {
        // Of one kind: the contracts' amounts are the terms of the total.
        let kind = |row: &&Instalment| kinds.iter().map(|(_, of)| of(row)).sum::<Fen>();
        lines.extend(sum_line("合计", rows.iter().map(kind)));
    } else {
        if rows.len() > 1 {
            let of_kind =
                |(name, of): &(&str, Amount)| sum_line(name, rows.iter().map(|row| of(row)));
            lines.extend(kinds.iter().filter_map(of_kind));
        }
        lines.extend(sum_line("合计", totals.into_iter()));
    }
    let paid = total(|row| row.paid_principal + row.paid_interest + row.paid_penalty);
    if paid.is_positive() {
        let open = total(Instalment::open).to_page_text();
        lines.push(format!("已还 {} 元，还差 {open} 元", paid.to_page_text()));
    }
    lines
}

/// The working of one of the figures at the head.
pub fn of_figure(contracts: &[Contract], figure: Figure) -> Why {
    let title = match figure {
        Figure::Arrears => "还清逾期的金额怎么算的",
        Figure::Penalty => "罚息怎么算的",
        Figure::Balance => "本金余额怎么算的",
    };
    let parts: Vec<Part> = contracts
        .iter()
        .map(|contract| match figure {
            Figure::Arrears => arrears(contract),
            Figure::Penalty => penalty(contract),
            Figure::Balance => balance(contract),
        })
        .filter(|part| !part.lines.is_empty())
        .collect();
    let amount = |contract: &Contract| match figure {
        Figure::Arrears => overdue_rows(&contract.statement).map(Instalment::open).sum(),
        Figure::Penalty => contract.statement.position.penalty,
        Figure::Balance => contract.statement.position.principal_outstanding,
    };
    let sum = sum_line("合计", contracts.iter().map(amount)).into_iter().collect();
    let mut notes = match figure {
        Figure::Balance => Vec::new(),
        Figure::Arrears | Figure::Penalty => vec![
            "罚息只按逾期本金计，利率为合同利率的 130%，从到期次日算到还款日；逾期利息不再计息。"
                .to_owned(),
        ],
    };
    notes.extend(rule_notes::of_360(lines(&parts)));
    Why { title: title.to_owned(), parts, sum, notes }
}

fn part(contracts: &[Contract], contract: &Contract, row: &Instalment) -> Part {
    let early = early_word(contracts, row.due_on);
    let mut lines = contract.statement.explain_zh(row, early);
    let paid = row.paid_principal + row.paid_interest + row.paid_penalty;
    if paid.is_positive() {
        let words = kinds_in_words(|paid| match paid {
            Kind::Principal => row.paid_principal,
            Kind::Interest => row.paid_interest,
            Kind::Penalty => row.paid_penalty,
        });
        let when = row.settled_on.map_or(String::new(), |on| format!("，{on} 还清"));
        lines.push(format!("已还 {} 元：{}{when}", paid.to_page_text(), words.join(" + ")));
    }
    Part {
        name: contract.loan.contract_no.clone(),
        amounts: vec![format!("还后余额 {} 元", row.balance_after.to_page_text())],
        lines,
    }
}

/// What money of a row is.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Principal,
    Interest,
    Penalty,
}

/// `本金 710.00`, `利息 201.56`: what there is of each.
fn kinds_in_words(of: impl Fn(Kind) -> Fen) -> Vec<String> {
    let kinds = [(Kind::Principal, "本金"), (Kind::Interest, "利息"), (Kind::Penalty, "罚息")];
    kinds
        .into_iter()
        .map(|(kind, name)| (name, of(kind)))
        .filter(|(_, amount)| amount.is_positive())
        .map(|(name, amount)| format!("{name} {}", amount.to_page_text()))
        .collect()
}

/// What fixed each rate of a row.
fn rate_lines(contract: &Contract, row: &Instalment, policy: &Policy) -> Vec<String> {
    let mut seen: Vec<RatePpm> = Vec::new();
    let mut lines = Vec::new();
    let statement = &contract.statement;
    let spans = statement.spans_of(row).map(|span| (span.rate, span.first_day));
    let penalties = statement.penalty_spans_of(row).map(|span| (span.rate, span.first_day));
    for (rate, first_day) in spans.chain(penalties) {
        if seen.contains(&rate) {
            continue;
        }
        seen.push(rate);
        lines.push(rate_line(contract, policy, rate, first_day));
    }
    lines
}

fn rate_line(contract: &Contract, policy: &Policy, rate: RatePpm, first_day: NaiveDate) -> String {
    let fixed = contract.loan.fixed_rate_ppm.map_or(Pricing::Floating, Pricing::Fixed);
    if let Pricing::Fixed(_) = fixed {
        return format!("年利率 {rate}%：合同约定的固定利率");
    }
    let set = contract
        .standing_events()
        .any(|event| matches!(event.kind, EventKind::RateSet { rate: own } if own == rate));
    if set {
        return format!("年利率 {rate}%：银行给定的利率");
    }
    let disbursed_on = contract
        .standing_events()
        .filter(|event| matches!(event.kind, EventKind::Disbursed { .. }))
        .map(|event| event.on)
        .min();
    let december = match day_in(first_day.year(), 12, 21) {
        day if day <= first_day => day,
        _ => day_in(first_day.year() - 1, 12, 21),
    };
    let priced_on = disbursed_on.map_or(december, |on| on.max(december));
    let rates = policy.rates();
    let (lpr, margin) = (rates.lpr().on(priced_on), rates.margin(priced_on));
    if lpr.less(margin) == rate {
        format!("年利率 {rate}%：{priced_on} 定价，5 年期以上 LPR {lpr}% 减 {margin} 个百分点")
    } else {
        format!("年利率 {rate}%：{priced_on} 定价，央行五年以上贷款基准利率")
    }
}

/// The switches and documents a row depends on.
fn row_notes(contract: &Contract, row: &Instalment, policy: &Policy) -> Vec<String> {
    let mut notes = rate_lines(contract, row, policy);
    let switches = contract.statement.switches_of(row).into_iter();
    notes.extend(switches.map(|switch| switch_note(switch, contract)));
    if row.due_on > contract.statement.as_of {
        notes.push("还没到期的金额是预计：按现在的利率、以后每期都按时还来算".to_owned());
    }
    if row.state == InstalmentState::Awaiting {
        notes.push(
            "银行这一期的扣款结果还没有到，收到银行清单后更新；到那时为止不算罚息".to_owned(),
        );
    }
    if row.interest.is_positive()
        && let Some(assumed) = policy.assumed(row.due_on)
    {
        notes.push(format!("{} 年是否免息还没有通知，利息{assumed}", row.due_on.year()));
    }
    if row.waived.is_positive()
        && let Some(waiver) = policy.waiver_years().find(|waiver| waiver.year == row.due_on.year())
    {
        notes.push(format!("{} 年利息免除：{}", waiver.year, waiver.source));
    }
    if row.principal.is_positive() && row.kind == RowKind::DueDay {
        let grace = policy.grace_rule.entry(contract.loan.signed_on);
        notes.push(format!("还本宽限期 {} 年：{}", contract.loan.grace_years, grace.source));
    }
    let due = policy.due_days.entry(contract.loan.signed_on);
    notes.push(format!("每年 12 月 20 日结息、还款：{}", due.source));
    notes
}

fn switch_note(switch: &str, contract: &Contract) -> String {
    let own = contract.loan.switches.contains(&format!("{switch}="));
    let whose = if own { "本合同另有约定" } else { "按默认口径" };
    let what = match switch {
        "self_pay_starts" if own => "自付利息从贴息截止日后第二天起算",
        "self_pay_starts" => "自付利息从贴息截止日次日起算，毕业当年到 12 月 20 日共 111 天",
        "recut_after_prepayment" if own => "提前还款后每期金额不变，从最后几期减起",
        "recut_after_prepayment" => "提前还款后，余下本金在以后各期平均分摊",
        "allocation" if own => "还款的先后次序按合同约定",
        "allocation" => "还款先抵罚息，再抵利息，最后抵本金",
        other => other,
    };
    format!("{what}（{whose}）")
}

fn overdue_rows(statement: &Statement) -> impl Iterator<Item = &Instalment> {
    statement.instalments.iter().filter(|row| row.state == InstalmentState::Overdue)
}

fn arrears(contract: &Contract) -> Part {
    let lines: Vec<String> = overdue_rows(&contract.statement)
        .map(|row| {
            let words = kinds_in_words(|kind| match kind {
                Kind::Principal => row.principal - row.paid_principal,
                Kind::Interest => row.interest - row.paid_interest,
                Kind::Penalty => row.penalty - row.paid_penalty,
            });
            format!("{} 到期：{} = {} 元", row.due_on, words.join(" + "), row.open().to_page_text())
        })
        .collect();
    let sum: Fen = overdue_rows(&contract.statement).map(Instalment::open).sum();
    Part {
        name: contract.loan.contract_no.clone(),
        amounts: vec![format!("合计 {}", sum.to_page_text())],
        lines,
    }
}

fn penalty(contract: &Contract) -> Part {
    let statement = &contract.statement;
    let mut lines = Vec::new();
    for row in overdue_rows(statement).filter(|row| row.penalty.is_positive()) {
        let until = statement.known_until;
        let days = days_between(row.due_on, until);
        let own = statement.explain_zh(row, "").into_iter().filter(|line| line.starts_with("罚息"));
        lines.extend(
            own.map(|line| format!("{} 到期，到 {until} 共 {days} 天，{line}", row.due_on)),
        );
        if row.paid_penalty.is_positive() {
            lines.push(format!("已还罚息 {} 元", row.paid_penalty.to_page_text()));
        }
    }
    Part {
        name: contract.loan.contract_no.clone(),
        amounts: vec![format!("罚息 {}", statement.position.penalty.to_page_text())],
        lines,
    }
}

fn balance(contract: &Contract) -> Part {
    let (totals, position) = (&contract.statement.totals, &contract.statement.position);
    let mut line = format!("放款 {}", totals.disbursed.to_page_text());
    for (name, amount) in [
        ("本人和共同借款人已还", totals.principal_by_borrower),
        ("国家代偿", totals.principal_by_compensation),
        ("还款救助", totals.principal_by_relief),
    ] {
        if amount.is_positive() {
            line.push_str(&format!(" \u{2212} {name} {}", amount.to_page_text()));
        }
    }
    line.push_str(&format!(" = {} 元", position.principal_outstanding.to_page_text()));
    Part {
        name: contract.loan.contract_no.clone(),
        amounts: vec![format!("余额 {}", position.principal_outstanding.to_page_text())],
        lines: vec![line],
    }
}
