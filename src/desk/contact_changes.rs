//! `/contact-changes`: contacts that borrowers want changed or that somebody has passed on, old
//! beside new, to be accepted or refused, by another person than wrote them down.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDateTime;
use serde::Serialize;

use super::contact_change_message;
use crate::app::App;
use crate::base::dates::minute;
use crate::base::ids::{PersonId, PhoneId, StaffId};
use crate::base::phone_number::PhoneNumber;
use crate::book::act::Act;
use crate::book::audit_log::AuditEntry;
use crate::book::contact::change::{self, Change, Decision, Kind, Waiting};
use crate::book::contact::in_force;
use crate::book::person::{self, Person, Phone, PhoneState};
use crate::book::staff::Right;
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::Field;
use crate::plumbing::outbox;
use crate::web::fields::{self, At, Done, Fields, Form, FormPage, answer};
use crate::web::route::{Entry, Needs, get, post};
use crate::web::session::SignedIn;

/// Lines on the page; the rest comes up as these are decided.
const LINES_MAX: i64 = 60;
/// Longest answer in characters.
const ANSWER_MAX: usize = 80;

pub fn routes() -> Vec<Entry> {
    let needs = Needs::Right(Right::EditPeople);
    vec![get("/contact-changes", needs, list), post("/contact-changes/{id}", needs, decide)]
}

/// A telephone number on file.
#[derive(Debug, Serialize)]
struct OldPhone {
    id: String,
    mask: String,
    state: &'static str,
}

#[derive(Debug, Serialize)]
struct Line {
    id: String,
    /// The instant of asking, so that a decision is about what was seen.
    seen: String,
    what: &'static str,
    is_phone: bool,
    name: String,
    who: &'static str,
    file_no: Option<String>,
    asked_at: String,
    source: String,
    /// Written down by who looks at the page: another one accepts it.
    is_own: bool,
    new: String,
    old: String,
    phones: Vec<OldPhone>,
}

#[derive(Debug, Serialize)]
struct ListPage {
    lines: Vec<Line>,
    more: bool,
}

impl FormPage for ListPage {
    const TEMPLATE: &'static str = "desk/contact_changes.html";
    const REFUSED_AT: &'static str = "answer";

    fn fields(&self) -> Fields {
        Fields::default().with("change", "")
    }
}

/// `GET /contact-changes`
async fn list(app: web::Data<App>, me: SignedIn, req: HttpRequest) -> AppResult<HttpResponse> {
    fields::show(&app, &me, &req, &page(&app, &me).await?)
}

async fn page(app: &App, me: &SignedIn) -> AppResult<ListPage> {
    let scope = me.scope.clone();
    let (waiting, phones) = app
        .read(move |db| {
            let waiting = change::waiting(db, &scope, LINES_MAX)?;
            let people: Vec<PersonId> = waiting.iter().map(|one| one.change.person_id).collect();
            Ok((waiting, person::phones_of(db, &scope, &people)?))
        })
        .await?;
    let mut by_person: HashMap<PersonId, Vec<Phone>> = HashMap::new();
    for phone in phones {
        by_person.entry(phone.person_id).or_default().push(phone);
    }
    let more = i64::try_from(waiting.len()).is_ok_and(|n| n >= LINES_MAX);
    let lines = waiting
        .iter()
        .map(|one| line((app, me), one, by_person.get(&one.change.person_id)))
        .collect::<AppResult<Vec<Line>>>()?;
    Ok(ListPage { lines, more })
}

fn line(
    (app, me): (&App, &SignedIn),
    one: &Waiting,
    phones: Option<&Vec<Phone>>,
) -> AppResult<Line> {
    let change = &one.change;
    let kind = Kind::from_text(&change.field);
    let is_phone = kind == Some(Kind::Phone);
    // A telephone number stays masked: looking at it is written down (desk/reveal.rs).
    let new = if is_phone {
        change.value_mask.clone()
    } else {
        app.sealer.open_text(Field::Contact, &change.value_sealed)?
    };
    let phones = phones.into_iter().flatten().filter(|_| is_phone);
    Ok(Line {
        id: change.id.to_string(),
        seen: seen(change.asked_at),
        what: kind.map_or("", Kind::in_words),
        is_phone,
        name: one.name.clone(),
        who: if one.student_id == Some(change.person_id) { "本人" } else { "共同借款人" },
        file_no: one.file_no.clone(),
        asked_at: minute(change.asked_at),
        source: change.source.clone(),
        is_own: is_own(change, Some(me.staff_id)),
        new,
        old: match kind {
            Some(Kind::Email) => one.email.clone(),
            Some(Kind::Address) => one.address.clone(),
            Some(Kind::Phone) | None => String::new(),
        },
        phones: phones
            .map(|phone| OldPhone {
                id: phone.id.to_string(),
                mask: phone.phone_mask.clone(),
                state: phone.state.in_words(),
            })
            .collect(),
    })
}

/// An instant to the microsecond, as a form carries it.
fn seen(at: NaiveDateTime) -> String {
    at.and_utc().timestamp_micros().to_string()
}

/// A decision as the form says it.
struct DecisionForm {
    id: i64,
    seen: String,
    decision: Decision,
    dead: Vec<PhoneId>,
    /// The person was called and says so.
    reached: bool,
}

/// Why nobody accepts alone what they wrote down themselves.
const OWN: &str = "录入人不能自己接受：请另一位工作人员接受，或者打通电话、与本人核实以后勾选";

/// Written down by this member of staff, from somebody else's word.
fn is_own(change: &Change, staff: Option<StaffId>) -> bool {
    change.asked_by_staff.is_some() && change.asked_by_staff == staff
}

/// `POST /contact-changes/{id}`
async fn decide(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<i64>,
    form: Form,
) -> AppResult<HttpResponse> {
    // The page has a form for each change; this one shows again what was typed.
    let (at, form): (At<'_>, _) = ((&app, &me, &req), form.0.with("change", *id));
    let done = try_decide(at, *id, &form).await;
    answer(at, &form, done, page(&app, &me)).await
}

async fn try_decide((app, me, _): At<'_>, id: i64, form: &Fields) -> AppResult<Done> {
    let (accepted, message) = match form.get("decision") {
        "accept" => (true, "已接受，新的联系方式生效"),
        "refuse" => (false, "已答复，没有改动"),
        _ => return Err(AppError::refused("请选“接受”或“不接受”")),
    };
    let answer = form.get("answer").to_owned();
    if answer.chars().count() > ANSWER_MAX {
        return Err(AppError::refused(format!("答复太长，请写在 {ANSWER_MAX} 个字以内")));
    }
    if !accepted && answer.is_empty() {
        return Err(AppError::refused("不接受时请写一句答复，借款人在手机上会看到"));
    }
    let form = DecisionForm {
        id,
        seen: form.get("seen").to_owned(),
        decision: Decision { accepted, by: me.name.clone(), answer, at: app.clock.now_at() },
        dead: form.all("dead").filter_map(|id| id.parse().ok().map(PhoneId::new)).collect(),
        reached: form.has("reached"),
    };
    let answers = contact_change_message::messages(app, me, form.id, &form.decision).await?;
    me.act(app, "contact change decided", move |act| {
        apply(act, &form)?;
        outbox::add(act.db, &answers)
    })
    .await?;
    Ok(Done::to("/contact-changes", message))
}

fn apply(act: &mut Act<'_>, form: &DecisionForm) -> AppResult<()> {
    let change = change::find(act.db, act.scope, form.id)?;
    if seen(change.asked_at) != form.seen {
        return Err(AppError::Changed);
    }
    if form.decision.accepted && !form.reached && is_own(&change, act.by.staff_id) {
        return Err(AppError::refused(OWN));
    }
    change::decide(act.db, act.scope, (change.id, change.asked_at), &form.decision)?;
    let one = person::find(act.db, act.scope, change.person_id)?;
    let kind = Kind::from_text(&change.field).ok_or(AppError::NotFound)?;
    if form.decision.accepted {
        let value = act.parts.sealer.open_text(Field::Contact, &change.value_sealed)?;
        match kind {
            Kind::Phone => accept_phone(act, (&change, &one), &value, form)?,
            Kind::Email | Kind::Address => {
                in_force::put(act, &one, (kind, &value), &change.source)?;
            }
        }
    }
    let (action, verb) = match form.decision.accepted {
        true => ("contact_change_accepted", "接受"),
        false => ("contact_change_refused", "不接受"),
    };
    let note = AuditEntry {
        action,
        file_id: change.file_id,
        subject: one.name.clone(),
        summary: format!(
            "{verb}{}的{}修改（{}）{}",
            one.name,
            kind.in_words(),
            change.source,
            if form.reached { "，与本人核实过" } else { "" }
        ),
        reason: form.decision.answer.clone(),
    };
    act.audit(note)
}

/// The new number is on file; those that staff ticked are dead.
fn accept_phone(
    act: &mut Act<'_>,
    (change, person): (&Change, &Person),
    value: &str,
    form: &DecisionForm,
) -> AppResult<()> {
    let number = PhoneNumber::parse(value).map_err(|_| AppError::broken("a kept phone number"))?;
    let index = act.parts.sealer.index(Field::Phone, number.as_str());
    let known = person::phones_of(act.db, act.scope, &[person.id])?;
    for old in known.iter().filter(|old| form.dead.contains(&old.id) && old.phone_index != index) {
        person::set_phone_state(act.db, old.id, PhoneState::Dead)?;
    }
    let source = format!("{}更正", change.source);
    in_force::put_phone(act, person, (&number, form.reached), &source)
}
