//! `/visits/returns/{id}`: one proposal beside what is on file; the desk accepts or refuses it.
//! Accepting makes a contact record, and of new numbers telephones; nothing else does.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::accept::{self, Wishes};
use super::desk::outcome_words;
use super::returns::{self, Return};
use super::store::{self, Sheet, Who};
use super::{make, take};
use crate::app::App;
use crate::base::dates::{in_words, local};
use crate::base::ids::ReturnId;
use crate::base::phone_number::{self, PhoneNumber};
use crate::book::audit_log::AuditEntry;
use crate::book::contact::record::{self, Ability};
use crate::book::person;
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::Field;
use crate::web::fields::{self, At, Done, Fields, Form, FormPage, answer};
use crate::web::session::SignedIn;

/// Longest remark in characters.
const NOTE_MAX: usize = 80;

/// A telephone on file.
#[derive(Debug, Serialize)]
struct OnFile {
    id: String,
    mask: String,
    state: &'static str,
}

#[derive(Debug, Serialize)]
struct Picture {
    id: i64,
    kilobytes: i32,
}

#[derive(Debug, Serialize)]
struct ReturnPage {
    id: String,
    is_open: bool,
    decided: String,
    name: String,
    file_no: String,
    number: String,
    paper: &'static str,
    ability: &'static str,
    wish: String,
    receiver: String,
    came: String,
    by_name: String,
    outcome: &'static str,
    met: &'static str,
    whereabouts: String,
    family: String,
    visited: String,
    promised: String,
    /// The day they promised is over.
    promise_over: bool,
    note: String,
    new_phone: String,
    /// What was written instead of a number, for the desk to read.
    unread_phone: String,
    family_phone: String,
    phones: Vec<OnFile>,
    last: String,
    paid: bool,
    photos: Vec<Picture>,
}

impl FormPage for ReturnPage {
    const TEMPLATE: &'static str = "visits/return.html";
    const REFUSED_AT: &'static str = "note";
}

/// What the page of one proposal is made of.
struct Whole {
    row: Return,
    sheet: Sheet,
    batch: store::Batch,
    who: Option<Who>,
    phones: Vec<person::Phone>,
    last: Option<record::Record>,
    paid: bool,
    photos: Vec<(i64, i32)>,
}

async fn whole(app: &App, me: &SignedIn, id: ReturnId) -> AppResult<Whole> {
    let scope = me.scope.clone();
    app.read(move |db| {
        let row = returns::find(db, &scope, id)?;
        let sheet = store::find(db, &scope, row.sheet_id)?;
        let files = [row.file_id];
        let who = store::people(db, &scope, &files)?.remove(&row.file_id);
        let people: Vec<_> = who.iter().map(|who| who.person_id).collect();
        Ok(Whole {
            batch: store::batch(db, &scope, sheet.batch_id)?,
            phones: person::phones_of(db, &scope, &people)?,
            last: record::of_file(db, &scope, row.file_id, 1)?.pop(),
            paid: take::paid(db, &scope, &[row.sheet_id])?.contains(&row.sheet_id),
            photos: returns::photos(db, &scope, id)?,
            row,
            sheet,
            who,
        })
    })
    .await
}

/// `GET /visits/returns/{id}`
pub async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<i64>,
) -> AppResult<HttpResponse> {
    fields::show(&app, &me, &req, &page(&app, &me, ReturnId::new(*id)).await?)
}

/// Who has decided, when and how; empty while nobody has.
fn decided(row: &Return, today: NaiveDate) -> String {
    let Some(at) = row.decided_at else { return String::new() };
    let (day, by) = (in_words(local(at).date(), today), &row.decided_by);
    match row.state.as_str() {
        "accepted" => format!("{day} {by} 已采用"),
        _ => format!("{day} {by} 没有采用：{}", row.decided_note),
    }
}

async fn page(app: &App, me: &SignedIn, id: ReturnId) -> AppResult<ReturnPage> {
    let one = whole(app, me, id).await?;
    let answers = one.row.answers(&app.sealer)?;
    let today = app.clock.today();
    let text = |of: fn(&Who) -> &String| one.who.as_ref().map(of).cloned().unwrap_or_default();
    let unread = !answers.new_phone.is_empty() && PhoneNumber::parse(&answers.new_phone).is_err();
    let purpose = one.batch.purpose;
    let ability = Ability::from_text(&answers.ability).filter(|one| *one != Ability::Unknown);
    Ok(ReturnPage {
        id: one.row.id.to_string(),
        is_open: one.row.state == "proposed",
        decided: decided(&one.row, today),
        name: text(|who| &who.name),
        file_no: text(|who| &who.file_no),
        number: one.sheet.number.clone(),
        paper: purpose.paper(),
        ability: ability.map_or("", Ability::in_words),
        wish: answers.wish,
        receiver: make::addressee(&one.batch),
        came: format!(
            "{} {}",
            in_words(local(one.row.came_at).date(), today),
            one.row.came_by.in_words()
        ),
        by_name: one.row.by_name.clone(),
        outcome: outcome_words(purpose, &one.row.outcome),
        met: answers.met.in_words(),
        visited: in_words(answers.visited_on, today),
        promise_over: answers.promised_on.is_some_and(|on| on < today),
        promised: answers.promised_on.map(|on| in_words(on, today)).unwrap_or_default(),
        new_phone: if unread { String::new() } else { phone_number::mask(&answers.new_phone) },
        unread_phone: if unread { answers.new_phone } else { String::new() },
        family_phone: phone_number::mask(&answers.family_phone),
        whereabouts: answers.whereabouts,
        family: answers.family,
        note: answers.note,
        phones: one
            .phones
            .iter()
            .map(|phone| OnFile {
                id: phone.id.to_string(),
                mask: phone.phone_mask.clone(),
                state: phone.state.in_words(),
            })
            .collect(),
        last: one
            .last
            .map(|last| {
                let day = in_words(last.on_day, today);
                format!("{day} {}，{}", last.channel.in_words(), last.outcome.in_words())
            })
            .unwrap_or_default(),
        paid: one.paid,
        photos: one
            .photos
            .iter()
            .map(|(id, bytes)| Picture { id: *id, kilobytes: bytes / 1024 + 1 })
            .collect(),
    })
}

/// What the desk wants done, or what is wrong with the form.
fn wishes(form: &Fields) -> AppResult<Wishes> {
    let wrong = |field: &str, message: &str| Err(AppError::field(field, message));
    let (note, phone) = (form.get("note").to_owned(), form.get("phone").to_owned());
    if note.chars().count() > NOTE_MAX {
        return wrong("note", "写得太长，请写在 80 个字以内");
    }
    let accepted = match form.get("decision") {
        "accept" => true,
        "refuse" if note.is_empty() => return wrong("note", "不采用时请写一句原因"),
        "refuse" => false,
        _ => return wrong("note", "请选“采用”或“不采用”"),
    };
    if accepted
        && !phone.is_empty()
        && let Err(problem) = PhoneNumber::parse(&phone)
    {
        return wrong("phone", &problem.to_chinese());
    }
    Ok(Wishes {
        accepted,
        note,
        phone: form.has("take_phone") || form.has("reached") || !phone.is_empty(),
        reached: form.has("reached"),
        read_phone: phone,
        family: form.has("take_family"),
    })
}

/// `POST /visits/returns/{id}`
pub async fn decide(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<i64>,
    form: Form,
) -> AppResult<HttpResponse> {
    let (at, id): (At<'_>, _) = ((&app, &me, &req), ReturnId::new(*id));
    let done = match try_decide(at, id, &form.0).await {
        // The page says who has decided, and what; pressed twice it was oneself.
        Err(AppError::Changed) => {
            let message = "这一份刚才已经处理过，没有再改；怎样处理的，看这一页";
            Ok(Done::to(format!("/visits/returns/{id}"), message))
        }
        done => done,
    };
    answer(at, &form.0, done, page(&app, &me, id)).await
}

async fn try_decide((app, me, _): At<'_>, id: ReturnId, form: &Fields) -> AppResult<Done> {
    let wishes = wishes(form)?;
    let message = match wishes.accepted {
        true => "已采用，写进了联系记录",
        false => "没有采用，这张走访表仍算在外，回报码可以再用",
    };
    me.act(app, "sheet return decided", move |act| accept::decide(act, (id, &wishes))).await?;
    Ok(Done::to("/visits/returns", message))
}

/// `GET /visits/photos/{id}`: one photograph, written down before it is shown.
pub async fn photo(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<i64>,
) -> AppResult<HttpResponse> {
    let id = *id;
    let photo = me
        .act(&app, "sheet photo seen", move |act| {
            let photo = returns::photo(act.db, act.scope, id)?;
            let row = returns::find(act.db, act.scope, photo.return_id)?;
            let sheet = store::find(act.db, act.scope, row.sheet_id)?;
            act.audit(
                AuditEntry::of(
                    "sheet_photo_seen",
                    &sheet.number,
                    format!("看走访表 {} 的照片", sheet.number),
                )
                .on_file(row.file_id),
            )?;
            Ok(photo)
        })
        .await?;
    let bytes = app.sealer.open(Field::Upload, &photo.content_sealed)?;
    let kind = format!("image/{}", photo.kind);
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, kind)).body(bytes))
}
