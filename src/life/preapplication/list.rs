//! `/pre-applications` 预申请: who wants a loan, by year and by what the county has decided.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;

use super::rules::State;
use crate::base::ids::RowId;
use crate::base::scope::Scope;
use crate::book::policy::Policy;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{person, preapplication};
use crate::web::list::declare::{Columns, List, Tables};
use crate::web::list::export::Column;
use crate::web::list::filter::anywhere;
use crate::web::list::kit::{Condition, Keyset, Term};
use crate::web::list::page::{Export, Found, ListPage, Tabs};
use crate::web::session::SignedIn;
use crate::web::waiting::Waiting;

pub const PATH: &str = "/pre-applications";
pub const TABS: [(&str, &str); 4] =
    [("", "等审核"), ("passed", "通过"), ("refused", "未通过"), ("all", "全部")];

const TABLES: &str = "preapplication JOIN person ON person.id = preapplication.person_id";

crate::list_params! {
    ListParams {
        /// Part of a name.
        q,
        /// One of [`TABS`].
        tab,
        /// Part of a school's name.
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
        )
    }

    fn condition(&self) -> Condition {
        Condition::all(vec![self.common(), tab(&self.tab)])
    }

    fn order(&self) -> Keyset<Row> {
        const ID: Term<Row> = Term::whole("preapplication.id", |row| row.id.get().into());
        const { Keyset(&[ID]) }
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
        "passed" => "preapplication.county_opinion LIKE '通过%'",
        "refused" => {
            "preapplication.county_opinion <> '' AND preapplication.county_opinion NOT LIKE '通过%'"
        }
        "all" => "1 = 1",
        _ => "preapplication.county_opinion = ''",
    })
}

impl ListParams {
    fn common(&self) -> Condition {
        let mut all = vec![Condition::new("1 = 1")];
        if let Ok(year) = self.year.trim().parse::<i32>() {
            all.push(Condition::new("preapplication.year = ?").bind(i64::from(year)));
        }
        for (sql, typed) in [
            ("person.name LIKE ? ESCAPE '\\'", &self.q),
            ("preapplication.high_school LIKE ? ESCAPE '\\'", &self.school),
            ("person.township LIKE ? ESCAPE '\\'", &self.township),
        ] {
            if !typed.trim().is_empty() {
                all.push(Condition::new(sql).bind(anywhere(typed.trim())));
            }
        }
        Condition::all(all)
    }
}

#[derive(Serialize)]
pub struct View {
    rows: Vec<(Row, &'static str)>,
    is_all: bool,
    is_decided: bool,
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
        let worded = |row: Row| {
            let words = State::of(&row.county_opinion).in_words();
            (row, words)
        };
        Ok(View {
            key: of.app.next_id().to_string(),
            rows: of.rows.into_iter().map(worded).collect(),
            is_all: self.tab == "all",
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
        ("学校意见", 24, |row, _| (&row.school_opinion).into()),
        ("审核", 10, |row, _| State::of(&row.county_opinion).in_words().into()),
        ("县级意见", 36, |row, _| (&row.county_opinion).into()),
    ];
}

/// Those whom nobody has reviewed.
pub fn waiting(db: &mut Db, scope: &Scope, _: &Policy, _: NaiveDate) -> AppResult<Vec<Waiting>> {
    let count: i64 = preapplication::table
        .filter(scope.holds(preapplication::office_code))
        .filter(preapplication::county_opinion.eq(""))
        .count()
        .get_result(db)?;
    Ok(vec![Waiting::work(count, "名学生的预申请等审核", PATH)])
}
