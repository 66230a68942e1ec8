//! The last link of each office as this machine has seen it, in a file beside the keys, where
//! whoever writes the database does not write. A chain written anew with its head, and an older
//! database in the place of the newest, have no such link any more.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use diesel::prelude::*;

use crate::base::hex::hex;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::schema::history;

/// Where they are; a copy that is only tried out has none.
#[derive(Clone, Debug, Default)]
pub struct Heads(Option<PathBuf>);

impl Heads {
    pub fn beside(keys: &Path) -> Heads {
        Heads(Some(keys.with_extension("heads")))
    }

    fn read(&self) -> BTreeMap<String, (i64, String)> {
        let text = self.0.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
        let line = |line: &str| {
            let (office, link) = line.split_once(' ')?;
            let (number, hash) = link.split_once(' ')?;
            Some((office.to_owned(), (number.parse().ok()?, hash.to_owned())))
        };
        text.unwrap_or_default().lines().filter_map(line).collect()
    }

    pub fn are_known(&self) -> bool {
        !self.read().is_empty()
    }

    /// The number of the link seen last, when the chain of this office does not have it any more.
    pub fn lost(&self, db: &mut Db, office_code: &str) -> AppResult<Option<i64>> {
        let Some((number, seen)) = self.read().remove(office_code) else { return Ok(None) };
        let link: Option<Option<Vec<u8>>> = history::table
            .filter(history::office_code.eq(office_code))
            .filter(history::chain_no.eq(number))
            .select(history::chain_hash)
            .first(db)
            .optional()?;
        let holds = link.flatten().is_some_and(|hash| hex(&hash) == seen);
        Ok((!holds).then_some(number))
    }

    /// Takes a new last link down; call it only while none is [`Heads::lost`].
    pub fn follow(&self, office_code: &str, number: i64, hash: &str) -> AppResult<()> {
        let Some(file) = &self.0 else { return Ok(()) };
        let mut all = self.read();
        all.insert(office_code.to_owned(), (number, hash.to_owned()));
        let lines =
            all.iter().map(|(office, (number, hash))| format!("{office} {number} {hash}\n"));
        let part = file.with_extension("heads.part");
        std::fs::write(&part, lines.collect::<String>())
            .and_then(|()| std::fs::rename(&part, file))
            .map_err(|error| AppError::broken(format!("{}: {error}", file.display())))
    }

    /// A person has put an older database in place.
    pub fn forget(&self) {
        if let Some(file) = &self.0 {
            let _ = std::fs::remove_file(file);
        }
    }
}
