//! Everything that changes the table `message`.
//!
//! Claims, settlements and receipts may come in any order and from several program instances:
//! a claim is a lease, a settlement counts only for who holds it, a receipt only moves forward.

use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

use super::{COLUMNS, Channel, Delivery, Group, Message, Receipt, Recorded, State, moves};
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::message;
use crate::upsert_rows;

/// A lease that ends later than this from now was given under another clock.
const LEASE_LONGEST: Duration = Duration::hours(1);

/// Writes messages, in the write of what causes them. One whose (subject, reason, day) is there
/// already is left alone. Returns how many are new.
pub fn add(db: &mut Db, rows: &[Message]) -> AppResult<usize> {
    let mut new = 0;
    for chunk in rows.chunks(BINDS_MAX / COLUMNS) {
        new += crate::both!(&mut *db, c => diesel::RunQueryDsl::execute(
            diesel::insert_into(message::table)
                .values(chunk)
                .on_conflict((
                    message::office_code,
                    message::subject,
                    message::reason,
                    message::planned_on,
                ))
                .do_nothing(),
            c
        ))?;
    }
    Ok(new)
}

/// Takes up to `limit` messages whose time has come, urgent ones first, then by time; nobody else
/// gets them until the lease ends or they are settled. Of every office: the deliverer works for
/// all.
pub fn claim(
    db: &mut Db,
    channel: Channel,
    urgent_only: bool,
    now: NaiveDateTime,
    lease: Duration,
    by: &str,
    limit: usize,
) -> AppResult<Vec<Message>> {
    let mut ids = due(db, channel, true, now, limit)?;
    if !urgent_only && ids.len() < limit {
        ids.extend(due(db, channel, false, now, limit - ids.len())?);
    }
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let until = now + lease;
    let mut rows = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(BINDS_MAX / 2) {
        diesel::update(message::table.filter(message::id.eq_any(chunk)))
            .set((
                message::state.eq(State::Sending),
                message::leased_by.eq(by),
                message::leased_until.eq(Some(until)),
                message::updated_at.eq(now),
            ))
            .execute(db)?;
        let found: Vec<Message> = message::table
            .filter(message::id.eq_any(chunk))
            .select(Message::as_select())
            .load(db)?;
        rows.extend(found);
    }
    rows.sort_by_key(|row| (!row.urgent, row.not_before, row.id));
    Ok(rows)
}

fn due(
    db: &mut Db,
    channel: Channel,
    urgent: bool,
    now: NaiveDateTime,
    limit: usize,
) -> AppResult<Vec<i64>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let query = message::table
        .filter(message::state.eq(State::Waiting))
        .filter(message::channel.eq(channel))
        .filter(message::urgent.eq(urgent))
        .filter(message::not_before.le(now))
        .order((message::not_before, message::id))
        .select(message::id)
        .limit(limit);
    Ok(match db {
        Db::Sqlite(c) => diesel::RunQueryDsl::load(query, c)?,
        // Another instance that claims at this moment gets the next ones instead of a conflict.
        Db::Postgres(c) => diesel::RunQueryDsl::load(query.for_update().skip_locked(), c)?,
    })
}

/// What became of a claimed message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settle {
    /// The gateway has it, under its own number (may be empty).
    Sent {
        gateway: String,
        /// Its number for the message.
        reference: String,
    },
    Failed(String),
    /// Not this time; counts as a try.
    Later(String, NaiveDateTime),
    /// Not its fault (the gateway is down, the batch was stopped): waits again, no try counted.
    Back(String, NaiveDateTime),
    /// Not wanted any more.
    Cancelled(String),
    /// The gateway may or may not have it, and would not recognise a repeat.
    Unsure(String),
}

/// One message of a claim and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    pub id: i64,
    /// What became of it.
    pub what: Settle,
}

/// A message that left otherwise than it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsSent {
    pub id: i64,
    /// The text that left, sealed, without the signature.
    pub text_sealed: Vec<u8>,
    /// The number it left for, masked.
    pub to_mask: String,
    /// How many SMS it was charged as.
    pub parts: i32,
}

/// Keeps what really left of messages that `by` holds, before they are settled: staff must see the
/// words that the family has read. There are few of them.
pub fn keep_as_sent(db: &mut Db, by: &str, all: &[AsSent]) -> AppResult<()> {
    for one in all {
        diesel::update(message::table.find(one.id).filter(message::leased_by.eq(by)))
            .set((
                message::text_sealed.eq(&one.text_sealed),
                message::to_mask.eq(&one.to_mask),
                message::parts.eq(one.parts),
            ))
            .execute(db)?;
    }
    Ok(())
}

/// Writes what became of claimed messages, in one statement for a batch. Counts only those that
/// `by` still holds; a receipt that was faster is kept.
pub fn finish(db: &mut Db, by: &str, all: &[Settled], now: NaiveDateTime) -> AppResult<usize> {
    let mut done = 0;
    for chunk in all.chunks(BINDS_MAX / COLUMNS) {
        let ids: Vec<i64> = chunk.iter().map(|one| one.id).collect();
        let rows: Vec<Message> = message::table
            .filter(message::id.eq_any(&ids))
            .filter(message::leased_by.eq(by))
            .select(Message::as_select())
            .load(db)?;
        let mut rows: std::collections::HashMap<i64, Message> =
            rows.into_iter().map(|row| (row.id, row)).collect();
        let mut changed = Vec::with_capacity(rows.len());
        for one in chunk {
            let Some(mut row) = rows.remove(&one.id) else { continue };
            if apply(&mut row, &one.what, now) {
                changed.push(row);
            }
        }
        replace(db, &changed)?;
        done += changed.len();
    }
    Ok(done)
}

/// Changes the row by what became of it; false when that says nothing new.
fn apply(row: &mut Message, what: &Settle, now: NaiveDateTime) -> bool {
    row.updated_at = now;
    row.leased_by = String::new();
    row.leased_until = None;
    if let Settle::Sent { gateway, reference } = what {
        row.gateway.clone_from(gateway);
        if !reference.is_empty() {
            row.gateway_ref.clone_from(reference);
        }
        row.sent_at = row.sent_at.or(Some(now));
        row.attempts += 1;
        // A receipt may have been faster; and staff may have decided while we sent.
        if !matches!(row.state, State::Delivered | State::Failed) {
            row.state = State::Sent;
            row.problem = String::new();
        }
        return true;
    }
    if !matches!(row.state, State::Sending | State::Unsure) {
        return true;
    }
    match what {
        Settle::Sent { .. } => {}
        Settle::Failed(why) => {
            row.state = State::Failed;
            row.attempts += 1;
            row.problem.clone_from(why);
        }
        Settle::Later(why, at) => {
            row.state = State::Waiting;
            row.attempts += 1;
            row.not_before = *at;
            row.problem.clone_from(why);
        }
        Settle::Back(why, at) => {
            row.state = State::Waiting;
            row.not_before = *at;
            row.problem.clone_from(why);
        }
        Settle::Cancelled(why) => {
            row.state = State::Cancelled;
            row.problem.clone_from(why);
        }
        Settle::Unsure(why) => {
            row.state = State::Unsure;
            row.attempts += 1;
            row.problem.clone_from(why);
        }
    }
    true
}

/// Writes these rows over the stored ones: only the columns that sending changes.
fn replace(db: &mut Db, rows: &[Message]) -> AppResult<()> {
    use diesel::upsert::excluded;
    if rows.is_empty() {
        return Ok(());
    }
    upsert_rows!(
        db,
        message::table,
        COLUMNS,
        rows,
        key = message::id,
        set = (
            message::state.eq(excluded(message::state)),
            message::not_before.eq(excluded(message::not_before)),
            message::attempts.eq(excluded(message::attempts)),
            message::leased_by.eq(excluded(message::leased_by)),
            message::leased_until.eq(excluded(message::leased_until)),
            message::gateway.eq(excluded(message::gateway)),
            message::gateway_ref.eq(excluded(message::gateway_ref)),
            message::problem.eq(excluded(message::problem)),
            message::updated_at.eq(excluded(message::updated_at)),
            message::sent_at.eq(excluded(message::sent_at)),
            message::delivered_at.eq(excluded(message::delivered_at)),
        )
    )?;
    Ok(())
}

/// Takes back what a sender that died has left: to be sent again when the gateway makes a repeat
/// harmless, otherwise `unsure`. A lease from the far future is one of a clock that was set back.
/// The holder's name stays on an unsure row: if it lives after all, its answer still counts.
pub fn recover(
    db: &mut Db,
    channel: Channel,
    repeat_is_harmless: bool,
    now: NaiveDateTime,
) -> AppResult<usize> {
    let abandoned = message::table
        .filter(message::state.eq(State::Sending))
        .filter(message::channel.eq(channel))
        .filter(message::leased_until.lt(now).or(message::leased_until.gt(now + LEASE_LONGEST)));
    let done = if repeat_is_harmless {
        diesel::update(abandoned)
            .set((
                message::state.eq(State::Waiting),
                message::leased_by.eq(""),
                message::leased_until.eq(None::<NaiveDateTime>),
                message::updated_at.eq(now),
            ))
            .execute(db)?
    } else {
        diesel::update(abandoned)
            .set((
                message::state.eq(State::Unsure),
                message::leased_until.eq(None::<NaiveDateTime>),
                message::problem.eq("发送时程序中断，网关是否收下状态不明，请核对后决定"),
                message::updated_at.eq(now),
            ))
            .execute(db)?
    };
    Ok(done)
}

/// Cancels what has become of no use: a code that has run out, a reminder after its day.
pub fn expire(db: &mut Db, channel: Channel, now: NaiveDateTime) -> AppResult<usize> {
    Ok(diesel::update(
        message::table
            .filter(message::state.eq_any([State::Waiting, State::Held]))
            .filter(message::channel.eq(channel))
            .filter(message::expires_at.le(now)),
    )
    .set((
        message::state.eq(State::Cancelled),
        message::problem.eq("到期仍未发出，不再发送"),
        message::updated_at.eq(now),
    ))
    .execute(db)?)
}

/// Why a message is cancelled that a later one of its kind follows.
pub const OVERTAKEN: &str = "后一次提醒已经写好，只发那一条。";

/// Cancels, in one statement, what a later message about the same has overtaken: after weeks
/// without a gateway that is most of what waits, and looking at it twenty at a time kept the few
/// that count waiting for minutes. Returns how many.
pub fn cancel_overtaken(db: &mut Db, channel: Channel, now: NaiveDateTime) -> AppResult<usize> {
    let later = diesel::alias!(message as later);
    let follows = later
        .filter(later.field(message::office_code).eq(message::office_code))
        .filter(later.field(message::subject).eq(message::subject))
        .filter(later.field(message::reason).eq(message::reason))
        .filter(later.field(message::planned_on).gt(message::planned_on))
        .filter(later.field(message::state).ne_all([State::Cancelled, State::Failed]));
    Ok(diesel::update(
        message::table
            .filter(message::state.eq(State::Waiting))
            .filter(message::channel.eq(channel))
            .filter(message::not_before.le(now))
            .filter(diesel::dsl::exists(follows)),
    )
    .set((
        message::state.eq(State::Cancelled),
        message::problem.eq(OVERTAKEN),
        message::updated_at.eq(now),
    ))
    .execute(db)?)
}

/// Stops a mass sending: what waits is held. What is with a gateway at this moment still leaves.
pub fn hold(db: &mut Db, scope: &Scope, group: &Group, now: NaiveDateTime) -> AppResult<usize> {
    move_group(db, scope, group, State::Waiting, State::Held, now)
}

/// Lets a held mass sending go (on).
pub fn release(db: &mut Db, scope: &Scope, group: &Group, now: NaiveDateTime) -> AppResult<usize> {
    move_group(db, scope, group, State::Held, State::Waiting, now)
}

fn move_group(
    db: &mut Db,
    scope: &Scope,
    group: &Group,
    from: State,
    to: State,
    now: NaiveDateTime,
) -> AppResult<usize> {
    Ok(diesel::update(
        message::table
            .filter(message::planned_on.eq(group.planned_on))
            .filter(scope.holds(message::office_code))
            .filter(message::reason.eq(&group.reason))
            .filter(message::state.eq(from)),
    )
    .set((message::state.eq(to), message::updated_at.eq(now)))
    .execute(db)?)
}

/// Lets single held messages go.
pub fn release_some(
    db: &mut Db,
    scope: &Scope,
    ids: &[i64],
    now: NaiveDateTime,
) -> AppResult<usize> {
    Ok(diesel::update(
        message::table
            .filter(message::id.eq_any(ids))
            .filter(scope.holds(message::office_code))
            .filter(message::state.eq(State::Held)),
    )
    .set((message::state.eq(State::Waiting), message::updated_at.eq(now)))
    .execute(db)?)
}

/// Cancels messages that have not left, or of which nobody knows. Those with a gateway at this
/// moment and those that left stay. Returns how many were cancelled.
pub fn cancel(
    db: &mut Db,
    scope: &Scope,
    ids: &[i64],
    why: &str,
    now: NaiveDateTime,
) -> AppResult<usize> {
    Ok(diesel::update(
        message::table
            .filter(message::id.eq_any(ids))
            .filter(scope.holds(message::office_code))
            .filter(message::state.eq_any([State::Waiting, State::Held, State::Unsure])),
    )
    .set((
        message::state.eq(State::Cancelled),
        message::problem.eq(why),
        message::updated_at.eq(now),
    ))
    .execute(db)?)
}

/// Cancels all of a mass sending that has not left.
pub fn cancel_group(
    db: &mut Db,
    scope: &Scope,
    group: &Group,
    why: &str,
    now: NaiveDateTime,
) -> AppResult<usize> {
    Ok(diesel::update(
        message::table
            .filter(message::planned_on.eq(group.planned_on))
            .filter(scope.holds(message::office_code))
            .filter(message::reason.eq(&group.reason))
            .filter(message::state.eq_any([State::Waiting, State::Held])),
    )
    .set((
        message::state.eq(State::Cancelled),
        message::problem.eq(why),
        message::updated_at.eq(now),
    ))
    .execute(db)?)
}

/// Cancels all that waits or is held and could have left by now. Returns how many.
pub fn cancel_unsent(
    db: &mut Db,
    scope: &Scope,
    why: &str,
    now: NaiveDateTime,
) -> AppResult<usize> {
    Ok(diesel::update(
        message::table
            .filter(scope.holds(message::office_code))
            .filter(message::not_before.le(now))
            .filter(message::state.eq_any([State::Waiting, State::Held])),
    )
    .set((
        message::state.eq(State::Cancelled),
        message::problem.eq(why),
        message::updated_at.eq(now),
    ))
    .execute(db)?)
}

/// Sends an unsure or failed message again, tries counted anew. False: it is neither any more.
pub fn resend(db: &mut Db, scope: &Scope, id: i64, now: NaiveDateTime) -> AppResult<bool> {
    Ok(diesel::update(
        message::table
            .filter(message::id.eq(id))
            .filter(scope.holds(message::office_code))
            .filter(message::state.eq_any([State::Unsure, State::Failed])),
    )
    .set((
        message::state.eq(State::Waiting),
        message::attempts.eq(0),
        message::leased_by.eq(""),
        message::leased_until.eq(None::<NaiveDateTime>),
        message::not_before.eq(now),
        message::problem.eq(""),
        message::updated_at.eq(now),
    ))
    .execute(db)?
        > 0)
}

/// Staff know that an unsure message was sent. False: it is not unsure any more.
pub fn mark_sent(db: &mut Db, scope: &Scope, id: i64, now: NaiveDateTime) -> AppResult<bool> {
    Ok(diesel::update(
        message::table
            .filter(message::id.eq(id))
            .filter(scope.holds(message::office_code))
            .filter(message::state.eq(State::Unsure)),
    )
    .set((
        message::state.eq(State::Sent),
        message::leased_by.eq(""),
        message::sent_at.eq(Some(now)),
        message::problem.eq("经办核对：已发出"),
        message::updated_at.eq(now),
    ))
    .execute(db)?
        > 0)
}

/// Writes down a receipt. The same one twice, or several in any order, come to the same.
pub fn record_receipt(db: &mut Db, receipt: &Receipt, now: NaiveDateTime) -> AppResult<Recorded> {
    let row: Option<Message> = match receipt.id {
        Some(id) => message::table
            .filter(message::id.eq(id))
            .filter(message::gateway.eq_any(["", receipt.gateway.as_str()]))
            .select(Message::as_select())
            .get_result(db)
            .optional()?,
        None if receipt.reference.is_empty() => None,
        None => message::table
            .filter(message::gateway_ref.eq(&receipt.reference))
            .filter(message::gateway.eq(&receipt.gateway))
            .order(message::id.desc())
            .select(Message::as_select())
            .first(db)
            .optional()?,
    };
    let Some(mut row) = row else { return Ok(Recorded::NoSuch) };
    if !moves(row.state, receipt.delivery) {
        return Ok(Recorded::Known);
    }
    row.state = match receipt.delivery {
        Delivery::Sent => State::Sent,
        Delivery::Failed => State::Failed,
        Delivery::Delivered => State::Delivered,
    };
    row.problem = match receipt.delivery {
        Delivery::Failed if receipt.why.is_empty() => "回执：没有送达".to_owned(),
        Delivery::Failed => format!("回执：没有送达（{}）", receipt.why),
        Delivery::Sent | Delivery::Delivered => String::new(),
    };
    row.gateway.clone_from(&receipt.gateway);
    if row.gateway_ref.is_empty() {
        row.gateway_ref.clone_from(&receipt.reference);
    }
    row.sent_at = row.sent_at.or(Some(receipt.at));
    if receipt.delivery == Delivery::Delivered {
        row.delivered_at = Some(receipt.at);
    }
    row.updated_at = now;
    replace(db, std::slice::from_ref(&row))?;
    Ok(Recorded::Moved(Box::new(row)))
}

/// Notes on messages that were sent long ago and of which no receipt came.
pub fn note_without_receipt(
    db: &mut Db,
    ids: &[i64],
    note: &str,
    now: NaiveDateTime,
) -> AppResult<usize> {
    Ok(diesel::update(
        message::table
            .filter(message::id.eq_any(ids))
            .filter(message::state.eq(State::Sent))
            .filter(message::problem.eq("")),
    )
    .set((message::problem.eq(note), message::updated_at.eq(now)))
    .execute(db)?)
}

/// Remembers that a gateway was asked about these and knew nothing yet: others come first then.
pub fn note_asked(db: &mut Db, ids: &[i64], now: NaiveDateTime) -> AppResult<usize> {
    Ok(diesel::update(message::table.filter(message::id.eq_any(ids)))
        .set(message::updated_at.eq(now))
        .execute(db)?)
}
