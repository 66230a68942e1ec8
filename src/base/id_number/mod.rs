//! The 18-digit resident identity number (GB 11643): reading, checking, showing.
//!
//! A number is never shown whole by `Debug` or by a message: [`IdNumber::masked`] is what
//! pages, logs and notes get. What the number says (birthday, sex) wins over what a sheet says.

mod problem;

use std::fmt;

use chrono::{Datelike, NaiveDate};

use super::division_code;
pub use problem::IdProblem;

/// A checked resident identity number: calendar birthday, right check character.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdNumber([u8; 18]);

/// Sex as the 17th digit says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sex {
    Male,
    Female,
}

impl Sex {
    /// `男` or `女`.
    pub const fn to_chinese(self) -> &'static str {
        match self {
            Sex::Male => "男",
            Sex::Female => "女",
        }
    }
}

/// A number that was understood, and what had to be put right to understand it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    pub number: IdNumber,
    /// What was cleaned or is worth knowing; empty for most numbers.
    pub warnings: Vec<IdWarning>,
}

impl Parsed {
    /// True when the text needed this repair, or this is known of it.
    pub fn has(&self, warning: IdWarning) -> bool {
        self.warnings.contains(&warning)
    }
}

/// What was cleaned, or is worth knowing, about a number that is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdWarning {
    /// Blanks around or inside were dropped.
    Blanks,
    /// A hyphen, an apostrophe or an invisible mark was dropped.
    Marks,
    /// Full-width digits were made half-width.
    FullWidth,
    /// A small x was made X.
    LowerCaseX,
    /// The text has 15 digits (first generation); the century 19 and the check character were
    /// added. Only a suggestion: whoever imports must not take it without a second sign.
    From15Digits,
    /// The division code is in no list (未收录的行政区划). Never a reason to refuse.
    UnknownArea,
}

impl IdNumber {
    /// Reads a number as people write it: full-width digits, blanks, hyphens, an apostrophe in
    /// front, a TAB behind, a small x and 15 digits are understood and reported.
    ///
    /// # Errors
    /// One [`IdProblem`], the most telling one.
    pub fn parse(text: &str, today: NaiveDate) -> Result<Parsed, IdProblem> {
        let mut warnings = Vec::new();
        let (cleaned, len) = clean(text, &mut warnings)?;
        let number = match len {
            0 => return Err(IdProblem::Empty),
            18 => IdNumber(cleaned),
            15 => {
                warnings.push(IdWarning::From15Digits);
                upgrade(&cleaned)?
            }
            other => return Err(IdProblem::Length(other)),
        };
        number.check(today)?;
        if !division_code::is_known(number.division_code()) {
            warnings.push(IdWarning::UnknownArea);
        }
        Ok(Parsed { number, warnings })
    }

    /// Takes back a number that this program stored itself. Nothing when it is damaged.
    pub fn from_stored(text: &str) -> Option<IdNumber> {
        let number = IdNumber(text.as_bytes().try_into().ok()?);
        (number.check(NaiveDate::MAX).is_ok()).then_some(number)
    }

    fn check(&self, today: NaiveDate) -> Result<(), IdProblem> {
        let (check, body) = self.0.split_last().ok_or(IdProblem::Empty)?;
        let digits = body.iter().all(u8::is_ascii_digit);
        if !digits || !(check.is_ascii_digit() || *check == b'X') {
            return Err(IdProblem::Characters);
        }
        if !division_code::is_province(self.part(0, 2)) {
            return Err(IdProblem::Province);
        }
        let born_on = self.calendar_date().ok_or(IdProblem::BirthDate)?;
        if born_on > today {
            return Err(IdProblem::BornInFuture);
        }
        if check_character(body) == *check {
            return Ok(());
        }
        let zeros = self.part(15, 18) == "000";
        Err(if zeros { IdProblem::ExcelPrecision } else { IdProblem::CheckDigit })
    }

    fn part(&self, from: usize, to: usize) -> &str {
        self.as_str().get(from..to).unwrap_or_default()
    }

    fn calendar_date(&self) -> Option<NaiveDate> {
        let number = |from, to| self.part(from, to).parse::<u32>().ok();
        let year = i32::try_from(number(6, 10)?).ok()?;
        NaiveDate::from_ymd_opt(year, number(10, 12)?, number(12, 14)?)
    }

    /// The whole number. For the database and for papers only.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    pub fn birth_on(&self) -> NaiveDate {
        // Every number was checked when it was made; the fall-back is never reached.
        self.calendar_date().unwrap_or_default()
    }

    pub fn sex(&self) -> Sex {
        let odd = self.0.get(16).is_some_and(|digit| digit % 2 == 1);
        if odd { Sex::Male } else { Sex::Female }
    }

    /// The six digits of the place of first registration.
    pub fn division_code(&self) -> &str {
        self.part(0, 6)
    }

    /// `512***********2772`: first three, eleven stars, last four (ui/README section 6).
    pub fn masked(&self) -> String {
        format!("{}***********{}", self.part(0, 3), self.part(14, 18))
    }

    /// The 15 digits this number had before 1999, when its birthday lies in the last century.
    pub fn as_15_digits(&self) -> Option<String> {
        (self.birth_on().year() / 100 == 19)
            .then(|| format!("{}{}", self.part(0, 6), self.part(8, 17)))
    }
}

impl fmt::Debug for IdNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// A text that may or may not be an identity number, fit for a message: at least half of it
/// starred. `51209920050915001X` gives `512***********001X`.
pub fn mask(text: &str) -> String {
    let length = text.chars().count();
    let shown = if length >= 14 { (3, 4) } else { (length / 4, length / 4) };
    let keep = |at: usize| at < shown.0 || at >= length - shown.1;
    text.chars().enumerate().map(|(at, c)| if keep(at) { c } else { '*' }).collect()
}

/// The check character of 17 digits, ISO 7064 MOD 11-2.
fn check_character(body: &[u8]) -> u8 {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let digits = body.iter().map(|b| u32::from(b.wrapping_sub(b'0')));
    let sum: u32 = digits.zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    b"10X98765432".iter().copied().nth(usize::try_from(sum % 11).unwrap_or(0)).unwrap_or(b'?')
}

/// Drops what people and spreadsheets add. Gives the first 18 characters and how many there are.
fn clean(text: &str, warnings: &mut Vec<IdWarning>) -> Result<([u8; 18], usize), IdProblem> {
    let mut out = [0_u8; 18];
    let mut len = 0;
    let mut odd_character = false;
    let mut exponent = false;
    let mut add = |warning| {
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    };
    for c in text.chars() {
        let c = match c {
            '\u{FF01}'..='\u{FF5E}' => {
                add(IdWarning::FullWidth);
                char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c)
            }
            other => other,
        };
        match c {
            // A TAB behind is how exports keep a number a text: nothing to report.
            '\t' => continue,
            _ if c.is_whitespace() => {
                add(IdWarning::Blanks);
                continue;
            }
            '\'' | '\u{2018}' | '\u{2019}' if len == 0 => {
                add(IdWarning::Marks);
                continue;
            }
            '-' | '\u{2010}'..='\u{2015}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' => {
                add(IdWarning::Marks);
                continue;
            }
            _ => {}
        }
        exponent |= matches!(c, 'e' | 'E');
        let byte = match c {
            '0'..='9' | 'X' => u8::try_from(c).unwrap_or(b'?'),
            'x' => {
                add(IdWarning::LowerCaseX);
                b'X'
            }
            _ => b'?',
        };
        odd_character |= byte == b'?';
        if let Some(place) = out.get_mut(len) {
            *place = byte;
        }
        len += 1;
    }
    if exponent && text.contains(['.', '+', '．', '＋']) {
        return Err(IdProblem::ScientificNotation);
    }
    if odd_character && len > 0 {
        return Err(IdProblem::Characters);
    }
    Ok((out, len))
}

/// Inserts the century 19 after the division code and adds the check character.
fn upgrade(cleaned: &[u8; 18]) -> Result<IdNumber, IdProblem> {
    let (area, rest) = cleaned.split_at_checked(6).ok_or(IdProblem::Characters)?;
    let rest = rest.get(..9).ok_or(IdProblem::Characters)?;
    let mut body = Vec::with_capacity(18);
    body.extend_from_slice(area);
    body.extend_from_slice(b"19");
    body.extend_from_slice(rest);
    body.push(check_character(&body));
    Ok(IdNumber(body.try_into().map_err(|_| IdProblem::Characters)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 22).unwrap()
    }

    fn code(problem: IdProblem) -> &'static str {
        match problem {
            IdProblem::Empty => "empty",
            IdProblem::ScientificNotation | IdProblem::Length(_) => "length",
            IdProblem::ExcelPrecision => "suspect_excel_15_digit_precision",
            IdProblem::Characters => "characters",
            IdProblem::Province => "province",
            IdProblem::BirthDate => "birth_date",
            IdProblem::BornInFuture => "birth_date_in_future",
            IdProblem::CheckDigit => "check_digit",
        }
    }

    #[test]
    fn the_47_vectors() {
        let file: &[u8] = include_bytes!("../../../tests/sample/id_test_vectors.csv");
        let mut cases = 0;
        for row in csv::Reader::from_reader(file).records() {
            let row = row.unwrap();
            cases += 1;
            match (IdNumber::parse(&row[1], today()), &row[2]) {
                (Ok(parsed), expected) => {
                    let repaired =
                        parsed.warnings.iter().any(|warning| *warning != IdWarning::UnknownArea);
                    assert_eq!(repaired, expected == "valid_after_normalising", "{}", &row[0]);
                    assert_ne!(expected, "invalid", "{}", &row[0]);
                    assert_eq!(parsed.number.as_str(), &row[4], "{}", &row[0]);
                    assert_eq!(parsed.number.birth_on().to_string(), &row[5], "{}", &row[0]);
                    let sex = if parsed.number.sex() == Sex::Male { "M" } else { "F" };
                    assert_eq!(sex, &row[6], "{}", &row[0]);
                }
                (Err(problem), expected) => {
                    assert_eq!(expected, "invalid", "{}: {problem:?}", &row[0]);
                    assert!(row[3].split(';').any(|p| p == code(problem)), "{}", &row[0]);
                    assert!(problem.to_chinese().ends_with('。'));
                }
            }
        }
        assert_eq!(cases, 47);
    }

    #[test]
    fn a_number_is_never_shown_whole() {
        let number = IdNumber::parse("512099200502242772", today()).unwrap();
        assert!(number.has(IdWarning::UnknownArea));
        assert_eq!(number.number.masked(), "512***********2772");
        assert_eq!(format!("{:?}", number.number), "512***********2772");
        assert_eq!(mask("51209920050915001X"), "512***********001X");
        assert_eq!(mask("5.12099E+17"), "5.*******17");
        assert_eq!(mask("12"), "**");
        assert_eq!(number.number.as_15_digits(), None);
        assert_eq!(IdNumber::from_stored("512099200502242772"), Some(number.number));
        assert_eq!(IdNumber::from_stored("512099200502242773"), None);
    }

    /// A valid number of the kind nobody has: division codes ending in 90..99.
    fn valid() -> impl Strategy<Value = String> {
        (90_u32..100, 1950_i32..2020, 1_u32..13, 1_u32..29, 0_u32..1000).prop_map(
            |(area, year, month, day, sequence)| {
                let body = format!("5120{area}{year}{month:02}{day:02}{sequence:03}");
                format!("{body}{}", char::from(check_character(body.as_bytes())))
            },
        )
    }

    proptest! {
        #[test]
        fn one_wrong_digit_is_always_found(text in valid(), at in 0_usize..18, by in 1_u8..11) {
            prop_assert!(IdNumber::parse(&text, today()).is_ok());
            let mut bytes = text.into_bytes();
            bytes[at] = if at == 17 {
                let all = b"0123456789X";
                let was = all.iter().position(|c| *c == bytes[17]).unwrap();
                all[(was + usize::from(by)) % 11]
            } else {
                b'0' + (bytes[at] - b'0' + 1 + by % 9) % 10
            };
            let wrong = String::from_utf8(bytes).unwrap();
            prop_assert!(IdNumber::parse(&wrong, today()).is_err());
        }

        #[test]
        fn two_exchanged_neighbours_are_always_found(text in valid(), at in 0_usize..17) {
            let mut bytes = text.into_bytes();
            prop_assume!(bytes[at] != bytes[at + 1]);
            bytes.swap(at, at + 1);
            let wrong = String::from_utf8(bytes).unwrap();
            prop_assert!(IdNumber::parse(&wrong, today()).is_err());
        }

        #[test]
        fn no_text_is_too_strange(text in "\\PC{0,40}") {
            let _ = IdNumber::parse(&text, today());
            let _ = mask(&text);
        }
    }
}
