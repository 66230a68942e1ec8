//! A year of a small county, lived through with the real jobs: the file under `snapshots/` is what
//! `zhuxue rehearse` prints, for a clerk to read. Families, payments and texts are the same in
//! every run and on both databases.

use chrono::NaiveDate;
use zhuxue::base::ids::StaffId;
use zhuxue::book::staff::{self, Role, Staff};
use zhuxue::book::statement::Product;
use zhuxue::command::rehearse::Rehearse;
use zhuxue::imports::batch;

use crate::support::county::{County, day, small_sheets};
use crate::support::database::{Kind, kinds};

/// The sixty families of the clean sheets.
fn county(kind: Kind) -> County {
    let county = County::new(kind);
    let (app, scope) = (&county.app, &county.scope);
    let uploads = small_sheets("clean_plain");
    let known = Some(day("2026-10-31"));
    let taken =
        batch::receive_files(app, scope, &county.by, &uploads, known, Product::Cdb).unwrap();
    batch::check(app, scope, &taken, |_| {}).unwrap();
    batch::post(app, scope, &taken, |_| {}).unwrap();
    county
}

fn rehearsed(county: &County, from: NaiveDate, to: NaiveDate) -> String {
    let mut out = Vec::new();
    let rehearsal =
        Rehearse { from, to, paying: 970, first_on: None, students: 0, all_days: false };
    rehearsal.of(&county.app, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_year_of_a_small_county_reads_like_this() {
    let county = county(Kind::Sqlite);
    let text = rehearsed(&county, day("2026-12-01"), day("2027-12-31"));
    insta::assert_snapshot!("a_year_of_a_small_county", text);
}

#[test]
fn the_weeks_around_the_due_day_are_the_same_on_both_databases_and_change_nothing() {
    let mut seen: Option<String> = None;
    for kind in kinds() {
        let county = county(kind);
        let before = rows(&county);
        let text = rehearsed(&county, day("2026-12-08"), day("2026-12-27"));
        assert_eq!(rows(&county), before, "the county's own database was written to");
        match &seen {
            None => seen = Some(text),
            Some(first) => assert_eq!(&text, first),
        }
    }
}

#[test]
fn who_paid_before_the_first_day_is_told_by_the_bank_and_not_accused() {
    let county = county(Kind::Sqlite);
    let text = rehearsed(&county, day("2026-12-22"), day("2026-12-29"));
    let line = text.lines().find(|line| line.contains("到期未还 ")).unwrap_or_default();
    let families = line.split_once("到期未还 ").map_or("0", |(_, rest)| rest);
    let families: i32 = families.split(' ').next().unwrap().parse().unwrap();
    // Of a thousand 970 pay: of the thirty-two families that fall due, two at most do not.
    assert!(families <= 2, "{text}");
    let paying_nobody = Rehearse {
        from: day("2026-12-22"),
        to: day("2026-12-29"),
        paying: 0,
        first_on: None,
        students: 0,
        all_days: false,
    };
    let mut out = Vec::new();
    paying_nobody.of(&county.app, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("到期未还 32 户"), "{text}");
}

#[test]
fn both_orders_of_the_overdue_list_are_compared_after_thirty_days() {
    let county = county(Kind::Sqlite);
    let (from, to) = (day("2026-12-15"), day("2027-02-10"));
    let first_on = Some(day("2027-01-05"));
    let rehearsal = Rehearse { from, to, paying: 300, first_on, students: 0, all_days: false };
    let mut out = Vec::new();
    rehearsal.of(&county.app, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let table: String = text
        .lines()
        .skip_while(|line| !line.starts_with("按优先级"))
        .fold(String::new(), |all, line| all + line + "\n");
    assert!(table.starts_with("按优先级：2027-01-05 的逾期名单"), "{text}");
    // Whatever the order, all of the list are the same families with the same payments.
    let all = table.lines().rfind(|line| line.starts_with("  前 ")).unwrap();
    let (by_day, by_first) = all.split_once("；按优先级 ").unwrap();
    let by_day = by_day.split_once("按下一步日期 ").unwrap().1;
    assert!(by_first.starts_with(by_day), "{all}");
    assert!(!by_day.starts_with("0 户"), "nobody paid: {all}");
    assert!(table.contains("这张表说明不了"));
}

/// How many messages, events and runs there are.
fn rows(county: &County) -> Vec<i64> {
    use diesel::prelude::*;
    use zhuxue::plumbing::schema::{job_run, loan_event, message};
    county
        .app
        .db
        .read(|db| {
            Ok(vec![
                message::table.count().get_result(db)?,
                loan_event::table.count().get_result(db)?,
                job_run::table.count().get_result(db)?,
            ])
        })
        .unwrap()
}

#[test]
fn a_span_that_is_none_is_refused_before_anything_is_copied() {
    let spans = [
        ("2027-01-02", "2027-01-01", None),
        ("2026-12-01", "2036-12-01", None),
        ("2026-12-01", "2026-12-31", Some("2026-12-20")),
    ];
    for (from, to, first_on) in spans {
        let first_on = first_on.map(day);
        let rehearsal = Rehearse {
            from: day(from),
            to: day(to),
            paying: 970,
            first_on,
            students: 0,
            all_days: false,
        };
        let config = zhuxue::plumbing::config::Config::default();
        let stop = rehearsal.run(config, &mut Vec::new()).unwrap_err();
        assert_eq!(stop.code, 2, "{}", stop.line);
    }
}

#[test]
fn a_season_goes_from_the_counter_to_the_money() {
    let county = county(Kind::Sqlite);
    let app = &county.app;
    let clerk = app.db.read(|db| staff::all(db, &county.scope)).unwrap().remove(0);
    let id = StaffId::new(app.next_id());
    let login = "reviewer".to_owned();
    let second = Staff { id, login, role: Role::Reviewer, ..clerk };
    app.db.write("set up", |db| staff::add(db, &app.sealer, &second)).unwrap();
    let (from, to) = (day("2027-07-15"), day("2027-11-30"));
    let rehearsal =
        Rehearse { from, to, paying: 970, first_on: None, students: 41, all_days: false };
    let mut out = Vec::new();
    rehearsal.of(&county.app, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let all = "办理季：到窗口 41 户，签约 41 份，高校回执 41 份，放款 41 笔";
    assert!(text.contains(all), "{text}");
    assert!(text.contains("最后核对全部账目：没有差错"), "{text}");
}
