//! Reads FILE.json of the command line (loan-maths section 8). Strict: what is not understood is
//! refused with the path of the field and what was expected, never skipped.

use std::collections::HashMap;
use std::fmt;

use chrono::NaiveDate;
use serde_json::{Map, Value};

use super::error::StatementError;
use super::event::{Event, EventKind};
use super::terms::{
    Allocation, DayCount, Pricing, Product, Recut, SelfPayStarts, StudyLevel, Switches, Terms,
};
use crate::base::dates::day_in;
use crate::base::ids::EventId;
use crate::base::money::Fen;
use crate::base::month_day::MonthDay;
use crate::book::policy::{Policy, penalty_ppm};

/// What is wrong with a file: one line naming field and expectation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError(String);

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FileError {}

impl FileError {
    /// Puts the place in the file in front of an error of the computation. Events read from a
    /// file carry their index as identity.
    pub fn of(error: &StatementError) -> Self {
        FileError(match error {
            StatementError::Event { id, field, expected, kind } => {
                format!("events[{id}].{field}: expected {expected} (kind {kind})")
            }
            other => other.to_string(),
        })
    }
}

type Read<T> = Result<T, FileError>;

fn wrong<T>(path: &str, expected: &str) -> Read<T> {
    Err(FileError(format!("{path}: expected {expected}")))
}

const DAY: &str = "a date as text, such as \"2026-08-20\"";
const MONEY: &str = "yuan as decimal text with at most two decimals, such as \"20000.00\"";

/// An object whose fields are taken out one by one; whatever is left over is unknown.
struct Fields {
    path: String,
    map: Map<String, Value>,
}

impl Fields {
    fn of(path: &str, value: Value) -> Read<Fields> {
        match value {
            Value::Object(map) => Ok(Fields { path: path.to_owned(), map }),
            _ => wrong(if path.is_empty() { "file" } else { path }, "an object"),
        }
    }

    fn at(&self, field: &str) -> String {
        if self.path.is_empty() { field.to_owned() } else { format!("{}.{field}", self.path) }
    }

    fn take(&mut self, field: &str) -> Option<Value> {
        self.map.remove(field)
    }

    fn maybe<T>(
        &mut self,
        field: &str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Read<Option<T>> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::String(text)) => match parse(&text) {
                Some(value) => Ok(Some(value)),
                None => wrong(&self.at(field), &format!("{expected}, found {text:?}")),
            },
            Some(other) => wrong(&self.at(field), &format!("{expected}, found {other}")),
        }
    }

    fn need<T>(
        &mut self,
        field: &str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Read<T> {
        match self.maybe(field, expected, parse)? {
            Some(value) => Ok(value),
            None => wrong(&self.at(field), &format!("{expected}, found nothing")),
        }
    }

    fn day(&mut self, field: &str) -> Read<NaiveDate> {
        self.need(field, DAY, day)
    }

    fn money(&mut self, field: &str) -> Read<Fen> {
        self.need(field, MONEY, |text| text.parse().ok())
    }

    fn number(&mut self, field: &str, expected: &str) -> Read<i32> {
        let found = self.take(field);
        let number = found.as_ref().and_then(Value::as_i64).and_then(|n| i32::try_from(n).ok());
        match number {
            Some(number) => Ok(number),
            None => wrong(&self.at(field), expected),
        }
    }

    fn end(self, known: &str) -> Read<()> {
        match self.map.keys().next() {
            None => Ok(()),
            Some(field) => {
                let known = if known.is_empty() { "no further field" } else { known };
                wrong(&self.at(field), &format!("{known}, found an unknown field"))
            }
        }
    }
}

/// `2026-08-20`, in exactly this form.
fn day(text: &str) -> Option<NaiveDate> {
    text.parse::<NaiveDate>().ok().filter(|day| day.to_string() == text)
}

/// Terms and events of a file; defaults come from the policy of the day of signing.
///
/// # Errors
/// The first field that is missing, unknown or wrong.
pub fn read(text: &str, policy: &Policy) -> Read<(Terms, Vec<Event>)> {
    let value: Value = serde_json::from_str(text)
        .map_err(|error| FileError(format!("file: expected JSON, found: {error}")))?;
    let mut file = Fields::of("", value)?;
    let Some(terms) = file.take("terms") else { return wrong("terms", "an object") };
    let terms = terms_of(Fields::of("terms", terms)?, policy)?;
    let Some(Value::Array(events)) = file.take("events") else {
        return wrong("events", "a list");
    };
    file.end("terms and events only")?;
    let events = events_of(events)?;
    Ok((terms, events))
}

fn terms_of(mut fields: Fields, policy: &Policy) -> Read<Terms> {
    let contract_no = fields.need("contract_no", "text", |text| Some(text.to_owned()))?;
    let signed_on = fields.day("signed_on")?;
    let level = fields.need("level", "undergraduate or graduate", StudyLevel::from_text)?;
    let subsidy_ends_on = fields.day("subsidy_ends_on")?;
    let final_due_on = fields.day("final_due_on")?;
    let grace_years = fields.number("grace_years", "a whole number from 0 to 40")?;
    let pricing = pricing_of(&mut fields)?;
    let day_count = fields.maybe("day_count", "act_360 or act_365", DayCount::from_text)?;
    let percent = "percent as text from 0 to 1000, such as \"130\"";
    let penalty = fields.maybe("penalty_percent", percent, penalty_ppm)?;
    let month_day = "a day of the year such as \"12-20\"";
    let due_day = fields.maybe("due_month_day", month_day, MonthDay::from_text)?;
    let switches = switches_of(&mut fields, policy.switches(signed_on))?;
    fields.end("")?;
    Ok(Terms {
        contract_no,
        signed_on,
        level,
        subsidy_ends_on,
        grace_years,
        due_day: due_day.unwrap_or_else(|| policy.due_day(signed_on)),
        final_due_on,
        pricing,
        penalty_ppm: penalty.unwrap_or_else(|| policy.penalty_ppm(Product::Cdb, signed_on)),
        day_count: day_count.unwrap_or_else(|| policy.day_count(signed_on)),
        switches,
    })
}

fn pricing_of(fields: &mut Fields) -> Read<Pricing> {
    let expected = "\"floating\" or {\"fixed_percent\": \"2.80\"}";
    match fields.take("pricing") {
        Some(Value::String(word)) if word == "floating" => Ok(Pricing::Floating),
        Some(value @ Value::Object(_)) => {
            let mut inner = Fields::of(&fields.at("pricing"), value)?;
            let percent = "percent as text, such as \"2.80\"";
            let rate = inner.need("fixed_percent", percent, |text| text.parse().ok())?;
            inner.end("fixed_percent only")?;
            Ok(Pricing::Fixed(rate))
        }
        _ => wrong(&fields.at("pricing"), expected),
    }
}

fn switches_of(fields: &mut Fields, default: Switches) -> Read<Switches> {
    let Some(value) = fields.take("switches") else { return Ok(default) };
    let mut inner = Fields::of(&fields.at("switches"), value)?;
    let self_pay = "subsidy_end or next_day";
    let recut = "spread or from_the_end";
    let order = "penalty_interest_principal, interest_principal_penalty or \
                 principal_interest_penalty";
    let switches = Switches {
        self_pay_starts: inner
            .maybe("self_pay_starts", self_pay, SelfPayStarts::from_text)?
            .unwrap_or(default.self_pay_starts),
        recut_after_prepayment: inner
            .maybe("recut_after_prepayment", recut, Recut::from_text)?
            .unwrap_or(default.recut_after_prepayment),
        allocation: inner
            .maybe("allocation", order, Allocation::from_text)?
            .unwrap_or(default.allocation),
    };
    inner.end("self_pay_starts, recut_after_prepayment or allocation")?;
    Ok(switches)
}

fn events_of(values: Vec<Value>) -> Read<Vec<Event>> {
    let mut names: HashMap<String, i64> = HashMap::new();
    let mut objects = Vec::with_capacity(values.len());
    for (index, value) in (0_i64..).zip(values) {
        let mut fields = Fields::of(&format!("events[{index}]"), value)?;
        let name = match fields.take("id") {
            None => None,
            Some(Value::String(name)) => Some(name),
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(_) => return wrong(&fields.at("id"), "text or a number"),
        };
        if let Some(name) = name
            && names.insert(name, index).is_some()
        {
            return wrong(&fields.at("id"), "an id that no other event carries");
        }
        objects.push((index, fields));
    }
    objects.into_iter().map(|(index, fields)| event_of(index, fields, &names)).collect()
}

fn event_of(index: i64, mut fields: Fields, names: &HashMap<String, i64>) -> Read<Event> {
    let expected = format!("one of {}", EventKind::NAMES.join(", "));
    let known = |text: &str| EventKind::NAMES.contains(&text).then(|| text.to_owned());
    let name = fields.need("kind", &expected, known)?;
    let kind = kind_of(&name, &mut fields, names)?;
    let on = if kind.is_of_a_year() {
        let year = fields.number("year", "a year such as 2031")?;
        if !(1990..=2110).contains(&year) {
            return wrong(&fields.at("year"), "a year from 1990 to 2110");
        }
        day_in(year, 1, 1)
    } else {
        fields.day("on")?
    };
    fields.end(&format!("only fields of {name}"))?;
    Ok(Event::new(index, on, kind))
}

fn kind_of(name: &str, fields: &mut Fields, names: &HashMap<String, i64>) -> Read<EventKind> {
    Ok(match name {
        "disbursed" => EventKind::Disbursed { amount: fields.money("amount")? },
        "subsidy_end_moved" => EventKind::SubsidyEndMoved {
            to: fields.day("to")?,
            from: fields.maybe("from", DAY, day)?,
        },
        "study_ended_early" => EventKind::StudyEndedEarly,
        "paid" => EventKind::Paid { amount: fields.money("amount")? },
        "prepaid" => EventKind::Prepaid { principal: prepaid_principal(fields)? },
        "compensated" => EventKind::Compensated { amount: fields.money("amount")? },
        "relieved" => EventKind::Relieved { amount: fields.money("amount")? },
        "interest_waived" => EventKind::InterestWaived,
        "principal_deferred" => EventKind::PrincipalDeferred,
        "plan_set" => EventKind::PlanSet {
            equal_amount: fields.money("equal_amount")?,
            first_year: fields.number("first_year", "a year such as 2035")?,
        },
        "rate_set" => {
            let expected = "percent as text, such as \"2.80\"";
            EventKind::RateSet { rate: fields.need("percent", expected, |text| text.parse().ok())? }
        }
        "amount_raised" => EventKind::AmountRaised { to: fields.money("to")? },
        _ => EventKind::Reversed { of: reversed_of(fields, names)? },
    })
}

fn prepaid_principal(fields: &mut Fields) -> Read<Option<Fen>> {
    match fields.take("all") {
        None => fields.money("principal").map(Some),
        Some(Value::Bool(true)) if fields.map.contains_key("principal") => {
            wrong(&fields.at("principal"), "either principal or \"all\": true, found both")
        }
        Some(Value::Bool(true)) => Ok(None),
        Some(_) => wrong(&fields.at("all"), "true, or the field principal instead"),
    }
}

fn reversed_of(fields: &mut Fields, names: &HashMap<String, i64>) -> Read<EventId> {
    let expected = "the id of another event";
    let name = match fields.take("of") {
        Some(Value::String(name)) => name,
        Some(Value::Number(number)) => number.to_string(),
        _ => return wrong(&fields.at("of"), expected),
    };
    match names.get(&name) {
        Some(index) => Ok(EventId::new(*index)),
        None => wrong(&fields.at("of"), &format!("{expected}, found {name:?}")),
    }
}
