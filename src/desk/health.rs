//! For whoever looks after the program: is it up, is it ready, how is it.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpResponse, web};
use diesel::prelude::*;

use crate::app::App;
use crate::book::verify::BOOKS_OK;
use crate::clock;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::meta;
use crate::plumbing::schema::{history, loan_position};

/// `GET /healthz`: the program answers.
pub async fn alive() -> HttpResponse {
    std::future::ready(()).await;
    HttpResponse::Ok().content_type("text/plain").body("ok\n")
}

/// `GET /readyz`: and the database answers, too.
pub async fn ready(app: web::Data<App>) -> AppResult<HttpResponse> {
    match app.read(|db| meta::get(db, meta::KEY_FINGERPRINT)).await {
        Ok(_) => Ok(HttpResponse::Ok().content_type("text/plain").body("ready\n")),
        Err(error) => Err(AppError::TooBusy(format!("not ready: {error}"))),
    }
}

/// `GET /metrics`
pub async fn metrics(app: web::Data<App>) -> AppResult<HttpResponse> {
    let today = app.clock.today();
    let (old, unchained, books) = app.read(move |db| gauges(db, today)).await?;
    app.metrics.positions_out_of_date.set(old);
    app.metrics.history_unchained.set(unchained);
    app.metrics.books_ok.set(books);
    let (own, now) = (app.clone(), app.clock.now_at());
    for lag in app.read(move |db| clock::lags(&own, db, now)).await? {
        app.metrics.job_lag_s.with_label_values(&[lag.job]).set(lag.seconds);
        app.metrics.job_last_success.with_label_values(&[lag.job]).set(lag.last_success);
    }
    app.metrics.write_retries.set(app.db.retries());
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"))
        .body(app.metrics.text()?))
}

fn gauges(db: &mut Db, today: chrono::NaiveDate) -> AppResult<(i64, i64, i64)> {
    let old =
        loan_position::table.filter(loan_position::changes_on.le(today)).count().get_result(db)?;
    let unchained = history::table.filter(history::chain_no.is_null()).count().get_result(db)?;
    let books = match meta::get(db, BOOKS_OK)?.as_deref() {
        Some("1") => 1,
        Some(_) => 0,
        None => -1,
    };
    Ok((old, unchained, books))
}
