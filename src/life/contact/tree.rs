//! The contact tree: what came of a number, who else can be asked and may know what; and whether a
//! family counts as lost.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use super::family::{self, AllTyped, TypedPoint};
use super::{rules, steps};
use crate::app::App;
use crate::base::ids::{PhoneId, PointId};
use crate::base::phone_number::PhoneNumber;
use crate::book::contact::point::{self, ContactPerson, Kind, MayKnow, Tried};
use crate::book::contact::task::{self, State};
use crate::book::history::AuditEntry;
use crate::book::person;
use crate::error::{AppError, AppResult, FieldError};
use crate::plumbing::crypto::Field;
use crate::web::form::CsrfForm;
use crate::web::session::SignedIn;
use crate::web::shell;

/// Longest name or note in characters.
const TEXT_MAX: usize = 80;
/// Fewest characters of a reason.
const REASON_MIN: usize = 4;

/// What came of a number, or that somebody is taken off the tree.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Marked {
    tried: String,
    retire: String,
}

fn back(file_no: &str) -> String {
    format!("/family-contacts/{file_no}")
}

/// `POST /family-contacts/{file_no}/phones/{id}`
pub async fn phone(
    app: web::Data<App>,
    me: SignedIn,
    path: web::Path<(String, i64)>,
    form: CsrfForm<Marked>,
) -> AppResult<HttpResponse> {
    let (file_no, id) = path.into_inner();
    let facts = family::facts(&app, &me, &file_no).await?;
    let phone = facts.phones.iter().find(|phone| phone.id == PhoneId::new(id));
    let phone = phone.ok_or(AppError::NotFound)?.clone();
    let tried = tried(&form.0)?;
    let note = AuditEntry {
        action: "contact_tree_changed",
        file_id: Some(facts.file.id),
        subject: facts.student.name.clone(),
        summary: format!("号码 {} 标为{}", phone.phone_mask, tried.in_words()),
        ..AuditEntry::default()
    };
    me.act(&app, "phone tried", move |act| {
        person::set_phone_tried(act.db, act.scope, phone.id, (tried, act.today))?;
        act.audit(note.clone())
    })
    .await?;
    shell::done(&app, &back(&file_no), "已记下号码的情况")
}

fn tried(form: &Marked) -> AppResult<Tried> {
    let found = Tried::from_text(&form.tried).filter(|one| *one != Tried::Never);
    found.ok_or_else(|| AppError::refused("请选号码的情况"))
}

/// `POST /family-contacts/{file_no}/points/{id}`
pub async fn point(
    app: web::Data<App>,
    me: SignedIn,
    path: web::Path<(String, i64)>,
    form: CsrfForm<Marked>,
) -> AppResult<HttpResponse> {
    let (file_no, id) = path.into_inner();
    let facts = family::facts(&app, &me, &file_no).await?;
    let point = facts.points.iter().find(|point| point.id == PointId::new(id));
    let point = point.ok_or(AppError::NotFound)?.clone();
    let tried = if form.0.retire.is_empty() { Some(tried(&form.0)?) } else { None };
    let who = format!("{}{}", point.kind.in_words(), point.name);
    let note = AuditEntry {
        action: "contact_tree_changed",
        file_id: Some(facts.file.id),
        subject: facts.student.name.clone(),
        summary: match tried {
            Some(tried) => format!("{who}的号码标为{}", tried.in_words()),
            None => format!("{who}不再列为联系人"),
        },
        ..AuditEntry::default()
    };
    me.act(&app, "contact point changed", move |act| {
        match tried {
            Some(tried) => {
                point::set_tried(act.db, act.scope, point.id, (tried, Some(act.today)))?;
            }
            None => point::retire(act.db, act.scope, point.id, act.now)?,
        }
        act.audit(note.clone())
    })
    .await?;
    let said =
        if tried.is_some() { "已记下号码的情况" } else { "已从联系人中去掉" };
    shell::done(&app, &back(&file_no), said)
}

/// What is wrong with somebody for the tree; the number when it is right.
fn check(typed: &TypedPoint) -> Result<(Kind, MayKnow, Option<PhoneNumber>), Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut wrong = |field: &str, message: String| {
        errors.push(FieldError { field: field.to_owned(), message });
    };
    let kind = Kind::from_text(&typed.kind);
    if kind.is_none() {
        wrong("kind", "请选是什么人".to_owned());
    }
    let may_know = MayKnow::from_text(&typed.may_know);
    if may_know.is_none() {
        wrong("may_know", "请选可以说什么".to_owned());
    }
    if typed.name.trim().is_empty() {
        wrong("name", "称呼还没有填，例如 王老师".to_owned());
    }
    for (field, text) in
        [("name", &typed.name), ("relation", &typed.relation), ("point_note", &typed.point_note)]
    {
        if text.chars().count() > TEXT_MAX {
            wrong(field, format!("写在 {TEXT_MAX} 个字以内"));
        }
    }
    let phone = match typed.phone.trim() {
        "" => None,
        text => match PhoneNumber::parse(text) {
            Ok(number) => Some(number),
            Err(problem) => {
                wrong("phone", problem.to_chinese());
                None
            }
        },
    };
    match (kind, may_know, errors.is_empty()) {
        (Some(kind), Some(may_know), true) => Ok((kind, may_know, phone)),
        _ => Err(errors),
    }
}

/// `POST /family-contacts/{file_no}/points`
pub async fn add(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    file_no: web::Path<String>,
    form: CsrfForm<TypedPoint>,
) -> AppResult<HttpResponse> {
    let typed = form.0;
    let facts = family::facts(&app, &me, &file_no).await?;
    let (kind, may_know, phone) = match check(&typed) {
        Ok(found) => found,
        Err(errors) => {
            let typed = AllTyped { point: typed, ..AllTyped::default() };
            return family::render(&app, &me, &req, &facts, (typed, errors));
        }
    };
    let sealed = |number: &PhoneNumber| app.sealer.seal(Field::Phone, number.as_str().as_bytes());
    let new = ContactPerson {
        id: PointId::new(app.next_id()),
        office_code: facts.file.office_code.clone(),
        file_id: facts.file.id,
        kind,
        name: typed.name.trim().to_owned(),
        relation: typed.relation.trim().to_owned(),
        phone_sealed: phone.as_ref().map(sealed).transpose()?,
        phone_index: phone.as_ref().map(|number| app.sealer.index(Field::Phone, number.as_str())),
        phone_mask: phone.as_ref().map(PhoneNumber::masked).unwrap_or_default(),
        may_know,
        tried: Tried::Never,
        tried_on: None,
        note: typed.point_note.trim().to_owned(),
        source: me.name.clone(),
        recorded_at: app.clock.now_at(),
        retired_at: None,
        version: 1,
    };
    let note = AuditEntry {
        action: "contact_tree_changed",
        file_id: Some(facts.file.id),
        subject: facts.student.name.clone(),
        summary: format!("添加联系人 {}{}，{}", kind.in_words(), new.name, may_know.in_words()),
        ..AuditEntry::default()
    };
    me.act(&app, "contact point added", move |act| {
        point::add(act.db, &new)?;
        act.audit(note.clone())
    })
    .await?;
    shell::done(&app, &back(&file_no), "已添加联系人")
}

/// That a family is lost, or that the search goes on.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Decided {
    /// `lost` or `open`.
    state: String,
    reason: String,
}

/// `POST /family-contacts/{file_no}/lost`: refused until what the rule asks for was tried.
pub async fn lost(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    file_no: web::Path<String>,
    form: CsrfForm<Decided>,
) -> AppResult<HttpResponse> {
    let today = app.clock.today();
    let facts = family::facts(&app, &me, &file_no).await?;
    let reason = form.0.reason.trim().to_owned();
    let duty = facts.duty.clone().ok_or(AppError::NotFound)?;
    let is_lost = form.0.state != "open";
    let wanted = if is_lost { State::Open } else { State::Lost };
    let mut problem = None;
    if duty.state == if is_lost { State::Lost } else { State::Open } {
        return shell::done(&app, &back(&file_no), "刚才已经记下了，没有再改");
    }
    if duty.state != wanted {
        return Err(AppError::Changed);
    }
    if is_lost {
        let wants = rules::wants(&facts.tries(), app.policy().lost_rule.on(today), today);
        let missing: Vec<String> =
            wants.into_iter().filter(|want| !want.met).map(|want| want.words).collect();
        if !missing.is_empty() {
            problem = Some(format!("还不能标记失联，还要：{}", missing.join("；")));
        }
    }
    let length = reason.chars().count();
    if problem.is_none() && !(REASON_MIN..=TEXT_MAX).contains(&length) {
        problem = Some(format!("请写一句理由，{REASON_MIN} 到 {TEXT_MAX} 个字"));
    }
    if let Some(message) = problem {
        let errors = vec![FieldError { field: "reason".to_owned(), message }];
        let typed = AllTyped { reason, ..AllTyped::default() };
        return family::render(&app, &me, &req, &facts, (typed, errors));
    }
    let (state, action, said) = match is_lost {
        true => (State::Lost, "family_lost", "已标记失联，联系上以后写一条记录就恢复"),
        false => (State::Open, "family_sought_again", "继续联系"),
    };
    let note = AuditEntry {
        action,
        file_id: Some(facts.file.id),
        subject: facts.student.name.clone(),
        summary: said.to_owned(),
        reason: reason.clone(),
    };
    let next_on = if is_lost { steps::usual_next(today) } else { today };
    me.act(&app, "family lost", move |act| {
        task::mark(act.db, &duty, (state, &reason), next_on)?;
        act.audit(note.clone())
    })
    .await?;
    shell::done(&app, &back(&file_no), said)
}
