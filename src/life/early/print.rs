//! `/early-repayments/{id}/print`: the notice of the money needed, for the family: how much, where,
//! by when, and its working.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::pages::{OnePage, one_page};
use crate::base::dates::in_words;
use crate::base::ids::RowId;
use crate::book::audit_log::AuditEntry;
use crate::error::{AppError, AppResult};
use crate::web::desk_request::DeskRequest;

#[derive(Serialize)]
struct PrintPage {
    #[serde(flatten)]
    one: OnePage,
    office: String,
    office_phone: String,
    by: String,
    printed_on: String,
}

/// `GET /early-repayments/{id}/print`
pub async fn show(desk: DeskRequest, id: web::Path<RowId>) -> AppResult<HttpResponse> {
    let one = one_page(&desk, *id).await?;
    if one.figures.is_none() {
        return Err(AppError::refused("这笔申请已经有结果，不用再打印通知单"));
    }
    let what = format!("打印提前还款通知单：合同 {}，{}扣款", one.number, one.settles_on);
    let entry = AuditEntry::of("printed", &one.name, what).on_file(one.file);
    let page = PrintPage {
        office: desk.me.office.name.clone(),
        office_phone: desk.me.office.phone.clone(),
        by: desk.me.name.clone(),
        printed_on: in_words(desk.today(), NaiveDate::MIN),
        one,
    };
    desk.act("early repayment notice printed", move |act| act.audit(entry.clone())).await?;
    desk.page("early/print.html", page)
}
