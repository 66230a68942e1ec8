//! Later values of the dated rules that two persons entered: proposed by one, confirmed by another.
//! The only file that writes `policy_proposal`, `policy_decision` and `policy_compared`; rows are
//! only added. The rules are those of the whole installation, so what one office confirms holds for
//! all of its offices. What an entry may say is checked by [`Policy::with_later`], as for files.

use std::collections::{HashMap, HashSet};

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::{count_star, max};
use diesel::prelude::*;

use crate::base::ids::{RowId, StaffId, text_enum};
use crate::book::policy::{BY_HAND, Policy, PolicyError};
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{policy_compared, policy_decision, policy_proposal};

text_enum! {
    Kind {
        Waiver = "waiver", "免息";
        Lpr = "lpr", "LPR";
        Holidays = "holidays", "节假日";
        /// A confirmed value was wrong: it no longer counts.
        Revoke = "revoke", "撤销";
    }
}

text_enum! {
    /// What became of it.
    Decision {
        Confirmed = "confirmed", "已确认";
        /// The second person says no.
        Rejected = "rejected", "没有同意";
        /// The first person took it back.
        Withdrawn = "withdrawn", "已撤回";
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = policy_proposal, treat_none_as_default_value = false)]
pub struct Proposal {
    pub id: RowId,
    /// The office of whoever entered it.
    pub office_code: String,
    pub kind: Kind,
    /// The year, the day of publication, or the proposal that is revoked.
    pub subject: String,
    /// One line for pages: `2026 年利息免除`.
    pub words: String,
    /// What a file of rules would say: TOML.
    pub entry: String,
    /// Number of the document.
    pub document: String,
    pub document_on: Option<NaiveDate>,
    pub proposed_by: StaffId,
    pub proposed_name: String,
    pub proposed_at: NaiveDateTime,
}

impl Proposal {
    /// Where an entry comes from, as a fault names it.
    fn file(&self) -> String {
        format!("{BY_HAND}{}", self.id)
    }
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = policy_decision, treat_none_as_default_value = false)]
pub struct Decided {
    pub proposal_id: RowId,
    /// The office of whoever decided.
    pub office_code: String,
    pub decision: Decision,
    /// Counts what was confirmed: 1, 2, 3.
    pub version: Option<i64>,
    pub reason: String,
    pub decided_by: StaffId,
    pub decided_name: String,
    pub decided_at: NaiveDateTime,
}

/// Somebody held a rule against its document.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = policy_compared, treat_none_as_default_value = false)]
pub struct Compared {
    pub id: RowId,
    /// The office of whoever did.
    pub office_code: String,
    /// Which table of rules: `cdb.loan_cap`.
    pub rule: String,
    pub compared_by: StaffId,
    pub compared_name: String,
    pub compared_at: NaiveDateTime,
}

/// A proposal and what became of it.
pub type Line = (Proposal, Option<Decided>);

pub fn propose(db: &mut Db, new: &Proposal) -> AppResult<()> {
    diesel::insert_into(policy_proposal::table).values(new).execute(db)?;
    Ok(())
}

/// Keeps a decision; one that confirms gets the next version. A second one of the same proposal
/// meets its key.
pub fn decide(db: &mut Db, new: Decided) -> AppResult<()> {
    let version = match new.decision {
        Decision::Confirmed => Some(version(db)? + 1),
        Decision::Rejected | Decision::Withdrawn => None,
    };
    diesel::insert_into(policy_decision::table).values(Decided { version, ..new }).execute(db)?;
    Ok(())
}

/// Keeps that a rule was compared.
pub fn compared(db: &mut Db, new: &Compared) -> AppResult<()> {
    diesel::insert_into(policy_compared::table).values(new).execute(db)?;
    Ok(())
}

/// How many values were confirmed so far: another number, other rules.
pub fn version(db: &mut Db) -> AppResult<i64> {
    let newest: Option<i64> =
        policy_decision::table.select(max(policy_decision::version)).get_result(db)?;
    Ok(newest.unwrap_or_default())
}

/// Everything that was entered, the newest first.
pub fn all(db: &mut Db) -> AppResult<Vec<Line>> {
    Ok(policy_proposal::table
        .left_join(policy_decision::table)
        .order(policy_proposal::id.desc())
        .select((Proposal::as_select(), Option::<Decided>::as_select()))
        .load(db)?)
}

/// How many proposals of each person nobody has decided.
pub fn undecided(db: &mut Db) -> AppResult<Vec<(StaffId, i64)>> {
    Ok(policy_proposal::table
        .left_join(policy_decision::table)
        .filter(policy_decision::proposal_id.nullable().is_null())
        .group_by(policy_proposal::proposed_by)
        .select((policy_proposal::proposed_by, count_star()))
        .load(db)?)
}

pub fn find(db: &mut Db, id: RowId) -> AppResult<Line> {
    Ok(policy_proposal::table
        .left_join(policy_decision::table)
        .filter(policy_proposal::id.eq(id))
        .select((Proposal::as_select(), Option::<Decided>::as_select()))
        .get_result(db)?)
}

/// When each rule was last compared.
pub fn last_compared(db: &mut Db) -> AppResult<HashMap<String, Compared>> {
    let rows: Vec<Compared> =
        policy_compared::table.order(policy_compared::id).select(Compared::as_select()).load(db)?;
    Ok(rows.into_iter().map(|row| (row.rule.clone(), row)).collect())
}

/// What holds of `lines`: confirmed and not revoked, in the order of confirmation.
pub fn in_force(lines: &[Line]) -> Vec<&Proposal> {
    let confirmed = |decided: &Option<Decided>| decided.as_ref().and_then(|one| one.version);
    let mut known: Vec<(i64, &Proposal)> =
        lines.iter().filter_map(|(one, decided)| Some((confirmed(decided)?, one))).collect();
    known.sort_by_key(|(version, _)| *version);
    let revoked: HashSet<String> = known
        .iter()
        .filter(|(_, one)| one.kind == Kind::Revoke)
        .map(|(_, one)| one.subject.clone())
        .collect();
    let holds = |one: &Proposal| one.kind != Kind::Revoke && !revoked.contains(&one.id.to_string());
    known.into_iter().map(|(_, one)| one).filter(|one| holds(one)).collect()
}

/// The rules with these values upon them.
///
/// # Errors
/// What would change the past, leaves a hole, or says two things about one day.
pub fn with(files: &Policy, values: &[&Proposal]) -> Result<Policy, PolicyError> {
    let entries: Vec<(String, String)> =
        values.iter().map(|one| (one.file(), one.entry.clone())).collect();
    files.with_later(&entries)
}

/// The same for a program that starts: what no longer fits (a newer program says otherwise) is
/// left out and named, so that it never keeps the office from working.
pub fn as_far_as_it_fits(
    files: &Policy,
    values: &[&Proposal],
) -> Result<(Policy, Vec<RowId>), PolicyError> {
    if let Ok(policy) = with(files, values) {
        return Ok((policy, Vec::new()));
    }
    let (mut fitting, mut left_out): (Vec<&Proposal>, Vec<RowId>) = (Vec::new(), Vec::new());
    for one in values {
        fitting.push(one);
        if let Err(error) = with(files, &fitting) {
            tracing::warn!(%error, words = one.words, "a value entered by hand does not fit");
            fitting.pop();
            left_out.push(one.id);
        }
    }
    with(files, &fitting).map(|policy| (policy, left_out))
}
