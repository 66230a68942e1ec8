//! What is under way with a file and stands in the way of something else, as other stages may know
//! it: a row of `early_repayment` or `study_change` that nobody has decided (rules.md 5.2: while an
//! early repayment is requested, study and plan do not change). Reads only.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;

use crate::base::dates::in_words;
use crate::base::ids::{FileId, RowId};
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{early_repayment, loan, study_change};

/// The states of a request that has no result yet.
const OPEN: [&str; 2] = ["open", "answered"];

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pending {
    pub link: String,
    /// What it is, and the way out.
    pub sentence: String,
}

/// The oldest request of a file for an early repayment that has no result yet.
pub fn early_repayment_of(
    db: &mut Db,
    scope: &Scope,
    file: FileId,
    today: NaiveDate,
) -> AppResult<Option<Pending>> {
    let row: Option<(RowId, String, NaiveDate)> = early_repayment::table
        .inner_join(loan::table)
        .filter(scope.holds(early_repayment::office_code))
        .filter(early_repayment::file_id.eq(file))
        .filter(early_repayment::state.eq_any(OPEN))
        .order(early_repayment::id)
        .select((early_repayment::id, loan::contract_no, early_repayment::settles_on))
        .first(db)
        .optional()?;
    Ok(row.map(|(id, number, on)| Pending {
        link: format!("/early-repayments/{id}"),
        sentence: format!(
            "合同 {number} 申请了{}提前还款，有结果以前就学信息和还款计划不能改；要改就先撤回那笔申请",
            in_words(on, today)
        ),
    }))
}

/// Those of these files that have one.
pub fn with_early_repayment(
    db: &mut Db,
    scope: &Scope,
    files: &[FileId],
) -> AppResult<Vec<FileId>> {
    let mut found = Vec::new();
    for chunk in files.chunks(BINDS_MAX) {
        let of = early_repayment::table
            .filter(scope.holds(early_repayment::office_code))
            .filter(early_repayment::file_id.eq_any(chunk))
            .filter(early_repayment::state.eq_any(OPEN))
            .select(early_repayment::file_id);
        found.extend(of.load::<FileId>(db)?);
    }
    Ok(found)
}

/// The enrolment change of a file that is not decided yet.
pub fn study_change_of(db: &mut Db, scope: &Scope, file: FileId) -> AppResult<Option<Pending>> {
    let row: Option<RowId> = study_change::table
        .filter(scope.holds(study_change::office_code))
        .filter(study_change::file_id.eq(file))
        .filter(study_change::state.eq_any(["draft", "submitted", "returned"]))
        .select(study_change::id)
        .first(db)
        .optional()?;
    Ok(row.map(|id| Pending {
        link: format!("/study-changes/{id}"),
        sentence:
            "这户有一份就学信息变更没有办完，还款计划可能会变；先办完或者撤销那一份，再申请提前还款"
                .to_owned(),
    }))
}
