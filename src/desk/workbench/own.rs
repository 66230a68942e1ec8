//! A clerk's own day: the cases and families that are theirs, by index.

use chrono::{Datelike, NaiveDate};
use diesel::dsl::count_star;
use diesel::prelude::*;
use serde::Serialize;

use crate::base::ids::StaffId;
use crate::base::scope::Scope;
use crate::base::url::link;
use crate::book::contact::task::State;
use crate::error::AppResult;
use crate::life::contact::coverage::{Sums, percent};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{contact_duty, file_position, overdue_case};

/// So many of one's own, there.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    count: i64,
    what: &'static str,
    link: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct Own {
    lines: Vec<Line>,
    /// Families of this year that are one's own.
    due: i64,
    done: i64,
    percent: i64,
}

impl Own {
    /// A line of one's own leads into this list.
    pub fn has_of(&self, list: &str) -> bool {
        self.lines.iter().any(|line| line.link.starts_with(list))
    }
}

pub fn load(
    db: &mut Db,
    scope: &Scope,
    (me, name): (StaffId, &str),
    today: NaiveDate,
) -> AppResult<Own> {
    let cases = || {
        overdue_case::table
            .inner_join(file_position::table.on(file_position::file_id.eq(overdue_case::file_id)))
            .filter(scope.holds(overdue_case::office_code))
            .filter(file_position::oldest_unpaid_due_on.is_not_null())
            .filter(overdue_case::owner_id.eq(me))
            .filter(overdue_case::state.eq("open"))
    };
    let call: i64 = cases().filter(overdue_case::next_on.le(today)).count().get_result(db)?;
    let is_due = overdue_case::next_step.eq("promise_due").and(overdue_case::next_on.le(today));
    let promises: i64 =
        cases().filter(overdue_case::promised_on.eq(today).or(is_due)).count().get_result(db)?;
    let duties = || {
        contact_duty::table
            .filter(scope.holds(contact_duty::office_code))
            .filter(contact_duty::year.eq(today.year()))
            .filter(contact_duty::staff_id.eq(me))
    };
    let families: i64 = duties()
        .filter(contact_duty::state.eq(State::Open))
        .filter(contact_duty::next_on.le(today))
        .count()
        .get_result(db)?;
    let states: Vec<(State, i64)> = duties()
        .group_by(contact_duty::state)
        .select((contact_duty::state, count_star()))
        .load(db)?;
    let mut sums = Sums::default();
    states.into_iter().for_each(|(state, count)| sums.add(state, count));
    let owner = me.to_string();
    let of_cases = |list: &str| link("/overdue", &[("list", list), ("owner", &owner)]);
    let of_families = [("list", "today"), ("kind", "clerk"), ("who", name)];
    let line = |count, what, link| Line { count, what, link };
    let lines = vec![
        line(promises, "户承诺今天还或已到期，回访", of_cases("promise")),
        line(call, "户我跟进的逾期，今天要联系", of_cases("today")),
        line(families, "户我联系的家庭，今天要联系", link("/family-contacts", &of_families)),
    ];
    Ok(Own {
        lines: lines.into_iter().filter(|line| line.count > 0).collect(),
        due: sums.due,
        done: sums.done,
        percent: percent(sums.done, sums.due),
    })
}
