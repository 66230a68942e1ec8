//! What of the pages of the desk waits for a person. What of the stages does, each stage says.

use chrono::NaiveDate;

use crate::base::scope::Scope;
use crate::book::contact::change;
use crate::book::policy::Policy;
use crate::book::policy_book;
use crate::book::staff::Right;
use crate::desk::reviews;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::outbox;
use crate::web::waiting::{Waiting, Whose};

/// Messages that wait to be let go, contacts to be looked at, rules that another person entered.
pub fn waiting(db: &mut Db, scope: &Scope, _: &Policy, _: NaiveDate) -> AppResult<Vec<Waiting>> {
    let decision =
        |count, what, link, right| Waiting::decision(count, what, link, Whose::Right(right));
    let held = outbox::count_held(db, scope)?;
    let changes = change::count_open(db, scope)?;
    let mut lines = vec![
        decision(held, "条消息等放行", "/messages", Right::ReleaseMessages),
        decision(changes, "处联系方式等核对", "/contact-changes", Right::EditPeople),
    ];
    lines.extend(policy_book::undecided(db)?.into_iter().map(|(by, count)| {
        let whose = Whose::SecondPerson(Right::ConfirmRules, by);
        Waiting::decision(count, "条政策数值等确认", "/policy", whose)
    }));
    lines.extend(reviews::list::waiting(db, scope)?);
    Ok(lines)
}
