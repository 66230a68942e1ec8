//! 结清: a certificate from the list to the check page that anybody may use, on both databases;
//! what cannot be certified; the letter for old arrears; the period statement.

mod period;

use chrono::NaiveDate;
use diesel::prelude::*;
use zhuxue::base::ids::{EventId, FileId, LoanId};
use zhuxue::base::scope::Scope;
use zhuxue::book::events::{self, EventRow, Origin};
use zhuxue::book::staff::Role;
use zhuxue::book::statement::{Event, EventKind};
use zhuxue::book::{loan, person, position};
use zhuxue::plumbing::schema::{
    bank_difference, certificate, import_job, loan as loans, loan_file, loan_position,
    payments_known,
};

use crate::borrower::town::{each, read, sign_in};
use crate::support::{Answer, Browser, OFFICE, TestApp};

/// A contract of the sample: file, its number, contract, when it was paid off.
type Row = (FileId, String, LoanId, String, Option<NaiveDate>, String);

fn contracts(t: &TestApp) -> Vec<Row> {
    let of = loans::table
        .inner_join(loan_file::table)
        .inner_join(loan_position::table)
        .order((loan_file::file_no, loans::loan_year))
        .select((
            loans::file_id,
            loan_file::file_no,
            loans::id,
            loans::contract_no,
            loan_position::settled_on,
            loan_position::stage,
        ));
    read(t, |db| Ok(of.load(db)?))
}

/// The contracts of a file that are all paid off.
fn settled(t: &TestApp) -> Vec<Row> {
    let all = contracts(t);
    let is_open = |file: FileId| all.iter().any(|one| one.0 == file && one.4.is_none());
    let file = all.iter().map(|one| one.0).find(|file| !is_open(*file)).expect("a settled file");
    all.into_iter().filter(|one| one.0 == file).collect()
}

/// The day after the last of them can be certified.
fn on_the_first_day(t: &TestApp, of: &[Row]) -> NaiveDate {
    let last = of.iter().filter_map(|one| one.4).max().unwrap();
    let first = zhuxue::life::closing::rules::first_day(last);
    assert!(first <= t.app.clock.today(), "the sample is of a later day");
    first
}

async fn issue(clerk: &mut Browser, file_no: &str, paper: &str, cause: &str) -> Answer {
    let at = format!("/closings/{file_no}");
    let page = clerk.get(&at).await;
    let fields = page.is(200).text.contains("name=\"key\"");
    let key = if fields { page.hidden("key") } else { "7".to_owned() };
    let typed = [("step", "issue"), ("key", &key), ("paper", paper), ("cause", cause)];
    clerk.post(&at, &typed).await
}

async fn again(clerk: &mut Browser, file_no: &str, step: &str, reason: &str) -> Answer {
    let at = format!("/closings/{file_no}");
    let page = clerk.get(&at).await;
    let (id, version) = (page.hidden("certificate"), page.hidden("version"));
    let typed = [("step", step), ("certificate", &id), ("version", &version), ("reason", reason)];
    clerk.post(&at, &typed).await
}

/// Number and code of the only certificate with a code.
fn printed(t: &TestApp) -> (String, String) {
    let of = certificate::table
        .filter(certificate::kind.eq("settled"))
        .order(certificate::id.desc())
        .select((certificate::number, certificate::check_code));
    read(t, |db| Ok(of.first(db)?))
}

async fn check(browser: &mut Browser, number: &str, code: &str) -> Answer {
    let token = browser.get("/m/certificate").await.is(200).hidden("csrf");
    let typed = [("csrf", token.as_str()), ("number", number), ("code", code)];
    browser.post_bare("/m/certificate", &typed).await
}

#[test]
fn a_settled_family_gets_a_certificate_that_anybody_can_check() {
    each(async |t| {
        let all = settled(&t);
        let (file_no, contract) = (all[0].1.clone(), all[0].3.clone());
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get("/closings").await.is(200).says(&["可以开", &file_no, &contract]);
        clerk.get(&format!("/loans/{file_no}")).await.is(200).says(&["结清证明", "对账单"]);

        let made = issue(&mut clerk, &file_no, "all", "").await;
        let print = made.is(303).header("location").to_owned();
        let (number, code) = printed(&t);
        assert!(number.ends_with("-0001"), "{number}");
        let spoken = format!("{}-{}", &code[..4], &code[4..]);
        let paper = clerk.get(&print).await;
        paper.is(200).says(&[&number, &spoken, "生源地助学贷款结清证明", "本金和利息已经全部还清"]);
        for one in &all {
            paper.says(&[&one.3, &one.4.unwrap().to_string()]);
        }
        let id_number = read(&t, |db| {
            let scope = Scope::of(OFFICE);
            let file = loan::file(db, &scope, all[0].0)?;
            person::open_id(&t.app.sealer, &person::find(db, &scope, file.person_id)?)
        });
        paper.says(&[&id_number]);
        assert!(!paper.text.contains("补发"));

        // Nobody is signed in who checks it, and learns no name.
        let mut anybody = t.nobody();
        let valid = check(&mut anybody, &number.to_lowercase(), &spoken).await;
        valid.is(200).says(&["这份证明有效", "开具"]);
        assert!(!valid.text.contains(&contract) && !valid.text.contains(&id_number));
        let link = format!("/m/certificate?number={number}&code={code}");
        let filled = anybody.get(&link).await;
        filled.is(200).says(&[&number]);
        assert!(!filled.text.contains("这份证明有效"), "a link alone looks nothing up");

        clerk.get("/closings?tab=issued").await.says(&[&number]);
        clerk.get("/closings.xlsx?tab=issued").await.is(200);
        let twice = issue(&mut clerk, &file_no, "all", "").await;
        twice.is(422).says(&["已经开过", &number, "补发"]);

        again(&mut clerk, &file_no, "reissue", "").await.is(422).says(&["请写为什么补发"]);
        again(&mut clerk, &file_no, "reissue", "原件遗失").await.is(303);
        clerk.get(&print).await.is(200).says(&["补发", &number, &spoken]);
        clerk.get(&format!("/closings/{file_no}")).await.says(&["补发 1 次", "原件遗失"]);

        let mut family = sign_in(&t, &id_number).await;
        family.get("/m").await.is(200).says(&["结清证明", "已经开好", &number]);

        again(&mut clerk, &file_no, "void", "").await.is(422).says(&["请写为什么作废"]);
        again(&mut clerk, &file_no, "void", "姓名写错").await.is(303);
        check(&mut anybody, &number, &spoken).await.is(200).says(&["已经作废"]);
        clerk.get(&print).await.is(422).says(&["已经作废，不能打印"]);
        family.get("/m").await.says(&["可以来开了"]);

        issue(&mut clerk, &file_no, "all", "").await.is(303);
        assert!(printed(&t).0.ends_with("-0002"), "the void number stays used");
    });
}

#[test]
fn a_form_sent_twice_is_one_certificate() {
    each(async |t| {
        let file_no = settled(&t)[0].1.clone();
        let mut clerk = t.sign_in(Role::Clerk);
        let at = format!("/closings/{file_no}");
        let key = clerk.get(&at).await.hidden("key");
        let typed = [("step", "issue"), ("key", key.as_str()), ("paper", "all")];
        let first = clerk.post(&at, &typed).await.is(303).header("location").to_owned();
        let second = clerk.post(&at, &typed).await.is(303).header("location").to_owned();
        assert_eq!(first, second);
        let count: i64 = read(&t, |db| Ok(certificate::table.count().get_result(db)?));
        assert_eq!(count, 1);
    });
}

#[test]
fn an_unknown_number_and_a_wrong_code_are_answered_alike_and_guessing_is_slow() {
    each(async |t| {
        let file_no = settled(&t)[0].1.clone();
        let mut clerk = t.sign_in(Role::Clerk);
        issue(&mut clerk, &file_no, "all", "").await.is(303);
        let (number, code) = printed(&t);
        let wrong = if code.starts_with('2') { "32345678" } else { "22345678" };
        let mut anybody = t.nobody();
        let plain =
            |answer: &Answer| answer.text.replace(&number, "N").replace("LZJ2026-0999", "N");
        let a = check(&mut anybody, &number, wrong).await;
        let b = check(&mut anybody, "LZJ2026-0999", wrong).await;
        a.is(200).says(&["查不到这份证明"]);
        assert_eq!(plain(&a), plain(&b));
        check(&mut anybody, &number, "123").await.is(422).says(&["8 位校验码"]);
        check(&mut anybody, "", &code).await.is(422).says(&["请填证明编号"]);
        let bare = [("number", number.as_str()), ("code", code.as_str())];
        anybody.post_bare("/m/certificate", &bare).await.is(403);
        for _ in 2..30 {
            check(&mut anybody, &number, wrong).await.is(200);
        }
        let shut = check(&mut anybody, &number, &code).await;
        shut.is(429).says(&["查得太多了"]);
    });
}

#[test]
fn what_cannot_be_certified_is_said_and_no_number_is_used() {
    each(async |t| {
        let all = contracts(&t);
        let of = settled(&t);
        let (file, file_no, loan) = (of[0].0, of[0].1.clone(), of[0].2);
        let mut clerk = t.sign_in(Role::Clerk);

        // The money of the last contract came this month.
        let last = of.iter().filter_map(|one| one.4).max().unwrap();
        let first = on_the_first_day(&t, &of);
        t.set_day(&last.to_string());
        let early = issue(&mut clerk, &file_no, "all", "").await;
        early.is(422).says(&["本月才结清", "起才能开证明"]);
        t.set_day(&first.to_string());

        // A figure of the bank's that nobody has looked into.
        differ(&t, loan, last);
        let differs = issue(&mut clerk, &file_no, "all", "").await;
        differs.is(422).says(&["与银行的贷款余额不一致", "查清"]);
        issue(&mut clerk, &file_no, &loan.to_string(), "").await.is(422).says(&["贷款余额"]);
        clerk.get("/closings?tab=blocked").await.says(&[&file_no, "贷款余额"]);
        t.app
            .db
            .write("test", |db| {
                diesel::update(bank_difference::table)
                    .set(bank_difference::checked_at.eq(t.app.clock.now_at()))
                    .execute(db)?;
                // What the bank has told does not reach the settlement.
                diesel::update(payments_known::table)
                    .set(payments_known::known_until.eq(last.pred_opt().unwrap()))
                    .execute(db)?;
                Ok(())
            })
            .unwrap();
        let unconfirmed = issue(&mut clerk, &file_no, "all", "").await;
        unconfirmed.is(422).says(&["银行数据还没有到结清那天"]);
        clerk.get("/closings?tab=blocked").await.says(&["银行数据还没有到结清那天"]);

        // Contracts that are not paid off, and one of another file.
        let owes = all.iter().find(|one| one.4.is_none() && one.5 != "undisbursed").unwrap();
        let refused = issue(&mut clerk, &owes.1, &owes.2.to_string(), "").await;
        refused.is(422).says(&["还没有结清"]);
        if let Some(new) = all.iter().find(|one| one.5 == "undisbursed") {
            let refused = issue(&mut clerk, &new.1, &new.2.to_string(), "").await;
            refused.is(422).says(&["还没有放款"]);
        }
        let foreign = all.iter().find(|one| one.0 != file).unwrap().2.to_string();
        issue(&mut clerk, &file_no, &foreign, "").await.is(404);
        let none: i64 = read(&t, |db| Ok(certificate::table.count().get_result(db)?));
        assert_eq!(none, 0);
        let mut auditor = t.sign_in(Role::Auditor);
        auditor.post(&format!("/closings/{file_no}"), &[("step", "issue")]).await.is(403);
    });
}

/// The bank has another balance on a day.
fn differ(t: &TestApp, loan: LoanId, on: NaiveDate) {
    t.app
        .db
        .write("test", |db| {
            let import: i64 = import_job::table.select(import_job::id).first(db)?;
            diesel::insert_into(bank_difference::table)
                .values((
                    bank_difference::id.eq(1_i64),
                    bank_difference::office_code.eq(OFFICE),
                    bank_difference::loan_id.eq(loan),
                    bank_difference::figure.eq("贷款余额"),
                    bank_difference::on_day.eq(on),
                    bank_difference::bank_fen.eq(5_i64),
                    bank_difference::ours_fen.eq(0_i64),
                    bank_difference::import_id.eq(import),
                    bank_difference::found_at.eq(t.app.clock.now_at()),
                ))
                .execute(db)?;
            Ok(())
        })
        .unwrap();
}

/// Of the sample, the contract with 逾期还款.
const PAID_LATE: &str = "51202220160000048";

/// Everything that the family of a contract still owes is paid off.
fn pay_off(t: &TestApp, contract_no: &str) {
    let all = contracts(t);
    let file = all.iter().find(|one| one.3 == contract_no).unwrap().0;
    let open = all.iter().filter(|one| one.0 == file && one.4.is_none());
    let open: Vec<LoanId> = open.map(|one| one.2).collect();
    let (basis, today) = (t.app.basis(), t.app.clock.today());
    let scope = Scope::of(OFFICE);
    t.app
        .db
        .write("test", |db| {
            for id in &open {
                let event = Event {
                    id: EventId::new(t.app.next_id()),
                    on: "2026-09-20".parse().unwrap(),
                    recorded_at: None,
                    kind: EventKind::Prepaid { principal: None },
                };
                let origin = Origin { command_key: format!("paid off {id}"), ..Origin::default() };
                let row = EventRow::new(OFFICE, *id, &event, t.app.clock.now_at(), origin);
                events::append(db, &scope, row)?;
            }
            position::refresh(db, &scope, &basis, &open, today)
        })
        .unwrap();
}

#[test]
fn a_letter_is_for_arrears_that_were_paid_and_is_a_draft() {
    each(async |t| {
        pay_off(&t, PAID_LATE);
        let all = contracts(&t);
        let is_open = |file: FileId| all.iter().any(|one| one.0 == file && one.4.is_none());
        let mut clerk = t.sign_in(Role::Clerk);
        let mut files: Vec<(FileId, String)> =
            all.iter().map(|one| (one.0, one.1.clone())).filter(|one| !is_open(one.0)).collect();
        files.dedup();
        let (mut late, mut on_time) = (None, None);
        for (_, file_no) in &files {
            let page = clerk.get(&format!("/closings/{file_no}")).await;
            let of = if page.text.contains("逾期过：") { &mut late } else { &mut on_time };
            of.get_or_insert_with(|| file_no.clone());
        }
        let file_no = late.expect("a family that paid late");
        issue(&mut clerk, &file_no, "letter", "").await.is(422).says(&["请选当时逾期的原因"]);
        let made = issue(&mut clerk, &file_no, "letter", "moved").await;
        let paper = clerk.get(made.is(303).header("location")).await;
        paper.is(200).says(&[
            "草稿",
            "须加盖经办银行印章后有效",
            "没有收到还款提醒",
            "不是恶意欠款",
        ]);
        assert!(!paper.text.contains("校验码"), "only the bank's stamp makes it valid");
        issue(&mut clerk, &file_no, "letter", "moved").await.is(422).says(&["已经开过"]);
        if let Some(file_no) = on_time {
            let none = issue(&mut clerk, &file_no, "letter", "moved").await;
            none.is(422).says(&["没有逾期过"]);
        }
    });
}

#[test]
fn the_papers_of_a_settled_family_lie_in_a_box_and_what_is_missing_is_said() {
    each(async |t| {
        let all = contracts(&t);
        let of = settled(&t);
        let file_no = of[0].1.clone();
        let mut clerk = t.sign_in(Role::Clerk);
        let at = format!("/closings/{file_no}/archive");
        let page = clerk.get(&at).await;
        let count = page.is(200).text.matches("name=\"pages").count();
        assert!(count >= 5, "{count} papers");
        let names: Vec<String> = (0..count).map(|at| format!("pages{at}")).collect();
        let save = |version: &str, box_name: &str, missing: usize| {
            let mut typed: Vec<(String, String)> =
                vec![("version".into(), version.into()), ("box".into(), box_name.into())];
            typed.extend(names.iter().enumerate().map(|(at, name)| {
                let pages = if at == missing { "0" } else { "2" };
                (name.clone(), pages.to_owned())
            }));
            typed
        };
        let print = format!("{at}/print");
        clerk.get(&print).await.is(422).says(&["还没有归档"]);
        let empty = [("version", "0"), ("box", ""), ("pages0", "x")];
        clerk.post(&at, &empty).await.is(422).says(&["请填盒号", "请填页数，缺的填 0"]);
        let typed = save("0", "2026-03", 1);
        let typed: Vec<(&str, &str)> =
            typed.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        clerk.post(&at, &typed).await.is(303);
        clerk.post(&at, &typed).await.is(409);
        clerk.get(&at).await.says(&["第 2026-03 盒，第 1 件", "缺：", "学生身份证复印件"]);
        clerk.get(&print).await.is(200).says(&["卷内目录", "申请表", "1-2", "缺", &of[0].3]);
        let typed = save("1", "2026-03", count);
        let typed: Vec<(&str, &str)> =
            typed.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        clerk.post(&at, &typed).await.is(303);
        clerk.get(&at).await.says(&["第 2026-03 盒，第 1 件", "材料齐"]);

        let owes = all.iter().find(|one| one.4.is_none()).unwrap();
        let open = format!("/closings/{}/archive", owes.1);
        clerk.get(&open).await.is(200).says(&["全部结清以后才能归档"]);
        t.sign_in(Role::Auditor).post(&at, &typed).await.is(403);
    });
}

#[test]
fn how_long_each_record_is_there_can_be_read() {
    each(async |t| {
        let page = t.sign_in(Role::Auditor).get("/admin/retention").await;
        page.is(200).says(&["保存期限", "一直保存", "失效以后 30 天", "清理过期的登录和验证码"]);
    });
}
