//! `/m/help`: where the centre is, warnings of fraud, and what to do when in service or in
//! difficulty. Open to everybody; asks for nothing.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use diesel::prelude::*;
use serde::Serialize;

use crate::app::App;
use crate::book::office;
use crate::error::AppResult;
use crate::plumbing::schema::office_setting;
use crate::web::session;
use crate::web::session::borrower::BorrowerIn;
use crate::web::shell::phone;

/// The setting in which an office writes its hours.
const HOURS: &str = "office_hours";

#[derive(Debug, Serialize)]
struct Centre {
    name: String,
    phone: String,
    tel: String,
    address: String,
    hours: String,
}

/// What `m/help.html` shows.
#[derive(Debug, Serialize)]
struct HelpPage {
    centres: Vec<Centre>,
    signed_in: bool,
}

/// `GET /m/help`
pub async fn show(app: web::Data<App>, req: HttpRequest) -> AppResult<HttpResponse> {
    let me = session::signed_in::<BorrowerIn>(&req).await.ok();
    let own = me.as_ref().map(|me| me.office.code.clone());
    let (offices, hours) = app
        .read(|db| {
            let hours: Vec<(String, String)> = office_setting::table
                .filter(office_setting::key.eq(HOURS))
                .select((office_setting::office_code, office_setting::value))
                .load(db)?;
            Ok((office::all(db)?, hours))
        })
        .await?;
    let centres = offices
        .iter()
        .filter(|office| own.as_ref().is_none_or(|code| *code == office.code))
        .map(|office| Centre {
            name: office.name.clone(),
            phone: office.phone.clone(),
            tel: office.phone.chars().filter(char::is_ascii_digit).collect(),
            address: office.address.clone(),
            hours: hours
                .iter()
                .find(|(code, _)| *code == office.code)
                .map_or_else(|| "工作日上班时间".to_owned(), |(_, hours)| hours.clone()),
        })
        .collect();
    let page = HelpPage { centres, signed_in: me.is_some() };
    match &me {
        Some(me) => phone::page(&app, me, &req, "m/help.html", &page),
        None => phone::open_page(StatusCode::OK, &app, &req, &offices, "m/help.html", &page),
    }
}
