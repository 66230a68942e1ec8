//! How far the season is, by kind of loan, university, township or high school: each figure is the
//! number of rows of the list that it leads to, read by that list itself. What a school needs is
//! its line: wanted, passed, signed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::sql_types::Text;
use serde::Serialize;

use super::demand::{Demand, Demands, Sums};
use crate::base::scope::Scope;
use crate::base::url;
use crate::book::statement::Product;
use crate::error::AppResult;
use crate::life::application::list::{self as application, ListParams as ApplicationParams};
use crate::life::application::rules::product_words;
use crate::life::disbursement::list::{self as disbursement, ListParams as MoneyParams};
use crate::life::preapplication::list::{self as preapplication, ListParams as CandidateParams};
use crate::plumbing::db::Db;
use crate::plumbing::schema as tables;
use crate::plumbing::schema::{loan, loan_application, loan_file, person};
use crate::plumbing::sheet::write::Out;
use crate::web::list::declare::List as _;
use crate::web::list::export::Column;
use crate::web::list::filter::NOTHING;

/// By what the figures are told apart: the field of the lists, and its words.
pub const BY: [(&str, &str); 4] =
    [("product", "贷款种类"), ("university", "高校"), ("township", "乡镇"), (SCHOOL, "毕业高中")];
pub const SCHOOL: &str = "school";
/// The line of those of whom it is not written.
const NOBODY: &str = "没有写";

/// The steps of a season: the list, its tab, and the words of the column.
pub const STEPS: [(&str, &str, &str); 8] = [
    (preapplication::PATH, preapplication::ALL, "想贷"),
    (preapplication::PATH, preapplication::PASSED, "预申请通过"),
    (application::PATH, application::BEGUN, "已申请"),
    (application::PATH, application::HANDED, "已受理"),
    (disbursement::PATH, disbursement::SIGNED, "已签合同"),
    (disbursement::PATH, disbursement::CONFIRMED, "高校已回执"),
    (disbursement::PATH, disbursement::APPROVED, "已审批"),
    (disbursement::PATH, disbursement::OUT, "已放款"),
];

/// A figure and the list behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cell {
    pub count: usize,
    pub link: String,
}

/// What one kind of loan, university, township or school has reached; the first line is all of
/// them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Totals {
    pub name: String,
    /// In the order of [`STEPS`]; none where a step cannot be told apart so.
    pub cells: Vec<Option<Cell>>,
    /// Of schools: what they have said of their need.
    pub demand: Option<Demand>,
}

/// Whether a list knows what figures are told apart by.
fn knows(path: &str, by: &str) -> bool {
    path != preapplication::PATH || matches!(by, "township" | "school")
}

/// What figures are told apart by, of each row of a list.
fn values(
    db: &mut Db,
    scope: &Scope,
    ((path, tab), by): ((&str, &str), &str),
    (year, today): (i32, NaiveDate),
) -> AppResult<Vec<String>> {
    let (tab, year) = (tab.to_owned(), year.to_string());
    if path == preapplication::PATH {
        let list = CandidateParams { tab, year, ..CandidateParams::default() };
        return match by {
            "township" => list.only(db, scope, person::township),
            _ => list.only(db, scope, tables::preapplication::high_school),
        };
    }
    if path == application::PATH {
        let params = ApplicationParams { tab, year, ..ApplicationParams::default() };
        let list = params.to_list(today);
        return match by {
            "university" => list.only(db, scope, loan_application::university),
            "township" => list.only(db, scope, loan_application::township),
            "school" => list.only(db, scope, sql::<Text>(application::SCHOOL)),
            _ => list.only(db, scope, loan_application::product),
        };
    }
    let params = MoneyParams { tab, year, ..MoneyParams::default() };
    let list = params.to_list(today);
    match by {
        "university" => list.only(db, scope, loan_file::university),
        "township" => list.only(db, scope, person::township),
        "school" => list.only(db, scope, loan_file::high_school),
        _ => list.only(db, scope, loan::product),
    }
}

/// The figures of a year, told apart by a field of [`BY`].
pub fn load(
    db: &mut Db,
    scope: &Scope,
    by: &str,
    (year, today): (i32, NaiveDate),
) -> AppResult<Vec<Totals>> {
    let mut counts: Vec<Count> = Vec::new();
    for (path, tab, _) in STEPS {
        let values = values(db, scope, ((path, tab), by), (year, today))?;
        let mut of: BTreeMap<String, usize> = BTreeMap::new();
        let all = values.len();
        if knows(path, by) {
            values.into_iter().for_each(|value| *of.entry(value).or_default() += 1);
        }
        counts.push((all, of));
    }
    let demands = match by {
        SCHOOL => Demands::load(db, scope, year)?,
        _ => Demands::default(),
    };
    let counted = counts.iter().flat_map(|(_, of)| of.keys());
    let keys: BTreeSet<&String> = counted.chain(demands.schools()).collect();
    let mut found = lines(&counts, &keys, (by, year));
    if by == SCHOOL {
        put_beside(&mut found, &demands, (year, today));
    }
    Ok(found)
}

/// Beside the line of all, and of each school, what was said of the need.
fn put_beside(lines: &mut [Totals], demands: &Demands, of: (i32, NaiveDate)) {
    let schools = lines.iter().skip(1).filter(|line| line.name != NOBODY);
    let missing = schools.filter(|line| !demands.is_reported(&line.name)).count();
    for (at, line) in lines.iter_mut().enumerate() {
        if at == 0 {
            line.demand = Some(demands.all(missing));
        } else if line.name != NOBODY {
            line.demand = Some(demands.of(&line.name, of));
        }
    }
}

/// How many there are at a step, in all and by what they are told apart.
type Count = (usize, BTreeMap<String, usize>);

fn lines(counts: &[Count], keys: &BTreeSet<&String>, (by, year): (&str, i32)) -> Vec<Totals> {
    let year = year.to_string();
    let cell = |(path, tab): (&str, &str), count: usize, value: &str| {
        let fields = [("tab", tab), ("year", year.as_str()), (by, value)];
        let is_known = value.is_empty() || knows(path, by);
        is_known.then(|| Cell { count, link: url::link(path, &fields) })
    };
    let line = |name: String, value: &str, count: &dyn Fn(usize) -> usize| Totals {
        name,
        cells: STEPS
            .iter()
            .enumerate()
            .map(|(at, (path, tab, _))| cell((path, tab), count(at), value))
            .collect(),
        demand: None,
    };
    let mut found =
        vec![line("全部".to_owned(), "", &|at| counts.get(at).map_or(0, |(n, _)| *n))];
    found.extend(keys.iter().copied().map(|key| {
        let name = match (by, key.as_str()) {
            (_, "") => NOBODY.to_owned(),
            ("product", key) => {
                product_words(Product::from_text(key).unwrap_or(Product::Cdb)).to_owned()
            }
            (_, key) => key.to_owned(),
        };
        let value = if key.is_empty() { NOTHING } else { key };
        let count = |at: usize| counts.get(at).and_then(|(_, of)| of.get(key)).copied();
        line(name, value, &|at| count(at).unwrap_or_default())
    }));
    found
}

impl Totals {
    fn count(&self, at: usize) -> Option<i64> {
        let cell = self.cells.get(at).and_then(Option::as_ref)?;
        i64::try_from(cell.count).ok()
    }
}

/// As on the page. What cannot be told apart so stays blank.
pub const COLUMNS: [Column<Totals, ()>; 9] = [
    ("", 28, |row, ()| (&row.name).into()),
    ("想贷", 10, |row, ()| row.count(0).into()),
    ("预申请通过", 12, |row, ()| row.count(1).into()),
    ("已申请", 10, |row, ()| row.count(2).into()),
    ("已受理", 10, |row, ()| row.count(3).into()),
    ("已签合同", 10, |row, ()| row.count(4).into()),
    ("高校已回执", 12, |row, ()| row.count(5).into()),
    ("已审批", 10, |row, ()| row.count(6).into()),
    ("已放款", 10, |row, ()| row.count(7).into()),
];

fn survey_cell(row: &Totals, of: fn(&Sums) -> Out) -> Out {
    row.demand.as_ref().map_or(Out::Blank, |demand| demand.cell(of))
}

/// Beside the figures of schools.
pub const OF_SCHOOLS: [Column<Totals, ()>; 6] = [
    ("调查问了", 10, |row, ()| survey_cell(row, |one| one.pupils.into())),
    ("调查想贷", 10, |row, ()| survey_cell(row, |one| one.willing.into())),
    ("调查没定", 10, |row, ()| survey_cell(row, |one| one.undecided.into())),
    ("调查预计金额", 16, |row, ()| survey_cell(row, |one| one.expected.into())),
    ("谁报的", 12, |row, ()| survey_cell(row, |one| (&one.by).into())),
    ("哪天报的", 12, |row, ()| survey_cell(row, |one| one.on.into())),
];
