//! That the harness itself works: a browser starts, axe-core sees a bad page as bad and a good
//! one as good, and the program's sign-in page is one of the good ones.

use super::accessibility::{expect_accessible, violations};
use super::harness::{Program, driver_url, in_browser};

const GOOD: &str = "data:text/html;charset=utf-8,<!doctype html><html lang=zh-CN>\
    <meta name=viewport content=width=device-width><title>助学</title>\
    <main><h1>助学贷款</h1><p>逾期跟进</p><form><label for=a>姓名</label><input id=a>\
    <button>查找</button></form></main>";

const BAD: &str = "data:text/html;charset=utf-8,<!doctype html><html><title></title>\
    <main><h1>助学贷款</h1><input><p style='color:%23bbb'>逾期跟进</p></main>";

#[test]
fn axe_tells_a_good_page_from_a_bad_one() {
    let program = Program::new();
    in_browser("axe", &program, async |browser| {
        browser.driver.goto(GOOD).await.unwrap();
        browser.says("逾期跟进").await;
        expect_accessible(browser, "a good page").await;
        browser.driver.goto(BAD).await.unwrap();
        let mut found: Vec<String> =
            violations(browser).await.into_iter().map(|violation| violation.id).collect();
        found.sort();
        assert_eq!(found, ["color-contrast", "document-title", "html-has-lang", "label"]);
    });
}

#[test]
fn windows_have_the_three_sizes() {
    let program = Program::new();
    in_browser("sizes", &program, async |browser| {
        browser.driver.goto(GOOD).await.unwrap();
        browser.resize(390, 844).await;
        let size = "return innerWidth + 'x' + innerHeight;";
        let size: String =
            browser.driver.execute(size, Vec::new()).await.unwrap().convert().unwrap();
        assert_eq!(size, "390x844");
        browser.shoot("harness").await;
    });
}

#[test]
fn forms_can_be_filled_and_clicked() {
    let program = Program::new();
    in_browser("forms", &program, async |browser| {
        browser.driver.goto(GOOD).await.unwrap();
        browser.fill("#a", "赵").await;
        browser.fill("#a", "钱䶮").await;
        let value = browser.find("#a").await.prop("value").await.unwrap();
        assert_eq!(value.as_deref(), Some("钱䶮"));
        browser.click("#a").await;
        let focused = "return document.activeElement.id;";
        let focused: String =
            browser.driver.execute(focused, Vec::new()).await.unwrap().convert().unwrap();
        assert_eq!(focused, "a");
    });
}

#[test]
fn the_program_itself_is_run() {
    let program = Program::new();
    let version = program.run(&["--version"]);
    assert!(String::from_utf8_lossy(&version.stdout).starts_with("zhuxue "));
    assert!(!program.knows("no-such-command"));
}

#[test]
fn the_sign_in_page_is_accessible_at_every_width() {
    if driver_url().is_none() {
        return;
    }
    let mut program = Program::new();
    program.set_up("a long enough password 7");
    program.start(&["serve"]);
    if program.status("/login") == Some(404) {
        eprintln!("there is no sign-in page yet: nothing to look at");
        return;
    }
    in_browser("login", &program, async |browser| {
        browser.open("/login").await;
        browser.shoot("login").await;
        expect_accessible(browser, "sign-in").await;
        assert_eq!(browser.failed_requests().await, Vec::<String>::new());
    });
}
