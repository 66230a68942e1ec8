//! 跨县查重: counties with a database of their own, and who of them has a loan of the year. Both sides
//! type the same passphrase; what they exchange are identity numbers hashed with its key, so that a
//! list says nothing to whoever does not know the number already. A match id 匹配号 is made from the
//! hash, on both sides the same: two desks can talk of a person without a name.
//!
//! Writes tables `partner`, `partner_list` and `partner_entry`.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;

use crate::base::ids::{PersonId, RowId};
use crate::base::scope::Scope;
use crate::error::{AppError, AppResult};
use crate::insert_rows;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::crypto::{Field, Sealer, shared_hash, to_hex};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{
    loan, loan_application, loan_file, partner, partner_entry, partner_list, person,
};

/// Letters and digits that nobody mistakes on the telephone: 5 bits each.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// A phrase that nobody guesses, to be offered: 80 bits.
pub fn new_phrase() -> AppResult<String> {
    let mut bytes = [0_u8; 10];
    getrandom::fill(&mut bytes).map_err(AppError::broken)?;
    let (one, other) = bytes.split_at(5);
    Ok(format!("{}-{}", spoken(one), spoken(other)))
}

/// A phrase or a number as it counts: cases, blanks and dashes get lost on the telephone.
pub fn plain(text: &str) -> String {
    let signs = text.chars().filter(|c| !c.is_whitespace() && *c != '-');
    signs.collect::<String>().to_uppercase()
}

/// By it an office knows its own lists.
pub fn mark(sealer: &Sealer, office: &str) -> String {
    to_hex(sealer.index(Field::Partner, office).get(..8).unwrap_or_default())
}

/// Eight letters of the first 40 bits: `K7QF-2MPA`.
pub fn spoken(bytes: &[u8]) -> String {
    let bits = bytes.iter().take(5).fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte));
    let letter = |at: u32| {
        let place = usize::try_from((bits >> (35 - 5 * at)) & 31).unwrap_or_default();
        LETTERS.get(place).map_or('?', |byte| char::from(*byte))
    };
    let half = |from: u32| (from..from + 4).map(letter).collect::<String>();
    format!("{}-{}", half(0), half(4))
}

/// A match id as it was typed, in whatever case and with whatever dashes.
pub fn typed_match_id(text: &str) -> Option<String> {
    let all: Vec<u8> =
        text.to_ascii_uppercase().bytes().filter(u8::is_ascii_alphanumeric).collect();
    let is_one = all.len() == 8 && all.iter().all(|byte| LETTERS.contains(byte));
    let text: String = all.into_iter().map(char::from).collect();
    is_one.then(|| format!("{}-{}", text.get(..4).unwrap_or(""), text.get(4..).unwrap_or("")))
}

/// The key that two counties share.
#[derive(Clone)]
pub struct PartnerKey(Vec<u8>);

impl PartnerKey {
    pub const fn new(bytes: Vec<u8>) -> PartnerKey {
        PartnerKey(bytes)
    }

    /// Of a year: lists of two years cannot be laid side by side.
    pub fn hash(&self, year: i32, id_number: &str) -> Vec<u8> {
        shared_hash(&self.0, "person", &format!("{year} {id_number}"))
    }

    /// Of a whole list, in hex: nobody else can have written it or changed it.
    pub fn checksum(&self, text: &str) -> String {
        to_hex(&shared_hash(&self.0, "list", text))
    }

    /// What both desks read aloud to know that they typed the same.
    pub fn fingerprint(&self) -> String {
        spoken(&shared_hash(&self.0, "fingerprint", ""))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = partner)]
pub struct Partner {
    pub id: RowId,
    pub office_code: String,
    /// As our own desk calls the other county.
    pub name: String,
    #[serde(skip)]
    key_sealed: Vec<u8>,
    pub fingerprint: String,
    pub made_by: String,
    pub made_on: NaiveDate,
}

impl Partner {
    pub fn new(
        (id, office_code): (RowId, &str),
        name: &str,
        (key, sealer): (&PartnerKey, &Sealer),
        (made_by, made_on): (&str, NaiveDate),
    ) -> AppResult<Partner> {
        Ok(Partner {
            id,
            office_code: office_code.to_owned(),
            name: name.to_owned(),
            key_sealed: sealer.seal(Field::Partner, &key.0)?,
            fingerprint: key.fingerprint(),
            made_by: made_by.to_owned(),
            made_on,
        })
    }

    pub fn key(&self, sealer: &Sealer) -> AppResult<PartnerKey> {
        Ok(PartnerKey(sealer.open(Field::Partner, &self.key_sealed)?))
    }
}

/// A list that a partner has sent.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = partner_list)]
pub struct PartnerList {
    pub id: RowId,
    pub office_code: String,
    pub partner_id: RowId,
    /// First year of the school year of the loans.
    pub year: i32,
    pub made_on: NaiveDate,
    /// The last day on which it is asked.
    pub expires_on: NaiveDate,
    pub received_by: String,
    pub received_on: NaiveDate,
    pub entries: i32,
    pub checksum: String,
}

#[derive(Insertable)]
#[diesel(table_name = partner_entry, treat_none_as_default_value = false)]
struct Entry {
    list_id: RowId,
    id_hash: Vec<u8>,
    is_co: bool,
    office_code: String,
}

/// Hashes with whether it is the co-borrower; in an order that says nothing.
pub type Hashes = BTreeSet<(Vec<u8>, bool)>;

pub fn all(db: &mut Db, office: &str) -> AppResult<Vec<Partner>> {
    Ok(partner::table
        .filter(partner::office_code.eq(office))
        .order(partner::id)
        .select(Partner::as_select())
        .load(db)?)
}

pub fn find(db: &mut Db, scope: &Scope, id: RowId) -> AppResult<Partner> {
    Ok(partner::table
        .filter(scope.holds(partner::office_code))
        .filter(partner::id.eq(id))
        .select(Partner::as_select())
        .get_result(db)?)
}

pub fn add(db: &mut Db, one: &Partner) -> AppResult<()> {
    diesel::insert_into(partner::table).values(one).execute(db)?;
    Ok(())
}

/// Takes a partner away with all that it has sent.
pub fn remove(db: &mut Db, one: &Partner) -> AppResult<()> {
    for list in lists(db, &one.office_code)?.iter().filter(|list| list.partner_id == one.id) {
        remove_list(db, list.id)?;
    }
    diesel::delete(partner::table.filter(partner::id.eq(one.id))).execute(db)?;
    Ok(())
}

pub fn lists(db: &mut Db, office: &str) -> AppResult<Vec<PartnerList>> {
    Ok(partner_list::table
        .filter(partner_list::office_code.eq(office))
        .order(partner_list::id)
        .select(PartnerList::as_select())
        .load(db)?)
}

pub fn add_list(db: &mut Db, list: &PartnerList, hashes: &Hashes) -> AppResult<()> {
    diesel::insert_into(partner_list::table).values(list).execute(db)?;
    let entry = |(id_hash, is_co): &(Vec<u8>, bool)| Entry {
        list_id: list.id,
        id_hash: id_hash.clone(),
        is_co: *is_co,
        office_code: list.office_code.clone(),
    };
    let rows: Vec<Entry> = hashes.iter().map(entry).collect();
    insert_rows!(db, partner_entry::table, 4, rows)?;
    Ok(())
}

pub fn remove_list(db: &mut Db, id: RowId) -> AppResult<()> {
    diesel::delete(partner_entry::table.filter(partner_entry::list_id.eq(id))).execute(db)?;
    diesel::delete(partner_list::table.filter(partner_list::id.eq(id))).execute(db)?;
    Ok(())
}

/// Somebody of ours who stands on the list of another county.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerHit {
    /// What we call the other county.
    pub partner: String,
    pub match_id: String,
    /// A co-borrower 共同借款人 there.
    pub is_co: bool,
}

/// Where a person stands on lists of a year that are in force on a day.
pub fn hits(
    db: &mut Db,
    (office, sealer): (&str, &Sealer),
    (year, id_number): (i32, &str),
    today: NaiveDate,
) -> AppResult<Vec<PartnerHit>> {
    let mut found = Vec::new();
    for one in all(db, office)? {
        let hash = one.key(sealer)?.hash(year, id_number);
        let roles: Vec<bool> = partner_entry::table
            .inner_join(partner_list::table)
            .filter(partner_list::partner_id.eq(one.id))
            .filter(partner_list::year.eq(year))
            .filter(partner_list::expires_on.ge(today))
            .filter(partner_entry::id_hash.eq(&hash))
            .order(partner_entry::is_co)
            .select(partner_entry::is_co)
            .load(db)?;
        let match_id = spoken(&hash);
        found.extend(roles.into_iter().map(|is_co| PartnerHit {
            partner: one.name.clone(),
            match_id: match_id.clone(),
            is_co,
        }));
    }
    Ok(found)
}

/// Somebody of a loan or an application of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnPerson {
    pub id_number: String,
    pub is_co: bool,
    /// The student's, also of a co-borrower.
    pub name: String,
    /// The page of the file, or of the application.
    pub link: String,
}

/// Borrowers and co-borrowers of the contracts of a year.
pub fn of_loans(
    db: &mut Db,
    (office, sealer): (&str, &Sealer),
    year: i32,
) -> AppResult<Vec<OwnPerson>> {
    type Row = (Vec<u8>, String, String, Option<PersonId>);
    let rows: Vec<Row> = loan::table
        .inner_join(loan_file::table.inner_join(person::table.on(own_person())))
        .filter(loan::office_code.eq(office))
        .filter(loan::loan_year.eq(year))
        .order(loan::id)
        .select((person::id_sealed, person::name, loan_file::file_no, loan::co_person_id))
        .load(db)?;
    let ids: Vec<PersonId> = rows.iter().filter_map(|(.., co)| *co).collect();
    let mut co: HashMap<PersonId, Vec<u8>> = HashMap::new();
    for chunk in ids.chunks(BINDS_MAX) {
        let numbers = person::table.filter(person::id.eq_any(chunk));
        co.extend(numbers.select((person::id, person::id_sealed)).load::<(_, _)>(db)?);
    }
    let mut all = Vec::new();
    for (own, name, file_no, co_id) in rows {
        let other = co_id.and_then(|id| co.get(&id)).map(|sealed| (sealed, true));
        for (sealed, is_co) in std::iter::once((&own, false)).chain(other) {
            let id_number = sealer.open_text(Field::IdNumber, sealed)?;
            let (name, link) = (name.clone(), format!("/loans/{file_no}"));
            all.push(OwnPerson { id_number, is_co, name, link });
        }
    }
    Ok(all)
}

/// That a person is the student of a file.
#[diesel::dsl::auto_type(no_type_alias)]
fn own_person() -> _ {
    person::id.eq(loan_file::person_id)
}

/// Both parties of the applications of a year that have no contract yet.
fn of_applications(
    db: &mut Db,
    (office, sealer): (&str, &Sealer),
    year: i32,
) -> AppResult<Vec<OwnPerson>> {
    let begun: Vec<(RowId, String, Vec<u8>)> = loan_application::table
        .filter(loan_application::office_code.eq(office))
        .filter(loan_application::loan_year.eq(year))
        .filter(loan_application::loan_id.is_null())
        .filter(loan_application::state.ne_all(["refused", "withdrawn", "void"]))
        .order(loan_application::id)
        .select((loan_application::id, loan_application::name, loan_application::draft_sealed))
        .load(db)?;
    let mut all = Vec::new();
    for (id, name, draft) in begun {
        let draft = sealer.open_text(Field::Application, &draft)?;
        let draft: serde_json::Value = serde_json::from_str(&draft).map_err(AppError::broken)?;
        for (field, is_co) in [("id_number", false), ("co_id_number", true)] {
            let number = draft.pointer(&format!("/values/{field}")).and_then(|one| one.as_str());
            all.extend(number.map(|typed| OwnPerson {
                id_number: plain(typed),
                is_co,
                name: name.clone(),
                link: format!("/applications/{id}"),
            }));
        }
    }
    Ok(all)
}

/// Who of ours a match id means, with the partner by whose key.
pub fn behind(
    db: &mut Db,
    (office, sealer): (&str, &Sealer),
    (year, match_id): (i32, &str),
) -> AppResult<Vec<(String, OwnPerson)>> {
    let mut people = of_loans(db, (office, sealer), year)?;
    people.extend(of_applications(db, (office, sealer), year)?);
    let mut found = Vec::new();
    for one in all(db, office)? {
        let key = one.key(sealer)?;
        let is_meant = |person: &&OwnPerson| spoken(&key.hash(year, &person.id_number)) == match_id;
        found.extend(people.iter().filter(is_meant).map(|own| (one.name.clone(), own.clone())));
    }
    Ok(found)
}
