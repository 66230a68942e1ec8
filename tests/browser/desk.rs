//! What makes the desk quick, in a browser: a new number in three actions, a text message to many,
//! the bell, and what was typed when a session ends.

use thirtyfour::Cookie;

use super::accessibility::expect_accessible;
use super::harness::{Browser, Program, driver_url, in_browser};

const SAVE: &str = "\u{e009}\u{e007}";

const FILE: &str = "/loans/LZ2017-0006";

async fn look(browser: &Browser, name: &str) {
    browser.shoot(name).await;
    expect_accessible(browser, name).await;
}

async fn sign_in(browser: &Browser, login: &str) {
    browser.fill("[name=login]", login).await;
    browser.fill("[name=password]", &format!("demo-{login}")).await;
    browser.click(".btn.pri").await;
    browser.find("#main .head, #main .idbar").await;
}

/// The cookie stays, the session is over.
async fn end_session(browser: &Browser) {
    browser.driver.delete_cookie("zhuxue").await.unwrap();
    browser.driver.add_cookie(Cookie::new("zhuxue", "0".repeat(64))).await.unwrap();
}

async fn typed(browser: &Browser) -> String {
    browser.find("#note").await.prop("value").await.unwrap().unwrap_or_default()
}

/// Ctrl, too, is a key: four for a promise. What is forgotten is asked for where the cursor then
/// is.
async fn promise_by_keys(browser: &Browser) {
    browser.open("/overdue/next").await;
    browser.find("[data-days] button").await;
    browser.find("body").await.send_keys("1").await.unwrap();
    browser.find("#promised_on:focus").await.send_keys(SAVE).await.unwrap();
    browser.says("请填写约定的还款日").await;
    browser.find("#promised_on:focus").await;
    look(browser, "promise-without-a-day").await;
    // The address of the refused form answers, too.
    browser.driver.refresh().await.unwrap();
    browser.find("#outcome").await;
    assert!(!browser.path().await.ends_with("/contacts"), "{}", browser.path().await);
    browser.open("/overdue/next").await;
    browser.find("[data-days] button").await;
    browser.find("body").await.send_keys("1").await.unwrap();
    browser.find("#promised_on:focus").await.send_keys("q").await.unwrap();
    look(browser, "promise").await;
    browser.find("#promised_on").await.send_keys(SAVE).await.unwrap();
    browser.says("接通，约定日期").await;
    browser.find("form[action$=undo]").await;
}

/// After many were moved, going back shows the page that asked, and sends nothing again.
async fn back_to_what_was_asked(browser: &Browser) {
    browser.open("/overdue").await;
    browser.click("#rows tr:nth-child(1) input").await;
    browser.click(".bulk [value=up]").await;
    browser.says("看一遍名单").await;
    browser.click("main form .btn.pri").await;
    browser.says("请写一句理由").await;
    browser.driver.refresh().await.unwrap();
    browser.says("看一遍名单").await;
    look(browser, "many-up").await;
    browser.fill("#reason", "电话都打过了").await;
    browser.click("main form .btn.pri").await;
    browser.find("#main").await;
    browser.driver.back().await.unwrap();
    browser.says("看一遍名单").await;
}

#[test]
fn a_number_a_message_to_many_and_what_was_typed() {
    if driver_url().is_none() {
        return;
    }
    let mut program = Program::new();
    // A day on which the program itself has not written to those who are late.
    program.start(&["demo", "--today", "2026-12-22"]);
    in_browser("desk", &program, async |browser| {
        browser.open("/login").await;
        sign_in(browser, "jingban").await;
        browser.open(FILE).await;
        browser.click("[data-focus] > summary").await;
        browser.find("#phone:focus").await.send_keys("16411009999").await.unwrap();
        look(browser, "new-number").await;
        browser.find("#phone").await.send_keys(SAVE).await.unwrap();
        browser.says("以后先用这个号码").await;
        browser.says("原号码").await;

        browser.open("/overdue").await;
        browser.click("#rows tr:nth-child(1) input").await;
        browser.click("#rows tr:nth-child(2) input").await;
        browser.click(".bulk [value=message]").await;
        browser.says("还没有发出").await;
        look(browser, "message-to-many").await;
        browser.click("form.bt .btn.pri").await;
        browser.says("等放行").await;

        back_to_what_was_asked(browser).await;
        promise_by_keys(browser).await;

        browser.open(FILE).await;
        browser.fill("#note", "母亲说春节前回来").await;
        end_session(browser).await;
        browser.click("form[action$=notes] button").await;
        browser.says("登录已到时间").await;
        look(browser, "session-over").await;
        sign_in(browser, "jingban").await;
        browser.says("还没有保存").await;
        assert_eq!(browser.path().await, FILE);
        assert_eq!(typed(browser).await, "母亲说春节前回来");

        // Nobody else finds it.
        browser.fill("#note", "只有自己知道").await;
        end_session(browser).await;
        browser.open("/home").await;
        browser.says("登录已到时间").await;
        sign_in(browser, "zhuren").await;
        browser.open(FILE).await;
        assert_eq!(typed(browser).await, "");
        let script = "return sessionStorage.getItem('zx-typed')";
        let left = browser.driver.execute(script, Vec::new()).await.unwrap();
        assert!(left.json().is_null(), "{left:?}");

        browser.open("/home").await;
        browser.click("header .menu:first-of-type > summary").await;
        browser.says("条消息等放行").await;
        look(browser, "bell").await;
    });
}
