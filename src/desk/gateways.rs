//! Where gateways bring their delivery receipts. No page: the vendor's machine asks, with the
//! secret of the configuration in the address.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use crate::app::App;
use crate::book::delivery;
use crate::error::{AppError, AppResult};
use crate::plumbing::outbox::{Channel, Recorded};
use crate::plumbing::sms;
use crate::web::body::equal;
use crate::web::route::{Entry, Needs, get, post};

/// The lines of this page.
pub fn routes() -> Vec<Entry> {
    vec![
        get("/gateways/sms/receipts", Needs::Nobody, receipts),
        post("/gateways/sms/receipts", Needs::Nobody, receipts),
    ]
}

type Fields = BTreeMap<String, String>;

/// Takes one receipt or many: query, form or JSON, as `[sms.receipts]` says.
async fn receipts(
    app: web::Data<App>,
    req: HttpRequest,
    body: web::Bytes,
) -> AppResult<HttpResponse> {
    let mut fields: Fields = parse(req.query_string());
    let token = fields.remove("token").unwrap_or_default();
    let config = &app.config.sms;
    if !equal(&token, &config.receipt_token) {
        return Err(AppError::NotFound);
    }
    let gateway =
        app.gateways.line(Channel::Sms).gateway().map(|gateway| gateway.name()).unwrap_or_default();
    let text = String::from_utf8_lossy(&body);
    let json = match serde_json::from_str::<Value>(text.trim()) {
        Ok(json @ (Value::Object(_) | Value::Array(_))) => json,
        _ => {
            fields.extend(parse::<Fields>(&text));
            Value::Null
        }
    };
    let answers = sms::read_receipts(&config.receipts, &json, &fields);
    if answers.is_empty() {
        tracing::info!(gateway, "a receipt that says nothing known");
    }
    let now = app.clock.now_at();
    let all: Vec<_> = answers.into_iter().map(|answer| (answer, app.next_id())).collect();
    let recorded = app
        .write("receipts", move |db| {
            let mut strange = 0;
            for (answer, note_id) in &all {
                let recorded = delivery::record(db, gateway, answer, *note_id, now)?;
                strange += usize::from(recorded == Recorded::NoSuch);
            }
            Ok(strange)
        })
        .await?;
    if recorded > 0 {
        tracing::warn!(gateway, recorded, "receipts for no message of ours");
    }
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body(config.receipts.reply.clone()))
}

fn parse<T: serde::de::DeserializeOwned + Default>(text: &str) -> T {
    web::Query::<T>::from_query(text).map(web::Query::into_inner).unwrap_or_default()
}
