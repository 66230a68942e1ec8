//! One message by hand from a loan file, shown before it is sent; and nobody gets messages any
//! more who has died or asked for it.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::file;
use crate::app::App;
use crate::base::ids::PersonId;
use crate::base::scope::Scope;
use crate::book::act::Happened;
use crate::book::audit_log::AuditEntry;
use crate::book::loan::{self, LoanFile};
use crate::book::notice::by_hand::{self, BY_HAND, ByHand};
use crate::book::notice::people::{self, Receiver};
use crate::book::notice::{Composer, Fields as Words, Reason, To, is_held, stops, text};
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::outbox::{self, Channel};
use crate::web::fields::{At, Done, Fields, Form, answer};
use crate::web::form::CsrfForm;
use crate::web::session::SignedIn;
use crate::web::shell;

/// Which message, to whom.
#[derive(Clone, Debug, Deserialize)]
pub struct MessageForm {
    reason: String,
    person: i64,
}

impl MessageForm {
    fn reason(&self) -> AppResult<Reason> {
        let known = Reason::from_text(&self.reason).filter(|reason| BY_HAND.contains(reason));
        known.ok_or(AppError::NotFound)
    }
}

/// What would be sent.
struct Draft {
    file: LoanFile,
    receiver: Receiver,
    fields: Words,
    held: bool,
}

fn draft(
    app: &App,
    db: &mut Db,
    scope: &Scope,
    file_no: &str,
    form: &MessageForm,
) -> AppResult<Draft> {
    let reason = form.reason()?;
    let file = loan::file_by_no(db, scope, file_no)?;
    let person = PersonId::new(form.person);
    if person != file.person_id && Some(person) != file.co_person_id {
        return Err(AppError::NotFound);
    }
    let receiver = people::one(app, db, scope, person, &file, reason)?;
    let Some(receiver) = receiver.filter(|receiver| receiver.channels().next().is_some()) else {
        return Err(AppError::refused(
            "不能给这位发：没有能用的手机号和邮箱，或者本人不要这一类消息、已经停发。",
        ));
    };
    let by_hand = ByHand::load(app, db, scope, (reason, &[file.id]))?;
    if let Some(fault) = by_hand.fault(file.id) {
        return Err(AppError::refused(fault));
    }
    let fields = by_hand.fields(app, file.id, &receiver);
    Ok(Draft { file, receiver, fields, held: is_held(app, db, scope)? })
}

#[derive(Debug, Serialize)]
struct PreviewPage {
    file_no: String,
    name: String,
    person: i64,
    reason: &'static str,
    words: &'static str,
    to_mask: String,
    email: bool,
    text: String,
    parts: i32,
    held: bool,
}

/// `GET /loans/{file_no}/messages/new`
pub async fn preview(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    file_no: web::Path<String>,
    query: web::Query<MessageForm>,
) -> AppResult<HttpResponse> {
    let query = query.into_inner();
    let reason = query.reason()?;
    let (scope, inner, asked_for) = (me.scope.clone(), app.clone(), query.clone());
    let draft = app.read(move |db| draft(&inner, db, &scope, &file_no, &asked_for)).await?;
    let text = text::render(&app, &me.office, reason, &draft.fields, text::SAMPLE_CODE)?;
    let page = PreviewPage {
        file_no: draft.file.file_no,
        name: draft.receiver.name.clone(),
        person: query.person,
        reason: reason.as_text(),
        words: reason.in_words(),
        to_mask: draft.receiver.phone.as_ref().map(|p| p.phone_mask.clone()).unwrap_or_default(),
        email: !draft.receiver.email.is_empty(),
        parts: text::parts(&app, &me.office, &text),
        text: text::signed(&app, &me.office, &text),
        held: draft.held,
    };
    shell::page(&app, &me, &req, "desk/file_message_new.html", page)
}

/// `POST /loans/{file_no}/messages`
pub async fn send(
    app: web::Data<App>,
    me: SignedIn,
    file_no: web::Path<String>,
    form: CsrfForm<MessageForm>,
) -> AppResult<HttpResponse> {
    let form = form.0;
    let reason = form.reason()?;
    let (scope, inner) = (me.scope.clone(), app.clone());
    let draft = app.read(move |db| draft(&inner, db, &scope, &file_no, &form)).await?;
    let composer = Composer::with(&app, &me.office, draft.held);
    let (file, receiver) = (&draft.file, &draft.receiver);
    let messages: Vec<_> = receiver
        .channels()
        .map(|channel: Channel| {
            let to = To {
                file_id: Some(file.id),
                person_id: receiver.person_id,
                channel,
                phone: receiver.phone.as_ref(),
                email: &receiver.email,
                subject_key: To::subject(file.id, receiver.person_id, channel, by_hand::SUBJECT),
                planned_on: app.clock.today(),
                expires_at: None,
            };
            composer.message(reason, &to, &draft.fields)
        })
        .collect::<AppResult<_>>()?;
    let back = format!("/loans/{}/messages", file.file_no);
    let note = AuditEntry::of(
        "message_written",
        &receiver.name,
        format!("单独给{}发{}", receiver.name, reason.in_words()),
    )
    .on_file(file.id);
    let new = me
        .act(&app, "message by hand", move |act| {
            let new = outbox::add(act.db, &messages)?;
            if new > 0 {
                act.audit(note.clone())?;
            }
            Ok(new)
        })
        .await?;
    let message = match (new, draft.held) {
        (0, _) => "今天已经写过同样的一条，没有再写",
        (_, true) => "已写好，放行以后发出",
        (_, false) => "已写好，马上发出；夜里和节假日等到早上再发",
    };
    shell::done(&app, &back, message)
}

/// `POST /loans/{file_no}/messages/stop`: why is `died`, `asked`, or `lift`.
pub async fn stop(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    file_no: web::Path<String>,
    form: Form,
) -> AppResult<HttpResponse> {
    let at: At<'_> = (&app, &me, &req);
    let done = try_stop(at, &file_no, &form.0).await;
    answer(at, &form.0, done, file::page(&app, &me, &file_no)).await
}

async fn try_stop((app, me, _): At<'_>, file_no: &str, form: &Fields) -> AppResult<Done> {
    let note: String = form.get("note").chars().take(100).collect();
    let why = match form.get("why") {
        "lift" => None,
        text => Some(stops::Why::from_text(text).ok_or(AppError::NotFound)?),
    };
    if why == Some(stops::Why::Died) && note.is_empty() {
        return Err(AppError::refused("请写明是从哪里知道的，例如「村委会证明」，再提交。"));
    }
    let person: PersonId = form.id("person").ok_or(AppError::NotFound)?;
    let (back, file_no) = (format!("/loans/{file_no}/messages"), file_no.to_owned());
    let message = me
        .act(app, "messages stopped", move |act| {
            let file = loan::file_by_no(act.db, act.scope, &file_no)?;
            if person != file.person_id && Some(person) != file.co_person_id {
                return Err(AppError::NotFound);
            }
            let one = crate::book::person::find(act.db, act.scope, person)?;
            let (done, action, summary) = match why {
                Some(why) => {
                    let stop = stops::Suppression {
                        person_id: person,
                        office_code: act.scope.own().to_owned(),
                        why,
                        note: note.clone(),
                        by_name: act.by.name.clone(),
                        since: act.now,
                    };
                    if why == stops::Why::Died && person == file.person_id {
                        act.happened(&Happened::Died(file.id, &note))?;
                    }
                    let summary = format!("不再给{}发消息：{}", one.name, why.in_words());
                    (stops::put(act.db, act.scope, &stop)?, "messages_stopped", summary)
                }
                None => {
                    if person == file.person_id {
                        act.happened(&Happened::Lives(file.id, "恢复发消息"))?;
                    }
                    let summary = format!("恢复给{}发消息", one.name);
                    (stops::lift(act.db, act.scope, person)?, "messages_resumed", summary)
                }
            };
            if done {
                act.audit(AuditEntry {
                    action,
                    file_id: Some(file.id),
                    subject: one.name,
                    summary: summary.clone(),
                    reason: note.clone(),
                })?;
            }
            Ok(summary)
        })
        .await?;
    Ok(Done::to(back, message))
}
