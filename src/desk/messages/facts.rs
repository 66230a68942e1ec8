//! Messages as pages show them: whose, what it says, how far it is.

use std::collections::{HashMap, HashSet};

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde::Serialize;

use crate::app::App;
use crate::base::dates;
use crate::base::ids::{FileId, PersonId, PhoneId};
use crate::base::scope::Scope;
use crate::book::notice::Reason;
use crate::book::person::PhoneState;
use crate::error::AppResult;
use crate::plumbing::crypto::Field;
use crate::plumbing::db::Db;
use crate::plumbing::outbox::{self, Channel, Group, Message, Progress, State};
use crate::plumbing::schema::{loan_file, message, person, person_phone};

/// One message on a page.
#[derive(Debug, Serialize)]
pub struct Row {
    id: String,
    name: String,
    file_no: String,
    channel: &'static str,
    to_mask: String,
    /// The number it went to does not work any more.
    dead: bool,
    reason: &'static str,
    text: String,
    parts: i32,
    check_code: String,
    state: &'static str,
    state_words: &'static str,
    tag: &'static str,
    planned_on: NaiveDate,
    sent_at: String,
    delivered_at: String,
    gateway: String,
    gateway_ref: String,
    problem: String,
    attempts: i32,
    /// What a person may do about it: `release`, `cancel`, `resend`, `sent`.
    may: Vec<&'static str>,
}

/// The class of a tag for a state.
const fn tag(state: State) -> &'static str {
    match state {
        State::Held | State::Unsure => "wait",
        State::Waiting | State::Sending | State::Sent => "acc",
        State::Delivered => "ok",
        State::Failed => "bad",
        State::Cancelled => "",
    }
}

fn may(state: State) -> Vec<&'static str> {
    match state {
        State::Held => vec!["release", "cancel"],
        State::Waiting => vec!["cancel"],
        State::Unsure => vec!["sent", "resend", "cancel"],
        State::Failed => vec!["resend"],
        State::Sending | State::Sent | State::Delivered | State::Cancelled => Vec::new(),
    }
}

/// `12-10 08:02`, local; empty when it has not happened.
fn time(at: Option<NaiveDateTime>) -> String {
    at.map(|at| dates::local(at).format("%m-%d %H:%M").to_string()).unwrap_or_default()
}

/// Puts messages into words: one query each for names, files and numbers.
pub fn rows(app: &App, db: &mut Db, scope: &Scope, messages: Vec<Message>) -> AppResult<Vec<Row>> {
    let people: Vec<PersonId> = messages.iter().filter_map(|m| m.person_id).collect();
    let names: HashMap<PersonId, String> = person::table
        .filter(scope.holds(person::office_code))
        .filter(person::id.eq_any(&people))
        .select((person::id, person::name))
        .load::<(PersonId, String)>(db)?
        .into_iter()
        .collect();
    let files: Vec<FileId> = messages.iter().filter_map(|m| m.file_id).collect();
    let files: HashMap<FileId, String> = loan_file::table
        .filter(scope.holds(loan_file::office_code))
        .filter(loan_file::id.eq_any(&files))
        .select((loan_file::id, loan_file::file_no))
        .load::<(FileId, String)>(db)?
        .into_iter()
        .collect();
    let phones: Vec<PhoneId> = messages.iter().filter_map(|m| m.phone_id).collect();
    let dead: HashSet<PhoneId> = person_phone::table
        .filter(scope.holds(person_phone::office_code))
        .filter(person_phone::id.eq_any(&phones))
        .filter(person_phone::state.eq(PhoneState::Dead))
        .select(person_phone::id)
        .load::<PhoneId>(db)?
        .into_iter()
        .collect();
    messages
        .into_iter()
        .map(|m| {
            let name = m.person_id.and_then(|id| names.get(&id)).cloned().unwrap_or_default();
            let file_no = m.file_id.and_then(|id| files.get(&id)).cloned().unwrap_or_default();
            let dead = m.phone_id.is_some_and(|id| dead.contains(&id));
            row(app, m, name, file_no, dead)
        })
        .collect()
}

fn row(app: &App, m: Message, name: String, file_no: String, dead: bool) -> AppResult<Row> {
    let reason = Reason::from_text(&m.reason);
    // A one-time code is nobody's business but the receiver's.
    let text = if reason.is_none_or(|reason| reason == Reason::SignInCode) {
        "（一次性验证码，不显示）".to_owned()
    } else {
        app.sealer.open_text(Field::Message, &m.text_sealed)?
    };
    Ok(Row {
        id: m.id.to_string(),
        name,
        file_no,
        channel: if m.channel == Channel::Sms { "短信" } else { "邮件" },
        to_mask: m.to_mask,
        dead,
        reason: reason.map_or("其他", Reason::in_words),
        text,
        parts: m.parts,
        check_code: m.check_code,
        state: m.state.as_text(),
        state_words: m.state.in_words(),
        tag: tag(m.state),
        planned_on: m.planned_on,
        sent_at: time(m.sent_at),
        delivered_at: time(m.delivered_at),
        gateway: m.gateway,
        gateway_ref: m.gateway_ref,
        problem: m.problem,
        attempts: m.attempts,
        may: if m.urgent { Vec::new() } else { may(m.state) },
    })
}

/// A mass sending on a page.
#[derive(Debug, Serialize)]
pub struct GroupRow {
    pub(super) reason: String,
    pub(super) words: &'static str,
    pub(super) planned_on: NaiveDate,
    pub(super) all: i64,
    pub(super) done: i64,
    pub(super) held: i64,
    pub(super) waiting: i64,
    pub(super) sent: i64,
    pub(super) failed: i64,
    pub(super) cancelled: i64,
    pub(super) unsure: i64,
    pub(super) percent: i64,
    /// Something of it is leaving now.
    pub(super) running: bool,
}

impl GroupRow {
    /// The words for a mass sending.
    pub fn new(group: &Group, progress: &Progress) -> GroupRow {
        let of = |state| progress.of(state);
        GroupRow {
            words: Reason::from_text(&group.reason).map_or("其他", Reason::in_words),
            reason: group.reason.clone(),
            planned_on: group.planned_on,
            all: progress.all(),
            done: progress.done(),
            held: of(State::Held),
            waiting: of(State::Waiting) + of(State::Sending),
            sent: of(State::Sent) + of(State::Delivered),
            failed: of(State::Failed),
            cancelled: of(State::Cancelled),
            unsure: of(State::Unsure),
            percent: progress.percent(),
            running: of(State::Waiting) + of(State::Sending) > 0,
        }
    }
}

/// What is on its way, whatever day it is for, and what is for `today`.
pub fn open_groups(db: &mut Db, scope: &Scope, today: NaiveDate) -> AppResult<Vec<GroupRow>> {
    let open: Vec<(NaiveDate, String)> = message::table
        .filter(message::state.eq_any([State::Held, State::Waiting, State::Sending]))
        .filter(scope.holds(message::office_code))
        .filter(message::urgent.eq(false))
        .group_by((message::planned_on, message::reason))
        .select((message::planned_on, message::reason))
        .load(db)?;
    let mut groups: Vec<Group> =
        open.into_iter().map(|(planned_on, reason)| Group { reason, planned_on }).collect();
    for (group, _) in outbox::groups(db, scope, today, today)? {
        let is_urgent = Reason::from_text(&group.reason).is_some_and(Reason::is_urgent);
        let shown = !is_urgent && !groups.contains(&group);
        groups.extend(shown.then_some(group));
    }
    groups.sort_by(|a, b| (b.planned_on, &a.reason).cmp(&(a.planned_on, &b.reason)));
    let mut rows = Vec::with_capacity(groups.len());
    for group in groups {
        rows.push(GroupRow::new(&group, &outbox::progress(db, scope, &group)?));
    }
    Ok(rows)
}
