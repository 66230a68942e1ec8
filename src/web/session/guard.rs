//! Slows down guessing, without a door that a stranger can shut: tries are counted within a sliding
//! hour, by who was tried and from where. The only file that writes the table `sign_in_attempt`, so
//! a restart forgets nothing.
//!
//! A try is counted *before* the password is looked at, in the write that checks the wait: many at
//! once are many. What goes well is taken back. A try that has to wait is not counted, so nobody
//! makes a wait longer. A login nobody has is counted like any other. Who and from where are kept
//! as hashes: now and then somebody types a password into the wrong field.
//!
//! Three things are counted for each kind of try (see [`Kind`]):
//! * one login from one place. A place is an address, or a browser in which this login has been
//!   before (`device.rs`); such a browser is counted by itself, whatever strangers do elsewhere;
//! * one login from all addresses, for a guesser who has many;
//! * one address: how many *different* logins failed there and not well afterwards, and how often.
//!   A whole office, or the phones of a mobile network, may share one.
//!
//! What remains for a guesser in 24 hours, at most (`most` an hour, and one more each `then`):
//! * a login from one address: (5 + 12) x 24 = 408 passwords; from any number of addresses
//!   (20 + 12) x 24 = 768; in a stolen known browser 408;
//! * many logins from one address: (80 + 12) x 24 = 2,208 passwords, for at most
//!   (40 + 12) x 24 = 1,248 logins;
//! * codes typed at one address: (60 + 30) x 24 = 2,160 of a million, each only against a code that
//!   was asked for; codes of one borrower: 8 x 24 = 192 with 5 tries each, from anywhere;
//! * while a login is released: 200 passwords, once, for each release by another person.

use std::collections::BTreeMap;

use chrono::{Duration, NaiveDateTime, Timelike as _};
use diesel::prelude::*;

use crate::base::hex::{hash_of, hex};
use crate::error::AppResult;
use crate::plumbing::any_of::AnyOfMethods as _;
use crate::plumbing::db::Db;
use crate::plumbing::schema::sign_in_attempt;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// After a release by somebody else the login is open for so long, whoever tries meanwhile.
const RELEASED_FOR: i64 = 15 * MINUTE;
/// The origin of the row that says when somebody released a login.
const RELEASED: &str = "released";
/// The origin of the row that says when a wait was last written into the history.
const NOTED: &str = "noted";
const DEVICE: &str = "device:";

/// So many tries `within` seconds; afterwards one each `then` seconds, or none.
#[derive(Clone, Copy, Debug)]
struct Limit {
    most: i64,
    within: i64,
    then: Option<i64>,
}

const fn limit(most: i64, within: i64, then: i64) -> Limit {
    Limit { most, within, then: Some(then) }
}

const fn none_after(most: i64, within: i64) -> Limit {
    Limit { most, within, then: None }
}

/// When tries were made and how many, newest first.
type Tries = [(NaiveDateTime, i64)];

impl Limit {
    fn used(self, tries: &Tries, now: NaiveDateTime) -> i64 {
        let from = now - Duration::seconds(self.within);
        tries.iter().filter(|(at, _)| *at > from).map(|(_, tries)| tries).sum()
    }

    /// Until when the next try has to wait.
    fn until(self, tries: &Tries, now: NaiveDateTime) -> Option<NaiveDateTime> {
        let mut used = 0;
        let oldest = tries.iter().find(|(_, tries)| {
            used += tries;
            used >= self.most
        });
        let free = oldest?.0 + Duration::seconds(self.within);
        let newest = tries.first()?.0;
        let until = self.then.map_or(free, |then| free.min(newest + Duration::seconds(then)));
        (until > now).then_some(until)
    }
}

/// Each kind is counted by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A login with its password.
    Password,
    /// The old password of somebody who is signed in: an unattended desk is no place to guess.
    OldPassword,
    /// A one-time code asked for an identity number; costs a text message.
    Code,
    /// A one-time code typed; each has five tries of its own.
    CodeTyped,
    /// Whether a message is ours.
    Check,
    /// The code on a sheet.
    Sheet,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Kind::Password => "login",
            Kind::OldPassword => "old",
            Kind::Code => "code",
            Kind::CodeTyped => "typed",
            Kind::Check => "check",
            Kind::Sheet => "sheet",
        }
    }

    /// Of one login in one place.
    const fn own(self) -> &'static [Limit] {
        match self {
            Kind::Password | Kind::OldPassword => const { &[limit(5, HOUR, 5 * MINUTE)] },
            Kind::Code => {
                const { &[none_after(1, MINUTE), none_after(4, HOUR), none_after(8, DAY)] }
            }
            Kind::CodeTyped => &[],
            Kind::Check => const { &[limit(30, HOUR, 5 * MINUTE)] },
            Kind::Sheet => const { &[limit(10, HOUR, 5 * MINUTE)] },
        }
    }

    /// Of one login from all addresses. One address alone never fills it.
    const fn anywhere(self) -> &'static [Limit] {
        match self {
            Kind::Password => const { &[limit(20, HOUR, 5 * MINUTE)] },
            Kind::Code => const { &[none_after(8, HOUR)] },
            Kind::OldPassword | Kind::CodeTyped | Kind::Check | Kind::Sheet => &[],
        }
    }

    /// Of one address: different logins that failed, and tries. On 12-17 two thousand households
    /// may
    /// come by one address of a mobile network: 300 an hour, of whom one in ten gives up.
    const fn address(self) -> Option<(Limit, Limit)> {
        match self {
            Kind::Password => Some((limit(40, HOUR, 5 * MINUTE), limit(80, HOUR, 5 * MINUTE))),
            Kind::Code => Some((limit(120, HOUR, MINUTE), limit(240, HOUR, MINUTE))),
            Kind::CodeTyped => Some((limit(60, HOUR, 2 * MINUTE), limit(60, HOUR, 2 * MINUTE))),
            Kind::OldPassword | Kind::Check | Kind::Sheet => None,
        }
    }

    /// The longest span that is counted.
    const fn span(self) -> i64 {
        if matches!(self, Kind::Code) { DAY } else { HOUR }
    }

    /// Tries that a release allows: passwords cost nothing, codes are text messages.
    const fn released(self) -> i64 {
        if matches!(self, Kind::Password) { 200 } else { 8 }
    }
}

fn short(text: &str) -> String {
    hex(hash_of(text).get(..16).unwrap_or_default())
}

/// Whose door it is, as a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whom(String);

impl Whom {
    pub fn staff(login: &str) -> Whom {
        Whom(short(&format!("staff {login}")))
    }

    /// A realm of its own: a liaison's login never counts against a member of staff.
    pub fn liaison(login: &str) -> Whom {
        Whom(short(&format!("liaison {login}")))
    }

    /// By the blind index of the identity number.
    pub fn borrower(id_index: &[u8]) -> Whom {
        Whom(short(&format!("borrower {}", hex(id_index))))
    }

    /// The browser that has asked for a code.
    pub fn request(request: &str) -> Whom {
        Whom(short(&format!("request {request}")))
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

/// Where a try comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Address(String),
    /// A browser in which the same person has signed in before.
    Device(String),
    /// Somebody who is signed in.
    Session,
}

/// Whom an attempt counts against, and where.
#[derive(Clone, Debug)]
pub struct Subjects {
    kind: Kind,
    who: String,
    origin: String,
}

impl Subjects {
    pub fn new(kind: Kind, whom: &Whom, origin: &Origin) -> Subjects {
        let origin = match origin {
            Origin::Address(address) => format!("{}:{}", kind.word(), short(address)),
            Origin::Device(device) => format!("{DEVICE}{device}"),
            Origin::Session => "session".to_owned(),
        };
        Subjects { kind, who: key(kind, whom), origin }
    }

    /// Something anybody may try: an address counts for itself.
    pub fn anybody(kind: Kind, address: &str) -> Subjects {
        Subjects::new(kind, &Whom(short(address)), &Origin::Address(address.to_owned()))
    }

    fn is_from_address(&self) -> bool {
        self.origin.starts_with(self.kind.word())
    }
}

fn key(kind: Kind, whom: &Whom) -> String {
    format!("{}:{}", kind.word(), whom.0)
}

/// May an attempt be made now?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Yes; it is counted already.
    Counted {
        /// It was the last one before waits begin, for the first time in an hour.
        last: bool,
    },
    /// No; not before this instant.
    Wait {
        /// When the next attempt may be made.
        until: NaiveDateTime,
    },
}

/// Removes attempts that are too old to count.
pub fn forget_old(db: &mut Db, now: NaiveDateTime) -> AppResult<usize> {
    let old = now - Duration::seconds(DAY);
    Ok(diesel::delete(sign_in_attempt::table.filter(sign_in_attempt::at.lt(old))).execute(db)?)
}

/// A row of one person: from where, when, how many.
type Row = (String, NaiveDateTime, i32);

fn of_person(db: &mut Db, kind: Kind, who: &str, now: NaiveDateTime) -> AppResult<Vec<Row>> {
    Ok(sign_in_attempt::table
        .filter(sign_in_attempt::who.eq(who))
        .filter(sign_in_attempt::at.gt(now - Duration::seconds(kind.span())))
        .order(sign_in_attempt::at.desc())
        .select((sign_in_attempt::origin, sign_in_attempt::at, sign_in_attempt::tries))
        .load(db)?)
}

fn tries(rows: &[Row], counts: impl Fn(&str) -> bool) -> Vec<(NaiveDateTime, i64)> {
    let counted = rows.iter().filter(|(origin, _, tries)| *tries > 0 && counts(origin));
    counted.map(|(_, at, tries)| (*at, i64::from(*tries))).collect()
}

fn marked(rows: &[Row], mark: &str, within: i64, now: NaiveDateTime) -> Option<NaiveDateTime> {
    let row = rows.iter().find(|(origin, ..)| origin == mark)?;
    (row.1 + Duration::seconds(within) > now).then_some(row.1)
}

/// How long to wait, if at all: looks only, for what is asked for often and mostly rightly.
pub fn wait_of(
    db: &mut Db,
    Subjects { kind, who, origin }: &Subjects,
    now: NaiveDateTime,
) -> AppResult<Option<NaiveDateTime>> {
    let own = tries(&of_person(db, *kind, who, now)?, |from| from == origin);
    Ok(kind.own().iter().filter_map(|limit| limit.until(&own, now)).max())
}

/// Counts an attempt, or says how long to wait.
pub fn attempt(db: &mut Db, subjects: &Subjects, now: NaiveDateTime) -> AppResult<Attempt> {
    let Subjects { kind, who, origin } = subjects;
    let rows = of_person(db, *kind, who, now)?;
    let own = tries(&rows, |from| from == origin);
    let anywhere = tries(&rows, |from| !from.starts_with(DEVICE));
    if let Some(since) = marked(&rows, RELEASED, RELEASED_FOR, now) {
        // Those of known browsers, too: a release is no leave to guess from one.
        let all = tries(&rows, |_| true);
        let used: i64 = all.iter().filter(|(at, _)| *at >= since).map(|(_, n)| n).sum();
        if used < kind.released() {
            count(db, subjects, now)?;
            return Ok(Attempt::Counted { last: false });
        }
    }
    let mut limits: Vec<(Limit, &Tries)> = kind.own().iter().map(|one| (*one, &*own)).collect();
    if subjects.is_from_address() {
        limits.extend(kind.anywhere().iter().map(|one| (*one, &*anywhere)));
    }
    let mut until = limits.iter().filter_map(|(limit, tries)| limit.until(tries, now)).max();
    if let (Some((different, all)), true) = (kind.address(), subjects.is_from_address()) {
        let [logins, total] = of_address(db, origin, now)?;
        until = until.max(different.until(&logins, now)).max(all.until(&total, now));
    }
    if let Some(until) = until {
        return Ok(Attempt::Wait { until });
    }
    count(db, subjects, now)?;
    let is_full = limits.iter().any(|(limit, tries)| limit.used(tries, now) + 1 >= limit.most);
    let last = is_full && marked(&rows, NOTED, HOUR, now).is_none();
    if last {
        add(db, (who, NOTED), now, 0)?;
    }
    Ok(Attempt::Counted { last })
}

/// The last try of each login that failed at an address within the hour, and all tries there.
fn of_address(
    db: &mut Db,
    origin: &str,
    now: NaiveDateTime,
) -> AppResult<[Vec<(NaiveDateTime, i64)>; 2]> {
    let rows: Vec<Row> = sign_in_attempt::table
        .filter(sign_in_attempt::origin.eq(origin))
        .filter(sign_in_attempt::at.gt(now - Duration::seconds(HOUR)))
        .order(sign_in_attempt::at.desc())
        .select((sign_in_attempt::who, sign_in_attempt::at, sign_in_attempt::tries))
        .load(db)?;
    let mut newest: BTreeMap<&str, NaiveDateTime> = BTreeMap::new();
    for (who, at, _) in rows.iter().filter(|(.., tries)| *tries > 0) {
        newest.entry(who).or_insert(*at);
    }
    let mut logins: Vec<(NaiveDateTime, i64)> = newest.into_values().map(|at| (at, 1)).collect();
    logins.sort_by(|a, b| b.cmp(a));
    Ok([logins, tries(&rows, |_| true)])
}

/// It went well: all tries of this login in this place are forgotten. Where an address counts for
/// itself, only this one: a right code of one's own must not wipe out guesses at others'.
pub fn succeeded(db: &mut Db, subjects: &Subjects, now: NaiveDateTime) -> AppResult<()> {
    let own = sign_in_attempt::table
        .filter(sign_in_attempt::who.eq(&subjects.who))
        .filter(sign_in_attempt::origin.eq(&subjects.origin));
    if matches!(subjects.kind, Kind::Check | Kind::Sheet) {
        diesel::update(own.filter(sign_in_attempt::at.eq(second(now))))
            .set(sign_in_attempt::tries.eq(sign_in_attempt::tries - 1))
            .execute(db)?;
    } else {
        diesel::delete(own).execute(db)?;
    }
    Ok(())
}

/// Until when some address or all of them have to wait for this person's door; nothing while it is
/// open to all.
pub fn shut_until(
    db: &mut Db,
    kind: Kind,
    whom: &Whom,
    now: NaiveDateTime,
) -> AppResult<Option<NaiveDateTime>> {
    let rows = of_person(db, kind, &key(kind, whom), now)?;
    Ok(wait(kind, &rows, now))
}

/// The same of each of these people, in one query.
pub fn shut_until_each(
    db: &mut Db,
    kind: Kind,
    whom: &[Whom],
    now: NaiveDateTime,
) -> AppResult<Vec<Option<NaiveDateTime>>> {
    let keys: Vec<String> = whom.iter().map(|one| key(kind, one)).collect();
    let rows: Vec<(String, Row)> = sign_in_attempt::table
        .filter(sign_in_attempt::who.any_of(&keys))
        .filter(sign_in_attempt::at.gt(now - Duration::seconds(kind.span())))
        .order(sign_in_attempt::at.desc())
        .select((
            sign_in_attempt::who,
            (sign_in_attempt::origin, sign_in_attempt::at, sign_in_attempt::tries),
        ))
        .load(db)?;
    let of = |key: &String| -> Vec<Row> {
        rows.iter().filter(|(who, _)| who == key).map(|(_, row)| row.clone()).collect()
    };
    Ok(keys.iter().map(|key| wait(kind, &of(key), now)).collect())
}

fn wait(kind: Kind, rows: &[Row], now: NaiveDateTime) -> Option<NaiveDateTime> {
    if marked(rows, RELEASED, RELEASED_FOR, now).is_some() {
        return None;
    }
    let anywhere = tries(rows, |from| !from.starts_with(DEVICE));
    let mut until = kind.anywhere().iter().filter_map(|one| one.until(&anywhere, now)).max();
    for (origin, ..) in rows {
        let own = tries(rows, |from| from == origin);
        let several = kind.own().iter().filter(|one| one.most > 1);
        until = until.max(several.filter_map(|one| one.until(&own, now)).max());
    }
    until
}

/// Somebody else lets this person in: what was counted is forgotten, and for a quarter of an hour
/// nobody can shut the door again.
pub fn release(db: &mut Db, kind: Kind, whom: &Whom, now: NaiveDateTime) -> AppResult<()> {
    let who = key(kind, whom);
    diesel::delete(sign_in_attempt::table.filter(sign_in_attempt::who.eq(&who))).execute(db)?;
    add(db, (&who, RELEASED), now, 0)
}

fn second(at: NaiveDateTime) -> NaiveDateTime {
    at.with_nanosecond(0).unwrap_or(at)
}

fn count(db: &mut Db, subjects: &Subjects, now: NaiveDateTime) -> AppResult<()> {
    add(db, (&subjects.who, &subjects.origin), now, 1)
}

fn add(db: &mut Db, (who, origin): (&str, &str), now: NaiveDateTime, tries: i32) -> AppResult<()> {
    let changed = diesel::update(sign_in_attempt::table.find((who, origin, second(now))))
        .set(sign_in_attempt::tries.eq(sign_in_attempt::tries + tries))
        .execute(db)?;
    if changed == 0 {
        diesel::insert_into(sign_in_attempt::table)
            .values((
                sign_in_attempt::who.eq(who),
                sign_in_attempt::origin.eq(origin),
                sign_in_attempt::at.eq(second(now)),
                sign_in_attempt::tries.eq(tries),
            ))
            .execute(db)?;
    }
    Ok(())
}

/// `3 分钟` or `40 秒`: how long from `now` until then, rounded up.
pub fn wait_in_words(until: NaiveDateTime, now: NaiveDateTime) -> String {
    let seconds = (until - now).num_seconds().max(1);
    if seconds < 60 { format!("{seconds} 秒") } else { format!("{} 分钟", (seconds + 59) / 60) }
}
