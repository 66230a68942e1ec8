//! What the three pages share: their lines.

use super::facts::Treasury;
use super::rules::Line;
use crate::app::App;
use crate::book::statement::Product;
use crate::error::AppResult;
use crate::reports::line_cache::{self, Lines};
use crate::web::session::SignedIn;

/// The first year with such loans.
pub const FIRST_YEAR: i32 = 2007;

/// A loan's product, short, as columns have it.
pub fn product_words(product: Product) -> &'static str {
    match product {
        Product::Cdb => "国开行",
        Product::Local => "县自办",
    }
}

/// What `body` makes of all lines.
pub async fn read<T: Send + 'static>(
    app: &App,
    me: &SignedIn,
    body: impl FnOnce(&Lines<Line>) -> T + Send + 'static,
) -> AppResult<T> {
    let report = Treasury::new(me.scope.clone(), &app.basis(), app.clock.today());
    line_cache::read(app, report, body).await
}
