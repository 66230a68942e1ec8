//! Names queries that take long, for the log: the text of the statement, never a value.

use std::time::{Duration, Instant};

use diesel::connection::{Instrumentation, InstrumentationEvent};

use crate::base::language::in_log;

/// A query of a page takes a few milliseconds; what takes this long wants to be looked at.
const SLOW: Duration = Duration::from_millis(200);

/// What the log says of one, in Chinese and in English.
const SAID: [&str; 2] = ["查询慢", "slow query"];

/// So much of a statement names it.
const SHOWN: usize = 240;

#[derive(Debug, Default)]
pub struct SlowQueries {
    begun: Option<Instant>,
}

impl Instrumentation for SlowQueries {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { .. } => self.begun = Some(Instant::now()),
            InstrumentationEvent::FinishQuery { query, .. } => {
                let took = self.begun.take().map(|begun| begun.elapsed()).unwrap_or_default();
                if took >= SLOW {
                    let query = named(&query.to_string());
                    tracing::warn!(ms = took.as_millis(), query, "{}", in_log(SAID));
                }
            }
            _ => {}
        }
    }
}

/// The statement without the values that diesel writes behind it, and not all of a long one.
fn named(query: &str) -> String {
    let statement = query.split(" -- binds:").next().unwrap_or_default();
    let mut name: String = statement.chars().take(SHOWN).collect();
    if name.len() < statement.len() {
        name.push('…');
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_query_is_named_without_its_values() {
        let query = "SELECT name FROM person WHERE id_index = ? -- binds: [\"secret\"]";
        assert_eq!(named(query), "SELECT name FROM person WHERE id_index = ?");
        let long = format!("SELECT {}", "a, ".repeat(200));
        assert_eq!(named(&long).chars().count(), SHOWN + 1);
    }
}
