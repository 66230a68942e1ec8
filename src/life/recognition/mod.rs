//! 困难认定: who is in difficulty (教财〔2018〕16号; rules.md 7, rules-more.md 3.7). Enters: a pupil
//! whose application comes into a round of a school and school year. Class, grade, school and
//! village look at it, the list hangs for some working days, and somebody of the county who has had
//! no part in it decides. Leaves: recognised, refused with a reason that a parent can read, or
//! withdrawn; what is recognised stands in the table `recognition`, where imports write, too.
//!
//! `rules.rs` decides (pure) and has the only table of allowed moves, `form.rs` reads what a family
//! has written, `upload.rs` a list of pupils, `steps.rs` and `round_steps.rs` are what people do,
//! `round_store.rs` keeps rounds, applications and steps, `store.rs` the results; `rounds.rs` and
//! `list.rs` are the lists, `round.rs` and `application.rs` the pages, `papers.rs` is printed.

pub mod application;
pub mod form;
pub mod list;
mod papers;
pub mod round;
pub mod round_steps;
pub mod round_store;
pub mod rounds;
pub mod rules;
pub mod steps;
pub mod store;
pub mod upload;

use self::list::ListParams;
use self::rounds::ListParams as RoundParams;
use crate::book::staff::Right;
use crate::web::list::page::{page, workbook};
use crate::web::route::{Entry, Needs, get, post};

pub const STAGE: super::Stage = super::Stage {
    name: "recognition",
    routes,
    reactions: &[],
    waiting: rounds::waiting,
    bell: rounds::waiting,
};

fn routes() -> Vec<Entry> {
    let (see, serve) = (Needs::Right(Right::SeeLoans), Needs::Right(Right::ServeSeason));
    vec![
        get(rounds::PATH, see, page::<RoundParams>),
        get("/hardship.xlsx", see, workbook::<RoundParams>),
        get("/hardship/new", serve, round::new),
        post("/hardship/new", serve, round::open),
        get(list::PATH, see, page::<ListParams>),
        get("/hardship/applications.xlsx", see, workbook::<ListParams>),
        get("/hardship/rounds/{id}", see, round::show),
        post("/hardship/rounds/{id}", serve, round::change),
        post("/hardship/rounds/{id}/pupils", serve, round::upload),
        get("/hardship/rounds/{id}/new", serve, application::new),
        post("/hardship/rounds/{id}/new", serve, application::enter),
        get("/hardship/rounds/{id}/notice", see, papers::notice),
        get("/hardship/rounds/{id}/result", see, papers::result),
        get("/hardship/applications/{id}", see, application::show),
        post("/hardship/applications/{id}", serve, application::step),
        get("/hardship/applications/{id}/letter", see, papers::letter),
    ]
}
