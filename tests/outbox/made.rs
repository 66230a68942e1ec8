//! An office with people to write to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{Duration, NaiveDateTime};
use zhuxue::app::App;
use zhuxue::base::ids::{PersonId, PhoneId};
use zhuxue::base::scope::Scope;
use zhuxue::book::person::{self, Person, Phone, PhoneState, Sex};
use zhuxue::book::warning::{self, Warning};
use zhuxue::jobs::deliver_messages;
use zhuxue::plumbing::crypto::Field;
use zhuxue::plumbing::outbox::{self, Channel, Message, State};

use crate::support::OFFICE;

/// The files of a spool folder, by name.
pub type Mailbox = BTreeMap<String, String>;

/// Writes to one person of the office.
pub struct Post {
    pub app: App,
    pub person: PersonId,
    pub phone: PhoneId,
}

impl Post {
    /// A person with this mobile number.
    pub fn new(app: &App, number: &str) -> Post {
        let now = app.clock.now_at();
        let person = PersonId::new(app.next_id());
        let phone = PhoneId::new(app.next_id());
        let who = Person {
            id: person,
            office_code: OFFICE.to_owned(),
            name: "覃𪚥䶮".to_owned(),
            name_key: "覃".to_owned(),
            name_initials: String::new(),
            id_sealed: app.sealer.seal(Field::IdNumber, b"x").unwrap(),
            id_index: person.get().to_be_bytes().to_vec(),
            id_mask: "512***********125X".to_owned(),
            born_on: "2004-05-06".parse().unwrap(),
            sex: Sex::Female,
            ethnic: String::new(),
            household_type: String::new(),
            email: "xue@example.com".to_owned(),
            address: String::new(),
            township: String::new(),
            village: String::new(),
            village_code: String::new(),
            police_station: String::new(),
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let reached = Phone {
            id: phone,
            office_code: OFFICE.to_owned(),
            person_id: person,
            phone_sealed: app.sealer.seal(Field::Phone, number.as_bytes()).unwrap(),
            phone_index: app.sealer.index(Field::Phone, number),
            phone_mask: "138****2741".to_owned(),
            state: PhoneState::OnFile,
            source: "名单".to_owned(),
            recorded_at: now,
        };
        app.db
            .write("test person", |db| {
                person::insert_all(db, std::slice::from_ref(&who))?;
                person::insert_phones(db, std::slice::from_ref(&reached))
            })
            .unwrap();
        Post { app: app.clone(), person, phone }
    }

    /// A message that waits; not written yet.
    pub fn message(&self, channel: Channel, number: usize) -> Message {
        let now = self.app.clock.now_at();
        let text = format!("您好，第 {number} 条。");
        Message {
            id: self.app.next_id(),
            office_code: OFFICE.to_owned(),
            subject: format!("file/1/person/{}/{}/{number}", self.person, channel.as_text()),
            reason: "sign_in_code".to_owned(),
            planned_on: self.app.clock.today(),
            file_id: None,
            person_id: Some(self.person),
            phone_id: (channel == Channel::Sms).then_some(self.phone),
            channel,
            to_mask: "138****2741".to_owned(),
            title: "还款提醒：𪚥".to_owned(),
            text_sealed: self.app.sealer.seal(Field::Message, text.as_bytes()).unwrap(),
            vendor_fields: String::new(),
            parts: 1,
            check_code: format!("C{number}"),
            urgent: true,
            state: State::Waiting,
            not_before: now,
            expires_at: None,
            attempts: 0,
            leased_by: String::new(),
            leased_until: None,
            gateway: String::new(),
            gateway_ref: String::new(),
            problem: String::new(),
            created_at: now,
            updated_at: now,
            sent_at: None,
            delivered_at: None,
        }
    }

    /// Writes so many messages; their ids.
    pub fn add(&self, channel: Channel, number: usize) -> Vec<i64> {
        let rows: Vec<Message> = (0..number).map(|n| self.message(channel, n)).collect();
        self.add_rows(&rows);
        rows.iter().map(|row| row.id).collect()
    }

    pub fn add_rows(&self, rows: &[Message]) {
        let new = self.app.db.write("test messages", |db| outbox::add(db, rows)).unwrap();
        assert_eq!(new, rows.len());
    }

    /// One message as it is now.
    pub fn row(&self, id: i64) -> Message {
        self.app.db.read(|db| outbox::find(db, &Scope::of(OFFICE), id)).unwrap()
    }

    /// The states of these messages, each once.
    pub fn states(&self, ids: &[i64]) -> Vec<State> {
        let mut all: Vec<State> = ids.iter().map(|id| self.row(*id).state).collect();
        all.dedup();
        all
    }

    /// Sends what is due: done, skipped, failed.
    pub fn deliver(&self) -> (u64, u64, u64) {
        let counts = deliver_messages::run(&self.app, self.app.clock.today()).unwrap();
        (counts.done, counts.skipped, counts.failed)
    }

    /// What the workbench says.
    pub fn warnings(&self) -> Vec<Warning> {
        self.app.db.read(|db| warning::of_offices(db, &Scope::of(OFFICE))).unwrap()
    }

    /// Makes all waiting messages due now and forgets that the gateways were down, as time does:
    /// the test's clock moves by whole days only.
    pub fn next_day(&self) {
        let tomorrow = self.app.clock.today() + Duration::days(1);
        self.app.clock.set_day(tomorrow);
    }

    pub fn now(&self) -> NaiveDateTime {
        self.app.clock.now_at()
    }

    /// What is in a spool folder: `sms` or `mail`.
    pub fn spool(&self, name: &str) -> Mailbox {
        files(&self.app.config.data_dir.join("spool").join(name))
    }
}

/// The files of a folder, by name; hidden ones too.
pub fn files(folder: &Path) -> Mailbox {
    let Ok(entries) = std::fs::read_dir(folder) else { return Mailbox::new() };
    entries
        .map(|entry| {
            let path: PathBuf = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned())
        })
        .collect()
}
