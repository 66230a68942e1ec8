//! A keyed fingerprint of each account of staff and liaisons: who raises himself in the database
//! itself cannot make it. The only file that writes `account_seal`.
//!
//! A change by this program makes it anew only where it held before: otherwise the next change of
//! a password would hide that the role is not the one that was given.

use std::collections::BTreeMap;

use diesel::prelude::*;

use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::crypto::{Field, Sealer};
use crate::plumbing::db::Db;
use crate::plumbing::schema::account_seal;

/// What is sealed of an account.
pub struct Account {
    pub id: i64,
    pub office_code: String,
    pub login: String,
    /// All that decides who signs in and what they may do; the version, too, which grows.
    pub text: String,
}

impl Account {
    fn seal(&self, sealer: &Sealer) -> Vec<u8> {
        let Account { id, office_code, login, text } = self;
        sealer.index(Field::Rights, &format!("{id} {office_code} {login} {text}"))
    }

    fn keep(&self, db: &mut Db, sealer: &Sealer) -> AppResult<()> {
        let row = (
            account_seal::account_id.eq(self.id),
            account_seal::office_code.eq(&self.office_code),
            account_seal::seal.eq(self.seal(sealer)),
        );
        diesel::delete(account_seal::table.find(self.id)).execute(db)?;
        diesel::insert_into(account_seal::table).values(row).execute(db)?;
        Ok(())
    }
}

/// Seals a new account (nothing before), or a changed one.
pub(super) fn follow(
    db: &mut Db,
    sealer: &Sealer,
    before: Option<Account>,
    after: impl Into<Account>,
) -> AppResult<()> {
    if let Some(before) = before {
        let seal = account_seal::table.find(before.id).select(account_seal::seal);
        if seal.first::<Vec<u8>>(db).optional()? != Some(before.seal(sealer)) {
            return Ok(());
        }
    }
    after.into().keep(db, sealer)
}

/// The seals of these offices, by account.
pub(super) fn all(db: &mut Db, scope: &Scope) -> AppResult<BTreeMap<i64, Vec<u8>>> {
    let own = account_seal::table.filter(scope.holds(account_seal::office_code));
    let rows: Vec<(i64, Vec<u8>)> =
        own.select((account_seal::account_id, account_seal::seal)).load(db)?;
    Ok(rows.into_iter().collect())
}

/// Of these accounts, all of the offices, those that this program has not written as they stand,
/// by their login; and those that are gone, by their number.
pub(super) fn broken(
    db: &mut Db,
    (scope, sealer): (&Scope, &Sealer),
    accounts: &[Account],
) -> AppResult<Vec<String>> {
    let mut seals = all(db, scope)?;
    let strange = accounts.iter().filter(|one| seals.remove(&one.id) != Some(one.seal(sealer)));
    let mut found: Vec<String> = strange.map(|one| one.login.clone()).collect();
    found.extend(seals.into_keys().map(|id| format!("{id} (removed)")));
    Ok(found)
}

/// Seals these accounts, all of the offices, as they stand now.
pub(super) fn seal_all(
    db: &mut Db,
    (scope, sealer): (&Scope, &Sealer),
    accounts: &[Account],
) -> AppResult<()> {
    let own = account_seal::table.filter(scope.holds(account_seal::office_code));
    diesel::delete(own).execute(db)?;
    accounts.iter().try_for_each(|one| one.keep(db, sealer))
}
