//! Universities under the names people give them, against the ministry's list.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::base::ids::text_enum;
use crate::base::person_name::{half, is_blank, simplify};

text_enum! {
    /// Whose university it is, as the finance of a subsidy asks (rules.md 3.4).
    Authority {
        Central = "central", "中央高校";
        Local = "local", "地方高校（本省）";
        /// Of another province: the central budget pays there, too.
        Elsewhere = "elsewhere", "地方高校（外省）";
        Unknown = "unknown", "主管部门未查到";
    }
}

/// A line of the list: the first two digits of its province, and whether a ministry or another
/// body of the centre runs it (主管部门).
#[derive(Clone, Copy, Debug)]
struct Listed {
    province: &'static str,
    is_central: bool,
}

/// The one body of a province that is not called after it.
const CORPS: &str = "新疆生产建设兵团";

static NAMES: LazyLock<HashMap<&'static str, Listed>> = LazyLock::new(|| {
    let list = include_str!("../../data/universities.csv");
    let listed = |line: &'static str| {
        let cells: Vec<&str> = line.split(',').collect();
        let [_, _, name, code, province, _, department, ..] = cells.as_slice() else { return None };
        let is_local = department.starts_with(province) || department.starts_with(CORPS);
        let province = code.get(..2)?;
        Some((*name, Listed { province, is_central: !is_local }))
    };
    list.lines().skip(1).filter_map(listed).collect()
});

/// Whose university of this name is, seen from an office by its code; unknown for one that is not
/// in the list or may be one of several.
pub fn authority(name: &str, office_code: &str) -> Authority {
    let known = match find(name) {
        Found::Exact => NAMES.get(name),
        Found::Traditional(listed) | Found::Variant(listed) => NAMES.get(listed.as_str()),
        Found::OneOf(_) | Found::Unknown => None,
    };
    match known {
        None => Authority::Unknown,
        Some(one) if one.is_central => Authority::Central,
        Some(one) if office_code.starts_with(one.province) => Authority::Local,
        Some(_) => Authority::Elsewhere,
    }
}

/// What was found under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Written as in the list.
    Exact,
    /// In the list, once traditional characters are simplified.
    Traditional(String),
    /// In the list under this form of the name.
    Variant(String),
    /// Cut off, and several names of the list begin so.
    OneOf(Vec<&'static str>),
    /// Not in the list. Old names, branches and military schools are not.
    Unknown,
}

/// The day of the list.
pub const LIST_OF: &str = "2025-06-20";

/// How many universities the list has.
pub fn listed_count() -> usize {
    NAMES.len()
}

/// True for a name of the list.
pub fn is_listed(name: &str) -> bool {
    NAMES.contains_key(name)
}

/// Looks for the name in the list: quotation marks, blanks, brackets, 本部 and a cut-off end
/// are understood.
pub fn find(text: &str) -> Found {
    if is_listed(text) {
        return Found::Exact;
    }
    let simple = simplify(text);
    if simple != text && is_listed(&simple) {
        return Found::Traditional(simple.into_owned());
    }
    let quotes = ['《', '》', '“', '”', '"', '「', '」', '〈', '〉', '【', '】'];
    let plain: String = simple
        .chars()
        .filter(|c| !is_blank(*c) && !quotes.contains(c))
        .map(|c| match half(c) {
            '(' => '（',
            ')' => '）',
            other => other,
        })
        .collect();
    let candidates = [Some(plain.as_str()), without_campus(&plain)];
    if let Some(name) = candidates.into_iter().flatten().find(|name| is_listed(name)) {
        return Found::Variant(name.to_owned());
    }
    let mut fits = completions(&plain);
    match fits.as_slice() {
        [] => Found::Unknown,
        [only] => Found::Variant((*only).to_owned()),
        _ => {
            fits.sort_unstable();
            fits.truncate(4);
            Found::OneOf(fits)
        }
    }
}

/// `西南财经大学（本部）` and `四川大学江安校区` without what names a campus.
fn without_campus(name: &str) -> Option<&str> {
    if let Some((front, bracket)) = name.split_once('（') {
        let campus = ["本部）", "校区）", "校本部）"].iter().any(|end| bracket.ends_with(end));
        return campus.then_some(front);
    }
    if let Some(front) = name.strip_suffix("本部") {
        return Some(front.strip_suffix('校').unwrap_or(front));
    }
    let at = name.find("大学").map(|at| at + "大学".len())?;
    name.ends_with("校区").then(|| name.get(..at)).flatten()
}

/// The names that begin so and go on for at most three characters (a cut-off cell).
fn completions(start: &str) -> Vec<&'static str> {
    if start.chars().count() < 4 {
        return Vec::new();
    }
    let short = |rest: &str| rest.chars().count() <= 3;
    let fits = NAMES.keys().filter(|name| name.strip_prefix(start).is_some_and(short));
    fits.copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ministry's list: 四川大学 belongs to 教育部, 绵阳师范学院 to 四川省.
    #[test]
    fn a_university_is_of_the_centre_of_the_province_or_of_another() {
        let of = |name: &str| authority(name, "512022");
        assert_eq!(of("四川大学"), Authority::Central);
        assert_eq!(of("四川大学江安校区"), Authority::Central);
        assert_eq!(of("中国民用航空飞行学院"), Authority::Central);
        assert_eq!(of("绵阳师范学院"), Authority::Local);
        assert_eq!(of("河北科技大学"), Authority::Elsewhere);
        assert_eq!(of("石河子大学"), Authority::Elsewhere);
        for unknown in ["", "某军事学院", "河北科技"] {
            assert_eq!(of(unknown), Authority::Unknown, "{unknown}");
        }
        let central = NAMES.values().filter(|one| one.is_central).count();
        assert!((100..200).contains(&central), "{central}");
    }

    #[test]
    fn variants_of_a_name_are_understood() {
        let variant = |name: &str| Found::Variant(name.to_owned());
        assert_eq!(find("四川大学"), Found::Exact);
        assert_eq!(find("绵阳师范學院"), Found::Traditional("绵阳师范学院".into()));
        for text in ["西南财经大学（本部）", "《西南财经大学》", "西南财经", "西南财经大学柳林校区"]
        {
            assert_eq!(find(text), variant("西南财经大学"), "{text}");
        }
        assert_eq!(find("四川 职业技术学院"), variant("四川职业技术学院"));
        assert_eq!(find("中国石油大学(北京)"), variant("中国石油大学（北京）"));
        assert_eq!(find("四川"), Found::Unknown);
        assert_eq!(find("河北科技"), Found::OneOf(vec!["河北科技大学", "河北科技学院"]));
        assert_eq!(find("某军事学院"), Found::Unknown);
    }
}
