//! What is stored about the people and contracts of some lines: loaded once a chunk, set-wise.

use std::collections::{BTreeSet, HashMap};

use super::layer::Layer;
use super::read::ReadLine;
use crate::base::id_number::IdNumber;
use crate::base::ids::{FileId, LoanId, PersonId};
use crate::base::scope::Scope;
use crate::book::bank::{self, BankFigure};
use crate::book::events::{self, EventRow};
use crate::book::loan::{self, Loan, LoanFile};
use crate::book::monthly::{self, MonthlyFigure};
use crate::book::person::{self, Person, Phone};
use crate::error::AppResult;
use crate::imports::layout::{Layout, Row};
use crate::life::compensation::store as compensation;
use crate::life::compensation::store::Enlistment;
use crate::life::contract::store as contract;
use crate::life::contract::store::Receipt;
use crate::life::preapplication::store as preapplication;
use crate::life::preapplication::store::Preapplication;
use crate::life::recognition::store as recognition;
use crate::life::recognition::store::Recognition;
use crate::life::study::store as study;
use crate::life::study::store::Graduation;
use crate::plumbing::crypto::{Field, Sealer};
use crate::plumbing::db::Db;

/// A row as stored, new or changed by an earlier line of the chunk.
#[derive(Clone, Debug)]
pub struct Kept<T> {
    /// The row.
    pub row: T,
    /// What has to be written.
    pub mark: Mark,
}

/// What has to be written of a kept row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Nothing.
    Stored,
    /// It is not there yet.
    New,
    /// It is there and differs.
    Changed,
}

impl<T> Kept<T> {
    pub(super) fn stored(row: T) -> Self {
        Kept { row, mark: Mark::Stored }
    }

    pub(super) fn fresh(row: T) -> Self {
        Kept { row, mark: Mark::New }
    }

    /// Notes that the row was changed; a new row stays new.
    pub(super) fn touch(&mut self) {
        if self.mark == Mark::Stored {
            self.mark = Mark::Changed;
        }
    }
}

/// All of it. Keys: blind index for people, contract number for loans, row key for figures.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// People by blind index of their identity number.
    pub people: Layer<Vec<u8>, Kept<Person>>,
    /// Blind index by person.
    pub index_of: Layer<PersonId, Vec<u8>>,
    /// Telephone numbers by person.
    pub phones: Layer<PersonId, Vec<Phone>>,
    /// Loan files by student.
    pub files: Layer<PersonId, Kept<LoanFile>>,
    /// The student of a file.
    pub student_of: Layer<FileId, PersonId>,
    /// Loans by contract number.
    pub loans: Layer<String, Kept<Loan>>,
    /// Events by loan, in the order of recording.
    pub life: Layer<LoanId, Vec<EventRow>>,
    /// Figures of the bank by row key.
    pub figures: Layer<String, BankFigure>,
    /// Lines of the bank's repayment lists by instalment: loan and due day.
    pub told: Layer<(LoanId, chrono::NaiveDate), Vec<BankFigure>>,
    /// Recognitions by person and year.
    pub recognitions: HashMap<(PersonId, i32), Recognition>,
    /// Pre-applications by person and year.
    pub preapplications: HashMap<(PersonId, i32), Preapplication>,
    /// Graduations by file.
    pub graduations: HashMap<FileId, Graduation>,
    /// Enlistments by person and day.
    pub enlistments: HashMap<(PersonId, chrono::NaiveDate), Enlistment>,
    /// Receipts by student number, year, code.
    pub receipts: HashMap<(String, i32, String), Receipt>,
    /// Students by student number.
    pub by_student_number: HashMap<String, PersonId>,
    /// Monthly figures.
    pub months: HashMap<chrono::NaiveDate, MonthlyFigure>,
}

impl Facts {
    /// Ends a line: what it would make of the facts is merged, or thrown away.
    pub(super) fn end_line(&mut self, taken: bool) {
        macro_rules! each {
            ($($table:ident),*) => {$(
                if taken { self.$table.accept() } else { self.$table.refuse() }
            )*};
        }
        each!(people, index_of, phones, files, student_of, loans, life, figures, told);
    }

    /// The events of a loan that no other has undone.
    pub(super) fn standing(&self, loan: LoanId) -> impl Iterator<Item = &EventRow> {
        let life = self.life.get(&loan).map_or(&[][..], Vec::as_slice);
        let is_undone = |id| life.iter().any(|event| event.reverses_id == Some(id));
        life.iter().filter(move |event| event.reverses_id.is_none() && !is_undone(event.id))
    }

    /// The pay-out of a loan.
    pub(super) fn pay_out(&self, loan: LoanId) -> Option<&EventRow> {
        self.standing(loan).find(|event| event.kind == "disbursed")
    }
}

/// The blind index of an identity number.
pub fn index_of(sealer: &Sealer, id: &IdNumber) -> Vec<u8> {
    sealer.index(Field::IdNumber, id.as_str())
}

/// Loads what is stored about these lines.
pub fn load(
    db: &mut Db,
    scope: &Scope,
    sealer: &Sealer,
    layout: Layout,
    lines: &[&ReadLine],
) -> AppResult<Facts> {
    let mut facts = Facts::default();
    let rows: Vec<&Row> =
        lines.iter().filter_map(|line| line.parsed.as_ref()?.row.as_ref()).collect();
    load_loans(db, scope, &rows, &mut facts)?;
    load_people(db, scope, sealer, lines, &rows, &mut facts)?;
    match layout {
        Layout::Contracts | Layout::Repayments | Layout::Overdue => {
            let keys = super::repayments::keys(&rows);
            *facts.figures.stored() = bank::by_key(db, scope, &keys)?;
            let loans: Vec<LoanId> = facts.loans.values().map(|kept| kept.row.id).collect();
            if layout == Layout::Repayments {
                for figure in bank::figures_of(db, scope, &loans)? {
                    let Some(due_on) = figure.due_on.filter(|_| figure.sheet == "repayments")
                    else {
                        continue;
                    };
                    let key = (figure.loan_id, due_on);
                    facts.told.stored().entry(key).or_default().push(figure);
                }
            }
            if layout != Layout::Overdue {
                *facts.life.stored() = events::of_loans(db, scope, &loans)?;
            }
        }
        Layout::Monthly => {
            facts.months =
                monthly::all(db, scope)?.into_iter().map(|month| (month.month, month)).collect();
        }
        _ => load_lists(db, scope, layout, &rows, &mut facts)?,
    }
    Ok(facts)
}

fn load_loans(db: &mut Db, scope: &Scope, rows: &[&Row], facts: &mut Facts) -> AppResult<()> {
    let mut numbers = BTreeSet::new();
    for row in rows {
        match row {
            Row::Contract(row) => drop(numbers.insert(row.contract_number.clone())),
            Row::Repayment(row) => drop(numbers.insert(row.contract_number.clone())),
            Row::Overdue(row) => drop(numbers.insert(row.contract_number.clone())),
            Row::Enlistment(row) => numbers.extend(row.contract_numbers.iter().cloned()),
            _ => {}
        }
    }
    let numbers: Vec<String> = numbers.into_iter().collect();
    let loans = loan::by_contract_no(db, scope, &numbers)?;
    let files: BTreeSet<FileId> = loans.values().map(|loan| loan.file_id).collect();
    let files: Vec<FileId> = files.into_iter().collect();
    for (id, file) in loan::files_by_ids(db, scope, &files)? {
        facts.student_of.stored().insert(id, file.person_id);
        facts.files.stored().insert(file.person_id, Kept::stored(file));
    }
    *facts.loans.stored() = loans.into_iter().map(|(no, loan)| (no, Kept::stored(loan))).collect();
    Ok(())
}

fn load_people(
    db: &mut Db,
    scope: &Scope,
    sealer: &Sealer,
    lines: &[&ReadLine],
    rows: &[&Row],
    facts: &mut Facts,
) -> AppResult<()> {
    let mut wanted: BTreeSet<Vec<u8>> = BTreeSet::new();
    for line in lines {
        let upgraded = line.parsed.as_ref().and_then(|parsed| parsed.upgraded());
        wanted.extend(upgraded.map(|id| index_of(sealer, &id)));
    }
    for row in rows {
        wanted.extend(row.id_number().map(|id| index_of(sealer, &id)));
        match row {
            Row::Borrower(row) => wanted.extend(row.co_id_number.map(|id| index_of(sealer, &id))),
            Row::Contract(row) => wanted.extend(row.co_id_number.map(|id| index_of(sealer, &id))),
            _ => {}
        }
    }
    let wanted: Vec<Vec<u8>> = wanted.into_iter().collect();
    let mut people: Vec<Person> = person::by_index(db, scope, &wanted)?.into_values().collect();
    let known: BTreeSet<PersonId> = people.iter().map(|person| person.id).collect();
    let students: Vec<PersonId> =
        facts.student_of.stored().values().copied().filter(|id| !known.contains(id)).collect();
    people.extend(person::by_ids(db, scope, &students)?);
    let ids: Vec<PersonId> = people.iter().map(|person| person.id).collect();
    for phone in person::phones_of(db, scope, &ids)? {
        facts.phones.stored().entry(phone.person_id).or_default().push(phone);
    }
    for (student, file) in loan::files_of(db, scope, &ids)? {
        facts.student_of.stored().insert(file.id, student);
        facts.files.stored().entry(student).or_insert_with(|| Kept::stored(file));
    }
    for person in people {
        facts.index_of.stored().insert(person.id, person.id_index.clone());
        facts.people.stored().insert(person.id_index.clone(), Kept::stored(person));
    }
    Ok(())
}

fn load_lists(
    db: &mut Db,
    scope: &Scope,
    layout: Layout,
    rows: &[&Row],
    facts: &mut Facts,
) -> AppResult<()> {
    let people: Vec<PersonId> = facts.index_of.stored().keys().copied().collect();
    let files: Vec<FileId> = facts.student_of.stored().keys().copied().collect();
    match layout {
        Layout::Hardship => {
            for row in recognition::of(db, scope, &people)? {
                facts.recognitions.insert((row.person_id, row.year), row);
            }
        }
        Layout::Preapply => {
            for row in preapplication::of(db, scope, &people)? {
                facts.preapplications.insert((row.person_id, row.year), row);
            }
        }
        Layout::Graduation => {
            for row in study::of(db, scope, &files)? {
                facts.graduations.insert(row.file_id, row);
            }
        }
        Layout::Enlistment => {
            for row in compensation::of(db, scope, &people)? {
                facts.enlistments.insert((row.person_id, row.enlisted_on), row);
            }
            let loans: Vec<LoanId> = facts.loans.values().map(|loan| loan.row.id).collect();
            *facts.life.stored() = events::of_loans(db, scope, &loans)?;
        }
        Layout::Receipts => load_receipts(db, scope, rows, facts)?,
        _ => {}
    }
    Ok(())
}

fn load_receipts(db: &mut Db, scope: &Scope, rows: &[&Row], facts: &mut Facts) -> AppResult<()> {
    let numbers: BTreeSet<String> = rows
        .iter()
        .filter_map(|row| match row {
            Row::Receipt(receipt) => Some(receipt.student_number.clone()),
            _ => None,
        })
        .collect();
    let numbers: Vec<String> = numbers.into_iter().collect();
    let mut files = Vec::new();
    for file in loan::files_by_student_number(db, scope, &numbers)? {
        facts.by_student_number.insert(file.student_number.clone(), file.person_id);
        facts.student_of.stored().insert(file.id, file.person_id);
        files.push(file.id);
        facts.files.stored().insert(file.person_id, Kept::stored(file));
    }
    let students: Vec<PersonId> = facts.by_student_number.values().copied().collect();
    for person in person::by_ids(db, scope, &students)? {
        facts.index_of.stored().insert(person.id, person.id_index.clone());
        facts.people.stored().insert(person.id_index.clone(), Kept::stored(person));
    }
    for loan in loan::chains(db, scope, &files)? {
        facts.loans.stored().insert(loan.contract_no.clone(), Kept::stored(loan));
    }
    for row in contract::of_students(db, scope, &numbers)? {
        let key = (row.student_number.clone(), row.loan_year, row.code.clone());
        facts.receipts.insert(key, row);
    }
    Ok(())
}
