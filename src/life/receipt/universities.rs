//! `/receipts/universities`: which university still has to enter receipts, asking it by telephone
//! and letter. A letter names students by name, student number and year, nobody by identity number.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::chase::{self, Chase, Contact, How};
use super::list::{ListParams, MISSING, PATH, Receipts, Row};
use super::rules::school_year;
use crate::base::dates::in_words;
use crate::base::email;
use crate::base::ids::RowId;
use crate::base::url::link;
use crate::book::audit_log::AuditEntry;
use crate::error::{AppError, AppResult};
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{Done, Fields, Form, FormPage};
use crate::web::list::declare::List as _;
use crate::web::list::export::ROWS_MAX;

/// Longest field in characters.
const TEXT_MAX: usize = 80;

/// Which university, and the first year of the school year.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Which {
    name: String,
    year: String,
}

impl Which {
    fn of(form: &Fields) -> Which {
        Which { name: form.get("name").to_owned(), year: form.get("year").to_owned() }
    }

    /// Contracts without a receipt, of one university or of all.
    fn missing(&self, today: NaiveDate) -> Receipts {
        let (tab, university, year) = (MISSING.to_owned(), self.name.clone(), self.year.clone());
        ListParams { tab, university, year, ..ListParams::default() }.to_list(today)
    }

    fn at(&self, path: &str) -> String {
        link(&format!("{PATH}/universities{path}"), &[("name", &self.name), ("year", &self.year)])
    }
}

#[derive(Serialize)]
struct Line {
    name: String,
    missing: usize,
    link: String,
    students: String,
    contact: Option<Contact>,
    last: String,
}

#[derive(Serialize)]
struct ListPage {
    year: String,
    contracts: usize,
    last_on: String,
    overdue: bool,
    rows: Vec<Line>,
}

/// The year, its contracts without a receipt, whom to ask, and who asked.
type Found = (i32, Vec<Row>, Vec<Contact>, Vec<Chase>);

async fn read(desk: &DeskRequest, which: &Which) -> AppResult<Found> {
    let all = which.missing(desk.today());
    desk.read(move |db, scope| {
        let rows = all.all(db, scope, ROWS_MAX)?;
        Ok((all.year, rows, chase::contacts(db, scope)?, chase::chases(db, scope, all.year)?))
    })
    .await
}

/// `GET /receipts/universities`
pub async fn list(desk: DeskRequest, which: web::Query<Which>) -> AppResult<HttpResponse> {
    let (today, (year, rows, contacts, chases)) = (desk.today(), read(&desk, &which).await?);
    let mut missing: BTreeMap<String, usize> = BTreeMap::new();
    let contracts = rows.len();
    for row in rows {
        *missing.entry(row.university).or_default() += 1;
    }
    let line = |(name, missing): (String, usize)| {
        let last = chases.iter().find(|one| one.university == name);
        let which = Which { name: name.clone(), year: year.to_string() };
        let of = [("tab", MISSING), ("university", &name), ("year", &which.year)];
        Line {
            missing,
            link: which.at("/one"),
            students: link(PATH, &of),
            contact: contacts.iter().find(|one| one.university == name).cloned(),
            last: last.map_or_else(String::new, |one| {
                format!("{}{}，{}", in_words(one.on_day, today), one.how.in_words(), one.result)
            }),
            name,
        }
    };
    let last_on = desk.app.policy().receipt_deadline(year);
    let page = ListPage {
        year: school_year(year),
        contracts,
        last_on: in_words(last_on, today),
        overdue: last_on < today,
        rows: missing.into_iter().map(line).collect(),
    };
    desk.page("receipt/universities.html", page)
}

#[derive(Serialize)]
struct OnePage {
    name: String,
    year: i32,
    school_year: String,
    rows: Vec<Row>,
    contact: Option<Contact>,
    chases: Vec<Chase>,
    ways: [(&'static str, &'static str); 3],
    letter: String,
    last_on: String,
    office: String,
    phone: String,
    today: String,
    /// Sets one chase apart from the next with the same words.
    key: String,
}

impl FormPage for OnePage {
    const TEMPLATE: &'static str = "receipt/university.html";
    const REFUSED_AT: &'static str = "person";

    fn fields(&self) -> Fields {
        let Some(Contact { person, phone, email, address, .. }) = &self.contact else {
            return Fields::default();
        };
        let form = Fields::default().with("person", person).with("phone", phone);
        form.with("email", email).with("address", address)
    }
}

async fn page(desk: &DeskRequest, which: &Which) -> AppResult<OnePage> {
    let (name, today) = (which.name.clone(), desk.today());
    if name.is_empty() {
        return Err(AppError::NotFound);
    }
    let (year, rows, mut contacts, mut chases) = read(desk, which).await?;
    contacts.retain(|one| one.university == name);
    chases.retain(|one| one.university == name);
    Ok(OnePage {
        school_year: school_year(year),
        contact: contacts.pop(),
        ways: [How::Phone, How::Letter, How::Email].map(|how| (how.as_text(), how.in_words())),
        letter: which.at("/letter"),
        last_on: in_words(desk.app.policy().receipt_deadline(year), today),
        office: desk.me.office.name.clone(),
        phone: desk.me.office.phone.clone(),
        today: today.to_string(),
        key: desk.app.next_id().to_string(),
        name,
        year,
        rows,
        chases,
    })
}

/// `GET /receipts/universities/one`
pub async fn show(desk: DeskRequest, which: web::Query<Which>) -> AppResult<HttpResponse> {
    desk.show(&page(&desk, &which).await?)
}

/// `POST /receipts/universities/one`: an address, or that somebody asked.
pub async fn change(desk: DeskRequest, form: Form) -> AppResult<HttpResponse> {
    let which = Which::of(&form.0);
    desk.submit(form, page(&desk, &which), async |form| {
        let (university, key, id) = (which.name.clone(), form.key(), RowId::new(0));
        let office_code = String::new();
        if form.has("how") {
            let how = form.choice("how", How::from_text, "请选怎么催的");
            let result = form.text("result", TEXT_MAX);
            form.required("result", "请写一句结果，例如：学校答应本周录入");
            let (how, loan_year) = (form.checked(how)?, which.missing(desk.today()).year);
            let (on_day, by_name) = (desk.today(), String::new());
            let new =
                Chase { id, office_code, university, loan_year, on_day, by_name, how, result };
            desk.act("university chased", move |act| chase::add(act, &key, &new)).await?;
            return Ok(Done::to(which.at("/one"), "已登记催办"));
        }
        let [person, phone, address] =
            ["person", "phone", "address"].map(|of| form.text(of, TEXT_MAX));
        let email = form.text("email", TEXT_MAX);
        if !email.is_empty() && !email::is_address(&email) {
            form.reject("email", "邮箱请写成 name@school.edu.cn 这样");
        }
        form.check()?;
        let version = form.version()?;
        let new = Contact { id, office_code, university, person, phone, email, address, version };
        desk.act("university contact", move |act| chase::put_contact(act, &key, &new)).await?;
        Ok(Done::to(which.at("/one"), "联系方式已保存"))
    })
    .await
}

/// `GET /receipts/universities/letter`
pub async fn letter(desk: DeskRequest, which: web::Query<Which>) -> AppResult<HttpResponse> {
    let page = page(&desk, &which).await?;
    let summary = format!("打印催录回执的函，{} 人", page.rows.len());
    let entry = AuditEntry::of("printed", &page.name, summary);
    desk.act("letter printed", move |act| act.audit(entry.clone())).await?;
    desk.page("receipt/letter.html", page)
}
