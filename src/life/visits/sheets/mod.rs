//! Visit sheets that travel and come back. A batch is what one receiver gets in one go; each of its
//! sheets carries a code that opens this sheet only, once, for a while. What comes back, by
//! whatever way, is *proposed* until the desk accepts it; nothing here changes a loan.
//!
//! `rules.rs` decides, `store.rs` keeps batches and sheets, `returns.rs` what came
//! back; `new.rs` makes, `web.rs` sends, `void.rs` takes out of use, `back.rs` is the page behind
//! the code, `import.rs` takes a returned workbook, `desk.rs` lists and types in,
//! `decide.rs` decides, `pdf.rs` asks the program
//! beside ours for one PDF.

pub mod rules;
pub mod store;
pub mod make;
mod new;
mod void;
pub mod returns;
pub mod form;
pub mod web;
pub mod back;
pub mod take;
pub mod accept;
pub mod desk;
mod decide;
pub mod read_back;
pub mod import;
pub mod pdf;

use crate::book::staff::Right;
use crate::web::route::{Entry, Needs, get, post};

/// The routes of sheets.
pub fn routes() -> Vec<Entry> {
    let print = Needs::Right(Right::PrintWorksheets);
    let edit = Needs::Right(Right::EditPeople);
    vec![
        post("/visits/batches", print, new::make),
        get("/visits/sent", print, web::sent),
        get("/visits/batches/{id}", print, web::show),
        get("/visits/batches/{id}/print", print, web::print),
        get("/visits/batches/{id}/workbook.xlsx", print, web::workbook),
        get("/visits/batches/{id}/papers.pdf", print, pdf::papers),
        post("/visits/batches/{id}/handed", print, web::handed),
        post("/visits/batches/{id}/chased", print, web::chased),
        post("/visits/batches/{id}/void", print, void::all),
        post("/visits/sheets/{id}/void", print, void::one),
        get("/visits/returns", edit, desk::list),
        post("/visits/returns/import", edit, import::take),
        get("/visits/returns/{id}", edit, decide::show),
        post("/visits/returns/{id}", edit, decide::decide),
        get("/visits/photos/{id}", edit, decide::photo),
        get("/visits/enter", edit, desk::enter),
        post("/visits/enter", edit, desk::typed),
        get("/r", Needs::Nobody, back::ask),
        post("/r", Needs::Nobody, back::open_code),
        get("/r/{code}", Needs::Nobody, back::show),
        post("/r/{code}", Needs::Nobody, back::hand_in),
    ]
}
