//! One or many hits answered at once: all of them, or none.

use actix_web::HttpResponse;
use serde::Serialize;

use super::list::{PATH, answers};
use super::rules::Answer;
use super::steps::{self, Given, Who};
use super::store;
use crate::base::choice::Choice;
use crate::base::ids::RowId;
use crate::error::AppResult;
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{Done, Fields, Form, FormPage, Seen};

/// Longest name and longest note in characters.
const NAME_MAX: usize = 40;
const NOTE_MAX: usize = 100;

/// The chosen ones again, with what was typed.
#[derive(Serialize)]
struct AnswerPage {
    /// What its box sends, name, school, answer until now.
    rows: Vec<(String, String, String, &'static str)>,
    answers: Vec<Choice>,
    key: String,
}

impl FormPage for AnswerPage {
    const TEMPLATE: &'static str = "matching/answers.html";
    const REFUSED_AT: &'static str = "answer";
    const CHANGED: &'static str =
        "选中的里面有的别人刚刚核实过，或者名单已经清除，这次一条也没有保存：看看现在的情况再选";
}

async fn page(desk: &DeskRequest, ids: Vec<RowId>) -> AppResult<AnswerPage> {
    let hits = desk.read(move |db, scope| store::hits(db, scope, &ids)).await?;
    let row = |one: store::Hit| {
        (format!("{}.{}", one.id, one.version), one.name, one.school, one.answer.in_words())
    };
    Ok(AnswerPage {
        rows: hits.into_iter().map(row).collect(),
        answers: std::iter::once(Choice::new("", "请选择")).chain(answers()).collect(),
        key: desk.app.next_id().to_string(),
    })
}

/// `12.1`: identity and version of a ticked row.
fn one_ticked(text: &str) -> Option<Seen<RowId>> {
    let (id, version) = text.split_once('.')?;
    Some(Seen { id: RowId::new(id.parse().ok()?), version: version.parse().ok()? })
}

/// The rows that were ticked, each once.
fn ticked(form: &Fields) -> Vec<Seen<RowId>> {
    let mut seen: Vec<Seen<RowId>> = form.all("one").filter_map(one_ticked).collect();
    seen.sort_unstable_by_key(|one| one.id);
    seen.dedup();
    seen
}

/// Reads the form; all that is wrong is said at once. `by`: who answers; none where the form asks.
pub fn read(form: &mut Fields, by: Option<String>) -> AppResult<(Vec<Seen<RowId>>, Given)> {
    let known = |text: &str| Answer::from_text(text).filter(|one| *one != Answer::Open);
    let answer = form.choice("answer", known, "请选核实结果");
    let note = form.text("note", NOTE_MAX);
    let by = match by {
        Some(by) => by,
        None => {
            form.required("by_name", "请写是谁核实的，例如：乐至中学周敏");
            form.text("by_name", NAME_MAX)
        }
    };
    if let Some(asks) = answer.and_then(Answer::note).filter(|_| note.is_empty()) {
        form.reject("note", asks);
    }
    let seen = ticked(form);
    if seen.is_empty() {
        form.reject("answer", "还没有选人：先在名单里勾选，再登记核实结果");
    }
    let answer = form.checked(answer)?;
    Ok((seen, Given { answer, by, note }))
}

/// `POST /matching/answers`
pub async fn answer(desk: DeskRequest, form: Form) -> AppResult<HttpResponse> {
    let ids = ticked(&form.0).into_iter().map(|one| one.id).collect();
    desk.submit(form, page(&desk, ids), async |form| {
        let (seen, given) = read(form, None)?;
        let (key, count, words) = (form.key(), seen.len(), given.answer.in_words());
        desk.act("matching answered", move |act| {
            steps::answer(act, &key, (&Who::County, &seen), &given)
        })
        .await?;
        desk.app.note_change();
        Ok(Done::to(PATH, format!("{words}：{count} 条。登记错了可以到“已核实”里重新登记")))
    })
    .await
}
