//! 高校回执登记表: what the university has confirmed of a contract (rules.md 5.3).

use crate::base::ids::{LoanId, PersonId, RowId};
use crate::book::{loan, person};
use crate::imports::facts::Tracked;
use crate::imports::kind::*;
use crate::life::contract::store::{self, Receipt};
use std::collections::BTreeSet;

layout! {
    /// A line of 高校回执登记表.
    RECEIPTS: ReceiptRow = "receipts", "高校回执登记表", "国家生源地助学贷款回执登记表（高校侧）";
    key |row| format!("{} {} {}", row.student_number, row.loan_year, row.receipt_code);
    seen seq: Unread = "序号" | "编号";
    must name: Name = "姓名" | NAMES;
    may class_name: FreeText = "班级" | "行政班级|专业班级";
    must student_number: Code = "学号";
    may province: Place = "生源地省份" | "生源省份|省份";
    may address: FreeText = "生源地具体地址" | "生源地地址|家庭地址";
    must receipt_code: ReceiptCode = "回执校验码" | RECEIPT_CODES;
    must amount: Money = "贷款金额（元）" | AMOUNTS;
    may is_new: YesOrNo = "是否新申请" | "是否首贷|首贷续贷";
    many phone: Phones = "联系方式" | PHONES;
    may university: University = "就读高校" | UNIVERSITIES;
    must loan_year: LoanYear = "贷款学年" | LOAN_YEARS
        => within_cap("amount", amount, loan_year);
}

record!(
    Receipt = "receipt", Layout::RECEIPTS, store,
    |row| (row.student_number.clone(), row.loan_year, row.code.clone())
        => (String, i32, String)
);

impl ImportKind for ReceiptRow {
    const AFTER: &'static [Layout] = &[Layout::BORROWERS, Layout::CONTRACTS];
    const RECORDS: Option<Undone> = Some(undone::<Receipt>);

    fn load(db: &mut Db, scope: &Scope, rows: &[&Self], facts: &mut Facts) -> AppResult<()> {
        let numbers: BTreeSet<String> = rows.iter().map(|row| row.student_number.clone()).collect();
        let numbers: Vec<String> = numbers.into_iter().collect();
        let mut files = Vec::new();
        for file in loan::files_by_student_number(db, scope, &numbers)? {
            facts.by_student_number.insert(file.student_number.clone(), file.person_id);
            facts.student_of.stored().insert(file.id, file.person_id);
            files.push(file.id);
            facts.files.stored().insert(file.person_id, Tracked::stored(file));
        }
        let students: Vec<PersonId> = facts.by_student_number.values().copied().collect();
        for person in person::by_ids(db, scope, &students)? {
            facts.index_of.stored().insert(person.id, person.id_index.clone());
            facts.people.stored().insert(person.id_index.clone(), Tracked::stored(person));
        }
        for loan in loan::chains(db, scope, &files)? {
            facts.loans.stored().insert(loan.contract_no.clone(), Tracked::stored(loan));
        }
        facts.keep(store::of_students(db, scope, &numbers)?);
        Ok(())
    }

    fn decide(&self, plan: &mut Plan<'_>, _line: u32) -> Result<Outcome, Refusal> {
        let (loan_id, mismatch) = self.match_contract(plan);
        let expected = plan.set.companions.student_numbers.contains(&self.student_number);
        if !mismatch.is_empty() && !expected {
            plan.remark("回执校验码", mismatch.clone());
        }
        let fresh = Receipt {
            id: RowId::new(plan.set.next_id()),
            office_code: plan.set.scope.own().to_owned(),
            loan_id,
            student_number: self.student_number.clone(),
            loan_year: self.loan_year,
            code: self.receipt_code.clone(),
            name: self.name.clone(),
            class_name: self.class_name.clone().unwrap_or_default(),
            university: self.university.clone().unwrap_or_default(),
            amount_fen: self.amount,
            is_first: self.is_new.unwrap_or_default(),
            mismatch,
            import_id: plan.set.import_id,
        };
        let (new, changed) = plan.facts.record(fresh);
        Ok(Outcome::of(new, changed))
    }
}

impl ReceiptRow {
    /// A receipt belongs to the contract of that student, year and code; what does not agree is
    /// said in words. The code alone is not unique (rules.md 11).
    fn match_contract(&self, plan: &Plan<'_>) -> (Option<LoanId>, String) {
        let number = &self.student_number;
        let Some(file) = plan
            .facts
            .by_student_number
            .get(number)
            .and_then(|student| plan.facts.files.get(student))
            .map(|entry| entry.row.id)
        else {
            return (None, format!("没有学号 {number} 的借款学生，回执先留着，请核对学号。"));
        };
        let of_year: Vec<_> = plan
            .facts
            .loans
            .values()
            .map(|entry| &entry.row)
            .filter(|loan| loan.file_id == file && loan.loan_year == self.loan_year)
            .collect();
        let Some(loan) = of_year.iter().find(|loan| loan.receipt_code == self.receipt_code) else {
            let words = if of_year.is_empty() {
                format!("{}-{} 学年没有这个学生的合同", self.loan_year, self.loan_year + 1)
            } else {
                "回执校验码与合同上的不一致".to_owned()
            };
            return (None, format!("{words}，回执先留着，请核对。"));
        };
        if loan.principal_fen != self.amount {
            let words = format!(
                "回执金额 {}，合同金额 {}，请与高校核对。",
                self.amount.to_page_text(),
                loan.principal_fen.to_page_text()
            );
            return (Some(loan.id), words);
        }
        (Some(loan.id), String::new())
    }
}
