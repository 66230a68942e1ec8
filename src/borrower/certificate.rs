//! `/m/certificate`: is this certificate valid? Whoever has number and check code of one learns
//! whether it counts and the day of issue, and nothing else. One key of both is looked for, so an
//! unknown number and a wrong code cannot be told apart, by answer or by time; guessing is slowed
//! down by `guess.rs`.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::guess::{self, TooOften};
use super::sign_in::{is_our_form, keep_token, token_of};
use crate::app::App;
use crate::base::dates::in_words;
use crate::error::AppResult;
use crate::life::closing::rules::typed_key;
use crate::life::closing::store;
use crate::web::form::OpenForm;
use crate::web::shell::phone;

/// Longest number and code that are shown again, in characters.
const LONGEST: usize = 30;

#[derive(Debug, Default, Serialize)]
struct CertificatePage {
    token: String,
    number: String,
    code: String,
    /// `valid`, `void`, `unknown`; empty before anybody has asked.
    answer: &'static str,
    issued: String,
    problem: Option<String>,
}

/// What is printed as a QR code fills in the form; it is looked up only when it is sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    csrf: String,
    number: String,
    code: String,
}

impl Typed {
    fn page(&self) -> CertificatePage {
        let short = |text: &str| text.trim().chars().take(LONGEST).collect();
        CertificatePage {
            number: short(&self.number),
            code: short(&self.code),
            ..CertificatePage::default()
        }
    }
}

async fn answer(
    app: &App,
    req: &HttpRequest,
    status: StatusCode,
    mut page: CertificatePage,
) -> AppResult<HttpResponse> {
    let offices = phone::offices(app).await?;
    page.token = token_of(req)?;
    let token = page.token.clone();
    let mut answer = phone::open_page(status, app, req, &offices, "m/certificate.html", &page)?;
    keep_token(&mut answer, app, token);
    Ok(answer)
}

/// `GET /m/certificate?number=&code=`
pub async fn show(
    app: web::Data<App>,
    req: HttpRequest,
    typed: web::Query<Typed>,
) -> AppResult<HttpResponse> {
    answer(&app, &req, StatusCode::OK, typed.page()).await
}

/// `POST /m/certificate`
pub async fn submit(
    app: web::Data<App>,
    req: HttpRequest,
    form: OpenForm<Typed>,
) -> AppResult<HttpResponse> {
    let typed = form.0;
    let problem = |text: String| CertificatePage { problem: Some(text), ..typed.page() };
    if !is_our_form(&req, &typed.csrf) {
        let page = problem("页面开得太久，请再核对一次".to_owned());
        return answer(&app, &req, StatusCode::FORBIDDEN, page).await;
    }
    let page = typed.page();
    let Some(key) = typed_key(&page.number, &page.code) else {
        let page = problem("请填证明编号和 8 位校验码，两样都在证明上".to_owned());
        return answer(&app, &req, StatusCode::UNPROCESSABLE_ENTITY, page).await;
    };
    let found =
        guess::lookup(&app, &req, "check a certificate", move |db, _| store::by_key(db, &key));
    match found.await? {
        Err(TooOften { sentence, seconds }) => {
            let page = problem(sentence);
            let mut answer = answer(&app, &req, StatusCode::TOO_MANY_REQUESTS, page).await?;
            phone::retry_after(&mut answer, seconds);
            Ok(answer)
        }
        Ok(found) => {
            let day = |on| in_words(on, NaiveDate::MIN);
            let page = CertificatePage {
                answer: found.map_or("unknown", |(state, _)| state.as_text()),
                issued: found.map(|(_, on)| day(on)).unwrap_or_default(),
                ..page
            };
            answer(&app, &req, StatusCode::OK, page).await
        }
    }
}
