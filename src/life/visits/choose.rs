//! The page of `/visits` on which a batch is chosen: who would get sheets of which households,
//! where a sheet is out already, and whether amounts may be printed.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::cover::numbers;
use super::request::{Field, VisitRequest};
use super::rules::Receiver;
use super::sheets::make::{SheetStatus, whereabouts};
use super::sheets::store::Out;
use super::text;
use super::web::{Made, Offers, PRINT_MAX, made, wishes};
use crate::app::App;
use crate::base::ids::BatchId;
use crate::base::money::Fen;
use crate::book::audit_log::AuditEntry;
use crate::book::office;
use crate::book::staff::Right;
use crate::error::{AppResult, FieldError};
use crate::web::fields::{Fields, Form};
use crate::web::session::SignedIn;
use crate::web::shell;

/// One receiver of the page.
#[derive(Debug, Serialize)]
struct Line {
    name: String,
    missing: String,
    households: usize,
    /// Households of whom a sheet can still be made.
    free: usize,
    /// Households whose sheet is with this receiver already, and the newest batch.
    here: usize,
    batch: String,
    /// Households whose sheet is with a receiver of another kind, in words: `毕业高中 2 户`.
    elsewhere: String,
    total: Fen,
    numbers: String,
    /// The name of its file, by which it is asked for alone.
    stem: String,
    workbook: String,
}

#[derive(Debug, Serialize)]
struct ChoosePage {
    yearly: bool,
    by: &'static str,
    by_words: &'static str,
    kinds: Vec<(&'static str, &'static str)>,
    as_of: String,
    as_of_words: String,
    /// The day that the amounts are of.
    known_words: String,
    is_future: bool,
    return_by: String,
    township: String,
    school: String,
    police: String,
    min: String,
    hidden: Vec<Field>,
    fields: Vec<Field>,
    narrowed: String,
    offers: Offers,
    lines: Vec<Line>,
    households: usize,
    total: Fen,
    /// Households whose sheet is out: with such a receiver, with one of another kind.
    here: usize,
    elsewhere: usize,
    /// The boxes as they were sent.
    also: bool,
    amounts: bool,
    /// The director goes ahead today: no paper says an amount.
    ahead: bool,
    letter: String,
    /// The director who allowed amounts on papers; empty: nobody.
    amounts_by: String,
    may_allow: bool,
    too_many: bool,
    print_max: usize,
    print: String,
    archive: String,
    all: String,
    left_out: Vec<String>,
    errors: Vec<FieldError>,
}

/// `GET /visits`
pub(super) async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    form: web::Query<Fields>,
) -> AppResult<HttpResponse> {
    render(&app, &me, &req, &form, Vec::new()).await
}

/// The page, with what is wrong beside what the address itself gets wrong: 422 when anything is.
pub(super) async fn render(
    app: &App,
    me: &SignedIn,
    req: &HttpRequest,
    form: &Fields,
    errors: Vec<FieldError>,
) -> AppResult<HttpResponse> {
    let mut request = VisitRequest::read(form, app.clock.today());
    request.errors.extend(errors);
    let made = made(app, me, &request).await?;
    let page = page(app, me, request, made);
    let status = match page.errors.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    shell::page_as(status, app, me, req, "visits/choose.html", page)
}

fn page(app: &App, me: &SignedIn, request: VisitRequest, made: Made) -> ChoosePage {
    let today = app.clock.today();
    let return_by = wishes(app, me, &request).return_by;
    let batch = &made.batch;
    let some = |text: &Option<String>| text.clone().unwrap_or_default();
    let fields = ["by", "as_of", "return_by", "township", "school", "police", "min"];
    let yearly = request.purpose.is_yearly();
    let places: Vec<Places> =
        batch.receivers.iter().map(|one| Places::of(&made.out, &request, one)).collect();
    ChoosePage {
        yearly,
        by: request.by.as_text(),
        by_words: request.by.in_words(),
        kinds: request.purpose.kinds().iter().map(|by| (by.as_text(), by.in_words())).collect(),
        as_of: request.as_of.to_string(),
        as_of_words: text::full_day(request.as_of),
        known_words: text::full_day(me.bank_data.day_of(request.as_of)),
        is_future: request.as_of > today,
        return_by: return_by.to_string(),
        township: some(&request.selection.township),
        school: some(&request.selection.school),
        police: some(&request.selection.police),
        min: request.least_text.clone(),
        hidden: request.fields().into_iter().filter(|f| !fields.contains(&f.name)).collect(),
        fields: request.fields(),
        narrowed: request.selection.in_words(),
        here: places.iter().map(|one| one.here).sum(),
        elsewhere: places.iter().map(Places::elsewhere).sum(),
        lines: batch
            .receivers
            .iter()
            .zip(places)
            .map(|(r, places)| line(&request, r, places))
            .collect(),
        households: batch.households(),
        total: batch.total_fen(),
        also: request.also,
        amounts: request.amounts,
        ahead: me.bank_data.ahead.is_some(),
        letter: request.letter.map(|n| n.to_string()).unwrap_or_default(),
        amounts_by: me.office.amounts_on_papers_by.clone(),
        may_allow: me.may(Right::AllowAmounts),
        too_many: batch.households() > PRINT_MAX,
        print_max: PRINT_MAX,
        print: request.link("/visits/print", None),
        archive: request.link("/visits/workbooks.zip", None),
        all: match yearly {
            true => format!("/visits?purpose=yearly&by={}", request.by.as_text()),
            false => format!("/visits?by={}&as_of={}", request.by.as_text(), request.as_of),
        },
        offers: made.offers,
        left_out: made.left_out,
        errors: request.errors,
    }
}

/// Where the sheets of a receiver's households are.
#[derive(Debug, Default)]
struct Places {
    here: usize,
    batch: Option<BatchId>,
    /// By what and where: `毕业高中`, `村（社区）的家庭联系表`.
    other: BTreeMap<String, usize>,
}

impl Places {
    fn of(out: &Out, request: &VisitRequest, receiver: &Receiver) -> Places {
        let mut found = Places::default();
        for sheet in &receiver.sheets {
            let file = sheet.household.file_id;
            match whereabouts(out, (request.purpose, request.by), file) {
                SheetStatus::In => {}
                SheetStatus::Here(batch) => {
                    found.here += 1;
                    found.batch = found.batch.max(Some(batch));
                }
                SheetStatus::Elsewhere => {
                    if let Some((about, by, _)) = out.get(&file).and_then(|all| all.first()) {
                        let place = match *about == request.purpose {
                            true => by.in_words().to_owned(),
                            false => format!("{}的{}", by.in_words(), about.paper()),
                        };
                        *found.other.entry(place).or_default() += 1;
                    }
                }
            }
        }
        found
    }

    fn elsewhere(&self) -> usize {
        self.other.values().sum()
    }

    /// `毕业高中 2 户，派出所 1 户`
    fn in_words(&self) -> String {
        let counts = self.other.iter().map(|(place, n)| format!("{place} {n} 户"));
        counts.collect::<Vec<_>>().join("，")
    }
}

fn line(request: &VisitRequest, receiver: &Receiver, places: Places) -> Line {
    let unknown = receiver.is_unknown();
    Line {
        name: match unknown {
            true => format!("{}{}", receiver.township, text::receiver_name(request.by, receiver)),
            false => text::addressee(request.by, receiver),
        },
        missing: if unknown { text::unknown_note(request.by) } else { String::new() },
        households: receiver.sheets.len(),
        free: receiver.sheets.len() - places.here,
        here: places.here,
        batch: places.batch.map(|id| id.to_string()).unwrap_or_default(),
        elsewhere: places.in_words(),
        total: receiver.total_fen(),
        numbers: numbers(receiver),
        stem: receiver.stem.clone(),
        workbook: request.link("/visits/workbook.xlsx", Some(&receiver.stem)),
    }
}

/// `POST /visits/amounts`: the director allows amounts on papers, or takes that back. Papers that
/// were made keep what they were made with.
pub(super) async fn set_amounts(
    app: web::Data<App>,
    me: SignedIn,
    form: Form,
) -> AppResult<HttpResponse> {
    let allowed = form.0.get("amounts") == "yes";
    let message = match allowed {
        true => "已允许走访表印出金额",
        false => "走访表不再印出金额，以前做的不变",
    };
    me.act(&app, "amounts on papers", move |act| {
        let by = if allowed { act.by.name.as_str() } else { "" };
        office::set_amounts_on_papers(act.db, &act.by.office_code, by)?;
        act.audit(AuditEntry::of("papers_amounts", "走访表", message))
    })
    .await?;
    shell::done(&app, "/visits", message)
}
