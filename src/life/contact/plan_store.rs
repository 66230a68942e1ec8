//! What the yearly plan reads: families without a duty of the year, and what is known of them.
//! Set-wise: a handful of queries for a whole county. Reads only.

use std::collections::{BTreeMap, HashMap};

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::{count_star, exists, max, min, not};
use diesel::prelude::*;

use super::rules::Family;
use crate::base::dates::{day_in, local};
use crate::base::ids::{FileId, StaffId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::contact::record::{Outcome, Record};
use crate::book::contact::task::{Assignee, AssigneeKind};
use crate::book::notice::stops::Why;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{
    contact_confirmation, contact_duty, contact_record, file_position, loan, loan_file,
    message_stop, person,
};

type FamilyRow = (FileId, String, String, String, String);

/// The families without a duty of that year, by township, village and file number.
pub fn missing(db: &mut Db, scope: &Scope, year: i32) -> AppResult<Vec<Family>> {
    let has = contact_duty::table
        .filter(scope.holds(contact_duty::office_code))
        .filter(contact_duty::file_id.eq(file_position::file_id))
        .filter(contact_duty::year.eq(year))
        .select(contact_duty::file_id);
    // Nobody rings a family every year to ask after somebody who has died.
    let died = message_stop::table
        .filter(message_stop::person_id.eq(loan_file::person_id))
        .filter(message_stop::why.eq(Why::Died))
        .select(message_stop::person_id);
    let rows: Vec<FamilyRow> = file_position::table
        .inner_join(loan_file::table.on(loan_file::id.eq(file_position::file_id)))
        .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
        .filter(scope.holds(file_position::office_code))
        .filter(file_position::disbursed_fen.gt(Fen::ZERO))
        .filter(file_position::settled_on.is_null())
        .filter(not(exists(has)))
        .filter(not(exists(died)))
        .order((person::township, person::village, loan_file::file_no))
        .select((
            loan_file::id,
            loan_file::file_no,
            person::township,
            person::village,
            loan_file::high_school,
        ))
        .load(db)?;
    let terms = terms(db, scope)?;
    let confirmed = confirmed(db, scope)?;
    let family = |(file_id, file_no, township, village, school): FamilyRow| {
        let (subsidy_ends_on, signed_on) = terms.get(&file_id).copied().unwrap_or_default();
        let confirmed_on = confirmed.get(&file_id).copied();
        Family {
            file_id,
            file_no,
            township,
            village,
            school,
            subsidy_ends_on,
            signed_on,
            confirmed_on,
        }
    };
    Ok(rows.into_iter().map(family).collect())
}

/// The earliest end of subsidy and the newest contract, by file.
type FileTerms = HashMap<FileId, (Option<NaiveDate>, Option<NaiveDate>)>;

fn terms(db: &mut Db, scope: &Scope) -> AppResult<FileTerms> {
    let rows: Vec<(FileId, Option<NaiveDate>, Option<NaiveDate>)> = loan::table
        .filter(scope.holds(loan::office_code))
        .group_by(loan::file_id)
        .select((loan::file_id, min(loan::subsidy_ends_on), max(loan::signed_on)))
        .load(db)?;
    Ok(rows.into_iter().map(|(file, ends, signed)| (file, (ends, signed))).collect())
}

/// The last day on which contacts were known to be right, by file.
fn confirmed(db: &mut Db, scope: &Scope) -> AppResult<HashMap<FileId, NaiveDate>> {
    let reached: Vec<Outcome> =
        Outcome::ALL.iter().copied().filter(|outcome| outcome.is_reached()).collect();
    let spoken: Vec<(FileId, Option<NaiveDate>)> = contact_record::table
        .filter(scope.holds(contact_record::office_code))
        .filter(contact_record::undone_at.is_null())
        .filter(contact_record::outcome.eq_any(reached))
        .group_by(contact_record::file_id)
        .select((contact_record::file_id, max(contact_record::on_day)))
        .load(db)?;
    let pages: Vec<(FileId, Option<NaiveDateTime>)> = contact_confirmation::table
        .filter(scope.holds(contact_confirmation::office_code))
        .group_by(contact_confirmation::file_id)
        .select((contact_confirmation::file_id, max(contact_confirmation::confirmed_at)))
        .load(db)?;
    let mut found: HashMap<FileId, NaiveDate> =
        spoken.into_iter().filter_map(|(file, day)| Some((file, day?))).collect();
    for (file, at) in pages {
        if let Some(day) = at.map(|at| local(at).date()) {
            let known = found.entry(file).or_insert(day);
            *known = (*known).max(day);
        }
    }
    Ok(found)
}

/// What happened already in the year.
#[derive(Clone, Debug, Default)]
pub struct Already {
    /// Records that stand, oldest first, by family.
    pub records: HashMap<FileId, Vec<Record>>,
    /// The first day on which contacts were confirmed on the phone page.
    pub confirmed: HashMap<FileId, NaiveDate>,
}

/// What happened already in a year.
pub fn already(db: &mut Db, scope: &Scope, year: i32) -> AppResult<Already> {
    let mut found = Already::default();
    let rows: Vec<Record> = contact_record::table
        .filter(scope.holds(contact_record::office_code))
        .filter(contact_record::on_day.between(day_in(year, 1, 1), day_in(year, 12, 31)))
        .filter(contact_record::undone_at.is_null())
        .order((contact_record::on_day, contact_record::id))
        .select(Record::as_select())
        .load(db)?;
    for row in rows {
        found.records.entry(row.file_id).or_default().push(row);
    }
    let pages: Vec<(FileId, Option<NaiveDateTime>)> = contact_confirmation::table
        .filter(scope.holds(contact_confirmation::office_code))
        .filter(contact_confirmation::year.eq(year))
        .group_by(contact_confirmation::file_id)
        .select((contact_confirmation::file_id, min(contact_confirmation::confirmed_at)))
        .load(db)?;
    found.confirmed =
        pages.into_iter().filter_map(|(file, at)| Some((file, local(at?).date()))).collect();
    Ok(found)
}

type TakenRow = (String, AssigneeKind, Option<StaffId>, String, i64);

/// Who has most of each township in a year: that stays so.
pub fn taken(db: &mut Db, scope: &Scope, year: i32) -> AppResult<BTreeMap<String, Assignee>> {
    let mut rows: Vec<TakenRow> = contact_duty::table
        .inner_join(loan_file::table.on(loan_file::id.eq(contact_duty::file_id)))
        .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
        .filter(scope.holds(contact_duty::office_code))
        .filter(contact_duty::year.eq(year))
        .filter(contact_duty::assignee_kind.eq(AssigneeKind::Clerk))
        .filter(contact_duty::assignee.ne(""))
        .group_by((
            person::township,
            contact_duty::assignee_kind,
            contact_duty::staff_id,
            contact_duty::assignee,
        ))
        .select((
            person::township,
            contact_duty::assignee_kind,
            contact_duty::staff_id,
            contact_duty::assignee,
            count_star(),
        ))
        .load(db)?;
    rows.sort_by(|a, b| a.4.cmp(&b.4).then(b.3.cmp(&a.3)));
    // Ascending: the largest share is written last and stays.
    Ok(rows
        .into_iter()
        .map(|(township, kind, staff_id, name, _)| (township, Assignee { kind, staff_id, name }))
        .collect())
}
