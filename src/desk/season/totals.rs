//! How far the season is, by kind of loan, university or township: each figure is the number of
//! rows of the list that it leads to, read by that list itself.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Serialize;

use crate::base::scope::Scope;
use crate::base::url;
use crate::book::statement::Product;
use crate::error::AppResult;
use crate::life::application::list::{self as application, ListParams as ApplicationParams};
use crate::life::application::rules::product_words;
use crate::life::disbursement::list::{self as disbursement, ListParams as MoneyParams};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{loan, loan_application, loan_file, person};
use crate::web::list::declare::List as _;
use crate::web::list::export::Column;
use crate::web::list::filter::NOTHING;

/// By what the figures are told apart: the field of both lists, and its words.
pub const BY: [(&str, &str); 3] =
    [("product", "贷款种类"), ("university", "高校"), ("township", "乡镇")];

/// The steps of a season: the list, its tab, and the words of the column.
pub const STEPS: [(&str, &str, &str); 5] = [
    (application::PATH, application::BEGUN, "已申请"),
    (application::PATH, application::HANDED, "已提交复核"),
    (disbursement::PATH, disbursement::SIGNED, "已签合同"),
    (disbursement::PATH, disbursement::CONFIRMED, "高校已回执"),
    (disbursement::PATH, disbursement::OUT, "已放款"),
];

/// A figure and the list behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cell {
    pub count: usize,
    pub link: String,
}

/// What one kind of loan, university or township has reached; the first line is all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Totals {
    pub name: String,
    /// In the order of [`STEPS`].
    pub cells: Vec<Cell>,
}

/// Product, university and township of each row of a list.
type Rows = Vec<(String, String, String)>;

fn rows(
    db: &mut Db,
    scope: &Scope,
    (path, tab): (&str, &str),
    (year, today): (i32, NaiveDate),
) -> AppResult<Rows> {
    let (tab, year) = (tab.to_owned(), year.to_string());
    if path == application::PATH {
        let params = ApplicationParams { tab, year, ..ApplicationParams::default() };
        let of = (loan_application::product, loan_application::university);
        return params.to_list(today).only(db, scope, (of.0, of.1, loan_application::township));
    }
    let params = MoneyParams { tab, year, ..MoneyParams::default() };
    let of = (loan::product, loan_file::university, person::township);
    params.to_list(today).only(db, scope, of)
}

/// The figures of a year, told apart by a field of [`BY`].
pub fn load(
    db: &mut Db,
    scope: &Scope,
    by: &str,
    (year, today): (i32, NaiveDate),
) -> AppResult<Vec<Totals>> {
    let mut counts: Vec<(usize, BTreeMap<String, usize>)> = Vec::new();
    for (path, tab, _) in STEPS {
        let rows = rows(db, scope, (path, tab), (year, today))?;
        let mut of: BTreeMap<String, usize> = BTreeMap::new();
        let all = rows.len();
        for (product, university, township) in rows {
            let key = match by {
                "university" => university,
                "township" => township,
                _ => product,
            };
            *of.entry(key).or_default() += 1;
        }
        counts.push((all, of));
    }
    let keys: BTreeSet<&String> = counts.iter().flat_map(|(_, of)| of.keys()).collect();
    let year = year.to_string();
    let cell = |(path, tab): (&str, &str), count: usize, value: &str| {
        let fields = [("tab", tab), ("year", year.as_str()), (by, value)];
        Cell { count, link: url::link(path, &fields) }
    };
    let line = |name: String, value: &str, count: &dyn Fn(usize) -> usize| Totals {
        name,
        cells: STEPS
            .iter()
            .enumerate()
            .map(|(at, (path, tab, _))| cell((path, tab), count(at), value))
            .collect(),
    };
    let mut found =
        vec![line("全部".to_owned(), "", &|at| counts.get(at).map_or(0, |(n, _)| *n))];
    found.extend(keys.into_iter().map(|key| {
        let name = match (by, key.as_str()) {
            (_, "") => "没有写".to_owned(),
            ("product", key) => {
                product_words(Product::from_text(key).unwrap_or(Product::Cdb)).to_owned()
            }
            (_, key) => key.to_owned(),
        };
        let value = if key.is_empty() { NOTHING } else { key };
        let count = |at: usize| counts.get(at).and_then(|(_, of)| of.get(key)).copied();
        line(name, value, &|at| count(at).unwrap_or_default())
    }));
    Ok(found)
}

impl Totals {
    fn count(&self, at: usize) -> Option<i64> {
        self.cells.get(at).and_then(|cell| i64::try_from(cell.count).ok())
    }
}

/// As on the page. What nobody counts yet stays blank.
pub const COLUMNS: [Column<Totals, ()>; 8] = [
    ("", 28, |row, ()| (&row.name).into()),
    ("想贷", 10, |_, ()| "—".into()),
    ("预申请通过", 12, |_, ()| "—".into()),
    ("已申请", 10, |row, ()| row.count(0).into()),
    ("已提交复核", 12, |row, ()| row.count(1).into()),
    ("已签合同", 10, |row, ()| row.count(2).into()),
    ("高校已回执", 12, |row, ()| row.count(3).into()),
    ("已放款", 10, |row, ()| row.count(4).into()),
];
