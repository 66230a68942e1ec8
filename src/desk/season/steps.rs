//! What the director does with a year: opens it, changes its days, closes it with a reason. Each
//! write looks at the list again, so that nothing is opened by a page of yesterday.

use chrono::NaiveDate;

use super::check::{self, Days};
use crate::base::dates::in_words;
use crate::book::act::{Act, FormKey, Once};
use crate::book::audit_log::AuditEntry;
use crate::book::season::{self, Season, Standing, State};
use crate::error::{AppError, AppResult};

/// The year as the form saw it.
fn seen(act: &mut Act<'_>, (year, version): (i32, i32)) -> AppResult<Standing> {
    let standing = season::standing(act.db, act.scope.own(), year)?;
    if standing.version() == version { Ok(standing) } else { Err(AppError::Changed) }
}

fn keep(
    act: &mut Act<'_>,
    standing: &Standing,
    (year, state): (i32, State),
    (opens_on, closes_on): (NaiveDate, NaiveDate),
    reason: &str,
) -> AppResult<()> {
    let id = match standing {
        Standing::Set(one) => one.id,
        _ => act.id(),
    };
    let row = Season {
        id,
        office_code: act.scope.own().to_owned(),
        year,
        state,
        opens_on,
        closes_on,
        by_name: act.by.name.clone(),
        changed_at: act.now,
        reason: reason.to_owned(),
        version: standing.version(),
    };
    season::keep(act.db, &row)
}

/// Opens a year, or changes the days of one that is open. What is to be said.
pub fn open(
    act: &mut Act<'_>,
    key: &FormKey,
    (year, version): (i32, i32),
    days: (NaiveDate, NaiveDate),
) -> AppResult<String> {
    let from_to = format!("{}至{}", in_words(days.0, act.today), in_words(days.1, act.today));
    if act.once(key)? == Once::Again {
        return Ok(format!("{year} 学年受理{from_to}"));
    }
    let standing = seen(act, (year, version))?;
    let is_open = standing.refusal(year).is_none();
    if !is_open {
        let (policy, today) = (act.policy(), act.today);
        let of_desk = Days::load(act.db, act.scope, (year, today))?;
        let missing = check::missing(&check::lines(&policy, &of_desk, (year, today)));
        if !missing.is_empty() {
            let words = format!("还不能开办，先补齐：{}", missing.join("、"));
            return Err(AppError::refused(words));
        }
    }
    keep(act, &standing, (year, State::Open), days, "")?;
    let (action, words) = match is_open {
        true => ("season_changed", format!("受理时间改为{from_to}")),
        false => ("season_opened", format!("已开办 {year} 学年，受理{from_to}")),
    };
    act.audit(AuditEntry::of(action, &format!("{year} 学年"), words.clone()))?;
    Ok(words)
}

pub fn close(
    act: &mut Act<'_>,
    key: &FormKey,
    (year, version): (i32, i32),
    reason: &str,
) -> AppResult<()> {
    if act.once(key)? == Once::Again {
        return Ok(());
    }
    let standing = seen(act, (year, version))?;
    if standing.refusal(year).is_some() {
        return Err(AppError::field("reason", format!("{year} 学年没有在受理，不用关闭")));
    }
    let days = standing.window(&act.policy(), act.scope.own(), year);
    keep(act, &standing, (year, State::Closed), days, reason)?;
    let entry = AuditEntry::of("season_closed", &format!("{year} 学年"), "关闭受理");
    act.audit(AuditEntry { reason: reason.to_owned(), ..entry })
}
