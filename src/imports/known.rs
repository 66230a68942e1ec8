//! Whether a repayment list tells enough to move the day up to which payments are known: it must
//! name every contract that would be overdue if it were the last word. The list of one township
//! does not, two halves of one day do. What is missing is named, and nobody is called overdue
//! meanwhile.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDate;

use super::findings::{self, About};
use super::store::{self, ImportJob};
use super::{profile, read};
use crate::app::App;
use crate::base::dates::local;
use crate::base::ids::{ImportId, LoanId, RowId};
use crate::base::scope::Scope;
use crate::book::facts::{self, LoanFacts};
use crate::book::payments_known::{self, PaymentsKnown, Source};
use crate::book::policy::Policy;
use crate::book::position::{self, Basis};
use crate::book::statement::{self, InstalmentState, Product};
use crate::book::{bank, loan};
use crate::error::{AppError, AppResult};
use crate::imports::kinds::RepaymentRow;
use crate::imports::layout::{Layout, Limits};
use crate::plumbing::crypto::Field;
use crate::plumbing::db::Db;
use crate::plumbing::sheet::SheetLimits;

/// Loans whose events are in memory at one time.
const AT_ONCE: usize = 2_000;

/// The newest list of a lender that does not cover everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Short {
    pub product: Product,
    /// The day it is of.
    pub as_of: NaiveDate,
    /// The contracts it should have named and does not.
    pub missing: Vec<String>,
    /// How many of its rows could not be taken.
    pub refused: i32,
}

/// The contracts that a list names, each with the latest due day that a line of it is about.
pub type Named = HashMap<String, NaiveDate>;

/// What the posted lists that are newer than what is known come to.
#[derive(Default)]
struct Looked {
    /// Those that cover everything, the newest of each lender, with the day until which they tell.
    whole: Vec<(Product, NaiveDate, ImportId, String)>,
    short: Option<Short>,
}

/// The newest posted list that does not cover everything, if there is one. Reads only.
pub fn short(app: &App, scope: &Scope) -> AppResult<Option<Short>> {
    Ok(read(app, scope)?.short)
}

/// Moves the day up to which payments are known where a posted list covers everything. Run again it
/// changes nothing. Returns the newest list that does not.
pub fn learn(app: &App, scope: &Scope) -> AppResult<Option<Short>> {
    let Looked { whole, short } = read(app, scope)?;
    for list in whole {
        keep(app, scope, list)?;
    }
    Ok(short)
}

fn read(app: &App, scope: &Scope) -> AppResult<Looked> {
    let lists = app.db.read(|db| store::posted_as(db, scope, Layout::REPAYMENTS.as_text()))?;
    let known = app.db.read(|db| payments_known::load(db, scope))?;
    let mut tells = BTreeMap::new();
    for list in &lists {
        let (Some(product), day) = (Product::from_text(&list.product), day_of(list)) else {
            continue;
        };
        let until = app.db.read(|db| reported_until(db, scope, &app.policy(), (product, day)))?;
        tells.insert((list.product.clone(), day), until);
    }
    let mut by_day: BTreeMap<(String, NaiveDate), Vec<ImportJob>> = BTreeMap::new();
    for list in lists {
        let as_of = day_of(&list);
        let reported = tells.get(&(list.product.clone(), as_of)).copied().unwrap_or(as_of);
        let newer = known.until(scope.own(), &list.product).is_none_or(|until| reported > until);
        if newer && as_of <= app.clock.today() {
            by_day.entry((list.product.clone(), as_of)).or_default().push(list);
        }
    }
    let mut looked = Looked::default();
    // The newest first: once one covers everything, older ones have nothing to add.
    for ((text, as_of), lists) in by_day.into_iter().rev() {
        let Some(product) = Product::from_text(&text) else { continue };
        let done = looked.whole.iter().any(|(of, ..)| *of == product);
        let Some(last) = lists.iter().max_by_key(|list| list.id) else { continue };
        if product == Product::Local || done {
            continue;
        }
        let named = named(app, scope, (product, &lists))?;
        if named.is_empty() {
            // Nothing of it was taken, so it tells nothing.
            continue;
        }
        let reported = tells.get(&(text, as_of)).copied().unwrap_or(as_of);
        let missing = missing(app, scope, (product, reported), &named)?;
        let alone = matches!(&lists[..], [only] if findings::says(only, About::Part));
        if missing.is_empty() && alone {
            // All who would be overdue live where this list is from: it tells for no other place.
            continue;
        }
        if missing.is_empty() {
            looked.whole.push((product, reported, last.id, last.file_name.clone()));
        } else if looked.short.is_none() {
            let refused = lists.iter().map(|list| list.refused_rows).sum();
            looked.short = Some(Short { product, as_of, missing, refused });
        }
    }
    Ok(looked)
}

/// The newest list of repayments of a lender, when rows of it could not be taken and nothing newer
/// is known.
pub fn unread(
    db: &mut Db,
    scope: &Scope,
    known: &payments_known::Known,
    product: Product,
) -> AppResult<Option<ImportJob>> {
    let lists = store::posted_as(db, scope, Layout::REPAYMENTS.as_text())?;
    let newest = lists.into_iter().filter(|list| list.product == product.as_text());
    let newest = newest.max_by_key(|list| list.id).filter(|list| list.refused_rows > 0);
    let until = known.until(scope.own(), product.as_text());
    Ok(newest.filter(|list| list.as_of.is_none_or(|day| until.is_none_or(|until| day > until))))
}

/// The day a list is of.
fn day_of(list: &ImportJob) -> NaiveDate {
    list.as_of.unwrap_or_else(|| local(list.created_at).date())
}

/// Until when a list of `day` tells who has paid: what is booked within the tolerance after a due
/// day (12-21, where 12-20 is a Sunday) is on time, so an earlier list leaves that due day open.
pub fn reported_until(
    db: &mut Db,
    scope: &Scope,
    policy: &Policy,
    (product, day): (Product, NaiveDate),
) -> AppResult<NaiveDate> {
    let mut due_days = loan::due_days_until(db, scope, product, day)?;
    due_days.retain(|due_on| day < policy.on_time_until(*due_on));
    let first = due_days.into_iter().min();
    Ok(first.and_then(|due_on| due_on.pred_opt()).unwrap_or(day))
}

/// Lists kept in memory at most; those that nobody looks at any more are read again if need be.
const LISTS_KEPT: usize = 16;

/// What posted lists name, as they were read: a posted list does not change any more.
#[derive(Debug, Default)]
struct ReadLists(Mutex<HashMap<ImportId, Arc<Named>>>);

impl ReadLists {
    fn named(
        &self,
        id: ImportId,
        read: impl FnOnce() -> AppResult<Named>,
    ) -> AppResult<Arc<Named>> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&id).cloned() {
            return Ok(known);
        }
        let fresh = Arc::new(read()?);
        let mut cache = lock();
        if cache.len() >= LISTS_KEPT {
            cache.clear();
        }
        cache.insert(id, Arc::clone(&fresh));
        Ok(fresh)
    }
}

/// The contracts of these lists, each with the latest due day that a line of it is about.
fn named(app: &App, scope: &Scope, (product, lists): (Product, &[ImportJob])) -> AppResult<Named> {
    let mut found = Named::new();
    for list in lists {
        let own = app
            .shared
            .get::<ReadLists>()
            .named(list.id, || read_named(app, scope, product, list))?;
        for (contract_no, newest) in own.iter() {
            let due_on = found.entry(contract_no.clone()).or_insert(*newest);
            *due_on = (*newest).max(*due_on);
        }
    }
    Ok(found)
}

/// The same of one list, from its file.
fn read_named(app: &App, scope: &Scope, product: Product, list: &ImportJob) -> AppResult<Named> {
    let (sealed, refused, profiles) = app.db.read(|db| {
        let refused = store::refused_lines(db, list.id)?;
        Ok((store::content(db, list.id)?, refused, profile::all(db, scope)?))
    })?;
    let refused: BTreeSet<i32> = refused.into_iter().collect();
    let bytes = app.sealer.open(Field::Upload, &sealed).map_err(AppError::broken)?;
    drop(sealed);
    let mut found = Named::new();
    let sheet = read::open_kept(&bytes, &SheetLimits::default(), list, &profiles);
    drop(bytes);
    let Ok(sheet) = sheet else { return Ok(found) };
    let lines = sheet.lines(app.clock.today(), Limits::of(&app.policy(), product));
    for line in lines.iter() {
        let row = line.parsed.as_ref().and_then(|parsed| parsed.row.as_ref());
        let Some(row) = row.and_then(|row| row.of::<RepaymentRow>()) else { continue };
        if !refused.contains(&i32::try_from(line.line).unwrap_or(i32::MAX)) {
            let due_on = found.entry(row.contract_number.clone()).or_insert(row.due_on);
            *due_on = row.due_on.max(*due_on);
        }
    }
    Ok(found)
}

/// The contracts that would be overdue on `as_of` and of which no line says so.
fn missing(
    app: &App,
    scope: &Scope,
    (product, as_of): (Product, NaiveDate),
    named: &Named,
) -> AppResult<Vec<String>> {
    let basis = app.basis();
    let all = app.db.read(|db| loan::of_product(db, scope, product))?;
    let mut found = Vec::new();
    for chunk in all.chunks(AT_ONCE) {
        let late = app.db.read(|db| late(db, scope, &basis, chunk, as_of))?;
        found.extend(late.into_iter().filter_map(|(contract_no, newest)| {
            let covered = named.get(&contract_no).is_some_and(|due_on| *due_on >= newest);
            (!covered).then_some(contract_no)
        }));
    }
    Ok(found)
}

/// The contracts that are overdue on a day if all that is on record is all there is, each with the
/// newest due day of which something is open.
fn late(
    db: &mut Db,
    scope: &Scope,
    basis: &Basis,
    loans: &[LoanId],
    day: NaiveDate,
) -> AppResult<Vec<(String, NaiveDate)>> {
    let terms: Vec<LoanFacts> = facts::loans(db, scope, loans)?;
    let mut lives = facts::events(db, scope, loans)?;
    let settled = bank::settled(db, scope, loans)?;
    let mut found = Vec::new();
    for one in terms.iter().filter(|one| !settled.contains_key(&one.id)) {
        // A contract that cannot be computed accuses nobody; it is named elsewhere.
        let (Ok(own), Ok(terms)) = (lives.take(one.id), one.terms()) else { continue };
        let events = position::with_waivers(own, basis);
        let Ok(quick) = statement::position(&terms, &events, &basis.rates, day) else { continue };
        if !(quick.overdue_principal + quick.overdue_interest).is_positive() {
            continue;
        }
        let Ok(whole) = statement::statement(&terms, &events, &basis.rates, day) else { continue };
        let open = whole.instalments.iter().filter(|row| row.state == InstalmentState::Overdue);
        found.extend(open.map(|row| row.due_on).max().map(|newest| (terms.contract_no, newest)));
    }
    Ok(found)
}

fn keep(
    app: &App,
    scope: &Scope,
    (product, as_of, import, file_name): (Product, NaiveDate, ImportId, String),
) -> AppResult<()> {
    let (id, at, today) = (RowId::new(app.next_id()), app.clock.now_at(), app.clock.today());
    app.db.write("payments known", |db| {
        if payments_known::has_list(db, scope, import)? {
            return Ok(());
        }
        let lender = (scope.own(), product);
        let row = PaymentsKnown {
            import_id: Some(import),
            reason: file_name.clone(),
            ..PaymentsKnown::new(id, lender, Source::List, as_of, at)
        };
        payments_known::add(db, &row)?;
        position::outdate(db, scope, today, today).map(|_| ())
    })?;
    position::catch_up(&app.db, scope, today, || app.newest_basis())?;
    app.note_change();
    Ok(())
}
