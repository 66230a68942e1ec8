//! What is typed at the counter, read step by step; every wrong field gets one clear sentence. A
//! step that is read again at the end is read from what was kept of it, by the same functions.

use chrono::{Datelike, NaiveDate};

use super::kinds::{Case, Degree, Present, Relation, Step};
use super::store::Draft;
use crate::base::id_number::{IdNumber, IdProblem};
use crate::base::money::{Fen, typed_money};
use crate::base::person_name::read_name;
use crate::base::phone_number::PhoneNumber;
use crate::error::FieldError;
use crate::web::fields::Fields;

/// Longest words and addresses in characters.
const WORDS_MAX: usize = 60;
const STATEMENT_MAX: usize = 1000;
const ANSWER_MAX: usize = 100;
/// Fewest and most characters of an account: a card has 16 to 19 digits, an account of the bank's
/// agent may be a mail address.
const ACCOUNT: std::ops::RangeInclusive<usize> = 8..=60;

/// What the bank's form asks besides: the longest of each in characters. All may be left out.
const BESIDES: [(&str, usize); 8] = [
    ("household", WORDS_MAX),
    ("home_phone", 20),
    ("loan_reason", WORDS_MAX),
    ("department", WORDS_MAX),
    ("co_household", WORDS_MAX),
    ("co_employer", WORDS_MAX),
    ("co_post", 30),
    ("high_school", WORDS_MAX),
];

/// A renewal asks everything on one page.
const RENEWAL: &[&str] = &[
    "present",
    "phone",
    "co_phone",
    "address",
    "change_co",
    "partner_answer",
    "study_changed",
    "university",
    "major",
    "student_number",
    "degree",
    "school_years",
    "entered",
    "graduates",
    "tuition",
    "lodging",
    "other_loan",
    "amount",
    "years",
    "statement",
    "household",
    "postcode",
    "home_phone",
    "loan_reason",
    "department",
    "account",
];

/// The names of a step's fields: what is kept of a form is these and nothing else.
pub const fn names(step: Step) -> &'static [&'static str] {
    match step {
        Step::Who => &[
            "name",
            "phone",
            "township",
            "village",
            "address",
            "partner_answer",
            "id_until",
            "high_school",
            "family_kind",
            "hardship_level",
            "household",
            "postcode",
            "home_phone",
            "loan_reason",
        ],
        Step::Co => &[
            "co_id_number",
            "co_name",
            "relation",
            "case",
            "co_phone",
            "co_address",
            "co_id_until",
            "co_known",
            "co_household",
            "co_postcode",
            "co_employer",
            "co_post",
        ],
        Step::Study => &[
            "university",
            "major",
            "student_number",
            "degree",
            "school_years",
            "entered",
            "graduates",
            "tuition",
            "lodging",
            "other_loan",
            "amount",
            "years",
            "department",
            "account",
        ],
        Step::Renewal => RENEWAL,
        Step::Papers | Step::Check => &[],
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    pub id: IdNumber,
    pub name: String,
    pub phone: PhoneNumber,
    /// Where the card runs out; none: nobody has looked, or it never does.
    pub id_until: Option<NaiveDate>,
    pub address: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoBorrower {
    pub party: Party,
    pub relation: Relation,
    pub case: Case,
    /// The clerk has told both parties that this person signs for another student, too.
    pub is_known_elsewhere: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Study {
    pub university: String,
    pub major: String,
    pub student_number: String,
    pub degree: Degree,
    pub school_years: i32,
    pub entered: i32,
    pub graduates: i32,
    pub tuition: Fen,
    pub lodging: Fen,
    pub amount: Fen,
    /// The student's own account for the pay-out; none: not opened yet.
    pub account: Option<String>,
    /// Years that were asked for; none: the longest that there is.
    pub years: Option<i32>,
    /// They say that they have another loan for this year, at school or of another bank.
    pub has_other_loan: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewal {
    pub present: Present,
    pub statement: String,
    pub study_changed: bool,
}

/// Everything of a case that could be read, and what could not.
#[derive(Clone, Debug, Default)]
pub struct Read {
    pub student: Option<Party>,
    pub co: Option<CoBorrower>,
    pub study: Option<Study>,
    pub renewal: Option<Renewal>,
    /// What another county has answered of whom it has on its list.
    pub partner_answer: String,
    pub errors: Vec<FieldError>,
}

/// Reads what a draft has of these steps.
pub fn read(draft: &Draft, steps: &[Step], today: NaiveDate) -> Read {
    let mut form = draft.fields();
    let has = |step| steps.contains(&step);
    let is_renewal = has(Step::Renewal);
    Read {
        student: student(&mut form, today),
        co: co_borrower(&mut form, today),
        study: (has(Step::Study) || is_renewal).then(|| study(&mut form)).flatten(),
        renewal: is_renewal.then(|| renewal(&mut form)).flatten(),
        partner_answer: form.text("partner_answer", ANSWER_MAX),
        errors: form.errors().to_vec(),
    }
}

/// Reads one step; its mistakes stand in the form.
pub fn check_step(form: &mut Fields, step: Step, today: NaiveDate) {
    if names(step).contains(&"partner_answer") {
        form.text("partner_answer", ANSWER_MAX);
    }
    besides(form, step);
    match step {
        Step::Who => drop(student(form, today)),
        Step::Co => drop(co_borrower(form, today)),
        Step::Study => drop(study(form)),
        Step::Renewal => {
            phone(form, "phone", "学生");
            if form.get("change_co").is_empty() {
                phone(form, "co_phone", "共同借款人");
            }
            study(form);
            renewal(form);
        }
        Step::Papers | Step::Check => {}
    }
}

/// An identity number as the counter reads it: typed, or sent by a card reader.
pub fn id_number(text: &str, who: &str, today: NaiveDate) -> Result<IdNumber, String> {
    let wrong = match IdNumber::parse(text, today) {
        Ok(parsed) if text.chars().filter(char::is_ascii_alphanumeric).count() == 18 => {
            return Ok(parsed.number);
        }
        Ok(_) => "要填 18 位，15 位的旧号码请先到派出所换证".to_owned(),
        Err(IdProblem::Empty) => "还没有填".to_owned(),
        Err(IdProblem::Length(length)) => {
            format!("应是 18 位，现在是 {length} 位，请对照证件重输")
        }
        Err(IdProblem::BirthDate | IdProblem::BornInFuture) => {
            "里的出生日期不存在，请对照证件重输".to_owned()
        }
        Err(_) => "对不上，请对照证件重输".to_owned(),
    };
    Err(format!("{who}身份证号{wrong}"))
}

fn id_of(form: &mut Fields, name: &str, who: &str, today: NaiveDate) -> Option<IdNumber> {
    match id_number(form.get(name), who, today) {
        Ok(number) => Some(number),
        Err(why) => {
            form.reject(name, why);
            None
        }
    }
}

fn name_of(form: &mut Fields, name: &str, who: &str) -> Option<String> {
    let text = form.text(name, 40);
    let read = read_name(&text);
    let is_name = read.text.chars().count() >= 2 && !read.text.chars().any(|c| c.is_ascii_digit());
    if !is_name {
        form.reject(name, format!("{who}姓名请照身份证填写"));
    }
    is_name.then_some(read.text)
}

fn phone(form: &mut Fields, name: &str, who: &str) -> Option<PhoneNumber> {
    form.required(name, &format!("{who}手机还没有填，还款提醒要发到这里"));
    form.phone(name)
}

fn until(form: &mut Fields, name: &str) -> Option<NaiveDate> {
    if form.get(name) == "长期" {
        return None;
    }
    form.date_or(name, "证件有效期请写成 2031-08-15 这样，长期有效的写“长期”")
}

fn student(form: &mut Fields, today: NaiveDate) -> Option<Party> {
    let id = id_of(form, "id_number", "学生", today);
    let name = name_of(form, "name", "学生");
    let phone = phone(form, "phone", "学生");
    let id_until = until(form, "id_until");
    form.text("township", WORDS_MAX);
    form.text("village", WORDS_MAX);
    let address = form.text("address", WORDS_MAX);
    if address.is_empty() {
        form.reject("address", "家庭住址还没有填，写到村组和门牌");
    }
    Some(Party { id: id?, name: name?, phone: phone?, id_until, address })
}

fn co_borrower(form: &mut Fields, today: NaiveDate) -> Option<CoBorrower> {
    let id = id_of(form, "co_id_number", "共同借款人", today);
    let name = name_of(form, "co_name", "共同借款人");
    let phone = phone(form, "co_phone", "共同借款人");
    let id_until = until(form, "co_id_until");
    let relation = form.choice("relation", Relation::from_text, "请选与学生的关系");
    let case = form.choice("case", Case::from_text, "请选为什么由这个人签");
    let typed = form.text("co_address", WORDS_MAX);
    let address = if typed.is_empty() { form.get("address").to_owned() } else { typed };
    let party = Party { id: id?, name: name?, phone: phone?, id_until, address };
    let is_known_elsewhere = !form.get("co_known").is_empty();
    Some(CoBorrower { party, relation: relation?, case: case?, is_known_elsewhere })
}

/// A whole number within a range; `or` says how it is to be written.
fn whole(form: &mut Fields, name: &str, (from, to): (i32, i32), or: &str) -> Option<i32> {
    let read = form.get(name).parse().ok().filter(|number| (from..=to).contains(number));
    if read.is_none() {
        form.reject(name, or);
    }
    read
}

fn amount(form: &mut Fields, name: &str, or: &str) -> Option<Fen> {
    let read = typed_money(form.get(name)).filter(|fen| *fen >= Fen::ZERO);
    if read.is_none() {
        form.reject(name, or);
    }
    read
}

fn account(form: &mut Fields) -> Option<String> {
    let typed: String = form.get("account").chars().filter(|c| !c.is_whitespace()).collect();
    if typed.is_empty() {
        return None;
    }
    let is_account = ACCOUNT.contains(&typed.len())
        && typed.chars().all(|c| c.is_ascii_alphanumeric() || "@._-*".contains(c));
    if !is_account {
        form.reject("account", "账号请照银行卡或者银行给的账号填，还没有开户的空着");
    }
    is_account.then_some(typed)
}

/// Texts that the bank's form asks besides, of one step.
fn besides(form: &mut Fields, step: Step) {
    for (name, most) in BESIDES.iter().filter(|(name, _)| names(step).contains(name)) {
        form.text(name, *most);
    }
    for name in ["postcode", "co_postcode"].into_iter().filter(|name| names(step).contains(name)) {
        let text = form.get(name);
        let is_postcode = text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit());
        if !text.is_empty() && !is_postcode {
            form.reject(name, "邮编是六位数字，不知道的空着");
        }
    }
}

fn study(form: &mut Fields) -> Option<Study> {
    let university = form.text("university", WORDS_MAX);
    form.required("university", "学校名称请照录取通知书填写");
    let major = form.text("major", WORDS_MAX);
    let student_number = form.text("student_number", 30);
    let degree = form.choice("degree", Degree::from_text, "请选学历层次");
    let school_years = whole(form, "school_years", (1, 8), "学制请写年数，1 到 8");
    let entered = whole(form, "entered", (2000, 2100), "入学年份请写成 2026 这样");
    let graduates = match form.get("graduates") {
        "" => entered.zip(school_years).map(|(entered, years)| entered + years),
        _ => whole(form, "graduates", (2000, 2100), "毕业年份请写成 2030 这样"),
    };
    let tuition = amount(form, "tuition", "学费请写每年多少元，没有的写 0");
    let lodging = amount(form, "lodging", "住宿费请写每年多少元，没有的写 0");
    let loan = amount(form, "amount", "贷款金额请写成 12000 这样");
    let years = match form.get("years") {
        "" => None,
        _ => whole(form, "years", (1, 30), "贷款期限请写年数，不填就按最长的"),
    };
    let has_other_loan = form.has("other_loan");
    Some(Study {
        has_other_loan,
        account: account(form),
        university,
        major,
        student_number,
        degree: degree?,
        school_years: school_years?,
        entered: entered?,
        graduates: graduates?,
        tuition: tuition?,
        lodging: lodging?,
        amount: loan?,
        years,
    })
}

fn renewal(form: &mut Fields) -> Option<Renewal> {
    let present = form.choice("present", Present::from_text, "请选今天谁到场");
    let statement = form.text("statement", STATEMENT_MAX);
    let study_changed = !form.get("study_changed").is_empty();
    Some(Renewal { present: present?, statement, study_changed })
}

impl Study {
    /// Years of study that are still to come in a loan year.
    pub fn remaining(&self, loan_year: i32) -> i32 {
        self.graduates - loan_year
    }

    pub fn fees(&self) -> Fen {
        self.tuition + self.lodging
    }
}

/// The school year that a loan signed on a day is for.
pub fn loan_year(today: NaiveDate) -> i32 {
    today.year()
}
