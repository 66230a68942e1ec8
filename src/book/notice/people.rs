//! Whom a message about a loan file goes to, and by which way: the student, and for some reasons
//! the co-borrower, each as they wish; nobody of `stops`, no dead number, and one SMS only when
//! both use the same number.

use std::cmp::Reverse;
use std::collections::HashMap;

use diesel::prelude::*;

use super::reason::Reason;
use super::stops;
use super::wishes::{self, Wish};
use crate::base::ids::{FileId, PersonId, PhoneId};
use crate::base::scope::Scope;
use crate::book::loan::LoanFile;
use crate::book::parts::Parts;
use crate::book::person::{self, Phone, PhoneState};
use crate::error::AppResult;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::outbox::Channel;
use crate::plumbing::schema::{loan_file, person as person_table};

/// Somebody who gets a message.
#[derive(Clone, Debug)]
pub struct Receiver {
    pub person_id: PersonId,
    pub name: String,
    /// The student's name when this is the co-borrower.
    pub student: Option<String>,
    /// The number for an SMS; none: no SMS.
    pub phone: Option<Phone>,
    /// The address for an e-mail; empty: no e-mail.
    pub email: String,
}

impl Receiver {
    /// By which ways they get it.
    pub fn channels(&self) -> impl Iterator<Item = Channel> {
        let sms = self.phone.is_some().then_some(Channel::Sms);
        let email = (!self.email.is_empty()).then_some(Channel::Email);
        sms.into_iter().chain(email)
    }
}

/// The names and addresses of people.
pub(super) type Names = HashMap<PersonId, (String, String)>;

/// Who gets a message of this reason about these files. A file whose people cannot be reached or
/// do not want it has an empty list. A few queries, however many files.
pub fn of_files(
    app: &Parts,
    db: &mut Db,
    scope: &Scope,
    files: &[FileId],
    reason: Reason,
) -> AppResult<HashMap<FileId, Vec<Receiver>>> {
    let pairs = pairs_of(db, scope, files)?;
    let people = people_of(&pairs, reason.to_co_borrower());
    let facts = Facts::load(db, scope, &people)?;
    let with_mail = has_mail(app);
    let mut found = HashMap::with_capacity(pairs.len());
    for (file, (student, co_borrower)) in pairs {
        let name = facts.names.get(&student).map(|(name, _)| name.clone()).unwrap_or_default();
        let mut receivers: Vec<Receiver> = Vec::with_capacity(2);
        receivers.extend(facts.receiver(student, reason, with_mail, None));
        if let Some(co_borrower) = co_borrower
            && reason.to_co_borrower()
            && co_borrower != student
            && let Some(mut other) = facts.receiver(co_borrower, reason, with_mail, Some(&name))
        {
            let used = receivers.first().and_then(|r| r.phone.as_ref());
            if used.zip(other.phone.as_ref()).is_some_and(|(a, b)| a.phone_index == b.phone_index) {
                other.phone = None;
            }
            if receivers.first().is_some_and(|first| first.email == other.email) {
                other.email.clear();
            }
            receivers.push(other);
        }
        receivers.retain(|receiver| receiver.channels().next().is_some());
        found.insert(file, receivers);
    }
    Ok(found)
}

/// One person of a file as a receiver; none: stopped, or not there.
pub fn one(
    app: &Parts,
    db: &mut Db,
    scope: &Scope,
    person: PersonId,
    file: &LoanFile,
    reason: Reason,
) -> AppResult<Option<Receiver>> {
    let facts = Facts::load(db, scope, &[person, file.person_id])?;
    let name = facts.names.get(&file.person_id).map(|(name, _)| name.as_str());
    let student = name.filter(|_| person != file.person_id);
    Ok(facts.receiver(person, reason, has_mail(app), student))
}

/// Whether e-mail is set up at all.
pub fn has_mail(app: &Parts) -> bool {
    app.config.mail.gateway != "off"
}

/// The number that an SMS goes to: a mobile number on file before one that is to be confirmed,
/// the newest first, never a dead one.
pub fn best_mobile<'a>(phones: impl IntoIterator<Item = &'a Phone>) -> Option<&'a Phone> {
    phones
        .into_iter()
        .filter(|phone| phone.state != PhoneState::Dead && is_mobile(phone))
        .min_by_key(|phone| {
            (phone.state != PhoneState::OnFile, Reverse(phone.recorded_at), phone.id)
        })
}

/// A mobile number, as its mask tells: eleven characters that begin with 1. No landline does.
fn is_mobile(phone: &Phone) -> bool {
    phone.phone_mask.len() == 11 && phone.phone_mask.starts_with('1')
}

/// A file with its student and co-borrower.
type Pair = (FileId, (PersonId, Option<PersonId>));

/// Student and co-borrower of these files.
fn pairs_of(db: &mut Db, scope: &Scope, files: &[FileId]) -> AppResult<Vec<Pair>> {
    let mut found = Vec::with_capacity(files.len());
    for chunk in files.chunks(BINDS_MAX) {
        let rows: Vec<(FileId, PersonId, Option<PersonId>)> = loan_file::table
            .filter(scope.holds(loan_file::office_code))
            .filter(loan_file::id.eq_any(chunk))
            .select((loan_file::id, loan_file::person_id, loan_file::co_person_id))
            .load(db)?;
        found.extend(rows.into_iter().map(|(file, one, other)| (file, (one, other))));
    }
    Ok(found)
}

fn people_of(pairs: &[Pair], with_co_borrowers: bool) -> Vec<PersonId> {
    let co_borrowers = pairs.iter().filter_map(|(_, (_, other))| *other);
    let mut people: Vec<PersonId> = pairs.iter().map(|(_, (one, _))| *one).collect();
    if with_co_borrowers {
        people.extend(co_borrowers);
    }
    people.sort_unstable();
    people.dedup();
    people
}

/// What decides whether and how people are told.
pub(super) struct Facts {
    pub(super) names: Names,
    pub(super) phones: HashMap<PersonId, Vec<Phone>>,
    pub(super) wishes: wishes::Wishes,
    pub(super) stops: HashMap<PersonId, stops::Suppression>,
}

impl Facts {
    pub(super) fn load(db: &mut Db, scope: &Scope, people: &[PersonId]) -> AppResult<Facts> {
        let names = Facts::names_of(db, scope, people)?;
        let mut phones: HashMap<PersonId, Vec<Phone>> = HashMap::with_capacity(people.len());
        for phone in person::phones_of(db, scope, people)? {
            phones.entry(phone.person_id).or_default().push(phone);
        }
        Ok(Facts {
            names,
            phones,
            wishes: wishes::of_people(db, scope, people)?,
            stops: stops::of_people(db, scope, people)?,
        })
    }

    /// Names and addresses of people.
    pub(super) fn names_of(db: &mut Db, scope: &Scope, people: &[PersonId]) -> AppResult<Names> {
        let mut names = Names::with_capacity(people.len());
        for chunk in people.chunks(BINDS_MAX) {
            let rows: Vec<(PersonId, String, String)> = person_table::table
                .filter(scope.holds(person_table::office_code))
                .filter(person_table::id.eq_any(chunk))
                .select((person_table::id, person_table::name, person_table::email))
                .load(db)?;
            names.extend(rows.into_iter().map(|(id, name, email)| (id, (name, email))));
        }
        Ok(names)
    }

    /// The best number of a person.
    pub(super) fn phone_of(&self, person: PersonId) -> Option<&Phone> {
        best_mobile(self.phones.get(&person).into_iter().flatten())
    }

    /// The number that a message goes to now: the best of the person; what became of a changed
    /// contact goes to the number it was written for, so that whoever had it hears of it.
    pub(super) fn phone_for(
        &self,
        person: PersonId,
        written_for: Option<PhoneId>,
        reason: Reason,
    ) -> Option<&Phone> {
        let own = self.phones.get(&person).into_iter().flatten();
        let same = own.filter(|phone| phone.state != PhoneState::Dead);
        let mut same = same.filter(|phone| Some(phone.id) == written_for);
        match reason {
            Reason::ContactDecided => same.next().or_else(|| self.phone_of(person)),
            _ => self.phone_of(person),
        }
    }

    fn receiver(
        &self,
        person: PersonId,
        reason: Reason,
        with_mail: bool,
        student: Option<&str>,
    ) -> Option<Receiver> {
        let (name, email) = self.names.get(&person)?;
        if self.stops.contains_key(&person) {
            return None;
        }
        let Wish { sms, email: by_email } = self.wishes.of(person, reason.kind());
        let mail = with_mail && by_email && looks_like_mail(email);
        Some(Receiver {
            person_id: person,
            name: name.clone(),
            student: student.map(str::to_owned),
            phone: self.phone_of(person).filter(|_| sms).cloned(),
            email: if mail { email.clone() } else { String::new() },
        })
    }
}

/// Good enough to try: the sheets hold 无 and the like.
pub(super) fn looks_like_mail(address: &str) -> bool {
    address.is_ascii()
        && !address.contains(char::is_whitespace)
        && address
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
}
