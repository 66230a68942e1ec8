//! What people do with requests: make one, withdraw it, send the list to the bank; and what the
//! clock does with one that nobody has answered. The bank's answer is `result.rs`.

use std::collections::{BTreeMap, HashMap};

use chrono::{Days, NaiveDate};

use super::rules::{self, Requester, Source, State};
use super::store::{self, EarlyRepayment};
use crate::base::dates::in_words;
use crate::base::ids::{FileId, LoanId, RowId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::act::{Act, FormKey, Once};
use crate::book::audit_log::AuditEntry;
use crate::book::early_repayment::needed;
use crate::book::events::{self, EventRow};
use crate::book::file::{self, Contract};
use crate::book::loan::{self, LoanFile};
use crate::book::position::Basis;
use crate::book::{payments_known, pending, person};
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::web::fields::Seen;

#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// One contract, or all that are not paid off (then each as a whole).
    pub loan: Option<LoanId>,
    pub part: Option<Fen>,
    pub requester: Requester,
    pub source: Source,
}

/// The contract of a request as it stands on a day.
pub fn contract(
    db: &mut Db,
    scope: &Scope,
    basis: &Basis,
    (loan, today): (LoanId, NaiveDate),
) -> AppResult<Contract> {
    let loans = loan::by_ids(db, scope, &[loan])?;
    let known = payments_known::load(db, scope)?;
    let found = file::contracts(db, scope, basis, (&known, loans), today)?;
    found.into_iter().next().ok_or(AppError::NotFound)
}

/// The file of a request, and its student's name.
pub fn whose(db: &mut Db, scope: &Scope, file: FileId) -> AppResult<(LoanFile, String)> {
    let file = loan::file(db, scope, file)?;
    let name = person::find(db, scope, file.person_id)?.name;
    Ok((file, name))
}

/// `合同 1234，全部还清，12月20日扣款`
pub fn summary(row: &EarlyRepayment, number: &str, today: NaiveDate) -> String {
    format!("合同 {number}，{}，{}扣款", row.what(), in_words(row.settles_on, today))
}

pub(super) fn audit(
    act: &mut Act<'_>,
    row: &EarlyRepayment,
    action: &'static str,
    what: &str,
) -> AppResult<()> {
    let (_, name) = whose(act.db, act.scope, row.file_id)?;
    let loans = loan::by_ids(act.db, act.scope, &[row.loan_id])?;
    let number = loans.first().map(|loan| loan.contract_no.as_str()).unwrap_or_default();
    let summary = format!("{what}：{}", summary(row, number, act.today));
    let entry = AuditEntry::of(action, &name, summary).on_file(row.file_id);
    act.audit(AuditEntry { reason: row.reason.clone(), ..entry })
}

/// Makes a request for one contract of a file, or for each that is not paid off; their identities.
///
/// # Errors
/// A sentence for each thing that stands in its way.
pub fn request(
    act: &mut Act<'_>,
    key: &FormKey,
    file: FileId,
    of: Request,
) -> AppResult<Vec<RowId>> {
    let is_again = act.once(key)? == Once::Again;
    let open = store::open_of_file(act.db, act.scope, file)?;
    if is_again {
        return Ok(open.into_iter().map(|row| row.id).collect());
    }
    if let Some(change) = pending::study_change_of(act.db, act.scope, file)? {
        return Err(AppError::refused(change.sentence));
    }
    let mut loans = loan::chain(act.db, act.scope, file)?;
    loans.retain(|loan| of.loan.is_none_or(|one| one == loan.id));
    let known = payments_known::load(act.db, act.scope)?;
    let basis = act.parts.basis();
    let mut contracts = file::contracts(act.db, act.scope, &basis, (&known, loans), act.today)?;
    if of.loan.is_none() {
        contracts.retain(|one| rules::refusal(one, act.today).is_none());
    }
    if contracts.is_empty() {
        return Err(AppError::field("contract", "请选一份还没还清的合同"));
    }
    if of.part.is_some() && contracts.len() > 1 {
        return Err(AppError::field("contract", "只还一部分的话，请先选是哪一份合同"));
    }
    let mut made = Vec::with_capacity(contracts.len());
    for contract in &contracts {
        if let Some(one) = open.iter().find(|row| row.loan_id == contract.loan.id) {
            let on = in_words(one.settles_on, act.today);
            let number = &contract.loan.contract_no;
            return Err(AppError::refused(format!(
                "合同 {number} 已经申请了{on}提前还款，一份合同一次只有一笔；要改就先撤回那一笔"
            )));
        }
        made.push(add(act, contract, &of)?);
    }
    Ok(made)
}

fn add(act: &mut Act<'_>, contract: &Contract, of: &Request) -> AppResult<RowId> {
    if let Some(why) = rules::refusal(contract, act.today) {
        return Err(AppError::field("contract", why));
    }
    let (policy, basis) = (act.policy(), act.parts.basis());
    let Some(settles_on) = policy.prepay_window(act.today) else {
        return Err(AppError::refused("今天不受理提前还款，请看受理的日子再来"));
    };
    if let Some(part) = of.part {
        let whole = needed(contract, &basis, (settles_on, None))?;
        let step = policy.prepay_step.on(act.today);
        if let Some(error) = rules::check_part(part, step, &whole) {
            return Err(AppError::Invalid(vec![error]));
        }
    }
    let row = EarlyRepayment {
        id: act.id(),
        office_code: contract.loan.office_code.clone(),
        file_id: contract.loan.file_id,
        loan_id: contract.loan.id,
        state: State::Open,
        part_fen: of.part,
        requester: of.requester,
        source: of.source,
        requested_on: act.today,
        settles_on,
        needed_fen: needed(contract, &basis, (settles_on, of.part))?.total,
        sent_on: None,
        is_debited: None,
        debited_on: None,
        debited_fen: None,
        reason: String::new(),
        staff_name: act.by.name.clone(),
        updated_at: act.now,
        decided_by: String::new(),
        version: 1,
    };
    store::add(act.db, &row)?;
    audit(act, &row, "early_requested", "申请")?;
    Ok(row.id)
}

/// The one that waits for the bank, as the page showed it.
pub(super) fn open(act: &mut Act<'_>, seen: Seen<RowId>) -> AppResult<EarlyRepayment> {
    let row = store::find(act.db, act.scope, seen.id)?;
    if row.version != seen.version {
        return Err(AppError::Changed);
    }
    Ok(EarlyRepayment { version: row.version + 1, updated_at: act.now, ..row })
}

/// Who withdraws: a family only what it has requested itself, and nothing that the bank has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawer {
    Desk,
    Family(FileId),
}

pub fn withdraw(
    act: &mut Act<'_>,
    seen: Seen<RowId>,
    reason: &str,
    by: Withdrawer,
) -> AppResult<()> {
    let mut row = open(act, seen)?;
    if matches!(by, Withdrawer::Family(file) if file != row.file_id) {
        return Err(AppError::NotFound);
    }
    if row.state != State::Open {
        return Err(AppError::Changed);
    }
    if row.settles_on <= act.today {
        return Err(AppError::refused("扣款日已经到了，不能撤回，等银行的结果"));
    }
    if by != Withdrawer::Desk && row.source != Source::Phone {
        return Err(AppError::refused("这笔是在柜台申请的，要撤回请打电话给我们"));
    }
    if by != Withdrawer::Desk && row.sent_on.is_some() {
        return Err(AppError::refused("名单已经送到银行，要撤回请打电话给我们"));
    }
    row.state = State::Withdrawn;
    reason.clone_into(&mut row.reason);
    store::replace(act.db, &row)?;
    audit(act, &row, "early_withdrawn", "撤回")
}

/// The list of a settling day has gone to the bank; how many of it had not before.
pub fn send(act: &mut Act<'_>, key: &FormKey, day: NaiveDate) -> AppResult<usize> {
    if act.once(key)? == Once::Again {
        return Ok(0);
    }
    if day < act.today {
        let day = in_words(day, act.today);
        return Err(AppError::refused(format!("{day}的扣款日已经过去，不能再送；请家里重新申请")));
    }
    let rows = store::unsent_on(act.db, act.scope, day)?;
    if rows.is_empty() {
        return Err(AppError::refused("这个扣款日没有还没送的申请，可能别人刚刚送过"));
    }
    for row in &rows {
        let mut row = row.clone();
        row.sent_on = Some(act.today);
        row.version += 1;
        store::replace(act.db, &row)?;
    }
    let words = format!("{}扣款的名单，{} 笔", in_words(day, act.today), rows.len());
    act.audit(AuditEntry::of("early_list_sent", "提前还款名单", words))?;
    Ok(rows.len())
}

/// What the bank's own list of repayments has of these contracts: the early repayments that stand.
pub(super) fn booked(rows: &[EventRow], of: &EarlyRepayment) -> Option<NaiveDate> {
    let stands = |row: &&EventRow| {
        let reversed = rows.iter().any(|other| other.reverses_id == Some(row.id));
        row.kind == "prepaid" && row.effective_on >= of.requested_on && !reversed
    };
    rows.iter().find(stands).map(|row| row.effective_on)
}

/// What nobody has answered: what the bank's list of repayments has is paid; the rest lapses some
/// days after its settling day, and nobody is blamed. How many.
pub fn lapse(act: &mut Act<'_>, days: u32) -> AppResult<usize> {
    let rows = store::open_until(act.db, act.scope, act.today)?;
    let loans: Vec<LoanId> = rows.iter().map(|row| row.loan_id).collect();
    let life: HashMap<LoanId, Vec<EventRow>> = events::of_loans(act.db, act.scope, &loans)?;
    let mut done = 0;
    for mut row in rows {
        let own = life.get(&row.loan_id).map(Vec::as_slice).unwrap_or_default();
        let until = row.settles_on.checked_add_days(Days::new(u64::from(days)));
        let (action, what) = if let Some(on) = booked(own, &row) {
            (row.is_debited, row.debited_on) = (Some(true), Some(on));
            row.state = State::Paid;
            "银行的还款名单里已经有这一笔".clone_into(&mut row.reason);
            ("early_settled", "已扣款")
        } else if until.is_some_and(|until| until < act.today) && row.is_debited.is_none() {
            row.state = State::Lapsed;
            "没有收到扣款结果".clone_into(&mut row.reason);
            ("early_lapsed", "失效")
        } else {
            continue;
        };
        (row.version, row.updated_at) = (row.version + 1, act.now);
        store::replace(act.db, &row)?;
        audit(act, &row, action, what)?;
        done += 1;
    }
    act.needs_no_audit("most days nothing lapses");
    Ok(done)
}

/// What files need on a settling day after today and not later than `until`, all their contracts
/// of that day together; one that cannot be computed is left out, with all of its file.
pub fn due_soon(
    db: &mut Db,
    scope: &Scope,
    basis: &Basis,
    (today, until): (NaiveDate, NaiveDate),
) -> AppResult<BTreeMap<NaiveDate, Vec<(FileId, Fen)>>> {
    let mut days: BTreeMap<(NaiveDate, FileId), Option<Fen>> = BTreeMap::new();
    for row in store::open_until(db, scope, until)? {
        if row.settles_on <= today {
            continue;
        }
        let computed = contract(db, scope, basis, (row.loan_id, today))
            .and_then(|one| needed(&one, basis, (row.settles_on, row.part_fen)));
        let total = match computed {
            Ok(needed) => Some(needed.total),
            Err(AppError::Refused(_)) => None,
            Err(other) => return Err(other),
        };
        let all = days.entry((row.settles_on, row.file_id)).or_insert(Some(Fen::ZERO));
        *all = all.zip(total).map(|(one, other)| one + other);
    }
    let mut found: BTreeMap<NaiveDate, Vec<(FileId, Fen)>> = BTreeMap::new();
    for ((on, file), total) in days {
        found.entry(on).or_default().extend(total.map(|total| (file, total)));
    }
    Ok(found)
}
