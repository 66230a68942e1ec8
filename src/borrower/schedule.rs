//! `/m/schedule`: the plan, grouped by the parts of life, each amount opening to its working.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Datelike as _, NaiveDate};
use serde::Serialize;

use super::account::{self, Account};
use crate::app::App;
use crate::base::dates::{day_in, in_words};
use crate::base::money::Fen;
use crate::book::file::explain::{self, Part};
use crate::book::file::plan::{Plan, PlanRow, Standing};
use crate::book::file::rule_notes;
use crate::book::policy::Policy;
use crate::error::AppResult;
use crate::web::session::borrower::BorrowerIn;
use crate::web::shell::phone;

/// One day, or a few years in which the state paid everything.
#[derive(Debug, Serialize)]
struct Line {
    when: String,
    amount: Fen,
    what: String,
    tag: &'static str,
    tag_words: &'static str,
    next: bool,
    why: Vec<Part>,
}

/// A part of life.
#[derive(Debug, Serialize)]
struct Group {
    name: &'static str,
    span: String,
    now: bool,
    lines: Vec<Line>,
}

/// What `m/schedule.html` shows.
#[derive(Debug, Serialize)]
struct SchedulePage {
    student: Option<String>,
    outstanding: Fen,
    interest_ahead: Fen,
    overdue: Fen,
    ends_on: Option<String>,
    settled_on: Option<String>,
    groups: Vec<Group>,
    rates: Vec<String>,
    /// Why the contracts do not all end on one day.
    ends: Option<String>,
    /// What interest to come says besides.
    assumed: &'static str,
}

/// `GET /m/schedule`
pub async fn show(
    app: web::Data<App>,
    me: BorrowerIn,
    req: HttpRequest,
) -> AppResult<HttpResponse> {
    let account = match account::open(&app, &me).await? {
        Ok(account) => account,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let page = SchedulePage::new(&account, &app.policy());
    phone::page(&app, &me, &req, "m/schedule.html", &page)
}

impl SchedulePage {
    fn new(account: &Account, policy: &Policy) -> SchedulePage {
        let plan = account.plan(policy);
        let ahead = |row: &&PlanRow| matches!(row.standing, Standing::Upcoming | Standing::Next);
        let last = plan.rows.iter().rfind(|row| !row.early).map(|row| row.due_on);
        let settled_on = account.settled_on().map(|on| in_words(on, NaiveDate::MIN));
        let mut rates: Vec<String> = account
            .contracts
            .iter()
            .filter_map(|c| c.statement.position.rate.map(|rate| rate.to_percent_text()))
            .collect();
        rates.sort();
        rates.dedup();
        SchedulePage {
            student: (!account.party.own).then(|| account.party.student.clone()),
            outstanding: account.outstanding(),
            interest_ahead: plan.rows.iter().filter(ahead).map(|row| row.interest).sum(),
            overdue: account.overdue(),
            ends_on: last.map(|on| in_words(on, NaiveDate::MIN)),
            settled_on,
            groups: groups(account, policy, &plan),
            rates,
            ends: rule_notes::of_ends(&account.contracts, policy),
            assumed: plan.rows.iter().find(|row| !row.assumed.is_empty()).map_or("", |r| r.assumed),
        }
    }
}

fn month(day: NaiveDate) -> String {
    format!("{}年{}月", day.year(), day.month())
}

fn groups(account: &Account, policy: &Policy, plan: &Plan) -> Vec<Group> {
    let positions = || account.contracts.iter().map(|c| &c.statement.position);
    let grace_from = positions().filter_map(|p| p.subsidy_ends_on.succ_opt()).max();
    let principal_from = positions().map(|p| p.first_principal_on).min();
    let (Some(grace_from), Some(principal_from)) = (grace_from, principal_from) else {
        return Vec::new();
    };
    let today = account.today;
    let place = |day: NaiveDate| match day {
        _ if day < grace_from && day < principal_from => 0,
        _ if day < principal_from => 1,
        _ => 2,
    };
    // Principal falls due in December, but the years of principal begin with the summer.
    let grace_until =
        day_in(principal_from.year(), 8, 31).clamp(grace_from, principal_from.max(grace_from));
    let until = plan.rows.last().map_or(principal_from, |row| row.due_on);
    let names = [
        ("读书时", format!("到 {}，利息由国家付", month(grace_from.pred_opt().unwrap_or(today)))),
        ("宽限期", format!("{} 到 {}，每年只还利息", month(grace_from), month(grace_until))),
        (
            "还本付息",
            format!("{}年 到 {}年，利息按现在利率预计", principal_from.year(), until.year()),
        ),
    ];
    let settled = account.settled_on().is_some();
    names
        .into_iter()
        .enumerate()
        .map(|(at, (name, span))| {
            let rows: Vec<&PlanRow> =
                plan.rows.iter().filter(|row| place(row.due_on) == at).collect();
            let lines = lines(account, policy, &rows);
            Group { name, span, now: !settled && place(today) == at, lines }
        })
        .filter(|group| !group.lines.is_empty())
        .collect()
}

/// Days as lines; neighbouring years in which the state paid everything become one.
fn lines(account: &Account, policy: &Policy, rows: &[&PlanRow]) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut waived: Vec<i32> = Vec::new();
    for row in rows {
        if row.standing == Standing::Waived && !row.early {
            waived.push(row.due_on.year());
            continue;
        }
        lines.extend(waived_line(&mut waived));
        lines.push(line(account, policy, row));
    }
    lines.extend(waived_line(&mut waived));
    lines
}

fn waived_line(years: &mut Vec<i32>) -> Option<Line> {
    if years.is_empty() {
        return None;
    }
    let words: Vec<String> = years.drain(..).map(|year| year.to_string()).collect();
    Some(Line {
        when: format!("{}年", words.join("、")),
        amount: Fen::ZERO,
        what: "国家免除当年利息".to_owned(),
        tag: "ok",
        tag_words: "已免除",
        next: false,
        why: Vec::new(),
    })
}

fn line(account: &Account, policy: &Policy, row: &PlanRow) -> Line {
    let what = match (row.early, row.principal.is_positive(), row.interest.is_positive()) {
        (true, _, _) => row.tag_words.clone(),
        (false, true, true) => {
            format!("本金 {}，利息 {}", row.principal.to_page_text(), row.interest.to_page_text())
        }
        (false, true, false) => "本金".to_owned(),
        (false, false, _) => "利息".to_owned(),
    };
    let penalty = if row.penalty.is_positive() {
        format!("，罚息 {}", row.penalty.to_page_text())
    } else {
        String::new()
    };
    // What is far away is told once, above.
    let guess = match row.standing {
        Standing::Upcoming => "，预计".to_owned(),
        _ if row.assumed.is_empty() => String::new(),
        _ => format!("，{}", row.assumed),
    };
    let (tag, tag_words) = match row.standing {
        Standing::Next => ("wait", "下一次"),
        Standing::Today => ("wait", "今天要还"),
        Standing::Awaiting if account.bank_settled() => ("wait", "正在核对"),
        Standing::Awaiting => ("wait", "待银行结果"),
        Standing::Overdue => ("bad", "到期未还"),
        Standing::Paid if row.early => ("ok", "已办"),
        Standing::Paid => ("ok", "已还"),
        Standing::Rest => ("", "还差一点"),
        Standing::Waived => ("ok", "已免除"),
        Standing::Upcoming => ("", ""),
    };
    Line {
        when: in_words(row.due_on, NaiveDate::MIN),
        amount: row.principal + row.interest + row.penalty,
        what: format!("{what}{penalty}{guess}"),
        tag,
        tag_words,
        next: matches!(row.standing, Standing::Next | Standing::Today),
        why: why(account, policy, row.due_on),
    }
}

/// The working, contract by contract, each named by its school year.
fn why(account: &Account, policy: &Policy, day: NaiveDate) -> Vec<Part> {
    let explain::Why { mut parts, sum, .. } = explain::of_day(&account.contracts, policy, day, "");
    for part in &mut parts {
        let own = account.contracts.iter().find(|c| c.loan.contract_no == part.name);
        part.name = match own {
            Some(c) if account.contracts.len() > 1 => {
                format!("{}-{} 学年的合同", c.loan.loan_year, c.loan.loan_year + 1)
            }
            _ => String::new(),
        };
        part.amounts.clear();
    }
    parts.retain(|part| !part.lines.is_empty());
    let of_360 = rule_notes::of_360(parts.iter().flat_map(|part| &part.lines));
    if !sum.is_empty() {
        let name = "合起来".to_owned();
        parts.push(Part { name, amounts: Vec::new(), lines: sum });
    }
    parts.extend(of_360.map(|line| Part { lines: vec![line], ..Part::default() }));
    parts
}
