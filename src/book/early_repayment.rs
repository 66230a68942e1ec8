//! 提前还款: what a family needs on the settling day, line by line, and what it saves: against the
//! plan, and against waiting for the next window. Every figure comes from a statement. Pure.

use chrono::{Datelike as _, Days, NaiveDate};
use serde::Serialize;

use crate::base::dates::in_words;
use crate::base::ids::EventId;
use crate::base::money::Fen;
use crate::book::events::EventRow;
use crate::book::file::Contract;
use crate::book::policy::Policy;
use crate::book::position::Basis;
use crate::book::statement::{
    self, Event, EventKind, Pricing, RowKind, Statement, StatementError, Terms,
};
use crate::error::{AppError, AppResult};

/// The most days that requests come before their settling day: 10-16 for 12-20 (rules.md 5.2).
const REQUESTS_BEFORE: u64 = 65;
/// Days from then on within which another window opens.
const WINDOW_WITHIN: usize = 160;

/// How the money of an event came that was written down from the bank's answer to a request.
pub const CHANNEL: &str = "提前还款扣款";

/// The event was written down from the bank's answer, and not from its list of repayments.
pub fn is_answer(event: &EventRow) -> bool {
    event.channel == CHANNEL && !event.source.starts_with("import ")
}

/// One amount of the sum, and its working.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    pub what: String,
    pub amount: Fen,
    pub because: Vec<String>,
}

/// What an early repayment takes on its settling day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Needed {
    pub total: Fen,
    pub principal: Fen,
    /// What of the principal is due by then, paid early or not.
    pub due: Fen,
    /// Principal that is not due by then: the most that can be repaid early.
    pub not_due: Fen,
    pub interest: Fen,
    pub penalty: Fen,
    /// Interest of the plan that nobody pays any more.
    pub saved: Fen,
    pub left: Fen,
    /// Interest of the whole life when it is done.
    pub life_interest: Fen,
    pub parts: Vec<Part>,
    /// The last due day that is taken as not paid yet.
    pub assumes: Option<NaiveDate>,
}

impl Needed {
    fn add(&mut self, other: Needed) {
        self.total += other.total;
        self.principal += other.principal;
        self.due += other.due;
        self.not_due += other.not_due;
        self.interest += other.interest;
        self.penalty += other.penalty;
        self.saved += other.saved;
        self.left += other.left;
        self.life_interest += other.life_interest;
        self.parts.extend(other.parts);
        self.assumes = self.assumes.max(other.assumes);
    }
}

/// What some contracts need together, and what waiting for the next window would cost.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    pub settles_on: NaiveDate,
    pub now: Needed,
    /// The settling day of the next window.
    pub next_on: Option<NaiveDate>,
    pub next_total: Fen,
    /// Interest more when it is done there.
    pub waiting_costs: Fen,
    /// What is not known yet.
    pub notes: Vec<String>,
}

fn interest_of(statement: &Statement) -> Fen {
    statement.instalments.iter().map(|row| row.interest).sum()
}

fn is_early(row: &statement::Instalment, on: NaiveDate) -> bool {
    row.kind == RowKind::EarlySettlement && row.due_on == on
}

/// Life as it is, and with the early repayment.
fn both(
    (terms, contract): (&Terms, &Contract),
    basis: &Basis,
    (on, part): (NaiveDate, Option<Fen>),
) -> Result<(Statement, Statement), StatementError> {
    let last = contract.events.iter().map(|event| event.id.get()).max().unwrap_or_default();
    let id = EventId::new(last.max(0).saturating_add(1));
    let kind = EventKind::Prepaid { principal: part };
    let mut longer = contract.events.clone();
    longer.push(Event { id, on, recorded_at: None, kind });
    let before = statement::statement(terms, &contract.events, &basis.rates, on)?;
    Ok((before, statement::statement(terms, &longer, &basis.rates, on)?))
}

/// What one contract needs on a settling day; `part` of the principal that is not due by then, or
/// the whole contract.
///
/// # Errors
/// Refused when its account contradicts itself.
pub fn needed(
    contract: &Contract,
    basis: &Basis,
    (on, part): (NaiveDate, Option<Fen>),
) -> AppResult<Needed> {
    let terms = contract.loan.terms()?;
    let number = &contract.loan.contract_no;
    let refused =
        |_| AppError::refused(format!("合同 {number} 现在算不出来，要先核对这份合同的账"));
    let (before, after) = both((&terms, contract), basis, (on, part)).map_err(refused)?;
    let principal = after.totals.principal_by_borrower - before.totals.principal_by_borrower;
    let interest = after.totals.interest_paid - before.totals.interest_paid;
    let penalty = after.totals.penalty_paid - before.totals.penalty_paid;
    let by_then = before.instalments.iter().filter(|row| row.due_on <= on);
    let due: Fen = by_then.map(|row| row.principal - row.paid_principal).sum();
    let known = contract.statement.known_until;
    let between = before.instalments.iter().filter(|row| row.due_on > known && row.due_on < on);
    let total = principal + interest + penalty;
    let mut parts = parts(&before, &after, on);
    if parts.iter().map(|part| part.amount).sum::<Fen>() != total {
        tracing::error!(contract = number, "the working of an early repayment does not sum up");
        let one = |what: &str, amount| Part { what: what.to_owned(), amount, because: Vec::new() };
        parts = vec![one("本金", principal), one("利息", interest), one("罚息", penalty)];
        parts.retain(|part| part.amount.is_positive());
    }
    Ok(Needed {
        total,
        principal,
        due,
        not_due: before.position.principal_outstanding - due,
        interest,
        penalty,
        saved: (interest_of(&before) - interest_of(&after)).or_zero(),
        left: after.position.principal_outstanding,
        life_interest: interest_of(&after),
        parts,
        assumes: between.filter(|row| row.open().is_positive()).map(|row| row.due_on).max(),
    })
}

fn parts(before: &Statement, after: &Statement, on: NaiveDate) -> Vec<Part> {
    let open = before.instalments.iter().filter(|row| row.due_on <= on);
    let mut parts: Vec<Part> = open
        .filter(|row| row.open().is_positive())
        .map(|row| Part {
            what: format!("{}应还、还没有还的", in_words(row.due_on, NaiveDate::MIN)),
            amount: row.open(),
            because: before.explain_zh(row, ""),
        })
        .collect();
    for row in after.instalments.iter().filter(|row| is_early(row, on)) {
        let why = after.explain_zh(row, "提前还款");
        let interest = why.into_iter().filter(|line| line.starts_with("利息")).collect();
        parts.push(Part {
            what: "到扣款日的利息".to_owned(),
            amount: row.interest,
            because: interest,
        });
        parts.push(Part {
            what: "提前还的本金".to_owned(),
            amount: row.principal,
            because: Vec::new(),
        });
    }
    parts.retain(|part| part.amount.is_positive() || !part.because.is_empty());
    parts
}

/// The settling day of the window after this one. Requests for it begin before this one settles.
pub fn next_window(policy: &Policy, settles_on: NaiveDate) -> Option<NaiveDate> {
    let from = settles_on.checked_sub_days(Days::new(REQUESTS_BEFORE))?;
    from.iter_days()
        .take(WINDOW_WITHIN)
        .filter_map(|day| policy.prepay_window(day))
        .find(|on| *on > settles_on)
}

/// What these contracts need together when they are requested today.
///
/// # Errors
/// As [`needed`].
pub fn figures(
    of: &[&Contract],
    (basis, policy): (&Basis, &Policy),
    (today, settles_on): (NaiveDate, NaiveDate),
    part: Option<Fen>,
) -> AppResult<Figures> {
    let sum = |on: NaiveDate| -> AppResult<Needed> {
        let mut all = Needed::default();
        for contract in of {
            all.add(needed(contract, basis, (on, part))?);
        }
        Ok(all)
    };
    let (now, next_on) = (sum(settles_on)?, next_window(policy, settles_on));
    let next = next_on.map(sum).transpose()?.unwrap_or_default();
    let waiting_costs = match next_on {
        Some(_) => (next.life_interest - now.life_interest).or_zero(),
        None => Fen::ZERO,
    };
    let notes = notes(of, (basis, policy), (today, settles_on), &now);
    Ok(Figures { settles_on, next_on, next_total: next.total, waiting_costs, notes, now })
}

fn notes(
    of: &[&Contract],
    (basis, policy): (&Basis, &Policy),
    (today, settles_on): (NaiveDate, NaiveDate),
    now: &Needed,
) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(words) = policy.assumed(settles_on).filter(|_| now.interest.is_positive()) {
        notes.push(format!("到扣款日的利息{words}，以银行扣款时为准"));
    }
    // Floating rates change after the due day (rules.md 3.2).
    let reprices_on = policy.due_day(today).in_year(today.year());
    let is_known = basis.rates.lpr().last_day().is_some_and(|last| last >= reprices_on);
    let is_floating = |terms: Terms| terms.pricing == Pricing::Floating;
    let floats = of.iter().any(|one| one.loan.terms().is_ok_and(is_floating));
    if floats && today <= reprices_on && settles_on > reprices_on && !is_known {
        let on = in_words(reprices_on, today);
        notes.push(format!("{on}以后的利率还没有公布，按现在的利率算"));
    }
    if let Some(day) = now.assumes {
        let day = in_words(day, today);
        notes.push(format!("{day}那一期按还没有还来算，算在里面了；还上以后，要的钱会少"));
    }
    notes
}
