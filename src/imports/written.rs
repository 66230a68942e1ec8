//! What each import has written: which rows, what stood there before, and what it left, so that
//! it can be undone as a whole. The only file that writes the table `import_written`.
//!
//! What stood there before is a whole row with names and addresses, so it is sealed. What the
//! import left is a hash: enough to see whether anybody has changed it since.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use crate::base::ids::{ImportId, RowId};
use crate::book::bank::BankFigure;
use crate::book::events::EventRow;
use crate::book::loan::{Loan, LoanFile};
use crate::book::person::{Person, Phone};
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::{Field, Sealer};
use crate::plumbing::db::Db;
use crate::plumbing::schema::import_written;

/// One row that an import wrote.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = import_written, treat_none_as_default_value = false)]
pub struct Written {
    /// Identity; in the order of writing.
    pub id: RowId,
    /// Whose data this is.
    pub office_code: String,
    pub import_id: ImportId,
    /// Which kind of row, [`Kind::KIND`].
    pub kind: String,
    pub row_id: i64,
    /// Hash of what the import left; empty when it took the row away.
    pub left_hash: Vec<u8>,
    /// What stood there before, sealed; none when the row is new.
    pub before_sealed: Option<Vec<u8>>,
}

/// A row that imports write.
pub trait Kind: Clone + Serialize + DeserializeOwned {
    /// Its name in the table.
    const KIND: &'static str;
    fn row_id(&self) -> i64;
    /// The same row without what changes by itself: version, and the event that stands for it.
    #[must_use]
    fn bare(&self) -> Self;
}

macro_rules! kinds {
    (@bare $own:ident) => { $own.clone() };
    (@bare $own:ident, |$one:ident| $bare:expr) => {{
        let mut $one = $own.clone();
        $bare;
        $one
    }};
    ($($row:ident = $kind:literal $(, |$one:ident| $bare:expr)?;)*) => {$(
        impl Kind for $row {
            const KIND: &'static str = $kind;
            fn row_id(&self) -> i64 { self.id.get() }
            fn bare(&self) -> Self {
                kinds!(@bare self $(, |$one| $bare)?)
            }
        }
    )*};
}

kinds! {
    Person = "person", |row| { row.version = 0; row.updated_at = row.created_at };
    LoanFile = "file", |row| { row.version = 0; row.updated_at = row.created_at };
    Loan = "loan", |row| { row.version = 0; row.updated_at = row.created_at };
    Phone = "phone";
    EventRow = "event";
    BankFigure = "figure", |row| row.event_id = None;
}

/// The hash by which a row is known again.
pub fn hash<T: Kind>(row: &T) -> AppResult<Vec<u8>> {
    let text = serde_json::to_vec(&row.bare()).map_err(AppError::broken)?;
    Ok(Sha256::digest(text).to_vec())
}

/// Gathers what one write of an import writes.
pub struct Notes<'a> {
    sealer: &'a Sealer,
    office_code: &'a str,
    import_id: ImportId,
    next_id: &'a dyn Fn() -> i64,
    rows: Vec<Written>,
}

impl<'a> Notes<'a> {
    pub fn new(
        sealer: &'a Sealer,
        office_code: &'a str,
        import_id: ImportId,
        next_id: &'a dyn Fn() -> i64,
    ) -> Self {
        Notes { sealer, office_code, import_id, next_id, rows: Vec::new() }
    }

    /// Notes rows as they are left, each with the one of `before` that stood in its place.
    pub fn left<T: Kind>(&mut self, rows: &[T], before: &[T]) -> AppResult<()> {
        let before: std::collections::HashMap<i64, &T> =
            before.iter().map(|row| (row.row_id(), row)).collect();
        for row in rows {
            let left_hash = hash(row)?;
            self.note::<T>(row.row_id(), left_hash, before.get(&row.row_id()).copied())?;
        }
        Ok(())
    }

    /// Notes rows that are taken away.
    pub fn taken<T: Kind>(&mut self, before: &[T]) -> AppResult<()> {
        before.iter().try_for_each(|row| self.note(row.row_id(), Vec::new(), Some(row)))
    }

    fn note<T: Kind>(
        &mut self,
        row_id: i64,
        left_hash: Vec<u8>,
        before: Option<&T>,
    ) -> AppResult<()> {
        let before_sealed = match before {
            Some(row) => {
                let text = serde_json::to_vec(row).map_err(AppError::broken)?;
                Some(self.sealer.seal(Field::Upload, &text).map_err(AppError::broken)?)
            }
            None => None,
        };
        self.rows.push(Written {
            id: RowId::new((self.next_id)()),
            office_code: self.office_code.to_owned(),
            import_id: self.import_id,
            kind: T::KIND.to_owned(),
            row_id,
            left_hash,
            before_sealed,
        });
        Ok(())
    }

    pub fn keep(self, db: &mut Db) -> AppResult<()> {
        crate::insert_rows!(db, import_written::table, 7, self.rows)?;
        Ok(())
    }
}

/// What an import has written, in the order of writing.
pub fn of_import(db: &mut Db, import: ImportId) -> AppResult<Vec<Written>> {
    Ok(import_written::table
        .filter(import_written::import_id.eq(import))
        .order(import_written::id)
        .select(Written::as_select())
        .load(db)?)
}

/// What stood in the place of a row before.
pub fn before<T: Kind>(sealer: &Sealer, sealed: &[u8]) -> AppResult<T> {
    let text = sealer.open(Field::Upload, sealed).map_err(AppError::broken)?;
    serde_json::from_slice(&text).map_err(AppError::broken)
}

/// A later version of the row that stands again: nobody who saw it meanwhile writes over it.
pub trait Versioned {
    /// Sets version and day of change.
    fn set_version(&mut self, version: i32, at: NaiveDateTime);
    fn version(&self) -> i32;
}

macro_rules! versioned {
    ($($row:ident),*) => {$(
        impl Versioned for $row {
            fn set_version(&mut self, version: i32, at: NaiveDateTime) {
                (self.version, self.updated_at) = (version, at);
            }
            fn version(&self) -> i32 { self.version }
        }
    )*};
}
versioned!(Person, LoanFile, Loan);
