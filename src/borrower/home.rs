//! `/m`: when next, how much, where am I; what this year still asks; what is owed; what can be
//! done. Words only: every figure comes from the statements.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Datelike as _, NaiveDate};
use serde::Serialize;

use super::account::{self, Account};
use super::{graduation, renewal};
use crate::app::App;
use crate::base::dates::{day_in, days_between, in_words};
use crate::book::file::life::life;
use crate::book::file::plan::{Plan, PlanRow, Standing};
use crate::book::file::{self, Papers};
use crate::book::lifeline::{self, Line};
use crate::book::policy::Policy;
use crate::book::statement::Stage;
use crate::error::AppResult;
use crate::life::closing::facts;
use crate::life::receipt::store;
use crate::web::session::borrower::BorrowerIn;
use crate::web::shell::phone;

/// Until when a year's contacts should be confirmed (rules: graduates, every year by 12-01).
const CONFIRM_BY: (u32, u32) = (12, 1);

/// The card at the top.
#[derive(Debug, Default, Serialize)]
struct Hero {
    lead: String,
    big: String,
    line: String,
    more: Vec<String>,
    late: bool,
}

/// One line of 还要还的钱.
#[derive(Debug, Serialize)]
struct Owed {
    label: String,
    text: String,
    class: &'static str,
}

/// What `m/home.html` shows.
#[derive(Debug, Serialize)]
struct HomePage {
    /// The student, when somebody else looks.
    student: Option<String>,
    hero: Hero,
    life: Option<Line>,
    /// Until when contacts should be confirmed; nothing when they are.
    confirm: Option<String>,
    owed: Vec<Owed>,
    /// Nothing is owed any more.
    settled: bool,
    /// What an early repayment asked for today means.
    early: String,
    contracts: usize,
    /// Still at a university: may borrow for another year.
    studies: bool,
    /// How far the university is with the contract that waits for its money.
    receipt: Option<String>,
    /// How far the certificate is, when all is repaid.
    certificate: Option<String>,
    /// This year the study ends.
    graduation: Option<&'static str>,
    /// How far this year's renewal is, or that it can be begun here.
    renewal: Option<String>,
}

/// `GET /m`
pub async fn show(
    app: web::Data<App>,
    me: BorrowerIn,
    req: HttpRequest,
) -> AppResult<HttpResponse> {
    let account = match account::open(&app, &me).await? {
        Ok(account) => account,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let mut page = HomePage::new(&me.name, &account, &app.policy());
    let to_come = account.contracts.iter().rfind(|contract| contract.is_undisbursed());
    if let Some(loan) = to_come.map(|contract| contract.loan.clone()) {
        let scope = me.scope.clone();
        let receipt = app.read(move |db| store::for_family(db, &scope, &loan)).await?;
        page.receipt = Some(receipt);
    }
    if page.settled && account.party.whole {
        let (scope, file, today) = (me.scope.clone(), account.party.id, account.today);
        page.certificate = app.read(move |db| facts::for_family(db, &scope, file, today)).await?;
    }
    page.graduation = graduation::note(&app, &me, &account).await?;
    page.renewal = renewal::note(&app, &me, &account).await?;
    phone::page(&app, &me, &req, "m/home.html", &page)
}

impl HomePage {
    fn new(name: &str, account: &Account, policy: &Policy) -> HomePage {
        let (plan, today) = (account.plan(policy), account.today);
        let settled = account.settled_on().is_some();
        let line = life(&account.contracts, Papers::default(), today, &plan);
        HomePage {
            student: (!account.party.own).then(|| account.party.student.clone()),
            hero: hero(name, account, &plan),
            life: line.map(|life| lifeline::draw(&life)),
            confirm: (!account.confirmed && !settled).then(|| confirm_by(today)),
            owed: if settled { Vec::new() } else { owed(account, &plan) },
            settled,
            early: early(policy, today),
            contracts: account.contracts.len(),
            studies: account.contracts.iter().any(|one| one.loan.subsidy_ends_on >= today),
            receipt: None,
            certificate: None,
            graduation: None,
            renewal: None,
        }
    }
}

fn confirm_by(today: NaiveDate) -> String {
    let (month, day) = CONFIRM_BY;
    if today <= day_in(today.year(), month, day) {
        format!("{month}月{day}日前")
    } else {
        "今年还没确认".to_owned()
    }
}

fn early(policy: &Policy, today: NaiveDate) -> String {
    match policy.prepay_window(today) {
        Some(on) => format!("今天申请，{}扣款", in_words(on, today)),
        None => "先算一算要多少钱".to_owned(),
    }
}

/// The row of the plan that comes next, or is today.
pub fn next_row(plan: &Plan) -> Option<&PlanRow> {
    plan.rows.iter().find(|row| matches!(row.standing, Standing::Next | Standing::Today))
}

/// `只还利息`, `本金和利息一起还`, and that no waiver is counted on.
pub fn kind_of(row: &PlanRow) -> String {
    let kind = match (row.principal.is_positive(), row.interest.is_positive()) {
        (true, true) => "本金和利息一起还",
        (true, false) => "只还本金",
        (false, _) => "只还利息",
    };
    if row.assumed.is_empty() { kind.to_owned() } else { format!("{kind}，{}", row.assumed) }
}

fn yuan(amount: crate::base::money::Fen) -> String {
    format!("¥{}", amount.to_page_text())
}

fn hero(name: &str, account: &Account, plan: &Plan) -> Hero {
    let today = account.today;
    let hello = format!("{name}，您好。");
    let hero = |big: &str, line: String| Hero {
        lead: hello.clone(),
        big: big.to_owned(),
        line,
        ..Hero::default()
    };
    if account.contracts.iter().all(file::Contract::is_undisbursed) {
        return hero("现在不用还钱", "合同签好了，等学校录入回执、银行放款。".to_owned());
    }
    if let Some(on) = account.settled_on() {
        let line = format!("{}全部还清。下个月起可以到中心开结清证明。", in_words(on, today));
        return hero("已经还清", line);
    }
    let next = next_row(plan);
    if account.overdue().is_positive() {
        return late(&hello, account, next);
    }
    if let Some(row) = plan.rows.iter().find(|row| row.standing == Standing::Awaiting) {
        return awaiting(&hello, account, row, next);
    }
    let Some(row) = next else {
        let mut made = hero("现在不用还钱", "看还款计划，可以知道以后怎么还。".to_owned());
        made.more.extend(rest(account, false));
        return made;
    };
    let amount = yuan(row.open);
    let studying = account.contracts.iter().all(|c| {
        matches!(c.statement.position.stage, Stage::InStudy | Stage::Undisbursed | Stage::Settled)
    });
    let mut made = if row.standing == Standing::Today {
        Hero {
            lead: format!("{hello}今天是还款日，要还"),
            big: amount,
            line: format!("{}。请在今天把钱存进还款账户。", kind_of(row)),
            ..Hero::default()
        }
    } else if studying {
        hero(
            "现在不用还钱",
            format!(
                "读书时的利息由国家付。第一次还款是{}，预计 {amount}，{}。",
                in_words(row.due_on, NaiveDate::MIN),
                kind_of(row)
            ),
        )
    } else {
        let days = days_between(today, row.due_on);
        Hero {
            lead: format!("{hello}下一次还款"),
            big: in_words(row.due_on, NaiveDate::MIN),
            line: format!("预计 {amount}，{}，还有 {days} 天", kind_of(row)),
            ..Hero::default()
        }
    };
    made.more.extend(put_aside(account, row));
    made.more.extend(rest(account, true));
    made
}

/// Money that came in already and waits for the due day.
fn put_aside(account: &Account, row: &PlanRow) -> Option<String> {
    let there = account.total(|c| c.statement.position.unapplied);
    if !there.is_positive() {
        return None;
    }
    let enough = if there >= row.open { "，已经够了" } else { "" };
    Some(format!("您已存入 {}，到期先用这笔钱{enough}。", yuan(there)))
}

/// A few fen that an earlier due day left: said calmly, and asked for by nobody.
pub fn rest(account: &Account, is_next: bool) -> Option<String> {
    let rest = account.rest();
    rest.is_positive().then(|| {
        let how = if is_next { "下一次一起还" } else { "方便的时候存进还款账户" };
        format!("上一期还差 {}，{how}就行，不算逾期。", yuan(rest))
    })
}

fn late(hello: &str, account: &Account, next: Option<&PlanRow>) -> Hero {
    let mut more = Vec::new();
    if let Some((since, days)) = file::overdue_since(&account.contracts, account.today) {
        let a_day = file::penalty_a_day(&account.contracts);
        let grows = if a_day.is_positive() {
            format!("，每天多约 {} 罚息", yuan(a_day))
        } else {
            String::new()
        };
        more.push(format!("{}到期，已过 {days} 天{grows}。", in_words(since, NaiveDate::MIN)));
    }
    if let Some(row) = next {
        more.push(format!(
            "下一次还款是{}，预计 {}，{}。",
            in_words(row.due_on, NaiveDate::MIN),
            yuan(row.open),
            kind_of(row)
        ));
    }
    Hero {
        lead: format!(
            "{hello}有一期还款到期未还，{}还清要",
            file::as_known(&account.contracts, account.today, account.today)
        ),
        big: yuan(account.overdue()),
        line: "请联系我们，一起想办法。".to_owned(),
        more,
        late: true,
    }
}

/// The day is past and the bank has not told yet: neither thanks nor a reproach.
fn awaiting(hello: &str, account: &Account, row: &PlanRow, next: Option<&PlanRow>) -> Hero {
    let mut more = Vec::new();
    let is_settled = account.bank_settled();
    if !is_settled {
        more.push(
            "已经存够钱的不用再存；没有存够的请尽快存进还款账户，或者打电话问我们。".to_owned(),
        );
    }
    more.extend(next.map(|row| {
        let day = in_words(row.due_on, NaiveDate::MIN);
        format!("下一次还款是{day}，预计 {}。", yuan(row.open))
    }));
    Hero {
        lead: format!("{hello}{}这一期应还", in_words(row.due_on, account.today)),
        big: yuan(row.open),
        line: match row.assumed {
            _ if is_settled => "银行说已经还清，我们正在核对，您不用做什么。".to_owned(),
            "" => "银行结果还没有到，收到后更新。".to_owned(),
            assumed => format!("银行结果还没有到，收到后更新。利息{assumed}。"),
        },
        more,
        late: false,
    }
}

fn late_label(plan: &Plan) -> String {
    let late = |row: &&PlanRow| row.standing == Standing::Overdue && !row.assumed.is_empty();
    let assumed =
        plan.rows.iter().find(late).map_or(String::new(), |row| format!("，{}", row.assumed));
    format!("到期未还（含罚息{assumed}）")
}

fn owed(account: &Account, plan: &Plan) -> Vec<Owed> {
    let plain =
        |label: &str, amount| Owed { label: label.to_owned(), text: yuan(amount), class: "" };
    let mut rows = vec![plain("还要还的本金", account.outstanding())];
    if let Some(row) = next_row(plan) {
        let label = if row.due_on.year() == account.today.year() {
            "今年利息"
        } else {
            "下一次的利息"
        };
        let assumed =
            if row.assumed.is_empty() { String::new() } else { format!("，{}", row.assumed) };
        let label = format!("{label}（预计{assumed}）");
        rows.push(Owed { label, text: yuan(row.interest), class: "" });
    }
    let (overdue, awaiting) = (account.overdue(), account.awaiting());
    if awaiting.is_positive() {
        let label =
            if account.bank_settled() { "正在和银行核对" } else { "待银行结果" };
        rows.push(plain(label, awaiting));
    }
    if account.rest().is_positive() {
        rows.push(plain("上一期还差（下一次一起还）", account.rest()));
    }
    rows.push(if overdue.is_positive() {
        Owed { label: late_label(plan), text: yuan(overdue), class: "c-bad" }
    } else {
        let known = if awaiting.is_positive() { ("还不知道", "") } else { ("没有", "c-ok") };
        Owed { label: "逾期".to_owned(), text: known.0.to_owned(), class: known.1 }
    });
    rows
}
