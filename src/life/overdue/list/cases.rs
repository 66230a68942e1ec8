//! The conditions and the rows of the overdue page: files with the case that they are on the ladder
//! with. Reads only; the order is by the next step, or by who comes first.

use chrono::{Datelike, Days, NaiveDate};
use diesel::prelude::*;

use crate::base::dates::day_in;
use crate::base::ids::{CaseId, StaffId};
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::life::overdue::kinds::{HoldReason, Stage};
use crate::life::overdue::store::Case;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{file_position, loan_file, overdue_case, person};
use crate::web::list::declare::Tables;
use crate::web::list::files::{Row, columns};
use crate::web::list::filter::{Filter, ListParams};
use crate::web::list::kit::{self, Condition, Keyset, Side, Term};
use crate::web::list::params::Params as _;

/// The lists that everybody has, beside those under a name: key and words.
pub const LISTS: [(&str, &str); 12] = [
    ("today", "今天要联系"),
    ("mine", "我跟进的"),
    ("promise", "承诺到期"),
    ("number", "号码失效"),
    ("asked", "等主任决定"),
    ("answered", "主任已答复"),
    ("paused", "已暂停"),
    ("parked", "已转其他业务"),
    ("new", "最近一期新增"),
    ("long", "往期逾期"),
    ("ended", "贷款期已满"),
    ("paid", "本周已还清"),
];

/// The list of cases that are off the ladder for one reason: `parked-hardship`.
pub fn parked_list(why: HoldReason) -> String {
    format!("parked-{}", why.as_text())
}

/// The reason that such a list is about.
pub fn parked_for(list: &str) -> Option<HoldReason> {
    let why = list.strip_prefix("parked-").and_then(HoldReason::from_text);
    why.filter(|why| *why != HoldReason::Nothing)
}

/// The order of the overdue page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// By the day of the next step, then the longest in its stage.
    NextStep,
    /// By the points of the rule "who first", then by the day of the next step.
    First,
}

/// What of the ladder is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CaseFilter {
    pub stage: Option<Stage>,
    /// One of [`LISTS`], a [`parked_list`], or empty.
    pub list: String,
    /// Only cases of this member of staff.
    pub owner: Option<StaffId>,
    pub me: StaffId,
    pub today: NaiveDate,
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
pub fn case_filter(params: &ListParams, me: StaffId, today: NaiveDate) -> CaseFilter {
    let order = if params.sort == "first" { Order::First } else { Order::NextStep };
    let mut filter = Filter { side: params.side(&order.keyset()), ..params.to_filter() };
    filter.stage = None;
    filter.overdue = (params.list != "paid").then_some(true);
    match params.list.as_str() {
        "new" => filter.unpaid_from = Some(last_due_day(today)),
        "long" => filter.unpaid_before = Some(last_due_day(today)),
        "ended" => filter.ended = true,
        _ => {}
    }
    CaseFilter {
        stage: Stage::from_text(&params.stage),
        list: params.list.clone(),
        owner: params.owner.parse().ok().map(StaffId::new),
        me,
        today,
        order,
        filter,
    }
}

impl CaseFilter {
    /// The same of another list, narrowed by nothing else.
    pub fn bare(&self, list: &str) -> CaseFilter {
        let params = ListParams { list: list.to_owned(), ..ListParams::default() };
        case_filter(&params, self.me, self.today)
    }

    /// The selection without its order and its page: lists with the same one count the same.
    pub fn selection(&self) -> CaseFilter {
        let filter = Filter { side: Side::Start, size: 0, ..self.filter.clone() };
        CaseFilter { order: Order::NextStep, filter, ..self.clone() }
    }
}

pub type Page = kit::Page<(Row, Case)>;

impl Order {
    /// By the next step an index of the cases on the ladder has the same order, up to the last
    /// column.
    pub fn keyset(self) -> Keyset<(Row, Case)> {
        const STEP: Term<(Row, Case)> =
            Term::day("overdue_case.next_on", |(_, case)| case.next_on.into());
        const SINCE: Term<(Row, Case)> =
            Term::day("overdue_case.stage_since", |(_, case)| case.stage_since.into());
        const WEIGHT: Term<(Row, Case)> =
            Term::whole("overdue_case.weight", |(_, case)| case.weight.into());
        const FILE: Term<(Row, Case)> =
            Term::whole("overdue_case.file_id", |(row, _)| row.file_id.get().into());
        match self {
            Order::NextStep => const { Keyset(&[STEP, SINCE, FILE]) },
            Order::First => const { Keyset(&[WEIGHT.largest_first(), STEP, FILE]) },
        }
    }
}

impl CaseFilter {
    /// Everything that a case of this selection must be like, its sums and its family, too; that
    /// there are arrears at all stands in [`CaseFilter::base`].
    pub(super) fn condition(&self, scope: &Scope) -> Condition {
        let mut all = self.listed();
        let mut and = |one: Condition| all = all.clone().and(one);
        if let Some(stage) = self.stage {
            and(Condition::new("overdue_case.stage = ?").bind(stage.as_text()));
        }
        if let Some(owner) = self.owner {
            and(Condition::new("overdue_case.owner_id = ?").bind(owner.get()));
        }
        self.filter.sums().into_iter().for_each(&mut and);
        if let Some(family) = self.filter.family() {
            and(self.of_families(scope, family));
        }
        all
    }

    /// What holds for all lists but the one of those who have paid: there are arrears.
    pub(super) fn base(&self) -> Condition {
        self.late("file_position.oldest_unpaid_due_on IS NOT NULL")
    }

    /// The same where rows are walked to along an index. Nearly every case has arrears, and few
    /// files: with IS NOT NULL PostgreSQL expects as few cases as files, and sorts them all.
    fn walked(&self) -> Condition {
        self.late("COALESCE(file_position.oldest_unpaid_due_on, '0001-01-01') <> '0001-01-01'")
    }

    fn late(&self, text: &str) -> Condition {
        Condition::new(if self.list == "paid" { "TRUE" } else { text })
    }

    /// What the list itself says. The kinds stand in the text, for an index is of some of them.
    fn listed(&self) -> Condition {
        let text = match self.list.as_str() {
            "paid" => {
                let since = u64::from(self.today.weekday().num_days_from_monday());
                let monday = self.today.checked_sub_days(Days::new(since)).unwrap_or(self.today);
                let text = "overdue_case.closed_why = 'paid' AND overdue_case.closed_on >= ?";
                return Condition::new(text).bind(monday);
            }
            "today" => {
                let text = "overdue_case.state = 'open' AND overdue_case.next_on <= ?";
                return Condition::new(text).bind(self.today);
            }
            "promise" => {
                let text = "overdue_case.state = 'open' AND (overdue_case.promised_on = ? OR \
                            overdue_case.next_step = 'promise_due' AND overdue_case.next_on <= ?)";
                return Condition::new(text).bind(self.today).bind(self.today);
            }
            "mine" => {
                let text = "overdue_case.state IN ('open', 'paused') AND overdue_case.owner_id = ?";
                return Condition::new(text).bind(self.me.get());
            }
            "answered" => {
                let text = "overdue_case.state <> 'closed' AND overdue_case.answer_for = ?";
                return Condition::new(text).bind(self.me.get());
            }
            list if parked_for(list).is_some() => {
                let why = parked_for(list).unwrap_or(HoldReason::Nothing);
                let text = "overdue_case.state = 'parked' AND overdue_case.parked_for = ?";
                return Condition::new(text).bind(why.as_text());
            }
            "number" => "overdue_case.state = 'open' AND overdue_case.next_step = 'find_number'",
            "asked" => "overdue_case.state <> 'closed' AND overdue_case.asked_for <> ''",
            "paused" => "overdue_case.state = 'paused'",
            "parked" => "overdue_case.state = 'parked'",
            _ => "overdue_case.state IN ('open', 'paused')",
        };
        Condition::new(text)
    }

    /// The cases of such families. Of everybody on the ladder one table has all columns side by
    /// side, and its triggers keep them; of closed cases the person and the file have them. The
    /// plus keeps SQLite on the index of the order: from many families it would have to sort.
    fn of_families(&self, scope: &Scope, family: Condition) -> Condition {
        let (column, table, office) = match self.list.as_str() {
            "paid" => (
                "overdue_case.file_id IN (SELECT loan_file.id",
                "loan_file JOIN person ON person.id = loan_file.person_id",
                "loan_file.office_code",
            ),
            _ => (
                "+overdue_case.id IN (SELECT overdue_family.case_id",
                "overdue_family",
                "overdue_family.office_code",
            ),
        };
        let of = Condition::one_of(office, scope.codes()).and(family);
        of.within(&format!("{column} FROM {table} WHERE "), ")")
    }
}

const JOINED: Tables = Tables(
    "overdue_case JOIN loan_file ON loan_file.id = overdue_case.file_id \
     JOIN file_position ON file_position.file_id = overdue_case.file_id",
    "overdue_case.office_code",
);

/// One page of the list.
pub fn page(db: &mut Db, scope: &Scope, case_filter: &CaseFilter) -> AppResult<Page> {
    let rows = from_there(db, scope, case_filter, case_filter.filter.size + 1)?;
    let Filter { size, side, .. } = &case_filter.filter;
    Ok(Page::cut(rows, *size, side, &case_filter.order.keyset()))
}

/// All rows of the selection, for a spreadsheet; at most `limit`.
pub fn all(
    db: &mut Db,
    scope: &Scope,
    case_filter: &CaseFilter,
    limit: i64,
) -> AppResult<Vec<(Row, Case)>> {
    let filter = Filter { side: Side::Start, ..case_filter.filter.clone() };
    from_there(db, scope, &CaseFilter { filter, ..case_filter.clone() }, limit)
}

/// The rows from where the page begins, as many as `limit`, in the order of the list or, before
/// a row, against it. First which they are, by what the conditions and the order need alone:
/// whole rows are dear to sort.
pub fn from_there(
    db: &mut Db,
    scope: &Scope,
    case_filter: &CaseFilter,
    limit: i64,
) -> AppResult<Vec<(Row, Case)>> {
    let condition = case_filter.walked().and(case_filter.condition(scope));
    walk(db, scope, case_filter, condition, limit)
}

/// The first row of the list behind its key that waits for today.
pub fn next_due(
    db: &mut Db,
    scope: &Scope,
    case_filter: &CaseFilter,
) -> AppResult<Option<(Row, Case)>> {
    let due = CaseFilter { list: "today".to_owned(), ..case_filter.clone() }.listed();
    let condition = case_filter.walked().and(case_filter.condition(scope)).and(due);
    Ok(walk(db, scope, case_filter, condition, 1)?.pop())
}

fn walk(
    db: &mut Db,
    scope: &Scope,
    case_filter: &CaseFilter,
    condition: Condition,
    limit: i64,
) -> AppResult<Vec<(Row, Case)>> {
    let (order, side) = (case_filter.order.keyset(), &case_filter.filter.side);
    let back = matches!(side, Side::Before(_));
    let place = (&order, side, limit);
    let ids: Vec<CaseId> = JOINED.walk(db, scope, condition, place, overdue_case::id)?;
    let mut rows = Vec::new();
    for chunk in ids.chunks(BINDS_MAX) {
        let some: Vec<(Row, Case)> = loan_file::table
            .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
            .inner_join(file_position::table.on(file_position::file_id.eq(loan_file::id)))
            .inner_join(overdue_case::table.on(overdue_case::file_id.eq(loan_file::id)))
            .filter(scope.holds(overdue_case::office_code))
            .filter(overdue_case::id.eq_any(chunk))
            .order(order.order(back))
            .select((columns!(), overdue_case::all_columns))
            .load(db)?;
        rows.extend(some);
    }
    Ok(rows)
}
