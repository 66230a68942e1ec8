//! `/reliefs`: applications by where they are.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;

use super::rules::{Applicant, State};
use crate::base::dates::in_words;
use crate::base::ids::RowId;
use crate::base::person_name::name_key;
use crate::base::scope::Scope;
use crate::book::policy::Policy;
use crate::book::staff::Right;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{loan_file, person, relief};
use crate::web::list::declare::{Columns, List, Tables};
use crate::web::list::export::Column;
use crate::web::list::filter::anywhere;
use crate::web::list::kit::{Condition, Keyset, Term};
use crate::web::list::page::{Export, Found, ListPage, Tabs};
use crate::web::session::SignedIn;
use crate::web::waiting::{Waiting, Whose};

pub const PATH: &str = "/reliefs";

/// The tabs: key and name.
pub const TABS: [(&str, &str); 6] = [
    ("", "县级在办"),
    ("public", "公示"),
    ("above", "已报市、省"),
    ("granted", "待拨款"),
    ("paid", "已救助"),
    ("over", "不同意、撤回"),
];

const RELIEFS: &str = "relief JOIN loan_file ON loan_file.id = relief.file_id \
     JOIN person ON person.id = loan_file.person_id";

crate::list_params! {
    ListParams {
        /// Part of a name.
        q,
        /// One of [`TABS`].
        tab,
    }
}

#[derive(Clone, Debug, Queryable, Serialize)]
pub struct Row {
    pub id: RowId,
    pub file_no: String,
    pub name: String,
    pub class_name: String,
    pub applicant: Applicant,
    pub applicant_name: String,
    pub state: State,
    pub happened_on: NaiveDate,
    pub applied_on: NaiveDate,
    pub city_on: Option<NaiveDate>,
    pub province_on: Option<NaiveDate>,
    pub granted_on: Option<NaiveDate>,
    pub document: String,
    pub paid_on: Option<NaiveDate>,
    pub reason: String,
    pub staff_name: String,
}

impl List for ListParams {
    type Row = Row;

    fn tables(&self) -> Tables {
        Tables(RELIEFS, "relief.office_code")
    }

    fn columns() -> impl Columns<Row> {
        (
            relief::id,
            loan_file::file_no,
            person::name,
            relief::class_name,
            relief::applicant,
            relief::applicant_name,
            relief::state,
            relief::happened_on,
            relief::applied_on,
            relief::city_on,
            relief::province_on,
            relief::granted_on,
            relief::document,
            relief::paid_on,
            relief::reason,
            relief::staff_name,
        )
    }

    fn condition(&self) -> Condition {
        Condition::all([self.common(), tab(&self.tab)])
    }

    fn order(&self) -> Keyset<Row> {
        const ID: Term<Row> =
            Term::whole("relief.id", |row: &Row| Some(row.id.get()).into()).largest_first();
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
    Condition::new(match key {
        "public" => "relief.state IN ('passed', 'public', 'cleared')",
        "above" => "relief.state IN ('city', 'province')",
        "granted" => "relief.state IN ('granted', 'paying')",
        "paid" => "relief.state = 'paid'",
        "over" => "relief.state IN ('refused', 'withdrawn')",
        _ => "relief.state IN ('open', 'submitted')",
    })
}

impl ListParams {
    fn common(&self) -> Condition {
        let q = self.q.trim();
        if q.is_empty() {
            return Condition::all([]);
        }
        let named = Condition::new("person.name_key LIKE ? ESCAPE '\\'");
        named.bind(anywhere(&name_key(q)))
    }
}

#[derive(Serialize)]
pub struct View {
    rows: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    state_words: &'static str,
    applicant_words: &'static str,
    applied: String,
    #[serde(flatten)]
    row: Row,
}

impl ListPage for ListParams {
    type List = ListParams;
    type View = View;
    const PATH: &'static str = PATH;
    const TEMPLATE: &'static str = "relief/list.html";
    const TABS: Tabs = ("tab", &TABS);

    fn list(&self, _: &SignedIn, _: NaiveDate) -> ListParams {
        self.clone()
    }

    fn view(&self, of: Found<'_, ListParams>) -> AppResult<View> {
        let today = of.app.clock.today();
        let line = |row: Row| Line {
            state_words: row.state.in_words(),
            applicant_words: row.applicant.in_words(),
            applied: in_words(row.applied_on, today),
            row,
        };
        Ok(View { rows: of.rows.into_iter().map(line).collect() })
    }
}

impl Export for ListParams {
    const NAME: (&'static str, &'static str) = ("还款救助", "件");
    const COLUMNS: &'static [Column<Row, NaiveDate>] = &[
        ("姓名", 10, |row, _| (&row.name).into()),
        ("档案号", 14, |row, _| (&row.file_no).into()),
        ("情形", 24, |row, _| (&row.class_name).into()),
        ("谁申请的", 12, |row, _| row.applicant.in_words().into()),
        ("申请人", 10, |row, _| (&row.applicant_name).into()),
        ("发生日期", 12, |row, _| row.happened_on.into()),
        ("受理日期", 12, |row, _| row.applied_on.into()),
        ("报市级", 12, |row, _| row.city_on.into()),
        ("市级同意", 12, |row, _| row.province_on.into()),
        ("省级同意", 12, |row, _| row.granted_on.into()),
        ("批复文号", 24, |row, _| (&row.document).into()),
        ("拨款日期", 12, |row, _| row.paid_on.into()),
        ("状态", 18, |row, _| row.state.in_words().into()),
        ("原因", 30, |row, _| (&row.reason).into()),
        ("经办", 10, |row, _| (&row.staff_name).into()),
    ];
}

/// What went back, what may be published or taken down, and what may be sent to the city.
pub fn waiting(db: &mut Db, scope: &Scope, _: &Policy, _: NaiveDate) -> AppResult<Vec<Waiting>> {
    let mut count = |states: &'static [State], returned: bool| -> AppResult<i64> {
        let of = relief::table
            .filter(scope.holds(relief::office_code))
            .filter(relief::state.eq_any(states));
        match returned {
            true => Ok(of.filter(relief::reason.ne("")).count().get_result(db)?),
            false => Ok(of.count().get_result(db)?),
        }
    };
    let returned = count(&[State::Open], true)?;
    let passed = count(&[State::Passed, State::Cleared], false)?;
    let granted = count(&[State::Granted], false)?;
    let serve = Whose::Right(Right::ServeSeason);
    Ok(vec![
        Waiting::decision(returned, "件还款救助退回，要补材料", "/reliefs", serve),
        Waiting::work(passed, "件还款救助等着公示或报市级", "/reliefs?tab=public"),
        Waiting::work(granted, "件还款救助省级同意了，等登记拨款", "/reliefs?tab=granted"),
    ])
}
