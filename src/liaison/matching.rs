//! `/l/matching` 名单比对: a school answers for its own pupils who stand on lists of other offices, by
//! the step of the desk. It sees what it has not answered, without a number, and nothing of other
//! schools; every look is written down.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::school::{act, answer as answered, own_school, show_page};
use crate::app::App;
use crate::base::choice::Choice;
use crate::book::act::Act;
use crate::book::audit_log::AuditEntry;
use crate::book::liaison::Kind;
use crate::error::AppResult;
use crate::life::matching::rules::{school_year, whose};
use crate::life::matching::steps::{self, Who};
use crate::life::matching::{answers, list as desk, store};
use crate::web::fields::Fields;
use crate::web::session::liaison::{LiaisonForm, LiaisonIn};
use crate::web::shell::phone;

pub const HOME: &str = "/l/matching";
const TEMPLATE: &str = "l/matching.html";
/// Hits on a page; those that are answered make room for the rest.
const HITS_MAX: i64 = 100;

/// How many wait for the answer of a school; none of other liaisons.
pub fn count(act: &mut Act<'_>, me: &LiaisonIn) -> AppResult<i64> {
    if me.account.kind != Kind::School {
        return Ok(0);
    }
    let of = (me.account.place.as_str(), school_year(act.today));
    Ok(store::open_of_school(act.db, act.scope, of, 0)?.1)
}

#[derive(Serialize)]
struct OpenHit {
    /// What its box sends.
    value: String,
    name: String,
    class_name: String,
    list_name: String,
    whose: &'static str,
}

#[derive(Serialize)]
struct HitsPage {
    place: String,
    name: String,
    year: i32,
    message: &'static str,
    hits: Vec<OpenHit>,
    total: i64,
    answers: Vec<Choice>,
    key: String,
}

async fn page(app: &App, me: &LiaisonIn, message: &'static str) -> AppResult<HitsPage> {
    let (school, account) = (own_school(me)?, me.account.clone());
    let year = school_year(app.clock.today());
    let read = move |act: &mut Act<'_>| {
        let (hits, total) = store::open_of_school(act.db, act.scope, (&school, year), HITS_MAX)?;
        let what = format!("联络员{}看名单比对，{total} 条", account.name);
        act.audit(AuditEntry::of("liaison_listed", &account.where_at(), what))?;
        Ok((hits, total))
    };
    let (hits, total) =
        app.act((me.by(), me.scope.clone()), "a liaison looks at hits", read).await?;
    let open = |(hit, list_name): (store::Hit, String)| OpenHit {
        value: format!("{}.{}", hit.id, hit.version),
        name: hit.name,
        class_name: hit.class_name,
        list_name,
        whose: whose(hit.is_member),
    };
    Ok(HitsPage {
        place: me.account.where_at(),
        name: me.account.name.clone(),
        year,
        message,
        hits: hits.into_iter().map(open).collect(),
        total,
        answers: std::iter::once(Choice::new("", "请选择")).chain(desk::answers()).collect(),
        key: app.next_id().to_string(),
    })
}

/// `?done=1` after an answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DoneParams {
    done: String,
}

/// `GET /l/matching`
pub async fn list(
    app: web::Data<App>,
    me: LiaisonIn,
    req: HttpRequest,
    params: web::Query<DoneParams>,
) -> AppResult<HttpResponse> {
    if !me.account.own_password {
        return Ok(phone::to("/l/password"));
    }
    let message = match params.done.as_str() {
        "1" => "已登记，中心看得到是谁核实的。登记错了请打电话给中心。",
        _ => "",
    };
    let page = page(&app, &me, message).await?;
    show_page((&app, &me, &req), TEMPLATE, page, (&Fields::default(), None))
}

/// `POST /l/matching`: all that are ticked, or none.
pub async fn answer(
    app: web::Data<App>,
    me: LiaisonIn,
    req: HttpRequest,
    form: LiaisonForm<Fields>,
) -> AppResult<HttpResponse> {
    let (mut form, who) = (form.0, Who::School(own_school(&me)?));
    let by = format!("{}{}", me.account.place, me.account.name);
    let taken = match answers::read(&mut form, Some(by)) {
        Err(error) => Err(error),
        Ok((seen, given)) => {
            let key = form.key();
            let take = move |act: &mut Act<'_>| steps::answer(act, &key, (&who, &seen), &given);
            act(&app, &me, "matching answered by a school", take).await
        }
    };
    let to = format!("{HOME}?done=1");
    answered((&app, &me, &req), (&to, TEMPLATE, "answer"), (&form, taken), page(&app, &me, ""))
        .await
}
