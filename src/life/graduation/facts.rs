//! A file as its graduation sees it: what is known already, until when the state pays, and what was
//! confirmed. Reads only; the day comes from the statements.

use chrono::{Datelike as _, NaiveDate};

use super::rules::{self, Days};
use super::store::{self, Graduation};
use crate::base::dates::day_in;
use crate::base::ids::PersonId;
use crate::base::scope::Scope;
use crate::book::contact::point::{self, ContactPerson, Kind};
use crate::book::file;
use crate::book::loan::{self, LoanFile};
use crate::book::payments_known;
use crate::book::person::{self, Person, Phone, PhoneState};
use crate::book::position::Basis;
use crate::error::AppResult;
use crate::plumbing::db::Db;

#[derive(Clone, Debug)]
pub struct Facts {
    pub file: LoanFile,
    pub student: Person,
    pub co_borrower: Option<Person>,
    /// Numbers that are not dead, those used first in front.
    pub phones: Vec<Phone>,
    pub co_phones: Vec<Phone>,
    /// 工作单位 of the contact tree.
    pub employers: Vec<ContactPerson>,
    pub row: Option<Graduation>,
    /// Last day that the state pays for what is not settled; none: nothing is owed.
    pub ends_on: Option<NaiveDate>,
    pub began_on: Option<NaiveDate>,
}

impl Facts {
    /// For a form: none at all is not version 0 of a list.
    pub fn version(&self) -> i32 {
        self.row.as_ref().map_or(-1, |row| row.version)
    }

    /// The confirmation of the graduation at hand; one of a former study is none.
    pub fn confirmed(&self) -> Option<&Graduation> {
        let year = self.year()?;
        self.row.as_ref().filter(|row| row.is_of(year))
    }

    /// As the contracts say it, or the file.
    pub fn year(&self) -> Option<i32> {
        [self.ends_on, self.file.graduates_on].into_iter().flatten().map(|on| on.year()).min()
    }

    pub fn days(&self) -> Days {
        Days {
            confirmed: self.confirmed().and_then(|row| row.graduated_on),
            file: self.file.graduates_on,
            ends_on: self.ends_on,
        }
    }

    /// What does not agree; of who goes on studying the days move with the enrolment change.
    pub fn differences(&self) -> Vec<String> {
        match self.confirmed() {
            Some(row) if rules::goes_on(&row.destination) => Vec::new(),
            _ => rules::differences(self.days()),
        }
    }
}

fn usable(db: &mut Db, scope: &Scope, of: PersonId) -> AppResult<Vec<Phone>> {
    let mut all = person::phones_of(db, scope, &[of])?;
    all.retain(|one| one.state != PhoneState::Dead);
    Ok(all)
}

pub fn of(
    db: &mut Db,
    scope: &Scope,
    basis: &Basis,
    file: LoanFile,
    today: NaiveDate,
) -> AppResult<Facts> {
    let loans = loan::chain(db, scope, file.id)?;
    let first_year = loans.iter().map(|one| one.loan_year).min();
    let known = payments_known::load(db, scope)?;
    let contracts = file::contracts(db, scope, basis, (&known, loans), today)?;
    let open = contracts.iter().map(|one| &one.statement.position);
    let open = open.filter(|position| position.settled_on.is_none());
    let co_borrower = file.co_person_id.map(|id| person::find(db, scope, id)).transpose()?;
    let mut employers = point::of_file(db, scope, file.id)?;
    employers.retain(|one| one.kind == Kind::Employer);
    Ok(Facts {
        student: person::find(db, scope, file.person_id)?,
        phones: usable(db, scope, file.person_id)?,
        co_phones: match &co_borrower {
            Some(one) => usable(db, scope, one.id)?,
            None => Vec::new(),
        },
        co_borrower,
        employers,
        row: store::of(db, scope, &[file.id])?.pop(),
        ends_on: open.map(|position| position.subsidy_ends_on).max(),
        began_on: file.entered_on.or_else(|| first_year.map(|year| day_in(year, 9, 1))),
        file,
    })
}
