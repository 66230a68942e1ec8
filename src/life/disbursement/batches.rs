//! `/disbursements/batches`: the lists that go to a bank, each on a page of its own with its lines,
//! what is against them, what was done with it and what may be done next.

use std::collections::HashMap;

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::list::PATH;
use super::steps::{self, KINDS};
use crate::app::App;
use crate::base::dates::minute;
use crate::base::ids::{BatchId, PersonId, RowId};
use crate::base::money::Fen;
use crate::base::url::link;
use crate::book::batch::answer::{self, Answers};
use crate::book::batch::file::{self, File};
use crate::book::batch::moves::{State, Step};
use crate::book::batch::rules::Violation;
use crate::book::batch::steps as moves;
use crate::book::batch::store::{self, Batch, Line, LineState, StepRow};
use crate::book::person;
use crate::book::policy::BatchTemplate;
use crate::book::staff::Right;
use crate::error::{AppError, AppResult};
use crate::plumbing::sheet::write::{self, Head};
use crate::plumbing::sheet::{self, SheetLimits};
use crate::web::desk_request::DeskRequest;
use crate::web::download::{WORKBOOK, attachment};
use crate::web::fields::{Done, Fields, Form, FormPage, Rejected, Seen, reject};
use crate::web::list::export::foot;
use crate::web::session::SignedIn;
use crate::web::upload;

/// Longest reason in characters.
const REASON_MAX: usize = 80;
/// Lines on a page.
const LINES: usize = 100;
/// Lists on their page: some years of them.
const BATCHES: i64 = 200;
const CSV: &str = "text/csv; charset=utf-8";

/// One of the list of lists.
#[derive(Serialize)]
struct BatchRow {
    #[serde(flatten)]
    batch: Batch,
    number: String,
    kind_words: &'static str,
    state_words: &'static str,
}

impl From<Batch> for BatchRow {
    fn from(batch: Batch) -> BatchRow {
        BatchRow {
            number: batch.number(),
            kind_words: batch.kind.in_words(),
            state_words: batch.state.in_words(),
            batch,
        }
    }
}

#[derive(Serialize)]
struct ListPage {
    rows: Vec<BatchRow>,
    state: String,
}

/// Which part of the lines, or of the lists, is shown.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Which {
    state: String,
    after: String,
}

/// `GET /disbursements/batches`
pub async fn list(desk: DeskRequest, which: web::Query<Which>) -> AppResult<HttpResponse> {
    let mut all = desk.read(|db, scope| store::of_kinds(db, scope, &KINDS, BATCHES)).await?;
    let state = State::from_text(&which.state);
    all.retain(|one| state.is_none_or(|state| one.state == state));
    let rows = all.into_iter().map(BatchRow::from).collect();
    let state = state.map_or("", State::in_words).to_owned();
    desk.page("disbursement/batches.html", ListPage { rows, state })
}

#[derive(Serialize)]
struct LineView {
    id: RowId,
    line: i32,
    loan: RowId,
    name: String,
    number: String,
    amount: Fen,
    account: String,
    state: LineState,
    words: String,
}

impl From<&Line> for LineView {
    fn from(line: &Line) -> LineView {
        let words = match (line.state, line.answered_on) {
            (LineState::Paid, Some(on)) => format!("{on} 到账"),
            (LineState::Failed, _) => format!("发放失败：{}", line.reason),
            _ => line.state.in_words().to_owned(),
        };
        LineView {
            id: line.id,
            line: line.line,
            loan: line.subject_id,
            name: line.name.clone(),
            number: line.number.clone(),
            amount: line.amount_fen,
            account: line.account_mask.clone(),
            state: line.state,
            words,
        }
    }
}

/// Count and sum of the lines in a state.
#[derive(Serialize)]
struct Figure {
    name: &'static str,
    count: usize,
    sum: Fen,
    link: String,
    on: bool,
}

#[derive(Serialize)]
struct BatchPage {
    batch: BatchRow,
    year: i32,
    receiver: String,
    figures: Vec<Figure>,
    lines: Vec<LineView>,
    next: String,
    violations: Vec<Violation>,
    steps: Vec<(String, String, String, String)>,
    /// Steps that may be taken by whoever has the right.
    can: Vec<Step>,
    /// Who reads it is who froze it, and so may not approve it.
    is_own: bool,
    /// A line changed after it was frozen, in a sentence.
    broken: String,
    repeats: Option<(BatchId, String)>,
    failed: usize,
    today: String,
    upload_mb: usize,
    key: String,
}

impl FormPage for BatchPage {
    const TEMPLATE: &'static str = "disbursement/batch.html";
    const REFUSED_AT: &'static str = "reason";

    fn fields(&self) -> Fields {
        Fields::default().with("day", &self.today)
    }
}

fn at(id: BatchId) -> String {
    format!("{PATH}/batches/{id}")
}

fn template(app: &App, batch: &Batch) -> BatchTemplate {
    let (policy, today) = (app.policy(), app.clock.today());
    policy.disbursement_template(batch.kind.product(), today).clone()
}

struct Read {
    batch: Batch,
    lines: Vec<Line>,
    violations: Vec<Violation>,
    broken: String,
    steps: Vec<StepRow>,
    repeats: Option<Batch>,
}

async fn read(desk: &DeskRequest, id: BatchId) -> AppResult<Read> {
    let app = desk.app.clone();
    desk.read(move |db, scope| {
        let batch = store::find(db, scope, id)?;
        let (mut lines, mut violations) = (store::lines(db, scope, id)?, Vec::new());
        let mut broken = String::new();
        if batch.state == State::Draft {
            (lines, violations) = steps::current(db, scope, lines)?;
            let own = moves::check(&app.sealer, &template(&app, &batch), &lines)?;
            violations.splice(0..0, own);
        } else if batch.state != State::Dropped {
            broken = moves::broken(&app.sealer, &batch, &lines).unwrap_or_default();
        }
        let steps = store::steps(db, scope, id)?;
        let repeats = batch.repeats_id.map(|id| store::find(db, scope, id)).transpose()?;
        Ok(Read { batch, lines, violations, broken, steps, repeats })
    })
    .await
}

async fn page(desk: &DeskRequest, id: BatchId, which: &Which) -> AppResult<BatchPage> {
    let Read { batch, lines, violations, broken, steps, repeats } = read(desk, id).await?;
    let chosen = LineState::from_text(&which.state);
    let figure = |state: Option<LineState>| {
        let of = || lines.iter().filter(|line| state.is_none_or(|state| line.state == state));
        Figure {
            name: state.map_or("全部", LineState::in_words),
            count: of().count(),
            sum: of().map(|line| line.amount_fen).sum(),
            link: link(&at(id), &[("state", state.map_or("", LineState::as_text))]),
            on: state == chosen,
        }
    };
    let states = LineState::ALL.iter().copied().map(Some);
    let figures: Vec<Figure> = [None].into_iter().chain(states).map(figure).collect();
    let after: i32 = which.after.parse().unwrap_or_default();
    let is_shown =
        |line: &&Line| line.line > after && chosen.is_none_or(|chosen| line.state == chosen);
    let mut shown: Vec<LineView> =
        lines.iter().filter(is_shown).take(LINES + 1).map(LineView::from).collect();
    let more = shown.len() > LINES;
    shown.truncate(LINES);
    let last = shown.last().filter(|_| more).map(|line| line.line.to_string());
    let next = last.map(|last| link(&at(id), &[("state", &which.state), ("after", &last)]));
    let (state, is_own) = (batch.state, batch.frozen_by_id == Some(desk.me.staff_id));
    let of_page = |row: StepRow| (minute(row.at), row.step, row.by_name, row.note);
    Ok(BatchPage {
        year: batch.year,
        receiver: template(&desk.app, &batch).receiver,
        failed: lines.iter().filter(|line| line.state == LineState::Failed).count(),
        figures,
        lines: shown,
        next: next.unwrap_or_default(),
        violations,
        steps: steps.into_iter().map(of_page).collect(),
        can: Step::ALL.iter().copied().filter(|step| state.after(*step).is_some()).collect(),
        is_own,
        broken,
        repeats: repeats.map(|of| (of.id, of.number())),
        today: desk.today().to_string(),
        upload_mb: desk.app.config.upload_mb,
        key: desk.app.next_id().to_string(),
        batch: batch.into(),
    })
}

/// `GET /disbursements/batches/{id}`
pub async fn show(
    desk: DeskRequest,
    id: web::Path<BatchId>,
    which: web::Query<Which>,
) -> AppResult<HttpResponse> {
    desk.show(&page(&desk, *id, &which).await?)
}

/// What a step says when it is done.
fn sentence(step: Step) -> &'static str {
    match step {
        Step::Remove => "已去掉这一笔，这份合同可以另编",
        Step::Freeze => "已提交，名单不能再改，等另一个人批准",
        Step::SendBack => "已退回，改好以后重新提交",
        Step::Approve => "已批准，可以下载名单送银行",
        Step::Send => "已登记送出，等银行的结果",
        Step::Close => "已关闭",
        Step::Drop => "已作废，这些合同可以另编",
        Step::AnswerPart | Step::AnswerAll => "已登记结果",
    }
}

/// `POST /disbursements/batches/{id}`: a step, an answer typed for one line, or a list of what
/// failed.
pub async fn step(
    desk: DeskRequest,
    id: web::Path<BatchId>,
    form: Form,
) -> AppResult<HttpResponse> {
    let id = *id;
    let which = Which::default();
    desk.submit(form, page(&desk, id, &which), async |form| {
        if form.get("step") == "repeat" {
            return repeat(&desk, id, form).await;
        }
        if form.has("number") {
            return by_hand(&desk, id, form).await;
        }
        let seen = Seen { id, version: form.version()? };
        let step = form.choice("step", Step::from_text, "请选要做什么");
        let reason = form.text("reason", REASON_MAX);
        let needs_reason = matches!(step, Some(Step::SendBack | Step::Drop | Step::Close));
        if needs_reason && reason.is_empty() {
            form.reject("reason", "请写一句原因");
        }
        let (line, key) = (form.id::<RowId>("line"), form.key());
        let step = form.checked(step)?;
        if step == Step::Approve {
            desk.me.needs(Right::Review)?;
        }
        desk.act("batch step", move |act| steps::step(act, &key, seen, (step, line, &reason)))
            .await?;
        desk.app.note_change();
        Ok(Done::to(at(id), sentence(step)))
    })
    .await
}

async fn repeat(desk: &DeskRequest, id: BatchId, form: &Fields) -> AppResult<Done> {
    let key = form.key();
    let made = desk
        .act("batch repeated", move |act| {
            let of = store::find(act.db, act.scope, id)?;
            let loans = steps::failures(act, id)?;
            steps::draw(act, Some(&key), (of.kind, of.year), (&loans, Some(id)))
        })
        .await?;
    desk.app.note_change();
    Ok(match made {
        Some(made) => Done::to(at(made.id), "发放失败的已另编一批，请核对后提交审批"),
        None => Done::to(format!("{PATH}/batches"), "这一批刚才已经编好了"),
    })
}

async fn by_hand(desk: &DeskRequest, id: BatchId, form: &mut Fields) -> AppResult<Done> {
    let number = form.text("number", 40);
    form.required("number", "请写合同编号");
    let is_paid = form.choice("result", answer::read_result, "请选到账还是发放失败");
    let day = form.date("day");
    let reason = form.text("reason", REASON_MAX);
    let (is_paid, result) = (Some(form.checked(is_paid)?), form.get("result").to_owned());
    let row = answer::Row { at: 0, number, amount: None, is_paid, result, day, reason };
    let answers = Answers { rows: vec![row], ..Answers::default() };
    take(desk, id, answers).await
}

async fn take(desk: &DeskRequest, id: BatchId, answers: Answers) -> AppResult<Done> {
    let (paid, failed, open) =
        desk.act("batch answered", move |act| steps::answer(act, id, &answers)).await?;
    desk.app.note_change();
    let rest = match open {
        0 => "全部有了结果".to_owned(),
        open => format!("还有 {open} 笔没有结果"),
    };
    Ok(Done::to(at(id), format!("已登记：到账 {paid} 笔，发放失败 {failed} 笔，{rest}")))
}

/// `POST /disbursements/batches/{id}/answer`: the bank's sheet.
pub async fn answer(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    desk: DeskRequest,
    id: web::Path<BatchId>,
    payload: Multipart,
) -> AppResult<HttpResponse> {
    let id = *id;
    let mut form = upload::read(&req, &me, payload, app.config.upload_mb).await?;
    let mut fields = std::mem::take(&mut form.fields);
    let done = uploaded(&desk, id, form, &mut fields).await;
    match done {
        Ok(done) => done.answer(&app),
        Err(error) => {
            let rejected = Rejected::from(error, "files", BatchPage::CHANGED)?;
            let page = page(&desk, id, &Which::default()).await?;
            reject((&**app, &me, &req), &page, &fields, rejected)
        }
    }
}

async fn uploaded(
    desk: &DeskRequest,
    id: BatchId,
    form: upload::UploadForm,
    fields: &mut Fields,
) -> AppResult<Done> {
    if let Some(problem) = form.problem(desk.app.config.upload_mb) {
        return Err(AppError::Invalid(vec![problem]));
    }
    if form.files.is_empty() {
        fields.reject("files", "还没有选择文件，请选择银行返回的结果表");
    }
    let sum = fields.money("sum");
    if fields.get("sum").is_empty() {
        fields.reject("sum", "请填银行回单上成功的合计金额");
    }
    let sum = fields.checked(sum)?;
    let batch = desk.read(move |db, scope| store::find(db, scope, id)).await?;
    let template = template(&desk.app, &batch);
    let answers = web::block(move || {
        let file = form.files.into_iter().next().map(|file| file.bytes).unwrap_or_default();
        let tables = sheet::read(&file, &SheetLimits::default());
        let tables = tables.map_err(sheet::SheetProblem::to_chinese)?;
        answer::read(&tables, &template)
    })
    .await
    .map_err(AppError::broken)?
    .map_err(|why| AppError::field("files", why))?;
    if let Some(why) = answer::check_total(&answers, sum) {
        return Err(AppError::field("sum", why));
    }
    take(desk, id, answers).await
}

/// `POST /disbursements/batches/{id}/file`: the list for the receiver, numbers in full. Who took it
/// is written down.
pub async fn file(
    desk: DeskRequest,
    id: web::Path<BatchId>,
    form: Form,
) -> AppResult<HttpResponse> {
    let (id, app) = (*id, desk.app.clone());
    let is_csv = form.0.get("format") == "csv";
    let made = desk
        .act("batch file", move |act| {
            let batch = store::find(act.db, act.scope, id)?;
            if !matches!(batch.state, State::Approved | State::Sent) {
                let words = batch.state.in_words();
                return Err(AppError::refused(format!("这一批{words}，批准以后才能下载名单")));
            }
            let lines = moves::sealed_lines(act, &batch)?;
            let (template, accounts) =
                (template(&app, &batch), moves::accounts(&app.sealer, &lines)?);
            let mut ids: HashMap<PersonId, String> = HashMap::new();
            if file::needs_ids(&template) {
                let people: Vec<PersonId> = lines.iter().map(|line| line.person_id).collect();
                for one in person::by_ids(act.db, act.scope, &people)? {
                    ids.insert(one.id, person::open_id(&app.sealer, &one)?);
                }
            }
            moves::take_file(act, &batch, if is_csv { "CSV" } else { "Excel" })?;
            let file = file::file(&template, &batch, &lines, (&accounts, &ids));
            Ok((batch, template.receiver, file))
        })
        .await?;
    let (batch, receiver, file) = made;
    let name = format!("放款名单-{}", batch.number());
    if is_csv {
        return Ok(attachment(&format!("{name}.csv"), CSV, file.to_csv()));
    }
    let head = Head {
        sheet: "放款名单".to_owned(),
        titles: vec![format!(
            "{} {} {} 批，交{receiver}，{} 笔，合计 {} 元",
            desk.me.office.name,
            batch.kind.in_words(),
            batch.number(),
            batch.lines,
            batch.sum_fen
        )],
        foot: foot(&desk.me, desk.today()),
        columns: file.columns.clone(),
        ..Head::default()
    };
    let bytes = web::block(move || {
        let File { rows, .. } = file;
        write::list(&head, rows.into_iter())
    })
    .await
    .map_err(AppError::broken)?
    .map_err(AppError::broken)?;
    Ok(attachment(&format!("{name}.xlsx"), WORKBOOK, bytes))
}

#[derive(Serialize)]
struct PrintPage {
    batch: BatchRow,
    receiver: String,
    office: String,
    today: String,
    lines: Vec<LineView>,
    steps: Vec<(String, String, String, String)>,
}

/// `GET /disbursements/batches/{id}/print`: the list with its sum, accounts masked, and room for
/// signatures and the seal.
pub async fn print(desk: DeskRequest, id: web::Path<BatchId>) -> AppResult<HttpResponse> {
    let Read { batch, lines, steps, .. } = read(&desk, *id).await?;
    let page = PrintPage {
        receiver: template(&desk.app, &batch).receiver,
        office: desk.me.office.name.clone(),
        today: desk.today().to_string(),
        lines: lines.iter().map(LineView::from).collect(),
        steps: steps
            .into_iter()
            .map(|row| (minute(row.at), row.step, row.by_name, row.note))
            .collect(),
        batch: batch.into(),
    };
    desk.page("disbursement/print.html", page)
}
