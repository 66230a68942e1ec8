//! `POST /admin/staff/{id}/handover/undo`: takes back what was handed over today, when it was a
//! mistake. What somebody has given on since stays where it is.

use std::collections::{BTreeMap, HashSet};

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Form;
use crate::app::App;
use crate::base::ids::{CaseId, FileId, StaffId};
use crate::base::scope::Scope;
use crate::book::act::Act;
use crate::book::audit_log::AuditEntry;
use crate::book::contact::task::{self, Assignee, AssigneeKind};
use crate::book::setting;
use crate::book::staff::{self, Right};
use crate::error::{AppError, AppResult};
use crate::life::overdue::handover::{self, Owned};
use crate::plumbing::db::Db;
use crate::web::session::SignedIn;
use crate::web::shell;

/// The office's setting that keeps its newest handover.
const KEY: &str = "last_handover";

/// What one colleague got.
#[derive(Serialize, Deserialize)]
pub(super) struct Share {
    to: StaffId,
    cases: Vec<CaseId>,
    /// Families of each year.
    pub(super) duties: BTreeMap<i32, Vec<FileId>>,
}

impl Share {
    pub(super) fn of(to: StaffId, cases: &[Owned]) -> Share {
        Share { to, cases: cases.iter().map(|case| case.id).collect(), duties: BTreeMap::new() }
    }
}

#[derive(Serialize, Deserialize)]
struct Moved {
    from: StaffId,
    on: NaiveDate,
    /// `724 户逾期、1337 户家庭联系 交给白芷、苏叶`
    words: String,
    shares: Vec<Share>,
}

/// Keeps what was handed over just now, in place of the handover before.
pub(super) fn remember(
    act: &mut Act<'_>,
    (from, words): (StaffId, String),
    shares: Vec<Share>,
) -> AppResult<()> {
    let moved = Moved { from, on: act.today, words, shares };
    let text = serde_json::to_string(&moved).map_err(AppError::broken)?;
    setting::set(act.db, act.scope, KEY, &text)
}

/// The handover of somebody that can still be taken back on a day.
fn last(db: &mut Db, scope: &Scope, of: (StaffId, NaiveDate)) -> AppResult<Option<Moved>> {
    let Some(text) = setting::get(db, scope, KEY)? else { return Ok(None) };
    let moved: Moved = serde_json::from_str(&text).map_err(AppError::broken)?;
    Ok(Some(moved).filter(|moved| (moved.from, moved.on) == of))
}

/// What it was, in words; empty when there is none.
pub(super) fn words(db: &mut Db, scope: &Scope, of: (StaffId, NaiveDate)) -> AppResult<String> {
    Ok(last(db, scope, of)?.map(|moved| moved.words).unwrap_or_default())
}

/// `POST /admin/staff/{id}/handover/undo`
pub async fn undo(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<StaffId>,
    _checked: Form,
) -> AppResult<HttpResponse> {
    let id = *id;
    let sentence = me.act(&app, "handover undone", move |act| take_back(act, id)).await?;
    shell::done(&app, &format!("/admin/staff/{id}/handover"), &sentence)
}

fn take_back(act: &mut Act<'_>, id: StaffId) -> AppResult<String> {
    let from = staff::find(act.db, act.scope, id)?;
    let Some(moved) = last(act.db, act.scope, (id, act.today))? else {
        act.needs_no_audit("nothing changes");
        return Ok("没有今天办的交接可以撤销，没有再改".to_owned());
    };
    if !from.active || !from.role.may(Right::FollowOverdue) {
        let name = &from.name;
        return Err(AppError::refused(format!("{name} 的账号现在不能跟进，请先启用，再撤销交接")));
    }
    let clerk = Assignee { kind: AssigneeKind::Clerk, staff_id: Some(id), name: from.name.clone() };
    let (mut cases, mut duties) = (0, 0);
    for share in &moved.shares {
        let given: HashSet<CaseId> = share.cases.iter().copied().collect();
        let mut still = handover::owned_by(act.db, act.scope, share.to)?;
        still.retain(|case| given.contains(&case.id));
        handover::give(act, &still, &from)?;
        cases += still.len();
        let mut still: BTreeMap<i32, Vec<FileId>> = BTreeMap::new();
        for (year, file, _) in task::open_of_staff(act.db, act.scope, share.to)? {
            still.entry(year).or_default().push(file);
        }
        for (year, files) in &share.duties {
            let given: HashSet<FileId> = files.iter().copied().collect();
            let mut files = still.remove(year).unwrap_or_default();
            files.retain(|file| given.contains(file));
            duties += task::assign(act.db, act.scope, (*year, &files), &clerk)?;
        }
    }
    setting::remove(act.db, act.scope, KEY)?;
    let words = format!("{cases} 户逾期、{duties} 户家庭联系");
    act.audit(AuditEntry::of("handover_undone", &from.name, format!("{words} 回到名下")))?;
    Ok(format!("已撤销交接：{words} 回到 {} 名下", from.name))
}
