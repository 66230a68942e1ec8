//! Pages checked by axe-core against WCAG 2.2 A and AA and its best practices.

use serde::Deserialize;

use super::harness::Browser;

const AXE: &str = include_str!("../vendor/axe-4.14.1.min.js");

/// What a page has wrong, and where.
#[derive(Debug, Deserialize)]
pub struct Violation {
    /// The rule of axe-core: `color-contrast`.
    pub id: String,
    /// What it asks for, in a sentence.
    pub help: String,
    /// The elements, as CSS selectors.
    pub places: Vec<String>,
}

/// Runs axe-core in the page as it is. A script of the driver is not stopped by the page's
/// content security policy, so the page needs no hole for it.
pub async fn violations(browser: &Browser) -> Vec<Violation> {
    browser.driver.execute(AXE, Vec::new()).await.unwrap();
    let run = "const done = arguments[arguments.length - 1];
        axe.run(document, {
            runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa',
                'wcag22a', 'wcag22aa', 'best-practice'] },
            rules: { 'target-size': { enabled: true } },
            resultTypes: ['violations'],
        }).then(
            result => done({ found: result.violations.map(v => ({ id: v.id, help: v.help,
                places: v.nodes.map(n => n.target.flat().join(' ')) })),
                passed: result.passes.length }),
            error => done({ failure: String(error) }));";
    let answer = browser.driver.execute_async(run, Vec::new()).await.unwrap();
    let answer = answer.json();
    assert!(answer.get("failure").is_none(), "axe-core: {answer}");
    // Zero rules passed would mean that it looked at nothing.
    assert!(answer["passed"].as_u64().unwrap() > 5, "axe-core: {answer}");
    serde_json::from_value(answer["found"].clone()).unwrap()
}

/// Fails with every violation and its places, one on a line.
pub async fn expect_accessible(browser: &Browser, page: &str) {
    let found = violations(browser).await;
    let lines: Vec<String> =
        found.iter().map(|v| format!("{}: {}: {}", v.id, v.help, v.places.join(" | "))).collect();
    assert!(lines.is_empty(), "{page} ({}):\n{}", browser.path().await, lines.join("\n"));
}
