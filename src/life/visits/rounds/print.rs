//! The plan of a day on A4, for two visitors: who is where, with room to write. No amounts.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::Timelike;
use serde::Serialize;

use super::houses::{self, Contact};
use super::rules;
use super::web::{Whole, day_in_words, whole};
use crate::app::App;
use crate::base::dates::local;
use crate::base::ids::{FileId, RoundId};
use crate::book::audit_log::AuditEntry;
use crate::error::{AppError, AppResult};
use crate::life::visits::{road, text};
use crate::web::session::SignedIn;
use crate::web::shell;

/// Rows of one page, headings with them; an address may take three lines.
const ROWS: usize = 14;

/// Rows of the last page, which also carries the closing words and the signatures.
const LAST_ROWS: usize = 11;

/// A row of the table: a heading or a household.
#[derive(Clone, Debug, Default, Serialize)]
struct Row {
    /// `中天镇大楼湾村　5 户`; empty for a household.
    heading: String,
    n: usize,
    /// `5组`
    road: String,
    number: String,
    name: String,
    address: String,
    contact: String,
}

#[derive(Debug, Serialize)]
struct Sheet {
    page: usize,
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct PrintPage {
    id: String,
    title: String,
    day: String,
    first: String,
    second: String,
    office: String,
    phone: String,
    households: usize,
    villages: usize,
    printed: String,
    discretion: &'static str,
    of: usize,
    sheets: Vec<Sheet>,
}

/// `本人 187****3350　父亲 139****0001`: two lines of a cell.
fn spoken(contacts: &[Contact]) -> String {
    let one = |contact: &Contact| {
        contact.phones.first().map(|phone| {
            let who = contact.who.split(' ').next().unwrap_or_default();
            format!("{who} {phone}")
        })
    };
    contacts.iter().filter_map(one).take(2).collect::<Vec<_>>().join("　")
}

fn rows(stops: &[Whole], contacts: &HashMap<FileId, Vec<Contact>>) -> Vec<Row> {
    let lines = (1..).zip(stops).map(|(n, one)| {
        one.headed(Row {
            heading: String::new(),
            n,
            road: road::road(&one.house.address).in_words(),
            number: one.house.number.clone(),
            name: one.house.name.clone(),
            address: one.house.address.clone(),
            contact: contacts.get(&one.house.file_id).map(|all| spoken(all)).unwrap_or_default(),
        })
    });
    let mut rows = Vec::new();
    for village in rules::under_headings(lines.collect()) {
        let heading = format!("{}　{} 户", village.place, village.households);
        rows.push(Row { heading, ..Row::default() });
        rows.extend(village.roads.into_iter().flat_map(|road| road.stops));
    }
    rows
}

/// Cuts rows into pages; a heading never ends one, and the last leaves room for the signatures.
fn pages(rows: Vec<Row>) -> Vec<Sheet> {
    let mut sheets: Vec<Sheet> = Vec::new();
    for row in rows {
        let used = sheets.last().map_or(ROWS, |sheet| sheet.rows.len());
        let needs = if row.heading.is_empty() { 1 } else { 2 };
        if used + needs > ROWS {
            sheets.push(Sheet { page: sheets.len() + 1, rows: Vec::new() });
        }
        if let Some(sheet) = sheets.last_mut() {
            sheet.rows.push(row);
        }
    }
    let next = sheets.len() + 1;
    if let Some(last) = sheets.last_mut()
        && last.rows.len() > LAST_ROWS
    {
        let ends_in_heading = last.rows.get(LAST_ROWS - 1).is_some_and(|row| row.n == 0);
        let rows = last.rows.split_off(LAST_ROWS - usize::from(ends_in_heading));
        sheets.push(Sheet { page: next, rows });
    }
    sheets
}

/// `GET /visits/rounds/{id}/print`
pub async fn print(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<i64>,
) -> AppResult<HttpResponse> {
    let (scope, id) = (me.scope.clone(), RoundId::new(*id));
    let (round, all, contacts) = app
        .read(move |db| {
            let (round, all) = whole(db, &scope, id)?;
            let all: Vec<Whole> =
                all.into_iter().filter(|one| one.shown.is_open() && !one.paid).collect();
            let files: Vec<FileId> = all.iter().map(|one| one.house.file_id).collect();
            Ok((round, all, houses::contacts(db, &scope, &files)?))
        })
        .await?;
    if all.is_empty() {
        return Err(AppError::refused("这次走访没有还要去的户，不用打印"));
    }
    note(&app, &me, &round.title, &all).await?;
    let rows = rows(&all, &contacts);
    let villages: std::collections::HashSet<String> =
        all.iter().map(|one| one.house.place()).collect();
    let sheets = pages(rows);
    let now = local(app.clock.now_at());
    let page = PrintPage {
        id: round.id.to_string(),
        day: day_in_words(&app, &round),
        first: round.first_name.clone(),
        second: round.second_name.clone(),
        office: me.office.name.clone(),
        phone: me.office.phone.clone(),
        households: all.len(),
        villages: villages.len(),
        printed: format!(
            "{} {}:{:02} 打印　经办 {}",
            text::full_day(now.date()),
            now.hour(),
            now.minute(),
            me.name
        ),
        discretion: text::DISCRETION,
        of: sheets.len(),
        sheets,
        title: round.title,
    };
    shell::page(&app, &me, &req, "visits/round_print.html", page)
}

/// One line for the plan, and one on each file.
async fn note(app: &App, me: &SignedIn, title: &str, all: &[Whole]) -> AppResult<()> {
    let whole =
        AuditEntry::of("printed", title, format!("打印走访安排：{title}，{} 户", all.len()));
    let mut notes = vec![whole];
    for one in all {
        let note = AuditEntry::of(
            "printed",
            &one.house.name,
            format!("打印走访安排，内有 {}", one.house.number),
        )
        .on_file(one.house.file_id);
        notes.push(note);
    }
    me.act(app, "a visit round printed", move |act| act.audit_all(notes.clone())).await
}
