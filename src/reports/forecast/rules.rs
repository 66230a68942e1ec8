//! What a forecast is made of, and its sums. Pure.

use std::collections::HashMap;

use chrono::NaiveDate;

use crate::base::ids::{FileId, LoanId};
use crate::base::money::Fen;
use crate::base::rate::RatePpm;
use crate::book::position::Basis;
use crate::book::statement::RateSeries;

/// Years that are foreseen, this one included.
pub const YEARS: i32 = 5;
/// Largest change of the rate, in hundredths of a percent.
const CHANGE_MOST: i32 = 300;

/// What is assumed beyond what is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Assumption {
    /// Change of the LPR from today on, in hundredths of a percent.
    pub rate_change: i32,
    /// Interest is waived in every year from now on.
    pub waived: bool,
}

impl Assumption {
    /// As typed: percentage points (`0.25`, `-0.5`), and whether interest is waived.
    ///
    /// # Errors
    /// One sentence about what was typed.
    pub fn typed(change: &str, waived: &str) -> Result<Assumption, &'static str> {
        const WRONG: &str = "利率变动写成百分点，从 -3 到 3，例如 0.25 或 -0.5";
        let text = change.trim();
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, text.trim_start_matches('+')),
        };
        let rate_change = match digits {
            "" if text.is_empty() => 0,
            digits => {
                let rate: RatePpm = digits.parse().map_err(|_| WRONG)?;
                sign * (rate.get() / 100)
            }
        };
        if rate_change.abs() > CHANGE_MOST {
            return Err(WRONG);
        }
        Ok(Assumption { rate_change, waived: waived == "1" })
    }

    pub fn is_any(self) -> bool {
        self != Assumption::default()
    }

    /// What of the rules a position depends on, under this assumption.
    pub fn on(self, basis: &Basis, today: NaiveDate, years: std::ops::Range<i32>) -> Basis {
        let mut basis = basis.clone();
        if self.rate_change != 0 {
            let lpr = basis.rates.lpr();
            let ppm = lpr.on(today).get().saturating_add(self.rate_change.saturating_mul(100));
            let mut values = lpr.values().to_vec();
            values.retain(|(on, _)| *on < today);
            values.push((today, RatePpm::new(ppm.max(0))));
            basis.rates = std::sync::Arc::new(basis.rates.with_lpr(RateSeries::new(values)));
        }
        if self.waived {
            let mut waived = basis.waiver_years.to_vec();
            waived.extend(years.filter(|year| !basis.waiver_years.contains(year)));
            basis.waiver_years = waived.into();
        }
        basis
    }
}

/// What a year asks for. Money in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Due {
    pub principal: Fen,
    pub interest: Fen,
    /// Of the state: during study, and waived.
    pub state: Fen,
}

impl Due {
    pub fn add(&mut self, other: Due) {
        self.principal += other.principal;
        self.interest += other.interest;
        self.state += other.state;
    }

    /// What the borrower pays.
    pub fn sum(self) -> Fen {
        self.principal + self.interest
    }

    pub fn is_zero(self) -> bool {
        self == Due::default()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub loan_id: LoanId,
    pub file_id: FileId,
    /// By year, from this one on; years that ask for nothing at the end are left out.
    pub years: Box<[Due]>,
}

/// Which figure of a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    Principal,
    Interest,
    Sum,
    State,
}

impl Figure {
    pub fn from_text(text: &str) -> Option<Figure> {
        match text {
            "principal" => Some(Figure::Principal),
            "interest" => Some(Figure::Interest),
            "sum" => Some(Figure::Sum),
            "state" => Some(Figure::State),
            _ => None,
        }
    }

    pub fn in_words(self) -> &'static str {
        match self {
            Figure::Principal => "到期本金",
            Figure::Interest => "到期利息",
            Figure::Sum => "到期本息",
            Figure::State => "国家付的利息",
        }
    }

    pub fn of(self, due: Due) -> Fen {
        match self {
            Figure::Principal => due.principal,
            Figure::Interest => due.interest,
            Figure::Sum => due.sum(),
            Figure::State => due.state,
        }
    }
}

/// A year over all contracts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Year {
    pub year: i32,
    /// With something to pay.
    pub persons: i64,
    pub contracts: i64,
    pub due: Due,
}

/// The years of all contracts; those of a person stand together.
pub fn years(lines: &[Line], first: i32) -> Vec<Year> {
    let mut years: Vec<Year> =
        (first..first + YEARS).map(|year| Year { year, ..Year::default() }).collect();
    let mut last: Vec<Option<FileId>> = vec![None; years.len()];
    for line in lines {
        for ((year, last), due) in years.iter_mut().zip(&mut last).zip(&line.years) {
            year.due.add(*due);
            if due.sum().is_positive() {
                year.contracts += 1;
                year.persons += i64::from(*last != Some(line.file_id));
                *last = Some(line.file_id);
            }
        }
    }
    years
}

/// Whose money a figure of a year is, by person.
pub fn rows(lines: &[Line], at: usize, figure: Figure) -> Vec<(FileId, Fen)> {
    let mut sums: HashMap<FileId, Fen> = HashMap::new();
    for line in lines {
        let fen = line.years.get(at).map_or(Fen::ZERO, |due| figure.of(*due));
        if !fen.is_zero() {
            *sums.entry(line.file_id).or_default() += fen;
        }
    }
    sums.into_iter().collect()
}

/// What the page explains.
pub const DEFINITIONS: &[(&str, &str)] = &[
    (
        "到期本金、到期利息",
        "从今天起到那一年年底，按现在的还款计划要本人还的；已经逾期的不在里面，看逾期跟进",
    ),
    ("国家付的利息", "在读期间的贴息，加上免除年份的利息，按结息日所在的年份"),
    (
        "利率",
        "现在已经公布的最后一个 LPR 一直用下去；假设的变动从今天起算，到 12月21日重新定价时才用上",
    ),
    ("没有包括的", "以后新签的合同、还没有发放的合同、以后的升学休学、提前还款和延期"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assumption_is_read_or_refused() {
        let read = |text: &str| Assumption::typed(text, "").map(|one| one.rate_change);
        assert_eq!(read(""), Ok(0));
        assert_eq!(read("0.25"), Ok(25));
        assert_eq!(read("+1"), Ok(100));
        assert_eq!(read("-0.5"), Ok(-50));
        assert_eq!(read("3"), Ok(300));
        for wrong in ["3.01", "-4", "a", "-", "0,5", "1%"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(Assumption::typed("", "1").unwrap().waived);
    }

    #[test]
    fn a_person_with_two_contracts_is_one_person() {
        let due = |yuan| Due { principal: Fen::from_yuan(yuan), ..Due::default() };
        let line = |loan, file, years: &[Due]| Line {
            loan_id: LoanId::new(loan),
            file_id: FileId::new(file),
            years: years.into(),
        };
        let lines = [
            line(1, 7, &[due(100)]),
            line(2, 7, &[due(200), due(50)]),
            line(3, 8, &[Due::default(), due(1)]),
        ];
        let found = years(&lines, 2026);
        let counts: Vec<_> = found.iter().map(|y| (y.year, y.persons, y.contracts)).collect();
        assert_eq!(counts[..3], [(2026, 1, 2), (2027, 2, 2), (2028, 0, 0)]);
        assert_eq!(found[0].due.sum(), Fen::from_yuan(300));
        assert_eq!(rows(&lines, 0, Figure::Sum), [(FileId::new(7), Fen::from_yuan(300))]);
    }
}
