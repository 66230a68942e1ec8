//! Do the keys of the key file open what this database holds? Asked at every start, of the sealing
//! keys as of the index key: with a wrong one the program would start, open nothing, and seal new
//! rows so that the right file would not open them.
//!
//! For each key a short text sealed by it is kept in the table `meta`. A database of an older
//! version has none: it gets them at its first start, when its own rows open.

use std::path::Path;

use diesel::prelude::*;

use super::CliError;
use crate::base::scope::Scope;
use crate::book::{office, verify};
use crate::error::AppResult;
use crate::localized;
use crate::plumbing::crypto::{Field, Sealer, from_hex, to_hex};
use crate::plumbing::db::{Database, Db};
use crate::plumbing::meta;
use crate::plumbing::schema::{message, person, person_phone};

/// `seal_check_1`: the text that key 1 has sealed.
const CHECK: &str = "seal_check_";
const TEXT: &[u8] = b"zhuxue key check";

/// # Errors
/// One line that names the key file, and which key is the wrong one.
pub fn check(db: &Database, sealer: &Sealer, file: &Path) -> Result<(), CliError> {
    let fingerprint = sealer.fingerprint();
    let is_index = db.write("key fingerprint", |db| meta::is_own_key(db, &fingerprint))?;
    let wrong = match is_index {
        false => Some(
            localized!(
                "不是这个数据库加密用的那一份",
                "is not the one this database was sealed with"
            )
            .to_owned(),
        ),
        true => wrong_key(db, sealer)?,
    };
    match wrong {
        None => Ok(()),
        Some(why) => Err(CliError::failed(localized!(
            "密钥文件 {}：{why}，请换成对的那一份",
            "key file {}: {why}; put the right one in its place",
            file.display()
        ))),
    }
}

fn wrong_key(db: &Database, sealer: &Sealer) -> AppResult<Option<String>> {
    let checks = db.read(|db| meta::with_prefix(db, CHECK))?;
    let opens = |text: &str| {
        from_hex(text).is_some_and(|sealed| sealer.open(Field::KeyCheck, &sealed).is_ok())
    };
    if let Some((name, _)) = checks.iter().find(|(_, text)| !opens(text)) {
        let id = name.trim_start_matches(CHECK);
        return Ok(Some(localized!(
            "其中加密密钥 {id} 不是这个数据库用的那一把",
            "its sealing key {id} is not the one this database was sealed with"
        )));
    }
    let mut new = Vec::new();
    for id in sealer.key_ids() {
        let name = format!("{CHECK}{id}");
        if checks.iter().all(|(known, _)| *known != name) {
            new.push((name, to_hex(&sealer.seal_with(id, Field::KeyCheck, TEXT)?)));
        }
    }
    // A key that was never checked: what was sealed before must open, or it is learnt wrongly.
    if !new.is_empty() && !db.read(|db| rows_open(db, sealer))? {
        return Ok(Some(
            localized!(
                "其中的加密密钥打不开这个数据库的内容",
                "its sealing key does not open what this database holds"
            )
            .to_owned(),
        ));
    }
    for (name, text) in &new {
        db.write("key check", |db| meta::set(db, name, text))?;
    }
    Ok(None)
}

/// The oldest and the newest sealed row of each kind, as far as there are any.
fn rows_open(db: &mut Db, sealer: &Sealer) -> AppResult<bool> {
    let people = person::table.select(person::id_sealed);
    let phones = person_phone::table.select(person_phone::phone_sealed);
    let texts = message::table.select(message::text_sealed);
    let rows: [(Field, Option<Vec<u8>>); 6] = [
        (Field::IdNumber, people.order(person::id).first(db).optional()?),
        (Field::IdNumber, people.order(person::id.desc()).first(db).optional()?),
        (Field::Phone, phones.order(person_phone::id).first(db).optional()?),
        (Field::Phone, phones.order(person_phone::id.desc()).first(db).optional()?),
        (Field::Message, texts.order(message::id).first(db).optional()?),
        (Field::Message, texts.order(message::id.desc()).first(db).optional()?),
    ];
    let mut sealed = rows.iter().filter_map(|(field, row)| Some((*field, row.as_ref()?)));
    Ok(sealed.all(|(field, row)| row.is_empty() || sealer.open(field, row).is_ok()))
}

/// Accounts of a database of an older version are sealed at its first start.
pub(super) fn seal_accounts(db: &Database, sealer: &Sealer) -> AppResult<()> {
    db.read(office::all)?.iter().try_for_each(|office| {
        let scope = Scope::of(&office.code);
        db.write("account seals", |db| verify::seal_first(db, &scope, sealer))
    })
}
