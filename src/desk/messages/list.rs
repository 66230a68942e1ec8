//! `/messages`: what goes out today (with a bar for each mass sending), what went, what did not,
//! and what nobody knows of.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::facts::{self, GroupRow, Row};
use crate::app::App;
use crate::base::scope::Scope;
use crate::book::notice::{self, Reason};
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::outbox::{self, Filter, State};
use crate::web::form::is_part;
use crate::web::list::filter::link;
use crate::web::session::SignedIn;
use crate::web::shell;

/// Rows on a page.
const SIZE: i64 = 50;

/// Without a day asked for, the lists go back so far.
const DAYS_BACK: u64 = 90;

/// The tabs: word of the address, words of the page, states.
const TABS: [(&str, &str, &[State]); 5] = [
    ("today", "今天要发", &[State::Held, State::Waiting, State::Sending]),
    ("sent", "已发出", &[State::Sent, State::Delivered]),
    ("failed", "没有发成", &[State::Failed]),
    ("unsure", "不确定", &[State::Unsure]),
    ("cancelled", "不用发了", &[State::Cancelled]),
];

/// What the address asks for.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct ListParams {
    tab: String,
    reason: String,
    day: String,
    page: String,
}

#[derive(Debug, Serialize)]
struct TabLink {
    words: &'static str,
    href: String,
    count: i64,
    on: bool,
}

#[derive(Debug, Serialize)]
struct Choice {
    value: &'static str,
    text: &'static str,
}

#[derive(Debug, Serialize)]
struct Page {
    asked: ListParams,
    tab: &'static str,
    tabs: Vec<TabLink>,
    reasons: Vec<Choice>,
    groups: Vec<GroupRow>,
    running: bool,
    here: String,
    rows: Vec<Row>,
    count: i64,
    narrowed: bool,
    before: Option<String>,
    next: Option<String>,
    held_always: bool,
    sms: bool,
    mail: bool,
}

struct Found {
    counts: Vec<i64>,
    groups: Vec<GroupRow>,
    rows: Vec<Row>,
    count: i64,
    held: bool,
}

/// `GET /messages`
pub async fn list(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    asked: web::Query<ListParams>,
) -> AppResult<HttpResponse> {
    let asked = asked.into_inner();
    let today = app.clock.today();
    let at = TABS.iter().position(|(tab, ..)| *tab == asked.tab).unwrap_or(0);
    let page_no: i64 = asked.page.parse().unwrap_or(0).clamp(0, 10_000);
    let (scope, inner, query) = (me.scope.clone(), app.clone(), asked.clone());
    let found = app.read(move |db| find(&inner, db, &scope, &query, (at, page_no), today)).await?;
    let tab = TABS.get(at).map_or("today", |tab| tab.0);
    let page_link = |tab: &str, page: i64| {
        let page = if page > 0 { page.to_string() } else { String::new() };
        let fields =
            [("tab", tab), ("reason", &asked.reason), ("day", &asked.day), ("page", &page)];
        link("/messages", &fields)
    };
    let more = found.count > (page_no + 1) * SIZE;
    let page = Page {
        tab,
        tabs: TABS
            .iter()
            .zip(&found.counts)
            .map(|((word, words, _), count)| TabLink {
                words,
                href: link("/messages", &[("tab", word)]),
                count: *count,
                on: *word == tab,
            })
            .collect(),
        reasons: Reason::ALL
            .into_iter()
            .map(|reason| Choice { value: reason.as_text(), text: reason.in_words() })
            .collect(),
        running: found.groups.iter().any(|group| group.running),
        groups: found.groups,
        here: page_link(tab, page_no),
        rows: found.rows,
        count: found.count,
        narrowed: !(asked.reason.is_empty() && asked.day.is_empty()),
        before: (page_no > 0).then(|| page_link(tab, page_no - 1)),
        next: more.then(|| page_link(tab, page_no + 1)),
        held_always: found.held,
        sms: app.config.sms.gateway != "off",
        mail: notice::people::has_mail(&app),
        asked,
    };
    if is_part(&req) && tab == "today" && req.headers().contains_key("HX-Target") {
        return shell::part(&app, &me, &req, "desk/_message_groups.html", page);
    }
    shell::page(&app, &me, &req, "desk/messages.html", page)
}

fn find(
    app: &App,
    db: &mut Db,
    scope: &Scope,
    asked: &ListParams,
    (tab, page): (usize, i64),
    today: NaiveDate,
) -> AppResult<Found> {
    let mut counts = Vec::with_capacity(TABS.len());
    for (word, _, states) in TABS {
        counts.push(outbox::count(
            db,
            scope,
            &filter(word, states, &ListParams::default(), today),
        )?);
    }
    let (word, _, states) = TABS.get(tab).copied().unwrap_or(("today", "", &[]));
    let filter = filter(word, states, asked, today);
    let messages = outbox::list(db, scope, &filter, page * SIZE, SIZE)?;
    Ok(Found {
        counts,
        groups: if word == "today" { facts::open_groups(db, scope, today)? } else { Vec::new() },
        rows: facts::rows(app, db, scope, messages)?,
        count: outbox::count(db, scope, &filter)?,
        held: notice::is_held(app, db, scope)?,
    })
}

fn filter(tab: &str, states: &[State], asked: &ListParams, today: NaiveDate) -> Filter {
    let day: Option<NaiveDate> = asked.day.trim().parse().ok();
    // What is open or unknown is shown however old it is.
    let always = matches!(tab, "today" | "unsure");
    let from = if always { None } else { today.checked_sub_days(Days::new(DAYS_BACK)) };
    Filter {
        states: states.to_vec(),
        from: day.or(from),
        to: day,
        reason: Reason::from_text(&asked.reason).map(|reason| reason.as_text().to_owned()),
        channel: None,
    }
}
