//! Are the books right? Computes every position anew and holds it against what is stored, walks
//! the chain of the history from its first link, and looks whether accounts and the chain are as
//! this program has left them. Changes nothing.
//!
//! When: every night, and at the first start of a day on which it has not run. Why: a damaged or
//! altered database must be found by the program, not by a borrower. What it finds is a red line
//! on the workbench until a later run finds nothing, and the gauge `zhuxue_books_ok`. Missed: the
//! last night only.

use chrono::{NaiveDate, NaiveDateTime};

use super::{chain_history, count, offices};
use crate::app::App;
use crate::base::ids::LoanId;
use crate::base::scope::Scope;
use crate::book::audit_log::{ChainState, Heads};
use crate::book::verify;
use crate::book::verify::BOOKS_OK;
use crate::book::warning::{self, Warning};
use crate::clock::{Counts, Job, Missed};
use crate::error::AppResult;
use crate::plumbing::meta;

pub const JOB: Job = Job {
    name: "check_books",
    words: "核对账目和留痕",
    cron: "0 0 4 * * *",
    missed: Missed::Latest,
    run,
};

/// Loans checked in one snapshot.
const AT_ONCE: i64 = 1_000;
/// Findings written to the log; `zhuxue verify` tells them all.
const LOGGED: usize = 20;
/// What the lines on the workbench are filed under.
const WARNING: &str = "books";

/// Checks every office; `done` are loans that are right, `failed` those that are not.
pub fn run(app: &App, _: NaiveDate) -> AppResult<Counts> {
    chain_history::chain_all(app)?;
    let chains = chain_history::verify(app)?;
    let mut counts = Counts::default();
    let mut others = (false, 0);
    for office in offices(app, &JOB)? {
        let scope = Scope::of(&office.code);
        let (loans, wrong) = positions(app, &scope)?;
        let chain = chains.iter().find(|(code, _)| *code == office.code).map(|(_, state)| state);
        let lost = app.db.read(|db| app.shared.get::<Heads>().lost(db, &office.code))?;
        let accounts = app.db.read(|db| verify::check_accounts(db, &scope, &app.sealer))?.len();
        let number = match chain {
            Some(ChainState::Broken { number, .. }) => Some(*number),
            _ => lost,
        };
        others.0 |= number.is_some();
        others.1 += accounts;
        tell(app, &office.code, wrong, number, accounts)?;
        counts.done += count(loans - wrong.min(loans));
        counts.failed += count(wrong);
    }
    let (is_chain_broken, accounts) = others;
    let mut faults = Vec::new();
    if counts.failed > 0 {
        faults.push(format!("{} 份合同的余额与流水不符", counts.failed));
    }
    if is_chain_broken {
        faults.push("操作留痕的链对不上".to_owned());
    }
    if accounts > 0 {
        faults.push(format!("{accounts} 个账号在本系统以外改过"));
    }
    let is_right = if faults.is_empty() { "1" } else { "0" };
    app.db.write("books checked", |db| meta::set(db, BOOKS_OK, is_right))?;
    counts.note = faults.join("，");
    Ok(counts)
}

/// How many loans of an office there are, and how many findings.
fn positions(app: &App, scope: &Scope) -> AppResult<(usize, usize)> {
    let (mut after, mut loans, mut wrong) = (LoanId::new(0), 0, 0);
    loop {
        let ids = app.db.read(|db| verify::next_loans(db, scope, after, AT_ONCE))?;
        let Some(last) = ids.last().copied() else { return Ok((loans, wrong)) };
        let found = app.db.read(|db| verify::check(db, scope, &app.basis(), &ids))?;
        for finding in found.iter().take(LOGGED.saturating_sub(wrong)) {
            tracing::error!(what = finding.what, "a position is not what its events say");
        }
        loans += ids.len();
        wrong += found.len();
        after = last;
    }
}

fn tell(
    app: &App,
    office_code: &str,
    wrong: usize,
    broken_link: Option<i64>,
    accounts: usize,
) -> AppResult<()> {
    let now = app.clock.now_at();
    let line = |key, title, advice, url| line(office_code, key, title, advice, url, now);
    let positions = (wrong > 0).then(|| {
        let title = format!("{wrong} 处余额与流水不符");
        let advice = "请管理员运行 zhuxue verify 看明细，确认后用 zhuxue verify --repair 重算";
        line("positions", title, advice, "")
    });
    let chain = broken_link.map(|number| {
        let title = format!("操作留痕的链在第 {number} 条对不上");
        let advice = "可能有人绕过本系统改过数据库。请保留现场，报告主任和管理员";
        line("chain", title, advice, "/audit")
    });
    let accounts = (accounts > 0).then(|| {
        let title = format!("{accounts} 个账号在本系统以外改过");
        let advice =
            "请管理员运行 zhuxue verify 看是哪些账号，核对角色后用 zhuxue verify --repair 认可";
        line("accounts", title, advice, "/admin")
    });
    app.db.write("books checked", |db| {
        for (key, line) in [("positions", &positions), ("chain", &chain), ("accounts", &accounts)] {
            match line {
                Some(line) => warning::raise(db, line)?,
                None => {
                    warning::clear(db, office_code, WARNING, key)?;
                }
            }
        }
        Ok(())
    })
}

fn line(
    office_code: &str,
    key: &str,
    title: String,
    advice: &str,
    url: &str,
    now: NaiveDateTime,
) -> Warning {
    Warning {
        office_code: office_code.to_owned(),
        kind: WARNING.to_owned(),
        key: key.to_owned(),
        level: "bad".to_owned(),
        title,
        advice: advice.to_owned(),
        url: url.to_owned(),
        due_on: None,
        since: now,
        seen_at: now,
    }
}
