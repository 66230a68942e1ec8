//! The demo shows a county that has been at work, so that each page has something on it.

use super::harness::{Program, driver_url, in_browser};

const SIGN_IN: &str = "demo-";

#[test]
fn the_demo_has_calls_stages_a_promise_and_sheets_for_the_village() {
    if driver_url().is_none() {
        return;
    }
    let mut program = Program::new();
    program.start(&["demo"]);
    in_browser("demo", &program, async |browser| {
        browser.open("/login").await;
        browser.fill("[name=login]", "jingban").await;
        browser.fill("[name=password]", &format!("{SIGN_IN}jingban")).await;
        browser.click(".btn.pri").await;
        browser.find("#main .head").await;
        browser.open("/overdue").await;
        browser.find("#main .head").await;
        let script = "return [...document.querySelectorAll('nav.seg a')].map(a => a.textContent);";
        let tabs = browser.driver.execute(script, Vec::new()).await.unwrap();
        let tabs: Vec<String> = tabs.convert().unwrap();
        for stage in ["短信电话", "共同借款人", "学校", "村委会"] {
            let tab = tabs.iter().find(|tab| tab.starts_with(stage)).unwrap();
            assert!(!tab.ends_with(&format!("{stage}0")), "{tab}: {tabs:?}");
        }
        browser.says("接通，约定日期").await;
        browser.open("/loans/LZ2017-0006").await;
        browser.find("#main .ppl .mask").await;
        let script = "return [...document.querySelectorAll('#main .ppl .mask')].map(m =>
            m.textContent).filter(m => /^\\d{3}\\*/.test(m));";
        let masks = browser.driver.execute(script, Vec::new()).await.unwrap();
        let masks: Vec<String> = masks.convert().unwrap();
        assert!(masks.len() > 1 && masks[0] != masks[1], "{masks:?}");
        browser.driver.delete_all_cookies().await.unwrap();
        browser.open("/l").await;
        browser.fill("[name=login]", "cunli").await;
        browser.fill("[name=password]", &format!("{SIGN_IN}cunli")).await;
        browser.click(".btn.pri").await;
        browser.says("JC26-1031-").await;
        browser.photograph("liaison-demo", 390).await;
    });
}
