//! 需求调查: a school says how many want a loan; who has not reported is never a 0.

use diesel::prelude::*;
use zhuxue::base::url::link;
use zhuxue::book::staff::Role;
use zhuxue::plumbing::schema::{demand_survey as surveys, loan_file};

use crate::borrower::town::{each, read};
use crate::liaison::of_school;
use crate::support::{Answer, Browser, TestApp};

const HOME: &str = "/l/pre-applications/survey";
const DAY: &str = "2026-05-11";
const SEASON: &str = "/season?year=2026&by=school";

async fn report(browser: &mut Browser, at: &str, version: &str, counts: [&str; 4]) -> Answer {
    let [pupils, willing, undecided, expected] = counts;
    let form = [
        ("version", version),
        ("pupils", pupils),
        ("willing", willing),
        ("undecided", undecided),
        ("expected", expected),
    ];
    browser.post(at, &form).await
}

/// Wanted, by whom, version, of every report.
fn kept(t: &TestApp) -> Vec<(i32, String, i32)> {
    let of = (surveys::willing, surveys::reported_by, surveys::version);
    read(t, |db| Ok(surveys::table.order(surveys::high_school).select(of).load(db)?))
}

fn schools(t: &TestApp) -> Vec<String> {
    let of = loan_file::table.filter(loan_file::high_school.ne(""));
    let of = of.select(loan_file::high_school).distinct().order(loan_file::high_school);
    read(t, |db| Ok(of.load(db)?))
}

fn texts(book: &[u8]) -> Vec<Vec<String>> {
    let table = crate::sheets::table(book);
    let row = |cells: &[zhuxue::plumbing::sheet::Cell]| {
        cells.iter().map(|cell| cell.text.to_string()).collect()
    };
    table.rows.iter().map(|one| row(&one.cells)).collect()
}

#[test]
fn a_school_reports_its_need_and_the_county_puts_it_right() {
    each(async |t| {
        t.set_day(DAY);
        let all = schools(&t);
        let (school, other) = (all[0].as_str(), all[1].as_str());
        let mut phone = of_school(&t, "xuexiao1", school).await;
        of_school(&t, "xuexiao2", other).await;
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get(SEASON).await.is(200).says(&["需求调查", "没有报", school, other]);
        phone.get("/l/pre-applications").await.is(200).says(&["没有报", "报需求调查"]);
        phone.get(HOME).await.is(200).says(&["2026 年需求调查", "没有报"]);
        for (counts, why) in [
            (["", "", "", ""], "请写人数"),
            (["0", "0", "0", ""], "先不用报"),
            (["12人", "0", "0", ""], "问了多少名高三学生"),
            (["40", "30", "11", ""], "一共 41 人，比问过的 40 人还多"),
            (["40", "-3", "0", ""], "想贷款的有多少人"),
            (["40", "3", "0", "三万"], "金额请写成"),
            (["40", "3", "0", "0"], "预计金额要大于 0"),
        ] {
            report(&mut phone, HOME, "0", counts).await.is(422).says(&[why]);
        }
        let kept_typed = report(&mut phone, HOME, "0", ["40", "30", "11", "9"]).await;
        kept_typed.is(422).says(&["value=\"40\"", "value=\"11\"", "value=\"9\""]);
        assert!(kept(&t).is_empty());
        report(&mut phone, HOME, "0", ["120", "30", "12", "360000"]).await.is(303);
        report(&mut phone, HOME, "0", ["120", "30", "12", "360000"]).await.is(303);
        report(&mut phone, HOME, "0", ["120", "31", "12", ""]).await.is(409);
        report(&mut phone, HOME, "1", ["120", "31", "12", "360000"]).await.is(303);
        assert_eq!(kept(&t), [(31, "王主任".to_owned(), 2)]);
        phone.get("/l/pre-applications").await.says(&["问了 120 人，想贷 31 人，没定 12 人"]);

        clerk.get(SEASON).await.is(200).says(&[
            "问了 120 人，想贷 31 人，没定 12 人",
            "预计 360,000.00 元",
            "1 所报了",
            "没有报",
        ]);
        clerk.get("/season?year=2026&by=township").await.is(200);
        let one = link("/season/2026/survey", &[("school", school)]);
        clerk.get(&one).await.is(200).says(&["value=\"120\"", "王主任"]);
        report(&mut clerk, &one, "1", ["120", "33", "12", ""]).await.is(409);
        report(&mut clerk, &one, "2", ["120", "133", "12", ""]).await.is(422).says(&["还多"]);
        report(&mut clerk, &one, "2", ["120", "33", "12", ""]).await.is(303);
        assert_eq!(kept(&t), [(33, Role::Clerk.in_words().to_owned(), 3)]);
        let second = link("/season/2026/survey", &[("school", other)]);
        clerk.get(&second).await.is(200).says(&["没有报"]);
        report(&mut clerk, &second, "0", ["80", "9", "0", ""]).await.is(303);
        clerk.get(SEASON).await.says(&["问了 200 人，想贷 42 人，没定 12 人", "2 所报了"]);
        let nobody = link("/season/2026/survey", &[("school", "没有的中学")]);
        clerk.get(&nobody).await.is(404);
        report(&mut clerk, &nobody, "0", ["80", "9", "0", ""]).await.is(404);
        t.sign_in(Role::Auditor).get(&one).await.is(403);
        let log = t.sign_in(Role::Director).get("/audit").await;
        log.is(200).says(&["想贷 33 人，没定 12 人，原来问了 120 人，想贷 31 人"]);

        let book = clerk.get("/season.xlsx?year=2026&by=school").await.is(200).bytes.clone();
        let rows = texts(&book);
        let row = |name: &str| {
            let found = rows.iter().find(|cells| cells.first().is_some_and(|one| one == name));
            found.unwrap()[9..].to_vec()
        };
        assert_eq!(row(school)[..3], ["120", "33", "12"]);
        assert_eq!(row("全部")[..3], ["200", "42", "12"]);
        if let Some(third) = all.get(2) {
            of_school(&t, "xuexiao3", third).await;
            let book = clerk.get("/season.xlsx?year=2026&by=school").await.bytes.clone();
            assert!(texts(&book).iter().flatten().any(|text| text == "没有报"));
        }
        // After the window the school only reads; the county still puts it right.
        t.set_day("2026-07-01");
        let mut phone = of_school(&t, "xuexiao4", school).await;
        let late = phone.get(HOME).await;
        late.is(200).says(&["已经报过"]);
        assert!(!late.text.contains("<button class=\"btn pri\">"));
        let refused = report(&mut phone, HOME, "3", ["120", "34", "12", ""]).await;
        refused.is(422).says(&["已经截止"]);
        let mut clerk = t.sign_in(Role::Clerk);
        report(&mut clerk, &one, "3", ["120", "34", "12", ""]).await.is(303);
    });
}
