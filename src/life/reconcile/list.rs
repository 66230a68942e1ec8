//! `/differences` (与银行核对): contracts of which the bank's figures and ours differ, both side by
//! side. Nothing is taken over; what somebody found when they looked into it is kept until a figure
//! changes.

use std::collections::HashMap;

use actix_web::{HttpResponse, web};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde::Serialize;

use crate::base::dates::{in_words as day_in_words, local};
use crate::base::ids::{LoanId, RowId};
use crate::base::money::Fen;
use crate::base::person_name::name_key;
use crate::base::scope::Scope;
use crate::book::bank_difference::{self, BankDifference, Cause};
use crate::book::payments_known;
use crate::book::statement::Product;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::bank_difference as bank_difference_table;
use crate::plumbing::schema::{bank_figure, loan, loan_file, loan_position, person, staff};
use crate::web::desk_request::DeskRequest;
use crate::web::list::declare::{Columns, List, Tables};
use crate::web::list::export::{Column, ROWS_MAX, Workbook};
use crate::web::list::filter::anywhere;
use crate::web::list::kit::{Condition, Keyset, Term};
use crate::web::list::page::{Found, ListPage, Tabs};
use crate::web::session::SignedIn;

/// Contracts of the bank's list of arrears that await its result, as many as the page names.
const NAMED_MAX: i64 = 50;
pub const PATH: &str = "/differences";

crate::list_params! {
    ListParams {
        /// Name, file number or contract number.
        q,
        figure,
        /// One of [`Cause`].
        cause,
        /// `checked`: what somebody has looked into.
        tab,
    }
}

/// The tabs, the first without a word in the address.
const TABS: [(&str, &str); 2] = [("", "待核对"), ("checked", "已核对")];
/// For each contract one row with a figure that nobody has looked into.
const OPEN: &str = "bank_difference.checked_at IS NULL AND NOT EXISTS (SELECT 1 FROM \
     bank_difference one WHERE one.office_code = bank_difference.office_code AND one.loan_id = \
     bank_difference.loan_id AND one.checked_at IS NULL AND one.id < bank_difference.id)";
/// For each contract without such a figure one row.
const CHECKED: &str = "bank_difference.checked_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM \
     bank_difference one WHERE one.office_code = bank_difference.office_code AND one.loan_id = \
     bank_difference.loan_id AND (one.checked_at IS NULL OR one.id < bank_difference.id))";

/// A contract whose figures differ from the bank's.
#[derive(Clone, Debug, Queryable, Serialize)]
pub struct Row {
    #[serde(skip)]
    id: RowId,
    #[serde(skip)]
    loan: LoanId,
    file_no: String,
    name: String,
    contract_no: String,
    checked_at: Option<NaiveDateTime>,
    checked_by: Option<String>,
    reason: String,
    cause: Option<Cause>,
}

impl List for ListParams {
    type Row = Row;

    fn tables(&self) -> Tables {
        let tables = "bank_difference JOIN loan ON loan.id = bank_difference.loan_id \
             JOIN loan_file ON loan_file.id = loan.file_id \
             JOIN person ON person.id = loan_file.person_id \
             LEFT JOIN staff ON staff.id = bank_difference.checked_by";
        Tables(tables, "bank_difference.office_code")
    }

    fn columns() -> impl Columns<Row> {
        (
            bank_difference_table::id,
            bank_difference_table::loan_id,
            loan_file::file_no,
            person::name,
            loan::contract_no,
            bank_difference_table::checked_at,
            staff::name.nullable(),
            bank_difference_table::checked_reason,
            bank_difference_table::cause,
        )
    }

    fn condition(&self) -> Condition {
        let is_checked = self.tab == "checked";
        self.common().and(Condition::new(if is_checked { CHECKED } else { OPEN }))
    }

    fn order(&self) -> Keyset<Row> {
        const { Keyset(&[Term::whole("bank_difference.id", |row: &Row| row.id.get().into())]) }
    }

    fn counted(&self, _: &Scope) -> (Tables, Condition) {
        (self.tables(), self.common())
    }

    fn tabs(&self) -> Vec<Condition> {
        vec![Condition::new(OPEN), Condition::new(CHECKED)]
    }
}

impl ListParams {
    /// What all tabs have in common.
    fn common(&self) -> Condition {
        let mut all = Vec::new();
        let q = self.q.trim();
        if !q.is_empty() {
            let text = "person.name_key LIKE ? ESCAPE '\\' \
                 OR loan.contract_no LIKE ? ESCAPE '\\' OR loan_file.file_no = ?";
            let named = Condition::new(text).bind(anywhere(&name_key(q))).bind(anywhere(q));
            all.push(named.bind(q.to_uppercase()));
        }
        if !self.figure.is_empty() {
            let text = "EXISTS (SELECT 1 FROM bank_difference one WHERE one.office_code = \
                 bank_difference.office_code AND one.loan_id = bank_difference.loan_id \
                 AND one.figure = ?)";
            all.push(Condition::new(text).bind(&self.figure));
        }
        if let Some(cause) = Cause::from_text(&self.cause) {
            all.push(Condition::new("bank_difference.cause = ?").bind(cause.as_text()));
        }
        Condition::all(all)
    }
}

/// One figure of a contract that differs.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    figure: String,
    on_day: NaiveDate,
    bank: Fen,
    ours: Fen,
}

impl From<BankDifference> for Figure {
    fn from(one: BankDifference) -> Figure {
        let BankDifference { figure, on_day, bank_fen, ours_fen, .. } = one;
        Figure { figure, on_day, bank: bank_fen, ours: ours_fen }
    }
}

/// A contract with its figures.
#[derive(Serialize)]
pub struct Contract {
    #[serde(flatten)]
    row: Row,
    id: i64,
    checked_on: String,
    cause_words: &'static str,
    figures: Vec<Figure>,
}

fn contracts(
    db: &mut Db,
    scope: &Scope,
    rows: Vec<Row>,
    today: NaiveDate,
) -> AppResult<Vec<Contract>> {
    let loans: Vec<LoanId> = rows.iter().map(|row| row.loan).collect();
    let mut figures: HashMap<LoanId, Vec<Figure>> = HashMap::new();
    for one in bank_difference::of_loans(db, scope, &loans)? {
        figures.entry(one.loan_id).or_default().push(one.into());
    }
    let contract = |row: Row| Contract {
        id: row.loan.get(),
        checked_on: row
            .checked_at
            .map(|at| day_in_words(local(at).date(), today))
            .unwrap_or_default(),
        cause_words: row.cause.map_or("", Cause::in_words),
        figures: figures.remove(&row.loan).unwrap_or_default(),
        row,
    };
    Ok(rows.into_iter().map(contract).collect())
}

#[derive(Serialize)]
pub struct View {
    rows: Vec<Contract>,
    figures: Vec<String>,
    causes: Vec<(&'static str, &'static str)>,
    /// Contracts that nobody has looked into, whatever the tab.
    open: i64,
    /// There are rows, whichever tab is open: the tabs are worth showing.
    any: bool,
    checked: Checked,
}

/// What was held against each other, and what could not be yet.
#[derive(Default, Serialize)]
pub struct Checked {
    /// The day of the newest file of the bank, in words; empty without any.
    file: String,
    /// Balances and arrears are compared up to this day; empty when that is all of the file.
    until: String,
    /// They are not compared at all: there is no repayment list yet.
    never: bool,
    /// The bank's list names these contracts as overdue, and we await its repayment list: file,
    /// name, contract.
    named: Vec<(String, String, String)>,
}

fn checked(db: &mut Db, scope: &Scope, today: NaiveDate) -> AppResult<Checked> {
    let newest: Option<NaiveDate> = bank_figure::table
        .filter(scope.holds(bank_figure::office_code))
        .select(diesel::dsl::max(bank_figure::as_of))
        .first(db)?;
    let Some(newest) = newest else { return Ok(Checked::default()) };
    let payments = payments_known::load(db, scope)?;
    let known = payments.as_of(scope.own(), Product::Cdb.as_text(), today).known();
    let named = bank_figure::table
        .inner_join(loan::table.inner_join(
            loan_file::table.inner_join(person::table.on(person::id.eq(loan_file::person_id))),
        ))
        .inner_join(loan_position::table.on(loan_position::loan_id.eq(bank_figure::loan_id)))
        .filter(scope.holds(bank_figure::office_code))
        .filter(bank_figure::sheet.eq("overdue"))
        .filter(bank_figure::as_of.gt(known))
        .filter(loan_position::awaiting_on.is_not_null())
        .order(loan::contract_no)
        .select((loan_file::file_no, person::name, loan::contract_no))
        .distinct()
        .limit(NAMED_MAX)
        .load(db)?;
    let waits = known < newest;
    let never = waits && known == NaiveDate::MIN;
    Ok(Checked {
        file: day_in_words(newest, today),
        until: if waits && !never { day_in_words(known, today) } else { String::new() },
        never,
        named,
    })
}

impl ListPage for ListParams {
    type List = ListParams;
    type View = View;
    const PATH: &'static str = PATH;
    const TEMPLATE: &'static str = "reconcile/list.html";
    const TABS: Tabs = ("tab", &TABS);

    fn list(&self, _: &SignedIn, _: NaiveDate) -> ListParams {
        self.clone()
    }

    fn view(&self, Found { app, db, scope, rows, counts, .. }: Found<'_, Self>) -> AppResult<View> {
        let (today, figures) = (app.clock.today(), figures(db, scope)?);
        Ok(View {
            open: counts.of(&TABS, ""),
            any: !figures.is_empty(),
            figures,
            causes: Cause::ALL.iter().map(|one| (one.as_text(), one.in_words())).collect(),
            rows: contracts(db, scope, rows, today)?,
            checked: checked(db, scope, today)?,
        })
    }
}

fn figures(db: &mut Db, scope: &Scope) -> AppResult<Vec<String>> {
    Ok(bank_difference_table::table
        .filter(scope.holds(bank_difference_table::office_code))
        .select(bank_difference_table::figure)
        .distinct()
        .order(bank_difference_table::figure)
        .load(db)?)
}

/// A row of the workbook: a figure, with the contract it is of.
type Cells = (Row, Figure);

const COLUMNS: [Column<Cells, ()>; 12] = [
    ("档案号", 14, |(of, _), ()| (&of.file_no).into()),
    ("姓名", 10, |(of, _), ()| (&of.name).into()),
    ("合同编号", 20, |(of, _), ()| (&of.contract_no).into()),
    ("项目", 16, |(_, one), ()| (&one.figure).into()),
    ("日期", 12, |(_, one), ()| one.on_day.into()),
    ("银行（元）", 14, |(_, one), ()| one.bank.into()),
    ("本系统（元）", 14, |(_, one), ()| one.ours.into()),
    ("相差（元）", 12, |(_, one), ()| (one.bank - one.ours).into()),
    ("可能的原因", 14, |(of, _), ()| of.cause.map_or("", Cause::in_words).into()),
    ("核对情况", 30, |(of, _), ()| (&of.reason).into()),
    ("核对人", 10, |(of, _), ()| of.checked_by.as_ref().into()),
    ("核对日期", 12, |(of, _), ()| of.checked_at.map(|at| local(at).date()).into()),
];

/// `GET /differences.xlsx`
pub async fn workbook(
    desk: DeskRequest,
    params: web::Query<ListParams>,
) -> AppResult<HttpResponse> {
    let (today, params) = (desk.today(), params.into_inner());
    let all = desk.read(move |db, scope| {
        let rows = params.all(db, scope, ROWS_MAX)?;
        contracts(db, scope, rows, today)
    });
    let cells = |of: Contract| {
        let row = of.row;
        of.figures.into_iter().map(move |one| (row.clone(), one))
    };
    let figures: Vec<Cells> = all.await?.into_iter().flat_map(cells).collect();
    let name = ("与银行核对", "处不同");
    Workbook::new(&figures, &COLUMNS, &()).answer(&desk.app, &desk.me, name, "").await
}
