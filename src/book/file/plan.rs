//! The repayment plan of a whole file: the due days of all contracts, summed day by day.
//!
//! Pure. Every figure comes from the statements; nothing is computed here but sums, and words
//! for how a day stands.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use crate::base::dates::{days_between, in_words};
use crate::base::money::Fen;
use crate::book::policy::Policy;
use crate::book::statement::{Instalment, InstalmentState, RowKind, Statement};

/// How a due day stands, over all contracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The state paid everything.
    Waived,
    Paid,
    /// So little is open after its day that it is nobody's case: it is taken with the next one.
    Rest,
    Upcoming,
    Next,
    /// Its day is past, and the bank's result is not known yet.
    Awaiting,
    /// Its day is today.
    Today,
    /// Something is open after its day.
    Overdue,
}

/// One due day, or one day of an early settlement.
#[derive(Clone, Debug, Serialize)]
pub struct PlanRow {
    pub due_on: NaiveDate,
    /// True for a day on which money was repaid early.
    pub early: bool,
    pub principal: Fen,
    pub interest: Fen,
    /// A word in place of an interest of nothing: 免除, 贴息.
    pub interest_word: &'static str,
    /// Penalty interest up to the day of the statement.
    pub penalty: Fen,
    pub paid: Fen,
    /// Principal not yet due after that day, over all contracts.
    pub balance: Fen,
    /// What is still open.
    pub open: Fen,
    pub standing: Standing,
    /// Class of the tag: `ok`, `wait`, `bad`, `acc`, or nothing.
    pub tag: &'static str,
    /// Words of the tag; empty for a row without one.
    pub tag_words: String,
    /// Words behind the tag.
    pub note: String,
    /// What its interest says besides: 按没有免息政策计算; mostly nothing.
    pub assumed: &'static str,
    /// How many contracts fall due.
    pub contracts: usize,
}

/// The rows and their sums.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    pub rows: Vec<PlanRow>,
    pub principal: Fen,
    pub interest: Fen,
    /// Sum of penalty interest.
    pub penalty: Fen,
    /// Sum of what was paid.
    pub paid: Fen,
}

impl Plan {
    /// The same under the dated rules: arrears too small for a case are a rest, and interest of a
    /// year of which no waiver is known yet says so.
    pub fn under(mut self, policy: &Policy) -> Plan {
        let late = |row: &&PlanRow| row.standing == Standing::Overdue;
        let open: Fen = self.rows.iter().filter(late).map(|row| row.open).sum();
        let is_rest = open < policy.smallest_arrears();
        for row in &mut self.rows {
            if is_rest && row.standing == Standing::Overdue {
                row.standing = Standing::Rest;
                (row.tag, row.tag_words, row.note) = rest_in_words(row.open);
            }
            let settled = matches!(row.standing, Standing::Paid | Standing::Waived);
            if row.interest.is_positive() && !settled {
                row.assumed = policy.assumed(row.due_on).unwrap_or_default();
            }
        }
        self
    }
}

struct Group<'a> {
    early: bool,
    parts: Vec<&'a Instalment>,
}

/// The plan of a file. `early_word` names an early settlement by its day: 提前还款, 国家代偿.
pub fn plan(
    statements: &[&Statement],
    today: NaiveDate,
    early_word: impl Fn(NaiveDate) -> &'static str,
) -> Plan {
    let mut groups: BTreeMap<(NaiveDate, bool), Group<'_>> = BTreeMap::new();
    for row in statements.iter().flat_map(|statement| &statement.instalments) {
        if row.interest.is_zero()
            && row.principal.is_zero()
            && row.paid_by_state().is_zero()
            && row.penalty.is_zero()
        {
            continue;
        }
        let early = row.kind == RowKind::EarlySettlement;
        let group = groups.entry((row.due_on, early));
        group.or_insert(Group { early, parts: Vec::new() }).parts.push(row);
    }
    let next = groups
        .iter()
        .find(|((_, early), g)| !early && standing_of(&g.parts) == Standing::Upcoming)
        .map(|(key, _)| *key);
    let known_until = statements.iter().map(|s| s.known_until).min().unwrap_or(today);
    let rows: Vec<PlanRow> = groups
        .iter()
        .map(|(key, group)| {
            let balance = balance_after(statements, key.0);
            let is_next = next == Some(*key);
            let word = if group.early { early_word(key.0) } else { "" };
            row(key.0, group, balance, (known_until, today), is_next, word)
        })
        .collect();
    let total = |figure: fn(&PlanRow) -> Fen| rows.iter().map(figure).sum::<Fen>();
    Plan {
        principal: total(|row| row.principal),
        interest: total(|row| row.interest),
        penalty: total(|row| row.penalty),
        paid: total(|row| row.paid),
        rows,
    }
}

/// Principal not yet due after a day, over all contracts that have a row by then; a contract
/// whose first row is later still owes all of its principal.
fn balance_after(statements: &[&Statement], day: NaiveDate) -> Fen {
    statements
        .iter()
        .map(|statement| {
            let before = statement.instalments.iter().rfind(|row| row.due_on <= day);
            match (before, statement.instalments.first()) {
                (Some(row), _) => row.balance_after,
                (None, Some(first)) => first.balance_after + first.principal,
                (None, None) => statement.position.principal_outstanding,
            }
        })
        .sum()
}

fn standing_of(parts: &[&Instalment]) -> Standing {
    let one = |row: &&Instalment| match row.state {
        InstalmentState::Waived => Standing::Waived,
        InstalmentState::Paid => Standing::Paid,
        InstalmentState::Upcoming => Standing::Upcoming,
        InstalmentState::Due | InstalmentState::PartPaid => Standing::Today,
        InstalmentState::Awaiting => Standing::Awaiting,
        InstalmentState::Overdue => Standing::Overdue,
    };
    parts.iter().map(one).max().unwrap_or(Standing::Paid)
}

fn row(
    due_on: NaiveDate,
    group: &Group<'_>,
    balance: Fen,
    (known_until, today): (NaiveDate, NaiveDate),
    is_next: bool,
    early_word: &str,
) -> PlanRow {
    let parts = &group.parts;
    let total = |figure: fn(&Instalment) -> Fen| parts.iter().map(|row| figure(row)).sum::<Fen>();
    let standing = if is_next { Standing::Next } else { standing_of(parts) };
    let interest = total(|row| row.interest);
    let interest_word = match interest.is_zero() && total(Instalment::paid_by_state).is_positive() {
        true if total(|row| row.waived).is_positive() => "免除",
        true => "贴息",
        false => "",
    };
    let settled_on = parts.iter().filter_map(|row| row.settled_on).max();
    let (tag, tag_words, note) = match standing {
        _ if group.early => ("acc", early_word.to_owned(), in_words(due_on, today)),
        Standing::Waived => ("ok", "免除".to_owned(), "利息由国家承担".to_owned()),
        Standing::Paid => ("ok", "已还".to_owned(), paid_note(due_on, settled_on, today)),
        Standing::Next => ("wait", "下一次".to_owned(), "利息为预计".to_owned()),
        Standing::Upcoming => ("", String::new(), "预计".to_owned()),
        Standing::Awaiting => ("wait", "待银行结果".to_owned(), "收到银行清单后更新".to_owned()),
        Standing::Today if due_on == today => ("wait", "今天应还".to_owned(), String::new()),
        Standing::Today => ("wait", "当天应还".to_owned(), String::new()),
        Standing::Rest => rest_in_words(total(Instalment::open)),
        Standing::Overdue => {
            let days = days_between(due_on, known_until.max(due_on));
            let part = total(|row| row.paid_interest + row.paid_principal + row.paid_penalty);
            let note = if part.is_positive() { "还了一部分" } else { "" };
            ("bad", format!("逾期 {days} 天"), note.to_owned())
        }
    };
    PlanRow {
        due_on,
        early: group.early,
        principal: total(|row| row.principal),
        interest,
        interest_word,
        penalty: total(|row| row.penalty),
        paid: total(|row| row.paid_interest + row.paid_principal + row.paid_penalty),
        balance,
        open: total(Instalment::open),
        standing,
        tag,
        tag_words,
        note,
        assumed: "",
        contracts: parts.len(),
    }
}

fn rest_in_words(open: Fen) -> (&'static str, String, String) {
    let words = format!("还差 ¥{}", open.to_page_text());
    ("", words, "随下一次一起还，不算逾期".to_owned())
}

fn paid_note(due_on: NaiveDate, settled_on: Option<NaiveDate>, today: NaiveDate) -> String {
    match settled_on {
        Some(on) if on > due_on => format!("晚 {} 天", days_between(due_on, on)),
        Some(on) if on.year() == due_on.year() => format!("{}月{}日", on.month(), on.day()),
        Some(on) => in_words(on, today),
        None => String::new(),
    }
}
