//! The rows, counts and sums of a list. Reads only; no decisions about money.

use chrono::NaiveDate;
use diesel::dsl::{count_star, exists, min, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::filter::{Filter, From, Sort, anywhere, at_end};
use crate::base::dates::day_in;
use crate::base::ids::{FileId, PersonId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{file_position, loan, loan_file, person};

/// One row of a list.
#[derive(Clone, Debug, Queryable)]
pub struct Row {
    pub file_id: FileId,
    pub person_id: PersonId,
    pub file_no: String,
    pub name: String,
    pub id_mask: String,
    /// 乡镇.
    pub township: String,
    /// 村.
    pub village: String,
    /// 派出所.
    pub police_station: String,
    /// 毕业高中.
    pub high_school: String,
    /// 就读高校.
    pub university: String,
    pub graduates_on: Option<NaiveDate>,
    /// Stage of the file.
    pub stage: String,
    pub loans: i32,
    pub outstanding_fen: Fen,
    /// Principal past its due day.
    pub overdue_principal_fen: Fen,
    /// Interest past its due day.
    pub overdue_interest_fen: Fen,
    /// Penalty interest not paid.
    pub penalty_fen: Fen,
    /// The oldest due day with arrears.
    pub oldest_unpaid_due_on: Option<NaiveDate>,
    /// The next due day.
    pub next_due_on: Option<NaiveDate>,
    /// What it will ask for.
    pub next_due_fen: Fen,
    /// Open of due days of which the bank's result is not known yet.
    pub awaiting_fen: Fen,
    /// The oldest of them.
    pub awaiting_on: Option<NaiveDate>,
}

impl Row {
    /// What settles the arrears.
    pub fn overdue_fen(&self) -> Fen {
        self.overdue_principal_fen + self.overdue_interest_fen + self.penalty_fen
    }

    /// The key of this row in a list of this order.
    pub fn key(&self, sort: Sort) -> super::filter::Key {
        let day = |day: Option<NaiveDate>| day.map(|d| d.to_string()).unwrap_or_default();
        let value = match sort {
            Sort::FileNo => String::new(),
            Sort::NextDue => day(self.next_due_on),
            Sort::NextStep => day(self.oldest_unpaid_due_on),
            Sort::Balance => self.outstanding_fen.get().to_string(),
        };
        super::filter::Key { value, tie: self.file_no.clone() }
    }
}

/// Counts and sums of the whole selection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Queryable)]
pub struct Sums {
    pub files: i64,
    pub outstanding_fen: Fen,
    /// Arrears: principal, interest and penalty.
    pub overdue_fen: Fen,
}

/// One page of a list.
pub type Page = super::kit::Page<Row>;

/// Files with their student and their sums.
macro_rules! joined {
    () => {
        loan_file::table
            .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
            .inner_join(file_position::table.on(file_position::file_id.eq(loan_file::id)))
    };
}

/// The conditions on the sums alone; `$query` is boxed.
macro_rules! narrowed_by_position {
    ($query:ident, $filter:expr) => {
        if let Some(stage) = $filter.stage {
            $query = $query.filter(file_position::stage.eq(stage.as_text()));
        }
        match $filter.overdue {
            Some(true) => {
                $query = $query.filter(file_position::oldest_unpaid_due_on.is_not_null());
            }
            Some(false) => {
                let known = file_position::awaiting_on.is_null();
                $query = $query.filter(file_position::oldest_unpaid_due_on.is_null().and(known));
            }
            None => {}
        }
        if $filter.awaiting {
            $query = $query.filter(file_position::awaiting_on.is_not_null());
        }
        if let Some(day) = $filter.unpaid_from {
            $query = $query.filter(file_position::oldest_unpaid_due_on.ge(day));
        }
        if let Some(day) = $filter.unpaid_before {
            $query = $query.filter(file_position::oldest_unpaid_due_on.lt(day));
        }
        if $filter.ended {
            $query = $query.filter(file_position::next_due_on.is_null());
        }
        if let Some(least) = $filter.least {
            let arrears = file_position::overdue_principal_fen
                + file_position::overdue_interest_fen
                + file_position::penalty_fen;
            $query = $query.filter(arrears.ge(least.get()));
        }
    };
}

/// The conditions on the student; `$query` is boxed.
macro_rules! narrowed_by_person {
    ($query:ident, $filter:expr) => {
        if let Some(name) = &$filter.name {
            $query = $query.filter(person::name_key.like(anywhere(name)).escape('\\'));
        }
        if let Some(tail) = &$filter.id_tail {
            $query = $query.filter(person::id_mask.like(id_ends_with(tail)).escape('\\'));
        }
        if let Some(township) = &$filter.township {
            $query = $query.filter(person::township.eq(township));
        }
        if let Some(police) = &$filter.police {
            $query = $query.filter(person::police_station.eq(police));
        }
    };
}

/// The conditions on school, study and contracts; `$query` is boxed.
macro_rules! narrowed_by_file {
    ($query:ident, $filter:expr) => {
        if let Some(school) = &$filter.school {
            $query = $query.filter(loan_file::high_school.eq(school));
        }
        if let Some(university) = &$filter.university {
            $query = $query.filter(loan_file::university.like(anywhere(university)).escape('\\'));
        }
        if let Some(year) = $filter.graduates {
            $query = $query
                .filter(loan_file::graduates_on.between(day_in(year, 1, 1), day_in(year, 12, 31)));
        }
        if let Some(year) = $filter.year {
            $query = $query.filter(exists(
                loan::table
                    .filter(loan::office_code.eq(loan_file::office_code))
                    .filter(loan::file_id.eq(loan_file::id))
                    .filter(loan::loan_year.eq(year))
                    .select(loan::id),
            ));
        }
    };
}

/// What a masked identity number looks like at its end: the mask keeps the last four; more than
/// four digits still narrow by those.
pub fn id_ends_with(tail: &str) -> String {
    at_end(tail.get(tail.len().saturating_sub(4)..).unwrap_or(tail))
}

/// The office, on the side from which the order of the list comes: the database then walks that
/// table's index and stops at the last row of the page. `$query` is boxed.
macro_rules! of_office {
    ($query:ident, $scope:expr, $filter:expr) => {
        $query = match $filter.sort {
            Sort::FileNo => $query.filter(loan_file::office_code.eq_any($scope.codes())),
            _ => $query.filter(file_position::office_code.eq_any($scope.codes())),
        };
    };
}

/// Cuts `$query` at the key and puts it in order.
macro_rules! paged {
    ($query:ident, $filter:expr) => {
        use file_position::{next_due_on, oldest_unpaid_due_on, outstanding_fen};
        use loan_file::file_no as no;
        match (&$filter.from, $filter.sort) {
            (From::Start, _) => {}
            (From::After(k), Sort::FileNo) => $query = $query.filter(no.gt(&k.tie)),
            (From::Before(k), Sort::FileNo) => $query = $query.filter(no.lt(&k.tie)),
            (From::After(k), Sort::Balance) => {
                let same = outstanding_fen.eq(k.fen()).and(no.gt(&k.tie));
                $query = $query.filter(outstanding_fen.lt(k.fen()).or(same));
            }
            (From::Before(k), Sort::Balance) => {
                let same = outstanding_fen.eq(k.fen()).and(no.lt(&k.tie));
                $query = $query.filter(outstanding_fen.gt(k.fen()).or(same));
            }
            (From::After(k), Sort::NextStep) => {
                let same = oldest_unpaid_due_on.eq(k.day()).and(no.gt(&k.tie));
                $query = $query.filter(oldest_unpaid_due_on.gt(k.day()).or(same));
            }
            (From::Before(k), Sort::NextStep) => {
                let same = oldest_unpaid_due_on.eq(k.day()).and(no.lt(&k.tie));
                $query = $query.filter(oldest_unpaid_due_on.lt(k.day()).or(same));
            }
            (From::After(k), Sort::NextDue) => match k.day() {
                Some(day) => {
                    let same = next_due_on.eq(day).and(no.gt(&k.tie));
                    let later = next_due_on.gt(day).or(next_due_on.is_null());
                    $query = $query.filter(same.or(later));
                }
                None => {
                    $query = $query.filter(next_due_on.is_null().and(no.gt(&k.tie)));
                }
            },
            (From::Before(k), Sort::NextDue) => match k.day() {
                Some(day) => {
                    let same = next_due_on.eq(day).and(no.lt(&k.tie));
                    $query = $query.filter(same.or(next_due_on.lt(day)));
                }
                None => {
                    let same = next_due_on.is_null().and(no.lt(&k.tie));
                    $query = $query.filter(same.or(next_due_on.is_not_null()));
                }
            },
        }
        let back = matches!($filter.from, From::Before(_));
        match ($filter.sort, back) {
            (Sort::FileNo, false) => $query = $query.order(no.asc()),
            (Sort::FileNo, true) => $query = $query.order(no.desc()),
            (Sort::Balance, false) => {
                $query = $query.order((outstanding_fen.desc(), no.asc()));
            }
            (Sort::Balance, true) => $query = $query.order((outstanding_fen.asc(), no.desc())),
            (Sort::NextStep, false) => {
                $query = $query.order((oldest_unpaid_due_on.asc(), no.asc()));
            }
            (Sort::NextStep, true) => {
                $query = $query.order((oldest_unpaid_due_on.desc(), no.desc()));
            }
            // The databases disagree on where nothing sorts, so it is said.
            (Sort::NextDue, false) => {
                $query = $query.order((next_due_on.is_null().asc(), next_due_on.asc(), no.asc()));
            }
            (Sort::NextDue, true) => {
                let order = (next_due_on.is_null().desc(), next_due_on.desc(), no.desc());
                $query = $query.order(order);
            }
        }
    };
}

/// The columns of [`Row`].
macro_rules! columns {
    () => {
        (
            loan_file::id,
            loan_file::person_id,
            loan_file::file_no,
            person::name,
            person::id_mask,
            person::township,
            person::village,
            person::police_station,
            loan_file::high_school,
            loan_file::university,
            loan_file::graduates_on,
            file_position::stage,
            file_position::loans,
            file_position::outstanding_fen,
            file_position::overdue_principal_fen,
            file_position::overdue_interest_fen,
            file_position::penalty_fen,
            file_position::oldest_unpaid_due_on,
            file_position::next_due_on,
            file_position::next_due_fen,
            file_position::awaiting_fen,
            file_position::awaiting_on,
        )
    };
}

pub(crate) use columns;

/// One page of the list.
pub fn page(db: &mut Db, scope: &Scope, filter: &Filter) -> AppResult<Page> {
    let mut query = joined!().select(columns!()).into_boxed();
    of_office!(query, scope, filter);
    narrowed_by_position!(query, filter);
    narrowed_by_person!(query, filter);
    narrowed_by_file!(query, filter);
    paged!(query, filter);
    Ok(Page::cut(query.limit(filter.size + 1).load(db)?, filter.size, &filter.from))
}

/// All rows of the selection, for a spreadsheet; at most `limit`.
pub fn all(db: &mut Db, scope: &Scope, filter: &Filter, limit: i64) -> AppResult<Vec<Row>> {
    let filter = Filter { from: From::Start, ..filter.clone() };
    let mut query = joined!().select(columns!()).into_boxed();
    of_office!(query, scope, filter);
    narrowed_by_position!(query, filter);
    narrowed_by_person!(query, filter);
    narrowed_by_file!(query, filter);
    paged!(query, filter);
    Ok(query.limit(limit).load(db)?)
}

/// Counts and sums of the selection. When it is narrowed by sums alone, only those are read.
pub fn sums(db: &mut Db, scope: &Scope, filter: &Filter) -> AppResult<Sums> {
    let outstanding =
        || sql::<BigInt>("CAST(COALESCE(SUM(file_position.outstanding_fen), 0) AS BIGINT)");
    let arrears = || {
        sql::<BigInt>(
            "CAST(COALESCE(SUM(file_position.overdue_principal_fen + \
             file_position.overdue_interest_fen + file_position.penalty_fen), 0) AS BIGINT)",
        )
    };
    let by_sums_alone = filter.name.is_none()
        && filter.id_tail.is_none()
        && filter.township.is_none()
        && filter.school.is_none()
        && filter.university.is_none()
        && filter.police.is_none()
        && filter.graduates.is_none()
        && filter.year.is_none();
    if by_sums_alone {
        let mut query = file_position::table
            .select((count_star(), outstanding(), arrears()))
            .filter(file_position::office_code.eq_any(scope.codes()))
            .into_boxed();
        narrowed_by_position!(query, filter);
        return Ok(query.first(db)?);
    }
    let mut query = joined!()
        .select((count_star(), outstanding(), arrears()))
        .filter(file_position::office_code.eq_any(scope.codes()))
        .into_boxed();
    narrowed_by_position!(query, filter);
    narrowed_by_person!(query, filter);
    narrowed_by_file!(query, filter);
    Ok(query.first(db)?)
}

/// What the query row offers.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Choices {
    pub townships: Vec<String>,
    /// High schools, by name.
    pub schools: Vec<String>,
    /// Police stations, by name.
    pub police: Vec<String>,
    /// School years, newest first.
    pub years: Vec<i32>,
}

/// Every value of a column that is not empty: one step in an index for each, instead of reading
/// all rows to find a few dozen names. The index begins with office and column.
macro_rules! each_value {
    ($db:expr, $scope:expr, $table:ident, $column:ident) => {{
        let mut found: Vec<String> = Vec::new();
        for code in $scope.codes() {
            let mut last = String::new();
            loop {
                let next: Option<String> = $table::table
                    .filter($table::office_code.eq(code))
                    .filter($table::$column.gt(&last))
                    .select(min($table::$column))
                    .first($db)?;
                let Some(next) = next else { break };
                last.clone_from(&next);
                if !found.contains(&next) {
                    found.push(next);
                }
            }
        }
        found
    }};
}

/// The townships, schools and police stations that occur.
pub fn places(db: &mut Db, scope: &Scope) -> AppResult<Choices> {
    Ok(Choices {
        townships: each_value!(db, scope, person, township),
        schools: each_value!(db, scope, loan_file, high_school),
        police: each_value!(db, scope, person, police_station),
        years: Vec::new(),
    })
}

/// The townships, schools and years that occur.
pub fn choices(db: &mut Db, scope: &Scope) -> AppResult<Choices> {
    let years = file_position::table
        .filter(file_position::office_code.eq_any(scope.codes()))
        .select(file_position::first_year)
        .distinct()
        .order(file_position::first_year.desc())
        .load(db)?;
    Ok(Choices {
        townships: each_value!(db, scope, person, township),
        schools: each_value!(db, scope, loan_file, high_school),
        police: Vec::new(),
        years,
    })
}
