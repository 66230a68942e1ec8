//! `/applications` as a list: who is at the counter, what waits, what is signed; by year.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde::Serialize;

use super::form;
use super::kinds::{Source, State};
use super::rules::product_words;
use crate::base::dates::minute;
use crate::base::ids::RowId;
use crate::base::money::Fen;
use crate::base::person_name::name_key;
use crate::base::scope::Scope;
use crate::book::policy::Policy;
use crate::book::staff::Right;
use crate::book::statement::Product;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::loan_application;
use crate::web::list::declare::{Columns, List, Tables};
use crate::web::list::export::Column;
use crate::web::list::filter::{anywhere, meant};
use crate::web::list::kit::{Condition, Keyset, Term};
use crate::web::list::page::{Export, Found, ListPage, Tabs};
use crate::web::session::SignedIn;
use crate::web::waiting::{Waiting, Whose};

pub const PATH: &str = "/applications";
pub const TABS: [(&str, &str); 11] = [
    ("", "办理中"),
    (PHONE, "手机页面发起"),
    ("parked", "挂起"),
    ("returned", "退回补正"),
    ("submitted", "待复核"),
    ("approved", "待登记合同号"),
    ("signed", "已签约"),
    (LACKING, "待归档"),
    ("refused", "未通过"),
    ("withdrawn", "已撤销"),
    ("void", "已作废"),
];

/// Begun by families, and nobody of the desk has touched them; they are among those in work, too.
pub const PHONE: &str = "phone";

/// Signed, and nobody has found their file complete.
const LACKING: &str = "lacking";

/// What figures of `/season` lead to: all of a year, and those that were once handed in.
pub const BEGUN: &str = "begun";
pub const HANDED: &str = "handed";

/// The high school of an applicant: of the year's pre-application, else of the loan file.
pub const SCHOOL: &str = "COALESCE((SELECT NULLIF(MIN(preapplication.high_school), '') \
     FROM person JOIN preapplication ON preapplication.person_id = person.id \
     AND preapplication.year = loan_application.loan_year \
     WHERE person.office_code = loan_application.office_code \
     AND person.id_index = loan_application.person_index), \
     (SELECT MIN(loan_file.high_school) FROM person \
     JOIN loan_file ON loan_file.person_id = person.id \
     WHERE person.office_code = loan_application.office_code \
     AND person.id_index = loan_application.person_index), '')";

crate::list_params! {
    ListParams {
        /// Part of a name, or a contract's number.
        q,
        /// One of [`TABS`], [`BEGUN`] or [`HANDED`].
        tab,
        product,
        university,
        township,
        /// 毕业高中, as [`SCHOOL`] has it.
        school,
        /// First year of the school year; nothing: that of today.
        year,
    }
}

/// The applications of a year.
#[derive(Clone, Debug)]
pub struct Applications {
    pub params: ListParams,
    pub year: i32,
}

#[derive(Clone, Debug, Queryable, Serialize)]
pub struct Row {
    pub id: RowId,
    pub name: String,
    pub id_mask: String,
    pub university: String,
    product: String,
    pub amount: Option<Fen>,
    pub is_first: bool,
    pub state: String,
    pub staff_name: String,
    pub contract_no: String,
    pub reason: String,
    source: Source,
    #[serde(skip)]
    updated_at: NaiveDateTime,
}

impl Row {
    fn product(&self) -> &'static str {
        product_words(Product::from_text(&self.product).unwrap_or(Product::Cdb))
    }
}

impl List for Applications {
    type Row = Row;
    const SUMS: &'static [&'static str] = &["loan_application.amount_fen"];

    fn tables(&self) -> Tables {
        Tables("loan_application", "loan_application.office_code")
    }

    fn columns() -> impl Columns<Row> {
        (
            loan_application::id,
            loan_application::name,
            loan_application::id_mask,
            loan_application::university,
            loan_application::product,
            loan_application::amount_fen,
            loan_application::is_first,
            loan_application::state,
            loan_application::staff_name,
            loan_application::contract_no,
            loan_application::reason,
            loan_application::source,
            loan_application::updated_at,
        )
    }

    fn condition(&self) -> Condition {
        self.common().and(self.tab(&self.params.tab))
    }

    fn order(&self) -> Keyset<Row> {
        const ID: Term<Row> =
            Term::whole("loan_application.id", |row: &Row| row.id.get().into()).largest_first();
        const { Keyset(&[ID]) }
    }

    fn counted(&self, _: &Scope) -> (Tables, Condition) {
        (self.tables(), self.common())
    }

    fn tabs(&self) -> Vec<Condition> {
        TABS.iter().map(|(tab, _)| self.tab(tab)).collect()
    }
}

impl Applications {
    fn tab(&self, tab: &str) -> Condition {
        match tab {
            BEGUN => return Condition::new("loan_application.state <> ''"),
            LACKING => {
                return Condition::new(
                    "loan_application.state = 'signed' AND NOT EXISTS (SELECT 1 \
                     FROM archive_check WHERE archive_check.missing = '' \
                     AND archive_check.application_id = loan_application.id)",
                );
            }
            PHONE => {
                return Condition::new(
                    "loan_application.state = 'draft' AND loan_application.source = 'phone' \
                     AND loan_application.staff_id IS NULL",
                );
            }
            HANDED => return Condition::new("loan_application.submitted_at IS NOT NULL"),
            _ => {}
        }
        let state = State::from_text(tab).unwrap_or(State::Draft);
        Condition::new("loan_application.state = ?").bind(state.as_text())
    }

    fn common(&self) -> Condition {
        let mut all = vec![Condition::new("loan_application.loan_year = ?").bind(self.year)];
        if !self.params.product.is_empty() {
            let of = Condition::new("loan_application.product = ?");
            all.push(of.bind(&self.params.product));
        }
        let ListParams { university, township, school, .. } = &self.params;
        for (column, value) in [
            ("loan_application.university", university),
            ("loan_application.township", township),
            (SCHOOL, school),
        ] {
            if !value.is_empty() {
                all.push(Condition::new(&format!("{column} = ?")).bind(meant(value)));
            }
        }
        let q = self.params.q.trim();
        if !q.is_empty() {
            let text = "loan_application.name_key LIKE ? ESCAPE '\\' \
                 OR loan_application.contract_no = ?";
            all.push(Condition::new(text).bind(anywhere(&name_key(q))).bind(q));
        }
        Condition::all(all)
    }
}

impl ListParams {
    pub fn to_list(&self, today: NaiveDate) -> Applications {
        let year = self.year.trim().parse().ok().filter(|year| (2000..=2100).contains(year));
        Applications { params: self.clone(), year: year.unwrap_or(form::loan_year(today)) }
    }
}

#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    row: Row,
    product_words: &'static str,
    is_by_phone: bool,
    changed: String,
}

#[derive(Serialize)]
pub struct View {
    rows: Vec<Line>,
    year: i32,
    sum: Fen,
}

impl ListPage for ListParams {
    type List = Applications;
    type View = View;
    const PATH: &'static str = PATH;
    const TEMPLATE: &'static str = "application/list.html";
    const TABS: Tabs = ("tab", &TABS);
    const NOT_NARROWING: &'static [&'static str] = &["tab", "year"];

    fn list(&self, _: &SignedIn, today: NaiveDate) -> Applications {
        self.to_list(today)
    }

    fn view(&self, of: Found<'_, ListParams>) -> AppResult<View> {
        let line = |row: Row| Line {
            product_words: row.product(),
            is_by_phone: row.source == Source::Phone,
            changed: minute(row.updated_at),
            row,
        };
        let sum = of.counts.sums.first().copied().unwrap_or_default();
        Ok(View { rows: of.rows.into_iter().map(line).collect(), year: of.list.year, sum })
    }
}

impl Export for ListParams {
    const NAME: (&'static str, &'static str) = ("签约受理", "份");
    const COLUMNS: &'static [Column<Row, NaiveDate>] = &[
        ("姓名", 10, |row, _| (&row.name).into()),
        ("身份证号", 20, |row, _| (&row.id_mask).into()),
        ("学校", 24, |row, _| (&row.university).into()),
        ("贷款", 22, |row, _| row.product().into()),
        ("首贷续贷", 10, |row, _| if row.is_first { "首贷" } else { "续贷" }.into()),
        ("贷款金额（元）", 14, |row, _| row.amount.into()),
        ("合同编号", 22, |row, _| (&row.contract_no).into()),
        ("状态", 14, |row, _| State::from_text(&row.state).map_or("", State::in_words).into()),
        ("谁发起", 14, |row, _| row.source.in_words().into()),
        ("经办", 10, |row, _| (&row.staff_name).into()),
        ("原因", 30, |row, _| (&row.reason).into()),
        ("最后改动", 16, |row, _| minute(row.updated_at).into()),
    ];
}

/// What went back, and what has no contract number yet.
pub fn waiting(
    db: &mut Db,
    scope: &Scope,
    _: &Policy,
    today: NaiveDate,
) -> AppResult<Vec<Waiting>> {
    let counts = ListParams::default().to_list(today).counts(db, scope)?;
    let phone = counts.of(&TABS, PHONE);
    let (returned, approved) = (counts.of(&TABS, "returned"), counts.of(&TABS, "approved"));
    let serve = Whose::Right(Right::ServeSeason);
    Ok(vec![
        Waiting::decision(returned, "份申请退回补正", "/applications?tab=returned", serve),
        Waiting::work(phone, "份续贷在手机上填好，等家里来签字", "/applications?tab=phone"),
        Waiting::work(approved, "份申请已复核，等登记合同号", "/applications?tab=approved"),
    ])
}
