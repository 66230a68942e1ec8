//! The tables of a database as plain text lines, read from its own catalogue, so that two
//! databases can be compared line by line.

use std::collections::{BTreeMap, BTreeSet};

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Nullable, Text};
use zhuxue::plumbing::db::{Database, Db};

/// Table name to its lines: columns in order, then keys, checks and indexes sorted.
pub type Shape = BTreeMap<String, Vec<String>>;

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    owner: String,
    #[diesel(sql_type = Text)]
    line: String,
}

#[derive(diesel::QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    owner: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    required: i64,
    #[diesel(sql_type = BigInt)]
    key: i64,
    #[diesel(sql_type = Nullable<Text>)]
    fallback: Option<String>,
}

const OURS: &str = "name NOT LIKE 'sqlite_%' AND name NOT LIKE '__diesel%'";

/// Reads everything that must be the same on both.
pub fn of(db: &Database) -> Shape {
    let postgres = db.is_postgres();
    db.read(|db| {
        let mut shape = Shape::new();
        for column in columns(db, postgres) {
            shape.entry(column.owner.clone()).or_default().push(column_line(&column));
        }
        let mut rest = if postgres { postgres_rest(db) } else { sqlite_rest(db) };
        rest.sort();
        for (owner, line) in rest {
            shape.entry(owner).or_default().push(line);
        }
        Ok(shape)
    })
    .unwrap()
}

fn lines(db: &mut Db, sql: &str) -> Vec<(String, String)> {
    let rows: Vec<Line> = diesel::sql_query(sql).load(db).unwrap();
    rows.into_iter().map(|row| (row.owner, row.line)).collect()
}

fn columns(db: &mut Db, postgres: bool) -> Vec<Column> {
    let sql = if postgres {
        "SELECT c.relname::text AS owner, a.attname::text AS name, \
         format_type(a.atttypid, a.atttypmod) AS kind, a.attnotnull::int::bigint AS required, \
         coalesce(array_position(k.conkey, a.attnum), 0)::bigint AS key, \
         pg_get_expr(d.adbin, d.adrelid) AS fallback \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public' \
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
         LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
         LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p' \
         WHERE c.relkind IN ('r', 'p') AND c.relname NOT LIKE '\\_\\_diesel%' \
         ORDER BY c.relname, a.attnum"
            .to_owned()
    } else {
        format!(
            "SELECT t.owner, c.name, c.type AS kind, c.\"notnull\" AS required, c.pk AS key, \
             c.dflt_value AS fallback FROM (SELECT name AS owner FROM sqlite_master \
             WHERE type = 'table' AND {OURS}) t JOIN pragma_table_info(t.owner) c \
             ORDER BY t.owner, c.cid"
        )
    };
    diesel::sql_query(sql).load(db).unwrap()
}

fn column_line(column: &Column) -> String {
    let kind = match column.kind.as_str() {
        "TEXT" | "text" => "Text",
        // SQLite's own row number must be spelled INTEGER PRIMARY KEY; it is 64 bits wide.
        "INTEGER" if column.key == 1 && is_row_number(column) => "BigInt",
        "INTEGER" | "integer" => "Integer",
        "BIGINT" | "bigint" => "BigInt",
        "BOOLEAN" | "boolean" => "Bool",
        "DATE" | "date" => "Date",
        "TIMESTAMP" | "timestamp without time zone" => "Timestamp",
        "BLOB" | "bytea" => "Binary",
        other => other,
    };
    let kind = if column.required == 1 { kind.to_owned() } else { format!("Nullable<{kind}>") };
    let key = if column.key > 0 { format!(" key {}", column.key) } else { String::new() };
    let fallback = column.fallback.as_deref().map(|value| {
        let value = value.split("::").next().unwrap_or_default();
        format!(" default {value}")
    });
    format!("{} -> {kind}{key}{}", column.name, fallback.unwrap_or_default())
}

fn is_row_number(column: &Column) -> bool {
    column.name == "id" || column.name.ends_with("_id")
}

fn sqlite_rest(db: &mut Db) -> Vec<(String, String)> {
    let mut rest = lines(
        db,
        &format!(
            "SELECT t.owner, 'foreign key ' || f.\"from\" || ' to ' || f.\"table\" || '.' || \
             f.\"to\" AS line FROM (SELECT name AS owner FROM sqlite_master \
             WHERE type = 'table' AND {OURS}) t JOIN pragma_foreign_key_list(t.owner) f"
        ),
    );
    // origin: c = CREATE INDEX (its name counts), u = UNIQUE in the table (it has no name).
    rest.extend(lines(
        db,
        &format!(
            "SELECT t.owner, CASE i.origin WHEN 'u' THEN 'unique' ELSE 'index ' || i.name || \
             CASE i.partial WHEN 1 THEN ' partial' ELSE '' END || \
             CASE i.\"unique\" WHEN 1 THEN ' unique' ELSE '' END END || ' (' || \
             (SELECT group_concat(x.name, ', ') FROM (SELECT name FROM pragma_index_info(i.name) \
             ORDER BY seqno) x) || ')' AS line FROM (SELECT name AS owner FROM sqlite_master \
             WHERE type = 'table' AND {OURS}) t JOIN pragma_index_list(t.owner) i \
             WHERE i.origin <> 'pk'"
        ),
    ));
    rest.extend(lines(
        db,
        "SELECT tbl_name AS owner, 'trigger ' || name AS line FROM sqlite_master \
         WHERE type = 'trigger'",
    ));
    let tables = lines(
        db,
        &format!(
            "SELECT name AS owner, sql AS line FROM sqlite_master \
             WHERE type = 'table' AND {OURS}"
        ),
    );
    for (owner, sql) in tables {
        for check in checks_in(&sql) {
            rest.push((owner.clone(), meaning_of(&check)));
        }
    }
    rest
}

fn postgres_rest(db: &mut Db) -> Vec<(String, String)> {
    let mut rest = lines(
        db,
        "SELECT conrelid::regclass::text AS owner, 'foreign key ' || a.attname || ' to ' || \
         confrelid::regclass::text || '.' || b.attname AS line FROM pg_constraint k \
         JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) \
         JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = ANY (k.confkey) \
         WHERE contype = 'f'",
    );
    rest.extend(lines(
        db,
        "SELECT c.relname::text AS owner, CASE WHEN k.contype = 'u' THEN 'unique' ELSE \
         'index ' || i.relname || CASE WHEN x.indpred IS NULL THEN '' ELSE ' partial' END || \
         CASE WHEN x.indisunique THEN ' unique' ELSE '' END END || ' (' || \
         (SELECT string_agg(a.attname, ', ' ORDER BY p.n) FROM \
         unnest(x.indkey) WITH ORDINALITY p (number, n) JOIN pg_attribute a \
         ON a.attrelid = c.oid AND a.attnum = p.number) || ')' AS line \
         FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid \
         JOIN pg_class c ON c.oid = x.indrelid \
         JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public' \
         LEFT JOIN pg_constraint k ON k.conindid = i.oid AND k.contype IN ('u', 'p') \
         WHERE NOT x.indisprimary AND c.relname NOT LIKE '\\_\\_diesel%'",
    ));
    rest.extend(lines(
        db,
        "SELECT tgrelid::regclass::text AS owner, 'trigger ' || tgname AS line \
         FROM pg_trigger WHERE NOT tgisinternal",
    ));
    let checks = lines(
        db,
        "SELECT conrelid::regclass::text AS owner, pg_get_constraintdef(oid) AS line \
         FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace",
    );
    rest.extend(checks.into_iter().map(|(owner, check)| (owner, meaning_of(&check))));
    rest
}

/// The bodies of `CHECK (...)` in a CREATE TABLE.
fn checks_in(sql: &str) -> Vec<String> {
    sql.split("CHECK (")
        .skip(1)
        .map(|rest| {
            let mut depth = 1;
            let end = rest.char_indices().find(|(_, c)| {
                depth += i32::from(*c == '(') - i32::from(*c == ')');
                depth == 0
            });
            rest[..end.map_or(rest.len(), |(at, _)| at)].to_owned()
        })
        .collect()
}

/// PostgreSQL rewrites a check (`IN` becomes `= ANY (ARRAY[...])`), so the two are compared by
/// what they name: columns, texts, numbers and comparisons.
fn meaning_of(check: &str) -> String {
    let mut named = BTreeSet::new();
    for (number, part) in check.split('\'').enumerate() {
        if number % 2 == 1 {
            named.insert(format!("'{part}'"));
            continue;
        }
        let word = |c: char| c.is_alphanumeric() || c == '_' || c == '<' || c == '>';
        for one in part.split(|c| !word(c)) {
            let own = ["CHECK", "ANY", "ARRAY", "IN", "text", "bigint", "integer", ""];
            if !own.contains(&one) {
                named.insert(one.to_owned());
            }
        }
    }
    format!("check {}", named.into_iter().collect::<Vec<_>>().join(" "))
}

#[test]
fn a_check_reads_the_same_from_both() {
    let ours = checks_in("x TEXT CHECK (x IN ('a', 'b')), y INT CHECK (y > 0))");
    let theirs =
        ["CHECK ((x = ANY (ARRAY['a'::text, 'b'::text])))", "CHECK ((y > 0))"].map(meaning_of);
    assert_eq!(ours.iter().map(|c| meaning_of(c)).collect::<Vec<_>>(), theirs);
    assert_ne!(meaning_of("y > 0"), meaning_of("y > 1"));
    assert_ne!(meaning_of("x IN ('a')"), meaning_of("x IN ('a', 'b')"));
}
