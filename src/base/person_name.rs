//! Names of people: rare characters, blanks between characters, dots, traditional forms.

use std::borrow::Cow;
use std::sync::LazyLock;

/// `data/traditional.csv`: traditional, simplified; sorted by code point.
static PAIRS: LazyLock<Vec<(char, char)>> = LazyLock::new(|| {
    let mut pairs: Vec<(char, char)> = include_str!("../../data/traditional.csv")
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut chars = line.chars();
            Some((chars.next()?, chars.nth(1)?))
        })
        .collect();
    pairs.sort_unstable();
    pairs
});

/// One bit per character of the basic plane: most text holds no traditional character, and
/// this says so without searching.
static BITS: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let mut bits = vec![0; 1024];
    for (traditional, _) in PAIRS.iter() {
        let at = u32::from(*traditional);
        if let Some(word) = bits.get_mut(usize::try_from(at / 64).unwrap_or(usize::MAX)) {
            *word |= 1_u64 << (at % 64);
        }
    }
    bits
});

/// The simplified form of a traditional character.
fn simplified(c: char) -> Option<char> {
    let at = u32::from(c);
    let word = BITS.get(usize::try_from(at / 64).unwrap_or(usize::MAX))?;
    if word & (1_u64 << (at % 64)) == 0 {
        return None;
    }
    let found = PAIRS.binary_search_by_key(&c, |(traditional, _)| *traditional).ok()?;
    PAIRS.get(found).map(|(_, simplified)| *simplified)
}

/// The text in simplified characters; borrowed when it already is.
pub fn simplify(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || text.chars().all(|c| simplified(c).is_none()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| simplified(c).unwrap_or(c)).collect())
}

/// What a name looks like for comparing: simplified, without blanks, one kind of dot,
/// half-width capitals. `陳 龍平` and `陈龙平` have the same key.
pub fn name_key(name: &str) -> String {
    let letters = name.chars().filter(|c| !is_blank(*c));
    letters.map(|c| dot(half(c))).map(|c| simplified(c).unwrap_or(c).to_ascii_uppercase()).collect()
}

/// `data/pinyin_initials.txt`: a letter for each character from U+4E00 and then from U+3400, lines
/// of 64; `-` where none is known.
const INITIALS: &str = include_str!("../../data/pinyin_initials.txt");
/// Surnames that are not read as the character is elsewhere.
const SURNAMES: &str = "曾Z单S解X查Z仇Q覃Q区O翟Z种C缪M乐Y尉Y员Y祭Z折S晟C召S";

/// The initials of a name in pinyin, as somebody types them: `YM` for 叶敏; `-` without any.
pub fn initials(name: &str) -> String {
    let key = name_key(name);
    let mut letters: String = key.chars().filter_map(initial).collect();
    let surname = key.chars().next().and_then(|first| SURNAMES.split_once(first));
    if let Some(letter) = surname.and_then(|(_, rest)| rest.get(..1))
        && !letters.is_empty()
    {
        letters.replace_range(..1, letter);
    }
    if letters.is_empty() { "-".to_owned() } else { letters }
}

fn initial(c: char) -> Option<char> {
    let at = match u32::from(c) {
        code @ 0x4E00..=0x9FFF => code - 0x4E00,
        code @ 0x3400..=0x4DBF => code - 0x3400 + (0x9FFF - 0x4E00 + 1),
        _ => return Some(c).filter(char::is_ascii_alphanumeric),
    };
    let at = usize::try_from(at + at / 64).ok()?;
    INITIALS.as_bytes().get(at).map(|letter| char::from(*letter)).filter(|letter| *letter != '-')
}

/// True when two names may well be the same person's: equal keys, or equal but for the dot
/// between their parts, which banks leave out, or for characters that were lost on one side
/// (`何□` and `何波`).
pub fn may_be_same(one: &str, other: &str) -> bool {
    let (one, other) = (name_key(one), name_key(other));
    let parts = |key: &str| key.replace(['·', '.'], "");
    if one == other || parts(&one) == parts(&other) {
        return true;
    }
    let same = |(a, b): (char, char)| a == b || is_lost(a) || is_lost(b);
    one.chars().count() == other.chars().count() && one.chars().zip(other.chars()).all(same)
}

/// A name as read from a cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameRead {
    pub text: String,
    /// A blank stood inside.
    pub inner_blank: bool,
    /// The dot between the parts was another character than ·.
    pub other_dot: bool,
    /// Characters of full width were made narrow.
    pub full_width: bool,
    /// Characters are traditional ones.
    pub traditional: bool,
    /// A character is missing: a box or question mark stands for it.
    pub lost: bool,
}

/// Cleans a name without ever changing which characters it is made of.
pub fn read_name(text: &str) -> NameRead {
    let mut read = NameRead { text: String::with_capacity(text.len()), ..NameRead::default() };
    let mut chars = text.chars().peekable();
    let mut before = None;
    while let Some(c) = chars.next() {
        if is_blank(c) {
            while chars.next_if(|next| is_blank(*next)).is_some() {}
            let latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic());
            if latin(before) && latin(chars.peek().copied().map(half)) {
                read.text.push(' ');
            } else {
                read.inner_blank = true;
            }
            continue;
        }
        let narrow = half(c);
        read.full_width |= narrow != c && !matches!(c, '？' | '．');
        read.lost |= is_lost(c);
        let initial = narrow == '.' && before.is_some_and(|c| c.is_ascii_alphabetic());
        let put = if initial { narrow } else { dot(narrow) };
        read.other_dot |= put == '·' && c != '·';
        read.traditional |= simplified(put).is_some();
        read.text.push(put);
        before = Some(put);
    }
    read
}

/// Blanks and marks that take no place.
pub fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}')
}

/// What stands where a rare character was lost: a question mark, a box, the replacement
/// character, a private code point.
fn is_lost(c: char) -> bool {
    matches!(
        c,
        '?' | '？' | '□' | '■' | '▯' | '\u{FFFD}' | '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..
    )
}

/// The dots that stand between the parts of a name, as `·` (U+00B7).
fn dot(c: char) -> char {
    match c {
        '\u{30FB}' | '\u{2022}' | '\u{2027}' | '\u{FF65}' | '\u{2219}' | '\u{22C5}' | '.' => '·',
        other => other,
    }
}

/// The half-width form of a full-width letter, digit or sign.
pub fn half(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traditional_forms_are_known() {
        assert_eq!(simplify("馬龍平"), "马龙平");
        assert_eq!(simplify("樂至縣中天鎮"), "乐至县中天镇");
        for plain in
            ["程林㼆", "赵䶮", "李𬱖", "王喆", "刘堃", "龑", "李昇", "于是", "干部", "Maria"]
        {
            assert!(matches!(simplify(plain), Cow::Borrowed(_)), "{plain}");
        }
    }

    #[test]
    fn names_are_compared_by_key() {
        assert_eq!(name_key("陳 龍平"), name_key("陈龙平"));
        assert_eq!(name_key("艾力・买买提"), name_key("艾力·买买提"));
        assert_eq!(name_key("Ｍaria Li"), name_key("maria li"));
        assert!(may_be_same("何□", "何波"));
        assert!(may_be_same("黄有?", "黄有宁"));
        for written in ["古丽米热艾比布力", "古丽米热.艾比布力", "古丽米热?艾比布力"]
        {
            assert!(may_be_same(written, "古丽米热·艾比布力"), "{written}");
        }
        assert!(!may_be_same("何□", "何波波"));
        assert!(!may_be_same("何涛", "何波"));
    }

    #[test]
    fn names_keep_their_characters() {
        let read = read_name("邹 \u{3000}先平");
        assert_eq!((read.text.as_str(), read.inner_blank), ("邹先平", true));
        let read = read_name("艾力•买买提");
        assert_eq!((read.text.as_str(), read.other_dot), ("艾力·买买提", true));
        assert_eq!(read_name("Maria  Li").text, "Maria Li");
        assert!(read_name("马龍平").traditional && read_name("马龍平").text == "马龍平");
        assert!(read_name("何\u{E000}").lost && read_name("何\u{FFFD}").lost);
        assert_eq!(read_name("程林㼆"), NameRead { text: "程林㼆".into(), ..NameRead::default() });
    }
}
