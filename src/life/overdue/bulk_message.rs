//! 发提醒短信: a text message by hand to the families of ticked cases. The page shows the text to
//! one of them, how many get it, who cannot and why, and what it costs; then it waits to be let go
//! like any mass sending.

use actix_web::HttpResponse;
use serde::Serialize;

use super::store;
use crate::app::App;
use crate::base::choice::Choice;
use crate::base::ids::FileId;
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::base::url::link;
use crate::book::act::Once;
use crate::book::audit_log::AuditEntry;
use crate::book::notice::by_hand::{self, ByHand};
use crate::book::notice::people::{self, Receiver};
use crate::book::notice::{Composer, Reason, To, text};
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::outbox::{self, Channel, Message};
use crate::web::fields::{At, Fields};
use crate::web::shell;

/// What can be written to many: of neither the bank's data must say less than that they are late.
const REASONS: [Reason; 2] = [Reason::OverdueNotice, Reason::PleaseCall];

/// Why a family gets none to which the program writes today anyway.
const SAME_DAY: &str = "今天系统已经给这一户写了还款消息（已发出或等着发），不再写一条";

/// A family that gets none.
#[derive(Debug, Serialize)]
struct LeftOut {
    name: String,
    file_no: String,
    why: &'static str,
}

#[derive(Debug, Serialize)]
struct MessagePage {
    reasons: Vec<Choice>,
    reason: &'static str,
    /// Every ticked family, for the form.
    files: Vec<String>,
    /// How many get it, in how many families.
    receivers: usize,
    families: usize,
    /// Everybody who gets one: name and masked number.
    names: Vec<(String, String)>,
    left_out: Vec<LeftOut>,
    /// How many of those have a message of today by the program.
    same_day: usize,
    to: String,
    text: String,
    parts: i32,
    cost: Fen,
    key: String,
}

/// Everybody who gets it, and who does not.
struct Draft {
    by_hand: ByHand,
    to: Vec<(FileId, Vec<Receiver>)>,
    left_out: Vec<LeftOut>,
}

fn draft(
    app: &App,
    db: &mut Db,
    scope: &Scope,
    (reason, numbers): (Reason, &[String]),
) -> AppResult<Draft> {
    let cases = store::open_of(db, scope, numbers)?;
    let cases = store::named(db, scope, &cases)?;
    let ids: Vec<FileId> = cases.iter().map(|(case, ..)| case.file_id).collect();
    let by_hand = ByHand::load(app, db, scope, (reason, &ids))?;
    let late = ByHand::load(app, db, scope, (Reason::OverdueNotice, &ids))?;
    let mut people = people::of_files(app, db, scope, &ids, reason)?;
    let same_day = by_hand::files_written_today(db, scope, &ids, app.clock.today())?;
    let mut draft = Draft { by_hand, to: Vec::new(), left_out: Vec::new() };
    for (case, file_no, name) in cases {
        let mut receivers = people.remove(&case.file_id).unwrap_or_default();
        receivers.retain(|one| one.phone.is_some());
        let fault = late.fault(case.file_id).or_else(|| draft.by_hand.fault(case.file_id));
        let why = match fault {
            Some(_) => "银行现有的数据没有说这一户到期未还",
            None if same_day.contains(&case.file_id) => SAME_DAY,
            None if receivers.is_empty() => "没有能用的手机号，或者不要这一类消息",
            None => {
                draft.to.push((case.file_id, receivers));
                continue;
            }
        };
        draft.left_out.push(LeftOut { name, file_no, why });
    }
    Ok(draft)
}

/// What is written to whom, as the form or the address says it.
async fn chosen(
    (app, me, _): At<'_>,
    fields: &Fields,
    numbers: &[String],
) -> AppResult<(Reason, Draft)> {
    let known = Reason::from_text(fields.get("reason")).filter(|one| REASONS.contains(one));
    let reason = known.unwrap_or(Reason::OverdueNotice);
    let (inner, scope, all) = (app.clone(), me.scope.clone(), numbers.to_vec());
    let draft = app.read(move |db| draft(&inner, db, &scope, (reason, &all))).await?;
    Ok((reason, draft))
}

/// The page before it is written.
pub(super) async fn preview(
    at: At<'_>,
    fields: &Fields,
    numbers: &[String],
) -> AppResult<HttpResponse> {
    let ((reason, draft), (app, me, req)) = (chosen(at, fields, numbers).await?, at);
    let mut page = MessagePage {
        reasons: Choice::all(&REASONS),
        reason: reason.as_text(),
        files: numbers.to_vec(),
        receivers: draft.to.iter().map(|(_, receivers)| receivers.len()).sum(),
        families: draft.to.len(),
        same_day: draft.left_out.iter().filter(|one| one.why == SAME_DAY).count(),
        left_out: draft.left_out,
        names: Vec::new(),
        to: String::new(),
        text: String::new(),
        parts: 0,
        cost: Fen::ZERO,
        key: app.next_id().to_string(),
    };
    let mut parts = 0;
    for (file, receivers) in &draft.to {
        for receiver in receivers {
            let fields = draft.by_hand.fields(app, *file, receiver);
            let text = text::render(app, &me.office, reason, &fields, text::SAMPLE_CODE)?;
            let length = text::parts(app, &me.office, &text);
            parts += i64::from(length);
            let mask = receiver.phone.as_ref().map(|phone| phone.phone_mask.clone());
            let mask = mask.unwrap_or_default();
            if page.text.is_empty() {
                page.to = format!("{} {mask}", receiver.name);
                page.text = text::signed(app, &me.office, &text);
                page.parts = length;
            }
            page.names.push((receiver.name.clone(), mask));
        }
    }
    page.cost = app.policy().code_limit.on(app.clock.today()).cost(parts);
    shell::page(app, me, req, "overdue/bulk_message.html", page)
}

fn messages((app, me, _): At<'_>, reason: Reason, draft: &Draft) -> AppResult<Vec<Message>> {
    let composer = Composer::with(app, &me.office, true);
    let all = draft.to.iter().flat_map(|(file, all)| all.iter().map(move |one| (file, one)));
    all.map(|(file, receiver)| {
        let to = To {
            file_id: Some(*file),
            person_id: receiver.person_id,
            channel: Channel::Sms,
            phone: receiver.phone.as_ref(),
            email: "",
            // As one by hand from the file: of the same day nobody gets two.
            subject_key: To::subject(*file, receiver.person_id, Channel::Sms, by_hand::SUBJECT),
            planned_on: app.clock.today(),
            expires_at: None,
        };
        composer.message(reason, &to, &draft.by_hand.fields(app, *file, receiver))
    })
    .collect()
}

pub(super) async fn write(
    at: At<'_>,
    fields: &Fields,
    numbers: &[String],
) -> AppResult<HttpResponse> {
    let ((reason, draft), (app, me, _)) = (chosen(at, fields, numbers).await?, at);
    if draft.to.is_empty() {
        return Err(AppError::refused("选中的人都不能发，没有写"));
    }
    let (messages, key) = (messages(at, reason, &draft)?, fields.key());
    let people = messages.len();
    let families = draft.to.len();
    let new = me.act(app, "message to many", move |act| {
        if act.once(&key)? == Once::Again {
            return Ok(0);
        }
        let new = outbox::add(act.db, &messages)?;
        let summary = format!("给 {families} 户写{}，{new} 条，待放行", reason.in_words());
        act.audit(AuditEntry::of("message_written", reason.in_words(), summary))?;
        Ok(new)
    });
    let new = new.await?;
    let sentence = match new {
        0 => "今天已经写过同样的，没有再写".to_owned(),
        _ if new < people => {
            format!("已写好 {new} 条，等放行；另外 {} 条今天已经写过", people - new)
        }
        _ => format!("已写好 {new} 条，等放行"),
    };
    shell::done(app, &link("/messages", &[("reason", reason.as_text())]), &sentence)
}
