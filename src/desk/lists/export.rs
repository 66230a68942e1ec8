//! A selection as a spreadsheet: what the list shows, masked. Who took it is written down.

use actix_web::http::header;
use actix_web::{HttpResponse, web};

use super::filter::{Asked, Filter, Sort};
use super::overdue::with_list;
use super::query::{self, Row};
use crate::app::App;
use crate::book::dates::days_between;
use crate::book::history::{self, Note};
use crate::book::statement::Stage;
use crate::desk::loan_file::view::stage_tag;
use crate::error::{AppError, AppResult};
use crate::plumbing::session::SignedIn;
use crate::plumbing::sheet::write::{self, Head, Out};

/// A sheet holds about a million rows; more than this is a job, not a click.
const ROWS_MAX: i64 = 200_000;

/// `/loans.xlsx`
pub async fn loans(
    app: web::Data<App>,
    me: SignedIn,
    asked: web::Query<Asked>,
) -> AppResult<HttpResponse> {
    let filter = asked.understood(Sort::FileNo);
    file(&app, &me, filter, "贷款档案").await
}

/// `/overdue.xlsx`
pub async fn overdue(
    app: web::Data<App>,
    me: SignedIn,
    asked: web::Query<Asked>,
) -> AppResult<HttpResponse> {
    let filter = asked.understood(Sort::NextStep);
    let filter = with_list(filter, &asked.list, app.clock.today());
    file(&app, &me, filter, "逾期跟进").await
}

async fn file(
    app: &App,
    me: &SignedIn,
    filter: Filter,
    name: &'static str,
) -> AppResult<HttpResponse> {
    let today = app.clock.today();
    let scope = me.scope.clone();
    let rows = app.read(move |db| query::all(db, &scope, &filter, ROWS_MAX)).await?;
    let count = rows.len();
    let title = format!("{} {name}，{today}，{count} 人", me.office.county());
    let bytes = actix_web::web::block(move || {
        let head = head(name, title);
        write::list(&head, rows.iter().map(|row| cells(row, today)))
    })
    .await
    .map_err(AppError::broken)?
    .map_err(AppError::broken)?;
    let (by, id, at) = (me.by(), app.next_id(), app.clock.now_at());
    app.write("export", move |db| {
        let note = Note {
            action: "exported",
            subject: name.to_owned(),
            summary: format!("导出 {name} {count} 人，号码已遮盖"),
            ..Note::default()
        };
        history::note(db, &by, id, at, note)
    })
    .await?;
    let ascii = if name == "逾期跟进" { "overdue" } else { "loans" };
    let disposition = format!("attachment; filename=\"{ascii}-{today}.xlsx\"");
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_DISPOSITION, disposition))
        .content_type("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
        .body(bytes))
}

fn head(name: &str, title: String) -> Head {
    let columns = [
        ("档案号", 14),
        ("姓名", 10),
        ("身份证号（遮盖）", 22),
        ("乡镇（街道）", 14),
        ("村（社区）", 18),
        ("派出所", 14),
        ("毕业高中", 20),
        ("就读高校", 24),
        ("毕业年月", 12),
        ("阶段", 10),
        ("合同份数", 9),
        ("本金余额（元）", 15),
        ("逾期本金（元）", 15),
        ("逾期利息（元）", 15),
        ("罚息（元）", 12),
        ("应还未还（元）", 15),
        ("最早到期日", 12),
        ("逾期天数", 9),
        ("下次应还日", 12),
        ("下次应还（元）", 15),
    ];
    Head {
        sheet: name.to_owned(),
        titles: vec![title],
        columns: columns.into_iter().map(|(name, width)| (name.to_owned(), width)).collect(),
    }
}

fn cells(row: &Row, today: chrono::NaiveDate) -> Vec<Out> {
    let text = |text: &str| Out::Text(text.to_owned());
    let day = |day: Option<chrono::NaiveDate>| day.map_or(Out::Blank, Out::Day);
    let stage = Stage::from_text(&row.stage).map(|stage| stage_tag(stage).1).unwrap_or_default();
    vec![
        text(&row.file_no),
        text(&row.name),
        text(&row.id_mask),
        text(&row.township),
        text(&row.village),
        text(&row.police_station),
        text(&row.high_school),
        text(&row.university),
        row.graduates_on.map_or(Out::Blank, |on| Out::Text(on.format("%Y-%m").to_string())),
        text(stage),
        Out::Whole(i64::from(row.loans)),
        Out::Money(row.outstanding_fen),
        Out::Money(row.overdue_principal_fen),
        Out::Money(row.overdue_interest_fen),
        Out::Money(row.penalty_fen),
        Out::Money(row.overdue_fen()),
        day(row.oldest_unpaid_due_on),
        row.oldest_unpaid_due_on.map_or(Out::Blank, |on| Out::Whole(days_between(on, today))),
        day(row.next_due_on),
        Out::Money(row.next_due_fen),
    ]
}
