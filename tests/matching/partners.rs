//! 跨县查重: two counties with a database and keys of their own tell each other who has a loan, and
//! find the same student by the same match id; on both databases.

use diesel::prelude::*;
use zhuxue::book::partner::{self, Partner, PartnerKey};
use zhuxue::book::staff::Role;
use zhuxue::jobs;
use zhuxue::life::matching::partner_file::PartnerFile;
use zhuxue::plumbing::schema::{history, partner_entry as entries, partner_list as lists};

use crate::borrower::town::{PARENT, STUDENT, fill, read};
use crate::counter::{STUDY, WHO, begin, co_of, review_of, send};
use crate::hardship::new_key;
use crate::season::open_year;
use crate::support::county::day;
use crate::support::database::kinds;
use crate::support::{Answer, Browser, OFFICE, TestApp};

const PATH: &str = "/matching/partners";
const TODAY: &str = "2026-08-10";
const PHRASE: &str = "K7QF-2MPA-93XY-HHH5";

/// A county with loans and one without.
fn two(test: impl AsyncFn(TestApp, TestApp)) {
    for kind in kinds() {
        eprintln!("on {kind:?}:");
        actix_web::rt::System::new().block_on(async {
            let (lezhi, anyue) = (TestApp::on(kind), TestApp::on(kind));
            fill(&lezhi, OFFICE);
            lezhi.set_day(TODAY);
            anyue.set_day(TODAY);
            test(lezhi, anyue).await;
        });
    }
}

async fn agree(t: &TestApp, name: &str, phrase: &str, other: &str) -> Answer {
    let key = new_key();
    let fields = [("key", key.as_str()), ("name", name), ("password", phrase), ("again", other)];
    t.sign_in(Role::Director).post(PATH, &fields).await
}

/// The last one that was agreed on.
fn last(t: &TestApp) -> Partner {
    read(t, |db| partner::all(db, OFFICE)).pop().unwrap()
}

fn key_of(t: &TestApp) -> PartnerKey {
    last(t).key(&t.app.sealer).unwrap()
}

async fn make(t: &TestApp, to: &str, until: &str) -> Answer {
    let fields = [("partner", to), ("expires_on", until)];
    t.sign_in(Role::Clerk).post(&format!("{PATH}/made"), &fields).await
}

async fn upload(clerk: &mut Browser, text: &str) -> Answer {
    let (csrf, key) = (clerk.csrf.clone(), new_key());
    let fields = [("csrf", csrf.as_str()), ("key", key.as_str())];
    let file = [("名单.txt", text.as_bytes())];
    let at = format!("{PATH}/received");
    clerk.upload(&at, &fields, if text.is_empty() { &[] } else { &file }).await
}

fn stored(t: &TestApp) -> (i64, i64) {
    let lists = read(t, |db| Ok(lists::table.count().get_result(db)?));
    (lists, read(t, |db| Ok(entries::table.count().get_result(db)?)))
}

#[test]
fn two_counties_find_the_same_student_and_the_counter_asks() {
    two(async |lezhi, anyue| {
        open_year(&anyue, 2026).await;
        lezhi.sign_in(Role::Clerk).get(PATH).await.is(200).says(&["还没有和别的县约口令"]);
        agree(&lezhi, "安岳县", PHRASE, PHRASE).await.is(303);
        let spoken = "k7qf 2mpa 93xy hhh5";
        agree(&anyue, "乐至县", spoken, spoken).await.is(303);
        assert_eq!(last(&lezhi).fingerprint, last(&anyue).fingerprint);
        let to = last(&lezhi).id.to_string();
        let list = make(&lezhi, &to, "2026-09-30").await;
        list.is(200).says(&["跨县查重名单", "学年：2026", "用到：2026-09-30", "共同借款人"]);
        assert!(!list.text.contains(STUDENT) && !list.text.contains("吕凤欢"));

        let mut clerk = anyue.sign_in(Role::Clerk);
        upload(&mut clerk, &list.text).await.is(303);
        let before = stored(&anyue);
        assert!(before.0 == 1 && before.1 > 10, "{before:?}");
        // An editor has changed its ends of lines: still the same list, and there already.
        let edited = format!("\u{feff}{}", list.text.replace('\n', "\r\n"));
        upload(&mut clerk, &edited).await.is(303);
        assert_eq!(stored(&anyue), before);
        clerk.get(PATH).await.says(&["乐至县", "2026 学年", "用到 2026-09-30"]);

        let at = begin(&mut clerk, STUDENT, "cdb").await;
        let page = clerk.get(&format!("{at}/who")).await;
        page.is(200).says(&["另一个县的名单上有同一身份证号（对方：乐至县，匹配号 "]);
        let id: String = page.text.split("匹配号 ").nth(1).unwrap().chars().take(9).collect();
        let who = format!("{at}/who");
        let refused = send(&mut clerk, &who, &WHO).await;
        refused.is(422).says(&["请打电话报匹配号", "对方县怎么答复", "罗一禾"]);
        let long = "长".repeat(101);
        let with = |answer| [&WHO[..], &[("partner_answer", answer)]].concat();
        send(&mut clerk, &who, &with(&long)).await.is(422).says(&["请写在 100 个字以内"]);
        send(&mut clerk, &who, &with("周敏说合同今天作废")).await.is(303);
        let co = co_of(PARENT);
        let co: Vec<(&str, &str)> = co.iter().map(|(name, text)| (*name, text.as_str())).collect();
        send(&mut clerk, &format!("{at}/co"), &co).await.is(303);
        let this_year = |(name, value): &(&'static str, &'static str)| match *name {
            "entered" => (*name, "2026"),
            _ => (*name, *value),
        };
        let study: Vec<(&str, &str)> = STUDY.iter().map(this_year).collect();
        send(&mut clerk, &format!("{at}/study"), &study).await.is(303);
        let page = clerk.get(&format!("{at}/papers")).await;
        page.says(&["共同借款人：另一个县的名单上", "对方答复：周敏说合同今天作废"]);
        send(&mut clerk, &format!("{at}/papers"), &[("then", "all")]).await.is(303);
        send(&mut clerk, &format!("{at}/check"), &[("agreed", "1")]).await.is(303);
        let review = review_of(&anyue, &at);
        anyue.sign_in(Role::Reviewer).get(&review).await.says(&["对方答复：周敏说合同今天作废"]);

        // Each desk finds its own, by what was read aloud.
        let find = format!("{PATH}/find");
        let aloud = id.replace('-', "").to_lowercase();
        let theirs = lezhi.sign_in(Role::Clerk).get(&format!("{find}?q={id}")).await;
        theirs.is(200).says(&["吕凤欢", "loans", "和安岳县之间"]);
        let own = at.rsplit('/').next().unwrap();
        clerk.get(&format!("{find}?q={aloud}")).await.says(&["罗一禾", own, "和乐至县之间"]);
        clerk.get(&format!("{find}?q=AAAA-AAAA")).await.says(&["本县没有这个匹配号"]);
        clerk.get(&format!("{find}?q=10")).await.is(200).says(&["匹配号是 8 位字母和数字"]);
        let log: Vec<(String, String, String)> = read(&anyue, |db| {
            let of = (history::action, history::subject, history::summary);
            Ok(history::table.select(of).load(db)?)
        });
        assert!(log.iter().any(|one| one.0 == "partner_match_looked_up" && one.1 == id));
        assert!(log.iter().all(|one| !one.1.contains(STUDENT) && !one.2.contains(STUDENT)));
    });
}

#[test]
fn a_list_goes_when_its_day_has_passed() {
    two(async |lezhi, anyue| {
        for (t, name) in [(&lezhi, "安岳县"), (&anyue, "乐至县")] {
            agree(t, name, PHRASE, PHRASE).await.is(303);
        }
        let to = last(&lezhi).id.to_string();
        let list = make(&lezhi, &to, "2026-08-20").await.is(200).text.clone();
        upload(&mut anyue.sign_in(Role::Clerk), &list).await.is(303);
        let hits = |on: &str| {
            let (on, sealer) = (day(on), anyue.app.sealer.clone());
            read(&anyue, |db| partner::hits(db, (OFFICE, &sealer), (2026, STUDENT), on)).len()
        };
        assert_eq!((hits("2026-08-20"), hits("2026-08-21")), (1, 0));
        let run = || (jobs::follow_matching::JOB.run)(&anyue.app, anyue.app.clock.today()).unwrap();
        anyue.set_day("2026-08-20");
        assert_eq!(run().done, 0);
        anyue.set_day("2026-08-21");
        anyue.sign_in(Role::Clerk).get(PATH).await.says(&["已到期，不再查重，今晚清除"]);
        assert_eq!((run().done, run().done, stored(&anyue)), (1, 0, (0, 0)));

        // A newer one takes the place of the older; a partner goes with what it has sent.
        lezhi.set_day("2026-08-21");
        anyue.set_day("2026-08-22");
        let newer = make(&lezhi, &to, "2026-09-30").await.is(200).text.clone();
        let mut clerk = anyue.sign_in(Role::Clerk);
        upload(&mut clerk, &newer).await.is(303);
        let key = key_of(&lezhi);
        let old = PartnerFile::read(("a", newer.as_bytes())).unwrap();
        let old = PartnerFile { made_on: day("2026-08-10"), ..old }.write(&key);
        upload(&mut clerk, &old).await.is(422).says(&["已经收下乐至县 2026-08-21 生成的名单"]);
        let at = format!("{PATH}/{}/remove", last(&anyue).id);
        clerk.post(&at, &[("key", "1")]).await.is(403);
        anyue.sign_in(Role::Director).post(&at, &[("key", "1")]).await.is(303);
        assert_eq!(stored(&anyue), (0, 0));
        clerk.get(PATH).await.says(&["还没有和别的县约口令"]);
    });
}

#[test]
fn each_wrong_list_has_a_sentence_of_its_own_and_nothing_is_stored() {
    two(async |lezhi, anyue| {
        for (phrase, other, why) in [
            ("短", "短", "口令至少 16 个字"),
            (PHRASE, "K7QF-2MPA-93XY-HHH6", "两次输入的口令不一样"),
        ] {
            agree(&anyue, "乐至县", phrase, other).await.is(422).says(&[why, "乐至县"]);
        }
        agree(&anyue, "", PHRASE, PHRASE).await.is(422).says(&["请写对方是哪个县"]);
        agree(&anyue, "乐至县", PHRASE, PHRASE).await.is(303);
        agree(&anyue, "安居区", PHRASE, PHRASE).await.is(422).says(&["和乐至县约的就是这个口令"]);
        let another = "AAAA-BBBB-CCCC-DDDD";
        agree(&anyue, "乐至县", another, another).await.is(422).says(&["已经和乐至县约过口令"]);
        anyue.sign_in(Role::Clerk).post(PATH, &[("key", "1")]).await.is(403);
        agree(&lezhi, "安岳县", PHRASE, PHRASE).await.is(303);
        let to = last(&lezhi).id.to_string();
        for (to, until, why) in [
            ("", "2026-09-30", "请选给哪个县"),
            (&to, "", "请写用到哪一天"),
            (&to, "2026-08-09", "到期日不能早于今天"),
            (&to, "2027-01-01", "名单只管今年的申请"),
        ] {
            make(&lezhi, to, until).await.is(422).says(&[why]);
        }
        let none = last(&anyue).id.to_string();
        make(&anyue, &none, "2026-09-30").await.is(422).says(&["还没有 2026 学年的合同"]);

        let good = make(&lezhi, &to, "2026-09-30").await.is(200).text.clone();
        let mut own = lezhi.sign_in(Role::Clerk);
        upload(&mut own, &good).await.is(422).says(&["这是本县自己生成的名单"]);
        agree(&lezhi, "雁江区", another, another).await.is(303);
        let wrong_key = make(&lezhi, &last(&lezhi).id.to_string(), "2026-09-30").await.text;
        let key = key_of(&anyue);
        let file = PartnerFile::read(("a", good.as_bytes())).unwrap();
        let other_year = PartnerFile { year: 2025, ..file.clone() }.write(&key);
        let expired = PartnerFile { expires_on: day("2026-08-09"), ..file }.write(&key);
        let mut clerk = anyue.sign_in(Role::Clerk);
        for (text, why) in [
            ("", "还没有选择名单"),
            ("姓名,身份证号\n", "“名单.txt”不是跨县查重名单"),
            (&good.replacen("2026-09-30", "2026-10-30", 1), "“名单.txt”被改动过"),
            (&good.lines().take(20).collect::<Vec<_>>().join("\n"), "“名单.txt”被改动过"),
            (&wrong_key, "本县约好的县里没有"),
            (&other_year, "这份名单是 2025 学年的"),
            (&expired, "这份名单只用到 2026-08-09，已经过期"),
        ] {
            upload(&mut clerk, text).await.is(422).says(&[why]);
        }
        assert_eq!((stored(&anyue), stored(&lezhi)), ((0, 0), (0, 0)));
        anyue.sign_in(Role::Auditor).get(&format!("{PATH}/find")).await.is(200);
    });
}
