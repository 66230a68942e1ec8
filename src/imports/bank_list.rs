//! A repayment list as a whole, known before its first line is decided: which lines belong to one
//! instalment and in which order, and how much the list says about what it does not name.
//!
//! A bank line has no number of its own. It is known by contract, due day, day paid and its place
//! among the lines of that day, ordered by what they say: the same lines in another order are the
//! same list.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{Datelike, NaiveDate};

use super::read::ReadLine;
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::bank::{self, Tells};
use crate::book::loan::{self, Loan};
use crate::error::AppResult;
use crate::imports::layout::Row;
use crate::imports::layout::rows::RepaymentRow;
use crate::imports::layout::words::RepaymentKind;
use crate::plumbing::db::Db;

/// One line of an instalment, as far as others need to know it.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    /// The line.
    pub line: u32,
    /// Its place among the lines of the same day paid, from 1.
    pub ordinal: i32,
    /// 还款日期.
    pub paid_on: Option<NaiveDate>,
    /// 实还合计.
    pub total: Fen,
    kind: RepaymentKind,
    parts: [Fen; 3],
    due: [Option<Fen>; 2],
    balance: Option<Fen>,
}

/// All lines of one repayment list, by contract and due day. Empty for every other sheet.
#[derive(Clone, Debug, Default)]
pub struct BankList {
    instalments: HashMap<(String, NaiveDate), Vec<Told>>,
    /// Names of the kinds of events that it has any line of.
    moneys: BTreeSet<&'static str>,
    /// A line could not be read: what it says is not known.
    faulty: bool,
    whole: bool,
}

/// The money of a line: the total when there is one.
pub fn total(row: &RepaymentRow) -> Fen {
    row.paid_total.unwrap_or_else(|| {
        row.paid_principal
            + row.paid_interest.unwrap_or_default()
            + row.paid_penalty.unwrap_or_default()
    })
}

/// The name of the event that money of this kind is; empty for the bank's figures only.
pub const fn money_of(kind: RepaymentKind) -> &'static str {
    match kind {
        RepaymentKind::Regular | RepaymentKind::Late => "paid",
        RepaymentKind::Early => "prepaid",
        RepaymentKind::Compensated => "compensated",
        RepaymentKind::Unpaid | RepaymentKind::Waived => "",
    }
}

impl BankList {
    /// Gathers the lines of a sheet.
    pub fn of(lines: &[ReadLine]) -> BankList {
        let mut list = BankList::default();
        for line in lines.iter().filter(|line| line.skipped.is_none()) {
            let Some(parsed) = &line.parsed else { continue };
            match (&parsed.row, parsed.is_refused()) {
                (Some(Row::Repayment(row)), false) => list.add(line.line, row),
                _ => list.faulty = true,
            }
        }
        for lines in list.instalments.values_mut() {
            number(lines);
        }
        list
    }

    fn add(&mut self, line: u32, row: &RepaymentRow) {
        let told = Told {
            line,
            ordinal: 1,
            paid_on: row.paid_on,
            total: total(row),
            kind: row.kind,
            parts: [
                row.paid_principal,
                row.paid_interest.unwrap_or_default(),
                row.paid_penalty.unwrap_or_default(),
            ],
            due: [row.due_principal, row.due_interest],
            balance: row.balance_after,
        };
        if !told.total.is_zero() {
            self.moneys.insert(money_of(row.kind));
        }
        self.instalments.entry((row.contract_number.clone(), row.due_on)).or_default().push(told);
    }

    /// Finds out whether the list is whole: every line could be read, it names everything that
    /// older lists have named, and nine of ten contracts that have come to a due day (one that was
    /// settled early or always waived may have no line). A list of one township, of one month or
    /// half a list is not, and what it does not name stays as it is.
    pub fn judge(&mut self, db: &mut Db, scope: &Scope, as_of: NaiveDate) -> AppResult<()> {
        let numbers: BTreeSet<&String> = self.instalments.keys().map(|(no, _)| no).collect();
        let numbers: Vec<String> = numbers.into_iter().cloned().collect();
        if self.faulty || numbers.is_empty() {
            return Ok(());
        }
        let named = loan::by_contract_no(db, scope, &numbers)?;
        let products: BTreeSet<&str> = named.values().map(|loan| loan.product.as_str()).collect();
        let all: Vec<Loan> = loan::of_products(db, scope, &products)?;
        let due = all.iter().filter(|loan| has_come_to_a_due_day(loan, as_of));
        let (mut due_count, mut named_count) = (0_usize, 0_usize);
        for loan in due {
            due_count += 1;
            named_count += usize::from(named.contains_key(&loan.contract_no));
        }
        let own: HashMap<_, &str> =
            all.iter().map(|loan| (loan.id, loan.contract_no.as_str())).collect();
        let told: HashSet<(&str, NaiveDate)> =
            self.instalments.keys().map(|(no, due_on)| (no.as_str(), *due_on)).collect();
        let repeats = bank::instalments_told(db, scope, as_of)?
            .into_iter()
            .filter_map(|(loan, due_on)| Some((*own.get(&loan)?, due_on)))
            .all(|instalment| told.contains(&instalment));
        self.whole = repeats && named_count * 10 >= due_count * 9;
        Ok(())
    }

    /// The lines about one instalment.
    pub fn instalment(&self, contract_no: &str, due_on: NaiveDate) -> &[Told] {
        self.instalments.get(&(contract_no.to_owned(), due_on)).map_or(&[], Vec::as_slice)
    }

    /// How much the list says about an instalment beside its lines.
    pub fn tells(&self, lines: &[Told]) -> Tells {
        match self.whole {
            true => Tells::List,
            false if is_what_was_due(lines) => Tells::Instalment,
            false => Tells::Line,
        }
    }

    /// Has the list any line with money of this kind? One that has none may leave it to another.
    pub fn has_money(&self, money: &str) -> bool {
        self.moneys.contains(money)
    }
}

/// Numbers the lines of each day paid by what they say: the one that left more to pay came first.
fn number(lines: &mut [Told]) {
    lines.sort_by_key(|one| {
        let balance = std::cmp::Reverse(one.balance);
        (one.paid_on, balance, one.kind, one.total, one.parts, one.line)
    });
    let mut last: Option<(Option<NaiveDate>, i32)> = None;
    for one in lines {
        one.ordinal = match last {
            Some((day, ordinal)) if day == one.paid_on => ordinal + 1,
            _ => 1,
        };
        last = Some((one.paid_on, one.ordinal));
    }
}

/// True when the money of these lines, all of one kind, is just what the bank says was due: there
/// can be no other payment.
fn is_what_was_due(lines: &[Told]) -> bool {
    let Some(first) = lines.first() else { return false };
    let [Some(principal), Some(interest)] = first.due else { return false };
    let alike = |one: &Told| one.due == first.due && money_of(one.kind) == money_of(first.kind);
    let without_penalty = |one: &Told| {
        let [principal, interest, _] = one.parts;
        principal + interest
    };
    let paid: Fen = lines.iter().map(without_penalty).sum();
    lines.iter().all(alike) && paid.is_positive() && paid == principal + interest
}

/// Has this contract's first due day passed by `day`?
fn has_come_to_a_due_day(loan: &Loan, day: NaiveDate) -> bool {
    if loan.bank_state == "已撤销" {
        return false;
    }
    let of_year = |year: i32| format!("{year}-{}", loan.due_month_day).parse::<NaiveDate>().ok();
    let ends = loan.subsidy_ends_on;
    let first = [ends.year(), ends.year() + 1]
        .into_iter()
        .filter_map(of_year)
        .find(|due| *due > ends)
        .map_or(loan.final_due_on, |due| due.min(loan.final_due_on));
    first <= day
}
