//! `/repayments` (记账): what was proposed to be recorded, by where it is.

use chrono::{Days, NaiveDate, NaiveDateTime};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use serde::Serialize;

use crate::base::dates::{in_words, local, starts_at};
use crate::base::ids::RowId;
use crate::base::person_name::name_key;
use crate::base::scope::Scope;
use crate::book::policy::Policy;
use crate::book::posting::{Kind, State};
use crate::book::staff::Right;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{loan, loan_file, person, posting};
use crate::web::list::declare::{Columns, List, Tables};
use crate::web::list::export::Column;
use crate::web::list::filter::anywhere;
use crate::web::list::kit::{Condition, Keyset, Term};
use crate::web::list::page::{Export, Found, ListPage, Tabs};
use crate::web::session::SignedIn;
use crate::web::waiting::{Waiting, Whose};

pub const PATH: &str = "/repayments";
/// What went back and nobody has touched for so many days rings no longer.
const GIVEN_UP_DAYS: u64 = 30;

const TABS: [(&str, &str); 5] = [
    ("", "待复核"),
    ("returned", "退回补正"),
    ("approved", "已记账"),
    ("refused", "不同意"),
    ("withdrawn", "已撤回"),
];

const POSTINGS: &str = "posting JOIN loan ON loan.id = posting.loan_id \
     JOIN loan_file ON loan_file.id = loan.file_id \
     JOIN person ON person.id = loan_file.person_id";

crate::list_params! {
    ListParams {
        /// Part of a name or of a contract number.
        q,
        /// One of [`TABS`].
        tab,
        /// One of [`Kind`].
        kind,
    }
}

#[derive(Clone, Debug, Queryable, Serialize)]
pub struct Row {
    pub id: RowId,
    pub file_no: String,
    pub name: String,
    pub contract_no: String,
    pub kind: Kind,
    pub state: State,
    pub words: String,
    pub note: String,
    pub staff_name: String,
    pub updated_at: NaiveDateTime,
    pub decided_by: String,
    pub reason: String,
}

impl List for ListParams {
    type Row = Row;

    fn tables(&self) -> Tables {
        Tables(POSTINGS, "posting.office_code")
    }

    fn columns() -> impl Columns<Row> {
        (
            posting::id,
            loan_file::file_no,
            person::name,
            loan::contract_no,
            posting::kind,
            posting::state,
            posting::words,
            posting::note,
            posting::staff_name,
            posting::updated_at,
            posting::decided_by,
            posting::reason,
        )
    }

    fn condition(&self) -> Condition {
        Condition::all([self.common(), tab(&self.tab)])
    }

    fn order(&self) -> Keyset<Row> {
        const ID: Term<Row> =
            Term::whole("posting.id", |row: &Row| Some(row.id.get()).into()).largest_first();
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
    Condition::new("posting.state = ?").bind(state.as_text())
}

impl ListParams {
    fn common(&self) -> Condition {
        let mut all = Vec::new();
        if let Some(kind) = Kind::from_text(&self.kind) {
            all.push(Condition::new("posting.kind = ?").bind(kind.as_text()));
        }
        let q = self.q.trim();
        if !q.is_empty() {
            let text = "person.name_key LIKE ? ESCAPE '\\' OR loan.contract_no LIKE ? ESCAPE '\\'";
            all.push(Condition::new(text).bind(anywhere(&name_key(q))).bind(anywhere(q)));
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
    #[serde(flatten)]
    row: Row,
    kind_words: &'static str,
    on: String,
}

impl ListPage for ListParams {
    type List = ListParams;
    type View = View;
    const PATH: &'static str = PATH;
    const TEMPLATE: &'static str = "repayment/list.html";
    const TABS: Tabs = ("tab", &TABS);

    fn list(&self, _: &SignedIn, _: NaiveDate) -> ListParams {
        self.clone()
    }

    fn view(&self, of: Found<'_, ListParams>) -> AppResult<View> {
        let today = of.app.clock.today();
        let line = |row: Row| Line {
            kind_words: row.kind.in_words(),
            on: in_words(local(row.updated_at).date(), today),
            row,
        };
        let kinds = Kind::ALL.iter().map(|one| (one.as_text(), one.in_words())).collect();
        Ok(View { rows: of.rows.into_iter().map(line).collect(), kinds })
    }
}

impl Export for ListParams {
    const NAME: (&'static str, &'static str) = ("记账", "笔");
    const COLUMNS: &'static [Column<Row, NaiveDate>] = &[
        ("姓名", 10, |row, _| (&row.name).into()),
        ("档案号", 14, |row, _| (&row.file_no).into()),
        ("合同编号", 20, |row, _| (&row.contract_no).into()),
        ("种类", 12, |row, _| row.kind.in_words().into()),
        ("内容", 40, |row, _| (&row.words).into()),
        ("依据", 30, |row, _| (&row.note).into()),
        ("状态", 10, |row, _| row.state.in_words().into()),
        ("经办", 10, |row, _| (&row.staff_name).into()),
        ("日期", 12, |row, _| local(row.updated_at).date().into()),
        ("复核", 10, |row, _| (&row.decided_by).into()),
        ("原因", 30, |row, _| (&row.reason).into()),
    ];
}

/// What went back to whoever proposed it, and was not proposed anew.
pub fn waiting(
    db: &mut Db,
    scope: &Scope,
    _: &Policy,
    today: NaiveDate,
) -> AppResult<Vec<Waiting>> {
    // What went back longer ago was given up.
    let since = today.checked_sub_days(Days::new(GIVEN_UP_DAYS)).unwrap_or(today);
    let newer = diesel::alias!(posting as newer);
    let proposed_anew = newer
        .filter(newer.field(posting::loan_id).eq(posting::loan_id))
        .filter(newer.field(posting::id).gt(posting::id));
    let returned: i64 = posting::table
        .filter(scope.holds(posting::office_code))
        .filter(posting::state.eq(State::Returned))
        .filter(posting::updated_at.ge(starts_at(since)))
        .filter(not(exists(proposed_anew)))
        .count()
        .get_result(db)?;
    let serve = Whose::Right(Right::ServeSeason);
    let link = "/repayments?tab=returned";
    Ok(vec![Waiting::decision(returned, "笔记账退回补正", link, serve)])
}
