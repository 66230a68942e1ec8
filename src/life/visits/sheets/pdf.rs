//! One PDF of a batch, by the program `zhuxue-papers` that may stand beside ours (its README is
//! in papers/).
//! It is asked as a child with JSON on its standard input; where it is not, pages have no button
//! for it, and the page of settings says why. The browser's own printing needs none of this.

use actix_web::{HttpResponse, web};
use serde_json::{Value, json};

use super::make::{self, Rebuilt};
use super::web::note;
use crate::app::App;
use crate::base::ids::BatchId;
use crate::error::{AppError, AppResult};
use crate::life::visits::papers::{self, Common, Papers, Visit};
use crate::life::visits::typesetter;
use crate::life::visits::web::spawn_blocking;
use crate::web::download::attachment;
use crate::web::fields::Fields;
use crate::web::session::SignedIn;

/// `GET /visits/batches/{id}/papers.pdf`
pub async fn papers(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<i64>,
    form: web::Query<Fields>,
) -> AppResult<HttpResponse> {
    let all = form.has("all");
    let built = make::rebuilt(&app, &me, BatchId::new(*id), all).await?;
    let Some(program) = typesetter::program() else {
        return Err(AppError::refused(
            "本机没有安装排版程序 zhuxue-papers，不能导出 PDF。请直接用浏览器打印，\
             或者请管理员按“人员与设置”里的说明安装",
        ));
    };
    let data = data(&app, &built);
    note(&app, &me, "exported", &format!("导出{} PDF", built.row.purpose.paper()), &built).await?;
    let name = format!("{}-{}.pdf", built.row.purpose.paper(), built.title());
    let folder = app.config.data_dir.clone();
    let out = folder.join(format!("papers-{}.pdf", app.next_id()));
    let bytes = spawn_blocking(move || typesetter::set(&program, &data, &out)).await?;
    Ok(attachment(&name, "application/pdf", bytes))
}

fn data(app: &App, built: &Rebuilt) -> Value {
    let papers = papers::papers(&built.batch, &built.choices(app, true));
    let amounts = papers.common.amounts;
    let covers: Vec<Value> = built
        .batch
        .receivers
        .iter()
        .zip(&papers.stacks)
        .map(|(receiver, stack)| {
            let first = stack.visits.first();
            let lines = receiver.sheets.iter().map(|sheet| {
                let mut line = json!({
                    "number": sheet.number,
                    "name": sheet.household.name,
                    "address": sheet.household.address,
                });
                put_amount(&mut line, amounts, sheet.household.arrears.total_fen());
                line
            });
            json!({
                "township": receiver.township,
                "addressee": first.map(|visit| visit.addressee.clone()).unwrap_or_default(),
                "filled_by": first.map(|visit| visit.filled_by).unwrap_or_default(),
                "lines": lines.collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({
        "office": office(app, &papers.common),
        "covers": covers,
        "sheets": sheets(app, &papers),
        "stubs": true,
    })
}

fn put_amount(to: &mut Value, amounts: bool, fen: crate::base::money::Fen) {
    if let (true, Some(map)) = (amounts, to.as_object_mut()) {
        map.insert("amount_fen".to_owned(), json!(fen));
    }
}

fn office(app: &App, common: &Common) -> Value {
    json!({
        "office": common.office,
        "return_by": common.return_by,
        "letter": common.letter,
        "dated": common.as_of,
        "as_of_short": common.as_of_short,
        "printed": common.printed,
        "address": common.address,
        "contact": common.contact,
        "site": app.config.public_url.trim_end_matches('/'),
        "by": common.by,
        "discretion": common.discretion,
        "amounts": common.amounts,
        "yearly": common.yearly,
    })
}

fn sheets(app: &App, papers: &Papers) -> Vec<Value> {
    let visits = papers.stacks.iter().flat_map(|stack| &stack.visits);
    visits.map(|visit| sheet(app, visit)).collect()
}

fn sheet(app: &App, visit: &Visit) -> Value {
    let mut sheet = json!({
        "number": visit.number,
        "addressee": visit.addressee,
        "filled_by": visit.filled_by,
        "of_yours": visit.of_yours,
        "name": visit.name,
        "programme": visit.programme,
        "instalments": visit.instalments,
        "sex_and_age": visit.sex_and_age,
        "id_mask": visit.id_mask,
        "address": visit.address,
        "studies": visit.studies,
        "co_borrower": visit.co_borrower,
        "phones": visit.phones,
        "seals": visit.seals,
        "return_code": visit.code,
        "return_url": make::return_url(app, &visit.code),
    });
    if let Some(fen) = visit.amount {
        put_amount(&mut sheet, true, fen);
    }
    sheet
}
