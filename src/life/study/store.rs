//! SQL of this stage: table `graduation`. No decisions.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::base::ids::{FileId, ImportId, RowId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::any_of::AnyOfMethods as _;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::graduation;
use crate::{remove_rows, upsert_rows};

/// One graduation confirmation (毕业确认) as an import brought it.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    Queryable,
    Selectable,
    Insertable,
    serde::Serialize,
    serde::Deserialize,
)]
#[diesel(table_name = graduation, treat_none_as_default_value = false)]
pub struct Graduation {
    pub id: RowId,
    /// Whose data this is.
    pub office_code: String,
    pub file_id: FileId,
    /// 就读高校.
    pub university: String,
    /// First day of the month of graduation.
    pub graduated_on: Option<NaiveDate>,
    /// 毕业确认日期.
    pub confirmed_on: Option<NaiveDate>,
    /// 毕业去向.
    pub destination: String,
    /// 贷款笔数 as the list says.
    pub loans: Option<i32>,
    /// 贷款本金合计 as the list says.
    pub principal_fen: Option<Fen>,
    /// 自付利息起始日.
    pub self_pay_from: Option<NaiveDate>,
    /// 备注.
    pub note: String,
    /// The import it came with.
    pub import_id: ImportId,
}

/// Records rows; one that is there already (same key) takes the new details.
pub fn put_all(db: &mut Db, rows: &[Graduation]) -> AppResult<()> {
    use diesel::upsert::excluded;
    upsert_rows!(
        db,
        graduation::table,
        12,
        rows,
        key = graduation::file_id,
        set = (
            graduation::university.eq(excluded(graduation::university)),
            graduation::graduated_on.eq(excluded(graduation::graduated_on)),
            graduation::confirmed_on.eq(excluded(graduation::confirmed_on)),
            graduation::destination.eq(excluded(graduation::destination)),
            graduation::loans.eq(excluded(graduation::loans)),
            graduation::principal_fen.eq(excluded(graduation::principal_fen)),
            graduation::self_pay_from.eq(excluded(graduation::self_pay_from)),
            graduation::note.eq(excluded(graduation::note)),
            graduation::import_id.eq(excluded(graduation::import_id)),
        )
    )?;
    Ok(())
}

/// The rows of these files.
pub fn of(db: &mut Db, scope: &Scope, keys: &[FileId]) -> AppResult<Vec<Graduation>> {
    let mut found = Vec::new();
    for chunk in keys.chunks(BINDS_MAX) {
        found.extend(
            graduation::table
                .filter(scope.holds(graduation::office_code))
                .filter(graduation::file_id.any_of(chunk))
                .order(graduation::file_id)
                .select(Graduation::as_select())
                .load(db)?,
        );
    }
    Ok(found)
}

/// The rows with these identities, by identity.
pub fn by_ids(db: &mut Db, scope: &Scope, ids: &[RowId]) -> AppResult<Vec<Graduation>> {
    let mut found = Vec::new();
    for chunk in ids.chunks(BINDS_MAX) {
        found.extend(
            graduation::table
                .filter(scope.holds(graduation::office_code))
                .filter(graduation::id.eq_any(chunk))
                .select(Graduation::as_select())
                .load(db)?,
        );
    }
    Ok(found)
}

/// Takes rows away that an import had brought and that is undone.
pub fn remove(db: &mut Db, scope: &Scope, ids: &[RowId]) -> AppResult<()> {
    Ok(remove_rows!(db, graduation::table, graduation::id, graduation::office_code, scope, ids)?)
}
