//! The form of an enrolment change, its page with the plan before and after, and what is done
//! there.

use actix_web::{HttpResponse, web};
use chrono::{Datelike as _, NaiveDate};
use serde::Serialize;

use super::effect::{self, Effect, Figures, Of, PlanRow};
use super::list::PATH;
use super::rules::{self, Change, Kind, Signer, State};
use super::steps::{self, Typed};
use super::store::{self, StudyChange};
use crate::base::choice::Choice;
use crate::base::dates::{in_words, minute};
use crate::base::ids::{FileId, RowId};
use crate::book::loan::{self, LoanFile};
use crate::book::pending::{self, Pending};
use crate::book::person;
use crate::error::{AppError, AppResult};
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{Done, Fields, Form, FormPage, Seen};

/// Longest texts in characters.
const NAME_MAX: usize = 40;
const PROOF_MAX: usize = 80;
const NOTE_MAX: usize = 200;
const REASON_MAX: usize = 120;

/// The form, for a new one or for one that its clerk may still change.
#[derive(Serialize)]
struct EditPage {
    file_no: String,
    name: String,
    university: String,
    /// What has to be withdrawn first.
    pending: Option<Pending>,
    /// None: nothing is owed any more.
    ends_on: Option<String>,
    final_due_on: Option<String>,
    kinds: Vec<Choice>,
    /// What is brought for each kind.
    proofs: Vec<(&'static str, &'static str)>,
    remind: String,
    /// Where it is sent, and where one goes back to.
    to: String,
    back: String,
    is_new: bool,
    version: i32,
    key: String,
    #[serde(skip)]
    row: Option<StudyChange>,
}

impl FormPage for EditPage {
    const TEMPLATE: &'static str = "study/edit.html";
    const REFUSED_AT: &'static str = "kind";

    fn fields(&self) -> Fields {
        let Some(row) = &self.row else { return Fields::default() };
        let ends_on = row.ends_on.map(|on| on.to_string()).unwrap_or_default();
        Fields::default()
            .with("kind", row.kind.as_text())
            .with("happened_on", row.happened_on)
            .with("ends_on", ends_on)
            .with("university", &row.university)
            .with("major", &row.major)
            .with("proof", &row.proof)
            .with("note", &row.note)
    }
}

/// Of which file: by its number for a new change, or that of a change.
#[derive(Clone)]
enum Whose {
    File(String),
    Change(RowId),
}

async fn edit_page(desk: &DeskRequest, whose: Whose) -> AppResult<EditPage> {
    let (basis, today) = (desk.app.basis(), desk.today());
    let (row, file, name, effect, pending) = desk
        .read(move |db, scope| {
            let (row, file) = match whose {
                Whose::File(file_no) => (None, loan::file_by_no(db, scope, &file_no)?),
                Whose::Change(id) => {
                    let row = store::find(db, scope, id)?;
                    let file = loan::file(db, scope, row.file_id)?;
                    (Some(row), file)
                }
            };
            let name = person::find(db, scope, file.person_id)?.name;
            let effect = effect::of(db, scope, &basis, (file.id, Of::Nothing), today)?;
            let pending = pending::early_repayment_of(db, scope, file.id, today)?;
            Ok((row, file, name, effect, pending))
        })
        .await?;
    let day = |on: Option<NaiveDate>| on.map(|on| in_words(on, NaiveDate::MIN));
    let remind = desk.app.policy().study_change_days.on(today).remind;
    let to = match &row {
        Some(row) => format!("{PATH}/{}/edit", row.id),
        None => format!("{PATH}/new/{}", file.file_no),
    };
    let back = match &row {
        Some(row) => format!("{PATH}/{}", row.id),
        None => format!("/loans/{}", file.file_no),
    };
    Ok(EditPage {
        name,
        pending,
        ends_on: day(effect.before.ends_on),
        final_due_on: day(effect.contracts.iter().map(|one| one.final_due_on).min()),
        kinds: choices(Kind::ALL),
        proofs: Kind::ALL.iter().map(|kind| (kind.in_words(), kind.proof())).collect(),
        remind: in_words(remind.in_year(today.year()), today),
        to,
        back,
        is_new: row.is_none(),
        version: row.as_ref().map_or(0, |row| row.version),
        key: desk.app.next_id().to_string(),
        row,
        university: file.university,
        file_no: file.file_no,
    })
}

/// None is chosen for anybody.
fn choices<T: Copy + Into<Choice>>(of: &[T]) -> Vec<Choice> {
    std::iter::once(Choice::new("", "请选择")).chain(Choice::all(of)).collect()
}

/// What was typed, field by field.
fn typed(form: &mut Fields) -> AppResult<Typed> {
    let kind = form.choice("kind", Kind::from_text, "请选是哪一种变更");
    form.required("happened_on", "请填变更日期：新学年开学的日期，或学校决定的日期");
    let (happened_on, ends_on) = (form.date("happened_on"), form.date("ends_on"));
    let [university, major] = ["university", "major"].map(|name| form.text(name, NAME_MAX));
    form.required("proof", "请写带来了哪些证明材料");
    let (proof, note) = (form.text("proof", PROOF_MAX), form.text("note", NOTE_MAX));
    let (kind, happened_on) = form.checked(kind.zip(happened_on))?;
    let change = Change { kind, happened_on, ends_on, university };
    Ok(Typed { change, major, proof, note })
}

/// `GET /study-changes/new/{file_no}`
pub async fn new(desk: DeskRequest, file_no: web::Path<String>) -> AppResult<HttpResponse> {
    let no = file_no.clone();
    let open = desk
        .read(move |db, scope| {
            let file = loan::file_by_no(db, scope, &no)?;
            store::open_of(db, scope, file.id)
        })
        .await?;
    if let Some(open) = open {
        return desk.show(&one_page(&desk, open.id).await?);
    }
    desk.show(&edit_page(&desk, Whose::File(file_no.into_inner())).await?)
}

/// `POST /study-changes/new/{file_no}`
pub async fn begin(
    desk: DeskRequest,
    file_no: web::Path<String>,
    form: Form,
) -> AppResult<HttpResponse> {
    let no = file_no.into_inner();
    desk.submit(form, edit_page(&desk, Whose::File(no.clone())), async |form| {
        let (typed, key) = (typed(form)?, form.key());
        let id =
            desk.act("study change begun", move |act| steps::begin(act, &key, &no, &typed)).await?;
        Ok(Done::to(format!("{PATH}/{id}"), "已登记，请核对变更前后的还款，再打印变更表签字"))
    })
    .await
}

/// `GET /study-changes/{id}/edit`
pub async fn edit(desk: DeskRequest, id: web::Path<RowId>) -> AppResult<HttpResponse> {
    let page = edit_page(&desk, Whose::Change(*id)).await?;
    if page.row.as_ref().is_none_or(|row| !row.state.is_open()) {
        return Err(AppError::refused("已经提交，不能再改；要改请复核人退回"));
    }
    desk.show(&page)
}

/// `POST /study-changes/{id}/edit`
pub async fn save(desk: DeskRequest, id: web::Path<RowId>, form: Form) -> AppResult<HttpResponse> {
    let id = *id;
    desk.submit(form, edit_page(&desk, Whose::Change(id)), async |form| {
        let seen = Seen { id, version: form.version()? };
        let typed = typed(form)?;
        desk.act("study change saved", move |act| steps::save(act, seen, &typed)).await?;
        Ok(Done::to(format!("{PATH}/{id}"), "已保存，变更表要重新打印签字"))
    })
    .await
}

/// One change with the plans that it stands between.
#[derive(Serialize)]
pub(super) struct OnePage {
    pub id: RowId,
    #[serde(skip)]
    pub file: FileId,
    pub name: String,
    pub file_no: String,
    pub version: i32,
    state: State,
    state_words: &'static str,
    pub kind: &'static str,
    pub summary: String,
    pub happened_on: String,
    pub university: String,
    pub new_university: String,
    pub major: String,
    pub proof: String,
    note: String,
    signed: String,
    reason: String,
    handled: String,
    /// Its clerk may still change it.
    is_open: bool,
    /// The plan can be shown: it is not given up or refused.
    has_plan: bool,
    pub before: Figures,
    pub after: Figures,
    pub rows: Vec<PlanRow>,
    exceptions: Vec<String>,
    /// Said beside interest while a waiver is not known.
    pub assumed: &'static str,
    signers: Vec<Choice>,
    today: NaiveDate,
}

impl FormPage for OnePage {
    const TEMPLATE: &'static str = "study/one.html";
    const REFUSED_AT: &'static str = "signed_by";

    fn fields(&self) -> Fields {
        Fields::default().with("signed_on", self.today)
    }
}

pub(super) async fn one_page(desk: &DeskRequest, id: RowId) -> AppResult<OnePage> {
    let (basis, today) = (desk.app.basis(), desk.today());
    let (row, file, name, effect) = desk
        .read(move |db, scope| {
            let row = store::find(db, scope, id)?;
            let (file, name) = steps::whose(db, scope, &row)?;
            let change = row.change();
            let what = match row.state {
                State::Approved => Of::Recorded(row.id),
                State::Draft | State::Returned | State::Submitted => Of::Planned(&change),
                State::Refused | State::Withdrawn => Of::Nothing,
            };
            let effect = effect::of(db, scope, &basis, (row.file_id, what), today)?;
            Ok((row, file, name, effect))
        })
        .await?;
    let policy = desk.app.policy();
    let days = policy.study_change_days.on(today);
    let exceptions = match row.state.is_open() {
        true => rules::exceptions(&row.change(), &effect.contracts, days, today),
        false => Vec::new(),
    };
    let assumed = effect.assumed(&policy).unwrap_or_default();
    Ok(view((row, file, name), effect, (exceptions, assumed), today))
}

fn view(
    (row, file, name): (StudyChange, LoanFile, String),
    effect: Effect,
    (exceptions, assumed): (Vec<String>, &'static str),
    today: NaiveDate,
) -> OnePage {
    let signer = Signer::from_text(&row.signed_by).map_or("", Signer::in_words);
    let signed_on = row.signed_on.map(|on| in_words(on, today)).unwrap_or_default();
    let decided = row.decided_at.map(|at| format!("；{}，{}", row.decided_by, minute(at)));
    OnePage {
        id: row.id,
        file: row.file_id,
        name,
        version: row.version,
        state: row.state,
        state_words: row.state.in_words(),
        kind: row.kind.in_words(),
        summary: steps::summary(&row, today),
        happened_on: in_words(row.happened_on, NaiveDate::MIN),
        university: file.university,
        signed: if signer.is_empty() { String::new() } else { format!("{signer}，{signed_on}") },
        handled: format!(
            "{}，{}{}",
            row.staff_name,
            minute(row.updated_at),
            decided.unwrap_or_default()
        ),
        is_open: row.state.is_open(),
        has_plan: !matches!(row.state, State::Refused | State::Withdrawn),
        before: effect.before,
        after: effect.after,
        rows: effect.rows,
        exceptions,
        assumed,
        signers: choices(Signer::ALL),
        today,
        file_no: file.file_no,
        new_university: row.university,
        major: row.major,
        proof: row.proof,
        note: row.note,
        reason: row.reason,
    }
}

/// `GET /study-changes/{id}`
pub async fn show(desk: DeskRequest, id: web::Path<RowId>) -> AppResult<HttpResponse> {
    desk.show(&one_page(&desk, *id).await?)
}

/// `POST /study-changes/{id}`: handed to a second person, or given up.
pub async fn step(desk: DeskRequest, id: web::Path<RowId>, form: Form) -> AppResult<HttpResponse> {
    let id = *id;
    desk.submit(form, one_page(&desk, id), async |form| {
        let seen = Seen { id, version: form.version()? };
        if form.get("step") == "withdraw" {
            let reason = form.text("reason", REASON_MAX);
            form.required("reason", "请写一句为什么撤销");
            form.check()?;
            desk.act("study change withdrawn", move |act| steps::withdraw(act, seen, &reason))
                .await?;
            return Ok(Done::to(PATH, "已撤销，还款没有变"));
        }
        let signer = form.choice("signed_by", Signer::from_text, "请选变更表是谁签的字");
        form.required("signed_on", "请填签字日期");
        let signed_on = form.date("signed_on");
        if signed_on.is_some_and(|on| on > desk.today()) {
            form.reject("signed_on", "签字日期不能晚于今天");
        }
        let signed = form.checked(signer.zip(signed_on))?;
        desk.act("study change submitted", move |act| steps::submit(act, seen, signed)).await?;
        Ok(Done::to(format!("{PATH}/{id}"), "已提交，由别人复核"))
    })
    .await
}
