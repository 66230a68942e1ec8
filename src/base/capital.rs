//! Amounts as contracts write them beside the figures: 大写金额, of whole fen. Pure.

use crate::base::money::Fen;

const DIGITS: [char; 10] = ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'];
const WITHIN: [&str; 4] = ["", "拾", "佰", "仟"];
const GROUPS: [&str; 5] = ["", "万", "亿", "兆", "京"];

fn digit(number: u64) -> char {
    usize::try_from(number).ok().and_then(|at| DIGITS.get(at)).copied().unwrap_or('零')
}

/// Four digits: `5020` is 伍仟零贰拾.
fn group(number: u64) -> String {
    let mut out = String::new();
    let mut zero = false;
    for (place, unit) in WITHIN.iter().enumerate().rev() {
        let power = 10_u64.pow(u32::try_from(place).unwrap_or_default());
        let here = number / power % 10;
        if here == 0 {
            zero = !out.is_empty();
            continue;
        }
        if zero {
            out.push('零');
        }
        zero = false;
        out.push(digit(here));
        out.push_str(unit);
    }
    out
}

/// `壹万贰仟元整`, `伍佰零陆元零叁分`; a negative amount begins with 负.
pub fn capital(amount: Fen) -> String {
    let fen = amount.get().unsigned_abs();
    let (mut yuan, tens, ones) = (fen / 100, fen / 10 % 10, fen % 10);
    let mut groups = Vec::new();
    while yuan > 0 {
        groups.push(yuan % 10_000);
        yuan /= 10_000;
    }
    let mut out = String::new();
    let mut gap = false;
    for (place, number) in groups.iter().enumerate().rev() {
        if *number == 0 {
            gap = true;
            continue;
        }
        if !out.is_empty() && (gap || *number < 1_000) {
            out.push('零');
        }
        gap = false;
        out.push_str(&group(*number));
        out.push_str(GROUPS.get(place).copied().unwrap_or_default());
    }
    let has_yuan = !out.is_empty();
    if has_yuan || fen == 0 {
        if !has_yuan {
            out.push('零');
        }
        out.push('元');
    }
    match (tens, ones) {
        (0, 0) => out.push('整'),
        (0, ones) => {
            if has_yuan {
                out.push('零');
            }
            out.push(digit(ones));
            out.push('分');
        }
        (tens, ones) => {
            if has_yuan && (fen / 100).is_multiple_of(10) {
                out.push('零');
            }
            out.push(digit(tens));
            out.push('角');
            if ones == 0 {
                out.push('整');
            } else {
                out.push(digit(ones));
                out.push('分');
            }
        }
    }
    if amount.get() < 0 { format!("负{out}") } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_banks_do() {
        for (yuan, words) in [
            ("0", "零元整"),
            ("12000", "壹万贰仟元整"),
            ("20000", "贰万元整"),
            ("8000", "捌仟元整"),
            ("16500", "壹万陆仟伍佰元整"),
            ("10500", "壹万零伍佰元整"),
            ("100010", "壹拾万零壹拾元整"),
            ("107000.53", "壹拾万柒仟元零伍角叁分"),
            ("6007.14", "陆仟零柒元壹角肆分"),
            ("1409.50", "壹仟肆佰零玖元伍角整"),
            ("325.04", "叁佰贰拾伍元零肆分"),
            ("0.06", "陆分"),
            ("0.50", "伍角整"),
            ("100000000", "壹亿元整"),
            ("100000005", "壹亿零伍元整"),
            ("120050000", "壹亿贰仟零伍万元整"),
            ("-12.30", "负壹拾贰元叁角整"),
        ] {
            assert_eq!(capital(yuan.parse().unwrap()), words, "{yuan}");
        }
    }

    #[test]
    fn every_round_amount_of_a_loan_ends_well() {
        for hundreds in 10..250 {
            let words = capital(Fen::from_yuan(hundreds * 100));
            assert!(words.ends_with("元整") && !words.contains("零零"), "{words}");
            assert!(!words.contains("零元") && !words.contains("零万"), "{words}");
        }
    }
}
