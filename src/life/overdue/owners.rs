//! Who has a case that nobody has yet: whoever has the family's loan file, else whoever has its
//! yearly contact, else the clerk of its township. A township stays with one clerk; a new one goes
//! to whoever has fewest cases, so that the shares are even and the same again on the next day.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{Datelike, NaiveDate};
use diesel::dsl::count_star;
use diesel::prelude::*;

use super::kinds::State;
use crate::base::ids::{FileId, StaffId};
use crate::base::scope::Scope;
use crate::book::staff::{self, Right, Role};
use crate::error::AppResult;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{contact_duty, loan_file, overdue_case, person};

/// An owner for each of these families; none for any when the office has nobody who may follow.
pub(super) fn of(
    db: &mut Db,
    scope: &Scope,
    today: NaiveDate,
    files: &[FileId],
) -> AppResult<HashMap<FileId, StaffId>> {
    if files.is_empty() {
        return Ok(HashMap::new());
    }
    let able: Vec<_> = staff::all(db, scope)?
        .into_iter()
        .filter(|one| one.active && one.role.may(Right::FollowOverdue))
        .collect();
    let mut clerks: Vec<StaffId> =
        able.iter().filter(|one| one.role == Role::Clerk).map(|one| one.id).collect();
    if clerks.is_empty() {
        clerks = able.iter().map(|one| one.id).collect();
    }
    clerks.sort_unstable();
    let may: HashSet<StaffId> = able.iter().map(|one| one.id).collect();
    let mut townships: BTreeMap<String, Vec<FileId>> = BTreeMap::new();
    let mut found = HashMap::with_capacity(files.len());
    for (file, township, owner) in facts(db, scope, today, files)? {
        match owner.filter(|owner| may.contains(owner)) {
            Some(owner) => {
                found.insert(file, owner);
            }
            None => townships.entry(township).or_default().push(file),
        }
    }
    let shared = share(&townships, &clerks, &cases_now(db, scope)?);
    for (township, files) in townships {
        if let Some(owner) = shared.get(&township) {
            found.extend(files.into_iter().map(|file| (file, *owner)));
        }
    }
    Ok(found)
}

/// Of each family: its township, and who has its file or its yearly contact.
fn facts(
    db: &mut Db,
    scope: &Scope,
    today: NaiveDate,
    files: &[FileId],
) -> AppResult<Vec<(FileId, String, Option<StaffId>)>> {
    let mut found = Vec::with_capacity(files.len());
    for chunk in files.chunks(BINDS_MAX) {
        let duties: Vec<(FileId, Option<StaffId>)> = contact_duty::table
            .filter(scope.holds(contact_duty::office_code))
            .filter(contact_duty::year.eq(today.year()))
            .filter(contact_duty::file_id.eq_any(chunk))
            .select((contact_duty::file_id, contact_duty::staff_id))
            .load(db)?;
        let duties: HashMap<FileId, Option<StaffId>> = duties.into_iter().collect();
        let rows: Vec<(FileId, String, Option<StaffId>)> = loan_file::table
            .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
            .filter(scope.holds(loan_file::office_code))
            .filter(loan_file::id.eq_any(chunk))
            .order(loan_file::id)
            .select((loan_file::id, person::township, loan_file::owner_id))
            .load(db)?;
        found.extend(rows.into_iter().map(|(file, township, owner)| {
            (file, township, owner.or(duties.get(&file).copied().flatten()))
        }));
    }
    Ok(found)
}

/// How many cases of each township everybody has now.
fn cases_now(db: &mut Db, scope: &Scope) -> AppResult<Vec<(String, StaffId, i64)>> {
    let rows: Vec<(String, Option<StaffId>, i64)> = overdue_case::table
        .inner_join(loan_file::table)
        .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
        .filter(scope.holds(overdue_case::office_code))
        .filter(overdue_case::state.ne(State::Closed))
        .filter(overdue_case::owner_id.is_not_null())
        .group_by((person::township, overdue_case::owner_id))
        .select((person::township, overdue_case::owner_id, count_star()))
        .load(db)?;
    Ok(rows.into_iter().filter_map(|(place, owner, n)| owner.map(|own| (place, own, n))).collect())
}

/// A clerk for each township: the one who has most of its cases; else, the largest township first,
/// whoever has fewest in all. Nobody when there are no clerks.
fn share(
    townships: &BTreeMap<String, Vec<FileId>>,
    clerks: &[StaffId],
    now: &[(String, StaffId, i64)],
) -> HashMap<String, StaffId> {
    let mut loads: BTreeMap<StaffId, i64> = clerks.iter().map(|one| (*one, 0)).collect();
    for (_, owner, n) in now {
        if let Some(load) = loads.get_mut(owner) {
            *load += n;
        }
    }
    let mut order: Vec<(&String, i64)> = townships
        .iter()
        .map(|(place, files)| (place, i64::try_from(files.len()).unwrap_or(i64::MAX)))
        .collect();
    order.sort_by_key(|(place, n)| (std::cmp::Reverse(*n), (*place).clone()));
    let mut found = HashMap::new();
    for (place, n) in order {
        let usual = now
            .iter()
            .filter(|(township, owner, _)| township == place && loads.contains_key(owner))
            .max_by_key(|(_, owner, n)| (*n, std::cmp::Reverse(*owner)))
            .map(|(_, owner, _)| *owner);
        let least = loads.iter().min_by_key(|(owner, load)| (**load, **owner)).map(|(one, _)| *one);
        let Some(owner) = usual.or(least) else { continue };
        *loads.entry(owner).or_default() += n;
        found.insert(place.clone(), owner);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn townships_stay_whole_and_shares_are_even() {
        let one = |n: i64| StaffId::new(n);
        let files = |from: i64, n: i64| (from..from + n).map(FileId::new).collect::<Vec<_>>();
        let townships: BTreeMap<String, Vec<FileId>> = [
            ("宝林镇".to_owned(), files(0, 6)),
            ("石佛镇".to_owned(), files(10, 5)),
            ("中天镇".to_owned(), files(20, 4)),
        ]
        .into();
        let fresh = share(&townships, &[one(1), one(2)], &[]);
        assert_eq!(fresh["宝林镇"], one(1));
        assert_eq!((fresh["石佛镇"], fresh["中天镇"]), (one(2), one(2)));
        // Whoever has a township keeps it, unless they are no clerk any more.
        let now = [("中天镇".to_owned(), one(1), 3), ("石佛镇".to_owned(), one(9), 8)];
        let shared = share(&townships, &[one(1), one(2)], &now);
        assert_eq!(shared["中天镇"], one(1));
        assert!([one(1), one(2)].contains(&shared["石佛镇"]));
        assert!(share(&townships, &[], &now).is_empty());
    }
}
