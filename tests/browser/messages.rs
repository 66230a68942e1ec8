//! Messages in a browser: the director has the reminders written, sees them go out, looks at one
//! family's, changes a text and is refused a field that there is not. Every page is photographed
//! and held against axe-core.

use std::time::{Duration, Instant};

use super::accessibility::expect_accessible;
use super::harness::{Browser, Program, driver_url, in_browser};

async fn look(browser: &Browser, name: &str) {
    browser.shoot(name).await;
    expect_accessible(browser, name).await;
}

#[test]
fn the_director_sees_reminders_go_out_and_changes_a_text() {
    if driver_url().is_none() {
        return;
    }
    let mut program = Program::new();
    program.start(&["demo"]);
    in_browser("messages", &program, async |browser| {
        browser.open("/login").await;
        browser.fill("[name=login]", "zhuren").await;
        browser.fill("[name=password]", "demo-zhuren").await;
        browser.click(".btn.pri").await;
        // Leaving before the answer has come would take the signing in back.
        browser.find("#main .head").await;
        browser.open("/messages").await;
        look(browser, "messages-empty").await;
        browser.open("/admin/jobs/send_due_reminders").await;
        browser.click("form[action$=run] button").await;
        ended(browser).await;
        sent(browser).await;
        look(browser, "messages").await;
        browser.open("/messages?tab=sent").await;
        look(browser, "messages-sent").await;
        for (path, name) in [
            ("/loans/LZ2017-0006/messages", "file-messages"),
            ("/admin/message-templates", "texts"),
            ("/contact-changes", "contact-changes"),
            ("/home", "workbench-with-warnings"),
        ] {
            browser.open(path).await;
            look(browser, name).await;
        }
        browser.open("/admin/message-templates/due_reminder").await;
        look(browser, "text").await;
        let wrong = "{{ nme }}您好：请来电{{ phone }}，核对码{{ check_code }}";
        browser.fill("#text", wrong).await;
        browser.click("button[value=save]").await;
        browser.says("nme").await;
        look(browser, "text-refused").await;
    });
}

/// Waits until the job has ended: the program may have begun it by itself, before the button or
/// after, and then the page says that it is running.
async fn ended(browser: &Browser) {
    let started = Instant::now();
    browser.says("还款提醒”").await;
    while browser.text().await.contains("正在运行") {
        assert!(started.elapsed() < Duration::from_secs(120), "the job does not end");
        browser.open("/admin/jobs/send_due_reminders").await;
        browser.find("#main .head").await;
    }
    browser.says("已完成").await;
}

/// Waits until the spool has taken the reminders.
async fn sent(browser: &Browser) {
    for _ in 0..300 {
        browser.open("/messages?tab=sent").await;
        if browser.text().await.contains("还款提醒") {
            browser.open("/messages").await;
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("nothing was sent: {}", browser.text().await);
}
