//! The counts beside the entries of the menu. Old by up to a minute, so that no page waits for
//! them: a page takes what is there and, when that is old, has it counted anew behind its back.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use diesel::prelude::*;

use crate::app::App;
use crate::book::contact;
use crate::book::ids::StaffId;
use crate::book::office::Scope;
use crate::error::AppResult;
use crate::life::overdue::sheets::returns;
use crate::plumbing::db::Db;
use crate::plumbing::schema::file_position;

/// How long a count is good enough for the menu.
const GOOD_FOR: Duration = Duration::from_secs(60);

/// What the menu shows for one office.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Count {
    /// Files with something past due.
    pub overdue: Option<i64>,
    /// Sheets that came back and wait to be looked at; nothing when there are none.
    pub returns: Option<i64>,
    /// Contacts that borrowers want changed; nothing when there are none.
    pub contacts: Option<i64>,
}

/// The last counts of each office.
#[derive(Debug, Default)]
pub struct Counts {
    kept: Mutex<HashMap<String, (Instant, Count)>>,
    lists: Mutex<HashMap<ListKey, (Instant, i64)>>,
}

/// A list under a name: the office, whoever asks (some lists are about them), the query.
type ListKey = (String, StaffId, String);

impl Counts {
    /// What is known now; when it is old, it is counted again in the background.
    pub fn of(&self, app: &App, office_code: &str) -> Count {
        let Ok(mut kept) = self.kept.lock() else { return Count::default() };
        let now = Instant::now();
        let known = kept.get(office_code).copied();
        if known.is_some_and(|(at, _)| now.duration_since(at) < GOOD_FOR) {
            return known.map(|(_, count)| count).unwrap_or_default();
        }
        let count = known.map(|(_, count)| count).unwrap_or_default();
        // Marked as fresh at once, so that one page asks and not every page of this second.
        kept.insert(office_code.to_owned(), (now, count));
        let (app, office_code) = (app.clone(), office_code.to_owned());
        actix_web::rt::spawn(async move {
            let code = office_code.clone();
            match app.read(move |db| count_of(db, &code)).await {
                Ok(count) => app.counts.keep(office_code, count),
                Err(error) => tracing::debug!(%error, "the menu could not be counted"),
            }
        });
        count
    }

    /// How many are in a list under a name that only the database can count.
    pub fn of_list(
        &self,
        (office, me, query): (&str, StaffId, &str),
        count: impl FnOnce() -> AppResult<i64>,
    ) -> AppResult<i64> {
        let key = (office.to_owned(), me, query.to_owned());
        let known = self.lists.lock().ok().and_then(|lists| lists.get(&key).copied());
        if let Some((at, number)) = known
            && at.elapsed() < GOOD_FOR
        {
            return Ok(number);
        }
        let number = count()?;
        if let Ok(mut lists) = self.lists.lock() {
            lists.retain(|_, (at, _)| at.elapsed() < GOOD_FOR);
            lists.insert(key, (Instant::now(), number));
        }
        Ok(number)
    }

    /// Forgets everything: an import has changed what there is to count.
    pub fn forget(&self) {
        if let Ok(mut lists) = self.lists.lock() {
            lists.clear();
        }
        if let Ok(mut kept) = self.kept.lock() {
            kept.clear();
        }
    }

    fn keep(&self, office_code: String, count: Count) {
        if let Ok(mut kept) = self.kept.lock() {
            kept.insert(office_code, (Instant::now(), count));
        }
    }
}

fn count_of(db: &mut Db, office_code: &str) -> AppResult<Count> {
    let overdue = file_position::table
        .filter(file_position::office_code.eq(office_code))
        .filter(file_position::oldest_unpaid_due_on.is_not_null())
        .count()
        .get_result(db)?;
    let contacts = contact::count_open(db, office_code)?;
    let returns = returns::count_waiting(db, &Scope::of(office_code))?;
    let some = |n: i64| Some(n).filter(|n| *n > 0);
    Ok(Count { overdue: Some(overdue), returns: some(returns), contacts: some(contacts) })
}
