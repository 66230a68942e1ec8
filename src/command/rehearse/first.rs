//! Does the order "who first" find those who pay? On one day of a rehearsal the overdue list is
//! taken in both its orders, as the page shows them; thirty days later it is seen who of the first
//! so many has paid, and how much. Beside both stands what picking at random gives.
//!
//! Nobody is called in a rehearsal, and its families pay by a rule that knows nothing of the facts
//! behind the points. So the table shows what the order does, not what calling does, and says so.

use std::collections::HashMap;
use std::io::Write;

use chrono::{Days, NaiveDate};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::payments::Paid;
use crate::app::App;
use crate::base::ids::{FileId, StaffId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::command::CliError;
use crate::error::AppResult;
use crate::life::overdue::list::cases;
use crate::plumbing::schema::{loan, loan_event};
use crate::web::list::filter::ListParams;

/// For so many days payments are looked at.
pub(super) const DAYS: u64 = 30;
/// How many from the top of the list: what somebody can call in a morning, a day, a week.
const TOPS: [usize; 4] = [20, 50, 100, 300];
/// Rows of a list; more than any county has.
const ROWS_MAX: i64 = 1_000_000;

/// Files in the order of a list, with what they owe.
type Order = Vec<(FileId, Fen)>;

/// The list of one day in both orders.
#[derive(Clone, Debug, Default)]
pub(super) struct Orders {
    on: NaiveDate,
    by_day: Order,
    by_first: Order,
}

/// What came of the first so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Found {
    owed: Fen,
    paid: Paid,
}

impl Orders {
    /// Takes the list as it is at the end of a day.
    pub(super) fn taken(app: &App, scopes: &[Scope], on: NaiveDate) -> AppResult<Orders> {
        let mut orders = Orders { on, ..Orders::default() };
        for (sort, to) in [("", &mut orders.by_day), ("first", &mut orders.by_first)] {
            let params = ListParams { sort: sort.to_owned(), ..ListParams::default() };
            let filter = cases::case_filter(&params, StaffId::new(0), on);
            for scope in scopes {
                let rows = app.db.read(|db| cases::all(db, scope, &filter, ROWS_MAX))?;
                to.extend(rows.iter().map(|(row, _)| (row.file_id, row.overdue_fen())));
            }
        }
        Ok(orders)
    }

    /// Prints what came of it until the end of a day.
    pub(super) fn compare(
        &self,
        app: &App,
        scopes: &[Scope],
        until: NaiveDate,
        out: &mut dyn Write,
    ) -> Result<(), CliError> {
        let mut paid = HashMap::new();
        for scope in scopes {
            paid.extend(paid_between(app, scope, (self.on, until))?);
        }
        let all = self.by_day.len();
        writeln!(out, "\n按优先级：{} 的逾期名单 {all} 户，看到 {until} 谁还了款", self.on)?;
        writeln!(out, "（每格：其中还款几户、还款多少元；括号里是他们一共欠多少元）")?;
        for top in TOPS.into_iter().filter(|top| *top < all).chain([all]) {
            let [by_day, by_first] = [&self.by_day, &self.by_first].map(|o| first(o, top, &paid));
            let (tenths, amount) = at_random(first(&self.by_day, all, &paid).paid, top, all);
            writeln!(
                out,
                "  前 {top} 户  按下一步日期 {}；按优先级 {}；随便挑约 {}.{} 户 {} 元",
                in_words(by_day),
                in_words(by_first),
                tenths / 10,
                tenths % 10,
                amount.to_page_text()
            )?;
        }
        writeln!(
            out,
            "演练里没有人打电话，哪户还款、哪天还是按档案号定的，同欠多少、停留多久、联系上没有都无关。\n\
             所以户数相差只是碰巧，金额相差只因为排在前面的人欠的不一样多；\n\
             打电话有没有用，这张表说明不了，要用本县实际联系和还款的记录来比。"
        )?;
        Ok(())
    }
}

fn in_words(found: Found) -> String {
    let Found { owed, paid } = found;
    let (amount, owed) = (paid.amount.to_page_text(), owed.to_page_text());
    format!("{} 户 {amount} 元（欠 {owed}）", paid.number)
}

/// What the first `top` of a list owe and have paid.
fn first(order: &Order, top: usize, paid: &HashMap<FileId, Fen>) -> Found {
    let mut found = Found::default();
    for (file, owed) in order.iter().take(top) {
        found.owed += *owed;
        if let Some(amount) = paid.get(file) {
            found.paid.add(*amount);
        }
    }
    found
}

/// What `top` of `all` give when any is as likely as another: payers in tenths, and the amount.
fn at_random(everybody: Paid, top: usize, all: usize) -> (u64, Fen) {
    let whole = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let (top, all) = (whole(top), whole(all).max(1));
    let number = i64::try_from(everybody.number).unwrap_or(i64::MAX);
    let tenths = number.saturating_mul(10).saturating_mul(top) / all;
    let amount = everybody.amount.get().saturating_mul(top) / all;
    (u64::try_from(tenths).unwrap_or_default(), Fen::new(amount))
}

/// What each file has paid after one day and until another.
fn paid_between(
    app: &App,
    scope: &Scope,
    (after, until): (NaiveDate, NaiveDate),
) -> AppResult<HashMap<FileId, Fen>> {
    let from = after + Days::new(1);
    let rows: Vec<(FileId, i64)> = app.db.read(|db| {
        Ok(loan_event::table
            .inner_join(loan::table.on(loan::id.eq(loan_event::loan_id)))
            .filter(scope.holds(loan_event::office_code))
            .filter(loan_event::kind.eq("paid"))
            .filter(loan_event::effective_on.between(from, until))
            .group_by(loan::file_id)
            .select((
                loan::file_id,
                sql::<BigInt>("CAST(COALESCE(SUM(loan_event.amount_fen), 0) AS BIGINT)"),
            ))
            .load(db)?)
    })?;
    Ok(rows.into_iter().map(|(file, fen)| (file, Fen::new(fen))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_list_are_counted_once_with_what_they_owe_and_paid() {
        let order: Order = (1..=10).map(|n| (FileId::new(n), Fen::new(n * 100))).collect();
        let turned: Order = order.iter().rev().copied().collect();
        // The third, the ninth, and somebody who is not in the list.
        let paid: HashMap<FileId, Fen> = [(3, 300), (9, 450), (77, 5_000)]
            .map(|(file, fen)| (FileId::new(file), Fen::new(fen)))
            .into();
        let of = |found: Found| (found.owed.get(), found.paid.number, found.paid.amount.get());
        assert_eq!(of(first(&order, 4, &paid)), (1_000, 1, 300));
        assert_eq!(of(first(&turned, 4, &paid)), (3_400, 1, 450));
        assert_eq!(of(first(&order, 10, &paid)), (5_500, 2, 750));
        assert_eq!(first(&order, 99, &paid), first(&turned, 10, &paid));
        let everybody = first(&order, 10, &paid).paid;
        // Four of ten with two payers among them: 0.8 of a payer, 3 yuan.
        assert_eq!(at_random(everybody, 4, 10), (8, Fen::new(300)));
        assert_eq!(at_random(everybody, 10, 10), (20, Fen::new(750)));
        assert_eq!(at_random(Paid::default(), 0, 0), (0, Fen::ZERO));
    }
}
