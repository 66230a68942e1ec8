//! 按银行更正: the likely cause of a difference, and the bank's word taken once another person has
//! agreed.

use diesel::prelude::*;
use zhuxue::base::ids::{EventId, LoanId};
use zhuxue::base::money::Fen;
use zhuxue::book::events::{self, EventRow, Origin};
use zhuxue::book::position;
use zhuxue::book::staff::Role;
use zhuxue::book::statement::{Event, EventKind};
use zhuxue::life::reconcile;
use zhuxue::plumbing::schema::{loan, loan_event, loan_file, loan_position, review};

use super::{AFTER, each, is_clean, scope};
use crate::borrower::town::read;
use crate::support::TestApp;
use crate::support::county::day;

/// A part prepayment that somebody has recorded and the bank has not.
fn record_one_too_many(t: &TestApp) -> LoanId {
    let (id, office): (LoanId, String) = read(t, |db| {
        Ok(loan::table
            .inner_join(loan_position::table.on(loan_position::loan_id.eq(loan::id)))
            .filter(loan_position::stage.eq("repaying"))
            .filter(loan_position::outstanding_fen.gt(Fen::from_yuan(2_000)))
            .filter(loan_position::overdue_principal_fen.eq(Fen::ZERO))
            .order(loan::contract_no)
            .select((loan::id, loan::office_code))
            .first(db)?)
    });
    let kind = EventKind::Prepaid { principal: Some(Fen::from_yuan(500)) };
    let on = day("2026-05-20");
    let event = Event { id: EventId::new(t.app.next_id()), on, recorded_at: None, kind };
    let origin = Origin { command_key: "too many".to_owned(), ..Origin::default() };
    let row = EventRow::new(&office, id, &event, t.app.clock.now_at(), origin);
    let (basis, today) = (t.app.basis(), t.app.clock.today());
    t.app
        .db
        .write("test", |db| {
            events::append(db, &scope(), row.clone())?;
            position::refresh(db, &scope(), &basis, &[id], today)
        })
        .unwrap();
    reconcile::run::run(&t.app, &scope(), |_| ()).unwrap();
    id
}

fn kinds_of(t: &TestApp, id: LoanId) -> Vec<String> {
    read(t, |db| {
        Ok(loan_event::table
            .filter(loan_event::loan_id.eq(id))
            .order(loan_event::id.desc())
            .select(loan_event::kind)
            .limit(2)
            .load(db)?)
    })
}

#[test]
fn a_payment_that_the_bank_does_not_have_is_named_and_taken_back_by_two_people() {
    each(AFTER, async |t| {
        let id = record_one_too_many(&t);
        let mut clerk = t.sign_in(Role::Clerk);
        let at = format!("/differences/{id}");
        clerk.get("/differences").await.is(200).says(&["一笔还款", "贷款余额"]);
        clerk.get("/differences?cause=payment").await.is(200).says(&["一笔还款", "贷款余额"]);
        let none = clerk.get("/differences?cause=waiver").await;
        none.is(200).says(&["没有符合这些条件的"]);
        let page = clerk.get(&at).await;
        page.is(200).says(&["2026-05-20 一笔 ¥500.00，银行没有", "按银行更正"]);
        let (key, seen) = (page.hidden("key"), page.hidden("seen"));
        let send = format!("{at}/correct");
        let with = |note: &'static str, seen: &str| {
            [("key", key.clone()), ("seen", seen.to_owned()), ("note", note.to_owned())]
        };
        let form = with("", &seen);
        let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
        clerk.post(&send, &form).await.is(422).says(&["请写明和银行的谁"]);
        let form = with("信贷科 11 月 3 日来电", "1.2");
        let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
        clerk.post(&send, &form).await.is(409).says(&["数字刚刚变了", "信贷科"]);
        let form = with("信贷科 11 月 3 日来电", &seen);
        let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
        t.sign_in(Role::Auditor).post(&send, &form).await.is(403);
        clerk.post(&send, &form).await.is(303);
        clerk.get(&at).await.says(&["待复核"]);
        let form = with("再来一份", &seen);
        let mut form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
        form[0].1 = "another";
        clerk.post(&send, &form).await.is(422).says(&["已经有一笔在等复核"]);
        assert_ne!(kinds_of(&t, id)[0], "reversed", "nothing is recorded before it is approved");

        let review: i64 = read(&t, |db| {
            let of_kind = review::table.filter(review::kind.eq("posting"));
            Ok(of_kind.select(review::id).first(db)?)
        });
        let review = format!("/reviews/{review}");
        let agree = [("version", "1"), ("decision", "approve"), ("reason", "")];
        clerk.post(&review, &agree).await.is(403);
        let mut reviewer = t.sign_in(Role::Reviewer);
        let page = reviewer.get(&review).await;
        page.is(200).says(&["银行的做法", "信贷科 11 月 3 日来电"]);
        let version = page.hidden("version");
        let agree = [("version", version.as_str()), ("decision", "approve"), ("reason", "")];
        reviewer.post(&review, &agree).await.is(303);

        assert_eq!(kinds_of(&t, id)[0], "reversed");
        clerk.get(&at).await.is(200).says(&["现在与银行一致", "已记账"]);
        let log = t.sign_in(Role::Director).get("/audit?action=posted").await;
        log.is(200).says(&["按银行更正", "信贷科"]);
        is_clean(&t);
        // A second approval, or a correction of what agrees, changes nothing.
        reviewer.post(&review, &agree).await.is(409);
        let again = [("key", "third"), ("seen", ""), ("note", "信贷科")];
        clerk.post(&send, &again).await.is(422).says(&["没有一笔记录"]);
    });
}

#[test]
fn money_that_was_entered_by_hand_is_the_bank_s_line_when_it_comes_and_not_a_second_payment() {
    each(AFTER, async |t| {
        let (contract, id, due): (String, LoanId, Fen) = {
            let first = super::awaited(&t).into_iter().next().unwrap();
            read(&t, |db| {
                Ok(loan::table
                    .inner_join(loan_position::table.on(loan_position::loan_id.eq(loan::id)))
                    .filter(loan::contract_no.eq(&first))
                    .select((loan::contract_no, loan::id, loan_position::awaiting_fen))
                    .first(db)?)
            })
        };
        let file_no: String = read(&t, |db| {
            let of = loan::table.inner_join(loan_file::table);
            Ok(of.filter(loan::id.eq(id)).select(loan_file::file_no).first(db)?)
        });
        let mut clerk = t.sign_in(Role::Clerk);
        let at = format!("/repayments/new/{file_no}");
        let (key, amount) = (clerk.get(&at).await.hidden("key"), due.to_yuan_text());
        let contract_id = id.to_string();
        // Two days after the bank's day.
        let typed = [
            ("key", key.as_str()),
            ("on", AFTER),
            ("amount", &amount),
            ("contract", &contract_id),
            ("channel", "bank"),
            ("voucher", "回单 1222"),
        ];
        clerk.post(&at, &typed).await.is(303);
        let review: i64 = read(&t, |db| {
            let of_kind = review::table.filter(review::kind.eq("posting"));
            Ok(of_kind.select(review::id).first(db)?)
        });
        let at = format!("/reviews/{review}");
        let mut reviewer = t.sign_in(Role::Reviewer);
        let version = reviewer.get(&at).await.hidden("version");
        let agree = [("version", version.as_str()), ("decision", "approve"), ("reason", "")];
        reviewer.post(&at, &agree).await.is(303);
        let paid = || -> Vec<(String, chrono::NaiveDate)> {
            read(&t, |db| {
                Ok(loan_event::table
                    .filter(loan_event::loan_id.eq(id))
                    .filter(loan_event::effective_on.ge(day("2026-12-20")))
                    .order(loan_event::id)
                    .select((loan_event::kind, loan_event::effective_on))
                    .load(db)?)
            })
        };
        assert_eq!(paid(), [("paid".to_owned(), day(AFTER))]);
        let list = super::list(&t, "2026-12-20", &[(contract, "正常还款")]);
        super::post(&t, list, AFTER);
        // The bank's day is the one that counts; ours is reversed, not doubled.
        let kinds: Vec<(String, chrono::NaiveDate)> = paid();
        let standing = kinds.iter().filter(|(kind, _)| kind == "paid").count();
        let reversed = kinds.iter().filter(|(kind, _)| kind == "reversed").count();
        assert_eq!((standing, reversed), (2, 1), "{kinds:?}");
        assert_eq!(kinds.last().unwrap().1, day("2026-12-20"));
        is_clean(&t);
    });
}
