//! Pages across stages: sign-in, people and settings, workbench, search, lists, the loan file,
//! what was done, and the shell around all.
//! A page here shows and asks; what happens is decided in `life` and kept by `book`.

pub mod shell;
pub mod counts;
pub mod workbench;
pub mod search;
pub mod lists;
pub mod loan_file;
pub mod lifeline;
pub mod differences;
pub mod imports;
pub mod importing;

use crate::plumbing::assets;
use crate::plumbing::http::route::{Entry, Needs, get};

/// Every route of the program and who may use it. The server registers exactly these lines.
pub fn routes() -> Vec<Entry> {
    let mut routes = vec![get("/assets/{version}/{name:.*}", Needs::Nobody, assets::show)];
    routes.extend(workbench::routes());
    routes.extend(search::routes());
    routes.extend(loan_file::routes());
    routes.extend(lists::routes());
    routes.extend(differences::routes());
    routes
}
