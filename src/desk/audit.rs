//! `/audit` 操作留痕: who did what, newest first, filtered by day, person, action and loan file.
//! Read only; paging by key, so that a new line never shifts what is being read.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Duration, NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde::{Deserialize, Deserializer, Serialize};

use crate::app::App;
use crate::base::dates;
use crate::base::ids::{FileId, StaffId};
use crate::book::history::{self, ACTIONS, AuditFilter, Entry};
use crate::book::liaison;
use crate::book::staff;
use crate::error::{AppResult, FieldError};
use crate::plumbing::db::Db;
use crate::plumbing::schema::loan_file;
use crate::web::form::is_part;
use crate::web::session::SignedIn;
use crate::web::shell;

/// Before the name of a liaison in the filter; without it stands the number of a member of staff.
const LIAISON: &str = "l:";
/// Lines on a page.
const LINES: i64 = 50;

/// The filter, as it stands in the URL.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Filter {
    from: String,
    to: String,
    person: String,
    action: String,
    file: String,
    #[serde(skip_serializing, deserialize_with = "number")]
    before: Option<i64>,
}

/// An empty parameter is no parameter.
fn number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    Ok(String::deserialize(from)?.parse().ok())
}

#[derive(Debug, Serialize)]
struct Choice {
    value: String,
    text: String,
}

#[derive(Debug, Serialize)]
struct Line {
    day: String,
    time: String,
    who: String,
    action: String,
    summary: String,
    reason: String,
    file_no: Option<String>,
    chain_no: Option<i64>,
}

/// What the last check of the chain found.
#[derive(Debug, Serialize)]
struct Verified {
    holds: bool,
    number: i64,
    at: String,
}

#[derive(Debug, Serialize)]
struct AuditPage {
    filter: Filter,
    filtered: bool,
    people: Vec<Choice>,
    actions: Vec<Choice>,
    lines: Vec<Line>,
    chain_no: i64,
    waiting: i64,
    verified: Option<Verified>,
    first: Option<String>,
    next: Option<String>,
    errors: Vec<FieldError>,
}

/// `GET /audit`
pub async fn list(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    filter: web::Query<Filter>,
) -> AppResult<HttpResponse> {
    let filter = filter.into_inner();
    let scope = me.scope.clone();
    let page = app.read(move |db| gather(db, &scope, filter)).await?;
    let template = if is_part(&req) { "desk/_audit_list.html" } else { "desk/audit.html" };
    if page.errors.is_empty() {
        shell::page(&app, &me, &req, template, page)
    } else {
        shell::refused(&app, &me, &req, template, page)
    }
}

fn gather(db: &mut Db, scope: &crate::base::scope::Scope, filter: Filter) -> AppResult<AuditPage> {
    let mut errors = Vec::new();
    let file_no = filter.file.trim().to_uppercase();
    let file = match file_no.as_str() {
        "" => None,
        wanted => {
            let found = loan_file::table
                .filter(loan_file::office_code.eq_any(scope.codes()))
                .filter(loan_file::file_no.eq(wanted))
                .select(loan_file::id)
                .first::<FileId>(db)
                .optional()?;
            if found.is_none() {
                errors.push(error("file", format!("没有档案号 {wanted}，请对照档案重输")));
            }
            found
        }
    };
    let from = day(&filter.from, "from", &mut errors);
    let to = day(&filter.to, "to", &mut errors);
    let wanted = AuditFilter {
        from: from.map(dates::starts_at),
        until: to.and_then(|to| to.checked_add_signed(Duration::days(1))).map(dates::starts_at),
        staff_id: filter.person.parse().ok().map(StaffId::new),
        name: filter.person.strip_prefix(LIAISON).map(str::to_owned),
        action: Some(filter.action.clone()).filter(|action| !action.is_empty()),
        file_id: file,
        before: filter.before,
    };
    let mut entries =
        if errors.is_empty() { history::list(db, scope, &wanted, LINES + 1)? } else { Vec::new() };
    let more = i64::try_from(entries.len()).unwrap_or(i64::MAX) > LINES;
    entries.truncate(usize::try_from(LINES).unwrap_or(usize::MAX));
    let query = serialized(&filter);
    let next =
        entries.last().filter(|_| more).map(|last| format!("/audit?{query}before={}", last.id));
    let first = filter.before.map(|_| format!("/audit?{query}"));
    let (chain_no, waiting) = history::chain_progress(db, scope.own())?;
    let verified = history::last_verified(db, scope.own())?.map(|(holds, number, at)| Verified {
        holds,
        number,
        at: crate::base::dates::minute(at),
    });
    let people = staff::all(db, scope)?;
    let liaisons = liaison::all(db, scope)?.into_iter().map(|one| one.called());
    let file_nos = numbers_of(db, &entries)?;
    Ok(AuditPage {
        filtered: !query.is_empty(),
        people: std::iter::once(choice("", "所有人"))
            .chain(people.iter().map(|one| choice(&one.id.to_string(), &one.name)))
            .chain(liaisons.map(|name| choice(&format!("{LIAISON}{name}"), &name)))
            .collect(),
        actions: std::iter::once(choice("", "所有操作"))
            .chain(ACTIONS.iter().map(|(value, text)| choice(value, text)))
            .collect(),
        lines: entries.into_iter().map(|entry| line(entry, &file_nos)).collect(),
        chain_no,
        waiting,
        verified,
        first,
        next,
        errors,
        filter,
    })
}

fn choice(value: &str, text: &str) -> Choice {
    Choice { value: value.to_owned(), text: text.to_owned() }
}

fn error(field: &str, message: String) -> FieldError {
    FieldError { field: field.to_owned(), message }
}

fn day(text: &str, field: &str, errors: &mut Vec<FieldError>) -> Option<NaiveDate> {
    if text.is_empty() {
        return None;
    }
    let day = text.parse().ok();
    if day.is_none() {
        errors.push(error(field, "日期写成 2026-10-31 这样".to_owned()));
    }
    day
}

/// `from=2026-10-01&person=3&`: the filter without the place in the list.
fn serialized(filter: &Filter) -> String {
    [
        ("from", &filter.from),
        ("to", &filter.to),
        ("person", &filter.person),
        ("action", &filter.action),
        ("file", &filter.file),
    ]
    .iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(name, value)| format!("{name}={}&", shell::encoded(value)))
    .collect()
}

fn numbers_of(db: &mut Db, entries: &[Entry]) -> AppResult<Vec<(FileId, String)>> {
    let ids: Vec<FileId> = entries.iter().filter_map(|entry| entry.file_id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(loan_file::table
        .filter(loan_file::id.eq_any(ids))
        .select((loan_file::id, loan_file::file_no))
        .load(db)?)
}

fn line(entry: Entry, file_nos: &[(FileId, String)]) -> Line {
    let local: NaiveDateTime = dates::local(entry.at);
    let file_no = entry
        .file_id
        .and_then(|id| file_nos.iter().find(|(known, _)| *known == id))
        .map(|(_, number)| number.clone());
    Line {
        day: local.date().to_string(),
        time: local.format("%H:%M:%S").to_string(),
        who: entry.staff_name,
        action: history::in_words(&entry.action).to_owned(),
        summary: entry.summary,
        reason: entry.reason,
        file_no,
        chain_no: entry.chain_no,
    }
}
