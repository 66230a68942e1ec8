//! The pages of messages as staff use them.

use zhuxue::book::staff::Role;
use zhuxue::jobs;
use zhuxue::plumbing::outbox::State;

use super::{messages, with_sample};
use crate::support::county::day;
use crate::support::{TestApp, each};

fn written(t: TestApp) -> TestApp {
    let t = with_sample(t);
    t.set_day("2026-12-10");
    jobs::close_day::run(&t.app, day("2026-12-10")).unwrap();
    (jobs::send_due_reminders::JOB.run)(&t.app, day("2026-12-10")).unwrap();
    t
}

const GROUP: [(&str, &str); 2] = [("reason", "due_reminder"), ("day", "2026-12-10")];

#[test]
fn a_mass_sending_is_stopped_goes_on_and_is_given_up() {
    each(async |t| {
        let t = written(t);
        let all = messages(&t).len();
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get("/messages").await.is(200).says(&["还款提醒", "待发送", "短信还没有接通"]);
        assert!(!clerk.get("/messages").await.text.contains("停下</a>"));
        clerk.get("/messages/group?step=hold&reason=due_reminder&day=2026-12-10").await.is(403);
        let mut boss = t.sign_in(Role::Reviewer);
        let page = boss.get("/messages").await;
        page.is(200).says(&["停下", "hx-trigger=\"every 2s\""]);
        for (step, words, state) in [
            ("hold", "会停下还没有发的", State::Held),
            ("release", "放行以后会发出", State::Waiting),
            ("cancel", "会作废还没有发的", State::Cancelled),
        ] {
            let ask = format!("/messages/group?step={step}&reason=due_reminder&day=2026-12-10");
            boss.get(&ask).await.is(200).says(&[words, "核对码"]);
            let form = [("step", step), GROUP[0], GROUP[1]];
            assert_eq!(
                boss.post("/messages/group", &form).await.is(303).header("location"),
                "/messages"
            );
            let now = messages(&t);
            assert_eq!(now.iter().filter(|m| m.state == state).count(), all, "{step}");
        }
        boss.get("/messages?tab=cancelled").await.is(200).says(&["决定不发"]);
        boss.get("/messages?tab=sent&reason=renewal&day=2026-12-01")
            .await
            .is(200)
            .says(&["没有符合"]);
        boss.get("/messages?tab=nonsense&page=99999&day=x").await.is(200);
        // What was given up is not written again.
        let again = (jobs::send_due_reminders::JOB.run)(&t.app, day("2026-12-10")).unwrap();
        assert_eq!(again.done, 0);
        let mut director = t.sign_in(Role::Director);
        director.get("/audit").await.says(&["停下消息", "放行消息", "不发消息"]);
    });
}

#[test]
fn a_single_message_waits_or_goes_or_is_given_up() {
    each(async |t| {
        let t = written(t);
        let mut boss = t.sign_in(Role::Director);
        boss.post("/messages/hold", &[("on", "yes")]).await.is(303);
        boss.get("/messages").await.is(200).says(&["改为自动发", "放行以后才发"]);
        let one = messages(&t)[0].id.to_string();
        let form = [("id", one.as_str()), ("step", "cancel"), ("back", "/messages?tab=today")];
        let back = boss.post("/messages/one", &form).await;
        assert_eq!(back.is(303).header("location"), "/messages?tab=today");
        boss.post("/messages/one", &form).await.is(422).says(&["刚刚有了变化"]);
        let other = messages(&t)[1].id.to_string();
        let form = [("id", other.as_str()), ("step", "cancel"), ("back", "//evil.example")];
        assert_eq!(boss.post("/messages/one", &form).await.header("location"), "/messages");
    });
}

#[test]
fn a_loan_file_shows_its_messages_and_sends_one_by_hand() {
    each(async |t| {
        let t = written(t);
        let mut clerk = t.sign_in(Role::Clerk);
        let listed = clerk.get("/messages").await.text;
        let at = listed.find("/loans/LZ").unwrap();
        let base = listed[at..].split('"').next().unwrap().to_owned();
        let page = clerk.get(&base).await;
        page.is(200).says(&["共同借款人", "还款提醒", "单独发一条", "停发消息"]);
        clerk.get(base.trim_end_matches("/messages")).await.is(200).says(&["/messages\">消息"]);
        let person = page.hidden("person");
        let ask = format!("{base}/new?person={person}&reason=please_call");
        clerk.get(&ask).await.is(200).says(&["请在上班时间来电", "028-23350000"]);
        clerk.get(&format!("{base}/new?person={person}&reason=renewal")).await.is(404);
        clerk.get(&format!("{base}/new?person=1&reason=please_call")).await.is(404);
        clerk.get(&format!("{base}/new?person={person}&reason=due_reminder")).await.is(200);
        let before = messages(&t).len();
        let form = [("person", person.as_str()), ("reason", "please_call")];
        clerk.post(&base, &form).await.is(303);
        clerk.post(&base, &form).await.is(303);
        assert_eq!(messages(&t).len(), before + 1, "the second click is the same message");
        clerk.get(&base).await.is(200).says(&["请来电联系"]);

        let stop = format!("{base}/stop");
        let died = [("person", person.as_str()), ("why", "died"), ("note", "")];
        clerk.post(&stop, &died).await.is(422).says(&["从哪里知道的"]);
        let died = [("person", person.as_str()), ("why", "died"), ("note", "村委会证明")];
        clerk.post(&stop, &died).await.is(303);
        clerk.get(&base).await.is(200).says(&["本人已去世", "村委会证明", "恢复给"]);
        clerk.get(&ask).await.is(422).says(&["不能给这位发"]);
        let lift = [("person", person.as_str()), ("why", "lift")];
        clerk.post(&stop, &lift).await.is(303);
        clerk.get(&ask).await.is(200);
        clerk.get("/loans/LZ1999-0001/messages").await.is(404);
    });
}

#[test]
fn the_director_changes_a_text_and_goes_back() {
    each(async |t| {
        let t = written(t);
        let mut director = t.sign_in(Role::Director);
        t.sign_in(Role::Administrator).get("/admin/message-templates").await.is(403);
        let page = director.get("/admin/message-templates").await;
        page.is(200).says(&["到期未还提醒", "登录验证码", "【乐至县学生资助管理中心】"]);
        let at = "/admin/message-templates/due_reminder";
        let page = director.get(at).await;
        page.is(200).says(&["按 2 条计费", "{{ amount }}", "例子："]);
        let version = page.hidden("version");
        let own =
            "{{ name }}：{{ due_on }}要还{{ amount }}，电话{{ phone }}，核对码{{ check_code }}";
        let send = |text: &str, step: &str| {
            vec![
                ("text".to_owned(), text.to_owned()),
                ("version".to_owned(), version.clone()),
                ("step".to_owned(), step.to_owned()),
            ]
        };
        let form = |fields: &[(String, String)]| -> Vec<(String, String)> { fields.to_vec() };
        for (text, step, status, words) in [
            (own, "look", 200, "按 1 条计费"),
            ("{{ salary }}", "save", 422, "「salary」"),
            ("{{ name }", "save", 422, "对应的"),
            ("{{ phone }}{{ check_code }} https://a.b", "save", 422, "网址"),
            ("{{ phone }}", "save", 422, "缺核对码"),
            (own, "save", 303, ""),
        ] {
            let fields = form(&send(text, step));
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            director.post(at, &fields).await.is(status).says(&[words]);
        }
        let fields = form(&send("{{ phone }}{{ check_code }}", "save"));
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        director.post(at, &fields).await.is(409).says(&["别人刚刚改过"]);
        let page = director.get(at).await;
        page.is(200).says(&["本中心改过", "改回原来的内容"]);
        let version = page.hidden("version");
        let reset = [("version", version.as_str()), ("step", "reset")];
        director.post(at, &reset).await.is(303);
        assert!(!director.get(at).await.text.contains("本中心改过"));
        director.get("/admin/message-templates/nothing").await.is(404);
        director.get(&format!("{at}?file=LZ1999-0001")).await.is(200).says(&["没有这个档案号"]);
        director.get("/audit").await.says(&["修改消息内容"]);
    });
}
