//! The forms on the page of a case: their fields by name, and the contact as its form says it, with
//! everything that is wrong with it said at once.

use chrono::NaiveDate;

use super::people::{self, WhomAsked};
use super::rules::{self, Road};
use super::steps::Seen;
use super::view::{Facts, Typed};
use crate::app::App;
use crate::base::dates::days_between;
use crate::base::ids::{CaseId, RecordId};
use crate::base::money::Fen;
use crate::book::contact::promise;
use crate::book::contact::record::{Channel, Outcome, Party, Record, Source};
use crate::book::policy::LadderRule;
use crate::error::{AppError, AppResult, FieldError};
use crate::web::session::SignedIn;

/// Longest note or reason in characters.
const NOTE_MAX: usize = 400;
/// A contact is written down within so many days.
const OLDEST_DAYS: i64 = 366;

/// The fields of a form, by name.
pub(super) struct Fields(pub(super) Vec<(String, String)>);

impl Fields {
    /// A field without blanks around it; empty when it is not there.
    pub(super) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.trim()).unwrap_or_default()
    }

    /// A text that is kept: refused when it is too long.
    pub(super) fn text(&self, name: &str) -> AppResult<String> {
        let text = self.get(name);
        if text.chars().count() > NOTE_MAX {
            return Err(AppError::field(name, format!("太长了，请写在 {NOTE_MAX} 个字以内")));
        }
        Ok(text.to_owned())
    }

    /// A day; none when nothing was typed.
    pub(super) fn day(&self, name: &str) -> AppResult<Option<NaiveDate>> {
        let text = self.get(name);
        if text.is_empty() {
            return Ok(None);
        }
        let read = text.parse().map(Some);
        read.map_err(|_| AppError::field(name, "日期请写成 2026-10-31 这样"))
    }

    /// The case as the page showed it.
    pub(super) fn seen(&self) -> AppResult<Seen> {
        let id = self.get("case").parse().map_err(|_| AppError::Changed)?;
        let version = self.get("version").parse().map_err(|_| AppError::Changed)?;
        Ok(Seen { id: CaseId::new(id), version })
    }

    /// What was typed, to be shown again.
    pub(super) fn typed(&self) -> Typed {
        let text = |name: &str| self.get(name).to_owned();
        Typed {
            outcome: text("outcome"),
            whom: text("whom"),
            channel: text("channel"),
            on_day: text("on_day"),
            promised_on: text("promised_on"),
            promised: text("promised"),
            step: text("step"),
            ask: text("ask"),
            next_on: text("next_on"),
            note: text("note"),
            reason: text("reason"),
            until: text("until"),
            why: text("why"),
            to: text("to"),
            owner: text("owner"),
        }
    }
}

/// Reads a contact: what can be read, and what is wrong.
struct Reading<'a> {
    fields: &'a Fields,
    facts: &'a Facts,
    rule: &'a LadderRule,
    today: NaiveDate,
    faults: Vec<FieldError>,
}

impl Reading<'_> {
    fn say(&mut self, field: &str, message: impl Into<String>) {
        self.faults.push(FieldError { field: field.to_owned(), message: message.into() });
    }

    /// The value, unless something is wrong with it.
    fn take<T>(&mut self, read: AppResult<T>) -> AppResult<Option<T>> {
        match read {
            Ok(value) => Ok(Some(value)),
            Err(AppError::Invalid(errors)) => {
                self.faults.extend(errors);
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    fn what(&mut self) -> (Option<Outcome>, Option<Channel>) {
        let outcome = Outcome::from_text(self.fields.get("outcome"));
        if outcome.is_none() {
            self.say("outcome", "请选联系的结果");
        }
        let channel = match self.fields.get("channel") {
            "" => Some(Channel::Call),
            text => Channel::from_text(text),
        };
        if channel.is_none() {
            self.say("channel", "请选是怎么联系的");
        }
        (outcome, channel)
    }

    fn whom(&mut self, outcome: Option<Outcome>) -> Option<WhomAsked> {
        let asked = people::asked(self.facts, self.fields.get("whom"));
        match &asked {
            None => self.say("whom", "请选联系的是谁"),
            Some(one) if outcome == Some(Outcome::Died) && one.party == Party::Student => {
                self.say("whom", "请选是谁告诉的");
            }
            Some(_) => {}
        }
        asked
    }

    fn on_day(&mut self) -> AppResult<NaiveDate> {
        let day = self.take(self.fields.day("on_day"))?.flatten().unwrap_or(self.today);
        if day > self.today {
            self.say("on_day", "联系的日子不能在今天以后");
        } else if days_between(day, self.today) > OLDEST_DAYS {
            self.say("on_day", "联系的日子不早于一年前");
        }
        Ok(day)
    }

    /// The day and the sum of a promise; neither of any other result.
    fn promise(&mut self, outcome: Option<Outcome>) -> AppResult<(Option<NaiveDate>, Option<Fen>)> {
        let is_promise = outcome.is_some_and(|one| rules::road(one) == Road::Promise);
        let day = self.take(self.fields.day("promised_on"))?;
        if let (Some(day), true) = (day, is_promise)
            && let Some(fault) = promise::day_fault(day, self.today, self.rule)
        {
            self.say("promised_on", fault);
        }
        let sum = match self.fields.get("promised") {
            "" => None,
            text => {
                let read = text.parse::<Fen>().ok();
                if let Some(fault) = promise::sum_fault(read, self.facts.most()) {
                    self.say("promised", fault);
                }
                read
            }
        };
        Ok(if is_promise { (day.flatten(), sum) } else { (None, None) })
    }

    fn next_on(&mut self, outcome: Option<Outcome>) -> AppResult<Option<NaiveDate>> {
        let day = self.take(self.fields.day("next_on"))?.flatten();
        let fault = day
            .zip(outcome)
            .and_then(|(day, one)| rules::next_fault(day, one, self.today, self.rule));
        if let Some(fault) = fault {
            self.say("next_on", fault);
        }
        Ok(day)
    }
}

/// The contact as the form says it, or everything that is wrong with the form.
pub(super) fn record(
    app: &App,
    me: &SignedIn,
    facts: &Facts,
    fields: &Fields,
) -> AppResult<Record> {
    let today = app.clock.today();
    let policy = app.policy();
    let rule = policy.ladder.on(today);
    let mut reading = Reading { fields, facts, rule, today, faults: Vec::new() };
    let (outcome, channel) = reading.what();
    let asked = reading.whom(outcome);
    let on_day = reading.on_day()?;
    let (promised_on, promised_fen) = reading.promise(outcome)?;
    let next_on = reading.next_on(outcome)?;
    let note = reading.take(fields.text("note"))?.unwrap_or_default();
    let (Some(outcome), Some(channel), Some(asked), true) =
        (outcome, channel, asked, reading.faults.is_empty())
    else {
        return Err(AppError::Invalid(reading.faults));
    };
    let ids = (RecordId::new(app.next_id()), me.office.code.as_str(), facts.file.id);
    let when = (on_day, app.clock.now_at());
    let new = Record::new(ids, when, (channel, asked.party, outcome), (Source::Desk, &me.name));
    let key = fields.get("key");
    Ok(Record {
        office_code: facts.file.office_code.clone(),
        party_name: asked.name,
        phone_id: asked.phone,
        point_id: asked.point,
        note,
        promised_on,
        promised_fen,
        next_on,
        case_id: facts.case.as_ref().map(|case| case.id),
        staff_id: Some(me.staff_id),
        command_key: if key.is_empty() { new.command_key.clone() } else { format!("case-{key}") },
        ..new
    })
}
