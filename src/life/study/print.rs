//! `/study-changes/{id}/print`: the change sheet in two copies, each side keeps one (rules-more.md
//! 3.4). Full numbers stand on paper only; who printed what is written down.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::pages::{OnePage, one_page};
use crate::base::dates::in_words;
use crate::base::ids::RowId;
use crate::book::audit_log::AuditEntry;
use crate::book::{loan, person, print_number};
use crate::error::AppResult;
use crate::web::desk_request::DeskRequest;

/// Who keeps which copy.
const COPIES: [(&str, &str); 2] = [("第一联", "中心留存"), ("第二联", "本人留存")];

#[derive(Serialize)]
struct PrintPage {
    #[serde(flatten)]
    one: OnePage,
    copies: [(&'static str, &'static str); 2],
    office: String,
    office_phone: String,
    by: String,
    print_no: String,
    printed_on: String,
    id_number: String,
    contracts: Vec<String>,
}

/// `GET /study-changes/{id}/print`
pub async fn show(desk: DeskRequest, id: web::Path<RowId>) -> AppResult<HttpResponse> {
    let id = *id;
    let one = one_page(&desk, id).await?;
    let file = one.file;
    let (who, contracts) = desk
        .read(move |db, scope| {
            let person = loan::file(db, scope, file)?.person_id;
            let contracts = loan::chain(db, scope, file)?;
            let numbers = contracts.into_iter().map(|one| one.contract_no).collect();
            Ok((person::find(db, scope, person)?, numbers))
        })
        .await?;
    let entry = AuditEntry::of("printed", &one.name, format!("打印变更表：{}", one.summary));
    let entry = entry.on_file(file);
    let page = PrintPage {
        copies: COPIES,
        office: desk.me.office.name.clone(),
        office_phone: desk.me.office.phone.clone(),
        by: desk.me.name.clone(),
        print_no: String::new(),
        printed_on: in_words(desk.today(), NaiveDate::MIN),
        id_number: person::open_id(&desk.app.sealer, &who)?,
        contracts,
        one,
    };
    let note = desk.act("change sheet printed", move |act| print_number::note(act, entry.clone()));
    let print_no = note.await?;
    desk.page("study/print.html", PrintPage { print_no, ..page })
}
