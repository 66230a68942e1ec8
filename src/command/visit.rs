//! A household at the counter, done by the acts that pages use: for demo, rehearsal and bench.

use std::collections::BTreeMap;

use crate::app::App;
use crate::base::id_number::IdNumber;
use crate::base::ids::RowId;
use crate::base::scope::Scope;
use crate::book::act::{self, Act, FormKey};
use crate::book::audit_log::Actor;
use crate::book::review::{self, Decision, Kind, Verdict};
use crate::book::season::{self, Season};
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

/// What an invented student pays a year, in yuan.
pub(super) const TUITION: i64 = 5_000;
pub(super) const LODGING: i64 = 1_000;

/// A student who borrows for the first time, and a parent; nobody's numbers.
pub(super) fn invented(n: u32, year: i32) -> Option<Visitor> {
    let number = |born: i32, serial: u32| {
        let first =
            format!("512022{born}{:02}{:02}{:03}", 1 + n % 12, 1 + n / 12 % 28, serial % 1_000);
        let checked = "0123456789X".chars().map(|last| format!("{first}{last}"));
        checked.into_iter().find_map(|text| IdNumber::from_stored(&text))
    };
    let serial = n / 336;
    let own = |text: &str| text.to_owned();
    let typed = BTreeMap::from([
        ("name", own("演练学生")),
        ("phone", format!("164{n:08}")),
        ("township", own("演练镇")),
        ("village", own("演练村")),
        ("address", own("演练镇演练村")),
        ("high_school", own("演练中学")),
        ("co_name", own("演练家长")),
        ("co_id_number", number(year - 45, serial)?.as_str().to_owned()),
        ("co_phone", format!("165{n:08}")),
        ("relation", own("father")),
        ("case", own("plain")),
        ("university", own("四川大学")),
        ("major", own("临床医学")),
        ("student_number", format!("R{year}{n:06}")),
        ("degree", own("bachelor")),
        ("school_years", own("4")),
        ("entered", year.to_string()),
        ("tuition", TUITION.to_string()),
        ("lodging", LODGING.to_string()),
        ("amount", (TUITION + LODGING).to_string()),
    ]);
    Some(Visitor {
        id: number(year - 18, serial)?,
        typed,
        contract_no: format!("YL{year}{n:07}"),
        receipt_code: format!("{:06}", n % 1_000_000),
    })
}

/// Opens the counter of a year with the window of its rules, unless it is open.
pub(super) fn open_season(app: &App, scope: &Scope, year: i32, by: &str) -> AppResult<()> {
    let own = scope.own().to_owned();
    if app.db.read(|db| season::standing(db, &own, year))?.refusal(year).is_none() {
        return Ok(());
    }
    let (opens_on, closes_on) = app.policy().application_window(&own, year);
    let row = Season {
        id: RowId::new(app.next_id()),
        office_code: own,
        year,
        state: season::State::Open,
        opens_on,
        closes_on,
        by_name: by.to_owned(),
        changed_at: app.clock.now_at(),
        reason: String::new(),
        version: 0,
    };
    app.db.write("season opened", |db| season::keep(db, &row))
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
