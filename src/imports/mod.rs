//! Imports: what [`crate::imports::layout`] has read meets the database.
//!
//! Three steps. *Check* is a dry run: each row is held against what is stored and told apart as
//! new, same, changed or refused. *Post* runs the very same plan and writes it, some hundred
//! rows a transaction; rows are marked posted in that transaction, so posting can be stopped or
//! killed at any instant and goes on where it was. *Result* is the user's own sheet with two
//! columns more. Importing a file again finds every row the same.
//!
//! [`kinds`] says what a line of each kind of sheet comes to, [`plan`] gathers it (no SQL),
//! [`facts`] loads what all of them decide on, [`run`] drives it.

pub mod layout;
pub mod store;
mod layer;
mod written;
mod apply;
mod leaning;
mod named;
pub mod undo;
mod undo_web;
pub mod profile;
pub mod read;
pub mod findings;
pub mod columns;
mod early;
pub mod facts;
pub mod known;
pub mod ask;
pub mod plan;
mod moved;
mod people;
mod money;
mod bank_list;
mod records;
mod undone;
mod kind;
pub mod kinds;
pub mod run;
pub mod batch;
pub mod runner;
mod order;
pub mod queue;
mod pages;
pub mod web;
pub mod act;
pub mod result;

use crate::book::staff::Right;
use crate::web::route::{Entry, Needs, get, post};

/// The pages. Fixed addresses stand before those with a number in them.
pub fn routes() -> Vec<Entry> {
    let needs = Needs::Right(Right::Import);
    vec![
        get("/imports", needs, web::list),
        post("/imports", needs, web::create),
        get("/imports/new", needs, web::new),
        post("/imports/post", needs, act::post_all),
        get("/imports/templates/{kind}", needs, columns::template),
        get("/imports/{id}", needs, web::show),
        get("/imports/{id}/columns", needs, columns::form),
        post("/imports/{id}/columns", needs, columns::choose),
        get("/imports/{id}/result.xlsx", needs, result::workbook),
        post("/imports/{id}/result.xlsx", needs, result::in_full),
        post("/imports/{id}/post", needs, act::post),
        post("/imports/{id}/check", needs, act::check),
        post("/imports/{id}/stop", needs, act::stop),
        post("/imports/{id}/drop", needs, act::drop),
        post("/imports/{id}/as-of", needs, act::as_of),
        post("/imports/{id}/confirm", needs, act::confirm),
        get("/imports/{id}/undo", Needs::Right(Right::UndoImports), undo_web::show),
        post("/imports/{id}/undo", Needs::Right(Right::UndoImports), undo_web::undo),
    ]
}
