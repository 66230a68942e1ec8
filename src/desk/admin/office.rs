//! `/admin/office`: name, telephone and address of the office, as pages and papers show them.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::{field, record};
use crate::app::App;
use crate::base::hex::{hash_of, hex};
use crate::book::office::{self, Office};
use crate::error::{AppError, AppResult, FieldError};
use crate::web::form::CsrfForm;
use crate::web::session::SignedIn;
use crate::web::shell;

#[derive(Debug, Serialize)]
struct OfficePage {
    code: String,
    letters: String,
    name: String,
    phone: String,
    address: String,
    version: String,
    changed_meanwhile: bool,
    errors: Vec<FieldError>,
}

/// Stands for what the form was filled from: an office row has no version column, and its three
/// texts say just as well whether somebody saved first.
fn version(office: &Office) -> String {
    let all = [office.name.as_str(), &office.phone, &office.address].join("\u{1f}");
    hex(&hash_of(&all))
}

impl OfficePage {
    fn new(office: &Office) -> OfficePage {
        OfficePage {
            code: office.code.clone(),
            letters: office.letters.clone(),
            name: office.name.clone(),
            phone: office.phone.clone(),
            address: office.address.clone(),
            version: version(office),
            changed_meanwhile: false,
            errors: Vec::new(),
        }
    }
}

/// `GET /admin/office`
pub async fn show(app: web::Data<App>, me: SignedIn, req: HttpRequest) -> AppResult<HttpResponse> {
    std::future::ready(()).await;
    shell::page(&app, &me, &req, "desk/office.html", OfficePage::new(&me.office))
}

/// The form.
#[derive(Deserialize)]
pub struct ChangedOffice {
    name: String,
    phone: String,
    address: String,
    version: String,
}

/// `POST /admin/office`
pub async fn change(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    form: CsrfForm<ChangedOffice>,
) -> AppResult<HttpResponse> {
    let form = form.0;
    let changed = Office {
        name: form.name.trim().to_owned(),
        phone: form.phone.trim().to_owned(),
        address: form.address.trim().to_owned(),
        ..me.office.clone()
    };
    let errors = check(&changed);
    let result = if errors.is_empty() {
        let (new, seen) = (changed.clone(), form.version);
        let summary = format!("改为{}，电话 {}，地址 {}", new.name, new.phone, new.address);
        record(&app, &me, "office_changed", &changed.name, summary, move |db| {
            if version(&office::find(db, &new.code)?) != seen {
                return Err(AppError::Changed);
            }
            office::change(db, &new)
        })
        .await
    } else {
        Err(AppError::Invalid(errors))
    };
    let code = changed.code.clone();
    let error = match result {
        Ok(()) => return shell::done(&app, "/admin", "已保存本中心资料"),
        Err(error) => error,
    };
    let now = app.read(move |db| office::find(db, &code)).await?;
    let mut page = OfficePage { version: version(&now), ..OfficePage::new(&changed) };
    let status = match error {
        AppError::Invalid(errors) => {
            page.errors = errors;
            StatusCode::UNPROCESSABLE_ENTITY
        }
        AppError::Changed => {
            page.changed_meanwhile = true;
            StatusCode::CONFLICT
        }
        other => return Err(other),
    };
    shell::page_as(status, &app, &me, &req, "desk/office.html", page)
}

fn check(office: &Office) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let long = |text: &str, most: usize| text.chars().count() > most;
    if office.name.is_empty() {
        errors.push(field("name", "中心名称还没有填"));
    } else if long(&office.name, 60) {
        errors.push(field("name", "中心名称太长，请控制在 60 个字以内"));
    }
    let plain = |c: char| c.is_ascii_digit() || "-+() 转、，,/".contains(c);
    if long(&office.phone, 40) || !office.phone.chars().all(plain) {
        errors.push(field("phone", "咨询电话只写数字和横线，例如 028-23350000"));
    }
    if long(&office.address, 100) {
        errors.push(field("address", "地址太长，请控制在 100 个字以内"));
    }
    errors
}
