//! SQL of this stage: table `university_receipt`. No decisions.

use diesel::prelude::*;

use crate::base::ids::{ImportId, LoanId, RowId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::university_receipt;
use crate::{remove_rows, upsert_rows};

/// One receipt (回执) as the university entered it. `loan_id` is none while it matches no contract.
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
#[diesel(table_name = university_receipt, treat_none_as_default_value = false)]
pub struct Receipt {
    pub id: RowId,
    /// Whose data this is.
    pub office_code: String,
    /// The contract it belongs to.
    pub loan_id: Option<LoanId>,
    /// 学号.
    pub student_number: String,
    /// First year of the school year.
    pub loan_year: i32,
    /// 回执校验码, six digits, not unique.
    pub code: String,
    /// 姓名 as the university wrote it.
    pub name: String,
    /// 班级.
    pub class_name: String,
    /// 就读高校.
    pub university: String,
    /// 贷款金额 as the university wrote it.
    pub amount_fen: Fen,
    /// 是否新申请.
    pub is_first: bool,
    /// What does not agree with the contract, in words; empty when all does.
    pub mismatch: String,
    /// The import it came with.
    pub import_id: ImportId,
}

/// Records rows; one that is there already (same key) takes the new details.
pub fn put_all(db: &mut Db, rows: &[Receipt]) -> AppResult<()> {
    use diesel::upsert::excluded;
    upsert_rows!(
        db,
        university_receipt::table,
        13,
        rows,
        key = (
            university_receipt::office_code,
            university_receipt::student_number,
            university_receipt::loan_year,
            university_receipt::code,
        ),
        set = (
            university_receipt::loan_id.eq(excluded(university_receipt::loan_id)),
            university_receipt::name.eq(excluded(university_receipt::name)),
            university_receipt::class_name.eq(excluded(university_receipt::class_name)),
            university_receipt::university.eq(excluded(university_receipt::university)),
            university_receipt::amount_fen.eq(excluded(university_receipt::amount_fen)),
            university_receipt::is_first.eq(excluded(university_receipt::is_first)),
            university_receipt::mismatch.eq(excluded(university_receipt::mismatch)),
            university_receipt::import_id.eq(excluded(university_receipt::import_id)),
        )
    )?;
    Ok(())
}

/// The rows of these loans.
pub fn of(db: &mut Db, scope: &Scope, keys: &[LoanId]) -> AppResult<Vec<Receipt>> {
    let mut found = Vec::new();
    for chunk in keys.chunks(BINDS_MAX) {
        found.extend(
            university_receipt::table
                .filter(scope.holds(university_receipt::office_code))
                .filter(university_receipt::loan_id.eq_any(chunk))
                .order(university_receipt::loan_year)
                .select(Receipt::as_select())
                .load(db)?,
        );
    }
    Ok(found)
}

/// The receipts of these students, matched or not. For imports: one query a chunk.
pub fn of_students(db: &mut Db, scope: &Scope, numbers: &[String]) -> AppResult<Vec<Receipt>> {
    let mut found = Vec::new();
    for chunk in numbers.chunks(BINDS_MAX) {
        found.extend(
            university_receipt::table
                .filter(scope.holds(university_receipt::office_code))
                .filter(university_receipt::student_number.eq_any(chunk))
                .order((university_receipt::student_number, university_receipt::loan_year))
                .select(Receipt::as_select())
                .load(db)?,
        );
    }
    Ok(found)
}

/// The rows with these identities, by identity.
pub fn by_ids(db: &mut Db, scope: &Scope, ids: &[RowId]) -> AppResult<Vec<Receipt>> {
    let mut found = Vec::new();
    for chunk in ids.chunks(BINDS_MAX) {
        found.extend(
            university_receipt::table
                .filter(scope.holds(university_receipt::office_code))
                .filter(university_receipt::id.eq_any(chunk))
                .select(Receipt::as_select())
                .load(db)?,
        );
    }
    Ok(found)
}

/// Takes rows away that an import had brought and that is undone.
pub fn remove(db: &mut Db, scope: &Scope, ids: &[RowId]) -> AppResult<()> {
    Ok(remove_rows!(
        db,
        university_receipt::table,
        university_receipt::id,
        university_receipt::office_code,
        scope,
        ids
    )?)
}
