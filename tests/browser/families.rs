//! Family contact in a browser: the director has the year planned, looks at the list, one family,
//! the coverage and sharing out, and forgets to say what came of a call. Every page is photographed
//! and held against axe-core.

use super::accessibility::expect_accessible;
use super::harness::{Browser, Program, driver_url, in_browser};

async fn look(browser: &Browser, name: &str) {
    browser.shoot(name).await;
    expect_accessible(browser, name).await;
}

#[test]
fn the_director_plans_the_year_and_speaks_with_a_family() {
    if driver_url().is_none() {
        return;
    }
    let mut program = Program::new();
    program.start(&["demo"]);
    in_browser("families", &program, async |browser| {
        browser.open("/login").await;
        browser.fill("[name=login]", "zhuren").await;
        browser.fill("[name=password]", "demo-zhuren").await;
        browser.click(".btn.pri").await;
        // Leaving before the answer has come would take the signing in back.
        browser.find("#main .head").await;
        browser.open("/admin/jobs/plan_contact_duties").await;
        browser.click("form[action$=run] button").await;
        browser.says("已完成").await;
        browser.open("/family-contacts").await;
        look(browser, "families").await;
        browser.click("[data-next]").await;
        look(browser, "family").await;
        // Two keys a household, the next one included.
        let result = "1";
        browser.find("body").await.send_keys(result).await.unwrap();
        browser.find("#outcome input").await.send_keys("\u{e009}\u{e007}").await.unwrap();
        browser.says("已保存：本人，联系上了").await;
        browser.says("保存，下一户").await;
        browser.fill("#note", "父母在外务工").await;
        browser.click("form[action$=records] .btn.pri").await;
        browser.says("请选结果").await;
        look(browser, "family-refused").await;
        for (path, name) in [
            ("/family-contacts/coverage", "coverage"),
            ("/family-contacts/coverage?by=township", "coverage-townships"),
            ("/family-contacts/share", "share-out"),
            ("/family-contacts?list=lost", "families-lost"),
        ] {
            browser.open(path).await;
            look(browser, name).await;
        }
    });
}
