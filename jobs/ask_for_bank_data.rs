//! Looks whether a repayment list on record covers everything by now, and asks for the bank's list
//! on the workbench as long as a due day awaits it.
//!
//! When: just after the day is closed. Why: nobody is called overdue before the bank has told.
//! Missed: the last night only; the line says what is so on the day it is looked at.

use chrono::NaiveDate;

use crate::app::App;
use crate::base::scope::Scope;
use crate::book::office;
use crate::clock::{Counts, Job, Missed};
use crate::error::AppResult;
use crate::imports::ask;

pub const JOB: Job = Job {
    name: "ask_for_bank_data",
    words: "催要银行还款明细",
    cron: "20 0 0 * * *",
    missed: Missed::Latest,
    run,
};

/// `done` counts the offices whose newest list does not cover everything.
pub fn run(app: &App, _: NaiveDate) -> AppResult<Counts> {
    let mut short = 0;
    for office in app.db.read(office::all)? {
        short += u64::from(ask::learn(app, &Scope::of(&office.code))?.is_some());
    }
    Ok(Counts { done: short, ..Counts::default() })
}
