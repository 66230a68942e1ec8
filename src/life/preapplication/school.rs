//! What a high school does with its own candidates of a year, each in an open write: enters,
//! changes and withdraws them while the county has not decided, and hands them in. Only within the
//! county's window.

use chrono::NaiveDate;

use super::rules::State;
use super::store::{self, Preapplication};
use crate::base::dates::in_words;
use crate::base::id_number::IdNumber;
use crate::base::ids::{ImportId, RowId};
use crate::base::person_name::{initials, may_be_same, name_key, read_name};
use crate::base::phone_number::PhoneNumber;
use crate::book::act::{Act, FormKey, Once};
use crate::book::audit_log::AuditEntry;
use crate::book::loan;
use crate::book::person::{self, Person, Phone};
use crate::book::policy::Policy;
use crate::error::{AppError, AppResult, FieldError};
use crate::plumbing::crypto::Field;
use crate::web::fields::{Fields, Seen};

/// Longest line in characters.
const LINE_MAX: usize = 60;
/// Hardship that belongs to no key group.
pub const OTHER: &str = "其他家庭经济困难";
/// Where a number was seen.
const SOURCE: &str = "家长（学校预申请）";

/// When schools of a county enter candidates, seen from a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Whose candidates this is about.
    pub year: i32,
    opens: NaiveDate,
    closes: NaiveDate,
    /// First day of the year after.
    next: NaiveDate,
    today: NaiveDate,
}

impl Window {
    pub fn on(policy: &Policy, county: &str, today: NaiveDate) -> Window {
        let year = policy.preapplication_year(county, today);
        let (opens, closes) = policy.preapplication_window(county, year);
        let next = policy.preapplication_window(county, year + 1).0;
        Window { year, opens, closes, next, today }
    }

    pub fn is_open(&self) -> bool {
        (self.opens..=self.closes).contains(&self.today)
    }

    /// Until when, or from when.
    pub fn in_words(&self) -> String {
        let day = |on: NaiveDate| in_words(on, self.today);
        let year = self.year;
        if self.today < self.opens {
            return format!(
                "{year} 年的预申请从{}开始登记，到{}截止",
                day(self.opens),
                day(self.closes)
            );
        }
        if self.is_open() {
            return format!("{year} 年的预申请登记到{}", day(self.closes));
        }
        let (closed, next) = (day(self.closes), day(self.next));
        format!("{year} 年的预申请{closed}已经截止，下一年的从{next}开始登记")
    }

    fn check(&self) -> AppResult<()> {
        if self.is_open() {
            return Ok(());
        }
        Err(AppError::refused(format!("{}。有急事请打电话给中心", self.in_words())))
    }
}

/// A candidate as typed; a number only when it is a new one.
#[derive(Clone, Debug)]
pub struct Typed {
    name: String,
    id_number: Option<IdNumber>,
    class_name: String,
    family_kind: String,
    holds_grant: bool,
    phones: Vec<PhoneNumber>,
    applied_on: Option<NaiveDate>,
}

impl Typed {
    /// The same with what a line of a sheet says besides: more numbers, the day.
    #[must_use]
    pub fn of_line(self, phones: Vec<PhoneNumber>, applied_on: NaiveDate) -> Typed {
        Typed { phones, applied_on: Some(applied_on), ..self }
    }
}

/// Kinds of family that a form offers on a day.
pub fn families(policy: &Policy, today: NaiveDate) -> Vec<String> {
    let classes = policy.hardship_classes(today).into_iter().map(|class| class.name.clone());
    classes.chain([OTHER.to_owned()]).collect()
}

/// Reads the form; all that is wrong is said at once. `before`: what a change begins from.
pub fn read(
    form: &mut Fields,
    (policy, today): (&Policy, NaiveDate),
    before: Option<&Preapplication>,
) -> AppResult<Typed> {
    let name = read_name(&form.text("name", LINE_MAX)).text;
    if name.is_empty() {
        form.reject("name", "请写学生姓名");
    }
    let mut id_number = None;
    if before.is_none() {
        match IdNumber::parse(form.get("id_number"), today) {
            Ok(read) => id_number = Some(read.number),
            Err(problem) => form.reject("id_number", problem.to_chinese()),
        }
        form.required("phone", "请写家长手机号，结果要告诉家长");
    }
    let class_name = form.text("class_name", LINE_MAX);
    form.required("class_name", "请写班级，例如：高三（2）班");
    let phone = form.phone("phone");
    let family_kind = form.get("family_kind").to_owned();
    // What a list brought may stay as it is.
    let is_kept = before.is_some_and(|before| before.family_kind == family_kind);
    if !is_kept && !families(policy, today).contains(&family_kind) {
        form.reject("family_kind", format!("请选家庭类型，都不是的选“{OTHER}”"));
    }
    let grant = |text: &str| match text {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    let holds_grant = form.choice("holds_grant", grant, "请选高中阶段有没有享受国家助学金");
    form.checked(holds_grant.map(|holds_grant| Typed {
        name,
        id_number,
        class_name,
        family_kind,
        holds_grant,
        phones: phone.into_iter().collect(),
        applied_on: None,
    }))
}

/// The window, when it is open.
pub(super) fn window(act: &Act<'_>) -> AppResult<Window> {
    let window = Window::on(&act.policy(), act.scope.own(), act.today);
    window.check()?;
    Ok(window)
}

fn tell(act: &mut Act<'_>, action: &'static str, name: &str, what: String) -> AppResult<()> {
    act.audit(AuditEntry::of(action, name, what))
}

/// The student, made when the county does not know them yet.
fn student(act: &mut Act<'_>, name: &str, number: &IdNumber) -> AppResult<Person> {
    let index = act.parts.sealer.index(Field::IdNumber, number.as_str());
    let known = person::by_index(act.db, act.scope, std::slice::from_ref(&index))?;
    if let Some(known) = known.into_values().next() {
        if !may_be_same(name, &known.name) {
            let why = "这个身份证号在中心登记的是另一个姓名，请对照身份证核对；\
                       确实改过名的，请打电话给中心";
            return Err(AppError::field("name", why));
        }
        return Ok(known);
    }
    let id = (act.id(), act.scope.own());
    let made = Person::new(id, (name, number), &act.parts.sealer, act.now)?;
    person::insert_all(act.db, std::slice::from_ref(&made))?;
    Ok(made)
}

/// Numbers that the student does not have yet.
fn add_phones(act: &mut Act<'_>, of: &Person, numbers: &[PhoneNumber]) -> AppResult<()> {
    for number in numbers {
        let id = act.id();
        let made = Phone::seen((id, of), number, SOURCE, (&act.parts.sealer, act.now))?;
        let known = person::phones_of(act.db, act.scope, &[of.id])?;
        if !known.iter().any(|one| one.phone_index == made.phone_index) {
            person::insert_phones(act.db, &[made])?;
        }
    }
    Ok(())
}

/// Enters a candidate of a school; it is handed in later.
pub fn enter(act: &mut Act<'_>, key: &FormKey, school: &str, typed: &Typed) -> AppResult<()> {
    if act.once(key)? == Once::Again {
        return Ok(());
    }
    let year = window(act)?.year;
    enter_one(act, (school, year), typed)
}

/// A line of a sheet: its number there, and what it says.
pub type TypedLine = (u32, Typed);

/// What is wrong with a line is said at this field.
pub fn field_of(line: u32) -> String {
    format!("line{line}")
}

/// Enters all candidates of a sheet, or none; how many.
///
/// # Errors
/// Everything that is wrong, line by line.
pub fn enter_all(
    act: &mut Act<'_>,
    key: &FormKey,
    school: &str,
    lines: &[TypedLine],
) -> AppResult<usize> {
    if act.once(key)? == Once::Again {
        return Ok(lines.len());
    }
    let year = window(act)?.year;
    let mut wrong = Vec::new();
    for (line, typed) in lines {
        match enter_one(act, (school, year), typed) {
            Err(AppError::Invalid(errors)) => wrong.extend(errors.into_iter().map(|error| {
                let message = format!("{}：{}", typed.name, error.message);
                FieldError { field: field_of(*line), message }
            })),
            done => done?,
        }
    }
    if wrong.is_empty() { Ok(lines.len()) } else { Err(AppError::Invalid(wrong)) }
}

fn enter_one(act: &mut Act<'_>, (school, year): (&str, i32), typed: &Typed) -> AppResult<()> {
    let number = typed.id_number.as_ref();
    let number = number.ok_or_else(|| AppError::broken("a candidate without a number"))?;
    let student = student(act, &typed.name, number)?;
    let others = store::of(act.db, act.scope, &[student.id])?;
    if let Some(other) = others.into_iter().find(|one| one.year == year) {
        let why = match other.high_school.as_str() {
            own if own == school => format!("本校今年已经登记过{}", student.name),
            "" => format!("{}今年已经报了预申请，请和中心核对", student.name),
            other => format!("{}今年已经由{other}报了预申请，请和那所学校核对", student.name),
        };
        return Err(AppError::field("id_number", why));
    }
    let row = Preapplication {
        id: act.id(),
        office_code: act.scope.own().to_owned(),
        person_id: student.id,
        year,
        high_school: school.to_owned(),
        class_name: typed.class_name.clone(),
        family_kind: typed.family_kind.clone(),
        applied_on: typed.applied_on.or(Some(act.today)),
        school_opinion: String::new(),
        county_opinion: String::new(),
        import_id: ImportId::new(0),
        holds_grant: typed.holds_grant,
        is_draft: true,
        entered_by: act.by.name.clone(),
        decided_by: String::new(),
        decided_at: None,
        version: 1,
    };
    store::add(act.db, &row)?;
    add_phones(act, &student, &typed.phones)?;
    tell(act, "preapplication_entered", &student.name, format!("{school}登记 {year} 年预申请"))
}

/// A row of the school as it was seen, while the county has not decided.
fn own_row(act: &mut Act<'_>, school: &str, seen: Seen<RowId>) -> AppResult<Preapplication> {
    let row = store::find(act.db, act.scope, seen.id)?;
    let year = Window::on(&act.policy(), act.scope.own(), act.today).year;
    if row.high_school != school || row.year != year {
        return Err(AppError::NotFound);
    }
    if State::of(&row.county_opinion) != State::Waiting {
        return Err(AppError::refused("中心已经审核，不能再改。要改请打电话给中心，先撤回审核"));
    }
    if row.version != seen.version {
        return Err(AppError::Changed);
    }
    window(act)?;
    Ok(row)
}

/// Puts details right. The identity number stays: a wrong one is withdrawn and entered anew.
pub fn change(
    act: &mut Act<'_>,
    FormKey(fields): &FormKey,
    (school, seen): (&str, Seen<RowId>),
    typed: &Typed,
) -> AppResult<()> {
    if act.once(&FormKey(format!("{} {fields}", seen.id)))? == Once::Again {
        return Ok(());
    }
    let before = own_row(act, school, seen)?;
    let student = person::find(act.db, act.scope, before.person_id)?;
    let student = renamed(act, student, &typed.name)?;
    let row = Preapplication {
        class_name: typed.class_name.clone(),
        family_kind: typed.family_kind.clone(),
        holds_grant: typed.holds_grant,
        ..before
    };
    let what = format!("{school}修改 {} 年预申请", row.year);
    store::put_all(act.db, &[row])?;
    add_phones(act, &student, &typed.phones)?;
    tell(act, "preapplication_changed", &student.name, what)
}

/// A name that was typed wrong; that of a borrower is the county's.
fn renamed(act: &mut Act<'_>, of: Person, name: &str) -> AppResult<Person> {
    if of.name == name {
        return Ok(of);
    }
    if !loan::files_of(act.db, act.scope, &[of.id])?.is_empty() {
        let why = "这名学生已有贷款档案，姓名由中心改，请打电话给中心";
        return Err(AppError::field("name", why));
    }
    let made = Person {
        name: name.to_owned(),
        name_key: name_key(name),
        name_initials: initials(name),
        updated_at: act.now,
        version: of.version + 1,
        ..of
    };
    person::replace_all(act.db, std::slice::from_ref(&made))?;
    Ok(made)
}

/// Takes a candidate away.
pub fn withdraw(
    act: &mut Act<'_>,
    FormKey(fields): &FormKey,
    (school, seen): (&str, Seen<RowId>),
) -> AppResult<()> {
    if act.once(&FormKey(format!("{} {fields}", seen.id)))? == Once::Again {
        return Ok(());
    }
    let row = own_row(act, school, seen)?;
    let name = person::find(act.db, act.scope, row.person_id)?.name;
    store::remove(act.db, act.scope, &[row.id])?;
    tell(act, "preapplication_withdrawn", &name, format!("{school}撤回 {} 年预申请", row.year))
}

/// Hands in all that was entered; how many.
pub fn hand_in(act: &mut Act<'_>, key: &FormKey, school: &str, opinion: &str) -> AppResult<usize> {
    if act.once(key)? == Once::Again {
        return Ok(0);
    }
    let year = window(act)?.year;
    let rows = store::of_school(act.db, act.scope, (school, year))?;
    let drafts: Vec<Preapplication> = rows
        .into_iter()
        .filter(|row| row.is_draft)
        .map(|row| Preapplication { is_draft: false, school_opinion: opinion.to_owned(), ..row })
        .collect();
    if drafts.is_empty() {
        return Err(AppError::refused("没有还没交的学生：先登记，再交给中心"));
    }
    store::put_all(act.db, &drafts)?;
    let what = format!("{year} 年预申请交给中心，{} 人", drafts.len());
    tell(act, "preapplication_handed_in", school, what)?;
    Ok(drafts.len())
}
