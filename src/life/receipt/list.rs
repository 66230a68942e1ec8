//! `/receipts` as a list: what universities wrote, and contracts that they have not confirmed yet.

use std::collections::BTreeSet;

use chrono::{Datelike as _, NaiveDate};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use serde::Serialize;

use super::rules::State;
use crate::base::ids::{LoanId, RowId};
use crate::base::money::Fen;
use crate::base::person_name::name_key;
use crate::base::scope::Scope;
use crate::book::policy::Policy;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{loan, loan_file, university_receipt};
use crate::web::list::declare::{Columns, Counts, List, Tables};
use crate::web::list::export::Column;
use crate::web::list::filter::anywhere;
use crate::web::list::kit::{Condition, Keyset, Term};
use crate::web::list::page::{Export, Found, ListPage, Tabs};
use crate::web::session::SignedIn;
use crate::web::waiting::Waiting;

pub const PATH: &str = "/receipts";
pub const MISSING: &str = "missing";
/// The tabs: state, or what is missing, and name.
pub const TABS: [(&str, &str); 5] = [
    ("", "待核对"),
    (MISSING, "还没有回执"),
    ("matched", "一致"),
    ("accepted", "已采用"),
    ("rejected", "已退回"),
];

const WRITTEN: &str = "university_receipt LEFT JOIN loan ON loan.id = university_receipt.loan_id \
     LEFT JOIN loan_file ON loan_file.id = loan.file_id \
     LEFT JOIN person ON person.id = loan_file.person_id";
/// Contracts have the columns of a receipt, too, with nothing in them.
const CONTRACTS: &str = "loan JOIN loan_position ON loan_position.loan_id = loan.id \
     JOIN loan_file ON loan_file.id = loan.file_id \
     JOIN person ON person.id = loan_file.person_id LEFT JOIN university_receipt ON FALSE";
/// As reminders count them (`book/notice/due_queries.rs`).
const NONE_YET: &str = "loan.receipt_on IS NULL AND loan_position.stage = 'undisbursed' \
     AND NOT EXISTS (SELECT 1 FROM university_receipt one WHERE one.office_code = \
     loan.office_code AND one.loan_id = loan.id AND one.state <> 'rejected')";
/// As the file says it; as the university wrote it, where there is no file.
const UNIVERSITY: &str =
    "COALESCE(NULLIF(loan_file.university, ''), university_receipt.university, '')";

crate::list_params! {
    ListParams {
        /// Part of a name, or a student number.
        q,
        /// One of [`TABS`].
        tab,
        university,
        /// First year of the school year; nothing: that of today.
        year,
    }
}

/// The receipts, or contracts without, of a year.
#[derive(Clone, Debug)]
pub struct Receipts {
    pub params: ListParams,
    pub year: i32,
}

#[derive(Clone, Debug, Queryable, Serialize)]
pub struct Row {
    /// None for a contract without.
    pub receipt: Option<RowId>,
    #[serde(skip)]
    pub loan: Option<LoanId>,
    pub file_no: Option<String>,
    pub name: String,
    pub student_number: String,
    pub university: String,
    pub year: i32,
    pub code: String,
    pub state: String,
    pub mismatch: String,
    pub tuition: Option<Fen>,
    pub lodging: Option<Fen>,
    pub amount: Option<Fen>,
    /// What the contract says.
    pub principal: Option<Fen>,
}

impl List for Receipts {
    type Row = Row;

    fn tables(&self) -> Tables {
        match self.is_missing() {
            true => Tables(CONTRACTS, "loan.office_code"),
            false => Tables(WRITTEN, "university_receipt.office_code"),
        }
    }

    fn columns() -> impl Columns<Row> {
        (
            university_receipt::id.nullable(),
            loan::id.nullable(),
            loan_file::file_no.nullable(),
            sql::<Text>("COALESCE(person.name, university_receipt.name)"),
            sql::<Text>("COALESCE(university_receipt.student_number, loan_file.student_number)"),
            sql::<Text>(UNIVERSITY),
            sql::<Integer>("COALESCE(university_receipt.loan_year, loan.loan_year)"),
            sql::<Text>("COALESCE(university_receipt.code, '')"),
            sql::<Text>("COALESCE(university_receipt.state, 'missing')"),
            sql::<Text>("COALESCE(university_receipt.mismatch, '')"),
            university_receipt::tuition_fen,
            university_receipt::lodging_fen,
            university_receipt::amount_fen.nullable(),
            loan::principal_fen.nullable(),
        )
    }

    fn condition(&self) -> Condition {
        let year = if self.is_missing() { "loan" } else { "university_receipt" };
        let mut all = vec![Condition::new(&format!("{year}.loan_year = ?")).bind(self.year)];
        all.push(match self.params.tab.as_str() {
            MISSING => Condition::new(NONE_YET),
            tab => {
                let state = State::from_text(tab).unwrap_or(State::Differs);
                Condition::new("university_receipt.state = ?").bind(state.as_text())
            }
        });
        let (university, q) = (&self.params.university, self.params.q.trim());
        if !university.is_empty() {
            all.push(Condition::new(&format!("{UNIVERSITY} = ?")).bind(university));
        }
        if !q.is_empty() {
            let text = "person.name_key LIKE ? ESCAPE '\\' OR university_receipt.name LIKE ? \
                 ESCAPE '\\' OR university_receipt.student_number = ? \
                 OR loan_file.student_number = ?";
            let named = Condition::new(text).bind(anywhere(&name_key(q))).bind(anywhere(q));
            all.push(named.bind(q).bind(q));
        }
        Condition::all(all)
    }

    fn order(&self) -> Keyset<Row> {
        const LOAN: Term<Row> = Term::whole("loan.id", |row| row.loan.map(LoanId::get).into());
        const ID: Term<Row> =
            Term::whole("university_receipt.id", |row| row.receipt.map(RowId::get).into());
        match self.is_missing() {
            true => const { Keyset(&[LOAN]) },
            false => const { Keyset(&[ID]) },
        }
    }
}

impl ListParams {
    /// What was understood, on a day.
    pub fn to_list(&self, today: NaiveDate) -> Receipts {
        let year = self.year.trim().parse().ok().filter(|year| (2000..=2100).contains(year));
        Receipts { params: self.clone(), year: year.unwrap_or(today.year()) }
    }
}

impl Receipts {
    fn is_missing(&self) -> bool {
        self.params.tab == MISSING
    }

    /// The same of another tab.
    pub fn of(&self, tab: &str) -> Receipts {
        let params = ListParams { tab: tab.to_owned(), ..self.params.clone() };
        Receipts { params, ..self.clone() }
    }

    pub fn count(&self, db: &mut Db, scope: &Scope) -> AppResult<i64> {
        Ok(self.counts(db, scope)?.selection)
    }
}

#[derive(Serialize)]
pub struct View {
    rows: Vec<Row>,
    universities: BTreeSet<String>,
    year: i32,
    missing: bool,
}

impl ListPage for ListParams {
    type List = Receipts;
    type View = View;
    const PATH: &'static str = PATH;
    const TEMPLATE: &'static str = "receipt/list.html";
    const TABS: Tabs = ("tab", &TABS);
    const NOT_NARROWING: &'static [&'static str] = &["tab", "year"];

    fn list(&self, _: &SignedIn, today: NaiveDate) -> Receipts {
        self.to_list(today)
    }

    /// One by one: contracts without a receipt come from other tables.
    fn counts(of: &mut Found<'_, ListParams>) -> AppResult<Counts> {
        let mut count = |all: &Receipts| all.count(of.db, of.scope);
        let tabs = TABS.iter().map(|(tab, _)| count(&of.list.of(tab))).collect::<AppResult<_>>()?;
        Ok(Counts { selection: count(of.list)?, tabs, ..Counts::default() })
    }

    fn view(&self, of: Found<'_, ListParams>) -> AppResult<View> {
        let (year, mut universities) = (of.list.year, BTreeSet::new());
        for (tab, _) in TABS {
            let any = ListParams { tab: tab.to_owned(), ..ListParams::default() };
            let of_year = Receipts { params: any, year };
            universities.extend(of_year.only(of.db, of.scope, sql::<Text>(UNIVERSITY))?);
        }
        Ok(View { rows: of.rows, universities, year, missing: of.list.is_missing() })
    }
}

/// What the tab of a state is called.
pub fn state_words(state: &str) -> &'static str {
    let tab = if state == State::Differs.as_text() { "" } else { state };
    TABS.iter().find(|(known, _)| *known == tab).map_or("", |(_, words)| words)
}

impl Export for ListParams {
    const NAME: (&'static str, &'static str) = ("高校回执", "份");
    const COLUMNS: &'static [Column<Row, NaiveDate>] = &[
        ("高校", 24, |row, _| (&row.university).into()),
        ("姓名", 10, |row, _| (&row.name).into()),
        ("学号", 18, |row, _| (&row.student_number).into()),
        ("档案号", 14, |row, _| row.file_no.as_ref().into()),
        ("贷款学年", 12, |row, _| format!("{}-{}", row.year, row.year + 1).into()),
        ("回执校验码", 12, |row, _| (&row.code).into()),
        ("学费（元）", 12, |row, _| row.tuition.into()),
        ("住宿费（元）", 12, |row, _| row.lodging.into()),
        ("回执金额（元）", 14, |row, _| row.amount.into()),
        ("合同金额（元）", 14, |row, _| row.principal.into()),
        ("状态", 12, |row, _| state_words(&row.state).into()),
        ("核对", 40, |row, _| (&row.mismatch).into()),
    ];
}

/// What does not agree; from the first of the last month on, contracts without a receipt.
pub fn waiting(
    db: &mut Db,
    scope: &Scope,
    policy: &Policy,
    today: NaiveDate,
) -> AppResult<Vec<Waiting>> {
    let all = ListParams::default().to_list(today);
    let differs = all.count(db, scope)?;
    let mut lines = vec![Waiting::work(differs, "份高校回执待核对", PATH)];
    let last_on = policy.receipt_deadline(today.year());
    if last_on.with_day(1).is_some_and(|from| from <= today) {
        let what = match today <= last_on {
            true => "份合同还没有高校回执，要催学校",
            false => "份合同过了截止日还没有高校回执",
        };
        let count = all.of(MISSING).count(db, scope)?;
        lines.push(Waiting::work(count, what, "/receipts?tab=missing"));
    }
    Ok(lines)
}
