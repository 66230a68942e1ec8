//! Codes on papers: eight characters, 40 random bits, none that looks or sounds like another.
//! Said on the telephone and typed by tired hands, so reading one is patient.

use crate::error::{AppError, AppResult};

/// 32 characters: no 0 and O, no 1 and I.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// Characters of a code.
pub const LENGTH: usize = 8;

/// A new code: 40 bits from the operating system.
pub fn new_code() -> AppResult<String> {
    let mut bytes = [0_u8; 5];
    getrandom::fill(&mut bytes).map_err(|e| AppError::broken(format!("no randomness: {e}")))?;
    let bits = bytes.iter().fold(0_u64, |all, byte| (all << 8) | u64::from(*byte));
    let character = |at: u32| {
        let five = usize::try_from((bits >> (5 * at)) & 31).unwrap_or_default();
        ALPHABET.get(five).map_or('2', |byte| char::from(*byte))
    };
    Ok((0..8).map(character).collect())
}

/// The code that was meant, or none. Case, blanks, hyphens and full-width characters do not
/// matter. What no code has is read as what it was most likely meant to be: 0 and O as Q, 1 and
/// I as L. A wrong reading finds nothing.
pub fn read(text: &str) -> Option<String> {
    let mut code = String::with_capacity(LENGTH);
    for c in text.chars() {
        let c = match u32::from(c) {
            n @ 0xFF01..=0xFF5E => char::from_u32(n - 0xFEE0).unwrap_or(c),
            _ => c,
        };
        let c = match c.to_ascii_uppercase() {
            '0' | 'O' => 'Q',
            '1' | 'I' | '|' => 'L',
            c if c.is_whitespace() || matches!(c, '-' | '–' | '—' | '－' | '_' | '.') => {
                continue;
            }
            c => c,
        };
        if !u8::try_from(c).is_ok_and(|byte| ALPHABET.contains(&byte)) || code.len() == LENGTH {
            return None;
        }
        code.push(c);
    }
    (code.len() == LENGTH).then_some(code)
}

/// `7K3M-9QXP`, as it is printed and said.
pub fn spoken(code: &str) -> String {
    match code.split_at_checked(4) {
        Some((front, back)) if !back.is_empty() => format!("{front}-{back}"),
        _ => code.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_survives_the_telephone() {
        for typed in ["7K3M-9QXP", " 7k3m 9qxp ", "7K3M9QXP", "７ｋ３ｍ－９ｑｘｐ", "7k3m-90xp"]
        {
            assert_eq!(read(typed).as_deref(), Some("7K3M9QXP"), "{typed}");
        }
        assert_eq!(read("1234-567I").as_deref(), Some("L234567L"));
        for wrong in ["", "7K3M-9QX", "7K3M-9QXP7", "7K3M-9QX中", "7K3M/9QXP"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn codes_are_different_and_read_back() {
        let all: std::collections::BTreeSet<String> =
            (0..500).map(|_| new_code().unwrap()).collect();
        assert_eq!(all.len(), 500);
        assert!(all.iter().all(|code| read(&spoken(code)).as_ref() == Some(code)));
    }
}
