//! `/graduations/{file_no}`: the form at the desk, with what is known filled in, what was confirmed
//! and which days do not agree. Numbers stay masked; a field left empty keeps them.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::facts::{self, Facts};
use super::form;
use super::list::PATH;
use super::rules::{self, Destination, EmployerKind, month};
use super::steps;
use super::store::Graduation;
use crate::base::choice::Choice;
use crate::base::dates::in_words;
use crate::book::loan;
use crate::book::person::Phone;
use crate::error::AppResult;
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{Done, Fields, Form, FormPage};

#[derive(Serialize)]
struct GraduationPage {
    file_no: String,
    name: String,
    university: String,
    /// None: nothing is owed any more.
    ends_on: Option<String>,
    /// Who confirmed it, when, by which way; empty: nobody yet.
    confirmed: String,
    by_phone: bool,
    goes_on: bool,
    differences: Vec<String>,
    file_month: String,
    phones: Vec<String>,
    co_borrower: String,
    co_phones: Vec<String>,
    employer_phones: Vec<String>,
    destinations: Vec<Choice>,
    employer_kinds: Vec<Choice>,
    version: i32,
    key: String,
    #[serde(skip)]
    facts: Facts,
}

impl FormPage for GraduationPage {
    const TEMPLATE: &'static str = "graduation/one.html";
    const REFUSED_AT: &'static str = "destination";

    fn fields(&self) -> Fields {
        let facts = &self.facts;
        let own = facts.confirmed();
        let text = |of: fn(&Graduation) -> &String| own.map(of).cloned().unwrap_or_default();
        let graduated_on = own.and_then(|row| row.graduated_on).or(facts.file.graduates_on);
        let graduated = graduated_on.map(|on| on.format("%Y-%m").to_string());
        let contact = match text(|row| &row.contact_name) {
            known if known.is_empty() => self.co_borrower.clone(),
            known => known,
        };
        Fields::default()
            .with("graduated", graduated.unwrap_or_default())
            .with("destination", own.map_or("", |row| destination(&row.destination)))
            .with("department", text(|row| &row.department))
            .with("major", &facts.file.major)
            .with("student_number", &facts.file.student_number)
            .with("email", &facts.student.email)
            .with("qq", text(|row| &row.qq))
            .with("postcode", text(|row| &row.postcode))
            .with("employer", text(|row| &row.employer))
            .with("employer_kind", text(|row| &row.employer_kind))
            .with("employer_address", text(|row| &row.employer_address))
            .with("next_school", text(|row| &row.next_school))
            .with("contact_name", contact)
            .with("note", text(|row| &row.note))
    }
}

/// What a list of a university says may be none of ours: then somebody has to choose.
fn destination(words: &str) -> &'static str {
    let known = Destination::ALL.iter().find(|one| one.in_words() == words);
    match known {
        Some(known) => known.as_text(),
        None if rules::goes_on(words) => Destination::Further.as_text(),
        None => "",
    }
}

fn choices<T: Copy + Into<Choice>>(first: &str, of: &[T]) -> Vec<Choice> {
    std::iter::once(Choice::new("", first)).chain(Choice::all(of)).collect()
}

pub(super) async fn facts_of(desk: &DeskRequest, file_no: String) -> AppResult<Facts> {
    let (basis, today) = (desk.app.basis(), desk.today());
    desk.read(move |db, scope| {
        let file = loan::file_by_no(db, scope, &file_no)?;
        facts::of(db, scope, &basis, file, today)
    })
    .await
}

async fn page(desk: &DeskRequest, file_no: String) -> AppResult<GraduationPage> {
    let facts = facts_of(desk, file_no).await?;
    let own = facts.confirmed();
    let masks = |all: &[Phone]| all.iter().map(|one| one.phone_mask.clone()).collect();
    let co_borrower = facts.co_borrower.as_ref().map(|one| one.name.clone());
    Ok(GraduationPage {
        file_no: facts.file.file_no.clone(),
        name: facts.student.name.clone(),
        university: facts.file.university.clone(),
        ends_on: facts.ends_on.map(|on| in_words(on, chrono::NaiveDate::MIN)),
        confirmed: own.map(Graduation::confirmed_words).unwrap_or_default(),
        by_phone: own.is_some_and(|row| row.way == rules::Way::Phone),
        goes_on: own.is_some_and(|row| rules::goes_on(&row.destination)),
        differences: facts.differences(),
        file_month: facts.file.graduates_on.map(month).unwrap_or_default(),
        phones: masks(&facts.phones),
        co_borrower: co_borrower.unwrap_or_default(),
        co_phones: masks(&facts.co_phones),
        employer_phones: facts.employers.iter().map(|one| one.phone_mask.clone()).collect(),
        destinations: choices("请选择", Destination::ALL),
        employer_kinds: choices("没有说", EmployerKind::ALL),
        version: facts.version(),
        key: desk.app.next_id().to_string(),
        facts,
    })
}

/// `GET /graduations/{file_no}`
pub async fn show(desk: DeskRequest, file_no: web::Path<String>) -> AppResult<HttpResponse> {
    desk.show(&page(&desk, file_no.into_inner()).await?)
}

/// `POST /graduations/{file_no}`
pub async fn confirm(
    desk: DeskRequest,
    file_no: web::Path<String>,
    form: Form,
) -> AppResult<HttpResponse> {
    let no = file_no.into_inner();
    desk.submit(form, page(&desk, no.clone()), async |form| {
        let (version, typed, key) = (form.version()?, form::read(form)?, form.key());
        let to = format!("{PATH}/{no}");
        desk.act("graduation confirmed", move |act| {
            steps::confirm(act, &key, (&no, version), &typed)
        })
        .await?;
        Ok(Done::to(to, "毕业确认已登记，可以打印确认表签字"))
    })
    .await
}
