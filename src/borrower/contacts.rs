//! `/m/contacts`: telephone, e-mail and address as the centre has them: confirm once a year, or
//! write what is right. A change waits for staff; both count as this year's contact.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Datelike as _, NaiveDate};
use minijinja::Value;
use serde::{Deserialize, Serialize};

use super::account::{self, Account};
use crate::app::App;
use crate::base::dates::{in_words, local};
use crate::base::email::is_address;
use crate::base::ids::RecordId;
use crate::base::phone_number::PhoneNumber;
use crate::book::audit_log::{Actor, AuditEntry};
use crate::book::contact::change::{self, Change, Confirmation, Kind, mask_address, mask_email};
use crate::book::contact::keep;
use crate::book::contact::record::{Channel, Outcome, Party, Record, Source};
use crate::book::person::{self, PhoneState};
use crate::error::AppResult;
use crate::web::fields::Fields;
use crate::web::session::borrower::{BorrowerForm, BorrowerIn};
use crate::web::shell::phone;

/// Where changes and confirmations of this page come from.
const SOURCE: &str = "手机页面";
/// Fewest characters of an address.
const ADDRESS_MIN: usize = 6;
/// How many changes are shown.
const CHANGES_MAX: i64 = 6;

/// A change as its person sees it.
#[derive(Debug, Serialize)]
struct ChangeLine {
    what: &'static str,
    value: String,
    when: String,
    tag: (&'static str, &'static str),
    answer: String,
}

/// What `m/contacts.html` shows.
#[derive(Debug, Serialize)]
struct ContactsPage {
    name: String,
    phones: Vec<(String, &'static str)>,
    email: String,
    address: String,
    confirmed: bool,
    year: i32,
    changes: Vec<ChangeLine>,
    form: Value,
    problem: Option<(&'static str, String)>,
    done: Option<&'static str>,
}

/// `?done=`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PageParams {
    done: String,
}

/// `GET /m/contacts`
pub async fn show(
    app: web::Data<App>,
    me: BorrowerIn,
    req: HttpRequest,
    params: web::Query<PageParams>,
) -> AppResult<HttpResponse> {
    let account = match account::open(&app, &me).await? {
        Ok(account) => account,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let done = match params.done.as_str() {
        "confirmed" => Some("谢谢，今年的联系方式已经确认。"),
        "asked" => Some("已经收到，工作人员核对后才生效，可能会打电话给您。"),
        _ => None,
    };
    let mut page = page(&app, &me, &account).await?;
    page.done = done;
    phone::page(&app, &me, &req, "m/contacts.html", &page)
}

async fn page(app: &web::Data<App>, me: &BorrowerIn, account: &Account) -> AppResult<ContactsPage> {
    let (scope, id) = (me.scope.clone(), me.person_id);
    let (one, phones, changes) = app
        .read(move |db| {
            Ok((
                person::find(db, &scope, id)?,
                person::phones_of(db, &scope, &[id])?,
                change::of_person(db, &scope, id, CHANGES_MAX)?,
            ))
        })
        .await?;
    let today = account.today;
    Ok(ContactsPage {
        name: one.name,
        phones: phones
            .iter()
            .filter(|phone| phone.state != PhoneState::Dead)
            .map(|phone| (phone.phone_mask.clone(), phone.state.in_words()))
            .collect(),
        email: mask_email(&one.email),
        address: mask_address(&one.address),
        confirmed: account.confirmed,
        year: today.year(),
        changes: changes.iter().filter_map(|change| line(change, today)).collect(),
        form: Fields::default().to_value(),
        problem: None,
        done: None,
    })
}

/// Open changes, and what became of those of this year.
fn line(change: &Change, today: NaiveDate) -> Option<ChangeLine> {
    let asked_on = local(change.asked_at).date();
    if change.state != "proposed" && asked_on.year() != today.year() {
        return None;
    }
    Some(ChangeLine {
        what: Kind::from_text(&change.field).map_or("", Kind::in_words),
        value: change.value_mask.clone(),
        when: in_words(asked_on, today),
        tag: match change.state.as_str() {
            "accepted" => ("ok", "已改好"),
            "refused" => ("bad", "没有改"),
            _ => ("wait", "等核对"),
        },
        answer: change.answer.clone(),
    })
}

fn confirmation(app: &App, me: &BorrowerIn, account: &Account) -> Confirmation {
    Confirmation {
        id: app.next_id(),
        office_code: me.office.code.clone(),
        file_id: account.party.id,
        person_id: me.person_id,
        year: account.today.year(),
        source: SOURCE.to_owned(),
        confirmed_at: app.clock.now_at(),
    }
}

/// Who confirms or corrects here has been spoken with this year; once for each person and year.
fn record(app: &App, me: &BorrowerIn, account: &Account) -> Record {
    let party = if account.party.own { Party::Student } else { Party::CoBorrower };
    let (file, year) = (account.party.id, account.today.year());
    Record {
        party_name: me.name.clone(),
        command_key: format!("phone-page-{file}-{}-{year}", me.person_id),
        ..Record::new(
            (RecordId::new(app.next_id()), &me.office.code, file),
            (account.today, app.clock.now_at()),
            (Channel::PhonePage, party, Outcome::Reached),
            (Source::PhonePage, SOURCE),
        )
    }
}

fn note(me: &BorrowerIn, account: &Account, action: &'static str, summary: String) -> AuditEntry {
    AuditEntry::of(action, &me.name, summary).on_file(account.party.id)
}

fn who(me: &BorrowerIn, account: &Account) -> String {
    let who = if account.party.own { "本人" } else { "共同借款人" };
    format!("{who}{}", me.name)
}

/// `POST /m/contacts/confirm`: everything is right.
pub async fn confirm(
    app: web::Data<App>,
    me: BorrowerIn,
    _checked: BorrowerForm<Fields>,
) -> AppResult<HttpResponse> {
    let account = match account::open(&app, &me).await? {
        Ok(account) => account,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let new = confirmation(&app, &me, &account);
    let summary = format!("{}在手机页面确认 {} 年联系方式没有变", who(&me, &account), new.year);
    let note = note(&me, &account, "contacts_confirmed", summary);
    let by = Actor::program(SOURCE, &me.office.code);
    let record = record(&app, &me, &account);
    app.act((by, me.scope.clone()), "contacts confirmed", move |act| {
        act.needs_no_audit("confirmed again within the year says nothing new");
        if change::confirm(act.db, &new)? {
            act.audit(note.clone())?;
        }
        keep::add(act.db, &record)?;
        Ok(())
    })
    .await?;
    Ok(phone::to("/m/contacts?done=confirmed"))
}

/// The contacts that were typed, plain, or what is wrong with the first that cannot be taken.
fn read(form: &Fields) -> Result<Vec<(Kind, String)>, (&'static str, String)> {
    let mut found = Vec::new();
    let (phone, email, address) = (form.get("phone"), form.get("email"), form.get("address"));
    if !phone.is_empty() {
        let number = PhoneNumber::parse(phone)
            .map_err(|_| ("phone", "手机号不对，请填 11 位手机号，或者带区号的座机".to_owned()))?;
        found.push((Kind::Phone, number.as_str().to_owned()));
    }
    if !email.is_empty() {
        if !is_address(email) {
            return Err(("email", "邮箱不对，请看看有没有漏掉 @ 和后面的部分".to_owned()));
        }
        found.push((Kind::Email, email.to_owned()));
    }
    if !address.is_empty() {
        let length = address.chars().count();
        if !(ADDRESS_MIN..=120).contains(&length) || address.contains(char::is_control) {
            return Err(("address", "住址请写清楚乡镇、村和门牌号，不超过 120 个字".to_owned()));
        }
        found.push((Kind::Address, address.to_owned()));
    }
    if found.is_empty() {
        return Err(("phone", "哪里变了就填哪里；都没变请按“都没变，确认”".to_owned()));
    }
    Ok(found)
}

/// `POST /m/contacts`: something has changed.
pub async fn change(
    app: web::Data<App>,
    me: BorrowerIn,
    req: HttpRequest,
    form: BorrowerForm<Fields>,
) -> AppResult<HttpResponse> {
    let account = match account::open(&app, &me).await? {
        Ok(account) => account,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let found = match read(&form.0) {
        Ok(found) => found,
        Err(problem) => {
            let mut page = page(&app, &me, &account).await?;
            page.form = form.0.to_value();
            page.problem = Some(problem);
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return phone::page_as(status, &app, &me, &req, "m/contacts.html", &page);
        }
    };
    let whose = (&*me.office.code, me.person_id, account.party.id);
    let propose = |(kind, value): &(Kind, String)| {
        let ids = (app.next_id(), app.clock.now_at());
        let new = Change::proposed(&app.sealer, ids, whose, (*kind, value), SOURCE)?;
        Ok(Change { asked_by_person: Some(me.person_id), ..new })
    };
    let changes = found.iter().map(propose).collect::<AppResult<Vec<Change>>>()?;
    let words: Vec<&str> = found.iter().map(|(kind, _)| kind.in_words()).collect();
    let summary = format!("{}在手机页面提出修改{}，等待核对", who(&me, &account), words.join("、"));
    let note = note(&me, &account, "contact_change_asked", summary);
    let new = confirmation(&app, &me, &account);
    let by = Actor::program(SOURCE, &me.office.code);
    let record = record(&app, &me, &account);
    app.act((by, me.scope.clone()), "contact change asked", move |act| {
        for change in &changes {
            change::ask(act.db, change)?;
        }
        change::confirm(act.db, &new)?;
        keep::add(act.db, &record)?;
        act.audit(note.clone())
    })
    .await?;
    Ok(phone::to("/m/contacts?done=asked"))
}
