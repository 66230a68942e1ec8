//! 对账单: what a family owed when a period began, what happened in it day by day, and what it owed
//! when the period ended. Each row is the difference of two statements, so the rows add up from one
//! end to the other whatever happened between. Pure.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::Serialize;

use crate::base::money::Fen;
use crate::book::events::EventRow;
use crate::book::file::Contract;
use crate::book::file::wording::{self, Names};
use crate::book::payments_known::Known;
use crate::book::position::Basis;
use crate::book::statement::{self, AsOf, Statement, Totals};
use crate::error::{AppError, AppResult};

/// From the morning of its first day to the evening of its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

impl Period {
    fn holds(self, day: NaiveDate) -> bool {
        (self.from..=self.to).contains(&day)
    }
}

/// What is owed in the evening of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Balance {
    /// Not repaid, due or not.
    pub principal: Fen,
    /// Due and not paid.
    pub interest: Fen,
    pub penalty: Fen,
    /// Money paid that nothing asked for yet.
    pub unapplied: Fen,
}

impl Balance {
    pub fn of(statement: &Statement) -> Balance {
        let totals = &statement.totals;
        Balance {
            principal: statement.position.principal_outstanding,
            interest: totals.borrower_interest - totals.interest_paid,
            penalty: totals.penalty - totals.penalty_paid,
            unapplied: statement.position.unapplied,
        }
    }

    pub fn owed(&self) -> Fen {
        self.principal + self.interest + self.penalty
    }

    fn add(&mut self, other: &Balance) {
        self.principal += other.principal;
        self.interest += other.interest;
        self.penalty += other.penalty;
        self.unapplied += other.unapplied;
    }
}

/// What a day did to what is owed on a contract.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Row {
    pub on: NaiveDate,
    pub contract_no: String,
    pub what: String,
    pub principal: Fen,
    pub interest: Fen,
    pub penalty: Fen,
    /// Money that came in.
    pub money: Fen,
    /// Interest and penalty together, as paper has them in one column.
    pub charges: Fen,
    /// Interest that the state paid; no part of what is owed.
    pub by_state: Fen,
    /// Owed on all contracts afterwards.
    pub owed: Fen,
    pub source: String,
}

impl Row {
    fn change(&self) -> Fen {
        self.principal + self.interest + self.penalty
    }

    fn is_nothing(&self) -> bool {
        let parts = [self.principal, self.interest, self.penalty, self.money, self.by_state];
        parts.iter().all(|part| part.is_zero())
    }
}

/// A period of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PeriodStatement {
    pub opening: Balance,
    pub rows: Vec<Row>,
    pub closing: Balance,
}

/// All contracts of a file over a period; `contracts` as of its last day or later.
///
/// # Errors
/// Refused, in words, when one of them cannot be computed.
pub fn of(
    contracts: &[Contract],
    (basis, known): (&Basis, &Known),
    period: Period,
    names: &Names,
) -> AppResult<PeriodStatement> {
    let mut made = PeriodStatement::default();
    for one in contracts {
        let on = |day| on_day(one, (basis, known), day);
        let mut before = on(period.from.pred_opt().unwrap_or(period.from))?;
        made.opening.add(&Balance::of(&before));
        for day in days(one, period) {
            let after = on(day)?;
            made.rows.extend(rows(one, (&before, &after), day, names));
            before = after;
        }
        made.closing.add(&Balance::of(&before));
    }
    made.rows.sort_by_key(|row| row.on);
    let mut owed = made.opening.owed();
    for row in &mut made.rows {
        owed += row.change();
        row.owed = owed;
        row.charges = row.interest + row.penalty;
    }
    Ok(made)
}

fn on_day(
    one: &Contract,
    (basis, known): (&Basis, &Known),
    day: NaiveDate,
) -> AppResult<Statement> {
    // Whom the bank has paid off is held to nothing.
    let as_of = match one.bank_settled_on {
        Some(_) => AsOf::known_until(day, None),
        None => known.as_of(&one.loan.office_code, &one.loan.product, day),
    };
    let made = statement::statement(&one.loan.terms()?, &one.events, &basis.rates, as_of);
    made.map_err(|error| {
        let number = &one.loan.contract_no;
        AppError::refused(format!("合同 {number} 算不出这段时间的账，请核对还款记录（{error}）"))
    })
}

/// The days on which something may change, and the last one.
fn days(one: &Contract, period: Period) -> BTreeSet<NaiveDate> {
    let statement = &one.statement;
    let due = statement.instalments.iter().map(|row| row.due_on);
    let by_state = statement.state_paid.iter().map(|row| row.settled_on);
    let events = one.events.iter().map(|event| event.on);
    let mut days: BTreeSet<NaiveDate> =
        due.chain(by_state).chain(events).filter(|day| period.holds(*day)).collect();
    days.insert(period.to);
    days
}

fn repaid(of: &Totals) -> Fen {
    of.principal_by_borrower + of.principal_by_compensation + of.principal_by_relief
}

fn money(of: &Totals) -> Fen {
    of.money_paid + of.money_granted + of.money_prepaid
}

/// Kinds of events that bring money.
const PAYMENTS: [&str; 4] = ["paid", "prepaid", "compensated", "relieved"];

fn is_money(event: &EventRow) -> bool {
    event.kind == "disbursed" || PAYMENTS.contains(&event.kind.as_str())
}

fn rows(
    one: &Contract,
    (before, after): (&Statement, &Statement),
    day: NaiveDate,
    names: &Names,
) -> Vec<Row> {
    let (old, new) = (&before.totals, &after.totals);
    let row = |what: &str| Row {
        on: day,
        contract_no: one.loan.contract_no.clone(),
        what: what.to_owned(),
        ..Row::default()
    };
    let events: Vec<&EventRow> = one.rows.iter().filter(|row| row.effective_on == day).collect();
    let sources = |are: &[&str]| -> (String, String) {
        let of = events.iter().filter(|event| are.contains(&event.kind.as_str()));
        let (mut what, mut from) = (Vec::new(), Vec::new());
        for event in of {
            let word = wording::what(event).0;
            if !what.contains(&word) {
                what.push(word);
            }
            from.push(wording::source(event, names));
        }
        (what.join("、"), from.join("；"))
    };
    let mut all = vec![
        Row {
            principal: new.disbursed - old.disbursed,
            source: sources(&["disbursed"]).1,
            ..row("放款")
        },
        Row { interest: new.borrower_interest - old.borrower_interest, ..row("应还利息") },
        Row { penalty: new.penalty - old.penalty, ..row("罚息") },
    ];
    let (what, source) = sources(&PAYMENTS);
    let what = if what.is_empty() { "用以前多付的钱还" } else { what.as_str() };
    all.push(Row {
        principal: repaid(old) - repaid(new),
        interest: old.interest_paid - new.interest_paid,
        penalty: old.penalty_paid - new.penalty_paid,
        money: money(new) - money(old),
        source,
        ..row(what)
    });
    let waived = new.waived_interest != old.waived_interest;
    all.push(Row {
        by_state: new.state_interest - old.state_interest,
        ..row(if waived {
            "国家付的利息（免息）"
        } else {
            "国家付的利息（贴息）"
        })
    });
    all.push(rest(&all, (before, after), row("更正")));
    all.retain(|row| !row.is_nothing());
    // What changes the terms and no figure of the day.
    let terms = events.iter().filter(|event| !is_money(event));
    all.extend(terms.map(|event| {
        let (what, detail) = wording::what(event);
        let what = if detail.is_empty() { what.to_owned() } else { format!("{what}，{detail}") };
        Row { source: wording::source(event, names), ..row(&what) }
    }));
    all
}

/// What the statements differ by and no row has.
fn rest(listed: &[Row], (before, after): (&Statement, &Statement), row: Row) -> Row {
    let (old, new) = (Balance::of(before), Balance::of(after));
    let sum = |part: fn(&Row) -> Fen| listed.iter().map(part).sum::<Fen>();
    Row {
        principal: new.principal - old.principal - sum(|row| row.principal),
        interest: new.interest - old.interest - sum(|row| row.interest),
        penalty: new.penalty - old.penalty - sum(|row| row.penalty),
        ..row
    }
}
