//! `/visits/sent` 已发走访表: makes batches, prints them with their codes, and follows them until
//! they are back: handed over, asked for, taken out of use.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::rules::{self, Counts};
use super::store::{self, Handed, State};
use super::{make, returns, take};
use crate::app::App;
use crate::base::dates::{in_words, local};
use crate::base::ids::{BatchId, FileId, SheetId};
use crate::book::audit_log::AuditEntry;
use crate::book::staff::Right;
use crate::error::{AppError, AppResult};
use crate::life::visits::papers::{self, Choices};
use crate::life::visits::request::Field;
use crate::life::visits::rules::ReceiverKind;
use crate::life::visits::typesetter;
use crate::life::visits::web::{PRINT_MAX, PrintPage, spawn_blocking};
use crate::life::visits::workbook;
use crate::web::download::{WORKBOOK, attachment};
use crate::web::fields::{self, At, Done, Fields, Form, FormPage, answer};
use crate::web::qr;
use crate::web::session::SignedIn;
use crate::web::shell;

/// Batches on the page.
const BATCHES: i64 = 300;
/// Longest text about handing over in characters.
const TEXT_MAX: usize = 60;

/// One batch of a list.
#[derive(Debug, Serialize)]
pub struct SentLine {
    id: String,
    /// What it is about, when that is not a reminder.
    about: &'static str,
    paper: &'static str,
    receiver: String,
    made: String,
    sheets: i64,
    return_by: String,
    kind: &'static str,
    words: String,
    handed: String,
    chased: String,
}

/// The receiver's name as a letter begins.
pub(super) fn receiver_of(batch: &store::Batch) -> String {
    make::addressee(batch)
}

fn sent_line(batch: &store::Batch, counts: Counts, today: NaiveDate) -> SentLine {
    let (kind, words) = rules::state(counts, batch.handed_on, batch.return_by, today);
    SentLine {
        id: batch.id.to_string(),
        about: if batch.purpose.is_yearly() { batch.purpose.in_words() } else { "" },
        paper: batch.purpose.paper(),
        receiver: receiver_of(batch),
        made: in_words(local(batch.made_at).date(), today),
        sheets: counts.all(),
        return_by: in_words(batch.return_by, today),
        kind,
        words,
        handed: match batch.handed_on {
            Some(on) => format!("{} 交 {}", in_words(on, today), batch.handed_to),
            None => String::new(),
        },
        chased: match batch.chased_on {
            Some(on) => format!("催过 {} 次，{}", batch.chased_times, in_words(on, today)),
            None => String::new(),
        },
    }
}

#[derive(Debug, Serialize)]
struct SentPage {
    lines: Vec<SentLine>,
    late_only: bool,
    late: usize,
    waiting: i64,
    may_edit: bool,
}

/// What narrows the list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Narrow {
    list: String,
}

/// `GET /visits/sent`
pub async fn sent(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    narrow: web::Query<Narrow>,
) -> AppResult<HttpResponse> {
    let (scope, today) = (me.scope.clone(), app.clock.today());
    let late_only = narrow.list == "late";
    let (batches, late, counts, waiting) = app
        .read(move |db| {
            let late = store::late(db, &scope, today)?;
            let batches =
                if late_only { late.clone() } else { store::batches(db, &scope, BATCHES)? };
            let ids: Vec<BatchId> = batches.iter().map(|batch| batch.id).collect();
            let counts = store::counts(db, &scope, &ids)?;
            Ok((batches, late.len(), counts, returns::count_waiting(db, &scope)?))
        })
        .await?;
    let lines = batches
        .iter()
        .map(|batch| sent_line(batch, counts.get(&batch.id).copied().unwrap_or_default(), today))
        .collect();
    let may_edit = me.may(Right::EditPeople);
    let page = SentPage { lines, late_only, late, waiting, may_edit };
    shell::page(&app, &me, &req, "visits/sent.html", page)
}

/// One sheet of a batch.
#[derive(Debug, Serialize)]
struct SheetLine {
    id: String,
    number: String,
    name: String,
    village: String,
    file_no: String,
    state: &'static str,
    is_out: bool,
    paid: bool,
    called_back: bool,
    why: String,
}

#[derive(Debug, Serialize)]
struct BatchPage {
    line: SentLine,
    version: i32,
    kind: String,
    made_by: String,
    handed_by: String,
    handed_how: String,
    receipt: String,
    is_handed: bool,
    is_late: bool,
    /// Sheets that are out.
    out: i64,
    /// How many were made in the same go.
    together: usize,
    sheets: Vec<SheetLine>,
    today: String,
    /// It can be had as one PDF.
    pdf: bool,
}

impl FormPage for BatchPage {
    const TEMPLATE: &'static str = "visits/batch.html";
    const REFUSED_AT: &'static str = "to";

    fn fields(&self) -> Fields {
        let how = HOW.first().copied().unwrap_or_default();
        Fields::default().with("on", &self.today).with("how", how)
    }
}

/// Ways of handing over, in the order of the page.
pub const HOW: [&str; 4] = ["当面", "邮寄", "工作群", "请人转交"];

async fn batch_page(app: &App, me: &SignedIn, id: BatchId) -> AppResult<BatchPage> {
    let scope = me.scope.clone();
    let (batch, together, sheets, people, (paid, back)) = app
        .read(move |db| {
            let batch = store::batch(db, &scope, id)?;
            let sheets = store::sheets_of(db, &scope, id)?;
            let files: Vec<FileId> = sheets.iter().map(|sheet| sheet.file_id).collect();
            let people = store::people(db, &scope, &files)?;
            let together = store::made_with(db, &scope, &batch)?.len();
            let ids: Vec<SheetId> = sheets.iter().map(|sheet| sheet.id).collect();
            let over = (take::paid(db, &scope, &ids)?, take::called_back(db, &scope, &ids)?);
            Ok((batch, together, sheets, people, over))
        })
        .await?;
    let today = app.clock.today();
    let mut counts = Counts::default();
    let mut lines = Vec::with_capacity(sheets.len());
    for sheet in &sheets {
        match sheet.state {
            State::Out => counts.out += 1,
            State::Returned => counts.returned += 1,
            State::Accepted => counts.accepted += 1,
            State::Void => counts.void += 1,
        }
        let who = people.get(&sheet.file_id);
        let text = |of: fn(&store::Who) -> &String| who.map(of).cloned().unwrap_or_default();
        lines.push(SheetLine {
            id: sheet.id.to_string(),
            number: sheet.number.clone(),
            name: text(|who| &who.name),
            village: text(|who| &who.village),
            file_no: text(|who| &who.file_no),
            // Out is what a handed-over sheet is; until then its batch and it say the same.
            state: match sheet.state {
                State::Out if batch.handed_on.is_none() => "未交付",
                state => state.in_words(),
            },
            is_out: sheet.state == State::Out,
            paid: paid.contains(&sheet.id),
            called_back: back.contains(&sheet.id),
            why: sheet.closed_why.clone(),
        });
    }
    Ok(BatchPage {
        pdf: typesetter::is_installed(),
        line: sent_line(&batch, counts, today),
        version: batch.version,
        kind: ReceiverKind::from_text(&batch.receiver_kind)
            .map_or("", ReceiverKind::in_words)
            .to_owned(),
        made_by: batch.made_by.clone(),
        handed_by: batch.handed_by.clone(),
        handed_how: batch.handed_how.clone(),
        receipt: batch.receipt.clone(),
        is_handed: batch.handed_on.is_some(),
        out: counts.out,
        is_late: counts.out > 0 && today > batch.return_by,
        together,
        sheets: lines,
        today: today.to_string(),
    })
}

/// `GET /visits/batches/{id}`
pub async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<i64>,
) -> AppResult<HttpResponse> {
    fields::show(&app, &me, &req, &batch_page(&app, &me, BatchId::new(*id)).await?)
}

/// `POST /visits/batches/{id}/handed`
pub async fn handed(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<i64>,
    form: Form,
) -> AppResult<HttpResponse> {
    let (at, mut form, id): (At<'_>, _, _) = ((&app, &me, &req), form.0, BatchId::new(*id));
    let done = try_hand(at, id, &mut form).await;
    answer(at, &form, done, batch_page(&app, &me, id)).await
}

async fn try_hand((app, me, _): At<'_>, id: BatchId, form: &mut Fields) -> AppResult<Done> {
    let (scope, today) = (me.scope.clone(), app.clock.today());
    let made_on = app.read(move |db| store::batch(db, &scope, id)).await?.made_on();
    let on = rules::day(form.get("on"), today, false).filter(|on| (made_on..=today).contains(on));
    if on.is_none() {
        let made = in_words(made_on, today);
        form.reject("on", format!("交付日期在做表那天（{made}）和今天之间，写成 2026-11-05 这样"));
    }
    form.required("to", "请写谁收下的");
    let [to, receipt] = ["to", "receipt"].map(|name| form.text(name, TEXT_MAX));
    let handed = Handed {
        on: form.checked(on)?,
        by: me.name.clone(),
        to,
        how: HOW.iter().find(|how| **how == form.get("how")).unwrap_or(&"其他").to_string(),
        receipt,
    };
    let seen = (id, form.version()?);
    me.act(app, "sheets handed over", move |act| {
        let batch = store::batch(act.db, act.scope, id)?;
        store::handed(act.db, act.scope, seen, &handed)?;
        act.audit(AuditEntry::of(
            "sheets_handed",
            &receiver_of(&batch),
            format!("{}{}{}交给{}", handed.by, batch.purpose.paper(), handed.how, handed.to),
        ))
    })
    .await?;
    Ok(Done::to(format!("/visits/batches/{id}"), "已记下交付"))
}

/// `POST /visits/batches/{id}/chased`
pub async fn chased(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<i64>,
    form: Form,
) -> AppResult<HttpResponse> {
    let (id, version) = (BatchId::new(*id), form.0.version()?);
    let done = me.act(&app, "sheets asked for", move |act| {
        let batch = store::batch(act.db, act.scope, id)?;
        if batch.chased_on == Some(act.today) {
            return Ok(false);
        }
        store::chased(act.db, act.scope, (id, version), act.today)?;
        act.audit(AuditEntry::of(
            "sheets_chased",
            &receiver_of(&batch),
            format!("{}请{}交回{}", act.by.name, receiver_of(&batch), batch.purpose.paper()),
        ))?;
        Ok(true)
    });
    let message = match done.await? {
        true => "已记下催过一次",
        false => "今天已经记过，没有再记",
    };
    shell::done(&app, &format!("/visits/batches/{id}"), message)
}

/// `GET /visits/batches/{id}/print`
pub async fn print(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<i64>,
    form: web::Query<Fields>,
) -> AppResult<HttpResponse> {
    let all = form.has("all");
    let built = make::rebuilt(&app, &me, BatchId::new(*id), all).await?;
    if built.batch.households() > PRINT_MAX {
        return Err(AppError::refused(format!(
            "一次最多打印 {PRINT_MAX} 户，请逐个单位打印{}",
            if typesetter::is_installed() { "，或导出 PDF" } else { "" }
        )));
    }
    let choices = built.choices(&app, !form.has("set") || form.has("stub"));
    let mut papers = papers::papers(&built.batch, &choices);
    let site = app.config.public_url.trim_end_matches('/');
    site.clone_into(&mut papers.common.site);
    for visit in papers.stacks.iter_mut().flat_map(|stack| &mut stack.visits) {
        visit.qr = qr::svg(&make::return_url(&app, &visit.code), "扫码回报")?;
    }
    note(&app, &me, "printed", &format!("打印{}", built.row.purpose.paper()), &built).await?;
    let at = format!("/visits/batches/{id}");
    let page = PrintPage {
        title: built.title(),
        back: at.clone(),
        action: format!("{at}/print"),
        fields: if all { vec![Field { name: "all", value: "1".to_owned() }] } else { Vec::new() },
        stub: choices.stub,
        letter: String::new(),
        paid: built.paid,
        pdf: match typesetter::is_installed() {
            true => format!("{at}/papers.pdf{}", if all { "?all=1" } else { "" }),
            false => String::new(),
        },
        stored: true,
        papers,
    };
    shell::page(&app, &me, &req, "visits/print.html", page)
}

/// `GET /visits/batches/{id}/workbook.xlsx`
pub async fn workbook(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<i64>,
) -> AppResult<HttpResponse> {
    let built = make::rebuilt(&app, &me, BatchId::new(*id), false).await?;
    note(&app, &me, "exported", &format!("导出{}名单", built.row.purpose.paper()), &built).await?;
    let Choices { wishes, .. } = built.choices(&app, false);
    let make::Rebuilt { batch, .. } = built;
    let Some(only) = batch.receivers.first().cloned() else { return Err(AppError::NotFound) };
    let name = format!("{}.xlsx", only.stem);
    let bytes = spawn_blocking(move || workbook::for_receiver(&batch, &only, &wishes)).await?;
    Ok(attachment(&name, WORKBOOK, bytes))
}

/// Writes down that a batch left the program once more: one line, and one on each file.
pub(super) async fn note(
    app: &App,
    me: &SignedIn,
    action: &'static str,
    what: &str,
    built: &make::Rebuilt,
) -> AppResult<()> {
    let whole = AuditEntry::of(
        action,
        built.row.purpose.paper(),
        format!(
            "{what}：{}，{} 户，截至 {}",
            built.title(),
            built.batch.households(),
            built.row.as_of
        ),
    );
    let mut notes = vec![whole];
    for sheet in built.batch.receivers.iter().flat_map(|receiver| &receiver.sheets) {
        let note =
            AuditEntry::of(action, &sheet.household.name, format!("{what} {}", sheet.number))
                .on_file(sheet.household.file_id);
        notes.push(note);
    }
    me.act(app, "sheets noted", move |act| act.audit_all(notes.clone())).await
}
