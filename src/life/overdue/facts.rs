//! A case with everything that its page shows. Reads only.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;

use super::follow;
use super::store::{self, Case, Step};
use crate::base::ids::{BatchId, PhoneId, StaffId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::bank;
use crate::book::contact::point::{self, ContactPerson, Tried};
use crate::book::contact::record::{self, Record};
use crate::book::contact::task;
use crate::book::loan::{self, LoanFile};
use crate::book::person::{self, Person, Phone};
use crate::book::position::FilePosition;
use crate::book::staff::{self, Right};
use crate::book::visit_sheet;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{file_position, sheet};

/// Contacts that are read.
const RECORDS_MAX: usize = 30;

/// A case with everything on its page.
pub(super) struct Facts {
    pub(super) file: LoanFile,
    pub(super) student: Person,
    pub(super) co: Option<Person>,
    pub(super) phones: Vec<Phone>,
    /// What came of the last try with each of them.
    pub(super) tried: HashMap<PhoneId, (Tried, Option<NaiveDate>)>,
    /// The rest of the contact tree.
    pub(super) points: Vec<ContactPerson>,
    pub(super) position: Option<FilePosition>,
    pub(super) case: Option<Case>,
    pub(super) steps: Vec<Step>,
    pub(super) records: Vec<Record>,
    pub(super) staff: Vec<(StaffId, String, bool)>,
    pub(super) confirmed: bool,
    /// The family is marked lost this year: why.
    pub(super) lost: Option<String>,
    /// What the bank's own list says of its contacts, and the day of that list.
    pub(super) bank_note: Option<(NaiveDate, String)>,
    pub(super) sheets: Vec<(BatchId, String, visit_sheet::State)>,
}

impl Facts {
    /// All that can be owed, when that is known.
    pub(super) fn most(&self) -> Option<Fen> {
        self.position.as_ref().map(FilePosition::most_fen)
    }
}

pub(super) fn load(
    db: &mut Db,
    scope: &Scope,
    file_no: &str,
    today: NaiveDate,
) -> AppResult<Facts> {
    let file = loan::file_by_no(db, scope, file_no)?;
    let ids: Vec<_> = std::iter::once(file.person_id).chain(file.co_person_id).collect();
    let mut people = person::by_ids(db, scope, &ids)?;
    let at = people.iter().position(|one| one.id == file.person_id).ok_or(AppError::NotFound)?;
    let student = people.remove(at);
    let case = store::newest(db, scope, file.id)?;
    let steps = match &case {
        Some(case) => store::steps(db, scope, case.id)?,
        None => Vec::new(),
    };
    let position = file_position::table
        .filter(scope.holds(file_position::office_code))
        .filter(file_position::file_id.eq(file.id))
        .select(FilePosition::as_select())
        .first(db)
        .optional()?;
    let staff = staff::all(db, scope)?
        .into_iter()
        .map(|one| (one.id, one.name, one.active && one.role.may(Right::FollowOverdue)))
        .collect();
    Ok(Facts {
        phones: person::phones_of(db, scope, &ids)?,
        tried: person::tries_of(db, scope, &ids)?,
        points: point::of_file(db, scope, file.id)?,
        records: record::of_file(db, scope, file.id, RECORDS_MAX)?,
        confirmed: !follow::confirmed(db, scope, &[student.id], today)?.is_empty(),
        co: people.into_iter().next(),
        lost: task::of_file(db, scope, file.id, today.year())?
            .filter(|duty| duty.state == task::State::Lost)
            .map(|duty| duty.note),
        bank_note: bank::contact_note(db, scope, file.id)?,
        sheets: sheet::table
            .filter(scope.holds(sheet::office_code))
            .filter(sheet::file_id.eq(file.id))
            .filter(sheet::state.eq_any([visit_sheet::State::Out, visit_sheet::State::Returned]))
            .order(sheet::id.desc())
            .select((sheet::batch_id, sheet::number, sheet::state))
            .load(db)?,
        file,
        student,
        position,
        case,
        steps,
        staff,
    })
}
