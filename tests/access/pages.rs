//! What every answer carries, and how errors look.

use crate::support::{TestApp, each};
use zhuxue::book::staff::Role;

const PAGES: [&str; 10] = [
    "/login",
    "/me",
    "/admin",
    "/admin/staff/new",
    "/admin/office",
    "/audit",
    "/admin/jobs",
    "/admin/jobs/warn_staff",
    "/nowhere",
    "/healthz",
];

#[test]
fn every_answer_carries_the_security_headers_and_no_inline_code() {
    each(async |t| {
        let mut browser = t.sign_in(Role::Administrator);
        for path in PAGES {
            let answer = browser.get(path).await;
            let csp = answer.header("content-security-policy");
            for part in [
                "default-src 'self'",
                "style-src 'self'",
                "script-src 'self'",
                "frame-ancestors 'none'",
                "form-action 'self'",
                "base-uri 'none'",
            ] {
                assert!(csp.contains(part), "{path}: {csp}");
            }
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
            for inline in [" style=", "<style", " onclick=", " onload=", "javascript:", "hx-on"] {
                assert!(!answer.text.contains(inline), "{path} has {inline}");
            }
            assert!(!answer.text.contains("<script>"), "{path}");
        }
    });
}

#[test]
fn assets_are_kept_under_their_own_name() {
    each(async |t| {
        let mut browser = t.nobody();
        let page = browser.get("/login").await.text;
        let at = page.find("/assets/").unwrap();
        let url = &page[at..at + page[at..].find('"').unwrap()];
        let answer = browser.get(url).await;
        answer.is(200);
        browser.get("/assets/x/vendor/icons.svg").await.is(200).says(&["i-home"]);
        browser.get("/assets/x/../Cargo.toml").await.is(404);
        browser.get("/assets/x/none.css").await.is(404);
    });
}

#[test]
fn an_unknown_page_says_so_in_the_shell_or_without() {
    each(async |t| {
        t.nobody().get("/nowhere").await.is(404).says(&["没有找到这一页", "去登录页"]);
        t.sign_in(Role::Clerk).get("/admin/staff/1").await.is(403).says(&["不在您的权限里"]);
        let mut admin = t.sign_in(Role::Administrator);
        admin.get("/admin/staff/1").await.is(404).says(&["没有找到这一页", "回到首页"]);
        admin.get("/admin/staff/abc").await.is(404);
        admin.post("/audit", &[]).await.is(404);
    });
}

#[test]
fn the_address_of_a_form_answers_with_the_page_that_it_stands_on() {
    each(async |t| {
        let mut clerk = t.sign_in(Role::Clerk);
        for (form, page) in [
            ("/overdue/LZ2015-0001/contacts", "/overdue/LZ2015-0001"),
            ("/overdue/lists/5/forget", "/overdue"),
            ("/loans/LZ2015-0001/notes", "/loans/LZ2015-0001"),
        ] {
            assert_eq!(clerk.get(form).await.is(303).header("location"), page, "{form}");
        }
        clerk.get("/reveal").await.is(404);
    });
}

#[test]
fn programs_get_json_and_htmx_gets_a_message() {
    each(async |t| {
        let mut browser = t.sign_in(Role::Clerk);
        browser.headers = vec![("Accept", "application/json".to_owned())];
        let answer = browser.get("/admin").await;
        answer.is(403);
        let json: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
        assert_eq!(json["title"], "这一页不在您的权限里");
        browser.headers = vec![("HX-Request", "true".to_owned())];
        let answer = browser.get("/admin").await;
        assert_eq!(answer.header("hx-retarget"), "#flash");
        assert!(!answer.text.contains("<html"), "{}", answer.text);
        let mut nobody = t.nobody();
        nobody.headers = vec![("HX-Request", "true".to_owned())];
        assert_eq!(nobody.get("/admin").await.header("hx-redirect"), "/login");
    });
}

#[test]
fn our_fault_gets_a_reference_and_no_cause() {
    each(async |mut t| {
        let mut browser = t.sign_in(Role::Administrator);
        // A template that cannot be rendered stands for everything that is our fault.
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("desk")).unwrap();
        std::fs::write(folder.path().join("desk/admin.html"), "{{ page.nothing.there }}").unwrap();
        let templates = zhuxue::plumbing::templates::Templates::new(Some(folder.path()));
        t.app.parts.templates = std::sync::Arc::new(templates);
        let mut broken = t.nobody();
        broken.cookies.clone_from(&browser.cookies);
        let answer = broken.get("/admin").await;
        answer.is(500).says(&["E-1031-", "没能办成，是系统的问题"]);
        assert!(!answer.text.contains("template") && !answer.text.contains("nothing"));
        browser.get("/admin").await.is(200);
    });
}

#[test]
fn the_head_says_when_the_clock_is_not_the_real_one() {
    each(async |t| {
        t.sign_in(Role::Administrator).get("/admin").await.says(&["演示日期 2026年10月31日"]);
    });
}

#[actix_web::test]
async fn health_and_metrics() {
    let t = TestApp::with(|config| config.metrics_from = vec!["10.0.0.9".to_owned()]);
    let mut browser = t.nobody();
    browser.get("/readyz").await.is(200);
    browser.get("/login").await.is(200);
    browser.get("/metrics").await.is(200).says(&[
        "zhuxue_request_seconds_bucket{method=\"GET\",route=\"/login\",status=\"200\"",
        "zhuxue_history_unchained 0",
        "zhuxue_books_ok -1",
    ]);
    let t = TestApp::new();
    t.nobody().get("/metrics").await.is(404);
}
