//! What surrounds every request: its number, the log line, the time taken, the check of where it
//! comes from, the security headers, and error pages. Log lines tell the route's pattern, never
//! the path, the query or the body: those may hold a name or a file number.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpRequest, web};
use tracing::Instrument as _;

use super::{failure, patience};
use crate::app::App;
use crate::error::{AppError, AppResult};
use crate::plumbing::config::Config;

/// What a page may load, and who may frame it.
const CSP: &str = "default-src 'self'; style-src 'self'; script-src 'self'; \
                   img-src 'self' data:; frame-ancestors 'none'; form-action 'self'; \
                   base-uri 'none'; object-src 'none'";

/// The number of a request within this run of the program, for log lines that belong together.
#[derive(Clone, Copy, Debug)]
pub struct RequestNo(pub u64);

static LAST_NO: AtomicU64 = AtomicU64::new(0);

/// The outermost layer but compression.
pub async fn every_request(
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let Some(app) = req.app_data::<web::Data<App>>().cloned() else {
        return Err(AppError::broken("no App in the server").into());
    };
    patience::limit(&mut req, Duration::from_secs(u64::from(app.config.body_timeout_s)));
    let no = LAST_NO.fetch_add(1, Ordering::Relaxed) + 1;
    req.extensions_mut().insert(RequestNo(no));
    let method = req.method().clone();
    let span = tracing::info_span!("request", no, %method);
    let work = async {
        let admitted = from_our_pages(&app.config, &req).and_then(|()| unpacked(&req));
        let mut response = match admitted {
            Ok(()) => match next.call(req).await {
                Ok(response) => response.map_into_boxed_body(),
                Err(error) => return Err(error),
            },
            Err(error) => ServiceResponse::from_err(error, req.into_parts().0),
        };
        if response.response().error().is_some() {
            response = failure::as_page(&app, response);
        }
        Ok(response)
    };
    let mut response = work.instrument(span.clone()).await?;
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_page = kind.is_none_or(|kind| kind.as_bytes().starts_with(b"text/html"));
    add_headers(response.headers_mut(), is_page, app.config.is_https());
    tell(&app, &span, &method, &response, started);
    Ok(response)
}

fn tell(
    app: &App,
    span: &tracing::Span,
    method: &Method,
    response: &ServiceResponse,
    started: Instant,
) {
    let route = response.request().match_pattern().unwrap_or_else(|| "(unknown)".to_owned());
    let status = response.status();
    let took = started.elapsed();
    app.metrics
        .request_s
        .with_label_values(&[method.as_str(), route.as_str(), status.as_str()])
        .observe(took.as_secs_f64());
    let ms = took.as_millis();
    if status.is_server_error() {
        tracing::warn!(parent: span, route, status = status.as_u16(), ms, "answered");
    } else if route.starts_with("/assets") || route == "/healthz" || route == "/metrics" {
        tracing::debug!(parent: span, route, status = status.as_u16(), ms, "answered");
    } else {
        tracing::info!(parent: span, route, status = status.as_u16(), ms, "answered");
    }
}

fn add_headers(headers: &mut HeaderMap, is_page: bool, https: bool) {
    // A file that came from outside has brought a stricter one.
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        let policy = HeaderValue::from_static(CSP);
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    let mut set = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    if https {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    if is_page || !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// A request that changes something must come from a page of ours, and every request must use
/// a name of ours: another site can neither send a form here nor point its own name at us.
fn from_our_pages(config: &Config, req: &ServiceRequest) -> AppResult<()> {
    let host = text(req, &header::HOST);
    // Whoever watches over the program asks by whatever address reaches it.
    // So does a gateway that brings receipts; it shows its token.
    let is_probe = matches!(req.path(), "/healthz" | "/readyz" | "/metrics")
        || req.path().starts_with("/gateways/");
    if let Some(host) = host
        && !is_probe
        && !is_our_host(config, host)
    {
        return Err(AppError::NotFound);
    }
    if matches!(*req.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let Some(origin) = text(req, &header::ORIGIN) else {
        // Old browsers leave it out; the form's token still decides.
        return Ok(());
    };
    let from = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    let to_us = origin_of(&config.public_url) == from || host == Some(from);
    if to_us { Ok(()) } else { Err(AppError::Stale) }
}

/// The limit of a form holds for what is sent, not for what it becomes when it is unpacked: no page
/// of ours packs, so nothing packed is taken.
fn unpacked(req: &ServiceRequest) -> AppResult<()> {
    if req.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(AppError::Packed);
    }
    Ok(())
}

fn text<'a>(req: &'a ServiceRequest, name: &HeaderName) -> Option<&'a str> {
    req.headers().get(name).and_then(|value| value.to_str().ok())
}

/// `zhuxue.county.example:8443` of `https://zhuxue.county.example:8443/`.
fn origin_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

fn is_our_host(config: &Config, host: &str) -> bool {
    let name = name_of(host);
    // A loopback name reaches this machine only; health checks and a proxy use it.
    name.eq_ignore_ascii_case(name_of(origin_of(&config.public_url)))
        || matches!(name, "localhost" | "127.0.0.1" | "[::1]")
        || config
            .listen
            .parse::<std::net::SocketAddr>()
            .is_ok_and(|listen| !listen.ip().is_unspecified() && name == listen.ip().to_string())
}

/// The address the request comes from, as far as it can be trusted: the peer; behind a proxy of the
/// configuration, the last address the proxy itself added to `X-Forwarded-For`.
pub fn address_of(req: &HttpRequest) -> String {
    let Some(peer) = req.peer_addr().map(|peer| peer.ip()) else { return "unknown".to_owned() };
    let forwarded = || {
        let text = req.headers().get("X-Forwarded-For")?.to_str().ok()?;
        text.rsplit(',').next()?.trim().parse::<std::net::IpAddr>().ok()
    };
    let app = req.app_data::<web::Data<App>>();
    let is_proxy = app.is_some_and(|app| app.config.proxies.contains(&peer.to_string()));
    let real = if is_proxy { forwarded().unwrap_or(peer) } else { peer };
    real.to_string()
}

/// The same for limits: one customer has 2^64 addresses of IPv6, which count as one.
pub fn network_of(req: &HttpRequest) -> String {
    let address = address_of(req);
    match address.parse::<std::net::IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(std::net::IpAddr::V6(ip)) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Ok(ip) => ip.to_string(),
        Err(_) => address,
    }
}

/// Goes on only for the addresses of `metrics_from`.
pub fn from_metrics_address(req: &HttpRequest) -> AppResult<()> {
    let app = req.app_data::<web::Data<App>>();
    let address = address_of(req);
    if app.is_some_and(|app| app.config.metrics_from.contains(&address)) {
        Ok(())
    } else {
        Err(AppError::NotFound)
    }
}
