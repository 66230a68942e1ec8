//! A day becomes an x: the five phases have fixed shares of the width, and within a phase time
//! is to scale (ui/README section 9). x is in thousandths of a percent, 0 to 100,000.

use chrono::NaiveDate;

use crate::base::dates::days_between;

/// Where each phase begins, and where the last one ends: 17, 23, 17, 40.5 and 2.5 percent.
const STOPS: [i64; 5] = [0, 17_000, 40_000, 57_000, 97_500];

/// Where a day later than the whole life stands: inside 结清, so that it is still seen.
const BEYOND: i64 = 98_900;

/// The days at which the phases of one life begin.
#[derive(Clone, Debug)]
pub struct Scale {
    stops: Vec<(NaiveDate, i64)>,
}

impl Scale {
    /// `days`: beginning of application, study, grace and repayment, and the end. A day before
    /// its predecessor counts as that one (an interest-free loan has no grace, a short one ends
    /// before principal would begin).
    pub fn new(days: &[NaiveDate; 5]) -> Scale {
        let mut latest = NaiveDate::MIN;
        let stops = days
            .iter()
            .zip(STOPS)
            .map(|(day, x)| {
                latest = latest.max(*day);
                (latest, x)
            })
            .collect();
        Scale { stops }
    }

    /// The x of a day.
    pub fn x(&self, day: NaiveDate) -> i64 {
        let pairs = self.stops.iter().zip(self.stops.iter().skip(1));
        for ((from, left), (to, right)) in pairs {
            if day < *to {
                let whole = days_between(*from, *to).max(1);
                let gone = days_between(*from, day).max(0);
                return left + (right - left) * gone / whole;
            }
        }
        match self.stops.last() {
            Some((end, x)) if day == *end => *x,
            _ => BEYOND,
        }
    }
}

/// Thousandths of a percent as an SVG attribute: `72.825%`.
pub fn percent(x: i64) -> String {
    format!("{}.{:03}%", x / 1_000, x.rem_euclid(1_000))
}
