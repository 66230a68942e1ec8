//! The contact as the form on the page of a case says it, with everything that is wrong with it
//! said at once.

use chrono::NaiveDate;

use super::facts::Facts;
use super::people::{self, ChosenPerson};
use super::rules::{self, FollowUp};
use crate::app::App;
use crate::base::dates::days_between;
use crate::base::ids::RecordId;
use crate::base::money::Fen;
use crate::book::contact::promise;
use crate::book::contact::record::{Channel, Outcome, Party, Record, Source};
use crate::book::policy::LadderRule;
use crate::error::AppResult;
use crate::web::fields::{Fields, TEXT_MAX};
use crate::web::session::SignedIn;

/// A contact is written down within so many days.
const OLDEST_DAYS: i64 = 366;

/// Reads a contact: what can be read, and what is wrong.
struct Reading<'a> {
    fields: &'a mut Fields,
    facts: &'a Facts,
    rule: &'a LadderRule,
    today: NaiveDate,
}

impl Reading<'_> {
    fn what(&mut self) -> (Option<Outcome>, Option<Channel>) {
        let outcome = Outcome::from_text(self.fields.get("outcome"));
        if outcome.is_none() {
            self.fields.reject("outcome", "请选联系的结果");
        }
        let channel = match self.fields.get("channel") {
            "" => Some(Channel::Call),
            text => Channel::from_text(text),
        };
        if channel.is_none() {
            self.fields.reject("channel", "请选是怎么联系的");
        }
        (outcome, channel)
    }

    fn whom(&mut self, outcome: Option<Outcome>) -> Option<ChosenPerson> {
        let person = people::chosen(self.facts, self.fields.get("whom"));
        match &person {
            None => self.fields.reject("whom", "请选联系的是谁"),
            Some(one) if outcome == Some(Outcome::Died) && one.party == Party::Student => {
                self.fields.reject("whom", "请选是谁告诉的");
            }
            Some(_) => {}
        }
        person
    }

    fn on_day(&mut self) -> NaiveDate {
        let day = self.fields.date("on_day").unwrap_or(self.today);
        if day > self.today {
            self.fields.reject("on_day", "联系的日子不能在今天以后");
        } else if days_between(day, self.today) > OLDEST_DAYS {
            self.fields.reject("on_day", "联系的日子不早于一年前");
        }
        day
    }

    /// The day and the sum of a promise; neither of any other result.
    fn promise(&mut self, outcome: Option<Outcome>) -> (Option<NaiveDate>, Option<Fen>) {
        let is_promise = outcome.is_some_and(|one| rules::road(one) == FollowUp::Promise);
        let day = self.fields.date("promised_on");
        let is_read = day.is_some() || self.fields.get("promised_on").is_empty();
        if is_promise
            && is_read
            && let Some(fault) = promise::day_fault(day, self.today, self.rule)
        {
            self.fields.reject("promised_on", fault);
        }
        let sum = match self.fields.get("promised") {
            "" => None,
            text => {
                let read = text.parse::<Fen>().ok();
                if let Some(fault) = promise::sum_fault(read, self.facts.most()) {
                    self.fields.reject("promised", fault);
                }
                read
            }
        };
        if is_promise { (day, sum) } else { (None, None) }
    }

    fn next_on(&mut self, outcome: Option<Outcome>) -> Option<NaiveDate> {
        let day = self.fields.date("next_on");
        let fault = day
            .zip(outcome)
            .and_then(|(day, one)| rules::next_fault(day, one, self.today, self.rule));
        if let Some(fault) = fault {
            self.fields.reject("next_on", fault);
        }
        day
    }
}

/// The contact as the form says it, or everything that is wrong with the form.
pub(super) fn record(
    app: &App,
    me: &SignedIn,
    facts: &Facts,
    fields: &mut Fields,
) -> AppResult<Record> {
    let today = app.clock.today();
    let policy = app.policy();
    let rule = policy.ladder.on(today);
    let mut reading = Reading { fields, facts, rule, today };
    let (outcome, channel) = reading.what();
    let person = reading.whom(outcome);
    let on_day = reading.on_day();
    let (promised_on, promised_fen) = reading.promise(outcome);
    let next_on = reading.next_on(outcome);
    let note = fields.text("note", TEXT_MAX);
    let ((outcome, channel), person) = fields.checked(outcome.zip(channel).zip(person))?;
    let ids = (RecordId::new(app.next_id()), me.office.code.as_str(), facts.file.id);
    let when = (on_day, app.clock.now_at());
    let new = Record::new(ids, when, (channel, person.party, outcome), (Source::Desk, &me.name));
    let key = fields.get("key");
    Ok(Record {
        office_code: facts.file.office_code.clone(),
        party_name: person.name,
        phone_id: person.phone,
        point_id: person.point,
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
