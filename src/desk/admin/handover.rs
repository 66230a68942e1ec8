//! `/admin/staff/{id}/handover` (交接): what somebody has to look after, with the promises of
//! families as a list to print, and giving all of it to one colleague or sharing it out evenly
//! among several in one write. Before somebody leaves, or whenever work moves.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;

use super::{Form, handover_undo};
use crate::app::App;
use crate::base::dates::in_words;
use crate::base::hex::random_hex;
use crate::base::ids::{FileId, StaffId};
use crate::base::scope::Scope;
use crate::book::act::{Act, Once};
use crate::book::audit_log::AuditEntry;
use crate::book::contact::task::{self, Assignee, AssigneeKind};
use crate::book::staff::{self, Right, Staff};
use crate::book::visit_sheet;
use crate::error::{AppError, AppResult};
use crate::life::overdue::handover::{self, Owned};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{contact_change, sheet};
use crate::web::fields::{self, At, Done, Fields, FormPage, answer};
use crate::web::session::SignedIn;

/// How much somebody has to look after.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Load {
    cases: usize,
    /// Of these, families that have named a day.
    promises: usize,
    /// Families to contact this year or later.
    duties: usize,
    /// Sheets of these cases that are out or wait to be looked at.
    sheets: i64,
    /// Changes of contacts of these families that wait for an answer.
    changes: i64,
}

impl Load {
    pub(super) const fn is_nothing(&self) -> bool {
        self.cases == 0 && self.duties == 0
    }

    /// `724 户逾期、1337 户家庭联系`
    pub(super) fn in_words(self) -> String {
        format!("{} 户逾期、{} 户家庭联系", self.cases, self.duties)
    }
}

/// All that somebody has to look after.
struct Held {
    cases: Vec<Owned>,
    /// Open families of each year, township by township.
    duties: BTreeMap<i32, Vec<FileId>>,
    /// When each of them is to be tried next.
    duties_next: Vec<NaiveDate>,
}

impl Held {
    fn load(db: &mut Db, scope: &Scope, id: StaffId) -> AppResult<Held> {
        let mut duties: BTreeMap<i32, Vec<FileId>> = BTreeMap::new();
        let mut duties_next = Vec::new();
        for (year, file, next_on) in task::open_of_staff(db, scope, id)? {
            duties.entry(year).or_default().push(file);
            duties_next.push(next_on);
        }
        Ok(Held { cases: handover::owned_by(db, scope, id)?, duties, duties_next })
    }

    fn amount(&self) -> Load {
        Load {
            cases: self.cases.len(),
            promises: self.cases.iter().filter(|case| case.promised_on.is_some()).count(),
            duties: self.duties.values().map(Vec::len).sum(),
            ..Load::default()
        }
    }
}

/// How much somebody has to look after now.
pub(super) fn load(db: &mut Db, scope: &Scope, id: StaffId) -> AppResult<Load> {
    Ok(Held::load(db, scope, id)?.amount())
}

/// What comes on one day; days that are past are today's.
#[derive(Default, Serialize)]
struct Day {
    on: String,
    promises: usize,
    cases: usize,
    duties: usize,
}

/// So many days are told apart; what is later is one line.
const DAYS_MAX: usize = 14;

impl Held {
    /// Day by day what was promised and what is to be done next, without a name.
    fn days(&self, today: NaiveDate) -> Vec<Day> {
        let mut days: BTreeMap<NaiveDate, Day> = BTreeMap::new();
        for case in &self.cases {
            days.entry(case.next_on.max(today)).or_default().cases += 1;
            if let Some(on) = case.promised_on {
                days.entry(on.max(today)).or_default().promises += 1;
            }
        }
        for on in &self.duties_next {
            days.entry((*on).max(today)).or_default().duties += 1;
        }
        let mut lines: Vec<Day> = Vec::new();
        for (at, (day, more)) in days.into_iter().enumerate() {
            let on = match day == today {
                true => "今天和以前".to_owned(),
                false => in_words(day, today),
            };
            match lines.last_mut().filter(|_| at > DAYS_MAX) {
                Some(rest) => {
                    rest.on = "以后".to_owned();
                    rest.promises += more.promises;
                    rest.cases += more.cases;
                    rest.duties += more.duties;
                }
                None => lines.push(Day { on, ..more }),
            }
        }
        lines
    }
}

#[derive(Serialize)]
struct Promise {
    on: String,
    next: String,
    sum: String,
    name: String,
    file_no: String,
    township: String,
}

#[derive(Serialize)]
struct Choice {
    id: String,
    name: String,
    role: &'static str,
    /// Cases that they have already.
    cases: usize,
    chosen: bool,
}

#[derive(Serialize)]
struct Page {
    id: String,
    name: String,
    active: bool,
    load: Load,
    days: Vec<Day>,
    /// Only for those who may see loans.
    promises: Vec<Promise>,
    /// What was handed over today; empty when nothing can be taken back.
    moved: String,
    people: Vec<Choice>,
    key: String,
}

impl FormPage for Page {
    const TEMPLATE: &'static str = "desk/handover.html";
    const REFUSED_AT: &'static str = "to";
}

pub(super) fn may_take(one: &Staff, from: StaffId) -> bool {
    one.id != from && one.active && one.role.may(Right::FollowOverdue)
}

async fn page(app: &App, me: &SignedIn, id: StaffId, chosen: &[StaffId]) -> AppResult<Page> {
    let (scope, today) = (me.scope.clone(), app.clock.today());
    let (one, held, load, (people, moved)) = app
        .read(move |db| {
            let held = Held::load(db, &scope, id)?;
            let files: Vec<FileId> = held.cases.iter().map(|case| case.file_id).collect();
            let load = Load {
                sheets: sheets(db, &scope, &files)?,
                changes: changes(db, &scope, &files)?,
                ..held.amount()
            };
            let mut people = Vec::new();
            for one in staff::all(db, &scope)?.into_iter().filter(|one| may_take(one, id)) {
                let cases = handover::owned_by(db, &scope, one.id)?.len();
                people.push((one, cases));
            }
            let moved = handover_undo::words(db, &scope, (id, today))?;
            Ok((staff::find(db, &scope, id)?, held, load, (people, moved)))
        })
        .await?;
    let days = held.days(today);
    let promises = if me.may(Right::SeeLoans) { promises(held.cases, today) } else { Vec::new() };
    let choice = |(one, cases): (Staff, usize)| Choice {
        chosen: chosen.contains(&one.id),
        id: one.id.to_string(),
        name: one.name,
        role: one.role.in_words(),
        cases,
    };
    Ok(Page {
        id: one.id.to_string(),
        name: one.name,
        active: one.active,
        load,
        days,
        promises,
        moved,
        people: people.into_iter().map(choice).collect(),
        key: random_hex(16)?,
    })
}

/// The promises, the nearest day first.
fn promises(mut cases: Vec<Owned>, today: NaiveDate) -> Vec<Promise> {
    cases.sort_by_key(|case| case.promised_on);
    let line = |case: Owned| {
        Some(Promise {
            on: in_words(case.promised_on?, today),
            next: in_words(case.next_on, today),
            sum: case.promised_fen.map(|fen| fen.to_page_text()).unwrap_or_default(),
            name: case.name,
            file_no: case.file_no,
            township: case.township,
        })
    };
    cases.into_iter().filter_map(line).collect()
}

fn sheets(db: &mut Db, scope: &Scope, files: &[FileId]) -> AppResult<i64> {
    let mut found = 0;
    for chunk in files.chunks(crate::plumbing::bulk::BINDS_MAX) {
        let of: i64 = sheet::table
            .filter(scope.holds(sheet::office_code))
            .filter(sheet::file_id.eq_any(chunk))
            .filter(sheet::state.eq_any([visit_sheet::State::Out, visit_sheet::State::Returned]))
            .count()
            .get_result(db)?;
        found += of;
    }
    Ok(found)
}

fn changes(db: &mut Db, scope: &Scope, files: &[FileId]) -> AppResult<i64> {
    let mut found = 0;
    for chunk in files.chunks(crate::plumbing::bulk::BINDS_MAX) {
        let of: i64 = contact_change::table
            .filter(scope.holds(contact_change::office_code))
            .filter(contact_change::file_id.eq_any(chunk))
            .filter(contact_change::state.eq("proposed"))
            .count()
            .get_result(db)?;
        found += of;
    }
    Ok(found)
}

/// `GET /admin/staff/{id}/handover`
pub async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<StaffId>,
) -> AppResult<HttpResponse> {
    fields::show(&app, &me, &req, &page(&app, &me, *id, &[]).await?)
}

/// `POST /admin/staff/{id}/handover`: all of it to those who were chosen, in even shares.
pub async fn hand_over(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<StaffId>,
    form: Form,
) -> AppResult<HttpResponse> {
    let at: At<'_> = (&app, &me, &req);
    let to: Vec<StaffId> =
        form.0.all("to").filter_map(|id| id.parse().ok()).map(StaffId::new).collect();
    let done = try_hand_over(at, *id, &form.0, to.clone()).await;
    answer(at, &form.0, done, page(&app, &me, *id, &to)).await
}

async fn try_hand_over(
    (app, me, _): At<'_>,
    id: StaffId,
    form: &Fields,
    to: Vec<StaffId>,
) -> AppResult<Done> {
    if to.is_empty() {
        return Err(AppError::field("to", "请选交给谁，可以选几位，平均分"));
    }
    let key = form.key();
    me.act(app, "handover", move |act| {
        let url = format!("/admin/staff/{id}");
        if act.once(&key)? == Once::Again {
            return Ok(Done::to(url, "刚才已经交接好了，没有再办一次"));
        }
        let load = share_out(act, id, &to)?;
        Ok(Done::to(url, format!("已交接：{}", load.in_words())))
    })
    .await
}

fn share_out(act: &mut Act<'_>, id: StaffId, to: &[StaffId]) -> AppResult<Load> {
    let from = staff::find(act.db, act.scope, id)?;
    let all = staff::all(act.db, act.scope)?;
    let able = |one: &&Staff| may_take(one, id) && to.contains(&one.id);
    let takers: Vec<&Staff> = all.iter().filter(able).collect();
    if takers.len() != to.len() {
        return Err(AppError::field("to", "选中的同事里有现在不能跟进的，请另选"));
    }
    let held = Held::load(act.db, act.scope, id)?;
    let mut shares = Vec::with_capacity(takers.len());
    for (at, one) in takers.iter().enumerate() {
        let place = (at, takers.len());
        handover::give(act, share(&held.cases, place), one)?;
        let clerk =
            Assignee { kind: AssigneeKind::Clerk, staff_id: Some(one.id), name: one.name.clone() };
        let mut own = handover_undo::Share::of(one.id, share(&held.cases, place));
        for (year, files) in &held.duties {
            let files = share(files, place);
            task::assign(act.db, act.scope, (*year, files), &clerk)?;
            own.duties.insert(*year, files.to_vec());
        }
        shares.push(own);
    }
    let names: Vec<&str> = takers.iter().map(|one| one.name.as_str()).collect();
    let load = held.amount();
    let words = format!("{} 交给{}", load.in_words(), names.join("、"));
    act.audit(AuditEntry::of("handed_over", &from.name, format!("名下 {words}")))?;
    handover_undo::remember(act, (id, words), shares)?;
    Ok(load)
}

/// One of several even shares: neighbours stay together, and no two differ by more than one.
fn share<T>(all: &[T], (at, of): (usize, usize)) -> &[T] {
    all.get(all.len() * at / of..all.len() * (at + 1) / of).unwrap_or_default()
}
