//! `/family-contacts/share` 分配家庭联系: the director gives the open families of a township or a
//! school to a clerk, to the schools or to the villages, in one write.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::coverage::Sums;
use super::filter::{Filter, ListParams, NONE, PATH, Row};
use super::rules::{self, Family, Share};
use super::{steps, store};
use crate::app::App;
use crate::base::ids::{FileId, StaffId};
use crate::base::url::link;
use crate::book::audit_log::AuditEntry;
use crate::book::contact::task::{self, Assignee, AssigneeKind};
use crate::book::staff;
use crate::error::AppResult;
use crate::plumbing::schema::contact_duty;
use crate::web::fields::{self, At, Done, Fields, Form, FormPage, answer};
use crate::web::list::declare::List as _;
use crate::web::session::SignedIn;

#[derive(Debug, Serialize)]
struct Group {
    value: String,
    name: String,
    link: String,
    /// The sheets for this school or the villages of this township.
    visits: String,
    open: i64,
    due: i64,
    /// Who has it now, with how many.
    has: Vec<String>,
}

#[derive(Debug, Serialize)]
struct SharePage {
    year: i32,
    townships: Vec<Group>,
    schools: Vec<Group>,
    clerks: Vec<(String, String)>,
}

impl FormPage for SharePage {
    const TEMPLATE: &'static str = "contacts/share.html";
    const REFUSED_AT: &'static str = "to";
}

async fn page(app: &App, me: &SignedIn) -> AppResult<SharePage> {
    let year = ListParams::default().to_filter(me.staff_id, app.clock.today()).year;
    let scope = me.scope.clone();
    let (cells, schools, holders, staff) = app
        .read(move |db| {
            Ok((
                store::by_place(db, &scope, year, false)?,
                store::by_place(db, &scope, year, true)?,
                store::holders(db, &scope, year)?,
                staff::all(db, &scope)?,
            ))
        })
        .await?;
    let groups = |cells: Vec<store::Cell>, field: &'static str| {
        let mut sums: BTreeMap<String, Sums> = BTreeMap::new();
        for (_, name, state, count) in cells {
            sums.entry(name).or_default().add(state, count);
        }
        let group = |(name, sums): (String, Sums)| {
            let key = if name.is_empty() { NONE } else { name.as_str() };
            let has = holders.iter().filter(|one| field == "township" && one.0 == name);
            Group {
                value: format!("{field}:{key}"),
                link: link(PATH, &[(field, key)]),
                visits: visits(field, key),
                has: has.map(|(_, who, n)| held(who, *n)).collect(),
                name: if name.is_empty() { "没有登记".to_owned() } else { name },
                open: sums.open,
                due: sums.due,
            }
        };
        sums.into_iter().filter(|(_, sums)| sums.due > 0).map(group).collect::<Vec<Group>>()
    };
    Ok(SharePage {
        year,
        townships: groups(cells, "township"),
        schools: groups(schools, "school"),
        clerks: steps::clerks(&staff)
            .into_iter()
            .map(|(id, name)| (format!("clerk:{id}"), name))
            .collect(),
    })
}

/// The sheets of the yearly contact for a school, or for the villages of a township.
pub fn visits(field: &str, key: &str) -> String {
    let by = if field == "school" { "school" } else { "village" };
    link("/visits", &[("purpose", "yearly"), ("by", by), (field, key)])
}

fn held(who: &str, count: i64) -> String {
    format!("{} {count} 户", if who.is_empty() { "没有分配" } else { who })
}

/// `GET /family-contacts/share`
pub async fn show(app: web::Data<App>, me: SignedIn, req: HttpRequest) -> AppResult<HttpResponse> {
    fields::show(&app, &me, &req, &page(&app, &me).await?)
}

/// Which open families are meant: `township:宝林镇`, `school:乐至中学`.
fn meant(text: &str, all: Filter) -> Option<(Filter, String)> {
    let (field, key) = text.split_once(':')?;
    let value = if key == NONE { String::new() } else { key.to_owned() };
    let name = if value.is_empty() { "没有登记的".to_owned() } else { value.clone() };
    match field {
        "township" => Some((Filter { township: Some(value), ..all }, name)),
        "school" => Some((Filter { school: Some(value), ..all }, name)),
        _ => None,
    }
}

enum To {
    Clerk(StaffId),
    By(Share),
}

/// `clerk:123`, `school`, `village`.
fn to(text: &str) -> Option<To> {
    match text {
        "school" => Some(To::By(Share::Schools)),
        "village" => Some(To::By(Share::Villages)),
        other => {
            let id = other.strip_prefix("clerk:")?.parse().ok()?;
            Some(To::Clerk(StaffId::new(id)))
        }
    }
}

/// `POST /family-contacts/share`
pub async fn share(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    form: Form,
) -> AppResult<HttpResponse> {
    let (at, mut form): (At<'_>, _) = ((&app, &me, &req), form.0);
    let done = try_share(at, &mut form).await;
    answer(at, &form, done, page(&app, &me)).await
}

async fn try_share((app, me, _): At<'_>, form: &mut Fields) -> AppResult<Done> {
    let open = ListParams::default().to_filter(me.staff_id, app.clock.today());
    let meant = form.choice("of", |text| meant(text, open), "请选一个乡镇或学校");
    let (filter, of) = form.checked(meant)?;
    let to = form.choice("to", to, "请选分给谁");
    let to = form.checked(to)?;
    let done = me
        .act(app, "contact duties shared", move |act| {
            let mut done = 0;
            let mut names = Vec::new();
            match &to {
                To::Clerk(id) => {
                    let one = staff::find(act.db, act.scope, *id)?;
                    let to = Assignee {
                        kind: AssigneeKind::Clerk,
                        staff_id: Some(one.id),
                        name: one.name,
                    };
                    let files = filter.only(act.db, act.scope, contact_duty::file_id)?;
                    done += task::assign(act.db, act.scope, (filter.year, &files), &to)?;
                    names.push(to.name);
                }
                To::By(share) => {
                    let rows = filter.all(act.db, act.scope, i64::MAX)?;
                    let families: Vec<Family> = rows.iter().map(family).collect();
                    for (to, files) in by_receiver(&families, share) {
                        done += task::assign(act.db, act.scope, (filter.year, &files), &to)?;
                        names.push(to.name);
                    }
                }
            }
            act.audit(AuditEntry::of(
                "contact_duties_shared",
                &of,
                format!("{of} {done} 户家庭联系分给{}", joined(&names)),
            ))?;
            Ok(done)
        })
        .await?;
    Ok(Done::to("/family-contacts/share", format!("已分配 {done} 户")))
}

fn joined(names: &[String]) -> String {
    let mut some: Vec<&str> = names.iter().take(3).map(String::as_str).collect();
    some.retain(|name| !name.is_empty());
    match names.len() > 3 {
        true => format!("{}等 {} 个单位", some.join("、"), names.len()),
        false => some.join("、"),
    }
}

fn family(row: &Row) -> Family {
    Family {
        file_id: row.duty.file_id,
        file_no: row.file_no.clone(),
        township: row.township.clone(),
        village: row.village.clone(),
        school: row.school.clone(),
        subsidy_ends_on: None,
        signed_on: None,
        confirmed_on: None,
    }
}

/// The families of each school or village; those without one stay where they are.
fn by_receiver(families: &[Family], share: &Share) -> Vec<(Assignee, Vec<FileId>)> {
    let mut found: BTreeMap<String, (Assignee, Vec<FileId>)> = BTreeMap::new();
    for (family, to) in families.iter().zip(rules::share_out(families, share)) {
        if !to.name.is_empty() {
            let entry = found.entry(to.name.clone()).or_insert_with(|| (to, Vec::new()));
            entry.1.push(family.file_id);
        }
    }
    found.into_values().collect()
}
