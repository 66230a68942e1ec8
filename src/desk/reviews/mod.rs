//! 复核: the line of what waits for a second person, and one proposal with its facts. What is
//! decided, and that no author decides, is in `book/review`; what follows is the stage's.

pub mod list;
mod web;

use self::list::ListParams;
use crate::book::staff::Right;
use crate::web::list::page::page;
use crate::web::route::{Entry, Needs, get, post};

pub fn routes() -> Vec<Entry> {
    let (see, serve) = (Needs::Right(Right::SeeLoans), Needs::Right(Right::ServeSeason));
    let decide = Needs::Right(Right::Review);
    vec![
        get(list::PATH, see, page::<ListParams>),
        post("/reviews/approve", decide, web::approve_many),
        get("/reviews/{id}", see, web::show),
        post("/reviews/{id}", decide, web::decide),
        post("/reviews/{id}/withdraw", serve, web::withdraw),
        post("/reviews/{id}/urge", serve, web::urge),
    ]
}
