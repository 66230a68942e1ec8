//! The few columns of a loan and of its events that its position is computed from: what the
//! nightly refresh reads of a hundred thousand loans. Reads only; pages read the whole rows.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;

use crate::base::dates::day_in;
use crate::base::ids::{EventId, FileId, LoanId};
use crate::base::money::Fen;
use crate::base::month_day::MonthDay;
use crate::base::rate::RatePpm;
use crate::base::scope::Scope;
use crate::book::events::EventRow;
use crate::book::loan::{Loan, switches_from_text};
use crate::book::statement::{DayCount, Event, EventKind, Pricing, StudyLevel, Terms};
use crate::error::{AppError, AppResult};
use crate::plumbing::any_of::AnyOfMethods as _;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{loan, loan_event};

/// A loan as far as its terms go.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = loan)]
pub struct LoanFacts {
    pub id: LoanId,
    /// Whose data this is.
    pub office_code: String,
    /// The file it belongs to.
    pub file_id: FileId,
    /// The product, which stands for its lender.
    pub product: String,
    pub contract_no: String,
    level: String,
    signed_on: NaiveDate,
    subsidy_ends_on: NaiveDate,
    final_due_on: NaiveDate,
    grace_years: i32,
    due_month_day: String,
    fixed_rate_ppm: Option<RatePpm>,
    penalty_percent: i32,
    day_count: String,
    switches: String,
}

impl From<&Loan> for LoanFacts {
    fn from(loan: &Loan) -> LoanFacts {
        LoanFacts {
            id: loan.id,
            office_code: loan.office_code.clone(),
            file_id: loan.file_id,
            product: loan.product.clone(),
            contract_no: loan.contract_no.clone(),
            level: loan.level.clone(),
            signed_on: loan.signed_on,
            subsidy_ends_on: loan.subsidy_ends_on,
            final_due_on: loan.final_due_on,
            grace_years: loan.grace_years,
            due_month_day: loan.due_month_day.clone(),
            fixed_rate_ppm: loan.fixed_rate_ppm,
            penalty_percent: loan.penalty_percent,
            day_count: loan.day_count.clone(),
            switches: loan.switches.clone(),
        }
    }
}

impl Loan {
    /// As [`LoanFacts::terms`].
    pub fn terms(&self) -> AppResult<Terms> {
        LoanFacts::from(self).terms()
    }
}

impl LoanFacts {
    /// The terms of this contract as the statement takes them.
    ///
    /// # Errors
    /// `Broken` when the row holds a word that no version of the program writes.
    pub fn terms(&self) -> AppResult<Terms> {
        let odd = |what: &str, value: &str| {
            AppError::broken(format!("loan {}: {what} = {value:?} is unknown", self.id))
        };
        Ok(Terms {
            contract_no: self.contract_no.clone(),
            signed_on: self.signed_on,
            level: StudyLevel::from_text(&self.level).ok_or_else(|| odd("level", &self.level))?,
            subsidy_ends_on: self.subsidy_ends_on,
            grace_years: self.grace_years,
            due_day: MonthDay::from_text(&self.due_month_day)
                .ok_or_else(|| odd("due_month_day", &self.due_month_day))?,
            final_due_on: self.final_due_on,
            pricing: self.fixed_rate_ppm.map_or(Pricing::Floating, Pricing::Fixed),
            penalty_ppm: self.penalty_percent.saturating_mul(10_000),
            day_count: DayCount::from_text(&self.day_count)
                .ok_or_else(|| odd("day_count", &self.day_count))?,
            switches: switches_from_text(&self.switches)
                .ok_or_else(|| odd("switches", &self.switches))?,
        })
    }
}

/// An event as far as the statement goes.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = loan_event)]
pub struct EventFacts {
    id: EventId,
    /// The loan it happened to.
    pub loan_id: LoanId,
    effective_on: NaiveDate,
    kind: String,
    year: Option<i32>,
    amount_fen: Option<Fen>,
    whole: bool,
    to_on: Option<NaiveDate>,
    from_on: Option<NaiveDate>,
    rate_ppm: Option<RatePpm>,
    first_year: Option<i32>,
    reverses_id: Option<EventId>,
}

impl From<&EventRow> for EventFacts {
    fn from(row: &EventRow) -> EventFacts {
        EventFacts {
            id: row.id,
            loan_id: row.loan_id,
            effective_on: row.effective_on,
            kind: row.kind.clone(),
            year: row.year,
            amount_fen: row.amount_fen,
            whole: row.whole,
            to_on: row.to_on,
            from_on: row.from_on,
            rate_ppm: row.rate_ppm,
            first_year: row.first_year,
            reverses_id: row.reverses_id,
        }
    }
}

impl EventRow {
    /// As [`EventFacts::event`], with the instant at which it was recorded.
    pub fn event(&self) -> AppResult<Event> {
        let event = EventFacts::from(self).event()?;
        Ok(Event { recorded_at: Some(self.recorded_at), ..event })
    }
}

impl EventFacts {
    /// The event as the statement takes it, without the instant of recording.
    ///
    /// # Errors
    /// `Broken` when a field that the kind needs is missing: damaged data, never guessed over.
    pub fn event(&self) -> AppResult<Event> {
        let missing =
            || AppError::broken(format!("loan_event {} ({}): incomplete", self.id, self.kind));
        let amount = || self.amount_fen.ok_or_else(missing);
        let kind = match self.kind.as_str() {
            "disbursed" => EventKind::Disbursed { amount: amount()? },
            "paid" => EventKind::Paid { amount: amount()? },
            "compensated" => EventKind::Compensated { amount: amount()? },
            "relieved" => EventKind::Relieved { amount: amount()? },
            "amount_raised" => EventKind::AmountRaised { to: amount()? },
            "prepaid" if self.whole => EventKind::Prepaid { principal: None },
            "prepaid" => EventKind::Prepaid { principal: Some(amount()?) },
            "subsidy_end_moved" => EventKind::SubsidyEndMoved {
                to: self.to_on.ok_or_else(missing)?,
                from: self.from_on,
            },
            "study_ended_early" => EventKind::StudyEndedEarly,
            "interest_waived" => EventKind::InterestWaived,
            "principal_deferred" => EventKind::PrincipalDeferred,
            "plan_set" => EventKind::PlanSet {
                equal_amount: amount()?,
                first_year: self.first_year.ok_or_else(missing)?,
            },
            "rate_set" => EventKind::RateSet { rate: self.rate_ppm.ok_or_else(missing)? },
            "reversed" => EventKind::Reversed { of: self.reverses_id.ok_or_else(missing)? },
            _ => return Err(missing()),
        };
        let on = self.year.map_or(self.effective_on, |year| day_in(year, 1, 1));
        Ok(Event { id: self.id, on, recorded_at: None, kind })
    }
}

/// The loans with these identities, in the order of identity.
pub fn loans(db: &mut Db, scope: &Scope, ids: &[LoanId]) -> AppResult<Vec<LoanFacts>> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(BINDS_MAX) {
        found.extend(
            loan::table
                .filter(scope.holds(loan::office_code))
                .filter(loan::id.any_of(chunk))
                .order(loan::id)
                .select(LoanFacts::as_select())
                .load(db)?,
        );
    }
    Ok(found)
}

/// The events of some loans.
#[derive(Clone, Debug, Default)]
pub struct Lives(HashMap<LoanId, Vec<EventFacts>>);

impl Lives {
    /// Those of one loan, in the order of recording; a loan without any has none.
    ///
    /// # Errors
    /// `Broken` when one of them is damaged: it concerns this loan and no other.
    pub fn take(&mut self, loan: LoanId) -> AppResult<Vec<Event>> {
        let rows = self.0.remove(&loan).unwrap_or_default();
        let mut events = rows.iter().map(EventFacts::event).collect::<AppResult<Vec<Event>>>()?;
        // Sorted here: the index delivers them by day, and asking for another order costs a sort of
        // the whole answer.
        events.sort_unstable_by_key(|event| event.id);
        Ok(events)
    }
}

/// The events of these loans.
pub fn events(db: &mut Db, scope: &Scope, loans: &[LoanId]) -> AppResult<Lives> {
    let mut found: HashMap<LoanId, Vec<EventFacts>> = HashMap::with_capacity(loans.len());
    for chunk in loans.chunks(BINDS_MAX) {
        let rows: Vec<EventFacts> = loan_event::table
            .filter(scope.holds(loan_event::office_code))
            .filter(loan_event::loan_id.any_of(chunk))
            .select(EventFacts::as_select())
            .load(db)?;
        for row in rows {
            found.entry(row.loan_id).or_default().push(row);
        }
    }
    Ok(Lives(found))
}

/// A contract of a file.
#[derive(Clone, Copy, Debug, Queryable)]
pub struct Sibling {
    pub loan_id: LoanId,
    pub file_id: FileId,
    pub loan_year: i32,
}

/// All contracts of these files.
pub fn siblings(db: &mut Db, scope: &Scope, files: &[FileId]) -> AppResult<Vec<Sibling>> {
    let mut found = Vec::with_capacity(files.len() * 3);
    for chunk in files.chunks(BINDS_MAX) {
        found.extend(
            loan::table
                .filter(scope.holds(loan::office_code))
                .filter(loan::file_id.any_of(chunk))
                .select((loan::id, loan::file_id, loan::loan_year))
                .load::<Sibling>(db)?,
        );
    }
    Ok(found)
}

/// Is this year's interest waived by an event of its own?
pub fn is_waiver_of(event: &Event, year: i32) -> bool {
    matches!(event.kind, EventKind::InterestWaived) && event.on.year() == year
}
