//! The last step of an import: the user's own sheet back, with two columns more. Identity numbers,
//! telephones and accounts are masked; in full only with a reason, a few times an hour, and written
//! down before it leaves, as a look at a single number.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, web};
use chrono::Duration;

use super::layout::{Column, ColumnKind};
use super::pages::outcome_words;
use super::profile::{self, Profiles};
use super::read::{self, ReadSheet};
use super::store::{self, ImportJob, ImportRow};
use crate::app::App;
use crate::base::ids::ImportId;
use crate::book::audit_log::{self, AuditEntry};
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::Field;
use crate::plumbing::sheet::SheetLimits;
use crate::plumbing::sheet::write::{self, LineResult};
use crate::web::download::{WORKBOOK, attachment};
use crate::web::fields::Form;
use crate::web::session::SignedIn;

/// Whole sheets in an hour that somebody may have in full.
pub const FULL_PER_HOUR: i64 = 3;

/// Fewest characters of a reason.
const REASON_MIN: usize = 4;

/// Digits in a row that may be a telephone, an identity number or an account.
const DIGITS: usize = 11;

/// `GET /imports/{id}/result.xlsx`: masked.
pub async fn workbook(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<ImportId>,
) -> AppResult<HttpResponse> {
    let (job, bytes) = read_back(&app, &me, *id, true).await?;
    me.act(&app, "export result", move |act| {
        let summary = format!("下载“{}”的导入结果，{} 行", job.file_name, job.rows_total);
        act.audit(AuditEntry::of("exported", &job.file_name, summary))?;
        Ok(job.file_name.clone())
    })
    .await
    .map(|name| attached(&name, bytes))
}

/// `POST /imports/{id}/result.xlsx`: in full, with a reason.
pub async fn in_full(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<ImportId>,
    form: Form,
) -> AppResult<HttpResponse> {
    let reason = form.0.get("reason").trim().to_owned();
    if reason.chars().count() < REASON_MIN {
        return Err(AppError::refused(format!("请写明为什么要完整号码（至少 {REASON_MIN} 个字）")));
    }
    let (job, bytes) = read_back(&app, &me, *id, false).await?;
    let staff_id = me.staff_id;
    let name = me.act(&app, "reveal result", move |act| {
        let since = act.now - Duration::hours(1);
        let entry = |action, what: String| AuditEntry {
            reason: reason.clone(),
            ..AuditEntry::of(action, &job.file_name, what)
        };
        let (file, lines) = (&job.file_name, job.rows_total);
        if audit_log::count_since(act.db, staff_id, "sheet_revealed", since)? >= FULL_PER_HOUR {
            let what = format!("要下载“{file}”的完整结果，一小时内已有 {FULL_PER_HOUR} 次，没有给");
            act.audit(entry("reveal_refused", what))?;
            return Ok(None);
        }
        act.audit(entry("sheet_revealed", format!("下载“{file}”的完整结果，{lines} 行")))?;
        Ok(Some(job.file_name.clone()))
    });
    let Some(name) = name.await? else {
        return Err(AppError::refused(format!(
            "这一小时已下载 {FULL_PER_HOUR} 份完整结果，请过一小时再办；这次没有下载，已记入操作留痕"
        )));
    };
    Ok(attached(&name, bytes))
}

fn attached(file_name: &str, bytes: Vec<u8>) -> HttpResponse {
    attachment(&format!("{}-导入结果.xlsx", stem(file_name)), WORKBOOK, bytes)
}

async fn read_back(
    app: &web::Data<App>,
    me: &SignedIn,
    id: ImportId,
    masked: bool,
) -> AppResult<(ImportJob, Vec<u8>)> {
    let (scope, own) = (me.scope.clone(), app.clone());
    web::block(move || {
        let (job, sealed, rows) = own.db.read(|db| {
            let job = store::find(db, &scope, id)?;
            if job.state == "dropped" {
                return Err(AppError::NotFound);
            }
            let rows = store::rows(db, id, None, 0, i64::MAX)?;
            Ok((job, store::content(db, id)?, rows))
        })?;
        let profiles = own.db.read(|db| profile::all(db, &scope))?;
        let bytes = made(&own, &job, (&sealed, masked), rows, &profiles)?;
        Ok::<_, AppError>((job, bytes))
    })
    .await
    .map_err(AppError::broken)?
}

fn made(
    app: &App,
    job: &ImportJob,
    (sealed, masked): (&[u8], bool),
    rows: Vec<ImportRow>,
    profiles: &Profiles,
) -> AppResult<Vec<u8>> {
    let bytes = app.sealer.open(Field::Upload, sealed).map_err(AppError::broken)?;
    let limits = SheetLimits::default();
    let sheet = read::open_kept(&bytes, &limits, job, profiles).map_err(AppError::Refused)?;
    let results: Vec<LineResult> = rows
        .into_iter()
        .map(|row| LineResult {
            line: u32::try_from(row.line).unwrap_or(u32::MAX),
            outcome: match (row.warned, row.outcome.as_str()) {
                (true, "new" | "same" | "changed") => {
                    format!("{}，有提示", outcome_words(job, &row).1)
                }
                _ => outcome_words(job, &row).1.to_owned(),
            },
            needs_attention: row.outcome == "refused" || row.warned,
            explanation: row.notes,
        })
        .collect();
    let clear = clear_columns(&sheet);
    let mask = |column: usize, text: &str| {
        (masked && !clear.contains(&column)).then(|| mask_digits(text)).flatten()
    };
    write::results(&sheet.table, sheet.binding.heading_line, &results, mask)
        .map_err(AppError::broken)
}

/// Columns that hold no number of a person: amounts, days, numbers of contracts. A remark may hold
/// one, and so may what nobody knows.
fn clear_columns(sheet: &ReadSheet) -> BTreeSet<usize> {
    let is_clear = |column: &Column| match column.kind {
        ColumnKind::Int | ColumnKind::Date | ColumnKind::Month | ColumnKind::Money => true,
        ColumnKind::Id => !["id_number", "account"].iter().any(|word| column.key.contains(word)),
        ColumnKind::Text | ColumnKind::Phone => false,
    };
    let bound = sheet.binding.bound();
    bound.filter(|(_, _, column)| column.is_some_and(is_clear)).map(|(at, ..)| at).collect()
}

/// The text with the middle of each long number starred, also of one written with blanks or
/// hyphens in it or in full-width digits; nothing when there is none.
fn mask_digits(text: &str) -> Option<String> {
    let is_digit = |c: char| c.is_ascii_digit() || ('\u{ff10}'..='\u{ff19}').contains(&c);
    let is_of_number = |c: char| is_digit(c) || matches!(c, 'x' | 'X' | ' ' | '-' | '\u{3000}');
    let mut letters: Vec<char> = text.chars().collect();
    let mut changed = false;
    for run in letters.chunk_by_mut(|one, next| is_of_number(*one) == is_of_number(*next)) {
        let counted = |c: &char| is_digit(*c) || matches!(c, 'x' | 'X');
        let digits = run.iter().filter(|c| counted(c)).count();
        if digits < DIGITS {
            continue;
        }
        changed = true;
        let hidden = run.iter_mut().filter(|c| counted(c)).skip(3).take(digits - 7);
        hidden.for_each(|letter| *letter = '*');
    }
    changed.then(|| letters.into_iter().collect())
}

fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_are_masked_wherever_they_stand() {
        let masked = |text: &str| mask_digits(text).unwrap_or_default();
        assert_eq!(masked("51209920050915001X"), "512***********001X");
        assert_eq!(masked("父 13800002741，母13900001111"), "父 138****2741，母139****1111");
        assert_eq!(masked("138 0000 2741"), "138 **** 2741");
        assert_eq!(masked("１３８００００２７４１"), "１３８****２７４１");
        assert_eq!(masked("028-23350000"), "028-****0000");
        assert_eq!(masked("欠 2028.57 元"), "");
        assert_eq!(masked("2026-10-31"), "");
        assert_eq!(masked(""), "");
    }
}
