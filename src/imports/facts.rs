//! What is stored about the people and contracts of some lines: loaded once a chunk, set-wise.

use std::collections::{BTreeSet, HashMap};

use super::layer::Layer;
use super::read::ReadLine;
use super::records::{self, AnyRecords, Record};
use crate::base::id_number::IdNumber;
use crate::base::ids::{FileId, LoanId, PersonId};
use crate::base::scope::Scope;
use crate::book::bank::BankFigure;
use crate::book::events::EventRow;
use crate::book::loan::{self, Loan, LoanFile};
use crate::book::person::{self, Person, Phone};
use crate::error::AppResult;
use crate::imports::layout::Row;
use crate::plumbing::crypto::{Field, Sealer};
use crate::plumbing::db::Db;

/// A row as stored, new or changed by an earlier line of the chunk.
#[derive(Clone, Debug)]
pub struct Tracked<T> {
    pub row: T,
    /// What has to be written.
    pub mark: Mark,
}

/// What has to be written of a kept row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Stored,
    /// It is not there yet.
    New,
    /// It is there and differs.
    Changed,
}

impl<T> Tracked<T> {
    pub(super) fn stored(row: T) -> Self {
        Tracked { row, mark: Mark::Stored }
    }

    pub(super) fn fresh(row: T) -> Self {
        Tracked { row, mark: Mark::New }
    }

    /// Notes that the row was changed; a new row stays new.
    pub(super) fn touch(&mut self) {
        if self.mark == Mark::Stored {
            self.mark = Mark::Changed;
        }
    }
}

/// All of it. Keys: blind index for people, contract number for loans, row key for figures.
#[derive(Default)]
pub struct Facts {
    /// People by blind index of their identity number.
    pub people: Layer<Vec<u8>, Tracked<Person>>,
    /// Blind index by person.
    pub index_of: Layer<PersonId, Vec<u8>>,
    /// Telephone numbers by person.
    pub phones: Layer<PersonId, Vec<Phone>>,
    /// Loan files by student.
    pub files: Layer<PersonId, Tracked<LoanFile>>,
    /// The student of a file.
    pub student_of: Layer<FileId, PersonId>,
    /// Loans by contract number.
    pub loans: Layer<String, Tracked<Loan>>,
    /// Events by loan, in the order of recording.
    pub life: Layer<LoanId, Vec<EventRow>>,
    /// Figures of the bank by row key.
    pub figures: Layer<String, BankFigure>,
    /// Lines of the bank's repayment lists by instalment: loan and due day.
    pub repayments: Layer<(LoanId, chrono::NaiveDate), Vec<BankFigure>>,
    /// Students by student number.
    pub by_student_number: HashMap<String, PersonId>,
    /// The list at hand, where it has a table of its own.
    pub(super) records: Option<Box<dyn AnyRecords>>,
}

impl Facts {
    /// Ends a line: what it would make of the facts is merged, or thrown away.
    pub(super) fn end_line(&mut self, taken: bool) {
        macro_rules! each {
            ($($table:ident),*) => {$(
                if taken { self.$table.accept() } else { self.$table.refuse() }
            )*};
        }
        each!(people, index_of, phones, files, student_of, loans, life, figures, repayments);
        if let Some(records) = &mut self.records {
            records.end_line(taken);
        }
    }

    /// Keeps the rows on record of the list at hand.
    pub(super) fn keep<R: Record>(&mut self, rows: Vec<R>) {
        self.records = Some(records::stored(rows));
    }

    /// Holds a row of the list at hand against the one on record ([`records::merge`]).
    pub(super) fn record<R: Record>(&mut self, fresh: R) -> (bool, Vec<&'static str>) {
        let records = self.records.as_deref_mut();
        records.map_or_else(Default::default, |records| records::merge(records, fresh))
    }

    pub(super) fn people_ids(&mut self) -> Vec<PersonId> {
        self.index_of.stored().keys().copied().collect()
    }

    pub(super) fn loan_ids(&mut self) -> Vec<LoanId> {
        self.loans.stored().values().map(|entry| entry.row.id).collect()
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

/// Loads what lines of one kind need to know beside the people and contracts they name.
pub type Load = fn(&mut Db, &Scope, &[&Row], &mut Facts) -> AppResult<()>;

/// Loads what is stored about these lines; `own` what only their kind needs.
pub fn load(
    db: &mut Db,
    scope: &Scope,
    sealer: &Sealer,
    own: Load,
    lines: &[&ReadLine],
) -> AppResult<Facts> {
    let mut facts = Facts::default();
    let rows: Vec<&Row> =
        lines.iter().filter_map(|line| line.parsed.as_ref()?.row.as_ref()).collect();
    load_loans(db, scope, &rows, &mut facts)?;
    load_people(db, scope, sealer, lines, &rows, &mut facts)?;
    own(db, scope, &rows, &mut facts)?;
    Ok(facts)
}

fn load_loans(db: &mut Db, scope: &Scope, rows: &[&Row], facts: &mut Facts) -> AppResult<()> {
    let mut numbers = BTreeSet::new();
    for row in rows {
        numbers.extend(row.contract_numbers().iter().cloned());
    }
    let numbers: Vec<String> = numbers.into_iter().collect();
    let loans = loan::by_contract_no(db, scope, &numbers)?;
    let files: BTreeSet<FileId> = loans.values().map(|loan| loan.file_id).collect();
    let files: Vec<FileId> = files.into_iter().collect();
    for (id, file) in loan::files_by_ids(db, scope, &files)? {
        facts.student_of.stored().insert(id, file.person_id);
        facts.files.stored().insert(file.person_id, Tracked::stored(file));
    }
    *facts.loans.stored() =
        loans.into_iter().map(|(no, loan)| (no, Tracked::stored(loan))).collect();
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
    let mut indexes: BTreeSet<Vec<u8>> = BTreeSet::new();
    for line in lines {
        let upgraded = line.parsed.as_ref().and_then(|parsed| parsed.upgraded());
        indexes.extend(upgraded.map(|id| index_of(sealer, &id)));
    }
    for row in rows {
        indexes.extend(row.id_number().map(|id| index_of(sealer, &id)));
        indexes.extend(row.co_id_number().map(|id| index_of(sealer, &id)));
    }
    let indexes: Vec<Vec<u8>> = indexes.into_iter().collect();
    let mut people: Vec<Person> = person::by_index(db, scope, &indexes)?.into_values().collect();
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
        facts.files.stored().entry(student).or_insert_with(|| Tracked::stored(file));
    }
    for person in people {
        facts.index_of.stored().insert(person.id, person.id_index.clone());
        facts.people.stored().insert(person.id_index.clone(), Tracked::stored(person));
    }
    Ok(())
}
