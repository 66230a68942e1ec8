//! What people do with a batch, each in an open write. The stage has asked [`Act::once`] before,
//! and adds what is its own.

use chrono::NaiveDate;

use super::Kind;
use super::answer::{self, Answers, Decided};
use super::moves::{State, Step};
use super::rules::{self, Violation};
use super::store::{self, Batch, Line, LineState, StepRow};
use crate::base::dates::local;
use crate::base::hex::hex;
use crate::base::ids::{BatchId, PersonId, RowId};
use crate::base::money::Fen;
use crate::book::act::Act;
use crate::book::audit_log::AuditEntry;
use crate::book::policy::BatchTemplate;
use crate::book::staff::{self, Right};
use crate::error::{AppError, AppResult, FieldError};
use crate::plumbing::crypto::{Field, Sealer};

/// Violations that a refusal names.
const NAMED_MAX: usize = 5;

/// What goes on a list.
#[derive(Clone, Debug)]
pub struct NewLine {
    pub subject_id: RowId,
    pub person_id: PersonId,
    pub name: String,
    pub number: String,
    pub amount: Fen,
    pub account_sealed: Option<Vec<u8>>,
    pub account_mask: String,
}

/// Draws up a list; `repeats` is the one whose failures it holds.
pub fn draw(
    act: &mut Act<'_>,
    (kind, year): (Kind, i32),
    repeats: Option<BatchId>,
    new: Vec<NewLine>,
) -> AppResult<Batch> {
    if new.is_empty() {
        return Err(AppError::refused("没有可以编进这一批的合同"));
    }
    let subjects: Vec<RowId> = new.iter().map(|line| line.subject_id).collect();
    let taken = store::running(act.db, act.scope, kind, &subjects)?;
    if !taken.is_empty() {
        let count = taken.len();
        return Err(AppError::refused(format!("其中 {count} 份合同已经在另一批里，没有编成")));
    }
    let office_code = act.by.office_code.clone();
    let batch = Batch {
        id: act.id(),
        office_code: office_code.clone(),
        kind,
        year,
        serial: store::next_serial(act.db, act.scope, kind, year)?,
        state: State::Draft,
        repeats_id: repeats,
        lines: count_of(&new),
        sum_fen: new.iter().map(|line| line.amount).sum(),
        seal: String::new(),
        frozen_by_id: None,
        version: 1,
    };
    let lines: Vec<Line> =
        (1..).zip(new).map(|(line, new)| of_new(act, &batch, line, new)).collect();
    store::insert(act.db, &batch, &lines)?;
    let repeated = repeats.map(|id| store::find(act.db, act.scope, id)).transpose()?;
    let note = repeated.map_or_else(String::new, |of| format!("重发 {} 发放失败的", of.number()));
    tell(act, &batch, ("batch_drawn", "编批"), &note)?;
    Ok(batch)
}

fn count_of<T>(of: &[T]) -> i32 {
    i32::try_from(of.len()).unwrap_or(i32::MAX)
}

fn of_new(act: &mut Act<'_>, batch: &Batch, line: i32, new: NewLine) -> Line {
    Line {
        id: act.id(),
        office_code: batch.office_code.clone(),
        batch_id: batch.id,
        kind: batch.kind,
        line,
        subject_id: new.subject_id,
        person_id: new.person_id,
        name: new.name,
        number: new.number,
        amount_fen: new.amount,
        account_sealed: new.account_sealed,
        account_mask: new.account_mask,
        ..Line::blank()
    }
}

/// Accounts in the clear, line by line; empty where there is none.
pub fn accounts(sealer: &Sealer, lines: &[Line]) -> AppResult<Vec<String>> {
    let open = |line: &Line| match &line.account_sealed {
        Some(sealed) => Ok(sealer.open_text(Field::Account, sealed)?),
        None => Ok(String::new()),
    };
    lines.iter().map(open).collect()
}

/// What the receiver would not take.
pub fn check(
    sealer: &Sealer,
    template: &BatchTemplate,
    lines: &[Line],
) -> AppResult<Vec<Violation>> {
    Ok(rules::check(template, lines, &accounts(sealer, lines)?))
}

/// A batch as a page showed it, when a step may be taken.
fn open(act: &mut Act<'_>, (id, version): (BatchId, i32), step: Step) -> AppResult<Batch> {
    let batch = store::find(act.db, act.scope, id)?;
    if batch.version != version {
        return Err(AppError::Changed);
    }
    allowed(&batch, step)?;
    Ok(batch)
}

fn allowed(batch: &Batch, step: Step) -> AppResult<State> {
    batch.state.after(step).ok_or_else(|| {
        let (state, step) = (batch.state.in_words(), step.in_words());
        AppError::refused(format!("这一批{state}，不能{step}"))
    })
}

fn keep(act: &mut Act<'_>, batch: &mut Batch, step: Step) -> AppResult<()> {
    batch.state = allowed(batch, step)?;
    batch.version += 1;
    store::replace(act.db, act.scope, batch)
}

/// A line in the batch's own history and in that of the office.
fn tell(
    act: &mut Act<'_>,
    batch: &Batch,
    (action, step): (&'static str, &str),
    note: &str,
) -> AppResult<()> {
    let row = StepRow {
        id: act.id(),
        office_code: batch.office_code.clone(),
        batch_id: batch.id,
        step: step.to_owned(),
        by_name: act.by.name.clone(),
        at: act.now,
        note: note.to_owned(),
    };
    store::add_step(act.db, &row)?;
    let (lines, sum) = (batch.lines, batch.sum_fen.to_page_text());
    let mut summary = format!("{step}，{} {lines} 笔，¥{sum}", batch.kind.in_words());
    if !note.is_empty() {
        summary = format!("{summary}。{note}");
    }
    act.audit(AuditEntry::of(action, &batch.number(), summary))
}

/// Refuses with the first of these.
pub fn refuse(violations: &[Violation]) -> AppResult<()> {
    if violations.is_empty() {
        return Ok(());
    }
    let one = |found: &Violation| match found.line {
        0 => format!("{}：{}", found.rule, found.words),
        line => format!("第 {line} 笔 {}，{}：{}", found.name, found.rule, found.words),
    };
    let first: Vec<String> = violations.iter().take(NAMED_MAX).map(one).collect();
    let (count, first) = (violations.len(), first.join("；"));
    Err(AppError::refused(format!("有 {count} 处不合格。{first}")))
}

/// Takes a line off.
pub fn remove(act: &mut Act<'_>, seen: (BatchId, i32), line: RowId) -> AppResult<Batch> {
    let mut batch = open(act, seen, Step::Remove)?;
    let lines = store::lines(act.db, act.scope, batch.id)?;
    let gone = lines.iter().find(|one| one.id == line).ok_or(AppError::Changed)?;
    if lines.len() == 1 {
        return Err(AppError::refused("这是最后一笔，整批不要的话请作废"));
    }
    store::remove_line(act.db, act.scope, line)?;
    batch.lines -= 1;
    batch.sum_fen -= gone.amount_fen;
    keep(act, &mut batch, Step::Remove)?;
    let note = format!("{}，合同 {}", gone.name, gone.number);
    tell(act, &batch, ("batch_line_removed", Step::Remove.in_words()), &note)?;
    Ok(batch)
}

/// Seals the list as the stage knows its lines now; `others` is what else is against them.
pub fn freeze(
    act: &mut Act<'_>,
    seen: (BatchId, i32),
    (template, mut lines, others): (&BatchTemplate, Vec<Line>, Vec<Violation>),
) -> AppResult<Batch> {
    let mut batch = open(act, seen, Step::Freeze)?;
    let mut violations = check(&act.parts.sealer, template, &lines)?;
    violations.extend(others);
    refuse(&violations)?;
    for (at, line) in (1..).zip(&mut lines) {
        line.line = at;
        line.seal = seal_of(&act.parts.sealer, &rules::sealed_text(line));
    }
    batch.seal = seal_of(&act.parts.sealer, &rules::sealed_whole(&lines));
    batch.lines = count_of(&lines);
    batch.sum_fen = lines.iter().map(|line| line.amount_fen).sum();
    batch.frozen_by_id = act.by.staff_id;
    store::put_lines(act.db, &lines)?;
    keep(act, &mut batch, Step::Freeze)?;
    tell(act, &batch, ("batch_frozen", Step::Freeze.in_words()), "")?;
    Ok(batch)
}

/// By the key of the program: somebody who changes a row cannot make its seal.
fn seal_of(sealer: &Sealer, text: &str) -> String {
    hex(&sealer.index(Field::Rights, text))
}

/// What was changed behind the back of a sealed list, in a sentence.
pub fn broken(sealer: &Sealer, batch: &Batch, lines: &[Line]) -> Option<String> {
    const ADVICE: &str = "没有继续办理，请退回修改，核对后重新提交";
    let is_other = |line: &&Line| line.seal != seal_of(sealer, &rules::sealed_text(line));
    if let Some(line) = lines.iter().find(is_other) {
        let (at, name) = (line.line, &line.name);
        return Some(format!("名单提交审批以后被改动过：第 {at} 笔 {name}。{ADVICE}"));
    }
    let is_whole = seal_of(sealer, &rules::sealed_whole(lines)) == batch.seal;
    let (was, now) = (batch.lines, lines.len());
    let words = format!("名单提交审批以后被改动过：提交时 {was} 笔，现在 {now} 笔。{ADVICE}");
    (!is_whole).then_some(words)
}

/// Lines of a sealed list.
///
/// # Errors
/// `Refused` when they are not what was frozen.
pub fn sealed_lines(act: &mut Act<'_>, batch: &Batch) -> AppResult<Vec<Line>> {
    let lines = store::lines(act.db, act.scope, batch.id)?;
    match broken(&act.parts.sealer, batch, &lines) {
        Some(why) => Err(AppError::refused(why)),
        None => Ok(lines),
    }
}

/// Approves, in the name of somebody with the right who did not freeze it.
pub fn approve(act: &mut Act<'_>, seen: (BatchId, i32)) -> AppResult<Batch> {
    needs_review(act)?;
    let mut batch = open(act, seen, Step::Approve)?;
    if batch.frozen_by_id.is_none() || batch.frozen_by_id == act.by.staff_id {
        return Err(AppError::refused("这一批是您提交的，要由另一个人批准"));
    }
    sealed_lines(act, &batch)?;
    keep(act, &mut batch, Step::Approve)?;
    tell(act, &batch, ("batch_approved", Step::Approve.in_words()), "")?;
    Ok(batch)
}

fn needs_review(act: &mut Act<'_>) -> AppResult<()> {
    let id = act.by.staff_id.ok_or(AppError::Forbidden)?;
    let role = staff::find(act.db, act.scope, id)?.role;
    if role.may(Right::Review) { Ok(()) } else { Err(AppError::Forbidden) }
}

/// Opens the list again, before it was sent: who froze it may, and who approves.
pub fn send_back(act: &mut Act<'_>, seen: (BatchId, i32), reason: &str) -> AppResult<Batch> {
    let mut batch = open(act, seen, Step::SendBack)?;
    if batch.frozen_by_id.is_none() || batch.frozen_by_id != act.by.staff_id {
        needs_review(act)?;
    }
    (batch.seal, batch.frozen_by_id) = (String::new(), None);
    keep(act, &mut batch, Step::SendBack)?;
    tell(act, &batch, ("batch_sent_back", Step::SendBack.in_words()), reason)?;
    Ok(batch)
}

/// It has gone to the receiver. The lines, for the stage.
pub fn send(act: &mut Act<'_>, seen: (BatchId, i32)) -> AppResult<(Batch, Vec<Line>)> {
    let mut batch = open(act, seen, Step::Send)?;
    let lines = sealed_lines(act, &batch)?;
    keep(act, &mut batch, Step::Send)?;
    tell(act, &batch, ("batch_sent", Step::Send.in_words()), "")?;
    Ok((batch, lines))
}

/// The day on which it was sent last.
fn sent_on(act: &mut Act<'_>, id: BatchId) -> AppResult<NaiveDate> {
    let steps = store::steps(act.db, act.scope, id)?;
    let sent = steps.iter().rfind(|row| row.step == Step::Send.in_words());
    Ok(sent.map_or(act.today, |row| local(row.at).date()))
}

/// Takes an answer, whole or not at all: what was paid and what failed, for the stage. One that
/// comes twice is known by its lines, whatever page it came from.
pub fn answer(act: &mut Act<'_>, id: BatchId, answers: &Answers) -> AppResult<(Batch, Decided)> {
    let mut batch = store::find(act.db, act.scope, id)?;
    if !matches!(batch.state, State::Answered | State::Closed) {
        allowed(&batch, Step::AnswerPart)?;
    }
    let lines = sealed_lines(act, &batch)?;
    is_of_batch(act, &batch, (&lines, answers))?;
    let days = (sent_on(act, id)?, act.today);
    let decided = answer::decide(&lines, &answers.rows, days).map_err(|wrong| {
        let one = |message| FieldError { field: "files".to_owned(), message };
        AppError::Invalid(wrong.into_iter().map(one).collect())
    })?;
    store::put_lines(act.db, &[decided.paid.as_slice(), &decided.failed].concat())?;
    let step = if decided.open == 0 { Step::AnswerAll } else { Step::AnswerPart };
    keep(act, &mut batch, step)?;
    let sum = |of: &[Line]| of.iter().map(|line| line.amount_fen).sum::<Fen>().to_page_text();
    let (paid, failed) = (&decided.paid, &decided.failed);
    let note = format!(
        "到账 {} 笔 ¥{}，发放失败 {} 笔 ¥{}，还有 {} 笔没有结果",
        paid.len(),
        sum(paid),
        failed.len(),
        sum(failed),
        decided.open
    );
    tell(act, &batch, ("batch_answered", step.in_words()), &note)?;
    Ok((batch, decided))
}

/// Refuses an answer to another list with a sentence that says to which.
fn is_of_batch(
    act: &mut Act<'_>,
    batch: &Batch,
    (lines, answers): (&[Line], &Answers),
) -> AppResult<()> {
    let own = batch.number();
    if let Some(other) = answers.batches.iter().find(|named| **named != own) {
        let what = format!("这份结果是 {other} 批的，现在打开的是 {own} 批，没有登记");
        return Err(AppError::field("files", what));
    }
    let is_own = |row: &answer::Row| lines.iter().any(|line| line.number == row.number);
    if answers.rows.iter().any(is_own) {
        return Ok(());
    }
    let numbers: Vec<String> = answers.rows.iter().map(|row| row.number.clone()).collect();
    let others = store::elsewhere(act.db, act.scope, (batch.id, batch.kind), &numbers)?;
    Err(AppError::field(
        "files",
        match others.first() {
            Some(other) => {
                let other = other.number();
                format!("这份结果里的合同都在 {other} 批，不在这一批，没有登记")
            }
            None => "这份结果里没有一份合同在这一批，像是别的县或者别的银行的，没有登记".to_owned(),
        },
    ))
}

/// Closes an answered batch; money out is money in.
pub fn close(act: &mut Act<'_>, seen: (BatchId, i32), reason: &str) -> AppResult<Batch> {
    let mut batch = open(act, seen, Step::Close)?;
    let lines = sealed_lines(act, &batch)?;
    let sum = |state| -> Fen {
        lines.iter().filter(|line| line.state == state).map(|line| line.amount_fen).sum()
    };
    let (paid, failed) = (sum(LineState::Paid), sum(LineState::Failed));
    if paid + failed != batch.sum_fen {
        let all = [batch.sum_fen, paid, failed].map(Fen::to_page_text);
        let [all, paid, failed] = all;
        let what = format!("送出 ¥{all}，到账 ¥{paid} 加发放失败 ¥{failed} 对不上，不能关闭");
        return Err(AppError::refused(what));
    }
    keep(act, &mut batch, Step::Close)?;
    store::release(act.db, act.scope, batch.id)?;
    tell(act, &batch, ("batch_closed", Step::Close.in_words()), reason)?;
    Ok(batch)
}

/// Gives a list up that was not sent; its subjects are free.
pub fn give_up(act: &mut Act<'_>, seen: (BatchId, i32), reason: &str) -> AppResult<Batch> {
    let mut batch = open(act, seen, Step::Drop)?;
    keep(act, &mut batch, Step::Drop)?;
    store::release(act.db, act.scope, batch.id)?;
    tell(act, &batch, ("batch_dropped", Step::Drop.in_words()), reason)?;
    Ok(batch)
}

/// Writes down that somebody took the file along, numbers in full.
pub fn take_file(act: &mut Act<'_>, batch: &Batch, format: &str) -> AppResult<()> {
    let note = format!("{format}，账号未遮盖");
    tell(act, batch, ("batch_file_taken", "下载名单"), &note)
}
