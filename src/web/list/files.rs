//! The rows, counts and sums of a list. Reads only; no decisions about money.

use chrono::NaiveDate;
use diesel::dsl::min;
use diesel::prelude::*;
use serde::Serialize;

use super::declare::{Columns, Counts, List, Tables};
use super::filter::{Filter, ListParams, Sort, anywhere, at_end};
use super::kit::{Condition, Keyset, Term};
use crate::base::dates::day_in;
use crate::base::ids::{FileId, PersonId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{file_position, loan_file, person};

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
}

/// Counts and sums of the whole selection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    pub files: i64,
    #[serde(rename = "outstanding")]
    pub outstanding_fen: Fen,
    /// Arrears: principal, interest and penalty.
    #[serde(rename = "overdue")]
    pub overdue_fen: Fen,
}

impl From<Counts> for Sums {
    fn from(counts: Counts) -> Sums {
        let sum = |at: usize| counts.sums.get(at).copied().unwrap_or_default();
        Sums { files: counts.selection, outstanding_fen: sum(0), overdue_fen: sum(1) }
    }
}

/// The columns of [`Row`].
#[macro_export]
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

pub use columns;

/// Files with their student and their sums.
const JOINED: &str = "loan_file JOIN person ON person.id = loan_file.person_id \
    JOIN file_position ON file_position.file_id = loan_file.id";

/// Arrears of a file: what settles them.
pub const OVERDUE: &str = "file_position.overdue_principal_fen + \
    file_position.overdue_interest_fen + file_position.penalty_fen";

impl Sort {
    pub fn keyset(self) -> Keyset<Row> {
        const NO: Term<Row> = Term::text("loan_file.file_no", |row| (&row.file_no).into());
        const DUE: Term<Row> = Term::day("file_position.next_due_on", |row| row.next_due_on.into());
        const BALANCE: Term<Row> =
            Term::whole("file_position.outstanding_fen", |row| row.outstanding_fen.get().into());
        match self {
            Sort::FileNo => const { Keyset(&[NO]) },
            Sort::NextDue => const { Keyset(&[DUE.nulls_last(), NO]) },
            Sort::Balance => const { Keyset(&[BALANCE.largest_first(), NO]) },
        }
    }
}

impl List for Filter {
    type Row = Row;
    const SUMS: &'static [&'static str] = &["file_position.outstanding_fen", OVERDUE];

    fn tables(&self) -> Tables {
        match self.sort {
            Sort::FileNo => Tables(JOINED, "loan_file.office_code"),
            _ => Tables(JOINED, "file_position.office_code"),
        }
    }

    fn columns() -> impl Columns<Row> {
        columns!()
    }

    fn condition(&self) -> Condition {
        let mut all = self.sums();
        if let Some(stage) = self.stage {
            all.push(Condition::new("file_position.stage = ?").bind(stage.as_text()));
        }
        all.extend(self.overdue.map(|overdue| {
            Condition::new(match overdue {
                true => "file_position.oldest_unpaid_due_on IS NOT NULL",
                false => {
                    "file_position.oldest_unpaid_due_on IS NULL \
                     AND file_position.awaiting_on IS NULL"
                }
            })
        }));
        all.extend(self.family());
        Condition::all(all)
    }

    fn order(&self) -> Keyset<Row> {
        self.sort.keyset()
    }

    /// When it is narrowed by sums alone, only those are read.
    fn counted(&self, _: &Scope) -> (Tables, Condition) {
        let tables = if self.family().is_none() { "file_position" } else { JOINED };
        (Tables(tables, "file_position.office_code"), self.condition())
    }
}

impl Filter {
    /// What is asked of the sums and the contracts of a file.
    pub fn sums(&self) -> Vec<Condition> {
        let mut all = Vec::new();
        if self.awaiting {
            all.push(Condition::new("file_position.awaiting_on IS NOT NULL"));
        }
        if let Some(day) = self.unpaid_from {
            all.push(Condition::new("file_position.oldest_unpaid_due_on >= ?").bind(day));
        }
        if let Some(day) = self.unpaid_before {
            all.push(Condition::new("file_position.oldest_unpaid_due_on < ?").bind(day));
        }
        if self.ended {
            all.push(Condition::new("file_position.next_due_on IS NULL"));
        }
        if let Some(least) = self.least {
            all.push(Condition::new(&format!("{OVERDUE} >= ?")).bind(least.get()));
        }
        if let Some(year) = self.year {
            let of_year = "EXISTS (SELECT 1 FROM loan \
                 WHERE loan.office_code = file_position.office_code \
                 AND loan.file_id = file_position.file_id AND loan.loan_year = ?)";
            all.push(Condition::new(of_year).bind(year));
        }
        all
    }

    /// What is asked of the family; columns without their table, for two tables have them.
    pub fn family(&self) -> Option<Condition> {
        let mut all = Vec::new();
        let mut add = |text: &str, value: &Option<String>, pattern: fn(&str) -> String| {
            all.extend(value.as_ref().map(|value| Condition::new(text).bind(pattern(value))));
        };
        add("name_key LIKE ? ESCAPE '\\'", &self.name, anywhere);
        add("id_mask LIKE ? ESCAPE '\\'", &self.id_tail, id_ends_with);
        add("township = ?", &self.township, str::to_owned);
        add("police_station = ?", &self.police, str::to_owned);
        add("high_school = ?", &self.school, str::to_owned);
        add("university LIKE ? ESCAPE '\\'", &self.university, anywhere);
        if let Some(year) = self.graduates {
            let graduates = Condition::new("graduates_on BETWEEN ? AND ?");
            all.push(graduates.bind(day_in(year, 1, 1)).bind(day_in(year, 12, 31)));
        }
        all.into_iter().reduce(Condition::and)
    }
}

/// Who is named so, or whose identity number ends so; nothing for nothing.
pub fn named(q: &str) -> Option<Condition> {
    let params = ListParams { q: q.to_owned(), ..ListParams::default() };
    params.to_filter().family()
}

/// What a masked identity number looks like at its end: the mask keeps the last four; more than
/// four digits still narrow by those.
pub fn id_ends_with(tail: &str) -> String {
    at_end(tail.get(tail.len().saturating_sub(4)..).unwrap_or(tail))
}

/// What the query row offers.
#[derive(Clone, Debug, Default, Serialize)]
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
        .filter(scope.holds(file_position::office_code))
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
