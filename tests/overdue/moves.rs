//! Up and back on the ladder, what can be taken back, and forms about another family's case.

use diesel::prelude::*;
use zhuxue::book::staff::Role;
use zhuxue::life::overdue::kinds::Stage;
use zhuxue::plumbing::schema::{contact_record, overdue_step};

use super::{AFTER, act, case, contact, files, night, records};
use crate::borrower::town::{each, read};

#[test]
fn a_case_belongs_to_the_file_of_the_address() {
    each(async |t| {
        night(&t, AFTER);
        let all = files(&t);
        let (here, other) = (all[0].as_str(), all[1].as_str());
        let mut clerk = t.sign_in(Role::Clerk);
        let mut director = t.sign_in(Role::Director);
        let stranger = case(&t, other);
        let (id, version) = (stranger.id.to_string(), stranger.version.to_string());
        let owner = stranger.owner_id.unwrap().to_string();
        let at = [("case", id.as_str()), ("version", version.as_str())];
        let forms: [(&str, Vec<(&str, &str)>); 8] = [
            ("contacts", contact("reached", "student", "forged")),
            ("steps", vec![("step", "move"), ("to", "co_borrower"), ("reason", "伪造")]),
            ("steps", vec![("step", "ask"), ("ask", "police"), ("reason", "伪造")]),
            ("steps", vec![("step", "pause"), ("until", "2026-12-30"), ("reason", "伪造")]),
            (
                "steps",
                vec![
                    ("step", "park"),
                    ("why", "dispute"),
                    ("until", "2026-12-30"),
                    ("reason", "伪造"),
                ],
            ),
            ("steps", vec![("step", "back"), ("reason", "伪造")]),
            ("steps", vec![("step", "owner"), ("owner", owner.as_str())]),
            ("decision", vec![("decision", "decline"), ("reason", "伪造")]),
        ];
        for (what, fields) in &forms {
            let all: Vec<(&str, &str)> = at.iter().chain(fields).copied().collect();
            let answer = director.post(&format!("/overdue/{here}/{what}"), &all).await;
            assert_eq!(answer.status, 404, "{what} {fields:?}");
        }
        assert_eq!((case(&t, other), records(&t)), (stranger, 0));

        // Taking back, too.
        let form = contact("no_answer", "student", "mine");
        act(&t, &mut clerk, (other, "contacts"), &form).await.is(303);
        let record: i64 =
            read(&t, |db| Ok(contact_record::table.select(contact_record::id).first(db)?));
        let record = record.to_string();
        clerk.post(&format!("/overdue/{here}/undo"), &[("record", &record)]).await.is(404);
        assert_eq!(records(&t), 1);
    });
}

#[test]
fn going_up_and_going_back_are_two_forms_and_both_can_be_taken_back() {
    each(async |t| {
        night(&t, AFTER);
        let no = files(&t).remove(0);
        let no = no.as_str();
        let page = format!("/overdue/{no}");
        let mut clerk = t.sign_in(Role::Clerk);
        let form = contact("no_answer", "student", "k1");
        act(&t, &mut clerk, (no, "contacts"), &form).await.is(303);
        let before = case(&t, no);
        let up = [("step", "move"), ("to", "co_borrower"), ("reason", "打不通")];
        act(&t, &mut clerk, (no, "steps"), &up).await.is(303);
        assert_eq!(case(&t, no).stage, Stage::CoBorrower);
        let shown = clerk.get(&page).await;
        shown.says(&["转到下一阶段", "退回前面的阶段", "撤销上一步"]);

        // Taken back: as it stood before, tries included. Twice changes nothing.
        let step = |t: &crate::support::TestApp| -> String {
            let newest: i64 = read(t, |db| {
                let all = overdue_step::table.filter(overdue_step::kind.like("moved%"));
                Ok(all.order(overdue_step::id.desc()).select(overdue_step::id).first(db)?)
            });
            newest.to_string()
        };
        let newest = step(&t);
        clerk.post(&format!("{page}/undo"), &[("moved", &newest)]).await.is(303);
        let back = case(&t, no);
        let stands = |one: &zhuxue::life::overdue::store::Case| {
            (one.stage, one.stage_since, one.tries, one.next_step, one.next_on)
        };
        assert_eq!(stands(&back), stands(&before));
        clerk.post(&format!("{page}/undo"), &[("moved", &newest)]).await.is(409);

        // Back is a form of its own: nothing chosen, no reason, not confirmed.
        act(&t, &mut clerk, (no, "steps"), &up).await.is(303);
        let wrong = [("step", "move"), ("to", "student"), ("reason", "转错了")];
        act(&t, &mut clerk, (no, "steps"), &wrong).await.is(422).says(&["退回前面的阶段"]);
        let empty = [("step", "down"), ("to", ""), ("reason", "")];
        let said = act(&t, &mut clerk, (no, "steps"), &empty).await;
        said.is(422).says(&["请选退回到哪个阶段", "请写一句理由", "请勾选确认"]);
        let unsure = [("step", "down"), ("to", "student"), ("reason", "转错了")];
        act(&t, &mut clerk, (no, "steps"), &unsure).await.is(422).says(&["请勾选确认"]);
        let up_again = [("step", "down"), ("to", "school"), ("reason", "急"), ("sure", "1")];
        act(&t, &mut clerk, (no, "steps"), &up_again).await.is(422);
        assert_eq!(case(&t, no).stage, Stage::CoBorrower);
        let shown = clerk.get(&page).await;
        shown.says(&["这一阶段联系过 0 次，退回以后不再计入，前面的阶段要重新联系"]);
        let sure = [("step", "down"), ("to", "student"), ("reason", "转错了"), ("sure", "1")];
        act(&t, &mut clerk, (no, "steps"), &sure).await.is(303);
        assert_eq!(case(&t, no).stage, Stage::Student);
        clerk.post(&format!("{page}/undo"), &[("moved", &step(&t))]).await.is(303);
        assert_eq!(case(&t, no).stage, Stage::CoBorrower);
        // Not after something else was done.
        act(&t, &mut clerk, (no, "steps"), &sure).await.is(303);
        let form = contact("no_answer", "student", "k2");
        act(&t, &mut clerk, (no, "contacts"), &form).await.is(303);
        let late = clerk.post(&format!("{page}/undo"), &[("moved", &step(&t))]).await;
        late.is(409).says(&["又办过别的事"]);
    });
}
