//! A copy of the whole database as one SQLite file: the rehearsal of a PostgreSQL county needs no
//! right to make databases there and leaves nothing behind.
//!
//! SQLite copies itself. From PostgreSQL each table comes as JSON, some thousand rows at a time,
//! in one snapshot; column names and kinds are taken from the copy's own migrated tables, so a
//! new table needs nothing here.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::command::CliError;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::{Database, Db};

/// Rows carried over at a time.
const AT_ONCE: i64 = 2_000;

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
}

/// Rows as one JSON array, and how many.
struct Rows {
    rows: String,
    number: i64,
}

/// Copies everything of `from` into the new file.
pub(super) fn make(from: &Database, file: &Path) -> Result<(), CliError> {
    if !from.is_postgres() {
        return Ok(from.copy_to(file)?);
    }
    let copy = Database::open_scratch(&format!("sqlite:{}", file.display()), 2)
        .map_err(CliError::failed)?;
    copy.migrate().map_err(CliError::failed)?;
    from.read(|source| copy.write("rehearsal copy", |target| carry_over(source, target)))?;
    Ok(())
}

fn carry_over(source: &mut Db, target: &mut Db) -> AppResult<()> {
    target.batch_execute("PRAGMA defer_foreign_keys = ON;")?;
    let tables: Vec<Name> = diesel::sql_query(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
         AND name NOT LIKE '\\_\\_%' ESCAPE '\\' ORDER BY rootpage",
    )
    .load(target)?;
    for table in tables {
        let columns: Vec<Column> =
            diesel::sql_query("SELECT name, type AS kind FROM pragma_table_info(?)")
                .bind::<Text, _>(&table.name)
                .load(target)?;
        carry_table(source, target, &table.name, &columns)?;
    }
    Ok(())
}

fn carry_table(source: &mut Db, target: &mut Db, table: &str, columns: &[Column]) -> AppResult<()> {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let values: Vec<String> = columns.iter().map(value_of).collect();
    let names = names.join(", ");
    let put = format!(
        "INSERT INTO {table} ({names}) SELECT {} FROM json_each(?) AS j",
        values.join(", ")
    );
    // The table is read once, into the session's own memory of this snapshot.
    let declare = format!(
        "DECLARE carried NO SCROLL CURSOR FOR SELECT row_to_json(t)::text AS one FROM \
         (SELECT {names} FROM {table}) AS t"
    );
    source.batch_execute(&declare)?;
    // What triggers have put there meanwhile comes as it is.
    target.batch_execute(&format!("DELETE FROM {table}"))?;
    loop {
        let found = fetch(source)?;
        if found.number == 0 {
            break;
        }
        diesel::sql_query(&put).bind::<Text, _>(found.rows).execute(target)?;
        if found.number < AT_ONCE {
            break;
        }
    }
    source.batch_execute("CLOSE carried")?;
    Ok(())
}

/// The next rows as one JSON array.
fn fetch(source: &mut Db) -> AppResult<Rows> {
    #[derive(QueryableByName)]
    struct One {
        #[diesel(sql_type = Text)]
        one: String,
    }
    let fetched: Vec<One> =
        diesel::sql_query(format!("FETCH {AT_ONCE} FROM carried")).load(source)?;
    let number = i64::try_from(fetched.len())
        .map_err(|_| AppError::broken("more rows than were asked for"))?;
    let rows: Vec<String> = fetched.into_iter().map(|row| row.one).collect();
    Ok(Rows { rows: format!("[{}]", rows.join(",")), number })
}

/// A column as SQLite keeps it, from the JSON that PostgreSQL wrote: bytes come as `\x` and hex
/// digits, an instant with a T between day and time.
fn value_of(column: &Column) -> String {
    let path = format!("json_extract(j.value, '$.{}')", column.name);
    match column.kind.as_str() {
        "BLOB" => format!("unhex(substr({path}, 3))"),
        "TIMESTAMP" => format!("replace({path}, 'T', ' ')"),
        _ => path,
    }
}
