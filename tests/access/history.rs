//! The history and its chain: filtered, paged, and impossible to mend unseen.

use diesel::connection::SimpleConnection as _;

use crate::support::{OFFICE, TestApp, each};
use zhuxue::base::scope::Scope;
use zhuxue::book::audit_log::{self, Actor, AuditEntry, ChainState, Heads};
use zhuxue::book::staff::{self, Role};
use zhuxue::book::verify as books;
use zhuxue::jobs::{chain_history, check_books};

fn write_down(t: &TestApp, count: usize) {
    let by = Actor::program("测试", OFFICE);
    for n in 0..count {
        let (id, at) = (t.app.next_id(), t.app.clock.now_at());
        let note = AuditEntry {
            action: "printed",
            subject: format!("{n}"),
            summary: format!("打印第 {n} 张"),
            ..AuditEntry::default()
        };
        t.app.db.write("test", |db| audit_log::append(db, &by, id, at, note.clone())).unwrap();
    }
}

fn verify(t: &TestApp) -> ChainState {
    t.app.db.read(|db| audit_log::verify_chain(db, OFFICE)).unwrap()
}

/// Does to the database what nobody may: without the guarding triggers.
fn tamper(t: &TestApp, sql: &str) {
    let on = if t.app.db.is_postgres() { " ON history" } else { "" };
    let triggers = format!(
        "DROP TRIGGER IF EXISTS history_is_only_chained{on}; \
         DROP TRIGGER IF EXISTS history_is_never_deleted{on};"
    );
    t.app
        .db
        .write("tamper", |db| {
            Ok(db.batch_execute(&triggers).and_then(|()| db.batch_execute(sql))?)
        })
        .unwrap();
}

#[test]
fn every_row_gets_its_place_once() {
    each(async |t| {
        assert_eq!(verify(&t), ChainState::Whole { links: 0, head: String::new() });
        write_down(&t, 5);
        assert_eq!(chain_history::chain_all(&t.app).unwrap(), 5);
        assert_eq!(chain_history::chain_all(&t.app).unwrap(), 0);
        write_down(&t, 2);
        assert_eq!(chain_history::chain_all(&t.app).unwrap(), 2);
        assert!(matches!(verify(&t), ChainState::Whole { links: 7, .. }));
    });
}

#[test]
fn two_instances_chain_without_a_fork() {
    each(async |t| {
        write_down(&t, 60);
        let mut other = t.app.clone();
        other.parts.db = t.database.open();
        let one = t.app.clone();
        std::thread::scope(|s| {
            let a = s.spawn(|| chain_history::chain_all(&one).unwrap());
            let b = s.spawn(|| chain_history::chain_all(&other).unwrap());
            assert_eq!(a.join().unwrap() + b.join().unwrap(), 60);
        });
        assert!(matches!(verify(&t), ChainState::Whole { links: 60, .. }));
    });
}

#[test]
fn a_changed_a_missing_and_a_cut_row_are_found() {
    let cases = [
        ("UPDATE history SET summary = '别的' WHERE chain_no = 3", 3, "row changed"),
        ("UPDATE history SET staff_name = '别人' WHERE chain_no = 1", 1, "row changed"),
        ("DELETE FROM history WHERE chain_no = 2", 2, "row missing"),
        ("DELETE FROM history WHERE chain_no = 5", 5, "end missing"),
    ];
    for (sql, number, why) in cases {
        let t = TestApp::new();
        write_down(&t, 5);
        chain_history::chain_all(&t.app).unwrap();
        tamper(&t, sql);
        assert_eq!(verify(&t), ChainState::Broken { number, why }, "{sql}");
    }
}

/// Rows taken out of the chain and rewritten must not be chained again as if they were new.
#[test]
fn rows_that_were_chained_once_are_not_chained_anew() {
    each(async |t| {
        write_down(&t, 5);
        chain_history::chain_all(&t.app).unwrap();
        let forged = "UPDATE history SET chain_no = NULL, chain_hash = NULL, summary = '别的' \
                      WHERE chain_no >= 3";
        tamper(&t, forged);
        assert_eq!(chain_history::chain_all(&t.app).unwrap(), 0);
        assert_eq!(verify(&t), ChainState::Broken { number: 3, why: "end missing" });
    });
}

#[test]
fn the_database_itself_refuses_to_change_history() {
    each(async |t| {
        write_down(&t, 1);
        for sql in ["UPDATE history SET summary = 'x'", "DELETE FROM history"] {
            let result = t.app.db.write("tamper", |db| Ok(db.batch_execute(sql)?));
            assert!(result.unwrap_err().to_string().contains("append-only"), "{sql}");
        }
    });
}

#[test]
fn the_audit_page_filters_and_pages() {
    each(async |t| {
        write_down(&t, 120);
        chain_history::chain_all(&t.app).unwrap();
        let mut auditor = t.sign_in(Role::Auditor);
        let first = auditor.get("/audit").await;
        first.is(200).says(&["链已排到第 120 条", "打印第 119 张", "本页 50 条"]);
        assert!(!first.text.contains("打印第 69 张"));
        let at =
            first.text.find("/audit?before=").or(first.text.find("&#x2f;audit?before=")).unwrap();
        let rest = &first.text[at..];
        let next = rest[..rest.find('"').unwrap()].replace("&#x2f;", "/");
        let second = auditor.get(&next).await;
        second.is(200).says(&["打印第 69 张", "打印第 20 张", "回到第一页"]);
        auditor.get("/audit?action=signed_in").await.is(200).says(&["这些条件下没有记录"]);
        auditor.get("/audit?from=2026-10-31&to=2026-10-31").await.says(&["打印第 119 张"]);
        auditor.get("/audit?to=2026-10-30").await.says(&["这些条件下没有记录"]);
        auditor.get("/audit?file=LZ2015-9999").await.is(422).says(&["没有档案号 LZ2015-9999"]);
        auditor.get("/audit?from=31.10.2026").await.is(422).says(&["日期写成"]);
        auditor.headers = vec![("HX-Request", "true".to_owned())];
        let part = auditor.get("/audit?action=printed").await;
        assert!(!part.text.contains("<html") && part.header("vary").contains("HX-Request"));
    });
}

#[test]
fn the_audit_page_tells_what_the_last_check_found() {
    each(async |t| {
        write_down(&t, 3);
        chain_history::chain_all(&t.app).unwrap();
        chain_history::verify(&t.app).unwrap();
        let mut auditor = t.sign_in(Role::Auditor);
        auditor.get("/audit").await.is(200).says(&["已核对到第 3 条"]);
        tamper(&t, "UPDATE history SET summary = '别的' WHERE chain_no = 2");
        chain_history::verify(&t.app).unwrap();
        auditor.get("/audit").await.is(200).says(&["留痕的链在第 2 条对不上"]);
    });
}

#[test]
fn the_audit_is_searched_by_whom_it_was_about_and_taken_along() {
    each(async |t| {
        write_down(&t, 12);
        let mut auditor = t.sign_in(Role::Auditor);
        let page = auditor.get("/audit?about=11").await;
        page.is(200).says(&["打印第 11 张", "本页 1 条", "导出 Excel"]);
        assert!(page.text.contains("<optgroup label=\"登录和账号\">"));
        auditor.get("/audit?about=%25").await.is(200).says(&["这些条件下没有记录"]);
        auditor.get("/audit.xlsx?file=LZ2015-9999").await.is(422);
        auditor.get("/audit.xlsx?about=1&action=printed").await.is(200);
        let taken = auditor.get("/audit?action=exported").await;
        taken.is(200).says(&["导出操作留痕 3 条，号码已遮盖"]);
    });
}

#[test]
fn another_offices_history_is_not_shown() {
    each(async |t| {
        t.add_office("512023", "AY", "安岳县学生资助管理中心");
        let other = t.add_staff_to("512023", "ay01", "外县审计", Role::Auditor, "");
        write_down(&t, 3);
        let answer = t.sign_in_as(&other).get("/audit").await;
        answer.is(200).says(&["还没有记录"]);
    });
}

/// Somebody raises himself in the database itself, and another account comes from nowhere.
#[test]
fn an_account_changed_outside_the_program_is_found_until_it_is_accepted() {
    each(async |t| {
        let clerk = t.add_staff("lz01", "韦清越", Role::Clerk);
        t.add_staff("lz02", "桂知夏", Role::Director);
        let scope = Scope::of(OFFICE);
        let broken =
            || t.app.db.read(|db| books::check_accounts(db, &scope, &t.app.sealer)).unwrap();
        let note = || check_books::run(&t.app, t.app.clock.today()).unwrap().note;
        assert_eq!((broken(), note()), (Vec::new(), String::new()));
        tamper(&t, "UPDATE staff SET role = 'administrator' WHERE login = 'lz01'");
        assert_eq!(broken(), ["lz01"]);
        assert_eq!(note(), "1 个账号在本系统以外改过");
        // A later change by the program, of the password, does not hide the role.
        let mut one = t.app.db.read(|db| staff::find(db, &scope, clerk.id)).unwrap();
        one.password_hash = "other".to_owned();
        t.app.db.write("test", |db| staff::change(db, &t.app.sealer, &one)).unwrap();
        assert_eq!(broken(), ["lz01"]);
        books::accept_accounts(&t.app, &scope, &broken()).unwrap();
        assert_eq!((broken(), note()), (Vec::new(), String::new()));
        tamper(
            &t,
            "UPDATE account_seal SET account_id = 1 WHERE account_id = (SELECT id FROM \
                    staff WHERE login = 'lz02')",
        );
        assert_eq!(broken(), ["lz02", "1 (removed)"]);
    });
}

/// The chain of an older database holds, and so does one written anew with its head.
#[test]
fn an_older_database_does_not_have_the_link_that_was_seen_last() {
    each(async |t| {
        let heads = Heads::beside(&t.app.config.keys());
        t.app.shared.set(heads.clone());
        write_down(&t, 5);
        chain_history::chain_all(&t.app).unwrap();
        let lost = || t.app.db.read(|db| heads.lost(db, OFFICE)).unwrap();
        let note = || check_books::run(&t.app, t.app.clock.today()).unwrap().note;
        assert!(lost().is_none() && note().is_empty());
        let older = "DELETE FROM history WHERE chain_no = 5; \
                     UPDATE meta SET value = '4:' || (SELECT lower(HEX) FROM history WHERE \
                     chain_no = 4) WHERE key = 'history_head:512022'";
        let hex =
            if t.app.db.is_postgres() { "encode(chain_hash, 'hex')" } else { "hex(chain_hash)" };
        tamper(&t, &older.replace("HEX", hex));
        assert!(verify(&t).is_whole());
        assert_eq!((lost(), note().as_str()), (Some(5), "操作留痕的链对不上"));
        // It grows again, and that does not hide it.
        write_down(&t, 3);
        chain_history::chain_all(&t.app).unwrap();
        assert_eq!(lost(), Some(5));
        heads.forget();
        assert_eq!(lost(), None);
    });
}
