//! The rows, counts and sums of the overdue page: files with the case that they are on the ladder
//! with. Reads only; the order is by the next step, or by who comes first.

use chrono::{Datelike, Days, NaiveDate};
use diesel::dsl::{count_star, exists, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::counts::Everybody;
use crate::base::dates::day_in;
use crate::base::ids::{CaseId, StaffId};
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::life::overdue::kinds::{AskedFor, ClosedWhy, NextStep, ParkedFor, Stage, State};
use crate::life::overdue::store::Case;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{
    file_position, loan, loan_file, overdue_case, overdue_family, person,
};
use crate::web::list::files::{
    Row, Sums, columns, id_ends_with, narrowed_by_file, narrowed_by_person, narrowed_by_position,
};
use crate::web::list::filter::{Asked, Filter, From, Key, Sort, anywhere};

/// The lists that everybody has, beside those under a name: key and words.
pub const LISTS: [(&str, &str); 11] = [
    ("today", "今天要联系"),
    ("mine", "我负责的"),
    ("promise", "承诺到期"),
    ("number", "号码失效"),
    ("asked", "等主任决定"),
    ("paused", "已暂停"),
    ("parked", "已暂放"),
    ("new", "最近一期新增"),
    ("long", "早于最近一期"),
    ("ended", "贷款期已满"),
    ("paid", "本周已还清"),
];

/// The list of cases that are off the ladder for one reason: `parked-hardship`.
pub fn parked_list(why: ParkedFor) -> String {
    format!("parked-{}", why.as_text())
}

/// The reason that such a list is about.
pub fn parked_for(list: &str) -> Option<ParkedFor> {
    let why = list.strip_prefix("parked-").and_then(ParkedFor::from_text);
    why.filter(|why| *why != ParkedFor::Nothing)
}

/// The order of the overdue page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// By the day of the next step, then the longest in its stage.
    NextStep,
    /// By the points of the rule "who first", then by the day of the next step.
    First,
}

/// What of the ladder is asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Only this stage.
    pub stage: Option<Stage>,
    /// One of [`LISTS`], a [`parked_list`], or empty.
    pub list: String,
    /// Only cases of this member of staff.
    pub owner: Option<StaffId>,
    /// Whoever asks.
    pub me: StaffId,
    /// Today.
    pub today: NaiveDate,
    /// The order.
    pub order: Order,
    /// The conditions on the file.
    pub filter: Filter,
}

/// The last 12-20 before today: whoever is overdue since then is new.
fn last_due_day(today: NaiveDate) -> NaiveDate {
    let this_year = day_in(today.year(), 12, 20);
    if this_year < today { this_year } else { day_in(today.year() - 1, 12, 20) }
}

/// What an address asks of the ladder.
pub fn wanted(asked: &Asked, me: StaffId, today: NaiveDate) -> Wanted {
    let mut filter = asked.understood(Sort::NextStep);
    filter.stage = None;
    filter.overdue = (asked.list != "paid").then_some(true);
    match asked.list.as_str() {
        "new" => filter.unpaid_from = Some(last_due_day(today)),
        "long" => filter.unpaid_before = Some(last_due_day(today)),
        "ended" => filter.ended = true,
        _ => {}
    }
    Wanted {
        stage: Stage::from_text(&asked.stage),
        list: asked.list.clone(),
        owner: asked.owner.parse().ok().map(StaffId::new),
        me,
        today,
        order: if asked.sort == "first" { Order::First } else { Order::NextStep },
        filter,
    }
}

impl Wanted {
    /// The same of another list, narrowed by nothing else.
    pub fn bare(&self, list: &str) -> Wanted {
        let asked = Asked { list: list.to_owned(), ..Asked::default() };
        wanted(&asked, self.me, self.today)
    }

    /// Where a case stands in this order, the first the smallest; file numbers decide the rest.
    pub fn place(&self, (next, since, weight): (NaiveDate, NaiveDate, i64)) -> Place {
        match self.order {
            Order::NextStep => (i64::from(next.num_days_from_ce()), since),
            Order::First => (weight.saturating_neg(), next),
        }
    }

    /// The same of a key in the address.
    pub fn place_of_key(&self, key: &Key) -> Option<Place> {
        match self.order {
            Order::NextStep => days(key).map(|(next, since)| self.place((next, since, 0))),
            Order::First => {
                points(key).map(|(weight, next)| self.place((next, NaiveDate::MIN, weight)))
            }
        }
    }

    /// The key of a row in this order.
    pub fn key(&self, row: &Row, case: &Case) -> Key {
        let value = match self.order {
            Order::NextStep => format!("{}~{}", case.next_on, case.stage_since),
            Order::First => format!("{}~{}", case.weight, case.next_on),
        };
        Key { value, file_no: row.file_no.clone() }
    }
}

/// Where a case stands in an order.
pub type Place = (i64, NaiveDate);

/// One page.
#[derive(Clone, Debug)]
pub struct Page {
    /// The rows.
    pub rows: Vec<(Row, Case)>,
    /// There are rows before the first.
    pub has_before: bool,
    /// There are rows after the last.
    pub has_after: bool,
}

macro_rules! joined {
    () => {
        loan_file::table
            .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
            .inner_join(file_position::table.on(file_position::file_id.eq(loan_file::id)))
            .inner_join(overdue_case::table.on(overdue_case::file_id.eq(loan_file::id)))
    };
}

/// The conditions on the case; `$query` is boxed.
macro_rules! narrowed_by_case {
    ($query:ident, $w:expr) => {
        $query = match $w.list.as_str() {
            "paid" => {
                let monday = $w.today.checked_sub_days(Days::new(u64::from(
                    $w.today.weekday().num_days_from_monday(),
                )));
                $query
                    .filter(overdue_case::closed_why.eq(ClosedWhy::Paid))
                    .filter(overdue_case::closed_on.ge(monday))
            }
            "parked" => $query.filter(overdue_case::state.eq(State::Parked)),
            "paused" => $query.filter(overdue_case::state.eq(State::Paused)),
            "today" => $query
                .filter(overdue_case::state.eq(State::Open))
                .filter(overdue_case::next_on.le($w.today)),
            "promise" => $query.filter(overdue_case::state.eq(State::Open)).filter(
                overdue_case::next_step
                    .eq(NextStep::PromiseDue)
                    .and(overdue_case::next_on.le($w.today))
                    .or(overdue_case::promised_on.eq($w.today)),
            ),
            "number" => $query
                .filter(overdue_case::state.eq(State::Open))
                .filter(overdue_case::next_step.eq(NextStep::FindNumber)),
            "asked" => $query
                .filter(overdue_case::state.ne(State::Closed))
                .filter(overdue_case::asked_for.ne(AskedFor::Nothing)),
            "mine" => $query
                .filter(overdue_case::state.eq_any([State::Open, State::Paused]))
                .filter(overdue_case::owner_id.eq($w.me)),
            list if parked_for(list).is_some() => {
                let why = parked_for(list).unwrap_or(ParkedFor::Nothing);
                $query
                    .filter(overdue_case::state.eq(State::Parked))
                    .filter(overdue_case::parked_for.eq(why))
            }
            _ => $query.filter(overdue_case::state.eq_any([State::Open, State::Paused])),
        };
        if let Some(stage) = $w.stage {
            $query = $query.filter(overdue_case::stage.eq(stage));
        }
        if let Some(owner) = $w.owner {
            $query = $query.filter(overdue_case::owner_id.eq(owner));
        }
    };
}

/// Two days as the key of a row keeps them.
fn days(key: &Key) -> Option<(NaiveDate, NaiveDate)> {
    let (next, since) = key.value.split_once('~')?;
    Some((next.parse().ok()?, since.parse().ok()?))
}

/// Points and the day of the next step, as the key of a row keeps them.
fn points(key: &Key) -> Option<(i64, NaiveDate)> {
    let (weight, next) = key.value.split_once('~')?;
    Some((weight.parse().ok()?, next.parse().ok()?))
}

/// Cuts `$query` at the key and puts it in order.
macro_rules! paged {
    ($query:ident, $w:expr) => {
        use loan_file::file_no as no;
        use overdue_case::{next_on, stage_since, weight};
        match (&$w.filter.from, $w.order) {
            (From::Start, _) => {}
            (From::After(k), Order::NextStep) => {
                if let Some((next, since)) = days(k) {
                    let same = stage_since.eq(since).and(no.gt(k.file_no.clone()));
                    let same = next_on.eq(next).and(stage_since.gt(since).or(same));
                    $query = $query.filter(next_on.gt(next).or(same));
                }
            }
            (From::Before(k), Order::NextStep) => {
                if let Some((next, since)) = days(k) {
                    let same = stage_since.eq(since).and(no.lt(k.file_no.clone()));
                    let same = next_on.eq(next).and(stage_since.lt(since).or(same));
                    $query = $query.filter(next_on.lt(next).or(same));
                }
            }
            (From::After(k), Order::First) => {
                if let Some((least, next)) = points(k) {
                    let same = next_on.eq(next).and(no.gt(k.file_no.clone()));
                    let same = weight.eq(least).and(next_on.gt(next).or(same));
                    $query = $query.filter(weight.lt(least).or(same));
                }
            }
            (From::Before(k), Order::First) => {
                if let Some((least, next)) = points(k) {
                    let same = next_on.eq(next).and(no.lt(k.file_no.clone()));
                    let same = weight.eq(least).and(next_on.lt(next).or(same));
                    $query = $query.filter(weight.gt(least).or(same));
                }
            }
        }
        match ($w.order, matches!($w.filter.from, From::Before(_))) {
            (Order::NextStep, false) => {
                $query = $query.order((next_on.asc(), stage_since.asc(), no.asc()));
            }
            (Order::NextStep, true) => {
                $query = $query.order((next_on.desc(), stage_since.desc(), no.desc()));
            }
            (Order::First, false) => {
                $query = $query.order((weight.desc(), next_on.asc(), no.asc()));
            }
            (Order::First, true) => {
                $query = $query.order((weight.asc(), next_on.desc(), no.desc()));
            }
        }
    };
}

/// One page of the list; found among few cases where everybody has been read already.
pub fn page(db: &mut Db, scope: &Scope, wanted: &Wanted, everybody: &Everybody) -> AppResult<Page> {
    let size = usize::try_from(wanted.filter.size).unwrap_or(50);
    let mut rows = from_there(db, scope, (wanted, everybody), wanted.filter.size + 1)?;
    let more = rows.len() > size;
    rows.truncate(size);
    let (has_before, has_after) = match wanted.filter.from {
        From::Start => (false, more),
        From::After(_) => (true, more),
        From::Before(_) => {
            rows.reverse();
            (more, true)
        }
    };
    Ok(Page { rows, has_before, has_after })
}

/// All rows of the selection, for a spreadsheet; at most `limit`.
pub fn all(db: &mut Db, scope: &Scope, wanted: &Wanted, limit: i64) -> AppResult<Vec<(Row, Case)>> {
    let filter = Filter { from: From::Start, ..wanted.filter.clone() };
    load(db, scope, &Wanted { filter, ..wanted.clone() }, limit)
}

/// The rows from where the page begins, as many as `limit`, in the order of the list or, before
/// a row, against it.
pub fn from_there(
    db: &mut Db,
    scope: &Scope,
    (wanted, everybody): (&Wanted, &Everybody),
    limit: i64,
) -> AppResult<Vec<(Row, Case)>> {
    match everybody.around_page(wanted, usize::try_from(limit).unwrap_or(50)) {
        Some(ids) if ids.len() <= BINDS_MAX => load_of(db, scope, (wanted, ids), limit),
        _ => load(db, scope, wanted, limit),
    }
}

fn load(db: &mut Db, scope: &Scope, wanted: &Wanted, limit: i64) -> AppResult<Vec<(Row, Case)>> {
    let filter = &wanted.filter;
    let mut query = joined!()
        .filter(overdue_case::office_code.eq_any(scope.codes()))
        .select((columns!(), overdue_case::all_columns))
        .into_boxed();
    narrowed_by_case!(query, wanted);
    narrowed_by_position!(query, filter);
    narrowed_by_person!(query, filter);
    narrowed_by_file!(query, filter);
    paged!(query, wanted);
    Ok(query.limit(limit).load(db)?)
}

/// The page among these cases. Where more stand alike than the page holds, it is first cut by
/// what the order needs alone: whole rows are dear to sort.
fn load_of(
    db: &mut Db,
    scope: &Scope,
    (wanted, mut ids): (&Wanted, Vec<CaseId>),
    limit: i64,
) -> AppResult<Vec<(Row, Case)>> {
    if i64::try_from(ids.len()).unwrap_or(i64::MAX) > limit {
        let mut query = overdue_case::table
            .inner_join(loan_file::table.on(loan_file::id.eq(overdue_case::file_id)))
            .filter(overdue_case::office_code.eq_any(scope.codes()))
            .filter(overdue_case::id.eq_any(ids))
            .select(overdue_case::id)
            .into_boxed();
        paged!(query, wanted);
        ids = query.limit(limit).load(db)?;
    }
    let mut query = joined!()
        .filter(overdue_case::office_code.eq_any(scope.codes()))
        .filter(overdue_case::id.eq_any(ids))
        .select((columns!(), overdue_case::all_columns))
        .into_boxed();
    paged!(query, wanted);
    Ok(query.limit(limit).load(db)?)
}

/// The cases that are not closed and whose family is as the filter says: person, school, contracts.
/// The table has these columns of everybody on the ladder side by side, and its triggers keep them.
pub(super) fn of_families(db: &mut Db, scope: &Scope, filter: &Filter) -> AppResult<Vec<CaseId>> {
    let mut query = overdue_family::table
        .filter(overdue_family::office_code.eq_any(scope.codes()))
        .select(overdue_family::case_id)
        .into_boxed();
    if let Some(name) = &filter.name {
        query = query.filter(overdue_family::name_key.like(anywhere(name)).escape('\\'));
    }
    if let Some(tail) = &filter.id_tail {
        query = query.filter(overdue_family::id_mask.like(id_ends_with(tail)).escape('\\'));
    }
    if let Some(township) = &filter.township {
        query = query.filter(overdue_family::township.eq(township));
    }
    if let Some(police) = &filter.police {
        query = query.filter(overdue_family::police_station.eq(police));
    }
    if let Some(school) = &filter.school {
        query = query.filter(overdue_family::high_school.eq(school));
    }
    if let Some(part) = &filter.university {
        query = query.filter(overdue_family::university.like(anywhere(part)).escape('\\'));
    }
    if let Some(year) = filter.graduates {
        let (first, last) = (day_in(year, 1, 1), day_in(year, 12, 31));
        query = query.filter(overdue_family::graduates_on.between(first, last));
    }
    if let Some(year) = filter.year {
        query = query.filter(exists(
            loan::table
                .filter(loan::office_code.eq(overdue_family::office_code))
                .filter(loan::file_id.eq(overdue_family::file_id))
                .filter(loan::loan_year.eq(year))
                .select(loan::id),
        ));
    }
    Ok(query.load(db)?)
}

/// Counts and sums of the selection.
pub fn sums(db: &mut Db, scope: &Scope, wanted: &Wanted) -> AppResult<Sums> {
    let filter = &wanted.filter;
    let mut query = joined!()
        .filter(overdue_case::office_code.eq_any(scope.codes()))
        .select((
            count_star(),
            sql::<BigInt>("CAST(COALESCE(SUM(file_position.outstanding_fen), 0) AS BIGINT)"),
            sql::<BigInt>(
                "CAST(COALESCE(SUM(file_position.overdue_principal_fen + \
                 file_position.overdue_interest_fen + file_position.penalty_fen), 0) AS BIGINT)",
            ),
        ))
        .into_boxed();
    narrowed_by_case!(query, wanted);
    narrowed_by_position!(query, filter);
    narrowed_by_person!(query, filter);
    narrowed_by_file!(query, filter);
    Ok(query.first(db)?)
}
