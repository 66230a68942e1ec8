//! SQL of this stage: the only file that writes the table `graduation`. No decisions.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use super::rules::{self, Way};
use crate::base::dates::{in_words, minute};
use crate::base::ids::{FileId, ImportId, RowId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::any_of::AnyOfMethods as _;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::graduation;
use crate::{remove_rows, rows_by, upsert_rows};

/// The last graduation confirmation (毕业确认) of a file.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    Queryable,
    Selectable,
    Insertable,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(default)]
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
    /// 毕业去向, in words.
    pub destination: String,
    /// 贷款笔数 as the list says.
    pub loans: Option<i32>,
    /// 贷款本金合计 as the list says.
    pub principal_fen: Option<Fen>,
    /// 自付利息起始日.
    pub self_pay_from: Option<NaiveDate>,
    /// 备注.
    pub note: String,
    /// The import it came with; 0 when somebody entered it.
    pub import_id: ImportId,
    // What came later is left out where it says nothing: what imports have left is known again.
    #[serde(skip_serializing_if = "is_default")]
    pub way: Way,
    /// Who confirmed it: staff, or the borrower; empty for a list.
    #[serde(skip_serializing_if = "is_default")]
    pub confirmed_by: String,
    #[serde(skip_serializing_if = "is_default")]
    pub confirmed_at: Option<NaiveDateTime>,
    /// 院系.
    #[serde(skip_serializing_if = "is_default")]
    pub department: String,
    #[serde(skip_serializing_if = "is_default")]
    pub qq: String,
    /// 邮编.
    #[serde(skip_serializing_if = "is_default")]
    pub postcode: String,
    /// 就业单位.
    #[serde(skip_serializing_if = "is_default")]
    pub employer: String,
    /// 单位性质; empty: not said.
    #[serde(skip_serializing_if = "is_default")]
    pub employer_kind: String,
    #[serde(skip_serializing_if = "is_default")]
    pub employer_address: String,
    /// 升入的学校.
    #[serde(skip_serializing_if = "is_default")]
    pub next_school: String,
    /// 联系人, as a rule the co-borrower.
    #[serde(skip_serializing_if = "is_default")]
    pub contact_name: String,
    /// Grows with every confirmation.
    #[serde(skip_serializing_if = "is_default")]
    pub version: i32,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Graduation {
    /// Counts for a year of graduation.
    pub fn is_of(&self, year: i32) -> bool {
        rules::is_for(year, (self.graduated_on, self.confirmed_on))
    }

    /// Who confirmed it, when, by which way; empty: nobody yet.
    pub fn confirmed_words(&self) -> String {
        let when = match (self.confirmed_at, self.confirmed_on) {
            (Some(at), _) => minute(at),
            (None, Some(on)) => in_words(on, NaiveDate::MIN),
            (None, None) => return String::new(),
        };
        let by = if self.confirmed_by.is_empty() { "" } else { "，" };
        format!("{}{by}{}，{when}", self.way.in_words(), self.confirmed_by)
    }

    /// A list that comes later, in the place of this one. What a person has said of the same
    /// graduation stands; the list adds what it knows of the loans.
    pub fn replaced_by(&self, new: &mut Graduation) {
        let is_same = new.graduated_on.is_some_and(|on| self.is_of(chrono::Datelike::year(&on)));
        if self.way == Way::Upload || !is_same {
            (new.id, new.version) = (self.id, self.version);
            return;
        }
        let list = std::mem::replace(new, self.clone());
        new.import_id = list.import_id;
        new.loans = list.loans.or(self.loans);
        new.principal_fen = list.principal_fen.or(self.principal_fen);
        new.self_pay_from = list.self_pay_from.or(self.self_pay_from);
    }
}

/// Records rows; one that is there already (same file) takes the new details.
pub fn put_all(db: &mut Db, rows: &[Graduation]) -> AppResult<()> {
    upsert_rows!(
        db,
        graduation[24],
        rows,
        key = (file_id),
        set = (
            university,
            graduated_on,
            confirmed_on,
            destination,
            loans,
            principal_fen,
            self_pay_from,
            note,
            import_id,
            way,
            confirmed_by,
            confirmed_at,
            department,
            qq,
            postcode,
            employer,
            employer_kind,
            employer_address,
            next_school,
            contact_name,
            version,
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

/// The rows with these identities.
pub fn by_ids(db: &mut Db, scope: &Scope, ids: &[RowId]) -> AppResult<Vec<Graduation>> {
    Ok(rows_by!(db, scope, graduation.id in ids => Graduation))
}

/// Takes rows away that an import had brought and that is undone.
pub fn remove(db: &mut Db, scope: &Scope, ids: &[RowId]) -> AppResult<()> {
    Ok(remove_rows!(db, graduation::table, graduation::id, graduation::office_code, scope, ids)?)
}
