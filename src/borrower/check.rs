//! `/m/check`: is this message from you? Whoever types the code that is printed in each of our
//! messages learns that it is ours, of which kind and day, and to which masked number. Guessing
//! is slowed down for the sender's address.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::guess::{self, TooOften};
use super::sign_in::{is_our_form, keep_token, token_of};
use crate::app::App;
use crate::base::dates::{in_words, local};
use crate::book::notice::Reason;
use crate::book::office::Office;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::outbox::State;
use crate::plumbing::schema::message;
use crate::web::form::OpenForm;
use crate::web::shell::phone;

/// Codes have at least and at most so many characters.
const LENGTHS: std::ops::RangeInclusive<usize> = 4..=16;

/// A message of ours.
#[derive(Clone, Debug, Serialize)]
struct Ours {
    kind: &'static str,
    when: String,
    to: String,
    office: String,
}

/// What `m/check.html` shows.
#[derive(Debug, Default, Serialize)]
struct CheckPage {
    token: String,
    code: String,
    ours: Vec<Ours>,
    done: bool,
    problem: Option<String>,
}

/// `GET /m/check`
pub async fn show(app: web::Data<App>, req: HttpRequest) -> AppResult<HttpResponse> {
    answer(&app, &req, StatusCode::OK, CheckPage::default()).await
}

async fn answer(
    app: &App,
    req: &HttpRequest,
    status: StatusCode,
    mut page: CheckPage,
) -> AppResult<HttpResponse> {
    let offices = phone::offices(app).await?;
    page.token = token_of(req)?;
    let token = page.token.clone();
    let mut answer = phone::open_page(status, app, req, &offices, "m/check.html", &page)?;
    keep_token(&mut answer, app, token);
    Ok(answer)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    csrf: String,
    code: String,
}

/// Capitals and digits of what was typed.
fn plain(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '０'..='９' => char::from_u32(u32::from(c) - 0xFEE0),
            c if c.is_ascii_alphanumeric() => Some(c.to_ascii_uppercase()),
            _ => None,
        })
        .take(40)
        .collect()
}

/// `POST /m/check`
pub async fn submit(
    app: web::Data<App>,
    req: HttpRequest,
    form: OpenForm<Typed>,
) -> AppResult<HttpResponse> {
    let Typed { csrf, code } = form.0;
    let page = |problem: String| CheckPage {
        code: code.clone(),
        problem: Some(problem),
        ..CheckPage::default()
    };
    if !is_our_form(&req, &csrf) {
        let page = page("页面开得太久，请再填一次".to_owned());
        return answer(&app, &req, StatusCode::FORBIDDEN, page).await;
    }
    let plain_code = plain(&code);
    if !LENGTHS.contains(&plain_code.len()) {
        let page = page("请填短信末尾“核对码”后面的数字或字母".to_owned());
        return answer(&app, &req, StatusCode::UNPROCESSABLE_ENTITY, page).await;
    }
    let found = guess::lookup(&app, &req, "check a message", move |db, now| {
        let found = by_check_code(db, &plain_code, now)?;
        Ok((!found.is_empty()).then_some(found))
    });
    match found.await? {
        Err(TooOften { sentence, seconds }) => {
            let page = page(sentence);
            let mut answer = answer(&app, &req, StatusCode::TOO_MANY_REQUESTS, page).await?;
            phone::retry_after(&mut answer, seconds);
            Ok(answer)
        }
        Ok(found) => {
            let ours = found.unwrap_or_default();
            let page = CheckPage { code: code.clone(), ours, done: true, ..CheckPage::default() };
            answer(&app, &req, StatusCode::OK, page).await
        }
    }
}

/// The messages with this code that have left us.
fn by_check_code(db: &mut Db, code: &str, now: NaiveDateTime) -> AppResult<Vec<Ours>> {
    type Row = (String, String, Option<NaiveDateTime>, NaiveDateTime, String);
    let rows: Vec<Row> = message::table
        .filter(message::check_code.eq(code))
        .filter(message::state.ne_all([State::Held, State::Cancelled]))
        .order(message::id.desc())
        .limit(3)
        .select((
            message::reason,
            message::to_mask,
            message::sent_at,
            message::created_at,
            message::office_code,
        ))
        .load(db)?;
    let offices: Vec<Office> = crate::book::office::all(db)?;
    let today = local(now).date();
    Ok(rows
        .into_iter()
        .map(|(reason, to, sent_at, created_at, code)| {
            let on = local(sent_at.unwrap_or(created_at)).date();
            let office = offices.iter().find(|one| one.code == code);
            let office = office.map(|one| one.name.clone()).unwrap_or_default();
            Ours { kind: kind_of(&reason), when: in_words(on, today), to, office }
        })
        .collect())
}

/// The kind as pages call it; a message whose reason this program does not know is a notice.
fn kind_of(reason: &str) -> &'static str {
    Reason::from_text(reason).map_or("通知", Reason::in_words)
}
