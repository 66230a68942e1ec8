//! The monthly figures (月报) as imports bring them, kept for comparison with our own.
//! Writes table `monthly_figure`.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::base::ids::ImportId;
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::monthly_figure;
use crate::upsert_rows;

/// One month as the county's own report says it. Money in fen.
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
#[diesel(table_name = monthly_figure, treat_none_as_default_value = false)]
pub struct MonthlyFigure {
    /// Whose data this is.
    pub office_code: String,
    /// First day of the month.
    pub month: NaiveDate,
    /// 新签合同（笔）.
    pub signed: i32,
    /// 新签合同金额.
    pub signed_fen: Fen,
    /// 发放（笔）.
    pub disbursed: i32,
    /// 发放金额.
    pub disbursed_fen: Fen,
    /// 还款（笔）.
    pub repaid: i32,
    /// 收回本金.
    pub principal_fen: Fen,
    /// 收回利息.
    pub interest_fen: Fen,
    /// 收回罚息.
    pub penalty_fen: Fen,
    /// 其中：国家代偿.
    pub compensated_fen: Fen,
    /// 月末贷款余额.
    pub balance_fen: Fen,
    /// The import it came with.
    pub import_id: ImportId,
}

/// Records months; one that is there already takes the new figures.
pub fn put_all(db: &mut Db, rows: &[MonthlyFigure]) -> AppResult<()> {
    use diesel::upsert::excluded;
    upsert_rows!(
        db,
        monthly_figure::table,
        13,
        rows,
        key = (monthly_figure::office_code, monthly_figure::month),
        set = (
            monthly_figure::signed.eq(excluded(monthly_figure::signed)),
            monthly_figure::signed_fen.eq(excluded(monthly_figure::signed_fen)),
            monthly_figure::disbursed.eq(excluded(monthly_figure::disbursed)),
            monthly_figure::disbursed_fen.eq(excluded(monthly_figure::disbursed_fen)),
            monthly_figure::repaid.eq(excluded(monthly_figure::repaid)),
            monthly_figure::principal_fen.eq(excluded(monthly_figure::principal_fen)),
            monthly_figure::interest_fen.eq(excluded(monthly_figure::interest_fen)),
            monthly_figure::penalty_fen.eq(excluded(monthly_figure::penalty_fen)),
            monthly_figure::compensated_fen.eq(excluded(monthly_figure::compensated_fen)),
            monthly_figure::balance_fen.eq(excluded(monthly_figure::balance_fen)),
            monthly_figure::import_id.eq(excluded(monthly_figure::import_id)),
        )
    )?;
    Ok(())
}

/// Every month on record, oldest first.
pub fn all(db: &mut Db, scope: &Scope) -> AppResult<Vec<MonthlyFigure>> {
    Ok(monthly_figure::table
        .filter(scope.holds(monthly_figure::office_code))
        .order(monthly_figure::month)
        .select(MonthlyFigure::as_select())
        .load(db)?)
}

/// Takes months away that an import had brought and that is undone.
pub fn remove(db: &mut Db, scope: &Scope, months: &[NaiveDate]) -> AppResult<()> {
    diesel::delete(
        monthly_figure::table
            .filter(scope.holds(monthly_figure::office_code))
            .filter(monthly_figure::month.eq_any(months)),
    )
    .execute(db)?;
    Ok(())
}
