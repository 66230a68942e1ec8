//! 逾期跟进: everybody with arrears, by the day of the next step. Until there is a ladder the
//! next step is to speak with the borrower, the day after the oldest unpaid due day.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::filter::{Asked, Filter, Sort};
use super::loans::SumsView;
use super::query::{self, Page};
use super::words::{Neighbours, RowWords, neighbours, row_words};
use crate::app::App;
use crate::book::dates::day_in;
use crate::book::file;
use crate::book::file::plan::{Standing, plan};
use crate::book::ids::FileId;
use crate::book::loan;
use crate::book::office::Scope;
use crate::book::position::Basis;
use crate::desk::shell;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::session::SignedIn;

const PATH: &str = "/overdue";

/// A saved list.
#[derive(Clone, Debug, Serialize)]
struct Chip {
    name: &'static str,
    count: i64,
    link: String,
    on: bool,
}

#[derive(Serialize)]
struct View {
    asked: Asked,
    narrowed: bool,
    sums: SumsView,
    all: SumsView,
    rows: Vec<RowWords>,
    next_to: Neighbours,
    chips: Vec<Chip>,
    townships: Vec<String>,
    schools: Vec<String>,
    police: Vec<String>,
    export: String,
    visits: String,
}

/// The last 12-20 before today: whoever is overdue since then is new.
fn last_due_day(today: NaiveDate) -> NaiveDate {
    use chrono::Datelike;
    let this_year = day_in(today.year(), 12, 20);
    if this_year < today { this_year } else { day_in(today.year() - 1, 12, 20) }
}

/// What a saved list adds to the filter.
pub fn with_list(mut filter: Filter, list: &str, today: NaiveDate) -> Filter {
    filter.overdue = Some(true);
    match list {
        "new" => filter.unpaid_from = Some(last_due_day(today)),
        "long" => filter.unpaid_before = Some(last_due_day(today)),
        "ended" => filter.ended = true,
        _ => {}
    }
    filter
}

/// The list.
pub async fn list(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    asked: web::Query<Asked>,
) -> AppResult<HttpResponse> {
    let asked = asked.into_inner();
    let today = app.clock.today();
    let filter = with_list(asked.understood(Sort::NextStep), &asked.list, today);
    let (scope, inner, data) = (me.scope.clone(), filter.clone(), app.clone());
    let bare = Asked::default().understood(Sort::NextStep);
    let (page, times, sums, counts, choices) = app
        .read(move |db| {
            let page = query::page(db, &scope, &inner)?;
            let times = times(db, &scope, data.basis(), &page, today)?;
            let sums = query::sums(db, &scope, &inner)?;
            let mut counts = Vec::new();
            for list in ["", "new", "long", "ended"] {
                let filter = with_list(bare.clone(), list, today);
                counts.push(query::sums(db, &scope, &filter)?);
            }
            let mut choices = query::choices(db, &scope)?;
            choices.police = query::police_of_arrears(db, &scope)?;
            Ok((page, times, sums, counts, choices))
        })
        .await?;
    let mut rows: Vec<RowWords> = page.rows.iter().map(|row| row_words(row, today)).collect();
    for (words, row) in rows.iter_mut().zip(&page.rows) {
        words.times = times.get(&row.file_id).copied().unwrap_or(1);
    }
    let all = counts.first().copied().unwrap_or_default();
    let view = View {
        narrowed: asked.is_narrowed(),
        sums: sums.into(),
        all: all.into(),
        rows,
        next_to: neighbours(&asked, PATH, &page, filter.sort),
        chips: chips(&asked, &counts),
        townships: choices.townships,
        schools: choices.schools,
        police: choices.police,
        export: asked.link("/overdue.xlsx", &[]),
        visits: asked.link("/visits", &[]),
        asked,
    };
    shell::page(&app, &me, &req, "overdue/list.html", view)
}

fn chips(asked: &Asked, counts: &[query::Sums]) -> Vec<Chip> {
    [("", "全部"), ("new", "最近一期新增"), ("long", "早于最近一期"), ("ended", "贷款期已满")]
        .into_iter()
        .zip(counts)
        .filter(|((list, _), sums)| list.is_empty() || sums.files > 0)
        .map(|((list, name), sums)| Chip {
            name,
            count: sums.files,
            link: asked.link(PATH, &[("list", list)]),
            on: asked.list == list,
        })
        .collect()
}

/// How many due days are open, for the files of one page: from their statements, because waived
/// years between two due days cannot be told from the sums.
fn times(
    db: &mut Db,
    scope: &Scope,
    basis: Basis<'_>,
    page: &Page,
    today: NaiveDate,
) -> AppResult<HashMap<FileId, usize>> {
    let files: Vec<FileId> = page.rows.iter().map(|row| row.file_id).collect();
    let loans = loan::chains(db, scope, &files)?;
    let contracts = file::contracts(db, scope, basis, loans, today)?;
    let mut found = HashMap::new();
    for file in files {
        let own: Vec<_> =
            contracts.iter().filter(|c| c.loan.file_id == file).map(|c| &c.statement).collect();
        let plan = plan(&own, today, today, |_| "");
        let open = plan.rows.iter().filter(|row| row.standing == Standing::Overdue).count();
        found.insert(file, open);
    }
    Ok(found)
}
