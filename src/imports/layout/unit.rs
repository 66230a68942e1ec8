//! A heading as it is compared, and the unit that it states.

use crate::base::person_name::{half, is_blank, simplify};

/// The unit a heading states in brackets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Unit {
    /// None, or one that changes nothing (笔, 天).
    #[default]
    Plain,
    /// 元
    Yuan,
    /// 千元
    ThousandYuan,
    /// 万元
    TenThousandYuan,
    /// 月
    Months,
    /// 年
    Years,
}

/// The unit that a title states for all amounts: `单位：万元`.
pub(super) fn unit_of(titles: &[String]) -> Unit {
    let stated = titles.iter().find_map(|title| {
        let text: String = title.chars().map(half).filter(|c| !is_blank(*c)).collect();
        let (_, unit) = text.split_once("单位:").or_else(|| text.split_once("单位为"))?;
        let units = [
            ("万元", Unit::TenThousandYuan),
            ("人民币万元", Unit::TenThousandYuan),
            ("千元", Unit::ThousandYuan),
            ("元", Unit::Yuan),
            ("人民币元", Unit::Yuan),
        ];
        units.into_iter().find(|(word, _)| unit.starts_with(word)).map(|(_, unit)| unit)
    });
    stated.unwrap_or_default()
}

/// A heading without blanks, marks and unit; brackets half-width, characters simplified.
pub(super) fn normal(heading: &str) -> (String, Unit) {
    let is_letter = |c: &char| !is_blank(*c) && !matches!(c, '*' | ':' | '"' | '\'' | '※');
    let narrow: String = heading.chars().map(half).filter(is_letter).collect();
    let mut text = simplify(&narrow).to_lowercase();
    let mut unit = Unit::Plain;
    if let Some((front, inside)) = text.strip_suffix(')').and_then(|t| t.rsplit_once('(')) {
        unit = match inside.trim_start_matches("单位").trim_start_matches(':') {
            "万元" | "万" => Unit::TenThousandYuan,
            "千元" => Unit::ThousandYuan,
            "元" | "人民币元" | "人民币" | "rmb" => Unit::Yuan,
            "月" | "个月" => Unit::Months,
            "年" => Unit::Years,
            "笔" | "天" | "岁" | "人" | "必填" | "选填" => Unit::Plain,
            _ => return (text, unit),
        };
        // `发放（笔）` and `发放（元）` would become one; such headings keep their bracket.
        if inside != "笔" {
            text = front.to_owned();
        }
    }
    (text, unit)
}
