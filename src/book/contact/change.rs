//! Changes of contacts that borrowers ask for, and that contacts were confirmed. The only file
//! that writes the tables `contact_change` and `contact_confirmation`.
//!
//! What a borrower writes changes nothing by itself: it is kept sealed and *proposed* until a
//! member of staff accepts or refuses it.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::base::ids::{FileId, PersonId, StaffId};
use crate::base::phone_number;
use crate::base::scope::Scope;
use crate::error::{AppError, AppResult};
use crate::plumbing::any_of::AnyOfMethods as _;
use crate::plumbing::crypto::{Field, Sealer};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{contact_change, contact_confirmation, loan_file, person};

/// What is to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 手机
    Phone,
    /// 邮箱
    Email,
    /// 住址
    Address,
}

impl Kind {
    /// As kept in the database.
    pub const fn as_text(self) -> &'static str {
        match self {
            Kind::Phone => "phone",
            Kind::Email => "email",
            Kind::Address => "address",
        }
    }

    /// The kind a text of the database names.
    pub fn from_text(text: &str) -> Option<Kind> {
        [Kind::Phone, Kind::Email, Kind::Address].into_iter().find(|kind| kind.as_text() == text)
    }

    /// As pages say it.
    pub const fn in_words(self) -> &'static str {
        match self {
            Kind::Phone => "手机",
            Kind::Email => "邮箱",
            Kind::Address => "住址",
        }
    }
}

/// A change as stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = contact_change, treat_none_as_default_value = false)]
pub struct Change {
    pub id: i64,
    /// Whose data this is.
    pub office_code: String,
    /// Whose contact it is.
    pub person_id: PersonId,
    /// From which file it was asked.
    pub file_id: Option<FileId>,
    /// `phone`, `email`, `address`.
    pub field: String,
    /// The new value, sealed (`Field::Contact`).
    pub value_sealed: Vec<u8>,
    pub value_mask: String,
    /// Where it was asked, in words.
    pub source: String,
    /// `proposed`, `accepted`, `refused`.
    pub state: String,
    pub asked_at: NaiveDateTime,
    pub asked_by_person: Option<PersonId>,
    /// When it was decided.
    pub decided_at: Option<NaiveDateTime>,
    pub decided_by: String,
    /// What the borrower is told.
    pub answer: String,
    /// The member of staff who wrote down what somebody passed on; another one accepts it.
    pub asked_by_staff: Option<StaffId>,
}

impl Change {
    /// What somebody wants: `value` plain, here sealed and masked.
    pub fn proposed(
        sealer: &Sealer,
        (id, asked_at): (i64, NaiveDateTime),
        (office_code, person_id, file_id): (&str, PersonId, FileId),
        (kind, value): (Kind, &str),
        source: &str,
    ) -> AppResult<Change> {
        Ok(Change {
            id,
            office_code: office_code.to_owned(),
            person_id,
            file_id: Some(file_id),
            field: kind.as_text().to_owned(),
            value_sealed: sealer.seal(Field::Contact, value.as_bytes())?,
            value_mask: match kind {
                Kind::Phone => phone_number::mask(value),
                Kind::Email => mask_email(value),
                Kind::Address => mask_address(value),
            },
            source: source.to_owned(),
            state: "proposed".to_owned(),
            asked_at,
            asked_by_person: None,
            decided_at: None,
            decided_by: String::new(),
            answer: String::new(),
            asked_by_staff: None,
        })
    }
}

/// Proposes a change. One that is open for the same contact is written over, with where it comes
/// from: the last word counts.
pub fn ask(db: &mut Db, new: &Change) -> AppResult<()> {
    let updated = diesel::update(
        contact_change::table
            .filter(contact_change::person_id.eq(new.person_id))
            .filter(contact_change::field.eq(&new.field))
            .filter(contact_change::state.eq("proposed")),
    )
    .set((
        contact_change::value_sealed.eq(&new.value_sealed),
        contact_change::value_mask.eq(&new.value_mask),
        contact_change::source.eq(&new.source),
        contact_change::file_id.eq(new.file_id),
        contact_change::asked_at.eq(new.asked_at),
        contact_change::asked_by_person.eq(new.asked_by_person),
        contact_change::asked_by_staff.eq(new.asked_by_staff),
    ))
    .execute(db)?;
    if updated == 0 {
        diesel::insert_into(contact_change::table).values(new).execute(db)?;
    }
    Ok(())
}

/// The newest changes of a person, open and decided.
pub fn of_person(db: &mut Db, scope: &Scope, id: PersonId, limit: i64) -> AppResult<Vec<Change>> {
    Ok(contact_change::table
        .filter(scope.holds(contact_change::office_code))
        .filter(contact_change::person_id.eq(id))
        .order(contact_change::id.desc())
        .limit(limit)
        .select(Change::as_select())
        .load(db)?)
}

/// True when one of these people waits for a decision.
pub fn is_open(db: &mut Db, scope: &Scope, people: &[PersonId]) -> AppResult<bool> {
    let open = contact_change::table
        .filter(scope.holds(contact_change::office_code))
        .filter(contact_change::person_id.any_of(people))
        .filter(contact_change::state.eq("proposed"));
    Ok(diesel::select(diesel::dsl::exists(open)).get_result(db)?)
}

/// How many wait in these offices.
pub fn count_open(db: &mut Db, scope: &Scope) -> AppResult<i64> {
    Ok(contact_change::table
        .filter(scope.holds(contact_change::office_code))
        .filter(contact_change::state.eq("proposed"))
        .count()
        .get_result(db)?)
}

/// A change with whose it is.
#[derive(Clone, Debug, Queryable)]
pub struct Waiting {
    pub change: Change,
    pub name: String,
    /// The address on file.
    pub address: String,
    /// The e-mail on file.
    pub email: String,
    /// The number of the file it was asked from.
    pub file_no: Option<String>,
    /// The student of that file.
    pub student_id: Option<PersonId>,
}

/// What waits in these offices, oldest first.
pub fn waiting(db: &mut Db, scope: &Scope, limit: i64) -> AppResult<Vec<Waiting>> {
    Ok(contact_change::table
        .inner_join(person::table.on(person::id.eq(contact_change::person_id)))
        .left_join(loan_file::table.on(contact_change::file_id.eq(loan_file::id.nullable())))
        .filter(scope.holds(contact_change::office_code))
        .filter(contact_change::state.eq("proposed"))
        .order(contact_change::id)
        .limit(limit)
        .select((
            Change::as_select(),
            person::name,
            person::address,
            person::email,
            loan_file::file_no.nullable(),
            loan_file::person_id.nullable(),
        ))
        .load(db)?)
}

/// One change, or NotFound.
pub fn find(db: &mut Db, scope: &Scope, id: i64) -> AppResult<Change> {
    Ok(contact_change::table
        .filter(scope.holds(contact_change::office_code))
        .filter(contact_change::id.eq(id))
        .select(Change::as_select())
        .get_result(db)?)
}

/// A decision on a change.
#[derive(Clone, Debug)]
pub struct Decision {
    pub accepted: bool,
    pub by: String,
    /// What the borrower is told.
    pub answer: String,
    pub at: NaiveDateTime,
}

/// Decides a change as it was seen: `seen_at` is its instant of asking. `Changed` when somebody
/// was quicker, or the borrower has written something else since.
pub fn decide(
    db: &mut Db,
    scope: &Scope,
    (id, seen_at): (i64, NaiveDateTime),
    decision: &Decision,
) -> AppResult<()> {
    let state = if decision.accepted { "accepted" } else { "refused" };
    let done = diesel::update(
        contact_change::table
            .filter(scope.holds(contact_change::office_code))
            .filter(contact_change::id.eq(id))
            .filter(contact_change::asked_at.eq(seen_at))
            .filter(contact_change::state.eq("proposed")),
    )
    .set((
        contact_change::state.eq(state),
        contact_change::decided_at.eq(decision.at),
        contact_change::decided_by.eq(&decision.by),
        contact_change::answer.eq(&decision.answer),
    ))
    .execute(db)?;
    if done == 1 { Ok(()) } else { Err(AppError::Changed) }
}

/// That the contacts of a file were confirmed or corrected in a year.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = contact_confirmation)]
pub struct Confirmation {
    pub id: i64,
    /// Whose data this is.
    pub office_code: String,
    pub file_id: FileId,
    pub person_id: PersonId,
    pub year: i32,
    pub source: String,
    pub confirmed_at: NaiveDateTime,
}

/// Keeps a confirmation, once a year; false when it was there already.
pub fn confirm(db: &mut Db, new: &Confirmation) -> AppResult<bool> {
    let added = crate::both!(&mut *db, c => diesel::RunQueryDsl::execute(
        diesel::insert_into(contact_confirmation::table)
            .values(new)
            .on_conflict((
                contact_confirmation::file_id,
                contact_confirmation::person_id,
                contact_confirmation::year,
            ))
            .do_nothing(),
        c
    ))?;
    Ok(added == 1)
}

/// An e-mail address for a page: `s***@example.com`.
pub fn mask_email(email: &str) -> String {
    match email.split_once('@') {
        Some((name, domain)) => {
            format!("{}***@{domain}", name.chars().take(1).collect::<String>())
        }
        None => String::new(),
    }
}

/// An address for a page: village and street stay, numbers do not: `太平寺村*组**号`.
pub fn mask_address(address: &str) -> String {
    let hide = |c: char| c.is_ascii_digit() || ('０'..='９').contains(&c);
    address.chars().map(|c| if hide(c) { '*' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_hide_what_leads_to_the_door() {
        assert_eq!(mask_email("sun.wukong@example.com"), "s***@example.com");
        assert_eq!(mask_email("nothing"), "");
        assert_eq!(mask_address("乐至县宝林镇太平寺村6组86号"), "乐至县宝林镇太平寺村*组**号");
    }
}
