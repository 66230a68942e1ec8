//! The life line 生命线: one ribbon from Grade 12 to settled, as thick as the principal still owed.
//!
//! Pure: days and fen in, positions out as plain text for SVG attributes (x in percent, so that
//! no inline style is needed and no text is distorted). Read `scale.rs` (a day becomes an x),
//! `ribbon.rs` (balances become a path), `marks.rs` (what stands below the line), then this.
//! Nothing here knows a statement or a database.

pub mod county;
mod marks;
mod ribbon;
mod scale;

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use crate::base::dates::in_words;
use crate::base::money::Fen;

use marks::{Below, Node};
pub use marks::{Due, Happening, Mark};
pub use scale::Scale;

/// Height of the ribbon at the largest balance, in hundredths of a pixel: on a page, and small.
const TALL: i64 = 3_400;
const SMALL: i64 = 2_200;

/// One life, as far as the line shows it.
#[derive(Clone, Debug)]
pub struct Life {
    /// The day of 今天.
    pub today: NaiveDate,
    /// Application: the first paper.
    pub began_on: NaiveDate,
    /// Start of study for the line: the autumn of the first disbursement.
    pub study_from: NaiveDate,
    /// The day after the last day the state pays.
    pub grace_from: NaiveDate,
    /// The autumn of the year in which principal first falls due.
    pub repay_from: NaiveDate,
    /// The last due day.
    pub ends_on: NaiveDate,
    /// The day on which everything was repaid.
    pub settled_on: Option<NaiveDate>,
    /// The principal owed from each day on, oldest first: past as it was, future as planned.
    pub balances: Vec<(NaiveDate, Fen)>,
    /// What stands below the line.
    pub marks: Vec<Mark>,
}

/// One of the five words over the line.
#[derive(Clone, Debug, Serialize)]
pub struct Phase {
    x: String,
    anchor: &'static str,
    class: &'static str,
    name: &'static str,
    when: String,
    note: &'static str,
}

/// The flag 今天.
#[derive(Clone, Debug, Serialize)]
pub struct Now {
    x: String,
    words: String,
    /// Left edge of the flag and middle of its words, in pixels from the mark.
    left: i64,
    middle: i64,
}

/// A drawn line, ready for `_lifeline.html`.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    title: String,
    phases: Vec<Phase>,
    separators: Vec<&'static str>,
    past: String,
    future: String,
    nodes: Vec<Node>,
    below: Vec<Below>,
    now: Now,
    small_past: String,
    small_future: String,
    /// For the phone: which of the five words is theirs, and one sentence.
    here: usize,
    sentence: String,
    end: Option<String>,
}

impl Line {
    /// The sentence a screen reader hears.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The same as of a day that somebody has chosen: no flag calls it 今天.
    #[must_use]
    pub fn on_chosen_day(mut self, day: NaiveDate) -> Line {
        self.now.words = flag("截至", day);
        self
    }
}

/// Where in the life a day is: 0 application, 1 study, 2 grace, 3 repaying, 4 settled.
fn phase_of(life: &Life, day: NaiveDate) -> usize {
    if life.settled_on.is_some_and(|on| on <= day) {
        return 4;
    }
    match day {
        _ if day < life.study_from => 0,
        _ if day < life.grace_from => 1,
        _ if day < life.repay_from => 2,
        _ => 3,
    }
}

pub fn draw(life: &Life) -> Line {
    let scale = Scale::new(&[
        life.began_on,
        life.study_from,
        life.grace_from,
        life.repay_from,
        life.ends_on,
    ]);
    let ends_at = scale.x(life.settled_on.unwrap_or(life.ends_on));
    let now_at = scale.x(life.today);
    let steps = ribbon::steps(&life.balances, &scale);
    let (past, future) = ribbon::paths(&steps, now_at, ends_at, TALL);
    let (small_past, small_future) = ribbon::paths(&steps, now_at, ends_at, SMALL);
    let (nodes, below) = marks::place(life, &scale);
    let here = phase_of(life, life.today);
    Line {
        title: title(life),
        phases: phases(life, here),
        separators: vec!["16.4%", "39.4%", "56.4%"],
        past,
        future,
        nodes,
        below,
        now: now(life.today, now_at),
        small_past,
        small_future,
        here,
        sentence: sentence(life, here),
        end: life.settled_on.map(|_| scale::percent(ends_at)),
    }
}

/// The flag is 86 px wide; near an end it leans inwards instead of running off the card.
fn now(today: NaiveDate, at: i64) -> Now {
    let left = match at {
        ..=3_900 => -8,
        96_000.. => -78,
        _ => -43,
    };
    Now { x: scale::percent(at), words: flag("今天", today), left, middle: left + 43 }
}

fn flag(word: &str, day: NaiveDate) -> String {
    format!("{word} {}月{}日", day.month(), day.day())
}

fn month(day: NaiveDate) -> String {
    format!("{}.{:02}", day.year(), day.month())
}

fn phases(life: &Life, here: usize) -> Vec<Phase> {
    let until = |day: NaiveDate| month(day.pred_opt().unwrap_or(day));
    let ended = life.settled_on.unwrap_or(life.ends_on);
    let rows = [
        ("0%", "start", "申请与签约", life.began_on, Some(life.study_from), ""),
        ("17%", "start", "在读", life.study_from, Some(life.grace_from), "利息国家承担"),
        ("40%", "start", "宽限期", life.grace_from, Some(life.repay_from), "只还利息"),
        ("57%", "start", "还本付息", life.repay_from, Some(life.ends_on), "每年 12 月 20 日还一次"),
        ("97.5%", "middle", "结清", ended, None, ""),
    ];
    rows.into_iter()
        .enumerate()
        .map(|(at, (x, anchor, name, from, to, note))| Phase {
            x: x.to_owned(),
            anchor,
            class: match at.cmp(&here) {
                std::cmp::Ordering::Less => "ph done",
                std::cmp::Ordering::Equal => "ph cur",
                std::cmp::Ordering::Greater => "ph fut",
            },
            name,
            when: match to {
                None => month(from),
                Some(to) if at == 3 => format!("{}–{}", month(from), month(to)),
                Some(to) => format!("{}–{}", month(from), until(to.max(from))),
            },
            note,
        })
        .collect()
}

/// Whole yuan when it is whole, with thousands: `6,500`, `6,500.50`.
pub fn short_money(amount: Fen) -> String {
    let text = amount.to_page_text();
    text.strip_suffix(".00").map_or(text.clone(), str::to_owned)
}

/// The whole life in one sentence, for somebody who does not see the picture.
fn title(life: &Life) -> String {
    let mut parts = vec![format!("{} 年申请并签约", life.began_on.year())];
    let paid: Vec<(i32, Fen)> = life
        .marks
        .iter()
        .filter_map(|mark| match mark.what {
            Happening::PaidOut(amount) => Some((mark.on.year(), amount)),
            _ => None,
        })
        .collect();
    let total: Fen = paid.iter().map(|(_, amount)| *amount).sum();
    match (paid.first(), paid.last()) {
        (Some((first, _)), Some((last, _))) if first != last => parts.push(format!(
            "{first} 至 {last} 年发放 {} 次共 {} 元",
            paid.len(),
            short_money(total)
        )),
        (Some((year, _)), _) => parts.push(format!("{year} 年发放 {} 元", short_money(total))),
        _ => parts.push("还没有放款".to_owned()),
    }
    parts.push(format!("{} 年毕业", life.grace_from.year()));
    parts.push(format!("{} 年起每年还本付息", life.repay_from.year()));
    let late = life.marks.iter().filter(|mark| mark.due() == Some(Due::Late)).count();
    if late > 0 {
        parts.push(format!("{late} 期到期未还"));
    }
    if life.marks.iter().any(|mark| mark.due() == Some(Due::Awaiting)) {
        parts.push("一期待银行结果".to_owned());
    }
    if let Some(next) = life.marks.iter().find(|mark| mark.due() == Some(Due::Next)) {
        let day = next.on;
        let words = format!("{} 年 {} 月 {} 日", day.year(), day.month(), day.day());
        parts.push(format!("下一次应还 {words}"));
    }
    parts.push(match life.settled_on {
        Some(on) => format!("{} 年 {} 月已结清", on.year(), on.month()),
        None => format!("{} 年 {} 月结清", life.ends_on.year(), life.ends_on.month()),
    });
    parts.join("，")
}

/// The one sentence under the phone's line.
fn sentence(life: &Life, here: usize) -> String {
    let end = format!("{}年{}月还清", life.ends_on.year(), life.ends_on.month());
    match here {
        0 => "合同签好了，等学校回执和放款。".to_owned(),
        1 => format!("读书时利息由国家承担，{}年毕业后开始付利息。", life.grace_from.year()),
        2 => format!(
            "线越粗，欠得越多。现在只还利息，{}年起每年还一点，{end}。",
            life.repay_from.year()
        ),
        3 => format!("线越粗，欠得越多。每年还一点，{end}。"),
        _ => match life.settled_on {
            Some(on) => format!("{}全部还清了。", in_words(on, life.today)),
            None => format!("{end}。"),
        },
    }
}

#[cfg(test)]
mod tests;
