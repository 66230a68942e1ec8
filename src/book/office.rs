//! Offices (a county's student-aid centre) and the scope of what somebody may see.

use diesel::prelude::*;

use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::office;

/// A county's student-aid centre (县学生资助管理中心).
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, serde::Serialize)]
#[diesel(table_name = office)]
pub struct Office {
    /// Division code of the county: `512022`.
    pub code: String,
    /// `乐至县学生资助管理中心`.
    pub name: String,
    /// Letters that begin the numbers of loan files: `LZ`.
    pub letters: String,
    /// Telephone printed on papers and pages.
    pub phone: String,
    /// Where to find the desk.
    pub address: String,
    /// When the office was set up in this database.
    pub created_at: chrono::NaiveDateTime,
    /// The director who allowed amounts on papers for villages, schools and police stations; empty:
    /// papers say that something is due, and no more.
    pub amounts_on_papers_by: String,
}

impl Office {
    /// May papers show amounts? One rule for everybody outside the office: nobody there learns an
    /// amount before the director has allowed it, on paper for the office, on `/l` by name.
    pub fn allows_amounts_on_papers(&self) -> bool {
        !self.amounts_on_papers_by.is_empty()
    }

    /// `乐至县`: the name without 学生资助管理中心.
    pub fn county(&self) -> &str {
        self.name.strip_suffix("学生资助管理中心").unwrap_or(&self.name)
    }
}

/// The office with this code.
pub fn find(db: &mut Db, code: &str) -> AppResult<Office> {
    Ok(office::table.find(code).select(Office::as_select()).get_result(db)?)
}

/// Every office of this database, by code.
pub fn all(db: &mut Db) -> AppResult<Vec<Office>> {
    Ok(office::table.order(office::code).select(Office::as_select()).load(db)?)
}

/// Sets up an office.
pub fn add(db: &mut Db, new: &Office) -> AppResult<()> {
    diesel::insert_into(office::table).values(new).execute(db)?;
    Ok(())
}

/// Keeps who allowed amounts on papers; empty takes it back.
pub fn set_amounts_on_papers(db: &mut Db, code: &str, by: &str) -> AppResult<()> {
    diesel::update(office::table.find(code))
        .set(office::amounts_on_papers_by.eq(by))
        .execute(db)?;
    Ok(())
}

/// Changes the telephone, address and name that pages and papers show.
pub fn change(db: &mut Db, changed: &Office) -> AppResult<()> {
    diesel::update(office::table.find(&changed.code))
        .set((
            office::name.eq(&changed.name),
            office::phone.eq(&changed.phone),
            office::address.eq(&changed.address),
        ))
        .execute(db)?;
    Ok(())
}
