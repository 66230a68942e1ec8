//! What people do with lists of pay-outs and with the money of a contract, each in an open write.
//! The list itself is `book::batch`; here is what is of this stage: who may be on it, the event of
//! the loan, where the money is.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::rules::{self, Move, State};
use super::store::{self, Candidate, Disbursement};
use crate::base::ids::{BatchId, EventId, LoanId, RowId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::act::{Act, FormKey, Happened, Once};
use crate::book::audit_log::AuditEntry;
use crate::book::batch::answer::Answers;
use crate::book::batch::moves::Step;
use crate::book::batch::rules::Violation;
use crate::book::batch::steps::{self as batches, NewLine};
use crate::book::batch::store::{self as lists, Batch, Line};
use crate::book::batch::{self, Kind};
use crate::book::events::{self, EventRow, Origin};
use crate::book::loan::Loan;
use crate::book::statement::{Event, EventKind};
use crate::book::{loan, person, position};
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::web::fields::Seen;

pub const KINDS: [Kind; 2] = [Kind::Cdb, Kind::Local];

fn loan_of(line: &Line) -> LoanId {
    LoanId::new(line.subject_id.get())
}

/// Draws up a list of these contracts, as many as its receiver takes; what may not be paid out is
/// left out.
pub fn draw(
    act: &mut Act<'_>,
    form: Option<&FormKey>,
    of: (Kind, i32),
    (loans, repeats): (&[LoanId], Option<BatchId>),
) -> AppResult<Option<Batch>> {
    if let Some(form) = form
        && act.once(form)? == Once::Again
    {
        return Ok(None);
    }
    let most = act.policy().disbursement_template(of.0.product(), act.today).lines_max;
    let found = store::candidates(act.db, act.scope, loans)?;
    let fit = loans.iter().filter_map(|id| found.get(id));
    let fit = fit.filter(|one| one.standing().why_not().is_none()).take(most);
    let new = fit.map(|one| NewLine {
        subject_id: RowId::new(one.loan_id.get()),
        person_id: one.person_id,
        name: one.name.clone(),
        number: one.number.clone(),
        amount: one.amount,
        account_sealed: one.account_sealed.clone(),
        account_mask: one.account_mask.clone(),
    });
    let new = new.collect();
    batches::draw(act, of, repeats, new).map(Some)
}

/// Lines of a draft as their contracts are now, and what is against them.
pub fn current(
    db: &mut Db,
    scope: &Scope,
    lines: Vec<Line>,
) -> AppResult<(Vec<Line>, Vec<Violation>)> {
    let loans: Vec<LoanId> = lines.iter().map(loan_of).collect();
    let found = store::candidates(db, scope, &loans)?;
    let mut against = Vec::new();
    let fresh = |mut line: Line| {
        let Some(one) = found.get(&loan_of(&line)) else {
            against.push(Violation::of(&line, "合同", "合同已经不在"));
            return line;
        };
        if let Some(why) = one.standing().why_not() {
            against.push(Violation::of(&line, "合同", why.in_words()));
        }
        line.name.clone_from(&one.name);
        line.number.clone_from(&one.number);
        line.amount_fen = one.amount;
        line.account_sealed.clone_from(&one.account_sealed);
        line.account_mask.clone_from(&one.account_mask);
        line
    };
    let lines = lines.into_iter().map(fresh).collect();
    Ok((lines, against))
}

/// What has changed with contracts since their list was frozen.
fn changed(db: &mut Db, scope: &Scope, id: BatchId) -> AppResult<Vec<Violation>> {
    let before = lists::lines(db, scope, id)?;
    let (now, mut against) = current(db, scope, before.clone())?;
    let pairs = before.iter().zip(&now).filter(|(before, now)| before != now);
    let words = "合同提交审批以后改过姓名、金额或者账号，请退回修改后重新提交";
    against.extend(pairs.map(|(before, _)| Violation::of(before, "合同", words)));
    Ok(against)
}

/// One step of a list before its answer.
pub fn step(
    act: &mut Act<'_>,
    form: &FormKey,
    Seen { id, version }: Seen<BatchId>,
    (step, line, reason): (Step, Option<RowId>, &str),
) -> AppResult<()> {
    if act.once(&FormKey(format!("{id} {}", form.0)))? == Once::Again {
        return Ok(());
    }
    let seen = (id, version);
    match step {
        Step::Remove => batches::remove(act, seen, line.ok_or(AppError::Changed)?).map(drop),
        Step::Freeze => {
            let of = lists::find(act.db, act.scope, id)?;
            let lines = lists::lines(act.db, act.scope, id)?;
            let (lines, others) = current(act.db, act.scope, lines)?;
            let policy = act.policy();
            let template = policy.disbursement_template(of.kind.product(), act.today);
            batches::freeze(act, seen, (template, lines, others)).map(drop)
        }
        Step::SendBack => batches::send_back(act, seen, reason).map(drop),
        Step::Approve => {
            let done = batches::approve(act, seen).map(drop);
            let against = done.and_then(|()| changed(act.db, act.scope, id))?;
            batches::refuse(&against)
        }
        Step::Send => {
            let (batch, lines) = batches::send(act, seen)?;
            batches::refuse(&changed(act.db, act.scope, id)?)?;
            order(act, &batch, &lines)
        }
        Step::Close => batches::close(act, seen, reason).map(drop),
        Step::Drop => batches::give_up(act, seen, reason).map(drop),
        Step::AnswerPart | Step::AnswerAll => Err(AppError::Changed),
    }
}

/// The list is with the bank: where the money is is known from now on.
fn order(act: &mut Act<'_>, batch: &Batch, lines: &[Line]) -> AppResult<()> {
    let loans: Vec<LoanId> = lines.iter().map(loan_of).collect();
    let found = store::candidates(act.db, act.scope, &loans)?;
    let known = store::of(act.db, act.scope, &loans)?;
    let mut rows = Vec::with_capacity(lines.len());
    for line in lines {
        let one = found.get(&loan_of(line)).ok_or(AppError::Changed)?;
        let before = known.get(&one.loan_id);
        if before.is_some_and(|row| row.state.after(Move::Order).is_none()) {
            return Err(AppError::refused(format!("合同 {} 的钱已经在路上", one.number)));
        }
        rows.push(ordered(act, batch, one, before.map_or(0, |row| row.version)));
    }
    store::put_all(act.db, &rows)
}

fn ordered(act: &Act<'_>, batch: &Batch, of: &Candidate, version: i32) -> Disbursement {
    let (to_university_fen, to_account_fen) = rules::split(of.amount, of.fees.map(Fen::new));
    Disbursement {
        loan_id: of.loan_id,
        office_code: batch.office_code.clone(),
        file_id: of.file_id,
        batch_id: batch.id,
        state: State::Ordered,
        amount_fen: of.amount,
        to_university_fen,
        to_account_fen,
        returned_fen: Fen::ZERO,
        since_on: act.today,
        paid_on: None,
        event_id: None,
        reason: String::new(),
        version: version + 1,
    }
}

/// Takes the bank's answer: what was paid is an event of its loan, once; what failed may be on
/// another list. Returns how many were paid and failed, and how many have no answer yet.
pub fn answer(
    act: &mut Act<'_>,
    id: BatchId,
    answers: &Answers,
) -> AppResult<(usize, usize, usize)> {
    let (batch, decided) = batches::answer(act, id, answers)?;
    let all: Vec<&Line> = decided.paid.iter().chain(&decided.failed).collect();
    let loans: Vec<LoanId> = all.iter().map(|line| loan_of(line)).collect();
    let mut rows = store::of(act.db, act.scope, &loans)?;
    let booked = booked(act, &batch, &decided.paid)?;
    let (mut moved, mut notes) = (Vec::with_capacity(all.len()), Vec::with_capacity(all.len()));
    for line in all {
        let row = rows.remove(&loan_of(line)).ok_or_else(|| AppError::broken("never ordered"))?;
        let paid_on = line.answered_on.filter(|_| line.running);
        let by = if paid_on.is_some() { Move::Pay } else { Move::Fail };
        let state = row.state.after(by).ok_or_else(|| AppError::broken("paid twice"))?;
        let sum = line.amount_fen.to_page_text();
        let summary = match paid_on {
            Some(on) => format!("{on} 放款到账 ¥{sum}，{} 批", batch.number()),
            None => format!("放款发放失败 ¥{sum}，{} 批", batch.number()),
        };
        let entry = AuditEntry::of("disbursed", &line.name, summary).on_file(row.file_id);
        notes.push(AuditEntry { reason: line.reason.clone(), ..entry });
        moved.push(Disbursement {
            state,
            since_on: paid_on.unwrap_or(act.today),
            paid_on,
            event_id: booked.get(&row.loan_id).copied(),
            reason: line.reason.clone(),
            version: row.version + 1,
            ..row
        });
    }
    store::put_all(act.db, &moved)?;
    act.audit_all(notes)?;
    let paid: Vec<LoanId> = decided.paid.iter().map(loan_of).collect();
    refigure(act, &paid)?;
    Ok((decided.paid.len(), decided.failed.len(), decided.open))
}

/// Appends the pay-outs that nobody has booked yet; the event of each.
fn booked(act: &mut Act<'_>, batch: &Batch, paid: &[Line]) -> AppResult<HashMap<LoanId, EventId>> {
    let loans: Vec<LoanId> = paid.iter().map(loan_of).collect();
    let life = events::of_loans(act.db, act.scope, &loans)?;
    let found = store::candidates(act.db, act.scope, &loans)?;
    let mut rows = Vec::with_capacity(paid.len());
    for line in paid {
        let (loan, Some(on)) = (loan_of(line), line.answered_on) else { continue };
        let own = life.get(&loan).map(Vec::as_slice).unwrap_or_default();
        if pay_out(own).is_some() {
            continue;
        }
        let kind = EventKind::Disbursed { amount: line.amount_fen };
        let event = Event { id: act.id(), on, recorded_at: None, kind };
        let origin = Origin {
            channel: found.get(&loan).map(|one| one.agent.clone()).unwrap_or_default(),
            bank_ref: String::new(),
            source: format!("{} 批第 {} 笔", batch.number(), line.line),
            command_key: format!("batch_line:{}", line.id),
            recorded_by: act.by.staff_id,
        };
        rows.push(EventRow::new(&line.office_code, loan, &event, act.now, origin));
    }
    events::append_all(act.db, act.scope, &rows)?;
    Ok(rows.iter().map(|row| (row.loan_id, row.id)).collect())
}

/// The pay-out that stands.
fn pay_out(life: &[EventRow]) -> Option<&EventRow> {
    let is_reversed = |id| life.iter().any(|event| event.reverses_id == Some(id));
    life.iter().find(|event| event.kind == "disbursed" && !is_reversed(event.id))
}

fn refigure(act: &mut Act<'_>, loans: &[LoanId]) -> AppResult<()> {
    if loans.is_empty() {
        return Ok(());
    }
    let (basis, today) = (act.parts.basis(), act.today);
    position::refresh(act.db, act.scope, &basis, loans, today)?;
    act.happened(&Happened::Refigured(loans))
}

/// What somebody says of the money of a contract.
#[derive(Clone, Debug)]
pub struct Report {
    pub by: Move,
    pub on: NaiveDate,
    /// What the university gave back.
    pub amount: Option<Fen>,
    pub reason: String,
}

/// Moves the money of a contract by hand. Money that went back to the bank takes the event with it:
/// the contract waits for its pay-out again.
pub fn report(
    act: &mut Act<'_>,
    form: &FormKey,
    Seen { id, version }: Seen<LoanId>,
    report: &Report,
) -> AppResult<()> {
    if act.once(&FormKey(format!("{id} {}", form.0)))? == Once::Again {
        return Ok(());
    }
    let row = store::find(act.db, act.scope, id)?;
    if row.version != version {
        return Err(AppError::Changed);
    }
    let is_by_hand = row.state.by_hand().contains(&report.by);
    let state = row.state.after(report.by).filter(|_| is_by_hand).ok_or(AppError::Changed)?;
    let most = row.to_university_fen;
    let returned_fen = match (report.by, report.amount) {
        (Move::PartReturn, Some(amount)) if amount.is_positive() && amount <= most => amount,
        (Move::PartReturn, _) => {
            let what = format!("退回的金额要大于 0，最多 ¥{}", most.to_page_text());
            return Err(AppError::field("amount", what));
        }
        (Move::Correct, _) => Fen::ZERO,
        _ => row.returned_fen,
    };
    if row.paid_on.is_some_and(|paid_on| report.on < paid_on) {
        return Err(AppError::field("on", "日期不能早于银行发放的日期"));
    }
    if report.by == Move::Return {
        take_back(act, &row, report.on)?;
    }
    let name = store::candidates(act.db, act.scope, &[id])?;
    let name = name.get(&id).map(|one| one.name.clone()).unwrap_or_default();
    let (by, words) = (report.by.in_words(), state.in_words());
    let summary = format!("放款 {}：{by}，{words}", report.on);
    let entry = AuditEntry::of("disbursement_moved", &name, summary).on_file(row.file_id);
    let reason = report.reason.clone();
    let version = version + 1;
    let now = Disbursement {
        state,
        since_on: report.on,
        returned_fen,
        reason: reason.clone(),
        version,
        ..row
    };
    store::put_all(act.db, &[now])?;
    act.audit(AuditEntry { reason, ..entry })
}

/// Where the money of a contract goes, as long as it is neither on a list nor paid out.
pub fn set_account(
    act: &mut Act<'_>,
    form: &FormKey,
    Seen { id, version }: Seen<LoanId>,
    (agent, account): (&str, &str),
) -> AppResult<()> {
    if act.once(&FormKey(format!("{id} account {}", form.0)))? == Once::Again {
        return Ok(());
    }
    let loan = loan::by_ids(act.db, act.scope, &[id])?.pop().ok_or(AppError::NotFound)?;
    if loan.version != version {
        return Err(AppError::Changed);
    }
    put_account(act, loan, (agent, account)).map(drop)
}

/// The same of a contract that was just read.
pub fn put_account(
    act: &mut Act<'_>,
    mut loan: Loan,
    (agent, account): (&str, &str),
) -> AppResult<Loan> {
    batch::refuse_listed(act, &loan)?;
    if position::was_paid_out(act.db, act.scope, loan.id)? {
        return Err(AppError::refused("贷款已经发放，账号以银行的记录为准"));
    }
    let product = loan.product().ok_or_else(|| AppError::broken("a contract of no product"))?;
    let policy = act.policy();
    let template = policy.disbursement_template(product, act.today);
    if let Some(words) = batch::rules::account_problems(template, account).first() {
        return Err(AppError::field("account", format!("账号{words}")));
    }
    let (sealed, mask) = loan::seal_account(&act.parts.sealer, account)?;
    (loan.account_sealed, loan.account_mask) = (Some(sealed), mask);
    agent.clone_into(&mut loan.agent);
    loan.version += 1;
    loan.updated_at = act.now;
    loan::replace_all(act.db, std::slice::from_ref(&loan))?;
    let file = loan::file(act.db, act.scope, loan.file_id)?;
    let name = person::find(act.db, act.scope, file.person_id)?.name;
    let entry = AuditEntry::of("account_entered", &name, format!("合同 {}", loan.contract_no));
    act.audit(entry.on_file(loan.file_id))?;
    Ok(loan)
}

fn take_back(act: &mut Act<'_>, row: &Disbursement, on: NaiveDate) -> AppResult<()> {
    let Some(of) = row.event_id else {
        return Err(AppError::refused("这笔放款是随导入的清单入账的，请撤销那次导入"));
    };
    let event = Event { id: act.id(), on, recorded_at: None, kind: EventKind::Reversed { of } };
    let origin = Origin {
        source: "放款退回银行".to_owned(),
        command_key: format!("batch_returned:{of}"),
        recorded_by: act.by.staff_id,
        ..Origin::default()
    };
    let row_of = EventRow::new(&row.office_code, row.loan_id, &event, act.now, origin);
    events::append_all(act.db, act.scope, &[row_of])?;
    let batch = lists::find(act.db, act.scope, row.batch_id)?;
    let subject = (batch.kind, RowId::new(row.loan_id.get()));
    lists::release_subject(act.db, act.scope, subject)?;
    refigure(act, &[row.loan_id])
}

/// The contracts of a list that were not paid.
pub fn failures(act: &mut Act<'_>, id: BatchId) -> AppResult<Vec<LoanId>> {
    let lines = lists::lines(act.db, act.scope, id)?;
    let failed = lines.iter().filter(|line| line.state == batch::store::LineState::Failed);
    Ok(failed.map(loan_of).collect())
}
