//! `/disbursements` as a list: the contracts of a year by where their money is, and the form that
//! draws up a list of those that are ready.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, web};
use chrono::{Datelike as _, NaiveDate};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde::Serialize;

use super::rules::{Standing, State};
use super::steps::{self, KINDS};
use super::store::{DIFFERS, ENLISTED, WITHDRAWN};
use crate::base::choice::Choice;
use crate::base::ids::{BatchId, LoanId};
use crate::base::money::Fen;
use crate::base::person_name::name_key;
use crate::base::scope::Scope;
use crate::book::batch::moves::State as BatchState;
use crate::book::batch::store as lists;
use crate::book::batch::{self, Kind};
use crate::book::policy::Policy;
use crate::book::position;
use crate::book::staff::Right;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema as tables;
use crate::plumbing::schema::{disbursement, loan, loan_file, loan_position, person};
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{Done, Form, FormPage};
use crate::web::list::declare::{Columns, List, Tables};
use crate::web::list::export::Column;
use crate::web::list::filter::{anywhere, meant};
use crate::web::list::kit::{Condition, Keyset, Tally, Term};
use crate::web::list::page::{Export, Found, ListPage, Listed, Tabs, read};
use crate::web::list::params::Params as _;
use crate::web::session::SignedIn;
use crate::web::waiting::{Waiting, Whose};

pub const PATH: &str = "/disbursements";
pub const HELD: &str = "held";
pub const DRAWN: &str = "drawn";
/// Paid out by a list of the bank, not by one of ours.
pub const ELSEWHERE: &str = "elsewhere";
pub const UNPAID: &str = "unpaid";
/// The tabs: a contract is in one of them; the last one takes together what has no money yet.
pub const TABS: [(&str, &str); 12] = [
    ("", "可以编批"),
    (HELD, "暂不能发放"),
    (DRAWN, "编批中"),
    ("ordered", "已报送银行"),
    ("cancelled", "发放失败"),
    ("paid", "已到学生账户"),
    ("at_university", "已到高校"),
    ("partly_returned", "高校退回一部分"),
    ("frozen", "余款被冻结"),
    ("returned", "已退回银行"),
    (ELSEWHERE, "按银行清单放款"),
    (UNPAID, "签了未放款"),
];

/// What figures of `/season` lead to: all contracts of a year, those with a receipt, and those
/// whose money was booked.
pub const SIGNED: &str = "signed";
pub const CONFIRMED: &str = "confirmed";
pub const OUT: &str = "out";
/// A second person has approved the list of pay-outs that it is on, or it was paid out otherwise.
pub const APPROVED: &str = "approved";
/// The university has entered its receipt, and nobody knows the student's account.
pub const NO_ACCOUNT: &str = "no_account";

const CONTRACTS: &str = "loan JOIN loan_position ON loan_position.loan_id = loan.id \
     JOIN loan_file ON loan_file.id = loan.file_id JOIN person ON person.id = loan_file.person_id \
     LEFT JOIN disbursement ON disbursement.office_code = loan.office_code \
     AND disbursement.loan_id = loan.id \
     LEFT JOIN batch_line ON batch_line.office_code = loan.office_code \
     AND batch_line.kind = CASE loan.product WHEN 'local' THEN 'local_disbursement' \
     ELSE 'cdb_disbursement' END AND batch_line.subject_id = loan.id AND batch_line.running \
     LEFT JOIN batch ON batch.id = batch_line.batch_id";
const UNDISBURSED: &str = "loan_position.stage = 'undisbursed'";
/// No list is being made of it, and none has gone.
const FREE: &str = "loan_position.stage = 'undisbursed' AND batch_line.id IS NULL \
     AND disbursement.loan_id IS NULL";
const IN_MAKING: &str =
    "batch_line.state = 'open' AND batch.state IN ('draft', 'frozen', 'approved')";

/// As [`Standing::why_not`] decides it.
fn is_fit() -> String {
    format!(
        "loan.receipt_on IS NOT NULL AND loan.account_sealed IS NOT NULL AND NOT {DIFFERS} \
         AND NOT {ENLISTED}"
    )
}

crate::list_params! {
    ListParams {
        /// Part of a name, or a contract number.
        q,
        /// One of [`TABS`], [`SIGNED`], [`CONFIRMED`], [`APPROVED`], [`OUT`] or [`NO_ACCOUNT`].
        tab,
        university,
        township,
        /// 毕业高中 of the loan file.
        school,
        /// `cdb` or `local`.
        product,
        /// First year of the school year; nothing: that of today.
        year,
    }
}

#[derive(Clone, Debug)]
pub struct Disbursements {
    pub params: ListParams,
    pub year: i32,
}

#[derive(Clone, Debug, Queryable, Serialize)]
pub struct Row {
    pub loan: LoanId,
    pub file_no: String,
    pub name: String,
    pub number: String,
    pub product: String,
    pub university: String,
    pub amount: Fen,
    pub account: String,
    #[serde(skip)]
    stage: String,
    #[serde(skip)]
    receipt_on: Option<NaiveDate>,
    #[serde(skip)]
    differs: bool,
    #[serde(skip)]
    enlisted: bool,
    #[serde(skip)]
    has_account: bool,
    pub state: Option<State>,
    pub to_university: Option<Fen>,
    pub to_account: Option<Fen>,
    pub since_on: Option<NaiveDate>,
    reason: Option<String>,
    pub batch: Option<BatchId>,
    #[serde(skip)]
    batch_kind: Option<Kind>,
    #[serde(skip)]
    batch_year: Option<i32>,
    #[serde(skip)]
    batch_serial: Option<i32>,
}

impl Row {
    fn standing(&self) -> Standing {
        Standing {
            withdrawn: false,
            paid_out: position::is_paid_out(&self.stage),
            has_receipt: self.receipt_on.is_some(),
            has_account: self.has_account,
            differs: self.differs,
            enlisted: self.enlisted,
        }
    }

    fn batch_no(&self) -> String {
        let of = self.batch_kind.zip(self.batch_year).zip(self.batch_serial);
        of.map_or_else(String::new, |((kind, year), serial)| batch::number(kind, year, serial))
    }

    /// Where it is, in words.
    fn place(&self) -> String {
        let reason = self.reason.as_deref().unwrap_or_default();
        match self.state {
            _ if self.batch.is_some() && self.state.is_none_or(State::is_unpaid) => {
                format!("在 {} 批", self.batch_no())
            }
            Some(state) if reason.is_empty() => state.in_words().to_owned(),
            Some(state) => format!("{}：{reason}", state.in_words()),
            None => match self.standing().why_not() {
                Some(why) => why.in_words().to_owned(),
                None => "可以编批".to_owned(),
            },
        }
    }
}

impl List for Disbursements {
    type Row = Row;
    const SUMS: &'static [&'static str] = &["loan.principal_fen"];

    fn tables(&self) -> Tables {
        Tables(CONTRACTS, "loan.office_code")
    }

    fn columns() -> impl Columns<Row> {
        (
            loan::id,
            loan_file::file_no,
            person::name,
            loan::contract_no,
            loan::product,
            loan_file::university,
            loan::principal_fen,
            loan::account_mask,
            loan_position::stage,
            loan::receipt_on,
            sql::<Bool>(DIFFERS),
            sql::<Bool>(ENLISTED),
            loan::account_sealed.is_not_null(),
            disbursement::state.nullable(),
            disbursement::to_university_fen.nullable(),
            disbursement::to_account_fen.nullable(),
            disbursement::since_on.nullable(),
            disbursement::reason.nullable(),
            tables::batch::id.nullable(),
            tables::batch::kind.nullable(),
            tables::batch::year.nullable(),
            tables::batch::serial.nullable(),
        )
    }

    fn condition(&self) -> Condition {
        Condition::all([self.common(), tab(&self.params.tab)])
    }

    fn order(&self) -> Keyset<Row> {
        const ID: Term<Row> = Term::whole("loan.id", |row| Some(row.loan.get()).into());
        const { Keyset(&[ID]) }
    }

    fn counted(&self, _: &Scope) -> (Tables, Condition) {
        (self.tables(), self.common())
    }

    fn tabs(&self) -> Vec<Condition> {
        TABS.iter().map(|(key, _)| tab(key)).collect()
    }
}

/// What the contracts of a tab are like.
fn tab(key: &str) -> Condition {
    match key {
        HELD => Condition::new(&format!("{FREE} AND NOT ({})", is_fit())),
        DRAWN => Condition::new(IN_MAKING),
        ELSEWHERE => {
            Condition::new(&format!("NOT ({UNDISBURSED}) AND disbursement.loan_id IS NULL"))
        }
        UNPAID => Condition::new(UNDISBURSED),
        SIGNED => Condition::new("loan.contract_no <> ''"),
        CONFIRMED => Condition::new("loan.receipt_on IS NOT NULL"),
        OUT => Condition::new(&format!("NOT ({UNDISBURSED})")),
        APPROVED => Condition::new(&format!(
            "NOT ({UNDISBURSED}) OR disbursement.loan_id IS NOT NULL \
             OR batch.state IN ('approved', 'sent', 'answered', 'closed')"
        )),
        NO_ACCOUNT => Condition::new(&format!("{UNDISBURSED} AND loan.account_sealed IS NULL")),
        key => match State::from_text(key) {
            Some(state) if state.is_unpaid() && state != State::Ordered => {
                // Until another list is made of it.
                Condition::new("disbursement.state = ? AND batch_line.id IS NULL").bind(key)
            }
            Some(_) => Condition::new("disbursement.state = ?").bind(key),
            None => Condition::new(&format!("{FREE} AND {}", is_fit())),
        },
    }
}

impl ListParams {
    /// What was understood, on a day: until summer the school year that is under way.
    pub fn to_list(&self, today: NaiveDate) -> Disbursements {
        let year = self.year.trim().parse().ok().filter(|year| (2000..=2100).contains(year));
        let now = if today.month() < 7 { today.year() - 1 } else { today.year() };
        Disbursements { params: self.clone(), year: year.unwrap_or(now) }
    }
}

impl Disbursements {
    fn common(&self) -> Condition {
        let of_year = Condition::new("loan.loan_year = ?").bind(self.year);
        let stands = Condition::new("loan.bank_state <> ?").bind(WITHDRAWN);
        let mut all = vec![of_year, stands];
        let ListParams { q, university, township, school, product, .. } = &self.params;
        if !university.is_empty() {
            all.push(Condition::new("loan_file.university = ?").bind(meant(university)));
        }
        if !township.is_empty() {
            all.push(Condition::new("person.township = ?").bind(meant(township)));
        }
        if !school.is_empty() {
            all.push(Condition::new("loan_file.high_school = ?").bind(meant(school)));
        }
        if !product.is_empty() {
            all.push(Condition::new("loan.product = ?").bind(product));
        }
        if !q.trim().is_empty() {
            let text = "person.name_key LIKE ? ESCAPE '\\' OR loan.contract_no = ?";
            all.push(Condition::new(text).bind(anywhere(&name_key(q))).bind(q.trim()));
        }
        Condition::all(all)
    }

    /// The same of another tab.
    pub fn of(&self, tab: &str) -> Disbursements {
        let params = ListParams { tab: tab.to_owned(), ..self.params.clone() };
        Disbursements { params, ..self.clone() }
    }

    /// Count and sum of each tab, in one reading.
    fn figures(&self, db: &mut Db, scope: &Scope) -> AppResult<Vec<(i64, Fen)>> {
        let mut tally = Tally::default();
        let mut places = Vec::with_capacity(TABS.len());
        for (key, _) in TABS {
            places.push((tally.count(tab(key)), tally.sum("loan.principal_fen", tab(key))));
        }
        let (tables, common) = self.counted(scope);
        let counted = tables.count(db, scope, common, tally)?;
        Ok(places.into_iter().map(|(n, sum)| (counted.at(n), counted.fen(sum))).collect())
    }
}

/// A figure of the line of totals.
#[derive(Serialize)]
pub struct Figure {
    name: &'static str,
    count: i64,
    sum: Fen,
    link: String,
}

#[derive(Serialize)]
pub struct View {
    rows: Vec<(Row, String)>,
    universities: BTreeSet<String>,
    year: i32,
    figures: Vec<Figure>,
    sum: Fen,
    kinds: Vec<Choice>,
    /// A list can be drawn up of what is shown.
    can_draw: bool,
}

impl ListPage for ListParams {
    type List = Disbursements;
    type View = View;
    const PATH: &'static str = PATH;
    const TEMPLATE: &'static str = "disbursement/list.html";
    const TABS: Tabs = ("tab", &TABS);
    const NOT_NARROWING: &'static [&'static str] = &["tab", "year"];

    fn list(&self, _: &SignedIn, today: NaiveDate) -> Disbursements {
        self.to_list(today)
    }

    fn view(&self, of: Found<'_, ListParams>) -> AppResult<View> {
        let year = of.list.year;
        let any = Disbursements { params: ListParams::default(), year };
        let names = any.only(of.db, of.scope, loan_file::university)?;
        let figures = of.list.figures(of.db, of.scope)?;
        let figure = |((key, name), (count, sum)): (&(&str, &'static str), (i64, Fen))| {
            let link = of.list.params.link(PATH, &[("tab", *key)]);
            Figure { name, count, sum, link }
        };
        let is_drawable = matches!(of.list.params.tab.as_str(), "" | "cancelled" | "returned");
        Ok(View {
            universities: names.into_iter().collect(),
            year,
            figures: TABS.iter().zip(figures).map(figure).collect(),
            sum: of.counts.sums.first().copied().unwrap_or_default(),
            kinds: Choice::all(&KINDS),
            can_draw: is_drawable && !of.rows.is_empty(),
            rows: of.rows.into_iter().map(|row| (row.clone(), row.place())).collect(),
        })
    }
}

/// The list with the form that draws up a batch of what it shows.
#[derive(Serialize)]
struct DrawPage {
    #[serde(flatten)]
    listed: Listed<ListParams>,
    /// Sets one form apart from the next of the same fields.
    key: String,
}

impl FormPage for DrawPage {
    const TEMPLATE: &'static str = "disbursement/list.html";
    const REFUSED_AT: &'static str = "kind";
}

async fn draw_page(desk: &DeskRequest, params: ListParams) -> AppResult<DrawPage> {
    let key = desk.app.next_id().to_string();
    Ok(DrawPage { listed: read(desk, params).await?, key })
}

/// `GET /disbursements`
pub async fn show(desk: DeskRequest, params: web::Query<ListParams>) -> AppResult<HttpResponse> {
    desk.show(&draw_page(&desk, params.into_inner()).await?)
}

/// `POST /disbursements`: a list of what the page showed.
pub async fn draw(desk: DeskRequest, form: Form) -> AppResult<HttpResponse> {
    let field = |name: &str| form.0.get(name).to_owned();
    let params = ListParams {
        q: field("q"),
        tab: field("tab"),
        university: field("university"),
        township: field("township"),
        school: field("school"),
        year: field("year"),
        ..ListParams::default()
    };
    let shown = ListParams { product: field("product"), ..params.clone() };
    desk.submit(form, draw_page(&desk, shown), async |form| {
        let kind = form.choice("kind", Kind::from_text, "请选是哪一种贷款");
        let kind = form.checked(kind)?;
        let product = kind.product().as_text().to_owned();
        let list = ListParams { product, ..params }.to_list(desk.today());
        let (key, year) = (form.key(), list.year);
        let made = desk
            .act("batch drawn", move |act| {
                let mut loans: Vec<LoanId> = list.only(act.db, act.scope, loan::id)?;
                loans.sort_unstable();
                let made = steps::draw(act, Some(&key), (kind, year), (&loans, None))?;
                Ok(made.map(|made| (made.id, loans.len(), made.lines)))
            })
            .await?;
        desk.app.note_change();
        let Some((id, asked_for, lines)) = made else {
            return Ok(Done::to(format!("{PATH}/batches"), "这一批刚才已经编好了"));
        };
        let rest = i64::try_from(asked_for).unwrap_or_default() - i64::from(lines);
        let more =
            if rest > 0 { format!("；另有 {rest} 份没有编进来") } else { String::new() };
        let sentence = format!("已编成一批，{lines} 笔，请核对后提交审批{more}");
        Ok(Done::to(format!("{PATH}/batches/{id}"), sentence))
    })
    .await
}

impl Export for ListParams {
    const NAME: (&'static str, &'static str) = ("贷款发放", "份");
    const COLUMNS: &'static [Column<Row, NaiveDate>] = &[
        ("姓名", 10, |row, _| (&row.name).into()),
        ("档案号", 14, |row, _| (&row.file_no).into()),
        ("合同编号", 22, |row, _| (&row.number).into()),
        ("高校", 24, |row, _| (&row.university).into()),
        ("金额（元）", 14, |row, _| row.amount.into()),
        ("账户", 20, |row, _| (&row.account).into()),
        ("到高校（元）", 14, |row, _| row.to_university.into()),
        ("本人账户（元）", 14, |row, _| row.to_account.into()),
        ("情况", 30, |row, _| row.place().into()),
        ("日期", 12, |row, _| row.since_on.into()),
    ];
}

const BATCHES: &str = "/disbursements/batches";

/// Lists that wait for the second person.
pub fn bell(db: &mut Db, scope: &Scope, _: &Policy, _: NaiveDate) -> AppResult<Vec<Waiting>> {
    let frozen = lists::in_state(db, scope, &KINDS, BatchState::Frozen)?;
    let lines = frozen.into_iter().map(|one| {
        let whose = one
            .frozen_by_id
            .map_or(Whose::Right(Right::Review), |by| Whose::SecondPerson(Right::Review, by));
        Waiting::decision(1, "批放款名单等您批准", BATCHES, whose)
    });
    Ok(lines.collect())
}

/// Lists that wait for the next hand, pay-outs that failed, and towards the end of the year what
/// was signed and has no money.
pub fn waiting(
    db: &mut Db,
    scope: &Scope,
    policy: &Policy,
    today: NaiveDate,
) -> AppResult<Vec<Waiting>> {
    let mut lines = bell(db, scope, policy, today)?;
    for (state, what) in [
        (BatchState::Approved, "批放款名单已批准，还没有送银行"),
        (BatchState::Sent, "批放款名单等银行的结果"),
        (BatchState::Answered, "批放款名单已有全部结果，请关闭"),
    ] {
        let count = lists::in_state(db, scope, &KINDS, state)?.len();
        let count = i64::try_from(count).unwrap_or_default();
        // Lines of one address are one: each has its own.
        let link = match state {
            BatchState::Approved => "/disbursements/batches?state=approved",
            BatchState::Sent => "/disbursements/batches?state=sent",
            _ => "/disbursements/batches?state=answered",
        };
        lines.push(Waiting::work(count, what, link));
    }
    let year = ListParams::default().to_list(today).year;
    // One tab each: the counts of all twelve are for the page.
    let mut count = |tab: &str| -> AppResult<i64> {
        let params = ListParams { tab: tab.to_owned(), ..ListParams::default() };
        let found: Vec<LoanId> = params.to_list(today).only(db, scope, loan::id)?;
        Ok(i64::try_from(found.len()).unwrap_or_default())
    };
    let failed = count("cancelled")?;
    lines.push(Waiting::work(failed, "笔放款失败，要重新编批", "/disbursements?tab=cancelled"));
    let days = policy.disbursement_days.on(today);
    if (days.warn_from.in_year(year)..).contains(&today) {
        let link = "/disbursements?tab=unpaid";
        lines.push(Waiting::work(count(UNPAID)?, "份合同签了还没有放款，年底前要查清", link));
    } else {
        lines.push(Waiting::work(count("")?, "份合同可以编批放款", PATH));
    }
    Ok(lines)
}
