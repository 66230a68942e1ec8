//! Writes the plan of a year: one duty for each family with a disbursed loan that is not settled.
//! Harmless twice: only families without a duty get one, and only open duties are excused.

use std::collections::BTreeMap;

use chrono::{Datelike as _, Days, NaiveDate};

use super::plan_store::{self, Already};
use super::rules::{self, Family, Share};
use crate::base::ids::StaffId;
use crate::base::scope::Scope;
use crate::book::act::{Act, Happened};
use crate::book::contact::record::Source;
use crate::book::contact::task::{self, Assignee, ContactTask, Reason, State};
use crate::book::policy::{ContactPlan, Policy};
use crate::book::staff::{Role, Staff};
use crate::error::AppResult;
use crate::plumbing::db::Db;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Planned {
    pub made: usize,
    /// Of these, met already.
    pub met: usize,
    /// Duties that are not needed any more.
    pub excused: usize,
}

/// What this stage does when something has happened: nobody is rung this year whose student has
/// died. What a contact does to its duty, `book` does with the record.
pub fn react(act: &mut Act<'_>, what: &Happened<'_>) -> AppResult<()> {
    let (file, died) = match *what {
        Happened::Died(file, _) => (file, true),
        Happened::Lives(file, _) => (file, false),
        _ => return Ok(()),
    };
    task::excuse_died(act.db, act.scope, (file, act.today.year()), died)
}

/// The clerks that families are shared out to.
pub fn clerks(staff: &[Staff]) -> Vec<(StaffId, String)> {
    let of = |role: Role| -> Vec<(StaffId, String)> {
        staff
            .iter()
            .filter(|one| one.active && one.role == role)
            .map(|one| (one.id, one.name.clone()))
            .collect()
    };
    let clerks = of(Role::Clerk);
    if clerks.is_empty() { of(Role::Reviewer) } else { clerks }
}

/// Makes the duties of a year that are not there, and excuses those of settled families.
pub fn plan_year(
    db: &mut Db,
    scope: &Scope,
    policy: &Policy,
    (year, today): (i32, NaiveDate),
    staff: &[Staff],
) -> AppResult<Planned> {
    let plan = policy.contact_plan.on(today);
    let families = plan_store::missing(db, scope, year)?;
    let excused = task::excuse_settled(db, scope, year)?;
    let mut done = Planned { excused, ..Planned::default() };
    if families.is_empty() {
        return Ok(done);
    }
    let share = match plan.share.as_str() {
        "school" => Share::Schools,
        "village" => Share::Villages,
        _ => Share::Clerks(clerks(staff), plan_store::taken(db, scope, year)?),
    };
    let already = plan_store::already(db, scope, year)?;
    let duties = duties(scope.own(), &families, &share, &already, (policy, plan, year, today));
    done.made = duties.len();
    done.met = duties.iter().filter(|duty| duty.state == State::Done).count();
    task::add_all(db, &duties)?;
    Ok(done)
}

type PlanOf<'a> = (&'a Policy, &'a ContactPlan, i32, NaiveDate);

/// The duties of families, each with its day, who does it, and what happened already.
fn duties(
    office_code: &str,
    families: &[Family],
    share: &Share,
    already: &Already,
    of: PlanOf<'_>,
) -> Vec<ContactTask> {
    let shared = rules::share_out(families, share);
    let mut by_reason: BTreeMap<Reason, Vec<(&Family, &Assignee)>> = BTreeMap::new();
    for pair in families.iter().zip(&shared) {
        by_reason.entry(rules::reason(pair.0, of.2, of.1)).or_default().push(pair);
    }
    let (policy, plan, year, today) = of;
    let mut all = Vec::with_capacity(families.len());
    for (reason, pairs) in by_reason {
        let part = rules::part_of_year(reason, year, plan, policy.calendar());
        let part = rules::part_from(part, today, (reason, plan));
        // Each person's own families are spread over the whole part of the year, in the order of
        // the villages.
        let mut by_person: BTreeMap<&str, Vec<(&Family, &Assignee)>> = BTreeMap::new();
        for pair in pairs {
            by_person.entry(&pair.1.name).or_default().push(pair);
        }
        for own in by_person.into_values() {
            let days = rules::spread(own.len(), part, policy.calendar());
            for ((family, to), planned_on) in own.into_iter().zip(days) {
                let mut duty = duty(office_code, family, to, (reason, year, planned_on));
                met_already(&mut duty, already);
                all.push(duty);
            }
        }
    }
    all
}

fn duty(
    office_code: &str,
    family: &Family,
    to: &Assignee,
    (reason, year, planned_on): (Reason, i32, NaiveDate),
) -> ContactTask {
    ContactTask {
        file_id: family.file_id,
        year,
        office_code: office_code.to_owned(),
        reason,
        planned_on,
        assignee_kind: to.kind,
        staff_id: to.staff_id,
        assignee: to.name.clone(),
        state: State::Open,
        tries: 0,
        last_try_on: None,
        next_on: planned_on,
        done_on: None,
        record_id: None,
        note: String::new(),
        version: 1,
    }
}

/// What happened in the year before the duty was made: spoken with means done.
fn met_already(duty: &mut ContactTask, already: &Already) {
    for record in already.records.get(&duty.file_id).into_iter().flatten() {
        duty.tries += i32::from(record.source != Source::PhonePage);
        duty.last_try_on = Some(record.on_day);
        if task::meets(record) && duty.state == State::Open {
            duty.state = State::Done;
            duty.done_on = Some(record.on_day);
            duty.record_id = Some(record.id);
        }
    }
    if duty.state == State::Open
        && let Some(day) = already.confirmed.get(&duty.file_id)
    {
        duty.state = State::Done;
        duty.done_on = Some(*day);
    }
}

/// The day of the next try when nobody says another.
pub fn usual_next(today: NaiveDate) -> NaiveDate {
    today.checked_add_days(Days::new(7)).unwrap_or(today)
}
