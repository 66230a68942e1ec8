//! Everybody on the ladder, read once for one page: how many are in each list, each stage and each
//! list under a name, and their sums. A dozen counting queries would read the same rows a dozen
//! times.
//!
//! What a list asks of families (names, places, schools, contracts) the database answers once, as
//! the cases of families that are so; who has paid is asked there, too. Says the same as
//! [`super::cases::sums`] (a test holds the two together).

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;

use super::cases::{self, Place, Wanted};
use crate::base::ids::{CaseId, FileId, StaffId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::life::overdue::kinds::{AskedFor, NextStep, ParkedFor, Stage, State};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{file_position, overdue_case};
use crate::web::list::files::Sums;
use crate::web::list::filter::{Family, From};

/// A case that is not closed, with the arrears of its file.
#[derive(Clone, Debug)]
struct One {
    case: Case,
    arrears: Arrears,
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = overdue_case)]
struct Case {
    id: CaseId,
    file_id: FileId,
    stage_since: NaiveDate,
    weight: i64,
    state: State,
    stage: Stage,
    owner_id: Option<StaffId>,
    next_step: NextStep,
    next_on: NaiveDate,
    promised_on: Option<NaiveDate>,
    until_on: Option<NaiveDate>,
    asked_for: AskedFor,
    parked_for: ParkedFor,
}

/// Nothing where a file has no arrears any more and its case is not closed yet.
#[derive(Clone, Copy, Debug, Default, Queryable, Selectable)]
#[diesel(table_name = file_position)]
struct Arrears {
    oldest_unpaid_due_on: Option<NaiveDate>,
    next_due_on: Option<NaiveDate>,
    outstanding_fen: Fen,
    overdue_principal_fen: Fen,
    overdue_interest_fen: Fen,
    penalty_fen: Fen,
}

/// All cases that are not closed.
#[derive(Clone, Debug, Default)]
pub struct Everybody {
    cases: Vec<One>,
    /// How many files have arrears: each should have one case.
    late: usize,
    /// What was asked of families, and the cases of those that are so.
    family: Family,
    so: HashSet<CaseId>,
}

impl Everybody {
    /// Reads them, and which of them this list may hold.
    pub fn read(db: &mut Db, scope: &Scope, wanted: &Wanted) -> AppResult<Everybody> {
        let cases: Vec<Case> = overdue_case::table
            .filter(overdue_case::office_code.eq_any(scope.codes()))
            .filter(overdue_case::state.ne(State::Closed))
            .select(Case::as_select())
            .load(db)?;
        // Apart from the cases, for these columns of the files with arrears lie in one index.
        let arrears: HashMap<FileId, Arrears> = file_position::table
            .filter(file_position::office_code.eq_any(scope.codes()))
            .filter(file_position::oldest_unpaid_due_on.is_not_null())
            .select((file_position::file_id, Arrears::as_select()))
            .load(db)?
            .into_iter()
            .collect();
        let late = arrears.len();
        let of = |file: FileId| arrears.get(&file).copied().unwrap_or_default();
        let cases = cases.into_iter().map(|case| One { arrears: of(case.file_id), case });
        let family = wanted.filter.family();
        let so = match family == Family::default() {
            true => HashSet::new(),
            false => cases::of_families(db, scope, &wanted.filter)?.into_iter().collect(),
        };
        Ok(Everybody { cases: cases.collect(), late, family, so })
    }

    /// Is there a case that is not in step with what is owed and with the day? The same as
    /// `life::overdue::ladder::follow::is_behind`, without asking again.
    pub fn is_behind(&self, today: NaiveDate) -> bool {
        let owes = |one: &&One| one.arrears.oldest_unpaid_due_on.is_some();
        let past = |One { case, .. }: &One| {
            case.promised_on.is_some_and(|on| on < today)
                || case.until_on.is_some_and(|on| on <= today)
        };
        self.cases.len() != self.late
            || self.cases.iter().filter(owes).count() != self.late
            || self.cases.iter().any(past)
    }

    /// Does this reading tell who is in a list?
    pub fn tells(&self, wanted: &Wanted) -> bool {
        let family = wanted.filter.family();
        wanted.list != "paid" && (family == Family::default() || family == self.family)
    }

    fn list<'a>(&'a self, wanted: &'a Wanted) -> impl Iterator<Item = &'a One> {
        let any = wanted.filter.family() == Family::default();
        self.cases
            .iter()
            .filter(move |one| is_in(one, wanted) && (any || self.so.contains(&one.case.id)))
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
            .map(|One { case, .. }| {
                (wanted.place((case.next_on, case.stage_since, case.weight)), case.id)
            })
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
        added(self.cases.iter().filter(|one| one.arrears.oldest_unpaid_due_on.is_some()))
    }

    /// How many cases off the ladder each owner has, most first.
    pub fn parked_by_owner(&self) -> Vec<(StaffId, i64)> {
        let mut of: BTreeMap<StaffId, i64> = BTreeMap::new();
        let parked = self.cases.iter().filter(|one| one.case.state == State::Parked);
        for owner in parked.filter_map(|one| one.case.owner_id) {
            *of.entry(owner).or_default() += 1;
        }
        let mut found: Vec<(StaffId, i64)> = of.into_iter().collect();
        found.sort_by_key(|(_, count)| Reverse(*count));
        found
    }

    /// How many cases are in each stage of the ladder.
    pub fn by_stage(&self) -> Vec<(Stage, i64)> {
        let count = |stage| {
            self.cases
                .iter()
                .filter(|one| one.case.is_on_ladder() && one.case.stage == stage)
                .count()
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
        outstanding_fen: sums.outstanding_fen + one.arrears.outstanding_fen,
        overdue_fen: sums.overdue_fen + one.arrears.overdue(),
    })
}

impl Arrears {
    fn overdue(&self) -> Fen {
        self.overdue_principal_fen + self.overdue_interest_fen + self.penalty_fen
    }
}

impl Case {
    fn is_on_ladder(&self) -> bool {
        matches!(self.state, State::Open | State::Paused)
    }
}

/// Is the case in the list, as far as case and sums tell?
fn is_in(One { case, arrears }: &One, wanted: &Wanted) -> bool {
    let (filter, today) = (&wanted.filter, wanted.today);
    let open = case.state == State::Open;
    let listed = match wanted.list.as_str() {
        "parked" => case.state == State::Parked,
        "paused" => case.state == State::Paused,
        "today" => open && case.next_on <= today,
        "promise" => {
            let due = case.next_step == NextStep::PromiseDue && case.next_on <= today;
            open && (due || case.promised_on == Some(today))
        }
        "number" => open && case.next_step == NextStep::FindNumber,
        "asked" => case.asked_for != AskedFor::Nothing,
        "mine" => case.is_on_ladder() && case.owner_id == Some(wanted.me),
        list if cases::parked_for(list).is_some() => {
            case.state == State::Parked && cases::parked_for(list) == Some(case.parked_for)
        }
        _ => case.is_on_ladder(),
    };
    let oldest = arrears.oldest_unpaid_due_on;
    listed
        && wanted.stage.is_none_or(|stage| case.stage == stage)
        && wanted.owner.is_none_or(|owner| case.owner_id == Some(owner))
        && filter.overdue.is_none_or(|late| oldest.is_some() == late)
        && filter.unpaid_from.is_none_or(|day| oldest.is_some_and(|on| on >= day))
        && filter.unpaid_before.is_none_or(|day| oldest.is_some_and(|on| on < day))
        && (!filter.ended || arrears.next_due_on.is_none())
        && filter.least.is_none_or(|least| arrears.overdue() >= least)
}
