//! The overdue list as a spreadsheet.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;

use super::cases;
use super::page::ensure_synced;
use super::words::{Around, last_of, last_words, load_related, owner};
use crate::base::dates::days_between;
use crate::error::AppResult;
use crate::life::overdue::store::Case;
use crate::web::desk_request::DeskRequest;
use crate::web::list::export::{Column, ROWS_MAX, Workbook};
use crate::web::list::files::Row;
use crate::web::list::filter::ListParams;
use crate::web::list::words::{COLUMNS, assumed};

/// What the overdue sheet has besides.
const LADDER: [Column<(Row, Case), (Around, NaiveDate)>; 10] = [
    ("处置阶段", 12, |(_, case), _| case.stage.in_words().into()),
    ("停留天数", 9, |(_, case), (_, today)| days_between(case.stage_since, *today).into()),
    ("状态", 10, |(_, case), _| case.state.in_words().into()),
    ("暂停或转其他业务的原因", 24, |(_, case), _| (&case.parked_reason).into()),
    ("最近一次联系", 24, |(row, _), (joined, _)| last_of(row, joined).map(last_words).into()),
    ("联系日期", 12, |(row, _), (joined, _)| {
        last_of(row, joined).map(|last| last.on_day).into()
    }),
    ("下一步", 20, |(_, case), _| case.next_step.in_words().into()),
    ("下一步日期", 12, |(_, case), _| case.next_on.into()),
    ("责任人", 10, |(_, case), (joined, _)| owner(case, joined).into()),
    ("优先级", 9, |(_, case), _| case.weight.into()),
];

/// What is read on paper: who, how much, where the case stands and what comes next.
const ON_PAPER: &[&str] = &[
    "档案号",
    "姓名",
    "乡镇（街道）",
    "村（社区）",
    "到期未还（元）",
    "逾期天数",
    "处置阶段",
    "状态",
    "最近一次联系",
    "联系日期",
    "下一步",
    "下一步日期",
    "责任人",
];

/// `/overdue.xlsx`
pub async fn overdue(desk: DeskRequest, params: web::Query<ListParams>) -> AppResult<HttpResponse> {
    let (app, me, today) = (&desk.app, &desk.me, desk.today());
    ensure_synced(app, me).await?;
    let filter = cases::case_filter(&params, me.staff_id, today);
    let (rows, joined) = desk
        .read(move |db, scope| {
            let rows = cases::all(db, scope, &filter, ROWS_MAX)?;
            let joined = load_related(db, scope, &rows, today)?;
            Ok((rows, joined))
        })
        .await?;
    let files = rows.iter().map(|(row, _)| row);
    Workbook::new(files, &COLUMNS, &today)
        .beside(&rows, &LADDER, &(joined, today))
        .on_paper(ON_PAPER)
        .answer(app, me, ("逾期跟进", "人"), &assumed(app))
        .await
}
