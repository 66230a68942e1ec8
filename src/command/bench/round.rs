//! A round of 困难认定 from the list of pupils to the list on the wall, as the desk does it: the sheet
//! read, everybody looked at four times, published.

use std::time::Instant;

use diesel::prelude::*;

use super::place::{Kind, Place};
use super::table::{Figure, Line, Table, thousands};
use crate::base::ids::RowId;
use crate::book::act::{self, FormKey};
use crate::command::CliError;
use crate::error::AppResult;
use crate::life::recognition::round_steps::{self, NewRound};
use crate::life::recognition::rules::{Step, Term};
use crate::life::recognition::steps::{self, Opinion, Who};
use crate::life::recognition::{round_store, upload};
use crate::plumbing::schema::{hardship_application, hardship_step};
use crate::web::fields::Seen;

const PUPILS: u32 = 1_000;
/// What we promise.
const MOST_MS: u64 = 2_000;

/// The identity number of one of 28,000 people born in March of a year.
pub(super) fn number(year: u32, one: u32) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let (day, serial) = (one % 28 + 1, one / 28);
    let number = format!("512022{year}03{day:02}{serial:03}");
    let digits = number.chars().filter_map(|c| c.to_digit(10));
    let sum: u32 = digits.zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    let check = "10X98765432".chars().nth(usize::try_from(sum % 11).unwrap_or_default());
    format!("{number}{}", check.unwrap_or_default())
}

/// As a school has it.
fn list() -> String {
    let mut text = String::from("姓名,身份证号,年级,班级,困难等级,认定类型\n");
    for pupil in 0..PUPILS {
        let (number, class) = (number(2009, pupil), pupil % 20 + 1);
        text.push_str(&format!("周小满,{number},高三,{class}班,困难,最低生活保障\n"));
    }
    text
}

/// The whole way; returns the round.
fn publish(place: &Place, list: &[u8]) -> AppResult<RowId> {
    let (who, today) = ((&place.by, &place.scope), place.app.clock.today());
    let policy = place.app.policy();
    let new = NewRound {
        year: 2026,
        term: Term::Autumn,
        school: "乐至中学".to_owned(),
        apply_until: today,
        quota: None,
    };
    let key = |of: &str| FormKey(of.to_owned());
    let id = act::run(&place.app, who, "open", |act| round_steps::open(act, &key("open"), &new))?;
    let id = id.unwrap_or_default();
    let rows = upload::read(list, &policy, today).unwrap_or_default();
    let desk = Who::Desk(false);
    act::run(&place.app, who, "pupils", |act| {
        steps::add_list(act, &key("list"), (&desk, id), &rows)
    })?;
    for step in [Step::Class, Step::Grade, Step::School, Step::Village] {
        let opinion = Opinion {
            step,
            by_name: "周敏".to_owned(),
            on_day: today,
            opinion: "情况属实，同意".to_owned(),
            papers: "证明一份，已盖章".to_owned(),
            level: String::new(),
        };
        act::run(&place.app, who, "steps", |act| {
            steps::step_many(act, &key(step.as_text()), (&desk, id, ""), &opinion)
        })?;
    }
    let until = policy.calendar().add_working_days(today, 5);
    let seen = Seen { id, version: 0 };
    act::run(&place.app, who, "publish", |act| {
        round_steps::publish(act, &key("publish"), seen, (until, "公示栏", "028-23350000"))
    })?;
    Ok(id)
}

/// The same rows written once more, and nothing else.
fn rows_alone(place: &Place, id: RowId) -> AppResult<std::time::Duration> {
    let scope = place.scope.clone();
    let (pupils, steps) = place.app.db.read(|db| {
        let pupils = round_store::of_round(db, &scope, id)?;
        let ids: Vec<RowId> = pupils.iter().map(|one| one.id).collect();
        Ok((pupils, round_store::steps(db, &scope, &ids)?))
    })?;
    place.app.db.write("bench", |db| {
        diesel::delete(hardship_step::table).execute(db)?;
        diesel::delete(hardship_application::table).execute(db)?;
        Ok(())
    })?;
    let started = Instant::now();
    place.app.db.write("bench", |db| {
        round_store::add_all(db, &pupils)?;
        round_store::add_steps(db, &steps)
    })?;
    Ok(started.elapsed())
}

/// Measures it on one database.
pub(super) fn measure(kind: &Kind, table: &mut Table<'_>) -> Result<(), CliError> {
    let (place, list) = (&Place::made(kind, super::first_day()?)?, list());
    let started = Instant::now();
    let id = publish(place, list.as_bytes())?;
    let took = started.elapsed();
    table.line(Line {
        what: format!("{} pupils, list to publication, {}", thousands(PUPILS.into()), kind.name()),
        figure: Figure::Took(took),
        goal: Some(Figure::Took(std::time::Duration::from_millis(MOST_MS))),
        raw: Some(Figure::Took(rows_alone(place, id)?)),
    })
}
