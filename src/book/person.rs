//! People: students and co-borrowers alike, with their telephone numbers.
//!
//! Identity numbers and telephones are sealed; they are found by their blind index and shown
//! masked. The only way to a number in full is [`open_id`] / [`open_phone`], whose callers write
//! history (desk/reveal). Writes tables `person` and `person_phone`.

use std::cmp::Reverse;
use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use crate::base::id_number::{self, IdNumber};
use crate::base::ids::{PersonId, PhoneId, text_enum};
use crate::base::person_name::{initials, name_key};
use crate::base::phone_number::PhoneNumber;
use crate::base::scope::Scope;
use crate::book::contact::point::Tried;
use crate::error::AppResult;
use crate::plumbing::any_of::AnyOfMethods as _;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::crypto::{Field, Sealer};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{person, person_phone};
use crate::{insert_rows, remove_rows, upsert_rows};

/// Names that get their initials in one write, so that nobody waits long.
const FILLED_AT_ONCE: i64 = 500;

text_enum! {
    /// Male or female, as the identity number says.
    Sex {
        /// 男
        Male = "M", "男";
        /// 女
        Female = "F", "女";
    }
}

/// A person as stored.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    Queryable,
    Selectable,
    Insertable,
    AsChangeset,
    Identifiable,
    serde::Serialize,
    serde::Deserialize,
)]
#[diesel(table_name = person, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Person {
    pub id: PersonId,
    /// Whose data this is.
    pub office_code: String,
    /// Name as on the identity card, rare characters included.
    pub name: String,
    /// The name for comparing and searching (`name_key`).
    pub name_key: String,
    /// The identity number, sealed.
    pub id_sealed: Vec<u8>,
    pub id_index: Vec<u8>,
    /// Its first three and last four characters: `512***********125X`.
    pub id_mask: String,
    pub born_on: NaiveDate,
    pub sex: Sex,
    /// 民族.
    pub ethnic: String,
    /// 户口性质: 农村, 城镇.
    pub household_type: String,
    pub email: String,
    /// Home address in full.
    pub address: String,
    /// 乡镇（街道）.
    pub township: String,
    /// 村（社区）.
    pub village: String,
    /// 12-digit code of the village.
    pub village_code: String,
    /// Police station of the home.
    pub police_station: String,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    /// Grows with every change.
    pub version: i32,
    /// What `person_name::initials` makes of the name; empty where an older version wrote the row.
    #[serde(default)]
    pub name_initials: String,
}

impl Person {
    /// Somebody of whom no more than name and number are known.
    pub fn new(
        (id, office_code): (PersonId, &str),
        (name, number): (&str, &IdNumber),
        sealer: &Sealer,
        now: NaiveDateTime,
    ) -> AppResult<Person> {
        Ok(Person {
            id,
            office_code: office_code.to_owned(),
            name: name.to_owned(),
            name_key: name_key(name),
            name_initials: initials(name),
            id_sealed: sealer.seal(Field::IdNumber, number.as_str().as_bytes())?,
            id_index: sealer.index(Field::IdNumber, number.as_str()),
            id_mask: number.masked(),
            born_on: number.birth_on(),
            sex: match number.sex() {
                id_number::Sex::Male => Sex::Male,
                id_number::Sex::Female => Sex::Female,
            },
            ethnic: String::new(),
            household_type: String::new(),
            email: String::new(),
            address: String::new(),
            township: String::new(),
            village: String::new(),
            village_code: String::new(),
            police_station: String::new(),
            created_at: now,
            updated_at: now,
            version: 1,
        })
    }
}

text_enum! {
    /// How far a telephone number can be relied on.
    PhoneState {
        /// In the county's own list of borrowers.
        OnFile = "on_file", "在册";
        /// Seen elsewhere (another list, a family member): to be confirmed.
        ToConfirm = "to_confirm", "待核对";
        /// Does not work any more.
        Dead = "dead", "失效";
    }
}

impl PhoneState {
    /// Which is called first.
    const fn rank(self) -> u8 {
        match self {
            PhoneState::OnFile => 0,
            PhoneState::ToConfirm => 1,
            PhoneState::Dead => 2,
        }
    }
}

/// One telephone number of one person, as stored.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    Queryable,
    Selectable,
    Insertable,
    serde::Serialize,
    serde::Deserialize,
)]
#[diesel(table_name = person_phone, treat_none_as_default_value = false)]
pub struct Phone {
    pub id: PhoneId,
    /// Whose data this is.
    pub office_code: String,
    /// Whose number it is.
    pub person_id: PersonId,
    pub phone_sealed: Vec<u8>,
    pub phone_index: Vec<u8>,
    /// `138****2741`.
    pub phone_mask: String,
    /// How far it can be relied on.
    pub state: PhoneState,
    /// Where it was seen, in words: 名单, 毕业确认 ...
    pub source: String,
    pub recorded_at: NaiveDateTime,
}

impl Phone {
    /// A number that was seen in `source` and is still to be confirmed.
    pub fn seen(
        (id, person): (PhoneId, &Person),
        number: &PhoneNumber,
        source: &str,
        (sealer, now): (&Sealer, NaiveDateTime),
    ) -> AppResult<Phone> {
        Ok(Phone {
            id,
            office_code: person.office_code.clone(),
            person_id: person.id,
            phone_sealed: sealer.seal(Field::Phone, number.as_str().as_bytes())?,
            phone_index: sealer.index(Field::Phone, number.as_str()),
            phone_mask: number.masked(),
            state: PhoneState::ToConfirm,
            source: source.to_owned(),
            recorded_at: now,
        })
    }
}

/// The people with these blind indexes, by index. For imports: one query a chunk.
pub fn by_index(
    db: &mut Db,
    scope: &Scope,
    indexes: &[Vec<u8>],
) -> AppResult<HashMap<Vec<u8>, Person>> {
    let mut found = HashMap::with_capacity(indexes.len());
    for chunk in indexes.chunks(BINDS_MAX) {
        let rows = person::table
            .filter(scope.holds(person::office_code))
            .filter(person::id_index.eq_any(chunk))
            .select(Person::as_select())
            .load(db)?;
        found.extend(rows.into_iter().map(|row| (row.id_index.clone(), row)));
    }
    Ok(found)
}

/// The townships that people of these offices live in.
pub fn townships(db: &mut Db, scope: &Scope) -> AppResult<Vec<String>> {
    Ok(person::table
        .filter(scope.holds(person::office_code))
        .filter(person::township.ne(""))
        .select(person::township)
        .distinct()
        .load(db)?)
}

/// The people with these identities.
pub fn by_ids(db: &mut Db, scope: &Scope, ids: &[PersonId]) -> AppResult<Vec<Person>> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(BINDS_MAX) {
        found.extend(
            person::table
                .filter(scope.holds(person::office_code))
                .filter(person::id.any_of(chunk))
                .select(Person::as_select())
                .load(db)?,
        );
    }
    Ok(found)
}

/// One person, or NotFound (also when it is another office's).
pub fn find(db: &mut Db, scope: &Scope, id: PersonId) -> AppResult<Person> {
    Ok(person::table
        .filter(scope.holds(person::office_code))
        .filter(person::id.eq(id))
        .select(Person::as_select())
        .get_result(db)?)
}

/// The telephone numbers of these people, those on file first, of these the newest.
pub fn phones_of(db: &mut Db, scope: &Scope, people: &[PersonId]) -> AppResult<Vec<Phone>> {
    let mut found = Vec::new();
    for chunk in people.chunks(BINDS_MAX) {
        found.extend(
            person_phone::table
                .filter(scope.holds(person_phone::office_code))
                .filter(person_phone::person_id.any_of(chunk))
                .select(Phone::as_select())
                .load(db)?,
        );
    }
    found.sort_by_key(|one: &Phone| {
        (one.person_id, one.state.rank(), Reverse(one.recorded_at), one.id)
    });
    Ok(found)
}

/// One telephone number, or NotFound.
pub fn find_phone(db: &mut Db, scope: &Scope, id: PhoneId) -> AppResult<Phone> {
    Ok(person_phone::table
        .filter(scope.holds(person_phone::office_code))
        .filter(person_phone::id.eq(id))
        .select(Phone::as_select())
        .first(db)?)
}

pub fn insert_all(db: &mut Db, people: &[Person]) -> AppResult<()> {
    insert_rows!(db, person::table, 21, people)?;
    Ok(())
}

/// Writes people whose details have changed over their old rows.
pub fn replace_all(db: &mut Db, people: &[Person]) -> AppResult<()> {
    use diesel::upsert::excluded;
    upsert_rows!(
        db,
        person::table,
        21,
        people,
        key = person::id,
        set = (
            person::name.eq(excluded(person::name)),
            person::name_key.eq(excluded(person::name_key)),
            person::born_on.eq(excluded(person::born_on)),
            person::sex.eq(excluded(person::sex)),
            person::ethnic.eq(excluded(person::ethnic)),
            person::household_type.eq(excluded(person::household_type)),
            person::email.eq(excluded(person::email)),
            person::address.eq(excluded(person::address)),
            person::township.eq(excluded(person::township)),
            person::village.eq(excluded(person::village)),
            person::village_code.eq(excluded(person::village_code)),
            person::police_station.eq(excluded(person::police_station)),
            person::updated_at.eq(excluded(person::updated_at)),
            person::version.eq(excluded(person::version)),
            person::name_initials.eq(excluded(person::name_initials)),
        )
    )?;
    Ok(())
}

/// Some of the people whose names have no initials yet, of all offices.
pub fn without_initials(db: &mut Db) -> AppResult<Vec<(PersonId, String)>> {
    let missing = person::table.filter(person::name_initials.eq(""));
    Ok(missing.limit(FILLED_AT_ONCE).select((person::id, person::name)).load(db)?)
}

pub fn fill_initials(db: &mut Db, people: &[(PersonId, String)]) -> AppResult<()> {
    for (id, name) in people {
        diesel::update(person::table.filter(person::id.eq(id)))
            .set(person::name_initials.eq(initials(name)))
            .execute(db)?;
    }
    Ok(())
}

/// Records new telephone numbers. The caller has looked that they are new for the person.
pub fn insert_phones(db: &mut Db, phones: &[Phone]) -> AppResult<()> {
    insert_rows!(db, person_phone::table, 9, phones)?;
    Ok(())
}

/// A number that was on file before is used first again; what came of old tries counts no more.
pub fn use_again(
    db: &mut Db,
    scope: &Scope,
    id: PhoneId,
    (source, at): (&str, NaiveDateTime),
) -> AppResult<()> {
    put_phone_back(db, scope, id, (PhoneState::OnFile, Tried::Never, None))?;
    diesel::update(person_phone::table.filter(person_phone::id.eq(id)))
        .set((person_phone::source.eq(source), person_phone::recorded_at.eq(at)))
        .execute(db)?;
    Ok(())
}

/// Changes how far a number can be relied on.
pub fn set_phone_state(db: &mut Db, id: PhoneId, state: PhoneState) -> AppResult<()> {
    diesel::update(person_phone::table.filter(person_phone::id.eq(id)))
        .set(person_phone::state.eq(state))
        .execute(db)?;
    Ok(())
}

/// What came of the last try with each number that was tried, by number.
pub fn tries_of(
    db: &mut Db,
    scope: &Scope,
    people: &[PersonId],
) -> AppResult<HashMap<PhoneId, (Tried, Option<NaiveDate>)>> {
    let rows: Vec<(PhoneId, Tried, Option<NaiveDate>)> = person_phone::table
        .filter(scope.holds(person_phone::office_code))
        .filter(person_phone::person_id.any_of(people))
        .select((person_phone::id, person_phone::tried, person_phone::tried_on))
        .load(db)?;
    Ok(rows.into_iter().map(|(id, tried, on)| (id, (tried, on))).collect())
}

/// Notes what came of a try with a number. A dead or somebody else's number is used no more;
/// one that works is on file again.
pub fn set_phone_tried(
    db: &mut Db,
    scope: &Scope,
    id: PhoneId,
    (tried, on): (Tried, NaiveDate),
) -> AppResult<()> {
    let phone = find_phone(db, scope, id)?;
    let state = match tried {
        Tried::Dead | Tried::WrongPerson => PhoneState::Dead,
        Tried::Works => PhoneState::OnFile,
        Tried::Never | Tried::NoAnswer | Tried::Refused => phone.state,
    };
    diesel::update(person_phone::table.filter(person_phone::id.eq(id)))
        .set((
            person_phone::tried.eq(tried),
            person_phone::tried_on.eq(on),
            person_phone::state.eq(state),
        ))
        .execute(db)?;
    Ok(())
}

/// State of a number, what came of the last try, and when that was.
pub fn known_of_phone(
    db: &mut Db,
    scope: &Scope,
    id: PhoneId,
) -> AppResult<(PhoneState, Tried, Option<NaiveDate>)> {
    Ok(person_phone::table
        .filter(scope.holds(person_phone::office_code))
        .filter(person_phone::id.eq(id))
        .select((person_phone::state, person_phone::tried, person_phone::tried_on))
        .first(db)?)
}

/// A number as it was before a try that is taken back.
pub fn put_phone_back(
    db: &mut Db,
    scope: &Scope,
    id: PhoneId,
    (state, tried, on): (PhoneState, Tried, Option<NaiveDate>),
) -> AppResult<()> {
    diesel::update(
        person_phone::table
            .filter(scope.holds(person_phone::office_code))
            .filter(person_phone::id.eq(id)),
    )
    .set((
        person_phone::state.eq(state),
        person_phone::tried.eq(tried),
        person_phone::tried_on.eq(on),
    ))
    .execute(db)?;
    Ok(())
}

/// The identity number in full. The caller writes into history who asked.
pub fn open_id(sealer: &Sealer, person: &Person) -> AppResult<String> {
    Ok(sealer.open_text(Field::IdNumber, &person.id_sealed)?)
}

/// A telephone number in full. The caller writes into history who asked.
pub fn open_phone(sealer: &Sealer, phone: &Phone) -> AppResult<String> {
    Ok(sealer.open_text(Field::Phone, &phone.phone_sealed)?)
}

/// Takes new people of an undone import away; nothing refers to them.
pub fn remove_all(db: &mut Db, scope: &Scope, ids: &[PersonId]) -> AppResult<()> {
    Ok(remove_rows!(db, person::table, person::id, person::office_code, scope, ids)?)
}

/// Takes new telephone numbers of an undone import away; nothing refers to them.
pub fn remove_phones(db: &mut Db, scope: &Scope, ids: &[PhoneId]) -> AppResult<()> {
    Ok(remove_rows!(
        db,
        person_phone::table,
        person_phone::id,
        person_phone::office_code,
        scope,
        ids
    )?)
}

/// The numbers with these identities.
pub fn phones_by_ids(db: &mut Db, scope: &Scope, ids: &[PhoneId]) -> AppResult<Vec<Phone>> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(BINDS_MAX) {
        found.extend(
            person_phone::table
                .filter(scope.holds(person_phone::office_code))
                .filter(person_phone::id.eq_any(chunk))
                .select(Phone::as_select())
                .load(db)?,
        );
    }
    Ok(found)
}
