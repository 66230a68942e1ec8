//! What a copy of the database lacks: first what families and the bank would ask about, then what
//! else was done, looking last.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::base::scope::Scope;
use crate::book::audit_log;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{contact_record, import_job, loan, loan_event, message};

/// Actions of the audit log that the rows they have written tell, and that nobody does again.
const TOLD: [&str; 7] = [
    "imported",
    "family_contacted",
    "case_contact",
    "signed_in",
    "sign_in_failed",
    "sessions_ended",
    "borrower_signed_in",
];

/// What, how much, and the word for one of it.
pub(super) type Lost = (String, i64, &'static str);

#[derive(Debug, Default, serde::Serialize)]
pub(super) struct AllLost {
    /// Somebody has to do it again.
    pub todo: Vec<Lost>,
    /// Messages that families have: sent again they would come twice.
    pub sent: i64,
}

/// What was written after an instant in these offices.
pub(super) fn since(
    db: &mut Db,
    scope: &Scope,
    as_of: Option<NaiveDateTime>,
) -> AppResult<AllLost> {
    let at = as_of.unwrap_or(NaiveDateTime::MIN);
    let payments: i64 = loan_event::table
        .filter(scope.holds(loan_event::office_code))
        .filter(loan_event::kind.eq_any(["paid", "prepaid"]))
        .filter(loan_event::recorded_at.gt(at))
        .count()
        .get_result(db)?;
    let contacts: i64 = contact_record::table
        .filter(scope.holds(contact_record::office_code))
        .filter(contact_record::recorded_at.gt(at))
        .count()
        .get_result(db)?;
    let contracts: i64 = loan::table
        .filter(scope.holds(loan::office_code))
        .filter(loan::created_at.gt(at))
        .count()
        .get_result(db)?;
    let imports: i64 = import_job::table
        .filter(scope.holds(import_job::office_code))
        .filter(import_job::created_at.gt(at))
        .count()
        .get_result(db)?;
    let messages: i64 = message::table
        .filter(scope.holds(message::office_code))
        .filter(message::sent_at.gt(at))
        .count()
        .get_result(db)?;
    let rows = [
        ("还款", payments, "笔"),
        ("联系记录", contacts, "条"),
        ("合同", contracts, "份"),
        ("导入的文件", imports, "个"),
    ];
    let rows = rows.into_iter().filter(|(_, count, _)| *count > 0);
    let mut lost: Vec<Lost> =
        rows.map(|(what, count, unit)| (what.to_owned(), count, unit)).collect();
    let done = audit_log::counts_since(db, scope, as_of, &TOLD)?;
    lost.extend(done.into_iter().map(|(what, count)| (what, count, "次")));
    Ok(AllLost { todo: lost, sent: messages })
}
