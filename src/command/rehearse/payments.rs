//! The families of a rehearsal pay: most of them before the due day, on days spread over the
//! weeks before it, some of the rest a while after. Always the same families on the same days, so
//! that two rehearsals of one county read alike. Writes events into the copy only.

use chrono::{Days, NaiveDate};
use diesel::prelude::*;

use crate::app::App;
use crate::base::ids::{EventId, LoanId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::events::{self, EventRow, Origin};
use crate::book::position;
use crate::book::statement::{Event, EventKind};
use crate::error::AppResult;
use crate::plumbing::schema::{loan, loan_file, loan_position};

/// Payments before a due day are spread over this many days.
const SPREAD_BEFORE: u64 = 40;
/// Of the families in arrears, one in this many pays late; the others do not in this rehearsal.
const LATE_ONE_IN: u64 = 2;
/// Late payments begin this many days after the due day...
const LATE_AFTER: u64 = 12;
/// ...and are spread over this many days.
const LATE_SPREAD: u64 = 90;

/// What was paid on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Paid {
    /// Payments, one a contract.
    pub(super) number: u64,
    pub(super) amount: Fen,
}

impl Paid {
    pub(super) fn add(&mut self, amount: Fen) {
        self.number += 1;
        self.amount += amount;
    }
}

/// A contract that asks for something.
#[derive(Queryable)]
struct Asking {
    loan_id: LoanId,
    contract_no: String,
    file_no: String,
    next_due_on: Option<NaiveDate>,
    next_due_fen: Fen,
    unapplied_fen: Fen,
    oldest_unpaid_due_on: Option<NaiveDate>,
    overdue_principal_fen: Fen,
    overdue_interest_fen: Fen,
    penalty_fen: Fen,
    awaiting_on: Option<NaiveDate>,
    awaiting_fen: Fen,
}

/// How the families of a rehearsal pay.
#[derive(Clone, Copy, Debug)]
pub(super) struct Habit {
    /// So many of a thousand pay in time.
    pub(super) paying: u32,
    /// The first day of the rehearsal: whoever would have paid before it pays on it. What fell due
    /// before it and awaits the bank was paid on its day by as many.
    pub(super) first_day: NaiveDate,
}

/// Books what the families pay on `day`.
pub(super) fn book(app: &App, scope: &Scope, day: NaiveDate, habit: Habit) -> AppResult<Paid> {
    let asking = app.db.read(|db| asking(db, scope, day))?;
    let mut paid = Paid::default();
    let mut rows = Vec::new();
    for one in &asking {
        let was_paid = one.was_paid(day, habit).map(|(due_on, amount)| (due_on, due_on, amount));
        let pays = || one.pays_on(day, habit).map(|(due_on, amount)| (day, due_on, amount));
        let Some((on, due_on, amount)) = was_paid.or_else(pays) else { continue };
        let event = Event::new(app.next_id(), on, EventKind::Paid { amount });
        let origin = Origin {
            channel: "支付宝".to_owned(),
            source: "rehearsal".to_owned(),
            command_key: format!("rehearsal/{}/{due_on}", one.contract_no),
            ..Origin::default()
        };
        let event = Event { id: EventId::new(app.next_id()), ..event };
        let at = app.clock.now_at();
        rows.push(EventRow::new(scope.own(), one.loan_id, &event, at, origin));
        paid.add(amount);
    }
    let ids: Vec<LoanId> = rows.iter().map(|row| row.loan_id).collect();
    if !rows.is_empty() {
        app.db.write("rehearsal payments", |db| {
            events::append_all(db, scope, &rows)?;
            position::refresh(db, scope, &app.basis(), &ids, day)
        })?;
    }
    Ok(paid)
}

fn asking(
    db: &mut crate::plumbing::db::Db,
    scope: &Scope,
    day: NaiveDate,
) -> AppResult<Vec<Asking>> {
    let until = day + Days::new(SPREAD_BEFORE);
    Ok(loan_position::table
        .inner_join(loan::table.inner_join(loan_file::table))
        .filter(scope.holds(loan_position::office_code))
        .filter(
            loan_position::next_due_on
                .between(day, until)
                .assume_not_null()
                .or(loan_position::oldest_unpaid_due_on.is_not_null())
                .or(loan_position::awaiting_on.is_not_null()),
        )
        .order(loan::contract_no)
        .select((
            loan_position::loan_id,
            loan::contract_no,
            loan_file::file_no,
            loan_position::next_due_on,
            loan_position::next_due_fen,
            loan_position::unapplied_fen,
            loan_position::oldest_unpaid_due_on,
            loan_position::overdue_principal_fen,
            loan_position::overdue_interest_fen,
            loan_position::penalty_fen,
            loan_position::awaiting_on,
            loan_position::awaiting_fen,
        ))
        .load(db)?)
}

impl Asking {
    /// What the bank will tell of a due day before the first day: paid on its day, by the same
    /// share of families as later ones.
    fn was_paid(&self, day: NaiveDate, habit: Habit) -> Option<(NaiveDate, Fen)> {
        let due_on = self.awaiting_on.filter(|due_on| *due_on < day && day == habit.first_day)?;
        let pays = spread(&self.file_no) % 1_000 < u64::from(habit.paying);
        (pays && self.awaiting_fen.is_positive()).then_some((due_on, self.awaiting_fen))
    }

    /// For which due day this contract's family pays on `day`, and how much.
    fn pays_on(&self, day: NaiveDate, habit: Habit) -> Option<(NaiveDate, Fen)> {
        let family = spread(&self.file_no);
        if let Some(oldest) = self.oldest_unpaid_due_on {
            let late = LATE_AFTER + family / 7 % LATE_SPREAD;
            let pays =
                (family / 1_000).is_multiple_of(LATE_ONE_IN) && oldest + Days::new(late) == day;
            let amount = self.overdue_principal_fen + self.overdue_interest_fen + self.penalty_fen;
            return (pays && amount.is_positive()).then_some((oldest, amount));
        }
        let due_on = self.next_due_on?;
        let before = family / 3 % SPREAD_BEFORE;
        let pays_on = (due_on - Days::new(before)).max(habit.first_day);
        let pays = family % 1_000 < u64::from(habit.paying) && pays_on == day;
        // What the due day asks is told before money that lies there already.
        let amount = self.next_due_fen - self.unapplied_fen;
        (pays && amount.is_positive()).then_some((due_on, amount))
    }
}

/// A number that is the same for the same text in every run: FNV-1a, 64 bits.
fn spread(text: &str) -> u64 {
    let hash = text.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    // The lower digits of FNV follow the last character too closely.
    hash >> 17
}
