//! What cannot be is refused where it would be written, whoever asks for it: events here, positions
//! in `src/book/position/check.rs` and at the end.

use chrono::NaiveDate;
use diesel::prelude::*;
use zhuxue::base::ids::{EventId, FileId, LoanId};
use zhuxue::base::money::Fen;
use zhuxue::base::scope::Scope;
use zhuxue::book::events::{self, EventRow, Origin};
use zhuxue::book::statement::{Event, EventKind};
use zhuxue::book::{position, verify, warning};
use zhuxue::error::{AppError, AppResult};
use zhuxue::plumbing::schema::{history, loan, loan_event, loan_position};

use crate::borrower::town::{each, read};
use crate::support::{OFFICE, TestApp};

fn row(t: &TestApp, loan: LoanId, key: &str, kind: EventKind) -> EventRow {
    let event = Event::new(t.app.next_id(), t.app.clock.today(), kind);
    let origin = Origin { command_key: key.to_owned(), ..Origin::default() };
    EventRow::new(OFFICE, loan, &event, t.app.clock.now_at(), origin)
}

fn count(t: &TestApp) -> i64 {
    read(t, |db| Ok(loan_event::table.count().get_result(db)?))
}

fn append_all(t: &TestApp, rows: &[EventRow]) -> AppResult<()> {
    t.app.db.write("test", |db| events::append_all(db, &Scope::of(OFFICE), rows))
}

/// The cause must be in the log's words.
fn is_broken<T: std::fmt::Debug>(answer: AppResult<T>, why: &str) {
    match answer {
        Err(AppError::Broken(text)) if text.contains(why) => {}
        other => panic!("{why}: {other:?}"),
    }
}

/// Two contracts of the sample.
fn loans(t: &TestApp) -> (LoanId, LoanId) {
    let all: Vec<LoanId> = read(t, |db| Ok(loan::table.select(loan::id).limit(2).load(db)?));
    (all[0], all[1])
}

#[test]
fn a_known_key_is_the_same_event_or_an_error() {
    each(async |t| {
        let (one, other) = loans(&t);
        let append = |row: EventRow| {
            t.app.db.write("test", |db| events::append(db, &Scope::of(OFFICE), row.clone()))
        };
        let paid = |yuan: i64| EventKind::Paid { amount: Fen::from_yuan(yuan) };
        let first = row(&t, one, "key", paid(10));
        assert_eq!(append(first.clone()).unwrap(), (first.clone(), true));
        let (known, new) = append(row(&t, one, "key", paid(10))).unwrap();
        assert_eq!((known.id, new), (first.id, false));
        let mut later = row(&t, one, "key", paid(10));
        later.effective_on = later.effective_on.succ_opt().unwrap();
        let prepaid = EventKind::Prepaid { principal: Some(Fen::from_yuan(10)) };
        let wrong = [
            row(&t, one, "key", paid(11)),
            row(&t, one, "key", prepaid),
            later,
            row(&t, other, "key", paid(10)),
        ];
        for row in wrong {
            is_broken(append(row), "its command key is that of another event");
        }
        is_broken(append_all(&t, &[row(&t, one, "key", paid(10))]), "database: ");
    });
}

#[test]
fn sums_and_days_that_cannot_be_are_no_events() {
    each(async |t| {
        let (one, _) = loans(&t);
        let before = count(&t);
        let none = Fen::ZERO;
        let less = Fen::from_yuan(-1);
        let wrong = [
            EventKind::Paid { amount: none },
            EventKind::Paid { amount: less },
            EventKind::Disbursed { amount: none },
            EventKind::Compensated { amount: less },
            EventKind::Relieved { amount: less },
            EventKind::Prepaid { principal: Some(none) },
            EventKind::AmountRaised { to: less },
            EventKind::PlanSet { equal_amount: less, first_year: 2030 },
        ];
        let good = EventKind::Paid { amount: Fen::from_yuan(1) };
        for kind in wrong {
            let both = [row(&t, one, "good", good), row(&t, one, "bad", kind)];
            is_broken(append_all(&t, &both), "1000000000.00 yuan");
        }
        let mut early = row(&t, one, "early", good);
        early.effective_on = "1889-01-01".parse().unwrap();
        is_broken(append_all(&t, &[early]), "a day from 1990-01-01");
        let mut bare = row(&t, one, "bare", good);
        bare.amount_fen = None;
        is_broken(append_all(&t, &[bare]), "incomplete");
        assert_eq!(count(&t), before, "not even the good one beside it");
    });
}

#[test]
fn only_a_standing_event_of_the_same_loan_is_reversed_and_once() {
    each(async |t| {
        let (one, other) = loans(&t);
        let reversed =
            |loan: LoanId, key: &str, of: EventId| row(&t, loan, key, EventKind::Reversed { of });
        let paid = row(&t, one, "paid", EventKind::Paid { amount: Fen::from_yuan(10) });
        let of = paid.id;
        let first = reversed(one, "first", of);
        let second = reversed(one, "second", of);
        let of_reversal = reversed(one, "of reversal", first.id);
        let elsewhere = reversed(other, "elsewhere", of);
        let of_nothing = reversed(one, "nothing", EventId::new(7));
        // In one batch with what is reversed, and against what is stored.
        for stored in [false, true] {
            let before: &[EventRow] = if stored { &[] } else { &[paid.clone(), first.clone()] };
            if stored {
                append_all(&t, &[paid.clone(), first.clone()]).unwrap();
            }
            let wrong = [
                (&second, "reversed already"),
                (&of_reversal, "reverses a reversal"),
                (&elsewhere, "no event of its loan"),
                (&of_nothing, "no event of its loan"),
            ];
            for (row, why) in wrong {
                let rows = [before, std::slice::from_ref(row)].concat();
                is_broken(append_all(&t, &rows), why);
            }
        }
    });
}

#[test]
fn sums_of_a_file_that_cannot_be_are_not_stored_before_its_loans_are_put_right() {
    each(async |t| {
        let (scope, basis, today) = (Scope::of(OFFICE), t.app.basis(), t.app.clock.today());
        let all: Vec<(FileId, LoanId)> = read(&t, |db| {
            let columns = (loan_position::file_id, loan_position::loan_id);
            Ok(loan_position::table.order(columns).select(columns).load(db)?)
        });
        let two = all.windows(2).find(|two| two[0].0 == two[1].0).unwrap();
        let (one, other) = (two[0].1, two[1].1);
        let spoiled = t.app.db.write("spoiled from outside", |db| {
            Ok(diesel::update(loan_position::table.find(other))
                .set(loan_position::outstanding_fen.eq(-1_000_000_000))
                .execute(db)?)
        });
        spoiled.unwrap();
        let refresh = |ids: &[LoanId]| {
            t.app.db.write("test", |db| position::refresh(db, &scope, &basis, ids, today))
        };
        is_broken(refresh(&[one]), "not so: no amount is negative");
        // The night goes on and names the file on the workbench.
        let due = |loan: LoanId, day: Option<NaiveDate>| {
            let write = t.app.db.write("due", |db| {
                let row = diesel::update(loan_position::table.find(loan));
                Ok(row.set(loan_position::changes_on.eq(day)).execute(db)?)
            });
            write.unwrap();
        };
        due(one, Some(today));
        due(other, None);
        zhuxue::jobs::close_day::run(&t.app, today).unwrap();
        let named = |t: &TestApp| read(t, |db| warning::of_kind(db, OFFICE, "uncomputable"));
        let title = named(&t).remove(0).title;
        assert!(
            title.starts_with("档案 ") && title.ends_with("的合计与合同对不上，先跳过了"),
            "{title}"
        );
        let both = read(&t, |db| verify::with_siblings(db, &scope, &[one]));
        assert!(both.contains(&one) && both.contains(&other));
        refresh(&both).unwrap();
        assert_eq!(named(&t), [], "the line goes when the file computes again");
        let check = || read(&t, |db| verify::check(db, &scope, &basis, &both));
        assert_eq!(check(), []);
        // What verify stores anew is written down.
        let spoiled = t.app.db.write("test", |db| {
            let row = diesel::update(loan_position::table.find(other));
            Ok(row.set(loan_position::outstanding_fen.eq(7)).execute(db)?)
        });
        spoiled.unwrap();
        let found = check();
        assert!(!found.is_empty());
        verify::repair(&t.app, &scope, &found).unwrap();
        assert_eq!(check(), []);
        let told = history::table.filter(history::action.eq("positions_repaired")).count();
        assert_eq!(read::<i64>(&t, |db| Ok(told.get_result(db)?)), 1);
    });
}
