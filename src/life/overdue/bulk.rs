//! What is done with many ticked cases, and lists under a name. Printing goes to `/visits`; another
//! owner is shown before it is done, with the version that each case had on that page.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::acts::Step;
use super::kinds::State;
use super::saved::{self, Saved};
use super::store;
use crate::app::App;
use crate::base::ids::{CaseId, RowId, StaffId};
use crate::base::url;
use crate::book::staff::{self, Right};
use crate::book::{loan, person};
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
        "sure" => owner(app, me, req, fields).await,
        _ if files.is_empty() => shell::done(&app, "/overdue", "先勾选要改的人"),
        _ => ask(&app, &me, &req, files, Vec::new()).await,
    }
}

async fn ask(
    app: &App,
    me: &SignedIn,
    req: &HttpRequest,
    files: Vec<String>,
    errors: Vec<FieldError>,
) -> AppResult<HttpResponse> {
    if files.len() > MOST {
        return Err(AppError::refused(format!("一次最多改 {MOST} 户")));
    }
    let scope = me.scope.clone();
    let (lines, staff) = app
        .read(move |db| {
            let all = staff::all(db, &scope)?;
            let mut lines = Vec::new();
            for no in &files {
                let file = loan::file_by_no(db, &scope, no)?;
                let Some(case) = store::newest(db, &scope, file.id)? else { continue };
                if case.state == State::Closed {
                    continue;
                }
                let owner = all.iter().find(|one| Some(one.id) == case.owner_id);
                lines.push(Line {
                    name: person::find(db, &scope, file.person_id)?.name,
                    file_no: file.file_no,
                    stage: case.stage.in_words(),
                    owner: owner.map(|one| one.name.clone()).unwrap_or_default(),
                    seen: format!("{}:{}", case.id, case.version),
                });
            }
            Ok((lines, all))
        })
        .await?;
    let staff = staff
        .into_iter()
        .filter(|one| one.active && one.role.may(Right::FollowOverdue))
        .map(|one| Choice { id: one.id.to_string(), name: one.name })
        .collect();
    let refused = !errors.is_empty();
    let page = BulkPage { lines, staff, errors };
    match refused {
        true => shell::refused(app, me, req, "overdue/bulk.html", page),
        false => shell::page(app, me, req, "overdue/bulk.html", page),
    }
}

async fn owner(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    fields: Fields,
) -> AppResult<HttpResponse> {
    let Some(id) = fields.id::<StaffId>("owner") else {
        let errors =
            vec![FieldError { field: "owner".to_owned(), message: "请选责任人".to_owned() }];
        return ask(&app, &me, &req, fields.all("file").map(str::to_owned).collect(), errors).await;
    };
    let seen: Vec<Seen<CaseId>> = fields
        .all("seen")
        .filter_map(|value| {
            let (case, version) = value.split_once(':')?;
            Some(Seen { id: CaseId::new(case.parse().ok()?), version: version.parse().ok()? })
        })
        .collect();
    let count = seen.len();
    me.act(&app, "overdue owners", move |act| {
        act.needs_no_audit("each step writes its own; none when nobody changes");
        seen.iter().try_for_each(|one| Step::Owner(id).run(act, *one))
    })
    .await?;
    shell::done(&app, "/overdue", &format!("{count} 户已改责任人"))
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
