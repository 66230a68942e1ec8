//! What waits for somebody rings in the head of every page, each for whom it is for; the director's
//! answer reaches who asked, until it was looked at.

use diesel::prelude::*;
use zhuxue::book::staff::Role;
use zhuxue::plumbing::schema::overdue_case;
use zhuxue::web::shell::counts::Counts;

use super::{AFTER, act, case, files, night};
use crate::borrower::town::each;
use crate::support::{Browser, OFFICE, TestApp};

/// Whether it rings for them: what was counted before a change may stand on one more page.
async fn rings(who: &mut Browser, words: &str) -> bool {
    for _ in 0..3_000 {
        let page = who.get("/policy").await;
        if page.is(200).text.contains(words) {
            return true;
        }
        actix_web::rt::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    false
}

#[test]
fn a_request_rings_for_the_director_and_the_answer_for_who_asked() {
    each(async |t| {
        night(&t, AFTER);
        let no = files(&t)[0].clone();
        let id = case(&t, &no).id;
        let at_village = |db: &mut zhuxue::plumbing::db::Db| {
            diesel::update(overdue_case::table.find(id))
                .set((overdue_case::stage.eq("village"), overdue_case::tries.eq(9)))
                .execute(db)?;
            Ok(())
        };
        t.app.db.write("test", at_village).unwrap();
        let mut clerk = t.sign_in(Role::Clerk);
        let mut other = t.sign_in(Role::Clerk);
        let mut director = t.sign_in(Role::Director);
        let ask = [("step", "ask"), ("ask", "police"), ("reason", "全家外出")];
        act(&t, &mut clerk, (&no, "steps"), &ask).await.is(303);
        assert!(rings(&mut director, "逾期案件等主任决定").await);
        director.get("/home").await.is(200).says(&["逾期案件等主任决定"]);
        assert!(!clerk.get("/policy").await.text.contains("逾期案件等主任决定"), "not theirs");

        let allow = [("decision", "allow"), ("reason", "同意，先打招呼")];
        act(&t, &mut director, (&no, "decision"), &allow).await.is(303);
        assert!(rings(&mut clerk, "件请示主任已答复").await);
        clerk.get("/home").await.is(200).says(&["件请示主任已答复"]);
        assert!(!other.get("/policy").await.text.contains("件请示主任已答复"), "who asked");
        clerk.get("/overdue?list=answered").await.is(200).says(&[&no]);
        assert!(!other.get("/overdue?list=answered").await.text.contains(&no));
        let page = clerk.get(&format!("/overdue/{no}")).await;
        page.is(200).says(&["主任同意", "先打招呼", "知道了"]);
        assert!(!other.get(&format!("/overdue/{no}")).await.text.contains("知道了"));
        act(&t, &mut clerk, (&no, "steps"), &[("step", "seen")]).await.is(303);
        assert!(!clerk.get(&format!("/overdue/{no}")).await.text.contains("知道了"));
        assert!(!clerk.get("/overdue?list=answered").await.text.contains(&no));
    });
}

/// Nobody has to open a second page, nor to wait for a minute.
#[test]
fn what_somebody_asks_for_rings_on_the_next_page_of_whoever_decides() {
    each(async |t| {
        night(&t, AFTER);
        let no = files(&t)[0].clone();
        let mut clerk = t.sign_in(Role::Clerk);
        let mut reviewer = t.sign_in(Role::Reviewer);
        const WORDS: &str = "处联系方式等核对";
        assert!(!reviewer.get("/policy").await.is(200).text.contains(WORDS));
        let heard = [("phone", "16411009999"), ("heard_from", "other"), ("key", "1")];
        let before = t.app.changes();
        clerk.post(&format!("/loans/{no}/phones"), &heard).await.is(303);
        assert!(t.app.changes() > before);
        counted(&t, WORDS, true).await;
        reviewer.get("/policy").await.is(200).says(&[WORDS]);
        let page = reviewer.get("/contact-changes").await;
        let seen = page.hidden("seen");
        let id = page.text.replace("&#x2f;", "/");
        let id = id.split("action=\"/contact-changes/").nth(1).unwrap().split('"').next().unwrap();
        let decide = [("decision", "refuse"), ("seen", seen.as_str()), ("answer", "号码不对")];
        reviewer.post(&format!("/contact-changes/{id}"), &decide).await.is(303);
        counted(&t, WORDS, false).await;
        assert!(!reviewer.get("/policy").await.is(200).text.contains(WORDS));
        // A job that did something says so, too.
        let before = t.app.changes();
        night(&t, "2026-12-23");
        assert!(t.app.changes() > before);
    });
}

/// Waits for what is counted behind the answer to a form, without asking for a page.
async fn counted(t: &TestApp, words: &str, rings: bool) {
    for _ in 0..6_000 {
        let known = Counts::of(&t.app).known(OFFICE).unwrap_or_default();
        if known.waiting.iter().any(|line| line.what == words && line.count > 0) == rings {
            return;
        }
        actix_web::rt::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("not counted: {words}");
}

#[test]
fn held_messages_and_contacts_ring_for_who_may_decide() {
    each(async |t| {
        night(&t, AFTER);
        let no = files(&t)[0].clone();
        let mut clerk = t.sign_in(Role::Clerk);
        let mut reviewer = t.sign_in(Role::Reviewer);
        let write = [("do", "message"), ("file", &*no), ("reason", "please_call"), ("sure", "1")];
        clerk.post("/overdue/bulk", &write).await.is(303);
        assert!(rings(&mut reviewer, "条消息等放行").await);
        reviewer.get("/home").await.is(200).says(&["条消息等放行"]);
        assert!(!clerk.get("/home").await.text.contains("条消息等放行"));
        let heard = [("phone", "16411009999"), ("heard_from", "other"), ("key", "1")];
        clerk.post(&format!("/loans/{no}/phones"), &heard).await.is(303);
        assert!(rings(&mut reviewer, "处联系方式等核对").await);
    });
}
