//! What a family writes in an application (粤教助〔2023〕2号, rules-more.md 3.7), read from a form. It is
//! sealed as a whole; only name, grade and class stand open.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::rules::{self, Signer};
use crate::base::choice::Choice;
use crate::base::dates::in_words;
use crate::base::id_number::IdNumber;
use crate::base::money::Fen;
use crate::base::person_name::read_name;
use crate::book::policy::{HardshipClass, HardshipLine, Policy};
use crate::error::AppResult;
use crate::web::fields::Fields;

/// Longest line and longest answer in characters.
const LINE_MAX: usize = 60;
const ANSWER_MAX: usize = 300;
/// More people than a family has: a typing error.
const PEOPLE_MOST: u8 = 30;
/// Members of a family that the form has room for.
const MEMBERS: usize = 5;

/// Where the income comes from, as the form asks it.
pub const SOURCES: [&str; 8] =
    ["务农", "打工", "经商", "工资", "养老金", "低保金", "亲友接济", "其他"];

/// Somebody of the family.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Member {
    pub name: String,
    pub age: String,
    pub relation: String,
    pub unit: String,
    pub phone: String,
    pub work: String,
    pub education: String,
    pub income: String,
    pub health: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Written {
    /// 学籍号 or 学号.
    pub student_number: String,
    pub ethnic: String,
    pub household: String,
    pub department: String,
    pub family_size: String,
    pub at_school: String,
    pub dependants: String,
    pub unemployed: String,
    /// Keys of key groups.
    pub classes: Vec<String>,
    /// Lines of the index.
    pub lines: Vec<u8>,
    pub own_health: String,
    pub family_health: String,
    pub address: String,
    pub postcode: String,
    pub phone: String,
    pub income: Option<Fen>,
    pub income_source: String,
    pub events: String,
    pub debt: Option<Fen>,
    pub evidence: String,
    pub members: Vec<Member>,
    /// The family agrees that other offices are asked.
    pub consent: bool,
}

/// An application as it was typed.
#[derive(Clone, Debug)]
pub struct Typed {
    pub name: String,
    pub id_number: IdNumber,
    pub grade: String,
    pub class_name: String,
    pub signed_by: Signer,
    pub applied_on: NaiveDate,
    pub level: String,
    pub written: Written,
}

/// What the form offers, on a day.
#[derive(Clone, Debug, Serialize)]
pub struct Offered {
    classes: Vec<HardshipClass>,
    lines: Vec<HardshipLine>,
    levels: Vec<Choice>,
    signers: Vec<Choice>,
    sources: [&'static str; 8],
    members: Vec<usize>,
    today: String,
}

impl Offered {
    pub fn on(policy: &Policy, today: NaiveDate) -> Offered {
        Offered {
            classes: policy.hardship_classes(today).into_iter().cloned().collect(),
            lines: policy.hardship_lines(today).into_iter().cloned().collect(),
            levels: levels(policy, today, "先不写，评议时再定"),
            signers: Choice::all(Signer::ALL),
            sources: SOURCES,
            members: (0..MEMBERS).collect(),
            today: today.to_string(),
        }
    }
}

/// The levels of a day, and one choice more for none.
pub fn levels(policy: &Policy, today: NaiveDate, none: &str) -> Vec<Choice> {
    let all = &policy.hardship_levels.on(today).levels;
    let first = std::iter::once(Choice::new("", none));
    first.chain(all.iter().map(|level| Choice::new(level, level))).collect()
}

/// A level that the county has; nothing where none was chosen.
pub fn read_level(form: &mut Fields, name: &str, policy: &Policy, today: NaiveDate) -> String {
    let level = form.get(name).to_owned();
    let known = &policy.hardship_levels.on(today).levels;
    if !level.is_empty() && !known.contains(&level) {
        form.reject(name, format!("困难等级只有：{}", known.join("、")));
    }
    level
}

/// What is wrong with a key group on a day, in words: its successor is named.
pub fn check_class(policy: &Policy, named: &str, on: NaiveDate) -> Result<String, String> {
    let Some(class) = policy.hardship_class(named) else {
        return Err(format!("没有“{named}”这个认定类型，请照名单上的写法"));
    };
    let holds = policy.hardship_classes(on).into_iter().any(|one| one.key == class.key);
    if holds {
        return Ok(class.key.clone());
    }
    let until = class.valid_until.filter(|until| *until < on);
    let until = until.map_or_else(String::new, |until| format!("到{}为止", in_words(until, on)));
    Err(match policy.hardship_class_on(named, on) {
        Some(now) => format!("“{}”{until}，现在叫“{}”，请改选", class.name, now.name),
        None => format!("“{}”{until}不再使用", class.name),
    })
}

/// Reads the form; all that is wrong is said at once.
pub fn read(form: &mut Fields, policy: &Policy, today: NaiveDate) -> AppResult<Typed> {
    let name = read_name(&form.text("name", LINE_MAX)).text;
    if name.is_empty() {
        form.reject("name", "请写学生姓名");
    }
    let id_number = IdNumber::parse(form.get("id_number"), today);
    if let Err(problem) = &id_number {
        form.reject("id_number", problem.to_chinese());
    }
    let (grade, class_name) = (form.text("grade", LINE_MAX), form.text("class_name", LINE_MAX));
    form.required("grade", "请写年级，例如：高三");
    form.required("class_name", "请写班级，例如：3班");
    let applied_on = form.date("applied_on");
    if applied_on.is_none_or(|on| on > today) {
        form.reject("applied_on", "申请日期请写成 2026-09-07 这样，不能晚于今天");
    }
    let on = applied_on.unwrap_or(today);
    let signed_by = form.choice("signed_by", Signer::from_text, "请选申请表上是谁签字");
    if let (Some(signer), Ok(id)) = (signed_by, &id_number) {
        let age = policy.hardship_signing_age.on(on).years;
        let signed = rules::check_signer(signer, id.number.birth_on(), (on, age));
        if let Err(why) = signed {
            form.reject("signed_by", why);
        }
    }
    let level = read_level(form, "level", policy, today);
    let written = read_written(form, policy, on);
    let typed = signed_by.zip(id_number.ok()).zip(applied_on);
    form.checked(typed.map(|((signed_by, id), applied_on)| Typed {
        name,
        id_number: id.number,
        grade,
        class_name,
        signed_by,
        applied_on,
        level,
        written,
    }))
}

fn read_written(form: &mut Fields, policy: &Policy, on: NaiveDate) -> Written {
    let mut classes = Vec::new();
    let chosen: Vec<String> = form.all("classes").map(str::to_owned).collect();
    for named in chosen {
        match check_class(policy, &named, on) {
            Ok(key) => classes.push(key),
            Err(why) => form.reject("classes", why),
        }
    }
    let index = policy.hardship_lines(on);
    let lines: Vec<u8> = form.all("lines").filter_map(|line| line.parse().ok()).collect();
    if let Some((one, other)) = rules::excluding(&lines, &index) {
        let (a, b) = (one.line, other.line);
        form.reject("lines", format!("第 {a} 项“{}”和第 {b} 项不能同时选", one.text));
    }
    let evidence = form.text("evidence", ANSWER_MAX);
    if evidence.is_empty() && !(lines.is_empty() && classes.is_empty()) {
        form.reject("evidence", "选了类型或指标的，请写收到哪些证明材料");
    }
    for name in ["family_size", "at_school", "dependants", "unemployed"] {
        let typed = form.get(name);
        if !typed.is_empty() && typed.parse::<u8>().map_or(true, |count| count > PEOPLE_MOST) {
            form.reject(name, "人数请写数字");
        }
    }
    let mut line = |name: &str| form.text(name, LINE_MAX);
    let [student_number, ethnic, household, department] =
        ["student_number", "ethnic", "household", "department"].map(&mut line);
    let [family_size, at_school, dependants, unemployed] =
        ["family_size", "at_school", "dependants", "unemployed"].map(&mut line);
    let [own_health, family_health, address, postcode, income_source] =
        ["own_health", "family_health", "address", "postcode", "income_source"].map(&mut line);
    let phone = form.phone("phone").map(|number| number.as_str().to_owned());
    let consent = form.get("consent") == "yes";
    if !consent {
        form.reject("consent", "学生和家长要同意核对信息，才能受理");
    }
    Written {
        student_number,
        ethnic,
        household,
        department,
        family_size,
        at_school,
        dependants,
        unemployed,
        classes,
        lines,
        own_health,
        family_health,
        address,
        postcode,
        phone: phone.unwrap_or_default(),
        income: form.money("income"),
        income_source,
        events: form.text("events", ANSWER_MAX),
        debt: form.money("debt"),
        evidence,
        members: members(form),
        consent,
    }
}

/// The rows of the family that have a name.
fn members(form: &Fields) -> Vec<Member> {
    let column = |name: &str| -> Vec<String> {
        form.all(&format!("member_{name}"))
            .map(|one| one.chars().take(LINE_MAX).collect())
            .collect()
    };
    let [name, age, relation, unit, phone, work, education, income, health] =
        ["name", "age", "relation", "unit", "phone", "work", "education", "income", "health"]
            .map(column);
    let at = |of: &[String], row: usize| of.get(row).cloned().unwrap_or_default();
    let rows = (0..name.len().min(MEMBERS)).map(|row| Member {
        name: at(&name, row),
        age: at(&age, row),
        relation: at(&relation, row),
        unit: at(&unit, row),
        phone: at(&phone, row),
        work: at(&work, row),
        education: at(&education, row),
        income: at(&income, row),
        health: at(&health, row),
    });
    rows.filter(|one| !one.name.is_empty()).collect()
}
