//! Are the books right? Computes every position anew and holds it against what is stored.
//! Changes nothing; `zhuxue verify --repair` stores anew what differs.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;

use crate::base::ids::{FileId, LoanId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::account_seal::{self, Account};
use crate::book::audit_log::{Actor, AuditEntry};
use crate::book::parts::Parts;
use crate::book::position::{self, Basis, FilePosition, LoanPosition};
use crate::book::{act, bank, events, facts, liaison, loan, payments_known, staff};
use crate::error::AppResult;
use crate::localized;
use crate::plumbing::crypto::Sealer;
use crate::plumbing::db::Db;
use crate::plumbing::schema::loan as loans;

/// Key in `meta` of the last check of the books: `1` or `0`, written by whoever checks.
pub const BOOKS_OK: &str = "books_ok";

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The loan it is about; to be refreshed.
    pub loan_id: LoanId,
    /// What is wrong: the contract, the figure, what is stored, what it should be.
    pub what: String,
}

/// The next loans by identity, and where to go on; `None` at the end.
pub fn next_loans(db: &mut Db, scope: &Scope, after: LoanId, limit: i64) -> AppResult<Vec<LoanId>> {
    Ok(loans::table
        .filter(scope.holds(loans::office_code))
        .filter(loans::id.gt(after))
        .select(loans::id)
        .order(loans::id)
        .limit(limit)
        .load(db)?)
}

/// These loans and all others of their files, to be stored anew together: the sums of a file are
/// refused while one of its stored positions cannot be.
pub fn with_siblings(db: &mut Db, scope: &Scope, ids: &[LoanId]) -> AppResult<Vec<LoanId>> {
    let files: BTreeSet<FileId> =
        facts::loans(db, scope, ids)?.iter().map(|loan| loan.file_id).collect();
    let files: Vec<FileId> = files.into_iter().collect();
    Ok(facts::siblings(db, scope, &files)?.iter().map(|one| one.loan_id).collect())
}

/// Stores anew what was found, and writes down that it was.
pub fn repair(parts: &Parts, scope: &Scope, found: &[Finding]) -> AppResult<()> {
    let ids: Vec<LoanId> = found.iter().map(|finding| finding.loan_id).collect();
    let by = Actor::program("核对账目", scope.own());
    act::run(parts, (&by, scope), "verify repair", |act| {
        let ids = with_siblings(act.db, act.scope, &ids)?;
        position::refresh(act.db, act.scope, &parts.basis(), &ids, act.today)?;
        let summary = format!("核对时有 {} 处不符，按流水重新计算", found.len());
        act.audit(AuditEntry::of("positions_repaired", "结余", summary))
    })
}

fn accounts(db: &mut Db, scope: &Scope) -> AppResult<Vec<Account>> {
    let staff: Vec<Account> = staff::all(db, scope)?.iter().map(Account::from).collect();
    let liaisons = liaison::all(db, scope)?;
    Ok(staff.into_iter().chain(liaisons.iter().map(Account::from)).collect())
}

/// Accounts that this program has not written as they stand, or that are gone, by their login.
pub fn check_accounts(db: &mut Db, scope: &Scope, sealer: &Sealer) -> AppResult<Vec<String>> {
    let all = accounts(db, scope)?;
    account_seal::broken(db, (scope, sealer), &all)
}

/// Seals the accounts as they stand.
fn seal_accounts(db: &mut Db, scope: &Scope, sealer: &Sealer) -> AppResult<()> {
    let all = accounts(db, scope)?;
    account_seal::seal_all(db, (scope, sealer), &all)
}

/// The same where no account has a seal: an older version wrote this database.
pub fn seal_first(db: &mut Db, scope: &Scope, sealer: &Sealer) -> AppResult<()> {
    match account_seal::all(db, scope)?.is_empty() {
        true => seal_accounts(db, scope, sealer),
        false => Ok(()),
    }
}

/// Takes these accounts as they stand, and writes down that it did.
pub fn accept_accounts(parts: &Parts, scope: &Scope, found: &[String]) -> AppResult<()> {
    let by = Actor::program("核对账目", scope.own());
    act::run(parts, (&by, scope), "verify repair", |act| {
        seal_accounts(act.db, act.scope, &parts.sealer)?;
        let summary = format!("账号在本系统以外改过，按现状认可：{}", found.join("、"));
        act.audit(AuditEntry::of("accounts_accepted", "账号", summary))
    })
}

/// Compares the stored positions of these loans, and the sums of their files, with what the
/// statement says for the day they were stored for.
pub fn check(db: &mut Db, scope: &Scope, basis: &Basis, ids: &[LoanId]) -> AppResult<Vec<Finding>> {
    let rows = loan::by_ids(db, scope, ids)?;
    let mut life = events::of_loans(db, scope, ids)?;
    let stored = position::of_loans(db, scope, ids)?;
    let known = payments_known::load(db, scope)?;
    let settled = bank::settled(db, scope, ids)?;
    let mut found = Vec::new();
    for loan in &rows {
        let own = life.remove(&loan.id).unwrap_or_default();
        let says = settled.get(&loan.id).copied();
        let what = |text: String| Finding { loan_id: loan.id, what: text };
        match stored.get(&loan.id) {
            None => found.push(what(localized!(
                "合同 {}：没有算出的账",
                "contract {}: no position",
                loan.contract_no
            ))),
            Some(old) => match position::compute(loan, &own, basis, (&known, says), old.as_of) {
                Ok(fresh) => found.extend(
                    differences(old, &fresh)
                        .into_iter()
                        .map(|text| what(of_contract(&loan.contract_no, &text))),
                ),
                Err(error) => found.push(what(of_contract(&loan.contract_no, &error.to_string()))),
            },
        }
    }
    let files: BTreeSet<FileId> = rows.iter().map(|loan| loan.file_id).collect();
    for file in files {
        found.extend(check_file(db, scope, basis, file)?);
    }
    Ok(found)
}

fn of_contract(contract_no: &str, text: &str) -> String {
    localized!("合同 {contract_no}：{text}", "contract {contract_no}: {text}")
}

fn check_file(
    db: &mut Db,
    scope: &Scope,
    basis: &Basis,
    file: FileId,
) -> AppResult<Option<Finding>> {
    let chain = loan::chain(db, scope, file)?;
    let ids: Vec<LoanId> = chain.iter().map(|loan| loan.id).collect();
    let stored: HashMap<LoanId, LoanPosition> = position::of_loans(db, scope, &ids)?;
    let parts: Vec<&LoanPosition> = ids.iter().filter_map(|id| stored.get(id)).collect();
    let (Some(first), Some(old)) = (chain.first(), position::of_file(db, scope, file)?) else {
        return Ok(chain.first().map(|loan| Finding {
            loan_id: loan.id,
            what: localized!(
                "合同 {} 的档案：没有合计",
                "file of contract {}: no sums",
                loan.contract_no
            ),
        }));
    };
    let fresh: FilePosition = position::sum(file, first.loan_year, &parts, (basis, old.as_of));
    Ok((fresh != old).then(|| Finding {
        loan_id: first.id,
        what: localized!(
            "合同 {} 的档案：合计和各合同不符",
            "file of contract {}: sums are not those of its loans",
            first.contract_no
        ),
    }))
}

/// The figures that differ, in words.
fn differences(old: &LoanPosition, fresh: &LoanPosition) -> Vec<String> {
    let mut found = Vec::new();
    let mut money = |[chinese, english]: [&str; 2], old: Fen, fresh: Fen| {
        if old != fresh {
            found.push(localized!(
                "{chinese}存的是 {old}，应为 {fresh}",
                "{english} is stored as {old}, should be {fresh}"
            ));
        }
    };
    money(["已放款", "disbursed"], old.disbursed_fen, fresh.disbursed_fen);
    money(["本金余额", "outstanding"], old.outstanding_fen, fresh.outstanding_fen);
    let (was, is) = (old.overdue_principal_fen, fresh.overdue_principal_fen);
    money(["逾期本金", "overdue principal"], was, is);
    let (was, is) = (old.overdue_interest_fen, fresh.overdue_interest_fen);
    money(["逾期利息", "overdue interest"], was, is);
    money(["罚息", "penalty"], old.penalty_fen, fresh.penalty_fen);
    money(["待银行结果", "awaiting"], old.awaiting_fen, fresh.awaiting_fen);
    money(["下一期应还", "next due"], old.next_due_fen, fresh.next_due_fen);
    money(["没有用上的款", "unapplied"], old.unapplied_fen, fresh.unapplied_fen);
    money(["多还的款", "surplus"], old.surplus_fen, fresh.surplus_fen);
    if found.is_empty() && old != fresh {
        found.push(localized!(
            "日期或阶段：存的是 {} / {:?} / {:?}，应为 {} / {:?} / {:?}",
            "dates or stage: stored {} / {:?} / {:?}, should be {} / {:?} / {:?}",
            old.stage,
            old.next_due_on,
            old.changes_on,
            fresh.stage,
            fresh.next_due_on,
            fresh.changes_on
        ));
    }
    found
}
