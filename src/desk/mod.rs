//! Pages across stages: sign-in, people and settings, what was done, and the shell around all.
//! A page here shows and asks; what happens is decided in `life` and kept by `book`.

pub mod imports;
pub mod importing;
pub mod shell;
pub mod counts;

use crate::plumbing::assets;
use crate::plumbing::http::route::{Entry, Needs, get};

/// Every route of the program and who may use it. The server registers exactly these lines.
pub fn routes() -> Vec<Entry> {
    let mut all = vec![get("/assets/{version}/{name:.*}", Needs::Nobody, assets::show)];
    all.extend(crate::life::overdue::web::routes());
    all
}
