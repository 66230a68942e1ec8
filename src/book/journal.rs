//! A contract's life as plain-text double entry, for another program (`hledger`, `ledger`,
//! `beancount` by its importer): every day on which something happened is a transaction, and the
//! last one asserts what is left. Nothing is computed here: each posting is the difference of two
//! [`Totals`] of statements.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use chrono::NaiveDate;

use crate::base::money::Fen;
use crate::book::statement::{
    self, Event, Product, RateTables, Statement, StatementError, Terms, Totals,
};

/// The accounts of a contract; the bank's own are of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// What was paid out and not repaid.
    Principal,
    /// The borrower's interest that fell due and was not paid.
    Interest,
    /// The borrower's penalty interest that was not paid.
    Penalty,
    /// Interest and penalty that are the state's.
    State,
    /// Money that nothing asked for yet, or that goes back.
    Unapplied,
    Bank,
    InterestIncome,
    PenaltyIncome,
}

use Account::{
    Bank, Interest, InterestIncome, Penalty, PenaltyIncome, Principal, State, Unapplied,
};

impl Account {
    const ALL: [Account; 8] =
        [Principal, Interest, Penalty, State, Unapplied, Bank, InterestIncome, PenaltyIncome];

    const fn in_words(self) -> &'static str {
        match self {
            Principal => "资产:贷款本金",
            Interest => "资产:应收利息",
            Penalty => "资产:应收罚息",
            State => "资产:应收财政",
            Unapplied => "负债:待处理款",
            Bank => "资产:银行存款",
            InterestIncome => "收入:利息",
            PenaltyIncome => "收入:罚息",
        }
    }

    const fn is_of_contract(self) -> bool {
        !matches!(self, Bank | InterestIncome | PenaltyIncome)
    }
}

/// What stands on an account after all that a statement knows; debit is positive.
fn balance(statement: &Statement, account: Account) -> Fen {
    let (t, p) = (&statement.totals, &statement.position);
    match account {
        Principal => t.disbursed - repaid(t),
        Interest => t.borrower_interest - t.interest_paid,
        Penalty => t.penalty - t.penalty_paid,
        State => t.state_interest + t.state_penalty,
        Unapplied => -(p.unapplied + p.surplus),
        Bank => t.money_paid + t.money_granted + t.money_prepaid - t.disbursed,
        InterestIncome => -(t.borrower_interest + t.state_interest),
        PenaltyIncome => -(t.penalty + t.state_penalty),
    }
}

fn repaid(t: &Totals) -> Fen {
    t.principal_by_borrower + t.principal_by_compensation + t.principal_by_relief
}

/// A day of a contract. The amounts sum to zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    pub on: NaiveDate,
    /// `放款、还款`
    pub what: String,
    pub postings: Vec<(Account, Fen)>,
}

/// What happened on a day, in words.
fn what(before: &Totals, after: &Totals) -> String {
    let state = |t: &Totals| t.state_interest + t.state_penalty;
    let changed = [
        ("放款", before.disbursed != after.disbursed),
        ("还款", before.money_paid != after.money_paid),
        ("提前还款", before.money_prepaid != after.money_prepaid),
        ("代偿或救助", before.money_granted != after.money_granted),
        ("利息到期", before.borrower_interest != after.borrower_interest),
        ("罚息", before.penalty != after.penalty),
        ("国家付的利息", state(before) != state(after)),
    ];
    let words: Vec<&str> =
        changed.into_iter().filter(|(_, changed)| *changed).map(|(words, _)| words).collect();
    if words.is_empty() { "更正".to_owned() } else { words.join("、") }
}

/// The journal of a contract, and what every account has in the end.
#[derive(Clone, Debug)]
pub struct Journal {
    contract_no: String,
    product: Product,
    until: NaiveDate,
    pub transactions: Vec<Transaction>,
    pub balances: Vec<(Account, Fen)>,
}

/// Every day of a contract up to `until`, of which all payments are known.
///
/// # Errors
/// As [`statement::statement`].
pub fn journal(
    (terms, product): (&Terms, Product),
    events: &[Event],
    rates: &RateTables,
    until: NaiveDate,
) -> Result<Journal, StatementError> {
    let last = statement::statement(terms, events, rates, until)?;
    let mut days: BTreeSet<NaiveDate> = events.iter().map(|event| event.on).collect();
    days.extend(last.instalments.iter().map(|row| row.due_on));
    days.extend(last.state_paid.iter().map(|paid| paid.settled_on));
    days.insert(until);
    let mut before: Option<Statement> = None;
    let mut transactions = Vec::new();
    for on in days.into_iter().filter(|day| *day <= until) {
        let after = statement::statement(terms, events, rates, on)?;
        let had = |account| before.as_ref().map_or(Fen::ZERO, |one| balance(one, account));
        let postings: Vec<(Account, Fen)> = Account::ALL
            .into_iter()
            .map(|account| (account, balance(&after, account) - had(account)))
            .filter(|(_, amount)| !amount.is_zero())
            .collect();
        if !postings.is_empty() {
            let none = Totals::default();
            let earlier = before.as_ref().map_or(&none, |one| &one.totals);
            transactions.push(Transaction { on, what: what(earlier, &after.totals), postings });
        }
        before = Some(after);
    }
    Ok(Journal {
        contract_no: terms.contract_no.clone(),
        product,
        until,
        transactions,
        balances: Account::ALL.into_iter().map(|one| (one, balance(&last, one))).collect(),
    })
}

const fn book(product: Product) -> &'static str {
    match product {
        Product::Cdb => "国开行",
        Product::Local => "县自办",
    }
}

/// The lines before all transactions: money, and the accounts that no contract names.
pub fn head(title: &str) -> String {
    let mut text = format!("; {title}\ncommodity CNY 1000.00\n");
    for product in [Product::Cdb, Product::Local] {
        for account in Account::ALL.into_iter().filter(|one| !one.is_of_contract()) {
            let _ = writeln!(text, "account {}:{}", account.in_words(), book(product));
        }
    }
    text
}

impl Journal {
    fn account(&self, account: Account) -> String {
        let of = format!("{}:{}", account.in_words(), book(self.product));
        // What a journal could read as something else is left out of a name.
        let plain = |c: char| if c.is_alphanumeric() || c == '-' { c } else { '_' };
        match account.is_of_contract() {
            true => format!("{of}:{}", self.contract_no.chars().map(plain).collect::<String>()),
            false => of,
        }
    }

    /// As `hledger` reads it.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for account in Account::ALL.into_iter().filter(|one| one.is_of_contract()) {
            let _ = writeln!(text, "account {}", self.account(account));
        }
        for one in &self.transactions {
            let _ = writeln!(text, "\n{} * {} {}", one.on, self.contract_no, one.what);
            for (account, amount) in &one.postings {
                let _ =
                    writeln!(text, "    {}  CNY {}", self.account(*account), amount.to_yuan_text());
            }
        }
        let own = self.balances.iter().filter(|(account, _)| account.is_of_contract());
        let _ = writeln!(text, "\n{} * {} 核对余额", self.until, self.contract_no);
        for (account, amount) in own {
            let account = self.account(*account);
            let _ = writeln!(text, "    {account}  CNY 0.00 = CNY {}", amount.to_yuan_text());
        }
        text.push('\n');
        text
    }
}
