//! 更新电话 from the loan file, in one step: whoever answers the telephone hears the new number. The
//! number that was used before gets a message, in case it was somebody else who called.

use actix_web::HttpResponse;

use super::{AtFile, posted};
use crate::app::App;
use crate::base::ids::{FileId, PersonId};
use crate::book::act::Once;
use crate::book::audit_log::AuditEntry;
use crate::book::contact::change::Kind;
use crate::book::contact::in_force::{self, NewContact};
use crate::book::{loan, person};
use crate::desk::contact_change_message;
use crate::error::{AppError, AppResult};
use crate::plumbing::outbox;
use crate::web::fields::{At, Done, Fields, Form};
use crate::web::session::SignedIn;

/// Longest remark in characters.
const REMARK_MAX: usize = 80;

/// `POST /loans/{file_no}/phones`
pub(super) async fn add(at: AtFile, form: Form) -> AppResult<HttpResponse> {
    posted(at, form, try_add).await
}

async fn try_add((app, me, _): At<'_>, file_no: &str, form: &mut Fields) -> AppResult<Done> {
    let number = form.phone("phone");
    form.required("phone", "请填写新号码");
    let remark = form.text("remark", REMARK_MAX);
    let number = form.checked(number)?;
    let new = NewContact {
        kind: Kind::Phone,
        value: number.as_str().to_owned(),
        source: format!("更新电话（{}）", me.name),
        from_self: form.get("heard_from") != "other",
    };
    let (file, whose) = whose_number((app, me), file_no, form.id("person")).await?;
    let alarms = match new.from_self {
        true => contact_change_message::of_new_number(app, me, (file, whose)).await?,
        false => Vec::new(),
    };
    let (key, back, sentence) = (form.key(), format!("/loans/{file_no}"), new.sentence());
    me.act(app, "phone updated", move |act| {
        if act.once(&key)? == Once::Again {
            return Ok(());
        }
        let person = person::find(act.db, act.scope, whose)?;
        in_force::keep(act, &person, file, &new)?;
        outbox::add(act.db, &alarms)?;
        let (action, verb) = match new.from_self {
            true => ("contact_changed", "登记"),
            false => ("contact_change_asked", "记下"),
        };
        let summary = format!("{verb}{}的新电话 {}", person.name, number.masked());
        let entry = AuditEntry::of(action, &person.name, summary).on_file(file);
        act.audit(AuditEntry { reason: remark.clone(), ..entry })
    })
    .await?;
    Ok(Done::to(back, sentence))
}

/// The file, and whose number it is: the student's, unless one of the co-borrowers is named.
async fn whose_number(
    (app, me): (&App, &SignedIn),
    file_no: &str,
    named: Option<PersonId>,
) -> AppResult<(FileId, PersonId)> {
    let (scope, file_no) = (me.scope.clone(), file_no.to_owned());
    app.read(move |db| {
        let file = loan::file_by_no(db, &scope, &file_no)?;
        let loans = loan::chain(db, &scope, file.id)?;
        let co_borrowers = loans.iter().filter_map(|one| one.co_person_id).chain(file.co_person_id);
        let whose = named.unwrap_or(file.person_id);
        match std::iter::once(file.person_id).chain(co_borrowers).any(|id| id == whose) {
            true => Ok((file.id, whose)),
            false => Err(AppError::field("person", "请重新选是谁的号码")),
        }
    })
    .await
}
