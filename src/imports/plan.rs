//! What some lines come to: an outcome for each, and everything that has to be written. Decides,
//! touches no database; the check throws the writes away, posting applies them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime};

use super::bank_list::BankList;
use super::facts::Facts;
use super::moved::{self, Moved};
use super::read::ReadLine;
use crate::base::ids::{FileId, Ids, ImportId, LoanId, RowId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::audit_log::{self, Actor};
use crate::book::bank::BankFigure;
use crate::book::events::EventRow;
use crate::book::office::Office;
use crate::book::person::{Person, Phone};
use crate::book::policy::Policy;
use crate::book::position::Basis;
use crate::book::statement::Product;
use crate::imports::layout::{Row, RowMessage, Severity};
use crate::plumbing::crypto::Sealer;

/// What everything is decided in: who, when, for whom, by which rules.
pub struct Setting<'a> {
    pub sealer: &'a Sealer,
    /// Makes identities. One burnt by a plan that is thrown away hurts nobody.
    pub ids: &'a Ids,
    pub policy: Arc<Policy>,
    /// What a position depends on.
    pub basis: Basis,
    pub office: &'a Office,
    pub scope: &'a Scope,
    pub by: &'a Actor,
    /// Taken before the write.
    pub now: NaiveDateTime,
    pub today: NaiveDate,
    pub import_id: ImportId,
    /// Name of its file.
    pub file_name: &'a str,
    /// The day its balances are of.
    pub as_of: Option<NaiveDate>,
    /// The product of its contracts.
    pub product: Product,
    /// What the other sheets of the same batch bring.
    pub companions: &'a BatchContext,
    /// What a line of the sheet comes to.
    pub decide: Decide,
    /// The repayment list as a whole.
    pub list: &'a BankList,
}

impl Setting<'_> {
    pub fn next_id(&self) -> i64 {
        self.ids.next(self.now.and_utc())
    }
}

/// What other sheets, uploaded together and not posted yet, will bring: so that a check of
/// several files at once does not refuse what their order of posting will make right.
#[derive(Clone, Debug, Default)]
pub struct BatchContext {
    pub contract_nos: BTreeSet<String>,
    /// School year of the first contract by blind index of the borrower.
    pub first_years: HashMap<Vec<u8>, i32>,
    /// Blind indexes of the people.
    pub people: BTreeSet<Vec<u8>>,
    pub student_numbers: BTreeSet<String>,
}

/// What a line comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    New,
    Same,
    /// Stored otherwise; the headings that change.
    Changed(Vec<&'static str>),
    /// Not taken; the reasons are among the notes.
    Refused,
    /// Not data, or the same as an earlier line.
    Skipped,
}

impl Outcome {
    /// As kept in the database.
    pub const fn as_text(&self) -> &'static str {
        match self {
            Outcome::New => "new",
            Outcome::Same => "same",
            Outcome::Changed(_) => "changed",
            Outcome::Refused => "refused",
            Outcome::Skipped => "skipped",
        }
    }

    /// New when nothing was stored, else changed or same.
    pub(super) fn of(new: bool, changed: Vec<&'static str>) -> Outcome {
        match (new, changed.is_empty()) {
            (true, _) => Outcome::New,
            (false, true) => Outcome::Same,
            (false, false) => Outcome::Changed(changed),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    pub line: u32,
    /// What it comes to.
    pub outcome: Outcome,
    /// Remarks in Chinese, one a line; repairs that need nobody are among them.
    pub notes: Vec<String>,
    /// Among the remarks is one that somebody should look at.
    pub warned: bool,
}

/// A refusal found while deciding, in Chinese.
pub type Refusal = String;

/// What a line comes to, by the kind of its sheet.
pub type Decide = fn(&mut Plan<'_>, &Row, u32) -> Result<Outcome, Refusal>;

/// What lines bring besides changed facts.
#[derive(Default)]
pub(super) struct Change {
    pub phones: Vec<Phone>,
    pub events: Vec<EventRow>,
    /// By row key: one line may have changed another one of its instalment, and that one again.
    pub figures: BTreeMap<String, BankFigure>,
    /// Figures that the bank does not have any more.
    pub gone: Vec<RowId>,
    /// Loans whose position must be computed anew.
    pub touched: BTreeSet<LoanId>,
    /// The year by which a new file is numbered.
    pub file_years: HashMap<FileId, i32>,
    pub audit: Vec<audit_log::AuditEntry>,
}

impl Change {
    fn merge(&mut self, line: Change) {
        self.phones.extend(line.phones);
        self.events.extend(line.events);
        self.figures.extend(line.figures);
        self.gone.extend(line.gone);
        self.touched.extend(line.touched);
        self.file_years.extend(line.file_years);
        self.audit.extend(line.audit);
    }
}

/// The plan of a chunk: facts as they will be, and what must be written besides them. Only what
/// lines bring that are taken: `change` and the upper layer of `facts` are the line at hand.
pub struct Plan<'a> {
    pub(super) set: &'a Setting<'a>,
    pub(super) facts: Facts,
    pub(super) change: Change,
    pub(super) taken: Change,
    /// Remarks found while deciding the line at hand.
    pub(super) remarks: Vec<RowMessage>,
    /// What the chunk as a whole leaves in history.
    pub(super) audit: Vec<audit_log::AuditEntry>,
}

impl<'a> Plan<'a> {
    /// Starts from what is stored.
    pub fn new(set: &'a Setting<'a>, facts: Facts) -> Self {
        Plan {
            set,
            facts,
            change: Change::default(),
            taken: Change::default(),
            remarks: Vec::new(),
            audit: Vec::new(),
        }
    }

    pub fn line(&mut self, read: &ReadLine) -> Decided {
        let mut warned = false;
        let decided = |outcome, notes: Vec<String>, warned| Decided {
            line: read.line,
            outcome,
            notes,
            warned,
        };
        if let Some(note) = &read.skipped {
            let warned = note.severity == Severity::Warning;
            return decided(Outcome::Skipped, vec![note.sentence()], warned);
        }
        let Some(parsed) = &read.parsed else {
            return decided(Outcome::Skipped, Vec::new(), false);
        };
        let parsed = self.settle_hooks(parsed);
        let mut notes: Vec<String> = parsed.notes.iter().map(RowMessage::sentence).collect();
        if parsed.is_refused() {
            notes = parsed
                .notes
                .iter()
                .filter(|note| note.severity == Severity::Refused)
                .chain(parsed.notes.iter().filter(|note| note.severity != Severity::Refused))
                .map(RowMessage::sentence)
                .collect();
            return decided(Outcome::Refused, notes, true);
        }
        let Some(row) = &parsed.row else { return decided(Outcome::Refused, notes, true) };
        warned |= parsed.notes.iter().any(|note| note.severity == Severity::Warning);
        let outcome = match (self.set.decide)(self, row, read.line) {
            Ok(outcome) => outcome,
            Err(refusal) => {
                notes.insert(0, refusal);
                Outcome::Refused
            }
        };
        warned |= !self.remarks.is_empty();
        let pay_outs: Vec<String> = pay_outs(&self.change.events)
            .map(|event| {
                let amount = event.amount_fen.unwrap_or_default().to_page_text();
                format!("记一笔放款：{}，¥{amount}。", event.effective_on)
            })
            .collect();
        let moved = self.moved();
        self.end_line(!matches!(outcome, Outcome::Refused | Outcome::Skipped));
        notes.extend(self.remarks.drain(..).map(|note| note.sentence()));
        if let Outcome::Changed(headings) = &outcome {
            notes.push(format!("更新：{}。", moved::words(headings, &moved)));
            notes.extend(pay_outs);
        }
        decided(outcome, notes, warned)
    }

    /// How many disbursements the lines so far bring, and their sum.
    pub(super) fn pay_outs(&self) -> (usize, Fen) {
        let sum = pay_outs(&self.taken.events).filter_map(|event| event.amount_fen).sum();
        (pay_outs(&self.taken.events).count(), sum)
    }

    /// What the line at hand changes about people, files, loans and the bank's lines that are
    /// stored.
    fn moved(&self) -> Vec<Moved> {
        let repayments = self.facts.repayments.changes().flat_map(|(old, new)| {
            let same = |old: &BankFigure| new.iter().find(move |new| new.id == old.id);
            old.iter().filter_map(move |old| Some((old, same(old)?)))
        });
        let figures = self.facts.figures.changes().chain(repayments);
        let people = self.facts.people.changes();
        let files = self.facts.files.changes();
        let loans = self.facts.loans.changes();
        people
            .flat_map(|(old, new)| moved::person(&old.row, &new.row))
            .chain(files.flat_map(|(old, new)| moved::file(&old.row, &new.row)))
            .chain(loans.flat_map(|(old, new)| moved::loan(&old.row, &new.row)))
            .chain(figures.flat_map(|(old, new)| moved::figure(old, new)))
            .collect()
    }

    /// A refused line leaves nothing behind, whatever it had decided before it was refused.
    fn end_line(&mut self, taken: bool) {
        let line = std::mem::take(&mut self.change);
        self.facts.end_line(taken);
        if taken {
            self.taken.merge(line);
        }
    }
}

fn pay_outs(events: &[EventRow]) -> impl Iterator<Item = &EventRow> {
    events.iter().filter(|event| event.kind == "disbursed")
}

/// Takes `new` over `old` when the sheet says something and it is something else; a blank cell
/// never erases what is known.
pub(super) fn take<T: PartialEq + Clone>(
    changed: &mut Vec<&'static str>,
    heading: &'static str,
    old: &mut T,
    new: Option<T>,
) {
    if let Some(new) = new
        && *old != new
    {
        *old = new;
        changed.push(heading);
    }
}

/// Marks a change of this row.
pub(super) fn change(person: &mut Person, now: NaiveDateTime) {
    person.updated_at = now;
    person.version += 1;
}
