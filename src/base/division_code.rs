//! The six-digit division codes of identity numbers, in use or abolished.
//!
//! The code says where a person was first registered, not where the household is today:
//! a hint for staff, never a reason to refuse anything.

use std::collections::HashMap;
use std::sync::LazyLock;

/// `data/divisions_history.csv`: code, name, prefecture_name, province_name, level, status, …
const HISTORY: &str = include_str!("../../data/divisions_history.csv");

/// Code -> (name, prefecture, province) under the last name it had.
static NAMES: LazyLock<HashMap<&'static str, [&'static str; 3]>> = LazyLock::new(|| {
    let rows = HISTORY.lines().skip(1).filter_map(|line| {
        let mut cells = line.split(',');
        let code = cells.next()?;
        Some((code, [cells.next()?, cells.next()?, cells.next()?]))
    });
    rows.collect()
});

/// Codes of residence permits for people of Hong Kong, Macao and Taiwan.
const PERMITS: [(&str, &str); 3] = [("810000", "香港"), ("820000", "澳门"), ("830000", "台湾")];

/// True when the code is or once was that of a division (since 1981), or of a residence permit.
pub fn is_known(code: &str) -> bool {
    NAMES.contains_key(code) || PERMITS.iter().any(|(permit, _)| *permit == code)
}

/// The place in words: `四川省资阳市乐至县`. Nothing for a code never heard of.
pub fn place_of(code: &str) -> Option<String> {
    if let Some((_, name)) = PERMITS.iter().find(|(permit, _)| *permit == code) {
        return Some((*name).to_owned());
    }
    let [name, prefecture, province] = NAMES.get(code)?;
    let prefecture = if *prefecture == "直辖" { "" } else { prefecture };
    Some(format!("{province}{prefecture}{name}"))
}

/// True when the first two digits are those of a province (current ones, and 71, 81, 82, 83).
pub fn is_province(two_digits: &str) -> bool {
    matches!(
        two_digits,
        "11" | "12"
            | "13"
            | "14"
            | "15"
            | "21"
            | "22"
            | "23"
            | "31"
            | "32"
            | "33"
            | "34"
            | "35"
            | "36"
            | "37"
            | "41"
            | "42"
            | "43"
            | "44"
            | "45"
            | "46"
            | "50"
            | "51"
            | "52"
            | "53"
            | "54"
            | "61"
            | "62"
            | "63"
            | "64"
            | "65"
            | "71"
            | "81"
            | "82"
            | "83"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_in_use_and_abolished_are_known() {
        for code in ["512022", "340221", "511022", "110101", "810000"] {
            assert!(is_known(code), "{code}");
        }
        assert!(!is_known("512099"));
        assert_eq!(place_of("512022").as_deref(), Some("四川省资阳市乐至县"));
        assert_eq!(place_of("110101").as_deref(), Some("北京市东城区"));
        assert_eq!(place_of("999999"), None);
    }
}
