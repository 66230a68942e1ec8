//! The table that is printed: figures as people read them, without floats.

use std::io::Write;
use std::time::Duration;

use crate::command::CliError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Figure {
    /// So many a second: more is better.
    PerSecond(u64),
    /// It took so long: less is better.
    Took(Duration),
    /// So many bytes: less is better.
    Bytes(u64),
    /// So many of what should not be.
    Count(u64),
}

impl Figure {
    /// `count` things in a time.
    pub(super) fn rate(count: u64, took: Duration) -> Figure {
        let found = u128::from(count) * 1_000_000_000 / took.as_nanos().max(1);
        Figure::PerSecond(u64::try_from(found).unwrap_or(u64::MAX))
    }

    /// As people read it.
    pub(super) fn to_text(self) -> String {
        match self {
            Figure::PerSecond(n) => format!("{}/s", thousands(n)),
            Figure::Took(time) if time < Duration::from_millis(1) => {
                format!("{} us", time.as_micros())
            }
            Figure::Took(time) if time < Duration::from_millis(100) => {
                format!("{}.{} ms", time.as_millis(), time.subsec_micros() % 1_000 / 100)
            }
            Figure::Took(time) => {
                format!("{}.{:02} s", time.as_secs(), time.subsec_millis() / 10)
            }
            Figure::Bytes(n) => format!("{}.{} MB", n / 1_000_000, n % 1_000_000 / 100_000),
            Figure::Count(n) => thousands(n),
        }
    }

    /// How many times the raw limit this costs: `2.4x`.
    fn over(self, raw: Figure) -> String {
        let (cost, least) = match (self, raw) {
            (Figure::PerSecond(own), Figure::PerSecond(raw)) => (u128::from(raw), u128::from(own)),
            (Figure::Took(own), Figure::Took(raw)) => (own.as_nanos(), raw.as_nanos()),
            (Figure::Bytes(own), Figure::Bytes(raw)) => (u128::from(own), u128::from(raw)),
            _ => return String::new(),
        };
        let tenths = cost * 10 / least.max(1);
        format!("{}.{}x", tenths / 10, tenths % 10)
    }

    /// Is this at least as good as the goal?
    fn meets(self, goal: Figure) -> bool {
        match (self, goal) {
            (Figure::PerSecond(own), Figure::PerSecond(goal)) => own >= goal,
            (Figure::Took(own), Figure::Took(goal)) => own <= goal,
            (Figure::Bytes(own), Figure::Bytes(goal))
            | (Figure::Count(own), Figure::Count(goal)) => own <= goal,
            _ => true,
        }
    }
}

/// `1234567` as `1,234,567`.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// One line of the table.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) what: String,
    pub(super) figure: Figure,
    /// What we promise on two idle cores.
    pub(super) goal: Option<Figure>,
    /// The least that anything doing this must cost, measured in the same run.
    pub(super) raw: Option<Figure>,
}

/// Prints lines as they come.
pub(super) struct Table<'a> {
    out: &'a mut dyn Write,
}

impl<'a> Table<'a> {
    pub(super) fn begin(out: &'a mut dyn Write) -> Result<Table<'a>, CliError> {
        let mut table = Table { out };
        table.row(["what", "figure", "goal", "raw limit", "ratio", ""])?;
        Ok(table)
    }

    /// Prints one line; a goal that was missed is said.
    pub(super) fn line(&mut self, line: Line) -> Result<(), CliError> {
        let sign = if matches!(line.figure, Figure::PerSecond(_)) { ">=" } else { "<=" };
        let goal = line.goal.map(|goal| format!("{sign} {}", goal.to_text())).unwrap_or_default();
        let raw = line.raw.map(Figure::to_text).unwrap_or_default();
        let ratio = line.raw.map(|raw| line.figure.over(raw)).unwrap_or_default();
        let missed = line.goal.is_some_and(|goal| !line.figure.meets(goal));
        let missed = if missed { "missed" } else { "" };
        self.row([&line.what, &line.figure.to_text(), &goal, &raw, &ratio, missed])
    }

    fn row(&mut self, cells: [&str; 6]) -> Result<(), CliError> {
        let [what, figure, goal, raw, ratio, missed] = cells;
        let row = format!("{what:<58} {figure:>13} {goal:>15} {raw:>13} {ratio:>7} {missed}");
        writeln!(self.out, "{}", row.trim_end())?;
        Ok(self.out.flush()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_without_floats() {
        assert_eq!(thousands(7), "7");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(Figure::rate(3_000, Duration::from_millis(1_500)).to_text(), "2,000/s");
        assert_eq!(Figure::Took(Duration::from_micros(4_250)).to_text(), "4.2 ms");
        assert_eq!(Figure::Took(Duration::from_millis(3_456)).to_text(), "3.45 s");
        assert_eq!(Figure::Bytes(12_345_678).to_text(), "12.3 MB");
        let (own, raw) = (Figure::PerSecond(1_000), Figure::PerSecond(2_400));
        assert_eq!(own.over(raw), "2.4x");
        assert!(own.meets(Figure::PerSecond(1_000)) && !own.meets(Figure::PerSecond(1_001)));
        assert!(!Figure::Bytes(2).meets(Figure::Bytes(1)));
    }
}
