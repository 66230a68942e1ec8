//! 消息: what goes out today, what went, what did not; the texts an office writes itself; and the
//! messages of one loan file. Decides nothing about a message: `book::notice` and
//! `plumbing::outbox` do.

pub mod act;
pub mod facts;
pub mod file;
pub mod file_act;
pub mod list;
pub mod texts;

use crate::book::staff::Right;
use crate::web::route::{Entry, Needs, get, post};

pub fn routes() -> Vec<Entry> {
    let see = Needs::Right(Right::SeeLoans);
    let release = Needs::Right(Right::ReleaseMessages);
    let edit = Needs::Right(Right::EditPeople);
    let texts = Needs::Right(Right::EditTexts);
    vec![
        get("/messages", see, list::list),
        get("/messages/group", release, act::confirm),
        post("/messages/group", release, act::group),
        post("/messages/one", release, act::one),
        post("/messages/hold", release, act::hold),
        get("/loans/{file_no}/messages", see, file::show),
        get("/loans/{file_no}/messages/new", edit, file_act::preview),
        post("/loans/{file_no}/messages", edit, file_act::send),
        post("/loans/{file_no}/messages/stop", edit, file_act::stop),
        get("/admin/message-templates", texts, texts::list),
        get("/admin/message-templates/{reason}", texts, texts::show),
        post("/admin/message-templates/{reason}", texts, texts::change),
    ]
}
