//! 新阶段: a file enters, and is there on the page and on the workbench, on both databases.

use diesel::prelude::*;
use zhuxue::base::ids::FileId;
use zhuxue::book::staff::Role;
use zhuxue::life::new_stage::rules::State;
use zhuxue::life::new_stage::store::{self, Row};
use zhuxue::plumbing::schema::loan_file;

use crate::borrower::town::{each, read};
use crate::support::OFFICE;

#[test]
fn a_file_that_enters_waits_on_the_page_and_on_the_workbench() {
    each(async |t| {
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get("/new-stage").await.is(200).says(&["新阶段", "现在没有待办的"]);

        let files = loan_file::table.order(loan_file::id);
        let (file_id, file_no): (FileId, String) =
            read(&t, |db| Ok(files.select((loan_file::id, loan_file::file_no)).first(db)?));
        let row = Row {
            file_id,
            office_code: OFFICE.to_owned(),
            state: State::Open,
            since_on: t.app.clock.today(),
            version: 1,
        };
        t.app.db.write("a test", |db| store::add(db, &row)).unwrap();
        clerk.get("/new-stage").await.is(200).says(&["1 户待办", &file_no]);
        clerk.get("/home").await.is(200).says(&["户新阶段待办"]);
    });
}
