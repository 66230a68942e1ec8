//! 毕业确认名单: who has left the university, and from when he pays the interest himself.

use crate::base::ids::{FileId, RowId};
use crate::book::person::PhoneState;
use crate::imports::kind::*;
use crate::life::graduation::rules::month;
use crate::life::graduation::store::{self, Graduation};

layout! {
    /// A line of 毕业确认名单.
    GRADUATION: GraduationRow = "graduation", "毕业确认名单", "生源地信用助学贷款毕业确认名单";
    key |row| row.id_number.as_str().to_owned();
    seen seq: Unread = "序号" | "编号";
    may name: Name = "借款学生姓名" | NAMES;
    must id_number: Id = "身份证号" | IDS;
    may university: University = "就读高校" | UNIVERSITIES;
    must graduation: Month = "毕业年月" | GRADUATIONS;
    must confirmed_on: Day = "毕业确认日期" | "确认日期|毕业确认时间";
    may destination: FreeText = "毕业去向" | "去向|就业去向";
    many phone: Phones = "手机" | PHONES;
    may contracts: Whole<20> = "贷款笔数" | "合同笔数|贷款次数";
    may principal: Money = "贷款本金合计（元）" | "贷款本金|贷款总金额|累计放款金额";
    may self_pay_from: Day = "自付利息起始日" | "自付利息起始日期|自付息起始日";
    may remark: FreeText = "备注" | "说明";
}

record!(
    Graduation = "graduation", Layout::GRADUATION, store,
    |row| row.file_id
        => FileId,
    replaced = Graduation::replaced_by
);

impl ImportKind for GraduationRow {
    const AFTER: &'static [Layout] = &[Layout::BORROWERS, Layout::CONTRACTS];
    const RECORDS: Option<Undone> = Some(undone::<Graduation>);

    fn load(db: &mut Db, scope: &Scope, _rows: &[&Self], facts: &mut Facts) -> AppResult<()> {
        let files: Vec<FileId> = facts.student_of.stored().keys().copied().collect();
        facts.keep(store::of(db, scope, &files)?);
        Ok(())
    }

    fn decide(&self, plan: &mut Plan<'_>, _line: u32) -> Result<Outcome, Refusal> {
        let Some(student) = plan.borrower_of(&self.id_number, self.name.as_deref())? else {
            return Ok(Outcome::New);
        };
        let Some(file) = plan.facts.files.get(&student).map(|entry| &entry.row) else {
            return Err("身份证号：这个人还没有贷款档案。请先导入学生名单或合同明细。".to_owned());
        };
        let file_id = file.id;
        if let Some(on) = file.entered_on.filter(|on| self.graduation <= *on) {
            let began = month(on);
            return Err(format!("毕业年月：早于入学（{began}入学）。请与高校核对后重新导入。"));
        }
        let fresh = Graduation {
            id: RowId::new(plan.set.next_id()),
            office_code: plan.set.scope.own().to_owned(),
            file_id,
            university: self.university.clone().unwrap_or_default(),
            graduated_on: Some(self.graduation),
            confirmed_on: Some(self.confirmed_on),
            destination: self.destination.clone().unwrap_or_default(),
            loans: self.contracts,
            principal_fen: self.principal,
            self_pay_from: self.self_pay_from,
            note: self.remark.clone().unwrap_or_default(),
            import_id: plan.set.import_id,
            ..Graduation::default()
        };
        let (new, mut changed) = plan.facts.record(fresh);
        if plan.add_phones(student, &self.phone, PhoneState::ToConfirm, "毕业确认名单")? {
            changed.push("手机");
        }
        Ok(Outcome::of(new, changed))
    }
}
