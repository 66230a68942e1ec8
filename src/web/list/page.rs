//! The page and the workbook of a list: what is around the rows is made here, the same for every
//! list, from the address and the declaration of its rows.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::declare::{Counts, List};
use super::export::{Column, ROWS_MAX, Workbook};
use super::params::{Chip, Neighbours, Params};
use crate::app::App;
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::web::desk_request::DeskRequest;
use crate::web::session::SignedIn;

/// The field of the address that names a tab, and for each tab its value and its name.
pub type Tabs = (&'static str, &'static [(&'static str, &'static str)]);

type RowOf<P> = <<P as ListPage>::List as List>::Row;

/// A list with its page; implemented by what its address asks.
pub trait ListPage: Params + Serialize + DeserializeOwned + Send + 'static {
    type List: List + Send;
    /// What is on this page alone: its rows, and what it says beside them.
    type View: Serialize + Send + 'static;
    const PATH: &'static str;
    const TEMPLATE: &'static str;
    const TABS: Tabs = ("tab", &[]);
    /// Fields that are chosen, but do not narrow the list.
    const NOT_NARROWING: &'static [&'static str] = &["tab"];

    /// The list that this reader asks for, on a day.
    fn list(&self, me: &SignedIn, today: NaiveDate) -> Self::List;

    /// Rows on a page.
    fn size(_: &Self::List) -> i64 {
        50
    }

    fn counts(of: &mut Found<'_, Self>) -> AppResult<Counts> {
        of.list.counts(of.db, of.scope)
    }

    fn tab_links(&self, counts: &Counts) -> Vec<Chip> {
        self.chips(Self::PATH, Self::TABS.0, Self::TABS.1, &counts.tabs)
    }

    fn view(&self, of: Found<'_, Self>) -> AppResult<Self::View>;
}

/// A page of rows, and the state of the database that it was read from.
pub struct Found<'a, P: ListPage> {
    pub app: &'a App,
    pub db: &'a mut Db,
    pub scope: &'a Scope,
    pub list: &'a P::List,
    pub rows: Vec<RowOf<P>>,
    pub counts: Counts,
}

/// What the template of a list gets as `page`; the fields of the view stand among these.
#[derive(Serialize)]
pub struct Listed<P: ListPage> {
    #[serde(flatten)]
    pub view: P::View,
    pub params: P,
    /// Rows of the whole selection.
    pub count: i64,
    pub chips: Vec<Chip>,
    pub next_to: Neighbours,
    /// The same selection as a workbook.
    pub export: String,
    pub narrowed: bool,
}

/// `GET` of a list.
pub async fn page<P: ListPage>(
    desk: DeskRequest,
    params: web::Query<P>,
) -> AppResult<HttpResponse> {
    desk.page(P::TEMPLATE, read(&desk, params.into_inner()).await?)
}

/// Everything that its page shows.
pub async fn read<P: ListPage>(desk: &DeskRequest, params: P) -> AppResult<Listed<P>> {
    let (list, app) = (params.list(&desk.me, desk.today()), desk.app.clone());
    desk.read(move |db, scope| {
        let page = list.page(db, scope, &params.side(&list.order()), P::size(&list))?;
        let next_to = params.neighbours(P::PATH, &page);
        let (rows, counts) = (page.rows, Counts::default());
        let mut found = Found { app: &app, db, scope, list: &list, rows, counts };
        found.counts = P::counts(&mut found)?;
        Ok(Listed {
            count: found.counts.selection,
            chips: params.tab_links(&found.counts),
            export: params.link(&format!("{}.xlsx", P::PATH), &[]),
            narrowed: params.is_narrowed(P::NOT_NARROWING),
            view: params.view(found)?,
            next_to,
            params,
        })
    })
    .await
}

/// A list that can be taken along, row by row; cells may need the day.
pub trait Export: ListPage {
    /// What the list is called, and what a row is.
    const NAME: (&'static str, &'static str);
    const COLUMNS: &'static [Column<RowOf<Self>, NaiveDate>];

    /// Titles of the columns that are printed; none: all.
    const ON_PAPER: &'static [&'static str] = &[];

    /// The end of the title.
    fn remark(_: &App) -> String {
        String::new()
    }
}

/// The workbook of a list, numbers masked.
pub async fn workbook<P>(desk: DeskRequest, params: web::Query<P>) -> AppResult<HttpResponse>
where
    P: Export,
    RowOf<P>: Send,
{
    let (list, today) = (params.list(&desk.me, desk.today()), desk.today());
    let rows = desk.read(move |db, scope| list.all(db, scope, ROWS_MAX)).await?;
    let workbook = Workbook::new(&rows, P::COLUMNS, &today).on_paper(P::ON_PAPER);
    workbook.answer(&desk.app, &desk.me, P::NAME, &P::remark(&desk.app)).await
}
