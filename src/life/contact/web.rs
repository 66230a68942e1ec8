//! The routes of family contact `/family-contacts`. Seeing needs the right to see loans, acting the
//! right to edit people, sharing out the right to manage staff: the director.

use super::filter::ListParams;
use super::{coverage, family, record, share, tree};
use crate::book::staff::Right;
use crate::web::list::page::{page, workbook};
use crate::web::route::{Entry, Needs, get, post};

/// The routes of this stage.
pub fn routes() -> Vec<Entry> {
    let see = Needs::Right(Right::SeeLoans);
    let act = Needs::Right(Right::EditPeople);
    let director = Needs::Right(Right::ShareContacts);
    vec![
        get("/family-contacts", see, page::<ListParams>),
        get("/family-contacts.xlsx", see, workbook::<ListParams>),
        get("/family-contacts/coverage", see, coverage::show),
        get("/family-contacts/coverage.xlsx", see, coverage::workbook),
        get("/family-contacts/share", director, share::show),
        post("/family-contacts/share", director, share::share),
        get("/family-contacts/next", act, family::next),
        get("/family-contacts/{file_no}", see, family::show),
        post("/family-contacts/{file_no}/records", act, record::add),
        post("/family-contacts/{file_no}/records/{id}/undo", act, record::undo),
        post("/family-contacts/{file_no}/phones/{id}", act, tree::phone),
        post("/family-contacts/{file_no}/points", act, tree::add),
        post("/family-contacts/{file_no}/points/{id}", act, tree::point),
        post("/family-contacts/{file_no}/lost", act, tree::lost),
    ]
}
