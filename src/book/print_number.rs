//! The number of what the counter prints: one series of a county and year, counted apart from
//! files, contracts and certificates. A number is taken once, and never for another print.

use chrono::Datelike;

use crate::base::scope::Scope;
use crate::book::act::Act;
use crate::book::audit_log::AuditEntry;
use crate::book::{loan, office};
use crate::error::AppResult;
use crate::plumbing::db::Db;

/// Serials of prints are counted under the year with this added.
const PRINTS: i32 = 20_000;

/// The next one of a year: `LZP2026-0001`.
fn take(db: &mut Db, scope: &Scope, year: i32) -> AppResult<String> {
    let letters = office::find(db, scope.own())?.letters;
    let serial = loan::take_serials(db, scope, year + PRINTS, 1)?;
    Ok(number(&letters, year, serial))
}

/// Takes the next one and writes down what is printed under it.
pub fn note(act: &mut Act<'_>, entry: AuditEntry) -> AppResult<String> {
    let no = take(act.db, act.scope, act.today.year())?;
    let summary = format!("{no} {}", entry.summary);
    act.audit(AuditEntry { summary, ..entry })?;
    Ok(no)
}

fn number(letters: &str, year: i32, serial: i32) -> String {
    format!("{letters}P{year}-{serial:04}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_print_is_no_file_and_no_certificate() {
        assert_eq!(number("LZ", 2026, 7), "LZP2026-0007");
    }
}
