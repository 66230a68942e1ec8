//! `/hardship` 困难认定: the rounds of all schools, and what waits of them.

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde::Serialize;

use super::rules::{State, Term, round_words};
use crate::base::ids::RowId;
use crate::base::scope::Scope;
use crate::book::policy::Policy;
use crate::book::publicity::State as Hanging;
use crate::book::staff::Right;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{hardship_application, hardship_round, objection, publication};
use crate::web::list::declare::{Columns, List, Tables};
use crate::web::list::export::Column;
use crate::web::list::filter::anywhere;
use crate::web::list::kit::{Condition, Keyset, Term as Key};
use crate::web::list::page::{Export, Found, ListPage, Tabs};
use crate::web::session::SignedIn;
use crate::web::waiting::{Waiting, Whose};

pub const PATH: &str = "/hardship";
pub const TABS: [(&str, &str); 2] = [("", "在办"), ("filed", "已建档")];

const APPLIED: &str = "(SELECT COUNT(*) FROM hardship_application one \
     WHERE one.round_id = hardship_round.id AND one.state <> 'withdrawn')";
const RECOGNISED: &str = "(SELECT COUNT(*) FROM hardship_application one \
     WHERE one.round_id = hardship_round.id AND one.state = 'recognised')";
const REFUSED: &str = "(SELECT COUNT(*) FROM hardship_application one \
     WHERE one.round_id = hardship_round.id AND one.state = 'refused')";

crate::list_params! {
    ListParams {
        /// Part of a school's name.
        q,
        /// One of [`TABS`].
        tab,
    }
}

#[derive(Clone, Debug, Queryable, Serialize)]
pub struct Row {
    pub id: RowId,
    pub year: i32,
    pub term: Term,
    pub school: String,
    pub apply_until: NaiveDate,
    pub quota: Option<i32>,
    pub filed_no: Option<String>,
    pub applied: i64,
    pub recognised: i64,
    pub refused: i64,
}

impl Row {
    fn words(&self) -> String {
        round_words(self.year, self.term)
    }
}

impl List for ListParams {
    type Row = Row;

    fn tables(&self) -> Tables {
        Tables("hardship_round", "hardship_round.office_code")
    }

    fn columns() -> impl Columns<Row> {
        (
            hardship_round::id,
            hardship_round::year,
            hardship_round::term,
            hardship_round::school,
            hardship_round::apply_until,
            hardship_round::quota,
            hardship_round::filed_no,
            sql::<BigInt>(APPLIED),
            sql::<BigInt>(RECOGNISED),
            sql::<BigInt>(REFUSED),
        )
    }

    fn condition(&self) -> Condition {
        Condition::all(vec![self.named(), tab(&self.tab)])
    }

    fn order(&self) -> Keyset<Row> {
        const ID: Key<Row> = Key::whole("hardship_round.id", |row| row.id.get().into());
        const { Keyset(&[ID]) }
    }

    fn counted(&self, _: &Scope) -> (Tables, Condition) {
        (self.tables(), self.named())
    }

    fn tabs(&self) -> Vec<Condition> {
        TABS.iter().map(|(name, _)| tab(name)).collect()
    }
}

fn tab(name: &str) -> Condition {
    match name {
        "filed" => Condition::new("hardship_round.filed_no IS NOT NULL"),
        _ => Condition::new("hardship_round.filed_no IS NULL"),
    }
}

impl ListParams {
    fn named(&self) -> Condition {
        match self.q.trim() {
            "" => Condition::new("1 = 1"),
            q => Condition::new("hardship_round.school LIKE ? ESCAPE '\\'").bind(anywhere(q)),
        }
    }
}

#[derive(Serialize)]
pub struct View {
    rows: Vec<(Row, String)>,
}

impl ListPage for ListParams {
    type List = ListParams;
    type View = View;
    const PATH: &'static str = PATH;
    const TEMPLATE: &'static str = "recognition/rounds.html";
    const TABS: Tabs = ("tab", &TABS);

    fn list(&self, _: &SignedIn, _: NaiveDate) -> ListParams {
        self.clone()
    }

    fn view(&self, of: Found<'_, ListParams>) -> AppResult<View> {
        let worded = |row: Row| {
            let words = row.words();
            (row, words)
        };
        Ok(View { rows: of.rows.into_iter().map(worded).collect() })
    }
}

impl Export for ListParams {
    const NAME: (&'static str, &'static str) = ("困难认定", "轮");
    const COLUMNS: &'static [Column<Row, NaiveDate>] = &[
        ("学校", 30, |row, _| (&row.school).into()),
        ("学年学期", 20, |row, _| row.words().into()),
        ("申请截止", 12, |row, _| row.apply_until.into()),
        ("名额", 8, |row, _| row.quota.into()),
        ("申请", 8, |row, _| row.applied.into()),
        ("已认定", 8, |row, _| row.recognised.into()),
        ("不予认定", 8, |row, _| row.refused.into()),
        ("编号", 18, |row, _| row.filed_no.as_ref().into()),
    ];
}

/// Objections to be looked into, lists whose days are over, and what the county decides.
pub fn waiting(
    db: &mut Db,
    scope: &Scope,
    _: &Policy,
    today: NaiveDate,
) -> AppResult<Vec<Waiting>> {
    let objections: i64 = objection::table
        .filter(scope.holds(objection::office_code))
        .filter(objection::outcome.eq("open"))
        .count()
        .get_result(db)?;
    let over: i64 = publication::table
        .filter(scope.holds(publication::office_code))
        .filter(publication::state.eq(Hanging::Public))
        .filter(publication::closes_on.lt(today))
        .count()
        .get_result(db)?;
    let cleared: i64 = hardship_application::table
        .filter(scope.holds(hardship_application::office_code))
        .filter(hardship_application::state.eq(State::Cleared))
        .count()
        .get_result(db)?;
    let review = Whose::Right(Right::Review);
    Ok(vec![
        Waiting::work(objections, "件困难认定公示异议要核查", PATH),
        Waiting::work(over, "份困难认定公示期满，要撤下", PATH),
        Waiting::decision(
            cleared,
            "名学生等困难认定县级复核",
            "/hardship/applications?tab=cleared",
            review,
        ),
    ])
}
