//! Asks gateways what became of messages, and notes on those of which nothing was heard.
//!
//! When: every ten minutes. Missed: the next run asks; gateways keep receipts for days. Most
//! gateways bring receipts by themselves (`src/desk/gateways.rs`); then this only writes notes.
//! Several program instances may run it at once: a receipt twice comes to the same.

use chrono::{Duration, NaiveDate};

use crate::app::App;
use crate::base::dates::local;
use crate::base::scope::Scope;
use crate::book::{delivery, office, person};
use crate::clock::{Counts, Job, Missed};
use crate::error::AppResult;
use crate::plumbing::gateway::{Gateway, SentMessage};
use crate::plumbing::outbox::{self, Channel, Message, Recorded, State};

pub const JOB: Job = Job {
    name: "read_delivery_receipts",
    words: "收取送达回执",
    cron: "30 */10 * * * *",
    missed: Missed::Often,
    run,
};

/// Questions in one run.
const AT_ONCE: i64 = 200;

/// Notes in one run.
const NOTES_AT_ONCE: i64 = 1_000;

/// A message planned longer ago than this is asked after no more: no vendor keeps receipts longer.
const DAYS_MAX: i64 = 30;

/// So long after sending the first question.
const FIRST_AFTER: Duration = Duration::minutes(1);

pub fn run(app: &App, day: NaiveDate) -> AppResult<Counts> {
    let mut counts = Counts::default();
    let now = app.clock.now_at();
    let offices = app.db.read(office::all)?;
    app.db.write("old lines", |db| delivery::clear_old_numbers(db, &offices, now))?;
    let Some(gateway) = app.gateways.line(Channel::Sms).gateway() else { return Ok(counts) };
    let from = day - Duration::days(DAYS_MAX);
    for office in &offices {
        let scope = Scope::of(&office.code);
        if gateway.can_be_asked() {
            ask(app, &scope, gateway, from, &mut counts)?;
        }
        if gateway.gives_receipts() {
            note(app, &scope, gateway, from)?;
        }
    }
    Ok(counts)
}

fn ask(
    app: &App,
    scope: &Scope,
    gateway: &dyn Gateway,
    from: NaiveDate,
    counts: &mut Counts,
) -> AppResult<()> {
    let now = app.clock.now_at();
    let rows = app.db.read(|db| {
        outbox::without_receipt(db, scope, gateway.name(), from, now - FIRST_AFTER, AT_ONCE)
    })?;
    let mut nothing_yet = Vec::new();
    for row in rows.iter().filter(|row| row.channel == Channel::Sms) {
        let Some(question) = question(app, row)? else { continue };
        app.gateways.line(Channel::Sms).wait_for_turn();
        match gateway.ask(&question) {
            Err(why) => {
                // One that fails fails for all; the next run tries again.
                tracing::warn!(gateway = gateway.name(), why, "receipts could not be asked for");
                counts.failed += 1;
                why.clone_into(&mut counts.note);
                break;
            }
            Ok(None) => nothing_yet.push(row.id),
            Ok(Some(answer)) => {
                let note_id = app.next_id();
                let recorded = app.db.write("receipt", |db| {
                    delivery::record(db, gateway.name(), &answer, note_id, now)
                })?;
                if matches!(recorded, Recorded::Moved(_)) {
                    counts.done += 1;
                } else {
                    nothing_yet.push(row.id);
                }
            }
        }
    }
    counts.skipped += u64::try_from(nothing_yet.len()).unwrap_or(0);
    app.db.write("asked", |db| outbox::note_asked(db, &nothing_yet, now))?;
    Ok(())
}

/// What to ask; None: the number is gone.
fn question(app: &App, row: &Message) -> AppResult<Option<SentMessage>> {
    let Some(phone_id) = row.phone_id else { return Ok(None) };
    let scope = Scope::of(&row.office_code);
    let phone = app.db.read(|db| person::find_phone(db, &scope, phone_id))?;
    Ok(Some(SentMessage {
        id: row.id,
        reference: row.gateway_ref.clone(),
        to: person::open_phone(&app.sealer, &phone)?,
        sent_on: local(row.sent_at.unwrap_or(row.updated_at)).date(),
        now: app.clock.now(),
    }))
}

/// A note on what was sent long ago without a receipt, so that somebody may call instead.
fn note(app: &App, scope: &Scope, gateway: &dyn Gateway, from: NaiveDate) -> AppResult<()> {
    let now = app.clock.now_at();
    let days = app.config.sms.receipt_days;
    if days == 0 {
        return Ok(());
    }
    let before = now - Duration::days(i64::from(days));
    let rows = app.db.read(|db| {
        outbox::without_receipt(db, scope, gateway.name(), from, before, NOTES_AT_ONCE)
    })?;
    let ids: Vec<i64> =
        rows.iter().filter(|row| row.state == State::Sent).map(|row| row.id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let text = format!("发出 {days} 天没有收到回执，可能没有送达");
    app.db.write("no receipt", |db| outbox::note_without_receipt(db, &ids, &text, now))?;
    Ok(())
}
