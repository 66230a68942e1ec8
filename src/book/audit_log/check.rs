//! Checks the chain of the history from its first link, and keeps what was found. Reads the
//! history only; how a link is made stands in `mod.rs`.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::{Entry, head_key, link};
use crate::base::hex::hex;
use crate::error::AppResult;
use crate::localized;
use crate::plumbing::db::Db;
use crate::plumbing::meta;
use crate::plumbing::schema::history;

/// What [`verify_chain`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainState {
    Whole {
        links: i64,
        /// Hash of the last, hex.
        head: String,
    },
    /// The first link that does not hold, and what is wrong with it.
    Broken {
        number: i64,
        /// `row changed`, `row missing` or `end missing`.
        why: &'static str,
    },
}

impl ChainState {
    /// Does every link hold?
    pub const fn is_whole(&self) -> bool {
        matches!(self, ChainState::Whole { .. })
    }
}

impl std::fmt::Display for ChainState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words = match self {
            ChainState::Whole { links, head } => localized!(
                "{links} 条连成一串，没有改动，末条 {head}",
                "{links} links hold, head {head}"
            ),
            ChainState::Broken { number, why } => {
                localized!("在第 {number} 条断开：{}", "broken at link {number}: {}", in_words(why))
            }
        };
        f.write_str(&words)
    }
}

/// What is wrong with a link, in the language of the command line.
fn in_words(why: &str) -> String {
    match why {
        "row changed" => localized!("这一条改过", "row changed"),
        "row missing" => localized!("少了这一条", "row missing"),
        _ => localized!("末尾少了", "end missing"),
    }
}

/// Recomputes the chain of an office from its first link; stops at the first that does not hold.
pub fn verify_chain(db: &mut Db, office_code: &str) -> AppResult<ChainState> {
    const AT_ONCE: i64 = 1_000;
    let (mut number, mut hash) = (0_i64, Vec::new());
    loop {
        let rows: Vec<Entry> = history::table
            .filter(history::office_code.eq(office_code))
            .filter(history::chain_no.gt(number))
            .order(history::chain_no)
            .limit(AT_ONCE)
            .select(Entry::as_select())
            .load(db)?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            number += 1;
            if row.chain_no != Some(number) {
                return Ok(ChainState::Broken { number, why: "row missing" });
            }
            hash = link(&hash, number, row);
            if row.chain_hash.as_deref() != Some(hash.as_slice()) {
                return Ok(ChainState::Broken { number, why: "row changed" });
            }
        }
    }
    let head = hex(&hash);
    let stored = meta::get(db, &head_key(office_code))?.unwrap_or_else(|| "0:".to_owned());
    if stored == format!("{number}:{head}") {
        Ok(ChainState::Whole { links: number, head })
    } else {
        Ok(ChainState::Broken { number: number + 1, why: "end missing" })
    }
}

fn verified_key(office_code: &str) -> String {
    format!("history_verified:{office_code}")
}

/// Keeps what a check of the chain found, for the audit page.
pub fn keep_verified(
    db: &mut Db,
    office_code: &str,
    state: &ChainState,
    now: NaiveDateTime,
) -> AppResult<()> {
    let (word, number) = match state {
        ChainState::Whole { links, .. } => ("whole", links),
        ChainState::Broken { number, .. } => ("broken", number),
    };
    let at = now.format("%Y-%m-%dT%H:%M:%S");
    meta::set(db, &verified_key(office_code), &format!("{word} {number} {at}"))
}

/// What the last check of the chain found: does it hold, up to (or broken at) which link, when.
pub fn last_verified(
    db: &mut Db,
    office_code: &str,
) -> AppResult<Option<(bool, i64, NaiveDateTime)>> {
    let stored = meta::get(db, &verified_key(office_code))?;
    Ok(stored.and_then(|text| {
        let mut parts = text.split(' ');
        let holds = parts.next()? == "whole";
        Some((holds, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    }))
}
