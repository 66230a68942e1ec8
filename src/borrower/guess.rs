//! Codes that anybody may check without signing in: whoever guesses is slowed down, whichever of
//! the pages they use, and who knows one is not.

use actix_web::HttpRequest;
use chrono::NaiveDateTime;

use crate::app::App;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::web::middleware::network_of;
use crate::web::session::guard::{self, Attempt, Kind, Subjects};

/// They have guessed too often.
pub struct TooOften {
    pub sentence: String,
    pub seconds: i64,
}

/// What `find` finds under a code, unless its network has guessed too often.
pub async fn lookup<T: Send + 'static>(
    app: &App,
    req: &HttpRequest,
    name: &'static str,
    find: impl Fn(&mut Db, NaiveDateTime) -> AppResult<Option<T>> + Send + 'static,
) -> AppResult<Result<Option<T>, TooOften>> {
    let subjects = Subjects::anybody(Kind::Check, &network_of(req));
    let now = app.clock.now_at();
    let found = app
        .write(name, move |db| {
            if let Attempt::Wait { until } = guard::attempt(db, &subjects, now)? {
                return Ok(Err(until));
            }
            let found = find(db, now)?;
            if found.is_some() {
                guard::succeeded(db, &subjects, now)?;
            }
            Ok(Ok(found))
        })
        .await?;
    Ok(found.map_err(|until| {
        let how_long = guard::wait_in_words(until, now);
        TooOften {
            sentence: format!("查得太多了，请 {how_long}后再查，或者直接打电话问"),
            seconds: (until - now).num_seconds(),
        }
    }))
}
