//! The whole site: every route of the program and who may use it, and what surrounds a request.

use std::sync::Arc;

use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{Error, body::MessageBody, web};

use crate::app::App;
use crate::base::dates::Clock;
use crate::book::policy::Policy;
use crate::error::AppError;
use crate::life::STAGES;
use crate::plumbing::config::Config;
use crate::plumbing::crypto::Sealer;
use crate::plumbing::db::Database;
use crate::web::route::Entry;
use crate::web::waiting::{Source, Sources};
use crate::{borrower, clock, desk, imports, jobs, liaison, reports};

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
        .configure(|config| crate::web::route::register(config, routes()))
        .default_service(web::to(unknown))
        .wrap(from_fn(crate::web::shell::counts::after_each_form))
        .wrap(from_fn(crate::web::middleware::every_request))
        .wrap(Compress::default())
}

async fn unknown() -> Result<actix_web::HttpResponse, AppError> {
    std::future::ready(Err(AppError::NotFound)).await
}

/// Every route of the program and who may use it. The server registers exactly these lines.
pub fn routes() -> Vec<Entry> {
    let mut routes = desk::routes();
    routes.extend(imports::routes());
    routes.extend(STAGES.iter().flat_map(|stage| (stage.routes)()));
    routes.extend(reports::routes());
    routes.extend(borrower::routes());
    routes.extend(liaison::routes());
    routes
}

/// An [`App`] with everything that upper layers put in: the jobs, and what stages do when something
/// happens with a family. The only way in which a program makes one.
///
/// # Errors
/// As [`App::new`]; or a job whose times cannot be read.
pub fn app(
    db: Database,
    clock: Clock,
    policy: impl Into<Arc<Policy>>,
    sealer: impl Into<Arc<Sealer>>,
    config: Config,
) -> Result<App, String> {
    let mut app = App::new(db, clock, policy, sealer, config)?;
    app.parts.reactions = STAGES.iter().flat_map(|stage| stage.reactions).copied().collect();
    // What is late comes before what is yet to come.
    let stages = || STAGES.iter().rev();
    let own: [Source; 1] = [desk::waiting::waiting];
    app.shared.set(Sources {
        workbench: stages().map(|stage| stage.waiting).chain(own).collect(),
        bell: stages().map(|stage| stage.bell).chain(own).collect(),
    });
    clock::set(&app, jobs::ALL)?;
    Ok(app)
}
