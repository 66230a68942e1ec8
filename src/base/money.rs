//! Money in whole fen (0.01 yuan). Never a float, never an unchecked sum.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};
use std::str::FromStr;

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::BigInt;
use serde::{Deserialize, Serialize};

/// An amount of money in fen. `Fen::new(269_740)` is ¥2,697.40.
///
/// Sums saturate instead of wrapping: at ±92 quadrillion yuan, a sum that could only come
/// from damaged data stays visibly absurd and never turns negative by overflow.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    AsExpression,
    FromSqlRow,
)]
#[diesel(sql_type = BigInt)]
#[serde(transparent)]
pub struct Fen(i64);

/// Why a text is not an amount of money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotMoney;

impl fmt::Display for NotMoney {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected yuan as decimal text with at most two decimals, such as 20000.00")
    }
}

impl std::error::Error for NotMoney {}

impl Fen {
    pub const ZERO: Fen = Fen(0);

    /// An amount of `fen` fen.
    pub const fn new(fen: i64) -> Self {
        Fen(fen)
    }

    /// An amount of whole yuan.
    pub const fn from_yuan(yuan: i64) -> Self {
        Fen(yuan.saturating_mul(100))
    }

    /// The amount in fen.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// True for 0.00.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// True for more than 0.00.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// The smaller of two amounts.
    pub fn at_most(self, other: Fen) -> Fen {
        self.min(other)
    }

    /// The amount, or nothing when it is negative.
    pub fn or_zero(self) -> Fen {
        self.max(Fen::ZERO)
    }

    /// `self / n`, half-up to the fen (loan-maths section 3). `n` must be positive;
    /// a non-positive `n` gives the whole amount, as if there were one instalment.
    pub fn share(self, n: i64) -> Fen {
        if n <= 1 {
            return self;
        }
        let doubled = self.0.saturating_mul(2).saturating_add(n);
        Fen(doubled.div_euclid(n.saturating_mul(2)))
    }

    /// Yuan with two decimals and no separators: `2697.40`, as files and the command line use.
    pub fn to_yuan_text(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let abs = self.0.unsigned_abs();
        format!("{sign}{}.{:02}", abs / 100, abs % 100)
    }

    /// Yuan with thousands separators and a true minus: `2,697.40`, as pages use (no ¥ sign).
    pub fn to_page_text(self) -> String {
        let abs = self.0.unsigned_abs();
        let yuan = (abs / 100).to_string();
        let mut out = String::with_capacity(yuan.len() + 8);
        if self.0 < 0 {
            out.push('\u{2212}');
        }
        for (place, digit) in yuan.chars().enumerate() {
            if place > 0 && (yuan.len() - place).is_multiple_of(3) {
                out.push(',');
            }
            out.push(digit);
        }
        out.push_str(&format!(".{:02}", abs % 100));
        out
    }
}

impl FromStr for Fen {
    type Err = NotMoney;

    /// Reads plain yuan text (`20000`, `20000.5`, `-3.00`). No separators, signs of currency or
    /// blanks: what people type in sheets is cleaned by the importer first.
    fn from_str(text: &str) -> Result<Self, NotMoney> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (yuan, cents) = digits.split_once('.').unwrap_or((digits, "0"));
        let plain = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        if !plain(yuan) || !plain(cents) || cents.len() > 2 || yuan.len() > 13 {
            return Err(NotMoney);
        }
        let yuan: i64 = yuan.parse().map_err(|_| NotMoney)?;
        let tens = if cents.len() == 1 { 10 } else { 1 };
        let cents: i64 = cents.parse().map_err(|_| NotMoney)?;
        let fen = yuan * 100 + cents * tens;
        Ok(Fen(if negative { -fen } else { fen }))
    }
}

/// The amount that a person types: `5000`, `5,000`, `５０００元`; none when it is none.
pub fn typed_money(text: &str) -> Option<Fen> {
    let plain: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, ',' | '，' | '¥' | '￥' | '元'))
        .map(|c| match c {
            '０'..='９' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
            '．' => '.',
            c => c,
        })
        .collect();
    plain.parse().ok()
}

impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_yuan_text())
    }
}

impl Add for Fen {
    type Output = Fen;
    fn add(self, other: Fen) -> Fen {
        Fen(self.0.saturating_add(other.0))
    }
}

impl Sub for Fen {
    type Output = Fen;
    fn sub(self, other: Fen) -> Fen {
        Fen(self.0.saturating_sub(other.0))
    }
}

impl Neg for Fen {
    type Output = Fen;
    fn neg(self) -> Fen {
        Fen(self.0.saturating_neg())
    }
}

impl AddAssign for Fen {
    fn add_assign(&mut self, other: Fen) {
        *self = *self + other;
    }
}

impl SubAssign for Fen {
    fn sub_assign(&mut self, other: Fen) {
        *self = *self - other;
    }
}

impl Sum for Fen {
    fn sum<I: Iterator<Item = Fen>>(amounts: I) -> Fen {
        amounts.fold(Fen::ZERO, Add::add)
    }
}

crate::base::ids::sql_number!(Fen, BigInt, i64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_as_people_type_them() {
        for text in ["5000", "5,000", " ５０００元", "¥5000.00", "5，000元", "５０００．００"]
        {
            assert_eq!(typed_money(text), Some(Fen::from_yuan(5_000)), "{text}");
        }
        for text in ["", "五千", "5k", "1e3"] {
            assert_eq!(typed_money(text), None, "{text}");
        }
    }

    #[test]
    fn texts_round_trip() {
        for (text, fen) in
            [("0.00", 0), ("2697.40", 269_740), ("-0.05", -5), ("20000.00", 2_000_000)]
        {
            assert_eq!(text.parse::<Fen>(), Ok(Fen::new(fen)));
            assert_eq!(Fen::new(fen).to_yuan_text(), text);
        }
        assert_eq!("7.5".parse(), Ok(Fen::new(750)));
        assert_eq!("7".parse(), Ok(Fen::new(700)));
        for bad in
            ["", ".", "1.", ".5", "1.234", "1,000", "￥1", "1e5", "+1", "--1", "12345678901234"]
        {
            assert_eq!(bad.parse::<Fen>(), Err(NotMoney), "{bad:?}");
        }
    }

    #[test]
    fn page_text_has_thousands_and_a_true_minus() {
        assert_eq!(Fen::new(26_841_390_000).to_page_text(), "268,413,900.00");
        assert_eq!(Fen::new(-123_456).to_page_text(), "\u{2212}1,234.56");
        assert_eq!(Fen::new(99_999).to_page_text(), "999.99");
    }

    /// loan-maths 3: 80,000.00 over 11 instalments is 7,272.73 each.
    #[test]
    fn a_share_is_half_up_to_the_fen() {
        assert_eq!(Fen::from_yuan(80_000).share(11), Fen::new(727_273));
        assert_eq!(Fen::from_yuan(20_000).share(11), Fen::new(181_818));
        assert_eq!(Fen::new(5).share(2), Fen::new(3));
        assert_eq!(Fen::new(7).share(0), Fen::new(7));
    }
}
