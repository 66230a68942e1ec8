//! The handbook says what the pages say: every name in 「…」 of a chapter stands on the page it is
//! about, every picture it shows is there. With `HELP_PICTURES=1` the pictures are made anew.

use std::collections::BTreeMap;
use std::path::Path;

use super::accessibility::expect_accessible;
use super::harness::{Browser, Program, driver_url, in_browser};
use zhuxue::desk::help::CHAPTERS;

/// A part of a chapter, the page it is about, whose page it is, and the picture taken of it.
const PARTS: [(&str, &str, &str, &str, &str); 15] = [
    ("find", "search", "/search?q=菲", "jingban", "find"),
    ("find", "file", FILE, "jingban", "file"),
    ("find", "numbers", FILE, "jingban", ""),
    ("phone", "new", FILE, "jingban", "phone"),
    ("phone", "changes", "/contact-changes", "jingban", ""),
    ("imports", "upload", "/imports", "jingban", "imports"),
    ("imports", "wrong", "/imports", "jingban", ""),
    ("overdue", "list", "/overdue", "jingban", "overdue"),
    ("overdue", "case", "/overdue/next", "jingban", "case"),
    ("visits", "choose", "/visits", "jingban", "visits"),
    ("visits", "sent", "/visits/sent", "jingban", ""),
    ("family", "list", "/family-contacts", "zhuren", "family"),
    ("messages", "list", "/messages", "fuhe", "messages"),
    ("messages", "release", "/messages", "fuhe", ""),
    ("messages", "one", FILE, "jingban", ""),
];
const MORE: [(&str, &str, &str, &str, &str); 50] = [
    ("season", "check", "/season", "zhuren", ""),
    ("season", "open", "/season", "zhuren", ""),
    ("season", "close", "/season", "zhuren", ""),
    ("bookings", "open", "/bookings", "jingban", ""),
    ("bookings", "book", "/bookings", "jingban", ""),
    ("bookings", "day", "/bookings", "jingban", ""),
    ("counter", "begin", "/applications", "jingban", ""),
    ("counter", "steps", "/applications", "jingban", ""),
    ("counter", "bank", "/applications", "jingban", ""),
    ("counter", "scans", "/applications", "jingban", ""),
    ("hardship", "rounds", "/hardship", "jingban", ""),
    ("hardship", "publicity", "/hardship", "jingban", ""),
    ("hardship", "county", "/hardship", "jingban", ""),
    ("hardship", "matching", "/matching", "jingban", ""),
    ("hardship", "partners", "/matching/partners", "zhuren", ""),
    ("hardship", "preapplication", "/pre-applications", "jingban", ""),
    ("receipts", "lists", "/receipts", "jingban", ""),
    ("receipts", "paper", FILE, "jingban", ""),
    ("receipts", "chase", "/receipts", "jingban", ""),
    ("receipts", "report", "/receipts", "jingban", ""),
    ("disbursement", "ready", "/disbursements", "jingban", ""),
    ("disbursement", "list", "/disbursements", "jingban", ""),
    ("disbursement", "answer", "/disbursements/batches", "jingban", ""),
    ("disbursement", "where", "/disbursements", "jingban", ""),
    ("study", "begin", FILE, "jingban", ""),
    ("study", "sign", "/study-changes", "jingban", ""),
    ("study", "approve", "/study-changes", "jingban", ""),
    ("graduation", "list", "/graduations", "jingban", ""),
    ("graduation", "form", "/graduations/LZ2017-0006", "jingban", ""),
    ("graduation", "days", "/graduations", "jingban", ""),
    ("repayment", "pay", FILE, "jingban", ""),
    ("repayment", "reverse", "/repayments", "jingban", ""),
    ("closing", "issue", "/closings", "jingban", ""),
    ("closing", "again", "/closings/LZ2017-0006", "jingban", ""),
    ("closing", "letter", "/closings", "jingban", ""),
    ("closing", "archive", "/closings/LZ2017-0006", "jingban", ""),
    ("closing", "period", FILE, "jingban", ""),
    ("early", "request", FILE, "jingban", ""),
    ("early", "notice", "/early-repayments", "jingban", ""),
    ("early", "list", "/early-repayments", "jingban", ""),
    ("early", "result", "/early-repayments", "jingban", ""),
    ("relief", "apply", FILE, "jingban", ""),
    ("relief", "above", "/reliefs", "jingban", ""),
    ("funds", "subsidy", "/funds", "jingban", ""),
    ("funds", "fund", "/funds", "jingban", ""),
    ("bank", "until", "/bank-data", "jingban", ""),
    ("bank", "differences", "/differences", "jingban", "bank"),
    ("handover", "handover", "handover", "guanli", "handover"),
    ("backup", "backup", "/admin/backups", "guanli", ""),
    ("backup", "restore", "/admin/backups", "guanli", "backup"),
];
const FILE: &str = "/loans/LZ2017-0006";
/// All pictures together: they are in the program.
const PICTURES_MAX: u64 = 700_000;

/// Words of the page, its fields and buttons, without blanks.
const WORDS: &str = "const seen = [document.querySelector('#main').textContent];
    for (const e of document.querySelectorAll('#main *'))
      for (const a of ['placeholder', 'aria-label', 'value', 'title'])
        seen.push(e.getAttribute(a) || '');
    return seen.join(' ').replace(/\\s+/g, '');";
const SECTIONS: &str =
    "return Object.fromEntries([...document.querySelectorAll('article section')].map(s =>
    [s.id, [...s.textContent.matchAll(/「([^」]+)」/g)].map(m => m[1])]));";
const PICTURES: &str = "return [...document.querySelectorAll('article img')].map(i =>
    new URL(i.src).pathname.split('/').pop());";

async fn sign_in(browser: &Browser, login: &str) {
    browser.driver.delete_all_cookies().await.unwrap();
    browser.open("/login").await;
    browser.fill("[name=login]", login).await;
    browser.fill("[name=password]", &format!("demo-{login}")).await;
    browser.click(".btn.pri").await;
    browser.find("#main .head").await;
}

async fn answer<T: serde::de::DeserializeOwned>(browser: &Browser, script: &str) -> T {
    browser.driver.execute(script, Vec::new()).await.unwrap().convert().unwrap()
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/help")
}

async fn take_picture(browser: &Browser, name: &str) {
    let size = serde_json::json!({
        "width": 1200, "height": 740, "deviceScaleFactor": 0.75, "mobile": false
    });
    browser.driver.cdp().send_raw("Emulation.setDeviceMetricsOverride", size).await.unwrap();
    let how = serde_json::json!({ "format": "webp", "quality": 55 });
    let bytes = browser.file_of("Page.captureScreenshot", how).await;
    std::fs::write(folder().join(format!("{name}.webp")), bytes).unwrap();
    browser.resize(1440, 900).await;
}

/// Goes to the page that a part of a chapter is about.
async fn go_to(browser: &Browser, page: &str) {
    if page != "handover" {
        browser.open(page).await;
        browser.find("#main").await;
        return;
    }
    browser.open("/admin").await;
    let script = "return [...document.querySelectorAll('#main tr')].find(r =>
        r.textContent.includes('韦清越')).querySelector('a').getAttribute('href');";
    let account: String = answer(browser, script).await;
    browser.open(&format!("{account}/handover")).await;
    browser.find("#main .head").await;
}

#[test]
fn the_handbook_names_what_stands_on_the_pages() {
    if driver_url().is_none() {
        return;
    }
    let make = std::env::var_os("HELP_PICTURES").is_some();
    let mut program = Program::new();
    program.start(&["demo"]);
    in_browser("help", &program, async |browser| {
        sign_in(browser, "jingban").await;
        let mut named: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        let mut pictures: Vec<String> = Vec::new();
        for chapter in CHAPTERS {
            browser.open(&format!("/help/{}", chapter.key)).await;
            let found: BTreeMap<String, Vec<String>> = answer(browser, SECTIONS).await;
            for (section, words) in found.into_iter().filter(|(_, words)| !words.is_empty()) {
                named.insert((chapter.key.to_owned(), section), words);
            }
            pictures.extend(answer::<Vec<String>>(browser, PICTURES).await);
        }
        let mut wrong = Vec::new();
        let mut whose = "jingban";
        for (chapter, section, page, login, picture) in PARTS.iter().chain(&MORE) {
            if whose != *login {
                sign_in(browser, login).await;
                whose = login;
            }
            go_to(browser, page).await;
            let seen: String = answer(browser, WORDS).await;
            let part = ((*chapter).to_owned(), (*section).to_owned());
            for word in named.remove(&part).unwrap_or_default() {
                if !seen.contains(&word.replace(' ', "")) {
                    wrong.push(format!("/help/{chapter}#{section}: 「{word}」 is not on {page}"));
                }
            }
            if make && !picture.is_empty() {
                take_picture(browser, picture).await;
            }
        }
        wrong.extend(named.keys().map(|part| format!("{part:?} is about no page of this test")));
        for name in &pictures {
            if !folder().join(name).exists() {
                wrong.push(format!("no picture {name}: run this test with HELP_PICTURES=1"));
            }
        }
        assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
        let sizes = std::fs::read_dir(folder()).unwrap().map(|one| one.unwrap());
        let mut all = 0;
        for one in sizes {
            let name = one.file_name().to_string_lossy().into_owned();
            assert!(pictures.contains(&name), "no chapter shows {name}");
            all += one.metadata().unwrap().len();
        }
        assert!(all < PICTURES_MAX, "{all} bytes of pictures");
    });
}

#[test]
fn a_key_opens_the_keys_of_the_page_and_leads_to_its_chapter() {
    if driver_url().is_none() {
        return;
    }
    let mut program = Program::new();
    program.start(&["demo"]);
    in_browser("keys", &program, async |browser| {
        sign_in(browser, "jingban").await;
        browser.open("/overdue").await;
        browser.find("#main h1").await;
        browser.find("body").await.send_keys("?").await.unwrap();
        browser.says("这一页的按键").await;
        browser.says("打开下一户").await;
        browser.find("#keys[open]").await;
        expect_accessible(browser, "keys").await;
        browser.shoot("keys").await;
        browser.click("#keys a.btn").await;
        browser.says("六个结果").await;
        assert_eq!(browser.path().await, "/help/overdue");
        browser.shoot("help").await;
        expect_accessible(browser, "help").await;
        browser.open("/help/words").await;
        browser.shoot("help-words").await;
        expect_accessible(browser, "help-words").await;
    });
}
