//! Every family at least once a year (rules.md 5.4): one duty for each loan file and year. The
//! only file that writes the table `contact_duty`.
//!
//! Whoever keeps a contact record tells the duty of that family and year (`told`): spoken with
//! means done, a try without an answer counts. Planning and sharing out is `life/contact/`.

use chrono::{Datelike, Days, NaiveDate};
use diesel::prelude::*;

use super::contact_record::{Outcome, Record, Source};
use super::ids::{FileId, RecordId, StaffId, text_enum};
use super::office::Scope;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::contact_duty;

/// A try without an answer is made again after so many days when nobody says another day.
const AGAIN_AFTER: Days = Days::new(7);

text_enum! {
    /// Why a family is spoken with when it is.
    Reason {
        /// The first due day with principal or own interest is this year or next.
        EntersRepayment = "enters_repayment", "今明两年开始还款";
        /// Contacts were never or long ago confirmed.
        Unconfirmed = "unconfirmed", "联系方式久未核对";
        /// Pays every year.
        Repaying = "repaying", "还款期内";
        /// Still at university.
        Studying = "studying", "在读";
        /// Came after the plan was made.
        Added = "added", "计划后新增";
    }
}

text_enum! {
    /// Who is to do it.
    AssigneeKind {
        /// A clerk of the office.
        Clerk = "clerk", "经办";
        /// The senior high school.
        School = "school", "毕业高中";
        /// The village committee.
        Village = "village", "村（社区）";
    }
}

text_enum! {
    /// How far it has come.
    State {
        /// Not spoken with yet this year.
        Open = "open", "未联系";
        /// Spoken with.
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
pub struct Duty {
    /// The family.
    pub file_id: FileId,
    /// The calendar year.
    pub year: i32,
    /// Whose data this is.
    pub office_code: String,
    /// Why it stands where it stands in the year.
    pub reason: Reason,
    /// The day by which the plan wants it done.
    pub planned_on: NaiveDate,
    /// Who is to do it.
    pub assignee_kind: AssigneeKind,
    /// The clerk.
    pub staff_id: Option<StaffId>,
    /// Name of clerk, school or village.
    pub assignee: String,
    /// How far it has come.
    pub state: State,
    /// Tries this year.
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
pub fn told(db: &mut Db, record: &Record) -> AppResult<()> {
    let of_year = contact_duty::table.find((record.file_id, record.on_day.year()));
    let Some(duty) = of_year.select(Duty::as_select()).first::<Duty>(db).optional()? else {
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

/// Opens the duty again that a record met which was taken back.
pub fn undone(db: &mut Db, record: &Record) -> AppResult<()> {
    diesel::update(
        contact_duty::table
            .find((record.file_id, record.on_day.year()))
            .filter(contact_duty::record_id.eq(record.id)),
    )
    .set((
        contact_duty::state.eq(State::Open),
        contact_duty::done_on.eq(None::<NaiveDate>),
        contact_duty::record_id.eq(None::<RecordId>),
        contact_duty::version.eq(contact_duty::version + 1),
    ))
    .execute(db)?;
    Ok(())
}

/// The duty of a family in a year.
pub fn of_file(db: &mut Db, scope: &Scope, file: FileId, year: i32) -> AppResult<Option<Duty>> {
    Ok(contact_duty::table
        .filter(contact_duty::office_code.eq_any(scope.codes()))
        .filter(contact_duty::file_id.eq(file))
        .filter(contact_duty::year.eq(year))
        .select(Duty::as_select())
        .first(db)
        .optional()?)
}
