//! `/l/pre-applications` 预申请: a high school's own candidates of the year. It enters them, changes
//! and withdraws them while the county has not decided, hands them in, and prints the table that it
//! seals. Another school's are not found; every look is written down.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::school::{act, answer, own_school, show_page};
use crate::app::App;
use crate::base::dates::in_words;
use crate::base::ids::{PersonId, RowId};
use crate::book::act::Act;
use crate::book::audit_log::AuditEntry;
use crate::book::person::{self, PhoneState};
use crate::error::{AppError, AppResult};
use crate::life::preapplication::rules::State;
use crate::life::preapplication::school::{self, Window};
use crate::life::preapplication::store::{self, Preapplication};
use crate::life::preapplication::survey::NOT_REPORTED;
use crate::life::preapplication::survey_store::{self, Survey};
use crate::web::fields::{Fields, Seen};
use crate::web::session::liaison::{LiaisonForm, LiaisonIn};
use crate::web::shell::phone;

pub const HOME: &str = "/l/pre-applications";
const LIST: &str = "l/preapplications.html";
const ONE: &str = "l/preapplication.html";
/// Longest opinion of a school in characters.
const OPINION_MAX: usize = 60;

/// A candidate as the school sees it.
#[derive(Clone, Serialize)]
struct Candidate {
    #[serde(flatten)]
    row: Preapplication,
    name: String,
    id_mask: String,
    phones: Vec<String>,
    state: &'static str,
    is_decided: bool,
}

/// The candidates of a school, or those of them that are asked for; written down.
async fn candidates(
    app: &App,
    me: &LiaisonIn,
    (what, only): (&'static str, Option<RowId>),
) -> AppResult<(Window, Vec<Candidate>)> {
    let school = own_school(me)?;
    let account = me.account.clone();
    let read = move |act: &mut Act<'_>| {
        let window = Window::on(&act.policy(), act.scope.own(), act.today);
        let mut rows = store::of_school(act.db, act.scope, (&school, window.year))?;
        rows.retain(|row| only.is_none_or(|id| row.id == id));
        let ids: Vec<PersonId> = rows.iter().map(|row| row.person_id).collect();
        let people = person::by_ids(act.db, act.scope, &ids)?;
        let people: HashMap<_, _> = people.into_iter().map(|one| (one.id, one)).collect();
        let phones = person::phones_of(act.db, act.scope, &ids)?;
        let candidate = |row: Preapplication| {
            let person = people.get(&row.person_id);
            let own = phones.iter().filter(|p| p.person_id == row.person_id);
            let own = own.filter(|p| p.state != PhoneState::Dead);
            let state = State::of(&row.county_opinion);
            Candidate {
                name: person.map(|one| one.name.clone()).unwrap_or_default(),
                id_mask: person.map(|one| one.id_mask.clone()).unwrap_or_default(),
                phones: own.map(|phone| phone.phone_mask.clone()).collect(),
                state: if row.is_draft { "还没交" } else { state.in_words() },
                is_decided: state != State::Waiting,
                row,
            }
        };
        let all: Vec<Candidate> = rows.into_iter().map(candidate).collect();
        let summary = format!("联络员{}{what}，{} 人", account.name, all.len());
        act.audit(AuditEntry::of("liaison_listed", &account.where_at(), summary))?;
        Ok((window, all))
    };
    app.act((me.by(), me.scope.clone()), "a liaison looks at candidates", read).await
}

#[derive(Serialize)]
struct ListPage {
    place: String,
    name: String,
    year: i32,
    window: String,
    is_open: bool,
    message: &'static str,
    drafts: usize,
    /// What was reported in 需求调查.
    survey: String,
    is_reported: bool,
    candidates: Vec<Candidate>,
    key: String,
}

/// What a school has reported of a year.
pub async fn reported(app: &App, me: &LiaisonIn, year: i32) -> AppResult<Option<Survey>> {
    let (school, scope) = (own_school(me)?, me.scope.clone());
    app.read(move |db| survey_store::find(db, &scope, (&school, year))).await
}

async fn list_page(app: &App, me: &LiaisonIn, message: &'static str) -> AppResult<ListPage> {
    let (window, candidates) = candidates(app, me, ("看预申请名单", None)).await?;
    let reported = reported(app, me, window.year).await?;
    Ok(ListPage {
        place: me.account.where_at(),
        name: me.account.name.clone(),
        year: window.year,
        window: window.in_words(),
        is_open: window.is_open(),
        message,
        is_reported: reported.is_some(),
        survey: reported.map_or_else(|| NOT_REPORTED.to_owned(), |one| one.in_words()),
        drafts: candidates.iter().filter(|one| one.row.is_draft).count(),
        candidates,
        key: app.next_id().to_string(),
    })
}

/// What was done on the page before.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DoneParams {
    done: String,
}

impl DoneParams {
    fn in_words(&self) -> &'static str {
        match self.done.as_str() {
            "entered" => "已登记，还没有交给中心。全部登记完以后一起交。",
            "uploaded" => "表里的学生都已登记，还没有交给中心。核对以后一起交。",
            "changed" => "已改好。",
            "withdrawn" => "已撤回，中心看不到这名学生了。",
            "reported" => "需求调查已报给中心，截止以前可以重新报。",
            "handed_in" => "已交给中心，审核结果会显示在这里。请打印名单，盖章后交纸质的。",
            _ => "",
        }
    }
}

/// The list, and what was done.
pub fn done(what: &str) -> String {
    format!("{HOME}?done={what}")
}

/// `GET /l/pre-applications`
pub async fn list(
    app: web::Data<App>,
    me: LiaisonIn,
    req: HttpRequest,
    params: web::Query<DoneParams>,
) -> AppResult<HttpResponse> {
    if !me.account.own_password {
        return Ok(phone::to("/l/password"));
    }
    let page = list_page(&app, &me, params.in_words()).await?;
    let form = Fields::default().with("opinion", "情况属实，同意推荐");
    show_page((&app, &me, &req), LIST, page, (&form, None))
}

#[derive(Serialize)]
struct OnePage {
    place: String,
    year: i32,
    window: String,
    is_open: bool,
    families: Vec<String>,
    /// None on the form of a new one.
    candidate: Option<Candidate>,
    key: String,
}

async fn one_page(app: &App, me: &LiaisonIn, id: Option<RowId>) -> AppResult<OnePage> {
    own_school(me)?;
    let (policy, today) = (app.policy(), app.clock.today());
    let mut families = school::families(&policy, today);
    let candidate = match id {
        None => None,
        Some(id) => {
            let found = candidates(app, me, ("看一名学生的预申请", Some(id))).await?;
            Some(found.1.into_iter().next().ok_or(AppError::NotFound)?)
        }
    };
    let own = candidate.as_ref().map(|one| one.row.family_kind.clone()).unwrap_or_default();
    if !own.is_empty() && !families.contains(&own) {
        families.push(own);
    }
    let window = Window::on(&policy, me.scope.own(), today);
    Ok(OnePage {
        place: me.account.where_at(),
        year: window.year,
        window: window.in_words(),
        is_open: window.is_open(),
        families,
        candidate,
        key: app.next_id().to_string(),
    })
}

/// `GET /l/pre-applications/new`
pub async fn new(app: web::Data<App>, me: LiaisonIn, req: HttpRequest) -> AppResult<HttpResponse> {
    let page = one_page(&app, &me, None).await?;
    show_page((&app, &me, &req), ONE, page, (&Fields::default(), None))
}

/// `POST /l/pre-applications/new`
pub async fn enter(
    app: web::Data<App>,
    me: LiaisonIn,
    req: HttpRequest,
    form: LiaisonForm<Fields>,
) -> AppResult<HttpResponse> {
    let (mut form, own) = (form.0, own_school(&me)?);
    let taken = match school::read(&mut form, (&app.policy(), app.clock.today()), None) {
        Err(error) => Err(error),
        Ok(typed) => {
            let key = form.key();
            let enter = move |act: &mut Act<'_>| school::enter(act, &key, &own, &typed);
            act(&app, &me, "candidate of a school", enter).await
        }
    };
    let to = (done("entered"), ONE, "name");
    let page = one_page(&app, &me, None);
    answer((&app, &me, &req), (&to.0, to.1, to.2), (&form, taken), page).await
}

/// `GET /l/pre-applications/{id}`
pub async fn show(
    app: web::Data<App>,
    me: LiaisonIn,
    req: HttpRequest,
    id: web::Path<RowId>,
) -> AppResult<HttpResponse> {
    let page = one_page(&app, &me, Some(*id)).await?;
    let form = match &page.candidate {
        None => Fields::default(),
        Some(one) => Fields::default()
            .with("name", &one.name)
            .with("class_name", &one.row.class_name)
            .with("family_kind", &one.row.family_kind)
            .with("holds_grant", if one.row.holds_grant { "yes" } else { "no" }),
    };
    show_page((&app, &me, &req), ONE, page, (&form, None))
}

/// `POST /l/pre-applications/{id}`
pub async fn change(
    app: web::Data<App>,
    me: LiaisonIn,
    req: HttpRequest,
    id: web::Path<RowId>,
    form: LiaisonForm<Fields>,
) -> AppResult<HttpResponse> {
    let (mut form, id) = (form.0, *id);
    let taken = take_change(&app, &me, id, &mut form).await;
    let (to, page) = (done("changed"), one_page(&app, &me, Some(id)));
    answer((&app, &me, &req), (&to, ONE, "name"), (&form, taken), page).await
}

async fn take_change(app: &App, me: &LiaisonIn, id: RowId, form: &mut Fields) -> AppResult<()> {
    let own = own_school(me)?;
    let seen = Seen { id, version: form.version()? };
    let scope = me.scope.clone();
    let before = app.read(move |db| store::find(db, &scope, id)).await?;
    if before.high_school != own {
        return Err(AppError::NotFound);
    }
    let typed = school::read(form, (&app.policy(), app.clock.today()), Some(&before))?;
    let key = form.key();
    let change = move |act: &mut Act<'_>| school::change(act, &key, (&own, seen), &typed);
    act(app, me, "candidate changed", change).await
}

/// `POST /l/pre-applications/{id}/withdraw`
pub async fn withdraw(
    app: web::Data<App>,
    me: LiaisonIn,
    req: HttpRequest,
    id: web::Path<RowId>,
    form: LiaisonForm<Fields>,
) -> AppResult<HttpResponse> {
    let (form, id, own) = (form.0, *id, own_school(&me)?);
    let taken = match form.version() {
        Err(error) => Err(error),
        Ok(version) => {
            let (key, seen) = (form.key(), Seen { id, version });
            let take = move |act: &mut Act<'_>| school::withdraw(act, &key, (&own, seen));
            act(&app, &me, "candidate withdrawn", take).await
        }
    };
    let (to, page) = (done("withdrawn"), list_page(&app, &me, ""));
    answer((&app, &me, &req), (&to, LIST, "opinion"), (&form, taken), page).await
}

/// `POST /l/pre-applications/hand-in`
pub async fn hand_in(
    app: web::Data<App>,
    me: LiaisonIn,
    req: HttpRequest,
    form: LiaisonForm<Fields>,
) -> AppResult<HttpResponse> {
    let (mut form, own) = (form.0, own_school(&me)?);
    let opinion = form.text("opinion", OPINION_MAX);
    form.required("opinion", "请写学校意见，例如：情况属实，同意推荐");
    let taken = match form.check() {
        Err(error) => Err(error),
        Ok(()) => {
            let key = form.key();
            let take = move |act: &mut Act<'_>| school::hand_in(act, &key, &own, &opinion);
            act(&app, &me, "candidates handed in", take).await.map(drop)
        }
    };
    let (to, page) = (done("handed_in"), list_page(&app, &me, ""));
    answer((&app, &me, &req), (&to, LIST, "opinion"), (&form, taken), page).await
}

#[derive(Serialize)]
struct TablePage {
    place: String,
    office: String,
    year: i32,
    today: String,
    by: String,
    grants: usize,
    candidates: Vec<Candidate>,
}

/// `GET /l/pre-applications/table`: A4, to be sealed.
pub async fn table(
    app: web::Data<App>,
    me: LiaisonIn,
    req: HttpRequest,
) -> AppResult<HttpResponse> {
    let (window, candidates) = candidates(&app, &me, ("打印预申请名单", None)).await?;
    let page = TablePage {
        place: me.account.where_at(),
        office: me.office.name.clone(),
        year: window.year,
        today: in_words(app.clock.today(), chrono::NaiveDate::MIN),
        by: me.account.name.clone(),
        grants: candidates.iter().filter(|one| one.row.holds_grant).count(),
        candidates,
    };
    let form = Fields::default();
    show_page((&app, &me, &req), "l/preapplication_table.html", page, (&form, None))
}
