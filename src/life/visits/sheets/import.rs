//! A workbook that comes back filled in. Rows are known by their number wherever they stand: moved,
//! sorted, copied together with others, with columns added or taken away. Each becomes a proposal,
//! or a sentence says why not. Nothing but proposals is written.
//!
//! Rows of another receiver are taken only when they carry their own code: the hidden column of
//! the workbook shows that the row is from the sheet and was not typed.

use std::collections::{BTreeMap, HashMap, HashSet};

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::make;
use super::read_back::{self, Row};
use super::returns::{self, CameBy};
use super::rules::{self, Answers};
use super::store::{self, Batch, Sheet, State, Who};
use super::take::{self, Incoming};
use crate::app::App;
use crate::base::ids::{BatchId, FileId, SheetId};
use crate::base::spoken_code as codes;
use crate::error::{AppError, AppResult, FieldError};
use crate::plumbing::crypto::Field;
use crate::plumbing::sheet::{self, SheetLimits};
use crate::web::session::SignedIn;
use crate::web::{shell, upload};

/// One row of the result.
#[derive(Clone, Debug, Serialize)]
struct RefusedRow {
    place: String,
    number: String,
    why: String,
}

/// What `visits/imported.html` shows.
#[derive(Debug, Default, Serialize)]
struct ImportedPage {
    files: usize,
    taken: usize,
    blank: usize,
    /// Rows that were taken although they are of another receiver's list: whose, how many.
    others: Vec<(String, usize)>,
    refused: Vec<RefusedRow>,
    errors: Vec<FieldError>,
}

fn wrong(message: impl Into<String>) -> FieldError {
    FieldError { field: "files".to_owned(), message: message.into() }
}

/// `POST /visits/returns/import`
pub async fn take(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    payload: Multipart,
) -> AppResult<HttpResponse> {
    let form = upload::read(&req, &me, payload, app.config.upload_mb).await?;
    let mut page = ImportedPage { files: form.files.len(), ..ImportedPage::default() };
    page.errors.extend(form.problem(app.config.upload_mb));
    if form.files.is_empty() && !form.too_large {
        page.errors.push(wrong("还没有选择文件，请选择收回的 Excel 名单"));
    }
    let given = form.fields.get("batch").parse().ok().map(BatchId::new);
    let today = app.clock.today();
    for file in form.files {
        let rows = web::block(move || {
            let tables = sheet::read(&file.bytes, &SheetLimits::default());
            tables
                .map(|tables| read_back::rows(&tables, today))
                .map_err(|problem| (file.name, problem))
        })
        .await
        .map_err(|e| AppError::broken(format!("a blocking task ended: {e}")))?;
        match rows {
            Err((name, problem)) => {
                page.errors.push(wrong(format!("“{name}”没有收下：{}", problem.to_chinese())));
            }
            Ok(rows) if rows.is_empty() => {
                page.errors.push(wrong("没有找到“编号”和“走访结果”两列，请用我们发出的名单填写"));
            }
            Ok(rows) => one_file(&app, &me, given, rows, &mut page).await?,
        }
    }
    if page.errors.is_empty() {
        shell::page(&app, &me, &req, "visits/imported.html", page)
    } else {
        shell::refused(&app, &me, &req, "visits/imported.html", page)
    }
}

/// The sheets that a file's rows name.
struct Known {
    by_number: HashMap<String, Sheet>,
    people: HashMap<FileId, Who>,
    batches: HashMap<BatchId, Batch>,
    /// The batch whose workbook this is: the one named, or else that of most rows.
    own: Option<BatchId>,
}

async fn known(app: &App, me: &SignedIn, given: Option<BatchId>, rows: &[Row]) -> AppResult<Known> {
    let numbers: Vec<String> = rows.iter().map(|row| row.number.clone()).collect();
    let scope = me.scope.clone();
    app.read(move |db| {
        let sheets = store::by_numbers(db, &scope, &numbers)?;
        let mut votes: HashMap<BatchId, usize> = HashMap::new();
        for sheet in &sheets {
            *votes.entry(sheet.batch_id).or_default() += 1;
        }
        let most = votes.iter().max_by_key(|(id, n)| (**n, std::cmp::Reverse(**id)));
        let own = given.or(most.map(|(id, _)| *id));
        let mut batches = HashMap::new();
        for id in votes.keys() {
            batches.insert(*id, store::batch(db, &scope, *id)?);
        }
        let files: Vec<FileId> = sheets.iter().map(|sheet| sheet.file_id).collect();
        let people = store::people(db, &scope, &files)?;
        let by_number = sheets.into_iter().map(|sheet| (sheet.number.clone(), sheet)).collect();
        Ok(Known { by_number, people, batches, own })
    })
    .await
}

/// Somebody has sorted a column alone: what stands beside the number is another family's.
fn moved(row: &Row, who: &Who) -> Option<String> {
    if !row.file_no.is_empty() && row.file_no != who.file_no {
        return Some("编号和档案号对不上，可能串了行，请核对后再导入".to_owned());
    }
    (!row.name.is_empty() && row.name != read_back::bare(&who.name)).then(|| {
        format!(
            "编号 {} 是{}，这一行写的是“{}”，可能串了列，请核对",
            row.number, who.name, row.name
        )
    })
}

impl Known {
    /// The sheet and the answers of a row, or one sentence why it is not taken.
    fn judge<'a>(
        &'a self,
        app: &App,
        row: &Row,
        seen: &mut HashSet<SheetId>,
    ) -> Result<(&'a Sheet, Answers), String> {
        if row.number.is_empty() {
            return Err("这一行没有编号，认不出是哪一户".to_owned());
        }
        let Some(sheet) = self.by_number.get(&row.number) else {
            return Err("没有发出过这个编号，请核对编号".to_owned());
        };
        let code = codes::read(&row.code).map(|code| app.sealer.index(Field::Sheet, &code));
        let proven = code.as_ref().is_some_and(|index| *index == sheet.code_index);
        if !row.code.is_empty() && !proven {
            return Err("编号和回报码对不上，可能串了行，请核对后再导入".to_owned());
        }
        if let Some(why) = self.people.get(&sheet.file_id).and_then(|who| moved(row, who)) {
            return Err(why);
        }
        if self.own != Some(sheet.batch_id) && !proven {
            let receiver = self.batches.get(&sheet.batch_id).map(make::addressee);
            return Err(format!("这一户属于{}的名单，不在这一份里", receiver.unwrap_or_default()));
        }
        match sheet.state {
            State::Returned => return Err("这一户已经交回，正在核对".to_owned()),
            State::Accepted => return Err("这一户的结果已经采用".to_owned()),
            State::Void => return Err(format!("这张走访表已作废：{}", sheet.closed_why)),
            State::Out => {}
        }
        if !seen.insert(sheet.id) {
            return Err("同一编号在文件里出现了两次，只收了前面一行".to_owned());
        }
        let answers = row.answers.clone().and_then(|answers| {
            let made = self.batches.get(&sheet.batch_id).map(Batch::made_on);
            let days = made.map(|made| (made, app.clock.today()));
            let fault = days.and_then(|days| rules::visit_fault(answers.visited_on, days));
            fault.map_or(Ok(answers), Err)
        });
        if answers.is_err() {
            seen.remove(&sheet.id);
        }
        Ok((sheet, answers?))
    }
}

async fn one_file(
    app: &App,
    me: &SignedIn,
    given: Option<BatchId>,
    rows: Vec<Row>,
    page: &mut ImportedPage,
) -> AppResult<()> {
    let known = known(app, me, given, &rows).await?;
    let mut seen = HashSet::new();
    let mut all: Vec<Incoming> = Vec::new();
    let mut places: Vec<(SheetId, RefusedRow)> = Vec::new();
    let mut others: BTreeMap<String, usize> = BTreeMap::new();
    for row in &rows {
        if row.is_blank {
            page.blank += 1;
            continue;
        }
        let refused = |why: String| RefusedRow {
            place: format!("第 {} 行", row.line),
            number: row.number.clone(),
            why,
        };
        match known.judge(app, row, &mut seen) {
            Ok((sheet, mut answers)) => {
                if answers.filled_by.is_empty() {
                    answers.filled_by =
                        known.batches.get(&sheet.batch_id).map(make::addressee).unwrap_or_default();
                }
                if known.own != Some(sheet.batch_id) {
                    let batch = known.batches.get(&sheet.batch_id);
                    *others.entry(batch.map(make::addressee).unwrap_or_default()).or_default() += 1;
                }
                all.push(take::incoming(app, sheet, CameBy::Workbook, &answers, None)?);
                places.push((sheet.id, refused("刚才已经由别的途径交回".to_owned())));
            }
            Err(why) => page.refused.push(refused(why)),
        }
    }
    let late = keep_all(app, me, all).await?;
    page.others.extend(others);
    page.taken += places.len() - late.len();
    page.refused.extend(places.into_iter().filter(|(id, _)| late.contains(id)).map(|(_, s)| s));
    Ok(())
}

/// Keeps the proposals of a file in one write; says which sheets had come back meanwhile.
async fn keep_all(app: &App, me: &SignedIn, all: Vec<Incoming>) -> AppResult<HashSet<SheetId>> {
    me.act(app, "a workbook comes back", move |act| {
        let ids: Vec<SheetId> = all.iter().map(|one| one.row.sheet_id).collect();
        let out = store::still_out(act.db, act.scope, &ids)?;
        let keep: Vec<Incoming> =
            all.iter().filter(|one| out.contains(&one.row.sheet_id)).cloned().collect();
        let ids: Vec<SheetId> = keep.iter().map(|one| one.row.sheet_id).collect();
        store::move_to(act.db, act.scope, &ids, (State::Out, State::Returned), act.now)?;
        let rows: Vec<returns::Return> = keep.iter().map(|one| one.row.clone()).collect();
        returns::add_all(act.db, &rows)?;
        act.audit_all(take::notes(&keep))?;
        Ok(all.iter().map(|one| one.row.sheet_id).filter(|id| !out.contains(id)).collect())
    })
    .await
}
