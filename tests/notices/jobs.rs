//! The six jobs, run twice each on both databases: the second run changes nothing.

use std::collections::BTreeSet;

use diesel::prelude::*;
use zhuxue::base::ids::{FileId, LoanId, PersonId};
use zhuxue::base::scope::Scope;
use zhuxue::book::notice::wishes::{self, Wish};
use zhuxue::book::notice::{self, Kind, stops};
use zhuxue::clock::Job;
use zhuxue::jobs;
use zhuxue::plumbing::outbox::{Message, State};
use zhuxue::plumbing::schema::{loan, loan_position, university_receipt};

use super::{messages, text, with_sample};
use crate::support::county::day;
use crate::support::{OFFICE, TestApp, each};

/// Runs a job on a day, twice; returns what the first run wrote.
fn run(t: &TestApp, job: &Job, on: &str) -> Vec<Message> {
    t.set_day(on);
    let before: BTreeSet<i64> = messages(t).iter().map(|m| m.id).collect();
    zhuxue::jobs::close_day::run(&t.app, day(on)).unwrap();
    let first = (job.run)(&t.app, day(on)).unwrap();
    let after = messages(t);
    assert_eq!(first.failed, 0);
    assert_eq!(usize::try_from(first.done).unwrap(), after.len() - before.len(), "{}", job.name);
    let second = (job.run)(&t.app, day(on)).unwrap();
    assert_eq!((second.done, second.failed), (0, 0), "{} run again", job.name);
    assert_eq!(messages(t), after, "{} run again", job.name);
    after.into_iter().filter(|m| !before.contains(&m.id)).collect()
}

/// One line for each message, without what differs from run to run.
fn told(t: &TestApp, messages: &[Message]) -> String {
    let mut lines: Vec<String> = messages
        .iter()
        .map(|m| {
            let text = text(t, m).replace(&m.check_code, "______");
            format!("{} {} {} {text}", m.planned_on, m.state.as_text(), m.parts)
        })
        .collect();
    lines.sort();
    lines.join("\n")
}

#[test]
fn due_reminders_go_out_once_and_only_the_one_that_is_right() {
    each(async |t| {
        let t = with_sample(t);
        let job = jobs::send_due_reminders::JOB;
        assert!(run(&t, &job, "2026-10-20").is_empty(), "two months before: too early");
        let first = run(&t, &job, "2026-11-03");
        assert!(first.iter().all(|m| m.planned_on == day("2026-10-21")));
        assert!(first.iter().all(|m| m.state == State::Waiting && m.parts <= 2));
        assert!(first.len() > 20, "{}", first.len());
        // Off for a month: the one of ten days before, and none of the older ones.
        let second = run(&t, &job, "2026-12-11");
        assert!(second.iter().all(|m| m.planned_on == day("2026-12-10")));
        assert_eq!(first.len(), second.len());
        let mut receivers: Vec<_> = second.iter().map(|m| (m.file_id, m.person_id)).collect();
        receivers.sort();
        receivers.dedup();
        assert_eq!(receivers.len(), second.len(), "one for each person and file");
        assert!(run(&t, &job, "2026-12-15").is_empty());
        assert_eq!(run(&t, &job, "2026-12-18").len(), first.len());
        assert!(run(&t, &job, "2026-12-20").is_empty(), "the day itself");
        insta::assert_snapshot!("due", told(&t, &second[..4]));
    });
}

#[test]
fn wishes_and_stops_are_kept() {
    each(async |t| {
        let t = with_sample(t);
        let job = jobs::send_due_reminders::JOB;
        let all = run(&t, &job, "2026-11-20");
        let (one, other) = (all[0].person_id.unwrap(), all.last().unwrap().person_id.unwrap());
        let scope = Scope::of(OFFICE);
        let now = t.app.clock.now_at();
        t.app
            .db
            .write("wishes", |db| {
                let none = Wish { sms: false, email: false };
                wishes::set(db, &scope, one, Kind::Repayment, none, now)?;
                let stop = stops::Suppression {
                    person_id: other,
                    office_code: OFFICE.to_owned(),
                    why: stops::Why::Died,
                    note: "村里说的".to_owned(),
                    by_name: "韦清越".to_owned(),
                    since: now,
                };
                stops::put(db, &scope, &stop)
            })
            .unwrap();
        let people: Vec<PersonId> =
            run(&t, &job, "2026-12-10").iter().filter_map(|m| m.person_id).collect();
        assert!(!people.contains(&one) && !people.contains(&other));
        assert!(people.len() >= all.len() - 4, "the others still get theirs");
    });
}

#[test]
fn an_office_may_hold_everything_until_it_is_released() {
    each(async |t| {
        let t = with_sample(t);
        let scope = Scope::of(OFFICE);
        t.app.db.write("hold", |db| notice::set_held(db, &scope, true)).unwrap();
        let held = run(&t, &jobs::send_due_reminders::JOB, "2026-11-20");
        assert!(!held.is_empty() && held.iter().all(|m| m.state == State::Held));
    });
}

#[test]
fn overdue_notices_end_after_a_while() {
    each(async |t| {
        let t = with_sample(t);
        let job = jobs::send_overdue_notices::JOB;
        assert!(run(&t, &job, "2026-12-20").is_empty(), "old arrears are for people");
        let first = run(&t, &job, "2026-12-21");
        assert!(!first.is_empty());
        assert!(run(&t, &job, "2026-12-22").is_empty());
        assert_eq!(run(&t, &job, "2026-12-25").len(), first.len());
        assert_eq!(run(&t, &job, "2027-01-03").len(), first.len());
        assert!(run(&t, &job, "2027-02-01").is_empty());
        insta::assert_snapshot!("overdue", told(&t, &first[..2]));
    });
}

#[test]
fn the_other_four_write_on_their_days() {
    each(async |t| {
        let t = with_sample(t);
        let mut all = String::new();
        for (job, days) in [
            (jobs::chase_university_receipts::JOB, ["2026-09-01", "2026-09-30", "2026-10-11"]),
            (jobs::remind_renewals::JOB, ["2027-06-01", "2027-07-09", "2027-09-30"]),
            (jobs::remind_graduation_confirmation::JOB, ["2027-03-01", "2027-04-16", "2027-07-01"]),
            (jobs::remind_early_repayment_window::JOB, ["2027-05-01", "2027-08-08", "2027-11-01"]),
        ] {
            let counts = days.map(|on| run(&t, &job, on));
            assert!(counts[0].is_empty() && counts[2].is_empty(), "{}", job.name);
            let line = counts[1].first().map(|m| told(&t, std::slice::from_ref(m)));
            all.push_str(&format!(
                "{} on {}: {}\n{}\n",
                job.name,
                days[1],
                counts[1].len(),
                line.unwrap_or_default()
            ));
        }
        insta::assert_snapshot!("others", all);
    });
}

#[test]
fn a_missing_receipt_is_told_until_it_is_there() {
    each(async |t| {
        let t = with_sample(t);
        let job = jobs::chase_university_receipts::JOB;
        assert!(run(&t, &job, "2026-09-20").is_empty(), "all receipts are there");
        let scope = Scope::of(OFFICE);
        let loans: Vec<(LoanId, FileId)> = t
            .app
            .db
            .read(|db| {
                Ok(loan::table
                    .inner_join(loan_position::table)
                    .filter(loan::office_code.eq_any(scope.codes()))
                    .filter(loan::loan_year.eq(2026))
                    .filter(loan_position::stage.eq("undisbursed"))
                    .order((loan::file_id, loan::id))
                    .select((loan::id, loan::file_id))
                    .load(db)?)
            })
            .unwrap();
        let (missing, file) = loans[0];
        t.app
            .db
            .write("no receipt", |db| {
                let none: Option<chrono::NaiveDate> = None;
                diesel::update(loan::table.find(missing))
                    .set(loan::receipt_on.eq(none))
                    .execute(db)?;
                diesel::delete(university_receipt::table).execute(db)?;
                Ok(())
            })
            .unwrap();
        let told_first = run(&t, &job, "2026-09-21");
        assert_eq!(told_first.len(), 1);
        assert_eq!(told_first[0].file_id, Some(file));
        insta::assert_snapshot!("receipt", told(&t, &told_first));
        assert!(run(&t, &job, "2026-09-29").is_empty(), "late, and the next one is near");
        assert_eq!(run(&t, &job, "2026-10-10").len(), 1, "the last day");
        assert!(run(&t, &job, "2026-10-11").is_empty());
    });
}
