//! Forms that change something. Each brings back the token of the session it was shown in, or
//! nothing is done.

use actix_web::dev::Payload;
use actix_web::http::header::ACCEPT;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;

use crate::error::{AppError, AppResult};
use crate::web::body::{equal, parse, read_body};
use crate::web::session::{SignedIn, signed_in};

/// The header by which htmx sends the token (the page's `<meta name="csrf">`).
pub const CSRF_HEADER: &str = "X-Csrf-Token";

/// A urlencoded form of a signed-in person, its `csrf` field (or header) checked. Take
/// `Vec<(String, String)>` as `T` for forms with repeated names.
#[derive(Debug)]
pub struct CsrfForm<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for CsrfForm<T> {
    type Error = AppError;
    type Future = LocalBoxFuture<'static, AppResult<CsrfForm<T>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = web::Bytes::from_request(req, payload);
        let req = req.clone();
        Box::pin(async move {
            let me = signed_in::<SignedIn>(&req).await?;
            let text = read_body(body.await)?;
            let fields: Vec<(String, String)> = parse(&text)?;
            let token = fields.iter().find(|(name, _)| name == "csrf").map(|(_, v)| v.as_str());
            check_csrf(&me, &req, token)?;
            Ok(CsrfForm(parse(&text)?))
        })
    }
}

/// A urlencoded form of somebody who is not signed in yet (the sign-in form). The handler checks
/// its token against the cookie of the same name.
#[derive(Debug)]
pub struct OpenForm<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for OpenForm<T> {
    type Error = AppError;
    type Future = LocalBoxFuture<'static, AppResult<OpenForm<T>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = web::Bytes::from_request(req, payload);
        Box::pin(async move { Ok(OpenForm(parse(&read_body(body.await)?)?)) })
    }
}

/// Goes on only when `token`, or else the header, is the token of this session. Uploads call it
/// with the `csrf` part, which stands first in their form, before reading the file.
pub fn check_csrf(me: &SignedIn, req: &HttpRequest, token: Option<&str>) -> AppResult<()> {
    let header = || req.headers().get(CSRF_HEADER).and_then(|value| value.to_str().ok());
    let given = token.or_else(header).unwrap_or_default();
    if equal(given, &me.csrf) { Ok(()) } else { Err(AppError::Stale) }
}

/// True when htmx asks for a part of a page.
pub fn is_part(req: &HttpRequest) -> bool {
    req.headers().contains_key("HX-Request")
}

/// True when the asker wants JSON and not a page.
pub fn wants_json(req: &HttpRequest) -> bool {
    req.headers()
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("application/json") && !accept.contains("text/html"))
}
