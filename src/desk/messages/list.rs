//! `/messages`: what goes out today (with a bar for each mass sending), what went, what did not,
//! and what nobody knows of.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Days, NaiveDate};
use diesel::SelectableHelper as _;
use serde::Serialize;

use super::facts::{self, GroupRow, Row};
use crate::base::choice::Choice;
use crate::base::dates::typed_day;
use crate::base::scope::Scope;
use crate::book::notice::{self, Reason};
use crate::error::AppResult;
use crate::plumbing::outbox::Message;
use crate::web::desk_request::DeskRequest;
use crate::web::form::is_part;
use crate::web::list::declare::{Columns, Counts, List, Tables};
use crate::web::list::kit::{Condition, Keyset, Term};
use crate::web::list::page::{self, Found, ListPage, Tabs};
use crate::web::list::params::{Chip, Params as _};
use crate::web::session::SignedIn;
use crate::web::shell;

const PATH: &str = "/messages";

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
            day: typed_day(&params.day),
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
pub struct View {
    tab: &'static str,
    reasons: Vec<Choice>,
    groups: Vec<GroupRow>,
    running: bool,
    here: String,
    rows: Vec<Row>,
    held_always: bool,
    sms: bool,
    mail: bool,
}

impl ListPage for ListParams {
    type List = Messages;
    type View = View;
    const PATH: &'static str = PATH;
    const TEMPLATE: &'static str = "desk/messages.html";
    const TABS: Tabs = ("tab", &TABS);

    fn list(&self, _: &SignedIn, today: NaiveDate) -> Messages {
        Messages::of(self, today)
    }

    /// A tab is of all days and reasons.
    fn tab_links(&self, counts: &Counts) -> Vec<Chip> {
        let bare = ListParams { tab: self.tab.clone(), ..ListParams::default() };
        bare.chips(PATH, "tab", &TABS, &counts.tabs)
    }

    fn view(&self, Found { app, db, scope, list, rows, .. }: Found<'_, Self>) -> AppResult<View> {
        let groups = match list.tab {
            "today" => facts::open_groups(db, scope, app.clock.today())?,
            _ => Vec::new(),
        };
        Ok(View {
            tab: list.tab,
            reasons: Choice::all(Reason::ALL),
            running: groups.iter().any(|group| group.running),
            groups,
            here: self.link(PATH, &[("after", &self.after), ("before", &self.before)]),
            rows: facts::rows(app, db, scope, rows)?,
            held_always: notice::is_held(app, db, scope)?,
            sms: app.config.sms.gateway != "off",
            mail: notice::people::has_mail(app),
        })
    }
}

/// `GET /messages`
pub async fn list(
    desk: DeskRequest,
    req: HttpRequest,
    params: web::Query<ListParams>,
) -> AppResult<HttpResponse> {
    let tab = Messages::of(&params, desk.today()).tab.to_owned();
    let page = page::read(&desk, ListParams { tab, ..params.into_inner() }).await?;
    if is_part(&req) && page.params.tab == "today" && req.headers().contains_key("HX-Target") {
        return shell::part(&desk.app, &desk.me, &req, "desk/_message_groups.html", page);
    }
    desk.page(ListParams::TEMPLATE, page)
}
