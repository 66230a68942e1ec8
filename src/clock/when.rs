//! When a job is planned: a cron text of six fields, always in Asia/Shanghai. Pure.

use std::fmt;
use std::str::FromStr;

use chrono::{Duration, NaiveDate, NaiveDateTime};
use chrono_tz::Asia::Shanghai;

use crate::base::dates::starts_at;

/// What a cron text should look like, for messages.
const EXPECTED: &str = "expected six fields: second minute hour day month weekday, such as \
                        \"0 30 9 * * *\" (every day at 9:30, Asia/Shanghai)";

/// The instants a cron text names.
#[derive(Clone)]
pub struct Times {
    text: String,
    schedule: cron::Schedule,
}

impl fmt::Debug for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Times").field(&self.text).finish()
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Times {
    /// Reads a cron text. Weekdays by name only (programs number them differently), never a day
    /// of the month and a weekday together (programs disagree whether both or either must hold).
    ///
    /// # Errors
    /// What was expected and what was found, for the person who wrote it.
    pub fn parse(text: &str) -> Result<Times, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [_, _, _, day, _, weekday] = fields.as_slice() else {
            return Err(format!("{EXPECTED}, found {} fields in {text:?}", fields.len()));
        };
        let free = |field: &str| matches!(field, "*" | "?");
        if weekday.contains(|c: char| c.is_ascii_digit()) {
            return Err(format!(
                "weekday: expected names such as MON-FRI or MON,WED, found {weekday:?} (numbers \
                 mean different days to different programs)"
            ));
        }
        if day.contains(|c: char| c.is_ascii_alphabetic()) {
            return Err(format!(
                "day of the month: expected numbers such as 1 or 1,15, found {day:?}"
            ));
        }
        if !free(day) && !free(weekday) {
            return Err(format!(
                "expected a day of the month or a weekday, not both; put * for one of {day:?} and \
                 {weekday:?}"
            ));
        }
        let plain = fields.join(" ");
        let schedule = cron::Schedule::from_str(&plain)
            .map_err(|error| format!("{EXPECTED}, found {text:?} ({})", one_line(&error)))?;
        let times = Times { text: plain, schedule };
        // 2000-02-29 lies behind: whatever comes at all comes within eight years.
        let from = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default();
        if times.next_after(starts_at(from)).is_none() {
            return Err(format!("expected a time that comes, found {text:?}, which never does"));
        }
        Ok(times)
    }

    /// The first instant after this one (both UTC).
    pub fn next_after(&self, at: NaiveDateTime) -> Option<NaiveDateTime> {
        let local = at.and_utc().with_timezone(&Shanghai);
        self.schedule.after(&local).next().map(|next| next.naive_utc())
    }

    /// The first instant (UTC) on a day in Asia/Shanghai; none when the day is not a day of it.
    pub fn first_on(&self, day: NaiveDate) -> Option<NaiveDateTime> {
        let begins = starts_at(day);
        let next = self.next_after(begins - Duration::seconds(1))?;
        (next < begins + Duration::days(1)).then_some(next)
    }
}

fn one_line(error: &cron::error::Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    #[test]
    fn times_are_in_shanghai_whatever_the_machine_thinks() {
        let times = Times::parse("0 30 0 * * *").unwrap();
        let day = "2026-12-20".parse().unwrap();
        assert_eq!(times.first_on(day), Some(at("2026-12-19T16:30:00")));
        assert_eq!(times.next_after(at("2026-12-19T16:29:59")), Some(at("2026-12-19T16:30:00")));
        assert_eq!(times.next_after(at("2026-12-19T16:30:00")), Some(at("2026-12-20T16:30:00")));
        let midnight = Times::parse("0 0 0 * * ?").unwrap();
        assert_eq!(midnight.first_on(day), Some(at("2026-12-19T16:00:00")));
    }

    #[test]
    fn days_that_are_not_planned_and_the_leap_day() {
        let monthly = Times::parse("0 0 9 29 * *").unwrap();
        let planned = |day: &str| monthly.first_on(day.parse().unwrap()).is_some();
        assert!(planned("2028-02-29") && !planned("2027-02-28") && planned("2027-03-29"));
        let weekly = Times::parse("0 0 9 * * MON-FRI").unwrap();
        // 2026-11-21 was a Saturday.
        let on = |day: &str| weekly.first_on(day.parse().unwrap()).is_some();
        assert!(on("2026-11-20") && !on("2026-11-21") && !on("2026-11-22") && on("2026-11-23"));
        let often = Times::parse("*/5 * * * * *").unwrap();
        assert_eq!(often.next_after(at("2026-11-21T01:00:03")), Some(at("2026-11-21T01:00:05")));
    }

    #[test]
    fn what_cannot_be_read_says_what_was_expected() {
        for (text, says) in [
            ("", "six fields"),
            ("0 9 * * *", "found 5 fields"),
            ("0 0 9 * * * 2026", "found 7 fields"),
            ("0 0 25 * * *", "six fields"),
            ("0 0 9 * * 1", "weekday: expected names"),
            ("0 0 9 L * *", "day of the month: expected numbers"),
            ("0 0 9 1 * MON", "not both"),
            ("0 0 9 30 2 *", "never does"),
            ("@daily", "six fields"),
            ("0 0 九 * * *", "six fields"),
        ] {
            let error = Times::parse(text).unwrap_err();
            assert!(error.contains(says), "{text:?}: {error}");
        }
    }
}
