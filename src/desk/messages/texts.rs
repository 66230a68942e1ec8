//! `/admin/message-templates`: the director reads and changes what messages say. A text is shown
//! rendered for a real borrower, with its length, before it is saved; one that could not be
//! rendered or lacks what every message must have is refused here, never when it is sent.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::base::dates;
use crate::base::ids::{FileId, PersonId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::audit_log::AuditEntry;
use crate::book::notice::{COMMON_FIELDS, Fields, Reason, due_queries, own_texts, text};
use crate::error::{AppError, AppResult, FieldError};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{file_position, loan_file, person};
use crate::plumbing::templates::Templates;
use crate::web::fields::Form;
use crate::web::session::SignedIn;
use crate::web::shell;

#[derive(Debug, Serialize)]
struct Line {
    reason: &'static str,
    words: &'static str,
    explained: &'static str,
    kind: &'static str,
    own: bool,
    sample: String,
    parts: i32,
    problem: String,
}

#[derive(Debug, Serialize)]
struct ListPage {
    lines: Vec<Line>,
    signature: String,
}

/// `GET /admin/message-templates`
pub async fn list(app: web::Data<App>, me: SignedIn, req: HttpRequest) -> AppResult<HttpResponse> {
    let (scope, today) = (me.scope.clone(), app.clock.today());
    let real = app.read(move |db| example(db, &scope, "", today)).await?;
    let mut lines = Vec::new();
    for &reason in Reason::ALL {
        let (template, own) = app.templates.text_of(&me.office.code, &reason.template())?;
        let shown = text::preview(&me.office, reason, &template, &real.fields(reason, &app, today));
        let (sample, problem) = match shown {
            Ok(sample) => (sample, String::new()),
            Err(error) => (String::new(), error.to_string()),
        };
        lines.push(Line {
            reason: reason.as_text(),
            words: reason.in_words(),
            explained: reason.explained(),
            kind: reason.kind().map_or("不能关掉", |kind| kind.in_words()),
            own,
            parts: text::parts(&app, &me.office, &sample),
            sample,
            problem,
        });
    }
    let page = ListPage { lines, signature: text::signed(&app, &me.office, "") };
    shell::page(&app, &me, &req, "desk/message_texts.html", page)
}

/// Whose case the preview shows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct For {
    file: String,
}

#[derive(Debug, Serialize)]
struct TextPage {
    reason: &'static str,
    words: &'static str,
    explained: &'static str,
    own: bool,
    text: String,
    version: String,
    file: String,
    example: Option<String>,
    fields: Vec<(&'static str, &'static str, String)>,
    shown: String,
    parts: i32,
    letters: usize,
    errors: Vec<FieldError>,
    changed_meanwhile: bool,
}

/// `GET /admin/message-templates/{reason}`
pub async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    reason: web::Path<String>,
    of: web::Query<For>,
) -> AppResult<HttpResponse> {
    let reason = Reason::from_text(&reason).ok_or(AppError::NotFound)?;
    let (template, _) = app.templates.text_of(&me.office.code, &reason.template())?;
    let page = text_page(&app, &me, reason, template, &of.file).await?;
    shell::page(&app, &me, &req, "desk/message_text.html", page)
}

async fn text_page(
    app: &web::Data<App>,
    me: &SignedIn,
    reason: Reason,
    template: String,
    file: &str,
) -> AppResult<TextPage> {
    let (stored, own) = app.templates.text_of(&me.office.code, &reason.template())?;
    let (scope, today, asked_for) = (me.scope.clone(), app.clock.today(), file.trim().to_owned());
    let file_no = asked_for.clone();
    let real = app.read(move |db| example(db, &scope, &file_no, today)).await?;
    let fields = real.fields(reason, app, today);
    let mut errors = Vec::new();
    if !asked_for.is_empty() && real.file_no.as_deref() != Some(asked_for.to_uppercase().as_str()) {
        let message = "没有这个档案号，下面是另一位的例子".to_owned();
        errors.push(FieldError { field: "file".to_owned(), message });
    }
    let (shown, parts, letters) = match text::preview(&me.office, reason, &template, &fields) {
        Ok(shown) => {
            let whole = text::signed(app, &me.office, &shown);
            (whole.clone(), text::parts(app, &me.office, &shown), whole.chars().count())
        }
        Err(AppError::Invalid(found)) => {
            errors.extend(found);
            (String::new(), 0, 0)
        }
        Err(other) => return Err(other),
    };
    let value = |name: &str| match name {
        "centre" => me.office.name.clone(),
        "phone" => me.office.phone.clone(),
        "check_code" => text::SAMPLE_CODE.to_owned(),
        name => fields.get(name).unwrap_or_default().to_owned(),
    };
    Ok(TextPage {
        reason: reason.as_text(),
        words: reason.in_words(),
        explained: reason.explained(),
        own,
        text: template,
        version: version(&stored),
        file: asked_for,
        example: real.file_no.clone().map(|no| format!("{}，{no}", real.name)),
        fields: COMMON_FIELDS
            .iter()
            .chain(reason.fields())
            .map(|(name, words)| (*name, *words, value(name)))
            .collect(),
        shown,
        parts,
        letters,
        errors,
        changed_meanwhile: false,
    })
}

/// Stands for the text the form was filled from.
fn version(text: &str) -> String {
    crate::base::hex::hex(&crate::base::hex::hash_of(text))
}

/// `POST /admin/message-templates/{reason}`
pub async fn change(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    reason: web::Path<String>,
    form: Form,
) -> AppResult<HttpResponse> {
    let reason = Reason::from_text(&reason).ok_or(AppError::NotFound)?;
    let form = form.0;
    let name = reason.template();
    let (stored, own) = app.templates.text_of(&me.office.code, &name)?;
    let new = match form.get("step") {
        "reset" => Templates::built_in(&name).ok_or(AppError::NotFound)?,
        _ => form.get("text").replace("\r\n", "\n").trim().to_owned() + "\n",
    };
    let mut page = text_page(&app, &me, reason, new.clone(), form.get("file")).await?;
    if form.get("step") != "save" && form.get("step") != "reset" {
        return shell::page(&app, &me, &req, "desk/message_text.html", page);
    }
    if page.errors.iter().any(|error| error.field == "text") {
        return shell::refused(&app, &me, &req, "desk/message_text.html", page);
    }
    if form.get("version") != version(&stored) {
        page.changed_meanwhile = true;
        let status = actix_web::http::StatusCode::CONFLICT;
        return shell::page_as(status, &app, &me, &req, "desk/message_text.html", page);
    }
    let back = "/admin/message-templates";
    if new.trim() == stored.trim() && (form.get("step") == "save" || !own) {
        return shell::done(&app, back, "没有改动");
    }
    let summary = if form.get("step") == "reset" {
        format!("{}：改回原来的内容", reason.in_words())
    } else {
        format!("{}：{}", reason.in_words(), new.trim())
    };
    let entry = AuditEntry::of("message_text", reason.in_words(), summary);
    let text = (form.get("step") != "reset").then_some(new);
    me.act(&app, "message text", move |act| {
        match &text {
            Some(text) => own_texts::keep(act.db, act.scope, reason, text)?,
            None => own_texts::reset(act.db, act.scope, reason)?,
        }
        act.audit(entry.clone())
    })
    .await?;
    let own = app.clone();
    let followed = web::block(move || own_texts::follow(&own));
    followed.await.map_err(|e| AppError::broken(format!("a blocking task ended early: {e}")))??;
    shell::done(&app, back, &format!("已保存{}的内容，马上起用", reason.in_words()))
}

/// The case that a preview shows.
#[derive(Debug, Default)]
pub(super) struct Example {
    pub(super) file_no: Option<String>,
    pub(super) name: String,
    university: String,
    due: Option<(NaiveDate, Fen)>,
    overdue: Option<(NaiveDate, Fen)>,
}

impl Example {
    /// What a text of this reason would say of the case.
    fn fields(&self, reason: Reason, app: &App, today: NaiveDate) -> Fields {
        let name = if self.name.is_empty() { "张三" } else { self.name.as_str() };
        let in_december = || (dates::day_in(today.year(), 12, 20), Fen::from_yuan(1_120));
        let (due_on, amount) = match reason {
            Reason::OverdueNotice | Reason::DueUnconfirmed => {
                self.overdue.unwrap_or_else(in_december)
            }
            _ => self.due.unwrap_or_else(in_december),
        };
        let assumed = match reason {
            Reason::OverdueNotice => app.policy().assumed_in_arrears(today),
            _ => app.policy().assumed(due_on),
        };
        let window = app.policy().application_window("", today.year());
        let study_ends_on = app.policy().due_days.on(today).subsidy_end_day.in_year(today.year());
        let (ask_by, settles_on) =
            app.policy().last_prepay_request(study_ends_on).unwrap_or((today, today));
        Fields::to(name)
            .day("due_on", due_on, today)
            .day("as_of", today, today)
            .amount(amount, assumed)
            .text("why", "银行系统停机到月底")
            .text("school_year", format!("{}-{}", today.year(), today.year() + 1))
            .day("last_on", app.policy().receipt_deadline(today.year()), today)
            .text("difference", "学费和住宿费比申报的少 ¥500.00，差额要由家里自己交给高校。")
            .day("opens_on", window.0, today)
            .day("closes_on", window.1, today)
            .text("university", self.university.as_str())
            .day("ask_by", ask_by, today)
            .day("settles_on", settles_on, today)
            .text("gain", "就不用付利息")
            .text("sign_in_code", "402915")
            .text("minutes", "5")
            .text("what", "手机号")
            .text("answer", "已经改好")
    }
}

/// The file of this number, else the first that has something to pay; nothing without any file.
pub(super) fn example(
    db: &mut Db,
    scope: &Scope,
    file_no: &str,
    today: NaiveDate,
) -> AppResult<Example> {
    let file_no = file_no.to_uppercase();
    // Asked for in two ways: by its number, else the first that has something to pay.
    let files = || {
        loan_file::table
            .inner_join(file_position::table.on(file_position::file_id.eq(loan_file::id)))
            .filter(scope.holds(loan_file::office_code))
            .select((
                loan_file::id,
                loan_file::file_no,
                loan_file::person_id,
                loan_file::university,
            ))
    };
    type Found = (FileId, String, PersonId, String);
    let mut found: Option<Found> = None;
    if !file_no.is_empty() {
        found = files().filter(loan_file::file_no.eq(&file_no)).first(db).optional()?;
    }
    if found.is_none() {
        found = files()
            .filter(file_position::next_due_on.gt(today))
            .filter(file_position::next_due_fen.gt(0))
            .order((file_position::next_due_on, file_position::file_id))
            .first(db)
            .optional()?;
    }
    let Some((id, file_no, person_id, university)) = found else { return Ok(Example::default()) };
    let name: String = person::table
        .filter(scope.holds(person::office_code))
        .filter(person::id.eq(person_id))
        .select(person::name)
        .get_result(db)?;
    Ok(Example {
        file_no: Some(file_no),
        name,
        university,
        due: due_queries::due_amounts(db, scope, &[id])?.get(&id).copied(),
        overdue: due_queries::overdue_amounts(db, scope, &[id])?.get(&id).copied(),
    })
}
