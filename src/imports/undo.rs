//! Takes an import back as a whole: money by counter-events, details to what stood there before,
//! new rows away where nothing else stands on them. Worked out first ([`work_out`], a dry run),
//! then done in one write ([`undo`]), so nothing is ever half done. Refused, with the rows named,
//! where something later stands on what the import wrote; never guesses around it.
//!
//! Events are never deleted, so a contract on which anything was booked stays: its pay-out is
//! reversed and it is marked 已撤销, as the bank says it of a contract that is withdrawn.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDateTime;

use super::kinds;
use super::leaning;
use super::named::Names;
use super::records::AnyUndone;
use super::store::{self, ImportJob, NOT_COMPARED};
use super::undone::{self, Rows};
use super::written::{self, Versioned, Written};
use crate::app::App;
use crate::base::dates::in_words;
use crate::base::ids::{EventId, FileId, ImportId, LoanId, PersonId, PhoneId, RowId};
use crate::base::scope::Scope;
use crate::book::act::{self, Act, Happened};
use crate::book::audit_log::{Actor, AuditEntry};
use crate::book::bank::{self, BankFigure};
use crate::book::early_repayment;
use crate::book::events::{self, EventRow, Origin};
use crate::book::loan::{self, Loan, LoanFile};
use crate::book::person::{self, Person, Phone};
use crate::book::statement::{Event, EventKind};
use crate::book::{bank_difference, payments_known, position};
use crate::error::{AppError, AppResult};
use crate::imports::layout::Layout;
use crate::imports::layout::words::ContractState;
use crate::life::receipt::store as receipt;
use crate::plumbing::db::Db;

/// What undoing an import comes to.
#[derive(Default)]
pub struct Undoing {
    people: Rows<Person>,
    phones: Rows<Phone>,
    files: Rows<LoanFile>,
    loans: Rows<Loan>,
    figures: Rows<BankFigure>,
    lists: Vec<Box<dyn AnyUndone>>,
    /// Counter-events, and payments that stand again.
    events: Vec<EventRow>,
    /// Figures as they will be.
    figures_after: Vec<BankFigure>,
    touched: BTreeSet<LoanId>,
    /// What it would do, a line each.
    pub lines: Vec<String>,
    /// How far payments are known afterwards, in a sentence; empty when that stays.
    pub known: String,
    /// What it leaves as it is although it belongs together, a sentence each.
    pub beside: Vec<String>,
    /// What stands on it, a line each; not empty: it cannot be undone.
    pub against: Vec<String>,
}

impl Undoing {
    /// How much of what it comes to, in the order of a page.
    pub fn counts(&self) -> Vec<(&'static str, usize)> {
        let restored = self.people.restored.len()
            + self.files.restored.len()
            + self.loans.restored.len()
            + self.lists.iter().map(|rows| rows.restored()).sum::<usize>();
        let lists = self.lists.iter().map(|rows| rows.fresh()).sum();
        let figures =
            self.figures.fresh.len() + self.figures.restored.len() + self.figures.gone.len();
        let reversed = self.events.iter().filter(|event| event.kind == "reversed").count();
        vec![
            ("冲销的入账", reversed),
            ("重新入账的原有还款", self.events.len() - reversed),
            ("恢复原样的银行数字", figures),
            ("恢复原内容的资料", restored),
            ("撤销的合同", self.loans.fresh.len()),
            ("删除的名单行", lists),
            ("新建的档案（没有其他记录的删除）", self.files.fresh.len()),
            ("新建的人员（没有其他记录的删除）", self.people.fresh.len()),
        ]
    }
}

/// In whose name, when, of what.
struct Undo<'a> {
    app: &'a App,
    scope: &'a Scope,
    by: &'a Actor,
    now: NaiveDateTime,
    import: ImportId,
    names: Names,
}

/// Why an import as it is now cannot be undone, whatever it wrote.
pub fn refusal(job: &ImportJob) -> Option<&'static str> {
    match job.state.as_str() {
        _ if job.undone_at.is_some() => Some("这份表已经撤销过了。"),
        "posting" => Some("这份表正在入账，请先停止，等它停下以后再撤销。"),
        "posted" | "stopped" => None,
        _ => Some("这份表没有入账，不用撤销，放弃就可以。"),
    }
}

/// Works out what undoing an import would come to. Writes nothing.
pub fn work_out(
    app: &App,
    db: &mut Db,
    scope: &Scope,
    by: &Actor,
    job: &ImportJob,
) -> AppResult<Undoing> {
    let now = app.clock.now_at();
    let all = written::of_import(db, job.id)?;
    let names = Names::of(db, app, scope, &all)?;
    let undo = Undo { app, scope, by, now, import: job.id, names };
    let mut found = Undoing { beside: staying(db, scope, job)?, ..Undoing::default() };
    if all.is_empty() && job.new_rows + job.changed_rows > 0 {
        found
            .against
            .push("这份表是程序升级以前入账的，没有记下原来的内容，不能整份撤销。".to_owned());
        return Ok(found);
    }
    undo.people(db, &all, &mut found)?;
    for undone in kinds::records() {
        found.lists.push(undone(&app.sealer, db, scope, &all, &mut found.against)?);
    }
    undo.money(db, &all, &mut found)?;
    found.known = known_after(app, db, scope, (job, &found))?;
    leaning::on_files(db, scope, &found.files.fresh, &undo.names, &mut found.against)?;
    Ok(found)
}

/// Until when payments are known after the list is taken back, and how many families await the
/// bank again.
fn known_after(
    app: &App,
    db: &mut Db,
    scope: &Scope,
    (job, found): (&ImportJob, &Undoing),
) -> AppResult<String> {
    let Some((_, rest)) = payments_known::without_list(db, scope, job.id)? else {
        return Ok(String::new());
    };
    let today = app.clock.today();
    let figures = found.figures.fresh.iter();
    let figures = figures.chain(found.figures.restored.iter().map(|(_, now)| now));
    let open = figures.filter(|one| one.due_on.is_some_and(|due_on| rest < Some(due_on)));
    let loans: BTreeSet<LoanId> = open.map(|one| one.loan_id).collect();
    let loans = loan::by_ids(db, scope, &loans.into_iter().collect::<Vec<_>>())?;
    let files: BTreeSet<FileId> = loans.iter().map(|one| one.file_id).collect();
    let back = rest.map_or_else(
        || "撤销以后没有银行的还款数据".to_owned(),
        |day| format!("“银行数据截至”退回到 {}", in_words(day, today)),
    );
    Ok(format!(
        "{back}：在这以后到期的 {} 户重新待银行结果，不再算已还或逾期，没有发出的提醒也停下。",
        files.len()
    ))
}

/// Lists of who is overdue that came with these payments or after them: their figures are the
/// bank's own and stand on nothing of ours, so they keep no list of payments from being undone.
fn staying(db: &mut Db, scope: &Scope, job: &ImportJob) -> AppResult<Vec<String>> {
    if job.layout != Layout::REPAYMENTS.as_text() {
        return Ok(Vec::new());
    }
    let lists = store::posted_as(db, scope, Layout::OVERDUE.as_text())?;
    let stays = |list: &&ImportJob| list.as_of >= job.as_of && list.product == job.product;
    Ok(lists.iter().filter(stays).map(|list| {
        let day = list.as_of.map_or_else(String::new, |day| format!("（截至 {day}）"));
        format!(
            "“{}”{day}留着不动：逾期名单是银行自己的数字，不靠这份还款明细。撤销以后我们这边少了\
             这些还款，会与它对不上，列在“与银行核对”里。",
            list.file_name
        )
    }).collect())
}

/// Undoes an import, or tells what stands against it. `Refused` when it cannot be undone now.
pub fn undo(
    app: &App,
    scope: &Scope,
    by: &Actor,
    id: ImportId,
    reason: &str,
) -> AppResult<Result<(), Undoing>> {
    let done = act::run(app, (by, scope), "import undo", |act| {
        let mut job = store::find(act.db, scope, id)?;
        if let Some(why) = refusal(&job) {
            return Err(AppError::refused(why));
        }
        let found = work_out(app, act.db, scope, by, &job)?;
        if !found.against.is_empty() {
            return Ok(Err(found));
        }
        let (now, today) = (act.now, act.today);
        // What this list told of how far payments are known does not hold any more.
        let of_list = payments_known::Which::OfImport(id);
        if payments_known::withdraw(act.db, scope, of_list, (now, &by.name))? > 0 {
            position::outdate(act.db, scope, today, today)?;
        }
        carry_out(app, act, found)?;
        job.state = "posted".to_owned();
        (job.undone_at, job.undone_by) = (Some(now), by.name.clone());
        (job.problem, job.leased_until, job.updated_at) = (String::new(), None, now);
        job.differences = NOT_COMPARED;
        store::save(act.db, &job)?;
        act.audit(AuditEntry {
            action: "import_undone",
            subject: job.file_name.clone(),
            summary: format!("撤销导入“{}”", job.file_name),
            reason: reason.to_owned(),
            ..AuditEntry::default()
        })?;
        Ok(Ok(()))
    })?;
    app.note_change();
    Ok(done)
}

impl Undo<'_> {
    fn people(&self, db: &mut Db, all: &[Written], found: &mut Undoing) -> AppResult<()> {
        let (scope, against) = (self.scope, &mut found.against);
        let people: Vec<PersonId> =
            undone::ids::<Person>(all).into_iter().map(PersonId::new).collect();
        let now = person::by_ids(db, scope, &people)?;
        let name = |one: &Person| format!("{}（{}）的资料", one.name, one.id_mask);
        found.people = undone::rows(&self.app.sealer, all, now, name, against)?;
        let phones: Vec<PhoneId> =
            undone::ids::<Phone>(all).into_iter().map(PhoneId::new).collect();
        let now = person::phones_by_ids(db, scope, &phones)?;
        let name = |one: &Phone| format!("手机 {}", one.phone_mask);
        found.phones = undone::rows(&self.app.sealer, all, now, name, against)?;
        let files: Vec<FileId> =
            undone::ids::<LoanFile>(all).into_iter().map(FileId::new).collect();
        let now = loan::files_by_ids(db, scope, &files)?.into_values().collect();
        let names = &self.names;
        let name = |one: &LoanFile| names.file(one.id).to_owned();
        found.files = undone::rows(&self.app.sealer, all, now, name, against)?;
        let loans: Vec<LoanId> = undone::ids::<Loan>(all).into_iter().map(LoanId::new).collect();
        let now = loan::by_ids(db, scope, &loans)?;
        let name = |one: &Loan| names.loan(one.id).to_owned();
        found.loans = undone::rows(&self.app.sealer, all, now, name, against)?;
        found.touched.extend(loans);
        let lines = &mut found.lines;
        lines.extend(
            found.people.restored.iter().map(|(one, _)| format!("恢复 {} 的资料", one.name)),
        );
        lines.extend(
            found.files.restored.iter().map(|(one, _)| format!("恢复{}", names.file(one.id))),
        );
        lines.extend(
            found.loans.restored.iter().map(|(one, _)| format!("恢复{}", names.loan(one.id))),
        );
        lines.extend(found.loans.fresh.iter().map(|one| format!("撤销{}", names.loan(one.id))));
        Ok(())
    }

    /// Figures back to what they were, and with them the events that stand for them.
    fn money(&self, db: &mut Db, all: &[Written], found: &mut Undoing) -> AppResult<()> {
        let (scope, names) = (self.scope, &self.names);
        let rows: Vec<RowId> = undone::ids::<BankFigure>(all).into_iter().map(RowId::new).collect();
        let now = bank::by_ids(db, scope, &rows)?;
        let name = |one: &BankFigure| {
            let day = one.due_on.unwrap_or(one.as_of);
            format!("{}：{day} 的银行数据（第 {} 行）", names.loan(one.loan_id), one.line)
        };
        found.figures = undone::told_apart(&self.app.sealer, all, now, &name, &mut found.against)?;
        let later = leaning::later_lists(db, scope, &found.figures.later, &name)?;
        found.against.extend(later);
        let keys: Vec<String> = found.figures.gone.iter().map(|one| one.row_key.clone()).collect();
        let later = bank::by_key(db, scope, &keys)?;
        found.against.extend(later.values().map(|one| format!("{}：后来又导入过", name(one))));
        let figures = &found.figures;
        let of_figures = figures.restored.iter().map(|(one, _)| one).chain(&figures.fresh);
        found.touched.extend(of_figures.chain(&figures.gone).map(|one| one.loan_id));
        let pay_outs: Vec<EventId> =
            undone::ids::<EventRow>(all).into_iter().map(EventId::new).collect();
        let pay_outs = events::by_ids(db, scope, &pay_outs)?;
        found.touched.extend(pay_outs.iter().map(|event| event.loan_id));
        let touched: Vec<LoanId> = found.touched.iter().copied().collect();
        let mut life =
            Life { undo: self, all: events::of_loans(db, scope, &touched)?, new: vec![] };
        for (before, now) in &found.figures.restored {
            let mut after = before.clone();
            after.event_id = now.event_id;
            if before.event_id != now.event_id {
                life.reverse(now.loan_id, now.event_id);
                after.event_id = life.revive(now.loan_id, before.event_id);
            }
            found.figures_after.push(after);
        }
        for fresh in &found.figures.fresh {
            life.reverse(fresh.loan_id, fresh.event_id);
            life.revive_answer(fresh.loan_id);
        }
        for gone in &found.figures.gone {
            let mut after = gone.clone();
            after.event_id = life.revive(gone.loan_id, gone.event_id);
            found.figures_after.push(after);
        }
        for event in &pay_outs {
            life.reverse(event.loan_id, Some(event.id));
        }
        let own: BTreeSet<RowId> = rows.into_iter().collect();
        let fresh: Vec<LoanId> = found.loans.fresh.iter().map(|loan| loan.id).collect();
        for figure in bank::figures_of(db, scope, &fresh)? {
            if !own.contains(&figure.id) {
                found.against.push(format!("{}，是别的导入带来的", name(&figure)));
            }
        }
        for loan in &found.loans.fresh {
            found.against.extend(life.standing(loan.id).map(|event| {
                format!("{}：{} 还有一笔入账", names.loan(loan.id), event.effective_on)
            }));
        }
        found.lines.extend(life.new.iter().map(|event| life.line(event)));
        found.events = life.new;
        Ok(())
    }
}

/// The events of the contracts at hand, with those that the undoing appends.
struct Life<'a> {
    undo: &'a Undo<'a>,
    all: HashMap<LoanId, Vec<EventRow>>,
    new: Vec<EventRow>,
}

impl Life<'_> {
    fn of(&self, loan: LoanId) -> impl Iterator<Item = &EventRow> {
        let own = self.new.iter().filter(move |event| event.loan_id == loan);
        self.all.get(&loan).into_iter().flatten().chain(own)
    }

    fn standing(&self, loan: LoanId) -> impl Iterator<Item = &EventRow> {
        let undone: BTreeSet<EventId> =
            self.of(loan).filter_map(|event| event.reverses_id).collect();
        self.of(loan)
            .filter(move |event| event.reverses_id.is_none() && !undone.contains(&event.id))
    }

    fn find(&self, loan: LoanId, id: Option<EventId>) -> Option<(EventRow, bool)> {
        let event = self.of(loan).find(|event| Some(event.id) == id)?.clone();
        let stands = self.standing(loan).any(|other| other.id == event.id);
        Some((event, stands))
    }

    fn origin(&self, channel: String, command_key: String) -> Origin {
        Origin {
            channel,
            bank_ref: String::new(),
            source: format!("撤销导入 {}", self.undo.import),
            command_key,
            recorded_by: self.undo.by.staff_id,
        }
    }

    fn reverse(&mut self, loan: LoanId, id: Option<EventId>) {
        let Some((event, true)) = self.find(loan, id) else { return };
        // The desk had it from the bank before the list came.
        if early_repayment::is_answer(&event) {
            return;
        }
        let kind = EventKind::Reversed { of: event.id };
        let id = EventId::new(self.undo.app.next_id());
        let reversal = Event { id, on: event.effective_on, recorded_at: None, kind };
        let origin = self.origin(String::new(), format!("reversed:{}", event.id));
        let row = EventRow::new(&event.office_code, loan, &reversal, self.undo.now, origin);
        self.new.push(row);
    }

    /// What the desk had from the bank stands again, where the list had put its own in its place.
    fn revive_answer(&mut self, loan: LoanId) {
        let source = format!("import {} line ", self.undo.import);
        let key = |event: &EventRow| format!("undo:{}:{}", self.undo.import, event.id);
        let is_replaced = |event: &EventRow| {
            let by = |other: &EventRow| {
                other.reverses_id == Some(event.id) && other.source.starts_with(&source)
            };
            self.of(loan).any(by) && !self.of(loan).any(|other| other.command_key == key(event))
        };
        let answers = self.of(loan).filter(|event| early_repayment::is_answer(event));
        let id = answers.into_iter().find(|event| is_replaced(event)).map(|event| event.id);
        if id.is_some() {
            self.revive(loan, id);
        }
    }

    /// What had stood before stands again: as it is, or as a copy when it was reversed.
    fn revive(&mut self, loan: LoanId, id: Option<EventId>) -> Option<EventId> {
        let (event, stands) = self.find(loan, id)?;
        if stands {
            return Some(event.id);
        }
        let key = format!("undo:{}:{}", self.undo.import, event.id);
        let origin = self.origin(event.channel.clone(), key);
        let copy = EventRow {
            id: EventId::new(self.undo.app.next_id()),
            source: origin.source,
            command_key: origin.command_key,
            recorded_at: self.undo.now,
            recorded_by: origin.recorded_by,
            ..event
        };
        let id = copy.id;
        self.new.push(copy);
        Some(id)
    }

    fn line(&self, event: &EventRow) -> String {
        let whose = self.undo.names.loan(event.loan_id);
        let meant = match event.reverses_id {
            Some(_) => self.of(event.loan_id).find(|one| Some(one.id) == event.reverses_id),
            None => Some(event),
        };
        let amount = meant.and_then(|one| one.amount_fen);
        let amount = amount.map_or_else(|| "全部结清".to_owned(), |fen| fen.to_page_text());
        let verb = if event.reverses_id.is_some() { "冲销" } else { "重新入账" };
        format!("{whose}：{verb} {} 的 {amount}", event.effective_on)
    }
}

fn carry_out(app: &App, act: &mut Act<'_>, mut found: Undoing) -> AppResult<()> {
    let scope = act.scope;
    events::append_all(act.db, scope, &found.events)?;
    let gone: Vec<RowId> = found.figures.fresh.iter().map(|one| one.id).collect();
    bank::remove_figures(act.db, scope, &gone)?;
    bank::put_figures(act.db, &found.figures_after)?;
    for rows in std::mem::take(&mut found.lists) {
        rows.put_back(act.db, scope)?;
    }
    put_people_back(act.db, scope, &mut found, act.now)?;
    let touched: Vec<LoanId> = found.touched.into_iter().collect();
    bank_difference::put(act.db, scope, &touched, &[])?;
    position::refresh(act.db, scope, &app.basis(), &touched, act.today)?;
    act.happened(&Happened::Refigured(&touched))?;
    let (files, phones, people) = (&found.files.fresh, &found.phones.fresh, &found.people.fresh);
    leaning::remove_alone(act.db, scope, files, phones, people)
}

fn put_people_back(
    db: &mut Db,
    scope: &Scope,
    found: &mut Undoing,
    at: NaiveDateTime,
) -> AppResult<()> {
    fn restored<T: Versioned>(rows: &mut Rows<T>, at: NaiveDateTime) -> Vec<T> {
        let restored = std::mem::take(&mut rows.restored).into_iter();
        let newer = |(mut before, now): (T, T)| {
            before.set_version(now.version() + 1, at);
            before
        };
        restored.map(newer).collect()
    }
    person::replace_all(db, &restored(&mut found.people, at))?;
    loan::replace_files(db, &restored(&mut found.files, at))?;
    let mut loans = restored(&mut found.loans, at);
    let fresh: Vec<LoanId> = found.loans.fresh.iter().map(|loan| loan.id).collect();
    let life = events::of_loans(db, scope, &fresh)?;
    let receipts = receipt::of(db, scope, &fresh)?;
    let mut untouched = Vec::new();
    for mut one in std::mem::take(&mut found.loans.fresh) {
        let is_receipted = receipts.iter().any(|receipt| receipt.loan_id == Some(one.id));
        if life.contains_key(&one.id) || is_receipted {
            one.bank_state = ContractState::Cancelled.to_chinese().to_owned();
            one.set_version(one.version + 1, at);
            loans.push(one);
        } else {
            untouched.push(one.id);
        }
    }
    loan::replace_all(db, &loans)?;
    found.touched.retain(|loan| !untouched.contains(loan));
    bank_difference::put(db, scope, &untouched, &[])?;
    position::remove(db, scope, &untouched, &[])?;
    loan::remove_all(db, scope, &untouched)
}
