//! Everybody on the ladder, read once for one page: how many are in each list, each stage and each
//! list under a name, and their sums. A dozen counting queries would read the same rows a dozen
//! times.
//!
//! Says the same as [`super::cases::sums`] (a test holds the two together); what only the database
//! can tell (parts of names, school years, who has paid) is asked there.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::cases::{self, Place, Wanted};
use super::filter::From;
use super::query::Sums;
use crate::book::ids::{CaseId, StaffId};
use crate::book::money::Fen;
use crate::book::office::Scope;
use crate::error::AppResult;
use crate::life::overdue::ladder::kinds::{AskedFor, NextStep, ParkedFor, Stage, State};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{file_position, loan_file, overdue_case, person};

/// A case that is not closed.
#[derive(Clone, Debug, Queryable)]
struct One {
    id: CaseId,
    stage_since: NaiveDate,
    weight: i64,
    state: State,
    stage: Stage,
    owner_id: Option<StaffId>,
    next_step: NextStep,
    next_on: NaiveDate,
    promised_on: Option<NaiveDate>,
    asked_for: AskedFor,
    parked_for: ParkedFor,
    oldest_unpaid_due_on: Option<NaiveDate>,
    next_due_on: Option<NaiveDate>,
    outstanding: Fen,
    principal: Fen,
    interest: Fen,
    penalty: Fen,
}

/// Where its family belongs.
#[derive(Clone, Debug, Queryable)]
struct Home {
    township: String,
    police: String,
    school: String,
    graduates_on: Option<NaiveDate>,
}

/// All cases that are not closed.
#[derive(Clone, Debug, Default)]
pub struct Everybody {
    cases: Vec<One>,
    /// One for each case, or none at all.
    homes: Option<Vec<Home>>,
}

macro_rules! columns {
    () => {
        (
            overdue_case::id,
            overdue_case::stage_since,
            overdue_case::weight,
            overdue_case::state,
            overdue_case::stage,
            overdue_case::owner_id,
            overdue_case::next_step,
            overdue_case::next_on,
            overdue_case::promised_on,
            overdue_case::asked_for,
            overdue_case::parked_for,
            file_position::oldest_unpaid_due_on,
            file_position::next_due_on,
            file_position::outstanding_fen,
            file_position::overdue_principal_fen,
            file_position::overdue_interest_fen,
            file_position::penalty_fen,
        )
    };
}

/// Does a list depend on where families belong?
fn needs_homes(wanted: &Wanted) -> bool {
    let filter = &wanted.filter;
    filter.township.is_some()
        || filter.police.is_some()
        || filter.school.is_some()
        || filter.graduates.is_some()
}

impl Everybody {
    /// Reads them; with their homes when one of these lists depends on them.
    pub fn read<'a>(
        db: &mut Db,
        scope: &Scope,
        mut lists: impl Iterator<Item = &'a Wanted>,
    ) -> AppResult<Everybody> {
        let positions = overdue_case::table
            .inner_join(file_position::table.on(file_position::file_id.eq(overdue_case::file_id)));
        let open = overdue_case::office_code
            .eq_any(scope.codes())
            .and(overdue_case::state.ne(State::Closed));
        if !lists.any(needs_homes) {
            let cases = positions.filter(open).select(columns!()).load(db)?;
            return Ok(Everybody { cases, homes: None });
        }
        let home = (
            person::township,
            person::police_station,
            loan_file::high_school,
            loan_file::graduates_on,
        );
        let rows: Vec<(One, Home)> = positions
            .inner_join(loan_file::table.on(loan_file::id.eq(overdue_case::file_id)))
            .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
            .filter(open)
            .select((columns!(), home))
            .load(db)?;
        let (cases, homes) = rows.into_iter().unzip();
        Ok(Everybody { cases, homes: Some(homes) })
    }

    /// Does this reading tell who is in a list?
    pub fn tells(&self, wanted: &Wanted) -> bool {
        let filter = &wanted.filter;
        wanted.list != "paid"
            && filter.name.is_none()
            && filter.id_tail.is_none()
            && filter.university.is_none()
            && filter.year.is_none()
            && (self.homes.is_some() || !needs_homes(wanted))
    }

    fn list<'a>(&'a self, wanted: &'a Wanted) -> impl Iterator<Item = &'a One> {
        let at_home = |at: usize| match self.homes.as_ref().and_then(|homes| homes.get(at)) {
            Some(home) => lives_in(home, wanted),
            None => true,
        };
        let all = self.cases.iter().enumerate();
        all.filter(move |(at, one)| is_in(one, wanted) && at_home(*at)).map(|(_, one)| one)
    }

    /// Counts and sums of a list; asks the database where this reading cannot tell.
    pub fn sums(&self, db: &mut Db, scope: &Scope, wanted: &Wanted) -> AppResult<Sums> {
        if !self.tells(wanted) {
            return cases::sums(db, scope, wanted);
        }
        Ok(added(self.list(wanted)))
    }

    /// The cases among which the page of a list is, few of them: all up to where a page is full.
    /// Which of those that stand alike come first, the database says. None: ask it for everything.
    pub fn around_page(&self, wanted: &Wanted, rows: usize) -> Option<Vec<CaseId>> {
        if !self.tells(wanted) {
            return None;
        }
        let (from, back) = match &wanted.filter.from {
            From::Start => (None, false),
            From::After(key) => (Some(wanted.place_of_key(key)?), false),
            From::Before(key) => (Some(wanted.place_of_key(key)?), true),
        };
        let mut places: Vec<(Place, CaseId)> = self
            .list(wanted)
            .map(|one| (wanted.place((one.next_on, one.stage_since, one.weight)), one.id))
            .filter(|(place, _)| {
                from.is_none_or(|from| if back { *place <= from } else { *place >= from })
            })
            .collect();
        places.sort_unstable();
        if back {
            places.reverse();
        }
        let beyond = places.iter().filter(|(place, _)| Some(*place) != from);
        if let Some((last, _)) = beyond.clone().nth(rows.saturating_sub(1)).copied() {
            places.retain(|(place, _)| if back { *place >= last } else { *place <= last });
        }
        Some(places.into_iter().map(|(_, id)| id).collect())
    }

    /// Counts and sums of all of them, on the ladder or set aside.
    pub fn all(&self) -> Sums {
        added(self.cases.iter().filter(|one| one.oldest_unpaid_due_on.is_some()))
    }

    /// How many cases off the ladder each owner has, most first.
    pub fn parked_by_owner(&self) -> Vec<(StaffId, i64)> {
        let mut of: BTreeMap<StaffId, i64> = BTreeMap::new();
        let parked = self.cases.iter().filter(|one| one.state == State::Parked);
        for owner in parked.filter_map(|one| one.owner_id) {
            *of.entry(owner).or_default() += 1;
        }
        let mut found: Vec<(StaffId, i64)> = of.into_iter().collect();
        found.sort_by_key(|(_, count)| Reverse(*count));
        found
    }

    /// How many cases are in each stage of the ladder.
    pub fn by_stage(&self) -> Vec<(Stage, i64)> {
        let count = |stage| {
            self.cases.iter().filter(|one| one.is_on_ladder() && one.stage == stage).count()
        };
        Stage::ALL
            .iter()
            .map(|&stage| (stage, i64::try_from(count(stage)).unwrap_or(i64::MAX)))
            .collect()
    }
}

fn added<'a>(some: impl Iterator<Item = &'a One>) -> Sums {
    some.fold(Sums::default(), |sums, one| Sums {
        files: sums.files + 1,
        outstanding_fen: sums.outstanding_fen + one.outstanding,
        overdue_fen: sums.overdue_fen + one.overdue(),
    })
}

impl One {
    fn overdue(&self) -> Fen {
        self.principal + self.interest + self.penalty
    }

    fn is_on_ladder(&self) -> bool {
        matches!(self.state, State::Open | State::Paused)
    }
}

/// Is the case in the list, as far as case and sums tell?
fn is_in(one: &One, wanted: &Wanted) -> bool {
    let (filter, today) = (&wanted.filter, wanted.today);
    let open = one.state == State::Open;
    let listed = match wanted.list.as_str() {
        "parked" => one.state == State::Parked,
        "paused" => one.state == State::Paused,
        "today" => open && one.next_on <= today,
        "promise" => {
            let due = one.next_step == NextStep::PromiseDue && one.next_on <= today;
            open && (due || one.promised_on == Some(today))
        }
        "number" => open && one.next_step == NextStep::FindNumber,
        "asked" => one.asked_for != AskedFor::Nothing,
        "mine" => one.owner_id == Some(wanted.me),
        list if cases::parked_for(list).is_some() => {
            one.state == State::Parked && cases::parked_for(list) == Some(one.parked_for)
        }
        _ => one.is_on_ladder(),
    };
    let oldest = one.oldest_unpaid_due_on;
    listed
        && wanted.stage.is_none_or(|stage| one.stage == stage)
        && wanted.owner.is_none_or(|owner| one.owner_id == Some(owner))
        && filter.overdue.is_none_or(|late| oldest.is_some() == late)
        && filter.unpaid_from.is_none_or(|day| oldest.is_some_and(|on| on >= day))
        && filter.unpaid_before.is_none_or(|day| oldest.is_some_and(|on| on < day))
        && (!filter.ended || one.next_due_on.is_none())
        && filter.least.is_none_or(|least| one.overdue() >= least)
}

/// Does the family belong where the list says?
fn lives_in(home: &Home, wanted: &Wanted) -> bool {
    use chrono::Datelike as _;
    let filter = &wanted.filter;
    let same = |asked: &Option<String>, is: &str| asked.as_deref().is_none_or(|text| text == is);
    same(&filter.township, &home.township)
        && same(&filter.police, &home.police)
        && same(&filter.school, &home.school)
        && filter.graduates.is_none_or(|year| home.graduates_on.is_some_and(|on| on.year() == year))
}
