//! The page on the phone of a round: whom to go to, and the form of each stop. All of it is in one
//! page, so that it works on where the network ends. `assets/round.js` keeps what is filled in on
//! the phone, sealed, until we have said that we have it; without script each form is sent as it
//! is. What arrives is a proposal like every other return, and it arrives once.

use actix_multipart::Multipart;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::houses::{self, Contact};
use super::rules::{self, InVillage, StopState};
use super::store::{self, Round};
use super::web::{Whole, day_in_words, numbered, whole};
use crate::app::App;
use crate::base::hex::random_hex;
use crate::base::ids::{FileId, RoundId};
use crate::error::{AppError, AppResult, FieldError};
use crate::life::visits::purpose::Purpose;
use crate::life::visits::sheets::form::{self, Form, PHOTO_MB};
use crate::life::visits::sheets::returns::{self, CameBy};
use crate::life::visits::sheets::store as sheets;
use crate::life::visits::sheets::store::State;
use crate::life::visits::sheets::take::{self, Incoming};
use crate::plumbing::crypto::{Field, to_hex};
use crate::web::form::wants_json;
use crate::web::session::SignedIn;
use crate::web::shell::phone;
use crate::web::upload::{self, UploadForm};

/// One stop of the page.
#[derive(Debug, Serialize)]
struct PhoneStop {
    no: i32,
    n: usize,
    name: String,
    number: String,
    address: String,
    contacts: Vec<Contact>,
    kind: &'static str,
    words: &'static str,
    is_open: bool,
    paid: bool,
    /// What makes the form arrive once.
    key: String,
    #[serde(flatten)]
    form: Form,
}

#[derive(Debug, Serialize)]
struct PhonePage {
    id: String,
    title: String,
    day: String,
    visitors: String,
    is_open: bool,
    households: usize,
    left: usize,
    /// See [`phone_key`].
    seal: String,
    /// Tells the keys of two people apart, and nothing else about them.
    owner: String,
    /// What was just sent, as the page counts.
    message: String,
    villages: Vec<InVillage<PhoneStop>>,
    /// The stop whose form is shown again, and what is wrong with it.
    wrong: Option<Wrong>,
}

/// A form that could not be taken.
#[derive(Debug, Serialize)]
struct Wrong {
    no: i32,
    errors: Vec<FieldError>,
}

/// The key under which the phone of this person seals what waits to be sent in this round, as
/// hex, and its tag.
///
/// It comes with the page, is held in the memory of the page and stored nowhere on the phone: a
/// phone that is lost gives nothing away. It hangs on person and round and not on the session, so
/// that somebody whose session ran out on the road, or whose phone was restarted, signs in again
/// and finds the same key; another person on the same phone gets another one.
fn phone_key(app: &App, me: &SignedIn, round: &Round) -> (String, String) {
    let of = |what: &str| {
        let whose = format!("{what}/{}/{}/{}", round.office_code, me.staff_id, round.id);
        to_hex(&app.sealer.index(Field::RoundPhone, &whose))
    };
    (of("seal"), of("owner").chars().take(16).collect())
}

/// A form that was sent and is shown again: its stop, the key it came with, what was typed.
type Again = (i32, String, Form);

async fn page(
    app: &App,
    me: &SignedIn,
    req: &HttpRequest,
    (id, message): (RoundId, &str),
    failed: Option<Again>,
) -> AppResult<HttpResponse> {
    let scope = me.scope.clone();
    let (round, all, mut contacts) = app
        .read(move |db| {
            let (round, all) = whole(db, &scope, id)?;
            let going = |one: &Whole| one.stop.state != StopState::Passed;
            let all: Vec<Whole> = all.into_iter().filter(going).collect();
            let files: Vec<FileId> = all.iter().map(|one| one.house.file_id).collect();
            Ok((round, all, houses::contacts(db, &scope, &files)?))
        })
        .await?;
    let wrong = failed.as_ref().map(|(no, _, form)| Wrong { no: *no, errors: form.errors.clone() });
    let mut failed = failed;
    let mut lines = Vec::with_capacity(all.len());
    for (n, one) in (1..).zip(&all) {
        let (key, form) = match failed.take_if(|(no, _, _)| *no == one.stop.no) {
            Some((_, key, form)) => (key, form),
            None => (random_hex(16)?, Form::blank(one.house.purpose, app.clock.today(), &me.name)),
        };
        let (kind, words) = one.shown.tag();
        lines.push(one.headed(PhoneStop {
            no: one.stop.no,
            n,
            name: one.house.name.clone(),
            number: numbered(&one.house),
            address: one.house.address.clone(),
            contacts: contacts.remove(&one.house.file_id).unwrap_or_default(),
            kind,
            words,
            is_open: one.shown.is_open(),
            paid: one.paid,
            key,
            form,
        }));
    }
    let status = match wrong {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let (seal, owner) = phone_key(app, me, &round);
    let page = PhonePage {
        id: round.id.to_string(),
        title: round.title.clone(),
        day: day_in_words(app, &round),
        visitors: round.visitors(),
        is_open: round.state == rules::RoundState::Open,
        households: all.len(),
        left: all.iter().filter(|one| one.shown.is_open()).count(),
        seal,
        owner,
        message: message.to_owned(),
        villages: rules::under_headings(lines),
        wrong,
    };
    let who = (&me.office, me.csrf.as_str());
    phone::page_for(status, app, req, who, "visits/phone.html", &page)
}

/// `?done=3` after a form was sent without script.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PageParams {
    done: String,
}

/// `GET /visits/rounds/{id}/phone`
pub async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<i64>,
    params: web::Query<PageParams>,
) -> AppResult<HttpResponse> {
    let message = if params.done.is_empty() { "" } else { "送到了，中心会核对。" };
    page(&app, &me, &req, (RoundId::new(*id), message), None).await
}

/// What became of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SubmitOutcome {
    Now,
    /// The same form had arrived before: the phone did not hear our answer.
    Before,
    /// Something else came back about the household first.
    Other(State),
}

const OTHER: &str = "这一户已经有人交回了，这一份没有收下。请先和同伴、村里核对，要补充请告诉中心";
const VOID: &str = "这张走访表已经作废，这一份没有收下。有疑问请问中心";

/// What the script of the page is told; it takes an entry off the phone only for the `kept` of
/// its own key.
#[derive(Debug, Default, Serialize)]
struct SubmitResponse {
    #[serde(rename = "kept")]
    stored_key: String,
    message: String,
    errors: Vec<FieldError>,
}

/// `POST /visits/rounds/{id}/stops/{no}`: closed rounds and stops that were left out take forms
/// too, since a phone may come back to the network days later.
pub async fn hand_in(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    path: web::Path<(i64, i32)>,
    payload: Multipart,
) -> AppResult<HttpResponse> {
    let sent = upload::read(&req, &me, payload, PHOTO_MB).await?;
    let (id, no) = (RoundId::new(path.0), path.1);
    let typed_key = sent.fields.get("key").to_owned();
    let key = rules::command_key(id, no, &typed_key)
        .ok_or_else(|| AppError::refused("表单缺了内容，请刷新页面后再提交"))?;
    let (scope, key2) = (me.scope.clone(), key.clone());
    let (sheet, batch, before) = app
        .read(move |db| {
            let stop = store::stop(db, &scope, (id, no))?;
            let sheet = sheets::find(db, &scope, stop.sheet_id)?;
            let batch = sheets::batch(db, &scope, sheet.batch_id)?;
            Ok((sheet, batch, returns::has_come(db, &scope, &key2)?))
        })
        .await?;
    let outcome = if before {
        SubmitOutcome::Before
    } else {
        let (answers, picture) = match form::read(&sent, batch.paper(app.clock.today())).await {
            Ok(read) => read,
            Err(form) => return wrong(&app, &me, &req, (id, no), (typed_key, *form)).await,
        };
        let mut came = take::incoming(&app, &sheet, CameBy::Round, &answers, picture.as_ref())?;
        came.row.command_key.clone_from(&key);
        submit(&app, &me, (id, no), came).await?
    };
    match outcome {
        SubmitOutcome::Now | SubmitOutcome::Before if wants_json(&req) => Ok(HttpResponse::Ok()
            .json(SubmitResponse { stored_key: typed_key, ..SubmitResponse::default() })),
        SubmitOutcome::Now | SubmitOutcome::Before => {
            Ok(phone::to(&format!("/visits/rounds/{id}/phone?done={no}#s{no}")))
        }
        SubmitOutcome::Other(state) => {
            let message = if state == State::Void { VOID } else { OTHER };
            let form = render_errors(batch.purpose, &sent, message);
            other(&app, &me, &req, (id, no), (typed_key, form, message)).await
        }
    }
}

/// Of two forms that come at once, also of the same one twice, one is kept.
async fn submit(
    app: &App,
    me: &SignedIn,
    (id, no): (RoundId, i32),
    came: Incoming,
) -> AppResult<SubmitOutcome> {
    me.act(app, "a sheet of a round", move |act| {
        let (key, at) = (came.row.command_key.as_str(), came.row.came_at);
        if returns::has_come(act.db, act.scope, key)? {
            return Ok(SubmitOutcome::Before);
        }
        if !take::take(act, &came)? {
            return Ok(SubmitOutcome::Other(
                sheets::find(act.db, act.scope, came.row.sheet_id)?.state,
            ));
        }
        store::done(act.db, act.scope, (id, no), (key, at))?;
        Ok(SubmitOutcome::Now)
    })
    .await
}

async fn wrong(
    app: &App,
    me: &SignedIn,
    req: &HttpRequest,
    (id, no): (RoundId, i32),
    (key, form): (String, Form),
) -> AppResult<HttpResponse> {
    if !wants_json(req) {
        return page(app, me, req, (id, ""), Some((no, key, form))).await;
    }
    let message: Vec<&str> = form.errors.iter().map(|error| error.message.as_str()).collect();
    let response = SubmitResponse {
        stored_key: String::new(),
        message: message.join("；"),
        errors: form.errors.clone(),
    };
    Ok(HttpResponse::UnprocessableEntity().json(response))
}

async fn other(
    app: &App,
    me: &SignedIn,
    req: &HttpRequest,
    (id, no): (RoundId, i32),
    (key, form, message): (String, Form, &str),
) -> AppResult<HttpResponse> {
    if wants_json(req) {
        let response = SubmitResponse { message: message.to_owned(), ..SubmitResponse::default() };
        return Ok(HttpResponse::Conflict().json(response));
    }
    page(app, me, req, (id, ""), Some((no, key, form))).await
}

/// What was sent, with the sentence beside the first field.
fn render_errors(purpose: Purpose, sent: &UploadForm, message: &str) -> Form {
    let errors = vec![FieldError { field: "outcome".to_owned(), message: message.to_owned() }];
    Form::new(purpose, &sent.fields, errors)
}
