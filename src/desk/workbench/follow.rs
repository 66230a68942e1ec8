//! What of contact, the ladder and sheets waits today: each count is the length of a list.

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;

use crate::base::scope::Scope;
use crate::book::contact::task;
use crate::error::AppResult;
use crate::life::overdue::kinds::{AskedFor, State};
use crate::life::visits::sheets::returns;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{contact_duty as duty, overdue_case};

#[derive(Clone, Copy, Debug, Default)]
pub struct Following {
    /// Cases whose next step is today or before: `/overdue?list=today`.
    pub cases: i64,
    /// Cases that wait for the director: `/overdue?list=asked`.
    pub asked: i64,
    /// Sheets that came back and wait for the desk: `/visits/returns`.
    pub returned: i64,
    /// Families to call today or before: `/family-contacts?list=today`.
    pub families: i64,
}

pub fn load(db: &mut Db, scope: &Scope, today: NaiveDate) -> AppResult<Following> {
    Ok(Following {
        cases: overdue_case::table
            .filter(overdue_case::office_code.eq_any(scope.codes()))
            .filter(overdue_case::state.eq(State::Open))
            .filter(overdue_case::next_on.le(today))
            .count()
            .get_result(db)?,
        asked: overdue_case::table
            .filter(overdue_case::office_code.eq_any(scope.codes()))
            .filter(overdue_case::state.ne(State::Closed))
            .filter(overdue_case::asked_for.ne(AskedFor::Nothing))
            .count()
            .get_result(db)?,
        returned: returns::count_waiting(db, scope)?,
        families: duty::table
            .filter(duty::office_code.eq_any(scope.codes()))
            .filter(duty::year.eq(today.year()))
            .filter(duty::state.eq(task::State::Open))
            .filter(duty::next_on.le(today))
            .count()
            .get_result(db)?,
    })
}
