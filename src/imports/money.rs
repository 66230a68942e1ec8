//! What the sheets of the bank have in common: the contract a line is about, events, and the bank's
//! figures beside ours.

use chrono::NaiveDate;

use super::facts::{Facts, index_of};
use super::plan::{Plan, Refusal};
use crate::base::id_number::IdNumber;
use crate::base::ids::{LoanId, RowId};
use crate::base::money::Fen;
use crate::base::person_name::may_be_same;
use crate::base::scope::Scope;
use crate::book::bank::{self, BankFigure, Tells};
use crate::book::events::{EventRow, Origin};
use crate::book::statement::Event;
use crate::error::AppResult;
use crate::plumbing::db::Db;

impl Facts {
    /// Loads the figures of balances and arrears under these keys.
    pub(super) fn load_figures(
        &mut self,
        db: &mut Db,
        scope: &Scope,
        keys: &[String],
    ) -> AppResult<()> {
        *self.figures.stored() = bank::by_key(db, scope, keys)?;
        Ok(())
    }
}

impl Plan<'_> {
    /// The contract a line is about; its borrower must be the one the line names.
    pub(super) fn loan_of(
        &self,
        contract_no: &str,
        id: Option<IdNumber>,
        name: Option<&str>,
    ) -> Result<LoanId, Refusal> {
        let Some(entry) = self.facts.loans.get(contract_no) else {
            return Err(format!(
                "合同编号：{contract_no} 还没有登记。请先导入包含这份合同的合同明细，再导入这张表。"
            ));
        };
        let student = self.facts.student_of.get(&entry.row.file_id);
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
            && !may_be_same(name, &known.row.name)
        {
            return Err(format!(
                "姓名：表中是“{name}”，合同 {contract_no} 的借款学生是“{}”，请核对。",
                known.row.name
            ));
        }
        Ok(entry.row.id)
    }

    /// Appends an event that this line brings.
    pub(super) fn append(
        &mut self,
        loan: LoanId,
        event: &Event,
        command_key: String,
        channel: String,
        line: u32,
    ) {
        let origin = Origin {
            channel,
            bank_ref: String::new(),
            source: format!("import {} line {line}", self.set.import_id),
            command_key,
            recorded_by: self.set.by.staff_id,
        };
        let office = self.set.scope.own();
        let row = EventRow::new(office, loan, event, self.set.now, origin);
        match self.facts.life.get_mut(&loan) {
            Some(life) => life.push(row.clone()),
            None => self.facts.life.insert(loan, vec![row.clone()]),
        }
        self.change.events.push(row);
        self.change.touched.insert(loan);
    }

    pub(super) fn blank_figure(
        &self,
        loan_id: LoanId,
        sheet: &str,
        row_key: String,
        as_of: NaiveDate,
        line: u32,
    ) -> BankFigure {
        BankFigure {
            id: RowId::new(self.set.next_id()),
            office_code: self.set.scope.own().to_owned(),
            loan_id,
            sheet: sheet.to_owned(),
            row_key,
            as_of,
            due_on: None,
            paid_on: None,
            kind: String::new(),
            channel: String::new(),
            due_principal_fen: Fen::ZERO,
            due_interest_fen: Fen::ZERO,
            waived_fen: Fen::ZERO,
            paid_principal_fen: Fen::ZERO,
            paid_interest_fen: Fen::ZERO,
            paid_penalty_fen: Fen::ZERO,
            balance_fen: None,
            overdue_principal_fen: Fen::ZERO,
            overdue_interest_fen: Fen::ZERO,
            penalty_fen: Fen::ZERO,
            note: String::new(),
            import_id: self.set.import_id,
            line: i32::try_from(line).unwrap_or(i32::MAX),
            ordinal: 1,
            paid_fen: Fen::ZERO,
            tells: Tells::Line,
            event_id: None,
        }
    }

    /// Keeps a figure of the bank, unless the same or a newer one is on record.
    /// What was on record before: `None` when nothing was.
    pub(super) fn keep_figure(&mut self, figure: BankFigure) -> Option<BankFigure> {
        let known = self.facts.figures.get(&figure.row_key).cloned();
        if let Some(known) = &known
            && (known.as_of > figure.as_of || same_figure(known, &figure))
        {
            return Some(known.clone());
        }
        let mut figure = figure;
        if let Some(known) = &known {
            figure.id = known.id;
        }
        self.facts.figures.insert(figure.row_key.clone(), figure.clone());
        self.change.figures.insert(figure.row_key.clone(), figure);
        known
    }
}

/// Equal apart from identity and origin.
pub(super) fn same_figure(one: &BankFigure, other: &BankFigure) -> bool {
    let mut copy = other.clone();
    copy.id = one.id;
    copy.import_id = one.import_id;
    copy.line = one.line;
    copy == *one
}

/// A line of a list that is older than what is known.
pub(super) fn outdated(as_of: Option<NaiveDate>, newer: NaiveDate) -> String {
    let own = as_of.map_or_else(String::new, |day| format!("截至 {day} 的"));
    format!("这一行是{own}旧数据，已有截至 {newer} 的银行数据，没有采用。")
}
