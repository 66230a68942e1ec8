//! `/study-changes`: enrolment changes by where they are.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;

use super::rules::{Kind, State};
use crate::base::dates::in_words;
use crate::base::ids::RowId;
use crate::base::person_name::name_key;
use crate::base::scope::Scope;
use crate::book::policy::Policy;
use crate::book::staff::Right;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{loan_file, person, study_change};
use crate::web::list::declare::{Columns, List, Tables};
use crate::web::list::export::Column;
use crate::web::list::filter::anywhere;
use crate::web::list::kit::{Condition, Keyset, Term};
use crate::web::list::page::{Export, Found, ListPage, Tabs};
use crate::web::session::SignedIn;
use crate::web::waiting::{Waiting, Whose};

pub const PATH: &str = "/study-changes";

/// The tabs: state and name.
pub const TABS: [(&str, &str); 6] = [
    ("", "待提交"),
    ("submitted", "待复核"),
    ("returned", "退回补正"),
    ("approved", "已生效"),
    ("refused", "不同意"),
    ("withdrawn", "已撤销"),
];

const CHANGES: &str = "study_change JOIN loan_file ON loan_file.id = study_change.file_id \
     JOIN person ON person.id = loan_file.person_id";

crate::list_params! {
    ListParams {
        /// Part of a name.
        q,
        /// One of [`TABS`].
        tab,
        /// One of [`Kind`].
        kind,
    }
}

#[derive(Clone, Debug)]
pub struct Changes {
    params: ListParams,
}

#[derive(Clone, Debug, Queryable, Serialize)]
pub struct Row {
    pub id: RowId,
    pub file_no: String,
    pub name: String,
    pub kind: Kind,
    pub state: State,
    pub happened_on: NaiveDate,
    pub ends_on: Option<NaiveDate>,
    pub university: String,
    pub proof: String,
    pub staff_name: String,
    pub reason: String,
}

impl List for Changes {
    type Row = Row;

    fn tables(&self) -> Tables {
        Tables(CHANGES, "study_change.office_code")
    }

    fn columns() -> impl Columns<Row> {
        (
            study_change::id,
            loan_file::file_no,
            person::name,
            study_change::kind,
            study_change::state,
            study_change::happened_on,
            study_change::ends_on,
            study_change::university,
            study_change::proof,
            study_change::staff_name,
            study_change::reason,
        )
    }

    fn condition(&self) -> Condition {
        Condition::all([self.common(), tab(&self.params.tab)])
    }

    fn order(&self) -> Keyset<Row> {
        const ID: Term<Row> =
            Term::whole("study_change.id", |row: &Row| Some(row.id.get()).into()).largest_first();
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
    let state = State::from_text(key).unwrap_or(State::Draft);
    Condition::new("study_change.state = ?").bind(state.as_text())
}

impl Changes {
    fn common(&self) -> Condition {
        let mut all = Vec::new();
        if let Some(kind) = Kind::from_text(&self.params.kind) {
            all.push(Condition::new("study_change.kind = ?").bind(kind.as_text()));
        }
        let q = self.params.q.trim();
        if !q.is_empty() {
            let named = Condition::new("person.name_key LIKE ? ESCAPE '\\'");
            all.push(named.bind(anywhere(&name_key(q))));
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
    happened: String,
    ends: String,
}

impl ListPage for ListParams {
    type List = Changes;
    type View = View;
    const PATH: &'static str = PATH;
    const TEMPLATE: &'static str = "study/list.html";
    const TABS: Tabs = ("tab", &TABS);

    fn list(&self, _: &SignedIn, _: NaiveDate) -> Changes {
        Changes { params: self.clone() }
    }

    fn view(&self, of: Found<'_, ListParams>) -> AppResult<View> {
        let today = of.app.clock.today();
        let day = |on: NaiveDate| in_words(on, today);
        let line = |row: Row| Line {
            kind_words: row.kind.in_words(),
            happened: day(row.happened_on),
            ends: row.ends_on.map(day).unwrap_or_default(),
            row,
        };
        let kinds = Kind::ALL.iter().map(|one| (one.as_text(), one.in_words())).collect();
        Ok(View { rows: of.rows.into_iter().map(line).collect(), kinds })
    }
}

impl Export for ListParams {
    const NAME: (&'static str, &'static str) = ("就学信息变更", "份");
    const COLUMNS: &'static [Column<Row, NaiveDate>] = &[
        ("姓名", 10, |row, _| (&row.name).into()),
        ("档案号", 14, |row, _| (&row.file_no).into()),
        ("变更", 10, |row, _| row.kind.in_words().into()),
        ("变更日期", 12, |row, _| row.happened_on.into()),
        ("新的贴息截止日", 14, |row, _| row.ends_on.into()),
        ("新的学校", 24, |row, _| (&row.university).into()),
        ("材料", 24, |row, _| (&row.proof).into()),
        ("状态", 10, |row, _| row.state.in_words().into()),
        ("经办", 10, |row, _| (&row.staff_name).into()),
        ("原因", 30, |row, _| (&row.reason).into()),
    ];
}

fn count(db: &mut Db, scope: &Scope, state: State) -> AppResult<i64> {
    Ok(study_change::table
        .filter(scope.holds(study_change::office_code))
        .filter(study_change::state.eq(state))
        .count()
        .get_result(db)?)
}

/// What went back, and what nobody has handed on.
pub fn waiting(db: &mut Db, scope: &Scope, _: &Policy, _: NaiveDate) -> AppResult<Vec<Waiting>> {
    let (returned, drafts) = (count(db, scope, State::Returned)?, count(db, scope, State::Draft)?);
    let serve = Whose::Right(Right::ServeSeason);
    let link = "/study-changes?tab=returned";
    Ok(vec![
        Waiting::decision(returned, "份就学信息变更退回补正", link, serve),
        Waiting::work(drafts, "份就学信息变更还没有提交", PATH),
    ])
}
