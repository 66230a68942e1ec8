//! `/early-repayments`: requests by where they are, and the list of a settling day for the bank.

use actix_web::HttpResponse;
use chrono::{Days, NaiveDate};
use diesel::prelude::*;
use serde::Serialize;

use super::rules::{Requester, Source, State};
use super::{steps, store};
use crate::base::dates::{in_words, typed_day};
use crate::base::ids::RowId;
use crate::base::money::Fen;
use crate::base::person_name::name_key;
use crate::base::scope::Scope;
use crate::book::policy::Policy;
use crate::book::staff::Right;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{early_repayment, loan, loan_file, person};
use crate::web::desk_request::DeskRequest;
use crate::web::fields::Form;
use crate::web::list::declare::{Columns, List, Tables};
use crate::web::list::export::Column;
use crate::web::list::filter::anywhere;
use crate::web::list::kit::{Condition, Keyset, Term};
use crate::web::list::page::{Export, Found, ListPage, Tabs};
use crate::web::session::SignedIn;
use crate::web::shell;
use crate::web::waiting::{Waiting, Whose};

pub const PATH: &str = "/early-repayments";

/// The tabs: key and name.
pub const TABS: [(&str, &str); 5] = [
    ("", "待扣款"),
    ("answered", "结果待复核"),
    ("paid", "已结清、已还部分"),
    ("lapsed", "失效"),
    ("withdrawn", "撤回"),
];

const REQUESTS: &str = "early_repayment JOIN loan ON loan.id = early_repayment.loan_id \
     JOIN loan_file ON loan_file.id = early_repayment.file_id \
     JOIN person ON person.id = loan_file.person_id";

crate::list_params! {
    ListParams {
        /// Part of a name.
        q,
        /// One of [`TABS`].
        tab,
        /// `2026-12-20`; every day when it is empty.
        day,
    }
}

impl ListParams {
    pub fn to_list(&self) -> Requests {
        Requests { params: self.clone() }
    }
}

#[derive(Clone, Debug)]
pub struct Requests {
    params: ListParams,
}

#[derive(Clone, Debug, Queryable, Serialize)]
pub struct Row {
    pub id: RowId,
    pub file_no: String,
    pub name: String,
    pub contract_no: String,
    pub loan_year: i32,
    pub agent: String,
    pub account_mask: String,
    pub state: State,
    pub part_fen: Option<Fen>,
    pub requester: Requester,
    pub source: Source,
    pub requested_on: NaiveDate,
    pub settles_on: NaiveDate,
    pub needed_fen: Fen,
    pub sent_on: Option<NaiveDate>,
    pub debited_on: Option<NaiveDate>,
    pub debited_fen: Option<Fen>,
    pub reason: String,
    pub staff_name: String,
}

impl Row {
    /// What became of it, in words that blame nobody.
    fn state_words(&self) -> &'static str {
        match (self.state, self.part_fen) {
            (State::Paid, None) => "已结清",
            (State::Paid, Some(_)) => "已还部分",
            (state, _) => state.in_words(),
        }
    }

    fn what(&self) -> String {
        match self.part_fen {
            Some(part) => format!("{} 元", part.to_page_text().trim_end_matches(".00")),
            None => "全部还清".to_owned(),
        }
    }
}

impl List for Requests {
    type Row = Row;

    fn tables(&self) -> Tables {
        Tables(REQUESTS, "early_repayment.office_code")
    }

    fn columns() -> impl Columns<Row> {
        (
            early_repayment::id,
            loan_file::file_no,
            person::name,
            loan::contract_no,
            loan::loan_year,
            loan::agent,
            loan::account_mask,
            early_repayment::state,
            early_repayment::part_fen,
            early_repayment::requester,
            early_repayment::source,
            early_repayment::requested_on,
            early_repayment::settles_on,
            early_repayment::needed_fen,
            early_repayment::sent_on,
            early_repayment::debited_on,
            early_repayment::debited_fen,
            early_repayment::reason,
            early_repayment::staff_name,
        )
    }

    fn condition(&self) -> Condition {
        Condition::all([self.common(), tab(&self.params.tab)])
    }

    fn order(&self) -> Keyset<Row> {
        const ON: Term<Row> =
            Term::day("early_repayment.settles_on", |row: &Row| row.settles_on.into())
                .largest_first();
        const ID: Term<Row> =
            Term::whole("early_repayment.id", |row: &Row| Some(row.id.get()).into())
                .largest_first();
        const { Keyset(&[ON, ID]) }
    }

    fn counted(&self, _: &Scope) -> (Tables, Condition) {
        (self.tables(), self.common())
    }

    fn tabs(&self) -> Vec<Condition> {
        TABS.iter().map(|(key, _)| tab(key)).collect()
    }
}

fn tab(key: &str) -> Condition {
    if key == "lapsed" {
        return Condition::new("early_repayment.state IN ('lapsed', 'unpaid')");
    }
    let state = State::from_text(key).unwrap_or(State::Open);
    Condition::new("early_repayment.state = ?").bind(state.as_text())
}

impl Requests {
    fn common(&self) -> Condition {
        let mut all = Vec::new();
        if let Some(day) = typed_day(&self.params.day) {
            all.push(Condition::new("early_repayment.settles_on = ?").bind(day));
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
    days: Vec<Day>,
    key: String,
}

/// The list of a settling day.
#[derive(Serialize)]
struct Day {
    day: NaiveDate,
    words: String,
    count: i64,
    unsent: i64,
    is_past: bool,
    workbook: String,
}

#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    row: Row,
    what: String,
    state_words: &'static str,
    settles: String,
    requested: String,
    sent: String,
    debited: String,
}

impl ListPage for ListParams {
    type List = Requests;
    type View = View;
    const PATH: &'static str = PATH;
    const TEMPLATE: &'static str = "early/list.html";
    const TABS: Tabs = ("tab", &TABS);

    fn list(&self, _: &SignedIn, _: NaiveDate) -> Requests {
        self.to_list()
    }

    fn view(&self, of: Found<'_, ListParams>) -> AppResult<View> {
        let today = of.app.clock.today();
        let words = |on: NaiveDate| in_words(on, today);
        let days = store::by_day(of.db, of.scope)?;
        let day = |(day, count, unsent): (NaiveDate, i64, i64)| Day {
            words: words(day),
            is_past: day < today,
            workbook: format!("{PATH}.xlsx?day={day}"),
            day,
            count,
            unsent,
        };
        let line = |row: Row| Line {
            what: row.what(),
            state_words: row.state_words(),
            settles: words(row.settles_on),
            requested: words(row.requested_on),
            sent: row.sent_on.map(words).unwrap_or_default(),
            debited: row.debited_on.map(words).unwrap_or_default(),
            row,
        };
        Ok(View {
            rows: of.rows.into_iter().map(line).collect(),
            days: days.into_iter().map(day).collect(),
            key: of.app.next_id().to_string(),
        })
    }
}

impl Export for ListParams {
    const NAME: (&'static str, &'static str) = ("提前还款", "笔");
    const COLUMNS: &'static [Column<Row, NaiveDate>] = &[
        ("姓名", 10, |row, _| (&row.name).into()),
        ("档案号", 14, |row, _| (&row.file_no).into()),
        ("合同编号", 24, |row, _| (&row.contract_no).into()),
        ("学年", 8, |row, _| row.loan_year.into()),
        ("申请", 12, |row, _| row.what().into()),
        ("申请日期", 12, |row, _| row.requested_on.into()),
        ("扣款日", 12, |row, _| row.settles_on.into()),
        ("申请时算的钱（元）", 18, |row, _| row.needed_fen.into()),
        ("结算机构", 14, |row, _| (&row.agent).into()),
        ("还款账户", 20, |row, _| (&row.account_mask).into()),
        ("谁申请的", 12, |row, _| row.requester.in_words().into()),
        ("在哪里申请", 12, |row, _| row.source.in_words().into()),
        ("送银行", 12, |row, _| row.sent_on.into()),
        ("状态", 16, |row, _| row.state_words().into()),
        ("银行扣款日期", 12, |row, _| row.debited_on.into()),
        ("银行扣款（元）", 14, |row, _| row.debited_fen.into()),
        ("原因", 30, |row, _| (&row.reason).into()),
        ("经办", 10, |row, _| (&row.staff_name).into()),
    ];
}

/// `POST /early-repayments/sent`: the list of a settling day has gone to the bank.
pub async fn send(desk: DeskRequest, form: Form) -> AppResult<HttpResponse> {
    let form = form.0;
    let day = typed_day(form.get("day")).ok_or(AppError::Changed)?;
    let key = form.key();
    let sent = desk.act("early list sent", move |act| steps::send(act, &key, day)).await?;
    let words = match sent {
        0 => "名单已经登记过".to_owned(),
        n => format!("已登记：{n} 笔送到银行，扣款以后请登记每一笔的结果"),
    };
    shell::done(&desk.app, &format!("{PATH}?day={day}"), &words)
}

/// What the list for the bank waits for, and the bank's answers.
pub fn waiting(
    db: &mut Db,
    scope: &Scope,
    policy: &Policy,
    today: NaiveDate,
) -> AppResult<Vec<Waiting>> {
    let before = u64::from(policy.prepay_days.on(today).list_before);
    let until = today.checked_add_days(Days::new(before)).unwrap_or(today);
    let (unsent, open, returned) = store::counts(db, scope, (today, until))?;
    let serve = Whose::Right(Right::ServeSeason);
    Ok(vec![
        Waiting::decision(returned, "笔提前还款的结果退回，要重新登记", PATH, serve),
        Waiting::work(unsent, "笔提前还款快到扣款日，名单还没有送银行", PATH),
        Waiting::work(open, "笔提前还款过了扣款日，还没有登记结果", PATH),
    ])
}
