//! What people do with a round as a whole, each in an open write: open, publish, answer objections,
//! take the list down, file, draw who is checked once more.

use chrono::NaiveDate;

use super::round_store::{self as records, Application, Round};
use super::rules::{self, Recheck, Refusal, State, Step, Term, round_words};
use super::steps::{Opinion, Who, keep, open_round, put, tell};
use crate::base::ids::RowId;
use crate::book::act::{Act, FormKey, Once};
use crate::book::office;
use crate::book::publicity::{self, Kind, Line, Listed, Outcome, Publication};
use crate::error::{AppError, AppResult};
use crate::web::fields::Seen;

/// A round that is to be opened.
#[derive(Clone, Debug)]
pub struct NewRound {
    pub year: i32,
    pub term: Term,
    pub school: String,
    pub apply_until: NaiveDate,
    pub quota: Option<i32>,
}

pub fn open(act: &mut Act<'_>, key: &FormKey, new: &NewRound) -> AppResult<Option<RowId>> {
    if act.once(key)? == Once::Again {
        return Ok(None);
    }
    let known = records::of_school(act.db, act.scope, &new.school)?;
    if known.iter().any(|one| (one.year, one.term) == (new.year, new.term)) {
        let words = round_words(new.year, new.term);
        return Err(AppError::field("school", format!("{}已经有{words}这一轮", new.school)));
    }
    let round = Round {
        id: act.id(),
        office_code: act.scope.own().to_owned(),
        year: new.year,
        term: new.term,
        school: new.school.clone(),
        apply_until: new.apply_until,
        quota: new.quota,
        opened_by: act.by.name.clone(),
        opened_on: act.today,
        filed_no: None,
        filed_on: None,
        filed_by: String::new(),
        seed: String::new(),
        version: 0,
    };
    records::add_round(act.db, &round)?;
    tell(act, "hardship_opened", &round, "开始一轮困难认定".to_owned(), "")?;
    Ok(Some(round.id))
}

/// The round as its page showed it, with its newest publication.
fn shown(act: &mut Act<'_>, seen: Seen<RowId>) -> AppResult<(Round, Option<Publication>)> {
    let mut round = open_round(act, &Who::Desk(false), seen.id)?;
    if round.version != seen.version {
        return Err(AppError::Changed);
    }
    records::put_round(act.db, &mut round)?;
    let newest = publicity::of(act.db, act.scope, Kind::Hardship, &[round.id])?.pop();
    Ok((round, newest))
}

fn by_program(act: &Act<'_>, step: Step, opinion: String) -> Opinion {
    Opinion {
        step,
        by_name: act.by.name.clone(),
        on_day: act.today,
        opinion,
        papers: String::new(),
        level: String::new(),
    }
}

/// Hangs the list of a round up, or the changed list once more.
pub fn publish(
    act: &mut Act<'_>,
    key: &FormKey,
    seen: Seen<RowId>,
    (until, place, phone): (NaiveDate, &str, &str),
) -> AppResult<()> {
    if act.once(key)? == Once::Again {
        return Ok(());
    }
    let (round, _) = shown(act, seen)?;
    let all = records::of_round(act.db, act.scope, round.id)?;
    let waits = all.iter().filter(|one| one.state.next_look().is_some()).count();
    if waits > 0 {
        return Err(Refusal::NotReady(waits).into());
    }
    let moved: Vec<Application> = all
        .into_iter()
        .filter(|one| rules::after(one.state, Step::Publish).is_some())
        .map(|one| Application { state: State::Public, version: one.version + 1, ..one })
        .collect();
    if moved.is_empty() {
        return Err(Refusal::NothingToPublish.into());
    }
    if let Some(without) = moved.iter().find(|one| one.level.is_empty()) {
        return Err(Refusal::NoLevel(without.name.clone()).into());
    }
    let line = |one: &Application| Line {
        name: one.name.clone(),
        class_name: one.class_words(),
        level: one.level.clone(),
    };
    let list = Listed {
        kind: Kind::Hardship,
        subject_id: round.id,
        lines: moved.iter().map(line).collect(),
        place: place.to_owned(),
        phone: phone.to_owned(),
        until,
    };
    let made = publicity::publish(act, list)?;
    let what = format!("第 {} 次公示，{} 人，公示到 {until}", made.turn, moved.len());
    let opinion = by_program(act, Step::Publish, what.clone());
    keep(act, &moved, &opinion)?;
    tell(act, "hardship_published", &round, what, "")
}

/// Somebody objects to a name of the list that hangs.
pub fn object(
    act: &mut Act<'_>,
    key: &FormKey,
    seen: Seen<RowId>,
    (about, content): (RowId, &str),
) -> AppResult<()> {
    if act.once(key)? == Once::Again {
        return Ok(());
    }
    let (round, newest) = shown(act, seen)?;
    let mut newest = newest.ok_or_else(|| not_public(act))?;
    let one = records::application(act.db, act.scope, about)?;
    if one.round_id != round.id {
        return Err(AppError::NotFound);
    }
    publicity::object(act, &mut newest, (one.id, &one.name), content)?;
    tell(act, "hardship_objection", &round, format!("收到对{}的异议，公示暂停", one.name), "")
}

fn not_public(act: &Act<'_>) -> AppError {
    AppError::refused(publicity::Refusal::NotPublic.in_words(act.today))
}

/// What came of an objection: the list stands, a level changes (`level`), or nobody is recognised
/// (an empty level).
pub fn answer(
    act: &mut Act<'_>,
    key: &FormKey,
    seen: Seen<RowId>,
    (objection, outcome, level, reason): (RowId, Outcome, &str, &str),
) -> AppResult<()> {
    if act.once(key)? == Once::Again {
        return Ok(());
    }
    let (round, newest) = shown(act, seen)?;
    let mut newest = newest.ok_or_else(|| not_public(act))?;
    let answered = publicity::answer(act, &mut newest, objection, (outcome, reason))?;
    if outcome == Outcome::Changed {
        let one = records::application(act.db, act.scope, answered.about_id)?;
        if one.level == level && one.state == State::Public {
            let why = "等级和原来一样，名单没有变：请选“异议不成立”，或者改选等级";
            return Err(AppError::field("level", why));
        }
        let step = if level.is_empty() { Step::Refuse } else { Step::Object };
        let to = rules::after(one.state, step).ok_or(Refusal::Move(step, one.state))?;
        let opinion = by_program(act, step, reason.to_owned());
        let moved = put(one, to, &Opinion { level: level.to_owned(), ..opinion.clone() });
        keep(act, &[moved], &opinion)?;
        off_the_wall(act, round.id)?;
    }
    let what = format!("对{}的异议：{}", answered.about, outcome.in_words());
    tell(act, "hardship_objection", &round, what, reason)
}

/// The list is taken down: nobody of it is published any more until it hangs again.
fn off_the_wall(act: &mut Act<'_>, round: RowId) -> AppResult<()> {
    let mut all = records::of_round(act.db, act.scope, round)?;
    all.retain(|one| one.state == State::Public);
    for one in &mut all {
        (one.state, one.version) = (State::Village, one.version + 1);
    }
    records::put_all(act.db, &all)
}

/// Takes the list down after its days; the county may decide from now on.
pub fn end(act: &mut Act<'_>, key: &FormKey, seen: Seen<RowId>) -> AppResult<()> {
    if act.once(key)? == Once::Again {
        return Ok(());
    }
    let (round, newest) = shown(act, seen)?;
    let mut newest = newest.ok_or_else(|| not_public(act))?;
    publicity::end(act, &mut newest)?;
    let mut all = records::of_round(act.db, act.scope, round.id)?;
    all.retain(|one| one.state == State::Public);
    for one in &mut all {
        (one.state, one.version) = (State::Cleared, one.version + 1);
    }
    let opinion = by_program(act, Step::Clear, "公示期满，名单已撤下".to_owned());
    keep(act, &all, &opinion)?;
    tell(act, "hardship_published", &round, format!("公示期满，撤下名单，{} 人", all.len()), "")
}

/// Closes a round when everybody has a result: it gets its number. Cannot be taken back.
pub fn file(act: &mut Act<'_>, key: &FormKey, seen: Seen<RowId>) -> AppResult<()> {
    if act.once(key)? == Once::Again {
        return Ok(());
    }
    let (mut round, _) = shown(act, seen)?;
    let all = records::of_round(act.db, act.scope, round.id)?;
    let open = all.iter().filter(|one| !one.state.is_final()).count();
    if open > 0 {
        return Err(Refusal::Undecided(open).into());
    }
    if all.is_empty() {
        return Err(Refusal::NothingToPublish.into());
    }
    let count = records::filed(act.db, act.scope, round.year)? + 1;
    let letters = office::find(act.db, &round.office_code)?.letters;
    let number = format!("{letters}困认{}-{count:03}", round.year);
    (round.filed_no, round.filed_on) = (Some(number.clone()), Some(act.today));
    round.filed_by = act.by.name.clone();
    records::put_round(act.db, &mut round)?;
    tell(act, "hardship_filed", &round, format!("建档，编号 {number}"), "")
}

/// Draws who is checked once more, by a seed that anybody can repeat. Once a round.
pub fn draw(act: &mut Act<'_>, key: &FormKey, seen: Seen<RowId>, seed: &str) -> AppResult<()> {
    if act.once(key)? == Once::Again {
        return Ok(());
    }
    let mut round = records::round(act.db, act.scope, seen.id)?;
    if round.version != seen.version {
        return Err(AppError::Changed);
    }
    if !round.seed.is_empty() {
        return Err(Refusal::DrawnBefore.into());
    }
    if round.filed_no.is_none() {
        return Err(AppError::refused("先建档，再抽查"));
    }
    let mut all = records::of_round(act.db, act.scope, round.id)?;
    all.retain(|one| one.state == State::Recognised);
    let percent = act.policy().hardship_recheck.on(act.today).percent;
    let drawn = rules::draw(seed, all.iter().map(|one| one.id).collect(), percent);
    all.retain(|one| drawn.contains(&one.id));
    for one in &mut all {
        (one.recheck, one.version) = (Recheck::Drawn, one.version + 1);
    }
    records::put_all(act.db, &all)?;
    seed.clone_into(&mut round.seed);
    records::put_round(act.db, &mut round)?;
    let what = format!("抽查 {} 人，种子 {seed}", all.len());
    tell(act, "hardship_rechecked", &round, what, "")
}

/// What the yearly check of somebody who was drawn has found.
pub fn recheck(
    act: &mut Act<'_>,
    key: &FormKey,
    seen: Seen<RowId>,
    (found, note): (Recheck, &str),
) -> AppResult<()> {
    if act.once(key)? == Once::Again {
        return Ok(());
    }
    let mut one = records::application(act.db, act.scope, seen.id)?;
    if one.version != seen.version || one.recheck == Recheck::None {
        return Err(AppError::Changed);
    }
    let round = records::round(act.db, act.scope, one.round_id)?;
    (one.recheck, one.recheck_note) = (found, note.to_owned());
    one.version += 1;
    records::put_all(act.db, std::slice::from_ref(&one))?;
    let what = format!("{}{}", one.name, found.in_words());
    tell(act, "hardship_rechecked", &round, what, note)
}
