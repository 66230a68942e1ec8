//! 工作台 by who looks: a clerk's own day, what waits for a second person, the year at a glance.

use zhuxue::book::staff::Role;
use zhuxue::jobs;

use crate::borrower::town::each;
use crate::support::county::day;

#[test]
fn each_role_finds_its_own_work() {
    each(async |t| {
        let on = "2026-12-22";
        t.set_day(on);
        jobs::close_day::run(&t.app, day(on)).unwrap();
        jobs::follow_overdue::run(&t.app, day(on)).unwrap();
        jobs::plan_contact_duties::run(&t.app, day(on)).unwrap();
        let clerk = t.sign_in(Role::Clerk).get("/home").await;
        clerk.is(200).says(&["我的今天", "今年家庭联系", "要办的事"]);
        assert!(!clerk.text.contains("本年回收") && !clerk.text.contains("等第二人确认"));
        t.sign_in(Role::Reviewer).get("/home").await.is(200).says(&["等第二人确认"]);
        let mut director = t.sign_in(Role::Director);
        let home = director.get("/home").await;
        home.is(200).says(&["本年回收", "短信电话", "停留", "overdue?stage=student"]);
        assert!(!home.text.contains("我的今天"));
        director.headers = vec![("HX-Request", "true".to_owned())];
        let part = director.get("/home?part=glance").await;
        part.is(200).says(&["本年收回本金", "2026年12月每天的回收率", "每月收回本息", "保存图片"]);
        assert!(!part.text.contains("<html"));
    });
}
