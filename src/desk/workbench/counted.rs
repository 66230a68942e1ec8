//! What the workbench counts over all cases and all families of the year: kept until the next
//! change by anybody, for the page is opened often.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde::Serialize;

use super::facts::ARREARS;
use crate::app::App;
use crate::base::dates::days_between;
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::base::url::link;
use crate::book::importing;
use crate::error::AppResult;
use crate::life::contact::coverage::{Sums, percent};
use crate::life::contact::store::by_place;
use crate::life::overdue::kinds::Stage;
use crate::plumbing::db::Db;
use crate::plumbing::revision::{Answers, Revision};
use crate::plumbing::schema::{file_position, overdue_case};

/// Townships that the card shows, the least done first.
const PLACES_MAX: usize = 6;

/// A stage of the ladder.
#[derive(Clone, Debug, Serialize)]
pub struct Rung {
    name: &'static str,
    link: String,
    people: i64,
    sum: Fen,
    /// Days that a case has been there, on average.
    days: i64,
}

/// How far a township's families have been spoken with.
#[derive(Clone, Debug, Serialize)]
pub struct Place {
    name: String,
    link: String,
    percent: i64,
    open: i64,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Counted {
    ladder: Vec<Rung>,
    /// Cases that still owe: the length of the list `/overdue`.
    on_ladder: i64,
    families: Progress,
}

/// The year's contact with families.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Progress {
    pub due: i64,
    pub done: i64,
    pub percent: i64,
    pub places: Vec<Place>,
}

#[derive(Debug, Default)]
struct CountedAnswers(Answers<(Vec<String>, NaiveDate), Arc<Counted>>);

pub fn load(app: &App, db: &mut Db, scope: &Scope) -> AppResult<Arc<Counted>> {
    let (today, revision) = (app.clock.today(), Revision::of(db)?);
    let (key, patience) = ((scope.codes().to_vec(), today), importing::patience(db, scope)?);
    app.shared.get::<CountedAnswers>().0.get((db, &revision, patience), key, |db| {
        let ladder = ladder(db, scope, today)?;
        let on_ladder = ladder.iter().map(|rung| rung.people).sum();
        Ok(Arc::new(Counted { ladder, on_ladder, families: families(db, scope, today.year())? }))
    })
}

fn ladder(db: &mut Db, scope: &Scope, today: NaiveDate) -> AppResult<Vec<Rung>> {
    let cells: Vec<(Stage, NaiveDate, i64, Fen)> = overdue_case::table
        .inner_join(file_position::table.on(file_position::file_id.eq(overdue_case::file_id)))
        .filter(scope.holds(overdue_case::office_code))
        .filter(overdue_case::state.eq_any(["open", "paused"]))
        .filter(file_position::oldest_unpaid_due_on.is_not_null())
        .group_by((overdue_case::stage, overdue_case::stage_since))
        .select((
            overdue_case::stage,
            overdue_case::stage_since,
            count_star(),
            sql::<BigInt>(ARREARS),
        ))
        .load(db)?;
    let rung = |stage: &Stage| {
        let (mut people, mut sum, mut days) = (0, Fen::ZERO, 0);
        for (_, since, count, fen) in cells.iter().filter(|(of, ..)| of == stage) {
            people += count;
            sum += *fen;
            days += count * days_between(*since, today);
        }
        Rung {
            name: stage.in_words(),
            link: link("/overdue", &[("stage", stage.as_text())]),
            people,
            sum,
            days: days / people.max(1),
        }
    };
    Ok(Stage::ALL.iter().map(rung).collect())
}

fn families(db: &mut Db, scope: &Scope, year: i32) -> AppResult<Progress> {
    let mut all = Sums::default();
    let mut places: BTreeMap<String, Sums> = BTreeMap::new();
    for (_, name, state, count) in by_place(db, scope, year, false)? {
        places.entry(name).or_default().add(state, count);
        all.add(state, count);
    }
    let mut places: Vec<Place> = places
        .into_iter()
        .filter(|(name, sums)| !name.is_empty() && sums.open > 0)
        .map(|(name, sums)| Place {
            link: link("/family-contacts", &[("township", &name)]),
            percent: percent(sums.done, sums.due),
            open: sums.open,
            name,
        })
        .collect();
    places.sort_by_key(|place| (place.percent, -place.open));
    places.truncate(PLACES_MAX);
    Ok(Progress { due: all.due, done: all.done, percent: percent(all.done, all.due), places })
}
