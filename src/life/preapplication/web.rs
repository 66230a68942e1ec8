//! One or many pre-applications reviewed at once: all of them, or none.

use actix_web::HttpResponse;
use serde::Serialize;

use super::list::PATH;
use super::rules::{Decision, State};
use super::store;
use crate::base::ids::RowId;
use crate::book::act::{Act, FormKey, Once};
use crate::book::audit_log::AuditEntry;
use crate::book::person;
use crate::error::{AppError, AppResult};
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{Done, Fields, Form, FormPage, Seen};

/// Longest reason in characters.
const REASON_MAX: usize = 80;

#[derive(Serialize)]
struct Chosen {
    id: RowId,
    version: i32,
    name: String,
    school: String,
    state: &'static str,
}

/// The chosen ones again, with what was typed.
#[derive(Serialize)]
struct ReviewPage {
    rows: Vec<Chosen>,
    is_decided: bool,
    key: String,
}

impl FormPage for ReviewPage {
    const TEMPLATE: &'static str = "preapplication/review.html";
    const REFUSED_AT: &'static str = "reason";
    const CHANGED: &'static str =
        "选中的人里有的别人刚刚审核过或者改过，这次一个也没有保存：看看现在的情况再选";
}

/// A ticked row as the page showed it: `id-version`.
fn seen(ticked: &str) -> Option<Seen<RowId>> {
    let (id, version) = ticked.split_once('-')?;
    Some(Seen { id: RowId::new(id.parse().ok()?), version: version.parse().ok()? })
}

/// Those that are ticked, each once.
pub(super) fn ticked(form: &Fields) -> Vec<Seen<RowId>> {
    let mut all: Vec<Seen<RowId>> = form.all("one").filter_map(seen).collect();
    all.sort_unstable_by_key(|one| one.id);
    all.dedup_by_key(|one| one.id);
    all
}

async fn page(desk: &DeskRequest, ids: Vec<RowId>) -> AppResult<ReviewPage> {
    let (rows, is_decided) = desk
        .read(move |db, scope| {
            let (mut rows, mut is_decided) = (Vec::new(), true);
            for one in store::by_ids(db, scope, &ids)? {
                let name = person::find(db, scope, one.person_id)?.name;
                let state = State::of(&one.county_opinion);
                is_decided &= state != State::Waiting;
                rows.push(Chosen {
                    id: one.id,
                    version: one.version,
                    name,
                    school: one.high_school,
                    state: state.in_words(),
                });
            }
            Ok((rows, is_decided))
        })
        .await?;
    Ok(ReviewPage { is_decided, rows, key: desk.app.next_id().to_string() })
}

/// `POST /pre-applications/review`
pub async fn review(desk: DeskRequest, form: Form) -> AppResult<HttpResponse> {
    let all = ticked(&form.0);
    let ids: Vec<RowId> = all.iter().map(|one| one.id).collect();
    desk.submit(form, page(&desk, ids), async |form| {
        let reason = form.text("reason", REASON_MAX);
        let decision = form.choice("decision", Decision::from_text, "请选通过、不通过或者撤回");
        if all.is_empty() {
            form.reject("reason", "还没有选人：先在名单里勾选，再审核");
        }
        if decision == Some(Decision::Refuse) && reason.is_empty() {
            form.reject("reason", "不通过要写一句家长看得懂的原因");
        }
        let decision = form.checked(decision)?;
        let (key, count) = (form.key(), all.len());
        desk.act("pre-applications reviewed", move |act| {
            decide(act, &key, &all, (decision, &reason))
        })
        .await?;
        desk.app.note_change();
        let words = decision.in_words();
        Ok(Done::to(PATH, format!("{words}：{count} 人。办错了可以到“通过”“未通过”里撤回")))
    })
    .await
}

/// # Errors
/// `Changed` when one of them is not as the page showed it: then none is decided.
fn decide(
    act: &mut Act<'_>,
    key: &FormKey,
    all: &[Seen<RowId>],
    (decision, reason): (Decision, &str),
) -> AppResult<()> {
    if act.once(key)? == Once::Again {
        return Ok(());
    }
    let ids: Vec<RowId> = all.iter().map(|one| one.id).collect();
    let rows = store::by_ids(act.db, act.scope, &ids)?;
    if rows.len() != all.len() || rows.iter().any(|row| row.is_draft) {
        return Err(AppError::Changed);
    }
    let (by, at) = match decision {
        Decision::Reopen => (String::new(), None),
        Decision::Pass | Decision::Refuse => (act.by.name.clone(), Some(act.now)),
    };
    for row in rows {
        let seen = all.iter().find(|one| one.id == row.id).ok_or(AppError::Changed)?;
        let opinion = decision.opinion(State::of(&row.county_opinion), reason);
        let opinion = opinion.ok_or(AppError::Changed)?;
        store::decide(act.db, act.scope, *seen, (&opinion, &by, at))?;
        let name = person::find(act.db, act.scope, row.person_id)?.name;
        let summary = format!("{}年预申请，{}：{}", row.year, row.high_school, decision.in_words());
        let entry = AuditEntry::of("preapplication_reviewed", &name, summary);
        act.audit(AuditEntry { reason: reason.to_owned(), ..entry })?;
    }
    Ok(())
}
