//! The sums. Pure.

use std::collections::{BTreeMap, HashMap};

use crate::base::ids::{FileId, LoanId};
use crate::base::money::Fen;
use crate::base::rate::RatePpm;
use crate::book::statement::Product;

/// Interest of a year. Money in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Year {
    pub borrower: Fen,
    pub state: Fen,
}

impl Year {
    fn add(&mut self, other: Year) {
        self.borrower += other.borrower;
        self.state += other.state;
    }
}

/// One contract that is priced anew. Money in fen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub loan_id: LoanId,
    pub file_id: FileId,
    pub product: Product,
    /// On 12-20 and on 12-21.
    pub rates: (RatePpm, RatePpm),
    /// Owed on the pricing day.
    pub principal: Fen,
    /// The year that follows, with the LPR of the pricing day before, and with today's.
    pub before: Year,
    pub after: Year,
}

/// Product, old rate and new rate in millionths: contracts that are priced alike.
pub type Group = (&'static str, i32, i32);

/// Over the contracts of a group; those of a person stand together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    pub persons: i64,
    pub contracts: i64,
    pub principal: Fen,
    pub before: Year,
    pub after: Year,
    last: Option<FileId>,
}

impl Sum {
    fn add(&mut self, line: &Line) {
        self.contracts += 1;
        self.persons += i64::from(self.last != Some(line.file_id));
        self.last = Some(line.file_id);
        self.principal += line.principal;
        self.before.add(line.before);
        self.after.add(line.after);
    }
}

fn group_of(line: &Line) -> Group {
    (line.product.as_text(), line.rates.0.get(), line.rates.1.get())
}

/// Contracts by how they are priced, and all of them.
pub fn groups(lines: &[Line]) -> (BTreeMap<Group, Sum>, Sum) {
    let (mut groups, mut all) = (BTreeMap::<Group, Sum>::new(), Sum::default());
    for line in lines {
        groups.entry(group_of(line)).or_default().add(line);
        all.add(line);
    }
    (groups, all)
}

/// Whose principal a group is, by person.
pub fn behind(lines: &[Line], of: (Product, i32, i32)) -> Vec<(FileId, Fen)> {
    let mut sums: HashMap<FileId, Fen> = HashMap::new();
    let group = (of.0.as_text(), of.1, of.2);
    for line in lines.iter().filter(|line| group_of(line) == group) {
        *sums.entry(line.file_id).or_default() += line.principal;
    }
    sums.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contracts_that_are_priced_alike_stand_in_one_row() {
        let line = |loan, file, new| Line {
            loan_id: LoanId::new(loan),
            file_id: FileId::new(file),
            product: Product::Cdb,
            rates: (RatePpm::new(28_000), RatePpm::new(new)),
            principal: Fen::from_yuan(100),
            before: Year { borrower: Fen::new(280), state: Fen::ZERO },
            after: Year { borrower: Fen::new(270), state: Fen::ZERO },
        };
        let lines = [line(1, 7, 27_000), line(2, 7, 27_000), line(3, 8, 28_000)];
        let (groups, all) = groups(&lines);
        assert_eq!(groups.len(), 2);
        assert_eq!((all.persons, all.contracts), (2, 3));
        let one = groups[&("cdb", 28_000, 27_000)];
        assert_eq!((one.persons, one.after.borrower.get()), (1, 540));
        let rows = behind(&lines, (Product::Cdb, 28_000, 27_000));
        assert_eq!(rows, [(FileId::new(7), Fen::from_yuan(200))]);
    }
}
