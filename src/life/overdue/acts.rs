//! What can be done with one case besides a contact: up, down, asking the director, the answer, a
//! pause, off the ladder and back, another owner. Forms in, one write, back to the case.

use actix_web::{HttpRequest, HttpResponse, web};

use super::kinds::{AskedFor, HoldReason, Stage};
use super::owner;
use super::steps;
use super::store;
use super::web::render_errors;
use crate::app::App;
use crate::base::ids::{CaseId, StaffId};
use crate::book::act::{Act, Once};
use crate::book::staff;
use crate::error::{AppError, AppResult};
use crate::web::fields::{Fields, Form, Seen, TEXT_MAX};
use crate::web::session::SignedIn;
use crate::web::shell;

/// A button was pressed twice.
const TWICE: &str = "刚才已经办好了，没有再办一次";

/// What is to be done, read from a form.
#[derive(Clone, Debug)]
enum Step {
    Up(Stage, String),
    Down(Stage, String),
    Ask(AskedFor, String),
    Pause(Option<chrono::NaiveDate>, String),
    Park(HoldReason, Option<chrono::NaiveDate>, String),
    Back(String),
    Owner(StaffId),
    /// The director's answer was looked at.
    AnswerSeen,
}

impl Step {
    fn read(fields: &mut Fields) -> AppResult<Step> {
        let reason = fields.text("reason", TEXT_MAX);
        let until = fields.date("until");
        if fields.get("step") == "down" {
            return Step::read_down(fields, reason);
        }
        fields.check()?;
        Ok(match fields.get("step") {
            "move" => {
                let to = Stage::from_text(fields.get("to"));
                Step::Up(to.ok_or_else(|| AppError::field("to", "请选转到哪个阶段"))?, reason)
            }
            "ask" => {
                let what = AskedFor::from_text(fields.get("ask")).unwrap_or(AskedFor::Nothing);
                Step::Ask(what, reason)
            }
            "pause" => Step::Pause(until, reason),
            "park" => {
                let why = HoldReason::from_text(fields.get("why")).unwrap_or(HoldReason::Nothing);
                Step::Park(why, until, reason)
            }
            "back" => Step::Back(reason),
            "seen" => Step::AnswerSeen,
            "owner" => {
                let id = fields.get("owner").parse().map(StaffId::new);
                Step::Owner(id.map_err(|_| AppError::field("owner", "请选责任人"))?)
            }
            _ => return Err(AppError::refused("请选要做什么")),
        })
    }

    /// Nothing is chosen beforehand, and what it undoes is confirmed.
    fn read_down(fields: &mut Fields, reason: String) -> AppResult<Step> {
        let to = fields.choice("to", Stage::from_text, "请选退回到哪个阶段");
        if reason.trim().is_empty() {
            fields.reject("reason", "请写一句理由");
        }
        if fields.get("sure").is_empty() {
            fields.reject("sure", "请勾选确认");
        }
        Ok(Step::Down(fields.checked(to)?, reason))
    }

    /// What the page says afterwards.
    const fn sentence(&self) -> &'static str {
        match self {
            Step::Up(..) => "已转阶段",
            Step::Down(..) => "已退回",
            Step::Ask(..) => "已请示，等主任决定",
            Step::Pause(..) => "已暂停，到期自动回来",
            Step::Park(..) => "已转其他业务，到期自动回来",
            Step::Back(_) => "已恢复跟进",
            Step::Owner(_) => "已改责任人",
            Step::AnswerSeen => "已看过主任的答复",
        }
    }

    /// Does it, in an open write.
    fn run(&self, act: &mut Act<'_>, seen: Seen<CaseId>) -> AppResult<()> {
        match self {
            Step::Up(to, reason) => steps::move_up(act, seen, *to, reason),
            Step::Down(to, reason) => steps::move_down(act, seen, *to, reason),
            Step::Ask(what, reason) => steps::ask(act, seen, *what, reason),
            Step::Pause(until, reason) => steps::pause(act, seen, (*until, reason)),
            Step::Park(why, until, reason) => steps::hold(act, seen, *why, (*until, reason)),
            Step::Back(reason) => steps::go_back(act, seen, reason),
            Step::AnswerSeen => {
                act.needs_no_audit("the answer itself is in the history");
                let by = act.by.staff_id.ok_or(AppError::NotSignedIn)?;
                store::answer_seen(act.db, act.scope, seen.id, by)
            }
            Step::Owner(id) => {
                let to = staff::find(act.db, act.scope, *id)?;
                let outcome = owner::set(act, &[seen], &to)?;
                if outcome.left.is_empty() { Ok(()) } else { Err(AppError::Changed) }
            }
        }
    }
}

/// `POST /overdue/{file_no}/steps`
pub(super) async fn step(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    file_no: web::Path<String>,
    form: Form,
) -> AppResult<HttpResponse> {
    let mut form = form.0;
    let done = match Step::read(&mut form) {
        Ok(step) => {
            let sentence = step.sentence();
            once((&app, &me), "overdue step", (&file_no, &form), move |act, seen| {
                step.run(act, seen)?;
                Ok(sentence)
            })
            .await
        }
        Err(error) => Err(error),
    };
    back((&app, &me, &req), &file_no, &form, done).await
}

/// `POST /overdue/{file_no}/decision`: the director's answer.
pub(super) async fn decide(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    file_no: web::Path<String>,
    form: Form,
) -> AppResult<HttpResponse> {
    let mut form = form.0;
    let reason = form.text("reason", TEXT_MAX);
    let allowed = match form.get("decision") {
        "allow" => Some(true),
        "decline" => Some(false),
        _ => None,
    };
    if allowed.is_none() {
        form.reject("decision", "请选“同意”或“不同意”");
    }
    let done = match form.checked(allowed) {
        Ok(allowed) => {
            once((&app, &me), "overdue decision", (&file_no, &form), move |act, seen| {
                steps::decide(act, seen, (allowed, &reason))?;
                Ok(if allowed { "已同意" } else { "已答复，没有同意" })
            })
            .await
        }
        Err(error) => Err(error),
    };
    back((&app, &me, &req), &file_no, &form, done).await
}

/// One write for one form about a case of this file; the sentence says so when the very same form
/// came before.
async fn once(
    (app, me): (&App, &SignedIn),
    name: &'static str,
    (file_no, form): (&str, &Fields),
    body: impl Fn(&mut Act<'_>, Seen<CaseId>) -> AppResult<&'static str> + Send + 'static,
) -> AppResult<&'static str> {
    let (key, seen, file_no) = (form.key(), form.seen("case")?, file_no.to_owned());
    let done = me.act(app, name, move |act| {
        store::ensure_of_file(act.db, act.scope, seen.id, &file_no)?;
        match act.once(&key)? {
            Once::First => body(act, seen),
            Once::Again => Ok(TWICE),
        }
    });
    let sentence = done.await?;
    Ok(sentence)
}

async fn back(
    (app, me, req): (&App, &SignedIn, &HttpRequest),
    file_no: &str,
    form: &Fields,
    done: AppResult<&'static str>,
) -> AppResult<HttpResponse> {
    match done {
        Ok(sentence) => shell::done(app, &format!("/overdue/{file_no}"), sentence),
        Err(error) => render_errors(app, me, req, (file_no, form), error).await,
    }
}
