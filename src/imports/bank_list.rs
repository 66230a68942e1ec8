//! A repayment list as a whole, known before its first line is decided: which lines belong to one
//! instalment and in which order, and how much the list says about what it does not name.
//!
//! A bank line has no number of its own. It is known by contract, due day, day paid and its place
//! among the lines of that day, ordered by what they say: the same lines in another order are the
//! same list.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{Datelike, NaiveDate};

use crate::base::ids::LoanId;
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::bank::{self, BankFigure, ListedLine, Tells};
use crate::book::loan::{self, ListedLoan};
use crate::error::AppResult;
use crate::imports::layout::words::RepaymentKind;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;

/// One line of an instalment, as far as others need to know it.
#[derive(Clone, Copy, Debug)]
pub struct BankLine {
    pub line: u32,
    /// Its place among the lines of the same day paid, from 1.
    pub ordinal: i32,
    /// 还款日期.
    pub paid_on: Option<NaiveDate>,
    /// 实还合计.
    pub total: Fen,
    /// 还款类型.
    pub kind: RepaymentKind,
    /// 实还本金, 实还利息, 实还罚息.
    pub parts: [Fen; 3],
    /// 应还本金, 应还利息.
    pub due: [Option<Fen>; 2],
    /// 还款后贷款余额.
    pub balance: Option<Fen>,
}

/// All lines of one repayment list, by contract and due day. Empty for every other sheet.
#[derive(Clone, Debug, Default)]
pub struct BankList {
    instalments: HashMap<(String, NaiveDate), Vec<BankLine>>,
    /// How many early repayments it has, by contract and principal.
    early: HashMap<(String, Fen), usize>,
    /// Names of the kinds of events that it has any line of.
    moneys: BTreeSet<&'static str>,
    /// A line could not be read: what it says is not known.
    faulty: bool,
    whole: bool,
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
    /// Gathers the lines of a sheet, each with the instalment it is about; nothing for one that
    /// could not be read.
    pub fn of(
        lines: impl IntoIterator<Item = Option<((String, NaiveDate), BankLine)>>,
    ) -> BankList {
        let mut list = BankList::default();
        for line in lines {
            let Some((instalment, line)) = line else {
                list.faulty = true;
                continue;
            };
            if !line.total.is_zero() {
                list.moneys.insert(money_of(line.kind));
            }
            let [principal, ..] = line.parts;
            if line.kind == RepaymentKind::Early && principal.is_positive() {
                *list.early.entry((instalment.0.clone(), principal)).or_default() += 1;
            }
            list.instalments.entry(instalment).or_default().push(line);
        }
        for lines in list.instalments.values_mut() {
            number(lines);
        }
        list
    }

    /// Finds out whether the list is whole: every line could be read, it names everything that
    /// older lists have named (an early repayment on whatever day), and nine of ten contracts that
    /// have come to a due day (one that was settled early or always waived may have no line). A
    /// list of one township, of one month or half a list is not, and what it does not name stays
    /// as it is.
    pub fn judge(&mut self, db: &mut Db, scope: &Scope, as_of: NaiveDate) -> AppResult<()> {
        if self.faulty || self.instalments.is_empty() {
            return Ok(());
        }
        let named: HashSet<&str> = self.instalments.keys().map(|(no, _)| no.as_str()).collect();
        let all = loan::listed(db, scope)?;
        let is_named = |loan: &&ListedLoan| named.contains(loan.contract_no.as_str());
        let products: BTreeSet<&str> =
            all.iter().filter(is_named).map(|loan| loan.product.as_str()).collect();
        let of_lender: Vec<&ListedLoan> =
            all.iter().filter(|loan| products.contains(loan.product.as_str())).collect();
        let due = of_lender.iter().filter(|loan| has_come_to_a_due_day(loan, as_of));
        let (due_count, named_count) = due.fold((0_usize, 0_usize), |(due, of), loan| {
            (due + 1, of + usize::from(is_named(loan)))
        });
        if named_count * 10 < due_count * 9 {
            return Ok(());
        }
        for some in of_lender.chunks(BINDS_MAX) {
            let own: HashMap<LoanId, &str> =
                some.iter().map(|loan| (loan.id, loan.contract_no.as_str())).collect();
            let ids: Vec<LoanId> = some.iter().map(|loan| loan.id).collect();
            if !self.repeats(&own, &bank::listed_lines(db, scope, &ids, as_of)?) {
                return Ok(());
            }
        }
        self.whole = true;
        Ok(())
    }

    /// Has the list all that was told before?
    fn repeats(&self, own: &HashMap<LoanId, &str>, listed: &[ListedLine]) -> bool {
        let mut early: HashMap<(&str, Fen), usize> = HashMap::new();
        let is_early = |one: &ListedLine| {
            one.kind == RepaymentKind::Early.to_chinese() && one.paid_principal_fen.is_positive()
        };
        for one in listed.iter().filter(|one| is_early(one)) {
            if let Some(no) = own.get(&one.loan_id) {
                *early.entry((no, one.paid_principal_fen)).or_default() += 1;
            }
        }
        listed.iter().all(|one| {
            let (Some(no), Some(due_on)) = (own.get(&one.loan_id), one.due_on) else { return true };
            let principal = one.paid_principal_fen;
            let before = || early.get(&(*no, principal)).copied().unwrap_or_default();
            !self.instalment(no, due_on).is_empty()
                || (is_early(one) && self.early(no, principal) >= before())
        })
    }

    /// How many early repayments of this principal the list has for a contract.
    pub fn early(&self, contract_no: &str, principal: Fen) -> usize {
        self.early.get(&(contract_no.to_owned(), principal)).copied().unwrap_or_default()
    }

    /// Has the list this very line?
    pub fn names(&self, contract_no: &str, figure: &BankFigure) -> bool {
        let lines = figure.due_on.map_or(&[][..], |due_on| self.instalment(contract_no, due_on));
        lines.iter().any(|one| is_place(figure, one.paid_on, one.ordinal))
    }

    /// The lines about one instalment.
    pub fn instalment(&self, contract_no: &str, due_on: NaiveDate) -> &[BankLine] {
        self.instalments.get(&(contract_no.to_owned(), due_on)).map_or(&[], Vec::as_slice)
    }

    /// How much the list says about an instalment beside its lines.
    pub fn tells(&self, lines: &[BankLine]) -> Tells {
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

/// Is this the line in that place of its instalment?
pub fn is_place(figure: &BankFigure, paid_on: Option<NaiveDate>, ordinal: i32) -> bool {
    figure.paid_on == paid_on && figure.ordinal == ordinal
}

/// Numbers the lines of each day paid by what they say: the one that left more to pay came first.
fn number(lines: &mut [BankLine]) {
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
fn is_what_was_due(lines: &[BankLine]) -> bool {
    let Some(first) = lines.first() else { return false };
    let [Some(principal), Some(interest)] = first.due else { return false };
    let alike = |one: &BankLine| one.due == first.due && money_of(one.kind) == money_of(first.kind);
    let without_penalty = |one: &BankLine| {
        let [principal, interest, _] = one.parts;
        principal + interest
    };
    let paid: Fen = lines.iter().map(without_penalty).sum();
    lines.iter().all(alike) && paid.is_positive() && paid == principal + interest
}

/// Has this contract's first due day passed by `day`?
fn has_come_to_a_due_day(loan: &ListedLoan, day: NaiveDate) -> bool {
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
