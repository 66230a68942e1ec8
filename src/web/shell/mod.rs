//! The shell around every desk page: menu, search box, who is signed in, the day.
//!
//! A handler gathers a page struct and ends with [`page`]; its template begins
//! `{% extends "_shell.html" %}{% set nav = "loans" %}` and finds the struct as `page` and the
//! shell as `shell` (`shell.csrf` for forms).

pub mod counts;
pub mod phone;

use actix_web::cookie::Cookie;
use actix_web::cookie::time::Duration;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, LOCATION, VARY};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::shell::counts::Count;
use crate::app::App;
use crate::base::dates;
use crate::book::staff::Right;
use crate::error::AppResult;
use crate::web::session::{SignedIn, cookie};
use crate::web::shell::counts::Counts;
use crate::web::waiting;

/// The cookie that carries one sentence ("已保存") over the redirect after a form.
const FLASH: &str = "zhuxue_flash";

/// What `_shell.html` shows around a page.
#[derive(Debug, Serialize)]
pub struct Shell {
    /// `乐至县学生资助管理中心`.
    pub office: String,
    /// Telephone of the office.
    pub office_phone: String,
    /// The signed-in person's name.
    pub name: String,
    /// Its first character, for the round badge.
    pub initial: String,
    /// `经办`.
    pub role: &'static str,
    /// What every form brings back in its hidden field `csrf`.
    pub csrf: String,
    /// Today, `2026-10-31`.
    pub today: String,
    /// `演示日期 2026年10月31日` when the clock is not the machine's.
    pub clock_note: Option<String>,
    /// `银行数据截至 2026年10月31日`
    pub bank_data: String,
    /// The bank has told of payments: before that nothing is late, and lists have nothing to say.
    pub has_bank_data: bool,
    /// Where the program is found; on papers and in messages.
    pub public_url: String,
    /// Nobody but this machine can open that address.
    pub local_only: bool,
    /// One sentence about what was just done.
    pub flash: Option<String>,
    /// Who is signed in; what was typed in this browser is theirs alone.
    pub staff: String,
    /// In so many seconds the session is over, unless something is done.
    pub ends_in_s: i64,
    /// Counts beside the menu's entries.
    pub counts: Count,
    /// What rings for this person: how many, what, where.
    pub bell: Vec<(i64, &'static str, &'static str)>,
    pub bell_count: i64,
    /// What this person may do; the menu shows only that.
    pub may: May,
}

/// The rights of the signed-in person, for templates.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct May {
    /// [`Right::SeeLoans`]
    pub see_loans: bool,
    /// [`Right::RevealNumbers`]
    pub reveal: bool,
    /// [`Right::Import`]
    pub import: bool,
    /// [`Right::UndoImports`]
    pub undo_imports: bool,
    /// [`Right::PrintWorksheets`]
    pub print: bool,
    /// [`Right::EditPeople`]
    pub edit_people: bool,
    /// [`Right::ShareContacts`]
    pub share_contacts: bool,
    /// [`Right::FollowOverdue`]
    pub follow: bool,
    /// [`Right::ServeSeason`]
    pub serve: bool,
    /// [`Right::Review`]
    pub review: bool,
    /// [`Right::AllowPoliceStage`]
    pub allow_police: bool,
    /// [`Right::SeeHistory`]
    pub see_history: bool,
    /// [`Right::ReleaseMessages`]
    pub release: bool,
    /// [`Right::EditTexts`]
    pub edit_texts: bool,
    /// [`Right::ManageLiaisons`]
    pub manage_liaisons: bool,
    /// [`Right::ManageStaff`]
    pub manage_staff: bool,
    /// [`Right::ManageOffice`]
    pub manage_office: bool,
}

#[derive(Serialize)]
struct Context<'a, T> {
    shell: Option<Shell>,
    page: &'a T,
}

fn shell(app: &App, me: &SignedIn, req: &HttpRequest) -> Shell {
    let today = app.clock.today();
    let may = May {
        see_loans: me.may(Right::SeeLoans),
        reveal: me.may(Right::RevealNumbers),
        import: me.may(Right::Import),
        undo_imports: me.may(Right::UndoImports),
        print: me.may(Right::PrintWorksheets),
        edit_people: me.may(Right::EditPeople),
        share_contacts: me.may(Right::ShareContacts),
        follow: me.may(Right::FollowOverdue),
        serve: me.may(Right::ServeSeason),
        review: me.may(Right::Review),
        allow_police: me.may(Right::AllowPoliceStage),
        see_history: me.may(Right::SeeHistory),
        release: me.may(Right::ReleaseMessages),
        edit_texts: me.may(Right::EditTexts),
        manage_liaisons: me.may(Right::ManageLiaisons),
        manage_staff: me.may(Right::ManageStaff),
        manage_office: me.may(Right::ManageOffice),
    };
    let counts =
        if may.see_loans { Counts::of(app).menu(app, &me.office.code) } else { Count::default() };
    let bell = waiting::of(&counts.waiting, me);
    Shell {
        staff: me.staff_id.to_string(),
        ends_in_s: me.ends_in_s(app),
        bell_count: bell.iter().map(|line| line.count).sum(),
        bell: bell.into_iter().map(|line| (line.count, line.what, line.link)).collect(),
        office: me.office.name.clone(),
        office_phone: me.office.phone.clone(),
        name: me.name.clone(),
        initial: me.name.chars().take(1).collect(),
        role: me.role.in_words(),
        csrf: me.csrf.clone(),
        today: today.to_string(),
        clock_note: app
            .clock
            .is_shifted()
            .then(|| format!("演示日期 {}", dates::in_words(today, chrono::NaiveDate::MIN))),
        bank_data: me.bank_data.based_on(app.policy().assumed_in_arrears(today)),
        has_bank_data: me.bank_data.until.is_some(),
        public_url: app.config.public_url.clone(),
        local_only: app.config.is_local() && !app.clock.is_shifted(),
        flash: req.cookie(FLASH).map(|cookie| decoded(cookie.value())),
        counts,
        may,
    }
}

/// Renders `template`; `me` is nobody on pages before the sign-in.
pub fn render<T: Serialize>(
    app: &App,
    me: Option<&SignedIn>,
    req: &HttpRequest,
    template: &str,
    page: &T,
) -> AppResult<String> {
    let shell = me.map(|me| shell(app, me, req));
    app.templates.render(template, Context { shell, page })
}

/// A page: `shell::page(&app, &me, &req, "loans/list.html", page)`.
pub fn page<T: Serialize>(
    app: &App,
    me: &SignedIn,
    req: &HttpRequest,
    template: &str,
    page: T,
) -> AppResult<HttpResponse> {
    page_as(StatusCode::OK, app, me, req, template, page)
}

/// A form shown again with what is wrong: 422.
pub fn refused<T: Serialize>(
    app: &App,
    me: &SignedIn,
    req: &HttpRequest,
    template: &str,
    page: T,
) -> AppResult<HttpResponse> {
    page_as(StatusCode::UNPROCESSABLE_ENTITY, app, me, req, template, page)
}

/// A page with another status (409: somebody saved first).
pub fn page_as<T: Serialize>(
    status: StatusCode,
    app: &App,
    me: &SignedIn,
    req: &HttpRequest,
    template: &str,
    page: T,
) -> AppResult<HttpResponse> {
    let text = render(app, Some(me), req, template, &page)?;
    let mut response =
        HttpResponse::build(status).content_type("text/html; charset=utf-8").body(text);
    response.headers_mut().insert(VARY, HeaderValue::from_static("HX-Request"));
    if req.cookie(FLASH).is_some() {
        let mut gone = cookie(FLASH, String::new(), &app.config);
        gone.make_removal();
        add_cookie(&mut response, &gone);
    }
    Ok(response)
}

/// A part of a page for htmx: the same context, no shell around it.
pub fn part<T: Serialize>(
    app: &App,
    me: &SignedIn,
    req: &HttpRequest,
    template: &str,
    page: T,
) -> AppResult<HttpResponse> {
    page_as(StatusCode::OK, app, me, req, template, page)
}

/// To another page of ours after a form was taken: 303, and one sentence shown there.
pub fn done(app: &App, to: &str, note: &str) -> AppResult<HttpResponse> {
    let mut response = HttpResponse::SeeOther().insert_header((LOCATION, to)).finish();
    if !note.is_empty() {
        let mut flash = cookie(FLASH, encoded(note), &app.config);
        flash.set_max_age(Duration::seconds(30));
        add_cookie(&mut response, &flash);
    }
    Ok(response)
}

/// Adds a cookie to a response.
pub fn add_cookie(response: &mut HttpResponse, cookie: &Cookie<'_>) {
    if let Err(error) = response.add_cookie(cookie) {
        tracing::error!(%error, "a cookie cannot be written");
    }
}

/// A text as part of a URL's query, or of a cookie.
pub fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// The reverse of [`encoded`]; what does not decode is left as it stands.
fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let byte = match (first, tail.split_first_chunk::<2>()) {
            (b'%', Some((digits, after))) => {
                let digits = std::str::from_utf8(digits).unwrap_or_default();
                u8::from_str_radix(digits, 16).ok().map(|byte| (byte, after))
            }
            _ => None,
        };
        let (byte, after) = byte.unwrap_or((*first, tail));
        out.push(byte);
        rest = after;
    }
    String::from_utf8(out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_survives_a_cookie() {
        for text in ["已保存：韦清越", "a b&c=%25", ""] {
            assert_eq!(decoded(&encoded(text)), text);
        }
        assert_eq!(decoded("%zz%"), "%zz%");
    }
}
