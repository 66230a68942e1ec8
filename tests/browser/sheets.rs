//! A sheet's way out and back, with a camera: made and printed in Chromium, its code read from the
//! picture of the paper, opened on a phone, filled in with a photograph, accepted at the desk.

use std::io::Cursor;
use std::path::Path;

use super::accessibility::expect_accessible;
use super::harness::{Browser, Program, driver_url, in_browser};

/// What a phone's camera reads off the first code on the page.
async fn scanned(browser: &Browser) -> String {
    let size = serde_json::json!({
        "width": 1440, "height": 900, "deviceScaleFactor": 3, "mobile": false
    });
    browser.driver.cdp().send_raw("Emulation.setDeviceMetricsOverride", size).await.unwrap();
    let bytes = browser.find(".a4 .qr").await.screenshot_as_png().await.unwrap();
    browser.resize(1440, 900).await;
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let (width, height) = (info.width as usize, info.height as usize);
    let samples = info.color_type.samples();
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
        pixels[(y * width + x) * samples]
    });
    let grids = picture.detect_grids();
    assert_eq!(grids.len(), 1, "one code in a picture of {width} x {height}");
    grids[0].decode().unwrap().1
}

async fn weigh(browser: &Browser) -> u64 {
    let script = "return performance.getEntriesByType('navigation')
        .concat(performance.getEntriesByType('resource'))
        .reduce((sum, e) => sum + e.encodedBodySize + 300, 0);";
    browser.driver.execute(script, Vec::new()).await.unwrap().convert().unwrap()
}

async fn fits(browser: &Browser, name: &str) {
    browser.resize(390, 844).await;
    let script = "return document.documentElement.scrollWidth;";
    let needed: u64 = browser.driver.execute(script, Vec::new()).await.unwrap().convert().unwrap();
    assert!(needed <= 390, "{name} needs {needed}");
    browser.photograph(&format!("r-{name}"), 390).await;
    expect_accessible(browser, name).await;
}

/// No sheet of paper is longer than its A4 page.
async fn is_one_page_each(browser: &Browser) {
    let script = "const mm = document.querySelector('.a4').getBoundingClientRect().width / 210;
        return Array.from(document.querySelectorAll('.a4'))
        .filter(e => e.getBoundingClientRect().height > 297.5 * mm).length;";
    let long: u64 = browser.driver.execute(script, Vec::new()).await.unwrap().convert().unwrap();
    assert_eq!(long, 0, "sheets longer than a page");
}

/// What the head of the printing page says and what comes out of the printer are as many pages.
async fn prints_what_it_says(browser: &Browser, path: &str) {
    browser.open(path).await;
    let head = browser.find(".ptool .sub").await.text().await.unwrap();
    let pages = head.split("共 ").nth(1).unwrap().split(' ').next().unwrap();
    let how = serde_json::json!({ "preferCSSPageSize": true, "printBackground": true });
    let pdf = browser.file_of("Page.printToPDF", how).await;
    let printed = pdf.windows(12).filter(|w| w.starts_with(b"/Type /Page") && w[11] != b's');
    assert_eq!(printed.count().to_string(), pages, "{path}: {head}");
    let samples = browser.driver.find_all(thirtyfour::By::Css(".samp")).await.unwrap().len();
    let numbers = browser.text().await.contains("编号 HZ");
    assert_eq!(numbers, samples == 0, "{path}: a number before it is made is another than after");
}

#[test]
fn a_sheet_goes_out_is_scanned_filled_in_and_accepted() {
    if driver_url().is_none() {
        return;
    }
    let mut program = Program::new();
    program.start(&["demo"]);
    in_browser("sheets", &program, async |browser| {
        browser.open("/login").await;
        browser.fill("[name=login]", "jingban").await;
        browser.fill("[name=password]", "demo-jingban").await;
        browser.click(".btn.pri").await;
        browser.find("#main .head").await;
        browser.open("/visits?file=LZ2017-0006").await;
        browser.shoot("visits-choose").await;
        browser.click("form[action='/visits/batches'] .btn.pri").await;
        browser.find("a[href$='/print']").await;
        let batch = browser.path().await;
        browser.shoot("visits-batch").await;
        expect_accessible(browser, "visits-batch").await;
        browser.fill("#to", "王主任").await;
        browser.click("form[action$='/handed'] .btn").await;
        browser.find(".tag.acc").await;

        browser.open(&format!("{batch}/print")).await;
        browser.find(".a4 .qr").await;
        is_one_page_each(browser).await;
        browser.shoot("visits-sheet").await;
        let url = scanned(browser).await;
        let path = url.strip_prefix(&program.address("")).expect("our own address").to_owned();
        assert!(path.starts_with("/r/") && path.len() == 11, "{url}");

        browser.open(&path).await;
        browser.find("#outcome").await;
        assert!(weigh(browser).await < 80_000);
        let said = browser.text().await;
        assert!(!said.contains('¥') && !said.contains("叶敏") && said.contains("叶*"), "{said}");
        fits(browser, "form").await;
        browser.click("#outcome input[value=hardship]").await;
        browser.click("form .btn.pri[type=submit], main form .btn.pri").await;
        browser.find(".errsum").await;
        fits(browser, "errors").await;
        browser.click("#met input[value=parents]").await;
        browser.fill("#filled_by", "王主任").await;
        browser.fill("#note", "父亲住院，年底前还不上").await;
        let photo = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("shots");
        let photo = photo.join("visits-sheet-phone.png");
        browser.find("#photo").await.send_keys(photo.to_str().unwrap()).await.unwrap();
        browser.click("main form .btn.pri").await;
        browser.find("[role=status]").await;
        browser.says("已经收到，谢谢").await;
        fits(browser, "back").await;
        browser.open("/r").await;
        fits(browser, "ask").await;

        browser.resize(1440, 900).await;
        browser.open("/visits/sent").await;
        browser.shoot("visits-sent").await;
        expect_accessible(browser, "visits-sent").await;
        browser.open("/visits/returns").await;
        browser.shoot("visits-returns").await;
        expect_accessible(browser, "visits-returns").await;
        browser.click("td a[href^='/visits/returns/']").await;
        browser.find("a[href^='/visits/photos/']").await;
        browser.shoot("visits-return").await;
        expect_accessible(browser, "visits-return").await;
        browser.click("button[value=accept]").await;
        browser.find(".empty").await;
        browser.open("/visits/enter?code=HZ26-1031-001").await;
        browser.says("已经采用").await;
        prints_what_it_says(browser, "/visits/print?by=village&as_of=2026-10-31&set=1&stub=1")
            .await;
        browser.open("/visits").await;
        browser.click("#make .btn.pri").await;
        let all =
            browser.find("a[href$='/print?all=1']").await.attr("href").await.unwrap().unwrap();
        prints_what_it_says(browser, &format!("{all}&set=1&stub=1")).await;
        expect_accessible(browser, "visits-enter").await;
        assert_eq!(browser.failed_requests().await, Vec::<String>::new());
    });
}
