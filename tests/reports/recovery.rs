//! 回收统计.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use chrono::NaiveDate;
use diesel::prelude::*;

use super::{links, sheet};
use crate::borrower::town::{self, each};
use crate::support::TestApp;
use zhuxue::base::ids::{EventId, ImportId, LoanId};
use zhuxue::base::money::Fen;
use zhuxue::base::scope::Scope;
use zhuxue::book::events::{self, EventRow, Origin};
use zhuxue::book::position::{self, FilePosition};
use zhuxue::book::staff::Role;
use zhuxue::book::statement::{Event, EventKind};
use zhuxue::desk::audit::AuditFilter;
use zhuxue::plumbing::schema::{file_position, import_job, loan};
use zhuxue::reports::contract_line::Report;
use zhuxue::reports::line_cache::Lines;
use zhuxue::reports::recovery::{cache, facts, rules};
use zhuxue::web::list::declare::List as _;

/// A few weeks after a due day that few have paid.
const DAY: &str = "2026-12-31";

fn scope() -> Scope {
    Scope::of(crate::support::OFFICE)
}

fn lines(t: &TestApp, day: &str) -> Vec<rules::Line> {
    let found = town::read(t, |db| {
        let (basis, day) = (t.app.basis(), day.parse().unwrap());
        facts::Recovery { scope: scope(), basis, day }.compute(db)
    });
    assert!(found.left_out.is_empty(), "{:?}", found.left_out);
    found.lines
}

/// What a page gets.
async fn of_day(t: &TestApp, day: NaiveDate) -> Lines<rules::Line> {
    let own = |found: &Lines<rules::Line>| found.clone();
    cache::of_lines(&t.app, &scope(), day, own).await.unwrap()
}

#[test]
fn every_figure_of_the_page_is_the_sum_of_the_list_behind_it() {
    each(async |t| {
        t.set_day(DAY);
        let mut browser = t.sign_in(Role::Director);
        for by in ["township", "year"] {
            let page = browser.get(&format!("/reports/recovery?by={by}")).await;
            page.is(200).says(&[
                "回收统计",
                "违约率",
                "本金回收率",
                "口径说明",
                "<svg class=\"chart\"",
            ]);
            let links = links(&page);
            assert!(links.len() > 30, "{} links", links.len());
            // A list answers in a few milliseconds, but each request builds the program anew.
            for (href, figure) in links.iter().step_by(if by == "year" { 5 } else { 9 }) {
                let list = browser.get(href).await;
                list.is(200);
                let figure = figure.replace("&yen;", "¥");
                assert!(
                    figure.is_empty() || list.text.contains(&format!("<b>{figure}</b>")),
                    "{href} does not come to {figure}"
                );
            }
        }
    });
}

#[test]
fn what_is_late_agrees_with_the_positions_of_that_day() {
    each(async |t| {
        let lines = lines(&t, DAY);
        let all = rules::total(&lines);
        assert!(all.due_persons > 5 && all.late_persons > 0, "{all:?}");
        t.set_day(DAY);
        let today = DAY.parse().unwrap();
        t.app
            .db
            .write("close the day", |db| {
                while position::refresh_due(db, &scope(), &t.app.basis(), today, 500)? > 0 {}
                Ok(())
            })
            .unwrap();
        let stored: Vec<FilePosition> = town::read(&t, |db| {
            Ok(file_position::table.select(FilePosition::as_select()).load(db)?)
        });
        let late = stored.iter().filter(|p| p.overdue_principal_fen.is_positive()).count();
        assert_eq!(i64::try_from(late).unwrap(), all.late_persons);
        assert_eq!(
            stored.iter().map(|p| p.overdue_principal_fen).sum::<Fen>(),
            all.sums.late_principal
        );
        let open = all.sums.due_interest - all.sums.paid_interest;
        assert_eq!(stored.iter().map(|p| p.overdue_interest_fen).sum::<Fen>(), open);
    });
}

#[test]
fn the_workbook_has_the_total_and_the_definitions_and_is_written_down() {
    each(async |t| {
        t.set_day(DAY);
        let mut browser = t.sign_in(Role::Clerk);
        let only_asked = TestRequest::default().method(Method::HEAD);
        browser.send(only_asked.uri("/reports/recovery.xlsx?by=school")).await.is(200);
        let answer = browser.get("/reports/recovery.xlsx?by=school").await;
        answer.is(200);
        let table = sheet(&answer, "回收统计");
        let all = rules::total(&lines(&t, DAY));
        let foot = &table.last().unwrap()[0];
        assert!(foot.contains("制表人：") && foot.contains("单位（盖章）："), "{foot}");
        let last = table.iter().find(|row| row[0] == "合计").unwrap();
        let rate = all.default_rate().unwrap();
        assert_eq!(last[1], format!("{}.{:04}", rate / 10_000, rate % 10_000));
        assert_eq!(last[7], all.sums.due_principal.to_yuan_text());
        assert_eq!(sheet(&answer, "口径说明").len(), rules::DEFINITIONS.len() + 2);
        assert!(sheet(&answer, "历年").len() > 2);
        let wanted = AuditFilter { action: Some("exported".to_owned()), ..AuditFilter::default() };
        let notes = town::read(&t, |db| wanted.all(db, &scope(), 10));
        let taken = notes.iter().filter(|note| note.summary.contains("回收统计"));
        assert_eq!(taken.count(), 1, "{notes:?}");
    });
}

/// One contract after the other: the lines that were kept are those that would be computed anew.
#[test]
fn only_what_has_changed_is_computed_anew() {
    each(async |t| {
        let day: NaiveDate = DAY.parse().unwrap();
        of_day(&t, day).await;
        let ids: Vec<LoanId> = town::read(&t, |db| {
            Ok(loan::table.order(loan::id).limit(3).select(loan::id).load(db)?)
        });
        for (loan_id, amount) in ids.into_iter().zip([700, 10_000_000, 1]) {
            let id = EventId::new(t.app.next_id());
            let paid = EventKind::Paid { amount: Fen::new(amount) };
            let event = Event { id, ..Event::new(0, "2026-12-22".parse().unwrap(), paid) };
            let origin = Origin {
                channel: "支付宝".to_owned(),
                bank_ref: String::new(),
                source: "test".to_owned(),
                command_key: format!("test:{id}"),
                recorded_by: None,
            };
            let row = EventRow::new(
                crate::support::OFFICE,
                loan_id,
                &event,
                t.app.clock.now_at(),
                origin,
            );
            t.app
                .db
                .write("test", |db| events::append_all(db, &scope(), std::slice::from_ref(&row)))
                .unwrap();
            let kept = of_day(&t, day).await;
            assert_eq!(kept.lines, lines(&t, DAY));
        }
    });
}

#[test]
fn a_day_to_come_is_today_and_who_may_not_see_loans_sees_nothing() {
    each(async |t| {
        let mut browser = t.sign_in(Role::Auditor);
        let page = browser.get("/reports/recovery?as_of=2030-01-01&by=nonsense").await;
        page.is(200).says(&["统计日不能晚于银行数据的截止日", "统计日 2026-10-31"]);
        browser.get("/reports/recovery?as_of=abc").await.is(200).says(&["统计日没有看懂"]);
        browser
            .get("/reports/recovery/rows?figure=due_principal&by=township&key=nowhere")
            .await
            .is(404);
        t.sign_in(Role::Administrator).get("/reports/recovery").await.is(403);
        // Another office has nothing of this one.
        t.add_office("512023", "AY", "安岳县学生资助管理中心");
        let other = t.add_staff_to("512023", "other", "别处", Role::Clerk, "");
        let page = t.sign_in_as(&other).get("/reports/recovery").await;
        page.is(200).says(&["还没有合同"]);
    });
}

#[test]
fn the_lines_are_kept_until_something_changes() {
    each(async |t| {
        let day = DAY.parse().unwrap();
        let first = of_day(&t, day).await;
        let again = of_day(&t, day).await;
        assert!(std::sync::Arc::ptr_eq(&first.found, &again.found));
        let clerk = t.add_staff("new", "新来的", Role::Clerk);
        let other = of_day(&t, day).await;
        assert!(!std::sync::Arc::ptr_eq(&first.found, &other.found), "{}", clerk.name);
        assert_eq!(first.lines, other.lines);
    });
}

/// A large import changes something at every moment: who looks at a report meanwhile does not wait.
#[test]
fn while_a_large_import_is_posted_a_page_shows_the_lines_of_before_and_says_so() {
    each(async |t| {
        let day = DAY.parse().unwrap();
        assert_eq!(of_day(&t, day).await.note(), None);
        let mut browser = t.sign_in(Role::Clerk);
        let newest = import_job::table.order(import_job::id.desc()).select(import_job::id);
        let newest: ImportId = town::read(&t, |db| Ok(newest.first(db)?));
        let set = |state: &str, rows: i32| {
            let (state, rows) = (import_job::state.eq(state), import_job::rows_total.eq(rows));
            let values = (state, rows, import_job::updated_at.eq(t.app.clock.now_at()));
            let changed = t.app.db.write("test", |db| {
                Ok(diesel::update(import_job::table.find(newest)).set(values).execute(db)?)
            });
            assert_eq!(changed.unwrap(), 1);
        };
        set("posting", 4_999);
        let small = of_day(&t, day).await;
        assert_eq!(small.note(), None, "a small import is waited for");
        let page = browser.get("/reports/recovery").await;
        assert!(!page.is(200).text.contains("正在导入数据"));
        set("posting", 5_000);
        let behind = of_day(&t, day).await;
        assert!(std::sync::Arc::ptr_eq(&small.found, &behind.found));
        browser.get("/reports/recovery").await.is(200).says(&["正在导入数据"]);
        // The first that asks after its end gets them too, and has them computed.
        set("posted", 5_000);
        assert!(of_day(&t, day).await.note().is_some());
        for _ in 0..2_000 {
            if of_day(&t, day).await.note().is_none() {
                return;
            }
            actix_web::rt::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        panic!("the lines were never computed in the background");
    });
}
