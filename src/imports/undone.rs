//! The rows of an import that is undone, told apart by what is to become of them.

use std::collections::{BTreeMap, HashMap};

use super::written::{self, Kind, Written};
use crate::error::AppResult;
use crate::plumbing::crypto::Sealer;

/// Rows of one kind as an import left them, and what is to become of them.
pub struct Rows<T> {
    /// As before, and as now.
    pub restored: Vec<(T, T)>,
    /// New with the import.
    pub fresh: Vec<T>,
    /// Taken away by the import.
    pub gone: Vec<T>,
    /// Not as the import left them.
    pub later: Vec<T>,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Rows { restored: vec![], fresh: vec![], gone: vec![], later: vec![] }
    }
}

/// First what stood before and last what was left, by row, for one kind.
fn of_kind<T: Kind>(all: &[Written]) -> BTreeMap<i64, (&Written, &Written)> {
    let mut found: BTreeMap<i64, (&Written, &Written)> = BTreeMap::new();
    for one in all.iter().filter(|one| one.kind == T::KIND) {
        found.entry(one.row_id).and_modify(|(_, last)| *last = one).or_insert((one, one));
    }
    found
}

/// The identities of the rows of one kind.
pub fn ids<T: Kind>(all: &[Written]) -> Vec<i64> {
    of_kind::<T>(all).into_keys().collect()
}

/// Tells rows of one kind apart; one that is not as the import left it stands against it.
pub fn rows<T: Kind>(
    sealer: &Sealer,
    all: &[Written],
    now: Vec<T>,
    name: impl Fn(&T) -> String,
    against: &mut Vec<String>,
) -> AppResult<Rows<T>> {
    let rows = told_apart(sealer, all, now, &name, against)?;
    against.extend(rows.later.iter().map(|row| format!("{}：后来又改过", name(row))));
    Ok(rows)
}

/// The same; what was changed later is left to say.
pub fn told_apart<T: Kind>(
    sealer: &Sealer,
    all: &[Written],
    now: Vec<T>,
    name: &impl Fn(&T) -> String,
    against: &mut Vec<String>,
) -> AppResult<Rows<T>> {
    let mut now: HashMap<i64, T> = now.into_iter().map(|row| (row.row_id(), row)).collect();
    let mut rows = Rows::default();
    for (id, (first, last)) in of_kind::<T>(all) {
        let before: Option<T> = match &first.before_sealed {
            Some(sealed) => Some(written::before(sealer, sealed)?),
            None => None,
        };
        match (now.remove(&id), before) {
            (Some(row), _) if written::hash(&row)? != last.left_hash => rows.later.push(row),
            (Some(row), Some(before)) => rows.restored.push((before, row)),
            (Some(row), None) => rows.fresh.push(row),
            (None, Some(before)) if last.left_hash.is_empty() => rows.gone.push(before),
            (None, None) if last.left_hash.is_empty() => {}
            (None, Some(before)) => {
                against.push(format!("{}：后来的导入已把它去掉", name(&before)));
            }
            (None, None) => against.push("有新增的行后来已被去掉".to_owned()),
        }
    }
    Ok(rows)
}
