//! Somebody chooses two files, looks at what the check says, posts, and sees the end come by
//! itself; every page of it at three widths and under axe-core.

use super::accessibility::expect_accessible;
use super::harness::{Browser, Program, driver_url, in_browser};
use crate::support::county::path;

const PASSWORD: &str = "a long enough password 7";

async fn look(browser: &Browser, name: &str) {
    browser.shoot(name).await;
    expect_accessible(browser, name).await;
}

#[test]
fn two_files_are_chosen_checked_and_posted() {
    if driver_url().is_none() {
        return;
    }
    let mut program = Program::new();
    program.set_up(PASSWORD);
    let clerk = [
        "user",
        "add",
        "--login",
        "clerk01",
        "--name",
        "韦清越",
        "--role",
        "clerk",
        "--password-stdin",
    ];
    let added = program.run_with(&clerk, &format!("{PASSWORD}\n"));
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    program.start(&["serve"]);
    in_browser("imports", &program, async |browser| {
        browser.open("/login?next=/imports").await;
        browser.fill("[name=login]", "clerk01").await;
        browser.fill("[name=password]", PASSWORD).await;
        browser.click("main button, .box button").await;
        browser.says("还没有导入过表").await;
        look(browser, "imports-empty").await;
        browser.open("/imports/new").await;
        look(browser, "imports-new").await;
        let file = |name: &str| path(&format!("tests/sample/dirty_excel/{name}.csv"));
        let both = format!("{}\n{}", file("contracts").display(), file("borrowers").display());
        browser.find("#files").await.send_keys(both).await.unwrap();
        browser.fill("#as_of", "2026-10-31").await;
        browser.click("form.stk .btn.pri").await;
        browser.says("收下 2 份表").await;
        browser.says("全部入账（2 份）").await;
        look(browser, "imports-list").await;
        browser.click(".card .t a.b").await;
        browser.says("核对完了").await;
        look(browser, "imports-checked").await;
        browser.click("#do-post").await;
        browser.says("入账完成").await;
        look(browser, "imports-posted").await;
        assert_eq!(browser.failed_requests().await, Vec::<String>::new());
    });
}
