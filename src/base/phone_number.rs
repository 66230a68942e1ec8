//! Telephone numbers as people write them: mobile numbers, and landlines where a family has one.
//!
//! The operator is never judged: lists of prefixes go out of date and numbers move.

use std::fmt;

/// A telephone number in one plain form: `13800002741`, or a landline as `028-86610001`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber {
    text: String,
    kind: PhoneKind,
}

/// What can be done with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PhoneKind {
    /// 11 digits from 13 to 19: calls and text messages.
    Mobile,
    Landline,
}

/// Why a text holds no telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneProblem {
    /// Begins like a mobile number, but has this many digits instead of 11.
    Length(usize),
    /// Not a telephone number at all.
    Characters,
}

impl PhoneProblem {
    /// What is wrong and what to do, as a clerk reads it.
    pub fn to_chinese(self) -> String {
        match self {
            PhoneProblem::Length(found) => {
                format!("手机号应为 11 位，这里有 {found} 位，请核对")
            }
            PhoneProblem::Characters => "这里不是有效的电话号码，请核对".to_owned(),
        }
    }
}

/// All numbers found in one cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhonesRead {
    /// The numbers, in the order written, each once.
    pub numbers: Vec<PhoneNumber>,
    /// True when blanks, hyphens, a country code or a second number had to be sorted out.
    pub repaired: bool,
    /// The first part of the cell that could not be used.
    pub problem: Option<PhoneProblem>,
}

impl PhoneNumber {
    /// Reads exactly one number.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(text: &str) -> Result<PhoneNumber, PhoneProblem> {
        read_one(text).map(|(number, _)| number)
    }

    /// Reads a cell with one or more numbers, separated by `/`, `、`, `；`, `，`, a new line or
    /// blanks; whose number it is may stand beside it (`本人`, `（母亲）`).
    pub fn parse_all(text: &str) -> PhonesRead {
        let mut read = PhonesRead::default();
        let separators = ['/', '／', '、', ';', '；', ',', '，', '|', '\n'];
        for part in text.split(separators).filter(|part| !part.trim().is_empty()) {
            match read_part(part) {
                Ok(found) => {
                    for (number, repaired) in found {
                        read.repaired |= repaired || !read.numbers.is_empty();
                        if !read.numbers.contains(&number) {
                            read.numbers.push(number);
                        }
                    }
                }
                Err(problem) => read.problem = read.problem.or(Some(problem)),
            }
        }
        read
    }

    /// The number, digits only for a mobile number.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn kind(&self) -> PhoneKind {
        self.kind
    }

    /// `138****2741`; a landline shows its last four digits.
    pub fn masked(&self) -> String {
        mask(&self.text)
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// A text that may be a telephone number, fit for a message: `138****2741`.
pub fn mask(text: &str) -> String {
    let length = text.chars().count();
    let (front, back) = if length >= 10 { (3, 4) } else { (0, 2.min(length / 3)) };
    let keep = |at: usize| at < front || at >= length - back;
    text.chars().enumerate().map(|(at, c)| if keep(at) { c } else { '*' }).collect()
}

/// The number in a part of a cell, or the numbers that blanks or words keep apart in it.
fn read_part(part: &str) -> Result<Vec<(PhoneNumber, bool)>, PhoneProblem> {
    let whole = match read_one(part) {
        Ok(one) => return Ok(vec![one]),
        Err(problem) => problem,
    };
    // Words say whose number it is; of a word, nothing can be part of a number.
    let word = |c: char| c.is_alphabetic() || matches!(c, ':' | '：');
    let numbers: String = part.chars().map(|c| if word(c) { ' ' } else { c }).collect();
    let pieces = numbers.split_whitespace().filter(|piece| piece.chars().any(char::is_numeric));
    let found: Vec<(PhoneNumber, bool)> = pieces
        .map(|piece| read_one(piece).map(|(number, _)| (number, true)))
        .collect::<Result<_, _>>()
        .map_err(|_| whole)?;
    if found.is_empty() { Err(whole) } else { Ok(found) }
}

/// The number and whether its text needed repair. A full-width digit alone is no repair: the
/// importer reports that itself.
fn read_one(text: &str) -> Result<(PhoneNumber, bool), PhoneProblem> {
    let mut digits = String::with_capacity(14);
    let mut repaired = false;
    for c in text.chars() {
        match c {
            '0'..='9' => digits.push(c),
            '０'..='９' => {
                digits.push(char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c));
            }
            '\t' => {}
            '+' | '＋' | '-' | '－' | '\'' | '(' | ')' | '（' | '）' => repaired = true,
            '\u{2010}'..='\u{2015}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' => {
                repaired = true;
            }
            _ if c.is_whitespace() => repaired = true,
            _ => return Err(PhoneProblem::Characters),
        }
    }
    let national = ["0086", "86"]
        .iter()
        .find_map(|code| digits.strip_prefix(code).filter(|rest| is_mobile(rest)))
        .map(str::to_owned);
    if let Some(text) = national {
        return Ok((PhoneNumber { text, kind: PhoneKind::Mobile }, true));
    }
    if is_mobile(&digits) {
        return Ok((PhoneNumber { text: digits, kind: PhoneKind::Mobile }, repaired));
    }
    if let Some(text) = landline(&digits) {
        // Hyphens and brackets are how landlines are written.
        return Ok((PhoneNumber { text, kind: PhoneKind::Landline }, false));
    }
    let like_mobile = digits.starts_with('1') || digits.starts_with("861");
    if like_mobile {
        Err(PhoneProblem::Length(digits.len()))
    } else {
        Err(PhoneProblem::Characters)
    }
}

/// `^1[3-9]\d{9}$`
fn is_mobile(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    bytes.len() == 11 && bytes.first() == Some(&b'1') && matches!(bytes.get(1), Some(b'3'..=b'9'))
}

/// `028-86610001`: area code of three digits (01x, 02x) or four, then seven or eight digits.
/// Without an area code the number is kept as written.
fn landline(digits: &str) -> Option<String> {
    let local = |rest: &str| {
        (7..=8).contains(&rest.len()) && matches!(rest.as_bytes().first(), Some(b'2'..=b'8'))
    };
    if local(digits) {
        return Some(digits.to_owned());
    }
    let area = match digits.as_bytes() {
        [b'0', b'1' | b'2', ..] => 3,
        [b'0', b'3'..=b'9', ..] => 4,
        _ => return None,
    };
    let (area, rest) = digits.split_at_checked(area)?;
    local(rest).then(|| format!("{area}-{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(text: &str) -> (Vec<String>, bool, Option<PhoneProblem>) {
        let read = PhoneNumber::parse_all(text);
        let numbers = read.numbers.iter().map(|n| n.as_str().to_owned()).collect();
        (numbers, read.repaired, read.problem)
    }

    #[test]
    fn mobile_numbers_as_people_write_them() {
        let plain = vec!["16411208660".to_owned()];
        assert_eq!(one("16411208660"), (plain.clone(), false, None));
        assert_eq!(one("１６４１１２０８６６０"), (plain.clone(), false, None));
        for text in [
            "164 1120 8660",
            "164-1120-8660",
            "+8616411208660",
            "8616411208660",
            "0086 164 11208660",
        ] {
            assert_eq!(one(text), (plain.clone(), true, None), "{text}");
        }
        let two = vec!["16411208660".to_owned(), "16411208661".to_owned()];
        for text in
            ["16411208660/16411208661", "16411208660、16411208661", "16411208660；16411208661"]
        {
            assert_eq!(one(text), (two.clone(), true, None), "{text}");
        }
        assert_eq!(one("1641120866"), (vec![], false, Some(PhoneProblem::Length(10))));
        assert_eq!(one("父亲的手机"), (vec![], false, Some(PhoneProblem::Characters)));
        assert_eq!(one("12011208660"), (vec![], false, Some(PhoneProblem::Length(11))));
        assert_eq!(one(" "), (vec![], false, None));
    }

    #[test]
    fn landlines_are_kept_for_calls() {
        let read = PhoneNumber::parse_all("028-86610001");
        assert_eq!(read.numbers[0].kind(), PhoneKind::Landline);
        assert_eq!(one("02886610001").0, ["028-86610001"]);
        assert_eq!(one("(0832)2024001").0, ["0832-2024001"]);
        assert_eq!(one("6610001").0, ["6610001"]);
        assert!(PhoneNumber::parse("0832-1234").is_err());
    }

    #[test]
    fn a_number_is_never_shown_whole() {
        let number = PhoneNumber::parse("13800002741").unwrap();
        assert_eq!(number.masked(), "138****2741");
        assert_eq!(format!("{number:?}"), "138****2741");
        assert_eq!(mask("1641120866"), "164***0866");
        assert_eq!(mask("12"), "**");
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "\\PC{0,40}") {
            let _ = PhoneNumber::parse_all(&text);
            let _ = mask(&text);
        }
    }
}
