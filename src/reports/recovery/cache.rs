//! The lines of a day, computed when something has changed and only for what has.

use std::sync::Arc;

use chrono::NaiveDate;

use super::facts::{Found, Recovery};
use crate::app::App;
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::reports::line_cache::LineCache;

pub async fn lines(app: &App, scope: &Scope, day: NaiveDate) -> AppResult<Arc<Found>> {
    of_lines(app, scope, day, |found| found).await
}

/// What `body` makes of them, in the lane of long readings: adding up a hundred thousand lines
/// would hold up every page that the same thread serves.
pub async fn of_lines<T: Send + 'static>(
    app: &App,
    scope: &Scope,
    day: NaiveDate,
    body: impl FnOnce(Arc<Found>) -> T + Send + 'static,
) -> AppResult<T> {
    let cache = app.shared.get::<LineCache<Recovery>>();
    let report = Recovery { scope: scope.clone(), basis: app.basis(), day };
    app.read_long(move |db| {
        Ok(body(cache.get(db, (&report.scope, report.basis.version), &report)?))
    })
    .await
}
