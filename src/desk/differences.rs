//! 与银行核对: where the bank's figure and ours differ, both side by side. Nothing is taken over.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::base::dates::in_words as day_in_words;
use crate::base::ids::RowId;
use crate::base::money::Fen;
use crate::base::person_name::name_key;
use crate::base::scope::Scope;
use crate::base::url::link;
use crate::book::payments_known;
use crate::book::staff::Right;
use crate::book::statement::Product;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{
    bank_difference, bank_figure, loan, loan_file, loan_position, person,
};
use crate::web::list::filter::anywhere;
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

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct ListParams {
    /// Name, file number or contract number.
    q: String,
    figure: String,
    /// Rows after this one.
    after: String,
}

#[derive(Clone, Debug, Queryable)]
struct Row {
    id: RowId,
    file_no: String,
    name: String,
    contract_no: String,
    figure: String,
    on_day: NaiveDate,
    bank: Fen,
    ours: Fen,
}

#[derive(Clone, Debug, Serialize)]
struct RowWords {
    file_no: String,
    name: String,
    contract_no: String,
    figure: String,
    on_day: NaiveDate,
    bank: Fen,
    ours: Fen,
    by: Fen,
}

#[derive(Serialize)]
struct View {
    asked: ListParams,
    rows: Vec<RowWords>,
    figures: Vec<(String, String)>,
    count: i64,
    narrowed: bool,
    next: String,
    checked: Checked,
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
        .filter(bank_figure::office_code.eq_any(scope.codes()))
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
        .filter(bank_figure::office_code.eq_any(scope.codes()))
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

macro_rules! narrowed {
    ($query:ident, $asked:expr) => {
        let q = $asked.q.trim();
        if !q.is_empty() {
            let name = person::name_key.like(anywhere(&name_key(q))).escape('\\');
            let number = loan::contract_no.like(anywhere(q)).escape('\\');
            $query = $query.filter(name.or(number).or(loan_file::file_no.eq(q.to_uppercase())));
        }
        if !$asked.figure.is_empty() {
            $query = $query.filter(bank_difference::figure.eq(&$asked.figure));
        }
    };
}

macro_rules! joined {
    ($scope:expr) => {
        bank_difference::table
            .inner_join(loan::table.inner_join(
                loan_file::table.inner_join(person::table.on(person::id.eq(loan_file::person_id))),
            ))
            .filter(bank_difference::office_code.eq_any($scope.codes()))
    };
}

fn rows(db: &mut Db, scope: &Scope, asked: &ListParams) -> AppResult<(Vec<Row>, i64)> {
    let mut query = joined!(scope)
        .select((
            bank_difference::id,
            loan_file::file_no,
            person::name,
            loan::contract_no,
            bank_difference::figure,
            bank_difference::on_day,
            bank_difference::bank_fen,
            bank_difference::ours_fen,
        ))
        .into_boxed();
    narrowed!(query, asked);
    if let Ok(after) = asked.after.parse::<i64>() {
        query = query.filter(bank_difference::id.gt(after));
    }
    let rows = query.order(bank_difference::id).limit(SIZE + 1).load(db)?;
    let mut counted = joined!(scope).select(diesel::dsl::count_star()).into_boxed();
    narrowed!(counted, asked);
    Ok((rows, counted.first(db)?))
}

async fn list(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    asked: web::Query<ListParams>,
) -> AppResult<HttpResponse> {
    let asked = asked.into_inner();
    let (scope, inner) = (me.scope.clone(), asked.clone());
    let today = app.clock.today();
    let ((mut rows, count), figures, checked) = app
        .read(move |db| {
            let found = rows(db, &scope, &inner)?;
            let figures: Vec<String> = bank_difference::table
                .filter(bank_difference::office_code.eq_any(scope.codes()))
                .select(bank_difference::figure)
                .distinct()
                .order(bank_difference::figure)
                .load(db)?;
            Ok((found, figures, checked(db, &scope, today)?))
        })
        .await?;
    let size = usize::try_from(SIZE).unwrap_or(50);
    let more = rows.len() > size;
    rows.truncate(size);
    let next = match rows.last().filter(|_| more) {
        Some(last) => link(
            "/differences",
            &[("q", &asked.q), ("figure", &asked.figure), ("after", &last.id.to_string())],
        ),
        None => String::new(),
    };
    let view = View {
        narrowed: !(asked.q.trim().is_empty() && asked.figure.is_empty()),
        asked,
        rows: rows
            .into_iter()
            .map(|row| RowWords {
                by: row.bank - row.ours,
                file_no: row.file_no,
                name: row.name,
                contract_no: row.contract_no,
                figure: in_words(&row.figure),
                on_day: row.on_day,
                bank: row.bank,
                ours: row.ours,
            })
            .collect(),
        figures: figures.into_iter().map(|figure| (in_words(&figure), figure)).collect(),
        count,
        next,
        checked,
    };
    shell::page(&app, &me, &req, "differences/list.html", view)
}
