//! What the pages of family contact read: the list, its counts, the coverage, the facts of one
//! family. Reads only; every query takes a scope.

use std::collections::{HashMap, HashSet};

use chrono::{Datelike as _, NaiveDate};
use diesel::dsl::count_star;
use diesel::prelude::*;

use crate::base::ids::{FileId, PersonId, PhoneId, PointId, RecordId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::contact::change;
use crate::book::contact::point::{self, ContactPerson, Kind, Tried};
use crate::book::contact::record::{self, Record};
use crate::book::contact::task::{self, AssigneeKind, ContactTask, State};
use crate::book::loan::{self, LoanFile};
use crate::book::person::{self, Person, Phone};
use crate::book::policy::Policy;
use crate::book::position::FilePosition;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{
    contact_duty as duties, contact_point as points, file_position, loan_file, overdue_case,
    person as people,
};
use crate::web::waiting::Waiting;

/// Families to call today or before: `/family-contacts?list=today`.
pub fn waiting(
    db: &mut Db,
    scope: &Scope,
    _: &Policy,
    today: NaiveDate,
) -> AppResult<Vec<Waiting>> {
    let count = duties::table
        .filter(scope.holds(duties::office_code))
        .filter(duties::year.eq(today.year()))
        .filter(duties::state.eq(State::Open))
        .filter(duties::next_on.le(today))
        .count()
        .get_result(db)?;
    Ok(vec![Waiting::work(count, "家庭今天要联系", "/family-contacts?list=today")])
}

/// Records shown of a family.
const RECORDS_MAX: usize = 60;

macro_rules! joined {
    () => {
        duties::table
            .inner_join(loan_file::table.on(loan_file::id.eq(duties::file_id)))
            .inner_join(people::table.on(people::id.eq(loan_file::person_id)))
    };
}

/// What the query row offers: whatever occurs in that year.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Choices {
    pub townships: Vec<String>,
    /// High schools, by name.
    pub schools: Vec<String>,
    pub who: Vec<String>,
    /// Years with duties, newest first.
    pub years: Vec<i32>,
}

/// What occurs among the duties of a year.
pub fn choices(db: &mut Db, scope: &Scope, year: i32) -> AppResult<Choices> {
    let townships = joined!()
        .filter(scope.holds(duties::office_code))
        .filter(duties::year.eq(year))
        .filter(people::township.ne(""))
        .select(people::township)
        .distinct()
        .order(people::township)
        .load(db)?;
    let schools = joined!()
        .filter(scope.holds(duties::office_code))
        .filter(duties::year.eq(year))
        .filter(loan_file::high_school.ne(""))
        .select(loan_file::high_school)
        .distinct()
        .order(loan_file::high_school)
        .load(db)?;
    let who = duties::table
        .filter(scope.holds(duties::office_code))
        .filter(duties::year.eq(year))
        .filter(duties::assignee.ne(""))
        .select(duties::assignee)
        .distinct()
        .order(duties::assignee)
        .load(db)?;
    let years = duties::table
        .filter(scope.holds(duties::office_code))
        .select(duties::year)
        .distinct()
        .order(duties::year.desc())
        .load(db)?;
    Ok(Choices { townships, schools, who, years })
}

/// A key of the coverage (kind of assignee, name), a state, how many.
pub type Cell = (AssigneeKind, String, State, i64);

/// How many duties of each clerk, school or village are in each state.
pub fn by_assignee(db: &mut Db, scope: &Scope, year: i32) -> AppResult<Vec<Cell>> {
    Ok(duties::table
        .filter(scope.holds(duties::office_code))
        .filter(duties::year.eq(year))
        .group_by((duties::assignee_kind, duties::assignee, duties::state))
        .select((duties::assignee_kind, duties::assignee, duties::state, count_star()))
        .load(db)?)
}

/// The same by township and by high school of the family; the kind says nothing there.
pub fn by_place(db: &mut Db, scope: &Scope, year: i32, school: bool) -> AppResult<Vec<Cell>> {
    let rows: Vec<(String, State, i64)> = if school {
        joined!()
            .filter(scope.holds(duties::office_code))
            .filter(duties::year.eq(year))
            .group_by((loan_file::high_school, duties::state))
            .select((loan_file::high_school, duties::state, count_star()))
            .load(db)?
    } else {
        joined!()
            .filter(scope.holds(duties::office_code))
            .filter(duties::year.eq(year))
            .group_by((people::township, duties::state))
            .select((people::township, duties::state, count_star()))
            .load(db)?
    };
    Ok(rows.into_iter().map(|(name, state, n)| (AssigneeKind::Clerk, name, state, n)).collect())
}

/// Who has the open families of each township, with how many; the largest part first.
pub fn holders(db: &mut Db, scope: &Scope, year: i32) -> AppResult<Vec<(String, String, i64)>> {
    let mut rows: Vec<(String, String, i64)> = joined!()
        .filter(scope.holds(duties::office_code))
        .filter(duties::year.eq(year))
        .filter(duties::state.eq(State::Open))
        .group_by((people::township, duties::assignee))
        .select((people::township, duties::assignee, count_star()))
        .load(db)?;
    rows.sort_by(|a, b| b.2.cmp(&a.2).then(a.1.cmp(&b.1)));
    Ok(rows)
}

/// The same by year, all years.
pub fn by_year(db: &mut Db, scope: &Scope) -> AppResult<Vec<Cell>> {
    let rows: Vec<(i32, State, i64)> = duties::table
        .filter(scope.holds(duties::office_code))
        .group_by((duties::year, duties::state))
        .select((duties::year, duties::state, count_star()))
        .load(db)?;
    let cell =
        |(year, state, n): (i32, State, i64)| (AssigneeKind::Clerk, year.to_string(), state, n);
    Ok(rows.into_iter().map(cell).collect())
}

/// Those of these families that have an overdue case which is not closed.
pub fn overdue_of(db: &mut Db, scope: &Scope, files: &[FileId]) -> AppResult<HashSet<FileId>> {
    let cases: Vec<FileId> = overdue_case::table
        .filter(scope.holds(overdue_case::office_code))
        .filter(overdue_case::file_id.eq_any(files))
        .filter(overdue_case::state.ne("closed"))
        .select(overdue_case::file_id)
        .load(db)?;
    Ok(cases.into_iter().collect())
}

/// Everything the page of a family shows.
#[derive(Clone, Debug)]
pub struct Facts {
    pub file: LoanFile,
    pub student: Person,
    /// The co-borrower of the latest contract.
    pub co_borrower: Option<Person>,
    /// Telephone numbers of both.
    pub phones: Vec<Phone>,
    /// What came of the last try with each.
    pub tried: HashMap<PhoneId, (Tried, Option<NaiveDate>)>,
    /// The rest of the contact tree.
    pub points: Vec<ContactPerson>,
    /// People of the tree who are a university, also those taken off it.
    pub universities: HashSet<PointId>,
    /// The records that stand, newest first.
    pub records: Vec<Record>,
    pub duty: Option<ContactTask>,
    /// A case on the overdue ladder.
    pub overdue: bool,
    /// A change of contacts waits for a decision.
    pub change_waits: bool,
    /// Stage of the file.
    pub stage: String,
    /// All that can be owed, when that is known.
    pub most: Option<Fen>,
    pub seen: String,
}

/// What a page of a family has seen of its contacts: another text after every contact that was kept
/// or taken back, and after every change of the year's task.
pub fn seen(db: &mut Db, scope: &Scope, file: FileId, year: i32) -> AppResult<String> {
    let version = task::of_file(db, scope, file, year)?.map_or(0, |duty| duty.version);
    let newest = record::newest_of(db, scope, file)?.map_or(0, RecordId::get);
    Ok(format!("{version}.{newest}"))
}

/// The facts of one family, or NotFound.
pub fn family(db: &mut Db, scope: &Scope, file_no: &str, today: NaiveDate) -> AppResult<Facts> {
    let file = loan::file_by_no(db, scope, file_no)?;
    let ids: Vec<PersonId> =
        [Some(file.person_id), file.co_person_id].into_iter().flatten().collect();
    let mut found = person::by_ids(db, scope, &ids)?;
    let at = found.iter().position(|one| one.id == file.person_id).ok_or(AppError::NotFound)?;
    let student = found.remove(at);
    let co_borrower = found.pop();
    let duty = task::of_file(db, scope, file.id, today.year())?;
    let universities: Vec<PointId> = points::table
        .filter(scope.holds(points::office_code))
        .filter(points::file_id.eq(file.id))
        .filter(points::kind.eq(Kind::University))
        .select(points::id)
        .load(db)?;
    let position: Option<FilePosition> = file_position::table
        .filter(scope.holds(file_position::office_code))
        .filter(file_position::file_id.eq(file.id))
        .select(FilePosition::as_select())
        .first(db)
        .optional()?;
    Ok(Facts {
        phones: person::phones_of(db, scope, &ids)?,
        tried: person::tries_of(db, scope, &ids)?,
        points: point::of_file(db, scope, file.id)?,
        universities: universities.into_iter().collect(),
        records: record::of_file(db, scope, file.id, RECORDS_MAX)?,
        overdue: !overdue_of(db, scope, &[file.id])?.is_empty(),
        change_waits: change::is_open(db, scope, &ids)?,
        most: position.as_ref().map(FilePosition::most_fen),
        seen: seen(db, scope, file.id, today.year())?,
        stage: position.map(|sums| sums.stage).unwrap_or_default(),
        file,
        student,
        co_borrower,
        duty,
    })
}

impl Facts {
    /// The records as the rules see them.
    pub fn tries(&self) -> Vec<super::rules::Try> {
        self.records
            .iter()
            .map(|record| super::rules::Try {
                on_day: record.on_day,
                channel: record.channel,
                party: record.party,
                outcome: record.outcome,
                university: record.point_id.is_some_and(|id| self.universities.contains(&id)),
            })
            .collect()
    }
}
