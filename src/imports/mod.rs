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
pub mod compare;
pub mod batch;
pub mod runner;
mod pages;
pub mod web;
pub mod act;
pub mod result;
