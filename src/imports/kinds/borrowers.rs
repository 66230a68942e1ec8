//! 学生名单: the student, the co-borrower, their telephones, the loan file.

use crate::base::id_number::Sex;
use crate::base::ids::PersonId;
use crate::book::audit_log;
use crate::book::person::PhoneState;
use crate::imports::kind::*;
use crate::imports::layout::words::{Degree, Difficulty, Relation};
use crate::imports::plan::{change, take};
use chrono::Datelike;

layout! {
    /// A line of 学生名单.
    BORROWERS: BorrowerRow = "borrowers", "学生名单", "生源地信用助学贷款学生名单";
    key |row| row.id_number.as_str().to_owned();
    seen seq: Unread = "序号" | "编号";
    must name: Name = "借款学生姓名" | NAMES;
    must id_number: Id = "身份证号" | IDS;
    seen sex: Sex = "性别";
    seen birth_date: Day = "出生日期" | "出生年月日|生日"
        => compare_with_id(id_number, sex, birth_date);
    may ethnic: FreeText = "民族";
    may household_type: FreeText = "户口性质" | "户口类型";
    may township: Place = "乡镇（街道）" | TOWNSHIPS;
    may village: Place = "村（社区）" | VILLAGES;
    may village_code: Code = "村级代码" | "行政区划代码|村代码";
    may address: FreeText = "家庭详细地址" | "家庭住址|家庭地址|通讯地址|家庭详细住址|入学前户籍|地址";
    may police_station: Place = "派出所" | "户籍派出所|辖区派出所";
    may high_school: Place = "毕业高中" | "毕业中学|高中学校|高中";
    may university: University = "就读高校" | UNIVERSITIES;
    may university_code: Code = "学校代码" | "高校代码|院校代码";
    may major: FreeText = "专业" | "专业名称";
    may student_number: Code = "学号";
    may degree: Degree = "学历层次" | "学历|层次|培养层次";
    may study_years: Whole<12> = "学制（年）" | "学制";
    may enrolment: Month = "入学年月" | "入学年份|入学时间|入学日期";
    may graduation: Month = "毕业年月" | GRADUATIONS;
    may family_category: FreeText = "家庭类型" | FAMILIES;
    may difficulty: Difficulty = "困难等级" | "困难级别|认定困难级别名称|认定等级|困难程度|贫困程度";
    many phone: Phones = "手机" | PHONES;
    may email: Email = "电子邮箱" | "邮箱|电子邮件|常用e-mail|email";
    may co_name: Name = "共同借款人姓名" | CO_NAMES;
    may co_relation: Relation = "与学生关系" | RELATIONS;
    may co_id_number: CoId = "共同借款人身份证号" | CO_IDS;
    many co_phone: Phones = "共同借款人手机" | CO_PHONES
        => note_missing_co_borrower(co_name.as_deref(), co_id_number);
    may remark: FreeText = "备注" | "说明";
}

impl ImportKind for BorrowerRow {
    const AFTER: &'static [Layout] = &[];
    const BRING: Option<fn(&Self, &Sealer, &mut BatchContext)> = Some(|row, sealer, companions| {
        companions.people.insert(index_of(sealer, &row.id_number));
        companions.student_numbers.extend(row.student_number.clone());
    });

    fn load(_: &mut Db, _: &Scope, _: &[&Self], _: &mut Facts) -> AppResult<()> {
        Ok(())
    }

    fn decide(&self, plan: &mut Plan<'_>, _line: u32) -> Result<Outcome, Refusal> {
        plan.borrower(self)
    }
}

impl Plan<'_> {
    fn borrower(&mut self, row: &BorrowerRow) -> Result<Outcome, Refusal> {
        let (index, new) = self.person(&row.id_number, Some(&row.name))?;
        let co = match (&row.co_id_number, &row.co_name) {
            (Some(id), name) => Some(self.person(id, name.as_deref())?.0),
            (None, _) => None,
        };
        let mut changed = Vec::new();
        self.student_details(&index, row, &mut changed);
        let Some(student) = self.person_id(&index) else { return Ok(Outcome::Refused) };
        if self.add_phones(student, &row.phone, PhoneState::OnFile, "学生名单")? {
            changed.push("手机");
        }
        let co_id = co.as_deref().and_then(|index| self.person_id(index));
        if let Some(co_id) = co_id {
            if self.add_phones(co_id, &row.co_phone, PhoneState::OnFile, "学生名单")? {
                changed.push("共同借款人手机");
            }
            self.remark_if_borrower(co.as_deref().unwrap_or_default());
        }
        let year = self.first_year(&index, row.enrolment.map(|day| day.year()));
        let (file_id, opened) = self.file(student, year);
        self.file_details(student, row, co_id, &mut changed);
        if opened {
            self.change.audit.push(audit_log::AuditEntry {
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
        let Some(entry) = self.facts.people.get_mut(index) else { return };
        let person = &mut entry.row;
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
            change(person, now);
            entry.touch();
        }
    }

    fn file_details(
        &mut self,
        student: PersonId,
        row: &BorrowerRow,
        co_id: Option<PersonId>,
        changed: &mut Vec<&'static str>,
    ) {
        let now = self.set.now;
        let Some(entry) = self.facts.files.get_mut(&student) else { return };
        let file = &mut entry.row;
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
            entry.touch();
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
