//! Every family at least once a year (rules.md 5.4): one duty for each loan file and year. The
//! only file that writes the table `contact_duty`.
//!
//! Whoever stores a contact record applies it to the task of that family and year
//! (`apply_contact`): spoken with means done, a try without an answer counts. Planning and sharing
//! out is `life/contact/`.

use chrono::{Datelike, Days, NaiveDate};
use diesel::prelude::*;

use super::record::{Outcome, Record, Source};
use crate::base::dates::day_in;
use crate::base::ids::{FileId, RecordId, StaffId, text_enum};
use crate::base::scope::Scope;
use crate::error::{AppError, AppResult};
use crate::insert_rows;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{contact_duty, contact_record, file_position, loan_file, person};

/// A try without an answer is made again after so many days when nobody says another day.
const AGAIN_AFTER: Days = Days::new(7);

text_enum! {
    /// Why a family is spoken with when it is.
    Reason {
        /// The first due day with principal or own interest is this year or next.
        EntersRepayment = "enters_repayment", "今明两年开始还款";
        /// Contacts were never or long ago confirmed.
        Unconfirmed = "unconfirmed", "联系方式久未核对";
        Repaying = "repaying", "还款期内";
        Studying = "studying", "在读";
    }
}

text_enum! {
    /// Who is to do it.
    AssigneeKind {
        /// A clerk of the office.
        Clerk = "clerk", "经办";
        /// The senior high school.
        School = "school", "毕业高中";
        Village = "village", "村（社区）";
    }
}

text_enum! {
    /// How far it has come.
    State {
        /// Not spoken with yet this year.
        Open = "open", "未联系";
        Done = "done", "已联系";
        /// Cannot be found; decided by a person after the tries that the rules ask for.
        Lost = "lost", "失联";
        /// Not needed: settled, died.
        Excused = "excused", "不需要";
    }
}

/// A duty as stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = contact_duty, treat_none_as_default_value = false)]
pub struct ContactTask {
    pub file_id: FileId,
    pub year: i32,
    /// Whose data this is.
    pub office_code: String,
    /// Why it stands where it stands in the year.
    pub reason: Reason,
    /// The day by which the plan wants it done.
    pub planned_on: NaiveDate,
    /// Who is to do it.
    pub assignee_kind: AssigneeKind,
    pub staff_id: Option<StaffId>,
    /// Name of clerk, school or village.
    pub assignee: String,
    /// How far it has come.
    pub state: State,
    pub tries: i32,
    /// The last of them.
    pub last_try_on: Option<NaiveDate>,
    /// When to try next; lists go by it.
    pub next_on: NaiveDate,
    /// When the family was spoken with.
    pub done_on: Option<NaiveDate>,
    /// The record that met it.
    pub record_id: Option<RecordId>,
    /// Why lost or excused.
    pub note: String,
    /// Grows with every change.
    pub version: i32,
}

/// Tells the duty of the record's family and year of a contact. Without a duty nothing happens:
/// one that is planned later looks at the records itself.
pub fn apply_contact(db: &mut Db, record: &Record) -> AppResult<()> {
    let of_year = contact_duty::table.find((record.file_id, record.on_day.year()));
    let Some(duty) =
        of_year.select(ContactTask::as_select()).first::<ContactTask>(db).optional()?
    else {
        return Ok(());
    };
    // An automatic confirmation is no try by somebody.
    let tries = duty.tries + i32::from(record.source != Source::PhonePage);
    let last_try_on = Some(duty.last_try_on.map_or(record.on_day, |day| day.max(record.on_day)));
    let meets = meets(record) && !matches!(duty.state, State::Done);
    if meets {
        diesel::update(of_year)
            .set((
                contact_duty::state.eq(State::Done),
                contact_duty::done_on.eq(record.on_day),
                contact_duty::record_id.eq(record.id),
                contact_duty::tries.eq(tries),
                contact_duty::last_try_on.eq(last_try_on),
                contact_duty::version.eq(duty.version + 1),
            ))
            .execute(db)?;
    } else {
        let next_on = record.next_on.or_else(|| record.on_day.checked_add_days(AGAIN_AFTER));
        diesel::update(of_year)
            .set((
                contact_duty::tries.eq(tries),
                contact_duty::last_try_on.eq(last_try_on),
                contact_duty::next_on.eq(next_on.unwrap_or(duty.next_on)),
                contact_duty::version.eq(duty.version + 1),
            ))
            .execute(db)?;
    }
    Ok(())
}

/// True when a record means that the family was spoken with. Schools, villages and police speak
/// for the family only when their record says that they reached it.
pub const fn meets(record: &Record) -> bool {
    record.outcome.is_reached() && !matches!(record.outcome, Outcome::LeftWord)
}

/// Tells the duty that a record was taken back: it is open again when that record met it and no
/// other one does.
pub fn undone(db: &mut Db, record: &Record) -> AppResult<()> {
    let of_year = contact_duty::table.find((record.file_id, record.on_day.year()));
    let Some(duty) =
        of_year.select(ContactTask::as_select()).first::<ContactTask>(db).optional()?
    else {
        return Ok(());
    };
    let tries = duty.tries - i32::from(record.source != Source::PhonePage);
    let (mut state, mut done_on, mut record_id) = (duty.state, duty.done_on, duty.record_id);
    if duty.record_id == Some(record.id) {
        let other = others(db, record)?.into_iter().find(meets);
        state = if other.is_some() { State::Done } else { State::Open };
        done_on = other.as_ref().map(|one| one.on_day);
        record_id = other.map(|one| one.id);
    }
    diesel::update(of_year)
        .set((
            contact_duty::state.eq(state),
            contact_duty::done_on.eq(done_on),
            contact_duty::record_id.eq(record_id),
            contact_duty::tries.eq(tries.max(0)),
            contact_duty::next_on.eq(record.on_day),
            contact_duty::version.eq(duty.version + 1),
        ))
        .execute(db)?;
    Ok(())
}

/// The other records of that family and year that stand, oldest first.
fn others(db: &mut Db, record: &Record) -> AppResult<Vec<Record>> {
    let year = record.on_day.year();
    Ok(contact_record::table
        .filter(contact_record::office_code.eq(&record.office_code))
        .filter(contact_record::file_id.eq(record.file_id))
        .filter(contact_record::on_day.between(day_in(year, 1, 1), day_in(year, 12, 31)))
        .filter(contact_record::undone_at.is_null())
        .filter(contact_record::id.ne(record.id))
        .order((contact_record::on_day, contact_record::id))
        .select(Record::as_select())
        .load(db)?)
}

/// How many columns [`ContactTask`] has.
const COLUMNS: usize = 16;

/// Keeps new duties; the caller has looked that there are none for these families and years.
pub fn add_all(db: &mut Db, new: &[ContactTask]) -> AppResult<()> {
    insert_rows!(db, contact_duty::table, COLUMNS, new)?;
    Ok(())
}

/// Why a duty of a settled family is not needed.
const SETTLED: &str = "贷款已结清";

/// Why the duty of a family is not needed whose student has died.
const DIED: &str = "本人已去世";

/// The student has died, or that was a mistake: the open duty of the year is not needed, or is open
/// again. Nothing happens to one that was met.
pub fn excuse_died(
    db: &mut Db,
    scope: &Scope,
    (file, year): (FileId, i32),
    died: bool,
) -> AppResult<()> {
    let (from, to) = if died {
        ((State::Open, ""), (State::Excused, DIED))
    } else {
        ((State::Excused, DIED), (State::Open, ""))
    };
    diesel::update(
        contact_duty::table
            .find((file, year))
            .filter(scope.holds(contact_duty::office_code))
            .filter(contact_duty::state.eq(from.0))
            .filter(contact_duty::note.eq(from.1)),
    )
    .set((
        contact_duty::state.eq(to.0),
        contact_duty::note.eq(to.1),
        contact_duty::version.eq(contact_duty::version + 1),
    ))
    .execute(db)?;
    Ok(())
}

/// Open duties of families that have settled everything are not needed any more; when that was a
/// mistake they are open again. How many changed.
pub fn excuse_settled(db: &mut Db, scope: &Scope, year: i32) -> AppResult<usize> {
    let mut changed = 0;
    for settled in [true, false] {
        let files = file_position::table
            .filter(scope.holds(file_position::office_code))
            .filter(file_position::settled_on.is_not_null().eq(settled))
            .select(file_position::file_id);
        let (from, to) =
            if settled { (State::Open, State::Excused) } else { (State::Excused, State::Open) };
        let (was, note) = if settled { ("", SETTLED) } else { (SETTLED, "") };
        changed += diesel::update(
            contact_duty::table
                .filter(scope.holds(contact_duty::office_code))
                .filter(contact_duty::year.eq(year))
                .filter(contact_duty::state.eq(from))
                .filter(contact_duty::note.eq(was).or(contact_duty::state.eq(State::Open)))
                .filter(contact_duty::file_id.eq_any(files)),
        )
        .set((
            contact_duty::state.eq(to),
            contact_duty::note.eq(note),
            contact_duty::version.eq(contact_duty::version + 1),
        ))
        .execute(db)?;
    }
    Ok(changed)
}

/// Who is to do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignee {
    /// Clerk, school or village.
    pub kind: AssigneeKind,
    pub staff_id: Option<StaffId>,
    pub name: String,
}

/// Gives the open duties of these families of a year to somebody. How many.
pub fn assign(
    db: &mut Db,
    scope: &Scope,
    (year, files): (i32, &[FileId]),
    to: &Assignee,
) -> AppResult<usize> {
    let mut done = 0;
    for chunk in files.chunks(BINDS_MAX) {
        // Found by their files: without the empty text SQLite, which keeps no figures of its own,
        // takes the office's index and reads the duties of the whole county for each receiver.
        done += diesel::update(
            contact_duty::table
                .filter(scope.holds(contact_duty::office_code.concat("")))
                .filter(contact_duty::year.eq(year))
                .filter(contact_duty::state.eq(State::Open))
                .filter(contact_duty::file_id.eq_any(chunk)),
        )
        .set((
            contact_duty::assignee_kind.eq(to.kind),
            contact_duty::staff_id.eq(to.staff_id),
            contact_duty::assignee.eq(&to.name),
            contact_duty::version.eq(contact_duty::version + 1),
        ))
        .execute(db)?;
    }
    Ok(done)
}

/// An open duty of somebody: year, family and the day of the next try.
pub type OpenDuty = (i32, FileId, NaiveDate);

/// The open duties of somebody, township by township.
pub fn open_of_staff(db: &mut Db, scope: &Scope, id: StaffId) -> AppResult<Vec<OpenDuty>> {
    Ok(contact_duty::table
        .inner_join(loan_file::table)
        .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
        .filter(scope.holds(contact_duty::office_code))
        .filter(contact_duty::staff_id.eq(id))
        .filter(contact_duty::state.eq(State::Open))
        .order((contact_duty::year, person::township, loan_file::file_no))
        .select((contact_duty::year, contact_duty::file_id, contact_duty::next_on))
        .load(db)?)
}

/// A person says that a family is lost, or that the search goes on. `Changed` when the duty is not
/// as it was seen.
pub fn mark(
    db: &mut Db,
    seen: &ContactTask,
    (state, note): (State, &str),
    next_on: NaiveDate,
) -> AppResult<()> {
    let done = diesel::update(
        contact_duty::table
            .find((seen.file_id, seen.year))
            .filter(contact_duty::office_code.eq(&seen.office_code))
            .filter(contact_duty::version.eq(seen.version)),
    )
    .set((
        contact_duty::state.eq(state),
        contact_duty::note.eq(note),
        contact_duty::next_on.eq(next_on),
        contact_duty::version.eq(seen.version + 1),
    ))
    .execute(db)?;
    if done == 1 { Ok(()) } else { Err(AppError::Changed) }
}

/// The duty of a family in a year.
pub fn of_file(
    db: &mut Db,
    scope: &Scope,
    file: FileId,
    year: i32,
) -> AppResult<Option<ContactTask>> {
    Ok(contact_duty::table
        .filter(scope.holds(contact_duty::office_code))
        .filter(contact_duty::file_id.eq(file))
        .filter(contact_duty::year.eq(year))
        .select(ContactTask::as_select())
        .first(db)
        .optional()?)
}
