//! `/certificates/{id}/print`: the certificate, or the letter as a draft. The full identity number
//! stands on paper only; who printed what is written down.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::facts::{self, Late};
use super::rules::{Cause, Kind, State};
use super::store::{self, Line};
use crate::base::capital::capital;
use crate::base::dates::in_words;
use crate::base::ids::RowId;
use crate::base::money::Fen;
use crate::base::spoken_code;
use crate::base::url;
use crate::book::audit_log::AuditEntry;
use crate::book::{loan, person};
use crate::error::{AppError, AppResult};
use crate::web::desk_request::DeskRequest;
use crate::web::qr;

/// Where anybody checks a certificate.
pub const CHECK_PATH: &str = "/m/certificate";

#[derive(Serialize)]
struct PrintPage {
    file_no: String,
    is_letter: bool,
    number: String,
    name: String,
    id_number: String,
    lines: Vec<Line>,
    total: Fen,
    capital: String,
    years: String,
    settled_on: String,
    issued_on: String,
    /// 0: the first copy.
    reissued: i32,
    cause: &'static str,
    late: Vec<Late>,
    code: String,
    check_at: String,
    qr: String,
    office: String,
    office_phone: String,
    by: String,
    printed_on: String,
}

/// `2019、2020`: the first years of its school years.
fn years(lines: &[Line]) -> String {
    let mut years: Vec<i32> = lines.iter().map(|line| line.loan_year).collect();
    years.dedup();
    let words: Vec<String> = years.iter().map(|year| format!("{year}-{}", year + 1)).collect();
    words.join("、")
}

/// `GET /certificates/{id}/print`
pub async fn show(desk: DeskRequest, id: web::Path<RowId>) -> AppResult<HttpResponse> {
    let (id, today) = (*id, desk.today());
    let (basis, policy) = (desk.app.basis(), desk.app.policy());
    let (row, lines, file, who, late) = desk
        .read(move |db, scope| {
            let row = store::find(db, scope, id)?;
            let lines = store::lines(db, scope, id)?;
            let file = loan::file(db, scope, row.file_id)?;
            let who = person::find(db, scope, file.person_id)?;
            let late = match row.kind {
                Kind::Letter => facts::late(db, scope, (&basis, &policy), file.id, today)?,
                Kind::Settled => Vec::new(),
            };
            Ok((row, lines, file, who, late))
        })
        .await?;
    if row.state == State::Void {
        return Err(AppError::refused(format!("{} 已经作废，不能打印", row.number)));
    }
    let summary = format!("打印{} {}", row.kind.in_words(), row.number);
    let entry = AuditEntry::of("printed", &who.name, summary).on_file(row.file_id);
    desk.act("certificate printed", move |act| act.audit(entry.clone())).await?;
    let base = desk.app.config.public_url.trim_end_matches('/');
    let check_at = format!("{base}{CHECK_PATH}");
    let is_letter = row.kind == Kind::Letter;
    let spoken = spoken_code::spoken(&row.check_code);
    let picture = match is_letter {
        true => String::new(),
        false => {
            let fields = [("number", row.number.as_str()), ("code", row.check_code.as_str())];
            qr::svg(&url::link(&check_at, &fields), "扫码核对这份证明")?
        }
    };
    let total: Fen = lines.iter().map(|line| line.disbursed_fen).sum();
    let last = lines.iter().map(|line| line.settled_on).max();
    let words = |on: NaiveDate| in_words(on, NaiveDate::MIN);
    let page = PrintPage {
        file_no: file.file_no,
        is_letter,
        id_number: person::open_id(&desk.app.sealer, &who)?,
        name: who.name,
        total,
        capital: capital(total),
        years: years(&lines),
        lines,
        settled_on: last.map(words).unwrap_or_default(),
        issued_on: words(row.issued_on),
        reissued: row.copies - 1,
        cause: Cause::from_text(&row.cause).map_or("", Cause::in_words),
        late,
        code: spoken,
        check_at,
        qr: picture,
        office: desk.me.office.name.clone(),
        office_phone: desk.me.office.phone.clone(),
        by: desk.me.name.clone(),
        printed_on: words(today),
        number: row.number,
    };
    desk.page("closing/print.html", page)
}
