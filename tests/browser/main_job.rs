//! The main job, as somebody new does it: the demo is started, a clerk signs in, looks around,
//! finds a family, has a figure explained, and prints a village's sheets. Every page on the way
//! is photographed at three widths and held against axe-core.

use super::accessibility::expect_accessible;
use super::harness::{Browser, Program, driver_url, in_browser};

async fn look(browser: &Browser, name: &str) {
    browser.shoot(name).await;
    expect_accessible(browser, name).await;
}

#[test]
fn a_clerk_finds_a_family_understands_a_figure_and_prints_the_sheets() {
    if driver_url().is_none() {
        return;
    }
    let mut program = Program::new();
    program.start(&["demo"]);
    in_browser("main-job", &program, async |browser| {
        browser.open("/login").await;
        look(browser, "login").await;
        browser.fill("[name=login]", "jingban").await;
        browser.fill("[name=password]", "demo-jingban").await;
        browser.click(".btn.pri").await;
        browser.says("全县贷款生命线").await;
        browser.says("演示日期 2026年10月31日").await;
        look(browser, "workbench").await;

        browser.open("/loans").await;
        look(browser, "loans").await;
        browser.open("/overdue").await;
        browser.says("17 人").await;
        look(browser, "overdue").await;
        browser.resize(1366, 768).await;
        browser.open("/overdue/next").await;
        let save = browser.find("form[data-keys] .btn.pri").await.rect().await.unwrap();
        assert!(save.y + save.height <= 768.0, "in sight without scrolling: {save:?}");
        look(browser, "overdue-next").await;

        browser.fill("header input[type=search]", "叶敏").await;
        browser.find("header input[type=search]").await.send_keys("\u{e007}").await.unwrap();
        browser.says("叶敏").await;
        if !browser.path().await.starts_with("/loans/") {
            look(browser, "search").await;
            browser.open("/loans/LZ2017-0006").await;
        }
        browser.says("贷款生命线").await;
        look(browser, "loan-file").await;
        browser.click(".stm a[href*=penalty]").await;
        browser.says("÷ 360").await;
        look(browser, "loan-file-explained").await;
        for tab in ["ledger", "contracts", "history"] {
            browser.open(&format!("/loans/LZ2017-0006/{tab}")).await;
            look(browser, &format!("loan-file-{tab}")).await;
        }

        browser.open("/visits").await;
        look(browser, "visits").await;
        browser.open("/visits/print?by=village&as_of=2026-10-31&file=LZ2017-0006").await;
        browser.says("国家助学贷款还款提醒入户走访表").await;
        browser.says("叶敏").await;
        look(browser, "visits-print").await;
        for page in ["/differences", "/imports", "/me"] {
            browser.open(page).await;
            look(browser, page.trim_start_matches('/')).await;
        }
        assert_eq!(browser.failed_requests().await, Vec::<String>::new());
    });
}
