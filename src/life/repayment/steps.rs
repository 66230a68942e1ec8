//! What people do: money, counter-entries and deferrals, each proposed here and recorded when
//! somebody else has agreed.

use chrono::{Datelike, NaiveDate};

use super::rules::{self, Payment};
use crate::base::dates::{day_in, in_words};
use crate::base::ids::{EventId, FileId, LoanId, RowId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::act::{Act, FormKey, Happened, Once};
use crate::book::events;
use crate::book::file::{self, Contract};
use crate::book::loan;
use crate::book::payments_known;
use crate::book::policy::Policy;
use crate::book::position::Basis;
use crate::book::posting::{self, Kind, New};
use crate::book::review::Fact;
use crate::book::statement::{EventKind, Product, RowKind};
use crate::error::{AppError, AppResult, FieldError};
use crate::plumbing::db::Db;

/// The contracts of a file as they stood on a day, or one of them; what was settled then, or has
/// been since, is left out.
pub fn contracts(
    db: &mut Db,
    scope: &Scope,
    basis: &Basis,
    (file, only): (FileId, Option<LoanId>),
    (on, today): (NaiveDate, NaiveDate),
) -> AppResult<Vec<Contract>> {
    let loans = loan::chain(db, scope, file)?;
    let known = payments_known::load(db, scope)?;
    let mut all = file::contracts(db, scope, basis, (&known, loans.clone()), today)?;
    all.retain(|one| only.is_none_or(|id| one.loan.id == id));
    all.retain(|one| one.statement.position.settled_on.is_none());
    if on >= today {
        return Ok(all);
    }
    let mut then = file::contracts(db, scope, basis, (&known, loans), on)?;
    then.retain(|one| all.iter().any(|now| now.loan.id == one.loan.id));
    Ok(then)
}

fn yuan(fen: Fen) -> String {
    format!("¥{}", fen.to_page_text())
}

fn invalid(field: &str, message: String) -> AppError {
    AppError::Invalid(vec![FieldError { field: field.to_owned(), message }])
}

/// Where money goes, if it can be taken.
///
/// # Errors
/// `Invalid` at the field that is wrong.
pub fn shared(
    contracts: &[Contract],
    payment: &Payment,
    today: NaiveDate,
) -> AppResult<Vec<(LoanId, String, Fen)>> {
    if let Some((field, why)) = rules::refusal(contracts, payment, today) {
        return Err(invalid(field, why));
    }
    let of = |(at, fen): (usize, Fen)| {
        let loan = &contracts.get(at)?.loan;
        Some((loan.id, loan.contract_no.clone(), fen))
    };
    Ok(rules::shares(contracts, payment.amount).into_iter().filter_map(of).collect())
}

/// Money that came on a day is there already.
fn is_there(contracts: &[Contract], loan: LoanId, on: NaiveDate, amount: Fen) -> bool {
    let own = contracts.iter().filter(|one| one.loan.id == loan);
    let mut events = own.flat_map(Contract::standing_events);
    events.any(|event| event.on == on && event.kind == EventKind::Paid { amount })
}

/// A payment as the clerk has typed it.
#[derive(Clone, Debug)]
pub struct Typed {
    pub payment: Payment,
    pub only: Option<LoanId>,
    pub voucher: String,
    /// They have seen that the same money is there already.
    pub is_another: bool,
}

/// Proposes a payment, one posting for each contract that gets a part of it. How many.
pub fn pay(act: &mut Act<'_>, key: &FormKey, file_no: &str, typed: &Typed) -> AppResult<usize> {
    let file = loan::file_by_no(act.db, act.scope, file_no)?;
    if act.once(key)? == Once::Again {
        return Ok(0);
    }
    let (basis, today) = (act.parts.basis(), act.today);
    let Payment { on, amount, channel } = typed.payment;
    let all = contracts(act.db, act.scope, &basis, (file.id, typed.only), (on, today))?;
    let shares = shared(&all, &typed.payment, today)?;
    let twice = shares.iter().find(|(loan, _, fen)| is_there(&all, *loan, on, *fen));
    if let Some((_, no, fen)) = twice.filter(|_| !typed.is_another) {
        let why = format!("合同 {no} 在 {on} 已经有一笔 {}，确实是另一笔请打勾", yuan(*fen));
        return Err(invalid("again", why));
    }
    for (loan, no, fen) in &shares {
        let whose = posting::whose(act.db, act.scope, *loan)?;
        let mut facts = vec![
            Fact::new("还款日期", in_words(on, NaiveDate::MIN)),
            Fact::new("这份合同", yuan(*fen)),
            Fact::new("渠道", channel.in_words()),
            Fact::new("凭证", &typed.voucher),
        ];
        if shares.len() > 1 {
            let parts = shares.iter().map(|(_, no, fen)| format!("{no} {}", yuan(*fen)));
            let parts = parts.collect::<Vec<_>>().join("；");
            facts.push(Fact::new("一共", format!("{}：{parts}", yuan(amount))));
        }
        let of_bank =
            all.iter().any(|one| one.loan.id == *loan && one.loan.product() == Some(Product::Cdb));
        if of_bank {
            facts.push(Fact::new("银行的还款明细", "里面有同一笔时会对上，不会记两次"));
        }
        let new = New {
            kind: Kind::Payment,
            words: format!("{on} {}还款 {}", channel.in_words(), yuan(*fen)),
            on,
            event: EventKind::Paid { amount: *fen },
            channel: channel.in_words().to_owned(),
            source: "desk".to_owned(),
            note: typed.voucher.clone(),
            amount: Some(*fen),
            link: format!("/loans/{file_no}"),
            facts,
            exceptions: Vec::new(),
        };
        posting::propose(act, &whose, new).map_err(|error| named(error, no))?;
    }
    Ok(shares.len())
}

fn named(error: AppError, contract_no: &str) -> AppError {
    match error {
        AppError::Refused(why) if !why.contains(contract_no) => {
            AppError::refused(format!("合同 {contract_no}：{why}"))
        }
        other => other,
    }
}

/// An event that may be taken back by hand: the loan it belongs to, what it says.
#[derive(Clone, Debug)]
pub struct Reversible {
    pub loan: LoanId,
    pub on: NaiveDate,
    pub words: String,
    pub amount: Option<Fen>,
}

/// # Errors
/// Refused, in words, for what did not come by hand or is taken back already.
pub fn reversible(db: &mut Db, scope: &Scope, id: EventId) -> AppResult<Reversible> {
    let row = events::find(db, scope, id)?;
    let life = events::of_loans(db, scope, &[row.loan_id])?;
    let life = life.get(&row.loan_id).map_or(&[][..], Vec::as_slice);
    if row.kind == "reversed" {
        return Err(AppError::refused("这一笔本身就是冲正，不能再冲正；记错了请重新记一笔"));
    }
    if life.iter().any(|other| other.reverses_id == Some(id)) {
        return Err(AppError::refused("这一笔已经冲正过了"));
    }
    if !row.command_key.starts_with(posting::KEY) {
        let why =
            "这一笔不是手工记的，不能在这里冲正：银行的记录请导入新的名单，就学变更请再办一次变更";
        return Err(AppError::refused(why));
    }
    let amount = row.amount_fen;
    let what = amount.map_or_else(String::new, |fen| format!(" {}", yuan(fen)));
    let words = format!("{} 的一笔{what}", row.effective_on);
    Ok(Reversible { loan: row.loan_id, on: row.effective_on, words, amount })
}

pub fn reverse(act: &mut Act<'_>, key: &FormKey, id: EventId, reason: &str) -> AppResult<()> {
    if act.once(key)? == Once::Again {
        return Ok(());
    }
    let of = reversible(act.db, act.scope, id)?;
    let whose = posting::whose(act.db, act.scope, of.loan)?;
    let file_no = loan::file(act.db, act.scope, whose.file)?.file_no;
    let new = New {
        kind: Kind::Reversal,
        words: format!("冲正 {}", of.words),
        on: of.on,
        event: EventKind::Reversed { of: id },
        channel: String::new(),
        source: "desk".to_owned(),
        note: reason.to_owned(),
        amount: of.amount,
        link: format!("/loans/{file_no}"),
        facts: vec![Fact::new("冲正", of.words), Fact::new("原因", reason)],
        exceptions: Vec::new(),
    };
    posting::propose(act, &whose, new)?;
    Ok(())
}

/// What of a contract would be put off by a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deferrable {
    pub loan: LoanId,
    pub contract_no: String,
    pub due_on: NaiveDate,
    pub principal: Fen,
}

/// The principal of this year's due days that is still to come; what is deferred, or falls due on
/// the final day, cannot be put off (loan-maths 3).
pub fn deferrable(contracts: &[Contract], today: NaiveDate) -> Vec<Deferrable> {
    let mut found = Vec::new();
    for one in contracts {
        let is_next = |due_on: NaiveDate| due_on > today && due_on.year() == today.year();
        let rows = one.statement.instalments.iter();
        let row = rows
            .filter(|row| row.kind == RowKind::DueDay && is_next(row.due_on))
            .find(|row| row.principal.is_positive() && row.due_on != one.loan.final_due_on);
        found.extend(row.map(|row| Deferrable {
            loan: one.loan.id,
            contract_no: one.loan.contract_no.clone(),
            due_on: row.due_on,
            principal: row.principal,
        }));
    }
    found
}

/// Whether the principal of a due day can be put off today.
///
/// # Errors
/// In one sentence: there is no such rule that year, or it is too late.
pub fn may_defer(policy: &Policy, due_on: NaiveDate, today: NaiveDate) -> Result<(), String> {
    let rule = policy.deferral(due_on.year());
    rules::deferral(rule, (due_on, policy.deferral_until(due_on)), today)
}

/// Proposes to put off this year's principal of every contract of a file. How many.
pub fn defer(act: &mut Act<'_>, key: &FormKey, file_no: &str, note: &str) -> AppResult<usize> {
    let file = loan::file_by_no(act.db, act.scope, file_no)?;
    if act.once(key)? == Once::Again {
        return Ok(0);
    }
    let (basis, policy, today) = (act.parts.basis(), act.policy(), act.today);
    let all = contracts(act.db, act.scope, &basis, (file.id, None), (today, today))?;
    let found = deferrable(&all, today);
    if found.is_empty() {
        return Err(AppError::refused("这户今年没有还没到期的本金，不用延期"));
    }
    for one in &found {
        may_defer(&policy, one.due_on, today).map_err(AppError::refused)?;
        let whose = posting::whose(act.db, act.scope, one.loan)?;
        let year = one.due_on.year();
        let new = New {
            kind: Kind::Deferral,
            words: format!("{year} 年的本金 {} 延期一年", yuan(one.principal)),
            on: day_in(year, 1, 1),
            event: EventKind::PrincipalDeferred,
            channel: String::new(),
            source: "desk".to_owned(),
            note: note.to_owned(),
            amount: Some(one.principal),
            link: format!("/loans/{file_no}"),
            facts: vec![
                Fact::new("还款日", one.due_on.to_string()),
                Fact::new("延期的本金", yuan(one.principal)),
                Fact::new("谁申请的", note),
            ],
            exceptions: Vec::new(),
        };
        posting::propose(act, &whose, new).map_err(|error| named(error, &one.contract_no))?;
    }
    Ok(found.len())
}

/// A second person has decided, or its author has taken it back.
pub fn react(act: &mut Act<'_>, what: &Happened<'_>) -> AppResult<()> {
    let Happened::Reviewed(review) = *what else { return Ok(()) };
    posting::decided(act, review, &[Kind::Payment, Kind::Reversal, Kind::Deferral]).map(|_| ())
}

/// The file of a posting, for its page and receipt.
pub fn one(
    db: &mut Db,
    scope: &Scope,
    id: RowId,
) -> AppResult<(posting::Posting, posting::Whose, loan::LoanFile)> {
    let row = posting::find(db, scope, id)?;
    let whose = posting::whose(db, scope, row.loan_id)?;
    let file = loan::file(db, scope, whose.file)?;
    Ok((row, whose, file))
}
