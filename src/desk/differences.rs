//! 与银行核对: where the bank's figure and ours differ, both side by side. Nothing is taken over.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;

use crate::app::App;
use crate::base::dates::in_words as day_in_words;
use crate::base::ids::RowId;
use crate::base::money::Fen;
use crate::base::person_name::name_key;
use crate::base::scope::Scope;
use crate::book::payments_known;
use crate::book::staff::Right;
use crate::book::statement::Product;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{
    bank_difference, bank_figure, loan, loan_file, loan_position, person,
};
use crate::web::list::declare::{Columns, List, Tables};
use crate::web::list::filter::anywhere;
use crate::web::list::kit::{Condition, Keyset, Term};
use crate::web::list::params::{Neighbours, Params as _};
use crate::web::route::{Entry, Needs, get};
use crate::web::session::SignedIn;
use crate::web::shell;

/// Contracts of the bank's list of arrears that await its result, as many as the page names.
const NAMED_MAX: i64 = 50;
/// Rows on a page.
const SIZE: i64 = 50;

pub fn routes() -> Vec<Entry> {
    vec![get("/differences", Needs::Right(Right::SeeLoans), list)]
}

crate::list_params! {
    ListParams {
        /// Name, file number or contract number.
        q,
        figure,
    }
}

#[derive(Clone, Debug, Queryable, Serialize)]
pub struct Row {
    #[serde(skip)]
    id: RowId,
    file_no: String,
    name: String,
    contract_no: String,
    figure: String,
    on_day: NaiveDate,
    bank: Fen,
    ours: Fen,
}

impl List for ListParams {
    type Row = Row;

    fn tables(&self) -> Tables {
        let tables = "bank_difference JOIN loan ON loan.id = bank_difference.loan_id \
             JOIN loan_file ON loan_file.id = loan.file_id \
             JOIN person ON person.id = loan_file.person_id";
        Tables(tables, "bank_difference.office_code")
    }

    fn columns() -> impl Columns<Row> {
        (
            bank_difference::id,
            loan_file::file_no,
            person::name,
            loan::contract_no,
            bank_difference::figure,
            bank_difference::on_day,
            bank_difference::bank_fen,
            bank_difference::ours_fen,
        )
    }

    fn condition(&self) -> Condition {
        let mut all = Vec::new();
        let q = self.q.trim();
        if !q.is_empty() {
            let text = "person.name_key LIKE ? ESCAPE '\\' \
                 OR loan.contract_no LIKE ? ESCAPE '\\' OR loan_file.file_no = ?";
            let named = Condition::new(text).bind(anywhere(&name_key(q))).bind(anywhere(q));
            all.push(named.bind(q.to_uppercase()));
        }
        if !self.figure.is_empty() {
            all.push(Condition::new("bank_difference.figure = ?").bind(&self.figure));
        }
        Condition::all(all)
    }

    fn order(&self) -> Keyset<Row> {
        const { Keyset(&[Term::whole("bank_difference.id", |row: &Row| row.id.get().into())]) }
    }
}

#[derive(Serialize)]
struct View {
    rows: Vec<Row>,
    figures: Vec<(String, String)>,
    count: i64,
    narrowed: bool,
    next_to: Neighbours,
    checked: Checked,
    params: ListParams,
}

/// What was held against each other, and what could not be yet.
#[derive(Default, Serialize)]
struct Checked {
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

/// A figure as pages name it.
fn in_words(figure: &str) -> String {
    let words = match figure {
        "balance" => "贷款余额",
        "due_principal" => "应还本金",
        "due_interest" => "应还利息",
        "waived" | "waived_interest" => "免除利息",
        "paid_principal" => "实还本金",
        "paid_interest" => "实还利息",
        "paid_penalty" => "实还罚息",
        "overdue_principal" => "逾期本金",
        "overdue_interest" => "逾期利息",
        "penalty" => "罚息",
        other => other,
    };
    words.to_owned()
}

async fn list(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    params: web::Query<ListParams>,
) -> AppResult<HttpResponse> {
    let (scope, today, params) = (me.scope.clone(), app.clock.today(), params.into_inner());
    let view = app.read(move |db| gather(db, &scope, params, today)).await?;
    shell::page(&app, &me, &req, "differences/list.html", view)
}

fn gather(db: &mut Db, scope: &Scope, params: ListParams, today: NaiveDate) -> AppResult<View> {
    let mut page = params.page(db, scope, &params.side(&params.order()), SIZE)?;
    for row in &mut page.rows {
        row.figure = in_words(&row.figure);
    }
    let figures: Vec<String> = bank_difference::table
        .filter(scope.holds(bank_difference::office_code))
        .select(bank_difference::figure)
        .distinct()
        .order(bank_difference::figure)
        .load(db)?;
    Ok(View {
        next_to: params.neighbours("/differences", &page),
        rows: page.rows,
        figures: figures.into_iter().map(|figure| (in_words(&figure), figure)).collect(),
        count: params.counts(db, scope)?.selection,
        narrowed: params.is_narrowed(&[]),
        checked: checked(db, scope, today)?,
        params,
    })
}
