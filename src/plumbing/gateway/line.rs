//! One way out: a gateway, how fast it may be used, and whether it is down.
//!
//! A gateway that fails a few times in a row is left alone for a growing while, so that a
//! thousand messages do not each find out by themselves; then one message tries whether it is
//! back.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chrono::NaiveDateTime;

use super::{Fault, Gateway, Outcome};

/// Failures in a row after which a gateway is left alone.
const FAILURES_MAX: u32 = 3;

/// Refusals for good in a row (not of dead numbers) after which the fault must be ours.
const REFUSALS_MAX: u32 = 10;

/// Minutes for which it is left alone, the first time, the second ...
const STOPS_MIN: [i64; 5] = [1, 2, 5, 10, 15];

/// Messages taken at once by a gateway that does not recognise a repeat: so many at most are
/// unsure after a crash.
const BATCH_AT_RISK: usize = 20;

/// How a gateway may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineConfig {
    /// Messages a second; 0 is as fast as it goes.
    pub per_second: u32,
    /// Messages under way at once.
    pub in_flight: usize,
    /// Messages claimed at once.
    pub batch: usize,
    /// How long a claim holds.
    pub lease_s: u32,
    /// Tries before a message is given up.
    pub tries: u32,
}

/// What the workbench says about a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub fault: Fault,
    /// The gateway's or the system's own words.
    pub detail: String,
    pub since: NaiveDateTime,
}

#[derive(Debug, Default)]
struct Health {
    failures: u32,
    refusals: u32,
    stops: usize,
    stopped_at: Option<NaiveDateTime>,
    stopped_until: Option<NaiveDateTime>,
    trouble: Option<Trouble>,
    /// The workbench knows that all is well; at first it may show what an earlier run wrote.
    told_well: bool,
}

/// A gateway and what is known about it in this program.
pub struct Line {
    gateway: Option<Box<dyn Gateway>>,
    config: LineConfig,
    next: Mutex<Option<Instant>>,
    health: Mutex<Health>,
    stopping: AtomicBool,
}

impl Line {
    /// With no gateway (`off`), nothing is sent and nothing is lost.
    pub fn new(gateway: Option<Box<dyn Gateway>>, config: LineConfig) -> Line {
        Line {
            gateway,
            config,
            next: Mutex::default(),
            health: Mutex::default(),
            stopping: AtomicBool::new(false),
        }
    }

    pub fn gateway(&self) -> Option<&dyn Gateway> {
        self.gateway.as_deref()
    }

    /// How it may be used.
    pub fn config(&self) -> LineConfig {
        self.config
    }

    /// How many messages to claim now: few when a repeat would do harm, one when the gateway
    /// was down and this is a try, none more than the lease is long for.
    pub fn batch(&self) -> usize {
        if self.trouble().is_some() {
            return 1;
        }
        let harmless = self.gateway().is_some_and(Gateway::repeat_is_harmless);
        let most = if harmless { self.config.batch } else { self.config.batch.min(BATCH_AT_RISK) };
        let within_lease = match self.config.per_second {
            0 => most,
            rate => usize::try_from(u64::from(rate) * u64::from(self.config.lease_s) / 4)
                .unwrap_or(most),
        };
        within_lease.clamp(1, most.max(1))
    }

    /// Nothing new is begun from now on.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// True when nothing new is to be begun.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// True while the gateway is left alone. A stop that began in the future or lasts longer
    /// than any was made by another clock, and does not count.
    pub fn is_down(&self, now: NaiveDateTime) -> bool {
        let health = lock(&self.health);
        match (health.stopped_at, health.stopped_until) {
            (Some(at), Some(until)) => at <= now && now < until,
            _ => false,
        }
    }

    /// What is wrong with the gateway, until it works again.
    pub fn trouble(&self) -> Option<Trouble> {
        lock(&self.health).trouble.clone()
    }

    /// True once after the gateway works (again): then the line on the workbench goes.
    pub fn is_news_that_all_is_well(&self) -> bool {
        let mut health = lock(&self.health);
        let news = health.trouble.is_none() && health.failures == 0 && !health.told_well;
        health.told_well |= news;
        news
    }

    /// Waits for this message's turn under the rate of the gateway.
    pub fn wait_for_turn(&self) {
        if self.config.per_second == 0 {
            return;
        }
        let step = Duration::from_secs(1) / self.config.per_second;
        let now = Instant::now();
        let mine = {
            let mut next = lock(&self.next);
            let mine = next.map_or(now, |at| at.max(now));
            *next = Some(mine + step);
            mine
        };
        std::thread::sleep(mine.saturating_duration_since(now));
    }

    /// Learns from what became of a try.
    pub fn learn(&self, outcome: &Outcome, now: NaiveDateTime) {
        let mut health = lock(&self.health);
        match outcome {
            Outcome::Taken(_) | Outcome::Refused { dead: true, .. } => {
                let told_well = health.told_well && health.trouble.is_none();
                *health = Health { told_well, ..Health::default() };
            }
            Outcome::Refused { dead: false, why } => {
                health.failures = 0;
                health.refusals += 1;
                if health.refusals >= REFUSALS_MAX {
                    fail(&mut health, Fault::RefusesAll, why, now);
                }
            }
            // It answers as agreed; busy is not down.
            Outcome::Later(_) => health.failures = 0,
            Outcome::Down(fault, detail) | Outcome::Unknown(fault, detail) => {
                health.failures += 1;
                if health.failures >= FAILURES_MAX || health.trouble.is_some() {
                    fail(&mut health, *fault, detail, now);
                }
            }
        }
    }
}

fn fail(health: &mut Health, fault: Fault, detail: &str, now: NaiveDateTime) {
    let since = health.trouble.as_ref().map_or(now, |trouble| trouble.since);
    health.trouble = Some(Trouble { fault, detail: detail.to_owned(), since });
    health.told_well = false;
    // Several were under way when it went down: one stop for all of them.
    if health.stopped_at.is_some_and(|at| at <= now) && health.stopped_until > Some(now) {
        return;
    }
    let minutes = STOPS_MIN.get(health.stops).or(STOPS_MIN.last()).copied().unwrap_or(1);
    health.stops += 1;
    health.stopped_at = Some(now);
    health.stopped_until = Some(now + chrono::Duration::minutes(minutes));
}

/// A panic elsewhere leaves counters as they were: nothing here can be half done.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        Line::new(
            None,
            LineConfig { per_second: 0, in_flight: 4, batch: 500, lease_s: 60, tries: 8 },
        )
    }

    fn at(minute: i64) -> NaiveDateTime {
        NaiveDateTime::default() + chrono::Duration::minutes(minute)
    }

    fn down() -> Outcome {
        Outcome::Down(Fault::Unreachable, "refused".to_owned())
    }

    #[test]
    fn a_gateway_that_fails_is_left_alone_for_a_growing_while() {
        let line = line();
        line.learn(&down(), at(0));
        line.learn(&down(), at(0));
        assert!(!line.is_down(at(0)) && line.trouble().is_none());
        for _ in 0..4 {
            line.learn(&down(), at(0));
        }
        assert!(line.is_down(at(0)));
        assert_eq!(line.batch(), 1, "one message tries whether it is back");
        assert!(!line.is_down(at(1)), "four under way are one stop");
        line.learn(&down(), at(1));
        assert!(line.is_down(at(2)) && !line.is_down(at(3)), "two minutes now");
        assert_eq!(line.trouble().unwrap().since, at(0));
        assert!(!line.is_news_that_all_is_well());
        line.learn(&Outcome::Taken(String::new()), at(3));
        assert!(line.trouble().is_none());
        assert!(line.is_news_that_all_is_well() && !line.is_news_that_all_is_well());
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_keep_a_gateway_stopped() {
        let line = line();
        for _ in 0..3 {
            line.learn(&down(), at(1_000));
        }
        assert!(line.is_down(at(1_000)));
        assert!(!line.is_down(at(0)));
    }

    #[test]
    fn refusing_one_message_after_the_other_is_our_fault_not_theirs() {
        let line = line();
        let refused = |dead| Outcome::Refused { why: "5.7.1".to_owned(), dead };
        for _ in 0..20 {
            line.learn(&refused(true), at(0));
        }
        assert!(!line.is_down(at(0)), "dead numbers");
        for _ in 0..10 {
            line.learn(&refused(false), at(0));
        }
        assert!(line.is_down(at(0)));
        assert_eq!(line.trouble().unwrap().fault, Fault::RefusesAll);
    }

    #[test]
    fn the_rate_is_kept() {
        let config =
            LineConfig { per_second: 200, in_flight: 4, batch: 500, lease_s: 60, tries: 8 };
        let line = Line::new(None, config);
        let started = Instant::now();
        for _ in 0..21 {
            line.wait_for_turn();
        }
        assert!(started.elapsed() >= Duration::from_millis(100), "{:?}", started.elapsed());
    }
}
