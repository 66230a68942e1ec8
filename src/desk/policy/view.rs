//! What `/policy` shows.

use serde::Serialize;

use crate::app::App;
use crate::base::dates::minute;
use crate::book::policy::{Rule, Waiver};
use crate::book::policy_book::{self, Decision, Kind, Line};
use crate::book::staff::Right;
use crate::error::AppResult;
use crate::web::fields::FormPage;
use crate::web::session::SignedIn;
use chrono::Datelike as _;

/// A rule and when it was last compared.
#[derive(Debug, Serialize)]
struct RuleLine {
    rule: Rule,
    /// The newest values; the others fold away.
    shown: usize,
    compared: String,
}

#[derive(Debug, Serialize)]
struct Entered {
    id: String,
    what: &'static str,
    words: String,
    document: String,
    document_on: String,
    proposed: String,
    decided: String,
    /// Who looks entered it.
    own: bool,
    /// It holds and can be revoked.
    holds: bool,
}

/// What the page shows.
#[derive(Debug, Serialize)]
pub(super) struct Page {
    rules: Vec<RuleLine>,
    waiting: Vec<Entered>,
    past: Vec<Entered>,
    may_propose: bool,
    may_confirm: bool,
    /// The year that is asked for.
    open_year: Option<i32>,
    without_waiver: &'static str,
}

impl FormPage for Page {
    const TEMPLATE: &'static str = "desk/policy.html";
    const REFUSED_AT: &'static str = "year";
}

fn entered(line: &Line, me: &SignedIn, in_force: &[String]) -> Entered {
    let (one, decided) = line;
    let id = one.id.to_string();
    Entered {
        what: one.kind.in_words(),
        words: one.words.clone(),
        document: one.document.clone(),
        document_on: one.document_on.map(|on| on.to_string()).unwrap_or_default(),
        proposed: format!("{} {}", one.proposed_name, minute(one.proposed_at)),
        decided: decided.as_ref().map_or_else(String::new, |decided| {
            let reason = if decided.reason.is_empty() {
                String::new()
            } else {
                format!("：{}", decided.reason)
            };
            let what = decided.decision.in_words();
            format!("{what}，{} {}{reason}", decided.decided_name, minute(decided.decided_at))
        }),
        own: one.proposed_by == me.staff_id,
        holds: in_force.contains(&id),
        id,
    }
}

/// Reads what the page shows.
pub(super) async fn page(app: &App, me: &SignedIn) -> AppResult<Page> {
    let (lines, compared) =
        app.read(|db| Ok((policy_book::all(db)?, policy_book::last_compared(db)?))).await?;
    let (policy, today) = (app.policy(), app.clock.today());
    let in_force: Vec<String> =
        policy_book::in_force(&lines).iter().map(|one| one.id.to_string()).collect();
    let rules = policy
        .listed(today)
        .into_iter()
        .map(|rule| RuleLine {
            compared: compared.get(&rule.key).map_or_else(String::new, |one| {
                format!("{} {}", one.compared_name, minute(one.compared_at))
            }),
            shown: if rule.values.iter().filter(|value| value.now).count() > 1 {
                rule.values.len()
            } else {
                rule.values.iter().position(|value| value.now).map_or(1, |at| at + 1)
            },
            rule,
        })
        .collect();
    let year = today.year();
    let open_year = (year - 1..=year).find(|year| policy.waiver(*year) == Waiver::Unknown);
    let (waiting, past): (Vec<&Line>, Vec<&Line>) =
        lines.iter().partition(|(_, decided)| decided.is_none());
    let all = |lines: Vec<&Line>| {
        lines.into_iter().map(|line| entered(line, me, &in_force)).collect::<Vec<Entered>>()
    };
    Ok(Page {
        rules,
        waiting: all(waiting),
        past: all(past),
        may_propose: me.may(Right::ProposeRules),
        may_confirm: me.may(Right::ConfirmRules),
        open_year,
        without_waiver: crate::book::policy::WITHOUT_WAIVER,
    })
}

/// One sentence for the history.
pub(super) fn decided_words(decision: Decision, kind: Kind, words: &str) -> String {
    match kind {
        Kind::Revoke => format!("{}：{words}", decision.in_words()),
        _ => format!("{}：{}，{words}", decision.in_words(), kind.in_words()),
    }
}
