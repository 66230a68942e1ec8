//! The clock, and the calendar. The only file that may ask the machine what time it is.
//!
//! A *day* is a `NaiveDate` in Asia/Shanghai (`_on`); an *instant* is UTC (`_at`).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, Timelike, Utc};
use chrono_tz::Asia::Shanghai;

/// What time it is, for everything that may know. Cheap to clone.
///
/// The real clock, or the real clock shifted by whole seconds (the demo lives on the sample's
/// day; tests set and move it).
#[derive(Clone, Debug, Default)]
pub struct Clock {
    shift_s: Arc<AtomicI64>,
    shifted: bool,
}

impl Clock {
    pub fn real() -> Self {
        Clock::default()
    }

    /// A clock that shows noon (Asia/Shanghai) of `day` now, and runs on from there.
    pub fn starting_on(day: NaiveDate) -> Self {
        let clock = Clock { shift_s: Arc::default(), shifted: true };
        clock.set_day(day);
        clock
    }

    /// True when this is not the machine's own time; pages then say so in their head.
    pub fn is_shifted(&self) -> bool {
        self.shifted
    }

    /// Moves a shifted clock to noon (Asia/Shanghai) of `day`. Does nothing to the real clock.
    pub fn set_day(&self, day: NaiveDate) {
        if !self.shifted {
            return;
        }
        let noon_utc = day.and_hms_opt(4, 0, 0).unwrap_or_default().and_utc();
        let shift = noon_utc.signed_duration_since(machine_now()).num_seconds();
        self.shift_s.store(shift, Ordering::Relaxed);
    }

    /// Moves a shifted clock to an instant (UTC), or up to a second after it: never before, so
    /// that what is planned for the instant is due. Does nothing to the real clock.
    pub fn set_at(&self, at: NaiveDateTime) {
        if self.shifted {
            let span = at.and_utc().signed_duration_since(machine_now());
            let whole = span.num_seconds();
            let shift = whole + i64::from(span > Duration::seconds(whole));
            self.shift_s.store(shift, Ordering::Relaxed);
        }
    }

    pub fn now(&self) -> DateTime<Utc> {
        machine_now() + Duration::seconds(self.shift_s.load(Ordering::Relaxed))
    }

    /// This instant as the databases keep it: UTC without a zone, whole microseconds
    /// (PostgreSQL keeps no more, so a value read back equals the value written).
    pub fn now_at(&self) -> NaiveDateTime {
        let now = self.now().naive_utc();
        now.with_nanosecond(now.nanosecond() / 1_000 * 1_000).unwrap_or(now)
    }

    pub fn today(&self) -> NaiveDate {
        day_of(self.now())
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
fn machine_now() -> DateTime<Utc> {
    Utc::now()
}

/// The day in Asia/Shanghai on which an instant falls.
pub fn day_of(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&Shanghai).date_naive()
}

/// An instant of the database (UTC without a zone) as local date and time in Asia/Shanghai.
pub fn local(at: NaiveDateTime) -> NaiveDateTime {
    at.and_utc().with_timezone(&Shanghai).naive_local()
}

/// The instant (UTC, as the databases keep it) at which a day begins in Asia/Shanghai, which has
/// been eight hours ahead the whole year since 1992.
pub fn starts_at(day: NaiveDate) -> NaiveDateTime {
    day.and_time(chrono::NaiveTime::MIN) - Duration::hours(8)
}

/// The date `year-month-day`, or the last day of that month when it has no such day
/// (02-29 in a common year is 02-28); out-of-range years give the nearest date there is.
pub fn day_in(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day)
        .or_else(|| last_of_month(year, month))
        .unwrap_or(NaiveDate::MAX)
}

/// The last day of a month.
pub fn last_of_month(year: i32, month: u32) -> Option<NaiveDate> {
    let next = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    NaiveDate::from_ymd_opt(next.0, next.1, 1)?.pred_opt()
}

/// The years that a day which somebody types may lie in: no loan of ours is older or runs longer.
const TYPED_YEARS: std::ops::RangeInclusive<i32> = 1990..=2099;

/// What is said of a day outside of them.
pub const DAY_OUTSIDE: &str = "日期要在 1990 年到 2099 年之间";

/// A day as somebody typed it, in a form or an address; none when it is no day, or one outside of
/// all years that there can be.
pub fn typed_day(text: &str) -> Option<NaiveDate> {
    text.trim().parse().ok().filter(|day: &NaiveDate| TYPED_YEARS.contains(&day.year()))
}

/// A day, but none that [`typed_day`] takes.
pub fn is_outside(text: &str) -> bool {
    text.trim().parse::<NaiveDate>().is_ok() && typed_day(text).is_none()
}

/// Whole days from `from` to `to` (end minus start; loan-maths section 2).
pub fn days_between(from: NaiveDate, to: NaiveDate) -> i64 {
    (to - from).num_days()
}

/// Full years lived on `today` by somebody born on `born_on`.
pub fn age_on(born_on: NaiveDate, today: NaiveDate) -> i32 {
    let had_birthday = (today.month(), today.day()) >= (born_on.month(), born_on.day());
    today.year() - born_on.year() - i32::from(!had_birthday)
}

/// `12月20日`, with the year when it is not the year of `today` (ui/README section 6).
pub fn in_words(day: NaiveDate, today: NaiveDate) -> String {
    if day.year() == today.year() {
        format!("{}月{}日", day.month(), day.day())
    } else {
        format!("{}年{}月{}日", day.year(), day.month(), day.day())
    }
}

/// The Chinese name of the weekday: `星期四`.
pub fn weekday_in_words(day: NaiveDate) -> &'static str {
    match day.weekday() {
        chrono::Weekday::Mon => "星期一",
        chrono::Weekday::Tue => "星期二",
        chrono::Weekday::Wed => "星期三",
        chrono::Weekday::Thu => "星期四",
        chrono::Weekday::Fri => "星期五",
        chrono::Weekday::Sat => "星期六",
        chrono::Weekday::Sun => "星期日",
    }
}

/// `2026-10-31 12:05`, local.
pub fn minute(at: NaiveDateTime) -> String {
    local(at).format("%Y-%m-%d %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_day_lies_in_our_years() {
        let day = |text| typed_day(text).map(|day| day.to_string());
        assert_eq!(day(" 2026-10-31 ").as_deref(), Some("2026-10-31"));
        assert_eq!(day("1990-01-01").as_deref(), Some("1990-01-01"));
        for outside in ["0001-01-01", "1989-12-31", "2100-01-01", "9999-12-31", "+12026-01-01"] {
            assert!(day(outside).is_none() && is_outside(outside), "{outside}");
        }
        for no_day in ["", "12月20日", "2026-02-30"] {
            assert!(day(no_day).is_none() && !is_outside(no_day), "{no_day}");
        }
    }

    fn d(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_shifted_clock_shows_the_day_it_was_set_to() {
        let clock = Clock::starting_on(d("2026-10-31"));
        assert_eq!(clock.today(), d("2026-10-31"));
        clock.set_day(d("2027-02-28"));
        assert_eq!(clock.today(), d("2027-02-28"));
        assert!(clock.is_shifted());
    }

    #[test]
    fn a_day_is_a_day_in_shanghai() {
        let late = "2026-12-19T16:00:00Z".parse::<DateTime<Utc>>().unwrap();
        assert_eq!(day_of(late), d("2026-12-20"));
    }

    /// loan-maths 2: 12-20 to 09-20 is 274 or 275 days; 08-31 to 12-20 is 111.
    #[test]
    fn spans_of_the_loan_year() {
        assert_eq!(days_between(d("2044-12-20"), d("2045-09-20")), 274);
        assert_eq!(days_between(d("2043-12-20"), d("2044-09-20")), 275);
        assert_eq!(days_between(d("2030-08-31"), d("2030-12-20")), 111);
        assert_eq!(age_on(d("2000-02-29"), d("2026-02-28")), 25);
        assert_eq!(in_words(d("2026-12-20"), d("2026-10-31")), "12月20日");
        assert_eq!(in_words(d("2027-01-05"), d("2026-10-31")), "2027年1月5日");
    }
}
