//! A household at the counter, done by the acts that pages use: for the demo and the rehearsal.

use std::collections::BTreeMap;

use crate::app::App;
use crate::base::id_number::IdNumber;
use crate::base::ids::RowId;
use crate::base::scope::Scope;
use crate::book::act::{self, Act, FormKey};
use crate::book::audit_log::Actor;
use crate::book::review::{self, Decision, Kind, Verdict};
use crate::book::statement::Product;
use crate::error::{AppError, AppResult};
use crate::life::application::facts::{Desk, Whole};
use crate::life::application::form::names;
use crate::life::application::kinds::{State, Step};
use crate::life::application::steps::{self, Then};
use crate::life::application::store::{self, Application};
use crate::web::fields::Seen;

/// Whoever comes, and what a clerk types of them beyond what the program knows.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    pub(super) id: IdNumber,
    pub(super) typed: BTreeMap<&'static str, String>,
    /// What the bank's system gives for the contract.
    pub(super) contract_no: String,
    pub(super) receipt_code: String,
}

/// How far a visit gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reaches {
    Draft,
    Parked,
    Submitted,
    Returned,
    Approved,
    Signed,
}

/// Who serves, who decides, and for which office.
#[derive(Clone, Copy)]
pub(super) struct Counter<'a> {
    pub(super) app: &'a App,
    pub(super) scope: &'a Scope,
    pub(super) clerk: &'a Actor,
    pub(super) reviewer: &'a Actor,
}

impl Counter<'_> {
    /// Serves a household as far as `reaches`.
    pub(super) fn serve(&self, who: &Visitor, reaches: Reaches) -> AppResult<RowId> {
        let id = act::run(self.app, (self.clerk, self.scope), "visit", |act| {
            let id = steps::begin(act, &who.id, Product::Cdb)?;
            type_in(act, id, who, reaches)?;
            Ok(id)
        })?;
        let decision = match reaches {
            Reaches::Draft | Reaches::Parked | Reaches::Submitted => return Ok(id),
            Reaches::Returned => Decision::Return,
            Reaches::Approved | Reaches::Signed => Decision::Approve,
        };
        act::run(self.app, (self.reviewer, self.scope), "visit reviewed", |act| {
            decide(act, id, decision)
        })?;
        if reaches == Reaches::Signed {
            act::run(self.app, (self.clerk, self.scope), "visit signed", |act| {
                let seen = seen(&store::find(act.db, act.scope, id)?);
                steps::enter_bank(act, seen, (&who.contract_no, &who.receipt_code))
            })?;
        }
        Ok(id)
    }
}

const fn seen(row: &Application) -> Seen<RowId> {
    Seen { id: row.id, version: row.version }
}

/// Step by step, up to where the visit ends.
fn type_in(act: &mut Act<'_>, id: RowId, who: &Visitor, reaches: Reaches) -> AppResult<()> {
    let (policy, sealer) = (act.policy(), act.parts.sealer.clone());
    let desk = Desk { sealer: &sealer, policy: &policy, today: act.today };
    loop {
        let whole = Whole::load(act.db, act.scope, id, desk)?;
        if whole.app.state == State::Submitted {
            return Ok(());
        }
        let step = whole.next_step();
        let (seen, key) = (seen(&whole.app), FormKey(format!("visit {id} {}", step.as_text())));
        match step {
            Step::Papers if reaches == Reaches::Draft => return Ok(()),
            Step::Papers => drop(steps::count_papers(act, &key, seen, (&[].into(), true))?),
            Step::Check => steps::submit(act, &key, seen)?,
            _ => {
                let value = |name: &&'static str| {
                    let typed = who.typed.get(name).cloned();
                    let typed = typed.or_else(|| whole.draft.values.get(*name).cloned());
                    typed.map(|text| ((*name).to_owned(), text))
                };
                let values: BTreeMap<_, _> = names(step).iter().filter_map(value).collect();
                let is_last = reaches == Reaches::Parked;
                let then = if is_last { Then::Park } else { Then::GoOn };
                steps::save(act, &key, seen, (step, &values), then)?;
                if is_last {
                    return Ok(());
                }
            }
        }
    }
}

fn decide(act: &mut Act<'_>, id: RowId, decision: Decision) -> AppResult<()> {
    let open = review::of_subject(act.db, act.scope, Kind::Application, id)?;
    let open = open.ok_or(AppError::NotFound)?;
    let (step, reason) = match decision {
        Decision::Return => {
            let first = open.content()?.steps.into_iter().next();
            (first.map(|(key, _)| key).unwrap_or_default(), "电话少了一位".to_owned())
        }
        _ => Default::default(),
    };
    review::decide(act, (open.id, open.version), &Verdict { decision, step, reason })?;
    Ok(())
}
