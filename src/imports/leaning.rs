//! What leans on the people and files that an import has made: work of persons keeps the import
//! from being undone; anything else (a message that was sent, a case that the night opened) only
//! keeps the person or the file from being taken away. Reads; removing is the owners' work.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::named::Names;
use super::store;
use crate::base::ids::{FileId, ImportId, PersonId, PhoneId};
use crate::base::scope::Scope;
use crate::book::bank::BankFigure;
use crate::book::loan::{self, LoanFile};
use crate::book::person::{self, Person, Phone};
use crate::book::position;
use crate::error::AppResult;
use crate::plumbing::db::Db;

/// Tables in which people write something about a file, and what it is called.
const WORK: [(&str, &str); 11] = [
    ("file_note", "备注"),
    ("contact_record", "联系记录"),
    ("contact_point", "登记的联系人"),
    ("contact_change", "联系方式变更"),
    ("contact_confirmation", "家庭确认"),
    ("sheet", "走访表"),
    ("sheet_return", "走访回执"),
    ("disbursement", "贷款发放"),
    ("study_change", "就学信息变更"),
    ("certificate", "结清证明"),
    ("archive_entry", "归档"),
];

/// Every column that names a file.
const OF_FILE: [(&str, &str); 17] = [
    ("file_note", "file_id"),
    ("loan", "file_id"),
    ("graduation", "file_id"),
    ("message", "file_id"),
    ("session", "file_id"),
    ("contact_change", "file_id"),
    ("contact_confirmation", "file_id"),
    ("contact_point", "file_id"),
    ("contact_record", "file_id"),
    ("contact_duty", "file_id"),
    ("overdue_case", "file_id"),
    ("sheet", "file_id"),
    ("sheet_return", "file_id"),
    ("disbursement", "file_id"),
    ("study_change", "file_id"),
    ("certificate", "file_id"),
    ("archive_entry", "file_id"),
];

/// Every column that names a telephone number.
const OF_PHONE: [(&str, &str); 2] = [("message", "phone_id"), ("contact_record", "phone_id")];

/// Every column that names a person.
const OF_PERSON: [(&str, &str); 17] = [
    ("person_phone", "person_id"),
    ("loan_file", "person_id"),
    ("loan_file", "co_person_id"),
    ("loan", "co_person_id"),
    ("preapplication", "person_id"),
    ("recognition", "person_id"),
    ("enlistment", "person_id"),
    ("message", "person_id"),
    ("message_wish", "person_id"),
    ("message_stop", "person_id"),
    ("borrower_code", "person_id"),
    ("session", "subject_id"),
    ("contact_change", "person_id"),
    ("contact_change", "asked_by_person"),
    ("contact_confirmation", "person_id"),
    ("overdue_family", "person_id"),
    ("batch_line", "person_id"),
];

/// How many identities are asked for at once.
const CHUNK: usize = 1_000;

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Which of these identities a column names. Identities only ever come from the database.
fn named(db: &mut Db, table: &str, column: &str, ids: &[i64]) -> AppResult<BTreeSet<i64>> {
    let mut found = BTreeSet::new();
    for chunk in ids.chunks(CHUNK) {
        let list: Vec<String> = chunk.iter().map(i64::to_string).collect();
        let sql = format!(
            "SELECT DISTINCT {column} AS id FROM {table} WHERE {column} IN ({})",
            list.join(", ")
        );
        let rows: Vec<Named> = diesel::sql_query(sql).load(db)?;
        found.extend(rows.into_iter().map(|row| row.id));
    }
    Ok(found)
}

/// Which of these identities none of the columns names.
fn alone(db: &mut Db, columns: &[(&str, &str)], mut ids: Vec<i64>) -> AppResult<Vec<i64>> {
    for (table, column) in columns {
        let leaned_on = named(db, table, column, &ids)?;
        ids.retain(|id| !leaned_on.contains(id));
    }
    Ok(ids)
}

/// Names the work of persons that stands on new files.
pub fn on_files(
    db: &mut Db,
    scope: &Scope,
    files: &[LoanFile],
    names: &Names,
    against: &mut Vec<String>,
) -> AppResult<()> {
    let own: Vec<&LoanFile> =
        files.iter().filter(|file| scope.codes().contains(&file.office_code)).collect();
    let ids: Vec<i64> = own.iter().map(|file| file.id.get()).collect();
    for (table, words) in WORK {
        let leaned_on = named(db, table, "file_id", &ids)?;
        let those = own.iter().filter(|file| leaned_on.contains(&file.id.get()));
        against.extend(those.map(|file| format!("{}：已有{words}", names.file(file.id))));
    }
    Ok(())
}

/// Takes away new files, numbers and people on which nothing leans.
pub fn remove_alone(
    db: &mut Db,
    scope: &Scope,
    files: &[LoanFile],
    phones: &[Phone],
    people: &[Person],
) -> AppResult<()> {
    let files = alone(db, &OF_FILE, files.iter().map(|one| one.id.get()).collect())?;
    let files: Vec<FileId> = files.into_iter().map(FileId::new).collect();
    position::remove(db, scope, &[], &files)?;
    loan::remove_files(db, scope, &files)?;
    let phones = alone(db, &OF_PHONE, phones.iter().map(|one| one.id.get()).collect())?;
    let phones: Vec<PhoneId> = phones.into_iter().map(PhoneId::new).collect();
    person::remove_phones(db, scope, &phones)?;
    let people = alone(db, &OF_PERSON, people.iter().map(|one| one.id.get()).collect())?;
    let people: Vec<PersonId> = people.into_iter().map(PersonId::new).collect();
    person::remove_all(db, scope, &people)
}

/// The later lists that have these figures, each once.
pub fn later_lists(
    db: &mut Db,
    scope: &Scope,
    figures: &[BankFigure],
    name: &impl Fn(&BankFigure) -> String,
) -> AppResult<Vec<String>> {
    let mut lists: BTreeMap<ImportId, (usize, String)> = BTreeMap::new();
    for figure in figures {
        lists.entry(figure.import_id).or_insert_with(|| (0, name(figure))).0 += 1;
    }
    let mut found = Vec::new();
    for (import, (count, first)) in lists {
        let list = store::find(db, scope, import)?.file_name;
        let all = if count > 1 { format!("等 {count} 行") } else { String::new() };
        found.push(format!("{first}{all}，后来又在“{list}”里，请先撤销那一份"));
    }
    Ok(found)
}
