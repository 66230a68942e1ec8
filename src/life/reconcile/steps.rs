//! What people do about a difference: look into it, or have the bank's word recorded once somebody
//! else has agreed.

use super::cause::{self, Found};
use super::run;
use crate::base::money::Fen;
use crate::book::act::{Act, FormKey, Happened, Once};
use crate::book::audit_log::AuditEntry;
use crate::book::bank_difference::{self, BankDifference};
use crate::book::posting::{self, Kind, New, Posting, State, Whose};
use crate::book::review::Fact;
use crate::error::{AppError, AppResult};

/// What one figure is on both sides.
fn in_words(one: &BankDifference) -> String {
    let (bank, ours) = (one.bank_fen.to_page_text(), one.ours_fen.to_page_text());
    format!("{} {}，银行 ¥{bank}，本系统 ¥{ours}", one.on_day, one.figure)
}

/// Somebody has looked into what differs.
pub fn check(
    act: &mut Act<'_>,
    whose: &Whose,
    of: &[BankDifference],
    reason: &str,
) -> AppResult<()> {
    bank_difference::check(act, whose.loan, reason)?;
    let figures: Vec<String> = of.iter().map(in_words).collect();
    let summary = format!("合同 {} 与银行不同：{}", whose.contract_no, figures.join("；"));
    let entry = AuditEntry::of("difference_checked", &whose.name, summary).on_file(whose.file);
    act.audit(AuditEntry { reason: reason.to_owned(), ..entry })
}

pub fn reopen(act: &mut Act<'_>, whose: &Whose) -> AppResult<()> {
    bank_difference::reopen(act, whose.loan)?;
    let summary = format!("合同 {} 回到待核对", whose.contract_no);
    act.audit(AuditEntry::of("difference_reopened", &whose.name, summary).on_file(whose.file))
}

/// Asks somebody else to take the bank's word.
///
/// # Errors
/// Refused when nothing that could be recorded explains all figures.
pub fn correct(
    act: &mut Act<'_>,
    key: &FormKey,
    whose: &Whose,
    of: &[BankDifference],
    note: &str,
) -> AppResult<()> {
    if act.once(key)? == Once::Again {
        return Ok(());
    }
    let (basis, scope, today) = (act.parts.basis(), act.scope, act.today);
    let (found, source) = run::one(act.db, scope, (whose.loan, &basis, today), |case, of| {
        let row = of.first().and_then(|one| case.figures.get(one.row));
        let source = row.map(|row| format!("import {} line {}", row.import_id, row.line));
        (cause::explain(case, of), source.unwrap_or_default())
    })?;
    let Some(Found { cause, words, remedy: Some((on, event)) }) = found else {
        let why =
            "没有一笔记录能让这份合同的数字全部一致，不能直接按银行更正；请和银行核实后写明结果";
        return Err(AppError::refused(why));
    };
    let yuan = |fen: Fen| format!("¥{}", fen.to_page_text());
    let mut facts = vec![
        Fact::new("原因", cause.in_words()),
        Fact::new("银行的做法", &words),
        Fact::new("和银行核实", note),
    ];
    facts.extend(of.iter().map(|one| {
        let label = format!("{} {}", one.on_day, one.figure);
        Fact::change(&label, yuan(one.ours_fen), yuan(one.bank_fen))
    }));
    let new = New {
        kind: Kind::Correction,
        words,
        on,
        event,
        channel: String::new(),
        source,
        note: note.to_owned(),
        amount: None,
        link: format!("/differences/{}", whose.loan),
        facts,
        exceptions: Vec::new(),
    };
    posting::propose(act, whose, new)?;
    Ok(())
}

/// What was recorded may have changed what differs; the bank's word must leave nothing of it.
pub fn react(act: &mut Act<'_>, what: &Happened<'_>) -> AppResult<()> {
    let Happened::Reviewed(review) = *what else { return Ok(()) };
    let Some(Posting { kind: Kind::Correction, state: State::Approved, loan_id, .. }) =
        posting::decided(act, review, &[Kind::Correction])?
    else {
        return Ok(());
    };
    run::recompare(act, loan_id)?;
    if bank_difference::of_loans(act.db, act.scope, &[loan_id])?.is_empty() {
        return Ok(());
    }
    Err(AppError::refused("数字变了，这一笔不再能让两边一致，请退回重新核对"))
}
