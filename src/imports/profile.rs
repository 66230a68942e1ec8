//! Which heading stands for which column, as somebody of the office chose it: table
//! `import_profile`. The same headings under the same title are bound by it the next time.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use sha2::Digest;

use crate::base::ids::StaffId;
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::imports::layout::{Chosen, Layout};
use crate::plumbing::db::Db;
use crate::plumbing::schema::import_profile;
use crate::upsert_rows;

/// What was chosen, by the key of the headings.
pub type Profiles = HashMap<String, Chosen>;

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = import_profile, treat_none_as_default_value = false)]
struct StoredProfile {
    office_code: String,
    headings_key: String,
    layout: String,
    bindings: String,
    staff_id: StaffId,
    made_at: NaiveDateTime,
}

/// The key of headings ([`crate::imports::layout::outline`]).
pub fn key_of(headings: &str) -> String {
    let hash = sha2::Sha256::digest(headings.as_bytes());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// All choices of the office.
pub fn all(db: &mut Db, scope: &Scope) -> AppResult<Profiles> {
    let rows: Vec<StoredProfile> = import_profile::table
        .filter(scope.holds(import_profile::office_code))
        .select(StoredProfile::as_select())
        .load(db)?;
    let read = |one: StoredProfile| {
        let layout = Layout::from_text(&one.layout)?;
        let columns = one.bindings.lines().filter_map(|line| {
            let (cell, key) = line.split_once('=')?;
            Some((cell.parse().ok()?, key.to_owned()))
        });
        Some((one.headings_key.clone(), Chosen { layout, columns: columns.collect() }))
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

/// Keeps a choice for these headings.
pub fn put(
    db: &mut Db,
    scope: &Scope,
    key: &str,
    chosen: &Chosen,
    by: StaffId,
    at: NaiveDateTime,
) -> AppResult<()> {
    use diesel::upsert::excluded;
    let lines: Vec<String> =
        chosen.columns.iter().map(|(cell, key)| format!("{cell}={key}")).collect();
    let rows = [StoredProfile {
        office_code: scope.own().to_owned(),
        headings_key: key.to_owned(),
        layout: chosen.layout.as_text().to_owned(),
        bindings: lines.join("\n"),
        staff_id: by,
        made_at: at,
    }];
    upsert_rows!(
        db,
        import_profile::table,
        6,
        rows,
        key = (import_profile::office_code, import_profile::headings_key),
        set = (
            import_profile::layout.eq(excluded(import_profile::layout)),
            import_profile::bindings.eq(excluded(import_profile::bindings)),
            import_profile::staff_id.eq(excluded(import_profile::staff_id)),
            import_profile::made_at.eq(excluded(import_profile::made_at)),
        )
    )?;
    Ok(())
}

/// Forgets the choice: the headings speak for themselves again.
pub fn forget(db: &mut Db, scope: &Scope, key: &str) -> AppResult<()> {
    diesel::delete(
        import_profile::table
            .filter(import_profile::office_code.eq(scope.own()))
            .filter(import_profile::headings_key.eq(key)),
    )
    .execute(db)?;
    Ok(())
}
