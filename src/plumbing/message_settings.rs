//! `[messages]` of the configuration: when borrowers are told, and at which hours. What they are
//! told is in `templates/messages/`.

use chrono::NaiveTime;

/// `[messages]` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MessageConfig {
    /// Days before a due day on which a reminder goes out.
    pub due_days_before: Vec<u32>,
    /// Days after a due day on which what is unpaid is told again.
    pub overdue_days_after: Vec<u32>,
    /// Days before the last day for university receipts on which a missing one is told.
    pub receipt_days_before: Vec<u32>,
    /// Days before the county's counter opens on which students are told of renewing.
    pub renewal_days_before: Vec<u32>,
    /// Days of the year (`04-15`) on which graduates are asked to have it confirmed.
    pub graduation_on: Vec<String>,
    /// Days before the last day of an early repayment request that saves interest.
    pub early_days_before: Vec<u32>,
    /// A message that a stop of the machine made late is left out when the next one of its row
    /// is this many days away or fewer.
    pub late_gap_days: u32,
    /// Nothing goes out from this time of day ...
    pub quiet_from: String,
    pub quiet_until: String,
    /// Nothing goes out on public holidays either.
    pub quiet_on_holidays: bool,
    /// Every message waits until somebody releases it, where an office has not decided itself.
    pub hold: bool,
}

impl Default for MessageConfig {
    fn default() -> Self {
        MessageConfig {
            due_days_before: vec![60, 30, 10, 3],
            overdue_days_after: vec![1, 5, 12],
            receipt_days_before: vec![20, 10, 3],
            renewal_days_before: vec![10],
            graduation_on: vec!["04-15".to_owned(), "05-20".to_owned()],
            early_days_before: vec![30, 7],
            late_gap_days: 2,
            quiet_from: "21:00".to_owned(),
            quiet_until: "08:00".to_owned(),
            quiet_on_holidays: true,
            hold: false,
        }
    }
}

impl MessageConfig {
    /// What is wrong with these settings, one line each; empty when all is well.
    pub fn mistakes(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (key, value) in [("quiet_from", &self.quiet_from), ("quiet_until", &self.quiet_until)] {
            if time_of(value).is_none() {
                found.push(format!(
                    "messages.{key}: expected a time such as 21:00, found {value:?}"
                ));
            }
        }
        if self.quiet_from == self.quiet_until {
            found.push(
                "messages.quiet_from, quiet_until: expected two different times; for no quiet \
                 hours set 00:00 and 00:01"
                    .to_owned(),
            );
        }
        for (key, days) in [
            ("due_days_before", &self.due_days_before),
            ("overdue_days_after", &self.overdue_days_after),
            ("receipt_days_before", &self.receipt_days_before),
            ("renewal_days_before", &self.renewal_days_before),
            ("early_days_before", &self.early_days_before),
        ] {
            if let Some(day) = days.iter().find(|day| **day > 180) {
                found.push(format!("messages.{key}: expected 0 to 180 days, found {day}"));
            }
        }
        for day in &self.graduation_on {
            if crate::base::month_day::MonthDay::from_text(day).is_none() {
                found.push(format!(
                    "messages.graduation_on: expected a day such as 04-15, found {day:?}"
                ));
            }
        }
        found
    }

    /// From when nothing goes out, and until when.
    pub fn quiet(&self) -> (NaiveTime, NaiveTime) {
        let default = MessageConfig::default();
        let read = |text: &str, other: &str| time_of(text).or_else(|| time_of(other));
        (
            read(&self.quiet_from, &default.quiet_from).unwrap_or(NaiveTime::MIN),
            read(&self.quiet_until, &default.quiet_until).unwrap_or(NaiveTime::MIN),
        )
    }
}

/// `21:00`.
fn time_of(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(text, "%H:%M").ok()
}
