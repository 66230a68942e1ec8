//! `POST /reveal`: one identity number, telephone number, account or new contact in full, for one
//! minute.
//!
//! The look is written down (who, whose, when, what) and committed *before* the number leaves;
//! more than [`FREE_PER_HOUR`] looks an hour need a reason, more than [`MOST_PER_HOUR`] are
//! refused, and the refusal is written down, too.

use actix_web::http::header::REFRESH;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::Duration;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::base::ids::{FileId, PersonId, StaffId};
use crate::base::phone_number;
use crate::base::scope::Scope;
use crate::book::act::Act;
use crate::book::audit_log::{self, AuditEntry};
use crate::error::{AppError, AppResult};
use crate::life::visits::sheets::rules::Answers;
use crate::plumbing::crypto::Field;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{
    contact_change, contact_point, loan, loan_file, person, person_phone, sheet_return,
};
use crate::web::failure::came_from;
use crate::web::form::{CsrfForm, is_part};
use crate::web::session::SignedIn;
use crate::web::shell;

/// Looks in an hour that need no reason.
pub const FREE_PER_HOUR: i64 = 60;
/// Looks in an hour after which no more are given.
pub const MOST_PER_HOUR: i64 = 300;
/// Fewest characters of a reason.
const REASON_MIN: usize = 4;

#[derive(Clone, Debug, Deserialize)]
pub struct RevealForm {
    kind: Kind,
    /// The person, the telephone row or the loan.
    id: i64,
    #[serde(default)]
    reason: String,
}

/// What kind of number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 身份证号 of a person.
    IdNumber,
    /// 手机号, one of a person's.
    Phone,
    /// 还款账户 of a loan.
    Account,
    /// A contact that waits for a decision.
    Contact,
    /// 手机号 of somebody else around a family.
    Point,
    /// 本人新电话 on a sheet that came back.
    SheetPhone,
    /// 家人电话 on it.
    SheetFamily,
}

impl Kind {
    const fn in_words(self) -> &'static str {
        match self {
            Kind::IdNumber => "身份证号",
            Kind::Phone | Kind::Point => "手机号",
            Kind::SheetPhone => "走访表上的新电话",
            Kind::SheetFamily => "走访表上的家人电话",
            Kind::Account => "还款账户",
            Kind::Contact => "新的联系方式",
        }
    }

    const fn field(self) -> Field {
        match self {
            Kind::IdNumber => Field::IdNumber,
            Kind::Phone | Kind::Point => Field::Phone,
            Kind::Account => Field::Account,
            Kind::Contact => Field::Contact,
            Kind::SheetPhone | Kind::SheetFamily => Field::Sheet,
        }
    }
}

/// A sealed number and whose it is.
struct Sealed {
    sealed: Vec<u8>,
    mask: String,
    name: String,
    person_id: PersonId,
}

/// What the database decided about one look.
enum Looked {
    Given(Sealed),
    ReasonWanted,
    Refused,
}

/// What the templates show.
#[derive(Debug, Serialize)]
struct RevealPage {
    kind: Kind,
    kind_in_words: &'static str,
    id: i64,
    name: String,
    mask: String,
    number: String,
    /// What a telephone dials; empty when the number is none of a telephone.
    tel: String,
    back: String,
    problem: Option<String>,
    /// As it was typed, when it was too short.
    reason: String,
}

/// `POST /reveal`
pub async fn reveal(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    form: CsrfForm<RevealForm>,
) -> AppResult<HttpResponse> {
    let request = form.0;
    let (staff_id, form) = (me.staff_id, request.clone());
    let looked = me.act(&app, "reveal", move |act| log_access(act, staff_id, &form)).await?;
    let mut page = RevealPage {
        kind: request.kind,
        kind_in_words: request.kind.in_words(),
        id: request.id,
        name: String::new(),
        mask: String::new(),
        number: String::new(),
        tel: String::new(),
        back: back(&req),
        problem: None,
        reason: request.reason,
    };
    let part = is_part(&req);
    match looked {
        Looked::Given(found) => {
            page.number = opened(&app, request.kind, &found)?;
            page.mask = match found.mask.is_empty() {
                true => phone_number::mask(&page.number),
                false => found.mask,
            };
            page.tel = dialled(request.kind, &page.number);
            page.name = found.name;
            let template = if part { "desk/_reveal.html" } else { "desk/reveal.html" };
            let mut response = shell::page(&app, &me, &req, template, &page)?;
            if !part && let Ok(value) = format!("60; url={}", page.back).parse() {
                response.headers_mut().insert(REFRESH, value);
            }
            Ok(response)
        }
        Looked::ReasonWanted => {
            page.problem = Some(format!(
                "这一小时已查看 {FREE_PER_HOUR} 个号码，再看请写明原因（至少 {REASON_MIN} 个字）"
            ));
            let template = if part { "desk/_reveal_reason.html" } else { "desk/reveal.html" };
            shell::refused(&app, &me, &req, template, &page)
        }
        Looked::Refused => Err(AppError::refused(format!(
            "这一小时已查看 {MOST_PER_HOUR} 个号码，请过一小时再看；这次没有显示，已记入操作留痕"
        ))),
    }
}

/// What a telephone dials; a contact may be an address as well.
fn dialled(kind: Kind, number: &str) -> String {
    let is_telephone = !matches!(kind, Kind::IdNumber | Kind::Account)
        && number.chars().all(|c| c.is_ascii_digit() || "+- ".contains(c));
    let digits = number.chars().filter(|c| is_telephone && (c.is_ascii_digit() || *c == '+'));
    digits.collect()
}

/// The number itself. A sheet is sealed as a whole.
fn opened(app: &App, kind: Kind, found: &Sealed) -> AppResult<String> {
    let text = app.sealer.open_text(kind.field(), &found.sealed)?;
    let answers = || serde_json::from_str::<Answers>(&text).map_err(AppError::broken);
    match kind {
        Kind::SheetPhone => Ok(answers()?.new_phone),
        Kind::SheetFamily => Ok(answers()?.family_phone),
        _ => Ok(text),
    }
}

/// The page the button stood on, as a path of ours.
fn back(req: &HttpRequest) -> String {
    let path = came_from(req).filter(|path| *path != "/reveal");
    path.unwrap_or("/home").to_owned()
}

fn log_access(act: &mut Act<'_>, staff_id: StaffId, form: &RevealForm) -> AppResult<Looked> {
    let found = find(act.db, act.scope, form)?;
    let since = act.now - Duration::hours(1);
    let looks = audit_log::count_since(act.db, staff_id, "revealed", since)?;
    let file_id = file_of(act.db, act.scope, found.person_id)?;
    let what = format!("{}的{}", found.name, form.kind.in_words());
    let note = |action, summary| AuditEntry {
        action,
        file_id,
        subject: found.name.clone(),
        summary,
        reason: form.reason.trim().to_owned(),
    };
    if looks >= MOST_PER_HOUR {
        let summary = format!("要看{what}，一小时内已看 {looks} 个，没有显示");
        act.audit(note("reveal_refused", summary))?;
        return Ok(Looked::Refused);
    }
    if looks >= FREE_PER_HOUR && form.reason.trim().chars().count() < REASON_MIN {
        return Ok(Looked::ReasonWanted);
    }
    act.audit(note("revealed", format!("查看了{what}")))?;
    Ok(Looked::Given(found))
}

/// The loan file a person belongs to, as borrower first, else as co-borrower.
fn file_of(db: &mut Db, scope: &Scope, person_id: PersonId) -> AppResult<Option<FileId>> {
    let own = loan_file::table
        .filter(scope.holds(loan_file::office_code))
        .filter(loan_file::person_id.eq(person_id))
        .select(loan_file::id)
        .first(db)
        .optional()?;
    if own.is_some() {
        return Ok(own);
    }
    Ok(loan_file::table
        .filter(scope.holds(loan_file::office_code))
        .filter(loan_file::co_person_id.eq(person_id))
        .order(loan_file::id)
        .select(loan_file::id)
        .first(db)
        .optional()?)
}

fn find(db: &mut Db, scope: &Scope, form: &RevealForm) -> AppResult<Sealed> {
    let row: (Vec<u8>, String, String, PersonId) = match form.kind {
        Kind::IdNumber => person::table
            .find(form.id)
            .filter(scope.holds(person::office_code))
            .select((person::id_sealed, person::id_mask, person::name, person::id))
            .first(db)?,
        Kind::Phone => person_phone::table
            .inner_join(person::table.on(person::id.eq(person_phone::person_id)))
            .filter(person_phone::id.eq(form.id))
            .filter(scope.holds(person_phone::office_code))
            .select((
                person_phone::phone_sealed,
                person_phone::phone_mask,
                person::name,
                person::id,
            ))
            .first(db)?,
        Kind::Contact => contact_change::table
            .inner_join(person::table.on(person::id.eq(contact_change::person_id)))
            .filter(contact_change::id.eq(form.id))
            .filter(scope.holds(contact_change::office_code))
            .select((
                contact_change::value_sealed,
                contact_change::value_mask,
                person::name,
                person::id,
            ))
            .first(db)?,
        Kind::Point => {
            // Written down under the family's file, in the name of whose number it is.
            let row: (Option<Vec<u8>>, String, String, PersonId) = contact_point::table
                .inner_join(loan_file::table.on(loan_file::id.eq(contact_point::file_id)))
                .filter(contact_point::id.eq(form.id))
                .filter(scope.holds(contact_point::office_code))
                .select((
                    contact_point::phone_sealed,
                    contact_point::phone_mask,
                    contact_point::name,
                    loan_file::person_id,
                ))
                .first(db)?;
            (row.0.ok_or(AppError::NotFound)?, row.1, row.2, row.3)
        }
        Kind::SheetPhone | Kind::SheetFamily => {
            let (sealed, name, id) = sheet_return::table
                .inner_join(loan_file::table.on(loan_file::id.eq(sheet_return::file_id)))
                .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
                .filter(sheet_return::id.eq(form.id))
                .filter(scope.holds(sheet_return::office_code))
                .select((sheet_return::answers_sealed, person::name, person::id))
                .first(db)?;
            (sealed, String::new(), name, id)
        }
        Kind::Account => {
            let row: (Option<Vec<u8>>, String, String, PersonId) = loan::table
                .inner_join(loan_file::table)
                .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
                .filter(loan::id.eq(form.id))
                .filter(scope.holds(loan::office_code))
                .select((loan::account_sealed, loan::account_mask, person::name, person::id))
                .first(db)?;
            (row.0.ok_or(AppError::NotFound)?, row.1, row.2, row.3)
        }
    };
    let (sealed, mask, name, person_id) = row;
    Ok(Sealed { sealed, mask, name, person_id })
}
