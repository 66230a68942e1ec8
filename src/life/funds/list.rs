//! `/funds`: what was entered, by where it is.

use chrono::{Days, NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde::Serialize;

use super::rules::{self, Kind, State};
use crate::base::dates::{in_words, local, starts_at};
use crate::base::ids::RowId;
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::policy::Policy;
use crate::book::staff::Right;
use crate::book::university::Authority;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::fund_entry;
use crate::web::list::declare::{Columns, List, Tables};
use crate::web::list::export::Column;
use crate::web::list::filter::anywhere;
use crate::web::list::kit::{Condition, Keyset, Term};
use crate::web::list::page::{Export, Found, ListPage, Tabs};
use crate::web::session::SignedIn;
use crate::web::waiting::{Waiting, Whose};

pub const PATH: &str = "/funds";
/// What went back and nobody has touched for so many days rings no longer.
const GIVEN_UP_DAYS: u64 = 30;

pub const TABS: [(&str, &str); 5] = [
    ("", "待复核"),
    ("approved", "已登记"),
    ("returned", "退回补正"),
    ("refused", "不同意"),
    ("withdrawn", "已撤回"),
];

crate::list_params! {
    ListParams {
        /// Part of a document's number.
        q,
        /// One of [`TABS`].
        tab,
        /// One of [`Kind`].
        kind,
        /// First year of the school year, or the year of a settlement day.
        year,
    }
}

#[derive(Clone, Debug, Queryable, Serialize)]
pub struct Row {
    pub id: RowId,
    pub kind: Kind,
    pub year: i32,
    pub settled_on: Option<NaiveDate>,
    pub authority: String,
    pub purpose: String,
    pub on_day: NaiveDate,
    pub amount_fen: Fen,
    pub document: String,
    pub note: String,
    pub state: State,
    pub reason: String,
    pub staff_name: String,
    pub updated_at: NaiveDateTime,
    pub decided_by: String,
}

impl Row {
    fn about(&self) -> String {
        let whose = (self.settled_on, Authority::from_text(&self.authority));
        rules::about(self.kind, self.year, whose, &self.purpose)
    }
}

impl List for ListParams {
    type Row = Row;

    fn tables(&self) -> Tables {
        Tables("fund_entry", "fund_entry.office_code")
    }

    fn columns() -> impl Columns<Row> {
        (
            fund_entry::id,
            fund_entry::kind,
            fund_entry::year,
            fund_entry::settled_on,
            fund_entry::authority,
            fund_entry::purpose,
            fund_entry::on_day,
            fund_entry::amount_fen,
            fund_entry::document,
            fund_entry::note,
            fund_entry::state,
            fund_entry::reason,
            fund_entry::staff_name,
            fund_entry::updated_at,
            fund_entry::decided_by,
        )
    }

    fn condition(&self) -> Condition {
        Condition::all([self.common(), tab(&self.tab)])
    }

    fn order(&self) -> Keyset<Row> {
        const ID: Term<Row> =
            Term::whole("fund_entry.id", |row: &Row| Some(row.id.get()).into()).largest_first();
        const { Keyset(&[ID]) }
    }

    fn counted(&self, _: &Scope) -> (Tables, Condition) {
        (self.tables(), self.common())
    }

    fn tabs(&self) -> Vec<Condition> {
        TABS.iter().map(|(key, _)| tab(key)).collect()
    }
}

fn tab(key: &str) -> Condition {
    let state = State::from_text(key).unwrap_or(State::Submitted);
    Condition::new("fund_entry.state = ?").bind(state.as_text())
}

impl ListParams {
    fn common(&self) -> Condition {
        let mut all = Vec::new();
        if let Some(kind) = Kind::from_text(&self.kind) {
            all.push(Condition::new("fund_entry.kind = ?").bind(kind.as_text()));
        }
        if let Ok(year) = self.year.trim().parse::<i32>() {
            all.push(Condition::new("fund_entry.year = ?").bind(year));
        }
        let q = self.q.trim();
        if !q.is_empty() {
            all.push(Condition::new("fund_entry.document LIKE ? ESCAPE '\\'").bind(anywhere(q)));
        }
        Condition::all(all)
    }
}

#[derive(Serialize)]
pub struct View {
    rows: Vec<Line>,
    kinds: Vec<(&'static str, &'static str)>,
}

#[derive(Serialize)]
struct Line {
    about: String,
    kind_words: &'static str,
    on: String,
    entered: String,
    #[serde(flatten)]
    row: Row,
}

impl ListPage for ListParams {
    type List = ListParams;
    type View = View;
    const PATH: &'static str = PATH;
    const TEMPLATE: &'static str = "funds/list.html";
    const TABS: Tabs = ("tab", &TABS);

    fn list(&self, _: &SignedIn, _: NaiveDate) -> ListParams {
        self.clone()
    }

    fn view(&self, of: Found<'_, ListParams>) -> AppResult<View> {
        let today = of.app.clock.today();
        let line = |row: Row| Line {
            about: row.about(),
            kind_words: row.kind.in_words(),
            on: in_words(row.on_day, today),
            entered: in_words(local(row.updated_at).date(), today),
            row,
        };
        let kinds = Kind::ALL.iter().map(|one| (one.as_text(), one.in_words())).collect();
        Ok(View { rows: of.rows.into_iter().map(line).collect(), kinds })
    }
}

impl Export for ListParams {
    const NAME: (&'static str, &'static str) = ("资金登记", "笔");
    const COLUMNS: &'static [Column<Row, NaiveDate>] = &[
        ("种类", 16, |row, _| row.kind.in_words().into()),
        ("为了什么", 34, |row, _| row.about().into()),
        ("到账日期", 12, |row, _| row.on_day.into()),
        ("金额（元）", 14, |row, _| row.amount_fen.into()),
        ("文号", 24, |row, _| (&row.document).into()),
        ("说明", 30, |row, _| (&row.note).into()),
        ("状态", 10, |row, _| row.state.in_words().into()),
        ("经办", 10, |row, _| (&row.staff_name).into()),
        ("复核", 10, |row, _| (&row.decided_by).into()),
        ("原因", 30, |row, _| (&row.reason).into()),
    ];
}

/// What went back to whoever entered it.
pub fn waiting(
    db: &mut Db,
    scope: &Scope,
    _: &Policy,
    today: NaiveDate,
) -> AppResult<Vec<Waiting>> {
    let since = today.checked_sub_days(Days::new(GIVEN_UP_DAYS)).unwrap_or(today);
    let returned: i64 = fund_entry::table
        .filter(scope.holds(fund_entry::office_code))
        .filter(fund_entry::state.eq(State::Returned))
        .filter(fund_entry::updated_at.ge(starts_at(since)))
        .count()
        .get_result(db)?;
    let serve = Whose::Right(Right::ServeSeason);
    Ok(vec![Waiting::decision(returned, "笔资金登记退回补正", "/funds?tab=returned", serve)])
}
