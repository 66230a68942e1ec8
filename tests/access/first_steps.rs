//! A county that starts empty is shown what to do first; each step is ticked by what there is.

use zhuxue::book::staff::Role;

use crate::outbox::made::files;
use crate::support::database::kinds;
use crate::support::{TestApp, each};

const PASSWORD: &str = "十月的天气真是很好很好";

async fn first_page(t: &TestApp, login: &str) -> String {
    let mut browser = t.nobody();
    let token = browser.get("/login").await.hidden("csrf");
    let fields = [("csrf", token.as_str()), ("login", login), ("password", PASSWORD)];
    browser.post_bare("/login", &fields).await.header("location").to_owned()
}

fn steps(text: &str) -> Vec<(String, String)> {
    let words = crate::support::plain(text);
    ["1. 中心资料", "2. 人员", "3. 首次导入", "4. 短信与邮件", "5. 备份", "6. 公开网址"]
        .iter()
        .map(|title| {
            let rest = words.split_once(title).unwrap_or_else(|| panic!("{title}: {words}")).1;
            let mark = rest.split_whitespace().next().unwrap_or_default();
            ((*title).to_owned(), mark.to_owned())
        })
        .collect()
}

fn done(text: &str) -> Vec<String> {
    steps(text).into_iter().filter(|(_, mark)| mark == "已完成").map(|(title, _)| title).collect()
}

#[test]
fn an_empty_county_begins_with_the_first_steps() {
    each(async |t| {
        t.add_staff_to("512022", "admin01", "张三", Role::Administrator, PASSWORD);
        assert_eq!(first_page(&t, "admin01").await, "/start");
        let mut admin = t.sign_in(Role::Administrator);
        assert_eq!(admin.get("/").await.header("location"), "/start");
        admin.get("/admin").await.says(&["开始使用"]);
        let page = admin.get("/start").await;
        page.is(200).says(&["还没有：经办、复核、主任", "还没有：学生名单、合同明细、还款明细"]);
        page.says(&["短信没有设置", "只有这台电脑能打开", "密钥是否另存还没有确认"]);
        assert!(!page.text.contains("href=\"/imports\""), "an administrator may not import");
        assert!(done(&page.text).iter().all(|title| title == "1. 中心资料"), "{}", page.text);

        for (login, role) in
            [("lz01", Role::Clerk), ("lz02", Role::Reviewer), ("lz03", Role::Director)]
        {
            t.add_staff(login, "韦清越", role);
        }
        let page = admin.get("/start").await;
        assert!(done(&page.text).contains(&"2. 人员".to_owned()), "{}", page.text);
    });
}

#[test]
fn the_office_the_keys_and_the_backup() {
    each(async |t| {
        let mut admin = t.sign_in(Role::Administrator);
        let version = admin.get("/admin/office").await.hidden("version");
        let name = "乐至县学生资助管理中心";
        let fields = [("name", name), ("phone", ""), ("address", ""), ("version", &version)];
        admin.post("/admin/office", &fields).await.is(303);
        admin.get("/start").await.says(&["还没有：咨询电话、地址"]);

        admin.post("/start/keys", &[("kept_elsewhere", "1")]).await.is(303);
        let page = admin.get("/start").await;
        page.says(&["密钥已另存", "2026-10-31"]);
        assert!(!done(&page.text).contains(&"5. 备份".to_owned()), "a backup is still missing");
        let ending = if t.app.db.is_postgres() { "dump" } else { "db" };
        let folder = t.app.config.backups();
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("zhuxue-2026-10-31.{ending}")), "").unwrap();
        let page = admin.get("/start").await;
        page.says(&["最近一份 2026-10-31"]);
        assert!(done(&page.text).contains(&"5. 备份".to_owned()), "{}", page.text);
        admin.post("/start/keys", &[]).await.is(303);
        admin.get("/start").await.says(&["密钥是否另存还没有确认"]);
    });
}

#[test]
fn the_administrator_puts_it_away_and_clerks_never_meet_it() {
    each(async |t| {
        let mut admin = t.sign_in(Role::Administrator);
        admin.post("/start/hide", &[("hide", "1")]).await.is(303);
        assert_eq!(admin.get("/").await.header("location"), "/admin");
        admin.get("/start").await.is(200).says(&["重新作为首页"]);
        admin.post("/start/hide", &[("hide", "0")]).await.is(303);
        assert_eq!(admin.get("/").await.header("location"), "/start");
        let mut clerk = t.sign_in(Role::Clerk);
        assert_eq!(clerk.get("/").await.header("location"), "/home");
        clerk.get("/start").await.is(403);
    });
}

/// A number that is typed gets a message by the way of all messages; so many in an hour.
#[actix_web::test]
async fn a_test_message_shows_that_the_gateway_works() {
    for kind in kinds() {
        let bare = TestApp::on(kind);
        let mut admin = bare.sign_in(Role::Administrator);
        let refused = admin.post("/start/test", &[("to", "16410994847")]).await;
        refused.is(422).says(&["短信网关还没有设置"]);
        let t = TestApp::on_with(kind, |config| config.sms.gateway = "spool".to_owned());
        let mut admin = t.sign_in(Role::Administrator);
        admin.post("/start/test", &[("to", "")]).await.is(422).says(&["请填写手机号或邮箱"]);
        admin.post("/start/test", &[("to", "028-23350000")]).await.is(422).says(&["不是手机号"]);
        for key in ["1", "1", "2", "3", "4", "5"] {
            admin.post("/start/test", &[("to", "16410994847"), ("key", key)]).await.is(303);
        }
        let sixth = admin.post("/start/test", &[("to", "16410994847"), ("key", "6")]).await;
        sixth.is(422).says(&["一小时里最多发 5 条", "value=\"16410994847\""]);
        zhuxue::jobs::deliver_messages::run(&t.app, t.app.clock.today()).unwrap();
        let sent = files(&t.app.config.data_dir.join("spool/sms"));
        assert_eq!(sent.len(), 5, "{sent:?}");
        for text in sent.values() {
            assert!(text.contains("16410994847") && text.contains("这是一条测试消息"), "{text}");
        }
        admin.get("/audit").await.is(200).says(&["发测试消息", "164****4847"]);
        admin.get("/start").await.is(200).says(&["短信只写入文件夹，不会真的发出"]);
        let clerk = t.sign_in(Role::Clerk).post("/start/test", &[("to", "16410994847")]).await;
        clerk.is(403);
    }
}
