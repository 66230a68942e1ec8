//! The texts of messages that an office wrote itself: settings of the office, so that a backup has
//! them and every instance of the program learns of them.

use std::path::Path;

use super::reason::Reason;
use crate::base::scope::Scope;
use crate::book::audit_log::{Actor, AuditEntry};
use crate::book::parts::Parts;
use crate::book::{act, office, setting};
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::templates::OwnTexts;

const PREFIX: &str = "message_text:";

fn key(reason: Reason) -> String {
    format!("{PREFIX}{}", reason.as_text())
}

/// Keeps an office's own text; the caller has looked that it renders.
pub fn keep(db: &mut Db, scope: &Scope, reason: Reason, text: &str) -> AppResult<()> {
    setting::set(db, scope, &key(reason), text)
}

/// Goes back to the text that the program (or the county's folder) came with.
pub fn reset(db: &mut Db, scope: &Scope, reason: Reason) -> AppResult<()> {
    setting::remove(db, scope, &key(reason))
}

/// Takes over what was written, here or in another instance. Cheap: a handful of rows.
pub fn follow(parts: &Parts) -> AppResult<bool> {
    let found = parts.db.read(|db| setting::all_of(db, PREFIX))?;
    let name = |reason: &str| Reason::from_text(reason).map(Reason::template);
    let texts: OwnTexts = found
        .into_iter()
        .filter_map(|(office, reason, text)| Some((format!("{office}/{}", name(&reason)?), text)))
        .collect();
    Ok(parts.templates.take_over(texts))
}

/// Texts were files of the folder `templates` once, which no backup had: moves those of an office
/// into the database. A file that was moved keeps its text under another name.
pub fn move_files(parts: &Parts, folder: &Path) -> AppResult<()> {
    for office in parts.db.read(office::all)? {
        let scope = Scope::of(&office.code);
        for &reason in Reason::ALL {
            let file = folder.join(&office.code).join(reason.template());
            let Ok(text) = std::fs::read_to_string(&file) else { continue };
            let by = Actor::program("升级", &office.code);
            act::run(parts, (&by, &scope), "message text moved", |act| {
                if setting::get(act.db, &scope, &key(reason))?.is_none() {
                    keep(act.db, &scope, reason, &text)?;
                }
                let summary = format!("{}：原来的文件移入数据库", reason.in_words());
                act.audit(AuditEntry::of("message_text", reason.in_words(), summary))
            })?;
            if let Err(error) = std::fs::rename(&file, file.with_extension("txt.moved")) {
                // Left where it is, it changes nothing: the database has it.
                tracing::warn!(%error, file = %file.display(), "a text was moved, its file not");
            }
        }
    }
    Ok(())
}
