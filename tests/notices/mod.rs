//! What borrowers are told: the texts, the six jobs that write messages, the last look before
//! sending, and the pages of messages.

mod jobs;
mod pages;
mod texts;
mod wanted;

use diesel::prelude::*;
use zhuxue::base::scope::Scope;
use zhuxue::book::audit_log::Actor;
use zhuxue::book::office::{self, Office};
use zhuxue::book::staff::Role;
use zhuxue::book::statement::Product;
use zhuxue::imports::batch;
use zhuxue::plumbing::crypto::Field;
use zhuxue::plumbing::outbox::Message;
use zhuxue::plumbing::schema::message;

use crate::support::county::{bank_tells_every_day, day, small_sheets};
use crate::support::{OFFICE, TestApp};

/// The program with the sixty borrowers of the small sample, as of 2026-10-31.
pub fn with_sample(t: TestApp) -> TestApp {
    let clerk = t.add_staff("clerk", "韦清越", Role::Clerk);
    let by = Actor { staff_id: Some(clerk.id), name: clerk.name, office_code: OFFICE.to_owned() };
    let (scope, on) = (Scope::of(OFFICE), Some(day("2026-10-31")));
    let sheets = small_sheets("clean_plain");
    let batch = batch::receive_files(&t.app, &scope, &by, &sheets, on, Product::Cdb).unwrap();
    batch::check(&t.app, &scope, &batch, |_| {}).unwrap();
    batch::post(&t.app, &scope, &batch, |_| {}).unwrap();
    bank_tells_every_day(&t.app, OFFICE);
    t
}

pub fn office(t: &TestApp) -> Office {
    t.app.db.read(|db| office::find(db, OFFICE)).unwrap()
}

/// All messages, the oldest first.
pub fn messages(t: &TestApp) -> Vec<Message> {
    let rows = message::table.order(message::id).select(Message::as_select());
    t.app.db.read(|db| Ok(rows.load(db)?)).unwrap()
}

/// The text of a message.
pub fn text(t: &TestApp, message: &Message) -> String {
    t.app.sealer.open_text(Field::Message, &message.text_sealed).unwrap()
}
