//! 公示: a list of names that everybody may read for some working days, and what was said against
//! it. A published list holds name, class and level, and nothing else: no reason, no number. The
//! first day is not counted, so the days are whole ones. An objection stops the clock; where it
//! changes the list, the list is taken down and published again, for the whole time.
//!
//! Writes tables `publication` and `objection`. What is published is the stage's to know.

use chrono::{Days, NaiveDate};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::base::dates::in_words;
use crate::base::ids::{RowId, text_enum};
use crate::base::scope::Scope;
use crate::book::act::Act;
use crate::book::policy::Calendar;
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::{Field, Sealer};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{objection, publication};
use crate::rows_by;

/// Days on which nothing can have been published yet or still is: a typing error.
const DAYS_MOST: u64 = 120;

text_enum! {
    Kind {
        Hardship = "hardship", "困难认定";
        Relief = "relief", "还款救助";
    }
}

text_enum! {
    State {
        Public = "public", "公示中";
        Stopped = "stopped", "核查异议，公示暂停";
        /// An objection has changed the list.
        Changed = "changed", "名单有变，已撤下";
        Over = "over", "公示期满，已撤下";
    }
}

text_enum! {
    Outcome {
        Open = "open", "正在核查";
        Stands = "stands", "异议不成立";
        Changed = "changed", "异议成立，名单有变";
    }
}

/// All that may be published of somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub name: String,
    pub class_name: String,
    pub level: String,
}

/// One publication as stored.
#[derive(
    Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset, Serialize,
)]
#[diesel(table_name = publication, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Publication {
    pub id: RowId,
    pub office_code: String,
    pub kind: Kind,
    /// Whose list it is, as the stage knows it.
    pub subject_id: RowId,
    /// 1 for the first publication of a subject.
    pub turn: i32,
    /// [`Line`]s as JSON.
    #[serde(skip)]
    pub lines: String,
    pub place: String,
    /// The telephone for complaints.
    pub phone: String,
    pub opened_on: NaiveDate,
    /// From when the days that are left are counted; this day is not.
    pub running_from: NaiveDate,
    /// Working days before that.
    pub served: i32,
    /// Working days in all.
    pub working_days: i32,
    /// Last day of the period.
    pub closes_on: NaiveDate,
    pub state: State,
    pub taken_down_on: Option<NaiveDate>,
    pub by_name: String,
    pub version: i32,
}

/// One objection as stored.
#[derive(
    Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset, Serialize,
)]
#[diesel(table_name = objection, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Objection {
    pub id: RowId,
    pub office_code: String,
    pub publication_id: RowId,
    /// Who of the list is meant, as the stage knows them.
    pub about_id: RowId,
    pub about: String,
    pub made_on: NaiveDate,
    /// Who objects and what they say, sealed (`Field::Objection`).
    #[serde(skip)]
    pub said_sealed: Vec<u8>,
    pub received_by: String,
    pub outcome: Outcome,
    /// Why, in words that the family may read.
    pub reason: String,
    pub decided_by: String,
    pub decided_on: Option<NaiveDate>,
    pub version: i32,
}

/// Why a period or an objection is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Long enough only if days off were counted: the working days in it, the days needed, the
    /// first day off, the first possible end.
    OverHoliday(i32, i32, NaiveDate, NaiveDate),
    /// The days needed and the first possible end.
    Short(i32, NaiveDate),
    TooLong,
    /// It has begun before today or lies far ahead.
    Begins,
    /// The period was over on this day.
    AfterEnd(NaiveDate),
    NotPublic,
    /// Until when it hangs.
    NotOver(NaiveDate),
    Stopped,
}

impl Refusal {
    /// One sentence: what is wrong and what can be done.
    pub fn in_words(self, today: NaiveDate) -> String {
        let day = |on| in_words(on, today);
        match self {
            Refusal::OverHoliday(has, needs, off, earliest) => format!(
                "{}起放假，放假的日子不算工作日：这样只公示 {has} 个工作日，要满 {needs} 个，\
                 最早公示到{}",
                day(off),
                day(earliest)
            ),
            Refusal::Short(needs, earliest) => {
                format!("公示不能少于 {needs} 个工作日，最早公示到{}", day(earliest))
            }
            Refusal::TooLong => "公示到的日期太远了，请核对".to_owned(),
            Refusal::Begins => "公示从今天起算，不能补写成以前的日子".to_owned(),
            Refusal::AfterEnd(end) => format!(
                "公示到{}已经结束，异议要在公示期内提出。现在反映的情况请记入每年的抽查复核",
                day(end)
            ),
            Refusal::NotPublic => "现在没有在公示的名单".to_owned(),
            Refusal::NotOver(end) => {
                format!("公示期还没有满：要公示到{}，第二天起才能撤下", day(end))
            }
            Refusal::Stopped => "还有异议没有核查完，公示暂停，不能撤下".to_owned(),
        }
    }
}

/// Working days after `from`, up to and with `until`.
pub fn working_days(calendar: &Calendar, from: NaiveDate, until: NaiveDate) -> i32 {
    let days = from.iter_days().skip(1).take_while(|day| *day <= until);
    days.take(1_000).filter(|day| calendar.is_working_day(*day)).map(|_| 1).sum()
}

/// Checks a period that somebody wants; returns its working days.
///
/// # Errors
/// A [`Refusal`] with its own sentence for a period that is short, and one that only days off
/// make long enough.
pub fn check_period(
    calendar: &Calendar,
    (from, until): (NaiveDate, NaiveDate),
    needs: i32,
) -> Result<i32, Refusal> {
    if until > from.checked_add_days(Days::new(DAYS_MOST)).unwrap_or(from) {
        return Err(Refusal::TooLong);
    }
    let has = working_days(calendar, from, until);
    if has >= needs {
        return Ok(has);
    }
    let earliest = calendar.add_working_days(from, i64::from(needs));
    let weekdays = Calendar::default();
    let off = from.iter_days().skip(1).take_while(|day| *day <= until);
    let off = off.take(1_000).find(|day| calendar.is_holiday(*day));
    match off {
        // Without the holiday it would have been enough.
        Some(off) if working_days(&weekdays, from, until) >= needs => {
            Err(Refusal::OverHoliday(has, needs, off, earliest))
        }
        _ => Err(Refusal::Short(needs, earliest)),
    }
}

impl Publication {
    pub fn lines(&self) -> Vec<Line> {
        serde_json::from_str(&self.lines).unwrap_or_default()
    }

    /// An objection comes within the period only.
    pub fn can_object(&self, today: NaiveDate) -> Result<(), Refusal> {
        match self.state {
            State::Public if today > self.closes_on => Err(Refusal::AfterEnd(self.closes_on)),
            State::Public | State::Stopped => Ok(()),
            State::Over => Err(Refusal::AfterEnd(self.closes_on)),
            State::Changed => Err(Refusal::NotPublic),
        }
    }

    /// A list comes down after its last day, and when nothing is open against it.
    pub fn can_end(&self, today: NaiveDate) -> Result<(), Refusal> {
        match self.state {
            State::Public if today > self.closes_on => Ok(()),
            State::Public => Err(Refusal::NotOver(self.closes_on)),
            State::Stopped => Err(Refusal::Stopped),
            State::Changed | State::Over => Err(Refusal::NotPublic),
        }
    }

    fn stop(&mut self, calendar: &Calendar, today: NaiveDate) {
        if self.state == State::Public {
            let before = today.pred_opt().unwrap_or(today);
            self.served += working_days(calendar, self.running_from, before);
            self.state = State::Stopped;
        }
    }

    /// Goes on with the days that are left.
    fn resume(&mut self, calendar: &Calendar, today: NaiveDate) {
        let left = (self.working_days - self.served).max(1);
        self.running_from = today;
        self.closes_on = calendar.add_working_days(today, i64::from(left));
        self.state = State::Public;
    }
}

/// A list that is to be published.
#[derive(Clone, Debug)]
pub struct Listed {
    pub kind: Kind,
    pub subject_id: RowId,
    pub lines: Vec<Line>,
    pub place: String,
    pub phone: String,
    pub until: NaiveDate,
}

/// Publishes a list from today on; an earlier one of the same subject must be down.
pub fn publish(act: &mut Act<'_>, list: Listed) -> AppResult<Publication> {
    let (today, policy) = (act.today, act.policy());
    let needs = policy.publicity_days.on(today).working_days;
    let needs = i32::try_from(needs).map_err(AppError::broken)?;
    let days = check_period(policy.calendar(), (today, list.until), needs)
        .map_err(|why| AppError::field("until", why.in_words(today)))?;
    let known = of(act.db, act.scope, list.kind, &[list.subject_id])?;
    if known.iter().any(|one| matches!(one.state, State::Public | State::Stopped)) {
        return Err(AppError::refused("这份名单正在公示，不能再公示一份"));
    }
    let made = Publication {
        id: act.id(),
        office_code: act.scope.own().to_owned(),
        kind: list.kind,
        subject_id: list.subject_id,
        turn: known.iter().map(|one| one.turn).max().unwrap_or(0) + 1,
        lines: serde_json::to_string(&list.lines).map_err(AppError::broken)?,
        place: list.place,
        phone: list.phone,
        opened_on: today,
        running_from: today,
        served: 0,
        working_days: days,
        closes_on: list.until,
        state: State::Public,
        taken_down_on: None,
        by_name: act.by.name.clone(),
        version: 0,
    };
    diesel::insert_into(publication::table).values(&made).execute(act.db)?;
    Ok(made)
}

/// The publications of these subjects, the newest last.
pub fn of(
    db: &mut Db,
    scope: &Scope,
    kind: Kind,
    subjects: &[RowId],
) -> AppResult<Vec<Publication>> {
    let mut all = rows_by!(db, scope, publication.subject_id in subjects => Publication);
    all.retain(|one| one.kind == kind);
    all.sort_by_key(|one| (one.subject_id, one.turn));
    Ok(all)
}

/// What was said against these publications, oldest first.
pub fn objections(db: &mut Db, scope: &Scope, of: &[RowId]) -> AppResult<Vec<Objection>> {
    let mut all = rows_by!(db, scope, objection.publication_id in of => Objection);
    all.sort_by_key(|one| one.id);
    Ok(all)
}

pub fn content(sealer: &Sealer, of: &Objection) -> AppResult<String> {
    Ok(sealer.open_text(Field::Objection, &of.said_sealed)?)
}

/// Takes an objection in; the clock stops.
pub fn object(
    act: &mut Act<'_>,
    of: &mut Publication,
    (about_id, about): (RowId, &str),
    content: &str,
) -> AppResult<()> {
    let today = act.today;
    of.can_object(today).map_err(|why| AppError::refused(why.in_words(today)))?;
    of.stop(act.policy().calendar(), today);
    let made = Objection {
        id: act.id(),
        office_code: of.office_code.clone(),
        publication_id: of.id,
        about_id,
        about: about.to_owned(),
        made_on: today,
        said_sealed: act.parts.sealer.seal(Field::Objection, content.as_bytes())?,
        received_by: act.by.name.clone(),
        outcome: Outcome::Open,
        reason: String::new(),
        decided_by: String::new(),
        decided_on: None,
        version: 0,
    };
    diesel::insert_into(objection::table).values(&made).execute(act.db)?;
    keep(act, of)
}

/// Says what came of an objection. With the last one the clock goes on, or the list comes down
/// because it has changed.
pub fn answer(
    act: &mut Act<'_>,
    of: &mut Publication,
    id: RowId,
    (outcome, reason): (Outcome, &str),
) -> AppResult<Objection> {
    let mut all = objections(act.db, act.scope, &[of.id])?;
    let one = all.iter_mut().find(|one| one.id == id).ok_or(AppError::NotFound)?;
    if one.outcome != Outcome::Open || outcome == Outcome::Open {
        return Err(AppError::Changed);
    }
    (one.outcome, one.reason) = (outcome, reason.to_owned());
    (one.decided_by, one.decided_on) = (act.by.name.clone(), Some(act.today));
    one.version += 1;
    diesel::update(objection::table.find(one.id)).set(&*one).execute(act.db)?;
    let answered = one.clone();
    let has = |outcome| all.iter().any(|one| one.outcome == outcome);
    if !has(Outcome::Open) {
        if has(Outcome::Changed) {
            (of.state, of.taken_down_on) = (State::Changed, Some(act.today));
        } else {
            of.resume(act.policy().calendar(), act.today);
        }
    }
    keep(act, of)?;
    Ok(answered)
}

/// Takes a list down after its period.
pub fn end(act: &mut Act<'_>, of: &mut Publication) -> AppResult<()> {
    let today = act.today;
    of.can_end(today).map_err(|why| AppError::refused(why.in_words(today)))?;
    (of.state, of.taken_down_on) = (State::Over, Some(today));
    keep(act, of)
}

fn keep(act: &mut Act<'_>, of: &mut Publication) -> AppResult<()> {
    of.version += 1;
    diesel::update(publication::table.find(of.id)).set(&*of).execute(act.db)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dates::day_in;
    use crate::book::policy::Policy;

    #[test]
    fn a_period_has_whole_working_days() {
        let policy = Policy::embedded().unwrap();
        let calendar = policy.calendar();
        let day = |month, day| day_in(2026, month, day);
        // Monday to Monday.
        assert_eq!(check_period(calendar, (day(9, 7), day(9, 14)), 5), Ok(5));
        assert_eq!(
            check_period(calendar, (day(9, 7), day(9, 11)), 5),
            Err(Refusal::Short(5, day(9, 14)))
        );
        assert_eq!(
            check_period(calendar, (day(9, 28), day(10, 5)), 5),
            Err(Refusal::OverHoliday(2, 5, day(10, 1), day(10, 10)))
        );
        // 2026-10-10 is a Saturday that is worked.
        assert_eq!(check_period(calendar, (day(9, 28), day(10, 10)), 5), Ok(5));
    }
}
