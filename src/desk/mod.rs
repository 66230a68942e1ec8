//! Pages across stages: sign-in, people and settings, workbench, search, lists, the loan file,
//! what was done, and the shell around all.
//! A page here shows and asks; what happens is decided in `life` and kept by `book`.

pub mod contact_changes;
mod contact_change_message;
pub mod sign_in;
pub mod me;
pub mod release;
pub mod admin;
pub mod audit;
pub mod reveal;
pub mod jobs;
pub mod health;
pub mod gateways;
mod gateway_test;
pub mod waiting;
pub mod workbench;
pub mod start;
pub mod help;
pub mod search;
pub mod lists;
pub mod loan_file;
pub mod bank_data;
pub mod policy;
pub mod messages;
pub mod reviews;
pub mod season;

use crate::book::staff::Right;
use crate::plumbing::assets;
use crate::web::route::{Entry, Needs, get, post};

/// The pages of the desk across stages, and who may use them.
pub fn routes() -> Vec<Entry> {
    let staff = Needs::Right(Right::ManageStaff);
    let office = Needs::Right(Right::ManageOffice);
    let liaisons = Needs::Right(Right::ManageLiaisons);
    let amounts = Needs::Right(Right::AllowAmounts);
    let mut routes = vec![
        get("/assets/{version}/{name:.*}", Needs::Nobody, assets::show),
        get("/healthz", Needs::Nobody, health::alive),
        get("/readyz", Needs::Nobody, health::ready),
        get("/metrics", Needs::MetricsAddress, health::metrics),
        get("/login", Needs::Nobody, sign_in::show),
        post("/login", Needs::Nobody, sign_in::sign_in),
        post("/logout", Needs::SignedIn, sign_in::sign_out),
        get("/", Needs::SignedIn, sign_in::first_page),
        get("/me", Needs::SignedIn, me::show),
        get("/me/stay", Needs::SignedIn, me::stay),
        post("/me/password", Needs::SignedIn, me::change_password),
        post("/me/sessions", Needs::SignedIn, me::end_sessions),
        get("/admin", staff, admin::list),
        get("/admin/staff/new", staff, admin::new),
        post("/admin/staff", staff, admin::add),
        get("/admin/staff/{id}", staff, admin::show),
        post("/admin/staff/{id}", staff, admin::change),
        post("/admin/staff/{id}/password", staff, admin::set_password),
        post("/admin/staff/{id}/state", staff, admin::set_state),
        post("/admin/staff/{id}/sessions", staff, admin::end_sessions),
        get("/admin/staff/{id}/handover", staff, admin::handover::show),
        post("/admin/staff/{id}/handover", staff, admin::handover::hand_over),
        post("/admin/staff/{id}/handover/undo", staff, admin::handover_undo::undo),
        post("/admin/staff/{id}/release", staff, release::staff),
        get("/admin/office", office, admin::office::show),
        post("/admin/office", office, admin::office::change),
        get("/admin/backups", Needs::SignedIn, admin::backups::list),
        post("/admin/backups/jobs", office, admin::backups::release_jobs),
        post("/admin/backups/messages", office, admin::backups::release_messages),
        get("/admin/backups/{name}", office, admin::backups::show),
        post("/admin/backups/{name}", office, admin::backups::put_back),
        get("/admin/liaisons", liaisons, admin::liaisons::list),
        get("/admin/liaisons/new", liaisons, admin::liaisons::new),
        post("/admin/liaisons", liaisons, admin::liaisons::add),
        get("/admin/liaisons/{id}", liaisons, admin::liaisons::show),
        post("/admin/liaisons/{id}", liaisons, admin::liaisons::change),
        post("/admin/liaisons/{id}/password", liaisons, admin::liaisons::set_password),
        post("/admin/liaisons/{id}/amounts", amounts, admin::liaisons::set_amounts),
        post("/admin/liaisons/{id}/release", liaisons, release::liaison),
        post("/loans/{file_no}/release", Needs::Right(Right::EditPeople), release::borrower),
        get("/audit", Needs::Right(Right::SeeHistory), audit::list),
        get("/audit.xlsx", Needs::Right(Right::SeeHistory), audit::workbook),
        post("/reveal", Needs::Right(Right::RevealNumbers), reveal::reveal),
    ];
    routes.extend(gateways::routes());
    routes.extend(jobs::routes());
    routes.extend(workbench::routes());
    routes.extend(start::routes());
    routes.extend(gateway_test::routes());
    routes.extend(help::routes());
    routes.extend(search::routes());
    routes.extend(loan_file::routes());
    routes.extend(lists::routes());
    routes.extend(bank_data::routes());
    routes.extend(policy::routes());
    routes.extend(messages::routes());
    routes.extend(contact_changes::routes());
    routes.extend(reviews::routes());
    routes.extend(season::routes());
    routes
}
