//! The pages of borrowers `/m`, in one process and on both databases.

mod contacts;
mod pages;
mod sign_in;
pub mod town;
