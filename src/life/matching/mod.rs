//! 名单比对: who of the county's pupils stands on the lists of other offices (rules-more.md 3.8).
//! Enters: a list of another office, or a roster of a school. Of a list only the blind indexes of
//! identity numbers are stored, with their places, until the list expires; never a name or a number
//! of somebody who is not a pupil here. A hit is a hint: the school or the county answers what it
//! found, and nothing is decided by it. Lists whose people get no help any more are only shown.
//!
//! `upload.rs` reads files (pure), `steps.rs` is what people and the nightly job do, `store.rs` the
//! SQL; `list.rs` is `/matching`, `answers.rs` answers hits, `lists.rs` the lists, `roster.rs`
//! compares a school's roster; `partners.rs` is 跨县查重, what counties tell each other by keyed
//! hashes (`book/partner.rs`), `partner_file.rs` their file, `partner_steps.rs` what is done.
//! Layouts stand in `policies/matching.toml`.

pub mod answers;
pub mod list;
mod lists;
pub mod partner_file;
mod partner_steps;
mod partners;
pub mod roster;
pub mod rules;
pub mod steps;
pub mod store;
pub mod upload;

use self::list::ListParams;
use crate::book::staff::Right;
use crate::web::list::page::{page, workbook};
use crate::web::route::{Entry, Needs, get, post};
use crate::web::waiting::NOTHING;

pub const STAGE: super::Stage = super::Stage {
    name: "matching",
    routes,
    reactions: &[],
    waiting: list::waiting,
    bell: NOTHING,
};

fn routes() -> Vec<Entry> {
    let (see, serve) = (Needs::Right(Right::SeeLoans), Needs::Right(Right::ServeSeason));
    let manage = Needs::Right(Right::ManageOffice);
    vec![
        get(list::PATH, see, page::<ListParams>),
        get("/matching.xlsx", see, workbook::<ListParams>),
        post("/matching/answers", serve, answers::answer),
        get(lists::PATH, see, lists::show),
        post(lists::PATH, serve, lists::receive),
        post("/matching/compare", serve, lists::compare),
        post("/matching/roster", serve, roster::compare),
        get(partners::PATH, Needs::SignedIn, partners::show),
        post(partners::PATH, manage, partners::add),
        post("/matching/partners/made", serve, partners::make),
        post("/matching/partners/received", serve, partners::receive),
        get("/matching/partners/find", see, partners::look_up),
        post("/matching/partners/{id}/remove", manage, partners::remove),
        get("/matching/lists/{id}", see, lists::one),
        post("/matching/lists/{id}", serve, lists::remove),
    ]
}
