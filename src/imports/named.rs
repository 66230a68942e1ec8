//! What an undoing calls contracts and files: by their number, and whose they are.

use std::collections::{BTreeSet, HashMap};

use super::written::{self, Kind, Written};
use crate::app::App;
use crate::base::ids::{EventId, FileId, LoanId, PersonId, RowId};
use crate::base::scope::Scope;
use crate::book::bank::{self, BankFigure};
use crate::book::events::{self, EventRow};
use crate::book::loan::{self, Loan, LoanFile};
use crate::book::person;
use crate::error::AppResult;
use crate::plumbing::db::Db;

/// Names of the contracts and files that an import touched.
#[derive(Default)]
pub struct Names {
    loans: HashMap<LoanId, String>,
    files: HashMap<FileId, String>,
}

impl Names {
    pub fn of(db: &mut Db, app: &App, scope: &Scope, all: &[Written]) -> AppResult<Names> {
        let of_kind = |kind: &str| {
            let own = all.iter().filter(|one| one.kind == kind);
            own.map(|one| one.row_id).collect::<BTreeSet<i64>>()
        };
        let mut loans: BTreeSet<LoanId> =
            of_kind(Loan::KIND).into_iter().map(LoanId::new).collect();
        let figures: Vec<RowId> = of_kind(BankFigure::KIND).into_iter().map(RowId::new).collect();
        loans.extend(bank::by_ids(db, scope, &figures)?.iter().map(|one| one.loan_id));
        for one in all.iter().filter(|one| one.kind == BankFigure::KIND) {
            if let Some(sealed) = &one.before_sealed {
                loans.insert(written::before::<BankFigure>(&app.sealer, sealed)?.loan_id);
            }
        }
        let booked: Vec<EventId> = of_kind(EventRow::KIND).into_iter().map(EventId::new).collect();
        loans.extend(events::by_ids(db, scope, &booked)?.iter().map(|one| one.loan_id));
        let loans = loan::by_ids(db, scope, &loans.into_iter().collect::<Vec<_>>())?;
        let mut files: BTreeSet<FileId> =
            of_kind(LoanFile::KIND).into_iter().map(FileId::new).collect();
        files.extend(loans.iter().map(|one| one.file_id));
        let files = loan::files_by_ids(db, scope, &files.into_iter().collect::<Vec<_>>())?;
        let people: Vec<PersonId> = files.values().map(|file| file.person_id).collect();
        let people: HashMap<PersonId, String> = person::by_ids(db, scope, &people)?
            .into_iter()
            .map(|one| (one.id, format!("（{}）", one.name)))
            .collect();
        let whose = |file: FileId| {
            let file = files.get(&file);
            file.and_then(|file| people.get(&file.person_id)).map_or("", String::as_str)
        };
        let loans = loans
            .iter()
            .map(|one| (one.id, format!("合同 {}{}", one.contract_no, whose(one.file_id))));
        Ok(Names {
            loans: loans.collect(),
            files: files
                .values()
                .map(|file| (file.id, format!("档案 {}{}", file.file_no, whose(file.id))))
                .collect(),
        })
    }

    /// `合同 51202220160000101（罗明远）`
    pub fn loan(&self, id: LoanId) -> &str {
        self.loans.get(&id).map_or("合同", String::as_str)
    }

    /// `档案 LZ2016-0101（罗明远）`
    pub fn file(&self, id: FileId) -> &str {
        self.files.get(&id).map_or("档案", String::as_str)
    }
}
