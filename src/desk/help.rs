//! `/help`: the clerk's handbook, a chapter a task. Each is a template; what it calls a button in
//! 「…」 is looked for on the page itself by `tests/browser/help.rs`.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use crate::app::App;
use crate::error::{AppError, AppResult};
use crate::web::route::{Entry, Needs, get};
use crate::web::session::SignedIn;
use crate::web::shell;

/// A chapter: its address below `/help/`, its title, its template.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Chapter {
    pub key: &'static str,
    pub title: &'static str,
    #[serde(skip)]
    template: &'static str,
}

const fn chapter(key: &'static str, title: &'static str, template: &'static str) -> Chapter {
    Chapter { key, title, template }
}

pub const CHAPTERS: [Chapter; 24] = [
    chapter("find", "找人", "help/find.html"),
    chapter("phone", "更新电话", "help/phone.html"),
    chapter("imports", "导入与撤销", "help/imports.html"),
    chapter("season", "年度开办", "help/season.html"),
    chapter("hardship", "困难认定", "help/hardship.html"),
    chapter("bookings", "预约叫号", "help/bookings.html"),
    chapter("counter", "签约受理与复核", "help/counter.html"),
    chapter("receipts", "高校回执", "help/receipts.html"),
    chapter("disbursement", "贷款发放", "help/disbursement.html"),
    chapter("study", "就学信息变更", "help/study.html"),
    chapter("graduation", "毕业确认", "help/graduation.html"),
    chapter("repayment", "记账", "help/repayment.html"),
    chapter("early", "提前还款", "help/early.html"),
    chapter("relief", "还款救助", "help/relief.html"),
    chapter("overdue", "逾期跟进与六个结果", "help/overdue.html"),
    chapter("visits", "走访表", "help/visits.html"),
    chapter("closing", "结清与证明", "help/closing.html"),
    chapter("family", "家庭联系", "help/family.html"),
    chapter("messages", "消息与放行", "help/messages.html"),
    chapter("bank", "与银行核对", "help/bank.html"),
    chapter("funds", "贴息和风险补偿金", "help/funds.html"),
    chapter("handover", "交接", "help/handover.html"),
    chapter("backup", "备份与恢复", "help/backup.html"),
    chapter("words", "名词解释", "help/words.html"),
];

pub fn routes() -> Vec<Entry> {
    vec![get("/help", Needs::SignedIn, first), get("/help/{chapter}", Needs::SignedIn, show)]
}

#[derive(Debug, Serialize)]
struct HelpPage {
    key: &'static str,
    title: &'static str,
    chapters: [Chapter; 24],
}

async fn first(app: web::Data<App>, me: SignedIn, req: HttpRequest) -> AppResult<HttpResponse> {
    std::future::ready(of(&app, &me, &req, "find")).await
}

async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    key: web::Path<String>,
) -> AppResult<HttpResponse> {
    std::future::ready(of(&app, &me, &req, &key)).await
}

fn of(app: &App, me: &SignedIn, req: &HttpRequest, key: &str) -> AppResult<HttpResponse> {
    let found = CHAPTERS.iter().find(|one| one.key == key).ok_or(AppError::NotFound)?;
    let page = HelpPage { key: found.key, title: found.title, chapters: CHAPTERS };
    shell::page(app, me, req, found.template, page)
}
