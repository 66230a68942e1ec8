//! `/start` 开始使用: what a new county does first, each step ticked by what is in the database.
//! Nothing is ticked because somebody says so, except what no program can see (keys kept
//! elsewhere); what is not known is said to be unknown.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use diesel::dsl::count_star;
use diesel::prelude::*;
use serde::Serialize;

use super::admin::account;
use crate::app::App;
use crate::base::scope::Scope;
use crate::book::notice::Reason;
use crate::book::office::{self, Office};
use crate::book::setting;
use crate::book::staff::{self, Right, Role};
use crate::error::AppResult;
use crate::plumbing::backup;
use crate::plumbing::db::Db;
use crate::plumbing::outbox::{Channel, State};
use crate::plumbing::schema::{import_job, message};
use crate::web::fields::{self, Form, FormPage};
use crate::web::route::{Entry, Needs, get, post};
use crate::web::session::SignedIn;
use crate::web::shell;

/// Who said when that the key file has a copy elsewhere.
const KEYS: &str = "start.keys";
/// There when the page is no longer the first one.
const HIDDEN: &str = "start.hidden";
/// A newest copy that is older than this many days is no backup of every night.
const FRESH_DAYS: i64 = 2;
/// The sheets without which nothing can be shown.
const SHEETS: [(&str, &str); 3] =
    [("borrowers", "学生名单"), ("contracts", "合同明细"), ("repayments", "还款明细")];

pub fn routes() -> Vec<Entry> {
    let office = Needs::Right(Right::ManageOffice);
    vec![
        get("/start", office, show),
        post("/start/keys", office, confirm_keys),
        post("/start/hide", office, hide),
    ]
}

/// Open is not done; unknown is what this program cannot see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Mark {
    Done,
    Open,
    Unknown,
}

#[derive(Debug, Serialize)]
struct Step {
    title: &'static str,
    mark: Mark,
    /// How it stands, from the database.
    found: String,
    why: &'static str,
    link: &'static str,
    link_text: &'static str,
}

/// What is known of a new county.
struct Facts {
    office: Office,
    roles: Vec<Role>,
    /// Kinds of sheets that are posted and not undone.
    posted: Vec<String>,
    /// Tests by text message and by e-mail that a gateway has taken.
    tested: [i64; 2],
    keys: Option<String>,
    hidden: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct StartPage {
    steps: Vec<Step>,
    done: usize,
    keys: Option<String>,
    hidden: bool,
    /// Makes a second test one of its own.
    key: String,
}

fn load(db: &mut Db, scope: &Scope) -> AppResult<Facts> {
    let taken = [State::Sent, State::Delivered];
    let mut tested = [0; 2];
    for (count, channel) in tested.iter_mut().zip([Channel::Sms, Channel::Email]) {
        *count = message::table
            .filter(scope.holds(message::office_code))
            .filter(message::channel.eq(channel))
            .filter(message::reason.eq(Reason::GatewayTest.as_text()))
            .filter(message::state.eq_any(taken))
            .select(count_star())
            .first(db)?;
    }
    let staff = staff::all(db, scope)?;
    Ok(Facts {
        office: office::find(db, scope.own())?,
        roles: staff.iter().filter(|one| one.active).map(|one| one.role).collect(),
        posted: import_job::table
            .filter(scope.holds(import_job::office_code))
            .filter(import_job::state.eq("posted"))
            .filter(import_job::undone_at.is_null())
            .select(import_job::layout)
            .distinct()
            .load(db)?,
        tested,
        keys: setting::get(db, scope, KEYS)?,
        hidden: setting::get(db, scope, HIDDEN)?.is_some(),
    })
}

/// Is this page the first one that somebody of this role sees?
pub async fn is_first_page(app: &App, role: Role, office_code: &str) -> AppResult<bool> {
    if !role.may(Right::ManageOffice) {
        return Ok(false);
    }
    let scope = Scope::of(office_code);
    let facts = app.read(move |db| load(db, &scope)).await?;
    Ok(!facts.hidden && steps(app, &facts).iter().any(|step| step.mark != Mark::Done))
}

fn steps(app: &App, facts: &Facts) -> Vec<Step> {
    vec![
        office_step(&facts.office),
        staff_step(&facts.roles),
        import_step(&facts.posted),
        message_step([&app.config.sms.gateway, &app.config.mail.gateway], facts.tested),
        backup_step(app, facts.keys.is_some()),
        address_step(&app.config.public_url, app.config.is_local()),
    ]
}

/// Done when nothing is missing; else what is.
fn named(missing: &[&str], all: &str) -> (Mark, String) {
    match missing {
        [] => (Mark::Done, all.to_owned()),
        _ => (Mark::Open, format!("还没有：{}", missing.join("、"))),
    }
}

fn office_step(office: &Office) -> Step {
    let fields = [("咨询电话", &office.phone), ("地址", &office.address)];
    let missing: Vec<&str> =
        fields.iter().filter(|(_, text)| text.is_empty()).map(|(name, _)| *name).collect();
    let (mark, found) = named(&missing, "咨询电话和地址都已填写");
    Step {
        title: "中心资料",
        mark,
        found,
        why: "电话和地址印在走访表上，也显示在借款人的手机页面上。",
        link: "/admin/office",
        link_text: "填写中心资料",
    }
}

fn staff_step(roles: &[Role]) -> Step {
    let needed = [Role::Clerk, Role::Reviewer, Role::Director];
    let missing: Vec<&str> =
        needed.iter().filter(|role| !roles.contains(role)).map(|role| role.in_words()).collect();
    let (mark, found) = named(&missing, "经办、复核、主任都有人");
    Step {
        title: "人员",
        mark,
        found,
        why: "经办导入和跟进，复核放行消息，主任批准转派出所；每人一个账号。",
        link: "/admin/staff/new",
        link_text: "添加人员",
    }
}

fn import_step(posted: &[String]) -> Step {
    let is_missing = |kind: &str| !posted.iter().any(|one| one == kind);
    let missing: Vec<&str> =
        SHEETS.iter().filter(|(kind, _)| is_missing(kind)).map(|(_, name)| *name).collect();
    let (mark, found) = named(&missing, "学生名单、合同明细、还款明细都已入账");
    Step {
        title: "首次导入",
        mark,
        found,
        why: "由经办、复核或主任导入：先学生名单和合同明细，再还款明细。",
        link: "/imports",
        link_text: "导入文件",
    }
}

fn message_step(gateways: [&String; 2], tested: [i64; 2]) -> Step {
    let one = |name: &str, gateway: &str, tested: i64| match (gateway, tested) {
        ("off", _) => format!("{name}没有设置"),
        ("spool", _) => format!("{name}只写入文件夹，不会真的发出"),
        (_, 0) => format!("{name}已设置，还没有发过测试"),
        (_, tested) => format!("{name}已设置，网关收下过 {tested} 条测试"),
    };
    let [sms, mail] = gateways;
    let is_real = !["off", "spool"].contains(&sms.as_str());
    let [texts, mails] = tested;
    Step {
        title: "短信与邮件",
        mark: if is_real && texts > 0 { Mark::Done } else { Mark::Open },
        found: format!("{}；{}", one("短信", sms, texts), one("邮件", mail, mails)),
        why: "网关写在配置文件里；请先给自己的号码发一条测试，收到了再发给家庭。邮件可以不设。",
        link: "/messages",
        link_text: "查看消息",
    }
}

fn backup_step(app: &App, keys: bool) -> Step {
    let newest = backup::newest(&app.db, &app.config.backups());
    let (mark, found) = backup_found(newest, app.clock.today(), app.db.is_postgres());
    let keys_found = if keys { "密钥已另存" } else { "密钥是否另存还没有确认" };
    Step {
        title: "备份",
        mark: if mark == Mark::Done && !keys { Mark::Open } else { mark },
        found: format!("{found}；{keys_found}"),
        why: "每天夜里备份一次。密钥文件不在备份里，丢了它谁也打不开身份证号和电话。",
        link: "/admin/backups",
        link_text: "查看备份",
    }
}

fn backup_found(newest: Option<NaiveDate>, today: NaiveDate, elsewhere: bool) -> (Mark, String) {
    match newest {
        Some(day) if (today - day).num_days() <= FRESH_DAYS => {
            (Mark::Done, format!("最近一份 {day}"))
        }
        Some(day) => (Mark::Open, format!("最近一份是 {day} 的，后来没有再备份")),
        None if elsewhere => {
            (Mark::Unknown, "数据在 PostgreSQL 里，有没有备份这里看不到，请问运维人员".to_owned())
        }
        None => (Mark::Open, "还没有备份".to_owned()),
    }
}

fn address_step(url: &str, is_local: bool) -> Step {
    Step {
        title: "公开网址",
        mark: if is_local { Mark::Open } else { Mark::Done },
        found: match is_local {
            true => format!("{url} 只有这台电脑能打开"),
            false => format!("已设为 {url}；请用手机打开一次，确认外面能访问"),
        },
        why: "走访表的回报码和短信里的网址用它；在配置文件里设 public_url。",
        link: "/admin",
        link_text: "查看对外地址",
    }
}

impl FormPage for StartPage {
    const TEMPLATE: &'static str = "desk/start.html";
    const REFUSED_AT: &'static str = "to";
}

async fn show(app: web::Data<App>, me: SignedIn, req: HttpRequest) -> AppResult<HttpResponse> {
    fields::show(&app, &me, &req, &page(&app, &me).await?)
}

pub(super) async fn page(app: &App, me: &SignedIn) -> AppResult<StartPage> {
    let scope = me.scope.clone();
    let facts = app.read(move |db| load(db, &scope)).await?;
    let mut steps = steps(app, &facts);
    for step in &mut steps {
        let may_open = match step.link {
            "/imports" => me.may(Right::Import),
            "/messages" => me.may(Right::SeeLoans),
            _ => true,
        };
        if !may_open {
            step.link = "";
        }
    }
    let done = steps.iter().filter(|step| step.mark == Mark::Done).count();
    let (keys, hidden, key) = (facts.keys, facts.hidden, app.next_id().to_string());
    Ok(StartPage { steps, done, keys, hidden, key })
}

/// Keeps a setting of this page, or takes it back; written down with a sentence.
async fn set(
    app: &App,
    me: &SignedIn,
    key: &'static str,
    value: Option<String>,
    sentence: &'static str,
) -> AppResult<HttpResponse> {
    me.act(app, "first steps", move |act| {
        match &value {
            Some(value) => setting::set(act.db, act.scope, key, value)?,
            None => setting::remove(act.db, act.scope, key)?,
        }
        account::audit(act, "office_changed", "开始使用", sentence)
    })
    .await?;
    shell::done(app, "/start", sentence)
}

/// `POST /start/keys`
async fn confirm_keys(app: web::Data<App>, me: SignedIn, form: Form) -> AppResult<HttpResponse> {
    if form.0.has("kept_elsewhere") {
        let who = format!("{} {}", me.name, app.clock.today());
        return set(&app, &me, KEYS, Some(who), "确认密钥文件已另存一份").await;
    }
    set(&app, &me, KEYS, None, "取消了“密钥文件已另存一份”的确认").await
}

/// `POST /start/hide`
async fn hide(app: web::Data<App>, me: SignedIn, form: Form) -> AppResult<HttpResponse> {
    if form.0.get("hide") == "1" {
        return set(&app, &me, HIDDEN, Some("1".to_owned()), "“开始使用”不再作为首页").await;
    }
    set(&app, &me, HIDDEN, None, "“开始使用”重新作为首页").await
}

/// An office that is past its first steps: a sample county.
pub fn keep_hidden(db: &mut Db, scope: &Scope) -> AppResult<()> {
    setting::set(db, scope, HIDDEN, "1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dates::day_in;

    #[test]
    fn what_is_not_known_is_not_ticked() {
        let today = day_in(2026, 10, 31);
        assert_eq!(backup_found(None, today, true).0, Mark::Unknown);
        assert_eq!(backup_found(None, today, false).0, Mark::Open);
        assert_eq!(backup_found(Some(day_in(2026, 10, 30)), today, false).0, Mark::Done);
        assert_eq!(backup_found(Some(day_in(2026, 10, 1)), today, true).0, Mark::Open);
        let of = |gateway: &str, sent| {
            let gateway = gateway.to_owned();
            message_step([&gateway, &gateway], [sent, 0]).mark
        };
        assert_eq!(of("spool", 9), Mark::Open, "nothing has left this machine");
        assert_eq!(of("aliyun", 0), Mark::Open);
        assert_eq!(of("aliyun", 1), Mark::Done);
    }
}
