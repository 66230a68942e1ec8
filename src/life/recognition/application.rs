//! An application: what the family wrote, every step with who, when, opinion and papers, and the
//! next one.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::form::{self, Offered, Written};
use super::list::PATH;
use super::round::read_opinion;
use super::round_steps;
use super::round_store::{self as records, Application, Round, StepDone};
use super::rules::{Recheck, State, Step, after, round_words};
use super::steps::{self, Who};
use crate::app::App;
use crate::base::choice::Choice;
use crate::base::ids::RowId;
use crate::base::scope::Scope;
use crate::book::hardship::{self, OnList};
use crate::book::office::Office;
use crate::book::staff::Right;
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::Field;
use crate::plumbing::db::Db;
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{Done, Fields, Form, FormPage, Seen};

/// `?of=` an application that is put right.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Which {
    of: Option<RowId>,
}

#[derive(Serialize)]
struct NewPage {
    round: Round,
    words: String,
    offered: Offered,
    /// It is put right: identity and version, and what was written.
    of: Option<(RowId, i32)>,
    #[serde(skip)]
    before: Fields,
}

impl FormPage for NewPage {
    const TEMPLATE: &'static str = "recognition/new.html";
    const REFUSED_AT: &'static str = "name";

    fn fields(&self) -> Fields {
        self.before.clone()
    }
}

async fn new_page(desk: &DeskRequest, id: RowId, of: Option<RowId>) -> AppResult<NewPage> {
    let sealer = std::sync::Arc::clone(&desk.app.sealer);
    let (round, before) = desk
        .read(move |db, scope| {
            let round = records::round(db, scope, id)?;
            let before = of.map(|of| records::application(db, scope, of)).transpose()?;
            let before = before.filter(|one| one.round_id == id);
            let before = before.map(|one| {
                let number = sealer.open_text(Field::IdNumber, &one.id_sealed)?;
                let written = one.written(&sealer)?;
                AppResult::Ok((one, number, written))
            });
            Ok((round, before.transpose()?))
        })
        .await?;
    let today = desk.today();
    let of = before.as_ref().map(|(one, _, _)| (one.id, one.version));
    let blank = Fields::default().with("applied_on", today);
    let before = before.map_or(blank, |(one, number, written)| typed(&one, &number, &written));
    Ok(NewPage {
        words: round_words(round.year, round.term),
        offered: Offered::on(&desk.app.policy(), today),
        of,
        before,
        round,
    })
}

/// A form as it was when it was taken.
fn typed(one: &Application, number: &str, written: &Written) -> Fields {
    let form = Fields::default().with("name", &one.name).with("id_number", number);
    let form = form.with("grade", &one.grade).with("class_name", &one.class_name);
    let form = form.with("signed_by", one.signed_by.as_text()).with("level", &one.level);
    let mut form = form.with("applied_on", one.applied_on).with("consent", "yes");
    for (name, value) in [
        ("student_number", &written.student_number),
        ("ethnic", &written.ethnic),
        ("household", &written.household),
        ("department", &written.department),
        ("family_size", &written.family_size),
        ("at_school", &written.at_school),
        ("dependants", &written.dependants),
        ("unemployed", &written.unemployed),
        ("own_health", &written.own_health),
        ("family_health", &written.family_health),
        ("address", &written.address),
        ("postcode", &written.postcode),
        ("phone", &written.phone),
        ("income_source", &written.income_source),
        ("events", &written.events),
        ("evidence", &written.evidence),
    ] {
        form = form.with(name, value);
    }
    for (name, amount) in [("income", written.income), ("debt", written.debt)] {
        form = form.with(name, amount.map(|fen| fen.to_string()).unwrap_or_default());
    }
    for key in &written.classes {
        form = form.with("classes", key);
    }
    for line in &written.lines {
        form = form.with("lines", line);
    }
    for one in &written.members {
        form = form.with("member_name", &one.name).with("member_age", &one.age);
        form = form.with("member_relation", &one.relation).with("member_unit", &one.unit);
        form = form.with("member_phone", &one.phone).with("member_work", &one.work);
        form = form.with("member_education", &one.education);
        form = form.with("member_income", &one.income).with("member_health", &one.health);
    }
    form
}

/// `GET /hardship/rounds/{id}/new`
pub async fn new(
    desk: DeskRequest,
    id: web::Path<RowId>,
    which: web::Query<Which>,
) -> AppResult<HttpResponse> {
    desk.show(&new_page(&desk, *id, which.of).await?)
}

/// `POST /hardship/rounds/{id}/new`
pub async fn enter(desk: DeskRequest, id: web::Path<RowId>, form: Form) -> AppResult<HttpResponse> {
    let (id, of) = (*id, form.0.id("of"));
    desk.submit(form, new_page(&desk, id, of), async |form| {
        let of = match of {
            Some(id) => Some(Seen { id, version: form.version()? }),
            None => None,
        };
        let typed = form::read(form, &desk.app.policy(), desk.today())?;
        let (key, who) = (form.key(), Who::Desk(false));
        let made = desk
            .act("application", move |act| steps::enter(act, &key, (&who, id), (&typed, of)))
            .await?;
        desk.app.note_change();
        let to = made.map_or_else(|| format!("/hardship/rounds/{id}"), |id| format!("{PATH}/{id}"));
        Ok(Done::to(to, "申请已登记"))
    })
    .await
}

/// A step in words.
#[derive(Serialize)]
struct StepLine {
    #[serde(flatten)]
    step: StepDone,
    words: &'static str,
}

#[derive(Serialize)]
pub struct ApplicationPage {
    application: Application,
    round: Round,
    words: String,
    state: &'static str,
    signer: &'static str,
    written: Written,
    classes: Vec<String>,
    lines: Vec<(u8, String, String)>,
    steps: Vec<StepLine>,
    /// Received lists on which the pupil stands: hints, for the desk alone.
    on_lists: Vec<OnList>,
    /// What may be done now, the usual first.
    moves: Vec<Choice>,
    levels: Vec<Choice>,
    can_correct: bool,
    recheck: &'static str,
    results: Vec<Choice>,
    today: NaiveDate,
    office: String,
    phone: String,
}

impl ApplicationPage {
    pub fn round(&self) -> &Round {
        &self.round
    }

    /// A letter is written when there is a result.
    pub fn can_be_told(&self) -> AppResult<()> {
        let has_result = matches!(self.application.state, State::Recognised | State::Refused);
        if has_result { Ok(()) } else { Err(AppError::NotFound) }
    }
}

impl FormPage for ApplicationPage {
    const TEMPLATE: &'static str = "recognition/one.html";
    const REFUSED_AT: &'static str = "opinion";

    fn fields(&self) -> Fields {
        Fields::default().with("on_day", self.today).with("level", &self.application.level)
    }
}

/// What a page of an application is made of.
pub type Facts = (Application, Round, Vec<StepDone>);

pub fn facts(db: &mut Db, scope: &Scope, id: RowId) -> AppResult<Facts> {
    let one = records::application(db, scope, id)?;
    let round = records::round(db, scope, one.round_id)?;
    let steps = records::steps(db, scope, &[id])?;
    Ok((one, round, steps))
}

pub(super) async fn page(desk: &DeskRequest, id: RowId) -> AppResult<ApplicationPage> {
    let (found, on_lists) = desk
        .read(move |db, scope| {
            let found = facts(db, scope, id)?;
            let whom = (found.0.id_index.as_slice(), found.1.year);
            let on_lists = hardship::on_lists(db, scope, whom)?;
            Ok((found, on_lists))
        })
        .await?;
    let page = ApplicationPage::of(&desk.app, &desk.me.office, found, |step| {
        step.is_of_school() || step == Step::County
    })?;
    Ok(ApplicationPage { on_lists, ..page })
}

impl ApplicationPage {
    /// The page for somebody who may take these steps.
    pub fn of(
        app: &App,
        office: &Office,
        (application, round, steps): Facts,
        may: fn(Step) -> bool,
    ) -> AppResult<ApplicationPage> {
        let (today, policy) = (app.clock.today(), app.policy());
        let written = application.written(&app.sealer)?;
        let classes = written.classes.iter().filter_map(|key| policy.hardship_class(key));
        let index = policy.hardship_lines(application.applied_on);
        let lines = index.iter().filter(|line| written.lines.contains(&line.line));
        let is_open = round.filed_no.is_none() && application.state != State::Public;
        let moves = Step::ALL
            .iter()
            .copied()
            .filter(|step| is_open && may(*step) && after(application.state, *step).is_some());
        Ok(ApplicationPage {
            words: round_words(round.year, round.term),
            state: application.state.in_words(),
            signer: application.signed_by.in_words(),
            classes: classes.map(|class| class.name.clone()).collect(),
            lines: lines
                .map(|line| (line.line, line.text.clone(), line.evidence.clone()))
                .collect(),
            steps: steps
                .into_iter()
                .map(|step| StepLine { words: step.step.in_words(), step })
                .collect(),
            on_lists: Vec::new(),
            moves: moves.map(Choice::from).collect(),
            levels: form::levels(&policy, today, "还没有定"),
            can_correct: is_open && after(application.state, Step::Apply).is_some(),
            recheck: application.recheck.in_words(),
            results: Choice::all(&[Recheck::Same, Recheck::Changed]),
            office: office.name.clone(),
            phone: office.phone.clone(),
            today,
            written,
            application,
            round,
        })
    }
}

/// `GET /hardship/applications/{id}`
pub async fn show(desk: DeskRequest, id: web::Path<RowId>) -> AppResult<HttpResponse> {
    desk.show(&page(&desk, *id).await?)
}

/// `POST /hardship/applications/{id}`: a step, or what the yearly check has found.
pub async fn step(desk: DeskRequest, id: web::Path<RowId>, form: Form) -> AppResult<HttpResponse> {
    let id = *id;
    desk.submit(form, page(&desk, id), async |form| {
        let seen = Seen { id, version: form.version()? };
        let today = desk.today();
        if form.has("found") {
            let known = [Recheck::Same, Recheck::Changed];
            let read = |text: &str| Recheck::from_text(text).filter(|one| known.contains(one));
            let found = form.choice("found", read, "请选复查结果");
            let note = form.text("note", 200);
            form.required("note", "请写怎么查的，例如：电话问过家长，情况一样");
            let (key, found) = (form.key(), form.checked(found)?);
            desk.act("recheck", move |act| round_steps::recheck(act, &key, seen, (found, &note)))
                .await?;
            return Ok(Done::to(format!("{PATH}/{id}"), "复查结果已登记"));
        }
        let step = form.choice("step", Step::from_text, "请选做哪一步");
        form::read_level(form, "level", &desk.app.policy(), today);
        let step = form.checked(step)?;
        let opinion = read_opinion(form, step, today)?;
        let (key, who) = (form.key(), Who::Desk(desk.me.may(Right::Review)));
        desk.act("step", move |act| steps::step(act, &key, (&who, seen), &opinion)).await?;
        desk.app.note_change();
        Ok(Done::to(format!("{PATH}/{id}"), format!("{}已登记", step.in_words())))
    })
    .await
}
