//! The timetable while the program serves: what runs every few minutes each by itself, so that
//! nothing waits for anything else; what runs by the day one after the other.

use std::collections::HashMap;
use std::pin::pin;
use std::time::Duration;

use actix_web::rt::task::JoinHandle;
use futures_util::future::select;
use tokio::sync::watch;

use super::attempt;
use super::due::{self, Due};
use crate::app::App;
use crate::clock::Timetable;
use crate::error::AppResult;
use crate::plumbing::restored;

/// How often the timetable looks what is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The clock itself is looked at once in so many looks.
const CLOCK_EVERY: u64 = 60;

/// After an error of the database.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// Jobs that run get this long to end when the program is told to stop; what goes on is cut off,
/// its lease runs out and it is taken up again.
const STOP_WITHIN: Duration = Duration::from_secs(12);

/// Which line of work a job waits in: its own, or that of all jobs that run by the day.
fn lane(due: &Due) -> &'static str {
    if due.is_often() { due.planned.job.name } else { "" }
}

/// Runs whatever is due until told to stop.
pub async fn serve(app: App, mut shutdown: watch::Receiver<bool>) {
    let mut lanes: HashMap<&'static str, JoinHandle<()>> = HashMap::new();
    for round in 0_u64.. {
        if *shutdown.borrow() {
            break;
        }
        if round.is_multiple_of(CLOCK_EVERY) {
            look_at_clock(&app).await;
        }
        lanes.retain(|_, work| !work.is_finished());
        let pause = match find_due(&app).await {
            Ok(found) => {
                for one in found {
                    let lane = lane(&one);
                    if !lanes.contains_key(lane) {
                        lanes.insert(lane, begin(&app, one));
                    }
                }
                LOOK_EVERY
            }
            Err(error) => {
                tracing::error!(%error, "the timetable cannot be read");
                LOOK_AGAIN_AFTER
            }
        };
        select(pin!(shutdown.changed()), pin!(tokio::time::sleep(pause))).await;
    }
    Timetable::of(&app).stop();
    let ends = async {
        for (_, work) in lanes {
            let _ = work.await;
        }
    };
    if tokio::time::timeout(STOP_WITHIN, ends).await.is_err() {
        tracing::warn!("a job was cut off; it is taken up again when its lease has run out");
    }
}

async fn look_at_clock(app: &App) {
    let now = app.clock.now_at();
    match app.write("look at the clock", move |db| restored::look_at_clock(db, now)).await {
        Ok(true) => {
            tracing::error!("the clock has jumped ahead by more than a week; messages wait")
        }
        Ok(false) => {}
        Err(error) => tracing::warn!(%error, "when the clock was looked at could not be kept"),
    }
}

async fn find_due(app: &App) -> AppResult<Vec<Due>> {
    let own = app.clone();
    actix_web::web::block(move || due::due(&own, own.clock.now_at()))
        .await
        .map_err(|e| crate::error::AppError::broken(format!("a look ended early: {e}")))?
}

/// One job that runs often, or everything that is due by the day.
fn begin(app: &App, first: Due) -> JoinHandle<()> {
    let app = app.clone();
    actix_web::rt::spawn(async move {
        let name = first.planned.job.name;
        let work = actix_web::web::block(move || {
            if first.is_often() { attempt::run(&app, &first).map(|_| ()) } else { all_by_day(&app) }
        });
        match work.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, job = name, "a run could not be kept"),
            Err(error) => tracing::error!(%error, job = name, "a run ended early"),
        }
    })
}

fn all_by_day(app: &App) -> AppResult<()> {
    while !Timetable::of(app).is_stopping() {
        let found = due::due(app, app.clock.now_at())?;
        let mut ran = false;
        for one in found.iter().filter(|due| !due.is_often()) {
            if attempt::run(app, one)?.is_some() {
                ran = true;
                // The next of this job or an older day of another may come first now.
                break;
            }
        }
        if !ran {
            break;
        }
    }
    Ok(())
}
