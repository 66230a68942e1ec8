//! `/graduations`: a year's graduates who still owe, by where they are with their confirmation; the
//! first tab is the chase list.

use std::collections::{BTreeSet, HashMap};

use actix_web::{HttpResponse, web};
use chrono::{Datelike as _, NaiveDate};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Date, Nullable, Text};
use serde::Serialize;

use super::rules::{self, Days, EmployerKind, FURTHER, Way, month};
use super::store::Graduation;
use crate::base::dates::{day_in, in_words};
use crate::base::ids::{FileId, PersonId};
use crate::base::person_name::name_key;
use crate::base::scope::Scope;
use crate::book::person::{self, PhoneState};
use crate::book::policy::Policy;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{loan_file, person as people};
use crate::web::desk_request::DeskRequest;
use crate::web::list::declare::{Columns, List, Tables};
use crate::web::list::export::{Column, ROWS_MAX, Workbook};
use crate::web::list::filter::anywhere;
use crate::web::list::kit::{Condition, Keyset, Term};
use crate::web::list::page::{Found, ListPage, Tabs};
use crate::web::session::SignedIn;
use crate::web::waiting::Waiting;

pub const PATH: &str = "/graduations";
pub const DIFFERS: &str = "differs";

/// The tabs: what they ask for, and name. One file may stand in two of them.
pub const TABS: [(&str, &str); 5] = [
    ("", "待确认"),
    ("confirmed", "已确认"),
    ("further", "继续就读"),
    (DIFFERS, "日期不一致"),
    ("all", "全部"),
];

const FILES: &str = "loan_file JOIN file_position ON file_position.file_id = loan_file.id \
     JOIN person ON person.id = loan_file.person_id \
     LEFT JOIN graduation ON graduation.file_id = loan_file.id \
     LEFT JOIN person co ON co.id = loan_file.co_person_id";
/// What the tabs ask of.
const COUNTED: &str = "loan_file JOIN file_position ON file_position.file_id = loan_file.id \
     JOIN person ON person.id = loan_file.person_id \
     LEFT JOIN graduation ON graduation.file_id = loan_file.id";
/// The study ends in a year, as the file, the contracts as signed, or a confirmation says. Each
/// part is found by an index, which begins with the office.
const OF_YEAR: &str = "loan_file.id IN (SELECT f.id FROM loan_file f \
     WHERE f.office_code IN (SELECT code FROM office) AND f.graduates_on BETWEEN ? AND ? \
     UNION SELECT l.file_id FROM loan l \
     WHERE l.office_code IN (SELECT code FROM office) AND l.subsidy_ends_on BETWEEN ? AND ? \
     AND NOT EXISTS (SELECT 1 FROM loan later WHERE later.file_id = l.file_id \
     AND later.subsidy_ends_on > ?) \
     UNION SELECT g.file_id FROM graduation g \
     WHERE g.office_code IN (SELECT code FROM office) AND g.graduated_on BETWEEN ? AND ?) \
     AND file_position.settled_on IS NULL";
/// Last day that the state pays for what is not settled, as signed or as an enrolment change has
/// moved it since.
const ENDS_ON: &str = "(SELECT MAX(COALESCE((SELECT COALESCE(moved.to_on, moved.effective_on) \
     FROM loan_event moved WHERE moved.loan_id = one.id \
     AND moved.kind IN ('subsidy_end_moved', 'study_ended_early') \
     AND NOT EXISTS (SELECT 1 FROM loan_event back WHERE back.loan_id = moved.loan_id \
     AND back.reverses_id = moved.id) \
     ORDER BY moved.effective_on DESC, moved.id DESC LIMIT 1), one.subsidy_ends_on)) \
     FROM loan one JOIN loan_position of_one ON of_one.loan_id = one.id \
     WHERE one.file_id = loan_file.id AND of_one.settled_on IS NULL)";
/// As `rules::is_for`.
const CONFIRMED: &str = "graduation.confirmed_on IS NOT NULL \
     AND (graduation.confirmed_on >= ? OR graduation.graduated_on >= ?)";
/// An enrolment change (就学变更) by which somebody stays a student.
const CHANGED: &str = "EXISTS (SELECT 1 FROM study_change WHERE study_change.file_id = \
     loan_file.id AND study_change.kind IN ('advance', 'upgrade', 'repeat', 'prolong') \
     AND study_change.state NOT IN ('refused', 'withdrawn') \
     AND study_change.happened_on BETWEEN ? AND ?)";
/// The state of the newest one.
const CHANGE: &str = "COALESCE((SELECT study_change.state FROM study_change \
     WHERE study_change.file_id = loan_file.id \
     AND study_change.kind IN ('advance', 'upgrade', 'repeat', 'prolong') \
     AND study_change.state NOT IN ('refused', 'withdrawn') \
     ORDER BY study_change.id DESC LIMIT 1), '')";

crate::list_params! {
    ListParams {
        /// Part of a name, of a department or major, or a student number.
        q,
        /// One of [`TABS`].
        tab,
        university,
        /// The senior high school.
        school,
        /// Of graduation; nothing: that of today.
        year,
    }
}

#[derive(Clone, Debug)]
pub struct Graduates {
    params: ListParams,
    year: i32,
}

#[derive(Clone, Debug, Queryable)]
pub struct Row {
    pub file: FileId,
    person: PersonId,
    pub file_no: String,
    pub name: String,
    email: String,
    pub university: String,
    major: String,
    student_number: String,
    graduates_on: Option<NaiveDate>,
    ends_on: Option<NaiveDate>,
    co_borrower: String,
    /// State of an enrolment change; empty: there is none.
    change: String,
    row: Option<Graduation>,
}

impl List for Graduates {
    type Row = Row;

    fn tables(&self) -> Tables {
        Tables(FILES, "loan_file.office_code")
    }

    fn columns() -> impl Columns<Row> {
        (
            loan_file::id,
            loan_file::person_id,
            loan_file::file_no,
            people::name,
            people::email,
            loan_file::university,
            loan_file::major,
            loan_file::student_number,
            loan_file::graduates_on,
            sql::<Nullable<Date>>(ENDS_ON),
            sql::<Text>("COALESCE(co.name, '')"),
            sql::<Text>(CHANGE),
            Option::<Graduation>::as_select(),
        )
    }

    fn condition(&self) -> Condition {
        Condition::all([self.common(), self.tab(&self.params.tab)])
    }

    fn order(&self) -> Keyset<Row> {
        const UNIVERSITY: Term<Row> =
            Term::text("loan_file.university", |row| (&row.university).into());
        const ID: Term<Row> = Term::whole("loan_file.id", |row: &Row| row.file.get().into());
        const { Keyset(&[UNIVERSITY, ID]) }
    }

    fn counted(&self, _: &Scope) -> (Tables, Condition) {
        (Tables(COUNTED, "loan_file.office_code"), self.common())
    }

    fn tabs(&self) -> Vec<Condition> {
        TABS.iter().map(|(key, _)| self.tab(key)).collect()
    }
}

impl ListParams {
    /// What was understood, on a day.
    pub fn to_list(&self, today: NaiveDate) -> Graduates {
        let year = self.year.trim().parse().ok().filter(|year| (2000..=2100).contains(year));
        Graduates { params: self.clone(), year: year.unwrap_or(today.year()) }
    }
}

impl Graduates {
    fn ends(&self) -> (NaiveDate, NaiveDate) {
        (day_in(self.year, 1, 1), day_in(self.year, 12, 31))
    }

    fn common(&self) -> Condition {
        let (from, until) = self.ends();
        let of_year = Condition::new(OF_YEAR).bind(from).bind(until).bind(from).bind(until);
        let mut all = vec![of_year.bind(until).bind(from).bind(until)];
        let (university, q) = (&self.params.university, self.params.q.trim());
        if !university.is_empty() {
            all.push(Condition::new("loan_file.university = ?").bind(university));
        }
        if !self.params.school.is_empty() {
            all.push(Condition::new("loan_file.high_school = ?").bind(&self.params.school));
        }
        if !q.is_empty() {
            let text = "person.name_key LIKE ? ESCAPE '\\' OR loan_file.student_number = ?";
            let class = "loan_file.major LIKE ? ESCAPE '\\' \
                         OR graduation.department LIKE ? ESCAPE '\\'";
            let class = Condition::new(class).bind(anywhere(q)).bind(anywhere(q));
            all.push(Condition::new(text).bind(anywhere(&name_key(q))).bind(q).or(class));
        }
        Condition::all(all)
    }

    fn is_confirmed(&self) -> Condition {
        let (from, _) = self.ends();
        Condition::new(CONFIRMED).bind(from).bind(from)
    }

    /// Says so, whether an enrolment change was handed in or not.
    fn says_further(&self) -> Condition {
        let like =
            |word: &str| Condition::new("graduation.destination LIKE ?").bind(anywhere(word));
        let words = FURTHER.into_iter().map(like).reduce(Condition::or);
        self.is_confirmed().and(words.unwrap_or_else(|| Condition::new("FALSE")))
    }

    fn goes_on(&self) -> Condition {
        let (from, until) = self.ends();
        self.says_further().or(Condition::new(CHANGED).bind(from).bind(until))
    }

    fn differs(&self) -> Condition {
        let (from, until) = self.ends();
        let outside = |what: &str| {
            Condition::new(&format!("{what} NOT BETWEEN ? AND ?")).bind(from).bind(until)
        };
        let confirmed = self.is_confirmed().and(outside("graduation.graduated_on"));
        let any = outside(ENDS_ON).or(outside("loan_file.graduates_on")).or(confirmed);
        any.and(not(self.goes_on()))
    }

    fn tab(&self, key: &str) -> Condition {
        match key {
            "confirmed" => self.is_confirmed().and(not(self.says_further())),
            "further" => self.goes_on(),
            DIFFERS => self.differs(),
            "all" => Condition::new("TRUE"),
            _ => not(self.is_confirmed()),
        }
    }
}

/// What is not known is not so.
fn not(what: Condition) -> Condition {
    what.within("NOT COALESCE((", "), FALSE)")
}

/// A row as page and workbook say it.
#[derive(Serialize)]
struct Line {
    file_no: String,
    name: String,
    university: String,
    major: String,
    student_number: String,
    graduates: String,
    ends: String,
    /// Who confirmed it, when, by which way; empty: nobody yet.
    confirmed: String,
    by_phone: bool,
    destination: String,
    /// The employer, or the next school.
    at: String,
    goes_on: bool,
    change: &'static str,
    differences: Vec<String>,
    phones: String,
}

impl Row {
    fn confirmed(&self, year: i32) -> Option<&Graduation> {
        self.row.as_ref().filter(|row| row.is_of(year))
    }

    fn goes_on(&self, year: i32) -> bool {
        let says = |row: &Graduation| rules::goes_on(&row.destination);
        self.confirmed(year).is_some_and(says) || !self.change.is_empty()
    }

    fn differences(&self, year: i32) -> Vec<String> {
        if self.goes_on(year) {
            return Vec::new();
        }
        let confirmed = self.confirmed(year).and_then(|row| row.graduated_on);
        rules::differences(Days { confirmed, file: self.graduates_on, ends_on: self.ends_on })
    }

    fn state(&self, year: i32) -> &'static str {
        match (self.confirmed(year), self.goes_on(year)) {
            (_, true) => "继续就读",
            (Some(_), false) => "已确认",
            (None, false) => "待确认",
        }
    }

    fn change_words(&self) -> &'static str {
        match self.change.as_str() {
            "" => "还没有办就学变更",
            "approved" => "就学变更已生效",
            _ => "就学变更在办",
        }
    }
}

fn line(row: Row, of: &Beside) -> Line {
    let own = row.confirmed(of.year).cloned().unwrap_or_default();
    let at =
        if own.next_school.is_empty() { own.employer.clone() } else { own.next_school.clone() };
    Line {
        graduates: row.graduates_on.map(month).unwrap_or_default(),
        ends: row.ends_on.map(|on| in_words(on, NaiveDate::MIN)).unwrap_or_default(),
        confirmed: own.confirmed_words(),
        by_phone: own.way == Way::Phone,
        destination: own.destination,
        at,
        goes_on: row.goes_on(of.year),
        change: row.change_words(),
        differences: row.differences(of.year),
        phones: of.phones(&row, 0).to_owned(),
        file_no: row.file_no,
        name: row.name,
        university: row.university,
        major: row.major,
        student_number: row.student_number,
    }
}

/// What cells need beside their row.
struct Beside {
    year: i32,
    /// Masked numbers of the students, those used first in front.
    phones: HashMap<PersonId, Vec<String>>,
}

impl Beside {
    fn of(db: &mut Db, scope: &Scope, rows: &[Row], year: i32) -> AppResult<Beside> {
        let ids: Vec<PersonId> = rows.iter().map(|row| row.person).collect();
        let mut phones: HashMap<PersonId, Vec<String>> = HashMap::new();
        for phone in person::phones_of(db, scope, &ids)? {
            if phone.state != PhoneState::Dead {
                phones.entry(phone.person_id).or_default().push(phone.phone_mask);
            }
        }
        Ok(Beside { year, phones })
    }

    fn phones(&self, row: &Row, at: usize) -> &str {
        let all = self.phones.get(&row.person);
        all.and_then(|all| all.get(at)).map_or("", String::as_str)
    }
}

#[derive(Serialize)]
pub struct View {
    rows: Vec<Line>,
    universities: BTreeSet<String>,
    schools: BTreeSet<String>,
    year: i32,
    /// Until when families are asked to confirm.
    last: String,
}

impl ListPage for ListParams {
    type List = Graduates;
    type View = View;
    const PATH: &'static str = PATH;
    const TEMPLATE: &'static str = "graduation/list.html";
    const TABS: Tabs = ("tab", &TABS);
    const NOT_NARROWING: &'static [&'static str] = &["tab", "year"];

    fn list(&self, _: &SignedIn, today: NaiveDate) -> Graduates {
        self.to_list(today)
    }

    fn view(&self, of: Found<'_, ListParams>) -> AppResult<View> {
        let (year, today) = (of.list.year, of.app.clock.today());
        let any = ListParams { tab: "all".to_owned(), ..ListParams::default() };
        let all = Graduates { params: any, year };
        let universities = all.only(of.db, of.scope, loan_file::university)?;
        let schools = all.only(of.db, of.scope, loan_file::high_school)?;
        let beside = Beside::of(of.db, of.scope, &of.rows, year)?;
        let rows = of.rows.into_iter().map(|row| line(row, &beside)).collect();
        let last = of.app.policy().graduation_confirmation.on(today).last.in_year(year);
        let last = in_words(last, today);
        let universities = universities.into_iter().collect();
        Ok(View { rows, universities, schools: schools.into_iter().collect(), year, last })
    }
}

const NAME: (&str, &str) = ("毕业确认", "户");
/// The fields of rules-more.md 3.4; numbers masked, as in every workbook of a list.
const COLUMNS: &[Column<Row, Beside>] = &[
    ("高校", 24, |row, _| (&row.university).into()),
    ("姓名", 10, |row, _| (&row.name).into()),
    ("档案号", 14, |row, _| (&row.file_no).into()),
    ("院系", 16, |row, of| own(row, of, |own| &own.department).into()),
    ("专业", 18, |row, _| (&row.major).into()),
    ("学号", 16, |row, _| (&row.student_number).into()),
    ("毕业年月", 12, |row, _| row.graduates_on.map(month).unwrap_or_default().into()),
    ("贴息截止日", 12, |row, _| row.ends_on.into()),
    ("状态", 10, |row, of| row.state(of.year).into()),
    ("手机", 14, |row, of| of.phones(row, 0).into()),
    ("第二电话", 14, |row, of| of.phones(row, 1).into()),
    ("第三电话", 14, |row, of| of.phones(row, 2).into()),
    ("QQ", 12, |row, of| own(row, of, |own| &own.qq).into()),
    ("邮箱", 20, |row, _| (&row.email).into()),
    ("邮编", 8, |row, of| own(row, of, |own| &own.postcode).into()),
    ("毕业去向", 14, |row, of| own(row, of, |own| &own.destination).into()),
    ("就业单位", 24, |row, of| own(row, of, |own| &own.employer).into()),
    ("单位性质", 14, |row, of| {
        EmployerKind::from_text(own(row, of, |own| &own.employer_kind))
            .map_or("", EmployerKind::in_words)
            .into()
    }),
    ("单位地址", 24, |row, of| own(row, of, |own| &own.employer_address).into()),
    ("升入的学校", 24, |row, of| own(row, of, |own| &own.next_school).into()),
    ("联系人", 10, |row, of| match own(row, of, |own| &own.contact_name) {
        "" => (&row.co_borrower).into(),
        known => known.into(),
    }),
    ("确认日期", 12, |row, of| row.confirmed(of.year).and_then(|own| own.confirmed_on).into()),
    ("怎样确认", 10, |row, of| {
        row.confirmed(of.year).map_or("", |own| own.way.in_words()).into()
    }),
    ("谁确认", 10, |row, of| own(row, of, |own| &own.confirmed_by).into()),
    ("日期核对", 40, |row, of| row.differences(of.year).join("；").into()),
    ("备注", 20, |row, of| own(row, of, |own| &own.note).into()),
];

/// What was confirmed for the year; of a former graduation nothing is said.
fn own<'a>(row: &'a Row, of: &Beside, field: fn(&Graduation) -> &String) -> &'a str {
    row.confirmed(of.year).map_or("", |own| field(own).as_str())
}

/// `GET /graduations.xlsx`
pub async fn workbook(
    desk: DeskRequest,
    params: web::Query<ListParams>,
) -> AppResult<HttpResponse> {
    let list = params.to_list(desk.today());
    let (rows, beside) = desk
        .read(move |db, scope| {
            let rows = list.all(db, scope, ROWS_MAX)?;
            let beside = Beside::of(db, scope, &rows, list.year)?;
            Ok((rows, beside))
        })
        .await?;
    Workbook::new(&rows, COLUMNS, &beside).answer(&desk.app, &desk.me, NAME, "").await
}

/// From the policy's day on: who has not confirmed.
pub fn waiting(
    db: &mut Db,
    scope: &Scope,
    policy: &Policy,
    today: NaiveDate,
) -> AppResult<Vec<Waiting>> {
    let days = policy.graduation_confirmation.on(today);
    if today < days.chase.in_year(today.year()) {
        return Ok(Vec::new());
    }
    let what = match today <= days.last.in_year(today.year()) {
        true => "名毕业生还没有毕业确认，要逐户联系",
        false => "名毕业生过了截止日还没有毕业确认",
    };
    let count = ListParams::default().to_list(today).counts(db, scope)?.selection;
    Ok(vec![Waiting::work(count, what, PATH)])
}
