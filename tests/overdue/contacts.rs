//! What is heard of a family reaches its overdue case, wherever it was written down; and taking it
//! back puts case, number, duty and messages as they were.

use diesel::prelude::*;
use zhuxue::book::contact::point::Tried;
use zhuxue::book::person::PhoneState;
use zhuxue::book::staff::Role;
use zhuxue::life::overdue::kinds::{HoldReason, State};
use zhuxue::plumbing::schema::{
    contact_duty, contact_record, loan_file, message_stop, overdue_case, overdue_step, person_phone,
};

use super::{AFTER, case, contact, files, night, pay, records};
use crate::borrower::town::{each, read};
use crate::contact::keep;
use crate::support::TestApp;

/// State and note of the duty of this year.
fn duty(t: &TestApp, file_no: &str) -> (String, String) {
    read(t, |db| {
        Ok(contact_duty::table
            .inner_join(loan_file::table.on(loan_file::id.eq(contact_duty::file_id)))
            .filter(loan_file::file_no.eq(file_no))
            .filter(contact_duty::year.eq(2026))
            .select((contact_duty::state, contact_duty::note))
            .first(db)?)
    })
}

/// The first number of a student, and what is known of it.
fn phone(t: &TestApp, file_no: &str) -> (i64, PhoneState, Tried, Option<chrono::NaiveDate>) {
    read(t, |db| {
        Ok(person_phone::table
            .inner_join(loan_file::table.on(loan_file::person_id.eq(person_phone::person_id)))
            .filter(loan_file::file_no.eq(file_no))
            .order(person_phone::id)
            .select((
                person_phone::id,
                person_phone::state,
                person_phone::tried,
                person_phone::tried_on,
            ))
            .first(db)?)
    })
}

fn student(t: &TestApp, file_no: &str) -> i64 {
    read(t, |db| {
        Ok(loan_file::table
            .filter(loan_file::file_no.eq(file_no))
            .select(loan_file::person_id)
            .first(db)?)
    })
}

fn stops(t: &TestApp) -> i64 {
    read(t, |db| Ok(message_stop::table.count().get_result(db)?))
}

fn newest_record(t: &TestApp) -> (i64, Option<i64>) {
    read(t, |db| {
        Ok(contact_record::table
            .order(contact_record::id.desc())
            .select((contact_record::id, contact_record::case_id))
            .first(db)?)
    })
}

/// Cases of the day after the due day, and the plan of the year.
fn planned(t: &TestApp) -> Vec<String> {
    night(t, AFTER);
    zhuxue::jobs::plan_contact_duties::run(&t.app, t.app.clock.today()).unwrap();
    files(t)
}

#[test]
fn a_contact_on_the_page_of_the_family_moves_its_case_and_can_be_taken_back() {
    each(async |t| {
        let no = planned(&t).remove(0);
        let before = case(&t, &no);
        let (id, state, _, _) = phone(&t, &no);
        assert_eq!(state, PhoneState::OnFile);
        let page = format!("/family-contacts/{no}");
        let mut clerk = t.sign_in(Role::Clerk);
        let number = format!("phone:{id}");
        let seen = clerk.get(&page).await.hidden("seen");
        let fields = [
            ("command_key", "desk-1"),
            ("seen", &seen),
            ("on_day", AFTER),
            ("channel", "call"),
            ("party", "student"),
            ("number", number.as_str()),
            ("outcome", "bad_number"),
        ];
        clerk.post(&format!("{page}/records"), &fields).await.is(303);
        clerk.post(&format!("{page}/records"), &fields).await.is(303);
        let (record, of_case) = newest_record(&t);
        assert_eq!((records(&t), of_case), (1, Some(before.id.get())));
        let tried = case(&t, &no);
        assert_eq!((tried.tries, tried.last_record_id.map(|id| id.get())), (1, Some(record)));
        assert_eq!(phone(&t, &no).1, PhoneState::Dead);
        clerk.post("/visits/batches", &[("by", "village"), ("set", "1")]).await.is(303);
        let shown = clerk.get(&format!("/overdue/{no}")).await;
        shown.says(&["号码失效", "走访表 <a href=\"/visits/batches/", "HZ26-1221-"]);

        clerk.post(&format!("{page}/records/{record}/undo"), &[]).await.is(303);
        let back = case(&t, &no);
        assert_eq!((back.tries, back.next_step), (before.tries, before.next_step));
        assert_eq!(phone(&t, &no), (id, PhoneState::OnFile, Tried::Never, None));
        clerk.post(&format!("{page}/records/{record}/undo"), &[]).await.is(303);
        assert_eq!(case(&t, &no).tries, before.tries, "a second time changes nothing");

        // Hardship leads off the ladder from there, too; what happened since is not overwritten.
        let hardship = [
            ("command_key", "desk-2"),
            ("on_day", AFTER),
            ("channel", "visit"),
            ("party", "family"),
            ("outcome", "hardship"),
        ];
        keep(&mut clerk, &page, &hardship).await.is(303);
        let parked = case(&t, &no);
        assert_eq!((parked.state, parked.parked_for), (State::Parked, HoldReason::Hardship));
        assert_eq!(duty(&t, &no).0, "done");
        let (record, _) = newest_record(&t);
        let form = contact("no_answer", "co_borrower", "later");
        super::act(&t, &mut clerk, (no.as_str(), "contacts"), &form).await.is(303);
        let late = clerk.post(&format!("{page}/records/{record}/undo"), &[]).await;
        late.is(422).says(&["又办过别的事"]);
        assert_eq!(records(&t), 2, "nothing is taken back under somebody's hands");
    });
}

#[test]
fn a_promise_on_the_page_of_the_family_is_the_promise_of_its_case() {
    each(async |t| {
        let no = planned(&t).remove(0);
        let mut clerk = t.sign_in(Role::Clerk);
        let page = format!("/family-contacts/{no}");
        clerk.get(&page).await.is(200).says(&["约定还款日"]);
        let form = |key: &'static str, day: &'static str| {
            [
                ("command_key", key),
                ("on_day", AFTER),
                ("channel", "call"),
                ("party", "student"),
                ("outcome", "promised"),
                ("promised_on", day),
                ("promised", "1200.50"),
            ]
        };
        let past = clerk.post(&format!("{page}/records"), &form("desk-1", "2026-12-01")).await;
        past.is(422).says(&["约定的还款日已经过去"]);
        assert_eq!(records(&t), 0);
        keep(&mut clerk, &page, &form("desk-2", "2027-01-05")).await.is(303);
        let promised = case(&t, &no);
        assert_eq!(promised.promised_on, "2027-01-05".parse().ok());
        assert_eq!(promised.promised_fen.map(|fen| fen.get()), Some(120_050));
    });
}

#[test]
fn a_number_that_was_tried_again_keeps_what_the_later_call_said() {
    each(async |t| {
        let no = planned(&t).remove(0);
        let mut clerk = t.sign_in(Role::Clerk);
        let id = phone(&t, &no).0;
        let number = format!("phone:{id}");
        let page = format!("/family-contacts/{no}");
        pay(&t, &no, AFTER);
        for (key, outcome) in [("desk-1", "bad_number"), ("desk-2", "reached")] {
            let fields = [
                ("command_key", key),
                ("on_day", AFTER),
                ("channel", "call"),
                ("party", "student"),
                ("number", number.as_str()),
                ("outcome", outcome),
            ];
            keep(&mut clerk, &page, &fields).await.is(303);
        }
        let first: i64 = read(&t, |db| {
            Ok(contact_record::table
                .select(contact_record::id)
                .order(contact_record::id)
                .first(db)?)
        });
        clerk.post(&format!("{page}/records/{first}/undo"), &[]).await.is(303);
        let (_, state, tried, _) = phone(&t, &no);
        assert_eq!((state, tried), (PhoneState::OnFile, Tried::Works));
    });
}

#[test]
fn nobody_is_rung_or_written_to_who_has_died() {
    each(async |t| {
        let all = planned(&t);
        let (told, written) = (all[0].as_str(), all[1].as_str());
        let mut clerk = t.sign_in(Role::Clerk);

        // Heard in a contact, from somebody else.
        let odd = contact("died", "student", "odd");
        super::act(&t, &mut clerk, (told, "contacts"), &odd).await.is(422).says(&["谁告诉的"]);
        let form = contact("died", "co_borrower", "heard");
        super::act(&t, &mut clerk, (told, "contacts"), &form).await.is(303);
        let parked = case(&t, told);
        assert_eq!((parked.state, parked.parked_for), (State::Parked, HoldReason::Died));
        assert_eq!((stops(&t), duty(&t, told).0.as_str()), (1, "done"));
        clerk.get(&format!("/overdue/{told}")).await.says(&["本人已去世，转还款救助"]);
        let (record, _) = newest_record(&t);
        let undo = [("record", record.to_string())];
        let undo: Vec<(&str, &str)> = undo.iter().map(|(k, v)| (*k, v.as_str())).collect();
        clerk.post(&format!("/overdue/{told}/undo"), &undo).await.is(303);
        assert_eq!((stops(&t), case(&t, told).state), (0, State::Open));

        // Learned from a paper, and put right.
        let person = student(&t, written).to_string();
        let stop = [("person", person.as_str()), ("why", "died"), ("note", "村委会证明")];
        let here = format!("/loans/{written}/messages/stop");
        clerk.post(&here, &stop).await.is(303);
        assert_eq!(case(&t, written).parked_for, HoldReason::Died);
        assert_eq!(duty(&t, written), ("excused".to_owned(), "本人已去世".to_owned()));
        clerk.post(&here, &[("person", person.as_str()), ("why", "lift")]).await.is(303);
        assert_eq!(case(&t, written).state, State::Open);
        assert_eq!(duty(&t, written), ("open".to_owned(), String::new()));

        // Known before something falls due: the case begins off the ladder.
        clerk.post(&here, &stop).await.is(303);
        let id = case(&t, written).id;
        t.app
            .db
            .write("anew", |db| {
                diesel::delete(overdue_step::table.filter(overdue_step::case_id.eq(id)))
                    .execute(db)?;
                diesel::delete(overdue_case::table.find(id)).execute(db)?;
                Ok(())
            })
            .unwrap();
        night(&t, "2026-12-22");
        let anew = case(&t, written);
        assert_eq!((anew.state, anew.parked_for), (State::Parked, HoldReason::Died));
    });
}

#[test]
fn what_the_bank_says_of_its_contacts_stands_on_the_page_of_the_case() {
    use zhuxue::plumbing::schema::{bank_figure, loan};
    each(async |t| {
        night(&t, AFTER);
        let all = files(&t);
        let id = case(&t, &all[0]).file_id;
        t.app
            .db
            .write("test", |db| {
                let row: i64 = bank_figure::table
                    .inner_join(loan::table)
                    .filter(loan::file_id.eq(id))
                    .select(bank_figure::id)
                    .first(db)?;
                diesel::update(bank_figure::table.find(row))
                    .set((bank_figure::sheet.eq("overdue"), bank_figure::note.eq("空号")))
                    .execute(db)?;
                Ok(())
            })
            .unwrap();
        let mut clerk = t.sign_in(Role::Clerk);
        let page = clerk.get(&format!("/overdue/{}", all[0])).await;
        page.is(200).says(&["银行逾期名单（", "）的联系情况：空号"]);
        let other = clerk.get(&format!("/overdue/{}", all[1])).await;
        assert!(!other.is(200).text.contains("银行逾期名单"));
    });
}
