//! The way in: an identity number, then the one-time code that was sent to the phone on file.
//!
//! Whatever is typed, the answer is the same and costs the same: the same page, a row for a code,
//! a cookie. Only who is known and has a mobile number on file gets a message. An attempt is
//! counted before it is looked at, for the identity number and for the sender's address.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::USER_AGENT;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::account::{self, Party};
use super::ceiling;
use super::code::{self, NewCode, Typed};
use super::send;
use crate::app::App;
use crate::base::hex::{hash_of, random_hex};
use crate::base::id_number::IdNumber;
use crate::base::ids::{FileId, PersonId};
use crate::base::phone_number::{PhoneKind, PhoneNumber};
use crate::base::scope::Scope;
use crate::book::audit_log::{self, Actor, AuditEntry};
use crate::book::office::{self, Office};
use crate::book::person::{self, Phone, PhoneState};
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::{Field, Sealer};
use crate::plumbing::db::Db;
use crate::plumbing::outbox;
use crate::plumbing::restored;
use crate::plumbing::schema::person as people;
use crate::web::body::equal;
use crate::web::fields::Fields;
use crate::web::form::OpenForm;
use crate::web::middleware::{address_of, network_of};
use crate::web::session::borrower::{self, BorrowerForm, BorrowerIn, COOKIE};
use crate::web::session::device;
use crate::web::session::guard::{self, Attempt, Kind, Subjects, Whom};
use crate::web::session::{self, NewSession};
use crate::web::shell::phone;

/// The token of the forms before the sign-in.
const FORM_COOKIE: &str = "zhuxue_m_in";
/// Names the code this browser has asked for.
const CODE_COOKIE: &str = "zhuxue_m_code";
/// How long both cookies live.
const COOKIE_MINUTES: i64 = 30;

/// What `m/sign_in.html` shows.
#[derive(Debug, Serialize)]
struct SignInPage {
    token: String,
    id_number: String,
    office_code: String,
    offices: Vec<Office>,
    problem: Option<String>,
    signed_out: bool,
}

/// What `m/code.html` shows.
#[derive(Debug, Serialize)]
struct CodePage {
    token: String,
    minutes: i64,
    offices: Vec<Office>,
    problem: Option<String>,
    /// Typing another one makes no sense: a new one has to be asked for.
    over: bool,
}

/// `?out`: there when somebody has just signed out.
#[derive(Debug, Deserialize)]
pub struct PageParams {
    out: Option<String>,
}

/// The token of a form before the sign-in.
pub fn token_of(req: &HttpRequest) -> AppResult<String> {
    // A second tab keeps the token of the first.
    match req.cookie(FORM_COOKIE) {
        Some(cookie) if cookie.value().len() == 64 => Ok(cookie.value().to_owned()),
        _ => random_hex(32),
    }
}

/// The form brings back the token that the browser keeps.
pub fn is_our_form(req: &HttpRequest, token: &str) -> bool {
    let cookie = req.cookie(FORM_COOKIE).map(|cookie| cookie.value().to_owned());
    equal(token, &cookie.unwrap_or_default())
}

/// Has the browser keep the token of a form.
pub fn keep_token(answer: &mut HttpResponse, app: &App, token: String) {
    phone::set_cookie(answer, app, (FORM_COOKIE, token), COOKIE_MINUTES);
}

/// `GET /m/sign-in`
pub async fn show(
    app: web::Data<App>,
    req: HttpRequest,
    params: web::Query<PageParams>,
) -> AppResult<HttpResponse> {
    if session::signed_in::<BorrowerIn>(&req).await.is_ok() {
        return Ok(phone::to("/m"));
    }
    sign_in_page(&app, &req, StatusCode::OK, &Ask::default(), None, params.out.is_some()).await
}

async fn sign_in_page(
    app: &App,
    req: &HttpRequest,
    status: StatusCode,
    typed: &Ask,
    problem: Option<String>,
    signed_out: bool,
) -> AppResult<HttpResponse> {
    let offices = phone::offices(app).await?;
    let page = SignInPage {
        token: token_of(req)?,
        id_number: typed.id_number.clone(),
        office_code: typed.office.clone(),
        offices,
        problem,
        signed_out,
    };
    let mut answer = phone::open_page(status, app, req, &page.offices, "m/sign_in.html", &page)?;
    keep_token(&mut answer, app, page.token);
    Ok(answer)
}

/// The form with the identity number.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Ask {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    id_number: String,
    /// Code of an office; empty: whichever knows the person.
    #[serde(default)]
    office: String,
}

/// What the database made of a wish for a code.
enum Given {
    Taken,
    NotBefore(NaiveDateTime),
    /// All codes of the hour or day have been given out.
    NoneLeft(NaiveDateTime),
}

/// `POST /m/sign-in`: asks for a code.
pub async fn ask(
    app: web::Data<App>,
    req: HttpRequest,
    form: OpenForm<Ask>,
) -> AppResult<HttpResponse> {
    let typed = form.0;
    let refuse =
        |problem: String, status| sign_in_page(&app, &req, status, &typed, Some(problem), false);
    if !is_our_form(&req, &typed.csrf) {
        let problem = "页面开得太久，请再填一次".to_owned();
        return refuse(problem, StatusCode::FORBIDDEN).await;
    }
    let number = match IdNumber::parse(&typed.id_number, app.clock.today()) {
        Ok(parsed) => parsed.number,
        Err(_) => {
            let problem = "身份证号不对，请对照身份证再填一次，共 18 位".to_owned();
            return refuse(problem, StatusCode::UNPROCESSABLE_ENTITY).await;
        }
    };
    if app.read(restored::get).await?.is_some() {
        let problem = "系统正在恢复，暂时发不出验证码，请过一会儿再来，或者打电话给我们".to_owned();
        return refuse(problem, StatusCode::SERVICE_UNAVAILABLE).await;
    }
    let subject = app.sealer.index(Field::IdNumber, number.as_str());
    let whom = Whom::borrower(&subject);
    let subjects = Subjects::new(Kind::Code, &whom, &device::origin_of(&app, &req, &whom));
    let now = app.clock.now_at();
    let request = code::new_request()?;
    let digits = code::new_code()?;
    let (index, chosen, sealer) = (subject.clone(), typed.office.clone(), app.sealer.clone());
    let (office_code, known) = app.read(move |db| known(db, &sealer, &index, &chosen)).await?;
    let message = match &known {
        Some((office, phone)) => Some(send::code_message(&app, office, phone, &digits, now)?),
        // As much work as for somebody we know: the time it takes must not tell.
        None => send::nobodys(&app, &office_code, &digits, now).map(|_| None)?,
    };
    let new = NewCode {
        id: app.next_id(),
        office_code,
        person_id: known.map(|(_, phone)| phone.person_id),
        subject,
        request: request.clone(),
        code: digits,
    };
    let limit = app.policy().code_limit.on(app.clock.today()).clone();
    let given = app
        .write("sign-in code", move |db| {
            if let Some(until) = ceiling::reached(db, &limit, now)? {
                return Ok(Given::NoneLeft(until));
            }
            if let Attempt::Wait { until } = guard::attempt(db, &subjects, now)? {
                return Ok(Given::NotBefore(until));
            }
            code::add(db, &new, now)?;
            if let Some(message) = &message {
                outbox::add(db, std::slice::from_ref(message))?;
            }
            Ok(Given::Taken)
        })
        .await?;
    let refused = match given {
        Given::Taken => None,
        Given::NotBefore(at) => Some((at, too_often(at, now))),
        Given::NoneLeft(at) => Some((at, none_left(at, now))),
    };
    if let Some((at, problem)) = refused {
        let mut answer = refuse(problem, StatusCode::TOO_MANY_REQUESTS).await?;
        phone::retry_after(&mut answer, (at - now).num_seconds());
        return Ok(answer);
    }
    // Rung for everybody: whether it was answered says nothing.
    app.bell.notify();
    let mut answer = phone::to("/m/code");
    phone::set_cookie(&mut answer, &app, (CODE_COOKIE, request), COOKIE_MINUTES);
    Ok(answer)
}

fn too_often(at: NaiveDateTime, now: NaiveDateTime) -> String {
    let how_long = guard::wait_in_words(at, now);
    format!("验证码要得太勤，请 {how_long}后再试。刚收到的还能用，请回到上一页填写")
}

fn none_left(at: NaiveDateTime, now: NaiveDateTime) -> String {
    let later = if at - now > Duration::hours(2) {
        "明天再试".to_owned()
    } else {
        format!(" {}后再试", guard::wait_in_words(at, now))
    };
    format!("要验证码的人太多，现在发不出，请{later}；着急请打电话给中心")
}

/// The person's office and the phone that gets the code, when there is somebody with a file and a
/// mobile number on file; and the office in whose name a code is kept in any case.
fn known(
    db: &mut Db,
    sealer: &Sealer,
    index: &[u8],
    chosen: &str,
) -> AppResult<(String, Option<(Office, Phone)>)> {
    let offices = office::all(db)?;
    let any = offices.first().ok_or_else(|| AppError::refused("这里还没有设立资助中心"))?;
    let any = any.code.clone();
    let is_one = offices.iter().any(|office| office.code == chosen);
    let codes: Vec<&str> = offices
        .iter()
        .map(|office| office.code.as_str())
        .filter(|code| !is_one || *code == chosen)
        .collect();
    let found: Vec<(PersonId, String)> = people::table
        .filter(people::office_code.eq_any(codes))
        .filter(people::id_index.eq(index))
        .order(people::id.desc())
        .select((people::id, people::office_code))
        .load(db)?;
    for (person_id, office_code) in found {
        let scope = Scope::of(&office_code);
        let phone = mobile(db, sealer, &scope, person_id)?;
        let has_file = !account::parties(db, &scope, person_id)?.is_empty();
        let office = offices.iter().find(|office| office.code == office_code);
        if let (Some(phone), Some(office), true) = (phone, office, has_file) {
            return Ok((office_code, Some((office.clone(), phone))));
        }
    }
    Ok((any, None))
}

/// The newest mobile number on file.
pub fn mobile(
    db: &mut Db,
    sealer: &Sealer,
    scope: &Scope,
    person_id: PersonId,
) -> AppResult<Option<Phone>> {
    let mut phones = person::phones_of(db, scope, &[person_id])?;
    phones.retain(|phone| phone.state == PhoneState::OnFile);
    phones.sort_by_key(|phone| (phone.recorded_at, phone.id));
    for phone in phones.into_iter().rev() {
        let number = PhoneNumber::parse(&person::open_phone(sealer, &phone)?);
        if number.is_ok_and(|number| number.kind() == PhoneKind::Mobile) {
            return Ok(Some(phone));
        }
    }
    Ok(None)
}

/// `GET /m/code`
pub async fn show_code(app: web::Data<App>, req: HttpRequest) -> AppResult<HttpResponse> {
    if req.cookie(CODE_COOKIE).is_none() {
        return Ok(phone::to("/m/sign-in"));
    }
    code_page(&app, &req, StatusCode::OK, None, false).await
}

async fn code_page(
    app: &App,
    req: &HttpRequest,
    status: StatusCode,
    problem: Option<String>,
    over: bool,
) -> AppResult<HttpResponse> {
    let offices = phone::offices(app).await?;
    let minutes = code::GOOD_FOR_MINUTES;
    let page = CodePage { token: token_of(req)?, minutes, offices, problem, over };
    let mut answer = phone::open_page(status, app, req, &page.offices, "m/code.html", &page)?;
    keep_token(&mut answer, app, page.token);
    Ok(answer)
}

/// The form with the code.
#[derive(Debug, Deserialize)]
pub struct Enter {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    code: String,
}

enum Entered {
    In(Whom),
    Wrong(i32),
    Over,
    Wait(NaiveDateTime),
}

/// The digits of what was typed; full-width ones as well.
fn digits_of(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '0'..='9' => Some(c),
            '０'..='９' => char::from_u32(u32::from(c) - 0xFEE0),
            _ => None,
        })
        .take(12)
        .collect()
}

/// `POST /m/code`
pub async fn enter(
    app: web::Data<App>,
    req: HttpRequest,
    form: OpenForm<Enter>,
) -> AppResult<HttpResponse> {
    if !is_our_form(&req, &form.0.csrf) {
        let problem = Some("页面开得太久，请再填一次".to_owned());
        return code_page(&app, &req, StatusCode::FORBIDDEN, problem, false).await;
    }
    let Some(cookie) = req.cookie(CODE_COOKIE) else { return Ok(phone::to("/m/sign-in")) };
    let agent = req.headers().get(USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let new = NewSession::new(address_of(&req), agent)?;
    let session_cookie = new.cookie_named(COOKIE, &app.config);
    let attempt = Try {
        request: cookie.value().to_owned(),
        typed: digits_of(&form.0.code),
        address: network_of(&req),
        device: device::cookie_of(&req),
        sealer: app.sealer.clone(),
        before: req.cookie(COOKIE).map(|cookie| hash_of(cookie.value())),
        new,
        now: app.clock.now_at(),
        note_id: app.next_id(),
    };
    let now = attempt.now;
    let entered = app.write("borrower signs in", move |db| attempt.make(db)).await?;
    let bad = StatusCode::UNPROCESSABLE_ENTITY;
    match entered {
        Entered::Wrong(left) => {
            let problem = Some(format!("验证码不对，请看清短信再填，还可以试 {left} 次"));
            code_page(&app, &req, bad, problem, false).await
        }
        Entered::Over => {
            let problem = Some("这个验证码不能用了，请重新获取".to_owned());
            code_page(&app, &req, bad, problem, true).await
        }
        Entered::Wait(until) => {
            let how_long = guard::wait_in_words(until, now);
            let problem = Some(format!("输错的次数太多，请 {how_long}后再试"));
            let status = StatusCode::TOO_MANY_REQUESTS;
            let mut answer = code_page(&app, &req, status, problem, true).await?;
            phone::retry_after(&mut answer, (until - now).num_seconds());
            Ok(answer)
        }
        Entered::In(whom) => {
            let mut answer = phone::to("/m");
            if let Err(error) = answer.add_cookie(&session_cookie) {
                tracing::error!(%error, "a cookie cannot be written");
            }
            for used in [FORM_COOKIE, CODE_COOKIE] {
                phone::set_cookie(&mut answer, &app, (used, String::new()), 0);
            }
            device::remember(&app, &req, &mut answer, &whom)?;
            Ok(answer)
        }
    }
}

/// One code typed, with all that a retry of the write must find the same.
struct Try {
    request: String,
    typed: String,
    address: String,
    /// The cookie of a known browser.
    device: String,
    sealer: Arc<Sealer>,
    before: Option<Vec<u8>>,
    new: NewSession,
    now: NaiveDateTime,
    note_id: i64,
}

impl Try {
    fn make(&self, db: &mut Db) -> AppResult<Entered> {
        // Nothing can be guessed of a request that there is not, so it counts against nobody.
        let Some(subject) = code::subject_of(db, &self.request)? else { return Ok(Entered::Over) };
        let whom = Whom::borrower(&subject);
        let origin = device::origin(&self.sealer, &self.device, &self.address, &whom);
        let subjects = Subjects::new(Kind::CodeTyped, &Whom::request(&self.request), &origin);
        if let Attempt::Wait { until } = guard::attempt(db, &subjects, self.now)? {
            return Ok(Entered::Wait(until));
        }
        let (person_id, office_code) =
            match code::try_code(db, &self.request, &self.typed, self.now)? {
                Typed::Right { person_id, office_code } => (person_id, office_code),
                Typed::Wrong { left } => return Ok(Entered::Wrong(left)),
                Typed::Gone => return Ok(Entered::Over),
            };
        guard::succeeded(db, &subjects, self.now)?;
        guard::succeeded(db, &Subjects::new(Kind::Code, &whom, &origin), self.now)?;
        if let Some(before) = &self.before {
            session::revoke(db, before, self.now)?;
        }
        let scope = Scope::of(&office_code);
        let parties = account::parties(db, &scope, person_id)?;
        let only: Option<FileId> = match parties.as_slice() {
            [only] => Some(only.id),
            _ => None,
        };
        borrower::begin(db, (&office_code, person_id), only, &self.new, self.now)?;
        let name = person::find(db, &scope, person_id)?.name;
        if let Some(first) = parties.first() {
            let by = Actor::program("手机页面", &office_code);
            audit_log::append(db, &by, self.note_id, self.now, signed_in_note(first, &name))?;
        }
        Ok(Entered::In(whom))
    }
}

fn signed_in_note(party: &Party, name: &str) -> AuditEntry {
    let who = if party.own { "本人" } else { "共同借款人" };
    AuditEntry::of("borrower_signed_in", name, format!("{who}{name}用短信验证码登录了手机页面"))
        .on_file(party.id)
}

/// `POST /m/sign-out`
pub async fn sign_out(
    app: web::Data<App>,
    me: BorrowerIn,
    _checked: BorrowerForm<Fields>,
) -> AppResult<HttpResponse> {
    let now = app.clock.now_at();
    app.write("borrower signs out", move |db| session::revoke(db, &me.session, now)).await?;
    let mut answer = phone::to("/m/sign-in?out=1");
    phone::set_cookie(&mut answer, &app, (COOKIE, String::new()), 0);
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_found_in_what_people_type() {
        assert_eq!(digits_of(" 12 34-56 "), "123456");
        assert_eq!(digits_of("１２３４５６"), "123456");
        assert_eq!(digits_of("验证码123456，"), "123456");
    }
}
