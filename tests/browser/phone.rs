//! The borrower's own pages on a phone: signs in by the code that was really sent to the
//! phone, looks at every page (none has a script), and holds each against axe-core, 320
//! pixels, 48-pixel targets and 80 KB.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::accessibility::expect_accessible;
use super::harness::{Browser, Program, driver_url, in_browser};
use crate::borrower::town::code_in;

/// Most bytes of a page with style, icons and all, as they go over the wire.
const BYTES_MAX: u64 = 80_000;

/// Borrowers of the sample county: late, in grace, in study, settled, waiting for money.
const PEOPLE: [(&str, &str); 5] = [
    ("late", "512098199711164246"),
    ("repaying", "512098200403255715"),
    ("study", "51209720080127996X"),
    ("settled", "512099200009091667"),
    ("signed", "51209920080403125X"),
];

/// Who studies and may borrow again.
const STUDENT: &str = "51209720080127996X";

/// Every page of somebody signed in.
const PAGES: [(&str, &str); 9] = [
    ("home", "/m"),
    ("schedule", "/m/schedule"),
    ("paid", "/m/paid"),
    ("early", "/m/early?contract=all&on=2026-10-31"),
    ("repay", "/m/repay"),
    ("contracts", "/m/contracts"),
    ("contacts", "/m/contacts"),
    ("settings", "/m/settings"),
    ("help", "/m/help"),
];

/// The code that was really sent: in a file of the SMS gateway's folder. `seen` are the files that
/// were there before; other messages may come between.
async fn code(program: &Program, seen: &mut BTreeSet<PathBuf>) -> String {
    let folder = program.file("spool/sms");
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(60) {
        let files = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let new = files
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|end| end == "json"))
            .find(|path| !seen.contains(path));
        if let Some(path) = new {
            let sent: serde_json::Value =
                serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            let text = sent["text"].as_str().unwrap();
            assert!(text.starts_with('【') && text.contains("核对码"), "{text}");
            seen.insert(path);
            if text.contains("登录验证码") {
                return code_in(text);
            }
            continue;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no code was sent within a minute");
}

async fn number(browser: &Browser, script: &str) -> u64 {
    browser.driver.execute(script, Vec::new()).await.unwrap().convert().unwrap()
}

/// Wide enough, light enough, targets large enough, nothing missing, accessible.
async fn look(browser: &Browser, name: &str) {
    let weigh = "return performance.getEntriesByType('navigation')
        .concat(performance.getEntriesByType('resource'))
        .reduce((sum, e) => sum + e.encodedBodySize + 300, 0);";
    let bytes = number(browser, weigh).await;
    assert!(bytes < BYTES_MAX, "{name} weighs {bytes} bytes");
    eprintln!("{name}: {bytes} bytes");
    let small = "return Array.from(document.querySelectorAll('.btn, summary, .ml a, select, \
        input:not([type=hidden]):not([type=checkbox]):not([type=radio]), label.tick, .bk'))
        .filter(e => e.getClientRects().length && e.getBoundingClientRect().height < 48)
        .map(e => e.outerHTML.slice(0, 90));";
    for width in [320, 390] {
        browser.resize(width, 844).await;
        let needed = number(browser, "return document.documentElement.scrollWidth;").await;
        assert!(needed <= u64::from(width), "{name} at {width} pixels needs {needed}");
        let small: Vec<String> =
            browser.driver.execute(small, Vec::new()).await.unwrap().convert().unwrap();
        assert!(small.is_empty(), "{name} at {width} pixels has small targets: {small:?}");
        browser.photograph(&format!("m-{name}"), width).await;
    }
    expect_accessible(browser, name).await;
    assert_eq!(browser.failed_requests().await, Vec::<String>::new());
}

async fn sign_in(
    program: &Program,
    browser: &Browser,
    id_number: &str,
    seen: &mut BTreeSet<PathBuf>,
) {
    browser.open("/m/sign-in").await;
    browser.fill("#id_number", id_number).await;
    browser.click("main .btn.pri").await;
    browser.find("#code").await;
    browser.fill("#code", &code(program, seen).await).await;
    browser.click("main .btn.pri").await;
    browser.find(".hero").await;
    assert_eq!(browser.path().await, "/m");
}

#[test]
fn a_borrower_signs_in_by_the_code_and_sees_every_page() {
    if driver_url().is_none() {
        return;
    }
    let mut program = Program::new();
    program.start(&["demo"]);
    in_browser("phone", &program, async |browser| {
        browser.resize(390, 844).await;
        browser.open("/m").await;
        assert_eq!(browser.path().await, "/m/sign-in");
        look(browser, "sign-in").await;
        browser.open("/m/check").await;
        look(browser, "check").await;
        let mut seen = BTreeSet::new();
        for (who, id_number) in PEOPLE {
            sign_in(&program, browser, id_number, &mut seen).await;
            assert!(!browser.driver.source().await.unwrap().contains("<script"));
            look(browser, &format!("home-{who}")).await;
            browser.open("/m/schedule").await;
            look(browser, &format!("schedule-{who}")).await;
            if who != "late" && who != "repaying" {
                browser.driver.delete_all_cookies().await.unwrap();
                continue;
            }
            for (name, path) in PAGES {
                browser.open(path).await;
                look(browser, &format!("{name}-{who}")).await;
            }
            browser.open("/m").await;
            browser.click(".mtop .btn").await;
            browser.find(".m.big").await;
            look(browser, &format!("big-{who}")).await;
            browser.driver.delete_all_cookies().await.unwrap();
        }
    });
}

#[test]
fn a_household_books_and_moves_its_time_at_the_counter() {
    if driver_url().is_none() {
        return;
    }
    let mut program = Program::new();
    program.start(&["demo", "--today", "2026-08-10"]);
    in_browser("booking", &program, async |browser| {
        browser.resize(390, 844).await;
        let mut seen = BTreeSet::new();
        sign_in(&program, browser, STUDENT, &mut seen).await;
        browser.open("/m/booking").await;
        look(browser, "booking").await;
        browser.click("main .btn.pri").await;
        browser.says("请选一个时间").await;
        look(browser, "booking-none").await;
        browser.click("label.tick").await;
        browser.click("main .btn.pri").await;
        browser.says("您约的时间").await;
        look(browser, "booking-done").await;
        browser.click("[name=cancel]").await;
        browser.find("label.tick").await;
        browser.click("fieldset:last-of-type label.tick").await;
        browser.click("main .btn.pri").await;
        browser.says("您约的时间").await;
    });
}
