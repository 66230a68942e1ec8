//! One proposal: what it says, what has changed since the last look, and what a second person does.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::list::PATH;
use crate::base::choice::Choice;
use crate::base::dates::minute;
use crate::base::ids::RowId;
use crate::book::review::{self, Content, Decision, Fact, Review, State, Verdict};
use crate::book::staff::Right;
use crate::error::{AppError, AppResult};
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{Done, Fields, Form, FormPage};

/// Longest reason in characters.
const REASON_MAX: usize = 120;

#[derive(Serialize)]
struct ReviewPage {
    id: RowId,
    version: i32,
    kind: &'static str,
    name: String,
    summary: String,
    link: String,
    state: State,
    state_words: &'static str,
    exceptions: String,
    facts: Vec<Fact>,
    has_before: bool,
    steps: Vec<Choice>,
    /// When an earlier round was seen, and what is new.
    seen: Option<(String, Vec<Fact>)>,
    round: i32,
    author: String,
    proposed: String,
    opened: String,
    urged: i32,
    decided: String,
    reason: String,
    step: String,
    is_own: bool,
    may_decide: bool,
}

impl FormPage for ReviewPage {
    const TEMPLATE: &'static str = "reviews/one.html";
    const REFUSED_AT: &'static str = "reason";

    fn fields(&self) -> Fields {
        Fields::default().with("version", self.version)
    }
}

async fn page(desk: &DeskRequest, id: RowId) -> AppResult<ReviewPage> {
    let me = desk.me.staff_id;
    let (row, seen): (Review, _) = desk
        .read(move |db, scope| {
            let row = review::find(db, scope, id)?;
            let seen = review::changed_since_look(db, &row, me)?;
            Ok((row, seen))
        })
        .await?;
    let Content { facts, steps } = row.content()?;
    let steps: Vec<Choice> =
        steps.into_iter().map(|(key, words)| Choice::new(key, words)).collect();
    let step = steps.iter().find(|one| one.value == row.step).map(|one| one.text.clone());
    let opened = row.opened_at.map(|at| format!("{}，{}", row.opened_by, minute(at)));
    let decided = row.decided_at.map(|at| format!("{}，{}", row.decided_by, minute(at)));
    let is_own = row.author_id == me;
    Ok(ReviewPage {
        id: row.id,
        version: row.version,
        kind: row.kind.in_words(),
        state: row.state,
        state_words: row.state.in_words(),
        has_before: facts.iter().any(|fact| !fact.before.is_empty()),
        facts,
        steps,
        seen,
        round: row.round,
        proposed: minute(row.proposed_at),
        opened: opened.unwrap_or_default(),
        urged: row.urged,
        decided: decided.unwrap_or_default(),
        step: step.unwrap_or_default(),
        is_own,
        may_decide: row.state == State::Open && !is_own && desk.me.may(Right::Review),
        name: row.name,
        summary: row.summary,
        link: row.link,
        exceptions: row.exceptions,
        author: row.author_name,
        reason: row.reason,
    })
}

/// `GET /reviews/{id}`
pub async fn show(desk: DeskRequest, id: web::Path<RowId>) -> AppResult<HttpResponse> {
    let id = *id;
    if desk.me.may(Right::Review) {
        desk.act("review opened", move |act| review::open(act, id)).await?;
    }
    desk.show(&page(&desk, id).await?)
}

/// `POST /reviews/{id}`
pub async fn decide(
    desk: DeskRequest,
    id: web::Path<RowId>,
    form: Form,
) -> AppResult<HttpResponse> {
    let id = *id;
    desk.submit(form, page(&desk, id), async |form| {
        let version = form.version()?;
        let reason = form.text("reason", REASON_MAX);
        let decision = form.choice("decision", Decision::from_text, "请选同意、退回或者不同意");
        let step = form.get("step").to_owned();
        let decision = form.checked(decision)?;
        let verdict = Verdict { decision, step, reason };
        desk.act("review decided", move |act| review::decide(act, (id, version), &verdict)).await?;
        desk.app.note_change();
        Ok(Done::to(
            PATH,
            match decision {
                Decision::Approve => "已同意",
                Decision::Return => "已退回补正，经办会收到提醒",
                Decision::Refuse => "已记为不同意",
            },
        ))
    })
    .await
}

/// `POST /reviews/{id}/withdraw`
pub async fn withdraw(
    desk: DeskRequest,
    id: web::Path<RowId>,
    form: Form,
) -> AppResult<HttpResponse> {
    let id = *id;
    desk.submit(form, page(&desk, id), async |form| {
        let version = form.version()?;
        let row =
            desk.act("review withdrawn", move |act| review::withdraw(act, (id, version))).await?;
        desk.app.note_change();
        Ok(Done::to(row.link, "已撤回，可以接着改"))
    })
    .await
}

/// `POST /reviews/{id}/urge`
pub async fn urge(desk: DeskRequest, id: web::Path<RowId>, form: Form) -> AppResult<HttpResponse> {
    let id = *id;
    desk.submit(form, page(&desk, id), async |form| {
        let version = form.version()?;
        desk.act("review urged", move |act| review::urge(act, (id, version))).await?;
        desk.app.note_change();
        Ok(Done::to(format!("{PATH}/{id}"), "已催办，排到前面去了"))
    })
    .await
}

/// What became of many that were ticked.
#[derive(Serialize)]
struct ManyPage {
    approved: usize,
    /// Whom, and why not.
    left: Vec<(String, String)>,
}

/// `POST /reviews/approve`: each in a write of its own, so that a refusal keeps none back;
/// what is to be read one by one is left.
pub async fn approve_many(desk: DeskRequest, form: Form) -> AppResult<HttpResponse> {
    let ticked: Vec<(RowId, i32)> = form
        .0
        .all("one")
        .filter_map(|one| one.split_once(':'))
        .filter_map(|(id, version)| Some((RowId::new(id.parse().ok()?), version.parse().ok()?)))
        .collect();
    let mut done = ManyPage { approved: 0, left: Vec::new() };
    for seen in ticked {
        let row = desk.read(move |db, scope| review::find(db, scope, seen.0)).await?;
        if !row.exceptions.is_empty() {
            done.left.push((row.name, row.exceptions));
            continue;
        }
        let verdict =
            Verdict { decision: Decision::Approve, step: String::new(), reason: String::new() };
        let decided =
            desk.act("review decided", move |act| review::decide(act, seen, &verdict)).await;
        match decided {
            Ok(_) => done.approved += 1,
            Err(AppError::Refused(why)) => done.left.push((row.name, why)),
            Err(AppError::Changed) => done.left.push((row.name, "别人刚刚办过".to_owned())),
            Err(error) => return Err(error),
        }
    }
    desk.app.note_change();
    desk.page("reviews/many.html", done)
}
