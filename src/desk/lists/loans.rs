//! 贷款档案: the list of loan files.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use crate::app::App;
use crate::base::scope::Scope;
use crate::book::importing;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::revision::{Answers, Revision};
use crate::web::list::declare::{Counts, List as _};
use crate::web::list::export::{ROWS_MAX, Workbook};
use crate::web::list::files::{self, Choices, Sums};
use crate::web::list::filter::{Filter, ListParams, Sort};
use crate::web::list::kit::Side;
use crate::web::list::params::{Neighbours, Params as _};
use crate::web::list::words::{COLUMNS, RowWords, assumed, row_words};
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
    /// What is to be said while a large import is being posted.
    importing: &'static str,
    params: ListParams,
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
    params: web::Query<ListParams>,
) -> AppResult<HttpResponse> {
    let (scope, filter) = (me.scope.clone(), params.to_filter());
    let rows = app.read(move |db| filter.all(db, &scope, ROWS_MAX)).await?;
    Workbook::new(&rows, &COLUMNS, &app.clock.today())
        .answer(&app, &me, ("贷款档案", "人"), &assumed(&app))
        .await
}

/// `GET /loans`
pub async fn list(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    params: web::Query<ListParams>,
) -> AppResult<HttpResponse> {
    let (scope, inner, params) = (me.scope.clone(), app.clone(), params.into_inner());
    let view = app.read(move |db| gather(&inner, db, &scope, params)).await?;
    shell::page(&app, &me, &req, "loans/list.html", view)
}

/// What the page says beside its rows, and needs many rows for.
#[derive(Debug, Default)]
struct Known(Answers<(Scope, Filter), (Counts, Choices)>);

fn gather(app: &App, db: &mut Db, scope: &Scope, params: ListParams) -> AppResult<View> {
    let (filter, today, policy) = (params.to_filter(), app.clock.today(), app.policy());
    let page = filter.page(db, scope, &filter.side, filter.size)?;
    let (revision, patience) = (Revision::of(db)?, importing::patience(db, scope)?);
    let key = (scope.clone(), Filter { side: Side::Start, ..filter.clone() });
    let known = app.shared.get::<Known>();
    let (counts, choices) = known.0.get((db, &revision, patience), key, |db| {
        Ok((filter.counts(db, scope)?, files::choices(db, scope)?))
    })?;
    let sums = Sums::from(counts);
    let narrowed = params.is_narrowed(&["sort", "size"]);
    let sized = |n: i64| (n, params.link(PATH, &[("size", &n.to_string())]), n == filter.size);
    let mut due = page.rows.iter().filter_map(|row| policy.assumed(row.next_due_on?));
    Ok(View {
        narrowed,
        importing: patience.map_or("", |_| importing::NOTE),
        is_new: sums.files == 0 && !narrowed,
        sums,
        rows: page.rows.iter().map(|row| row_words(row, today)).collect(),
        next_to: params.neighbours(PATH, &page),
        choices,
        stages: stages(),
        sort: match filter.sort {
            Sort::FileNo => "file_no",
            Sort::NextDue => "next_due",
            Sort::Balance => "balance",
        },
        sort_links: SortLinks {
            file_no: params.link(PATH, &[("sort", "")]),
            next_due: params.link(PATH, &[("sort", "next_due")]),
            balance: params.link(PATH, &[("sort", "balance")]),
        },
        size_links: [10, 50, 100].into_iter().map(sized).collect(),
        assumed: due.next().unwrap_or_default(),
        export: params.link("/loans.xlsx", &[]),
        all: PATH.to_owned(),
        params,
    })
}
