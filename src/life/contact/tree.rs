//! The contact tree: what came of a number, who else can be asked and may know what; and whether a
//! family counts as lost.

use actix_web::{HttpRequest, HttpResponse, web};

use super::store::Facts;
use super::{family, rules, steps};
use crate::app::App;
use crate::base::ids::{PhoneId, PointId};
use crate::base::phone_number::PhoneNumber;
use crate::book::act::Once;
use crate::book::audit_log::AuditEntry;
use crate::book::contact::point::{self, ContactPerson, Kind, MayKnow, Tried};
use crate::book::contact::task::{self, State};
use crate::book::person;
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::Field;
use crate::web::fields::{At, Done, Fields, Form, answer};
use crate::web::session::SignedIn;
use crate::web::shell;

/// Longest name or note in characters.
const TEXT_MAX: usize = 80;
/// Fewest characters of a reason.
const REASON_MIN: usize = 4;
/// What history calls a change of the tree.
const CHANGED: &str = "contact_tree_changed";

/// `POST /family-contacts/{file_no}/phones/{id}`
pub async fn phone(
    app: web::Data<App>,
    me: SignedIn,
    path: web::Path<(String, i64)>,
    form: Form,
) -> AppResult<HttpResponse> {
    let (file_no, id) = path.into_inner();
    let facts = family::facts(&app, &me, &file_no).await?;
    let phone = facts.phones.iter().find(|phone| phone.id == PhoneId::new(id));
    let phone = phone.ok_or(AppError::NotFound)?.clone();
    let tried = tried(&form.0)?;
    let summary = format!("号码 {} 标为{}", phone.phone_mask, tried.in_words());
    me.act(&app, "phone tried", move |act| {
        person::set_phone_tried(act.db, act.scope, phone.id, (tried, act.today))?;
        act.audit(family::note(&facts, CHANGED, summary.clone()))
    })
    .await?;
    shell::done(&app, &family::path(&file_no), "已记下号码的情况")
}

fn tried(form: &Fields) -> AppResult<Tried> {
    let found = Tried::from_text(form.get("tried")).filter(|one| *one != Tried::Never);
    found.ok_or_else(|| AppError::refused("请选号码的情况"))
}

/// `POST /family-contacts/{file_no}/points/{id}`
pub async fn point(
    app: web::Data<App>,
    me: SignedIn,
    path: web::Path<(String, i64)>,
    form: Form,
) -> AppResult<HttpResponse> {
    let (file_no, id) = path.into_inner();
    let facts = family::facts(&app, &me, &file_no).await?;
    let point = facts.points.iter().find(|point| point.id == PointId::new(id));
    let point = point.ok_or(AppError::NotFound)?.clone();
    let tried = if form.0.get("retire").is_empty() { Some(tried(&form.0)?) } else { None };
    let who = format!("{}{}", point.kind.in_words(), point.name);
    let (summary, message) = match tried {
        Some(tried) => (format!("{who}的号码标为{}", tried.in_words()), "已记下号码的情况"),
        None => (format!("{who}不再列为联系人"), "已从联系人中去掉"),
    };
    me.act(&app, "contact point changed", move |act| {
        match tried {
            Some(tried) => {
                point::set_tried(act.db, act.scope, point.id, (tried, Some(act.today)))?;
            }
            None => point::retire(act.db, act.scope, point.id, act.now)?,
        }
        act.audit(family::note(&facts, CHANGED, summary.clone()))
    })
    .await?;
    shell::done(&app, &family::path(&file_no), message)
}

/// Somebody for the tree as the form says it.
fn read((app, me, _): At<'_>, facts: &Facts, form: &mut Fields) -> AppResult<ContactPerson> {
    let kind = form.choice("kind", Kind::from_text, "请选是什么人");
    let may_know = form.choice("may_know", MayKnow::from_text, "请选可以说什么");
    form.required("name", "称呼还没有填，例如 王老师");
    let [name, relation, note] =
        ["name", "relation", "point_note"].map(|name| form.text(name, TEXT_MAX));
    let phone = form.phone("phone");
    let (kind, may_know) = form.checked(kind.zip(may_know))?;
    let sealed = |number: &PhoneNumber| app.sealer.seal(Field::Phone, number.as_str().as_bytes());
    Ok(ContactPerson {
        id: PointId::new(app.next_id()),
        office_code: facts.file.office_code.clone(),
        file_id: facts.file.id,
        kind,
        name,
        relation,
        phone_sealed: phone.as_ref().map(sealed).transpose()?,
        phone_index: phone.as_ref().map(|number| app.sealer.index(Field::Phone, number.as_str())),
        phone_mask: phone.as_ref().map(PhoneNumber::masked).unwrap_or_default(),
        may_know,
        tried: Tried::Never,
        tried_on: None,
        note,
        source: me.name.clone(),
        recorded_at: app.clock.now_at(),
        retired_at: None,
        version: 1,
    })
}

/// `POST /family-contacts/{file_no}/points`
pub async fn add(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    file_no: web::Path<String>,
    form: Form,
) -> AppResult<HttpResponse> {
    let (at, mut form): (At<'_>, _) = ((&app, &me, &req), form.0);
    let done = try_add(at, &file_no, &mut form).await;
    answer(at, &form, done, family::page(at, &file_no)).await
}

async fn try_add(at: At<'_>, file_no: &str, form: &mut Fields) -> AppResult<Done> {
    let (app, me, _) = at;
    let facts = family::facts(app, me, file_no).await?;
    let new = read(at, &facts, form)?;
    let (kind, may_know) = (new.kind.in_words(), new.may_know.in_words());
    let summary = format!("添加联系人 {kind}{}，{may_know}", new.name);
    let key = form.key();
    me.act(app, "contact point added", move |act| {
        if act.once(&key)? == Once::Again {
            return Ok(());
        }
        point::add(act.db, &new)?;
        act.audit(family::note(&facts, CHANGED, summary.clone()))
    })
    .await?;
    Ok(Done::to(family::path(file_no), "已添加联系人"))
}

/// `POST /family-contacts/{file_no}/lost`: refused until what the rule asks for was tried.
pub async fn lost(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    file_no: web::Path<String>,
    form: Form,
) -> AppResult<HttpResponse> {
    let (at, mut form): (At<'_>, _) = ((&app, &me, &req), form.0);
    let done = try_lose(at, &file_no, &mut form).await;
    answer(at, &form, done, family::page(at, &file_no)).await
}

async fn try_lose((app, me, _): At<'_>, file_no: &str, form: &mut Fields) -> AppResult<Done> {
    let today = app.clock.today();
    let facts = family::facts(app, me, file_no).await?;
    let duty = facts.duty.clone().ok_or(AppError::NotFound)?;
    let (before, state, action, message) = match form.get("state") {
        "open" => (State::Lost, State::Open, "family_sought_again", "继续联系"),
        _ => {
            let message = "已标记失联，联系上以后写一条记录就恢复";
            (State::Open, State::Lost, "family_lost", message)
        }
    };
    let is_lost = state == State::Lost;
    if duty.state == state {
        return Ok(Done::to(family::path(file_no), "刚才已经记下了，没有再改"));
    }
    if duty.state != before {
        return Err(AppError::Changed);
    }
    if is_lost && let Some(missing) = missing(app, &facts) {
        return Err(AppError::field("reason", &missing));
    }
    let reason = form.get("reason").to_owned();
    if !(REASON_MIN..=TEXT_MAX).contains(&reason.chars().count()) {
        form.reject("reason", format!("请写一句理由，{REASON_MIN} 到 {TEXT_MAX} 个字"));
    }
    form.check()?;
    let note = family::note(&facts, action, message.to_owned());
    let note = AuditEntry { reason: reason.clone(), ..note };
    let next_on = if is_lost { steps::usual_next(today) } else { today };
    me.act(app, "family lost", move |act| {
        task::mark(act.db, &duty, (state, &reason), next_on)?;
        act.audit(note.clone())
    })
    .await?;
    Ok(Done::to(family::path(file_no), message))
}

/// What is still to be tried before a family may count as lost.
fn missing(app: &App, facts: &Facts) -> Option<String> {
    let today = app.clock.today();
    let wants = rules::wants(&facts.tries(), app.policy().lost_rule.on(today), today);
    let missing: Vec<String> =
        wants.into_iter().filter(|want| !want.met).map(|want| want.words).collect();
    (!missing.is_empty()).then(|| format!("还不能标记失联，未完成：{}", missing.join("；")))
}
