//! Which message of a series is the right one today: of "60, 30, 10 and 3 days before" exactly
//! one, also when the machine was off. Pure: days in, a day out.

use chrono::{Days, NaiveDate};

/// One message of a series: the day it is for, and whether that day has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// The day it is for, by which it is told from the others.
    pub planned_on: NaiveDate,
}

/// The message for today of those that go out so many days before `target`; none when it is too
/// early, when the day itself has come, or when this one is late and the next is only `gap` days
/// away.
pub fn before(target: NaiveDate, leads: &[u32], today: NaiveDate, gap: u32) -> Option<Round> {
    if today >= target {
        return None;
    }
    let days = leads.iter().filter_map(|lead| target.checked_sub_days(Days::new((*lead).into())));
    latest(days, today, gap)
}

/// The same for messages so many days after `since`; the last of them may be late by `late` days.
pub fn after(
    since: NaiveDate,
    days: &[u32],
    today: NaiveDate,
    gap: u32,
    late: u64,
) -> Option<Round> {
    let days = days.iter().filter_map(|day| since.checked_add_days(Days::new((*day).into())));
    latest(days, today, gap)
        .filter(|round| days_from(round.planned_on, today) <= i64::try_from(late).unwrap_or(0))
}

/// The latest of these days that has come.
pub fn latest(days: impl Iterator<Item = NaiveDate>, today: NaiveDate, gap: u32) -> Option<Round> {
    let mut now: Option<NaiveDate> = None;
    let mut next: Option<NaiveDate> = None;
    for day in days {
        if day <= today {
            now = now.max(Some(day));
        } else {
            next = Some(next.map_or(day, |next| next.min(day)));
        }
    }
    let planned_on = now?;
    let next_is_near = next.is_some_and(|next| days_from(today, next) <= i64::from(gap));
    (planned_on == today || !next_is_near).then_some(Round { planned_on })
}

fn days_from(from: NaiveDate, to: NaiveDate) -> i64 {
    crate::base::dates::days_between(from, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn due(today: &str) -> Option<NaiveDate> {
        before(d("2026-12-20"), &[60, 30, 10, 3], d(today), 2).map(|round| round.planned_on)
    }

    #[test]
    fn one_message_of_a_series_is_the_right_one() {
        assert_eq!(due("2026-10-20"), None);
        assert_eq!(due("2026-10-21"), Some(d("2026-10-21")));
        assert_eq!(due("2026-11-15"), Some(d("2026-10-21")));
        assert_eq!(due("2026-11-20"), Some(d("2026-11-20")));
        assert_eq!(due("2026-12-07"), Some(d("2026-11-20")));
        // Late, and the next one is two days away: that one is enough.
        assert_eq!(due("2026-12-08"), None);
        assert_eq!(due("2026-12-10"), Some(d("2026-12-10")));
        assert_eq!(due("2026-12-19"), Some(d("2026-12-17")));
        assert_eq!(due("2026-12-20"), None);
    }

    #[test]
    fn after_a_due_day_it_ends() {
        let planned = |today: &str| {
            after(d("2026-12-20"), &[1, 5, 12], d(today), 2, 10).map(|round| round.planned_on)
        };
        assert_eq!(planned("2026-12-20"), None);
        assert_eq!(planned("2026-12-21"), Some(d("2026-12-21")));
        assert_eq!(planned("2026-12-24"), None);
        assert_eq!(planned("2026-12-25"), Some(d("2026-12-25")));
        assert_eq!(planned("2027-01-11"), Some(d("2027-01-01")));
        assert_eq!(planned("2027-01-12"), None);
    }
}
