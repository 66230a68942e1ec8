//! SQL of this stage: the only file that writes the table `loan_application`. No decisions.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use serde::{Deserialize, Serialize};

use super::kinds::{Source, State, Step};
use crate::base::ids::{FileId, LoanId, PersonId, RowId, StaffId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::statement::Product;
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::{Field, Sealer};
use crate::plumbing::db::Db;
use crate::plumbing::schema::loan_application;
use crate::web::fields::Fields;

/// One application as stored.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = loan_application,
    treat_none_as_default_value = false,
    treat_none_as_null = true
)]
pub struct Application {
    pub id: RowId,
    pub office_code: String,
    pub loan_year: i32,
    product: String,
    /// Blind index of the student's identity number.
    pub person_index: Vec<u8>,
    /// The same of the co-borrower.
    pub co_index: Option<Vec<u8>>,
    pub person_id: Option<PersonId>,
    pub file_id: Option<FileId>,
    pub loan_id: Option<LoanId>,
    pub name: String,
    pub name_key: String,
    pub id_mask: String,
    pub university: String,
    pub amount_fen: Option<Fen>,
    /// 首贷 or 续贷.
    pub is_first: bool,
    /// Where the clerk is, or where it goes back to.
    pub step: Step,
    pub state: State,
    draft_sealed: Vec<u8>,
    /// Both empty until they are known.
    pub contract_no: String,
    pub receipt_code: String,
    /// What was signed before a raise.
    pub raised_from_fen: Option<Fen>,
    /// Who works on it; empty while only the family has.
    pub staff_name: String,
    pub submitted_at: Option<NaiveDateTime>,
    /// Why it went back, was refused or given up.
    pub reason: String,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    pub version: i32,
    pub township: String,
    pub source: Source,
    /// None while nobody of the desk has touched it.
    pub staff_id: Option<StaffId>,
}

#[derive(Clone, Copy, Debug)]
pub enum Beginner<'a> {
    Clerk(StaffId, &'a str),
    /// The family, on the phone pages.
    Family,
}

/// What was typed so far, as it was typed: names of form fields and their texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    pub values: BTreeMap<String, String>,
    /// Steps that were saved without a mistake.
    pub done: BTreeSet<String>,
    /// Papers that were counted.
    pub papers: BTreeSet<String>,
    /// Fields that stand in the bank's system already.
    pub copied: BTreeSet<String>,
}

impl Draft {
    pub fn fields(&self) -> Fields {
        Fields::from(self.values.iter().map(|(k, v)| (k.clone(), v.clone())).collect::<Vec<_>>())
    }

    pub fn get(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.values.insert(name.to_owned(), value.into());
    }

    pub fn has_done(&self, step: Step) -> bool {
        self.done.contains(step.as_text())
    }
}

impl Application {
    #[expect(clippy::too_many_arguments, reason = "the key of a row, and who begins it")]
    pub fn new(
        (id, now): (RowId, NaiveDateTime),
        office_code: &str,
        (loan_year, product): (i32, Product),
        (person_index, id_mask): (Vec<u8>, String),
        by: Beginner<'_>,
        is_first: bool,
        draft: &Draft,
        sealer: &Sealer,
    ) -> AppResult<Application> {
        let (source, staff_id, staff_name) = match by {
            Beginner::Clerk(id, name) => (Source::Desk, Some(id), name.to_owned()),
            Beginner::Family => (Source::Phone, None, String::new()),
        };
        let mut made = Application {
            id,
            office_code: office_code.to_owned(),
            loan_year,
            product: product.as_text().to_owned(),
            person_index,
            co_index: None,
            person_id: None,
            file_id: None,
            loan_id: None,
            name: String::new(),
            name_key: String::new(),
            id_mask,
            university: String::new(),
            amount_fen: None,
            is_first,
            step: if is_first { Step::Who } else { Step::Renewal },
            state: State::Draft,
            draft_sealed: Vec::new(),
            contract_no: String::new(),
            receipt_code: String::new(),
            raised_from_fen: None,
            staff_name,
            submitted_at: None,
            reason: String::new(),
            created_at: now,
            updated_at: now,
            version: 1,
            township: String::new(),
            source,
            staff_id,
        };
        made.seal(sealer, draft)?;
        Ok(made)
    }

    /// Begun by the family, and nobody of the desk has touched it.
    pub fn is_family_only(&self) -> bool {
        self.source == Source::Phone && self.staff_id.is_none()
    }

    pub fn product(&self) -> Product {
        Product::from_text(&self.product).unwrap_or(Product::Cdb)
    }

    pub fn draft(&self, sealer: &Sealer) -> AppResult<Draft> {
        let text = sealer.open_text(Field::Application, &self.draft_sealed)?;
        serde_json::from_str(&text).map_err(AppError::broken)
    }

    pub fn seal(&mut self, sealer: &Sealer, draft: &Draft) -> AppResult<()> {
        let text = serde_json::to_string(draft).map_err(AppError::broken)?;
        self.draft_sealed = sealer.seal(Field::Application, text.as_bytes())?;
        Ok(())
    }
}

pub fn find(db: &mut Db, scope: &Scope, id: RowId) -> AppResult<Application> {
    Ok(loan_application::table
        .filter(scope.holds(loan_application::office_code))
        .filter(loan_application::id.eq(id))
        .select(Application::as_select())
        .get_result(db)?)
}

/// The one of a contract.
pub fn of_loan(db: &mut Db, scope: &Scope, loan: LoanId) -> AppResult<Option<Application>> {
    Ok(loan_application::table
        .filter(scope.holds(loan_application::office_code))
        .filter(loan_application::loan_id.eq(loan))
        .select(Application::as_select())
        .get_result(db)
        .optional()?)
}

/// Those of a student for a year that are not over, of every county of this database: what another
/// county has begun, too, is a second loan.
pub fn of_student(db: &mut Db, index: &[u8], year: i32) -> AppResult<Vec<Application>> {
    let over = [State::Refused, State::Withdrawn, State::Void];
    Ok(loan_application::table
        .filter(loan_application::person_index.eq(index))
        .filter(loan_application::loan_year.eq(year))
        .filter(loan_application::state.ne_all(over))
        .order(loan_application::id)
        .select(Application::as_select())
        .load(db)?)
}

/// The newest one of a file for a year, over or not.
pub fn of_file(
    db: &mut Db,
    scope: &Scope,
    (file, year): (FileId, i32),
) -> AppResult<Option<Application>> {
    Ok(loan_application::table
        .filter(scope.holds(loan_application::office_code))
        .filter(loan_application::file_id.eq(file))
        .filter(loan_application::loan_year.eq(year))
        .order(loan_application::id.desc())
        .select(Application::as_select())
        .first(db)
        .optional()?)
}

/// The newest application of a student in these offices, of whatever year.
pub fn last_of(db: &mut Db, scope: &Scope, index: &[u8]) -> AppResult<Option<Application>> {
    Ok(loan_application::table
        .filter(scope.holds(loan_application::office_code))
        .filter(loan_application::person_index.eq(index))
        .order(loan_application::id.desc())
        .select(Application::as_select())
        .first(db)
        .optional()?)
}

/// Adds one. Somebody else who was first makes the write run again, which then sees theirs.
pub fn insert(db: &mut Db, row: &Application) -> AppResult<()> {
    match diesel::insert_into(loan_application::table).values(row).execute(db) {
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            Err(AppError::Conflict("another application of this student came first".to_owned()))
        }
        other => Ok(other.map(|_| ())?),
    }
}

pub fn replace(db: &mut Db, row: &Application) -> AppResult<()> {
    let one = loan_application::table.filter(loan_application::id.eq(row.id));
    diesel::update(one).set(row).execute(db)?;
    Ok(())
}
