//! What came back about sheets, and photographs of them. The only file that writes the tables
//! `sheet_return` and `sheet_photo`. Answers and photographs are sealed.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use super::rules::Answers;
use crate::base::ids::{FileId, RecordId, ReturnId, SheetId, StaffId, text_enum};
use crate::base::scope::Scope;
use crate::book::policy::Policy;
use crate::book::staff::Right;
use crate::error::{AppError, AppResult};
use crate::insert_rows;
use crate::plumbing::crypto::{Field, Sealer};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{sheet_photo, sheet_return};
use crate::web::waiting::{Waiting, Whose};

text_enum! {
    /// By which way a sheet came back.
    CameBy {
        /// The code on the sheet.
        Scan = "scan", "扫码";
        /// The code said on the telephone.
        Spoken = "spoken", "电话报码";
        /// A workbook sent back.
        Workbook = "workbook", "Excel 名单";
        /// The paper, typed in at the desk.
        Desk = "desk", "窗口录入";
        Liaison = "liaison", "联络员";
        /// The day of a visit round.
        Round = "round", "走访当天";
    }
}

/// What came back, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = sheet_return, treat_none_as_default_value = false)]
pub struct Return {
    pub id: ReturnId,
    /// Whose data this is.
    pub office_code: String,
    pub sheet_id: SheetId,
    pub file_id: FileId,
    pub came_by: CameBy,
    pub came_at: NaiveDateTime,
    /// Who filled it in.
    pub by_name: String,
    /// [`Answers`] as JSON, sealed (`Field::Sheet`).
    pub answers_sealed: Vec<u8>,
    /// What came of the visit, for lists.
    pub outcome: String,
    /// `proposed`, `accepted`, `refused`.
    pub state: String,
    /// When it was decided.
    pub decided_at: Option<NaiveDateTime>,
    pub decided_by: String,
    /// What they said about it.
    pub decided_note: String,
    /// The contact record it became.
    pub record_id: Option<RecordId>,
    /// Unique in the office.
    pub command_key: String,
    /// The member of staff who typed it in, from a paper or by telephone; another one, or a call,
    /// confirms the borrower's number.
    pub entered_by: Option<StaffId>,
}

/// How many columns [`Return`] has.
const COLUMNS: usize = 16;

impl Return {
    pub fn answers(&self, sealer: &Sealer) -> AppResult<Answers> {
        let text = sealer.open_text(Field::Sheet, &self.answers_sealed)?;
        serde_json::from_str(&text).map_err(AppError::broken)
    }
}

/// Answers as they are kept.
pub fn sealed(sealer: &Sealer, answers: &Answers) -> AppResult<Vec<u8>> {
    let text = serde_json::to_string(answers).map_err(AppError::broken)?;
    Ok(sealer.seal(Field::Sheet, text.as_bytes())?)
}

/// A photograph as stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = sheet_photo, treat_none_as_default_value = false)]
pub struct Photo {
    pub id: i64,
    /// Whose data this is.
    pub office_code: String,
    pub return_id: ReturnId,
    /// `jpeg`, `png`, `webp`.
    pub kind: String,
    /// In bytes, before sealing.
    pub bytes: i32,
    /// The picture, sealed (`Field::Upload`).
    pub content_sealed: Vec<u8>,
    pub added_at: NaiveDateTime,
}

/// Keeps what came back. The caller has moved the sheets.
pub fn add_all(db: &mut Db, new: &[Return]) -> AppResult<()> {
    insert_rows!(db, sheet_return::table, COLUMNS, new)?;
    Ok(())
}

/// Whether something came back under this key already.
pub fn has_come(db: &mut Db, scope: &Scope, key: &str) -> AppResult<bool> {
    let known: i64 = sheet_return::table
        .filter(scope.holds(sheet_return::office_code))
        .filter(sheet_return::command_key.eq(key))
        .count()
        .get_result(db)?;
    Ok(known > 0)
}

pub fn add_photo(db: &mut Db, new: &Photo) -> AppResult<()> {
    diesel::insert_into(sheet_photo::table).values(new).execute(db)?;
    Ok(())
}

/// What waits for a decision, oldest first.
pub fn waiting(db: &mut Db, scope: &Scope, limit: i64) -> AppResult<Vec<Return>> {
    Ok(sheet_return::table
        .filter(scope.holds(sheet_return::office_code))
        .filter(sheet_return::state.eq("proposed"))
        .order(sheet_return::id)
        .limit(limit)
        .select(Return::as_select())
        .load(db)?)
}

pub fn count_waiting(db: &mut Db, scope: &Scope) -> AppResult<i64> {
    Ok(sheet_return::table
        .filter(scope.holds(sheet_return::office_code))
        .filter(sheet_return::state.eq("proposed"))
        .count()
        .get_result(db)?)
}

/// The line of the workbench.
pub fn waiting_line(
    db: &mut Db,
    scope: &Scope,
    _: &Policy,
    _: NaiveDate,
) -> AppResult<Vec<Waiting>> {
    let count = count_waiting(db, scope)?;
    let whose = Whose::Right(Right::PrintWorksheets);
    Ok(vec![Waiting::decision(count, "走访表交回来，等核对", "/visits/returns", whose)])
}

pub fn find(db: &mut Db, scope: &Scope, id: ReturnId) -> AppResult<Return> {
    Ok(sheet_return::table
        .filter(scope.holds(sheet_return::office_code))
        .filter(sheet_return::id.eq(id))
        .select(Return::as_select())
        .get_result(db)?)
}

/// The photographs of a return, without their contents.
pub fn photos(db: &mut Db, scope: &Scope, of: ReturnId) -> AppResult<Vec<(i64, i32)>> {
    Ok(sheet_photo::table
        .filter(scope.holds(sheet_photo::office_code))
        .filter(sheet_photo::return_id.eq(of))
        .order(sheet_photo::id)
        .select((sheet_photo::id, sheet_photo::bytes))
        .load(db)?)
}

/// One photograph, or NotFound.
pub fn photo(db: &mut Db, scope: &Scope, id: i64) -> AppResult<Photo> {
    Ok(sheet_photo::table
        .filter(scope.holds(sheet_photo::office_code))
        .filter(sheet_photo::id.eq(id))
        .select(Photo::as_select())
        .get_result(db)?)
}

/// What the desk says to a proposal.
#[derive(Clone, Debug)]
pub struct Decision {
    pub accepted: bool,
    pub by: String,
    /// Why, or a remark.
    pub note: String,
    pub at: NaiveDateTime,
    /// The contact record it became.
    pub record_id: Option<RecordId>,
}

/// Decides a proposal; `Changed` when somebody was quicker.
pub fn decide(db: &mut Db, scope: &Scope, id: ReturnId, decision: &Decision) -> AppResult<()> {
    let done = diesel::update(
        sheet_return::table
            .filter(scope.holds(sheet_return::office_code))
            .filter(sheet_return::id.eq(id))
            .filter(sheet_return::state.eq("proposed")),
    )
    .set((
        sheet_return::state.eq(if decision.accepted { "accepted" } else { "refused" }),
        sheet_return::decided_at.eq(decision.at),
        sheet_return::decided_by.eq(&decision.by),
        sheet_return::decided_note.eq(&decision.note),
        sheet_return::record_id.eq(decision.record_id),
    ))
    .execute(db)?;
    if done == 1 { Ok(()) } else { Err(AppError::Changed) }
}
