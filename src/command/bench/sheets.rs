//! Papers of the follow-up over real HTTP: a workbook for each village, sheets made for all of
//! them, a workbook with a thousand results coming back, and the desk accepting each.

use std::time::{Duration, Instant};

use diesel::prelude::*;
use rust_xlsxwriter::{Workbook, XlsxError};

use super::client::{self, Ask, FORM};
use super::place::Place;
use super::raw;
use super::server::{Server, sign_in};
use super::table::{Figure, Line, Table, thousands};
use crate::base::spoken_code as codes;
use crate::command::CliError;
use crate::life::visits::workbook::{
    CODE, NEW_PHONE, NUMBER, PROMISED, REMARK, RESULT, VISITED, VISITOR,
};
use crate::plumbing::crypto::Field;
use crate::plumbing::schema::{sheet, sheet_batch, sheet_return};
use crate::plumbing::sheet::write::{self, Head, Out};

/// Results in the workbook that comes back.
const RESULTS: i64 = 1_000;

/// Measures all of it.
pub(super) fn measure(
    place: &Place,
    server: &Server,
    table: &mut Table<'_>,
) -> Result<(), CliError> {
    let (cookie, csrf) = sign_in(place, place.by.staff_id)?;
    let ask = |path: &str| Ask { cookie: cookie.clone(), path: path.to_owned() };
    let zip = client::ask_over(1, server.address, &[ask("/visits/workbooks.zip?by=village")])?;
    let form = format!("csrf={csrf}&by=village");
    let (made_in, _) =
        client::send(server.address, &ask("/visits/batches"), (FORM, form.as_bytes()))?;
    let (villages, sheets): (i64, i64) = place.app.db.read(|db| {
        Ok((sheet_batch::table.count().get_result(db)?, sheet::table.count().get_result(db)?))
    })?;
    table.line(Line {
        what: format!("{villages} village workbooks, {sheets} households, in one archive"),
        figure: Figure::Took(zip.took),
        goal: Some(Figure::Took(Duration::from_secs(20))),
        raw: Some(Figure::Took(bare_workbooks(villages, sheets)?)),
    })?;
    table.line(Line {
        what: format!("{sheets} sheets with codes made for {villages} villages"),
        figure: Figure::Took(made_in),
        goal: None,
        // A sheet and a line of history.
        raw: Some(Figure::Took(raw::inserts(place, number(sheets) * 2)?)),
    })?;
    come_back(place, server, (&ask("/visits/returns/import"), &csrf), table)?;
    accept(place, server, (&cookie, &csrf), table)
}

fn number(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}

/// As many workbooks with as many cells, nothing but text.
fn bare_workbooks(villages: i64, rows: i64) -> Result<Duration, CliError> {
    let each = u32::try_from(rows / villages.max(1)).unwrap_or_default() + 1;
    let one = || -> Result<usize, XlsxError> {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        for row in 0..each {
            for column in 0..14 {
                sheet.write_string(row, column, "石佛镇唐家店村 3 组 18 号")?;
            }
        }
        Ok(book.save_to_buffer()?.len())
    };
    let started = Instant::now();
    for _ in 0..villages {
        std::hint::black_box(one().map_err(|e| CliError::failed(e.to_string()))?);
    }
    Ok(started.elapsed())
}

/// A workbook with the results of many sheets, as a township hands it in.
fn filled_in(place: &Place) -> Result<(Vec<u8>, u64), CliError> {
    let sheets: Vec<(String, Vec<u8>)> = place.app.db.read(|db| {
        Ok(sheet::table
            .order(sheet::id)
            .limit(RESULTS)
            .select((sheet::number, sheet::code_sealed))
            .load(db)?)
    })?;
    let heads = [NUMBER, CODE, RESULT, VISITED, PROMISED, NEW_PHONE, REMARK, VISITOR];
    let head = Head {
        sheet: "走访名单".to_owned(),
        titles: vec!["走访名单".to_owned()],
        columns: heads.iter().map(|text| ((*text).to_owned(), 14)).collect(),
        ..Head::default()
    };
    let today = place.app.clock.today();
    let mut rows = Vec::with_capacity(sheets.len());
    for (number, sealed) in &sheets {
        let code = place
            .app
            .sealer
            .open_text(Field::Sheet, sealed)
            .map_err(|e| CliError::failed(e.to_string()))?;
        rows.push(vec![
            Out::Text(number.clone()),
            Out::Text(codes::spoken(&code)),
            Out::Text("见到家人".to_owned()),
            Out::Day(today),
            Out::Day(today + chrono::Days::new(14)),
            Out::Text("19912345678".to_owned()),
            Out::Text("在外打工，过年回来，愿意还".to_owned()),
            Out::Text("村主任 覃志强".to_owned()),
        ]);
    }
    let count = u64::try_from(rows.len()).unwrap_or_default();
    let book = write::list(&head, rows.into_iter()).map_err(|e| CliError::failed(e.to_string()))?;
    Ok((book, count))
}

fn come_back(
    place: &Place,
    server: &Server,
    (ask, csrf): (&Ask, &str),
    table: &mut Table<'_>,
) -> Result<(), CliError> {
    const EDGE: &str = "bench7f3a";
    let (book, sent) = filled_in(place)?;
    let part = |head: &str| format!("--{EDGE}\r\nContent-Disposition: form-data; {head}\r\n\r\n");
    let mut form = part("name=\"csrf\"").into_bytes();
    form.extend_from_slice(csrf.as_bytes());
    form.extend_from_slice(b"\r\n");
    form.extend(part("name=\"files\"; filename=\"back.xlsx\"").into_bytes());
    form.extend_from_slice(&book);
    form.extend_from_slice(format!("\r\n--{EDGE}--\r\n").as_bytes());
    let kind = format!("multipart/form-data; boundary={EDGE}");
    let (took, _) = client::send(server.address, ask, (&kind, &form))?;
    let taken: i64 = place.app.db.read(|db| Ok(sheet_return::table.count().get_result(db)?))?;
    if number(taken) != sent {
        return Err(CliError::failed(format!("{sent} results were sent, {taken} were taken")));
    }
    table.line(Line {
        what: format!("results of {} sheets imported from a workbook", thousands(sent)),
        figure: Figure::Took(took),
        goal: Some(Figure::Took(Duration::from_secs(5))),
        // A proposal, a line of history and the sheet itself.
        raw: Some(Figure::Took(raw::inserts(place, sent * 3)?)),
    })
}

/// The desk accepts each proposal by its own form.
fn accept(
    place: &Place,
    server: &Server,
    (cookie, csrf): (&str, &str),
    table: &mut Table<'_>,
) -> Result<(), CliError> {
    let ids: Vec<i64> = place.app.db.read(|db| {
        let waiting = sheet_return::table.filter(sheet_return::state.eq("proposed"));
        Ok(waiting.order(sheet_return::id).select(sheet_return::id).load(db)?)
    })?;
    let form = format!("csrf={csrf}&decision=accept&take_phone=1");
    let mut took = Duration::ZERO;
    for id in &ids {
        let ask = Ask { cookie: cookie.to_owned(), path: format!("/visits/returns/{id}") };
        took += client::send(server.address, &ask, (FORM, form.as_bytes()))?.0;
    }
    table.line(Line {
        what: "  accepted one by one, each with a new number".to_owned(),
        figure: Figure::rate(u64::try_from(ids.len()).unwrap_or_default(), took),
        goal: None,
        raw: None,
    })
}
