//! The follow-up of a large county over real HTTP: a year's contacts planned and shared out, cases
//! opened by the ladder's own job, and the overdue page asked with many filters. What papers and
//! sheets that come back cost is in `sheets.rs`.
//!
//! The county begins on the machine's own day, for the server has no other; every tenth
//! borrower whose repayment has begun is late. Stages, next steps and owners are then spread, as
//! they are after some weeks of work.

use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::client::{self, Ask, CONNECTIONS, FORM};
use super::data::{self, County};
use super::place::{self, Kind, Place};
use super::server::{Server, sign_in};
use super::table::{Figure, Line, Table, thousands};
use super::{raw, sheets};
use crate::base::dates::Clock;
use crate::base::ids::{RowId, StaffId};
use crate::base::url::encoded;
use crate::book::staff::Role;
use crate::command::CliError;
use crate::jobs::{follow_overdue, plan_contact_duties};
use crate::life::overdue::kinds::Stage;
use crate::life::overdue::saved::{self, Saved};
use crate::plumbing::schema::{contact_duty, overdue_case};

/// Of so many borrowers one is late: of 100,000 some 6,000, for in waived years nothing is owed.
const LATE_ONE_IN: u32 = 10;
/// How often each page is asked for.
const TIMES: usize = 60;
/// What we promise of the list: half of its pages within, while nothing changes. `changed` in the
/// table: half of the pages that are the first after a change.
const LIST_MS: u64 = 12;
/// How often each page is asked for when all are at once.
const LISTS_TIMES: usize = 40;
/// Pages a second that we promise then.
const LISTS_RATE: u64 = 400;
/// Clerks beside the first.
const CLERKS: [&str; 5] = ["蒙秀兰", "潘建军", "石小梅", "杨文斌", "吴仁贵"];
/// Days over which next steps are spread.
const SPREAD: u64 = 20;

/// Measures everything on one database.
pub(super) fn measure(kind: &Kind, borrowers: u32, table: &mut Table<'_>) -> Result<(), CliError> {
    let today = Clock::real().today();
    let place = Place::made(kind, today)?;
    for name in CLERKS {
        place.add_staff(name, Role::Clerk)?;
    }
    let director = place.add_staff("罗主任", Role::Director)?;
    let county = County { loans: borrowers * 5 / 2, late_one_in: LATE_ONE_IN };
    data::fill(&place, county)?;
    plan(&place, today, table)?;
    open_cases(&place, today, table)?;
    spread(&place, today)?;
    keep_lists(&place)?;
    place::analyze(&place)?;
    let server = Server::without_jobs(&place)?;
    share(&place, &server, director, table)?;
    list(&place, &server, table)?;
    sheets::measure(&place, &server, table)?;
    table.line(Line {
        what: format!("memory of the server after all that, {}", place.kind.name()),
        figure: Figure::Bytes(server.resident_bytes()?),
        goal: None,
        raw: None,
    })
}

/// The year's duties of all families, made and given to clerks.
fn plan(place: &Place, today: NaiveDate, table: &mut Table<'_>) -> Result<(), CliError> {
    let started = Instant::now();
    let made = plan_contact_duties::run(&place.app, today)?.done;
    table.line(Line {
        what: format!("{} yearly contacts planned, {}", thousands(made), place.kind.name()),
        figure: Figure::Took(started.elapsed()),
        goal: Some(Figure::Took(Duration::from_secs(10))),
        raw: Some(Figure::Took(raw::inserts(place, made)?)),
    })
}

/// A case for everybody with arrears; and the same job when nothing has changed.
fn open_cases(place: &Place, today: NaiveDate, table: &mut Table<'_>) -> Result<(), CliError> {
    let started = Instant::now();
    let opened = follow_overdue::run(&place.app, today)?.done;
    let took = started.elapsed();
    table.line(Line {
        what: format!("{} overdue cases opened, {}", thousands(opened), place.kind.name()),
        figure: Figure::Took(took),
        goal: None,
        // A case and its first step.
        raw: Some(Figure::Took(raw::inserts(place, opened * 2)?)),
    })?;
    let started = Instant::now();
    let second = follow_overdue::run(&place.app, today)?.done;
    table.line(Line {
        what: format!("the same job again ({second} changed)"),
        figure: Figure::Took(started.elapsed()),
        goal: None,
        raw: None,
    })?;
    Ok(())
}

/// Stages, next steps and numbers that do not work, as after some weeks.
fn spread(place: &Place, today: NaiveDate) -> Result<(), CliError> {
    place.app.db.write("bench ladder", |db| {
        for n in 0..SPREAD {
            let day = today + Days::new(n) - Days::new(SPREAD / 4);
            let some = sql::<Bool>(&format!("id % {SPREAD} = {n}"));
            diesel::update(overdue_case::table.filter(some))
                .set((overdue_case::next_on.eq(day), overdue_case::stage_since.eq(today)))
                .execute(db)?;
        }
        for (n, stage) in Stage::ALL.iter().enumerate().skip(1) {
            let some = sql::<Bool>(&format!("id % 11 = {n}"));
            diesel::update(overdue_case::table.filter(some))
                .set((
                    overdue_case::stage.eq(*stage),
                    overdue_case::next_step.eq(stage.first_step()),
                ))
                .execute(db)?;
        }
        Ok(())
    })?;
    Ok(())
}

/// Three lists under a name: each is counted on every page.
fn keep_lists(place: &Place) -> Result<(), CliError> {
    let now = place.app.clock.now_at();
    let queries = ["?township=石佛镇", "?stage=village&min=1000", "?list=new&school=乐至中学"];
    place.app.db.write("bench lists", |db| {
        for query in queries {
            let new = Saved {
                id: RowId::new(place.app.next_id()),
                office_code: place.scope.own().to_owned(),
                staff_id: place.by.staff_id.unwrap_or(StaffId::new(0)),
                page: "overdue".to_owned(),
                name: query.to_owned(),
                query: query.to_owned(),
                shared: false,
                created_at: now,
            };
            saved::keep(db, &new)?;
        }
        Ok(())
    })?;
    Ok(())
}

/// The families of every township given to their villages, one form after the other.
fn share(
    place: &Place,
    server: &Server,
    director: StaffId,
    table: &mut Table<'_>,
) -> Result<(), CliError> {
    let (cookie, csrf) = sign_in(place, Some(director))?;
    let ask = |path: &str| Ask { cookie: cookie.clone(), path: path.to_owned() };
    let page = client::ask_over(1, server.address, &vec![ask("/family-contacts/share"); 5])?;
    let mut took = Duration::ZERO;
    for township in data::TOWNSHIPS {
        let of = encoded(&format!("township:{township}镇"));
        let form = format!("csrf={csrf}&of={of}&to=village");
        took +=
            client::send(server.address, &ask("/family-contacts/share"), (FORM, form.as_bytes()))?
                .0;
    }
    let shared: i64 = place.app.db.read(|db| {
        let of_villages = contact_duty::table.filter(contact_duty::assignee_kind.eq("village"));
        Ok(of_villages.count().get_result(db)?)
    })?;
    let shared = u64::try_from(shared).unwrap_or_default();
    table.line(Line {
        what: format!("{} families shared out to 400 villages", thousands(shared)),
        figure: Figure::Took(took),
        goal: Some(Figure::Took(Duration::from_secs(3))),
        raw: Some(Figure::Took(raw::inserts(place, shared)?)),
    })?;
    table.line(Line {
        what: "the page of sharing out, half within".to_owned(),
        figure: Figure::Took(page.p50),
        goal: None,
        raw: None,
    })
}

/// The overdue page with many filters, one after the other; then all of them at once.
fn list(place: &Place, server: &Server, table: &mut Table<'_>) -> Result<(), CliError> {
    let (cookie, _) = sign_in(place, place.by.staff_id)?;
    let raw = Some(Figure::Took(raw::ladder_page(place)?));
    let mut all = Vec::new();
    for (name, query) in queries(place) {
        let path = format!("/overdue{query}");
        let asks = vec![Ask { cookie: cookie.clone(), path }; TIMES];
        client::ask_over(1, server.address, asks.get(..3).unwrap_or_default())?;
        let found = client::ask_over(1, server.address, &asks)?;
        let mut changed = Vec::new();
        for ask in asks.chunks(3) {
            change(place)?;
            changed
                .push(client::ask_over(1, server.address, ask.get(..1).unwrap_or_default())?.p50);
        }
        changed.sort_unstable();
        let changed = changed.get(changed.len() / 2).copied().unwrap_or_default();
        let [most, changed] = [found.p99, changed].map(|took| Figure::Took(took).to_text());
        table.line(Line {
            what: format!("overdue, {name}: 99% {most}, changed {changed}, half"),
            figure: Figure::Took(found.p50),
            goal: Some(Figure::Took(Duration::from_millis(LIST_MS))),
            raw,
        })?;
        all.extend(asks.into_iter().take(LISTS_TIMES));
    }
    let found = client::ask(server.address, &all)?;
    table.line(Line {
        what: format!("  all of these over {CONNECTIONS} connections"),
        figure: Figure::rate(found.count, found.took),
        goal: Some(Figure::PerSecond(LISTS_RATE)),
        raw: None,
    })
}

/// Something changed, and all that the server knows of the database is old.
fn change(place: &Place) -> Result<(), CliError> {
    place.app.db.write("bench change", |db| {
        let weight = overdue_case::weight.eq(overdue_case::weight);
        diesel::update(overdue_case::table.filter(sql::<Bool>("id % 1000 = 1")))
            .set(weight)
            .execute(db)?;
        Ok(())
    })?;
    Ok(())
}

/// What is asked for: a name for the table, and the query of the address.
fn queries(place: &Place) -> Vec<(&'static str, String)> {
    let today = place.app.clock.today();
    let own = place.by.staff_id.map(|id| id.to_string()).unwrap_or_default();
    let (town, school) = (encoded("石佛镇"), encoded("乐至中学"));
    let police = encoded("中天派出所");
    let name = encoded("张晓兰");
    let university = encoded("师范");
    let after = encoded(&format!("{today}~{today}.LZ2015-00500"));
    vec![
        ("everybody", String::new()),
        ("who first", "?sort=first".to_owned()),
        ("stage", "?stage=village".to_owned()),
        ("township", format!("?township={town}")),
        ("owner", format!("?owner={own}")),
        ("stage, township, owner", format!("?stage=student&township={town}&owner={own}")),
        ("today", "?list=today".to_owned()),
        ("mine, who first", "?list=mine&sort=first".to_owned()),
        ("new, school, police", format!("?list=new&school={school}&police={police}")),
        ("end of loan, least 1,000", "?list=ended&min=1000".to_owned()),
        ("paid this week", "?list=paid".to_owned()),
        ("name", format!("?q={name}")),
        ("end of identity number", "?q=0279".to_owned()),
        ("university, year, first", format!("?university={university}&year=2015&sort=first")),
        ("a page further", format!("?after={after}")),
        ("100 rows, who first", "?size=100&sort=first".to_owned()),
    ]
}
