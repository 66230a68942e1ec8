//! What people do on `/policy`: enter a value, confirm it, say no, take it back; say that a rule
//! was held against its document. What is confirmed holds at once, here and in every other
//! instance.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;

use super::forms::{self, Read};
use super::view;
use crate::app::App;
use crate::base::dates::day_in;
use crate::base::ids::{RowId, StaffId};
use crate::base::scope::Scope;
use crate::book::act::Act;
use crate::book::audit_log::AuditEntry;
use crate::book::policy::{Policy, PolicyError, taken_apart};
use crate::book::policy_book::{self, Compared, Decided, Decision, Kind, Line, Proposal};
use crate::book::{office, position};
use crate::error::{AppError, AppResult, FieldError};
use crate::imports::ask;
use crate::jobs::{check_rate_table, close_day};
use crate::life::reconcile;
use crate::web::fields::{At, Done, Fields, Form, answer};
use crate::web::session::SignedIn;
use crate::web::shell;

const PAGE: &str = "/policy";
const REASON_MAX: usize = 80;

/// `POST /policy/waiver`
pub(super) async fn waiver(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    form: Form,
) -> AppResult<HttpResponse> {
    entered((&app, &me, &req), (Kind::Waiver, "waiver"), form.0).await
}

/// `POST /policy/lpr`
pub(super) async fn lpr(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    form: Form,
) -> AppResult<HttpResponse> {
    entered((&app, &me, &req), (Kind::Lpr, "lpr"), form.0).await
}

/// `POST /policy/holidays`
pub(super) async fn holidays(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    form: Form,
) -> AppResult<HttpResponse> {
    entered((&app, &me, &req), (Kind::Holidays, "holidays"), form.0).await
}

/// `name`: which form of the page it is, since several have a year.
async fn entered(
    at: At<'_>,
    (kind, name): (Kind, &str),
    mut form: Fields,
) -> AppResult<HttpResponse> {
    let (app, me, _) = at;
    let done = match forms::read(kind, &mut form, app.clock.today()) {
        Ok(read) => propose(app, me, vec![read], "已提交，等另一位复核或主任确认").await,
        Err(error) => Err(error),
    };
    show(at, &form.with("form", name), done).await
}

/// The page again when something is wrong with the form; what a rule refuses has its own page.
async fn show(at: At<'_>, form: &Fields, done: AppResult<Done>) -> AppResult<HttpResponse> {
    let (app, me, _) = at;
    match done {
        Ok(_) | Err(AppError::Invalid(_)) => answer(at, form, done, view::page(app, me)).await,
        Err(other) => Err(other),
    }
}

/// `POST /policy/import`: every entry of a file that another installation exported becomes a
/// proposal, or none does.
pub(super) async fn import(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    form: Form,
) -> AppResult<HttpResponse> {
    let done = match read_all(form.0.get("text"), app.clock.today()) {
        Ok(read) => propose(&app, &me, read, "已提交，等另一位复核或主任逐条确认").await,
        Err(error) => Err(error),
    };
    let at_text = |error| match error {
        AppError::Invalid(errors) => {
            let all = errors.into_iter();
            AppError::Invalid(
                all.map(|one| FieldError { field: "text".to_owned(), ..one }).collect(),
            )
        }
        other => other,
    };
    show((&app, &me, &req), &form.0.with("form", "import"), done.map_err(at_text)).await
}

fn read_all(text: &str, today: NaiveDate) -> AppResult<Vec<Read>> {
    let mut all = Vec::new();
    for entry in taken_apart(text).map_err(|why| AppError::field("text", why))? {
        let Some((kind, mut typed)) = forms::of_entry(&entry) else { continue };
        let read = forms::read(kind, &mut typed, today).map_err(|error| match error {
            AppError::Invalid(errors) => {
                let texts: Vec<String> = errors.into_iter().map(|one| one.message).collect();
                let (kind, document) = (kind.in_words(), typed.get("document"));
                AppError::field("text", format!("{kind} {document}：{}", texts.join("；")))
            }
            other => other,
        })?;
        all.push(read);
    }
    Ok(all)
}

/// Keeps proposals that fit what holds and what waits already, in this order.
async fn propose(app: &App, me: &SignedIn, read: Vec<Read>, text: &'static str) -> AppResult<Done> {
    me.act(app, "a rule proposed", move |act| {
        let new: Vec<Proposal> = read.iter().map(|read| proposal(act, read.clone())).collect();
        let lines = policy_book::all(act.db)?;
        if new.iter().any(|one| is_waiting(&lines, one)) {
            return Err(AppError::field("year", "同样的一条正在等人确认"));
        }
        let waiting = lines.iter().rev().filter(|(_, decided)| decided.is_none());
        let mut values = policy_book::in_force(&lines);
        values.extend(waiting.map(|(one, _)| one).filter(|one| one.kind != Kind::Revoke));
        values.extend(&new);
        check(act.parts.rules.files(), &values)?;
        new.iter().try_for_each(|one| add_proposal(act, one))
    })
    .await?;
    Ok(Done::to(PAGE, text))
}

fn proposal(act: &mut Act<'_>, read: Read) -> Proposal {
    Proposal {
        id: act.id(),
        office_code: act.by.office_code.clone(),
        kind: read.kind,
        subject: read.subject,
        words: read.words,
        entry: read.entry,
        document: read.document,
        document_on: read.document_on,
        proposed_by: act.by.staff_id.unwrap_or(StaffId::new(0)),
        proposed_name: act.by.name.clone(),
        proposed_at: act.now,
    }
}

fn is_waiting(lines: &[Line], new: &Proposal) -> bool {
    lines.iter().any(|(one, decided)| {
        decided.is_none() && one.kind == new.kind && one.subject == new.subject
    })
}

fn check(files: &Policy, values: &[&Proposal]) -> AppResult<()> {
    let why = |error: PolicyError| AppError::Invalid(vec![forms::in_words(&error)]);
    policy_book::with(files, values).map(|_| ()).map_err(why)
}

fn add_proposal(act: &mut Act<'_>, one: &Proposal) -> AppResult<()> {
    policy_book::propose(act.db, one)?;
    act.audit(AuditEntry::of(
        "rules_proposed",
        &one.words,
        format!("提出：{}，{}", one.words, one.document),
    ))
}

/// `POST /policy/{id}/revoke`: asks that a confirmed value no longer counts. A second person
/// confirms this, too.
pub(super) async fn revoke(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<i64>,
    form: Form,
) -> AppResult<HttpResponse> {
    let reason = reason_of(&form.0)?;
    if reason.is_empty() {
        return Err(AppError::refused("撤销要写明原因，例如 数值录错了"));
    }
    let of = RowId::new(id.into_inner());
    me.act(&app, "a rule to be revoked", move |act| {
        let lines = policy_book::all(act.db)?;
        let holds = policy_book::in_force(&lines);
        let Some(one) = holds.iter().find(|one| one.id == of) else {
            return Err(AppError::Changed);
        };
        let read = Read {
            kind: Kind::Revoke,
            subject: of.to_string(),
            words: format!("撤销「{}」", one.words),
            entry: String::new(),
            document: reason.clone(),
            document_on: None,
        };
        let new = proposal(act, read);
        if is_waiting(&lines, &new) {
            return Err(AppError::refused("撤销这一条的申请正在等人确认"));
        }
        add_proposal(act, &new)
    })
    .await?;
    shell::done(&app, PAGE, "已提交撤销，等另一位复核或主任确认")
}

fn reason_of(form: &Fields) -> AppResult<String> {
    let text = form.get("reason").to_owned();
    if text.chars().count() > REASON_MAX {
        return Err(AppError::refused("原因太长，请控制在 80 个字以内"));
    }
    Ok(text)
}

/// `POST /policy/{id}/decide`
pub(super) async fn decide(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<i64>,
    form: Form,
) -> AppResult<HttpResponse> {
    let Some(decision) = Decision::from_text(form.0.get("decision")) else {
        return Err(AppError::refused("请选确认、不同意，或者撤回"));
    };
    let reason = reason_of(&form.0)?;
    if decision == Decision::Rejected && reason.is_empty() {
        return Err(AppError::refused("不同意要写一句原因"));
    }
    let (id, staff) = (RowId::new(id.into_inner()), me.staff_id);
    me.act(&app, "a rule decided", move |act| {
        let (one, decided) = policy_book::find(act.db, id)?;
        if decided.is_some() {
            return Err(AppError::Changed);
        }
        match (decision, one.proposed_by == staff) {
            (Decision::Withdrawn, false) => {
                return Err(AppError::refused("只有提出的人能撤回"));
            }
            (Decision::Confirmed | Decision::Rejected, true) => {
                return Err(AppError::refused("提出的人不能自己确认，请另一位复核或主任来确认"));
            }
            _ => {}
        }
        if decision == Decision::Confirmed {
            confirm(act, &one)?;
        }
        let new = Decided {
            proposal_id: id,
            office_code: act.by.office_code.clone(),
            decision,
            version: None,
            reason: reason.clone(),
            decided_by: staff,
            decided_name: act.by.name.clone(),
            decided_at: act.now,
        };
        policy_book::decide(act.db, new)?;
        note_decided(act, (&one, decision), &reason)
    })
    .await?;
    if decision == Decision::Confirmed {
        take_over(&app).await?;
    }
    let message = match decision {
        Decision::Confirmed => "已确认，马上生效；用到它的金额正在重算",
        Decision::Rejected => "已记下不同意",
        Decision::Withdrawn => "已撤回",
    };
    shell::done(&app, PAGE, message)
}

/// Does it still fit? Then everything that depends on it is to be computed anew, in all offices:
/// marked in this write, so that it cannot be forgotten.
fn confirm(act: &mut Act<'_>, one: &Proposal) -> AppResult<()> {
    let lines = policy_book::all(act.db)?;
    let mut values = policy_book::in_force(&lines);
    if one.kind == Kind::Revoke {
        if !values.iter().any(|known| known.id.to_string() == one.subject) {
            return Err(AppError::Changed);
        }
        values.retain(|known| known.id.to_string() != one.subject);
    } else {
        values.push(one);
    }
    policy_book::with(act.parts.rules.files(), &values)
        .map_err(|error| AppError::refused(forms::in_words(&error).message))?;
    if one.kind == Kind::Holidays {
        return Ok(());
    }
    let from = depends_from(one, &lines).unwrap_or(NaiveDate::MIN);
    for office in office::all(act.db)? {
        position::outdate(act.db, &Scope::of(&office.code), from, act.today)?;
    }
    Ok(())
}

/// What was settled before this day does not depend on the value.
fn depends_from(one: &Proposal, lines: &[Line]) -> Option<NaiveDate> {
    match one.kind {
        Kind::Waiver => one.subject.parse().ok().map(|year| day_in(year, 1, 1)),
        Kind::Lpr => one.subject.parse().ok(),
        Kind::Holidays => None,
        Kind::Revoke => {
            let revoked = lines.iter().find(|(known, _)| known.id.to_string() == one.subject)?;
            (revoked.0.kind != Kind::Revoke).then(|| depends_from(&revoked.0, lines))?
        }
    }
}

/// The rules are those of every office, so every office's history tells it.
fn note_decided(
    act: &mut Act<'_>,
    (one, decision): (&Proposal, Decision),
    reason: &str,
) -> AppResult<()> {
    for office in office::all(act.db)? {
        let note = AuditEntry {
            action: "rules_decided",
            subject: one.words.clone(),
            summary: format!(
                "{}；{}提出，{}",
                view::decided_words(decision, one.kind, &one.words),
                one.proposed_name,
                one.document
            ),
            reason: reason.to_owned(),
            ..AuditEntry::default()
        };
        act.audit_in(&office.code, note)?;
    }
    Ok(())
}

/// The rules of this instance at once; the positions behind the page.
async fn take_over(app: &App) -> AppResult<()> {
    let own = app.clone();
    let blocked = |e| AppError::broken(format!("a blocking task ended early: {e}"));
    web::block(move || own.follow_rules()).await.map_err(blocked)??;
    let own = app.clone();
    actix_web::rt::spawn(async move {
        match web::block(move || recompute(&own)).await {
            Ok(Ok(loans)) => tracing::info!(loans, "computed anew by the new rules"),
            Ok(Err(error)) => tracing::error!(%error, "the new rules are not computed yet"),
            Err(error) => tracing::error!(%error, "the new rules are not computed yet"),
        }
    });
    Ok(())
}

/// Everything that follows from the rules of now, in all offices: positions, cases, differences,
/// the lines of the workbench. Returns how many contracts were computed.
pub fn recompute(app: &App) -> AppResult<usize> {
    let loans = close_day::refresh_all(app)?;
    for office in app.db.read(office::all)? {
        let scope = Scope::of(&office.code);
        ask::catch_up(app, &scope)?;
        reconcile::run::run(app, &scope, |_| ())?;
    }
    check_rate_table::run(app, app.clock.today())?;
    Ok(loans)
}

/// `POST /policy/compared`
pub(super) async fn compared(
    app: web::Data<App>,
    me: SignedIn,
    form: Form,
) -> AppResult<HttpResponse> {
    let rules = app.policy().listed(app.clock.today());
    let Some(rule) = rules.into_iter().find(|rule| rule.key == form.0.get("rule")) else {
        return Err(AppError::NotFound);
    };
    let (key, title, staff) = (rule.key.clone(), rule.title.clone(), me.staff_id);
    me.act(&app, "a rule compared", move |act| {
        let new = Compared {
            id: act.id(),
            office_code: act.by.office_code.clone(),
            rule: key.clone(),
            compared_by: staff,
            compared_name: act.by.name.clone(),
            compared_at: act.now,
        };
        policy_book::compared(act.db, &new)?;
        act.audit(AuditEntry::of("rules_compared", &title, format!("对照文件核对：{title}")))
    })
    .await?;
    shell::done(&app, &format!("{PAGE}#{}", rule.key), &format!("已记下：{}已核对", rule.title))
}
