//! `/overdue/{file_no}` a case, `/overdue/next` the next one of a list: the page, and keeping a
//! contact. What else can be done with a case is in `acts.rs`, with many at once in `bulk.rs`.

use actix_web::{HttpRequest, HttpResponse, web};

use super::facts::{self, Facts};
use super::form;
use super::steps;
use super::store;
use super::view::{self, CasePage};
use crate::app::App;
use crate::base::hex::random_hex;
use crate::base::ids::{RecordId, RowId};
use crate::book::act::Act;
use crate::book::contact::keep;
use crate::book::contact::record;
use crate::error::{AppError, AppResult};
use crate::life::overdue::list::cases;
use crate::life::overdue::list::page::ensure_synced;
use crate::web::fields::{self, Fields, Form, Rejected};
use crate::web::flow::{self, Flow, params_of};
use crate::web::list::filter::ListParams;
use crate::web::list::kit::Side;
use crate::web::list::params::Params as _;
use crate::web::session::SignedIn;
use crate::web::shell;

/// Somebody else has saved while this was typed.
const CHANGED: &str =
    "别人刚刚改过这一户，您写的还没有保存：先看看现在的情况，仍然要记就再保存一次";

/// Reads the facts of a file.
pub(super) async fn facts(app: &App, me: &SignedIn, file_no: &str) -> AppResult<Facts> {
    let (scope, no, today) = (me.scope.clone(), file_no.to_owned(), app.clock.today());
    app.read(move |db| facts::load(db, &scope, &no, today)).await
}

pub(super) fn new_page(app: &App, facts: &Facts) -> AppResult<CasePage> {
    Ok(view::page(app, facts, app.clock.today(), random_hex(16)?))
}

/// The case again with what is wrong and what was typed: 422, or 409 when somebody else was first.
/// What was typed must not be lost: the page shows how the case stands now, and takes it.
pub(super) async fn render_errors(
    app: &App,
    me: &SignedIn,
    req: &HttpRequest,
    (file_no, form): (&str, &Fields),
    error: AppError,
) -> AppResult<HttpResponse> {
    let field = if form.has("outcome") { "outcome" } else { "reason" };
    let rejected = Rejected::from(error, field, CHANGED)?;
    let mut page = new_page(app, &facts(app, me, file_no).await?)?;
    page.place = Flow::from_form::<ListParams>(form);
    fields::reject((app, me, req), &page, form, rejected)
}

/// `GET /overdue/{file_no}`
pub(super) async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    file_no: web::Path<String>,
) -> AppResult<HttpResponse> {
    ensure_synced(&app, &me).await?;
    let facts = facts(&app, &me, &file_no).await?;
    let page = new_page(&app, &facts)?;
    fields::show(&app, &me, &req, &page)
}

/// `GET /overdue/next`: the first case of the list that waits for today.
pub(super) async fn next(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    params: web::Query<ListParams>,
    before: web::Query<flow::Before>,
) -> AppResult<HttpResponse> {
    ensure_synced(&app, &me).await?;
    let params = ListParams { before: String::new(), size: "10".to_owned(), ..params.into_inner() };
    let today = app.clock.today();
    let mut filter = cases::case_filter(&params, me.staff_id, today);
    if filter.list.is_empty() {
        filter.list = "today".to_owned();
    }
    let saved = flow::saved(&app, &me, &before).await?;
    let (scope, inner) = (me.scope.clone(), filter.clone());
    let found = app.read(move |db| cases::next_due(db, &scope, &inner)).await?;
    let Some((row, case)) = found else {
        let back = ListParams { size: String::new(), ..params }.link("/overdue", &[]);
        return flow::end(&app, &back, saved.as_ref(), filter.filter.side == Side::Start);
    };
    let facts = facts(&app, &me, &row.file_no).await?;
    let mut page = new_page(&app, &facts)?;
    let after = filter.order.keyset().key(&(row, case));
    let params = ListParams { size: String::new(), ..params };
    page.place = Flow::at(&params, "/overdue/next", &after, saved);
    fields::show(&app, &me, &req, &page)
}

/// `POST /overdue/{file_no}/contacts`
pub(super) async fn contact(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    file_no: web::Path<String>,
    form: Form,
) -> AppResult<HttpResponse> {
    let mut form = form.0;
    let facts = facts(&app, &me, &file_no).await?;
    let (id, added) = match add_contact(&app, &me, &facts, &mut form).await {
        Ok(done) => done,
        Err(error) => return render_errors(&app, &me, &req, (&file_no, &form), error).await,
    };
    let page = format!("/overdue/{file_no}");
    if form.has("flow") {
        let list: ListParams = params_of(form.get("flow"));
        return flow::onward(&app, &list, "/overdue/next", added.then_some(id));
    }
    let sentence = match added {
        true => "已保存",
        false => "这次联系刚才已经记下了，没有再记；要改，请先撤销，再重新记",
    };
    shell::done(&app, &page, sentence)
}

/// The record, and whether it is new: a form that was sent before changes nothing.
async fn add_contact(
    app: &App,
    me: &SignedIn,
    facts: &Facts,
    form: &mut Fields,
) -> AppResult<(RecordId, bool)> {
    let record = form::record(app, me, facts, form)?;
    let (id, seen) = (record.id, form.seen("case")?);
    let file_no = facts.file.file_no.clone();
    let added = me.act(app, "overdue contact", move |act| {
        store::ensure_of_file(act.db, act.scope, seen.id, &file_no)?;
        steps::contact(act, seen, &record)
    });
    Ok((id, added.await?))
}

/// `POST /overdue/{file_no}/undo`: takes the newest contact or the newest move back.
pub(super) async fn undo(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    file_no: web::Path<String>,
    form: Form,
) -> AppResult<HttpResponse> {
    let (record, moved) = (form.0.id::<RecordId>("record"), form.0.id::<RowId>("moved"));
    let (no, what) = (file_no.clone(), if record.is_some() { "这次联系" } else { "这一步" });
    let undone = me.act(&app, "overdue undone", move |act| match (record, moved) {
        (Some(id), _) => undo_contact(act, id, &no),
        (None, Some(id)) => {
            steps::undo_move(act, id, &no)?;
            Ok("已撤销，这一户回到原来的阶段")
        }
        (None, None) => Err(AppError::NotFound),
    });
    match undone.await {
        Ok(sentence) => shell::done(&app, &format!("/overdue/{file_no}"), sentence),
        Err(error) => {
            let late = format!("{what}以后又办过别的事，不能再撤销，请另记一次说明");
            let rejected = Rejected::from(error, "outcome", &late)?;
            let page = new_page(&app, &facts(&app, &me, &file_no).await?)?;
            fields::reject((&app, &me, &req), &page, &Fields::default(), rejected)
        }
    }
}

fn undo_contact(act: &mut Act<'_>, id: RecordId, file_no: &str) -> AppResult<&'static str> {
    let record = record::find(act.db, act.scope, id)?;
    let case = record.case_id.ok_or(AppError::NotFound)?;
    store::ensure_of_file(act.db, act.scope, case, file_no)?;
    if record.undone_at.is_some() {
        return Ok("这次联系刚才已经撤销了，没有再改");
    }
    keep::undo_contact(act, id)?;
    Ok("已撤销，这一户回到联系以前的样子")
}
