//! A file for another program: its ledger as plain-text double entry, and the working of every
//! amount with rules and documents.

use actix_web::{HttpRequest, HttpResponse, web};

use super::load::Facts;
use super::{PageParams, facts};
use crate::app::App;
use crate::book::file::Contract;
use crate::book::statement::Product;
use crate::book::{journal, working};
use crate::error::{AppError, AppResult};
use crate::web::download::{attachment, noted};
use crate::web::session::SignedIn;

fn product(one: &Contract) -> Product {
    one.loan.product().unwrap_or(Product::Cdb)
}

async fn of_file(app: &web::Data<App>, me: &SignedIn, file_no: &str) -> AppResult<Facts> {
    facts(app, me, file_no, &PageParams::default()).await
}

/// `GET /loans/{file_no}/journal`: until the last day of which all payments are known.
pub(super) async fn journal(
    app: web::Data<App>,
    me: SignedIn,
    _req: HttpRequest,
    file_no: web::Path<String>,
) -> AppResult<HttpResponse> {
    let found = of_file(&app, &me, &file_no).await?;
    let rates = app.policy().rates();
    let mut text = String::new();
    for one in &found.contracts {
        let (terms, until) = (one.loan.terms()?, one.statement.known_until);
        if text.is_empty() {
            text = journal::head(&format!("{}，档案号 {file_no}，到 {until}", me.office.name));
        }
        let made = journal::journal((&terms, product(one)), &one.events, &rates, until);
        text.push_str(&made.map_err(AppError::broken)?.to_text());
    }
    if text.is_empty() {
        return Err(AppError::refused("这份档案还没有合同，没有账可以导出"));
    }
    noted(&app, &me, "贷款档案", format!("导出 {file_no} 的复式账")).await?;
    let kind = "text/plain; charset=utf-8";
    Ok(attachment(&format!("{file_no}.journal"), kind, text.into_bytes()))
}

/// `GET /loans/{file_no}/working.json`
pub(super) async fn working(
    app: web::Data<App>,
    me: SignedIn,
    _req: HttpRequest,
    file_no: web::Path<String>,
) -> AppResult<HttpResponse> {
    let (found, policy) = (of_file(&app, &me, &file_no).await?, app.policy());
    let mut all = Vec::with_capacity(found.contracts.len());
    for one in &found.contracts {
        let terms = one.loan.terms()?;
        all.push(working::working((&terms, product(one)), &one.statement, &policy));
    }
    let bytes = serde_json::to_vec_pretty(&all).map_err(AppError::broken)?;
    noted(&app, &me, "贷款档案", format!("导出 {file_no} 的计算过程")).await?;
    Ok(attachment(&format!("{file_no}.json"), "application/json", bytes))
}
