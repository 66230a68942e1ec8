//! Asked at the moment of sending: is this message still wanted, and is what it says still true?
//!
//! A message that waited a night or was held for days may have been overtaken: paid meanwhile, a
//! new number, somebody who asked for no more of it, or who died. Some queries for a whole batch.

use std::collections::{HashMap, HashSet};

use chrono::{Datelike, NaiveDate, NaiveDateTime};

use super::compose::test_address;
use super::fields::{Fields, amount_words};
use super::people::{self, Facts};
use super::reason::Reason;
use super::{allowed_from, due_queries, stops, text};
use crate::base::dates;
use crate::base::ids::{FileId, PersonId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::loan::{self, LoanFile};
use crate::book::office::{self, Office};
use crate::book::parts::Parts;
use crate::book::payments_known::{self, BankData};
use crate::book::pending;
use crate::book::policy::WITHOUT_WAIVER;
use crate::error::AppResult;
use crate::plumbing::crypto::{Field, from_hex};
use crate::plumbing::db::Db;
use crate::plumbing::outbox::{self, Channel, Message};

/// What is to be done with a message whose time has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Send this, which may differ from what was written (an amount, a number).
    Send {
        /// The number in full, or the address.
        to: String,
        /// The text without the signature.
        text: String,
        /// Subject line of an e-mail.
        title: String,
        /// The page of an e-mail.
        html: Option<String>,
        /// The fields of the text, where a vendor makes it from an approved template.
        params: serde_json::Value,
    },
    /// Not wanted any more; why, a Chinese sentence.
    Cancel(String),
    /// Not now: a night or a holiday.
    NotBefore(NaiveDateTime),
}

/// What is to be done with these messages, by identity. `now` is the instant of the database
/// (UTC). A message whose row cannot be understood is cancelled with the reason, never an error.
pub fn revalidate(
    app: &Parts,
    db: &mut Db,
    messages: &[Message],
    now: NaiveDateTime,
) -> AppResult<HashMap<i64, Verdict>> {
    let open_at = allowed_from(app.policy().calendar(), &app.config.messages, now);
    let mut verdicts = HashMap::with_capacity(messages.len());
    let mut open: HashMap<&str, Vec<(&Message, Reason)>> = HashMap::new();
    for message in messages {
        let verdict = match Reason::from_text(&message.reason) {
            None => Some(cancel("这类消息已经不用了。")),
            _ if message.expires_at.is_some_and(|at| at <= now) => {
                Some(cancel("时间已经过了，不用再发。"))
            }
            Some(_) if !message.urgent && open_at > now => Some(Verdict::NotBefore(open_at)),
            Some(reason) => {
                open.entry(&message.office_code).or_default().push((message, reason));
                None
            }
        };
        verdicts.extend(verdict.map(|verdict| (message.id, verdict)));
    }
    for (code, messages) in open {
        let batch = Batch::load(app, db, code, &messages, now)?;
        for (message, reason) in messages {
            verdicts.insert(message.id, batch.verdict(app, message, reason)?);
        }
    }
    Ok(verdicts)
}

fn cancel(why: &str) -> Verdict {
    Verdict::Cancel(why.to_owned())
}

/// What a message says now.
enum CurrentText {
    /// As it was written.
    AsStored(String),
    /// Made anew, with the fields it was made of.
    Anew(String, serde_json::Value),
}

/// The fields as they were written; an empty object where no vendor asks for them.
fn stored_params(app: &Parts, message: &Message) -> AppResult<serde_json::Value> {
    let none = || serde_json::Value::Object(serde_json::Map::new());
    let Some(sealed) = from_hex(&message.vendor_fields).filter(|bytes| !bytes.is_empty()) else {
        return Ok(none());
    };
    let text = app.sealer.open_text(Field::Message, &sealed)?;
    Ok(serde_json::from_str(&text).unwrap_or_else(|_| none()))
}

/// What decides about the messages of one office.
struct Batch {
    office: Office,
    today: NaiveDate,
    people: Facts,
    files: HashMap<FileId, LoanFile>,
    students: HashMap<PersonId, String>,
    due: HashMap<FileId, (NaiveDate, Fen)>,
    overdue: HashMap<FileId, (NaiveDate, Fen)>,
    /// Files of which the bank's result is not there.
    unconfirmed: HashSet<FileId>,
    /// Files for which what a message asks for has been done: per reason.
    done: HashSet<(Reason, FileId)>,
    /// The newest message of each subject and reason that has not come to an end.
    latest: HashMap<(String, String), NaiveDate>,
    with_mail: bool,
    bank_data: BankData,
}

impl Batch {
    fn load(
        app: &Parts,
        db: &mut Db,
        code: &str,
        messages: &[(&Message, Reason)],
        now: NaiveDateTime,
    ) -> AppResult<Batch> {
        let scope = Scope::of(code);
        let mut people: Vec<PersonId> = messages.iter().filter_map(|m| m.0.person_id).collect();
        people.sort_unstable();
        people.dedup();
        let today = dates::local(now).date();
        let files_for = |reason: Reason| -> Vec<FileId> {
            let own = messages.iter().filter(|(_, r)| *r == reason);
            own.filter_map(|(message, _)| message.file_id).collect()
        };
        let due = files_for(Reason::DueReminder);
        let late = [Reason::OverdueNotice, Reason::DueUnconfirmed];
        let overdue: Vec<FileId> = late.into_iter().flat_map(&files_for).collect();
        let bank_data = payments_known::bank_data(db, &scope, today)?;
        let concerned: Vec<FileId> = due.iter().chain(&overdue).copied().collect();
        let files = loan::files_by_ids(db, &scope, &concerned)?;
        let students: Vec<PersonId> = files.values().map(|file| file.person_id).collect();
        let students = Facts::names_of(db, &scope, &students)?;
        Ok(Batch {
            office: office::find(db, code)?,
            today,
            people: Facts::load(db, &scope, &people)?,
            files,
            students: students.into_iter().map(|(id, (name, _))| (id, name)).collect(),
            due: due_queries::due_amounts(db, &scope, &due)?,
            overdue: due_queries::overdue_amounts(db, &scope, &overdue)?,
            unconfirmed: due_queries::unconfirmed(db, &scope, &overdue, (&bank_data, today))?,
            done: done(db, &scope, today.year(), &files_for)?,
            latest: outbox::latest_of(db, &scope, messages.iter().map(|(message, _)| *message))?,
            with_mail: people::has_mail(app),
            bank_data,
        })
    }

    fn verdict(&self, app: &Parts, message: &Message, reason: Reason) -> AppResult<Verdict> {
        let latest = self.latest.get(&(message.subject.clone(), message.reason.clone()));
        if latest.is_some_and(|day| *day > message.planned_on) {
            return Ok(cancel(outbox::OVERTAKEN));
        }
        let to = match self.receiver(app, message, reason)? {
            Ok(to) => to,
            Err(why) => return Ok(cancel(why)),
        };
        let stored = app.sealer.open_text(Field::Message, &message.text_sealed)?;
        let (text, params) = match self.text(app, message, reason, stored)? {
            Ok(CurrentText::AsStored(text)) => (text, stored_params(app, message)?),
            Ok(CurrentText::Anew(text, params)) => (text, params),
            Err(why) => return Ok(cancel(why)),
        };
        let html = match message.channel {
            Channel::Sms => None,
            Channel::Email => Some(text::html(app, &self.office, &message.title, &text)?),
        };
        Ok(Verdict::Send { to, text, title: message.title.clone(), html, params })
    }

    /// The number or address of today, or why there is nobody to send to any more.
    fn receiver(
        &self,
        app: &Parts,
        message: &Message,
        reason: Reason,
    ) -> AppResult<Result<String, &'static str>> {
        if reason == Reason::GatewayTest {
            return Ok(test_address(app, message).ok_or("测试的号码打不开。"));
        }
        let Some((person, (_, email))) =
            message.person_id.and_then(|id| Some((id, self.people.names.get(&id)?)))
        else {
            return Ok(Err("收信人已经不在档案里。"));
        };
        match self.people.stops.get(&person).map(|stop| stop.why) {
            Some(stops::Why::Died) => return Ok(Err("收信人已去世，停发。")),
            // A code is sent because the person asks for it at this moment.
            Some(stops::Why::Asked) if !reason.is_urgent() => {
                return Ok(Err("收信人要求停发。"));
            }
            _ => {}
        }
        if !self.people.wishes.of(person, reason.kind()).wants(message.channel) {
            return Ok(Err("收信人不要这一类消息。"));
        }
        Ok(match message.channel {
            Channel::Sms => match self.people.phone_for(person, message.phone_id, reason) {
                Some(phone) => Ok(app.sealer.open_text(Field::Phone, &phone.phone_sealed)?),
                None => Err("没有能用的手机号。"),
            },
            Channel::Email if self.with_mail && people::looks_like_mail(email) => Ok(email.clone()),
            Channel::Email => Err("没有能用的邮箱，或者没有开通邮件。"),
        })
    }

    /// The text as stored, or made anew when its figures have changed, or why it is not wanted.
    fn text(
        &self,
        app: &Parts,
        message: &Message,
        reason: Reason,
        stored: String,
    ) -> AppResult<Result<CurrentText, &'static str>> {
        let Some(file) = message.file_id else { return Ok(Ok(CurrentText::AsStored(stored))) };
        let facts = match reason {
            Reason::DueReminder => self.due.get(&file),
            Reason::OverdueNotice if self.unconfirmed.contains(&file) => {
                return Ok(Err("银行的结果还没有到，不按到期未还发。"));
            }
            Reason::DueUnconfirmed if !self.unconfirmed.contains(&file) => {
                return Ok(Err("银行的结果已经到了，或者先行跟进的那天过了，不用再发。"));
            }
            Reason::OverdueNotice | Reason::DueUnconfirmed => self.overdue.get(&file),
            _ if self.done.contains(&(reason, file)) => return Ok(Err("这件事已经办好。")),
            _ => return Ok(Ok(CurrentText::AsStored(stored))),
        };
        let about =
            message.subject.rsplit('/').next().and_then(|day| day.parse::<NaiveDate>().ok());
        // A later due day may be unpaid beside an older one; a reminder is of its own day only.
        let fits = |day: NaiveDate, about: NaiveDate| match reason {
            Reason::OverdueNotice | Reason::DueUnconfirmed => day <= about,
            _ => day == about,
        };
        let policy = app.policy();
        let assumed = match reason {
            Reason::OverdueNotice => policy.assumed_in_arrears(self.today),
            _ => about.and_then(|day| policy.assumed(day)),
        };
        let is_waived = about.is_some_and(|day| policy.is_waived(day.year()));
        let Some((due_on, amount)) = facts.filter(|(day, _)| about.is_none_or(|d| fits(*day, d)))
        else {
            return Ok(Err(if reason == Reason::DueReminder && is_waived {
                "这一年的利息国家免除，这一期不用还了，不用再发。"
            } else {
                "这一期已经还上，或者银行结果还没有到，不用再发。"
            }));
        };
        // A notice names the day it is sent. A year's waiver may have been settled meanwhile.
        let is_same = stored.contains(&amount_words(*amount, assumed))
            && stored.contains(WITHOUT_WAIVER) == assumed.is_some();
        if reason == Reason::DueReminder && is_same {
            return Ok(Ok(CurrentText::AsStored(stored)));
        }
        let due_on = about.unwrap_or(*due_on);
        let fields = self.fields(message, file).day("due_on", due_on, self.today);
        let fields = match reason {
            Reason::OverdueNotice => {
                fields.arrears(*amount, assumed, (&self.bank_data, self.today))
            }
            Reason::DueUnconfirmed => fields.unconfirmed(&self.bank_data),
            _ => fields.amount(*amount, assumed),
        };
        let text = text::render(app, &self.office, reason, &fields, &message.check_code)?;
        let params = text::params(&self.office, &fields, &message.check_code)?;
        Ok(Ok(CurrentText::Anew(text, params)))
    }

    fn fields(&self, message: &Message, file: FileId) -> Fields {
        let name = |person: PersonId| self.people.names.get(&person).map(|(name, _)| name.as_str());
        let fields = Fields::to(message.person_id.and_then(name).unwrap_or_default());
        let student = self.files.get(&file).map(|file| file.person_id);
        match student.filter(|student| Some(*student) != message.person_id) {
            Some(student) => {
                fields.of_student(self.students.get(&student).map_or("", String::as_str))
            }
            None => fields,
        }
    }
}

/// The files for which what a message asks for has been done by now.
fn done(
    db: &mut Db,
    scope: &Scope,
    year: i32,
    files_for: &dyn Fn(Reason) -> Vec<FileId>,
) -> AppResult<HashSet<(Reason, FileId)>> {
    let mut found = HashSet::new();
    let mut add = |reason: Reason, files: Vec<FileId>| {
        found.extend(files.into_iter().map(|file| (reason, file)));
    };
    let without = |all: Vec<FileId>, open: Vec<FileId>| -> Vec<FileId> {
        let open: HashSet<FileId> = open.into_iter().collect();
        all.into_iter().filter(|file| !open.contains(file)).collect()
    };
    let files = files_for(Reason::ReceiptMissing);
    if !files.is_empty() {
        let open = due_queries::still_without_receipt(db, scope, year, &files)?;
        add(Reason::ReceiptMissing, without(files, open));
    }
    let files = files_for(Reason::ReceiptDiffers);
    if !files.is_empty() {
        let open = due_queries::differing_receipts(db, scope, year)?;
        let open = open.into_iter().map(|(file, _)| file).collect();
        add(Reason::ReceiptDiffers, without(files, open));
    }
    let files = files_for(Reason::Renewal);
    if !files.is_empty() {
        add(Reason::Renewal, due_queries::with_contract_of(db, scope, year, &files)?);
    }
    let files = files_for(Reason::GraduationConfirmation);
    if !files.is_empty() {
        let settled = without(files.clone(), due_queries::owing(db, scope, &files)?);
        add(Reason::GraduationConfirmation, settled);
        add(
            Reason::GraduationConfirmation,
            due_queries::with_confirmation(db, scope, year, &files)?,
        );
    }
    let files = files_for(Reason::EarlyRepaymentWindow);
    if !files.is_empty() {
        let open = due_queries::owing(db, scope, &files)?;
        add(Reason::EarlyRepaymentWindow, without(files, open));
    }
    let files = files_for(Reason::EarlyRepaymentDay);
    if !files.is_empty() {
        let open = pending::with_early_repayment(db, scope, &files)?;
        add(Reason::EarlyRepaymentDay, without(files, open));
    }
    Ok(found)
}
