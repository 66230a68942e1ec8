//! The table of a report's page as a workbook, with the sheet of definitions beside it.

use actix_web::HttpResponse;

use crate::app::App;
use crate::error::{AppError, AppResult};
use crate::plumbing::sheet::write::{self, Head, Out};
use crate::reports::recovery::export::definitions;
use crate::web::download::{WORKBOOK, attachment, noted};
use crate::web::list::export::foot;
use crate::web::session::SignedIn;

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
