//! What a list is asked for: read from the address, and written back into links.
//!
//! Nothing here is ever an error: a value that cannot be read is as if it were not there, and
//! the fields of the query row show what was understood.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::base::money::Fen;
use crate::base::person_name::name_key;
use crate::book::statement::Stage;

/// The address as it came: every field text, most of them empty.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct ListParams {
    /// Part of a name, or the end of an identity number.
    pub q: String,
    /// 乡镇.
    pub township: String,
    /// 毕业高中.
    pub school: String,
    /// Part of the name of a university.
    pub university: String,
    /// 派出所.
    pub police: String,
    /// `undisbursed`, `in_study`, `grace`, `repaying`, `settled`; on the overdue page a stage of
    /// the ladder.
    pub stage: String,
    /// School year of one of the contracts: `2024`.
    pub year: String,
    pub graduates: String,
    /// `yes`: with arrears; `no`: without.
    pub overdue: String,
    /// Arrears of at least so many yuan.
    pub min: String,
    /// A list of the overdue page: `today`, `mine`, `parked`, `new`, `long`, `ended` ...
    pub list: String,
    /// Who looks after the overdue case.
    pub owner: String,
    /// `file_no`, `next_due`, `balance`; on the overdue page `first`.
    pub sort: String,
    /// Key of the row after which the page begins.
    pub after: String,
    /// Key of the row before which the page ends.
    pub before: String,
    /// Rows on a page: 10, 50 or 100.
    pub size: String,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sort {
    FileNo,
    /// By the next due day, those without one last.
    NextDue,
    Balance,
    /// By the oldest unpaid due day: the next step of arrears is the day after it.
    NextStep,
}

/// Where a page begins or ends: the sorted value and what decides between equals.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The value the list is sorted by, as text; empty when there is none.
    pub value: String,
    /// The file number; on the overdue page the identity of the file.
    pub tie: String,
}

impl Key {
    /// `2026-12-20.LZ2015-0483`.
    pub fn to_text(&self) -> String {
        format!("{}.{}", self.value, self.tie)
    }

    /// Reads what [`Key::to_text`] wrote.
    pub fn from_text(text: &str) -> Option<Key> {
        let (value, tie) = text.split_once('.')?;
        Some(Key { value: value.to_owned(), tie: tie.to_owned() })
    }

    /// The value as a day.
    pub fn day(&self) -> Option<NaiveDate> {
        self.value.parse().ok()
    }

    /// The value as fen.
    pub fn fen(&self) -> i64 {
        self.value.parse().unwrap_or_default()
    }
}

/// Which side of a key a page lies on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum From {
    Start,
    /// The rows after this one.
    After(Key),
    /// The rows before this one.
    Before(Key),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Part of a name.
    pub name: Option<String>,
    /// The end of an identity number (1 to 17 characters, at least one digit).
    pub id_tail: Option<String>,
    /// 乡镇.
    pub township: Option<String>,
    /// 毕业高中.
    pub school: Option<String>,
    /// Part of the name of a university.
    pub university: Option<String>,
    /// 派出所.
    pub police: Option<String>,
    /// Stage of the file.
    pub stage: Option<Stage>,
    /// School year of one of the contracts.
    pub year: Option<i32>,
    pub graduates: Option<i32>,
    /// With or without arrears.
    pub overdue: Option<bool>,
    /// Only with a due day that awaits the bank.
    pub awaiting: bool,
    /// Arrears of at least this.
    pub least: Option<Fen>,
    /// The oldest unpaid due day is this one or later.
    pub unpaid_from: Option<NaiveDate>,
    /// The oldest unpaid due day is before this one.
    pub unpaid_before: Option<NaiveDate>,
    /// No due day is to come any more.
    pub ended: bool,
    pub sort: Sort,
    /// Where the page begins.
    pub from: From,
    /// Rows on the page.
    pub size: i64,
}

fn text(asked: &str) -> Option<String> {
    let asked = asked.trim();
    (!asked.is_empty()).then(|| asked.to_owned())
}

fn year(asked: &str) -> Option<i32> {
    asked.trim().parse().ok().filter(|year| (1990..=2100).contains(year))
}

/// The end of an identity number looks like one: digits, at most an X at the end.
fn id_tail(asked: &str) -> Option<String> {
    let digits = asked.strip_suffix(['x', 'X']).unwrap_or(asked);
    let plausible = (3..=17).contains(&asked.len())
        && !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit());
    plausible.then(|| asked.to_ascii_uppercase())
}

impl ListParams {
    /// What was understood; `sort` is the order when none was asked for.
    pub fn to_filter(&self, sort: Sort) -> Filter {
        let q = self.q.trim();
        let id_tail = id_tail(q);
        Filter {
            name: if id_tail.is_some() { None } else { text(q).map(|name| name_key(&name)) },
            id_tail,
            township: text(&self.township),
            school: text(&self.school),
            university: text(&self.university),
            police: text(&self.police),
            stage: Stage::from_text(&self.stage),
            year: year(&self.year),
            graduates: year(&self.graduates),
            overdue: match self.overdue.as_str() {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            },
            awaiting: self.overdue == "awaiting",
            least: self.min.trim().parse().ok(),
            unpaid_from: None,
            unpaid_before: None,
            ended: false,
            sort: match self.sort.as_str() {
                "file_no" => Sort::FileNo,
                "next_due" => Sort::NextDue,
                "balance" => Sort::Balance,
                _ => sort,
            },
            from: match (Key::from_text(&self.after), Key::from_text(&self.before)) {
                (Some(key), _) => From::After(key),
                (None, Some(key)) => From::Before(key),
                (None, None) => From::Start,
            },
            size: match self.size.as_str() {
                "10" => 10,
                "100" => 100,
                _ => 50,
            },
        }
    }

    /// The address of this list with some fields changed; paging begins anew unless it is one
    /// of the changes.
    pub fn link(&self, path: &str, changes: &[(&str, &str)]) -> String {
        let mut fields = [
            ("q", self.q.as_str()),
            ("township", &self.township),
            ("school", &self.school),
            ("university", &self.university),
            ("police", &self.police),
            ("stage", &self.stage),
            ("year", &self.year),
            ("graduates", &self.graduates),
            ("overdue", &self.overdue),
            ("min", &self.min),
            ("list", &self.list),
            ("owner", &self.owner),
            ("sort", &self.sort),
            ("size", &self.size),
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

    /// True when anything narrows the list.
    pub fn is_narrowed(&self) -> bool {
        ![
            &self.q,
            &self.township,
            &self.school,
            &self.university,
            &self.police,
            &self.stage,
            &self.year,
            &self.graduates,
            &self.overdue,
            &self.min,
            &self.list,
            &self.owner,
        ]
        .iter()
        .all(|field| field.trim().is_empty())
    }
}

/// A path with those of the fields that are not empty.
pub fn link(path: &str, fields: &[(&str, &str)]) -> String {
    let mut out = path.to_owned();
    let mut sign = '?';
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        out.push(sign);
        out.push_str(name);
        out.push('=');
        encode(value, &mut out);
        sign = '&';
    }
    out
}

/// Percent-encodes everything but the unreserved characters of RFC 3986.
fn encode(text: &str, out: &mut String) {
    use std::fmt::Write as _;
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// A pattern for LIKE with the text anywhere; `%`, `_` and `\` in it are literal (the queries say
/// `ESCAPE '\'`).
pub fn anywhere(text: &str) -> String {
    format!("%{}%", literal(text))
}

/// A pattern for LIKE with the text at the end.
pub fn at_end(text: &str) -> String {
    format!("%{}", literal(text))
}

fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_understood_and_written_back() {
        let asked = ListParams {
            q: " 覃 ".to_owned(),
            township: "柳溪镇".to_owned(),
            stage: "grace".to_owned(),
            graduates: "20x9".to_owned(),
            after: "2026-12-20.QH2015-0483".to_owned(),
            ..ListParams::default()
        };
        let filter = asked.to_filter(Sort::FileNo);
        assert_eq!(filter.name.as_deref(), Some("覃"));
        assert_eq!(filter.stage, Some(Stage::Grace));
        assert_eq!(filter.graduates, None);
        assert!(matches!(filter.from, From::After(ref key) if key.tie == "QH2015-0483"));
        assert_eq!(filter.size, 50);
        let link = asked.link("/loans", &[("stage", ""), ("size", "10")]);
        assert_eq!(
            link,
            "/loans?q=%20%E8%A6%83%20&township=%E6%9F%B3%E6%BA%AA%E9%95%87&graduates=20x9&size=10"
        );
    }

    #[test]
    fn digits_are_the_end_of_an_identity_number() {
        let tail = |q: &str| {
            ListParams { q: q.to_owned(), ..ListParams::default() }.to_filter(Sort::FileNo)
        };
        assert_eq!(tail("125x").id_tail.as_deref(), Some("125X"));
        assert_eq!(tail("覃1").id_tail, None);
        assert_eq!(tail("12").name.as_deref(), Some("12"));
    }

    #[test]
    fn signs_of_a_pattern_are_literal() {
        assert_eq!(anywhere("100%_\\"), "%100\\%\\_\\\\%");
        assert_eq!(at_end("0483"), "%0483");
    }
}
