//! What people do with applications, each in an open write. A school does it for its own pupils
//! ([`Who`]); the county's decision is taken by somebody who has had no part in the application
//! before. What is recognised goes into the table of results in the same write.

use chrono::{Datelike as _, NaiveDate};

use super::form::{Typed, Written};
use super::round_store::{self as records, Application, Round, StepDone};
use super::rules::{self, Recheck, Refusal, State, Step, round_words};
use super::store::{self, Recognition};
use crate::base::id_number::IdNumber;
use crate::base::ids::{ImportId, PersonId, RowId};
use crate::book::act::{Act, FormKey, Once};
use crate::book::audit_log::AuditEntry;
use crate::book::person::{self, Person};
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::Field;
use crate::web::fields::Seen;

/// Who does something: the desk, or a school for its own pupils.
#[derive(Clone, Debug)]
pub enum Who {
    /// True: somebody who may decide what others have proposed.
    Desk(bool),
    School(String),
}

/// A step as it was typed.
#[derive(Clone, Debug)]
pub struct Opinion {
    pub step: Step,
    /// Who gave it, on the paper.
    pub by_name: String,
    pub on_day: NaiveDate,
    pub opinion: String,
    pub papers: String,
    /// Empty: as it was.
    pub level: String,
}

impl From<Refusal> for AppError {
    fn from(refusal: Refusal) -> AppError {
        AppError::refused(refusal.in_words())
    }
}

/// A round that is still worked on, as far as it is theirs.
pub(super) fn open_round(act: &mut Act<'_>, who: &Who, id: RowId) -> AppResult<Round> {
    let round = records::round(act.db, act.scope, id)?;
    if matches!(who, Who::School(own) if *own != round.school) {
        return Err(AppError::NotFound);
    }
    if round.filed_no.is_some() {
        return Err(Refusal::Filed.into());
    }
    Ok(round)
}

pub(super) fn tell(
    act: &mut Act<'_>,
    action: &'static str,
    round: &Round,
    what: String,
    reason: &str,
) -> AppResult<()> {
    let summary = format!("{}{}：{what}", round.school, round_words(round.year, round.term));
    let entry = AuditEntry::of(action, &round.school, summary);
    act.audit(AuditEntry { reason: reason.to_owned(), ..entry })
}

/// Takes in one application, or puts one right that was sent back (`of`).
pub fn enter(
    act: &mut Act<'_>,
    key: &FormKey,
    (who, round): (&Who, RowId),
    (typed, of): (&Typed, Option<Seen<RowId>>),
) -> AppResult<Option<RowId>> {
    if act.once(key)? == Once::Again {
        return Ok(None);
    }
    let round = open_round(act, who, round)?;
    let before = match of {
        None => None,
        Some(seen) => {
            let found = records::application(act.db, act.scope, seen.id)?;
            if found.version != seen.version || found.round_id != round.id {
                return Err(AppError::Changed);
            }
            Some(found)
        }
    };
    let made = application(act, &round, typed, before.as_ref())?;
    let others = records::known(act.db, act.scope, &round, std::slice::from_ref(&made.id_index))?;
    let other = others.into_iter().find(|(_, other, _)| *other != round.id || before.is_none());
    if let Some((_, other, school)) = other {
        let message = match other == round.id {
            true => "这一轮里已经有这名学生的申请".to_owned(),
            false => format!("这名学生这学年已经由{school}申报，一名学生只在一所学校认定"),
        };
        return Err(AppError::field("id_number", message));
    }
    let step = done(act, &made, &opinion_of(Step::Apply, typed, act.by.name.clone()));
    match before {
        Some(_) => records::put_all(act.db, std::slice::from_ref(&made))?,
        None => records::add_all(act.db, std::slice::from_ref(&made))?,
    }
    records::add_steps(act.db, &[step])?;
    tell(act, "hardship_entered", &round, format!("登记{}的申请", made.name), "")?;
    Ok(Some(made.id))
}

fn opinion_of(step: Step, typed: &Typed, by_name: String) -> Opinion {
    Opinion {
        step,
        by_name,
        on_day: typed.applied_on,
        opinion: String::new(),
        papers: typed.written.evidence.clone(),
        level: typed.level.clone(),
    }
}

fn application(
    act: &mut Act<'_>,
    round: &Round,
    typed: &Typed,
    before: Option<&Application>,
) -> AppResult<Application> {
    let number = typed.id_number.as_str();
    let id_index = act.parts.sealer.index(Field::IdNumber, number);
    if let Some(before) = before {
        rules::after(before.state, Step::Apply).ok_or(Refusal::Move(Step::Apply, before.state))?;
        if before.id_index != id_index {
            return Err(AppError::field("id_number", "身份证号不能改：写错了请撤回后重新登记"));
        }
    }
    Ok(Application {
        id: before.map_or_else(|| act.id(), |before| before.id),
        office_code: round.office_code.clone(),
        round_id: round.id,
        name: typed.name.clone(),
        grade: typed.grade.clone(),
        class_name: typed.class_name.clone(),
        id_sealed: act.parts.sealer.seal(Field::IdNumber, number.as_bytes())?,
        id_index,
        id_mask: typed.id_number.masked(),
        form_sealed: records::seal(&act.parts.sealer, &typed.written)?,
        signed_by: typed.signed_by,
        applied_on: typed.applied_on,
        level: typed.level.clone(),
        state: State::Applied,
        reason: String::new(),
        entered_by: act.by.name.clone(),
        recheck: Recheck::None,
        recheck_note: String::new(),
        version: before.map_or(0, |before| before.version + 1),
    })
}

/// Takes in a whole list, or nothing of it: the sentences name the lines.
pub fn add_list(
    act: &mut Act<'_>,
    key: &FormKey,
    (who, round): (&Who, RowId),
    rows: &[(u32, Typed)],
) -> AppResult<usize> {
    if act.once(key)? == Once::Again {
        return Ok(0);
    }
    let round = open_round(act, who, round)?;
    let (mut all, mut steps) = (Vec::new(), Vec::new());
    for (_, typed) in rows {
        let made = application(act, &round, typed, None)?;
        let opinion = opinion_of(Step::Apply, typed, act.by.name.clone());
        steps.push(done(act, &made, &opinion));
        all.push(made);
    }
    let indexes: Vec<Vec<u8>> = all.iter().map(|one| one.id_index.clone()).collect();
    let known = records::known(act.db, act.scope, &round, &indexes)?;
    let twice = rows.iter().zip(&all).find_map(|((line, typed), made)| {
        let (_, _, school) = known.iter().find(|(index, _, _)| *index == made.id_index)?;
        Some(format!("第 {line} 行：{}这学年已经由{school}申报", typed.name))
    });
    if let Some(twice) = twice {
        return Err(AppError::field("files", twice));
    }
    records::add_all(act.db, &all)?;
    records::add_steps(act.db, &steps)?;
    tell(act, "hardship_entered", &round, format!("上传名单，{} 人", all.len()), "")?;
    Ok(all.len())
}

fn done(act: &mut Act<'_>, of: &Application, opinion: &Opinion) -> StepDone {
    StepDone {
        id: act.id(),
        office_code: of.office_code.clone(),
        application_id: of.id,
        step: opinion.step,
        on_day: opinion.on_day,
        by_name: match opinion.by_name.as_str() {
            "" => act.by.name.clone(),
            name => name.to_owned(),
        },
        staff_id: act.by.staff_id,
        opinion: opinion.opinion.clone(),
        papers: opinion.papers.clone(),
        level: of.level.clone(),
    }
}

/// One application goes a step.
pub fn step(
    act: &mut Act<'_>,
    FormKey(fields): &FormKey,
    (who, seen): (&Who, Seen<RowId>),
    opinion: &Opinion,
) -> AppResult<()> {
    let is_repeat = act.once(&FormKey(format!("{} {fields}", seen.id)))? == Once::Again;
    let one = records::application(act.db, act.scope, seen.id)?;
    if is_repeat {
        return if one.version == seen.version + 1 { Ok(()) } else { Err(AppError::Changed) };
    }
    let round = open_round(act, who, one.round_id)?;
    if one.version != seen.version {
        return Err(AppError::Changed);
    }
    let name = one.name.clone();
    let (_, left) = go(act, who, vec![one], opinion)?;
    if let Some(why) = left.into_iter().next() {
        return Err(why.1.into());
    }
    let what = format!("{name}{}", opinion.step.in_words());
    tell(act, "hardship_stepped", &round, what, &opinion.opinion)
}

/// How many went a step, and who did not, each with the reason.
pub type Many = (usize, Vec<(String, Refusal)>);

/// All applications of a round, or of a class of it, that stand before a step go it.
pub fn step_many(
    act: &mut Act<'_>,
    key: &FormKey,
    (who, round, class): (&Who, RowId, &str),
    opinion: &Opinion,
) -> AppResult<Many> {
    if act.once(key)? == Once::Again {
        return Ok((0, Vec::new()));
    }
    let round = open_round(act, who, round)?;
    let mut all = records::of_round(act.db, act.scope, round.id)?;
    let from = match opinion.step {
        Step::County => Some(State::Cleared),
        step => step.begins(),
    };
    all.retain(|one| Some(one.state) == from && (class.is_empty() || one.class_words() == class));
    if all.is_empty() {
        let step = opinion.step.in_words();
        return Err(AppError::refused(format!("没有等着“{step}”的申请")));
    }
    let done = go(act, who, all, opinion)?;
    let what = format!("{}，{} 人", opinion.step.in_words(), done.0);
    tell(act, "hardship_stepped", &round, what, &opinion.opinion)?;
    Ok(done)
}

fn go(act: &mut Act<'_>, who: &Who, all: Vec<Application>, opinion: &Opinion) -> AppResult<Many> {
    let step = opinion.step;
    let may = match who {
        Who::School(_) => step.is_of_school(),
        // Published, ended and objected to is a list, not one application.
        Who::Desk(may_review) => match step {
            Step::County => *may_review,
            _ => step.is_of_school(),
        },
    };
    if !may {
        return Err(AppError::Forbidden);
    }
    let ids: Vec<RowId> = all.iter().map(|one| one.id).collect();
    let steps = records::steps(act.db, act.scope, &ids)?;
    let (mut moved, mut left) = (Vec::new(), Vec::new());
    for one in all {
        let own = steps.iter().filter(|done| done.application_id == one.id);
        match can(act, who, &one, (own, opinion))? {
            Ok(to) => moved.push(put(one, to, opinion)),
            Err(why) => left.push((one.name, why)),
        }
    }
    keep(act, &moved, opinion)?;
    if step == Step::County {
        recognise(act, &moved)?;
    }
    Ok((moved.len(), left))
}

/// The application in its new state.
pub(super) fn put(mut one: Application, to: State, opinion: &Opinion) -> Application {
    one.state = to;
    if !opinion.level.is_empty() {
        one.level.clone_from(&opinion.level);
    }
    one.reason = match opinion.step {
        Step::Refuse | Step::Return => opinion.opinion.clone(),
        _ => String::new(),
    };
    one.version += 1;
    one
}

fn can<'a>(
    act: &Act<'_>,
    who: &Who,
    one: &Application,
    (steps, opinion): (impl Iterator<Item = &'a StepDone>, &Opinion),
) -> AppResult<Result<State, Refusal>> {
    let step = opinion.step;
    let Some(to) = rules::after(one.state, step) else {
        return Ok(Err(Refusal::Move(step, one.state)));
    };
    let steps: Vec<&StepDone> = steps.collect();
    let decides = step == Step::County || (step == Step::Refuse && one.state == State::Cleared);
    if decides {
        if !matches!(who, Who::Desk(true)) {
            return Err(AppError::Forbidden);
        }
        let had_part = |done: &&&StepDone| done.step != Step::Clear && done.staff_id.is_some();
        if steps.iter().filter(had_part).any(|done| done.staff_id == act.by.staff_id) {
            return Ok(Err(Refusal::OwnWork));
        }
    }
    // Only an answered objection refuses somebody whose name hangs.
    if step == Step::Refuse && one.state == State::Public {
        return Ok(Err(Refusal::Move(step, one.state)));
    }
    let last = steps.iter().map(|done| done.on_day).max();
    if let Some(last) = last.filter(|last| *last > opinion.on_day) {
        return Ok(Err(Refusal::Before(last)));
    }
    if step.begins().is_some() {
        let policy = act.policy();
        let lines = one.written(&act.parts.sealer)?.lines;
        let index = policy.hardship_lines(one.applied_on);
        if index.iter().any(|line| line.against && lines.contains(&line.line)) {
            return Ok(Err(Refusal::Against(one.name.clone())));
        }
    }
    Ok(Ok(to))
}

pub(super) fn keep(act: &mut Act<'_>, moved: &[Application], opinion: &Opinion) -> AppResult<()> {
    let steps: Vec<StepDone> = moved.iter().map(|one| done(act, one, opinion)).collect();
    records::put_all(act.db, moved)?;
    records::add_steps(act.db, &steps)
}

/// Puts results where the counter and the loan file read them.
fn recognise(act: &mut Act<'_>, all: &[Application]) -> AppResult<()> {
    let indexes: Vec<Vec<u8>> = all.iter().map(|one| one.id_index.clone()).collect();
    let people = person::by_index(act.db, act.scope, &indexes)?;
    let ids: Vec<RowId> = all.iter().map(|one| one.id).collect();
    let steps = records::steps(act.db, act.scope, &ids)?;
    let (mut new, mut rows) = (Vec::new(), Vec::new());
    for one in all {
        let written = one.written(&act.parts.sealer)?;
        let person_id = match people.get(&one.id_index) {
            Some(known) => known.id,
            None => {
                let made = pupil(act, one, &written)?;
                let id = made.id;
                new.push(made);
                id
            }
        };
        let of = |step: Step| {
            let last =
                steps.iter().rfind(|done| (done.application_id, done.step) == (one.id, step));
            last.map(|done| done.opinion.clone()).unwrap_or_default()
        };
        let policy = act.policy();
        let classes = written.classes.iter().filter_map(|key| policy.hardship_class(key));
        rows.push(Recognition {
            person_id,
            reason: classes.map(|class| class.name.clone()).collect::<Vec<_>>().join("、"),
            class_opinion: of(Step::Class),
            grade_opinion: of(Step::Grade),
            office_code: one.office_code.clone(),
            year: act.today.year(),
            level: one.level.clone(),
            recognised_on: Some(act.today),
            import_id: ImportId::new(0),
            id: act.id(),
        });
    }
    person::insert_all(act.db, &new)?;
    store::put_all(act.db, &rows)
}

/// A pupil whom the county does not know yet.
fn pupil(act: &mut Act<'_>, one: &Application, written: &Written) -> AppResult<Person> {
    let number = act.parts.sealer.open_text(Field::IdNumber, &one.id_sealed)?;
    let number = IdNumber::from_stored(&number);
    let number = number.ok_or_else(|| AppError::broken("a sealed identity number is damaged"))?;
    let who = (act.id::<PersonId>(), one.office_code.as_str());
    let made = Person::new(who, (&one.name, &number), &act.parts.sealer, act.now)?;
    Ok(Person {
        ethnic: written.ethnic.clone(),
        household_type: written.household.clone(),
        address: written.address.clone(),
        ..made
    })
}
