//! The timetable in a browser: after the first start its jobs run by themselves, an
//! administrator runs one more and pauses it with a reason.

use super::accessibility::expect_accessible;
use super::harness::{Browser, Program, driver_url, in_browser};

async fn look(browser: &Browser, name: &str) {
    browser.shoot(name).await;
    expect_accessible(browser, name).await;
}

#[test]
fn an_administrator_looks_after_the_jobs() {
    if driver_url().is_none() {
        return;
    }
    let mut program = Program::new();
    program.set_up("a long enough password 7");
    program.start(&["serve"]);
    in_browser("jobs", &program, async |browser| {
        browser.open("/login").await;
        browser.fill("[name=login]", "admin01").await;
        browser.fill("[name=password]", "a long enough password 7").await;
        browser.click(".btn.pri").await;
        // Leaving before the answer has come would take the signing in back.
        browser.find("#main .head").await;
        browser.open("/admin/jobs").await;
        look(browser, "jobs").await;
        browser.open("/admin/jobs/warn_staff").await;
        browser.click("form[action$=run] button").await;
        browser.says("已完成").await;
        look(browser, "job").await;
        browser.fill("#reason", "换系统，先停一周").await;
        browser.click("#pause button").await;
        browser.says("本中心已暂停").await;
        look(browser, "job-paused").await;
        assert_eq!(browser.failed_requests().await, Vec::<String>::new());
    });
}
