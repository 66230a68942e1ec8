//! From the end of the walk to what callers see.

use chrono::{Datelike, Days, NaiveDate};

use super::life::Life;
use super::output::{Instalment, InstalmentState, Position, Stage, Statement, Totals};
use super::owed::Owed;
use super::walk::Walk;
use crate::base::dates::{day_in, days_between};
use crate::base::money::Fen;
use crate::base::rate::RatePpm;

/// The position, and the walk left in projection after the next due day.
pub(super) fn position(walk: &mut Walk<'_>) -> Position {
    let life = walk.life;
    let (as_of, den) = (life.as_of, walk.penalty_den);
    let mut position = Position {
        principal_outstanding: Fen::new(walk.not_due),
        overdue_principal: Fen::ZERO,
        overdue_interest: Fen::ZERO,
        penalty: Fen::ZERO,
        awaiting: Fen::ZERO,
        awaiting_on: None,
        due_today: Fen::ZERO,
        oldest_unpaid_due_on: None,
        days_overdue: 0,
        next_due_on: None,
        next_due_amount: Fen::ZERO,
        unapplied: Fen::new(walk.unapplied),
        surplus: Fen::new(walk.surplus),
        settled_on: walk.settled_on,
        changes_on: None,
        stage: Stage::Undisbursed,
        subsidy_ends_on: life.subsidy_ends_on,
        first_principal_on: walk.first_principal_on(),
        rate: None,
    };
    for owed in walk.owed.iter().skip(walk.first_open) {
        if !owed.is_open(den) {
            continue;
        }
        let (principal, interest) = (owed.open_principal(), owed.open_interest());
        position.principal_outstanding += Fen::new(principal);
        if awaits(life, owed.due_on) {
            position.awaiting += Fen::new(principal + interest + owed.open_penalty(den));
            position.awaiting_on = position.awaiting_on.or(Some(owed.due_on));
            continue;
        }
        position.penalty += Fen::new(owed.open_penalty(den));
        if owed.due_on < as_of {
            position.overdue_principal += Fen::new(principal);
            position.overdue_interest += Fen::new(interest);
        } else {
            position.due_today += Fen::new(principal + interest);
        }
        if position.oldest_unpaid_due_on.is_none() {
            position.oldest_unpaid_due_on = Some(owed.due_on);
            let known = if owed.due_on < as_of { life.known_until } else { as_of };
            position.days_overdue = days_between(owed.due_on, known);
        }
    }
    if position.principal_outstanding.is_positive() {
        position.rate = walk.rate_in_force().map(RatePpm::new);
    }
    position.stage = stage(walk, &position);
    next_due(walk, &mut position);
    position.changes_on = changes_on(walk, &position);
    position
}

/// Past its due day, and the bank has not told yet what became of it.
fn awaits(life: &Life<'_>, due_on: NaiveDate) -> bool {
    due_on < life.as_of && due_on > life.known_until
}

fn stage(walk: &Walk<'_>, position: &Position) -> Stage {
    let as_of = walk.life.as_of;
    if !walk.totals.disbursed.is_positive() {
        Stage::Undisbursed
    } else if position.settled_on.is_some() {
        Stage::Settled
    } else if as_of <= position.subsidy_ends_on {
        Stage::InStudy
    } else if as_of < position.first_principal_on {
        Stage::Grace
    } else {
        Stage::Repaying
    }
}

/// Projects up to the next due day: the first interest due day or a later one, or any day before
/// it that asks for something.
fn next_due(walk: &mut Walk<'_>, position: &mut Position) {
    if walk.not_due == 0 {
        return;
    }
    walk.project();
    let mut day = walk.life.as_of;
    while let Some(due_on) = walk.next_due_day(day) {
        let amount = walk.project_due_day(due_on);
        if amount > 0 || due_on >= walk.life.first_interest_on {
            position.next_due_on = Some(due_on);
            position.next_due_amount = Fen::new(amount);
            return;
        }
        day = due_on;
    }
}

/// The earliest day on which time alone can change something. See [`Position::changes_on`].
fn changes_on(walk: &Walk<'_>, position: &Position) -> Option<NaiveDate> {
    if matches!(position.stage, Stage::Undisbursed | Stage::Settled) {
        return None;
    }
    let life = walk.life;
    let tomorrow = life.as_of.checked_add_days(Days::new(1))?;
    let mut found = position.next_due_on;
    let mut consider = |day: NaiveDate| {
        if day > life.as_of && found.is_none_or(|known| day < known) {
            found = Some(day);
        }
    };
    consider(position.subsidy_ends_on.checked_add_days(Days::new(1))?);
    consider(position.first_principal_on);
    let due_today =
        position.oldest_unpaid_due_on == Some(life.as_of) || position.due_today.is_positive();
    if due_today {
        consider(tomorrow);
    }
    let overdue = walk.overdue_principal > 0;
    // A day of which money is not known bears no penalty.
    let grows = overdue && life.penalty_until >= life.as_of;
    if grows && position.rate.is_some_and(|rate| rate.get() > 0) && life.terms.penalty_ppm > 0 {
        // In a waived year the penalty is the state's until the year ends.
        let waived = life.waived.has(tomorrow.year());
        consider(if waived { day_in(tomorrow.year() + 1, 1, 1) } else { tomorrow });
    }
    if walk.is_repriced() && (overdue || position.next_due_on.is_some()) {
        let year = life.as_of.year();
        let december = day_in(year, 12, 21);
        consider(if december > life.as_of { december } else { day_in(year + 1, 12, 21) });
    }
    found
}

/// The whole statement out of a walk that has lived up to the day.
pub(super) fn statement(life: &Life<'_>, mut walk: Walk<'_>) -> Statement {
    let position = position(&mut walk);
    let totals = totals(&walk, life.as_of);
    let mut day = position.next_due_on;
    while let Some(after) = day.filter(|_| walk.not_due > 0) {
        day = walk.next_due_day(after);
        if let Some(due_on) = day {
            walk.project_due_day(due_on);
        }
    }
    let den = walk.penalty_den;
    let instalments =
        walk.owed.iter().enumerate().map(|(at, owed)| instalment(at, owed, life, den)).collect();
    Statement {
        as_of: life.as_of,
        known_until: life.known_until,
        instalments,
        state_paid: walk.state_paid,
        position,
        totals,
        spans: walk.spans,
        penalty_spans: walk.penalty_spans,
        terms: life.terms.facts(),
        subsidy_ends_on: life.subsidy_ends_on,
        switches_used: walk.switches_used,
    }
}

fn totals(walk: &Walk<'_>, as_of: NaiveDate) -> Totals {
    let mut totals = walk.totals;
    for owed in walk.owed.iter().filter(|owed| owed.due_on <= as_of) {
        totals.penalty += Fen::new(owed.penalty(walk.penalty_den));
        totals.state_penalty += Fen::new(owed.state_penalty(walk.penalty_den));
    }
    totals
}

fn instalment(at: usize, owed: &Owed, life: &Life<'_>, den: i128) -> Instalment {
    let as_of = life.as_of;
    let paid = owed.paid_interest + owed.paid_principal + owed.paid_penalty;
    let due = owed.interest + owed.principal + owed.penalty(den);
    let by_state = owed.waived + owed.subsidised;
    let state = if owed.due_on > as_of {
        InstalmentState::Upcoming
    } else if due == 0 && by_state > 0 {
        InstalmentState::Waived
    } else if !owed.is_open(den) {
        InstalmentState::Paid
    } else if awaits(life, owed.due_on) {
        InstalmentState::Awaiting
    } else if owed.due_on < as_of {
        InstalmentState::Overdue
    } else if paid > 0 {
        InstalmentState::PartPaid
    } else {
        InstalmentState::Due
    };
    Instalment {
        due_on: owed.due_on,
        kind: owed.kind,
        days: owed.days,
        rate: RatePpm::new(i32::try_from(owed.rate).unwrap_or(i32::MAX)),
        interest: Fen::new(owed.interest),
        principal: Fen::new(owed.principal),
        principal_basis: owed.basis,
        paid_interest: Fen::new(owed.paid_interest),
        paid_principal: Fen::new(owed.paid_principal),
        penalty: Fen::new(owed.penalty(den)),
        paid_penalty: Fen::new(owed.paid_penalty),
        waived: Fen::new(owed.waived),
        subsidised: Fen::new(owed.subsidised),
        state,
        balance_after: Fen::new(owed.balance_after),
        settled_on: owed.settled_on,
        at,
        spans: owed.spans,
    }
}
