//! `/visits/returns` 回报核对: what came back and waits for the desk (`decide.rs` is the page of one).
//! And `/visits/enter`: the desk types in what came on paper or was said on the telephone.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::form::Choices;
use super::returns::{self, CameBy};
use super::rules::Paper;
use super::store::{self, Sheet, State, Who};
use super::{form, make, take};
use crate::app::App;
use crate::base::dates::{in_words, local};
use crate::base::ids::{FileId, SheetId};
use crate::base::spoken_code as codes;
use crate::book::contact::record::Outcome;
use crate::error::{AppError, AppResult};
use crate::life::visits::purpose::Purpose;
use crate::plumbing::crypto::Field;
use crate::web::fields::{self, At, Done, Fields, Form, FormPage, Rejected, answer};
use crate::web::session::SignedIn;
use crate::web::shell;

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

pub(super) fn outcome_words(purpose: Purpose, text: &str) -> &'static str {
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

#[derive(Debug, Default, Serialize)]
struct EnterPage {
    code: String,
    message: String,
    sheet_id: String,
    spoken: bool,
    number: String,
    name: String,
    file_no: String,
    receiver: String,
    #[serde(flatten)]
    choices: Choices,
    today: String,
}

impl FormPage for EnterPage {
    const TEMPLATE: &'static str = "visits/enter.html";
    const REFUSED_AT: &'static str = "outcome";

    fn fields(&self) -> Fields {
        Fields::default().with("visited_on", &self.today)
    }
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
        choices: Choices::new(batch.purpose),
        today: app.clock.today().to_string(),
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
    let (at, code): (At<'_>, _) = ((&app, &me, &req), which.code.trim().to_owned());
    if code.is_empty() {
        return fields::show(&app, &me, &req, &EnterPage::default());
    }
    let message = match named(&app, &me, &code).await? {
        None => "没有这个编号或回报码的走访表，请对照纸上再输一次".to_owned(),
        Some((sheet, spoken)) => match why_not(&sheet) {
            Some(why) => why,
            None => {
                let page = enter_page(&app, &me, &sheet).await?;
                return fields::show(&app, &me, &req, &EnterPage { code, spoken, ..page });
            }
        },
    };
    let page = EnterPage { code, message, ..EnterPage::default() };
    fields::reject(at, &page, &Fields::default(), Rejected::invalid(Vec::new()))
}

/// `POST /visits/enter`
pub async fn typed(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    form: Form,
) -> AppResult<HttpResponse> {
    let (at, mut form): (At<'_>, _) = ((&app, &me, &req), form.0);
    let (scope, id) = (me.scope.clone(), form.id("sheet").ok_or(AppError::NotFound)?);
    let (sheet, batch) = app
        .read(move |db| {
            let sheet = store::find(db, &scope, id)?;
            let batch = store::batch(db, &scope, sheet.batch_id)?;
            Ok((sheet, batch))
        })
        .await?;
    let spoken = form.get("came_by") == "spoken";
    let done = try_enter(at, &mut form, (&sheet, spoken), batch.paper(app.clock.today())).await;
    let page = async { Ok(EnterPage { spoken, ..enter_page(&app, &me, &sheet).await? }) };
    answer(at, &form, done, page).await
}

async fn try_enter(
    (app, me, _): At<'_>,
    form: &mut Fields,
    (sheet, spoken): (&Sheet, bool),
    paper: Paper,
) -> AppResult<Done> {
    if let Some(why) = why_not(sheet) {
        return Err(AppError::refused(why));
    }
    let answers = form::answers(form, paper)?;
    let came_by = if spoken { CameBy::Spoken } else { CameBy::Desk };
    let came = take::incoming(app, sheet, came_by, &answers, None)?;
    let id = came.row.id;
    if !me.act(app, "a sheet typed in", move |act| take::take(act, &came)).await? {
        return Err(AppError::refused(format!("走访表 {} 刚才已经交回", sheet.number)));
    }
    Ok(Done::to(format!("/visits/returns/{id}"), "已录入，请核对后采用"))
}
