//! `write()` loses nothing and `read()` changes nothing, on either database.

use std::sync::atomic::{AtomicI64, Ordering};

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use zhuxue::both;
use zhuxue::error::AppError;
use zhuxue::plumbing::db::{Database, Db};
use zhuxue::plumbing::revision::{Answers, Revision};
use zhuxue::plumbing::schema::meta;

use crate::support::database::{TestDatabase, on_both};

const KEY: &str = "counter";

fn set(db: &mut Db, value: &str) -> Result<(), AppError> {
    let known = diesel::update(meta::table.find(KEY)).set(meta::value.eq(value)).execute(db)?;
    if known == 0 {
        diesel::insert_into(meta::table)
            .values((meta::key.eq(KEY), meta::value.eq(value)))
            .execute(db)?;
    }
    Ok(())
}

fn get(db: &Database) -> Option<String> {
    let found = db.read(|db| Ok(meta::table.find(KEY).select(meta::value).first(db)?));
    match found {
        Ok(value) => Some(value),
        Err(AppError::NotFound) => None,
        Err(other) => panic!("{other}"),
    }
}

/// Reads, then writes what it read plus one: lost by plain transactions on PostgreSQL.
fn add_one(db: &Database) -> Result<(), AppError> {
    db.write("add_one", |db| {
        let now: String = meta::table.find(KEY).select(meta::value).first(db)?;
        set(db, &(now.parse::<i64>().unwrap() + 1).to_string())
    })
}

/// What a reading of the whole table says, asked for as pages ask for it.
fn known(db: &Database, answers: &Answers<&'static str, String>, asked: &AtomicI64) -> String {
    let counted = |db: &mut Db| {
        asked.fetch_add(1, Ordering::Relaxed);
        get_in(db)
    };
    db.read(|db| {
        let revision = Revision::of(db)?;
        answers.get((db, &revision, None), KEY, counted)
    })
    .unwrap()
}

#[test]
fn an_answer_is_kept_until_the_next_change_of_anybody() {
    on_both(|kind| {
        let test = TestDatabase::fresh(kind);
        let other = Database::open(&test.url, 2).unwrap();
        let (answers, asked) = (Answers::default(), AtomicI64::new(0));
        test.db.write("start", |db| set(db, "0")).unwrap();
        for value in ["1", "2", "3"] {
            other.write("elsewhere", |db| set(db, value)).unwrap();
            let before = asked.load(Ordering::Relaxed);
            for _ in 0..3 {
                assert_eq!(known(&test.db, &answers, &asked), value);
            }
            assert_eq!(asked.load(Ordering::Relaxed), before + 1, "asked once for {value}");
        }
        // Neither a write that changes nothing nor one that is taken back is a change.
        other.write("nothing", |_| Ok(())).unwrap();
        let taken_back = other.write("taken back", |db| {
            set(db, "4")?;
            Err::<(), _>(AppError::NotFound)
        });
        assert!(taken_back.is_err());
        let seen = other.read(|db| {
            // A change beside a reading is not seen by it, so its answers stay those of before.
            let revision = Revision::of(db)?;
            test.db.write("beside", |db| set(db, "5"))?;
            answers.get((db, &revision, None), KEY, get_in)
        });
        assert_eq!(seen.unwrap(), "3");
        assert_eq!(known(&test.db, &answers, &asked), "5");
    });
}

fn get_in(db: &mut Db) -> Result<String, AppError> {
    Ok(meta::table.find(KEY).select(meta::value).first(db)?)
}

#[test]
fn no_increment_is_lost_among_eight_threads() {
    on_both(|kind| {
        let test = TestDatabase::fresh(kind);
        test.db.write("start", |db| set(db, "0")).unwrap();
        let busy = AtomicI64::new(0);
        std::thread::scope(|threads| {
            for _ in 0..8 {
                threads.spawn(|| {
                    for _ in 0..50 {
                        // Told "too busy", a caller may try again; anything else is a defect.
                        while let Err(error) = add_one(&test.db) {
                            assert!(matches!(error, AppError::TooBusy(_)), "{error}");
                            busy.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(get(&test.db).unwrap(), "400");
        let busy = busy.into_inner();
        assert!(busy < 40, "{busy} of 400 writes gave up; the retries in db.rs are too few");
    });
}

#[test]
fn read_refuses_to_write() {
    on_both(|kind| {
        let test = TestDatabase::fresh(kind);
        let error = test.db.read(|db| set(db, "1")).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("read-only") || text.contains("readonly"), "{text}");
        assert_eq!(get(&test.db), None);
    });
}

#[test]
fn read_sees_one_moment() {
    on_both(|kind| {
        let test = TestDatabase::fresh(kind);
        test.db.write("start", |db| set(db, "0")).unwrap();
        let seen = test.db.read(|db| {
            let first: String = meta::table.find(KEY).select(meta::value).first(db)?;
            add_one(&test.db)?;
            let second: String = meta::table.find(KEY).select(meta::value).first(db)?;
            Ok((first, second))
        });
        assert_eq!(seen.unwrap(), ("0".to_owned(), "0".to_owned()));
        assert_eq!(get(&test.db).unwrap(), "1");
    });
}

#[test]
fn an_error_rolls_back() {
    on_both(|kind| {
        let test = TestDatabase::fresh(kind);
        let refused = test.db.write("test", |db| {
            set(db, "1")?;
            Err::<(), _>(AppError::refused("没有这笔贷款"))
        });
        assert!(matches!(refused, Err(AppError::Refused(_))));
        assert_eq!(get(&test.db), None);
    });
}

#[test]
fn a_panic_rolls_back_and_the_pool_recovers() {
    on_both(|kind| {
        let test = TestDatabase::fresh(kind);
        for _ in 0..6 {
            let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                test.db.write("test", |db| {
                    set(db, "1")?;
                    if true {
                        panic!("on purpose");
                    }
                    Ok(())
                })
            }));
            assert!(caught.is_err());
        }
        assert_eq!(get(&test.db), None);
        test.db.write("test", |db| set(db, "2")).unwrap();
        assert_eq!(get(&test.db).unwrap(), "2");
    });
}

#[test]
fn a_transaction_inside_a_write_is_refused() {
    on_both(|kind| {
        let test = TestDatabase::fresh(kind);
        let nested = test.db.write("test", |db| {
            set(db, "1")?;
            both!(db, c => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN"))?;
            Ok(())
        });
        assert!(matches!(nested, Err(AppError::Broken(_))), "{nested:?}");
        assert_eq!(get(&test.db), None);
    });
}

/// A body that opens a savepoint and forgets it must not be told that its work is kept.
#[test]
fn a_savepoint_left_open_is_an_error_and_nothing_is_kept() {
    on_both(|kind| {
        let test = TestDatabase::fresh(kind);
        let left_open = test.db.write("test", |db| {
            set(db, "1")?;
            both!(db, c => AnsiTransactionManager::begin_transaction(c))?;
            Ok(())
        });
        assert!(matches!(left_open, Err(AppError::Broken(_))), "{left_open:?}");
        assert_eq!(get(&test.db), None);
        test.db.write("test", |db| set(db, "2")).unwrap();
        assert_eq!(get(&test.db).unwrap(), "2");
    });
}

#[test]
fn a_statement_that_fails_undoes_the_whole_write() {
    on_both(|kind| {
        let test = TestDatabase::fresh(kind);
        let failed = test.db.write("test", |db| {
            set(db, "1")?;
            Ok(db.batch_execute("INSERT INTO no_such_table (a) VALUES (1)")?)
        });
        assert!(failed.unwrap_err().to_string().contains("no_such_table"));
        assert_eq!(get(&test.db), None);
    });
}
