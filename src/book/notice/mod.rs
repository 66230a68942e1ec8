//! What we tell borrowers and families, why, and whether it is still wanted when it leaves.
//! Composes messages; `plumbing::outbox` keeps them, `jobs/deliver_messages.rs` sends them.
//!
//! A job (or a page) asks [`people`] whom a file's message goes to, [`compose`] makes the rows,
//! and [`revalidate`] is asked again at the moment of sending. Nobody gets a message whose kind
//! they do not want, and a person of [`stops`] gets none at all. No text ever holds a link.

pub mod due_queries;
pub mod by_hand;
mod compose;
mod fields;
pub mod own_texts;
pub mod people;
mod quiet;
mod reason;
pub mod rounds;
pub mod stops;
pub mod text;
mod revalidate;
pub mod wishes;
mod write;

pub use compose::{Composer, To, compose, is_held, new_check_code, set_held};
pub use fields::Fields;
pub use quiet::allowed_from;
pub use reason::{COMMON_FIELDS, Kind, Reason};
pub use revalidate::{Verdict, revalidate};
pub use write::{About, Wrote, write_about};
