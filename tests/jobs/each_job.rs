//! Every job of the program: a second run changes nothing, and what each one does.

use std::os::unix::fs::PermissionsExt as _;

use diesel::RunQueryDsl;
use zhuxue::app::App;
use zhuxue::base::scope::Scope;
use zhuxue::book::audit_log::Actor;
use zhuxue::book::staff::Role;
use zhuxue::book::statement::Product;
use zhuxue::book::warning::{self, Warning};
use zhuxue::clock::{Missed, run_due};
use zhuxue::imports::batch;
use zhuxue::jobs;

use crate::support::county::{bank_tells_every_day, day, small_sheets};
use crate::support::database::{Kind, on_both};
use crate::support::{OFFICE, TestApp};

/// A program with the sixty borrowers of the small sample.
fn county(kind: Kind) -> TestApp {
    let t = TestApp::on(kind);
    let clerk = t.add_staff("clerk", "韦清越", Role::Clerk);
    let by = Actor { staff_id: Some(clerk.id), name: clerk.name, office_code: OFFICE.to_owned() };
    let (scope, on) = (Scope::of(OFFICE), Some(day("2026-10-31")));
    let sheets = small_sheets("clean_plain");
    let batch = batch::receive_files(&t.app, &scope, &by, &sheets, on, Product::Cdb).unwrap();
    batch::check(&t.app, &scope, &batch, |_| {}).unwrap();
    batch::post(&t.app, &scope, &batch, |_| {}).unwrap();
    t
}

#[derive(diesel::QueryableByName)]
struct Text {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

fn texts(app: &App, sql: &str) -> Vec<String> {
    let rows: Vec<Text> = app.db.read(|db| Ok(diesel::sql_query(sql).load(db)?)).unwrap();
    rows.into_iter().map(|row| row.text).collect()
}

/// Columns and keys that only say when something was last looked at.
const LOOKS: [&str; 1] = ["seen_at"];

/// Every row of every table, but the runs themselves.
fn everything(app: &App) -> Vec<String> {
    let schema = concat!(
        include_str!("../../src/plumbing/schema.rs"),
        include_str!("../../src/plumbing/schema/payments.rs"),
        include_str!("../../src/plumbing/schema/clock.rs"),
        include_str!("../../src/plumbing/schema/counter.rs"),
        include_str!("../../src/plumbing/schema/follow.rs"),
    );
    let heads = schema.split("diesel::table! {").skip(1);
    let names = heads.map(|block| block.split('(').next().unwrap().trim().to_owned());
    let mut all = Vec::new();
    for name in names.filter(|name| name != "job_run") {
        let columns = if app.db.is_postgres() {
            format!(
                "SELECT column_name::text AS text FROM information_schema.columns \
                 WHERE table_name = '{name}' ORDER BY 1"
            )
        } else {
            format!("SELECT name AS text FROM pragma_table_info('{name}') ORDER BY 1")
        };
        let columns: Vec<String> = texts(app, &columns)
            .into_iter()
            .filter(|column| !LOOKS.contains(&column.as_str()))
            .map(|column| {
                if app.db.is_postgres() {
                    format!("COALESCE(\"{column}\"::text, '-')")
                } else {
                    format!("quote(\"{column}\")")
                }
            })
            .collect();
        let row = columns.join(" || '|' || ");
        let mut rows = texts(app, &format!("SELECT {row} AS text FROM {name} ORDER BY 1"));
        rows.retain(|row| !(name == "meta" && row.contains("history_verified:")));
        all.extend(rows.into_iter().map(|row| format!("{name}: {row}")));
    }
    all
}

#[test]
fn a_second_run_of_any_job_changes_nothing() {
    on_both(|kind| {
        let t = county(kind);
        for text in ["2026-10-31", "2026-12-10", "2026-12-21"] {
            let day = day(text);
            t.app.clock.set_day(day);
            for job in jobs::ALL {
                (job.run)(&t.app, day).unwrap_or_else(|e| panic!("{} {text}: {e}", job.name));
                let before = everything(&t.app);
                (job.run)(&t.app, day).unwrap();
                let after = everything(&t.app);
                let new: Vec<_> = after.iter().filter(|row| !before.contains(row)).collect();
                assert!(before == after, "{} changed something on {text}: {new:#?}", job.name);
            }
        }
    });
}

#[test]
fn every_job_runs_by_the_timetable() {
    on_both(|kind| {
        let t = county(kind);
        t.set_day("2026-12-21");
        let all = run_due(&t.app, t.app.clock.now_at()).unwrap();
        assert_eq!(all.len(), jobs::ALL.len());
        for ran in &all {
            assert!(ran.outcome.is_ok(), "{ran:?}");
        }
        let again = run_due(&t.app, t.app.clock.now_at()).unwrap();
        let often: Vec<&str> = jobs::ALL
            .iter()
            .filter(|job| job.missed == Missed::Often)
            .map(|job| job.name)
            .collect();
        assert!(again.iter().all(|ran| often.contains(&ran.job)), "{again:?}");
    });
}

fn lines(t: &TestApp, kind: &str) -> Vec<Warning> {
    t.app.db.read(|db| warning::of_kind(db, OFFICE, kind)).unwrap()
}

#[test]
fn closing_a_day_tells_who_became_overdue() {
    on_both(|kind| {
        let t = county(kind);
        bank_tells_every_day(&t.app, OFFICE);
        t.set_day("2026-12-20");
        jobs::close_day::run(&t.app, day("2026-12-20")).unwrap();
        t.set_day("2026-12-21");
        let counts = jobs::close_day::run(&t.app, day("2026-12-21")).unwrap();
        assert!(counts.done > 0, "{counts:?}");
        assert!(counts.note.starts_with("新增逾期"), "{counts:?}");
    });
}

#[test]
fn the_books_are_checked_and_a_difference_is_a_red_line_until_it_is_mended() {
    on_both(|kind| {
        let t = county(kind);
        let today = day("2026-10-31");
        let counts = jobs::check_books::run(&t.app, today).unwrap();
        assert_eq!((counts.failed, counts.note.as_str()), (0, ""), "{counts:?}");
        let ok = |t: &TestApp| {
            let key = zhuxue::book::verify::BOOKS_OK;
            t.app.db.read(|db| zhuxue::plumbing::meta::get(db, key)).unwrap()
        };
        assert_eq!(ok(&t).as_deref(), Some("1"));
        let tamper = "UPDATE loan_position SET outstanding_fen = outstanding_fen + 1 \
                      WHERE loan_id = (SELECT min(loan_id) FROM loan_position)";
        let run = |sql: &'static str| {
            t.app.db.write("t", |db| Ok(diesel::sql_query(sql).execute(db).map(|_| ())?)).unwrap();
        };
        run(tamper);
        let counts = jobs::check_books::run(&t.app, today).unwrap();
        assert!(counts.failed > 0);
        assert_eq!(ok(&t).as_deref(), Some("0"));
        assert_eq!(lines(&t, "books").len(), 1);
        assert_eq!(lines(&t, "books")[0].level, "bad");
        run("UPDATE loan_position SET outstanding_fen = outstanding_fen - 1 \
             WHERE loan_id = (SELECT min(loan_id) FROM loan_position)");
        jobs::check_books::run(&t.app, today).unwrap();
        assert!(lines(&t, "books").is_empty());
    });
}

#[test]
fn a_backup_is_whole_private_and_only_the_last_ones_are_kept() {
    let t = TestApp::with(|config| config.backup.keep = 3);
    if t.app.db.is_postgres() {
        return;
    }
    let folder = t.app.config.data_dir.join("backups");
    for text in ["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04", "2026-11-04"] {
        t.set_day(text);
        // Made up for a night that was missed: it holds what is there now, and says so.
        let counts = jobs::back_up::run(&t.app, day("2026-10-01")).unwrap();
        assert!(counts.done > 0 && counts.note.starts_with("zhuxue-2026-11-0"), "{counts:?}");
    }
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let how = names.pop().unwrap();
    assert_eq!(how, "恢复说明.txt");
    let how = std::fs::read_to_string(folder.join(how)).unwrap();
    assert!(how.contains("zhuxue restore zhuxue-2026-11-04.db") && how.contains("keys.toml"));
    let expected = ["zhuxue-2026-11-02.db", "zhuxue-2026-11-03.db", "zhuxue-2026-11-04.db"];
    assert_eq!(names, expected);
    let file = folder.join(&names[2]);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let url = format!("sqlite:{}", file.display());
    let copy = zhuxue::plumbing::db::Database::open(&url, 2).unwrap();
    let offices = copy.read(zhuxue::book::office::all).unwrap();
    assert_eq!(offices.len(), 1);
}

#[test]
fn a_backup_that_cannot_be_written_leaves_nothing_behind() {
    let t = TestApp::with(|config| {
        let file = config.data_dir.join("no-folder");
        std::fs::write(&file, "x").unwrap();
        config.backup.folder = file;
    });
    let error = jobs::back_up::run(&t.app, day("2026-11-01")).unwrap_err();
    assert!(error.to_string().contains("the folder cannot be made"), "{error}");
}

#[test]
fn postgres_is_dumped_when_the_program_is_there() {
    on_both(|kind| {
        let t = TestApp::on(kind);
        if kind == Kind::Sqlite {
            return;
        }
        match jobs::back_up::run(&t.app, day("2026-11-01")) {
            Ok(counts) if counts.skipped == 1 => assert!(counts.note.contains("pg_dump")),
            Ok(counts) => {
                assert_eq!(counts.done, 1);
                let file = t.app.config.data_dir.join("backups/zhuxue-2026-10-31.dump");
                let bytes = std::fs::read(file).unwrap();
                assert!(bytes.starts_with(b"PGDMP"));
            }
            // A client older than the server says so.
            Err(error) => assert!(error.to_string().contains("pg_dump"), "{error}"),
        }
    });
}

#[test]
fn a_missing_rate_is_an_amber_line() {
    on_both(|kind| {
        let t = TestApp::on(kind);
        t.set_day("2026-08-25");
        // What stands in any case: nobody has said yet whether the year is waived.
        let asked = || {
            lines(&t, "rates").into_iter().filter(|line| !line.key.starts_with("waiver")).count()
        };
        // What nobody has entered yet is said, and is no failure of the job.
        let counts = jobs::check_rate_table::run(&t.app, day("2026-08-25")).unwrap();
        assert!(counts.failed == 0 && counts.note.contains("免"), "{counts:?}");
        assert_eq!(asked(), 0);
        t.set_day("2026-10-25");
        let counts = jobs::check_rate_table::run(&t.app, day("2026-10-25")).unwrap();
        assert!(counts.failed == 0 && counts.note.contains("LPR"), "{counts:?}");
        assert_eq!(lines(&t, "rates")[0].level, "wait");
        // Before the pricing day it is an alarm.
        t.set_day("2026-12-01");
        jobs::check_rate_table::run(&t.app, day("2026-12-01")).unwrap();
        let december = lines(&t, "rates");
        let lpr = december.iter().find(|line| line.key == "lpr").unwrap();
        assert_eq!(lpr.level, "bad");
        t.set_day("2026-08-25");
        jobs::check_rate_table::run(&t.app, day("2026-08-25")).unwrap();
        assert_eq!(asked(), 0);
    });
}

#[test]
fn deadlines_move_on_when_they_have_passed() {
    on_both(|kind| {
        let t = TestApp::on(kind);
        t.set_day("2026-09-10");
        jobs::warn_staff::run(&t.app, day("2026-09-10")).unwrap();
        let find = |t: &TestApp, key: &str| {
            lines(t, warning::DEADLINE).into_iter().find(|line| line.key == key)
        };
        assert_eq!(find(&t, "window_closes").unwrap().due_on, Some(day("2026-09-20")));
        assert_eq!(lines(&t, warning::DEADLINE).len(), 7);
        t.set_day("2026-10-01");
        jobs::warn_staff::run(&t.app, day("2026-10-01")).unwrap();
        let receipts = find(&t, "receipts").unwrap();
        assert_eq!((receipts.due_on, receipts.level.as_str()), (Some(day("2026-10-10")), "wait"));
        assert_eq!(find(&t, "window_closes"), None);
        t.set_day("2026-10-11");
        jobs::warn_staff::run(&t.app, day("2026-10-11")).unwrap();
        let receipts = find(&t, "receipts").unwrap();
        assert_eq!((receipts.due_on, receipts.level.as_str()), (Some(day("2027-10-10")), "info"));
        assert_eq!(find(&t, "window_closes"), None);
        t.set_day("2026-12-20");
        jobs::warn_staff::run(&t.app, day("2026-12-20")).unwrap();
        assert_eq!(find(&t, "due_day").unwrap().level, "bad");
    });
}

#[test]
fn what_nobody_can_use_any_more_is_removed() {
    on_both(|kind| {
        let t = TestApp::on(kind);
        let mut old = t.sign_in(Role::Clerk);
        t.set_day("2026-12-10");
        let mut new = t.sign_in(Role::Clerk);
        let counts = jobs::retire_sessions_and_codes::run(&t.app, day("2026-12-10")).unwrap();
        assert_eq!(counts.done, 1, "{counts:?}");
        actix_web::rt::System::new().block_on(async {
            old.get("/me").await.is(303);
            new.get("/me").await.is(200);
        });
    });
}
