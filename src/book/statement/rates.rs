//! Reference rates and margins (loan-maths section 2), prepared for fast look-up.

use chrono::{Datelike, NaiveDate};

use crate::base::dates::day_in;
use crate::base::rate::RatePpm;

/// Dated rates, oldest first: the value of a day is the last one on or before it; days before
/// the first value use the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateSeries(Vec<(NaiveDate, RatePpm)>);

impl RateSeries {
    /// Sorts the values by day.
    pub fn new(mut values: Vec<(NaiveDate, RatePpm)>) -> Self {
        values.sort_by_key(|value| value.0);
        RateSeries(values)
    }

    /// The value in force on a day.
    pub fn on(&self, day: NaiveDate) -> RatePpm {
        let after = self.0.partition_point(|value| value.0 <= day);
        self.0.get(after.saturating_sub(1)).map_or(RatePpm::ZERO, |value| value.1)
    }

    /// The day of the newest value.
    pub fn last_day(&self) -> Option<NaiveDate> {
        self.0.last().map(|value| value.0)
    }

    /// All values, oldest first.
    pub fn values(&self) -> &[(NaiveDate, RatePpm)] {
        &self.0
    }
}

/// Everything that prices a floating contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateTables {
    lpr: RateSeries,
    benchmark: RateSeries,
    margins: RateSeries,
    benchmark_signed_before: NaiveDate,
    benchmark_priced_before: NaiveDate,
    /// Rates of the 12-21 of `FIRST_YEAR`, `FIRST_YEAR` + 1 ...: (LPR family, benchmark family).
    yearly: Vec<(RatePpm, RatePpm)>,
}

/// First and last year of the prepared rates of 12-21; other years are looked up.
const FIRST_YEAR: i32 = 2004;
const LAST_YEAR: i32 = 2070;

impl RateTables {
    /// `lpr`: LPR over five years by publication day; `benchmark`: PBoC over five years by
    /// effective day; `margins` below the LPR by pricing day. Contracts signed before
    /// `benchmark_signed_before` use the benchmark on pricing days before
    /// `benchmark_priced_before` (2020-01-01 and 2020-12-21, rules.md 3.1).
    pub fn new(
        lpr: RateSeries,
        benchmark: RateSeries,
        margins: RateSeries,
        benchmark_signed_before: NaiveDate,
        benchmark_priced_before: NaiveDate,
    ) -> Self {
        let mut tables = RateTables {
            lpr,
            benchmark,
            margins,
            benchmark_signed_before,
            benchmark_priced_before,
            yearly: Vec::new(),
        };
        tables.yearly = (FIRST_YEAR..=LAST_YEAR)
            .map(|year| {
                let day = day_in(year, 12, 21);
                (tables.look_up(false, day), tables.look_up(true, day))
            })
            .collect();
        tables
    }

    /// The rate fixed on a pricing day for a contract signed on `signed_on`.
    pub fn priced(&self, signed_on: NaiveDate, pricing_on: NaiveDate) -> RatePpm {
        self.look_up(self.is_benchmark(signed_on), pricing_on)
    }

    /// The rate fixed on the 12-21 of a year.
    pub fn priced_in_december(&self, signed_on: NaiveDate, year: i32) -> RatePpm {
        let old = self.is_benchmark(signed_on);
        match usize::try_from(year - FIRST_YEAR).ok().and_then(|at| self.yearly.get(at)) {
            Some((lpr, benchmark)) => *if old { benchmark } else { lpr },
            None => self.look_up(old, day_in(year, 12, 21)),
        }
    }

    /// The same with other values of the LPR: what if.
    pub fn with_lpr(&self, lpr: RateSeries) -> RateTables {
        RateTables::new(
            lpr,
            self.benchmark.clone(),
            self.margins.clone(),
            self.benchmark_signed_before,
            self.benchmark_priced_before,
        )
    }

    /// The margin of a pricing day.
    pub fn margin(&self, pricing_on: NaiveDate) -> RatePpm {
        self.margins.on(pricing_on)
    }

    /// The LPR over five years.
    pub fn lpr(&self) -> &RateSeries {
        &self.lpr
    }

    /// The PBoC benchmark over five years.
    pub fn benchmark(&self) -> &RateSeries {
        &self.benchmark
    }

    fn is_benchmark(&self, signed_on: NaiveDate) -> bool {
        signed_on < self.benchmark_signed_before
    }

    fn look_up(&self, benchmark: bool, pricing_on: NaiveDate) -> RatePpm {
        if benchmark && pricing_on < self.benchmark_priced_before {
            self.benchmark.on(pricing_on)
        } else {
            self.lpr.on(pricing_on).less(self.margins.on(pricing_on))
        }
    }
}

/// The last 12-21 on or before a day, by its year.
pub(super) fn december_before(day: NaiveDate) -> i32 {
    if (day.month(), day.day()) >= (12, 21) { day.year() } else { day.year() - 1 }
}
