//! One write by somebody: no change without a line of history, a form taken once, and no mark of a
//! form whose write failed. On both databases.

use zhuxue::base::scope::Scope;
use zhuxue::book::act::{self, Act, FormKey, Once};
use zhuxue::book::audit_log::{Actor, AuditEntry};
use zhuxue::desk::audit::AuditFilter;
use zhuxue::error::{AppError, AppResult};
use zhuxue::plumbing::meta;
use zhuxue::web::list::declare::List as _;

use crate::support::database::kinds;
use crate::support::{OFFICE, TestApp};

fn run<T>(t: &TestApp, body: impl FnMut(&mut Act<'_>) -> AppResult<T>) -> AppResult<T> {
    let (by, scope) = (Actor::program("测试", OFFICE), Scope::of(OFFICE));
    act::run(&t.app, (&by, &scope), "a test", body)
}

fn note() -> AuditEntry {
    AuditEntry { action: "job_run", summary: "试一试".to_owned(), ..AuditEntry::default() }
}

fn lines(t: &TestApp) -> usize {
    let list = |db: &mut _| AuditFilter::default().all(db, &Scope::of(OFFICE), 9);
    t.app.db.read(list).unwrap().len()
}

#[test]
fn a_change_without_a_line_of_history_is_refused() {
    for kind in kinds() {
        let t = TestApp::on(kind);
        let silent = run(&t, |act| meta::set(act.db, "key", "silent"));
        // PostgreSQL does not count the rows of a connection; the rule is held on SQLite.
        if !t.app.db.is_postgres() {
            assert!(matches!(silent, Err(AppError::Broken(_))), "{silent:?}");
            assert_eq!(t.app.db.read(|db| meta::get(db, "key")).unwrap(), None);
        }
        run(&t, |act| {
            meta::set(act.db, "key", "told")?;
            act.audit(note())
        })
        .unwrap();
        run(&t, |act| {
            act.needs_no_audit("a test");
            meta::set(act.db, "key", "exempt")
        })
        .unwrap();
        assert_eq!(t.app.db.read(|db| meta::get(db, "key")).unwrap().as_deref(), Some("exempt"));
        assert_eq!(lines(&t), 1);
    }
}

#[test]
fn a_form_is_taken_once_and_only_when_its_write_went_through() {
    let form = |text: &str| FormKey(text.to_owned());
    for kind in kinds() {
        let t = TestApp::on(kind);
        let send = |text: &'static str, is_right: bool| {
            run(&t, |act| {
                if act.once(&form(text))? == Once::Again {
                    return Ok(Once::Again);
                }
                act.audit(note())?;
                if is_right { Ok(Once::First) } else { Err(AppError::Changed) }
            })
        };
        assert!(matches!(send("one", false), Err(AppError::Changed)));
        assert_eq!(send("one", true).unwrap(), Once::First);
        assert_eq!(send("one", true).unwrap(), Once::Again);
        assert_eq!(send("another", true).unwrap(), Once::First);
        // Nothing was to be done: that a form was taken needs no line.
        assert_eq!(run(&t, |act| act.once(&form("idle"))).unwrap(), Once::First);
        assert_eq!(lines(&t), 2);
        let gone = t.app.clock.now_at() + chrono::Duration::days(1);
        assert_eq!(t.app.db.write("forget", |db| act::forget_forms(db, gone)).unwrap(), 3);
    }
}
