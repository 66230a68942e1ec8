//! The pages of borrowers `/m`, in one process and on both databases.

mod sign_in;
pub mod town;
