//! THE BORROWER'S OWN PAGES `/m`: a phone, large type, no script, under 80 KB. A borrower or
//! co-borrower sees one thing: when next, how much, why. Never imports `desk`; changes nothing
//! about a loan.
//!
//! `session.rs` and `code.rs` are the way in, `account.rs` reads what a page shows, `shell.rs` is
//! around every page; then one file for each page.

pub mod account;
pub mod code;
pub mod home;
pub mod send;
pub mod session;
pub mod shell;
pub mod sign_in;

use crate::plumbing::http::route::{Entry, Needs, get, post};

/// The pages of borrowers and who may use each.
pub fn routes() -> Vec<Entry> {
    let me = Needs::Borrower;
    vec![
        get("/m", me, home::show),
        get("/m/sign-in", Needs::Nobody, sign_in::show),
        post("/m/sign-in", Needs::Nobody, sign_in::ask),
        get("/m/code", Needs::Nobody, sign_in::show_code),
        post("/m/code", Needs::Nobody, sign_in::enter),
        post("/m/sign-out", me, sign_in::sign_out),
        post("/m/type", Needs::Nobody, shell::set_type),
    ]
}
