//! The pages of the timetable, and its lines on the workbench and for monitors.

use zhuxue::book::staff::Role;
use zhuxue::clock::{self, pause};
use zhuxue::jobs;

use super::{EACH, order, runs_at, with_jobs};
use crate::support::{TestApp, each};

#[test]
fn whoever_may_see_the_history_sees_what_ran_and_only_managers_can_act() {
    each(async |t| {
        t.set_day("2026-12-21");
        clock::run_due(&t.app, t.app.clock.now_at()).unwrap();
        let mut auditor = t.sign_in(Role::Auditor);
        let list = auditor.get("/admin/jobs").await;
        list.is(200).says(&["日终结转", "每天 00:00", "已完成", "12月22日 00:00", "每 5 秒"]);
        assert!(!list.text.contains("现在运行"), "an auditor can act");
        auditor.get("/admin/jobs/warn_staff").await.is(200).says(&["运行记录", "12月21日"]);
        auditor.post("/admin/jobs/warn_staff/run", &[]).await.is(403);
        t.sign_in(Role::Clerk).get("/admin/jobs").await.is(403);
        auditor.get("/admin/jobs/nothing").await.is(404);
    });
}

#[test]
fn a_job_is_paused_with_a_reason_and_resumed_and_the_history_says_who() {
    each(async |t| {
        let mut director = t.sign_in(Role::Director);
        let path = "/admin/jobs/warn_staff";
        let empty = director.post(&format!("{path}/pause"), &[("reason", " ")]).await;
        empty.is(422).says(&["请写明为什么暂停"]);
        let reason = [("reason", "换系统，先停一周")];
        director.post(&format!("{path}/pause"), &reason).await.is(303);
        director.get(path).await.says(&["本中心已暂停", "换系统，先停一周", "恢复运行"]);
        director.get("/admin/jobs").await.says(&["本中心已暂停"]);
        let offices = jobs::offices(&t.app, &jobs::warn_staff::JOB).unwrap();
        assert!(offices.is_empty());
        // Another office is not touched by it.
        t.add_office("510121", "JT", "金堂县学生资助管理中心");
        let offices = jobs::offices(&t.app, &jobs::warn_staff::JOB).unwrap();
        assert_eq!(offices.len(), 1);
        director.post(&format!("{path}/resume"), &[]).await.is(303);
        let paused = t.app.db.read(|db| pause::offices_without(db, "warn_staff")).unwrap();
        assert!(paused.is_empty());
        director.post(&format!("{path}/run"), &[]).await.is(303);
        director.get(path).await.says(&["已完成"]);
        let audit = director.get("/audit").await;
        audit.says(&["暂停定时任务", "恢复定时任务", "运行定时任务", "换系统，先停一周"]);
        // What keeps the books cannot be paused.
        let refused = director.post("/admin/jobs/close_day/pause", &reason).await;
        refused.is(422).says(&["不能暂停"]);
    });
}

#[test]
fn a_job_that_gave_up_is_red_until_it_goes_well() {
    each(async |t| {
        let t = with_jobs(t, &[EACH]);
        order(&t.app, "each", "fail");
        for hour in 9..24 {
            runs_at(&t.app, &format!("2026-11-22 {hour:02}:00"));
            runs_at(&t.app, &format!("2026-11-22 {hour:02}:10"));
            runs_at(&t.app, &format!("2026-11-22 {hour:02}:30"));
        }
        let mut director = t.sign_in(Role::Director);
        let home = director.get("/home").await;
        home.is(200).says(&["note2 bad", "11月22日的“逐日”失败", " 起</span>", "去看看"]);
        assert!(!home.text.contains("gateway"), "a cause for the log is on the page");
        let mut clerk = t.sign_in(Role::Clerk);
        let home = clerk.get("/home").await;
        assert!(!home.is(200).says(&["失败"]).text.contains("去看看"));
        director.get("/admin/jobs").await.says(&["1 项失败", "失败，不再自动试"]);
        order(&t.app, "each", "");
        director.post("/admin/jobs/each/run", &[]).await.is(303);
        let home = director.get("/home").await;
        assert!(!home.text.contains("失败"), "{}", home.text);
    });
}

#[actix_web::test]
async fn a_job_that_began_by_itself_is_shown_and_not_an_error() {
    let t = with_jobs(TestApp::new(), &[EACH]);
    t.app.clock.set_at(super::at("2026-11-22 09:00"));
    let claim = clock::Claim {
        by: "another".to_owned(),
        at: t.app.clock.now_at(),
        until: t.app.clock.now_at() + chrono::Duration::minutes(5),
        attempts: 1,
    };
    let claimed =
        t.app.db.write("t", |db| clock::claim(db, "each", super::day("2026-11-22"), None, &claim));
    assert!(claimed.unwrap());
    let mut director = t.sign_in(Role::Director);
    director.post("/admin/jobs/each/run", &[]).await.is(303);
    let page = director.get("/admin/jobs/each").await;
    page.is(200).says(&["“逐日”正在运行，等它结束再试", "正在运行"]);
}

#[actix_web::test]
async fn monitors_see_lag_failures_and_the_last_success() {
    let t = TestApp::with(|config| config.metrics_from = vec!["10.0.0.9".to_owned()]);
    let t = with_jobs(t, &[EACH]);
    runs_at(&t.app, "2026-11-20 12:00");
    let at = t.app.clock.now_at().and_utc().timestamp();
    order(&t.app, "each", "fail");
    runs_at(&t.app, "2026-11-21 09:00");
    t.app.clock.set_at(super::at("2026-11-21 09:02"));
    let text = t.nobody().get("/metrics").await.text;
    let value = |name: &str| -> i64 {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    let lag = value("zhuxue_job_lag_seconds{job=\"each\"}");
    assert!((119..=125).contains(&lag), "{lag}");
    assert_eq!(value("zhuxue_job_failures_total{job=\"each\"}"), 1);
    let last = value("zhuxue_job_last_success_timestamp{job=\"each\"}");
    assert!((last - at).abs() < 5, "{last} {at}");
}
