//! `/m/paid`: what was paid so far, when and by whom: the borrower's side, the state, relief.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Datelike as _, NaiveDate};
use serde::Serialize;

use super::account::{self, Account};
use crate::app::App;
use crate::base::dates::in_words;
use crate::base::money::Fen;
use crate::book::file::Contract;
use crate::book::statement::{EventKind, RowKind};
use crate::error::AppResult;
use crate::web::session::borrower::BorrowerIn;
use crate::web::shell::phone;

/// One day's money of one kind, over all contracts.
#[derive(Clone, Debug, Serialize)]
struct Line {
    when: String,
    amount: Fen,
    what: &'static str,
    who: &'static str,
    how: String,
}

/// The lines of a year.
#[derive(Debug, Serialize)]
struct Year {
    year: i32,
    lines: Vec<Line>,
}

/// What `m/paid.html` shows.
#[derive(Debug, Serialize)]
struct PaidPage {
    years: Vec<Year>,
    by_you: Fen,
    by_state: Fen,
    received: Fen,
}

type Key = (NaiveDate, &'static str, &'static str, String);

/// `GET /m/paid`
pub async fn show(
    app: web::Data<App>,
    me: BorrowerIn,
    req: HttpRequest,
) -> AppResult<HttpResponse> {
    let account = match account::open(&app, &me).await? {
        Ok(account) => account,
        Err(elsewhere) => return Ok(elsewhere),
    };
    phone::page(&app, &me, &req, "m/paid.html", &PaidPage::new(&account))
}

impl PaidPage {
    fn new(account: &Account) -> PaidPage {
        let mut sums: BTreeMap<Key, Fen> = BTreeMap::new();
        for contract in &account.contracts {
            for (key, amount) in of_contract(contract, account.today) {
                *sums.entry(key).or_default() += amount;
            }
        }
        sums.retain(|_, amount| amount.is_positive());
        let total = |who: &str| -> Fen {
            sums.iter().filter(|((_, _, by, _), _)| *by == who).map(|(_, amount)| *amount).sum()
        };
        let (by_you, by_state) = (total(FAMILY), total(STATE));
        let mut years: Vec<Year> = Vec::new();
        for ((on, what, who, how), amount) in sums.into_iter().rev() {
            let line = Line { when: in_words(on, NaiveDate::MIN), amount, what, who, how };
            match years.last_mut().filter(|year| year.year == on.year()) {
                Some(year) => year.lines.push(line),
                None => years.push(Year { year: on.year(), lines: vec![line] }),
            }
        }
        let received = account.total(|c| c.statement.totals.disbursed);
        PaidPage { years, by_you, by_state, received }
    }
}

const FAMILY: &str = "您或共同借款人付的";
const STATE: &str = "国家付的";
const RELIEF: &str = "还款救助资金付的";

fn of_contract(contract: &Contract, today: NaiveDate) -> Vec<(Key, Fen)> {
    let mut found: Vec<(Key, Fen)> = Vec::new();
    for event in contract.standing_events().filter(|event| event.on <= today) {
        let how = || {
            let row = contract.rows.iter().find(|row| row.id == event.id);
            row.map(|row| row.channel.clone()).unwrap_or_default()
        };
        let (what, who, amount) = match event.kind {
            EventKind::Paid { amount } => ("还款", FAMILY, amount),
            EventKind::Prepaid { .. } => ("提前还款", FAMILY, settled_early(contract, event.on)),
            EventKind::Compensated { amount } => ("服兵役代偿", STATE, amount),
            EventKind::Relieved { amount } => ("还款救助", RELIEF, amount),
            _ => continue,
        };
        found.push(((event.on, what, who, how()), amount));
    }
    // Waived and subsidised interest is settled day by day in one sum.
    for paid in contract.statement.state_paid.iter().filter(|paid| paid.settled_on <= today) {
        found.push(((paid.settled_on, "利息", STATE, String::new()), paid.interest));
    }
    found
}

/// What an early repayment took: the row of that day in full.
fn settled_early(contract: &Contract, on: NaiveDate) -> Fen {
    contract
        .statement
        .instalments
        .iter()
        .filter(|row| row.kind == RowKind::EarlySettlement && row.due_on == on)
        .map(|row| row.paid_principal + row.paid_interest + row.paid_penalty)
        .sum()
}
