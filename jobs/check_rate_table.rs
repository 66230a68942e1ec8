//! Is the interest-rate table up to date? The LPR comes out on the 20th or the next working day;
//! when a month is missing, or the holidays of the year, or nobody has said yet whether the year's
//! interest is waived, an amber line stands on the workbench; a missing LPR is a red one from 12-01
//! on.
//!
//! When: every morning. Why: without the month's LPR the last known one is used, and the next
//! pricing day would be wrong; nobody looks into a table that is only asked once a year. Missed:
//! the last morning only.

use chrono::{Datelike, NaiveDate};

use super::offices;
use crate::app::App;
use crate::book::policy::PolicyWarning;
use crate::book::warning::{self, Warning};
use crate::clock::{Counts, Job, Missed};
use crate::error::AppResult;

pub const JOB: Job = Job {
    name: "check_rate_table",
    words: "检查利率表和节假日表",
    cron: "0 0 8 * * *",
    missed: Missed::Latest,
    run,
};

/// What the lines on the workbench are filed under.
const WARNING: &str = "rates";

/// Where the values are entered.
const PAGE: &str = "/policy";

fn key(warning: &PolicyWarning) -> String {
    match warning {
        PolicyWarning::LprLate { .. } => "lpr".to_owned(),
        PolicyWarning::HolidaysUnknown { .. } => "holidays".to_owned(),
        PolicyWarning::WaiverUnknown { year } => format!("waiver {year}"),
    }
}

fn advice(warning: &PolicyWarning) -> &'static str {
    match warning {
        PolicyWarning::LprLate { .. } => {
            "请主任在「政策与利率」录入公布的数值，另一位确认；每年 12月21日 按它重新定价"
        }
        PolicyWarning::WaiverUnknown { .. } => {
            "看看有没有当年的免息通知；有或确定没有，都请主任在「政策与利率」录入，另一位确认"
        }
        PolicyWarning::HolidaysUnknown { .. } => {
            "请主任按国务院办公厅的通知在「政策与利率」录入，另一位确认；节假日不发短信按它算"
        }
    }
}

/// Around the pricing day of 12-21 a missing LPR is an alarm: contracts would get a wrong rate.
fn level(warning: &PolicyWarning, today: NaiveDate) -> &'static str {
    match warning {
        PolicyWarning::LprLate { .. } if today.month() == 12 => "bad",
        _ => "wait",
    }
}

/// Raises or clears the lines; the note says what nobody has entered yet, which is no failure.
pub fn run(app: &App, _: NaiveDate) -> AppResult<Counts> {
    let today = app.clock.today();
    let found = app.policy().warnings(today);
    let now = app.clock.now_at();
    let offices = offices(app, &JOB)?;
    app.db.write("rate table checked", |db| {
        for office in &offices {
            for old in warning::of_kind(db, &office.code, WARNING)? {
                if !found.iter().any(|missing| key(missing) == old.key) {
                    warning::clear(db, &office.code, WARNING, &old.key)?;
                }
            }
            for missing in &found {
                let line = Warning {
                    office_code: office.code.clone(),
                    kind: WARNING.to_owned(),
                    key: key(missing),
                    level: level(missing, today).to_owned(),
                    title: missing.to_string(),
                    advice: advice(missing).to_owned(),
                    url: PAGE.to_owned(),
                    due_on: None,
                    since: now,
                    seen_at: now,
                };
                warning::raise(db, &line)?;
            }
        }
        Ok(())
    })?;
    let note = found.iter().map(ToString::to_string).collect::<Vec<_>>().join("；");
    Ok(Counts { note, ..Counts::default() })
}
