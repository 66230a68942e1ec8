//! What the list of families is asked for: read from the address, and written back into links.
//! Nothing here is ever an error: a value that cannot be read is as if it were not there.

use chrono::{Datelike as _, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::base::ids::{FileId, StaffId};
use crate::base::url::link;
use crate::book::contact::task::{AssigneeKind, Reason, State};

pub const PATH: &str = "/family-contacts";
/// In an address: those without a township, school or assignee.
pub const NONE: &str = "-";

/// The address as it came: every field text, most of them empty.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct ListParams {
    /// `today`, `mine`, `enters`, `done`, `lost`, `all`; nothing: not spoken with yet.
    pub list: String,
    /// 乡镇.
    pub township: String,
    /// 毕业高中.
    pub school: String,
    /// `clerk`, `school`, `village`.
    pub kind: String,
    /// Name of the clerk, school or village that is to do it.
    pub who: String,
    pub year: String,
    /// Key of the row after which the page begins.
    pub after: String,
    /// Key of the row before which the page ends.
    pub before: String,
}

/// Where a page begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The day of the next try.
    pub next_on: NaiveDate,
    pub file_id: FileId,
}

impl Key {
    /// `2026-11-02.123`.
    pub fn to_text(self) -> String {
        format!("{}.{}", self.next_on, self.file_id)
    }

    fn from_text(text: &str) -> Option<Key> {
        let (day, id) = text.split_once('.')?;
        Some(Key { next_on: day.parse().ok()?, file_id: FileId::new(id.parse().ok()?) })
    }
}

/// Which duties, by their state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    In(State),
    /// Every one that is needed.
    Needed,
}

#[derive(Clone, Debug)]
pub struct Filter {
    pub year: i32,
    pub which: Which,
    /// To be tried by this day.
    pub by_day: Option<NaiveDate>,
    /// This member of staff is to do it.
    pub staff_id: Option<StaffId>,
    pub reason: Option<Reason>,
    /// 乡镇; empty: without one.
    pub township: Option<String>,
    /// 毕业高中; empty: without one.
    pub school: Option<String>,
    /// Who is to do it.
    pub kind: Option<AssigneeKind>,
    /// Their name; empty: nobody.
    pub who: Option<String>,
    /// The rows after this one.
    pub after: Option<Key>,
    /// The rows before this one.
    pub before: Option<Key>,
}

fn text(asked: &str) -> Option<String> {
    match asked.trim() {
        "" => None,
        NONE => Some(String::new()),
        some => Some(some.to_owned()),
    }
}

impl ListParams {
    /// What was understood, for a person on a day.
    pub fn to_filter(&self, me: StaffId, today: NaiveDate) -> Filter {
        let year = self.year.trim().parse().ok().filter(|year| (2000..=2100).contains(year));
        let list = self.list.as_str();
        Filter {
            year: year.unwrap_or(today.year()),
            which: match list {
                "done" => Which::In(State::Done),
                "lost" => Which::In(State::Lost),
                "all" => Which::Needed,
                _ => Which::In(State::Open),
            },
            by_day: (list == "today").then_some(today),
            staff_id: (list == "mine").then_some(me),
            reason: (list == "enters").then_some(Reason::EntersRepayment),
            township: text(&self.township),
            school: text(&self.school),
            kind: AssigneeKind::from_text(&self.kind),
            who: text(&self.who),
            after: Key::from_text(&self.after),
            before: Key::from_text(&self.before),
        }
    }

    /// The address of `path` with some fields changed; paging begins anew unless it is one of them.
    pub fn link(&self, path: &str, changes: &[(&str, &str)]) -> String {
        let mut fields = [
            ("list", self.list.as_str()),
            ("township", &self.township),
            ("school", &self.school),
            ("kind", &self.kind),
            ("who", &self.who),
            ("year", &self.year),
            ("after", ""),
            ("before", ""),
        ];
        for (name, value) in &mut fields {
            if let Some((_, new)) = changes.iter().find(|(changed, _)| changed == name) {
                *value = new;
            }
        }
        link(path, &fields)
    }

    /// True when more than the list of the chips narrows it.
    pub fn is_narrowed(&self) -> bool {
        ![&self.township, &self.school, &self.kind, &self.who]
            .iter()
            .all(|field| field.trim().is_empty())
    }
}
