//! The layouts of lists that other offices send (名单比对): which sheets, which columns hold identity
//! numbers. A later entry of the same key takes the place of the earlier one from its day on.

use chrono::NaiveDate;
use serde::Deserialize;

use super::{Fault, Policy, PolicyError, Tables};

/// Columns that a sheet may have (`SheetLimits`).
const COLUMNS_MAX: u32 = 200;

/// A kind of list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct MatchingList {
    pub key: String,
    pub name: String,
    /// Numbers of the sheets, from 1.
    pub sheets: Vec<u32>,
    /// As a spreadsheet shows them (`AB`); the first is the person that a line is about.
    pub id_columns: Vec<String>,
    /// The first line with data, from 1.
    pub first_line: u32,
    /// False: shown, but no reason for help.
    pub counts: bool,
    /// Days that a list may be kept.
    pub days_most: u32,
    pub valid_from: NaiveDate,
    #[serde(default)]
    pub valid_until: Option<NaiveDate>,
}

/// The place of a column, from 0: `A`, `AB`.
pub fn column_place(letters: &str) -> Option<u32> {
    let mut place = 0_u32;
    for letter in letters.bytes() {
        let digit = letter.is_ascii_uppercase().then(|| u32::from(letter - b'A') + 1)?;
        place = place.checked_mul(26)?.checked_add(digit)?;
    }
    place.checked_sub(1).filter(|place| *place < COLUMNS_MAX)
}

/// How a spreadsheet shows a column.
pub fn column_letters(place: u32) -> String {
    let (before, last) = (place / 26, place % 26);
    let letter = u8::try_from(last).map_or('?', |last| char::from(b'A' + last));
    match before {
        0 => letter.to_string(),
        _ => format!("{}{letter}", column_letters(before - 1)),
    }
}

impl MatchingList {
    /// Places of the columns, from 0.
    pub fn places(&self) -> Vec<u32> {
        self.id_columns.iter().filter_map(|letters| column_place(letters)).collect()
    }

    fn fault(&self) -> Option<&'static str> {
        let columns = !self.id_columns.is_empty() && self.places().len() == self.id_columns.len();
        let sheets = !self.sheets.is_empty() && self.sheets.iter().all(|sheet| *sheet > 0);
        match () {
            () if !columns => Some("id_columns: expected letters of columns such as \"AB\""),
            () if !sheets => Some("sheets: expected numbers from 1"),
            () if self.first_line == 0 => Some("first_line: expected a number from 1"),
            () => None,
        }
    }
}

impl Tables {
    pub(super) fn matching_lists(&mut self) -> Result<Vec<MatchingList>, PolicyError> {
        let key = "matching_list";
        let mut all: Vec<MatchingList> = Vec::new();
        for (raw, list, _) in self.plain::<MatchingList>(key)? {
            if let Some(expected) = list.fault() {
                let fault = Fault::Value { from: list.key, expected: expected.to_owned() };
                return Err(PolicyError { file: raw.file, key: key.to_owned(), fault });
            }
            all.push(list);
        }
        Ok(all)
    }
}

impl Policy {
    /// The kinds of list of a day, in the order of the files.
    pub fn matching_lists(&self, day: NaiveDate) -> Vec<&MatchingList> {
        let mut found: Vec<&MatchingList> = Vec::new();
        let holds = |one: &&MatchingList| {
            one.valid_from <= day && one.valid_until.is_none_or(|until| day <= until)
        };
        for one in self.matching_lists.iter().filter(holds) {
            match found.iter_mut().find(|known| known.key == one.key) {
                Some(known) => *known = one,
                None => found.push(one),
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_those_of_a_spreadsheet() {
        for (letters, place) in [("A", 0), ("H", 7), ("Z", 25), ("AA", 26), ("AD", 29), ("AP", 41)]
        {
            assert_eq!(column_place(letters), Some(place));
            assert_eq!(column_letters(place), letters);
        }
        assert_eq!([column_place(""), column_place("a"), column_place("ZZ")], [None; 3]);
    }

    #[test]
    fn a_county_corrects_a_column() {
        let policy = Policy::embedded().unwrap();
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let lists = policy.matching_lists(day("2026-11-30"));
        assert_eq!(lists.len(), 10);
        let only_shown: Vec<&str> =
            lists.iter().filter(|one| !one.counts).map(|one| one.key.as_str()).collect();
        assert_eq!(only_shown, ["monitored_over", "poverty_over"]);
        let own = "[[matching_list]]\nkey = \"disabled\"\nname = \"持证残疾人\"\nsheets = [1]\n\
            id_columns = [\"E\"]\nfirst_line = 2\ncounts = true\ndays_most = 90\n\
            valid_from = \"2026-03-01\"\nsource = \"x\"\nconfidence = \"S\"\n";
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("own.toml"), own).unwrap();
        let policy = Policy::load(Some(folder.path())).unwrap();
        let of = |on: &str| {
            let lists = policy.matching_lists(day(on));
            (lists.len(), lists.iter().find(|one| one.key == "disabled").unwrap().places())
        };
        assert_eq!((of("2026-02-28"), of("2026-03-01")), ((10, vec![1]), (10, vec![4])));
        let bad = own.replace("[\"E\"]", "[\"5\"]");
        std::fs::write(folder.path().join("own.toml"), bad).unwrap();
        let fault = Policy::load(Some(folder.path())).unwrap_err().to_string();
        assert!(fault.contains("id_columns"), "{fault}");
    }
}
