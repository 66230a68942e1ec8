//! `/m/early`: what an early repayment would take, when it would settle, and what it saves. Only
//! a calculation: nothing is asked for, nothing is kept.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::account::{self, Account};
use crate::app::App;
use crate::base::dates::in_words;
use crate::base::money::Fen;
use crate::book::file::Contract;
use crate::book::policy::Policy;
use crate::book::position::Basis;
use crate::book::statement::{self, Event, EventKind, Quote, Statement};
use crate::error::{AppError, AppResult};
use crate::web::session::borrower::BorrowerIn;
use crate::web::shell::phone;

/// How many days ahead a request day may lie.
const AHEAD_DAYS: u64 = 366;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PageParams {
    /// The school year of a contract, or `all`.
    contract: String,
    /// Part of the principal in yuan; empty: all of it.
    amount: String,
    /// The day of the request.
    on: String,
}

/// A contract to choose.
#[derive(Debug, Serialize)]
struct Choice {
    value: String,
    words: String,
    chosen: bool,
}

/// What it comes to.
#[derive(Debug, Default, Serialize)]
struct Sum {
    settles_on: String,
    /// A due day that comes before and is taken as not paid yet.
    assumes: Option<String>,
    /// What its interest says besides.
    assumed: &'static str,
    total: Fen,
    principal: Fen,
    /// What of the principal is due by then, paid early or not.
    due: Fen,
    interest: Fen,
    penalty: Fen,
    saved: Fen,
    left: Fen,
    whole: bool,
    asked_on: String,
}

/// What `m/early.html` shows.
#[derive(Debug, Serialize)]
struct EarlyPage {
    choices: Vec<Choice>,
    amount: String,
    on: String,
    first_day: String,
    minimum: String,
    step: String,
    /// Which field is wrong, and the sentence.
    problem: Option<(&'static str, String)>,
    sum: Option<Sum>,
    agents: Vec<String>,
}

/// `GET /m/early`
pub async fn show(
    app: web::Data<App>,
    me: BorrowerIn,
    req: HttpRequest,
    params: web::Query<PageParams>,
) -> AppResult<HttpResponse> {
    let account = match account::open(&app, &me).await? {
        Ok(account) => account,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let is_filled_in = !params.contract.is_empty() || !params.on.is_empty();
    let open: Vec<&Contract> = open_contracts(&account);
    let result = match read(&params, &open, account.today, &app.policy()) {
        Ok(plain) if is_filled_in => calculate(&plain, &app.basis())?.map(|sum| {
            let assumed = app.policy().assumed(plain.settles_on).unwrap_or_default();
            Some(Sum { assumed, ..sum })
        }),
        Ok(_) => Ok(None),
        Err(problem) if is_filled_in => Err(problem),
        Err(_) => Ok(None),
    };
    let bad = result.is_err();
    let (sum, problem) = match result {
        Ok(sum) => (sum, None),
        Err(problem) => (None, Some(problem)),
    };
    let page = page(&account, &open, &params, &app.policy(), sum, problem);
    let status = if bad { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    phone::page_as(status, &app, &me, &req, "m/early.html", &page)
}

type Problem = (&'static str, String);

fn open_contracts(account: &Account) -> Vec<&Contract> {
    let owes = |c: &&Contract| c.statement.position.principal_outstanding.is_positive();
    account.contracts.iter().filter(owes).collect()
}

fn page(
    account: &Account,
    open: &[&Contract],
    params: &PageParams,
    policy: &Policy,
    sum: Option<Sum>,
    problem: Option<Problem>,
) -> EarlyPage {
    let mut choices: Vec<Choice> = open
        .iter()
        .map(|contract| {
            let (year, left) =
                (contract.loan.loan_year, contract.statement.position.principal_outstanding);
            let value = contract.loan.id.to_string();
            Choice {
                words: format!("{year}-{} 学年，还有本金 ¥{}", year + 1, left.to_page_text()),
                chosen: params.contract == value,
                value,
            }
        })
        .collect();
    if choices.len() > 1 {
        let words = format!("全部 {} 份合同", choices.len());
        let chosen = params.contract == "all" || params.contract.is_empty();
        choices.insert(0, Choice { value: "all".to_owned(), words, chosen });
    }
    let step = policy.prepay_step.on(account.today);
    let short = |amount: Fen| amount.to_page_text().trim_end_matches(".00").to_owned();
    let mut agents: Vec<String> =
        open.iter().map(|c| c.loan.agent.clone()).filter(|agent| !agent.is_empty()).collect();
    agents.sort();
    agents.dedup();
    EarlyPage {
        choices,
        amount: params.amount.trim().to_owned(),
        on: if params.on.is_empty() { account.today.to_string() } else { params.on.clone() },
        first_day: account.today.to_string(),
        minimum: short(step.minimum),
        step: short(step.step),
        problem,
        sum,
        agents,
    }
}

/// A question that can be answered.
struct Plain<'a> {
    contracts: Vec<&'a Contract>,
    /// Part of the principal of the only contract; nothing: all.
    part: Option<Fen>,
    asked_on: NaiveDate,
    settles_on: NaiveDate,
    today: NaiveDate,
}

/// The amount that a person types: `5000`, `5,000`, `５０００元`.
fn amount_of(text: &str) -> Option<Fen> {
    let plain: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, ',' | '，' | '¥' | '￥' | '元'))
        .map(|c| match c {
            '０'..='９' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
            c => c,
        })
        .collect();
    plain.parse().ok()
}

fn read<'a>(
    params: &PageParams,
    open: &[&'a Contract],
    today: NaiveDate,
    policy: &Policy,
) -> Result<Plain<'a>, Problem> {
    let contracts: Vec<&Contract> = match params.contract.as_str() {
        "" | "all" => open.to_vec(),
        one => open.iter().filter(|c| c.loan.id.to_string() == one).copied().collect(),
    };
    if contracts.is_empty() {
        return Err(("contract", "请选一份还没还清的合同".to_owned()));
    }
    let asked_on = match params.on.trim() {
        "" => today,
        text => {
            text.parse().map_err(|_| ("on", "申请日期看不懂，请写成 2026-12-01 这样".to_owned()))?
        }
    };
    if asked_on < today {
        return Err(("on", "申请日期已经过去了，请选今天或以后的一天".to_owned()));
    }
    if today.checked_add_days(Days::new(AHEAD_DAYS)).is_none_or(|last| asked_on > last) {
        return Err(("on", "只能算一年以内的日期，请选近一点的一天".to_owned()));
    }
    let Some(settles_on) = policy.prepay_window(asked_on) else {
        return Err(("on", "这一天不受理提前还款，请换一天".to_owned()));
    };
    let part = match params.amount.trim() {
        "" => None,
        text => Some(
            amount_of(text)
                .ok_or_else(|| ("amount", "金额看不懂，请只写数字，例如 5000".to_owned()))?,
        ),
    };
    if let Some(amount) = part {
        fits(amount, &contracts, asked_on, policy)?;
    }
    Ok(Plain { contracts, part, asked_on, settles_on, today })
}

fn fits(
    amount: Fen,
    contracts: &[&Contract],
    asked_on: NaiveDate,
    policy: &Policy,
) -> Result<(), Problem> {
    let [only] = contracts else {
        return Err(("contract", "只还一部分的话，请先选是哪一份合同".to_owned()));
    };
    let step = policy.prepay_step.on(asked_on);
    if !step.fits(amount) {
        return Err((
            "amount",
            format!(
                "一次至少还 {} 元，而且是 {} 元的整数倍",
                step.minimum.to_page_text().trim_end_matches(".00"),
                step.step.to_page_text().trim_end_matches(".00")
            ),
        ));
    }
    let left = only.statement.position.principal_outstanding;
    if amount >= left {
        return Err((
            "amount",
            format!("这份合同只剩本金 {} 元，要全部还清就把金额空着", left.to_page_text()),
        ));
    }
    Ok(())
}

fn interest_of(statement: &Statement) -> Fen {
    statement.instalments.iter().map(|row| row.interest).sum()
}

/// The sum over the contracts; a contract whose life does not allow it says so.
fn calculate(plain: &Plain<'_>, basis: &Basis) -> AppResult<Result<Sum, Problem>> {
    let mut sum = Sum {
        settles_on: in_words(plain.settles_on, NaiveDate::MIN),
        asked_on: in_words(plain.asked_on, plain.today),
        whole: plain.part.is_none(),
        ..Sum::default()
    };
    for contract in &plain.contracts {
        let terms = contract.loan.terms()?;
        let on = plain.settles_on;
        let quote = statement::quote(&terms, &contract.events, &basis.rates, on, plain.part);
        let id = contract.events.iter().map(|event| event.id.get()).max().unwrap_or(0) + 1;
        let mut longer = contract.events.clone();
        longer.push(Event::new(id, on, EventKind::Prepaid { principal: plain.part }));
        let before = statement::statement(&terms, &contract.events, &basis.rates, on);
        let after = statement::statement(&terms, &longer, &basis.rates, on);
        let (Ok(quote), Ok(before), Ok(after)) = (quote, before, after) else {
            return Ok(Err(("contract", "这份合同现在算不出来，请打电话问我们".to_owned())));
        };
        if let Some(day) = unpaid_before(&before, contract.statement.known_until, on) {
            sum.assumes = Some(in_words(day, plain.today));
        }
        sum.due += match plain.part {
            Some(part) => quote.principal - part,
            None => before.position.overdue_principal,
        };
        add(&mut sum, quote, &before, &after);
    }
    if !sum.total.is_positive() {
        return Err(AppError::broken("an early repayment that takes nothing"));
    }
    Ok(Ok(sum))
}

/// The last due day between what is known and the settling day: the sum takes it as not paid yet.
fn unpaid_before(before: &Statement, known: NaiveDate, on: NaiveDate) -> Option<NaiveDate> {
    let between = before.instalments.iter().filter(|row| row.due_on > known && row.due_on < on);
    between.filter(|row| row.open().is_positive()).map(|row| row.due_on).max()
}

fn add(sum: &mut Sum, quote: Quote, before: &Statement, after: &Statement) {
    sum.total += quote.total();
    sum.principal += quote.principal;
    sum.interest += quote.interest;
    sum.penalty += quote.penalty;
    sum.saved += (interest_of(before) - interest_of(after)).or_zero();
    sum.left += after.position.principal_outstanding;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_as_people_type_them() {
        for text in ["5000", "5,000", " ５０００元", "¥5000.00", "5，000元"] {
            assert_eq!(amount_of(text), Some(Fen::from_yuan(5_000)), "{text}");
        }
        for text in ["", "五千", "5k", "1e3"] {
            assert_eq!(amount_of(text), None, "{text}");
        }
    }
}
