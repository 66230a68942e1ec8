//! The counts beside the entries of the menu. Old by up to a minute, so that no page waits for
//! them: a page takes what is there and, when that is old, has it counted anew behind its back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{Error, web};
use diesel::prelude::*;

use crate::app::App;
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::restored;
use crate::plumbing::schema::{file_position, overdue_case};
use crate::web::waiting::{self, Waiting};

/// How long a count is good enough for the menu.
const GOOD_FOR: Duration = Duration::from_secs(60);

/// What the menu shows for one office.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Count {
    /// Files with something past due.
    pub overdue: Option<i64>,
    /// Sheets that came back and wait to be looked at; nothing when there are none.
    pub returns: Option<i64>,
    /// Contacts that borrowers want changed; nothing when there are none.
    pub contacts: Option<i64>,
    /// The database was put back from a copy, and somebody has to let messages and jobs go on.
    pub restored: bool,
    /// The clock is far ahead of where it was, and somebody has to let messages go on.
    pub clock_jumped: bool,
    /// What rings, whoever it is for.
    #[serde(skip)]
    pub waiting: Vec<Waiting>,
}

/// The last counts of each office: one for each instance, kept in its `App` as shared state.
#[derive(Debug, Default)]
pub struct Counts {
    menu: Mutex<HashMap<String, (Age, Count)>>,
}

/// When something was counted, and how many changes there had been in this instance.
#[derive(Clone, Copy, Debug)]
struct Age {
    at: Instant,
    changes: u64,
}

impl Age {
    fn now(app: &App) -> Age {
        Age { at: Instant::now(), changes: app.changes() }
    }

    fn is_good(self) -> bool {
        self.at.elapsed() < GOOD_FOR
    }
}

impl Counts {
    /// Those of this instance.
    pub fn of(app: &App) -> Arc<Counts> {
        app.shared.get()
    }

    /// What the menu shows: what is known now; when it is old, it is counted again in the
    /// background.
    pub fn menu(&self, app: &App, office_code: &str) -> Count {
        let Ok(mut menu) = self.menu.lock() else { return Count::default() };
        let now = Age::now(app);
        let known = menu.get(office_code).cloned();
        if let Some((age, count)) = &known
            && age.changes == now.changes
            && age.is_good()
        {
            return count.clone();
        }
        // What was counted before a change is nearer to the truth than nothing.
        let count = known.map(|(_, count)| count).unwrap_or_default();
        // Marked as fresh at once, so that one page asks and not every page of this second.
        menu.insert(office_code.to_owned(), (now, count.clone()));
        let (app, office_code) = (app.clone(), office_code.to_owned());
        actix_web::rt::spawn(async move {
            let (code, inner) = (office_code.clone(), app.clone());
            match app.read(move |db| count_of(&inner, db, &code)).await {
                Ok(count) => Counts::of(&app).keep(office_code, (now, count)),
                Err(error) => tracing::debug!(%error, "the menu could not be counted"),
            }
        });
        count
    }

    /// Counts anew, behind somebody's back, what has changed since: before the next page is asked
    /// for.
    pub fn look_again(&self, app: &App) {
        let offices: Vec<String> =
            self.menu.lock().map(|menu| menu.keys().cloned().collect()).unwrap_or_default();
        for office in offices {
            self.menu(app, &office);
        }
    }

    /// What is known of an office. Has nothing counted.
    pub fn known(&self, office_code: &str) -> Option<Count> {
        Some(self.menu.lock().ok()?.get(office_code)?.1.clone())
    }

    /// A count of before a change does not replace one of after it, however late it is done.
    fn keep(&self, office_code: String, counted: (Age, Count)) {
        let Ok(mut menu) = self.menu.lock() else { return };
        let newer = menu.get(&office_code).is_some_and(|(age, _)| age.changes > counted.0.changes);
        if !newer {
            menu.insert(office_code, counted);
        }
    }
}

fn count_of(app: &App, db: &mut Db, office_code: &str) -> AppResult<Count> {
    // The length of the list behind the entry: cases on the ladder that still owe.
    let overdue = overdue_case::table
        .inner_join(file_position::table.on(file_position::file_id.eq(overdue_case::file_id)))
        .filter(overdue_case::office_code.eq(office_code))
        .filter(overdue_case::state.eq_any(["open", "paused"]))
        .filter(file_position::oldest_unpaid_due_on.is_not_null())
        .count()
        .get_result(db)?;
    let held = restored::get(db)?.map(|held| held.copy.is_empty());
    let waiting = waiting::bell(app, db, &Scope::of(office_code))?;
    let of = |link: &str| waiting.iter().find(|line| line.link == link).map(|line| line.count);
    let (returns, contacts) = (of("/visits/returns"), of("/contact-changes"));
    Ok(Count {
        overdue: Some(overdue),
        returns,
        contacts,
        restored: held == Some(false),
        clock_jumped: held == Some(true),
        waiting,
    })
}

/// Around every request: whoever was sent on by a form finds what it changed counted, in the head
/// of the next page.
pub async fn after_each_form(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let app = req.app_data::<web::Data<App>>().cloned().filter(|_| *req.method() == Method::POST);
    let response = next.call(req).await?;
    if let Some(app) = app {
        Counts::of(&app).look_again(&app);
    }
    Ok(response)
}
