//! The form of an entry, and one entry.

use actix_web::{HttpResponse, web};
use chrono::Datelike;
use serde::{Deserialize, Serialize};

use super::list::PATH;
use super::rules::{self, Kind, New, State};
use super::{steps, store};
use crate::base::choice::Choice;
use crate::base::dates::{day_in, minute};
use crate::base::ids::RowId;
use crate::base::money::Fen;
use crate::book::statement::Product;
use crate::book::university::Authority;
use crate::error::AppResult;
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{Done, Fields, Form, FormPage};

/// Longest texts in characters.
const DOCUMENT_MAX: usize = 40;
const NOTE_MAX: usize = 120;

/// What is filled in already, from the report that asks for it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewParams {
    kind: String,
    year: String,
    settled_on: String,
    authority: String,
    product: String,
}

#[derive(Serialize)]
struct NewPage {
    kind: Kind,
    kind_words: &'static str,
    kinds: Vec<Choice>,
    authorities: Vec<Choice>,
    products: Vec<Choice>,
    uses: Vec<Choice>,
    key: String,
    #[serde(skip)]
    filled: NewParams,
}

impl FormPage for NewPage {
    const TEMPLATE: &'static str = "funds/new.html";
    const REFUSED_AT: &'static str = "amount";

    fn fields(&self) -> Fields {
        Fields::default()
            .with("kind", self.kind.as_text())
            .with("year", &self.filled.year)
            .with("settled_on", &self.filled.settled_on)
            .with("authority", &self.filled.authority)
            .with("product", &self.filled.product)
    }
}

/// Names of the two kinds of loans, as people choose them.
pub fn product_words(product: Product) -> &'static str {
    match product {
        Product::Cdb => "国家开发银行生源地贷款",
        Product::Local => "县自办贷款",
    }
}

fn new_page(desk: &DeskRequest, mut filled: NewParams) -> NewPage {
    let kind = Kind::from_text(&filled.kind).unwrap_or(Kind::Subsidy);
    let this_year = desk.today().year();
    let year = filled.year.trim().parse().unwrap_or(this_year);
    if filled.year.is_empty() && kind != Kind::Subsidy {
        filled.year = (this_year - 1).to_string();
    }
    let policy = desk.app.policy();
    let uses = &policy.risk_fund_sharing.on(day_in(year.clamp(2007, 2100) + 1, 8, 31)).uses;
    let first = || std::iter::once(Choice::new("", "请选择"));
    let products = Product::ALL.iter().map(|one| Choice::new(one.as_text(), product_words(*one)));
    NewPage {
        kind,
        kind_words: kind.in_words(),
        kinds: Choice::all(Kind::ALL),
        authorities: first().chain(Choice::all(Authority::ALL)).collect(),
        products: first().chain(products).collect(),
        uses: first().chain(uses.iter().map(|one| Choice::new(one, one))).collect(),
        key: desk.app.next_id().to_string(),
        filled,
    }
}

/// `GET /funds/new`
pub async fn new(desk: DeskRequest, params: web::Query<NewParams>) -> AppResult<HttpResponse> {
    std::future::ready(desk.show(&new_page(&desk, params.into_inner()))).await
}

/// `POST /funds/new`: handed to a second person.
pub async fn enter(desk: DeskRequest, form: Form) -> AppResult<HttpResponse> {
    let field = |name: &str| form.0.get(name).to_owned();
    let filled = NewParams {
        kind: field("kind"),
        year: field("year"),
        settled_on: field("settled_on"),
        authority: field("authority"),
        product: field("product"),
    };
    let page = async { Ok(new_page(&desk, filled)) };
    desk.submit(form, page, async |form| {
        let kind = form.choice("kind", Kind::from_text, "请选登记的是哪一种钱");
        form.required("on", "请填到账或支出的日期");
        form.required("amount", "请填金额");
        form.required("document", "请写文号或凭证号");
        let (on, amount) = (form.date("on"), form.money("amount"));
        let settled_on = form.date("settled_on").filter(|_| kind == Some(Kind::Subsidy));
        let year = match settled_on {
            Some(on) => on.year(),
            None => form.get("year").parse().unwrap_or_default(),
        };
        let (document, note) = (form.text("document", DOCUMENT_MAX), form.text("note", NOTE_MAX));
        let authority = Authority::from_text(form.get("authority"));
        let product = Product::from_text(form.get("product"));
        let purpose = form.get("purpose").to_owned();
        let is_subsidy = kind == Some(Kind::Subsidy);
        let ((kind, on), amount) = form.checked(kind.zip(on).zip(amount))?;
        let new = New {
            kind,
            year,
            settled_on,
            authority: authority.filter(|_| is_subsidy),
            product: product.filter(|_| is_subsidy),
            purpose: if kind == Kind::Use { purpose } else { String::new() },
            on,
            amount,
            document,
            note,
        };
        let (key, another) = (form.key(), form.has("again"));
        desk.act("fund entered", move |act| steps::enter(act, &key, (&new, another))).await?;
        Ok(Done::to(PATH, "已提交，由别人复核，同意以后才算数"))
    })
    .await
}

#[derive(Serialize)]
struct OnePage {
    id: RowId,
    kind: Kind,
    kind_words: &'static str,
    about: String,
    product: &'static str,
    on: String,
    amount: Fen,
    document: String,
    note: String,
    state: State,
    state_words: &'static str,
    reason: String,
    handled: String,
}

/// `GET /funds/{id}`
pub async fn one(desk: DeskRequest, id: web::Path<RowId>) -> AppResult<HttpResponse> {
    let id = *id;
    let row = desk.read(move |db, scope| store::find(db, scope, id)).await?;
    let decided = match row.decided_by.is_empty() {
        true => String::new(),
        false => format!("，{}复核", row.decided_by),
    };
    let whose = (row.settled_on, Authority::from_text(&row.authority));
    desk.page(
        "funds/one.html",
        OnePage {
            id,
            kind: row.kind,
            kind_words: row.kind.in_words(),
            about: rules::about(row.kind, row.year, whose, &row.purpose),
            product: Product::from_text(&row.product).map_or("", product_words),
            on: row.on_day.to_string(),
            amount: row.amount_fen,
            handled: format!("{}登记，{}{decided}", row.staff_name, minute(row.updated_at)),
            document: row.document,
            note: row.note,
            state: row.state,
            state_words: row.state.in_words(),
            reason: row.reason,
        },
    )
}
