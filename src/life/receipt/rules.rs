//! Which contract a receipt is of, what does not agree with it, what may be accepted. Pure.

use crate::base::ids::{LoanId, text_enum};
use crate::base::money::Fen;
use crate::base::person_name::may_be_same;
use crate::book::loan::Loan;

text_enum! {
    #[derive(Default)]
    State {
        Differs = "differs", "待核对";
        #[default]
        Matched = "matched", "一致";
        Accepted = "accepted", "已采用";
        Rejected = "rejected", "已退回";
    }
}

text_enum! {
    /// How the desk knows of it.
    #[derive(Default)]
    ToldBy {
        #[default]
        List = "list", "高校名单";
        Certificate = "certificate", "受理证明";
        Sms = "sms", "短信";
        Hand = "hand", "电话或来函";
    }
}

/// Who has the student number of a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Student {
    pub name: String,
    pub contracts: Vec<Contract>,
}

/// What of a contract a receipt is held against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    pub id: LoanId,
    pub year: i32,
    pub code: String,
    pub principal: Fen,
    /// Tuition and lodging as declared by the student.
    pub fees: Option<Fen>,
}

impl From<&Loan> for Contract {
    fn from(loan: &Loan) -> Contract {
        let Loan { id, loan_year: year, principal_fen: principal, .. } = *loan;
        let fees = fees(loan.tuition_fen, loan.lodging_fen);
        Contract { id, year, code: loan.receipt_code.clone(), principal, fees }
    }
}

/// Tuition and lodging together; none when one of them is not known.
pub fn fees(tuition: Option<Fen>, lodging: Option<Fen>) -> Option<Fen> {
    Some(tuition? + lodging?)
}

/// What the university wrote.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    pub name: &'a str,
    pub student_number: &'a str,
    pub year: i32,
    pub code: &'a str,
    /// The loan's amount, as the university knows it.
    pub amount: Fen,
    /// Tuition and lodging: what goes to the university, the rest goes to the student.
    pub fees: Option<Fen>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    UnknownStudent,
    /// The student number is that of somebody with another name.
    Name,
    NoContract,
    Code,
    /// The code is that of the same student's contract of this year.
    CodeOf(i32),
    Amount {
        contract: Fen,
    },
    /// So much less than declared goes to the university: the family pays it itself.
    Less(Fen),
    /// So much more than declared: the university pays it back in December.
    More(Fen),
}

/// The contract a receipt is of, and what does not agree; `student`: none where nobody has this
/// student number. Another's name is no proof of the contract: the receipt is of none then.
pub fn match_contract(
    receipt: &Written<'_>,
    student: Option<&Student>,
) -> (Option<LoanId>, Option<Mismatch>) {
    let Some(Student { name, contracts: all }) = student else {
        return (None, Some(Mismatch::UnknownStudent));
    };
    if !may_be_same(receipt.name, name) {
        return (None, Some(Mismatch::Name));
    }
    let mut of_year = all.iter().filter(|one| one.year == receipt.year).peekable();
    let is_signed = of_year.peek().is_some();
    let Some(found) = of_year.find(|one| one.code == receipt.code) else {
        let other = all.iter().find(|one| !receipt.code.is_empty() && one.code == receipt.code);
        let why = match other {
            Some(other) => Mismatch::CodeOf(other.year),
            None if is_signed => Mismatch::Code,
            None => Mismatch::NoContract,
        };
        return (None, Some(why));
    };
    (Some(found.id), disagreement(receipt, found))
}

/// Of fees beyond the loan only the loan counts: no more can go to the university.
fn disagreement(receipt: &Written<'_>, contract: &Contract) -> Option<Mismatch> {
    let principal = contract.principal;
    if receipt.amount != principal {
        return Some(Mismatch::Amount { contract: principal });
    }
    let fees = receipt.fees?;
    let Some(declared) = contract.fees else {
        return (fees > principal).then(|| Mismatch::More(fees - principal));
    };
    let (goes, expected) = (fees.at_most(principal), declared.at_most(principal));
    match goes.cmp(&expected) {
        std::cmp::Ordering::Less => Some(Mismatch::Less(expected - goes)),
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => Some(Mismatch::More(goes - expected)),
    }
}

/// `2026-2027 学年`.
pub fn school_year(year: i32) -> String {
    format!("{year}-{} 学年", year + 1)
}

impl Mismatch {
    /// What of the receipt it is about.
    pub const fn heading(&self) -> &'static str {
        match self {
            Mismatch::UnknownStudent => "学号",
            Mismatch::Name => "姓名",
            Mismatch::NoContract => "贷款学年",
            Mismatch::Code | Mismatch::CodeOf(_) => "回执校验码",
            Mismatch::Amount { .. } => "贷款金额",
            Mismatch::Less(_) | Mismatch::More(_) => "学费和住宿费",
        }
    }

    pub fn in_words(&self, of: &Written<'_>) -> String {
        let year = school_year(of.year);
        match self {
            Mismatch::UnknownStudent => {
                format!("没有学号 {} 的借款学生，回执先留着，请核对学号。", of.student_number)
            }
            Mismatch::Name => "姓名与学号对应的学生不一致，回执先留着，请核对。".to_owned(),
            Mismatch::NoContract => format!("{year}没有这个学生的合同，回执先留着，请核对。"),
            Mismatch::Code => "回执校验码与合同上的不一致，回执先留着，请核对。".to_owned(),
            Mismatch::CodeOf(other) => {
                format!("回执校验码是这个学生 {}合同的，回执先留着，请核对。", school_year(*other))
            }
            Mismatch::Amount { contract } => format!(
                "回执金额 {}，合同金额 {}，请与高校核对。",
                of.amount.to_page_text(),
                contract.to_page_text()
            ),
            Mismatch::Less(by) => {
                format!("学费和住宿费比申报的少 ¥{}，差额要由家里自己交给高校。", by.to_page_text())
            }
            Mismatch::More(by) => format!(
                "学费和住宿费比申报的多 ¥{}，多划到高校的 12月由高校退还。",
                by.to_page_text()
            ),
        }
    }
}

/// What a family reads of a receipt; none: the university has not entered it.
pub fn for_family(state: Option<State>, fees: (Option<Fen>, Option<Fen>)) -> String {
    match (state, fees) {
        (None | Some(State::Rejected), _) => "等待高校录入回执".to_owned(),
        (Some(State::Differs), _) => "高校录入的与合同不一致，县里正在核对".to_owned(),
        (Some(_), (None, None)) => "高校已录入回执".to_owned(),
        (Some(_), (tuition, lodging)) => {
            let known = [("学费", tuition), ("住宿费", lodging)].into_iter();
            let known = known.filter_map(|(what, fee)| Some((what, fee?.to_page_text())));
            let known: Vec<_> = known.map(|(what, fee)| format!("{what} ¥{fee}")).collect();
            format!("高校已录入：{}", known.join("，"))
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    NoContract,
    OverCap(Fen),
    Paid,
}

impl Refusal {
    pub fn in_words(self) -> String {
        match self {
            Refusal::NoContract => {
                "这份回执还没有对上合同，不能采用：请退回高校改正，或者照受理证明给合同另外登记回执"
                    .to_owned()
            }
            Refusal::OverCap(cap) => {
                format!(
                    "回执金额超过这一年的最高额度 ¥{}，不能采用，请退回高校",
                    cap.to_page_text()
                )
            }
            Refusal::Paid => "这份合同已经放款，回执不能再改".to_owned(),
        }
    }
}

/// May a receipt count for the contract it is of? `cap`: the most one may borrow in its year.
pub fn can_accept(amount: Fen, cap: Fen, is_paid: bool) -> Result<(), Refusal> {
    if is_paid {
        return Err(Refusal::Paid);
    }
    if amount > cap { Err(Refusal::OverCap(cap)) } else { Ok(()) }
}

/// The code as it is typed from certificate or message: six digits. Fewer that make the code of the
/// contract with zeros before them are taken for it only when somebody has said so (`is_seen`).
pub fn read_code(typed: &str, of_contract: &str, is_seen: bool) -> Result<String, String> {
    let digits: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) || digits.len() > 6 {
        return Err("回执校验码是六位数字，在受理证明左下角或者短信里".to_owned());
    }
    let whole = format!("{digits:0>6}");
    if digits.len() < 6 && whole != of_contract {
        return Err("回执校验码不足六位，前面的零也要写".to_owned());
    }
    if digits.len() < 6 && !is_seen {
        let how = "对照受理证明核对，是的就在下面打勾，再登记一次";
        return Err(format!("您写的“{digits}”不足六位，是不是 {whole}？{how}"));
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yuan(text: &str) -> Option<Fen> {
        text.parse().ok()
    }

    /// `2025/123456/8000/6000`: year, code, principal, fees declared.
    fn contract((n, text): (i64, &str)) -> Contract {
        let part: Vec<&str> = text.split('/').collect();
        let [year, code, principal, fees] = part[..] else { panic!("{text}") };
        let (year, code) = (year.parse().unwrap(), code.to_owned());
        let (principal, fees) = (yuan(principal).unwrap(), yuan(fees));
        Contract { id: LoanId::new(n), year, code, principal, fees }
    }

    #[test]
    fn a_receipt_finds_its_contract() {
        for line in "
            123456 8000  6000  2026/123456/8000/6000                       -> 1 -
            123456 8000  -     2026/123456/8000/6000                       -> 1 -
            123456 7500  6000  2026/123456/8000/6000                       -> 1 Amount(8000.00)
            123456 8000  5500  2026/123456/8000/6000                       -> 1 Less(500.00)
            123456 8000  6500  2026/123456/8000/6000                       -> 1 More(500.00)
            123456 8000  9000  2026/123456/8000/9500                       -> 1 -
            123456 8000  7000  2026/123456/8000/9500                       -> 1 Less(1000.00)
            123456 8000  9000  2026/123456/8000/-                          -> 1 More(1000.00)
            999999 8000  6000  2026/123456/8000/6000                       -> - Code
            123456 8000  6000  2025/123456/8000/6000                       -> - CodeOf(2025)
            777777 8000  6000  2025/777777/8000/6000,2026/123456/8000/6000 -> - CodeOf(2025)
            123456 8000  6000  2025/777777/8000/6000                       -> - NoContract
            123456 8000  6000  nobody                                      -> - UnknownStudent"
            .lines()
            .skip(1)
        {
            let (left, right) = line.trim().split_once(" -> ").unwrap();
            let part: Vec<&str> = left.split_whitespace().collect();
            let [code, amount, fees, contracts] = part[..] else { panic!("{line}") };
            let amount = yuan(amount).unwrap();
            let (name, fees) = ("何波", yuan(fees));
            let written = Written { name, student_number: "1", year: 2026, code, amount, fees };
            let all: Vec<Contract> = match contracts {
                "nobody" => Vec::new(),
                some => (1..).zip(some.split(',')).map(contract).collect(),
            };
            let student = Student { name: "何□".to_owned(), contracts: all };
            let known = Some(&student).filter(|_| contracts != "nobody");
            let (loan, why) = match_contract(&written, known);
            if known.is_some() {
                let other = Written { name: "何涛涛", ..written };
                assert_eq!(match_contract(&other, known), (None, Some(Mismatch::Name)));
            }
            let loan = loan.map_or("-".to_owned(), |id| id.to_string());
            let why = why.map_or("-".to_owned(), |why| in_yuan(&why));
            assert_eq!(format!("{loan} {why}"), right, "{line}");
        }
    }

    fn in_yuan(why: &Mismatch) -> String {
        match why {
            Mismatch::Amount { contract } => format!("Amount({contract})"),
            Mismatch::Less(by) => format!("Less({by})"),
            Mismatch::More(by) => format!("More({by})"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_fee_left_out_is_not_known() {
        let [some, none] = [yuan("5100"), None];
        assert_eq!(fees(some, yuan("0")), some);
        assert_eq!([fees(some, none), fees(none, some), fees(none, none)], [None; 3]);
        let read = for_family(Some(State::Matched), (some, none));
        assert_eq!(read, "高校已录入：学费 ¥5,100.00");
    }

    #[test]
    fn a_code_has_six_digits_and_its_zeros() {
        for (typed, of, read) in [
            ("007099", "007099", Ok("007099")),
            ("7099", "007099", Err("是不是 007099？")),
            (" 070 670", "070670", Ok("070670")),
            ("7099", "123456", Err("前面的零")),
            ("", "", Err("六位数字")),
            ("12345x", "12345x", Err("六位数字")),
            ("1234567", "123456", Err("六位数字")),
        ] {
            match (read_code(typed, of, false), read) {
                (Ok(code), Ok(expected)) => assert_eq!(code, expected),
                (Err(why), Err(part)) => assert!(why.contains(part), "{typed}: {why}"),
                (other, _) => panic!("{typed}: {other:?}"),
            }
        }
        assert_eq!(read_code("7099", "007099", true).unwrap(), "007099");
        assert!(read_code("7099", "123456", true).is_err());
    }

    #[test]
    fn what_was_paid_or_is_over_the_cap_is_not_accepted() {
        let [cap, more] = [8000, 8001].map(Fen::from_yuan);
        assert_eq!(can_accept(cap, cap, false), Ok(()));
        assert_eq!(can_accept(more, cap, false), Err(Refusal::OverCap(cap)));
        assert_eq!(can_accept(cap, cap, true), Err(Refusal::Paid));
    }
}
