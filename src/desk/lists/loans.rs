//! 贷款档案: the list of loan files.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use crate::app::App;
use crate::error::AppResult;
use crate::web::list::declare::List as _;
use crate::web::list::export;
use crate::web::list::files::{self, Choices, Sums};
use crate::web::list::filter::{ListParams, Sort};
use crate::web::list::params::{Neighbours, Params as _};
use crate::web::list::words::{RowWords, row_words};
use crate::web::session::SignedIn;
use crate::web::shell;

const PATH: &str = "/loans";

/// A stage as a choice.
#[derive(Clone, Debug, Serialize)]
pub struct Choice {
    value: &'static str,
    text: &'static str,
}

/// The stages of a file, as the query row offers them.
pub fn stages() -> Vec<Choice> {
    [
        ("undisbursed", "待放款"),
        ("in_study", "在读"),
        ("grace", "宽限期"),
        ("repaying", "还本付息"),
        ("settled", "已结清"),
    ]
    .into_iter()
    .map(|(value, text)| Choice { value, text })
    .collect()
}

#[derive(Serialize)]
struct View {
    asked: ListParams,
    narrowed: bool,
    sums: Sums,
    rows: Vec<RowWords>,
    next_to: Neighbours,
    choices: Choices,
    stages: Vec<Choice>,
    sort: &'static str,
    sort_links: SortLinks,
    size_links: Vec<(i64, String, bool)>,
    /// What the next due amounts say besides.
    assumed: &'static str,
    export: String,
    all: String,
    /// No file at all in this office: a new installation.
    is_new: bool,
}

#[derive(Serialize)]
struct SortLinks {
    file_no: String,
    next_due: String,
    balance: String,
}

/// `/loans.xlsx`
pub async fn workbook(
    app: web::Data<App>,
    me: SignedIn,
    asked: web::Query<ListParams>,
) -> AppResult<HttpResponse> {
    let filter = asked.to_filter();
    let scope = me.scope.clone();
    let rows = app.read(move |db| filter.all(db, &scope, export::ROWS_MAX)).await?;
    let today = app.clock.today();
    let rows = rows.iter().map(|row| export::cells(row, today)).collect();
    export::file(&app, &me, rows, "贷款档案", &[]).await
}

pub async fn list(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    asked: web::Query<ListParams>,
) -> AppResult<HttpResponse> {
    let asked = asked.into_inner();
    let filter = asked.to_filter();
    let (scope, inner) = (me.scope.clone(), filter.clone());
    let (page, sums, choices) = app
        .read(move |db| {
            let page = inner.page(db, &scope, &inner.side, inner.size)?;
            Ok((page, Sums::from(inner.counts(db, &scope)?), files::choices(db, &scope)?))
        })
        .await?;
    let narrowed = asked.is_narrowed(&["sort", "size"]);
    let today = app.clock.today();
    let sort = match filter.sort {
        Sort::NextDue => "next_due",
        Sort::Balance => "balance",
        _ => "file_no",
    };
    let view = View {
        narrowed,
        is_new: sums.files == 0 && !narrowed,
        sums,
        rows: page.rows.iter().map(|row| row_words(row, today)).collect(),
        next_to: asked.neighbours(PATH, &page),
        choices,
        stages: stages(),
        sort,
        sort_links: SortLinks {
            file_no: asked.link(PATH, &[("sort", "")]),
            next_due: asked.link(PATH, &[("sort", "next_due")]),
            balance: asked.link(PATH, &[("sort", "balance")]),
        },
        size_links: [10, 50, 100]
            .into_iter()
            .map(|n: i64| (n, asked.link(PATH, &[("size", &n.to_string())]), n == filter.size))
            .collect(),
        assumed: page
            .rows
            .iter()
            .filter_map(|row| app.policy().assumed(row.next_due_on?))
            .next()
            .unwrap_or_default(),
        export: asked.link("/loans.xlsx", &[]),
        all: PATH.to_owned(),
        asked,
    };
    shell::page(&app, &me, &req, "loans/list.html", view)
}
