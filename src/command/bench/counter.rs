//! The counter on a full day: four clerks who serve a day's households at once, by the acts that
//! pages use; then, over real HTTP, eight clerks on the pages of the counter while a sheet of the
//! bank is imported; and a school's candidates checked.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::client::Ask;
use super::load::{clerks, get, import, within};
use super::place::{Kind, Place};
use super::round::number;
use super::server::{Server, sign_in};
use super::table::{Figure, Line, Table, thousands};
use super::{copies, day};
use crate::base::ids::{RowId, StaffId};
use crate::book::audit_log::Actor;
use crate::book::staff::Role;
use crate::book::statement::Product;
use crate::command::CliError;
use crate::command::visit::{Counter, Reaches, invented, open_season};
use crate::imports::batch::{self, Upload};

const YEAR: i32 = 2026;
/// Eight hours of five minutes.
const HOUSEHOLDS: u32 = 96;
const SERVING: u32 = 4;
const CLICKING: u32 = 8;
/// So long a clerk looks at a page.
const LOOK: Duration = Duration::from_millis(400);
const ROWS: u32 = 20_000;
const PAGE_MS: u64 = 50;
const CANDIDATES: u32 = 2_000;
const CHECKED_MS: u64 = 3_000;
const PAGES: [&str; 6] = [
    "/applications",
    "/applications/{}",
    "/applications/{}/study",
    "/applications?tab=signed",
    "/bookings",
    "/applications/{}/co",
];

/// Measures it on one database.
pub(super) fn measure(kind: &Kind, rows: u32, table: &mut Table<'_>) -> Result<(), CliError> {
    let place = Place::made(kind, day(YEAR, 8, 10)?)?;
    open_season(&place.app, &place.scope, YEAR, "bench")?;
    let rows = rows.min(ROWS);
    let each = HOUSEHOLDS.min(rows / 10 + 1);
    let (drafts, took, failed) = serve(&place, each)?;
    let households = thousands((SERVING * each).into());
    let what = format!("{households} households by {SERVING} clerks at once, {}", kind.name());
    table.line(Line { what, figure: Figure::Took(took), goal: None, raw: None })?;
    say_none(table, "  locked out or refused", failed)?;
    candidates(&place, table)?;
    pages(&place, &drafts, rows, table)
}

fn say_none(table: &mut Table<'_>, what: &str, count: usize) -> Result<(), CliError> {
    let figure = Figure::Count(u64::try_from(count).unwrap_or_default());
    table.line(Line { what: what.to_owned(), figure, goal: Some(Figure::Count(0)), raw: None })
}

fn actor(place: &Place, id: StaffId, name: String) -> Actor {
    Actor { staff_id: Some(id), name, office_code: place.by.office_code.clone() }
}

/// Everybody of a day: most sign, every eighth stays a draft. The drafts, and how many failed.
fn serve(place: &Place, each: u32) -> Result<(Vec<RowId>, Duration, usize), CliError> {
    let reviewer = place.add_staff("reviewer", Role::Reviewer)?;
    let reviewer = actor(place, reviewer, "复核".to_owned());
    let serving: Vec<Actor> = (0..SERVING)
        .map(|n| {
            Ok(actor(place, place.add_staff(&format!("desk{n}"), Role::Clerk)?, n.to_string()))
        })
        .collect::<Result<_, CliError>>()?;
    let started = Instant::now();
    let done = std::thread::scope(|scope| {
        let desks: Vec<_> = (0..)
            .zip(&serving)
            .map(|(n, clerk)| {
                let reviewer = &reviewer;
                scope.spawn(move || desk(place, (clerk, reviewer), n * each..(n + 1) * each))
            })
            .collect();
        desks.into_iter().map(|one| one.join()).collect::<Result<Vec<_>, _>>()
    });
    let done = done.map_err(|_| CliError::failed("a clerk of the bench ended badly"))?;
    let failed = done.iter().map(|(_, failed)| failed).sum();
    Ok((done.into_iter().flat_map(|(drafts, _)| drafts).collect(), started.elapsed(), failed))
}

fn desk(
    place: &Place,
    (clerk, reviewer): (&Actor, &Actor),
    households: Range<u32>,
) -> (Vec<RowId>, usize) {
    let counter = Counter { app: &place.app, scope: &place.scope, clerk, reviewer };
    let (mut drafts, mut failed) = (Vec::new(), 0);
    for one in households {
        let reaches = if one % 8 == 0 { Reaches::Draft } else { Reaches::Signed };
        let who = invented(one, YEAR);
        match who.map(|who| counter.serve(&who, reaches)) {
            Some(Ok(id)) if reaches == Reaches::Draft => drafts.push(id),
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                tracing::error!(%error, "a household of the bench was not served");
                failed += 1;
            }
            None => failed += 1,
        }
    }
    (drafts, failed)
}

fn candidates(place: &Place, table: &mut Table<'_>) -> Result<(), CliError> {
    let mut text =
        String::from("序号,学生姓名,身份证号,毕业高中,班级,家庭类型,联系电话,申请日期\r\n");
    for n in 0..CANDIDATES {
        let (number, class) = (number(2008, n), n % 20 + 1);
        let row = format!("{n},周小满,{number},乐至中学,高三{class}班,其他低收入家庭");
        text.push_str(&format!("{row},164{n:08},2026-05-11\r\n"));
    }
    let upload = Upload { name: "预申请名单.csv".to_owned(), bytes: text.into_bytes() };
    let (app, scope) = (&place.app, &place.scope);
    let started = Instant::now();
    let batch = batch::receive_files(app, scope, &place.by, &[upload], None, Product::Cdb)?;
    batch::check(app, scope, &batch, |_| {})?;
    table.line(Line {
        what: format!("{} candidates checked", thousands(CANDIDATES.into())),
        figure: Figure::Took(started.elapsed()),
        goal: Some(Figure::Took(Duration::from_millis(CHECKED_MS))),
        raw: None,
    })
}

fn pages(
    place: &Place,
    drafts: &[RowId],
    rows: u32,
    table: &mut Table<'_>,
) -> Result<(), CliError> {
    let clerks = clerks(place, CLICKING)?;
    let server = Server::without_jobs(place)?;
    let (sheets, importer) = (copies::of(0, rows)?, sign_in(place, place.by.staff_id)?);
    let stop = AtomicBool::new(false);
    let answers = std::thread::scope(|scope| {
        let at = server.address;
        let asking: Vec<_> = (0..)
            .zip(&clerks)
            .map(|(n, (cookie, _))| {
                let stop = &stop;
                scope.spawn(move || click(at, cookie, (n, drafts), stop))
            })
            .collect();
        let imported = import(place, at, &importer, &sheets);
        stop.store(true, Ordering::Release);
        let mut answers = Vec::new();
        for one in asking {
            answers.extend(one.join().map_err(|_| CliError::failed("a clerk ended badly"))?);
        }
        imported.map(|_| answers)
    })?;
    let mut times: Vec<Duration> = answers.iter().filter_map(|took| *took).collect();
    times.sort_unstable();
    let count = thousands(u64::try_from(times.len()).unwrap_or_default());
    let rows = thousands(u64::try_from(copies::rows(&sheets)).unwrap_or_default());
    let what = format!("counter page, {count} times beside an import of {rows} rows, half within");
    table.line(Line { what, figure: Figure::Took(within(&times, 50)), goal: None, raw: None })?;
    let goal = Some(Figure::Took(Duration::from_millis(PAGE_MS)));
    let figure = Figure::Took(within(&times, 99));
    table.line(Line { what: "  99 of 100 within".to_owned(), figure, goal, raw: None })?;
    say_none(table, "  errors", answers.len() - times.len())
}

/// One clerk, from page to page until the import is over.
fn click(
    to: SocketAddr,
    cookie: &str,
    (of, drafts): (u32, &[RowId]),
    stop: &AtomicBool,
) -> Vec<Option<Duration>> {
    let (mut connection, mut answers) = (None, Vec::new());
    let begin = Instant::now() + LOOK * of / CLICKING;
    for (turn, (path, draft)) in (0..).zip(PAGES.iter().cycle().zip(drafts.iter().cycle())) {
        let planned = begin + LOOK * turn;
        std::thread::sleep(planned.saturating_duration_since(Instant::now()));
        if stop.load(Ordering::Acquire) {
            break;
        }
        let ask = Ask { cookie: cookie.to_owned(), path: path.replace("{}", &draft.to_string()) };
        let clicked = Instant::now();
        let done = get(&mut connection, to, &ask);
        answers.push(done.then(|| clicked.elapsed()));
    }
    answers
}
