//! Somebody leaves: what they have to look after is shown before the account is disabled, and all
//! of it goes to colleagues in one step.

use std::collections::BTreeMap;

use diesel::prelude::*;
use zhuxue::book::staff::Role;
use zhuxue::plumbing::db::Db;
use zhuxue::plumbing::schema::{contact_duty, history, overdue_case, staff};

use super::{AFTER, act, contact, files, night};
use crate::borrower::town::{each, read};
use crate::support::{TestApp, plain};

/// How many open cases and duties everybody has.
fn loads(t: &TestApp) -> BTreeMap<i64, (i64, i64)> {
    read(t, |db| {
        let mut all: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
        let cases: Vec<Option<i64>> = overdue_case::table
            .filter(overdue_case::state.ne("closed"))
            .select(overdue_case::owner_id)
            .load(db)?;
        for one in cases.into_iter().flatten() {
            all.entry(one).or_default().0 += 1;
        }
        let duties: Vec<Option<i64>> = contact_duty::table
            .filter(contact_duty::state.eq("open"))
            .select(contact_duty::staff_id)
            .load(db)?;
        for one in duties.into_iter().flatten() {
            all.entry(one).or_default().1 += 1;
        }
        Ok(all)
    })
}

#[test]
fn who_leaves_hands_over_everything_in_one_step() {
    each(async |t| {
        night(&t, AFTER);
        zhuxue::jobs::plan_contact_duties::run(&t.app, t.app.clock.today()).unwrap();
        let (id, version): (i64, i32) = read(&t, |db| {
            let of = staff::table.filter(staff::name.eq("韦清越"));
            Ok(of.select((staff::id, staff::version)).first(db)?)
        });
        let no = files(&t).remove(0);
        let mut clerk = t.sign_in(Role::Clerk);
        let mut form = contact("promised", "student", "p");
        form.extend([("promised_on", "2026-12-28"), ("promised", "500")]);
        act(&t, &mut clerk, (&no, "contacts"), &form).await.is(303);
        let before = loads(&t)[&id];
        assert!(before.0 >= 3 && before.1 >= 2, "{before:?}");

        // First it is said what is in that person's name.
        let mut admin = t.sign_in(Role::Administrator);
        let page = format!("/admin/staff/{id}");
        let words = format!("{} 户逾期", before.0);
        admin.get(&page).await.is(200).says(&[&words, "请先", "交接"]);
        let version = version.to_string();
        let disable = [("version", version.as_str()), ("state", "disabled")];
        let refused = admin.post(&format!("{page}/state"), &disable).await;
        refused.is(422).says(&[&words, "请先交接"]);
        let handover = format!("{page}/handover");
        let shown = admin.get(&handover).await;
        shown.is(200).says(&[&words, "其中 1 户约了还款日"]);
        assert!(!shown.text.contains(&no), "an administrator sees no loans");
        let days = plain(&shown.text);
        assert!(days.contains("接下来的日子"), "{days}");
        let promised = days.split("12月28日 1").count();
        assert_eq!(promised, 2, "the day of the promise, without a name: {days}");
        let mut director = t.sign_in(Role::Director);
        director.get(&handover).await.is(200).says(&[&no, "12月28日", "500.00"]);

        // Disabled all the same: still to be found in the list.
        let mut sure = disable.to_vec();
        sure.push(("sure", "1"));
        admin.post(&format!("{page}/state"), &sure).await.is(303);
        let list = director.get(&format!("/overdue?owner={id}")).await;
        list.is(200).says(&["韦清越（已停用）", &no]);

        // Shared out evenly; wrong choices are refused, and twice is once.
        admin.post(&handover, &[("key", "k0")]).await.is(422).says(&["请选交给谁"]);
        let (one, two) = (
            t.add_staff("jieshou1", "白芷", Role::Clerk).id.get(),
            t.add_staff("jieshou2", "苏叶", Role::Clerk).id.get(),
        );
        let auditor = t.add_staff("shenji8", "审计员", Role::Auditor).id.to_string();
        let wrong = [("key", "k1"), ("to", auditor.as_str())];
        admin.post(&handover, &wrong).await.is(422).says(&["现在不能跟进"]);
        assert_eq!(loads(&t)[&id].0, before.0);
        let (one_id, two_id) = (one, two);
        let (first, second) = (one.to_string(), two.to_string());
        let both = [("key", "k2"), ("to", first.as_str()), ("to", second.as_str())];
        let done = admin.post(&handover, &both).await;
        assert_eq!(done.is(303).header("location"), page);
        admin.post(&handover, &both).await.is(303);
        let after = loads(&t);
        assert_eq!(after.get(&id), None, "nothing is left");
        let (one, two) = (after[&one], after[&two]);
        assert_eq!((one.0 + two.0, one.1 + two.1), before);
        assert!((one.0 - two.0).abs() <= 1 && (one.1 - two.1).abs() <= 1, "{one:?} {two:?}");
        let lines: i64 = read(&t, |db| {
            let of = history::table.filter(history::action.eq("handed_over"));
            Ok(of.count().get_result(db)?)
        });
        assert_eq!(lines, 1);
        admin.get(&handover).await.is(200).says(&["名下没有要交接的工作"]);
        let list = director.get("/overdue").await;
        assert!(!list.text.contains("韦清越（已停用）"));
        director.get(&format!("/overdue/{no}")).await.says(&["约定 12月28日 还"]);

        // It was a mistake: whoever is disabled gets nothing back, then all that is still there.
        admin.get(&page).await.is(200).says(&["今天已交接", "交给白芷、苏叶", "撤销交接"]);
        let undo = format!("{handover}/undo");
        admin.post(&undo, &[]).await.is(422).says(&["请先启用，再撤销交接"]);
        let version = admin.get(&page).await.hidden("version");
        let enable = [("version", version.as_str()), ("state", "active")];
        admin.post(&format!("{page}/state"), &enable).await.is(303);
        let taken: i64 = read(&t, |db| {
            let of = overdue_case::table.filter(overdue_case::owner_id.eq(two_id));
            let of = of.filter(overdue_case::state.ne("closed"));
            Ok(of.select(overdue_case::id).order(overdue_case::id).first(db)?)
        });
        let given_on = |db: &mut Db| {
            let of = diesel::update(overdue_case::table.find(taken));
            Ok(of.set(overdue_case::owner_id.eq(one_id)).execute(db)?)
        };
        t.app.db.write("test", given_on).unwrap();
        admin.post(&undo, &[]).await.is(303);
        let back = loads(&t)[&id];
        assert_eq!(back, (before.0 - 1, before.1), "what was given on stays");
        admin.post(&undo, &[]).await.is(303);
        admin.get(&handover).await.says(&["没有今天办的交接可以撤销"]);
        assert_eq!(loads(&t)[&id], back);
    });
}
