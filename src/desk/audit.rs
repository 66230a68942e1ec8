//! `/audit` 操作留痕: who did what, newest first, filtered by day, person, action and loan file.
//! Read only; paging by key, so that a new line never shifts what is being read.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Duration, NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde::Serialize;

use crate::app::App;
use crate::base::dates;
use crate::base::ids::{FileId, StaffId};
use crate::base::scope::Scope;
use crate::book::audit_log::{self, ACTIONS, Entry};
use crate::book::liaison;
use crate::book::staff;
use crate::error::{AppResult, FieldError};
use crate::plumbing::db::Db;
use crate::plumbing::schema::loan_file;
use crate::web::form::is_part;
use crate::web::list::declare::{Columns, List, Tables};
use crate::web::list::kit::{Condition, Keyset, Page, Term, Value};
use crate::web::list::params::Params as _;
use crate::web::session::SignedIn;
use crate::web::shell;

const PATH: &str = "/audit";
/// Before the name of a liaison in the filter; without it stands the number of a member of staff.
const LIAISON: &str = "l:";
/// Lines on a page.
const LINES: i64 = 50;

crate::list_params! { ListParams { from, to, person, action, file } }

/// Lines of the history, the newest first; a part that is none does not narrow them.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    pub from: Option<NaiveDateTime>,
    pub until: Option<NaiveDateTime>,
    pub staff_id: Option<StaffId>,
    /// By this name of somebody who is not staff: a liaison.
    pub name: Option<String>,
    pub action: Option<String>,
    pub file_id: Option<FileId>,
}

impl List for AuditFilter {
    type Row = Entry;

    fn tables(&self) -> Tables {
        Tables("history", "history.office_code")
    }

    fn columns() -> impl Columns<Entry> {
        Entry::as_select()
    }

    fn condition(&self) -> Condition {
        let bind = |text: &str, value: Option<Value>| Some(Condition::new(text).bind(value?));
        let of = [
            bind("history.at >= ?", self.from.map(Value::from)),
            bind("history.at < ?", self.until.map(Value::from)),
            bind("history.staff_id = ?", self.staff_id.map(|id| id.get().into())),
            bind(
                "history.staff_id IS NULL AND history.staff_name = ?",
                self.name.as_ref().map(Value::from),
            ),
            bind("history.action = ?", self.action.as_ref().map(Value::from)),
            bind("history.file_id = ?", self.file_id.map(|id| id.get().into())),
        ];
        Condition::all(of.into_iter().flatten())
    }

    fn order(&self) -> Keyset<Entry> {
        const ID: Term<Entry> = Term::whole("history.id", |entry| entry.id.into());
        const { Keyset(&[ID.largest_first()]) }
    }
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
    params: ListParams,
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
    params: web::Query<ListParams>,
) -> AppResult<HttpResponse> {
    let (scope, params) = (me.scope.clone(), params.into_inner());
    let page = app.read(move |db| gather(db, &scope, params)).await?;
    let template = if is_part(&req) { "desk/_audit_list.html" } else { "desk/audit.html" };
    if page.errors.is_empty() {
        shell::page(&app, &me, &req, template, page)
    } else {
        shell::refused(&app, &me, &req, template, page)
    }
}

fn gather(db: &mut Db, scope: &Scope, params: ListParams) -> AppResult<AuditPage> {
    let mut errors = Vec::new();
    let file_no = params.file.trim().to_uppercase();
    let file = match file_no.as_str() {
        "" => None,
        given => {
            let found = loan_file::table
                .filter(scope.holds(loan_file::office_code))
                .filter(loan_file::file_no.eq(given))
                .select(loan_file::id)
                .first::<FileId>(db)
                .optional()?;
            if found.is_none() {
                errors.push(error("file", format!("没有档案号 {given}，请对照档案重输")));
            }
            found
        }
    };
    let from = day(&params.from, "from", &mut errors);
    let to = day(&params.to, "to", &mut errors);
    let filter = AuditFilter {
        from: from.map(dates::starts_at),
        until: to.and_then(|to| to.checked_add_signed(Duration::days(1))).map(dates::starts_at),
        staff_id: params.person.parse().ok().map(StaffId::new),
        name: params.person.strip_prefix(LIAISON).map(str::to_owned),
        action: Some(params.action.clone()).filter(|action| !action.is_empty()),
        file_id: file,
    };
    // In this address `before` means older, which in this order is after.
    let side = filter.order().side(&params.before, "");
    let found = match errors.is_empty() {
        true => filter.page(db, scope, &side, LINES)?,
        false => Page::default(),
    };
    let next = found.after.as_ref().map(|id| params.link(PATH, &[("before", id)]));
    let first = (!params.before.is_empty()).then(|| params.link(PATH, &[]));
    let (chain_no, waiting) = audit_log::chain_progress(db, scope.own())?;
    let verified = audit_log::last_verified(db, scope.own())?.map(|(holds, number, at)| Verified {
        holds,
        number,
        at: crate::base::dates::minute(at),
    });
    let people = staff::all(db, scope)?;
    let liaisons = liaison::all(db, scope)?.into_iter().map(|one| one.called());
    let file_nos = numbers_of(db, scope, &found.rows)?;
    Ok(AuditPage {
        filtered: params.is_narrowed(&[]),
        people: std::iter::once(choice("", "所有人"))
            .chain(people.iter().map(|one| choice(&one.id.to_string(), &one.name)))
            .chain(liaisons.map(|name| choice(&format!("{LIAISON}{name}"), &name)))
            .collect(),
        actions: std::iter::once(choice("", "所有操作"))
            .chain(ACTIONS.iter().map(|(value, text)| choice(value, text)))
            .collect(),
        lines: found.rows.into_iter().map(|entry| line(entry, &file_nos)).collect(),
        chain_no,
        waiting,
        verified,
        first,
        next,
        errors,
        params,
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

fn numbers_of(db: &mut Db, scope: &Scope, entries: &[Entry]) -> AppResult<Vec<(FileId, String)>> {
    let ids: Vec<FileId> = entries.iter().filter_map(|entry| entry.file_id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(loan_file::table
        .filter(scope.holds(loan_file::office_code))
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
        action: audit_log::in_words(&entry.action).to_owned(),
        summary: entry.summary,
        reason: entry.reason,
        file_no,
        chain_no: entry.chain_no,
    }
}
