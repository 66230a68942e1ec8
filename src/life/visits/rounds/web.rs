//! `/visits/rounds` 走访安排: the list, and the plan of one day: put in another order, left out,
//! closed; and what came of it so far.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::houses;
use super::rules::{self, House, InVillage, RoundState, Shown, StopState};
use super::store::{self, Round, VisitStop};
use crate::app::App;
use crate::base::dates::{in_words, weekday_in_words};
use crate::base::ids::{FileId, RoundId, SheetId};
use crate::base::scope::Scope;
use crate::book::audit_log::AuditEntry;
use crate::error::{AppError, AppResult};
use crate::life::visits::purpose::Purpose;
use crate::life::visits::road;
use crate::life::visits::sheets::{store as sheets, take};
use crate::plumbing::db::Db;
use crate::web::fields::Form;
use crate::web::session::SignedIn;
use crate::web::shell;

/// Rounds on the list.
const ROUNDS: i64 = 200;

/// One round of the list.
#[derive(Debug, Serialize)]
struct Line {
    id: String,
    day: String,
    title: String,
    visitors: String,
    is_open: bool,
    is_today: bool,
    all: i64,
    done: i64,
}

#[derive(Debug, Serialize)]
struct ListPage {
    lines: Vec<Line>,
}

/// `GET /visits/rounds`
pub async fn list(app: web::Data<App>, me: SignedIn, req: HttpRequest) -> AppResult<HttpResponse> {
    let scope = me.scope.clone();
    let (rounds, counts) = app
        .read(move |db| {
            let rounds = store::list(db, &scope, ROUNDS)?;
            let ids: Vec<RoundId> = rounds.iter().map(|round| round.id).collect();
            let counts = store::counts(db, &scope, &ids)?;
            Ok((rounds, counts))
        })
        .await?;
    let today = app.clock.today();
    let lines = rounds.iter().map(|round| {
        let of = |has_state: fn(StopState) -> bool| {
            let own = counts.get(&round.id).into_iter().flatten();
            own.filter(|(state, _)| has_state(*state)).map(|(_, n)| *n).sum()
        };
        Line {
            id: round.id.to_string(),
            day: in_words(round.on_day, today),
            title: round.title.clone(),
            visitors: round.visitors(),
            is_open: round.state == RoundState::Open,
            is_today: round.on_day == today,
            all: of(|state| state != StopState::Passed),
            done: of(|state| state == StopState::Done),
        }
    });
    let page = ListPage { lines: lines.collect() };
    shell::page(&app, &me, &req, "visits/rounds.html", page)
}

/// A stop with whom it is about.
#[derive(Clone, Debug)]
pub(super) struct Whole {
    pub stop: VisitStop,
    /// Whom it is about.
    pub house: House,
    pub shown: Shown,
    /// Nothing of theirs is overdue any more: nobody needs to go.
    pub paid: bool,
}

impl Whole {
    /// With its headings: village and road.
    pub fn headed<T>(&self, stop: T) -> (String, String, T) {
        (self.house.place(), road::road(&self.house.address).in_words(), stop)
    }
}

/// The number of a sheet, and what it is about when that is not money.
pub(super) fn numbered(house: &House) -> String {
    match house.purpose {
        Purpose::Overdue => house.number.clone(),
        Purpose::Yearly => format!("{}　{}", house.number, house.purpose.in_words()),
    }
}

/// A round with its stops in the order of the day.
pub(super) fn whole(db: &mut Db, scope: &Scope, id: RoundId) -> AppResult<(Round, Vec<Whole>)> {
    let round = store::find(db, scope, id)?;
    let stops = store::stops(db, scope, id)?;
    let ids: Vec<SheetId> = stops.iter().map(|stop| stop.sheet_id).collect();
    let mut houses = houses::of_sheets(db, scope, &ids)?;
    let mut all = Vec::with_capacity(stops.len());
    for stop in stops {
        let missing = || AppError::broken(format!("sheet {} of a round is missing", stop.sheet_id));
        let (state, house) = houses.remove(&stop.sheet_id).ok_or_else(missing)?;
        let shown = rules::shown(stop.state, state);
        all.push(Whole { stop, house, shown, paid: false });
    }
    let ids: Vec<SheetId> = all.iter().map(|one| one.house.sheet_id).collect();
    let paid = take::paid(db, scope, &ids)?;
    for one in &mut all {
        one.paid = one.shown.is_open() && paid.contains(&one.house.sheet_id);
    }
    Ok((round, all))
}

/// One stop on the page.
#[derive(Debug, Serialize)]
struct StopLine {
    no: i32,
    n: usize,
    name: String,
    file_no: String,
    address: String,
    number: String,
    kind: &'static str,
    words: &'static str,
    paid: bool,
    may_leave: bool,
    is_first: bool,
    is_last: bool,
}

#[derive(Debug, Serialize)]
struct RoundPage {
    id: String,
    version: i32,
    title: String,
    day: String,
    visitors: String,
    created_by: String,
    is_open: bool,
    all: usize,
    done: usize,
    villages: Vec<InVillage<StopLine>>,
    passed: Vec<StopLine>,
}

/// `GET /visits/rounds/{id}`
pub async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<i64>,
) -> AppResult<HttpResponse> {
    let (scope, id) = (me.scope.clone(), RoundId::new(*id));
    let (round, all, people) = app
        .read(move |db| {
            let (round, all) = whole(db, &scope, id)?;
            let files: Vec<FileId> = all.iter().map(|one| one.house.file_id).collect();
            Ok((round, all, sheets::people(db, &scope, &files)?))
        })
        .await?;
    let line = |n: usize, of: usize, one: &Whole| StopLine {
        no: one.stop.no,
        n,
        name: one.house.name.clone(),
        file_no: people.get(&one.house.file_id).map(|who| who.file_no.clone()).unwrap_or_default(),
        address: one.house.address.clone(),
        number: numbered(&one.house),
        kind: one.shown.tag().0,
        words: one.shown.tag().1,
        paid: one.paid,
        may_leave: one.stop.state == StopState::Open,
        is_first: n == 1,
        is_last: n == of,
    };
    let (passed, going): (Vec<Whole>, Vec<Whole>) =
        all.into_iter().partition(|one| one.stop.state == StopState::Passed);
    let of = going.len();
    let lines = (1..).zip(&going).map(|(n, one)| one.headed(line(n, of, one))).collect();
    let page = RoundPage {
        id: round.id.to_string(),
        version: round.version,
        title: round.title.clone(),
        day: day_in_words(&app, &round),
        visitors: round.visitors(),
        created_by: round.created_by.clone(),
        is_open: round.state == RoundState::Open,
        all: of,
        done: going.iter().filter(|one| !one.shown.is_open()).count(),
        villages: rules::under_headings(lines),
        passed: passed.iter().map(|one| line(0, 0, one)).collect(),
    };
    shell::page(&app, &me, &req, "visits/round.html", page)
}

/// `12月22日 周二`.
pub(super) fn day_in_words(app: &App, round: &Round) -> String {
    let day = in_words(round.on_day, app.clock.today());
    format!("{day} {}", weekday_in_words(round.on_day))
}

/// `POST /visits/rounds/{id}/order`: a stop goes `up`, `down`, `out`, `in`.
pub async fn order(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<i64>,
    form: Form,
) -> AppResult<HttpResponse> {
    let (id, version) = (RoundId::new(*id), form.0.version()?);
    let (no, how) = (form.0.get("no").parse().map_err(|_| AppError::NotFound)?, form.0);
    let message = me
        .act(&app, "a visit round changed", move |act| {
            let (round, all) = whole(act.db, act.scope, id)?;
            if round.state == RoundState::Closed {
                return Err(AppError::refused("这次走访已经结束，要改请先重新打开"));
            }
            let one = all.iter().find(|one| one.stop.no == no).ok_or(AppError::NotFound)?;
            store::touch(act.db, act.scope, (id, version))?;
            let out = match how.get("how") {
                "up" | "down" => {
                    act.needs_no_audit("an order of the day is no history of a family");
                    let order = moved(&all, no, how.get("how") == "up");
                    for (place, no) in (1_i32..).zip(order) {
                        store::set_place(act.db, act.scope, (id, no), place)?;
                    }
                    return Ok("");
                }
                "out" => true,
                "in" => false,
                _ => return Err(AppError::NotFound),
            };
            if !store::leave_out(act.db, act.scope, (id, no), out)? {
                return Err(AppError::refused("这一户已经走访，不用再改"));
            }
            let words = if out { "这次不去" } else { "又加进来" };
            act.audit(
                AuditEntry::of(
                    "round_changed",
                    &one.house.number,
                    format!("走访安排“{}”：{}{words}", round.title, one.house.name),
                )
                .on_file(one.house.file_id),
            )?;
            Ok(if out { "这一户这次不去，走访表还在外" } else { "已经加回来" })
        })
        .await?;
    shell::done(&app, &format!("/visits/rounds/{id}#s{no}"), message)
}

/// The numbers of all stops with one moved past its neighbour; those left out do not count as
/// neighbours and keep to the end.
fn moved(all: &[Whole], no: i32, up: bool) -> Vec<i32> {
    let (passed, mut going): (Vec<i32>, Vec<i32>) = {
        let is_out = |one: &&Whole| one.stop.state == StopState::Passed;
        let (out, going): (Vec<&Whole>, Vec<&Whole>) = all.iter().partition(is_out);
        let numbers = |some: Vec<&Whole>| some.iter().map(|one| one.stop.no).collect();
        (numbers(out), numbers(going))
    };
    if let Some(at) = going.iter().position(|one| *one == no) {
        let other = if up { at.checked_sub(1) } else { at.checked_add(1) };
        if let Some(other) = other.filter(|other| *other < going.len()) {
            going.swap(at, other);
        }
    }
    going.into_iter().chain(passed).collect()
}

/// `POST /visits/rounds/{id}/state`: `closed` or `open`.
pub async fn state(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<i64>,
    form: Form,
) -> AppResult<HttpResponse> {
    let (id, version) = (RoundId::new(*id), form.0.version()?);
    let to = RoundState::from_text(form.0.get("to")).ok_or(AppError::NotFound)?;
    let closed = to == RoundState::Closed;
    me.act(&app, "a visit round closed", move |act| {
        let round = store::find(act.db, act.scope, id)?;
        store::touch(act.db, act.scope, (id, version))?;
        store::set_state(act.db, act.scope, id, (to, closed.then_some(act.now)))?;
        let verb = if closed { "结束" } else { "重新打开" };
        act.audit(AuditEntry::of(
            "round_changed",
            &round.title,
            format!("{verb}走访：{}（{}）", round.title, round.on_day),
        ))
    })
    .await?;
    let message = if closed {
        "这次走访已结束；手机上还没送到的，仍然可以送来"
    } else {
        "已重新打开"
    };
    shell::done(&app, &format!("/visits/rounds/{id}"), message)
}
