//! 工作台: the county on one page: where everybody is, what is overdue, which days come next,
//! what was imported; before it a clerk's own day, what waits for a second person, or the year at a
//! glance, by who looks. Only what exists and is true.

mod counted;
mod facts;
mod glance;
mod own;
mod view;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use crate::app::App;
use crate::book::staff::{Right, Role};
use crate::error::AppResult;
use crate::web::form::is_part;
use crate::web::route::{Entry, Needs, get};
use crate::web::session::SignedIn;
use crate::web::shell;
use crate::web::waiting;

pub fn routes() -> Vec<Entry> {
    vec![get("/home", Needs::Right(Right::SeeLoans), home)]
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PageParams {
    /// `glance`: a part that comes after the page.
    part: String,
}

async fn home(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    params: web::Query<PageParams>,
) -> AppResult<HttpResponse> {
    if params.part == "glance" && is_part(&req) {
        return glance::part(&app, &me, &req).await;
    }
    let (scope, inner, today) = (me.scope.clone(), app.clone(), app.clock.today());
    let clerk = (me.role == Role::Clerk).then(|| (me.staff_id, me.name.clone()));
    let (mut facts, counted, own) = app
        .read(move |db| {
            let facts = facts::load(&inner, db, &scope)?;
            let counted = counted::load(&inner, db, &scope)?;
            let own = clerk.map(|(id, name)| own::load(db, &scope, (id, &name), today));
            Ok((facts, counted, own.transpose()?))
        })
        .await?;
    facts.waiting = waiting::of(&facts.waiting, &me);
    let page = view::Page::new(&facts, &app.policy(), today);
    let page = page.for_role(me.role, counted, own);
    shell::page(&app, &me, &req, "home/home.html", page)
}
