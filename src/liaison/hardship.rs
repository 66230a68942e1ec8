//! `/l/hardship` 困难认定: a school's own pupils. It enters applications and the opinions of class,
//! grade, school and village; what hangs, what is objected to and what is decided is the county's.
//! Another school's round is not found, whatever the address bar says; every look is written down.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::school::{act, answer, own_school, show_page};
use crate::app::App;
use crate::base::choice::Choice;
use crate::base::ids::RowId;
use crate::book::act::Act;
use crate::book::audit_log::AuditEntry;
use crate::error::{AppError, AppResult};
use crate::life::recognition::application::{self, ApplicationPage};
use crate::life::recognition::form::{self, Offered};
use crate::life::recognition::round::{classes, looks, read_opinion};
use crate::life::recognition::round_store::{self as records, Application, Round};
use crate::life::recognition::rules::{State, Step, round_words};
use crate::life::recognition::steps::{self, Who};
use crate::web::fields::{Fields, Seen};
use crate::web::session::liaison::{LiaisonForm, LiaisonIn};
use crate::web::shell::phone;

/// Where a form leads back to.
const HOME: &str = "/l/hardship";

/// The look that this school may take, and no other.
fn school(me: &LiaisonIn) -> AppResult<Who> {
    own_school(me).map(Who::School)
}

/// A round of the own school.
fn own(me: &LiaisonIn, round: Round) -> AppResult<Round> {
    if round.school == me.account.place { Ok(round) } else { Err(AppError::NotFound) }
}

#[derive(Serialize)]
struct Pupil {
    #[serde(flatten)]
    application: Application,
    words: &'static str,
}

#[derive(Serialize)]
struct OwnRound {
    round: Round,
    words: String,
    pupils: Vec<Pupil>,
    looks: Vec<Choice>,
    classes: Vec<String>,
    key: String,
}

#[derive(Serialize)]
struct ListPage {
    place: String,
    name: String,
    today: String,
    rounds: Vec<OwnRound>,
}

async fn list_page(app: &App, me: &LiaisonIn) -> AppResult<ListPage> {
    school(me)?;
    let account = me.account.clone();
    let rounds = app
        .act((me.by(), me.scope.clone()), "a liaison looks at pupils", move |act| {
            let mut all = Vec::new();
            for round in records::of_school(act.db, act.scope, &account.place)? {
                let pupils = records::of_round(act.db, act.scope, round.id)?;
                all.push((round, pupils));
            }
            let count: usize = all.iter().map(|(_, pupils)| pupils.len()).sum();
            let what = format!("联络员{}看困难认定名单，{count} 人", account.name);
            act.audit(AuditEntry::of("liaison_listed", &account.where_at(), what))?;
            Ok(all)
        })
        .await?;
    let key = app.next_id().to_string();
    let own = |(round, pupils): (Round, Vec<Application>)| {
        let (looks, classes) = (looks(&pupils), classes(&pupils));
        let pupil = |application: Application| {
            let words = application.state.in_words();
            Pupil { application, words }
        };
        OwnRound {
            words: round_words(round.year, round.term),
            pupils: pupils.into_iter().map(pupil).collect(),
            key: key.clone(),
            looks,
            classes,
            round,
        }
    };
    Ok(ListPage {
        place: me.account.where_at(),
        name: me.account.name.clone(),
        today: app.clock.today().to_string(),
        rounds: rounds.into_iter().map(own).collect(),
    })
}

/// `GET /l/hardship`
pub async fn list(app: web::Data<App>, me: LiaisonIn, req: HttpRequest) -> AppResult<HttpResponse> {
    if !me.account.own_password {
        return Ok(phone::to("/l/password"));
    }
    let page = list_page(&app, &me).await?;
    let form = Fields::default().with("on_day", &page.today);
    show_page((&app, &me, &req), "l/hardship.html", page, (&form, None))
}

/// `POST /l/hardship/rounds/{id}`: all of a class, or of the school, go a step.
pub async fn many(
    app: web::Data<App>,
    me: LiaisonIn,
    req: HttpRequest,
    id: web::Path<RowId>,
    form: LiaisonForm<Fields>,
) -> AppResult<HttpResponse> {
    let (mut form, id) = (form.0, *id);
    let done = take_many(&app, &me, id, &mut form).await;
    let page = list_page(&app, &me);
    answer((&app, &me, &req), (HOME, "l/hardship.html", "opinion"), (&form, done), page).await
}

async fn take_many(app: &App, me: &LiaisonIn, id: RowId, form: &mut Fields) -> AppResult<()> {
    let (who, today) = (school(me)?, app.clock.today());
    let known = |text: &str| Step::from_text(text).filter(|step| step.begins().is_some());
    let step = form.choice("step", known, "请选做哪一步");
    form::read_level(form, "level", &app.policy(), today);
    let step = form.checked(step)?;
    let opinion = read_opinion(form, step, today)?;
    let (key, class) = (form.key(), form.get("class").to_owned());
    let take = move |act: &mut Act<'_>| {
        let (_, left) = steps::step_many(act, &key, (&who, id, &class), &opinion)?;
        match left.into_iter().next() {
            None => Ok(()),
            // All or nothing, so that a teacher need not look for who is left out.
            Some((name, why)) => Err(AppError::refused(format!("{name}：{}", why.in_words()))),
        }
    };
    act(app, me, "steps of a school", take).await
}

#[derive(Serialize)]
struct NewPage {
    round: Round,
    words: String,
    offered: Offered,
}

async fn new_page(app: &App, me: &LiaisonIn, id: RowId) -> AppResult<NewPage> {
    school(me)?;
    let scope = me.scope.clone();
    let round = own(me, app.read(move |db| records::round(db, &scope, id)).await?)?;
    let offered = Offered::on(&app.policy(), app.clock.today());
    Ok(NewPage { words: round_words(round.year, round.term), offered, round })
}

/// `GET /l/hardship/rounds/{id}/new`
pub async fn new(
    app: web::Data<App>,
    me: LiaisonIn,
    req: HttpRequest,
    id: web::Path<RowId>,
) -> AppResult<HttpResponse> {
    let page = new_page(&app, &me, *id).await?;
    let form = Fields::default().with("applied_on", app.clock.today());
    show_page((&app, &me, &req), "l/hardship_new.html", page, (&form, None))
}

/// `POST /l/hardship/rounds/{id}/new`
pub async fn enter(
    app: web::Data<App>,
    me: LiaisonIn,
    req: HttpRequest,
    id: web::Path<RowId>,
    form: LiaisonForm<Fields>,
) -> AppResult<HttpResponse> {
    let (mut form, id, who) = (form.0, *id, school(&me)?);
    let done = match form::read(&mut form, &app.policy(), app.clock.today()) {
        Err(error) => Err(error),
        Ok(typed) => {
            let key = form.key();
            let enter =
                move |act: &mut Act<'_>| steps::enter(act, &key, (&who, id), (&typed, None));
            act(&app, &me, "application of a school", enter).await.map(drop)
        }
    };
    let page = new_page(&app, &me, id);
    answer((&app, &me, &req), (HOME, "l/hardship_new.html", "name"), (&form, done), page).await
}

async fn one_page(app: &App, me: &LiaisonIn, id: RowId) -> AppResult<ApplicationPage> {
    school(me)?;
    let account = me.account.clone();
    let facts = app
        .act((me.by(), me.scope.clone()), "a liaison looks at a pupil", move |act| {
            let facts = application::facts(act.db, act.scope, id)?;
            if facts.1.school != account.place {
                return Err(AppError::NotFound);
            }
            let what = format!("联络员{}看困难认定申请", account.name);
            act.audit(AuditEntry::of("liaison_looked", &facts.0.name, what))?;
            Ok(facts)
        })
        .await?;
    // What the county decides is no step of a school.
    let may: fn(Step) -> bool = match facts.0.state {
        State::Cleared => |_| false,
        _ => Step::is_of_school,
    };
    ApplicationPage::of(app, &me.office, facts, may)
}

/// `GET /l/hardship/applications/{id}`
pub async fn show(
    app: web::Data<App>,
    me: LiaisonIn,
    req: HttpRequest,
    id: web::Path<RowId>,
) -> AppResult<HttpResponse> {
    let page = one_page(&app, &me, *id).await?;
    let form = Fields::default().with("on_day", app.clock.today());
    show_page((&app, &me, &req), "l/hardship_one.html", page, (&form, None))
}

/// `POST /l/hardship/applications/{id}`
pub async fn step(
    app: web::Data<App>,
    me: LiaisonIn,
    req: HttpRequest,
    id: web::Path<RowId>,
    form: LiaisonForm<Fields>,
) -> AppResult<HttpResponse> {
    let (mut form, id) = (form.0, *id);
    let done = take_step(&app, &me, id, &mut form).await;
    let page = one_page(&app, &me, id);
    answer((&app, &me, &req), (HOME, "l/hardship_one.html", "opinion"), (&form, done), page).await
}

async fn take_step(app: &App, me: &LiaisonIn, id: RowId, form: &mut Fields) -> AppResult<()> {
    let (who, today) = (school(me)?, app.clock.today());
    let seen = Seen { id, version: form.version()? };
    let of_school = |text: &str| Step::from_text(text).filter(|step| step.is_of_school());
    let step = form.choice("step", of_school, "请选做哪一步");
    form::read_level(form, "level", &app.policy(), today);
    let step = form.checked(step)?;
    let opinion = read_opinion(form, step, today)?;
    let key = form.key();
    let take = move |act: &mut Act<'_>| steps::step(act, &key, (&who, seen), &opinion);
    act(app, me, "step of a school", take).await
}
