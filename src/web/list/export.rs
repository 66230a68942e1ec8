//! A selection as a workbook: what the list shows, masked. Who took it is written down.

use actix_web::HttpResponse;
use chrono::NaiveDate;

use crate::app::App;
use crate::error::{AppError, AppResult};
use crate::plumbing::sheet::write::{self, Head, Out};
use crate::web::download;
use crate::web::session::SignedIn;

/// A sheet holds about a million rows; more than this is a job, not a click.
pub const ROWS_MAX: i64 = 200_000;

/// A column: its title, its width in characters, its cell of a row. `C`: what cells need besides.
pub type Column<R, C> = (&'static str, u16, fn(&R, &C) -> Out);

/// The line below a table that leaves the office: who made it, who checks it, the stamp.
pub fn foot(me: &SignedIn, today: NaiveDate) -> String {
    format!(
        "制表人：{}　　　复核人：　　　　　　　单位（盖章）：{}　　　　　　　制表日期：{today}",
        me.name, me.office.name
    )
}

/// Rows under their titles.
#[derive(Debug)]
pub struct Workbook {
    columns: Vec<(String, u16)>,
    rows: Vec<Vec<Out>>,
}

impl Workbook {
    pub fn new<'a, R: 'a, C>(
        rows: impl IntoIterator<Item = &'a R>,
        columns: &[Column<R, C>],
        of: &C,
    ) -> Workbook {
        let rows: Vec<&R> = rows.into_iter().collect();
        let empty = Workbook { columns: Vec::new(), rows: vec![Vec::new(); rows.len()] };
        empty.beside(rows, columns, of)
    }

    /// More columns of the same rows, on the right.
    #[must_use]
    pub fn beside<'a, R: 'a, C>(
        mut self,
        rows: impl IntoIterator<Item = &'a R>,
        columns: &[Column<R, C>],
        of: &C,
    ) -> Workbook {
        self.columns.extend(columns.iter().map(|(name, width, _)| ((*name).to_owned(), *width)));
        for (cells, row) in self.rows.iter_mut().zip(rows) {
            cells.extend(columns.iter().map(|(_, _, cell)| cell(row, of)));
        }
        self
    }

    /// The answer; `name` is what the list is called, `unit` what a row is, `more` ends its title.
    pub async fn answer(
        self,
        app: &App,
        me: &SignedIn,
        (name, unit): (&'static str, &'static str),
        more: &str,
    ) -> AppResult<HttpResponse> {
        let (office, today) = (&me.office.name, app.clock.today());
        let title = format!("{office} {name}，{today}，{} {unit}{more}", self.rows.len());
        self.titled(app, me, (name, unit), title).await
    }

    /// Made beside the other requests; numbers must be masked already.
    pub async fn titled(
        self,
        app: &App,
        me: &SignedIn,
        (name, unit): (&'static str, &'static str),
        title: String,
    ) -> AppResult<HttpResponse> {
        let (count, rows, columns) = (self.rows.len(), self.rows.into_iter(), self.columns);
        let head = Head {
            sheet: name.to_owned(),
            titles: vec![title, me.bank_data.in_words()],
            columns,
            filter: true,
            foot: foot(me, app.clock.today()),
            chart: None,
        };
        let bytes = actix_web::web::block(move || write::list(&head, rows))
            .await
            .map_err(AppError::broken)?
            .map_err(AppError::broken)?;
        download::noted(app, me, name, format!("导出{name} {count} {unit}，号码已遮盖")).await?;
        let file = format!("{name}-{}.xlsx", app.clock.today());
        Ok(download::attachment(&file, download::WORKBOOK, bytes))
    }
}
