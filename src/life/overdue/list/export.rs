//! The overdue list as a spreadsheet.

use actix_web::{HttpResponse, web};

use super::cases;
use super::page::ensure_synced;
use super::words::{self, Around};
use crate::app::App;
use crate::base::dates::days_between;
use crate::error::AppResult;
use crate::life::overdue::store::Case;
use crate::plumbing::sheet::write::Out;
use crate::web::list::export::{ROWS_MAX, cells, file};
use crate::web::list::files::Row;
use crate::web::list::filter::ListParams;
use crate::web::session::SignedIn;

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
    asked: web::Query<ListParams>,
) -> AppResult<HttpResponse> {
    ensure_synced(&app, &me).await?;
    let today = app.clock.today();
    let wanted = cases::case_filter(&asked, me.staff_id, today);
    let scope = me.scope.clone();
    let (rows, around) = app
        .read(move |db| {
            let rows = cases::all(db, &scope, &wanted, ROWS_MAX)?;
            let around = words::load_related(db, &scope, &rows, today)?;
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
