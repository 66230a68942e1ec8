//! Lines of 还款明细 and 逾期名单: money becomes events, the bank's figures are kept beside ours.
//!
//! 正常还款 and 逾期还款 are `paid`, 提前还款 is `prepaid`, 国家代偿 is `compensated` of 实还合计;
//! 免息 and 逾期未还 are the bank's figures only.

use crate::book::bank::BankFigure;
use crate::book::ids::{EventId, LoanId};
use crate::book::money::Fen;
use crate::book::person::PhoneState;
use crate::book::statement::{Event, EventKind};
use crate::desk::imports::Row;
use crate::desk::imports::rows::{OverdueRow, RepaymentRow};
use crate::desk::imports::words::RepaymentKind;

use super::contracts::{balance_key, disbursed_key};
use super::facts::index_of;
use super::plan::{Outcome, Plan, Refusal};

/// The keys of figures and of events that these rows may have left behind.
pub fn keys(rows: &[&Row]) -> (Vec<String>, Vec<String>) {
    let (mut figures, mut commands) = (Vec::new(), Vec::new());
    for row in rows {
        match row {
            Row::Contract(row) => {
                figures.push(balance_key(row));
                commands.push(disbursed_key(&row.contract_number));
            }
            Row::Repayment(row) => {
                let key = figure_key(row);
                commands.push(command_key(&key, total(row)));
                figures.push(key);
            }
            Row::Overdue(row) => {
                figures.extend(row.cut_off.map(|day| overdue_key(&row.contract_number, day)));
            }
            _ => {}
        }
    }
    (figures, commands)
}

/// The command keys of the events that these figures stand for.
pub fn commands_of(figures: impl Iterator<Item = (Fen, String)>) -> Vec<String> {
    figures.map(|(total, key)| command_key(&key, total)).collect()
}

fn figure_key(row: &RepaymentRow) -> String {
    let paid_on = row.paid_on.map_or_else(|| "-".to_owned(), |day| day.to_string());
    format!("repayments:{}:{}:{}:{paid_on}", row.contract_number, row.due_on, word(row.kind))
}

fn overdue_key(contract_no: &str, day: chrono::NaiveDate) -> String {
    format!("overdue:{contract_no}:{day}")
}

fn command_key(figure_key: &str, total: Fen) -> String {
    format!("{figure_key}:{}", total.get())
}

const fn word(kind: RepaymentKind) -> &'static str {
    match kind {
        RepaymentKind::Regular => "regular",
        RepaymentKind::Early => "early",
        RepaymentKind::Late => "late",
        RepaymentKind::Unpaid => "unpaid",
        RepaymentKind::Waived => "waived",
        RepaymentKind::Compensated => "compensated",
    }
}

fn total(row: &RepaymentRow) -> Fen {
    row.paid_total.unwrap_or_else(|| {
        row.paid_principal
            + row.paid_interest.unwrap_or_default()
            + row.paid_penalty.unwrap_or_default()
    })
}

/// What a line with money in it means for the loan.
fn event_kind(row: &RepaymentRow) -> Option<EventKind> {
    let amount = total(row);
    if !amount.is_positive() {
        return None;
    }
    match row.kind {
        RepaymentKind::Regular | RepaymentKind::Late => Some(EventKind::Paid { amount }),
        RepaymentKind::Compensated => Some(EventKind::Compensated { amount }),
        RepaymentKind::Early => {
            let whole = row.balance_after.is_some_and(Fen::is_zero);
            let principal = if whole { None } else { Some(row.paid_principal) };
            Some(EventKind::Prepaid { principal })
        }
        RepaymentKind::Unpaid | RepaymentKind::Waived => None,
    }
}

impl Plan<'_> {
    /// The contract a line is about; its borrower must be the one the line names.
    fn loan_of(
        &self,
        contract_no: &str,
        id: Option<crate::book::id_number::IdNumber>,
        name: Option<&str>,
    ) -> Result<LoanId, Refusal> {
        let Some(kept) = self.facts.loans.get(contract_no) else {
            return Err(format!(
                "合同编号：{contract_no} 还没有登记。请先导入包含这份合同的合同明细，再导入这张表。"
            ));
        };
        let student = self.facts.student_of.get(&kept.row.file_id);
        let known = student
            .and_then(|student| self.facts.index_of.get(student))
            .and_then(|index| self.facts.people.get(index));
        if let (Some(known), Some(id)) = (known, id)
            && known.row.id_index != index_of(self.set.sealer, &id)
        {
            return Err(format!(
                "身份证号：{} 不是合同 {contract_no} 的借款学生，请核对合同编号和身份证号。",
                id.masked()
            ));
        }
        if let (Some(known), Some(name)) = (known, name)
            && !crate::desk::imports::name::may_be_same(name, &known.row.name)
        {
            return Err(format!(
                "姓名：表中是“{name}”，合同 {contract_no} 的借款学生是“{}”，请核对。",
                known.row.name
            ));
        }
        Ok(kept.row.id)
    }

    pub(super) fn repayment(&mut self, row: &RepaymentRow, line: u32) -> Result<Outcome, Refusal> {
        let expected = self.set.companions.contract_nos.contains(&row.contract_number);
        if expected && !self.facts.loans.contains_key(&row.contract_number) {
            return Ok(Outcome::New);
        }
        let loan = self.loan_of(&row.contract_number, row.id_number, row.name.as_deref())?;
        let kind = event_kind(row);
        let as_of = self.set.as_of.unwrap_or(self.set.today);
        if kind.is_some() && row.paid_on.is_none() {
            return Err("还款日期：有实还金额却没有还款日期。请补上后重新导入。".to_owned());
        }
        if row.paid_on.is_some_and(|day| day > as_of.max(self.set.today)) {
            return Err("还款日期：在今天之后，请核对。".to_owned());
        }
        let key = figure_key(row);
        let mut figure = self.blank_figure(loan, "repayments", key.clone(), as_of, line);
        fill(&mut figure, row);
        let known = self.keep_figure(figure.clone());
        let new = known.is_none();
        let changed = known.is_some_and(|known| paid_differently(&known, &figure));
        if changed {
            self.undo(&key, row, line);
        }
        if let (Some(kind), Some(on)) = (kind, row.paid_on) {
            let command = command_key(&key, total(row));
            if !self.facts.events.contains_key(&command) {
                let id = EventId::new(self.set.next_id());
                let event = Event { id, on, recorded_at: None, kind };
                self.append(loan, &event, command, row.channel.clone().unwrap_or_default(), line);
            }
        }
        Ok(Outcome::of(new, if changed { vec!["实还合计（元）"] } else { Vec::new() }))
    }

    /// The bank corrected a line that was booked: the booked event is reversed, never edited.
    fn undo(&mut self, figure_key: &str, row: &RepaymentRow, line: u32) {
        let fresh = command_key(figure_key, total(row));
        let prefix = format!("{figure_key}:");
        let booked: Vec<(EventId, LoanId, String, chrono::NaiveDate)> = self
            .facts
            .events
            .values()
            .filter(|event| event.command_key.starts_with(&prefix) && event.command_key != fresh)
            .map(|e| (e.id, e.loan_id, e.command_key.clone(), e.effective_on))
            .collect();
        for (of, loan, key, on) in booked {
            let command = format!("reversed:{key}");
            if self.facts.events.contains_key(&command) {
                continue;
            }
            let id = EventId::new(self.set.next_id());
            let event = Event { id, on, recorded_at: None, kind: EventKind::Reversed { of } };
            self.append(loan, &event, command, String::new(), line);
        }
    }

    pub(super) fn overdue(&mut self, row: &OverdueRow, line: u32) -> Result<Outcome, Refusal> {
        let expected = self.set.companions.contract_nos.contains(&row.contract_number);
        if expected && !self.facts.loans.contains_key(&row.contract_number) {
            return Ok(Outcome::New);
        }
        let loan = self.loan_of(&row.contract_number, row.id_number, row.name.as_deref())?;
        let Some(as_of) = row.cut_off.or(self.set.as_of) else {
            return Err("截止日期：不知道这些金额是哪一天的。请填写后重新导入。".to_owned());
        };
        let key = overdue_key(&row.contract_number, as_of);
        let mut figure = self.blank_figure(loan, "overdue", key, as_of, line);
        figure.due_on = row.first_overdue_on;
        figure.balance_fen = row.balance;
        figure.overdue_principal_fen = row.overdue_principal;
        figure.overdue_interest_fen = row.overdue_interest;
        figure.penalty_fen = row.penalty.unwrap_or_default();
        figure.note = row.contact_result.clone().unwrap_or_default();
        let known = self.keep_figure(figure.clone());
        let new = known.is_none();
        let mut changed = Vec::new();
        if known.is_some_and(|known| !super::contracts::same_figure(&known, &figure)) {
            changed.push("逾期金额");
        }
        if let Some(student) = self.student_of_loan(&row.contract_number)
            && self.add_phones(student, &row.phones, PhoneState::ToConfirm, "逾期名单")?
        {
            changed.push("手机");
        }
        Ok(Outcome::of(new, changed))
    }

    fn student_of_loan(&self, contract_no: &str) -> Option<crate::book::ids::PersonId> {
        let file = self.facts.loans.get(contract_no)?.row.file_id;
        self.facts.student_of.get(&file).copied()
    }
}

fn fill(figure: &mut BankFigure, row: &RepaymentRow) {
    figure.due_on = Some(row.due_on);
    figure.paid_on = row.paid_on;
    figure.kind = row.kind.to_chinese().to_owned();
    figure.channel = row.channel.clone().unwrap_or_default();
    figure.due_principal_fen = row.due_principal.unwrap_or_default();
    figure.due_interest_fen = row.due_interest.unwrap_or_default();
    figure.waived_fen = row.waived_interest.unwrap_or_default();
    figure.paid_principal_fen = row.paid_principal;
    figure.paid_interest_fen = row.paid_interest.unwrap_or_default();
    figure.paid_penalty_fen = row.paid_penalty.unwrap_or_default();
    figure.balance_fen = row.balance_after;
}

/// Has the bank changed what was paid (not merely the day the list is of)?
fn paid_differently(known: &BankFigure, figure: &BankFigure) -> bool {
    known.paid_principal_fen != figure.paid_principal_fen
        || known.paid_interest_fen != figure.paid_interest_fen
        || known.paid_penalty_fen != figure.paid_penalty_fen
}
