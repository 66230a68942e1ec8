//! `/loans/{file_no}/messages`: every message of a loan file, what its people wish, who gets none
//! any more, and a single message by hand.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::facts::{self, Row};
use crate::app::App;
use crate::base::choice::Choice;
use crate::base::dates;
use crate::base::ids::{LoanId, PersonId};
use crate::base::scope::Scope;
use crate::book::events;
use crate::book::loan::{self, LoanFile};
use crate::book::notice::by_hand::BY_HAND;
use crate::book::notice::wishes::{self, Wish};
use crate::book::notice::{Kind, people, stops};
use crate::book::person;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::outbox;
use crate::web::fields::{self, FormPage};
use crate::web::session::SignedIn;

/// Messages on the page; a life has some sixty.
const MOST: i64 = 300;

/// What somebody wants of one kind.
#[derive(Debug, Serialize)]
struct WishView {
    kind: &'static str,
    sms: bool,
    email: bool,
}

/// Somebody of the file.
#[derive(Debug, Serialize)]
pub struct PersonView {
    pub(super) id: String,
    pub(super) who: &'static str,
    pub(super) name: String,
    /// Where an SMS goes; empty: no number works.
    to_mask: String,
    email: bool,
    wishes: Vec<WishView>,
    stop: Option<StopView>,
}

#[derive(Debug, Serialize)]
struct StopView {
    why: &'static str,
    note: String,
    by_name: String,
    since: String,
}

#[derive(Debug, Serialize)]
pub struct FilePage {
    file_no: String,
    name: String,
    people: Vec<PersonView>,
    rows: Vec<Row>,
    /// How many the other tabs have.
    events: usize,
    contract_count: usize,
    reasons: Vec<Choice>,
    here: String,
}

impl FormPage for FilePage {
    const TEMPLATE: &'static str = "desk/file_messages.html";
    const REFUSED_AT: &'static str = "note";
}

/// `GET /loans/{file_no}/messages`
pub async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    file_no: web::Path<String>,
) -> AppResult<HttpResponse> {
    fields::show(&app, &me, &req, &page(&app, &me, &file_no).await?)
}

pub(super) async fn page(app: &App, me: &SignedIn, file_no: &str) -> AppResult<FilePage> {
    let (scope, inner, file_no) = (me.scope.clone(), app.clone(), file_no.to_owned());
    app.read(move |db| {
        let file = loan::file_by_no(db, &scope, &file_no)?;
        let messages = outbox::of_file(db, &scope, file.id, MOST)?;
        let people = people_of(db, &scope, &file)?;
        let loans: Vec<LoanId> = loan::chain(db, &scope, file.id)?.iter().map(|l| l.id).collect();
        Ok(FilePage {
            events: events::of_loans(db, &scope, &loans)?.values().map(Vec::len).sum(),
            contract_count: loans.len(),
            here: format!("/loans/{}/messages", file.file_no),
            name: people.first().map(|one| one.name.clone()).unwrap_or_default(),
            file_no: file.file_no,
            people,
            rows: facts::rows(&inner, db, &scope, messages)?,
            reasons: Choice::all(&BY_HAND),
        })
    })
    .await
}

/// Student and co-borrower, with their wishes and stops.
pub(super) fn people_of(db: &mut Db, scope: &Scope, file: &LoanFile) -> AppResult<Vec<PersonView>> {
    let mut ids: Vec<PersonId> = vec![file.person_id];
    ids.extend(file.co_person_id.filter(|other| *other != file.person_id));
    let phones = person::phones_of(db, scope, &ids)?;
    let stops = stops::of_people(db, scope, &ids)?;
    let mut found = Vec::with_capacity(2);
    for id in ids {
        let one = person::find(db, scope, id)?;
        let wishes: Vec<(Kind, Wish)> = wishes::of_person(db, scope, id)?;
        let own = phones.iter().filter(|phone| phone.person_id == id);
        found.push(PersonView {
            id: id.to_string(),
            who: if id == file.person_id { "学生" } else { "共同借款人" },
            name: one.name,
            to_mask: people::best_mobile(own).map(|p| p.phone_mask.clone()).unwrap_or_default(),
            email: one.email.contains('@'),
            wishes: wishes
                .into_iter()
                .map(|(kind, wish)| WishView {
                    kind: kind.in_words(),
                    sms: wish.sms,
                    email: wish.email,
                })
                .collect(),
            stop: stops.get(&id).map(|stop| StopView {
                why: stop.why.in_words(),
                note: stop.note.clone(),
                by_name: stop.by_name.clone(),
                since: dates::local(stop.since).date().to_string(),
            }),
        });
    }
    Ok(found)
}
