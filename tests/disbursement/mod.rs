//! 贷款发放, from contracts with receipts to money at the university, on both databases; and lists
//! that were changed, answered twice, in part, for another list, or with a total that does not sum.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use zhuxue::base::ids::{BatchId, LoanId};
use zhuxue::base::money::Fen;
use zhuxue::base::rate::RatePpm;
use zhuxue::base::scope::Scope;
use zhuxue::book::batch::moves::{self, diagram};
use zhuxue::book::batch::store as lists;
use zhuxue::book::staff::Role;
use zhuxue::life::disbursement::list::{ListParams, TABS};
use zhuxue::life::disbursement::rules;
use zhuxue::plumbing::crypto::Field;
use zhuxue::plumbing::db::Db;
use zhuxue::plumbing::schema::{
    batch_line, disbursement, loan, loan_event, loan_position, university_receipt,
};
use zhuxue::web::list::declare::List as _;

use crate::borrower::town::{STUDENT, each, read, sign_in};
use crate::support::county::{day, path};
use crate::support::{Answer, Browser, OFFICE, TestApp};

const KIND: (&str, &str) = ("kind", "cdb_disbursement");

fn sql(t: &TestApp, text: &str) {
    t.app.db.write("test", |db| Ok(db.batch_execute(text)?)).unwrap();
}

/// Number and amount of every line of a list.
fn lines(t: &TestApp, at: &str) -> Vec<(String, Fen)> {
    let id: i64 = at.rsplit('/').next().unwrap().parse().unwrap();
    let found = t.app.db.read(|db| lists::lines(db, &Scope::of(OFFICE), BatchId::new(id)));
    found.unwrap().into_iter().map(|line| (line.number, line.amount_fen)).collect()
}

/// Draws up a list of what is ready; its address.
async fn draw(clerk: &mut Browser, key: &str) -> String {
    let made = clerk.post("/disbursements", &[KIND, ("key", key)]).await;
    made.is(303).header("location").to_owned()
}

/// Takes a step from the page as it is now.
async fn step(of: &mut Browser, at: &str, fields: &[(&str, &str)]) -> Answer {
    let version = of.get(at).await.hidden("version");
    let mut all = vec![("version", version.as_str())];
    all.extend_from_slice(fields);
    of.post(at, &all).await
}

async fn sent(t: &TestApp, clerk: &mut Browser) -> String {
    let at = draw(clerk, "1").await;
    step(clerk, &at, &[("step", "freeze")]).await.is(303);
    step(&mut t.sign_in(Role::Reviewer), &at, &[("step", "approve")]).await.is(303);
    step(clerk, &at, &[("step", "send")]).await.is(303);
    at
}

async fn upload(clerk: &mut Browser, at: &str, rows: &str, sum: &str) -> Answer {
    let text = format!("发放结果,,,,\n合同编号,金额,结果,日期,原因\n{rows}");
    send_file(clerk, at, text.as_bytes(), sum).await
}

async fn send_file(clerk: &mut Browser, at: &str, bytes: &[u8], sum: &str) -> Answer {
    let csrf = clerk.csrf.clone();
    let fields = [("csrf", csrf.as_str()), ("sum", sum)];
    clerk.upload(&format!("{at}/answer"), &fields, &[("结果.csv", bytes)]).await
}

fn stage(t: &TestApp, number: &str) -> (String, i64) {
    let of = loan::table.inner_join(loan_position::table).filter(loan::contract_no.eq(number));
    let (id, stage): (LoanId, String) =
        read(t, |db| Ok(of.select((loan::id, loan_position::stage)).first(db)?));
    let of = loan_event::table.filter(loan_event::loan_id.eq(id));
    let paid = of.filter(loan_event::kind.eq("disbursed")).count();
    (stage, read(t, |db| Ok(paid.get_result(db)?)))
}

#[test]
fn money_goes_out_is_answered_and_is_where_families_look() {
    each(async |t| {
        t.set_day("2026-11-16");
        let mut clerk = t.sign_in(Role::Clerk);
        let home = clerk.get("/home").await;
        home.says(&["份合同可以编批放款"]);
        let at = draw(&mut clerk, "1").await;
        let all = lines(&t, &at);
        let sum: Fen = all.iter().map(|(_, amount)| *amount).sum();
        let page = clerk.get(&at).await;
        page.is(200).says(&["GF2026-001", "编制中", "提交审批", "都合格", &sum.to_page_text()]);
        // The same form again makes no second list.
        clerk.post("/disbursements", &[KIND, ("key", "1")]).await.is(303);
        let again = clerk.post("/disbursements", &[KIND, ("key", "2")]).await;
        again.is(422).says(&["没有可以编进这一批的合同"]);

        step(&mut clerk, &at, &[("step", "freeze")]).await.is(303);
        step(&mut clerk, &at, &[("step", "freeze")]).await.is(422).says(&["待审批，不能提交审批"]);
        step(&mut clerk, &at, &[("step", "approve")]).await.is(403);
        let mut reviewer = t.sign_in(Role::Reviewer);
        reviewer.get("/home").await.says(&["批放款名单等您批准"]);
        step(&mut reviewer, &at, &[("step", "approve")]).await.is(303);
        step(&mut clerk, &at, &[("step", "send")]).await.is(303);
        let file = clerk.post(&format!("{at}/file"), &[("format", "csv")]).await;
        file.is(200).says(&["20260000001.cdb@example.invalid", "GF2026-001", "51209720080127996X"]);
        clerk.get(&at).await.says(&["下载名单", "账号未遮盖", "登记已送出"]);

        t.set_day("2026-11-20");
        clerk = t.sign_in(Role::Clerk);
        let failed = all.iter().position(|(number, _)| number == "51202220260000001").unwrap();
        let row = |(at, (number, amount)): (usize, &(String, Fen))| match at == failed {
            true => format!("{number},{amount},失败,,账户已注销\n"),
            false => format!("{number},{amount},成功,2026-11-18,\n"),
        };
        let rows: String = all.iter().enumerate().map(row).collect();
        let paid = (sum - all[failed].1).to_yuan_text();
        upload(&mut clerk, &at, &rows, &sum.to_yuan_text()).await.is(422).says(&["您填的成功金额"]);
        upload(&mut clerk, &at, &rows, &paid).await.is(303);
        upload(&mut clerk, &at, &rows, &paid).await.is(422).says(&["以前已经登记过"]);
        let good = &all[usize::from(failed == 0)].0;
        assert_eq!(stage(&t, good), ("in_study".to_owned(), 1));
        assert_eq!(stage(&t, &all[failed].0), ("undisbursed".to_owned(), 0));
        clerk.get("/home").await.says(&["笔放款失败，要重新编批", "已有全部结果"]);
        let mut phone = sign_in(&t, STUDENT).await;
        phone.get("/m/contracts").await.says(&["银行发放失败：账户已注销"]);

        let made = clerk.post(&at, &[("step", "repeat"), ("version", "9")]).await;
        let second = made.is(303).header("location").to_owned();
        assert_eq!(lines(&t, &second), [all[failed].clone()]);
        clerk.get(&second).await.says(&["GF2026-002", "重发", "GF2026-001"]);
        step(&mut clerk, &at, &[("step", "close"), ("reason", "")])
            .await
            .is(422)
            .says(&["写一句原因"]);
        let close = [("step", "close"), ("reason", "已与回单核对")];
        step(&mut clerk, &at, &close).await.is(303);

        step(&mut clerk, &second, &[("step", "freeze")]).await.is(303);
        step(&mut t.sign_in(Role::Director), &second, &[("step", "approve")]).await.is(303);
        step(&mut clerk, &second, &[("step", "send")]).await.is(303);
        let by_hand =
            [("number", all[failed].0.as_str()), ("result", "成功"), ("day", "2026-11-20")];
        clerk.post(&second, &by_hand).await.is(303);
        assert_eq!(stage(&t, &all[failed].0), ("in_study".to_owned(), 1));
        let words = "¥6,400.00 正转给高校，一般到 11月27日";
        phone.get("/m/contracts").await.says(&[words, "余款 ¥13,600.00 留在本人账户"]);
    });
}

#[test]
fn an_answer_that_does_not_fit_is_refused_with_its_own_sentence() {
    each(async |t| {
        t.set_day("2026-11-16");
        let mut clerk = t.sign_in(Role::Clerk);
        let at = sent(&t, &mut clerk).await;
        let all = lines(&t, &at);
        let (number, amount) = (all[0].0.as_str(), all[0].1.to_yuan_text());
        let good = format!("{number},{amount},成功,2026-11-16,\n");
        for (rows, sum, why) in [
            ("X1,100,成功,2026-11-16,\n".to_owned(), "100", "像是别的县"),
            (format!("{good}X1,100,成功,2026-11-16,\n"), "", "请填银行回单"),
            (format!("{number},1,成功,2026-11-16,\n"), "1", "名单上是"),
            (format!("{good}合计,1,,,\n"), amount.as_str(), "表上的合计是 ¥1.00"),
            (format!("{number},{amount},成功,2026-11-17,\n"), &amount, "晚于今天"),
            (format!("{number},{amount},失败,,\n"), "0", "发放失败要写原因"),
        ] {
            upload(&mut clerk, &at, &rows, sum).await.is(422).says(&[why]);
        }
        let pdf = send_file(&mut clerk, &at, b"%PDF-1.7", "1").await;
        pdf.is(422).says(&["不是表格"]);
        assert_eq!(stage(&t, number).1, 0);
        // In part: the rest stays open, and what was answered cannot be answered otherwise.
        upload(&mut clerk, &at, &good, &amount).await.is(303);
        clerk.get(&at).await.says(&["已送出", "到账 1 笔"]);
        let other = format!("{number},{amount},失败,,退票\n");
        upload(&mut clerk, &at, &other, "0").await.is(422).says(&["两次结果不一样"]);
        assert_eq!(stage(&t, number), ("in_study".to_owned(), 1));
        let text =
            format!("合同编号,金额,结果,日期,批次\n{number},{amount},成功,2026-11-16,GF2026-009\n");
        let other = send_file(&mut clerk, &at, text.as_bytes(), &amount).await;
        other.is(422).says(&["是 GF2026-009 批的"]);
        t.sign_in(Role::Auditor).post(&at, &[("step", "close")]).await.is(403);
    });
}

#[test]
fn a_list_changed_after_it_was_frozen_goes_nowhere() {
    each(async |t| {
        t.set_day("2026-11-16");
        let mut clerk = t.sign_in(Role::Clerk);
        let at = draw(&mut clerk, "1").await;
        step(&mut clerk, &at, &[("step", "freeze")]).await.is(303);
        sql(&t, "UPDATE batch_line SET amount_fen = amount_fen + 100 WHERE line = 2");
        let mut reviewer = t.sign_in(Role::Reviewer);
        let refused = step(&mut reviewer, &at, &[("step", "approve")]).await;
        refused.is(422).says(&["名单提交审批以后被改动过：第 2 笔"]);
        clerk.get(&at).await.says(&["被改动过：第 2 笔"]);
        sql(&t, "DELETE FROM batch_line WHERE line = 2");
        let refused = step(&mut reviewer, &at, &[("step", "approve")]).await;
        refused.is(422).says(&["提交时", "现在"]);
        let back = [("step", "send_back"), ("reason", "重新核对")];
        step(&mut reviewer, &at, &back).await.is(303);
        // Whoever froze it may not approve it, whatever the form says.
        step(&mut reviewer, &at, &[("step", "freeze")]).await.is(303);
        let own = step(&mut reviewer, &at, &[("step", "approve")]).await;
        own.is(422).says(&["这一批是您提交的，要由另一个人批准"]);
        // A contract that is withdrawn or whose account changes meanwhile is said, too.
        let first = lines(&t, &at)[0].0.clone();
        let gone = format!("UPDATE loan SET bank_state = '已撤销' WHERE contract_no = '{first}'");
        sql(&t, &gone);
        let mut director = t.sign_in(Role::Director);
        let refused = step(&mut director, &at, &[("step", "approve")]).await;
        refused.is(422).says(&["合同已撤销"]);
        step(&mut director, &at, &[("step", "drop"), ("reason", "重编")]).await.is(303);
        let next = draw(&mut clerk, "2").await;
        assert!(lines(&t, &next).iter().all(|(number, _)| *number != first));
    });
}

#[test]
fn a_receipt_stays_while_its_contract_is_on_a_list() {
    each(async |t| {
        t.set_day("2026-11-16");
        let mut clerk = t.sign_in(Role::Clerk);
        let at = draw(&mut clerk, "1").await;
        let of = university_receipt::table
            .filter(university_receipt::state.eq("matched"))
            .filter(university_receipt::loan_id.is_not_null());
        let (receipt, version): (i64, i32) = read(&t, |db| {
            Ok(of.select((university_receipt::id, university_receipt::version)).first(db)?)
        });
        let (page, version) = (format!("/receipts/{receipt}"), version.to_string());
        let back = [("version", version.as_str()), ("decision", "reject"), ("reason", "金额不对")];
        clerk.post(&page, &back).await.is(422).says(&["合同已经编进放款批次"]);
        step(&mut clerk, &at, &[("step", "drop"), ("reason", "重编")]).await.is(303);
        clerk.post(&page, &back).await.is(303);
    });
}

#[test]
fn what_is_wrong_is_named_before_a_file_leaves() {
    each(async |t| {
        t.set_day("2026-11-16");
        // An imported one: whoever types it in is told at once.
        let short = t.app.sealer.seal(Field::Account, b"62170").unwrap();
        let of = loan::table.filter(loan::contract_no.eq("51202220260000001"));
        let change = |db: &mut Db| {
            Ok(diesel::update(of).set(loan::account_sealed.eq(Some(&short))).execute(db)?)
        };
        t.app.db.write("test", change).unwrap();
        sql(&t, "UPDATE loan SET principal_fen = 1234500 WHERE contract_no = '51202220260000000'");
        let mut clerk = t.sign_in(Role::Clerk);
        let at = draw(&mut clerk, "1").await;
        let page = clerk.get(&at).await;
        page.says(&["要先改好的 2 处", "5 位，应为 6 到 60 位", "不是 ¥100.00 的整数倍"]);
        let refused = step(&mut clerk, &at, &[("step", "freeze")]).await;
        refused.is(422).says(&["有 2 处不合格", "吕凤欢，账号：5 位，应为 6 到 60 位"]);
        let all = lines(&t, &at).len();
        let of = batch_line::table.filter(batch_line::number.eq("51202220260000001"));
        let line: i64 = read(&t, |db| Ok(of.select(batch_line::id).first(db)?));
        let line = line.to_string();
        step(&mut clerk, &at, &[("step", "remove"), ("line", &line)]).await.is(303);
        assert_eq!(lines(&t, &at).len(), all - 1);
        sql(&t, "UPDATE loan SET principal_fen = 1230000 WHERE contract_no = '51202220260000000'");
        step(&mut clerk, &at, &[("step", "freeze")]).await.is(303);
        let amounts = lines(&t, &at);
        assert!(amounts.contains(&("51202220260000000".to_owned(), Fen::from_yuan(12_300))));
        let early = clerk.post(&format!("{at}/file"), &[("format", "csv")]).await;
        early.is(422).says(&["批准以后才能下载"]);
        clerk.get(&format!("{at}/print")).await.is(200).says(&["贷款发放名单", "合计", "（盖章）"]);
    });
}

#[test]
fn no_database_holds_a_contract_on_two_running_lists() {
    each(async |t| {
        t.set_day("2026-11-16");
        let mut clerk = t.sign_in(Role::Clerk);
        let at = draw(&mut clerk, "1").await;
        let id = at.rsplit('/').next().unwrap();
        let twice = format!(
            "INSERT INTO batch_line SELECT id + 1, office_code, batch_id, kind, line + 1000, \
             subject_id, person_id, name, number, amount_fen, account_sealed, account_mask, seal, \
             state, answered_on, reason, running FROM batch_line WHERE batch_id = {id} AND line = 1"
        );
        let done = t.app.db.write("test", |db| Ok(db.batch_execute(&twice)?));
        assert!(done.is_err(), "a second running line");
    });
}

#[test]
fn money_moves_on_by_hand_and_comes_back() {
    each(async |t| {
        t.set_day("2026-11-16");
        let mut clerk = t.sign_in(Role::Clerk);
        let at = sent(&t, &mut clerk).await;
        let number = "51202220260000001";
        let of = loan::table.filter(loan::contract_no.eq(number)).select(loan::id);
        let id: i64 = read(&t, |db| Ok(of.first(db)?));
        let money = format!("/disbursements/loans/{id}");
        let letter = format!("{money}/letter");
        clerk.get(&money).await.says(&[&letter]);
        clerk.get(&letter).await.is(200).says(&["款项尚未发放", number, "国家开发银行"]);
        let paid = [("number", number), ("result", "成功"), ("day", "2026-11-16")];
        clerk.post(&at, &paid).await.is(303);
        clerk.get(&letter).await.is(422).says(&["贷款已经发放，不用再开绿色通道说明"]);
        t.set_day("2026-11-25");
        clerk = t.sign_in(Role::Clerk);
        clerk.get(&money).await.says(&["已到学生账户", "到高校 ¥6,400.00"]);
        let by = |by, reason, amount| {
            [("by", by), ("on", "2026-11-20"), ("reason", reason), ("amount", amount)]
        };
        step(&mut clerk, &money, &by("release", "", "")).await.is(409);
        step(&mut clerk, &money, &by("reach", "", "")).await.is(303);
        step(&mut clerk, &money, &by("part_return", "多交", "7000"))
            .await
            .is(422)
            .says(&["最多 ¥6,400"]);
        step(&mut clerk, &money, &by("part_return", "多交", "400")).await.is(303);
        clerk.get("/disbursements?tab=partly_returned").await.says(&["高校退回一部分：多交"]);
        step(&mut clerk, &money, &by("freeze", "没有按时领取", "")).await.is(303);
        let mut phone = sign_in(&t, STUDENT).await;
        phone.get("/m/contracts").await.says(&["余款", "被银行冻结：没有按时领取"]);
        step(&mut clerk, &money, &by("return", "", "")).await.is(422).says(&["写一句原因"]);
        step(&mut clerk, &money, &by("return", "账户已注销", "")).await.is(303);
        assert_eq!(stage(&t, number), ("undisbursed".to_owned(), 1));
        clerk.get("/disbursements?tab=returned").await.says(&["吕凤欢"]);
        let again = [KIND, ("key", "2"), ("tab", "returned")];
        let second = clerk.post("/disbursements", &again).await;
        let second = second.is(303).header("location").to_owned();
        assert_eq!(lines(&t, &second).len(), 1);
    });
}

#[test]
fn the_countys_own_loans_go_to_the_countys_bank_on_a_list_of_their_own() {
    each(async |t| {
        t.set_day("2026-11-16");
        let number = "51202220260000001";
        let account = t.app.sealer.seal(Field::Account, b"6217000012345678").unwrap();
        let change = |db: &mut Db| {
            let of = loan::table.filter(loan::contract_no.eq(number));
            Ok(diesel::update(of)
                .set((
                    loan::product.eq("local"),
                    loan::principal_fen.eq(Fen::from_yuan(8_000)),
                    loan::fixed_rate_ppm.eq(Some(RatePpm::ZERO)),
                    loan::account_sealed.eq(Some(&account)),
                ))
                .execute(db)?)
        };
        t.app.db.write("test", change).unwrap();
        let mut clerk = t.sign_in(Role::Clerk);
        let of_bank = draw(&mut clerk, "1").await;
        assert!(lines(&t, &of_bank).iter().all(|(other, _)| other != number));
        let own = [("kind", "local_disbursement"), ("key", "2")];
        let own = clerk.post("/disbursements", &own).await;
        let at = own.is(303).header("location").to_owned();
        assert_eq!(lines(&t, &at), [(number.to_owned(), Fen::from_yuan(8_000))]);
        clerk.get(&at).await.says(&["XF2026-001", "县里的开户银行", "都合格"]);
        step(&mut clerk, &at, &[("step", "freeze")]).await.is(303);
        step(&mut t.sign_in(Role::Director), &at, &[("step", "approve")]).await.is(303);
        let file = clerk.post(&format!("{at}/file"), &[("format", "csv")]).await;
        file.is(200).says(&["户名", "6217000012345678", "2026-2027学年助学贷款 吕凤欢"]);
        assert!(!file.text.contains("51209720080127996X"), "nobody asked for it");
    });
}

#[test]
fn every_contract_is_counted_once_and_the_condition_is_the_rule() {
    each(async |t| {
        t.set_day("2026-11-16");
        let mut clerk = t.sign_in(Role::Clerk);
        sql(
            &t,
            "UPDATE university_receipt SET state = 'differs', mismatch = 'x' \
                 WHERE code = '332822' AND loan_year = 2026; \
                 UPDATE loan SET receipt_on = NULL WHERE contract_no = '51202220260000001'",
        );
        let held = clerk.get("/disbursements?tab=held").await;
        held.says(&["高校回执待核对", "还没有高校回执"]);
        let at = sent(&t, &mut clerk).await;
        let first = lines(&t, &at)[0].0.clone();
        let paid = [("number", first.as_str()), ("result", "成功"), ("day", "2026-11-16")];
        clerk.post(&at, &paid).await.is(303);
        let scope = Scope::of(OFFICE);
        let list = ListParams::default().to_list(day("2026-11-16"));
        let counts = t.app.db.read(|db| list.counts(db, &scope)).unwrap();
        let of = |tab: &str| counts.of(&TABS, tab);
        let all = loan::table.filter(loan::loan_year.eq(2026)).count();
        let all: i64 = read(&t, |db| Ok(all.get_result(db)?));
        let once: i64 =
            TABS.iter().filter(|(tab, _)| *tab != "unpaid").map(|(tab, _)| of(tab)).sum();
        assert_eq!(once, all, "each contract in one tab");
        assert_eq!((of("unpaid"), of("paid")), (all - 1, 1));
        let rows: i64 = read(&t, |db| Ok(disbursement::table.count().get_result(db)?));
        assert_eq!(rows, of("ordered") + of("paid"));
        t.set_day("2026-12-20");
        clerk = t.sign_in(Role::Clerk);
        clerk.get("/home").await.says(&["份合同签了还没有放款，年底前要查清"]);
    });
}

/// The tables of moves, as the documentation draws them. Written anew with
/// `INSTA_UPDATE=always`, read before it is kept.
#[test]
fn the_documentation_draws_the_tables_of_moves() {
    let of_list = moves::MOVES.iter().map(|(a, by, b)| (a.in_words(), by.in_words(), b.in_words()));
    let of_money =
        rules::MOVES.iter().map(|(a, by, b)| (a.in_words(), by.in_words(), b.in_words()));
    let drawn = [
        ("A list, 批次 (`src/book/batch/moves.rs`)", diagram(&of_list.collect::<Vec<_>>())),
        (
            "Money of a contract, 放款 (`src/life/disbursement/rules.rs`)",
            diagram(&of_money.collect::<Vec<_>>()),
        ),
    ];
    let parts: Vec<String> =
        drawn.iter().map(|(name, text)| format!("## {name}\n\n{text}")).collect();
    let head = "# How lists and money move\n\nDrawn by a test from the tables in the code; change \
        a table and draw anew (`tests/disbursement/mod.rs`).\n\n";
    let text = format!("{head}{}", parts.join("\n"));
    let file = path("docs/batch.md");
    if std::env::var("INSTA_UPDATE").is_ok_and(|how| how == "always") {
        std::fs::write(&file, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap_or_default(), text);
}

#[test]
fn a_contract_without_an_account_waits_until_somebody_enters_it() {
    each(async |t| {
        t.set_day("2026-11-16");
        let mut clerk = t.sign_in(Role::Clerk);
        let number = "51202220260000001";
        sql(
            &t,
            &format!(
                "UPDATE loan SET account_sealed = NULL, account_mask = '' \
                 WHERE contract_no = '{number}'"
            ),
        );
        let of = loan::table.filter(loan::contract_no.eq(number)).select(loan::id);
        let id: i64 = read(&t, |db| Ok(of.first(db)?));
        let money = format!("/disbursements/loans/{id}");
        let account = format!("{money}/account");
        let held = format!("/disbursements?tab=held&q={number}");
        clerk.get(&held).await.says(&["还没有账号"]);
        let version = clerk.get(&money).await.hidden("version");
        for (typed, says) in
            [("", "还没有账号"), ("12", "2 位"), ("六二二二零二零二", "不允许的字符")]
        {
            let form = [("version", version.as_str()), ("agent", "支付宝"), ("account", typed)];
            clerk.post(&account, &form).await.is(422).says(&[says]);
        }
        let form = [
            ("version", version.as_str()),
            ("agent", "支付宝"),
            ("account", "2026 0000001.cdb@example.invalid"),
        ];
        clerk.post(&account, &form).await.is(303);
        clerk.get(&format!("/disbursements?q={number}")).await.says(&[number]);
        assert!(!clerk.get(&held).await.text.contains("还没有账号"));
        let old = [
            ("version", version.as_str()),
            ("agent", "支付宝"),
            ("account", "20260000002.cdb@example.invalid"),
        ];
        clerk.post(&account, &old).await.is(409);
        let at = sent(&t, &mut clerk).await;
        let file = clerk.post(&format!("{at}/file"), &[("format", "csv")]).await;
        file.is(200).says(&["20260000001.cdb@example.invalid"]);
        let version = clerk.get(&money).await.hidden("version");
        let late = [
            ("version", version.as_str()),
            ("agent", "支付宝"),
            ("account", "20260000002.cdb@example.invalid"),
        ];
        clerk.post(&account, &late).await.is(422).says(&["已经编进放款批次"]);
    });
}

#[test]
fn accounts_that_are_missing_are_filled_in_from_the_banks_sheet() {
    each(async |t| {
        t.set_day("2026-11-16");
        sql(
            &t,
            "UPDATE loan SET account_sealed = NULL, account_mask = '' WHERE contract_no IN \
             ('51202220260000001', '51202220260000002')",
        );
        let mut clerk = t.sign_in(Role::Clerk);
        let page = clerk.get("/disbursements/accounts").await;
        page.is(200).says(&["2 份</a>", "下载待补账号名单"]);
        clerk.get("/disbursements?tab=no_account").await.is(200).says(&["还不知道放款账号的合同"]);
        clerk.post("/disbursements/accounts/file", &[]).await.is(200);
        let csrf = clerk.csrf.clone();
        let send = async |clerk: &mut Browser, text: &str| {
            let fields = [("csrf", csrf.as_str())];
            let file = [("账号.csv", text.as_bytes())];
            clerk.upload("/disbursements/accounts", &fields, &file).await
        };
        let head = "合同编号,姓名,身份证号,账号,开户行\n";
        send(&mut clerk, "姓名,账号\n吕凤欢,1\n").await.is(422).says(&["没有找到表头"]);
        let rows = format!(
            "{head}51202220260000001,吕凤欢,{STUDENT},6217000012345678,农业银行\n\
             51202220260000002,吕凤欢,,6217000012345679,农业银行\n\
             51202220269999999,无名氏,,6217000012345670,\n\
             51202220260000002,,,,\n"
        );
        let done = send(&mut clerk, &rows).await;
        done.is(200).says(&[
            "已补 1 份",
            "1 行没有填账号",
            "2 行没有用",
            "户名不是这份合同的学生",
            "没有这个合同编号",
        ]);
        let of = loan::table.filter(loan::contract_no.eq("51202220260000001"));
        let kept: (String, String) =
            read(&t, |db| Ok(of.select((loan::account_mask, loan::agent)).first(db)?));
        assert_eq!(kept, ("6217******5678".to_owned(), "农业银行".to_owned()));
        // The same sheet again changes nothing, another account is not taken.
        send(&mut clerk, &rows).await.is(200).says(&["已补 0 份，1 份以前已经是这个账号"]);
        let other = format!("{head}51202220260000001,吕凤欢,,6217000012349999,农业银行\n");
        send(&mut clerk, &other).await.is(200).says(&["已经登记了另一个账号"]);
        clerk.get("/disbursements/accounts").await.says(&["1 份</a>"]);
    });
}
