//! What can be done with one case besides a contact: up, down, asking the director, the answer, a
//! pause, off the ladder and back, another owner. Forms in, one write, back to the case.

use actix_web::{HttpRequest, HttpResponse, web};

use super::form::Fields;
use super::kinds::{AskedFor, ParkedFor, Stage, StepKind};
use super::steps::{self, Acting, Seen};
use super::web::{acting, again, sent_before};
use crate::app::App;
use crate::base::ids::StaffId;
use crate::book::staff::{self, Right};
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::web::form::CsrfForm;
use crate::web::session::SignedIn;
use crate::web::shell;

/// A button was pressed twice.
const TWICE: &str = "刚才已经办好了，没有再办一次";

/// How the log calls the director's answer.
const DECIDED: &[StepKind] = &[StepKind::Allowed, StepKind::Notice, StepKind::Declined];

/// What is to be done, read from a form.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Move(Stage, String),
    Ask(AskedFor, String),
    Pause(Option<chrono::NaiveDate>, String),
    Park(ParkedFor, Option<chrono::NaiveDate>, String),
    Back(String),
    Owner(StaffId),
}

impl Act {
    fn read(fields: &Fields) -> AppResult<Act> {
        let reason = fields.text("reason")?;
        Ok(match fields.get("step") {
            "move" => {
                let to = Stage::from_text(fields.get("to"));
                Act::Move(to.ok_or_else(|| AppError::field("to", "请选转到哪个阶段"))?, reason)
            }
            "ask" => {
                let what = AskedFor::from_text(fields.get("ask")).unwrap_or(AskedFor::Nothing);
                Act::Ask(what, reason)
            }
            "pause" => Act::Pause(fields.day("until")?, reason),
            "park" => {
                let why = ParkedFor::from_text(fields.get("why")).unwrap_or(ParkedFor::Nothing);
                Act::Park(why, fields.day("until")?, reason)
            }
            "back" => Act::Back(reason),
            "owner" => {
                let id = fields.get("owner").parse().map(StaffId::new);
                Act::Owner(id.map_err(|_| AppError::field("owner", "请选责任人"))?)
            }
            _ => return Err(AppError::refused("请选要做什么")),
        })
    }

    /// What the page says afterwards.
    const fn said(&self) -> &'static str {
        match self {
            Act::Move(..) => "已转阶段",
            Act::Ask(..) => "已请示，等主任决定",
            Act::Pause(..) => "已暂停，到期自动回来",
            Act::Park(..) => "已暂放，到期自动回来",
            Act::Back(_) => "已恢复跟进",
            Act::Owner(_) => "已改责任人",
        }
    }

    /// How the log calls it.
    const fn kinds(&self) -> &'static [StepKind] {
        match self {
            Act::Move(..) => &[StepKind::MovedUp, StepKind::MovedDown],
            Act::Ask(..) => &[StepKind::Asked],
            Act::Pause(..) => &[StepKind::Paused],
            Act::Park(..) => &[StepKind::Parked],
            Act::Back(_) => &[StepKind::Resumed, StepKind::Returned],
            Act::Owner(_) => &[StepKind::Owner],
        }
    }

    /// Does it, in an open write.
    pub(super) fn run(&self, db: &mut Db, a: Acting<'_>, seen: Seen) -> AppResult<()> {
        match self {
            Act::Move(to, reason) => steps::move_to(db, a, seen, *to, reason),
            Act::Ask(what, reason) => steps::ask(db, a, seen, *what, reason),
            Act::Pause(until, reason) => steps::pause(db, a, seen, (*until, reason)),
            Act::Park(why, until, reason) => steps::park(db, a, seen, *why, (*until, reason)),
            Act::Back(reason) => steps::go_back(db, a, seen, reason),
            Act::Owner(id) => {
                let one = staff::find(db, a.scope, *id)?;
                if !one.active || !one.role.may(Right::FollowOverdue) {
                    return Err(AppError::field("owner", "这位同事现在不能跟进，请另选一位"));
                }
                steps::set_owner(db, a, seen, (*id, &one.name))
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
    form: CsrfForm<Vec<(String, String)>>,
) -> AppResult<HttpResponse> {
    let fields = Fields(form.0);
    let act = match Act::read(&fields) {
        Ok(act) => act,
        Err(error) => return again(&app, &me, &req, (&file_no, &fields), error).await,
    };
    let seen = fields.seen()?;
    let (said, kinds) = (act.said(), act.kinds());
    let (inner, by, scope) = (app.clone(), me.by(), me.scope.clone());
    let (now, today) = (app.clock.now_at(), app.clock.today());
    let done = app
        .write("overdue step", move |db| act.run(db, acting(&inner, &by, &scope, now, today), seen))
        .await;
    match done {
        Ok(()) => shell::done(&app, &format!("/overdue/{file_no}"), said),
        Err(error)
            if sent_before(&app, &me, (seen, kinds, fields.get("reason")), &error).await? =>
        {
            shell::done(&app, &format!("/overdue/{file_no}"), TWICE)
        }
        Err(error) => again(&app, &me, &req, (&file_no, &fields), error).await,
    }
}

/// `POST /overdue/{file_no}/decision`: the director's answer.
pub(super) async fn decide(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    file_no: web::Path<String>,
    form: CsrfForm<Vec<(String, String)>>,
) -> AppResult<HttpResponse> {
    let fields = Fields(form.0);
    let allowed = match fields.get("decision") {
        "allow" => true,
        "decline" => false,
        _ => {
            let error = AppError::field("decision", "请选“同意”或“不同意”");
            return again(&app, &me, &req, (&file_no, &fields), error).await;
        }
    };
    let (reason, seen) = (fields.text("reason")?, fields.seen()?);
    let (inner, by, scope) = (app.clone(), me.by(), me.scope.clone());
    let (now, today) = (app.clock.now_at(), app.clock.today());
    let done = app
        .write("overdue decision", move |db| {
            let a = acting(&inner, &by, &scope, now, today);
            steps::decide(db, a, seen, (allowed, &reason))
        })
        .await;
    match done {
        Ok(()) => {
            let said = if allowed { "已同意" } else { "已答复，没有同意" };
            shell::done(&app, &format!("/overdue/{file_no}"), said)
        }
        Err(error)
            if sent_before(&app, &me, (seen, DECIDED, fields.get("reason")), &error).await? =>
        {
            shell::done(&app, &format!("/overdue/{file_no}"), TWICE)
        }
        Err(error) => again(&app, &me, &req, (&file_no, &fields), error).await,
    }
}
