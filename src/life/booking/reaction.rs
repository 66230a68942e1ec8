//! What a ticket does when its family has signed at the counter: it is served.

use chrono::Datelike as _;

use super::rules::{State, Step};
use super::{steps, store};
use crate::book::act::{Act, Happened};
use crate::error::AppResult;
use crate::web::fields::Seen;

pub fn react(act: &mut Act<'_>, what: &Happened<'_>) -> AppResult<()> {
    let Happened::HandedIn(person) = *what else { return Ok(()) };
    let open = store::open_of(act.db, act.scope, (person, act.today.year()))?;
    let Some(one) = open.filter(|one| one.state == State::Called) else { return Ok(()) };
    let seen = Seen { id: one.id, version: one.version };
    steps::step(act, seen, Step::Finish, None).map(drop)
}
