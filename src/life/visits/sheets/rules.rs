//! What may be answered about a visit, how an answer is read, and in which state a batch is. Pure.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::base::dates::in_words;
use crate::base::ids::text_enum;
use crate::book::contact::record::{Outcome, Party};
use crate::life::visits::purpose::Purpose;

text_enum! {
    /// Whom the visitors met.
    Met {
        Student = "student", "本人";
        Parents = "parents", "父母";
        /// Others of the family.
        Family = "family", "其他家人";
        Others = "others", "邻居或村组干部";
        Nobody = "nobody", "家中无人";
        /// A workbook has no column for it, and its result does not say it.
        Unwritten = "unwritten", "没有写";
    }
}

impl Met {
    /// Those that a form offers.
    pub fn offered() -> impl Iterator<Item = Met> {
        Met::ALL.iter().copied().filter(|one| *one != Met::Unwritten)
    }

    /// As a contact record names it.
    pub const fn party(self) -> Party {
        match self {
            Met::Student => Party::Student,
            Met::Parents | Met::Family | Met::Nobody => Party::Family,
            Met::Others | Met::Unwritten => Party::Other,
        }
    }
}

/// Where the borrower is.
pub const WHEREABOUTS: [&str; 5] = ["在家", "在外务工", "在部队服役", "继续读书", "不清楚"];
/// What weighs on the family.
pub const FAMILY: [&str; 5] = ["低保或监测户", "有人患重病", "受灾", "无劳动力", "其他"];
/// What was answered about a visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// What came of it.
    pub outcome: Outcome,
    pub met: Met,
    /// Where the borrower is, in words.
    pub whereabouts: String,
    /// New number of the borrower; as typed when it cannot be read.
    pub new_phone: String,
    /// New number of the family.
    pub family_phone: String,
    /// The day they promise.
    pub promised_on: Option<NaiveDate>,
    /// The day of the visit.
    pub visited_on: NaiveDate,
    /// What weighs on the family, in words.
    pub family: String,
    /// Text of an [`Ability`]: how far they can pay.
    #[serde(default)]
    pub ability: String,
    /// What the family wishes.
    #[serde(default)]
    pub wish: String,
    pub note: String,
    /// Who filled it in.
    pub filled_by: String,
}

/// What a paper asks, and between which days it can have been answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paper {
    /// What it is about.
    pub purpose: Purpose,
    /// The day it was made: nobody went there with it before.
    pub since: NaiveDate,
    pub today: NaiveDate,
}

/// What is wrong with the day of a visit; none when it can be taken.
pub fn visit_fault(day: NaiveDate, (since, today): (NaiveDate, NaiveDate)) -> Option<String> {
    if day > today {
        Some("走访日期还没有到，请核对".to_owned())
    } else if day < since {
        Some(format!("走访日期在做表的日子（{}）以前，请核对", in_words(since, today)))
    } else {
        None
    }
}

/// A day as people write it: `2026-11-05`, `2026/11/5`, `2026年11月5日`, `11月5日`. Without a
/// year it is the nearest one to come (`ahead`) or that has been.
pub fn day(text: &str, today: NaiveDate, ahead: bool) -> Option<NaiveDate> {
    let date = text.split([' ', 'T']).next().unwrap_or_default();
    let parts: Vec<&str> =
        date.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let at = |year: i32, month: &str, day: &str| {
        NaiveDate::from_ymd_opt(year, month.parse().ok()?, day.parse().ok()?)
    };
    match parts.as_slice() {
        [year, month, day] if year.len() == 4 => at(year.parse().ok()?, month, day),
        [month, day] => {
            let this = at(today.year(), month, day)?;
            match (ahead, this < today) {
                (true, true) => at(today.year() + 1, month, day),
                (false, false) if this > today => at(today.year() - 1, month, day),
                _ => Some(this),
            }
        }
        _ => None,
    }
}

/// `覃*远`: enough for a visitor who knows the family, too little for anybody else.
pub fn masked_name(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    match letters.as_slice() {
        [] => String::new(),
        [one] => one.to_string(),
        [first, _] => format!("{first}*"),
        [first, middle @ .., last] => format!("{first}{}{last}", "*".repeat(middle.len())),
    }
}

/// How many sheets of a batch are where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub out: i64,
    /// Back, to be looked at.
    pub returned: i64,
    pub accepted: i64,
    /// Taken out of use.
    pub void: i64,
}

impl Counts {
    pub const fn all(self) -> i64 {
        self.out + self.returned + self.accepted
    }

    /// Those that came back.
    pub const fn back(self) -> i64 {
        self.returned + self.accepted
    }
}

/// The state of a batch on `today`: the kind of tag and the words.
pub fn state(
    counts: Counts,
    handed_on: Option<NaiveDate>,
    return_by: NaiveDate,
    today: NaiveDate,
) -> (&'static str, String) {
    // A code works from the moment it is printed; that papers come back says they were handed over.
    let unwritten = if handed_on.is_none() { "，没有记交付" } else { "" };
    let back = format!("回来 {}/{}{unwritten}", counts.back(), counts.all());
    if counts.all() == 0 {
        ("", "已作废".to_owned())
    } else if counts.out == 0 {
        ("ok", format!("全部{back}"))
    } else if today > return_by {
        ("bad", format!("超期，{back}"))
    } else if counts.back() > 0 {
        ("acc", back)
    } else if handed_on.is_some() {
        ("acc", "已交付".to_owned())
    } else {
        ("wait", "未交付".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn days_are_read_as_people_write_them() {
        let today = on("2026-12-21");
        for text in ["2026-11-05", "2026/11/5", "2026年11月5日", "2026.11.05", "11月5日"] {
            assert_eq!(day(text, today, false), Some(on("2026-11-05")), "{text}");
        }
        assert_eq!(day("1月8日", today, true), Some(on("2027-01-08")));
        assert_eq!(day("12月25日", today, false), Some(on("2025-12-25")));
        for text in ["", "下周", "2026-13-01", "5"] {
            assert_eq!(day(text, today, true), None, "{text}");
        }
    }

    #[test]
    fn names_are_masked() {
        assert_eq!(masked_name("覃志远"), "覃*远");
        assert_eq!(masked_name("覃远"), "覃*");
    }
}
