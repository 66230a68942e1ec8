//! What leaves the county: letters to parents, two on a page of A4, and the list that the lender's
//! system takes, in the columns of the county's policy.

use std::collections::HashMap;

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::list::{ListParams, PASSED, PATH, Row};
use super::rules::{REFUSAL, State};
use super::store::{self, Preapplication};
use crate::base::dates::in_words;
use crate::base::ids::{PersonId, RowId};
use crate::book::act::Act;
use crate::book::audit_log::AuditEntry;
use crate::book::hardship;
use crate::book::person::{self, Person, PhoneState};
use crate::book::policy::{ListColumn, ListField};
use crate::book::season::{self, Standing};
use crate::error::{AppError, AppResult};
use crate::plumbing::blocking::blocking;
use crate::plumbing::sheet::write::{self, Head, Out};
use crate::web::desk_request::DeskRequest;
use crate::web::download::{self, WORKBOOK};
use crate::web::fields::Form;
use crate::web::list::declare::List as _;
use crate::web::list::export::ROWS_MAX;
use crate::web::list::params::Params as _;

/// Letters of one print; more are printed school by school.
const LETTERS_MAX: usize = 2_000;
/// Width of a column of the lender's list, in characters.
const WIDTH: u16 = 20;
/// When a first loan asks for a paper whatever the case.
const FIRST: &str = "first";

#[derive(Serialize)]
struct Letter {
    name: String,
    high_school: String,
    class_name: String,
    is_passed: bool,
    /// Why not, as the county wrote it.
    reason: String,
}

impl From<Row> for Letter {
    fn from(row: Row) -> Letter {
        Letter {
            is_passed: State::of(&row.county_opinion) == State::Passed,
            reason: row.county_opinion.trim_start_matches(REFUSAL).to_owned(),
            name: row.name,
            high_school: row.high_school,
            class_name: row.class_name,
        }
    }
}

#[derive(Serialize)]
struct LettersPage {
    back: String,
    year: i32,
    office: String,
    address: String,
    phone: String,
    today: String,
    opens: String,
    closes: String,
    /// The year is opened, so its days are decided and not only usual.
    is_set: bool,
    papers: Vec<String>,
    /// Two on a page.
    letters: Vec<Letter>,
}

/// The year that a selection is about.
fn year_of(desk: &DeskRequest, typed: &str) -> i32 {
    let (policy, own) = (desk.app.policy(), desk.me.scope.own());
    let year = typed.trim().parse().ok().filter(|year| (2000..=2100).contains(year));
    year.unwrap_or_else(|| policy.preapplication_year(own, desk.today()))
}

/// `GET /pre-applications/letters`: to whoever of a selection the county has answered, of one year.
pub async fn letters(desk: DeskRequest, params: web::Query<ListParams>) -> AppResult<HttpResponse> {
    let year = year_of(&desk, &params.year);
    let list = ListParams { year: year.to_string(), ..params.into_inner() };
    let (back, office) = (list.link(PATH, &[]), desk.me.scope.own().to_owned());
    let (rows, standing) = desk
        .read(move |db, scope| {
            let rows = list.all(db, scope, ROWS_MAX)?;
            Ok((rows, season::standing(db, &office, year)?))
        })
        .await?;
    let is_answered = |row: &Row| State::of(&row.county_opinion) != State::Waiting;
    let letters: Vec<Letter> = rows.into_iter().filter(is_answered).map(Letter::from).collect();
    if letters.is_empty() {
        return Err(AppError::refused(format!(
            "{year} 年这些学生里还没有审核过的，没有告知书可印"
        )));
    }
    if letters.len() > LETTERS_MAX {
        let count = letters.len();
        let words = format!("{count} 份太多，一次最多印 {LETTERS_MAX} 份：请先选一所高中");
        return Err(AppError::refused(words));
    }
    let what = format!("打印 {year} 年预申请告知书，{} 份", letters.len());
    let entry = AuditEntry::of("printed", "预申请", what);
    desk.act("letters printed", move |act| act.audit(entry.clone())).await?;
    let (policy, today) = (desk.app.policy(), desk.today());
    let (opens, closes) = standing.window(&policy, desk.me.scope.own(), year);
    let papers = policy.counter_papers.on(opens).papers.iter();
    let page = LettersPage {
        back,
        year,
        office: desk.me.office.name.clone(),
        address: desk.me.office.address.clone(),
        phone: desk.me.office.phone.clone(),
        today: in_words(today, NaiveDate::MIN),
        opens: in_words(opens, NaiveDate::MIN),
        closes: in_words(closes, opens),
        is_set: matches!(standing, Standing::Set(_)),
        papers: papers.filter(|one| one.when == FIRST).map(|one| one.name.clone()).collect(),
        letters,
    };
    desk.page("preapplication/letters.html", page)
}

/// A candidate with all that a column may ask for.
struct Candidate<'a> {
    row: &'a Preapplication,
    person: &'a Person,
    id_number: String,
    phone: String,
    level: &'a str,
}

impl Candidate<'_> {
    fn cell(&self, field: ListField) -> Out {
        let (row, person) = (self.row, self.person);
        match field {
            ListField::Name => (&person.name).into(),
            ListField::IdNumber => self.id_number.clone().into(),
            ListField::Sex => person.sex.in_words().into(),
            ListField::HighSchool => (&row.high_school).into(),
            ListField::ClassName => (&row.class_name).into(),
            ListField::FamilyKind => (&row.family_kind).into(),
            ListField::Level => self.level.into(),
            ListField::HoldsGrant => if row.holds_grant { "是" } else { "否" }.into(),
            ListField::Phone => self.phone.clone().into(),
            ListField::Township => (&person.township).into(),
            ListField::Village => (&person.village).into(),
            ListField::AppliedOn => row.applied_on.into(),
            ListField::SchoolOpinion => (&row.school_opinion).into(),
            ListField::CountyOpinion => (&row.county_opinion).into(),
            ListField::Year => row.year.into(),
        }
    }
}

/// Rows of the list, numbers in full; who takes it is written down in the same write.
fn rows(
    act: &mut Act<'_>,
    (list, year): (&ListParams, i32),
    columns: &[ListColumn],
) -> AppResult<Vec<Vec<Out>>> {
    let ids: Vec<RowId> =
        list.all(act.db, act.scope, ROWS_MAX)?.into_iter().map(|row| row.id).collect();
    if ids.is_empty() {
        return Err(AppError::refused(format!("{year} 年这些学生里还没有审核通过的")));
    }
    let found = store::by_ids(act.db, act.scope, &ids)?;
    let people: Vec<PersonId> = found.iter().map(|row| row.person_id).collect();
    let persons = person::by_ids(act.db, act.scope, &people)?;
    let persons: HashMap<PersonId, Person> = persons.into_iter().map(|one| (one.id, one)).collect();
    let phones = person::phones_of(act.db, act.scope, &people)?;
    let levels = hardship::levels(act.db, act.scope, &people, year)?;
    let by_id: HashMap<RowId, &Preapplication> = found.iter().map(|row| (row.id, row)).collect();
    let sealer = &act.parts.sealer;
    let mut made = Vec::with_capacity(ids.len());
    for row in ids.iter().filter_map(|id| by_id.get(id)) {
        let person = persons.get(&row.person_id).ok_or(AppError::NotFound)?;
        let mut own = phones.iter().filter(|phone| phone.person_id == person.id);
        let phone = match own.find(|phone| phone.state != PhoneState::Dead) {
            Some(phone) => person::open_phone(sealer, phone)?,
            None => String::new(),
        };
        let candidate = Candidate {
            row,
            person,
            id_number: person::open_id(sealer, person)?,
            phone,
            level: levels.get(&person.id).map_or("", String::as_str),
        };
        made.push(columns.iter().map(|column| candidate.cell(column.field)).collect());
    }
    let what = format!("下载 {year} 年预申请名单（交银行），{} 人，含完整号码", made.len());
    act.audit(AuditEntry::of("exported", "预申请", what))?;
    Ok(made)
}

/// `POST /pre-applications/bank-list`: those whom the county has passed in a year, in the columns
/// that its lender takes, headings in the first row.
pub async fn bank_list(desk: DeskRequest, form: Form) -> AppResult<HttpResponse> {
    let field = |name: &str| form.0.get(name).to_owned();
    let year = year_of(&desk, &field("year"));
    let list = ListParams {
        tab: PASSED.to_owned(),
        q: field("q"),
        school: field("school"),
        township: field("township"),
        year: year.to_string(),
        ..ListParams::default()
    };
    let policy = desk.app.policy();
    let columns = policy.preapplication_columns(desk.me.scope.own(), year).to_vec();
    let head = Head {
        sheet: format!("预申请{year}"),
        columns: columns.iter().map(|column| (column.name.clone(), WIDTH)).collect(),
        ..Head::default()
    };
    let rows =
        desk.act("list for the lender", move |act| rows(act, (&list, year), &columns)).await?;
    let made = blocking(move || write::list(&head, rows.into_iter())).await?;
    let bytes = made.map_err(AppError::broken)?;
    Ok(download::attachment(&format!("预申请名单-{year}.xlsx"), WORKBOOK, bytes))
}
