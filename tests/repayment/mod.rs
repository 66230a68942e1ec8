//! 记账: money by hand, a counter-entry, a deferral, on both databases; what cannot be is said and
//! nothing is recorded.

use chrono::NaiveDate;
use diesel::prelude::*;
use zhuxue::base::ids::{EventId, LoanId};
use zhuxue::base::money::Fen;
use zhuxue::book::staff::Role;
use zhuxue::plumbing::schema::{loan, loan_event, loan_file, loan_position, review};

use crate::borrower::town::{each, read};
use crate::support::{Answer, Browser, TestApp};

/// A contract that is being repaid: its file, its identity and number, the next due day, and what
/// it asks for.
fn repaying(t: &TestApp) -> (String, LoanId, String, NaiveDate, Fen) {
    let of = loan_position::table
        .inner_join(loan::table.on(loan::id.eq(loan_position::loan_id)))
        .inner_join(loan_file::table.on(loan_file::id.eq(loan::file_id)))
        .filter(loan_position::stage.eq("repaying"))
        .filter(loan_position::overdue_principal_fen.eq(Fen::ZERO))
        .filter(loan_position::next_due_fen.gt(Fen::from_yuan(100)))
        .filter(loan_position::unapplied_fen.eq(Fen::ZERO))
        .order(loan::contract_no)
        .select((
            loan_file::file_no,
            loan::id,
            loan::contract_no,
            loan_position::next_due_on.assume_not_null(),
            loan_position::next_due_fen,
        ));
    read(t, |db| Ok(of.first(db)?))
}

fn unapplied(t: &TestApp, id: LoanId) -> Fen {
    let of = loan_position::table.find(id).select(loan_position::unapplied_fen);
    read(t, |db| Ok(of.get_result(db)?))
}

fn last_event(t: &TestApp, id: LoanId) -> (EventId, String, Option<Fen>) {
    let of = loan_event::table
        .filter(loan_event::loan_id.eq(id))
        .order(loan_event::id.desc())
        .select((loan_event::id, loan_event::kind, loan_event::amount_fen));
    read(t, |db| Ok(of.first(db)?))
}

async fn pay(clerk: &mut Browser, file_no: &str, fields: &[(&str, &str)]) -> Answer {
    let at = format!("/repayments/new/{file_no}");
    let key = clerk.get(&at).await.is(200).hidden("key");
    let mut all = vec![("key", key.as_str()), ("channel", "bank"), ("voucher", "回单 0815")];
    all.extend_from_slice(fields);
    clerk.post(&at, &all).await
}

/// The open proposals, each agreed to by the reviewer.
async fn agree(t: &TestApp) -> usize {
    let open: Vec<i64> = read(t, |db| {
        let of_kind = review::table.filter(review::kind.eq("posting"));
        Ok(of_kind.filter(review::state.eq("open")).select(review::id).load(db)?)
    });
    let mut reviewer = t.sign_in(Role::Reviewer);
    for id in &open {
        let at = format!("/reviews/{id}");
        let version = reviewer.get(&at).await.is(200).hidden("version");
        let agree = [("version", version.as_str()), ("decision", "approve"), ("reason", "")];
        reviewer.post(&at, &agree).await.is(303);
    }
    open.len()
}

#[test]
fn money_waits_for_a_second_person_then_for_its_due_day_and_is_taken_back_by_a_counter_entry() {
    each(async |t| {
        let (file_no, id, number, _, next) = repaying(&t);
        let today = t.app.clock.today().to_string();
        let contract = id.to_string();
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get(&format!("/loans/{file_no}")).await.says(&["登记还款"]);
        let half = Fen::new(next.get() / 2).to_yuan_text();
        let typed = [("on", today.as_str()), ("amount", &half), ("contract", &contract)];
        let preview = format!("/repayments/new/{file_no}?on={today}&amount={half}");
        clerk.get(&preview).await.is(200).says(&["这笔钱分到", &number]);
        pay(&mut clerk, &file_no, &typed).await.is(303);
        clerk.get("/repayments").await.says(&[&number, "回单 0815", "手工入账"]);
        assert_eq!(unapplied(&t, id), Fen::ZERO, "nothing is recorded before it is approved");
        pay(&mut clerk, &file_no, &typed).await.is(422).says(&["已经有一笔在等复核"]);
        assert_eq!(agree(&t).await, 1);
        assert_eq!(unapplied(&t, id).to_yuan_text(), half);
        let (event, kind, amount) = last_event(&t, id);
        assert_eq!((kind.as_str(), amount.unwrap().to_yuan_text()), ("paid", half.clone()));
        clerk.get("/repayments/unapplied?tab=waits").await.says(&[&number, "到期时自动抵"]);
        let row: i64 = read(&t, |db| {
            Ok(zhuxue::plumbing::schema::posting::table
                .select(zhuxue::plumbing::schema::posting::id)
                .first(db)?)
        });
        clerk.get(&format!("/repayments/{row}")).await.is(200).says(&["已记账"]);
        let receipt = clerk.get(&format!("/repayments/{row}/print")).await;
        receipt.is(200).says(&["助学贷款收款凭条", "大写"]);

        // The same money again is asked about, and taken when it is another one.
        let again = pay(&mut clerk, &file_no, &typed).await;
        again.is(422).says(&["确实是另一笔请打勾"]);
        clerk.get("/repayments?tab=approved").await.says(&[&number]);
        clerk.get("/repayments.xlsx?tab=approved").await.is(200);

        let at = format!("/repayments/reverse/{event}");
        let key = clerk.get(&at).await.is(200).hidden("key");
        let empty = [("key", key.as_str()), ("reason", "")];
        clerk.post(&at, &empty).await.is(422).says(&["请写明为什么冲正"]);
        let reason = [("key", key.as_str()), ("reason", "记错了合同")];
        clerk.post(&at, &reason).await.is(303);
        assert_eq!(agree(&t).await, 1);
        assert_eq!(unapplied(&t, id), Fen::ZERO);
        clerk.get(&at).await.is(422).says(&["已经冲正过了"]);
        let (back, kind, _) = last_event(&t, id);
        assert_eq!(kind, "reversed");
        let at = format!("/repayments/reverse/{back}");
        clerk.get(&at).await.is(422).says(&["本身就是冲正"]);
    });
}

#[test]
fn money_of_a_family_goes_to_what_falls_due_first_over_all_contracts() {
    each(async |t| {
        let (file_no, ..) = repaying(&t);
        let mut clerk = t.sign_in(Role::Clerk);
        let today = t.app.clock.today().to_string();
        let of = loan_position::table
            .inner_join(loan::table.on(loan::id.eq(loan_position::loan_id)))
            .inner_join(loan_file::table.on(loan_file::id.eq(loan::file_id)))
            .filter(loan_file::file_no.eq(&file_no))
            .filter(loan_position::next_due_on.is_not_null())
            .select((loan::id, loan_position::next_due_on, loan_position::next_due_fen));
        let next: Vec<(LoanId, Option<NaiveDate>, Fen)> = read(&t, |db| Ok(of.load(db)?));
        let first = next.iter().filter_map(|(_, on, _)| *on).min();
        let due: Vec<_> = next.iter().filter(|(_, on, _)| *on == first).collect();
        let sum: Fen = due.iter().map(|(.., fen)| *fen).sum();
        let amount = sum.to_yuan_text();
        pay(&mut clerk, &file_no, &[("on", &today), ("amount", &amount)]).await.is(303);
        assert_eq!(agree(&t).await, due.len());
        for (id, _, fen) in due {
            assert_eq!(unapplied(&t, *id), *fen);
        }
    });
}

#[test]
fn what_cannot_be_is_said_and_nothing_is_recorded() {
    each(async |t| {
        let (file_no, id, _, due_on, next) = repaying(&t);
        let mut clerk = t.sign_in(Role::Clerk);
        let today = t.app.clock.today();
        let (now, tomorrow) = (today.to_string(), today.succ_opt().unwrap().to_string());
        let amount = next.to_yuan_text();
        let tries = [
            (now.as_str(), "0", "金额要大于零"),
            (&now, "-5", "金额"),
            (&now, "9999999", "照计划全部还完只要"),
            (&tomorrow, &amount, "还款日期不能晚于今天"),
            ("2001-01-01", &amount, "早于发放日期"),
            ("", &amount, "请填钱到账的日期"),
        ];
        for (on, amount, says) in tries {
            let typed = [("on", on), ("amount", amount)];
            pay(&mut clerk, &file_no, &typed).await.is(422).says(&[says, "回单 0815"]);
        }
        let unknown = [("on", now.as_str()), ("amount", "1"), ("channel", "magic")];
        let at = format!("/repayments/new/{file_no}");
        clerk.post(&at, &unknown).await.is(422).says(&["请选钱是怎么来的", "请写凭证"]);
        // The bank's own record is not taken back by hand.
        let of_bank = loan_event::table
            .filter(loan_event::loan_id.eq(id))
            .filter(loan_event::kind.eq("disbursed"))
            .select(loan_event::id);
        let event: i64 = read(&t, |db| Ok(of_bank.first(db)?));
        let at = format!("/repayments/reverse/{event}");
        clerk.get(&at).await.is(422).says(&["不是手工记的"]);
        // No deferral in a year without the rule; the page says so and takes none.
        let at = format!("/repayments/defer/{file_no}");
        clerk.get(&at).await.is(200).says(&["现在不能延期", "没有本金延期的政策"]);
        let sent = [("key", "7"), ("note", "本人来电")];
        clerk.post(&at, &sent).await.is(422).says(&["没有本金延期的政策"]);
        assert!(due_on > today);
        assert_eq!(agree(&t).await, 0);
        t.sign_in(Role::Auditor).get(&format!("/repayments/new/{file_no}")).await.is(403);
    });
}

#[test]
fn who_has_paid_off_is_told_so_and_a_counter_entry_offers_no_other() {
    each(async |t| {
        let of = loan_position::table
            .inner_join(loan::table.on(loan::id.eq(loan_position::loan_id)))
            .inner_join(loan_file::table.on(loan_file::id.eq(loan::file_id)))
            .filter(loan_position::stage.eq("settled"))
            .order(loan::contract_no)
            .select((loan_file::file_no, loan::id));
        let (file_no, id): (String, LoanId) = read(&t, |db| Ok(of.first(db)?));
        let mut clerk = t.sign_in(Role::Clerk);
        let (today, contract) = (t.app.clock.today().to_string(), id.to_string());
        for on in [today.as_str(), "2019-01-10"] {
            let typed = [("on", on), ("amount", "100"), ("contract", contract.as_str())];
            pay(&mut clerk, &file_no, &typed).await.is(422).says(&["已经全部还清"]);
        }
        // A returned proposal rings until it is proposed anew.
        let (file_no, id, ..) = repaying(&t);
        let contract = id.to_string();
        let typed = [("on", today.as_str()), ("amount", "100"), ("contract", contract.as_str())];
        pay(&mut clerk, &file_no, &typed).await.is(303);
        let open: i64 = read(&t, |db| {
            let of_kind = review::table.filter(review::kind.eq("posting"));
            Ok(of_kind.select(review::id).first(db)?)
        });
        let at = format!("/reviews/{open}");
        let mut reviewer = t.sign_in(Role::Reviewer);
        let version = reviewer.get(&at).await.hidden("version");
        let back = [
            ("version", version.as_str()),
            ("decision", "return"),
            ("step", "check"),
            ("reason", "回单看不清"),
        ];
        reviewer.post(&at, &back).await.is(303);
        clerk.get("/home").await.is(200).says(&["笔记账退回补正"]);
        pay(&mut clerk, &file_no, &typed).await.is(303);
        let home = clerk.get("/home").await;
        assert!(!home.is(200).text.contains("笔记账退回补正"));
    });
}
