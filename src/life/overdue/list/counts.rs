//! How many are in each list, each stage and each list under a name, and their sums: counted in one
//! reading of the cases that are not closed, by the conditions that give the rows of those lists.

use diesel::dsl::count_star;
use diesel::prelude::*;

use super::cases::{self, CaseFilter, LISTS};
use crate::base::ids::StaffId;
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::life::overdue::kinds::{HoldReason, Stage, State};
use crate::life::overdue::promises;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{file_position, overdue_case};
use crate::web::list::declare::Tables;
use crate::web::list::files::{OVERDUE, Sums};
use crate::web::list::kit::{Condition, Counted, Tally};

/// What the overdue page says beside its rows.
#[derive(Clone, Debug)]
pub struct Totals {
    pub selection: Sums,
    /// Of everybody with arrears, on the ladder or set aside.
    pub all: Sums,
    /// Each stage of the ladder.
    pub by_stage: Vec<(Stage, i64)>,
    /// Each of [`LISTS`], in its order.
    pub lists: Vec<i64>,
    /// Each reason to be off the ladder; empty on other lists than those.
    pub parked_for: Vec<(HoldReason, i64)>,
    /// Each of the lists under a name, in their order.
    pub saved: Vec<i64>,
    /// A case is not in step with what is owed and with the day: as `follow::is_stale`, found in
    /// the same reading.
    pub is_stale: bool,
}

/// The offices, too, are asked of the position: the index of files with arrears begins there.
const OPEN: Tables = Tables(
    "overdue_case JOIN file_position ON file_position.file_id = overdue_case.file_id",
    "file_position.office_code",
);

pub fn totals(
    db: &mut Db,
    scope: &Scope,
    of: &CaseFilter,
    saved: &[CaseFilter],
) -> AppResult<Totals> {
    let mut tally = Tally::default();
    let selection = summed(&mut tally, &of.condition(scope));
    let all = summed(&mut tally, &Condition::new("TRUE"));
    let past = tally.count(Condition::new("overdue_case.until_on <= ?").bind(of.today));
    let stages = Stage::ALL.iter().map(|&stage| {
        let on_ladder = "overdue_case.state IN ('open', 'paused') AND overdue_case.stage = ?";
        (stage, tally.count(Condition::new(on_ladder).bind(stage.as_text())))
    });
    let stages: Vec<(Stage, usize)> = stages.collect();
    let shown = |why: &&HoldReason| **why != HoldReason::Nothing && of.list.starts_with("parked");
    let reasons = HoldReason::ALL.iter().filter(shown);
    let reasons =
        reasons.map(|&why| (why, tally.count(of.bare(&cases::parked_list(why)).condition(scope))));
    let reasons: Vec<(HoldReason, usize)> = reasons.collect();
    let lists: Vec<CaseFilter> = LISTS.iter().map(|(list, _)| of.bare(list)).collect();
    let mut count =
        |one: &CaseFilter| (one.list != "paid").then(|| tally.count(one.condition(scope)));
    let listed: Vec<Option<usize>> = lists.iter().map(&mut count).collect();
    let named: Vec<Option<usize>> = saved.iter().map(&mut count).collect();
    let both = "file_position.oldest_unpaid_due_on IS NOT NULL AND overdue_case.state <> 'closed'";
    let counted = OPEN.count(db, scope, Condition::new(both), tally)?;
    let cases: i64 = overdue_case::table
        .filter(scope.holds(overdue_case::office_code))
        .filter(overdue_case::state.ne(State::Closed))
        .count()
        .get_result(db)?;
    let late: i64 = file_position::table
        .filter(scope.holds(file_position::office_code))
        .filter(file_position::oldest_unpaid_due_on.is_not_null())
        .count()
        .get_result(db)?;
    let mut numbers = |lists: &[CaseFilter], places: &[Option<usize>]| -> AppResult<Vec<i64>> {
        let of_list = |(one, place): (&CaseFilter, &Option<usize>)| match place {
            Some(place) => Ok(counted.at(*place)),
            None => Ok(sums(db, scope, one)?.files),
        };
        lists.iter().zip(places).map(of_list).collect()
    };
    let (lists, saved) = (numbers(&lists, &listed)?, numbers(saved, &named)?);
    let all = sums_at(&counted, all);
    let has_past = counted.at(past) > 0 || promises::is_due(db, scope, of.today)?;
    Ok(Totals {
        selection: match of.list.as_str() {
            "paid" => sums(db, scope, of)?,
            _ => sums_at(&counted, selection),
        },
        is_stale: cases != late || all.files != late || has_past,
        all,
        by_stage: stages.into_iter().map(|(stage, at)| (stage, counted.at(at))).collect(),
        parked_for: reasons.into_iter().map(|(why, at)| (why, counted.at(at))).collect(),
        lists,
        saved,
    })
}

/// Counts and sums of one selection alone; of closed cases, too.
pub fn sums(db: &mut Db, scope: &Scope, of: &CaseFilter) -> AppResult<Sums> {
    let mut tally = Tally::default();
    let places = summed(&mut tally, &Condition::new("TRUE"));
    let tables = Tables(OPEN.0, "overdue_case.office_code");
    let counted = tables.count(db, scope, of.base().and(of.condition(scope)), tally)?;
    Ok(sums_at(&counted, places))
}

fn summed(tally: &mut Tally, of: &Condition) -> [usize; 3] {
    [
        tally.count(of.clone()),
        tally.sum("file_position.outstanding_fen", of.clone()),
        tally.sum(OVERDUE, of.clone()),
    ]
}

fn sums_at(counted: &Counted, [files, outstanding, overdue]: [usize; 3]) -> Sums {
    Sums {
        files: counted.at(files),
        outstanding_fen: counted.fen(outstanding),
        overdue_fen: counted.fen(overdue),
    }
}

/// How many cases off the ladder each owner has, most first.
pub fn parked_by_owner(db: &mut Db, scope: &Scope) -> AppResult<Vec<(StaffId, i64)>> {
    let rows: Vec<(Option<StaffId>, i64)> = overdue_case::table
        .filter(scope.holds(overdue_case::office_code))
        .filter(overdue_case::state.eq(State::Parked))
        .group_by(overdue_case::owner_id)
        .select((overdue_case::owner_id, count_star()))
        .order((count_star().desc(), overdue_case::owner_id))
        .load(db)?;
    Ok(rows.into_iter().filter_map(|(owner, count)| Some((owner?, count))).collect())
}
