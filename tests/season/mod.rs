//! 年度开办: a year is opened when everything for it is there, and the counter waits for it; on both
//! databases.

use actix_web::web::Query;
use chrono::{Datelike, Days};
use diesel::connection::SimpleConnection as _;
use zhuxue::base::scope::Scope;
use zhuxue::book::staff::Role;
use zhuxue::desk::season::totals;
use zhuxue::life::application::list::{self as application, ListParams as ApplicationParams};
use zhuxue::life::disbursement::list::ListParams as MoneyParams;
use zhuxue::life::preapplication::list::{self as preapplication, ListParams as CandidateParams};
use zhuxue::web::list::declare::List as _;

use crate::borrower::town::each;
use crate::counter::{GIRL, WHO, begin, id, send};
use crate::policy::decide;
use crate::support::{Answer, Browser, OFFICE, TestApp};
use crate::two_databases::lists::COUNTER;

/// What a year needs and the program does not bring: LPR as far as the December before, the
/// notice of holidays, days at the counter. Entered by the director, confirmed by a reviewer.
pub async fn prepare(t: &TestApp, year: i32) {
    let (mut director, mut reviewer) = (t.sign_in(Role::Director), t.sign_in(Role::Reviewer));
    loop {
        let last = t.app.policy().rates().lpr().last_day().unwrap();
        let next = last.with_day(1).unwrap() + Days::new(31);
        if next.year() >= year {
            break;
        }
        let on = next.with_day(20).unwrap().to_string();
        let form =
            [("published_on", on.as_str()), ("percent", "3.50"), ("document", "同业拆借中心公布")];
        director.post("/policy/lpr", &form).await.is(303);
        decide(t, &mut reviewer, "confirmed").await.is(303);
    }
    if !t.app.policy().calendar().knows(year) {
        let [first, off, work, of, on] = [
            year.to_string(),
            format!("{year}-01-01至{year}-01-03"),
            format!("{year}-02-14"),
            format!("国办发明电〔{}〕9号", year - 1),
            format!("{}-11-20", year - 1),
        ];
        let form = [
            ("year", first.as_str()),
            ("off", off.as_str()),
            ("work", work.as_str()),
            ("document", of.as_str()),
            ("document_on", on.as_str()),
        ];
        director.post("/policy/holidays", &form).await.is(303);
        decide(t, &mut reviewer, "confirmed").await.is(303);
    }
    let today = t.app.clock.today();
    let (from, until) = (today.to_string(), (today + Days::new(6)).to_string());
    let key = director.get("/bookings/days").await.hidden("key");
    let form = [
        ("key", key.as_str()),
        ("from", from.as_str()),
        ("until", until.as_str()),
        ("every_day", "1"),
        ("place", "县资助中心"),
        ("hours", "08:30-11:30"),
        ("desks", "3"),
        ("per_slot", "9"),
        ("townships", ""),
    ];
    director.post("/bookings/days", &form).await.is(303);
}

async fn set(director: &mut Browser, year: i32, (opens, closes): (&str, &str)) -> Answer {
    let form = [("opens_on", opens), ("closes_on", closes)];
    let version = director.get(&format!("/season?year={year}")).await.is(200).hidden("version");
    let form = [&form[..], &[("version", version.as_str())]].concat();
    director.post(&format!("/season/{year}/open"), &form).await
}

/// The year is opened as its director does it, from July to the end of September.
pub async fn open_year(t: &TestApp, year: i32) {
    prepare(t, year).await;
    let (opens, closes) = (format!("{year}-07-01"), format!("{year}-09-30"));
    set(&mut t.sign_in(Role::Director), year, (&opens, &closes)).await.is(303);
}

async fn refused_at_the_counter(clerk: &mut Browser, why: &str) {
    let girl = id(GIRL);
    let form = [("q", girl.as_str()), ("product", "cdb")];
    clerk.post("/applications/new", &form).await.is(422).says(&[why]);
}

#[test]
fn a_year_opens_when_everything_is_there_and_the_counter_waits_for_it() {
    each(async |t| {
        t.set_day("2027-07-20");
        let (mut clerk, mut director) = (t.sign_in(Role::Clerk), t.sign_in(Role::Director));
        let page = clerk.get("/season").await;
        page.is(200).says(&[
            "2027-2028 学年",
            "缺 2026 年 12 月的 LPR",
            "还没有录入 2027 年的放假通知",
            "还没有开放任何一天",
            "本专科 20,000.00 元",
            "高校录入回执到10月10日",
            "开办和关闭由主任决定",
        ]);
        assert!(!page.text.contains("/season/2027/open"));
        clerk.get("/applications/new").await.is(200).says(&["2027 学年还没有开办", "/season"]);
        refused_at_the_counter(&mut clerk, "2027 学年还没有开办，不能开始新的申请").await;
        let days = ("2027-07-15", "2027-09-20");
        let early = set(&mut director, 2027, days).await;
        early.is(422).says(&["还不能开办，先补齐：LPR、节假日与补班、窗口和日期"]);
        prepare(&t, 2027).await;
        director.get("/season").await.is(200).says(&[
            "2026年12月20日公布的五年期以上 LPR 是 3.50%",
            "放假 3 天，补班 1 天",
            "国办发明电〔2026〕9号",
            "开放 7 天，县资助中心，最多 3 个窗口",
        ]);
        for (wrong, why) in [
            (("", "2027-09-20"), "开始受理请写日期"),
            (("2027-07-15", "九月"), "受理到哪天请写日期"),
            (("2026-07-15", "2027-09-20"), "开始受理要在 2027 年里"),
            (("2027-09-15", "2027-08-20"), "不能早于第一天"),
            (("2027-07-01", "2027-07-19"), "已经过去"),
            (("2027-07-15", "2028-01-20"), "受理的最后一天要在 2027 年里"),
        ] {
            set(&mut director, 2027, wrong).await.is(422).says(&[why]);
        }
        // Before its first day nobody begins either.
        set(&mut director, 2027, ("2027-08-01", "2027-09-20")).await.is(303);
        refused_at_the_counter(&mut clerk, "今天不在受理时间里，今年受理8月1日").await;
        let old = [("version", "0"), ("opens_on", "2027-07-15"), ("closes_on", "2027-09-20")];
        director.post("/season/2027/open", &old).await.is(409);
        set(&mut director, 2027, days).await.is(303);
        director.get("/season").await.is(200).says(&["已开办", "受理7月15日至9月20日"]);
        let at = begin(&mut clerk, &id(GIRL), "cdb").await;
        let to = "/season/2027/close";
        let close = async |director: &mut Browser, reason: &str| {
            let version = director.get("/season").await.is(200).hidden("version");
            director.post(to, &[("version", version.as_str()), ("reason", reason)]).await
        };
        close(&mut director, "").await.is(422).says(&["为什么关闭"]);
        close(&mut director, "系统升级两天").await.is(303);
        let version = director.get("/season").await.hidden("version");
        let again = [("version", version.as_str()), ("reason", "再关一次")];
        director.post(to, &again).await.is(422).says(&["没有在受理，不用关闭"]);
        let boy = id("51209020080505031");
        let form = [("q", boy.as_str()), ("product", "cdb")];
        let closed = clerk.post("/applications/new", &form).await;
        closed.is(422).says(&["2027 学年的受理已经关闭：系统升级两天"]);
        // What is in work goes on.
        assert_eq!(begin(&mut clerk, &id(GIRL), "cdb").await, at);
        send(&mut clerk, &format!("{at}/who"), &WHO).await.is(303);
        set(&mut director, 2027, days).await.is(303);
        begin(&mut clerk, &boy, "cdb").await;
        let log = director.get("/audit").await;
        log.is(200).says(&["关闭受理", "系统升级两天", "已开办 2027 学年", "受理时间改为"]);
        director.get("/season?year=2031").await.is(404);
        director.get("/season?year=2028").await.is(200).says(&["2028 学年", "未开办"]);
    });
}

#[test]
fn a_county_that_upgrades_in_mid_season_is_not_locked_out() {
    each(async |t| {
        t.set_day("2027-07-20");
        open_year(&t, 2027).await;
        let (mut clerk, mut director) = (t.sign_in(Role::Clerk), t.sign_in(Role::Director));
        begin(&mut clerk, &id(GIRL), "cdb").await;
        // As before this table was there.
        t.app.db.write("test", |db| Ok(db.batch_execute("DELETE FROM season")?)).unwrap();
        director.get("/season").await.is(200).says(&["已开办", "启用本功能以前已在受理"]);
        begin(&mut clerk, &id("51209020080505031"), "cdb").await;
        let form = [("version", "0"), ("reason", "名额已满")];
        director.post("/season/2027/close", &form).await.is(303);
        let other = id("51209020080606052");
        let form = [("q", other.as_str()), ("product", "local")];
        clerk.post("/applications/new", &form).await.is(422).says(&["已经关闭：名额已满"]);
    });
}

/// How many rows the list behind a figure has.
fn behind(t: &TestApp, link: &str) -> usize {
    let (path, query) = link.split_once('?').unwrap();
    let today = t.app.clock.today();
    let scope = Scope::of(OFFICE);
    let rows = t.app.db.read(|db| {
        if path == application::PATH {
            let params = Query::<ApplicationParams>::from_query(query).unwrap();
            return Ok(params.to_list(today).all(db, &scope, 10_000)?.len());
        }
        if path == preapplication::PATH {
            let params = Query::<CandidateParams>::from_query(query).unwrap();
            return Ok(params.all(db, &scope, 10_000)?.len());
        }
        let params = Query::<MoneyParams>::from_query(query).unwrap();
        Ok(params.to_list(today).all(db, &scope, 10_000)?.len())
    });
    rows.unwrap()
}

#[test]
fn every_figure_is_the_number_of_rows_that_it_leads_to() {
    each(async |t| {
        t.set_day("2026-12-10");
        let some = "UPDATE loan_application SET submitted_at = NULL, university = '' \
            WHERE id = (SELECT MIN(id) FROM loan_application); \
            UPDATE loan_application SET township = '宝林镇' \
            WHERE id > (SELECT MIN(id) FROM loan_application); \
            UPDATE loan SET receipt_on = NULL WHERE id = (SELECT MIN(id) FROM loan)";
        let handed = "UPDATE loan_application SET submitted_at = created_at";
        let sql = format!("{COUNTER}; {handed}; {some}");
        t.app.db.write("test", |db| Ok(db.batch_execute(&sql)?)).unwrap();
        let (today, scope) = (t.app.clock.today(), Scope::of(OFFICE));
        let mut seen = 0;
        for (by, words) in totals::BY {
            let lines = t.app.db.read(|db| totals::load(db, &scope, by, (2026, today))).unwrap();
            assert!(lines.len() > 1, "{by}");
            for (at, (_, _, step)) in totals::STEPS.iter().enumerate() {
                let of = |line: &totals::Totals| line.cells[at].as_ref().map(|cell| cell.count);
                let all: Option<usize> = lines.iter().skip(1).map(of).sum();
                // Nobody writes in a pre-application which loan and which university it will be.
                let untold = at < 2 && matches!(by, "product" | "university");
                assert_eq!(all.is_none(), untold, "{by} {step}");
                assert!(at > 3 || of(&lines[0]) > Some(0), "{by} {step}: nothing to add up");
                if !untold {
                    assert_eq!(of(&lines[0]), all, "{by} {step}: the lines make the sum");
                }
            }
            for line in &lines {
                for cell in line.cells.iter().flatten() {
                    assert_eq!(behind(&t, &cell.link), cell.count, "{}", cell.link);
                    seen += usize::from(cell.count > 0);
                }
            }
            let page = t.sign_in(Role::Auditor).get(&format!("/season?by={by}")).await;
            page.is(200).says(
                &[words, "已受理", "已审批", "没有写"]
                    [..if matches!(by, "product" | "school") { 2 } else { 3 }],
            );
            let first = lines[0].cells[2].clone().unwrap();
            let link = first.link;
            let list = t.sign_in(Role::Auditor).get(&link).await;
            list.is(200).says(&["全部申请", &format!("这里 {} 份", first.count)]);
        }
        assert!(seen > 15, "{seen} figures");
        t.sign_in(Role::Auditor).get("/season.xlsx?by=township").await.is(200);
    });
}
