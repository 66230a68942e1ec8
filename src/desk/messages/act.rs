//! Release, stop, go on with and cancel a mass sending or a single message. What a step does is
//! shown before it is done; every step is written down.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::facts::{self, GroupRow, Row};
use crate::app::App;
use crate::base::url::link;
use crate::book::audit_log::AuditEntry;
use crate::book::notice::{self, Reason};
use crate::error::{AppError, AppResult};
use crate::plumbing::outbox::{self, Group, State};
use crate::web::fields::Form;
use crate::web::form::CsrfForm;
use crate::web::session::SignedIn;
use crate::web::shell;

/// Texts shown before a step.
const SAMPLES: i64 = 3;

/// A step of a mass sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// 放行, 继续
    Release,
    /// 停下
    Hold,
    /// 取消发送
    Cancel,
}

/// Which mass sending, and what.
#[derive(Clone, Debug, Deserialize)]
pub struct MassForm {
    step: Step,
    /// Why it was written.
    reason: String,
    /// The day it is for.
    day: NaiveDate,
}

impl MassForm {
    fn group(&self) -> AppResult<(Group, Reason)> {
        let reason = Reason::from_text(&self.reason).ok_or(AppError::NotFound)?;
        Ok((Group { reason: self.reason.clone(), planned_on: self.day }, reason))
    }
}

#[derive(Debug, Serialize)]
struct ConfirmPage {
    step: Step,
    group: GroupRow,
    /// How many messages it touches.
    count: i64,
    samples: Vec<Row>,
    back: String,
}

/// `GET /messages/group`: what it would do.
pub async fn confirm(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    query: web::Query<MassForm>,
) -> AppResult<HttpResponse> {
    let query = query.into_inner();
    let (group, _) = query.group()?;
    let (scope, inner, step) = (me.scope.clone(), app.clone(), query.step);
    let (progress, samples) = app
        .read({
            let group = group.clone();
            move |db| {
                let progress = outbox::progress(db, &scope, &group)?;
                let messages = outbox::of_group(db, &scope, &group, touched(step), SAMPLES)?;
                Ok((progress, facts::rows(&inner, db, &scope, messages)?))
            }
        })
        .await?;
    let page = ConfirmPage {
        step,
        count: touched(step).iter().map(|state| progress.of(*state)).sum(),
        group: GroupRow::new(&group, &progress),
        samples,
        back: link("/messages", &[("reason", &group.reason)]),
    };
    shell::page(&app, &me, &req, "desk/message_confirm.html", page)
}

const fn touched(step: Step) -> &'static [State] {
    match step {
        Step::Release => &[State::Held],
        Step::Hold => &[State::Waiting],
        Step::Cancel => &[State::Held, State::Waiting],
    }
}

/// `POST /messages/group`
pub async fn group(
    app: web::Data<App>,
    me: SignedIn,
    form: CsrfForm<MassForm>,
) -> AppResult<HttpResponse> {
    let form = form.0;
    let (group, reason) = form.group()?;
    let (action, verb) = match form.step {
        Step::Release => ("messages_released", "放行"),
        Step::Hold => ("messages_held", "停下"),
        Step::Cancel => ("messages_cancelled", "不发"),
    };
    let why = format!("{}决定不发", me.name);
    let done = me
        .act(&app, "messages of a group", move |act| {
            let done = match form.step {
                Step::Release => outbox::release(act.db, act.scope, &group, act.now)?,
                Step::Hold => outbox::hold(act.db, act.scope, &group, act.now)?,
                Step::Cancel => outbox::cancel_group(act.db, act.scope, &group, &why, act.now)?,
            };
            if done > 0 {
                let (day, words) = (group.planned_on, reason.in_words());
                let summary = format!("{verb} {day} 的{words}，{done} 条");
                act.audit(AuditEntry::of(action, words, summary))?;
            }
            Ok(done)
        })
        .await?;
    let message = if done == 0 {
        "没有可以改动的，可能刚刚已经发出".to_owned()
    } else {
        format!("已{verb} {done} 条{}", reason.in_words())
    };
    shell::done(&app, "/messages", &message)
}

/// One message and what to do about it.
#[derive(Clone, Debug, Deserialize)]
pub struct One {
    id: i64,
    step: OneStep,
    #[serde(default)]
    back: String,
}

/// What can be done about one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OneStep {
    /// 放行
    Release,
    /// 取消发送
    Cancel,
    /// 再发一次
    Resend,
    /// 已核对，发出了
    Sent,
}

/// `POST /messages/one`
pub async fn one(
    app: web::Data<App>,
    me: SignedIn,
    form: CsrfForm<One>,
) -> AppResult<HttpResponse> {
    let One { id, step, back } = form.0;
    let (action, verb) = match step {
        OneStep::Release => ("messages_released", "放行一条"),
        OneStep::Cancel => ("messages_cancelled", "不发一条"),
        OneStep::Resend => ("message_resent", "再发一条"),
        OneStep::Sent => ("message_resent", "核对为已发出"),
    };
    let why = format!("{}决定不发", me.name);
    me.act(&app, "one message", move |act| {
        let message = outbox::find(act.db, act.scope, id)?;
        if message.urgent {
            return Err(AppError::NotFound);
        }
        let done = match step {
            OneStep::Release => outbox::release_some(act.db, act.scope, &[id], act.now)? > 0,
            OneStep::Cancel => outbox::cancel(act.db, act.scope, &[id], &why, act.now)? > 0,
            OneStep::Resend => outbox::resend(act.db, act.scope, id, act.now)?,
            OneStep::Sent => outbox::mark_sent(act.db, act.scope, id, act.now)?,
        };
        if !done {
            return Err(AppError::refused("这条消息刚刚有了变化，请刷新后再看。"));
        }
        let words = Reason::from_text(&message.reason).map_or("消息", Reason::in_words);
        let note = AuditEntry {
            action,
            file_id: message.file_id,
            subject: words.to_owned(),
            summary: format!("{verb}{words}，{} 的", message.planned_on),
            ..AuditEntry::default()
        };
        act.audit(note)
    })
    .await?;
    let to = if back.starts_with("/messages") || back.starts_with("/loans/") {
        back
    } else {
        "/messages".to_owned()
    };
    shell::done(&app, &to, &format!("已{verb}"))
}

/// `POST /messages/hold`: whether everything waits for its release.
pub async fn hold(app: web::Data<App>, me: SignedIn, form: Form) -> AppResult<HttpResponse> {
    let on = form.0.get("on") == "yes";
    let summary = if on {
        "以后写好的消息先待放行"
    } else {
        "以后写好的消息到时间就发，不用放行"
    };
    me.act(&app, "messages held", move |act| {
        notice::set_held(act.db, act.scope, on)?;
        act.audit(AuditEntry::of("message_setting", "放行设置", summary))
    })
    .await?;
    shell::done(&app, "/messages", summary)
}
