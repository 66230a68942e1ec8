//! Browsers in which somebody has signed in before. A stranger's wrong passwords do not keep such a
//! browser out (`guard.rs`); it opens nothing by itself, so it is no session and is not revoked.
//!
//! The cookie holds a token for each of the last people of this browser: random digits and an HMAC
//! of
//! them with the person, made with the key of the key file. Nobody can make one, and it does not
//! say
//! whose it is.

use actix_web::cookie::time::Duration;
use actix_web::{HttpRequest, HttpResponse};

use super::cookie;
use super::guard::{Origin, Whom};
use crate::app::App;
use crate::base::hex::{hex, random_hex};
use crate::error::AppResult;
use crate::plumbing::crypto::{Field, Sealer};
use crate::web::body::equal;
use crate::web::middleware::network_of;

const COOKIE: &str = "zhuxue_d";
/// Browsers keep no cookie longer; each sign-in begins anew.
const DAYS: i64 = 400;
/// People of one browser: the clerks of a desk, a family with one phone.
const PEOPLE_MAX: usize = 8;
/// Hex digits of the random part, and of the HMAC.
const DIGITS: (usize, usize) = (16, 32);

fn token(sealer: &Sealer, whom: &Whom, device: &str) -> String {
    let tag = hex(&sealer.index(Field::Device, &format!("{device} {}", whom.text())));
    format!("{device}{}", tag.get(..DIGITS.1).unwrap_or_default())
}

/// The browser's cookie as it came.
pub fn cookie_of(req: &HttpRequest) -> String {
    req.cookie(COOKIE).map(|cookie| cookie.value().to_owned()).unwrap_or_default()
}

fn known<'a>(sealer: &Sealer, cookie: &'a str, whom: &Whom) -> Option<&'a str> {
    cookie
        .split('.')
        .take(PEOPLE_MAX)
        .filter(|one| one.len() == DIGITS.0 + DIGITS.1)
        .filter_map(|one| Some((one, one.get(..DIGITS.0)?)))
        .find(|(one, device)| equal(one, &token(sealer, whom, device)))
        .map(|(_, device)| device)
}

/// Where a try at the door of this person comes from: their own browser by its cookie, or an
/// address.
pub fn origin(sealer: &Sealer, cookie: &str, address: &str, whom: &Whom) -> Origin {
    match known(sealer, cookie, whom) {
        Some(device) => Origin::Device(device.to_owned()),
        None => Origin::Address(address.to_owned()),
    }
}

/// As [`origin`], for a request.
pub fn origin_of(app: &App, req: &HttpRequest, whom: &Whom) -> Origin {
    origin(&app.sealer, &cookie_of(req), &network_of(req), whom)
}

/// The person has signed in: the browser is known from now on.
pub fn remember(
    app: &App,
    req: &HttpRequest,
    answer: &mut HttpResponse,
    whom: &Whom,
) -> AppResult<()> {
    let before = cookie_of(req);
    let device = match known(&app.sealer, &before, whom) {
        Some(device) => device.to_owned(),
        None => random_hex(DIGITS.0 / 2)?,
    };
    let own = token(&app.sealer, whom, &device);
    let others = before.split('.').filter(|one| *one != own && one.len() == own.len());
    let all: Vec<&str> = std::iter::once(own.as_str()).chain(others).take(PEOPLE_MAX).collect();
    let mut made = cookie(COOKIE, all.join("."), &app.config);
    made.set_max_age(Duration::days(DAYS));
    if let Err(error) = answer.add_cookie(&made) {
        tracing::error!(%error, "a cookie cannot be written");
    }
    Ok(())
}
