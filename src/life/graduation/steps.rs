//! A confirmation, written by the desk or by the borrower on the phone. At the desk the student
//! speaks: numbers are in force at once. From the phone, and of anybody else, they are proposed,
//! as every change of a contact that somebody else has to accept.

use super::facts::{self, Facts};
use super::rules::{self, Against, Destination, Typed, Way};
use super::store::{self, Graduation};
use crate::base::ids::{FileId, PersonId, PointId};
use crate::base::person_name::name_key;
use crate::base::phone_number::PhoneNumber;
use crate::book::act::{Act, FormKey, Once};
use crate::book::audit_log::AuditEntry;
use crate::book::contact::change::{self, Change, Kind};
use crate::book::contact::in_force::{self, NewContact};
use crate::book::contact::point::{self, ContactPerson, MayKnow, Tried};
use crate::book::loan;
use crate::book::person::{Person, Phone};
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::Field;

/// Where numbers come from, in words.
const SOURCE: &str = "毕业确认";
const PHONE_SOURCE: &str = "毕业确认（手机页面）";

fn is_known(act: &Act<'_>, phones: &[Phone], number: &PhoneNumber) -> bool {
    let index = act.parts.sealer.index(Field::Phone, number.as_str());
    phones.iter().any(|one| one.phone_index == index)
}

fn checked(act: &Act<'_>, facts: &Facts, version: i32, typed: &Typed) -> AppResult<()> {
    if facts.ends_on.is_none() {
        return Err(AppError::refused("这户的贷款已经全部还清，不用办毕业确认"));
    }
    if facts.version() != version {
        return Err(AppError::Changed);
    }
    let contact = typed.contact_phone.as_ref();
    let errors = rules::check(
        typed,
        &Against {
            student: &facts.student.name,
            began_on: facts.began_on,
            has_number: !facts.phones.is_empty(),
            contact_is_own: contact.is_some_and(|one| is_known(act, &facts.phones, one)),
            today: act.today,
        },
    );
    if errors.is_empty() { Ok(()) } else { Err(AppError::Invalid(errors)) }
}

fn row(act: &mut Act<'_>, facts: &Facts, (way, by): (Way, &str), typed: &Typed) -> Graduation {
    let old = facts.row.clone().unwrap_or_else(|| Graduation {
        id: act.id(),
        office_code: facts.file.office_code.clone(),
        file_id: facts.file.id,
        ..Graduation::default()
    });
    let works = typed.destination == Destination::Employed;
    let text = |of: &String, is_said: bool| if is_said { of.clone() } else { String::new() };
    let kind = typed.employer_kind.map_or("", rules::EmployerKind::as_text).to_owned();
    Graduation {
        university: facts.file.university.clone(),
        graduated_on: Some(typed.graduated_on),
        confirmed_on: Some(act.today),
        destination: typed.destination.in_words().to_owned(),
        note: typed.note.clone(),
        way,
        confirmed_by: by.to_owned(),
        confirmed_at: Some(act.now),
        department: typed.department.clone(),
        qq: typed.qq.clone(),
        postcode: typed.postcode.clone(),
        employer: text(&typed.employer, works),
        employer_kind: text(&kind, works),
        employer_address: text(&typed.employer_address, works),
        next_school: text(&typed.next_school, typed.destination == Destination::Further),
        contact_name: typed.contact_name.clone(),
        version: old.version + 1,
        ..old
    }
}

fn audit(act: &mut Act<'_>, facts: &Facts, row: &Graduation) -> AppResult<()> {
    let month = row.graduated_on.map(rules::month).unwrap_or_default();
    let summary = format!("{}：{month}毕业，{}", row.way.in_words(), row.destination);
    let name = &facts.student.name;
    act.audit(AuditEntry::of("graduation_confirmed", name, summary).on_file(facts.file.id))
}

/// By the desk; corrects an earlier one of the same graduation, too. `version` as the page showed
/// it.
pub fn confirm(
    act: &mut Act<'_>,
    key: &FormKey,
    (file_no, version): (&str, i32),
    typed: &Typed,
) -> AppResult<()> {
    let file = loan::file_by_no(act.db, act.scope, file_no)?;
    if act.once(key)? == Once::Again {
        return Ok(());
    }
    let basis = act.parts.basis();
    let facts = facts::of(act.db, act.scope, &basis, file, act.today)?;
    checked(act, &facts, version, typed)?;
    let by = act.by.name.clone();
    let row = row(act, &facts, (Way::Desk, &by), typed);
    store::put_all(act.db, std::slice::from_ref(&row))?;
    numbers(act, &facts, typed)?;
    contact(act, &facts, typed)?;
    employer(act, &facts, typed)?;
    put_file(act, &facts, typed)?;
    audit(act, &facts, &row)
}

/// The student's own numbers and e-mail. The mobile is used first from now on; a further one that
/// is known already stays where it is.
fn numbers(act: &mut Act<'_>, facts: &Facts, typed: &Typed) -> AppResult<()> {
    let student = &facts.student;
    let [mobile, second, third] = &typed.phones;
    if let Some(number) = mobile {
        in_force::put_phone(act, student, (number, false), SOURCE)?;
    }
    for number in [second, third].into_iter().flatten() {
        if !is_known(act, &facts.phones, number) {
            in_force::put_phone(act, student, (number, false), SOURCE)?;
        }
    }
    if !typed.email.is_empty() && typed.email != student.email {
        in_force::put(act, student, (Kind::Email, &typed.email), SOURCE)?;
    }
    Ok(())
}

/// Who is the co-borrower by name.
fn is_co_borrower<'a>(facts: &'a Facts, name: &str) -> Option<&'a Person> {
    facts.co_borrower.as_ref().filter(|one| name_key(&one.name) == name_key(name))
}

/// The number of the contact: the co-borrower's is proposed, for it is somebody else's word.
/// Anybody else comes on the contact tree.
fn contact(act: &mut Act<'_>, facts: &Facts, typed: &Typed) -> AppResult<()> {
    let Some(number) = &typed.contact_phone else { return Ok(()) };
    if let Some(co) = is_co_borrower(facts, &typed.contact_name) {
        if is_known(act, &facts.co_phones, number) {
            return Ok(());
        }
        let value = number.as_str().to_owned();
        let source = format!("{SOURCE}（{}）", act.by.name);
        let new = NewContact { kind: Kind::Phone, value, source, from_self: false };
        return in_force::keep(act, co, facts.file.id, &new);
    }
    let name = typed.contact_name.clone();
    on_the_tree(act, facts, (point::Kind::Relative, name), number)
}

fn employer(act: &mut Act<'_>, facts: &Facts, typed: &Typed) -> AppResult<()> {
    match &typed.employer_phone {
        Some(number) if typed.destination == Destination::Employed => {
            let who = (point::Kind::Employer, typed.employer.clone());
            on_the_tree(act, facts, who, number)
        }
        _ => Ok(()),
    }
}

fn on_the_tree(
    act: &mut Act<'_>,
    facts: &Facts,
    (kind, name): (point::Kind, String),
    number: &PhoneNumber,
) -> AppResult<()> {
    let index = act.parts.sealer.index(Field::Phone, number.as_str());
    let known = point::of_file(act.db, act.scope, facts.file.id)?;
    if known.iter().any(|one| one.phone_index.as_ref() == Some(&index)) {
        return Ok(());
    }
    let new = ContactPerson {
        id: act.id::<PointId>(),
        office_code: facts.file.office_code.clone(),
        file_id: facts.file.id,
        kind,
        name,
        relation: String::new(),
        phone_sealed: Some(act.parts.sealer.seal(Field::Phone, number.as_str().as_bytes())?),
        phone_index: Some(index),
        phone_mask: number.masked(),
        may_know: MayKnow::ContactOnly,
        tried: Tried::Never,
        tried_on: None,
        note: String::new(),
        source: SOURCE.to_owned(),
        recorded_at: act.now,
        retired_at: None,
        version: 1,
    };
    point::add(act.db, &new)
}

/// What the file says of the student. Its month of graduation only where the clerk has said so.
fn put_file(act: &mut Act<'_>, facts: &Facts, typed: &Typed) -> AppResult<()> {
    let mut file = facts.file.clone();
    for (place, new) in
        [(&mut file.major, &typed.major), (&mut file.student_number, &typed.student_number)]
    {
        if !new.is_empty() {
            place.clone_from(new);
        }
    }
    if typed.corrects_file {
        file.graduates_on = Some(typed.graduated_on);
    }
    if file == facts.file {
        return Ok(());
    }
    file.updated_at = act.now;
    file.version += 1;
    loan::replace_files(act.db, &[file])
}

/// By the student on the phone: numbers and e-mail are proposed. Who was confirmed already calls
/// the desk.
pub fn confirm_by_phone(
    act: &mut Act<'_>,
    (file, version): (FileId, i32),
    me: PersonId,
    typed: &Typed,
) -> AppResult<()> {
    let file = loan::file(act.db, act.scope, file)?;
    if file.person_id != me {
        return Err(AppError::NotFound);
    }
    let basis = act.parts.basis();
    let facts = facts::of(act.db, act.scope, &basis, file, act.today)?;
    if facts.confirmed().is_some() {
        return Err(AppError::Changed);
    }
    checked(act, &facts, version, typed)?;
    let by = facts.student.name.clone();
    let row = row(act, &facts, (Way::Phone, &by), typed);
    store::put_all(act.db, std::slice::from_ref(&row))?;
    let student = &facts.student;
    if let [Some(number), ..] = &typed.phones
        && !is_known(act, &facts.phones, number)
    {
        propose(act, &facts, (student, me), (Kind::Phone, number.as_str()))?;
    }
    if !typed.email.is_empty() && typed.email != student.email {
        propose(act, &facts, (student, me), (Kind::Email, &typed.email))?;
    }
    if let (Some(co), Some(number)) = (&facts.co_borrower, &typed.contact_phone)
        && !is_known(act, &facts.co_phones, number)
    {
        propose(act, &facts, (co, me), (Kind::Phone, number.as_str()))?;
    }
    audit(act, &facts, &row)
}

fn propose(
    act: &mut Act<'_>,
    facts: &Facts,
    (whose, me): (&Person, PersonId),
    value: (Kind, &str),
) -> AppResult<()> {
    let ids = (act.id(), act.now);
    let of = (whose.office_code.as_str(), whose.id, facts.file.id);
    let new = Change::proposed(&act.parts.sealer, ids, of, value, PHONE_SOURCE)?;
    change::ask(act.db, &Change { asked_by_person: Some(me), ..new })
}
