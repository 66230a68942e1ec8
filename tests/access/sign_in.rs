//! The sign-in page: the right password, the wrong one, and many wrong ones.

use crate::support::{Answer, Browser, TestApp, each};
use zhuxue::book::staff::Role;
use zhuxue::web::session::guard::{self, Attempt, Kind, Origin, Subjects, Whom};

const PASSWORD: &str = "十月的天气真是很好很好";

async fn try_with(browser: &mut Browser, login: &str, password: &str) -> Answer {
    let token = browser.get("/login").await.hidden("csrf");
    let fields = [("csrf", token.as_str()), ("login", login), ("password", password)];
    browser.post_bare("/login", &fields).await
}

#[test]
fn the_right_password_opens_the_first_page_of_the_role() {
    each(async |t| {
        t.add_staff_to("512022", "lz01", "韦清越", Role::Clerk, PASSWORD);
        let mut browser = t.nobody();
        let answer = try_with(&mut browser, " LZ01 ", PASSWORD).await;
        answer.is(303);
        assert_eq!(answer.header("location"), "/home");
        assert_eq!(browser.who().await.unwrap().name, "韦清越");
        let cookie = answer
            .headers
            .get_all("set-cookie")
            .find_map(|value| value.to_str().ok().filter(|text| text.starts_with("zhuxue=")))
            .unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    });
}

#[actix_web::test]
async fn over_https_the_cookie_is_secure_and_the_browser_is_told_to_stay() {
    let t = TestApp::with(|config| config.public_url = "https://zhuxue.example".to_owned());
    let answer = t.nobody().get("/login").await;
    assert!(answer.header("set-cookie").contains("Secure"));
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
}

#[test]
fn nobody_is_led_to_the_sign_in_page_and_back() {
    each(async |t| {
        t.add_staff_to("512022", "lz01", "韦清越", Role::Administrator, PASSWORD);
        let mut browser = t.nobody();
        let answer = browser.get("/audit?person=3").await;
        answer.is(303);
        assert_eq!(answer.header("location"), "/login?next=/audit%3Fperson%3D3");
        let token = browser.get(answer.header("location")).await;
        assert_eq!(token.hidden("next"), "&#x2f;audit?person=3");
        let fields = [
            ("csrf", token.hidden("csrf")),
            ("login", "lz01".to_owned()),
            ("password", PASSWORD.to_owned()),
            ("next", "/audit?person=3".to_owned()),
        ];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
        assert_eq!(
            browser.post_bare("/login", &fields).await.header("location"),
            "/audit?person=3"
        );
    });
}

#[test]
fn a_prepared_link_never_leads_elsewhere_and_never_breaks() {
    each(async |t| {
        t.add_staff_to("512022", "lz01", "韦清越", Role::Clerk, PASSWORD);
        let one = t.sign_in(Role::Clerk);
        for next in [
            "/%09/evil.example",
            "/%5Cevil.example",
            "/%09%5C/evil.example",
            "//evil.example",
            "/%00x",
            "/%0d%0aX-Own:1",
            "/%E4%B8%AD",
            "https:evil.example",
        ] {
            let mut browser = t.nobody();
            browser.cookies.clone_from(&one.cookies);
            let answer = browser.get(&format!("/login?next={next}")).await;
            answer.is(303);
            assert_eq!(answer.header("location"), "/home", "{next}");
            let mut nobody = t.nobody();
            let page = nobody.get(&format!("/login?next={next}")).await;
            page.is(200);
            assert!(!page.text.contains("evil"), "{next}");
        }
        // The form that large type is chosen with.
        for back in ["/m/\t/evil", "/m/\u{0}", "/m?\u{4e2d}", "/l/\\evil"] {
            let fields = [("big", "1"), ("back", back)];
            let answer = t.nobody().post_bare("/m/type", &fields).await;
            answer.is(303);
            assert!(["/m", "/m/"].contains(&answer.header("location")), "{back:?}");
        }
    });
}

#[test]
fn a_wrong_password_and_an_unknown_login_get_the_same_answer() {
    each(async |t| {
        t.add_staff_to("512022", "lz01", "韦清越", Role::Clerk, PASSWORD);
        let known = try_with(&mut t.nobody(), "lz01", "wrong-wrong-wrong").await;
        let unknown = try_with(&mut t.nobody(), "lz02", "wrong-wrong-wrong").await;
        known.is(422).says(&["登录名或密码不对", "value=\"lz01\""]);
        assert!(!known.text.contains("wrong-wrong"), "a password never comes back");
        let plain = |answer: &Answer, login: &str| {
            answer.text.replace(&answer.hidden("csrf"), "").replace(login, "LOGIN")
        };
        assert_eq!(plain(&known, "lz01"), plain(&unknown, "lz02"));
    });
}

#[test]
fn waits_begin_survive_and_end() {
    each(async |t| {
        t.add_staff_to("512022", "lz01", "韦清越", Role::Clerk, PASSWORD);
        let mut browser = t.nobody();
        for _ in 0..5 {
            try_with(&mut browser, "lz01", "wrong-wrong-wrong").await.is(422);
        }
        // After the fifth even the right password waits, and no wait is longer than five minutes.
        let waits = try_with(&mut browser, "lz01", PASSWORD).await;
        waits.is(429).says(&["分钟后再试", "连续输错的次数太多"]);
        let seconds: i64 = waits.header("retry-after").parse().unwrap();
        assert!((200..=300).contains(&seconds), "{seconds}");
        let mut second = t.app.clone();
        second.parts.db = t.database.open();
        let until = |minutes: i64| {
            let origin = Origin::Address("10.0.0.9".to_owned());
            let guard = Subjects::new(Kind::Password, &Whom::staff("lz01"), &origin);
            let now = second.clock.now_at() + chrono::Duration::minutes(minutes);
            second.db.write("test", |db| guard::attempt(db, &guard, now)).unwrap()
        };
        assert!(matches!(until(0), Attempt::Wait { .. }), "another instance waits, too");
        // Five minutes later one more is taken, and begins a wait that is not written down again.
        assert_eq!(until(6), Attempt::Counted { last: false });
        assert!(matches!(until(7), Attempt::Wait { .. }));
        // Within the hour all is forgotten.
        t.app.clock.set_at(t.app.clock.now_at() + chrono::Duration::minutes(67));
        try_with(&mut browser, "lz01", PASSWORD).await.is(303);
    });
}

#[test]
fn a_form_without_its_token_signs_nobody_in() {
    each(async |t| {
        t.add_staff_to("512022", "lz01", "韦清越", Role::Clerk, PASSWORD);
        let mut browser = t.nobody();
        let fields = [("csrf", ""), ("login", "lz01"), ("password", PASSWORD)];
        browser.post_bare("/login", &fields).await.is(403).says(&["页面开得太久"]);
        browser.get("/login").await;
        let fields = [("csrf", "0000"), ("login", "lz01"), ("password", PASSWORD)];
        browser.post_bare("/login", &fields).await.is(403);
        assert!(browser.who().await.is_none());
    });
}

#[test]
fn a_disabled_account_does_not_sign_in() {
    each(async |t| {
        let mut one = t.add_staff_to("512022", "lz01", "韦清越", Role::Clerk, PASSWORD);
        one.active = false;
        t.app.db.write("test", |db| zhuxue::book::staff::change(db, &t.app.sealer, &one)).unwrap();
        try_with(&mut t.nobody(), "lz01", PASSWORD).await.is(422).says(&["登录名或密码不对"]);
    });
}

#[test]
fn the_demo_shows_its_sign_ins_and_nothing_else_does() {
    each(async |mut t| {
        assert!(!t.nobody().get("/login").await.text.contains("演示账号"));
        t.app.demo = std::sync::Arc::new([zhuxue::app::DemoSignIn {
            login: "demo".to_owned(),
            password: "demo-demo-demo".to_owned(),
            who: "韦清越 · 经办".to_owned(),
        }]);
        t.nobody().get("/login").await.is(200).says(&["演示账号", "demo-demo-demo"]);
        // Nor does it stop to put a copy back: nobody would start it again.
        if !t.app.db.is_postgres() {
            zhuxue::jobs::back_up::run(&t.app, t.app.clock.today()).unwrap();
            let copy = format!("/admin/backups/zhuxue-{}.db", t.app.clock.today());
            let mut director = t.sign_in(Role::Director);
            let page = director.post(&copy, &[("word", "恢复")]).await;
            page.is(422).says(&["演示不能恢复备份，什么都没有改"]);
        }
    });
}
