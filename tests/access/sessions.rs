//! Sessions end: by hand, by time, with the account.

use crate::support::{TestApp, each};
use zhuxue::book::staff::Role;

#[test]
fn signing_out_ends_the_session_in_the_database() {
    each(async |t| {
        let mut browser = t.sign_in(Role::Clerk);
        let cookies = browser.cookies.clone();
        browser.get("/me").await.is(200).says(&["就是这里"]);
        browser.post("/logout", &[]).await.is(303);
        browser.cookies = cookies;
        browser.get("/me").await.is(303);
    });
}

#[test]
fn one_ends_ones_other_sessions() {
    each(async |t| {
        let one = t.add_staff("lz01", "韦清越", Role::Clerk);
        let (mut here, mut there) = (t.sign_in_as(&one), t.sign_in_as(&one));
        let stranger = t.sign_in(Role::Clerk).who().await.unwrap();
        let key = zhuxue::base::hex::hex(&stranger.session);
        here.post("/me/sessions", &[("end", &key)]).await.is(404);
        here.post("/me/sessions", &[("end", "others")]).await.is(303);
        there.get("/me").await.is(303);
        here.get("/me").await.is(200).says(&["已结束登录"]);
    });
}

#[actix_web::test]
async fn a_session_ends_after_hours_without_a_click_and_in_any_case() {
    // The clock is set to noon and runs on while the test does, hence the hours between days.
    let t = TestApp::with(|config| {
        config.session_idle_hours = 23;
        config.session_hours = 60;
    });
    let mut idle = t.sign_in(Role::Clerk);
    idle.get("/me").await.is(200);
    t.set_day("2026-11-01");
    idle.get("/me").await.is(303);

    let t = TestApp::with(|config| {
        config.session_idle_hours = 30;
        config.session_hours = 60;
    });
    let mut busy = t.sign_in(Role::Clerk);
    let mut seen = Vec::new();
    for day in ["2026-11-01", "2026-11-02", "2026-11-03"] {
        t.set_day(day);
        seen.push(busy.get("/me").await.status);
    }
    assert_eq!(seen, [200, 200, 303]);
}

/// A form whose session is over leads back to the page it stands on, with a sentence why; only a
/// browser that was signed in is told so.
#[actix_web::test]
async fn a_form_after_the_end_comes_back_to_its_page() {
    let t = TestApp::with(|config| {
        config.session_idle_hours = 23;
        config.session_hours = 60;
    });
    let mut clerk = t.sign_in(Role::Clerk);
    let page = clerk.get("/me").await;
    page.is(200).says(&["data-ends=\"827", "data-staff="]);
    clerk.get("/me/stay").await.is(200).says(&["\"ends_in_s\":827"]);
    t.set_day("2026-11-01");
    let to = clerk.get("/loans?q=1").await.is(303).header("location").to_owned();
    assert_eq!(to, "/login?next=/loans%3Fq%3D1&ended=1");
    clerk.get(&to).await.is(200).says(&["登录已到时间，请重新登录", "同一个账号"]);
    let plain = t.nobody().get("/loans").await;
    assert_eq!(plain.is(303).header("location"), "/login?next=/loans");
    clerk.get("/me/stay").await.is(303);
}

#[test]
fn disabling_an_account_ends_its_sessions_at_once() {
    each(async |t| {
        let one = t.add_staff("lz01", "韦清越", Role::Clerk);
        let mut browser = t.sign_in_as(&one);
        let mut admin = t.sign_in(Role::Administrator);
        let fields = [("state", "disabled"), ("version", "1")];
        admin.post(&format!("/admin/staff/{}/state", one.id), &fields).await.is(303);
        let to = browser.get("/me").await.is(303).header("location").to_owned();
        let page = browser.get(&to).await;
        page.is(200).says(&["管理员结束了它"]);
        assert!(!page.text.contains("太久没有操作"), "nobody was away");
    });
}

#[actix_web::test]
async fn the_database_holds_no_token() {
    use diesel::{QueryDsl as _, RunQueryDsl as _};
    use zhuxue::plumbing::schema::session;
    let t = TestApp::new();
    let browser = t.sign_in(Role::Clerk);
    let token = browser.cookies[0].1.clone();
    let kept: Vec<u8> =
        t.app.db.read(|db| Ok(session::table.select(session::token_hash).first(db)?)).unwrap();
    assert_eq!(token.len(), 64);
    assert_eq!(kept, zhuxue::base::hex::hash_of(&token));
}

#[test]
fn a_new_password_ends_the_other_sessions_and_needs_the_old_one() {
    each(async |t| {
        let one =
            t.add_staff_to("512022", "lz01", "韦清越", Role::Clerk, "旧密码旧密码旧密码一二三");
        let (mut here, mut there) = (t.sign_in_as(&one), t.sign_in_as(&one));
        let new = "十月的天气真是很好很好";
        let fields = |old, new, again| [("old", old), ("new", new), ("again", again)];
        here.post("/me/password", &fields("wrong", new, new))
            .await
            .is(422)
            .says(&["现在的密码不对"]);
        here.post("/me/password", &fields("旧密码旧密码旧密码一二三", "short", "short"))
            .await
            .is(422)
            .says(&["至少 10 个字符", "出错："]);
        here.post("/me/password", &fields("旧密码旧密码旧密码一二三", new, "other"))
            .await
            .is(422)
            .says(&["两次输入的新密码不一样"]);
        here.post("/me/password", &fields("旧密码旧密码旧密码一二三", new, new)).await.is(303);
        here.get("/me").await.is(200);
        there.get("/me").await.is(303);
    });
}
