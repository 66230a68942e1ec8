//! The hours and days on which nothing goes out: the night, and public holidays. An ordinary
//! weekend is not a holiday: many families can only be reached then, and a due day may be near.

use chrono::{Duration, NaiveDateTime, NaiveTime};

use crate::base::dates;
use crate::book::policy::Calendar;
use crate::plumbing::message_settings::MessageConfig;

/// The first instant (UTC, as the databases keep it), not before `at`, at which a message may go.
pub fn allowed_from(
    calendar: &Calendar,
    settings: &MessageConfig,
    at: NaiveDateTime,
) -> NaiveDateTime {
    let (from, until) = settings.quiet();
    let mut local = dates::local(at);
    // Each step goes to a later time; the longest holiday is nine days.
    for _ in 0..60 {
        let time = local.time();
        let holiday = settings.quiet_on_holidays && calendar.is_holiday(local.date());
        if holiday || (from > until && time >= from) {
            local = next_day(local, until, from);
        } else if is_quiet(time, from, until) {
            local = local.date().and_time(until);
        } else {
            break;
        }
    }
    if local == dates::local(at) {
        at
    } else {
        dates::starts_at(local.date()) + since_midnight(local)
    }
}

/// The morning after; midnight itself when no hours of the night are quiet.
fn next_day(local: NaiveDateTime, until: NaiveTime, from: NaiveTime) -> NaiveDateTime {
    let morning = if from > until { until } else { NaiveTime::MIN };
    local.date().succ_opt().unwrap_or(local.date()).and_time(morning)
}

fn is_quiet(time: NaiveTime, from: NaiveTime, until: NaiveTime) -> bool {
    if from > until { time >= from || time < until } else { time >= from && time < until }
}

fn since_midnight(local: NaiveDateTime) -> Duration {
    local.time().signed_duration_since(NaiveTime::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::policy::Policy;

    fn at(local: &str) -> NaiveDateTime {
        let local: NaiveDateTime = NaiveDateTime::parse_from_str(local, "%Y-%m-%d %H:%M").unwrap();
        dates::starts_at(local.date()) + since_midnight(local)
    }

    fn allowed(local: &str) -> String {
        let policy = Policy::load(None).unwrap();
        let found = allowed_from(policy.calendar(), &MessageConfig::default(), at(local));
        dates::local(found).format("%Y-%m-%d %H:%M").to_string()
    }

    #[test]
    fn nights_and_public_holidays_are_quiet_and_weekends_are_not() {
        assert_eq!(allowed("2026-12-10 09:00"), "2026-12-10 09:00");
        assert_eq!(allowed("2026-12-10 21:00"), "2026-12-11 08:00");
        assert_eq!(allowed("2026-12-10 20:59"), "2026-12-10 20:59");
        assert_eq!(allowed("2026-12-10 03:00"), "2026-12-10 08:00");
        // A Saturday, and National Day 2026 (10-01 to 10-07).
        assert_eq!(allowed("2026-12-12 10:00"), "2026-12-12 10:00");
        assert_eq!(allowed("2026-09-30 22:00"), "2026-10-08 08:00");
        assert_eq!(allowed("2026-10-03 12:00"), "2026-10-08 08:00");
    }
}
