//! `/audit` 操作留痕: who did what, newest first, filtered by day, person, action, loan file and
//! by whom it was about; a selection can be taken along as a workbook.
//! Read only; paging by key, so that a new line never shifts what is being read.

use std::collections::{BTreeSet, HashMap};

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Duration, NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde::Serialize;

use crate::base::choice::Choice;
use crate::base::dates::{self, DAY_OUTSIDE, is_outside, typed_day};
use crate::base::ids::{FileId, StaffId};
use crate::base::person_name::name_key;
use crate::base::scope::Scope;
use crate::book::audit_log::{self, ACTIONS, Entry};
use crate::book::liaison;
use crate::book::staff;
use crate::error::{AppError, AppResult, FieldError};
use crate::plumbing::any_of::AnyOfMethods as _;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::loan_file;
use crate::web::desk_request::DeskRequest;
use crate::web::form::is_part;
use crate::web::list::declare::{Columns, List, Tables};
use crate::web::list::export::{Column, ROWS_MAX, Workbook};
use crate::web::list::filter::anywhere;
use crate::web::list::kit::{Condition, Keyset, Page, Term, Value};
use crate::web::list::params::Params as _;
use crate::web::shell;

const PATH: &str = "/audit";
/// Before the name of a liaison in the filter; without it stands the number of a member of staff.
const LIAISON: &str = "l:";
/// Lines on a page.
const LINES: i64 = 50;

crate::list_params! {
    ListParams {
        from,
        to,
        person,
        action,
        file,
        /// Part of the name of whom it was about.
        about,
    }
}

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
    /// Part of the name of somebody it was done to: as it was written down, or as a borrower or
    /// co-borrower of the file is called now.
    pub about: Option<String>,
}

/// Files of people called so.
const OF_PEOPLE: &str = "history.file_id IN (SELECT loan_file.id FROM person JOIN loan_file ON \
     loan_file.person_id = person.id WHERE person.name_key LIKE ? ESCAPE '\\') \
     OR history.file_id IN (SELECT loan_file.id FROM person JOIN loan_file ON \
     loan_file.co_person_id = person.id WHERE person.name_key LIKE ? ESCAPE '\\') \
     OR history.subject LIKE ? ESCAPE '\\'";

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
        let about = self.about.as_ref().map(|name| {
            let key = anywhere(&name_key(name));
            Condition::new(OF_PEOPLE).bind(key.clone()).bind(key).bind(anywhere(name))
        });
        Condition::all(of.into_iter().chain([about]).flatten())
    }

    fn order(&self) -> Keyset<Entry> {
        const ID: Term<Entry> = Term::whole("history.id", |entry| entry.id.into());
        const { Keyset(&[ID.largest_first()]) }
    }
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
    actions: Vec<(&'static str, Vec<Choice>)>,
    export: String,
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
    desk: DeskRequest,
    req: HttpRequest,
    params: web::Query<ListParams>,
) -> AppResult<HttpResponse> {
    let page = desk.read(move |db, scope| gather(db, scope, params.into_inner())).await?;
    let template = if is_part(&req) { "desk/_audit_list.html" } else { "desk/audit.html" };
    if page.errors.is_empty() {
        desk.page(template, page)
    } else {
        shell::refused(&desk.app, &desk.me, &req, template, page)
    }
}

/// `GET /audit.xlsx`
pub async fn workbook(
    desk: DeskRequest,
    params: web::Query<ListParams>,
) -> AppResult<HttpResponse> {
    let (rows, file_nos) = desk
        .read(move |db, scope| {
            let mut errors = Vec::new();
            let filter = filter(db, scope, &params, &mut errors)?;
            if !errors.is_empty() {
                return Err(AppError::Invalid(errors));
            }
            let rows = filter.all(db, scope, ROWS_MAX)?;
            let file_nos = numbers_of(db, scope, &rows)?;
            Ok((rows, file_nos))
        })
        .await?;
    Workbook::new(&rows, &COLUMNS, &file_nos)
        .answer(&desk.app, &desk.me, ("操作留痕", "条"), "")
        .await
}

/// What is asked for; what cannot be understood is an error.
fn filter(
    db: &mut Db,
    scope: &Scope,
    params: &ListParams,
    errors: &mut Vec<FieldError>,
) -> AppResult<AuditFilter> {
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
    let from = day(&params.from, "from", errors);
    let to = day(&params.to, "to", errors);
    Ok(AuditFilter {
        from: from.map(dates::starts_at),
        until: to.and_then(|to| to.checked_add_signed(Duration::days(1))).map(dates::starts_at),
        staff_id: params.person.parse().ok().map(StaffId::new),
        name: params.person.strip_prefix(LIAISON).map(str::to_owned),
        action: Some(params.action.clone()).filter(|action| !action.is_empty()),
        file_id: file,
        about: Some(params.about.trim().to_owned()).filter(|name| !name.is_empty()),
    })
}

fn gather(db: &mut Db, scope: &Scope, params: ListParams) -> AppResult<AuditPage> {
    let mut errors = Vec::new();
    let filter = filter(db, scope, &params, &mut errors)?;
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
        people: std::iter::once(Choice::new("", "所有人"))
            .chain(people.iter().map(|one| Choice::new(one.id, &one.name)))
            .chain(liaisons.map(|name| Choice::new(format!("{LIAISON}{name}"), &name)))
            .collect(),
        actions: ACTIONS
            .iter()
            .map(|(name, of)| {
                (*name, of.iter().map(|(value, text)| Choice::new(value, text)).collect())
            })
            .collect(),
        export: params.link("/audit.xlsx", &[]),
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

fn error(field: &str, message: String) -> FieldError {
    FieldError { field: field.to_owned(), message }
}

fn day(text: &str, field: &str, errors: &mut Vec<FieldError>) -> Option<NaiveDate> {
    if text.is_empty() {
        return None;
    }
    let day = typed_day(text);
    if day.is_none() {
        let why = if is_outside(text) { DAY_OUTSIDE } else { "日期写成 2026-10-31 这样" };
        errors.push(error(field, why.to_owned()));
    }
    day
}

type Numbers = HashMap<FileId, String>;

const COLUMNS: [Column<Entry, Numbers>; 7] = [
    ("时间", 20, |row, _| dates::local(row.at).format("%Y-%m-%d %H:%M:%S").to_string().into()),
    ("人员", 10, |row, _| (&row.staff_name).into()),
    ("操作", 18, |row, _| audit_log::in_words(&row.action).into()),
    ("内容", 60, |row, _| (&row.summary).into()),
    ("原因", 30, |row, _| (&row.reason).into()),
    ("档案号", 14, |row, of| row.file_id.and_then(|id| of.get(&id)).into()),
    ("链上序号", 10, |row, _| row.chain_no.into()),
];

fn numbers_of(db: &mut Db, scope: &Scope, entries: &[Entry]) -> AppResult<Numbers> {
    let ids: BTreeSet<FileId> = entries.iter().filter_map(|entry| entry.file_id).collect();
    let ids: Vec<FileId> = ids.into_iter().collect();
    let mut found = Numbers::new();
    for chunk in ids.chunks(BINDS_MAX) {
        let rows: Vec<(FileId, String)> = loan_file::table
            .filter(scope.holds(loan_file::office_code))
            .filter(loan_file::id.any_of(chunk))
            .select((loan_file::id, loan_file::file_no))
            .load(db)?;
        found.extend(rows);
    }
    Ok(found)
}

fn line(entry: Entry, file_nos: &Numbers) -> Line {
    let local: NaiveDateTime = dates::local(entry.at);
    let file_no = entry.file_id.and_then(|id| file_nos.get(&id)).cloned();
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
