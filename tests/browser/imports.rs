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

/// Choosing columns, undoing, and the two pages of what is known and by which rules.
#[test]
fn columns_are_chosen_an_import_is_undone_and_rules_and_bank_data_are_looked_at() {
    if driver_url().is_none() {
        return;
    }
    let mut program = Program::new();
    program.set_up(PASSWORD);
    let director = ["user", "add", "--login", "zhuren01", "--name", "向明远", "--role", "director"];
    let director = [&director[..], &["--password-stdin"]].concat();
    let added = program.run_with(&director, &format!("{PASSWORD}\n"));
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let text = std::fs::read_to_string(path("tests/sample/clean_plain/borrowers.csv")).unwrap();
    let renamed = text.replacen("身份证号", "证照", 1);
    std::fs::write(program.file("renamed.csv"), renamed).unwrap();
    program.start(&["serve"]);
    in_browser("columns", &program, async |browser| {
        browser.open("/login?next=/imports/new").await;
        browser.fill("[name=login]", "zhuren01").await;
        browser.fill("[name=password]", PASSWORD).await;
        browser.click("main button, .box button").await;
        let file = program.file("renamed.csv").display().to_string();
        browser.find("#files").await.send_keys(file).await.unwrap();
        browser.click("form.stk .btn.pri").await;
        browser.says("每一列读成什么").await;
        look(browser, "columns").await;
        // On a phone, too, what is to be chosen is seen without moving anything sideways.
        browser.resize(390, 844).await;
        let script = "return Math.max(...[...document.querySelectorAll('select')]\
                      .map(one => Math.ceil(one.getBoundingClientRect().right)));";
        let right: u32 = browser.driver.execute(script, vec![]).await.unwrap().convert().unwrap();
        assert!(right <= 374, "{right}");
        browser.resize(1440, 900).await;
        // The third column is the one that was renamed.
        browser.click("#c2 option[value=id_number]").await;
        browser.click("form.stk .btn.pri").await;
        browser.says("核对完了").await;
        browser.click("#do-post").await;
        browser.says("入账完成").await;
        browser.click("a[href$='/undo']").await;
        browser.says("撤销以后").await;
        look(browser, "undo").await;
        browser.fill("#reason", "导错了县").await;
        browser.click("main form .btn.pri").await;
        browser.says("已整份撤销").await;
        look(browser, "undone").await;
        for (page, says) in [("/policy", "政策与利率"), ("/bank-data", "银行数据")] {
            browser.open(page).await;
            browser.says(says).await;
            look(browser, page.trim_start_matches('/')).await;
        }
        assert_eq!(browser.failed_requests().await, Vec::<String>::new());
    });
}
