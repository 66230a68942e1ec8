//! `/messages`: what goes out today (with a bar for each mass sending), what went, what did not,
//! and what nobody knows of.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Days, NaiveDate};
use diesel::SelectableHelper as _;
use serde::Serialize;

use super::facts::{self, GroupRow, Row};
use crate::app::App;
use crate::base::scope::Scope;
use crate::book::notice::{self, Reason};
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::outbox::Message;
use crate::web::form::is_part;
use crate::web::list::declare::{Columns, List, Tables};
use crate::web::list::kit::{Condition, Keyset, Term};
use crate::web::list::params::{Chip, Neighbours, Params as _};
use crate::web::session::SignedIn;
use crate::web::shell;

const PATH: &str = "/messages";

/// Rows on a page.
const SIZE: i64 = 50;

/// Without a day asked for, the lists go back so far.
const DAYS_BACK: u64 = 90;

/// The tabs: word of the address, words of the page.
pub const TABS: [(&str, &str); 5] = [
    ("today", "今天要发"),
    ("sent", "已发出"),
    ("failed", "发送失败"),
    ("unsure", "状态不明"),
    ("cancelled", "已取消"),
];

crate::list_params! { ListParams { tab, reason, day } }

/// Messages for a day or since one, the newest first.
pub struct Messages {
    tab: &'static str,
    reason: Option<Reason>,
    day: Option<NaiveDate>,
    since: NaiveDate,
}

impl Messages {
    pub fn of(params: &ListParams, today: NaiveDate) -> Messages {
        Messages {
            tab: TABS.iter().find(|(tab, _)| *tab == params.tab).map_or("today", |(tab, _)| tab),
            reason: Reason::from_text(&params.reason),
            day: params.day.trim().parse().ok(),
            since: today.checked_sub_days(Days::new(DAYS_BACK)).unwrap_or(today),
        }
    }

    /// What is open or unknown is in its list however old it is.
    fn tab(&self, tab: &str) -> Condition {
        let recent = |states: &str| {
            let text = format!("message.state IN ({states}) AND message.planned_on >= ?");
            Condition::new(&text).bind(self.day.unwrap_or(self.since))
        };
        match tab {
            "sent" => recent("'sent', 'delivered'"),
            "failed" => recent("'failed'"),
            "cancelled" => recent("'cancelled'"),
            "unsure" => Condition::new("message.state = 'unsure'"),
            _ => Condition::new("message.state IN ('held', 'waiting', 'sending')"),
        }
    }
}

impl List for Messages {
    type Row = Message;

    fn tables(&self) -> Tables {
        Tables("message", "message.office_code")
    }

    fn columns() -> impl Columns<Message> {
        Message::as_select()
    }

    fn condition(&self) -> Condition {
        let mut all = self.tab(self.tab);
        if let Some(day) = self.day {
            all = all.and(Condition::new("message.planned_on = ?").bind(day));
        }
        if let Some(reason) = self.reason {
            all = all.and(Condition::new("message.reason = ?").bind(reason.as_text()));
        }
        all
    }

    fn order(&self) -> Keyset<Message> {
        const DAY: Term<Message> = Term::day("message.planned_on", |one| one.planned_on.into());
        const ID: Term<Message> = Term::whole("message.id", |one| one.id.into());
        const { Keyset(&[DAY.largest_first(), ID.largest_first()]) }
    }

    /// From the oldest day of which there is something to count: the index by day has all that the
    /// counts ask.
    fn counted(&self, scope: &Scope) -> (Tables, Condition) {
        let since = self.day.map_or(self.since, |day| day.min(self.since));
        let open = "old.state IN ('held', 'waiting', 'sending', 'unsure') AND old.planned_on < ?";
        let open = Condition::one_of("old.office_code", scope.codes())
            .and(Condition::new(open).bind(since))
            .within("SELECT MIN(old.planned_on) FROM message old WHERE ", "");
        let common = open.within("message.planned_on >= COALESCE((", "), ?)").bind(since);
        (self.tables(), common)
    }

    fn tabs(&self) -> Vec<Condition> {
        let bare = Messages { day: None, reason: None, ..*self };
        TABS.iter().map(|(tab, _)| bare.tab(tab)).collect()
    }
}

#[derive(Debug, Serialize)]
struct Choice {
    value: &'static str,
    text: &'static str,
}

#[derive(Debug, Serialize)]
struct Page {
    tab: &'static str,
    tabs: Vec<Chip>,
    reasons: Vec<Choice>,
    groups: Vec<GroupRow>,
    running: bool,
    here: String,
    rows: Vec<Row>,
    count: i64,
    narrowed: bool,
    next_to: Neighbours,
    held_always: bool,
    sms: bool,
    mail: bool,
    params: ListParams,
}

/// `GET /messages`
pub async fn list(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    params: web::Query<ListParams>,
) -> AppResult<HttpResponse> {
    let list = Messages::of(&params, app.clock.today());
    let params = ListParams { tab: list.tab.to_owned(), ..params.into_inner() };
    let (scope, inner) = (me.scope.clone(), app.clone());
    let page = app.read(move |db| gather(&inner, db, &scope, (&list, params))).await?;
    if is_part(&req) && page.params.tab == "today" && req.headers().contains_key("HX-Target") {
        return shell::part(&app, &me, &req, "desk/_message_groups.html", page);
    }
    shell::page(&app, &me, &req, "desk/messages.html", page)
}

fn gather(
    app: &App,
    db: &mut Db,
    scope: &Scope,
    (list, params): (&Messages, ListParams),
) -> AppResult<Page> {
    let today = app.clock.today();
    let found = list.page(db, scope, &params.side(&list.order()), SIZE)?;
    let counts = list.counts(db, scope)?;
    let groups =
        if list.tab == "today" { facts::open_groups(db, scope, today)? } else { Vec::new() };
    let bare = ListParams { tab: params.tab.clone(), ..ListParams::default() };
    let reasons = Reason::ALL.into_iter();
    Ok(Page {
        tab: list.tab,
        tabs: bare.chips(PATH, "tab", &TABS, &counts.tabs),
        reasons: reasons.map(|one| Choice { value: one.as_text(), text: one.in_words() }).collect(),
        running: groups.iter().any(|group| group.running),
        groups,
        here: params.link(PATH, &[("after", &params.after), ("before", &params.before)]),
        next_to: params.neighbours(PATH, &found),
        rows: facts::rows(app, db, scope, found.rows)?,
        count: counts.selection,
        narrowed: params.is_narrowed(&["tab"]),
        held_always: notice::is_held(app, db, scope)?,
        sms: app.config.sms.gateway != "off",
        mail: notice::people::has_mail(app),
        params,
    })
}
