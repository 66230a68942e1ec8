//! What happened on a day of the rehearsal, and the table of it. Chinese, for a clerk.

use std::collections::BTreeMap;
use std::io::Write;

use chrono::{Days, NaiveDate, NaiveDateTime};
use diesel::dsl::count_star;
use diesel::prelude::*;

use super::payments::Paid;
use crate::app::App;
use crate::base::dates::{starts_at, weekday_in_words};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::notice::Reason;
use crate::command::CliError;
use crate::error::AppResult;
use crate::plumbing::crypto::Field;
use crate::plumbing::db::Db;
use crate::plumbing::outbox::State;
use crate::plumbing::schema::{file_position, job_run, loan_position, message, warning};

/// What happened to the messages of one kind on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Messages {
    written: i64,
    sent: i64,
    cancelled: i64,
    failed: i64,
}

pub(super) struct Tally {
    day: NaiveDate,
    due: Paid,
    missing: Paid,
    pub(super) paid: Paid,
    overdue_before: i64,
    overdue: i64,
    messages: BTreeMap<String, Messages>,
    /// A list of the bank came in: the day it is of.
    pub(super) known_until: Option<NaiveDate>,
    jobs: i64,
    jobs_failed: Vec<String>,
    warnings: Vec<String>,
}

impl Tally {
    /// What the day begins with.
    pub(super) fn before(app: &App, scopes: &[Scope], day: NaiveDate) -> AppResult<Tally> {
        let (mut due, mut missing, mut overdue) = (Paid::default(), Paid::default(), 0);
        for scope in scopes {
            for (owed, there) in app.db.read(|db| due_on(db, scope, day))? {
                due.add(owed);
                if owed > there {
                    missing.add(owed - there);
                }
            }
            overdue += app.db.read(|db| in_arrears(db, scope))?;
        }
        Ok(Tally {
            day,
            due,
            missing,
            paid: Paid::default(),
            overdue_before: overdue,
            overdue,
            messages: BTreeMap::new(),
            known_until: None,
            jobs: 0,
            jobs_failed: Vec::new(),
            warnings: Vec::new(),
        })
    }

    /// What it ends with.
    pub(super) fn after(&mut self, app: &App, scopes: &[Scope]) -> AppResult<()> {
        let day = self.day;
        let span = (starts_at(day), starts_at(day + Days::new(1)));
        self.overdue = 0;
        for scope in scopes {
            self.overdue += app.db.read(|db| in_arrears(db, scope))?;
            app.db.read(|db| count_messages(db, scope, span, &mut self.messages))?;
            self.warnings.extend(app.db.read(|db| new_warnings(db, scope, span))?);
        }
        let runs: Vec<(String, String)> = app.db.read(|db| {
            Ok(job_run::table
                .filter(job_run::planned_for.eq(day))
                .select((job_run::job, job_run::state))
                .load(db)?)
        })?;
        for (job, state) in runs {
            if state == "done" {
                self.jobs += 1;
            } else {
                self.jobs_failed.push(job);
            }
        }
        Ok(())
    }

    fn is_quiet(&self) -> bool {
        self.due.number == 0
            && self.paid.number == 0
            && self.overdue == self.overdue_before
            && self.messages.is_empty()
            && self.known_until.is_none()
            && self.jobs_failed.is_empty()
            && self.warnings.is_empty()
    }

    fn to_line(&self) -> String {
        let mut parts = Vec::new();
        if let Some(day) = self.known_until {
            parts.push(format!("银行还款明细到了，截至 {day}"));
        }
        let money = |name: &str, one: Paid| {
            format!("{name} {} 笔 {}", one.number, one.amount.to_page_text())
        };
        if self.due.number > 0 {
            parts.push(money("到期", self.due));
            if self.missing.number > 0 {
                parts.push(money("其中早上还没有存够", self.missing));
            }
        }
        if self.paid.number > 0 {
            parts.push(money("还款", self.paid));
        }
        if self.overdue != self.overdue_before {
            parts.push(format!("到期未还 {} 户（昨天 {} 户）", self.overdue, self.overdue_before));
        }
        for (reason, one) in &self.messages {
            parts.push(one.to_text(reason));
        }
        parts.extend(self.warnings.iter().map(|title| format!("工作台：{title}")));
        parts.push(format!("任务 {} 项", self.jobs));
        if !self.jobs_failed.is_empty() {
            parts.push(format!("没有跑成：{}", self.jobs_failed.join("、")));
        }
        format!("{} {}  {}", self.day, weekday_in_words(self.day), parts.join("；"))
    }
}

impl Messages {
    fn to_text(self, reason: &str) -> String {
        let mut text = words_of(reason).to_owned();
        for (word, number) in [
            ("写好", self.written),
            ("发出", self.sent),
            ("已取消", self.cancelled),
            ("发送失败", self.failed),
        ] {
            if number > 0 {
                text.push_str(&format!(" {word} {number}"));
            }
        }
        text
    }
}

fn words_of(reason: &str) -> &str {
    match Reason::from_text(reason) {
        Some(known) => known.in_words(),
        None => reason,
    }
}

/// What the contracts ask for on `day`, each with the money that lies there already.
fn due_on(db: &mut Db, scope: &Scope, day: NaiveDate) -> AppResult<Vec<(Fen, Fen)>> {
    Ok(loan_position::table
        .filter(scope.holds(loan_position::office_code))
        .filter(loan_position::next_due_on.eq(day))
        .filter(loan_position::next_due_fen.gt(Fen::ZERO))
        .select((loan_position::next_due_fen, loan_position::unapplied_fen))
        .load(db)?)
}

fn in_arrears(db: &mut Db, scope: &Scope) -> AppResult<i64> {
    Ok(file_position::table
        .filter(scope.holds(file_position::office_code))
        .filter(file_position::oldest_unpaid_due_on.is_not_null())
        .count()
        .get_result(db)?)
}

type Span = (NaiveDateTime, NaiveDateTime);

fn count_messages(
    db: &mut Db,
    scope: &Scope,
    (from, until): Span,
    found: &mut BTreeMap<String, Messages>,
) -> AppResult<()> {
    let office = scope.own().to_owned();
    let own = || message::table.filter(message::office_code.eq(office.clone()));
    let written: Vec<(String, i64)> = own()
        .filter(message::created_at.ge(from).and(message::created_at.lt(until)))
        .group_by(message::reason)
        .select((message::reason, count_star()))
        .load(db)?;
    for (reason, number) in written {
        found.entry(reason).or_default().written += number;
    }
    let sent: Vec<(String, i64)> = own()
        .filter(message::sent_at.ge(from).and(message::sent_at.lt(until)))
        .group_by(message::reason)
        .select((message::reason, count_star()))
        .load(db)?;
    for (reason, number) in sent {
        found.entry(reason).or_default().sent += number;
    }
    let ended: Vec<(String, State, i64)> = own()
        .filter(message::updated_at.ge(from).and(message::updated_at.lt(until)))
        .filter(message::state.eq_any([State::Cancelled, State::Failed]))
        .group_by((message::reason, message::state))
        .select((message::reason, message::state, count_star()))
        .load(db)?;
    for (reason, state, number) in ended {
        let one = found.entry(reason).or_default();
        if state == State::Failed {
            one.failed += number;
        } else {
            one.cancelled += number;
        }
    }
    Ok(())
}

fn new_warnings(db: &mut Db, scope: &Scope, (from, until): Span) -> AppResult<Vec<String>> {
    Ok(warning::table
        .filter(scope.holds(warning::office_code))
        .filter(warning::since.ge(from).and(warning::since.lt(until)))
        .order((warning::kind, warning::key))
        .select(warning::title)
        .load(db)?)
}

/// Sums over the days, and what is printed.
pub(super) struct Totals {
    messages: BTreeMap<String, Messages>,
    due: Paid,
    paid: Paid,
    quiet: u32,
}

impl Totals {
    pub(super) fn begin(
        out: &mut dyn Write,
        from: NaiveDate,
        to: NaiveDate,
        paying: u32,
    ) -> Result<Totals, CliError> {
        writeln!(out, "演练 {from} 到 {to}（在数据副本上，什么都不会真的发出）")?;
        writeln!(
            out,
            "假定每 1000 户有 {paying} 户在到期日前 40 天内按时还款（该在第一天以前还的，\
             算在第一天；\n第一天以前到期、银行结果还没有到的，也按这个比例算已经按时还了），\
             其余的一半在到期后 12 到 101 天还清\n"
        )?;
        Ok(Totals {
            messages: BTreeMap::new(),
            due: Paid::default(),
            paid: Paid::default(),
            quiet: 0,
        })
    }

    pub(super) fn add(
        &mut self,
        out: &mut dyn Write,
        tally: &Tally,
        all_days: bool,
    ) -> Result<(), CliError> {
        for (reason, one) in &tally.messages {
            let sum = self.messages.entry(reason.clone()).or_default();
            sum.written += one.written;
            sum.sent += one.sent;
            sum.cancelled += one.cancelled;
            sum.failed += one.failed;
        }
        for (sum, one) in [(&mut self.due, tally.due), (&mut self.paid, tally.paid)] {
            sum.number += one.number;
            sum.amount += one.amount;
        }
        if tally.is_quiet() && !all_days {
            self.quiet += 1;
            return Ok(());
        }
        if self.quiet > 0 {
            writeln!(out, "        （{} 天没有事）", self.quiet)?;
            self.quiet = 0;
        }
        writeln!(out, "{}", tally.to_line())?;
        Ok(())
    }

    /// Prints the sums, and one message of each kind as it went out.
    pub(super) fn end(
        &self,
        app: &App,
        scopes: &[Scope],
        out: &mut dyn Write,
    ) -> Result<(), CliError> {
        if self.quiet > 0 {
            writeln!(out, "        （{} 天没有事）", self.quiet)?;
        }
        writeln!(out, "\n合计")?;
        for (name, one) in [("到期", self.due), ("还款", self.paid)] {
            writeln!(out, "  {name} {} 笔 {}", one.number, one.amount.to_page_text())?;
        }
        for (reason, one) in &self.messages {
            writeln!(out, "  {}", one.to_text(reason))?;
        }
        if !self.messages.is_empty() {
            writeln!(out, "\n各类消息的样子")?;
        }
        for reason in self.messages.keys() {
            for scope in scopes {
                if let Some(text) = first_text(app, scope, reason)? {
                    writeln!(out, "  {}：{text}", words_of(reason))?;
                    break;
                }
            }
        }
        Ok(())
    }
}

/// The first text of this kind, its check code left out: it is different every time.
fn first_text(app: &App, scope: &Scope, reason: &str) -> AppResult<Option<String>> {
    let found: Option<(Vec<u8>, String)> = app.db.read(|db| {
        Ok(message::table
            .filter(message::office_code.eq(scope.own()))
            .filter(message::reason.eq(reason))
            .filter(message::state.eq_any([State::Sent, State::Delivered]))
            .order((message::planned_on, message::subject))
            .select((message::text_sealed, message::check_code))
            .first(db)
            .optional()?)
    })?;
    let Some((sealed, code)) = found else { return Ok(None) };
    let text = app.sealer.open_text(Field::Message, &sealed)?;
    Ok(Some(text.replace(&code, "******")))
}
