//! 逾期跟进: everybody on the ladder, by the day of the next step or by who comes first. A file
//! without a case gets one before the page is made, so nobody with arrears is missing here.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::cases::{self, CaseFilter, LISTS, Order};
use super::counts::{self, Totals};
use super::words::{CaseLine, line, load_related};
use crate::app::App;
use crate::base::ids::{FileId, StaffId};
use crate::base::scope::Scope;
use crate::book::file::plan::{Standing, plan};
use crate::book::importing;
use crate::book::position::Basis;
use crate::book::{file, loan, payments_known, staff};
use crate::error::{AppError, AppResult};
use crate::life::overdue::follow;
use crate::life::overdue::follow::follow_office;
use crate::life::overdue::handover;
use crate::life::overdue::kinds::Stage;
use crate::life::overdue::saved::{self, Saved};
use crate::plumbing::db::Db;
use crate::plumbing::revision::{Answers, Revision};
use crate::web::desk_request::DeskRequest;
use crate::web::fields::FormPage;
use crate::web::flow::params_of;
use crate::web::list::files::{self, Sums};
use crate::web::list::filter::ListParams;
use crate::web::list::params::{Chip, Neighbours, Params as _};
use crate::web::session::SignedIn;

const PATH: &str = "/overdue";

/// Somebody who can look after a case.
#[derive(Clone, Debug, Serialize)]
struct Person {
    id: String,
    name: String,
}

#[derive(Serialize)]
pub struct View {
    params: ListParams,
    narrowed: bool,
    sums: Sums,
    all: Sums,
    /// What the arrears say besides: 按没有免息政策计算; mostly nothing.
    assumed: &'static str,
    /// What is to be said while a large import is being posted: cases follow at its end.
    importing: &'static str,
    parked: i64,
    /// Of the cases off the ladder: how many for each reason, how many with each owner.
    parked_by: Vec<Chip>,
    today: i64,
    rows: Vec<CaseLine>,
    first_order: bool,
    next_to: Neighbours,
    stages: Vec<Chip>,
    chips: Vec<Chip>,
    townships: Vec<String>,
    schools: Vec<String>,
    police: Vec<String>,
    staff: Vec<Person>,
    export: String,
    visits: String,
    next: String,
    by_step: String,
    by_first: String,
    /// The same conditions among the cases off the ladder.
    in_parked: String,
    query: String,
}

impl FormPage for View {
    const TEMPLATE: &'static str = "overdue/list.html";
    const REFUSED_AT: &'static str = "name";
}

/// Brings the cases of this person's office into step when something is missing.
pub async fn ensure_synced(app: &App, me: &SignedIn) -> AppResult<()> {
    let (scope, today) = (me.scope.clone(), app.clock.today());
    if app.read(move |db| follow::is_stale(db, &scope, today)).await? {
        follow_now(app, me).await?;
    }
    Ok(())
}

async fn follow_now(app: &App, me: &SignedIn) -> AppResult<()> {
    let (inner, scope) = (app.clone(), me.scope.clone());
    actix_web::web::block(move || follow_office(&inner, &scope))
        .await
        .map_err(AppError::broken)??;
    Ok(())
}

/// Everything the page shows; cases that are not in step are brought into step before it is read.
async fn read_in_step(app: &App, me: &SignedIn, filter: &CaseFilter) -> AppResult<Read> {
    let snapshot = |follows: bool| {
        let (data, scope, list) = (app.clone(), me.scope.clone(), filter.clone());
        app.read(move |db| read(db, &data, &scope, (&list, follows)))
    };
    if let Some(read) = snapshot(true).await? {
        return Ok(read);
    }
    follow_now(app, me).await?;
    snapshot(false).await?.ok_or(AppError::NotFound)
}

/// How many due days of each file are open.
type Times = Arc<HashMap<FileId, usize>>;

/// What the page says beside its rows, and needs many rows for: worked out once for each state of
/// the database.
#[derive(Debug, Default)]
struct Known {
    totals: Answers<(Scope, CaseFilter, Vec<CaseFilter>), Arc<Totals>>,
    times: Answers<(Scope, Vec<FileId>, NaiveDate, i64), Times>,
    places: Answers<Scope, files::Choices>,
}

/// What one snapshot gives.
struct Read {
    page: cases::Page,
    lines: Vec<CaseLine>,
    totals: Arc<Totals>,
    /// How many cases off the ladder each owner has; empty on other lists.
    parked_by_owner: Vec<(StaffId, i64)>,
    saved: Vec<Saved>,
    choices: files::Choices,
    staff: Vec<Person>,
    importing: &'static str,
}

/// The same as links.
fn parked_by(params: &ListParams, read: &Read) -> Vec<Chip> {
    if !params.list.starts_with("parked") {
        return Vec::new();
    }
    let (reasons, owners) = (&read.totals.parked_for, &read.parked_by_owner);
    let reasons = reasons.iter().filter(|(_, count)| *count > 0).map(|(why, count)| {
        let list = cases::parked_list(*why);
        let on = params.list == list;
        let to = if on { "parked" } else { list.as_str() };
        params.chip(PATH, why.in_words(), *count, &[("list", to), ("owner", "")], on)
    });
    let owners = owners.iter().filter_map(|(id, count)| {
        let id = id.to_string();
        let person = read.staff.iter().find(|one| one.id == id)?;
        let on = params.owner == id;
        let to = if on { "" } else { id.as_str() };
        Some(params.chip(PATH, &person.name, *count, &[("list", "parked"), ("owner", to)], on))
    });
    reasons.chain(owners).collect()
}

/// Nothing when a case is not in step and `or_behind` asks for that first.
fn read(
    db: &mut Db,
    app: &App,
    scope: &Scope,
    (filter, or_behind): (&CaseFilter, bool),
) -> AppResult<Option<Read>> {
    let today = filter.today;
    let (revision, patience) = (Revision::of(db)?, importing::patience(db, scope)?);
    let known = app.shared.get::<Known>();
    let saved = saved::all(db, scope, filter.me)?;
    let named =
        saved.iter().map(|one| cases::case_filter(&params_of(&one.query), filter.me, today));
    let named: Vec<CaseFilter> = named.map(|one| one.selection()).collect();
    let lists = (scope.clone(), filter.selection(), named);
    let totals = known.totals.get((db, &revision, patience), lists.clone(), |db| {
        Ok(Arc::new(counts::totals(db, &lists.0, &lists.1, &lists.2)?))
    })?;
    // While an import changes them at every moment they follow at its end.
    if or_behind && totals.is_stale && patience.is_none() {
        return Ok(None);
    }
    let page = cases::page(db, scope, filter)?;
    let load_related = load_related(db, scope, &page.rows, today)?;
    let files: Vec<FileId> = page.rows.iter().map(|(row, _)| row.file_id).collect();
    let basis = app.basis();
    let key = (scope.clone(), files.clone(), today, basis.version);
    let times = known.times.get((db, &revision, patience), key, |db| {
        Ok(Arc::new(times(db, scope, &basis, files, today)?))
    })?;
    let policy = app.policy();
    let rule = policy.ladder.on(today);
    let mut lines: Vec<CaseLine> =
        page.rows.iter().map(|(row, case)| line(row, case, &load_related, rule, today)).collect();
    for (words, (row, _)) in lines.iter_mut().zip(&page.rows) {
        words.words.times = times.get(&row.file_id).copied().unwrap_or(1);
    }
    let staff = people(db, scope)?;
    Ok(Some(Read {
        page,
        lines,
        totals,
        parked_by_owner: match filter.list.starts_with("parked") {
            true => counts::parked_by_owner(db, scope)?,
            false => Vec::new(),
        },
        saved,
        choices: known
            .places
            .get((db, &revision, patience), scope.clone(), |db| files::places(db, scope))?,
        importing: patience.map_or("", |_| importing::NOTE),
        staff,
    }))
}

/// Whoever can look after a case, and whoever cannot any more as long as they have one.
fn people(db: &mut Db, scope: &Scope) -> AppResult<Vec<Person>> {
    let may = |one: &staff::Staff| one.active && one.role.may(staff::Right::FollowOverdue);
    let (able, others): (Vec<_>, Vec<_>) = staff::all(db, scope)?.into_iter().partition(may);
    let ids: Vec<StaffId> = others.iter().map(|one| one.id).collect();
    let have = handover::owners_among(db, scope, &ids)?;
    let others = others.into_iter().filter(|one| have.contains(&one.id)).map(|one| {
        let why = if one.active { "不再跟进" } else { "已停用" };
        (one.id, format!("{}（{why}）", one.name))
    });
    let named = able.into_iter().map(|one| (one.id, one.name)).chain(others);
    Ok(named.map(|(id, name)| Person { id: id.to_string(), name }).collect())
}

pub async fn list(desk: DeskRequest, params: web::Query<ListParams>) -> AppResult<HttpResponse> {
    desk.show(&view(&desk.app, &desk.me, params.into_inner()).await?)
}

/// The page of an address.
pub async fn view(app: &App, me: &SignedIn, params: ListParams) -> AppResult<View> {
    let filter = cases::case_filter(&params, me.staff_id, app.clock.today());
    let read = read_in_step(app, me, &filter).await?;
    let count_of = |key: &str| {
        let at = LISTS.iter().position(|(list, _)| *list == key);
        at.and_then(|at| read.totals.lists.get(at)).copied().unwrap_or_default()
    };
    Ok(View {
        narrowed: params.is_narrowed(&["sort", "size"]),
        assumed: app.policy().assumed_in_arrears(filter.today).unwrap_or_default(),
        importing: read.importing,
        parked: count_of("parked"),
        parked_by: parked_by(&params, &read),
        today: count_of("today"),
        next_to: params.neighbours(PATH, &read.page),
        stages: stages(&params, &read.totals.by_stage, count_of("paid")),
        chips: chips(&params, &read, me),
        sums: read.totals.selection,
        all: read.totals.all,
        rows: read.lines,
        first_order: filter.order == Order::First,
        townships: read.choices.townships,
        schools: read.choices.schools,
        police: read.choices.police,
        staff: read.staff,
        export: params.link("/overdue.xlsx", &[]),
        visits: params.link("/visits", &[("stage", ""), ("owner", ""), ("sort", "")]),
        next: params.link("/overdue/next", &[]),
        by_step: params.link(PATH, &[("sort", "")]),
        by_first: params.link(PATH, &[("sort", "first")]),
        in_parked: params.link(PATH, &[("list", "parked"), ("stage", "")]),
        query: params.link("", &[]),
        params,
    })
}

/// The tabs: everybody on the ladder, each stage, and who has paid this week.
fn stages(params: &ListParams, by_stage: &[(Stage, i64)], paid: i64) -> Vec<Chip> {
    let all = by_stage.iter().map(|(_, count)| count).sum();
    let bare = params.stage.is_empty() && params.list != "paid";
    let mut found = vec![params.chip(PATH, "全部", all, &[("stage", ""), ("list", "")], bare)];
    for &stage in Stage::ALL {
        let count = by_stage.iter().find(|(of, _)| *of == stage).map_or(0, |(_, count)| *count);
        let list = if params.list == "paid" { "" } else { params.list.as_str() };
        let to = [("stage", stage.as_text()), ("list", list)];
        let on = params.stage == stage.as_text();
        found.push(params.chip(PATH, stage.in_words(), count, &to, on));
    }
    let to = [("stage", ""), ("list", "paid")];
    found.push(params.chip(PATH, "本周已还清", paid, &to, params.list == "paid"));
    found
}

fn chips(params: &ListParams, read: &Read, me: &SignedIn) -> Vec<Chip> {
    let built_in = LISTS
        .iter()
        .zip(&read.totals.lists)
        .filter(|((list, _), count)| *list != "paid" && (*list == "today" || **count > 0))
        .map(|((list, name), count)| {
            let on = params.list == *list;
            params.chip(PATH, name, *count, &[("list", if on { "" } else { list })], on)
        });
    let here = params.link("", &[]);
    let named = read.saved.iter().zip(&read.totals.saved).map(|(one, count)| Chip {
        name: one.name.clone(),
        count: *count,
        link: params_of::<ListParams>(&one.query).link(PATH, &[]),
        on: one.query == here,
        own: if one.staff_id == me.staff_id { one.id.to_string() } else { String::new() },
    });
    built_in.chain(named).collect()
}

/// How many due days are open, for the files of one page: from their statements, because waived
/// years between two due days cannot be told from the sums.
fn times(
    db: &mut Db,
    scope: &Scope,
    basis: &Basis,
    files: Vec<FileId>,
    today: NaiveDate,
) -> AppResult<HashMap<FileId, usize>> {
    let loans = loan::chains(db, scope, &files)?;
    let known = payments_known::load(db, scope)?;
    let contracts = file::computable(db, scope, basis, (&known, loans), today)?;
    let mut found = HashMap::new();
    for file in files {
        let own: Vec<_> =
            contracts.iter().filter(|c| c.loan.file_id == file).map(|c| &c.statement).collect();
        let plan = plan(&own, today, |_| "");
        let open = plan.rows.iter().filter(|row| row.standing == Standing::Overdue).count();
        found.insert(file, open);
    }
    Ok(found)
}
