//! The fund's money: entered by one person, an event `Relieved` of each contract when another has
//! approved it. All contracts or none.

use chrono::NaiveDate;

use super::facts;
use super::rules::{self, State};
use super::steps::{keep, seen, yuan};
use super::store;
use crate::base::ids::{LoanId, RowId};
use crate::base::money::Fen;
use crate::book::act::Act;
use crate::book::early_repayment::needed;
use crate::book::loan;
use crate::book::posting::{self, Kind, New};
use crate::book::review::{self, Fact, Review};
use crate::book::statement::EventKind;
use crate::error::{AppError, AppResult, FieldError};
use crate::web::fields::Seen;

/// The field of the form with a contract's amount.
pub fn field(loan: LoanId) -> String {
    format!("amount_{loan}")
}

/// Enters what the fund has paid, one amount for each contract that has none yet.
///
/// # Errors
/// `Invalid` at the field that is wrong; refused in a sentence when somebody has been helped
/// otherwise, or a contract is paid off. Then nothing is written.
pub fn pay(
    act: &mut Act<'_>,
    of: Seen<RowId>,
    (on, amounts): (NaiveDate, &[(LoanId, Fen)]),
) -> AppResult<()> {
    let mut row = seen(act, of)?;
    if row.state != State::Granted {
        return Err(AppError::Changed);
    }
    if on > act.today {
        return Err(AppError::field("on", "拨款日期不能晚于今天"));
    }
    if row.granted_on.is_some_and(|granted| on < granted) {
        return Err(AppError::field("on", "拨款日期不能早于省级同意的日期"));
    }
    let file = loan::file(act.db, act.scope, row.file_id)?;
    let others = facts::compensation(act.db, act.scope, file.person_id)?;
    let basis = act.parts.basis();
    let all = facts::contracts(act.db, act.scope, &basis, (&file, act.today))?;
    let lines = store::lines(act.db, act.scope, row.id)?;
    let mut errors = Vec::new();
    for mut line in lines.into_iter().filter(|line| line.posting_id.is_none()) {
        let contract = all.iter().find(|one| one.loan.id == line.loan_id);
        let contract = contract.ok_or(AppError::Changed)?;
        if let Some(why) = rules::refusal(contract, &others, act.today) {
            return Err(AppError::refused(why));
        }
        let number = &contract.loan.contract_no;
        let paid = amounts.iter().find(|(loan, _)| *loan == line.loan_id);
        let paid = paid.map_or(Fen::ZERO, |(_, paid)| *paid);
        let owed = needed(contract, &basis, (on, None))?.total;
        if let Some(message) = rules::check_paid(number, paid, owed, on) {
            errors.push(FieldError { field: field(line.loan_id), message });
            continue;
        }
        let whose = posting::whose(act.db, act.scope, line.loan_id)?;
        let new = New {
            kind: Kind::Relief,
            words: format!("{on} 风险补偿金救助还款 {}", yuan(paid)),
            on,
            event: EventKind::Relieved { amount: paid },
            channel: "风险补偿金".to_owned(),
            source: "desk".to_owned(),
            note: row.document.clone(),
            amount: Some(paid),
            link: format!("/reliefs/{}", row.id),
            facts: vec![
                Fact::new("情形", &row.class_name),
                Fact::new("批复文号", &row.document),
                Fact::new("拨款日期", on.to_string()),
                Fact::new("申请的金额", yuan(line.asked_fen)),
                Fact::new("拨款金额", yuan(paid)),
                Fact::new("那天全部还清要", yuan(owed)),
            ],
            exceptions: Vec::new(),
        };
        line.posting_id = Some(posting::propose(act, &whose, new)?);
        line.paid_fen = Some(paid);
        store::replace_line(act.db, &line)?;
    }
    if !errors.is_empty() {
        return Err(AppError::Invalid(errors));
    }
    row.paid_on = Some(on);
    row.state = State::Paying;
    keep(act, &mut row, "relief_money", &format!("登记拨款，{on}"))
}

/// A second person has decided about the money of a contract: with the last one the family is
/// helped; what went back is entered anew.
pub fn reviewed(act: &mut Act<'_>, review: &Review) -> AppResult<()> {
    if review.kind != review::Kind::Posting || review.state == review::State::Open {
        return Ok(());
    }
    let Some(posting) = posting::decided(act, review, &[Kind::Relief])? else { return Ok(()) };
    let Some(id) = store::of_posting(act.db, act.scope, posting.id)? else { return Ok(()) };
    let mut row = store::find(act.db, act.scope, id)?;
    let mut lines = store::lines(act.db, act.scope, id)?;
    if posting.state != posting::State::Approved {
        for line in lines.iter_mut().filter(|line| line.posting_id == Some(posting.id)) {
            (line.posting_id, line.paid_fen) = (None, None);
            store::replace_line(act.db, line)?;
        }
        row.reason = format!("拨款{}：{}", posting.state.in_words(), posting.reason);
    }
    let mut waits = false;
    for line in &lines {
        if let Some(id) = line.posting_id {
            let own = posting::find(act.db, act.scope, id)?;
            waits |= own.state == posting::State::Submitted;
        }
    }
    let is_done = lines.iter().all(|line| line.posting_id.is_some());
    row.state = match (waits, is_done) {
        (true, _) => State::Paying,
        (false, true) => State::Paid,
        (false, false) => State::Granted,
    };
    if row.state == State::Paid {
        row.reason.clear();
    }
    row.decided_by.clone_from(&review.decided_by);
    (row.version, row.updated_at) = (row.version + 1, act.now);
    store::replace(act.db, &row)?;
    super::steps::audit(act, &row, "relief_money", row.state.in_words())
}
