//! People in lines: found by the blind index of their number, made when they are new, named as
//! they are known; their telephones; their loan files.

use std::borrow::Cow;

use chrono::Datelike;

use super::facts::{Tracked, index_of};
use super::plan::{Plan, Refusal};
use crate::base::id_number::IdNumber;
use crate::base::ids::{FileId, PersonId, PhoneId};
use crate::base::person_name::{may_be_same, name_key};
use crate::base::phone_number::PhoneNumber;
use crate::book::loan::LoanFile;
use crate::book::person::{Person, Phone, PhoneState};
use crate::imports::layout::{Fault, Hook, Parsed, Row, RowMessage, Severity};
use crate::plumbing::crypto::Field;

impl Plan<'_> {
    /// Resolves what parsing left open: 15-digit numbers of known people, damaged names of known
    /// people.
    pub(super) fn settle_hooks<'p>(&mut self, parsed: &'p Parsed) -> Cow<'p, Parsed> {
        let mut parsed = Cow::Borrowed(parsed);
        if let Some(candidate) = parsed.upgraded()
            && self.facts.people.contains_key(&index_of(self.set.sealer, &candidate))
        {
            parsed.to_mut().accept_upgraded();
        }
        let known = parsed.row.as_ref().and_then(|row| self.student_name(row));
        let (Some(row), Some(known)) = (&parsed.row, known) else { return parsed };
        let other = row.name().filter(|name| *name != known);
        let hooked = parsed.notes.iter().any(|note| matches!(note.hook, Some(Hook::KnownName)));
        let alike = |name: &str| name_key(name) == name_key(&known);
        if hooked || other.is_some_and(alike) {
            parsed.to_mut().keep_known_name(&known);
        } else if other.is_some_and(|name| may_be_same(name, &known)) {
            self.remark("姓名", format!("表中的写法与系统中的“{known}”不同，已沿用系统中的写法。"));
            parsed.to_mut().keep_known_name(&known);
        }
        parsed
    }

    /// The known name of the student a row is about: by identity number, else by contract.
    fn student_name(&self, row: &Row) -> Option<String> {
        if let Some(id) = row.id_number() {
            let entry = self.facts.people.get(&index_of(self.set.sealer, &id))?;
            return Some(entry.row.name.clone());
        }
        if let Some(number) = row.student_number() {
            let index = self.facts.index_of.get(self.facts.by_student_number.get(number)?)?;
            return self.facts.people.get(index).map(|entry| entry.row.name.clone());
        }
        let contract_no = row.contract_numbers().first()?;
        let file = self.facts.loans.get(contract_no)?.row.file_id;
        let index = self.facts.index_of.get(self.facts.student_of.get(&file)?)?;
        self.facts.people.get(index).map(|entry| entry.row.name.clone())
    }

    /// The person with this number: known (and named alike), or made. `true` when made.
    pub(super) fn person(
        &mut self,
        id: &IdNumber,
        name: Option<&str>,
    ) -> Result<(Vec<u8>, bool), Refusal> {
        let index = index_of(self.set.sealer, id);
        if let Some(entry) = self.facts.people.get(&index) {
            let known = &entry.row.name;
            if let Some(name) = name
                && !may_be_same(name, known)
            {
                return Err(format!(
                    "姓名：表中是“{name}”，系统中身份证号 {} 的姓名是“{known}”。请对照证件核对后再导入。",
                    id.masked()
                ));
            }
            return Ok((index, false));
        }
        let Some(name) = name else {
            return Err(
                "姓名：这个人还没有登记，表里也没有姓名。请补上姓名，或先导入学生名单。".to_owned()
            );
        };
        let set = self.set;
        let id_of_row = (PersonId::new(set.next_id()), set.scope.own());
        let row = Person::new(id_of_row, (name, id), set.sealer, set.now)
            .map_err(|error| error.to_string())?;
        self.facts.index_of.insert(row.id, index.clone());
        self.facts.people.insert(index.clone(), Tracked::fresh(row));
        Ok((index, true))
    }

    /// A person who must have a loan file already.
    pub(super) fn borrower_of(
        &self,
        id: &IdNumber,
        name: Option<&str>,
    ) -> Result<Option<PersonId>, Refusal> {
        let index = index_of(self.set.sealer, id);
        let Some(entry) = self.facts.people.get(&index) else {
            if self.set.companions.people.contains(&index) {
                return Ok(None);
            }
            return Err(format!(
                "身份证号：{} 还没有贷款档案。请先导入学生名单或合同明细，再导入这张表。",
                id.masked()
            ));
        };
        if let Some(name) = name
            && !may_be_same(name, &entry.row.name)
        {
            return Err(format!("姓名：表中是“{name}”，系统中是“{}”，请核对。", entry.row.name));
        }
        Ok(Some(entry.row.id))
    }

    /// The identity of a person by blind index.
    pub(super) fn person_id(&self, index: &[u8]) -> Option<PersonId> {
        self.facts.people.get(index).map(|entry| entry.row.id)
    }

    /// Adds telephone numbers that the person does not have yet. True when one was new.
    pub(super) fn add_phones(
        &mut self,
        person_id: PersonId,
        numbers: &[PhoneNumber],
        state: PhoneState,
        source: &str,
    ) -> Result<bool, Refusal> {
        let mut added = false;
        for number in numbers {
            let index = self.set.sealer.index(Field::Phone, number.as_str());
            let known = self.facts.phones.get(&person_id).into_iter().flatten();
            if known.into_iter().any(|phone| phone.phone_index == index) {
                continue;
            }
            let sealed = self
                .set
                .sealer
                .seal(Field::Phone, number.as_str().as_bytes())
                .map_err(|error| error.to_string())?;
            let phone = Phone {
                id: PhoneId::new(self.set.next_id()),
                office_code: self.set.scope.own().to_owned(),
                person_id,
                phone_sealed: sealed,
                phone_index: index,
                phone_mask: number.masked(),
                state,
                source: source.to_owned(),
                recorded_at: self.set.now,
            };
            match self.facts.phones.get_mut(&person_id) {
                Some(known) => known.push(phone.clone()),
                None => self.facts.phones.insert(person_id, vec![phone.clone()]),
            }
            self.change.phones.push(phone);
            added = true;
        }
        Ok(added)
    }

    /// The loan file of a student, made when there is none. `year` numbers a new file: the
    /// school year of the first contract as far as it is known. `true` when made.
    pub(super) fn file(&mut self, student: PersonId, year: i32) -> (FileId, bool) {
        if let Some(entry) = self.facts.files.get(&student) {
            return (entry.row.id, false);
        }
        let row = LoanFile {
            id: FileId::new(self.set.next_id()),
            office_code: self.set.scope.own().to_owned(),
            file_no: String::new(),
            person_id: student,
            co_person_id: None,
            co_relation: String::new(),
            high_school: String::new(),
            university: String::new(),
            university_code: String::new(),
            major: String::new(),
            student_number: String::new(),
            degree: String::new(),
            school_years: None,
            entered_on: None,
            graduates_on: None,
            family_kind: String::new(),
            hardship_level: String::new(),
            note: String::new(),
            owner_id: None,
            created_at: self.set.now,
            updated_at: self.set.now,
            version: 1,
        };
        let id = row.id;
        self.change.file_years.insert(id, year);
        self.facts.student_of.insert(id, student);
        self.facts.files.insert(student, Tracked::fresh(row));
        (id, true)
    }

    /// The year by which a new file is numbered: of the first contract in the same batch, else
    /// of the entry to university, else this year.
    pub(super) fn first_year(&self, index: &[u8], entered_year: Option<i32>) -> i32 {
        self.set
            .companions
            .first_years
            .get(index)
            .copied()
            .or(entered_year)
            .unwrap_or_else(|| self.set.today.year())
    }

    /// A remark on the line at hand.
    pub(super) fn remark(&mut self, heading: &'static str, message: impl Into<String>) {
        self.remarks.push(RowMessage {
            severity: Severity::Warning,
            heading,
            fault: Fault::SumConflict,
            message: message.into(),
            hook: None,
        });
    }

    /// Writes into history that a file was changed by this import.
    pub(super) fn tell_change(&mut self, file: FileId, subject: &str, headings: &[&'static str]) {
        self.change.audit.push(
            crate::book::audit_log::AuditEntry::of(
                "imported",
                subject,
                format!("导入“{}”更新：{}", self.set.file_name, headings.join("、")),
            )
            .on_file(file),
        );
    }
}
