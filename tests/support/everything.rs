//! Every row of every table of a SQLite database as text, so that "nothing was written" can be
//! checked byte for byte.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::Text;
use zhuxue::app::App;
use zhuxue::plumbing::db::Db;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn lines(db: &mut Db, sql: &str) -> Vec<String> {
    let rows: Vec<Line> = diesel::sql_query(sql.to_owned()).load(db).unwrap();
    rows.into_iter().map(|row| row.line).collect()
}

/// Table to rows, the tables about imports themselves left out.
pub fn everything_but_imports(app: &App) -> BTreeMap<String, Vec<String>> {
    everything_without(app, &[], &[])
}

/// The same without some tables, and without the columns of some names.
pub fn everything_without(
    app: &App,
    tables: &[&str],
    columns_out: &[&str],
) -> BTreeMap<String, Vec<String>> {
    let names = "SELECT name AS line FROM sqlite_master WHERE type = 'table' \
                 AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'import_%'";
    app.db
        .read(|db| {
            let mut found = BTreeMap::new();
            for table in lines(db, names) {
                if tables.contains(&table.as_str()) {
                    continue;
                }
                let of = format!("SELECT name AS line FROM pragma_table_info('{table}')");
                let columns: Vec<String> = lines(db, &of)
                    .iter()
                    .filter(|name| !columns_out.contains(&name.as_str()))
                    .map(|name| format!("quote(\"{name}\")"))
                    .collect();
                let row = columns.join(" || '|' || ");
                found.insert(
                    table.clone(),
                    lines(db, &format!("SELECT {row} AS line FROM \"{table}\" ORDER BY 1")),
                );
            }
            Ok(found)
        })
        .unwrap()
}

/// What of `before` is gone and what of `after` is new, table by table, to be read in a failure.
pub fn difference(
    before: &BTreeMap<String, Vec<String>>,
    after: &BTreeMap<String, Vec<String>>,
) -> String {
    let mut told = String::new();
    for (table, rows) in after {
        let old = &before[table];
        for row in old.iter().filter(|row| !rows.contains(row)) {
            told.push_str(&format!("- {table}: {row}\n"));
        }
        for row in rows.iter().filter(|row| !old.contains(row)) {
            told.push_str(&format!("+ {table}: {row}\n"));
        }
    }
    told
}
