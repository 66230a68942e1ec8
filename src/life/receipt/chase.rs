//! Whom to ask at a university, and when who asked. The only file that writes the tables
//! `university_contact` and `receipt_chase`.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;

use crate::base::ids::{RowId, text_enum};
use crate::base::scope::Scope;
use crate::book::act::{Act, FormKey, Once};
use crate::book::audit_log::AuditEntry;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{receipt_chase, university_contact};
use crate::{insert_rows, upsert_rows};

text_enum! {
    How {
        Phone = "phone", "电话";
        Letter = "letter", "寄函";
        Email = "email", "邮件";
    }
}

/// Where the university's loan office is reached; the county keeps it itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = university_contact, treat_none_as_default_value = false)]
pub struct Contact {
    pub id: RowId,
    /// Whose data this is.
    pub office_code: String,
    pub university: String,
    pub person: String,
    pub phone: String,
    pub email: String,
    pub address: String,
    /// One more with each change.
    pub version: i32,
}

/// The university was asked for the receipts of a year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = receipt_chase, treat_none_as_default_value = false)]
pub struct Chase {
    pub id: RowId,
    /// Whose data this is.
    pub office_code: String,
    pub university: String,
    pub loan_year: i32,
    pub on_day: NaiveDate,
    pub by_name: String,
    pub how: How,
    pub result: String,
}

pub fn contacts(db: &mut Db, scope: &Scope) -> AppResult<Vec<Contact>> {
    let of = university_contact::table.filter(scope.holds(university_contact::office_code));
    Ok(of.select(Contact::as_select()).load(db)?)
}

/// Of one loan year, the newest first.
pub fn chases(db: &mut Db, scope: &Scope, year: i32) -> AppResult<Vec<Chase>> {
    Ok(receipt_chase::table
        .filter(scope.holds(receipt_chase::office_code))
        .filter(receipt_chase::loan_year.eq(year))
        .order(receipt_chase::id.desc())
        .select(Chase::as_select())
        .load(db)?)
}

/// Writes an address down; `new` has the version that its page showed, 0 when there was none.
pub fn put_contact(act: &mut Act<'_>, form: &FormKey, new: &Contact) -> AppResult<()> {
    if act.once(form)? == Once::Again {
        return Ok(());
    }
    let known = contacts(act.db, act.scope)?;
    let old = known.iter().find(|old| old.university == new.university);
    if old.map_or(0, |old| old.version) != new.version {
        return Err(AppError::Changed);
    }
    let id = old.map_or_else(|| act.id(), |old| old.id);
    let office_code = act.scope.own().to_owned();
    let new = Contact { id, office_code, version: new.version + 1, ..new.clone() };
    upsert_rows!(
        act.db,
        university_contact[8],
        std::slice::from_ref(&new),
        key = (office_code, university),
        set = (person, phone, email, address, version)
    )?;
    let summary = format!("高校资助部门：{} {} {}", new.person, new.phone, new.email);
    act.audit(AuditEntry::of("university_contact", &new.university, summary))
}

pub fn add(act: &mut Act<'_>, form: &FormKey, new: &Chase) -> AppResult<()> {
    if act.once(form)? == Once::Again {
        return Ok(());
    }
    let (id, office_code) = (act.id(), act.scope.own().to_owned());
    let (on_day, by_name) = (act.today, act.by.name.clone());
    let new = Chase { id, office_code, on_day, by_name, ..new.clone() };
    insert_rows!(act.db, receipt_chase::table, 8, std::slice::from_ref(&new))?;
    let summary = format!("{}催高校录入回执：{}", new.how.in_words(), new.result);
    act.audit(AuditEntry::of("receipt_chased", &new.university, summary))
}
