//! `/bank-data` 银行数据: how far payments are known, from which lists, what awaits the bank; a
//! declaration that all payments are in, and going ahead without the list for a day. Nothing here
//! touches money: it says what is known of it.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use crate::app::App;
use crate::base::dates::{DAY_OUTSIDE, in_words, is_outside, local, typed_day};
use crate::base::ids::RowId;
use crate::base::scope::Scope;
use crate::book::audit_log::AuditEntry;
use crate::book::notice::text;
use crate::book::payments_known::{self, Known, PaymentsKnown, Source, Which};
use crate::book::position;
use crate::book::staff::Right;
use crate::book::statement::Product;
use crate::error::{AppError, AppResult};
use crate::imports::ask::{self, Awaiting};
use crate::imports::known::{self, Short};
use crate::web::fields::{self, At, Done, Fields, Form, FormPage, answer};
use crate::web::route::{Entry, Needs, get, post};
use crate::web::session::SignedIn;
use crate::web::shell;

pub const PATH: &str = "/bank-data";
/// The bank whose lists are awaited: the county's own loans are booked by the desk.
const BANK: Product = Product::Cdb;
/// Rows of the history that the page shows.
const SHOWN: i64 = 50;
/// Contracts that a list should have named and that the page shows.
const MISSING_SHOWN: usize = 20;
/// The longest reason, and the longest that goes into a text message.
const REASON_MAX: usize = 200;
const AHEAD_MAX: usize = 20;

pub fn routes() -> Vec<Entry> {
    let declare = Needs::Right(Right::DeclarePayments);
    vec![
        get(PATH, Needs::Right(Right::SeeLoans), show),
        post("/bank-data/declaration", declare, declare_known),
        post("/bank-data/go-ahead", Needs::Right(Right::GoAheadWithoutBank), go_ahead),
        post("/bank-data/withdrawal", declare, withdraw),
    ]
}

#[derive(Debug, Serialize)]
struct RowView {
    id: i64,
    source: &'static str,
    known_until: String,
    what: String,
    import: Option<String>,
    by: String,
    on: String,
    withdrawn: String,
    can_withdraw: bool,
}

#[derive(Debug, Serialize)]
struct View {
    known: String,
    is_known: bool,
    awaiting: Option<Awaiting>,
    awaiting_on: String,
    short: Option<ShortView>,
    unread: Option<Unread>,
    ahead: Option<String>,
    rows: Vec<RowView>,
    may_declare: bool,
    may_go_ahead: bool,
    today: String,
}

impl FormPage for View {
    const TEMPLATE: &'static str = "bank/data.html";
    const REFUSED_AT: &'static str = "reason";
}

/// A list of which rows could not be taken: what they say is not known.
#[derive(Debug, Serialize)]
struct Unread {
    id: String,
    file_name: String,
    rows: i32,
}

#[derive(Debug, Serialize)]
struct ShortView {
    as_of: String,
    count: usize,
    shown: Vec<String>,
}

async fn view(app: &App, me: &SignedIn) -> AppResult<View> {
    let (inner, scope, today) = (app.clone(), me.scope.clone(), app.clock.today());
    let short =
        web::block(move || known::short(&inner, &scope)).await.map_err(AppError::broken)??;
    let scope = me.scope.clone();
    let (known, rows, awaiting, unread) = app
        .read(move |db| {
            let rows = payments_known::list(db, &scope, SHOWN)?;
            let known = payments_known::load(db, &scope)?;
            let unread = known::unread(db, &scope, &known, BANK)?;
            Ok((known, rows, ask::awaiting(db, &scope)?, unread))
        })
        .await?;
    let until = known.until(me.scope.own(), BANK.as_text());
    Ok(View {
        known: payments_known::in_words(until),
        is_known: until.is_some(),
        awaiting_on: awaiting.map(|a| in_words(a.due_on, today)).unwrap_or_default(),
        awaiting,
        short: short
            .filter(|short| awaiting.is_some_and(|awaiting| short.as_of >= awaiting.due_on))
            .map(|short| short_view(short, today)),
        unread: unread.map(|list| Unread {
            id: list.id.to_string(),
            file_name: list.file_name,
            rows: list.refused_rows,
        }),
        ahead: known.ahead(me.scope.own(), BANK.as_text(), today).map(str::to_owned),
        rows: rows.into_iter().map(|row| row_view(row, me, today)).collect(),
        may_declare: me.may(Right::DeclarePayments),
        may_go_ahead: me.may(Right::GoAheadWithoutBank),
        today: today.to_string(),
    })
}

fn short_view(short: Short, today: NaiveDate) -> ShortView {
    ShortView {
        as_of: in_words(short.as_of, today),
        count: short.missing.len(),
        shown: short.missing.into_iter().take(MISSING_SHOWN).collect(),
    }
}

fn row_view(row: PaymentsKnown, me: &SignedIn, today: NaiveDate) -> RowView {
    let on = local(row.recorded_at);
    let open = row.withdrawn_at.is_none();
    RowView {
        id: row.id.get(),
        source: row.source.in_words(),
        known_until: in_words(row.known_until, today),
        what: row.reason,
        import: row.import_id.map(|id| id.to_string()),
        by: row.by_name,
        on: format!("{} {}", in_words(on.date(), today), on.format("%H:%M")),
        withdrawn: row
            .withdrawn_at
            .map(|at| format!("{} {}撤回", in_words(local(at).date(), today), row.withdrawn_by))
            .unwrap_or_default(),
        // A list is withdrawn by undoing its import.
        can_withdraw: open
            && match row.source {
                Source::List => false,
                Source::Declaration => me.may(Right::DeclarePayments),
                Source::GoAhead => me.may(Right::GoAheadWithoutBank) && row.known_until == today,
            },
    }
}

/// `GET /bank-data`
async fn show(app: web::Data<App>, me: SignedIn, req: HttpRequest) -> AppResult<HttpResponse> {
    fields::show(&app, &me, &req, &view(&app, &me).await?)
}

/// `POST /bank-data/declaration`
async fn declare_known(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    form: Form,
) -> AppResult<HttpResponse> {
    let (at, mut form): (At<'_>, _) = ((&app, &me, &req), form.0);
    let done = try_declare(at, &mut form).await;
    answer(at, &form, done, view(&app, &me)).await
}

async fn try_declare((app, me, _): At<'_>, form: &mut Fields) -> AppResult<Done> {
    let (scope, today, policy) = (me.scope.clone(), app.clock.today(), app.policy());
    let known = app.read(move |db| payments_known::load(db, &scope)).await?;
    let day = known_until(form, (&known, me.scope.own(), today));
    let reason = reason(form, "reason", "请写凭什么知道，例如 银行电话答复，已全部入账");
    let day = form.checked(day)?;
    let scope = me.scope.clone();
    let (unread, reported_until) = app
        .read(move |db| {
            let unread = known::unread(db, &scope, &known, BANK)?;
            Ok((unread, known::reported_until(db, &scope, &policy, (BANK, day))?))
        })
        .await?;
    if let Some(due_on) = reported_until.succ_opt().filter(|due_on| *due_on <= day) {
        let last = in_words(app.policy().on_time_until(due_on), today);
        let due_on = in_words(due_on, today);
        let why = format!("{due_on}到期的，{last}入账也算按时。请写 {last}或更晚的日子");
        return Err(AppError::field("known_until", why));
    }
    if let Some(list) = unread {
        let (name, rows) = (list.file_name, list.refused_rows);
        let why = format!(
            "{name}里有 {rows} 行没有收进来，这些户可能已经还了。请先改好这些行再导入，或者撤销那次导入"
        );
        return Err(AppError::field("known_until", why));
    }
    let summary = format!("确认 {} 以前的还款都已入账", in_words(day, today));
    let row = new_row(app, me, Source::Declaration, day, &reason);
    keep(app, me, row, ("payments_declared", summary.clone())).await?;
    Ok(Done::to(PATH, format!("已{summary}，逾期名单按这一天更新")))
}

/// The day of a declaration.
fn known_until(
    form: &mut Fields,
    (known, office, today): (&Known, &str, NaiveDate),
) -> Option<NaiveDate> {
    let text = form.get("known_until");
    let fault = match typed_day(text) {
        None if is_outside(text) => DAY_OUTSIDE.to_owned(),
        None => "请写到哪一天，例如 2026-12-22".to_owned(),
        Some(day) if day > today => {
            "还没有到的日子，谁也不知道会不会还。请写今天或更早的日子".to_owned()
        }
        Some(day) => {
            let until = known.until(office, BANK.as_text()).filter(|until| *until >= day);
            let Some(until) = until else { return Some(day) };
            format!("{}以前的还款已经知道，请写更晚的日子", in_words(until, today))
        }
    };
    form.reject("known_until", fault);
    None
}

fn reason(form: &mut Fields, field: &str, missing: &str) -> String {
    let reason = form.get(field).to_owned();
    match reason.chars().count() {
        0..=1 => form.reject(field, missing),
        2..=REASON_MAX => {}
        _ => form.reject(field, format!("理由太长，请写在 {REASON_MAX} 个字以内")),
    }
    reason
}

/// `POST /bank-data/go-ahead`
async fn go_ahead(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    form: Form,
) -> AppResult<HttpResponse> {
    let (at, mut form): (At<'_>, _) = ((&app, &me, &req), form.0);
    let done = try_go_ahead(at, &mut form).await;
    answer(at, &form, done, view(&app, &me)).await
}

async fn try_go_ahead((app, me, _): At<'_>, form: &mut Fields) -> AppResult<Done> {
    let reason = reason(form, "ahead_reason", "请写为什么不等银行结果，会印在走访表和信上");
    form.check()?;
    // The reason goes into a text message to families.
    if reason.chars().count() > AHEAD_MAX {
        form.reject("ahead_reason", format!("理由会写进短信，请写在 {AHEAD_MAX} 个字以内"));
    } else if let Err(why) = text::fits(&reason) {
        form.reject("ahead_reason", why);
    }
    form.check()?;
    let today = app.clock.today();
    let row = new_row(app, me, Source::GoAhead, today, &reason);
    let summary = format!("{}不等银行结果，先行跟进", in_words(today, today));
    keep(app, me, row, ("bank_not_awaited", summary)).await?;
    Ok(Done::to(PATH, "今天按没有收到还款的先行跟进；明天起恢复等待"))
}

/// `POST /bank-data/withdrawal`
async fn withdraw(app: web::Data<App>, me: SignedIn, form: Form) -> AppResult<HttpResponse> {
    let id: RowId = form.0.id("id").ok_or(AppError::NotFound)?;
    let scope = me.scope.clone();
    let rows = app.read(move |db| payments_known::list(db, &scope, SHOWN)).await?;
    let row = rows.into_iter().find(|row| row.id == id).ok_or(AppError::NotFound)?;
    let (until, source) = (row.known_until, row.source);
    if !row_view(row, &me, app.clock.today()).can_withdraw {
        return Err(AppError::refused(
            "这一条不能在这里撤回：清单要撤销它的导入，其他的已经撤回过",
        ));
    }
    me.act(&app, "payments known withdrawn", move |act| {
        let (today, by) = (act.today, (act.now, act.by.name.as_str()));
        let done = payments_known::withdraw(act.db, act.scope, Which::One(id), by)?;
        if done == 0 {
            return Err(AppError::Changed);
        }
        position::outdate(act.db, act.scope, today, today)?;
        let day = in_words(until, today);
        let (action, summary) = match source {
            Source::GoAhead => ("waiting_resumed", format!("撤回：{day}不等银行结果，先行跟进")),
            _ => ("payments_withdrawn", format!("撤回：{day}以前的还款都已入账")),
        };
        act.audit(AuditEntry { action, summary, ..AuditEntry::default() })
    })
    .await?;
    follow_up(&app, &me.scope).await?;
    shell::done(&app, PATH, "已撤回，逾期名单恢复等待银行结果")
}

fn new_row(
    app: &App,
    me: &SignedIn,
    source: Source,
    day: NaiveDate,
    reason: &str,
) -> PaymentsKnown {
    let (id, now) = (RowId::new(app.next_id()), app.clock.now_at());
    PaymentsKnown {
        reason: reason.to_owned(),
        by_name: me.name.clone(),
        ..PaymentsKnown::new(id, (me.scope.own(), BANK), source, day, now)
    }
}

/// Keeps the row and its note, then brings positions and cases into step.
async fn keep(
    app: &App,
    me: &SignedIn,
    row: PaymentsKnown,
    (action, summary): (&'static str, String),
) -> AppResult<()> {
    me.act(app, action, move |act| {
        payments_known::add(act.db, &row)?;
        position::outdate(act.db, act.scope, act.today, act.today)?;
        let (summary, reason) = (summary.clone(), row.reason.clone());
        act.audit(AuditEntry { action, summary, reason, ..AuditEntry::default() })
    })
    .await?;
    follow_up(app, &me.scope).await
}

/// Positions, cases and the workbench after what is known has changed.
async fn follow_up(app: &App, scope: &Scope) -> AppResult<()> {
    let (app, scope) = (app.clone(), scope.clone());
    web::block(move || ask::catch_up(&app, &scope)).await.map_err(AppError::broken)?
}
