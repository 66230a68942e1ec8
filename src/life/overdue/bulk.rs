//! What is done with many ticked cases, and lists under a name. Printing goes to `/visits`; another
//! owner is shown before it is done, with the version that each case had on that page.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::kinds::State;
use super::owner::{self, Outcome};
use super::saved::{self, Saved};
use super::store;
use crate::app::App;
use crate::base::ids::{CaseId, RowId, StaffId};
use crate::base::url;
use crate::book::staff::{self, Right};
use crate::error::{AppError, AppResult, FieldError};
use crate::life::overdue::list::page::{self, params_of};
use crate::web::fields::{At, Done, Fields, Form, Seen, answer};
use crate::web::list::params::Params as _;
use crate::web::session::SignedIn;
use crate::web::shell;

/// Cases in one go.
const MOST: usize = 200;

/// One case of the page that asks once more.
#[derive(Clone, Debug, Serialize)]
struct Line {
    file_no: String,
    name: String,
    stage: &'static str,
    owner: String,
    /// `id:version`.
    seen: String,
}

#[derive(Serialize)]
struct Choice {
    id: String,
    name: String,
}

#[derive(Serialize)]
struct BulkPage {
    lines: Vec<Line>,
    staff: Vec<Choice>,
    errors: Vec<FieldError>,
    owner: String,
    /// How many were done before this page came; empty at first.
    done: String,
}

/// `POST /overdue/bulk`: to the papers, the page that asks once more, or the deed.
pub(super) async fn choose(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    form: Form,
) -> AppResult<HttpResponse> {
    let fields = form.0;
    let files: Vec<String> = fields.all("file").map(str::to_owned).collect();
    match fields.get("do") {
        "print" => {
            let query: Vec<String> =
                files.iter().map(|no| format!("file={}", url::encoded(no))).collect();
            shell::done(&app, &format!("/visits?{}", query.join("&")), "")
        }
        "sure" => set_owner((&app, &me, &req), fields).await,
        _ if files.is_empty() => shell::done(&app, "/overdue", "先勾选要改的人"),
        _ => {
            ensure_not_too_many(files.len())?;
            ask((&app, &me, &req), Of::Files(files), String::new(), Vec::new()).await
        }
    }
}

/// Which cases the page is about.
enum Of {
    /// Those of the ticked files.
    Files(Vec<String>),
    /// Those that were left when the rest was done.
    Left(Outcome),
}

/// The page that asks once more, with what is wrong.
async fn ask(
    (app, me, req): At<'_>,
    of: Of,
    owner: String,
    mut errors: Vec<FieldError>,
) -> AppResult<HttpResponse> {
    let (scope, files) = (me.scope.clone(), matches!(&of, Of::Files(_)));
    let (rows, staff, left) = app
        .read(move |db| {
            let (ids, left) = match of {
                Of::Files(files) => (store::open_of(db, &scope, &files)?, Outcome::default()),
                Of::Left(left) => (left.left.iter().map(|(id, _)| *id).collect(), left),
            };
            Ok((store::named(db, &scope, &ids)?, staff::all(db, &scope)?, left))
        })
        .await?;
    for (case, file_no, name) in &rows {
        let why = left.left.iter().find(|(id, _)| *id == case.id).map(|(_, why)| *why);
        errors.extend(why.map(|why| FieldError {
            field: "owner".to_owned(),
            message: format!("{name}（{file_no}）没有改：{why}"),
        }));
    }
    let named = |id: Option<StaffId>| staff.iter().find(|one| Some(one.id) == id);
    let lines: Vec<Line> = rows
        .into_iter()
        .filter(|(case, ..)| case.state != State::Closed)
        .map(|(case, file_no, name)| Line {
            file_no,
            name,
            stage: case.stage.in_words(),
            owner: named(case.owner_id).map(|one| one.name.clone()).unwrap_or_default(),
            seen: format!("{}:{}", case.id, case.version),
        })
        .collect();
    if lines.is_empty() && !files {
        let words: Vec<String> = errors.into_iter().map(|one| one.message).collect();
        let sentence = format!("{}；{}", done_words(left.done), words.join("；"));
        return shell::done(app, "/overdue", &sentence);
    }
    let done = if files { String::new() } else { done_words(left.done) };
    let status = match (errors.is_empty(), files) {
        (true, _) => StatusCode::OK,
        (false, true) => StatusCode::UNPROCESSABLE_ENTITY,
        (false, false) => StatusCode::CONFLICT,
    };
    let staff = staff
        .into_iter()
        .filter(|one| one.active && one.role.may(Right::FollowOverdue))
        .map(|one| Choice { id: one.id.to_string(), name: one.name })
        .collect();
    let page = BulkPage { lines, staff, errors, owner, done };
    shell::page_as(status, app, me, req, "overdue/bulk.html", page)
}

fn done_words(count: usize) -> String {
    format!("{count} 户已改责任人")
}

async fn set_owner(at: At<'_>, fields: Fields) -> AppResult<HttpResponse> {
    let (app, me, _) = at;
    let files: Vec<String> = fields.all("file").map(str::to_owned).collect();
    let chosen = fields.get("owner").to_owned();
    let Some(id) = fields.id::<StaffId>("owner") else {
        let errors =
            vec![FieldError { field: "owner".to_owned(), message: "请选责任人".to_owned() }];
        return ask(at, Of::Files(files), chosen, errors).await;
    };
    let seen: Vec<Seen<CaseId>> = fields
        .all("seen")
        .filter_map(|value| {
            let (case, version) = value.split_once(':')?;
            Some(Seen { id: CaseId::new(case.parse().ok()?), version: version.parse().ok()? })
        })
        .collect();
    ensure_not_too_many(seen.len())?;
    let outcome = me.act(app, "overdue owners", move |act| {
        let to = staff::find(act.db, act.scope, id)?;
        owner::set(act, &seen, &to)
    });
    match outcome.await {
        Ok(one) if one.left.is_empty() => shell::done(app, "/overdue", &done_words(one.done)),
        Ok(some) => ask(at, Of::Left(some), chosen, Vec::new()).await,
        Err(AppError::Invalid(errors)) => ask(at, Of::Files(files), chosen, errors).await,
        Err(other) => Err(other),
    }
}

fn ensure_not_too_many(count: usize) -> AppResult<()> {
    if count > MOST {
        return Err(AppError::refused(format!("一次最多改 {MOST} 户")));
    }
    Ok(())
}

/// `POST /overdue/lists`: keeps the list of an address under a name.
pub(super) async fn keep_list(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    form: Form,
) -> AppResult<HttpResponse> {
    let at: At<'_> = (&app, &me, &req);
    let done = try_keep(at, &form.0).await;
    answer(at, &form.0, done, page::view(&app, &me, params_of(form.0.get("query")))).await
}

async fn try_keep((app, me, _): At<'_>, form: &Fields) -> AppResult<Done> {
    let name: String = form.get("name").chars().take(20).collect();
    if name.is_empty() {
        return Err(AppError::field("name", "给这个名单起个名字"));
    }
    let params = params_of(form.get("query"));
    let (staff_id, query) = (me.staff_id, params.link("", &[]));
    let shared = !form.get("shared").is_empty();
    me.act(app, "list kept", move |act| {
        act.needs_no_audit("a list under a name says nothing of any family");
        let new = Saved {
            id: act.id(),
            office_code: act.by.office_code.clone(),
            staff_id,
            page: String::new(),
            name: name.clone(),
            query: query.clone(),
            shared,
            created_at: act.now,
        };
        saved::keep(act.db, &new)
    })
    .await?;
    Ok(Done::to(params.link("/overdue", &[]), "名单已存好"))
}

/// `POST /overdue/lists/{id}/forget`
pub(super) async fn forget_list(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<i64>,
    _form: Form,
) -> AppResult<HttpResponse> {
    let (staff, id) = (me.staff_id, RowId::new(id.into_inner()));
    me.act(&app, "list forgotten", move |act| {
        act.needs_no_audit("a list under a name says nothing of any family");
        saved::forget(act.db, staff, id)
    })
    .await?;
    shell::done(&app, "/overdue", "名单已去掉")
}
