//! `/graduations/{file_no}/print`: the confirmation form in three copies, for signature and
//! fingerprint (rules-more.md 3.4). Full numbers stand on paper only; who printed is written down.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::facts::Facts;
use super::pages::facts_of;
use super::rules::{EmployerKind, month};
use super::store::Graduation;
use crate::base::dates::in_words;
use crate::book::audit_log::AuditEntry;
use crate::book::person::{self, Phone};
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::{Field, Sealer};
use crate::web::desk_request::DeskRequest;

/// Who keeps which copy.
const COPIES: [(&str, &str); 3] =
    [("第一联", "学校留存"), ("第二联", "中心留存"), ("第三联", "本人留存")];

#[derive(Serialize)]
struct PrintPage {
    copies: [(&'static str, &'static str); 3],
    office: String,
    office_phone: String,
    by: String,
    printed_on: String,
    file_no: String,
    name: String,
    id_number: String,
    university: String,
    major: String,
    student_number: String,
    graduated: String,
    ends_on: String,
    email: String,
    /// At most three, those used first in front.
    phones: Vec<String>,
    contact_phone: String,
    employer_phone: String,
    employer_kind: &'static str,
    confirmed: String,
    department: String,
    destination: String,
    employer: String,
    employer_address: String,
    next_school: String,
    qq: String,
    postcode: String,
    contact_name: String,
    note: String,
}

fn first(sealer: &Sealer, phones: &[Phone]) -> AppResult<String> {
    let phone = phones.first().map(|one| person::open_phone(sealer, one)).transpose()?;
    Ok(phone.unwrap_or_default())
}

fn numbers(sealer: &Sealer, facts: &Facts) -> AppResult<Vec<String>> {
    let mut all = Vec::with_capacity(3);
    for one in facts.phones.iter().take(3) {
        all.push(person::open_phone(sealer, one)?);
    }
    all.resize(3, String::new());
    Ok(all)
}

fn employer_phone(sealer: &Sealer, facts: &Facts, row: &Graduation) -> AppResult<String> {
    let mut all = facts.employers.iter().filter(|one| one.name == row.employer);
    let sealed = all.next_back().and_then(|one| one.phone_sealed.as_ref());
    let open = sealed.map(|sealed| sealer.open_text(Field::Phone, sealed)).transpose()?;
    Ok(open.unwrap_or_default())
}

/// `GET /graduations/{file_no}/print`
pub async fn show(desk: DeskRequest, file_no: web::Path<String>) -> AppResult<HttpResponse> {
    let facts = facts_of(&desk, file_no.into_inner()).await?;
    let Some(ends_on) = facts.ends_on else {
        return Err(AppError::refused("这户的贷款已经全部还清，不用办毕业确认"));
    };
    let sealer = &desk.app.sealer;
    let row = facts.confirmed().cloned().unwrap_or_default();
    let co_borrower = facts.co_borrower.as_ref().map(|one| one.name.clone()).unwrap_or_default();
    let is_co = row.contact_name.is_empty() || row.contact_name == co_borrower;
    let graduated_on = row.graduated_on.or(facts.file.graduates_on);
    let page = PrintPage {
        copies: COPIES,
        office: desk.me.office.name.clone(),
        office_phone: desk.me.office.phone.clone(),
        by: desk.me.name.clone(),
        printed_on: in_words(desk.today(), NaiveDate::MIN),
        file_no: facts.file.file_no.clone(),
        name: facts.student.name.clone(),
        id_number: person::open_id(sealer, &facts.student)?,
        university: facts.file.university.clone(),
        major: facts.file.major.clone(),
        student_number: facts.file.student_number.clone(),
        graduated: graduated_on.map(month).unwrap_or_default(),
        ends_on: in_words(ends_on, NaiveDate::MIN),
        email: facts.student.email.clone(),
        phones: numbers(sealer, &facts)?,
        contact_phone: if is_co { first(sealer, &facts.co_phones)? } else { String::new() },
        employer_phone: employer_phone(sealer, &facts, &row)?,
        employer_kind: EmployerKind::from_text(&row.employer_kind)
            .map_or("", EmployerKind::in_words),
        confirmed: row.confirmed_words(),
        contact_name: if row.contact_name.is_empty() { co_borrower } else { row.contact_name },
        department: row.department,
        destination: row.destination,
        employer: row.employer,
        employer_address: row.employer_address,
        next_school: row.next_school,
        qq: row.qq,
        postcode: row.postcode,
        note: row.note,
    };
    let entry = AuditEntry::of("printed", &facts.student.name, "打印毕业确认表");
    let entry = entry.on_file(facts.file.id);
    desk.act("graduation form printed", move |act| act.audit(entry.clone())).await?;
    desk.page("graduation/print.html", page)
}
