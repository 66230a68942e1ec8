//! 预申请名单: Grade 12 students who want a loan, named by their high school.

use crate::base::ids::{PersonId, RowId};
use crate::book::person::PhoneState;
use crate::imports::kind::*;
use crate::imports::plan::change;
use crate::life::preapplication::store::{self, Preapplication};

layout! {
    /// A line of 预申请名单.
    PREAPPLY: PreapplicationRow = "preapply", "预申请名单", "高中生源地助学贷款预申请名单";
    key |row| row.id_number.as_str().to_owned();
    seen seq: Unread = "序号" | "编号";
    must name: Name = "学生姓名" | NAMES;
    must id_number: Id = "身份证号" | IDS;
    may high_school: Place = "毕业高中" | "毕业中学|就读高中|高中学校|高中|学校";
    may class_name: FreeText = "班级" | "行政班级";
    may township: Place = "乡镇（街道）" | TOWNSHIPS;
    may village: Place = "村（社区）" | VILLAGES;
    may family_category: FreeText = "家庭类型" | FAMILIES;
    may holds_grant: YesOrNo = "国家助学金" | "是否享受国家助学金|享受国家助学金";
    many phone: Phones = "联系电话" | PHONES;
    must applied_on: Day = "申请日期" | "申请时间|预申请日期|提交日期";
    may school_opinion: FreeText = "学校审核意见" | "学校意见|高中审核意见";
    may county_opinion: FreeText = "县级资助中心审核意见" | "资助中心意见|县级审核意见";
}

record!(
    Preapplication = "preapplication", Layout::PREAPPLY, store,
    |row| (row.person_id, row.year)
        => (PersonId, i32),
    replaced = Preapplication::replaced_by, bare = without_version
);

impl ImportKind for PreapplicationRow {
    const AFTER: &'static [Layout] = &[];
    const RECORDS: Option<Undone> = Some(undone::<Preapplication>);

    fn load(db: &mut Db, scope: &Scope, _rows: &[&Self], facts: &mut Facts) -> AppResult<()> {
        let people = facts.people_ids();
        facts.keep(store::of(db, scope, &people)?);
        Ok(())
    }

    fn decide(&self, plan: &mut Plan<'_>, _line: u32) -> Result<Outcome, Refusal> {
        let (index, _) = plan.person(&self.id_number, Some(&self.name))?;
        let Some(person_id) = plan.person_id(&index) else { return Ok(Outcome::Refused) };
        self.fill_home(plan, &index);
        let set = plan.set;
        let year = set.policy.preapplication_year(&set.office.code, self.applied_on);
        let fresh = Preapplication {
            id: RowId::new(plan.set.next_id()),
            office_code: plan.set.scope.own().to_owned(),
            person_id,
            year,
            high_school: self.high_school.clone().unwrap_or_default(),
            class_name: self.class_name.clone().unwrap_or_default(),
            family_kind: self.family_category.clone().unwrap_or_default(),
            applied_on: Some(self.applied_on),
            school_opinion: self.school_opinion.clone().unwrap_or_default(),
            county_opinion: self.county_opinion.clone().unwrap_or_default(),
            import_id: plan.set.import_id,
            holds_grant: self.holds_grant.unwrap_or_default(),
            is_draft: false,
            entered_by: String::new(),
            decided_by: String::new(),
            decided_at: None,
            version: 1,
        };
        let (new, mut changed) = plan.facts.record(fresh);
        if plan.add_phones(person_id, &self.phone, PhoneState::ToConfirm, "预申请名单")? {
            changed.push("联系电话");
        }
        Ok(Outcome::of(new, changed))
    }
}

impl PreapplicationRow {
    /// A pre-application tells where a student lives as long as nothing better is known.
    fn fill_home(&self, plan: &mut Plan<'_>, index: &[u8]) {
        let now = plan.set.now;
        let Some(entry) = plan.facts.people.get_mut(index) else { return };
        let person = &mut entry.row;
        if person.township.is_empty()
            && let Some(township) = &self.township
        {
            person.township = township.clone();
            person.village = self.village.clone().unwrap_or_default();
            change(person, now);
            entry.touch();
        }
    }
}
