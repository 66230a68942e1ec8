//! Balances become two closed paths, past and future, in a view box 1000 wide. The ribbon is
//! symmetrical about its middle and never thinner than 3 pixels, so that a thread is still seen.

use std::fmt::Write as _;

use chrono::NaiveDate;

use super::scale::Scale;
use crate::base::money::Fen;

/// Never thinner than this, in hundredths of a pixel.
const THIN: i64 = 300;

/// From x on, this share of the largest balance, in ten-thousandths.
pub type Step = (i64, i64);

/// The steps of a life, the thread of the application first. Several changes at one x are one.
pub fn steps(balances: &[(NaiveDate, Fen)], scale: &Scale) -> Vec<Step> {
    let most = balances.iter().map(|(_, balance)| balance.get()).max().unwrap_or(0).max(1);
    let mut steps: Vec<Step> = vec![(0, 0)];
    for (day, balance) in balances {
        let at = (scale.x(*day), balance.get().max(0).saturating_mul(10_000) / most);
        match steps.last_mut() {
            Some(last) if last.0 >= at.0 => last.1 = at.1,
            Some(last) if last.1 == at.1 => {}
            _ => steps.push(at),
        }
    }
    steps
}

/// The path of what is past and of what is to come, for a ribbon at most `tall` high.
pub fn paths(steps: &[Step], now: i64, end: i64, tall: i64) -> (String, String) {
    let now = now.min(end);
    let thick = |share: i64| (tall * share / 10_000).max(THIN);
    let before: Vec<Step> =
        steps.iter().filter(|(x, _)| *x < now).map(|(x, s)| (*x, thick(*s))).collect();
    let current = before.last().map_or(THIN, |(_, thickness)| *thickness);
    let mut after = vec![(now, current)];
    after.extend(steps.iter().filter(|(x, _)| *x >= now && *x < end).map(|(x, s)| (*x, thick(*s))));
    (closed(&before, now, tall), closed(&after, end, tall))
}

/// One closed path: along the upper edges to the right, along the lower ones back.
fn closed(steps: &[Step], end: i64, tall: i64) -> String {
    let Some((first, _)) = steps.first().filter(|(x, _)| *x < end) else { return String::new() };
    let rights = steps.iter().skip(1).map(|(x, _)| *x).chain([end]);
    let spans: Vec<(i64, i64, i64)> = steps
        .iter()
        .zip(rights)
        .map(|((left, thickness), right)| (*left, right, *thickness))
        .filter(|(left, right, _)| left < right)
        .collect();
    // It begins in the middle of its left edge; closing it draws that edge.
    let mut path = format!("M{} {}", hundredths(*first), hundredths(tall / 2));
    for (left, right, thickness) in &spans {
        let upper = hundredths((tall - thickness) / 2);
        let _ = write!(path, " L{} {upper} L{} {upper}", hundredths(*left), hundredths(*right));
    }
    for (left, right, thickness) in spans.iter().rev() {
        let lower = hundredths((tall + thickness) / 2);
        let _ = write!(path, " L{} {lower} L{} {lower}", hundredths(*right), hundredths(*left));
    }
    path.push('Z');
    path
}

/// Hundredths of a pixel, or thousandths of a percent in a view box 1000 wide: 72.825 % is
/// 728.25.
fn hundredths(value: i64) -> String {
    let (whole, part) = (value / 100, value % 100);
    if part == 0 { whole.to_string() } else { format!("{whole}.{part:02}") }
}
