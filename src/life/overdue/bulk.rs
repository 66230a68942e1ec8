//! What is done with many ticked cases, and lists under a name. Printing goes to `/visits`; another
//! owner and the next stage are shown before they are done, at an address of their own (it names
//! the files), with the version that each case had on that page; a message to all of them is in
//! `bulk_message.rs`.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::bulk_message;
use super::kinds::State;
use super::owner::{self, Outcome};
use super::rules;
use super::saved::{self, Saved};
use super::steps;
use super::store;
use crate::app::App;
use crate::base::ids::{CaseId, RowId, StaffId};
use crate::base::url;
use crate::book::staff::{self, Right};
use crate::error::{AppError, AppResult, FieldError};
use crate::life::overdue::list::page;
use crate::web::fields::{At, Done, Fields, Form, Seen, TEXT_MAX, answer};
use crate::web::flow::params_of;
use crate::web::list::filter::ListParams;
use crate::web::list::params::Params as _;
use crate::web::session::SignedIn;
use crate::web::shell;

/// Cases in one go.
const MOST: usize = 200;

/// What is done with many cases after it was asked once more.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Deed {
    /// 改责任人
    Owner,
    /// 转下一阶段
    Up,
}

const PATH: &str = "/overdue/bulk";

/// The page that asks once more for these files.
pub(super) fn address(deed: &str, files: &[String]) -> String {
    let mut fields = vec![("do", deed)];
    fields.extend(files.iter().map(|no| ("file", no.as_str())));
    url::link(PATH, &fields)
}

impl Deed {
    /// As the address says it.
    const fn as_text(self) -> &'static str {
        match self {
            Deed::Owner => "owner",
            Deed::Up => "up",
        }
    }

    const fn in_words(self) -> &'static str {
        match self {
            Deed::Owner => "改责任人",
            Deed::Up => "转下一阶段",
        }
    }

    /// The field that everything wrong is said at.
    const fn field(self) -> &'static str {
        match self {
            Deed::Owner => "owner",
            Deed::Up => "reason",
        }
    }

    fn done_words(self, count: usize) -> String {
        match self {
            Deed::Owner => format!("{count} 户已改责任人"),
            Deed::Up => format!("{count} 户已转下一阶段"),
        }
    }
}

/// One case of the page that asks once more.
#[derive(Clone, Debug, Serialize)]
struct Line {
    file_no: String,
    name: String,
    stage: &'static str,
    /// The next stage without the director; empty when there is none.
    next: &'static str,
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
    deed: Deed,
    words: &'static str,
    lines: Vec<Line>,
    /// Where the form goes: what answers a reload after it was refused.
    address: String,
    staff: Vec<Choice>,
    errors: Vec<FieldError>,
    /// The owner or the reason, as it was chosen or typed.
    value: String,
    /// How many were done before this page came; empty at first.
    done: String,
}

/// `GET /overdue/bulk?do=up&file=LZ2015-0001&file=...`: the page that asks once more.
pub(super) async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    query: web::Query<Vec<(String, String)>>,
) -> AppResult<HttpResponse> {
    let fields = Fields::from(query.into_inner());
    let files: Vec<String> = fields.all("file").map(str::to_owned).collect();
    if files.is_empty() {
        return shell::done(&app, "/overdue", "先勾选要办的人");
    }
    ensure_not_too_many(files.len())?;
    let at: At<'_> = (&app, &me, &req);
    let deed = match fields.get("do") {
        "message" => return bulk_message::preview(at, &fields, &files).await,
        "up" => Deed::Up,
        _ => Deed::Owner,
    };
    ask(at, Of::Files(files), (deed, String::new()), Vec::new()).await
}

/// `POST /overdue/bulk`: on to the papers or the page that asks once more, or the deed.
pub(super) async fn choose(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    form: Form,
) -> AppResult<HttpResponse> {
    let fields = form.0;
    let files: Vec<String> = fields.all("file").map(str::to_owned).collect();
    let at: At<'_> = (&app, &me, &req);
    let deed = match fields.get("do") {
        "print" => {
            let query: Vec<String> =
                files.iter().map(|no| format!("file={}", url::encoded(no))).collect();
            return shell::done(&app, &format!("/visits?{}", query.join("&")), "");
        }
        "sure" => return set_owner(at, fields).await,
        "sure_up" => return move_up(at, fields).await,
        _ if files.is_empty() => return shell::done(&app, "/overdue", "先勾选要办的人"),
        deed => deed,
    };
    ensure_not_too_many(files.len())?;
    if deed == "message" && fields.has("sure") {
        return bulk_message::write(at, &fields, &files).await;
    }
    shell::done(&app, &address(deed, &files), "")
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
    (deed, value): (Deed, String),
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
        let why = left.left.iter().find(|(id, _)| *id == case.id).map(|(_, why)| why);
        errors.extend(why.map(|why| FieldError {
            field: deed.field().to_owned(),
            message: format!("{name}（{file_no}）没有{}：{why}", deed.in_words()),
        }));
    }
    let policy = app.policy();
    let rule = policy.ladder.on(app.clock.today());
    let named = |id: Option<StaffId>| staff.iter().find(|one| Some(one.id) == id);
    let lines: Vec<Line> = rows
        .into_iter()
        .filter(|(case, ..)| case.state != State::Closed)
        .map(|(case, file_no, name)| Line {
            file_no,
            name,
            stage: case.stage.in_words(),
            next: rules::above(&case, rule).first().map_or("", |stage| stage.in_words()),
            owner: named(case.owner_id).map(|one| one.name.clone()).unwrap_or_default(),
            seen: format!("{}:{}", case.id, case.version),
        })
        .collect();
    if lines.is_empty() && !files {
        let words: Vec<String> = errors.into_iter().map(|one| one.message).collect();
        let sentence = format!("{}；{}", deed.done_words(left.done), words.join("；"));
        return shell::done(app, "/overdue", &sentence);
    }
    let done = if files { String::new() } else { deed.done_words(left.done) };
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
    let left: Vec<String> = lines.iter().map(|line| line.file_no.clone()).collect();
    let (words, address) = (deed.in_words(), address(deed.as_text(), &left));
    let page = BulkPage { deed, words, lines, address, staff, errors, value, done };
    shell::page_as(status, app, me, req, "overdue/bulk.html", page)
}

fn seen_of(fields: &Fields) -> AppResult<Vec<Seen<CaseId>>> {
    let seen: Vec<Seen<CaseId>> = fields
        .all("seen")
        .filter_map(|value| {
            let (case, version) = value.split_once(':')?;
            Some(Seen { id: CaseId::new(case.parse().ok()?), version: version.parse().ok()? })
        })
        .collect();
    ensure_not_too_many(seen.len())?;
    Ok(seen)
}

async fn set_owner(at: At<'_>, fields: Fields) -> AppResult<HttpResponse> {
    let (app, me, _) = at;
    let chosen = (Deed::Owner, fields.get("owner").to_owned());
    let Some(id) = fields.id::<StaffId>("owner") else {
        return refused(at, &fields, chosen, "请选责任人").await;
    };
    let seen = seen_of(&fields)?;
    let outcome = me.act(app, "overdue owners", move |act| {
        let to = staff::find(act.db, act.scope, id)?;
        owner::set(act, &seen, &to)
    });
    tail(at, &fields, chosen, outcome.await).await
}

/// Each to its next stage, for one reason; those that may not go are left, each with why.
async fn move_up(at: At<'_>, mut fields: Fields) -> AppResult<HttpResponse> {
    let (app, me, _) = at;
    let reason = fields.text("reason", TEXT_MAX);
    let chosen = (Deed::Up, reason.clone());
    if reason.is_empty() {
        return refused(at, &fields, chosen, "请写一句理由").await;
    }
    let seen = fields.check().and_then(|()| seen_of(&fields));
    let outcome = match seen {
        Ok(seen) => {
            me.act(app, "overdue stages", move |act| steps::move_up_all(act, &seen, &reason)).await
        }
        Err(error) => Err(error),
    };
    tail(at, &fields, chosen, outcome).await
}

async fn refused(
    at: At<'_>,
    fields: &Fields,
    chosen: (Deed, String),
    message: &str,
) -> AppResult<HttpResponse> {
    let error = FieldError { field: chosen.0.field().to_owned(), message: message.to_owned() };
    tail(at, fields, chosen, Err(AppError::Invalid(vec![error]))).await
}

async fn tail(
    at: At<'_>,
    fields: &Fields,
    chosen: (Deed, String),
    outcome: AppResult<Outcome>,
) -> AppResult<HttpResponse> {
    let files = || fields.all("file").map(str::to_owned).collect();
    match outcome {
        Ok(one) if one.left.is_empty() => {
            shell::done(at.0, "/overdue", &chosen.0.done_words(one.done))
        }
        Ok(some) => ask(at, Of::Left(some), chosen, Vec::new()).await,
        Err(AppError::Invalid(errors)) => ask(at, Of::Files(files()), chosen, errors).await,
        Err(other) => Err(other),
    }
}

fn ensure_not_too_many(count: usize) -> AppResult<()> {
    if count > MOST {
        return Err(AppError::refused(format!("一次最多办 {MOST} 户")));
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
    let params: ListParams = params_of(form.get("query"));
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
