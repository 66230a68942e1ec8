//! Files that are attached to a row: what one is, told by its bytes and never by its name
//! (`content.rs`, `pdf.rs`), and the folder beside the database that holds them (`folder.rs`).

pub mod content;
pub mod folder;
mod pdf;
