//! The web server: the table of routes and who may use each, what surrounds every request, and
//! how errors become pages.
//!
//! * A route cannot be registered without saying who may use it ([`route::Needs`]).
//! * A form that changes something is taken with [`form::CsrfForm`] only.
//! * Every answer carries the security headers; a page is never kept by a browser.

pub mod route;
pub mod form;
pub mod upload;
pub mod failure;
pub mod around;

use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{Error, body::MessageBody, web};

use crate::app::App;
use crate::error::AppError;

/// Largest form (not upload) in bytes.
const FORM_BYTES_MAX: usize = 256 * 1024;

/// The whole site, as the server runs it and tests call it in-process.
///
/// Pages are compressed although they carry the form token: an attacker who wanted to guess it
/// from lengths would need the browser to send requests with the session cookie from another
/// site, and `SameSite=Strict` keeps the cookie at home.
pub fn site(
    app: &App,
) -> actix_web::App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    actix_web::App::new()
        .app_data(web::Data::new(app.clone()))
        .app_data(web::PayloadConfig::new(FORM_BYTES_MAX))
        .app_data(
            web::QueryConfig::default().error_handler(|_, _| {
                AppError::refused("网址里的条件看不懂，请从页面重新查询").into()
            }),
        )
        .app_data(web::PathConfig::default().error_handler(|_, _| AppError::NotFound.into()))
        .configure(|config| route::register(config, crate::desk::routes()))
        .default_service(web::to(unknown))
        .wrap(from_fn(around::every_request))
        .wrap(Compress::default())
}

async fn unknown() -> Result<actix_web::HttpResponse, AppError> {
    std::future::ready(Err(AppError::NotFound)).await
}
