//! Recognition of hardship in the policy: key groups with their days and successors, the lines of
//! the index with evidence and exclusions. A later entry of the same key or number takes the place
//! of the earlier one from its day on, so a county's folder can change each.

use chrono::NaiveDate;
use serde::Deserialize;

use super::{Dated, Fault, HardshipLevels, Policy, PolicyError, Tables};

/// A key group (认定类型).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct HardshipClass {
    pub key: String,
    pub name: String,
    pub valid_from: NaiveDate,
    #[serde(default)]
    pub valid_until: Option<NaiveDate>,
    /// Key of the group that takes its place.
    #[serde(default)]
    pub successor: Option<String>,
}

/// A line of the index.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct HardshipLine {
    pub line: u8,
    pub text: String,
    pub evidence: String,
    /// Lines that cannot hold beside it.
    #[serde(default)]
    pub excludes: Vec<u8>,
    /// It speaks against a recognition: papers that are not true.
    #[serde(default)]
    pub against: bool,
    /// Where a county counts; nothing is decided by it.
    #[serde(default)]
    pub points: Option<i32>,
    pub valid_from: NaiveDate,
    #[serde(default)]
    pub valid_until: Option<NaiveDate>,
}

/// The share of those recognised that is checked once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HardshipRecheck {
    pub percent: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningAge {
    pub years: i32,
}

fn holds(from: NaiveDate, until: Option<NaiveDate>, day: NaiveDate) -> bool {
    from <= day && until.is_none_or(|until| day <= until)
}

impl Tables {
    /// Two levels, three or four.
    pub(super) fn hardship_levels(&mut self) -> Result<Dated<HardshipLevels>, PolicyError> {
        let key = "hardship_levels";
        let table: Dated<HardshipLevels> = self.dated(key)?;
        let odd = table.entries().find(|entry| !(2..=4).contains(&entry.value.levels.len()));
        if let Some(entry) = odd {
            let expected = "levels: expected two, three or four".to_owned();
            let fault = Fault::Value { from: entry.from.to_string(), expected };
            return Err(PolicyError { file: entry.file.clone(), key: key.to_owned(), fault });
        }
        Ok(table)
    }

    /// A later entry of a key takes the place of the earlier one; every successor is there.
    pub(super) fn hardship_classes(&mut self) -> Result<Vec<HardshipClass>, PolicyError> {
        let key = "hardship_class";
        let read = self.plain::<HardshipClass>(key)?;
        let mut all: Vec<HardshipClass> = Vec::new();
        let mut file = "policies".to_owned();
        for (raw, class, _) in read {
            file = raw.file;
            match all.iter_mut().find(|known| known.key == class.key) {
                Some(known) => *known = class,
                None => all.push(class),
            }
        }
        let is_there = |key: &String| all.iter().any(|one| one.key == *key);
        let lost = all.iter().find(|one| one.successor.as_ref().is_some_and(|s| !is_there(s)));
        match lost {
            Some(one) => {
                let expected = "successor: expected the key of a group".to_owned();
                let fault = Fault::Value { from: one.key.clone(), expected };
                Err(PolicyError { file, key: key.to_owned(), fault })
            }
            None if all.is_empty() => {
                Err(PolicyError { file, key: key.to_owned(), fault: Fault::Missing })
            }
            None => Ok(all),
        }
    }

    /// The same of the lines of the index, by their numbers.
    pub(super) fn hardship_lines(&mut self) -> Result<Vec<HardshipLine>, PolicyError> {
        let mut all: Vec<HardshipLine> = Vec::new();
        for (_, line, _) in self.plain::<HardshipLine>("hardship_line")? {
            match all.iter_mut().find(|known| known.line == line.line) {
                Some(known) => *known = line,
                None => all.push(line),
            }
        }
        all.sort_by_key(|one| one.line);
        Ok(all)
    }
}

impl Policy {
    /// The key groups of a day, in the order of the files.
    pub fn hardship_classes(&self, day: NaiveDate) -> Vec<&HardshipClass> {
        let all = self.hardship_classes.iter();
        all.filter(|one| holds(one.valid_from, one.valid_until, day)).collect()
    }

    /// A group by its key or the name on a list, whether it holds now or not.
    pub fn hardship_class(&self, named: &str) -> Option<&HardshipClass> {
        self.hardship_classes.iter().rev().find(|one| one.key == named || one.name == named)
    }

    /// What a group of an old list is called on a day, following its successors.
    pub fn hardship_class_on(&self, named: &str, day: NaiveDate) -> Option<&HardshipClass> {
        let mut found = self.hardship_class(named)?;
        for _ in 0..self.hardship_classes.len() {
            if holds(found.valid_from, found.valid_until, day) {
                return Some(found);
            }
            found = self.hardship_class(found.successor.as_deref()?)?;
        }
        None
    }

    /// The lines of the index on a day.
    pub fn hardship_lines(&self, day: NaiveDate) -> Vec<&HardshipLine> {
        let all = self.hardship_lines.iter();
        all.filter(|one| holds(one.valid_from, one.valid_until, day)).collect()
    }
}
