//! Takes in what came back about a sheet: one write moves the sheet, keeps the proposal and its
//! photograph, and writes it down. Of two that come at once, one is kept and the other is told.

use std::collections::HashSet;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::returns::{self, CameBy, Photo, Return};
use super::rules::Answers;
use super::store::{self, Batch, Sheet, State};
use crate::app::App;
use crate::base::ids::{ReturnId, SheetId};
use crate::base::scope::Scope;
use crate::book::act::Act;
use crate::book::audit_log::AuditEntry;
use crate::book::payments_known;
use crate::error::AppResult;
use crate::life::visits::purpose::Purpose;
use crate::life::visits::text;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::crypto::Field;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{file_position, sheet, sheet_batch};

/// A picture that was sent along, written anew.
#[derive(Clone, Debug)]
pub struct Picture {
    pub jpeg: Vec<u8>,
}

/// Everything that is kept of one return, made before the write that keeps it.
#[derive(Clone, Debug)]
pub struct Incoming {
    pub row: Return,
    photo: Option<Photo>,
    note: AuditEntry,
}

/// Prepares what came back about a sheet.
pub fn incoming(
    app: &App,
    sheet: &Sheet,
    came_by: CameBy,
    answers: &Answers,
    picture: Option<&Picture>,
) -> AppResult<Incoming> {
    let (id, at) = (ReturnId::new(app.next_id()), app.clock.now_at());
    let row = Return {
        id,
        office_code: sheet.office_code.clone(),
        sheet_id: sheet.id,
        file_id: sheet.file_id,
        came_by,
        came_at: at,
        by_name: answers.filled_by.clone(),
        answers_sealed: returns::sealed(&app.sealer, answers)?,
        outcome: answers.outcome.as_text().to_owned(),
        state: "proposed".to_owned(),
        decided_at: None,
        decided_by: String::new(),
        decided_note: String::new(),
        record_id: None,
        command_key: format!("return-{id}"),
        entered_by: None,
    };
    let photo = picture
        .map(|picture| {
            Ok::<_, crate::error::AppError>(Photo {
                id: app.next_id(),
                office_code: sheet.office_code.clone(),
                return_id: id,
                kind: "jpeg".to_owned(),
                bytes: i32::try_from(picture.jpeg.len()).unwrap_or(i32::MAX),
                content_sealed: app.sealer.seal(Field::Upload, &picture.jpeg)?,
                added_at: at,
            })
        })
        .transpose()?;
    let note = AuditEntry::of(
        "sheet_returned",
        &sheet.number,
        format!("走访表 {} 回来（{}）", sheet.number, came_by.in_words()),
    )
    .on_file(sheet.file_id);
    Ok(Incoming { row, photo, note })
}

/// Keeps it; false when the sheet is not out any more.
pub fn take(act: &mut Act<'_>, one: &Incoming) -> AppResult<bool> {
    let ids = [one.row.sheet_id];
    let to = (State::Out, State::Returned);
    if store::move_to(act.db, act.scope, &ids, to, one.row.came_at)? == 0 {
        return Ok(false);
    }
    let is_typed = matches!(one.row.came_by, CameBy::Desk | CameBy::Spoken);
    let entered_by = act.by.staff_id.filter(|_| is_typed);
    returns::add_all(act.db, &[Return { entered_by, ..one.row.clone() }])?;
    if let Some(photo) = &one.photo {
        returns::add_photo(act.db, photo)?;
    }
    act.audit(one.note.clone())?;
    Ok(true)
}

/// The notes of many, for one write.
pub fn notes(all: &[Incoming]) -> Vec<AuditEntry> {
    all.iter().map(|one| one.note.clone()).collect()
}

/// Sheets that are out for a reminder whose family is not late any more, but awaits the bank.
macro_rules! called_back {
    ($scope:expr) => {
        sheet::table
            .inner_join(sheet_batch::table)
            .inner_join(file_position::table.on(file_position::file_id.eq(sheet::file_id)))
            .filter(sheet::office_code.eq_any($scope.codes()))
            .filter(sheet::state.eq(State::Out))
            .filter(sheet_batch::purpose.eq(Purpose::Overdue))
            .filter(file_position::oldest_unpaid_due_on.is_null())
            .filter(file_position::awaiting_on.is_not_null())
    };
}

/// Those of these sheets about a reminder that were made on what was not known (the director went
/// ahead, a list was taken back) and whose family awaits the bank's result: nobody should go.
pub fn called_back(db: &mut Db, scope: &Scope, sheets: &[SheetId]) -> AppResult<HashSet<SheetId>> {
    let mut found = HashSet::new();
    for chunk in sheets.chunks(BINDS_MAX) {
        let rows: Vec<SheetId> =
            called_back!(scope).filter(sheet::id.eq_any(chunk)).select(sheet::id).load(db)?;
        found.extend(rows);
    }
    Ok(found)
}

/// What whoever opens a sheet must know before going, like the paper says it: not to go at all, or
/// that it may be paid already and why nobody waits; mostly nothing.
pub fn caution(
    db: &mut Db,
    scope: &Scope,
    (sheet, batch): (&Sheet, &Batch),
    today: NaiveDate,
) -> AppResult<Option<String>> {
    if batch.purpose.is_yearly() || sheet.state != State::Out {
        return Ok(None);
    }
    if called_back(db, scope, &[sheet.id])?.contains(&sheet.id) {
        return Ok(Some("银行的结果还没有到，先不要去，等中心通知。".to_owned()));
    }
    let ahead = payments_known::bank_data(db, scope, today)?.ahead;
    Ok(ahead.map(|reason| format!("{}；先提醒（{reason}）。", text::MAY_BE_PAID)))
}

/// How many such sheets are out.
pub fn count_called_back(db: &mut Db, scope: &Scope) -> AppResult<i64> {
    Ok(called_back!(scope).count().get_result(db)?)
}

/// Those of these sheets about a reminder whose family owes nothing overdue any more. Figures from
/// before the day of the sheet cannot say that somebody has paid since, nor can what awaits the
/// bank.
pub fn paid(db: &mut Db, scope: &Scope, sheets: &[SheetId]) -> AppResult<HashSet<SheetId>> {
    let overdue = file_position::overdue_principal_fen
        + file_position::overdue_interest_fen
        + file_position::penalty_fen;
    let mut found = HashSet::new();
    for chunk in sheets.chunks(BINDS_MAX) {
        let rows: Vec<SheetId> = sheet::table
            .inner_join(sheet_batch::table)
            .inner_join(file_position::table.on(file_position::file_id.eq(sheet::file_id)))
            .filter(scope.holds(sheet::office_code))
            .filter(sheet::id.eq_any(chunk))
            .filter(sheet_batch::purpose.eq(Purpose::Overdue))
            .filter(file_position::as_of.ge(sheet_batch::as_of))
            .filter(overdue.le(0_i64))
            .filter(file_position::awaiting_on.is_null())
            .select(sheet::id)
            .load(db)?;
        found.extend(rows);
    }
    Ok(found)
}
