//! A director goes back to last night's backup from the page alone.

use super::accessibility::expect_accessible;
use super::harness::{Browser, Program, driver_url, in_browser};

const PASSWORD: &str = "a long enough password 7";

async fn sign_in(browser: &Browser) {
    browser.open("/login").await;
    browser.fill("[name=login]", "zhuren1").await;
    browser.fill("[name=password]", PASSWORD).await;
    browser.click(".btn.pri").await;
    // Leaving before the answer has come would take the signing in back.
    browser.find("#main .head").await;
}

#[test]
fn a_backup_is_put_back_from_the_page() {
    if driver_url().is_none() {
        return;
    }
    let mut program = Program::new();
    program.set_up(PASSWORD);
    let director = ["user", "add", "--login", "zhuren1", "--name", "李四", "--role", "director"];
    program.run_with(&[&director[..], &["--password-stdin"]].concat(), PASSWORD);
    program.run(&["job", "run", "back_up"]);
    program.start(&["serve"]);
    in_browser("restore", &program, async |browser| {
        sign_in(browser).await;
        browser.open("/admin/office").await;
        browser.fill("#phone", "028-23350000").await;
        browser.click("form .btn.pri").await;
        browser.says("已保存本中心资料").await;
        browser.open("/admin/backups").await;
        browser.shoot("backups").await;
        expect_accessible(browser, "backups").await;
        browser.click("table a").await;
        browser.says("修改中心资料 1 次").await;
        browser.shoot("restore").await;
        expect_accessible(browser, "restore").await;
        browser.click("main form .btn.pri").await;
        browser.says("请输入“恢复”两个字").await;
        browser.fill("#word", "恢复").await;
        browser.click("main form .btn.pri").await;
        browser.says("正在恢复").await;
        expect_accessible(browser, "restoring").await;
        // The page that is left says nothing of when the program is back; its log does.
        let started = std::time::Instant::now();
        while program.output().matches("助学已启动").count() < 2 {
            let waited = started.elapsed().as_secs();
            assert!(waited < 120, "it does not start again: {}", program.output());
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        sign_in(browser).await;
        browser.open("/admin/office").await;
        assert_eq!(browser.find("#phone").await.prop("value").await.unwrap().unwrap(), "");
        browser.open("/admin/backups").await;
        browser.says("刚从备份恢复，等您放行").await;
        browser.shoot("restored").await;
        expect_accessible(browser, "restored").await;
        browser.click("form[action$=jobs] button").await;
        browser.says("定时任务已经继续").await;
        // The jobs make up for what was missed first; until then the page says so.
        let mut refused = 0;
        loop {
            browser.click("form[action$=messages] button").await;
            browser.find("#main h1").await;
            let text = browser.text().await;
            if text.contains("已取消等待的 0 条消息") {
                break;
            }
            // Between two pages there is none.
            let awaited = text.is_empty() || text.contains("还没有补完");
            assert!(awaited || text.contains("定时任务已经继续"), "{text}");
            refused += 1;
            assert!(refused < 600, "{text}");
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        assert_eq!(browser.failed_requests().await, Vec::<String>::new());
    });
}
