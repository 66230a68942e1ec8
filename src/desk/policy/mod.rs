//! `/policy` (政策与利率): every dated rule with its document, from when it holds and when somebody
//! last held it against the document; and here a year's waiver, a month's LPR and a year's holidays
//! are entered by one person and confirmed by another. Nothing needs a file or a restart.

mod acts;
mod forms;
mod view;

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};

pub use acts::recompute;

use crate::app::App;
use crate::book::policy_book;
use crate::book::staff::Right;
use crate::error::AppResult;
use crate::web::fields;
use crate::web::route::{Entry, Needs, get, post};
use crate::web::session::SignedIn;

pub fn routes() -> Vec<Entry> {
    let propose = Needs::Right(Right::ProposeRules);
    let confirm = Needs::Right(Right::ConfirmRules);
    vec![
        get("/policy", Needs::SignedIn, show),
        get("/policy/export", Needs::SignedIn, export),
        post("/policy/waiver", propose, acts::waiver),
        post("/policy/lpr", propose, acts::lpr),
        post("/policy/holidays", propose, acts::holidays),
        post("/policy/import", propose, acts::import),
        post("/policy/compared", confirm, acts::compared),
        post("/policy/{id}/revoke", propose, acts::revoke),
        post("/policy/{id}/decide", confirm, acts::decide),
    ]
}

/// `GET /policy`
async fn show(app: web::Data<App>, me: SignedIn, req: HttpRequest) -> AppResult<HttpResponse> {
    fields::show(&app, &me, &req, &view::page(&app, &me).await?)
}

/// `GET /policy/export`: what was entered here and holds, as one file that another installation
/// takes in.
async fn export(app: web::Data<App>, _: SignedIn) -> AppResult<HttpResponse> {
    let lines = app.read(policy_book::all).await?;
    let entries: Vec<&str> =
        policy_book::in_force(&lines).iter().map(|one| one.entry.trim()).collect();
    let text = format!("# 政策与利率：{} 导出\n\n{}\n", app.clock.today(), entries.join("\n\n"));
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/toml; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"policy.toml\""))
        .body(text))
}
