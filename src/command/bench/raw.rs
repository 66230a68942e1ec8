//! The raw limits: bare SQL on tables of a database that the bench makes and removes, without any
//! of the program's care. What the program does cannot cost less.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::place::Place;
use crate::base::ids::{FileId, LoanId};
use crate::book::facts::{EventFacts, LoanFacts};
use crate::book::position;
use crate::book::statement::{self, Event, Position};
use crate::command::CliError;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{file_position, loan, loan_event, loan_position};

/// Rows of one insert, each a transaction, as an import writes them.
const INSERT: u64 = 400;
/// Rows of one bare update on PostgreSQL.
const UPDATE: usize = 2_000;

/// Inserts `rows` bare rows of eight columns.
pub(super) fn inserts(place: &Place, rows: u64) -> Result<Duration, CliError> {
    let db = &place.app.db;
    db.write("bench raw table", |db| {
        let columns = "a BIGINT NOT NULL, b BIGINT NOT NULL, c TEXT NOT NULL, d TEXT NOT NULL, \
                       e DATE NOT NULL, f INTEGER, g TEXT NOT NULL, h TIMESTAMP NOT NULL";
        db.batch_execute("DROP TABLE IF EXISTS bench_row")?;
        db.batch_execute(&format!("CREATE TABLE bench_row (id BIGINT PRIMARY KEY, {columns})"))?;
        Ok(())
    })?;
    let started = Instant::now();
    let mut at = 0;
    while at < rows {
        let last = (at + INSERT).min(rows);
        let mut order = "INSERT INTO bench_row VALUES ".to_owned();
        for id in at..last {
            let comma = if id == at { "" } else { "," };
            let _ = write!(
                order,
                "{comma}({id},{id},7,'repaying','99{id:016}','2026-10-31',3,'支付宝',\
                 '2026-10-31 04:00:00')"
            );
        }
        db.write("bench raw rows", |db| Ok(db.batch_execute(&order)?))?;
        at = last;
    }
    Ok(started.elapsed())
}

/// The least that a page of everybody on the ladder must read: one sum, and fifty rows in order.
pub(super) fn ladder_page(place: &Place) -> Result<Duration, CliError> {
    const CASES: &str = "FROM overdue_case c JOIN file_position p ON p.file_id = c.file_id \
                         WHERE c.state IN ('open', 'paused')";
    #[derive(QueryableByName)]
    struct Number {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        number: i64,
    }
    let mut best = Duration::MAX;
    for _ in 0..20 {
        let started = Instant::now();
        place.app.db.read(|db| {
            let sum = format!("SELECT CAST(SUM(p.outstanding_fen) AS BIGINT) AS number {CASES}");
            let sums: Vec<Number> = diesel::sql_query(sum).load(db)?;
            let rows = format!("SELECT c.id AS number {CASES} ORDER BY c.next_on, c.id LIMIT 51");
            let rows: Vec<Number> = diesel::sql_query(rows).load(db)?;
            black_box(sums.iter().chain(&rows).map(|one| one.number).max());
            Ok(())
        })?;
        best = best.min(started.elapsed());
    }
    Ok(best)
}

/// Counts what is due.
pub(super) fn due(place: &Place, today: NaiveDate) -> Result<Duration, CliError> {
    let started = Instant::now();
    let due: i64 = place.app.db.read(|db| {
        let due = loan_position::table.filter(loan_position::changes_on.le(today));
        Ok(due.count().get_result(db)?)
    })?;
    black_box(due);
    Ok(started.elapsed())
}

/// Reads all loans and events, computes, writes all positions and sums in one transaction.
pub(super) fn refresh(place: &Place, today: NaiveDate) -> Result<Duration, CliError> {
    let started = Instant::now();
    place.app.db.write("bench raw refresh", |db| {
        let loans: Vec<LoanFacts> =
            loan::table.order(loan::id).select(LoanFacts::as_select()).load(db)?;
        let mut life: HashMap<LoanId, Vec<Event>> = HashMap::with_capacity(loans.len());
        let events: Vec<EventFacts> = loan_event::table.select(EventFacts::as_select()).load(db)?;
        for event in &events {
            life.entry(event.loan_id).or_default().push(event.event()?);
        }
        drop(events);
        let basis = &place.app.basis();
        let mut found = Vec::with_capacity(loans.len());
        let mut sums: HashMap<FileId, i64> = HashMap::new();
        for loan in &loans {
            let own = life.remove(&loan.id).unwrap_or_default();
            let events = position::with_waivers(own, basis);
            let one = statement::position(&loan.terms()?, &events, &basis.rates, today)
                .map_err(|e| AppError::broken(e.to_string()))?;
            *sums.entry(loan.file_id).or_default() += one.principal_outstanding.get();
            found.push((loan.id, one));
        }
        write_positions(db, &found, today)?;
        let sums: Vec<(FileId, i64)> = sums.into_iter().collect();
        write_sums(db, &sums, today)?;
        black_box(&found);
        Ok(())
    })?;
    Ok(started.elapsed())
}

fn write_positions(db: &mut Db, found: &[(LoanId, Position)], today: NaiveDate) -> AppResult<()> {
    match db {
        Db::Sqlite(c) => {
            for (id, one) in found {
                diesel::update(loan_position::table.find(id))
                    .set((
                        loan_position::as_of.eq(today),
                        loan_position::outstanding_fen.eq(one.principal_outstanding),
                        loan_position::overdue_principal_fen.eq(one.overdue_principal),
                        loan_position::overdue_interest_fen.eq(one.overdue_interest),
                        loan_position::penalty_fen.eq(one.penalty),
                        loan_position::next_due_fen.eq(one.next_due_amount),
                        loan_position::changes_on.eq(one.changes_on),
                    ))
                    .execute(c)?;
            }
        }
        Db::Postgres(c) => {
            for chunk in found.chunks(UPDATE) {
                let values = chunk.iter().map(|(id, one)| {
                    let changes_on = one
                        .changes_on
                        .map_or_else(|| "NULL::date".to_owned(), |day| format!("DATE '{day}'"));
                    format!(
                        "({id}::bigint,{}::bigint,{}::bigint,{}::bigint,{}::bigint,{}::bigint,\
                         {changes_on})",
                        one.principal_outstanding.get(),
                        one.overdue_principal.get(),
                        one.overdue_interest.get(),
                        one.penalty.get(),
                        one.next_due_amount.get()
                    )
                });
                let values = values.collect::<Vec<String>>().join(",");
                c.batch_execute(&format!(
                    "UPDATE loan_position SET as_of = DATE '{today}', outstanding_fen = v.a, \
                     overdue_principal_fen = v.b, overdue_interest_fen = v.c, penalty_fen = v.d, \
                     next_due_fen = v.e, changes_on = v.f \
                     FROM (VALUES {values}) AS v (id, a, b, c, d, e, f) WHERE loan_id = v.id"
                ))?;
            }
        }
    }
    Ok(())
}

fn write_sums(db: &mut Db, sums: &[(FileId, i64)], today: NaiveDate) -> AppResult<()> {
    match db {
        Db::Sqlite(c) => {
            for (id, outstanding) in sums {
                diesel::update(file_position::table.find(id))
                    .set((
                        file_position::as_of.eq(today),
                        file_position::outstanding_fen
                            .eq(crate::base::money::Fen::new(*outstanding)),
                    ))
                    .execute(c)?;
            }
        }
        Db::Postgres(c) => {
            for chunk in sums.chunks(UPDATE) {
                let values = chunk.iter().map(|(id, sum)| format!("({id}::bigint,{sum}::bigint)"));
                let values = values.collect::<Vec<String>>().join(",");
                c.batch_execute(&format!(
                    "UPDATE file_position SET as_of = DATE '{today}', outstanding_fen = v.a \
                     FROM (VALUES {values}) AS v (id, a) WHERE file_id = v.id"
                ))?;
            }
        }
    }
    Ok(())
}
