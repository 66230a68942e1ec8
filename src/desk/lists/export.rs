//! A selection as a spreadsheet: what the list shows, masked. Who took it is written down.

use actix_web::{HttpResponse, web};
use chrono::Datelike as _;

use super::cases;
use super::filter::{Asked, Sort};
use super::overdue::in_step;
use super::overdue_words::{self as words, Around};
use super::query::{self, Row};
use crate::app::App;
use crate::book::dates::days_between;
use crate::book::statement::Stage;
use crate::desk::download;
use crate::desk::loan_file::view::stage_tag;
use crate::error::AppResult;
use crate::life::overdue::ladder::store::Case;
use crate::plumbing::session::SignedIn;
use crate::plumbing::sheet::write::{Head, Out};

/// A sheet holds about a million rows; more than this is a job, not a click.
const ROWS_MAX: i64 = 200_000;

/// `/loans.xlsx`
pub async fn loans(
    app: web::Data<App>,
    me: SignedIn,
    asked: web::Query<Asked>,
) -> AppResult<HttpResponse> {
    let filter = asked.understood(Sort::FileNo);
    let scope = me.scope.clone();
    let rows = app.read(move |db| query::all(db, &scope, &filter, ROWS_MAX)).await?;
    let today = app.clock.today();
    let rows = rows.iter().map(|row| cells(row, today)).collect();
    file(&app, &me, rows, "贷款档案", &[]).await
}

/// What the overdue sheet has besides.
const LADDER: [(&str, u16); 10] = [
    ("处置阶段", 12),
    ("停留天数", 9),
    ("状态", 10),
    ("暂停或暂放的原因", 24),
    ("最近一次联系", 24),
    ("联系日期", 12),
    ("下一步", 20),
    ("下一步日期", 12),
    ("责任人", 10),
    ("先后分", 9),
];

/// `/overdue.xlsx`
pub async fn overdue(
    app: web::Data<App>,
    me: SignedIn,
    asked: web::Query<Asked>,
) -> AppResult<HttpResponse> {
    in_step(&app, &me).await?;
    let today = app.clock.today();
    let wanted = cases::wanted(&asked, me.staff_id, today);
    let scope = me.scope.clone();
    let (rows, around) = app
        .read(move |db| {
            let rows = cases::all(db, &scope, &wanted, ROWS_MAX)?;
            let around = words::around(db, &scope, &rows, today)?;
            Ok((rows, around))
        })
        .await?;
    let rows = rows
        .iter()
        .map(|(row, case)| {
            let mut cells = cells(row, today);
            cells.extend(ladder(row, case, &around, today));
            cells
        })
        .collect();
    file(&app, &me, rows, "逾期跟进", &LADDER).await
}

fn ladder(row: &Row, case: &Case, around: &Around, today: chrono::NaiveDate) -> Vec<Out> {
    let text = |text: &str| Out::Text(text.to_owned());
    let last = words::last_of(row, around);
    vec![
        text(case.stage.in_words()),
        Out::Whole(days_between(case.stage_since, today)),
        text(case.state.in_words()),
        text(&case.parked_reason),
        last.map_or(Out::Blank, |record| Out::Text(words::last_words(record))),
        last.map_or(Out::Blank, |record| Out::Day(record.on_day)),
        text(case.next_step.in_words()),
        Out::Day(case.next_on),
        Out::Text(words::owner(case, around)),
        Out::Whole(case.weight),
    ]
}

async fn file(
    app: &App,
    me: &SignedIn,
    rows: Vec<Vec<Out>>,
    name: &'static str,
    more: &[(&str, u16)],
) -> AppResult<HttpResponse> {
    let today = app.clock.today();
    // What falls due next is shown in every row.
    let assumed = app.policy().assumed(app.policy().due_day(today).in_year(today.year()));
    let assumed = assumed.map(|words| format!("，下次应还{words}")).unwrap_or_default();
    let title = format!("{} {name}，{today}，{} 人{assumed}", me.office.county(), rows.len());
    download::list(app, me, (head(name, title, more), rows), (name, "人")).await
}

fn head(name: &str, title: String, more: &[(&str, u16)]) -> Head {
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
        ("待银行结果（元）", 15),
        ("待银行结果应还日", 14),
        ("下次应还日", 12),
        ("下次应还（元）", 15),
    ];
    Head {
        sheet: name.to_owned(),
        titles: vec![title],
        columns: columns
            .iter()
            .chain(more)
            .map(|(name, width)| ((*name).to_owned(), *width))
            .collect(),
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
        Out::Money(row.awaiting_fen),
        day(row.awaiting_on),
        day(row.next_due_on),
        Out::Money(row.next_due_fen),
    ]
}
