//! The counter of a rehearsal: so many students borrow for the first time, spread over the working
//! days of the window. Two persons serve each of them as in life; universities enter the receipts,
//! the bank gives the accounts, and in November the money goes out on a list.

use std::collections::BTreeMap;
use std::io::Write;

use chrono::{Datelike as _, Days, NaiveDate};

use crate::app::App;
use crate::base::dates::day_in;
use crate::base::ids::{BatchId, LoanId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::act::{self, FormKey};
use crate::book::audit_log::Actor;
use crate::book::batch::Kind;
use crate::book::batch::answer::{Answers, Row};
use crate::book::batch::moves::Step;
use crate::book::batch::store as lists;
use crate::book::loan;
use crate::book::staff::{self, Right, Staff};
use crate::command::CliError;
use crate::command::visit::{Counter, LODGING, Reaches, TUITION, invented, open_season};
use crate::error::{AppError, AppResult};
use crate::life::application::store as applications;
use crate::life::disbursement::steps as disbursement;
use crate::life::receipt::rules::ToldBy;
use crate::life::receipt::steps::{self as receipt, Entered};
use crate::localized;
use crate::web::fields::Seen;

/// The counter is busy on so many working days.
const BUSY_DAYS: u32 = 40;
/// Universities enter receipts so long before their last day.
const RECEIPTS_BEFORE: Days = Days::new(10);
/// The list is drawn up on this day of November or the next working day, and answered two days on.
const LIST_ON: u32 = 16;
const ANSWERED_AFTER: Days = Days::new(2);

/// Two persons of an office: who serves and who decides.
struct People {
    clerk: Actor,
    reviewer: Actor,
}

/// The season of one office.
pub(super) struct AtCounter {
    scope: Scope,
    people: People,
    /// Of so many students.
    students: u32,
    come: u32,
    signed: Vec<LoanId>,
    receipts: u32,
    list: Option<BatchId>,
    paid: usize,
    /// What kept a household from its contract, and how many.
    refused: BTreeMap<String, u32>,
}

impl AtCounter {
    /// # Errors
    /// When the office has nobody who serves, or nobody else who decides.
    pub(super) fn of(app: &App, scope: &Scope, students: u32) -> Result<AtCounter, CliError> {
        let all: Vec<Staff> = app.db.read(|db| staff::all(db, scope))?;
        let able: Vec<Staff> = all.into_iter().filter(|one| one.active).collect();
        let clerk = able.iter().find(|one| one.role.may(Right::ServeSeason));
        let decides = |one: &&Staff| {
            one.role.may(Right::Review) && clerk.is_some_and(|clerk| clerk.id != one.id)
        };
        let reviewer = able.iter().find(decides);
        let actor = |one: &Staff| Actor {
            staff_id: Some(one.id),
            name: one.name.clone(),
            office_code: scope.own().to_owned(),
        };
        let (Some(clerk), Some(reviewer)) = (clerk, reviewer) else {
            return Err(CliError::input(localized!(
                "--students：办理季要有经办和另一位复核，请先添加工作人员",
                "--students: a season needs a clerk and another person who reviews"
            )));
        };
        Ok(AtCounter {
            scope: scope.clone(),
            people: People { clerk: actor(clerk), reviewer: actor(reviewer) },
            students,
            come: 0,
            signed: Vec::new(),
            receipts: 0,
            list: None,
            paid: 0,
            refused: BTreeMap::new(),
        })
    }

    /// What happens on a day.
    pub(super) fn live(&mut self, app: &App, day: NaiveDate) -> AppResult<()> {
        let policy = app.policy();
        if !policy.is_working_day(day) {
            return Ok(());
        }
        let (opens, closes) = policy.application_window(self.scope.own(), day.year());
        if (opens..=closes).contains(&day) && self.come < self.students {
            open_season(app, &self.scope, day.year(), "rehearsal")?;
            let many = self.students.div_ceil(BUSY_DAYS).min(self.students - self.come);
            (0..many).try_for_each(|_| self.serve(app))?;
        }
        let receipts_on = policy.receipt_deadline(day.year()) - RECEIPTS_BEFORE;
        if day >= receipts_on && self.receipts == 0 && !self.signed.is_empty() {
            self.enter_receipts(app, day)?;
        }
        let list_on = policy.calendar().working_day_from(day_in(day.year(), 11, LIST_ON));
        if day >= list_on && self.list.is_none() && self.receipts > 0 {
            self.send_list(app, day)?;
        } else if day >= list_on + ANSWERED_AFTER && self.paid == 0 {
            self.answer(app, day)?;
        }
        Ok(())
    }

    fn serve(&mut self, app: &App) -> AppResult<()> {
        self.come += 1;
        let Some(who) = invented(self.come, app.clock.today().year()) else {
            return Err(AppError::broken("a rehearsal made a wrong identity number"));
        };
        let People { clerk, reviewer } = &self.people;
        let counter = Counter { app, scope: &self.scope, clerk, reviewer };
        match counter.serve(&who, Reaches::Signed) {
            Ok(id) => {
                let row = app.db.read(|db| applications::find(db, &self.scope, id))?;
                self.signed.extend(row.loan_id);
            }
            Err(error @ (AppError::Broken(_) | AppError::TooBusy(_))) => return Err(error),
            Err(why) => *self.refused.entry(why.to_string()).or_default() += 1,
        }
        Ok(())
    }

    fn enter_receipts(&mut self, app: &App, day: NaiveDate) -> AppResult<()> {
        for id in &self.signed {
            act::run(app, (&self.people.clerk, &self.scope), "rehearsal receipt", |act| {
                let of = loan::by_ids(act.db, act.scope, &[*id])?.pop();
                let of = of.ok_or(AppError::NotFound)?;
                let entered = Entered {
                    is_code_seen: false,
                    student_number: String::new(),
                    loan: *id,
                    code: of.receipt_code.clone(),
                    told_by: ToldBy::Certificate,
                    tuition: Fen::from_yuan(TUITION),
                    lodging: Fen::from_yuan(LODGING),
                    entered_on: day,
                };
                receipt::enter(act, &FormKey(format!("rehearsal {id}")), &entered)?;
                let of = loan::by_ids(act.db, act.scope, &[*id])?.pop();
                let version = of.ok_or(AppError::NotFound)?.version;
                let account = format!("{id}.cdb@example.invalid");
                let key = FormKey(format!("rehearsal account {id}"));
                disbursement::set_account(
                    act,
                    &key,
                    Seen { id: *id, version },
                    ("支付宝", &account),
                )
            })?;
            self.receipts += 1;
        }
        Ok(())
    }

    fn send_list(&mut self, app: &App, day: NaiveDate) -> AppResult<()> {
        let People { clerk, reviewer } = &self.people;
        let of = (Kind::Cdb, day.year());
        let made = act::run(app, (clerk, &self.scope), "rehearsal list", |act| {
            disbursement::draw(act, None, of, (&self.signed, None))
        })?;
        let Some(made) = made else { return Ok(()) };
        for (who, step) in [(clerk, Step::Freeze), (reviewer, Step::Approve), (clerk, Step::Send)] {
            act::run(app, (who, &self.scope), "rehearsal list moved", |act| {
                let version = lists::find(act.db, act.scope, made.id)?.version;
                let key = FormKey(format!("rehearsal {}", step.as_text()));
                disbursement::step(act, &key, Seen { id: made.id, version }, (step, None, ""))
            })?;
        }
        self.list = Some(made.id);
        Ok(())
    }

    fn answer(&mut self, app: &App, day: NaiveDate) -> AppResult<()> {
        let Some(id) = self.list else { return Ok(()) };
        let lines = app.db.read(|db| lists::lines(db, &self.scope, id))?;
        let row = |line: &lists::Line| Row {
            at: 0,
            number: line.number.clone(),
            amount: Some(line.amount_fen),
            is_paid: Some(true),
            result: "成功".to_owned(),
            day: Some(day),
            reason: String::new(),
        };
        let rows = lines.iter().map(row).collect();
        let answers = Answers { rows, ..Answers::default() };
        let (paid, ..) =
            act::run(app, (&self.people.clerk, &self.scope), "rehearsal paid", |act| {
                disbursement::answer(act, id, &answers)
            })?;
        self.paid = paid;
        Ok(())
    }

    /// Prints what came of it.
    pub(super) fn end(&self, out: &mut dyn Write) -> Result<(), CliError> {
        writeln!(
            out,
            "\n办理季：到窗口 {} 户，签约 {} 份，高校回执 {} 份，放款 {} 笔",
            self.come,
            self.signed.len(),
            self.receipts,
            self.paid
        )?;
        for (why, count) in &self.refused {
            writeln!(out, "  {count} 户没有签约：{why}")?;
        }
        Ok(())
    }
}
