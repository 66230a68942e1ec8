//! What a batch is asked for: read from the address, and written back into links and fields.

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use super::purpose::Purpose;
use super::rules::{ReceiverKind, Selection};
use crate::base::dates::day_in;
use crate::base::url;
use crate::error::FieldError;
use crate::web::fields::Fields;

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
    pub selection: Selection,
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

impl VisitRequest {
    /// Reads an address; `today` is the day when none is named.
    pub fn read(form: &Fields, today: NaiveDate) -> VisitRequest {
        let mut form = form.clone();
        let by = match form.get("by") {
            "" => Some(ReceiverKind::Village),
            _ => form.choice("by", ReceiverKind::from_text, "请选择按村、按高中或按派出所"),
        };
        let by = by.unwrap_or(ReceiverKind::Village);
        let purpose = Purpose::from_text(form.get("purpose")).unwrap_or(Purpose::Overdue);
        if !purpose.kinds().contains(&by) {
            form.reject("by", "家庭联系请选择按村或按高中");
        }
        let as_of = day(&mut form, "as_of").unwrap_or(today);
        let return_by = day(&mut form, "return_by");
        let least_text = form.get("min").to_owned();
        let least = least_text.parse().ok();
        if least.is_none() && !least_text.is_empty() {
            form.reject("min", "金额请写成 1000 或 1000.50 这样，不写单位");
        }
        let number = |text: &str| text.parse().ok().filter(|n| (1..=99_999).contains(n));
        let letter = match form.get("letter") {
            "" => None,
            _ => form.choice("letter", number, "发文号只写数字，例如 12"),
        };
        let list = form.get("list").to_owned();
        let cut = last_due_day(today);
        let has = |name: &str| !form.get(name).is_empty();
        let text = |name: &str| has(name).then(|| form.get(name).to_owned());
        let selection = Selection {
            township: text("township"),
            village: text("village"),
            school: text("school"),
            police: text("police"),
            files: files(&form),
            least,
            receiver: text("receiver"),
            who: text("q"),
            university: text("university"),
            due_from: (list == "new").then_some(cut),
            due_before: (list == "long").then_some(cut),
            ended: list == "ended",
        };
        // A box that is not ticked is not sent, so `set` says that the boxes were there.
        let boxes = has("set");
        let request = VisitRequest {
            purpose,
            by,
            as_of,
            return_by,
            selection,
            amounts: !boxes || has("amounts"),
            stub: !boxes || has("stub"),
            letter,
            also: has("also"),
            least_text,
            list,
            errors: form.errors().to_vec(),
        };
        if purpose.is_yearly() { request.yearly(today) } else { request }
    }

    /// A yearly contact is of today, without amounts, and narrowed by nothing that is owed.
    fn yearly(self, today: NaiveDate) -> VisitRequest {
        let selection = Selection {
            least: None,
            police: None,
            due_from: None,
            due_before: None,
            ended: false,
            ..self.selection
        };
        VisitRequest {
            as_of: today,
            amounts: false,
            selection,
            least_text: String::new(),
            list: String::new(),
            ..self
        }
    }

    /// What this address narrows by, as fields for the next form or link. Boxes and the letter's
    /// number belong to the printing page and are not among them.
    pub fn fields(&self) -> Vec<Field> {
        let some = |text: &Option<String>| text.clone().unwrap_or_default();
        let selection = &self.selection;
        let purpose = if self.purpose.is_yearly() { self.purpose.as_text() } else { "" };
        let mut fields = vec![
            Field { name: "purpose", value: purpose.to_owned() },
            Field { name: "by", value: self.by.as_text().to_owned() },
            Field { name: "as_of", value: self.as_of.to_string() },
            Field {
                name: "return_by",
                value: self.return_by.map(|day| day.to_string()).unwrap_or_default(),
            },
            Field { name: "township", value: some(&selection.township) },
            Field { name: "village", value: some(&selection.village) },
            Field { name: "school", value: some(&selection.school) },
            Field { name: "police", value: some(&selection.police) },
            Field {
                name: "min",
                value: selection.least.map(|f| f.to_yuan_text()).unwrap_or_default(),
            },
            Field { name: "q", value: some(&selection.who) },
            Field { name: "university", value: some(&selection.university) },
            Field { name: "list", value: self.list.clone() },
            Field { name: "receiver", value: some(&selection.receiver) },
        ];
        fields.extend(
            selection.files.iter().map(|file_no| Field { name: "file", value: file_no.clone() }),
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

fn day(form: &mut Fields, name: &str) -> Option<NaiveDate> {
    let read =
        |text: &str| text.parse().ok().filter(|d: &NaiveDate| (2000..=2100).contains(&d.year()));
    match form.get(name) {
        "" => None,
        _ => form.choice(name, read, "日期请写成 2026-10-31 这样"),
    }
}

/// `file=LZ2015-0483` as often as needed.
fn files(form: &Fields) -> Vec<String> {
    let named = form.all("file").map(str::to_uppercase);
    let mut found: Vec<String> = named.filter(|value| !value.is_empty()).collect();
    found.sort();
    found.dedup();
    found
}

/// The last 12-20 before today, as the saved lists of the overdue page have it.
fn last_due_day(today: NaiveDate) -> NaiveDate {
    let this_year = day_in(today.year(), 12, 20);
    if this_year < today { this_year } else { day_in(today.year() - 1, 12, 20) }
}
