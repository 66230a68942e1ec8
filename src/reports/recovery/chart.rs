//! The picture over time: for each year a column of what fell due, and in it what came back.
//! Whole units of the drawing, worked out here; the template only writes them.

use serde::Serialize;

use super::rules::{Numbers, percent, share};

/// Height of the tallest column.
const HEIGHT: i64 = 140;
/// Where the columns stand.
const FLOOR: i64 = 168;
/// Room for one year.
const STEP: i64 = 72;
/// Width of a column.
const WIDTH: i64 = 36;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Column {
    pub year: String,
    pub x: i64,
    /// Middle, for the words.
    pub middle: i64,
    /// Upper edge and height of what fell due.
    pub due: (i64, i64),
    /// Upper edge and height of what came back.
    pub paid: (i64, i64),
    /// Upper line of words.
    pub words_y: i64,
    /// Principal and interest that fell due, in fen.
    pub due_fen: i64,
    /// What came back of it.
    pub paid_fen: i64,
    /// `99.96%`.
    pub rate: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Chart {
    /// Width of the drawing.
    pub width: i64,
    /// Height of the drawing.
    pub height: i64,
    /// Where the columns stand.
    pub floor: i64,
    /// Width of a column.
    pub column: i64,
    /// The years, oldest first.
    pub columns: Vec<Column>,
}

/// The picture of these years.
pub fn over_time(years: &[(String, Numbers)]) -> Chart {
    let due = |n: &Numbers| (n.sums.due_principal + n.sums.due_interest).get();
    let most = years.iter().map(|(_, n)| due(n)).max().unwrap_or(0).max(1);
    let columns = (0_i64..)
        .zip(years)
        .map(|(at, (year, n))| {
            let due_fen = due(n);
            let paid_fen = (n.sums.paid_principal + n.sums.paid_interest).get();
            let (due, paid) = (tall(due_fen, most), tall(paid_fen, most));
            let x = at * STEP + (STEP - WIDTH) / 2;
            Column {
                year: year.clone(),
                x,
                middle: at * STEP + STEP / 2,
                due: (FLOOR - due, due),
                paid: (FLOOR - paid, paid),
                words_y: FLOOR - due - 6,
                due_fen,
                paid_fen,
                rate: percent(share(paid_fen, due_fen)),
            }
        })
        .collect();
    let width = i64::try_from(years.len()).unwrap_or(0).max(10) * STEP;
    Chart { width, height: FLOOR + 24, floor: FLOOR, column: WIDTH, columns }
}

/// The height of an amount; whatever there is can be seen.
fn tall(fen: i64, most: i64) -> i64 {
    let exact = i128::from(fen) * i128::from(HEIGHT) / i128::from(most);
    i64::try_from(exact).unwrap_or(0).clamp(i64::from(fen > 0), HEIGHT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::money::Fen;
    use crate::reports::recovery::rules::Sums;

    #[test]
    fn the_tallest_year_fills_the_height_and_a_fen_can_be_seen() {
        let year = |due: i64, paid: i64| Numbers {
            sums: Sums {
                due_principal: Fen::new(due),
                paid_principal: Fen::new(paid),
                ..Sums::default()
            },
            ..Numbers::default()
        };
        let years = [("2025".to_owned(), year(1_000_000, 1)), ("2026".to_owned(), year(0, 0))];
        let chart = over_time(&years);
        assert_eq!(chart.columns[0].due, (28, 140));
        assert_eq!(chart.columns[0].paid, (167, 1));
        assert_eq!(chart.columns[1].due, (168, 0));
        assert_eq!(chart.columns[0].rate, "0.00%");
    }
}
