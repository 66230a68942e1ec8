//! `/visits` 走访表: what a batch is made of, and taking it along: print it, the workbooks. The page
//! on which it is chosen is `choose.rs`.
//!
//! Opening the printing page or taking workbooks is when personal data leaves the program, so
//! that is what history records: how many sheets, of which day, narrowed by what.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Days, NaiveDate};
use serde::Serialize;

use super::formats::Wishes;
use super::papers::{self, Choices, Papers};
use super::purpose::Purpose;
use super::request::{Field, VisitRequest};
use super::rules::{self, Batch, Household, ReceiverKind};
use super::sheets::store as sheets;
use super::sheets::store::Out;
use super::text::{self, Sender};
use super::workbook;
use super::{folder, store};
use crate::app::App;
use crate::base::dates::local;
use crate::book::audit_log::AuditEntry;
use crate::error::{AppError, AppResult};
use crate::web::download::{WORKBOOK, attachment};
use crate::web::fields::Fields;
use crate::web::session::SignedIn;
use crate::web::shell;

/// Households on one printing page: what a browser lays out in a few seconds.
pub(super) const PRINT_MAX: usize = 400;

/// A batch that was asked for, and what the page offers to narrow it.
pub(super) struct Made {
    pub(super) batch: Batch,
    /// Sheets about the same matter that are out.
    pub(super) out: Out,
    pub(super) offers: Offers,
    pub(super) left_out: Vec<String>,
}

/// What the query row offers: whatever occurs among those with arrears.
#[derive(Debug, Default, Serialize)]
pub(super) struct Offers {
    pub(super) townships: Vec<String>,
    pub(super) schools: Vec<String>,
    pub(super) police: Vec<String>,
}

pub(super) async fn made(app: &App, me: &SignedIn, request: &VisitRequest) -> AppResult<Made> {
    let (inner, scope, day) = (app.clone(), me.scope.clone(), request.as_of);
    let (purpose, by, now) = (request.purpose, request.by, app.clock.now_at());
    let chosen = !request.selection.files.is_empty();
    let (found, out) = app
        .read(move |db| {
            let out = sheets::out(db, &scope, now)?;
            let found = match purpose {
                Purpose::Overdue if by == ReceiverKind::Police => {
                    // The director decides who gets that far; a paper must not go before.
                    let asked_for = store::at_police(db, &scope)?;
                    let mut found = store::overdue_on(db, &scope, &inner.basis(), day)?;
                    let all = found.households.len();
                    found.households.retain(|one| asked_for.contains(&one.file_id));
                    let left = all - found.households.len();
                    if left > 0 {
                        found.left_out.push(format!(
                        "{left} 户还没有转到“派出所协助”，没有列入；要派出所协助，先在逾期跟进里\
                         申请，主任同意后再印"
                    ));
                    }
                    found
                }
                // Who was chosen by name is meant.
                Purpose::Overdue if chosen => store::overdue_on(db, &scope, &inner.basis(), day)?,
                Purpose::Overdue => {
                    let on_hold = store::on_hold(db, &scope)?;
                    let mut found = store::overdue_on(db, &scope, &inner.basis(), day)?;
                    let all = found.households.len();
                    found.households.retain(|one| !on_hold.contains(&one.file_id));
                    let left = all - found.households.len();
                    if left > 0 {
                        found.left_out.push(format!(
                            "{left} 户已转其他业务（还款救助、就学变更、核对账目等），没有列入；\
                             仍要上门的，在逾期跟进里选中这一户再生成"
                        ));
                    }
                    found
                }
                Purpose::Yearly => {
                    let households = store::yearly_on(db, &scope, by, day)?;
                    store::Found { households, ..store::Found::default() }
                }
            };
            Ok((found, out))
        })
        .await?;
    let offers = offers(&found.households);
    let batch = rules::batch(request.by, request.as_of, found.households, &request.selection);
    Ok(Made { batch, out, offers, left_out: found.left_out })
}

fn offers(all: &[Household]) -> Offers {
    let list = |of: fn(&Household) -> &String| {
        let mut found: Vec<String> =
            all.iter().map(of).filter(|t| !t.is_empty()).cloned().collect();
        found.sort();
        found.dedup();
        found
    };
    Offers {
        townships: list(|h| &h.township),
        schools: list(|h| &h.high_school),
        police: list(|h| &h.police_station),
    }
}

/// The day by which sheets should come back when nobody says another: two weeks, to a working day.
pub fn usual_return(app: &App, as_of: NaiveDate) -> NaiveDate {
    let in_two_weeks = as_of.checked_add_days(Days::new(14)).unwrap_or(as_of);
    app.policy().calendar().working_day_from(in_two_weeks)
}

pub(super) fn wishes(app: &App, me: &SignedIn, request: &VisitRequest) -> Wishes {
    Wishes {
        purpose: request.purpose,
        amounts: request.amounts
            && me.office.allows_amounts_on_papers()
            && me.bank_data.ahead.is_none(),
        assumed: app.policy().assumed_in_arrears(request.as_of).unwrap_or_default(),
        bank_data: me.bank_data.clone(),
        return_by: request.return_by.unwrap_or_else(|| usual_return(app, request.as_of)),
        sender: Sender {
            office: me.office.name.clone(),
            address: me.office.address.clone(),
            phone: me.office.phone.clone(),
            contact: me.name.clone(),
        },
    }
}

#[derive(Debug, Serialize)]
pub(super) struct PrintPage {
    pub(super) title: String,
    pub(super) back: String,
    /// Where the tool bar's form leads.
    pub(super) action: String,
    pub(super) fields: Vec<Field>,
    pub(super) stub: bool,
    pub(super) letter: String,
    /// Names of families that are left out because nothing is overdue any more.
    pub(super) paid: Vec<String>,
    /// What was made and is kept, not a sample.
    pub(super) stored: bool,
    /// Where the same comes as one PDF; only what is kept can, and only where it can be set.
    pub(super) pdf: String,
    pub(super) papers: Papers,
}

/// `GET /visits/print`
pub(super) async fn print(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    form: web::Query<Fields>,
) -> AppResult<HttpResponse> {
    let request = readable(&form, &app)?;
    let Made { batch, .. } = made(&app, &me, &request).await?;
    if batch.households() > PRINT_MAX {
        return Err(AppError::refused(format!(
            "一次最多打印 {PRINT_MAX} 户，现在选了 {} 户，请先选一个乡镇或单位",
            batch.households()
        )));
    }
    refuse_empty(&request, &batch)?;
    let choices = Choices {
        wishes: wishes(&app, &me, &request),
        stub: request.stub,
        letter: request.letter,
        printed_at: local(app.clock.now_at()),
    };
    let page = PrintPage {
        title: title(&request, &batch),
        back: request.link("/visits", None),
        action: "/visits/print".to_owned(),
        paid: Vec::new(),
        stored: false,
        pdf: String::new(),
        fields: request.fields(),
        stub: request.stub,
        letter: request.letter.map(|n| n.to_string()).unwrap_or_default(),
        papers: papers::papers(&batch, &choices),
    };
    // A look at what is not to leave the office: one line, and none on each file.
    let entry = summary("sheets_previewed", "查看走访表预览", &request, &batch);
    me.act(&app, "a preview noted", move |act| act.audit(entry.clone())).await?;
    shell::page(&app, &me, &req, "visits/print.html", page)
}

/// The name of the batch: its only receiver, or how many there are.
fn title(request: &VisitRequest, batch: &Batch) -> String {
    match batch.receivers.as_slice() {
        [only] if only.is_unknown() => text::receiver_name(request.by, only),
        [only] => text::addressee(request.by, only),
        many => format!("{} 个{}", many.len(), request.by.in_words()),
    }
}

/// `GET /visits/workbooks.zip`
pub(super) async fn archive(
    app: web::Data<App>,
    me: SignedIn,
    form: web::Query<Fields>,
) -> AppResult<HttpResponse> {
    let request = readable(&form, &app)?;
    let Made { batch, .. } = made(&app, &me, &request).await?;
    refuse_empty(&request, &batch)?;
    note(&app, &me, "exported", "导出走访名单", &request, &batch).await?;
    let name = format!("走访名单-{}-按{}.zip", request.as_of, request.by.in_words());
    let wishes = wishes(&app, &me, &request);
    let bytes = spawn_blocking(move || folder::archive(&batch, &wishes)).await?;
    Ok(attachment(&name, "application/zip", bytes))
}

/// `GET /visits/workbook.xlsx`: the workbook of the only receiver that is asked for.
pub(super) async fn one_workbook(
    app: web::Data<App>,
    me: SignedIn,
    form: web::Query<Fields>,
) -> AppResult<HttpResponse> {
    let request = readable(&form, &app)?;
    let Made { batch, .. } = made(&app, &me, &request).await?;
    let [only] = batch.receivers.as_slice() else { return Err(AppError::NotFound) };
    note(&app, &me, "exported", "导出走访名单", &request, &batch).await?;
    let name = format!("{}.xlsx", only.stem);
    let (wishes, only) = (wishes(&app, &me, &request), only.clone());
    let bytes = spawn_blocking(move || workbook::for_receiver(&batch, &only, &wishes)).await?;
    Ok(attachment(&name, WORKBOOK, bytes))
}

/// An address that cannot be read stops what leaves the program; the choosing page shows it. So
/// does a day to come: a paper must not say of an instalment that it is past due before it is.
pub(super) fn readable(form: &Fields, app: &App) -> AppResult<VisitRequest> {
    let today = app.clock.today();
    let request = VisitRequest::read(form, today);
    if !request.errors.is_empty() {
        return Err(AppError::Invalid(request.errors));
    }
    if request.as_of > today {
        return Err(AppError::refused(format!(
            "{}还没有到，到了那天才能打印和下载走访表",
            text::full_day(request.as_of)
        )));
    }
    Ok(request)
}

pub(super) fn refuse_empty(request: &VisitRequest, batch: &Batch) -> AppResult<()> {
    if batch.receivers.is_empty() && request.purpose.is_yearly() {
        return Err(AppError::refused(
            "没有分给这些单位、今年还没有联系过的家庭；先在“分配家庭联系”里分给学校或村",
        ));
    }
    if batch.receivers.is_empty() && request.by == ReceiverKind::Police {
        return Err(AppError::refused(
            "没有转到“派出所协助”的逾期户；要派出所协助，先在逾期跟进里申请，主任同意后再印",
        ));
    }
    if batch.receivers.is_empty() {
        return Err(AppError::refused(format!(
            "{}没有符合条件的逾期户，不用走访",
            text::full_day(request.as_of)
        )));
    }
    Ok(())
}

/// Makes something large without holding up other requests.
pub(super) async fn spawn_blocking<T: Send + 'static>(
    make: impl FnOnce() -> AppResult<T> + Send + 'static,
) -> AppResult<T> {
    web::block(make).await.map_err(|e| AppError::broken(format!("a blocking task ended: {e}")))?
}

/// One line for the batch, and one on each loan file that a sheet is about.
async fn note(
    app: &App,
    me: &SignedIn,
    action: &'static str,
    what: &str,
    request: &VisitRequest,
    batch: &Batch,
) -> AppResult<()> {
    let mut notes = vec![summary(action, what, request, batch)];
    for sheet in batch.receivers.iter().flat_map(|receiver| &receiver.sheets) {
        let note = AuditEntry::of(
            action,
            &sheet.household.name,
            format!("{what} {}，金额算到 {}", sheet.number, request.as_of),
        )
        .on_file(sheet.household.file_id);
        notes.push(note);
    }
    me.act(app, "worksheets noted", move |act| act.audit_all(notes.clone())).await
}

/// What history says about a whole batch; the command line writes the same.
pub fn summary_of(what: &str, by: ReceiverKind, selection: &str, batch: &Batch) -> String {
    let narrowed = if selection.is_empty() { String::new() } else { format!("，{selection}") };
    format!(
        "{what}：按{}，{} 个单位 {} 户，截至 {}{narrowed}",
        by.in_words(),
        batch.receivers.len(),
        batch.households(),
        batch.as_of
    )
}

fn summary(action: &'static str, what: &str, request: &VisitRequest, batch: &Batch) -> AuditEntry {
    AuditEntry::of(
        action,
        "走访表",
        summary_of(what, request.by, &request.selection.in_words(), batch),
    )
}
