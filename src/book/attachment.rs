//! 扫描件: papers that were scanned, attached to a row of a stage. The only file that writes the table
//! `attachment`; the bytes lie in the folder of `plumbing/attached`. One that was removed stays
//! with its reason, and so does its file.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::act::Act;
use crate::base::dates::minute;
use crate::base::ids::{RowId, text_enum};
use crate::base::scope::Scope;
use crate::error::{AppError, AppResult};
use crate::localized;
use crate::plumbing::attached::content::{Content, Media};
use crate::plumbing::attached::folder::{self, Damage};
use crate::plumbing::crypto::Sealer;
use crate::plumbing::db::Db;
use crate::plumbing::schema::attachment;

text_enum! {
    /// To what a paper belongs.
    SubjectKind {
        Application = "application", "签约受理";
        Relief = "relief", "还款救助";
    }
}

/// The row that papers are attached to.
pub type Subject = (SubjectKind, RowId);

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = attachment, treat_none_as_default_value = false)]
pub struct Attachment {
    pub id: RowId,
    pub office_code: String,
    subject_kind: SubjectKind,
    subject_id: RowId,
    /// Which paper it is: the key of a county's list of papers, or the stage's own.
    pub paper: String,
    /// What that paper was called then.
    pub name: String,
    pub media: Media,
    /// Of the file, before sealing.
    pub bytes: i32,
    pub hash: String,
    pub added_by: String,
    pub added_at: NaiveDateTime,
    pub removed_at: Option<NaiveDateTime>,
    pub removed_by: String,
    /// Why it was removed.
    pub reason: String,
    pub version: i32,
}

impl Attachment {
    pub const fn subject(&self) -> Subject {
        (self.subject_kind, self.subject_id)
    }
}

/// What of a file stands in its row.
#[derive(Clone, Debug)]
pub struct NewAttachment {
    media: Media,
    bytes: i32,
    hash: String,
}

impl From<&Content> for NewAttachment {
    fn from(content: &Content) -> NewAttachment {
        let bytes = i32::try_from(content.bytes.len()).unwrap_or(i32::MAX);
        NewAttachment { media: content.media, bytes, hash: content.hash.clone() }
    }
}

/// Attaches files that are in the folder already, as one paper of a row of this office; those that
/// are attached already are passed over. Returns how many are new.
pub fn add(
    act: &mut Act<'_>,
    (office_code, (subject_kind, subject_id)): (&str, Subject),
    (paper, name): (&str, &str),
    new: &[NewAttachment],
) -> AppResult<usize> {
    let all = of(act.db, act.scope, (subject_kind, subject_id))?;
    let same = all.into_iter().filter(|one| one.removed_at.is_none() && one.paper == paper);
    let mut known: BTreeSet<String> = same.map(|one| one.hash).collect();
    let mut added = 0;
    for one in new {
        if !known.insert(one.hash.clone()) {
            continue;
        }
        let row = Attachment {
            id: act.id(),
            office_code: office_code.to_owned(),
            subject_kind,
            subject_id,
            paper: paper.to_owned(),
            name: name.to_owned(),
            media: one.media,
            bytes: one.bytes,
            hash: one.hash.clone(),
            added_by: act.by.name.clone(),
            added_at: act.now,
            removed_at: None,
            removed_by: String::new(),
            reason: String::new(),
            version: 1,
        };
        diesel::insert_into(attachment::table).values(&row).execute(act.db)?;
        added += 1;
    }
    Ok(added)
}

/// Those of a row, removed ones with them, in their order.
pub fn of(db: &mut Db, scope: &Scope, (kind, id): Subject) -> AppResult<Vec<Attachment>> {
    Ok(attachment::table
        .filter(scope.holds(attachment::office_code))
        .filter(attachment::subject_kind.eq(kind))
        .filter(attachment::subject_id.eq(id))
        .order(attachment::id)
        .select(Attachment::as_select())
        .load(db)?)
}

/// One of a row, or NotFound.
pub fn find(db: &mut Db, scope: &Scope, subject: Subject, id: RowId) -> AppResult<Attachment> {
    let found: Attachment = attachment::table
        .filter(scope.holds(attachment::office_code))
        .filter(attachment::id.eq(id))
        .select(Attachment::as_select())
        .get_result(db)?;
    if found.subject() == subject { Ok(found) } else { Err(AppError::NotFound) }
}

/// Takes one off; `Changed` when somebody else was first.
pub fn remove(act: &mut Act<'_>, row: &Attachment, version: i32, reason: &str) -> AppResult<()> {
    let one = attachment::table
        .filter(act.scope.holds(attachment::office_code))
        .filter(attachment::id.eq(row.id))
        .filter(attachment::version.eq(version))
        .filter(attachment::removed_at.is_null());
    let done = diesel::update(one)
        .set((
            attachment::removed_at.eq(act.now),
            attachment::removed_by.eq(&act.by.name),
            attachment::reason.eq(reason),
            attachment::version.eq(version + 1),
        ))
        .execute(act.db)?;
    if done == 1 { Ok(()) } else { Err(AppError::Changed) }
}

/// The next ones by identity, removed ones with them.
pub fn next(db: &mut Db, scope: &Scope, after: RowId, limit: i64) -> AppResult<Vec<Attachment>> {
    Ok(attachment::table
        .filter(scope.holds(attachment::office_code))
        .filter(attachment::id.gt(after))
        .order(attachment::id)
        .limit(limit)
        .select(Attachment::as_select())
        .load(db)?)
}

/// One line for each whose file is missing or not what was attached.
pub fn damaged(folder: &Path, sealer: &Sealer, rows: &[Attachment]) -> Vec<String> {
    let line = |row: &Attachment| {
        let damage = folder::open(folder, sealer, &row.hash).err()?;
        let kind = row.subject_kind.in_words();
        let place = format!("{kind} {} {}", row.subject_id, row.name);
        let at = minute(row.added_at);
        Some(match damage {
            Damage::Missing => {
                localized!("扫描件 {place}（{at}）：文件不见了", "scan {place} ({at}): no file")
            }
            Damage::Changed => localized!(
                "扫描件 {place}（{at}）：文件损坏或者改过",
                "scan {place} ({at}): damaged or changed"
            ),
        })
    };
    rows.iter().filter_map(line).collect()
}
