//! `/visits/returns` 回报核对: what came back waits here until the desk accepts or refuses it.
//! Accepting makes a contact record, and of new numbers telephones; nothing else does. The desk
//! also types in what came on paper or was said on the telephone.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::accept::{self, Wishes};
use super::returns::{self, CameBy, Return};
use super::rules::{self, Answers, FAMILY, Met, Typed, WHEREABOUTS};
use super::store::{self, Sheet, State, Who};
use super::{codes, make, take};
use crate::app::App;
use crate::book::contact_record::{self, Ability, Outcome};
use crate::book::dates::{in_words, local};
use crate::book::history::{self, Note};
use crate::book::ids::{FileId, ReturnId, SheetId};
use crate::book::person;
use crate::book::phone_number::{self, PhoneNumber};
use crate::desk::shell;
use crate::error::{AppError, AppResult, FieldError};
use crate::life::overdue::asked::Pairs;
use crate::life::overdue::purpose::Purpose;
use crate::plumbing::crypto::Field;
use crate::plumbing::http::form::CsrfForm;
use crate::plumbing::session::SignedIn;

/// Lines on the page; the rest comes up as these are decided.
const LINES: i64 = 200;

/// One proposal of the list.
#[derive(Debug, Serialize)]
struct Line {
    id: String,
    name: String,
    file_no: String,
    village: String,
    came: String,
    by_name: String,
    outcome: &'static str,
    about: &'static str,
    paid: bool,
}

#[derive(Debug, Serialize)]
struct ListPage {
    lines: Vec<Line>,
    all: i64,
}

fn outcome_words(purpose: Purpose, text: &str) -> &'static str {
    Outcome::from_text(text).map_or("", |outcome| {
        let known = purpose.outcomes().iter().find(|(one, _)| *one == outcome);
        known.map_or(outcome.in_words(), |(_, words)| words)
    })
}

/// `GET /visits/returns`
pub async fn list(app: web::Data<App>, me: SignedIn, req: HttpRequest) -> AppResult<HttpResponse> {
    let scope = me.scope.clone();
    let (all, rows, people, paid, purposes) = app
        .read(move |db| {
            let rows = returns::waiting(db, &scope, LINES)?;
            let files: Vec<FileId> = rows.iter().map(|row| row.file_id).collect();
            let people = store::people(db, &scope, &files)?;
            let sheets: Vec<SheetId> = rows.iter().map(|row| row.sheet_id).collect();
            let paid = take::paid(db, &scope, &sheets)?;
            let purposes = store::purposes(db, &scope, &sheets)?;
            Ok((returns::count_waiting(db, &scope)?, rows, people, paid, purposes))
        })
        .await?;
    let today = app.clock.today();
    let lines = rows.iter().map(|row| {
        let who = people.get(&row.file_id);
        let purpose = purposes.get(&row.sheet_id).copied().unwrap_or(Purpose::Overdue);
        let text = |of: fn(&Who) -> &String| who.map(of).cloned().unwrap_or_default();
        Line {
            about: if purpose.is_yearly() { purpose.in_words() } else { "" },
            id: row.id.to_string(),
            name: text(|who| &who.name),
            file_no: text(|who| &who.file_no),
            village: text(|who| &who.village),
            came: format!(
                "{} {}",
                in_words(local(row.came_at).date(), today),
                row.came_by.in_words()
            ),
            by_name: row.by_name.clone(),
            outcome: outcome_words(purpose, &row.outcome),
            paid: paid.contains(&row.sheet_id),
        }
    });
    let page = ListPage { lines: lines.collect(), all };
    shell::page(&app, &me, &req, "visits/returns.html", page)
}

/// A telephone on file.
#[derive(Debug, Serialize)]
struct OnFile {
    id: String,
    mask: String,
    state: &'static str,
}

#[derive(Debug, Serialize)]
struct Picture {
    id: i64,
    kilobytes: i32,
}

#[derive(Debug, Serialize)]
struct ReturnPage {
    id: String,
    is_open: bool,
    decided: String,
    name: String,
    file_no: String,
    number: String,
    paper: &'static str,
    ability: &'static str,
    wish: String,
    receiver: String,
    came: String,
    by_name: String,
    outcome: &'static str,
    met: &'static str,
    whereabouts: String,
    family: String,
    visited: String,
    promised: String,
    note: String,
    new_phone: String,
    /// What was written instead of a number, for the desk to read.
    unread_phone: String,
    family_phone: String,
    phones: Vec<OnFile>,
    last: String,
    paid: bool,
    photos: Vec<Picture>,
}

/// What the page of one proposal is made of.
struct Whole {
    row: Return,
    sheet: Sheet,
    batch: store::Batch,
    who: Option<Who>,
    phones: Vec<person::Phone>,
    last: Option<contact_record::Record>,
    paid: bool,
    photos: Vec<(i64, i32)>,
}

async fn whole(app: &App, me: &SignedIn, id: ReturnId) -> AppResult<Whole> {
    let scope = me.scope.clone();
    app.read(move |db| {
        let row = returns::find(db, &scope, id)?;
        let sheet = store::find(db, &scope, row.sheet_id)?;
        let files = [row.file_id];
        let who = store::people(db, &scope, &files)?.remove(&row.file_id);
        let people: Vec<_> = who.iter().map(|who| who.person_id).collect();
        Ok(Whole {
            batch: store::batch(db, &scope, sheet.batch_id)?,
            phones: person::phones_of(db, &scope, &people)?,
            last: contact_record::of_file(db, &scope, row.file_id, 1)?.pop(),
            paid: take::paid(db, &scope, &[row.sheet_id])?.contains(&row.sheet_id),
            photos: returns::photos(db, &scope, id)?,
            row,
            sheet,
            who,
        })
    })
    .await
}

/// `GET /visits/returns/{id}`
pub async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<i64>,
) -> AppResult<HttpResponse> {
    let one = whole(&app, &me, ReturnId::new(*id)).await?;
    let answers = one.row.answers(&app.sealer)?;
    let today = app.clock.today();
    let text = |of: fn(&Who) -> &String| one.who.as_ref().map(of).cloned().unwrap_or_default();
    let decided = match (one.row.state.as_str(), one.row.decided_at) {
        ("accepted", Some(at)) => {
            format!("{} {} 已采用", in_words(local(at).date(), today), one.row.decided_by)
        }
        (_, Some(at)) => format!(
            "{} {} 没有采用：{}",
            in_words(local(at).date(), today),
            one.row.decided_by,
            one.row.decided_note
        ),
        _ => String::new(),
    };
    let unread = !answers.new_phone.is_empty() && PhoneNumber::parse(&answers.new_phone).is_err();
    let purpose = one.batch.purpose;
    let ability = Ability::from_text(&answers.ability).filter(|one| *one != Ability::Unknown);
    let page = ReturnPage {
        id: one.row.id.to_string(),
        is_open: one.row.state == "proposed",
        decided,
        name: text(|who| &who.name),
        file_no: text(|who| &who.file_no),
        number: one.sheet.number.clone(),
        paper: purpose.paper(),
        ability: ability.map_or("", Ability::in_words),
        wish: answers.wish,
        receiver: make::addressee(&one.batch),
        came: format!(
            "{} {}",
            in_words(local(one.row.came_at).date(), today),
            one.row.came_by.in_words()
        ),
        by_name: one.row.by_name.clone(),
        outcome: outcome_words(purpose, &one.row.outcome),
        met: answers.met.in_words(),
        visited: in_words(answers.visited_on, today),
        promised: answers.promised_on.map(|on| in_words(on, today)).unwrap_or_default(),
        new_phone: if unread { String::new() } else { phone_number::mask(&answers.new_phone) },
        unread_phone: if unread { answers.new_phone } else { String::new() },
        family_phone: phone_number::mask(&answers.family_phone),
        whereabouts: answers.whereabouts,
        family: answers.family,
        note: answers.note,
        phones: one
            .phones
            .iter()
            .map(|phone| OnFile {
                id: phone.id.to_string(),
                mask: phone.phone_mask.clone(),
                state: phone.state.in_words(),
            })
            .collect(),
        last: one
            .last
            .map(|last| {
                let day = in_words(last.on_day, today);
                format!("{day} {}，{}", last.channel.in_words(), last.outcome.in_words())
            })
            .unwrap_or_default(),
        paid: one.paid,
        photos: one
            .photos
            .iter()
            .map(|(id, bytes)| Picture { id: *id, kilobytes: bytes / 1024 + 1 })
            .collect(),
    };
    shell::page(&app, &me, &req, "visits/return.html", page)
}

/// The form of a decision.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct DecideForm {
    decision: String,
    note: String,
    take_phone: String,
    phone: String,
    take_family: String,
}

/// `POST /visits/returns/{id}`
pub async fn decide(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<i64>,
    form: CsrfForm<DecideForm>,
) -> AppResult<HttpResponse> {
    let (id, form) = (ReturnId::new(*id), form.0);
    let note = form.note.trim().to_owned();
    if note.chars().count() > 80 {
        return Err(AppError::refused("写得太长，请写在 80 个字以内"));
    }
    let accepted = match form.decision.as_str() {
        "accept" => true,
        "refuse" if note.is_empty() => {
            return Err(AppError::refused("不采用时请写一句原因"));
        }
        "refuse" => false,
        _ => return Err(AppError::refused("请选“采用”或“不采用”")),
    };
    let phone = form.phone.trim().to_owned();
    if let Some(Err(problem)) = (accepted && !phone.is_empty()).then(|| PhoneNumber::parse(&phone))
    {
        return Err(AppError::refused(problem.to_chinese()));
    }
    let wishes = Wishes {
        accepted,
        note,
        phone: !form.take_phone.is_empty() || !phone.is_empty(),
        read_phone: phone,
        family: !form.take_family.is_empty(),
    };
    let ids = accept::Ids::new(&app);
    let (inner, at) = (app.clone(), app.clock.now_at());
    app.write("sheet return decided", move |db| {
        accept::decide(db, &inner, &me, (id, &wishes), (&ids, at))
    })
    .await?;
    app.counts.forget();
    let said = if accepted {
        "已采用，写进了联系记录"
    } else {
        "没有采用，这张走访表仍算在外，回报码可以再用"
    };
    shell::done(&app, "/visits/returns", said)
}

/// `GET /visits/photos/{id}`: one photograph, written down before it is shown.
pub async fn photo(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<i64>,
) -> AppResult<HttpResponse> {
    let (id, note_id, at) = (*id, app.next_id(), app.clock.now_at());
    let photo = app
        .write("sheet photo seen", move |db| {
            let photo = returns::photo(db, &me.scope, id)?;
            let row = returns::find(db, &me.scope, photo.return_id)?;
            let sheet = store::find(db, &me.scope, row.sheet_id)?;
            let note = Note {
                action: "sheet_photo_seen",
                file_id: Some(row.file_id),
                subject: sheet.number.clone(),
                summary: format!("看走访表 {} 的照片", sheet.number),
                reason: String::new(),
            };
            history::note(db, &me.by(), note_id, at, note)?;
            Ok(photo)
        })
        .await?;
    let bytes = app.sealer.open(Field::Upload, &photo.content_sealed)?;
    let kind = format!("image/{}", photo.kind);
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, kind)).body(bytes))
}

/// A choice of the form.
#[derive(Debug, Serialize)]
struct Choice {
    value: &'static str,
    text: &'static str,
}

#[derive(Debug, Default, Serialize)]
struct EnterPage {
    code: String,
    said: String,
    sheet_id: String,
    spoken: bool,
    number: String,
    name: String,
    file_no: String,
    receiver: String,
    outcomes: Vec<Choice>,
    yearly: bool,
    paper: &'static str,
    abilities: Vec<Choice>,
    met: Vec<Choice>,
    whereabouts: Vec<&'static str>,
    family: Vec<&'static str>,
    typed: Typed,
    errors: Vec<FieldError>,
}

/// Which sheet is to be typed in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Which {
    code: String,
}

/// The sheet of this office that a code or a number names; true: by its code.
async fn named(app: &App, me: &SignedIn, text: &str) -> AppResult<Option<(Sheet, bool)>> {
    let index = codes::read(text).map(|code| app.sealer.index(Field::Sheet, &code));
    let number = text.trim().to_uppercase();
    let scope = me.scope.clone();
    app.read(move |db| {
        if let Some(index) = index
            && let Some(sheet) = store::by_code(db, &index)?
            && scope.codes().contains(&sheet.office_code)
        {
            return Ok(Some((sheet, true)));
        }
        Ok(store::by_numbers(db, &scope, &[number])?.pop().map(|sheet| (sheet, false)))
    })
    .await
}

/// Why nothing can be typed in for a sheet.
fn why_not(sheet: &Sheet) -> Option<String> {
    match sheet.state {
        State::Out => None,
        State::Returned => Some(format!("走访表 {} 已经回来，在“回报核对”里", sheet.number)),
        State::Accepted => Some(format!("走访表 {} 的结果已经采用", sheet.number)),
        State::Void => Some(format!("走访表 {} 已作废：{}", sheet.number, sheet.closed_why)),
    }
}

async fn enter_page(app: &App, me: &SignedIn, sheet: &Sheet) -> AppResult<EnterPage> {
    let (scope, file, batch) = (me.scope.clone(), sheet.file_id, sheet.batch_id);
    let (who, batch) = app
        .read(move |db| {
            let who = store::people(db, &scope, &[file])?.remove(&file);
            Ok((who, store::batch(db, &scope, batch)?))
        })
        .await?;
    let text = |of: fn(&Who) -> &String| who.as_ref().map(of).cloned().unwrap_or_default();
    Ok(EnterPage {
        sheet_id: sheet.id.to_string(),
        number: sheet.number.clone(),
        name: text(|who| &who.name),
        file_no: text(|who| &who.file_no),
        receiver: make::addressee(&batch),
        yearly: batch.purpose.is_yearly(),
        paper: batch.purpose.paper(),
        abilities: Ability::ALL
            .iter()
            .map(|one| Choice { value: one.as_text(), text: one.in_words() })
            .collect(),
        outcomes: batch
            .purpose
            .outcomes()
            .iter()
            .map(|(one, text)| Choice { value: one.as_text(), text })
            .collect(),
        met: Met::ALL
            .iter()
            .map(|one| Choice { value: one.as_text(), text: one.in_words() })
            .collect(),
        whereabouts: WHEREABOUTS.to_vec(),
        family: FAMILY.to_vec(),
        ..EnterPage::default()
    })
}

/// `GET /visits/enter`
pub async fn enter(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    which: web::Query<Which>,
) -> AppResult<HttpResponse> {
    let code = which.code.trim().to_owned();
    if code.is_empty() {
        return shell::page(&app, &me, &req, "visits/enter.html", EnterPage::default());
    }
    let said = match named(&app, &me, &code).await? {
        None => "没有这个编号或回报码的走访表，请对照纸上再输一次".to_owned(),
        Some((sheet, spoken)) => match why_not(&sheet) {
            Some(why) => why,
            None => {
                let today = app.clock.today().to_string();
                let typed = Typed { visited_on: today, ..Typed::default() };
                let page = enter_page(&app, &me, &sheet).await?;
                let page = EnterPage { code, spoken, typed, ..page };
                return shell::page(&app, &me, &req, "visits/enter.html", page);
            }
        },
    };
    let page = EnterPage { code, said, ..EnterPage::default() };
    shell::refused(&app, &me, &req, "visits/enter.html", page)
}

/// `POST /visits/enter`
pub async fn typed(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    form: CsrfForm<Pairs>,
) -> AppResult<HttpResponse> {
    let value = |name: &str| {
        form.0.iter().find(|(key, _)| key == name).map(|(_, v)| v.as_str()).unwrap_or_default()
    };
    let id = SheetId::new(value("sheet").parse().map_err(|_| AppError::NotFound)?);
    let spoken = value("came_by") == "spoken";
    let scope = me.scope.clone();
    let (sheet, batch) = app
        .read(move |db| {
            let sheet = store::find(db, &scope, id)?;
            let batch = store::batch(db, &scope, sheet.batch_id)?;
            Ok((sheet, batch))
        })
        .await?;
    if let Some(why) = why_not(&sheet) {
        return Err(AppError::refused(why));
    }
    let typed = Typed::of(&form.0);
    let answers: Answers = match rules::read(&typed, batch.paper(app.clock.today())) {
        Ok(answers) => answers,
        Err(errors) => {
            let page = enter_page(&app, &me, &sheet).await?;
            let page = EnterPage { spoken, typed, errors, ..page };
            return shell::refused(&app, &me, &req, "visits/enter.html", page);
        }
    };
    let came_by = if spoken { CameBy::Spoken } else { CameBy::Desk };
    let came = take::incoming(&app, &sheet, came_by, &answers, None)?;
    let id = came.row.id;
    let kept =
        app.write("a sheet typed in", move |db| take::keep(db, &me.scope, &me.by(), &came)).await?;
    if !kept {
        return Err(AppError::refused(format!("走访表 {} 刚才已经交回", sheet.number)));
    }
    shell::done(&app, &format!("/visits/returns/{id}"), "已录入，请核对后采用")
}
