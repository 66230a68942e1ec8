//! Lives through the days of a rehearsal, hour by hour, and says what happened on each.

use std::io::Write;

use chrono::{Days as Span, Duration, NaiveDate};

use super::bank;
use super::counter::AtCounter;
use super::first::{self, Orders};
use super::payments::{self, Habit, Paid};
use super::tally::{Tally, Totals};
use crate::app::App;
use crate::base::dates::starts_at;
use crate::base::scope::Scope;
use crate::book::office;
use crate::command::CliError;
use crate::{clock, jobs};

/// The hours at which the program of the rehearsal is awake: the night's jobs, the opening of the
/// sending time, and often enough for retries. Between them nothing is planned.
const HOURS: [i64; 8] = [1, 5, 8, 9, 12, 15, 18, 23];

/// Families pay at this hour of [`HOURS`]; jobs have run before and run after.
const PAYING_HOUR: i64 = 15;

/// The counter works at this hour.
const COUNTER_HOUR: i64 = 9;

/// The days to live through.
pub(super) struct Days {
    pub(super) from: NaiveDate,
    pub(super) to: NaiveDate,
    /// How many of a thousand families pay in time.
    pub(super) paying: u32,
    /// On which day the orders of the overdue list are taken, to be compared.
    pub(super) first_on: Option<NaiveDate>,
    /// How many students borrow for the first time.
    pub(super) students: u32,
}

impl Days {
    /// Lives through them in the copy and prints a line for each day on which something happened.
    pub(super) fn live(
        &self,
        app: &App,
        all_days: bool,
        out: &mut dyn Write,
    ) -> Result<(), CliError> {
        let offices = app.db.read(office::all)?;
        let scopes: Vec<Scope> = offices.iter().map(|office| Scope::of(&office.code)).collect();
        let mut totals = Totals::begin(out, self.from, self.to, self.paying)?;
        let habit = Habit { paying: self.paying, first_day: self.from };
        let mut counters = Vec::new();
        for scope in scopes.iter().filter(|_| self.students > 0) {
            counters.push(AtCounter::of(app, scope, self.students)?);
        }
        let mut compared = None;
        let mut day = self.from;
        while day <= self.to {
            let mut tally = Tally::before(app, &scopes, day)?;
            for scope in &scopes {
                tally.known_until = bank::tells(app, scope, day)?.or(tally.known_until);
            }
            for hour in HOURS {
                app.clock.set_at(starts_at(day) + Duration::minutes(hour * 60 + 30));
                clock::run_due(app, app.clock.now_at())?;
                if hour == COUNTER_HOUR {
                    counters.iter_mut().try_for_each(|one| one.live(app, day))?;
                }
                if hour == PAYING_HOUR {
                    for scope in &scopes {
                        tally.paid(payments::book(app, scope, day, habit)?);
                    }
                }
            }
            tally.after(app, &scopes)?;
            totals.add(out, &tally, all_days)?;
            if self.first_on == Some(day) {
                compared = Some((Orders::taken(app, &scopes, day)?, day + Span::new(first::DAYS)));
            }
            if let Some((orders, until)) = compared.take_if(|(_, until)| *until == day) {
                orders.compare(app, &scopes, until, out)?;
                writeln!(out)?;
            }
            day = day + Span::new(1);
        }
        totals.end(app, &scopes, out)?;
        counters.iter().try_for_each(|one| one.end(out))?;
        let checked = jobs::check_books::run(app, self.to)?;
        let found = if checked.note.is_empty() { "没有差错" } else { checked.note.as_str() };
        writeln!(out, "\n最后核对全部账目：{found}")?;
        Ok(())
    }
}

impl Tally {
    /// Adds payments of the day.
    fn paid(&mut self, paid: Paid) {
        self.paid.number += paid.number;
        self.paid.amount += paid.amount;
    }
}
