//! An import is undone as a whole: what stood before stands again, what later stands on it is
//! named and nothing is changed.

use std::collections::BTreeMap;

use diesel::prelude::*;
use zhuxue::base::ids::ImportId;
use zhuxue::book::staff::Role;
use zhuxue::book::statement::Product;
use zhuxue::error::AppError;
use zhuxue::imports::batch::{self, Upload};
use zhuxue::imports::{store, undo};

use super::bank_lines::{county, list, standing};
use super::county::number;
use crate::support::county::{County, day, small_sheets};
use crate::support::database::{Kind, on_both};
use crate::support::everything::{difference, everything_without};
use crate::support::{OFFICE, each};

fn post(county: &County, upload: Upload, as_of: &str) -> ImportId {
    let (app, scope) = (&county.app, &county.scope);
    let on = Some(day(as_of));
    let batch = batch::receive_files(app, scope, &county.by, &[upload], on, Product::Cdb).unwrap();
    batch::check(app, scope, &batch, |_| {}).unwrap();
    batch::post(app, scope, &batch, |_| {}).unwrap();
    batch.jobs[0]
}

fn post_text(county: &County, text: Vec<u8>, as_of: &str) -> ImportId {
    post(county, Upload { name: "还款.csv".to_owned(), bytes: text }, as_of)
}

/// Undoes and compares with the bank again; what stands against it when it cannot be.
fn undone(county: &County, id: ImportId) -> Vec<String> {
    let (app, scope) = (&county.app, &county.scope);
    match undo::undo(app, scope, &county.by, id, "导错了").unwrap() {
        Ok(()) => {
            batch::reconcile(app, scope, &[id]).unwrap();
            Vec::new()
        }
        Err(found) => found.against,
    }
}

/// Everything that is known, but for what only grows: events (those that stand are compared
/// apart), history, versions, and when a difference was found.
fn known(county: &County) -> BTreeMap<String, Vec<String>> {
    let tables =
        ["loan_event", "history", "file_serial", "overdue_case", "overdue_step", "payments_known"];
    let columns = ["version", "updated_at", "event_id", "found_at", "since", "seen_at"];
    let mut known = everything_without(&county.app, &tables, &columns);
    let differences = known.get_mut("bank_difference").unwrap();
    for row in differences.iter_mut() {
        // Its identity is new each time it is found.
        *row = row.split_once('|').unwrap().1.to_owned();
    }
    differences.sort();
    let standing = standing(county).into_iter().map(|one| format!("{one:?}")).collect();
    known.insert("standing".to_owned(), standing);
    known
}

const ORDER: [&str; 10] = [
    "borrowers",
    "contracts",
    "repayments",
    "overdue",
    "graduation",
    "preapply",
    "hardship",
    "enlistment",
    "receipts",
    "monthly",
];

#[test]
fn every_sheet_is_undone_to_what_was_before_it_and_goes_in_again() {
    let county = County::new(Kind::Sqlite);
    let sheets = small_sheets("clean_plain");
    let sheet =
        |name: &str| sheets.iter().find(|one| one.name == format!("{name}.csv")).unwrap().clone();
    let mut before = Vec::new();
    for name in ORDER {
        before.push((name, known(&county), post(&county, sheet(name), "2026-10-31")));
    }
    let whole = known(&county);
    for (name, state, id) in before.iter().rev() {
        assert_eq!(undone(&county, *id), Vec::<String>::new(), "{name}");
        // Contracts on which something was booked stay, and with them their people.
        if *name != "contracts" && *name != "borrowers" {
            assert_eq!(difference(state, &known(&county)), "", "{name}");
        }
    }
    let app = &county.app;
    for (sql, expected) in [
        ("SELECT CAST(SUM(outstanding_fen) AS BIGINT) AS n FROM loan_position", 0),
        ("SELECT count(*) AS n FROM bank_figure", 0),
        ("SELECT count(*) AS n FROM bank_difference", 0),
        ("SELECT count(*) AS n FROM loan_position WHERE oldest_unpaid_due_on IS NOT NULL", 0),
        ("SELECT count(*) AS n FROM loan WHERE bank_state <> '已撤销'", 0),
        ("SELECT count(*) AS n FROM history WHERE action = 'import_undone'", 10),
    ] {
        assert_eq!(number(app, sql), expected, "{sql}");
    }
    assert_eq!(standing(&county), []);
    for name in ORDER {
        post(&county, sheet(name), "2026-10-31");
    }
    let again = known(&county);
    for table in ["standing", "bank_difference"] {
        assert_eq!(again[table], whole[table], "{table}");
    }
    assert_eq!(figures(&again), figures(&whole));
    let counts = |all: &BTreeMap<String, Vec<String>>| -> Vec<(String, usize)> {
        all.iter().map(|(table, rows)| (table.clone(), rows.len())).collect()
    };
    assert_eq!(counts(&again), counts(&whole));
}

/// What positions say, whichever identity a contract has now.
fn figures(known: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let bare = |row: &String| row.splitn(4, '|').last().unwrap().to_owned();
    let mut rows: Vec<String> = known["loan_position"].iter().map(bare).collect();
    rows.sort();
    rows
}

#[test]
fn a_correction_that_is_undone_gives_the_first_payment_back() {
    on_both(|kind| {
        let county = county(kind);
        let of = |total| list(&[(0, "2025-12-20", "2025-12-20", total, "正常还款", 509_092)]);
        let first = post_text(&county, of(50_000), "2026-01-31");
        let before = standing(&county);
        let overdue = "SELECT CAST(SUM(overdue_principal_fen + overdue_interest_fen) AS BIGINT) \
                       AS n FROM loan_position";
        let was = number(&county.app, overdue);
        let second = post_text(&county, of(72_727), "2026-02-28");
        assert_ne!(number(&county.app, overdue), was);
        // The first cannot be undone under the second; it says on which line that stands.
        let against = undone(&county, first);
        assert!(
            matches!(&against[..], [one] if one.ends_with("，后来又在“还款.csv”里，请先撤销那一份")),
            "{against:?}"
        );
        assert!(against.iter().any(|line| line.contains("2025-12-20 的银行数据")), "{against:?}");
        let whose = "合同 51202220160000101（罗明远）";
        assert!(against.iter().all(|line| line.starts_with(whose)), "{against:?}");
        assert_eq!(undone(&county, second), Vec::<String>::new());
        assert_eq!((standing(&county), number(&county.app, overdue)), (before, was));
        // Undone, it is as if it had never come: the same list goes in again, and out again.
        let third = post_text(&county, of(72_727), "2026-02-28");
        assert_eq!(standing(&county)[0].3, 72_727);
        assert_eq!(undone(&county, third), Vec::<String>::new());
        assert_eq!(undone(&county, first), Vec::<String>::new());
        assert_eq!(standing(&county), []);
    });
}

#[test]
fn an_import_is_not_undone_twice_nor_while_it_is_posted() {
    let county = county(Kind::Sqlite);
    let one = list(&[(0, "2025-12-20", "2025-12-20", 72_727, "正常还款", 509_092)]);
    let id = post_text(&county, one, "2026-01-31");
    let posting = "UPDATE import_job SET state = 'posting' WHERE layout = 'repayments'";
    let put = |sql: &str| {
        county.app.db.write("test", |db| Ok(diesel::sql_query(sql).execute(db)?)).unwrap();
    };
    put(posting);
    let refused =
        |county: &County| match undo::undo(&county.app, &county.scope, &county.by, id, "导错了")
        {
            Err(AppError::Refused(why)) => why,
            other => panic!("{:?}", other.map(|done| done.is_ok())),
        };
    assert!(refused(&county).contains("正在入账"));
    put("UPDATE import_job SET state = 'posted' WHERE layout = 'repayments'");
    assert_eq!(undone(&county, id), Vec::<String>::new());
    assert!(refused(&county).contains("已经撤销过了"));
}

#[test]
fn work_that_stands_on_a_new_file_is_named() {
    let county = County::new(Kind::Sqlite);
    let sheets = small_sheets("clean_plain");
    let borrowers = sheets.into_iter().find(|one| one.name == "borrowers.csv").unwrap();
    let id = post(&county, borrowers, "2026-10-31");
    let told = "INSERT INTO contact_confirmation \
                (id, office_code, file_id, person_id, year, source, confirmed_at) \
                SELECT 1, office_code, id, person_id, 2026, '本人', '2026-10-31 04:00:00' \
                FROM loan_file ORDER BY file_no LIMIT 1";
    county.app.db.write("test", |db| Ok(diesel::sql_query(told).execute(db)?)).unwrap();
    let before = known(&county);
    let against = undone(&county, id);
    assert!(matches!(&against[..], [one] if one.contains("已有家庭确认")), "{against:?}");
    assert_eq!(difference(&before, &known(&county)), "");
    let gone = "DELETE FROM contact_confirmation";
    county.app.db.write("test", |db| Ok(diesel::sql_query(gone).execute(db)?)).unwrap();
    assert_eq!(undone(&county, id), Vec::<String>::new());
    for table in ["person", "person_phone", "loan_file"] {
        assert_eq!(
            number(&county.app, &format!("SELECT count(*) AS n FROM {table}")),
            0,
            "{table}"
        );
    }
}

#[test]
fn a_reviewer_undoes_on_the_page_and_a_clerk_does_not() {
    each(async |test| {
        let mut clerk = test.sign_in(Role::Clerk);
        let sheets = small_sheets("clean_plain");
        let borrowers = sheets.iter().find(|one| one.name == "borrowers.csv").unwrap();
        let files: [(&str, &[u8]); 1] = [("学生.csv", &borrowers.bytes)];
        let csrf = clerk.csrf.clone();
        let answer = clerk.upload("/imports", &[("csrf", &csrf)], &files).await;
        let path = answer.is(303).header("location").to_owned();
        let id = ImportId::new(path.trim_start_matches("/imports/").parse().unwrap());
        super::pages::wait(&test);
        clerk.post(&format!("{path}/post"), &[]).await.is(303);
        super::pages::wait(&test);
        let undo = format!("{path}/undo");
        assert!(!clerk.get(&path).await.text.contains(&undo));
        clerk.get(&undo).await.is(403);
        clerk.post(&undo, &[("reason", "导错了")]).await.is(403);
        let mut reviewer = test.sign_in(Role::Reviewer);
        assert!(reviewer.get(&path).await.text.contains(&undo));
        reviewer.get(&undo).await.is(200).says(&["撤销以后", "新建的档案", "整份撤销"]);
        reviewer.post(&undo, &[("reason", " ")]).await.is(422).says(&["请写明为什么撤销"]);
        reviewer.post(&undo, &[("reason", "导错了县")]).await.is(303);
        let page = reviewer.get(&path).await;
        page.is(200).says(&["已整份撤销"]);
        assert!(!page.text.contains("已入账，正在"), "{}", page.text);
        assert!(!page.text.contains("已新增"), "{}", page.text);
        // Whether or not the differences are looked at anew by then.
        super::pages::wait(&test);
        let anew = "UPDATE import_job SET differences = -1";
        test.app.db.write("test", |db| Ok(diesel::sql_query(anew).execute(db)?)).unwrap();
        let page = reviewer.get(&path).await;
        page.is(200).says(&["已整份撤销", "正在与银行的数字重新核对"]);
        assert!(!page.text.contains("已入账，正在"), "{}", page.text);
        reviewer.post(&undo, &[("reason", "再来一次")]).await.is(422).says(&["已经撤销过了"]);
        let job = test
            .app
            .db
            .read(|db| store::find(db, &zhuxue::base::scope::Scope::of(OFFICE), id))
            .unwrap();
        assert!(job.undone_at.is_some());
    });
}

/// What undoing would come to, and what it says beside.
fn told(county: &County, id: ImportId) -> undo::Undoing {
    let (app, scope) = (&county.app, &county.scope);
    app.db
        .read(|db| {
            let job = store::find(db, scope, id)?;
            undo::work_out(app, db, scope, &county.by, &job)
        })
        .unwrap()
}

#[test]
fn the_preview_says_whose_contracts_they_are() {
    let county = county(Kind::Sqlite);
    let one = list(&[(0, "2025-12-20", "2025-12-20", 72_727, "正常还款", 509_092)]);
    let id = post_text(&county, one, "2026-01-31");
    let lines = told(&county, id).lines;
    let expected = "合同 51202220160000101（罗明远）：冲销 2025-12-20 的 727.27";
    assert_eq!(lines, [expected]);
}

#[test]
fn an_overdue_list_that_stays_is_said_before_the_payments_are_undone() {
    let county = County::new(Kind::Sqlite);
    let sheets = small_sheets("clean_plain");
    let sheet =
        |name: &str| sheets.iter().find(|one| one.name == format!("{name}.csv")).unwrap().clone();
    for name in ["borrowers", "contracts"] {
        post(&county, sheet(name), "2026-10-31");
    }
    let payments = post(&county, sheet("repayments"), "2026-10-31");
    assert_eq!(told(&county, payments).beside, Vec::<String>::new());
    let overdue = post(&county, sheet("overdue"), "2026-10-31");
    let beside = told(&county, payments).beside;
    assert!(
        matches!(&beside[..], [one] if one.contains("“overdue.csv”（截至 2026-10-31）留着不动")),
        "{beside:?}"
    );
    assert_eq!(undone(&county, overdue), Vec::<String>::new());
    assert_eq!(told(&county, payments).beside, Vec::<String>::new());
}
