//! `/hardship/applications`: the pupils of a round, or of all, by how far they are.

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::Serialize;

use super::rules::State;
use crate::base::ids::RowId;
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::schema::{hardship_application, hardship_round};
use crate::web::list::declare::{Columns, List, Tables};
use crate::web::list::export::Column;
use crate::web::list::filter::anywhere;
use crate::web::list::kit::{Condition, Keyset, Term};
use crate::web::list::page::{Export, Found, ListPage, Tabs};
use crate::web::session::SignedIn;

pub const PATH: &str = "/hardship/applications";
pub const TABS: [(&str, &str); 11] = [
    ("", "全部"),
    ("applied", "等班级"),
    ("class", "等年级"),
    ("grade", "等学校"),
    ("school", "等村里"),
    ("village", "可公示"),
    ("public", "公示中"),
    ("cleared", "等县级复核"),
    ("recognised", "已认定"),
    ("refused", "不予认定"),
    ("recheck", "抽查"),
];

const TABLES: &str = "hardship_application \
     JOIN hardship_round ON hardship_round.id = hardship_application.round_id";

crate::list_params! {
    ListParams {
        /// Part of a name.
        q,
        /// One of [`TABS`].
        tab,
        /// Identity of a round; nothing: of all.
        round,
        level,
    }
}

#[derive(Clone, Debug, Queryable, Serialize)]
pub struct Row {
    pub id: RowId,
    pub name: String,
    pub id_mask: String,
    pub class: String,
    pub school: String,
    pub applied_on: NaiveDate,
    pub level: String,
    pub state: State,
    pub reason: String,
}

impl List for ListParams {
    type Row = Row;

    fn tables(&self) -> Tables {
        Tables(TABLES, "hardship_application.office_code")
    }

    fn columns() -> impl Columns<Row> {
        (
            hardship_application::id,
            hardship_application::name,
            hardship_application::id_mask,
            sql::<Text>("hardship_application.grade || hardship_application.class_name"),
            hardship_round::school,
            hardship_application::applied_on,
            hardship_application::level,
            hardship_application::state,
            hardship_application::reason,
        )
    }

    fn condition(&self) -> Condition {
        Condition::all(vec![self.common(), tab(&self.tab)])
    }

    fn order(&self) -> Keyset<Row> {
        const ID: Term<Row> = Term::whole("hardship_application.id", |row| row.id.get().into());
        const { Keyset(&[ID]) }
    }

    fn counted(&self, _: &Scope) -> (Tables, Condition) {
        (self.tables(), self.common())
    }

    fn tabs(&self) -> Vec<Condition> {
        TABS.iter().map(|(name, _)| tab(name)).collect()
    }
}

fn tab(name: &str) -> Condition {
    match (name, State::from_text(name)) {
        ("recheck", _) => Condition::new("hardship_application.recheck <> 'none'"),
        (_, Some(state)) => Condition::new("hardship_application.state = ?").bind(state.as_text()),
        _ => Condition::new("1 = 1"),
    }
}

impl ListParams {
    fn common(&self) -> Condition {
        let mut all = vec![Condition::new("1 = 1")];
        if let Ok(round) = self.round.trim().parse::<i64>() {
            all.push(Condition::new("hardship_application.round_id = ?").bind(round));
        }
        if !self.level.is_empty() {
            all.push(Condition::new("hardship_application.level = ?").bind(&self.level));
        }
        let q = self.q.trim();
        if !q.is_empty() {
            let named = Condition::new("hardship_application.name LIKE ? ESCAPE '\\'");
            all.push(named.bind(anywhere(q)));
        }
        Condition::all(all)
    }
}

#[derive(Serialize)]
pub struct View {
    rows: Vec<(Row, &'static str)>,
    levels: Vec<String>,
}

impl ListPage for ListParams {
    type List = ListParams;
    type View = View;
    const PATH: &'static str = PATH;
    const TEMPLATE: &'static str = "recognition/list.html";
    const TABS: Tabs = ("tab", &TABS);
    const NOT_NARROWING: &'static [&'static str] = &["tab", "round"];

    fn list(&self, _: &SignedIn, _: NaiveDate) -> ListParams {
        self.clone()
    }

    fn view(&self, of: Found<'_, ListParams>) -> AppResult<View> {
        let levels = of.app.policy().hardship_levels.on(of.app.clock.today()).levels.clone();
        let worded = |row: Row| {
            let state = row.state.in_words();
            (row, state)
        };
        Ok(View { rows: of.rows.into_iter().map(worded).collect(), levels })
    }
}

impl Export for ListParams {
    const NAME: (&'static str, &'static str) = ("困难认定学生", "人");
    const COLUMNS: &'static [Column<Row, NaiveDate>] = &[
        ("学校", 30, |row, _| (&row.school).into()),
        ("班级", 14, |row, _| (&row.class).into()),
        ("姓名", 10, |row, _| (&row.name).into()),
        ("身份证号", 22, |row, _| (&row.id_mask).into()),
        ("申请日期", 12, |row, _| row.applied_on.into()),
        ("困难等级", 12, |row, _| (&row.level).into()),
        ("进度", 16, |row, _| row.state.in_words().into()),
        ("说明", 40, |row, _| (&row.reason).into()),
    ];
}
