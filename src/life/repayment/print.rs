//! `/repayments/{id}/print`: the receipt (收款凭条) of money that is recorded.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::pages::{OnePage, one_page, receipt};
use crate::base::capital;
use crate::base::dates::in_words;
use crate::base::ids::RowId;
use crate::book::audit_log::AuditEntry;
use crate::error::AppResult;
use crate::web::desk_request::DeskRequest;

#[derive(Serialize)]
struct PrintPage {
    #[serde(flatten)]
    one: OnePage,
    capitals: String,
    came_on: String,
    office: String,
    office_phone: String,
    by: String,
    printed_on: String,
}

/// `GET /repayments/{id}/print`
pub async fn show(desk: DeskRequest, id: web::Path<RowId>) -> AppResult<HttpResponse> {
    let one = one_page(&desk, *id).await?;
    receipt(&one)?;
    let entry = AuditEntry::of("printed", &one.name, format!("打印收款凭条：{}", one.words));
    let entry = entry.on_file(one.file);
    let page = PrintPage {
        capitals: capital::capital(one.amount),
        came_on: in_words(one.on, NaiveDate::MIN),
        office: desk.me.office.name.clone(),
        office_phone: desk.me.office.phone.clone(),
        by: desk.me.name.clone(),
        printed_on: in_words(desk.today(), NaiveDate::MIN),
        one,
    };
    desk.act("receipt printed", move |act| act.audit(entry.clone())).await?;
    desk.page("repayment/print.html", page)
}
