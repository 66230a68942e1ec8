//! What an application does when a second person has decided.

use super::contract;
use super::kinds::{State, Step};
use super::store::{self, Application};
use super::view;
use crate::book::act::{Act, Happened};
use crate::book::review::{self, Kind, Review};
use crate::book::statement::Product;
use crate::error::AppResult;

pub fn react(act: &mut Act<'_>, what: &Happened<'_>) -> AppResult<()> {
    let Happened::Reviewed(review) = *what else { return Ok(()) };
    if !matches!(review.kind, Kind::Application | Kind::Raise | Kind::Void) {
        return Ok(());
    }
    let mut row = store::find(act.db, act.scope, review.subject_id)?;
    match review.kind {
        Kind::Application => application(act, &mut row, review)?,
        Kind::Raise if review.state == review::State::Approved => {
            let to = review.amount_fen.unwrap_or_default();
            contract::raise(act, &mut row, to)?;
        }
        Kind::Void if review.state == review::State::Approved => {
            let reason = why(review)?;
            contract::void(act, &mut row, &reason)?;
        }
        _ => return Ok(()),
    }
    row.version += 1;
    row.updated_at = act.now;
    store::replace(act.db, &row)
}

fn application(act: &mut Act<'_>, row: &mut Application, review: &Review) -> AppResult<()> {
    row.reason.clone_from(&review.reason);
    match review.state {
        review::State::Approved => {
            row.state = State::Approved;
            // The county's own product has no bank to wait for.
            let is_ready = row.product() == Product::Local || !row.contract_no.is_empty();
            if is_ready {
                contract::sign(act, row)?;
            }
        }
        review::State::Returned => {
            row.state = State::Returned;
            row.step = Step::from_text(&review.step).unwrap_or(row.step);
        }
        review::State::Refused => row.state = State::Refused,
        review::State::Withdrawn => row.state = State::Draft,
        review::State::Open => {}
    }
    Ok(())
}

/// Why its author asks for it; the review's own reason is the decider's.
fn why(review: &Review) -> AppResult<String> {
    let facts = review.content()?.facts;
    Ok(facts.into_iter().find(|fact| fact.label == view::WHY).map(|f| f.after).unwrap_or_default())
}
