//! People and settings: who is added, changed, kept out, and what is written down.

use crate::support::{OFFICE, TestApp, each};
use zhuxue::base::scope::Scope;
use zhuxue::book::staff::{self, Role};
use zhuxue::desk::audit::AuditFilter;
use zhuxue::web::list::declare::List as _;

fn summaries(t: &TestApp) -> Vec<String> {
    let scope = Scope::of(OFFICE);
    t.app
        .db
        .read(|db| AuditFilter::default().all(db, &scope, 100))
        .unwrap()
        .into_iter()
        .map(|entry| format!("{} {}", entry.staff_name, entry.summary))
        .collect()
}

#[test]
fn adding_somebody_keeps_what_was_typed_until_it_is_right() {
    each(async |t| {
        let mut admin = t.sign_in(Role::Administrator);
        let fields = [
            ("login", "LZ 02"),
            ("name", "蓝敬安"),
            ("role", "reviewer"),
            ("password", "1234567890"),
        ];
        admin.post("/admin/staff", &fields).await.is(422).says(&[
            "出错：",
            "登录名用 3 到 32 个",
            "太常见",
            "value=\"蓝敬安\"",
            "value=\"reviewer\" selected",
        ]);
        let fields = [
            ("login", "LZ02"),
            ("name", "蓝敬安"),
            ("role", "reviewer"),
            ("password", "十月的天气真是很好很好"),
        ];
        admin.post("/admin/staff", &fields).await.is(303);
        admin.get("/admin").await.is(200).says(&["已添加 蓝敬安", "lz02", "还没有登录过"]);
        admin.post("/admin/staff", &fields).await.is(422).says(&["已经有人用了"]);
        assert_eq!(summaries(&t), ["管理员 添加蓝敬安（lz02），复核"]);
    });
}

#[test]
fn the_second_of_two_who_save_is_told() {
    each(async |t| {
        let one = t.add_staff("lz01", "韦清越", Role::Clerk);
        let mut admin = t.sign_in(Role::Administrator);
        let url = format!("/admin/staff/{}", one.id);
        let fields = [("name", "韦青越"), ("role", "clerk"), ("version", "1")];
        admin.post(&url, &fields).await.is(303);
        let fields = [("name", "韦清月"), ("role", "reviewer"), ("version", "1")];
        let answer = admin.post(&url, &fields).await;
        answer.is(409).says(&["别人刚刚改过", "value=\"韦清月\""]);
        assert_eq!(answer.hidden("version"), "2");
        assert_eq!(summaries(&t), ["管理员 韦清越的姓名改为韦青越"]);
    });
}

#[test]
fn nobody_disables_themself_or_the_last_administrator() {
    each(async |t| {
        let one = t.add_staff("lz00", "管理员甲", Role::Administrator);
        let mut admin = t.sign_in_as(&one);
        let url = format!("/admin/staff/{}", one.id);
        let state = [("state", "disabled"), ("version", "1")];
        admin.post(&format!("{url}/state"), &state).await.is(422).says(&["不能停用自己的账号"]);
        let role = [("name", "管理员甲"), ("role", "clerk"), ("version", "1")];
        admin.post(&url, &role).await.is(422).says(&["自己的角色要请另一位管理员来改"]);
        let mut director = t.sign_in(Role::Director);
        director.post(&format!("{url}/state"), &state).await.is(422).says(&["至少要留一名"]);
        director.post(&url, &role).await.is(422).says(&["至少要留一名"]);
        let two = t.add_staff("lz09", "管理员乙", Role::Administrator);
        director.post(&format!("{url}/state"), &state).await.is(303);
        let url = format!("/admin/staff/{}/state", two.id);
        director.post(&url, &state).await.is(422).says(&["至少要留一名"]);
    });
}

#[test]
fn another_offices_people_are_not_found() {
    each(async |t| {
        t.add_office("512023", "AY", "安岳县学生资助管理中心");
        let other = t.add_staff_to("512023", "ay01", "外县人", Role::Clerk, "");
        let mut admin = t.sign_in(Role::Administrator);
        let url = format!("/admin/staff/{}", other.id);
        admin.get(&url).await.is(404);
        let fields = [("name", "x"), ("role", "clerk"), ("version", "1")];
        admin.post(&url, &fields).await.is(404);
        admin.post(&format!("{url}/sessions"), &[]).await.is(404);
        assert!(!admin.get("/admin").await.text.contains("外县人"));
    });
}

#[test]
fn a_reset_password_signs_the_person_out() {
    each(async |t| {
        let one = t.add_staff("lz01", "韦清越", Role::Clerk);
        let mut browser = t.sign_in_as(&one);
        let mut admin = t.sign_in(Role::Administrator);
        let url = format!("/admin/staff/{}/password", one.id);
        let weak = [("password", "lz01-123456"), ("version", "1")];
        admin.post(&url, &weak).await.is(422).says(&["不要带登录名"]);
        let good = [("password", "十月的天气真是很好很好"), ("version", "1")];
        admin.post(&url, &good).await.is(303);
        browser.get("/me").await.is(303);
        let kept = t.app.db.read(|db| staff::by_login(db, "lz01")).unwrap().unwrap();
        assert!(kept.password_hash.starts_with("$argon2id$"));
        assert!(!summaries(&t).join("").contains("十月"), "a password is never written down");
    });
}

#[test]
fn the_office_is_changed_by_one_person_at_a_time() {
    each(async |t| {
        let mut admin = t.sign_in(Role::Administrator);
        let version = admin.get("/admin/office").await.hidden("version");
        let fields = |name, phone, version| {
            [("name", name), ("phone", phone), ("address", "迎宾大道 1 号"), ("version", version)]
        };
        let name = "乐至县学生资助管理中心";
        admin
            .post("/admin/office", &fields(name, "call me", &version))
            .await
            .is(422)
            .says(&["只写数字"]);
        admin.post("/admin/office", &fields(name, "028-1", &version)).await.is(303);
        let late = admin.post("/admin/office", &fields(name, "028-2", &version)).await;
        late.is(409).says(&["别人刚刚改过", "value=\"028-2\""]);
        let fresh = late.hidden("version");
        admin.post("/admin/office", &fields(name, "028-2", &fresh)).await.is(303);
        admin.get("/admin").await.says(&["028-2", "迎宾大道 1 号"]);
    });
}
