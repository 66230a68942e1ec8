//! The lines of a day, computed when something has changed and only for what has.

use chrono::NaiveDate;

use super::facts::Recovery;
use super::rules::Line;
use crate::app::App;
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::reports::line_cache::{self, Lines};

/// What `body` makes of them.
pub async fn of_lines<T: Send + 'static>(
    app: &App,
    scope: &Scope,
    day: NaiveDate,
    body: impl FnOnce(&Lines<Line>) -> T + Send + 'static,
) -> AppResult<T> {
    let report = Recovery { scope: scope.clone(), basis: app.basis(), day };
    line_cache::read(app, report, body).await
}
