//! Lines of 学生名单: the student, the co-borrower, their telephones, the loan file.

use chrono::Datelike;

use super::plan::{Outcome, Plan, Refusal, take};
use crate::book::history;
use crate::book::person::PhoneState;
use crate::imports::layout::rows::BorrowerRow;

impl Plan<'_> {
    pub(super) fn borrower(&mut self, row: &BorrowerRow) -> Result<Outcome, Refusal> {
        let (index, new) = self.person(&row.id_number, Some(&row.name))?;
        let co = match (&row.co_id_number, &row.co_name) {
            (Some(id), name) => Some(self.person(id, name.as_deref())?.0),
            (None, _) => None,
        };
        let mut changed = Vec::new();
        self.student_details(&index, row, &mut changed);
        let Some(student) = self.person_id(&index) else { return Ok(Outcome::Refused) };
        if self.add_phones(student, &row.phones, PhoneState::OnFile, "学生名单")? {
            changed.push("手机");
        }
        let co_id = co.as_deref().and_then(|index| self.person_id(index));
        if let Some(co_id) = co_id {
            if self.add_phones(co_id, &row.co_phones, PhoneState::OnFile, "学生名单")? {
                changed.push("共同借款人手机");
            }
            self.remark_if_borrower(co.as_deref().unwrap_or_default());
        }
        let year = self.first_year(&index, row.enrolment.map(|day| day.year()));
        let (file_id, opened) = self.file(student, year);
        self.file_details(student, row, co_id, &mut changed);
        if opened {
            self.change.history.push(history::Note {
                action: "imported",
                file_id: Some(file_id),
                subject: row.name.clone(),
                summary: format!("由“{}”建立贷款档案", self.set.file_name),
                reason: String::new(),
            });
        } else if !new && !changed.is_empty() {
            self.tell_change(file_id, &row.name, &changed);
        }
        Ok(Outcome::of(new || opened, changed))
    }

    fn student_details(
        &mut self,
        index: &[u8],
        row: &BorrowerRow,
        changed: &mut Vec<&'static str>,
    ) {
        let now = self.set.now;
        let Some(kept) = self.facts.people.get_mut(index) else { return };
        let person = &mut kept.row;
        let before = changed.len();
        take(changed, "民族", &mut person.ethnic, row.ethnic.clone());
        take(changed, "户口性质", &mut person.household_type, row.household_type.clone());
        take(changed, "乡镇（街道）", &mut person.township, row.township.clone());
        take(changed, "村（社区）", &mut person.village, row.village.clone());
        take(changed, "村级代码", &mut person.village_code, row.village_code.clone());
        take(changed, "家庭详细地址", &mut person.address, row.address.clone());
        take(changed, "派出所", &mut person.police_station, row.police_station.clone());
        take(changed, "电子邮箱", &mut person.email, row.email.clone());
        if changed.len() > before {
            person.moved(now);
            kept.touch();
        }
    }

    fn file_details(
        &mut self,
        student: crate::base::ids::PersonId,
        row: &BorrowerRow,
        co_id: Option<crate::base::ids::PersonId>,
        changed: &mut Vec<&'static str>,
    ) {
        let now = self.set.now;
        let Some(kept) = self.facts.files.get_mut(&student) else { return };
        let file = &mut kept.row;
        let before = changed.len();
        take(changed, "毕业高中", &mut file.high_school, row.high_school.clone());
        take(changed, "就读高校", &mut file.university, row.university.clone());
        take(changed, "学校代码", &mut file.university_code, row.university_code.clone());
        take(changed, "专业", &mut file.major, row.major.clone());
        take(changed, "学号", &mut file.student_number, row.student_number.clone());
        let degree = row.degree.map(|word| word.to_chinese().to_owned());
        take(changed, "学历层次", &mut file.degree, degree);
        take(changed, "学制（年）", &mut file.school_years, row.study_years.map(Some));
        take(changed, "入学年月", &mut file.entered_on, row.enrolment.map(Some));
        take(changed, "毕业年月", &mut file.graduates_on, row.graduation.map(Some));
        take(changed, "家庭类型", &mut file.family_kind, row.family_category.clone());
        let level = row.difficulty.map(|word| word.to_chinese().to_owned());
        take(changed, "困难等级", &mut file.hardship_level, level);
        take(changed, "共同借款人身份证号", &mut file.co_person_id, co_id.map(Some));
        let relation = row.co_relation.map(|word| word.to_chinese().to_owned());
        take(changed, "与学生关系", &mut file.co_relation, relation);
        take(changed, "备注", &mut file.note, row.remark.clone());
        if changed.len() > before {
            file.updated_at = now;
            file.version += 1;
            kept.touch();
        }
    }

    /// A borrower whose own loan is not settled should not be another's co-borrower
    /// (rules.md 6); the bank decides, so it is said and not refused.
    fn remark_if_borrower(&mut self, co_index: &[u8]) {
        let is_borrower =
            self.person_id(co_index).is_some_and(|person| self.facts.files.contains_key(&person));
        if is_borrower {
            self.remark(
                "共同借款人身份证号",
                "共同借款人自己也有贷款档案。贷款没有结清的人不宜再做共同借款人，请核对。",
            );
        }
    }
}
