//! THE BORROWER'S OWN PAGES `/m`: a phone, large type, no script, under 80 KB. A borrower or
//! co-borrower sees one thing: when next, how much, why. Never imports `desk`; changes nothing
//! about a loan.
//!
//! `session.rs` and `code.rs` are the way in, `account.rs` reads what a page shows, `shell.rs` is
//! around every page; then one file for each page.

pub mod account;
pub mod booking;
pub mod ceiling;
pub mod certificate;
pub mod check;
pub mod code;
pub mod contacts;
pub mod early;
pub mod files;
pub mod graduation;
pub mod guess;
pub mod help;
pub mod home;
pub mod paid;
pub mod renewal;
pub mod repay;
pub mod schedule;
pub mod send;
pub mod settings;
pub mod sign_in;

use crate::web::route::{Entry, Needs, get, post};
use crate::web::shell::phone;

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
        post("/m/type", Needs::Nobody, phone::set_type),
        get("/m/files", me, files::show),
        post("/m/files", me, files::choose),
        get("/m/schedule", me, schedule::show),
        get("/m/paid", me, paid::show),
        get("/m/early", me, early::show),
        post("/m/early", me, early::change),
        get("/m/repay", me, repay::show),
        get("/m/contracts", me, repay::contracts),
        get("/m/booking", me, booking::show),
        post("/m/booking", me, booking::change),
        get("/m/renewal", me, renewal::show),
        post("/m/renewal", me, renewal::change),
        get("/m/graduation", me, graduation::show),
        post("/m/graduation", me, graduation::confirm),
        get("/m/contacts", me, contacts::show),
        post("/m/contacts", me, contacts::change),
        post("/m/contacts/confirm", me, contacts::confirm),
        get("/m/settings", me, settings::show),
        post("/m/settings", me, settings::change),
        post("/m/settings/sessions", me, settings::end_others),
        get("/m/check", Needs::Nobody, check::show),
        post("/m/check", Needs::Nobody, check::submit),
        get("/m/certificate", Needs::Nobody, certificate::show),
        post("/m/certificate", Needs::Nobody, certificate::submit),
        get("/m/help", Needs::Nobody, help::show),
    ]
}
