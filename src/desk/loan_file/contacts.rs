//! 联系与处置记录: what was spoken with the family, what it promised, how far its overdue case is,
//! what is known of each number, and what was noted. As of today, whatever day the account is of.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;

use super::notes::NoteView;
use crate::base::dates::in_words;
use crate::base::ids::{PersonId, PhoneId};
use crate::base::scope::Scope;
use crate::book::contact::point::Tried;
use crate::book::contact::record::{self, Record};
use crate::book::file_note::{self, FileNote};
use crate::book::loan::LoanFile;
use crate::book::person::{self, Phone, PhoneState};
use crate::error::AppResult;
use crate::life::overdue::kinds::State;
use crate::life::overdue::store::{self, Case};
use crate::plumbing::db::Db;
use crate::plumbing::schema::staff;

/// Contacts on the card; the case and the family's own page show more.
const CONTACTS_MAX: usize = 8;

#[derive(Clone, Debug, Default)]
pub struct Contacts {
    records: Vec<Record>,
    /// The newest overdue case.
    case: Option<Case>,
    case_owner: Option<String>,
    tried: HashMap<PhoneId, (Tried, Option<NaiveDate>)>,
    notes: Vec<FileNote>,
}

/// Reads them; `owner` is the name of the file's owner, mostly the case's too.
pub fn load(
    db: &mut Db,
    scope: &Scope,
    (file, owner): (&LoanFile, Option<&String>),
    people: &[PersonId],
) -> AppResult<Contacts> {
    let case = store::newest(db, scope, file.id)?;
    let case_owner = match case.as_ref().and_then(|case| case.owner_id) {
        Some(id) if Some(id) == file.owner_id => owner.cloned(),
        Some(id) => staff::table.find(id).select(staff::name).get_result(db).optional()?,
        None => None,
    };
    Ok(Contacts {
        records: record::of_file(db, scope, file.id, CONTACTS_MAX)?,
        case,
        case_owner,
        tried: person::tries_of(db, scope, people)?,
        notes: file_note::of_file(db, scope, file.id)?,
    })
}

impl Contacts {
    /// What came of the last try with a number: `能打通，11月28日`; empty when its state says it.
    pub fn tried(&self, phone: &Phone, today: NaiveDate) -> String {
        let on = |on: &Option<NaiveDate>| on.map(|on| in_words(on, today));
        match self.tried.get(&phone.id) {
            None | Some((Tried::Never, _)) => String::new(),
            Some((Tried::Dead, day)) if phone.state == PhoneState::Dead => {
                on(day).unwrap_or_default()
            }
            Some((tried, day)) => [Some(tried.in_words().to_owned()), on(day)]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join("，"),
        }
    }
}

#[derive(Clone, Debug, Serialize)]
struct ContactView {
    day: String,
    words: String,
    note: String,
    by: String,
}

#[derive(Clone, Debug, Serialize)]
struct CaseView {
    /// `学校，跟进中`.
    stands: String,
    owner: Option<String>,
    /// `12月28日 还 100.00 元`; empty without one.
    promised: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct ContactsView {
    records: Vec<ContactView>,
    case: Option<CaseView>,
    notes: Vec<NoteView>,
}

/// Puts them into words.
pub fn view(contacts: &Contacts, today: NaiveDate) -> ContactsView {
    let contact = |record: &Record| ContactView {
        day: in_words(record.on_day, today),
        words: record.in_words(today),
        note: record.note.clone(),
        by: record.by_name.clone(),
    };
    let open = contacts.case.as_ref().filter(|case| case.state != State::Closed);
    ContactsView {
        records: contacts.records.iter().map(contact).collect(),
        notes: contacts.notes.iter().map(|note| NoteView::of(note, today)).collect(),
        case: open.map(|case| CaseView {
            stands: format!("{}，{}", case.stage.in_words(), case.state.in_words()),
            owner: contacts.case_owner.clone(),
            promised: promised(case, today),
        }),
    }
}

fn promised(case: &Case, today: NaiveDate) -> String {
    let Some(on) = case.promised_on else { return String::new() };
    let sum = case.promised_fen.map(|fen| format!(" {} 元", fen.to_page_text()));
    format!("{} 还{}", in_words(on, today), sum.unwrap_or_default())
}
