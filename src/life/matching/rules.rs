//! What a school may answer to a hit, and where a hit stands in words.

use chrono::{Datelike as _, NaiveDate};

use crate::base::ids::text_enum;
use crate::book::policy::column_letters;

text_enum! {
    /// What the school or the county has found about a hit.
    Answer {
        Open = "open", "等核实";
        AtSchool = "at_school", "在校";
        Guest = "guest", "借读";
        Suspended = "suspended", "休学";
        /// The family moves about with its work.
        Moved = "moved", "动态流生";
        Wrong = "wrong", "信息错误";
        GaveUp = "gave_up", "自愿放弃";
    }
}

impl Answer {
    /// What a note has to say with it.
    pub const fn note(self) -> Option<&'static str> {
        match self {
            Answer::Open | Answer::AtSchool | Answer::Suspended => None,
            Answer::Guest => Some("借读的请写学籍在哪所学校"),
            Answer::Moved => Some("动态流生请写现在去了哪里，不清楚的写最后联系的日期"),
            Answer::Wrong => Some("信息错误请写哪里错了"),
            Answer::GaveUp => Some("自愿放弃请写有没有本人或监护人签字的材料"),
        }
    }
}

/// First year of the school year of a day.
pub fn school_year(today: NaiveDate) -> i32 {
    if today.month() >= 8 { today.year() } else { today.year() - 1 }
}

/// `第 2 张表第 7 行 P 列`, all counted as a spreadsheet shows them; `col` counts from 0.
pub fn place(sheet: i32, line: i32, col: i32) -> String {
    let column = column_letters(u32::try_from(col).unwrap_or_default());
    format!("第 {sheet} 张表第 {line} 行 {column} 列")
}

pub const fn whose(is_member: bool) -> &'static str {
    if is_member { "家庭成员" } else { "本人" }
}
