//! The county's line: as thick as the number of people in each stage, in a view box 600 x 46.
//! Pure.

use serde::Serialize;

/// Width of the view box; every stage has the same share of it.
const WIDTH: i64 = 600;
/// Thickest and thinnest, in hundredths of a pixel.
const TALL: i64 = 4_200;
const THIN: i64 = 200;
const MIDDLE: i64 = 2_300;
/// Half the width of the passage from one thickness to the next.
const EASE: i64 = 12;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Segment {
    pub path: String,
    /// The separator at its right; nothing for the last.
    pub right: Option<i64>,
    /// Left end of its level part, and the lower edge there: where a red edge may lie.
    pub level_from: i64,
    /// Lower edge, `37.35`.
    pub lower: String,
}

/// The segments of these numbers of people, in the order of life.
pub fn segments(people: &[i64]) -> Vec<Segment> {
    let most = people.iter().copied().max().unwrap_or(0).max(1);
    let half = |count: &i64| ((TALL * count / most).max(THIN)) / 2;
    let halves: Vec<i64> = people.iter().map(half).collect();
    let each = WIDTH / i64::try_from(people.len()).unwrap_or(1).max(1);
    let before = std::iter::once(None).chain(halves.iter().copied().map(Some));
    let after = halves.iter().copied().skip(1).map(Some).chain([None]);
    let mut left = 0;
    before
        .zip(&halves)
        .zip(after)
        .map(|((before, own), after)| {
            let segment = segment(left, left + each, before, *own, after);
            left += each;
            segment
        })
        .collect()
}

/// The passage between two thicknesses is a curve that starts and ends level; each segment
/// draws its own half of it (the curve cut in the middle, by de Casteljau).
fn segment(left: i64, right: i64, before: Option<i64>, own: i64, after: Option<i64>) -> Segment {
    let mut upper = Vec::new();
    if let Some(before) = before {
        upper.push((left, (before + own) / 2));
        upper.push((left + EASE / 4, (before + 3 * own) / 4));
        upper.push((left + EASE / 2, own));
        upper.push((left + EASE, own));
    } else {
        upper.push((left, own));
    }
    if let Some(after) = after {
        upper.push((right - EASE, own));
        upper.push((right - EASE / 2, own));
        upper.push((right - EASE / 4, (3 * own + after) / 4));
        upper.push((right, (own + after) / 2));
    } else {
        upper.push((right, own));
    }
    let mut path = String::from("M");
    draw(&mut path, &upper, -1, before.is_some(), after.is_some());
    path.push_str(" L");
    let lower: Vec<(i64, i64)> = upper.iter().rev().copied().collect();
    draw(&mut path, &lower, 1, after.is_some(), before.is_some());
    path.push('Z');
    let y = MIDDLE + own;
    Segment {
        path,
        right: after.map(|_| right),
        level_from: left + EASE,
        lower: format!("{}.{:02}", y / 100, y % 100),
    }
}

/// Points of one edge; four at a curved end are a cubic curve.
fn draw(path: &mut String, points: &[(i64, i64)], side: i64, first: bool, last: bool) {
    let mut words: Vec<String> = points
        .iter()
        .map(|(x, half)| {
            let y = MIDDLE + side * half;
            format!("{x} {}.{:02}", y / 100, y % 100)
        })
        .collect();
    let count = words.len();
    let mark = |words: &mut Vec<String>, at: usize, sign: char| {
        if let Some(word) = words.get_mut(at) {
            word.insert(0, sign);
        }
    };
    if last {
        mark(&mut words, count.saturating_sub(3), 'C');
        mark(&mut words, count.saturating_sub(4), 'L');
    } else {
        mark(&mut words, count.saturating_sub(1), 'L');
    }
    if first {
        mark(&mut words, 1, 'C');
    }
    // The pen is at the first point already.
    if let Some(word) = words.first_mut()
        && word.starts_with('L')
    {
        word.remove(0);
    }
    path.push_str(&words.join(" "));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thickness_is_people_and_nobody_is_still_a_thread() {
        let drawn = segments(&[0, 100, 50]);
        assert_eq!(drawn.len(), 3);
        assert_eq!(
            drawn[0].path,
            "M0 22.00 L188 22.00 C194 22.00 197 17.00 200 12.00 L200 34.00 C197 29.00 194 24.00 \
             188 24.00 L0 24.00Z"
        );
        assert!(drawn[1].path.starts_with("M200 12.00 C203 7.00 206 2.00 212 2.00 L388 2.00 C394"));
        assert_eq!(drawn[2].right, None);
        assert!(drawn[2].path.contains("L600 12.50"), "{}", drawn[2].path);
    }
}
