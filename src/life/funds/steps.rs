//! What people do: enter what a document of the treasury says; it counts when somebody else has
//! approved it.

use super::rules::{self, Kind, New, State};
use super::store::{self, FundEntry};
use crate::base::choice::Choice;
use crate::base::ids::RowId;
use crate::base::money::Fen;
use crate::book::act::{Act, FormKey, Happened, Once};
use crate::book::audit_log::AuditEntry;
use crate::book::review::{self, Fact, Proposal};
use crate::error::{AppError, AppResult};

/// Writes an entry down and asks somebody else; none when the form came before. `is_another`: they
/// have seen that one like it stands already.
pub fn enter(
    act: &mut Act<'_>,
    key: &FormKey,
    (new, is_another): (&New, bool),
) -> AppResult<Option<RowId>> {
    if act.once(key)? == Once::Again {
        return Ok(None);
    }
    let day = crate::base::dates::day_in(new.year + 1, 8, 31);
    let uses = act.policy().risk_fund_sharing.on(day).uses.clone();
    let errors = rules::check(new, &uses, act.today);
    if !errors.is_empty() {
        return Err(AppError::Invalid(errors));
    }
    let row = FundEntry {
        id: act.id(),
        office_code: act.scope.own().to_owned(),
        kind: new.kind,
        year: new.year,
        settled_on: new.settled_on,
        authority: new.authority.map_or(String::new(), |one| one.as_text().to_owned()),
        product: new.product.map_or(String::new(), |one| one.as_text().to_owned()),
        purpose: new.purpose.clone(),
        on_day: new.on,
        amount_fen: new.amount,
        document: new.document.clone(),
        note: new.note.clone(),
        state: State::Submitted,
        reason: String::new(),
        staff_name: act.by.name.clone(),
        updated_at: act.now,
        decided_by: String::new(),
        version: 1,
    };
    let alike = goes_with(act, &row, (new, is_another))?;
    store::add(act.db, &row)?;
    let mut exceptions = Vec::new();
    if alike > 0 {
        exceptions.push("同一个文号、同样的金额已经登记过".to_owned());
    }
    let mut facts = vec![
        Fact::new("种类", row.kind.in_words()),
        Fact::new("为了什么", new.about()),
        Fact::new("到账日期", new.on.to_string()),
        Fact::new("金额", format!("¥{}", new.amount.to_page_text())),
        Fact::new("文号", &new.document),
    ];
    if !new.note.is_empty() {
        facts.push(Fact::new("说明", &new.note));
    }
    let proposal = Proposal {
        kind: review::Kind::FundEntry,
        subject_id: row.id,
        link: format!("/funds/{}", row.id),
        name: row.kind.in_words().to_owned(),
        summary: new.about(),
        amount: Some(new.amount),
        facts,
        steps: vec![Choice::new("check", "核对依据")],
        exceptions,
        file_id: None,
    };
    review::propose(act, proposal)?;
    audit(act, &row, "fund_submitted", "提交")?;
    Ok(Some(row.id))
}

/// That an entry goes with those that stand; how many are like it.
fn goes_with(
    act: &mut Act<'_>,
    row: &FundEntry,
    (new, is_another): (&New, bool),
) -> AppResult<i64> {
    let standing = store::approved(act.db, act.scope, Kind::ALL)?;
    let sum = |of: &dyn Fn(&FundEntry) -> bool| -> Fen {
        standing.iter().filter(|one| of(one)).map(|one| one.amount_fen).sum()
    };
    let same =
        sum(&|one| (one.kind, one.year, one.settled_on) == (row.kind, row.year, row.settled_on));
    let of_rewards = (sum(&|one| one.kind == Kind::Reward), sum(&|one| one.kind == Kind::Use));
    if let Some(wrong) = rules::beside(new, same, of_rewards) {
        return Err(AppError::Invalid(vec![wrong]));
    }
    let alike = store::alike(act.db, act.scope, row)?;
    if alike > 0 && !is_another {
        let words = "同一个文号、同样的金额已经登记过，确实是另一笔请打勾";
        return Err(AppError::field("again", words));
    }
    Ok(alike)
}

fn audit(act: &mut Act<'_>, row: &FundEntry, action: &'static str, what: &str) -> AppResult<()> {
    let about = rules::about(row.kind, row.year, (row.settled_on, None), &row.purpose);
    let amount = row.amount_fen.to_page_text();
    let summary = format!("{what}{}：{about}，¥{amount}，{}", row.kind.in_words(), row.document);
    let entry = AuditEntry::of(action, row.kind.in_words(), summary);
    act.audit(AuditEntry { reason: row.reason.clone(), ..entry })
}

/// A second person has decided, or its author has taken it back.
pub fn react(act: &mut Act<'_>, what: &Happened<'_>) -> AppResult<()> {
    let Happened::Reviewed(review) = *what else { return Ok(()) };
    if review.kind != review::Kind::FundEntry {
        return Ok(());
    }
    let mut row = store::find(act.db, act.scope, review.subject_id)?;
    row.state = match review.state {
        review::State::Open => return Ok(()),
        review::State::Approved => State::Approved,
        review::State::Returned => State::Returned,
        review::State::Refused => State::Refused,
        review::State::Withdrawn => State::Withdrawn,
    };
    (row.version, row.updated_at) = (row.version + 1, act.now);
    row.reason.clone_from(&review.reason);
    row.decided_by.clone_from(&review.decided_by);
    store::replace(act.db, &row)?;
    let what = row.state.in_words();
    audit(act, &row, "fund_decided", what)
}
