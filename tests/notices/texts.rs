//! Every text that leaves: its length, its words, and what an editor may not save.

use zhuxue::app::App;
use zhuxue::base::money::Fen;
use zhuxue::base::scope::Scope;
use zhuxue::book::notice::{Fields, Reason, new_check_code, own_texts, text};
use zhuxue::error::AppError;

use super::office;
use crate::support::TestApp;

fn fields(reason: Reason, name: &str) -> Fields {
    let fields = Fields::to(name).of_student(name);
    match reason {
        Reason::DueReminder | Reason::OverdueNotice => {
            let fields = fields.text("due_on", "12月20日").text("as_of", "12月21日");
            fields.money("amount", Fen::new(1_234_567))
        }
        Reason::DueUnconfirmed => {
            fields.text("due_on", "12月20日").text("why", "银行系统停机到月底")
        }
        Reason::ReceiptMissing => {
            fields.text("school_year", "2026-2027").text("last_on", "10月10日")
        }
        Reason::ReceiptDiffers => fields
            .text("school_year", "2026-2027")
            .text("difference", "学费和住宿费比申报的少 ¥1,500.00，差额要由家里自己交给高校。"),
        Reason::Renewal => fields.text("opens_on", "7月1日").text("closes_on", "10月10日"),
        Reason::BookingTomorrow => fields
            .text("on", "8月10日")
            .text("time", "09:00")
            .text("place", "县资助中心")
            .text("bring", "两人的身份证、户口簿、录取通知书和申请表"),
        Reason::GraduationConfirmation => fields.text("university", "四川职业技术学院"),
        Reason::EarlyRepaymentWindow => fields
            .text("ask_by", "10月15日")
            .text("settles_on", "10月20日")
            .text("gain", "之后申请的要到12月才扣款"),
        Reason::EarlyRepaymentDay => {
            fields.text("settles_on", "12月20日").money("amount", Fen::new(1_234_567))
        }
        Reason::SignInCode => fields.text("sign_in_code", "402915").text("minutes", "5"),
        Reason::ContactDecided => fields.text("what", "手机号").text("answer", "已经改好"),
        Reason::PleaseCall | Reason::GatewayTest => fields,
    }
}

fn rendered(app: &App, t: &TestApp, reason: Reason, name: &str) -> String {
    text::render(app, &office(t), reason, &fields(reason, name), text::SAMPLE_CODE).unwrap()
}

#[test]
fn every_text_is_calm_short_and_can_be_checked() {
    let t = TestApp::new();
    let mut shown = String::new();
    for &reason in Reason::ALL {
        let text = rendered(&t.app, &t, reason, "木合塔尔·艾力");
        text::must_hold(&office(&t), &text).unwrap_or_else(|why| panic!("{reason:?}: {why}"));
        let parts = |text: &str| text::parts(&t.app, &office(&t), text);
        assert!(parts(&text) <= 3, "{reason:?}: {text}");
        assert!(!text.contains(['你', '亲']), "{text}");
        assert!(!text.contains("{{") && !text.contains('\n'), "{text}");
        let usual = rendered(&t.app, &t, reason, "韦清越");
        assert!(parts(&usual) <= 2, "{reason:?}: {usual}");
        shown.push_str(&format!("{}\n  {usual}\n", reason.in_words()));
        let html = text::html(&t.app, &office(&t), "题", &usual).unwrap();
        assert!(html.contains("028-23350000") && !html.contains("href"), "{html}");
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn a_check_code_has_no_letter_that_is_mistaken_for_another() {
    for _ in 0..1_000 {
        let code = new_check_code().unwrap();
        assert_eq!(code.len(), 6);
        assert!(!code.contains(['0', 'O', '1', 'I', 'L']), "{code}");
    }
}

#[test]
fn a_template_that_would_fail_is_refused_when_it_is_saved() {
    let t = TestApp::new();
    let check = |template: &str| {
        let reason = Reason::DueReminder;
        text::preview(&office(&t), reason, template, &fields(reason, "韦清越"))
    };
    let good =
        "{{ name }}您好，{{due_on}}要还{{ amount }}，电话{{ phone }}，核对码{{ check_code }}";
    assert!(check(good).unwrap().starts_with("韦清越您好，12月20日要还¥12,345.67，电话028-"));
    for (bad, why) in [
        ("", "空的"),
        ("{{ name }", "对应的"),
        ("{{ name }}{{ phone }}{{ check_code }}}}", "前面没有"),
        ("{{ salary }}{{ phone }}{{ check_code }}", "「salary」"),
        ("{{ name * 1000 }}{{ phone }}{{ check_code }}", "「name * 1000」"),
        ("{% for x in name %}{% endfor %}{{ phone }}{{ check_code }}", "{%"),
        ("{{ name }}核对码{{ check_code }}", "缺中心电话"),
        ("{{ name }}电话{{ phone }}", "缺核对码"),
        ("{{ phone }}{{ check_code }} http://a.example", "网址"),
        ("{{ phone }}{{ check_code }} www.example.org/x", "网址"),
        ("{{ phone }}{{ check_code }}请务必还款", "务必"),
        ("{{ phone }}{{ check_code }}影响征信", "征信"),
        ("{{ phone }}{{ check_code }}！", "感叹号"),
        ("【别人】{{ phone }}{{ check_code }}", "签名"),
    ] {
        match check(bad) {
            Err(AppError::Invalid(errors)) => {
                assert!(errors[0].message.contains(why), "{bad}: {}", errors[0].message);
            }
            other => panic!("{bad}: {other:?}"),
        }
    }
    assert!(check(&"长".repeat(2_000)).is_err());
}

#[test]
fn an_office_may_have_its_own_text_and_go_back() {
    let t = TestApp::new();
    let (name, reason) = (Reason::PleaseCall.template(), Reason::PleaseCall);
    let before = rendered(&t.app, &t, reason, "韦清越");
    let own = "{{ name }}：请来电{{ phone }}，核对码{{ check_code }}";
    let scope = Scope::of("512022");
    let keep = |text: &str| {
        t.app.db.write("test", |db| own_texts::keep(db, &scope, reason, text)).unwrap();
        assert!(own_texts::follow(&t.app).unwrap());
    };
    keep(own);
    assert!(rendered(&t.app, &t, reason, "韦清越").starts_with("韦清越：请来电"));
    assert_eq!(t.app.templates.text_of("512022", &name).unwrap(), (own.to_owned(), true));
    assert!(!t.app.templates.text_of("990101", &name).unwrap().1);
    // One that does not render: ours is used, nothing fails.
    keep("{{ salary }");
    assert_eq!(rendered(&t.app, &t, reason, "韦清越"), before);
    t.app.db.write("test", |db| own_texts::reset(db, &scope, reason)).unwrap();
    assert!(own_texts::follow(&t.app).unwrap() && !own_texts::follow(&t.app).unwrap());
    assert_eq!(rendered(&t.app, &t, reason, "韦清越"), before);
    // What an older version kept as a file, outside of every backup, is moved into the database.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("512022").join(&name);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, own).unwrap();
    own_texts::move_files(&t.app, folder.path()).unwrap();
    assert!(own_texts::follow(&t.app).unwrap() && !file.exists());
    assert_eq!(t.app.templates.text_of("512022", &name).unwrap(), (own.to_owned(), true));
}
