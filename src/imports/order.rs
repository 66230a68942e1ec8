//! Which sheet needs which, and in what order they are posted. Decides from the imports alone.

use super::kinds;
use super::store::ImportJob;
use crate::base::ids::ImportId;

/// Where an import stands in the order of posting.
pub fn order_of(job: &ImportJob) -> (usize, ImportId) {
    (kinds::rank(&job.layout), job.id)
}

/// True when lines of `job` may only be understood once `other` is posted.
pub fn needs(job: &ImportJob, other: &ImportJob) -> bool {
    let after = kinds::find(&job.layout).map_or(&[][..], |kind| kind.after);
    after.iter().any(|layout| layout.as_text() == other.layout)
}

/// What must be in the books before `job` may be posted and is not, in its order: sheets of the
/// same upload whatever became of them, other sheets of the office while they are on their way.
/// `open`: all imports of the office that have not come to their end.
pub fn missing<'a>(job: &ImportJob, open: &'a [ImportJob]) -> Vec<&'a ImportJob> {
    let on_its_way = |other: &ImportJob| {
        let blocked = open.iter().any(|third| together(other, third) && needs(other, third));
        other.office_code == job.office_code && other.state == "posting" && !blocked
    };
    let mut found: Vec<&ImportJob> = open
        .iter()
        .filter(|other| needs(job, other) && (together(job, other) || on_its_way(other)))
        .collect();
    found.sort_by_key(|other| order_of(other));
    found
}

/// True for sheets of one upload: by one person, at one moment.
pub fn together(job: &ImportJob, other: &ImportJob) -> bool {
    (job.staff_id, job.created_at) == (other.staff_id, other.created_at)
}

/// The sheets uploaded together with `job` (itself among them) that will still bring people or
/// contracts. `open`: all imports of the office that have not come to their end.
pub fn bringing<'a>(job: &ImportJob, open: &'a [ImportJob]) -> Vec<&'a ImportJob> {
    let brings = |one: &ImportJob| {
        kinds::find(&one.layout).is_some_and(|kind| kind.brings) && one.state != "failed"
    };
    open.iter().filter(|one| together(job, one) && brings(one)).collect()
}

/// Imports of the same upload that are posted along, before `job`, in their order.
pub fn before<'a>(job: &ImportJob, siblings: &'a [ImportJob]) -> Vec<&'a ImportJob> {
    let ready = |other: &&ImportJob| matches!(other.state.as_str(), "checked" | "stopped");
    needed(job, siblings).into_iter().filter(ready).collect()
}

/// Imports of the same upload that `job` needs and that are not checked yet, or cannot be.
pub fn unchecked<'a>(job: &ImportJob, siblings: &'a [ImportJob]) -> Vec<&'a ImportJob> {
    let not_yet =
        |other: &&ImportJob| matches!(other.state.as_str(), "uploaded" | "checking" | "failed");
    needed(job, siblings).into_iter().filter(not_yet).collect()
}

fn needed<'a>(job: &ImportJob, siblings: &'a [ImportJob]) -> Vec<&'a ImportJob> {
    let mut found: Vec<&ImportJob> = siblings.iter().filter(|other| needs(job, other)).collect();
    found.sort_by_key(|other| order_of(other));
    found
}
