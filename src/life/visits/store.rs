//! Who is overdue on a day: reads only. Amounts come from the statement of that day.
//!
//! The stored positions are used for one thing, to leave out loans that have nothing overdue; a
//! position that does not hold on the chosen day (`as_of` up to the day before `changes_on`) is
//! computed anew. So today costs one statement for each overdue loan, another day one for each
//! loan of the office.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{Datelike, NaiveDate};
use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::purpose;
use super::rules::{Arrears, CoBorrower, Household, ReceiverKind};
use crate::base::dates::age_on;
use crate::base::ids::{FileId, LoanId, PersonId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::contact::task::{AssigneeKind, State};
use crate::book::events::{self, EventRow};
use crate::book::loan::{self, Loan, LoanFile};
use crate::book::person::{self, Person, PhoneState};
use crate::book::position::{self, Basis};
use crate::book::statement::{InstalmentState, Product};
use crate::book::{bank, payments_known};
use crate::error::{AppError, AppResult};
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{
    contact_duty, file_position, loan_file, loan_position, overdue_case,
};

/// Loans whose contracts and events are in memory at one time.
const AT_ONCE: usize = 2_000;

/// The overdue households of a day.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// One entry for each loan file, in no order.
    pub households: Vec<Household>,
    /// Loans whose statement cannot be computed, each with the reason: they are on no sheet, and
    /// whoever makes the batch must be told.
    pub left_out: Vec<String>,
}

/// All households of these offices with arrears on `day` of at least
/// [`Basis::smallest_arrears`].
pub fn overdue_on(db: &mut Db, scope: &Scope, basis: &Basis, day: NaiveDate) -> AppResult<Found> {
    let loans = candidates(db, scope, day)?;
    overdue_among(db, scope, basis, (&loans, day))
}

/// The same among these families.
pub fn overdue_of(
    db: &mut Db,
    scope: &Scope,
    basis: &Basis,
    (files, day): (&[FileId], NaiveDate),
) -> AppResult<Found> {
    let mut loans: Vec<LoanId> =
        loan::chains(db, scope, files)?.into_iter().map(|loan| loan.id).collect();
    loans.sort_unstable();
    overdue_among(db, scope, basis, (&loans, day))
}

fn overdue_among(
    db: &mut Db,
    scope: &Scope,
    basis: &Basis,
    (loans, day): (&[LoanId], NaiveDate),
) -> AppResult<Found> {
    let mut sums: BTreeMap<FileId, Sum> = BTreeMap::new();
    let mut left_out = Vec::new();
    let known = payments_known::load(db, scope)?;
    for ids in loans.chunks(AT_ONCE) {
        let loans = loan::by_ids(db, scope, ids)?;
        let mut lives = events::of_loans(db, scope, ids)?;
        let settled = bank::settled(db, scope, ids)?;
        for loan in &loans {
            let life = lives.remove(&loan.id).unwrap_or_default();
            let lender = (&known, settled.get(&loan.id).copied());
            match arrears_of(loan, &life, basis, (lender, day)) {
                Ok(None) => {}
                Ok(Some(arrears)) => sums.entry(loan.file_id).or_default().add(loan, &arrears),
                Err(AppError::Refused(why)) => left_out.push(why),
                // Pure arithmetic: what else goes wrong is a damaged record of this contract.
                Err(damaged) => {
                    tracing::error!(contract = loan.contract_no, %damaged, "left out");
                    left_out.push(format!("合同 {}（记录不完整）", loan.contract_no));
                }
            }
        }
    }
    // As in a position (`position::sums`): a rest of penalty is a sum, nobody is visited for it.
    sums.retain(|_, sum| sum.total() >= basis.smallest_arrears);
    let households = households(db, scope, &sums, day)?;
    Ok(Found { households, left_out })
}

/// The families with whom receivers of a kind are to speak this year and who have not been spoken
/// with: their duty is open and given to such a receiver, and nothing of theirs is past due.
pub fn yearly_on(
    db: &mut Db,
    scope: &Scope,
    by: ReceiverKind,
    day: NaiveDate,
) -> AppResult<Vec<Household>> {
    let Some(kind) = purpose::assignee_kind(by) else { return Ok(Vec::new()) };
    let files = to_speak_with(db, scope, day.year(), Some(kind))?;
    without_arrears(db, scope, files, day)
}

/// Those of these families who are still to be spoken with in the year of a day.
pub fn yearly_of(
    db: &mut Db,
    scope: &Scope,
    files: &[FileId],
    day: NaiveDate,
) -> AppResult<Vec<Household>> {
    let open: BTreeSet<FileId> = to_speak_with(db, scope, day.year(), None)?.into_iter().collect();
    let files = files.iter().copied().filter(|file| open.contains(file)).collect();
    without_arrears(db, scope, files, day)
}

fn without_arrears(
    db: &mut Db,
    scope: &Scope,
    files: Vec<FileId>,
    day: NaiveDate,
) -> AppResult<Vec<Household>> {
    let sums = files.into_iter().map(|file| (file, Sum::default())).collect();
    households(db, scope, &sums, day)
}

/// Families with an open duty of a year, of whom nothing is past due.
fn to_speak_with(
    db: &mut Db,
    scope: &Scope,
    year: i32,
    kind: Option<AssigneeKind>,
) -> AppResult<Vec<FileId>> {
    let arrears = file_position::overdue_principal_fen
        + file_position::overdue_interest_fen
        + file_position::penalty_fen;
    let on_the_ladder = overdue_case::table
        .filter(scope.holds(overdue_case::office_code))
        .filter(overdue_case::file_id.eq(contact_duty::file_id))
        .filter(overdue_case::state.ne("closed"))
        .select(overdue_case::id);
    let mut query = contact_duty::table
        .inner_join(file_position::table.on(file_position::file_id.eq(contact_duty::file_id)))
        .filter(scope.holds(contact_duty::office_code))
        .filter(contact_duty::year.eq(year))
        .filter(contact_duty::state.eq(State::Open))
        .filter(arrears.le(0_i64))
        .filter(not(exists(on_the_ladder)))
        .select(contact_duty::file_id)
        .into_boxed();
    if let Some(kind) = kind {
        query = query.filter(contact_duty::assignee_kind.eq(kind));
    }
    Ok(query.load(db)?)
}

/// The files whose case waits for other business (relief, an enrolment change, the books): nobody
/// is sent there unasked.
pub fn on_hold(db: &mut Db, scope: &Scope) -> AppResult<BTreeSet<FileId>> {
    let files: Vec<FileId> = overdue_case::table
        .filter(scope.holds(overdue_case::office_code))
        .filter(overdue_case::state.ne("closed"))
        .filter(overdue_case::parked_for.ne(""))
        .select(overdue_case::file_id)
        .load(db)?;
    Ok(files.into_iter().collect())
}

/// The files whose case has come to the police station's stage, by the director's leave.
pub fn at_police(db: &mut Db, scope: &Scope) -> AppResult<BTreeSet<FileId>> {
    let files: Vec<FileId> = overdue_case::table
        .filter(scope.holds(overdue_case::office_code))
        .filter(overdue_case::state.ne("closed"))
        // A stage of the ladder, by its key in policies/ladder.toml.
        .filter(overdue_case::stage.eq("police"))
        .select(overdue_case::file_id)
        .load(db)?;
    Ok(files.into_iter().collect())
}

/// Loans that are overdue on `day`, or of which the stored position cannot tell.
fn candidates(db: &mut Db, scope: &Scope, day: NaiveDate) -> AppResult<Vec<LoanId>> {
    let arrears = loan_position::overdue_principal_fen
        + loan_position::overdue_interest_fen
        + loan_position::penalty_fen;
    Ok(loan_position::table
        .filter(scope.holds(loan_position::office_code))
        .filter(
            loan_position::as_of
                .gt(day)
                .or(loan_position::changes_on.le(day))
                .or(arrears.gt(0_i64)),
        )
        .order(loan_position::loan_id)
        .select(loan_position::loan_id)
        .load(db)?)
}

/// What one contract has overdue.
struct LoanArrears {
    principal: Fen,
    interest: Fen,
    penalty: Fen,
    due_days: BTreeSet<NaiveDate>,
    has_more_due: bool,
}

fn arrears_of(
    loan: &Loan,
    life: &[EventRow],
    basis: &Basis,
    (lender, day): ((&payments_known::Known, Option<NaiveDate>), NaiveDate),
) -> AppResult<Option<LoanArrears>> {
    let quick = position::compute(loan, life, basis, lender, day)?;
    let total = quick.overdue_principal_fen + quick.overdue_interest_fen + quick.penalty_fen;
    if !total.is_positive() {
        return Ok(None);
    }
    let days = lender.0.as_of(&loan.office_code, &loan.product, day);
    let statement = position::statement_of(loan, life, basis, days)?;
    let due_days = statement
        .instalments
        .iter()
        .filter(|row| row.state == InstalmentState::Overdue)
        .map(|row| row.due_on)
        .collect();
    Ok(Some(LoanArrears {
        principal: statement.position.overdue_principal,
        interest: statement.position.overdue_interest,
        penalty: statement.position.penalty,
        due_days,
        has_more_due: statement.position.next_due_on.is_some(),
    }))
}

/// The same over the contracts of a file.
#[derive(Default)]
struct Sum {
    principal: Fen,
    interest: Fen,
    penalty: Fen,
    due_days: BTreeSet<NaiveDate>,
    state_programme: bool,
    has_more_due: bool,
}

impl Sum {
    fn total(&self) -> Fen {
        self.principal + self.interest + self.penalty
    }

    fn add(&mut self, loan: &Loan, arrears: &LoanArrears) {
        self.principal += arrears.principal;
        self.interest += arrears.interest;
        self.penalty += arrears.penalty;
        self.due_days.extend(&arrears.due_days);
        self.has_more_due |= arrears.has_more_due;
        self.state_programme |= loan.product() != Some(Product::Local);
    }
}

fn households(
    db: &mut Db,
    scope: &Scope,
    sums: &BTreeMap<FileId, Sum>,
    day: NaiveDate,
) -> AppResult<Vec<Household>> {
    let ids: Vec<FileId> = sums.keys().copied().collect();
    let files = files(db, scope, &ids)?;
    let people: BTreeSet<PersonId> =
        files.iter().flat_map(|file| [Some(file.person_id), file.co_person_id]).flatten().collect();
    let people: Vec<PersonId> = people.into_iter().collect();
    let known = Known {
        people: person::by_ids(db, scope, &people)?.into_iter().map(|p| (p.id, p)).collect(),
        phones: phones(db, scope, &people)?,
    };
    let mut found = Vec::with_capacity(files.len());
    for file in &files {
        if let Some(sum) = sums.get(&file.id) {
            found.push(household(file, sum, &known, day)?);
        }
    }
    Ok(found)
}

fn files(db: &mut Db, scope: &Scope, ids: &[FileId]) -> AppResult<Vec<LoanFile>> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(BINDS_MAX) {
        found.extend(
            loan_file::table
                .filter(scope.holds(loan_file::office_code))
                .filter(loan_file::id.eq_any(chunk))
                .order(loan_file::id)
                .select(LoanFile::as_select())
                .load::<LoanFile>(db)?,
        );
    }
    Ok(found)
}

/// Masked numbers of people, without those that do not work any more.
fn phones(
    db: &mut Db,
    scope: &Scope,
    people: &[PersonId],
) -> AppResult<HashMap<PersonId, Vec<String>>> {
    let mut found: HashMap<PersonId, Vec<String>> = HashMap::with_capacity(people.len());
    for phone in person::phones_of(db, scope, people)? {
        if phone.state != PhoneState::Dead {
            found.entry(phone.person_id).or_default().push(phone.phone_mask);
        }
    }
    Ok(found)
}

/// The people behind the files.
struct Known {
    people: HashMap<PersonId, Person>,
    phones: HashMap<PersonId, Vec<String>>,
}

impl Known {
    fn phones(&self, of: PersonId) -> Vec<String> {
        self.phones.get(&of).cloned().unwrap_or_default()
    }
}

fn household(file: &LoanFile, sum: &Sum, known: &Known, day: NaiveDate) -> AppResult<Household> {
    let missing = || AppError::broken(format!("loan_file {}: its person is missing", file.id));
    let borrower = known.people.get(&file.person_id).ok_or_else(missing)?;
    let co = file.co_person_id.and_then(|id| known.people.get(&id));
    Ok(Household {
        file_id: file.id,
        file_no: file.file_no.clone(),
        name: borrower.name.clone(),
        id_mask: borrower.id_mask.clone(),
        sex: borrower.sex,
        age: age_on(borrower.born_on, day),
        address: borrower.address.clone(),
        township: borrower.township.clone(),
        village: borrower.village.clone(),
        village_code: borrower.village_code.clone(),
        high_school: file.high_school.clone(),
        university: file.university.clone(),
        graduates_in: file.graduates_on.map(|on| on.year()),
        police_station: borrower.police_station.clone(),
        phones: known.phones(borrower.id),
        co_borrower: co.map(|person| CoBorrower {
            name: person.name.clone(),
            relation: file.co_relation.clone(),
            phones: known.phones(person.id),
        }),
        is_state_programme: sum.state_programme,
        has_more_due: sum.has_more_due,
        arrears: Arrears {
            principal_fen: sum.principal,
            interest_fen: sum.interest,
            penalty_fen: sum.penalty,
            due_days: sum.due_days.len(),
            oldest_due_on: sum.due_days.first().copied().unwrap_or(day),
        },
    })
}
