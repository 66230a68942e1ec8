//! The bank's answer: entered by one person, confirmed by another; then the contract has its event.

use chrono::NaiveDate;

use super::rules::{self, Answer, Outcome, State};
use super::steps::{self, audit, booked};
use super::store::{self, EarlyRepayment};
use crate::base::choice::Choice;
use crate::base::dates::in_words;
use crate::base::ids::{EventId, RowId};
use crate::base::money::Fen;
use crate::book::act::{Act, Happened};
use crate::book::early_repayment::{CHANNEL, Needed, needed};
use crate::book::events::{self, EventRow, Origin};
use crate::book::file::Contract;
use crate::book::position;
use crate::book::review::{self, Fact, Proposal, Review};
use crate::book::statement::{Event, EventKind};
use crate::error::{AppError, AppResult};
use crate::web::fields::Seen;

/// Writes the answer down and asks somebody else.
pub fn answer(act: &mut Act<'_>, seen: Seen<RowId>, of: &Answer) -> AppResult<()> {
    let mut row = steps::open(act, seen)?;
    match row.state {
        State::Open | State::Lapsed => {}
        State::Answered => return Err(AppError::refused("已经登记过结果，正在等别人复核")),
        State::Paid | State::Unpaid | State::Withdrawn => return Err(AppError::Changed),
    }
    if row.settles_on > act.today {
        let on = in_words(row.settles_on, act.today);
        return Err(AppError::refused(format!("扣款日是{on}，还没有到，银行还没有结果")));
    }
    let others = store::open_of_file(act.db, act.scope, row.file_id)?;
    if others.iter().any(|one| one.loan_id == row.loan_id && one.id != row.id) {
        return Err(AppError::refused("这份合同已经有新的申请，先撤回新的，再登记这一笔的结果"));
    }
    let basis = act.parts.basis();
    let contract = steps::contract(act.db, act.scope, &basis, (row.loan_id, act.today))?;
    let on = of.on.unwrap_or(row.settles_on);
    let is_booked = booked(&contract.rows, &row).is_some();
    let needed = match is_booked {
        true => Needed { total: of.amount.unwrap_or_default(), ..Needed::default() },
        false => needed(&contract, &basis, (on, row.part_fen))?,
    };
    let principal = row.part_fen.unwrap_or(needed.principal);
    let errors = rules::check_answer(of, (row.requested_on, act.today), principal);
    if !errors.is_empty() {
        return Err(AppError::Invalid(errors));
    }
    row.state = State::Answered;
    row.is_debited = Some(of.outcome == Outcome::Debited);
    (row.debited_on, row.debited_fen) = (of.on, of.amount);
    row.reason.clone_from(&of.reason);
    store::replace(act.db, &row)?;
    audit(act, &row, "early_answered", "登记结果")?;
    propose(act, &row, of, (&contract, is_booked, needed.total))
}

fn propose(
    act: &mut Act<'_>,
    row: &EarlyRepayment,
    of: &Answer,
    (contract, is_booked, needed): (&Contract, bool, Fen),
) -> AppResult<()> {
    let (_, name) = steps::whose(act.db, act.scope, row.file_id)?;
    let summary = steps::summary(row, &contract.loan.contract_no, act.today);
    let proposal = Proposal {
        kind: review::Kind::EarlyResult,
        subject_id: row.id,
        link: format!("/early-repayments/{}", row.id),
        name,
        summary: format!("{summary}：{}", of.outcome.in_words()),
        amount: of.amount,
        facts: facts(row, of, (contract, is_booked, needed), act.today),
        steps: vec![Choice::new("result", "扣款结果")],
        exceptions: rules::exceptions(of, (row.settles_on, act.today), needed),
        file_id: Some(row.file_id),
    };
    review::propose(act, proposal)?;
    Ok(())
}

fn facts(
    row: &EarlyRepayment,
    of: &Answer,
    (contract, is_booked, needed): (&Contract, bool, Fen),
    today: NaiveDate,
) -> Vec<Fact> {
    let yuan = |fen: Fen| format!("¥{}", fen.to_page_text());
    let mut facts = vec![
        Fact::new("合同编号", &contract.loan.contract_no),
        Fact::new("申请", row.what()),
        Fact::new("扣款日", in_words(row.settles_on, today)),
        Fact::new("银行的结果", of.outcome.in_words()),
    ];
    if let (Some(on), Some(amount)) = (of.on, of.amount) {
        facts.push(Fact::new("银行扣款", format!("{}，{}", in_words(on, today), yuan(amount))));
        facts.push(Fact::new("我们算的", yuan(needed)));
    }
    if !of.reason.is_empty() {
        facts.push(Fact::new("银行说的原因", &of.reason));
    }
    if is_booked {
        facts.push(Fact::new("账上", "银行的还款名单里已经有这一笔，不会再记一次"));
    }
    facts
}

/// A second person has decided, or its author has taken it back.
pub fn react(act: &mut Act<'_>, what: &Happened<'_>) -> AppResult<()> {
    let Happened::Reviewed(review) = *what else { return Ok(()) };
    if review.kind != review::Kind::EarlyResult {
        return Ok(());
    }
    let mut row = store::find(act.db, act.scope, review.subject_id)?;
    row.state = match (review.state, row.is_debited) {
        (review::State::Open, _) => return Ok(()),
        (review::State::Approved, Some(true)) => State::Paid,
        (review::State::Approved, _) => State::Unpaid,
        // The answer was wrong: it is entered anew.
        _ => State::Open,
    };
    (row.version, row.updated_at) = (row.version + 1, act.now);
    if review.state == review::State::Approved {
        row.decided_by.clone_from(&review.decided_by);
    } else {
        row.reason = why(review);
    }
    if row.state == State::Paid {
        record(act, &row)?;
    }
    store::replace(act.db, &row)?;
    if row.state == State::Unpaid { audit(act, &row, "early_lapsed", "失效") } else { Ok(()) }
}

fn why(review: &Review) -> String {
    match review.reason.is_empty() {
        true => format!("扣款结果{}", review.state.in_words()),
        false => format!("扣款结果{}：{}", review.state.in_words(), review.reason),
    }
}

/// Appends the event, unless the bank's list of repayments has brought it meanwhile.
fn record(act: &mut Act<'_>, row: &EarlyRepayment) -> AppResult<()> {
    let basis = act.parts.basis();
    let contract = steps::contract(act.db, act.scope, &basis, (row.loan_id, act.today))?;
    let on = row.debited_on.ok_or_else(|| AppError::broken("debited on no day"))?;
    if booked(&contract.rows, row).is_none() {
        // Says so when the account does not allow it.
        needed(&contract, &basis, (on, row.part_fen))?;
        let event = Event {
            id: act.id::<EventId>(),
            on,
            recorded_at: None,
            kind: EventKind::Prepaid { principal: row.part_fen },
        };
        let origin = Origin {
            channel: CHANNEL.to_owned(),
            source: "银行扣款结果".to_owned(),
            command_key: format!("early repayment {}", row.id),
            recorded_by: act.by.staff_id,
            ..Origin::default()
        };
        let new = EventRow::new(&row.office_code, row.loan_id, &event, act.now, origin);
        events::append(act.db, act.scope, new)?;
    }
    position::refresh(act.db, act.scope, &basis, &[row.loan_id], act.today)?;
    act.happened(&Happened::Refigured(&[row.loan_id]))?;
    audit(act, row, "early_settled", "生效")
}
