//! The list behind a figure of a report: whose contracts make it up.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use crate::app::App;
use crate::base::ids::FileId;
use crate::base::money::Fen;
use crate::error::AppResult;
use crate::reports::line_cache::with_note;
use crate::reports::recovery::facts::owners;
use crate::reports::recovery::rules::Owner;
use crate::web::session::SignedIn;
use crate::web::shell;

/// Rows on a page of a list.
const PAGE_ROWS: usize = 200;

/// A row of a list.
#[derive(Debug, Serialize)]
pub struct Row {
    /// `LZ2015-0483`.
    pub file_no: String,
    pub name: String,
    /// 乡镇.
    pub township: String,
    /// 毕业高中.
    pub school: String,
    /// A contract's number, or how many of them.
    pub what: String,
    /// Sum of the row, in fen.
    pub amount: i64,
}

/// What `reports/rows.html` shows: one page of the list, and what is true of all of it.
#[derive(Debug, Serialize)]
pub struct List {
    figure: String,
    subtitle: String,
    unit: &'static str,
    count: usize,
    /// The sum of the amounts of all rows, in fen.
    sum: i64,
    rows: Vec<Row>,
    before: Option<String>,
    after: Option<String>,
    back: (&'static str, String),
}

/// Whose money a figure is, by person, in the order of the townships.
pub async fn people(
    app: &App,
    me: &SignedIn,
    found: Vec<(FileId, Fen)>,
) -> AppResult<Vec<(Arc<Owner>, Fen)>> {
    let scope = me.scope.clone();
    let owners = app.read_long(move |db| owners(db, &scope)).await?;
    let mut all: Vec<(Arc<Owner>, Fen)> = found
        .into_iter()
        .map(|(file, fen)| (owners.get(&file).cloned().unwrap_or_default(), fen))
        .collect();
    all.sort_by(|a, b| (&a.0.township, &a.0.file_no).cmp(&(&b.0.township, &b.0.file_no)));
    Ok(all)
}

impl Row {
    /// Of one of [`people`].
    pub fn of((owner, fen): &(Arc<Owner>, Fen)) -> Row {
        Row {
            file_no: owner.file_no.to_string(),
            name: owner.name.to_string(),
            township: owner.township.to_string(),
            school: owner.school.to_string(),
            what: String::new(),
            amount: fen.get(),
        }
    }
}

/// What a list is about.
#[derive(Debug)]
pub struct About {
    /// The figure, in words.
    pub figure: String,
    /// Of which day and which group.
    pub subtitle: String,
    /// What is counted: 人, 份合同.
    pub unit: &'static str,
    /// The report that it is the list of: its name and address.
    pub back: (&'static str, String),
}

impl List {
    /// The page with the number `at`, from 1, of `all`; `link` tells a page's address.
    pub fn new<T>(
        about: About,
        (all, at): (&[T], &str),
        row: impl Fn(&T) -> Row,
        link: impl Fn(usize) -> String,
    ) -> List {
        let at = at.parse::<usize>().unwrap_or(1).clamp(1, all.len() / PAGE_ROWS + 1);
        List {
            figure: about.figure,
            subtitle: about.subtitle,
            unit: about.unit,
            back: about.back,
            count: all.len(),
            sum: all.iter().map(|one| row(one).amount).sum(),
            before: (at > 1).then(|| link(at - 1)),
            after: (at * PAGE_ROWS < all.len()).then(|| link(at + 1)),
            rows: all.iter().skip((at - 1) * PAGE_ROWS).take(PAGE_ROWS).map(row).collect(),
        }
    }
}

/// The page of the people behind a figure; `at` and `link` as in [`List::new`].
pub async fn page(
    (app, me, req): (&App, &SignedIn, &HttpRequest),
    (found, note): (Vec<(FileId, Fen)>, Option<String>),
    about: About,
    (at, link): (&str, impl Fn(usize) -> String),
) -> AppResult<HttpResponse> {
    let all = people(app, me, found).await?;
    let about = About { subtitle: with_note(about.subtitle, note), ..about };
    let list = List::new(about, (&all, at), Row::of, link);
    shell::page(app, me, req, "reports/rows.html", list)
}
