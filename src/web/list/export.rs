//! A selection as a spreadsheet: what the list shows, masked. Who took it is written down.

use actix_web::HttpResponse;
use chrono::Datelike as _;

use super::files::Row;
use super::words::stage_tag;
use crate::app::App;
use crate::base::dates::days_between;
use crate::book::statement::Stage;
use crate::error::AppResult;
use crate::plumbing::sheet::write::{Head, Out};
use crate::web::download;
use crate::web::session::SignedIn;

/// A sheet holds about a million rows; more than this is a job, not a click.
pub const ROWS_MAX: i64 = 200_000;

/// The answer with the workbook; `more`: columns besides those of [`cells`].
pub async fn file(
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

/// A loan file as the cells of its row.
pub fn cells(row: &Row, today: chrono::NaiveDate) -> Vec<Out> {
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
