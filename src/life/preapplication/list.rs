//! `/pre-applications` 预申请: who wants a loan, by year and by what the county has decided.

use std::collections::BTreeSet;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde::Serialize;

use super::rules::State;
use crate::base::dates::minute;
use crate::base::ids::RowId;
use crate::base::scope::Scope;
use crate::book::policy::Policy;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{person, preapplication};
use crate::web::list::declare::{Columns, List, Tables};
use crate::web::list::export::Column;
use crate::web::list::filter::{anywhere, meant};
use crate::web::list::kit::{Condition, Keyset, Term};
use crate::web::list::page::{Export, Found, ListPage, Tabs};
use crate::web::list::params::Params as _;
use crate::web::session::SignedIn;
use crate::web::waiting::Waiting;

pub const PATH: &str = "/pre-applications";
pub const TABS: [(&str, &str); 4] =
    [("", "等审核"), (PASSED, "通过"), ("refused", "未通过"), (ALL, "全部")];

/// Tabs that figures of `/season` lead to: who wants a loan, and whom the county has passed.
pub const ALL: &str = "all";
pub const PASSED: &str = "passed";

const TABLES: &str = "preapplication JOIN person ON person.id = preapplication.person_id";

crate::list_params! {
    ListParams {
        /// Part of a name.
        q,
        /// One of [`TABS`].
        tab,
        school,
        township,
        year,
    }
}

#[derive(Clone, Debug, Queryable, Serialize)]
pub struct Row {
    pub id: RowId,
    pub name: String,
    pub year: i32,
    pub high_school: String,
    pub class_name: String,
    pub township: String,
    pub family_kind: String,
    pub applied_on: Option<NaiveDate>,
    pub school_opinion: String,
    pub county_opinion: String,
    pub holds_grant: bool,
    pub decided_by: String,
    #[serde(skip)]
    pub decided_at: Option<NaiveDateTime>,
    pub version: i32,
}

impl Row {
    /// Who decided and when; nothing where nobody has decided here.
    fn decided(&self) -> String {
        match self.decided_at {
            Some(at) => format!("{}，{}", self.decided_by, minute(at)),
            None => String::new(),
        }
    }
}

impl List for ListParams {
    type Row = Row;

    fn tables(&self) -> Tables {
        Tables(TABLES, "preapplication.office_code")
    }

    fn columns() -> impl Columns<Row> {
        (
            preapplication::id,
            person::name,
            preapplication::year,
            preapplication::high_school,
            preapplication::class_name,
            person::township,
            preapplication::family_kind,
            preapplication::applied_on,
            preapplication::school_opinion,
            preapplication::county_opinion,
            preapplication::holds_grant,
            preapplication::decided_by,
            preapplication::decided_at,
            preapplication::version,
        )
    }

    fn condition(&self) -> Condition {
        Condition::all(vec![self.common(), tab(&self.tab)])
    }

    fn order(&self) -> Keyset<Row> {
        // Who holds a state grant comes first.
        const GRANT: Term<Row> =
            Term::whole("CASE WHEN preapplication.holds_grant THEN 0 ELSE 1 END", |row| {
                i64::from(!row.holds_grant).into()
            });
        const ID: Term<Row> = Term::whole("preapplication.id", |row| row.id.get().into());
        const { Keyset(&[GRANT, ID]) }
    }

    fn counted(&self, _: &Scope) -> (Tables, Condition) {
        (self.tables(), self.common())
    }

    fn tabs(&self) -> Vec<Condition> {
        TABS.iter().map(|(name, _)| tab(name)).collect()
    }
}

/// The same as [`State::of`], in SQL.
fn tab(name: &str) -> Condition {
    Condition::new(match name {
        PASSED => "preapplication.county_opinion LIKE '通过%'",
        "refused" => {
            "preapplication.county_opinion <> '' AND preapplication.county_opinion NOT LIKE '通过%'"
        }
        ALL => "1 = 1",
        _ => "preapplication.county_opinion = ''",
    })
}

impl ListParams {
    /// What a school has not handed in is not the county's.
    fn common(&self) -> Condition {
        let mut all = vec![Condition::new("NOT preapplication.is_draft")];
        if let Ok(year) = self.year.trim().parse::<i32>() {
            all.push(Condition::new("preapplication.year = ?").bind(i64::from(year)));
        }
        for (sql, value) in [
            ("preapplication.high_school = ?", &self.school),
            ("person.township = ?", &self.township),
        ] {
            if !value.is_empty() {
                all.push(Condition::new(sql).bind(meant(value)));
            }
        }
        if !self.q.trim().is_empty() {
            let of = Condition::new("person.name LIKE ? ESCAPE '\\'");
            all.push(of.bind(anywhere(self.q.trim())));
        }
        Condition::all(all)
    }
}

#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    row: Row,
    state: &'static str,
    decided: String,
}

#[derive(Serialize)]
pub struct View {
    rows: Vec<Line>,
    schools: BTreeSet<String>,
    townships: BTreeSet<String>,
    is_all: bool,
    is_decided: bool,
    is_passed: bool,
    /// The letters to these students' parents.
    letters: String,
    key: String,
}

impl ListPage for ListParams {
    type List = ListParams;
    type View = View;
    const PATH: &'static str = PATH;
    const TEMPLATE: &'static str = "preapplication/list.html";
    const TABS: Tabs = ("tab", &TABS);

    fn list(&self, _: &SignedIn, _: NaiveDate) -> ListParams {
        self.clone()
    }

    fn view(&self, of: Found<'_, ListParams>) -> AppResult<View> {
        let line = |row: Row| Line {
            state: State::of(&row.county_opinion).in_words(),
            decided: row.decided(),
            row,
        };
        let any = ListParams { tab: ALL.to_owned(), ..ListParams::default() };
        let places: Vec<(String, String)> =
            any.only(of.db, of.scope, (preapplication::high_school, person::township))?;
        let (schools, townships) = places.into_iter().unzip();
        Ok(View {
            key: of.app.next_id().to_string(),
            rows: of.rows.into_iter().map(line).collect(),
            schools,
            townships,
            is_all: self.tab == ALL,
            is_passed: self.tab == PASSED,
            letters: self.link("/pre-applications/letters", &[]),
            is_decided: !self.tab.is_empty(),
        })
    }
}

impl Export for ListParams {
    const NAME: (&'static str, &'static str) = ("预申请", "人");
    const COLUMNS: &'static [Column<Row, NaiveDate>] = &[
        ("年度", 8, |row, _| row.year.into()),
        ("毕业高中", 30, |row, _| (&row.high_school).into()),
        ("班级", 14, |row, _| (&row.class_name).into()),
        ("姓名", 10, |row, _| (&row.name).into()),
        ("乡镇", 14, |row, _| (&row.township).into()),
        ("家庭类型", 20, |row, _| (&row.family_kind).into()),
        ("申请日期", 12, |row, _| row.applied_on.into()),
        ("国家助学金", 12, |row, _| if row.holds_grant { "是" } else { "" }.into()),
        ("学校意见", 24, |row, _| (&row.school_opinion).into()),
        ("审核", 10, |row, _| State::of(&row.county_opinion).in_words().into()),
        ("县级意见", 36, |row, _| (&row.county_opinion).into()),
        ("审核人", 10, |row, _| (&row.decided_by).into()),
        ("审核时间", 16, |row, _| row.decided_at.map(minute).unwrap_or_default().into()),
    ];
}

/// Those whom nobody has reviewed.
pub fn waiting(db: &mut Db, scope: &Scope, _: &Policy, _: NaiveDate) -> AppResult<Vec<Waiting>> {
    let count: i64 = preapplication::table
        .filter(scope.holds(preapplication::office_code))
        .filter(preapplication::county_opinion.eq(""))
        .filter(preapplication::is_draft.eq(false))
        .count()
        .get_result(db)?;
    Ok(vec![Waiting::work(count, "名学生的预申请等审核", PATH)])
}
