//! 困难认定, from the opened round to the filed result, on both databases: each refusal with its own
//! sentence, nothing half done.

use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use zhuxue::book::staff::Role;
use zhuxue::life::recognition::rules::{MOVES, State, Step};
use zhuxue::plumbing::schema::{
    hardship_application as applications, hardship_round as rounds, hardship_step as steps,
    loan_file, objection as objections, person, recognition,
};

use crate::borrower::town::{STRANGER, STUDENT, each, read};
use crate::liaison::{of_school, ready};
use crate::support::{Answer, Browser, TestApp};

/// 2026-09-07 is a Monday; its list hangs to the next one.
pub const MONDAY: &str = "2026-09-07";
const SCHOOL: &str = "乐至中学";

/// Three pupils: one known as a borrower, one not, one from an old list.
pub const LIST: &str = "困难学生名单\n姓名,身份证号,年级,班级,困难等级,认定类型\n\
    吕凤欢,51209720080127996X,高三,1班,特别困难,最低生活保障\n\
    李秋生,110101200802020024,高三,1班,困难,\n\
    周小满,110101200801010019,高三,2班,一般困难,\n";

/// One pupil stands on a list of this school year.
const ON_A_LIST: &str = "INSERT INTO matching_list (id, office_code, kind, name, counts, source, \
    file_name, lines, entries, unreadable, unreadable_places, received_by, received_on, \
    expires_on, removed_by, reason, version) \
    SELECT 1, code, 'disabled', '持证残疾人', 1 = 1, '', '', 0, 0, 0, '', '', '2026-09-01', \
    '2026-12-31', '', '', 1 FROM office WHERE code = '512022'; \
    INSERT INTO matching_hit (id, office_code, year, kind, list_id, id_index, id_mask, name, \
    school, class_name, sheet, line, col, is_member, found_on, answer, note, answered_by, version) \
    SELECT 1, office_code, 2026, 'disabled', 1, id_index, '', name, '', '', 1, 7, 1, 1 = 0, \
    '2026-09-01', 'open', '', '', 1 FROM hardship_application WHERE name = '吕凤欢'";

pub async fn open(clerk: &mut Browser) -> String {
    open_at(clerk, SCHOOL).await
}

async fn open_at(clerk: &mut Browser, school: &str) -> String {
    let form = [
        ("school", school),
        ("year", "2026"),
        ("term", "autumn"),
        ("apply_until", "2026-09-30"),
        ("quota", "2"),
    ];
    let answer = clerk.post("/hardship/new", &form).await;
    answer.is(303).header("location").to_owned()
}

/// A key that no form had before.
pub fn new_key() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed).to_string()
}

pub async fn upload(clerk: &mut Browser, at: &str, text: &str) -> Answer {
    let (csrf, key) = (clerk.csrf.clone(), new_key());
    let fields = [("csrf", csrf.as_str()), ("key", key.as_str())];
    let file = [("名单.csv", text.as_bytes())];
    clerk.upload(&format!("{at}/pupils"), &fields, if text.is_empty() { &[] } else { &file }).await
}

/// One of the forms of a round's page, as its page shows it now.
async fn does(clerk: &mut Browser, at: &str, fields: &[(&str, &str)]) -> Answer {
    let page = clerk.get(at).await;
    let (version, key) = (page.hidden("version"), page.hidden("key"));
    let mut all = vec![("version", version.as_str()), ("key", key.as_str())];
    all.extend_from_slice(fields);
    clerk.post(at, &all).await
}

async fn look(clerk: &mut Browser, at: &str, step: &str, on: &str) -> Answer {
    let fields = [
        ("what", "step"),
        ("step", step),
        ("by_name", "周敏"),
        ("on_day", on),
        ("opinion", "情况属实，同意"),
        ("papers", "证明一份，已盖章"),
    ];
    does(clerk, at, &fields).await
}

/// Everybody through the four looks.
async fn looked_at(clerk: &mut Browser, at: &str, on: &str) {
    for step in ["class", "grade", "school", "village"] {
        look(clerk, at, step, on).await.is(303);
    }
}

async fn publish(clerk: &mut Browser, at: &str, until: &str) -> Answer {
    let fields =
        [("what", "publish"), ("until", until), ("place", "公示栏"), ("phone", "028-23350000")];
    does(clerk, at, &fields).await
}

fn state_of(t: &TestApp, name: &str) -> (i64, i32, State) {
    let of = applications::table.filter(applications::name.eq(name));
    let of = of.select((applications::id, applications::version, applications::state));
    read(t, |db| Ok(of.first(db)?))
}

fn open_objection(t: &TestApp) -> String {
    let of = objections::table.filter(objections::outcome.eq("open")).select(objections::id);
    let id: i64 = read(t, |db| Ok(of.first(db)?));
    id.to_string()
}

#[test]
fn a_round_goes_from_list_to_filed_result() {
    each(async |t| {
        t.set_day(MONDAY);
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get("/hardship").await.is(200).says(&["现在没有在办的困难认定"]);
        let at = open(&mut clerk).await;
        upload(&mut clerk, &at, LIST).await.is(303);
        clerk.get(&at).await.is(200).says(&["现有 3 人", "超出 1 人", "名额只作对照，不删人"]);
        publish(&mut clerk, &at, "2026-09-14").await.is(422).says(&["还有 3 人没有走完"]);
        looked_at(&mut clerk, &at, MONDAY).await;

        // A received list on which a pupil stands is a hint beside their application.
        t.app.db.write("test", |db| Ok(db.batch_execute(ON_A_LIST)?)).unwrap();
        let (id, ..) = state_of(&t, "吕凤欢");
        let one = clerk.get(&format!("/hardship/applications/{id}")).await;
        one.is(200).says(&["名单比对", "持证残疾人，第 1", "张表第 7 行", "只是线索"]);
        let (id, ..) = state_of(&t, "李秋生");
        let other = clerk.get(&format!("/hardship/applications/{id}")).await;
        assert!(!other.is(200).text.contains("名单比对</h2>"), "who stands on no list");

        let short = publish(&mut clerk, &at, "2026-09-11").await;
        short.is(422).says(&["公示不能少于 5 个工作日，最早公示到9月14日"]);
        publish(&mut clerk, &at, "2026-09-14").await.is(303);
        publish(&mut clerk, &at, "2026-09-14").await.is(422);
        let notice = clerk.get(&format!("{at}/notice")).await;
        notice.is(200).says(&["吕凤欢", "特别困难", "028-23350000", "9月14日"]);
        for word in ["最低生活保障", "5120", "情况属实"] {
            assert!(!notice.text.contains(word), "{word} on the wall");
        }
        let early = does(&mut clerk, &at, &[("what", "end")]).await;
        early.is(422).says(&["公示期还没有满：要公示到9月14日"]);

        t.set_day("2026-09-15");
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get("/home").await.says(&["份困难认定公示期满，要撤下"]);
        does(&mut clerk, &at, &[("what", "end")]).await.is(303);
        clerk.get(&format!("{at}/notice")).await.is(404);
        let county = [
            ("what", "step"),
            ("step", "county"),
            ("by_name", "复核"),
            ("on_day", "2026-09-15"),
            ("opinion", "同意认定"),
        ];
        let mut reviewer = t.sign_in(Role::Reviewer);
        // The page shows the clerk no such form.
        let page = reviewer.get(&at).await;
        let (version, key) = (page.hidden("version"), page.hidden("key"));
        let mut forged = vec![("version", version.as_str()), ("key", key.as_str())];
        forged.extend_from_slice(&county);
        clerk.post(&at, &forged).await.is(403);
        reviewer.get("/home").await.says(&["名学生等困难认定县级复核"]);
        does(&mut reviewer, &at, &county).await.is(303);

        let of =
            recognition::table.inner_join(person::table.on(person::id.eq(recognition::person_id)));
        let of = of.filter(
            recognition::recognised_on.eq("2026-09-15".parse::<chrono::NaiveDate>().unwrap()),
        );
        let of =
            of.order(person::name).select((person::name, recognition::level, recognition::year));
        let found: Vec<(String, String, i32)> = read(&t, |db| Ok(of.load(db)?));
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found.contains(&("吕凤欢".to_owned(), "特别困难".to_owned(), 2026)));
        let (id, _, _) = state_of(&t, "吕凤欢");
        clerk
            .get(&format!("/hardship/applications/{id}"))
            .await
            .says(&["最低生活保障", "同意认定"]);

        does(&mut clerk, &at, &[("what", "file")]).await.is(303);
        clerk.get(&at).await.says(&["LZ困认2026-001"]);
        let result = clerk.get(&format!("{at}/result")).await;
        result.is(200).says(&["LZ困认2026-001", "特别困难 1 人", "李秋生", "第 1 次公示"]);
        upload(&mut clerk, &at, LIST).await.is(422).says(&["这一轮已经建档，不能再改"]);
        let before = clerk.get(&at).await.hidden("version");
        does(&mut clerk, &at, &[("what", "draw"), ("seed", "20260915")]).await.is(303);
        clerk.get(&at).await.says(&["20260915", "同样的种子和名单"]);
        let again = [("version", before.as_str()), ("what", "draw"), ("seed", "1")];
        clerk.post(&at, &again).await.is(409);
        let drawn = applications::table.filter(applications::recheck.eq("drawn"));
        let drawn: i64 = read(&t, |db| Ok(drawn.count().get_result(db)?));
        assert_eq!(drawn, 1);
    });
}

#[test]
fn a_list_with_wrong_lines_is_not_taken_and_names_them() {
    each(async |t| {
        t.set_day(MONDAY);
        let mut clerk = t.sign_in(Role::Clerk);
        let at = open(&mut clerk).await;
        for (list, why) in [
            ("姓名,电话\n张三,1", "没有找到表头"),
            ("", "还没有选择名单"),
            (
                "姓名,身份证号,年级,班级,认定类型\n吕凤欢,51209720080127996X,高三,1班,脱贫家庭\n",
                "第 2 行：“脱贫家庭”到2025年12月31日为止，现在叫“防止返贫致贫对象”，请改选",
            ),
            ("姓名,身份证号,年级,班级\n吕凤欢,512097200801279961,高三,1班\n", "第 2 行：吕凤欢，"),
            (
                "姓名,身份证号,年级,班级\n吕凤欢,51209720080127996X,高三,\n",
                "第 2 行：吕凤欢没有写年级或班级",
            ),
            (
                "姓名,身份证号,年级,班级,困难等级\n吕凤欢,51209720080127996X,高三,1班,很困难\n",
                "不在本县的等级里：特别困难、困难、一般困难",
            ),
            (
                "姓名,身份证号,年级,班级\n吕凤欢,51209720080127996X,高三,1班\n\
                 吕凤欢,51209720080127996X,高三,1班\n",
                "第 3 行：和第 2 行是同一个人",
            ),
        ] {
            upload(&mut clerk, &at, list).await.is(422).says(&[why]);
        }
        let count: i64 = read(&t, |db| Ok(applications::table.count().get_result(db)?));
        assert_eq!(count, 0);
    });
}

fn form<'a>(name: &'a str, id: &'a str, signed: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("name", name),
        ("id_number", id),
        ("grade", "高三"),
        ("class_name", "1班"),
        ("applied_on", MONDAY),
        ("signed_by", signed),
        ("consent", "yes"),
        ("classes", "allowance"),
        ("evidence", "低保证复印件"),
        ("events", "父亲去年秋天重病"),
        ("member_name", "吕大山"),
        ("member_relation", "父亲"),
    ]
}

#[test]
fn an_application_is_typed_corrected_refused_and_the_family_reads_why() {
    each(async |t| {
        t.set_day(MONDAY);
        let mut clerk = t.sign_in(Role::Clerk);
        let at = open(&mut clerk).await;
        let new = format!("{at}/new");
        let page = clerk.get(&new).await;
        page.is(200).says(&["防止返贫致贫对象", "37. 提供的材料不真实"]);
        assert!(!page.text.contains("脱贫家庭</label>"), "a group that is over is not offered");
        for (change, why) in [
            (("id_number", "51209720080127996"), "身份证"),
            (("signed_by", "guardian"), "已满 16 周岁，由学生本人签字就可以"),
            (("applied_on", "2026-09-08"), "不能晚于今天"),
            (("consent", ""), "要同意核对信息"),
            (("classes", "out_of_poverty"), "现在叫“防止返贫致贫对象”"),
            (("level", "很困难"), "困难等级只有"),
            (("evidence", ""), "请写收到哪些证明材料"),
        ] {
            let mut fields = form("吕凤欢", STUDENT, "self");
            fields.retain(|(name, _)| *name != change.0);
            fields.push(change);
            clerk.post(&new, &fields).await.is(422).says(&[why, "父亲去年秋天重病", "吕大山"]);
        }
        let mut both = form("吕凤欢", STUDENT, "self");
        both.extend([("lines", "33"), ("lines", "34")]);
        clerk.post(&new, &both).await.is(422).says(&["第 33 项", "第 34 项不能同时选"]);
        let one = clerk.post(&new, &form("吕凤欢", STUDENT, "self")).await;
        let one = one.is(303).header("location").to_owned();
        let twice = [form("吕凤欢", STUDENT, "self"), vec![("phone", "")]].concat();
        clerk.post(&new, &twice).await.is(422).says(&["这一轮里已经有这名学生的申请"]);
        clerk.get(&one).await.is(200).says(&["父亲去年秋天重病", "吕大山", "最低生活保障"]);

        let step = async |browser: &mut Browser, step: &str, on: &str, opinion: &str| {
            let version = browser.get(&one).await.hidden("version");
            let fields = [
                ("version", version.as_str()),
                ("step", step),
                ("by_name", "周敏"),
                ("on_day", on),
                ("opinion", opinion),
            ];
            browser.post(&one, &fields).await
        };
        step(&mut clerk, "grade", MONDAY, "同意").await.is(422).says(&["不能做“年级认定”"]);
        step(&mut clerk, "class", "2026-09-06", "同意").await.is(422).says(&["日期早于上一步"]);
        step(&mut clerk, "class", MONDAY, "").await.is(422).says(&["请写意见"]);
        step(&mut clerk, "class", MONDAY, "同意").await.is(303);
        step(&mut clerk, "return", MONDAY, "缺低保证原件").await.is(303);
        clerk.get(&one).await.says(&["缺低保证原件", "改正申请"]);
        let of = one.rsplit('/').next().unwrap().to_owned();
        let again = clerk.get(&format!("{new}?of={of}")).await;
        again.is(200).says(&["父亲去年秋天重病", "吕大山", STUDENT]);
        let version = again.hidden("version");
        let mut fields = form("吕凤欢", STUDENT, "self");
        fields.extend([("of", of.as_str()), ("version", version.as_str()), ("lines", "37")]);
        clerk.post(&new, &fields).await.is(303);
        step(&mut clerk, "class", MONDAY, "同意").await.is(422).says(&["材料已记为不真实"]);
        step(&mut clerk, "refuse", MONDAY, "").await.is(422).says(&["不予认定要写明原因"]);
        let why = "低保证已在2024年注销，家里收入高于低保边缘线";
        step(&mut clerk, "refuse", MONDAY, why).await.is(303);
        clerk.get(&format!("{one}/letter")).await.is(200).says(&[why, "这次没有认定"]);
        let count: i64 = read(&t, |db| {
            let of = recognition::table.filter(recognition::reason.eq("最低生活保障"));
            Ok(of.count().get_result(db)?)
        });
        assert_eq!(count, 0);
        let sealed: Vec<u8> =
            read(&t, |db| Ok(applications::table.select(applications::form_sealed).first(db)?));
        assert!(!String::from_utf8_lossy(&sealed).contains("吕大山"));
        t.sign_in(Role::Auditor).post(&new, &form("李", STRANGER, "self")).await.is(403);
    });
}

#[test]
fn an_objection_stops_the_clock_and_a_changed_list_hangs_again() {
    each(async |t| {
        t.set_day("2026-09-28");
        let mut clerk = t.sign_in(Role::Clerk);
        let at = open(&mut clerk).await;
        upload(&mut clerk, &at, LIST).await.is(303);
        looked_at(&mut clerk, &at, "2026-09-28").await;
        let over = publish(&mut clerk, &at, "2026-10-05").await;
        over.is(422).says(&["10月1日起放假", "只公示 2 个工作日", "最早公示到10月10日"]);
        publish(&mut clerk, &at, "2026-10-10").await.is(303);

        t.set_day("2026-09-30");
        let mut clerk = t.sign_in(Role::Clerk);
        let (id, _, _) = state_of(&t, "周小满");
        let about = id.to_string();
        let object = [("what", "object"), ("about", about.as_str()), ("said", "家里有两台车")];
        does(&mut clerk, &at, &object).await.is(303);
        clerk.get(&at).await.says(&["核查异议，公示暂停", "家里有两台车"]);
        t.set_day("2026-10-12");
        let mut clerk = t.sign_in(Role::Clerk);
        does(&mut clerk, &at, &[("what", "end")]).await.is(422).says(&["还有异议没有核查完"]);
        let one = open_objection(&t);
        let answer = |outcome, level, reason| {
            [
                ("what", "answer"),
                ("objection", one.as_str()),
                ("outcome", outcome),
                ("new_level", level),
                ("reason", reason),
            ]
        };
        let none = does(&mut clerk, &at, &answer("stands", "", "")).await;
        none.is(422).says(&["请写核查的结果"]);
        does(&mut clerk, &at, &answer("stands", "", "车是借来的，情况属实")).await.is(303);
        // One of five days had passed; four are left: 13, 14, 15, 16.
        clerk.get(&at).await.says(&["公示中", "到 2026-10-16"]);

        does(&mut clerk, &at, &[object[0], object[1], ("said", "家里开店")]).await.is(303);
        let one = open_objection(&t);
        let answer = |level| {
            [
                ("what", "answer"),
                ("objection", one.as_str()),
                ("outcome", "changed"),
                ("new_level", level),
                ("reason", "店铺收入高于认定线"),
            ]
        };
        let same = does(&mut clerk, &at, &answer("一般困难")).await;
        same.is(422).says(&["等级和原来一样"]);
        does(&mut clerk, &at, &answer("")).await.is(303);
        assert_eq!(state_of(&t, "周小满").2, State::Refused);
        clerk.get(&at).await.says(&["名单有变，已撤下", "开始公示"]);
        assert_eq!(state_of(&t, "吕凤欢").2, State::Village, "nobody is published any more");
        clerk.get(&format!("{at}/notice")).await.is(404);
        publish(&mut clerk, &at, "2026-10-19").await.is(303);
        let second = clerk.get(&format!("{at}/notice")).await;
        second.is(200).says(&["第 2 次", "吕凤欢"]);
        assert!(!second.text.contains("周小满"));

        t.set_day("2026-10-20");
        let mut clerk = t.sign_in(Role::Clerk);
        let (id, _, _) = state_of(&t, "吕凤欢");
        let about = id.to_string();
        let late = [("what", "object"), ("about", about.as_str()), ("said", "不困难")];
        does(&mut clerk, &at, &late)
            .await
            .is(422)
            .says(&["公示到10月19日已经结束，异议要在公示期内"]);
        does(&mut clerk, &at, &[("what", "end")]).await.is(303);
        assert_eq!(state_of(&t, "吕凤欢").2, State::Cleared);
    });
}

#[test]
fn nobody_decides_what_they_have_worked_on_and_a_stale_page_does_nothing() {
    each(async |t| {
        t.set_day(MONDAY);
        let mut director = t.sign_in(Role::Director);
        let at = open(&mut director).await;
        upload(&mut director, &at, LIST).await.is(303);
        looked_at(&mut director, &at, MONDAY).await;
        publish(&mut director, &at, "2026-09-14").await.is(303);
        let stale = director.get(&at).await;
        let (version, key) = (stale.hidden("version"), stale.hidden("key"));
        t.set_day("2026-09-15");
        let mut director = t.sign_in_as(&t.add_staff("zhuren", "莫主任", Role::Director));
        does(&mut director, &at, &[("what", "end")]).await.is(303);
        let old = [("version", version.as_str()), ("key", key.as_str()), ("what", "end")];
        director.post(&at, &old).await.is(409).says(&["别人刚刚改过"]);

        // Whoever has entered a step is named by their account, not by what they typed.
        let of = steps::table.filter(steps::step.eq("class")).select(steps::staff_id);
        let staff: Option<i64> = read(&t, |db| Ok(of.first(db)?));
        assert!(staff.is_some());
        let (id, version, _) = state_of(&t, "李秋生");
        let one = format!("/hardship/applications/{id}");
        let version = version.to_string();
        let county = [
            ("version", version.as_str()),
            ("step", "county"),
            ("by_name", "莫主任"),
            ("on_day", "2026-09-15"),
            ("opinion", "同意"),
        ];
        t.sign_in(Role::Clerk).post(&one, &county).await.is(403);
        // The list was taken down by the second director, who has had no other part in it.
        director.post(&one, &county).await.is(303);
        let count: i64 = read(&t, |db| Ok(rounds::table.count().get_result(db)?));
        assert_eq!(count, 1);
    });
}

#[test]
fn whoever_entered_a_pupil_is_refused_as_the_second_person() {
    each(async |t| {
        t.set_day(MONDAY);
        let one = t.add_staff("mo02", "莫主任", Role::Director);
        let mut director = t.sign_in_as(&one);
        let at = open(&mut director).await;
        upload(&mut director, &at, LIST).await.is(303);
        looked_at(&mut director, &at, MONDAY).await;
        publish(&mut director, &at, "2026-09-14").await.is(303);
        t.set_day("2026-09-15");
        let mut director = t.sign_in_as(&one);
        does(&mut director, &at, &[("what", "end")]).await.is(303);
        let (id, version, _) = state_of(&t, "李秋生");
        let county = [
            ("version", version.to_string()),
            ("step", "county".to_owned()),
            ("by_name", "莫主任".to_owned()),
            ("on_day", "2026-09-15".to_owned()),
            ("opinion", "同意".to_owned()),
        ];
        let county: Vec<(&str, &str)> = county.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let refused = director.post(&format!("/hardship/applications/{id}"), &county).await;
        refused.is(422).says(&["县级复核要由没有录入、评议或审核过这份申请的人来做"]);
    });
}

#[test]
fn a_school_enters_and_looks_at_its_own_pupils_and_no_others() {
    each(async |t| {
        t.set_day(MONDAY);
        let of = loan_file::table.filter(loan_file::high_school.ne(""));
        let of = of.select(loan_file::high_school).distinct().order(loan_file::high_school);
        let schools: Vec<String> = read(&t, |db| Ok(of.load(db)?));
        let (school, other) = (schools[0].as_str(), schools[1].as_str());
        let mut clerk = t.sign_in(Role::Clerk);
        let at = open_at(&mut clerk, school).await;
        let id = at.rsplit('/').next().unwrap().to_owned();
        let mut phone = of_school(&t, "xuexiao1", school).await;
        phone.get("/l").await.is(200).says(&["办理困难认定"]);
        phone.get("/l/hardship").await.is(200).says(&["2026-2027 学年秋季", "现有 0 人"]);
        let new = format!("/l/hardship/rounds/{id}/new");
        phone.get(&new).await.is(200).says(&["照申请表抄写"]);
        let wrong = phone.post(&new, &form("吕凤欢", STUDENT, "guardian")).await;
        wrong.is(422).says(&["已满 16 周岁", "父亲去年秋天重病"]);
        phone.post(&new, &form("吕凤欢", STUDENT, "self")).await.is(303);
        let (pupil, _, _) = state_of(&t, "吕凤欢");
        let one = format!("/l/hardship/applications/{pupil}");
        let page = phone.get(&one).await;
        page.is(200).says(&["父亲去年秋天重病", "班级评议"]);
        assert!(!page.text.contains("县级复核"), "the county's decision is offered to a school");
        let many = format!("/l/hardship/rounds/{id}");
        let opinion = |step: &'static str, key: &'static str| {
            [
                ("key", key),
                ("step", step),
                ("by_name", "周敏"),
                ("on_day", MONDAY),
                ("opinion", "情况属实"),
                ("papers", "证明一份，已盖章"),
                ("level", "困难"),
            ]
        };
        phone.post(&many, &opinion("county", "0")).await.is(422).says(&["请选做哪一步"]);
        phone.post(&many, &opinion("grade", "1")).await.is(422).says(&["没有等着“年级认定”的申请"]);
        phone.post(&many, &opinion("class", "2")).await.is(303);
        phone.get("/l/hardship").await.says(&["班级评议过", "吕凤欢"]);
        let version = phone.get(&one).await.hidden("version");
        let step = [&[("version", version.as_str())], &opinion("grade", "3")[..]].concat();
        phone.post(&one, &step).await.is(303);
        phone.post(&one, &step).await.is(303);
        assert_eq!(state_of(&t, "吕凤欢").2, State::Grade);

        let mut stranger = of_school(&t, "xuexiao2", other).await;
        let list = stranger.get("/l/hardship").await;
        list.is(200).says(&["中心还没有开始本校的困难认定"]);
        assert!(!list.text.contains("吕凤欢"));
        for path in [&one, &new] {
            stranger.get(path).await.is(404);
        }
        stranger.post(&new, &form("周", STUDENT, "self")).await.is(404);
        stranger.post(&many, &opinion("school", "4")).await.is(404);
        stranger.post(&one, &step).await.is(404);
        let mut village = ready(&t, "cun01", "宝林镇", &village_of(&t, "宝林镇")).await;
        village.get("/l/hardship").await.is(404);
        village.get(&one).await.is(404);
        assert_eq!(state_of(&t, "吕凤欢").2, State::Grade);
    });
}

fn village_of(t: &TestApp, township: &str) -> String {
    let of = person::table.filter(person::township.eq(township)).filter(person::village.ne(""));
    read(t, |db| Ok(of.select(person::village).first(db)?))
}

/// The moves as a diagram, kept beside the code by this test.
#[test]
fn the_documentation_draws_the_moves() {
    let mut drawn = String::from("stateDiagram-v2\n    [*] --> applied: 申请\n");
    for state in State::ALL {
        drawn.push_str(&format!("    {}: {}\n", state.as_text(), state.in_words()));
    }
    for (from, by, to) in MOVES {
        let (from, to) = (from.as_text(), to.as_text());
        drawn.push_str(&format!("    {from} --> {to}: {}\n", Step::in_words(*by)));
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/hardship.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (head, rest) = text.split_once("```mermaid\n").unwrap();
    let (old, tail) = rest.split_once("```").unwrap();
    if std::env::var("INSTA_UPDATE").is_ok_and(|how| how == "always") {
        std::fs::write(path, format!("{head}```mermaid\n{drawn}```{tail}")).unwrap();
    } else {
        assert_eq!(
            old, drawn,
            "run with INSTA_UPDATE=always and read the diff of docs/hardship.md"
        );
    }
}
