//! `/period-statements/{file_no}`: the period statement (对账单) of a file on paper and as a
//! workbook, for any period.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chrono::{Datelike as _, NaiveDate};
use serde::{Deserialize, Serialize};

use super::period::{self, Period, PeriodStatement, Row};
use crate::base::dates::{day_in, in_words, typed_day};
use crate::base::money::Fen;
use crate::base::url;
use crate::book::file::wording;
use crate::book::{file, loan, payments_known, person};
use crate::error::{AppError, AppResult};
use crate::web::desk_request::DeskRequest;
use crate::web::list::export::{Column, Workbook};

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Typed {
    from: String,
    to: String,
}

impl Typed {
    /// The year so far, before anybody has typed.
    fn or_this_year(self, today: NaiveDate) -> Typed {
        let or =
            |text: String, day: NaiveDate| if text.is_empty() { day.to_string() } else { text };
        Typed { from: or(self.from, day_in(today.year(), 1, 1)), to: or(self.to, today) }
    }

    /// The period, or one sentence.
    fn period(&self, today: NaiveDate) -> Result<Period, &'static str> {
        let (Some(from), Some(to)) = (typed_day(&self.from), typed_day(&self.to)) else {
            return Err("开始和结束的日期请写成 2026-10-31 这样");
        };
        if from > to {
            return Err("开始的日期晚于结束的日期，请换过来");
        }
        if to > today {
            return Err("结束的日期不能晚于今天，以后的还款请看还款计划");
        }
        Ok(Period { from, to })
    }
}

#[derive(Serialize)]
struct PeriodPage {
    file_no: String,
    name: String,
    id_mask: String,
    contracts: String,
    typed: Typed,
    problem: &'static str,
    from: String,
    to: String,
    opening_owed: Fen,
    closing_owed: Fen,
    #[serde(flatten)]
    of: PeriodStatement,
    has_state_interest: bool,
    /// Contracts of which the bank's list says otherwise.
    bank_says: Vec<String>,
    workbook: String,
    bank_data: String,
    office: String,
    office_phone: String,
    by: String,
    printed_on: String,
}

struct Found {
    file_no: String,
    name: String,
    id_mask: String,
    contracts: Vec<file::Contract>,
    of: PeriodStatement,
}

async fn find(desk: &DeskRequest, file_no: String, period: Option<Period>) -> AppResult<Found> {
    let (basis, today) = (desk.app.basis(), desk.today());
    desk.read(move |db, scope| {
        let file = loan::file_by_no(db, scope, &file_no)?;
        let who = person::find(db, scope, file.person_id)?;
        let known = payments_known::load(db, scope)?;
        let loans = loan::chain(db, scope, file.id)?;
        let contracts = file::contracts(db, scope, &basis, (&known, loans), today)?;
        let names = wording::names(db, scope, contracts.iter().flat_map(|one| &one.rows))?;
        let of = match period {
            Some(period) => period::of(&contracts, (&basis, &known), period, &names)?,
            None => PeriodStatement::default(),
        };
        Ok(Found { file_no: file.file_no, name: who.name, id_mask: who.id_mask, contracts, of })
    })
    .await
}

/// `GET /period-statements/{file_no}?from=&to=`
pub async fn show(
    desk: DeskRequest,
    file_no: web::Path<String>,
    typed: web::Query<Typed>,
) -> AppResult<HttpResponse> {
    let today = desk.today();
    let typed = typed.into_inner().or_this_year(today);
    let (period, problem) = match typed.period(today) {
        Ok(period) => (Some(period), ""),
        Err(problem) => (None, problem),
    };
    let found = find(&desk, file_no.into_inner(), period).await?;
    let words = |on: NaiveDate| in_words(on, NaiveDate::MIN);
    let fields = [("from", typed.from.as_str()), ("to", typed.to.as_str())];
    let numbers: Vec<&str> =
        found.contracts.iter().map(|one| one.loan.contract_no.as_str()).collect();
    let by_bank = found.contracts.iter().filter_map(|one| {
        let on = one.bank_settled_on?;
        let number = &one.loan.contract_no;
        Some(format!("合同 {number}：银行{}的名单说已经结清，以核对的结果为准", words(on)))
    });
    let page = PeriodPage {
        contracts: numbers.join("、"),
        problem,
        from: period.map(|one| words(one.from)).unwrap_or_default(),
        to: period.map(|one| words(one.to)).unwrap_or_default(),
        has_state_interest: found.of.rows.iter().any(|row| !row.by_state.is_zero()),
        opening_owed: found.of.opening.owed(),
        closing_owed: found.of.closing.owed(),
        bank_says: by_bank.collect(),
        workbook: url::link(&format!("/period-statements/{}/workbook", found.file_no), &fields),
        bank_data: desk.me.bank_data.in_words(),
        office: desk.me.office.name.clone(),
        office_phone: desk.me.office.phone.clone(),
        by: desk.me.name.clone(),
        printed_on: words(today),
        typed,
        file_no: found.file_no,
        name: found.name,
        id_mask: found.id_mask,
        of: found.of,
    };
    let mut answer = desk.page("closing/period.html", page)?;
    if !problem.is_empty() {
        *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(answer)
}

const COLUMNS: &[Column<Row, ()>] = &[
    ("日期", 12, |row, ()| row.on.into()),
    ("合同编号", 22, |row, ()| (&row.contract_no).into()),
    ("事项", 24, |row, ()| (&row.what).into()),
    ("本金增减（元）", 14, |row, ()| row.principal.into()),
    ("利息增减（元）", 14, |row, ()| row.interest.into()),
    ("罚息增减（元）", 14, |row, ()| row.penalty.into()),
    ("收到的钱（元）", 14, |row, ()| row.money.into()),
    ("国家付的利息（元）", 16, |row, ()| row.by_state.into()),
    ("当日余额（元）", 14, |row, ()| row.owed.into()),
    ("来源", 44, |row, ()| (&row.source).into()),
];

/// The opening and the closing balance are rows of their own.
fn with_ends(period: Period, of: PeriodStatement) -> Vec<Row> {
    let end = |on: NaiveDate, what: &str, balance: &period::Balance| Row {
        on,
        what: what.to_owned(),
        owed: balance.owed(),
        ..Row::default()
    };
    let first = end(period.from, "期初余额", &of.opening);
    let last = end(period.to, "期末余额", &of.closing);
    std::iter::once(first).chain(of.rows).chain([last]).collect()
}

/// `GET /period-statements/{file_no}/workbook?from=&to=`
pub async fn workbook(
    desk: DeskRequest,
    file_no: web::Path<String>,
    typed: web::Query<Typed>,
) -> AppResult<HttpResponse> {
    let today = desk.today();
    let typed = typed.into_inner().or_this_year(today);
    let period = typed.period(today).map_err(AppError::refused)?;
    let found = find(&desk, file_no.into_inner(), Some(period)).await?;
    let Found { name, file_no, of, .. } = found;
    let rows = with_ends(period, of);
    let title = format!(
        "{} 对账单，{name}，档案号 {file_no}，{} 至 {}",
        desk.me.office.name, period.from, period.to
    );
    Workbook::new(&rows, COLUMNS, &()).titled(&desk.app, &desk.me, ("对账单", "行"), title).await
}
