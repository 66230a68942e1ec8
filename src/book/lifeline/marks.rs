//! What stands on and below the line: filled for done, red with `!` for overdue, an amber ring
//! for what comes next, a small ring for what is planned; below it what, then when. Words that
//! would run into each other are left out, the important ones first in line.

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use super::scale::{Scale, percent};
use super::{Life, short_money};
use crate::base::money::Fen;

/// How something that falls due stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    Done,
    /// Its day is past and something is open.
    Late,
    /// Its day is past and the bank's result is not known yet.
    Awaiting,
    Next,
    Planned,
}

/// Something that happened or will.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A paper of the application: 预申请, 认定, 签约, 回执.
    Paper(&'static str),
    /// A paper still awaited.
    Awaited(&'static str),
    PaidOut(Fen),
    /// A contract signed whose money is still to come.
    ToPayOut(Fen),
    /// Interest only, in the grace period.
    Interest(Due),
    Principal(Due),
    /// Repaid early, or by somebody else: 提前还款, 代偿, 救助.
    Early(&'static str),
}

/// Something at a day.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    pub on: NaiveDate,
    pub what: Happening,
}

impl Mark {
    /// How it stands, when it is something that falls due.
    pub fn due(&self) -> Option<Due> {
        match self.what {
            Happening::Interest(due) | Happening::Principal(due) => Some(due),
            _ => None,
        }
    }
}

/// A dot on the line.
#[derive(Clone, Debug, Serialize)]
pub struct Node {
    pub(super) x: String,
    pub(super) class: &'static str,
    pub(super) r: u8,
    /// True for a stroke across the ribbon instead of a dot (interest paid in grace).
    pub(super) tick: bool,
}

/// Words below the line: what, then when.
#[derive(Clone, Debug, Serialize)]
pub struct Below {
    pub(super) x: String,
    pub(super) class: &'static str,
    pub(super) first: String,
    pub(super) second: String,
}

struct Wish {
    at: i64,
    /// 0 is placed first.
    rank: u8,
    class: &'static str,
    first: String,
    second: String,
}

/// The dots, and the words that fit.
pub fn place(life: &Life, scale: &Scale) -> (Vec<Node>, Vec<Below>) {
    let mut marks = life.marks.clone();
    marks.sort_by_key(|mark| mark.on);
    let papers = marks.iter().filter(|mark| is_paper(mark)).count();
    let many = marks.iter().filter(|m| matches!(m.what, Happening::PaidOut(_))).count() > 4;
    let mut paper = 0;
    let mut nodes = Vec::new();
    let mut wishes = Vec::new();
    for mark in &marks {
        let at = if is_paper(mark) {
            paper += 1;
            slot(paper, papers)
        } else {
            scale.x(mark.on)
        };
        nodes.push(node(mark, at));
        wishes.extend(wish(mark, at, life.today, many));
    }
    if let Some(on) = life.settled_on {
        let at = scale.x(on);
        nodes.push(Node { x: percent(at), class: "done", r: 6, tick: false });
        wishes.push(Wish {
            at,
            rank: 0,
            class: "amt",
            first: "结清".to_owned(),
            second: short_month(on),
        });
    }
    wishes.extend(grace_words(&marks, scale));
    (nodes, fit(wishes))
}

fn is_paper(mark: &Mark) -> bool {
    matches!(mark.what, Happening::Paper(_) | Happening::Awaited(_))
}

/// Papers crowd into a few months, so they stand evenly in the first 15 percent, in their order.
fn slot(number: usize, of: usize) -> i64 {
    let (number, of) = (i64::try_from(number).unwrap_or(1), i64::try_from(of).unwrap_or(1));
    15_000 * (2 * number - 1) / (2 * of.max(1))
}

fn node(mark: &Mark, at: i64) -> Node {
    let (class, r, tick) = match mark.what {
        Happening::Paper(_) => ("done", 6, false),
        Happening::Awaited(_) | Happening::ToPayOut(_) => ("next", 6, false),
        Happening::PaidOut(_) | Happening::Early(_) => ("done", 5, false),
        Happening::Interest(Due::Done | Due::Planned) => ("tick", 0, true),
        Happening::Interest(Due::Late) | Happening::Principal(Due::Late) => ("late", 9, false),
        Happening::Interest(Due::Next | Due::Awaiting)
        | Happening::Principal(Due::Next | Due::Awaiting) => ("next", 6, false),
        Happening::Principal(Due::Done) => ("done", 5, false),
        Happening::Principal(Due::Planned) => ("fut", 4, false),
    };
    Node { x: percent(at), class, r, tick }
}

fn wish(mark: &Mark, at: i64, today: NaiveDate, many: bool) -> Option<Wish> {
    let year = mark.on.year().to_string();
    let (rank, class, first, second) = match mark.what {
        Happening::Paper(name) => (2, "", name.to_owned(), short_month(mark.on)),
        Happening::Awaited(name) => (1, "waitT", name.to_owned(), "等待".to_owned()),
        Happening::PaidOut(amount) if many => (1, "amt", format!("+{}", in_tens(amount)), year),
        Happening::PaidOut(amount) => (1, "amt", format!("+{}", short_money(amount)), year),
        Happening::ToPayOut(amount) => {
            (1, "waitT", format!("+{}", short_money(amount)), "待放款".to_owned())
        }
        Happening::Interest(Due::Late) | Happening::Principal(Due::Late) => {
            (0, "lateT", year, "逾期".to_owned())
        }
        Happening::Interest(Due::Awaiting) | Happening::Principal(Due::Awaiting) => {
            (0, "waitT", year, "待银行".to_owned())
        }
        Happening::Interest(Due::Next) | Happening::Principal(Due::Next) => {
            (0, "waitT", year, "下一次".to_owned())
        }
        Happening::Principal(Due::Done) => (3, "", year, String::new()),
        Happening::Principal(Due::Planned) => {
            let short = format!("{:02}", mark.on.year().rem_euclid(100));
            let far = mark.on.year() > today.year();
            (4, "", if far { short } else { year }, String::new())
        }
        Happening::Early(name) => (1, "amt", name.to_owned(), short_month(mark.on)),
        Happening::Interest(Due::Done | Due::Planned) => return None,
    };
    Some(Wish { at, rank, class, first, second })
}

/// `按期付息 3 次` in the middle of the strokes it counts.
fn grace_words(marks: &[Mark], scale: &Scale) -> Option<Wish> {
    let done: Vec<i64> = marks
        .iter()
        .filter(|mark| mark.what == Happening::Interest(Due::Done))
        .map(|mark| scale.x(mark.on))
        .collect();
    let (first, last) = (done.first()?, done.last()?);
    let first_words = format!("按期付息 {} 次", done.len());
    let at = (first + last) / 2;
    Some(Wish { at, rank: 2, class: "", first: first_words, second: String::new() })
}

fn short_month(day: NaiveDate) -> String {
    format!("{:02}.{:02}", day.year().rem_euclid(100), day.month())
}

/// Where five years of money stand close together: `1.2万`; an amount that is no whole number of
/// hundreds stays as it is.
fn in_tens(amount: Fen) -> String {
    let hundreds = amount.get() / 10_000;
    if amount.get() % 10_000 != 0 || hundreds < 100 {
        return short_money(amount);
    }
    let text = format!("{}.{:02}", hundreds / 100, hundreds % 100);
    format!("{}万", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Width of a text on a line 1,080 px wide, in thousandths of a percent: 12 px for a Chinese
/// character, 7 px for anything else.
fn width(text: &str) -> i64 {
    let pixels: i64 = text.chars().map(|c| if c.is_ascii() { 7 } else { 12 }).sum();
    pixels * 100_000 / 1_080
}

/// Places the wishes by rank, then from the left; one that would touch another is left out.
fn fit(mut wishes: Vec<Wish>) -> Vec<Below> {
    wishes.sort_by_key(|wish| (wish.rank, wish.at));
    let mut taken: Vec<(i64, i64)> = Vec::new();
    let mut fits = Vec::new();
    for wish in wishes {
        let half = width(&wish.first).max(width(&wish.second)) / 2 + 150;
        let (left, right) = (wish.at - half, wish.at + half);
        if taken.iter().any(|(l, r)| left < *r && *l < right) {
            continue;
        }
        taken.push((left, right));
        fits.push(wish);
    }
    fits.sort_by_key(|wish| wish.at);
    fits.into_iter()
        .map(|wish| Below {
            x: percent(wish.at),
            class: wish.class,
            first: wish.first,
            second: wish.second,
        })
        .collect()
}
