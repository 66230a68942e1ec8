//! `/reviews` as a list: what waits, what I have proposed, what is decided.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde::Serialize;

use crate::base::dates::minute;
use crate::base::ids::{RowId, StaffId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::review::{self, Kind, State};
use crate::book::staff::Right;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::review as table;
use crate::web::list::declare::{Columns, List, Tables};
use crate::web::list::filter::anywhere;
use crate::web::list::kit::{Condition, Keyset, Term};
use crate::web::list::page::{Found, ListPage, Tabs};
use crate::web::session::SignedIn;
use crate::web::waiting::{Waiting, Whose};

pub const PATH: &str = "/reviews";
pub const TABS: [(&str, &str); 5] = [
    ("", "待我复核"),
    ("mine", "我提交的"),
    ("approved", "已同意"),
    ("returned", "退回补正"),
    ("refused", "不同意"),
];

crate::list_params! {
    ListParams {
        /// Part of a name.
        q,
        /// One of [`TABS`].
        tab,
        kind,
    }
}

#[derive(Clone, Debug)]
pub struct Reviews {
    pub params: ListParams,
    pub me: StaffId,
}

#[derive(Clone, Debug, Queryable, Serialize)]
pub struct Row {
    pub id: RowId,
    pub kind: Kind,
    pub name: String,
    pub summary: String,
    pub amount: Option<Fen>,
    pub exceptions: String,
    pub state: State,
    pub urged: i32,
    pub author_id: StaffId,
    pub author_name: String,
    #[serde(skip)]
    pub proposed_at: NaiveDateTime,
    pub opened_by: String,
    pub reason: String,
    pub decided_by: String,
    pub version: i32,
}

impl List for Reviews {
    type Row = Row;

    fn tables(&self) -> Tables {
        Tables("review", "review.office_code")
    }

    fn columns() -> impl Columns<Row> {
        (
            table::id,
            table::kind,
            table::name,
            table::summary,
            table::amount_fen,
            table::exceptions,
            table::state,
            table::urged,
            table::author_id,
            table::author_name,
            table::proposed_at,
            table::opened_by,
            table::reason,
            table::decided_by,
            table::version,
        )
    }

    fn condition(&self) -> Condition {
        self.common().and(self.tab(&self.params.tab))
    }

    /// What was asked for again comes first.
    fn order(&self) -> Keyset<Row> {
        const URGED: Term<Row> =
            Term::whole("review.urged", |row: &Row| row.urged.into()).largest_first();
        const ID: Term<Row> = Term::whole("review.id", |row| row.id.get().into());
        const { Keyset(&[URGED, ID]) }
    }

    fn counted(&self, _: &Scope) -> (Tables, Condition) {
        (self.tables(), self.common())
    }

    fn tabs(&self) -> Vec<Condition> {
        TABS.iter().map(|(tab, _)| self.tab(tab)).collect()
    }
}

impl Reviews {
    fn tab(&self, tab: &str) -> Condition {
        let me = self.me.get();
        match State::from_text(tab) {
            Some(state) => Condition::new("review.state = ?").bind(state.as_text()),
            None if tab == "mine" => {
                Condition::new("review.state = 'open' AND review.author_id = ?").bind(me)
            }
            None => Condition::new("review.state = 'open' AND review.author_id <> ?").bind(me),
        }
    }

    fn common(&self) -> Condition {
        let mut all = Vec::new();
        if Kind::from_text(&self.params.kind).is_some() {
            all.push(Condition::new("review.kind = ?").bind(&self.params.kind));
        }
        let q = self.params.q.trim();
        if !q.is_empty() {
            all.push(Condition::new("review.name LIKE ? ESCAPE '\\'").bind(anywhere(q)));
        }
        Condition::all(all)
    }
}

impl ListParams {
    pub fn to_list(&self, me: StaffId) -> Reviews {
        Reviews { params: self.clone(), me }
    }
}

#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    row: Row,
    kind_words: &'static str,
    state_words: &'static str,
    proposed: String,
}

#[derive(Serialize)]
pub struct View {
    rows: Vec<Line>,
    kinds: Vec<crate::base::choice::Choice>,
    is_line: bool,
}

impl ListPage for ListParams {
    type List = Reviews;
    type View = View;
    const PATH: &'static str = PATH;
    const TEMPLATE: &'static str = "reviews/list.html";
    const TABS: Tabs = ("tab", &TABS);

    fn list(&self, me: &SignedIn, _: NaiveDate) -> Reviews {
        self.to_list(me.staff_id)
    }

    fn view(&self, of: Found<'_, ListParams>) -> AppResult<View> {
        let line = |row: Row| Line {
            kind_words: row.kind.in_words(),
            state_words: row.state.in_words(),
            proposed: minute(row.proposed_at),
            row,
        };
        Ok(View {
            rows: of.rows.into_iter().map(line).collect(),
            kinds: crate::base::choice::Choice::all(Kind::ALL),
            is_line: self.tab.is_empty(),
        })
    }
}

/// What waits for somebody who is not its author.
pub fn waiting(db: &mut Db, scope: &Scope) -> AppResult<Vec<Waiting>> {
    let line = |(author, count)| {
        let whose = Whose::SecondPerson(Right::Review, author);
        Waiting::decision(count, "份等复核", PATH, whose)
    };
    Ok(review::open_by_author(db, scope)?.into_iter().map(line).collect())
}
