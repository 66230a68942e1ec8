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

#[test]
fn a_day_of_its_summer_has_households_at_the_counter() {
    if driver_url().is_none() {
        return;
    }
    let mut program = Program::new();
    program.start(&["demo", "--today", "2026-08-10"]);
    assert!(!program.output().contains("不一致"), "{}", program.output());
    in_browser("summer", &program, async |browser| {
        browser.open("/login").await;
        browser.fill("[name=login]", "jingban").await;
        browser.fill("[name=password]", &format!("{SIGN_IN}jingban")).await;
        browser.click(".btn.pri").await;
        browser.find("#main .head").await;
        for (path, words) in [
            ("/bookings", "等候 4 户"),
            ("/bookings?on=2026-08-11", "学校统一安排"),
            ("/applications?tab=signed", "51202220260"),
            ("/applications?tab=returned", "首贷"),
            ("/disbursements?tab=unpaid", "签了未放款"),
            ("/season", "已开办"),
            ("/season?by=school", "问了 412 人"),
            ("/applications?tab=phone", "手机页面发起"),
            ("/hardship", "乐至县第四中学"),
            ("/hardship/applications?tab=public", "高三"),
            ("/matching", "持证残疾人"),
        ] {
            browser.open(path).await;
            browser.says(words).await;
            let name = path.trim_start_matches('/').replace(['/', '?', '=', '&'], "-");
            browser.photograph(&format!("summer-{name}"), 390).await;
            let wide = "return document.documentElement.scrollWidth - innerWidth;";
            let wide = browser.driver.execute(wide, Vec::new()).await.unwrap();
            assert!(wide.convert::<i64>().unwrap() <= 0, "{path} scrolls sideways");
        }
    });
}
