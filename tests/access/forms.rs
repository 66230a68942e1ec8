//! Forms that change something: only ours, only with the token, only from our pages.

use crate::support::each;
use zhuxue::book::staff::Role;

#[test]
fn a_missing_or_wrong_token_changes_nothing() {
    each(async |t| {
        let mut browser = t.sign_in(Role::Administrator);
        let good = browser.csrf.clone();
        let office = [("name", "新名"), ("phone", ""), ("address", ""), ("version", "x")];
        for bad in ["", "0", &good[1..]] {
            browser.csrf = bad.to_owned();
            browser
                .post("/admin/office", &office)
                .await
                .is(403)
                .says(&["页面开得太久，请刷新后再提交", "什么都没有改动"]);
        }
        browser.post_bare("/admin/office", &office).await.is(403);
        let mut other = t.sign_in(Role::Administrator);
        other.csrf = good;
        other.post("/admin/office", &office).await.is(403);
    });
}

#[test]
fn htmx_sends_the_token_as_a_header() {
    each(async |t| {
        let mut browser = t.sign_in(Role::Clerk);
        browser.headers = vec![("HX-Request", "true".to_owned())];
        browser.post_bare("/me/sessions", &[("end", "others")]).await.is(403);
        browser.headers.push(("X-Csrf-Token", browser.csrf.clone()));
        browser.post_bare("/me/sessions", &[("end", "others")]).await.is(303);
    });
}

#[test]
fn a_form_of_another_site_is_refused_even_with_the_token() {
    each(async |t| {
        let mut browser = t.sign_in(Role::Clerk);
        browser.headers = vec![("Origin", "https://evil.example".to_owned())];
        browser.post("/me/sessions", &[("end", "others")]).await.is(403);
        browser.headers = vec![("Origin", "null".to_owned())];
        browser.post("/me/sessions", &[("end", "others")]).await.is(403);
        browser.headers = vec![("Origin", "http://127.0.0.1:8080".to_owned())];
        browser.post("/me/sessions", &[("end", "others")]).await.is(303);
    });
}

#[test]
fn a_name_that_is_not_ours_is_not_served() {
    each(async |t| {
        let mut browser = t.nobody();
        browser.headers = vec![("Host", "evil.example".to_owned())];
        browser.get("/login").await.is(404);
        browser.get("/healthz").await.is(200);
        browser.headers = vec![("Host", "localhost:8080".to_owned())];
        browser.get("/login").await.is(200);
    });
}

#[test]
fn a_huge_form_is_refused_in_words() {
    each(async |t| {
        let mut browser = t.sign_in(Role::Administrator);
        let long = "长".repeat(100_000);
        browser.post("/admin/office", &[("name", &long)]).await.is(422).says(&["内容太长"]);
    });
}

#[test]
fn nothing_packed_is_taken_on_any_route() {
    each(async |t| {
        let mut clerk = t.sign_in(Role::Director);
        for entry in zhuxue::site::routes() {
            let path = entry.path.replace(['{', '}'], "x").replace(":.*", "");
            let packed = actix_web::test::TestRequest::default()
                .method(entry.method.clone())
                .uri(&path)
                .insert_header(("Content-Encoding", "gzip"))
                .set_payload(vec![0x1f_u8, 0x8b, 8, 0]);
            let answer = clerk.send(packed).await;
            answer.is(415).says(&["压缩过的请求不收"]);
        }
    });
}
