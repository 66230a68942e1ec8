//! `/overdue/{file_no}` a case, `/overdue/next` the next one of a list: the page, and keeping a
//! contact. What else can be done with a case is in `acts.rs`, with many at once in `bulk.rs`.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::Deserialize;

use super::kinds::State;
use super::rules::{self, Road};
use super::steps::{self, Acting, Seen};
use super::view::{self, CasePage, Facts, Saved, Typed};
use super::{acts, bulk, people};
use crate::app::App;
use crate::book::contact_record::{self, Channel, Outcome, Party, Record, Source};
use crate::book::dates::days_between;
use crate::book::history::By;
use crate::book::ids::{CaseId, RecordId};
use crate::book::loan;
use crate::book::money::Fen;
use crate::book::staff::Right;
use crate::desk::lists::cases;
use crate::desk::lists::everybody::Everybody;
use crate::desk::lists::filter::{Asked, From};
use crate::desk::lists::overdue::{asked_of, in_step};
use crate::desk::shell;
use crate::error::{AppError, AppResult, FieldError};
use crate::plumbing::http::form::CsrfForm;
use crate::plumbing::http::route::{Entry, Needs, get, post};
use crate::plumbing::session::{SignedIn, random_hex};

/// Longest note or reason in characters.
const NOTE_MAX: usize = 400;
/// Somebody else has saved while this was typed.
const CHANGED: &str =
    "别人刚刚改过这一户，您写的还没有保存：先看看现在的情况，仍然要记就再保存一次";
/// A contact is written down within so many days.
const OLDEST_DAYS: i64 = 366;

/// The routes of the ladder; `/overdue` itself is a list (`desk/lists/overdue.rs`).
pub fn routes() -> Vec<Entry> {
    let (see, follow) = (Needs::Right(Right::SeeLoans), Needs::Right(Right::FollowOverdue));
    vec![
        get("/overdue/next", follow, next),
        post("/overdue/bulk", follow, bulk::choose),
        post("/overdue/lists", see, bulk::keep_list),
        post("/overdue/lists/{id}/forget", see, bulk::forget_list),
        get("/overdue/{file_no}", see, show),
        post("/overdue/{file_no}/contacts", follow, contact),
        post("/overdue/{file_no}/undo", follow, undo),
        post("/overdue/{file_no}/steps", follow, acts::step),
        post("/overdue/{file_no}/decision", Needs::Right(Right::AllowPoliceStage), acts::decide),
    ]
}

/// The fields of a form, by name.
pub(super) struct Fields(pub(super) Vec<(String, String)>);

impl Fields {
    /// A field without blanks around it; empty when it is not there.
    pub(super) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.trim()).unwrap_or_default()
    }

    /// A text that is kept: refused when it is too long.
    pub(super) fn text(&self, name: &str) -> AppResult<String> {
        let text = self.get(name);
        if text.chars().count() > NOTE_MAX {
            return Err(AppError::field(name, format!("太长了，请写在 {NOTE_MAX} 个字以内")));
        }
        Ok(text.to_owned())
    }

    /// A day; none when nothing was typed.
    pub(super) fn day(&self, name: &str) -> AppResult<Option<NaiveDate>> {
        let text = self.get(name);
        if text.is_empty() {
            return Ok(None);
        }
        let read = text.parse().map(Some);
        read.map_err(|_| AppError::field(name, "日期请写成 2026-10-31 这样"))
    }

    /// The case as the page showed it.
    pub(super) fn seen(&self) -> AppResult<Seen> {
        let id = self.get("case").parse().map_err(|_| AppError::Changed)?;
        let version = self.get("version").parse().map_err(|_| AppError::Changed)?;
        Ok(Seen { id: CaseId::new(id), version })
    }

    /// What was typed, to be shown again.
    pub(super) fn typed(&self) -> Typed {
        let text = |name: &str| self.get(name).to_owned();
        Typed {
            outcome: text("outcome"),
            whom: text("whom"),
            channel: text("channel"),
            on_day: text("on_day"),
            promised_on: text("promised_on"),
            promised: text("promised"),
            step: text("step"),
            ask: text("ask"),
            next_on: text("next_on"),
            note: text("note"),
            reason: text("reason"),
            until: text("until"),
            why: text("why"),
            to: text("to"),
            owner: text("owner"),
        }
    }
}

/// Reads the facts of a file.
pub(super) async fn facts(app: &App, me: &SignedIn, file_no: &str) -> AppResult<Facts> {
    let (scope, no, today) = (me.scope.clone(), file_no.to_owned(), app.clock.today());
    app.read(move |db| view::load(db, &scope, &no, today)).await
}

pub(super) fn fresh(app: &App, facts: &Facts) -> AppResult<CasePage> {
    Ok(view::page(app, facts, app.clock.today(), random_hex(16)?))
}

/// The case again with what is wrong and what was typed: 422, or 409 when somebody else was first.
/// Other refusals pass on.
pub(super) async fn again(
    app: &App,
    me: &SignedIn,
    req: &HttpRequest,
    (file_no, fields): (&str, &Fields),
    error: AppError,
) -> AppResult<HttpResponse> {
    let status = match &error {
        AppError::Changed => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let errors = match error {
        AppError::Invalid(errors) => errors,
        AppError::Refused(message) => vec![FieldError { field: "reason".to_owned(), message }],
        // What was typed must not be lost: the page shows how the case stands now, and takes it.
        AppError::Changed => {
            let is_contact = fields.0.iter().any(|(key, _)| key == "outcome");
            let field = if is_contact { "outcome" } else { "reason" }.to_owned();
            vec![FieldError { field, message: CHANGED.to_owned() }]
        }
        other => return Err(other),
    };
    let facts = facts(app, me, file_no).await?;
    let mut page = fresh(app, &facts)?;
    page.typed = fields.typed();
    if page.typed.on_day.is_empty() {
        page.typed.on_day = app.clock.today().to_string();
    }
    page.errors = errors;
    let flow = fields.0.iter().find(|(key, _)| key == "flow");
    page.flow = flow.map(|(_, flow)| asked_of(flow).link("", &[]));
    shell::page_as(status, app, me, req, "overdue/case.html", page)
}

/// `GET /overdue/{file_no}`
async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    file_no: web::Path<String>,
) -> AppResult<HttpResponse> {
    in_step(&app, &me).await?;
    let facts = facts(&app, &me, &file_no).await?;
    let page = fresh(&app, &facts)?;
    shell::page(&app, &me, &req, "overdue/case.html", page)
}

/// What was kept just before.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Before {
    saved: String,
}

/// `GET /overdue/next`: the first case of the list that waits for today.
async fn next(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    asked: web::Query<Asked>,
    before: web::Query<Before>,
) -> AppResult<HttpResponse> {
    in_step(&app, &me).await?;
    let asked = Asked { before: String::new(), size: "10".to_owned(), ..asked.into_inner() };
    let today = app.clock.today();
    let mut wanted = cases::wanted(&asked, me.staff_id, today);
    if wanted.list.is_empty() {
        wanted.list = "today".to_owned();
    }
    let saved = saved(&app, &me, &before.saved).await?;
    let (scope, inner) = (me.scope.clone(), wanted.clone());
    let rows = app
        .read(move |db| {
            let everybody = Everybody::read(db, &scope, &inner)?;
            cases::from_there(db, &scope, (&inner, &everybody), 200)
        })
        .await?;
    let due = |state: State, on: NaiveDate| state == State::Open && on <= today;
    let found = rows.into_iter().find(|(_, case)| due(case.state, case.next_on));
    let Some((row, case)) = found else {
        let words = match (&saved, wanted.filter.from == From::Start) {
            (_, true) => "今天要联系的都联系过了".to_owned(),
            (Some(one), _) => format!("{}；这个名单到底了", one.words),
            (None, _) => "这个名单到底了，跳过的还在名单里".to_owned(),
        };
        let back = Asked { size: String::new(), ..asked }.link("/overdue", &[]);
        return shell::done(&app, &back, &words);
    };
    let facts = facts(&app, &me, &row.file_no).await?;
    let mut page = fresh(&app, &facts)?;
    let after = wanted.key(&row, &case).to_text();
    let asked = Asked { size: String::new(), ..asked };
    page.skip = with_after(&asked, "/overdue/next", &after);
    page.flow = Some(with_after(&asked, "", &after));
    page.saved = saved;
    shell::page(&app, &me, &req, "overdue/case.html", page)
}

/// The same list from behind a row. By points the row moves when it changes, by day it moves on.
fn with_after(asked: &Asked, path: &str, after: &str) -> String {
    asked.link(path, &[("after", after)])
}

async fn saved(app: &App, me: &SignedIn, id: &str) -> AppResult<Option<Saved>> {
    let Ok(id) = id.parse().map(RecordId::new) else { return Ok(None) };
    let scope = me.scope.clone();
    let found = app
        .read(move |db| {
            let record = contact_record::find(db, &scope, id)?;
            let file = loan::file(db, &scope, record.file_id)?;
            Ok((record, file.file_no))
        })
        .await;
    Ok(match found {
        Ok((record, file_no)) if record.undone_at.is_none() => Some(Saved {
            record: record.id.to_string(),
            words: format!("已保存：{}，{}", record.party_name, record.outcome.in_words()),
            file_no,
        }),
        Ok(_) | Err(AppError::NotFound) => None,
        Err(other) => return Err(other),
    })
}

/// `POST /overdue/{file_no}/contacts`
async fn contact(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    file_no: web::Path<String>,
    form: CsrfForm<Vec<(String, String)>>,
) -> AppResult<HttpResponse> {
    let fields = Fields(form.0);
    let facts = facts(&app, &me, &file_no).await?;
    let record = match record(&app, &me, &facts, &fields) {
        Ok(record) => record,
        Err(error) => return again(&app, &me, &req, (&file_no, &fields), error).await,
    };
    let (id, seen) = (record.id, fields.seen()?);
    let (inner, by, scope) = (app.clone(), me.by(), me.scope.clone());
    let (now, today) = (app.clock.now_at(), app.clock.today());
    let kept = app
        .write("overdue contact", move |db| {
            let a = acting(&inner, &by, &scope, now, today);
            steps::contact(db, a, seen, &record)
        })
        .await;
    if let Err(error) = kept {
        return again(&app, &me, &req, (&file_no, &fields), error).await;
    }
    let kept = kept.unwrap_or_default();
    match fields.0.iter().find(|(key, _)| key == "flow") {
        Some((_, flow)) => {
            let to = asked_of(flow).link("/overdue/next", &[("after", &asked_of(flow).after)]);
            let sign = if to.contains('?') { '&' } else { '?' };
            let saved = if kept { format!("{sign}saved={id}") } else { String::new() };
            shell::done(&app, &format!("{to}{saved}"), "")
        }
        None if kept => shell::done(&app, &format!("/overdue/{file_no}"), "已保存"),
        None => shell::done(
            &app,
            &format!("/overdue/{file_no}"),
            "这次联系刚才已经记下了，没有再记；要改，请先撤销，再重新记",
        ),
    }
}

/// Who acts.
pub(super) fn acting<'a>(
    app: &'a App,
    by: &'a By,
    scope: &'a crate::book::office::Scope,
    now: chrono::NaiveDateTime,
    today: NaiveDate,
) -> Acting<'a> {
    Acting { scope, by, ids: &app.ids, policy: &app.policy, now, today }
}

/// The contact as the form says it.
fn record(app: &App, me: &SignedIn, facts: &Facts, fields: &Fields) -> AppResult<Record> {
    let today = app.clock.today();
    let rule = app.policy.ladder.on(today);
    let wrong = |field: &str, message: &str| AppError::field(field, message);
    let outcome = Outcome::from_text(fields.get("outcome"))
        .ok_or_else(|| wrong("outcome", "请选联系的结果"))?;
    let channel = match fields.get("channel") {
        "" => Channel::Call,
        text => Channel::from_text(text).ok_or_else(|| wrong("channel", "请选是怎么联系的"))?,
    };
    let asked =
        people::asked(facts, fields.get("whom")).ok_or_else(|| wrong("whom", "请选联系的是谁"))?;
    let party = asked.party;
    if outcome == Outcome::Died && party == Party::Student {
        return Err(wrong("whom", "请选是谁告诉的"));
    }
    let on_day = fields.day("on_day")?.unwrap_or(today);
    if on_day > today {
        return Err(wrong("on_day", "联系的日子不能在今天以后"));
    }
    if days_between(on_day, today) > OLDEST_DAYS {
        return Err(wrong("on_day", "联系的日子不早于一年前"));
    }
    let is_promise = rules::road(outcome) == Road::Promise;
    let promised_on = fields.day("promised_on")?.filter(|_| is_promise);
    if is_promise && let Some(fault) = rules::promise_fault(promised_on, today, rule) {
        return Err(wrong("promised_on", &fault));
    }
    let promised_fen = match fields.get("promised") {
        "" => None,
        text => {
            let read = text.parse::<Fen>().ok();
            if let Some(fault) = rules::amount_fault(read, facts.most()) {
                return Err(wrong("promised", fault));
            }
            read
        }
    };
    let next_on = fields.day("next_on")?;
    let fault = next_on.and_then(|day| rules::next_fault(day, outcome, today, rule));
    if let Some(fault) = fault {
        return Err(wrong("next_on", &fault));
    }
    let ids = (RecordId::new(app.next_id()), me.office.code.as_str(), facts.file.id);
    let when = (on_day, app.clock.now_at());
    let new = Record::new(ids, when, (channel, party, outcome), (Source::Desk, &me.name));
    let key = fields.get("key");
    Ok(Record {
        office_code: facts.file.office_code.clone(),
        party_name: asked.name,
        phone_id: asked.phone,
        point_id: asked.point,
        note: fields.text("note")?,
        promised_on,
        promised_fen: promised_fen.filter(|_| is_promise),
        next_on,
        case_id: facts.case.as_ref().map(|case| case.id),
        staff_id: Some(me.staff_id),
        command_key: if key.is_empty() { new.command_key.clone() } else { format!("case-{key}") },
        ..new
    })
}

/// `POST /overdue/{file_no}/undo`: takes the newest contact back.
async fn undo(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    file_no: web::Path<String>,
    form: CsrfForm<Vec<(String, String)>>,
) -> AppResult<HttpResponse> {
    let fields = Fields(form.0);
    let id = fields.get("record").parse().map(RecordId::new).map_err(|_| AppError::NotFound)?;
    let (inner, by, scope) = (app.clone(), me.by(), me.scope.clone());
    let (now, today) = (app.clock.now_at(), app.clock.today());
    let undone = app
        .write("overdue contact undone", move |db| {
            let record = contact_record::find(db, &scope, id)?;
            if record.undone_at.is_some() {
                return Ok(false);
            }
            steps::undo(db, acting(&inner, &by, &scope, now, today), id)?;
            Ok(true)
        })
        .await;
    let said = match undone {
        Ok(true) => "已撤销，这一户回到联系以前的样子",
        Ok(false) => "这次联系刚才已经撤销了，没有再改",
        Err(AppError::Changed) => {
            let mut page = fresh(&app, &facts(&app, &me, &file_no).await?)?;
            let message = "这次联系以后又办过别的事，不能再撤销，请另记一次说明".to_owned();
            page.errors = vec![FieldError { field: "outcome".to_owned(), message }];
            return shell::page_as(
                StatusCode::CONFLICT,
                &app,
                &me,
                &req,
                "overdue/case.html",
                page,
            );
        }
        Err(other) => return Err(other),
    };
    shell::done(&app, &format!("/overdue/{file_no}"), said)
}
