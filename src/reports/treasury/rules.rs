//! The sums. Pure.

use std::collections::{BTreeMap, HashMap};

use chrono::{Datelike, NaiveDate};

use crate::base::ids::{FileId, LoanId};
use crate::base::money::Fen;
use crate::base::rate::RatePpm;
use crate::book::policy::RiskFundSharing;
use crate::book::statement::Product;
use crate::book::university::Authority;

/// Interest of one contract that the state settles on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    pub on: NaiveDate,
    /// 贴息: because the borrower studies.
    pub subsidy: Fen,
    /// 免息: because the year is waived.
    pub waived: Fen,
}

/// One contract. Money in fen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub loan_id: LoanId,
    pub file_id: FileId,
    pub office_code: String,
    pub product: Product,
    pub authority: Authority,
    /// First year of its school year.
    pub loan_year: i32,
    pub disbursed: Fen,
    /// By settlement day, this year's to the end of the year.
    pub settled: Box<[Settled]>,
    /// Principal put off, by the year in which it was due.
    pub deferred: Box<[(i32, Fen)]>,
    /// Penalty interest of waived years, by year.
    pub penalties: Box<[(i32, Fen)]>,
}

/// Whose subsidy stands in a row of the statement, in its order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    pub on: NaiveDate,
    pub office_code: String,
    /// Texts of an `Authority` and of a `Product`.
    pub authority: &'static str,
    pub product: &'static str,
}

/// Over the contracts of a group. Contracts of a person stand together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    pub persons: i64,
    pub contracts: i64,
    pub money: Fen,
    last: Option<FileId>,
}

impl Sum {
    fn add(&mut self, file: FileId, money: Fen) {
        self.contracts += 1;
        self.persons += i64::from(self.last != Some(file));
        self.last = Some(file);
        self.money += money;
    }
}

fn subsidies(line: &Line, year: i32) -> impl Iterator<Item = (NaiveDate, Fen)> {
    let own = line.settled.iter().filter(move |one| one.on.year() == year);
    own.filter(|one| one.subsidy.is_positive()).map(|one| (one.on, one.subsidy))
}

/// What the state owes as subsidy on each settlement day of a year.
pub fn subsidy(lines: &[Line], year: i32) -> BTreeMap<Group, Sum> {
    let mut groups: BTreeMap<Group, Sum> = BTreeMap::new();
    for line in lines {
        for (on, fen) in subsidies(line, year) {
            groups.entry(group_of(line, on)).or_default().add(line.file_id, fen);
        }
    }
    groups
}

fn group_of(line: &Line, on: NaiveDate) -> Group {
    Group {
        on,
        office_code: line.office_code.clone(),
        authority: line.authority.as_text(),
        product: line.product.as_text(),
    }
}

fn by_file(all: impl Iterator<Item = (FileId, Fen)>) -> Vec<(FileId, Fen)> {
    let mut sums: HashMap<FileId, Fen> = HashMap::new();
    for (file, fen) in all.filter(|(_, fen)| !fen.is_zero()) {
        *sums.entry(file).or_default() += fen;
    }
    sums.into_iter().collect()
}

/// Whose subsidy a row is, by person.
pub fn behind_subsidy(lines: &[Line], of: &Group) -> Vec<(FileId, Fen)> {
    let own = |line: &Line| {
        let all = subsidies(line, of.on.year());
        all.filter(|(on, _)| group_of(line, *on) == *of).map(|(_, fen)| fen).sum()
    };
    by_file(lines.iter().map(|line| (line.file_id, own(line))))
}

/// What of a year nobody pays, or is put off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    Interest,
    Penalty,
    Deferred,
}

impl Figure {
    pub const ALL: [Figure; 3] = [Figure::Interest, Figure::Penalty, Figure::Deferred];

    pub const fn as_text(self) -> &'static str {
        match self {
            Figure::Interest => "interest",
            Figure::Penalty => "penalty",
            Figure::Deferred => "deferred",
        }
    }

    pub fn from_text(text: &str) -> Option<Figure> {
        Figure::ALL.into_iter().find(|one| one.as_text() == text)
    }

    pub const fn in_words(self) -> &'static str {
        match self {
            Figure::Interest => "免除的利息",
            Figure::Penalty => "免除的罚息",
            Figure::Deferred => "延期一年的本金",
        }
    }

    pub fn of(self, line: &Line, year: i32) -> Fen {
        let sum =
            |all: &[(i32, Fen)]| all.iter().filter(|one| one.0 == year).map(|one| one.1).sum();
        match self {
            Figure::Penalty => sum(&line.penalties),
            Figure::Deferred => sum(&line.deferred),
            Figure::Interest => {
                let own = line.settled.iter().filter(|one| one.on.year() == year);
                own.map(|one| one.waived).sum()
            }
        }
    }
}

/// Sums of a year and product, in the order of [`Figure::ALL`].
pub fn waivers(lines: &[Line], year: i32, product: Product) -> [Sum; 3] {
    Figure::ALL.map(|figure| {
        let mut sum = Sum::default();
        for line in lines.iter().filter(|line| line.product == product) {
            let fen = figure.of(line, year);
            if fen.is_positive() {
                sum.add(line.file_id, fen);
            }
        }
        sum
    })
}

/// Whose money a figure of a year is, by person.
pub fn behind_waivers(
    lines: &[Line],
    (year, product): (i32, Product),
    figure: Figure,
) -> Vec<(FileId, Fen)> {
    let own = lines.iter().filter(|line| line.product == product);
    by_file(own.map(|line| (line.file_id, figure.of(line, year))))
}

/// New loans of the lender for each school year that has any.
pub fn new_loans(lines: &[Line]) -> BTreeMap<i32, Sum> {
    let mut years: BTreeMap<i32, Sum> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.product == Product::Cdb) {
        years.entry(line.loan_year).or_default().add(line.file_id, line.disbursed);
    }
    years
}

/// Whose new loans of a school year.
pub fn behind_new_loans(lines: &[Line], year: i32) -> Vec<(FileId, Fen)> {
    let own = lines.iter().filter(|line| line.product == Product::Cdb && line.loan_year == year);
    by_file(own.map(|line| (line.file_id, line.disbursed)))
}

/// The fund of a school year: its new loans times its rate, rounded half-up to the fen.
pub fn fund_due(new_loans: Fen, rate: RatePpm) -> Fen {
    let exact = i128::from(new_loans.get()) * i128::from(rate.get());
    Fen::new(i64::try_from((exact + 500_000).div_euclid(1_000_000)).unwrap_or(i64::MAX))
}

/// What is left of a fund, or missing, and what follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Nobody has entered the losses yet.
    Unknown,
    /// What is left, and whether it is the county's reward.
    Surplus { fen: Fen, is_reward: bool },
    /// What is missing, and what of it the county bears; the rest is the bank's.
    Deficit { fen: Fen, county: Fen },
}

/// rules.md 12: from 2014-06 what is left is a reward and what is missing is halved between bank
/// and county; from 2022 the bank bears all that is missing.
pub fn rest(due: Fen, loss: Option<Fen>, rule: &RiskFundSharing) -> Rest {
    let Some(loss) = loss else { return Rest::Unknown };
    let fen = due - loss;
    if fen >= Fen::ZERO {
        return Rest::Surplus { fen, is_reward: rule.reward };
    }
    let missing = loss - due;
    let county = Fen::new((missing.get() * rule.county_percent + 50).div_euclid(100));
    Rest::Deficit { fen: missing, county }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dates::day_in;

    fn line(loan: i64, file: i64, settled: &[Settled]) -> Line {
        Line {
            loan_id: LoanId::new(loan),
            file_id: FileId::new(file),
            office_code: "512022".to_owned(),
            product: Product::Cdb,
            authority: Authority::Central,
            loan_year: 2025,
            disbursed: Fen::from_yuan(8_000),
            settled: settled.into(),
            deferred: Box::new([(2024, Fen::from_yuan(700))]),
            penalties: Box::default(),
        }
    }

    fn settled(year: i32, subsidy: i64, waived: i64) -> Settled {
        let (subsidy, waived) = (Fen::new(subsidy), Fen::new(waived));
        Settled { on: day_in(year, 12, 20), subsidy, waived }
    }

    #[test]
    fn a_settlement_day_has_a_row_for_each_authority_and_rows_behind_it() {
        let mut lines = vec![
            line(1, 7, &[settled(2025, 100, 0), settled(2026, 200, 0)]),
            line(2, 7, &[settled(2026, 50, 0)]),
            line(3, 8, &[settled(2026, 7, 0)]),
            line(4, 9, &[settled(2026, 0, 31)]),
        ];
        lines[2].authority = Authority::Local;
        let found = subsidy(&lines, 2026);
        let shown: Vec<_> = found
            .iter()
            .map(|(g, s)| (g.authority, s.persons, s.contracts, s.money.get()))
            .collect();
        assert_eq!(shown, [("central", 1, 2, 250), ("local", 1, 1, 7)]);
        let group = found.keys().next().unwrap();
        assert_eq!(behind_subsidy(&lines, group), [(FileId::new(7), Fen::new(250))]);
        let [interest, penalty, deferred] = waivers(&lines, 2026, Product::Cdb);
        assert_eq!((interest.contracts, interest.money.get()), (1, 31));
        assert_eq!((penalty.contracts, deferred.contracts), (0, 0));
        assert_eq!(waivers(&lines, 2024, Product::Cdb)[2].money, Fen::from_yuan(2_800));
        let own = behind_waivers(&lines, (2026, Product::Cdb), Figure::Interest);
        assert_eq!(own, [(FileId::new(9), Fen::new(31))]);
    }

    /// rules.md 12: 15 percent of the new loans of 2020/21, 5 percent from 2021/22.
    #[test]
    fn a_fund_is_a_share_of_the_new_loans() {
        let rate = |text: &str| text.parse::<RatePpm>().unwrap();
        assert_eq!(fund_due(Fen::from_yuan(8_000), rate("15.00")), Fen::from_yuan(1_200));
        assert_eq!(fund_due(Fen::from_yuan(8_000), rate("5.00")), Fen::from_yuan(400));
        assert_eq!(fund_due(Fen::new(10), rate("5.00")), Fen::new(1));
        assert_eq!(new_loans(&[line(1, 7, &[]), line(2, 7, &[])])[&2025].persons, 1);
    }

    #[test]
    fn what_is_left_is_a_reward_and_what_is_missing_is_shared_by_the_rule_of_then() {
        let rule = |county_percent| RiskFundSharing {
            reward: true,
            bank_percent: 100 - county_percent,
            county_percent,
            uses: Vec::new(),
        };
        let yuan = Fen::from_yuan;
        assert_eq!(rest(yuan(400), None, &rule(0)), Rest::Unknown);
        let left = Rest::Surplus { fen: yuan(400), is_reward: true };
        assert_eq!(rest(yuan(400), Some(Fen::ZERO), &rule(0)), left);
        let halved = Rest::Deficit { fen: yuan(100), county: yuan(50) };
        assert_eq!(rest(yuan(400), Some(yuan(500)), &rule(50)), halved);
        let bank = Rest::Deficit { fen: yuan(100), county: Fen::ZERO };
        assert_eq!(rest(yuan(400), Some(yuan(500)), &rule(0)), bank);
    }
}
