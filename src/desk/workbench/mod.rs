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

pub fn routes() -> Vec<Entry> {
    vec![get("/home", Needs::Right(Right::SeeLoans), home)]
}

async fn home(app: web::Data<App>, me: SignedIn, req: HttpRequest) -> AppResult<HttpResponse> {
    let today = app.clock.today();
    let scope = me.scope.clone();
    let facts = app.read(move |db| facts::load(db, &scope, today)).await?;
    let page = view::Page::new(&facts, &app.policy(), today);
    shell::page(&app, &me, &req, "home/home.html", page)
}
