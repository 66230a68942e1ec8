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
    /// Titles of the columns that are printed, in their order; none: all.
    on_paper: &'static [&'static str],
}

impl Workbook {
    pub fn new<'a, R: 'a, C>(
        rows: impl IntoIterator<Item = &'a R>,
        columns: &[Column<R, C>],
        of: &C,
    ) -> Workbook {
        let rows: Vec<&R> = rows.into_iter().collect();
        let (columns_yet, cells_yet) = (Vec::new(), vec![Vec::new(); rows.len()]);
        let empty = Workbook { columns: columns_yet, rows: cells_yet, on_paper: &[] };
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

    /// What a person reads on paper stands on the left and is printed; the rest stands beside it.
    #[must_use]
    pub fn on_paper(mut self, titles: &'static [&'static str]) -> Workbook {
        self.on_paper = titles;
        self
    }

    /// Columns in the order of the sheet, by where they stand now.
    fn order(&self) -> Vec<usize> {
        let at = |title: &&str| self.columns.iter().position(|(name, _)| name == title);
        let mut order: Vec<usize> = self.on_paper.iter().filter_map(at).collect();
        let rest = (0..self.columns.len()).filter(|at| !order.contains(at));
        order.extend(rest.collect::<Vec<_>>());
        order
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
        let (count, order, on_paper) = (self.rows.len(), self.order(), self.on_paper.len());
        let columns = order.iter().filter_map(|at| self.columns.get(*at).cloned()).collect();
        let rows = self.rows.into_iter().map(move |mut cells| {
            let cell = |at: &usize| cells.get_mut(*at).map(std::mem::take).unwrap_or_default();
            order.iter().map(cell).collect()
        });
        let head = Head {
            sheet: name.to_owned(),
            titles: vec![title, me.bank_data.in_words()],
            columns,
            on_paper,
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
