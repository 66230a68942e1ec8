//! `/m/repay`: how money gets to the bank, and `/m/contracts`: the contracts in plain words.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use serde::Serialize;

use super::account::{self, Account};
use super::home;
use crate::app::App;
use crate::base::dates::in_words;
use crate::base::ids::{LoanId, PersonId};
use crate::base::money::Fen;
use crate::book::file::{self, Contract};
use crate::book::statement::Stage;
use crate::error::AppResult;
use crate::life::disbursement::letter::no_letter;
use crate::life::disbursement::rules::Stop;
use crate::life::disbursement::store as disbursements;
use crate::plumbing::any_of::AnyOfMethods as _;
use crate::plumbing::schema::person;
use crate::web::session::borrower::BorrowerIn;
use crate::web::shell::phone;

/// An account that a contract is repaid from.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Paying {
    years: String,
    agent: String,
    mask: String,
}

/// What `m/repay.html` shows.
#[derive(Debug, Serialize)]
struct RepayPage {
    next: Option<(String, Fen, String)>,
    /// The next due day, and when its result is known, in words; nothing when none is to come.
    due: Option<(String, &'static str)>,
    overdue: Fen,
    /// Open of due days of which the bank's result is not known yet.
    awaiting: Fen,
    /// The bank calls that settled.
    bank_settled: bool,
    /// A few fen that an earlier due day left, in words.
    rest: Option<String>,
    /// The day that sum is of, in words.
    as_known: String,
    accounts: Vec<Paying>,
}

/// `GET /m/repay`
pub async fn show(
    app: web::Data<App>,
    me: BorrowerIn,
    req: HttpRequest,
) -> AppResult<HttpResponse> {
    let account = match account::open(&app, &me).await? {
        Ok(account) => account,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let plan = account.plan(&app.policy());
    let page = RepayPage {
        next: home::next_row(&plan)
            .map(|row| (in_words(row.due_on, NaiveDate::MIN), row.open, home::kind_of(row))),
        due: home::next_row(&plan).map(|row| {
            let seen = if row.due_on.month() == 12 { "一月初" } else { "过些天" };
            (in_words(row.due_on, account.today), seen)
        }),
        overdue: account.overdue(),
        awaiting: account.awaiting(),
        bank_settled: account.bank_settled(),
        rest: home::rest(&account, home::next_row(&plan).is_some()),
        as_known: file::as_known(&account.contracts, account.today, account.today),
        accounts: accounts(&account),
    };
    phone::page(&app, &me, &req, "m/repay.html", &page)
}

fn accounts(account: &Account) -> Vec<Paying> {
    account
        .contracts
        .iter()
        .filter(|c| c.statement.position.settled_on.is_none())
        .filter(|c| !c.loan.agent.is_empty())
        .map(|c| Paying {
            years: year_of(c),
            agent: c.loan.agent.clone(),
            mask: c.loan.account_mask.clone(),
        })
        .collect()
}

fn year_of(contract: &Contract) -> String {
    format!("{}-{} 学年", contract.loan.loan_year, contract.loan.loan_year + 1)
}

/// One contract in plain words.
#[derive(Debug, Serialize)]
struct InWords {
    year: String,
    contract_no: String,
    stage: (&'static str, &'static str),
    amount: Fen,
    left: Fen,
    lines: Vec<(&'static str, String)>,
    /// Where its money is, while that is of interest.
    money: Vec<Stop>,
    /// The county can tell its university that the money is on its way.
    has_letter: bool,
}

/// What `m/contracts.html` shows.
#[derive(Debug, Serialize)]
struct ContractsPage {
    contracts: Vec<InWords>,
    phone: String,
}

/// `GET /m/contracts`
pub async fn contracts(
    app: web::Data<App>,
    me: BorrowerIn,
    req: HttpRequest,
) -> AppResult<HttpResponse> {
    let account = match account::open(&app, &me).await? {
        Ok(account) => account,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let co_borrowers: Vec<PersonId> =
        account.contracts.iter().filter_map(|c| c.loan.co_person_id).collect();
    let (scope, policy, today) = (me.scope.clone(), app.policy(), account.today);
    let loans: Vec<(LoanId, bool)> =
        account.contracts.iter().map(|c| (c.loan.id, c.is_undisbursed())).collect();
    let (names, mut ways): (Vec<(PersonId, String)>, _) = app
        .read(move |db| {
            let names = person::table
                .filter(scope.holds(person::office_code))
                .filter(person::id.any_of(&co_borrowers))
                .select((person::id, person::name))
                .load(db)?;
            Ok((names, disbursements::ways(db, &scope, (&policy, today), &loans)?))
        })
        .await?;
    let in_words = |c: &Contract| InWords {
        money: ways.remove(&c.loan.id).unwrap_or_default(),
        has_letter: no_letter(!c.is_undisbursed(), &c.loan.bank_state, &account.party.university)
            .is_none(),
        ..in_plain_words(c, &names)
    };
    let contracts = account.contracts.iter().rev().map(in_words).collect();
    let page = ContractsPage { contracts, phone: me.office.phone.clone() };
    phone::page(&app, &me, &req, "m/contracts.html", &page)
}

fn in_plain_words(contract: &Contract, names: &[(PersonId, String)]) -> InWords {
    let (loan, position) = (&contract.loan, &contract.statement.position);
    let day = |on: NaiveDate| in_words(on, NaiveDate::MIN);
    let co = loan.co_person_id.and_then(|id| names.iter().find(|(known, _)| *known == id));
    let rate = match (loan.fixed_rate_ppm, position.rate) {
        (Some(rate), _) => format!("固定，年利率 {rate}%"),
        (None, Some(rate)) => format!("现在年利率 {rate}%，每年 12月21日跟着国家公布的利率调整"),
        (None, None) => "放款那天定，以后每年 12月21日调整".to_owned(),
    };
    let mut lines = vec![
        ("签合同", day(loan.signed_on)),
        ("利率", rate),
        ("国家付利息", format!("到 {} 为止", day(position.subsidy_ends_on))),
        ("开始还本金", format!("{}，在这之前每年只还利息", day(position.first_principal_on))),
        ("最后一次", day(loan.final_due_on)),
        (
            "晚还了会怎样",
            format!("晚的那部分本金按合同利率的 {}% 算罚息，还上就停", loan.penalty_percent),
        ),
    ];
    let parts = [("学费", loan.tuition_fen), ("住宿费", loan.lodging_fen)];
    for (name, amount) in parts {
        lines.extend(amount.map(|amount| (name, format!("¥{}", amount.to_page_text()))));
    }
    lines.extend(co.map(|(_, name)| ("共同借款人", name.clone())));
    if !loan.agent.is_empty() {
        lines.push(("还款账户", format!("{} {}", loan.agent, loan.account_mask)));
    }
    InWords {
        year: year_of(contract),
        contract_no: loan.contract_no.clone(),
        stage: match position.stage {
            Stage::Undisbursed => ("wait", "等放款"),
            Stage::InStudy => ("acc", "在读"),
            Stage::Grace => ("acc", "只还利息"),
            Stage::Repaying => ("acc", "还本付息"),
            Stage::Settled => ("ok", "已还清"),
        },
        amount: loan.principal_fen,
        left: position.principal_outstanding,
        lines,
        money: Vec::new(),
        has_letter: false,
    }
}
