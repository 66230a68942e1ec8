//! 服兵役代偿名单: service members whose loans the state pays.

use crate::base::ids::{LoanId, PersonId, RowId};
use crate::base::money::Fen;
use crate::book::events;
use crate::imports::kind::*;
use crate::life::compensation::store::{self, Enlistment};
use chrono::NaiveDate;

layout! {
    /// A line of 服兵役代偿名单.
    ENLISTMENT: EnlistmentRow = "enlistment", "服兵役代偿名单", "服义务兵役贷款代偿名单";
    key |row| format!("{} {}", row.id_number.as_str(), row.enlisted_on);
    seen seq: Unread = "序号" | "编号";
    must name: Name = "姓名" | NAMES;
    must id_number: Id = "身份证号" | IDS;
    may university: University = "就读高校" | UNIVERSITIES;
    must enlisted_on: Day = "入伍时间" | "入伍日期";
    may discharged_on: Day = "退役时间" | "退役日期|退伍时间";
    must contract_numbers: Codes = "贷款合同号" | CONTRACT_NUMBERS;
    may principal: Money = "贷款本金（元）" | "贷款本金金额|贷款金额";
    may applied: Money = "申请代偿金额（元）" | "申请补偿金额|申请补偿代偿金额";
    may approved: Money = "批准代偿金额（元）" | "批准补偿代偿金额|批准补偿金额";
    may paid_on: Day = "拨付时间" | "拨付日期|代偿时间";
}

record!(
    Enlistment = "enlistment", Layout::ENLISTMENT, store,
    |row| (row.person_id, row.enlisted_on)
        => (PersonId, NaiveDate)
);

impl ImportKind for EnlistmentRow {
    const AFTER: &'static [Layout] = &[Layout::BORROWERS, Layout::CONTRACTS];
    const RECORDS: Option<Undone> = Some(undone::<Enlistment>);

    fn load(db: &mut Db, scope: &Scope, _rows: &[&Self], facts: &mut Facts) -> AppResult<()> {
        let people = facts.people_ids();
        facts.keep(store::of(db, scope, &people)?);
        let loans = facts.loan_ids();
        *facts.life.stored() = events::of_loans(db, scope, &loans)?;
        Ok(())
    }

    fn decide(&self, plan: &mut Plan<'_>, _line: u32) -> Result<Outcome, Refusal> {
        let Some(person_id) = plan.borrower_of(&self.id_number, Some(&self.name))? else {
            return Ok(Outcome::New);
        };
        let granted = self.approved.unwrap_or_default();
        let unknown: Vec<String> = self
            .contract_numbers
            .iter()
            .filter(|no| !plan.facts.loans.contains_key(*no))
            .filter(|no| !plan.set.companions.contract_nos.contains(*no))
            .cloned()
            .collect();
        if !unknown.is_empty() {
            plan.remark("贷款合同号", format!("{} 还没有登记，请核对。", unknown.join("、")));
        }
        self.cross_check(plan, granted);
        let fresh = Enlistment {
            id: RowId::new(plan.set.next_id()),
            office_code: plan.set.scope.own().to_owned(),
            person_id,
            enlisted_on: self.enlisted_on,
            discharged_on: self.discharged_on,
            university: self.university.clone().unwrap_or_default(),
            contract_nos: self.contract_numbers.join("、"),
            principal_fen: self.principal.unwrap_or_default(),
            asked_fen: self.applied.unwrap_or_default(),
            granted_fen: granted,
            paid_on: self.paid_on,
            import_id: plan.set.import_id,
        };
        let (new, changed) = plan.facts.record(fresh);
        Ok(Outcome::of(new, changed))
    }
}

impl EnlistmentRow {
    /// Money of this list is not booked: the repayment list brings it. It must not be less.
    fn cross_check(&self, plan: &mut Plan<'_>, granted: Fen) {
        let loans: Vec<LoanId> = self
            .contract_numbers
            .iter()
            .filter_map(|no| plan.facts.loans.get(no))
            .map(|entry| entry.row.id)
            .collect();
        if loans.is_empty() || self.paid_on.is_none() || !granted.is_positive() {
            return;
        }
        let booked: Fen = loans
            .iter()
            .flat_map(|loan| plan.facts.standing(*loan))
            .filter(|event| event.kind == "compensated")
            .filter_map(|event| event.amount_fen)
            .sum();
        if booked < granted {
            plan.remark(
                "批准代偿金额（元）",
                format!(
                    "名单批准 {}，还款明细里入账的国家代偿是 {}，请与银行核对。",
                    granted.to_page_text(),
                    booked.to_page_text()
                ),
            );
        }
    }
}
