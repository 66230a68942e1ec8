//! Lines of the lists whose stages come later: graduation, pre-application, hardship, service
//! members, receipts, monthly figures.

use chrono::Datelike;

use super::facts::index_of;
use super::plan::{Outcome, Plan, Refusal};
use crate::base::ids::{LoanId, PersonId, RowId};
use crate::base::money::Fen;
use crate::book::monthly::MonthlyFigure;
use crate::book::person::PhoneState;
use crate::imports::layout::rows::{
    EnlistmentRow, GraduationRow, HardshipRow, MonthlyRow, PreapplicationRow, ReceiptRow,
};
use crate::life::compensation::store::Enlistment;
use crate::life::contract::store::Receipt;
use crate::life::preapplication::store::Preapplication;
use crate::life::recognition::store::Recognition;
use crate::life::study::store::Graduation;

/// `old` is the row on record, `$fresh` the one of the sheet: new, same or changed, where the
/// identity and the import that brought it do not count.
macro_rules! settle {
    ($plan:ident, $store:ident, $old:expr, $fresh:expr) => {{
        let mut fresh = $fresh;
        match $old {
            None => {
                $plan.change.$store.push(fresh);
                (true, false)
            }
            Some(old) => {
                fresh.id = old.id;
                let import_id = std::mem::replace(&mut fresh.import_id, old.import_id);
                if fresh == old {
                    (false, false)
                } else {
                    fresh.import_id = import_id;
                    $plan.change.$store.push(fresh);
                    (false, true)
                }
            }
        }
    }};
}

const DETAILS: &str = "名单内容";

impl Plan<'_> {
    /// A person who must have a loan file already.
    fn borrower_of(
        &self,
        id: &crate::base::id_number::IdNumber,
        name: Option<&str>,
    ) -> Result<Option<PersonId>, Refusal> {
        let index = index_of(self.set.sealer, id);
        let Some(kept) = self.facts.people.get(&index) else {
            if self.set.companions.people.contains(&index) {
                return Ok(None);
            }
            return Err(format!(
                "身份证号：{} 还没有贷款档案。请先导入学生名单或合同明细，再导入这张表。",
                id.masked()
            ));
        };
        if let Some(name) = name
            && !crate::base::person_name::may_be_same(name, &kept.row.name)
        {
            return Err(format!("姓名：表中是“{name}”，系统中是“{}”，请核对。", kept.row.name));
        }
        Ok(Some(kept.row.id))
    }

    pub(super) fn graduation(&mut self, row: &GraduationRow) -> Result<Outcome, Refusal> {
        let Some(student) = self.borrower_of(&row.id_number, row.name.as_deref())? else {
            return Ok(Outcome::New);
        };
        let Some(file_id) = self.facts.files.get(&student).map(|kept| kept.row.id) else {
            return Err("身份证号：这个人还没有贷款档案。请先导入学生名单或合同明细。".to_owned());
        };
        let fresh = Graduation {
            id: RowId::new(self.set.next_id()),
            office_code: self.set.scope.own().to_owned(),
            file_id,
            university: row.university.clone().unwrap_or_default(),
            graduated_on: Some(row.graduation),
            confirmed_on: Some(row.confirmed_on),
            destination: row.destination.clone().unwrap_or_default(),
            loans: row.contracts,
            principal_fen: row.principal,
            self_pay_from: row.self_pay_from,
            note: row.remark.clone().unwrap_or_default(),
            import_id: self.set.import_id,
        };
        let old = self.facts.graduations.get(&file_id).cloned();
        let (new, differs) = settle!(self, graduations, old, fresh);
        let mut changed = Vec::new();
        if differs {
            changed.push(DETAILS);
        }
        if self.add_phones(student, &row.phones, PhoneState::ToConfirm, "毕业确认名单")? {
            changed.push("手机");
        }
        Ok(Outcome::of(new, changed))
    }

    pub(super) fn preapplication(&mut self, row: &PreapplicationRow) -> Result<Outcome, Refusal> {
        let (index, _) = self.person(&row.id_number, Some(&row.name))?;
        let Some(person_id) = self.person_id(&index) else { return Ok(Outcome::Refused) };
        self.fill_home(&index, row);
        let year = row.applied_on.year();
        let fresh = Preapplication {
            id: RowId::new(self.set.next_id()),
            office_code: self.set.scope.own().to_owned(),
            person_id,
            year,
            high_school: row.high_school.clone().unwrap_or_default(),
            class_name: row.class_name.clone().unwrap_or_default(),
            family_kind: row.family_category.clone().unwrap_or_default(),
            applied_on: Some(row.applied_on),
            school_opinion: row.school_opinion.clone().unwrap_or_default(),
            county_opinion: row.county_opinion.clone().unwrap_or_default(),
            import_id: self.set.import_id,
        };
        let old = self.facts.preapplications.get(&(person_id, year)).cloned();
        let (new, differs) = settle!(self, preapplications, old, fresh);
        let mut changed = if differs { vec![DETAILS] } else { Vec::new() };
        if self.add_phones(person_id, &row.phones, PhoneState::ToConfirm, "预申请名单")? {
            changed.push("联系电话");
        }
        Ok(Outcome::of(new, changed))
    }

    /// A pre-application tells where a student lives as long as nothing better is known.
    fn fill_home(&mut self, index: &[u8], row: &PreapplicationRow) {
        let now = self.set.now;
        let Some(kept) = self.facts.people.get_mut(index) else { return };
        let person = &mut kept.row;
        if person.township.is_empty()
            && let Some(township) = &row.township
        {
            person.township = township.clone();
            person.village = row.village.clone().unwrap_or_default();
            person.moved(now);
            kept.touch();
        }
    }

    pub(super) fn hardship(&mut self, row: &HardshipRow) -> Result<Outcome, Refusal> {
        let (index, _) = self.person(&row.id_number, Some(&row.name))?;
        let Some(person_id) = self.person_id(&index) else { return Ok(Outcome::Refused) };
        let year = row.recognised_on.year();
        let fresh = Recognition {
            id: RowId::new(self.set.next_id()),
            office_code: self.set.scope.own().to_owned(),
            person_id,
            year,
            level: row.difficulty.to_chinese().to_owned(),
            recognised_on: Some(row.recognised_on),
            reason: row.reason.clone().unwrap_or_default(),
            class_opinion: row.class_opinion.clone().unwrap_or_default(),
            grade_opinion: row.grade_opinion.clone().unwrap_or_default(),
            import_id: self.set.import_id,
        };
        let old = self.facts.recognitions.get(&(person_id, year)).cloned();
        let (new, differs) = settle!(self, recognitions, old, fresh);
        Ok(Outcome::of(new, if differs { vec![DETAILS] } else { Vec::new() }))
    }

    pub(super) fn enlistment(&mut self, row: &EnlistmentRow) -> Result<Outcome, Refusal> {
        let Some(person_id) = self.borrower_of(&row.id_number, Some(&row.name))? else {
            return Ok(Outcome::New);
        };
        let granted = row.approved.unwrap_or_default();
        let unknown: Vec<String> = row
            .contract_numbers
            .iter()
            .filter(|no| !self.facts.loans.contains_key(*no))
            .filter(|no| !self.set.companions.contract_nos.contains(*no))
            .cloned()
            .collect();
        if !unknown.is_empty() {
            self.remark("贷款合同号", format!("{} 还没有登记，请核对。", unknown.join("、")));
        }
        self.cross_check(row, granted);
        let fresh = Enlistment {
            id: RowId::new(self.set.next_id()),
            office_code: self.set.scope.own().to_owned(),
            person_id,
            enlisted_on: row.enlisted_on,
            discharged_on: row.discharged_on,
            university: row.university.clone().unwrap_or_default(),
            contract_nos: row.contract_numbers.join("、"),
            principal_fen: row.principal.unwrap_or_default(),
            asked_fen: row.applied.unwrap_or_default(),
            granted_fen: granted,
            paid_on: row.paid_on,
            import_id: self.set.import_id,
        };
        let old = self.facts.enlistments.get(&(person_id, row.enlisted_on)).cloned();
        let (new, differs) = settle!(self, enlistments, old, fresh);
        Ok(Outcome::of(new, if differs { vec![DETAILS] } else { Vec::new() }))
    }

    /// Money of this list is not booked: the repayment list brings it. It must not be less.
    fn cross_check(&mut self, row: &EnlistmentRow, granted: Fen) {
        let loans: Vec<LoanId> = row
            .contract_numbers
            .iter()
            .filter_map(|no| self.facts.loans.get(no))
            .map(|kept| kept.row.id)
            .collect();
        if loans.is_empty() || row.paid_on.is_none() || !granted.is_positive() {
            return;
        }
        let booked: Fen = loans
            .iter()
            .flat_map(|loan| self.facts.standing(*loan))
            .filter(|event| event.kind == "compensated")
            .filter_map(|event| event.amount_fen)
            .sum();
        if booked < granted {
            self.remark(
                "批准代偿金额（元）",
                format!(
                    "名单批准 {}，还款明细里入账的国家代偿是 {}，请与银行核对。",
                    granted.to_page_text(),
                    booked.to_page_text()
                ),
            );
        }
    }

    pub(super) fn receipt(&mut self, row: &ReceiptRow) -> Result<Outcome, Refusal> {
        let (loan_id, mismatch) = self.match_receipt(row);
        let expected = self.set.companions.student_numbers.contains(&row.student_number);
        if !mismatch.is_empty() && !expected {
            self.remark("回执校验码", mismatch.clone());
        }
        let fresh = Receipt {
            id: RowId::new(self.set.next_id()),
            office_code: self.set.scope.own().to_owned(),
            loan_id,
            student_number: row.student_number.clone(),
            loan_year: row.loan_year,
            code: row.receipt_code.clone(),
            name: row.name.clone(),
            class_name: row.class_name.clone().unwrap_or_default(),
            university: row.university.clone().unwrap_or_default(),
            amount_fen: row.amount,
            is_first: row.is_new.unwrap_or_default(),
            mismatch,
            import_id: self.set.import_id,
        };
        let key = (row.student_number.clone(), row.loan_year, row.receipt_code.clone());
        let old = self.facts.receipts.get(&key).cloned();
        let (new, differs) = settle!(self, receipts, old, fresh);
        Ok(Outcome::of(new, if differs { vec![DETAILS] } else { Vec::new() }))
    }

    /// A receipt belongs to the contract of that student, year and code; what does not agree is
    /// said in words. The code alone is not unique (rules.md 11).
    fn match_receipt(&self, row: &ReceiptRow) -> (Option<LoanId>, String) {
        let number = &row.student_number;
        let Some(file) = self
            .facts
            .by_student_number
            .get(number)
            .and_then(|student| self.facts.files.get(student))
            .map(|kept| kept.row.id)
        else {
            return (None, format!("没有学号 {number} 的借款学生，回执先留着，请核对学号。"));
        };
        let of_year: Vec<_> = self
            .facts
            .loans
            .values()
            .map(|kept| &kept.row)
            .filter(|loan| loan.file_id == file && loan.loan_year == row.loan_year)
            .collect();
        let Some(loan) = of_year.iter().find(|loan| loan.receipt_code == row.receipt_code) else {
            let words = if of_year.is_empty() {
                format!("{}-{} 学年没有这个学生的合同", row.loan_year, row.loan_year + 1)
            } else {
                "回执校验码与合同上的不一致".to_owned()
            };
            return (None, format!("{words}，回执先留着，请核对。"));
        };
        if loan.principal_fen != row.amount {
            let words = format!(
                "回执金额 {}，合同金额 {}，请与高校核对。",
                row.amount.to_page_text(),
                loan.principal_fen.to_page_text()
            );
            return (Some(loan.id), words);
        }
        (Some(loan.id), String::new())
    }

    pub(super) fn monthly(&mut self, row: &MonthlyRow) -> Outcome {
        let mut fresh = MonthlyFigure {
            office_code: self.set.scope.own().to_owned(),
            month: row.month,
            signed: row.signed,
            signed_fen: row.signed_amount,
            disbursed: row.disbursed,
            disbursed_fen: row.disbursed_amount,
            repaid: row.repaid,
            principal_fen: row.principal,
            interest_fen: row.interest,
            penalty_fen: row.penalty,
            compensated_fen: row.compensated.unwrap_or_default(),
            balance_fen: row.balance,
            import_id: self.set.import_id,
        };
        let Some(old) = self.facts.months.get(&row.month).cloned() else {
            self.change.months.push(fresh);
            return Outcome::New;
        };
        fresh.import_id = old.import_id;
        if fresh == old {
            return Outcome::Same;
        }
        fresh.import_id = self.set.import_id;
        self.change.months.push(fresh);
        Outcome::Changed(vec![DETAILS])
    }
}
