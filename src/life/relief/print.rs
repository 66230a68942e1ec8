//! `/reliefs/{id}/print`: the application form, to be signed by the family and stamped.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::pages::{OnePage, page};
use crate::base::capital::capital;
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
    office: String,
    office_phone: String,
    by: String,
    printed_on: String,
}

/// `GET /reliefs/{id}/print`
pub async fn show(desk: DeskRequest, id: web::Path<RowId>) -> AppResult<HttpResponse> {
    let one = page(&desk, *id).await?;
    let what = format!("打印还款救助申请表：{}", one.class);
    let entry = AuditEntry::of("printed", &one.name, what).on_file(one.file);
    let page = PrintPage {
        capitals: capital(one.total),
        office: desk.me.office.name.clone(),
        office_phone: desk.me.office.phone.clone(),
        by: desk.me.name.clone(),
        printed_on: in_words(desk.today(), NaiveDate::MIN),
        one,
    };
    desk.act("relief form printed", move |act| act.audit(entry.clone())).await?;
    desk.page("relief/print.html", page)
}
