//! `/new-stage` 新阶段: who waits for somebody. Shows only.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::store;
use crate::app::App;
use crate::book::staff::Right;
use crate::error::AppResult;
use crate::web::route::{Entry, Needs, get};
use crate::web::session::SignedIn;
use crate::web::shell;

/// Rows on a page; `src/web/list/` has lists with tabs, columns and further pages.
const MOST: i64 = 50;

pub fn routes() -> Vec<Entry> {
    vec![get("/new-stage", Needs::Right(Right::SeeLoans), list)]
}

#[derive(Serialize)]
struct Page {
    count: i64,
    rows: Vec<(String, NaiveDate)>,
}

async fn list(app: web::Data<App>, me: SignedIn, req: HttpRequest) -> AppResult<HttpResponse> {
    let scope = me.scope.clone();
    let page = app
        .read(move |db| {
            let count = store::count_open(db, &scope)?;
            Ok(Page { count, rows: store::open(db, &scope, MOST)? })
        })
        .await?;
    shell::page(&app, &me, &req, "new_stage/list.html", page)
}
