//! 归档检查: whether the file of a contract is complete: who has signed, whether the dates on the
//! papers are in order, the seal, and scans that are missing. The only file that writes the table
//! `archive_check`.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde::Serialize;

use super::attachments::{self, Expected};
use super::facts::{Desk, Whole};
use super::kinds::State;
use crate::base::dates::{local, minute};
use crate::base::ids::RowId;
use crate::base::scope::Scope;
use crate::book::act::Act;
use crate::book::attachment;
use crate::book::audit_log::AuditEntry;
use crate::book::review::{self, Review};
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::schema::archive_check;
use crate::web::fields::Fields;

/// What somebody has seen on the papers, and what was missing then.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = archive_check,
    primary_key(application_id),
    treat_none_as_default_value = false,
    treat_none_as_null = true
)]
pub struct ArchiveCheck {
    application_id: RowId,
    office_code: String,
    student_signed: bool,
    co_signed: bool,
    office_signed: bool,
    stamped: bool,
    applied_on: Option<NaiveDate>,
    signed_on: Option<NaiveDate>,
    approved_on: Option<NaiveDate>,
    /// One a line; empty when nothing is.
    missing: String,
    checked_by: String,
    checked_at: NaiveDateTime,
    version: i32,
}

/// What is missing or wrong; nothing when the file is complete. For a renewal one of the two signs.
fn missing(check: &ArchiveCheck, is_first: bool, papers: &[Expected]) -> Vec<String> {
    let mut all = Vec::new();
    let mut add = |words: &str| all.push(words.to_owned());
    if is_first {
        if !check.student_signed {
            add("学生没有签字");
        }
        if !check.co_signed {
            add("共同借款人没有签字");
        }
    } else if !check.student_signed && !check.co_signed {
        add("学生、共同借款人都没有签字");
    }
    if !check.office_signed {
        add("中心没有签字");
    }
    if !check.stamped {
        add("没有盖章");
    }
    match (check.applied_on, check.signed_on, check.approved_on) {
        (Some(applied), Some(signed), _) if applied > signed => add("签字日期早于申请日期"),
        (_, Some(signed), Some(approved)) if signed > approved => add("审批日期早于签字日期"),
        (Some(_), Some(_), Some(_)) => {}
        _ => add("三个日期没有填全"),
    }
    let without = papers.iter().filter(|paper| paper.scans == 0);
    all.extend(without.map(|paper| format!("缺扫描件：{}", paper.name)));
    all
}

/// The one of an application.
pub fn find(db: &mut Db, scope: &Scope, id: RowId) -> AppResult<Option<ArchiveCheck>> {
    Ok(archive_check::table
        .filter(scope.holds(archive_check::office_code))
        .filter(archive_check::application_id.eq(id))
        .select(ArchiveCheck::as_select())
        .get_result(db)
        .optional()?)
}

/// Says anew what is missing, when somebody has checked: a scan has come or gone.
pub fn follow(act: &mut Act<'_>, id: RowId) -> AppResult<()> {
    let Some(mut check) = find(act.db, act.scope, id)? else { return Ok(()) };
    let before = check.missing.clone();
    complete(act, &mut check)?;
    if check.missing != before {
        let one = archive_check::table.filter(archive_check::application_id.eq(id));
        diesel::update(one).set(archive_check::missing.eq(&check.missing)).execute(act.db)?;
    }
    Ok(())
}

/// Fills in what is missing now.
fn complete(act: &mut Act<'_>, check: &mut ArchiveCheck) -> AppResult<Whole> {
    let (policy, sealer) = (act.policy(), act.parts.sealer.clone());
    let desk = Desk { sealer: &sealer, policy: &policy, today: act.today };
    let id = check.application_id;
    let whole = Whole::load(act.db, act.scope, id, desk)?;
    let scans = attachment::of(act.db, act.scope, attachments::subject(id))?;
    let papers = attachments::expected(&whole, &policy, &scans);
    check.missing = missing(check, whole.app.is_first, &papers).join("\n");
    Ok(whole)
}

/// The section 归档检查.
#[derive(Serialize)]
pub struct Section {
    version: i32,
    student_signed: bool,
    co_signed: bool,
    office_signed: bool,
    stamped: bool,
    checked: String,
    missing: Vec<String>,
}

/// None before the contract is signed.
pub fn section(state: State, check: Option<&ArchiveCheck>) -> Option<Section> {
    if state != State::Signed {
        return None;
    }
    let has = |get: fn(&ArchiveCheck) -> bool| check.is_some_and(get);
    Some(Section {
        version: check.map_or(0, |one| one.version),
        student_signed: has(|one| one.student_signed),
        co_signed: has(|one| one.co_signed),
        office_signed: has(|one| one.office_signed),
        stamped: has(|one| one.stamped),
        checked: check
            .map(|one| format!("{} {}", one.checked_by, minute(one.checked_at)))
            .unwrap_or_default(),
        missing: check.map_or("", |one| &one.missing).lines().map(str::to_owned).collect(),
    })
}

/// The dates of the form: as checked, else as this program knows them.
pub fn dates(whole: &Whole, check: Option<&ArchiveCheck>, reviews: &[Review]) -> Fields {
    let of = |get: fn(&ArchiveCheck) -> Option<NaiveDate>| check.and_then(get);
    let decided = reviews.iter().filter(|one| one.kind == review::Kind::Application);
    let decided = decided.filter_map(|one| one.decided_at).max().map(|at| local(at).date());
    let begun = local(whole.app.created_at).date();
    let text = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    Fields::default()
        .with("applied_on", text(of(|one| one.applied_on).or(Some(begun))))
        .with("signed_on", text(of(|one| one.signed_on)))
        .with("approved_on", text(of(|one| one.approved_on).or(decided)))
}

/// Keeps what somebody has seen; how many things are missing.
pub fn keep(
    act: &mut Act<'_>,
    (id, version): (RowId, i32),
    [student_signed, co_signed, office_signed, stamped]: [bool; 4],
    [applied_on, signed_on, approved_on]: [Option<NaiveDate>; 3],
) -> AppResult<usize> {
    let before = find(act.db, act.scope, id)?;
    if before.as_ref().map_or(0, |one| one.version) != version {
        return Err(AppError::Changed);
    }
    let mut check = ArchiveCheck {
        application_id: id,
        office_code: String::new(),
        student_signed,
        co_signed,
        office_signed,
        stamped,
        applied_on,
        signed_on,
        approved_on,
        missing: String::new(),
        checked_by: act.by.name.clone(),
        checked_at: act.now,
        version: version + 1,
    };
    let whole = complete(act, &mut check)?;
    if whole.app.state != State::Signed {
        return Err(AppError::refused("签约以后才能做归档检查"));
    }
    check.office_code.clone_from(&whole.app.office_code);
    match before {
        None => diesel::insert_into(archive_check::table).values(&check).execute(act.db)?,
        Some(_) => {
            let one = archive_check::table.filter(archive_check::application_id.eq(id));
            diesel::update(one).set(&check).execute(act.db)?
        }
    };
    let count = check.missing.lines().count();
    let words = if count == 0 { "齐".to_owned() } else { check.missing.replace('\n', "；") };
    let entry = AuditEntry::of("archive_checked", &whole.app.name, words);
    act.audit(AuditEntry { file_id: whole.app.file_id, ..entry })?;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Option<NaiveDate> {
        text.parse().ok()
    }

    fn whole() -> ArchiveCheck {
        ArchiveCheck {
            application_id: RowId::new(1),
            office_code: String::new(),
            student_signed: true,
            co_signed: true,
            office_signed: true,
            stamped: true,
            applied_on: day("2027-07-20"),
            signed_on: day("2027-07-20"),
            approved_on: day("2027-07-21"),
            missing: String::new(),
            checked_by: String::new(),
            checked_at: NaiveDateTime::default(),
            version: 1,
        }
    }

    #[test]
    fn a_file_is_complete_or_it_is_said_what_is_missing() {
        let paper = |scans| Expected { key: "id".into(), name: "身份证".into(), scans };
        assert!(missing(&whole(), true, &[paper(1)]).is_empty());
        assert_eq!(missing(&whole(), true, &[paper(0)]), ["缺扫描件：身份证"]);
        let one = ArchiveCheck { co_signed: false, ..whole() };
        assert_eq!(missing(&one, true, &[]), ["共同借款人没有签字"]);
        assert!(missing(&one, false, &[]).is_empty(), "for a renewal one of them is enough");
        let early = ArchiveCheck { signed_on: day("2027-07-19"), ..whole() };
        assert_eq!(missing(&early, true, &[]), ["签字日期早于申请日期"]);
        let late = ArchiveCheck { signed_on: day("2027-07-22"), ..whole() };
        assert_eq!(missing(&late, true, &[]), ["审批日期早于签字日期"]);
        let none = ArchiveCheck { signed_on: None, stamped: false, ..whole() };
        assert_eq!(missing(&none, true, &[]), ["没有盖章", "三个日期没有填全"]);
    }
}
