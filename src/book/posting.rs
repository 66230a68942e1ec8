//! 记账: an event of a contract that one person proposes and another approves: money that came by
//! another way, a counter-entry, a deferral, the bank's word. A stage proposes and checks; what is
//! approved is appended here and stands in every figure in the same write. Writes `posting`.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};

use crate::base::choice::Choice;
use crate::base::ids::{EventId, FileId, LoanId, RowId, text_enum};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::act::{Act, Happened};
use crate::book::audit_log::AuditEntry;
use crate::book::events::{self, EventRow, Origin};
use crate::book::loan;
use crate::book::position;
use crate::book::review::{self, Fact, Proposal, Review};
use crate::book::statement::{Event, EventKind};
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{self, loan_file, person};

/// How the `command_key` of an event that came this way begins.
pub const KEY: &str = "posting ";

text_enum! {
    Kind {
        Correction = "correction", "按银行更正";
        Payment = "payment", "手工入账";
        Reversal = "reversal", "冲正";
        Deferral = "deferral", "延期还本";
        Relief = "relief", "还款救助";
    }
}

text_enum! {
    State {
        Submitted = "submitted", "待复核";
        Returned = "returned", "退回补正";
        Refused = "refused", "不同意";
        Approved = "approved", "已记账";
        Withdrawn = "withdrawn", "已撤回";
    }
}

/// A proposal with what became of it; it is never removed.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = schema::posting,
    treat_none_as_default_value = false,
    treat_none_as_null = true
)]
pub struct Posting {
    pub id: RowId,
    pub office_code: String,
    pub loan_id: LoanId,
    pub kind: Kind,
    /// What will be recorded, in one sentence.
    pub words: String,
    /// The event: an [`EventRow`] as JSON.
    pub event: String,
    /// Where it comes from: `desk`, or the imports of the bank's figures.
    pub source: String,
    /// Voucher, reason, or with whom it was cleared up.
    pub note: String,
    pub state: State,
    /// Why it went back or was refused.
    pub reason: String,
    pub staff_name: String,
    pub updated_at: NaiveDateTime,
    pub decided_by: String,
    pub decided_at: Option<NaiveDateTime>,
    pub version: i32,
}

impl Posting {
    /// The event that is to be recorded; its identity is given when it is.
    pub fn event(&self) -> AppResult<EventRow> {
        serde_json::from_str(&self.event).map_err(AppError::broken)
    }
}

/// Whose contract it is.
#[derive(Clone, Debug)]
pub struct Whose {
    pub loan: LoanId,
    pub file: FileId,
    pub office_code: String,
    pub name: String,
    pub contract_no: String,
}

pub fn whose(db: &mut Db, scope: &Scope, id: LoanId) -> AppResult<Whose> {
    let (file, office_code, name, contract_no) = schema::loan::table
        .inner_join(loan_file::table)
        .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
        .filter(scope.holds(schema::loan::office_code))
        .filter(schema::loan::id.eq(id))
        .select((loan_file::id, schema::loan::office_code, person::name, schema::loan::contract_no))
        .first(db)?;
    Ok(Whose { loan: id, file, office_code, name, contract_no })
}

/// What a stage proposes for one contract.
#[derive(Clone, Debug)]
pub struct New {
    pub kind: Kind,
    pub words: String,
    pub on: NaiveDate,
    pub event: EventKind,
    /// How the money came; empty for what is no money.
    pub channel: String,
    pub source: String,
    pub note: String,
    pub amount: Option<Fen>,
    /// Where it can be read, and what the second person reads of it there.
    pub link: String,
    pub facts: Vec<Fact>,
    pub exceptions: Vec<String>,
}

pub fn find(db: &mut Db, scope: &Scope, id: RowId) -> AppResult<Posting> {
    Ok(schema::posting::table
        .filter(scope.holds(schema::posting::office_code))
        .filter(schema::posting::id.eq(id))
        .select(Posting::as_select())
        .get_result(db)?)
}

/// Those of these contracts, the newest first.
pub fn of_loans(db: &mut Db, scope: &Scope, loans: &[LoanId]) -> AppResult<Vec<Posting>> {
    Ok(schema::posting::table
        .filter(scope.holds(schema::posting::office_code))
        .filter(schema::posting::loan_id.eq_any(loans))
        .order(schema::posting::id.desc())
        .select(Posting::as_select())
        .load(db)?)
}

/// Asks somebody else to have an event recorded.
///
/// # Errors
/// Refused when one of the contract waits already, or the contract cannot be computed with it.
pub fn propose(act: &mut Act<'_>, whose: &Whose, new: New) -> AppResult<RowId> {
    let known = of_loans(act.db, act.scope, &[whose.loan])?;
    if known.iter().any(|one| one.state == State::Submitted) {
        let no = &whose.contract_no;
        return Err(AppError::refused(format!("合同 {no} 已经有一笔在等复核，等它办完再来")));
    }
    let event = Event { id: EventId::new(0), on: new.on, recorded_at: None, kind: new.event };
    let origin = Origin { channel: new.channel, ..Origin::default() };
    let event = EventRow::new(&whose.office_code, whose.loan, &event, act.now, origin);
    let row = Posting {
        id: act.id(),
        office_code: whose.office_code.clone(),
        loan_id: whose.loan,
        kind: new.kind,
        words: new.words,
        event: serde_json::to_string(&event).map_err(AppError::broken)?,
        source: new.source,
        note: new.note,
        state: State::Submitted,
        reason: String::new(),
        staff_name: act.by.name.clone(),
        updated_at: act.now,
        decided_by: String::new(),
        decided_at: None,
        version: 1,
    };
    check(act, &row)?;
    match diesel::insert_into(schema::posting::table).values(&row).execute(act.db) {
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            return Err(AppError::Conflict("another posting of this contract came first".into()));
        }
        other => other?,
    };
    let proposal = Proposal {
        kind: review::Kind::Posting,
        subject_id: row.id,
        link: new.link,
        name: whose.name.clone(),
        summary: format!("{}，合同 {}：{}", row.kind.in_words(), whose.contract_no, row.words),
        amount: new.amount,
        facts: new.facts,
        steps: vec![Choice::new("check", "核对依据")],
        exceptions: new.exceptions,
        file_id: Some(whose.file),
    };
    review::propose(act, proposal)?;
    audit(act, whose, &row, "posting_submitted", "提交")?;
    Ok(row.id)
}

/// The contract with the event can be computed.
fn check(act: &mut Act<'_>, row: &Posting) -> AppResult<()> {
    let loans = loan::by_ids(act.db, act.scope, &[row.loan_id])?;
    let loan = loans.first().ok_or(AppError::NotFound)?;
    let mut life = events::of_loans(act.db, act.scope, &[row.loan_id])?;
    let mut life = life.remove(&row.loan_id).unwrap_or_default();
    let last = life.iter().map(|event| event.id.get()).max().unwrap_or_default();
    life.push(EventRow { id: EventId::new(last.saturating_add(1)), ..row.event()? });
    let basis = act.parts.basis();
    position::statement_of(loan, &life, &basis, act.today).map_err(|error| match error {
        AppError::Refused(why) => AppError::refused(format!("这一笔不能记：{why}")),
        other => other,
    })?;
    Ok(())
}

fn audit(
    act: &mut Act<'_>,
    whose: &Whose,
    row: &Posting,
    action: &'static str,
    what: &str,
) -> AppResult<()> {
    let kind = row.kind.in_words();
    let summary = format!("{what}{kind}，合同 {}：{}", whose.contract_no, row.words);
    let entry = AuditEntry::of(action, &whose.name, summary).on_file(whose.file);
    act.audit(AuditEntry { reason: row.note.clone(), ..entry })
}

/// What a review of a posting has come to: its row, with the event recorded when it is approved;
/// nothing when the review is of something else, or of a kind that another stage proposes.
pub fn decided(act: &mut Act<'_>, review: &Review, own: &[Kind]) -> AppResult<Option<Posting>> {
    if review.kind != review::Kind::Posting {
        return Ok(None);
    }
    let mut row = find(act.db, act.scope, review.subject_id)?;
    if !own.contains(&row.kind) {
        return Ok(None);
    }
    row.state = match review.state {
        review::State::Approved => State::Approved,
        review::State::Returned => State::Returned,
        review::State::Refused => State::Refused,
        review::State::Withdrawn => State::Withdrawn,
        review::State::Open => return Ok(None),
    };
    row.version += 1;
    row.updated_at = act.now;
    row.reason.clone_from(&review.reason);
    if row.state != State::Withdrawn {
        row.decided_by.clone_from(&review.decided_by);
        row.decided_at = Some(act.now);
    }
    diesel::update(schema::posting::table.filter(schema::posting::id.eq(row.id)))
        .set(&row)
        .execute(act.db)?;
    if row.state == State::Approved {
        record(act, &row)?;
    }
    Ok(Some(row))
}

fn record(act: &mut Act<'_>, row: &Posting) -> AppResult<()> {
    check(act, row)?;
    let whose = whose(act.db, act.scope, row.loan_id)?;
    let event = EventRow {
        id: act.id(),
        recorded_at: act.now,
        recorded_by: act.by.staff_id,
        source: row.source.clone(),
        command_key: format!("{KEY}{}", row.id),
        ..row.event()?
    };
    events::append(act.db, act.scope, event)?;
    let (loans, basis) = ([row.loan_id], act.parts.basis());
    position::refresh(act.db, act.scope, &basis, &loans, act.today)?;
    act.happened(&Happened::Refigured(&loans))?;
    audit(act, &whose, row, "posted", "")
}
