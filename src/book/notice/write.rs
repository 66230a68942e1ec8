//! Writes the messages of one round about many files: people and ways by a few queries for some
//! hundred files, one write for their messages. A file whose message cannot be made is counted
//! and logged; the rest goes on.

use chrono::{NaiveDate, NaiveDateTime};

use super::compose::{Composer, To};
use super::fields::Fields;
use super::people::{self, Receiver};
use super::reason::Reason;
use super::rounds::Round;
use crate::base::dates;
use crate::base::ids::FileId;
use crate::base::scope::Scope;
use crate::book::office::Office;
use crate::book::parts::Parts;
use crate::error::{AppError, AppResult};
use crate::plumbing::outbox::{self, Channel, Message};

/// Files in one write.
const AT_ONCE: usize = 500;

/// What a round is about, the same for all its files.
#[derive(Clone, Debug)]
pub struct About {
    pub reason: Reason,
    /// Which message of the series.
    pub round: Round,
    /// What sets the subject apart beside file and person: the due day; may be empty.
    pub what: String,
    /// The last day on which it is of use.
    pub last_on: NaiveDate,
}

impl About {
    /// The instant from which it is of no use.
    pub fn expires_at(&self) -> NaiveDateTime {
        dates::starts_at(self.last_on.succ_opt().unwrap_or(self.last_on))
    }
}

/// What became of the files of a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wrote {
    pub messages: u64,
    /// Files whose people cannot be reached, or do not want it.
    pub nobody: u64,
    /// Files whose message could not be made.
    pub failed: u64,
}

impl std::ops::AddAssign for Wrote {
    fn add_assign(&mut self, other: Wrote) {
        self.messages += other.messages;
        self.nobody += other.nobody;
        self.failed += other.failed;
    }
}

/// Messages of some files, ready to be written.
#[derive(Default)]
struct Made {
    messages: Vec<Message>,
    nobody: u64,
    failed: u64,
}

/// Writes the messages about these files; `fields` gives what the text says of each. The next
/// ones are made while these are written: texts cost a processor, rows cost the disk.
pub fn write_about<T: Sync>(
    app: &Parts,
    office: &Office,
    about: &About,
    files: &[(FileId, T)],
    fields: impl Fn(Fields, &T) -> Fields + Sync,
) -> AppResult<Wrote> {
    let composer = Composer::new(app, office)?;
    let scope = Scope::of(&office.code);
    let mut wrote = Wrote::default();
    std::thread::scope(|threads| {
        let (give, take) = std::sync::mpsc::sync_channel::<Made>(1);
        let (composer, scope, fields) = (&composer, &scope, &fields);
        let maker = threads.spawn(move || -> AppResult<()> {
            for chunk in files.chunks(AT_ONCE) {
                let made = make(app, composer, scope, about, chunk, fields)?;
                // Nobody takes it: writing has failed, and says so itself.
                if give.send(made).is_err() {
                    break;
                }
            }
            Ok(())
        });
        for made in take {
            let new = app.db.write("messages", |db| outbox::add(db, &made.messages))?;
            wrote.messages += u64::try_from(new).unwrap_or(0);
            wrote.nobody += made.nobody;
            wrote.failed += made.failed;
        }
        maker.join().unwrap_or_else(|_| Err(AppError::broken("making messages panicked")))
    })?;
    Ok(wrote)
}

/// Makes the messages of some files.
fn make<T>(
    app: &Parts,
    composer: &Composer<'_>,
    scope: &Scope,
    about: &About,
    chunk: &[(FileId, T)],
    fields: impl Fn(Fields, &T) -> Fields,
) -> AppResult<Made> {
    let ids: Vec<FileId> = chunk.iter().map(|(file, _)| *file).collect();
    let people = app.db.read(|db| people::of_files(app, db, scope, &ids, about.reason))?;
    let mut made = Made::default();
    for (file, facts) in chunk {
        let receivers = people.get(file).map(Vec::as_slice).unwrap_or_default();
        if receivers.is_empty() {
            made.nobody += 1;
        }
        for receiver in receivers {
            match rows(composer, about, *file, receiver, |to| fields(to, facts)) {
                Ok(rows) => made.messages.extend(rows),
                Err(error) => {
                    made.failed += 1;
                    tracing::error!(file = file.get(), %error, "a message was not made");
                }
            }
        }
    }
    Ok(made)
}

/// The messages for one receiver: one for each way.
fn rows(
    composer: &Composer<'_>,
    about: &About,
    file: FileId,
    receiver: &Receiver,
    fields: impl Fn(Fields) -> Fields,
) -> AppResult<Vec<Message>> {
    let own = Fields::to(&receiver.name);
    let own = match &receiver.student {
        Some(student) => own.of_student(student),
        None => own,
    };
    let fields = fields(own);
    let to = |channel: Channel| To {
        file_id: Some(file),
        person_id: receiver.person_id,
        channel,
        phone: receiver.phone.as_ref(),
        email: &receiver.email,
        subject_key: To::subject(file, receiver.person_id, channel, &about.what),
        planned_on: about.round.planned_on,
        expires_at: Some(about.expires_at()),
    };
    receiver
        .channels()
        .map(|channel| composer.message(about.reason, &to(channel), &fields))
        .collect()
}
