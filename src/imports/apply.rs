//! Writes what lines came to, in one write, and notes at the import what stood there before.

use std::collections::{BTreeMap, HashMap};

use super::facts::{Facts, Mark};
use super::plan::{Change, Plan};
use super::written::{Kind, Notes};
use crate::base::ids::{FileId, LoanId, PersonId, RowId};
use crate::base::scope::Scope;
use crate::book::act::{Act, Happened};
use crate::book::bank::{self, BankFigure};
use crate::book::loan::{self, Loan, LoanFile};
use crate::book::{events, person, position};
use crate::error::AppResult;
use crate::plumbing::db::Db;

impl Plan<'_> {
    /// Writes everything that was decided. In one write, before the rows are marked posted.
    pub fn apply(mut self, act: &mut Act<'_>) -> AppResult<()> {
        let (set, scope) = (self.set, self.set.scope);
        self.number_files(act.db)?;
        let next_id = || set.next_id();
        let mut notes = Notes::new(set.sealer, scope.own(), set.import_id, &next_id);
        let records = self.facts.records.take();
        write_people(act.db, scope, self.facts, &self.taken, &mut notes)?;
        write_money(act.db, scope, &self.taken, &mut notes)?;
        if let Some(records) = records {
            records.write(act.db, scope, &mut notes)?;
        }
        notes.keep(act.db)?;
        // What the bank says of a loan is part of its position.
        let settled = self.taken.figures.values().filter(|figure| figure.balance_fen.is_some());
        self.taken.touched.extend(settled.map(|figure| figure.loan_id));
        let touched: Vec<LoanId> = self.taken.touched.into_iter().collect();
        position::refresh(act.db, scope, &set.basis, &touched, set.today)?;
        act.happened(&Happened::Refigured(&touched))?;
        act.audit_all(self.taken.audit.into_iter().chain(self.audit).collect())
    }

    /// Gives new files their numbers, in the order of the lines.
    fn number_files(&mut self, db: &mut Db) -> AppResult<()> {
        let mut by_year: BTreeMap<i32, Vec<FileId>> = BTreeMap::new();
        for entry in self.facts.files.values().filter(|entry| entry.mark == Mark::New) {
            let year = self.taken.file_years.get(&entry.row.id).copied().unwrap_or_default();
            by_year.entry(year).or_default().push(entry.row.id);
        }
        let mut numbers: HashMap<FileId, String> = HashMap::new();
        for (year, mut files) in by_year {
            files.sort();
            let count = i32::try_from(files.len()).unwrap_or(i32::MAX);
            let first = loan::take_serials(db, self.set.scope, year, count)?;
            for (serial, file) in (first..).zip(files) {
                numbers.insert(file, loan::file_no(&self.set.office.letters, year, serial));
            }
        }
        for entry in self.facts.files.stored().values_mut() {
            if let Some(number) = numbers.remove(&entry.row.id) {
                entry.row.file_no = number;
            }
        }
        Ok(())
    }
}

fn write_people(
    db: &mut Db,
    scope: &Scope,
    facts: Facts,
    taken: &Change,
    notes: &mut Notes<'_>,
) -> AppResult<()> {
    let (new, changed) = split(facts.people.into_values().map(|entry| (entry.row, entry.mark)));
    let ids: Vec<PersonId> = changed.iter().map(|one| one.id).collect();
    notes.left(&new, &[])?;
    notes.left(&changed, &person::by_ids(db, scope, &ids)?)?;
    person::insert_all(db, &new)?;
    person::replace_all(db, &changed)?;
    notes.left(&taken.phones, &[])?;
    person::insert_phones(db, &taken.phones)?;
    let (new, changed): (Vec<LoanFile>, Vec<LoanFile>) =
        split(facts.files.into_values().map(|entry| (entry.row, entry.mark)));
    let ids: Vec<FileId> = changed.iter().map(|one| one.id).collect();
    let before: Vec<LoanFile> = loan::files_by_ids(db, scope, &ids)?.into_values().collect();
    notes.left(&new, &[])?;
    notes.left(&changed, &before)?;
    loan::insert_files(db, &new)?;
    loan::replace_files(db, &changed)?;
    let (new, changed): (Vec<Loan>, Vec<Loan>) =
        split(facts.loans.into_values().map(|entry| (entry.row, entry.mark)));
    let ids: Vec<LoanId> = changed.iter().map(|one| one.id).collect();
    notes.left(&new, &[])?;
    notes.left(&changed, &loan::by_ids(db, scope, &ids)?)?;
    loan::insert_all(db, &new)?;
    loan::replace_all(db, &changed)
}

fn write_money(db: &mut Db, scope: &Scope, taken: &Change, notes: &mut Notes<'_>) -> AppResult<()> {
    // What stands for a bank line is undone with its figure; a pay-out has none.
    let pay_outs = taken.events.iter().filter(|event| event.kind == "disbursed");
    notes.left(&pay_outs.cloned().collect::<Vec<_>>(), &[])?;
    events::append_all(db, scope, &taken.events)?;
    notes.taken(&bank::by_ids(db, scope, &taken.gone)?)?;
    bank::remove_figures(db, scope, &taken.gone)?;
    let figures: Vec<BankFigure> = taken.figures.values().cloned().collect();
    notes.left(&figures, &bank::by_ids(db, scope, &ids(&figures))?)?;
    bank::put_figures(db, &figures)
}

fn ids<T: Kind>(rows: &[T]) -> Vec<RowId> {
    rows.iter().map(|row| RowId::new(row.row_id())).collect()
}

/// New rows and changed rows, apart.
fn split<T>(rows: impl Iterator<Item = (T, Mark)>) -> (Vec<T>, Vec<T>) {
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    for (row, mark) in rows {
        match mark {
            Mark::New => new.push(row),
            Mark::Changed => changed.push(row),
            Mark::Stored => {}
        }
    }
    (new, changed)
}
