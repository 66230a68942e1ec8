//! 工作台 by who looks: a clerk's own day, what waits for a second person, the year at a glance.

use zhuxue::book::staff::Role;
use zhuxue::jobs;

use crate::borrower::town::each;
use crate::support::county::day;
use crate::support::plain;

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

/// The links of a page: where to, and what stands there.
fn links(text: &str) -> Vec<(String, String)> {
    let link = |rest: &str| {
        let (attributes, rest) = rest.split_once('>')?;
        let to = attributes.split_once("href=\"")?.1.split_once('"')?.0;
        let words = rest.split_once("</a>")?.0.trim();
        Some((to.replace("&#x2f;", "/").replace("&amp;", "&"), words.to_owned()))
    };
    text.split("<a").filter_map(link).collect()
}

#[test]
fn each_sum_of_the_directors_home_opens_the_list_of_just_those() {
    each(async |t| {
        let on = "2026-12-22";
        t.set_day(on);
        jobs::close_day::run(&t.app, day(on)).unwrap();
        jobs::follow_overdue::run(&t.app, day(on)).unwrap();
        let mut director = t.sign_in(Role::Director);
        let home = director.get("/home").await;
        let all = links(&home.text);
        let shown = |to: &str, words: &str| {
            let sums = all.iter().filter(|(own, text)| own == to && text.starts_with('¥'));
            assert_eq!(sums.clone().count(), 1, "{to}: {all:?}");
            words.replace("{}", &sums.clone().next().unwrap().1)
        };
        let words = plain(&home.text);
        let people = words.split_once("本金、利息和罚息，").unwrap().1.split_once(' ').unwrap().0;
        let late = shown("/loans?overdue=yes", &format!("{people} 人，本金余额"));
        let late = [late.as_str(), &shown("/loans?overdue=yes", "{}")];
        director.get("/loans?overdue=yes").await.is(200).says(&late);
        let sum = shown("/loans?sort=balance", "本金余额 {}");
        director.get("/loans?sort=balance").await.is(200).says(&[&sum]);
        for stage in ["student", "co_borrower", "village", "school", "police"] {
            let to = format!("/overdue?stage={stage}");
            let own: Vec<&str> =
                all.iter().filter(|(own, _)| *own == to).map(|(_, text)| text.as_str()).collect();
            let [_, people, sum] = own[..] else { panic!("{to}: {all:?}") };
            assert!(sum.starts_with('¥'), "{own:?}");
            if people != "0" {
                let line = format!("符合条件 {people} 人，{sum}");
                director.get(&to).await.is(200).says(&[&line]);
            }
        }
    });
}
