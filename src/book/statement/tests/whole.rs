//! Whole lives from the signature to the last fen, one for each generation of contracts: the story
//! as lines, then the table that a clerk can check with a calculator. `WRITE_LIVES=1` writes the
//! tables anew; each is read before it is kept. The slow reference comes to the same figures.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::lives::compare;
use super::tables::{add, rates};
use super::*;
use crate::base::money::Fen;
use crate::book::journal::{Account, journal};

/// A life in the making.
struct Life {
    terms: Terms,
    events: Vec<Event>,
    said: String,
}

impl Life {
    /// Signed on a day by who graduates in a year; the rest is the policy's.
    fn signed(on: &str, (graduates, years): (i32, i32)) -> Life {
        let number = format!("5120222{}0000001", &on[..4]);
        let policy = Policy::embedded().unwrap();
        let (level, on) = (StudyLevel::Undergraduate, d(on));
        let terms = policy.new_terms(Product::Cdb, number, level, on, graduates, years);
        Life { terms, events: Vec::new(), said: String::new() }
    }

    /// What happened, a line each as `tables::add` reads it; `2024..2026 due`: on every 12-20 what
    /// it asked for is paid, `2019-01-29 due`: on that day everything that is open.
    fn lives(mut self, lines: &str) -> Life {
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                [years, "due"] if years.contains("..") => {
                    let (from, to) = years.split_once("..").unwrap();
                    for year in from.parse::<i32>().unwrap()..=to.parse::<i32>().unwrap() {
                        self.pays(day_in(year, 12, 20));
                    }
                }
                [day, "due"] => self.pays(d(day)),
                [day, "relieved", "all"] => {
                    let all = quote(&self.terms, &self.events, &rates(), d(day), None).unwrap();
                    add(&mut self.events, &format!("{day} relieved {}", all.total()));
                }
                _ => add(&mut self.events, line),
            }
            let _ = writeln!(self.said, "{line}");
        }
        self
    }

    fn pays(&mut self, on: NaiveDate) {
        let found = position(&self.terms, &self.events, &rates(), on).unwrap();
        let open =
            found.due_today + found.overdue_principal + found.overdue_interest + found.penalty;
        if open.is_positive() {
            let id = i64::try_from(self.events.len()).unwrap();
            self.events.push(Event::new(id, on, EventKind::Paid { amount: open }));
        }
    }

    /// What stands on a day, as a line of the story.
    fn stands(mut self, day: &str) -> Life {
        let found = position(&self.terms, &self.events, &rates(), d(day)).unwrap();
        let asks = found.due_today + found.overdue_principal + found.overdue_interest;
        let (balance, penalty) = (found.principal_outstanding, found.penalty);
        let _ = writeln!(self.said, "{day} 余额 {balance} 应还 {asks} 罚息 {penalty}");
        self
    }

    /// Settled on that day, and the same as in the file of that name.
    fn ends(self, name: &str, day: &str) {
        let found = statement(&self.terms, &self.events, &rates(), d(day)).unwrap();
        assert_eq!(found.broken_invariant(), None);
        assert_eq!(found.position.settled_on, Some(d(day)), "{name}: {:?}", found.position);
        compare(&self.terms, &self.events, d(day));
        let book = journal((&self.terms, Product::Cdb), &self.events, &rates(), d(day)).unwrap();
        let left = book.balances.iter().find(|(account, _)| *account == Account::Principal);
        assert_eq!(left.map(|(_, amount)| *amount), Some(Fen::ZERO));
        let table = format!("{}\n{}", self.said, show::to_table(&self.terms, &found));
        let file: PathBuf = [
            env!("CARGO_MANIFEST_DIR"),
            "../../src/book/statement/tests/whole",
            &format!("{name}.txt"),
        ]
        .iter()
        .collect();
        if std::env::var_os("WRITE_LIVES").is_some() {
            std::fs::write(&file, &table).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap_or_default(), table, "{name}");
    }
}

/// Signed under the benchmark, converted to the LPR in 2020, a month late once, principal deferred
/// and interest waived in 2022.
#[test]
fn signed_in_2012() {
    Life::signed("2012-08-20", (2016, 14))
        .lives(
            "2012-11-20 disbursed 6000.00
             2016..2017 due",
        )
        .stands("2019-01-28")
        .lives(
            "2019-01-29 due
             2019..2021 due
             2022 interest_waived
             2022 principal_deferred
             2022..2022 due
             2023 interest_waived
             2024 interest_waived
             2025 interest_waived
             2023..2025 due",
        )
        .stands("2026-09-20")
        .lives("2026-09-20 due")
        .ends("2012", "2026-09-20");
}

/// Goes on to study further, so that the state pays longer; 2025 is unknown at first and announced
/// in spring, an early repayment in part.
#[test]
fn signed_in_2016() {
    Life::signed("2016-08-22", (2020, 17))
        .lives(
            "2016-11-18 disbursed 8000.00
             2020-06-10 subsidy_end_moved 2023-08-31
             2023 interest_waived
             2024 interest_waived
             2023..2024 due",
        )
        .stands("2025-12-20")
        .lives("2025 interest_waived")
        .stands("2025-12-20")
        .lives(
            "2025..2026 due
             2027-05-20 prepaid 3000.00
             2027..2032 due
             2033-09-20 due",
        )
        .ends("2016", "2033-09-20");
}

/// Serves two years and goes on studying; what the state gives for the service goes to the loan,
/// the rest is repaid early as a whole.
#[test]
fn signed_in_2020() {
    Life::signed("2020-08-20", (2024, 19))
        .lives(
            "2020-11-20 disbursed 8000.00
             2022-03-10 subsidy_end_moved 2026-08-31
             2024 interest_waived
             2025 interest_waived",
        )
        .stands("2026-12-20")
        .lives(
            "2026..2026 due
             2027-06-15 compensated 5000.00
             2027..2027 due
             2028-03-20 prepaid all",
        )
        .ends("2020", "2028-03-20");
}

/// Two due days unpaid, then seriously ill: the county's fund pays what is left, the penalty too.
#[test]
fn signed_in_2024() {
    Life::signed("2024-08-19", (2028, 19))
        .lives(
            "2024-11-22 disbursed 20000.00
             2028..2032 due",
        )
        .stands("2035-06-29")
        .lives("2035-06-30 relieved all")
        .ends("2024", "2035-06-30");
}

/// Nothing but due days, to the very last one.
#[test]
fn signed_in_2026() {
    Life::signed("2026-08-20", (2030, 19))
        .lives(
            "2026-11-15 disbursed 20000.00
             2030..2044 due
             2045-09-20 due",
        )
        .ends("2026", "2045-09-20");
}
