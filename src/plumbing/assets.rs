//! Style sheet, scripts and icons, embedded in the program. Their URL carries a hash of all of
//! them, so a browser may keep them for a year and still never shows an old one.

use std::sync::OnceLock;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, web};
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

use crate::error::{AppError, AppResult};

#[derive(RustEmbed)]
#[folder = "assets"]
struct Embedded;

/// Hash over all files, 12 hex digits. Worked out once: the files do not change while we run.
fn version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| {
        let mut names: Vec<_> = Embedded::iter().collect();
        names.sort();
        let mut hash = Sha256::new();
        for name in names {
            if let Some(file) = Embedded::get(&name) {
                hash.update(name.as_bytes());
                hash.update(&file.data);
            }
        }
        let mut text = crate::base::hex::hex(&hash.finalize());
        text.truncate(12);
        text
    })
}

/// Where a page finds the file `name`: `/assets/3f2a.../zhuxue.css`.
pub fn url(name: &str) -> String {
    format!("/assets/{}/{name}", version())
}

/// `GET /assets/{version}/{name}`. An old version gets today's file, but may not be kept.
pub async fn show(path: web::Path<(String, String)>) -> AppResult<HttpResponse> {
    let (requested, name) = path.into_inner();
    let file = Embedded::get(&name).ok_or(AppError::NotFound)?;
    let kind = match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("webp") => "image/webp",
        _ => "text/plain; charset=utf-8",
    };
    let keep = if requested == version() && !cfg!(debug_assertions) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let body = match file.data {
        std::borrow::Cow::Borrowed(bytes) => web::Bytes::from_static(bytes),
        std::borrow::Cow::Owned(bytes) => web::Bytes::from(bytes),
    };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CACHE_CONTROL, keep))
        .body(body))
}
