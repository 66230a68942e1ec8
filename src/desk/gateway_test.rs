//! A test message from the page 开始使用, to a number or an address that somebody types: the way of
//! every message, through the outbox and the gateway, so that what arrives shows that all works.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::TimeDelta;

use super::start;
use crate::app::App;
use crate::base::email;
use crate::base::phone_number::PhoneKind;
use crate::book::act::Once;
use crate::book::audit_log::AuditEntry;
use crate::book::notice::{Composer, Reason};
use crate::book::staff::Right;
use crate::error::{AppError, AppResult};
use crate::plumbing::outbox::{self, Channel};
use crate::web::fields::{At, Done, Fields, Form, answer};
use crate::web::route::{Entry, Needs, post};
use crate::web::session::SignedIn;

/// Each is paid for: so many of an office in an hour.
const AN_HOUR: i64 = 5;

pub fn routes() -> Vec<Entry> {
    vec![post("/start/test", Needs::Right(Right::ManageOffice), send)]
}

/// `POST /start/test`
async fn send(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    form: Form,
) -> AppResult<HttpResponse> {
    let (at, mut form) = ((&**app, &me, &req), form.0);
    let done = try_send(at, &mut form).await;
    answer(at, &form, done, start::page(&app, &me)).await
}

async fn try_send((app, me, _): At<'_>, form: &mut Fields) -> AppResult<Done> {
    let is_mail = email::is_address(form.get("to"));
    let channel = if is_mail { Channel::Email } else { Channel::Sms };
    let to = if is_mail { Some(form.get("to").to_owned()) } else { mobile(form) };
    let to = form.checked(to)?;
    if app.gateways.line(channel).gateway().is_none() {
        let name = channel.in_words();
        let why = format!("{name}网关还没有设置，请先填写配置文件里的网关，再启动程序");
        return Err(AppError::field("to", why));
    }
    let message = Composer::with(app, &me.office, false).test(channel, &to, &me.name)?;
    let (key, mask) = (form.key(), message.to_mask.clone());
    me.act(app, "gateway test", move |act| {
        if act.once(&key)? == Once::Again {
            return Ok(());
        }
        let since = act.now - TimeDelta::hours(1);
        let reason = Reason::GatewayTest.as_text();
        if outbox::count_since(act.db, act.scope, reason, since)? >= AN_HOUR {
            let why = format!("一小时里最多发 {AN_HOUR} 条测试消息，请过一会儿再发");
            return Err(AppError::field("to", why));
        }
        outbox::add(act.db, std::slice::from_ref(&message))?;
        let summary = format!("向 {mask} 发一条测试消息");
        act.audit(AuditEntry::of("gateway_tested", channel.in_words(), summary))
    })
    .await?;
    app.bell.notify();
    Ok(Done::to("/start", "测试消息已写好，正在发出；收到以后请刷新本页看这一步"))
}

/// A number that can get a text message.
fn mobile(form: &mut Fields) -> Option<String> {
    form.required("to", "请填写手机号或邮箱");
    let number = form.phone("to")?;
    if number.kind() != PhoneKind::Mobile {
        form.reject("to", "不是手机号，收不了短信；请填手机号或邮箱");
        return None;
    }
    Some(number.as_str().to_owned())
}
