//! What people do with days and bookings, each in an open write.

use std::collections::HashMap;

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, Timelike as _};

use super::rules::{self, Kind, NotFree, Source, State, Step};
use super::store::{self, Booking, CounterDay};
use crate::base::dates::local;
use crate::base::ids::{PersonId, RowId};
use crate::book::act::{Act, FormKey, Once};
use crate::book::audit_log::AuditEntry;
use crate::book::person;
use crate::error::{AppError, AppResult};
use crate::web::fields::Seen;

/// Days that one form opens.
const DAYS_MAX: u64 = 120;

/// What a form says of the days that it opens.
#[derive(Clone, Debug)]
pub struct Opened {
    pub from: NaiveDate,
    pub until: NaiveDate,
    /// Saturdays, Sundays and holidays, too.
    pub every_day: bool,
    pub place: String,
    pub hours: String,
    pub desks: i32,
    pub per_slot: i32,
    pub townships: String,
}

/// Who gets a time.
#[derive(Clone, Debug)]
pub struct Household {
    pub person: Option<PersonId>,
    pub name: String,
    pub kind: Kind,
    pub source: Source,
}

/// The minute of the day in Shanghai.
pub fn minute_of(at: NaiveDateTime) -> i32 {
    let at = local(at);
    i32::try_from(at.hour() * 60 + at.minute()).unwrap_or_default()
}

/// Opens a place on the days of a stretch, where it is not open yet. Returns how many.
pub fn open_days(act: &mut Act<'_>, form: &FormKey, of: &Opened) -> AppResult<usize> {
    if act.once(form)? == Once::Again {
        return Ok(0);
    }
    let count = of.until.signed_duration_since(of.from).num_days();
    if u64::try_from(count).is_ok_and(|count| count > DAYS_MAX) {
        return Err(AppError::field("until", "一次最多开放 120 天"));
    }
    let (known, series) =
        (store::days(act.db, act.scope, (of.from, of.until))?, store::series(act.db, act.scope)?);
    let letters: Vec<String> = series.values().cloned().collect();
    let letter = series.get(&of.place).cloned().unwrap_or_else(|| rules::next_series(&letters));
    let policy = act.policy();
    let is_new =
        |on: &NaiveDate| !known.iter().any(|one| (one.on_day, &one.place) == (*on, &of.place));
    let days: Vec<NaiveDate> = of
        .from
        .iter_days()
        .take_while(|on| *on <= of.until)
        .filter(|on| of.every_day || policy.is_working_day(*on))
        .filter(is_new)
        .collect();
    let rows: Vec<CounterDay> = days
        .into_iter()
        .map(|on_day| CounterDay {
            id: act.id(),
            office_code: act.scope.own().to_owned(),
            on_day,
            place: of.place.clone(),
            series: letter.clone(),
            hours: of.hours.clone(),
            desks: of.desks,
            per_slot: of.per_slot,
            townships: of.townships.clone(),
            closed_reason: String::new(),
            version: 1,
        })
        .collect();
    if rows.is_empty() {
        return Err(AppError::field("from", "这些天都已经开放，或者都不是工作日"));
    }
    store::add_days(act.db, &rows)?;
    let summary = format!("{} 到 {}，{} 天，{} 个窗口", of.from, of.until, rows.len(), of.desks);
    act.audit(AuditEntry::of("counter_opened", &of.place, summary))?;
    Ok(rows.len())
}

/// Changes what a day can take. Households that have a time keep it; closing says how many there
/// are. Returns that number.
pub fn change_day(
    act: &mut Act<'_>,
    seen: Seen<RowId>,
    change: impl FnOnce(&mut CounterDay),
) -> AppResult<i64> {
    let mut day = store::day(act.db, act.scope, seen.id)?;
    if day.version != seen.version {
        return Err(AppError::Changed);
    }
    change(&mut day);
    day.version += 1;
    store::put_day(act.db, &day)?;
    let all = store::of_days(act.db, act.scope, &[day.id])?;
    let booked = all.iter().filter(|one| one.state == State::Booked).count();
    let what = if day.closed_reason.is_empty() { "办理" } else { "不办理：" };
    let summary = format!(
        "{} {what}{}，{} 个窗口，每半小时 {} 户",
        day.on_day, day.closed_reason, day.desks, day.per_slot
    );
    act.audit(AuditEntry::of("counter_changed", &day.place, summary))?;
    Ok(i64::try_from(booked).unwrap_or_default())
}

/// Gives a household a half hour.
///
/// # Errors
/// Refused when it is not free, or when the household has another time of the year.
pub fn book(
    act: &mut Act<'_>,
    (day_id, slot): (RowId, i32),
    who: &Household,
) -> AppResult<Booking> {
    let day = store::day(act.db, act.scope, day_id)?;
    let slots = rules::slots(&day.hours).unwrap_or_default();
    let taken = store::taken(act.db, act.scope, &[day.id])?;
    let count = taken.get(&(day.id, slot)).copied().unwrap_or_default();
    let township = township(act, who.person)?;
    let now = (act.today, minute_of(act.now));
    rules::can_book(&day.capacity(&slots), (slot, count), &township, now)
        .map_err(|why: NotFree| AppError::field("slot", why.in_words()))?;
    refuse_second(act, who.person, day.on_day.year())?;
    let booking = new(act, &day, who, Some(slot));
    keep_new(act, &booking, &day)?;
    Ok(booking)
}

/// A ticket for who comes without a time.
pub fn take_ticket(act: &mut Act<'_>, day_id: RowId, who: &Household) -> AppResult<Booking> {
    let day = store::day(act.db, act.scope, day_id)?;
    if day.on_day != act.today {
        return Err(AppError::field("slot", "现场取号只能取今天的"));
    }
    refuse_second(act, who.person, day.on_day.year())?;
    let ticket = next_ticket(act, day.id)?;
    let turn_min = rules::turn(None, minute_of(act.now));
    let booking = Booking {
        state: State::Waiting,
        ticket: Some(ticket),
        turn_min,
        ..new(act, &day, who, None)
    };
    keep_new(act, &booking, &day)?;
    Ok(booking)
}

fn township(act: &mut Act<'_>, person: Option<PersonId>) -> AppResult<String> {
    let Some(id) = person else { return Ok(String::new()) };
    Ok(person::find(act.db, act.scope, id)?.township)
}

fn refuse_second(act: &mut Act<'_>, person: Option<PersonId>, year: i32) -> AppResult<()> {
    let Some(person) = person else { return Ok(()) };
    let Some(other) = store::open_of(act.db, act.scope, (person, year))? else { return Ok(()) };
    let day = store::day(act.db, act.scope, other.day_id)?;
    let at = other.slot_min.map(rules::time).unwrap_or_default();
    let text = format!("今年已经约了 {} {at}（{}）：要改时间先取消那一次", day.on_day, day.place);
    Err(AppError::field("who", text))
}

fn new(act: &mut Act<'_>, day: &CounterDay, who: &Household, slot: Option<i32>) -> Booking {
    Booking {
        id: act.id(),
        office_code: day.office_code.clone(),
        day_id: day.id,
        year: day.on_day.year(),
        slot_min: slot,
        turn_min: slot.unwrap_or_default(),
        person_id: who.person,
        name: who.name.clone(),
        kind: who.kind,
        source: who.source,
        state: State::Booked,
        ticket: None,
        desk: None,
        called_at: None,
        done_at: None,
        version: 1,
    }
}

fn keep_new(act: &mut Act<'_>, booking: &Booking, day: &CounterDay) -> AppResult<()> {
    store::add(act.db, std::slice::from_ref(booking))?;
    audit(act, booking, day, booking.source.in_words())
}

fn audit(act: &mut Act<'_>, one: &Booking, day: &CounterDay, what: &str) -> AppResult<()> {
    let time = one.slot_min.map(rules::time).unwrap_or_default();
    let ticket = one.ticket.map(|number| rules::ticket(&day.series, number));
    let summary =
        format!("{what}：{} {time} {} {}", day.on_day, day.place, ticket.unwrap_or_default());
    act.audit(AuditEntry::of("booking", &one.name, summary))
}

fn next_ticket(act: &mut Act<'_>, day: RowId) -> AppResult<i32> {
    let all = store::of_days(act.db, act.scope, &[day])?;
    Ok(all.iter().filter_map(|one| one.ticket).max().unwrap_or_default() + 1)
}

/// Takes a step with a booking.
///
/// # Errors
/// `Changed` when somebody else was first, refused when the step is not allowed.
pub fn step(
    act: &mut Act<'_>,
    seen: Seen<RowId>,
    step: Step,
    desk: Option<i32>,
) -> AppResult<Booking> {
    let one = store::find(act.db, act.scope, seen.id)?;
    if one.version != seen.version {
        return Err(AppError::Changed);
    }
    if step == Step::Call && desk.is_none() {
        return Err(AppError::refused("叫号请在窗口里点“叫下一位”"));
    }
    let day = store::day(act.db, act.scope, one.day_id)?;
    go(act, one, &day, (step, desk))
}

/// Calls the next ticket of a day to a desk; none when nobody waits.
pub fn call_next(act: &mut Act<'_>, day_id: RowId, desk: i32) -> AppResult<Option<Booking>> {
    let day = store::day(act.db, act.scope, day_id)?;
    if !(1..=day.desks).contains(&desk) {
        let text = format!("这里有 {} 个窗口，请填 1 到 {}", day.desks, day.desks);
        return Err(AppError::field("desk", text));
    }
    let mut all = store::of_days(act.db, act.scope, &[day.id])?;
    let here = all.iter().find(|one| one.state == State::Called && one.desk == Some(desk));
    if let Some(open) = here {
        let ticket = rules::ticket(&day.series, open.ticket.unwrap_or_default());
        let text = format!(
            "{desk} 号窗口的 {ticket} {}还没有办完，请先点“{}”或“{}”，再叫下一位",
            open.name,
            Step::Finish.in_words(),
            Step::Miss.in_words()
        );
        return Err(AppError::refused(text));
    }
    all.retain(|one| one.state == State::Waiting);
    let Some(next) = all.into_iter().min_by_key(|one| (one.turn_min, one.ticket)) else {
        act.needs_no_audit("nobody waits");
        return Ok(None);
    };
    go(act, next, &day, (Step::Call, Some(desk))).map(Some)
}

fn go(
    act: &mut Act<'_>,
    mut one: Booking,
    day: &CounterDay,
    (step, desk): (Step, Option<i32>),
) -> AppResult<Booking> {
    let Some(state) = one.state.after(step) else {
        let text = format!("现在是“{}”，不能“{}”", one.state.in_words(), step.in_words());
        return Err(AppError::refused(text));
    };
    if step == Step::Arrive && day.on_day != act.today {
        return Err(AppError::refused(format!("预约的是 {}，今天不能取号", day.on_day)));
    }
    match step {
        Step::Arrive => {
            if one.ticket.is_none() {
                one.ticket = Some(next_ticket(act, day.id)?);
            }
            one.turn_min = rules::turn(one.slot_min, minute_of(act.now));
        }
        Step::Back => one.turn_min = minute_of(act.now),
        Step::Call => (one.desk, one.called_at) = (desk, Some(act.now)),
        Step::Finish => one.done_at = Some(act.now),
        Step::Reopen => one.done_at = None,
        Step::Miss | Step::Cancel => {}
    }
    one.state = state;
    one.version += 1;
    store::put(act.db, std::slice::from_ref(&one))?;
    audit(act, &one, day, step.in_words())?;
    Ok(one)
}

/// Gives the pupils of a school times at a place from a day on, in the order of their list, as far
/// as there are free half hours. Returns, by day, how many, and how many got none.
pub fn book_school(
    act: &mut Act<'_>,
    form: &FormKey,
    (school, place, from): (&str, &str, NaiveDate),
) -> AppResult<(Vec<(NaiveDate, usize)>, usize)> {
    if act.once(form)? == Once::Again {
        return Ok((Vec::new(), 0));
    }
    let year = from.year();
    let mut pupils = store::without_time(act.db, act.scope, year)?;
    pupils.retain(|(of, _)| of == school);
    let until = NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or(from);
    let mut days = store::days(act.db, act.scope, (from, until))?;
    days.retain(|day| day.place == place);
    let slots: Vec<Vec<i32>> =
        days.iter().map(|day| rules::slots(&day.hours).unwrap_or_default()).collect();
    let ids: Vec<RowId> = days.iter().map(|day| day.id).collect();
    let mut taken = store::taken(act.db, act.scope, &ids)?;
    let now = (act.today, minute_of(act.now));
    let (mut rows, mut left) = (Vec::new(), 0);
    let mut by_day: HashMap<RowId, usize> = HashMap::new();
    for (_, (id, name, township, _)) in pupils {
        let place = days.iter().zip(&slots).find_map(|(day, slots)| {
            let given = |slot| taken.get(&(day.id, slot)).copied().unwrap_or_default();
            let free = day.capacity(slots).free(given, &township, now);
            free.first().map(|(slot, _)| (day, *slot))
        });
        let Some((day, slot)) = place else {
            left += 1;
            continue;
        };
        *taken.entry((day.id, slot)).or_default() += 1;
        *by_day.entry(day.id).or_default() += 1;
        let (kind, source) = (Kind::First, Source::School);
        let who = Household { person: Some(id), name, kind, source };
        rows.push(new(act, day, &who, Some(slot)));
    }
    if rows.is_empty() {
        let text = match left {
            0 => "这所学校没有还没安排的学生",
            _ => "从这天起没有空的时间了：先到“开放时间”里开放更多的天",
        };
        return Err(AppError::field("school", text));
    }
    store::add(act.db, &rows)?;
    let summary = format!("学校统一安排 {} 人，没有排下 {left} 人", rows.len());
    act.audit(AuditEntry::of("booking", school, summary))?;
    let count = |day: &CounterDay| by_day.get(&day.id).map(|count| (day.on_day, *count));
    Ok((days.iter().filter_map(count).collect(), left))
}

/// Ends the days before today: who has not come by then did not come. Returns how many.
pub fn close_past(act: &mut Act<'_>) -> AppResult<usize> {
    let from = act.today.with_ordinal(1).unwrap_or(act.today);
    let Some(yesterday) = act.today.pred_opt() else { return Ok(0) };
    let days = store::days(act.db, act.scope, (from, yesterday))?;
    let ids: Vec<RowId> = days.iter().map(|day| day.id).collect();
    let mut open = store::of_days(act.db, act.scope, &ids)?;
    open.retain(|one| matches!(one.state, State::Booked | State::Waiting));
    if open.is_empty() {
        act.needs_no_audit("nothing changes");
        return Ok(0);
    }
    for one in &mut open {
        one.state = State::NoShow;
        one.version += 1;
    }
    store::put(act.db, &open)?;
    let summary = format!("{} 户预约了没有来", open.len());
    act.audit(AuditEntry::of("booking", "预约叫号", summary))?;
    Ok(open.len())
}
