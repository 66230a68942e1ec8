//! `POST /visits/batches`: what was chosen on `/visits` goes out, or the page says why not.

use actix_web::{HttpRequest, HttpResponse, web};

use super::make::{self, CreatedBatches};
use crate::app::App;
use crate::error::{AppError, AppResult};
use crate::life::visits::choose;
use crate::life::visits::request::VisitRequest;
use crate::life::visits::web::{made, readable, refuse_empty, wishes};
use crate::web::fields::{Fields, Form, Rejected};
use crate::web::session::SignedIn;
use crate::web::shell;

/// Makes the batches; a refusal is said on the page on which they were chosen.
pub async fn make(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    form: Form,
) -> AppResult<HttpResponse> {
    let rejected = match try_make(&app, &me, &form.0).await {
        Ok((to, message)) => return shell::done(&app, &to, &message),
        Err(error) => Rejected::from(error, "make", "别人刚刚改过，请再做一次")?,
    };
    // Of one receiver only the page of all is shown again: the others can still be made.
    let form = form.0.without("receiver");
    // What the address itself gets wrong the page finds again.
    let own_errors = VisitRequest::read(&form, app.clock.today()).errors;
    let errors = rejected.errors.into_iter().filter(|one| !own_errors.contains(one)).collect();
    choose::render(&app, &me, &req, &form, errors).await
}

/// Where the first batch is, and what to say.
async fn try_make(app: &App, me: &SignedIn, form: &Fields) -> AppResult<(String, String)> {
    let request = readable(form, app)?;
    let chosen = made(app, me, &request).await?.batch;
    refuse_empty(&request, &chosen)?;
    let wishes = wishes(app, me, &request);
    if wishes.return_by < app.clock.today() {
        return Err(AppError::field("return_by", "请交回的日子已经过了，请改成今天以后的日子"));
    }
    let letter = request.letter.map(|n| n.to_string()).unwrap_or_default();
    let drafts = make::drafts(app, me, &chosen, &wishes, &letter)?;
    let unknown = chosen.receivers.iter().filter(|one| one.is_unknown()).count();
    if drafts.is_empty() {
        return Err(AppError::refused(format!(
            "选中的户没有填写{}，不知道交给谁，请先在档案里补上",
            request.by.in_words()
        )));
    }
    let prefix = make::prefix(request.purpose, request.by, app.clock.today());
    let (purpose, by, also) = (request.purpose, request.by, request.also);
    let created = me
        .act(app, "sheets made", move |act| {
            make::create_batches(act, (purpose, by, &prefix, also), &drafts)
        })
        .await?;
    let Some(first) = created.batches.first() else { return Err(nothing(&request, &created)) };
    let mut message =
        format!("做好 {} 个单位 {} 张{}", created.batches.len(), created.sheets, purpose.paper());
    if created.skipped > 0 {
        message.push_str(&format!("；{} 户已有走访表在外或等核对，没有再做", created.skipped));
    }
    if created.elsewhere > 0 {
        message.push_str(&format!("；{} 户的表在别处，没有再做", created.elsewhere));
    }
    if unknown > 0 {
        message.push_str(&format!("；有户没有填写{}，没有做", request.by.in_words()));
    }
    Ok((format!("/visits/batches/{first}"), message))
}

/// Why no sheet was made at all.
fn nothing(request: &VisitRequest, created: &CreatedBatches) -> AppError {
    if created.elsewhere > 0 {
        return AppError::refused(format!(
            "没有再做：{} 户的表在别处还没有收回。要同时交给{}，请勾选“也做”",
            created.elsewhere,
            request.by.in_words()
        ));
    }
    AppError::refused(
        "选中的户都已有走访表在外或等核对。要重印请到“已发走访表”里打印，要重做请先作废",
    )
}
