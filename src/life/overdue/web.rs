//! `/overdue/{file_no}` a case, `/overdue/next` the next one of a list: the page, and keeping a
//! contact. What else can be done with a case is in `acts.rs`, with many at once in `bulk.rs`.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::Deserialize;

use super::form::{self, Fields};
use super::kinds::{State, StepKind};
use super::steps::{self, Acting, Seen};
use super::view::{self, CasePage, Facts, Saved};
use super::{acts, bulk, store};
use crate::app::App;
use crate::base::hex::random_hex;
use crate::base::ids::RecordId;
use crate::book::contact::record;
use crate::book::history::By;
use crate::book::loan;
use crate::book::staff::Right;
use crate::error::{AppError, AppResult, FieldError};
use crate::life::overdue::list::cases;
use crate::life::overdue::list::page::{asked_of, in_step};
use crate::web::form::CsrfForm;
use crate::web::list::filter::{Asked, From};
use crate::web::route::{Entry, Needs, get, post};
use crate::web::session::SignedIn;
use crate::web::shell;

/// Somebody else has saved while this was typed.
const CHANGED: &str =
    "别人刚刚改过这一户，您写的还没有保存：先看看现在的情况，仍然要记就再保存一次";

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

/// Was this very form sent before by the same person, and was that the last thing that was done?
/// Then somebody has pressed a button twice, and nobody was quicker. Something else that the same
/// person did in another window is no such thing: what was typed here must not be lost.
pub(super) async fn sent_before(
    app: &App,
    me: &SignedIn,
    (seen, kinds, reason): (Seen, &'static [StepKind], &str),
    error: &AppError,
) -> AppResult<bool> {
    if !matches!(error, AppError::Changed) {
        return Ok(false);
    }
    let (scope, staff, reason) = (me.scope.clone(), me.staff_id, reason.to_owned());
    app.read(move |db| {
        let case = store::find(db, &scope, seen.id)?;
        let newest = store::steps(db, &scope, seen.id)?.into_iter().next();
        let same = newest.is_some_and(|step| {
            step.staff_id == Some(staff)
                && kinds.contains(&step.kind)
                && step.reason.contains(&reason)
        });
        Ok(same && case.version == seen.version + 1)
    })
    .await
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
    let rows = app.read(move |db| cases::from_there(db, &scope, &inner, 200)).await?;
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
            let record = record::find(db, &scope, id)?;
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
    let record = match form::record(&app, &me, &facts, &fields) {
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
    scope: &'a crate::base::scope::Scope,
    now: chrono::NaiveDateTime,
    today: NaiveDate,
) -> Acting<'a> {
    Acting { scope, by, ids: &app.ids, policy: app.policy(), now, today }
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
            let record = record::find(db, &scope, id)?;
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
