//! An early repayment has no due day of its own: the sheets write the day it was paid in both
//! columns. When the bank changes that day it is the same money, booked once.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use zhuxue::base::ids::EventId;
use zhuxue::base::money::Fen;
use zhuxue::book::events::{self, EventRow, Origin};
use zhuxue::book::statement::{Event, EventKind};
use zhuxue::book::{early_repayment, loan};
use zhuxue::imports::undo;

use super::bank_lines::{Line, county, import, list, standing};
use crate::support::county::{County, day};
use crate::support::database::{Kind, on_both};

const CONTRACTS: [&str; 4] =
    ["51202220160000101", "51202220160000102", "51202220160000103", "51202220160000104"];

/// A list of all four contracts: their regular instalment, and these early repayments.
fn whole(early: &[(usize, &'static str, i64)]) -> Vec<u8> {
    let mut lines: Vec<Line> = (0..4)
        .map(|contract| (contract, "2023-12-20", "2023-12-20", 72_727, "正常还款", 509_092))
        .collect();
    lines.extend(early.iter().zip(1..).map(|((contract, on, amount), n)| {
        // Lines that are the same in everything are one line twice.
        let line: Line = (*contract, on, on, *amount, "提前还款", 700_000 - n * 1_000);
        line
    }));
    list(&lines)
}

type Listed = BTreeMap<(usize, NaiveDate, i64), usize>;

/// How often a contract, day and amount stand as an early repayment.
fn prepaid(county: &County) -> Listed {
    let mut found = Listed::new();
    for (contract, kind, on, amount) in standing(county) {
        if kind == "prepaid" {
            let contract = CONTRACTS.iter().position(|no| **no == contract).unwrap();
            *found.entry((contract, on, amount)).or_default() += 1;
        }
    }
    found
}

fn listed(early: &[(usize, &'static str, i64)]) -> Listed {
    let mut found = Listed::new();
    for (contract, on, amount) in early {
        *found.entry((*contract, day(on), *amount)).or_default() += 1;
    }
    found
}

#[test]
fn an_early_repayment_whose_day_the_bank_changes_is_booked_once() {
    on_both(|kind| {
        let other = (1, "2022-08-20", 10_000);
        let first = [(0, "2022-08-20", 10_000), other];
        let second = [(0, "2022-09-20", 10_000), other];
        let county = county(kind);
        import(&county, "一.csv", &whole(&first), "2026-01-31");
        assert_eq!(prepaid(&county), listed(&first));
        let rows = import(&county, "二.csv", &whole(&second), "2026-02-28");
        assert_eq!(prepaid(&county), listed(&second), "{rows:?}");
        let said = "这份名单不再有 2022-08-20 的 100.00 元，已冲回";
        assert!(rows.iter().any(|row| row.notes.contains(said)), "{rows:?}");
        // The older list does not bring it back, and the newer one repeated changes nothing.
        let rows = import(&county, "一.csv", &whole(&first), "2026-01-31");
        assert!(rows.iter().any(|row| row.outcome == "skipped"), "{rows:?}");
        import(&county, "二.csv", &whole(&second), "2026-02-28");
        assert_eq!(prepaid(&county), listed(&second));
        // Undone, the first day stands again.
        let county = super::bank_lines::county(kind);
        import(&county, "一.csv", &whole(&first), "2026-01-31");
        let rows = import(&county, "二.csv", &whole(&second), "2026-02-28");
        let (app, scope, by) = (&county.app, &county.scope, &county.by);
        assert!(undo::undo(app, scope, by, rows[0].import_id, "导错了").unwrap().is_ok());
        assert_eq!(prepaid(&county), listed(&first));
    });
}

/// What the desk has written down from the bank's answer is the money of the list's line: booked
/// once, on the bank's day; and an import that is undone leaves it.
#[test]
fn what_the_desk_had_from_the_bank_is_booked_once() {
    on_both(|kind| {
        for on in ["2022-08-20", "2022-08-21"] {
            let county = county(kind);
            import(&county, "一.csv", &whole(&[]), "2026-01-31");
            answer(&county, "2022-08-20", 10_000);
            let own = [(0, "2022-08-20", 10_000)];
            assert_eq!(prepaid(&county), listed(&own));
            let line = [(0, on, 10_000)];
            let rows = import(&county, "二.csv", &whole(&line), "2026-02-28");
            assert_eq!(prepaid(&county), listed(&line), "{rows:?}");
            let (app, scope, by) = (&county.app, &county.scope, &county.by);
            let id = rows[0].import_id;
            assert!(undo::undo(app, scope, by, id, "导错了").unwrap().is_ok());
            assert_eq!(prepaid(&county), listed(&own));
            import(&county, "二.csv", &whole(&line), "2026-02-28");
            assert_eq!(prepaid(&county), listed(&line));
        }
    });
}

/// An event of the first contract as the desk appends it once the answer is confirmed.
fn answer(county: &County, on: &str, fen: i64) {
    let (scope, now) = (&county.scope, county.app.clock.now_at());
    county
        .app
        .db
        .write("answer", |db| {
            let numbers = [CONTRACTS[0].to_owned()];
            let found = loan::by_contract_no(db, scope, &numbers)?;
            let loan = &found[CONTRACTS[0]];
            let kind = EventKind::Prepaid { principal: Some(Fen::new(fen)) };
            let event = Event { id: EventId::new(7), on: day(on), recorded_at: None, kind };
            let channel = early_repayment::CHANNEL.to_owned();
            let origin = Origin {
                channel,
                command_key: "early repayment 1".to_owned(),
                ..Origin::default()
            };
            events::append(
                db,
                scope,
                EventRow::new(&loan.office_code, loan.id, &event, now, origin),
            )?;
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_part_of_a_list_moves_no_early_repayment() {
    let county = county(Kind::Sqlite);
    let first = [(0, "2022-08-20", 10_000)];
    import(&county, "一.csv", &whole(&first), "2026-01-31");
    let part: Line = (0, "2022-09-20", "2022-09-20", 10_000, "提前还款", 690_000);
    import(&county, "二.csv", &list(&[part]), "2026-02-28");
    let both = [first[0], (0, "2022-09-20", 10_000)];
    assert_eq!(prepaid(&county), listed(&both));
}

#[test]
fn a_list_of_one_township_moves_none_however_much_it_holds() {
    let county = county(Kind::Sqlite);
    let first = [(0, "2022-08-20", 10_000)];
    import(&county, "一.csv", &whole(&first), "2026-01-31");
    let moved = [(0, "2022-09-20", 10_000)];
    let title = "生源地信用助学贷款还款明细（乐至县中天镇，截至2026-02-28）\n";
    let part = [title.as_bytes(), &whole(&moved)].concat();
    import(&county, "二.csv", &part, "2026-02-28");
    assert_eq!(prepaid(&county), listed(&[first[0], moved[0]]));
}

const DAYS: [&str; 4] = ["2022-06-20", "2022-08-20", "2022-09-20", "2022-10-20"];

#[test]
fn early_repayments_that_move_in_any_order_end_on_the_newest_lists_days() {
    // Each early repayment: contract, amount, and its day in each of three lists.
    let one = (0..3_usize, 1..3_i64, prop::collection::vec(0..DAYS.len(), 3));
    let early = prop::collection::vec(one, 0..5);
    let turns = prop::collection::vec(0..3_usize, 0..4);
    let mut runner = TestRunner::new(Config::with_cases(24));
    let done = runner.run(&(early, turns, any::<bool>()), |(early, more, backwards)| {
        let county = county(Kind::Sqlite);
        // Every list has this one, so that it is seen to have early repayments at all.
        let at = |list: usize| -> Vec<(usize, &'static str, i64)> {
            let own = early.iter();
            own.map(|(contract, amount, days)| (*contract, DAYS[days[list]], amount * 10_000))
                .chain([(3, DAYS[0], 10_000)])
                .collect()
        };
        let mut turns = more;
        turns.extend(if backwards { [2, 1, 0] } else { [0, 1, 2] });
        for list in &turns {
            let as_of = ["2026-01-31", "2026-04-30", "2026-07-31"][*list];
            let rows = import(&county, "还款.csv", &whole(&at(*list)), as_of);
            prop_assert!(rows.iter().all(|row| row.outcome != "refused"), "{:?}", rows);
        }
        prop_assert_eq!(prepaid(&county), listed(&at(2)), "{:?}", turns);
        Ok(())
    });
    assert_eq!(done, Ok(()));
}
