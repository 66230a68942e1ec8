//! Which contracts may get a certificate, and what stands against it: from the first day of the
//! month after the settlement (rules.md 5.6), and not while a figure of the bank's differs. Pure.

use chrono::{Datelike as _, Months, NaiveDate};

use crate::base::dates::in_words;
use crate::base::hex::{hash_of, hex};
use crate::base::ids::{LoanId, text_enum};
use crate::base::money::Fen;
use crate::base::spoken_code;

text_enum! {
    Kind {
        Settled = "settled", "结清证明";
        /// Of old arrears that were not meant (rules-more.md 3.5); a draft for the bank's stamp.
        Letter = "letter", "非恶意欠款证明";
    }
}

text_enum! {
    State {
        Valid = "valid", "有效";
        Void = "void", "已作废";
    }
}

text_enum! {
    /// Why a family was in arrears, as it says.
    Cause {
        Moved = "moved", "联系方式变更，没有收到还款提醒";
        Unaware = "unaware", "不了解还款日期或扣款办法";
        Account = "account", "还款账户的原因，扣款没有成功";
        Hardship = "hardship", "本人或家庭遇到困难，一时无力还款";
    }
}

/// A contract as far as a certificate is about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contract {
    pub id: LoanId,
    pub number: String,
    /// First year of the school year.
    pub loan_year: i32,
    pub disbursed: Fen,
    pub is_paid_out: bool,
    pub settled_on: Option<NaiveDate>,
    /// The day of the bank's list that says so, while our books say otherwise.
    pub bank_settled_on: Option<NaiveDate>,
    /// What the bank tells reaches the day of the settlement.
    pub is_confirmed: bool,
    /// Figures that differ from the bank's and that nobody has looked into.
    pub differs: Vec<String>,
}

/// Where a contract is on its way to a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    Owes,
    /// Settled, or so the bank says, and this has to be looked into first.
    Blocked(String),
    /// From this day on.
    Soon(NaiveDate),
    Ready,
}

/// From when on the certificate of a contract is issued.
pub fn first_day(settled_on: NaiveDate) -> NaiveDate {
    let month = settled_on.with_day(1).unwrap_or(settled_on);
    month.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX)
}

/// What has to be looked into, in words; `figure`: one that differs.
pub fn block(figure: Option<&str>, is_confirmed: bool) -> Option<String> {
    if let Some(figure) = figure {
        return Some(format!("与银行的{figure}不一致，先到“与银行核对”查清"));
    }
    (!is_confirmed).then(|| "银行数据还没有到结清那天，先导入银行的名单".to_owned())
}

impl Contract {
    pub fn standing(&self, today: NaiveDate) -> Standing {
        let Some(settled_on) = self.settled_on else {
            let words = "银行的名单说已经结清，账上还有余额，先到“与银行核对”查清";
            return self
                .bank_settled_on
                .map_or(Standing::Owes, |_| Standing::Blocked(words.into()));
        };
        let figures = (!self.differs.is_empty()).then(|| self.differs.join("、"));
        if let Some(words) = block(figures.as_deref(), self.is_confirmed) {
            return Standing::Blocked(words);
        }
        let first = first_day(settled_on);
        if first > today { Standing::Soon(first) } else { Standing::Ready }
    }

    /// Why there is no certificate of it on a day, as one sentence.
    pub fn refusal(&self, today: NaiveDate) -> Option<String> {
        let number = &self.number;
        match self.standing(today) {
            Standing::Ready => None,
            Standing::Owes if !self.is_paid_out => {
                Some(format!("合同 {number} 还没有放款，开不了证明"))
            }
            Standing::Owes => Some(format!("合同 {number} 还没有结清，结清以后才能开证明")),
            Standing::Blocked(words) => Some(format!("合同 {number} {words}，再来开证明")),
            Standing::Soon(first) => {
                let first = in_words(first, today);
                Some(format!("合同 {number} 本月才结清，{first}起才能开证明"))
            }
        }
    }
}

/// `LZJ2026-0007`.
pub fn number(letters: &str, year: i32, serial: i32) -> String {
    format!("{letters}J{year}-{serial:04}")
}

/// What the check page looks for: of both together, so that an unknown number and a wrong code are
/// one and the same to it.
pub fn check_key(number: &str, code: &str) -> String {
    hex(&hash_of(&format!("certificate {number} {code}")))
}

/// The same of what somebody typed; none when it cannot be one.
pub fn typed_key(number: &str, code: &str) -> Option<String> {
    let half = |c: char| match u32::from(c) {
        n @ 0xFF01..=0xFF5E => char::from_u32(n - 0xFEE0).unwrap_or(c),
        0x2013 | 0x2014 => '-',
        _ => c,
    };
    let number: String = number.chars().map(half).filter(|c| !c.is_whitespace()).collect();
    let number = number.to_ascii_uppercase();
    (!number.is_empty()).then_some(check_key(&number, &spoken_code::read(code)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn settled(on: &str) -> Contract {
        Contract {
            number: "A1".to_owned(),
            is_paid_out: true,
            settled_on: Some(day(on)),
            is_confirmed: true,
            ..Contract::default()
        }
    }

    #[test]
    fn a_certificate_is_issued_from_the_next_month_on() {
        assert_eq!(first_day(day("2026-07-01")), day("2026-08-01"));
        assert_eq!(first_day(day("2026-12-31")), day("2027-01-01"));
        let one = settled("2026-07-31");
        assert_eq!(one.standing(day("2026-07-31")), Standing::Soon(day("2026-08-01")));
        assert_eq!(one.standing(day("2026-08-01")), Standing::Ready);
    }

    #[test]
    fn what_the_bank_says_otherwise_comes_first() {
        let today = day("2026-09-01");
        let differs = Contract { differs: vec!["贷款余额".into()], ..settled("2026-07-31") };
        assert!(differs.refusal(today).unwrap().contains("贷款余额不一致"));
        let unknown = Contract { is_confirmed: false, ..settled("2026-07-31") };
        assert!(unknown.refusal(today).unwrap().contains("银行数据还没有到结清那天"));
        let by_bank = Contract {
            settled_on: None,
            bank_settled_on: Some(today),
            is_paid_out: true,
            ..Contract::default()
        };
        assert!(matches!(by_bank.standing(today), Standing::Blocked(_)));
        assert!(Contract::default().refusal(today).unwrap().contains("还没有放款"));
    }

    #[test]
    fn a_code_is_read_as_it_is_typed() {
        let key = check_key("LZJ2026-0007", "7K3M9QXP");
        assert_eq!(typed_key(" lzj2026-0007 ", "7k3m-9qxp"), Some(key.clone()));
        assert_eq!(typed_key("ＬＺＪ2026－0007", "7K3M 9QXP"), Some(key.clone()));
        assert_ne!(typed_key("LZJ2026-0008", "7K3M-9QXP"), Some(key));
        assert_eq!(typed_key("LZJ2026-0007", "7K3M"), None);
        assert_eq!(typed_key(" ", "7K3M-9QXP"), None);
    }
}
