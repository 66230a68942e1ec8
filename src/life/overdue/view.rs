//! The page of one case in words: whom to ask by which number, the last contacts, what was done,
//! what can be done. Reads and shows; numbers stay masked until somebody asks for one.

use chrono::NaiveDate;
use serde::Serialize;

use super::facts::Facts;
use super::kinds::{AskedFor, HoldReason, Stage, State, StepKind};
use super::people::{self, PersonView};
use super::rules::{self, First};
use super::store::{Case, Step};
use crate::app::App;
use crate::base::choice::Choice;
use crate::base::dates::{days_between, in_words};
use crate::base::money::Fen;
use crate::base::place::short_village;
use crate::book::contact::promise;
use crate::book::contact::record::{Channel, Outcome, Record};
use crate::book::loan::LoanFile;
use crate::book::policy::LadderRule;
use crate::book::position::FilePosition;
use crate::web::fields::{Fields, FormPage};
use crate::web::flow::Flow;

/// How many contacts stay in sight.
const IN_SIGHT: usize = 3;

/// The results on the keys 1 to 6.
pub(super) const KEYED: [Outcome; 6] = [
    Outcome::Promised,
    Outcome::SaysPaid,
    Outcome::NoAnswer,
    Outcome::BadNumber,
    Outcome::Hardship,
    Outcome::InService,
];

#[derive(Serialize)]
struct RecordView {
    id: String,
    day: String,
    words: String,
    note: String,
    by: String,
    is_promise: bool,
}

#[derive(Serialize)]
struct StepView {
    day: String,
    words: String,
    by: String,
}

#[derive(Serialize)]
struct CaseView {
    id: String,
    version: i32,
    state: &'static str,
    state_words: &'static str,
    place: u8,
    stage: &'static str,
    days: i64,
    whom: &'static str,
    tries: i32,
    /// What is enough before the next stage, and whether that is reached.
    enough: String,
    is_early: bool,
    stands: String,
    reached: bool,
    next: &'static str,
    next_on: String,
    is_late: bool,
    promised: String,
    /// Its day is over, and the bank has not told of it yet.
    is_promise_unknown: bool,
    broken: i32,
    set_aside: String,
    until: String,
    asked_for: &'static str,
    asked_by: String,
    asked_reason: String,
    notice_on: String,
    owner: String,
    weight: i64,
    why_first: String,
    suggestion: Option<String>,
    ups: Vec<Choice>,
    downs: Vec<Choice>,
    asks: Vec<Choice>,
    closed: String,
}

#[derive(Serialize)]
pub(super) struct CasePage {
    file_no: String,
    name: String,
    initial: String,
    person_id: String,
    id_mask: String,
    home: String,
    studied: String,
    overdue: Fen,
    /// What the arrears say besides: 按没有免息政策计算; mostly nothing.
    assumed: &'static str,
    since: String,
    overdue_days: i64,
    /// Why the family is marked lost; none when it is not.
    lost: Option<String>,
    /// `银行逾期名单（10月31日）的联系情况：空号`; none when it says nothing.
    bank_note: Option<String>,
    people: Vec<PersonView>,
    case: Option<CaseView>,
    last: Vec<RecordView>,
    older: Vec<RecordView>,
    undo: Option<String>,
    /// The newest step, when it is a move.
    undo_move: Option<String>,
    steps: Vec<StepView>,
    /// Sheets that are out or wait to be looked at: batch, number, where.
    sheets: Vec<(String, String, &'static str)>,
    keyed: Vec<Choice>,
    /// Days that a promise is likely to name.
    days: Vec<Choice>,
    others: Vec<Choice>,
    whom: Vec<Choice>,
    channels: Vec<Choice>,
    parks: Vec<Choice>,
    staff: Vec<Choice>,
    /// What the contact's form begins with.
    #[serde(skip)]
    begins: Fields,
    /// Who has not looked at the director's answer yet, and what it says.
    answer: Option<(String, String)>,
    #[serde(flatten)]
    pub(super) place: Flow,
    /// New for every form: the second try of one form changes nothing.
    pub(super) key: String,
}

impl FormPage for CasePage {
    const TEMPLATE: &'static str = "overdue/case.html";
    const REFUSED_AT: &'static str = "reason";

    fn fields(&self) -> Fields {
        self.begins.clone()
    }
}

/// Puts a case into words.
pub(super) fn page(app: &App, facts: &Facts, today: NaiveDate, key: String) -> CasePage {
    let (policy, [undo, undo_move]) = (app.policy(), undoable(facts.steps.first()));
    let rule = policy.ladder.on(today);
    let stage = facts.case.as_ref().map_or(Stage::Student, |case| case.stage);
    let overdue = facts.position.as_ref().map(FilePosition::overdue_fen).unwrap_or_default();
    let oldest = facts.position.as_ref().and_then(|position| position.oldest_unpaid_due_on);
    let mut records: Vec<RecordView> =
        facts.records.iter().map(|record| record_view(record, today)).collect();
    let older = records.split_off(records.len().min(IN_SIGHT));
    CasePage {
        file_no: facts.file.file_no.clone(),
        name: facts.student.name.clone(),
        initial: facts.student.name.chars().take(1).collect(),
        person_id: facts.student.id.to_string(),
        id_mask: facts.student.id_mask.clone(),
        home: format!("{}{}", facts.student.township, short_village(&facts.student.village)),
        studied: studied(&facts.file),
        overdue,
        assumed: policy.assumed_in_arrears(today).unwrap_or_default(),
        since: oldest.map(|day| day.to_string()).unwrap_or_default(),
        overdue_days: oldest.map_or(0, |day| days_between(day, today)),
        lost: facts.lost.clone(),
        bank_note: facts.bank_note.as_ref().map(|one| bank_note(one, today)),
        people: people::people(facts, today),
        case: facts.case.as_ref().map(|case| case_view(facts, case, rule, today)),
        last: records,
        older,
        undo,
        undo_move,
        steps: facts.steps.iter().map(|step| step_view(step, today)).collect(),
        sheets: facts
            .sheets
            .iter()
            .map(|(batch, number, state)| (batch.to_string(), number.clone(), state.in_words()))
            .collect(),
        keyed: Choice::all(&KEYED),
        days: promise::usual_days(today, rule.promise_days_most),
        others: Outcome::ALL
            .iter()
            .filter(|one| !KEYED.contains(one))
            .map(|one| Choice::new(one.as_text(), one.in_words()))
            .collect(),
        whom: people::whom(facts),
        channels: Channel::ALL
            .iter()
            .filter(|one| !matches!(one, Channel::PhonePage | Channel::Sheet))
            .map(|one| Choice::new(one.as_text(), one.in_words()))
            .collect(),
        parks: HoldReason::ALL
            .iter()
            .filter(|one| **one != HoldReason::Nothing)
            .map(|one| Choice::new(one.as_text(), one.in_words()))
            .collect(),
        staff: facts
            .staff
            .iter()
            .filter(|(_, _, may)| *may)
            .map(|(id, name, _)| Choice::new(id, name))
            .collect(),
        begins: Fields::default()
            .with("whom", people::usual_whom(facts, stage))
            .with("channel", Channel::Call.as_text())
            .with("on_day", today),
        answer: answer(facts),
        place: Flow::default(),
        key,
    }
}

fn bank_note((day, note): &(NaiveDate, String), today: NaiveDate) -> String {
    format!("银行逾期名单（{}）的联系情况：{note}", in_words(*day, today))
}

/// The contact that can be taken back, or the move: whichever is the newest step.
fn undoable(newest: Option<&Step>) -> [Option<String>; 2] {
    let Some(step) = newest.filter(|step| !step.before.is_empty()) else { return [None, None] };
    match step.record_id {
        Some(record) => [Some(record.to_string()), None],
        None => [None, Some(step.id.to_string())],
    }
}

fn studied(file: &LoanFile) -> String {
    let graduated = file.graduates_on.map(|on| format!("{} 届", on.format("%Y")));
    [Some(file.university.clone()), graduated]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("，")
}

fn record_view(record: &Record, today: NaiveDate) -> RecordView {
    RecordView {
        id: record.id.to_string(),
        day: in_words(record.on_day, today),
        words: record.in_words(today),
        note: record.note.clone(),
        by: record.by_name.clone(),
        is_promise: record.promised_on.is_some(),
    }
}

fn step_view(step: &Step, today: NaiveDate) -> StepView {
    let stages = Stage::from_text(&step.from_stage).zip(Stage::from_text(&step.to_stage));
    StepView {
        day: in_words(step.on_day, today),
        words: step.kind.sentence(stages, &step.reason),
        by: step.by_name.clone(),
    }
}

fn case_view(facts: &Facts, case: &Case, rule: &LadderRule, today: NaiveDate) -> CaseView {
    let day = |day: Option<NaiveDate>| day.map(|on| in_words(on, today)).unwrap_or_default();
    let first = First {
        overdue: facts.position.as_ref().map(FilePosition::overdue_fen).unwrap_or_default(),
        days: days_between(case.stage_since, today),
        broken: case.broken_promises,
        first_year: rules::is_first_year(facts.file.graduates_on, today),
        reached: case.reached,
        confirmed: facts.confirmed,
    };
    let stages = |all: Vec<Stage>| -> Vec<Choice> {
        all.into_iter().map(|one| Choice::new(one.as_text(), one.in_words())).collect()
    };
    let open = case.state == State::Open;
    let yardstick = rules::yardstick(case, rule, today);
    CaseView {
        id: case.id.to_string(),
        version: case.version,
        state: case.state.as_text(),
        state_words: case.state.in_words(),
        place: case.stage.place(),
        stage: case.stage.in_words(),
        days: days_between(case.stage_since, today),
        whom: case.stage.whom(),
        tries: case.tries,
        is_early: yardstick.as_ref().is_some_and(|one| one.is_early),
        stands: yardstick.as_ref().map(|one| one.stands.clone()).unwrap_or_default(),
        enough: yardstick.map(|one| one.enough).unwrap_or_default(),
        reached: case.reached,
        next: case.next_step.in_words(),
        next_on: if case.next_on == today { "今天".to_owned() } else { day(Some(case.next_on)) },
        is_late: open && case.next_on < today,
        promised: day(case.promised_on),
        is_promise_unknown: case.promised_on.is_some_and(|on| on < today),
        broken: case.broken_promises,
        set_aside: case.parked_for.in_words().to_owned(),
        until: day(case.until_on),
        asked_for: case.asked_for.in_words(),
        asked_by: case.asked_by.clone(),
        asked_reason: match case.state {
            State::Paused | State::Parked if case.asked_reason.is_empty() => {
                case.parked_reason.clone()
            }
            _ => case.asked_reason.clone(),
        },
        notice_on: day(case.notice_on),
        owner: owner(facts, case),
        weight: case.weight,
        why_first: rules::first(&first, rule).1.join("，"),
        suggestion: rules::suggestion(case, rule, today),
        ups: stages(if open { rules::above(case, rule) } else { Vec::new() }),
        downs: stages(if open { rules::below(case) } else { Vec::new() }),
        asks: asks(case, rule),
        closed: match case.state {
            State::Closed => format!("{}，{}", day(case.closed_on), case.closed_why.in_words()),
            _ => String::new(),
        },
    }
}

fn owner(facts: &Facts, case: &Case) -> String {
    let named = facts.staff.iter().find(|(id, ..)| Some(*id) == case.owner_id);
    named.map(|(_, name, _)| name.clone()).unwrap_or_default()
}

/// What the director can be asked for now.
fn asks(case: &Case, rule: &LadderRule) -> Vec<Choice> {
    if case.state != State::Open || case.asked_for != AskedFor::Nothing {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut offer = |what: AskedFor| found.push(Choice::new(what.as_text(), what.in_words()));
    if rules::is_next_directors(case, rule) {
        offer(AskedFor::Police);
    }
    if case.stage == Stage::Police && case.notice_on.is_none() {
        offer(AskedFor::Notice);
    }
    found
}

/// For whom, and `付主任，主任同意：请派出所协助`.
fn answer(facts: &Facts) -> Option<(String, String)> {
    let whose = facts.case.as_ref()?.answer_for?;
    let is_answer = |step: &&Step| {
        matches!(step.kind, StepKind::Allowed | StepKind::Declined | StepKind::Notice)
    };
    let step = facts.steps.iter().find(is_answer)?;
    let words = format!("{}，{}", step.by_name, step.kind.sentence(None, &step.reason));
    Some((whose.to_string(), words))
}
