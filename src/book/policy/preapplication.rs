//! 预申请 in the policy: when schools enter candidates, and the columns of the list for the lender.

use chrono::{Datelike as _, NaiveDate};
use serde::Deserialize;

use super::values::Window;
use super::{Fault, Policy, PolicyError, Tables};
use crate::base::dates::day_in;
use crate::base::ids::text_enum;

text_enum! {
    /// What a column of the lender's list holds.
    ListField {
        Name = "name", "姓名";
        IdNumber = "id_number", "身份证号";
        Sex = "sex", "性别";
        HighSchool = "high_school", "毕业高中";
        ClassName = "class_name", "班级";
        FamilyKind = "family_kind", "家庭类型";
        Level = "level", "困难等级";
        HoldsGrant = "holds_grant", "国家助学金";
        Phone = "phone", "家长电话";
        Township = "township", "乡镇";
        Village = "village", "村（社区）";
        AppliedOn = "applied_on", "申请日期";
        SchoolOpinion = "school_opinion", "学校意见";
        CountyOpinion = "county_opinion", "县级意见";
        Year = "year", "年度";
    }
}

/// A column: its heading, and what stands below it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListColumn {
    pub name: String,
    pub field: ListField,
}

/// The columns that a county's lender takes, from a year on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListColumns {
    county: String,
    from_year: i32,
    columns: Vec<ListColumn>,
}

impl Tables {
    pub(super) fn list_columns(&mut self) -> Result<Vec<ListColumns>, PolicyError> {
        let key = "preapplication_columns";
        let mut all: Vec<ListColumns> = Vec::new();
        for (raw, of, _) in self.plain::<ListColumns>(key)? {
            let same = |one: &ListColumns| one.county == of.county && one.from_year == of.from_year;
            let fault = if of.columns.is_empty() {
                let expected = "columns: expected at least one".to_owned();
                Some(Fault::Value { from: of.from_year.to_string(), expected })
            } else if all.iter().any(same) {
                Some(Fault::Overlap { from: day_in(of.from_year, 1, 1), until: None })
            } else {
                None
            };
            if let Some(fault) = fault {
                return Err(PolicyError { file: raw.file, key: key.to_owned(), fault });
            }
            all.push(of);
        }
        if !all.iter().any(|one| one.county == "*") {
            let (file, key) = ("policies".to_owned(), key.to_owned());
            return Err(PolicyError { file, key, fault: Fault::Missing });
        }
        all.sort_by_key(|one| one.from_year);
        Ok(all)
    }
}

/// The newest entry of a county up to a year, else that of all counties.
fn newest<'a, T>(
    all: &'a [T],
    county: &str,
    year: i32,
    of: fn(&T) -> (&str, i32),
) -> Option<&'a T> {
    let newest = |code: &str| {
        let mut held = all.iter().rev();
        held.find(|one| of(one).0 == code && of(one).1 <= year)
    };
    newest(county).or_else(|| newest("*"))
}

impl Policy {
    /// First and last day on which schools of a county enter the candidates of a year. It may begin
    /// in the year before.
    pub fn preapplication_window(&self, county: &str, year: i32) -> (NaiveDate, NaiveDate) {
        let of = |one: &Window| -> (NaiveDate, NaiveDate) {
            let (opens, closes) = (one.opens.in_year(year), one.closes.in_year(year));
            if closes < opens { (one.opens.in_year(year - 1), closes) } else { (opens, closes) }
        };
        let all = &self.preapplication_windows;
        let found = newest(all, county, year, |one| (one.county.as_str(), one.from_year));
        found.map_or((day_in(year, 1, 1), day_in(year, 12, 31)), of)
    }

    /// The year whose candidates a day is about: the next one as soon as its window has begun.
    pub fn preapplication_year(&self, county: &str, on: NaiveDate) -> i32 {
        let next = on.year() + 1;
        if self.preapplication_window(county, next).0 <= on { next } else { on.year() }
    }

    /// The columns of the lender's list of candidates.
    pub fn preapplication_columns(&self, county: &str, year: i32) -> &[ListColumn] {
        let all = &self.preapplication_columns;
        let found = newest(all, county, year, |one| (one.county.as_str(), one.from_year));
        found.map_or(&[], |one| one.columns.as_slice())
    }
}
