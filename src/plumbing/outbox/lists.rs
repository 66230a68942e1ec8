//! Questions about messages, for pages and for the deliverer. Writes nothing.

use std::collections::{BTreeMap, HashMap};

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::count_star;
use diesel::prelude::*;

use super::{Channel, Group, Message, State};
use crate::base::ids::{FileId, PersonId};
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::message;

/// How far a mass sending is: how many messages are in which state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    by_state: BTreeMap<&'static str, i64>,
}

impl Progress {
    /// Messages in this state.
    pub fn of(&self, state: State) -> i64 {
        self.by_state.get(state.as_text()).copied().unwrap_or(0)
    }

    pub fn all(&self) -> i64 {
        self.by_state.values().sum()
    }

    /// Those that need nothing more from the deliverer.
    pub fn done(&self) -> i64 {
        self.all() - self.open()
    }

    /// Those still to be sent, held ones too.
    pub fn open(&self) -> i64 {
        self.of(State::Waiting) + self.of(State::Held) + self.of(State::Sending)
    }

    /// Whole hundredths of all that are done, 100 for none at all.
    pub fn percent(&self) -> i64 {
        (self.done() * 100).checked_div(self.all()).unwrap_or(100)
    }

    /// True when it was stopped (or waits for its release) and can go on.
    pub fn is_held(&self) -> bool {
        self.of(State::Held) > 0
    }

    fn add(&mut self, state: State, number: i64) {
        *self.by_state.entry(state.as_text()).or_default() += number;
    }
}

/// How many messages wait to be let go.
pub fn count_held(db: &mut Db, scope: &Scope) -> AppResult<i64> {
    Ok(message::table
        .filter(message::state.eq(State::Held))
        .filter(scope.holds(message::office_code))
        .count()
        .get_result(db)?)
}

/// How many of a reason were written since an instant.
pub fn count_since(
    db: &mut Db,
    scope: &Scope,
    reason: &str,
    since: NaiveDateTime,
) -> AppResult<i64> {
    Ok(message::table
        .filter(scope.holds(message::office_code))
        .filter(message::reason.eq(reason))
        .filter(message::created_at.gt(since))
        .count()
        .get_result(db)?)
}

/// How far this mass sending is.
pub fn progress(db: &mut Db, scope: &Scope, group: &Group) -> AppResult<Progress> {
    let rows: Vec<(State, i64)> = message::table
        .filter(message::planned_on.eq(group.planned_on))
        .filter(scope.holds(message::office_code))
        .filter(message::reason.eq(&group.reason))
        .group_by(message::state)
        .select((message::state, count_star()))
        .load(db)?;
    let mut progress = Progress::default();
    for (state, number) in rows {
        progress.add(state, number);
    }
    Ok(progress)
}

/// The mass sendings of the days `from` to `to`, the newest day first.
pub fn groups(
    db: &mut Db,
    scope: &Scope,
    from: NaiveDate,
    to: NaiveDate,
) -> AppResult<Vec<(Group, Progress)>> {
    let rows: Vec<(NaiveDate, String, State, i64)> = message::table
        .filter(message::planned_on.ge(from))
        .filter(message::planned_on.le(to))
        .filter(scope.holds(message::office_code))
        .group_by((message::planned_on, message::reason, message::state))
        .select((message::planned_on, message::reason, message::state, count_star()))
        .load(db)?;
    let mut all: BTreeMap<(std::cmp::Reverse<NaiveDate>, String), Progress> = BTreeMap::new();
    for (planned_on, reason, state, number) in rows {
        let key = (std::cmp::Reverse(planned_on), reason);
        all.entry(key).or_default().add(state, number);
    }
    Ok(all
        .into_iter()
        .map(|((day, reason), progress)| (Group { reason, planned_on: day.0 }, progress))
        .collect())
}

/// How many messages of the days `from` to `to` are in which state.
pub fn counts_by_state(
    db: &mut Db,
    scope: &Scope,
    from: NaiveDate,
    to: NaiveDate,
) -> AppResult<Progress> {
    let mut all = Progress::default();
    for (_, one) in groups(db, scope, from, to)? {
        for &state in State::ALL {
            let number = one.of(state);
            if number > 0 {
                all.add(state, number);
            }
        }
    }
    Ok(all)
}

/// Messages of a mass sending that are in one of these states, the newest first.
pub fn of_group(
    db: &mut Db,
    scope: &Scope,
    group: &Group,
    states: &[State],
    limit: i64,
) -> AppResult<Vec<Message>> {
    Ok(message::table
        .filter(message::planned_on.eq(group.planned_on))
        .filter(scope.holds(message::office_code))
        .filter(message::reason.eq(&group.reason))
        .filter(message::state.eq_any(states))
        .order(message::id.desc())
        .limit(limit)
        .select(Message::as_select())
        .load(db)?)
}

pub fn find(db: &mut Db, scope: &Scope, id: i64) -> AppResult<Message> {
    Ok(message::table
        .filter(message::id.eq(id))
        .filter(scope.holds(message::office_code))
        .select(Message::as_select())
        .get_result(db)?)
}

/// The messages about a loan file, the newest first.
pub fn of_file(db: &mut Db, scope: &Scope, file: FileId, limit: i64) -> AppResult<Vec<Message>> {
    Ok(message::table
        .filter(message::file_id.eq(file))
        .filter(scope.holds(message::office_code))
        .order(message::id.desc())
        .limit(limit)
        .select(Message::as_select())
        .load(db)?)
}

/// The messages to a person, the newest first.
pub fn of_person(
    db: &mut Db,
    scope: &Scope,
    person: PersonId,
    limit: i64,
) -> AppResult<Vec<Message>> {
    Ok(message::table
        .filter(message::person_id.eq(person))
        .filter(scope.holds(message::office_code))
        .order(message::id.desc())
        .limit(limit)
        .select(Message::as_select())
        .load(db)?)
}

/// The message in which this check code is printed; of every office, since whoever asks does not
/// know which. Only one that has left, or may have: nobody can have read another.
pub fn by_check_code(db: &mut Db, code: &str) -> AppResult<Option<Message>> {
    if code.is_empty() {
        return Ok(None);
    }
    Ok(message::table
        .filter(message::check_code.eq(code))
        .filter(message::state.eq_any([
            State::Sending,
            State::Sent,
            State::Delivered,
            State::Failed,
            State::Unsure,
        ]))
        .order(message::id.desc())
        .select(Message::as_select())
        .first(db)
        .optional()?)
}

/// How many messages of each office wait although their time has come: for a warning when there
/// is no gateway to send them by.
pub fn waiting_for_gateway(
    db: &mut Db,
    channel: Channel,
    now: NaiveDateTime,
) -> AppResult<BTreeMap<String, i64>> {
    let rows: Vec<(String, i64)> = message::table
        .filter(message::state.eq(State::Waiting))
        .filter(message::channel.eq(channel))
        .filter(message::urgent.eq_any([true, false]))
        .filter(message::not_before.le(now))
        .group_by(message::office_code)
        .select((message::office_code, count_star()))
        .load(db)?;
    Ok(rows.into_iter().collect())
}

/// Is there something for [`super::expire`] or [`super::recover`]? Asked first, so that nobody is
/// kept waiting by a write that changes nothing.
pub fn is_any_left_over(db: &mut Db, channel: Channel, now: NaiveDateTime) -> AppResult<bool> {
    let expired = message::table
        .filter(message::state.eq_any([State::Waiting, State::Held]))
        .filter(message::channel.eq(channel))
        .filter(message::expires_at.le(now));
    let one: Option<i64> = expired.select(message::id).first(db).optional()?;
    if one.is_some() {
        return Ok(true);
    }
    let sending = message::table
        .filter(message::state.eq(State::Sending))
        .filter(message::channel.eq(channel));
    Ok(sending.select(message::id).first::<i64>(db).optional()?.is_some())
}

/// Is a message due? Asked before a claim.
pub fn is_any_due(
    db: &mut Db,
    channel: Channel,
    urgent_only: bool,
    now: NaiveDateTime,
) -> AppResult<bool> {
    let urgent: &[bool] = if urgent_only { &[true] } else { &[true, false] };
    let one: Option<i64> = message::table
        .filter(message::state.eq(State::Waiting))
        .filter(message::channel.eq(channel))
        .filter(message::urgent.eq_any(urgent))
        .filter(message::not_before.le(now))
        .select(message::id)
        .first(db)
        .optional()?;
    Ok(one.is_some())
}

/// Messages of this gateway that left before `before` and of which nothing was heard, of the days
/// from `from`; first the one that was asked after longest ago. Unsure ones too.
pub fn without_receipt(
    db: &mut Db,
    scope: &Scope,
    gateway: &str,
    from: NaiveDate,
    before: NaiveDateTime,
    limit: i64,
) -> AppResult<Vec<Message>> {
    let mut rows: Vec<Message> = message::table
        .filter(scope.holds(message::office_code))
        .filter(message::state.eq(State::Sent))
        .filter(message::planned_on.ge(from))
        .filter(message::gateway.eq(gateway))
        .filter(message::problem.eq(""))
        .filter(message::sent_at.lt(before))
        .order((message::updated_at, message::id))
        .limit(limit)
        .select(Message::as_select())
        .load(db)?;
    let unsure: Vec<Message> = message::table
        .filter(scope.holds(message::office_code))
        .filter(message::state.eq(State::Unsure))
        .filter(message::planned_on.ge(from))
        .order((message::updated_at, message::id))
        .limit(limit)
        .select(Message::as_select())
        .load(db)?;
    rows.extend(unsure);
    rows.sort_by_key(|row| (row.updated_at, row.id));
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(rows)
}

/// The newest planned day of each (subject, reason) of these messages that is not cancelled or
/// failed: an older one that still waits has been overtaken.
pub fn latest_of<'a>(
    db: &mut Db,
    scope: &Scope,
    messages: impl Iterator<Item = &'a Message>,
) -> AppResult<HashMap<(String, String), NaiveDate>> {
    let mut subjects: Vec<&str> = messages.map(|message| message.subject.as_str()).collect();
    subjects.sort_unstable();
    subjects.dedup();
    let mut found = HashMap::new();
    for chunk in subjects.chunks(BINDS_MAX) {
        let rows: Vec<(String, String, Option<NaiveDate>)> = message::table
            .filter(scope.holds(message::office_code))
            .filter(message::subject.eq_any(chunk))
            .filter(message::state.ne_all([State::Cancelled, State::Failed]))
            .group_by((message::subject, message::reason))
            .select((message::subject, message::reason, diesel::dsl::max(message::planned_on)))
            .load(db)?;
        found.extend(
            rows.into_iter()
                .filter_map(|(subject, reason, day)| day.map(|day| ((subject, reason), day))),
        );
    }
    Ok(found)
}

/// How many wait or are held.
pub fn count_unsent(db: &mut Db, scope: &Scope) -> AppResult<i64> {
    Ok(message::table
        .filter(scope.holds(message::office_code))
        .filter(message::state.eq_any([State::Waiting, State::Held]))
        .count()
        .get_result(db)?)
}
