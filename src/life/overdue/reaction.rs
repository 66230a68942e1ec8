//! What happens with a family also moves its overdue case, wherever it was written down, and taking
//! it back moves the case back.

use crate::base::ids::FileId;
use crate::book::act::{Act, Happened};
use crate::book::contact::record::{self, Record};
use crate::error::AppResult;
use crate::life::overdue::follow::{self, Setting};
use crate::life::overdue::kinds::{HoldReason, State};
use crate::life::overdue::rules;
use crate::life::overdue::steps;
use crate::life::overdue::store::{self, Case};
use crate::web::fields::Seen;

/// What this stage does when something has happened.
pub fn react(act: &mut Act<'_>, what: &Happened<'_>) -> AppResult<()> {
    match *what {
        Happened::Contact(record) => contact(act, record),
        Happened::ContactUndone(record) => steps::contact_undone(act, record),
        Happened::Died(file, reason) => died(act, file, reason),
        Happened::Lives(file, reason) => lives(act, file, reason),
        // Who has paid leaves the ladder in the same write.
        Happened::Refigured(loans) => {
            let files = follow::files_of(act.db, act.scope, loans)?;
            follow_cases(act, Some(&files))
        }
        Happened::AllRefigured => follow_cases(act, None),
        Happened::Reviewed(_) | Happened::HandedIn(_) => Ok(()),
    }
}

fn follow_cases(act: &mut Act<'_>, only: Option<&[FileId]>) -> AppResult<()> {
    let (policy, parts) = (act.policy(), act.parts);
    let set = Setting { ids: &parts.ids, policy: &policy, now: act.now, today: act.today };
    follow::follow(act.db, act.scope, set, only).map(|_| ())
}

/// The case of a family that is not over.
fn case(act: &mut Act<'_>, file: FileId) -> AppResult<Option<Case>> {
    let newest = store::newest(act.db, act.scope, file)?;
    Ok(newest.filter(|case| case.state != State::Closed))
}

/// A contact with a family that has a case is a contact of that case: a promise or a hardship moves
/// it, on whichever page it was written.
fn contact(act: &mut Act<'_>, record: &Record) -> AppResult<()> {
    let Some(case) = case(act, record.file_id)? else { return Ok(()) };
    if record.case_id.is_none() {
        record::set_case(act.db, act.scope, record.id, case.id)?;
    }
    steps::after_contact(act, &case, record)
}

/// The case goes off the ladder.
fn died(act: &mut Act<'_>, file: FileId, reason: &str) -> AppResult<()> {
    let Some(case) = case(act, file)? else { return Ok(()) };
    let until = rules::later(act.today, rules::park_days(HoldReason::Died, &steps::rule(act)));
    let seen = Seen { id: case.id, version: case.version };
    steps::hold(act, seen, HoldReason::Died, (Some(until), reason))
}

/// And back on it.
fn lives(act: &mut Act<'_>, file: FileId, reason: &str) -> AppResult<()> {
    let case = case(act, file)?.filter(|case| case.parked_for == HoldReason::Died);
    let Some(case) = case else { return Ok(()) };
    steps::go_back(act, Seen { id: case.id, version: case.version }, reason)
}
