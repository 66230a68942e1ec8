//! 家庭联系: the plan of a year, records, the contact tree, lost families, coverage, sharing out.

mod families;
mod new_number;
mod plan;
mod yearly;

use diesel::prelude::*;
use zhuxue::plumbing::schema::{contact_duty, loan_file, person};

use crate::borrower::town::{self, read};
use crate::support::{Answer, Browser, TestApp};

/// 吕凤欢 of the sample.
pub const NAME: &str = "吕凤欢";

/// Runs `test` with the sample county planned for the year, on each database.
pub fn planned(test: impl AsyncFn(TestApp)) {
    town::each(async |t| {
        run(&t);
        test(t).await;
    });
}

/// Runs the nightly plan.
pub fn run(t: &TestApp) -> (u64, String) {
    let done = zhuxue::jobs::plan_contact_duties::run(&t.app, t.app.clock.today()).unwrap();
    (done.done, done.note)
}

/// Number of the file of a student.
pub fn file_no(t: &TestApp, name: &str) -> String {
    read(t, |db| {
        Ok(loan_file::table
            .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
            .filter(person::name.eq(name))
            .select(loan_file::file_no)
            .first(db)?)
    })
}

/// State, tries and note of a student's duty.
pub fn duty(t: &TestApp, name: &str) -> (String, i32, String) {
    read(t, |db| {
        Ok(contact_duty::table
            .inner_join(loan_file::table.on(loan_file::id.eq(contact_duty::file_id)))
            .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
            .filter(person::name.eq(name))
            .select((contact_duty::state, contact_duty::tries, contact_duty::note))
            .first(db)?)
    })
}

/// Sends a contact as the page of the family, read just now, would.
pub async fn keep(browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Answer {
    let seen = browser.get(path).await.is(200).hidden("seen");
    let fields = [&[("seen", seen.as_str())], fields].concat();
    browser.post(&format!("{path}/records"), &fields).await
}

/// Writes down a contact of a day.
pub async fn write_down(
    browser: &mut Browser,
    path: &str,
    (day, channel, party, outcome): (&str, &str, &str, &str),
) {
    let page = browser.get(path).await;
    let key = page.is(200).hidden("command_key");
    let seen = page.hidden("seen");
    let fields = [
        ("command_key", key.as_str()),
        ("seen", seen.as_str()),
        ("on_day", day),
        ("channel", channel),
        ("party", party),
        ("outcome", outcome),
    ];
    browser.post(&format!("{path}/records"), &fields).await.is(303);
}
