//! Tells a borrower what became of a contact they wanted changed. Composes the message; it is kept
//! in the write of the decision.

use crate::app::App;
use crate::base::ids::{FileId, PersonId};
use crate::book::contact::change::{self, Decision, Kind};
use crate::book::loan;
use crate::book::notice::{Composer, Fields, Reason, To, is_held, people};
use crate::error::AppResult;
use crate::plumbing::outbox::Message;
use crate::web::session::SignedIn;

/// The messages that answer this change; none when the person cannot be reached or wants none.
///
/// # Errors
/// NotFound when the change is not of this office.
pub async fn messages(
    app: &App,
    me: &SignedIn,
    change_id: i64,
    decision: &Decision,
) -> AppResult<Vec<Message>> {
    let scope = me.scope.clone();
    let change = app.read(move |db| change::find(db, &scope, change_id)).await?;
    let Some(file_id) = change.file_id else { return Ok(Vec::new()) };
    let what = Kind::from_text(&change.field).map_or("联系方式", Kind::in_words);
    let answer = match (decision.accepted, decision.answer.as_str()) {
        (true, _) => DONE.to_owned(),
        (false, why) => format!("没有改：{why}"),
    };
    let about = format!("change/{}", change.id);
    tell(app, me, (file_id, change.person_id), (&about, what, answer)).await
}

/// The same of a number that a caller said; it goes to the number that was used before, so that
/// whoever had it hears of it.
pub async fn of_new_number(
    app: &App,
    me: &SignedIn,
    (file_id, person_id): (FileId, PersonId),
) -> AppResult<Vec<Message>> {
    let about = format!("phone/{}", app.next_id());
    tell(app, me, (file_id, person_id), (&about, Kind::Phone.in_words(), DONE.to_owned())).await
}

/// What is said of a change that is in force.
const DONE: &str = "已经改好";

async fn tell(
    app: &App,
    me: &SignedIn,
    (file_id, person_id): (FileId, PersonId),
    (about, what, answer): (&str, &'static str, String),
) -> AppResult<Vec<Message>> {
    let (scope, inner) = (me.scope.clone(), app.clone());
    let (receiver, held) = app
        .read(move |db| {
            let file = loan::file(db, &scope, file_id)?;
            let reason = Reason::ContactDecided;
            let receiver = people::one(&inner, db, &scope, person_id, &file, reason)?;
            Ok((receiver, is_held(&inner, db, &scope)?))
        })
        .await?;
    let Some(receiver) = receiver else { return Ok(Vec::new()) };
    let fields = Fields::to(&receiver.name).text("what", what).text("answer", answer);
    let composer = Composer::with(app, &me.office, held);
    receiver
        .channels()
        .map(|channel| {
            let to = To {
                file_id: Some(file_id),
                person_id: receiver.person_id,
                channel,
                phone: receiver.phone.as_ref(),
                email: &receiver.email,
                subject_key: To::subject(file_id, receiver.person_id, channel, about),
                planned_on: app.clock.today(),
                expires_at: None,
            };
            composer.message(Reason::ContactDecided, &to, &fields)
        })
        .collect()
}
