//! How every figure of a statement comes about, as JSON for another program: the spans it is made
//! of, and for each row the rules that hold for it, by the key under which the policy files have
//! them, with value, document and how certain it is.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::Serialize;

use crate::base::money::Fen;
use crate::book::policy::Policy;
use crate::book::statement::{Instalment, Payer, Pricing, Product, Statement, Terms};

#[derive(Debug, Serialize)]
pub struct Working {
    /// Version of the program that computed it.
    program: &'static str,
    contract_no: String,
    as_of: NaiveDate,
    known_until: NaiveDate,
    rows: Vec<Row>,
    rules: Vec<Rule>,
}

/// A due day or an early settlement.
#[derive(Debug, Serialize)]
struct Row {
    due_on: NaiveDate,
    principal: String,
    /// A sentence: what was divided into how many parts.
    principal_is: Vec<String>,
    interest: String,
    paid_by_state: String,
    interest_is: Vec<Term>,
    penalty: String,
    penalty_is: Vec<Term>,
    /// Keys of [`Working::rules`].
    rules: Vec<String>,
}

/// `principal x rate_percent x days / year_days`; the sum of a row's terms is rounded once.
#[derive(Debug, Serialize)]
struct Term {
    from: NaiveDate,
    days: i64,
    principal: String,
    rate_percent: String,
    year_days: i64,
    amount: String,
    /// `borrower`, `subsidy`, `waiver`.
    payer: &'static str,
}

/// A rule as it held.
#[derive(Debug, Serialize)]
struct Rule {
    key: String,
    title: String,
    /// `2024-11-01`, or `2026 年` of a rule of a year.
    from: String,
    value: String,
    document: String,
    certainty: &'static str,
}

/// The working of one contract.
pub fn working(
    (terms, product): (&Terms, Product),
    statement: &Statement,
    policy: &Policy,
) -> Working {
    let of = product.as_text();
    let mut used = BTreeSet::new();
    let rows: Vec<Row> = statement
        .instalments
        .iter()
        .map(|row| {
            let keys = keys(terms, of, statement, row);
            used.extend(keys.iter().cloned());
            json_row(terms, statement, row, keys)
        })
        .collect();
    Working {
        program: env!("CARGO_PKG_VERSION"),
        contract_no: terms.contract_no.clone(),
        as_of: statement.as_of,
        known_until: statement.known_until,
        rows,
        rules: rules(terms, policy, statement, &used),
    }
}

/// Rules that a row's figures depend on.
fn keys(terms: &Terms, of: &str, statement: &Statement, row: &Instalment) -> Vec<String> {
    let mut keys = vec!["due_days".to_owned()];
    if row.principal.is_positive() {
        keys.push("grace_rule".to_owned());
    }
    if statement.spans_of(row).next().is_some() {
        keys.push("day_count".to_owned());
        keys.push(format!("{of}.pricing_rule"));
        if terms.pricing == Pricing::Floating {
            keys.extend([format!("{of}.benchmark_rule"), "lpr".to_owned()]);
        }
    }
    if statement.penalty_spans_of(row).next().is_some() {
        keys.push(format!("{of}.penalty_multiplier"));
    }
    if row.waived.is_positive() {
        keys.push("waiver_year".to_owned());
    }
    keys.extend(statement.switches_of(row).into_iter().map(str::to_owned));
    keys
}

const fn payer(payer: Payer) -> &'static str {
    match payer {
        Payer::Borrower => "borrower",
        Payer::Subsidy => "subsidy",
        Payer::Waiver => "waiver",
    }
}

fn json_row(terms: &Terms, statement: &Statement, row: &Instalment, rules: Vec<String>) -> Row {
    let year_days = terms.day_count.year_days();
    let term = |from, days, principal: Fen, rate, amount: Fen, payer| Term {
        from,
        days,
        principal: principal.to_yuan_text(),
        rate_percent: rate,
        year_days,
        amount: amount.to_yuan_text(),
        payer,
    };
    let interest = statement.spans_of(row).map(|span| {
        let amount = statement.interest_of(span);
        let rate = span.rate.to_percent_text();
        term(span.first_day, span.days, span.principal, rate, amount, payer(span.payer))
    });
    let penalty = statement.penalty_spans_of(row).map(|span| {
        let rate = format!("{} x {}", span.rate.to_percent_text(), statement.penalty_text());
        let amount = statement.penalty_of(span);
        let payer = payer(if span.waived { Payer::Waiver } else { Payer::Borrower });
        term(span.first_day, span.days, span.principal, rate, amount, payer)
    });
    Row {
        due_on: row.due_on,
        principal: row.principal.to_yuan_text(),
        principal_is: statement.principal_zh(row, "提前还款").into_iter().collect(),
        interest: row.interest.to_yuan_text(),
        paid_by_state: row.paid_by_state().to_yuan_text(),
        interest_is: interest.collect(),
        penalty: row.penalty.to_yuan_text(),
        penalty_is: penalty.collect(),
        rules,
    }
}

/// The rules as they held: for a contract those of its signing, else every value until the day.
fn rules(
    terms: &Terms,
    policy: &Policy,
    statement: &Statement,
    used: &BTreeSet<String>,
) -> Vec<Rule> {
    let mut found = Vec::new();
    for rule in policy.listed(terms.signed_on) {
        if !used.contains(&rule.key) {
            continue;
        }
        let (since, until) = (terms.signed_on.to_string(), statement.as_of.to_string());
        let of_years = matches!(rule.key.as_str(), "waiver_year" | "lpr");
        let holds = |from: &str| from >= &since[..from.len().min(4)] && from <= until.as_str();
        let values = rule.values.into_iter().filter(|value| match of_years {
            true => holds(&value.from),
            false => value.now,
        });
        found.extend(values.map(|value| Rule {
            key: rule.key.clone(),
            title: rule.title.clone(),
            from: value.from,
            value: value.text,
            document: value.source,
            certainty: value.certain,
        }));
    }
    found
}
