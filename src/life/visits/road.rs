//! In which order somebody on foot comes past the houses of a village, read from the address.
//!
//! Rural addresses end in 5组12号 (household group and house number; some counties say 社 or 队),
//! so those two numbers are the way. An address without them comes last, by its text.

/// Where a house stands along the road of its village. Compares in the order of walking.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// 组, 社 or 队; the largest number when the address names none.
    group: u32,
    /// 号; the largest number when the address names none.
    house: u32,
    /// What decides between equals.
    address: String,
}

/// The place that an address names: `大楼湾村5组2号` is group 5, house 2.
pub fn place(address: &str) -> Place {
    let (group, rest) = match number_before(address, &['组', '社', '队']) {
        Some((number, rest)) => (Some(number), rest),
        None => (None, address),
    };
    let house = number_before(rest, &['号']).map(|(number, _)| number);
    Place {
        group: group.unwrap_or(u32::MAX),
        house: house.unwrap_or(u32::MAX),
        address: address.to_owned(),
    }
}

/// The road, lane or household group of a house, for headings. Compares in the order of walking:
/// groups by number, then streets by name, then houses of which the address names neither.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Road {
    /// 组, 社 or 队; the largest number when the address names none.
    group: u32,
    /// No street is named; then by name.
    nameless: bool,
    street: String,
}

impl Road {
    /// `5组`, `迎宾路`, `其他住址`.
    pub fn in_words(&self) -> String {
        match self.group {
            u32::MAX if self.nameless => "其他住址".to_owned(),
            u32::MAX => self.street.clone(),
            group => format!("{group}组"),
        }
    }
}

/// The road that an address names.
pub fn road(address: &str) -> Road {
    let group = number_before(address, &['组', '社', '队']).map_or(u32::MAX, |(n, _)| n);
    let street = if group == u32::MAX { street(address) } else { String::new() };
    Road { group, nameless: street.is_empty(), street }
}

/// `迎宾路` of `天池街道迎宾路88号3栋`: from the last place that an address names up to the sign of
/// a road. 街道 is a township.
fn street(address: &str) -> String {
    let letters: Vec<char> = address.chars().collect();
    let is_sign = |at: usize| {
        let town = letters.get(at + 1) == Some(&'道');
        letters.get(at).is_some_and(|c| "路街巷".contains(*c)) && !town
    };
    let Some(end) = (0..letters.len()).find(|at| is_sign(*at)) else { return String::new() };
    let place = |at: &usize| letters.get(*at).is_some_and(|c| "县区市镇乡村社道".contains(*c));
    let from = (0..end).rev().find(place).map_or(0, |at| at + 1);
    let name: String = letters.iter().skip(from).take(end + 1 - from).collect();
    if name.chars().count() > 1 { name } else { String::new() }
}

/// The first number that stands right before one of the `signs`, and the text after that sign.
fn number_before<'a>(text: &'a str, signs: &[char]) -> Option<(u32, &'a str)> {
    let mut digits = String::new();
    for (at, c) in text.char_indices() {
        if is_digit(c) {
            digits.push(c);
            continue;
        }
        if signs.contains(&c)
            && let Some(number) = number(&digits)
        {
            return Some((number, text.get(at + c.len_utf8()..).unwrap_or_default()));
        }
        digits.clear();
    }
    None
}

fn is_digit(c: char) -> bool {
    latin(c).is_some() || c == '十' || chinese(c).is_some()
}

/// An ordinary or full-width digit.
fn latin(c: char) -> Option<u32> {
    let plain = match c {
        '０'..='９' => char::from_u32(u32::from(c) - u32::from('０') + u32::from('0'))?,
        _ => c,
    };
    plain.to_digit(10)
}

fn chinese(c: char) -> Option<u32> {
    "〇一二三四五六七八九".chars().zip(0..).find(|(digit, _)| *digit == c).map(|(_, n)| n)
}

/// `12`, `１２`, `十二`, `二十`, `一二` are all numbers; anything mixed is none.
fn number(digits: &str) -> Option<u32> {
    if digits.is_empty() || digits.chars().count() > 6 {
        return None;
    }
    let positional = |value: fn(char) -> Option<u32>| {
        digits.chars().try_fold(0_u32, |sum, c| sum.checked_mul(10)?.checked_add(value(c)?))
    };
    if let Some(number) = positional(latin).or_else(|| positional(chinese)) {
        return Some(number);
    }
    let (tens, ones) = digits.split_once('十')?;
    let part = |text: &str, none: u32| {
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (None, _) => Some(none),
            (Some(c), None) => chinese(c),
            _ => None,
        }
    };
    Some(part(tens, 1)? * 10 + part(ones, 0)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(address: &str) -> (Option<u32>, Option<u32>) {
        let at = place(address);
        let some = |n: u32| (n != u32::MAX).then_some(n);
        (some(at.group), some(at.house))
    }

    #[test]
    fn group_and_house_are_read_however_they_are_written() {
        for (address, group, house) in [
            ("乐至县中天镇大楼湾村5组2号", Some(5), Some(2)),
            ("乐至县南塔街道接龙村10组89号", Some(10), Some(89)),
            ("柳溪镇上湾村二组", Some(2), None),
            ("柳溪镇上湾村十二社３号附1号", Some(12), Some(3)),
            ("上湾村二十一队", Some(21), None),
            ("三元桥村第１０组", Some(10), None),
            ("天池街道迎宾路88号3栋", None, Some(88)),
            ("三溪镇", None, None),
            ("", None, None),
            ("九十九道拐村99999999组", None, None),
        ] {
            assert_eq!(read(address), (group, house), "{address}");
        }
    }

    #[test]
    fn roads_are_named_and_come_in_order() {
        for (address, words) in [
            ("乐至县中天镇大楼湾村5组2号", "5组"),
            ("柳溪镇上湾村十二社３号附1号", "12组"),
            ("乐至县天池街道迎宾路88号3栋", "迎宾路"),
            ("天池街道北街一巷4号", "北街"),
            ("天池街道", "其他住址"),
            ("三溪镇街12号", "其他住址"),
            ("", "其他住址"),
        ] {
            assert_eq!(road(address).in_words(), words, "{address}");
        }
        let mut all = ["三溪镇", "天池街道迎宾路8号", "上湾村10组1号", "上湾村2组3号"];
        all.sort_by_key(|address| road(address));
        assert_eq!(all, ["上湾村2组3号", "上湾村10组1号", "天池街道迎宾路8号", "三溪镇"]);
    }

    #[test]
    fn houses_come_in_the_order_of_walking() {
        let mut road = ["上湾村10组1号", "上湾村2组11号", "上湾村", "上湾村2组3号", "上湾村1组9号"];
        road.sort_by_key(|address| place(address));
        assert_eq!(
            road,
            ["上湾村1组9号", "上湾村2组3号", "上湾村2组11号", "上湾村10组1号", "上湾村"]
        );
    }
}
