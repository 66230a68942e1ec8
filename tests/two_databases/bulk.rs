//! The set-based writes of `plumbing/bulk.rs`, past the number of bound values that one statement
//! may carry on either database.

use diesel::prelude::{ExpressionMethods, Insertable, QueryDsl, RunQueryDsl};
use diesel::upsert::excluded;
use zhuxue::error::AppError;
use zhuxue::plumbing::bulk::BINDS_MAX;
use zhuxue::plumbing::schema::meta;
use zhuxue::{insert_rows, upsert_rows};

use crate::support::database::{TestDatabase, on_both};

#[derive(Insertable)]
#[diesel(table_name = meta, treat_none_as_default_value = false)]
struct Row {
    key: String,
    value: String,
}

/// Two columns each: 40,000 bound values.
const ROWS: usize = 20_000;

fn rows(value: &str) -> Vec<Row> {
    const { assert!(ROWS * 2 > BINDS_MAX) };
    (0..ROWS).map(|n| Row { key: format!("{n:05}"), value: value.to_owned() }).collect()
}

fn count(test: &TestDatabase, value: &str) -> i64 {
    test.db
        .read(|db| Ok(meta::table.filter(meta::value.eq(value)).count().get_result(db)?))
        .unwrap()
}

#[test]
fn many_rows_are_inserted_then_replaced() {
    on_both(|kind| {
        let test = TestDatabase::fresh(kind);
        let first = rows("first");
        let done = test.db.write("insert", |db| Ok(insert_rows!(db, meta::table, 2, first)?));
        assert_eq!(done.unwrap(), ROWS);
        assert_eq!(count(&test, "first"), 20_000);

        let mut second = rows("second");
        second.push(Row { key: "more".to_owned(), value: "second".to_owned() });
        let done = test.db.write("upsert", |db| {
            let set = meta::value.eq(excluded(meta::value));
            Ok(upsert_rows!(db, meta::table, 2, second, key = meta::key, set = set)?)
        });
        assert_eq!(done.unwrap(), ROWS + 1);
        assert_eq!(count(&test, "first"), 0);
        assert_eq!(count(&test, "second"), 20_001);
    });
}

#[test]
fn one_bad_row_in_the_last_chunk_leaves_no_row() {
    on_both(|kind| {
        let test = TestDatabase::fresh(kind);
        let mut all = rows("all");
        all.push(Row { key: "00000".to_owned(), value: "again".to_owned() });
        let done: Result<usize, AppError> =
            test.db.write("insert", |db| Ok(insert_rows!(db, meta::table, 2, all)?));
        assert!(done.is_err());
        assert_eq!(count(&test, "all"), 0);
    });
}

#[test]
fn no_rows_are_no_statement() {
    on_both(|kind| {
        let test = TestDatabase::fresh(kind);
        let none: Vec<Row> = Vec::new();
        let done = test.db.write("insert", |db| Ok(insert_rows!(db, meta::table, 2, none)?));
        assert_eq!(done.unwrap(), 0);
    });
}
