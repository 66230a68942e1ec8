//! How the days of December are added up. Pure.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::base::ids::{FileId, LoanId, text_enum};
use crate::base::money::Fen;
use crate::reports::recovery::rules::share;

/// What the columns mean, as page and workbook show it.
pub const DEFINITIONS: &[(&str, &str)] = &[
    ("应还", "本年12月到期的那一期（一般是12月20日）的本金和利息，不含以前各期的欠款和罚息"),
    ("已还", "到当天为止收到的、用在这一期上的钱；还款日以前存入的，按还款日的用法先算进来"),
    (
        "还清人数",
        "这一期的本金和利息全部还清的人数，一人的各份合同合在一起；差额小到不算逾期的，算还清",
    ),
    ("回收率", "已还的本金和利息 ÷ 应还的本金和利息；没有收齐时不进到 100.00%"),
];

/// How one contract's instalment stands from a day on. Money in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Principal that falls due.
    pub due_principal: Fen,
    /// Interest that falls due.
    pub due_interest: Fen,
    pub paid_principal: Fen,
    pub paid_interest: Fen,
}

impl Part {
    pub fn add(&mut self, other: &Part) {
        self.due_principal += other.due_principal;
        self.due_interest += other.due_interest;
        self.paid_principal += other.paid_principal;
        self.paid_interest += other.paid_interest;
    }

    /// Principal and interest that fall due.
    pub fn due(&self) -> Fen {
        self.due_principal + self.due_interest
    }

    /// Principal and interest paid.
    pub fn paid(&self) -> Fen {
        self.paid_principal + self.paid_interest
    }

    pub fn open(&self) -> Fen {
        self.due() - self.paid()
    }
}

/// One contract: from which day on it stood how, the earliest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub loan_id: LoanId,
    pub file_id: FileId,
    pub steps: Box<[(NaiveDate, Part)]>,
}

/// One day of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Day {
    pub on: NaiveDate,
    /// Persons with something due.
    pub due_persons: i64,
    /// Persons who have paid all of it.
    pub paid_persons: i64,
    pub sums: Part,
    /// What came in since the day before; nothing on the first day.
    pub change: Option<Fen>,
}

impl Day {
    /// 回收率.
    pub fn rate(&self) -> Option<i64> {
        share(self.sums.paid().get(), self.sums.due().get())
    }
}

/// The lines of a December, and what is so little that it is nobody's arrears.
#[derive(Clone, Copy, Debug)]
pub struct Book<'a> {
    /// One for each contract with an instalment in it.
    pub lines: &'a [Line],
    /// A person of whom less than this is open has paid.
    pub smallest_arrears: Fen,
}

impl Book<'_> {
    fn is_done(&self, part: &Part) -> bool {
        part.open() <= Fen::ZERO || part.open() < self.smallest_arrears
    }
}

/// The contracts of each person: lines of a person stand together.
fn by_person(lines: &[Line]) -> impl Iterator<Item = &[Line]> {
    lines.chunk_by(|one, next| one.file_id == next.file_id)
}

/// How a person stood on a day, all contracts together.
fn stood(contracts: &[Line], on: NaiveDate) -> Part {
    let mut all = Part::default();
    for line in contracts {
        if let Some((_, part)) = line.steps.iter().rev().find(|(from, _)| *from <= on) {
            all.add(part);
        }
    }
    all
}

/// How each person with something due stood on a day.
fn people(lines: &[Line], on: NaiveDate) -> BTreeMap<FileId, Part> {
    by_person(lines)
        .filter_map(|own| Some((own.first()?.file_id, stood(own, on))))
        .filter(|(_, part)| part.due().is_positive())
        .collect()
}

text_enum! {
    /// A figure of a day that has a list behind it.
    Figure {
        /// What falls due, of everybody.
        Due = "due", "应还";
        /// What came in of it.
        Paid = "paid", "已还";
        /// Principal that came in.
        PaidPrincipal = "paid_principal", "已还本金";
        /// Interest that came in.
        PaidInterest = "paid_interest", "已还利息";
        /// Those who have paid all of it.
        Done = "done", "还清";
        /// What is still to come.
        Open = "open", "还差";
        /// Those who have not, with what is still to come of them.
        Left = "left", "还没有还清";
        /// What came in since the day before.
        Change = "change", "比前一天";
    }
}

/// The persons who make up a figure of a day, with the amount of each: together they are the
/// figure. 应还 and 还清 list everybody who is counted, the others whose amount is not zero.
pub fn rows(book: Book<'_>, on: NaiveDate, figure: Figure) -> Vec<(FileId, Fen)> {
    let lines = book.lines;
    let before = match on.pred_opt() {
        Some(day) if figure == Figure::Change => people(lines, day),
        _ => BTreeMap::new(),
    };
    let amount = |(file, part): (&FileId, &Part)| {
        let amount = match figure {
            Figure::Due => part.due(),
            Figure::Paid => part.paid(),
            Figure::PaidPrincipal => part.paid_principal,
            Figure::PaidInterest => part.paid_interest,
            Figure::Done if book.is_done(part) => part.due(),
            Figure::Left if !book.is_done(part) => part.open(),
            Figure::Done | Figure::Left => Fen::ZERO,
            Figure::Open => part.open(),
            Figure::Change => part.paid() - before.get(file).map_or(Fen::ZERO, Part::paid),
        };
        (amount != Fen::ZERO).then_some((*file, amount))
    };
    people(lines, on).iter().filter_map(amount).collect()
}

/// The table from `first` to `last`; no day when `last` is before it. A person stands as on the
/// day before unless a step of a contract begins.
pub fn days(book: Book<'_>, first: NaiveDate, last: NaiveDate) -> Vec<Day> {
    let mut table: Vec<Day> = first
        .iter_days()
        .take_while(|day| *day <= last)
        .map(|on| Day { on, ..Day::default() })
        .collect();
    for own in by_person(book.lines) {
        let mut now = Part::default();
        for (at, day) in table.iter_mut().enumerate() {
            let begins = |line: &Line| line.steps.iter().any(|(from, _)| *from == day.on);
            if at == 0 || own.iter().any(begins) {
                now = stood(own, day.on);
            }
            if now.due().is_positive() {
                day.sums.add(&now);
                day.due_persons += 1;
                day.paid_persons += i64::from(book.is_done(&now));
            }
        }
    }
    let mut before: Option<Fen> = None;
    for day in &mut table {
        let paid = day.sums.paid();
        day.change = before.map(|before| paid - before);
        before = Some(paid);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn part(due: i64, paid: i64) -> Part {
        Part { due_principal: Fen::new(due), paid_principal: Fen::new(paid), ..Part::default() }
    }

    fn line<const N: usize>(loan: i64, file: i64, steps: [(NaiveDate, Part); N]) -> Line {
        let (loan_id, file_id) = (LoanId::new(loan), FileId::new(file));
        Line { loan_id, file_id, steps: Box::new(steps) }
    }

    #[test]
    fn a_person_is_done_when_all_contracts_are() {
        let first = day("2026-12-01");
        let lines = [
            line(1, 1, [(first, part(100, 100))]),
            line(2, 1, [(first, part(50, 0)), (day("2026-12-03"), part(50, 50))]),
            line(3, 2, [(first, part(300, 0))]),
        ];
        let book = Book { lines: &lines, smallest_arrears: Fen::new(1) };
        let table = days(book, first, day("2026-12-04"));
        assert_eq!(table.len(), 4);
        let paid: Vec<i64> = table.iter().map(|day| day.paid_persons).collect();
        assert_eq!(paid, [0, 0, 1, 1]);
        let change: Vec<Option<Fen>> = table.iter().map(|day| day.change).collect();
        assert_eq!(change, [None, Some(Fen::ZERO), Some(Fen::new(50)), Some(Fen::ZERO)]);
        assert_eq!(table[3].rate(), Some(3_333));
        assert_eq!(table[3].due_persons, 2);
        assert!(days(book, first, day("2026-11-30")).is_empty());
        let third = table[2];
        let sum = |figure| rows(book, third.on, figure).iter().map(|(_, fen)| *fen).sum::<Fen>();
        assert_eq!(sum(Figure::Due), third.sums.due());
        assert_eq!(sum(Figure::Paid), third.sums.paid());
        assert_eq!(sum(Figure::Open), third.sums.open());
        assert_eq!(Some(sum(Figure::Change)), third.change);
        assert_eq!(rows(book, third.on, Figure::Done), [(FileId::new(1), Fen::new(150))]);
        assert_eq!(rows(book, third.on, Figure::Left), [(FileId::new(2), Fen::new(300))]);
    }

    #[test]
    fn a_few_fen_short_is_paid_and_the_money_stays_open() {
        let on = day("2026-12-22");
        let lines =
            [(1, 801), (2, 800)].map(|(file, paid)| line(file, file, [(on, part(900, paid))]));
        let book = Book { lines: &lines, smallest_arrears: Fen::new(100) };
        let table = days(book, on, on);
        assert_eq!((table[0].paid_persons, table[0].sums.open()), (1, Fen::new(199)));
        assert_eq!(rows(book, on, Figure::Left), [(FileId::new(2), Fen::new(100))]);
    }
}
