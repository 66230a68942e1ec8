//! 高校回执登记表: what the university has confirmed of a contract (rules.md 5.3).

use crate::base::ids::{PersonId, RowId};
use crate::book::loan::{self, LoanFile};
use crate::book::person;
use crate::imports::facts::Tracked;
use crate::imports::kind::*;
use crate::life::receipt::rules::{Contract, Student};
use crate::life::receipt::store::{self, Receipt};
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
    may tuition: Money = "学费（元）" | "学费|欠缴学费|应缴学费";
    may lodging: Money = "住宿费（元）" | "住宿费|欠缴住宿费|应缴住宿费";
    may entered_on: Day = "回执录入日期" | "回执录入时间|回执日期|录入日期";
    must loan_year: LoanYear = "贷款学年" | LOAN_YEARS
        => within_cap("amount", amount, loan_year);
}

record!(
    Receipt = "receipt", Layout::RECEIPTS, store,
    |row| (row.student_number.clone(), row.loan_year, row.code.clone())
        => (String, i32, String),
    replaced = Receipt::replaced_by
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
        let codes: Vec<String> = rows.iter().map(|row| row.receipt_code.clone()).collect();
        let by_code = store::files_by_receipt_code(db, scope, &codes)?;
        for row in rows {
            if facts.by_student_number.contains_key(&row.student_number) {
                continue;
            }
            let same = |one: &&(String, i32, String, LoanFile)| {
                (&one.0, one.1, &one.2) == (&row.receipt_code, row.loan_year, &row.name)
            };
            let mut named = by_code.iter().filter(same);
            // Two of one name, year and code are told apart by a person.
            let (Some((.., file)), None) = (named.next(), named.next()) else { continue };
            facts.by_student_number.insert(row.student_number.clone(), file.person_id);
            facts.student_of.stored().insert(file.id, file.person_id);
            files.push(file.id);
            facts.files.stored().insert(file.person_id, Tracked::stored(file.clone()));
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
        self.keep_number(plan);
        let mut fresh = Receipt {
            id: RowId::new(plan.set.next_id()),
            office_code: plan.set.scope.own().to_owned(),
            student_number: self.student_number.clone(),
            loan_year: self.loan_year,
            code: self.receipt_code.clone(),
            name: self.name.clone(),
            class_name: self.class_name.clone().unwrap_or_default(),
            university: self.university.clone().unwrap_or_default(),
            amount_fen: self.amount,
            is_first: self.is_new.unwrap_or_default(),
            import_id: plan.set.import_id,
            tuition_fen: self.tuition,
            lodging_fen: self.lodging,
            entered_on: self.entered_on.filter(|on| *on <= plan.set.today),
            ..Receipt::default()
        };
        if self.entered_on != fresh.entered_on {
            plan.remark("回执录入日期", "录入日期不能晚于今天，这个日期没有采用，请与高校核对。");
        }
        let mismatch = fresh.hold_against(self.student(plan).as_ref());
        let expected = plan.set.companions.student_numbers.contains(&self.student_number);
        if let Some(mismatch) = mismatch.filter(|_| !expected) {
            plan.remark(mismatch.heading(), fresh.mismatch.clone());
        }
        let (new, changed) = plan.facts.record(fresh);
        Ok(Outcome::of(new, changed))
    }
}

impl ReceiptRow {
    /// A student whom the code and the name have told apart gets the number of the list.
    fn keep_number(&self, plan: &mut Plan<'_>) {
        let now = plan.set.now;
        let Some(student) = plan.facts.by_student_number.get(&self.student_number) else { return };
        let Some(entry) = plan.facts.files.get_mut(student) else { return };
        if entry.row.student_number.is_empty() {
            entry.row.student_number.clone_from(&self.student_number);
            entry.row.version += 1;
            entry.row.updated_at = now;
            entry.touch();
            let note = "档案里原来没有学号，按校验码和姓名对上了，学号记到档案里。";
            plan.remark("学号", note.to_owned());
        }
    }

    /// The student with this number; none where nobody has it.
    fn student(&self, plan: &Plan<'_>) -> Option<Student> {
        let student = plan.facts.by_student_number.get(&self.student_number)?;
        let file = plan.facts.files.get(student)?.row.id;
        let person = plan.facts.people.get(plan.facts.index_of.get(student)?)?;
        let loans = plan.facts.loans.values().map(|entry| &entry.row);
        let contracts = loans.filter(|loan| loan.file_id == file).map(Contract::from).collect();
        Some(Student { name: person.row.name.clone(), contracts })
    }
}
