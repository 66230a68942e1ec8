//! `/matching` 名单比对: pupils who stand on lists of other offices, and what was found about them.

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::Serialize;

use super::rules::{Answer, place, school_year, whose};
use crate::base::choice::Choice;
use crate::base::ids::RowId;
use crate::base::scope::Scope;
use crate::book::policy::Policy;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{matching_hit, matching_list};
use crate::web::list::declare::{Columns, List, Tables};
use crate::web::list::export::Column;
use crate::web::list::filter::anywhere;
use crate::web::list::kit::{Condition, Keyset, Term};
use crate::web::list::page::{Export, Found, ListPage, Tabs};
use crate::web::session::SignedIn;
use crate::web::waiting::Waiting;

pub const PATH: &str = "/matching";
pub const TABS: [(&str, &str); 3] = [("", "等核实"), ("answered", "已核实"), ("shown", "只作参考")];

const TABLES: &str = "matching_hit JOIN matching_list ON matching_list.id = matching_hit.list_id";
/// Another school where the pupil has applied in the same school year.
const ELSEWHERE: &str = "COALESCE((SELECT MIN(round.school) FROM hardship_application one \
     JOIN hardship_round round ON round.id = one.round_id \
     WHERE one.office_code = matching_hit.office_code AND one.id_index = matching_hit.id_index \
     AND one.state <> 'withdrawn' AND round.year = matching_hit.year \
     AND round.school <> matching_hit.school), '')";

crate::list_params! {
    ListParams {
        /// Part of a name.
        q,
        /// One of [`TABS`].
        tab,
        /// Part of a school's name.
        school,
        /// What a kind of list is called.
        list,
        /// First year of the school year; nothing: that of today.
        year,
    }
}

/// The hits of a school year.
#[derive(Clone, Debug)]
pub struct Hits {
    pub params: ListParams,
    pub year: i32,
}

#[derive(Clone, Debug, Queryable, Serialize)]
pub struct Row {
    pub id: RowId,
    pub version: i32,
    pub name: String,
    pub id_mask: String,
    pub school: String,
    pub class_name: String,
    pub list_name: String,
    pub list_id: RowId,
    pub file_name: String,
    pub source: String,
    pub sheet: i32,
    pub line: i32,
    pub col: i32,
    pub is_member: bool,
    pub elsewhere: String,
    pub answer: Answer,
    pub note: String,
    pub answered_by: String,
    pub answered_on: Option<NaiveDate>,
}

impl Row {
    fn place(&self) -> String {
        place(self.sheet, self.line, self.col)
    }
}

impl List for Hits {
    type Row = Row;

    fn tables(&self) -> Tables {
        Tables(TABLES, "matching_hit.office_code")
    }

    fn columns() -> impl Columns<Row> {
        (
            matching_hit::id,
            matching_hit::version,
            matching_hit::name,
            matching_hit::id_mask,
            matching_hit::school,
            matching_hit::class_name,
            matching_list::name,
            matching_hit::list_id,
            matching_list::file_name,
            matching_list::source,
            matching_hit::sheet,
            matching_hit::line,
            matching_hit::col,
            matching_hit::is_member,
            sql::<Text>(ELSEWHERE),
            matching_hit::answer,
            matching_hit::note,
            matching_hit::answered_by,
            matching_hit::answered_on,
        )
    }

    fn condition(&self) -> Condition {
        Condition::all(vec![self.common(), tab(&self.params.tab)])
    }

    fn order(&self) -> Keyset<Row> {
        const SCHOOL: Term<Row> =
            Term::text("matching_hit.school", |row| row.school.clone().into());
        const ID: Term<Row> = Term::whole("matching_hit.id", |row| row.id.get().into());
        const { Keyset(&[SCHOOL, ID]) }
    }

    fn counted(&self, _: &Scope) -> (Tables, Condition) {
        (self.tables(), self.common())
    }

    fn tabs(&self) -> Vec<Condition> {
        TABS.iter().map(|(name, _)| tab(name)).collect()
    }
}

fn tab(name: &str) -> Condition {
    Condition::new(match name {
        "answered" => "matching_list.counts AND matching_hit.answer <> 'open'",
        "shown" => "NOT matching_list.counts",
        _ => "matching_list.counts AND matching_hit.answer = 'open'",
    })
}

impl Hits {
    fn common(&self) -> Condition {
        let mut all = vec![Condition::new("matching_hit.year = ?").bind(self.year)];
        for (text, typed) in [
            ("matching_hit.name LIKE ? ESCAPE '\\'", &self.params.q),
            ("matching_hit.school LIKE ? ESCAPE '\\'", &self.params.school),
        ] {
            if !typed.trim().is_empty() {
                all.push(Condition::new(text).bind(anywhere(typed.trim())));
            }
        }
        if !self.params.list.is_empty() {
            all.push(Condition::new("matching_list.name = ?").bind(&self.params.list));
        }
        Condition::all(all)
    }
}

impl ListParams {
    /// What was understood, on a day.
    pub fn to_list(&self, today: NaiveDate) -> Hits {
        let year = self.year.trim().parse().ok().filter(|year| (2000..=2100).contains(year));
        Hits { params: self.clone(), year: year.unwrap_or_else(|| school_year(today)) }
    }
}

/// What a form offers: every answer but none.
pub fn answers() -> Vec<Choice> {
    let all = Answer::ALL.iter().filter(|one| **one != Answer::Open);
    all.map(|one| (*one).into()).collect()
}

#[derive(Serialize)]
pub struct View {
    /// A row, its place, whose number it is, its answer.
    rows: Vec<(Row, String, &'static str, &'static str)>,
    lists: Vec<String>,
    answers: Vec<Choice>,
    /// Lists that are compared today.
    in_force: i64,
    year: i32,
    is_shown_only: bool,
    key: String,
}

impl ListPage for ListParams {
    type List = Hits;
    type View = View;
    const PATH: &'static str = PATH;
    const TEMPLATE: &'static str = "matching/list.html";
    const TABS: Tabs = ("tab", &TABS);
    const NOT_NARROWING: &'static [&'static str] = &["tab", "year"];

    fn list(&self, _: &SignedIn, today: NaiveDate) -> Hits {
        self.to_list(today)
    }

    fn view(&self, of: Found<'_, ListParams>) -> AppResult<View> {
        let today = of.app.clock.today();
        let in_force = matching_list::table
            .filter(of.scope.holds(matching_list::office_code))
            .filter(matching_list::removed_on.is_null())
            .filter(matching_list::expires_on.ge(today))
            .count()
            .get_result(of.db)?;
        let policy = of.app.policy();
        let worded = |row: Row| {
            let (at, whose, answer) = (row.place(), whose(row.is_member), row.answer.in_words());
            (row, at, whose, answer)
        };
        Ok(View {
            rows: of.rows.into_iter().map(worded).collect(),
            lists: policy.matching_lists(today).into_iter().map(|one| one.name.clone()).collect(),
            answers: answers(),
            in_force,
            year: of.list.year,
            is_shown_only: self.tab == "shown",
            key: of.app.next_id().to_string(),
        })
    }
}

impl Export for ListParams {
    const NAME: (&'static str, &'static str) = ("名单比对", "条");
    const COLUMNS: &'static [Column<Row, NaiveDate>] = &[
        ("学校", 26, |row, _| (&row.school).into()),
        ("班级", 14, |row, _| (&row.class_name).into()),
        ("姓名", 10, |row, _| (&row.name).into()),
        ("身份证号", 22, |row, _| (&row.id_mask).into()),
        ("名单", 28, |row, _| (&row.list_name).into()),
        ("来自", 16, |row, _| (&row.source).into()),
        ("文件", 24, |row, _| (&row.file_name).into()),
        ("位置", 24, |row, _| row.place().into()),
        ("本人或家庭成员", 14, |row, _| whose(row.is_member).into()),
        ("也在别处登记", 22, |row, _| (&row.elsewhere).into()),
        ("核实结果", 12, |row, _| row.answer.in_words().into()),
        ("说明", 30, |row, _| (&row.note).into()),
        ("谁核实的", 12, |row, _| (&row.answered_by).into()),
        ("核实日期", 12, |row, _| row.answered_on.into()),
    ];
}

/// Hits that nobody has answered; lists that are only shown ask for nothing.
pub fn waiting(
    db: &mut Db,
    scope: &Scope,
    _: &Policy,
    today: NaiveDate,
) -> AppResult<Vec<Waiting>> {
    let open: i64 = matching_hit::table
        .inner_join(matching_list::table)
        .filter(scope.holds(matching_hit::office_code))
        .filter(matching_hit::year.eq(school_year(today)))
        .filter(matching_hit::answer.eq(Answer::Open))
        .filter(matching_list::counts.eq(true))
        .count()
        .get_result(db)?;
    Ok(vec![Waiting::work(open, "条名单比对结果等核实", PATH)])
}
