//! How far payments are known: what awaits the bank accuses nobody, and the bank's word moves it.

mod correction;
mod differences;
mod told;

use diesel::prelude::*;
use zhuxue::base::ids::{BatchId, LoanId};
use zhuxue::base::money::Fen;
use zhuxue::base::scope::Scope;
use zhuxue::book::staff::Role;
use zhuxue::book::statement::Product;
use zhuxue::book::{payments_known, verify};
use zhuxue::imports::batch::{self, Upload};
use zhuxue::jobs;
use zhuxue::plumbing::crypto::Field;
use zhuxue::plumbing::schema::{
    bank_difference, file_position, loan, loan_file, loan_position, message, overdue_case,
    payments_known as known_table, person, policy_proposal, sheet_batch, warning,
};

use crate::borrower::town::{self, read};
use crate::support::county::{day, small_sheets};
use crate::support::database::kinds;
use crate::support::{OFFICE, TestApp};

/// Two days after a due day; the bank told last on 2026-10-31.
const AFTER: &str = "2026-12-22";

/// The sample as the bank told it on 2026-10-31, at noon of a day, with the night behind it.
fn each(on: &str, test: impl AsyncFn(TestApp)) {
    for kind in kinds() {
        eprintln!("on {kind:?}:");
        actix_web::rt::System::new().block_on(async {
            let t = TestApp::on(kind);
            town::import(&t, OFFICE);
            night(&t, on);
            test(t).await;
        });
    }
}

fn night(t: &TestApp, on: &str) {
    t.set_day(on);
    jobs::close_day::run(&t.app, day(on)).unwrap();
    jobs::ask_for_bank_data::run(&t.app, day(on)).unwrap();
    jobs::follow_overdue::run(&t.app, day(on)).unwrap();
    jobs::send_overdue_notices::run(&t.app, day(on)).unwrap();
}

fn scope() -> Scope {
    Scope::of(OFFICE)
}

fn count(t: &TestApp) -> [i64; 4] {
    read(t, |db| {
        Ok([
            file_position::table
                .filter(file_position::oldest_unpaid_due_on.is_not_null())
                .count()
                .get_result(db)?,
            file_position::table
                .filter(file_position::awaiting_on.is_not_null())
                .count()
                .get_result(db)?,
            overdue_case::table.filter(overdue_case::state.ne("closed")).count().get_result(db)?,
            message::table.filter(message::reason.eq("overdue_notice")).count().get_result(db)?,
        ])
    })
}

fn lines(t: &TestApp) -> Vec<(String, String)> {
    read(t, |db| {
        Ok(warning::table
            .filter(warning::kind.eq("bank_data"))
            .select((warning::level, warning::title))
            .load(db)?)
    })
}

fn known(t: &TestApp) -> Option<chrono::NaiveDate> {
    read(t, |db| payments_known::load(db, &scope())).until(OFFICE, "cdb")
}

/// The family of some open case has agreed to pay by a day.
fn promise(t: &TestApp, by: &str) {
    let agreed = t.app.db.write("a family agrees", |db| {
        let first = overdue_case::table.select(overdue_case::id).order(overdue_case::id);
        let first: i64 = first.first(db)?;
        diesel::update(overdue_case::table.find(first))
            .set(overdue_case::promised_on.eq(day(by)))
            .execute(db)?;
        Ok(())
    });
    agreed.unwrap();
}

fn is_clean(t: &TestApp) {
    let ids: Vec<LoanId> = read(t, |db| Ok(loan::table.select(loan::id).load(db)?));
    let found = read(t, |db| verify::check(db, &scope(), &t.app.basis(), &ids));
    assert!(found.is_empty(), "{found:?}");
}

/// A list of the bank about 2026-12-20.
fn list(t: &TestApp, on: &str, rows: &[(String, &str)]) -> Upload {
    list_of(t, "2026-12-20", on, rows)
}

/// A list of the bank: what a due day asks of these contracts, paid on a day or not.
pub fn list_of(t: &TestApp, due: &str, on: &str, rows: &[(String, &str)]) -> Upload {
    let mut text = "国家开发银行生源地信用助学贷款还款明细\n合同编号,应还日期,应还本金（元）,\
                    应还利息（元）,还款日期,实还本金（元）,实还利息（元）,实还罚息（元）,\
                    实还合计（元）,还款类型,还款后贷款余额（元）\n"
        .to_owned();
    for (contract, kind) in rows {
        let asked = read(t, |db| {
            let rows =
                zhuxue::book::loan::by_contract_no(db, &scope(), std::slice::from_ref(contract))?;
            let (_, one) = rows.into_iter().next().unwrap();
            let basis = t.app.basis();
            // What a late payment owes in penalty, it owes on its own day.
            let late = ["逾期还款", "冲正"].contains(kind);
            let days = zhuxue::book::statement::AsOf::from(day(if late { on } else { due }));
            let life = zhuxue::book::events::of_loans(db, &scope(), &[one.id])?;
            let life = life.get(&one.id).cloned().unwrap_or_default();
            zhuxue::book::position::statement_of(&one, &life, &basis, days)
        });
        let row = asked.instalments.iter().rfind(|row| row.due_on == day(due));
        let Some(row) = row else { continue };
        let (principal, interest) = (row.principal.to_yuan_text(), row.interest.to_yuan_text());
        let line = |parts: [Fen; 3], kind: &str, after: Fen| {
            let [principal, interest, penalty] = parts.map(|fen| fen.to_yuan_text());
            let (sum, after) =
                (parts.into_iter().sum::<Fen>().to_yuan_text(), after.to_yuan_text());
            format!("{on},{principal},{interest},{penalty},{sum},{kind},{after}")
        };
        let after = asked.position.principal_outstanding - row.principal;
        let paid = match *kind {
            "逾期未还" => format!(",0.00,0.00,0.00,0.00,{kind},"),
            // The bank calls it paid, and half a yuan is missing.
            "差五角" => {
                line([row.principal, row.interest - Fen::new(50), Fen::ZERO], "正常还款", after)
            }
            "逾期还款" => line([row.principal, row.interest, row.penalty], kind, after),
            "冲正" => {
                let back = [row.principal, row.interest, row.penalty].map(|fen| Fen::ZERO - fen);
                line(back, "逾期还款", asked.position.principal_outstanding + row.principal)
            }
            _ => line([row.principal, row.interest, Fen::ZERO], kind, after),
        };
        text.push_str(&format!("{contract},{due},{principal},{interest},{paid}\n"));
    }
    Upload { name: "还款明细.csv".to_owned(), bytes: text.into_bytes() }
}

fn post(t: &TestApp, upload: Upload, as_of: &str) {
    let one = t.add_staff(&format!("i{}", t.app.next_id() % 1_000_000_007), "韦清越", Role::Clerk);
    let by = zhuxue::book::audit_log::Actor {
        staff_id: Some(one.id),
        name: one.name,
        office_code: OFFICE.to_owned(),
    };
    let uploads = [upload];
    let made =
        batch::receive_files(&t.app, &scope(), &by, &uploads, Some(day(as_of)), Product::Cdb)
            .unwrap();
    assert!(made.refused.is_empty(), "{:?}", made.refused);
    batch::check(&t.app, &scope(), &made, |_| {}).unwrap();
    batch::post(&t.app, &scope(), &made, |_| {}).unwrap();
}

/// The contracts of which something awaits the bank, by number.
pub fn awaited(t: &TestApp) -> Vec<String> {
    read(t, |db| {
        Ok(loan_position::table
            .inner_join(loan::table)
            .filter(loan_position::awaiting_on.is_not_null())
            .order(loan::contract_no)
            .select(loan::contract_no)
            .load(db)?)
    })
}

#[test]
fn on_the_day_after_a_due_day_nobody_is_overdue_before_the_bank_has_told() {
    each(AFTER, async |t| {
        assert_eq!(known(&t), Some(day("2026-10-31")), "the sample's list covers everything");
        let [late, waiting, cases, notices] = count(&t);
        assert_eq!((late, cases, notices), (0, 0, 0));
        assert!(waiting > 10, "{waiting}");
        assert_eq!(lines(&t).len(), 1);
        assert_eq!(lines(&t)[0].0, "wait", "{:?}", lines(&t));
        is_clean(&t);
        let mut director = t.sign_in(Role::Director);
        director.get("/home").await.is(200).says(&[
            "待银行结果",
            "银行数据截至 2026年10月31日",
            "现在不知道谁还了",
        ]);
        for path in ["/overdue", "/loans", "/reports/recovery", "/reports/december"] {
            director.get(path).await.is(200).says(&["银行数据截至 2026年10月31日"]);
        }
        let list = director.get("/loans?overdue=awaiting").await;
        list.is(200).says(&["待银行结果"]);
        let recovery = director.get("/reports/recovery").await;
        recovery.is(200).says(&["统计日 2026-10-31"]);
        director
            .get("/reports/recovery?as_of=2026-12-22")
            .await
            .is(200)
            .says(&["统计日不能晚于银行数据的截止日"]);
        // From the fifth working day after 12-20 on (a Sunday) the line is red.
        night(&t, "2026-12-24");
        assert_eq!(lines(&t)[0].0, "wait");
        night(&t, "2026-12-25");
        assert_eq!(lines(&t)[0].0, "bad");
        assert_eq!(count(&t)[0], 0);
    });
}

#[test]
fn a_family_sees_that_the_result_is_awaited_and_no_reproach() {
    each(AFTER, async |t| {
        let (_, id) = family_of(&t, &awaited(&t)[0]);
        let mut family = town::sign_in(&t, &id).await;
        let home = family.get("/m").await;
        home.is(200).says(&["银行结果还没有到，收到后更新", "待银行结果"]);
        for word in ["逾期</", "罚息", "到期未还"] {
            assert!(!town::words(&home).contains(word), "{word} in {}", town::words(&home));
        }
        family.get("/m/schedule").await.is(200).says(&["待银行结果"]);
    });
}

#[test]
fn a_list_of_one_township_does_not_tell_for_the_others_and_two_halves_do() {
    each(AFTER, async |t| {
        let all = awaited(&t);
        let (one, rest) = all.split_at(all.len() / 3);
        let told = |part: &[String], kind| -> Vec<(String, &'static str)> {
            part.iter().map(|contract| (contract.clone(), kind)).collect()
        };
        let part = list(&t, "2026-12-21", &told(one, "逾期未还"));
        post(&t, part, AFTER);
        assert_eq!(known(&t), Some(day("2026-10-31")));
        assert_eq!(count(&t)[0], 0, "not even those it names");
        let mut reviewer = t.sign_in(Role::Reviewer);
        reviewer.get("/bank-data").await.is(200).says(&["没有包括全部合同", "51202220"]);
        // The others: all but one paid on the Monday after a due day on a Sunday.
        let (last, paid) = rest.split_last().unwrap();
        let mut rows = told(paid, "正常还款");
        rows.push((last.clone(), "逾期未还"));
        let other = list(&t, "2026-12-21", &rows);
        post(&t, other, AFTER);
        assert_eq!(known(&t), Some(day(AFTER)));
        night(&t, AFTER);
        let late: Vec<String> = read(&t, |db| {
            Ok(loan_position::table
                .inner_join(loan::table)
                .filter(loan_position::oldest_unpaid_due_on.is_not_null())
                .order(loan::contract_no)
                .select(loan::contract_no)
                .load(db)?)
        });
        let mut wanted: Vec<String> = one.to_vec();
        wanted.push(last.clone());
        wanted.sort();
        assert_eq!(late, wanted, "正常还款 on the next working day is on time");
        let [_, waiting, cases, notices] = count(&t);
        assert_eq!(waiting, 0);
        assert!(cases > 0 && notices > 0);
        assert!(lines(&t).is_empty());
        is_clean(&t);
    });
}

/// The file and the identity number of the family of a contract.
fn family_of(t: &TestApp, contract: &str) -> (String, String) {
    let (file_no, id): (String, Vec<u8>) = read(t, |db| {
        Ok(loan::table
            .inner_join(loan_file::table)
            .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
            .filter(loan::contract_no.eq(contract))
            .select((loan_file::file_no, person::id_sealed))
            .first(db)?)
    });
    (file_no, t.app.sealer.open_text(Field::IdNumber, &id).unwrap())
}

#[test]
fn a_declaration_moves_the_day_and_can_be_withdrawn_without_calling_anybody_paid() {
    each(AFTER, async |t| {
        let mut clerk = t.sign_in(Role::Clerk);
        let form = [("known_until", AFTER), ("reason", "银行电话答复，已全部入账")];
        clerk.post("/bank-data/declaration", &form).await.is(403);
        let mut reviewer = t.sign_in(Role::Reviewer);
        for (day, reason, said) in [
            ("2026-12-23", "银行电话答复", "还没有到的日子"),
            ("2026-10-31", "银行电话答复", "以前的还款已经知道"),
            ("今天", "银行电话答复", "请写到哪一天"),
            (AFTER, "", "请写凭什么知道"),
        ] {
            let form = [("known_until", day), ("reason", reason)];
            reviewer.post("/bank-data/declaration", &form).await.is(422).says(&[said]);
        }
        assert_eq!(count(&t)[0], 0);
        reviewer.post("/bank-data/declaration", &form).await.is(303);
        let [late, waiting, cases, _] = count(&t);
        assert!(late > 10 && waiting == 0 && cases == late, "{late} {waiting} {cases}");
        is_clean(&t);
        reviewer.get("/overdue").await.is(200).says(&["银行数据截至 2026年12月22日（人工确认）"]);
        promise(&t, "2026-12-30");
        let page = reviewer.get("/bank-data").await;
        let id = page.is(200).hidden("id");
        reviewer.post("/bank-data/withdrawal", &[("id", &id)]).await.is(303);
        let [still, again, open, _] = count(&t);
        assert_eq!((still, again), (0, late));
        assert_eq!(open, 0, "what is not known is no case");
        let promised = read(&t, |db| {
            let own = overdue_case::table.filter(overdue_case::promised_on.eq(day("2026-12-30")));
            Ok(own.count().get_result::<i64>(db)?)
        });
        assert_eq!(promised, 1, "what was agreed with a family is kept");
        let paid: i64 = read(&t, |db| {
            let own = overdue_case::table.filter(overdue_case::closed_why.eq("paid"));
            Ok(own.count().get_result(db)?)
        });
        assert_eq!(paid, 0, "and nobody is called paid");
        reviewer.get("/overdue").await.is(200);
        reviewer.post("/bank-data/withdrawal", &[("id", &id)]).await.is(422);
        is_clean(&t);
        // Known again, and still not paid: the same cases go on, with what was agreed.
        reviewer.post("/bank-data/declaration", &form).await.is(303);
        assert_eq!(count(&t)[2], late);
        let cases: i64 = read(&t, |db| Ok(overdue_case::table.count().get_result(db)?));
        assert_eq!(cases, late);
        let open = read(&t, |db| {
            let own = overdue_case::table.filter(overdue_case::promised_on.eq(day("2026-12-30")));
            Ok(own.filter(overdue_case::state.eq("open")).count().get_result::<i64>(db)?)
        });
        assert_eq!(open, 1);
    });
}

#[test]
fn the_director_goes_ahead_for_a_day_and_what_goes_out_says_why() {
    each(AFTER, async |t| {
        let mut reviewer = t.sign_in(Role::Reviewer);
        let form = [("ahead_reason", "银行系统停机到月底")];
        reviewer.post("/bank-data/go-ahead", &form).await.is(403);
        let mut director = t.sign_in(Role::Director);
        director.post("/bank-data/go-ahead", &[("ahead_reason", "")]).await.is(422);
        director.post("/bank-data/go-ahead", &form).await.is(303);
        let [late, _, cases, _] = count(&t);
        assert!(late > 10 && cases == late, "{late} {cases}");
        jobs::send_overdue_notices::run(&t.app, day(AFTER)).unwrap();
        assert_eq!(count(&t)[3], 0, "nobody is told that something is unpaid");
        let texts: Vec<Vec<u8>> = read(&t, |db| {
            Ok(message::table
                .filter(message::reason.eq("due_unconfirmed"))
                .select(message::text_sealed)
                .load(db)?)
        });
        assert!(!texts.is_empty());
        for text in &texts {
            let text = t.app.sealer.open_text(Field::Message, text).unwrap();
            assert!(text.contains("12月20日有一期到期，银行结果还没到，可能已经还了"), "{text}");
            assert!(text.contains("先提醒（银行系统停机到月底）"), "{text}");
            assert!(!text.contains("未还") && !text.contains('¥'), "{text}");
        }
        director.get("/overdue").await.is(200).says(&["银行系统停机到月底"]);
        is_clean(&t);
        // By hand neither: the reason that says 到期未还 is not to be had on such a day.
        let late: String = read(&t, |db| {
            let own = overdue_case::table.inner_join(loan_file::table);
            Ok(own.select(loan_file::file_no).order(loan_file::file_no).first(db)?)
        });
        let page = director.get(&format!("/loans/{late}/messages")).await;
        let person = page.is(200).hidden("person");
        let by_hand = format!("/loans/{late}/messages/new?reason=overdue_notice&person={person}");
        director.get(&by_hand).await.is(422).says(&["银行这一期的结果还没有到"]);
        // Papers of the day say no amount, whatever the director has allowed.
        director.post("/visits/amounts", &[("amounts", "yes")]).await.is(303);
        let form = [("by", "village"), ("set", "1"), ("amounts", "1")];
        director.post("/visits/batches", &form).await.is(303);
        assert!(
            read(&t, |db| {
                let said = sheet_batch::table.filter(sheet_batch::amounts.eq(true));
                Ok(said.count().get_result::<i64>(db)?)
            }) == 0
        );
        // The next day nobody is overdue again, and the cases are taken back.
        night(&t, "2026-12-23");
        let [late, waiting, open, _] = count(&t);
        assert_eq!((late, open), (0, 0));
        assert!(waiting > 10);
        is_clean(&t);
        // The sheets of that day are called back, until they are out of use.
        let asked = "张走访表在外，银行的结果却还没有到，先不要去";
        assert!(lines(&t).iter().any(|(_, line)| line.contains(asked)), "{:?}", lines(&t));
        let batch: BatchId =
            read(&t, |db| Ok(sheet_batch::table.select(sheet_batch::id).first(db)?));
        let mut clerk = t.sign_in(Role::Clerk);
        let page = clerk.get(&format!("/visits/batches/{batch}")).await;
        page.is(200).says(&["银行结果没到，先不要去"]);
    });
}

#[test]
fn a_waiver_takes_cases_away_that_nobody_has_paid() {
    each(AFTER, async |t| {
        let mut reviewer = t.sign_in(Role::Reviewer);
        let form = [("known_until", "2026-12-21"), ("reason", "银行电话答复，全部入账")];
        reviewer.post("/bank-data/declaration", &form).await.is(303);
        let [_, _, before, _] = count(&t);
        let closed = |why: &str| -> i64 {
            let own = overdue_case::table.filter(overdue_case::closed_why.eq(why.to_owned()));
            read(&t, |db| Ok(own.count().get_result(db)?))
        };
        assert_eq!((closed("paid"), closed("corrected")), (0, 0));
        let mut director = t.sign_in(Role::Director);
        let waiver = [
            ("year", "2026"),
            ("state", "announced"),
            ("document", "财教〔2026〕31号"),
            ("document_on", "2026-12-21"),
        ];
        director.post("/policy/waiver", &waiver).await.is(303);
        let id: i64 =
            read(&t, |db| Ok(policy_proposal::table.select(policy_proposal::id).first(db)?));
        let word = [("decision", "confirmed"), ("reason", "")];
        reviewer.post(&format!("/policy/{id}/decide"), &word).await.is(303);
        zhuxue::desk::policy::recompute(&t.app).unwrap();
        let [_, _, after, _] = count(&t);
        assert!(after < before, "{before} {after}");
        assert_eq!((closed("paid"), closed("corrected")), (0, before - after));
        is_clean(&t);
    });
}

#[test]
fn what_the_bank_calls_settled_is_not_asked_for_and_opens_a_difference() {
    each("2026-11-30", async |t| {
        let contract: String = read(&t, |db| {
            Ok(loan_position::table
                .inner_join(loan::table)
                .filter(loan_position::next_due_on.eq(day("2026-12-20")))
                .filter(loan_position::next_due_fen.gt(0))
                .filter(
                    loan::file_id.eq_any(
                        file_position::table
                            .filter(file_position::loans.eq(1))
                            .select(file_position::file_id),
                    ),
                )
                .order(loan::contract_no)
                .select(loan::contract_no)
                .first(db)?)
        });
        let sheet = small_sheets("clean_plain").into_iter().find(|s| s.name == "contracts.csv");
        let text = String::from_utf8(sheet.unwrap().bytes).unwrap();
        let mut rows = text.trim_start_matches('\u{feff}').lines();
        let head = rows.next().unwrap();
        let at = |name: &str| head.split(',').position(|one| one.starts_with(name)).unwrap();
        let (balance, state) = (at("贷款余额"), at("合同状态"));
        let row = rows.find(|row| row.contains(&contract)).unwrap();
        let mut cells: Vec<&str> = row.split(',').collect();
        (cells[balance], cells[state]) = ("0.00", "已结清");
        let text = format!("{head}\n{}\n", cells.join(","));
        let upload = Upload { name: "合同明细.csv".to_owned(), bytes: text.into_bytes() };
        post(&t, upload, "2026-11-30");
        let (asked, says): (i64, Option<chrono::NaiveDate>) = read(&t, |db| {
            Ok(loan_position::table
                .inner_join(loan::table)
                .filter(loan::contract_no.eq(&contract))
                .select((loan_position::next_due_fen, loan_position::bank_settled_on))
                .first(db)?)
        });
        assert_eq!((asked, says), (0, Some(day("2026-11-30"))));
        let differences: i64 = read(&t, |db| {
            Ok(bank_difference::table
                .inner_join(loan::table)
                .filter(loan::contract_no.eq(&contract))
                .count()
                .get_result(db)?)
        });
        assert_eq!(differences, 1);
        is_clean(&t);
        let rows: i64 = read(&t, |db| Ok(known_table::table.count().get_result(db)?));
        assert_eq!(rows, 1, "a list of contracts tells nothing of payments");
        // After the due day the family reads that, and not that a result is awaited.
        night(&t, AFTER);
        let (_, id) = family_of(&t, &contract);
        let mut family = town::sign_in(&t, &id).await;
        family.get("/m").await.is(200).says(&["银行说已经还清，我们正在核对"]);
        for path in ["/m", "/m/repay", "/m/schedule"] {
            let words = town::words(&family.get(path).await);
            for word in ["银行结果还没有到", "待银行结果", "到期未还"] {
                assert!(!words.contains(word), "{path}: {word} in {words}");
            }
        }
    });
}
