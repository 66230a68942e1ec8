//! What a kind of sheet says of its own: what it builds on, what it has to know, and what a line of
//! it comes to, with all that its file needs in reach. [`super::kinds`] lists them all.

use super::facts::Load;
pub(super) use super::facts::{Facts, index_of};
pub(super) use super::layout::declare::*;
use super::plan::Decide;
pub(super) use super::plan::{BatchContext, Outcome, Plan, Refusal};
pub(super) use super::records::{Undone, record, undone};
pub(super) use crate::base::scope::Scope;
pub(super) use crate::error::AppResult;
pub(super) use crate::plumbing::crypto::Sealer;
pub(super) use crate::plumbing::db::Db;

/// A kind of sheet, implemented by its row.
pub trait ImportKind: Declared + Sized {
    /// Kinds without whose sheets lines of this one may not be understood; posted behind them.
    const AFTER: &'static [Layout];
    /// Its figures are the bank's, of a certain day.
    const OF_BANK: bool = false;
    /// What a line brings that sheets posted behind it may need; none where it brings nothing.
    const BRING: Option<fn(&Self, &Sealer, &mut BatchContext)> = None;
    /// The list of its own that its lines go to, for undoing.
    const RECORDS: Option<Undone> = None;

    /// Loads what lines of this kind need to know beside the people and contracts they name.
    fn load(db: &mut Db, scope: &Scope, rows: &[&Self], facts: &mut Facts) -> AppResult<()>;

    /// What a line comes to: pure. A line that is refused leaves nothing behind.
    fn decide(&self, plan: &mut Plan<'_>, line: u32) -> Result<Outcome, Refusal>;
}

/// An [`ImportKind`] as a value.
pub struct Kind {
    pub layout: Layout,
    /// See [`ImportKind::AFTER`].
    pub after: &'static [Layout],
    /// See [`ImportKind::OF_BANK`].
    pub of_bank: bool,
    /// Lines of it may bring what others need.
    pub brings: bool,
    pub(super) bring: fn(&Row, &Sealer, &mut BatchContext),
    pub(super) load: Load,
    pub(super) decide: Decide,
    pub(super) records: Option<Undone>,
}

impl Kind {
    pub(super) const fn of<K: ImportKind>() -> Kind {
        Kind {
            layout: K::LAYOUT,
            after: K::AFTER,
            of_bank: K::OF_BANK,
            brings: K::BRING.is_some(),
            bring: bring::<K>,
            load: load::<K>,
            decide: decide::<K>,
            records: K::RECORDS,
        }
    }
}

fn bring<K: ImportKind>(row: &Row, sealer: &Sealer, companions: &mut BatchContext) {
    if let (Some(bring), Some(row)) = (K::BRING, row.of::<K>()) {
        bring(row, sealer, companions);
    }
}

fn load<K: ImportKind>(
    db: &mut Db,
    scope: &Scope,
    rows: &[&Row],
    facts: &mut Facts,
) -> AppResult<()> {
    let rows: Vec<&K> = rows.iter().filter_map(|row| row.of()).collect();
    K::load(db, scope, &rows, facts)
}

fn decide<K: ImportKind>(plan: &mut Plan<'_>, row: &Row, line: u32) -> Result<Outcome, Refusal> {
    row.of::<K>().map_or(Ok(Outcome::Refused), |row| row.decide(plan, line))
}
