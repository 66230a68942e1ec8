//! The ten sheets that a centre meets, and what the amounts in them are held against.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::NaiveDate;

use super::columns;
use crate::base::money::Fen;
use crate::book::policy::{Policy, Step};
use crate::book::statement::{Product, StudyLevel};

/// The first years of the school years that are believed.
pub(super) const LOAN_YEARS: RangeInclusive<i32> = 1999..=2100;

/// One of the ten kinds of sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layout {
    /// 学生名单
    Borrowers,
    /// 合同明细
    Contracts,
    /// 还款明细
    Repayments,
    /// 逾期名单
    Overdue,
    /// 毕业确认名单
    Graduation,
    /// 预申请名单
    Preapply,
    /// 困难认定汇总表
    Hardship,
    /// 服兵役代偿名单
    Enlistment,
    /// 高校回执登记表
    Receipts,
    /// 资助月报表
    Monthly,
}

impl Layout {
    /// All layouts.
    pub const ALL: [Layout; 10] = [
        Layout::Borrowers,
        Layout::Contracts,
        Layout::Repayments,
        Layout::Overdue,
        Layout::Graduation,
        Layout::Preapply,
        Layout::Hardship,
        Layout::Enlistment,
        Layout::Receipts,
        Layout::Monthly,
    ];

    /// The key in the database, in addresses and as a file name.
    pub const fn as_text(self) -> &'static str {
        match self {
            Layout::Borrowers => "borrowers",
            Layout::Contracts => "contracts",
            Layout::Repayments => "repayments",
            Layout::Overdue => "overdue",
            Layout::Graduation => "graduation",
            Layout::Preapply => "preapply",
            Layout::Hardship => "hardship",
            Layout::Enlistment => "enlistment",
            Layout::Receipts => "receipts",
            Layout::Monthly => "monthly",
        }
    }

    /// The layout with this key.
    pub fn from_text(text: &str) -> Option<Layout> {
        Layout::ALL.into_iter().find(|layout| layout.as_text() == text)
    }

    /// The title that stands above such a sheet.
    pub const fn title(self) -> &'static str {
        match self {
            Layout::Borrowers => "生源地信用助学贷款学生名单",
            Layout::Contracts => "生源地信用助学贷款合同明细",
            Layout::Repayments => "生源地信用助学贷款还款明细",
            Layout::Overdue => "生源地信用助学贷款逾期名单",
            Layout::Graduation => "生源地信用助学贷款毕业确认名单",
            Layout::Preapply => "高中生源地助学贷款预申请名单",
            Layout::Hardship => "家庭经济困难学生认定汇总表",
            Layout::Enlistment => "服义务兵役贷款代偿名单",
            Layout::Receipts => "国家生源地助学贷款回执登记表（高校侧）",
            Layout::Monthly => "学生资助月报表（助学贷款）",
        }
    }

    /// A short name for buttons and lists.
    pub const fn short_title(self) -> &'static str {
        match self {
            Layout::Borrowers => "学生名单",
            Layout::Contracts => "合同明细",
            Layout::Repayments => "还款明细",
            Layout::Overdue => "逾期名单",
            Layout::Graduation => "毕业确认名单",
            Layout::Preapply => "预申请名单",
            Layout::Hardship => "困难认定汇总表",
            Layout::Enlistment => "服兵役代偿名单",
            Layout::Receipts => "高校回执登记表",
            Layout::Monthly => "资助月报表",
        }
    }

    /// The columns, in the order of the proposed sheet.
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Layout::Borrowers => columns::BORROWERS,
            Layout::Contracts => columns::CONTRACTS,
            Layout::Repayments => columns::REPAYMENTS,
            Layout::Overdue => columns::OVERDUE,
            Layout::Graduation => columns::GRADUATION,
            Layout::Preapply => columns::PREAPPLY,
            Layout::Hardship => columns::HARDSHIP,
            Layout::Enlistment => columns::ENLISTMENT,
            Layout::Receipts => columns::RECEIPTS,
            Layout::Monthly => columns::MONTHLY,
        }
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// A whole number.
    Int,
    /// Free text, or a word of a list.
    Text,
    /// An identity number or another long number that must stay text.
    Id,
    /// A calendar day.
    Date,
    /// A month.
    Month,
    /// Yuan.
    Money,
    /// One or more telephone numbers.
    Phone,
}

/// One column of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// English key, the same for the same thing in all layouts.
    pub key: &'static str,
    /// Chinese heading of the proposed sheet.
    pub heading: &'static str,
    /// What it holds.
    pub kind: ColumnKind,
    /// Without this column a sheet is not this layout; without its value a row is not taken.
    pub required: bool,
    /// Other headings, separated by `|`.
    pub synonyms: &'static str,
}

/// What the amount of one school year is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap {
    /// The most a year for a first degree.
    pub undergraduate: Fen,
    /// The most a year for postgraduates.
    pub postgraduate: Fen,
    /// The least, and of what an amount is a multiple.
    pub step: Step,
}

/// What amounts are held against, by school year (2024 stands for 2024-2025).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    years: BTreeMap<i32, Cap>,
}

impl Limits {
    /// The limits that the dated rules set for a product.
    pub fn of(policy: &Policy, product: Product) -> Limits {
        let of_year = |year: i32| {
            let cap = |level| policy.loan_cap(product, level, year);
            let begins = NaiveDate::from_ymd_opt(year, 9, 1).unwrap_or_default();
            let cap = Cap {
                undergraduate: cap(StudyLevel::Undergraduate),
                postgraduate: cap(StudyLevel::Graduate),
                step: *policy.loan_step.on(begins),
            };
            (year, cap)
        };
        Limits { years: LOAN_YEARS.map(of_year).collect() }
    }

    /// The limits of a school year.
    pub fn cap_of(&self, loan_year: i32) -> Option<Cap> {
        self.years.get(&loan_year).copied()
    }
}
