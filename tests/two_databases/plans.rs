//! How SQLite, which keeps no statistics, finds rows asked for by an office and a key: by both.
//! A key whose index does not begin with the office loses against any that does, and then every
//! loan file page and every chunk of an import reads all rows of the office.

use diesel::RunQueryDsl;
use diesel::sql_types::Text;
use zhuxue::plumbing::db::Db;

use crate::support::database::{Kind, TestDatabase};

/// Tables and keys that stores ask for together with the offices somebody may see.
const ASKED: [(&str, &str); 28] = [
    ("person", "id"),
    ("person", "id_index"),
    ("person_phone", "person_id"),
    ("person_phone", "phone_index"),
    ("loan_file", "id"),
    ("loan_file", "file_no"),
    ("loan_file", "person_id"),
    ("loan_file", "co_person_id"),
    ("loan_file", "student_number"),
    ("loan", "id"),
    ("loan", "file_id"),
    ("loan", "contract_no"),
    ("loan_event", "loan_id"),
    ("loan_event", "command_key"),
    ("loan_position", "loan_id"),
    ("bank_figure", "loan_id"),
    ("bank_figure", "row_key"),
    ("bank_difference", "loan_id"),
    ("university_receipt", "loan_id"),
    ("disbursement", "loan_id"),
    ("batch_line", "batch_id"),
    ("batch_step", "batch_id"),
    ("history", "file_id"),
    ("message", "planned_on"),
    ("message", "state"),
    ("contact_point", "file_id"),
    ("contact_record", "file_id"),
    ("file_note", "file_id"),
];

#[derive(diesel::QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

fn plan(db: &mut Db, query: &str) -> String {
    let steps: Vec<Step> =
        diesel::sql_query(format!("EXPLAIN QUERY PLAN {query}")).load(db).unwrap();
    steps.into_iter().map(|step| step.detail).collect::<Vec<_>>().join("; ")
}

#[test]
fn rows_are_found_by_office_and_key_together() {
    let database = TestDatabase::fresh(Kind::Sqlite);
    let wrong = database.db.read(|db| {
        let mut wrong = Vec::new();
        for (table, key) in ASKED {
            let found = plan(
                db,
                &format!("SELECT * FROM {table} WHERE office_code IN (?) AND {key} IN (?, ?)"),
            );
            let by_both =
                [format!("(office_code=? AND {key}=?"), format!("({key}=? AND office_code=?")];
            if !by_both.iter().any(|both| found.contains(both))
                && !found.contains("INTEGER PRIMARY KEY (rowid=?)")
            {
                wrong.push(format!("{table}.{key}: {found}"));
            }
        }
        Ok(wrong)
    });
    assert_eq!(wrong.unwrap(), Vec::<String>::new());
}

#[test]
fn the_list_of_files_comes_in_order_without_a_sort() {
    let database = TestDatabase::fresh(Kind::Sqlite);
    let query = "SELECT * FROM loan_file WHERE office_code IN (?) AND file_no > ? ORDER BY file_no";
    let found = database.db.read(|db| Ok(plan(db, query))).unwrap();
    assert!(found.contains("loan_file_by_no (office_code=? AND file_no>?)"), "{found}");
    assert!(!found.contains("TEMP B-TREE"), "{found}");
}
