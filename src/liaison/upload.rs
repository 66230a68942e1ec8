//! `/l/pre-applications/upload` 上传表格登记: a high school's candidates as a sheet, read as the
//! county reads it (`imports/kinds/preapply.rs`), entered as by the form: all, or none with what is
//! wrong in each line. Lines of other schools are refused.

use std::collections::HashMap;
use std::sync::Arc;

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::preapplications::done;
use super::school::{act, answer, own_school, show_page};
use crate::app::App;
use crate::book::act::Act;
use crate::book::policy::Policy;
use crate::book::statement::Product;
use crate::error::{AppError, AppResult, FieldError};
use crate::imports::kinds::PreapplicationRow;
use crate::imports::layout::{
    Layout, Limits, Parsed, Read, RowMessage, Severity, read_rows, recognise_as,
};
use crate::life::preapplication::school::{self, TypedLine, Window, field_of};
use crate::life::preapplication::store;
use crate::plumbing::sheet::write::{self, Head};
use crate::plumbing::sheet::{self, SheetLimits};
use crate::web::body::equal;
use crate::web::download::{WORKBOOK, attachment};
use crate::web::fields::Fields;
use crate::web::session::liaison::LiaisonIn;
use crate::web::shell::phone;
use crate::web::upload::{self as files, UploadForm};

pub const PATH: &str = "/l/pre-applications/upload";
pub const BLANK: &str = "/l/pre-applications/blank.xlsx";
const TEMPLATE: &str = "l/upload.html";
/// Megabytes of a sheet of one school.
const SHEET_MB: usize = 5;
const LINES_MAX: usize = 1_000;
const UNREADABLE: &str = "这一行读不懂";
/// Columns of the county's list that a school fills in; the others are not read.
const COLUMNS: [&str; 8] = [
    "name",
    "id_number",
    "high_school",
    "class_name",
    "family_category",
    "holds_grant",
    "phone",
    "applied_on",
];

#[derive(Serialize)]
struct UploadPage {
    place: String,
    year: i32,
    window: String,
    is_open: bool,
    /// Candidates of the year that are there already.
    count: usize,
    headings: Vec<&'static str>,
    families: Vec<String>,
    key: String,
}

fn headings() -> Vec<&'static str> {
    let columns = Layout::PREAPPLY.columns().iter();
    columns.filter(|column| COLUMNS.contains(&column.key)).map(|column| column.heading).collect()
}

async fn page(app: &App, me: &LiaisonIn) -> AppResult<UploadPage> {
    let (own, scope) = (own_school(me)?, me.scope.clone());
    let (policy, today) = (app.policy(), app.clock.today());
    let window = Window::on(&policy, me.scope.own(), today);
    let year = window.year;
    let known = app.read(move |db| store::of_school(db, &scope, (&own, year))).await?;
    Ok(UploadPage {
        count: known.len(),
        place: me.account.where_at(),
        year: window.year,
        window: window.in_words(),
        is_open: window.is_open(),
        headings: headings(),
        families: school::families(&policy, today),
        key: app.next_id().to_string(),
    })
}

/// `GET /l/pre-applications/upload`
pub async fn show(app: web::Data<App>, me: LiaisonIn, req: HttpRequest) -> AppResult<HttpResponse> {
    if !me.account.own_password {
        return Ok(phone::to("/l/password"));
    }
    let page = page(&app, &me).await?;
    show_page((&app, &me, &req), TEMPLATE, page, (&Fields::default(), None))
}

/// `GET /l/pre-applications/blank.xlsx`
pub async fn blank(app: web::Data<App>, me: LiaisonIn) -> AppResult<HttpResponse> {
    let place = own_school(&me)?;
    let families = school::families(&app.policy(), app.clock.today()).join("、");
    let head = Head {
        sheet: Layout::PREAPPLY.short_title().to_owned(),
        titles: vec![
            Layout::PREAPPLY.title().to_owned(),
            format!(
                "毕业高中写{place}，也可以空着。国家助学金写是或者否。家庭类型写其中一种：{families}"
            ),
        ],
        columns: headings().into_iter().map(|heading| (heading.to_owned(), 18)).collect(),
        ..Head::default()
    };
    let written = web::block(move || write::list(&head, std::iter::empty()));
    let bytes = written.await.map_err(AppError::broken)?.map_err(AppError::broken)?;
    Ok(attachment("预申请名单-空表.xlsx", WORKBOOK, bytes))
}

/// `POST /l/pre-applications/upload`
pub async fn receive(
    app: web::Data<App>,
    me: LiaisonIn,
    req: HttpRequest,
    payload: Multipart,
) -> AppResult<HttpResponse> {
    let mut form = files::read_open(payload, SHEET_MB).await?;
    if !equal(form.fields.get("csrf"), &me.csrf) {
        return Err(AppError::Stale);
    }
    let taken = take(&app, &me, &mut form).await;
    let (to, page) = (done("uploaded"), page(&app, &me));
    answer((&app, &me, &req), (&to, TEMPLATE, "files"), (&form.fields, taken), page).await
}

async fn take(app: &App, me: &LiaisonIn, form: &mut UploadForm) -> AppResult<()> {
    let (own, key) = (own_school(me)?, form.fields.key());
    if let Some(problem) = form.problem(SHEET_MB) {
        form.fields.reject_all(vec![problem]);
    } else if form.files.is_empty() {
        form.fields.reject("files", "还没有选择表格");
    } else if form.files.len() > 1 {
        form.fields.reject("files", "一次传一份表格");
    }
    form.fields.check()?;
    let file = form.files.pop().ok_or(AppError::NotFound)?;
    let (policy, today) = (app.policy(), app.clock.today());
    let of = Of { policy, today, county: me.scope.own().to_owned(), school: own.clone() };
    let lines = web::block(move || of.lines(&file.bytes)).await.map_err(AppError::broken)??;
    let enter = move |act: &mut Act<'_>| school::enter_all(act, &key, &own, &lines);
    act(app, me, "candidates of a sheet", enter).await.map(drop)
}

/// For whom a sheet is read, and on which day.
struct Of {
    policy: Arc<Policy>,
    today: NaiveDate,
    county: String,
    school: String,
}

impl Of {
    /// The candidates of a sheet, or all that is wrong with it.
    fn lines(&self, bytes: &[u8]) -> AppResult<Vec<TypedLine>> {
        let refusal = |why: String| AppError::field("files", why);
        let tables = sheet::read(bytes, &SheetLimits::default());
        let tables = tables.map_err(|problem| refusal(problem.to_chinese()))?;
        let known = |table| Some((table, recognise_as(table, Layout::PREAPPLY).ok()?));
        let Some((table, binding)) = tables.iter().find_map(known) else {
            let first = tables.first().map(|table| recognise_as(table, Layout::PREAPPLY));
            let why = first.and_then(Result::err).map(|problem| problem.to_chinese());
            return Err(refusal(why.unwrap_or_else(|| "表里没有学生".to_owned())));
        };
        let limits = Limits::of(&self.policy, Product::Cdb);
        let (mut lines, mut wrong) = (Vec::new(), Vec::new());
        let mut seen: HashMap<String, u32> = HashMap::new();
        for (line, read) in read_rows(table, &binding, self.today, &limits) {
            let Read::Row(parsed) = read else { continue };
            if lines.len() + wrong.len() >= LINES_MAX {
                return Err(refusal(format!("一次最多 {LINES_MAX} 人，请分成几份上传")));
            }
            let mut faults = Vec::new();
            if let Some(first) = line_before(&parsed, line, &mut seen) {
                faults.push(format!("和第 {first} 行是同一个身份证号"));
            }
            match self.candidate(&parsed) {
                Ok(typed) if faults.is_empty() => lines.push((line, typed)),
                Ok(_) => {}
                Err(mut more) => faults.append(&mut more),
            }
            let who = parsed.who.as_deref().map(|who| format!("{who}：")).unwrap_or_default();
            wrong.extend(faults.into_iter().map(|fault| FieldError {
                field: field_of(line),
                message: format!("{who}{fault}"),
            }));
        }
        match (wrong.is_empty(), lines.is_empty()) {
            (false, _) => Err(AppError::Invalid(wrong)),
            (true, true) => Err(refusal("表里没有学生".to_owned())),
            (true, false) => Ok(lines),
        }
    }

    /// What a line says, by the rules of the form, or a sentence for each thing that is wrong.
    fn candidate(&self, parsed: &Parsed) -> Result<school::Typed, Vec<String>> {
        let refused = |note: &&RowMessage| note.severity == Severity::Refused;
        let mut faults: Vec<String> =
            parsed.notes.iter().filter(refused).map(RowMessage::sentence).collect();
        let row = parsed.row.as_ref().and_then(|row| row.of::<PreapplicationRow>());
        let Some(row) = row else {
            if faults.is_empty() {
                faults.push(UNREADABLE.to_owned());
            }
            return Err(faults);
        };
        if let Some(other) = row.high_school.as_ref().filter(|other| **other != self.school) {
            faults.push(format!("毕业高中写的是{other}，这里只能登记{}的学生", self.school));
        }
        let year = Window::on(&self.policy, &self.county, self.today).year;
        if self.policy.preapplication_year(&self.county, row.applied_on) != year {
            faults.push(format!("申请日期 {} 不是 {year} 年预申请的", row.applied_on));
        } else if row.applied_on > self.today {
            faults.push(format!("申请日期 {} 还没有到", row.applied_on));
        }
        if row.county_opinion.is_some() {
            faults.push("县级资助中心审核意见由中心写，请空着".to_owned());
        }
        let mut form = form_of(row);
        match school::read(&mut form, (&self.policy, self.today), None) {
            Ok(typed) if faults.is_empty() => Ok(typed.of_line(row.phone.clone(), row.applied_on)),
            Ok(_) => Err(faults),
            Err(AppError::Invalid(errors)) => {
                faults.extend(errors.into_iter().map(|error| error.message));
                Err(faults)
            }
            Err(_) => Err(vec![UNREADABLE.to_owned()]),
        }
    }
}

/// The form as somebody would have filled it in.
fn form_of(row: &PreapplicationRow) -> Fields {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let grant = match row.holds_grant {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    };
    let phone = row.phone.first().map(|phone| phone.as_str().to_owned());
    Fields::default()
        .with("name", &row.name)
        .with("id_number", row.id_number.as_str())
        .with("class_name", text(&row.class_name))
        .with("family_kind", text(&row.family_category))
        .with("holds_grant", grant)
        .with("phone", phone.unwrap_or_default())
}

/// The line before that has the same number.
fn line_before(parsed: &Parsed, line: u32, seen: &mut HashMap<String, u32>) -> Option<u32> {
    let number = parsed.row.as_ref().and_then(|row| row.id_number())?;
    let first = *seen.entry(number.as_str().to_owned()).or_insert(line);
    (first != line).then_some(first)
}
