//! `/admin/office`: name, telephone and address of the office, as pages and papers show them.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::account;
use crate::app::App;
use crate::base::hex::{hash_of, hex};
use crate::book::office::{self, Office};
use crate::error::{AppError, AppResult};
use crate::web::fields::{self, At, Done, Fields, Form, FormPage, answer};
use crate::web::session::SignedIn;

#[derive(Debug, Serialize)]
struct OfficePage {
    #[serde(flatten)]
    office: Office,
    version: String,
}

/// Stands for what the form was filled from: an office row has no version column, and its three
/// texts say just as well whether somebody saved first.
fn version(office: &Office) -> String {
    let all = [office.name.as_str(), &office.phone, &office.address].join("\u{1f}");
    hex(&hash_of(&all))
}

impl OfficePage {
    fn new(office: Office) -> OfficePage {
        OfficePage { version: version(&office), office }
    }
}

impl FormPage for OfficePage {
    const TEMPLATE: &'static str = "desk/office.html";
    const REFUSED_AT: &'static str = "name";
    const CHANGED: &'static str = "";

    fn fields(&self) -> Fields {
        let Office { name, phone, address, .. } = &self.office;
        Fields::default().with("name", name).with("phone", phone).with("address", address)
    }
}

/// `GET /admin/office`
pub async fn show(app: web::Data<App>, me: SignedIn, req: HttpRequest) -> AppResult<HttpResponse> {
    fields::show(&app, &me, &req, &OfficePage::new(me.office.clone()))
}

/// `POST /admin/office`
pub async fn change(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    form: Form,
) -> AppResult<HttpResponse> {
    let (at, mut form) = ((&**app, &me, &req), form.0);
    let done = try_change(at, &mut form).await;
    let code = me.office.code.clone();
    let now = async { Ok(OfficePage::new(app.read(move |db| office::find(db, &code)).await?)) };
    answer(at, &form, done, now).await
}

async fn try_change((app, me, _): At<'_>, form: &mut Fields) -> AppResult<Done> {
    let new = Office {
        name: form.get("name").to_owned(),
        phone: form.get("phone").to_owned(),
        address: form.get("address").to_owned(),
        ..me.office.clone()
    };
    check(&new, form);
    form.check()?;
    let seen = form.get("version").to_owned();
    me.act(app, "office changed", move |act| {
        if version(&office::find(act.db, &new.code)?) != seen {
            return Err(AppError::Changed);
        }
        office::change(act.db, &new)?;
        let summary = format!("改为{}，电话 {}，地址 {}", new.name, new.phone, new.address);
        account::audit(act, "office_changed", &new.name, &summary)
    })
    .await?;
    Ok(Done::to("/admin", "已保存本中心资料"))
}

fn check(office: &Office, form: &mut Fields) {
    let long = |text: &str, most: usize| text.chars().count() > most;
    if office.name.is_empty() {
        form.reject("name", "中心名称还没有填");
    } else if long(&office.name, 60) {
        form.reject("name", "中心名称太长，请控制在 60 个字以内");
    }
    let plain = |c: char| c.is_ascii_digit() || "-+() 转、，,/".contains(c);
    if long(&office.phone, 40) || !office.phone.chars().all(plain) {
        form.reject("phone", "咨询电话只写数字和横线，例如 028-23350000");
    }
    if long(&office.address, 100) {
        form.reject("address", "地址太长，请控制在 100 个字以内");
    }
}
