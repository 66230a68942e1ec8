//! Names of the files that are sent out: readable, safe on every system, never twice the same.

use std::collections::HashSet;

/// The list of all receivers.
pub const COVER: &str = "00-总表.xlsx";

/// Longest name in bytes, the ending included. File systems take 255; archives and sticks that
/// put a folder in front take less.
const BYTES_MAX: usize = 180;

/// Words that old systems keep for devices, whatever the ending.
const DEVICES: [&str; 4] = ["CON", "PRN", "AUX", "NUL"];

/// Gives out names that differ from all given out before, whatever the case of letters.
#[derive(Debug, Default)]
pub struct Names {
    taken: HashSet<String>,
}

impl Names {
    /// The name, without ending, of the file for a receiver made of `parts` (empty ones are left
    /// out): `中天镇-大楼湾村村民委员会`.
    pub fn stem(&mut self, parts: &[&str]) -> String {
        let base = safe(parts);
        let mut name = base.clone();
        let mut n = 1;
        while !self.taken.insert(name.to_lowercase()) {
            n += 1;
            name = format!("{base}（{n}）");
        }
        name
    }
}

fn safe(parts: &[&str]) -> String {
    let parts: Vec<String> = parts.iter().map(|part| clean(part)).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).filter(|p| !p.is_empty()).collect();
    let mut name = parts.join("-");
    let upper = name.to_ascii_uppercase();
    let numbered =
        |port: &str| upper.strip_prefix(port).is_some_and(|n| n.len() == 1 && n.as_bytes() != b"0");
    if DEVICES.contains(&upper.as_str()) || numbered("COM") || numbered("LPT") || name.is_empty() {
        name.push('_');
    }
    // Room is kept for a number in brackets and the ending.
    let room = BYTES_MAX - "（9999）.xlsx".len();
    let mut cut = name.len().min(room);
    while !name.is_char_boundary(cut) {
        cut -= 1;
    }
    name.truncate(cut);
    name.trim_end_matches([' ', '.']).to_owned()
}

/// Without what some system does not take in a name; a sign that separates becomes a dash.
fn clean(part: &str) -> String {
    let mut name = String::with_capacity(part.len());
    for c in part.trim().chars() {
        match c {
            '/' | '\\' | ':' | '|' => name.push('-'),
            '*' | '?' | '"' | '<' | '>' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' => {}
            c if c.is_control() => {}
            c if c.is_whitespace() => name.push(' '),
            c => name.push(c),
        }
    }
    name.trim_matches([' ', '.', '-']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_readable_and_safe() {
        let mut names = Names::default();
        let mut stem = |parts: &[&str]| names.stem(parts);
        assert_eq!(stem(&["中天镇", "大楼湾村村民委员会"]), "中天镇-大楼湾村村民委员会");
        assert_eq!(stem(&["", "乐至县第四中学"]), "乐至县第四中学");
        assert_eq!(stem(&["..", "../../etc/passwd"]), "etc-passwd");
        assert_eq!(stem(&["a\\b:c*?\"<>|\u{0}d\u{202e}."]), "a-b-c-d");
        assert_eq!(stem(&["con"]), "con_");
        assert_eq!(stem(&["COM1"]), "COM1_");
        assert_eq!(stem(&[" ", "\n"]), "_");
    }

    #[test]
    fn no_two_receivers_share_a_file() {
        let mut names = Names::default();
        assert_eq!(names.stem(&["A村"]), "A村");
        assert_eq!(names.stem(&["a村"]), "a村（2）");
        assert_eq!(names.stem(&["A村"]), "A村（3）");
        assert_eq!(names.stem(&["A村（2）"]), "A村（2）（2）");
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        let mut names = Names::default();
        let long = "湾".repeat(200);
        let first = names.stem(&[&long]);
        let second = names.stem(&[&long]);
        assert!(first.len() < BYTES_MAX && second.len() + ".xlsx".len() <= BYTES_MAX);
        assert_ne!(first, second);
        assert!(first.chars().all(|c| c == '湾'));
    }
}
