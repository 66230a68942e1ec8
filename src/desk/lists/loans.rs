//! 贷款档案: the list of loan files.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::filter::{Asked, Sort};
use super::query::{self, Choices, Page, Sums};
use super::words::{Neighbours, RowWords, neighbours, row_words};
use crate::app::App;
use crate::desk::shell;
use crate::error::AppResult;
use crate::plumbing::session::SignedIn;

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
    asked: Asked,
    narrowed: bool,
    sums: SumsView,
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

/// The sums as templates take them.
#[derive(Serialize)]
pub struct SumsView {
    files: i64,
    outstanding: i64,
    overdue: i64,
}

impl From<Sums> for SumsView {
    fn from(sums: Sums) -> Self {
        SumsView {
            files: sums.files,
            outstanding: sums.outstanding_fen.get(),
            overdue: sums.overdue_fen.get(),
        }
    }
}

#[derive(Serialize)]
struct SortLinks {
    file_no: String,
    next_due: String,
    balance: String,
}

/// The list.
pub async fn list(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    asked: web::Query<Asked>,
) -> AppResult<HttpResponse> {
    let asked = asked.into_inner();
    let filter = asked.understood(Sort::FileNo);
    let (scope, inner) = (me.scope.clone(), filter.clone());
    let (page, sums, choices): (Page, Sums, Choices) = app
        .read(move |db| {
            Ok((
                query::page(db, &scope, &inner)?,
                query::sums(db, &scope, &inner)?,
                query::choices(db, &scope)?,
            ))
        })
        .await?;
    let today = app.clock.today();
    let sort = match filter.sort {
        Sort::NextDue => "next_due",
        Sort::Balance => "balance",
        _ => "file_no",
    };
    let view = View {
        narrowed: asked.is_narrowed(),
        is_new: sums.files == 0 && !asked.is_narrowed(),
        sums: sums.into(),
        rows: page.rows.iter().map(|row| row_words(row, today)).collect(),
        next_to: neighbours(&asked, PATH, &page, filter.sort),
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
