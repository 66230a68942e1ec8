//! `/m/early`: what an early repayment would take, when it would settle, and what it saves; and the
//! request for it, which the desk sends to the bank. Nothing is requested by looking.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::account::{self, Account};
use crate::app::App;
use crate::base::dates::in_words;
use crate::base::ids::{LoanId, RowId};
use crate::base::money::{Fen, typed_money};
use crate::book::audit_log::Actor;
use crate::book::early_repayment::{Figures, figures};
use crate::book::file::Contract;
use crate::book::policy::Policy;
use crate::book::position::Basis;
use crate::error::{AppError, AppResult};
use crate::life::early::rules::{Requester, Source, State};
use crate::life::early::steps::{self, Request, Withdrawer};
use crate::life::early::store;
use crate::web::fields::{Fields, Seen};
use crate::web::session::borrower::{BorrowerForm, BorrowerIn};
use crate::web::shell::phone;

/// How many days ahead a request day may lie.
const AHEAD_DAYS: u64 = 366;
const UNREADABLE: &str = "金额看不懂，请只写数字，例如 5000";

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PageParams {
    /// The school year of a contract, or `all`.
    contract: String,
    /// Part of the principal in yuan; empty: all of it.
    amount: String,
    /// The day of the request.
    on: String,
    done: String,
}

/// A contract to choose.
#[derive(Debug, Serialize)]
struct Choice {
    value: String,
    words: String,
    chosen: bool,
}

/// What it comes to.
#[derive(Debug, Serialize)]
struct Sum {
    settles_on_words: String,
    /// A due day that comes before and is taken as not paid yet.
    assumes: Option<String>,
    /// What its interest says besides.
    assumed: &'static str,
    #[serde(flatten)]
    figures: Figures,
    next_on_words: Option<String>,
    whole: bool,
    asked_on: String,
    /// Only what is requested today can be requested by a press.
    is_today: bool,
}

/// A request that has no result yet.
#[derive(Debug, Serialize)]
struct OwnRequest {
    id: RowId,
    version: i32,
    words: String,
    can_withdraw: bool,
}

/// What `m/early.html` shows.
#[derive(Debug, Serialize)]
struct EarlyPage {
    choices: Vec<Choice>,
    /// What the request is for.
    chosen: String,
    amount: String,
    on: String,
    first_day: String,
    minimum: String,
    step: String,
    /// Which field is wrong, and the sentence.
    problem: Option<(&'static str, String)>,
    sum: Option<Sum>,
    requests: Vec<OwnRequest>,
    done: Option<&'static str>,
    key: String,
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
    let (open, basis, policy) = (open_contracts(&account), app.basis(), app.policy());
    let result = match read(&params, &open, account.today, &policy) {
        Ok(plain) if is_filled_in => calculate(&plain, (&basis, &policy))?.map(Some),
        Ok(_) => Ok(None),
        Err(problem) if is_filled_in => Err(problem),
        Err(_) => Ok(None),
    };
    let bad = result.is_err();
    let outcome = match result {
        Ok(sum) => (sum, None),
        Err(problem) => (None, Some(problem)),
    };
    let rows = requests(&app, &me, &account).await?;
    let page = page(&app, (&account, &open, rows), &params, outcome);
    let status = if bad { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    phone::page_as(status, &app, &me, &req, "m/early.html", &page)
}

type Problem = (&'static str, String);

fn open_contracts(account: &Account) -> Vec<&Contract> {
    let owes = |c: &&Contract| c.statement.position.principal_outstanding.is_positive();
    account.contracts.iter().filter(owes).collect()
}

fn page(
    app: &App,
    (account, open, requests): (&Account, &[&Contract], Vec<OwnRequest>),
    params: &PageParams,
    (sum, problem): (Option<Sum>, Option<Problem>),
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
    let policy = app.policy();
    let step = policy.prepay_step.on(account.today);
    let short = |amount: Fen| amount.to_page_text().trim_end_matches(".00").to_owned();
    let mut agents: Vec<String> =
        open.iter().map(|c| c.loan.agent.clone()).filter(|agent| !agent.is_empty()).collect();
    agents.sort();
    agents.dedup();
    let first = || choices.first().map(|one| one.value.clone()).unwrap_or_default();
    EarlyPage {
        chosen: if params.contract.is_empty() { first() } else { params.contract.clone() },
        choices,
        amount: params.amount.trim().to_owned(),
        on: if params.on.is_empty() { account.today.to_string() } else { params.on.clone() },
        first_day: account.today.to_string(),
        minimum: short(step.minimum),
        step: short(step.step),
        problem,
        sum,
        requests,
        done: match params.done.as_str() {
            "requested" => Some("已经替您登记，到扣款日前把钱存够"),
            "withdrawn" => Some("已撤回，可以重新申请"),
            _ => None,
        },
        key: app.next_id().to_string(),
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
        text => Some(typed_money(text).ok_or_else(|| ("amount", UNREADABLE.to_owned()))?),
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

/// The sum over the contracts; a contract whose life does not allow it says so.
fn calculate(
    plain: &Plain<'_>,
    (basis, policy): (&Basis, &Policy),
) -> AppResult<Result<Sum, Problem>> {
    let days = (plain.today, plain.settles_on);
    let figures = match figures(&plain.contracts, (basis, policy), days, plain.part) {
        Ok(figures) => figures,
        Err(AppError::Refused(_)) => {
            return Ok(Err(("contract", "这份合同现在算不出来，请打电话问我们".to_owned())));
        }
        Err(other) => return Err(other),
    };
    if !figures.now.total.is_positive() {
        return Err(AppError::broken("an early repayment that takes nothing"));
    }
    let day = |on: NaiveDate| in_words(on, plain.today);
    Ok(Ok(Sum {
        settles_on_words: in_words(plain.settles_on, NaiveDate::MIN),
        asked_on: day(plain.asked_on),
        assumes: figures.now.assumes.map(day),
        assumed: policy.assumed(plain.settles_on).unwrap_or_default(),
        whole: plain.part.is_none(),
        is_today: plain.asked_on == plain.today,
        next_on_words: figures.next_on.map(day),
        figures,
    }))
}

/// What is requested, or withdrawn, by a press of a button.
async fn act(
    app: &App,
    me: &BorrowerIn,
    account: &Account,
    form: &Fields,
) -> AppResult<&'static str> {
    let who = (Actor::program("手机页面", &me.office.code), me.scope.clone());
    let file = account.party.id;
    if form.has("withdraw") {
        let seen: Seen<RowId> = form.seen("withdraw")?;
        app.act(who, "early repayment withdrawn by phone", move |act| {
            steps::withdraw(act, seen, "家里在手机页面撤回", Withdrawer::Family(file))
        })
        .await?;
        return Ok("withdrawn");
    }
    if !account.party.whole {
        return Err(AppError::refused("这份合同请借款学生或现在的共同借款人来申请"));
    }
    let all = form.get("contract") == "all";
    let loan: Option<LoanId> = form.id("contract");
    if loan.is_none() && !all {
        return Err(AppError::field("contract", "请选一份还没还清的合同"));
    }
    let part = match form.get("amount") {
        "" => None,
        text => Some(typed_money(text).ok_or_else(|| AppError::field("amount", UNREADABLE))?),
    };
    let requester = if account.party.own { Requester::Student } else { Requester::CoBorrower };
    let (of, key) = (Request { loan, part, requester, source: Source::Phone }, form.key());
    app.act(who, "early repayment requested by phone", move |act| {
        steps::request(act, &key, file, of)
    })
    .await?;
    Ok("requested")
}

/// `POST /m/early`: `contract` and `amount` request, `withdraw` takes back.
pub async fn change(
    app: web::Data<App>,
    me: BorrowerIn,
    req: HttpRequest,
    form: BorrowerForm<Fields>,
) -> AppResult<HttpResponse> {
    let account = match account::open(&app, &me).await? {
        Ok(account) => account,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let form = form.0;
    let problem = match act(&app, &me, &account, &form).await {
        Ok(done) => return Ok(phone::to(&format!("/m/early?done={done}"))),
        Err(AppError::Invalid(all)) => all.into_iter().map(|one| one.message).collect(),
        Err(AppError::Refused(why)) => why,
        Err(AppError::Changed) => "这笔申请刚刚改过，看看现在的情况".to_owned(),
        Err(other) => return Err(other),
    };
    let field = |name: &str| form.get(name).to_owned();
    let params = PageParams {
        contract: field("contract"),
        amount: field("amount"),
        ..PageParams::default()
    };
    let open = open_contracts(&account);
    let rows = requests(&app, &me, &account).await?;
    let outcome = (None, Some(("contract", problem)));
    let page = page(&app, (&account, &open, rows), &params, outcome);
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    phone::page_as(status, &app, &me, &req, "m/early.html", &page)
}

/// The requests that have no result yet.
async fn requests(app: &App, me: &BorrowerIn, account: &Account) -> AppResult<Vec<OwnRequest>> {
    let (scope, file, today) = (me.scope.clone(), account.party.id, account.today);
    let rows = app.read(move |db| store::open_of_file(db, &scope, file)).await?;
    let year = |id: LoanId| account.contracts.iter().find(|one| one.loan.id == id);
    // Somebody who signed an older contract sees that contract alone.
    let seen = rows.into_iter().filter_map(|row| Some((year(row.loan_id)?.loan.loan_year, row)));
    Ok(seen
        .map(|(year, row)| OwnRequest {
            words: format!(
                "{year}-{} 学年的合同，{}，{}扣款，那天要有 ¥{}",
                year + 1,
                row.what(),
                in_words(row.settles_on, today),
                row.needed_fen.to_page_text()
            ),
            can_withdraw: row.state == State::Open
                && row.source == Source::Phone
                && row.sent_on.is_none()
                && row.settles_on > today,
            id: row.id,
            version: row.version,
        })
        .collect())
}
