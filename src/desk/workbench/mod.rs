//! 工作台: the county on one page: where everybody is, what is overdue, which days come next,
//! what was imported. Only what exists and is true.

mod facts;
mod view;

use actix_web::{HttpRequest, HttpResponse, web};

use crate::app::App;
use crate::book::staff::Right;
use crate::error::AppResult;
use crate::web::route::{Entry, Needs, get};
use crate::web::session::SignedIn;
use crate::web::shell;
use crate::web::waiting;

pub fn routes() -> Vec<Entry> {
    vec![get("/home", Needs::Right(Right::SeeLoans), home)]
}

async fn home(app: web::Data<App>, me: SignedIn, req: HttpRequest) -> AppResult<HttpResponse> {
    let (scope, inner) = (me.scope.clone(), app.clone());
    let mut facts = app.read(move |db| facts::load(&inner, db, &scope)).await?;
    facts.waiting = waiting::of(&facts.waiting, &me);
    let page = view::Page::new(&facts, &app.policy(), app.clock.today());
    shell::page(&app, &me, &req, "home/home.html", page)
}
