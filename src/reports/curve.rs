//! A picture of a few lines over one axis of time, for a page and to be saved as a file. Whole
//! units of the drawing, worked out here; the template only writes them, colours included, so that
//! the file looks like the page.

use actix_web::HttpResponse;
use serde::Serialize;

use crate::app::App;
use crate::error::AppResult;
use crate::web::download::{attachment, noted};
use crate::web::session::SignedIn;

const WIDTH: i64 = 720;
const HEIGHT: i64 = 236;
/// Edges of the part that lines are drawn in: room for words on each side.
const LEFT: i64 = 76;
const RIGHT: i64 = 684;
const TOP: i64 = 40;
const FLOOR: i64 = 206;

/// A value at each place of the axis; nothing where nobody knows it yet.
pub type Series = (String, Vec<Option<i64>>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Line {
    name: String,
    /// What the picture is about, and not what it is compared with.
    is_first: bool,
    /// `76,206 95,40`
    points: String,
    /// Where the last point is, and its value in words.
    x: i64,
    y: i64,
    last: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Curve {
    title: String,
    /// The same for those who do not see it.
    words: String,
    width: i64,
    height: i64,
    left: i64,
    right: i64,
    floor: i64,
    /// The first is what it is about, the others are to compare with.
    lines: Vec<Line>,
    levels: Vec<(i64, String)>,
    ticks: Vec<(i64, String)>,
}

impl Curve {
    /// `ticks`: the words below each place of the axis, some of them empty; `most`: the value at
    /// the top; `text`: a value in words.
    pub fn new(
        title: &str,
        ticks: &[String],
        series: &[Series],
        (most, text): (i64, fn(i64) -> String),
    ) -> Curve {
        let most = most.max(1);
        let steps = i64::try_from(ticks.len()).unwrap_or(2).saturating_sub(1).max(1);
        let x = |at: i64| LEFT + (RIGHT - LEFT) * at / steps;
        let y = |value: i64| {
            let height = i128::from(FLOOR - TOP) * i128::from(value) / i128::from(most);
            FLOOR - i64::try_from(height).unwrap_or(0).clamp(0, FLOOR - TOP)
        };
        let line = |(place, (name, values)): (usize, &Series)| {
            let known: Vec<(i64, i64)> =
                (0..).zip(values).filter_map(|(at, value)| Some((at, (*value)?))).collect();
            let (at, last) = *known.last()?;
            let point = |(at, value): &(i64, i64)| format!("{},{}", x(*at), y(*value));
            let points = known.iter().map(point).collect::<Vec<_>>().join(" ");
            let (name, is_first) = (name.clone(), place == 0);
            Some(Line { name, is_first, points, x: x(at), y: y(last), last: text(last) })
        };
        let lines: Vec<Line> = series.iter().enumerate().filter_map(line).collect();
        let named: Vec<String> =
            lines.iter().map(|line| format!("{} {}", line.name, line.last)).collect();
        Curve {
            title: title.to_owned(),
            words: format!("{title}：{}", named.join("，")),
            width: WIDTH,
            height: HEIGHT,
            left: LEFT,
            right: RIGHT,
            floor: FLOOR,
            lines,
            levels: [0, most / 2, most].map(|value| (y(value), text(value))).to_vec(),
            ticks: (0..)
                .zip(ticks)
                .filter(|(_, words)| !words.is_empty())
                .map(|(at, words)| (x(at), words.clone()))
                .collect(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The picture as a file that other programs open; who took it is written down.
    pub async fn file(
        &self,
        app: &App,
        me: &SignedIn,
        name: &'static str,
    ) -> AppResult<HttpResponse> {
        #[derive(Serialize)]
        struct Picture<'a> {
            curve: &'a Curve,
        }
        let text = app.templates.render("reports/picture.html", Picture { curve: self })?;
        noted(app, me, name, format!("保存图片：{}", self.title)).await?;
        Ok(attachment(&format!("{}.svg", self.title), "image/svg+xml", text.into_bytes()))
    }
}

/// An amount in fen, short enough for an axis.
pub fn short(fen: i64) -> String {
    if fen == 0 {
        return "0".to_owned();
    }
    format!("{}.{:02} 万", fen / 1_000_000, fen % 1_000_000 / 10_000)
}

/// A round value that is no less than all of these.
pub fn round_above(values: impl Iterator<Item = i64>) -> i64 {
    let most = values.max().unwrap_or(1).max(1);
    let mut unit: i64 = 1;
    while unit.saturating_mul(10) <= most {
        unit = unit.saturating_mul(10);
    }
    [1, 2, 5, 10].into_iter().map(|n| unit.saturating_mul(n)).find(|n| *n >= most).unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_where_nobody_knows_more() {
        let ticks = ["1".to_owned(), String::new(), "3".to_owned()];
        let series =
            [("今年".to_owned(), vec![Some(0), Some(100), None]), ("去年".to_owned(), vec![])];
        let curve = Curve::new("图", &ticks, &series, (100, |n| n.to_string()));
        assert_eq!(curve.lines.len(), 1);
        assert_eq!(curve.lines[0].points, "76,206 380,40");
        assert_eq!(curve.words, "图：今年 100");
        assert_eq!(curve.ticks, [(76, "1".to_owned()), (684, "3".to_owned())]);
        assert_eq!(round_above([0, 1_234].into_iter()), 2_000);
        assert_eq!(round_above([0].into_iter()), 1);
        assert_eq!(short(12_345_600), "12.34 万");
    }
}
