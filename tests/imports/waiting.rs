//! A sheet is posted when those it needs are in the books, and not before: whoever holds them,
//! stopped them or put them away. And what breaks on a line of ours stops there.

use diesel::prelude::*;
use zhuxue::base::scope::Scope;
use zhuxue::book::audit_log::Actor;
use zhuxue::book::staff::Role;
use zhuxue::book::statement::Product;
use zhuxue::imports::batch::{self, Upload};
use zhuxue::imports::queue;
use zhuxue::imports::store::ImportJob;

use super::county::number;
use super::pages::{job, run, send, sheet, wait};
use crate::support::county::day;
use crate::support::database::Kind;
use crate::support::{Browser, OFFICE, TestApp};

fn sql(t: &TestApp, sql: &str) {
    t.app.db.write("test", |db| Ok(diesel::sql_query(sql).execute(db).map(|_| ())?)).unwrap();
}

/// Three sheets of which each needs those before it, checked.
async fn three(t: &TestApp) -> Browser {
    let mut clerk = t.sign_in(Role::Clerk);
    let [c, b, r] = ["contracts", "borrowers", "repayments"].map(sheet);
    let files: [(&str, &[u8]); 3] = [("合同.csv", &c), ("名单.csv", &b), ("还款.csv", &r)];
    send(&mut clerk, &files).await.is(303);
    wait(t);
    clerk
}

fn path(job: &ImportJob) -> String {
    format!("/imports/{}", job.id)
}

fn posted_rows(t: &TestApp) -> i64 {
    number(&t.app, "SELECT count(*) AS n FROM import_row WHERE posted")
}

#[test]
fn what_another_instance_posts_is_waited_for() {
    run(async |t| {
        let mut clerk = three(&t).await;
        // Another instance is at the list of students.
        sql(
            &t,
            "UPDATE import_job SET state = 'posting', leased_until = '2099-01-01 00:00:00' \
             WHERE layout = 'borrowers'",
        );
        let (contracts, money) = (job(&t, "contracts"), job(&t, "repayments"));
        clerk.post(&format!("{}/post", path(&money)), &[]).await.is(303);
        // Anything else uploaded meanwhile wakes the line.
        send(&mut clerk, &[("月报.csv", &sheet("monthly"))]).await.is(303);
        wait(&t);
        assert_eq!(posted_rows(&t), 0);
        clerk.get(&path(&contracts)).await.is(200).says(&[
            "等学生名单入账",
            "名单.csv",
            "正在入账，或者在排队",
            "没有一行会因此不导入",
            "停止",
        ]);
        clerk.get(&path(&money)).await.is(200).says(&["等学生名单、合同明细入账", "合同.csv"]);
        clerk.get("/imports").await.is(200).says(&["等学生名单入账", "等学生名单、合同明细入账"]);
        // It died; its lease ran out.
        sql(
            &t,
            "UPDATE import_job SET leased_until = '2020-01-01 00:00:00' WHERE state = 'posting'",
        );
        queue::resume_abandoned(&t.app).unwrap();
        wait(&t);
        all_three_are_in(&t);
    });
}

fn all_three_are_in(t: &TestApp) {
    for layout in ["borrowers", "contracts", "repayments"] {
        let one = job(t, layout);
        assert_eq!((one.state.as_str(), one.refused_rows), ("posted", 0), "{layout}");
        assert_eq!(one.rows_done, one.rows_total);
    }
    assert_eq!(number(&t.app, "SELECT count(*) AS n FROM bank_difference"), 0);
}

#[test]
fn what_a_person_stopped_is_waited_for_and_the_page_says_what_to_do() {
    run(async |t| {
        let mut clerk = three(&t).await;
        let contracts = job(&t, "contracts");
        sql(&t, "UPDATE import_job SET state = 'posting' WHERE layout = 'repayments'");
        sql(
            &t,
            "UPDATE import_job SET state = 'stopped' WHERE layout IN ('borrowers', 'contracts')",
        );
        queue::wake(&t.app, OFFICE);
        wait(&t);
        assert_eq!(posted_rows(&t), 0);
        let money = job(&t, "repayments");
        assert_eq!(money.state, "posting");
        clerk.get(&path(&money)).await.is(200).says(&["等学生名单、合同明细入账", "点“继续入账”"]);
        clerk.get("/imports").await.is(200).says(&["全部入账（2 份）", "等学生名单、合同明细入账"]);
        // It can be taken out of the line, and put in again.
        clerk.post(&format!("{}/stop", path(&money)), &[]).await.is(303);
        assert_eq!(job(&t, "repayments").state, "stopped");
        sql(&t, "UPDATE import_job SET state = 'posting' WHERE layout = 'repayments'");
        clerk.post(&format!("{}/post", path(&contracts)), &[]).await.is(303);
        wait(&t);
        all_three_are_in(&t);
    });
}

#[test]
fn a_sheet_that_failed_is_waited_for_until_it_is_put_away_and_then_a_person_decides() {
    run(async |t| {
        let mut clerk = three(&t).await;
        sql(&t, "UPDATE import_job SET state = 'failed' WHERE layout = 'contracts'");
        let (contracts, money) = (job(&t, "contracts"), job(&t, "repayments"));
        let answer = clerk.post(&format!("{}/post", path(&money)), &[]).await;
        answer.is(422).says(&["“合同.csv”没有成功，先打开它重新核对，或者放弃它"]);
        clerk.post("/imports/post", &[]).await.is(303);
        wait(&t);
        assert_eq!(job(&t, "borrowers").state, "posted");
        let waiting = job(&t, "repayments");
        assert_eq!((waiting.state.as_str(), waiting.rows_done), ("posting", waiting.rows_total));
        clerk.get(&path(&money)).await.is(200).says(&["等合同明细入账", "或者放弃它"]);
        // Put away: nothing goes in by itself, the check says what is left of it.
        clerk.post(&format!("{}/drop", path(&contracts)), &[]).await.is(303);
        wait(&t);
        let left = job(&t, "repayments");
        assert_eq!((left.state.as_str(), left.refused_rows), ("checked", left.rows_total));
        assert_eq!(number(&t.app, "SELECT count(*) AS n FROM loan_event"), 0);
    });
}

#[test]
fn the_command_line_posts_nothing_before_what_it_needs() {
    run(async |t| {
        let one = t.add_staff("clerk", "韦清越", Role::Clerk);
        let by = Actor { staff_id: Some(one.id), name: one.name, office_code: OFFICE.to_owned() };
        let scope = Scope::of(OFFICE);
        let uploads: Vec<Upload> = ["contracts", "borrowers", "repayments"]
            .iter()
            .map(|name| Upload { name: format!("{name}.csv"), bytes: sheet(name) })
            .collect();
        let on = Some(day("2026-10-31"));
        let batch = batch::receive_files(&t.app, &scope, &by, &uploads, on, Product::Cdb).unwrap();
        batch::check(&t.app, &scope, &batch, |_| {}).unwrap();
        sql(
            &t,
            "UPDATE import_job SET state = 'posting', leased_until = '2099-01-01 00:00:00' \
             WHERE layout = 'contracts'",
        );
        batch::post(&t.app, &scope, &batch, |_| {}).unwrap();
        assert_eq!(job(&t, "borrowers").state, "posted");
        let left = job(&t, "repayments");
        assert_eq!((left.state.as_str(), left.refused_rows), ("checked", 0));
        assert_eq!(left.differences, 0);
    });
}

/// A row that a fault of ours breaks is not refused: the import stops there and names it; after
/// the fault is mended it goes on and all is in.
#[test]
fn a_line_that_breaks_stops_the_import_there() {
    run(async |t| {
        let mut clerk = three(&t).await;
        let numbers = "'51202220150000010', '51202220210000021'";
        sql(
            &t,
            &format!(
                "CREATE UNIQUE INDEX a_fault ON loan (office_code) WHERE contract_no IN ({numbers})"
            ),
        );
        let before = number(&t.app, "SELECT count(*) AS n FROM loan");
        assert_eq!(before, 0);
        clerk.post("/imports/post", &[]).await.is(303);
        wait(&t);
        let stopped = job(&t, "contracts");
        assert_eq!((stopped.state.as_str(), stopped.refused_rows), ("stopped", 0));
        let loans = number(&t.app, "SELECT count(*) AS n FROM loan");
        assert!(loans > 0 && loans < i64::from(stopped.rows_total), "{loans}");
        let next = format!("停在第 {} 行，这一行写不进去", first_left(&t, &stopped));
        clerk.get(&path(&stopped)).await.is(200).says(&[&next, "继续入账"]);
        assert_eq!(job(&t, "repayments").state, "posting");
        sql(&t, "DROP INDEX a_fault");
        clerk.post(&format!("{}/post", path(&stopped)), &[]).await.is(303);
        wait(&t);
        all_three_are_in(&t);
    });
}

fn first_left(t: &TestApp, job: &ImportJob) -> i64 {
    let id = job.id.get();
    number(
        &t.app,
        &format!(
            "SELECT CAST(min(line) AS BIGINT) AS n FROM import_row \
                  WHERE import_id = {id} AND NOT posted"
        ),
    )
}

/// One whose holder was taken for dead writes nothing more once another has taken over.
#[test]
fn who_has_lost_the_lease_writes_nothing() {
    let t = TestApp::on(Kind::Sqlite);
    actix_web::rt::System::new().block_on(async {
        let _clerk = three(&t).await;
        let one = job(&t, "borrowers");
        sql(
            &t,
            "UPDATE import_job SET state = 'posting', leased_until = '2026-10-31 04:00:01' \
             WHERE layout = 'borrowers'",
        );
        let held = job(&t, "borrowers");
        let asked = |held: &ImportJob| {
            t.app.db.read(|db| zhuxue::imports::store::stop_wanted(db, held)).unwrap()
        };
        assert_eq!(asked(&held), Some(false));
        sql(
            &t,
            "UPDATE import_job SET leased_until = '2026-10-31 04:00:02.5' \
             WHERE layout = 'borrowers'",
        );
        assert_eq!(asked(&held), None);
        assert_eq!(one.id, held.id);
    });
}
