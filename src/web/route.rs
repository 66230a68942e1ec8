//! The table of routes. A stage or a desk page returns its lines from `routes()`; the server
//! registers exactly these, and the test of permissions walks over exactly these.

use std::panic::AssertUnwindSafe;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::LOCATION;
use actix_web::middleware::{Next, from_fn};
use actix_web::{
    Error, FromRequest, Handler, HttpRequest, HttpResponse, Responder, Route, guard, web,
};
use futures_util::FutureExt as _;

use super::session::SignedIn;
use super::session::borrower::BorrowerIn;
use super::session::liaison::LiaisonIn;
use crate::book::staff::{Right, Role};
use crate::error::{AppError, AppResult};
use crate::web::session;

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Everybody, signed in or not.
    Nobody,
    /// Whoever is signed in.
    SignedIn,
    /// Whoever is signed in with a role that has this right.
    Right(Right),
    /// A borrower or co-borrower who has signed in by a code (`/m`).
    Borrower,
    /// A liaison of a village, school or police station (`/l`).
    Liaison,
    /// The addresses of `metrics_from`.
    MetricsAddress,
}

impl Needs {
    /// May a member of staff of this role (nobody: not signed in) pass?
    pub fn admits(self, role: Option<Role>) -> bool {
        match (self, role) {
            (Needs::Nobody | Needs::MetricsAddress, _) | (Needs::SignedIn, Some(_)) => true,
            (Needs::Right(right), Some(role)) => role.may(right),
            (Needs::Borrower | Needs::Liaison, _) | (Needs::SignedIn | Needs::Right(_), None) => {
                false
            }
        }
    }
}

/// One line of the table.
pub struct Entry {
    /// GET (HEAD with it) or POST.
    pub method: Method,
    /// The pattern: `/loans/{file_no}`.
    pub path: &'static str,
    /// Who may use it.
    pub needs: Needs,
    route: Route,
}

/// A page or a part of one.
pub fn get<F, Args>(path: &'static str, needs: Needs, handler: F) -> Entry
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let route = web::route().guard(guard::Any(guard::Get()).or(guard::Head())).to(handler);
    entry(Method::GET, path, needs, route)
}

/// Something that changes something.
pub fn post<F, Args>(path: &'static str, needs: Needs, handler: F) -> Entry
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    entry(Method::POST, path, needs, web::post().to(handler))
}

fn entry(method: Method, path: &'static str, needs: Needs, route: Route) -> Entry {
    let check = move |req, next| admitted(needs, req, next);
    Entry { method, path, needs, route: route.wrap(from_fn(check)) }
}

/// Registers the lines, one resource for each path, in the order of the table.
pub fn register(config: &mut web::ServiceConfig, entries: Vec<Entry>) {
    let pages: Vec<&str> =
        entries.iter().filter(|one| one.method == Method::GET).map(|one| one.path).collect();
    let mut resources: Vec<(&'static str, actix_web::Resource)> = Vec::new();
    for entry in entries {
        let path = entry.path;
        let resource = match resources.iter().position(|(seen, _)| *seen == path) {
            Some(at) => resources.remove(at).1,
            None => {
                let page = page_above(path, &pages);
                let other = move |req| std::future::ready(wrong_method(&req, page));
                web::resource(path).default_service(web::to(other))
            }
        };
        resources.push((path, resource.route(entry.route)));
    }
    for (_, resource) in resources {
        config.service(resource);
    }
}

/// How addresses end behind which a file is made, and noted.
const FILES: [&str; 3] = [".xlsx", ".zip", ".pdf"];

/// How many parts of this address, from the left, are the nearest page above it; 0: none.
fn page_above(path: &str, pages: &[&str]) -> usize {
    let ends = path.match_indices('/').skip(1).map(|(at, _)| at);
    let above = |at: &usize| path.get(..*at).is_some_and(|start| pages.contains(&start));
    let nearest = ends.filter(above).last();
    nearest.and_then(|at| path.get(..at)).map_or(0, |start| start.matches('/').count())
}

/// Whoever loads the address of a form anew, or comes back to it, gets the page that it stands on.
fn wrong_method(req: &HttpRequest, parts: usize) -> AppResult<HttpResponse> {
    let start = match req.path().match_indices('/').nth(parts) {
        Some((at, _)) if parts > 0 && *req.method() == Method::GET => req.path().get(..at),
        _ => None,
    };
    let page = start.ok_or(AppError::NotFound)?;
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, page)).finish())
}

/// Lets the request through to the handler, or not; turns a panic of the handler into our fault.
async fn admitted(
    needs: Needs,
    mut req: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let http = req.request().clone();
    if let Err(error) = may_pass(needs, &mut req).await {
        return Ok(ServiceResponse::from_err(error, http));
    }
    // Nobody has taken a file along who only asks whether it is there.
    if *http.method() == Method::HEAD && FILES.iter().any(|end| http.path().ends_with(end)) {
        return Ok(ServiceResponse::new(http, HttpResponse::Ok().finish()));
    }
    match AssertUnwindSafe(next.call(req)).catch_unwind().await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error)) => Ok(ServiceResponse::from_err(error, http)),
        // The message of the panic is on standard error already, by the panic hook.
        Err(_) => Ok(ServiceResponse::from_err(AppError::broken("a handler panicked"), http)),
    }
}

async fn may_pass(needs: Needs, req: &mut ServiceRequest) -> AppResult<()> {
    match needs {
        Needs::Nobody => Ok(()),
        Needs::SignedIn => session::signed_in::<SignedIn>(req.request()).await.map(|_| ()),
        Needs::Right(right) => session::signed_in::<SignedIn>(req.request()).await?.needs(right),
        Needs::Borrower => session::signed_in::<BorrowerIn>(req.request()).await.map(|_| ()),
        Needs::Liaison => session::signed_in::<LiaisonIn>(req.request()).await.map(|_| ()),
        Needs::MetricsAddress => super::middleware::from_metrics_address(req.request()),
    }
}
