//! `/closings`: contracts that are paid off, and how far each is with its certificate.

use chrono::{Datelike as _, NaiveDate};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text};
use serde::Serialize;

use super::rules::{block, first_day};
use crate::base::dates::in_words;
use crate::base::ids::LoanId;
use crate::base::money::Fen;
use crate::base::person_name::name_key;
use crate::base::scope::Scope;
use crate::book::policy::Policy;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{certificate, loan, loan_file, loan_position, person};
use crate::web::list::declare::{Columns, List, Tables};
use crate::web::list::export::Column;
use crate::web::list::filter::anywhere;
use crate::web::list::kit::{Condition, Keyset, Tally, Term};
use crate::web::list::page::{Export, Found, ListPage, Tabs};
use crate::web::session::SignedIn;
use crate::web::waiting::Waiting;

pub const PATH: &str = "/closings";

/// The tabs: key and name.
pub const TABS: [(&str, &str); 4] =
    [("", "可以开"), ("soon", "下月起可以开"), ("blocked", "先核对"), ("issued", "已开")];

const PEOPLE: &str = "loan_position JOIN loan ON loan.id = loan_position.loan_id \
     JOIN loan_file ON loan_file.id = loan.file_id JOIN person ON person.id = loan_file.person_id";
const CONTRACTS: &str = "loan_position JOIN loan ON loan.id = loan_position.loan_id \
     JOIN loan_file ON loan_file.id = loan.file_id JOIN person ON person.id = loan_file.person_id \
     LEFT JOIN certificate ON certificate.id = (SELECT MAX(one.id) FROM certificate_line line \
     JOIN certificate one ON one.id = line.certificate_id WHERE line.loan_id = loan.id \
     AND one.state = 'valid' AND one.kind = 'settled')";
const ISSUED: &str = "EXISTS (SELECT 1 FROM certificate_line line JOIN certificate one \
     ON one.id = line.certificate_id WHERE line.loan_id = loan_position.loan_id \
     AND one.state = 'valid' AND one.kind = 'settled')";
/// As [`super::facts::contracts`] says it: what the bank tells reaches the settlement.
const CONFIRMED: &str = "(loan.product = 'local' OR EXISTS (SELECT 1 FROM payments_known known \
     WHERE known.office_code = loan.office_code AND known.product = loan.product \
     AND known.source <> 'go_ahead' AND known.withdrawn_at IS NULL \
     AND known.known_until >= loan_position.settled_on))";
const DIFFERS: &str = "EXISTS (SELECT 1 FROM bank_difference open WHERE open.office_code = \
     loan.office_code AND open.loan_id = loan.id AND open.checked_at IS NULL)";
const FIGURE: &str = "(SELECT MIN(open.figure) FROM bank_difference open WHERE \
     open.office_code = loan.office_code AND open.loan_id = loan.id AND open.checked_at IS NULL)";

crate::list_params! {
    ListParams {
        /// Part of a name.
        q,
        /// One of [`TABS`].
        tab,
        /// `2026-07`: settled in this month.
        month,
    }
}

#[derive(Clone, Debug)]
pub struct Closings {
    params: ListParams,
    today: NaiveDate,
}

#[derive(Clone, Debug, Queryable, Serialize)]
pub struct Row {
    #[serde(skip)]
    pub loan: LoanId,
    pub contract_no: String,
    pub file_no: String,
    pub name: String,
    pub disbursed_fen: Fen,
    #[serde(skip)]
    pub settled_on: Option<NaiveDate>,
    #[serde(skip)]
    pub differs: Option<String>,
    #[serde(skip)]
    pub confirmed: bool,
    pub number: Option<String>,
    #[serde(skip)]
    pub issued_on: Option<NaiveDate>,
    pub issued_by: Option<String>,
}

impl Row {
    fn block(&self) -> Option<String> {
        block(self.differs.as_deref(), self.confirmed)
    }

    fn first_day(&self) -> Option<NaiveDate> {
        self.settled_on.map(first_day)
    }
}

impl List for Closings {
    type Row = Row;

    fn tables(&self) -> Tables {
        Tables(CONTRACTS, "loan_position.office_code")
    }

    fn columns() -> impl Columns<Row> {
        (
            loan::id,
            loan::contract_no,
            loan_file::file_no,
            person::name,
            loan_position::disbursed_fen,
            loan_position::settled_on,
            sql::<Nullable<Text>>(FIGURE),
            sql::<Bool>(CONFIRMED),
            certificate::number.nullable(),
            certificate::issued_on.nullable(),
            certificate::issued_by.nullable(),
        )
    }

    fn condition(&self) -> Condition {
        Condition::all([self.common(), self.tab(&self.params.tab)])
    }

    fn order(&self) -> Keyset<Row> {
        const SETTLED: Term<Row> =
            Term::day("loan_position.settled_on", |row: &Row| row.settled_on.into())
                .largest_first();
        const ID: Term<Row> =
            Term::whole("loan_position.loan_id", |row: &Row| row.loan.get().into());
        const { Keyset(&[SETTLED, ID]) }
    }

    fn counted(&self, _: &Scope) -> (Tables, Condition) {
        (self.without_certificates(), self.common())
    }

    fn tabs(&self) -> Vec<Condition> {
        TABS.iter().map(|(key, _)| self.tab(key)).collect()
    }
}

impl Closings {
    fn without_certificates(&self) -> Tables {
        Tables(PEOPLE, self.tables().1)
    }

    fn tab(&self, key: &str) -> Condition {
        let month = self.today.with_day(1).unwrap_or(self.today);
        let clear = format!("NOT {ISSUED} AND {CONFIRMED} AND NOT {DIFFERS}");
        let clear = |end: &str| Condition::new(&format!("{clear} AND {end}")).bind(month);
        match key {
            "soon" => clear("loan_position.settled_on >= ?"),
            "blocked" => {
                Condition::new(&format!("NOT {ISSUED} AND (NOT {CONFIRMED} OR {DIFFERS})"))
            }
            "issued" => Condition::new(ISSUED),
            _ => clear("loan_position.settled_on < ?"),
        }
    }

    fn common(&self) -> Condition {
        let mut all = vec![Condition::new("loan_position.settled_on IS NOT NULL")];
        if let Some(month) = self.params.month() {
            let within = "loan_position.settled_on >= ? AND loan_position.settled_on < ?";
            all.push(Condition::new(within).bind(month).bind(first_day(month)));
        }
        let q = self.params.q.trim();
        if !q.is_empty() {
            let named = Condition::new("person.name_key LIKE ? ESCAPE '\\'");
            all.push(named.bind(anywhere(&name_key(q))));
        }
        Condition::all(all)
    }
}

impl ListParams {
    /// What was understood, on a day.
    pub fn to_list(&self, today: NaiveDate) -> Closings {
        Closings { params: self.clone(), today }
    }

    /// The first day of the month that was asked for.
    fn month(&self) -> Option<NaiveDate> {
        format!("{}-01", self.month.trim()).parse().ok()
    }
}

#[derive(Serialize)]
pub struct View {
    rows: Vec<Shown>,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    row: Row,
    settled: String,
    issued: String,
    /// When it may be issued, or what has to be looked into.
    standing: String,
}

impl ListPage for ListParams {
    type List = Closings;
    type View = View;
    const PATH: &'static str = PATH;
    const TEMPLATE: &'static str = "closing/list.html";
    const TABS: Tabs = ("tab", &TABS);

    fn list(&self, _: &SignedIn, today: NaiveDate) -> Closings {
        self.to_list(today)
    }

    fn view(&self, of: Found<'_, ListParams>) -> AppResult<View> {
        let today = of.list.today;
        let day = |on: Option<NaiveDate>| on.map(|on| in_words(on, today)).unwrap_or_default();
        let shown = |row: Row| Shown {
            settled: day(row.settled_on),
            issued: day(row.issued_on),
            standing: standing(&row, today),
            row,
        };
        Ok(View { rows: of.rows.into_iter().map(shown).collect() })
    }
}

/// As a cell says it.
fn standing(row: &Row, today: NaiveDate) -> String {
    if row.number.is_some() {
        return "已开".to_owned();
    }
    match (row.block(), row.first_day()) {
        (Some(words), _) => words,
        (None, Some(first)) if first > today => format!("{}起可以开", in_words(first, today)),
        _ => "可以开".to_owned(),
    }
}

impl Export for ListParams {
    const NAME: (&'static str, &'static str) = ("结清的合同", "份");
    const COLUMNS: &'static [Column<Row, NaiveDate>] = &[
        ("姓名", 10, |row, _| (&row.name).into()),
        ("档案号", 14, |row, _| (&row.file_no).into()),
        ("合同编号", 22, |row, _| (&row.contract_no).into()),
        ("发放金额（元）", 14, |row, _| row.disbursed_fen.into()),
        ("结清日期", 12, |row, _| row.settled_on.into()),
        ("可以开证明的日期", 16, |row, _| row.first_day().into()),
        ("结清证明", 34, |row, today| standing(row, *today).into()),
        ("证明编号", 16, |row, _| row.number.as_ref().into()),
        ("开具日期", 12, |row, _| row.issued_on.into()),
        ("经办", 10, |row, _| row.issued_by.as_ref().into()),
    ];
}

/// Certificates that may be issued now.
pub fn waiting(
    db: &mut Db,
    scope: &Scope,
    _: &Policy,
    today: NaiveDate,
) -> AppResult<Vec<Waiting>> {
    let list = ListParams::default().to_list(today);
    let mut tally = Tally::default();
    let ready = tally.count(list.condition());
    let counted = list.without_certificates().count(db, scope, list.common(), tally)?;
    Ok(vec![Waiting::work(counted.at(ready), "份合同可以开结清证明", PATH)])
}
