//! A statement as JSON for programs and as a table for people (loan-maths section 8).

use chrono::NaiveDate;
use serde::Serialize;

use super::output::{Instalment, InstalmentState, RowKind, Stage, Statement, Totals};
use super::terms::Terms;
use crate::base::money::Fen;

#[derive(Serialize)]
struct File<'a> {
    contract_no: &'a str,
    as_of: NaiveDate,
    /// Only where not all payments up to `as_of` are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    known_until: Option<NaiveDate>,
    instalments: Vec<Row>,
    state_paid: Vec<StateRow>,
    position: PositionRow,
    totals: TotalsRow,
}

#[derive(Serialize)]
struct Brief<'a> {
    contract_no: &'a str,
    as_of: NaiveDate,
    position: PositionRow,
    totals: TotalsRow,
}

#[derive(Serialize)]
struct Row {
    due_on: NaiveDate,
    days: i64,
    rate_percent: String,
    interest: String,
    principal: String,
    paid_interest: String,
    paid_principal: String,
    penalty: String,
    paid_penalty: String,
    paid_by_state: String,
    state: &'static str,
    balance_after: String,
    because: Vec<String>,
}

#[derive(Serialize)]
struct StateRow {
    settled_on: NaiveDate,
    interest: String,
}

#[derive(Serialize)]
struct PositionRow {
    principal_outstanding: String,
    overdue_principal: String,
    overdue_interest: String,
    penalty: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    awaiting: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    awaiting_on: Option<NaiveDate>,
    oldest_unpaid_due_on: Option<NaiveDate>,
    days_overdue: i64,
    next_due_on: Option<NaiveDate>,
    next_due_amount: String,
    unapplied: String,
    surplus: String,
    settled_on: Option<NaiveDate>,
    changes_on: Option<NaiveDate>,
    stage: &'static str,
}

#[derive(Serialize)]
struct TotalsRow {
    disbursed: String,
    borrower_interest: String,
    state_interest: String,
    penalty: String,
    state_penalty: String,
}

/// The JSON of the command line; amounts are yuan text with two decimals.
///
/// # Errors
/// None in practice; `serde_json` cannot promise it.
pub fn to_json(terms: &Terms, statement: &Statement) -> serde_json::Result<String> {
    serde_json::to_string_pretty(&file(terms, statement))
}

/// The same on one line; `brief`: position and totals only.
///
/// # Errors
/// As [`to_json`].
pub fn to_line(terms: &Terms, statement: &Statement, brief: bool) -> serde_json::Result<String> {
    if !brief {
        return serde_json::to_string(&file(terms, statement));
    }
    serde_json::to_string(&Brief {
        contract_no: &terms.contract_no,
        as_of: statement.as_of,
        position: json_position(statement),
        totals: json_totals(&statement.totals),
    })
}

fn file<'a>(terms: &'a Terms, statement: &Statement) -> File<'a> {
    File {
        contract_no: &terms.contract_no,
        as_of: statement.as_of,
        known_until: not_all(statement),
        instalments: statement.instalments.iter().map(|row| json_row(statement, row)).collect(),
        state_paid: statement
            .state_paid
            .iter()
            .map(|paid| StateRow {
                settled_on: paid.settled_on,
                interest: paid.interest.to_yuan_text(),
            })
            .collect(),
        position: json_position(statement),
        totals: json_totals(&statement.totals),
    }
}

fn json_row(statement: &Statement, row: &Instalment) -> Row {
    Row {
        due_on: row.due_on,
        days: row.days,
        rate_percent: row.rate.to_percent_text(),
        interest: row.interest.to_yuan_text(),
        principal: row.principal.to_yuan_text(),
        paid_interest: row.paid_interest.to_yuan_text(),
        paid_principal: row.paid_principal.to_yuan_text(),
        penalty: row.penalty.to_yuan_text(),
        paid_penalty: row.paid_penalty.to_yuan_text(),
        paid_by_state: row.paid_by_state().to_yuan_text(),
        state: row.state.as_text(),
        balance_after: row.balance_after.to_yuan_text(),
        because: statement.because(row),
    }
}

/// The last day of which money is known, where that is not the day of the statement.
fn not_all(statement: &Statement) -> Option<NaiveDate> {
    (statement.known_until < statement.as_of).then_some(statement.known_until)
}

fn json_position(statement: &Statement) -> PositionRow {
    let position = &statement.position;
    let awaiting = not_all(statement).map(|_| position.awaiting.to_yuan_text());
    PositionRow {
        principal_outstanding: position.principal_outstanding.to_yuan_text(),
        overdue_principal: position.overdue_principal.to_yuan_text(),
        overdue_interest: position.overdue_interest.to_yuan_text(),
        penalty: position.penalty.to_yuan_text(),
        awaiting,
        awaiting_on: position.awaiting_on,
        oldest_unpaid_due_on: position.oldest_unpaid_due_on,
        days_overdue: position.days_overdue,
        next_due_on: position.next_due_on,
        next_due_amount: position.next_due_amount.to_yuan_text(),
        unapplied: position.unapplied.to_yuan_text(),
        surplus: position.surplus.to_yuan_text(),
        settled_on: position.settled_on,
        changes_on: position.changes_on,
        stage: position.stage.as_text(),
    }
}

fn json_totals(totals: &Totals) -> TotalsRow {
    TotalsRow {
        disbursed: totals.disbursed.to_yuan_text(),
        borrower_interest: totals.borrower_interest.to_yuan_text(),
        state_interest: totals.state_interest.to_yuan_text(),
        penalty: totals.penalty.to_yuan_text(),
        state_penalty: totals.state_penalty.to_yuan_text(),
    }
}

impl InstalmentState {
    pub const fn in_words(self) -> &'static str {
        match self {
            InstalmentState::Paid => "已还清",
            InstalmentState::PartPaid => "部分已还",
            InstalmentState::Overdue => "逾期",
            InstalmentState::Awaiting => "待银行结果",
            InstalmentState::Due => "今日到期",
            InstalmentState::Upcoming => "未到期",
            InstalmentState::Waived => "国家承担",
        }
    }
}

impl Stage {
    pub const fn in_words(self) -> &'static str {
        match self {
            Stage::Undisbursed => "未发放",
            Stage::InStudy => "在校贴息",
            Stage::Grace => "还本宽限期",
            Stage::Repaying => "还款期",
            Stage::Settled => "已结清",
        }
    }
}

/// Heads over columns of 10, 6, 7 and six times 14 columns; a Chinese character takes two.
const TABLE_HEAD: [&str; 10] = [
    "应还日期  ",
    "  天数",
    "   利率",
    "      应还利息",
    "      应还本金",
    "          罚息",
    "          已还",
    "      国家支付",
    "    未到期本金",
    "  状态",
];

/// The table for a terminal: a head, one line for every row, its explanation below it.
pub fn to_table(terms: &Terms, statement: &Statement) -> String {
    let position = &statement.position;
    let mut lines = vec![
        format!(
            "合同 {}　截至 {}　{}",
            terms.contract_no,
            statement.as_of,
            position.stage.in_words()
        ),
        format!(
            "贷款余额 {}　逾期本金 {}　逾期利息 {}　罚息 {}　未冲账款 {}",
            position.principal_outstanding.to_page_text(),
            position.overdue_principal.to_page_text(),
            position.overdue_interest.to_page_text(),
            position.penalty.to_page_text(),
            position.unapplied.to_page_text()
        ),
    ];
    if let Some(day) = position.awaiting_on {
        lines.push(format!("{day} 起有 {} 待银行结果", position.awaiting.to_page_text()));
    }
    if let Some(day) = position.next_due_on {
        let amount = position.next_due_amount.to_page_text();
        lines.push(format!("下次还款日 {day}　应还 {amount}"));
    }
    if let Some(day) = position.oldest_unpaid_due_on.filter(|_| position.days_overdue > 0) {
        lines.push(format!("最早逾期 {day}　已逾期 {} 天", position.days_overdue));
    }
    if let Some(day) = position.settled_on {
        lines.push(format!("结清日 {day}"));
    }
    lines.push(String::new());
    lines.push(TABLE_HEAD.concat());
    for row in &statement.instalments {
        lines.push(table_row(row));
        let because = statement.explain_zh(row, "提前还款").into_iter();
        lines.extend(because.map(|line| format!("            {line}")));
    }
    if !statement.state_paid.is_empty() {
        lines.push(String::new());
        lines.push("国家支付的利息（按结息日）".to_owned());
        for paid in &statement.state_paid {
            lines.push(format!("{}  {:>14}", paid.settled_on, paid.interest.to_page_text()));
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

fn table_row(row: &Instalment) -> String {
    let money = |amount: Fen| format!("{:>14}", amount.to_page_text());
    let early = if row.kind == RowKind::EarlySettlement { "（提前）" } else { "" };
    format!(
        "{}  {:>4}  {:>5}{}{}{}{}{}{}  {}{early}",
        row.due_on,
        row.days,
        row.rate.to_percent_text(),
        money(row.interest),
        money(row.principal),
        money(row.penalty),
        money(row.paid_interest + row.paid_principal + row.paid_penalty),
        money(row.paid_by_state()),
        money(row.balance_after),
        row.state.in_words()
    )
}
