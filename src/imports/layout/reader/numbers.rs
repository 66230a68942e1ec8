//! Identity and other long numbers, money, days, months, years: cells that must be exact.

use std::borrow::Cow;

use chrono::NaiveDate;

use super::{Raw, Reader, excerpt};
use crate::base::id_number::{self, IdNumber, IdProblem, IdWarning};
use crate::base::money::Fen;
use crate::base::person_name::is_blank;
use crate::imports::layout::fault::{Fault, Hook, Severity};
use crate::imports::layout::unit::Unit;
use crate::imports::layout::value::{self, Form};
use crate::plumbing::sheet::CellKind;

/// Digits of a receipt's code.
const RECEIPT_DIGITS: usize = 6;

impl<'a> Reader<'a> {
    /// The student's identity number. An empty one and a wrong one refuse the row; 15 digits
    /// refuse it too, but carry the upgraded number.
    pub(in crate::imports::layout) fn id(&mut self, key: &'static str) -> Option<IdNumber> {
        match self.raw(key) {
            Some(raw) => self.checked_id(&raw, Severity::Refused),
            None if self.was_error(key) => None,
            None => {
                let required = self.is_required(key);
                if required || self.has_column(key) {
                    // Where the contract number says who is meant, the number may be absent.
                    let severity = if required { Severity::Refused } else { Severity::Warning };
                    let heading = self.heading(key);
                    self.note(severity, heading, Fault::BlankId, IdProblem::Empty.to_chinese());
                }
                None
            }
        }
    }

    fn is_required(&mut self, key: &str) -> bool {
        let place = self.place_of(key);
        let column = place.and_then(|at| self.binding.layout.columns().get(at));
        column.is_some_and(|column| column.required)
    }

    /// A co-borrower's identity number: a wrong one is left out with a warning.
    pub(in crate::imports::layout) fn other_id(&mut self, key: &'static str) -> Option<IdNumber> {
        let raw = self.raw(key)?;
        self.checked_id(&raw, Severity::Warning)
    }

    fn checked_id(&mut self, raw: &Raw<'a>, severity: Severity) -> Option<IdNumber> {
        let heading = raw.column.heading;
        let found = id_number::mask(raw.text);
        if raw.kind == CellKind::Number && raw.text.len() > 15 {
            let message = IdProblem::ExcelPrecision.to_chinese();
            let message = message.replacen("且校验码对不上", "", 1);
            self.note(severity, heading, Fault::ScientificNotation, message);
            return None;
        }
        let parsed = match IdNumber::parse(raw.text, self.today) {
            Ok(parsed) => parsed,
            Err(problem) => {
                let fault = match problem {
                    IdProblem::Empty => Fault::BlankId,
                    IdProblem::ScientificNotation => Fault::ScientificNotation,
                    IdProblem::CheckDigit | IdProblem::ExcelPrecision => Fault::WrongCheckDigit,
                    _ => Fault::BadId,
                };
                let mut message = format!("{}（原值 {found}）", problem.to_chinese());
                if severity == Severity::Warning {
                    message.push_str("本行先不登记这个号码。");
                }
                self.note(severity, heading, fault, message);
                return None;
            }
        };
        for (warning, fault, message) in [
            (IdWarning::FullWidth, Fault::FullWidthDigits, "全角数字已改为半角。"),
            (IdWarning::LowerCaseX, Fault::LowerCaseX, "末位的小写 x 已改为大写 X。"),
            (IdWarning::Blanks, Fault::InnerBlanks, "号码中间的空格已去掉。"),
            (IdWarning::Marks, Fault::StrayMarks, "号码中的连字符等符号已去掉。"),
        ] {
            if parsed.has(warning) {
                self.note(Severity::Repaired, heading, fault, message);
            }
        }
        if parsed.has(IdWarning::From15Digits) {
            let message = format!(
                "这是 15 位的旧身份证号（原值 {found}），换算成 18 位应为 {}。请核对身份证后改填 18 位号码。",
                parsed.number.masked()
            );
            self.note(severity, heading, Fault::Id15Digits, message);
            self.hook(Hook::Upgraded(parsed.number));
        }
        Some(parsed.number)
    }

    /// A long number that is no identity number: contract, student, school, village.
    pub(in crate::imports::layout) fn code(&mut self, key: &'static str) -> Option<String> {
        let raw = self.raw(key)?;
        let narrow = self.narrow(&raw);
        let exponent = narrow.contains(['E', 'e']) && narrow.contains(['+', '.']);
        if exponent || (raw.kind == CellKind::Number && narrow.len() > 15) {
            let message = "号码被表格软件当成数字保存，后面的几位已经丢失。\
                请把这一列设为“文本”格式，从原始资料重新填写。";
            self.unusable(raw.column, Fault::ScientificNotation, message);
            return None;
        }
        if narrow.contains(is_blank) {
            self.repaired(raw.column, Fault::InnerBlanks, "号码中间的空格已去掉。");
            return Some(narrow.chars().filter(|c| !is_blank(*c)).collect());
        }
        Some(narrow.into_owned())
    }

    /// The six digits that a university gives; a number cell drops the zeros in front.
    pub(in crate::imports::layout) fn receipt_code(&mut self, key: &'static str) -> Option<String> {
        let code = self.code(key)?;
        let digits = code.bytes().all(|b| b.is_ascii_digit());
        if !digits || code.len() >= RECEIPT_DIGITS {
            return Some(code);
        }
        let whole = format!("{code:0>RECEIPT_DIGITS$}");
        let heading = self.heading(key);
        let message = format!("校验码应为 6 位，“{code}”前面丢失的 0 已补上：{whole}。");
        self.note(Severity::Repaired, heading, Fault::LeadingZeros, message);
        Some(whole)
    }

    /// Several codes in one cell, separated by ； 、 ， or blanks.
    pub(in crate::imports::layout) fn codes(&mut self, key: &'static str) -> Vec<String> {
        let Some(raw) = self.raw(key) else { return Vec::new() };
        let narrow = self.narrow(&raw);
        if raw.kind == CellKind::Number && narrow.len() > 15 {
            let message = "合同编号被表格软件当成数字保存，后面的几位已经丢失。\
                请把这一列设为“文本”格式，从原始资料重新填写。";
            self.unusable(raw.column, Fault::ScientificNotation, message);
            return Vec::new();
        }
        let separator = |c: char| matches!(c, ';' | '、' | ',' | '/' | '|') || is_blank(c);
        let parts = narrow.split(separator).filter(|part| !part.is_empty());
        parts.map(str::to_owned).collect()
    }

    /// In yuan with at most two decimals.
    pub(in crate::imports::layout) fn money(&mut self, key: &'static str) -> Option<Fen> {
        let raw = self.raw(key)?;
        let narrow = self.narrow(&raw);
        match value::money(&narrow, raw.kind, raw.unit) {
            Some((amount, form)) => {
                self.amounts.push((raw.column.key, amount));
                if form == Form::Other {
                    let message = format!("“{}”已按 {} 元读取。", raw.text, amount.to_yuan_text());
                    self.repaired(raw.column, Fault::AmountAsText, message);
                }
                Some(amount)
            }
            None => {
                let message = format!("“{}”不是金额。请填数字，例如 12000.00。", excerpt(raw.text));
                self.unusable(raw.column, Fault::BadMoney, message);
                None
            }
        }
    }

    pub(in crate::imports::layout) fn day(&mut self, key: &'static str) -> Option<NaiveDate> {
        let raw = self.raw(key)?;
        let narrow = self.narrow(&raw);
        if self.is_no_day(&raw, &narrow) {
            return None;
        }
        let narrow = self.serial(&raw, narrow);
        let past = raw.column.key == "birth_date";
        let read = value::day(&narrow, raw.kind, self.today, past);
        if read.is_none() {
            let message = if value::is_two_digit_year(&narrow) {
                format!(
                    "“{}”的年份只有两位，分不清年、月、日。请按 2026-10-31 的样子填写。",
                    excerpt(raw.text)
                )
            } else {
                format!("“{}”不是有效的日期。请按 2026-10-31 的样子填写。", excerpt(raw.text))
            };
            self.unusable(raw.column, Fault::BadDate, message);
        }
        let (day, form) = read?;
        self.note_form(&raw, form, &day.to_string());
        Some(day)
    }

    /// An empty date that a formula or an export carried along, as 1900/1/0.
    fn is_no_day(&mut self, raw: &Raw<'a>, narrow: &str) -> bool {
        let nothing = value::is_no_day(narrow);
        if nothing && raw.column.required {
            let message = format!("“{}”是空的日期，请补填后重新导入。", raw.text);
            self.unusable(raw.column, Fault::EmptyDate, message);
        } else if nothing {
            let message = format!("“{}”是空的日期，已当作没有填写。", raw.text);
            self.repaired(raw.column, Fault::EmptyDate, message);
        }
        nothing
    }

    /// A day without a date format counts from 1904 in some workbooks.
    fn serial(&self, raw: &Raw<'a>, narrow: Cow<'a, str>) -> Cow<'a, str> {
        let from_1904 = self.binding.from_1904 && raw.kind == CellKind::Number;
        if from_1904 { value::from_1904(&narrow).into() } else { narrow }
    }

    /// The first day of a month.
    pub(in crate::imports::layout) fn month(&mut self, key: &'static str) -> Option<NaiveDate> {
        let raw = self.raw(key)?;
        let narrow = self.narrow(&raw);
        if self.is_no_day(&raw, &narrow) {
            return None;
        }
        let narrow = self.serial(&raw, narrow);
        let read = value::month(&narrow, raw.kind, self.today);
        if read.is_none() {
            let message =
                format!("“{}”不是有效的年月。请按 2026-09 的样子填写。", excerpt(raw.text));
            self.unusable(raw.column, Fault::BadMonth, message);
        }
        let (first, form) = read?;
        self.note_form(&raw, form, &first.format("%Y-%m").to_string());
        Some(first)
    }

    fn note_form(&mut self, raw: &Raw<'a>, form: Form, read_as: &str) {
        let fault = match form {
            Form::Plain => return,
            Form::Serial => Fault::ExcelSerialDate,
            Form::Other => Fault::OtherDateForm,
        };
        self.repaired(raw.column, fault, format!("“{}”已按 {read_as} 读取。", raw.text));
    }

    /// The first year of a school year.
    pub(in crate::imports::layout) fn loan_year(&mut self, key: &'static str) -> Option<i32> {
        let raw = self.raw(key)?;
        let narrow = self.narrow(&raw);
        let Some((year, form)) = value::loan_year(&narrow) else {
            let message = format!("“{}”不是学年。请按 2026-2027 的样子填写。", excerpt(raw.text));
            self.unusable(raw.column, Fault::BadLoanYear, message);
            return None;
        };
        self.note_form(&raw, form, &format!("{year}-{}", year + 1));
        Some(year)
    }

    /// A whole number from 0 to `most`.
    pub(in crate::imports::layout) fn whole(
        &mut self,
        key: &'static str,
        most: i32,
    ) -> Option<i32> {
        let raw = self.raw(key)?;
        self.whole_of(&raw, most)
    }

    fn whole_of(&mut self, raw: &Raw<'a>, most: i32) -> Option<i32> {
        let narrow = self.narrow(raw);
        let read = value::whole(&narrow).filter(|(number, _)| (0..=most).contains(number));
        if read.is_none() {
            let message = format!("“{}”不是 0 到 {most} 的整数，请更正。", excerpt(raw.text));
            self.unusable(raw.column, Fault::BadNumber, message);
        }
        read.map(|(number, _)| number)
    }

    /// A loan term in years; headings in months, and numbers too large for years, are months.
    pub(in crate::imports::layout) fn term_years(&mut self, key: &'static str) -> Option<i32> {
        let raw = self.raw(key)?;
        let number = self.whole_of(&raw, 400)?;
        let months = raw.unit == Unit::Months || raw.text.ends_with('月') || number > 30;
        Some(if months { (number + 6) / 12 } else { number })
    }
}
