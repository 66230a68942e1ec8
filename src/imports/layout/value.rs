//! Single values as people write them: money, days, months, school years, whole numbers.
//!
//! Texts arrive trimmed and half-width; a number cell of a workbook arrives as plain decimals.

use chrono::{Datelike, Days, NaiveDate};

use super::unit::Unit;
use crate::base::dates::last_of_month;
use crate::base::money::Fen;
use crate::plumbing::sheet::CellKind;

/// How a value was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As the program writes it too.
    Plain,
    /// Understood, but written otherwise.
    Other,
    /// A date as days since 1900.
    Serial,
}

/// Yuan: `20000.00`, `9,900`, `￥16000`, `7100元`, `1.15万`, `（500.00）` for minus.
pub(super) fn money(text: &str, kind: CellKind, unit: Unit) -> Option<(Fen, Form)> {
    let mut form = Form::Plain;
    let mut rest = text;
    for sign in ["￥", "¥", "人民币", "RMB", "CNY"] {
        if let Some(behind) = rest.strip_prefix(sign) {
            rest = behind.trim_start();
            form = Form::Other;
        }
    }
    let mut shift: u32 = match unit {
        Unit::TenThousandYuan => 4,
        Unit::ThousandYuan => 3,
        _ => 0,
    };
    for (word, by) in [("元整", 0), ("元", 0), ("圆", 0), ("万", 4), ("千", 3)] {
        if let Some(before) = rest.strip_suffix(word) {
            rest = before.trim_end();
            shift += by;
            form = Form::Other;
        }
    }
    let mut digits: String = rest.chars().filter(|c| !matches!(c, ',' | '，' | ' ')).collect();
    if digits.len() != rest.len() {
        form = Form::Other;
    }
    if let Some(inner) = digits.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        digits = format!("-{inner}");
        form = Form::Other;
    }
    if kind == CellKind::Number {
        digits = without_noise(digits);
    }
    let plain = digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    if !plain {
        return None;
    }
    if shift > 0 {
        digits = shifted(&digits, usize::try_from(shift).ok()?);
    }
    // `7100.` and `.50` happen in hand-made sheets.
    let digits = digits.strip_suffix('.').unwrap_or(&digits);
    Some((digits.parse().ok()?, form))
}

/// Moves the decimal point to the right: `1.15` by four is `11500`.
fn shifted(digits: &str, by: usize) -> String {
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let (moved, left) = decimals.split_at_checked(by).unwrap_or((decimals, ""));
    let whole = format!("{whole}{moved:0<by$}");
    if left.is_empty() { whole } else { format!("{whole}.{left}") }
}

/// A number cell computed by a formula may read 0.30000000000000004: two decimals are meant when
/// the next six are all 0 or all 9.
fn without_noise(digits: String) -> String {
    let Some((_, decimals)) = digits.split_once('.') else { return digits };
    let next = decimals.get(2..8).unwrap_or_default();
    if next == "000000" || next == "999999" {
        let number = digits.parse::<rust_decimal::Decimal>();
        return number.map(|number| format!("{:.2}", number.round_dp(2))).unwrap_or(digits);
    }
    digits
}

/// A day: `2026-10-31` (also with a time), `2026/8/29`, `2026.08.29`, `20260829`, `2026年8月29日`,
/// `06-11-03`, `12/20/2025`, or the serial number `46227`. What may be two days (`12/05/25`,
/// `12/05/2025`) is none. `past` says that the day cannot lie after today.
pub(super) fn day(
    text: &str,
    kind: CellKind,
    today: NaiveDate,
    past: bool,
) -> Option<(NaiveDate, Form)> {
    if let Some(day) = iso_day(text) {
        return Some((day, Form::Plain));
    }
    let day_part = text.split_once([' ', 'T']).map_or(text, |(day, _)| day);
    if kind == CellKind::Date {
        return Some((iso_day(day_part)?, Form::Plain));
    }
    if text.bytes().all(|b| b.is_ascii_digit()) && text.len() == 8 {
        let (year, rest) = text.split_at_checked(4)?;
        let (month, day) = rest.split_at_checked(2)?;
        return Some((ymd(year.parse().ok()?, month, day)?, Form::Other));
    }
    if let Some(day) = serial(text) {
        return Some((day, Form::Serial));
    }
    let mut parts = [""; 3];
    let mut count = 0;
    let separators = ['-', '/', '.', '年', '月', '日', '号', '—', '–', '\\', '、'];
    for part in day_part.split(separators).map(str::trim).filter(|part| !part.is_empty()) {
        *parts.get_mut(count)? = part;
        count += 1;
    }
    let [year, month, day] = parts;
    if count == 3 && day.len() == 4 {
        return Some((year_last(parts)?, Form::Other));
    }
    if is_two_digit_year(day_part) {
        return None;
    }
    if count != 3 || year.len() > 4 || !year.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let year = full_year(year, today, past)?;
    let day = ymd(year, month, day)?;
    let form = if iso_day(day_part) == Some(day) { Form::Plain } else { Form::Other };
    Some((day, form))
}

/// `12/20/2025` and `20/12/2025`: only one of the two can be the month.
fn year_last([one, other, year]: [&str; 3]) -> Option<NaiveDate> {
    let year = year.parse().ok()?;
    match (ymd(year, one, other), ymd(year, other, one)) {
        (Some(day), None) | (None, Some(day)) => Some(day),
        (Some(day), Some(same)) if day == same => Some(day),
        _ => None,
    }
}

/// True for `12/05/25`: two digits that may be a year, a month or a day, with the slashes of
/// another country's spreadsheets. With hyphens the year stands first here.
pub(super) fn is_two_digit_year(text: &str) -> bool {
    let mut parts = text.split('/');
    let two = |part: Option<&str>| {
        part.filter(|part| part.len() <= 2).and_then(|part| part.trim().parse::<u32>().ok())
    };
    let first = two(parts.next());
    let rest = (two(parts.next()), two(parts.next()), parts.next());
    matches!((first, rest), (Some(first), (Some(_), Some(_), None)) if first <= 31)
}

/// True for what stands in a cell whose date is empty: the day number zero.
pub(super) fn is_no_day(text: &str) -> bool {
    let day = text.split_once([' ', 'T']).map_or(text, |(day, _)| day);
    let plain = day.replace(['/', '.', '年', '月'], "-").replace('日', "");
    let parts: Vec<Option<u32>> = plain.split('-').map(|part| part.parse().ok()).collect();
    matches!(
        parts.as_slice(),
        [Some(1900), Some(1), Some(0)]
            | [Some(1899), Some(12), Some(30 | 31)]
            | [Some(0), Some(0), Some(0)]
            | [Some(0)]
    )
}

/// A number of days since 1904 as one since 1900.
pub(super) fn from_1904(text: &str) -> String {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    match whole.parse::<u32>() {
        Ok(days) => days.saturating_add(1_462).to_string(),
        Err(_) => text.to_owned(),
    }
}

/// `2026-10-31`, nothing else.
fn iso_day(text: &str) -> Option<NaiveDate> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-') {
        return None;
    }
    ymd(text.get(..4)?.parse().ok()?, text.get(5..7)?, text.get(8..)?)
}

fn ymd(year: i32, month: &str, day: &str) -> Option<NaiveDate> {
    let plain = |text: &str| text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
    if !plain(month) || !plain(day) || !(1880..=2100).contains(&year) {
        return None;
    }
    NaiveDate::from_ymd_opt(year, month.parse().ok()?, day.parse().ok()?)
}

/// Days since 1899-12-30 as spreadsheets count; only values from 1927 to 2091 are believed.
fn serial(text: &str) -> Option<NaiveDate> {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    let days: u64 = whole.parse().ok().filter(|days| (10_000..70_000).contains(days))?;
    if !text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(Days::new(days))
}

/// Two digits are of this century, unless that would be too far ahead: a birthday never lies
/// after today, a loan never ends more than 40 years from now.
fn full_year(digits: &str, today: NaiveDate, past: bool) -> Option<i32> {
    let year: i32 = digits.parse().ok()?;
    if digits.len() == 4 {
        return Some(year);
    }
    let latest = today.year() + if past { 0 } else { 40 };
    (digits.len() == 2).then(|| if year + 2000 <= latest { year + 2000 } else { year + 1900 })
}

/// The first day of a month: `2026-09`, `2026年9月`, `2026.09`, `202609`, or any day of it.
pub(super) fn month(text: &str, kind: CellKind, today: NaiveDate) -> Option<(NaiveDate, Form)> {
    if let Some((found, form)) = day(text, kind, today, false) {
        let form = if kind == CellKind::Date { Form::Plain } else { form };
        let form = if form == Form::Plain && kind == CellKind::Text { Form::Other } else { form };
        return Some((found.with_day(1)?, form));
    }
    if text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit()) {
        let (year, month) = text.split_at_checked(4)?;
        return Some((ymd(year.parse().ok()?, month, "1")?, Form::Other));
    }
    let separators = ['-', '/', '.', '年', '月', '—'];
    let mut parts = text.split(separators).map(str::trim).filter(|part| !part.is_empty());
    let (year, month) = (parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let first = ymd(year.parse().ok()?, month, "1")?;
    let plain = text.len() == 7 && text.as_bytes().get(4) == Some(&b'-');
    // 2026.1 in a number cell was 2026.10 before the spreadsheet cut the zero: not sure enough.
    let cut = kind == CellKind::Number && month == "1";
    (!cut).then_some((first, if plain { Form::Plain } else { Form::Other }))
}

/// The first calendar year of a school year: `2026-2027` and `2026` give 2026.
pub(super) fn loan_year(text: &str) -> Option<(i32, Form)> {
    let bare = text.trim_end_matches("学年").trim_end_matches("年度").trim_end_matches('年');
    let mut parts = bare.split(['-', '/', '—', '–', '~', '至', '一', '_']);
    let first: i32 = parts.next()?.trim().trim_end_matches('年').parse().ok()?;
    if !crate::imports::layout::kind::LOAN_YEARS.contains(&first) {
        return None;
    }
    let mut rest = parts.filter(|part| !part.is_empty());
    match rest.next().map(|second| second.trim().parse::<i32>()) {
        None => Some((first, if bare == text { Form::Plain } else { Form::Other })),
        Some(Ok(second)) if second == first + 1 || second == (first + 1) % 100 => {
            let plain = text.len() == 9 && text.contains('-') && rest.next().is_none();
            Some((first, if plain { Form::Plain } else { Form::Other }))
        }
        _ => None,
    }
}

/// A whole number; `3.0` of a number cell and `3年`, `5笔`, `12个月` are understood.
pub(super) fn whole(text: &str) -> Option<(i32, Form)> {
    let digits = text.trim_end_matches(|c: char| "年月个笔天人次岁".contains(c));
    let form = if digits.len() == text.len() { Form::Plain } else { Form::Other };
    let digits = digits.strip_suffix(".0").or_else(|| digits.strip_suffix(".00")).unwrap_or(digits);
    let plain: String = digits.chars().filter(|c| *c != ',').collect();
    Some((plain.parse().ok()?, form))
}

/// The day after 截至 or 截止 in a title: `（乐至县，截至2026-10-31）`. A month means its last day.
pub(super) fn as_of(title: &str) -> Option<NaiveDate> {
    let marks = ["截至", "截止日期", "截止", "数据日期", "统计日期"];
    let rest = marks.iter().find_map(|mark| title.split_once(mark).map(|(_, rest)| rest))?;
    let start = rest.find(|c: char| c.is_ascii_digit())?;
    let rest = rest.get(start..)?;
    let of_a_day = |c: char| c.is_ascii_digit() || "-/.年月日".contains(c);
    let text = rest.get(..rest.find(|c| !of_a_day(c)).unwrap_or(rest.len()))?;
    let text = text.trim_end_matches(['-', '/', '.']);
    if let Some((day, _)) = day(text, CellKind::Text, NaiveDate::MAX, true) {
        return Some(day);
    }
    let (first, _) = month(text, CellKind::Text, NaiveDate::MAX)?;
    last_of_month(first.year(), first.month())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn d(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn money_as_people_write_it() {
        let text = |text| money(text, CellKind::Text, Unit::Plain);
        assert_eq!(text("16000.00"), Some((Fen::from_yuan(16_000), Form::Plain)));
        assert_eq!(text("16000.0"), Some((Fen::from_yuan(16_000), Form::Plain)));
        for (wording, yuan) in [
            ("7100元", 7_100),
            ("9,900", 9_900),
            ("1.15万", 11_500),
            ("0.35万元", 3_500),
            ("2万", 20_000),
            ("￥16000", 16_000),
            ("¥ 1,234.00元", 1_234),
            ("(500)", -500),
        ] {
            assert_eq!(text(wording), Some((Fen::from_yuan(yuan), Form::Other)), "{wording}");
        }
        for bad in ["", "元", "abc", "1.234", "1-2", "一万"] {
            assert_eq!(text(bad), None, "{bad}");
        }
        let number = |text| money(text, CellKind::Number, Unit::Plain);
        assert_eq!(number("0.30000000000000004"), Some((Fen::new(30), Form::Plain)));
        assert_eq!(number("16000"), Some((Fen::from_yuan(16_000), Form::Plain)));
        assert_eq!(
            money("1.5", CellKind::Text, Unit::TenThousandYuan),
            Some((Fen::from_yuan(15_000), Form::Plain))
        );
    }

    #[test]
    fn days_as_people_write_them() {
        let today = d("2026-11-22");
        let read = |text, past| day(text, CellKind::Text, today, past);
        assert_eq!(read("2026-08-29", false), Some((d("2026-08-29"), Form::Plain)));
        for text in [
            "2026/8/29",
            "2026.08.29",
            "20260829",
            "2026年8月29日",
            "26-08-29",
            "2026-8-29 00:00:00",
        ] {
            assert_eq!(read(text, false), Some((d("2026-08-29"), Form::Other)), "{text}");
        }
        assert_eq!(read("46227", false), Some((d("2026-07-24"), Form::Serial)));
        assert_eq!(read("98-10-29", true), Some((d("1998-10-29"), Form::Other)));
        assert_eq!(read("44-09-20", false), Some((d("2044-09-20"), Form::Other)));
        for text in ["12/20/2025", "20/12/2025", "12/20/2025 0:00"] {
            assert_eq!(read(text, false), Some((d("2025-12-20"), Form::Other)), "{text}");
        }
        assert_eq!(read("3/3/2025", false), Some((d("2025-03-03"), Form::Other)));
        for unsure in ["12/05/25", "12/05/2025", "25/12/05", "1/2/3"] {
            assert_eq!(read(unsure, false), None, "{unsure}");
        }
        assert_eq!(read("98/10/29", true), Some((d("1998-10-29"), Form::Other)));
        for nothing in ["1900/1/0", "1900-01-00", "1899-12-30", "1899-12-31 00:00:00", "0"] {
            assert!(is_no_day(nothing), "{nothing}");
        }
        assert!(!is_no_day("1900-01-01") && !is_no_day("2026-10-31"));
        assert_eq!(from_1904("49937"), "51399");
        for bad in ["", "2026-02-30", "20261301", "5", "三月", "2026-08", "1-2-3-4", "#N/A"] {
            assert_eq!(read(bad, false), None, "{bad}");
        }
        assert_eq!(
            day("2026-08-29 10:00:00", CellKind::Date, today, false),
            Some((d("2026-08-29"), Form::Plain))
        );
    }

    #[test]
    fn months_and_years() {
        let today = d("2026-11-22");
        let read = |text| month(text, CellKind::Text, today);
        assert_eq!(read("2026-09"), Some((d("2026-09-01"), Form::Plain)));
        for text in ["2026年9月", "2026.09", "2026/9", "202609", "2026-09-01"] {
            assert_eq!(read(text), Some((d("2026-09-01"), Form::Other)), "{text}");
        }
        assert_eq!(month("2026.1", CellKind::Number, today), None);
        assert_eq!(read("九月"), None);
        assert_eq!(loan_year("2026-2027"), Some((2026, Form::Plain)));
        assert_eq!(loan_year("2026"), Some((2026, Form::Plain)));
        for text in ["2026/2027", "2026-2027学年", "2026学年", "2026-27", "2026年—2027年"] {
            assert_eq!(loan_year(text), Some((2026, Form::Other)), "{text}");
        }
        assert_eq!(loan_year("2026-2028"), None);
        assert_eq!(whole("3年"), Some((3, Form::Other)));
        assert_eq!(whole("3.0"), Some((3, Form::Plain)));
    }

    #[test]
    fn the_day_a_sheet_is_of() {
        assert_eq!(as_of("名单（乐至县，截至2026-10-31）"), Some(d("2026-10-31")));
        assert_eq!(as_of("截止日期：2026年10月31日"), Some(d("2026-10-31")));
        assert_eq!(as_of("（截至2026年10月）"), Some(d("2026-10-31")));
        assert_eq!(as_of("生源地信用助学贷款学生名单"), None);
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "[0-9年月日./,元万￥Ee()—-]{0,24}|\\PC{0,20}") {
            let today = d("2026-11-22");
            for kind in [CellKind::Text, CellKind::Number, CellKind::Date] {
                let _ = money(&text, kind, Unit::TenThousandYuan);
                let _ = (day(&text, kind, today, true), month(&text, kind, today));
            }
            let _ = (loan_year(&text), whole(&text), as_of(&format!("截至{text}")));
        }
    }
}
