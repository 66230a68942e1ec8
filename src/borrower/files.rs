//! `/m/files`: which loan to look at, for somebody who is borrower of one and co-borrower of
//! others, or is known to another office by the same identity and telephone number.

use actix_web::{HttpRequest, HttpResponse, web};
use diesel::prelude::*;
use serde::Serialize;

use super::account::{self, Party};
use crate::app::App;
use crate::base::ids::{FileId, PersonId};
use crate::base::scope::Scope;
use crate::book::office;
use crate::book::person::{self, PhoneState};
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::schema::person as people;
use crate::web::fields::Fields;
use crate::web::session::borrower::{self, BorrowerForm, BorrowerIn};
use crate::web::shell::phone;

/// The same person in another office.
#[derive(Clone, Debug, Serialize)]
struct Elsewhere {
    code: String,
    office: String,
    #[serde(skip)]
    person_id: PersonId,
}

/// What `m/files.html` shows.
#[derive(Debug, Serialize)]
struct FilesPage {
    parties: Vec<Party>,
    elsewhere: Vec<Elsewhere>,
}

/// `GET /m/files`
pub async fn show(
    app: web::Data<App>,
    me: BorrowerIn,
    req: HttpRequest,
) -> AppResult<HttpResponse> {
    let inner = me.clone();
    let (parties, elsewhere) = app
        .read(move |db| {
            let parties = account::parties(db, &inner.scope, inner.person_id)?;
            Ok((parties, elsewhere(db, &inner)?))
        })
        .await?;
    phone::page(&app, &me, &req, "m/files.html", &FilesPage { parties, elsewhere })
}

/// Other offices that know the same identity number and have the same telephone on file.
fn elsewhere(db: &mut Db, me: &BorrowerIn) -> AppResult<Vec<Elsewhere>> {
    let offices = office::all(db)?;
    if offices.len() < 2 {
        return Ok(Vec::new());
    }
    let own = person::find(db, &me.scope, me.person_id)?;
    let on_file = |db: &mut Db, scope: &Scope, id| -> AppResult<Vec<Vec<u8>>> {
        let phones = person::phones_of(db, scope, &[id])?;
        let on_file = phones.into_iter().filter(|phone| phone.state == PhoneState::OnFile);
        Ok(on_file.map(|phone| phone.phone_index).collect())
    };
    let mine = on_file(db, &me.scope, me.person_id)?;
    let others: Vec<&str> = offices
        .iter()
        .map(|office| office.code.as_str())
        .filter(|code| *code != me.office.code)
        .collect();
    let found: Vec<(PersonId, String)> = people::table
        .filter(people::office_code.eq_any(others))
        .filter(people::id_index.eq(&own.id_index))
        .select((people::id, people::office_code))
        .load(db)?;
    let mut same = Vec::new();
    for (person_id, code) in found {
        let scope = Scope::of(&code);
        let theirs = on_file(db, &scope, person_id)?;
        let has_file = !account::parties(db, &scope, person_id)?.is_empty();
        if has_file && theirs.iter().any(|index| mine.contains(index)) {
            let name = offices.iter().find(|office| office.code == code);
            let office = name.map(|office| office.name.clone()).unwrap_or_default();
            same.push(Elsewhere { code, office, person_id });
        }
    }
    Ok(same)
}

/// `POST /m/files`: a `file` of this office, or another `office`.
pub async fn choose(
    app: web::Data<App>,
    me: BorrowerIn,
    form: BorrowerForm<Fields>,
) -> AppResult<HttpResponse> {
    let chosen = form.0;
    app.write("borrower chooses", move |db| {
        if chosen.get("office").is_empty() {
            let parties = account::parties(db, &me.scope, me.person_id)?;
            let party = parties.iter().find(|party| party.file_no == chosen.get("file"));
            let party = party.ok_or(AppError::NotFound)?;
            let own = (me.office.code.as_str(), me.person_id);
            return borrower::move_to(db, &me.session, own, Some(party.id));
        }
        let other = elsewhere(db, &me)?.into_iter().find(|one| one.code == chosen.get("office"));
        let other = other.ok_or(AppError::NotFound)?;
        let parties = account::parties(db, &Scope::of(&other.code), other.person_id)?;
        let only: Option<FileId> = match parties.as_slice() {
            [only] => Some(only.id),
            _ => None,
        };
        borrower::move_to(db, &me.session, (&other.code, other.person_id), only)
    })
    .await?;
    Ok(phone::to("/m"))
}
