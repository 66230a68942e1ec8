//! A school answers for its own pupils, once, and sees nobody else's.

use diesel::prelude::*;
use zhuxue::book::staff::Role;
use zhuxue::plumbing::schema::{history, matching_hit as hits};

use super::{roster, send, ticked, with_pupils, workbook};
use crate::borrower::town::{PARENT, STUDENT, each, read};
use crate::liaison::{of_school, ready};
use crate::support::{Answer, Browser, TestApp};

const HOME: &str = "/l/matching";

async fn answer(phone: &mut Browser, ones: &[&str], fields: [&str; 3]) -> Answer {
    let [key, answer, note] = fields;
    let mut all = vec![("key", key), ("answer", answer), ("note", note)];
    all.extend(ones.iter().map(|one| ("one", *one)));
    phone.post(HOME, &all).await
}

fn answered_by(t: &TestApp, kind: &str) -> Vec<(String, String, i32)> {
    let of = hits::table.filter(hits::kind.eq(kind)).order(hits::id);
    read(t, |db| Ok(of.select((hits::answered_by, hits::note, hits::version)).load(db)?))
}

#[test]
fn a_school_answers_its_own_hits_once_and_sees_no_others() {
    each(async |t| {
        let mut clerk = with_pupils(&t).await;
        let book = workbook(&[(1, 2, "B", STUDENT), (1, 3, "B", PARENT)]);
        send(&mut clerk, "disabled", ("残联.xlsx", &book), "2026-12-31").await.is(303);
        let over = workbook(&[(1, 2, "L", STUDENT)]);
        send(&mut clerk, "monitored_over", ("监测.xlsx", &over), "2026-12-31").await.is(303);
        // Somebody of another school is found by its roster.
        let csv = format!("姓名,身份证号,学校\n周成,{PARENT},吴仲良中学\n");
        roster(&mut clerk, ("花名册.csv", csv.as_bytes())).await.is(200);

        let mut phone = of_school(&t, "xuexiao1", "乐至中学").await;
        phone.get("/l").await.is(200).says(&["有 1 条要核实", "核实名单"]);
        let page = phone.get(HOME).await;
        page.is(200).says(&["还有 1 条", "吕凤欢", "借读", "本人"]);
        for hidden in [STUDENT, "***", "周成", "吴仲良中学", "监测.xlsx"] {
            assert!(!page.text.contains(hidden), "{hidden} is not the school's");
        }
        let of = hits::table.filter(hits::kind.eq("disabled")).order(hits::id);
        let ids: Vec<(i64, i32, String)> =
            read(&t, |db| Ok(of.select((hits::id, hits::version, hits::school)).load(db)?));
        let one = |school: &str| {
            let found = ids.iter().find(|one| one.2 == school).unwrap();
            format!("{}.{}", found.0, found.1)
        };
        let (own, other) = (one("乐至中学"), one("吴仲良中学"));

        answer(&mut phone, &[], ["1", "", ""]).await.is(422).says(&["请选核实结果", "还没有选人"]);
        let short = answer(&mut phone, &[&own], ["2", "guest", ""]).await;
        short.is(422).says(&["借读的请写学籍在哪所学校", "checked", "value=\"guest\" selected"]);
        let note = "学籍在安岳中学";
        answer(&mut phone, &[&own, &other], ["3", "guest", note]).await.is(404);
        let shown = ticked(&t, "monitored_over");
        let refused = answer(&mut phone, &[&shown], ["4", "at_school", ""]).await;
        refused.is(422).says(&["只作参考，不用核实"]);
        assert!(answered_by(&t, "disabled").iter().all(|one| one.0.is_empty()), "all or none");

        let done = answer(&mut phone, &[&own], ["5", "guest", note]).await;
        assert_eq!(done.is(303).header("location"), "/l/matching?done=1");
        answer(&mut phone, &[&own], ["5", "guest", note]).await.is(303);
        phone.get("/l/matching?done=1").await.is(200).says(&["已登记", "现在没有要核实的"]);
        let by = "乐至中学王主任".to_owned();
        assert!(answered_by(&t, "disabled").contains(&(by.clone(), note.to_owned(), 2)));
        // It is answered once; what was wrong is the county's to put right.
        let of_own =
            hits::table.filter(hits::kind.eq("disabled")).filter(hits::school.eq("乐至中学"));
        let now: (i64, i32) =
            read(&t, |db| Ok(of_own.select((hits::id, hits::version)).first(db)?));
        let now = format!("{}.{}", now.0, now.1);
        answer(&mut phone, &[&own], ["6", "moved", "成都"]).await.is(409).says(&["别人刚刚改过"]);
        answer(&mut phone, &[&now], ["7", "moved", "成都"]).await.is(409);

        clerk.get("/matching?tab=answered").await.is(200).says(&["借读", note, &by]);
        clerk.get("/matching").await.is(200).says(&["周成"]);
        let told = history::table.filter(history::action.eq("matching_answered"));
        let told: Vec<String> = read(&t, |db| Ok(told.select(history::staff_name).load(db)?));
        assert_eq!(told, ["联络员 王主任（乐至中学）"]);
        let log = t.sign_in(Role::Director).get("/audit").await;
        log.is(200).says(&["看名单比对，1 条"]);
        assert!(!log.text.contains(STUDENT));

        let mut village = ready(&t, "cun01", "宝林镇", &village(&t)).await;
        village.get(HOME).await.is(404);
        answer(&mut village, &[&other], ["8", "at_school", ""]).await.is(404);
        clerk.get(HOME).await.is(303);
    });
}

fn village(t: &TestApp) -> String {
    use zhuxue::plumbing::schema::person;
    let of = person::table.filter(person::township.eq("宝林镇")).filter(person::village.ne(""));
    read(t, |db| Ok(of.select(person::village).first(db)?))
}
