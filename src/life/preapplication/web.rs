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
use crate::web::fields::{Done, Form, FormPage};

/// Longest reason in characters.
const REASON_MAX: usize = 80;

/// The chosen ones again, with what was typed.
#[derive(Serialize)]
struct ReviewPage {
    rows: Vec<(RowId, String, String, &'static str)>,
    is_decided: bool,
    key: String,
}

impl FormPage for ReviewPage {
    const TEMPLATE: &'static str = "preapplication/review.html";
    const REFUSED_AT: &'static str = "reason";
    const CHANGED: &'static str =
        "选中的人里有的别人刚刚审核过，这次一个也没有保存：看看现在的情况再选";
}

async fn page(desk: &DeskRequest, ids: Vec<RowId>) -> AppResult<ReviewPage> {
    let rows = desk
        .read(move |db, scope| {
            let mut rows = Vec::new();
            for one in store::by_ids(db, scope, &ids)? {
                let name = person::find(db, scope, one.person_id)?.name;
                rows.push((one.id, name, one.high_school, State::of(&one.county_opinion)));
            }
            Ok(rows)
        })
        .await?;
    Ok(ReviewPage {
        is_decided: rows.iter().all(|row| row.3 != State::Waiting),
        rows: rows.into_iter().map(|row| (row.0, row.1, row.2, row.3.in_words())).collect(),
        key: desk.app.next_id().to_string(),
    })
}

/// `POST /pre-applications/review`
pub async fn review(desk: DeskRequest, form: Form) -> AppResult<HttpResponse> {
    let mut ids: Vec<RowId> =
        form.0.all("one").filter_map(|one| one.parse().ok()).map(RowId::new).collect();
    ids.sort_unstable();
    ids.dedup();
    desk.submit(form, page(&desk, ids.clone()), async |form| {
        let reason = form.text("reason", REASON_MAX);
        let decision = form.choice("decision", Decision::from_text, "请选通过、不通过或者撤回");
        if ids.is_empty() {
            form.reject("reason", "还没有选人：先在名单里勾选，再审核");
        }
        if decision == Some(Decision::Refuse) && reason.is_empty() {
            form.reject("reason", "不通过要写一句家长看得懂的原因");
        }
        let decision = form.checked(decision)?;
        let (key, count) = (form.key(), ids.len());
        let ids = ids.clone();
        desk.act("pre-applications reviewed", move |act| {
            decide(act, &key, &ids, (decision, &reason))
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
    ids: &[RowId],
    (decision, reason): (Decision, &str),
) -> AppResult<()> {
    if act.once(key)? == Once::Again {
        return Ok(());
    }
    let rows = store::by_ids(act.db, act.scope, ids)?;
    if rows.len() != ids.len() {
        return Err(AppError::NotFound);
    }
    for row in rows {
        let opinion = decision.opinion(State::of(&row.county_opinion), reason);
        let opinion = opinion.ok_or(AppError::Changed)?;
        store::set_opinion(act.db, act.scope, (row.id, &row.county_opinion), &opinion)?;
        let name = person::find(act.db, act.scope, row.person_id)?.name;
        let summary = format!("{}年预申请，{}：{}", row.year, row.high_school, decision.in_words());
        let entry = AuditEntry::of("preapplication_reviewed", &name, summary);
        act.audit(AuditEntry { reason: reason.to_owned(), ..entry })?;
    }
    Ok(())
}
