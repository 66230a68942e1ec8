//! Lists of the overdue page that somebody keeps under a name. The only file that writes the table
//! `saved_list`.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::base::ids::{RowId, StaffId};
use crate::base::scope::Scope;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::schema::saved_list;

/// The page these lists are of.
const PAGE: &str = "overdue";
/// How many one person keeps.
const MOST: i64 = 12;

/// A list under a name, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = saved_list, treat_none_as_default_value = false)]
pub struct Saved {
    pub id: RowId,
    /// Whose data this is.
    pub office_code: String,
    pub staff_id: StaffId,
    pub page: String,
    pub name: String,
    /// What it asks for: the query of the address.
    pub query: String,
    /// Everybody of the office sees it.
    pub shared: bool,
    /// When it was kept.
    pub created_at: NaiveDateTime,
}

/// The lists that this person sees: their own, and shared ones.
pub fn all(db: &mut Db, scope: &Scope, staff: StaffId) -> AppResult<Vec<Saved>> {
    Ok(saved_list::table
        .filter(scope.holds(saved_list::office_code))
        .filter(saved_list::page.eq(PAGE))
        .filter(saved_list::staff_id.eq(staff).or(saved_list::shared.eq(true)))
        .order(saved_list::id)
        .select(Saved::as_select())
        .load(db)?)
}

/// Keeps a list; one of the same name of the same person is replaced.
pub fn keep(db: &mut Db, new: &Saved) -> AppResult<()> {
    let own = saved_list::table
        .filter(saved_list::staff_id.eq(new.staff_id))
        .filter(saved_list::page.eq(PAGE));
    let count: i64 = own.count().get_result(db)?;
    let same = saved_list::table
        .filter(saved_list::staff_id.eq(new.staff_id))
        .filter(saved_list::page.eq(PAGE))
        .filter(saved_list::name.eq(&new.name));
    let replaced = diesel::delete(same).execute(db)?;
    if replaced == 0 && count >= MOST {
        return Err(AppError::refused(format!("最多存 {MOST} 个名单，请先去掉一个")));
    }
    let new = Saved { page: PAGE.to_owned(), ..new.clone() };
    diesel::insert_into(saved_list::table).values(&new).execute(db)?;
    Ok(())
}

/// Forgets a list of one's own.
pub fn forget(db: &mut Db, staff: StaffId, id: RowId) -> AppResult<()> {
    let own =
        saved_list::table.filter(saved_list::id.eq(id)).filter(saved_list::staff_id.eq(staff));
    let gone = diesel::delete(own).execute(db)?;
    if gone == 0 { Err(AppError::NotFound) } else { Ok(()) }
}
