//! Tells a borrower what became of a contact they wanted changed. Composes the message; it is kept
//! in the write of the decision.

use crate::app::App;
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
    let (scope, inner) = (me.scope.clone(), app.clone());
    let (change, receiver, held) = app
        .read(move |db| {
            let change = change::find(db, &scope, change_id)?;
            let held = is_held(&inner, db, &scope)?;
            let Some(file_id) = change.file_id else { return Ok((change, None, held)) };
            let file = loan::file(db, &scope, file_id)?;
            let reason = Reason::ContactDecided;
            let receiver = people::one(&inner, db, &scope, change.person_id, &file, reason)?;
            Ok((change, receiver, held))
        })
        .await?;
    let (Some(receiver), Some(file_id)) = (receiver, change.file_id) else { return Ok(Vec::new()) };
    let what = Kind::from_text(&change.field).map_or("联系方式", Kind::in_words);
    let answer = match (decision.accepted, decision.answer.as_str()) {
        (true, _) => "已经改好".to_owned(),
        (false, why) => format!("没有改：{why}"),
    };
    let fields = Fields::to(&receiver.name).text("what", what).text("answer", answer);
    let composer = Composer::with(app, &me.office, held);
    receiver
        .channels()
        .map(|channel| {
            let about = format!("change/{}", change.id);
            let to = To {
                file_id: Some(file_id),
                person_id: receiver.person_id,
                channel,
                phone: receiver.phone.as_ref(),
                email: &receiver.email,
                subject_key: To::subject(file_id, receiver.person_id, channel, &about),
                planned_on: app.clock.today(),
                expires_at: None,
            };
            composer.message(Reason::ContactDecided, &to, &fields)
        })
        .collect()
}
