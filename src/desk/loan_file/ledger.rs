//! 流水: what happened, newest first, with where it was recorded from.

use chrono::NaiveDate;
use serde::Serialize;

use super::load::Facts;
use crate::base::ids::EventId;
use crate::base::scope::Scope;
use crate::book::events::EventRow;
pub use crate::book::file::wording::Names;
use crate::book::file::wording::{self, what};
use crate::book::posting;
use crate::error::AppResult;
use crate::plumbing::db::Db;

#[derive(Clone, Debug, Serialize)]
pub struct Line {
    pub on: NaiveDate,
    /// `放款`, `正常还款` ...
    pub what: &'static str,
    /// The amount, `6,500.00`; blank when there is none.
    pub amount: String,
    /// What else it says.
    pub detail: String,
    pub contract_no: String,
    /// How the money came.
    pub channel: String,
    /// Where it was recorded from, and when.
    pub source: String,
    /// A later line undid this one.
    pub undone: bool,
    /// Recorded by hand: it may be taken back by hand.
    pub by_hand: Option<i64>,
}

/// The names of the files that the events of a loan file came from.
pub fn names(db: &mut Db, scope: &Scope, facts: &Facts) -> AppResult<Names> {
    wording::names(db, scope, facts.contracts.iter().flat_map(|contract| &contract.rows))
}

/// All events of a file, newest first.
pub fn lines(facts: &Facts, names: &Names) -> Vec<Line> {
    let mut lines: Vec<(NaiveDate, EventId, Line)> = Vec::new();
    for contract in &facts.contracts {
        for row in &contract.rows {
            let undone = contract.rows.iter().any(|other| other.reverses_id == Some(row.id));
            let source = wording::source(row, names);
            let mut line = line(row, &contract.loan.contract_no, undone, source);
            let of = row.reverses_id.and_then(|id| contract.rows.iter().find(|one| one.id == id));
            if let Some(of) = of {
                line.detail = format!("撤销 {} 的{}", of.effective_on, what(of).0);
                line.amount = of.amount_fen.map(|fen| (-fen).to_page_text()).unwrap_or_default();
            }
            lines.push((row.effective_on, row.id, line));
        }
    }
    lines.sort_by_key(|(on, id, _)| std::cmp::Reverse((*on, *id)));
    lines.into_iter().map(|(_, _, line)| line).collect()
}

fn line(row: &EventRow, contract_no: &str, undone: bool, source: String) -> Line {
    let (what, detail) = what(row);
    let by_hand = row.command_key.starts_with(posting::KEY) && row.kind != "reversed";
    Line {
        on: row.effective_on,
        what,
        amount: row.amount_fen.map(|fen| fen.to_page_text()).unwrap_or_default(),
        detail,
        contract_no: contract_no.to_owned(),
        channel: row.channel.clone(),
        source,
        undone,
        by_hand: by_hand.then(|| row.id.get()),
    }
}
