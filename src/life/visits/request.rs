//! What a batch is asked for: read from the address, and written back into links and fields.

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use super::purpose::Purpose;
use super::rules::{ReceiverKind, Selection};
use crate::base::dates::day_in;
use crate::base::url;
use crate::error::FieldError;

/// One field of the address: a hidden field of the next form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    pub name: &'static str,
    pub value: String,
}

/// What was understood of an address.
#[derive(Clone, Debug)]
pub struct VisitRequest {
    pub purpose: Purpose,
    pub by: ReceiverKind,
    /// The day of the figures.
    pub as_of: NaiveDate,
    /// The day by which sheets should come back, when one was asked for.
    pub return_by: Option<NaiveDate>,
    pub wanted: Selection,
    pub amounts: bool,
    /// A second copy of each sheet is printed.
    pub stub: bool,
    /// The number of the letter.
    pub letter: Option<u32>,
    /// Also households whose sheet is with a receiver of another kind.
    pub also: bool,
    /// The smallest amount as it was typed.
    pub least_text: String,
    /// The saved list of the overdue page that was asked for: `new`, `long`, `ended`.
    list: String,
    /// What could not be read.
    pub errors: Vec<FieldError>,
}

/// The fields of an address in their order, repeated names and all.
pub type Pairs = Vec<(String, String)>;

impl VisitRequest {
    /// Reads an address; `today` is the day when none is named.
    pub fn read(pairs: &Pairs, today: NaiveDate) -> VisitRequest {
        let mut errors = Vec::new();
        let by = match text(pairs, "by").as_deref() {
            None => ReceiverKind::Village,
            Some(word) => ReceiverKind::from_text(word).unwrap_or_else(|| {
                errors.push(error("by", "请选择按村、按高中或按派出所"));
                ReceiverKind::Village
            }),
        };
        let purpose = text(pairs, "purpose").and_then(|word| Purpose::from_text(&word));
        let purpose = purpose.unwrap_or(Purpose::Overdue);
        if !purpose.kinds().contains(&by) {
            errors.push(error("by", "家庭联系请选择按村或按高中"));
        }
        let as_of = day(pairs, "as_of", &mut errors).unwrap_or(today);
        let return_by = day(pairs, "return_by", &mut errors);
        let least_text = text(pairs, "min").unwrap_or_default();
        let least = match least_text.parse() {
            Ok(least) => Some(least),
            Err(_) if least_text.is_empty() => None,
            Err(_) => {
                errors.push(error("min", "金额请写成 1000 或 1000.50 这样，不写单位"));
                None
            }
        };
        let letter = text(pairs, "letter");
        let letter = letter.and_then(|text| {
            let number = text.parse().ok().filter(|n| (1..=99_999).contains(n));
            if number.is_none() {
                errors.push(error("letter", "发文号只写数字，例如 12"));
            }
            number
        });
        let list = text(pairs, "list").unwrap_or_default();
        let cut = last_due_day(today);
        let wanted = Selection {
            township: text(pairs, "township"),
            village: text(pairs, "village"),
            school: text(pairs, "school"),
            police: text(pairs, "police"),
            files: files(pairs),
            least,
            receiver: text(pairs, "receiver"),
            who: text(pairs, "q"),
            university: text(pairs, "university"),
            due_from: (list == "new").then_some(cut),
            due_before: (list == "long").then_some(cut),
            ended: list == "ended",
        };
        // A box that is not ticked is not sent, so `set` says that the boxes were there.
        let boxes = text(pairs, "set").is_some();
        let asked = VisitRequest {
            purpose,
            by,
            as_of,
            return_by,
            wanted,
            amounts: !boxes || text(pairs, "amounts").is_some(),
            stub: !boxes || text(pairs, "stub").is_some(),
            letter,
            also: text(pairs, "also").is_some(),
            least_text,
            list,
            errors,
        };
        if purpose.is_yearly() { asked.yearly(today) } else { asked }
    }

    /// A yearly contact is of today, without amounts, and narrowed by nothing that is owed.
    fn yearly(self, today: NaiveDate) -> VisitRequest {
        let wanted = Selection {
            least: None,
            police: None,
            due_from: None,
            due_before: None,
            ended: false,
            ..self.wanted
        };
        VisitRequest {
            as_of: today,
            amounts: false,
            wanted,
            least_text: String::new(),
            list: String::new(),
            ..self
        }
    }

    /// What this address narrows by, as fields for the next form or link. Boxes and the letter's
    /// number belong to the printing page and are not among them.
    pub fn fields(&self) -> Vec<Field> {
        let some = |text: &Option<String>| text.clone().unwrap_or_default();
        let wanted = &self.wanted;
        let purpose = if self.purpose.is_yearly() { self.purpose.as_text() } else { "" };
        let mut fields = vec![
            Field { name: "purpose", value: purpose.to_owned() },
            Field { name: "by", value: self.by.as_text().to_owned() },
            Field { name: "as_of", value: self.as_of.to_string() },
            Field {
                name: "return_by",
                value: self.return_by.map(|day| day.to_string()).unwrap_or_default(),
            },
            Field { name: "township", value: some(&wanted.township) },
            Field { name: "village", value: some(&wanted.village) },
            Field { name: "school", value: some(&wanted.school) },
            Field { name: "police", value: some(&wanted.police) },
            Field {
                name: "min",
                value: wanted.least.map(|f| f.to_yuan_text()).unwrap_or_default(),
            },
            Field { name: "q", value: some(&wanted.who) },
            Field { name: "university", value: some(&wanted.university) },
            Field { name: "list", value: self.list.clone() },
            Field { name: "receiver", value: some(&wanted.receiver) },
        ];
        fields.extend(
            wanted.files.iter().map(|file_no| Field { name: "file", value: file_no.clone() }),
        );
        fields.retain(|field| !field.value.is_empty());
        fields
    }

    /// The address of another page about the same batch; `receiver` narrows it to one.
    pub fn link(&self, path: &str, receiver: Option<&str>) -> String {
        let mut fields = self.fields();
        if let Some(stem) = receiver {
            fields.retain(|field| field.name != "receiver");
            fields.push(Field { name: "receiver", value: stem.to_owned() });
        }
        let pairs: Vec<(&str, &str)> =
            fields.iter().map(|field| (field.name, field.value.as_str())).collect();
        url::link(path, &pairs)
    }
}

fn error(field: &str, message: &str) -> FieldError {
    FieldError { field: field.to_owned(), message: message.to_owned() }
}

fn text(pairs: &Pairs, name: &str) -> Option<String> {
    let (_, value) = pairs.iter().find(|(known, _)| known == name)?;
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

fn day(pairs: &Pairs, name: &str, errors: &mut Vec<FieldError>) -> Option<NaiveDate> {
    let value = text(pairs, name)?;
    let read = value.parse::<NaiveDate>().ok().filter(|day| (2000..=2100).contains(&day.year()));
    if read.is_none() {
        errors.push(error(name, "日期请写成 2026-10-31 这样"));
    }
    read
}

/// `file=LZ2015-0483` as often as needed.
fn files(pairs: &Pairs) -> Vec<String> {
    let mut found: Vec<String> = pairs
        .iter()
        .filter(|(name, _)| name == "file")
        .map(|(_, value)| value.trim().to_uppercase())
        .filter(|value| !value.is_empty())
        .collect();
    found.sort();
    found.dedup();
    found
}

/// The last 12-20 before today, as the saved lists of the overdue page have it.
fn last_due_day(today: NaiveDate) -> NaiveDate {
    let this_year = day_in(today.year(), 12, 20);
    if this_year < today { this_year } else { day_in(today.year() - 1, 12, 20) }
}
