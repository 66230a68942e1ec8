//! Style sheet, scripts and icons, embedded in the program. Their URL carries a hash of all of
//! them, so a browser may keep them for a year and still never shows an old one.

use std::borrow::Cow;
use std::sync::OnceLock;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, web};
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

use crate::error::{AppError, AppResult};

#[derive(RustEmbed)]
#[folder = "../../assets"]
struct Embedded;

/// The style sheet, one file for a browser: its parts in the order in which they overrule.
const STYLE: &str = "zhuxue.css";
const PARTS: [&str; 4] =
    ["style/shell.css", "style/pages.css", "style/media.css", "style/desk.css"];

fn style() -> Option<Cow<'static, [u8]>> {
    let parts: Option<Vec<_>> =
        PARTS.into_iter().map(|name| Some(Embedded::get(name)?.data)).collect();
    Some(Cow::Owned(parts?.concat()))
}

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
#[expect(clippy::unused_async, reason = "the routes of the crate above ask for a handler")]
pub async fn show(path: web::Path<(String, String)>) -> AppResult<HttpResponse> {
    let (requested, name) = path.into_inner();
    let data = match name.as_str() {
        STYLE => style(),
        _ => Embedded::get(&name).map(|file| file.data),
    };
    let data = data.ok_or(AppError::NotFound)?;
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
    let body = match data {
        Cow::Borrowed(bytes) => web::Bytes::from_static(bytes),
        Cow::Owned(bytes) => web::Bytes::from(bytes),
    };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CACHE_CONTROL, keep))
        .body(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_style_is_in_it() {
        let parts = Embedded::iter().filter(|name| name.starts_with("style/"));
        let sizes: Vec<usize> =
            parts.map(|name| Embedded::get(&name).unwrap().data.len()).collect();
        assert!(sizes.len() == PARTS.len() && Embedded::get(STYLE).is_none());
        assert_eq!(style().unwrap().len(), sizes.iter().sum::<usize>());
    }
}
