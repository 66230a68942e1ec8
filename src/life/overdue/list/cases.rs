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
use crate::web::list::files::{Row, columns, id_ends_with};
use crate::web::list::filter::{Filter, From, Key, ListParams, Sort, anywhere};
use crate::web::list::kit::{self, Condition, Keyset, Value};

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
pub fn case_filter(asked: &ListParams, me: StaffId, today: NaiveDate) -> CaseFilter {
    let mut filter = asked.to_filter(Sort::NextStep);
    filter.stage = None;
    filter.overdue = (asked.list != "paid").then_some(true);
    match asked.list.as_str() {
        "new" => filter.unpaid_from = Some(last_due_day(today)),
        "long" => filter.unpaid_before = Some(last_due_day(today)),
        "ended" => filter.ended = true,
        _ => {}
    }
    CaseFilter {
        stage: Stage::from_text(&asked.stage),
        list: asked.list.clone(),
        owner: asked.owner.parse().ok().map(StaffId::new),
        me,
        today,
        order: if asked.sort == "first" { Order::First } else { Order::NextStep },
        filter,
    }
}

impl CaseFilter {
    /// The same of another list, narrowed by nothing else.
    pub fn bare(&self, list: &str) -> CaseFilter {
        let asked = ListParams { list: list.to_owned(), ..ListParams::default() };
        case_filter(&asked, self.me, self.today)
    }

    /// The selection without its order and its page: lists with the same one count the same.
    pub fn selection(&self) -> CaseFilter {
        let filter = Filter { from: From::Start, size: 0, ..self.filter.clone() };
        CaseFilter { order: Order::NextStep, filter, ..self.clone() }
    }

    /// The key of a row in this order.
    pub fn key(&self, row: &Row, case: &Case) -> Key {
        let value = match self.order {
            Order::NextStep => format!("{}~{}", case.next_on, case.stage_since),
            Order::First => format!("{}~{}", case.weight, case.next_on),
        };
        Key { value, tie: row.file_id.to_string() }
    }
}

pub type Page = kit::Page<(Row, Case)>;

/// Arrears of a file: what settles them.
pub(super) const OVERDUE: &str = "file_position.overdue_principal_fen + \
    file_position.overdue_interest_fen + file_position.penalty_fen";

/// By the next step; an index of the cases on the ladder has the same order, up to the last column.
const BY_STEP: Keyset = Keyset(&[
    ("overdue_case.next_on", false),
    ("overdue_case.stage_since", false),
    ("overdue_case.file_id", false),
]);
const BY_WEIGHT: Keyset = Keyset(&[
    ("overdue_case.weight", true),
    ("overdue_case.next_on", false),
    ("overdue_case.file_id", false),
]);

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
        let filter = &self.filter;
        if filter.awaiting {
            and(Condition::new("file_position.awaiting_on IS NOT NULL"));
        }
        if let Some(day) = filter.unpaid_from {
            and(Condition::new("file_position.oldest_unpaid_due_on >= ?").bind(day));
        }
        if let Some(day) = filter.unpaid_before {
            and(Condition::new("file_position.oldest_unpaid_due_on < ?").bind(day));
        }
        if filter.ended {
            and(Condition::new("file_position.next_due_on IS NULL"));
        }
        if let Some(least) = filter.least {
            and(Condition::new(&format!("{OVERDUE} >= ?")).bind(least.get()));
        }
        if let Some(year) = filter.year {
            and(Condition::new(
                "EXISTS (SELECT 1 FROM loan WHERE loan.office_code = overdue_case.office_code \
                 AND loan.file_id = overdue_case.file_id AND loan.loan_year = ?)",
            )
            .bind(i64::from(year)));
        }
        if let Some(family) = family(filter) {
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

    fn order(&self) -> Keyset {
        match self.order {
            Order::NextStep => BY_STEP,
            Order::First => BY_WEIGHT,
        }
    }

    /// The values of a key in the address, as [`CaseFilter::key`] wrote them.
    fn values(&self, key: &Key) -> Option<[Value; 3]> {
        let (first, second) = key.value.split_once('~')?;
        let first = match self.order {
            Order::NextStep => Value::Day(first.parse().ok()?),
            Order::First => Value::Whole(first.parse().ok()?),
        };
        Some([first, Value::Day(second.parse().ok()?), Value::Whole(key.tie.parse().ok()?)])
    }
}

/// What is asked of the family; columns without their table, for two tables have them.
fn family(filter: &Filter) -> Option<Condition> {
    let mut all = Vec::new();
    let mut add = |text: &str, value: &Option<String>, pattern: fn(&str) -> String| {
        all.extend(value.as_ref().map(|value| Condition::new(text).bind(pattern(value))));
    };
    add("name_key LIKE ? ESCAPE '\\'", &filter.name, anywhere);
    add("id_mask LIKE ? ESCAPE '\\'", &filter.id_tail, id_ends_with);
    add("township = ?", &filter.township, str::to_owned);
    add("police_station = ?", &filter.police, str::to_owned);
    add("high_school = ?", &filter.school, str::to_owned);
    add("university LIKE ? ESCAPE '\\'", &filter.university, anywhere);
    if let Some(year) = filter.graduates {
        let graduates = Condition::new("graduates_on BETWEEN ? AND ?");
        all.push(graduates.bind(day_in(year, 1, 1)).bind(day_in(year, 12, 31)));
    }
    all.into_iter().reduce(Condition::and)
}

/// One page of the list.
pub fn page(db: &mut Db, scope: &Scope, case_filter: &CaseFilter) -> AppResult<Page> {
    let rows = from_there(db, scope, case_filter, case_filter.filter.size + 1)?;
    Ok(Page::cut(rows, case_filter.filter.size, &case_filter.filter.from))
}

/// All rows of the selection, for a spreadsheet; at most `limit`.
pub fn all(
    db: &mut Db,
    scope: &Scope,
    case_filter: &CaseFilter,
    limit: i64,
) -> AppResult<Vec<(Row, Case)>> {
    let filter = Filter { from: From::Start, ..case_filter.filter.clone() };
    from_there(db, scope, &CaseFilter { filter, ..case_filter.clone() }, limit)
}

/// The rows from where the page begins, as many as `limit`, in the order of the list or, before
/// a row, against it. First which they are, by what the conditions and the order need alone:
/// whole rows are dear to sort. The offices stand one by one: with `= ANY` PostgreSQL sorts
/// everybody instead of walking along the index of this order.
pub fn from_there(
    db: &mut Db,
    scope: &Scope,
    case_filter: &CaseFilter,
    limit: i64,
) -> AppResult<Vec<(Row, Case)>> {
    let (key, back) = match &case_filter.filter.from {
        From::Start => (None, false),
        From::After(key) => (Some(key), false),
        From::Before(key) => (Some(key), true),
    };
    let mut condition = case_filter.walked().and(case_filter.condition(scope));
    if let Some(values) = key.and_then(|key| case_filter.values(key)) {
        condition = condition.and(case_filter.order().beyond(&values, back));
    }
    let ids: Vec<CaseId> = overdue_case::table
        .inner_join(loan_file::table.on(loan_file::id.eq(overdue_case::file_id)))
        .inner_join(file_position::table.on(file_position::file_id.eq(overdue_case::file_id)))
        .filter(Condition::one_of("overdue_case.office_code", scope.codes()))
        .filter(condition)
        .order(case_filter.order().order(back))
        .limit(limit)
        .select(overdue_case::id)
        .load(db)?;
    let mut rows = Vec::new();
    for chunk in ids.chunks(BINDS_MAX) {
        let some: Vec<(Row, Case)> = loan_file::table
            .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
            .inner_join(file_position::table.on(file_position::file_id.eq(loan_file::id)))
            .inner_join(overdue_case::table.on(overdue_case::file_id.eq(loan_file::id)))
            .filter(overdue_case::office_code.eq_any(scope.codes()))
            .filter(overdue_case::id.eq_any(chunk))
            .order(case_filter.order().order(back))
            .select((columns!(), overdue_case::all_columns))
            .load(db)?;
        rows.extend(some);
    }
    Ok(rows)
}
