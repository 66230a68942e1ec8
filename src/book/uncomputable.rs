//! Contracts and files whose account contradicts itself: named on the workbench until they compute
//! again, so that one of them never stops the night, a comparison or an import of all the others.

use std::collections::HashSet;

use chrono::{NaiveDate, NaiveTime};

use crate::base::ids::{FileId, LoanId};
use crate::base::scope::Scope;
use crate::book::loan;
use crate::book::warning::{self, Warning};
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;

/// What the lines on the workbench are filed under.
pub const WARNING: &str = "uncomputable";

/// A contract that was tried.
#[derive(Debug)]
pub struct Tried<'a> {
    pub loan: LoanId,
    pub file: FileId,
    pub contract_no: &'a str,
    /// Why it cannot be computed; none when it can.
    pub why: Option<AppError>,
}

/// The contracts of these offices that are named already.
pub fn known(db: &mut Db, scope: &Scope) -> AppResult<HashSet<String>> {
    let mut found = HashSet::new();
    for code in scope.codes() {
        found.extend(warning::of_kind(db, code, WARNING)?.into_iter().map(|line| line.key));
    }
    Ok(found)
}

/// Names the contracts that cannot be computed, and takes away the lines of those that can again.
/// Returns those that cannot.
pub fn warn(
    db: &mut Db,
    scope: &Scope,
    known: &HashSet<String>,
    tried: Vec<Tried<'_>>,
    today: NaiveDate,
) -> AppResult<Vec<LoanId>> {
    let mut failed = Vec::new();
    for one in tried {
        match one.why {
            None if known.contains(one.contract_no) => {
                warning::clear(db, scope.own(), WARNING, one.contract_no)?;
            }
            None => {}
            Some(why) => {
                tracing::error!(contract = one.contract_no, %why, "cannot be computed");
                failed.push(one.loan);
                let url = format!("/loans/{}", loan::file(db, scope, one.file)?.file_no);
                let title = format!("合同 {} 的账目算不出来，先跳过了", one.contract_no);
                warning::raise(db, &line(scope, one.contract_no, title, url, today))?;
            }
        }
    }
    Ok(failed)
}

/// What the line of a file is filed under.
pub fn key_of(file: FileId) -> String {
    format!("file-{file}")
}

/// Names a file whose sums contradict its contracts. Returns what came out.
pub fn file<T>(
    db: &mut Db,
    scope: &Scope,
    (file, computed): (FileId, AppResult<T>),
    today: NaiveDate,
) -> AppResult<Option<T>> {
    let why = match computed {
        Ok(done) => return Ok(Some(done)),
        Err(why) => why,
    };
    let file_no = loan::file(db, scope, file)?.file_no;
    tracing::error!(file_no, %why, "cannot be computed");
    let title = format!("档案 {file_no} 的合计与合同对不上，先跳过了");
    let url = format!("/loans/{file_no}");
    warning::raise(db, &line(scope, &key_of(file), title, url, today))?;
    Ok(None)
}

fn line(scope: &Scope, key: &str, title: String, url: String, today: NaiveDate) -> Warning {
    let at = today.and_time(NaiveTime::MIN);
    Warning {
        office_code: scope.own().to_owned(),
        kind: WARNING.to_owned(),
        key: key.to_owned(),
        level: "bad".to_owned(),
        title,
        advice: "请核对合同和还款记录；改好后自动重算，这一行就消失".to_owned(),
        url,
        due_on: None,
        since: at,
        seen_at: at,
    }
}
