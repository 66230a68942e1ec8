//! What staff, schools and the bank send: sheets become typed rows with notes. `layout!` declares a
//! kind of sheet; which there are is listed in [`crate::imports::kinds`].
//!
//! Everything in this folder is pure: no SQL, no clock, no files. A sheet is read by
//! [`crate::plumbing::sheet`], [`recognise`] says which layout it is,
//! [`parse::read_rows`] makes each line a typed [`rows::Row`] with [`fault::RowMessage`]s, and
//! [`duplicates::find_duplicates`] compares the lines of one file. What needs the database
//! (is this person known?) is left open as a [`fault::Hook`] on a note.
//!
//! A note never holds a full identity or telephone number.

pub mod fault;
pub mod kind;
mod synonyms;
mod cells;
pub(in crate::imports) mod declare;
mod heading;
mod unit;
mod binding;
mod recognise;
pub mod words;
mod value;
mod reader;
pub mod rows;
pub mod parse;
pub mod duplicates;
pub mod totals;

pub use binding::{Binding, Chosen, Line};
pub use duplicates::{Duplicate, find_duplicates};
pub use fault::{Fault, Hook, RowMessage, Severity, explain};
pub use kind::{Cap, Column, ColumnKind, Layout, Limits};
pub use parse::{Parsed, Read, parse_row, read_row, read_rows};
pub use recognise::{LayoutProblem, outline, recognise, recognise_any, recognise_as, recognise_by};
pub use rows::{Declared, Row, SheetRow};
