//! SQL of this stage: table `enlistment`. No decisions.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::base::ids::{ImportId, PersonId, RowId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::any_of::AnyOfMethods as _;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::enlistment;
use crate::{remove_rows, upsert_rows};

/// One service member (服义务兵役) as an import brought them.
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
#[diesel(table_name = enlistment, treat_none_as_default_value = false)]
pub struct Enlistment {
    pub id: RowId,
    /// Whose data this is.
    pub office_code: String,
    pub person_id: PersonId,
    /// 入伍时间.
    pub enlisted_on: NaiveDate,
    /// 退役时间.
    pub discharged_on: Option<NaiveDate>,
    /// 就读高校.
    pub university: String,
    /// 贷款合同号, several parted by 、.
    pub contract_nos: String,
    /// 贷款本金.
    pub principal_fen: Fen,
    /// 申请代偿金额.
    pub asked_fen: Fen,
    /// 批准代偿金额.
    pub granted_fen: Fen,
    /// 拨付时间.
    pub paid_on: Option<NaiveDate>,
    /// The import it came with.
    pub import_id: ImportId,
}

/// Records rows; one that is there already (same key) takes the new details.
pub fn put_all(db: &mut Db, rows: &[Enlistment]) -> AppResult<()> {
    use diesel::upsert::excluded;
    upsert_rows!(
        db,
        enlistment::table,
        12,
        rows,
        key = (enlistment::person_id, enlistment::enlisted_on),
        set = (
            enlistment::discharged_on.eq(excluded(enlistment::discharged_on)),
            enlistment::university.eq(excluded(enlistment::university)),
            enlistment::contract_nos.eq(excluded(enlistment::contract_nos)),
            enlistment::principal_fen.eq(excluded(enlistment::principal_fen)),
            enlistment::asked_fen.eq(excluded(enlistment::asked_fen)),
            enlistment::granted_fen.eq(excluded(enlistment::granted_fen)),
            enlistment::paid_on.eq(excluded(enlistment::paid_on)),
            enlistment::import_id.eq(excluded(enlistment::import_id)),
        )
    )?;
    Ok(())
}

/// The rows of these people.
pub fn of(db: &mut Db, scope: &Scope, keys: &[PersonId]) -> AppResult<Vec<Enlistment>> {
    let mut found = Vec::new();
    for chunk in keys.chunks(BINDS_MAX) {
        found.extend(
            enlistment::table
                .filter(scope.holds(enlistment::office_code))
                .filter(enlistment::person_id.any_of(chunk))
                .order(enlistment::enlisted_on)
                .select(Enlistment::as_select())
                .load(db)?,
        );
    }
    Ok(found)
}

/// The rows with these identities, by identity.
pub fn by_ids(db: &mut Db, scope: &Scope, ids: &[RowId]) -> AppResult<Vec<Enlistment>> {
    let mut found = Vec::new();
    for chunk in ids.chunks(BINDS_MAX) {
        found.extend(
            enlistment::table
                .filter(scope.holds(enlistment::office_code))
                .filter(enlistment::id.eq_any(chunk))
                .select(Enlistment::as_select())
                .load(db)?,
        );
    }
    Ok(found)
}

/// Takes rows away that an import had brought and that is undone.
pub fn remove(db: &mut Db, scope: &Scope, ids: &[RowId]) -> AppResult<()> {
    Ok(remove_rows!(db, enlistment::table, enlistment::id, enlistment::office_code, scope, ids)?)
}
