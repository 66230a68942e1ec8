//! `/l`: the pages of liaisons in villages, schools and police stations. A realm of its own:
//! their accounts are not staff, their cookie opens nothing at the desk, and of the county they
//! see only the sheets that were handed to their own place, and a school its own pupils in
//! 困难认定, 名单比对 and 预申请. Names as on the paper, numbers masked, no amounts unless the director
//! has allowed them; every look is written down.

pub mod sign_in;
pub mod password;
pub mod sheets;
pub mod hardship;
pub mod matching;
pub mod preapplications;
pub mod school;
pub mod survey;
pub mod upload;

use self::preapplications as candidates;
use crate::web::route::{Entry, Needs, get, post};

/// The routes of liaisons, and of the desk's pages about them.
pub fn routes() -> Vec<Entry> {
    vec![
        get("/l/login", Needs::Nobody, sign_in::show),
        post("/l/login", Needs::Nobody, sign_in::sign_in),
        post("/l/logout", Needs::Liaison, sign_in::sign_out),
        get("/l", Needs::Liaison, sheets::list),
        get("/l/sheets/{id}", Needs::Liaison, sheets::show),
        post("/l/sheets/{id}", Needs::Liaison, sheets::hand_in),
        get("/l/hardship", Needs::Liaison, hardship::list),
        post("/l/hardship/rounds/{id}", Needs::Liaison, hardship::many),
        get("/l/hardship/rounds/{id}/new", Needs::Liaison, hardship::new),
        post("/l/hardship/rounds/{id}/new", Needs::Liaison, hardship::enter),
        get("/l/hardship/applications/{id}", Needs::Liaison, hardship::show),
        post("/l/hardship/applications/{id}", Needs::Liaison, hardship::step),
        get(matching::HOME, Needs::Liaison, matching::list),
        post(matching::HOME, Needs::Liaison, matching::answer),
        get(candidates::HOME, Needs::Liaison, candidates::list),
        get("/l/pre-applications/new", Needs::Liaison, candidates::new),
        post("/l/pre-applications/new", Needs::Liaison, candidates::enter),
        get("/l/pre-applications/table", Needs::Liaison, candidates::table),
        get(survey::PATH, Needs::Liaison, survey::show),
        post(survey::PATH, Needs::Liaison, survey::report),
        get(upload::PATH, Needs::Liaison, upload::show),
        post(upload::PATH, Needs::Liaison, upload::receive),
        get(upload::BLANK, Needs::Liaison, upload::blank),
        post("/l/pre-applications/hand-in", Needs::Liaison, candidates::hand_in),
        get("/l/pre-applications/{id}", Needs::Liaison, candidates::show),
        post("/l/pre-applications/{id}", Needs::Liaison, candidates::change),
        post("/l/pre-applications/{id}/withdraw", Needs::Liaison, candidates::withdraw),
        get("/l/password", Needs::Liaison, password::show),
        post("/l/password", Needs::Liaison, password::change),
    ]
}
