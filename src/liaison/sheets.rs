//! `/l`: the sheets of a liaison's own place, and one of them to fill in. A sheet of another place
//! is not found, whatever the address bar says. Every look is written into the history: at the
//! list, at a sheet, and at an address that is not theirs.

use actix_multipart::Multipart;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;

use super::matching;
use crate::app::App;
use crate::base::dates::{in_words, local};
use crate::base::ids::{FileId, SheetId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::audit_log::AuditEntry;
use crate::book::liaison::Kind;
use crate::book::person::{self, PhoneState};
use crate::book::{loan, payments_known};
use crate::error::{AppError, AppResult};
use crate::life::visits::sheets::form::{self, Form, PHOTO_MB};
use crate::life::visits::sheets::returns::CameBy;
use crate::life::visits::sheets::store::{self, Batch, Sheet, State};
use crate::life::visits::sheets::take;
use crate::plumbing::db::Db;
use crate::plumbing::schema::file_position;
use crate::web::body::equal;
use crate::web::session::liaison::LiaisonIn;
use crate::web::shell::phone;
use crate::web::upload;

/// Sheets on the list that are to be filled in: a large school's.
const OPEN_MAX: i64 = 1_000;
/// Sheets on the list that have come back; older ones came back long ago.
const DONE_MAX: i64 = 200;

/// One sheet of the list.
#[derive(Debug, Serialize)]
struct Line {
    id: String,
    number: String,
    paper: &'static str,
    name: String,
    village: String,
    return_by: String,
    late: bool,
    /// Nothing of theirs is past due any more.
    paid: bool,
    state: &'static str,
    words: String,
}

#[derive(Debug, Serialize)]
struct ListPage {
    place: String,
    name: String,
    open: Vec<Line>,
    /// Nobody should go: the bank's result is not known.
    back: Vec<Line>,
    done: Vec<Line>,
    message: Option<&'static str>,
    is_school: bool,
    /// Of a school: hits of 名单比对 that wait for its answer.
    hits: i64,
}

/// `?done=1` after a sheet was handed in.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct PageParams {
    done: String,
}

fn place(me: &LiaisonIn) -> (&'static str, &str, &str) {
    let one = &me.account;
    (one.kind.as_text(), one.township.as_str(), one.place.as_str())
}

fn of_own_place(db: &mut Db, me: &LiaisonIn) -> AppResult<Vec<(Sheet, Batch)>> {
    let mut all = store::of_place(db, &me.scope, place(me), (&[State::Out], OPEN_MAX))?;
    let done = [State::Returned, State::Accepted];
    all.extend(store::of_place(db, &me.scope, place(me), (&done, DONE_MAX))?);
    Ok(all)
}

/// An address that is not theirs was opened: that is kept, and the answer is that there is nothing.
async fn refused(app: &App, me: &LiaisonIn, id: SheetId, error: AppError) -> AppError {
    if !matches!(error, AppError::NotFound) {
        return error;
    }
    let note = AuditEntry::of(
        "liaison_refused",
        &me.account.name,
        format!("联络员{}打开不是自己的走访表，地址里是 {id}", me.account.name),
    );
    let who = (me.by(), me.scope.clone());
    let noted = app.act(who, "a liaison is refused", move |act| act.audit(note.clone()));
    noted.await.err().unwrap_or(error)
}

/// `GET /l`
pub async fn list(
    app: web::Data<App>,
    me: LiaisonIn,
    req: HttpRequest,
    params: web::Query<PageParams>,
) -> AppResult<HttpResponse> {
    if !me.account.own_password {
        return Ok(phone::to("/l/password"));
    }
    let (inner, today) = (me.clone(), app.clock.today());
    let (sheets, people, paid, called_back, hits) = app
        .act((me.by(), me.scope.clone()), "a liaison looks at the list", move |act| {
            let sheets = of_own_place(act.db, &inner)?;
            let note = AuditEntry::of(
                "liaison_listed",
                &inner.account.where_at(),
                format!("联络员{}看名单，{} 户", inner.account.name, sheets.len()),
            );
            act.audit(note)?;
            let files: Vec<FileId> = sheets.iter().map(|(sheet, _)| sheet.file_id).collect();
            let ids: Vec<SheetId> = sheets.iter().map(|(sheet, _)| sheet.id).collect();
            let paid = take::paid(act.db, act.scope, &ids)?;
            let called_back = take::called_back(act.db, act.scope, &ids)?;
            let hits = matching::count(act, &inner)?;
            Ok((sheets, store::people(act.db, act.scope, &files)?, paid, called_back, hits))
        })
        .await?;
    let (mut open, mut back, mut done) = (Vec::new(), Vec::new(), Vec::new());
    for (sheet, batch) in &sheets {
        let who = people.get(&sheet.file_id);
        let line = Line {
            id: sheet.id.to_string(),
            number: sheet.number.clone(),
            paper: batch.purpose.paper(),
            name: who.map(|who| who.name.clone()).unwrap_or_default(),
            village: who.map(|who| who.village.clone()).unwrap_or_default(),
            return_by: in_words(batch.return_by, today),
            late: sheet.state == State::Out && today > batch.return_by,
            paid: paid.contains(&sheet.id),
            state: sheet.state.as_text(),
            words: said_of(sheet, today),
        };
        match sheet.state {
            State::Out if called_back.contains(&sheet.id) => back.push(line),
            State::Out if !line.paid => open.push(line),
            _ => done.push(line),
        }
    }
    let page = ListPage {
        place: me.account.where_at(),
        name: me.account.name.clone(),
        open,
        back,
        done,
        message: (params.done == "1").then_some("已经交给中心，谢谢。"),
        is_school: me.account.kind == Kind::School,
        hits,
    };
    let who = (&me.office, me.csrf.as_str());
    phone::page_for(StatusCode::OK, &app, &req, who, "l/list.html", &page)
}

fn said_of(sheet: &Sheet, today: NaiveDate) -> String {
    let when = sheet.returned_at.map(|at| in_words(local(at).date(), today)).unwrap_or_default();
    match sheet.state {
        State::Out => "还没有填".to_owned(),
        State::Returned => format!("{when} 交回，中心在核对"),
        State::Accepted => format!("{when} 交回，已采用"),
        State::Void => "已作废".to_owned(),
    }
}

/// Somebody of the household with their masked numbers.
#[derive(Debug, Serialize)]
struct Contact {
    who: String,
    phones: Vec<String>,
}

/// What a liaison is shown of a household.
struct Opened {
    sheet: Sheet,
    batch: Batch,
    name: String,
    id_mask: String,
    address: String,
    contacts: Vec<Contact>,
    /// The arrears, and the day that they are of.
    overdue: Option<(Fen, NaiveDate)>,
    /// What to know before going.
    caution: Option<String>,
}

/// Loads a sheet of the liaison's own place; NotFound otherwise.
fn open(db: &mut Db, me: &LiaisonIn, id: SheetId, today: NaiveDate) -> AppResult<Opened> {
    let (sheet, batch) = store::one_of_place(db, &me.scope, place(me), id)?;
    let file = loan::file(db, &me.scope, sheet.file_id)?;
    let student = person::find(db, &me.scope, file.person_id)?;
    let ids: Vec<_> = [Some(file.person_id), file.co_person_id].into_iter().flatten().collect();
    let phones = person::phones_of(db, &me.scope, &ids)?;
    let of = |id| {
        let own = phones.iter().filter(|p| p.person_id == id && p.state != PhoneState::Dead);
        own.map(|phone| phone.phone_mask.clone()).collect::<Vec<_>>()
    };
    let mut contacts = vec![Contact { who: "本人".to_owned(), phones: of(file.person_id) }];
    if let Some(co) = file.co_person_id {
        let name = person::find(db, &me.scope, co)?.name;
        let who = format!("{} {name}", file.co_relation).trim().to_owned();
        contacts.push(Contact { who, phones: of(co) });
    }
    // Where the director goes ahead, nobody knows what is owed.
    let bank_data = payments_known::bank_data(db, &me.scope, today)?;
    let is_shown = !me.account.amounts_allowed_by.is_empty()
        && !batch.purpose.is_yearly()
        && bank_data.ahead.is_none();
    let overdue = match is_shown {
        true => Some((overdue_of(db, &me.scope, sheet.file_id)?, bank_data.day_of(today))),
        false => None,
    };

    Ok(Opened {
        caution: take::caution(db, &me.scope, (&sheet, &batch), today)?,
        name: student.name,
        id_mask: student.id_mask,
        address: student.address,
        contacts,
        overdue,
        sheet,
        batch,
    })
}

/// What settles the arrears of a family, from the cached position.
fn overdue_of(db: &mut Db, scope: &Scope, file: FileId) -> AppResult<Fen> {
    let row: Option<(Fen, Fen, Fen)> = file_position::table
        .filter(scope.holds(file_position::office_code))
        .filter(file_position::file_id.eq(file))
        .select((
            file_position::overdue_principal_fen,
            file_position::overdue_interest_fen,
            file_position::penalty_fen,
        ))
        .first(db)
        .optional()?;
    Ok(row.map_or(Fen::ZERO, |(principal, interest, penalty)| principal + interest + penalty))
}

#[derive(Debug, Serialize)]
struct OnePage {
    id: String,
    number: String,
    name: String,
    id_mask: String,
    address: String,
    contacts: Vec<Contact>,
    overdue: Option<Fen>,
    overdue_of: String,
    caution: Option<String>,
    return_by: String,
    /// Why there is nothing to fill in; none when there is.
    closed: Option<String>,
    #[serde(flatten)]
    form: Form,
}

fn page(
    app: &App,
    me: &LiaisonIn,
    req: &HttpRequest,
    one: Opened,
    form: Form,
) -> AppResult<HttpResponse> {
    let today = app.clock.today();
    let bad = !form.errors.is_empty();
    let page = OnePage {
        id: one.sheet.id.to_string(),
        number: one.sheet.number.clone(),
        return_by: in_words(one.batch.return_by, today),
        closed: (one.sheet.state != State::Out).then(|| said_of(&one.sheet, today)),
        name: one.name,
        id_mask: one.id_mask,
        address: one.address,
        contacts: one.contacts,
        caution: one.caution,
        overdue: one.overdue.map(|(amount, _)| amount),
        overdue_of: one.overdue.map_or_else(String::new, |(_, day)| {
            let assumed = app.policy().assumed_in_arrears(day);
            let assumed = assumed.map(|assumed| format!("，{assumed}")).unwrap_or_default();
            format!("含罚息，算到 {}{assumed}", in_words(day, today))
        }),
        form,
    };
    let status = if bad { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    phone::page_for(status, app, req, (&me.office, &me.csrf), "l/sheet.html", &page)
}

/// `GET /l/sheets/{id}`: the look is written down.
pub async fn show(
    app: web::Data<App>,
    me: LiaisonIn,
    req: HttpRequest,
    id: web::Path<SheetId>,
) -> AppResult<HttpResponse> {
    if !me.account.own_password {
        return Ok(phone::to("/l/password"));
    }
    let (inner, id) = (me.clone(), *id);
    let one = app
        .act((me.by(), me.scope.clone()), "a liaison looks at a sheet", move |act| {
            let one = open(act.db, &inner, id, act.today)?;
            let note = AuditEntry::of(
                "liaison_looked",
                &one.name,
                format!(
                    "联络员{}（{}）看{} {}",
                    inner.account.name,
                    inner.account.where_at(),
                    one.batch.purpose.paper(),
                    one.sheet.number
                ),
            )
            .on_file(one.sheet.file_id);
            act.audit(note)?;
            Ok(one)
        })
        .await;
    let one = match one {
        Ok(one) => one,
        Err(error) => return Err(refused(&app, &me, id, error).await),
    };
    let form = Form::blank(one.batch.purpose, app.clock.today(), &me.account.name);
    page(&app, &me, &req, one, form)
}

/// `POST /l/sheets/{id}`
pub async fn hand_in(
    app: web::Data<App>,
    me: LiaisonIn,
    req: HttpRequest,
    id: web::Path<SheetId>,
    payload: Multipart,
) -> AppResult<HttpResponse> {
    let form = upload::read_open(payload, PHOTO_MB).await?;
    if !equal(form.fields.get("csrf"), &me.csrf) {
        return Err(AppError::Stale);
    }
    if !me.account.own_password {
        return Ok(phone::to("/l/password"));
    }
    let (inner, id, today) = (me.clone(), *id, app.clock.today());
    let one = match app.read(move |db| open(db, &inner, id, today)).await {
        Ok(one) => one,
        Err(error) => return Err(refused(&app, &me, id, error).await),
    };
    let (answers, picture) = match form::read(&form, one.batch.paper(app.clock.today())).await {
        Ok(read) => read,
        Err(form) => return page(&app, &me, &req, one, *form),
    };
    let came = take::incoming(&app, &one.sheet, CameBy::Liaison, &answers, picture.as_ref())?;
    let who = (me.by(), me.scope.clone());
    let is_stored = app.act(who, "a liaison's sheet", move |act| take::take(act, &came)).await?;
    // Somebody was quicker: the page says when it came back.
    Ok(phone::to(&if is_stored { "/l?done=1".to_owned() } else { format!("/l/sheets/{id}") }))
}
