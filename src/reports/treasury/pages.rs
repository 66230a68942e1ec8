//! What the three pages share: their lines, a list behind a figure, a sheet.

use actix_web::{HttpRequest, HttpResponse};

use super::facts::Treasury;
use super::rules::Line;
use crate::app::App;
use crate::base::ids::FileId;
use crate::base::money::Fen;
use crate::book::statement::Product;
use crate::error::{AppError, AppResult};
use crate::plumbing::sheet::write::{self, Head, Out};
use crate::reports::behind::{self, About, List, Row};
use crate::reports::line_cache::{self, Lines, with_note};
use crate::reports::recovery::export::definitions;
use crate::web::download::{WORKBOOK, attachment, noted};
use crate::web::list::export::foot;
use crate::web::session::SignedIn;
use crate::web::shell;

/// The first year with such loans.
pub const FIRST_YEAR: i32 = 2007;

/// A loan's product, short, as columns have it.
pub fn product_words(product: Product) -> &'static str {
    match product {
        Product::Cdb => "国开行",
        Product::Local => "县自办",
    }
}

/// What `body` makes of all lines.
pub async fn read<T: Send + 'static>(
    app: &App,
    me: &SignedIn,
    body: impl FnOnce(&Lines<Line>) -> T + Send + 'static,
) -> AppResult<T> {
    let report = Treasury::new(me.scope.clone(), &app.basis(), app.clock.today());
    line_cache::read(app, report, body).await
}

/// The people behind a figure.
pub async fn people(
    (app, me, req): (&App, &SignedIn, &HttpRequest),
    (found, behind): (Vec<(FileId, Fen)>, Option<String>),
    mut about: About,
    (at, link): (&str, impl Fn(usize) -> String),
) -> AppResult<HttpResponse> {
    let all = behind::people(app, me, found).await?;
    about.subtitle = with_note(about.subtitle, behind);
    let list = List::new(about, (&all, at), Row::of, link);
    shell::page(app, me, req, "reports/rows.html", list)
}

/// A table of a page as a workbook, with the sheet of definitions.
#[derive(Debug)]
pub struct Sheet {
    pub name: &'static str,
    pub titles: Vec<String>,
    pub columns: &'static [(&'static str, u16)],
    pub rows: Vec<Vec<Out>>,
    pub left_out: Vec<String>,
    pub definitions: &'static [(&'static str, &'static str)],
}

pub async fn workbook(app: &App, me: &SignedIn, sheet: Sheet) -> AppResult<HttpResponse> {
    let today = app.clock.today();
    let columns = sheet.columns.iter().map(|(name, width)| ((*name).to_owned(), *width));
    let head = Head {
        sheet: sheet.name.to_owned(),
        titles: sheet.titles,
        columns: columns.collect(),
        foot: foot(me, today),
        ..Head::default()
    };
    let words = definitions(sheet.definitions, &sheet.left_out);
    let bytes = write::lists(&[(head, sheet.rows), words]).map_err(AppError::broken)?;
    noted(app, me, sheet.name, format!("导出{}，{today}", sheet.name)).await?;
    Ok(attachment(&format!("{}.xlsx", sheet.name), WORKBOOK, bytes))
}
