//! Asks for the bank's list on the workbench as long as a due day awaits it: amber, and red from
//! the fifth working day after the due day on (rules-more 3.14).

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::app::App;
use crate::base::dates::in_words;
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::act::{self, Happened};
use crate::book::audit_log::Actor;
use crate::book::payments_known;
use crate::book::position;
use crate::book::warning::{self, Warning};
use crate::error::AppResult;
use crate::imports::known::{self, Short};
use crate::life::visits::sheets::take;
use crate::plumbing::db::Db;
use crate::plumbing::schema::file_position;

/// The page where it is asked for.
const PATH: &str = "/bank-data";
/// The kind of the line.
const KIND: &str = "bank_data";
/// The key of the line about sheets to be called back.
const SHEETS: &str = "sheets";
/// From this working day after the due day on the line is red.
const LATE_FROM: i64 = 5;

/// What awaits the bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Awaiting {
    /// The oldest due day.
    pub due_on: NaiveDate,
    pub families: i64,
    /// What they had to pay.
    pub sum: Fen,
}

/// What awaits the bank in these offices; nothing when all is known.
pub fn awaiting(db: &mut Db, scope: &Scope) -> AppResult<Option<Awaiting>> {
    let (due_on, families, sum): (Option<NaiveDate>, i64, Fen) = file_position::table
        .filter(scope.holds(file_position::office_code))
        .filter(file_position::awaiting_on.is_not_null())
        .select((
            diesel::dsl::min(file_position::awaiting_on),
            count_star(),
            sql::<BigInt>("CAST(COALESCE(SUM(awaiting_fen), 0) AS BIGINT)"),
        ))
        .first(db)?;
    Ok(due_on.map(|due_on| Awaiting { due_on, families, sum }))
}

/// Looks through the lists on record and brings the line of the workbench up to date. Returns the
/// newest list that does not cover everything.
pub fn learn(app: &App, scope: &Scope) -> AppResult<Option<Short>> {
    let short = known::learn(app, scope)?;
    remind(app, scope, short.as_ref())?;
    Ok(short)
}

/// Writes the line of the workbench, or takes it away.
pub fn remind(app: &App, scope: &Scope, short: Option<&Short>) -> AppResult<()> {
    let (now, today) = (app.clock.now_at(), app.clock.today());
    let found = app.db.read(|db| awaiting(db, scope))?;
    let late = found.is_some_and(|found| {
        today >= app.policy().calendar().add_working_days(found.due_on, LATE_FROM)
    });
    app.db.write("ask for bank data", |db| {
        call_back(db, scope, now)?;
        // Going ahead for a day does not bring the list: what is asked for stays asked for.
        if payments_known::bank_data(db, scope, today)?.ahead.is_some() {
            return Ok(());
        }
        let Some(found) = found else {
            return warning::clear(db, scope.own(), KIND, "list").map(|_| ());
        };
        let advice = match short.filter(|short| short.as_of >= found.due_on) {
            Some(short) if short.refused > 0 => format!(
                "还款明细（截至 {}）有 {} 行没有收进来，缺 {} 份合同的结果。改好这些行再导入",
                in_words(short.as_of, today),
                short.refused,
                short.missing.len()
            ),
            Some(short) => format!(
                "已入账的还款明细（截至 {}）缺 {} 份合同的结果，不能说明全县。补齐后再更新",
                in_words(short.as_of, today),
                short.missing.len()
            ),
            None => "向银行要还款明细，导入后逾期名单、提醒和报表才会更新".to_owned(),
        };
        let line = Warning {
            office_code: scope.own().to_owned(),
            kind: KIND.to_owned(),
            key: "list".to_owned(),
            level: if late { "bad" } else { "wait" }.to_owned(),
            title: format!(
                "{}到期的 {} 户待银行结果，现在不知道谁还了、谁没还",
                in_words(found.due_on, today),
                found.families
            ),
            advice,
            url: PATH.to_owned(),
            due_on: None,
            since: now,
            seen_at: now,
        };
        let lines = warning::of_kind(db, scope.own(), KIND)?;
        let same = |old: &Warning| {
            Warning { since: line.since, seen_at: line.seen_at, ..old.clone() } == line
        };
        if lines.iter().any(same) { Ok(()) } else { warning::raise(db, &line) }
    })
}

/// The line that asks to call sheets back that went out on what was not known.
fn call_back(db: &mut Db, scope: &Scope, now: NaiveDateTime) -> AppResult<()> {
    let out = take::count_called_back(db, scope)?;
    let known = warning::of_kind(db, scope.own(), KIND)?.into_iter().find(|old| old.key == SHEETS);
    let title = format!("{out} 张走访表在外，银行的结果却还没有到，先不要去");
    match known {
        None if out == 0 => Ok(()),
        Some(_) if out == 0 => warning::clear(db, scope.own(), KIND, SHEETS).map(|_| ()),
        Some(old) if old.title == title => Ok(()),
        _ => warning::raise(
            db,
            &Warning {
                office_code: scope.own().to_owned(),
                kind: KIND.to_owned(),
                key: SHEETS.to_owned(),
                level: "bad".to_owned(),
                title,
                advice: "请告诉领表的单位先不要去；不用再去的，在那一批里作废".to_owned(),
                url: "/visits/sent".to_owned(),
                due_on: None,
                since: now,
                seen_at: now,
            },
        ),
    }
}

/// After what is known has changed (a list, a declaration, a rule, or one taken back): it is in
/// every position, case and line of the workbench afterwards.
pub fn catch_up(app: &App, scope: &Scope) -> AppResult<()> {
    let today = app.clock.today();
    position::catch_up(&app.db, scope, today, || app.newest_basis())?;
    let program = Actor::program("系统", scope.own());
    act::run(app, (&program, scope), "cases after the bank's figures", |act| {
        act.needs_no_audit("each case has its own steps");
        act.happened(&Happened::AllRefigured)
    })?;
    learn(app, scope)?;
    app.note_change();
    Ok(())
}
