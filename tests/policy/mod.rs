//! 政策与利率: values that one person enters and another confirms, what depends on them, and how
//! another instance of the program comes to know them.

use diesel::prelude::*;
use zhuxue::app::App;
use zhuxue::base::dates::Clock;
use zhuxue::base::ids::LoanId;
use zhuxue::base::money::Fen;
use zhuxue::base::scope::Scope;
use zhuxue::book::notice::{Verdict, revalidate};
use zhuxue::book::policy::{Policy, Waiver};
use zhuxue::book::staff::Role;
use zhuxue::book::{position, verify, warning};
use zhuxue::jobs::{check_rate_table, close_day, send_due_reminders};
use zhuxue::plumbing::schema::{file_position, history, loan_file, loan_position, policy_proposal};

use crate::borrower::town::{each, read};
use crate::notices::{messages, text};
use crate::support::county::day;
use crate::support::{Browser, OFFICE, TestApp};

const SAYS: &str = "按没有免息政策计算";

/// The fields of a notice for 2026.
fn notice(state: &'static str) -> [(&'static str, &'static str); 4] {
    [
        ("year", "2026"),
        ("state", state),
        ("document", "财教〔2026〕31号"),
        ("document_on", "2026-10-20"),
    ]
}

fn lpr(on: &'static str, percent: &'static str) -> [(&'static str, &'static str); 3] {
    [("published_on", on), ("percent", percent), ("document", "同业拆借中心公布")]
}

/// What was entered last.
fn newest(t: &TestApp) -> i64 {
    read(t, |db| {
        let ids = policy_proposal::table.order(policy_proposal::id.desc());
        Ok(ids.select(policy_proposal::id).first(db)?)
    })
}

pub async fn decide(t: &TestApp, who: &mut Browser, decision: &str) -> crate::support::Answer {
    let path = format!("/policy/{}/decide", newest(t));
    who.post(&path, &[("decision", decision), ("reason", "对照过")]).await
}

/// Enters a year's waiver and has it confirmed.
async fn settle(t: &TestApp, state: &'static str) {
    let (mut director, mut reviewer) = (t.sign_in(Role::Director), t.sign_in(Role::Reviewer));
    director.post("/policy/waiver", &notice(state)).await.is(303);
    decide(t, &mut reviewer, "confirmed").await.is(303);
    close_day::refresh_all(&t.app).unwrap();
}

/// What all families are asked for on 2026-12-20.
fn asked(t: &TestApp) -> Fen {
    let due: Vec<Fen> = read(t, |db| {
        Ok(file_position::table
            .filter(file_position::next_due_on.eq(day("2026-12-20")))
            .select(file_position::next_due_fen)
            .load(db)?)
    });
    due.into_iter().sum()
}

/// The number of a file that has something to pay on 2026-12-20.
fn a_file(t: &TestApp) -> String {
    read(t, |db| {
        Ok(file_position::table
            .inner_join(loan_file::table)
            .filter(file_position::next_due_on.eq(day("2026-12-20")))
            .filter(file_position::next_due_fen.gt(0))
            .order(loan_file::file_no)
            .select(loan_file::file_no)
            .first(db)?)
    })
}

/// Nothing that is stored differs from what the statement says by the rules of now.
fn books_are_right(t: &TestApp) {
    let scope = Scope::of(OFFICE);
    let ids = read(t, |db| verify::next_loans(db, &scope, LoanId::new(0), 1_000));
    let found = read(t, |db| verify::check(db, &scope, &t.app.basis(), &ids));
    assert!(found.is_empty(), "{:?}", found.first().map(|one| &one.what));
}

#[test]
fn a_waiver_is_proposed_by_one_and_confirmed_by_another_and_holds_at_once() {
    each(async |t| {
        let (mut director, mut reviewer) = (t.sign_in(Role::Director), t.sign_in(Role::Reviewer));
        let (file, before) = (a_file(&t), asked(&t));
        director.get(&format!("/loans/{file}")).await.is(200).says(&[SAYS]);
        let rules = ["2026 年是否免息，还没有人录入", SAYS, "情形 死亡或失踪、丧失"];
        director.get("/policy").await.is(200).says(&rules);
        director.post("/policy/waiver", &notice("announced")).await.is(303);
        reviewer.get("/policy").await.is(200).says(&[
            "2026 年利息免除",
            "财教〔2026〕31号",
            "对照过文件，确认",
        ]);
        // Not by the same person, and until then nothing has changed.
        decide(&t, &mut director, "confirmed").await.is(422).says(&["提出的人不能自己确认"]);
        decide(&t, &mut t.sign_in(Role::Clerk), "confirmed").await.is(403);
        assert_eq!(t.app.policy().waiver(2026), Waiver::Unknown);
        assert_eq!(asked(&t), before);
        decide(&t, &mut reviewer, "confirmed").await.is(303);
        decide(&t, &mut reviewer, "confirmed").await.is(409);
        assert_eq!(t.app.policy().waiver(2026), Waiver::Announced);
        close_day::refresh_all(&t.app).unwrap();
        let after = asked(&t);
        assert!(after < before, "{before} {after}");
        books_are_right(&t);
        let page = director.get(&format!("/loans/{file}")).await;
        assert!(!page.text.contains("2026-12-20要还（预计）</dt>") && page.text.contains("免除"));
        let told: Vec<String> = read(&t, |db| {
            Ok(history::table
                .filter(history::action.eq("rules_decided"))
                .select(history::summary)
                .load(db)?)
        });
        assert_eq!(told, ["已确认：免息，2026 年利息免除；主任提出，财教〔2026〕31号"]);
        director.get("/policy").await.says(&["在用", "本页录入"]);
        // A year that is settled is not settled again.
        let again = director.post("/policy/waiver", &notice("none")).await;
        again.is(422).says(&["2026 年已经定了，不能再改"]);
    });
}

#[test]
fn ruled_out_is_not_unknown() {
    each(async |t| {
        let (file, before) = (a_file(&t), asked(&t));
        settle(&t, "none").await;
        assert_eq!((t.app.policy().waiver(2026), asked(&t)), (Waiver::None, before));
        let mut clerk = t.sign_in(Role::Clerk);
        let page = clerk.get(&format!("/loans/{file}")).await;
        let figures = page.text.split("id=\"account\"").next().unwrap_or_default().to_owned();
        assert!(!figures.contains(SAYS), "the year is settled");
    });
}

#[test]
fn what_cannot_be_taken_is_said_in_one_sentence() {
    each(async |t| {
        let (mut director, mut reviewer) = (t.sign_in(Role::Director), t.sign_in(Role::Reviewer));
        let hole = director.post("/policy/lpr", &lpr("2026-10-20", "3.40")).await;
        hole.is(422).says(&["2026-08-20 和 2026-10-20 之间还缺一个月的数值，请先补上", "3.40"]);
        let past = director.post("/policy/lpr", &lpr("2026-08-20", "3.40")).await;
        past.is(422).says(&["2026-08-20 及以前的数值已经录入"]);
        let ahead = director.post("/policy/lpr", &lpr("2026-11-20", "3.40")).await;
        ahead.is(422).says(&["公布日期 2026-11-20 还没有到"]);
        let far =
            [("year", "2028"), ("state", "none"), ("document", "x"), ("document_on", "2026-10-20")];
        director.post("/policy/waiver", &far).await.is(422).says(&["那一年还早，通知还没有出"]);
        // One month after the other, both waiting; the second cannot be confirmed first.
        director.post("/policy/lpr", &lpr("2026-09-21", "3.45")).await.is(303);
        let twice = director.post("/policy/lpr", &lpr("2026-09-21", "3.40")).await;
        twice.is(422).says(&["同样的一条正在等人确认"]);
        let first = newest(&t);
        director.post("/policy/lpr", &lpr("2026-10-20", "3.40")).await.is(303);
        decide(&t, &mut reviewer, "confirmed").await.is(422).says(&["请先补上"]);
        // The proposer takes back; a second person says no with a reason.
        decide(&t, &mut reviewer, "withdrawn").await.is(422).says(&["只有提出的人能撤回"]);
        decide(&t, &mut director, "withdrawn").await.is(303);
        let path = format!("/policy/{first}/decide");
        reviewer.post(&path, &[("decision", "rejected")]).await.is(422).says(&["写一句原因"]);
        reviewer.post(&path, &[("decision", "confirmed")]).await.is(303);
        assert_eq!(t.app.policy().rates().lpr().on(day("2026-12-21")), "3.45".parse().unwrap());
        t.sign_in(Role::Reviewer).post("/policy/waiver", &notice("none")).await.is(403);
        t.sign_in(Role::Administrator).get("/policy").await.is(200);
    });
}

#[test]
fn a_wrong_value_is_taken_back_by_two_persons_too() {
    each(async |t| {
        let before = asked(&t);
        settle(&t, "announced").await;
        let (mut director, mut reviewer) = (t.sign_in(Role::Director), t.sign_in(Role::Reviewer));
        let path = format!("/policy/{}/revoke", newest(&t));
        director.post(&path, &[("reason", "")]).await.is(422).says(&["撤销要写明原因"]);
        director.post(&path, &[("reason", "文号看错了")]).await.is(303);
        assert_eq!(t.app.policy().waiver(2026), Waiver::Announced);
        decide(&t, &mut reviewer, "confirmed").await.is(303);
        close_day::refresh_all(&t.app).unwrap();
        assert_eq!((t.app.policy().waiver(2026), asked(&t)), (Waiver::Unknown, before));
        books_are_right(&t);
        settle(&t, "none").await;
        assert_eq!(t.app.policy().waiver(2026), Waiver::None);
    });
}

/// Another instance of the program on the same database.
fn another(t: &TestApp) -> App {
    let clock = Clock::starting_on(t.app.clock.today());
    let sealer = zhuxue::plumbing::crypto::Sealer::throw_away().unwrap();
    let config = (*t.app.config).clone();
    zhuxue::site::app(t.database.open(), clock, Policy::embedded().unwrap(), sealer, config)
        .unwrap()
}

#[test]
fn another_instance_converges_whatever_it_wrote_meanwhile() {
    each(async |t| {
        let other = another(&t);
        settle(&t, "announced").await;
        let right = asked(&t);
        assert_eq!(other.policy().waiver(2026), Waiver::Unknown, "it has not looked yet");
        // It writes by its old rules: what it computed is marked to be done again.
        let scope = Scope::of(OFFICE);
        let ids = read(&t, |db| verify::next_loans(db, &scope, LoanId::new(0), 1_000));
        let today = t.app.clock.today();
        other
            .db
            .write("stale", |db| position::refresh(db, &scope, &other.basis(), &ids, today))
            .unwrap();
        assert_ne!(asked(&t), right);
        assert!(read(&t, |db| position::is_any_due(db, &scope, today)));
        assert!(other.follow_rules().unwrap(), "it looks, and finds the new value");
        assert!(!other.follow_rules().unwrap(), "and nothing more");
        close_day::refresh_all(&other).unwrap();
        assert_eq!(asked(&t), right);
        books_are_right(&t);
        // A program that starts takes it over from the database.
        let late = another(&t);
        assert!(late.follow_rules().unwrap() && late.policy().is_waived(2026));
    });
}

#[test]
fn holidays_are_entered_exported_and_taken_in_elsewhere() {
    each(async |t| {
        let (mut director, mut reviewer) = (t.sign_in(Role::Director), t.sign_in(Role::Reviewer));
        let fields = [
            ("year", "2027"),
            ("off", "2027-01-01至2027-01-03，2027-02-05至2027-02-12"),
            ("work", "2027-02-14"),
            ("document", "国办发明电〔2026〕9号"),
            ("document_on", "2026-10-29"),
        ];
        director.post("/policy/holidays", &fields).await.is(303);
        decide(&t, &mut reviewer, "confirmed").await.is(303);
        assert!(t.app.policy().calendar().knows(2027));
        assert!(t.app.policy().is_working_day(day("2027-02-14")));
        settle(&t, "announced").await;
        let file = director.get("/policy/export").await.is(200).text.clone();
        let there = TestApp::new();
        let mut other = there.sign_in(Role::Director);
        other.post("/policy/import", &[("text", "abc")]).await.is(422).says(&["读不出来"]);
        let strange = "[[cdb.loan_cap]]\nfrom = \"2027-09-01\"\n";
        let refused = other.post("/policy/import", &[("text", strange)]).await;
        refused.is(422).says(&["这里只能导入免息年份、LPR 和节假日"]);
        other.post("/policy/import", &[("text", &file)]).await.is(303);
        let page = other.get("/policy").await;
        page.says(&["2027 年放假 11 天，补班 1 天", "国办发明电〔2026〕9号", "2026 年利息免除"]);
        let waiting: i64 = read(&there, |db| Ok(policy_proposal::table.count().get_result(db)?));
        assert_eq!(waiting, 2);
        assert!(!there.app.policy().calendar().knows(2027), "nobody there has confirmed it");
    });
}

#[test]
fn a_rule_was_held_against_its_document() {
    each(async |t| {
        let mut director = t.sign_in(Role::Director);
        let page = director.get("/policy").await;
        page.is(200).says(&["国开行助学贷款额度", "财教〔2024〕188号", "还没有核对"]);
        let rule = [("rule", "cdb.loan_cap")];
        t.sign_in(Role::Clerk).post("/policy/compared", &rule).await.is(403);
        director.post("/policy/compared", &[("rule", "no.such")]).await.is(404);
        director.post("/policy/compared", &rule).await.is(303);
        director.get("/policy").await.says(&["主任 2026-10-31 12:00"]);
    });
}

#[test]
fn the_workbench_asks_until_somebody_has_said() {
    each(async |t| {
        let keys = |t: &TestApp| -> Vec<(String, String)> {
            let lines = read(t, |db| warning::of_kind(db, OFFICE, "rates"));
            lines.into_iter().map(|line| (line.key, line.url)).collect()
        };
        let waiver = ("waiver 2026".to_owned(), "/policy".to_owned());
        check_rate_table::run(&t.app, t.app.clock.today()).unwrap();
        assert!(keys(&t).contains(&waiver), "{:?}", keys(&t));
        settle(&t, "none").await;
        check_rate_table::run(&t.app, t.app.clock.today()).unwrap();
        assert!(!keys(&t).contains(&waiver));
        // January asks about the year before only, February about this one.
        let asks = |day: &str| {
            let warnings = Policy::embedded().unwrap().warnings(day.parse().unwrap());
            warnings
                .iter()
                .map(ToString::to_string)
                .filter(|w| w.contains("免除"))
                .collect::<Vec<_>>()
        };
        assert_eq!(asks("2026-01-31"), Vec::<String>::new());
        assert_eq!(asks("2026-02-01").len(), 1);
        assert!(asks("2027-01-15")[0].starts_with("2026 年"));
        // A year that nobody has settled hides no later one.
        assert_eq!(asks("2027-02-01").len(), 2);
    });
}

/// What families were told before the announcement: what has not left yet says the new amount.
#[test]
fn a_reminder_that_waits_says_what_holds_when_it_leaves() {
    for (state, says) in [("none", false), ("announced", false)] {
        each(async |t| {
            t.set_day("2026-12-10");
            close_day::run(&t.app, day("2026-12-10")).unwrap();
            send_due_reminders::run(&t.app, day("2026-12-10")).unwrap();
            let all = messages(&t);
            assert!(all.len() > 20);
            for one in &all {
                assert!(text(&t, one).contains(SAYS), "{}", text(&t, one));
            }
            let now = t.app.clock.now_at();
            let verdicts =
                |t: &TestApp| t.app.db.read(|db| revalidate(&t.app, db, &all, now)).unwrap();
            let as_written = verdicts(&t);
            for one in &all {
                match &as_written[&one.id] {
                    Verdict::Send { text: sent, .. } => assert_eq!(*sent, text(&t, one)),
                    other => panic!("{other:?}"),
                }
            }
            settle(&t, state).await;
            let (mut sent, mut cancelled) = (0, 0);
            for (id, verdict) in verdicts(&t) {
                match verdict {
                    Verdict::Send { text, .. } => {
                        assert_eq!(text.contains(SAYS), says, "{id} {text}");
                        sent += 1;
                    }
                    Verdict::Cancel(why) => {
                        assert!(why.starts_with("这一年的利息国家免除"), "{why}");
                        cancelled += 1;
                    }
                    other @ Verdict::NotBefore(_) => panic!("{other:?}"),
                }
            }
            assert!(sent > 0);
            assert_eq!(cancelled > 0, state == "announced", "only interest was due, and is waived");
        });
    }
}

/// The families of the phone page read the same words.
#[test]
fn a_family_reads_on_the_phone_what_the_amount_is_based_on() {
    each(async |t| {
        let loans: Vec<Option<chrono::NaiveDate>> =
            read(&t, |db| Ok(loan_position::table.select(loan_position::next_due_on).load(db)?));
        assert!(loans.contains(&Some(day("2026-12-20"))));
        let mut browser = borrower_with_something_due(&t);
        for path in ["/m", "/m/schedule", "/m/repay"] {
            browser.get(path).await.is(200).says(&[SAYS]);
        }
        settle(&t, "none").await;
        let home = browser.get("/m").await;
        assert!(!home.text.contains(SAYS));
    });
}

fn borrower_with_something_due(t: &TestApp) -> Browser {
    use zhuxue::base::ids::PersonId;
    use zhuxue::web::session::NewSession;
    use zhuxue::web::session::borrower;
    let file = a_file(t);
    let person: PersonId = read(t, |db| {
        let own = loan_file::table.filter(loan_file::file_no.eq(&file));
        Ok(own.select(loan_file::person_id).first(db)?)
    });
    let new = NewSession::new("10.0.0.9".to_owned(), "test").unwrap();
    let now = t.app.clock.now_at();
    t.app
        .db
        .write("test borrower", |db| borrower::begin(db, (OFFICE, person), None, &new, now))
        .unwrap();
    let cookie = new.cookie_named(borrower::COOKIE, &t.app.config);
    t.nobody().with_cookie(cookie.name(), cookie.value())
}
