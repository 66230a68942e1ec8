//! Both databases have the same tables, those that `schema.rs` describes; every migration can be
//! taken back; what is append-only cannot be changed by anybody.

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection;
use zhuxue::plumbing::db::{Database, Db};

use super::shape;
use crate::support::database::{Kind, TestDatabase, kinds, on_both};

/// Columns in order, as `name -> Type`, and the names of the primary key.
type Described = BTreeMap<String, (Vec<String>, Vec<String>)>;

fn described_in_schema_rs() -> Described {
    let text = concat!(
        include_str!("../../src/plumbing/schema.rs"),
        include_str!("../../src/plumbing/schema/payments.rs"),
        include_str!("../../src/plumbing/schema/clock.rs"),
        include_str!("../../src/plumbing/schema/counter.rs"),
        include_str!("../../src/plumbing/schema/closing.rs"),
        include_str!("../../src/plumbing/schema/early.rs"),
        include_str!("../../src/plumbing/schema/follow.rs"),
        include_str!("../../src/plumbing/schema/hardship.rs"),
        include_str!("../../src/plumbing/schema/stages.rs"),
        include_str!("../../src/plumbing/schema/postings.rs"),
        include_str!("../../src/plumbing/schema/relief_fund.rs"),
        include_str!("../../src/plumbing/schema/study.rs"),
    );
    let mut tables = Described::new();
    for block in text.split("diesel::table! {").skip(1) {
        let block = block.split("\n}").next().unwrap();
        let mut lines = block.lines().map(str::trim).filter(|line| !line.is_empty());
        let head = lines.next().unwrap();
        let (name, key) = head.split_once('(').unwrap();
        let key = key.split(')').next().unwrap().split(',').map(|k| k.trim().to_owned());
        let columns = lines
            .filter(|line| line.contains("->"))
            .map(|line| line.trim_end_matches(',').to_owned());
        tables.insert(name.trim().to_owned(), (columns.collect(), key.collect()));
    }
    tables
}

fn made_by(db: &Database) -> Described {
    let mut tables = Described::new();
    for (table, lines) in shape::of(db) {
        let mut columns = Vec::new();
        let mut key = Vec::new();
        for line in lines.iter().filter(|line| line.contains(" -> ")) {
            let (name, rest) = line.split_once(" -> ").unwrap();
            let rest = rest.split(" default ").next().unwrap();
            let (kind, place) = rest.split_once(" key ").unwrap_or((rest, ""));
            columns.push(format!("{name} -> {kind}"));
            if let Ok(place) = place.parse::<usize>() {
                key.push((place, name.to_owned()));
            }
        }
        key.sort();
        tables.insert(table, (columns, key.into_iter().map(|(_, name)| name).collect()));
    }
    tables
}

#[test]
fn schema_rs_says_what_the_migrations_make() {
    on_both(|kind| {
        let test = TestDatabase::fresh(kind);
        let made = made_by(&test.db);
        let described = described_in_schema_rs();
        assert!(described.len() > 20, "schema.rs could not be read");
        for (table, columns) in &made {
            assert_eq!(
                described.get(table),
                Some(columns),
                "{table}: src/plumbing/schema.rs (left) and migrations/ (right) differ"
            );
        }
        let missing: Vec<&String> =
            described.keys().filter(|table| !made.contains_key(*table)).collect();
        assert!(missing.is_empty(), "in schema.rs but not in migrations/: {missing:?}");
    });
}

#[test]
fn both_databases_have_the_same_tables_keys_checks_and_indexes() {
    if kinds().len() < 2 {
        return;
    }
    let sqlite = shape::of(&TestDatabase::fresh(Kind::Sqlite).db);
    let postgres = shape::of(&TestDatabase::fresh(Kind::Postgres).db);
    for (table, lines) in &sqlite {
        assert_eq!(Some(lines), postgres.get(table), "{table}: SQLite (left), PostgreSQL (right)");
    }
    assert_eq!(sqlite.len(), postgres.len(), "PostgreSQL has tables that SQLite lacks");
    let all = format!("{sqlite:?}");
    for sign in ["foreign key ", "unique (", "index ", "check ", "trigger ", " default "] {
        assert!(all.contains(sign), "the comparison has become blind to {sign:?}");
    }
}

#[test]
fn every_migration_goes_up_down_and_up_again() {
    on_both(|kind| {
        let test = TestDatabase::empty(kind);
        let ran = test.db.migrate().unwrap();
        let first = shape::of(&test.db);
        assert!(ran > 0 && !first.is_empty());
        assert_eq!(test.db.migrate().unwrap(), 0, "a second run has nothing to do");
        assert_eq!(test.db.migrate_down().unwrap(), ran);
        assert_eq!(shape::of(&test.db), shape::Shape::new(), "down.sql leaves something behind");
        assert_eq!(test.db.migrate().unwrap(), ran);
        assert_eq!(shape::of(&test.db), first);
    });
}

/// The fewest rows that an event needs.
const ONE_EVENT: &str = "
    INSERT INTO office (code, name, letters, created_at) VALUES ('1', 'n', 'QH', '2026-01-01');
    INSERT INTO person (id, office_code, name, name_key, id_sealed, id_index, id_mask, born_on,
        sex, created_at, updated_at, version)
        VALUES (1, '1', 'n', 'n', 'x', 'y', 'm', '2000-01-01', 'F', '2026-01-01', '2026-01-01', 1);
    INSERT INTO loan_file (id, office_code, file_no, person_id, created_at, updated_at, version)
        VALUES (1, '1', 'QH2026-0001', 1, '2026-01-01', '2026-01-01', 1);
    INSERT INTO loan (id, office_code, file_id, contract_no, product, loan_year, is_first, level,
        principal_fen, signed_on, subsidy_ends_on, final_due_on, grace_years, due_month_day,
        penalty_percent, day_count, created_at, updated_at, version)
        VALUES (1, '1', 1, 'c', 'cdb', 2026, TRUE, 'undergraduate', 800000, '2026-08-01',
        '2030-08-31', '2045-09-20', 5, '12-20', 130, 'act_360', '2026-01-01', '2026-01-01', 1);
    INSERT INTO loan_event (id, office_code, loan_id, effective_on, kind, amount_fen, whole,
        source, command_key, recorded_at)
        VALUES (1, '1', 1, '2026-11-01', 'disbursed', 800000, TRUE, 's', 'k', '2026-11-01');
    INSERT INTO history (id, office_code, at, staff_name, action, subject, summary)
        VALUES (1, '1', '2026-11-01', 'n', 'a', 's', 'first');
";

fn refused(test: &TestDatabase, sql: &str) -> bool {
    let result = test.db.write("test", |db: &mut Db| Ok(db.batch_execute(sql)?));
    match result {
        Ok(()) => false,
        Err(error) => {
            let text = error.to_string();
            assert!(text.contains("append-only"), "{sql}: refused for another reason: {text}");
            true
        }
    }
}

#[test]
fn events_and_history_are_append_only() {
    on_both(|kind| {
        let test = TestDatabase::fresh(kind);
        assert!(!refused(&test, ONE_EVENT));
        assert!(refused(&test, "UPDATE loan_event SET amount_fen = 1 WHERE id = 1"));
        assert!(refused(&test, "DELETE FROM loan_event WHERE id = 1"));
        assert!(refused(&test, "DELETE FROM history WHERE id = 1"));
        for change in [
            "summary = 'other'",
            "at = '2020-01-01'",
            "staff_name = 'other'",
            "action = 'other'",
            "subject = 'other'",
            "reason = 'other'",
            "id = 2",
        ] {
            assert!(refused(&test, &format!("UPDATE history SET {change}")), "{change}");
        }
        // Chaining a line is allowed once; after that nothing about it may change.
        assert!(!refused(&test, "UPDATE history SET chain_no = 1, chain_hash = 'h'"));
        assert!(refused(&test, "UPDATE history SET chain_no = 2"));
        assert!(refused(&test, "UPDATE history SET chain_hash = 'i'"));
    });
}

#[test]
fn a_row_of_nobody_and_an_unknown_kind_are_refused() {
    on_both(|kind| {
        let test = TestDatabase::fresh(kind);
        let orphan = "INSERT INTO staff (id, office_code, login, name, role, password_hash, \
                      active, created_at, version) \
                      VALUES (1, 'none', 'l', 'n', 'clerk', 'h', TRUE, '2026-01-01', 1)";
        let error = test.db.write("test", |db| Ok(db.batch_execute(orphan)?)).unwrap_err();
        assert!(error.to_string().to_lowercase().contains("foreign key"), "{error}");
        let unknown = format!(
            "INSERT INTO office (code, name, letters, created_at) \
             VALUES ('none', 'n', 'QH', '2026-01-01'); {}",
            orphan.replace("clerk", "king")
        );
        let error = test.db.write("test", |db| Ok(db.batch_execute(&unknown)?)).unwrap_err();
        assert!(error.to_string().to_lowercase().contains("check"), "{error}");
    });
}

/// Tests of pages take the database that `TEST_DATABASE` names; this one sees that they get it.
#[test]
fn the_chosen_database_is_the_one_that_was_asked_for() {
    let asked = std::env::var("TEST_DATABASE").unwrap_or_default();
    let test = TestDatabase::fresh(Kind::chosen());
    assert_eq!(test.db.is_postgres(), asked == "postgres");
    assert!(["", "sqlite", "postgres"].contains(&asked.as_str()), "TEST_DATABASE={asked}");
}
