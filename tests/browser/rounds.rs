//! A visit round on a phone whose network goes away: what is typed waits on the phone, sealed,
//! arrives once when the network is back, and is a proposal at the desk. And a browser that cannot
//! seal: nothing is kept, the page says so, and what is typed is sent at once.

use super::accessibility::expect_accessible;
use super::harness::{Browser, Program, driver_url, in_browser};

const SECRET: &str = "父亲住院，年底前还不上";

async fn network(browser: &Browser, offline: bool) {
    let nothing = serde_json::json!({});
    browser.driver.cdp().send_raw("Network.enable", nothing).await.unwrap();
    let how = serde_json::json!({
        "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1
    });
    browser.driver.cdp().send_raw("Network.emulateNetworkConditions", how).await.unwrap();
    let script = "return navigator.onLine;";
    let online: bool = browser.driver.execute(script, Vec::new()).await.unwrap().convert().unwrap();
    assert_eq!(online, !offline);
}

/// Everything that the page keeps on the phone, as text: bytes as they are, one character each.
async fn on_the_phone(browser: &Browser) -> String {
    let script = "const done = arguments[arguments.length - 1];
        const asked = indexedDB.open('zhuxue-rounds');
        asked.onsuccess = () => {
            const all = asked.result.transaction('entries').objectStore('entries').getAll();
            all.onsuccess = () => {
                const text = bytes => new TextDecoder('utf-8').decode(bytes)
                    + Array.from(new Uint8Array(bytes), b => String.fromCharCode(b)).join('');
                const rows = all.result.map(row => JSON.stringify(Object.assign({}, row,
                    { sealed: text(row.sealed), iv: text(row.iv) })));
                done(rows.join('\\n') + JSON.stringify(Object.assign({}, localStorage,
                    sessionStorage)));
            };
        };";
    browser.driver.execute_async(script, Vec::new()).await.unwrap().convert().unwrap()
}

/// Waits until the page says so.
async fn says(browser: &Browser, words: &str) {
    for _ in 0..1_200 {
        if browser.find("#keep").await.text().await.unwrap().contains(words) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("never said {words:?}: {}", browser.find("#keep").await.text().await.unwrap());
}

async fn fill_in(browser: &Browser, no: u32, note: &str) {
    browser.click(&format!("#s{no} summary")).await;
    browser.click(&format!("#s{no}-outcome input[value=hardship]")).await;
    browser.click(&format!("#s{no}-met input[value=parents]")).await;
    browser.fill(&format!("#s{no}-note"), note).await;
    browser.click(&format!("#s{no} form .btn.pri")).await;
}

async fn sign_in(browser: &Browser) {
    browser.open("/login").await;
    browser.fill("[name=login]", "jingban").await;
    browser.fill("[name=password]", "demo-jingban").await;
    browser.click(".btn.pri").await;
    browser.find("#main .head").await;
}

/// Makes sheets and plans a round; the path of its page.
async fn plan(browser: &Browser) -> String {
    sign_in(browser).await;
    browser.open("/visits/rounds").await;
    browser.shoot("rounds-none").await;
    browser.open("/visits").await;
    browser.click("#make .btn.pri").await;
    browser.find("a[href$='/print']").await;
    browser.open("/visits/rounds/new").await;
    let boxes = browser.driver.find_all(thirtyfour::By::Css("[name=place]")).await.unwrap();
    assert!(boxes.len() > 10, "several pages of paper");
    for one in &boxes {
        one.click().await.unwrap();
    }
    browser.click("main form .btn.pri").await;
    browser.find(".errsum").await;
    expect_accessible(browser, "round-errors").await;
    browser.shoot("round-new").await;
    browser.fill("#second_name", "王主任").await;
    browser.click("main form .btn.pri").await;
    browser.find("a[href$='/phone']").await;
    let here = browser.path().await.split('#').next().unwrap().to_owned();
    browser.shoot("round").await;
    expect_accessible(browser, "round").await;
    browser.open("/visits/rounds").await;
    browser.shoot("rounds").await;
    expect_accessible(browser, "rounds").await;
    browser.open(&format!("{here}/print")).await;
    browser.find(".a4").await;
    let script = "const mm = document.querySelector('.a4').getBoundingClientRect().width / 210;
        return Array.from(document.querySelectorAll('.a4'))
        .filter(e => e.getBoundingClientRect().height > 297.5 * mm).length;";
    let long: u64 = browser.driver.execute(script, Vec::new()).await.unwrap().convert().unwrap();
    assert_eq!(long, 0, "plans longer than a page");
    browser.shoot("round-print").await;
    here
}

async fn count_returns(browser: &Browser) -> usize {
    browser.open("/visits/returns").await;
    let all = thirtyfour::By::Css("td a[href^='/visits/returns/']");
    browser.find("#main .head").await;
    browser.driver.find_all(all).await.unwrap().len()
}

/// A form that is half filled in lies sealed on the phone, stands in its place when the page is
/// opened again, and is gone once it has been sent.
async fn half_filled_in(browser: &Browser) {
    browser.click("#s4 summary").await;
    browser.click("#s4-outcome input[value=hardship]").await;
    browser.click("#s4-met input[value=parents]").await;
    browser.fill("#s4-note", SECRET).await;
    for _ in 0..1_200 {
        if on_the_phone(browser).await.contains("half/") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let kept = on_the_phone(browser).await;
    assert!(kept.contains("\"stop\":\"4\""), "{kept}");
    assert!(!kept.contains(SECRET) && !kept.contains("parents"), "it lies open on the phone");
    browser.driver.refresh().await.unwrap();
    says(browser, "都送到了").await;
    let note = browser.find("#s4-note").await;
    assert_eq!(note.prop("value").await.unwrap().unwrap(), SECRET);
    // The page stands where it stood, the button perhaps under what stays at the top.
    let script = "document.querySelector('#s4 form .btn.pri').scrollIntoView({ block: 'center' });";
    browser.driver.execute(script, Vec::new()).await.unwrap();
    browser.click("#s4 form .btn.pri").await;
    browser.find("#s4 .tag.acc").await;
    for _ in 0..1_200 {
        if !on_the_phone(browser).await.contains("\"stop\"") {
            browser.driver.execute("scrollTo(0, 0);", Vec::new()).await.unwrap();
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("something stays: {}", on_the_phone(browser).await);
}

#[test]
fn what_is_typed_without_network_waits_sealed_and_arrives_once() {
    if driver_url().is_none() {
        return;
    }
    let mut program = Program::new();
    program.start(&["demo"]);
    in_browser("rounds", &program, async |browser| {
        let here = plan(browser).await;
        browser.resize(390, 844).await;
        browser.open(&format!("{here}/phone")).await;
        says(browser, "都送到了").await;
        let script = "return document.documentElement.scrollWidth;";
        let needed: u64 =
            browser.driver.execute(script, Vec::new()).await.unwrap().convert().unwrap();
        assert!(needed <= 390, "the phone page needs {needed}");
        browser.photograph("round-phone", 390).await;
        expect_accessible(browser, "round-phone").await;

        half_filled_in(browser).await;
        network(browser, true).await;
        browser.click("#s1 summary").await;
        browser.click("#s1 form .btn.pri").await;
        assert!(browser.find("#s1 [data-wrong]").await.text().await.unwrap().contains("请选"));
        expect_accessible(browser, "round-phone-form").await;
        browser.photograph("round-phone-form", 390).await;
        browser.click("#s1 summary").await;
        fill_in(browser, 1, SECRET).await;
        says(browser, "已存在手机上 1 条，还没有送到").await;
        fill_in(browser, 2, "去外地了").await;
        says(browser, "已存在手机上 2 条，还没有送到").await;
        browser.photograph("round-phone-waiting", 390).await;
        let kept = on_the_phone(browser).await;
        assert!(kept.contains("\"stop\":\"1\"") && kept.len() > 400, "{kept}");
        for typed in [SECRET, "父亲住院", "hardship", "parents", "outcome", "filled_by"] {
            assert!(!kept.contains(typed), "{typed} lies open on the phone");
        }
        // Changed before it could be sent: the new one takes the place of the old one.
        browser.click("#keep-more summary").await;
        browser.photograph("round-phone-more", 390).await;
        browser.click("#keep [data-act=change]").await;
        let note = browser.find("#s1-note").await;
        assert_eq!(note.prop("value").await.unwrap().unwrap(), SECRET);
        browser.fill("#s1-note", "父亲住院，明年春天再谈").await;
        browser.click("#s1 form .btn.pri").await;
        says(browser, "已存在手机上 2 条").await;

        // The session runs out on the road; signed in again, the same person finds it all.
        browser.driver.delete_all_cookies().await.unwrap();
        network(browser, false).await;
        says(browser, "登录过期了").await;
        says(browser, "已存在手机上 2 条").await;
        browser.click("#keep-send").await;
        says(browser, "登录过期了").await;
        sign_in(browser).await;
        browser.open(&format!("{here}/phone")).await;
        says(browser, "都送到了").await;
        let kept = on_the_phone(browser).await;
        assert!(!kept.contains("\"stop\""), "{kept}");
        assert!(browser.find("#s1 [data-state]").await.text().await.unwrap().contains("已报回"));

        browser.resize(1440, 900).await;
        assert_eq!(count_returns(browser).await, 3, "each arrived once");
        browser.says("走访当天").await;
        // The one that was filled in last came last.
        browser.click("tr:last-child td a[href^='/visits/returns/']").await;
        browser.find("button[value=accept]").await;
        browser.says("明年春天再谈").await;

        // A browser that cannot seal keeps nothing, and says so.
        let without = serde_json::json!({
            "source": "Object.defineProperty(Crypto.prototype, 'subtle', { get: () => undefined })"
        });
        browser
            .driver
            .cdp()
            .send_raw("Page.addScriptToEvaluateOnNewDocument", without)
            .await
            .unwrap();
        browser.resize(390, 844).await;
        browser.open(&format!("{here}/phone")).await;
        says(browser, "这台手机上不保留填的内容").await;
        network(browser, true).await;
        fill_in(browser, 3, "没有信号").await;
        let wrong = browser.find("#s3 [data-wrong] a").await.text().await.unwrap();
        assert!(wrong.contains("没有送到"), "{wrong}");
        network(browser, false).await;
        browser.click("#s3 form .btn.pri").await;
        browser.find("#s3 .tag.acc").await;
        assert!(!on_the_phone(browser).await.contains("\"stop\""));
        browser.resize(1440, 900).await;
        assert_eq!(count_returns(browser).await, 4);
    });
}
