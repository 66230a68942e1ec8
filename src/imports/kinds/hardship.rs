//! 困难认定汇总表: who is in difficulty, by year.

use crate::base::ids::{PersonId, RowId};
use crate::imports::kind::*;
use crate::imports::layout::words::Difficulty;
use crate::life::recognition::store::{self, Recognition};
use chrono::Datelike;

layout! {
    /// A line of 困难认定汇总表.
    HARDSHIP: HardshipRow = "hardship", "困难认定汇总表", "家庭经济困难学生认定汇总表";
    key |row| format!("{} {}", row.id_number.as_str(), row.recognised_on.year());
    seen seq: Unread = "序号" | "编号";
    must name: Name = "姓名" | NAMES;
    may id_type: FreeText = "身份证件类型" | "证件类型";
    must id_number: Id = "身份证件号" | IDS;
    must difficulty: Difficulty = "认定困难级别名称" | "困难级别|困难等级|认定等级|认定困难级别";
    must recognised_on: Day = "认定时间" | "认定日期";
    may reason: FreeText = "认定原因" | "困难原因|申请原因";
    may class_opinion: FreeText = "班级认定意见" | "班级意见";
    may grade_opinion: FreeText = "年级认定意见" | "年级意见";
}

record!(
    Recognition = "recognition", Layout::HARDSHIP, store,
    |row| (row.person_id, row.year)
        => (PersonId, i32)
);

impl ImportKind for HardshipRow {
    const AFTER: &'static [Layout] = &[Layout::BORROWERS, Layout::CONTRACTS];
    const RECORDS: Option<Undone> = Some(undone::<Recognition>);

    fn load(db: &mut Db, scope: &Scope, _rows: &[&Self], facts: &mut Facts) -> AppResult<()> {
        let people = facts.people_ids();
        facts.keep(store::of(db, scope, &people)?);
        Ok(())
    }

    fn decide(&self, plan: &mut Plan<'_>, _line: u32) -> Result<Outcome, Refusal> {
        let (index, _) = plan.person(&self.id_number, Some(&self.name))?;
        let Some(person_id) = plan.person_id(&index) else { return Ok(Outcome::Refused) };
        let year = self.recognised_on.year();
        let fresh = Recognition {
            id: RowId::new(plan.set.next_id()),
            office_code: plan.set.scope.own().to_owned(),
            person_id,
            year,
            level: self.difficulty.to_chinese().to_owned(),
            recognised_on: Some(self.recognised_on),
            reason: self.reason.clone().unwrap_or_default(),
            class_opinion: self.class_opinion.clone().unwrap_or_default(),
            grade_opinion: self.grade_opinion.clone().unwrap_or_default(),
            import_id: plan.set.import_id,
        };
        let (new, changed) = plan.facts.record(fresh);
        Ok(Outcome::of(new, changed))
    }
}
