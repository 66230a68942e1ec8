//! 解除暂停: lets somebody in whom wrong tries, mostly a stranger's, keep out in a browser that does
//! not know them yet. By another person, written down; the password or code is still needed.

use actix_web::{HttpResponse, web};
use chrono::NaiveDateTime;

use super::admin::account::{self, Account};
use crate::app::App;
use crate::base::dates::local;
use crate::base::ids::{LiaisonId, PersonId, StaffId};
use crate::book::audit_log::AuditEntry;
use crate::book::liaison::Liaison;
use crate::book::person;
use crate::book::staff::Staff;
use crate::book::{loan, person::Person};
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::web::fields::Form;
use crate::web::session::SignedIn;
use crate::web::session::guard::{self, Kind, Whom};
use crate::web::shell;

const DONE: &str = "已解除，十五分钟内请本人登录";

/// `14:05`: until when some browsers have to wait for this account; empty when none has.
pub fn shut_until(db: &mut Db, whom: &Whom, now: NaiveDateTime) -> AppResult<String> {
    Ok(words(guard::shut_until(db, Kind::Password, whom, now)?))
}

/// The same for the codes of borrowers: of those who have to wait.
pub fn no_code_until(
    db: &mut Db,
    people: &[&Person],
    now: NaiveDateTime,
) -> AppResult<Vec<(PersonId, String)>> {
    let whom: Vec<Whom> = people.iter().map(|one| Whom::borrower(&one.id_index)).collect();
    let until = guard::shut_until_each(db, Kind::Code, &whom, now)?;
    let waiting = people.iter().zip(until).filter(|(_, until)| until.is_some());
    Ok(waiting.map(|(one, until)| (one.id, words(until))).collect())
}

fn words(until: Option<NaiveDateTime>) -> String {
    until.map(|until| local(until).format("%H:%M").to_string()).unwrap_or_default()
}

async fn account<A: Account>(app: &App, me: &SignedIn, id: A::Id) -> AppResult<HttpResponse> {
    let to = me
        .act(app, "release a login", move |act| {
            let one = A::find(act.db, act.scope, id)?;
            let name = one.names().1;
            guard::release(act.db, Kind::Password, &one.whom(), act.now)?;
            let summary = format!("解除{}{name}的登录暂停", A::NOUN);
            account::audit(act, "sign_in_released", name, &summary)?;
            Ok(one.url())
        })
        .await?;
    shell::done(app, &to, DONE)
}

/// `POST /admin/staff/{id}/release`. Never one's own: whoever is signed in is not kept out.
pub async fn staff(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<StaffId>,
    _checked: Form,
) -> AppResult<HttpResponse> {
    if *id == me.staff_id {
        return Err(AppError::refused("自己的登录暂停要请另一位管理员来解除"));
    }
    account::<Staff>(&app, &me, *id).await
}

/// `POST /admin/liaisons/{id}/release`
pub async fn liaison(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<LiaisonId>,
    _checked: Form,
) -> AppResult<HttpResponse> {
    account::<Liaison>(&app, &me, *id).await
}

/// `POST /loans/{file_no}/release`: `person`, the student or a co-borrower of a contract.
pub async fn borrower(
    app: web::Data<App>,
    me: SignedIn,
    file_no: web::Path<String>,
    form: Form,
) -> AppResult<HttpResponse> {
    let id = PersonId::new(form.0.get("person").parse().map_err(|_| AppError::NotFound)?);
    let to = me
        .act(&app, "release codes", move |act| {
            let file = loan::file_by_no(act.db, act.scope, &file_no)?;
            let loans = loan::chain(act.db, act.scope, file.id)?;
            let is_theirs = id == file.person_id
                || file.co_person_id == Some(id)
                || loans.iter().any(|loan| loan.co_person_id == Some(id));
            if !is_theirs {
                return Err(AppError::NotFound);
            }
            let one = person::find(act.db, act.scope, id)?;
            guard::release(act.db, Kind::Code, &Whom::borrower(&one.id_index), act.now)?;
            let summary = format!("解除{}的短信验证码暂停", one.name);
            let note = AuditEntry::of("sign_in_released", &one.name, summary).on_file(file.id);
            act.audit(note)?;
            Ok(format!("/loans/{}", file.file_no))
        })
        .await?;
    shell::done(&app, &to, DONE)
}
